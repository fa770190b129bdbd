/* SPDX-License-Identifier: ISC */
#ifndef STORE_READ_H
#define STORE_READ_H

/*
 * read -- the commands' view of the database: blocking, on a connection of
 * its own, never used by the daemon's loop.  Rows are streamed (single-row
 * mode): memory does not grow with the answer.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/uuid.h"
#include "store/store.h"

struct reader;

/* 0, ERR_DATABASE or ERR_SCHEMA; `why` is one printable line. */
MUST_CHECK int reader_open(
    const char *conninfo, struct reader **out, char *why, size_t why_size);
void reader_close(struct reader *r);
/* What went wrong last; "" when nothing did. */
const char *reader_why(const struct reader *r);
/*
 * From inside a callback: no more rows are wanted.  The call that streams
 * ends with 0 and the reader can be used again.
 */
void reader_stop(struct reader *r);

/* Zero or NULL: no such filter.  An unknown severity finds everything. */
struct read_changes {
	wall_us since, until; /* decided at: inclusive, exclusive */
	const char *name;     /* presentation, lower case, trailing dot */
	uint16_t type;
	const char *kind;     /* a change kind or an event kind */
	const char *severity; /* at least this one */
	const char *tag;
	const char *list;
	int64_t after_seq; /* only greater ones */
	bool log;          /* every entry as it stands */
};
typedef void read_entry_fn(
    void *ctx, int64_t seq, const char *class_, const char *body);
/* Oldest first by seq.  Without `log`: changes with their latest decision,
 * and events. */
MUST_CHECK int read_changes(struct reader *r, const struct read_changes *q,
    read_entry_fn *fn, void *ctx);
/* The highest seq that is visible now. */
MUST_CHECK int read_last_seq(struct reader *r, int64_t *out);

struct read_baseline {
	const char *name, *view;
	uint16_t type;
	const uint8_t *content;
	size_t content_size;
	uint32_t ttl;
	wall_us seen_at;
};
typedef void read_baseline_fn(void *ctx, const struct read_baseline *b);
/*
 * The first state ever of each question, by time.  Of the filters since,
 * until, name, type, tag and list count.
 */
MUST_CHECK int read_baselines(struct reader *r, const struct read_changes *q,
    read_baseline_fn *fn, void *ctx);

/* One interval of one record, or of an outcome without records. */
struct read_interval {
	const char *name, *view, *owner;
	uint16_t type;       /* of the question */
	uint16_t rrtype;     /* of the record; 0 for an outcome */
	const char *rdata;   /* presentation; NULL for an outcome */
	const char *outcome; /* "ANSWER", "NXDOMAIN", ... */
	wall_us first_seen, last_seen;
	int64_t count;
	bool current;
};
typedef void read_interval_fn(void *ctx, const struct read_interval *i);
/* type 0: all.  By type, view, first_seen; rdata is not cut. */
MUST_CHECK int read_history(struct reader *r, const char *name, uint16_t type,
    read_interval_fn *fn, void *ctx);

/* The pool of a question's addresses (R24), as pool_pack() has it. */
struct read_pool {
	const char *name, *view;
	uint16_t type;
	const uint8_t *packed;
	size_t packed_size;
	wall_us at; /* when it was kept */
};
typedef void read_pool_fn(void *ctx, const struct read_pool *p);
/* By type and view; of those that have one. */
MUST_CHECK int read_pools(struct reader *r, const char *name, uint16_t type,
    read_pool_fn *fn, void *ctx);
/* The stages of a name that were told, as life_pack() of rule/life.h has them.
 */
struct read_life {
	const char *view;
	const uint8_t *packed;
	size_t packed_size;
	wall_us at; /* when they were kept */
};
typedef void read_life_fn(void *ctx, const struct read_life *l);
/* By view, then the latest first. */
MUST_CHECK int read_lives(
    struct reader *r, const char *name, read_life_fn *fn, void *ctx);
/* A stretch in which a name was on a list. */
struct read_membership {
	const char *name, *list;
	wall_us since, until;   /* until 0: still on it */
	wall_us first_reported; /* 0: the list does not say */
	const char *reason; /* "left", "by-then", "until"; NULL: still on it */
};
typedef void read_membership_fn(void *ctx, const struct read_membership *m);
/* By list, then by time. */
MUST_CHECK int read_memberships(
    struct reader *r, const char *name, read_membership_fn *fn, void *ctx);

/*
 * What was believed at T, and whether it was seen then: one for each question
 * of the name, also for those of which nothing was known at T.
 */
struct read_believed {
	const char *name, *view;
	uint16_t type;
	const uint8_t *content; /* packed; NULL: nothing was believed yet */
	size_t content_size;
	uint32_t ttl;
	wall_us since, until;  /* until 0: still */
	wall_us before, after; /* the sightings around T, `after` of whatever
	                        * was seen next; 0: none */
	bool observed;         /* seen by the poll whose interval holds T */
	bool failing;          /* an outage is open now */
	uint8_t fail;
	wall_us failing_since;
	struct uuid change; /* nil: the baseline */
};
typedef void read_believed_fn(void *ctx, const struct read_believed *b);
MUST_CHECK int read_at(struct reader *r, const char *name, uint16_t type,
    wall_us at, read_believed_fn *fn, void *ctx);

/*
 * How well a question was watched in a window, by the ledger: of one, or the
 * sum of all that match.  `name`, `view` and `type` of a sum are those of the
 * longest gap.
 */
struct read_coverage {
	const char *name, *view;
	uint16_t type;
	int64_t questions;
	/* Counted from and to: since it is asked by its present plan, and up
	 * to what the ledger knows. */
	wall_us since, until;
	int64_t asked, failed;        /* planned polls */
	int64_t covered_us, whole_us; /* so long of so long it was seen */
	wall_us gap_since, gap_until; /* the longest in which not; 0: none */
	bool gap_failed;              /* it failed then, so: */
	uint8_t fail;
	/* By the largest TTLs seen, at least: how long a change of the zone
	 * would have shown within an interval, and how many polls were answered
	 * by a fetch later than all before. */
	int64_t fresh_us, fetches;
	int64_t fetch_s; /* such fetches are so far apart at most, while it is
	                  * seen; 0: not known */
	int64_t unknown; /* questions of which that is so: never fresh */
};
typedef void read_coverage_fn(void *ctx, const struct read_coverage *c);
/* Of the filters since, until, name, type, tag and list count; `each`: a row
 * for each question, by name, type and view; else one row, or none. */
MUST_CHECK int read_coverage(struct reader *r, const struct read_changes *q,
    bool each, read_coverage_fn *fn, void *ctx);

/* ---- all that is stored of one change or event ---- */

/* Every entry of the log with this id, oldest first. */
MUST_CHECK int read_entries_of(
    struct reader *r, const struct uuid *id, read_entry_fn *fn, void *ctx);

/* Those that an alert told, by its id or by the `group` of several parts; by
 * seq. */
MUST_CHECK int read_members_of(
    struct reader *r, const struct uuid *id, read_entry_fn *fn, void *ctx);

/* A reply that is held as its proof (commit_evidence). */
struct read_evidence {
	wall_us at, last_at;
	uint32_t count; /* equal replies in a row */
	uint32_t ttl;
	uint16_t flags; /* COMMIT_FLAG_... */
	int32_t ede;
	uint8_t transport, outcome, fail;
	const char *server, *group;
	const uint8_t *raw; /* NULL: it failed without a message */
	size_t raw_size;
};
typedef void read_evidence_fn(void *ctx, const struct read_evidence *e);
/* In the order of their arrival. */
MUST_CHECK int read_evidence_of(
    struct reader *r, const struct uuid *id, read_evidence_fn *fn, void *ctx);

/* An entry of the log as it was weighed, and whom it was told. */
struct read_judged {
	int64_t seq;
	wall_us at;
	struct uuid id;
	uint32_t revision;
	const char *event; /* NULL: a decision about a change */
	uint32_t kind, type, severity, label;
	const char *name, *view;
	const char *aspects; /* words with blanks between them; NULL: none */
	const char *proved;  /* NULL: of an event */
	int novel;           /* -1: the entry does not say */
	wall_us seen_at;     /* 0: of an event */
	/* Values with READ_BETWEEN between them; NULL: none. */
	const char *from_outcome, *from_rdata, *from_chain;
	const char *to_outcome, *to_rdata, *to_chain;
	/* Sinks with blanks between them; NULL: none. */
	const char *sent, *held;
	/* Retention has dropped ... */
	bool evidence_gone; /* ... the replies that it names */
	bool alerts_gone;   /* ... perhaps that it was told: none is there */
};
#define READ_BETWEEN '\x1f'
typedef void read_judged_fn(void *ctx, const struct read_judged *j);
/* Decisions and events between the two times (until 0: now), by seq. */
MUST_CHECK int read_judged(struct reader *r, wall_us since, wall_us until,
    read_judged_fn *fn, void *ctx);
/* The names that these are about, each once. */
typedef void read_name_fn(void *ctx, const char *name);
MUST_CHECK int read_judged_names(struct reader *r, wall_us since, wall_us until,
    read_name_fn *fn, void *ctx);
/* Each question that was ever asked, watched now or not, in no order. */
typedef void read_asked_fn(void *ctx, const struct uuid *question);
MUST_CHECK int read_asked(struct reader *r, read_asked_fn *fn, void *ctx);
/* Answers inside pools, which days have only counted. */
MUST_CHECK int read_inside_pools(
    struct reader *r, wall_us since, wall_us until, uint64_t *answers);

/* An alert about it, at one sink. */
struct read_delivery {
	const char *sink;
	const char *class_; /* "change", "event", "group" */
	uint32_t revision;  /* of the alert */
	int64_t sink_seq;   /* 0: not yet tried */
	uint32_t attempt;
	int32_t status;    /* of the last attempt; 0: none */
	const char *error; /* of it; "" when there was none */
	bool is_done, is_dead, is_held, is_gathered, is_grouped;
	const char *held_by; /* a silence that holds or held it; NULL: none */
	wall_us created;
	wall_us due; /* of the next attempt; 0: it waits for others */
};
typedef void read_delivery_fn(void *ctx, const struct read_delivery *d);
/* By when they came to be, then by sink. */
MUST_CHECK int read_deliveries_of(
    struct reader *r, const struct uuid *id, read_delivery_fn *fn, void *ctx);

/* A question that is asked more often than its answers' TTL outlives, of the
 * three of its list for which that is the worst. */
struct read_short {
	const char *list, *name;
	int64_t below, of; /* of all watched questions of the list */
	uint16_t type;
	uint32_t every_s, entry_s;
};
typedef void read_short_fn(void *ctx, const struct read_short *s);
/* By list, the worst first. */
MUST_CHECK int read_short(struct reader *r, read_short_fn *fn, void *ctx);

#endif

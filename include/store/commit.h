/* SPDX-License-Identifier: ISC */
#ifndef STORE_COMMIT_H
#define STORE_COMMIT_H

/*
 * commit -- what the monitor has the database keep.
 *
 * Each call is one item: all of its rows in one transaction, which it may share
 * with other items.  Everything is copied.  Items of one question commit in the
 * order given; an item of no question (events, spans) commits no earlier than
 * all that was given before it.  `done` (NULL: none) is called once, from the
 * loop, when the item is durable, or with ERR_CLOSED when the store is fenced,
 * or with ERR_DATABASE when the database took all items but this one: it is
 * logged and lost, and what the database has of its question must be asked
 * again (store_fetch).  Until then the item is the store's to keep.
 * commit_waiting() tells how much that is, so that the monitor can hold back.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/uuid.h"
#include "dns/content.h"
#include "store/store.h"

/* What the database has of the lists that a name is on. */
enum commit_listed {
	LISTED_COMPARE, /* something, perhaps */
	LISTED_NEW,     /* nothing: it does not know the name */
	LISTED_SAID     /* the same: an item of another question said it */
};

/* The watch side of a question: insert, or update when anything differs. */
struct commit_question {
	struct store_key key;
	const uint8_t *name; /* folded wire */
	size_t name_size;
	uint16_t type;
	const char *view;
	bool watched;
	uint32_t every_s;
	uint32_t phase_ms;
	/* 0: polled when planned.  Else never longer than that after the poll
	 * before, at any time. */
	uint32_t wait_s;
	/* How old an answer may be: 0 where each poll's is fetched for it;
	 * what the database knows only grows while every_s stays. */
	bool entry_known;
	uint32_t entry_s;
	uint64_t attributes; /* hash of all the below, see store_row */
	const char *const *tags;
	size_t n_tags;
	const char *const *lists;
	size_t n_lists;
	const char *owner;   /* NULL: none */
	const char *runbook; /* NULL: none */
	wall_us at;          /* since when it is (un)watched so */
	/* All lists that its name is on now, with its other questions: what
	 * the database has differently begins or ends at `listed_at`, and was
	 * over by then if `found_gone`.  0: nothing is said of them.  What a
	 * list said that `ends` by then ended at that time. */
	const char *const *on_lists;
	size_t n_on_lists;
	const wall_us *first_reported; /* by each of them, 0 where it does not
	                                * say; NULL: none does */
	const wall_us *ends;           /* the same: until when it has it */
	wall_us listed_at;
	bool found_gone;
	enum commit_listed listed;
};

/*
 * The first good reply ever (R9): a state without a change, its intervals, and
 * the event that tells it, if it is to be told.
 */
struct commit_alert;
struct commit_entry;
struct commit_baseline {
	struct store_key key;
	const uint8_t *name;
	const struct content *content;
	uint32_t ttl;
	wall_us at;
	const struct commit_entry *entry; /* NULL: silent.  Not of
	                                   * commit_first(). */
	const struct commit_alert *alert; /* NULL: no sink gets it */
};

/*
 * A question that the database does not know, as the load told, with its first
 * answer or (NULL) without one: what commit_question() and commit_baseline()
 * do, for many of them.  Up to STORE_FIRST_ITEMS are gathered for up to
 * STORE_FIRST_MS and sent by COPY, in the order of their keys: the nearer
 * those given together are to each other by shard, the less it costs.
 * Items of no question do not wait for these.  When the database refuses one,
 * which is when it has the question after all, store_on_refused() is told.
 */
void commit_first(struct store *s, const struct commit_question *c,
    const struct commit_baseline *answer);

enum {
	COMMIT_FLAG_AA = 0x0400,
	COMMIT_FLAG_AD = 0x0020,
	COMMIT_FLAG_CD = 0x0010
};

/* One reply held as proof (raw, with what it was). */
struct commit_evidence {
	wall_us at;
	const char *server; /* "192.0.2.53:53" */
	const char *group;
	uint8_t transport; /* enum transport's numbers */
	uint8_t outcome;
	uint8_t fail;
	uint32_t ttl;
	uint16_t flags; /* of the header; AD only if it is believed (M11), CD
	                 * if the question had it */
	int32_t ede;
	const uint8_t *ede_text; /* of a stranger; it is in raw, too */
	size_t ede_text_size;    /* at most MESSAGE_EDE_TEXT_MAX (B9) */
	const uint8_t *nsid;     /* of a stranger, too; NULL: it gave none */
	size_t nsid_size;        /* at most MESSAGE_NSID_MAX (RFC 5001) */
	const uint8_t *raw;      /* the message; NULL for a FAIL without one */
	size_t raw_size;
	const uint8_t *sha256; /* of raw; NULL: not known yet */
	uint32_t count;        /* equal replies in a row that this stands for */
	wall_us last_at;
	wall_us fetched_after; /* R13, of the last of them; 0: not known */
	bool has_serial; /* the zone's there, as it was asked; not stored */
	uint32_t serial;
	const struct content *content; /* good replies: intervals are opened or
	                                * prolonged; NULL for FAILs */
};

/* A log entry as it will be printed, and what it is found by. */
struct commit_entry {
	struct uuid id;    /* the change's or event's */
	uint32_t revision; /* 0 for a candidate */
	wall_us at;
	const char *class_; /* "candidate", "change" (a decision), "event" */
	const char *body;   /* JSON object without "seq" */
	const char *name;   /* presentation; "" for events of the monitor */
	uint16_t type;      /* 0: none */
	const char *view;
	uint8_t kind;      /* enum kind, 0 for events */
	const char *event; /* event kind, NULL for changes */
	uint8_t severity;
	uint8_t label; /* enum label of judge/candidate.h, 0: none */
	const char *const *lists;
	size_t n_lists;
	const char *const *tags;
	size_t n_tags;
};

/* Transaction one of R10: candidate entry, evidence, intervals. */
struct commit_sight {
	struct store_key key;
	const uint8_t *name;
	struct commit_entry entry;
	const struct content *seen; /* what was seen first */
	wall_us seen_at;
	const struct commit_evidence *evidence;
	size_t n_evidence;
};

/* More replies while the candidate is open, or after (R15). */
struct commit_more {
	struct store_key key;
	const uint8_t *name;
	struct uuid change;
	const struct commit_evidence *evidence;
	size_t n_evidence;
};

/* One member of a deciding transaction (transaction two of R10). */
struct commit_decision {
	struct store_key key;
	const uint8_t *name;
	struct commit_entry entry;
	bool first;    /* the change's first decision: closes its candidate */
	bool believed; /* `to` becomes the believed state */
	bool doubted;  /* keep it as CANDIDATE_DOUBTED (R15) */
	const struct content *to; /* with believed */
	uint32_t ttl;
	const struct content
	    *keep;         /* intervals of anything not in here close */
	wall_us from_seen; /* last_seen of what was believed before */
	uint32_t from_ttl; /* the largest that was seen of it */
	wall_us since;     /* the new state's beginning: first sight */
	const struct commit_evidence *evidence; /* not yet committed ones */
	size_t n_evidence;
};

/* An alert: one outbox row per sink. */
struct commit_alert {
	struct uuid id;
	uint32_t revision;
	const char *class_; /* "change", "event", "group" */
	const char *name;   /* order is kept per (name, sink) */
	const char
	    *group; /* JSON object without members; NULL unless a group */
	const char *const *sinks;
	size_t n_sinks;
	const char *held_by; /* the silence that holds it; NULL: none */
	bool gathered; /* it waits to be told with others, or for a restart */
};

/* Which alert, and which entry of the log. */
struct commit_ref {
	uint16_t shard;
	struct uuid id;
	uint32_t revision;
};

/*
 * Alerts that were gathered are told by another one, whose members are entries
 * that the log has.
 */
struct commit_gathered {
	const struct commit_alert *alert; /* of class group */
	wall_us at;
	const struct commit_ref *members;
	size_t n_members; /* at least one */
	const struct commit_ref *told;
	size_t n_told;
};

/*
 * Decisions that are told together or not at all, with their alert; at most one
 * of a question.  Members of an alert: of a group all entries of the item
 * (and, when it is claimed, those of its earlier revisions, each by its
 * latest); of another the entry with the alert's id and revision, or the only
 * one.
 */
struct commit_decisions {
	const struct commit_decision *decisions;
	size_t n_decisions;
	const struct commit_alert *alerts; /* 0: not told */
	size_t n_alerts;
};

struct commit_events {
	const struct commit_entry *entries;
	/* For entries about a question: its key; else shard 0 and nil. */
	const struct store_key *keys;
	size_t n_entries;
	const struct commit_alert *alerts;
	size_t n_alerts;
};

/* What was told of a question's signatures (R17). */
struct commit_signatures {
	uint8_t told;  /* enum signature_told; 0: nothing is open any more */
	wall_us since; /* 0 with that */
	wall_us at;
};

/*
 * An event about a question, with the replies that prove it (found by the
 * entry's id): one transaction with its deliveries and with what is kept of
 * its signatures.
 */
struct commit_told {
	struct store_key key;
	struct commit_entry entry;
	const struct commit_evidence *evidence; /* without contents */
	size_t n_evidence;
	const struct commit_alert *alert;           /* NULL: not told */
	const struct commit_signatures *signatures; /* NULL: as they are */
};

/* A row of failed polls begins, goes on (other kind, told) or ends. */
struct commit_outage {
	struct store_key key;
	wall_us since; /* identifies it, with the key */
	wall_us until; /* 0: still open */
	uint8_t fail;
	uint32_t count;
	bool told;
	/* What `bogus` told in it; NULL: what the database has stays. */
	const uint8_t *bogus;
	size_t bogus_size;
};

/* Stale answers, which are not fresh coverage, begin or end. */
struct commit_stale {
	struct store_key key;
	wall_us since; /* identifies it, with the question */
	wall_us until; /* 0: still open */
};

/*
 * What a question showed beside what it said (R6), or, with the server
 * STORE_SERVER_ZONE and a zone's SOA question, what is known of the zone's
 * servers (R18), or, with STORE_SERVER_VIEWS or STORE_SERVER_EXPECT, what was
 * told of its views (R9) or of what is expected of it (R27), or, with
 * STORE_SERVER_POOL, the pool of its addresses (R24), or, with
 * STORE_SERVER_DANGLING, what was told of what it points at, or, with
 * STORE_SERVER_WILDCARD, what its zone answers for no name; and what is told
 * of that: one transaction.  Each alert is that of the entry with its id.
 */
struct commit_attribute {
	struct store_key key;
	const uint8_t *noted; /* attribute_pack(), one after the other */
	size_t noted_size;
	wall_us at;
	const struct commit_entry *entries; /* none: nothing is told */
	size_t n_entries;
	const struct commit_alert *alerts;
	size_t n_alerts;
	const struct store_key *about; /* of the entries; NULL: as above */
};

/* How often each address of a pool was answered on a day, up to now (R24). */
struct commit_pool_day {
	struct store_key key;
	wall_us day; /* its midnight, UTC */
	uint32_t answers;
	const char *counts; /* JSON: {"192.0.2.1":17, ...} */
};

/*
 * The ledger behind last_seen: in [from, to] every watched question of this
 * interval whose planned time (anchor + phase + k * every) fell there was
 * asked, and answered as believed, unless an outage or a candidate says
 * otherwise.  Of one with a wait_s: its polls that were to come in there did.
 * The row of (anchor, every, from) is prolonged in place.
 */
struct commit_span {
	uint32_t every_s;
	wall_us anchor;
	wall_us from;
	wall_us to;
	bool started; /* of one with a wait_s, too, the first planned time */
};

void commit_question(struct store *s, const struct commit_question *c,
    store_done_fn *done, void *ctx);
void commit_baseline(struct store *s, const struct commit_baseline *c,
    store_done_fn *done, void *ctx);
void commit_sight(struct store *s, const struct commit_sight *c,
    store_done_fn *done, void *ctx);
void commit_more(struct store *s, const struct commit_more *c,
    store_done_fn *done, void *ctx);
void commit_decisions(struct store *s, const struct commit_decisions *c,
    store_done_fn *done, void *ctx);
void commit_events(struct store *s, const struct commit_events *c,
    store_done_fn *done, void *ctx);
void commit_gathered(struct store *s, const struct commit_gathered *c,
    store_done_fn *done, void *ctx);
void commit_told(struct store *s, const struct commit_told *c,
    store_done_fn *done, void *ctx);
void commit_attribute(struct store *s, const struct commit_attribute *c,
    store_done_fn *done, void *ctx);
void commit_pool_day(struct store *s, const struct commit_pool_day *c,
    store_done_fn *done, void *ctx);
void commit_outage(struct store *s, const struct commit_outage *c,
    store_done_fn *done, void *ctx);
void commit_stale(struct store *s, const struct commit_stale *c,
    store_done_fn *done, void *ctx);
/* A question that is no longer doubted (R15): confirmed, followed or a day old.
 */
void commit_settled(struct store *s, const struct store_key *key,
    const struct uuid *change, store_done_fn *done, void *ctx);
void commit_spans(struct store *s, const struct commit_span *spans, size_t n,
    store_done_fn *done, void *ctx);

/*
 * What was answered as believed in one pass: last_seen of its state and
 * believed records, one count each.  For passes without a plan; a running
 * daemon has commit_spans().
 */
void commit_seen(struct store *s, const struct store_key *keys,
    const wall_us *at, size_t n, store_done_fn *done, void *ctx);

/*
 * Inside `done`: the seq of the item's first log entry, the others follow it.
 * 0: not known, since the commit's answer was lost.
 */
int64_t commit_seq(const struct store *s);

/* Sends what waits now instead of when the batch is full or old. */
void commit_flush(struct store *s);
/* Items and bytes not yet durable. */
void commit_waiting(const struct store *s, size_t *items, size_t *bytes);

#endif

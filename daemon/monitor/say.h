/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_SAY_H
#define MONITOR_SAY_H

/*
 * say -- changes, candidates and events as JSON and as one line of text;
 * pure.  The JSON is what the log keeps, the commands print and the webhooks
 * carry (docs/json.md); everything a stranger sent is printable ASCII in it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/uuid.h"
#include "dns/attribute.h"
#include "dns/content.h"
#include "dns/signature.h"
#include "judge/candidate.h"
#include "judge/diff.h"
#include "judge/verdict.h"
#include "rule/severity.h"
#include "store/commit.h"
#include "store/store.h"
#include "table.h"

enum {
	SAY_WITNESSES_MAX = 16,
	SAY_GONE_MAX = 64,
	SAY_VIEWS_MAX = 16,
	SAY_VIEW_VALUES = 64, /* of what one view says */
	SAY_SUMMARY_VALUES = 4,
	SAY_VALUE_MAX = 1024
};

/* Whom and what it is about. */
struct say_question {
	const uint8_t *name;
	uint16_t type;
	const struct policy *policy;
	const char *view;
};

struct say_state {
	const struct content *content;
	uint32_t ttl;
	wall_us since;     /* 0: not said */
	wall_us last_seen; /* 0: not said */
};

struct say_change {
	struct say_question q;
	struct uuid id;
	uint32_t revision;
	enum severity severity;
	const struct severity_why *weighed; /* NULL: not said */
	uint32_t aspects;
	wall_us seen_at;
	wall_us decided_at;
	struct say_state from;
	struct say_state to;
	const struct judgement *judgement;
	enum verdict verdict;
	/* Of the records in `facts_of`; for others the sighting is the first.
	 */
	const struct content *facts_of;
	const struct store_element *facts;
	size_t n_facts;
	const struct commit_evidence *witnesses;
	size_t n_witnesses;
	/* transient (R14): it lasted between these; most 0: not known */
	wall_us lasted_least;
	wall_us lasted_most;
	const char *cause; /* NULL: none is known */
	const char *note;  /* NULL: none */
	const char *plan;  /* that it is part of; NULL: none */
	bool novel;        /* it was weighed as something never seen */
	struct addr asked; /* for the dig line */
	bool asked_tls;
};

void say_change(const struct say_change *c, struct buf *json);
void say_candidate(
    const struct say_change *c, const struct content *seen, struct buf *json);
/* "www.example.com A 192.0.2.1 -> 198.51.100.9", printable, one line. */
void say_summary(const struct say_change *c, struct buf *text);

/* What one server of a zone says. */
struct say_server {
	const char *server; /* NULL: it is the name alone that matters */
	const char *host;
	const char *stand; /* "agrees", "behind", "differs", "lame", "silent";
	                    * "both", "parent" or "child" of a delegation */
	bool has_serial;
	uint32_t serial;
	const uint8_t *nsid;           /* of a stranger; size 0: none */
	size_t nsid_size;              /* at most MESSAGE_NSID_MAX */
	const struct content *content; /* NULL: not said */
};

/* What one view believes. */
struct say_view {
	const char *view;
	const struct content *content; /* NULL: not said */
	wall_us since;                 /* with that */
};

/* What is not as it is expected to be (R27). */
struct say_expect {
	const char *word; /* the first that is not met */
	const struct content *missing, *unexpected; /* records only */
};

/* What a day came to. */
enum { SAY_SEVERITIES = 5 };
struct store_sum;
struct say_digest {
	wall_us until;
	uint64_t changes, events; /* by their latest decision */
	uint64_t by_severity[SAY_SEVERITIES];
	uint64_t names;
	/* Of pools: questions, answers, addresses that were in them. */
	uint64_t pools, pool_answers, pool_addresses;
	uint64_t told; /* digests since then */
	/* Now: */
	uint64_t failing, deviating, dangling, plans;
	const struct store_sum *rows;
	size_t n_rows;
};

/* A name that nobody watches was asked for; at most SAY_VIEW_VALUES are said.
 */
struct say_probe {
	const uint8_t *name;
	uint16_t type;
	const struct content *content; /* NULL: not said */
};

/* The stage of a name that became another one. */
struct say_life {
	const char *from, *to;
	const char *cause; /* NULL: none is known */
	const char *confidence;
	const char *who; /* of the mark; "": none */
	bool back;       /* it had been gone */
};

/* An address that a day's answers had. */
struct say_address {
	char text[ADDR_TEXT_SIZE];
	uint32_t answers;
	bool fresh; /* it was never heard of before that day */
};

struct say_event {
	struct uuid id;
	const char *kind;    /* "failing", "recovered", ..., or an attribute */
	const uint8_t *name; /* NULL: of the monitor */
	const char *view;
	uint16_t type;
	const char *reason; /* NULL: none */
	wall_us since;
	wall_us at;
	enum severity severity;
	struct severity_why weighed; /* without `event`: not said */
	const struct policy *policy; /* NULL: none */
	uint32_t asked, failed;      /* blind: of the last minute */
	const char *server;          /* that it is about; NULL: none */
	const uint8_t *provider;     /* provider-failing: that fails; or NULL */
	const struct name *names;    /* some of those that it is about ... */
	uint32_t n_names;
	uint32_t count; /* ... of so many; 0: not said */
	/* Of an attribute: what it was and is; NULL for others. */
	const uint8_t *from, *to;
	enum attribute attribute;
	/* bogus: what is believed, and what CD=1 shows; NULL for others. */
	const struct say_state *believed, *seen;
	const struct commit_evidence *witnesses;
	size_t n_witnesses;
	/* Of a zone's servers (R18). */
	const uint8_t *zone; /* NULL: guessed */
	const char *host;    /* the name of `server`; NULL: none */
	const struct say_server *servers;
	size_t n_servers;
	bool has_serials;
	uint32_t serial_from, serial_to;
	/* views-...: who says what; at most SAY_VIEWS_MAX are said. */
	const struct say_view *views;
	size_t n_views;
	/* signatures-...: what was seen of them; NULL for others. */
	const struct signatures *signatures;
	/* deviates; NULL for others. */
	const struct say_expect *expect;
	/* digest; NULL for others. */
	const struct say_digest *digest;
	/* flux-digest: of so many answers in all. */
	const struct say_address *addresses;
	size_t n_addresses;
	uint32_t answers;
	/* life; NULL for others. */
	const struct say_life *life;
	/* plan-...; NULL for others. */
	const struct config_plan *plan;
	/* wildcard...: what was asked, and answered; NULL for others. */
	const struct say_probe *probe;
	/* dangling...: what is pointed at, and what of it is missing. */
	const uint8_t *target, *missing;
};
void say_event(const struct say_event *e, struct buf *json);

/* One of the alerts that tell those of one cause (R32), without its members. */
struct say_gathered {
	struct uuid id;
	struct uuid group; /* the same in all */
	struct uuid first; /* the alert that was told by itself */
	const char *kind;  /* "same-zone", ... */
	const uint8_t *name;
	const char *view;
	enum severity severity;
	enum label label; /* the weakest; LABEL_NONE: nothing new */
	uint32_t part;    /* from 1 */
	size_t told;      /* alerts in this one */
	uint32_t count;   /* ... and in all, the first with them */
	bool closed;
};
void say_gathered(const struct say_gathered *g, struct buf *json);

/* A group's object without its members. */
struct say_group {
	struct uuid id;
	uint32_t revision;
	const char *kind;
	const uint8_t *name;
	const char *view;
	enum severity severity; /* the highest */
	enum label label;       /* the weakest; LABEL_NONE for events */
	const char *cause;      /* NULL: none is known */
	size_t n_members;
};
void say_group(const struct say_group *g, struct buf *json);

#endif

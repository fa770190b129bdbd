/* SPDX-License-Identifier: ISC */
#ifndef RULE_CAUSE_H
#define RULE_CAUSE_H

/*
 * cause -- which alerts have one cause, so that they are told together (R32);
 * pure.
 *
 * Alerts of one severity may share a cause in four ways: the same records went
 * and came, of whatever names; names of one zone changed within a minute;
 * names with the same name servers did; or sets that rotate showed addresses
 * that nobody knows yet, which is told with no other cause.  The first alert of
 * a cause is told by itself, at once.  Those that follow are gathered, until
 * none came for a while. A key holds what changed, so that another change of
 * the same name is another cause, and none is dropped.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/uuid.h"
#include "judge/diff.h"
#include "rule/severity.h"

enum cause_kind {
	CAUSE_CHANGE = 0,
	CAUSE_ZONE = 1,
	CAUSE_SERVERS = 2,
	CAUSE_ROTATION = 3
};
enum { N_CAUSES = 4, CAUSES_MAX = 512 };
const char *cause_text(enum cause_kind kind); /* "same-change", ... */

enum {
	CAUSE_ZONE_S = 60,     /* two that are further apart are not one */
	CAUSE_CHANGE_S = 600,  /* the same movement: it goes through caches */
	CAUSE_SERVERS_MIN = 4, /* so many are told by themselves before: names
	                        * of one big operator change all the time */
	CAUSE_IDLE_S = 300,    /* nobody came: it is closed */
	CAUSE_LONG_S = 3600,   /* it is closed, and may begin again */
	CAUSE_ROTATION_S = 3 * 3600, /* the same for a rotation: idle ... */
	CAUSE_ROTATION_LONG_S = 24 * 3600, /* ... and long */
	CAUSE_PART_S = 60, /* what was gathered waits for others so long ... */
	CAUSE_ROTATION_PART_S = 1800 /* ... and in a rotation */
};

/* What an alert is about. */
struct cause_input {
	const uint8_t
	    *name; /* wire; of its own earlier alert it is no effect */
	const uint8_t *zone;
	const char *view;
	uint16_t type; /* 0: of several types */
	enum severity severity;
	const struct diff *diff; /* NULL: of several changes */
	uint64_t servers;        /* hash of its zone's name servers; 0: not
	                          * known */
	bool rotates;            /* more of a pool that is being learnt */
};
struct cause_key {
	enum cause_kind kind;
	uint64_t hash;
	uint64_t name;
};
/* How many; the most telling first. */
size_t cause_keys(
    const struct cause_input *in, struct cause_key keys[N_CAUSES]);

/* From the first that waits to its telling, in seconds. */
int cause_part_s(enum cause_kind kind);

/* One cause.  `data` is the caller's. */
struct cause {
	struct cause_key key;
	mono_ns opened, last;
	uint32_t count;    /* alerts, with those told by themselves */
	bool gathers;      /* somebody was gathered */
	bool alone;        /* all of one name */
	struct uuid first; /* the alert that was told first */
	void *data;
};

/* Those that are open; zeroed is empty. */
struct causes {
	struct cause list[CAUSES_MAX];
	size_t n;
};

/*
 * An alert with these keys.  The cause that it is gathered in, or NULL: it is
 * told by itself, as is another change of the name that alone opened a zone's
 * or name servers' cause.  With too many causes at once it is.
 */
struct cause *causes_meet(struct causes *c, const struct cause_key *keys,
    size_t n, const struct uuid *alert, mono_ns now);
/*
 * The next that is over by `now`, starting at *at = 0; NULL: none.  It is to be
 * dropped, or asked for again later.
 */
struct cause *causes_over(struct causes *c, size_t *at, mono_ns now);
void causes_drop(struct causes *c, struct cause *cause);

#endif

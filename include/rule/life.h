/* SPDX-License-Identifier: ISC */
#ifndef RULE_LIFE_H
#define RULE_LIFE_H

/*
 * life -- what stage a name is in, why that is said and how sure it is; pure.
 *
 * By what is believed of its watched types in one view, and by the marks of the
 * configuration: whose name servers and addresses stand for a name that was
 * seized, sinkholed, held or parked.  A stage is a reading of what is believed,
 * never a reason to ask less.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/clock.h"
#include "dns/content.h"

struct config;
struct config_mark;

/* Stored: never renumber. */
enum life_stage {
	LIFE_UNKNOWN = 0,    /* nothing is believed yet */
	LIFE_UNSEEN = 1,     /* it does not exist, and never did */
	LIFE_REGISTERED = 2, /* it exists */
	LIFE_RESOLVING = 3,  /* it has addresses */
	LIFE_MAIL = 4,       /* it takes mail by an MX */
	LIFE_PARKED = 5,
	LIFE_SINKHOLED = 6,
	LIFE_SEIZED = 7,
	LIFE_HELD = 8,
	LIFE_GONE = 9 /* it was there and is no more */
};
enum life_cause {
	LIFE_NO_CAUSE = 0,
	LIFE_REMOVED = 1, /* from the parent */
	LIFE_DENIED = 2,  /* NXDOMAIN of its zone */
	LIFE_SILENT = 3,  /* no server answers, for a day */
	LIFE_MARKED = 4,  /* a mark says so */
	LIFE_FILTERED = 5 /* who answers filters */
};
enum life_confidence { LIFE_LOW = 1, LIFE_MEDIUM = 2, LIFE_HIGH = 3 };

const char *life_stage_text(enum life_stage stage); /* "never-seen", ... */
const char *life_cause_text(enum life_cause cause); /* NULL of LIFE_NO_CAUSE */
const char *life_confidence_text(enum life_confidence confidence);

struct life_fact {
	uint16_t type;
	const struct content *content; /* believed; NULL: nothing yet */
};
struct life_input {
	const uint8_t *name; /* wire */
	const struct life_fact *facts;
	size_t n;
	bool removed;  /* the parent's servers say that it is not delegated */
	bool was;      /* it existed at some time before */
	bool silent;   /* none of its questions was answered for a day */
	bool filtered; /* ... or they fail because somebody filters */
};
struct life {
	enum life_stage stage;
	enum life_cause cause;
	enum life_confidence confidence;
	const struct config_mark *mark; /* with LIFE_MARKED */
};
/* `config` NULL: no marks. */
struct life life_of(
    const struct life_input *in, const struct config *config, wall_us now);

/* Does it exist in that stage? */
bool life_is_there(enum life_stage stage);

/* ---- what is kept ---- */

enum { LIFE_KEPT_MAX = 16, LIFE_WHO_MAX = 63 };

/* From `since` until the next one. */
struct life_stretch {
	wall_us since;
	uint8_t stage, cause, confidence;
	bool back;                  /* it had been gone */
	char who[LIFE_WHO_MAX + 1]; /* of the mark; "": none */
};
/* The latest first. */
struct life_kept {
	uint32_t n;
	struct life_stretch list[LIFE_KEPT_MAX];
};

/*
 * A new stretch, when the stage, or who marks it, is another; the oldest goes
 * when there are too many.  False: it is as it was (a cause or confidence that
 * is another is taken over).
 */
bool life_put(struct life_kept *kept, const struct life *life, wall_us at);
void life_pack(const struct life_kept *kept, struct buf *out);
/* False: not ours, or of another version. */
MUST_CHECK bool life_unpack(
    const uint8_t *data, size_t size, struct life_kept *out);

#endif

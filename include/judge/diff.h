/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_DIFF_H
#define JUDGE_DIFF_H

/*
 * diff -- what is different between two contents, in the words of a change;
 * pure.
 *
 * kind is structural and closed, aspects are open (R20).  When the end records
 * are equal and the chain is not, the kind is `alias`; when both differ the
 * kind is that of the end records, with aspect `alias` (R7).  Two negative
 * contents of one outcome with different chains are `alias` too.
 *
 * ANSWER to NXDOMAIN with a chain is `vanished` with aspect `dangling`: the
 * records of this question are gone, while R5 says that the watched name is
 * not; who groups by name leaves dangling ones out.
 *
 * The end records of a partial content (R7) are unknown, not absent: when one
 * of two answers is partial, the kind is `alias` (that one chain leaves the
 * server's zones and the other does not is a difference of the chains), and
 * `added` and `removed` are what is seen now and what no longer is.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "dns/content.h"

/* Stored: never renumber. */
enum kind {
	KIND_NONE = 0,
	KIND_APPEARED = 1, /* NXDOMAIN or NODATA -> ANSWER */
	KIND_VANISHED = 2, /* ANSWER -> NXDOMAIN or NODATA */
	KIND_ADDED = 3,
	KIND_REMOVED = 4,
	KIND_MODIFIED = 5, /* some elements stay, some come, some go */
	KIND_REPLACED = 6, /* none stays */
	KIND_ALIAS = 7,
	KIND_OUTCOME = 8,    /* NODATA <-> NXDOMAIN */
	KIND_UNREADABLE = 9, /* also one unreadable answer by another */
	KIND_READABLE = 10
};
const char *kind_text(enum kind kind); /* "appeared" ... */
/* Of the kinds of a change, so not "none".  0 or ERR_SYNTAX. */
MUST_CHECK int kind_parse(const char *text, enum kind *out);

/* A bit each; printed in this order. */
enum {
	ASPECT_ALIAS = 1 << 0,
	ASPECT_MAIL = 1 << 1,         /* MX, or mail policy TXT */
	ASPECT_DELEGATION = 1 << 2,   /* NS, DS, SOA's MNAME */
	ASPECT_DANGLING = 1 << 3,     /* NXDOMAIN at the end of a chain (R5) */
	ASPECT_INCONSISTENT = 1 << 4, /* NXDOMAIN beside data (R5) */
	ASPECT_RETURNED = 1 << 5,     /* all added ones were believed (R21) */
	ASPECT_ROTATING = 1 << 6,     /* R22 */
	ASPECT_PRIVATE = 1 << 7,      /* an added address is private (M12) */
	ASPECT_UNSUPPORTED = 1 << 8,  /* the server refuses the type (M9) */
	ASPECT_FILTERED = 1 << 9,     /* said by a resolver that lies (R16) */
	ASPECT_BOGUS = 1 << 10,       /* a validator refuses it (R17) */
	ASPECT_UNSIGNED = 1 << 11,    /* its DS set was emptied (R17) */
	ASPECT_DS_MISMATCH = 1 << 12, /* no DS fits a key of the zone (R17) */
	/* From here on they are set by what a change means (meaning.h). */
	ASPECT_SPF = 1 << 13,
	ASPECT_DMARC = 1 << 14,
	ASPECT_DKIM = 1 << 15,
	ASPECT_MTA_STS = 1 << 16,
	ASPECT_TLS_RPT = 1 << 17,
	ASPECT_CAA = 1 << 18,
	ASPECT_TLSA = 1 << 19,
	ASPECT_NULL_MX = 1 << 20,
	ASPECT_IMPLICIT_MX = 1 << 21,
	ASPECT_TOKEN = 1 << 22, /* somebody claims control (R26) */
	ASPECT_ACME = 1 << 23,
	ASPECT_ECH = 1 << 24,
	ASPECT_WEAKENED = 1 << 25,   /* the name is less protected */
	ASPECT_ROUTINE = 1 << 26,    /* all of it comes and goes by itself */
	ASPECT_EXPECTED = 1 << 27,   /* now it is what is expected (R27) */
	ASPECT_UNEXPECTED = 1 << 28, /* it is not what is expected */
	ASPECT_PLANNED = 1 << 29     /* its owner planned it (R27) */
};
enum { N_ASPECTS = 30, ASPECTS_TEXT_SIZE = 320 };
const char *aspect_text(unsigned bit_index);

/*
 * added and removed are the plain differences of the two sets of end records,
 * whatever the kind, in the order of the contents: from - removed + added is
 * to.  With KIND_UNREADABLE `removed` is therefore what cannot be seen any
 * more, which is not proved to be gone, and with KIND_READABLE `added` is all
 * that can be seen again.  References go into the contents that were compared.
 */
struct diff {
	enum kind kind;
	uint32_t aspects;
	const struct record **added;
	size_t n_added;
	const struct record **removed;
	size_t n_removed;
	bool chain_differs; /* false beside UNREADABLE, which has no chain */
};

/*
 * Compares two states (CHECKed: neither NONE nor FAIL); allocates the lists
 * from a.  KIND_NONE exactly when they are equal, as content_equal() says.
 * `type` is the question's, for aspects; of these, `inconsistent`, `returned`,
 * `rotating`, `unsupported`, `filtered`, `bogus` and `ds-mismatch` are not for
 * two contents to say and are left to the caller.  0 or -ENOMEM.
 */
MUST_CHECK int diff_make(const struct content *from, const struct content *to,
    uint16_t type, struct arena *a, struct diff *out);

#endif

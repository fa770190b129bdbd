/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_MEANING_PRIV_H
#define JUDGE_MEANING_PRIV_H

/*
 * What the families of meaning.h share: the two contents, how something is
 * said, and how the text of a record is read.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "dns/content.h"
#include "judge/meaning.h"

enum {
	PART_SIZE = 64, /* a stranger's words within a statement */
	LIST_SHOWN = 3, /* of a list within a statement */
	LIST_SIZE = LIST_SHOWN * (PART_SIZE + 2) + 32
};

struct meant {
	const struct content *from;
	const struct content *to;
	uint16_t type;
	const uint8_t *owner;
	struct meaning *out;
};

/* Says it, unless there is no room or it was said already. */
void meaning_say(const struct meant *m, enum meaning_code code,
    const char *format, ...) PRINTF_LIKE(3, 4);

/* Something differs that no statement is about, so that it is no routine. */
void meaning_no_routine(const struct meant *m);

/* Some octets of a record; not a text of C. */
struct span {
	const uint8_t *p;
	size_t n;
};

bool span_is(struct span s, const char *text); /* in any letter case */
bool span_is_exactly(struct span s, const char *text);
bool span_begins(struct span s, const char *prefix); /* in any letter case */
bool span_has(struct span s, const char *part);      /* in any letter case */
bool span_same(struct span a, struct span b);        /* in any letter case */
struct span span_from(struct span s, size_t at);
/* Without blanks at both ends. */
struct span span_trim(struct span s);
/* Decimal, 0 to `max`, without a zero in front; -1: it is not. */
int span_number(struct span s, int max);
/* Printable ASCII, cut; returns out. */
char *span_print(struct span s, char out[PART_SIZE]);

/* "a, b, c and 4 more". */
struct span_list {
	size_t n;
	size_t used;
	char text[LIST_SIZE];
};
void span_list_add(struct span_list *l, struct span s);
const char *span_list_text(struct span_list *l);

/* The strings of a TXT joined (RFC 7208 3.3). */
struct joined {
	bool cut; /* it is longer than MEANING_READ_MAX */
	size_t size;
	uint8_t data[MEANING_READ_MAX];
};
void txt_join(const struct record *r, struct joined *out);
/* Does the joined text begin so, letter case aside?  Any size. */
bool txt_begins(const struct record *r, const char *prefix);
struct span joined_span(const struct joined *j);

/* The records of one policy: how many there are, and the first. */
struct policy_found {
	size_t n;
	struct joined text;
};
void policy_find(const struct content *c, bool (*is)(struct span text),
    struct policy_found *out);

/* Is `r` one of the records of `c`? */
bool records_have(const struct content *c, const struct record *r);

/*
 * Lists of tags, `name=value; name=value` (RFC 6376 3.2; RFC 7489, 8460 and
 * 8461 have the same form).
 */
struct tag {
	struct span name;
	struct span value; /* blanks at the ends taken off */
	size_t at;         /* of the name in the text, from 0 */
};
/* 1: a tag; 0: the end; -1: no list of tags at tag->at. */
int tag_next(struct span text, size_t *at, struct tag *tag);
/* Has the label at `owner` this text, letter case aside? */
bool label_is(const uint8_t *owner, const char *text);
const uint8_t *label_next(const uint8_t *owner);

/* What is wrong with a record: where, from 0, and how. */
struct wrong {
	size_t at;
	const char *why;
};

void spf_judge(const struct meant *m);
void dmarc_judge(const struct meant *m);
void dkim_judge(const struct meant *m);
void mta_sts_judge(const struct meant *m);
void tls_rpt_judge(const struct meant *m);
void caa_judge(const struct meant *m);
void mx_judge(const struct meant *m);
void tlsa_judge(const struct meant *m);
void svcb_judge(const struct meant *m);
void token_judge(const struct meant *m);
void persist_judge(const struct meant *m);
void acme_judge(const struct meant *m);

#endif

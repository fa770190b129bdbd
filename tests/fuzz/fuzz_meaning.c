/* SPDX-License-Identifier: ISC */

/*
 * Two contents out of any bytes: what is said of the change is bounded and
 * printable, the same each time, and nothing of two equal ones.
 *
 * The first octet says type and owner.  Then come records: an octet (bit 0:
 * of the first or the second content, or of both with bit 1; bit 2: the rest
 * is one text, cut into strings), the size in one octet, and that much rdata.
 */

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dns/content.h"
#include "dns/record.h"
#include "dns/type.h"
#include "judge/diff.h"
#include "judge/meaning.h"

#define HOLDS(expr) ((expr) ? (void)0 : abort())

enum { RECORDS_MAX = 40, TO = 1, BOTH = 2, TEXT = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint16_t types[] = {TYPE_TXT, TYPE_TXT, TYPE_TXT, TYPE_MX,
    TYPE_CAA, TYPE_TLSA, TYPE_HTTPS, TYPE_SVCB};
/* On the wire; the literal's NUL is the root. */
static const char *const owners[] = {"\7example", "\6_dmarc\7example",
    "\1a\12_domainkey\7example", "\x8_mta-sts\7example",
    "\5_smtp\4_tls\7example", "\17_acme-challenge\7example",
    "\23_validation-persist\7example", "\15_x-challenge-\7example"};

struct sample {
	struct content c;
	struct record records[RECORDS_MAX];
	uint8_t *owned[RECORDS_MAX]; /* their rdata, in no order */
};

/* MX names are whole in what is stored; the reader of others checks all. */
static bool
may_be_stored(const struct record *r)
{
	if (r->type == TYPE_MX || r->type == TYPE_HTTPS || r->type == TYPE_SVCB)
		return record_check(r->type, r->rdata, r->size) == RECORD_OK;
	return true;
}

static void
put(struct sample *s, uint16_t type, const uint8_t *rdata, size_t size)
{
	struct record r = {type, (uint16_t)size, rdata, 0};
	uint16_t at = 0;

	if (s->c.n_records == RECORDS_MAX || !may_be_stored(&r))
		return;
	while (at < s->c.n_records && record_compare(&s->records[at], &r) < 0)
		at++;
	if (at < s->c.n_records && record_equal(&s->records[at], &r))
		return;
	/* Exactly so many octets, so that a sanitizer sees their end. */
	s->owned[s->c.n_records] = malloc(size == 0 ? 1 : size);
	HOLDS(s->owned[s->c.n_records] != NULL);
	if (size != 0)
		memcpy(s->owned[s->c.n_records], rdata, size);
	r.rdata = s->owned[s->c.n_records];
	memmove(s->records + at + 1, s->records + at,
	    (s->c.n_records - at) * sizeof(r));
	s->records[at] = r;
	s->c.n_records++;
	s->c.outcome = OUTCOME_ANSWER;
}

static size_t
as_strings(const uint8_t *text, size_t size, uint8_t *out)
{
	size_t n = 0;

	do {
		size_t take = size < 200 ? size : 200;

		out[n++] = (uint8_t)take;
		memcpy(out + n, text, take);
		n += take;
		text += take;
		size -= take;
	} while (size > 0);
	return n;
}

static void
read_samples(
    const uint8_t *data, size_t size, uint16_t type, struct sample both[2])
{
	static uint8_t strings[2 * 65535];

	while (size >= 2) {
		unsigned how = data[0];
		size_t n = data[1];
		const uint8_t *rdata = data + 2;

		size -= 2;
		if ((how & TEXT) != 0)
			n = 16 * n + 15; /* up to the size that is not read */
		n = n < size ? n : size;
		data += 2 + n;
		size -= n;
		if ((how & TEXT) != 0) {
			n = as_strings(rdata, n, strings);
			rdata = strings;
		}
		if ((how & TO) == 0 || (how & BOTH) != 0)
			put(&both[0], type, rdata, n);
		if ((how & TO) != 0 || (how & BOTH) != 0)
			put(&both[1], type, rdata, n);
	}
}

static void
check(const struct content *from, const struct content *to, uint16_t type,
    const uint8_t *owner)
{
	struct meaning m, again;

	meaning_of(from, to, type, owner, &m);
	meaning_of(from, to, type, owner, &again);
	HOLDS(m.n <= MEANING_MAX && m.n == again.n);
	HOLDS(m.aspects == again.aspects && m.aspects >> N_ASPECTS == 0);
	HOLDS(m.n > 0 || m.aspects == 0);
	for (size_t i = 0; i < m.n; i++) {
		const char *text = m.list[i].text;
		size_t n = strnlen(text, MEANING_TEXT_SIZE);

		HOLDS(n > 0 && n < MEANING_TEXT_SIZE);
		HOLDS(strcmp(text, again.list[i].text) == 0);
		for (size_t k = 0; k < n; k++)
			HOLDS(text[k] >= 0x20 && text[k] <= 0x7e);
		HOLDS(meaning_text(m.list[i].code) != NULL);
	}
	meaning_of(from, from, type, owner, &again);
	HOLDS(again.n == 0 && again.aspects == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sample both[2];
	const uint8_t *owner;
	uint16_t type;

	if (size == 0)
		return 0;
	type = types[data[0] & 7];
	owner = (const uint8_t *)owners[data[0] >> 3 & 7];
	for (int i = 0; i < 2; i++) {
		both[i].c = (struct content){.outcome = OUTCOME_NODATA};
		both[i].c.records = both[i].records;
	}
	read_samples(data + 1, size - 1, type, both);
	check(&both[0].c, &both[1].c, type, owner);
	check(&both[1].c, &both[0].c, type, owner);
	for (int i = 0; i < 2; i++)
		for (uint16_t k = 0; k < both[i].c.n_records; k++)
			free(both[i].owned[k]);
	return 0;
}

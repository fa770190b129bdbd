/* SPDX-License-Identifier: ISC */

/*
 * Counting in a table of fixed size.  What many failing names share comes
 * again and again, what only one has (its own domain, say) does not: when the
 * table is full, the rarer ones are let go until half of it is free.
 */

#include "judge/provider.h"

#include <stddef.h>
#include <string.h>

enum { FULL = PROVIDER_ROOM / 4 * 3 };

const char *
provider_by_text(enum provider_by by)
{
	switch (by) {
	case PROVIDER_SERVER:
		return "name-server";
	case PROVIDER_SERVERS:
		return "name-servers-of";
	case PROVIDER_DOMAIN:
		return "domain";
	case PROVIDER_TLD:
		break;
	}
	return "tld";
}

/* Where it is, or the free place where it would be. */
static uint32_t
place_of(const struct provider_tally *t, uint64_t hash)
{
	uint32_t i = (uint32_t)hash & (PROVIDER_ROOM - 1);

	while (t->counts[i].key.hash != 0 && t->counts[i].key.hash != hash)
		i = (i + 1) & (PROVIDER_ROOM - 1);
	return i;
}

static void
take(struct provider_tally *t, uint32_t i)
{
	uint32_t next = i;

	t->counts[i].key.hash = 0;
	t->used--;
	/* What lay behind it because of it moves up. */
	for (;;) {
		struct provider_count c;

		next = (next + 1) & (PROVIDER_ROOM - 1);
		c = t->counts[next];
		if (c.key.hash == 0)
			return;
		t->counts[next].key.hash = 0;
		t->counts[place_of(t, c.key.hash)] = c;
	}
}

static void
make_room(struct provider_tally *t)
{
	for (uint32_t rare = 1; t->used > PROVIDER_ROOM / 2; rare *= 2) {
		for (uint32_t i = 0; i < PROVIDER_ROOM;) {
			if (t->counts[i].key.hash != 0 &&
			    t->counts[i].suspects <= rare)
				take(t, i); /* another may be here now */
			else
				i++;
		}
	}
}

static void
suspect(struct provider_tally *t, const struct provider_key *key)
{
	struct provider_count *c = &t->counts[place_of(t, key->hash)];

	if (c->key.hash == 0 && t->used >= FULL) {
		make_room(t);
		c = &t->counts[place_of(t, key->hash)];
	}
	if (c->key.hash == 0) {
		*c = (struct provider_count){.key = *key};
		t->used++;
	}
	c->suspects++;
}

void
provider_suspect(
    struct provider_tally *t, const struct provider_key *keys, uint32_t n)
{
	for (uint32_t k = 0; k < n; k++)
		suspect(t, &keys[k]);
}

bool
provider_is_suspected(const struct provider_tally *t)
{
	for (uint32_t i = 0; i < PROVIDER_ROOM; i++) {
		if (t->counts[i].key.hash != 0 &&
		    t->counts[i].suspects >= PROVIDER_MAYBE_MIN)
			return true;
	}
	return false;
}

void
provider_count(struct provider_count *c, enum provider_heard heard)
{
	c->names++;
	if (heard == PROVIDER_ANSWERS)
		c->answer++;
	if (heard == PROVIDER_FAILS || heard == PROVIDER_FAILS_FOR)
		c->fail++;
	if (heard == PROVIDER_FAILS_FOR)
		c->fail_for++;
}

void
provider_note(struct provider_tally *t, const struct provider_key *keys,
    uint32_t n, enum provider_heard heard)
{
	provider_count(&t->all, heard);
	for (uint32_t k = 0; k < n; k++) {
		struct provider_count *c =
		    &t->counts[place_of(t, keys[k].hash)];

		if (c->key.hash != 0)
			provider_count(c, heard);
	}
}

bool
provider_others_answer(
    const struct provider_tally *t, const struct provider_count *c, bool canary)
{
	uint32_t answer = t->all.answer - (c != NULL ? c->answer : 0);
	uint32_t fail = t->all.fail - (c != NULL ? c->fail : 0);

	if (answer + fail == 0)
		return canary;
	return answer > 0 && fail <= (answer + fail) / 4;
}

bool
provider_has_failed(const struct provider_count *c)
{
	return c->fail >= PROVIDER_NAMES_MIN &&
	       c->answer <= (c->answer + c->fail) / 4;
}

/* There are others, and none of them was asked since. */
static bool
others_are_silent(
    const struct provider_tally *t, const struct provider_count *c)
{
	return t->all.names > c->names && t->all.answer == c->answer &&
	       t->all.fail == c->fail;
}

static bool
is_better(const struct provider_count *a, const struct provider_count *b)
{
	if (b == NULL || a->fail != b->fail)
		return b == NULL || a->fail > b->fail;
	if (a->names != b->names)
		return a->names < b->names;
	if (a->key.by != b->key.by)
		return a->key.by < b->key.by;
	return a->key.hash < b->key.hash;
}

enum provider_verdict
provider_judge(const struct provider_tally *t, bool canary,
    const struct provider_count **out)
{
	const struct provider_count *best = NULL;
	bool maybe = false;

	for (uint32_t i = 0; i < PROVIDER_ROOM; i++) {
		const struct provider_count *c = &t->counts[i];

		if (c->key.hash == 0 || c->fail < PROVIDER_MAYBE_MIN)
			continue;
		if (!provider_others_answer(t, c, canary)) {
			maybe = maybe || others_are_silent(t, c);
			continue;
		}
		maybe = true;
		if (provider_has_failed(c) && is_better(c, best))
			best = c;
	}
	*out = best;
	if (best != NULL)
		return PROVIDER_FAILED;
	return maybe ? PROVIDER_MAYBE : PROVIDER_NOT;
}

bool
provider_is_back(const struct provider_count *c)
{
	return c->fail <= c->names / 4;
}

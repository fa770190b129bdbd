/* SPDX-License-Identifier: ISC */

/*
 * The numbers of TTLs through caches.  Let the original be r and the largest
 * of n replies M.  A cache that others ask, too, shows it at a random age:
 * that all stayed at or below M has the chance (M / r)^n.  One that only we
 * ask shows it right after a fetch, or at its first poll behind that: an
 * interval, with its jitter, below r at most.  What one of the two explains is
 * not told.  Replies out of one cache entry are no independent ones; that is
 * why some lifetimes must have passed as well.
 *
 * Where the interval is no shorter than the TTL the second explains
 * everything: a busy cache whose time is a part of the interval shows the
 * same age for days.  There only replies that do not follow the polls' jitter
 * prove anything.
 */

#include "judge/attribute.h"

#include <string.h>

enum {
	STALE_TTL_S = 30, /* RFC 8767 4 */
	PACK_FORM = 1,
	PACK_HEAD = 21,
	SEEN_MAX = UINT8_MAX,
	SEEN_SETTLED = 32, /* the count is stored from here on */
	NEAR_PART = 8,     /* so near the largest: it is that one still */
	WINDOW_MIN = 8,
	WINDOW_FULL = 128, /* and three lifetimes: another begins */
	JITTER_PART = 20,  /* polls are late by a twentieth of the interval */
	LIFETIME_MAX_S = 7 * 86400
};

static const double chance_max = 1e-12;

static void
put_number(uint8_t value[ATTRIBUTE_SIZE], uint32_t v)
{
	memset(value, 0, ATTRIBUTE_SIZE);
	for (int i = 0; i < 4; i++)
		value[i] = (uint8_t)(v >> (24 - 8 * i));
}

static bool
is_same(const uint8_t *a, const uint8_t *b)
{
	return memcmp(a, b, ATTRIBUTE_SIZE) == 0;
}

/* Time since; 0 when the clock went back. */
static wall_us
passed(wall_us now, wall_us since)
{
	return now > since ? now - since : 0;
}

static enum attribute_turn
hold(struct attribute_cell *cell, const uint8_t value[ATTRIBUTE_SIZE],
    const struct attribute_sample *s)
{
	memcpy(cell->value, value, ATTRIBUTE_SIZE);
	cell->since = s->now;
	cell->source = s->source;
	cell->aa = s->aa;
	cell->n_seen = 1;
	cell->n_foreign = 0;
	cell->n_exact = 0;
	cell->window_from = 0;
	return ATTRIBUTE_NOTED;
}

static enum attribute_turn
change(struct attribute_cell *cell, const uint8_t value[ATTRIBUTE_SIZE],
    const struct attribute_sample *s, struct attribute_statement *out)
{
	memcpy(out->from, cell->value, ATTRIBUTE_SIZE);
	memcpy(out->to, value, ATTRIBUTE_SIZE);
	out->since = cell->since;
	hold(cell, value, s);
	return ATTRIBUTE_CHANGED;
}

/* ---- values that are what they are ---- */

/* For how long a server may still say what was left. */
static wall_us
grace(const struct attribute_sample *s)
{
	uint32_t life = s->lifetime_s > s->every_s ? s->lifetime_s : s->every_s;
	wall_us time;

	if (life > LIFETIME_MAX_S)
		life = LIFETIME_MAX_S;
	time = WALL_S(ATTRIBUTE_LIFETIMES) * life;
	if (s->aa && time < WALL_S(ATTRIBUTE_SPREAD_S))
		time = WALL_S(ATTRIBUTE_SPREAD_S);
	return time;
}

static bool
was_left(const struct attribute_cell *cell, const uint8_t *value)
{
	for (unsigned i = 0; i < cell->n_left; i++) {
		if (is_same(cell->left[i], value))
			return true;
	}
	return false;
}

static void
leave(struct attribute_cell *cell)
{
	if (cell->n_left == ATTRIBUTE_LEFT_MAX) {
		memmove(cell->left[0], cell->left[1],
		    sizeof(cell->left) - ATTRIBUTE_SIZE);
		cell->n_left--;
	}
	memcpy(cell->left[cell->n_left++], cell->value, ATTRIBUTE_SIZE);
}

/* RFC 1982 3.2; half the circle is not forward. */
static bool
is_forward(const uint8_t *from, const uint8_t *to)
{
	uint32_t step = attribute_number(to, 0) - attribute_number(from, 0);

	return step != 0 && step < UINT32_C(1) << 31;
}

static const char *
reason_of(enum attribute attribute, const uint8_t *from, const uint8_t *to)
{
	uint32_t a = attribute_number(from, 0);
	uint32_t b = attribute_number(to, 0);

	switch (attribute) {
	case ATTRIBUTE_TTL:
		return b > a ? "raised" : "lowered";
	case ATTRIBUTE_DUPLICATES:
		return b > a ? "more" : "fewer";
	case ATTRIBUTE_SERIAL:
		return is_forward(from, to) ? "forward" : "backward";
	case ATTRIBUTE_ORDER:
	case ATTRIBUTE_CASE:
	case ATTRIBUTE_TIMERS:
	case ATTRIBUTE_SIGNATURE:
	case ATTRIBUTE_ECH:
		break;
	}
	return NULL;
}

static bool
may_be_old(const struct attribute_cell *cell, enum attribute attribute,
    const uint8_t *value, const struct attribute_sample *s)
{
	if (s->aa && (!cell->aa || cell->source == s->source))
		return false;
	if (passed(s->now, cell->since) >= grace(s))
		return false;
	if (attribute == ATTRIBUTE_SERIAL)
		return !is_forward(cell->value, value);
	return was_left(cell, value);
}

static enum attribute_turn
judge_value(struct attribute_cell *cell, enum attribute attribute,
    const uint8_t value[ATTRIBUTE_SIZE], const struct attribute_sample *s,
    struct attribute_statement *out)
{
	if (is_same(cell->value, value)) {
		/* Not kept: at worst a restart knows another source. */
		cell->source = s->source;
		cell->aa = s->aa;
		return ATTRIBUTE_SAME;
	}
	if (may_be_old(cell, attribute, value, s))
		return ATTRIBUTE_SAME;
	if (passed(s->now, cell->since) >= grace(s))
		cell->n_left = 0;
	leave(cell);
	return change(cell, value, s, out);
}

/* ---- the TTL ---- */

/* Can chance have hidden `high` from n replies of at most `low`? */
static bool
is_chance(uint32_t low, uint32_t high, unsigned n)
{
	double chance = 1;

	if (high - low <= 1)
		return true;
	for (unsigned i = 0; i < n && chance >= chance_max; i++)
		chance *= (low + 1.0) / (high + 1.0);
	return chance >= chance_max;
}

/* Can it have fallen between two polls? */
static bool
is_between_polls(uint32_t low, uint32_t high, uint32_t every_s)
{
	return high - low <= every_s + every_s / JITTER_PART + 2;
}

/*
 * n replies within a second of each other, though the polls were not: each
 * was fetched for us, and is the original.
 */
static bool
is_exact(unsigned n, uint32_t every_s)
{
	double jitter_s = (double)every_s / JITTER_PART;
	double chance = 1;

	for (unsigned i = 0; i < n && jitter_s > 2; i++)
		chance *= 2 / jitter_s;
	return chance < chance_max;
}

static bool
is_raised(const struct attribute_cell *cell, uint32_t held, uint32_t ttl,
    const struct attribute_sample *s)
{
	wall_us time = passed(s->now, cell->since);
	unsigned n = cell->aa ? SEEN_MAX : cell->n_seen;

	if (!cell->aa && time < WALL_S(ATTRIBUTE_LIFETIMES) * held)
		return false;
	return !is_chance(held, ttl, n) &&
	       (is_exact(cell->n_exact, s->every_s) ||
		   !is_between_polls(held, ttl, s->every_s));
}

/* A larger one than was seen: told, or learnt. */
static enum attribute_turn
raise_ttl(struct attribute_cell *cell, uint32_t held, uint32_t ttl,
    const struct attribute_sample *s, struct attribute_statement *out)
{
	uint8_t value[ATTRIBUTE_SIZE];

	put_number(value, ttl);
	if (is_raised(cell, held, ttl, s))
		return change(cell, value, s, out);
	if (cell->aa)
		return ATTRIBUTE_SAME; /* it is known, and not learnt */
	memcpy(cell->value, value, ATTRIBUTE_SIZE);
	cell->n_exact = 0;
	cell->window_from = 0;
	return ATTRIBUTE_NOTED;
}

static void
window_add(struct attribute_cell *cell, uint32_t ttl)
{
	if (cell->n_window == 0 || ttl > cell->window_max)
		cell->window_max = ttl;
	if (cell->n_window == 0 || ttl < cell->window_min)
		cell->window_min = ttl;
	cell->n_window++;
}

/*
 * Notes a reply below the held one; true: the original is lower now.  The
 * first half of a window is let pass: it may have begun before the change, and
 * what was fetched by then is gone afterwards.
 */
static bool
is_lowered(struct attribute_cell *cell, uint32_t held, uint32_t ttl,
    const struct attribute_sample *s)
{
	wall_us half = WALL_S(ATTRIBUTE_LIFETIMES) * held / 2;
	wall_us time;
	unsigned n;

	if (ttl + 1 + held / NEAR_PART >= held) {
		cell->window_from = 0;
		return false;
	}
	if (cell->window_from == 0) {
		cell->window_from = s->now;
		cell->n_window = 0;
	}
	time = passed(s->now, cell->window_from);
	if (time < half)
		return false;
	window_add(cell, ttl);
	n = cell->n_window;
	if (n < WINDOW_MIN || time < 2 * half)
		return false;
	if (n >= WINDOW_FULL)
		cell->window_from = 0;
	if (is_chance(cell->window_max, held, n))
		return false;
	return !is_between_polls(cell->window_max, held, s->every_s) ||
	       (cell->window_max - cell->window_min <= 1 &&
		   is_exact(n, s->every_s));
}

static enum attribute_turn
judge_cached_ttl(struct attribute_cell *cell, uint32_t ttl,
    const struct attribute_sample *s, struct attribute_statement *out)
{
	uint32_t held = attribute_number(cell->value, 0);
	uint8_t value[ATTRIBUTE_SIZE];
	enum attribute_turn turn = ATTRIBUTE_SAME;

	put_number(value, ttl);
	if (ttl == STALE_TTL_S) {
		/* What such a cache shows else are not all its ages. */
		cell->n_exact = 0;
		if (s->every_s >= held)
			cell->window_from = 0;
		return ATTRIBUTE_SAME;
	}
	if (!cell->aa && held == STALE_TTL_S)
		return hold(cell, value, s); /* that was nothing yet */
	if (s->source != cell->source) {
		/* Another cache may have another limit for TTLs. */
		if (++cell->n_foreign < ATTRIBUTE_FOREIGN_MAX)
			return ATTRIBUTE_SAME;
		return hold(cell, value, s);
	}
	cell->n_foreign = 0;
	if (cell->n_seen < SEEN_MAX)
		cell->n_seen++;
	if (cell->n_seen == SEEN_SETTLED || cell->n_seen == SEEN_MAX - 1)
		turn = ATTRIBUTE_NOTED;
	if (ttl > held)
		return raise_ttl(cell, held, ttl, s, out);
	if (ttl + 1 < held)
		cell->n_exact = 0;
	else if (cell->n_exact < SEEN_MAX)
		cell->n_exact++;
	if (!is_lowered(cell, held, ttl, s))
		return turn;
	put_number(value, cell->window_max);
	return change(cell, value, s, out);
}

/* The first word with authority after caches only: they showed no more than
 * the original. */
static enum attribute_turn
judge_first_authority(struct attribute_cell *cell, uint32_t ttl,
    const struct attribute_sample *s, struct attribute_statement *out)
{
	uint32_t held = attribute_number(cell->value, 0);
	uint8_t value[ATTRIBUTE_SIZE];

	put_number(value, ttl);
	if (ttl < held || (ttl > held && is_raised(cell, held, ttl, s)))
		return change(cell, value, s, out);
	return hold(cell, value, s);
}

static enum attribute_turn
judge_ttl(struct attribute_cell *cell, const uint8_t value[ATTRIBUTE_SIZE],
    const struct attribute_sample *s, struct attribute_statement *out)
{
	uint32_t ttl = s->seen->ttl;

	if (!s->aa)
		return judge_cached_ttl(cell, ttl, s, out);
	if (!cell->aa)
		return judge_first_authority(cell, ttl, s, out);
	return judge_value(cell, ATTRIBUTE_TTL, value, s, out);
}

/* ---- all ---- */

enum attribute_turn
attribute_judge(struct attribute_cell *cell, enum attribute attribute,
    const struct attribute_sample *s, struct attribute_statement *out)
{
	uint8_t value[ATTRIBUTE_SIZE];
	enum attribute_turn turn;

	attributes_value(s->seen, attribute, value);
	if (cell->since > s->now)
		cell->since = s->now;
	if (cell->since == 0 || (attribute_is_of_set(attribute) &&
				    !is_same(cell->set, s->seen->set))) {
		if (attribute_is_of_set(attribute))
			memcpy(cell->set, s->seen->set, ATTRIBUTE_SIZE);
		cell->n_left = 0;
		return hold(cell, value, s);
	}
	if (!s->aa && s->seen->ttl == STALE_TTL_S &&
	    s->lifetime_s > STALE_TTL_S && attribute != ATTRIBUTE_TTL)
		return ATTRIBUTE_SAME;
	turn = attribute == ATTRIBUTE_TTL
	           ? judge_ttl(cell, value, s, out)
	           : judge_value(cell, attribute, value, s, out);
	if (turn == ATTRIBUTE_CHANGED)
		out->reason = reason_of(attribute, out->from, out->to);
	return turn;
}

/* ---- stored ---- */

static uint64_t
take_u64(const uint8_t *p)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

void
attribute_pack(
    const struct attribute_cell *cell, enum attribute attribute, struct buf *b)
{
	buf_add_u8(b, PACK_FORM);
	buf_add_u8(b, (uint8_t)((uint8_t)attribute << 1 | cell->aa));
	buf_add_u8(b, cell->n_seen);
	buf_add_u8(b, cell->n_left);
	buf_add_u8(b, cell->n_exact);
	buf_add_u64(b, cell->source);
	buf_add_u64(b, (uint64_t)cell->since);
	buf_add(b, cell->value, ATTRIBUTE_SIZE);
	if (attribute_is_of_set(attribute))
		buf_add(b, cell->set, ATTRIBUTE_SIZE);
	buf_add(b, cell->left, cell->n_left * (size_t)ATTRIBUTE_SIZE);
}

bool
attribute_unpack(const uint8_t *data, size_t size, size_t *at,
    enum attribute *attribute, struct attribute_cell *out)
{
	const uint8_t *p = data + *at;
	size_t left = size - *at;
	size_t need = PACK_HEAD + ATTRIBUTE_SIZE;

	if (left < need || p[0] != PACK_FORM || p[1] >> 1 >= N_ATTRIBUTES ||
	    p[3] > ATTRIBUTE_LEFT_MAX)
		return false;
	*attribute = (enum attribute)(p[1] >> 1);
	*out = (struct attribute_cell){
	    .aa = (p[1] & 1) != 0,
	    .n_seen = p[2],
	    .n_left = p[3],
	    .n_exact = p[4],
	    .source = take_u64(p + 5),
	    .since = (wall_us)take_u64(p + 13),
	};
	memcpy(out->value, p + PACK_HEAD, ATTRIBUTE_SIZE);
	if (attribute_is_of_set(*attribute))
		need += ATTRIBUTE_SIZE;
	if (left < need + out->n_left * (size_t)ATTRIBUTE_SIZE)
		return false;
	if (attribute_is_of_set(*attribute))
		memcpy(out->set, p + need - ATTRIBUTE_SIZE, ATTRIBUTE_SIZE);
	memcpy(out->left, p + need, out->n_left * (size_t)ATTRIBUTE_SIZE);
	*at += need + out->n_left * (size_t)ATTRIBUTE_SIZE;
	return true;
}

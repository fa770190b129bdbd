/* SPDX-License-Identifier: ISC */

/*
 * Nothing here asks anything or reads a clock: what was heard goes in, and
 * what becomes of the resolver comes out.
 */

#include "judge/quorum.h"

#include <string.h>

#include "base/err.h"
#include "dns/type.h"

/* ---- one canary ---- */

static bool
has_addr(const struct content *c, const struct addr *a)
{
	uint16_t type = a->family == AF_INET ? TYPE_A : TYPE_AAAA;
	uint16_t size = a->family == AF_INET ? 4 : 16;

	for (size_t i = 0; i < c->n_records; i++) {
		const struct record *r = &c->records[i];

		if (r->type == type && r->size == size &&
		    memcmp(r->rdata, a->ip, size) == 0)
			return true;
	}
	return false;
}

static bool
has_type(const struct content *c, uint16_t type)
{
	for (size_t i = 0; i < c->n_records; i++) {
		if (c->records[i].type == type)
			return true;
	}
	return false;
}

static bool
is_true(const struct canary_claim *c, const struct content *said)
{
	bool all = said->outcome == OUTCOME_ANSWER;

	switch (c->truth) {
	case CANARY_ABSENT:
		return said->outcome == OUTCOME_NXDOMAIN && said->n_chain == 0;
	case CANARY_SOA:
		return all && said->n_chain == 0 && has_type(said, TYPE_SOA);
	case CANARY_INCLUDES:
		for (size_t i = 0; i < c->n_addrs; i++)
			all = all && has_addr(said, &c->addrs[i]);
		return all;
	}
	return false;
}

enum canary_word
canary_read(
    const struct canary_claim *c, enum fail fail, const struct content *said)
{
	if (fail == FAIL_FILTERED)
		return CANARY_FALSE;
	if (fail != FAIL_NOT)
		return CANARY_SILENT;
	return is_true(c, said) ? CANARY_TRUE : CANARY_FALSE;
}

/* ---- one resolver's seat ---- */

const char *
left_text(enum left why)
{
	switch (why) {
	case LEFT_NOT:
		return "none";
	case LEFT_CANARY:
		return "canary";
	case LEFT_TOGETHER:
		return "moved-together";
	case LEFT_FILTERED:
		return "filtered";
	}
	return "none";
}

unsigned
seat_next(struct seat *s, unsigned n)
{
	if (s->accuser != SEAT_NOBODY &&
	    (s->accuser < n || s->accuser == SEAT_PROBE)) {
		s->turn = !s->turn;
		if (s->why == LEFT_NOT || s->turn)
			return s->accuser;
	}
	if (s->next >= n)
		s->next = 0;
	return s->next++;
}

static enum seat_turn
hear_in(struct seat *s, unsigned canary, enum canary_word word, wall_us at)
{
	if (word == CANARY_TRUE) {
		if (s->accuser == canary)
			s->accuser = SEAT_NOBODY;
		return SEAT_SAME;
	}
	if (s->accuser != canary) {
		s->accuser = (uint8_t)canary;
		return SEAT_AGAIN;
	}
	s->why = LEFT_CANARY;
	s->since = at;
	s->row = 0;
	s->cleared = false;
	s->turn = false;
	return SEAT_LEAVES;
}

static enum seat_turn
hear_out(struct seat *s, unsigned canary, enum canary_word word)
{
	if (word == CANARY_FALSE) {
		s->row = 0;
		s->cleared = s->accuser == SEAT_NOBODY;
		return SEAT_SAME;
	}
	s->cleared = s->cleared || s->accuser == canary;
	if (s->row < SEAT_TRUE_TO_RETURN)
		s->row++;
	if (s->row < SEAT_TRUE_TO_RETURN || !s->cleared)
		return SEAT_SAME;
	s->why = LEFT_NOT;
	s->accuser = SEAT_NOBODY;
	return SEAT_RETURNS;
}

enum seat_turn
seat_hear(struct seat *s, unsigned canary, enum canary_word word, wall_us at)
{
	CHECK(canary < SEAT_CANARIES_MAX || canary == SEAT_PROBE);
	if (word == CANARY_SILENT) {
		s->n_silent++;
		return SEAT_SAME;
	}
	if (word == CANARY_TRUE) {
		s->n_true++;
		s->last_true = at;
		if (canary != SEAT_PROBE)
			s->proven |= UINT32_C(1) << canary;
	} else {
		s->n_false++;
		if (canary != SEAT_PROBE &&
		    (s->proven & UINT32_C(1) << canary) == 0)
			return SEAT_SAME;
	}
	return s->why == LEFT_NOT ? hear_in(s, canary, word, at)
	                          : hear_out(s, canary, word);
}

void
seat_leave(struct seat *s, enum left why, bool probes, wall_us at)
{
	s->why = (uint8_t)why;
	s->since = at;
	s->row = 0;
	s->turn = false;
	s->accuser = probes ? SEAT_PROBE : SEAT_NOBODY;
	s->cleared = !probes;
}

/* ---- many that move together ---- */

static bool
is_recent(const struct crowd_move *m, const struct crowd_move *now)
{
	return m->to == now->to && m->at > now->at - MONO_S(CROWD_SPAN_S);
}

/* The move of that name to there, or where the next one is kept. */
static struct crowd_move *
place_of(struct crowd *c, const struct crowd_move *move)
{
	for (uint32_t i = 0; i < CROWD_ROOM; i++) {
		if (c->moves[i].to == move->to &&
		    c->moves[i].name == move->name)
			return &c->moves[i];
	}
	c->next = (c->next + 1) % CROWD_ROOM;
	return &c->moves[c->next];
}

/* Are there so many zones among those? */
static bool
has_zones(const struct crowd *c, const struct crowd_move *now)
{
	uint64_t zones[CROWD_ZONES];
	unsigned n = 0;

	for (uint32_t i = 0; i < CROWD_ROOM && n < CROWD_ZONES; i++) {
		unsigned k = 0;

		if (!is_recent(&c->moves[i], now))
			continue;
		while (k < n && zones[k] != c->moves[i].zone)
			k++;
		if (k == n)
			zones[n++] = c->moves[i].zone;
	}
	return n == CROWD_ZONES;
}

bool
crowd_note(struct crowd *c, const struct crowd_move *move)
{
	unsigned n = 0;

	if (move->to == c->spared && move->at < c->spared_until)
		return false;
	*place_of(c, move) = *move;
	for (uint32_t i = 0; i < CROWD_ROOM; i++)
		n += is_recent(&c->moves[i], move);
	return n >= CROWD_NAMES && has_zones(c, move);
}

void
crowd_spare(struct crowd *c, uint64_t to, mono_ns now)
{
	c->spared = to;
	c->spared_until = now + MONO_S(CROWD_SPARED_S);
}

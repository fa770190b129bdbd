/* SPDX-License-Identifier: ISC */

#include "judge/plan.h"

#include "dns/name.h"
#include "dns/pin.h"
#include "dns/type.h"

static bool
find(const uint8_t *pins, size_t size, uint16_t type, struct record *room,
    struct pin *out)
{
	const uint8_t *at = pins;

	while (size > 0 && pin_next(&at, pins + size, room, out))
		if (out->type == type)
			return true;
	return false;
}

static bool
has(const struct record *list, size_t n, const struct record *r)
{
	for (size_t i = 0; i < n; i++)
		if (record_equal(&list[i], r))
			return true;
	return false;
}

static bool
same_chain(const struct content *a, const struct content *b)
{
	if (a->n_chain != b->n_chain)
		return false;
	for (uint16_t i = 0; i < a->n_chain; i++)
		if (!name_equal(a->chain[i], b->chain[i]))
			return false;
	return true;
}

/* Is its first link the planned one, or is there none, as planned? */
static bool
leads_as_planned(const struct pin *alias, const struct content *c)
{
	if (c->n_chain == 0)
		return alias->n == 0;
	for (uint16_t i = 0; i < alias->n; i++)
		if (name_equal(alias->records[i].rdata, c->chain[0]))
			return true;
	return false;
}

/* Do the records only move towards the plan; and do they move at all? */
static bool
come_nearer(const struct pin *p, const struct content *from,
    const struct content *to, bool *moved)
{
	*moved = false;
	for (uint16_t i = 0; i < to->n_records; i++) {
		if (has(from->records, from->n_records, &to->records[i]))
			continue;
		if (!has(p->records, p->n, &to->records[i]))
			return false;
		*moved = true;
	}
	for (uint16_t i = 0; i < from->n_records; i++) {
		if (has(to->records, to->n_records, &from->records[i]))
			continue;
		if (has(p->records, p->n, &from->records[i]))
			return false;
		*moved = true;
	}
	return true;
}

bool
plan_covers(const uint8_t *pins, size_t size, uint16_t type,
    const struct content *from, const struct content *to)
{
	struct record room[PIN_RECORDS_MAX];
	bool is_same = same_chain(from, to);
	struct pin pin;
	bool moved;

	if (to->outcome == OUTCOME_UNREADABLE)
		return false;
	if (!is_same && (!find(pins, size, TYPE_CNAME, room, &pin) ||
			    !leads_as_planned(&pin, to)))
		return false;
	if (!find(pins, size, type, room, &pin))
		return !is_same;
	if (!come_nearer(&pin, from, to, &moved))
		return false;
	/* From "no such record" to "no such name": only if none is planned. */
	return moved || !is_same || pin.n == 0;
}

bool
plan_names(const uint8_t *pins, size_t size, uint16_t type)
{
	struct record room[PIN_RECORDS_MAX];
	struct pin pin;

	return find(pins, size, type, room, &pin);
}

bool
plan_is_done(
    const uint8_t *pins, size_t size, uint16_t type, const struct content *c)
{
	struct record room[PIN_RECORDS_MAX];
	struct pin pin;

	if (c->outcome == OUTCOME_UNREADABLE || c->partial ||
	    !find(pins, size, type, room, &pin) || pin.n != c->n_records)
		return false;
	for (uint16_t i = 0; i < pin.n; i++)
		if (!has(c->records, c->n_records, &pin.records[i]))
			return false;
	return true;
}

bool
plan_explains(const uint8_t *pins, size_t size, uint16_t type,
    const struct expect_found *found)
{
	struct record room[PIN_RECORDS_MAX];
	struct pin pin;

	if (found->unreadable || !find(pins, size, type, room, &pin))
		return false;
	for (uint16_t i = 0; i < found->unexpected.n_records; i++)
		if (!has(pin.records, pin.n, &found->unexpected.records[i]))
			return false;
	for (uint16_t i = 0; i < found->missing.n_records; i++)
		if (has(pin.records, pin.n, &found->missing.records[i]))
			return false;
	return true;
}

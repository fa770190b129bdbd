/* SPDX-License-Identifier: ISC */

#include "ledger.h"

static void
begin_class(struct ledger_class *c, uint32_t every_s)
{
	*c = (struct ledger_class){.every_s = every_s};
	c->width = every_s * (1000 / TICK_MS) / (LEDGER_BUCKETS / 2);
	if (c->width == 0)
		c->width = 1;
}

uint32_t
ledger_class(struct ledger *l, uint32_t every_s)
{
	for (uint32_t i = 0; i < l->n; i++) {
		if (l->classes[i].every_s == every_s)
			return i;
	}
	if (l->n == LEDGER_CLASSES_MAX)
		return LEDGER_CLASSES_MAX - 1;
	begin_class(&l->classes[l->n], every_s);
	return l->n++;
}

void
ledger_begin(struct ledger *l, uint32_t class_, uint32_t due)
{
	struct ledger_class *c = &l->classes[class_];
	uint32_t number = due / c->width;
	uint32_t slot = number % LEDGER_BUCKETS;

	if (c->number[slot] != number && c->open[slot] != 0) {
		c->open_old++;
		return;
	}
	c->number[slot] = number;
	c->open[slot]++;
}

void
ledger_end(struct ledger *l, uint32_t class_, uint32_t due)
{
	struct ledger_class *c = &l->classes[class_];
	uint32_t number = due / c->width;
	uint32_t slot = number % LEDGER_BUCKETS;

	if (c->number[slot] == number && c->open[slot] != 0)
		c->open[slot]--;
	else if (c->open_old != 0)
		c->open_old--;
}

/* The sending jitter: what was planned later than this may not be sent yet. */
static uint32_t
jitter_ticks(uint32_t every_s)
{
	uint32_t ms = every_s * 1000 / 20;

	if (ms > 60000)
		ms = 60000;
	return ms / TICK_MS + 2;
}

bool
ledger_advance(struct ledger *l, uint32_t class_, uint32_t now)
{
	struct ledger_class *c = &l->classes[class_];
	uint32_t jitter = jitter_ticks(c->every_s);
	uint32_t to = now > jitter ? now - jitter : 0;
	uint32_t step = c->every_s * (1000 / TICK_MS) / 8;

	if (c->open_old != 0)
		return false;
	for (uint32_t i = 0; i < LEDGER_BUCKETS; i++) {
		uint32_t start = c->number[i] * c->width;

		if (c->open[i] != 0 && start < to)
			to = start;
	}
	if (step < 1000 / TICK_MS)
		step = 1000 / TICK_MS;
	if (to <= c->from || to < c->to + step)
		return false;
	c->to = to;
	c->begun = true;
	return true;
}

static void
begin_span(struct ledger_class *c, uint32_t from, bool started)
{
	c->from = from;
	c->to = from;
	c->begun = false;
	c->started = started;
}

void
ledger_start(struct ledger *l, uint32_t from, uint32_t to)
{
	for (uint32_t i = 0; i < l->n; i++) {
		struct ledger_class *c = &l->classes[i];
		uint32_t every = c->every_s * (1000 / TICK_MS);

		begin_span(c, to - from > every ? to - every : from, true);
	}
}

void
ledger_restart(struct ledger *l, uint32_t from)
{
	for (uint32_t i = 0; i < l->n; i++) {
		struct ledger_class *c = &l->classes[i];

		begin_span(c, from + c->every_s * (1000 / TICK_MS), false);
	}
}

/* SPDX-License-Identifier: ISC */

#include "lateness.h"

#include <string.h>

#include "base/err.h"

/* Bucket 0 holds all up to 64 us; then sixteen buckets per octave. */
enum { FIRST_BITS = 6, STEP_BITS = 4, PER_OCTAVE = 1 << STEP_BITS };

uint64_t
lateness_bound_us(unsigned i)
{
	uint64_t octave = (uint64_t)1 << (FIRST_BITS + i / PER_OCTAVE);

	return octave + octave / PER_OCTAVE * (i % PER_OCTAVE);
}

static unsigned
bucket_of(uint64_t us)
{
	unsigned octave = FIRST_BITS;
	uint64_t i;

	if (us <= (uint64_t)1 << FIRST_BITS)
		return 0;
	us--; /* bounds belong to the bucket below */
	while (us >> (octave + 1) != 0)
		octave++;
	i = (us - ((uint64_t)1 << octave)) >> (octave - STEP_BITS);
	i += 1 + PER_OCTAVE * (uint64_t)(octave - FIRST_BITS);
	return i < LATENESS_BUCKETS ? (unsigned)i : LATENESS_BUCKETS - 1;
}

void
lateness_add(struct lateness *l, mono_ns late)
{
	unsigned i = bucket_of(late > 0 ? (uint64_t)late / 1000 : 0);

	l->all[i]++;
	l->now[i]++;
}

void
lateness_turn(struct lateness *l)
{
	memcpy(l->before, l->now, sizeof(l->before));
	memset(l->now, 0, sizeof(l->now));
}

uint64_t
lateness_us(const struct lateness *l, double share)
{
	uint64_t n = 0;
	uint64_t below = 0;

	for (unsigned i = 0; i < LATENESS_BUCKETS; i++)
		n += (uint64_t)l->now[i] + l->before[i];
	for (unsigned i = 0; i < LATENESS_BUCKETS && n > 0; i++) {
		below += (uint64_t)l->now[i] + l->before[i];
		if ((double)below >= share * (double)n)
			return lateness_bound_us(i);
	}
	return 0;
}

void
due_marks_add(struct due_marks *d, mono_ns due)
{
	struct due_mark *last =
	    &d->runs[(d->first + d->n + DUE_MARKS - 1) % DUE_MARKS];

	if (d->n > 0 && (last->due == due || d->n == DUE_MARKS)) {
		last->n++;
		return;
	}
	d->runs[(d->first + d->n) % DUE_MARKS] = (struct due_mark){due, 1};
	d->n++;
}

mono_ns
due_marks_take(struct due_marks *d)
{
	struct due_mark *run = &d->runs[d->first];

	CHECK(d->n > 0 && run->n > 0);
	if (--run->n == 0) {
		d->first = (d->first + 1) % DUE_MARKS;
		d->n--;
	}
	return run->due;
}

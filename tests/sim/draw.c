/* SPDX-License-Identifier: ISC */

/* The world's own numbers: splitmix64, apart from base/rand. */

#include "sim.h"

uint64_t
mix64(uint64_t v)
{
	v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9;
	v = (v ^ v >> 27) * 0x94d049bb133111eb;
	return v ^ v >> 31;
}

uint64_t
draw_next(struct draw *d)
{
	d->state += 0x9e3779b97f4a7c15;
	return mix64(d->state);
}

uint32_t
draw_below(struct draw *d, uint32_t limit)
{
	return (uint32_t)((draw_next(d) >> 32) * limit >> 32);
}

uint32_t
draw_from(struct draw *d, uint32_t least, uint32_t most)
{
	return least + draw_below(d, most - least + 1);
}

bool
draw_chance(struct draw *d, uint32_t percent)
{
	return draw_below(d, 100) < percent;
}

/* Halved by coin after coin: no logarithm whose last bit is a library's. */
mono_ns
draw_wait(struct draw *d, mono_ns mean)
{
	uint32_t part = draw_from(d, 1, 1000);
	uint32_t halves = 0;

	while (halves < 8 && draw_chance(d, 50))
		halves++;
	return (mean / 1000 * part * (halves + 1)) + MONO_MS(1);
}

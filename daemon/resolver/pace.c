/* SPDX-License-Identifier: ISC */
/*
 * The bucket is filled so that no second, wherever it begins, sees more than
 * `rate` datagrams: a full bucket of `burst` and a second's income make
 * exactly that many.
 *
 * The window is additive increase, multiplicative decrease, but it does not
 * treat one loss as congestion, as TCP does: names whose own servers are dead
 * time out at a healthy resolver, and a watchlist of a thousand dead names
 * must not starve a million others.  It is cut when a quarter of the recent
 * first datagrams were lost, and grows only while less than a sixteenth are.
 * Only losses of what was sent after the last cut count, so that it is cut at
 * most once a round trip.  Retransmissions say nothing here.
 */

#include "pace_priv.h"

enum {
	RECENT = 128,        /* outcomes after which old ones fade by half */
	GROWTH_PER_ROUND = 8 /* questions that a full window grows by */
};

void
pace_init(struct pace *p, uint32_t rate, uint32_t window_start,
    uint32_t window_max, mono_ns now)
{
	*p = (struct pace){.rate = rate, .filled = now, .cut = INT64_MIN};
	p->burst = rate >= 40 ? (double)(rate / 20) : 1;
	p->per_ns = ((double)rate - (p->burst - 1)) / 1e9;
	p->tokens = p->burst;
	p->window = window_start;
	p->window_max = window_max;
}

/* What must be left for those in a hurry. */
static double
tokens_kept(const struct pace *p, bool urgent)
{
	return urgent || p->burst < 10 ? 0 : p->burst / 10;
}

static void
fill(struct pace *p, mono_ns now)
{
	if (now <= p->filled)
		return;
	p->tokens += (double)(now - p->filled) * p->per_ns;
	if (p->tokens > p->burst)
		p->tokens = p->burst;
	p->filled = now;
}

bool
pace_has_room(struct pace *p, uint32_t open, bool urgent, mono_ns now)
{
	double window = p->window;

	if (!urgent && window >= 10)
		window -= window / 10;
	if ((double)open + 1 > window)
		return false;
	if (p->rate == 0)
		return true;
	fill(p, now);
	return p->tokens >= 1 + tokens_kept(p, urgent);
}

bool
pace_take(struct pace *p, mono_ns now)
{
	if (p->rate == 0)
		return true;
	fill(p, now);
	if (p->tokens < 1)
		return false;
	p->tokens -= 1;
	return true;
}

mono_ns
pace_token_at(const struct pace *p, bool urgent)
{
	double want = 1 + tokens_kept(p, urgent) - p->tokens;

	if (p->rate == 0 || want <= 0)
		return p->filled;
	/* One microsecond more: the sum is rounded down now and then. */
	return p->filled + (mono_ns)(want / p->per_ns) + 1000;
}

static void
fade(struct pace *p)
{
	if (p->good + p->lost < RECENT)
		return;
	p->good /= 2;
	p->lost /= 2;
}

void
pace_good(struct pace *p, uint32_t open)
{
	p->good += 1;
	fade(p);
	/* A window that is not used says nothing about a larger one. */
	if ((double)open < p->window * 0.75)
		return;
	if (p->lost * 16 > p->good)
		return;
	p->window +=
	    p->window > GROWTH_PER_ROUND ? GROWTH_PER_ROUND / p->window : 1;
	if (p->window > p->window_max)
		p->window = p->window_max;
}

void
pace_lost(struct pace *p, mono_ns sent, mono_ns now)
{
	if (sent <= p->cut)
		return;
	p->lost += 1;
	fade(p);
	if (p->lost * 4 < p->good + p->lost)
		return;
	p->window = p->window > 2 ? p->window / 2 : 1;
	p->cut = now;
}

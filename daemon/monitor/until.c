/* SPDX-License-Identifier: ISC */

#include "until.h"

#include "base/log.h"
#include "loop/loop.h"
#include "sleeping.h"
#include "watching.h"

enum {
	WALK_LOOK = 1024, /* questions between two looks at the clock ... */
	END_WEIGHT = 32,  /* ... one that ends counts for so many */
	SIFT_SLOTS = 1000
};

void
until_note(struct monitor *m, wall_us until)
{
	struct until *u = &m->until;

	if (until != 0 && (u->next == 0 || until < u->next))
		u->next = until;
}

void
until_sift(struct monitor *m)
{
	m->until.sift_again = true;
	m->again = true;
}

/* Returns what it weighs. */
static uint32_t
end_one(struct monitor *m, uint32_t id)
{
	const struct question *q = table_question(m->table, id);
	const struct policy *p;
	uint32_t plain;
	uint32_t left;
	bool stray;

	if ((q->flags & Q_WATCHED) == 0 && !sleeping_is(m, id))
		return 1;
	p = policy_get(m->table, q->policy);
	if (p->until == 0)
		return 1;
	if (p->until > m->until.now) {
		until_note(m, p->until);
		return 1;
	}
	plain = policy_plain(m->table, q->policy);
	left = policy_left(m->table, plain, m->until.now);
	if (left == plain)
		return 1; /* no memory: the next walk takes it */
	if (left != POLICY_NONE)
		watching_give_class(m, left);
	m->listed_now = m->until.now;
	stray = left == POLICY_NONE ? watching_end(m, id)
	                            : watching_change(m, id, left);
	m->listed_now = 0;
	m->until.n_ended++;
	if (stray)
		until_sift(m);
	return END_WEIGHT;
}

static void
walk(struct monitor *m)
{
	struct until *u = &m->until;
	uint32_t n = table_count(m->table);
	uint32_t weight = 0;

	while (u->at < n && monitor_has_time(m)) {
		while (u->at < n && weight < WALK_LOOK)
			weight += end_one(m, u->at++);
		weight = 0;
	}
	m->again = true;
	if (u->at < n)
		return;
	u->walking = false;
	if (u->n_ended > 0)
		log_info("monitor: %u questions ended, as their lists say "
			 "(`until`); %u watched",
		    u->n_ended, m->watched);
}

/* Over the wheel once, and once more if there were more meanwhile. */
static void
sift(struct monitor *m)
{
	struct until *u = &m->until;

	if (!u->sifting) {
		u->sifting = true;
		u->sift_again = false;
		u->sift_at = 0;
	}
	for (int n = 0; n < SIFT_SLOTS && u->sifting; n++) {
		u->sifting = poll_sift(m, &u->sift_at);
		if (!monitor_has_time(m))
			break;
	}
	m->again = m->again || u->sifting || u->sift_again;
}

void
until_step(struct monitor *m)
{
	struct until *u = &m->until;
	wall_us now = loop_wall(m->loop);

	if (u->sifting || u->sift_again)
		sift(m);
	/* A reload reads what is over as over, and what is not is walked over
	 * when it has ended. */
	if (watchset_is_busy(m))
		return;
	if (!u->walking && u->next != 0 && now >= u->next &&
	    loop_mono(m->loop) >= u->not_before) {
		u->walking = true;
		u->now = now;
		u->next = 0;
		u->at = 0;
		u->n_ended = 0;
		u->not_before = loop_mono(m->loop) + MONO_S(UNTIL_EVERY_S);
	}
	if (u->walking)
		walk(m);
}

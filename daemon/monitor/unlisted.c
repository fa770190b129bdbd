/* SPDX-License-Identifier: ISC */

/*
 * Names of owned zones that no list has.
 *
 * A pass asks for each label of the configuration below the apex, and for
 * each name below it that other owned names point at (dangling.c knows
 * those); the first at once, others spread over a day.  What has an address
 * and is on no list is told, once.  Names on a list, whichever it is, are not
 * asked for: their watches do that.
 */

#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "dangling.h"
#include "loop/loop.h"
#include "poll_priv.h"
#include "quorum_priv.h"
#include "wildcard_priv.h"

enum {
	TARGETS_MAX = 32,   /* of a zone, in a pass */
	FIRST_WAIT_S = 120, /* for answers that point somewhere */
	FIRST_EVERY_S = 5,  /* between two names of the first pass ... */
	EVERY_MIN_S = 60,   /* ... and of others, at least */
	PASS_S = 86400,     /* another's length */
	LOST_S = 60
};

struct unlisted {
	bool again;       /* the first pass is over */
	uint32_t at;      /* the next: labels, then targets */
	bool has_targets; /* they were looked for */
	struct name *targets;
	size_t n_targets;
	mono_ns due;
	/* The name that is asked for. */
	bool open;
	bool is_target;
	uint8_t generation;
	uint8_t n; /* words that are whole */
	uint8_t step;
	uint16_t server, group;
	struct wildcard_word words[2];
	struct name name;
};

void
unlisted_free(struct unlisted *u)
{
	if (u == NULL)
		return;
	free(u->targets);
	free(u);
}

/* ---- which ---- */

/* Does any list have it, for any type and view? */
static bool
is_listed(const struct monitor *m, const struct name *name)
{
	for (uint8_t view = 0; view < table_n_views(m->table); view++) {
		uint32_t at =
		    table_find_first(m->table, view, name->wire, name->size);

		for (; at != QUESTION_NONE; at = table_next(m->table, at)) {
			if ((table_question(m->table, at)->flags & Q_WATCHED) !=
			    0)
				return true;
		}
	}
	return false;
}

/* The label below the apex.  False: there is no room. */
static bool
below(const struct name *label, const uint8_t *apex, struct name *out)
{
	size_t at = (size_t)label->size - 1; /* without the root */
	size_t size = name_size(apex);

	if (at + size > NAME_SIZE_MAX)
		return false;
	memcpy(out->wire, label->wire, at);
	memcpy(out->wire + at, apex, size);
	out->size = (uint8_t)(at + size);
	return true;
}

/* When the labels are through, for answers may still have been on their way.
 */
static void
take_targets(struct monitor *m, const struct apex *z, struct unlisted *u)
{
	u->has_targets = true;
	u->targets = calloc(TARGETS_MAX, sizeof(*u->targets));
	if (u->targets != NULL)
		u->n_targets =
		    dangling_below(m, z->question, u->targets, TARGETS_MAX);
}

static void
pass_end(struct unlisted *u)
{
	free(u->targets);
	u->targets = NULL;
	u->n_targets = 0;
	u->has_targets = false;
	u->at = 0;
	u->again = true;
}

/* The pass's next name into u->name.  False: it is none that is asked for. */
static bool
take_next(const struct monitor *m, const struct apex *z, struct unlisted *u)
{
	const struct config *c = m->config;
	const uint8_t *apex = table_name(m->table, z->question, NULL);
	size_t at = u->at++;

	u->is_target = at >= c->n_labels;
	if (!u->is_target && !below(&c->labels[at], apex, &u->name))
		return false;
	if (u->is_target)
		u->name = u->targets[at - c->n_labels];
	return !is_listed(m, &u->name) &&
	       !unlisted_was_told(&z->told, u->name.wire);
}

static uint32_t
pause_s(const struct monitor *m, const struct unlisted *u)
{
	uint32_t n = (uint32_t)(m->config->n_labels + u->n_targets);

	if (!u->again)
		return u->at == m->config->n_labels ? FIRST_WAIT_S
		                                    : FIRST_EVERY_S;
	return PASS_S / (n + 1) < EVERY_MIN_S ? EVERY_MIN_S : PASS_S / (n + 1);
}

/* ---- asking ---- */

static bool
ask(struct monitor *m, const struct apex *z)
{
	struct unlisted *u = z->unlisted;
	struct errand e = {
	    .question = z->question,
	    .purpose = PURPOSE_UNLISTED,
	    .accused = u->generation,
	    .server = u->server,
	    .flags = ASK_FAILED,
	};

	if (u->n > 0)
		dangling_second_server(m, &e, u->server, u->group);
	return pump_errand(m, &e);
}

static void
name_end(struct monitor *m, struct unlisted *u)
{
	u->open = false;
	u->generation++;
	u->due = loop_mono(m->loop) + MONO_S(pause_s(m, u));
}

static void
name_begin(struct monitor *m, struct apex *z)
{
	struct unlisted *u = z->unlisted;

	u->open = true;
	u->n = u->step = 0;
	u->due = loop_mono(m->loop) + MONO_S(LOST_S);
	u->server = poll_pick_server(m, z->question, 0);
	if (u->server < m->n_servers) {
		u->group = m->servers[u->server].group;
		if (ask(m, z))
			return;
	}
	name_end(m, u);
}

/* Not before it is known what names that do not exist are answered with. */
static bool
is_looked_for(const struct monitor *m, const struct apex *z)
{
	return m->config->n_labels > 0 && z->cell.known != WILDCARD_UNKNOWN &&
	       z->told.n < UNLISTED_TOLD_MAX && apex_is_asked(m, z);
}

void
unlisted_second(struct monitor *m, struct apex *z, unsigned *left)
{
	struct unlisted *u = z->unlisted;

	if (u != NULL && loop_mono(m->loop) < u->due)
		return;
	if (u != NULL && u->open)
		name_end(m, u);
	if (*left == 0 || !is_looked_for(m, z))
		return;
	if (u == NULL) {
		u = calloc(1, sizeof(*u));
		if (u == NULL)
			return;
		z->unlisted = u;
	}
	if (u->at >= m->config->n_labels && !u->has_targets)
		take_targets(m, z, u);
	if (u->at >= m->config->n_labels + u->n_targets)
		pass_end(u);
	(*left)--;
	if (take_next(m, z, u) && !apex_is_hostile(m, z))
		name_begin(m, z);
	else
		name_end(m, u);
}

void
unlisted_question(
    const struct monitor *m, const struct errand *e, struct ask *ask)
{
	const struct apex *z = idmap_get(&m->apexes, e->question);
	const struct unlisted *u = z == NULL ? NULL : z->unlisted;

	if (u == NULL || !u->open || u->generation != e->accused)
		return;
	ask->name = u->name.wire;
	ask->name_size = u->name.size;
	ask->type = unlisted_type(u->step);
}

/* ---- answers ---- */

static void
settle(struct monitor *m, struct apex *z, const struct content *c)
{
	struct unlisted *u = z->unlisted;
	const struct say_probe probe = {
	    .name = u->name.wire,
	    .type = unlisted_type(u->step),
	    .content = c,
	};
	struct say_event e = {
	    .kind = "unlisted",
	    .reason = u->is_target ? "target" : "label",
	    .since = loop_wall(m->loop),
	    .probe = &probe,
	};

	if (!unlisted_is_there(&z->cell, &u->words[0], &u->words[1]) ||
	    !apex_is_asked(m, z) || is_listed(m, &u->name) ||
	    !unlisted_add(&z->told, u->name.wire))
		return;
	if (!apex_tell(m, z, &e))
		z->told.n--; /* no memory: the next pass tells it */
}

static bool
take_down(struct monitor *m, struct unlisted *u, const struct answer *a,
    struct reply *reply)
{
	struct wildcard_word *w = &u->words[u->n];
	enum fail fail = a->fail;

	arena_reset(&m->scratch);
	if (fail == FAIL_NOT &&
	    reply_read(a->wire, a->size, a->message, &m->scratch, reply) != 0)
		fail = FAIL_MALFORMED;
	if (fail == FAIL_NOT)
		fail = reply->fail;
	if (quorum_is_out(m, (uint8_t)a->server))
		fail = FAIL_FILTERED;
	w->group = m->servers[a->server].group;
	w->tcp = a->transport != TRANSPORT_UDP;
	return unlisted_hear(w, u->step, fail, &reply->content);
}

void
unlisted_answer(
    struct monitor *m, const struct errand *e, const struct answer *a)
{
	struct apex *z = idmap_get(&m->apexes, e->question);
	struct unlisted *u = z == NULL ? NULL : z->unlisted;
	struct reply reply = {0};
	bool more = false;

	if (u == NULL || !u->open || u->generation != e->accused || u->n > 1)
		return;
	if (!take_down(m, u, a, &reply)) {
		u->step++;
		more = true;
	} else if (u->n++ == 0) {
		/* The second is asked for the type that the first had. */
		more =
		    u->words[0].says == WILDCARD_ANSWERS &&
		    !wildcard_has(&z->cell, u->words[0].prints, u->words[0].n);
	} else {
		settle(m, z, &reply.content);
	}
	if (!more || !ask(m, z))
		name_end(m, u);
}

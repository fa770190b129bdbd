/* SPDX-License-Identifier: ISC */

#include "gather.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/log.h"
#include "config/config.h"
#include "loop/loop.h"
#include "monitor_priv.h"
#include "pools.h"
#include "provider.h"
#include "rule/cause.h"
#include "say.h"

enum {
	PART_MAX = 1000, /* members of a part: then it is told at once */
	TOGETHER_MAX = 65536
};

/* What waits of one alert. */
struct told_alert {
	struct commit_ref told;
	uint32_t name; /* name_key() */
};

struct gathering {
	struct gathering *next;
	struct uuid id; /* of the group: the same in all its parts */
	struct uuid first;
	enum cause_kind kind;
	enum severity severity;
	enum label label;    /* the weakest of those that wait */
	struct name subject; /* the zone, or the first name */
	uint8_t view;
	uint32_t parts;
	uint32_t count;   /* alerts, with those told by themselves */
	uint32_t pending; /* commits on their way */
	bool hurries;  /* something was told of a name that these may be of */
	mono_ns since; /* the first of the next part was decided; 0: none */
	mono_ns due;   /* of the next part; 0: nothing waits */
	struct told_alert *waits;
	size_t n_waits, waits_room;
	struct commit_ref *members;
	size_t n_members, members_room;
	struct commit_ref last; /* a member that was told */
};

struct gather {
	struct causes causes;
	struct gathering *list;
	struct idmap names; /* by name_key(): how many alerts wait, or are on
	                     * their way to it */
	uint32_t n;         /* alerts that wait */
};

/* Two that share one are told earlier than they must be. */
static uint32_t
name_key(const struct monitor *m, const uint8_t *name)
{
	return (uint32_t)hash_sip(&m->key, name, name_size(name));
}

static uint32_t
key_of(const struct monitor *m, uint32_t question)
{
	return name_key(m, table_name(m->table, question, NULL));
}

/* How many alerts of each name, in the map's value. */
static void
count_name(struct gather *x, uint32_t name, bool more)
{
	uintptr_t n = (uintptr_t)idmap_take(&x->names, name);

	n = more ? n + 1 : n - (n > 0);
	if (n > 0)
		CHECK(idmap_put(&x->names, name, (void *)n) == 0);
}

/* ---- joining ---- */

static void
describe(const struct monitor *m, struct inquiry **members, size_t n,
    struct cause_input *in)
{
	const struct inquiry *q = members[0];
	const struct question *row = table_question(m->table, q->question);
	const uint8_t *name = table_name(m->table, q->question, NULL);

	*in = (struct cause_input){
	    .name = name,
	    .zone = name_zone_guess(name),
	    .view = monitor_view(m, q->question),
	    .type = n == 1 ? row->type : 0,
	    .diff = n == 1 ? &q->judgement.diff : NULL,
	    .servers =
		provider_servers(m, table_view(m->table, q->question), name),
	};
	in->rotates = true;
	for (size_t i = 0; i < n; i++) {
		if (members[i]->severity > in->severity)
			in->severity = members[i]->severity;
		in->rotates = in->rotates && pools_grow(members[i]);
	}
	in->rotates = in->rotates && in->severity < SEVERITY_CRITICAL;
}

static struct gathering *
gathering_new(struct monitor *m, const struct cause *cause,
    const struct cause_input *in, const struct inquiry *q)
{
	struct gathering *g = calloc(1, sizeof(*g));
	const uint8_t *subject = cause->key.kind == CAUSE_ZONE
	                             ? in->zone
	                             : table_name(m->table, q->question, NULL);

	if (g == NULL)
		return NULL;
	g->id = uuid_v7(loop_wall(m->loop));
	g->first = cause->first;
	g->kind = cause->key.kind;
	g->severity = in->severity;
	g->view = table_view(m->table, q->question);
	g->subject.size = (uint8_t)name_size(subject);
	memcpy(g->subject.wire, subject, g->subject.size);
	g->count = cause->count - 1;
	g->next = m->gather->list;
	m->gather->list = g;
	return g;
}

struct gathering *
gather_alert(struct monitor *m, struct inquiry **members, size_t n,
    struct commit_alert *alert)
{
	struct cause_key keys[N_CAUSES];
	struct cause_input in;
	struct cause *cause;
	struct gathering *g;

	if (!m->config->grouping || m->setup.once || m->draining ||
	    alert->revision != 1 || alert->held_by != NULL || m->n_sinks == 0)
		return NULL;
	if (m->gather == NULL)
		m->gather = calloc(1, sizeof(*m->gather));
	if (m->gather == NULL || m->gather->n >= TOGETHER_MAX)
		return NULL;
	describe(m, members, n, &in);
	cause = causes_meet(&m->gather->causes, keys, cause_keys(&in, keys),
	    &alert->id, loop_mono(m->loop));
	if (cause == NULL)
		return NULL;
	if (cause->data == NULL)
		cause->data = gathering_new(m, cause, &in, members[0]);
	g = cause->data;
	if (g == NULL)
		return NULL;
	g->count++;
	g->pending++;
	if (g->since == 0)
		g->since = loop_mono(m->loop);
	count_name(m->gather, key_of(m, members[0]->question), true);
	alert->gathered = true;
	return g;
}

/* ---- what waits ---- */

static void *
grown(void *list, size_t n, size_t *room, size_t size)
{
	void *more = list;

	if (n == *room) {
		*room = *room == 0 ? 16 : 2 * *room;
		more = realloc(list, *room * size);
		CHECK(more != NULL);
	}
	return more;
}

void
gather_done(struct monitor *m, struct gathering *g, int err,
    const struct gathered *what)
{
	struct told_alert *w;
	bool hurries = g->hurries;

	g->pending--;
	g->hurries = hurries && g->pending > 0;
	if (err != 0) {
		g->count--;
		count_name(m->gather, key_of(m, what->id), false);
		if (g->pending + g->n_waits == 0)
			g->since = 0;
		return;
	}
	g->waits = grown(g->waits, g->n_waits, &g->waits_room, sizeof(*w));
	w = &g->waits[g->n_waits++];
	*w = (struct told_alert){what->told, key_of(m, what->id)};
	for (size_t i = 0; i < what->n; i++) {
		g->members = grown(g->members, g->n_members, &g->members_room,
		    sizeof(*g->members));
		g->members[g->n_members++] = what->members[i];
	}
	if (told_is_weaker(what->label, g->label))
		g->label = what->label;
	m->gather->n++;
	if (g->due == 0)
		g->due = g->since + MONO_S(cause_part_s(g->kind));
	if (hurries || g->n_members >= PART_MAX)
		g->due = loop_mono(m->loop);
}

/* ---- telling ---- */

struct part {
	struct pending pending;
	struct monitor *monitor;
};

static void
part_free(struct pending *p)
{
	free((struct part *)p);
}

static void
on_part(void *ctx, int err)
{
	struct part *p = ctx;
	struct monitor *m = p->monitor;

	pending_take(m, &p->pending);
	if (err == 0 && m->hooks.on_outbox != NULL)
		m->hooks.on_outbox(m->hooks.ctx);
	else if (err == ERR_DATABASE)
		log_warn("monitor: alerts that were gathered wait for the next "
			 "start: the database refused what tells them");
	free(p);
}

/* What waits is told, or, with `closed`, the last word is said. */
static void
tell(struct monitor *m, struct gathering *g, bool closed)
{
	struct part *p = calloc(1, sizeof(*p));
	struct buf json = {0};
	char name[NAME_TEXT_SIZE];
	struct say_gathered say = {
	    .id = uuid_v7(loop_wall(m->loop)),
	    .group = g->id,
	    .first = g->first,
	    .kind = cause_text(g->kind),
	    .name = g->subject.wire,
	    .view = table_view_text(m->table, g->view),
	    .severity = g->severity,
	    .label = g->label,
	    .part = g->parts + 1,
	    .told = g->n_waits,
	    .count = g->count,
	    .closed = closed,
	};
	struct commit_alert alert = {
	    .id = say.id,
	    .revision = 1,
	    .class_ = "group",
	    .name = name_print(g->subject.wire, name),
	    .sinks = m->sinks,
	    .n_sinks = m->n_sinks,
	};
	struct commit_gathered c = {
	    .alert = &alert,
	    .at = loop_wall(m->loop),
	    .members = g->n_members > 0 ? g->members : &g->last,
	    .n_members = g->n_members > 0 ? g->n_members : 1,
	};

	struct commit_ref *told = calloc(g->n_waits + 1, sizeof(*told));

	CHECK(p != NULL && told != NULL);
	for (size_t i = 0; i < g->n_waits; i++) {
		told[i] = g->waits[i].told;
		count_name(m->gather, g->waits[i].name, false);
	}
	c.told = told;
	c.n_told = g->n_waits;
	say_gathered(&say, &json);
	alert.group = buf_text(&json);
	p->pending.free = part_free;
	p->monitor = m;
	pending_add(m, &p->pending);
	g->last = c.members[c.n_members - 1];
	m->gather->n -= (uint32_t)g->n_waits;
	commit_gathered(m->store, &c, on_part, p);
	free(told);
	buf_fini(&json);
	g->parts++;
	g->n_waits = 0;
	g->n_members = 0;
	g->due = 0;
	g->since = g->pending > 0 ? loop_mono(m->loop) : 0;
	g->label = LABEL_NONE;
}

static void
gathering_free(struct monitor *m, struct gathering *g)
{
	struct gathering **link = &m->gather->list;

	while (*link != g)
		link = &(*link)->next;
	*link = g->next;
	free(g->waits);
	free(g->members);
	free(g);
}

/* The cause is over.  False: a commit is on its way. */
static bool
close_gathering(struct monitor *m, struct gathering *g)
{
	if (g == NULL)
		return true;
	if (g->pending > 0)
		return false;
	if (g->parts + g->n_waits > 0)
		tell(m, g, true);
	gathering_free(m, g);
	return true;
}

void
gather_second(struct monitor *m)
{
	mono_ns now = loop_mono(m->loop);
	struct cause *cause;
	size_t at = 0;

	if (m->gather == NULL)
		return;
	for (struct gathering *g = m->gather->list; g != NULL; g = g->next)
		if (g->due != 0 && g->due <= now)
			tell(m, g, false);
	while ((cause = causes_over(&m->gather->causes, &at, now)) != NULL)
		if (close_gathering(m, cause->data)) {
			causes_drop(&m->gather->causes, cause);
			at--;
		}
}

static size_t
waits_of(const struct gathering *g, uint32_t name)
{
	size_t n = 0;

	for (size_t i = 0; i < g->n_waits; i++)
		n += g->waits[i].name == name;
	return n;
}

void
gather_before(
    struct monitor *m, const uint8_t *name, const struct gathering *but)
{
	uint32_t key = name_key(m, name);
	/* One that is on its way to `but` is what is going to be told. */
	size_t known = but != NULL;
	size_t n = m->gather == NULL
	               ? 0
	               : (uintptr_t)idmap_get(&m->gather->names, key);

	if (n <= known)
		return;
	for (struct gathering *g = m->gather->list; g != NULL; g = g->next) {
		size_t waits = waits_of(g, key);

		known += waits;
		if (waits > 0 && g != but)
			tell(m, g, false);
	}
	if (n <= known)
		return;
	for (struct gathering *g = m->gather->list; g != NULL; g = g->next)
		g->hurries = g->hurries || (g->pending > 0 && g != but);
}

void
gather_flush(struct monitor *m)
{
	if (m->gather == NULL)
		return;
	for (struct gathering *g = m->gather->list; g != NULL; g = g->next)
		if (g->n_waits > 0)
			tell(m, g, false);
}

/* ---- status, and the end ---- */

uint32_t
gather_waiting(const struct monitor *m)
{
	return m->gather == NULL ? 0 : m->gather->n;
}

size_t
gather_bytes(const struct monitor *m)
{
	size_t bytes = 0;

	if (m->gather == NULL)
		return 0;
	for (const struct gathering *g = m->gather->list; g != NULL;
	     g = g->next)
		bytes += sizeof(*g) + g->waits_room * sizeof(*g->waits) +
		         g->members_room * sizeof(*g->members);
	return bytes + sizeof(*m->gather) + idmap_bytes(&m->gather->names);
}

void
gather_free_all(struct monitor *m)
{
	if (m->gather == NULL)
		return;
	while (m->gather->list != NULL)
		gathering_free(m, m->gather->list);
	idmap_fini(&m->gather->names);
	free(m->gather);
	m->gather = NULL;
}

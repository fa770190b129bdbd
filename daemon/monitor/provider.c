/* SPDX-License-Identifier: ISC */

/*
 * Names that fail together because of what they share (R4).
 *
 * What is known: the name servers of names with a watched NS question of their
 * own or of a name above, as they were last heard; and what stands in the name.
 * NS sets lie here by the fingerprint that their questions have anyway, each
 * once, however many names have it.
 *
 * While questions fail a survey goes through those that fail, and, if some of
 * them share anything, through all names of the view, piece by piece;
 * judge/provider.h decides.  What it finds is caught: its names' `failing` is
 * held like in blindness, and after a minute it is told once for all.
 */

#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "dns/message.h"
#include "dns/type.h"
#include "judge/provider.h"
#include "loop/loop.h"
#include "provider.h"
#include "quorum_priv.h"
#include "resolver/resolver.h"
#include "say.h"

enum {
	SETS_MAX = 16384,
	HOSTS_MAX = 8, /* of a set; others are not looked at */
	GROUPS_MAX = 16,
	NAMES_MAX = 10,      /* shown */
	TOGETHER_S = 180,    /* who failed longer ago is no part of it ... */
	DOUBT_S = 60,        /* so long `blind` is held back for a maybe */
	SURVEY_S = 3,        /* between two surveys of a view ... */
	SURVEY_LARGE_S = 10, /* ... and of many names */
	LARGE = 20000
};

struct ns_set {
	uint64_t fingerprint;
	uint8_t n;
	uint8_t wire[]; /* names, one behind the other */
};

/* What failed, until it is back. */
struct group {
	struct provider_key key;
	struct name what;
	uint8_t view;
	bool told;
	wall_us since;
	mono_ns caught;
	mono_ns back;              /* it is; still covers those that are late */
	struct provider_count now; /* of the running survey */
	uint32_t n_names;
	struct name names[NAMES_MAX];
};

/* What the last survey of a view said. */
struct view_found {
	mono_ns next;        /* survey */
	mono_ns maybe_since; /* 0: no maybe */
	bool others_answer;
};

enum phase { PHASE_IDLE, PHASE_SUSPECTS, PHASE_NAMES };

struct provider {
	struct idmap sets; /* by a part of the fingerprint */
	struct group groups[GROUPS_MAX];
	uint32_t n_groups;
	struct view_found found[VIEW_NONE];
	/* The survey. */
	enum phase phase;
	uint8_t view;
	uint32_t at;
	wall_us first; /* the first of those failed then; 0: none */
	struct provider_tally tally;
};

struct keys {
	struct provider_key list[PROVIDER_KEYS_MAX];
	const uint8_t *names[PROVIDER_KEYS_MAX]; /* lent */
	uint32_t n;
};

struct provider *
provider_new(void)
{
	return calloc(1, sizeof(struct provider));
}

void
provider_free(struct provider *p)
{
	struct ns_set *s;
	uint32_t at = 0;

	if (p == NULL)
		return;
	while ((s = idmap_next(&p->sets, &at)) != NULL)
		free(s);
	idmap_fini(&p->sets);
	free(p);
}

/* ---- name servers ---- */

static uint32_t
set_id(uint64_t fingerprint)
{
	return (uint32_t)(fingerprint ^ fingerprint >> 32);
}

static const struct ns_set *
set_find(const struct provider *p, uint64_t fingerprint)
{
	const struct ns_set *s = idmap_get(&p->sets, set_id(fingerprint));

	return s != NULL && s->fingerprint == fingerprint ? s : NULL;
}

static void
set_keep(struct provider *p, uint64_t fingerprint, const uint8_t *wire,
    size_t size, uint8_t n)
{
	struct ns_set *s = malloc(sizeof(*s) + size);

	if (s == NULL || idmap_put(&p->sets, set_id(fingerprint), s) != 0) {
		free(s);
		return;
	}
	s->fingerprint = fingerprint;
	s->n = n;
	memcpy(s->wire, wire, size);
}

void
provider_learn(
    struct monitor *m, const struct answer *a, const struct reply_sum *sum)
{
	struct provider *p = m->provider;
	uint8_t wire[HOSTS_MAX * NAME_SIZE_MAX];
	uint16_t at = a->message->answer_at;
	size_t size = 0;
	uint8_t n = 0;

	if (sum->outcome != OUTCOME_ANSWER || p->sets.live >= SETS_MAX ||
	    idmap_get(&p->sets, set_id(sum->fingerprint)) != NULL)
		return;
	for (uint16_t i = 0; i < a->message->n_answer && n < HOSTS_MAX; i++) {
		struct message_record r;
		struct name host;

		message_record(a->wire, a->size, at, &r);
		at = r.next_at;
		if (r.type != TYPE_NS)
			continue;
		message_name(a->wire, a->size, r.rdata_at, &host);
		memcpy(wire + size, host.wire, host.size);
		size += host.size;
		n++;
	}
	if (n > 0)
		set_keep(p, sum->fingerprint, wire, size, n);
}

/* Of the name, or of the next one above that is watched. */
static const struct ns_set *
set_of(const struct monitor *m, uint8_t view, const uint8_t *wire)
{
	for (; wire[0] != 0; wire += 1 + wire[0]) {
		uint32_t id =
		    table_find(m->table, view, wire, name_size(wire), TYPE_NS);
		const struct question *q;
		const struct ns_set *s;

		if (id == QUESTION_NONE)
			continue;
		q = table_question(m->table, id);
		s = set_find(m->provider, q->fingerprint);
		if ((q->flags & Q_WATCHED) != 0 && s != NULL)
			return s;
	}
	return NULL;
}

uint64_t
provider_servers(const struct monitor *m, uint8_t view, const uint8_t *wire)
{
	const struct ns_set *s = set_of(m, view, wire);

	return s == NULL ? 0 : s->fingerprint;
}

/* ---- what a name shares ---- */

static void
add_key(const struct monitor *m, struct keys *k, enum provider_by by,
    const uint8_t *name)
{
	uint8_t bytes[1 + NAME_SIZE_MAX];
	size_t size = name_size(name);
	struct provider_key key = {.by = (uint8_t)by};

	if (k->n == PROVIDER_KEYS_MAX)
		return;
	bytes[0] = (uint8_t)by;
	memcpy(bytes + 1, name, size);
	key.hash = hash_sip(&m->key, bytes, 1 + size);
	for (uint32_t i = 0; i < k->n; i++) {
		if (k->list[i].hash == key.hash)
			return;
	}
	if (key.hash == 0)
		return;
	k->names[k->n] = name;
	k->list[k->n++] = key;
}

static void
keys_of(const struct monitor *m, uint32_t id, struct keys *k)
{
	const uint8_t *wire = table_name(m->table, id, NULL);
	const uint8_t *tld = wire;
	const struct ns_set *s = set_of(m, table_view(m->table, id), wire);
	const uint8_t *host;

	k->n = 0;
	if (s != NULL) {
		host = s->wire;
		for (uint8_t i = 0; i < s->n; i++) {
			add_key(m, k, PROVIDER_SERVER, host);
			add_key(m, k, PROVIDER_SERVERS, name_zone_guess(host));
			host += name_size(host);
		}
	}
	if (wire[0] == 0)
		return;
	while (tld[1 + tld[0]] != 0)
		tld += 1 + tld[0];
	add_key(m, k, PROVIDER_DOMAIN, name_zone_guess(wire));
	add_key(m, k, PROVIDER_TLD, tld);
}

static struct group *
group_of(struct provider *p, uint8_t view, const struct keys *k)
{
	for (uint32_t g = 0; g < p->n_groups; g++) {
		if (p->groups[g].view != view)
			continue;
		for (uint32_t i = 0; i < k->n; i++) {
			if (p->groups[g].key.hash == k->list[i].hash)
				return &p->groups[g];
		}
	}
	return NULL;
}

bool
provider_covers(struct monitor *m, uint32_t id)
{
	struct keys k;

	if (m->provider->n_groups == 0)
		return false;
	keys_of(m, id, &k);
	return group_of(m->provider, table_view(m->table, id), &k) != NULL;
}

bool
provider_explains(const struct monitor *m, uint8_t view)
{
	const struct provider *p = m->provider;
	const struct view_found *f = &p->found[view];

	for (uint32_t g = 0; g < p->n_groups; g++) {
		if (p->groups[g].view == view && f->others_answer)
			return true;
	}
	return f->maybe_since != 0 &&
	       loop_mono(m->loop) < f->maybe_since + MONO_S(DOUBT_S);
}

/* ---- the survey ---- */

/* What failed before this process is taken for failing since it began. */
static wall_us
since_of(const struct monitor *m, const struct failing *f)
{
	wall_us began =
	    loop_wall(m->loop) - (loop_mono(m->loop) - m->start) / 1000;

	return f->reach.since > began ? f->reach.since : began;
}

static bool
fails_now(const struct monitor *m, const struct failing *f)
{
	return f->recovered_at == 0 && f->failed_at != 0 &&
	       !filter_covers(m, f->question);
}

/* It began to fail lately: rarely asked names take longer to show it. */
static bool
is_recent(const struct monitor *m, const struct failing *f)
{
	const struct question *q = table_question(m->table, f->question);
	uint32_t span =
	    policy_get(m->table, q->policy)->every_s * m->config->failing_after;

	if (span < TOGETHER_S)
		span = TOGETHER_S;
	return since_of(m, f) >= loop_wall(m->loop) - WALL_S(span);
}

/*
 * Does it fail for long enough?  A resolver that is slow to give up leaves few
 * polls, so that of a group it is enough to have failed late in its minute.
 */
static bool
fails_for(
    const struct monitor *m, const struct failing *f, const struct group *g)
{
	return f->reach.told ||
	       reach_is_failing(&f->reach, m->config->failing_after) ||
	       (g != NULL &&
		   f->failed_at >= g->caught + MONO_S(OUTAGE_HOLD_S / 2));
}

/* All questions of the name that has this first one; `g`: it is of that. */
static enum provider_heard
heard_of(const struct monitor *m, uint32_t id, const struct group *g)
{
	wall_us first = g != NULL ? g->since : m->provider->first;
	enum provider_heard heard = PROVIDER_SILENT;

	for (; id != QUESTION_NONE; id = table_next(m->table, id)) {
		const struct question *q = table_question(m->table, id);
		const struct failing *f = NULL;

		if ((q->flags & Q_WATCHED) == 0)
			continue;
		if ((q->flags & Q_FAILS) != 0)
			f = idmap_get(&m->failing, id);
		if (f != NULL && fails_now(m, f)) {
			if (g == NULL && !is_recent(m, f))
				continue;
			if (fails_for(m, f, g))
				return PROVIDER_FAILS_FOR;
			heard = PROVIDER_FAILS;
		} else if (heard == PROVIDER_SILENT && q->seen > 0 &&
			   (wall_us)q->seen > first / WALL_S(1)) {
			heard = PROVIDER_ANSWERS;
		}
	}
	return heard;
}

static void
survey_name(struct monitor *m, uint32_t first)
{
	struct provider *p = m->provider;
	struct group *g;
	struct keys k;
	enum provider_heard heard;

	keys_of(m, first, &k);
	g = group_of(p, p->view, &k);
	if (g == NULL) {
		if (p->first != 0)
			provider_note(
			    &p->tally, k.list, k.n, heard_of(m, first, NULL));
		return;
	}
	heard = heard_of(m, first, g);
	provider_count(&g->now, heard);
	if (heard >= PROVIDER_FAILS && g->n_names < NAMES_MAX) {
		struct name *to = &g->names[g->n_names++];
		const uint8_t *wire = table_name(m->table, first, &to->size);

		memcpy(to->wire, wire, to->size);
	}
}

static bool
has_group(const struct provider *p, uint8_t view)
{
	for (uint32_t g = 0; g < p->n_groups; g++) {
		if (p->groups[g].view == view)
			return true;
	}
	return false;
}

static void
begin(struct monitor *m, uint8_t view)
{
	struct provider *p = m->provider;
	bool large = m->watched > LARGE;

	memset(&p->tally, 0, sizeof(p->tally));
	p->view = view;
	p->phase = PHASE_SUSPECTS;
	p->at = 0;
	p->first = 0;
	p->found[view].next =
	    loop_mono(m->loop) + MONO_S(large ? SURVEY_LARGE_S : SURVEY_S);
	for (uint32_t g = 0; g < p->n_groups; g++) {
		if (p->groups[g].view != view)
			continue;
		memset(&p->groups[g].now, 0, sizeof(p->groups[g].now));
		p->groups[g].n_names = 0;
	}
}

/* The views take turns: the next behind the last one first. */
static void
begin_next(struct monitor *m)
{
	struct provider *p = m->provider;

	for (uint8_t i = 1; i <= m->n_views; i++) {
		uint8_t v = (uint8_t)((p->view + i) % m->n_views);
		bool needed = m->sights[v].failing >= PROVIDER_MAYBE_MIN &&
		              !m->sights[v].sight.blind;

		if (!needed)
			p->found[v].maybe_since = 0;
		if ((needed || has_group(p, v)) &&
		    loop_mono(m->loop) >= p->found[v].next) {
			begin(m, v);
			return;
		}
	}
}

static void
suspects(struct monitor *m)
{
	struct provider *p = m->provider;
	const struct failing *f;
	struct keys k;

	for (uint32_t n = 1; n % TURN_LOOK != 0 || monitor_has_time(m); n++) {
		f = idmap_next(&m->failing, &p->at);
		if (f == NULL) {
			bool go = provider_is_suspected(&p->tally) ||
			          has_group(p, p->view);

			if (!go)
				p->found[p->view].maybe_since = 0;
			p->phase = go ? PHASE_NAMES : PHASE_IDLE;
			p->at = 0;
			return;
		}
		if (table_view(m->table, f->question) != p->view ||
		    !fails_now(m, f) || !is_recent(m, f))
			continue;
		keys_of(m, f->question, &k);
		if (group_of(p, p->view, &k) != NULL)
			continue;
		provider_suspect(&p->tally, k.list, k.n);
		if (p->first == 0 || since_of(m, f) < p->first)
			p->first = since_of(m, f);
	}
}

/* ---- telling ---- */

static void
tell(struct monitor *m, const struct group *g, bool failing)
{
	struct say_event e = {
	    .kind = failing ? "provider-failing" : "provider-recovered",
	    .view = table_view_text(m->table, g->view),
	    .reason = provider_by_text((enum provider_by)g->key.by),
	    .provider = g->what.wire,
	    .since = failing ? g->since : loop_wall(m->loop),
	    .names = g->names,
	    .n_names = failing ? g->n_names : 0,
	    .count = failing ? g->now.fail : g->now.names,
	};

	outage_tell(m, &e);
}

/* The name of what has that key, from one that fails of it. */
static bool
name_of(const struct monitor *m, uint8_t view, uint64_t hash, struct name *out)
{
	const struct failing *f;
	uint32_t at = 0;
	struct keys k;

	while ((f = idmap_next(&m->failing, &at)) != NULL) {
		if (table_view(m->table, f->question) != view)
			continue;
		keys_of(m, f->question, &k);
		for (uint32_t i = 0; i < k.n; i++) {
			if (k.list[i].hash != hash)
				continue;
			out->size = (uint8_t)name_size(k.names[i]);
			memcpy(out->wire, k.names[i], out->size);
			return true;
		}
	}
	return false;
}

static void
seize(struct monitor *m, const struct provider_count *c)
{
	struct provider *p = m->provider;
	struct group *g = &p->groups[p->n_groups];

	if (p->n_groups == GROUPS_MAX)
		return;
	*g = (struct group){
	    .key = c->key,
	    .view = p->view,
	    .since = p->first,
	    .caught = loop_mono(m->loop),
	};
	if (name_of(m, p->view, c->key.hash, &g->what))
		p->n_groups++;
}

/* False: it is over. */
static bool
judge_group(struct monitor *m, struct group *g, bool others)
{
	bool waited = loop_mono(m->loop) >= g->caught + MONO_S(OUTAGE_HOLD_S);
	/* Nothing was counted of one that was caught just now. */
	bool fails = g->now.names == 0 || provider_has_failed(&g->now);

	if (g->back != 0)
		return loop_mono(m->loop) < g->back + MONO_S(OUTAGE_HOLD_S);
	if (g->now.names > 0 && provider_is_back(&g->now)) {
		if (g->told)
			tell(m, g, false);
		g->back = loop_mono(m->loop);
		return true;
	}
	if (g->told || !waited)
		return true;
	if (!fails)
		return false; /* told of each */
	if (others && g->now.fail_for >= PROVIDER_NAMES_MIN) {
		g->told = true;
		tell(m, g, true);
	}
	return true;
}

static bool
canary_was_true(const struct monitor *m, uint8_t view, wall_us since)
{
	const struct poll_view *v = &m->views[view];

	for (uint8_t i = 0; i < v->n; i++) {
		const struct standing *st = m->servers[v->servers[i]].standing;

		if (st->seat.last_true > since && st->seat.why == LEFT_NOT)
			return true;
	}
	return false;
}

static void
end(struct monitor *m)
{
	struct provider *p = m->provider;
	struct view_found *found = &p->found[p->view];
	const struct provider_count *worst = NULL;
	enum provider_verdict verdict = PROVIDER_NOT;
	uint32_t kept = 0;

	p->phase = PHASE_IDLE;
	if (p->first != 0)
		verdict = provider_judge(
		    &p->tally, canary_was_true(m, p->view, p->first), &worst);
	found->others_answer =
	    p->first == 0 || provider_others_answer(&p->tally, worst,
				 canary_was_true(m, p->view, p->first));
	if (verdict == PROVIDER_NOT)
		found->maybe_since = 0;
	else if (found->maybe_since == 0)
		found->maybe_since = loop_mono(m->loop);
	for (uint32_t g = 0; g < p->n_groups; g++) {
		if (p->groups[g].view != p->view ||
		    judge_group(m, &p->groups[g], found->others_answer))
			p->groups[kept++] = p->groups[g];
	}
	p->n_groups = kept;
	if (verdict == PROVIDER_FAILED)
		seize(m, worst);
}

static void
names(struct monitor *m)
{
	struct provider *p = m->provider;

	for (uint32_t n = 1; n % TURN_LOOK != 0 || monitor_has_time(m); n++) {
		uint32_t id = p->at++;
		const struct question *q;

		if (id >= table_count(m->table)) {
			end(m);
			return;
		}
		q = table_question(m->table, id);
		if (q->type != 0 && table_first(m->table, id) == id &&
		    table_view(m->table, id) == p->view)
			survey_name(m, id);
	}
}

void
provider_step(struct monitor *m)
{
	if (m->provider->phase == PHASE_SUSPECTS)
		suspects(m);
	if (m->provider->phase == PHASE_NAMES && monitor_has_time(m))
		names(m);
}

void
provider_second(struct monitor *m)
{
	if (m->n_views == 0)
		return;
	if (m->provider->phase == PHASE_IDLE)
		begin_next(m);
	provider_step(m);
}

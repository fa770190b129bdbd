/* SPDX-License-Identifier: ISC */

/*
 * Servers of zones and their numbers.
 *
 * A number stays as long as somebody has it: a zone, a survey, an inquiry.  Who
 * was only asked on the way to a zone, or has left it, is taken out when there
 * are too many.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "loop/loop.h"
#include "survey_priv.h"

enum {
	HASH_SIZE = 2 * SOURCE_SERVERS_MAX,
	SWEEP_EVERY_S = 60 /* at most: it looks at all zones */
};

static uint32_t
hash_of(const struct addr *a)
{
	uint64_t h = UINT64_C(1469598103934665603) ^ a->port ^ a->scope << 16;

	for (size_t i = 0; i < sizeof(a->ip); i++)
		h = (h ^ a->ip[i]) * UINT64_C(1099511628211);
	return (uint32_t)(h >> 32) % HASH_SIZE;
}

static uint16_t
find_server(const struct sources *s, const struct addr *a)
{
	uint16_t i = s->hash[hash_of(a)];

	while (i != UINT16_MAX && !addr_equal(&s->servers[i].addr, a))
		i = s->servers[i].next;
	return i;
}

/* The first server of that name says which group it is. */
static uint16_t
group_of(const struct sources *s, const struct source_server *v)
{
	for (uint16_t i = 0; i < s->n_servers; i++) {
		if (&s->servers[i] != v && s->servers[i].is_named &&
		    strcmp(s->servers[i].name, v->name) == 0)
			return s->servers[i].group;
	}
	return (uint16_t)(SOURCE_FIRST + (v - s->servers));
}

/* Until its name is known it is a group by its address. */
static void
name_server(struct sources *s, struct source_server *v, const char *name)
{
	const char *own = arena_text(&s->monitor->names, name);

	v->is_named = true;
	v->name = own != NULL ? own : "?";
	v->group = group_of(s, v);
}

static void
make_server(struct sources *s, uint16_t i, const struct addr *addr)
{
	struct source_server *v = &s->servers[i];
	uint32_t hash = hash_of(addr);

	*v = (struct source_server){.addr = *addr,
	    .is_used = true,
	    .group = (uint16_t)(SOURCE_FIRST + i),
	    .next = s->hash[hash]};
	v->name = addr_print(addr, v->text);
	s->hash[hash] = i;
	s->n_used++;
	if (i >= s->n_servers)
		s->n_servers = (uint16_t)(i + 1);
}

/* ---- those that nobody needs any more ---- */

static void
take_out(struct sources *s, uint16_t i)
{
	struct source_server *v = &s->servers[i];
	uint16_t *at = &s->hash[hash_of(&v->addr)];

	while (*at != i)
		at = &s->servers[*at].next;
	*at = v->next;
	*v = (struct source_server){.next = UINT16_MAX};
	s->n_used--;
}

static void
need(struct sources *s, uint16_t number)
{
	if (source_server_of(s->monitor, number) != NULL)
		s->servers[number - SOURCE_FIRST].is_needed = true;
}

static void
need_witnesses(struct sources *s, const struct idmap *inquiries)
{
	const struct inquiry *q;
	uint32_t at = 0;

	while ((q = idmap_next(inquiries, &at)) != NULL) {
		for (size_t i = 0; i < q->n; i++) {
			need(s, q->list[i].witness.server);
			need(s, q->list[i].witness.group);
		}
		need(s, q->away_server);
	}
}

/* Whose numbers are kept somewhere, and who gives a group its number. */
static void
need_all(struct sources *s)
{
	const struct survey *v;
	uint32_t at = 0;

	zone_needs(s, need);
	while ((v = idmap_next(&s->surveys, &at)) != NULL) {
		for (uint8_t k = 0; k < v->n; k++)
			need(s, v->words[k].server);
	}
	for (uint32_t i = 0; i < s->errands.n; i++)
		need(
		    s, s->errands.ring[(s->errands.first + i) % s->errands.room]
			   .server);
	need_witnesses(s, &s->monitor->inquiries);
	need_witnesses(s, &s->monitor->doubts);
	for (uint16_t i = 0; i < s->n_servers; i++) {
		if (s->servers[i].is_needed)
			need(s, s->servers[i].group);
	}
}

/*
 * A hostile zone can name new addresses for ever (T15): those that no zone has
 * any more make room.
 */
void
source_servers_room(struct sources *s, size_t n)
{
	mono_ns now = loop_mono(s->monitor->loop);
	uint16_t before = s->n_used;

	if (s->n_used + n <= SOURCE_SERVERS_MAX ||
	    (s->swept != 0 && now - s->swept < MONO_S(SWEEP_EVERY_S)))
		return;
	s->swept = now;
	need_all(s);
	for (uint16_t i = 0; i < s->n_servers; i++) {
		struct source_server *v = &s->servers[i];

		if (v->is_used && !v->is_needed &&
		    resolver_drop(s->resolver, i))
			take_out(s, i);
		v->is_needed = false;
	}
	if (s->n_used == before)
		log_warn("monitor: zones have more than %d servers; the rest "
			 "of them is not asked",
		    (int)SOURCE_SERVERS_MAX);
}

static uint16_t
add_server(struct sources *s, const struct source *of, const struct addr *addr)
{
	struct resolver_server r = {
	    .addr = *addr, .rate = of->config->rate, .direct = true};
	int index;

	if (s->n_used == SOURCE_SERVERS_MAX)
		return UINT16_MAX;
	index = resolver_add(s->resolver, &r);
	if (index < 0)
		return UINT16_MAX;
	CHECK(index < SOURCE_SERVERS_MAX && !s->servers[index].is_used);
	make_server(s, (uint16_t)index, addr);
	return (uint16_t)index;
}

static uint16_t
find_or_add(struct sources *s, const struct source *of, const struct addr *addr)
{
	uint16_t i = find_server(s, addr);

	return i != UINT16_MAX ? i : add_server(s, of, addr);
}

uint16_t
source_server_asked(
    struct sources *s, const struct source *of, const struct addr *addr)
{
	uint16_t i;

	source_servers_room(s, 1);
	i = find_or_add(s, of, addr);
	return i == UINT16_MAX ? 0 : (uint16_t)(SOURCE_FIRST + i);
}

uint16_t
source_server_number(struct sources *s, const struct source *of,
    const struct zone_server *server, const struct name *name)
{
	char text[NAME_TEXT_SIZE];
	uint16_t i = find_or_add(s, of, &server->addr);

	if (i == UINT16_MAX)
		return 0;
	/* The root's have no names. */
	if (!s->servers[i].is_named)
		name_server(s, &s->servers[i],
		    name->size > 1 ? name_print(name->wire, text)
				   : s->servers[i].text);
	return (uint16_t)(SOURCE_FIRST + i);
}

const struct source_server *
source_server_of(const struct monitor *m, uint16_t number)
{
	const struct sources *s = m->sources;

	if (s == NULL || number < SOURCE_FIRST ||
	    number - SOURCE_FIRST >= s->n_servers ||
	    !s->servers[number - SOURCE_FIRST].is_used)
		return NULL;
	return &s->servers[number - SOURCE_FIRST];
}

uint16_t
source_by_text(const struct monitor *m, const char *text)
{
	const struct sources *s = m->sources;

	for (uint16_t i = 0; s != NULL && i < s->n_servers; i++) {
		if (strcmp(s->servers[i].text, text) == 0)
			return (uint16_t)(SOURCE_FIRST + i);
	}
	return UINT16_MAX;
}

uint16_t
source_at(const struct monitor *m, const struct addr *addr)
{
	uint16_t i =
	    m->sources == NULL ? UINT16_MAX : find_server(m->sources, addr);

	return i == UINT16_MAX ? i : (uint16_t)(SOURCE_FIRST + i);
}

int
source_servers_start(struct sources *s)
{
	s->servers = calloc(SOURCE_SERVERS_MAX, sizeof(*s->servers));
	s->hash = malloc(HASH_SIZE * sizeof(*s->hash));
	if (s->servers == NULL || s->hash == NULL)
		return -ENOMEM;
	memset(s->hash, 0xff, HASH_SIZE * sizeof(*s->hash));
	return 0;
}

/* SPDX-License-Identifier: ISC */

/* The servers of a story, and what was asked of them. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "fake_resolver.h"
#include "play.h"

struct server *
net_add(struct net *net, const char *name)
{
	struct server *s = list_add(&net->servers, &net->n_servers,
	    &net->servers_room, sizeof(*net->servers));

	snprintf(s->name, sizeof(s->name), "%s", name);
	s->window = 100000;
	s->latency = MONO_MS(10);
	return s;
}

struct server *
net_find(struct net *net, const char *name)
{
	for (size_t i = 0; i < net->n_servers; i++) {
		if (strcmp(net->servers[i].name, name) == 0)
			return &net->servers[i];
	}
	story_fail("no resolver %s", name);
}

void
server_flush(struct server *s)
{
	for (size_t i = 0; i < s->n_cache; i++)
		free(s->cache[i].reply);
	s->n_cache = 0;
}

void
server_add_habit(struct server *s, const struct habit *h)
{
	struct habit *own =
	    list_add(&s->habits, &s->n_habits, &s->habits_room, sizeof(*own));

	*own = *h;
}

void
server_forget(struct server *s, unsigned id)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_habits; i++) {
		if (s->habits[i].id != id)
			s->habits[n++] = s->habits[i];
	}
	s->n_habits = n;
}

void
server_be_honest(struct server *s)
{
	s->n_habits = 0;
	zone_clear(&s->own);
}

void
net_free(struct net *net)
{
	for (size_t i = 0; i < net->n_servers; i++) {
		struct server *s = &net->servers[i];

		server_flush(s);
		free(s->cache);
		free(s->habits);
		free(s->asked);
		arena_fini(&s->own.arena);
	}
	free(net->servers);
	arena_fini(&net->truth.arena);
}

void
net_reset_counts(struct net *net)
{
	for (size_t i = 0; i < net->n_servers; i++) {
		net->servers[i].n_asked = 0;
		net->servers[i].peak = 0;
		net->servers[i].this_second = 0;
		net->servers[i].n_total = 0;
	}
}

unsigned
net_asked(const struct net *net, const struct server *s,
    const struct name *name, uint16_t type, unsigned how)
{
	unsigned n = 0;

	for (size_t i = 0; i < net->n_servers; i++) {
		const struct server *one = &net->servers[i];

		for (size_t k = 0; k < one->n_asked; k++) {
			const struct asked *a = &one->asked[k];

			if ((s != NULL && s != one) || a->type != type ||
			    !name_equal(a->name.wire, name->wire))
				continue;
			n += (how & ASKED_UDP) != 0 ? a->udp : 0;
			n += (how & ASKED_TCP) != 0 ? a->tcp : 0;
			n += (how & ASKED_CD) != 0 ? a->cd : 0;
			n += (how & ASKED_DO) != 0 ? a->signatures : 0;
			n += (how & ASKED_NSID) != 0 ? a->nsid : 0;
		}
	}
	return n;
}

wall_us
net_answered(const struct net *net, const struct name *name, uint16_t type)
{
	wall_us last = 0;

	for (size_t i = 0; i < net->n_servers; i++) {
		const struct server *s = &net->servers[i];

		for (size_t k = 0; k < s->n_asked; k++) {
			const struct asked *a = &s->asked[k];

			if (a->type == type &&
			    name_equal(a->name.wire, name->wire) &&
			    a->answered > last)
				last = a->answered;
		}
	}
	return last;
}

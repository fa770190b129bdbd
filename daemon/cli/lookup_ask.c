/* SPDX-License-Identifier: ISC */

/*
 * All questions are offered to the resolver at once; what it has no room for
 * is offered again when it says that there is some.
 */

#include <errno.h>
#include <stdlib.h>

#include "base/err.h"
#include "config/config.h"
#include "lookup_ask.h"
#include "loop/loop.h"

/* Only while the loop runs. */
struct run {
	struct lookup_ask *ask;
	struct loop *loop;
	struct resolver *resolver;
	size_t n_done;
	int err; /* memory was short for a reply */
};

static void
finish_if_done(struct run *run)
{
	if (run->n_done == run->ask->n_replies)
		loop_stop(run->loop);
}

/* Offers what was not yet taken, all of it or that of one server. */
static void
offer(struct run *run, int server)
{
	bool full[RESOLVER_SERVERS_MAX] = {false};

	for (size_t i = 0; i < run->ask->n_replies; i++) {
		struct lookup_reply *r = &run->ask->replies[i];
		const struct ask ask = {.cookie = i,
		    .name = run->ask->name.wire,
		    .name_size = run->ask->name.size,
		    .server = r->server,
		    .flags = ASK_URGENT,
		    .type = run->ask->types[r->type_i]};

		if (r->is_asked || full[r->server] ||
		    (server >= 0 && r->server != server))
			continue;
		if (resolver_ask(run->resolver, &ask) == 0)
			r->is_asked = true;
		else
			full[r->server] = true;
	}
}

static void
read_answer(
    struct run *run, const struct answer *answer, struct lookup_reply *r)
{
	struct reply reply;
	int err;

	err = reply_read(answer->wire, answer->size, answer->message,
	    &run->ask->arena, &reply);
	/* The identity forms may lie in the borrowed message. */
	if (err == 0 && reply.fail == FAIL_NOT)
		err =
		    content_copy(&reply.content, &run->ask->arena, &r->content);
	if (err != 0) {
		run->err = err;
		r->fail = FAIL_MALFORMED;
		return;
	}
	r->fail = reply.fail;
	r->ttl = reply.ttl;
}

static void
on_answer(void *ctx, const struct answer *answer)
{
	struct run *run = ctx;
	struct lookup_reply *r = &run->ask->replies[answer->cookie];

	CHECK(answer->cookie < run->ask->n_replies && !r->is_done);
	r->is_done = true;
	r->transport = answer->transport;
	r->took_us = (uint32_t)((answer->received - answer->sent) / 1000);
	if (answer->fail != FAIL_NOT)
		r->fail = answer->fail;
	else
		read_answer(run, answer, r);
	run->n_done++;
	finish_if_done(run);
}

static void
on_room(void *ctx, uint16_t server)
{
	offer(ctx, server);
}

static int
make_replies(struct lookup_ask *a, const struct config *config)
{
	size_t n = 0;

	a->replies =
	    calloc(a->n_types * config->n_resolvers, sizeof(*a->replies));
	if (a->replies == NULL)
		return -ENOMEM;
	for (size_t t = 0; t < a->n_types; t++) {
		for (size_t s = 0; s < config->n_resolvers; s++) {
			if ((config->resolvers[s].views >> a->view & 1) == 0)
				continue;
			a->replies[n].type_i = t;
			a->replies[n].server = (uint8_t)s;
			n++;
		}
	}
	a->n_replies = n;
	return 0;
}

static struct resolver *
make_resolver(struct run *run, const struct config *config)
{
	struct resolver_server servers[RESOLVER_SERVERS_MAX];
	struct resolver_limits limits = resolver_limits_default();
	const struct resolver_hooks hooks = {
	    .on_answer = on_answer, .on_room = on_room, .ctx = run};

	for (size_t i = 0; i < config->n_resolvers; i++)
		servers[i] =
		    (struct resolver_server){.addr = config->resolvers[i].addr,
			.rate = config->resolvers[i].rate,
			.ad = config->resolvers[i].trust_ad,
			.tls = config->resolvers[i].tls};
	return resolver_new(
	    run->loop, servers, config->n_resolvers, &limits, &hooks);
}

int
lookup_ask_all(struct lookup_ask *a, const struct config *config)
{
	struct run run = {.ask = a};

	if (config->n_resolvers == 0 ||
	    config->n_resolvers > RESOLVER_SERVERS_MAX)
		return ERR_NOT_FOUND;
	run.loop = loop_new();
	if (run.loop == NULL)
		return -ENOMEM;
	run.resolver = make_resolver(&run, config);
	run.err = run.resolver == NULL ? -ENOMEM : make_replies(a, config);
	if (run.err == 0) {
		offer(&run, -1);
		loop_run(run.loop);
	}
	resolver_free(run.resolver);
	loop_free(run.loop);
	return run.err;
}

void
lookup_ask_fini(struct lookup_ask *a)
{
	free(a->replies);
	arena_fini(&a->arena);
	*a = (struct lookup_ask){0};
}

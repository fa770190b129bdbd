/* SPDX-License-Identifier: ISC */
#ifndef TEST_FINDER_H
#define TEST_FINDER_H

/*
 * The finder with a tree of zones in memory (tests/lib/name_world.h) that
 * answers what it asks, one question after another.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "dns/type.h"
#include "name_world.h"
#include "zone/finder.h"

enum { QUEUE = 8192, COOKIES = 4096 };

#define ROOT "198.41.0.4"

struct question {
	uint32_t token;
	struct addr server;
	struct name name;
	uint16_t type;
};

struct told {
	unsigned n; /* how often */
	struct zone *zone;
	enum find_why why;
};

static struct {
	struct names w;
	struct finder *f;
	mono_ns now;
	struct question queue[QUEUE];
	size_t n_queue, next;
	bool refuses; /* to ask anything */
	struct told told[COOKIES];
	struct addr asked[QUEUE];
	size_t n_asked;
} t;

static inline bool
on_ask(void *ctx, uint32_t token, const struct addr *server,
    const struct name *name, uint16_t type)
{
	(void)ctx;
	if (t.refuses)
		return false;
	assert_true(token != 0);
	assert_true(t.n_queue < QUEUE);
	t.asked[t.n_asked++] = *server;
	t.queue[t.n_queue++] = (struct question){
	    .token = token, .server = *server, .name = *name, .type = type};
	return true;
}

static inline void
on_found(void *ctx, uint64_t cookie, struct zone *zone, enum find_why why)
{
	struct told *told = &t.told[cookie];

	(void)ctx;
	assert_int_equal(zone != NULL, why == FIND_FOUND);
	told->n++;
	zone_release(told->zone);
	told->zone = zone == NULL ? NULL : zone_hold(zone);
	told->why = why;
}

static inline void
begin_at(const struct finder_at *at, size_t n_at)
{
	struct finder_hooks hooks = {.ask = on_ask, .found = on_found};
	struct addr hint = names_addr(ROOT);

	memset(&t, 0, sizeof t);
	t.w.ttl = 300;
	t.now = MONO_S(1000);
	t.f = finder_new(&hint, 1, at, n_at, &hooks);
	assert_non_null(t.f);
	names_serve(&t.w, ROOT, ".");
	names_add(&t.w, ".", ".", "a.root-servers.net.");
}

static inline void
begin(void)
{
	begin_at(NULL, 0);
}

static inline void
end(void)
{
	for (size_t i = 0; i < COOKIES; i++)
		zone_release(t.told[i].zone);
	finder_free(t.f);
}

/* A zone with one server of that name and address; glue where it belongs. */
static inline void
add_zone(const char *parent, const char *zone, const char *ns, const char *ip)
{
	struct name name = names_name(ns);
	struct name apex = names_name(zone);
	struct name above = names_name(parent);

	names_add(&t.w, parent, zone, ns);
	names_add(&t.w, zone, zone, ns);
	if (ip == NULL)
		return;
	if (name_is_within(name.wire, above.wire))
		names_add(&t.w, parent, ns, ip);
	if (name_is_within(name.wire, apex.wire))
		names_add(&t.w, zone, ns, ip);
	names_serve(&t.w, ip, zone);
}

/* com, net, org, example.com with two servers, hoster.net. */
static inline void
add_usual(void)
{
	add_zone(".", "com.", "a.gtld.net.", "5.0.0.1");
	add_zone(".", "net.", "a.gtld.net.", "5.0.0.1");
	add_zone(".", "org.", "a.org.", "5.0.0.2");
	add_zone("com.", "example.com.", "ns1.example.com.", "5.1.0.1");
	add_zone("com.", "example.com.", "ns2.example.com.", "5.1.0.2");
	names_add(&t.w, "example.com.", "www.example.com.", "9.9.9.1");
	add_zone("net.", "hoster.net.", "ns1.hoster.net.", "5.2.0.1");
	add_zone("net.", "hoster.net.", "ns2.hoster.net.", "5.2.0.2");
}

static inline void
answer_one(void)
{
	static uint8_t wire[MESSAGE_SIZE_MAX];
	struct question q = t.queue[t.next++];
	size_t size = names_answer(&t.w, &q.server, &q.name, q.type, wire);
	struct message m;

	if (size == 0) {
		finder_failed(t.f, q.token, FAIL_TIMEOUT, t.now);
		return;
	}
	uint8_t *exact = malloc(size);
	assert_non_null(exact);
	memcpy(exact, wire, size);
	assert_int_equal(message_walk(exact, size, &m), MESSAGE_OK);
	finder_answer(t.f, q.token, exact, size, &m, t.now);
	free(exact);
}

/* Until nothing is asked and nobody waits to be told. */
static inline void
settle(void)
{
	for (int idle = 0; idle < 32; idle++) {
		while (t.next < t.n_queue) {
			answer_one();
			idle = 0;
			if (t.next == t.n_queue)
				t.next = t.n_queue = 0;
		}
		finder_tick(t.f, t.now);
	}
	assert_int_equal(finder_counts(t.f).searches, 0);
}

static inline struct zone *
find_now(const char *name, uint16_t type)
{
	struct name n = names_name(name);

	return finder_find(t.f, &n, type, 0, t.now);
}

/* What it ends with, with `n_asked` as the questions it took. */
static inline struct told *
find(const char *name, uint16_t type)
{
	struct zone *z;

	t.n_asked = 0;
	t.told[0].n = 0;
	z = find_now(name, type);
	if (z != NULL) {
		on_found(NULL, 0, z, FIND_FOUND);
		return &t.told[0];
	}
	assert_int_equal(t.told[0].n, 0); /* never from inside */
	settle();
	assert_int_equal(t.told[0].n, 1);
	return &t.told[0];
}

static inline void
is_zone(const struct told *told, const char *zone)
{
	char text[NAME_TEXT_SIZE];

	assert_int_equal(told->why, FIND_FOUND);
	assert_string_equal(name_print(told->zone->name.wire, text), zone);
	assert_true(told->zone->n_servers != 0);
}

/* The servers as "ip name parent child", in order. */
static inline void
has_servers(const struct zone *z, const char *wanted)
{
	char all[4096] = "";
	char ip[ADDR_TEXT_SIZE];
	char name[NAME_TEXT_SIZE];

	for (size_t i = 0; i < z->n_servers; i++) {
		const struct zone_server *s = &z->servers[i];
		size_t at = strlen(all);
		snprintf(all + at, sizeof all - at, "%s%s %s%s%s",
		    i == 0 ? "" : ", ", addr_print_ip(&s->addr, ip),
		    name_print(z->names[s->name].wire, name),
		    s->at_parent ? " p" : "", s->at_child ? " c" : "");
	}
	assert_string_equal(all, wanted);
}

static inline bool
was_asked(const char *ip)
{
	struct addr addr = names_addr(ip);

	for (size_t i = 0; i < t.n_asked; i++) {
		if (addr_equal(&t.asked[i], &addr))
			return true;
	}
	return false;
}

static inline struct names_server *
server_or_null(const char *ip)
{
	struct addr addr = names_addr(ip);

	return names_server(&t.w, &addr);
}

static inline struct names_server *
server(const char *ip)
{
	struct names_server *s = server_or_null(ip);

	assert_non_null(s);
	return s;
}

#endif

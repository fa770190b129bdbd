/* SPDX-License-Identifier: ISC */
/* room: zone */

/*
 * The finder against a tree of zones in memory (tests/lib/name_world.h): what
 * it finds, what it asks for that, and what nobody can make it believe.
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
	struct world w;
	struct finder *f;
	mono_ns now;
	struct question queue[QUEUE];
	size_t n_queue, next;
	bool refuses; /* to ask anything */
	struct told told[COOKIES];
	struct addr asked[QUEUE];
	size_t n_asked;
} t;

static bool
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

static void
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

static void
begin_at(const struct finder_at *at, size_t n_at)
{
	struct finder_hooks hooks = {.ask = on_ask, .found = on_found};
	struct addr hint = world_addr(ROOT);

	memset(&t, 0, sizeof t);
	t.w.ttl = 300;
	t.now = MONO_S(1000);
	t.f = finder_new(&hint, 1, at, n_at, &hooks);
	assert_non_null(t.f);
	world_serve(&t.w, ROOT, ".");
	world_add(&t.w, ".", ".", "a.root-servers.net.");
}

static void
begin(void)
{
	begin_at(NULL, 0);
}

static void
end(void)
{
	for (size_t i = 0; i < COOKIES; i++)
		zone_release(t.told[i].zone);
	finder_free(t.f);
}

/* A zone with one server of that name and address; glue where it belongs. */
static void
add_zone(const char *parent, const char *zone, const char *ns, const char *ip)
{
	struct name name = world_name(ns);
	struct name apex = world_name(zone);
	struct name above = world_name(parent);

	world_add(&t.w, parent, zone, ns);
	world_add(&t.w, zone, zone, ns);
	if (ip == NULL)
		return;
	if (name_is_within(name.wire, above.wire))
		world_add(&t.w, parent, ns, ip);
	if (name_is_within(name.wire, apex.wire))
		world_add(&t.w, zone, ns, ip);
	world_serve(&t.w, ip, zone);
}

/* com, net, org, example.com with two servers, hoster.net. */
static void
add_usual(void)
{
	add_zone(".", "com.", "a.gtld.net.", "5.0.0.1");
	add_zone(".", "net.", "a.gtld.net.", "5.0.0.1");
	add_zone(".", "org.", "a.org.", "5.0.0.2");
	add_zone("com.", "example.com.", "ns1.example.com.", "5.1.0.1");
	add_zone("com.", "example.com.", "ns2.example.com.", "5.1.0.2");
	world_add(&t.w, "example.com.", "www.example.com.", "9.9.9.1");
	add_zone("net.", "hoster.net.", "ns1.hoster.net.", "5.2.0.1");
	add_zone("net.", "hoster.net.", "ns2.hoster.net.", "5.2.0.2");
}

static void
answer_one(void)
{
	static uint8_t wire[MESSAGE_SIZE_MAX];
	struct question q = t.queue[t.next++];
	size_t size = world_answer(&t.w, &q.server, &q.name, q.type, wire);
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
static void
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

static struct zone *
find_now(const char *name, uint16_t type)
{
	struct name n = world_name(name);

	return finder_find(t.f, &n, type, 0, t.now);
}

/* What it ends with, with `n_asked` as the questions it took. */
static struct told *
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

static void
is_zone(const struct told *told, const char *zone)
{
	char text[NAME_TEXT_SIZE];

	assert_int_equal(told->why, FIND_FOUND);
	assert_string_equal(name_print(told->zone->name.wire, text), zone);
	assert_true(told->zone->n_servers != 0);
}

/* The servers as "ip name parent child", in order. */
static void
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

static bool
was_asked(const char *ip)
{
	struct addr addr = world_addr(ip);

	for (size_t i = 0; i < t.n_asked; i++) {
		if (addr_equal(&t.asked[i], &addr))
			return true;
	}
	return false;
}

static struct world_server *
server(const char *ip)
{
	struct addr addr = world_addr(ip);
	struct world_server *s = world_server(&t.w, &addr);

	assert_non_null(s);
	return s;
}

/* --- finding */

static void
walks_down_and_remembers(void **state)
{
	(void)state;
	begin();
	add_usual();
	struct told *told = find("www.example.com.", TYPE_A);
	is_zone(told, "example.com.");
	has_servers(told->zone,
	    "5.1.0.1 ns1.example.com. p c, 5.1.0.2 ns2.example.com. p c");
	/* At the root, com, the zone twice: the name, and its NS. */
	assert_int_equal(t.n_asked, 4);
	assert_true(told->zone->expires == t.now + MONO_S(300));
	struct zone *com = told->zone->parent;
	assert_int_equal(com->name.size, 5);
	assert_null(com->parent->parent);
	/* Another name of the zone costs nothing. */
	is_zone(find("mail.example.com.", TYPE_A), "example.com.");
	is_zone(find("example.com.", TYPE_NS), "example.com.");
	assert_int_equal(t.n_asked, 0);
	/* Another zone is looked for, from com on. */
	add_zone("com.", "other.com.", "ns.other.com.", "5.1.0.9");
	is_zone(find("www.other.com.", TYPE_A), "other.com.");
	assert_int_equal(t.n_asked, 3);
	end();
}

static void
asks_the_parent_about_ds(void **state)
{
	(void)state;
	begin();
	add_usual();
	is_zone(find("example.com.", TYPE_DS), "com.");
	/* That com delegates is not known before somebody meets it. */
	is_zone(find("example.com.", TYPE_A), "com.");
	struct name name = world_name("example.com.");
	finder_cut(t.f, t.told[0].zone, &name);
	is_zone(find("example.com.", TYPE_A), "example.com.");
	is_zone(find("example.com.", TYPE_DS), "com.");
	is_zone(find("com.", TYPE_DS), ".");
	is_zone(find(".", TYPE_DS), ".");
	is_zone(find(".", TYPE_NS), ".");
	assert_int_equal(t.n_asked, 0);
	is_zone(find("nothing.", TYPE_A), ".");
	assert_int_equal(t.n_asked, 1);
	is_zone(find("nothing.", TYPE_A), ".");
	assert_int_equal(t.n_asked, 0);
	end();
}

static void
finds_a_child_on_the_same_servers(void **state)
{
	(void)state;
	begin();
	add_usual();
	add_zone("example.com.", "in.example.com.", "ns1.example.com.", NULL);
	world_add(
	    &t.w, "in.example.com.", "in.example.com.", "ns2.example.com.");
	world_serve(&t.w, "5.1.0.1", "in.example.com.");
	world_serve(&t.w, "5.1.0.2", "in.example.com.");
	struct told *told = find("a.in.example.com.", TYPE_A);
	is_zone(told, "in.example.com.");
	has_servers(told->zone,
	    "5.1.0.1 ns1.example.com. p c, 5.1.0.2 ns2.example.com. p c");
	char text[NAME_TEXT_SIZE];
	assert_string_equal(
	    name_print(told->zone->parent->name.wire, text), "example.com.");
	end();
}

/* The SOA is not in the answer for an alias: the name above has it. */
static void
finds_the_zone_of_an_alias(void **state)
{
	(void)state;
	begin();
	add_usual();
	world_add_cname(&t.w, "example.com.", "al.example.com.", "a.org.");
	is_zone(find("al.example.com.", TYPE_A), "example.com.");
	world_add(
	    &t.w, "in.example.com.", "in.example.com.", "ns1.example.com.");
	world_add_cname(
	    &t.w, "in.example.com.", "a.b.in.example.com.", "a.org.");
	world_serve(&t.w, "5.1.0.1", "in.example.com.");
	world_serve(&t.w, "5.1.0.2", "in.example.com.");
	finder_cut(t.f, t.told[0].zone, &t.told[0].zone->name);
	is_zone(find("a.b.in.example.com.", TYPE_A), "in.example.com.");
	end();
}

static void
looks_up_servers_without_glue(void **state)
{
	(void)state;
	begin();
	add_usual();
	world_add(&t.w, "com.", "glueless.com.", "ns.hoster.net.");
	world_add(&t.w, "glueless.com.", "glueless.com.", "ns.hoster.net.");
	world_add(&t.w, "hoster.net.", "ns.hoster.net.", "5.3.0.1");
	world_add(&t.w, "hoster.net.", "ns.hoster.net.", "2a00::1");
	world_serve(&t.w, "5.3.0.1", "glueless.com.");
	world_serve(&t.w, "2a00::1", "glueless.com.");
	struct told *told = find("www.glueless.com.", TYPE_A);
	is_zone(told, "glueless.com.");
	has_servers(told->zone,
	    "5.3.0.1 ns.hoster.net. p c, 2a00::1 ns.hoster.net. p c");
	/* Those who share the server share what it took to find it. */
	world_add(&t.w, "com.", "second.com.", "ns.hoster.net.");
	world_add(&t.w, "second.com.", "second.com.", "ns.hoster.net.");
	world_serve(&t.w, "5.3.0.1", "second.com.");
	world_serve(&t.w, "2a00::1", "second.com.");
	is_zone(find("second.com.", TYPE_A), "second.com.");
	assert_int_equal(t.n_asked, 2);
	end();
}

static void
tells_a_split_delegation(void **state)
{
	(void)state;
	begin();
	add_usual();
	world_add(&t.w, "com.", "split.com.", "ns1.hoster.net.");
	world_add(&t.w, "com.", "split.com.", "ns2.hoster.net.");
	world_add(&t.w, "split.com.", "split.com.", "ns1.hoster.net.");
	world_add(&t.w, "split.com.", "split.com.", "ns3.split.com.");
	world_add(&t.w, "split.com.", "ns3.split.com.", "5.4.0.3");
	world_serve(&t.w, "5.2.0.1", "split.com.");
	world_serve(&t.w, "5.2.0.2", "split.com.");
	world_serve(&t.w, "5.4.0.3", "split.com.");
	struct told *told = find("www.split.com.", TYPE_A);
	is_zone(told, "split.com.");
	has_servers(told->zone, "5.2.0.1 ns1.hoster.net. p c, "
				"5.2.0.2 ns2.hoster.net. p, "
				"5.4.0.3 ns3.split.com. c");
	end();
}

static void
believes_the_parent_when_the_child_says_no_ns(void **state)
{
	(void)state;
	begin();
	add_usual();
	server("5.1.0.1")->manner = MANNER_NO_OWN_NS;
	server("5.1.0.2")->manner = MANNER_NO_OWN_NS;
	struct told *told = find("www.example.com.", TYPE_A);
	is_zone(told, "example.com.");
	has_servers(told->zone,
	    "5.1.0.1 ns1.example.com. p, 5.1.0.2 ns2.example.com. p");
	end();
}

/* --- cuts */

static void
walks_on_at_a_cut(void **state)
{
	struct name plain = world_name("plain.example.com.");

	(void)state;
	begin();
	add_usual();
	world_add(&t.w, "example.com.", "plain.example.com.", "9.9.9.2");
	is_zone(find("www.example.com.", TYPE_A), "example.com.");
	add_zone("example.com.", "sub.example.com.", "ns.sub.example.com.",
	    "5.5.0.1");
	/* Not known: the caller sees the referral, and says so. */
	struct name name = world_name("a.sub.example.com.");
	struct zone *z = find_now("a.sub.example.com.", TYPE_A);
	assert_non_null(z);
	finder_cut(t.f, z, &name);
	is_zone(find("a.sub.example.com.", TYPE_A), "sub.example.com.");
	is_zone(find("b.sub.example.com.", TYPE_A), "sub.example.com.");
	assert_int_equal(t.n_asked, 0);
	/* Where there is one cut there may be others: one question each. */
	is_zone(find("plain.example.com.", TYPE_A), "example.com.");
	assert_int_equal(t.n_asked, 1);
	is_zone(find("plain.example.com.", TYPE_A), "example.com.");
	is_zone(find("x.plain.example.com.", TYPE_A), "example.com.");
	assert_int_equal(t.n_asked, 0);
	/* And what was found so is forgotten when it is delegated. */
	add_zone("example.com.", "plain.example.com.", "ns.plain.example.com.",
	    "5.5.0.2");
	finder_cut(t.f, t.told[0].zone, &plain);
	is_zone(find("plain.example.com.", TYPE_A), "plain.example.com.");
	end();
}

static void
sees_a_zone_that_is_no_more(void **state)
{
	(void)state;
	begin();
	add_usual();
	add_zone("example.com.", "sub.example.com.", "ns.sub.example.com.",
	    "5.5.0.1");
	is_zone(find("a.sub.example.com.", TYPE_A), "sub.example.com.");
	world_drop(&t.w, "example.com.", "sub.example.com.");
	t.now += MONO_S(301);
	is_zone(find("a.sub.example.com.", TYPE_A), "example.com.");
	assert_true(t.n_asked > 0);
	is_zone(find("a.sub.example.com.", TYPE_A), "example.com.");
	assert_int_equal(t.n_asked, 0);
	end();
}

/* --- failures */

static void
passes_over_a_lame_server(void **state)
{
	static const enum manner lame[] = {MANNER_SILENT, MANNER_REFUSES,
	    MANNER_UPWARD, MANNER_SIDEWAYS, MANNER_NO_AA};

	(void)state;
	for (size_t i = 0; i < sizeof lame / sizeof lame[0]; i++) {
		begin();
		add_usual();
		server("5.1.0.1")->manner = lame[i];
		is_zone(find("www.example.com.", TYPE_A), "example.com.");
		assert_int_equal(t.told[0].zone->n_servers, 2);
		end();
		begin();
		add_usual();
		server("5.1.0.1")->manner = lame[i];
		server("5.1.0.2")->manner = lame[i];
		assert_int_equal(find("www.example.com.", TYPE_A)->why,
		    lame[i] == MANNER_SILENT ? FIND_SILENT : FIND_LAME);
		/* Kept for a while, for all names of the zone. */
		assert_int_equal(find("example.com.", TYPE_NS)->why,
		    lame[i] == MANNER_SILENT ? FIND_SILENT : FIND_LAME);
		assert_int_equal(t.n_asked, 0);
		server("5.1.0.1")->manner = MANNER_GOOD;
		t.now += MONO_S(ZONE_FAILED_S);
		is_zone(find("www.example.com.", TYPE_A), "example.com.");
		end();
	}
}

static void
fails_on_servers_in_each_other(void **state)
{
	(void)state;
	begin();
	add_usual();
	add_zone("com.", "one.com.", "ns.two.org.", NULL);
	add_zone("org.", "two.org.", "ns.one.com.", NULL);
	assert_int_equal(find("one.com.", TYPE_A)->why, FIND_ADDRESSES);
	assert_true(t.n_asked < 10);
	/* One more server, and both can be found, each by the other. */
	t.now += MONO_S(ZONE_FAILED_S);
	add_zone("com.", "one.com.", "ns.one.com.", "5.6.0.1");
	world_add(&t.w, "two.org.", "ns.two.org.", "5.6.0.2");
	world_serve(&t.w, "5.6.0.1", "two.org.");
	world_serve(&t.w, "5.6.0.2", "one.com.");
	is_zone(find("two.org.", TYPE_A), "two.org.");
	is_zone(find("one.com.", TYPE_A), "one.com.");
	assert_int_equal(t.told[0].zone->n_servers, 2);
	end();
}

/* --- time */

static void
is_looked_up_anew_before_its_end(void **state)
{
	(void)state;
	begin();
	add_usual();
	struct zone *old = zone_hold(find("www.example.com.", TYPE_A)->zone);
	t.now += MONO_S(269);
	assert_ptr_equal(find_now("www.example.com.", TYPE_A), old);
	assert_int_equal(t.n_queue, 0);
	add_zone("com.", "example.com.", "ns3.example.com.", "5.1.0.3");
	t.now += MONO_S(2);
	/* The old one is lent while it is looked up beside. */
	assert_ptr_equal(find_now("www.example.com.", TYPE_A), old);
	assert_int_equal(t.n_queue, 1);
	assert_ptr_equal(find_now("example.com.", TYPE_A), old);
	assert_int_equal(t.n_queue, 1);
	settle();
	struct zone *z = find_now("www.example.com.", TYPE_A);
	assert_ptr_not_equal(z, old);
	assert_int_equal(z->n_servers, 3);
	assert_int_equal(old->n_servers, 2); /* as long as it is held */
	assert_true(z->expires == t.now + MONO_S(300));
	zone_release(old);
	end();
}

static void
is_not_lent_beyond_its_end(void **state)
{
	(void)state;
	begin();
	add_usual();
	is_zone(find("www.example.com.", TYPE_A), "example.com.");
	server("5.1.0.1")->manner = MANNER_SILENT;
	server("5.1.0.2")->manner = MANNER_SILENT;
	t.now += MONO_S(280);
	assert_non_null(find_now("www.example.com.", TYPE_A));
	settle();
	/* It failed, once: the rest of the time it is lent. */
	assert_non_null(find_now("www.example.com.", TYPE_A));
	assert_int_equal(t.n_queue, 0);
	t.now += MONO_S(20);
	assert_int_equal(find("www.example.com.", TYPE_A)->why, FIND_SILENT);
	assert_int_equal(find("a.example.com.", TYPE_A)->why, FIND_SILENT);
	end();
}

static void
keeps_ttls_within_bounds(void **state)
{
	(void)state;
	begin();
	add_usual();
	t.w.ttl = 1;
	assert_true(find("www.example.com.", TYPE_A)->zone->expires ==
		    t.now + MONO_S(ZONE_TTL_MIN_S));
	end();
	begin();
	add_usual();
	t.w.ttl = 10000000;
	assert_true(find("www.example.com.", TYPE_A)->zone->expires ==
		    t.now + MONO_S(ZONE_TTL_MAX_S));
	end();
}

static void
is_looked_up_anew_when_doubted(void **state)
{
	(void)state;
	begin();
	add_usual();
	struct zone *z = zone_hold(find("www.example.com.", TYPE_A)->zone);
	finder_doubt(t.f, z);
	/* Not what was found just now. */
	assert_ptr_equal(find_now("www.example.com.", TYPE_A), z);
	t.now += MONO_S(ZONE_FAILED_S);
	is_zone(find("www.example.com.", TYPE_A), "example.com.");
	assert_ptr_not_equal(t.told[0].zone, z);
	zone_release(z);
	end();
}

static void
forgets_what_has_expired(void **state)
{
	(void)state;
	begin();
	add_usual();
	is_zone(find("www.example.com.", TYPE_A), "example.com.");
	assert_int_equal(finder_counts(t.f).zones, 3);
	t.now += MONO_S(301);
	for (int i = 0; i < 10; i++)
		finder_tick(t.f, t.now);
	/* What is held stays, and so do those above it. */
	assert_int_equal(finder_counts(t.f).zones, 3);
	zone_release(t.told[0].zone);
	t.told[0].zone = NULL;
	for (int i = 0; i < 10; i++)
		finder_tick(t.f, t.now);
	assert_int_equal(finder_counts(t.f).zones, 1);
	end();
}

/* --- many at once */

static void
many_callers_are_one_search(void **state)
{
	(void)state;
	begin();
	add_usual();
	struct name name = world_name("www.example.com.");
	for (uint64_t i = 0; i < 100; i++)
		assert_null(finder_find(t.f, &name, TYPE_A, i, t.now));
	settle();
	for (size_t i = 0; i < 100; i++) {
		assert_int_equal(t.told[i].n, 1);
		is_zone(&t.told[i], "example.com.");
	}
	assert_int_equal(t.n_asked, 4);
	end();
}

static void
a_start_asks_the_root_for_com_once(void **state)
{
	enum { N = 3000 };

	(void)state;
	begin();
	add_usual();
	for (uint64_t i = 0; i < N; i++) {
		char text[64];
		snprintf(text, sizeof text, "h%u.example.com.", (unsigned)i);
		struct name name = world_name(text);
		assert_null(finder_find(t.f, &name, TYPE_A, i, t.now));
	}
	for (int i = 0; i < 20; i++)
		settle();
	for (size_t i = 0; i < N; i++)
		assert_int_equal(t.told[i].n, 1);
	assert_true(t.n_asked <= 6);
	assert_int_equal(server(ROOT)->n_asked, 1);
	end();
}

static void
silence_fails_all_who_wait_for_it_at_once(void **state)
{
	(void)state;
	begin();
	add_usual();
	server(ROOT)->manner = MANNER_SILENT;
	for (uint64_t i = 0; i < 500; i++) {
		char text[64];
		snprintf(text, sizeof text, "h%u.com.", (unsigned)i);
		struct name name = world_name(text);
		assert_null(finder_find(t.f, &name, TYPE_A, i, t.now));
	}
	settle();
	for (size_t i = 0; i < 500; i++)
		assert_int_equal(t.told[i].why, FIND_SILENT);
	assert_true(t.n_asked <= FINDER_TRIES_MAX);
	end();
}

static void
asks_later_what_cannot_be_asked_now(void **state)
{
	(void)state;
	begin();
	add_usual();
	t.refuses = true;
	assert_null(find_now("www.example.com.", TYPE_A));
	finder_tick(t.f, t.now);
	assert_int_equal(t.n_queue, 0);
	t.refuses = false;
	settle();
	is_zone(&t.told[0], "example.com.");
	/* But not for ever. */
	t.refuses = true;
	t.told[0].n = 0;
	assert_null(find_now("other.org.", TYPE_A));
	t.now += MONO_S(30);
	settle();
	assert_int_equal(t.told[0].why, FIND_SILENT);
	end();
}

static void
an_unknown_token_is_ignored(void **state)
{
	(void)state;
	begin();
	add_usual();
	assert_null(find_now("www.example.com.", TYPE_A));
	uint32_t token = t.queue[0].token;
	finder_failed(t.f, 0, FAIL_TIMEOUT, t.now);
	finder_failed(t.f, token + 1, FAIL_TIMEOUT, t.now);
	finder_failed(t.f, token + 4096, FAIL_TIMEOUT, t.now);
	settle();
	finder_failed(t.f, token, FAIL_TIMEOUT, t.now);
	is_zone(&t.told[0], "example.com.");
	end();
}

/* --- what the operator says */

static void
asks_where_the_operator_says(void **state)
{
	struct addr addrs[] = {
	    world_addr("[::1]:5301"), world_addr("127.0.0.1:5302")};
	struct finder_at at = {.name = world_name("ns1.example.com."),
	    .addrs = addrs,
	    .n_addrs = 2};

	(void)state;
	begin_at(&at, 1);
	add_usual();
	world_serve(&t.w, "[::1]:5301", "example.com.");
	world_serve(&t.w, "127.0.0.1:5302", "example.com.");
	struct told *told = find("www.example.com.", TYPE_A);
	is_zone(told, "example.com.");
	has_servers(told->zone,
	    "::1 ns1.example.com. p c, 127.0.0.1 ns1.example.com. p c, "
	    "5.1.0.2 ns2.example.com. p c");
	assert_int_equal(told->zone->servers[0].addr.port, 5301);
	assert_false(was_asked("5.1.0.1"));
	end();
}

static void
asks_no_private_address(void **state)
{
	static const char *const closed[] = {"0.1.2.3", "10.0.0.1",
	    "100.64.0.1", "127.0.0.1", "169.254.1.1", "172.16.0.1", "192.0.0.1",
	    "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1",
	    "198.19.255.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
	    "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:8.8.8.8",
	    "64:ff9b::808:808", "100::1", "2001::1", "2001:db8::1",
	    "2002:808:808::1", "3fff::1", "5f00::1", "fc00::1", "fe80::1",
	    "fec0::1", "ff02::1"};
	static const char *const open[] = {"1.0.0.1", "9.255.0.1", "11.0.0.1",
	    "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1",
	    "192.0.1.1", "198.17.0.1", "198.20.0.1", "223.255.255.1",
	    "2001:200::1", "2001:db9::1", "2003::1", "3ffe::1", "2a00::1"};

	(void)state;
	for (size_t i = 0; i < sizeof closed / sizeof closed[0]; i++) {
		begin();
		add_zone(".", "com.", "ns.com.", "5.0.0.1");
		add_zone("com.", "bad.com.", "ns.bad.com.", closed[i]);
		assert_int_equal(find("bad.com.", TYPE_A)->why, FIND_ADDRESSES);
		assert_false(was_asked(closed[i]));
		add_zone("com.", "bad.com.", "ns2.bad.com.", "5.7.0.1");
		t.now += MONO_S(ZONE_FAILED_S);
		is_zone(find("bad.com.", TYPE_A), "bad.com.");
		assert_false(was_asked(closed[i]));
		end();
	}
	for (size_t i = 0; i < sizeof open / sizeof open[0]; i++) {
		begin();
		add_zone(".", "com.", "ns.com.", "5.0.0.1");
		add_zone("com.", "good.com.", "ns.good.com.", open[i]);
		is_zone(find("good.com.", TYPE_A), "good.com.");
		assert_true(was_asked(open[i]));
		end();
	}
}

/* A family that is silent is asked last. */
static void
prefers_the_family_that_answers(void **state)
{
	(void)state;
	begin();
	add_zone(".", "com.", "a.com.", "5.0.0.1");
	for (int i = 0; i < 20; i++) {
		char zone[64];
		char ns[64];
		char ip[64];
		snprintf(zone, sizeof zone, "z%d.com.", i);
		for (int k = 0; k < 4; k++) {
			snprintf(ns, sizeof ns, "ns%d.%s", k, zone);
			snprintf(ip, sizeof ip, "2a00::%d:%d", i + 1, k + 1);
			add_zone("com.", zone, ns, ip);
			server(ip)->manner = MANNER_SILENT;
			snprintf(ip, sizeof ip, "5.9.%d.%d", i, k);
			add_zone("com.", zone, ns, ip);
		}
		is_zone(find(zone, TYPE_A), zone);
		if (i > 2 * FINDER_TRIES_MAX)
			assert_true(t.n_asked <= 2);
	}
	end();
}

/* --- the hostile */

static void
a_thousand_servers_cost_a_bounded_number(void **state)
{
	(void)state;
	begin();
	add_usual();
	add_zone("com.", "evil.com.", "ns.evil.com.", "6.6.6.6");
	for (int i = 0; i < 1000; i++) {
		char ns[64];
		snprintf(ns, sizeof ns, "x%d.victim.org.", i);
		world_add(&t.w, "evil.com.", "a.evil.com.", ns);
		snprintf(ns, sizeof ns, "y%d.b%d.evil.com.", i, i);
		world_add(&t.w, "evil.com.", "c.evil.com.", ns);
	}
	add_zone("org.", "victim.org.", "ns.victim.org.", "5.8.0.1");
	assert_int_not_equal(find("a.evil.com.", TYPE_A)->why, FIND_FOUND);
	assert_true(t.n_asked <= FINDER_STEPS_MAX);
	assert_true(server("5.8.0.1")->n_asked <= 2 * ZONE_NAMES_MAX);
	assert_int_not_equal(find("c.evil.com.", TYPE_A)->why, FIND_FOUND);
	assert_true(t.n_asked <= FINDER_STEPS_MAX);
	/* Nobody else fails by it. */
	is_zone(find("victim.org.", TYPE_A), "victim.org.");
	is_zone(find("other.evil.com.", TYPE_A), "evil.com.");
	end();
}

/* Each server's address needs another zone like this one. */
static void
a_tree_of_glueless_zones_costs_a_bounded_number(void **state)
{
	(void)state;
	begin();
	add_usual();
	add_zone("com.", "evil.com.", "ns.evil.com.", "6.6.6.6");
	for (int i = 0; i < 200; i++) {
		for (int k = 1; k <= 5; k++) {
			char zone[64];
			char ns[64];
			snprintf(zone, sizeof zone, "z%d.evil.com.", i);
			snprintf(ns, sizeof ns, "ns.z%d.evil.com.",
			    (i * 5 + k) % 200);
			world_add(&t.w, "evil.com.", zone, ns);
		}
	}
	assert_int_not_equal(find("z0.evil.com.", TYPE_A)->why, FIND_FOUND);
	assert_true(t.n_asked <= FINDER_STEPS_MAX);
	is_zone(find("www.example.com.", TYPE_A), "example.com.");
	end();
}

static void
an_alias_is_no_server(void **state)
{
	(void)state;
	begin();
	add_usual();
	world_add(&t.w, "com.", "al.com.", "alias.hoster.net.");
	world_add_cname(
	    &t.w, "hoster.net.", "alias.hoster.net.", "ns1.hoster.net.");
	world_serve(&t.w, "5.2.0.1", "al.com.");
	assert_int_equal(find("al.com.", TYPE_A)->why, FIND_ADDRESSES);
	end();
}

/* What evil.com's parent and servers add for others is nowhere kept. */
static void
glue_of_others_is_not_believed(void **state)
{
	(void)state;
	begin();
	add_usual();
	add_zone("org.", "victim.org.", "ns.victim.org.", "5.8.0.1");
	/* Glue in com for a name in org, and the zone's own word for it. */
	world_add(&t.w, "com.", "evil.com.", "ns.victim.org.");
	world_add(&t.w, "com.", "ns.victim.org.", "6.6.6.1");
	world_serve(&t.w, "5.8.0.1", "evil.com.");
	world_add(&t.w, "evil.com.", "evil.com.", "ns.victim.org.");
	world_add(&t.w, "evil.com.", "ns.victim.org.", "6.6.6.2");
	/* And for its sister's server, which is not its own either. */
	world_add(&t.w, "evil.com.", "sub.evil.com.", "ns1.example.com.");
	world_add(&t.w, "evil.com.", "ns1.example.com.", "6.6.6.3");
	struct told *told = find("evil.com.", TYPE_A);
	is_zone(told, "evil.com.");
	has_servers(told->zone, "5.8.0.1 ns.victim.org. p c");
	(void)find("sub.evil.com.", TYPE_A);
	is_zone(find("victim.org.", TYPE_A), "victim.org.");
	has_servers(t.told[0].zone, "5.8.0.1 ns.victim.org. p c");
	is_zone(find("example.com.", TYPE_A), "example.com.");
	assert_int_equal(t.told[0].zone->n_servers, 2);
	for (int i = 1; i <= 3; i++) {
		char ip[32];
		snprintf(ip, sizeof ip, "6.6.6.%d", i);
		assert_false(was_asked(ip));
	}
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(walks_down_and_remembers),
	    cmocka_unit_test(asks_the_parent_about_ds),
	    cmocka_unit_test(finds_a_child_on_the_same_servers),
	    cmocka_unit_test(finds_the_zone_of_an_alias),
	    cmocka_unit_test(looks_up_servers_without_glue),
	    cmocka_unit_test(tells_a_split_delegation),
	    cmocka_unit_test(believes_the_parent_when_the_child_says_no_ns),
	    cmocka_unit_test(walks_on_at_a_cut),
	    cmocka_unit_test(sees_a_zone_that_is_no_more),
	    cmocka_unit_test(passes_over_a_lame_server),
	    cmocka_unit_test(fails_on_servers_in_each_other),
	    cmocka_unit_test(is_looked_up_anew_before_its_end),
	    cmocka_unit_test(is_not_lent_beyond_its_end),
	    cmocka_unit_test(keeps_ttls_within_bounds),
	    cmocka_unit_test(is_looked_up_anew_when_doubted),
	    cmocka_unit_test(forgets_what_has_expired),
	    cmocka_unit_test(many_callers_are_one_search),
	    cmocka_unit_test(a_start_asks_the_root_for_com_once),
	    cmocka_unit_test(silence_fails_all_who_wait_for_it_at_once),
	    cmocka_unit_test(asks_later_what_cannot_be_asked_now),
	    cmocka_unit_test(an_unknown_token_is_ignored),
	    cmocka_unit_test(asks_where_the_operator_says),
	    cmocka_unit_test(asks_no_private_address),
	    cmocka_unit_test(prefers_the_family_that_answers),
	    cmocka_unit_test(a_thousand_servers_cost_a_bounded_number),
	    cmocka_unit_test(a_tree_of_glueless_zones_costs_a_bounded_number),
	    cmocka_unit_test(an_alias_is_no_server),
	    cmocka_unit_test(glue_of_others_is_not_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

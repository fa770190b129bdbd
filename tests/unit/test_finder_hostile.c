/* SPDX-License-Identifier: ISC */
/* room: zone */

/*
 * The finder among many names at once, as the operator tells it, and where
 * somebody wants it to ask too much or to believe what is not theirs to say.
 */

#include "unit.h"

#include "base/rand.h"
#include "test_finder.h"

/* --- many at once */

static void
many_callers_are_one_search(void **state)
{
	(void)state;
	begin();
	add_usual();
	struct name name = names_name("www.example.com.");
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
		struct name name = names_name(text);
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
		struct name name = names_name(text);
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
	    names_addr("[::1]:5301"), names_addr("127.0.0.1:5302")};
	struct finder_at at = {.name = names_name("ns1.example.com."),
	    .addrs = addrs,
	    .n_addrs = 2};

	(void)state;
	begin_at(&at, 1);
	add_usual();
	names_serve(&t.w, "[::1]:5301", "example.com.");
	names_serve(&t.w, "127.0.0.1:5302", "example.com.");
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
		names_add(&t.w, "evil.com.", "a.evil.com.", ns);
		snprintf(ns, sizeof ns, "y%d.b%d.evil.com.", i, i);
		names_add(&t.w, "evil.com.", "c.evil.com.", ns);
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
			names_add(&t.w, "evil.com.", zone, ns);
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
	names_add(&t.w, "com.", "al.com.", "alias.hoster.net.");
	names_add_cname(
	    &t.w, "hoster.net.", "alias.hoster.net.", "ns1.hoster.net.");
	names_serve(&t.w, "5.2.0.1", "al.com.");
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
	names_add(&t.w, "com.", "evil.com.", "ns.victim.org.");
	names_add(&t.w, "com.", "ns.victim.org.", "6.6.6.1");
	names_serve(&t.w, "5.8.0.1", "evil.com.");
	names_add(&t.w, "evil.com.", "evil.com.", "ns.victim.org.");
	names_add(&t.w, "evil.com.", "ns.victim.org.", "6.6.6.2");
	/* And for its sister's server, which is not its own either. */
	names_add(&t.w, "evil.com.", "sub.evil.com.", "ns1.example.com.");
	names_add(&t.w, "evil.com.", "ns1.example.com.", "6.6.6.3");
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

/* --- worlds made up from a seed */

enum { SEED = 4711, WORLDS = 150, ZONES = 24 };

struct made {
	char zone[ZONES][80];
	size_t n;
};

/* A server of one of the zones, by a name in any zone, with glue or without. */
static void
make_server(struct made *made, size_t parent, size_t zone)
{
	char ns[100];
	char ip[32];
	size_t home = rand_below(2) == 0 ? zone : rand_below((uint32_t)made->n);
	const char *above = made->zone[parent];
	struct names_server *s;

	snprintf(ns, sizeof ns, "n%u.%s", rand_below(3),
	    home == 0 ? "" : made->zone[home]);
	snprintf(ip, sizeof ip, "%s%u.%u",
	    rand_below(8) == 0 ? "10.0." : "7.0.", rand_below(3),
	    1 + rand_below(40));
	names_add(&t.w, above, made->zone[zone], ns);
	if (rand_below(5) != 0)
		names_add(&t.w, made->zone[zone], made->zone[zone], ns);
	if (rand_below(2) == 0)
		names_add(&t.w, above, ns, ip);
	names_add(&t.w, made->zone[home], ns, ip);
	s = server_or_null(ip);
	if (s != NULL && s->n_zones == NAMES_SERVED)
		return;
	s = names_serve(&t.w, ip, made->zone[zone]);
	if (rand_below(6) == 0)
		s->manner = (enum manner)rand_below(MANNER_NO_OWN_NS + 1);
}

static void
make_world(struct made *made)
{
	made->n = 0;
	while (made->n < ZONES) {
		size_t parent =
		    made->n == 0 ? 0 : rand_below((uint32_t)made->n);
		char *zone = made->zone[made->n];

		if (made->n == 0) {
			snprintf(zone, sizeof made->zone[0], ".");
			made->n++;
			continue;
		}
		snprintf(zone, sizeof made->zone[0], "z%u.%.60s",
		    (unsigned)made->n, parent == 0 ? "" : made->zone[parent]);
		made->n++;
		for (unsigned i = 1 + rand_below(3); i > 0; i--)
			make_server(made, parent, made->n - 1);
	}
}

/* What is lent is right: a zone that there is, at addresses of its servers. */
static void
check_told(
    const struct made *made, const struct told *told, const struct name *name)
{
	char text[NAME_TEXT_SIZE];
	bool exists = false;

	assert_int_equal(told->n, 1);
	if (told->why != FIND_FOUND)
		return;
	name_print(told->zone->name.wire, text);
	for (size_t i = 0; i < made->n; i++)
		exists |= strcmp(text, made->zone[i]) == 0;
	assert_true(exists);
	assert_true(name_is_within(name->wire, told->zone->name.wire));
	assert_true(told->zone->n_servers <= ZONE_SERVERS_MAX);
	assert_true(told->zone->expires > t.now);
	for (size_t i = 0; i < told->zone->n_servers; i++)
		assert_int_not_equal(told->zone->servers[i].addr.ip[0], 10);
}

static unsigned
ask_all(const struct made *made)
{
	unsigned n_found = 0;
	uint64_t failed = finder_counts(t.f).failed;

	t.n_asked = 0;
	for (size_t i = 0; i < made->n; i++) {
		struct name name = names_name(made->zone[i]);
		struct zone *z;

		t.told[i].n = 0;
		z = finder_find(t.f, &name, TYPE_A, i, t.now);
		if (z != NULL)
			on_found(NULL, i, z, FIND_FOUND);
	}
	settle();
	for (size_t i = 0; i < made->n; i++) {
		struct name name = names_name(made->zone[i]);
		check_told(made, &t.told[i], &name);
		n_found += t.told[i].why == FIND_FOUND;
	}
	assert_true(t.n_asked <= made->n * FINDER_STEPS_MAX);
	for (size_t i = 0; i < t.n_asked; i++)
		assert_int_not_equal(t.asked[i].ip[0], 10);
	assert_int_equal(finder_counts(t.f).failed - failed, made->n - n_found);
	return n_found;
}

static void
any_world_ends_within_bounds(void **state)
{
	static struct made made;
	unsigned n_found = 0;

	(void)state;
	printf("# seed %d\n", SEED);
	for (unsigned world = 0; world < WORLDS; world++) {
		begin();
		rand_seed(SEED + world);
		make_world(&made);
		for (int round = 0; round < 4; round++) {
			n_found += ask_all(&made);
			t.now += MONO_S(20 + rand_below(300));
		}
		end();
	}
	/* The worlds are not so bad that this says nothing. */
	assert_true(n_found > WORLDS * 4 * ZONES / 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
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
	    cmocka_unit_test(any_world_ends_within_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

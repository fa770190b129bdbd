/* SPDX-License-Identifier: ISC */
/* room: zone */

/* What the finder finds, what it asks for that, and how long it knows it. */

#include "unit.h"

#include "test_finder.h"

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
	struct name name = names_name("example.com.");
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
	names_add(
	    &t.w, "in.example.com.", "in.example.com.", "ns2.example.com.");
	names_serve(&t.w, "5.1.0.1", "in.example.com.");
	names_serve(&t.w, "5.1.0.2", "in.example.com.");
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
	names_add_cname(&t.w, "example.com.", "al.example.com.", "a.org.");
	is_zone(find("al.example.com.", TYPE_A), "example.com.");
	names_add(
	    &t.w, "in.example.com.", "in.example.com.", "ns1.example.com.");
	names_add_cname(
	    &t.w, "in.example.com.", "a.b.in.example.com.", "a.org.");
	names_serve(&t.w, "5.1.0.1", "in.example.com.");
	names_serve(&t.w, "5.1.0.2", "in.example.com.");
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
	names_add(&t.w, "com.", "glueless.com.", "ns.hoster.net.");
	names_add(&t.w, "glueless.com.", "glueless.com.", "ns.hoster.net.");
	names_add(&t.w, "hoster.net.", "ns.hoster.net.", "5.3.0.1");
	names_add(&t.w, "hoster.net.", "ns.hoster.net.", "2a00::1");
	names_serve(&t.w, "5.3.0.1", "glueless.com.");
	names_serve(&t.w, "2a00::1", "glueless.com.");
	struct told *told = find("www.glueless.com.", TYPE_A);
	is_zone(told, "glueless.com.");
	has_servers(told->zone,
	    "5.3.0.1 ns.hoster.net. p c, 2a00::1 ns.hoster.net. p c");
	/* Those who share the server share what it took to find it. */
	names_add(&t.w, "com.", "second.com.", "ns.hoster.net.");
	names_add(&t.w, "second.com.", "second.com.", "ns.hoster.net.");
	names_serve(&t.w, "5.3.0.1", "second.com.");
	names_serve(&t.w, "2a00::1", "second.com.");
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
	names_add(&t.w, "com.", "split.com.", "ns1.hoster.net.");
	names_add(&t.w, "com.", "split.com.", "ns2.hoster.net.");
	names_add(&t.w, "split.com.", "split.com.", "ns1.hoster.net.");
	names_add(&t.w, "split.com.", "split.com.", "ns3.split.com.");
	names_add(&t.w, "split.com.", "ns3.split.com.", "5.4.0.3");
	names_serve(&t.w, "5.2.0.1", "split.com.");
	names_serve(&t.w, "5.2.0.2", "split.com.");
	names_serve(&t.w, "5.4.0.3", "split.com.");
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
	struct name plain = names_name("plain.example.com.");

	(void)state;
	begin();
	add_usual();
	names_add(&t.w, "example.com.", "plain.example.com.", "9.9.9.2");
	is_zone(find("www.example.com.", TYPE_A), "example.com.");
	add_zone("example.com.", "sub.example.com.", "ns.sub.example.com.",
	    "5.5.0.1");
	/* Not known: the caller sees the referral, and says so. */
	struct name name = names_name("a.sub.example.com.");
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
	names_drop(&t.w, "example.com.", "sub.example.com.");
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
	names_add(&t.w, "two.org.", "ns.two.org.", "5.6.0.2");
	names_serve(&t.w, "5.6.0.1", "two.org.");
	names_serve(&t.w, "5.6.0.2", "one.com.");
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
		finder_tick(t.f, t.now += MONO_MS(100));
	/* What is held stays, and so do those above it. */
	assert_int_equal(finder_counts(t.f).zones, 3);
	zone_release(t.told[0].zone);
	t.told[0].zone = NULL;
	for (int i = 0; i < 10; i++)
		finder_tick(t.f, t.now += MONO_MS(100));
	assert_int_equal(finder_counts(t.f).zones, 1);
	end();
}

/*
 * A search asks three servers of a zone.  In turn, one that takes as many
 * questions as there are servers would leave out the same for ever.
 */
static void
the_one_server_that_answers_is_found_whichever_it_is(void **state)
{
	(void)state;
	for (unsigned n = 4; n <= 12; n++) {
		for (unsigned alive = 1; alive <= n; alive++) {
			struct told *told = NULL;
			unsigned tries = 0;
			char host[64];
			char ip[32];

			begin();
			add_zone(".", "com.", "a.gtld.com.", "5.0.0.1");
			for (unsigned i = 1; i <= n; i++) {
				snprintf(
				    host, sizeof(host), "ns%u.example.com.", i);
				snprintf(ip, sizeof(ip), "5.1.0.%u", i);
				add_zone("com.", "example.com.", host, ip);
				if (i != alive)
					server(ip)->manner = MANNER_SILENT;
			}
			snprintf(ip, sizeof(ip), "5.1.0.%u", alive);
			do {
				t.now += MONO_S(2 * ZONE_FAILED_S);
				told = find("www.example.com.", TYPE_A);
			} while (!was_asked(ip) && ++tries < 20 * n);
			if (!was_asked(ip))
				fail_msg("%u of %u was never asked", alive, n);
			is_zone(told, "example.com.");
			end();
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		the_one_server_that_answers_is_found_whichever_it_is),
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

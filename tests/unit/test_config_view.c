/* SPDX-License-Identifier: ISC */
/* room: config */

/*
 * What is kept of a view that asks the zones' own servers (R18).  What is
 * refused of one is in tests/cases/config/config_views.txt.
 */

#include <string.h>

#include "unit.h"

#include "base/buf.h"
#include "config/config.h"
#include "config/watchlist.h"

static void
check_addr(const struct addr *a, const char *wanted)
{
	char text[ADDR_TEXT_SIZE];

	assert_string_equal(addr_print(a, text), wanted);
}

static void
test_config_R18_holds_how_an_authoritative_view_asks(void **state)
{
	static const char text[] =
	    "database: dbname=x\nresolvers: [192.0.2.1]\n"
	    "views:\n"
	    "  eu: {resolvers: [192.0.2.2]}\n"
	    "  source:\n"
	    "    authoritative: true\n"
	    "    parent: true\n"
	    "    hints: [127.0.0.1:5300, \"[::1]:5300\"]\n"
	    "    at:\n"
	    "      NS1.Example.com: [127.0.0.2:5353, \"::1\"]\n"
	    "      ns2.example.com.: [127.0.0.3]\n"
	    "    rate: none\n"
	    "  usual: {authoritative: true}\n"
	    "watchlists: [a]\n";
	struct diag d = {0};
	struct config *c = config_read(text, strlen(text), "x.yaml", &d);
	const struct config_source *s;
	struct watch_names names;

	(void)state;
	assert_non_null(c);
	assert_int_equal(c->n_views, 5);
	assert_string_equal(c->views[2], "source");
	assert_string_equal(c->views[3], "source/parent");
	assert_string_equal(c->views[4], "usual");
	assert_null(c->sources[0]);
	assert_null(c->sources[1]);
	assert_null(c->sources[3]);
	s = c->sources[2];
	assert_true(s->parent && s->own_hints);
	assert_int_equal(s->parent_view, 3);
	assert_int_equal(s->n_hints, 2);
	check_addr(&s->hints[0], "127.0.0.1:5300");
	check_addr(&s->hints[1], "[::1]:5300");
	assert_int_equal(s->n_at, 2);
	assert_memory_equal(
	    s->at[0].name.wire, "\3ns1\7example\3com", s->at[0].name.size);
	assert_int_equal(s->at[0].n_addrs, 2);
	check_addr(&s->at[0].addrs[0], "127.0.0.2:5353");
	check_addr(&s->at[0].addrs[1], "[::1]:53");
	check_addr(&s->at[1].addrs[0], "127.0.0.3:53");
	assert_int_equal(s->rate, 0);
	for (size_t i = 0; i < c->n_views; i++)
		assert_int_equal(config_is_parent_view(c, i), i == 3);
	names = watch_names_of(c);
	assert_int_equal(names.n_views, 5);
	assert_int_equal(names.authoritative, 1 << 2 | 1 << 4);
	assert_int_equal(names.unnamed, 1 << 3);
	config_free(c);
}

/* Both addresses of each of the thirteen names. */
static void
test_config_R18_asks_the_root_itself_unless_hints_are_given(void **state)
{
	static const char text[] =
	    "database: dbname=x\nresolvers: [192.0.2.1]\n"
	    "views: {a: {authoritative: true}}\n"
	    "watchlists: [a]\n";
	struct diag d = {0};
	struct config *c = config_read(text, strlen(text), "x.yaml", &d);
	const struct config_source *s;

	(void)state;
	assert_non_null(c);
	s = c->sources[1];
	assert_false(s->parent || s->own_hints);
	assert_int_equal(s->parent_view, -1);
	assert_int_equal(s->rate, SOURCE_RATE_DEFAULT);
	assert_int_equal(s->n_at, 0);
	assert_int_equal(s->n_hints, 26);
	for (size_t i = 0; i < s->n_hints; i++) {
		assert_int_equal(s->hints[i].port, 53);
		assert_int_equal(
		    s->hints[i].family, i % 2 == 0 ? AF_INET : AF_INET6);
		for (size_t k = 0; k < i; k++)
			assert_false(addr_equal(&s->hints[k], &s->hints[i]));
	}
	check_addr(&s->hints[0], "198.41.0.4:53");
	check_addr(&s->hints[25], "[2001:dc3::35]:53");
	config_free(c);
}

static void
test_config_R18_counts_the_views_of_parents(void **state)
{
	(void)state;
	/* `default` is one of the 32, too. */
	for (int n = 30; n <= 31; n++) {
		struct buf text = {0};
		struct diag d = {0};
		struct config *c;

		buf_printf(&text, "database: dbname=x\nresolvers: [192.0.2.1]\n"
				  "watchlists: [a]\nviews:\n");
		for (int i = 1; i < n; i++)
			buf_printf(&text, "  v%d: {authoritative: true}\n", i);
		buf_printf(&text, "  p: {authoritative: true, parent: true}\n");
		c = config_read(buf_text(&text), text.size, "x.yaml", &d);
		if (n == 30) {
			assert_non_null(c);
			assert_int_equal(c->n_views, 32);
			assert_string_equal(c->views[31], "p/parent");
		} else {
			assert_null(c);
			assert_int_equal(d.items[0].line, 35);
			assert_int_equal(d.items[0].column, 28);
			assert_string_equal(d.items[0].text,
			    "`parent` takes a view of its own, and that makes "
			    "more than 31; remove a view, or this key");
		}
		config_free(c);
		diag_fini(&d);
		buf_fini(&text);
	}
}

static void
test_config_R18_takes_256_names_of_servers(void **state)
{
	(void)state;
	for (int n = CONFIG_AT_MAX; n <= CONFIG_AT_MAX + 1; n++) {
		struct buf text = {0};
		struct diag d = {0};
		struct config *c;

		buf_printf(&text, "database: dbname=x\nresolvers: [192.0.2.1]\n"
				  "watchlists: [a]\nviews:\n  a:\n"
				  "    authoritative: true\n    at:\n");
		for (int i = 0; i < n; i++)
			buf_printf(&text, "      n%d: [192.0.2.1]\n", i);
		c = config_read(buf_text(&text), text.size, "x.yaml", &d);
		if (n == CONFIG_AT_MAX) {
			assert_non_null(c);
			assert_int_equal(c->sources[1]->n_at, n);
		} else {
			assert_null(c);
			assert_int_equal(d.items[0].line, 8);
			assert_string_equal(d.items[0].text,
			    "`at` has more than 256 names; remove some");
		}
		config_free(c);
		diag_fini(&d);
		buf_fini(&text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_config_R18_holds_how_an_authoritative_view_asks),
	    cmocka_unit_test(
		test_config_R18_asks_the_root_itself_unless_hints_are_given),
	    cmocka_unit_test(test_config_R18_counts_the_views_of_parents),
	    cmocka_unit_test(test_config_R18_takes_256_names_of_servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

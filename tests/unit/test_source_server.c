/* SPDX-License-Identifier: ISC */
/* room: monitor */

/* Numbers of zones' servers, when hostile zones name ever new ones (T15). */

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "unit.h"

#include "base/log.h"
#include "daemon/monitor/survey_priv.h"
#include "resolver/resolver.h"

#define FAKE_LOOP_HERE
#include "fake_loop.c"

static struct world {
	struct monitor m;
	struct sources s;
	struct source of;
	struct config_source config;
	bool is_there[SOURCE_SERVERS_MAX]; /* in the resolver ... */
	uint16_t open;                     /* ... with a question: this one */
	uint16_t kept;                     /* of a zone, the number */
	bool all_kept;
} * w;

int
resolver_add(struct resolver *r, const struct resolver_server *server)
{
	(void)r;
	(void)server;
	for (int i = 0; i < SOURCE_SERVERS_MAX; i++) {
		if (!w->is_there[i]) {
			w->is_there[i] = true;
			return i;
		}
	}
	return -1;
}

bool
resolver_drop(struct resolver *r, uint16_t server)
{
	(void)r;
	if (SOURCE_FIRST + server == w->open)
		return false;
	assert_true(w->is_there[server]);
	w->is_there[server] = false;
	return true;
}

void
zone_needs(struct sources *s, void (*fn)(struct sources *s, uint16_t server))
{
	for (uint16_t i = 0; i < SOURCE_SERVERS_MAX && w->all_kept; i++)
		fn(s, SOURCE_FIRST + i);
	fn(s, w->kept);
}

static int
begin(void **state)
{
	(void)state;
	log_open(LOG_ERROR);
	w = calloc(1, sizeof(*w));
	assert_non_null(w);
	w->m.loop = loop_new();
	w->m.sources = &w->s;
	w->s.monitor = &w->m;
	w->of.config = &w->config;
	return source_servers_start(&w->s);
}

static int
end(void **state)
{
	(void)state;
	arena_fini(&w->m.names);
	loop_free(w->m.loop);
	free(w->s.servers);
	free(w->s.hash);
	free(w);
	return 0;
}

static struct addr
addr_of(uint32_t n)
{
	return (struct addr){.family = AF_INET,
	    .port = 53,
	    .ip = {10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}};
}

static uint16_t
asked(uint32_t n)
{
	struct addr addr = addr_of(n);

	return source_server_asked(&w->s, &w->of, &addr);
}

static uint16_t
member(uint32_t n, const char *name)
{
	struct zone_server server = {.addr = addr_of(n)};
	struct name of;
	const char *why;

	assert_int_equal(name_parse(name, &of, &why), 0);
	return source_server_number(&w->s, &w->of, &server, &of);
}

static void
test_what_was_asked_on_the_way_makes_room(void **state)
{
	struct addr addr;

	(void)state;
	w->kept = member(0, "ns.example.");
	w->open = asked(1);
	for (uint32_t n = 2; n < 20 * SOURCE_SERVERS_MAX; n++) {
		if (n % 1000 == 0)
			fake_loop_advance(w->m.loop, MONO_S(60));
		assert_true(asked(n) >= SOURCE_FIRST);
	}
	assert_int_equal(member(0, "ns.example."), w->kept);
	assert_string_equal(
	    source_server_of(&w->m, w->kept)->name, "ns.example.");
	assert_int_equal(asked(1), w->open);
	addr = addr_of(2);
	assert_int_equal(source_at(&w->m, &addr), UINT16_MAX);
	assert_int_equal(source_by_text(&w->m, "10.0.0.2"), UINT16_MAX);
}

/* The number of a group is that of its first server. */
static void
test_a_group_keeps_its_number(void **state)
{
	uint16_t first = member(0, "ns.example.");

	(void)state;
	w->kept = member(1, "ns.example.");
	assert_int_equal(source_server_of(&w->m, w->kept)->group, first);
	for (uint32_t n = 2; n < 3 * SOURCE_SERVERS_MAX; n++) {
		if (n % 1000 == 0)
			fake_loop_advance(w->m.loop, MONO_S(60));
		(void)asked(n);
	}
	assert_non_null(source_server_of(&w->m, first));
	assert_int_equal(member(7, "other.example."),
	    source_server_of(&w->m, member(7, "other.example."))->group);
	assert_true(source_server_of(&w->m, member(7, "x."))->group != first);
}

static void
test_when_all_are_needed_no_other_is_asked(void **state)
{
	(void)state;
	w->all_kept = true;
	for (uint32_t n = 0; n < SOURCE_SERVERS_MAX; n++)
		assert_int_equal(asked(n), SOURCE_FIRST + n);
	for (uint32_t n = SOURCE_SERVERS_MAX; n < SOURCE_SERVERS_MAX + 9; n++) {
		fake_loop_advance(w->m.loop, MONO_S(60));
		assert_int_equal(asked(n), 0);
		assert_int_equal(member(n, "ns.example."), 0);
	}
	assert_int_equal(asked(5), SOURCE_FIRST + 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_what_was_asked_on_the_way_makes_room),
	    TEST(test_a_group_keeps_its_number),
	    TEST(test_when_all_are_needed_no_other_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

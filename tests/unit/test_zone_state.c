/* SPDX-License-Identifier: ISC */
/* room: monitor */

/*
 * What is known of a zone's servers (R18), and who waits for a place in a
 * zone: zone.c, zone_keep.c and survey.c, alone.  The rest of the monitor, as
 * they see it, is below.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "unit.h"

#include "config/watchlist.h"
#include "daemon/monitor/survey_priv.h"
#include "dns/type.h"
#include "loop/loop.h"
#include "store/store.h"

#define FAKE_LOOP_HERE
#include "fake_loop.c"

enum { SERVERS = 3, WATCHED_MAX = 200, TOLD_MAX = 64, ROUND = 60 };

static struct world {
	struct monitor m;
	struct sources s;
	struct source of;
	struct config config;
	struct source_server servers[SERVERS];
	struct name names[SERVERS];
	struct zone_server found[SERVERS];
	struct zone zone;    /* that the finder gives */
	bool zone_is_hidden; /* it looks for it instead */
	char told[TOLD_MAX][24];
	unsigned n_told;
	unsigned n_kept;
	uint32_t ids[WATCHED_MAX];
	uint32_t asked[WATCHED_MAX * SERVERS];
	unsigned n_asked;
	unsigned n_finished;
} * w;

/* ---- the rest of the monitor ---- */

uint16_t
source_server_number(struct sources *s, const struct source *of,
    const struct zone_server *server, const struct name *name)
{
	(void)s;
	(void)of;
	(void)name;
	return source_at(&w->m, &server->addr);
}

void
source_servers_room(struct sources *s, size_t n)
{
	(void)s;
	(void)n;
}

uint16_t
source_at(const struct monitor *m, const struct addr *addr)
{
	(void)m;
	for (uint16_t i = 0; i < SERVERS; i++) {
		if (addr_equal(&w->servers[i].addr, addr))
			return SOURCE_FIRST + i;
	}
	return 0;
}

const struct source_server *
source_server_of(const struct monitor *m, uint16_t number)
{
	(void)m;
	return number < SOURCE_FIRST || number >= SOURCE_FIRST + SERVERS
	           ? NULL
	           : &w->servers[number - SOURCE_FIRST];
}

struct source *
source_of_view(const struct monitor *m, uint8_t view)
{
	(void)m;
	(void)view;
	return &w->of;
}

bool
source_is_parent(const struct monitor *m, uint8_t view)
{
	(void)m;
	(void)view;
	return false;
}

bool
source_send(struct sources *s, enum source_kind kind, uint64_t rest,
    const struct ask *ask)
{
	(void)s;
	(void)kind;
	if (ask->server == SOURCE_FIRST)
		w->asked[w->n_asked++] = (uint32_t)rest;
	return true;
}

void
source_name(const struct monitor *m, uint32_t id, struct name *out)
{
	const uint8_t *wire = table_name(m->table, id, &out->size);

	memcpy(out->wire, wire, out->size);
}

enum fail
source_sum(struct monitor *m, uint32_t id, const struct answer *a,
    struct reply_sum *sum)
{
	(void)m;
	(void)id;
	*sum = (struct reply_sum){.fingerprint = 1, .aa = true};
	return a->fail;
}

struct zone *
finder_find(struct finder *f, const struct name *name, uint16_t type,
    uint64_t cookie, mono_ns now)
{
	(void)f;
	(void)name;
	(void)type;
	(void)cookie;
	(void)now;
	return w->zone_is_hidden ? NULL : &w->zone;
}

struct zone *
zone_hold(struct zone *z)
{
	return z;
}

void
zone_release(struct zone *z)
{
	(void)z;
}

void
survey_judged(struct survey *v)
{
	uint32_t id = v->question;

	survey_end(v);
	poll_finish(&w->m, id, true, 0);
}

void
poll_finish(struct monitor *m, uint32_t id, bool good, uint32_t stands_for_s)
{
	(void)m;
	(void)id;
	(void)good;
	(void)stands_for_s;
	w->n_finished++;
}

void
zone_tell(struct sources *s, struct zone_state *z, const struct zone_news *n)
{
	(void)s;
	(void)z;
	assert_true(w->n_told < TOLD_MAX);
	snprintf(w->told[w->n_told++], sizeof(w->told[0]), "%s", n->kind);
}

void
zone_keep(struct sources *s, struct zone_state *z)
{
	(void)s;
	(void)z;
	w->n_kept++;
}

void
pump_push(struct monitor *m, struct waiting *q, uint32_t id)
{
	table_question(m->table, id)->link = QUESTION_NONE;
	if (q->n++ == 0)
		q->first = id;
	else
		table_question(m->table, q->last)->link = id;
	q->last = id;
}

uint32_t
pump_pop(struct monitor *m, struct waiting *q)
{
	uint32_t id = q->first;

	q->first = table_question(m->table, id)->link;
	q->n--;
	return id;
}

bool
monitor_has_time(const struct monitor *m)
{
	(void)m;
	return true;
}

void
inquiry_asked(struct monitor *m, uint32_t id, uint16_t server)
{
	(void)m;
	(void)id;
	(void)server;
}

void
household_fail(struct monitor *m, uint32_t id)
{
	(void)m;
	(void)id;
}

void
fresh_put(struct monitor *m, uint32_t id, const struct content *content,
    uint32_t ttl, wall_us at)
{
	(void)m;
	(void)id;
	(void)content;
	(void)ttl;
	(void)at;
}

uint32_t
outage_fail(struct monitor *m, uint32_t id, enum fail fail, uint8_t paths)
{
	(void)m;
	(void)id;
	(void)fail;
	(void)paths;
	return 0;
}

/* ---- the world ---- */

static struct name
name_of(const char *text)
{
	struct name name;
	const char *why;

	assert_int_equal(name_parse(text, &name, &why), 0);
	return name;
}

static void
make_server(unsigned i)
{
	char text[NAME_TEXT_SIZE];
	struct source_server *r = &w->servers[i];

	snprintf(text, sizeof(text), "ns%u.zone.example.", i);
	w->names[i] = name_of(text);
	r->name = strdup(text);
	r->addr = (struct addr){
	    .family = AF_INET, .port = 53, .ip = {192, 0, 2, (uint8_t)(1 + i)}};
	addr_print(&r->addr, r->text);
	w->found[i] = (struct zone_server){.addr = r->addr,
	    .name = (uint8_t)i,
	    .at_parent = true,
	    .at_child = true};
	w->zone.name_at_parent[i] = w->zone.name_at_child[i] = true;
}

static int
begin(void **state)
{
	const struct watch watch = {.list = "all", .every_s = ROUND};
	char text[64];
	struct name name;
	uint32_t policy;

	(void)state;
	w = calloc(1, sizeof(*w));
	w->m.loop = loop_new();
	w->m.table = table_new();
	w->m.config = &w->config;
	w->m.sources = &w->s;
	w->config.failing_after = 3;
	w->s.monitor = &w->m;
	w->s.servers = w->servers;
	w->s.n = 1;
	w->of.sources = &w->s;
	w->of.view = table_add_view(w->m.table, "source");
	policy = policy_of(w->m.table, &watch, ROUND);
	for (unsigned i = 0; i < SERVERS; i++)
		make_server(i);
	w->zone.name = name_of("zone.example.");
	w->zone.names = w->names;
	w->zone.servers = w->found;
	w->zone.n_names = w->zone.n_servers = SERVERS;
	for (uint32_t i = 0; i < WATCHED_MAX; i++) {
		snprintf(text, sizeof(text), "n%u.zone.example.", (unsigned)i);
		name = name_of(text);
		w->ids[i] = table_add(w->m.table, w->of.view, &name, TYPE_A);
		table_question(w->m.table, w->ids[i])->flags = Q_WATCHED;
		table_question(w->m.table, w->ids[i])->policy =
		    policy & 0x7fffff;
	}
	return 0;
}

static int
end(void **state)
{
	(void)state;
	survey_free_all(&w->s);
	zone_free_all(&w->s);
	for (unsigned i = 0; i < SERVERS; i++)
		free((void *)(uintptr_t)w->servers[i].name);
	table_free(w->m.table);
	loop_free(w->m.loop);
	free(w);
	return 0;
}

static struct zone_state *
the_zone(void)
{
	return zone_state_of(&w->s, &w->of, &w->zone);
}

/* The finder finds it anew, without the last server. */
static struct zone_state *
without_last(void)
{
	static struct zone less;

	less = w->zone;
	less.n_names = less.n_servers = SERVERS - 1;
	return zone_state_of(&w->s, &w->of, &less);
}

/* What all servers say to the first name; the last one something else. */
static void
hear_of(struct zone_state *z, uint32_t id, enum survey_stand last)
{
	struct zone_heard heard[SERVERS];

	for (uint16_t i = 0; i < SERVERS; i++)
		heard[i] = (struct zone_heard){.server = SOURCE_FIRST + i,
		    .good = true,
		    .print = 7,
		    .has_serial = true,
		    .serial = 3,
		    .stand = STAND_AGREES};
	heard[SERVERS - 1].stand = last;
	if (last != STAND_AGREES)
		heard[SERVERS - 1].print = 9;
	zone_hear(&w->s, z, id, heard, SERVERS);
}

static void
hear(struct zone_state *z, enum survey_stand last)
{
	hear_of(z, w->ids[0], last);
}

static void
note(struct zone_state *z, uint32_t serial, enum fail fail)
{
	struct zone_heard heard[SERVERS];

	for (uint16_t i = 0; i < SERVERS; i++)
		heard[i] = (struct zone_heard){.server = SOURCE_FIRST + i,
		    .good = true,
		    .has_serial = true,
		    .serial = 3};
	heard[SERVERS - 1].serial = serial;
	heard[SERVERS - 1].good = fail == FAIL_NOT;
	heard[SERVERS - 1].fail = fail;
	zone_note(&w->s, z, w->ids[0], heard, SERVERS, 0);
}

static unsigned
n_told(const char *kind)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->n_told; i++)
		n += strcmp(w->told[i], kind) == 0;
	return n;
}

static void
seconds(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		fake_loop_advance(w->m.loop, MONO_S(1));
		zone_second(&w->s);
	}
}

/* ---- events that end ---- */

static void
test_a_server_that_leaves_the_zone_takes_its_split_along(void **state)
{
	struct zone_state *z = the_zone();

	(void)state;
	hear(z, STAND_DIFFERS);
	assert_int_equal(n_told("split"), 1);
	assert_ptr_equal(without_last(), z);
	seconds(2);
	assert_int_equal(n_told("converged"), 1);
	/* The next one is told again. */
	hear(the_zone(), STAND_DIFFERS);
	assert_int_equal(n_told("split"), 2);
}

static void
test_a_server_whose_address_cannot_be_found_stays_split(void **state)
{
	struct zone_state *z = the_zone();
	static struct zone less;

	(void)state;
	hear(z, STAND_DIFFERS);
	less = w->zone;
	less.n_servers = SERVERS - 1; /* the name is there */
	assert_ptr_equal(zone_state_of(&w->s, &w->of, &less), z);
	seconds(2);
	assert_int_equal(n_told("converged"), 0);
}

/* What became of a split while the program was away is told. */
static void
test_a_split_that_ended_meanwhile_is_told_after_a_restart(void **state)
{
	struct zone_state *z = the_zone();
	struct buf packed = {0};
	uint16_t last = SOURCE_FIRST + SERVERS - 1;

	(void)state;
	hear(z, STAND_DIFFERS);
	zone_pack(&w->s, z, &packed);
	z->n_deviations = z->n_members = 0;
	z->apart = APART_NOT;
	assert_true(zone_unpack(&w->s, z, packed.data, packed.size));
	assert_int_equal(z->n_deviations, 1);
	/* It counts as news whatever it says, so that zone_hear() is called. */
	assert_true(zone_expected(z, w->ids[0], last) != 0);
	assert_true(zone_expected(z, w->ids[0], last) != 7);
	hear(z, STAND_AGREES);
	assert_int_equal(n_told("converged"), 1);
	buf_fini(&packed);
}

/*
 * The same name and type may be watched at the parent, too, which is this zone
 * where the name is none: that is another question.
 */
static void
test_what_is_asked_at_the_parent_is_its_own_after_a_restart(void **state)
{
	struct zone_state *z = the_zone();
	struct name name = name_of("n0.zone.example.");
	struct buf packed = {0};
	uint32_t above;

	(void)state;
	w->of.parent = table_add_view(w->m.table, "source/parent");
	above = table_add(w->m.table, w->of.parent, &name, TYPE_A);
	table_question(w->m.table, above)->flags = Q_WATCHED;
	hear_of(z, above, STAND_DIFFERS);
	hear(z, STAND_DIFFERS);
	zone_pack(&w->s, z, &packed);
	z->n_deviations = z->n_members = 0;
	assert_true(zone_unpack(&w->s, z, packed.data, packed.size));
	assert_int_equal(z->n_deviations, 2);
	hear(z, STAND_AGREES);
	assert_int_equal(n_told("converged"), 0);
	hear_of(z, above, STAND_AGREES);
	assert_int_equal(n_told("converged"), 1);
	buf_fini(&packed);
}

/* As it was written before that was told apart: the two were one. */
static void
test_what_was_kept_before_is_read_and_nothing_is_twice(void **state)
{
	struct zone_state *z = the_zone();
	struct buf packed = {0};
	struct buf flat = {0};
	size_t own, at;

	(void)state;
	hear(z, STAND_DIFFERS);
	zone_pack(&w->s, z, &packed);
	z->n_deviations = 0;
	zone_pack(&w->s, z, &flat);
	/* One deviation's bytes, without its flag, twice. */
	own = packed.size - flat.size;
	at = flat.size + 1 + packed.data[flat.size] + 2;
	flat.data[0] = 1;
	flat.data[flat.size - 1] = 2;
	for (int i = 0; i < 2; i++) {
		buf_add(&flat, packed.data + packed.size - own,
		    at - (packed.size - own));
		buf_add(&flat, packed.data + at + 1, packed.size - at - 1);
	}
	z->n_members = 0;
	assert_true(zone_unpack(&w->s, z, flat.data, flat.size));
	assert_int_equal(z->n_deviations, 1);
	hear(z, STAND_AGREES);
	assert_int_equal(n_told("converged"), 1);
	buf_fini(&packed);
	buf_fini(&flat);
}

/* Nobody watches the name any more that showed it: nothing else would end it.
 */
static void
test_a_split_of_nothing_ends_after_a_restart(void **state)
{
	struct zone_state *z = the_zone();
	struct buf packed = {0};

	(void)state;
	hear(z, STAND_DIFFERS);
	z->n_deviations = 0;
	zone_pack(&w->s, z, &packed);
	z->n_members = 0;
	assert_true(zone_unpack(&w->s, z, packed.data, packed.size));
	seconds(1);
	assert_int_equal(n_told("converged"), 1);
	buf_fini(&packed);
}

static void
test_of_what_cannot_be_read_nothing_is_taken(void **state)
{
	struct zone_state *z = the_zone();
	struct buf packed = {0};

	(void)state;
	hear(z, STAND_DIFFERS);
	zone_pack(&w->s, z, &packed);
	for (size_t size = 0; size < packed.size; size++) {
		z->n_deviations = z->n_members = 0;
		z->apart = APART_NOT;
		assert_false(zone_unpack(&w->s, z, packed.data, size));
		assert_int_equal(z->n_members + z->n_deviations, 0);
		assert_int_equal(z->apart, APART_NOT);
	}
	buf_fini(&packed);
}

/* Escaped, a name is up to four times as long as its 255 octets. */
static void
test_a_server_with_a_long_name_is_known_after_a_restart(void **state)
{
	struct zone_state *z = the_zone();
	struct buf packed = {0};
	char *name = malloc(401);

	(void)state;
	memset(name, 'x', 400);
	name[400] = '\0';
	free((void *)(uintptr_t)w->servers[0].name);
	w->servers[0].name = name;
	zone_pack(&w->s, z, &packed);
	z->n_members = 0;
	assert_true(zone_unpack(&w->s, z, packed.data, packed.size));
	assert_int_equal(z->n_members, SERVERS);
	buf_fini(&packed);
}

/* ---- how much one zone can have us tell (T18) ---- */

static void
test_a_zone_that_flaps_is_told_a_few_times_and_then_goes_on(void **state)
{
	struct zone_state *z = the_zone();

	(void)state;
	for (unsigned i = 0; i < 60; i++) {
		hear(z, i % 2 == 0 ? STAND_DIFFERS : STAND_AGREES);
		seconds(ROUND);
	}
	assert_in_range(n_told("split"), 3, 4);
	assert_int_equal(n_told("split"), n_told("converged") + 1);
	hear(z, STAND_AGREES);
	seconds(1000);
	assert_int_equal(n_told("split"), n_told("converged"));
}

static void
test_a_server_that_comes_and_goes_is_told_a_few_times(void **state)
{
	struct zone_state *z = the_zone();

	(void)state;
	for (unsigned i = 0; i < 60; i++) {
		note(z, 3, i % 4 == 3 ? FAIL_NOT : FAIL_REFUSED);
		seconds(ROUND);
	}
	assert_in_range(n_told("lame"), 3, 4);
	assert_in_range(n_told("lame-ended"), 3, 4);
	for (unsigned i = 0; i < 20; i++) {
		note(z, 3, FAIL_NOT);
		seconds(ROUND);
	}
	assert_int_equal(n_told("lame"), n_told("lame-ended"));
}

/* Two behind one address: each other poll goes back. */
static void
test_serials_that_alternate_are_told_once_an_hour(void **state)
{
	struct zone_state *z = the_zone();

	(void)state;
	for (unsigned i = 0; i < 110; i++) {
		note(z, 3 + i % 2, FAIL_NOT);
		seconds(ROUND);
	}
	assert_int_equal(n_told("serial-backwards"), 2);
}

/* ---- who waits for a place in a zone ---- */

static void
answer_all(void)
{
	struct answer a = {.fail = FAIL_TIMEOUT, .server = SOURCE_FIRST};

	for (unsigned i = 0; i < w->n_asked; i++) {
		for (uint64_t k = 0; k < SERVERS; k++)
			survey_answer(&w->s, w->asked[i] | k << 32, &a);
	}
}

static void
poll_all(void)
{
	for (uint32_t i = 0; i < WATCHED_MAX; i++)
		survey_begin(&w->s, w->ids[i], SURVEY_POLL);
}

static void
test_all_polls_of_a_crowded_zone_end(void **state)
{
	(void)state;
	poll_all();
	assert_int_equal(the_zone()->active, SURVEYS_ZONE_MAX);
	answer_all();
	assert_int_equal(w->n_finished, WATCHED_MAX);
}

/*
 * Those that are asked find that the zone is lost, and end without it: those
 * that wait for a place in it are not to wait for ever.
 */
static void
test_polls_that_wait_for_a_zone_that_is_lost_end(void **state)
{
	(void)state;
	poll_all();
	w->zone_is_hidden = true;
	answer_all();
	for (unsigned turn = 0; turn < 10; turn++) {
		for (uint32_t i = 0; i < WATCHED_MAX; i++)
			survey_found(&w->s, w->ids[i], NULL, FIND_SILENT);
		seconds(1);
	}
	assert_int_equal(w->s.surveys.live, 0);
	assert_int_equal(w->n_finished, WATCHED_MAX);
}

/* An inquiry is not to hear what was asked before it began. */
static void
test_an_inquiry_asks_anew_where_it_is_being_denied(void **state)
{
	struct answer a = {.fail = FAIL_TIMEOUT, .server = SOURCE_FIRST};
	struct survey *v;

	(void)state;
	survey_begin(&w->s, w->ids[0], SURVEY_DENY);
	survey_begin(&w->s, w->ids[0], SURVEY_CONFIRM);
	for (uint64_t k = 0; k < SERVERS; k++)
		survey_answer(&w->s, w->ids[0] | k << 32, &a);
	v = idmap_get(&w->s.surveys, w->ids[0]);
	assert_non_null(v);
	assert_int_equal(v->why, SURVEY_CONFIRM);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_a_server_that_leaves_the_zone_takes_its_split_along),
	    TEST(test_a_server_whose_address_cannot_be_found_stays_split),
	    TEST(test_a_split_that_ended_meanwhile_is_told_after_a_restart),
	    TEST(test_what_is_asked_at_the_parent_is_its_own_after_a_restart),
	    TEST(test_what_was_kept_before_is_read_and_nothing_is_twice),
	    TEST(test_a_split_of_nothing_ends_after_a_restart),
	    TEST(test_of_what_cannot_be_read_nothing_is_taken),
	    TEST(test_a_server_with_a_long_name_is_known_after_a_restart),
	    TEST(test_a_zone_that_flaps_is_told_a_few_times_and_then_goes_on),
	    TEST(test_a_server_that_comes_and_goes_is_told_a_few_times),
	    TEST(test_serials_that_alternate_are_told_once_an_hour),
	    TEST(test_all_polls_of_a_crowded_zone_end),
	    TEST(test_polls_that_wait_for_a_zone_that_is_lost_end),
	    TEST(test_an_inquiry_asks_anew_where_it_is_being_denied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/* room: rule */

/*
 * Files of plans with their problems at their places, and which changes a plan
 * covers; what it makes of them over time is in tests/replay/plan.play.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/diag.h"
#include "config/config.h"
#include "dns/pin.h"
#include "dns/type.h"
#include "judge/plan.h"

/* ---- files ---- */

static char folder[] = "/tmp/dnsvigil-plan-XXXXXX";

static void
path_of(const char *name, char out[256])
{
	snprintf(out, 256, "%s/%s", folder, name);
}

static void
put(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	path_of(name, path);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static struct config *
load(struct diag *d)
{
	static const char text[] = "database: dbname=x\n"
				   "resolvers: [192.0.2.1]\n"
				   "watchlists: [a]\n"
				   "plans: [\"*.plan\"]\n";
	char path[256];

	path_of("dnsvigil.yaml", path);
	return config_read(text, sizeof(text) - 1, path, d);
}

static int
set_up(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL;
}

static int
tear_down(void **state)
{
	char path[256];

	(void)state;
	path_of("a.plan", path);
	unlink(path);
	path_of("b.plan", path);
	unlink(path);
	return rmdir(folder);
}

#define CHANGES "changes: [{name: www.example.com, to: {A: [192.0.2.7]}}]\n"
#define WINDOW                                                                 \
	"timezone: Europe/Vienna\nfrom: 2026-12-01 14:00\n"                    \
	"until: 2026-12-01 16:00\n"

static void
test_R27_plans_are_read_with_their_windows(void **state)
{
	struct diag d = {0};
	struct config *c;
	char text[WALL_TEXT_SIZE];
	uint64_t print;

	(void)state;
	c = load(&d);
	assert_non_null(c); /* no plans are no problem */
	assert_int_equal(c->n_plans, 0);
	config_free(c);
	put("b.plan", "plan: other\n" WINDOW CHANGES);
	put("a.plan", "plan: move\nwhy: new centre\n" WINDOW CHANGES);
	c = load(&d);
	assert_non_null(c);
	assert_int_equal(d.n_errors, 0);
	assert_int_equal(c->n_plans, 2);
	assert_string_equal(c->plans[0].name, "move");
	assert_string_equal(
	    wall_print(c->plans[0].from, text), "2026-12-01T13:00:00.000Z");
	assert_int_equal(
	    c->plans[0].until - c->plans[0].from, WALL_S(2 * 3600));
	assert_true(c->plans[0].print != c->plans[1].print);
	print = c->plans[0].print;
	config_free(c);
	/* Why it is done is no part of what it is. */
	put("a.plan", "plan: move\nwhy: another\n" WINDOW CHANGES);
	c = load(&d);
	assert_non_null(c);
	assert_true(c->plans[0].print == print);
	config_free(c);
	diag_fini(&d);
}

struct wrong {
	const char *text;
	unsigned line;
	const char *says;
};

static void
test_R27_what_is_wrong_is_told_with_its_place(void **state)
{
	static const struct wrong wrongs[] = {
	    {"", 1, "an empty plan"},
	    {WINDOW CHANGES, 1, "a plan without a name"},
	    {"plan: A B\n" WINDOW CHANGES, 1, "bad name of a plan"},
	    {"plan: a\n" CHANGES, 1, "a plan needs `from` and `until`"},
	    {"plan: a\n" WINDOW, 1, "a plan without `changes`"},
	    {"plan: a\nfrom: 2026-12-01 14:00\nuntil: "
	     "2026-12-01T16:00:00Z\n" CHANGES,
		2, "is a time of some place"},
	    {"plan: a\nfrom: 2026-12-01T16:00:00Z\n"
	     "until: 2026-12-01T16:00:00Z\n" CHANGES,
		3, "`until` is not after `from`"},
	    {"plan: a\nfrom: 2026-12-01T16:00:00Z\n"
	     "until: 2027-12-01T16:00:00Z\n" CHANGES,
		3, "more than 31 days"},
	    {"plan: a\n" WINDOW "changes: [{name: 192.0.2.1, to: {A: none}}]\n",
		5, "an address; write the name"},
	    {"plan: a\n" WINDOW "changes: [{name: a.example}]\n", 5,
		"a change without `to`"},
	    {"plan: a\n" WINDOW "changes: [{to: {A: none}}]\n", 5,
		"a change without `name`"},
	    {"plan: a\n" WINDOW "changes: [{name: a.example, to: {}}]\n", 5,
		"`to` must say what"},
	    {"plan: a\n" WINDOW
	     "changes: [{name: a.example, to: {A: {never: [192.0.2.1]}}}]\n",
		5, "write the records that there are to be"},
	    {"plan: a\n" WINDOW
	     "changes: [{name: a.example, to: {A: [2001:db8::1]}}]\n",
		5, "is no A record"},
	    {"plan: a\n" WINDOW "changes:\n  - {name: a.example, to: {A: none}}"
	     "\n  - {name: A.example, to: {MX: none}}\n",
		7, "its name stands in line 6, too"},
	    {"plan: other\n" WINDOW CHANGES, 0, "a second plan `other`"},
	    {"plan: a\nwhen: now\n" WINDOW CHANGES, 2, "unknown key `when`"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		struct diag d = {0};
		bool found = false;
		struct config *c;

		put("a.plan", wrongs[i].text);
		c = load(&d);
		assert_null(c);
		for (size_t k = 0; k < d.n_items; k++)
			found =
			    found ||
			    (strstr(d.items[k].text, wrongs[i].says) != NULL &&
				(wrongs[i].line == 0 ||
				    d.items[k].line == wrongs[i].line) &&
				strstr(d.items[k].file, ".plan") != NULL);
		if (!found)
			fprintf(stderr, "%s: not told, but line %u: %s\n",
			    wrongs[i].says, d.items[0].line, d.items[0].text);
		assert_true(found);
		diag_fini(&d);
	}
}

/* ---- what is covered ---- */

enum { OLD = 1, NEW = 2, THIRD = 4, STRANGER = 8 };

static const uint8_t addresses[4][4] = {
    {198, 51, 100, 1}, {203, 0, 113, 7}, {203, 0, 113, 8}, {192, 0, 2, 66}};

static struct content
content_of(int set, struct record room[4])
{
	struct content c = {.records = room};

	for (int i = 0; i < 4; i++)
		if ((set & 1 << i) != 0)
			room[c.n_records++] = (struct record){
			    .type = TYPE_A, .size = 4, .rdata = addresses[i]};
	c.outcome = c.n_records > 0 ? OUTCOME_ANSWER : OUTCOME_NODATA;
	return c;
}

static void
pin_of(uint16_t type, int set, struct buf *out)
{
	struct record room[4];
	struct content c = content_of(set, room);
	struct pin p = {type, c.n_records > 0 ? PIN_EXACTLY : PIN_NONE,
	    c.records, c.n_records};

	pin_pack(&p, out);
}

/* Of all movements between sets of four addresses: exactly those that bring
 * only what is planned and take only what is not, and move at all. */
static void
test_R27_a_plan_covers_what_comes_nearer_and_nothing_else(void **state)
{
	(void)state;
	for (int plan = 0; plan < 16; plan++) {
		struct buf pins = {0};

		pin_of(TYPE_A, plan, &pins);
		for (int from = 0; from < 16; from++) {
			for (int to = 0; to < 16; to++) {
				struct record a[4];
				struct record b[4];
				struct content x = content_of(from, a);
				struct content y = content_of(to, b);
				int came = to & ~from;
				int went = from & ~to;
				bool want = (came & ~plan) == 0 &&
				            (went & plan) == 0 &&
				            (from != to || plan == 0);

				assert_int_equal(plan_covers(pins.data,
						     pins.size, TYPE_A, &x, &y),
				    want);
				assert_int_equal(plan_is_done(pins.data,
						     pins.size, TYPE_A, &y),
				    to == plan);
				assert_false(plan_covers(
				    pins.data, pins.size, TYPE_AAAA, &x, &y));
			}
		}
		buf_fini(&pins);
	}
}

static void
test_R27_what_cannot_be_read_is_neither_covered_nor_done(void **state)
{
	struct record a[4];
	struct content old = content_of(OLD, a);
	struct content bad = {.outcome = OUTCOME_UNREADABLE};
	struct buf pins = {0};

	(void)state;
	pin_of(TYPE_A, 0, &pins);
	assert_false(plan_covers(pins.data, pins.size, TYPE_A, &old, &bad));
	assert_false(plan_is_done(pins.data, pins.size, TYPE_A, &bad));
	buf_fini(&pins);
}

static void
test_R27_an_alias_leads_where_the_plan_has_it(void **state)
{
	static const uint8_t cdn[] = "\3cdn\7example";
	static const uint8_t evil[] = "\4evil\7example";
	const uint8_t *to_cdn[] = {cdn};
	const uint8_t *to_evil[] = {evil};
	struct record target = {
	    .type = TYPE_CNAME, .size = sizeof(cdn), .rdata = cdn};
	struct pin p = {TYPE_CNAME, PIN_EXACTLY, &target, 1};
	struct record a[4];
	struct record b[4];
	struct content old = content_of(OLD, a);
	struct content there = content_of(NEW | THIRD, b);
	struct buf pins = {0};

	(void)state;
	pin_pack(&p, &pins);
	there.chain = to_cdn;
	there.n_chain = 1;
	assert_true(plan_covers(pins.data, pins.size, TYPE_A, &old, &there));
	/* The way back is not planned, nor what moves behind it later. */
	assert_false(plan_covers(pins.data, pins.size, TYPE_A, &there, &old));
	old.chain = to_cdn;
	old.n_chain = 1;
	assert_false(plan_covers(pins.data, pins.size, TYPE_A, &old, &there));
	there.chain = to_evil;
	assert_false(plan_covers(pins.data, pins.size, TYPE_A, &old, &there));
	buf_fini(&pins);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_R27_plans_are_read_with_their_windows),
	    cmocka_unit_test(test_R27_what_is_wrong_is_told_with_its_place),
	    cmocka_unit_test(
		test_R27_a_plan_covers_what_comes_nearer_and_nothing_else),
	    cmocka_unit_test(
		test_R27_what_cannot_be_read_is_neither_covered_nor_done),
	    cmocka_unit_test(test_R27_an_alias_leads_where_the_plan_has_it),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

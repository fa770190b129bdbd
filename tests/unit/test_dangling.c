/* SPDX-License-Identifier: ISC */
/* room: judge */

/*
 * A target is missing when two say so and nobody fresh says otherwise; one
 * liar, silence and words of long ago say nothing.  Which name is missing, the
 * target or its zone, and what is told of it once.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dns/name.h"
#include "dns/type.h"
#include "judge/dangling.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static const wall_us now = WALL_S(1000000);

static struct name gone, zone, other;

static const uint8_t *
parse(struct name *n, const char *text)
{
	const char *why;

	assert_int_equal(name_parse(text, n, &why), 0);
	return n->wire;
}

static int
set_up(void **state)
{
	(void)state;
	parse(&gone, "gone.example.net");
	parse(&zone, "example.net");
	parse(&other, "other.example.org");
	return 0;
}

/* Of group 1 or 2, over UDP, now, with a SOA. */
static struct dangling_word
word(enum dangling_about about, enum outcome outcome, uint16_t group)
{
	return (struct dangling_word){
	    .about = about,
	    .outcome = outcome,
	    .end = about == DANGLING_ZONE ? zone.wire : gone.wire,
	    .has_soa = true,
	    .group = group,
	    .at = now,
	};
}

static enum dangling
verdict(const struct dangling_word *w, size_t n, bool needs_address)
{
	return dangling_judge(w, n, needs_address, now).verdict;
}

/* ---- targets ---- */

static struct record
points(uint16_t type, size_t at, const char *target, uint8_t room[])
{
	struct name n = {.size = 1};

	if (strcmp(target, ".") != 0)
		parse(&n, target);
	memset(room, 1, at);
	memcpy(room + at, n.wire, n.size);
	return (struct record){
	    .type = type, .size = (uint16_t)(at + n.size), .rdata = room};
}

static void
test_dangling_targets_are_those_of_mx_srv_ns_and_cname(void **state)
{
	uint8_t room[4][300];
	struct record r[] = {
	    points(TYPE_MX, 2, "mx.example.com", room[0]),
	    points(TYPE_SRV, 6, "srv.example.com", room[1]),
	    points(TYPE_NS, 0, "ns.example.com", room[2]),
	    points(TYPE_CNAME, 0, "cname.example.com", room[3]),
	};
	struct content c = {
	    .outcome = OUTCOME_ANSWER, .n_records = LEN(r), .records = r};
	const uint8_t *out[DANGLING_TARGETS_MAX];
	size_t left;

	(void)state;
	assert_int_equal(dangling_targets(&c, out, &left), 4);
	assert_ptr_equal(out[0], room[0] + 2);
	assert_ptr_equal(out[1], room[1] + 6);
	assert_ptr_equal(out[2], room[2]);
	assert_ptr_equal(out[3], room[3]);
	assert_int_equal(left, 0);
	c.outcome = OUTCOME_NODATA;
	assert_int_equal(dangling_targets(&c, out, &left), 0);
}

static void
test_dangling_targets_null_mx_and_srv_point_nowhere(void **state)
{
	uint8_t room[3][300], address[4] = {192, 0, 2, 1};
	struct record r[] = {
	    points(TYPE_MX, 2, ".", room[0]),
	    points(TYPE_SRV, 6, ".", room[1]),
	    {.type = TYPE_A, .size = 4, .rdata = address},
	};
	struct content c = {
	    .outcome = OUTCOME_ANSWER, .n_records = LEN(r), .records = r};
	const uint8_t *out[DANGLING_TARGETS_MAX];
	size_t left;

	(void)state;
	assert_int_equal(dangling_targets(&c, out, &left), 0);
}

static void
test_dangling_targets_broken_rdata_is_not_read(void **state)
{
	static const uint8_t long_label[] = {0, 1, 5, 'a', 0};
	static const uint8_t no_end[] = {1, 'a'};
	static const uint8_t more[] = {1, 'a', 0, 0};
	static const uint8_t pointer[] = {0xc0, 12, 0};
	struct record r[] = {
	    {.type = TYPE_MX, .size = 5, .rdata = long_label},
	    {.type = TYPE_MX, .size = 2, .rdata = long_label},
	    {.type = TYPE_SRV, .size = 5, .rdata = long_label},
	    {.type = TYPE_NS, .size = 2, .rdata = no_end},
	    {.type = TYPE_NS, .size = 0, .rdata = no_end},
	    {.type = TYPE_NS, .size = 4, .rdata = more},
	    {.type = TYPE_CNAME, .size = 3, .rdata = pointer},
	};
	struct content c = {
	    .outcome = OUTCOME_ANSWER, .n_records = LEN(r), .records = r};
	const uint8_t *out[DANGLING_TARGETS_MAX];
	size_t left;

	(void)state;
	assert_int_equal(dangling_targets(&c, out, &left), 0);
}

static void
test_dangling_targets_each_once_and_some_at_most(void **state)
{
	static uint8_t room[20][300];
	struct record r[20];
	char text[] = "a.example.com";
	struct content c = {
	    .outcome = OUTCOME_ANSWER, .n_records = LEN(r), .records = r};
	const uint8_t *out[DANGLING_TARGETS_MAX];
	size_t left;

	(void)state;
	for (size_t i = 0; i < LEN(r); i++) {
		text[0] = (char)('a' + (i < 2 ? 0 : i));
		r[i] = points(TYPE_SRV, 6, text, room[i]);
	}
	assert_int_equal(
	    dangling_targets(&c, out, &left), DANGLING_TARGETS_MAX);
	assert_int_equal(left, 3);
	assert_ptr_equal(out[1], room[2] + 6);
}

static void
test_dangling_targets_the_end_of_a_denied_chain_is_one_r5(void **state)
{
	const uint8_t *chain[] = {other.wire, gone.wire};
	struct content c = {
	    .outcome = OUTCOME_NXDOMAIN, .n_chain = 2, .chain = chain};
	const uint8_t *out[DANGLING_TARGETS_MAX];
	size_t left;

	(void)state;
	assert_int_equal(dangling_targets(&c, out, &left), 1);
	assert_ptr_equal(out[0], gone.wire);
	c.n_chain = 0;
	assert_int_equal(dangling_targets(&c, out, &left), 0);
}

/* ---- words ---- */

static void
test_dangling_two_groups_deny_and_one_does_not_do(void **state)
{
	struct dangling_word w[] = {
	    word(DANGLING_A, OUTCOME_NXDOMAIN, 1),
	    word(DANGLING_A, OUTCOME_NXDOMAIN, 2),
	};
	struct dangling_judgement j = dangling_judge(w, 2, false, now);

	(void)state;
	assert_int_equal(j.verdict, DANGLING_NAME);
	assert_ptr_equal(j.missing, gone.wire);
	assert_true(j.zone_unknown);
	assert_int_equal(verdict(w, 1, false), DANGLING_UNKNOWN);
	w[1].group = 1;
	assert_int_equal(verdict(w, 2, false), DANGLING_UNKNOWN);
	w[1].tcp = true;
	assert_int_equal(verdict(w, 2, false), DANGLING_NAME);
	/* One group's filter says so over TCP, too (R16). */
	w[1].has_soa = false;
	assert_int_equal(verdict(w, 2, false), DANGLING_UNKNOWN);
}

static void
test_dangling_who_contradicts_leaves_it_unknown(void **state)
{
	struct dangling_word w[] = {
	    word(DANGLING_A, OUTCOME_NXDOMAIN, 1),
	    word(DANGLING_A, OUTCOME_NXDOMAIN, 2),
	    word(DANGLING_A, OUTCOME_ANSWER, 3),
	};

	(void)state;
	assert_int_equal(verdict(w, 3, false), DANGLING_UNKNOWN);
	w[2] = word(DANGLING_AAAA, OUTCOME_NODATA, 3);
	assert_int_equal(verdict(w, 3, false), DANGLING_UNKNOWN);
	w[2] = word(DANGLING_A, OUTCOME_NXDOMAIN, 3);
	w[2].end = other.wire;
	assert_int_equal(verdict(w, 3, false), DANGLING_UNKNOWN);
}

static void
test_dangling_failures_and_old_words_say_nothing_r3(void **state)
{
	struct dangling_word w[] = {
	    word(DANGLING_A, OUTCOME_NXDOMAIN, 1),
	    word(DANGLING_A, OUTCOME_NXDOMAIN, 2),
	};

	(void)state;
	w[1].fail = FAIL_TIMEOUT;
	assert_int_equal(verdict(w, 2, false), DANGLING_UNKNOWN);
	w[1].fail = FAIL_NOT;
	w[1].at = now - WALL_S(DANGLING_WORD_S) - 1;
	assert_int_equal(verdict(w, 2, false), DANGLING_UNKNOWN);
	w[1].at++;
	assert_int_equal(verdict(w, 2, false), DANGLING_NAME);
}

static void
test_dangling_a_later_word_of_the_same_takes_it_back(void **state)
{
	struct dangling_word w[] = {
	    word(DANGLING_A, OUTCOME_ANSWER, 1),
	    word(DANGLING_A, OUTCOME_NXDOMAIN, 2),
	    word(DANGLING_A, OUTCOME_NXDOMAIN, 1),
	};

	(void)state;
	assert_int_equal(verdict(w, 3, false), DANGLING_UNKNOWN);
	w[0].at = now - WALL_S(5);
	assert_int_equal(verdict(w, 3, false), DANGLING_NAME);
	/* A failure takes nothing back. */
	w[2].fail = FAIL_SERVFAIL;
	assert_int_equal(verdict(w, 3, false), DANGLING_UNKNOWN);
}

static void
test_dangling_the_zone_is_missing_when_it_is_denied_itself(void **state)
{
	struct dangling_word w[] = {
	    word(DANGLING_A, OUTCOME_NXDOMAIN, 1),
	    word(DANGLING_A, OUTCOME_NXDOMAIN, 2),
	    word(DANGLING_ZONE, OUTCOME_NXDOMAIN, 1),
	    word(DANGLING_ZONE, OUTCOME_NXDOMAIN, 2),
	};
	struct dangling_judgement j = dangling_judge(w, 4, false, now);

	(void)state;
	assert_int_equal(j.verdict, DANGLING_ZONE_GONE);
	assert_true(name_equal(j.missing, zone.wire));
	assert_false(j.zone_unknown);
	w[2].outcome = w[3].outcome = OUTCOME_ANSWER;
	j = dangling_judge(w, 4, false, now);
	assert_int_equal(j.verdict, DANGLING_NAME);
	assert_false(j.zone_unknown);
	w[2].outcome = OUTCOME_NXDOMAIN;
	assert_true(dangling_judge(w, 4, false, now).zone_unknown);
	/* The target is itself what one would register. */
	w[0].end = w[1].end = zone.wire;
	assert_int_equal(verdict(w, 2, false), DANGLING_ZONE_GONE);
	/* Nobody registers a top-level domain, or the root. */
	w[0].end = w[1].end = (const uint8_t *)"\4"
					       "oops";
	assert_int_equal(verdict(w, 2, false), DANGLING_NAME);
	w[0].end = w[1].end = (const uint8_t *)"";
	assert_int_equal(verdict(w, 2, false), DANGLING_NAME);
}

static void
test_dangling_no_address_is_what_mx_minds_and_cname_does_not(void **state)
{
	struct dangling_word w[] = {
	    word(DANGLING_A, OUTCOME_NODATA, 1),
	    word(DANGLING_A, OUTCOME_NODATA, 2),
	    word(DANGLING_AAAA, OUTCOME_NODATA, 1),
	    word(DANGLING_AAAA, OUTCOME_NODATA, 2),
	};

	(void)state;
	assert_int_equal(verdict(w, 2, false), DANGLING_FINE);
	assert_int_equal(verdict(w, 2, true), DANGLING_UNKNOWN);
	assert_int_equal(verdict(w, 4, true), DANGLING_NO_ADDRESS);
	w[2].outcome = w[3].outcome = OUTCOME_ANSWER;
	assert_int_equal(verdict(w, 4, true), DANGLING_FINE);
	w[0].outcome = w[1].outcome = OUTCOME_ANSWER;
	assert_int_equal(verdict(w, 2, true), DANGLING_FINE);
}

/* ---- zones, and what was told ---- */

static void
test_dangling_zone_is_what_one_registers(void **state)
{
	static const char *const cases[][2] = {
	    {"a.b.example.net", "example.net"},
	    {"example.net", "example.net"},
	    {"net", "net"},
	    {"a.b.example.co.uk", "example.co.uk"},
	    {"example.com.au", "example.com.au"},
	    {"co.uk", "co.uk"},
	    {"a.co.example", "co.example"},
	    {"a.cob.uk", "cob.uk"},
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct name from, to;

		parse(&to, cases[i][1]);
		assert_true(name_equal(
		    dangling_zone(parse(&from, cases[i][0])), to.wire));
	}
	assert_int_equal(*dangling_zone((const uint8_t *)""), 0);
}

static void
test_dangling_is_told_once_when_worse_and_when_over(void **state)
{
	struct dangling_cell c = {0};

	(void)state;
	assert_int_equal(dangling_step(&c, DANGLING_FINE, 1), DANGLING_SAME);
	assert_int_equal(dangling_step(&c, DANGLING_NAME, 2), DANGLING_OPENED);
	assert_int_equal(dangling_step(&c, DANGLING_NAME, 3), DANGLING_SAME);
	assert_int_equal(dangling_step(&c, DANGLING_UNKNOWN, 4), DANGLING_SAME);
	assert_int_equal(
	    dangling_step(&c, DANGLING_ZONE_GONE, 5), DANGLING_WORSE);
	assert_int_equal(dangling_step(&c, DANGLING_NAME, 6), DANGLING_SAME);
	assert_int_equal(c.told, DANGLING_ZONE_GONE);
	assert_int_equal(c.since, 2);
	assert_int_equal(dangling_step(&c, DANGLING_FINE, 7), DANGLING_ENDED);
	assert_int_equal(dangling_step(&c, DANGLING_FINE, 8), DANGLING_SAME);
	assert_int_equal(
	    dangling_step(&c, DANGLING_NO_ADDRESS, 9), DANGLING_OPENED);
	assert_int_equal(c.since, 9);
	assert_string_equal(dangling_text(c.told), "no-address");
}

static void
test_dangling_what_was_told_is_kept_and_broken_bytes_are_not_read(void **state)
{
	struct dangling_kept k = {gone.wire, {DANGLING_NAME, 1234567890123456}};
	struct dangling_kept out[DANGLING_TARGETS_MAX];
	struct buf b = {0};

	(void)state;
	dangling_pack(&k, &b);
	k.name = zone.wire;
	k.cell.told = DANGLING_ZONE_GONE;
	dangling_pack(&k, &b);
	assert_int_equal(dangling_unpack(b.data, b.size, out), 2);
	assert_true(name_equal(out[0].name, gone.wire));
	assert_int_equal(out[0].cell.told, DANGLING_NAME);
	assert_int_equal(out[0].cell.since, 1234567890123456);
	assert_true(name_equal(out[1].name, zone.wire));
	assert_int_equal(out[1].cell.told, DANGLING_ZONE_GONE);
	/* Cut anywhere but between two of them it is nothing. */
	for (size_t cut = 0; cut < b.size; cut++)
		assert_true(dangling_unpack(b.data, cut, out) <= 1);
	assert_int_equal(dangling_unpack(b.data, b.size - 1, out), 0);
	b.data[1] = DANGLING_FINE; /* nothing that is told */
	assert_int_equal(dangling_unpack(b.data, b.size, out), 0);
	b.data[1] = DANGLING_NAME;
	b.data[10] = 64; /* no label */
	assert_int_equal(dangling_unpack(b.data, b.size, out), 0);
	b.data[0]++; /* another version */
	assert_int_equal(dangling_unpack(b.data, b.size, out), 0);
	/* More than may be are of none that we wrote. */
	b.size = 0;
	for (int i = 0; i <= DANGLING_TARGETS_MAX; i++)
		dangling_pack(&k, &b);
	assert_int_equal(dangling_unpack(b.data, b.size, out), 0);
	buf_fini(&b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_dangling_targets_are_those_of_mx_srv_ns_and_cname),
	    cmocka_unit_test(
		test_dangling_targets_null_mx_and_srv_point_nowhere),
	    cmocka_unit_test(test_dangling_targets_broken_rdata_is_not_read),
	    cmocka_unit_test(test_dangling_targets_each_once_and_some_at_most),
	    cmocka_unit_test(
		test_dangling_targets_the_end_of_a_denied_chain_is_one_r5),
	    cmocka_unit_test(test_dangling_two_groups_deny_and_one_does_not_do),
	    cmocka_unit_test(test_dangling_who_contradicts_leaves_it_unknown),
	    cmocka_unit_test(
		test_dangling_failures_and_old_words_say_nothing_r3),
	    cmocka_unit_test(
		test_dangling_a_later_word_of_the_same_takes_it_back),
	    cmocka_unit_test(
		test_dangling_the_zone_is_missing_when_it_is_denied_itself),
	    cmocka_unit_test(
		test_dangling_no_address_is_what_mx_minds_and_cname_does_not),
	    cmocka_unit_test(test_dangling_zone_is_what_one_registers),
	    cmocka_unit_test(
		test_dangling_is_told_once_when_worse_and_when_over),
	    cmocka_unit_test(
		test_dangling_what_was_told_is_kept_and_broken_bytes_are_not_read),
	};

	return cmocka_run_group_tests_name("dangling", tests, set_up, NULL);
}

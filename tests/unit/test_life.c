/* SPDX-License-Identifier: ISC */
/* room: rule */

/*
 * Stages by what is believed, marks with their places, and what is kept.  What
 * happens over time is in tests/replay/life.play.
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
#include "base/rand.h"
#include "config/config.h"
#include "dns/type.h"
#include "rule/life.h"

#define NOW WALL_S(1795280400) /* 2026-11-21T17:00:00Z */

static char folder[] = "/tmp/dnsvigil-life-XXXXXX";

static void
path_of(const char *name, char out[256])
{
	snprintf(out, 256, "%s/%s", folder, name);
}

static struct config *
load(const char *marks, struct diag *d)
{
	static const char text[] = "database: dbname=x\n"
				   "resolvers: [192.0.2.1]\n"
				   "watchlists: [a]\n"
				   "marks: [\"*.marks\"]\n";
	char path[256];
	FILE *f;

	path_of("a.marks", path);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(marks, f);
	fclose(f);
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
	path_of("a.marks", path);
	unlink(path);
	return rmdir(folder);
}

/* ---- marks ---- */

struct wrong {
	const char *text;
	unsigned line;
	const char *says;
};

static void
test_life_marks_that_are_wrong_are_told_with_their_place(void **state)
{
	static const struct wrong wrongs[] = {
	    {"", 1, "an empty file of marks"},
	    {"kind: parked\n", 1, "a file of marks"},
	    {"- {who: a, ns: [b.example]}\n", 1, "a mark without `kind`"},
	    {"- {kind: parked, ns: [b.example]}\n", 1, "a mark without `who`"},
	    {"- {kind: parked, who: a}\n", 1, "a mark of nothing"},
	    {"- {kind: taken, who: a, ns: [b.example]}\n", 1,
		"a kind of mark `taken` is unknown"},
	    {"- {kind: parked, who: a, ns: [192.0.2.1]}\n", 1,
		"that is for `addresses`"},
	    {"- {kind: parked, who: a, addresses: [b.example]}\n", 1,
		"is no address or prefix"},
	    {"- {kind: parked, who: a, addresses: [192.0.2.0/33]}\n", 1,
		"is no address or prefix"},
	    {"- {kind: parked, who: a, ns: [b.example], since: now}\n", 1,
		"is no time"},
	    {"- kind: parked\n  who: a\n  ns: [b.example]\n"
	     "  since: 2026-02-01\n  until: 2026-01-01\n",
		1, "`until` is not after `since`"},
	    {"- kind: parked\n  who: a\n  color: red\n  ns: [b.example]\n", 3,
		"unknown key `color`"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		struct diag d = {0};
		bool found = false;

		assert_null(load(wrongs[i].text, &d));
		for (size_t k = 0; k < d.n_items; k++)
			found = found || (strstr(d.items[k].text,
					      wrongs[i].says) != NULL &&
					     d.items[k].line == wrongs[i].line);
		if (!found)
			fprintf(stderr, "%s: not told, but line %u: %s\n",
			    wrongs[i].says, d.items[0].line, d.items[0].text);
		assert_true(found);
		diag_fini(&d);
	}
}

/* ---- stages ---- */

static const uint8_t apex[] = "\4evil\7example";
static const uint8_t below[] = "\2c2\4evil\7example";
static const uint8_t sink_ns[] = "\1a\4sink\7example";
static const uint8_t other_ns[] = "\2ns\4host\7example";
static const uint8_t sunk[4] = {192, 0, 2, 7};
static const uint8_t free_address[4] = {203, 0, 113, 7};
static const uint8_t mx[] = "\0\12\2mx\7example";
static const uint8_t null_mx[3] = {0};

/* An answer of one or two records. */
static struct content
answer(struct record room[2], uint16_t type, const void *a, size_t a_size,
    const void *b, size_t b_size)
{
	struct content c = {.outcome = OUTCOME_ANSWER, .records = room};

	room[c.n_records++] =
	    (struct record){.type = type, .size = (uint16_t)a_size, .rdata = a};
	if (b != NULL)
		room[c.n_records++] = (struct record){
		    .type = type, .size = (uint16_t)b_size, .rdata = b};
	return c;
}

static const struct content nodata = {.outcome = OUTCOME_NODATA};
static const struct content denied = {.outcome = OUTCOME_NXDOMAIN};
static const char *const marks =
    "- {kind: sinkholed, who: CERT, ns: [sink.example], "
    "addresses: [192.0.2.0/24], since: 2024-01-01}\n"
    "- {kind: parked, who: Old, addresses: [203.0.113.0/24], "
    "until: 2026-01-01}\n";

static struct life
judged(const uint8_t *name, const struct life_fact *facts, size_t n,
    const struct config *c)
{
	struct life_input in = {.name = name, .facts = facts, .n = n};

	return life_of(&in, c, NOW);
}

static void
test_life_stages_without_marks(void **state)
{
	struct record r[2];
	struct content a = answer(r, TYPE_A, free_address, 4, NULL, 0);
	struct record s[2];
	struct content mail = answer(s, TYPE_MX, mx, sizeof(mx), NULL, 0);
	struct record t[2];
	struct content no_mail = answer(t, TYPE_MX, null_mx, 3, NULL, 0);
	struct life_fact facts[2] = {{TYPE_A, NULL}, {TYPE_MX, NULL}};

	(void)state;
	assert_int_equal(judged(apex, facts, 2, NULL).stage, LIFE_UNKNOWN);
	facts[0].content = &denied;
	assert_int_equal(judged(apex, facts, 2, NULL).stage, LIFE_UNSEEN);
	facts[1].content = &nodata;
	assert_int_equal(judged(apex, facts, 2, NULL).stage, LIFE_REGISTERED);
	facts[0].content = &a;
	assert_int_equal(judged(apex, facts, 2, NULL).stage, LIFE_RESOLVING);
	facts[1].content = &no_mail;
	assert_int_equal(judged(apex, facts, 2, NULL).stage, LIFE_RESOLVING);
	facts[1].content = &mail;
	assert_int_equal(judged(apex, facts, 2, NULL).stage, LIFE_MAIL);
	assert_int_equal(judged(apex, facts, 2, NULL).confidence, LIFE_HIGH);
}

static void
test_life_what_is_gone_says_why(void **state)
{
	struct life_fact facts[1] = {{TYPE_A, &denied}};
	struct life_input in = {
	    .name = apex, .facts = facts, .n = 1, .was = true};
	struct life l = life_of(&in, NULL, NOW);

	(void)state;
	/* A zone cannot deny its own apex: the parent did. */
	assert_int_equal(l.stage, LIFE_GONE);
	assert_int_equal(l.cause, LIFE_REMOVED);
	assert_int_equal(l.confidence, LIFE_MEDIUM);
	in.removed = true;
	assert_int_equal(life_of(&in, NULL, NOW).confidence, LIFE_HIGH);
	in.removed = false;
	in.name = below;
	assert_int_equal(life_of(&in, NULL, NOW).cause, LIFE_DENIED);
	/* Nobody answers: what is believed is what was. */
	facts[0].content = &nodata;
	assert_int_equal(life_of(&in, NULL, NOW).stage, LIFE_REGISTERED);
	in.silent = true;
	l = life_of(&in, NULL, NOW);
	assert_int_equal(l.stage, LIFE_GONE);
	assert_int_equal(l.cause, LIFE_SILENT);
	assert_int_equal(l.confidence, LIFE_LOW);
	/* A filter in between is no takedown (R16). */
	in.silent = false;
	in.filtered = true;
	l = life_of(&in, NULL, NOW);
	assert_int_equal(l.stage, LIFE_REGISTERED);
	assert_int_equal(l.cause, LIFE_FILTERED);
	assert_int_equal(l.confidence, LIFE_LOW);
}

static void
test_life_marks_are_as_sure_as_what_they_cover(void **state)
{
	struct diag d = {0};
	struct config *c = load(marks, &d);
	struct record r[2];
	struct record s[2];
	struct content a;
	struct content ns;
	struct life_fact facts[2] = {{TYPE_A, &a}, {TYPE_NS, &ns}};
	struct life l;

	(void)state;
	assert_non_null(c);
	assert_int_equal(c->n_marks, 2);
	ns = answer(s, TYPE_NS, other_ns, sizeof(other_ns), NULL, 0);
	a = answer(r, TYPE_A, sunk, 4, NULL, 0);
	l = judged(apex, facts, 2, c);
	assert_int_equal(l.stage, LIFE_SINKHOLED);
	assert_int_equal(l.cause, LIFE_MARKED);
	assert_int_equal(l.confidence, LIFE_MEDIUM);
	assert_string_equal(l.mark->who, "CERT");
	a = answer(r, TYPE_A, sunk, 4, free_address, 4);
	assert_int_equal(judged(apex, facts, 2, c).confidence, LIFE_LOW);
	ns = answer(s, TYPE_NS, sink_ns, sizeof(sink_ns), NULL, 0);
	assert_int_equal(judged(apex, facts, 2, c).confidence, LIFE_HIGH);
	/* The other mark is of the past. */
	ns = answer(s, TYPE_NS, other_ns, sizeof(other_ns), NULL, 0);
	a = answer(r, TYPE_A, free_address, 4, NULL, 0);
	assert_int_equal(judged(apex, facts, 2, c).stage, LIFE_RESOLVING);
	config_free(c);
	diag_fini(&d);
}

/* ---- what is kept ---- */

static void
test_life_stretches_are_kept_and_read_back(void **state)
{
	struct life_kept kept = {0};
	struct life_kept again;
	struct life l = {.stage = LIFE_RESOLVING, .confidence = LIFE_HIGH};
	struct buf packed = {0};

	(void)state;
	assert_true(life_put(&kept, &l, NOW));
	assert_false(life_put(&kept, &l, NOW + 1));
	l = (struct life){LIFE_GONE, LIFE_REMOVED, LIFE_MEDIUM, NULL};
	assert_true(life_put(&kept, &l, NOW + 2));
	assert_false(kept.list[0].back);
	l = (struct life){.stage = LIFE_REGISTERED, .confidence = LIFE_HIGH};
	assert_true(life_put(&kept, &l, NOW + 3));
	assert_true(kept.list[0].back);
	l.stage = LIFE_RESOLVING;
	assert_true(life_put(&kept, &l, NOW + 4));
	assert_true(kept.list[0].back);
	life_pack(&kept, &packed);
	assert_true(life_unpack(packed.data, packed.size, &again));
	assert_int_equal(again.n, 4);
	assert_memory_equal(&again, &kept, sizeof(kept));
	for (int i = 0; i < 100; i++) {
		l.stage = i % 2 == 0 ? LIFE_PARKED : LIFE_RESOLVING;
		assert_true(life_put(&kept, &l, NOW + 10 + i));
	}
	assert_int_equal(kept.n, LIFE_KEPT_MAX);
	buf_fini(&packed);
}

/* Whatever the bytes are, they are read or refused. */
static void
test_life_bytes_of_others_are_refused(void **state)
{
	struct life_kept kept = {0};
	struct life l = {.stage = LIFE_RESOLVING, .confidence = LIFE_HIGH};
	struct life_kept out;
	struct buf packed = {0};

	(void)state;
	assert_true(life_put(&kept, &l, NOW));
	life_pack(&kept, &packed);
	for (size_t n = 0; n < packed.size; n++)
		assert_false(life_unpack(packed.data, n, &out));
	rand_seed(5);
	for (int i = 0; i < 20000; i++) {
		uint8_t bytes[64];
		size_t n = rand_below(sizeof(bytes)) + 1;

		for (size_t k = 0; k < n; k++)
			bytes[k] = (uint8_t)rand_below(256);
		if (i % 2 == 0)
			bytes[0] = 1;
		if (life_unpack(bytes, n, &out))
			for (uint32_t k = 0; k < out.n; k++)
				assert_non_null(life_stage_text(
				    (enum life_stage)out.list[k].stage));
	}
	buf_fini(&packed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_life_marks_that_are_wrong_are_told_with_their_place),
	    cmocka_unit_test(test_life_stages_without_marks),
	    cmocka_unit_test(test_life_what_is_gone_says_why),
	    cmocka_unit_test(test_life_marks_are_as_sure_as_what_they_cover),
	    cmocka_unit_test(test_life_stretches_are_kept_and_read_back),
	    cmocka_unit_test(test_life_bytes_of_others_are_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

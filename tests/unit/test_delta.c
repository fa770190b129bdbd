/* SPDX-License-Identifier: ISC */
/* room: config */

/*
 * Deltas beside a list: FILE.d/ *.delta, in order of their names, add and take
 * out names as if the list itself had been written anew.
 */

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

#include "base/buf.h"
#include "base/rand.h"
#include "config/config.h"
#include "config/watchlist.h"
#include "dns/type.h"

static char folder[] = "/tmp/dnsvigil-test-XXXXXX";

static void
run_command(const char *before, const char *behind)
{
	char command[512];

	snprintf(command, sizeof(command), "%s %s%s", before, folder, behind);
	assert_int_equal(system(command), 0);
}

/* The folder of a file in it. */
static void
make_folder_of(const char *name)
{
	char below[256];

	snprintf(below, sizeof(below), "/%.*s",
	    (int)(strrchr(name, '/') - name), name);
	run_command("mkdir -p", below);
}

static int
make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL;
}

static int
drop_folder(void **state)
{
	(void)state;
	run_command("rm -rf", "");
	return 0;
}

static int
clear_folder(void **state)
{
	(void)state;
	run_command("rm -rf", "/*");
	return 0;
}

static const char *
path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void
put_data(const char *name, const void *data, size_t size)
{
	FILE *file;

	if (strchr(name, '/') != NULL)
		make_folder_of(name);
	file = fopen(path_of(name), "w");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static void
put(const char *name, const char *text)
{
	put_data(name, text, strlen(text));
}

/* The second asks the zones' own servers. */
static const char *const views[] = {"default", "source"};
static uint16_t of_soa[] = {TYPE_SOA};
static char of_at_apex[] = "";
static char of_www[] = "www";
static struct config_label of_corp[] = {
    {of_at_apex, of_soa, 1}, {of_www, of_soa, 1}};
static char of_corp_name[] = "corp";
static const struct config_profile of_profiles[] = {{of_corp_name, of_corp, 2}};
static const struct watch_names known = {.views = views,
    .n_views = 2,
    .authoritative = 2,
    .profiles = of_profiles,
    .n_profiles = 1};

static void
on_watch(void *ctx, const struct watch *w)
{
	struct buf *out = ctx;
	char name[NAME_TEXT_SIZE];
	char type[TYPE_TEXT_SIZE];

	buf_printf(out, "%u %s", w->line, name_print(w->name.wire, name));
	for (size_t i = 0; i < w->n_types && w->n_types < 6; i++)
		buf_printf(out, "%s%s", i == 0 ? " " : ",",
		    type_print(w->types[i], type));
	for (size_t i = 0; i < w->n_tags; i++)
		buf_printf(out, " #%s", w->tags[i]);
	buf_printf(out, " [%s]\n", w->list);
}

/* What is said begins with the file's name below the folder. */
static int
load(const char *name, struct buf *out)
{
	struct diag d = {0};
	int err = watchlist_load(path_of(name), &known, on_watch, out, &d);

	for (size_t i = 0; i < d.n_items; i++) {
		const struct diag_item *item = &d.items[i];

		assert_int_equal(
		    strncmp(item->file, folder, strlen(folder)), 0);
		buf_printf(out, "%s%s:%u:%u: %s\n",
		    item->warning ? "warning " : "",
		    item->file + strlen(folder) + 1, item->line, item->column,
		    item->text);
	}
	diag_fini(&d);
	return err;
}

static void
expect(const char *name, int err, const char *wanted)
{
	struct buf got = {0};

	assert_int_equal(load(name, &got), err);
	assert_string_equal(buf_text(&got), wanted);
	buf_fini(&got);
}

static void
test_delta_files_apply_in_order_of_their_names(void **state)
{
	(void)state;
	put("a.txt", "one.example\ntwo.example\nthree.example\n");
	put("a.txt.d/10.delta", "# of Monday\n\n-one.example\n+Four[.]example. "
				"# new\n\t+ https://five.example/x\n");
	put("a.txt.d/20.delta",
	    "+six.example\r\n-two.example\r\n-four.example");
	put("a.txt.d/9.delta",
	    "+two.example\n-five.example\n-six.example\n-x.example\n");
	put("a.txt.d/.30.delta", "-three.example\n");
	put("a.txt.d/30.delta~", "-three.example\n");
	put("a.txt.d/README", "no delta\n");
	expect("a.txt", 0,
	    "3 three.example. [a]\n"
	    "0 two.example. [a]\n"
	    "warning a.txt.d/9.delta:4:1: 0 added that the list has already, "
	    "1 taken out that it has not; this is the first such line\n");
}

static void
test_delta_loses_a_bad_line_alone_and_says_where(void **state)
{
	(void)state;
	put("a.txt", "one.example\n");
	put("a.txt.d/1.delta", "two.example\n"
			       "+two..example\n"
			       "  -\n"
			       "+10.0.0.0/8\n"
			       "-*.example\n"
			       "+three.example\n");
	expect("a.txt", 0,
	    "1 one.example. [a]\n"
	    "0 three.example. [a]\n"
	    "a.txt.d/1.delta:1:1: `two.example`: a line of a delta begins with "
	    "+ or -; write +name to add it, or -name to take it out\n"
	    "a.txt.d/1.delta:2:2: `two..example`: empty label\n"
	    "a.txt.d/1.delta:3:4: no name behind the sign; write one, or "
	    "remove the line\n"
	    "a.txt.d/1.delta:4:2: 10.0.0.0/8 has more than 4096 addresses; "
	    "split it, or name the parts that matter\n"
	    "a.txt.d/1.delta:5:2: `*.example`: a wildcard cannot be asked; "
	    "name the hosts that matter to you\n");
}

/* No problem: feeds say things twice. */
static void
test_delta_counts_what_changes_nothing_once_a_file(void **state)
{
	(void)state;
	put("a.txt", "one.example\ntwo.example\n");
	put("a.txt.d/1.delta", "+three.example\n+one.example\n+two.example\n"
			       "-x.example\n+three.example\n");
	put("a.txt.d/2.delta", "-x.example\n-one.example\n+three.example\n");
	expect("a.txt", 0,
	    "2 two.example. [a]\n"
	    "0 three.example. [a]\n"
	    "warning a.txt.d/1.delta:2:1: 3 added that the list has already, 1 "
	    "taken out that it has not; this is the first such line\n"
	    "warning a.txt.d/2.delta:1:1: 1 added that the list has already, 1 "
	    "taken out that it has not; this is the first such line\n");
}

/* What the list says of a name stands until a delta takes it out. */
static void
test_delta_adds_names_with_the_defaults_of_the_list(void **state)
{
	static const char delta[] = "+a.example\n-b.example\n-c.example\n"
				    "+c.example\n+new.example\n";

	(void)state;
	put("a.yaml", "watchlist: own\ndefaults: {types: [A], tags: [x]}\n"
		      "watch:\n"
		      "  - {name: a.example, types: [MX], tags: [y]}\n"
		      "  - {name: b.example, types: [MX]}\n"
		      "  - {name: b.example, types: [A]}\n"
		      "  - {name: c.example, types: [MX]}\n"
		      "  - {zone: z.example, profile: corp}\n");
	put("a.yaml.d/1.delta", delta);
	put("a.yaml.d/2.delta", "-www.z.example\n");
	expect("a.yaml", 0,
	    "4 a.example. MX #x #y [own]\n"
	    "8 z.example. SOA #x [own]\n"
	    "0 c.example. A #x [own]\n"
	    "0 new.example. A #x [own]\n"
	    "warning a.yaml.d/1.delta:1:1: 1 added that the list has already, "
	    "0 taken out that it has not; this is the first such line\n");
	put("a.csv", "name,types,tags\na.example,MX,y\nb.example,MX,\n"
		     "c.example,\"MX, A\",z\n");
	put("a.csv.d/1.delta", delta);
	expect("a.csv", 0,
	    "2 a.example. MX #y [a]\n"
	    "0 c.example. [a]\n"
	    "0 new.example. [a]\n"
	    "warning a.csv.d/1.delta:1:1: 1 added that the list has already, "
	    "0 taken out that it has not; this is the first such line\n");
}

static void
test_delta_takes_addresses_one_by_one(void **state)
{
	(void)state;
	put("a.txt", "192.0.2.0/30\n192.0.2.9\n");
	put("a.txt.d/1.delta", "-192.0.2.2/31\n+192.0.2.1\n-192.0.2.9\n"
			       "+198.51.100.7/31\n");
	expect("a.txt", 0,
	    "1 0.2.0.192.in-addr.arpa. PTR [a]\n"
	    "1 1.2.0.192.in-addr.arpa. PTR [a]\n"
	    "0 6.100.51.198.in-addr.arpa. PTR [a]\n"
	    "0 7.100.51.198.in-addr.arpa. PTR [a]\n"
	    "warning a.txt.d/1.delta:2:1: 1 added that the list has already, 0 "
	    "taken out that it has not; this is the first such line\n");
}

/* T16 holds for what is added; the place is that of the delta. */
static void
test_delta_adds_no_hostile_name_to_an_authoritative_view(void **state)
{
	(void)state;
	put("a.yaml", "defaults: {tags: [hostile], views: [source]}\n"
		      "watch:\n  - {name: a.example, views: [default]}\n");
	put("a.yaml.d/1.delta", "\n+b.example\n");
	expect("a.yaml", 0,
	    "3 a.example. #hostile [a]\n"
	    "a.yaml.d/1.delta:2:1: hostile names are not asked at their own "
	    "servers, which would tell them who watches; add `direct: true` or "
	    "leave out view `source`\n");
}

/* Else names would come and go that nobody named. */
static void
test_delta_that_cannot_be_read_makes_the_list_unreadable(void **state)
{
	struct buf got = {0};

	(void)state;
	put("a.txt", "one.example\n");
	put("a.txt.d/1.delta", "+two.example\n");
	put("a.txt.d/2.delta/x", "");
	put("a.txt.d/3.delta", "-one.example\n");
	expect("a.txt", -EISDIR,
	    "0 two.example. [a]\n"
	    "a.txt.d/2.delta:0:0: this is a folder; name a file in it\n");
	put_data("b.txt.d/1.delta", "\xff\xfe+\0", 4);
	put("b.txt", "one.example\n");
	assert_true(load("b.txt", &got) < 0);
	assert_string_equal(buf_text(&got),
	    "1 one.example. [b]\n"
	    "b.txt.d/1.delta:1:1: UTF-16; save the file as UTF-8\n");
	buf_clear(&got);
	put("c.txt", "one.example\n");
	put("c.txt.d", "");
	assert_int_equal(load("c.txt", &got), -ENOTDIR);
	assert_non_null(strstr(buf_text(&got), "1 one.example. [c]\nc.txt.d:"));
	buf_fini(&got);
}

/* One empty folder, or one with nothing for us, is as none. */
static void
test_delta_folder_may_be_empty(void **state)
{
	(void)state;
	put("a.txt", "one.example\n");
	put("a.txt.d/note", "x");
	expect("a.txt", 0, "1 one.example. [a]\n");
	put("a.txt.d/1.delta", "");
	expect("a.txt", 0, "1 one.example. [a]\n");
	put("a.txt.d/1.delta", "-one.example\n");
	expect("a.txt", 0,
	    "warning a.txt:0:0: nothing to watch in this list; add a name or "
	    "remove the file\n");
}

static void
count(void *ctx, const struct watch *w)
{
	(void)w;
	++*(size_t *)ctx;
}

enum { PREFIX_NAMES = 4096, PREFIXES = 245 };

static void
test_delta_refuses_more_than_a_million_names_and_says_where(void **state)
{
	struct diag d = {0};
	struct buf text = {0};
	size_t n = 0;
	int err;

	(void)state;
	for (unsigned i = 0; i < PREFIXES; i++)
		buf_printf(&text, "+10.%u.%u.0/20\n", i / 16, i % 16 * 16);
	buf_add_text(&text, "+late.example\n");
	put("a.txt", "one.example\n");
	put_data("a.txt.d/1.delta", text.data, text.size);
	put("a.txt.d/2.delta", "-one.example\n");
	buf_fini(&text);
	err = watchlist_load(path_of("a.txt"), NULL, count, &n, &d);
	assert_int_equal(err, -E2BIG);
	assert_int_equal(n, WATCHLIST_DELTA_NAMES_MAX + 1);
	assert_int_equal(d.n_errors, 1);
	assert_int_equal(
	    d.items[0].line, WATCHLIST_DELTA_NAMES_MAX / PREFIX_NAMES + 1);
	assert_non_null(strstr(d.items[0].file, "a.txt.d/1.delta"));
	diag_fini(&d);
}

/* Not even when 4,096 addresses are taken out that a list has. */
static void
test_delta_step_never_tells_more_than_asked(void **state)
{
	struct watchlist *w = NULL;
	struct diag d = {0};
	struct watchlist_deltas all;
	size_t n = 0;
	size_t before = 0;
	size_t steps = 0;

	(void)state;
	put("a.txt", "10.0.0.0/20\n");
	put("a.txt.d/1.delta", "+10.0.16.0/20\n-10.0.0.0/21\n");
	assert_int_equal(
	    watchlist_open(path_of("a.txt"), NULL, count, &n, &d, &w), 0);
	for (; watchlist_step(w, 10) > 0; steps++) {
		assert_true(n - before <= 10);
		before = n;
	}
	all = watchlist_deltas(w);
	assert_int_equal(n, 4096 - 2048 + 4096);
	assert_true(steps >= (4096 + 2048 + 4096 + 4096) / 10);
	assert_int_equal(all.files, 1);
	assert_int_equal(all.names, 4096 + 2048);
	assert_int_equal(all.added, 4096);
	assert_int_equal(all.removed, 2048);
	watchlist_close(w);
	diag_fini(&d);
}

enum { MANY = 50000, GROWTH_MAX = 64 * 1024 };

struct growth {
	unsigned long n;
	size_t early, most;
};

static void
note_growth(void *ctx, const struct watch *watch)
{
	struct growth *g = ctx;
	struct mallinfo2 m;

	(void)watch;
	if (++g->n % 1000 != 0)
		return;
	m = mallinfo2();
	if (g->n <= MANY / 10)
		g->early = m.uordblks + m.hblkhd;
	if (m.uordblks + m.hblkhd > g->most)
		g->most = m.uordblks + m.hblkhd;
}

static void
test_delta_memory_does_not_grow_with_the_list(void **state)
{
	static const struct {
		const char *file, *head, *before, *behind;
	} lists[] = {
	    {"many.txt", "", "", ""},
	    {"many.csv", "name,tags\n", "", ",owned"},
	    {"many.yaml", "watch:\n", " - ", ""},
	};
	char delta[64];

	(void)state;
	for (size_t k = 0; k < sizeof(lists) / sizeof(lists[0]); k++) {
		struct growth g = {0};
		struct diag d = {0};
		struct buf text = {0};

		buf_printf(&text, "%s", lists[k].head);
		for (int i = 0; i < MANY; i++)
			buf_printf(&text, "%sn%d.example.org%s\n",
			    lists[k].before, i, lists[k].behind);
		put_data(lists[k].file, text.data, text.size);
		buf_clear(&text);
		for (int i = 0; i < 1000; i++)
			buf_printf(&text,
			    "-n%d.example.org\n+m%d.example.org\n", i * 7, i);
		snprintf(delta, sizeof(delta), "%s.d/1.delta", lists[k].file);
		put_data(delta, text.data, text.size);
		buf_fini(&text);
		assert_int_equal(watchlist_load(path_of(lists[k].file), NULL,
				     note_growth, &g, &d),
		    0);
		assert_int_equal(g.n, MANY);
		assert_int_equal(d.n_errors + d.n_warnings, 0);
		assert_true(g.most <= g.early + GROWTH_MAX);
		diag_fini(&d);
	}
}

/* ---- any deltas, against applying them one line after the other ---- */

enum { WORDS = 40, ROUNDS = 200, LINES = 60 };

struct seen {
	bool has[WORDS];
	bool twice;
};

static void
note_seen(void *ctx, const struct watch *w)
{
	struct seen *s = ctx;
	char name[NAME_TEXT_SIZE];
	unsigned i;

	assert_int_equal(
	    sscanf(name_print(w->name.wire, name), "n%u.example.", &i), 1);
	assert_true(i < WORDS);
	s->twice = s->twice || s->has[i];
	s->has[i] = true;
}

static void
play_round(void)
{
	bool has[WORDS] = {false};
	bool had[WORDS];
	struct buf text = {0};
	struct seen seen = {0};
	struct diag d = {0};
	size_t n_idle[3] = {0};
	size_t n_files = 0;
	char file[32];

	for (unsigned i = 0; i < WORDS; i++) {
		has[i] = rand_below(2) == 0;
		if (has[i])
			buf_printf(&text, "n%u.example\n", i);
	}
	memcpy(had, has, sizeof(had));
	put_data("r.txt", text.data, text.size);
	for (unsigned k = 0; k < 3; k++) {
		buf_clear(&text);
		for (unsigned n = rand_below(LINES); n > 0; n--) {
			unsigned i = rand_below(WORDS);
			bool plus = rand_below(2) == 0;

			n_idle[k] += has[i] == plus;
			has[i] = plus;
			buf_printf(
			    &text, "%cn%u.example\n", plus ? '+' : '-', i);
		}
		snprintf(file, sizeof(file), "r.txt.d/%u.delta", k);
		put_data(file, buf_text(&text), text.size);
		n_files += n_idle[k] > 0;
	}
	buf_fini(&text);
	assert_int_equal(
	    watchlist_load(path_of("r.txt"), NULL, note_seen, &seen, &d), 0);
	assert_memory_equal(seen.has, has, sizeof(has));
	assert_false(seen.twice);
	assert_int_equal(d.n_errors, 0);
	assert_int_equal(d.n_warnings, n_files);
	for (size_t i = 0; i < d.n_items; i++) {
		size_t there, missing;
		unsigned k;

		assert_int_equal(
		    sscanf(strstr(d.items[i].file, ".d/"), ".d/%u", &k), 1);
		assert_int_equal(sscanf(d.items[i].text,
				     "%zu added that the list has already, "
				     "%zu taken",
				     &there, &missing),
		    2);
		assert_int_equal(there + missing, n_idle[k]);
	}
	diag_fini(&d);
}

static void
test_delta_is_what_its_lines_say_one_after_the_other(void **state)
{
	uint64_t seed = rand_u64();

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	rand_seed(seed);
	for (int i = 0; i < ROUNDS; i++)
		play_round();
}

#define TEST(f) cmocka_unit_test_setup(f, clear_folder)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_delta_files_apply_in_order_of_their_names),
	    TEST(test_delta_loses_a_bad_line_alone_and_says_where),
	    TEST(test_delta_counts_what_changes_nothing_once_a_file),
	    TEST(test_delta_adds_names_with_the_defaults_of_the_list),
	    TEST(test_delta_takes_addresses_one_by_one),
	    TEST(test_delta_adds_no_hostile_name_to_an_authoritative_view),
	    TEST(test_delta_that_cannot_be_read_makes_the_list_unreadable),
	    TEST(test_delta_folder_may_be_empty),
	    TEST(test_delta_refuses_more_than_a_million_names_and_says_where),
	    TEST(test_delta_step_never_tells_more_than_asked),
	    TEST(test_delta_memory_does_not_grow_with_the_list),
	    TEST(test_delta_is_what_its_lines_say_one_after_the_other),
	};

	return cmocka_run_group_tests(tests, make_folder, drop_folder);
}

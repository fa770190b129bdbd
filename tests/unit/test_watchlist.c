/* SPDX-License-Identifier: ISC */
/* room: config */

/*
 * A watchlist is read as a stream, takes names as people type them, and loses
 * a bad line without losing the others.
 *
 * tests/cases/config/names.txt has a line for each form of a name:
 *   typed <TAB> name that is asked, or "! what is said"
 * tests/cases/config/lists.txt holds whole lists; see run_lists().
 */

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

#include "base/buf.h"
#include "base/err.h"
#include "config/config.h"
#include "config/watchlist.h"
#include "dns/type.h"
#include "test_watchlist.h"

static void
expect_list(const char *name, const void *data, size_t size, const char *wanted)
{
	struct buf got = {0};

	(void)load_text(name, data, size, &got);
	assert_string_equal(buf_text(&got), wanted);
	buf_fini(&got);
}

/* The name of the only watch, or "! " and the first thing said. */
struct reading {
	char text[NAME_TEXT_SIZE + 64];
	size_t n;
};

static void
note_name(void *ctx, const struct watch *w)
{
	struct reading *o = ctx;

	if (o->n++ == 0)
		name_print(w->name.wire, o->text);
}

static void
read_name_as(const char *file, const char *text, struct reading *o)
{
	struct diag d = {0};
	int err;

	*o = (struct reading){.text = ""};
	err = watchlist_load(
	    write_file(file, text, strlen(text)), NULL, note_name, o, &d);
	assert_int_equal(err, 0);
	if (o->n == 0 && d.n_items > 0)
		snprintf(o->text, sizeof(o->text), "! %s",
		    strstr(d.items[0].text, "`: ") != NULL
			? strstr(d.items[0].text, "`: ") + 3
			: d.items[0].text);
	diag_fini(&d);
}

static void
test_watchlist_reads_names_as_people_type_them(void **state)
{
	FILE *file = fopen("tests/cases/config/names.txt", "r");
	char line[4096];
	struct reading o;
	size_t n = 0;
	size_t n_failed = 0;

	(void)state;
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		char *wanted = strchr(line, '\t');

		if (wanted == NULL)
			continue;
		*wanted++ = '\0';
		wanted[strcspn(wanted, "\n")] = '\0';
		read_name_as("n.txt", line, &o);
		n++;
		if (strcmp(o.text, wanted) == 0)
			continue;
		n_failed++;
		print_error(
		    "%s\n  wanted %s\n  got    %s\n", line, wanted, o.text);
	}
	fclose(file);
	assert_int_equal(n_failed, 0);
	assert_true(n >= 60);
}

static bool
run_list(const char *name, struct buf *text, struct buf *wanted)
{
	struct buf got = {0};
	bool ok;

	if (strncmp(name, "zones/", 6) == 0) {
		(void)write_file(name, buf_text(text), text->size);
		buf_clear(text);
		return true;
	}
	(void)load_text(name, buf_text(text), text->size, &got);
	ok = strcmp(buf_text(&got), buf_text(wanted)) == 0;
	if (!ok)
		print_error("%s\nwanted:\n%sgot:\n%s", buf_text(text),
		    buf_text(wanted), buf_text(&got));
	buf_fini(&got);
	buf_clear(text);
	buf_clear(wanted);
	return ok;
}

/*
 *   === file name: what is promised
 *   (the list, taken as it is)
 *   ---
 *   watches as on_watch() prints them, then what is said
 *
 * One whose name is zones/FILE is only written, for the lists behind it.
 */
static void
run_lists(const char *path, size_t n_min)
{
	FILE *file = fopen(path, "r");
	struct buf text = {0};
	struct buf wanted = {0};
	char line[4096];
	char name[64] = "";
	bool in_text = false;
	size_t n = 0;
	size_t n_failed = 0;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, "=== ", 4) == 0) {
			if (n++ > 0)
				n_failed += !run_list(name, &text, &wanted);
			snprintf(name, sizeof(name), "%.*s",
			    (int)strcspn(line + 4, ":"), line + 4);
			in_text = true;
		} else if (strcmp(line, "---\n") == 0) {
			in_text = false;
		} else if (n > 0) {
			buf_add_text(in_text ? &text : &wanted, line);
		}
	}
	n_failed += !run_list(name, &text, &wanted);
	fclose(file);
	buf_fini(&text);
	buf_fini(&wanted);
	assert_int_equal(n_failed, 0);
	assert_true(n >= n_min);
}

static void
test_watchlist_gives_the_watches_of_the_tables(void **state)
{
	(void)state;
	run_lists("tests/cases/config/lists.txt", 25);
}

static void
test_watchlist_expects_what_files_of_zones_say(void **state)
{
	(void)state;
	run_lists("tests/cases/config/lists_from.txt", 17);
}

static void
test_watchlist_takes_bom_crlf_and_a_last_line_without_end(void **state)
{
	static const char plain[] = "\xef\xbb\xbf"
				    "a.example\r\n\r\n b.example";
	static const char csv[] = "\xef\xbb\xbf"
				  "name,tags\r\na.example,\"x\r\ny\""
				  "\r\nb.example,";
	static const char yaml[] = "\xef\xbb\xbf"
				   "watch:\r\n- a.example\r\n"
				   "- b.example";

	(void)state;
	expect_list("l.txt", plain, strlen(plain),
	    "1 a.example. A,AAAA,MX,NS,TXT,SOA 300s [l]\n"
	    "3 b.example. A,AAAA,MX,NS,TXT,SOA 300s [l]\n");
	expect_list("l.csv", csv, strlen(csv),
	    "2 a.example. A,AAAA,MX,NS,TXT,SOA 300s #x #y [l]\n"
	    "4 b.example. A,AAAA,MX,NS,TXT,SOA 300s [l]\n");
	expect_list("l.yml", yaml, strlen(yaml),
	    "2 a.example. A,AAAA,MX,NS,TXT,SOA 300s [l]\n"
	    "3 b.example. A,AAAA,MX,NS,TXT,SOA 300s [l]\n");
}

static void
test_watchlist_refuses_nul_breaks_and_bad_bytes_in_a_name(void **state)
{
	static const char nul[] = "a.exam\0ple\nb.example\n";
	static const char latin[] = "b\xfc"
				    "cher.example\nb.example\n";
	static const char cr[] = "a.exam\rple\nb.example\n";
	static const char csv[] = "name\n\"a\nb.example\"\nb.example\n";
	static const char wide[] = "\xff\xfe"
				   "a\0";
	static const char rest[] = "b.example. A,AAAA,MX,NS,TXT,SOA 300s [l]\n";
	char wanted[512];

	(void)state;
	snprintf(wanted, sizeof(wanted), "2 %s%s", rest,
	    "1:1: `a.exam`: a NUL inside a name; remove it\n");
	expect_list("l.txt", nul, sizeof(nul) - 1, wanted);
	snprintf(wanted, sizeof(wanted), "2 %s%s", rest,
	    "1:1: `b\\252cher.example`: not UTF-8; save the file as UTF-8\n");
	expect_list("l.txt", latin, sizeof(latin) - 1, wanted);
	snprintf(wanted, sizeof(wanted), "2 %s%s", rest,
	    "1:1: `a.exam\\013ple`: a line break inside a name; write one "
	    "name per line\n");
	expect_list("l.txt", cr, sizeof(cr) - 1, wanted);
	snprintf(wanted, sizeof(wanted), "4 %s%s", rest,
	    "2:2: `a\\010b.example`: a line break inside a name; write one "
	    "name per line\n");
	expect_list("l.csv", csv, sizeof(csv) - 1, wanted);
	expect_list("l.txt", wide, 4, "1:1: UTF-16; save the file as UTF-8\n");
	expect_list("l.csv", wide, 4, "1:1: UTF-16; save the file as UTF-8\n");
	expect_list("l.yaml", wide, 4, "1:1: UTF-16; save the file as UTF-8\n");
}

static void
count(void *ctx, const struct watch *w)
{
	size_t *n = ctx;

	(void)w;
	(*n)++;
}

static void
test_watchlist_tells_every_address_of_a_prefix_once(void **state)
{
	static const char text[] = "198.51.100.6/30\n2001:db8::fffe/126\n"
				   "10.0.0.0/20\n10.0.0.0/19\n";
	static const char small[] = "198.51.100.6/30\n2001:db8::fe/127\n";
	struct diag d = {0};
	size_t n = 0;

	(void)state;
	assert_int_equal(watchlist_load(write_file("p.txt", text, strlen(text)),
			     NULL, count, &n, &d),
	    0);
	assert_int_equal(n, 4 + 4 + 4096);
	assert_int_equal(d.n_errors, 1);
	assert_string_equal(d.items[0].text,
	    "10.0.0.0/19 has more than 4096 addresses; split it, or name the "
	    "parts that matter");
	diag_fini(&d);
	expect_list("p.txt", small, strlen(small),
	    "1 4.100.51.198.in-addr.arpa. PTR 300s [p]\n"
	    "1 5.100.51.198.in-addr.arpa. PTR 300s [p]\n"
	    "1 6.100.51.198.in-addr.arpa. PTR 300s [p]\n"
	    "1 7.100.51.198.in-addr.arpa. PTR 300s [p]\n"
	    "2 e.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"
	    ".ip6.arpa. PTR 300s [p]\n"
	    "2 f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"
	    ".ip6.arpa. PTR 300s [p]\n");
}

static void
test_watchlist_step_never_does_more_than_asked(void **state)
{
	static const char *const names[] = {"s.txt", "s.csv", "s.yaml"};
	static const char *const texts[] = {
	    "# one\na.example\n10.0.0.0/24\nb.example\n",
	    "name\na.example\n10.0.0.0/24\nb.example\n",
	    "watch:\n- a.example\n- {name: 10.0.0.0/24}\n- b.example\n"};

	(void)state;
	for (int i = 0; i < 3; i++) {
		const char *path =
		    write_file(names[i], texts[i], strlen(texts[i]));
		struct watchlist *w = NULL;
		struct diag d = {0};
		size_t n = 0;
		int more;

		assert_int_equal(
		    watchlist_open(path, NULL, count, &n, &d, &w), 0);
		do {
			size_t before = n;

			more = watchlist_step(w, 10);
			assert_true(n - before <= 10);
		} while (more > 0);
		assert_int_equal(more, 0);
		assert_int_equal(watchlist_step(w, 10), 0);
		assert_int_equal(n, 258);
		watchlist_close(w);
		diag_fini(&d);
	}
}

/* A line that would be held in memory is ended by the limit instead. */
static void
test_watchlist_reads_past_a_line_of_many_megabytes(void **state)
{
	static const char *const names[] = {"h.txt", "h.csv", "h.yaml"};
	static const char *const heads[] = {
	    "a.example\n", "name\na.example\n", "watch:\n- a.example\n- "};
	static char block[1 << 20];
	struct diag d = {0};
	char path[256];

	(void)state;
	memset(block, 'x', sizeof(block));
	for (int i = 0; i < 3; i++) {
		FILE *file;
		size_t n = 0;
		int err;

		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		file = fopen(path, "w");
		assert_non_null(file);
		fputs(heads[i], file);
		for (int k = 0; k < 20; k++)
			assert_int_equal(
			    fwrite(block, sizeof(block), 1, file), 1);
		fputs("\nb.example\n", file);
		assert_int_equal(fclose(file), 0);
		err = watchlist_load(path, NULL, count, &n, &d);
		assert_int_equal(err, i < 2 ? 0 : ERR_SYNTAX);
		assert_int_equal(n, i < 2 ? 2 : 1);
		assert_int_equal(d.n_errors, i + 1);
	}
	diag_fini(&d);
}

static void
test_watchlist_takes_an_entry_of_64_kb_and_not_more(void **state)
{
	static char text[2 * WATCHLIST_ENTRY_MAX];
	size_t at = (size_t)snprintf(text, sizeof(text), "http://a.example/");
	struct diag d = {0};
	size_t n = 0;

	(void)state;
	memset(text + at, 'x', sizeof(text) - at);
	assert_int_equal(
	    watchlist_load(write_file("e.txt", text, WATCHLIST_ENTRY_MAX), NULL,
		count, &n, &d),
	    0);
	assert_int_equal(n, 1);
	assert_int_equal(
	    watchlist_load(write_file("e.txt", text, WATCHLIST_ENTRY_MAX + 1),
		NULL, count, &n, &d),
	    0);
	assert_int_equal(n, 1);
	assert_int_equal(d.n_errors, 1);
	diag_fini(&d);
}

static void
test_watchlist_lets_thousands_of_names_be_commented_out(void **state)
{
	struct diag d = {0};
	struct buf text = {0};
	size_t n = 0;

	(void)state;
	buf_add_text(&text, "watch:\n- a.example\n");
	for (int i = 0; i < 50000; i++)
		buf_add_text(&text, "  # - commented.example\n");
	buf_add_text(&text, "- b.example\n");
	assert_int_equal(
	    watchlist_load(write_file("c.yaml", text.data, text.size), NULL,
		count, &n, &d),
	    0);
	assert_int_equal(n, 2);
	assert_int_equal(d.n_items, 0);
	diag_fini(&d);
	buf_fini(&text);
}

/* Cuts the list short that is being read, as a careless editor does. */
struct spoiler {
	const char *path;
	size_t n;
};

static void
spoil(void *ctx, const struct watch *w)
{
	struct spoiler *s = ctx;

	(void)w;
	if (s->n++ == 0)
		assert_int_equal(truncate(s->path, 10), 0);
}

static void
test_watchlist_cut_short_while_it_is_read_is_an_error(void **state)
{
	struct spoiler s = {0};
	struct diag d = {0};
	struct buf text = {0};
	char path[256];

	(void)state;
	for (int i = 0; i < 50000; i++)
		buf_add_text(&text, "a.example\n");
	snprintf(path, sizeof(path), "%s",
	    write_file("v.txt", text.data, text.size));
	s.path = path;
	assert_true(watchlist_load(path, NULL, spoil, &s, &d) < 0);
	assert_int_equal(d.n_errors, 1);
	assert_non_null(strstr(d.items[0].text, "changed while it was read"));
	diag_fini(&d);
	buf_fini(&text);
}

static void
test_watchlist_never_blocks_on_what_is_no_file(void **state)
{
	struct diag d = {0};
	struct watchlist *w = NULL;
	size_t n = 0;
	char path[256];

	(void)state;
	snprintf(path, sizeof(path), "%s/fifo.txt", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_true(watchlist_load(path, NULL, count, &n, &d) < 0);
	assert_int_equal(watchlist_load(folder, NULL, count, &n, &d), -EISDIR);
	assert_int_equal(
	    watchlist_open("/nowhere", NULL, count, &n, &d, &w), -ENOENT);
	assert_null(w);
	assert_int_equal(d.n_errors, 3);
	diag_fini(&d);
}

static void
test_watchlist_warns_of_an_empty_list_and_of_mixed_scripts(void **state)
{
	static const char mixed[] = "\xd1\x80\xd0\xb0ypal.example\n";

	(void)state;
	expect_list("w.txt", "# nothing\n", 10,
	    "warning 0:0: nothing to watch in this list; add a name or remove "
	    "the file\n");
	expect_list("w.txt", mixed, strlen(mixed),
	    "1 xn--ypal-43d9g.example. A,AAAA,MX,NS,TXT,SOA 300s [w]\n"
	    "warning 1:1: xn--ypal-43d9g.example. mixes letters of Latin and "
	    "Cyrillic; be sure that it is the name you mean\n");
}

static void
test_watchlist_without_a_name_is_called_by_its_file(void **state)
{
	(void)state;
	expect_list("My list.v2.txt", "a.example\n", 10,
	    "1 a.example. A,AAAA,MX,NS,TXT,SOA 300s [My_list.v2]\n");
}

enum { MANY = 50000, MANY_GROWTH_MAX = 64 * 1024 };

struct growth {
	unsigned long n;
	size_t early; /* bytes in use after a tenth of the list */
	size_t most;
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

/* A million names cost what the table keeps of them, and nothing on top. */
static void
test_watchlist_memory_does_not_grow_with_the_list(void **state)
{
	static const struct {
		const char *file, *head, *before, *behind;
	} lists[] = {
	    {"many.txt", "", "", ""},
	    {"many.csv", "name,tags\n", "", ",owned"},
	    {"many.yaml", "watch:\n", " - ", ""},
	    {"maps.yaml", "watch:\n", " - {name: ", ", tags: [owned]}"},
	};

	(void)state;
	for (size_t k = 0; k < sizeof(lists) / sizeof(lists[0]); k++) {
		struct growth g = {0};
		struct diag d = {0};
		struct buf text = {0};
		const char *path;

		buf_printf(&text, "%s", lists[k].head);
		for (int i = 0; i < MANY; i++)
			buf_printf(&text, "%sn%d.example.org%s\n",
			    lists[k].before, i, lists[k].behind);
		path = write_file(lists[k].file, text.data, text.size);
		buf_fini(&text);
		assert_int_equal(
		    watchlist_load(path, NULL, note_growth, &g, &d), 0);
		assert_int_equal(g.n, MANY);
		assert_int_equal(d.n_errors, 0);
		assert_true(g.most <= g.early + MANY_GROWTH_MAX);
		diag_fini(&d);
	}
}

/* Of a list's proof it is told once, and the best stands in its place. */
static void
test_watchlist_R11_source_proves_nothing_without_an_authoritative_view(
    void **state)
{
	static const char text[] = "confirm: source\n"
				   "watch:\n"
				   "  - {name: a.example, types: [A]}\n"
				   "  - {name: b.example, confirm: source}\n";
	static const char wanted[] =
	    "3 a.example. A 300s [a]\n"
	    "1:10: `confirm: source` needs a view with `authoritative: true`; "
	    "add one to the configuration\n"
	    "4:32: `confirm: source` needs a view with `authoritative: true`; "
	    "add one to the configuration\n";
	const struct watch_names plain = {.views = views, .n_views = 3};
	const struct watch_names *const names[] = {&plain, NULL};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct buf got = {0};
		struct diag d = {0};

		assert_int_equal(
		    watchlist_load(write_file("a.yaml", text, strlen(text)),
			names[i], on_watch, &got, &d),
		    0);
		print_diag(&d, &got);
		diag_fini(&d);
		assert_string_equal(buf_text(&got), wanted);
		buf_fini(&got);
	}
}

/* Of a list, and of one watch; not where a zone's own servers are asked. */
static void
test_watchlist_R11_next_poll_is_for_resolvers(void **state)
{
	static const char text[] =
	    "confirm: next-poll\n"
	    "watch:\n"
	    "  - {name: a.example, types: [A]}\n"
	    "  - {name: b.example, types: [A], confirm: path}\n"
	    "  - {name: c.example, types: [A], views: [eu]}\n"
	    "  - {name: d.example, types: [A], confirm: next}\n";
	static const char wanted[] =
	    "3 a.example. A 300s confirm=next-poll [a]\n"
	    "4 b.example. A 300s confirm=path [a]\n"
	    "5:12: `confirm: next-poll` is for resolvers, and view `eu` asks "
	    "a zone's own servers; leave one of them out\n"
	    "6:44: confirm `next` is unknown; write path, cache, source or "
	    "next-poll\n";
	const struct watch_names names = {
	    .views = views, .n_views = 3, .authoritative = 1u << 1};
	struct buf got = {0};
	struct diag d = {0};

	(void)state;
	assert_int_equal(
	    watchlist_load(write_file("a.yaml", text, strlen(text)), &names,
		on_watch, &got, &d),
	    0);
	print_diag(&d, &got);
	diag_fini(&d);
	assert_string_equal(buf_text(&got), wanted);
	buf_fini(&got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_watchlist_reads_names_as_people_type_them),
	    cmocka_unit_test(test_watchlist_gives_the_watches_of_the_tables),
	    cmocka_unit_test(test_watchlist_expects_what_files_of_zones_say),
	    cmocka_unit_test(
		test_watchlist_takes_bom_crlf_and_a_last_line_without_end),
	    cmocka_unit_test(
		test_watchlist_refuses_nul_breaks_and_bad_bytes_in_a_name),
	    cmocka_unit_test(
		test_watchlist_tells_every_address_of_a_prefix_once),
	    cmocka_unit_test(test_watchlist_step_never_does_more_than_asked),
	    cmocka_unit_test(
		test_watchlist_reads_past_a_line_of_many_megabytes),
	    cmocka_unit_test(
		test_watchlist_takes_an_entry_of_64_kb_and_not_more),
	    cmocka_unit_test(
		test_watchlist_lets_thousands_of_names_be_commented_out),
	    cmocka_unit_test(
		test_watchlist_cut_short_while_it_is_read_is_an_error),
	    cmocka_unit_test(test_watchlist_never_blocks_on_what_is_no_file),
	    cmocka_unit_test(
		test_watchlist_warns_of_an_empty_list_and_of_mixed_scripts),
	    cmocka_unit_test(
		test_watchlist_without_a_name_is_called_by_its_file),
	    cmocka_unit_test(test_watchlist_memory_does_not_grow_with_the_list),
	    cmocka_unit_test(test_watchlist_R11_next_poll_is_for_resolvers),
	    cmocka_unit_test(
		test_watchlist_R11_source_proves_nothing_without_an_authoritative_view),
	};

	return cmocka_run_group_tests(tests, make_folder, drop_folder);
}

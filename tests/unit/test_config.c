/* SPDX-License-Identifier: ISC */
/* room: config */

/*
 * A configuration is read whole or not at all, and every problem is told with
 * its place.  The tables tests/cases/config/config_*.txt hold texts and the
 * exact lines expected for them:
 *
 *   === what is promised      begins a case
 *   (YAML, taken as it is)
 *   ---                       ends it
 *   3:1: message              an error, or "warning 3:1: message"
 *
 * A case that expects no error must give a configuration, others must not.
 */

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

#include "base/buf.h"
#include "config/config.h"
#include "daemon/config/reader_priv.h"

static char folder[] = "/tmp/dnsvigil-test-XXXXXX";

static int
make_folder(void **state)
{
	(void)state;
	setenv("TEST_SET", "set", 1);
	setenv("TEST_EMPTY", "", 1);
	setenv("TEST_YAML", "a: [b, \"", 1);
	setenv("TEST_SECRET", "0123456789abcdef0123456789abcdef", 1);
	unsetenv("TEST_UNSET");
	unsetenv("CREDENTIALS_DIRECTORY");
	return mkdtemp(folder) == NULL;
}

static int
drop_folder(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static const char *
write_file(const char *name, const void *data, size_t size, mode_t mode)
{
	static char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
	return path;
}

/* What diag says, a line each, without the file's name. */
static void
print_diag(const struct diag *d, struct buf *out)
{
	for (size_t i = 0; i < d->n_items; i++) {
		const struct diag_item *item = &d->items[i];

		buf_printf(out, "%s%u:%u: %s\n",
		    item->warning ? "warning " : "", item->line, item->column,
		    item->text);
	}
}

static void
expect_read(const char *text, size_t size, const char *wanted)
{
	struct diag d = {0};
	struct buf got = {0};
	struct config *c = config_read(text, size, "x.yaml", &d);

	print_diag(&d, &got);
	assert_string_equal(buf_text(&got), wanted);
	assert_int_equal(c == NULL, d.n_errors > 0);
	config_free(c);
	buf_fini(&got);
	diag_fini(&d);
}

struct one_case {
	char title[256];
	struct buf text;
	struct buf wanted;
};

/* False when the diagnostics are not the expected ones (printed). */
static bool
run_case(const char *path, struct one_case *one)
{
	struct diag d = {0};
	struct buf got = {0};
	struct config *c;
	bool ok;

	c = config_read(buf_text(&one->text), one->text.size, "x.yaml", &d);
	print_diag(&d, &got);
	ok = strcmp(buf_text(&got), buf_text(&one->wanted)) == 0 &&
	     (c == NULL) == (d.n_errors > 0);
	if (!ok)
		print_error("%s: %s\nwanted:\n%sgot:\n%s", path, one->title,
		    buf_text(&one->wanted), buf_text(&got));
	config_free(c);
	buf_fini(&got);
	diag_fini(&d);
	buf_clear(&one->text);
	buf_clear(&one->wanted);
	return ok;
}

static size_t
run_table(const char *path, size_t *n_failed)
{
	struct one_case one = {0};
	char line[8192];
	size_t n = 0;
	bool in_text = false;
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, "=== ", 4) == 0) {
			if (n++ > 0)
				*n_failed += !run_case(path, &one);
			snprintf(
			    one.title, sizeof(one.title), "%.200s", line + 4);
			in_text = true;
		} else if (strcmp(line, "---\n") == 0) {
			in_text = false;
		} else if (n > 0) {
			buf_add_text(in_text ? &one.text : &one.wanted, line);
		}
	}
	if (n > 0)
		*n_failed += !run_case(path, &one);
	fclose(file);
	buf_fini(&one.text);
	buf_fini(&one.wanted);
	return n;
}

static void
test_config_tells_every_problem_of_the_tables_at_its_place(void **state)
{
	size_t n = 0;
	size_t n_failed = 0;
	glob_t found;

	(void)state;
	assert_int_equal(
	    glob("tests/cases/config/config_*.txt", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		n += run_table(found.gl_pathv[i], &n_failed);
	globfree(&found);
	assert_int_equal(n_failed, 0);
	assert_true(n >= 60);
}

static const char whole[] =
    "database: postgresql:///dnsvigil\n"
    "resolvers:\n"
    "  - 192.0.2.53\n"
    "  - {address: \"[2001:db8::53]:5353\", rate: 5000, group: own}\n"
    "  - {address: 127.0.0.1:5300, rate: none}\n"
    "watchlists: [watchlists/*.yaml, more.txt]\n"
    "sinks:\n"
    "  soc:\n"
    "    type: webhook\n"
    "    url: https://soc.example.net/hooks/dns\n"
    "    secret: whsec_MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1u\n"
    "    allow: [127.0.0.0/8, \"::1\"]\n"
    "  old: {type: webhook, url: \"http://10.0.0.1:8080/x\", http: true,\n"
    "        secret: \"${TEST_SECRET}\"}\n"
    "severity:\n"
    "  - {kind: replaced, type: ns, tag: Owned, severity: critical}\n"
    "  - {kind: failing, severity: low}\n"
    "failing_after: 5\n"
    "differ_after: 2h\n"
    "buffer: 1GB\n"
    "retention: 400d\n";

static void
test_config_holds_what_was_written(void **state)
{
	struct diag d = {0};
	struct config *c = config_read(whole, strlen(whole), "x.yaml", &d);

	(void)state;
	assert_int_equal(d.n_items, 0);
	assert_non_null(c);
	assert_string_equal(c->path, "x.yaml");
	assert_string_equal(c->database, "postgresql:///dnsvigil");
	assert_int_equal(c->n_resolvers, 3);
	assert_int_equal(c->resolvers[0].rate, RESOLVER_RATE_DEFAULT);
	assert_int_equal(c->resolvers[0].addr.port, 53);
	assert_string_equal(c->resolvers[0].group, "192.0.2.53");
	assert_int_equal(c->resolvers[1].rate, 5000);
	assert_string_equal(c->resolvers[1].group, "own");
	assert_int_equal(c->resolvers[2].rate, 0);
	assert_string_equal(c->resolvers[2].group, "127.0.0.1:5300");
	assert_int_equal(c->n_watchlists, 2);
	assert_string_equal(c->watchlists[1], "more.txt");
	assert_int_equal(c->watchlist_places[1].line, 6);
	assert_int_equal(c->n_sinks, 2);
	assert_string_equal(c->sinks[0].name, "soc");
	assert_int_equal(c->sinks[0].secret_size, 24);
	assert_memory_equal(c->sinks[0].secret, "0123456789abcdefghijklmn", 24);
	assert_int_equal(c->sinks[0].n_allow, 2);
	assert_false(c->sinks[0].http);
	assert_int_equal(c->sinks[1].secret_size, 32);
	assert_true(c->sinks[1].http);
	assert_int_equal(c->n_severities, 2);
	assert_string_equal(c->severities[0].type, "NS");
	assert_string_equal(c->severities[0].tag, "owned");
	assert_int_equal(c->severities[0].line, 16);
	assert_null(c->severities[1].type);
	assert_int_equal(c->failing_after, 5);
	assert_int_equal(c->differ_after_s, 7200);
	assert_int_equal(c->buffer_bytes, 1024 * 1024 * 1024);
	assert_int_equal(c->retention_days, 400);
	config_free(c);
}

static void
test_config_has_the_defaults_of_the_manual(void **state)
{
	static const char text[] =
	    "\xef\xbb\xbf"
	    "database: dbname=x\r\n"
	    "resolvers: [192.0.2.1]\r\nwatchlists: [a.txt]\r\n";
	struct diag d = {0};
	struct config *c = config_read(text, strlen(text), "x.yaml", &d);

	(void)state;
	assert_non_null(c);
	assert_int_equal(c->failing_after, 3);
	assert_int_equal(c->differ_after_s, 3600);
	assert_int_equal(c->buffer_bytes, 64 * 1024 * 1024);
	assert_int_equal(c->retention_days, 0);
	assert_int_equal(c->n_sinks, 0);
	assert_int_equal(c->canary_every_s, 20);
	assert_int_equal(c->n_canaries, 0);
	assert_int_equal(c->signatures_ahead_s, 7 * 86400);
	assert_int_equal(c->signatures_every_s, 6 * 3600);
	config_free(c);
}

static void
test_config_holds_the_canaries(void **state)
{
	static const char text[] =
	    "database: dbname=x\nresolvers: [192.0.2.1]\nwatchlists: [a]\n"
	    "canaries:\n  every: 1m\n  names:\n"
	    "  - {name: WWW.Example.com, includes: [192.0.2.1, 192.0.2.2]}\n"
	    "  - {name: no.example, type: AAAA, none: true}\n";
	static const char off[] =
	    "database: dbname=x\nresolvers: [192.0.2.1]\nwatchlists: [a]\n"
	    "canaries: none\n";
	struct diag d = {0};
	struct config *c = config_read(text, strlen(text), "x.yaml", &d);

	(void)state;
	assert_non_null(c);
	assert_int_equal(c->canary_every_s, 60);
	assert_int_equal(c->n_canaries, 2);
	assert_int_equal(c->canaries[0].type, 1);
	assert_int_equal(c->canaries[0].n_addrs, 2);
	assert_int_equal(c->canaries[0].addrs[1].ip[3], 2);
	assert_memory_equal(c->canaries[0].name.wire, "\3www", 4);
	assert_int_equal(c->canaries[1].type, 28);
	assert_int_equal(c->canaries[1].n_addrs, 0);
	config_free(c);
	c = config_read(off, strlen(off), "x.yaml", &d);
	assert_non_null(c);
	assert_int_equal(c->canary_every_s, 0);
	config_free(c);
}

static void
test_config_holds_how_long_ahead_signatures_are_told(void **state)
{
	static const struct {
		const char *text;
		uint32_t ahead_s, every_s;
	} all[] = {
	    {"3d", 3 * 86400, 6 * 3600},
	    {"none", 0, 6 * 3600},
	    {"{ahead: 2d, every: 1m}", 2 * 86400, 60},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		char text[256];
		struct diag d = {0};
		struct config *c;

		snprintf(text, sizeof(text),
		    "database: dbname=x\nresolvers: [192.0.2.1]\n"
		    "watchlists: [a]\nsignatures: %s\n",
		    all[i].text);
		c = config_read(text, strlen(text), "x.yaml", &d);
		assert_non_null(c);
		assert_int_equal(c->signatures_ahead_s, all[i].ahead_s);
		assert_int_equal(c->signatures_every_s, all[i].every_s);
		config_free(c);
	}
}

static void
test_config_keeps_what_a_variable_holds_one_text(void **state)
{
	static const char text[] =
	    "database: \"host=${TEST_SET} user=$$x options=${TEST_YAML}\"\n"
	    "resolvers: [\"${TEST_UNSET:-192.0.2.7}\"]\n"
	    "watchlists: [\"${TEST_EMPTY:-a}${TEST_SET:-b}.txt\"]\n";
	struct diag d = {0};
	struct config *c = config_read(text, strlen(text), "x.yaml", &d);

	(void)state;
	assert_non_null(c);
	assert_string_equal(c->database, "host=set user=$x options=a: [b, \"");
	assert_string_equal(c->resolvers[0].group, "192.0.2.7");
	assert_string_equal(c->watchlists[0], "aset.txt");
	config_free(c);
}

static void
test_config_M11_trust_ad_is_off_unless_said(void **state)
{
	static const char text[] =
	    "database: dbname=x\nwatchlists: [a]\n"
	    "resolvers: [127.0.0.1, {address: 127.0.0.2, trust_ad: true}, "
	    "{address: 127.0.0.3, trust_ad: false}]\n";
	struct diag d = {0};
	struct config *c = config_read(text, strlen(text), "x.yaml", &d);

	(void)state;
	assert_non_null(c);
	assert_false(c->resolvers[0].trust_ad);
	assert_true(c->resolvers[1].trust_ad);
	assert_false(c->resolvers[2].trust_ad);
	config_free(c);
}

static void
test_config_gso_is_off_unless_the_one_local_resolver_has_it(void **state)
{
	static const char *const on[] = {
	    "127.0.0.1", "127.7.7.7:5300", "\"[::1]:53\""};
	char text[160];
	struct config *c;

	(void)state;
	for (size_t i = 0; i < sizeof(on) / sizeof(on[0]); i++) {
		for (int gso = 0; gso < 2; gso++) {
			snprintf(text, sizeof(text),
			    "database: dbname=x\nwatchlists: [a]\n"
			    "resolvers: [{address: %s, gso: %s}]\n",
			    on[i], gso ? "true" : "false");
			struct diag d = {0};

			c = config_read(text, strlen(text), "x.yaml", &d);
			assert_non_null(c);
			assert_int_equal(c->resolvers[0].gso, gso);
			config_free(c);
		}
	}
}

static void
test_config_tls_is_port_853_and_of_the_same_group_as_port_53(void **state)
{
	static const char text[] =
	    "database: dbname=x\nwatchlists: [a]\nresolvers:\n"
	    " - {address: 192.0.2.1, tls: {name: dns.example.}}\n"
	    " - {address: \"[2001:db8::1]:53\", rate: 7, tls: {pin: \n"
	    "    /wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE=}}\n"
	    " - 192.0.2.1\n";
	struct diag d = {0};
	struct config *c = config_read(text, strlen(text), "x.yaml", &d);

	(void)state;
	assert_non_null(c);
	assert_int_equal(c->n_resolvers, 3);
	assert_int_equal(c->resolvers[0].addr.port, 853);
	assert_string_equal(c->resolvers[0].group, "192.0.2.1");
	assert_string_equal(c->resolvers[0].tls->name, "dns.example");
	assert_null(c->resolvers[0].tls->pin);
	assert_int_equal(c->resolvers[1].addr.port, 53);
	assert_int_equal(c->resolvers[1].rate, 7);
	assert_string_equal(c->resolvers[1].group, "[2001:db8::1]:53");
	assert_null(c->resolvers[1].tls->name);
	assert_int_equal(c->resolvers[1].tls->pin[0], 0xff);
	assert_int_equal(c->resolvers[1].tls->pin[TLS_PIN_SIZE - 1], 1);
	assert_int_equal(c->resolvers[2].addr.port, 53);
	assert_string_equal(c->resolvers[2].group, "192.0.2.1");
	assert_null(c->resolvers[2].tls);
	config_free(c);
}

static void
test_config_refuses_bytes_that_are_not_utf8_with_their_place(void **state)
{
	static const char head[] =
	    "database: x=y\n# \xc3\xa9\nresolvers: [\xc3";
	static const char late[] = "database: \"\xc3\xa9\xff\"\n";

	(void)state;
	expect_read(
	    head, strlen(head), "3:13: not UTF-8; save the file as UTF-8\n");
	expect_read(
	    late, strlen(late), "1:13: not UTF-8; save the file as UTF-8\n");
	expect_read("\xff\xfe"
		    "d\0",
	    4, "1:1: UTF-16; save the file as UTF-8\n");
	expect_read(
	    "a: b\nc: \0d\n", 11, "2:4: a control character; remove it\n");
}

/* Most bytes are looked at eight at a time: none hides among its neighbours. */
static void
test_config_finds_a_bad_byte_at_every_column(void **state)
{
	static const char text[] =
	    "a: \"b ~ ~~  c}{ d \t e; 0123456789 ~~~~ \"";
	static const struct {
		char byte;
		const char *why;
	} bad[] = {{'\x00', "a control character; remove it"},
	    {'\x01', "a control character; remove it"},
	    {'\x1f', "a control character; remove it"},
	    {'\x7f', "a control character; remove it"},
	    {'\x80', "not UTF-8; save the file as UTF-8"},
	    {'\xff', "not UTF-8; save the file as UTF-8"}};
	char line[sizeof(text)];
	char wanted[64];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		for (size_t at = 0; at < strlen(text); at++) {
			memcpy(line, text, sizeof(text));
			line[at] = bad[i].byte;
			snprintf(wanted, sizeof(wanted), "1:%zu: %s\n", at + 1,
			    bad[i].why);
			expect_read(line, strlen(text), wanted);
		}
	}
}

/* `open` n times. */
static char *
repeat(const char *text, size_t n)
{
	size_t size = strlen(text);
	char *out = malloc(n * size + 1);

	assert_non_null(out);
	for (size_t i = 0; i < n; i++)
		memcpy(out + i * size, text, size);
	out[n * size] = '\0';
	return out;
}

static void
test_config_refuses_depth_at_once(void **state)
{
	static const char *const opens[] = {"[", "{a: ", "- ", "? "};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		char *text = repeat(opens[i], 10000);
		struct diag d = {0};

		assert_null(config_read(text, strlen(text), "x.yaml", &d));
		assert_int_equal(d.n_errors > 0, 1);
		assert_string_equal(d.items[d.n_items - 1].text,
		    "nested deeper than 32 levels; make it flatter");
		diag_fini(&d);
		free(text);
	}
}

static void
test_config_refuses_an_alias_bomb_without_unfolding_it(void **state)
{
	static const char text[] = "a: &a [x,x,x,x,x,x,x,x,x]\n"
				   "b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
				   "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n";
	struct diag d = {0};

	(void)state;
	assert_null(config_read(text, strlen(text), "x.yaml", &d));
	assert_int_equal(d.n_items, DIAG_FILE_MAX);
	assert_string_equal(
	    d.items[0].text, "anchors (&name) are not taken; remove it");
	diag_fini(&d);
}

static void
test_config_refuses_sizes_over_its_limits(void **state)
{
	char *many = repeat("- x\n", 200000);
	char *text = repeat("x", CONFIG_SIZE_MAX + 1);

	(void)state;
	expect_read(text, CONFIG_SIZE_MAX + 1,
	    "0:0: larger than 16777216 bytes; make it smaller\n");
	expect_read(text, 1000000,
	    "1:1: a value longer than 65536 bytes begins after this place; "
	    "make it shorter, or close a quote\n");
	expect_read(
	    text, 65537, "1:1: a value longer than 64 KB; make it shorter\n");
	expect_read(many, strlen(many),
	    "1:1: more than 100000 values; make it smaller\n");
	free(text);
	free(many);
}

static void
expect_load(const char *path, const char *wanted)
{
	struct diag d = {0};
	struct config *c = config_load(path, &d);
	char line[1024] = "";

	if (d.n_items > 0)
		diag_print(&d.items[0], line, sizeof(line));
	if (wanted == NULL)
		assert_non_null(c);
	else
		assert_non_null(strstr(line, wanted));
	config_free(c);
	diag_fini(&d);
}

static void
test_config_load_never_blocks_on_what_is_no_file(void **state)
{
	char path[256];

	(void)state;
	expect_load(folder, "this is a folder; name a file in it");
	snprintf(path, sizeof(path), "%s/fifo", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	expect_load(path, "this is no regular file; copy its content into one");
	expect_load("/dev/zero", "this is no regular file");
	expect_load(
	    "/nowhere/x.yaml", "cannot be opened: No such file or directory");
	snprintf(path, sizeof(path), "%s/huge", folder);
	write_file("huge", "", 0, 0600);
	assert_int_equal(truncate(path, 1 << 30), 0);
	expect_load(path, "larger than 16777216 bytes");
}

static void
test_config_warns_of_secrets_that_others_can_read(void **state)
{
	static const char text[] =
	    "database_file: db\nresolvers: [192.0.2.1]\nwatchlists: [a]\n"
	    "sinks:\n  s: {type: webhook, url: \"https://x.example\",\n"
	    "      secret: 0123456789abcdef0123456789}\n";
	struct diag d = {0};
	struct buf got = {0};
	char wanted[512];
	const char *path;
	struct config *c;

	(void)state;
	write_file("db", "postgresql:///one\n", 18, 0644);
	path = write_file("open.yaml", text, strlen(text), 0644);
	c = config_load(path, &d);
	assert_non_null(c);
	assert_string_equal(c->database, "postgresql:///one");
	print_diag(&d, &got);
	snprintf(wanted, sizeof(wanted),
	    "warning 6:15: secret holds a secret and others can read this "
	    "file; chmod 600 it, or put the secret into a file of its own\n"
	    "warning 1:16: database_file %s/db can be read by others; "
	    "chmod 600 it\n",
	    folder);
	assert_string_equal(buf_text(&got), wanted);
	buf_fini(&got);
	diag_fini(&d);
	config_free(c);
}

static void
test_config_reads_secrets_from_files_and_credentials(void **state)
{
	static const char text[] =
	    "database: dbname=x\nresolvers: [192.0.2.1]\nwatchlists: [a]\n"
	    "sinks:\n"
	    "  s: {type: webhook, url: \"https://x.example\",\n"
	    "      secret_file: \"credential:soc\"}\n";
	const char *path = write_file("cred.yaml", text, strlen(text), 0644);
	char copy[256];
	struct diag d = {0};
	struct config *c;

	(void)state;
	snprintf(copy, sizeof(copy), "%s", path);
	expect_load(copy, "no $CREDENTIALS_DIRECTORY");
	setenv("CREDENTIALS_DIRECTORY", folder, 1);
	write_file("soc", "0123456789abcdef0123456789\r\n", 28, 0644);
	c = config_load(copy, &d);
	assert_non_null(c);
	assert_int_equal(d.n_items, 0);
	assert_int_equal(c->sinks[0].secret_size, 26);
	config_free(c);
	write_file("soc", "a\nb\n", 4, 0600);
	expect_load(copy, "must hold one line of text");
	write_file("soc", "\n", 1, 0600);
	expect_load(copy, "is empty; put one line into it");
	unsetenv("CREDENTIALS_DIRECTORY");
}

/* As resolv.conf(5) has it, with what machines put into it besides. */
static void
test_config_takes_the_nameservers_of_resolv_conf(void **state)
{
	static const char text[] =
	    "# nameserver 192.0.2.9\nsearch example.com\n"
	    "nameserver 192.0.2.1\nnameserver\t 2001:db8::1 \r\n"
	    "nameserver 192.0.2.1\nnameserver dns.example\nnameserver\n"
	    "nameserver fe80::1%lo\noptions edns0\nnameserver 127.0.0.53";
	struct diag d = {0};
	struct config *c = calloc(1, sizeof(*c));
	struct reader x = {.r = {&d, "x.yaml"}, .c = c};
	const struct place at = {1, 1};

	(void)state;
	assert_non_null(c);
	c->resolvers = calloc(CONFIG_RESOLVERS_MAX, sizeof(*c->resolvers));
	assert_non_null(c->resolvers);
	read_resolvers_default(
	    &x, at, write_file("resolv.conf", text, strlen(text), 0644));
	assert_int_equal(d.n_items, 0);
	assert_int_equal(c->n_resolvers, 4);
	assert_string_equal(c->resolvers[0].group, "192.0.2.1");
	assert_string_equal(c->resolvers[1].group, "2001:db8::1");
	assert_int_equal(c->resolvers[2].addr.scope, 1);
	assert_string_equal(c->resolvers[3].group, "127.0.0.53");
	assert_int_equal(c->resolvers[3].rate, RESOLVER_RATE_DEFAULT);
	config_free(c);
	x.c = calloc(1, sizeof(*c));
	assert_non_null(x.c);
	read_resolvers_default(&x, at, "/nowhere");
	assert_int_equal(d.n_errors, 1);
	config_free(x.c);
	diag_fini(&d);
}

static void
test_config_never_prints_a_secret(void **state)
{
	static const char *const texts[] = {
	    "database: hunter2\n",
	    "database: mysql://u:hunter2@h/\n",
	    "sinks: {s: {type: webhook, secret: hunter2}}\n",
	    "sinks: {s: {type: webhook, secret: whsec_hunter2}}\n",
	    "sinks: {s: {type: webhook, url: \"ftp://hunter2\"}}\n",
	    "database: ${hunter2\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct diag d = {0};
		struct buf got = {0};

		assert_null(
		    config_read(texts[i], strlen(texts[i]), "x.yaml", &d));
		print_diag(&d, &got);
		assert_null(strstr(buf_text(&got), "hunter2"));
		buf_fini(&got);
		diag_fini(&d);
	}
}

static void
test_config_files_are_sorted_and_found_beside_the_configuration(void **state)
{
	static const char text[] =
	    "database: dbname=x\nresolvers: [192.0.2.1]\n"
	    "watchlists: [\"*.txt\", b.txt, gone.txt, \"none-*\", \"*\"]\n";
	const char *path;
	struct diag d = {0};
	struct config *c;
	char **files = NULL;
	char wanted[256];
	size_t n;

	(void)state;
	write_file("b.txt", "", 0, 0600);
	write_file("a.txt", "", 0, 0600);
	snprintf(wanted, sizeof(wanted), "%s/sub[1]", folder);
	assert_int_equal(mkdir(wanted, 0700), 0);
	write_file("sub[1]/b.txt", "", 0, 0600);
	write_file("sub[1]/a.txt", "", 0, 0600);
	snprintf(wanted, sizeof(wanted), "%s/sub[1]/folder", folder);
	assert_int_equal(mkdir(wanted, 0700), 0);
	path = write_file("sub[1]/c.yaml", text, strlen(text), 0600);
	c = config_load(path, &d);
	assert_non_null(c);
	n = config_files(c, &files, &d);
	assert_int_equal(n, 4);
	snprintf(wanted, sizeof(wanted), "%s/sub[1]/a.txt", folder);
	assert_string_equal(files[0], wanted);
	assert_non_null(strstr(files[1], "/b.txt"));
	assert_non_null(strstr(files[2], "/c.yaml"));
	assert_non_null(strstr(files[3], "/gone.txt"));
	assert_int_equal(d.n_errors, 1);
	assert_int_equal(d.items[0].line, 3);
	assert_int_equal(d.items[0].column, 40);
	assert_string_equal(d.items[0].text,
	    "no file matches `none-*`; put a "
	    "list there or remove the pattern");
	config_files_free(files, n);
	config_free(c);
	diag_fini(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_config_tells_every_problem_of_the_tables_at_its_place),
	    cmocka_unit_test(test_config_holds_what_was_written),
	    cmocka_unit_test(test_config_has_the_defaults_of_the_manual),
	    cmocka_unit_test(test_config_holds_the_canaries),
	    cmocka_unit_test(
		test_config_holds_how_long_ahead_signatures_are_told),
	    cmocka_unit_test(test_config_keeps_what_a_variable_holds_one_text),
	    cmocka_unit_test(
		test_config_gso_is_off_unless_the_one_local_resolver_has_it),
	    cmocka_unit_test(test_config_M11_trust_ad_is_off_unless_said),
	    cmocka_unit_test(
		test_config_tls_is_port_853_and_of_the_same_group_as_port_53),
	    cmocka_unit_test(
		test_config_refuses_bytes_that_are_not_utf8_with_their_place),
	    cmocka_unit_test(test_config_finds_a_bad_byte_at_every_column),
	    cmocka_unit_test(test_config_refuses_depth_at_once),
	    cmocka_unit_test(
		test_config_refuses_an_alias_bomb_without_unfolding_it),
	    cmocka_unit_test(test_config_refuses_sizes_over_its_limits),
	    cmocka_unit_test(test_config_load_never_blocks_on_what_is_no_file),
	    cmocka_unit_test(test_config_warns_of_secrets_that_others_can_read),
	    cmocka_unit_test(
		test_config_reads_secrets_from_files_and_credentials),
	    cmocka_unit_test(test_config_takes_the_nameservers_of_resolv_conf),
	    cmocka_unit_test(test_config_never_prints_a_secret),
	    cmocka_unit_test(
		test_config_files_are_sorted_and_found_beside_the_configuration),
	};

	return cmocka_run_group_tests(tests, make_folder, drop_folder);
}

/* SPDX-License-Identifier: ISC */
#ifndef TEST_BACKTEST_H
#define TEST_BACKTEST_H

/*
 * A configuration with its lists in a folder, an entry of the log, and what
 * becomes of that.
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

#include "../../daemon/cli/backtest_told.h"
#include "base/diag.h"
#include "config/config.h"
#include "dns/type.h"
#include "judge/candidate.h"
#include "rule/silence.h"
#include "store/store.h"

static char folder[] = "/tmp/dnsvigil-backtest-XXXXXX";

#define SINK                                                                   \
	"sinks:\n  soc: {type: webhook, url: \"https://soc.example.net/\", "   \
	"secret: whsec_MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1u}\n"
#define SOURCE "views:\n  source: {authoritative: true}\n"
#define OWNED                                                                  \
	"watchlist: owned\nwatch:\n  - {name: www.x.example, types: [A], "     \
	"tags: [owned]"
#define PLAIN "watchlist: plain\nwatch:\n  - {name: www.x.example, types: [A]"

/* ---- a configuration, with its lists ---- */

struct bench {
	struct backtest_lists *lists;
	struct config *config;
	struct backtest_told told;
	struct backtest_asked asked;
	struct arena scratch;
};

static inline void
put(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static inline void
drop(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	unlink(path);
}

static inline int
set_up(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL;
}

static inline int
tear_down(void **state)
{
	(void)state;
	drop("a.yaml");
	drop("b.yaml");
	drop("move.plan");
	return rmdir(folder);
}

/* `b` NULL: one list.  Of the names only `www.x.example.` is in the log. */
static inline struct bench
open_bench(const char *more, const char *a, const char *b)
{
	struct bench bench = {.lists = calloc(1, sizeof(*bench.lists))};
	struct diag d = {0};
	char text[2048];
	char path[256];

	put("a.yaml", a);
	drop("b.yaml");
	if (b != NULL)
		put("b.yaml", b);
	snprintf(text, sizeof(text),
	    "database: dbname=x\nresolvers: [192.0.2.1]\n"
	    "watchlists: [\"?.yaml\"]\n%s",
	    more);
	snprintf(path, sizeof(path), "%s/dnsvigil.yaml", folder);
	bench.config = config_read(text, strlen(text), path, &d);
	if (d.n_errors > 0)
		fail_msg("%s", d.items[0].text);
	assert_non_null(bench.config);
	assert_non_null(bench.lists);
	bench.lists->config = bench.config;
	backtest_about(bench.lists, "www.x.example.");
	backtest_about(bench.lists, "at.x.example.");
	backtest_about(bench.lists, "x.example.");
	backtest_read(bench.lists, &d);
	if (d.n_errors > 0)
		fail_msg("%s", d.items[0].text);
	diag_fini(&d);
	return bench;
}

static inline void
close_bench(struct bench *b)
{
	backtest_lists_fini(b->lists);
	free(b->lists);
	backtest_told_fini(&b->told);
	backtest_asked_fini(&b->asked);
	arena_fini(&b->scratch);
	config_free(b->config);
}

/* ---- an entry ---- */

static inline wall_us
at(const char *text)
{
	wall_us t;

	assert_int_equal(wall_parse(text, 0, &t), 0);
	return t;
}

/* Another address than before, confirmed by a cache and told. */
static inline struct read_judged
entry(void)
{
	return (struct read_judged){
	    .seq = 1,
	    .at = at("2026-06-01T12:00:00Z"),
	    .id = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}},
	    .revision = 1,
	    .kind = KIND_REPLACED,
	    .type = TYPE_A,
	    .severity = SEVERITY_MEDIUM,
	    .label = LABEL_CONFIRMED,
	    .name = "www.x.example.",
	    .view = "default",
	    .proved = "cache",
	    .seen_at = at("2026-06-01T11:59:58Z"),
	    .from_outcome = "ANSWER",
	    .from_rdata = "192.0.2.1",
	    .to_outcome = "ANSWER",
	    .to_rdata = "192.0.2.2",
	    .sent = "soc",
	};
}

static inline struct backtest_compared
compare(struct bench *b, const struct read_judged *j)
{
	return backtest_compare(b->lists, &b->told, j, &b->scratch);
}

/* What becomes of `j` under a configuration, and nothing after it. */
static inline struct backtest_compared
under(const char *more, const char *list, const struct read_judged *j)
{
	struct bench b = open_bench(more, list, NULL);
	struct backtest_compared c = compare(&b, j);

	c.v.silence = NULL; /* it goes with the configuration */
	close_bench(&b);
	return c;
}

static inline void
check_severity(
    const struct backtest_compared *c, enum severity severity, unsigned unknown)
{
	assert_true(c->v.watched);
	assert_string_equal(
	    severity_text(c->v.severity), severity_text(severity));
	assert_int_equal(c->v.unknown, unknown);
}

static inline void
check_unwatched(const struct backtest_compared *c)
{
	assert_false(c->v.watched || c->told_now || c->held_now);
	assert_true(c->differs);
	assert_string_equal(backtest_reason(c), "not watched");
}

#endif

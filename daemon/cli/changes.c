/* SPDX-License-Identifier: ISC */

/*
 * changes -- the log, as decided changes, as it stands, or followed; and the
 * baselines, which are in no log.
 *
 * Following asks for what is later than the last seq seen.  Nothing is missed
 * that way, because entries become visible in the order of their seq.
 */

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/emit.h"
#include "base/err.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "config/unicode.h"
#include "dns/type.h"
#include "judge/diff.h"
#include "rule/severity.h"
#include "store/read.h"

enum {
	OPT_CONFIG,
	OPT_DATABASE,
	OPT_JSON,
	OPT_SINCE,
	OPT_UNTIL,
	OPT_NAME,
	OPT_TYPE,
	OPT_KIND,
	OPT_SEVERITY,
	OPT_TAG,
	OPT_LIST,
	OPT_FOLLOW,
	OPT_LOG,
	OPT_BASELINE
};

static const struct cli_option options[] = {
    [OPT_CONFIG] = CLI_OPTION_CONFIG,
    [OPT_DATABASE] = CLI_OPTION_DATABASE,
    [OPT_JSON] = CLI_OPTION_JSON,
    [OPT_SINCE] = {"since", "T", "decided at T or later"},
    [OPT_UNTIL] = {"until", "T", "decided before T"},
    [OPT_NAME] = {"name", "NAME", "of this name"},
    [OPT_TYPE] = {"type", "TYPE", "of this type"},
    [OPT_KIND] = {"kind", "KIND", "appeared, replaced, ..., or failing, ..."},
    [OPT_SEVERITY] = {"severity", "S",
	"info, low, medium, high or critical, "
	"and above"},
    [OPT_TAG] = {"tag", "TAG", "of watches with this tag"},
    [OPT_LIST] = {"list", "LIST", "of this watchlist"},
    [OPT_FOLLOW] = {"follow", NULL, "go on with what comes, until stopped"},
    [OPT_LOG] = {"log", NULL, "every entry of the log as it stands"},
    [OPT_BASELINE] = {"baseline", NULL, "the first state of each question"},
    {NULL, NULL, NULL},
};

static const struct cli_spec spec = {
    .name = "changes",
    .operands = "",
    .about = "Lists decided changes and events, oldest first, each change "
	     "with its latest decision.\n"
	     "T is RFC 3339, a date (UTC), or a span back from now: -24h.\n"
	     "Exit status: 0 listed, 2 trouble.",
    .options = options,
};

struct changes {
	struct print out;
	struct buf line;
	struct reader *reader;
	struct read_changes query;
	char name[NAME_TEXT_SIZE];
	char tag[CLI_TAG_SIZE];
	bool json;
	bool follow;
	bool baseline;
	const char *config;
	const char *database;
};

/* Set by SIGINT and SIGTERM while following. */
static volatile sig_atomic_t stopped;

static void
on_signal(int signo)
{
	(void)signo;
	stopped = 1;
}

static void
catch_signals(void)
{
	/* Once: who asks a second time does not wait for the database. */
	struct sigaction action = {
	    .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static void
put_line(struct changes *c)
{
	print_line(&c->out, &c->line);
	if (c->out.err != 0 || stopped)
		reader_stop(c->reader);
}

static void
on_entry(void *ctx, int64_t seq, const char *class_, const char *body)
{
	struct changes *c = ctx;

	if (c->json)
		print_entry_json(&c->line, c->query.log, seq, class_, body);
	else
		print_entry(&c->line, c->query.log, seq, class_, body);
	put_line(c);
	c->query.after_seq = seq;
}

static void
put_baseline_json(struct buf *out, const struct read_baseline *b)
{
	char type[TYPE_TEXT_SIZE];
	struct emit j;

	emit_start(&j, out);
	emit_object(&j, NULL);
	emit_int(&j, "schema", 1);
	emit_text(&j, "class", "baseline");
	emit_text(&j, "name", b->name);
	unicode_emit(&j, b->name);
	emit_text(&j, "type", type_print(b->type, type));
	emit_text(&j, "view", b->view);
	emit_object(&j, "to");
	print_packed_json(&j, b->content, b->content_size);
	emit_int(&j, "ttl", b->ttl);
	emit_object_end(&j);
	emit_wall(&j, "seen_at", b->seen_at);
	emit_object_end(&j);
}

static void
on_baseline(void *ctx, const struct read_baseline *b)
{
	struct changes *c = ctx;
	char type[TYPE_TEXT_SIZE];

	if (c->json) {
		put_baseline_json(&c->line, b);
	} else {
		print_wall(&c->line, b->seen_at);
		buf_add_text(&c->line, "  baseline  ");
		print_watched(&c->line, b->name);
		buf_printf(&c->line, " %s ", type_print(b->type, type));
		print_packed(&c->line, b->content, b->content_size);
	}
	put_line(c);
}

/* What is later than after_seq, which moves to the end of the log. */
static int
list_new(struct changes *c)
{
	int64_t last = 0;
	int err = 0;

	/* Asked first: what is added meanwhile is listed and not skipped. */
	if (c->follow)
		err = read_last_seq(c->reader, &last);
	if (err == 0)
		err = read_changes(c->reader, &c->query, on_entry, c);
	if (err == 0 && last > c->query.after_seq && !stopped)
		c->query.after_seq = last;
	print_flush(&c->out);
	return err;
}

static void
wait_a_second(void)
{
	const struct timespec second = {.tv_sec = 1};

	if (!stopped)
		(void)nanosleep(&second, NULL); /* a signal may end it */
}

/* The database is away: tries until it is back or we are told to stop. */
static int
reopen(struct changes *c, const char *conninfo)
{
	char why[1024];
	int err;

	cli_say(&spec, "%s; trying again", reader_why(c->reader));
	reader_close(c->reader);
	c->reader = NULL;
	do {
		wait_a_second();
		if (stopped)
			return ERR_DATABASE;
		err = reader_open(conninfo, &c->reader, why, sizeof(why));
	} while (err == ERR_DATABASE);
	if (err != 0)
		cli_say(&spec, "%s", why);
	return err;
}

static int
follow(struct changes *c, const char *conninfo)
{
	catch_signals();
	while (!stopped && c->out.err == 0) {
		int err = list_new(c);

		if (err != 0)
			err = reopen(c, conninfo);
		if (err != 0)
			return stopped ? 0 : err;
		wait_a_second();
	}
	return 0;
}

static int
list(struct changes *c, const char *conninfo)
{
	char why[1024];
	int err = reader_open(conninfo, &c->reader, why, sizeof(why));

	if (err != 0) {
		cli_say(&spec, "%s", why);
		return CLI_TROUBLE;
	}
	if (c->follow) {
		err = follow(c, conninfo);
	} else {
		if (c->baseline)
			err = read_baselines(
			    c->reader, &c->query, on_baseline, c);
		else
			err = list_new(c);
		if (err != 0)
			cli_say(&spec, "%s", reader_why(c->reader));
	}
	reader_close(c->reader);
	return print_end(&c->out) && err == 0 ? CLI_OK : CLI_TROUBLE;
}

/* ---- options ---- */

static int
take_kind(struct changes *c, const char *text)
{
	/* The events of R20 and R6; their set grows, that of kinds does not. */
	static const char *const events[] = {"failing", "recovered", "blind",
	    "sighted", "order", "duplicates", "ttl", "case", "serial", "timers",
	    "signature", "ech", "resolver-left", "resolver-back", "filtered",
	    "bogus", "signatures-expiring", "signatures-expired",
	    "signatures-renewed", "provider-failing", "provider-recovered",
	    "spreading", "split", "converged", "serial-backwards", "lame",
	    "lame-ended", "server-silent", "server-answers", "tcp-broken",
	    "tcp-works", "edns-broken", "edns-works", "split-delegation",
	    "delegation-agrees", "views-differ", "views-agree", "deviates",
	    "conforms", "baseline", "woke", "life", "life-marked", "plan-done",
	    "plan-missed", "class", "flux", "flux-digest", "digest",
	    "pool-left", "dangling", "dangling-zone", "dangling-address",
	    "dangling-ended", "wildcard", "wildcard-ended", "wildcard-baseline",
	    "unlisted"};
	enum kind kind;
	bool known = kind_parse(text, &kind) == 0;

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		known = known || strcmp(text, events[i]) == 0;
	if (!known)
		return cli_wrong(&spec,
		    "'%s' is no kind: appeared, vanished, added, removed, "
		    "modified, replaced, alias, outcome, unreadable, readable, "
		    "failing, recovered, blind, sighted, order, duplicates, "
		    "ttl, case, serial, timers, signature, resolver-left, "
		    "resolver-back, filtered, bogus, signatures-expiring, "
		    "signatures-expired, signatures-renewed, "
		    "provider-failing, provider-recovered, spreading, split, "
		    "converged, serial-backwards, lame, lame-ended, "
		    "server-silent, server-answers, tcp-broken, tcp-works, "
		    "edns-broken, edns-works, split-delegation, "
		    "delegation-agrees, views-differ, views-agree, deviates, "
		    "conforms, baseline, woke, life, life-marked, plan-done, "
		    "plan-missed, class, "
		    "flux, flux-digest, digest, "
		    "pool-left, dangling, "
		    "dangling-zone, dangling-address, dangling-ended, "
		    "wildcard, wildcard-ended, wildcard-baseline or unlisted",
		    text);
	c->query.kind = text;
	return 0;
}

static int
take_filter(struct changes *c, int option, const char *text)
{
	enum severity severity;

	switch (option) {
	case OPT_SINCE:
		return cli_time(&spec, text, &c->query.since);
	case OPT_UNTIL:
		return cli_time(&spec, text, &c->query.until);
	case OPT_NAME:
		c->query.name = c->name;
		return cli_watched_name(&spec, text, c->name);
	case OPT_TYPE:
		return cli_type(&spec, text, &c->query.type);
	case OPT_KIND:
		return take_kind(c, text);
	case OPT_SEVERITY:
		c->query.severity = text;
		if (severity_parse(text, &severity) == 0)
			return 0;
		return cli_wrong(&spec,
		    "'%s' is no severity: info, low, medium, high or critical",
		    text);
	case OPT_TAG:
		return cli_tag(&spec, text, c->tag, &c->query.tag);
	case OPT_LIST:
		c->query.list = text;
		return 0;
	default:
		CHECK(false);
		return 0;
	}
}

static void
take_option(struct changes *c, int option, const char *text)
{
	if (option == OPT_CONFIG)
		c->config = text;
	else if (option == OPT_DATABASE)
		c->database = text;
	else if (option == OPT_JSON)
		c->json = true;
	else if (option == OPT_FOLLOW)
		c->follow = true;
	else if (option == OPT_LOG)
		c->query.log = true;
	else if (option == OPT_BASELINE)
		c->baseline = true;
}

/* Options that say nothing together. */
static int
check_options(const struct changes *c)
{
	if (c->baseline && (c->follow || c->query.log))
		return cli_wrong(&spec,
		    "baselines are in no log: --baseline goes neither with "
		    "--follow nor with --log");
	if (c->baseline && (c->query.kind != NULL || c->query.severity != NULL))
		return cli_wrong(
		    &spec, "a baseline has neither a kind nor a severity");
	if (c->follow && c->query.until != 0)
		return cli_wrong(&spec, "--follow has no end, --until is one");
	return 0;
}

int
cmd_changes(int argc, char **argv)
{
	struct changes c = {0};
	struct cli_args args;
	char *conninfo;
	int status = 0;

	cli_args_init(&args, &spec, argc, argv);
	while (status == 0) {
		int arg = cli_next(&args);

		if (arg == CLI_ARG_END)
			break;
		if (arg < 0)
			return cli_end(&args, arg);
		if (arg >= OPT_SINCE && arg <= OPT_LIST)
			status = take_filter(&c, arg, args.value);
		else
			take_option(&c, arg, args.value);
	}
	if (status == 0)
		status = check_options(&c);
	if (status != 0)
		return status;
	conninfo = cli_database(&spec, c.config, c.database);
	if (conninfo == NULL)
		return CLI_CONFIG;
	print_init(&c.out, stdout);
	status = list(&c, conninfo);
	buf_fini(&c.line);
	free(conninfo);
	return status;
}

/* SPDX-License-Identifier: ISC */

/*
 * coverage -- how well a name, or all that match, were watched in a window:
 * how often they were asked, how much of the time what is believed was seen,
 * and the longest gap, with its reason.  Silence about a change means
 * something only where this says that somebody looked.
 */

#include <stdlib.h>
#include <string.h>

#include "base/emit.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "config/unicode.h"
#include "dns/reply.h"
#include "dns/type.h"
#include "store/read.h"

enum {
	OPT_CONFIG,
	OPT_DATABASE,
	OPT_JSON,
	OPT_EACH,
	OPT_SINCE,
	OPT_UNTIL,
	OPT_TAG,
	OPT_LIST
};

static const struct cli_option options[] = {
    [OPT_CONFIG] = CLI_OPTION_CONFIG,
    [OPT_DATABASE] = CLI_OPTION_DATABASE,
    [OPT_JSON] = CLI_OPTION_JSON,
    [OPT_EACH] = {"each", NULL, "a line for each question, without NAME too"},
    [OPT_SINCE] = {"since", "T", "from T on; else the last 24 hours"},
    [OPT_UNTIL] = {"until", "T", "before T"},
    [OPT_TAG] = {"tag", "TAG", "only of this tag"},
    [OPT_LIST] = {"list", "NAME", "only of this watchlist"},
    {NULL, NULL, NULL},
};

static const struct cli_spec spec = {
    .name = "coverage",
    .operands = "[NAME [TYPE]]",
    .about = "Tells how often names were asked, and when nothing was seen.\n"
	     "T is RFC 3339, a date (UTC), or a span back from now: -24h.\n"
	     "Exit status: 0 told, 2 trouble.",
    .options = options,
};

struct coverage {
	struct print out;
	struct buf line;
	struct reader *reader;
	struct read_changes query;
	char text[NAME_TEXT_SIZE];
	char tag[CLI_TAG_SIZE];
	const char *config, *database;
	bool each, json;
	size_t n_rows;
};

/* Rounded down: a million only where nothing was missed. */
static int64_t
millionths(const struct read_coverage *c, int64_t part_us)
{
	int64_t m;

	if (part_us >= c->whole_us)
		return 1000000;
	m = (int64_t)((double)part_us / (double)c->whole_us * 1e6);
	return m < 1000000 ? m : 999999;
}

static const char *
gap_reason(const struct read_coverage *c)
{
	return c->gap_failed ? fail_text((enum fail)c->fail) : "not asked";
}

static void
put_json(struct coverage *v, const struct read_coverage *c)
{
	char type[TYPE_TEXT_SIZE];
	struct emit j;

	emit_start(&j, &v->line);
	emit_object(&j, NULL);
	if (v->each) {
		emit_text(&j, "name", c->name);
		unicode_emit(&j, c->name);
		emit_text(&j, "type", type_print(c->type, type));
		emit_text(&j, "view", c->view);
	} else {
		emit_int(&j, "questions", c->questions);
	}
	emit_wall(&j, "since", c->since);
	emit_wall(&j, "until", c->until);
	emit_int(&j, "asked", c->asked);
	emit_int(&j, "failed", c->failed);
	emit_int(&j, "covered_millionths", millionths(c, c->covered_us));
	emit_int(&j, "fresh", c->fetches);
	emit_int(&j, "fresh_millionths", millionths(c, c->fresh_us));
	if (c->fetch_s == 0)
		emit_null(&j, "fresh_every_seconds");
	else
		emit_int(&j, "fresh_every_seconds", c->fetch_s);
	if (!v->each)
		emit_int(&j, "fresh_unknown", c->unknown);
	if (c->gap_since == 0) {
		emit_null(&j, "longest_gap");
	} else {
		emit_object(&j, "longest_gap");
		emit_int(
		    &j, "seconds", (c->gap_until - c->gap_since) / WALL_S(1));
		emit_wall(&j, "since", c->gap_since);
		emit_wall(&j, "until", c->gap_until);
		emit_text(&j, "reason", gap_reason(c));
		if (!v->each) {
			emit_text(&j, "name", c->name);
			emit_text(&j, "type", type_print(c->type, type));
			emit_text(&j, "view", c->view);
		}
		emit_object_end(&j);
	}
	emit_object_end(&j);
}

static void
put_span(struct buf *out, int64_t s)
{
	buf_printf(out, "%lld:%02lld:%02lld", (long long)(s / 3600),
	    (long long)(s / 60 % 60), (long long)(s % 60));
}

static void
put_question(struct coverage *v, const struct read_coverage *c)
{
	char type[TYPE_TEXT_SIZE];

	print_watched(&v->line, c->name);
	buf_printf(&v->line, " %s", type_print(c->type, type));
	if (strcmp(c->view, "default") != 0) {
		buf_add_text(&v->line, " in ");
		print_text(&v->line, c->view, 64);
	}
}

static void
put_text(struct coverage *v, const struct read_coverage *c)
{
	int64_t m = millionths(c, c->covered_us);
	int64_t f = millionths(c, c->fresh_us);

	if (v->each)
		put_question(v, c);
	else
		buf_printf(&v->line, "%lld questions", (long long)c->questions);
	buf_add_text(&v->line, "  ");
	print_wall(&v->line, c->since);
	buf_add_text(&v->line, " to ");
	print_wall(&v->line, c->until);
	buf_printf(&v->line,
	    "  asked %lld, failed %lld, covered %lld.%02lld %%",
	    (long long)c->asked, (long long)c->failed, (long long)(m / 10000),
	    (long long)(m / 100 % 100));
	if (v->each && c->unknown > 0)
		buf_add_text(&v->line, ", fresh not known");
	else
		buf_printf(&v->line, ", fresh %lld.%02lld %%",
		    (long long)(f / 10000), (long long)(f / 100 % 100));
	if (!v->each && c->unknown > 0)
		buf_printf(
		    &v->line, " (of %lld not known)", (long long)c->unknown);
	if (c->gap_since == 0)
		return;
	buf_add_text(&v->line, ", longest gap ");
	put_span(&v->line, (c->gap_until - c->gap_since) / WALL_S(1));
	buf_add_text(&v->line, " from ");
	print_wall(&v->line, c->gap_since);
	buf_printf(&v->line, " (%s)", gap_reason(c));
	if (!v->each) {
		buf_add_text(&v->line, " of ");
		put_question(v, c);
	}
}

static void
on_coverage(void *ctx, const struct read_coverage *c)
{
	struct coverage *v = ctx;

	if (v->json)
		put_json(v, c);
	else
		put_text(v, c);
	v->n_rows++;
	print_line(&v->out, &v->line);
	if (v->out.err != 0)
		reader_stop(v->reader);
}

static int
list(struct coverage *v, const char *conninfo)
{
	char why[1024];
	int err = reader_open(conninfo, &v->reader, why, sizeof(why));

	if (err != 0) {
		cli_say(&spec, "%s", why);
		return CLI_TROUBLE;
	}
	err = read_coverage(v->reader, &v->query, v->each, on_coverage, v);
	if (err != 0)
		cli_say(&spec, "%s", reader_why(v->reader));
	else if (v->n_rows == 0)
		cli_say(&spec, "nothing was watched in that time");
	reader_close(v->reader);
	return print_end(&v->out) && err == 0 ? CLI_OK : CLI_TROUBLE;
}

/* ---- arguments ---- */

static int
take_operand(struct coverage *v, size_t i, const char *text)
{
	if (i > 1)
		return cli_wrong(&spec, "'%s' is too much", text);
	if (i == 1)
		return cli_type(&spec, text, &v->query.type);
	v->query.name = v->text;
	v->each = true;
	return cli_watched_name(&spec, text, v->text);
}

static int
take_option(struct coverage *v, int option, const char *text)
{
	if (option == OPT_SINCE)
		return cli_time(&spec, text, &v->query.since);
	if (option == OPT_UNTIL)
		return cli_time(&spec, text, &v->query.until);
	if (option == OPT_TAG)
		return cli_tag(&spec, text, v->tag, &v->query.tag);
	if (option == OPT_LIST)
		v->query.list = text;
	else if (option == OPT_CONFIG)
		v->config = text;
	else if (option == OPT_DATABASE)
		v->database = text;
	else if (option == OPT_JSON)
		v->json = true;
	else if (option == OPT_EACH)
		v->each = true;
	return 0;
}

int
cmd_coverage(int argc, char **argv)
{
	struct coverage v = {0};
	struct cli_args args;
	size_t n_operands = 0;
	char *conninfo;
	int status = 0;

	cli_args_init(&args, &spec, argc, argv);
	while (status == 0) {
		int arg = cli_next(&args);

		if (arg == CLI_ARG_END)
			break;
		if (arg == CLI_ARG_OPERAND)
			status = take_operand(&v, n_operands++, args.value);
		else if (arg < 0)
			return cli_end(&args, arg);
		else
			status = take_option(&v, arg, args.value);
	}
	if (status != 0)
		return status;
	if (v.query.since == 0)
		v.query.since = clock_wall() - WALL_S(86400);
	if (v.query.until == 0)
		v.query.until = clock_wall();
	if (v.query.since >= v.query.until)
		return cli_wrong(&spec, "--since is not before --until");
	conninfo = cli_database(&spec, v.config, v.database);
	if (conninfo == NULL)
		return CLI_CONFIG;
	print_init(&v.out, stdout);
	status = list(&v, conninfo);
	buf_fini(&v.line);
	free(conninfo);
	return status;
}

/* SPDX-License-Identifier: ISC */

/*
 * backtest -- which alerts another configuration would have sent, beside those
 * that were: each decision and event of the log is weighed again by its lists,
 * expectations, plans, severities, silences and sinks.  Nothing is written.
 */

#include <stdlib.h>
#include <string.h>

#include "backtest_asked.h"
#include "backtest_told.h"
#include "base/emit.h"
#include "base/err.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "dns/type.h"

enum { OPT_CONFIG, OPT_DATABASE, OPT_SINCE, OPT_UNTIL, OPT_JSON };
enum { SINKS_MAX = 2 * CONFIG_SINKS_MAX, SINK_NAME_SIZE = 65 };

static const struct cli_option options[] = {
    [OPT_CONFIG] = CLI_OPTION_CONFIG,
    [OPT_DATABASE] = CLI_OPTION_DATABASE,
    [OPT_SINCE] = {"since", "T", "from this time on; else since a day ago"},
    [OPT_UNTIL] = {"until", "T", "before this time"},
    [OPT_JSON] = CLI_OPTION_JSON,
    {NULL, NULL, NULL},
};

static const struct cli_spec spec = {
    .name = "backtest",
    .operands = "",
    .about = "Tells which alerts this configuration would have sent and held "
	     "since T, beside\nthose that were sent.  Writes nothing.\n"
	     "T is RFC 3339, a date (UTC), or a span back from now: -24h.\n"
	     "Exit status: 0 told, 2 trouble, 78 a bad configuration.",
    .options = options,
};

struct sink_count {
	char name[SINK_NAME_SIZE];
	bool configured;
	uint64_t sent_then, held_then, sent_now, held_now;
};

struct backtest {
	struct print out;
	struct buf line;
	struct reader *reader;
	struct backtest_lists *lists;
	struct arena scratch;
	struct backtest_told told;
	struct backtest_asked asked;
	bool json;
	bool faulty; /* the lists are */
	wall_us since, until;
	struct sink_count sinks[SINKS_MAX];
	size_t n_sinks;
	uint64_t entries, differ, unwatched, inside_pools, never_asked;
	uint64_t unknown[N_UNKNOWN];
};

/* ---- sinks ---- */

static struct sink_count *
sink_at(struct backtest *b, const char *name, size_t size)
{
	struct sink_count *s = b->sinks;

	for (size_t i = 0; i < b->n_sinks; i++, s++)
		if (strlen(s->name) == size && memcmp(s->name, name, size) == 0)
			return s;
	if (b->n_sinks == SINKS_MAX || size >= SINK_NAME_SIZE)
		return NULL;
	b->n_sinks++;
	memcpy(s->name, name, size);
	return s;
}

static void
count_then(struct backtest *b, const char *names, bool held)
{
	while (names != NULL && *names != '\0') {
		size_t size = strcspn(names, " ");
		struct sink_count *s = sink_at(b, names, size);

		if (s != NULL && held)
			s->held_then++;
		else if (s != NULL)
			s->sent_then++;
		names += size + (names[size] == ' ');
	}
}

static void
count_now(struct backtest *b, bool told, bool held)
{
	for (size_t i = 0; i < b->n_sinks && told; i++) {
		struct sink_count *s = &b->sinks[i];

		if (s->configured && held)
			s->held_now++;
		else if (s->configured)
			s->sent_now++;
	}
}

/* ---- entries ---- */

static const char *
kind_of(const struct read_judged *j)
{
	return j->event != NULL ? j->event : kind_text((enum kind)j->kind);
}

static void
put_json(struct backtest *b, const struct backtest_compared *c)
{
	char type[TYPE_TEXT_SIZE];
	struct emit j;

	emit_start(&j, &b->line);
	emit_object(&j, NULL);
	emit_text(&j, "class", "backtest");
	emit_uuid(&j, "id", &c->j->id);
	emit_int(&j, "revision", c->j->revision);
	emit_int(&j, "seq", c->j->seq);
	emit_wall(&j, "at", c->j->at);
	emit_text(&j, "name", c->j->name);
	emit_text(&j, "type", type_print((uint16_t)c->j->type, type));
	emit_text(&j, "view", c->j->view);
	emit_text(&j, "kind", kind_of(c->j));
	emit_text(
	    &j, "severity_then", severity_text((enum severity)c->j->severity));
	emit_text(&j, "severity_now",
	    c->v.watched && c->v.asked ? severity_text(c->v.severity) : NULL);
	if (c->known_then)
		emit_bool(&j, "told_then", c->told_then);
	else
		emit_text(&j, "told_then", NULL);
	emit_bool(&j, "told_now", c->told_now && !c->held_now);
	emit_text(&j, "held_by", !c->held_now ? NULL : c->v.silence->name);
	emit_text(&j, "reason", backtest_reason(c));
	emit_array(&j, "unknown");
	for (unsigned i = 0; i < N_UNKNOWN; i++)
		if ((c->v.unknown & 1u << i) != 0)
			emit_text(&j, NULL, backtest_unknown_text(i));
	emit_array_end(&j);
	emit_object_end(&j);
}

static void
put_text(struct backtest *b, const struct backtest_compared *c)
{
	char type[TYPE_TEXT_SIZE];

	print_wall(&b->line, c->j->at);
	buf_add_text(&b->line, "  ");
	print_text(&b->line, *c->j->name == '\0' ? "monitor" : c->j->name,
	    NAME_TEXT_SIZE);
	if (c->j->type != 0)
		buf_printf(
		    &b->line, " %s", type_print((uint16_t)c->j->type, type));
	buf_printf(&b->line, " %s: %s", kind_of(c->j),
	    severity_text((enum severity)c->j->severity));
	if (c->known_then)
		buf_add_text(&b->line, c->told_then ? ", told" : ", not told");
	buf_add_text(&b->line, " then; ");
	if (!c->v.watched)
		buf_add_text(&b->line, "not watched now");
	else if (!c->v.asked)
		buf_add_text(&b->line, "not asked for now");
	else if (c->held_now)
		buf_printf(&b->line, "%s, held by %s now",
		    severity_text(c->v.severity), c->v.silence->name);
	else
		buf_printf(&b->line, "%s, %s now", severity_text(c->v.severity),
		    c->told_now ? "told" : "not told");
	for (unsigned i = 0; i < N_UNKNOWN; i++)
		if ((c->v.unknown & 1u << i) != 0)
			buf_printf(&b->line, " (not known: %s)",
			    backtest_unknown_text(i));
}

static void
on_judged(void *ctx, const struct read_judged *j)
{
	struct backtest *b = ctx;
	struct backtest_compared c =
	    backtest_compare(b->lists, &b->told, j, &b->scratch);

	b->entries++;
	b->unwatched += !c.v.watched;
	for (unsigned i = 0; i < N_UNKNOWN; i++)
		b->unknown[i] += (c.v.unknown & 1u << i) != 0;
	count_then(b, j->sent, false);
	count_then(b, j->held, true);
	count_now(b, c.told_now, c.held_now);
	if (!c.differs)
		return;
	b->differ++;
	if (b->json)
		put_json(b, &c);
	else
		put_text(b, &c);
	print_line(&b->out, &b->line);
	if (b->out.err != 0)
		reader_stop(b->reader);
}

/* ---- the sum ---- */

static void
sum_json(struct backtest *b)
{
	struct emit j;

	emit_start(&j, &b->line);
	emit_object(&j, NULL);
	emit_text(&j, "class", "summary");
	emit_wall(&j, "since", b->since);
	emit_wall(&j, "until", b->until);
	emit_int(&j, "entries", (int64_t)b->entries);
	emit_int(&j, "differ", (int64_t)b->differ);
	emit_int(&j, "not_watched", (int64_t)b->unwatched);
	emit_array(&j, "sinks");
	for (size_t i = 0; i < b->n_sinks; i++) {
		const struct sink_count *s = &b->sinks[i];

		emit_object(&j, NULL);
		emit_text(&j, "sink", s->name);
		emit_bool(&j, "configured", s->configured);
		emit_int(&j, "sent_then", (int64_t)s->sent_then);
		emit_int(&j, "held_then", (int64_t)s->held_then);
		emit_int(&j, "sent_now", (int64_t)s->sent_now);
		emit_int(&j, "held_now", (int64_t)s->held_now);
		emit_object_end(&j);
	}
	emit_array_end(&j);
	emit_object(&j, "unknown");
	for (unsigned i = 0; i < N_UNKNOWN; i++)
		emit_int(&j, backtest_unknown_text(i), (int64_t)b->unknown[i]);
	emit_int(&j, "inside_pools", (int64_t)b->inside_pools);
	emit_object_end(&j);
	emit_int(&j, "never_asked", (int64_t)b->never_asked);
	emit_array(&j, "not_judged");
	emit_text(&j, NULL, "grouping");
	emit_text(&j, NULL, "events");
	emit_array_end(&j);
	emit_object_end(&j);
	print_line(&b->out, &b->line);
}

static void
sum_text(struct backtest *b)
{
	buf_printf(&b->line, "%llu entries, %llu of them otherwise",
	    (unsigned long long)b->entries, (unsigned long long)b->differ);
	if (b->unwatched > 0)
		buf_printf(&b->line, ", %llu of names that are not watched now",
		    (unsigned long long)b->unwatched);
	print_line(&b->out, &b->line);
	for (size_t i = 0; i < b->n_sinks; i++) {
		const struct sink_count *s = &b->sinks[i];

		buf_printf(&b->line, "sink %s: %llu sent and %llu held then; ",
		    s->name, (unsigned long long)s->sent_then,
		    (unsigned long long)s->held_then);
		if (s->configured)
			buf_printf(&b->line, "%llu sent and %llu held now",
			    (unsigned long long)s->sent_now,
			    (unsigned long long)s->held_now);
		else
			buf_add_text(&b->line, "not configured now");
		print_line(&b->out, &b->line);
	}
	for (unsigned i = 0; i < N_UNKNOWN; i++) {
		if (b->unknown[i] == 0)
			continue;
		buf_printf(&b->line, "not known of %llu entries: %s",
		    (unsigned long long)b->unknown[i],
		    backtest_unknown_text(i));
		print_line(&b->out, &b->line);
	}
	if (b->inside_pools > 0) {
		buf_printf(&b->line,
		    "not known of %llu answers inside pools: which they were",
		    (unsigned long long)b->inside_pools);
		print_line(&b->out, &b->line);
	}
	if (b->never_asked > 0) {
		buf_printf(&b->line,
		    "not known of %llu questions: they were never asked",
		    (unsigned long long)b->never_asked);
		print_line(&b->out, &b->line);
	}
	buf_add_text(&b->line,
	    "not judged: grouping, which alerts would be told as one");
	print_line(&b->out, &b->line);
	buf_add_text(&b->line,
	    "not judged: events that would have come besides, as of "
	    "expectations and plans");
	print_line(&b->out, &b->line);
}

/* ---- the run ---- */

static void
on_name(void *ctx, const char *name)
{
	struct backtest *b = ctx;

	backtest_about(b->lists, name);
}

static void
on_asked(void *ctx, const struct uuid *question)
{
	struct backtest *b = ctx;

	backtest_asked_add(&b->asked, question);
}

static int
test(struct backtest *b)
{
	struct diag d = {0};
	int err = read_judged_names(b->reader, b->since, b->until, on_name, b);

	if (err == 0)
		err = read_asked(b->reader, on_asked, b);
	if (err == 0)
		backtest_read(b->lists, &d);
	b->never_asked = backtest_asked_never(&b->asked);
	for (size_t i = 0; i < d.n_items; i++)
		cli_problem(stderr, &d.items[i]);
	b->faulty = d.n_errors > 0;
	diag_fini(&d);
	if (err == 0)
		err = read_judged(b->reader, b->since, b->until, on_judged, b);
	if (err == 0)
		err = read_inside_pools(
		    b->reader, b->since, b->until, &b->inside_pools);
	return err;
}

static int
run(struct backtest *b, const char *conninfo)
{
	char why[1024];
	int err = reader_open(conninfo, &b->reader, why, sizeof(why));

	if (err != 0) {
		cli_say(&spec, "%s", why);
		return CLI_TROUBLE;
	}
	print_init(&b->out, stdout);
	for (size_t i = 0; i < b->lists->config->n_sinks; i++) {
		const char *name = b->lists->config->sinks[i].name;
		struct sink_count *s = sink_at(b, name, strlen(name));

		if (s != NULL)
			s->configured = true;
	}
	err = test(b);
	if (err != 0)
		cli_say(&spec, "%s", reader_why(b->reader));
	else if (b->json)
		sum_json(b);
	else
		sum_text(b);
	reader_close(b->reader);
	if (!print_end(&b->out) || err != 0)
		return CLI_TROUBLE;
	return b->faulty ? CLI_CONFIG : CLI_OK;
}

static int
with_config(struct backtest *b, const char *path, const char *database)
{
	struct config *config = cli_config(&spec, path);
	int status;

	if (config == NULL)
		return CLI_CONFIG;
	b->lists = calloc(1, sizeof(*b->lists));
	CHECK(b->lists != NULL);
	b->lists->config = config;
	b->lists->asked = &b->asked;
	status = run(b, database != NULL ? database : config->database);
	backtest_lists_fini(b->lists);
	free(b->lists);
	backtest_told_fini(&b->told);
	backtest_asked_fini(&b->asked);
	arena_fini(&b->scratch);
	buf_fini(&b->line);
	config_free(config);
	return status;
}

int
cmd_backtest(int argc, char **argv)
{
	static struct backtest b;
	struct cli_args args;
	const char *config = NULL;
	const char *database = NULL;
	int status = 0;

	cli_args_init(&args, &spec, argc, argv);
	for (;;) {
		int arg = cli_next(&args);

		if (arg == CLI_ARG_END)
			break;
		if (arg == OPT_CONFIG)
			config = args.value;
		else if (arg == OPT_DATABASE)
			database = args.value;
		else if (arg == OPT_SINCE)
			status = cli_time(&spec, args.value, &b.since);
		else if (arg == OPT_UNTIL)
			status = cli_time(&spec, args.value, &b.until);
		else if (arg == OPT_JSON)
			b.json = true;
		else
			return cli_end(&args, arg);
		if (status != 0)
			return status;
	}
	b.asked.now = clock_wall();
	if (b.since == 0)
		b.since = b.asked.now - WALL_S(86400);
	if (b.until != 0 && b.since >= b.until)
		return cli_wrong(&spec,
		    "--since, a day ago unless given, is not before --until");
	return with_config(&b, config, database);
}

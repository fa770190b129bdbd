/* SPDX-License-Identifier: ISC */

/*
 * check -- reads the configuration and all watchlists as the daemon would,
 * and tells every problem with its place.  A refused line of a watchlist,
 * which `serve` goes on without, is a problem here: this is where people and
 * their build servers look before they reload.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/emit.h"
#include "base/err.h"
#include "check_count.h"
#include "check_diff.h"
#include "check_expect.h"
#include "check_known.h"
#include "check_plan.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "config/config.h"
#include "config/watchlist.h"

enum { STEP_ENTRIES = 4096 };
enum { OPT_CONFIG, OPT_JSON, OPT_DIFF, OPT_KNOWN };

static const struct cli_option options[] = {
    [OPT_CONFIG] = CLI_OPTION_CONFIG,
    [OPT_JSON] = CLI_OPTION_JSON,
    [OPT_DIFF] = {"diff", "OLD",
	"what is asked otherwise than by OLD, another configuration"},
    [OPT_KNOWN] = {"known", NULL, "with what the database knows of TTLs"},
    {NULL, NULL, NULL},
};

static const struct cli_spec spec = {
    .name = "check",
    .operands = "[WATCHLIST ...]",
    .about = "Tells every problem of the configuration and its watchlists, "
	     "up to 20 a file.\nWith watchlists named, those are checked "
	     "instead, and without --config no\nconfiguration is read.\n"
	     "Exit status: 0 no problem, 78 some.",
    .options = options,
};

struct check {
	struct print out;
	bool json;
	bool known;
	struct config *config; /* NULL: only watchlists are checked */
	struct watch_names names;
	bool one_group[CONFIG_VIEWS_MAX]; /* a view's resolvers are one witness
	                                   */
	struct count count;
	struct check_expect expect;
	struct check_plan plan;
	size_t n_lists;
	struct watchlist_deltas deltas; /* of all lists */
	size_t n_errors;
	size_t n_over;  /* watches that their list says have ended ... */
	wall_us now_at; /* ... by now */
	struct diag d;  /* of the file at hand */
	const char *file;
	bool told_group; /* once a file */
	const char *old; /* to be compared with; NULL: nothing */
	struct diff_side now;
};

/* The configuration that is compared with. */
struct old {
	wall_us now_at;
	struct watch_names names;
	struct diff_side side;
};

static void
tell_item(struct check *c, const struct diag_item *item)
{
	struct buf line = {0};
	struct emit j;

	if (!c->json) {
		print_flush(&c->out);
		cli_problem(c->out.out, item);
		return;
	}
	emit_start(&j, &line);
	emit_object(&j, NULL);
	emit_text(&j, "class", item->warning ? "warning" : "problem");
	emit_text(&j, "file", item->file);
	emit_int(&j, "line", item->line);
	emit_int(&j, "column", item->column);
	emit_text(&j, "message", item->text);
	emit_object_end(&j);
	print_line(&c->out, &line);
	buf_fini(&line);
}

/* Tells what was found in one file, and forgets it. */
static void
tell(struct check *c)
{
	size_t all = c->d.n_errors + c->d.n_warnings;
	char text[64];
	struct diag_item more = {.file = NULL, .warning = true, .text = text};

	for (size_t i = 0; i < c->d.n_items; i++) {
		more.file = c->d.items[i].file;
		tell_item(c, &c->d.items[i]);
	}
	if (all > c->d.n_items && more.file != NULL) {
		snprintf(text, sizeof(text), "%zu more are not shown",
		    all - c->d.n_items);
		tell_item(c, &more);
	}
	c->n_errors += c->d.n_errors;
	diag_fini(&c->d);
}

static void
on_watch(void *ctx, const struct watch *w)
{
	struct check *c = ctx;
	char name[NAME_TEXT_SIZE];
	char until[WALL_TEXT_SIZE];
	struct count_tags tags;

	if (watch_is_over(w, c->now_at)) {
		c->n_over++;
		diag_warning(&c->d, c->file, w->line, 0,
		    "%s is over since %s, as `until` says: it is not watched",
		    name_print(w->name.wire, name),
		    wall_print(w->source->until, until));
		return;
	}
	if (c->old != NULL)
		diff_watch(&c->now, w, c->names.views);
	check_expect_add(&c->expect, w, c->file);
	if (c->plan.n > 0)
		check_plan_watch(&c->plan, w);
	tags = count_watch(&c->count, w, c->names.authoritative);
	if (count_became(tags, COUNT_OWNED | COUNT_HOSTILE))
		diag_warning(&c->d, c->file, w->line, 0,
		    "%s is tagged owned and hostile: it is asked as hostile "
		    "and judged as owned",
		    name_print(w->name.wire, name));
	if (count_became(tags, COUNT_DISCREET | COUNT_ASKED))
		diag_warning(&c->d, c->file, w->line, 0,
		    "%s is tagged hostile in one place and asked at its own "
		    "servers by another, which tells them who watches; tag it "
		    "in both, or add `direct: true`",
		    name_print(w->name.wire, name));
	for (size_t i = 0; i < w->n_views; i++) {
		uint8_t view = w->views[i].view;

		if (w->confirm != PROOF_CACHE || !c->one_group[view] ||
		    c->told_group)
			continue;
		c->told_group = true;
		diag_warning(&c->d, c->file, w->line, 0,
		    "`confirm: cache` needs resolvers of two groups, and all "
		    "of the view `%s` are of one: no change of %s can be "
		    "confirmed",
		    c->names.views[view], name_print(w->name.wire, name));
	}
}

static void
add_deltas(struct check *c, const struct watchlist *list)
{
	struct watchlist_deltas of_list = watchlist_deltas(list);

	c->deltas.files += of_list.files;
	c->deltas.names += of_list.names;
	c->deltas.added += of_list.added;
	c->deltas.removed += of_list.removed;
}

static void
tell_budget(struct check *c, const char *file, const struct watchlist *list)
{
	const struct watchlist_budget b = watchlist_budget(list);
	struct buf line = {0};
	struct emit j;

	if (b.stretch <= 1)
		return;
	if (c->json) {
		emit_start(&j, &line);
		emit_object(&j, NULL);
		emit_text(&j, "class", "budget");
		emit_text(&j, "file", file);
		emit_int(&j, "per_second", b.per_second);
		emit_int(&j, "wanted_millionths", (int64_t)(b.wanted * 1e6));
		emit_int(&j, "stretch_millionths", (int64_t)(b.stretch * 1e6));
		emit_object_end(&j);
	} else {
		buf_printf(&line,
		    "%s: %.2f questions a second are over its budget of %u: "
		    "intervals are %g times as long",
		    file, b.wanted, (unsigned)b.per_second, b.stretch);
	}
	print_line(&c->out, &line);
	buf_fini(&line);
}

static int
read_watchlist(struct check *c, const char *file)
{
	struct watchlist *list = NULL;
	int err = watchlist_open(file, c->config == NULL ? NULL : &c->names,
	    on_watch, c, &c->d, &list);

	if (err != 0)
		return err;
	do {
		err = watchlist_step(list, STEP_ENTRIES);
	} while (err > 0);
	add_deltas(c, list);
	tell_budget(c, file, list);
	watchlist_close(list);
	return err;
}

static void
check_watchlist(struct check *c, const char *file)
{
	int err;

	c->file = file;
	c->told_group = false;
	c->n_lists++;
	err = read_watchlist(c, file);
	if (err != 0 && c->d.n_errors == 0)
		diag_error(&c->d, file, 0, 0, "%s", err_text(err));
	tell(c);
}

static bool
is_one_group(const struct config *c, size_t view)
{
	const char *group = NULL;

	for (size_t i = 0; i < c->n_resolvers; i++) {
		const struct config_resolver *r = &c->resolvers[i];

		if ((r->views >> view & 1) == 0)
			continue;
		if (group != NULL && strcmp(group, r->group) != 0)
			return false;
		group = r->group;
	}
	return true;
}

static void
read_config(struct check *c, const char *path)
{
	const char *found = config_find(path);

	if (found == NULL) {
		cli_say(&spec, "no configuration: neither ./dnsvigil.yaml nor "
			       "/etc/dnsvigil/dnsvigil.yaml is there");
		c->n_errors++;
		return;
	}
	c->config = config_load(found, &c->d);
	if (c->config == NULL && c->d.n_errors == 0)
		diag_error(&c->d, found, 0, 0, "cannot be read");
	tell(c);
	if (c->config == NULL)
		return;
	c->names = watch_names_of(c->config);
	for (size_t i = 0; i < c->config->n_views; i++)
		c->one_group[i] =
		    c->config->sources[i] == NULL && is_one_group(c->config, i);
}

/* What the resolvers of a view may be asked a second. */
static double
rate_allowed(const struct config *c, size_t view)
{
	double allowed = 0;

	for (size_t i = 0; i < c->n_resolvers; i++) {
		const struct config_resolver *r = &c->resolvers[i];

		if ((r->views >> view & 1) == 0)
			continue;
		if (r->rate == 0)
			return HUGE_VAL;
		allowed += r->rate;
	}
	return allowed;
}

/* Warns when the questions are more than the resolvers may be asked. */
static void
compare_rate(struct check *c)
{
	for (size_t i = 0; i < c->config->n_views; i++) {
		double planned = count_rate(&c->count, (uint8_t)i);
		double allowed = rate_allowed(c->config, i);

		/* Which servers there are, only DNS knows. */
		if (c->config->sources[i] == NULL && planned > allowed)
			diag_warning(&c->d, c->config->path, 0, 0,
			    "%.1f questions a second are planned in the view "
			    "`%s` and the rates of its resolvers allow %.0f: "
			    "every one will be asked late",
			    planned, c->names.views[i], allowed);
	}
	tell(c);
}

static void
put_number(struct buf *out, size_t n, const char *what)
{
	buf_printf(out, "%zu %s%s, ", n, what, n == 1 ? "" : "s");
}

static void
put_source(struct buf *line, const char *view, const struct config_source *s)
{
	buf_printf(line, "view `%s` asks the servers of each zone%s, found by ",
	    view, s->parent ? " and of its parent" : "");
	if (s->own_hints)
		buf_printf(
		    line, "%zu hint%s", s->n_hints, s->n_hints == 1 ? "" : "s");
	else
		buf_printf(line, "the root's own");
	if (s->n_at > 0)
		buf_printf(line, " and %zu name%s of `at`", s->n_at,
		    s->n_at == 1 ? "" : "s");
}

static void
put_rate(struct buf *line, double rate)
{
	buf_printf(line,
	    rate > 0 && rate < 0.1 ? "%.2g questions a second"
				   : "%.1f questions a second",
	    rate);
}

/* Whom a view asks that asks no resolvers; how many they are, nobody knows. */
static void
tell_source(struct check *c, size_t view, const struct config_source *s)
{
	double rate = count_rate(&c->count, (uint8_t)view);
	const char *name = c->names.views[view];
	struct buf line = {0};

	if (c->json) {
		buf_printf(&line,
		    "{\"class\":\"view\",\"view\":\"%s\",\"parent\":%s,"
		    "\"hints\":%zu,\"at\":%zu,\"rate\":%u,"
		    "\"per_second\":%.3f}",
		    name, s->parent ? "true" : "false", s->n_hints, s->n_at,
		    (unsigned)s->rate, rate);
	} else {
		put_source(&line, name, s);
		buf_printf(&line, "; ");
		put_rate(&line, rate);
		buf_printf(&line, ", each at every server of its zone");
	}
	print_line(&c->out, &line);
	buf_fini(&line);
}

static void
put_deltas(struct buf *line, const struct watchlist_deltas *d)
{
	if (d->files > 0)
		buf_printf(line,
		    "; %zu delta%s: %zu name%s added, %zu taken out", d->files,
		    d->files == 1 ? "" : "s", d->added,
		    d->added == 1 ? "" : "s", d->removed);
}

static void
summarize(struct check *c)
{
	double rate = count_rate_all(&c->count);
	struct buf line = {0};

	if (c->json) {
		buf_printf(&line,
		    "{\"class\":\"summary\",\"lists\":%zu,\"names\":%zu,"
		    "\"questions\":%zu,\"per_second\":%.3f,\"problems\":%zu,"
		    "\"deltas\":%zu,\"delta_added\":%zu,"
		    "\"delta_removed\":%zu,\"sleeping\":%zu,"
		    "\"over\":%zu}",
		    c->n_lists, c->count.names.n, c->count.questions.n, rate,
		    c->n_errors, c->deltas.files, c->deltas.added,
		    c->deltas.removed, count_asleep(&c->count), c->n_over);
	} else {
		put_number(&line, c->n_lists, "list");
		put_number(&line, c->count.names.n, "name");
		put_number(&line, c->count.questions.n, "question");
		put_rate(&line, rate);
		if (count_asleep(&c->count) > 0)
			buf_printf(&line, "; %zu of them sleep",
			    count_asleep(&c->count));
		if (c->n_over > 0)
			buf_printf(&line, "; %zu watch%s over", c->n_over,
			    c->n_over == 1 ? " is" : "es are");
		put_deltas(&line, &c->deltas);
		if (c->n_errors > 0)
			buf_printf(&line, "; %zu problem%s", c->n_errors,
			    c->n_errors == 1 ? "" : "s");
	}
	print_line(&c->out, &line);
	buf_fini(&line);
	if (c->count.is_short)
		cli_say(&spec, "memory was short: the numbers are too low");
}

/* Of questions that are asked already; what cannot be read is no problem of
 * the configuration. */
static void
ask_known(struct check *c)
{
	char why[1024] = "the configuration names none";

	if (c->config == NULL || c->config->database == NULL ||
	    !check_known(
		c->config->database, c->config->path, &c->d, why, sizeof(why)))
		cli_say(&spec, "nothing is known by a database: %s", why);
	tell(c);
}

static void
on_old_watch(void *ctx, const struct watch *w)
{
	struct old *o = ctx;

	if (watch_is_over(w, o->now_at))
		return;
	diff_watch(&o->side, w, o->names.views);
}

/* What is wrong with the old lists was wrong before. */
static void
read_old_lists(struct old *o, const struct config *config)
{
	struct diag ignored = {0};
	char **files = NULL;
	size_t n = config_files(config, &files, &ignored);
	int err = 0;

	o->names = watch_names_of(config);
	for (size_t i = 0; i < n; i++)
		err |= watchlist_load(
		    files[i], &o->names, on_old_watch, o, &ignored);
	(void)err;
	config_files_free(files, n);
	diag_fini(&ignored);
}

static void
compare_old(struct check *c)
{
	struct old o = {.now_at = c->now_at};
	struct config *config = config_load(c->old, &c->d);

	if (config == NULL && c->d.n_errors == 0)
		diag_error(&c->d, c->old, 0, 0, "cannot be read");
	tell(c);
	if (config == NULL)
		return;
	read_old_lists(&o, config);
	diff_tell(&c->out, c->json, &o.side, &c->now);
	if (o.side.is_short || c->now.is_short)
		cli_say(&spec, "memory was short: the comparison is not whole");
	diff_fini(&o.side);
	config_free(config);
}

static void
check_all(struct check *c, char **named, size_t n_named)
{
	char **files = NULL;
	size_t n = 0;

	if (c->config != NULL)
		check_plan_init(&c->plan, c->config);
	if (c->config != NULL && n_named == 0)
		n = config_files(c->config, &files, &c->d);
	tell(c);
	for (size_t i = 0; i < n; i++)
		check_watchlist(c, files[i]);
	config_files_free(files, n);
	for (size_t i = 0; i < n_named; i++)
		check_watchlist(c, named[i]);
	check_expect_tell(&c->expect, &c->d);
	tell(c);
	if (c->config != NULL && n_named == 0)
		check_plan_tell(&c->plan, c->config, clock_wall(), &c->d);
	tell(c);
	if (c->config != NULL)
		compare_rate(c);
	if (c->known)
		ask_known(c);
	for (size_t i = 0; i < c->names.n_views; i++) {
		if (c->config->sources[i] != NULL)
			tell_source(c, i, c->config->sources[i]);
	}
	if (c->old != NULL && c->config != NULL)
		compare_old(c);
	if (c->n_lists > 0)
		summarize(c);
}

int
cmd_check(int argc, char **argv)
{
	struct check c = {0};
	struct cli_args args;
	const char *path = NULL;
	char **named = argv; /* operands move to the front */
	size_t n_named = 0;
	bool done;

	cli_args_init(&args, &spec, argc, argv);
	for (;;) {
		int arg = cli_next(&args);

		if (arg == CLI_ARG_END)
			break;
		else if (arg == OPT_CONFIG)
			path = args.value;
		else if (arg == OPT_JSON)
			c.json = true;
		else if (arg == OPT_DIFF)
			c.old = args.value;
		else if (arg == OPT_KNOWN)
			c.known = true;
		else if (arg == CLI_ARG_OPERAND)
			named[n_named++] = argv[args.next - 1];
		else
			return cli_end(&args, arg);
	}
	print_init(&c.out, stdout);
	c.now_at = clock_wall();
	count_init(&c.count);
	if (path != NULL || n_named == 0 || c.old != NULL)
		read_config(&c, path);
	if (c.n_errors == 0 || c.config != NULL || n_named > 0)
		check_all(&c, named, n_named);
	done = print_end(&c.out);
	count_fini(&c.count);
	check_expect_fini(&c.expect);
	check_plan_fini(&c.plan);
	diff_fini(&c.now);
	config_free(c.config);
	return c.n_errors == 0 && done ? CLI_OK : CLI_CONFIG;
}

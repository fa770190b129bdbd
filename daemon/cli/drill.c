/* SPDX-License-Identifier: ISC */

/*
 * drill -- an attack on one watched name, played through the real judging,
 * and its alerts to the real sinks, marked as a test.  The database is not
 * opened: no trace is left in the history.
 */

#include <stdlib.h>
#include <string.h>

#include "alert/alert.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "config/config.h"
#include "drill_send.h"
#include "print_scan.h"
#include "stage/drill.h"

enum { OPT_CONFIG, OPT_NAME, OPT_DRY, OPT_JSON };

static const struct cli_option options[] = {
    [OPT_CONFIG] = CLI_OPTION_CONFIG,
    [OPT_NAME] = {"name", "NAME",
	"a watched name; else the first that is tagged `owned`"},
    [OPT_DRY] = {"dry-run", NULL, "send nothing to the sinks"},
    [OPT_JSON] = CLI_OPTION_JSON,
    {NULL, NULL, NULL},
};

static const struct cli_spec spec = {
    .name = "drill",
    .operands = "[SCENARIO]",
    .about = "Plays an attack on a watched name through the judging of "
	     "`serve`, in no time and\nwithout the database, and sends its "
	     "alerts to all sinks, marked as a test.\nWithout SCENARIO: lists "
	     "them.\n"
	     "Exit status: 0 told, and taken by every sink, 1 nothing was "
	     "told, 2 a sink did\nnot take it, or trouble.",
    .options = options,
};

struct drill {
	const struct config *config;
	const struct drill_scenario *scenario;
	char wanted[NAME_TEXT_SIZE]; /* the name; "": the first owned one */
	bool dry;
	bool json;
	struct arena arena;
	struct watch watch; /* copied into the arena */
	bool found;
	struct print out;
	struct buf line;
	struct drill_posts posts;
	size_t n_alerts;
	bool failed;
};

/* ---- which name ---- */

static bool
has_tag(const struct watch *w, const char *tag)
{
	for (size_t i = 0; i < w->n_tags; i++)
		if (strcmp(w->tags[i], tag) == 0)
			return true;
	return false;
}

static char *
copy_text(struct drill *d, const char *text)
{
	char *copy;

	if (text == NULL)
		return NULL;
	copy = arena_text(&d->arena, text);
	CHECK(copy != NULL);
	return copy;
}

static void
keep_watch(struct drill *d, const struct watch *w)
{
	char **tags = arena_get(&d->arena, (w->n_tags + 1) * sizeof(*tags));

	CHECK(tags != NULL);
	for (size_t i = 0; i < w->n_tags; i++)
		tags[i] = copy_text(d, w->tags[i]);
	d->watch = *w;
	d->watch.tags = (const char *const *)tags;
	d->watch.types =
	    arena_copy(&d->arena, w->types, w->n_types * sizeof(*w->types));
	CHECK(d->watch.types != NULL);
	d->watch.list = copy_text(d, w->list);
	d->watch.owner = copy_text(d, w->owner);
	d->watch.runbook = copy_text(d, w->runbook);
	d->watch.source = NULL; /* no part of what is judged */
	d->found = true;
}

static bool
has_type(const struct watch *w, uint16_t type)
{
	for (size_t i = 0; i < w->n_types; i++)
		if (w->types[i] == type)
			return true;
	return false;
}

/* What another entry says of the same name: one watch has no room for more. */
static void
join_watch(struct drill *d, const struct watch *w)
{
	struct watch *own = &d->watch;
	uint16_t *types =
	    arena_get(&d->arena, WATCH_TYPES_MAX * sizeof(*types));
	const char **tags =
	    arena_get(&d->arena, WATCH_TAGS_MAX * sizeof(*tags));

	CHECK(types != NULL && tags != NULL);
	memcpy(types, own->types, own->n_types * sizeof(*types));
	memcpy(tags, own->tags, own->n_tags * sizeof(*tags));
	own->types = types;
	own->tags = tags;
	for (size_t i = 0; i < w->n_types; i++)
		if (!has_type(own, w->types[i]) &&
		    own->n_types < WATCH_TYPES_MAX)
			types[own->n_types++] = w->types[i];
	for (size_t i = 0; i < w->n_tags; i++)
		if (!has_tag(own, w->tags[i]) && own->n_tags < WATCH_TAGS_MAX)
			tags[own->n_tags++] = copy_text(d, w->tags[i]);
	if (w->every_s < own->every_s)
		own->every_s = w->every_s;
	if (w->confirm > own->confirm)
		own->confirm = w->confirm;
}

static void
on_watch(void *ctx, const struct watch *w)
{
	struct drill *d = ctx;
	char text[NAME_TEXT_SIZE];

	/* It is as if one that is over did not stand in its list. */
	if (watch_is_over(w, clock_wall()))
		return;
	name_print(w->name.wire, text);
	if (d->wanted[0] == '\0' ? !has_tag(w, "owned")
				 : strcmp(text, d->wanted) != 0)
		return;
	memcpy(d->wanted, text, strlen(text) + 1);
	if (d->found)
		join_watch(d, w);
	else
		keep_watch(d, w);
}

/* Refused lines are `check`'s to tell. */
static void
find_watch(struct drill *d)
{
	struct watch_names names = watch_names_of(d->config);
	struct diag ignored = {0};
	char **files;
	size_t n = config_files(d->config, &files, &ignored);

	for (size_t i = 0; i < n; i++) {
		if (watchlist_load(files[i], &names, on_watch, d, &ignored) !=
		    0)
			log_warn("drill: the list %s cannot be read", files[i]);
	}
	config_files_free(files, n);
	diag_fini(&ignored);
}

/* ---- what is shown ---- */

static void
put_time(struct buf *out, mono_ns at)
{
	long s = (long)(at / MONO_S(1));

	buf_printf(out, "%ld:%02ld:%02ld  ", s / 3600, s / 60 % 60, s % 60);
}

static void
on_step(void *ctx, mono_ns at, const char *text)
{
	struct drill *d = ctx;

	if (d->json)
		return;
	put_time(&d->line, at);
	buf_printf(&d->line, "-- %s", text);
	print_line(&d->out, &d->line);
}

static void
show_alert(struct drill *d, mono_ns at, const struct delivery *a)
{
	for (size_t i = 0; i < a->n_members; i++) {
		const char *body = a->members[i].body;
		/* An alert of several is a group, whatever they are. */
		bool event =
		    scan_is(scan_get(scan_text(body), "class"), "event");

		put_time(&d->line, at);
		print_entry(&d->line, false, a->members[i].seq,
		    event ? "event" : "change", body);
		print_line(&d->out, &d->line);
	}
}

/* As each sink would get it; without any, as it would be. */
static void
on_alert(void *ctx, mono_ns at, const struct delivery *a)
{
	struct drill *d = ctx;
	size_t n = d->config->n_sinks;
	struct delivery one = *a;

	d->n_alerts++;
	if (!d->json)
		show_alert(d, at, a);
	for (size_t i = 0; i < n || i == 0; i++) {
		struct buf body = {0};

		one.sink = n > 0 ? d->config->sinks[i].name : "";
		if (webhook_body(&one, &body) != 0) {
			d->failed = true;
			cli_say(&spec, "an alert cannot be written");
		} else if (d->json && i == 0) {
			print_json(&d->line, buf_text(&body));
			print_line(&d->out, &d->line);
		}
		if (n > 0 && body.err == 0)
			drill_posts_add(
			    &d->posts, &d->config->sinks[i], &one, &body);
		buf_fini(&body);
	}
}

static void
on_sent(void *ctx, const struct drill_post *post)
{
	struct drill *d = ctx;

	if (post->taken)
		return;
	d->failed = true;
	cli_say(&spec, "sink %s did not take an alert: %s", post->sink->name,
	    post->why);
}

static void
send_all(struct drill *d)
{
	if (d->dry || d->posts.n == 0)
		return;
	drill_posts_send(&d->posts, on_sent, d);
	if (!d->json) {
		buf_printf(&d->line, "%zu of %zu posts to %zu sinks were taken",
		    d->posts.n_taken, d->posts.n, d->config->n_sinks);
		print_line(&d->out, &d->line);
	}
}

/* ---- the command ---- */

static int
list_scenarios(void)
{
	size_t n;
	const struct drill_scenario *all = drill_scenarios(&n);

	for (size_t i = 0; i < n; i++)
		printf("%-10s %s\n", all[i].name, all[i].about);
	return CLI_OK;
}

static int
choose(struct drill *d, const char *name)
{
	size_t n;
	const struct drill_scenario *all = drill_scenarios(&n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i].name, name) == 0)
			d->scenario = &all[i];
	if (d->scenario == NULL)
		return cli_wrong(&spec,
		    "no scenario `%s`; without an operand they are listed",
		    name);
	return CLI_OK;
}

static int
play(struct drill *d)
{
	find_watch(d);
	if (!d->found) {
		cli_say(&spec, "%s is in no watchlist",
		    d->wanted[0] != '\0' ? d->wanted
					 : "a name with the tag `owned`");
		return CLI_TROUBLE;
	}
	drill_run(&(struct drill_setup){.config = d->config,
	    .scenario = d->scenario,
	    .watch = &d->watch,
	    .begin = clock_wall(),
	    .on_step = on_step,
	    .on_alert = on_alert,
	    .ctx = d});
	send_all(d);
	if (!print_end(&d->out) || d->failed)
		return CLI_TROUBLE;
	if (d->n_alerts == 0)
		cli_say(&spec, "nothing was told: neither the types nor the "
			       "interval of this watch would have shown it, "
			       "or `severity` makes it less than low");
	return d->n_alerts > 0 ? CLI_OK : CLI_DIFFERS;
}

static int
read_args(struct drill *d, struct cli_args *args, const char **config)
{
	int arg;
	int status = CLI_OK;

	while (status == CLI_OK && (arg = cli_next(args)) != CLI_ARG_END) {
		switch (arg) {
		case OPT_CONFIG:
			*config = args->value;
			break;
		case OPT_NAME:
			status =
			    cli_watched_name(&spec, args->value, d->wanted);
			break;
		case OPT_DRY:
			d->dry = true;
			break;
		case OPT_JSON:
			d->json = true;
			break;
		case CLI_ARG_OPERAND:
			if (d->scenario != NULL)
				return cli_wrong(&spec, "one scenario");
			status = choose(d, args->value);
			break;
		default:
			return cli_end(args, arg);
		}
	}
	return status == CLI_OK && d->scenario == NULL ? list_scenarios()
	                                               : status;
}

int
cmd_drill(int argc, char **argv)
{
	struct drill d = {0};
	const char *path = NULL;
	struct cli_args args;
	struct config *config;
	int status;

	cli_args_init(&args, &spec, argc, argv);
	status = read_args(&d, &args, &path);
	if (status != CLI_OK || d.scenario == NULL)
		return status;
	config = cli_config(&spec, path);
	if (config == NULL)
		return CLI_CONFIG;
	d.config = config;
	log_open(LOG_ERROR);
	print_init(&d.out, stdout);
	status = play(&d);
	drill_posts_fini(&d.posts);
	arena_fini(&d.arena);
	buf_fini(&d.line);
	config_free(config);
	return status;
}

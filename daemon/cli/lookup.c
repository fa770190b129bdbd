/* SPDX-License-Identifier: ISC */

/*
 * lookup -- asks every server of a view now, the way the daemon asks,
 * and shows the replies beside what is believed.  Nothing is recorded:
 * who wants that runs `once`.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "config/config.h"
#include "config/unicode.h"
#include "config/watchlist.h"
#include "dns/type.h"
#include "lookup_ask.h"
#include "store/read.h"

enum { OPT_CONFIG, OPT_VIEW, OPT_JSON };

static const struct cli_option options[] = {
    [OPT_CONFIG] = CLI_OPTION_CONFIG,
    [OPT_VIEW] = {"view", "NAME", "the view to ask, instead of default"},
    [OPT_JSON] = CLI_OPTION_JSON,
    {NULL, NULL, NULL},
};

static const struct cli_spec spec = {
    .name = "lookup",
    .operands = "NAME [TYPE ...]",
    .about = "Asks all resolvers of a view now and compares with "
	     "what is believed.\nRecords nothing.  Without TYPE: A AAAA MX NS "
	     "TXT SOA.\n"
	     "Exit status: 0 the same (or nothing is believed), 1 differs, "
	     "2 no answer.",
    .options = options,
};

/* What is believed of a type. */
struct believed {
	bool known;
	struct content content;
	wall_us since;
	wall_us last_seen;
};

struct lookup {
	struct lookup_ask ask;
	struct config *config;
	const char *view;
	char text[NAME_TEXT_SIZE];
	struct believed *believed; /* one for each type */
	bool json;
	struct print out;
	struct buf line;
	bool unread; /* the database could not be asked */
};

/* ---- what is believed ---- */

static void
on_believed(void *ctx, const struct read_believed *b)
{
	struct lookup *l = ctx;
	size_t i = 0;
	struct believed *believed;
	uint8_t *packed;

	while (i < l->ask.n_types && l->ask.types[i] != b->type)
		i++;
	if (i == l->ask.n_types || b->content == NULL ||
	    strcmp(b->view, l->view) != 0)
		return;
	believed = &l->believed[i];
	packed = arena_copy(&l->ask.arena, b->content, b->content_size);
	if (packed == NULL || content_unpack(packed, b->content_size,
				  &l->ask.arena, &believed->content) != 0)
		return;
	believed->known = true;
	believed->since = b->since;
	believed->last_seen = b->before;
}

/* Without a database the replies are worth showing all the same. */
static void
read_believed(struct lookup *l)
{
	struct reader *reader;
	char why[1024];

	if (l->config->database == NULL)
		return;
	if (reader_open(l->config->database, &reader, why, sizeof(why)) != 0) {
		cli_say(&spec, "what is believed is not known: %s", why);
		l->unread = true;
		return;
	}
	if (read_at(reader, l->text, 0, clock_wall(), on_believed, l) != 0) {
		cli_say(&spec, "what is believed is not known: %s",
		    reader_why(reader));
		l->unread = true;
	}
	reader_close(reader);
}

/* ---- showing ---- */

static bool
is_same(const struct lookup *l, const struct lookup_reply *r)
{
	const struct believed *b = &l->believed[r->type_i];

	return !b->known || content_equal(&b->content, &r->content);
}

static void
put_reply_json(struct lookup *l, const struct lookup_reply *r)
{
	const struct believed *b = &l->believed[r->type_i];
	char type[TYPE_TEXT_SIZE];
	char server[ADDR_TEXT_SIZE];
	struct emit j;

	emit_start(&j, &l->line);
	emit_object(&j, NULL);
	emit_text(&j, "name", l->text);
	unicode_emit(&j, l->text);
	emit_text(&j, "type", type_print(l->ask.types[r->type_i], type));
	emit_text(&j, "view", l->view);
	emit_text(&j, "server",
	    addr_print(&l->config->resolvers[r->server].addr, server));
	emit_text(&j, "transport", transport_text(r->transport));
	emit_int(&j, "ms", r->took_us / 1000);
	if (r->fail != FAIL_NOT) {
		emit_text(&j, "outcome", "FAIL");
		emit_text(&j, "reason", fail_text(r->fail));
	} else {
		print_content_json(&j, &r->content);
		emit_int(&j, "ttl", r->ttl);
	}
	if (b->known) {
		emit_object(&j, "state");
		print_content_json(&j, &b->content);
		emit_wall(&j, "since", b->since);
		emit_wall(&j, "last_seen", b->last_seen);
		emit_object_end(&j);
	} else {
		emit_null(&j, "state");
	}
	if (b->known && r->fail == FAIL_NOT)
		emit_bool(&j, "same", is_same(l, r));
	else
		emit_null(&j, "same");
	emit_object_end(&j);
	print_line(&l->out, &l->line);
}

static void
put_reply(struct lookup *l, const struct lookup_reply *r)
{
	char server[ADDR_TEXT_SIZE];

	buf_printf(&l->line, "  %-20s  ",
	    addr_print(&l->config->resolvers[r->server].addr, server));
	if (r->fail != FAIL_NOT) {
		buf_printf(&l->line, "no answer (%s)", fail_text(r->fail));
	} else {
		print_content(&l->line, &r->content);
		buf_printf(
		    &l->line, "   ttl %u, %u ms", r->ttl, r->took_us / 1000);
		if (!is_same(l, r))
			buf_add_text(&l->line, "   DIFFERS");
	}
	print_line(&l->out, &l->line);
}

static void
put_type(struct lookup *l, size_t type_i)
{
	const struct believed *b = &l->believed[type_i];
	char type[TYPE_TEXT_SIZE];

	print_watched(&l->line, l->text);
	buf_printf(&l->line, " %s", type_print(l->ask.types[type_i], type));
	print_line(&l->out, &l->line);
	for (size_t i = 0; i < l->ask.n_replies; i++) {
		if (l->ask.replies[i].type_i == type_i)
			put_reply(l, &l->ask.replies[i]);
	}
	buf_printf(&l->line, "  %-20s  ", "believed");
	if (!b->known) {
		buf_add_text(&l->line, l->unread ? "not known" : "nothing");
	} else {
		print_content(&l->line, &b->content);
		buf_add_text(&l->line, "   since ");
		print_wall(&l->line, b->since);
		buf_add_text(&l->line, ", last seen ");
		print_wall(&l->line, b->last_seen);
	}
	print_line(&l->out, &l->line);
}

static void
show(struct lookup *l)
{
	if (l->json) {
		for (size_t i = 0; i < l->ask.n_replies; i++)
			put_reply_json(l, &l->ask.replies[i]);
	} else {
		for (size_t i = 0; i < l->ask.n_types; i++)
			put_type(l, i);
	}
}

/* A difference is news even where another type had no answer. */
static int
judge(const struct lookup *l)
{
	size_t n_answers[WATCH_TYPES_MAX] = {0};
	int status = l->unread ? CLI_TROUBLE : CLI_OK;

	for (size_t i = 0; i < l->ask.n_replies; i++) {
		const struct lookup_reply *r = &l->ask.replies[i];

		if (r->fail != FAIL_NOT)
			continue;
		n_answers[r->type_i]++;
		if (!is_same(l, r))
			return CLI_DIFFERS;
	}
	for (size_t i = 0; i < l->ask.n_types; i++) {
		if (n_answers[i] == 0)
			status = CLI_TROUBLE;
	}
	return status;
}

static int
look_up(struct lookup *l)
{
	int err;

	l->believed = calloc(l->ask.n_types, sizeof(*l->believed));
	if (l->believed == NULL)
		err = -ENOMEM;
	else
		err = lookup_ask_all(&l->ask, l->config);
	if (err != 0) {
		cli_say(&spec, "%s", err_text(err));
		return CLI_TROUBLE;
	}
	read_believed(l);
	print_init(&l->out, stdout);
	show(l);
	return print_end(&l->out) ? judge(l) : CLI_TROUBLE;
}

/* ---- arguments ---- */

static int
take_type(struct lookup *l, const char *text)
{
	uint16_t type;

	if (cli_type(&spec, text, &type) != 0)
		return CLI_USAGE;
	for (size_t i = 0; i < l->ask.n_types; i++) {
		if (l->ask.types[i] == type)
			return 0;
	}
	if (l->ask.n_types == WATCH_TYPES_MAX)
		return cli_wrong(
		    &spec, "more than %d types", (int)WATCH_TYPES_MAX);
	l->ask.types[l->ask.n_types++] = type;
	return 0;
}

static int
take_operand(struct lookup *l, bool first, const char *text)
{
	const char *why = "";

	if (!first)
		return take_type(l, text);
	if (cli_name(text, &l->ask.name, &why) != 0)
		return cli_wrong(&spec, "'%s' is no name: %s", text, why);
	name_print(l->ask.name.wire, l->text);
	return 0;
}

static bool
is_reverse(const struct name *name)
{
	static const uint8_t v4[] = "\007in-addr\004arpa";
	static const uint8_t v6[] = "\003ip6\004arpa";

	return name_is_within(name->wire, v4) || name_is_within(name->wire, v6);
}

/* 0, or the exit status, told. */
static int
find_view(struct lookup *l)
{
	const struct config *c = l->config;
	size_t i = 0;

	while (i < c->n_views && strcmp(c->views[i], l->view) != 0)
		i++;
	if (i == c->n_views || config_is_parent_view(c, i))
		return cli_wrong(
		    &spec, "the configuration has no view '%s'", l->view);
	l->ask.view = i;
	if (c->sources[i] == NULL)
		return 0;
	cli_say(&spec,
	    "view `%s` asks the zones' servers; lookup asks resolvers only: "
	    "name a view that has some",
	    l->view);
	return CLI_TROUBLE;
}

static int
run(struct lookup *l, const char *path)
{
	int status = CLI_CONFIG;

	/* As in a watchlist, an address is asked for its PTR. */
	if (l->ask.n_types == 0 && is_reverse(&l->ask.name))
		l->ask.types[l->ask.n_types++] = TYPE_PTR;
	for (size_t i = 0; l->ask.n_types == 0 && i < n_watch_types_default;
	     i++)
		l->ask.types[i] = watch_types_default[i];
	if (l->ask.n_types == 0)
		l->ask.n_types = n_watch_types_default;
	l->config = cli_config(&spec, path);
	if (l->config != NULL)
		status = find_view(l);
	if (status == 0)
		status = look_up(l);
	lookup_ask_fini(&l->ask);
	free(l->believed);
	buf_fini(&l->line);
	config_free(l->config);
	return status;
}

int
cmd_lookup(int argc, char **argv)
{
	struct lookup l = {.view = "default"};
	const char *path = NULL;
	struct cli_args args;
	bool has_name = false;
	int status = 0;

	cli_args_init(&args, &spec, argc, argv);
	while (status == 0) {
		int arg = cli_next(&args);

		if (arg == CLI_ARG_END)
			break;
		if (arg == CLI_ARG_OPERAND) {
			status = take_operand(&l, !has_name, args.value);
			has_name = true;
		} else if (arg == OPT_CONFIG) {
			path = args.value;
		} else if (arg == OPT_VIEW) {
			l.view = args.value;
		} else if (arg == OPT_JSON) {
			l.json = true;
		} else {
			return cli_end(&args, arg);
		}
	}
	if (status == 0 && !has_name)
		status = cli_wrong(&spec, "look up what? NAME is missing");
	return status != 0 ? status : run(&l, path);
}

/* SPDX-License-Identifier: ISC */

/*
 * history -- intervals of every record of a name, or with --at what was
 * believed at a time, and whether that was seen then or lies between two
 * sightings.  A question that fails now says so beside its last good answer:
 * silence is no absence of records.
 */

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/emit.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "config/unicode.h"
#include "dns/reply.h"
#include "dns/type.h"
#include "history_life.h"
#include "history_pool.h"
#include "store/read.h"

enum { OPT_CONFIG, OPT_DATABASE, OPT_JSON, OPT_AT };

static const struct cli_option options[] = {
    [OPT_CONFIG] = CLI_OPTION_CONFIG,
    [OPT_DATABASE] = CLI_OPTION_DATABASE,
    [OPT_JSON] = CLI_OPTION_JSON,
    [OPT_AT] = {"at", "T", "what was believed at T"},
    {NULL, NULL, NULL},
};

static const struct cli_spec spec = {
    .name = "history",
    .operands = "NAME [TYPE]",
    .about = "Lists when each record of a name was first and last seen.\n"
	     "T is RFC 3339, a date (UTC), or a span back from now: -24h.\n"
	     "Exit status: 0 listed, 2 trouble.",
    .options = options,
};

/* A question that fails now. */
struct failing {
	struct failing *next;
	char *view;
	uint16_t type;
	uint8_t fail;
	wall_us since;
	wall_us last_good; /* 0: never */
};

struct history {
	struct print out;
	struct buf line;
	struct arena arena;
	struct reader *reader;
	struct failing *failing;
	struct history_life *lives; /* by view */
	struct config *config;      /* its marks; NULL: none */
	char text[NAME_TEXT_SIZE];
	uint16_t type; /* 0: all */
	wall_us at;    /* 0: no --at */
	bool has_at;
	bool json;
	size_t n_rows;
	/* The question of the row before, for the headings. */
	uint16_t head_type;
	char *head_view;
};

static void
put_line(struct history *h)
{
	h->n_rows++;
	print_line(&h->out, &h->line);
	if (h->out.err != 0)
		reader_stop(h->reader);
}

static void
put_failing_json(struct emit *j, const struct failing *f)
{
	emit_object(j, "failing");
	emit_text(j, "reason", fail_text((enum fail)f->fail));
	emit_wall(j, "since", f->since);
	emit_wall(j, "last_good", f->last_good);
	emit_object_end(j);
}

static void
put_failing(struct buf *out, const struct failing *f)
{
	buf_printf(out, "failing (%s) since ", fail_text((enum fail)f->fail));
	print_wall(out, f->since);
	if (f->last_good == 0) {
		buf_add_text(out, ", never answered");
		return;
	}
	buf_add_text(out, ", last good answer ");
	print_wall(out, f->last_good);
}

static const struct failing *
find_failing(const struct history *h, uint16_t type, const char *view)
{
	const struct failing *f = h->failing;

	while (f != NULL && (f->type != type || strcmp(f->view, view) != 0))
		f = f->next;
	return f;
}

/* Remembers what fails now; the rows themselves come later. */
static void
on_now(void *ctx, const struct read_believed *b)
{
	struct history *h = ctx;
	struct history_life *l = history_life_of(&h->lives, b->view, &h->arena);
	struct failing *f;

	if (l != NULL)
		history_life_fact(l, b, clock_wall(), &h->arena);
	if (!b->failing)
		return;
	f = arena_zero(&h->arena, sizeof(*f));
	if (f == NULL)
		return;
	f->view = arena_text(&h->arena, b->view);
	if (f->view == NULL)
		return;
	f->type = b->type;
	f->fail = b->fail;
	f->since = b->failing_since;
	f->last_good = b->content == NULL ? 0 : b->before;
	f->next = h->failing;
	h->failing = f;
}

/* ---- intervals ---- */

static void
put_interval_json(struct history *h, const struct read_interval *i)
{
	const struct failing *f = find_failing(h, i->type, i->view);
	char type[TYPE_TEXT_SIZE];
	struct emit j;

	emit_start(&j, &h->line);
	emit_object(&j, NULL);
	emit_text(&j, "name", i->name);
	unicode_emit(&j, i->name);
	emit_text(&j, "type", type_print(i->type, type));
	emit_text(&j, "view", i->view);
	emit_text(&j, "owner", i->owner);
	emit_text(&j, "rdata", i->rdata);
	emit_wall(&j, "first_seen", i->first_seen);
	emit_wall(&j, "last_seen", i->last_seen);
	emit_int(&j, "count", i->count);
	emit_bool(&j, "current", i->current);
	emit_text(&j, "outcome", i->outcome);
	if (i->rrtype == 0)
		emit_null(&j, "rrtype");
	else
		emit_text(&j, "rrtype", type_print(i->rrtype, type));
	if (i->current && f != NULL)
		put_failing_json(&j, f);
	emit_object_end(&j);
}

/* A heading where the question is another one than in the row before. */
static void
put_heading(struct history *h, uint16_t type, const char *view)
{
	const struct failing *f = find_failing(h, type, view);
	char mnemonic[TYPE_TEXT_SIZE];

	if (h->head_view != NULL && h->head_type == type &&
	    strcmp(h->head_view, view) == 0)
		return;
	free(h->head_view);
	h->head_view = strdup(view);
	h->head_type = type;
	print_watched(&h->line, h->text);
	buf_printf(&h->line, " %s", type_print(type, mnemonic));
	if (strcmp(view, "default") != 0) {
		buf_add_text(&h->line, " in ");
		print_text(&h->line, view, 64);
	}
	if (f != NULL) {
		buf_add_text(&h->line, "   ");
		put_failing(&h->line, f);
	}
	put_line(h);
}

static void
put_interval(struct history *h, const struct read_interval *i)
{
	char type[TYPE_TEXT_SIZE];

	put_heading(h, i->type, i->view);
	buf_add_text(&h->line, "  ");
	print_wall(&h->line, i->first_seen);
	buf_add_text(&h->line, "  ");
	print_wall(&h->line, i->last_seen);
	buf_printf(&h->line, "  %8lld  %c  ", (long long)i->count,
	    i->current ? '*' : ' ');
	if (i->rdata == NULL) {
		print_text(&h->line, i->outcome, 32);
		return;
	}
	/* Where the chain led, a record has another owner than was asked. */
	if (i->owner != NULL && strcmp(i->owner, i->name) != 0) {
		print_text(&h->line, i->owner, NAME_TEXT_SIZE);
		buf_add_text(&h->line, " ");
	}
	buf_printf(&h->line, "%s ", type_print(i->rrtype, type));
	print_text(&h->line, i->rdata, 256);
}

static void
on_interval(void *ctx, const struct read_interval *i)
{
	struct history *h = ctx;
	struct history_life *l = history_life_of(&h->lives, i->view, &h->arena);

	if (l != NULL && (i->rrtype != 0 || strcmp(i->outcome, "NODATA") == 0))
		l->was = true;
	if (h->json)
		put_interval_json(h, i);
	else
		put_interval(h, i);
	put_line(h);
}

/* A row like the others, of no record: a failure is no state (B8). */
static void
put_never_json(struct history *h, const struct failing *f)
{
	char type[TYPE_TEXT_SIZE];
	struct emit j;

	emit_start(&j, &h->line);
	emit_object(&j, NULL);
	emit_text(&j, "name", h->text);
	unicode_emit(&j, h->text);
	emit_text(&j, "type", type_print(f->type, type));
	emit_text(&j, "view", f->view);
	emit_null(&j, "owner");
	emit_null(&j, "rdata");
	emit_null(&j, "first_seen");
	emit_null(&j, "last_seen");
	emit_int(&j, "count", 0);
	emit_bool(&j, "current", false);
	emit_null(&j, "outcome");
	emit_null(&j, "rrtype");
	put_failing_json(&j, f);
	emit_object_end(&j);
}

static void
put_never(struct history *h, const struct failing *f)
{
	if (!h->json) {
		put_heading(h, f->type, f->view);
		return;
	}
	put_never_json(h, f);
	put_line(h);
}

/* ---- pools ---- */

/* A row like the others, of no record. */
static void
put_pool_json(
    struct history *h, const struct read_pool *row, const struct pool *p)
{
	char type[TYPE_TEXT_SIZE];
	struct emit j;

	emit_start(&j, &h->line);
	emit_object(&j, NULL);
	emit_text(&j, "name", row->name);
	unicode_emit(&j, row->name);
	emit_text(&j, "type", type_print(row->type, type));
	emit_text(&j, "view", row->view);
	emit_null(&j, "owner");
	emit_null(&j, "rdata");
	emit_null(&j, "first_seen");
	emit_null(&j, "last_seen");
	emit_int(&j, "count", 0);
	emit_bool(&j, "current", false);
	emit_null(&j, "outcome");
	emit_null(&j, "rrtype");
	history_pool_json(&j, p, row->at);
	emit_object_end(&j);
}

static void
put_pool(struct history *h, const struct read_pool *row, const struct pool *p)
{
	char mnemonic[TYPE_TEXT_SIZE];

	print_watched(&h->line, h->text);
	buf_printf(&h->line, " %s", type_print(row->type, mnemonic));
	if (strcmp(row->view, "default") != 0) {
		buf_add_text(&h->line, " in ");
		print_text(&h->line, row->view, 64);
	}
	history_pool_head(&h->line, p, row->at);
	for (uint32_t i = 0; i < p->n; i++) {
		put_line(h);
		history_pool_element(&h->line, p, &p->list[i]);
	}
}

static void
on_pool(void *ctx, const struct read_pool *row)
{
	struct history *h = ctx;
	struct pool *p = pool_unpack(row->packed, row->packed_size);

	if (p == NULL)
		return; /* of another version */
	if (h->json)
		put_pool_json(h, row, p);
	else
		put_pool(h, row, p);
	put_line(h);
	pool_free(p);
}

/* ---- lists ---- */

static void
put_membership_json(struct history *h, const struct read_membership *m)
{
	struct emit j;

	emit_start(&j, &h->line);
	emit_object(&j, NULL);
	emit_text(&j, "class", "membership");
	emit_text(&j, "name", m->name);
	unicode_emit(&j, m->name);
	emit_text(&j, "list", m->list);
	emit_wall(&j, "since", m->since);
	emit_wall(&j, "until", m->until);
	emit_wall(&j, "first_reported", m->first_reported);
	emit_text(&j, "reason", m->reason);
	emit_object_end(&j);
}

static void
put_membership(struct history *h, const struct read_membership *m)
{
	print_watched(&h->line, h->text);
	buf_add_text(&h->line, " on list ");
	print_text(&h->line, m->list, 64);
	buf_add_text(&h->line, "  since ");
	print_wall(&h->line, m->since);
	if (m->until != 0) {
		buf_add_text(&h->line, "  until ");
		print_wall(&h->line, m->until);
		buf_add_text(&h->line, "  ");
		print_text(&h->line, m->reason, 32);
	}
	if (m->first_reported != 0) {
		buf_add_text(&h->line, "  first reported ");
		print_wall(&h->line, m->first_reported);
	}
}

static void
on_membership(void *ctx, const struct read_membership *m)
{
	struct history *h = ctx;

	if (h->json)
		put_membership_json(h, m);
	else
		put_membership(h, m);
	put_line(h);
}

/* ---- stages ---- */

static void
on_life(void *ctx, const struct read_life *row)
{
	struct history *h = ctx;
	struct history_life *l =
	    history_life_of(&h->lives, row->view, &h->arena);
	struct life_kept kept;

	/* The latest, where another question had it before. */
	if (l != NULL && l->kept.n == 0 &&
	    life_unpack(row->packed, row->packed_size, &kept))
		l->kept = kept;
}

static void
put_life_json(
    struct history *h, const struct history_life *l, const struct life *now)
{
	struct emit j;

	emit_start(&j, &h->line);
	emit_object(&j, NULL);
	emit_text(&j, "class", "life");
	emit_text(&j, "name", h->text);
	unicode_emit(&j, h->text);
	emit_text(&j, "view", l->view);
	history_life_json(&j, l, now);
	emit_object_end(&j);
	put_line(h);
}

static void
put_life(
    struct history *h, const struct history_life *l, const struct life *now)
{
	print_watched(&h->line, h->text);
	if (strcmp(l->view, "default") != 0) {
		buf_add_text(&h->line, " in ");
		print_text(&h->line, l->view, 64);
	}
	buf_add_text(&h->line, " is ");
	history_life_line(&h->line, now);
	put_line(h);
	for (uint32_t i = 0; i < l->kept.n; i++) {
		history_life_stretch(&h->line, &l->kept.list[i]);
		put_line(h);
	}
}

static void
put_lives(struct history *h)
{
	struct name name;
	const char *why;

	if (name_parse(h->text, &name, &why) != 0)
		return;
	for (const struct history_life *l = h->lives; l != NULL; l = l->next) {
		struct life now =
		    history_life_now(l, name.wire, h->config, clock_wall());

		if (now.stage == LIFE_UNKNOWN && l->kept.n == 0)
			continue;
		if (h->json)
			put_life_json(h, l, &now);
		else
			put_life(h, l, &now);
	}
}

static int
list_intervals(struct history *h)
{
	int err;

	err = read_at(h->reader, h->text, h->type, clock_wall(), on_now, h);
	if (err != 0)
		return err;
	err = read_history(h->reader, h->text, h->type, on_interval, h);
	/* What never answered has no interval, and must not be passed over. */
	for (const struct failing *f = h->failing; f != NULL && err == 0;
	     f = f->next) {
		if (f->last_good == 0)
			put_never(h, f);
	}
	if (err == 0)
		err = read_pools(h->reader, h->text, h->type, on_pool, h);
	/* Lists have names, not questions. */
	if (err == 0 && h->type == 0 && h->out.err == 0)
		err = read_memberships(h->reader, h->text, on_membership, h);
	/* A stage is of a name, too. */
	if (err == 0 && h->type == 0 && h->out.err == 0)
		err = read_lives(h->reader, h->text, on_life, h);
	if (err == 0 && h->type == 0 && h->out.err == 0)
		put_lives(h);
	return err;
}

/* ---- --at ---- */

static void
put_believed_json(struct history *h, const struct read_believed *b)
{
	const struct failing f = {.fail = b->fail,
	    .since = b->failing_since,
	    .last_good = b->content == NULL ? 0 : b->before};
	char type[TYPE_TEXT_SIZE];
	struct emit j;

	emit_start(&j, &h->line);
	emit_object(&j, NULL);
	emit_text(&j, "name", b->name);
	unicode_emit(&j, b->name);
	emit_text(&j, "type", type_print(b->type, type));
	emit_text(&j, "view", b->view);
	emit_wall(&j, "at", h->at);
	print_packed_json(&j, b->content, b->content_size);
	if (b->content != NULL) {
		emit_int(&j, "ttl", b->ttl);
		emit_wall(&j, "since", b->since);
		emit_wall(&j, "until", b->until);
	}
	emit_text(&j, "basis", b->observed ? "observed" : "between");
	if (!b->observed) {
		emit_wall(&j, "before", b->before);
		emit_wall(&j, "after", b->after);
	}
	if (b->failing)
		put_failing_json(&j, &f);
	emit_object_end(&j);
}

static void
put_basis(struct buf *out, const struct read_believed *b)
{
	if (b->observed) {
		buf_add_text(out, "observed ");
		print_wall(out, b->before);
		return;
	}
	buf_add_text(out, "not seen then: between ");
	print_wall(out, b->before);
	buf_add_text(out, " and ");
	print_wall(out, b->after);
}

static void
put_believed(struct history *h, const struct read_believed *b)
{
	const struct failing f = {.fail = b->fail,
	    .since = b->failing_since,
	    .last_good = b->content == NULL ? 0 : b->before};
	char type[TYPE_TEXT_SIZE];

	print_watched(&h->line, b->name);
	buf_printf(&h->line, " %s  ", type_print(b->type, type));
	if (strcmp(b->view, "default") != 0) {
		buf_add_text(&h->line, "in ");
		print_text(&h->line, b->view, 64);
		buf_add_text(&h->line, "  ");
	}
	if (b->content == NULL) {
		buf_add_text(&h->line, "nothing was known");
		if (b->after != 0) {
			buf_add_text(&h->line, "; first seen ");
			print_wall(&h->line, b->after);
		}
	} else {
		print_packed(&h->line, b->content, b->content_size);
		buf_add_text(&h->line, "  since ");
		print_wall(&h->line, b->since);
		buf_add_text(&h->line, "; ");
		put_basis(&h->line, b);
	}
	if (b->failing) {
		buf_add_text(&h->line, "; now ");
		put_failing(&h->line, &f);
	}
}

static void
on_believed(void *ctx, const struct read_believed *b)
{
	struct history *h = ctx;

	if (h->json)
		put_believed_json(h, b);
	else
		put_believed(h, b);
	put_line(h);
}

static int
list(struct history *h, const char *conninfo)
{
	char why[1024];
	int err = reader_open(conninfo, &h->reader, why, sizeof(why));

	if (err != 0) {
		cli_say(&spec, "%s", why);
		return CLI_TROUBLE;
	}
	if (h->has_at)
		err =
		    read_at(h->reader, h->text, h->type, h->at, on_believed, h);
	else
		err = list_intervals(h);
	if (err != 0)
		cli_say(&spec, "%s", reader_why(h->reader));
	else if (h->n_rows == 0)
		cli_say(&spec, "nothing is known of %s", h->text);
	reader_close(h->reader);
	return print_end(&h->out) && err == 0 ? CLI_OK : CLI_TROUBLE;
}

/* ---- arguments ---- */

static int
take_operand(struct history *h, size_t i, const char *text)
{
	if (i > 1)
		return cli_wrong(&spec, "'%s' is too much", text);
	if (i == 1)
		return cli_type(&spec, text, &h->type);
	return cli_watched_name(&spec, text, h->text);
}

static int
run(struct history *h, const char *config, const char *database)
{
	char *conninfo = cli_database(&spec, config, database);
	struct diag ignored = {0};
	int status;

	if (conninfo == NULL)
		return CLI_CONFIG;
	/* With --database there need be none, and then there are no marks. */
	if (config_find(config) != NULL)
		h->config = config_load(config_find(config), &ignored);
	diag_fini(&ignored);
	print_init(&h->out, stdout);
	status = list(h, conninfo);
	buf_fini(&h->line);
	arena_fini(&h->arena);
	free(h->head_view);
	config_free(h->config);
	free(conninfo);
	return status;
}

int
cmd_history(int argc, char **argv)
{
	struct history h = {0};
	const char *config = NULL;
	const char *database = NULL;
	struct cli_args args;
	size_t n_operands = 0;
	int status = 0;

	cli_args_init(&args, &spec, argc, argv);
	while (status == 0) {
		int arg = cli_next(&args);

		if (arg == CLI_ARG_END)
			break;
		else if (arg == CLI_ARG_OPERAND)
			status = take_operand(&h, n_operands++, args.value);
		else if (arg == OPT_CONFIG)
			config = args.value;
		else if (arg == OPT_DATABASE)
			database = args.value;
		else if (arg == OPT_JSON)
			h.json = true;
		else if (arg == OPT_AT) {
			h.has_at = true;
			status = cli_time(&spec, args.value, &h.at);
		} else
			return cli_end(&args, arg);
	}
	if (status == 0 && n_operands == 0)
		status = cli_wrong(&spec, "whose history? NAME is missing");
	return status != 0 ? status : run(&h, config, database);
}

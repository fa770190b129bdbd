/* SPDX-License-Identifier: ISC */

/*
 * explain -- all that is stored of one change or event, in the order in which
 * it came about: what was believed and seen, who said what when, what was
 * decided and why, and whom it was told.
 */

#include <stdlib.h>

#include "base/emit.h"
#include "base/hash.h"
#include "base/uuid.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "dns/message.h"
#include "dns/reply.h"
#include "store/commit.h"
#include "store/read.h"

enum { OPT_CONFIG, OPT_DATABASE, OPT_JSON };
enum { WORD_MAX = 128, ERROR_MAX = 200, TCP = 1, TLS = 2 };

static const struct cli_option options[] = {
    [OPT_CONFIG] = CLI_OPTION_CONFIG,
    [OPT_DATABASE] = CLI_OPTION_DATABASE,
    [OPT_JSON] = CLI_OPTION_JSON,
    {NULL, NULL, NULL},
};

static const struct cli_spec spec = {
    .name = "explain",
    .operands = "ID",
    .about = "Tells all that is stored of the change or event ID: what was "
	     "seen, who said it,\nwhat was decided and why, and whom it was "
	     "told.\n"
	     "Of an alert that told several: which they were.\n"
	     "Exit status: 0 told, 2 trouble, or nothing has that id.",
    .options = options,
};

struct explain {
	struct print out;
	struct buf line;
	struct reader *reader;
	bool json;
	size_t n_entries;
	size_t n_heard;
	size_t n_told;
};

static void
end_line(struct explain *x)
{
	print_line(&x->out, &x->line);
	if (x->out.err != 0)
		reader_stop(x->reader);
}

/* Sections are for people; in JSON each object says what it is. */
static void
section(struct explain *x, const char *title)
{
	if (x->json)
		return;
	buf_add_text(&x->line, title);
	end_line(x);
}

static void
on_entry(void *ctx, int64_t seq, const char *class_, const char *body)
{
	struct explain *x = ctx;

	x->n_entries++;
	if (x->json)
		print_entry_json(&x->line, true, seq, class_, body);
	else
		print_entry(&x->line, true, seq, class_, body);
	end_line(x);
}

/*
 * What the stored message says.  False: there is none, or it was taken
 * otherwise, as the parent's word about a delegation is.
 */
static bool
read_raw(const struct read_evidence *e, struct arena *a, struct reply *out)
{
	struct message message;

	return e->raw != NULL && e->fail == FAIL_NOT &&
	       message_walk(e->raw, e->raw_size, &message) == MESSAGE_OK &&
	       reply_read(e->raw, e->raw_size, &message, a, out) == 0 &&
	       out->content.outcome == (enum outcome)e->outcome;
}

static const char *
transport_word(const struct read_evidence *e)
{
	if (e->transport == TLS)
		return "tls";
	return e->transport == TCP ? "tcp" : "udp";
}

static void
put_heard(
    struct explain *x, const struct read_evidence *e, const struct reply *reply)
{
	buf_add_text(&x->line, "  ");
	print_wall(&x->line, e->at);
	buf_add_text(&x->line, "  ");
	print_text(&x->line, e->server, WORD_MAX);
	buf_add_text(&x->line, " (group ");
	print_text(&x->line, e->group, WORD_MAX);
	buf_printf(&x->line, ", %s): ", transport_word(e));
	if (reply == NULL) {
		buf_add_text(&x->line,
		    e->fail == FAIL_NOT ? outcome_text((enum outcome)e->outcome)
					: fail_text((enum fail)e->fail));
	} else {
		print_content(&x->line, &reply->content);
		buf_printf(&x->line, ", TTL %u", (unsigned)e->ttl);
	}
	if ((e->flags & COMMIT_FLAG_AA) != 0)
		buf_add_text(&x->line, ", AA");
	if ((e->flags & COMMIT_FLAG_AD) != 0)
		buf_add_text(&x->line, ", AD");
	if ((e->flags & COMMIT_FLAG_CD) != 0)
		buf_add_text(&x->line, ", asked with CD");
	if (e->ede >= 0)
		buf_printf(&x->line, ", EDE %d", (int)e->ede);
	if (e->count > 1) {
		buf_printf(&x->line, "; %u times, last ", (unsigned)e->count);
		print_wall(&x->line, e->last_at);
	}
}

static void
put_heard_json(
    struct explain *x, const struct read_evidence *e, const struct reply *reply)
{
	uint8_t digest[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];
	struct emit j;

	emit_start(&j, &x->line);
	emit_object(&j, NULL);
	emit_text(&j, "class", "evidence");
	emit_text(&j, "server", e->server);
	emit_text(&j, "group", e->group);
	emit_text(&j, "transport", transport_word(e));
	emit_wall(&j, "at", e->at);
	if (e->count > 1) {
		emit_int(&j, "count", e->count);
		emit_wall(&j, "last_at", e->last_at);
	}
	if (reply != NULL) {
		print_content_json(&j, &reply->content);
		emit_int(&j, "ttl", e->ttl);
	} else if (e->fail == FAIL_NOT) {
		emit_text(
		    &j, "outcome", outcome_text((enum outcome)e->outcome));
	} else {
		emit_text(&j, "outcome", "FAIL");
		emit_text(&j, "reason", fail_text((enum fail)e->fail));
	}
	emit_bool(&j, "aa", (e->flags & COMMIT_FLAG_AA) != 0);
	emit_bool(&j, "ad", (e->flags & COMMIT_FLAG_AD) != 0);
	if ((e->flags & COMMIT_FLAG_CD) != 0)
		emit_bool(&j, "cd", true);
	if (e->ede >= 0)
		emit_int(&j, "ede", e->ede);
	if (e->raw != NULL) {
		hash_sha256(e->raw, e->raw_size, digest);
		emit_text(&j, "sha256", hash_hex(digest, sizeof(digest), hex));
	}
	emit_object_end(&j);
}

static void
on_evidence(void *ctx, const struct read_evidence *e)
{
	struct explain *x = ctx;
	struct arena arena = {0};
	struct reply reply;
	bool is_read = read_raw(e, &arena, &reply);

	if (x->n_heard++ == 0)
		section(x, "heard:");
	if (x->json)
		put_heard_json(x, e, is_read ? &reply : NULL);
	else
		put_heard(x, e, is_read ? &reply : NULL);
	arena_fini(&arena);
	end_line(x);
}

static void
put_told(struct explain *x, const struct read_delivery *d)
{
	buf_add_text(&x->line, "  ");
	print_wall(&x->line, d->created);
	buf_add_text(&x->line, "  ");
	print_text(&x->line, d->sink, WORD_MAX);
	buf_printf(&x->line, ", revision %u%s: ", (unsigned)d->revision,
	    d->class_[0] == 'g' ? " of a group" : "");
	if (d->is_done)
		buf_add_text(&x->line, "delivered");
	else if (d->is_dead)
		buf_add_text(&x->line, "given up");
	else if (d->is_gathered)
		buf_add_text(&x->line, "waits to be told with others");
	else if (d->is_grouped)
		buf_add_text(&x->line, "told with others");
	else if (d->is_held)
		buf_printf(&x->line, "held by the silence %s", d->held_by);
	else if (d->due == 0)
		buf_add_text(&x->line, "waits for those before it");
	else
		buf_add_text(&x->line, "waits");
	if (d->sink_seq != 0)
		buf_printf(&x->line, ", sequence %lld, %u attempt%s",
		    (long long)d->sink_seq, (unsigned)d->attempt,
		    d->attempt == 1 ? "" : "s");
	if (d->error[0] != '\0' && !d->is_done) {
		buf_add_text(&x->line, ", last: ");
		print_text(&x->line, d->error, ERROR_MAX);
	}
}

static void
put_told_json(struct explain *x, const struct read_delivery *d)
{
	struct emit j;

	emit_start(&j, &x->line);
	emit_object(&j, NULL);
	emit_text(&j, "class", "delivery");
	emit_text(&j, "sink", d->sink);
	emit_text(&j, "of", d->class_);
	emit_int(&j, "revision", d->revision);
	emit_text(&j, "state",
	    d->is_done       ? "done"
	    : d->is_dead     ? "dead"
	    : d->is_held     ? "held"
	    : d->is_gathered ? "gathered"
	    : d->is_grouped  ? "grouped"
			     : "waiting");
	if (d->held_by != NULL)
		emit_text(&j, "held_by", d->held_by);
	if (d->sink_seq != 0)
		emit_int(&j, "sink_seq", d->sink_seq);
	emit_int(&j, "attempt", d->attempt);
	emit_int(&j, "status", d->status);
	emit_text(&j, "error", d->error);
	emit_wall(&j, "created", d->created);
	emit_object_end(&j);
}

static void
on_delivery(void *ctx, const struct read_delivery *d)
{
	struct explain *x = ctx;

	if (x->n_told++ == 0)
		section(x, "told:");
	if (x->json)
		put_told_json(x, d);
	else
		put_told(x, d);
	end_line(x);
}

static int
read_all(struct explain *x, const struct uuid *id)
{
	int err = read_entries_of(x->reader, id, on_entry, x);

	if (err == 0 && x->n_entries > 0)
		err = read_evidence_of(x->reader, id, on_evidence, x);
	if (err == 0 && x->n_entries == 0)
		err = read_members_of(x->reader, id, on_entry, x);
	if (err == 0 && x->n_entries > 0)
		err = read_deliveries_of(x->reader, id, on_delivery, x);
	return err;
}

static int
explain(struct explain *x, const char *conninfo, const struct uuid *id)
{
	char why[1024];
	int err = reader_open(conninfo, &x->reader, why, sizeof(why));

	if (err != 0) {
		cli_say(&spec, "%s", why);
		return CLI_TROUBLE;
	}
	err = read_all(x, id);
	if (err != 0)
		cli_say(&spec, "%s", reader_why(x->reader));
	else if (x->n_entries == 0)
		cli_say(&spec, "no change, event or alert has that id");
	reader_close(x->reader);
	return print_end(&x->out) && err == 0 && x->n_entries > 0 ? CLI_OK
	                                                          : CLI_TROUBLE;
}

int
cmd_explain(int argc, char **argv)
{
	struct explain x = {0};
	struct cli_args args;
	const char *config = NULL;
	const char *database = NULL;
	const char *text = NULL;
	char *conninfo;
	struct uuid id;
	int status;

	cli_args_init(&args, &spec, argc, argv);
	for (;;) {
		int arg = cli_next(&args);

		if (arg == CLI_ARG_END)
			break;
		if (arg == CLI_ARG_OPERAND && text != NULL)
			return cli_wrong(&spec, "'%s' is too much", args.value);
		if (arg == CLI_ARG_OPERAND)
			text = args.value;
		else if (arg == OPT_CONFIG)
			config = args.value;
		else if (arg == OPT_DATABASE)
			database = args.value;
		else if (arg == OPT_JSON)
			x.json = true;
		else
			return cli_end(&args, arg);
	}
	if (text == NULL)
		return cli_wrong(
		    &spec, "name the id of a change, an event or an alert");
	if (uuid_parse(text, &id) != 0)
		return cli_wrong(&spec, "'%s' is no id", text);
	conninfo = cli_database(&spec, config, database);
	if (conninfo == NULL)
		return CLI_CONFIG;
	print_init(&x.out, stdout);
	status = explain(&x, conninfo, &id);
	buf_fini(&x.line);
	free(conninfo);
	return status;
}

/* SPDX-License-Identifier: ISC */

/*
 * The table of subcommands, and what they share: reading options, finding
 * the configuration, saying what was wrong in one line.
 */

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/diag.h"
#include "base/err.h"
#include "base/escape.h"
#include "cli/cli.h"
#include "config/config.h"
#include "config/typed.h"
#include "dns/type.h"

enum {
	REASON_MAX = 2048,
	HELP_COLUMN = 24 /* where the explanation of an option begins */
};

typedef int command_fn(int argc, char **argv);

static const struct command {
	const char *name;
	const char *help;
	command_fn *run;
} commands[] = {
    {"serve", "watch, in the foreground, until told to stop", cmd_serve},
    {"once", "one pass over every watch; prints the changes", cmd_once},
    {"check", "problems of the configuration and the watchlists", cmd_check},
    {"migrate", "bring the database to this version", cmd_migrate},
    {"status", "the running daemon in numbers", cmd_status},
    {"lookup", "ask now, and compare with what is believed", cmd_lookup},
    {"changes", "changes that were decided, oldest first", cmd_changes},
    {"history", "what a name had, and when", cmd_history},
    {"coverage", "how well names were watched, and the gaps", cmd_coverage},
    {"explain", "who said what, what was decided, and why", cmd_explain},
    {"backtest", "what another configuration would have told", cmd_backtest},
    {"drill", "play an attack, and send its alerts as a test", cmd_drill},
};
enum { N_COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void
print_usage(FILE *out)
{
	fputs("usage: dnsvigil COMMAND [OPTION ...]\n\n", out);
	for (size_t i = 0; i < N_COMMANDS; i++)
		fprintf(
		    out, "  %-10s %s\n", commands[i].name, commands[i].help);
	fputs("\n`dnsvigil COMMAND --help` says more; so does dnsvigil(1).\n",
	    out);
}

int
cli_main(int argc, char **argv)
{
	char text[64];

	if (argc < 2) {
		print_usage(stderr);
		return CLI_USAGE;
	}
	for (size_t i = 0; i < N_COMMANDS; i++) {
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		print_usage(stdout);
		return CLI_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("dnsvigil " DNSVIGIL_VERSION);
		return CLI_OK;
	}
	fprintf(stderr,
	    "dnsvigil: no command '%s'; `dnsvigil --help` lists them\n",
	    escape_text(argv[1], text, sizeof(text)));
	return CLI_USAGE;
}

void
cli_args_init(
    struct cli_args *a, const struct cli_spec *spec, int argc, char **argv)
{
	*a = (struct cli_args){
	    .spec = spec, .argc = argc, .argv = argv, .next = 1};
}

static void
print_option(const struct cli_option *o)
{
	int used;

	used = printf("  --%s%s%s", o->name, o->value == NULL ? "" : " ",
	    o->value == NULL ? "" : o->value);
	if (used >= HELP_COLUMN)
		used = printf("\n") - 1;
	printf("%*s%s\n", HELP_COLUMN - used, "", o->help);
}

static void
print_help(const struct cli_spec *spec)
{
	static const struct cli_option help = {"help", NULL, "this text"};

	printf("usage: dnsvigil %s [OPTION ...]%s%s\n\n%s\n\n", spec->name,
	    spec->operands[0] == '\0' ? "" : " ", spec->operands, spec->about);
	for (const struct cli_option *o = spec->options; o->name != NULL; o++)
		print_option(o);
	print_option(&help);
}

/* The option whose name is the `size` characters at `text`, or -1. */
static int
find_option(const struct cli_spec *spec, const char *text, size_t size)
{
	for (int i = 0; spec->options[i].name != NULL; i++) {
		const char *name = spec->options[i].name;

		if (strlen(name) == size && memcmp(name, text, size) == 0)
			return i;
	}
	return -1;
}

static int
read_option(struct cli_args *a, const char *text)
{
	size_t size = strcspn(text, "=");
	const char *given = text[size] == '=' ? text + size + 1 : NULL;
	int found = find_option(a->spec, text, size);
	bool wants;

	if (found < 0) {
		(void)cli_wrong(a->spec, "no option '--%.*s'", (int)size, text);
		return CLI_ARG_BAD;
	}
	wants = a->spec->options[found].value != NULL;
	if (!wants && given != NULL) {
		(void)cli_wrong(
		    a->spec, "--%.*s takes no value", (int)size, text);
		return CLI_ARG_BAD;
	}
	if (wants && given == NULL) {
		if (a->next >= a->argc) {
			(void)cli_wrong(a->spec, "--%s needs a value", text);
			return CLI_ARG_BAD;
		}
		/* Whatever it begins with: --since -24h. */
		given = a->argv[a->next++];
	}
	a->value = given;
	return found;
}

int
cli_next(struct cli_args *a)
{
	const char *text;

	if (a->next >= a->argc)
		return CLI_ARG_END;
	text = a->argv[a->next++];
	a->value = text;
	if (a->operands_only || text[0] != '-' || text[1] == '\0')
		return CLI_ARG_OPERAND;
	if (strcmp(text, "--help") == 0 || strcmp(text, "-h") == 0) {
		print_help(a->spec);
		return CLI_ARG_HELP;
	}
	if (text[1] != '-') {
		(void)cli_wrong(a->spec, "no option '%s'", text);
		return CLI_ARG_BAD;
	}
	if (text[2] == '\0') {
		a->operands_only = true;
		return cli_next(a);
	}
	return read_option(a, text + 2);
}

int
cli_end(const struct cli_args *a, int arg)
{
	if (arg == CLI_ARG_HELP)
		return CLI_OK;
	if (arg == CLI_ARG_BAD)
		return CLI_USAGE;
	return cli_wrong(a->spec, "'%s' is too much", a->value);
}

static void PRINTF_LIKE(2, 0)
    say(const struct cli_spec *spec, const char *format, va_list args)
{
	char raw[REASON_MAX];
	char text[REASON_MAX];

	if (vsnprintf(raw, sizeof(raw), format, args) < 0)
		raw[0] = '\0';
	/* libpq ends its messages with a newline, some with several. */
	for (size_t i = strlen(raw); i > 0 && raw[i - 1] == '\n'; i--)
		raw[i - 1] = '\0';
	fprintf(stderr, "dnsvigil %s: %s", spec->name,
	    escape_text(raw, text, sizeof(text)));
}

void
cli_say(const struct cli_spec *spec, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(spec, format, args);
	va_end(args);
	fputs("\n", stderr);
}

int
cli_wrong(const struct cli_spec *spec, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(spec, format, args);
	va_end(args);
	fprintf(stderr, "; see `dnsvigil %s --help`\n", spec->name);
	return CLI_USAGE;
}

void
cli_problem(FILE *out, const struct diag_item *item)
{
	struct diag_item shown = *item;
	char text[REASON_MAX];
	char line[2 * REASON_MAX];

	if (item->warning) {
		snprintf(text, sizeof(text), "warning: %s", item->text);
		shown.text = text;
	}
	fprintf(out, "%s\n", diag_print(&shown, line, sizeof(line)));
}

struct config *
cli_config(const struct cli_spec *spec, const char *path)
{
	struct diag d = {0};
	struct config *config;
	const char *found = config_find(path);

	if (found == NULL) {
		cli_say(spec,
		    "no configuration: neither ./dnsvigil.yaml nor "
		    "/etc/dnsvigil/dnsvigil.yaml is there; name one with "
		    "--config");
		return NULL;
	}
	config = config_load(found, &d);
	for (size_t i = 0; i < d.n_items; i++)
		cli_problem(stderr, &d.items[i]);
	if (config == NULL && d.n_items == 0)
		cli_say(spec, "%s cannot be read", found);
	diag_fini(&d);
	return config;
}

char *
cli_database(
    const struct cli_spec *spec, const char *config_path, const char *database)
{
	struct config *config = NULL;
	char *conninfo = NULL;

	if (database == NULL) {
		config = cli_config(spec, config_path);
		if (config == NULL)
			return NULL;
		database = config->database;
	}
	if (database == NULL)
		cli_say(spec, "the configuration names no database");
	else if ((conninfo = strdup(database)) == NULL)
		cli_say(spec, "%s", err_text(-ENOMEM));
	config_free(config);
	return conninfo;
}

int
cli_name(const char *typed, struct name *out, const char **why)
{
	struct typed read;

	typed_read(typed, strlen(typed), &read);
	switch (read.kind) {
	case TYPED_NAME:
		*out = read.name;
		return 0;
	case TYPED_PREFIX:
		/* As in a watchlist, an address stands for its PTR. */
		if (read.prefix.len !=
		    (read.prefix.family == AF_INET ? 32 : 128))
			break;
		name_reverse(read.prefix.family, read.prefix.ip, out);
		return 0;
	case TYPED_BAD:
		*why = read.why;
		return ERR_SYNTAX;
	}
	*why = "one address is wanted, not a prefix";
	return ERR_SYNTAX;
}

int
cli_watched_name(
    const struct cli_spec *spec, const char *typed, char text[NAME_TEXT_SIZE])
{
	struct name name;
	const char *why = "";

	if (cli_name(typed, &name, &why) != 0)
		return cli_wrong(spec, "'%s' is no name: %s", typed, why);
	name_print(name.wire, text);
	return 0;
}

int
cli_type(const struct cli_spec *spec, const char *text, uint16_t *out)
{
	if (type_parse(text, out) == 0 && type_is_data(*out))
		return 0;
	return cli_wrong(spec, "'%s' is no record type", text);
}

int
cli_time(const struct cli_spec *spec, const char *text, wall_us *out)
{
	if (wall_parse(text, clock_wall(), out) == 0)
		return 0;
	return cli_wrong(spec,
	    "'%s' is no time: 2026-11-21T17:00:00Z, 2026-11-21 or -24h", text);
}

int
cli_tag(const struct cli_spec *spec, const char *text, char room[CLI_TAG_SIZE],
    const char **out)
{
	size_t size = strlen(text);

	if (size >= CLI_TAG_SIZE)
		return cli_wrong(spec, "the tag is too long");
	for (size_t i = 0; i <= size; i++)
		room[i] = (char)tolower((unsigned char)text[i]);
	*out = room;
	return 0;
}

/* SPDX-License-Identifier: ISC */
#ifndef CLI_CLI_H
#define CLI_CLI_H

/*
 * cli -- one program, subcommands: who is called, how options are read, and
 * the exit statuses that scripts rely on.
 *
 * Options come after the subcommand, as --name VALUE or --name=VALUE; "--"
 * ends them.  What a command prints about what it found goes to standard
 * output, what went wrong to standard error, in one line.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/clock.h"
#include "dns/name.h"

struct config;
struct diag_item;

#define DNSVIGIL_VERSION "0.1.0"

/* Exit statuses; a command adds the meaning of 1 (its manual says which). */
enum {
	CLI_OK = 0,
	CLI_FAILED = 1,  /* serve, migrate, status */
	CLI_DIFFERS = 1, /* once, lookup: as of diff(1) */
	CLI_TROUBLE = 2,
	CLI_USAGE = 64, /* EX_USAGE */
	CLI_CONFIG = 78 /* EX_CONFIG */
};

/* Finds the subcommand and runs it; returns the exit status. */
int cli_main(int argc, char **argv);

/* argv[0] is the subcommand's name.  Each returns an exit status. */
int cmd_serve(int argc, char **argv);
int cmd_once(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_migrate(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_lookup(int argc, char **argv);
int cmd_changes(int argc, char **argv);
int cmd_history(int argc, char **argv);
int cmd_coverage(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_backtest(int argc, char **argv);
int cmd_drill(int argc, char **argv);

/* ---- reading the arguments ---- */

struct cli_option {
	const char *name;  /* without the dashes; NULL ends the list */
	const char *value; /* a word for its value in --help; NULL: a flag */
	const char *help;
};

/* The same wording for the options that many commands have. */
#define CLI_OPTION_CONFIG                                                      \
	{                                                                      \
		"config", "FILE",                                              \
		    "configuration; else ./dnsvigil.yaml, else /etc/dnsvigil/" \
	}
#define CLI_OPTION_DATABASE                                                    \
	{                                                                      \
		"database", "CONNINFO", "this one, and no configuration"       \
	}
#define CLI_OPTION_JSON                                                        \
	{                                                                      \
		"json", NULL, "one JSON object a line"                         \
	}

struct cli_spec {
	const char *name;     /* of the subcommand */
	const char *operands; /* "NAME [TYPE ...]"; "" when it takes none */
	const char *about;    /* a sentence or two for --help */
	const struct cli_option *options;
};

struct cli_args {
	const struct cli_spec *spec;
	int argc;
	char **argv;
	int next; /* first argument not yet read */
	bool operands_only;
	const char *value; /* of the option, or the operand, read last */
};

/* What cli_next() returns beside the index of an option in the list. */
enum {
	CLI_ARG_END = -1,
	CLI_ARG_OPERAND = -2,
	CLI_ARG_HELP = -3, /* --help was asked for and printed */
	CLI_ARG_BAD = -4   /* wrong, and told on standard error */
};

void cli_args_init(
    struct cli_args *a, const struct cli_spec *spec, int argc, char **argv);
/* Reads one argument; a->value lives as long as argv. */
MUST_CHECK int cli_next(struct cli_args *a);
/*
 * The exit status for an argument that ends the command: CLI_OK after
 * CLI_ARG_HELP, CLI_USAGE after CLI_ARG_BAD, and CLI_USAGE with "takes no
 * operand" told for anything else.
 */
int cli_end(const struct cli_args *a, int arg);

/* Tells "dnsvigil NAME: reason" and where help is; returns CLI_USAGE. */
int cli_wrong(const struct cli_spec *spec, const char *format, ...)
    PRINTF_LIKE(2, 3);
/* Tells "dnsvigil NAME: reason" on standard error, escaped. */
void cli_say(const struct cli_spec *spec, const char *format, ...)
    PRINTF_LIKE(2, 3);

/* ---- what many commands begin with ---- */

/*
 * The configuration at `path` or where config_find() finds it.  NULL when
 * there is none or it is refused: the problems were told on standard error
 * and the exit status is CLI_CONFIG.  Warnings are told too.
 */
MUST_CHECK struct config *cli_config(
    const struct cli_spec *spec, const char *path);
/* "file:line:column: message", warnings as "... warning: message". */
void cli_problem(FILE *out, const struct diag_item *item);

/*
 * The conninfo: `database` when given, else that of the configuration.  An
 * allocated text, or NULL as above.
 */
MUST_CHECK char *cli_database(
    const struct cli_spec *spec, const char *config_path, const char *database);

/*
 * A name as people type it, or an address for its PTR name.  0, or ERR_SYNTAX
 * with *why set.  IDN and URLs are read by the config room, which does not
 * offer that yet.
 */
MUST_CHECK int cli_name(const char *typed, struct name *out, const char **why);

/* The same, in the form in which the database has it; 0, or CLI_USAGE, told. */
MUST_CHECK int cli_watched_name(
    const struct cli_spec *spec, const char *typed, char text[NAME_TEXT_SIZE]);

/* A type that can be watched; 0, or CLI_USAGE when it is none, told. */
MUST_CHECK int cli_type(
    const struct cli_spec *spec, const char *text, uint16_t *out);

/* A time, as base/clock.h has wall_parse(); 0, or CLI_USAGE, told. */
MUST_CHECK int cli_time(
    const struct cli_spec *spec, const char *text, wall_us *out);

enum { CLI_TAG_SIZE = 256 };
/* A tag as watchlists fold theirs, into `room`, which *out then points to;
 * 0, or CLI_USAGE, told. */
MUST_CHECK int cli_tag(const struct cli_spec *spec, const char *text,
    char room[CLI_TAG_SIZE], const char **out);

#endif

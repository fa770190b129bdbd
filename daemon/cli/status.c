/* SPDX-License-Identifier: ISC */

/*
 * status -- what the running daemon says of itself.  It is asked and not the
 * database: a daemon that lost its database must still be able to say so.
 */

#include <errno.h>
#include <stdlib.h>

#include "base/err.h"
#include "cli/cli.h"
#include "cli/control.h"
#include "cli/print.h"
#include "print_scan.h"

enum { OPT_CONFIG, OPT_DATABASE, OPT_JSON };

static const struct cli_option options[] = {
    [OPT_CONFIG] = CLI_OPTION_CONFIG,
    [OPT_DATABASE] = CLI_OPTION_DATABASE,
    [OPT_JSON] = {"json", NULL, "one JSON object"},
    {NULL, NULL, NULL},
};

static const struct cli_spec spec = {
    .name = "status",
    .operands = "",
    .about = "Shows the daemon that writes this database in numbers.\n"
	     "Exit status: 0 ready, 1 not running or not ready.",
    .options = options,
};

static int
show(struct buf *answer, bool json)
{
	const char *text = buf_text(answer);
	struct scan state = scan_get(scan_text(text), "state");
	struct print p;
	struct buf line = {0};

	if (scan_kind(state) != '"') {
		cli_say(&spec, "the daemon's answer cannot be read");
		return CLI_FAILED;
	}
	print_init(&p, stdout);
	if (json) {
		print_json(&line, text);
		print_line(&p, &line);
	} else if (print_object(&p, text) != 0) {
		cli_say(&spec, "the daemon's answer cannot be shown");
	}
	buf_fini(&line);
	return print_end(&p) && scan_is(state, "ready") ? CLI_OK : CLI_FAILED;
}

static int
ask(const char *conninfo, bool json)
{
	struct buf answer = {0};
	int status = CLI_FAILED;
	int err = control_ask(conninfo, &answer);

	if (err == 0 && answer.size == 0)
		err = -EPERM; /* the daemon let us in and said nothing */
	if (err == 0)
		status = show(&answer, json);
	else if (err == -ECONNREFUSED)
		cli_say(&spec, "no daemon of this database runs here");
	else if (err == -EPERM)
		cli_say(&spec, "the daemon runs as another user; ask as that "
			       "user or as root");
	else
		cli_say(&spec, "the daemon cannot be asked: %s", err_text(err));
	buf_fini(&answer);
	return status;
}

int
cmd_status(int argc, char **argv)
{
	const char *config = NULL;
	const char *database = NULL;
	bool json = false;
	struct cli_args args;
	char *conninfo;
	int status;

	cli_args_init(&args, &spec, argc, argv);
	for (;;) {
		int arg = cli_next(&args);

		if (arg == CLI_ARG_END)
			break;
		else if (arg == OPT_CONFIG)
			config = args.value;
		else if (arg == OPT_DATABASE)
			database = args.value;
		else if (arg == OPT_JSON)
			json = true;
		else
			return cli_end(&args, arg);
	}
	conninfo = cli_database(&spec, config, database);
	if (conninfo == NULL)
		return CLI_CONFIG;
	status = ask(conninfo, json);
	free(conninfo);
	return status;
}

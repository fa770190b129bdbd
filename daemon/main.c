/* SPDX-License-Identifier: ISC */

/*
 * Where the program begins: what holds for every subcommand is set here, and
 * all else is theirs.  No locale is set, so that numbers and letters are read
 * and printed the same everywhere.
 */

#include <signal.h>

#include "cli/cli.h"

int
main(int argc, char **argv)
{
	/* A peer or a reader that went away is an error code, no death. */
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return CLI_FAILED;
	return cli_main(argc, argv);
}

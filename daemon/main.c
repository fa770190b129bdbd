/* SPDX-License-Identifier: ISC */

/*
 * Where the program begins: what holds for every subcommand is set here, and
 * all else is theirs.  No locale is set, so that numbers and letters are read
 * and printed the same everywhere.
 */

#include <malloc.h>
#include <signal.h>

#include "base/civil.h"
#include "cli/cli.h"

/*
 * Blocks of this size and more are the kernel's own: they go back to it when
 * they are freed, and grow without being copied.  Without this, glibc raises
 * the bound to what was freed last, and a first pass of a million names left
 * its batches' 100 MB in the heap for good.
 */
enum { OWN_PAGES_FROM = 128 * 1024 };

int
main(int argc, char **argv)
{
#ifdef M_MMAP_THRESHOLD
	(void)mallopt(M_MMAP_THRESHOLD, OWN_PAGES_FROM);
#endif
	/* A peer or a reader that went away is an error code, no death. */
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return CLI_FAILED;
	/* Before there is a thread that could read the environment. */
	civil_start();
	return cli_main(argc, argv);
}

/* SPDX-License-Identifier: ISC */

/* migrate -- finds the migrations and says what is done with them. */

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "store/migrate.h"

enum { OPT_CONFIG, OPT_DATABASE, OPT_SQL, OPT_GRANT };

static const struct cli_option options[] = {
    [OPT_CONFIG] = CLI_OPTION_CONFIG,
    [OPT_DATABASE] = CLI_OPTION_DATABASE,
    [OPT_SQL] = {"sql", "DIR", "where the migrations are"},
    [OPT_GRANT] = {"grant", "ROLE", "and let this role do the daemon's work"},
    {NULL, NULL, NULL},
};

static const struct cli_spec spec = {
    .name = "migrate",
    .operands = "",
    .about = "Brings the database to the schema of this program; each step "
	     "is done whole or not at all.\n"
	     "Exit status: 0 done or nothing to do, 1 failed.",
    .options = options,
};

/* Does the folder hold a first migration? */
static bool
has_migrations(const char *dir)
{
	char pattern[PATH_MAX + 16];
	glob_t found;
	bool has;

	snprintf(pattern, sizeof(pattern), "%s/0001_*.sql", dir);
	has = glob(pattern, GLOB_NOSORT, NULL, &found) == 0;
	if (has)
		globfree(&found);
	return has;
}

/* The checkout that we stand in, that we were built in, or the system's. */
static const char *
find_sql(char *out, size_t size)
{
	static const char *const beside[] = {"../sql", "../share/dnsvigil/sql"};
	char exe[PATH_MAX];
	ssize_t n;

	if (has_migrations("sql"))
		return "sql";
	n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	if (n <= 0)
		return NULL;
	exe[n] = '\0';
	*strrchr(exe, '/') = '\0';
	for (size_t i = 0; i < 2; i++) {
		snprintf(out, size, "%s/%s", exe, beside[i]);
		if (has_migrations(out))
			return out;
	}
	return NULL;
}

static void
on_step(void *ctx, const char *line)
{
	(void)ctx;
	cli_say(&spec, "%s", line);
}

int
cmd_migrate(int argc, char **argv)
{
	const char *config = NULL;
	const char *database = NULL;
	const char *sql = NULL;
	const char *grant = NULL;
	char found[2 * PATH_MAX];
	struct cli_args args;
	char *conninfo;
	int err;

	cli_args_init(&args, &spec, argc, argv);
	for (;;) {
		int arg = cli_next(&args);

		if (arg == CLI_ARG_END)
			break;
		else if (arg == OPT_CONFIG)
			config = args.value;
		else if (arg == OPT_DATABASE)
			database = args.value;
		else if (arg == OPT_SQL)
			sql = args.value;
		else if (arg == OPT_GRANT)
			grant = args.value;
		else
			return cli_end(&args, arg);
	}
	if (sql == NULL)
		sql = find_sql(found, sizeof(found));
	conninfo = cli_database(&spec, config, database);
	if (conninfo == NULL)
		return CLI_CONFIG;
	if (sql == NULL) {
		cli_say(&spec, "the migrations are neither in ./sql nor beside "
			       "the program; name their folder with --sql");
		free(conninfo);
		return CLI_FAILED;
	}
	err = migrate_run(conninfo, sql, grant, on_step, NULL);
	free(conninfo);
	return err == 0 ? CLI_OK : CLI_FAILED;
}

/* SPDX-License-Identifier: ISC */

/*
 * Migrations: one session lock over all of it, one transaction a file (the
 * file, and the row that says so), so that two of us at once do the work
 * once, and a kill at any point leaves whole versions only.
 *
 * To add a migration: a new file with the next number in sql/, STORE_SCHEMA
 * in store.h raised, and no touch to a file that was ever released: databases
 * remember the SHA-256 of what they were made with.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "base/err.h"
#include "migrate_priv.h"
#include "read_priv.h"
#include "store/migrate.h"
#include "store/store.h"

enum { LINE_SIZE = 1024 };

struct migrate {
	PGconn *conn;
	migrate_say_fn *say;
	void *ctx;
	struct migrate_files files;
};

static void PRINTF_LIKE(2, 3) say(struct migrate *m, const char *format, ...)
{
	char line[LINE_SIZE];
	va_list args;

	va_start(args, format);
	if (vsnprintf(line, sizeof(line), format, args) < 0)
		line[0] = '\0';
	va_end(args);
	m->say(m->ctx, line);
}

static int
run(struct migrate *m, const char *sql)
{
	char why[LINE_SIZE];
	int err = read_run(m->conn, sql, why, sizeof(why));

	if (err != 0)
		say(m, "%s", why);
	return err;
}

/* Until the session ends.  "dnsvmigr" as a number. */
static int
lock(struct migrate *m)
{
	PGresult *res =
	    PQexec(m->conn, "select pg_try_advisory_lock(7236848603709925234)");
	bool busy = PQresultStatus(res) == PGRES_TUPLES_OK &&
	            strcmp(PQgetvalue(res, 0, 0), "f") == 0;

	PQclear(res);
	if (!busy)
		return run(m, "select pg_advisory_lock(7236848603709925234)");
	say(m, "another migration is at work; waiting for it");
	return run(m, "select pg_advisory_lock(7236848603709925234)");
}

static long
version_of(const PGresult *res, int row)
{
	return strtol(PQgetvalue(res, row, 0), NULL, 10);
}

/* Compares what was applied with the files; ERR_SCHEMA where they differ. */
static int
compare(struct migrate *m, PGresult *res)
{
	int n = PQntuples(res);

	if (n > 0 && version_of(res, n - 1) > (long)m->files.n) {
		say(m,
		    "the database has schema %s, this program knows %zu: "
		    "it was made by a newer dnsvigil",
		    PQgetvalue(res, n - 1, 0), m->files.n);
		return ERR_SCHEMA;
	}
	for (int i = 0; i < n; i++) {
		const struct migrate_file *file = &m->files.list[i];

		if (version_of(res, i) != i + 1) {
			say(m,
			    "the database has schema %s without %d: "
			    "it was altered by hand",
			    PQgetvalue(res, i, 0), i + 1);
			return ERR_SCHEMA;
		}
		if (strcmp(PQgetvalue(res, i, 1), file->sha256) != 0) {
			say(m,
			    "%s is not the file that this database was "
			    "made with (its SHA-256 differs)",
			    file->name);
			return ERR_SCHEMA;
		}
	}
	return 0;
}

/* How many of the files the database has. */
static int
find_applied(struct migrate *m, size_t *out)
{
	char why[LINE_SIZE];
	PGresult *res;
	int version;
	int err;

	*out = 0;
	err = read_version(m->conn, &version, why, sizeof(why));
	if (err != 0) {
		say(m, "%s", why);
		return err;
	}
	if (version == 0)
		return 0;
	res = PQexec(m->conn, "select version, sha256 "
			      "from dnsvigil.migration order by version");
	if (PQresultStatus(res) == PGRES_TUPLES_OK) {
		err = compare(m, res);
		*out = (size_t)PQntuples(res);
	} else {
		read_reason(m->conn, res, why, sizeof(why));
		say(m, "%s", why);
		err = ERR_DATABASE;
	}
	PQclear(res);
	return err;
}

/* Runs a statement with text parameters; `what` begins its complaint. */
static int
run_with(struct migrate *m, const char *what, const char *sql,
    const char *const *values, int n)
{
	PGresult *res =
	    PQexecParams(m->conn, sql, n, NULL, values, NULL, NULL, 0);
	ExecStatusType status = PQresultStatus(res);
	char why[LINE_SIZE];
	int err = 0;

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
		read_reason(m->conn, res, why, sizeof(why));
		say(m, "%s: %s", what, why);
		err = ERR_DATABASE;
	}
	PQclear(res);
	return err;
}

/* Where in the file the server stopped, as "file:line: ". */
static void
say_refused(
    struct migrate *m, const struct migrate_file *file, const PGresult *res)
{
	const char *position =
	    PQresultErrorField(res, PG_DIAG_STATEMENT_POSITION);
	size_t end = position == NULL ? 0 : strtoul(position, NULL, 10);
	unsigned line = 1;
	char why[LINE_SIZE];

	read_reason(m->conn, res, why, sizeof(why));
	for (size_t i = 0; i < end && file->text[i] != '\0'; i++)
		line += file->text[i] == '\n';
	if (position == NULL)
		say(m, "%s: %s", file->name, why);
	else
		say(m, "%s:%u: %s", file->name, line, why);
}

/* The file and its row, in the transaction that is open. */
static int
apply_text(struct migrate *m, const struct migrate_file *file, size_t version)
{
	PGresult *res = PQexec(m->conn, file->text);
	ExecStatusType status = PQresultStatus(res);
	char number[16];
	const char *const values[] = {number, file->name, file->sha256};
	int err = 0;

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
		say_refused(m, file, res);
		err = ERR_DATABASE;
	} else if (PQtransactionStatus(m->conn) != PQTRANS_INTRANS) {
		say(m,
		    "%s ends its transaction, which is not its own: what "
		    "it did may have to be undone by hand",
		    file->name);
		err = ERR_SCHEMA;
	}
	PQclear(res);
	if (err != 0)
		return err;
	snprintf(number, sizeof(number), "%zu", version);
	return run_with(m, file->name,
	    "insert into dnsvigil.migration (version, name, sha256) "
	    "values ($1::integer, $2, $3)",
	    values, 3);
}

static int
apply(struct migrate *m, size_t i)
{
	const struct migrate_file *file = &m->files.list[i];
	int err = run(m, "begin");

	if (err != 0)
		return err;
	err = apply_text(m, file, i + 1);
	if (err == 0)
		err = run(m, "commit");
	if (err == 0)
		say(m, "%s applied", file->name);
	else if (PQstatus(m->conn) == CONNECTION_OK)
		PQclear(PQexec(m->conn, "rollback"));
	return err;
}

static int
migrate(struct migrate *m, const char *grant)
{
	size_t applied;
	int err = lock(m);

	if (err == 0)
		err = find_applied(m, &applied);
	if (err != 0)
		return err;
	for (size_t i = applied; i < m->files.n; i++) {
		err = apply(m, i);
		if (err != 0)
			return err;
	}
	if (grant != NULL)
		err = run_with(m, grant,
		    "select dnsvigil.grant_daemon($1::name)", &grant, 1);
	if (err != 0)
		return err;
	if (grant != NULL)
		say(m, "role %s may do what the daemon does", grant);
	say(m, "the database has schema %zu", m->files.n);
	return 0;
}

int
migrate_run(const char *conninfo, const char *dir, const char *grant,
    migrate_say_fn *say_fn, void *ctx)
{
	struct migrate m = {.say = say_fn, .ctx = ctx};
	char why[LINE_SIZE];
	int err;

	err = migrate_files_read(dir, &m.files, why, sizeof(why));
	if (err == 0 && m.files.n != STORE_SCHEMA) {
		snprintf(why, sizeof(why),
		    "%s has %zu migrations, this program knows %d", dir,
		    m.files.n, STORE_SCHEMA);
		err = ERR_SCHEMA;
	}
	if (err == 0)
		err = read_connect(conninfo, &m.conn, why, sizeof(why));
	if (err != 0)
		say(&m, "%s", why);
	else
		err = migrate(&m, grant);
	PQfinish(m.conn);
	migrate_files_fini(&m.files);
	return err;
}

/* SPDX-License-Identifier: ISC */

/*
 * Connecting for a command, and refusing a database that will not do (W-F6)
 * before anything is asked of it.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/escape.h"
#include "read_priv.h"

enum { LINE_MAX_SIZE = 512 };

static const char no_rights[] = "42501"; /* insufficient_privilege */

void
read_reason(PGconn *conn, const PGresult *res, char *why, size_t why_size)
{
	const char *text = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	const char *hint = "";
	char line[LINE_MAX_SIZE];

	if (text == NULL)
		text = PQerrorMessage(conn);
	if (state != NULL && strcmp(state, no_rights) == 0)
		hint = "; the owner of the database can grant it: "
		       "`dnsvigil migrate --grant ROLE`";
	escape_print(text, strcspn(text, "\n"), line, sizeof(line));
	snprintf(why, why_size, "database: %s%s",
	    line[0] == '\0' ? "the connection was lost" : line, hint);
}

static int
refuse_encoding(PGconn *conn, const char *encoding, char *why, size_t why_size)
{
	char name[LINE_MAX_SIZE];

	snprintf(why, why_size,
	    "database %s has the encoding %s, dnsvigil needs UTF8: make one "
	    "with `createdb -E UTF8 -T template0 NAME`",
	    escape_text(PQdb(conn), name, sizeof(name)), encoding);
	return ERR_SCHEMA;
}

/* libpq would print warnings of the server unescaped; none concerns us. */
static void
on_notice(void *ctx, const char *message)
{
	(void)ctx;
	(void)message;
}

int
read_connect(const char *conninfo, PGconn **out, char *why, size_t why_size)
{
	/* What comes before dbname can be overridden by the conninfo. */
	static const char *const keys[] = {"connect_timeout",
	    "application_name", "dbname", "client_encoding", NULL};
	const char *const values[] = {"10", "dnsvigil", conninfo, "UTF8", NULL};
	const char *encoding;
	PGconn *conn;
	int err = ERR_DATABASE;

	*out = NULL;
	conn = PQconnectdbParams(keys, values, 1);
	if (conn == NULL) {
		snprintf(why, why_size, "memory is short");
		return ERR_DATABASE;
	}
	if (PQstatus(conn) != CONNECTION_OK) {
		read_reason(conn, NULL, why, why_size);
		goto out;
	}
	(void)PQsetNoticeProcessor(conn, on_notice, NULL);
	encoding = PQparameterStatus(conn, "server_encoding");
	if (encoding == NULL || strcmp(encoding, "UTF8") != 0) {
		err = refuse_encoding(conn,
		    encoding == NULL ? "unknown" : encoding, why, why_size);
		goto out;
	}
	err = read_run(conn,
	    "set timezone = 'UTC'; set datestyle = 'ISO'; "
	    "set client_min_messages = 'warning'; "
	    "set search_path = pg_catalog, pg_temp",
	    why, why_size);
	if (err == 0) {
		*out = conn;
		conn = NULL;
	}
out:
	PQfinish(conn);
	return err;
}

int
read_run(PGconn *conn, const char *sql, char *why, size_t why_size)
{
	PGresult *res = PQexec(conn, sql);
	ExecStatusType status = PQresultStatus(res);
	int err = 0;

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
		read_reason(conn, res, why, why_size);
		err = ERR_DATABASE;
	}
	PQclear(res);
	return err;
}

/* The one number that a statement gives.  0 or ERR_DATABASE. */
static int
read_number(PGconn *conn, const char *sql, int *out, char *why, size_t why_size)
{
	PGresult *res = PQexec(conn, sql);
	int err = 0;

	if (PQresultStatus(res) == PGRES_TUPLES_OK && PQntuples(res) == 1) {
		*out = (int)strtol(PQgetvalue(res, 0, 0), NULL, 10);
	} else {
		read_reason(conn, res, why, why_size);
		err = ERR_DATABASE;
	}
	PQclear(res);
	return err;
}

int
read_version(PGconn *conn, int *out, char *why, size_t why_size)
{
	int there;
	int err;

	*out = 0;
	err = read_number(conn,
	    "select count(*) from pg_class c "
	    "join pg_namespace n on n.oid = c.relnamespace "
	    "where n.nspname = 'dnsvigil' and c.relname = 'migration'",
	    &there, why, why_size);
	if (err != 0 || there == 0)
		return err;
	return read_number(conn,
	    "select coalesce(max(version), 0) from dnsvigil.migration", out,
	    why, why_size);
}

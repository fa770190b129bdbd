/* SPDX-License-Identifier: ISC */
#ifndef STORE_READ_SQL_H
#define STORE_READ_SQL_H

/* The statements of the reader; a filter that is null does not filter. */

extern const char read_sql_changes[];
extern const char read_sql_last_seq[];
extern const char read_sql_baselines[];
extern const char read_sql_history[];
extern const char read_sql_pools[];
extern const char read_sql_lives[];
extern const char read_sql_memberships[];
extern const char read_sql_at[];
extern const char read_sql_coverage[];
extern const char read_sql_entries_of[];
extern const char read_sql_members_of[];
extern const char read_sql_evidence_of[];
extern const char read_sql_deliveries_of[];
extern const char read_sql_judged[];
extern const char read_sql_judged_names[];
extern const char read_sql_asked[];
extern const char read_sql_inside_pools[];
extern const char read_sql_short[];

#endif

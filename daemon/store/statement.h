/* SPDX-License-Identifier: ISC */
#ifndef STORE_STATEMENT_H
#define STORE_STATEMENT_H

/*
 * statement -- every SQL text that the daemon sends, in one table.
 *
 * A batch collects rows of a few shapes (groups); each column of a group is
 * one array.  A statement says by its `args` which columns it is given:
 * "Q0,Q1" are the first two columns of group Q.  Other parameters are
 * scalars: "$l" an int8, "$i" an int4, "$t" a text, "$z" a timestamptz.
 */

#include <stdbool.h>
#include <stdint.h>

/* Shapes of rows; the letters and columns are in statement.c. */
enum group {
	GROUP_QUESTION,
	GROUP_LISTED,
	GROUP_STATE,
	GROUP_CANDIDATE,
	GROUP_EVIDENCE,
	GROUP_RECORD,
	GROUP_DECISION,
	GROUP_KEEP,
	GROUP_GONE,
	GROUP_LOG,
	GROUP_DELIVERY,
	GROUP_MEMBER,
	GROUP_OUTAGE,
	GROUP_STALE,
	GROUP_SETTLED,
	GROUP_SPAN,
	GROUP_SEEN,
	GROUP_ATTRIBUTE,
	GROUP_SIGNED,
	GROUP_POOL_DAY,
	GROUP_HOLDING,
	GROUP_GATHERED,
	GROUP_FINISHED,
	/* Of first answers: a row is in one piece, as COPY has it. */
	GROUP_FIRST_QUESTION,
	GROUP_FIRST_STATE,
	GROUP_FIRST_RECORD,
	GROUP_FIRST_LISTED
};
enum {
	N_GROUPS = GROUP_FIRST_LISTED + 1,
	N_FIRST_GROUPS = N_GROUPS - GROUP_FIRST_QUESTION,
	GROUP_COLUMNS_MAX = 19
};

static inline bool
group_is_first(enum group group)
{
	return group >= GROUP_FIRST_QUESTION;
}

/* A letter of array.h per column. */
const char *group_columns(enum group group);
char group_letter(enum group group);
/* Columns of all groups that come before; of all, for N_GROUPS. */
unsigned group_offset(unsigned group);

enum side { SIDE_WRITE, SIDE_READ };

/* Those of a batch in the order in which they are sent. */
enum statement_id {
	WRITE_BEGIN,
	WRITE_CHECK,
	WRITE_QUESTION_SETTLE,
	WRITE_QUESTION_PUT,
	WRITE_LEFT,
	WRITE_JOINED,
	WRITE_BASELINE,
	WRITE_CANDIDATE_FOLLOW,
	WRITE_CANDIDATE_OPEN,
	WRITE_EVIDENCE,
	WRITE_RECORD_PUT,
	WRITE_BELIEF_CLOSE,
	WRITE_STATE_PUT,
	WRITE_RECORD_CLOSE,
	WRITE_RECORD_GONE,
	WRITE_CANDIDATE_END,
	WRITE_OUTAGE,
	WRITE_STALE,
	WRITE_SETTLED,
	WRITE_SPAN,
	WRITE_SEEN,
	WRITE_ATTRIBUTE,
	WRITE_SIGNED,
	WRITE_POOL_DAY,
	WRITE_LOG,
	WRITE_DELIVERY,
	WRITE_UNHOLD,
	WRITE_GATHERED,
	WRITE_FINISHED,
	WRITE_NEXT,
	WRITE_RELEASE,
	WRITE_CLAIM,
	WRITE_MAINTAIN,
	WRITE_COMMIT,
	WRITE_ROLLBACK,
	READ_STATE,
	READ_ELEMENT,
	READ_HELD,
	READ_WAITING,
	READ_SUMS
};
enum { N_STATEMENTS = READ_SUMS + 1, STATEMENT_ARGS_MAX = 20 };

struct statement {
	const char *name; /* as prepared */
	enum side side;
	const char *args;
	const char *text;
};
const struct statement *statement_of(enum statement_id id);

/* One parameter: a column, or a scalar with `type` and no column. */
struct statement_arg {
	int column; /* group_offset() + index; -1: scalar */
	enum group group;
	uint32_t oid;
};
/* How many; args has STATEMENT_ARGS_MAX. */
int statement_args(const struct statement *st, struct statement_arg *args);

/* Texts that are prepared and stand apart (statement_rare.c). */
extern const char statement_left[];
extern const char statement_joined[];
extern const char statement_stale[];
extern const char statement_pool_day[];
extern const char statement_seen[];
/* Of deliveries (statement_outbox.c). */
extern const char statement_delivery[];
extern const char statement_unhold[];
extern const char statement_gathered[];
extern const char statement_finished[];
extern const char statement_next[];
extern const char statement_claim[];

/* COPY of one of the groups of first answers. */
const char *statement_first(enum group group);

/* Not prepared: the steps of a session's beginning, and COPY. */
extern const char statement_setup[];
extern const char statement_schema[];
extern const char statement_rights[];
extern const char statement_lock[];
extern const char statement_holder[];
extern const char statement_evict[];
extern const char statement_epoch_look[];
extern const char statement_epoch_take[];
extern const char statement_heads[];
extern const char statement_load[];

#endif

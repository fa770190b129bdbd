/* SPDX-License-Identifier: ISC */
/* room: store */

/*
 * The table of statements fits together: each has a name of its own, uses
 * every parameter that it is given and none that it is not, names objects
 * with their schema, and takes columns that exist.  That each fits the
 * migrated schema is shown by tests/live/test_store.py: the store prepares
 * all of them when it connects.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "daemon/store/batch.h"
#include "daemon/store/statement.h"

static bool
uses(const char *text, int parameter)
{
	char wanted[8];
	size_t size;

	snprintf(wanted, sizeof wanted, "$%d", parameter);
	size = strlen(wanted);
	for (const char *p = strstr(text, wanted); p != NULL;
	     p = strstr(p + 1, wanted))
		if (p[size] < '0' || p[size] > '9')
			return true;
	return false;
}

static void
test_statement_uses_its_parameters_and_no_others(void **state)
{
	struct statement_arg args[STATEMENT_ARGS_MAX];

	(void)state;
	for (int i = 0; i < N_STATEMENTS; i++) {
		const struct statement *st = statement_of((enum statement_id)i);
		int n = statement_args(st, args);

		for (int k = 1; k <= n; k++)
			if (!uses(st->text, k))
				fail_msg("%s does not use $%d", st->name, k);
		if (uses(st->text, n + 1))
			fail_msg("%s uses $%d", st->name, n + 1);
	}
}

static void
test_statement_names_are_different(void **state)
{
	(void)state;
	for (int i = 0; i < N_STATEMENTS; i++)
		for (int k = 0; k < i; k++)
			assert_string_not_equal(
			    statement_of((enum statement_id)i)->name,
			    statement_of((enum statement_id)k)->name);
}

/* The first parameter says whether a batch has rows for the statement. */
static void
test_statement_of_rows_begins_with_a_column_of_them(void **state)
{
	struct statement_arg args[STATEMENT_ARGS_MAX];

	(void)state;
	for (int i = WRITE_QUESTION_SETTLE; i < WRITE_RELEASE; i++) {
		const struct statement *st = statement_of((enum statement_id)i);

		assert_true(statement_args(st, args) > 0);
		assert_true(args[0].column >= 0);
		assert_int_not_equal(args[0].group, GROUP_KEEP);
		assert_int_not_equal(args[0].group, GROUP_MEMBER);
	}
}

static void
test_statement_names_tables_with_their_schema(void **state)
{
	static const char *const verbs[] = {
	    "insert into ", "update ", "delete from ", " join ", NULL};

	(void)state;
	for (int i = 0; i < N_STATEMENTS; i++) {
		const struct statement *st = statement_of((enum statement_id)i);

		for (int v = 0; verbs[v] != NULL; v++)
			for (const char *p = strstr(st->text, verbs[v]);
			     p != NULL; p = strstr(p + 1, verbs[v])) {
				const char *what = p + strlen(verbs[v]);

				/* "do update set", and names of our own
				 * within the statement. */
				if (strncmp(what, "set ", 4) == 0 ||
				    strncmp(what, "head", 4) == 0 ||
				    strncmp(what, "lateral", 7) == 0 ||
				    *what == '(')
					continue;
				if (strncmp(what, "dnsvigil.", 9) != 0)
					fail_msg("%s: %.40s", st->name, p);
			}
	}
}

static void
test_groups_lie_one_behind_the_other(void **state)
{
	unsigned n = 0;

	(void)state;
	for (unsigned g = 0; g < N_GROUPS; g++) {
		assert_int_equal(group_offset(g), n);
		n += (unsigned)strlen(group_columns((enum group)g));
		for (unsigned k = 0; k < g; k++)
			assert_int_not_equal(group_letter((enum group)g),
			    group_letter((enum group)k));
	}
	assert_int_equal(group_offset(N_GROUPS), n);
	assert_true(n <= BATCH_COLUMNS_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_statement_uses_its_parameters_and_no_others),
	    cmocka_unit_test(test_statement_names_are_different),
	    cmocka_unit_test(
		test_statement_of_rows_begins_with_a_column_of_them),
	    cmocka_unit_test(test_statement_names_tables_with_their_schema),
	    cmocka_unit_test(test_groups_lie_one_behind_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/* room: base */

/*
 * Every code has words of its own, and what is no code of ours is no crash.
 */

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

#include "base/err.h"

static void
test_err_text_words_every_code_differently(void **state)
{
	static const int codes[] = {0, ERR_FULL, ERR_TOO_BIG, ERR_SYNTAX,
	    ERR_NOT_FOUND, ERR_DATABASE, ERR_SCHEMA, ERR_FENCED, ERR_HTTP,
	    ERR_CLOSED};
	size_t n = sizeof(codes) / sizeof(codes[0]);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		assert_string_not_equal(err_text(codes[i]), "");
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(
			    err_text(codes[i]), err_text(codes[j]));
	}
}

static void
test_err_text_words_what_the_system_says(void **state)
{
	(void)state;
	assert_string_equal(err_text(-ENOMEM), strerror(ENOMEM));
	assert_string_equal(err_text(-EMFILE), strerror(EMFILE));
}

static void
test_err_text_of_a_strange_number_is_text(void **state)
{
	(void)state;
	assert_string_equal(err_text(7), "unknown error");
	assert_string_equal(err_text(-1999), "unknown error");
	assert_non_null(err_text(INT32_MIN));
}

static void
test_check_passes_what_is_true(void **state)
{
	(void)state;
	CHECK(1 + 1 == 2);
}

static void
test_check_aborts_and_names_the_expression_and_the_place(void **state)
{
	char text[256] = {0};
	int fds[2];
	int status;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	child = fork();
	if (child == 0) {
		signal(SIGABRT, SIG_DFL);
		dup2(fds[1], STDERR_FILENO);
		CHECK(1 + 1 == 3);
		_exit(0);
	}
	close(fds[1]);
	assert_true(read(fds[0], text, sizeof(text) - 1) > 0);
	close(fds[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	assert_non_null(strstr(text, "1 + 1 == 3"));
	assert_non_null(strstr(text, "test_err.c:"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_err_text_words_every_code_differently),
	    cmocka_unit_test(test_err_text_words_what_the_system_says),
	    cmocka_unit_test(test_err_text_of_a_strange_number_is_text),
	    cmocka_unit_test(test_check_passes_what_is_true),
	    cmocka_unit_test(
		test_check_aborts_and_names_the_expression_and_the_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/* room: base */

/*
 * A line is one write of printable ASCII with a level and a time, has a bound,
 * and is lost and counted rather than waited for when nobody reads.  Each test
 * puts a pipe in the place of standard error.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

#include "base/log.h"

struct capture {
	int reader;
	int before; /* the standard error of the test */
	char text[8192];
};

static void
capture_start(struct capture *c)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	c->reader = fds[0];
	assert_int_equal(fcntl(c->reader, F_SETFL, O_NONBLOCK), 0);
	c->before = dup(STDERR_FILENO);
	assert_int_equal(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
	close(fds[1]);
}

/* Gives standard error back; text is what one read got. */
static void
capture_stop(struct capture *c)
{
	ssize_t n = -1;

	dup2(c->before, STDERR_FILENO);
	close(c->before);
	if (c->reader != -1) {
		n = read(c->reader, c->text, sizeof(c->text) - 1);
		close(c->reader);
	}
	c->text[n > 0 ? n : 0] = '\0';
}

static void
test_log_line_has_time_level_and_text(void **state)
{
	struct capture c;
	const char *text = c.text;

	(void)state;
	log_open(LOG_INFO);
	capture_start(&c);
	log_warn("store: connection lost; retrying in %d s", 4);
	capture_stop(&c);
	/* "2026-11-21T17:00:00.123Z " and the rest */
	assert_int_equal(text[4], '-');
	assert_int_equal(text[10], 'T');
	assert_int_equal(text[23], 'Z');
	assert_string_equal(
	    text + 24, " WARNING store: connection lost; retrying in 4 s\n");
}

static void
test_log_every_level_has_its_word(void **state)
{
	static const char *const words[] = {" ERROR a: b\n", " WARNING a: b\n",
	    " INFO a: b\n", " DEBUG a: b\n"};
	static const enum log_level levels[] = {
	    LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG};
	struct capture c;

	(void)state;
	log_open(LOG_DEBUG);
	for (size_t i = 0; i < 4; i++) {
		capture_start(&c);
		log_put(levels[i], "a: b");
		capture_stop(&c);
		assert_string_equal(c.text + 24, words[i]);
	}
}

static void
test_log_drops_what_is_above_the_level(void **state)
{
	struct capture c;

	(void)state;
	log_open(LOG_WARNING);
	capture_start(&c);
	log_info("a: b");
	log_debug("a: b");
	capture_stop(&c);
	assert_string_equal(c.text, "");
	log_open(LOG_INFO);
}

static void
test_log_escapes_whatever_the_caller_passes(void **state)
{
	struct capture c;

	(void)state;
	capture_start(&c);
	log_info("dns: %s", "x\n\033[31mERROR forged\xff");
	capture_stop(&c);
	assert_string_equal(
	    c.text + 24, " INFO dns: x\\010\\027[31mERROR forged\\255\n");
}

static void
test_log_cuts_a_line_and_shows_it(void **state)
{
	struct capture c;
	size_t size;

	(void)state;
	capture_start(&c);
	log_info("a: %05000d", 1);
	capture_stop(&c);
	size = strlen(c.text);
	assert_int_equal(size, LOG_LINE_MAX);
	assert_string_equal(c.text + size - 4, "...\n");
}

static void
test_log_loses_and_counts_lines_when_the_pipe_is_full(void **state)
{
	struct capture c;
	uint64_t lost = log_lost();
	int flags = fcntl(STDERR_FILENO, F_GETFL);

	(void)state;
	capture_start(&c);
	/* The pipe holds 64 KB; its descriptor may block. */
	for (int i = 0; i < 1000; i++)
		log_info("a: %0900d", i);
	capture_stop(&c);
	assert_true(log_lost() - lost > 800);
	assert_true(log_lost() - lost < 1000);
	assert_int_equal(fcntl(STDERR_FILENO, F_GETFL), flags);
}

static void
test_log_survives_a_reader_that_went_away(void **state)
{
	struct capture c;
	uint64_t lost = log_lost();

	(void)state;
	capture_start(&c);
	close(c.reader);
	c.reader = -1;
	log_info("a: b"); /* SIGPIPE would end the test */
	capture_stop(&c);
	assert_int_equal(log_lost() - lost, 1);
}

static void
test_log_survives_a_closed_standard_error(void **state)
{
	uint64_t lost = log_lost();
	int before = dup(STDERR_FILENO);

	(void)state;
	close(STDERR_FILENO);
	log_info("a: b");
	dup2(before, STDERR_FILENO);
	close(before);
	assert_int_equal(log_lost() - lost, 1);
}

/* A descriptor that polls writable and refuses the write. */
static void
test_log_leaves_errno_alone(void **state)
{
	uint64_t lost = log_lost();
	int before = dup(STDERR_FILENO);
	int fd = open("/dev/null", O_RDONLY);

	(void)state;
	dup2(fd, STDERR_FILENO);
	errno = ENOENT;
	log_info("a: b");
	assert_int_equal(errno, ENOENT);
	dup2(before, STDERR_FILENO);
	close(before);
	close(fd);
	assert_int_equal(log_lost() - lost, 1);
}

static void
test_log_speaks_to_the_journal_in_its_form(void **state)
{
	struct capture c;
	struct stat st;
	char stream[64];

	(void)state;
	capture_start(&c);
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_open(LOG_INFO);
	log_error("a: b");
	capture_stop(&c);
	assert_string_equal(c.text, "<3>a: b\n");
}

static void
test_log_to_another_file_than_the_journal_is_plain(void **state)
{
	struct capture c;

	(void)state;
	capture_start(&c);
	setenv("JOURNAL_STREAM", "1:1", 1);
	log_open(LOG_INFO);
	log_error("a: b");
	capture_stop(&c);
	assert_string_equal(c.text + 24, " ERROR a: b\n");
	unsetenv("JOURNAL_STREAM");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_log_line_has_time_level_and_text),
	    cmocka_unit_test(test_log_every_level_has_its_word),
	    cmocka_unit_test(test_log_drops_what_is_above_the_level),
	    cmocka_unit_test(test_log_escapes_whatever_the_caller_passes),
	    cmocka_unit_test(test_log_cuts_a_line_and_shows_it),
	    cmocka_unit_test(
		test_log_loses_and_counts_lines_when_the_pipe_is_full),
	    cmocka_unit_test(test_log_survives_a_reader_that_went_away),
	    cmocka_unit_test(test_log_survives_a_closed_standard_error),
	    cmocka_unit_test(test_log_leaves_errno_alone),
	    cmocka_unit_test(test_log_speaks_to_the_journal_in_its_form),
	    cmocka_unit_test(
		test_log_to_another_file_than_the_journal_is_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

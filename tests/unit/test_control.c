/* SPDX-License-Identifier: ISC */
/* room: cli */

/*
 * A daemon's numbers arrive whole, however big; each database has a name of
 * its own; and a peer that connects and does not read holds nobody up.  A
 * child asks while the parent serves, over a real abstract socket.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/control.h"
#include "loop/loop.h"

enum { BIG = 3 * 1024 * 1024, PATIENCE_S = 20 };

struct serving {
	struct loop *loop;
	struct control *control;
	size_t size; /* of the text in the object */
	unsigned n_asked;
};

static char conninfo[64];

static void
fill(void *ctx, struct buf *out)
{
	struct serving *s = ctx;

	s->n_asked++;
	buf_add_text(out, "{\"state\":\"ready\",\"text\":\"");
	for (size_t i = 0; i < s->size; i++)
		buf_add_u8(out, (uint8_t)('a' + i % 26));
	buf_add_text(out, "\"}");
}

static void
on_end(void *ctx, int events)
{
	struct serving *s = ctx;

	(void)events;
	loop_stop(s->loop);
}

static void
on_timeout(void *ctx)
{
	struct serving *s = ctx;

	loop_stop(s->loop);
}

/* Connects without ever reading; the sockets live as long as the process. */
static void
connect_and_sulk(int n)
{
	struct sockaddr_un address;
	socklen_t size = control_address(conninfo, &address);

	for (int i = 0; i < n; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd < 0 ||
		    connect(fd, (struct sockaddr *)&address, size) != 0)
			_exit(90);
	}
}

static int
ask_in_child(const struct serving *s, int n_sulking)
{
	struct buf answer = {0};
	int err;

	connect_and_sulk(n_sulking);
	err = control_ask(conninfo, &answer);
	if (err != 0)
		return 91;
	if (answer.size != s->size +
			       sizeof("{\"state\":\"ready\",\"text\":\""
				      "\"}\n") -
			       1)
		return 92;
	buf_fini(&answer);
	return 0;
}

/* Serves while a child asks; returns the child's exit status. */
static int
serve_a_child(struct serving *s, int n_sulking)
{
	struct loop_timer *timer;
	struct loop_io *io;
	int ends[2];
	int status;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	s->loop = loop_new();
	s->control = control_new(s->loop, conninfo, fill, s);
	assert_non_null(s->control);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(ask_in_child(s, n_sulking));
	close(ends[1]); /* the child has the other one, until it ends */
	io = loop_io_new(s->loop, ends[0], LOOP_READ, on_end, s);
	timer = loop_timer_new(s->loop, on_timeout, s);
	loop_timer_in(timer, MONO_S(PATIENCE_S));
	loop_run(s->loop);
	loop_timer_free(timer);
	loop_io_free(io);
	control_free(s->control);
	loop_free(s->loop);
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
test_the_answer_arrives_whole(void **state)
{
	struct serving s = {.size = 10};

	(void)state;
	assert_int_equal(serve_a_child(&s, 0), 0);
	assert_int_equal(s.n_asked, 1);
	s.size = BIG;
	assert_int_equal(serve_a_child(&s, 0), 0);
	assert_int_equal(s.n_asked, 2);
}

static void
test_peers_that_do_not_read_are_dropped_and_others_served(void **state)
{
	struct serving s = {.size = BIG};

	(void)state;
	assert_int_equal(serve_a_child(&s, CONTROL_CONNECTIONS_MAX - 1), 0);
	assert_int_equal(s.n_asked, CONTROL_CONNECTIONS_MAX);
}

static void
test_too_many_peers_are_turned_away_at_once(void **state)
{
	struct serving s = {.size = BIG};

	(void)state;
	assert_int_not_equal(serve_a_child(&s, CONTROL_CONNECTIONS_MAX), 0);
	assert_int_equal(s.n_asked, CONTROL_CONNECTIONS_MAX);
}

static void
test_nobody_there_is_told(void **state)
{
	struct buf answer = {0};

	(void)state;
	assert_int_equal(control_ask(conninfo, &answer), -ECONNREFUSED);
	buf_fini(&answer);
}

static void
test_a_second_daemon_does_without(void **state)
{
	struct loop *loop = loop_new();
	struct control *first = control_new(loop, conninfo, fill, NULL);

	(void)state;
	assert_non_null(first);
	assert_null(control_new(loop, conninfo, fill, NULL));
	control_free(first);
	loop_free(loop);
}

static void
test_each_database_has_its_name(void **state)
{
	struct sockaddr_un a;
	struct sockaddr_un b;

	(void)state;
	assert_int_equal(
	    control_address("dbname=a", &a), control_address("dbname=b", &b));
	assert_int_equal(a.sun_path[0], 0);
	assert_memory_equal(a.sun_path + 1, "dnsvigil-", 9);
	assert_int_equal(strlen(a.sun_path + 1), 9 + 32);
	assert_string_not_equal(a.sun_path + 1, b.sun_path + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_answer_arrives_whole),
	    cmocka_unit_test(
		test_peers_that_do_not_read_are_dropped_and_others_served),
	    cmocka_unit_test(test_too_many_peers_are_turned_away_at_once),
	    cmocka_unit_test(test_nobody_there_is_told),
	    cmocka_unit_test(test_a_second_daemon_does_without),
	    cmocka_unit_test(test_each_database_has_its_name),
	};

	snprintf(conninfo, sizeof(conninfo), "test_control pid=%d", getpid());
	return cmocka_run_group_tests(tests, NULL, NULL);
}

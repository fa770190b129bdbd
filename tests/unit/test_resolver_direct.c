/* SPDX-License-Identifier: ISC */
/* room: resolver */

/*
 * Zones' own servers: what a question to one says, and a roster of thousands
 * that come and go while others are asked.
 */

#include <arpa/inet.h>
#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/err.h"
#include "dns/name.h"
#include "dns/type.h"
#include "resolver_world.h"
#include "unit.h"

enum {
	MANY = 2000,
	IDLE_SIZE_MAX = 2048, /* bytes of a server that nobody asks */
	TOLD_MAX = 8192,
	RATE = 400
};

/* ---- what a question says ---- */

enum { RD_CLEAR = 0, RD_SET };

/* Mode: what the answer says in RD. */
static void
look_at_flags(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;
	size_t size = hostile_build(ask, ask->tcp ? 2 : 1, w->wire);

	assert_int_equal(ask->wire[2], w->direct ? 0x00 : 0x01);
	assert_int_equal(ask->wire[3], w->direct ? 0x00 : 0x20);
	w->wire[2] = w->mode == RD_SET ? 0x81 : 0x80;
	w->wire[3] = 0; /* no RA either: it does not recurse */
	hostile_send(h, ask, w->wire, size);
}

static void
assert_flags(struct world *w, bool direct)
{
	w->direct = direct;
	w->ad = true;
	world_start(w, look_at_flags);
	for (w->mode = RD_CLEAR; w->mode <= RD_SET; w->mode++) {
		world_ask(w, 1, 0);
		world_right(w, TRANSPORT_UDP);
		world_ask(w, 2, ASK_TCP);
		world_right(w, TRANSPORT_TCP);
	}
}

static void
test_a_zones_own_server_is_asked_without_rd_and_ad(void **state)
{
	assert_flags(*state, true);
}

static void
test_a_resolver_is_asked_with_rd_as_before(void **state)
{
	assert_flags(*state, false);
}

/* Truncated, and then by TCP: without RD, too. */
static void
truncate_udp(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	struct world *w = ctx;
	size_t size = hostile_build(ask, ask->tcp ? 2 : 1, w->wire);

	assert_int_equal(ask->wire[2], 0);
	if (!ask->tcp)
		w->wire[2] |= 2;
	hostile_send(h, ask, w->wire, size);
}

static void
test_what_moves_to_tcp_is_asked_without_rd_there(void **state)
{
	struct world *w = *state;

	w->direct = true;
	world_start(w, truncate_udp);
	world_ask(w, 1, 0);
	world_right(w, TRANSPORT_TCP);
}

/* ---- a crowd of servers ---- */

/*
 * One socket answers for all addresses of 127.0.0.0/8, from the one that was
 * asked, as connected sockets want it.
 */
struct crowd {
	struct world *w;
	struct loop_io *io;
	int fd;
	uint16_t port;
	bool silent;
	bool closed; /* see note_closed() */
	bool twice;  /* says everything again */
	unsigned n_asked;
	unsigned n_rooms;
	unsigned n_again; /* full again at once */
	unsigned n_done;
	unsigned n_failed;
	unsigned n_wanted;
	uint16_t told[TOLD_MAX]; /* on_room, in order */
	mono_ns told_in;         /* the turn of the last of them */
	unsigned n_in_turn;
	unsigned n_in_turn_most;
	mono_ns *arrivals; /* NULL: not noted */
	bool asks_again;   /* in on_room */
	int jump;          /* asked in the first on_room; -1: none */
	int drop;          /* this one, when it has answered; -1: none */
};

static struct crowd crowd;

static void
answer_one(struct crowd *c, struct msghdr *m, size_t size)
{
	struct hostile_ask ask = {.wire = m->msg_iov->iov_base};
	size_t at = MESSAGE_HEADER_SIZE;

	while (at < size && ask.wire[at] != 0)
		at += 1u + ask.wire[at];
	ask.name_size = at + 1 - MESSAGE_HEADER_SIZE;
	m->msg_iov->iov_len = hostile_build(&ask, 1, c->w->wire);
	m->msg_iov->iov_base = c->w->wire;
	(void)sendmsg(c->fd, m, 0);
	if (c->twice)
		(void)sendmsg(c->fd, m, 0);
}

static void
on_questions(void *ctx, int events)
{
	struct crowd *c = ctx;
	uint8_t wire[512];
	struct sockaddr_in from;
	union {
		struct cmsghdr align;
		uint8_t bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
	} control;

	(void)events;
	for (;;) {
		struct iovec iov = {wire, sizeof(wire)};
		struct msghdr m = {.msg_name = &from,
		    .msg_namelen = sizeof(from),
		    .msg_iov = &iov,
		    .msg_iovlen = 1,
		    .msg_control = control.bytes,
		    .msg_controllen = sizeof(control.bytes)};
		ssize_t n = recvmsg(c->fd, &m, MSG_DONTWAIT);

		if (n <= 0)
			return;
		if (c->arrivals != NULL)
			c->arrivals[c->n_asked] = loop_mono_exact(c->w->loop);
		c->n_asked++;
		if (!c->silent)
			answer_one(c, &m, (size_t)n);
	}
}

static struct addr
address_of(const struct crowd *c, unsigned i)
{
	char text[64];
	struct addr addr;

	snprintf(text, sizeof(text), "127.0.%u.%u", 1 + i / 250, 1 + i % 250);
	assert_int_equal(addr_parse(text, c->port, &addr), 0);
	return addr;
}

static int
crowd_try(struct crowd *c, unsigned server, uint64_t cookie, uint8_t flags)
{
	char text[64];
	struct name name;
	const char *why;
	struct ask ask = {.cookie = cookie,
	    .server = (uint16_t)server,
	    .flags = flags,
	    .type = TYPE_A};

	snprintf(text, sizeof(text), "zone-%u.example.", (unsigned)cookie);
	assert_int_equal(name_parse(text, &name, &why), 0);
	ask.name = name.wire;
	ask.name_size = name.size;
	return resolver_ask(c->w->resolver, &ask);
}

static void
on_crowd_answer(void *ctx, const struct answer *a)
{
	struct crowd *c = ctx;

	if (a->fail != FAIL_NOT)
		c->n_failed++;
	else
		assert_int_equal(a->cookie % MANY, a->server);
	if (a->server == c->drop) {
		c->drop = -1;
		assert_true(resolver_drop(c->w->resolver, a->server));
	}
	if (++c->n_done == c->n_wanted)
		loop_stop(c->w->loop);
}

static void
on_crowd_room(void *ctx, uint16_t server)
{
	struct crowd *c = ctx;
	mono_ns now = loop_mono(c->w->loop);

	assert_true(c->n_rooms < TOLD_MAX);
	c->told[c->n_rooms++] = server;
	c->n_in_turn = now == c->told_in ? c->n_in_turn + 1 : 1;
	c->told_in = now;
	if (c->n_in_turn > c->n_in_turn_most)
		c->n_in_turn_most = c->n_in_turn;
	if (c->jump >= 0)
		assert_int_equal(
		    crowd_try(c, (unsigned)c->jump, (uint64_t)c->jump, 0),
		    ERR_FULL);
	c->jump = -1;
	if (c->asks_again && crowd_try(c, server, server, 0) != 0)
		c->n_again++;
}

static int
crowd_setup(void **state)
{
	struct sockaddr_in any = {.sin_family = AF_INET};
	socklen_t size = sizeof(any);
	struct crowd *c = &crowd;
	int one = 1;
	int room = 8 << 20;
	struct world *w;

	assert_int_equal(world_setup(state), 0);
	w = *state;
	memset(c, 0, sizeof(*c));
	c->w = w;
	c->drop = -1;
	c->jump = -1;
	c->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_not_equal(c->fd, -1);
	assert_int_equal(
	    setsockopt(c->fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one)), 0);
	(void)setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	assert_int_equal(bind(c->fd, (struct sockaddr *)&any, size), 0);
	assert_int_equal(getsockname(c->fd, (struct sockaddr *)&any, &size), 0);
	c->port = ntohs(any.sin_port);
	c->io = loop_io_new(w->loop, c->fd, LOOP_READ, on_questions, c);
	assert_non_null(c->io);
	w->limits.timeout_ms = 2000;
	w->limits.sockets = 8;
	w->limits.window_start = 8;
	w->limits.window_max = 32;
	w->limits.servers_max = 4096;
	return 0;
}

static int
crowd_teardown(void **state)
{
	struct crowd *c = &crowd;

	if (!c->w->running) {
		loop_io_free(c->io);
		free(c->arrivals);
	}
	close(c->fd);
	return world_teardown(state);
}

static void
crowd_start(struct crowd *c, unsigned n)
{
	struct resolver_hooks hooks = {
	    .on_answer = on_crowd_answer, .on_room = on_crowd_room, .ctx = c};
	struct resolver *r =
	    resolver_new(c->w->loop, NULL, 0, &c->w->limits, &hooks);
	unsigned i;

	assert_non_null(r);
	c->w->resolver = r;
	for (i = 0; i < n; i++) {
		struct resolver_server server = {.addr = address_of(c, i),
		    .rate = c->w->rate,
		    .direct = true};

		assert_int_equal(resolver_add(r, &server), i);
	}
}

static void
crowd_until_done(struct crowd *c, unsigned n)
{
	c->n_wanted = n;
	/* Nothing wakes the loop but the resolver itself. */
	if (c->n_done < n)
		world_settle(c->w, MONO_S(20));
	assert_int_equal(c->n_done, n);
}

/* ---- coming and going ---- */

static void
test_servers_come_and_go_while_others_have_questions_open(void **state)
{
	struct crowd *c = &crowd;
	struct resolver_server more = {.direct = true};
	unsigned i;

	(void)state;
	crowd_start(c, 3);
	/* None has left: they are open for the whole turn. */
	for (i = 0; i < 3; i++)
		assert_int_equal(crowd_try(c, i, i, 0), 0);
	more.addr = address_of(c, 3);
	assert_int_equal(resolver_add(c->w->resolver, &more), 3);
	assert_true(resolver_drop(c->w->resolver, 3));
	more.addr = address_of(c, 4);
	assert_int_equal(resolver_add(c->w->resolver, &more), 3);
	for (i = 4; i < 1000; i++) {
		more.addr = address_of(c, i);
		assert_int_equal(resolver_add(c->w->resolver, &more), i);
	}
	assert_int_equal(crowd_try(c, 3, 3, 0), 0);
	assert_int_equal(crowd_try(c, 999, 999, 0), 0);
	crowd_until_done(c, 5);
	assert_int_equal(c->n_failed, 0);
	/* The lowest that is free is used again. */
	assert_true(resolver_drop(c->w->resolver, 1));
	assert_true(resolver_drop(c->w->resolver, 500));
	assert_int_equal(resolver_add(c->w->resolver, &more), 1);
	assert_int_equal(resolver_health(c->w->resolver, 1).asked, 0);
	assert_int_equal(resolver_add(c->w->resolver, &more), 500);
	assert_int_equal(resolver_add(c->w->resolver, &more), 1000);
	assert_int_equal(crowd_try(c, 1, 1, 0), 0);
	crowd_until_done(c, 6);
	assert_int_equal(c->n_failed, 0);
}

static void
test_a_server_with_an_open_question_is_not_dropped(void **state)
{
	struct crowd *c = &crowd;

	(void)state;
	c->w->limits.timeout_ms = 20;
	c->silent = true;
	crowd_start(c, 2);
	assert_int_equal(crowd_try(c, 1, 1, 0), 0);
	assert_false(resolver_drop(c->w->resolver, 1));
	world_settle(c->w, MONO_MS(1));
	assert_false(resolver_drop(c->w->resolver, 1));
	assert_true(resolver_drop(c->w->resolver, 0));
	crowd_until_done(c, 1);
	assert_int_equal(c->n_failed, 1);
	assert_true(resolver_drop(c->w->resolver, 1));
	/* And an open TCP question is one, too. */
	assert_int_equal(
	    resolver_add(c->w->resolver,
		&(struct resolver_server){.addr = address_of(c, 1)}),
	    0);
	assert_int_equal(crowd_try(c, 0, 0, ASK_TCP), 0);
	assert_false(resolver_drop(c->w->resolver, 0));
	crowd_until_done(c, 2);
	assert_true(resolver_drop(c->w->resolver, 0));
}

static bool
has_room(const struct world *w)
{
	(void)w;
	return crowd.n_rooms > 0;
}

static void
test_a_server_that_is_owed_on_room_is_not_dropped(void **state)
{
	struct crowd *c = &crowd;
	unsigned n = 0;

	(void)state;
	c->w->rate = 20;
	crowd_start(c, 1);
	while (crowd_try(c, 0, 0, 0) == 0)
		n++;
	crowd_until_done(c, n);
	assert_int_equal(c->n_rooms, 0);
	assert_false(resolver_drop(c->w->resolver, 0));
	world_until(c->w, has_room);
	assert_true(resolver_drop(c->w->resolver, 0));
}

/* It has said more than was asked; the rest is in the batch, or comes. */
static void
test_a_server_may_be_dropped_when_it_answers(void **state)
{
	struct crowd *c = &crowd;
	unsigned i;

	(void)state;
	c->twice = true;
	crowd_start(c, 3);
	for (i = 0; i < 100; i++) {
		c->drop = (int)(i % 3);
		assert_int_equal(crowd_try(c, i % 3, i % 3, 0), 0);
		crowd_until_done(c, i + 1);
		assert_int_equal(c->drop, -1);
		assert_int_equal(resolver_add(c->w->resolver,
				     &(struct resolver_server){
					 .addr = address_of(c, i % 3)}),
		    i % 3);
	}
	assert_int_equal(c->n_failed, 0);
}

static void
test_servers_max_is_a_bound(void **state)
{
	struct crowd *c = &crowd;
	struct resolver_server one = {.direct = true};

	(void)state;
	c->w->limits.servers_max = 5;
	crowd_start(c, 5);
	one.addr = address_of(c, 5);
	assert_int_equal(resolver_add(c->w->resolver, &one), ERR_FULL);
	assert_true(resolver_drop(c->w->resolver, 2));
	assert_int_equal(resolver_add(c->w->resolver, &one), 2);
	assert_int_equal(resolver_add(c->w->resolver, &one), ERR_FULL);
	assert_int_equal(resolver_limits_default().servers_max, 64);
}

/* ---- the rate of all ---- */

/* See test_resolver_pace.c: a burst of a twentieth, and the income. */
static double
allowed_in(mono_ns time)
{
	return RATE / 20 + (double)time / 1e9 * (RATE - 19);
}

static void
assert_rate(const struct crowd *c, mono_ns start)
{
	const mono_ns *at = c->arrivals;
	mono_ns stall = at[0] - start;
	unsigned from = 0;
	unsigned i;

	for (i = 1; i < c->n_asked; i++)
		if (at[i] - at[i - 1] > stall)
			stall = at[i] - at[i - 1];
	for (i = 0; i < c->n_asked; i++) {
		assert_true(i + 1 <= allowed_in(at[i] - start));
		while (at[i] - at[from] >= MONO_S(1))
			from++;
		assert_true(i - from + 1 <=
			    allowed_in(at[i] - at[from] + 3 * stall) + 1);
	}
}

/*
 * All are asked at once and most have to wait: each is told once, in order of
 * coming, and no more of them in a turn than may go.
 */
static void
test_the_rate_of_all_is_kept_and_room_is_told_in_order(void **state)
{
	struct crowd *c = &crowd;
	unsigned n_full = 0;
	mono_ns start;
	unsigned i;

	(void)state;
	c->w->limits.rate_all = RATE;
	c->arrivals = calloc(TOLD_MAX, sizeof(*c->arrivals));
	c->asks_again = true;
	crowd_start(c, 600);
	start = loop_mono(c->w->loop);
	for (i = 0; i < 600; i++)
		if (crowd_try(c, i, i, 0) == ERR_FULL)
			n_full++;
	assert_in_range(n_full, 600 - RATE / 20, 599);
	crowd_until_done(c, 600);
	assert_int_equal(c->n_failed, 0);
	assert_int_equal(c->n_rooms, n_full);
	assert_int_equal(c->n_again, 0);
	for (i = 0; i < n_full; i++)
		assert_int_equal(c->told[i], 600 - n_full + i);
	assert_true(c->n_in_turn_most <= RATE / 20);
	assert_rate(c, start);
}

/* What is sent again is of the rate, too. */
static void
test_the_rate_of_all_holds_for_what_is_sent_again(void **state)
{
	struct crowd *c = &crowd;
	mono_ns start;
	unsigned i;

	(void)state;
	c->w->limits.rate_all = RATE;
	c->w->limits.timeout_ms = 20;
	c->w->limits.tries_max = 3;
	c->silent = true;
	c->arrivals = calloc(TOLD_MAX, sizeof(*c->arrivals));
	c->asks_again = true;
	crowd_start(c, 150);
	start = loop_mono(c->w->loop);
	for (i = 0; i < 150; i++)
		(void)!crowd_try(c, i, i, 0);
	crowd_until_done(c, 150);
	assert_int_equal(c->n_failed, 150);
	assert_int_equal(c->n_asked, 450);
	assert_rate(c, start);
}

static bool
all_told(const struct world *w)
{
	(void)w;
	return crowd.n_rooms == crowd.n_wanted;
}

/* Who is told and asks nothing leaves its tokens to others: in other turns. */
static void
test_those_who_wait_for_the_rate_of_all_are_not_told_at_once(void **state)
{
	struct crowd *c = &crowd;
	unsigned n_full = 0;
	unsigned i;

	(void)state;
	c->w->limits.rate_all = RATE;
	crowd_start(c, 600);
	for (i = 0; i < 600; i++)
		if (crowd_try(c, i, i, 0) == ERR_FULL)
			n_full++;
	c->n_wanted = n_full;
	world_until(c->w, all_told);
	assert_true(c->n_in_turn_most <= RATE / 20);
}

/* There are tokens when the first is told, but others came before. */
static void
test_who_comes_later_waits_behind_those_who_wait(void **state)
{
	struct crowd *c = &crowd;
	unsigned i;

	(void)state;
	c->w->limits.rate_all = RATE;
	c->asks_again = true;
	c->jump = 100;
	crowd_start(c, 101);
	for (i = 0; i < 100; i++)
		(void)!crowd_try(c, i, i, 0);
	crowd_until_done(c, 101);
	assert_int_equal(c->told[c->n_rooms - 1], 100);
}

/* It comes before those that wait, but only while there are tokens. */
static void
test_who_is_in_a_hurry_need_not_queue(void **state)
{
	struct crowd *c = &crowd;
	unsigned i;

	(void)state;
	c->w->limits.rate_all = RATE;
	crowd_start(c, 100);
	for (i = 0; i < 99; i++)
		if (crowd_try(c, i, i, 0) == ERR_FULL)
			break;
	assert_int_equal(crowd_try(c, 98, 98, 0), ERR_FULL);
	assert_int_equal(crowd_try(c, 99, 99, ASK_URGENT), 0);
}

/* ---- many ---- */

static unsigned
descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

static unsigned descriptors_before;

static bool
has_closed(const struct world *w)
{
	(void)w;
	return descriptors() == descriptors_before;
}

/* Nothing where the allocator does not tell. */
static size_t
memory(void)
{
	return mallinfo2().uordblks;
}

static void
ask_all(struct crowd *c, unsigned n)
{
	unsigned i;

	c->asks_again = true;
	for (i = 0; i < n; i++)
		(void)!crowd_try(c, i, i, 0);
	crowd_until_done(c, c->n_done + n);
	assert_int_equal(c->n_failed, 0);
}

static void
test_two_thousand_are_asked_and_cost_nothing_when_idle(void **state)
{
	struct crowd *c = &crowd;
	size_t empty;
	size_t idle;
	size_t active;

	(void)state;
	c->w->limits.socket_age_ms = 500;
	crowd_start(c, 0);
	world_settle(c->w, 0); /* libev has its own descriptors by now */
	descriptors_before = descriptors();
	empty = memory();
	resolver_free(c->w->resolver);
	crowd_start(c, MANY);
	idle = memory();
	ask_all(c, MANY);
	active = memory();
	print_message("%zu bytes a server idle, %zu asked, %u descriptors\n",
	    (idle - empty) / MANY, (active - empty) / MANY,
	    descriptors() - descriptors_before);
	world_until(c->w, has_closed);
	assert_true((idle - empty) / MANY < IDLE_SIZE_MAX);
	world_settle(c->w, 0);
	assert_true((memory() - empty) / MANY < IDLE_SIZE_MAX);
	/* And once more, as after a minute. */
	ask_all(c, MANY);
	assert_int_equal(c->n_done, 2 * MANY);
	world_until(c->w, has_closed);
}

/* In a turn of its own: it must not be this one that closes them. */
static void
note_closed(void *ctx)
{
	struct crowd *c = ctx;

	c->closed = has_closed(c->w);
	loop_stop(c->w->loop);
}

static void
test_an_idle_servers_sockets_are_closed_after_their_time(void **state)
{
	struct crowd *c = &crowd;
	struct loop_timer *timer;
	unsigned i;

	(void)state;
	c->w->limits.socket_age_ms = 60;
	crowd_start(c, 1);
	world_settle(c->w, 0);
	descriptors_before = descriptors();
	/* The same question each time: each has a socket of its own. */
	for (i = 0; i < 5; i++)
		assert_int_equal(crowd_try(c, 0, 0, 0), 0);
	assert_true(descriptors() > descriptors_before + 3);
	crowd_until_done(c, 5);
	timer = loop_timer_new(c->w->loop, note_closed, c);
	assert_non_null(timer);
	loop_timer_in(timer, MONO_MS(300));
	world_settle(c->w, MONO_S(20));
	loop_timer_free(timer);
	assert_true(c->closed);
}

/* One who waits for an answer keeps its socket for as long. */
static void
test_a_socket_that_is_too_old_waits_for_its_answer(void **state)
{
	struct crowd *c = &crowd;

	(void)state;
	c->w->limits.socket_age_ms = 20;
	c->w->limits.timeout_ms = 200;
	c->w->limits.tries_max = 1;
	c->silent = true;
	crowd_start(c, 1);
	world_settle(c->w, 0);
	descriptors_before = descriptors();
	assert_int_equal(crowd_try(c, 0, 0, 0), 0);
	world_settle(c->w, MONO_MS(100));
	assert_int_equal(c->n_done, 0);
	assert_int_equal(descriptors(), descriptors_before + 1);
	crowd_until_done(c, 1);
	world_until(c->w, has_closed);
}

static void
test_many_are_asked_with_few_descriptors(void **state)
{
	struct crowd *c = &crowd;
	struct rlimit before;
	struct rlimit few;

	(void)state;
	crowd_start(c, 300);
	world_settle(c->w, 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = descriptors() + 60;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	ask_all(c, 300);
	/*
	 * Their sockets are not kept for ten seconds then; nor is it tried
	 * for each of those that wait.
	 */
	assert_in_range(world_counters(c->w).socket_errors, 1, 50);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

int
main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
#define C(name)                                                                \
	cmocka_unit_test_setup_teardown(name, crowd_setup, crowd_teardown)
	const struct CMUnitTest tests[] = {
	    T(test_a_zones_own_server_is_asked_without_rd_and_ad),
	    T(test_a_resolver_is_asked_with_rd_as_before),
	    T(test_what_moves_to_tcp_is_asked_without_rd_there),
	    C(test_servers_come_and_go_while_others_have_questions_open),
	    C(test_a_server_with_an_open_question_is_not_dropped),
	    C(test_a_server_that_is_owed_on_room_is_not_dropped),
	    C(test_a_server_may_be_dropped_when_it_answers),
	    C(test_servers_max_is_a_bound),
	    C(test_the_rate_of_all_is_kept_and_room_is_told_in_order),
	    C(test_the_rate_of_all_holds_for_what_is_sent_again),
	    C(test_those_who_wait_for_the_rate_of_all_are_not_told_at_once),
	    C(test_who_comes_later_waits_behind_those_who_wait),
	    C(test_who_is_in_a_hurry_need_not_queue),
	    C(test_two_thousand_are_asked_and_cost_nothing_when_idle),
	    C(test_an_idle_servers_sockets_are_closed_after_their_time),
	    C(test_a_socket_that_is_too_old_waits_for_its_answer),
	    C(test_many_are_asked_with_few_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/* room: resolver */

/*
 * What a forger would have to guess (A3, A4), as the server sees it: ports and
 * ids do not follow from those before, no port is kept for long, and how a
 * batch leaves (`gso`) changes nothing of that, nor of what arrives.
 */

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "resolver_world.h"
#include "unit.h"

enum { SEEN_MAX = 4096, FD_MAX = 256, MANY = 2000 };

struct seen {
	uint16_t id;
	uint16_t port;
	uint64_t name;  /* the number in it */
	uint32_t upper; /* a bit for each octet that is upper case */
};

static struct seen seen[SEEN_MAX];
static unsigned n_seen;

static uint16_t
port_of(const struct hostile_ask *ask)
{
	struct sockaddr_in in;

	memcpy(&in, &ask->from, sizeof(in));
	return ntohs(in.sin_port);
}

static void
note(void *ctx, struct hostile *h, const struct hostile_ask *ask)
{
	uint64_t n = 0;

	/* "watched-name-N" is the first label. */
	for (unsigned i = 14; i <= ask->name[0]; i++)
		n = n * 10 + (uint64_t)(ask->name[i] - '0');
	assert_true(n_seen < SEEN_MAX);
	seen[n_seen] = (struct seen){ask->id, port_of(ask), n, 0};
	for (unsigned i = 0; i < ask->name_size && i < 32; i++)
		if (ask->name[i] >= 'A' && ask->name[i] <= 'Z')
			seen[n_seen].upper |= 1u << i;
	n_seen++;
	world_answer(ctx, h, ask);
}

static void
ask_all_room(struct world *w)
{
	while (w->next_cookie < MANY && world_try(w, w->next_cookie, 0) == 0)
		w->next_cookie++;
}

/*
 * Patient, so that a busy machine makes nothing be asked twice, and no more at
 * once than the smallest buffer of a server's socket holds.
 */
static void
ask_many(struct world *w)
{
	n_seen = 0;
	w->limits.timeout_ms = 5000;
	w->limits.window_start = 150;
	w->limits.window_max = 150;
	w->on_room = ask_all_room;
	world_start(w, note);
	ask_all_room(w);
	world_run(w, MANY);
	assert_int_equal(n_seen, MANY);
}

/* Each once, and right. */
static void
all_are_answered(const struct world *w, unsigned from, unsigned n)
{
	static bool had[SEEN_MAX];

	memset(had, 0, sizeof(had));
	for (unsigned i = from; i < from + n; i++) {
		const struct world_answer *a = &w->answers[i];

		assert_int_equal(a->fail, FAIL_NOT);
		assert_int_equal(a->transport, TRANSPORT_UDP);
		assert_false(had[a->cookie]);
		had[a->cookie] = true;
	}
}

static void
test_A4_ids_do_not_follow_from_those_before(void **state)
{
	struct world *w = *state;
	unsigned set[16] = {0};
	unsigned near_ = 0;

	ask_many(w);
	for (unsigned i = 0; i < n_seen; i++) {
		for (unsigned bit = 0; bit < 16; bit++)
			set[bit] += seen[i].id >> bit & 1;
		if (i > 0 && (uint16_t)(seen[i].id - seen[i - 1].id + 64) < 128)
			near_++;
	}
	/* Ten standard deviations: chance does not fail this. */
	for (unsigned bit = 0; bit < 16; bit++)
		assert_in_range(set[bit], MANY * 2 / 5, MANY * 3 / 5);
	assert_true(near_ < 32); /* 4 are expected */
}

/* Of all pairs of letters, so that none shares its bit with another. */
static void
test_A8_the_case_of_each_letter_is_its_own(void **state)
{
	struct world *w = *state;
	/* watched-name-100.example */
	const uint32_t letters = 0xfe << 0 | 0x1e << 8 | 0x7fu << 18;

	ask_many(w);
	for (unsigned a = 0; a < 32; a++) {
		for (unsigned b = 0; b <= a; b++) {
			unsigned n = 0;
			unsigned odd = 0;

			if (!(letters >> a & letters >> b & 1))
				continue;
			for (unsigned i = 0; i < n_seen; i++) {
				uint32_t u = seen[i].upper;

				if (seen[i].name < 100 || seen[i].name > 999)
					continue;
				n++;
				odd +=
				    a == b ? u >> a & 1 : (u >> a ^ u >> b) & 1;
			}
			assert_int_equal(n, 900);
			assert_in_range(odd, 300, 600);
		}
	}
}

static void
test_A3_a_run_shares_a_port_and_the_next_has_another(void **state)
{
	struct world *w = *state;
	unsigned run = 0;
	unsigned n_ports = 0;

	ask_many(w);
	for (unsigned i = 0; i < n_seen; i++) {
		bool known = false;

		run = i > 0 && seen[i].port == seen[i - 1].port ? run + 1 : 1;
		/* Runs of 64 may follow each other by chance. */
		assert_true(run <= w->limits.socket_uses);
		for (unsigned k = 0; k < i && !known; k++)
			known = seen[k].port == seen[i].port;
		n_ports += !known;
	}
	/* 32 runs on 64 sockets. */
	assert_true(n_ports >= 12);
}

static void
test_a_socket_is_replaced_when_it_is_old(void **state)
{
	struct world *w = *state;

	n_seen = 0;
	w->limits.sockets = 1;
	w->limits.socket_age_ms = 20;
	world_start(w, note);
	for (unsigned i = 0; i < 8; i++) {
		world_ask(w, i, 0);
		world_right(w, TRANSPORT_UDP);
		world_settle(w, MONO_MS(20));
	}
	/* The kernel may give the same number again by chance. */
	for (unsigned i = 0; i + 1 < n_seen; i++)
		if (seen[i].port != seen[i + 1].port)
			return;
	fail_msg("8 questions at 20 ms came from one port");
}

/* Names of several lengths, so that segments of several sizes are made. */
static void
test_gso_datagrams_arrive_singly_and_each_is_answered(void **state)
{
	struct world *w = *state;
	static bool had[MANY];

	w->gso = true;
	ask_many(w);
	memset(had, 0, sizeof(had));
	for (unsigned i = 0; i < n_seen; i++) {
		assert_true(seen[i].name < MANY);
		assert_false(had[seen[i].name]);
		had[seen[i].name] = true;
	}
	all_are_answered(w, 0, MANY);
	assert_int_equal(world_counters(w).sent_udp, MANY);
	assert_int_equal(world_counters(w).near_misses, 0);
	assert_true(resolver_health(w->resolver, 0).gso);
}

/* Makes the kernel refuse segments: it does not cut what has no checksum. */
static unsigned
refuse_segments(const struct world *w)
{
	uint16_t port = hostile_addr(w->server).port;
	int yes = 1;
	unsigned n = 0;

	for (int fd = 3; fd < FD_MAX; fd++) {
		struct sockaddr_in in = {0};
		socklen_t size = sizeof(in);

		if (getpeername(fd, (struct sockaddr *)&in, &size) == 0 &&
		    in.sin_family == AF_INET && ntohs(in.sin_port) == port &&
		    setsockopt(
			fd, SOL_SOCKET, SO_NO_CHECK, &yes, sizeof(yes)) == 0)
			n++;
	}
	return n;
}

static void
test_gso_falls_back_when_the_kernel_says_no(void **state)
{
	struct world *w = *state;

	n_seen = 0;
	w->gso = true;
	w->limits.sockets = 1;
	w->limits.timeout_ms = 5000;
	world_start(w, note);
	world_ask(w, 0, 0);
	world_run(w, 1);
	/* One leaves without segments, so nothing is known yet. */
	assert_int_equal(refuse_segments(w), 1);
	assert_true(resolver_health(w->resolver, 0).gso);
	for (unsigned i = 1; i < 50; i++)
		world_ask(w, i, 0);
	world_run(w, 50);
	assert_false(resolver_health(w->resolver, 0).gso);
	for (unsigned i = 50; i < 100; i++)
		world_ask(w, i, 0);
	world_run(w, 100);
	assert_int_equal(n_seen, 100);
	all_are_answered(w, 0, 100);
	assert_int_equal(world_counters(w).sent_udp, 100);
	assert_int_equal(world_counters(w).socket_errors, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_A4_ids_do_not_follow_from_those_before),
	    T(test_A8_the_case_of_each_letter_is_its_own),
	    T(test_A3_a_run_shares_a_port_and_the_next_has_another),
	    T(test_a_socket_is_replaced_when_it_is_old),
	    T(test_gso_datagrams_arrive_singly_and_each_is_answered),
	    T(test_gso_falls_back_when_the_kernel_says_no),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

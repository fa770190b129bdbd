/* SPDX-License-Identifier: ISC */
/*
 * How many questions a second one server is asked, and what each costs.
 *
 *   bench_resolver server[:port] questions [names] [window]
 *
 * names: a file of names, one a line, or a pattern with one %u, which counts
 * to 10,000 and begins again.  Prints "name value unit" lines.  With TLS_PIN,
 * the SHA-256 of the server's key in hex, it is asked over TLS.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>

#include "base/hash.h"
#include "dns/name.h"
#include "dns/reply.h"
#include "dns/type.h"
#include "loop/loop.h"
#include "resolver/resolver.h"

enum { PATTERN_NAMES = 10000 };

struct bench {
	struct loop *loop;
	struct resolver *resolver;
	struct name *names;
	size_t n_names;
	uint64_t n_wanted;
	uint64_t n_asked;
	uint64_t n_done;
	uint64_t n_failed;
	uint64_t sum; /* of fingerprints, so that they are computed */
	struct hash_key key;
};

static void
ask_more(struct bench *b)
{
	while (b->n_asked < b->n_wanted) {
		const struct name *name = &b->names[b->n_asked % b->n_names];
		struct ask ask = {.cookie = b->n_asked,
		    .name = name->wire,
		    .name_size = name->size,
		    .type = TYPE_A};

		if (resolver_ask(b->resolver, &ask) != 0)
			return;
		b->n_asked++;
	}
}

static void
on_answer(void *ctx, const struct answer *answer)
{
	struct bench *b = ctx;
	struct reply_sum sum;

	b->n_done++;
	if (answer->fail == FAIL_NOT) {
		reply_sum(
		    answer->wire, answer->size, answer->message, &b->key, &sum);
		b->sum += sum.fingerprint;
	} else {
		b->n_failed++;
	}
	if (b->n_done == b->n_wanted)
		loop_stop(b->loop);
}

static void
on_room(void *ctx, uint16_t server)
{
	(void)server;
	ask_more(ctx);
}

static void
add_name(struct bench *b, const char *text)
{
	const char *why;

	b->names = realloc(b->names, (b->n_names + 1) * sizeof(*b->names));
	if (b->names == NULL)
		exit(1);
	if (name_parse(text, &b->names[b->n_names], &why) == 0)
		b->n_names++;
}

static void
read_names(struct bench *b, const char *from)
{
	FILE *file = fopen(from, "r");
	const char *mark = strstr(from, "%u");
	char line[1024];
	unsigned i;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, " \t\r\n")] = '\0';
		add_name(b, line);
	}
	if (file != NULL) {
		fclose(file);
		return;
	}
	if (mark == NULL)
		return;
	for (i = 0; i < PATTERN_NAMES; i++) {
		snprintf(line, sizeof(line), "%.*s%u%s", (int)(mark - from),
		    from, i, mark + 2);
		add_name(b, line);
	}
}

static double
seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static void
print(const struct bench *b, double wall, const struct rusage *u)
{
	struct resolver_counters c = resolver_counters(b->resolver);
	struct resolver_health h = resolver_health(b->resolver, 0);
	double n = (double)b->n_wanted;
	double user = seconds(u->ru_utime) * 1e6 / n;
	double sys = seconds(u->ru_stime) * 1e6 / n;

	printf("questions_rate %.0f 1/s\n", n / wall);
	printf("cpu_user %.3f us/question\n", user);
	printf("cpu_sys %.3f us/question\n", sys);
	printf("cpu %.3f us/question\n", user + sys);
	printf("failed %llu questions\n", (unsigned long long)b->n_failed);
	printf("retries %llu datagrams\n", (unsigned long long)c.retries);
	printf("tcp %llu questions\n", (unsigned long long)c.sent_tcp);
	printf("tls %llu questions\n", (unsigned long long)c.sent_tls);
	printf("late %llu datagrams\n", (unsigned long long)c.late);
	printf(
	    "socket_errors %llu errors\n", (unsigned long long)c.socket_errors);
	printf("window %u questions\n", h.window);
	printf("rtt %u us\n", h.rtt_us);
	printf(
	    "turn_longest %.3f ms\n", (double)loop_turn_longest(b->loop) / 1e6);
	printf("rss %ld KB\n", u->ru_maxrss);
}

static void
set_from_env(const char *name, uint16_t *to)
{
	const char *text = getenv(name);

	if (text != NULL)
		*to = (uint16_t)strtoul(text, NULL, 10);
}

static bool
read_pin(uint8_t pin[TLS_PIN_SIZE])
{
	const char *text = getenv("TLS_PIN");

	for (unsigned i = 0; text != NULL && i < TLS_PIN_SIZE; i++)
		if (sscanf(text + 2 * i, "%2hhx", &pin[i]) != 1)
			exit(2);
	return text != NULL;
}

int
main(int argc, char **argv)
{
	struct bench b = {.key = {1, 2}};
	struct resolver_limits limits = resolver_limits_default();
	struct resolver_hooks hooks = {
	    .on_answer = on_answer, .on_room = on_room, .ctx = &b};
	struct resolver_server server = {0};
	uint8_t pin[TLS_PIN_SIZE];
	struct tls_peer tls = {.pin = pin};
	struct rusage before;
	struct rusage after;
	mono_ns start;

	if (argc < 3 || addr_parse(argv[1], 53, &server.addr) != 0) {
		fprintf(stderr,
		    "usage: %s server[:port] questions "
		    "[names] [window]\n",
		    argv[0]);
		return 2;
	}
	b.n_wanted = strtoull(argv[2], NULL, 10);
	read_names(&b, argc > 3 ? argv[3] : "n%u.bench.example");
	if (argc > 4)
		limits.window_start = (uint32_t)strtoul(argv[4], NULL, 10);
	if (argc > 5)
		limits.window_max = (uint32_t)strtoul(argv[5], NULL, 10);
	set_from_env("SOCKETS", &limits.sockets);
	set_from_env("USES", &limits.socket_uses);
	server.gso = getenv("GSO") != NULL;
	if (read_pin(pin))
		server.tls = &tls;
	if (b.n_names == 0 || b.n_wanted == 0)
		return 2;
	b.loop = loop_new();
	b.resolver = resolver_new(b.loop, &server, 1, &limits, &hooks);
	if (b.resolver == NULL)
		return 1;
	getrusage(RUSAGE_SELF, &before);
	start = loop_mono_exact(b.loop);
	ask_more(&b);
	loop_run(b.loop);
	getrusage(RUSAGE_SELF, &after);
	timersub(&after.ru_utime, &before.ru_utime, &after.ru_utime);
	timersub(&after.ru_stime, &before.ru_stime, &after.ru_stime);
	print(&b, (double)(loop_mono_exact(b.loop) - start) / 1e9, &after);
	resolver_free(b.resolver);
	loop_free(b.loop);
	free(b.names);
	return b.sum == 0;
}

/* SPDX-License-Identifier: ISC */
#ifndef RESOLVER_WORLD_H
#define RESOLVER_WORLD_H

/*
 * resolver_world -- a resolver and a hostile server on one loop, and a list of
 * what the resolver said.  Nothing sleeps: world_run() ends when as many
 * answers came as were wanted, and fails the test after WORLD_PATIENCE.
 */

#include "hostile_server.h"
#include "loop/loop.h"
#include "resolver/resolver.h"

enum {
	WORLD_ANSWERS = 32768,
	WORLD_WIRE = 600 /* bytes of the last message that are kept */
};
#define WORLD_PATIENCE MONO_S(10)

struct world_answer {
	uint64_t cookie;
	enum transport transport;
	enum fail fail;
	int32_t ede;
	size_t size; /* 0: no message */
	uint16_t rcode;
	uint8_t last;     /* last octet of the first A record; 0: none */
	uint8_t nsid[8];  /* the beginning of it */
	size_t nsid_size; /* all of it */
	mono_ns sent;
	mono_ns received;
};

struct world {
	struct loop *loop;
	struct hostile *server;
	struct resolver *resolver;
	struct resolver_limits limits;
	uint32_t rate;
	bool gso, ad, direct;
	const struct tls_peer *tls; /* the resolver asks over TLS */
	void *context;              /* and the server speaks it: SSL_CTX */
	struct world_answer *answers;
	size_t n_answers;
	size_t n_wanted;
	bool in_ask;
	bool running;
	unsigned n_rooms;
	struct loop_timer *guard;
	struct loop_timer *soon;
	/* For the script. */
	hostile_fn *script;
	uint8_t wire[HOSTILE_ROOM];
	struct hostile_ask kept; /* of an earlier question, its bytes below */
	uint8_t kept_wire[512];
	int fd;
	unsigned mode;
	/* Called after each answer; may be NULL. */
	void (*on_answer)(struct world *w, const struct world_answer *a);
	void (*on_room)(struct world *w);
	uint64_t next_cookie;
};

/* cmocka's setup and teardown; limits are short ones for tests. */
int world_setup(void **state);
int world_teardown(void **state);

/* A server that does what the script says, and a resolver that asks it. */
void world_start(struct world *w, hostile_fn *script);
void world_start_at(struct world *w, const char *ip, hostile_fn *script);
/* A resolver for what is there already. */
void world_resolver(struct world *w, struct addr addr);

/* Asks for A of "wN.example."; the cookie is N. */
int world_try(struct world *w, uint64_t n, uint8_t flags);
void world_ask(struct world *w, uint64_t n, uint8_t flags);
/* Until n answers came, all told. */
void world_run(struct world *w, size_t n);
/* Runs the loop until idle for so long, for what must not happen. */
void world_settle(struct world *w, mono_ns time);
/* Runs the loop until this holds; fails if it does not within a minute. */
void world_until(struct world *w, bool (*holds)(const struct world *w));
/* The next answer is the right one, by this transport. */
void world_right(struct world *w, enum transport transport);
const struct world_answer *world_last(const struct world *w);
struct resolver_counters world_counters(const struct world *w);

/* Scripts: the right answer; 192.0.2.1, by TCP 192.0.2.2. */
void world_answer(void *ctx, struct hostile *h, const struct hostile_ask *ask);
/* NODATA, padded to almost the largest message that there can be. */
void world_answer_64k(
    void *ctx, struct hostile *h, const struct hostile_ask *ask);
/* Builds a whole answer that is wrong, 192.0.2.66, into w->wire. */
size_t world_forge(struct world *w, const struct hostile_ask *ask);
/* Keeps this question for later. */
void world_keep(struct world *w, const struct hostile_ask *ask);

#endif

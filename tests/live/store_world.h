/* SPDX-License-Identifier: ISC */
#ifndef STORE_WORLD_H
#define STORE_WORLD_H

/*
 * store_world -- made-up questions and answers for store_probe.c, and calls
 * of the store that can be waited for.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/content.h"
#include "dns/name.h"
#include "dns/type.h"
#include "store/commit.h"
#include "store/outbox.h"
#include "store/store.h"

struct loop;
struct loop_timer;

enum { WAIT_S = 120, EVERY_S = 60 };

struct probe {
	struct loop *loop;
	struct store *store;
	struct loop_timer *timer;
	bool timed_out;
	unsigned open;   /* callbacks owed */
	unsigned failed; /* of those, with an error */
	int last_err;
	wall_us now; /* made-up wall time, steps on */
	/* of the last fetch */
	bool known;
	enum candidate_phase phase;
	uint32_t n_sets;
	struct store_element elements[8];
	size_t n_elements;
	size_t n_held;
	wall_us since, last_seen;
	struct uuid change;
	/* of the last load */
	unsigned rows, rows_open, rows_doubted, rows_failing, rows_state,
	    rows_pool;
	/* of the last claim */
	struct delivery got[OUTBOX_CLAIM_MAX];
	char names[OUTBOX_CLAIM_MAX][64];
	char bodies[OUTBOX_CLAIM_MAX][256];
	size_t n_got;
	uint64_t waiting, dead;
	wall_us due;
};

struct subject {
	struct name name;
	char text[NAME_TEXT_SIZE];
	struct store_key key;
};

/* An ANSWER of one or two addresses; second 0: one. */
struct answer {
	struct content content;
	struct record records[2];
	uint8_t rdata[2][4];
};

/* What a decision does besides its plain course. */
struct choice {
	bool doubted;
	bool transient; /* `to` is not believed; keep is what was before */
	uint32_t revision;
	const char *const *sinks;
	size_t n_sinks;
	wall_us since;
	wall_us from_seen;
};

/* For `done`, with the probe as ctx: one of the owed callbacks came. */
void on_done(void *ctx, int err);
void on_believed(void *ctx, int err, const struct store_believed *b);

void run(struct probe *p, mono_ns limit);
void settle(struct probe *p);
void start(struct probe *p, const char *conninfo);
void finish(struct probe *p);
struct subject subject(const char *prefix, unsigned n, uint16_t type);
void answer(struct answer *a, unsigned first, unsigned second);
void nxdomain(struct answer *a);
void put_question(
    struct probe *p, const struct subject *s, bool watched, uint32_t every_s);
void put_baseline(
    struct probe *p, const struct subject *s, const struct answer *a);
struct commit_evidence evidence(struct probe *p, const struct answer *a);
struct commit_entry entry(struct probe *p, const struct subject *s,
    struct uuid id, uint32_t revision);
void put_sight(struct probe *p, const struct subject *s, struct uuid id,
    const struct answer *a);
void put_decision(struct probe *p, const struct subject *s, struct uuid id,
    const struct answer *to, const struct choice *how);
void fetch(struct probe *p, const struct subject *s, const struct answer *a);
void put_pool(struct probe *p, const struct subject *s);
void load(struct probe *p);

#endif

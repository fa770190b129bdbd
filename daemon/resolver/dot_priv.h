/* SPDX-License-Identifier: ISC */
#ifndef RESOLVER_DOT_PRIV_H
#define RESOLVER_DOT_PRIV_H

/*
 * dot -- what dot.c (which question goes where) and dot_conn.c (what is said
 * on one connection) share.
 */

#include "base/tls.h"
#include "resolver_priv.h"

enum {
	DOT_READ_SIZE = 16 * 1024, /* of one connection and turn */
	DOT_WHY_SIZE = 160
};

enum conn_state { CONN_CLOSED = 0, CONN_CONNECTING, CONN_SHAKING, CONN_UP };

struct dot_conn {
	struct server *server;
	enum conn_state state;
	int fd;
	struct loop_io *io;
	struct loop_timer *timer;
	struct tls_session *tls;
	uint16_t *by_id; /* question, NIL, or PORT_RETIRED: was given up */
	uint32_t n_open; /* questions asked on it */
	uint32_t n_given_up;
	uint32_t n_asked;  /* since it was made */
	uint32_t n_served; /* answers */
	uint32_t quota;    /* questions it may be asked */
	uint16_t n_skipped;
	mono_ns started;
	mono_ns idle_since; /* while n_open is 0 */
	mono_ns whole_at;   /* its last whole message */
	mono_ns began;      /* the message that is in part there; 0: none */
	mono_ns read_at;    /* nothing waited in it then */
	mono_ns due;        /* of its timer; INT64_MAX: not set */
	size_t got;
	uint8_t *in; /* 2 + MESSAGE_SIZE_MAX */
	size_t plain_size;
	uint8_t plain[TLS_RECORD_MAX]; /* questions of this turn */
};

struct dot {
	struct tls_client *client;
	struct dot_conn *conns;
	mono_ns connect_at; /* no connection is made before this */
	mono_ns pause;      /* after one that failed; 0: the last did not */
	mono_ns wake_at;
	mono_ns told_at;
	bool told; /* and not taken back */
	unsigned n_barren;
	uint32_t quota; /* UINT32_MAX: it was never seen to have one */
	char why[DOT_WHY_SIZE];
	uint8_t raw[DOT_READ_SIZE]; /* what was read in this turn */
};

/* Of an exchange, as by TCP; and when this question's ends. */
static inline mono_ns
dot_exchange_time(const struct resolver *r)
{
	return MONO_MS(r->limits.tcp_timeout_ms);
}

static inline mono_ns
dot_end_of(const struct resolver *r, const struct question *q)
{
	return q->asked + dot_exchange_time(r);
}

/* dot.c: its connection ended; back into the list, unless that was twice. */
void dot_ask_again(struct server *s, struct question *q);
/* It cannot be asked: what waits fails, and what follows has to wait. */
void dot_unreachable(struct server *s, const char *why);

/* dot_conn.c */
/* 0, connecting; or -errno, and it is closed. */
MUST_CHECK int dot_conn_open(struct dot_conn *c);
void dot_conn_close(struct dot_conn *c); /* forgets its questions */
void dot_conn_fini(struct dot_conn *c);  /* its memory, once closed */
/*
 * Ends one that is up, and asks its questions elsewhere.  `why`: what the
 * server did wrong with it, NULL when it was for us to end it.
 */
void dot_conn_end(struct dot_conn *c, const char *why);
/* May this question be asked on it? */
bool dot_conn_has_room(struct dot_conn *c, const struct question *q);
/* Takes it; what was taken leaves by dot_conn_flush(), or when it is full. */
void dot_conn_ask(struct dot_conn *c, struct question *q, mono_ns now);
void dot_conn_flush(struct dot_conn *c);
/* Takes a question off; without an answer it keeps its id there. */
void dot_conn_release(struct dot_conn *c, struct question *q, bool given_up);
void dot_conn_read(struct dot_conn *c);
void dot_conn_set_timer(struct dot_conn *c);

#endif

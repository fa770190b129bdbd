/* SPDX-License-Identifier: ISC */
#ifndef RESOLVER_RESOLVER_H
#define RESOLVER_RESOLVER_H

/*
 * resolver -- ask one server one question and say what came of it.
 *
 * Owns sockets, message ids, retransmission, pacing, EDNS fallback and the
 * switch to TCP; decides which datagrams are answers (A1-A13, B1-B9).  It does
 * not know why a question is asked, does not fail over (the monitor does),
 * does not cache and does not follow referrals.
 *
 * UDP goes out from a pool of connected sockets per server with ports chosen
 * by the kernel, each retired after a number of uses, in batches (sendmmsg,
 * recvmmsg).  Questions that come together share a socket, up to 64, and a
 * socket is used for 256, and for no more than ten seconds: then it is closed,
 * used or not, unless something is open on it.  Rates count every
 * datagram and every TCP question sent, and no second sees more than the rate,
 * wherever it begins; those of rate_all just so.  Names go out in random letter
 * case (0x20), unless a server was found not to echo it.  RD is set, but for a
 * zone's own server; AD and CD where asked for.
 *
 * The option NSID goes with the first datagram only, and by TCP and TLS.  A
 * server that refuses it and answers EDNS without, or answers only second
 * datagrams three times in a row, is asked without it for an hour; so is one
 * that never answered it and fails by TCP or TLS.
 *
 * By UDP a question is tried tries_max times, with a new id and socket each;
 * a truncated, oversized or malformed answer, a guess at its id, or an echo in
 * other letter case sends it once to TCP, which decides.
 *
 * A server with `tls` is asked over TLS only (RFC 7858), which it must begin
 * by showing who it is (RFC 8310, strict).  Connections are kept, and many
 * questions are open on one (RFC 7766 6.2.1.1), each with an id of its own.
 * Those of a connection that ends are asked once more on another.  Where no
 * connection can be made, all fail and it is left alone as below.
 *
 * The window is cut by half when a quarter of the first datagrams is lost.
 * A server that only answers REFUSED (16 in a row) or SERVFAIL (64) is left
 * alone for 1 s, doubled to 5 min while the one question that may follow
 * fails too: all others are ERR_FULL meanwhile.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/attr.h"
#include "base/clock.h"
#include "base/tls.h"
#include "dns/message.h"
#include "dns/reply.h"

struct loop;
struct resolver;

enum { RESOLVER_SERVERS_MAX = 64 }; /* unless the limits say more */

struct resolver_server {
	struct addr addr;
	uint32_t rate; /* questions a second; 0: no limit but the window */
	bool gso;      /* datagrams may leave by UDP_SEGMENT, when they can */
	bool ad;       /* its word on validation is wanted: questions set AD */
	/* Asked over TLS and no other way; copied.  NULL: by UDP and TCP. */
	const struct tls_peer *tls;
	bool direct; /* a zone's own: questions leave RD and AD clear */
};

/* All must be set; resolver_limits_default() gives what the daemon uses. */
struct resolver_limits {
	uint32_t inflight_max; /* questions open at all servers together */
	uint32_t
	    window_start; /* open per server at first; adapts: 1..window_max */
	uint32_t window_max;
	uint32_t timeout_ms;     /* of the first datagram */
	uint32_t tcp_timeout_ms; /* whole TCP exchange (B3) */
	uint16_t tries_max;      /* datagrams per question */
	uint16_t sockets;        /* UDP sockets per server */
	uint16_t socket_uses;    /* questions before a socket is replaced */
	uint32_t socket_age_ms;  /* or so long, whichever comes first */
	uint16_t tcp_max;        /* TCP connections at once per server */
	uint16_t tls_max;        /* TLS connections at once per server */
	uint32_t tls_idle_ms;    /* one without a question is closed */
	uint16_t servers_max;    /* at once, up to 65,535 */
	uint32_t rate_all; /* questions a second at all servers; 0: no limit */
};
struct resolver_limits resolver_limits_default(void);

/* Stored: never renumber. */
enum transport { TRANSPORT_UDP = 0, TRANSPORT_TCP = 1, TRANSPORT_TLS = 2 };
static inline const char *
transport_text(unsigned transport)
{
	if (transport == TRANSPORT_TLS)
		return "tls";
	return transport == TRANSPORT_TCP ? "tcp" : "udp";
}

enum {
	ASK_TCP = 1,     /* by TCP only: proof of the path; TLS is as good */
	ASK_NSID = 2,    /* who says so (RFC 5001), as far as it can be asked */
	ASK_FAILED = 4,  /* failed the last time: no news about the server */
	ASK_CD = 8,      /* checking disabled: what a validator holds back */
	ASK_DO = 16,     /* with signatures, where the server knows EDNS */
	ASK_URGENT = 32, /* may use the last tenth of the window */
};

struct ask {
	uint64_t cookie;     /* given back with the answer */
	const uint8_t *name; /* folded wire; copied */
	uint8_t name_size;
	uint8_t flags;
	uint16_t server; /* index of the server */
	uint16_t type;
};

/*
 * What came of it.  `wire` is borrowed and walked: message_walk() said OK,
 * the question is ours, TC is clear.  NULL when there is no message; a FAIL
 * by RCODE has its message, unless that came without a question (A6).
 */
struct answer {
	uint64_t cookie;
	uint16_t server;
	uint8_t tries; /* datagrams sent for it; 0 when it moved to TCP */
	enum transport transport;
	enum fail fail; /* FAIL_NOT: read `wire` with reply_sum() */
	int32_t ede;    /* with a fail; -1: none */
	const uint8_t *wire;
	size_t size;
	const struct message *message;
	mono_ns sent; /* the datagram that was answered */
	mono_ns received;
};

/*
 * Called exactly once per accepted question, always from the loop and never
 * from inside resolver_ask(); may call resolver_ask() and resolver_free().
 */
typedef void resolver_answer_fn(void *ctx, const struct answer *answer);
/*
 * A server that was ERR_FULL has room again; called from the loop, at the end
 * of a turn, once per time that it was full.  The same may be called then.
 */
typedef void resolver_room_fn(void *ctx, uint16_t server);

/*
 * Some of these are about to be answered, in this order: time to fetch what
 * belongs to them into the cache.  Calls nothing; need not be set.
 */
typedef void resolver_soon_fn(void *ctx, const uint64_t *cookies, unsigned n);

struct resolver_hooks {
	resolver_answer_fn *on_answer;
	resolver_room_fn *on_room;
	void *ctx;
	resolver_soon_fn *on_soon;
};

/*
 * Servers are copied; their indices are 0, 1, ...  There may be none at first.
 * Opens no socket yet.  NULL: memory is short.
 */
struct resolver *resolver_new(struct loop *loop,
    const struct resolver_server *servers, size_t n_servers,
    const struct resolver_limits *limits, const struct resolver_hooks *hooks);
/* Drops open questions without calling back.  NULL is fine. */
void resolver_free(struct resolver *r);

/*
 * One more server, copied.  Returns its index, the lowest that is free, or
 * -ENOMEM, or ERR_FULL when there are servers_max.
 *
 * One that is not asked costs less than 1 KB and two bytes for each of
 * `sockets` and no descriptor.  While it is asked, each socket is some 2 KB
 * and 16 bytes for each of `socket_uses` (1 KB at least) more, and memory for
 * tcp_max connections once a question goes by TCP; both go when the last of
 * them is closed: a socket at the latest socket_age_ms after it was opened and
 * when nothing is open on it.
 */
MUST_CHECK int resolver_add(
    struct resolver *r, const struct resolver_server *server);
/*
 * Drops a server; its index is free for the next.  False, and nothing has
 * happened: a question is open at it, or on_room is owed for it; try later.
 */
MUST_CHECK bool resolver_drop(struct resolver *r, uint16_t server);

/*
 * Takes a question: 0, or ERR_FULL when the server's window, its rate, its
 * sockets, inflight_max or rate_all is exhausted, or it is left alone; on_room
 * follows when that ends.  Servers that wait for what all share are told in
 * order of coming, no more in a turn than there is room for; with rate_all,
 * others that are asked meanwhile wait behind them, unless ASK_URGENT.
 * Datagrams are gathered and leave at the end of the loop
 * turn at the latest.  The same question may be asked again while it is open:
 * it goes by another socket (A10), but the caller does better to ask once.
 */
MUST_CHECK int resolver_ask(struct resolver *r, const struct ask *ask);

/* Open questions at all servers. */
uint32_t resolver_inflight(const struct resolver *r);
/* Tells the cookie of each. */
void resolver_open(const struct resolver *r,
    void (*fn)(void *ctx, uint64_t cookie), void *ctx);

/* Counters since start; closed set, all monotone. */
struct resolver_counters {
	uint64_t asked;    /* questions taken */
	uint64_t sent_udp; /* datagrams */
	uint64_t sent_tcp;
	uint64_t sent_tls;
	uint64_t answered;
	uint64_t timeouts; /* questions that ended so */
	uint64_t retries;
	uint64_t tcp_fallbacks;    /* by truncation, near miss or size */
	uint64_t near_misses;      /* right socket, wrong id (A4) */
	uint64_t late;             /* after the question had ended (A11) */
	uint64_t dropped_question; /* A6-A8 */
	uint64_t dropped_header;   /* A5 and runts */
	uint64_t malformed;
	uint64_t edns_fallbacks;
	uint64_t socket_errors;
	uint64_t tls_connections; /* whose server showed who it is */
	uint64_t tls_resumed;     /* of them */
};
struct resolver_counters resolver_counters(const struct resolver *r);

/* How a server is doing, for status and for choosing where to fail over. */
struct resolver_health {
	uint32_t window; /* questions it may have open now */
	uint32_t open;
	uint32_t rtt_us; /* smoothed */
	uint32_t
	    fails_running; /* FAILs in a row, all kinds but malformed data */
	mono_ns backoff_until; /* REFUSED and the like: 1 s to 5 min */
	uint64_t asked;
	uint64_t failed;
	bool gso; /* wanted, and the kernel has not said no */
	bool tls;
	bool plain;   /* it refused EDNS lately, and is asked without (B5) */
	bool no_nsid; /* the same of NSID */
	bool unreachable;     /* no connection can be made, until one is */
	uint16_t connections; /* over TLS, usable now */
	const char *why; /* of unreachable, else ""; lent until the next turn */
};
struct resolver_health resolver_health(
    const struct resolver *r, uint16_t server);

#endif

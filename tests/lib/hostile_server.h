/* SPDX-License-Identifier: ISC */
#ifndef HOSTILE_SERVER_H
#define HOSTILE_SERVER_H

/*
 * hostile_server -- a DNS server on the test's own loop that does what the
 * test's script says: UDP and TCP, or TLS, on one free port of a loopback
 * address.
 *
 * It knows nothing of rules; the script gets every question and sends any
 * bytes back, from the right socket or from another one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/addr.h"
#include "base/clock.h"
#include "dns/message.h"

struct loop;
struct hostile;
struct hostile_conn;

/* One question that arrived; lent until the script returns. */
struct hostile_ask {
	const uint8_t *wire;
	size_t size;
	uint16_t id;
	uint16_t type;
	const uint8_t *name;
	size_t name_size;
	bool edns;
	bool tcp;
	unsigned n; /* from 1, of its transport */
	struct sockaddr_storage from;
	socklen_t from_size;
	struct hostile_conn *conn;
};

typedef void hostile_fn(
    void *ctx, struct hostile *h, const struct hostile_ask *ask);

/* NULL: no such address here. */
struct hostile *hostile_new(
    struct loop *l, const char *ip, hostile_fn *fn, void *ctx);
void hostile_free(struct hostile *h);
struct addr hostile_addr(const struct hostile *h);
void hostile_no_tcp(struct hostile *h); /* stops listening */
void hostile_no_udp(struct hostile *h); /* closes the socket */

/*
 * Connections that are accepted from now on speak TLS with this SSL_CTX, which
 * is lent until the server is freed; NULL: in clear again.
 */
void hostile_tls(struct hostile *h, void *context);
unsigned hostile_n_accepted(const struct hostile *h);
/* Closes every connection that is open; keeps listening. */
void hostile_drop_all(struct hostile *h);

unsigned hostile_n_udp(const struct hostile *h);
unsigned hostile_n_tcp(const struct hostile *h);
unsigned hostile_conns_most(const struct hostile *h); /* at once */

enum { HOSTILE_ROOM = 65537 };

/* A right answer, "192.0.2.n" for A, with the question as it came. */
size_t hostile_build(
    const struct hostile_ask *ask, uint8_t n, uint8_t out[HOSTILE_ROOM]);
/* No records, this RCODE; with an OPT where opt is true. */
size_t hostile_build_rcode(const struct hostile_ask *ask, uint16_t rcode,
    bool opt, uint8_t out[HOSTILE_ROOM]);
/* Adds an OPT record of these options; counts it. */
size_t hostile_add_opt(uint8_t *wire, size_t size, uint8_t rcode_high,
    const uint8_t *options, size_t options_size);

/* By the way it came: a datagram, or a framed message. */
void hostile_send(struct hostile *h, const struct hostile_ask *ask,
    const uint8_t *wire, size_t size);
/* A datagram to the asker from another socket of the test. */
void hostile_send_from(
    int fd, const struct hostile_ask *ask, const uint8_t *wire, size_t size);
/* Bytes as they are, on the connection. */
void hostile_raw(
    const struct hostile_ask *ask, const uint8_t *bytes, size_t size);
/* The same, one byte per interval; copied. */
void hostile_drip(const struct hostile_ask *ask, const uint8_t *bytes,
    size_t size, mono_ns interval);
void hostile_close(const struct hostile_ask *ask);

#endif

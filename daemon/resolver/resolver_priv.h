/* SPDX-License-Identifier: ISC */
#ifndef RESOLVER_RESOLVER_PRIV_H
#define RESOLVER_RESOLVER_PRIV_H

/*
 * What the files of the resolver room share.
 *
 *   resolver.c  the public functions, and the end of each loop turn
 *   inflight.c  open questions and their deadlines
 *   pace.c      how fast one server may be asked
 *   question.c  the life of one question: tries, expiry, the end
 *   server.c    what is known about a server: round trip, habits, backoff
 *   port.c      connected UDP sockets and their ids
 *   udp.c       datagrams in, and which of them are answers
 *   udp_out.c   datagrams out
 *   tcp.c       connections, and which of their messages are answers
 *   dot.c       questions over TLS: which connection takes them
 *   dot_conn.c  one of these, and which of its messages are answers
 *
 * Calls out (on_answer, on_room) are made only below resolver_enter() and
 * resolver_leave(): resolver_free() from inside one closes everything at once
 * and leaves the memory to the outermost resolver_leave().  After a call out,
 * look at `dead` before anything else.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "inflight_priv.h"
#include "loop/loop.h"
#include "pace_priv.h"
#include "resolver/resolver.h"

enum {
	BATCH = 64,       /* datagrams in one sendmmsg or recvmmsg */
	PORT_RUN = BATCH, /* questions of one turn that share a socket */
	SEEN_BITS = 8192,
	UDP_PLAIN_SIZE = 512,
	UDP_ROOM = MESSAGE_UDP_SIZE + 1 /* one more shows what is too large */
};

/* One id that was used on a socket. */
struct port_slot {
	uint16_t id;
	uint16_t
	    question; /* NIL: empty; PORT_RETIRED: was answered or given up */
};
enum { PORT_RETIRED = 0xfffe };

/* A connected UDP socket: the kernel drops what is not from the server. */
struct port {
	struct resolver *resolver;
	struct server *server;
	struct loop_io *io;
	int fd;                  /* -1: closed, can be opened */
	uint16_t n_open;         /* ids in flight, also of earlier tries */
	uint16_t n_used;         /* ids since it was opened */
	bool suspect;            /* somebody guesses at it: use it no more */
	bool dirty;              /* is in the list of the turn's end */
	uint16_t outgoing_first; /* questions to send, NIL: none */
	uint16_t outgoing_last;
	mono_ns read_at; /* nothing waited in it then */
	mono_ns opened;
	struct port *dirty_next;
	struct port_slot *slots;
	/* Prints of questions since none was open on it (A10). */
	uint64_t seen[SEEN_BITS / 64];
};

struct tcp_conn;
struct dot;

struct server {
	struct resolver *resolver;
	struct addr addr;
	struct sockaddr_storage sa;
	socklen_t sa_size;
	uint8_t index;
	uint32_t open;
	uint32_t n_overdue; /* of them */
	bool full;          /* said ERR_FULL, owes on_room */
	bool full_urgent;   /* said it to one in a hurry */
	bool gso;        /* datagrams leave in segments, as long as they can */
	bool ad;         /* questions to it set AD */
	mono_ns tell_at; /* on_room not before this */
	struct pace pace;

	struct port *ports;
	struct port_slot *port_slots;
	struct port *run_port; /* takes the next questions of this turn */
	uint16_t run_left;
	uint16_t n_ports; /* that may be open; less when short of fds */
	uint16_t n_ports_open;
	mono_ns reopen_at; /* no descriptors: not before this */
	mono_ns regrow_at; /* no more than n_ports before this */
	bool open_failed;  /* logged */
	bool unreachable; /* that was for want of a route, not of descriptors */
	bool starved;     /* all sockets are used up, until one is closed */

	mono_ns rtt; /* smoothed; 0: none yet */
	mono_ns rtt_var;
	mono_ns refused_at;    /* ICMP said so last (A13) */
	mono_ns plain_until;   /* no EDNS (B5) */
	mono_ns no_case_until; /* no 0x20 (A8) */
	uint8_t case_strikes;
	uint16_t errors_running; /* weighed REFUSED and SERVFAIL in a row */
	uint32_t fails_running;
	mono_ns good_at; /* its last good answer; 0: none yet */
	mono_ns backoff; /* length; 0: none */
	mono_ns backoff_until;
	bool probing; /* the one question after a backoff is out */
	uint64_t asked;
	uint64_t failed;

	struct tcp_conn *conns;
	uint16_t n_conns_busy;
	uint16_t waiting_first; /* questions that wait for a connection */
	uint16_t waiting_last;
	mono_ns connect_at; /* no descriptors: not before this */

	struct dot *dot; /* it is asked over TLS only; NULL: it is not */
};

struct udp_in {
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
	uint8_t data[BATCH][UDP_ROOM];
};

/* A batch that leaves: datagrams, one behind the other, in messages. */
struct udp_out {
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
	union {
		struct cmsghdr align;
		uint8_t bytes[CMSG_SPACE(sizeof(uint16_t))];
	} control[BATCH];
	uint8_t n_in[BATCH];    /* datagrams in a message */
	uint16_t at[BATCH + 1]; /* where a datagram begins, and the end */
	uint8_t data[BATCH * MESSAGE_QUERY_SIZE_MAX];
};

struct resolver {
	struct loop *loop;
	struct resolver_hooks hooks;
	struct resolver_limits limits;
	struct server *servers;
	size_t n_servers;
	struct inflight inflight;
	struct loop_timer *tick;
	struct loop_hook *turn_end;
	mono_ns tick_due;   /* INT64_MAX: not set */
	uint32_t slot_mask; /* of a port's table */
	uint16_t n_full;    /* servers that owe on_room */
	struct port *dirty;
	struct port *reading; /* datagrams of it are looked at */
	unsigned depth;       /* calls from the loop that are running */
	bool dead;            /* resolver_free() was called from inside */
	uint32_t n_waiting;   /* questions that wait for TCP */
	struct resolver_counters counters;
	struct udp_in in;
	struct udp_out out;
};

void resolver_enter(struct resolver *r);
/* False when the resolver is gone and its memory with it. */
bool resolver_leave(struct resolver *r);

/* question.c */
/* False: no socket can take it now, and nothing has happened. */
bool question_start(struct resolver *r, struct question *q);
/* Off UDP, into the list of those who wait for TCP; counts a fallback. */
void question_to_tcp(struct resolver *r, struct question *q);
/* One more time without EDNS, by the transport it is on. */
void question_without_edns(struct resolver *r, struct question *q);
/*
 * A message ended it: `a` has transport, sent, and the walked message; its
 * fail, by RCODE, and the rest are filled in here.
 */
void question_answered(
    struct resolver *r, struct question *q, struct answer *a);
void question_failed(struct resolver *r, struct question *q, enum fail fail);
void question_expire(struct resolver *r, mono_ns now);
/* How it is written: for message_build(). */
unsigned question_message_flags(
    const struct server *s, const struct question *q);
/* The codes that mean "what is this OPT record?" (RFC 6891 7). */
bool question_is_edns_error(const struct message *m);
/* Is the message a refusal of EDNS itself, which it was asked with? */
bool question_refused_edns(const struct question *q, enum message_fault fault,
    const struct message *m);

/* server.c */
/* Has it sockets, or is it the network that keeps it from having any? */
bool server_has_ports(const struct server *s, mono_ns now);
bool server_has_room(struct server *s, bool urgent, mono_ns now);
/* Into the list of those who wait for a connection, and out of it. */
void server_wait(struct server *s, struct question *q, bool in_front);
void server_unwait(struct server *s, struct question *q);
/* When time alone may bring room; INT64_MAX: only answers can. */
mono_ns server_room_at(const struct server *s, mono_ns now);
void server_say_full(struct server *s, bool urgent, mono_ns now);
/*
 * What counts against the window.  A datagram that has no answer after its
 * timeout fills no buffer any more: if it did, names that nobody answers for
 * would keep the others waiting, for as long as they are retried.
 */
uint32_t server_in_window(const struct server *s);
mono_ns server_timeout(const struct server *s, unsigned n_tries);
void server_rtt(struct server *s, mono_ns rtt);
void server_ended(
    struct server *s, const struct question *q, enum fail fail, mono_ns now);
/* Habits that a finished exchange proved (A8, B5). */
void server_proved(struct server *s, const struct question *q, mono_ns now);

/* port.c */
struct port *port_pick(struct server *s, uint32_t print, mono_ns now);
/* Puts the question under a fresh id into the table; fills its next try. */
void port_add(struct port *p, struct question *q, uint16_t id, mono_ns now);
void port_release(struct server *s, struct try *t);
/* The slot of this id; `question` NIL when it was never used. */
struct port_slot *port_find(struct port *p, uint16_t id);
void port_mark_dirty(struct port *p);
bool port_is_spent(const struct port *p);
void port_close(struct port *p); /* may be opened again */
void port_fini(struct port *p);

/* udp.c */
void udp_init(struct resolver *r);
void udp_on_ready(void *ctx, int events);
void udp_read(struct port *p);
/* ICMP, maybe forged: noted, and the question waits on (A13). */
void udp_note_error(struct server *s, int err);

/* udp_out.c */
void udp_out_init(struct udp_out *out);
void udp_send(struct port *p);
/* Takes back a question that has not left yet. */
void udp_unsend(struct port *p, struct question *q);

/* tcp.c */
void tcp_wait(struct resolver *r, struct question *q);
void tcp_again(struct resolver *r, struct question *q);
/* Starts what waits, as far as connections and rate allow; calls nobody. */
void tcp_start_waiting(struct server *s, mono_ns now);
/* Takes the question off its connection or out of the list. */
void tcp_drop(struct resolver *r, struct question *q);
/* Its time slice is over: true when it may go on. */
bool tcp_may_go_on(struct resolver *r, struct question *q, mono_ns now);
MUST_CHECK int tcp_init(struct server *s);
void tcp_fini(struct server *s);

/* dot.c */
MUST_CHECK int dot_init(struct server *s, const struct tls_peer *peer);
void dot_stop(struct server *s);    /* closes everything; NULL is fine */
void dot_release(struct server *s); /* and its memory */
void dot_wait(struct resolver *r, struct question *q);
/* Takes the question off its connection or out of the list. */
void dot_drop(struct resolver *r, struct question *q);
/* Its time slice is over: true when it may go on. */
bool dot_may_go_on(struct resolver *r, struct question *q, mono_ns now);
/* Sends what waits, as far as connections and rate allow; calls nobody. */
void dot_turn_end(struct server *s, mono_ns now);
/* When dot_turn_end() has something to do again; INT64_MAX: not by time. */
mono_ns dot_wake_at(const struct server *s);
/* Is there a connection, or may one be made?  Else when. */
bool dot_may_ask(const struct server *s, mono_ns now);
mono_ns dot_ask_at(const struct server *s);
void dot_health(const struct server *s, struct resolver_health *out);

#endif

/* SPDX-License-Identifier: ISC */
#ifndef RESOLVER_RESOLVER_PRIV_H
#define RESOLVER_RESOLVER_PRIV_H

/*
 * What the files of the resolver room share.
 *
 *   resolver.c  the public functions, and the end of each loop turn
 *   roster.c    which servers there are: added, dropped, put to rest
 *   full.c      servers that said ERR_FULL, and when they have room again
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
 *
 * There may be thousands of servers, of which few have something to do: a turn
 * looks only at those that are in one of the lists of struct resolver.  What a
 * dropped server is made of stays until the end of the turn, when it is in
 * none of them.
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
	uint16_t index;          /* in its server's ports */
	uint16_t n_open;         /* ids in flight, also of earlier tries */
	uint16_t n_used;         /* ids since it was opened */
	bool suspect;            /* somebody guesses at it: use it no more */
	bool dirty;              /* is in the list of the turn's end */
	uint16_t outgoing_first; /* questions to send, NIL: none */
	uint16_t outgoing_last;
	mono_ns read_at; /* nothing waited in it then */
	mono_ns opened;
	struct port *dirty_next;
	bool ages; /* is in the list of those that get too old */
	struct port *age_next;
	struct port *age_prev;
	/* Prints of questions since none was open on it (A10). */
	uint64_t seen[SEEN_BITS / 64];
	struct port_slot slots[]; /* slot_mask + 1 of them */
};

struct tcp_conn;
struct dot;

/*
 * A server that said ERR_FULL is in one list, by what it waits for:
 *
 *   NOT --full_say()--> SLEEPS    room of its own, which time or an event
 *                                 at it brings
 *                       LOOK      such an event was there: the turn's end looks
 *                       SHARED    room that all share, in order of coming
 *
 * and back to NOT by full_tell(), which calls on_room.
 */
enum full { FULL_NOT = 0, FULL_SLEEPS, FULL_LOOK, FULL_SHARED };

struct server_list {
	struct server *first;
	struct server *last;
	unsigned n;
};

struct server {
	struct resolver *resolver;
	struct addr addr;
	struct sockaddr_storage sa;
	socklen_t sa_size;
	uint16_t index;
	bool dropped; /* and no longer in the array */
	uint32_t open;
	uint32_t n_overdue; /* of them */
	enum full full;     /* if not FULL_NOT, it owes on_room */
	bool full_urgent;   /* said ERR_FULL to one in a hurry */
	bool gso;        /* datagrams leave in segments, as long as they can */
	bool ad;         /* questions to it set AD */
	bool direct;     /* a zone's: questions to it leave RD clear */
	mono_ns tell_at; /* on_room not before this */
	mono_ns look_at; /* while FULL_SLEEPS; INT64_MAX: by an event only */
	struct server *full_next;
	struct server *full_prev;
	struct pace pace;

	struct port **ports;   /* NULL where none was needed lately */
	struct port *run_port; /* takes the next questions of this turn */
	uint64_t run_turn;     /* which was that */
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
	mono_ns no_nsid_until; /* no option NSID */
	mono_ns no_case_until; /* no 0x20 (A8) */
	uint8_t case_strikes;
	uint8_t nsid_strikes;    /* answers to second datagrams only */
	bool nsid_answered;      /* to a question with it, ever */
	uint16_t errors_running; /* weighed REFUSED and SERVFAIL in a row */
	uint32_t fails_running;
	mono_ns good_at; /* its last good answer; 0: none yet */
	mono_ns backoff; /* length; 0: none */
	mono_ns backoff_until;
	bool probing; /* the one question after a backoff is out */
	uint64_t asked;
	uint64_t failed;

	struct tcp_conn *conns; /* NULL while none was needed lately */
	uint16_t n_conns_busy;
	uint16_t waiting_first; /* questions that wait for a connection */
	uint16_t waiting_last;
	mono_ns connect_at; /* no descriptors: not before this */
	bool waits;         /* is in the list of those with waiting_first */
	struct server *waits_next;

	bool resting; /* is in the list of those whose last socket closed */
	struct server *rest_next;
	struct server *dropped_next;

	struct dot *dot; /* it is asked over TLS only; NULL: it is not */
	struct server *dot_next;
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
	struct server **servers; /* limits.servers_max, NULL: free */
	uint16_t first_free;     /* none below it is */
	struct inflight inflight;
	struct pace all; /* rate_all */
	struct loop_timer *tick;
	struct loop_hook *turn_end;
	mono_ns tick_due; /* INT64_MAX: not set */
	uint64_t turn;
	uint32_t slot_mask;         /* of a port's table */
	struct server_list full[4]; /* by enum full, servers owing on_room */
	mono_ns sleep_due;          /* none of FULL_SLEEPS is due before */
	mono_ns shared_at;          /* none of FULL_SHARED is told before */
	struct server *telling;     /* its on_room runs */
	struct server *waits;       /* with questions that wait for TCP */
	struct server *resting;     /* whose memory may be given back */
	struct server *dropped;
	struct server *dots; /* asked over TLS */
	struct port *dirty;
	struct port *age_first; /* open sockets, the oldest first */
	struct port *age_last;
	struct port *reading; /* datagrams of it are looked at */
	mono_ns short_until;  /* no descriptors: who has none waits till then */
	mono_ns told_at;      /* that there are none, or no route */
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

/* roster.c */
/* The index, or -ENOMEM or ERR_FULL. */
MUST_CHECK int roster_add(
    struct resolver *r, const struct resolver_server *from);
/* Out of the array; gone at the turn's end. */
void roster_drop(struct server *s);
/* Its last socket or connection is closed: its memory may go, too. */
void roster_may_rest(struct server *s);
/* Gives back what rests and what was dropped; not below a callback. */
void roster_turn_end(struct resolver *r);
void roster_stop(struct resolver *r);    /* closes everything */
void roster_release(struct resolver *r); /* and its memory */

/* full.c */
bool full_may_ask(struct server *s, bool urgent, mono_ns now);
/* Notes that it owes on_room; returns ERR_FULL. */
int full_say(struct server *s, bool urgent, mono_ns now);
/* Calls on_room for those that have room again. */
void full_tell(struct resolver *r, mono_ns now);
/* When full_tell() has something to do again; INT64_MAX: not by time. */
mono_ns full_due(struct resolver *r, mono_ns now);
/* See server_stirred(). */
void full_look(struct server *s);
/* Something happened at it that may make room: of its own accord it sleeps. */
static inline void
server_stirred(struct server *s)
{
	if (s->full == FULL_SLEEPS)
		full_look(s);
}

/* question.c */
/* False: no socket can take it now, and nothing has happened. */
bool question_start(struct resolver *r, struct question *q);
/* Off UDP, into the list of those who wait for TCP; counts a fallback. */
void question_to_tcp(struct resolver *r, struct question *q);
/*
 * One more time without NSID, or else without EDNS, by the transport it is on.
 */
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
/* Does what is sent now have NSID in it? */
bool question_has_nsid(const struct question *q);
/* The codes that mean "what is this OPT record?" (RFC 6891 7). */
bool question_is_edns_error(const struct message *m);
/* Is the message a refusal of EDNS itself, which it was asked with? */
bool question_refused_edns(const struct question *q, enum message_fault fault,
    const struct message *m);

/* server.c */
/* Has it sockets, or is it the network that keeps it from having any? */
bool server_has_ports(const struct server *s, mono_ns now);
/* Room of its own: what all share is full.c's. */
bool server_has_room(struct server *s, bool urgent, mono_ns now);
/* Takes what sending once more costs, here and of all; false: not now. */
bool server_pay(struct server *s, mono_ns now);
mono_ns server_pay_at(const struct server *s); /* when not, then not before */
/* Into the list of those who wait for a connection, and out of it. */
void server_wait(struct server *s, struct question *q, bool in_front);
void server_unwait(struct server *s, struct question *q);
/* When time alone may bring room; INT64_MAX: only answers can. */
mono_ns server_room_at(const struct server *s, mono_ns now);
/* Room for one that comes is no batch: this much is waited for. */
#define ROOM_PAUSE MONO_MS(4)
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
/*
 * Habits that a finished exchange proved (A8, B5): `sent` is when what was
 * answered was sent.
 */
void server_proved(
    struct server *s, const struct question *q, mono_ns sent, mono_ns now);
/* The same of one that ended without an answer, by TCP or TLS. */
void server_broke(struct server *s, const struct question *q, mono_ns now);

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
/* Closes those that are too old, as far as nothing is open on them. */
void port_age_all(struct resolver *r, mono_ns now);
mono_ns port_age_due(const struct resolver *r); /* when next; INT64_MAX */
void port_close_all(struct server *s);
void port_free_all(struct server *s); /* once closed, and not dirty */

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
void tcp_close_all(struct server *s);
void tcp_free_all(struct server *s); /* once closed */

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

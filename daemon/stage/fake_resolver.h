/* SPDX-License-Identifier: ISC */
#ifndef FAKE_RESOLVER_H
#define FAKE_RESOLVER_H

/*
 * fake_resolver -- resolver/resolver.h over scripted servers and virtual time.
 *
 * The servers live longer than the resolver: they keep their caches and their
 * lies over a restart of the monitor.  Answers are real messages.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "dns/name.h"
#include "loop/loop.h"
#include "zone.h"

struct resolver;

enum conduct {
	CONDUCT_DROP = 1,
	CONDUCT_SERVFAIL,
	CONDUCT_REFUSE,
	CONDUCT_LAME,
	CONDUCT_MALFORM,
	CONDUCT_LIE,      /* tells the set instead, uncached */
	CONDUCT_STALE,    /* its last cache entry, however old, with EDE 3 */
	CONDUCT_KEEP,     /* the same, and does not say so */
	CONDUCT_FILTER,   /* NXDOMAIN with EDE 15 */
	CONDUCT_REWRITE,  /* what does not exist is told as the set */
	CONDUCT_DELEGATE, /* refers to the servers of that name's zone */
	CONDUCT_BOGUS, /* SERVFAIL with EDE 6, unless it is asked with CD=1 */
	CONDUCT_MUTE   /* the same without EDE */
};

/* How a server misbehaves: about what, how often, how many times. */
struct habit {
	enum conduct conduct;
	bool has_name;
	struct name name;
	uint16_t type; /* ZONE_ANY_TYPE: each */
	double share;  /* of the questions, 0..1 */
	long left;     /* -1: for ever */
	bool udp_only, tcp_only;
	bool quiet; /* a lie that is not marked by a higher TTL */
	const struct rrset *lie;
	uint16_t ede; /* of the lie; 0: none */
	unsigned id;  /* for server_forget() */
};

struct cache_entry {
	struct name name;
	uint16_t type;
	mono_ns fetched;
	struct fetched *reply;
};

struct asked {
	struct name name;
	uint16_t type;
	unsigned udp, tcp;
	unsigned cd;         /* of them */
	unsigned nsid;       /* of them */
	unsigned signatures; /* beside them, with DO=1 */
	wall_us answered;    /* the last good reply came; 0: none did */
};

struct server {
	char name[64];
	struct addr addr;
	uint32_t window; /* open questions at most */
	uint32_t rate;   /* as the configuration says; 0: none */
	mono_ns latency;
	mono_ns spread; /* of the latency, at random */
	bool authoritative;
	bool shuffles;
	bool validates;    /* says AD */
	uint8_t instances; /* that answer in turn, and say which; 0: none */
	uint32_t turn;     /* of them */
	bool serves_stale; /* RFC 8767, when the source cannot be asked */
	struct zone own;   /* what it answers otherwise than the world */
	struct habit *habits;
	size_t n_habits, habits_room;
	struct cache_entry *cache;
	size_t n_cache, cache_room;
	struct asked *asked;
	size_t n_asked, asked_room;
	uint32_t this_second, peak;
	int64_t second;
	uint64_t n_total;
	/* of the resolver that asks it now */
	uint32_t open;
	uint32_t fails_running;
	mono_ns good_at; /* 0: none yet */
	uint64_t n_asked_now, n_failed_now;
	bool was_full;
};

/* A question, and what will be said to it. */
struct said {
	const struct server *server;
	const struct ask *ask;
	mono_ns fetched;             /* when the source said so */
	const struct fetched *reply; /* NULL: a failure, or silence */
	bool stale;                  /* and says so (EDE 3, 19) ... */
	bool quiet;                  /* ... unless this is set */
};

/* Who hears what is asked and said in a net; none of it may be NULL. */
struct net_ear {
	void *ctx;
	/* Can the server ask the source now? */
	bool (*can_fetch)(void *ctx, const struct server *s,
	    const uint8_t *name, uint16_t type);
	/* Returns a number by which the arrival of the answer is told. */
	size_t (*on_ask)(void *ctx, const struct said *said);
	void (*on_arrival)(void *ctx, size_t number);
};

struct net {
	struct loop *loop;
	const struct net_ear *ear; /* NULL: nobody, and sources can be asked */
	struct zone truth;
	uint32_t negative_ttl;
	struct server *servers;
	size_t n_servers, servers_room;
	struct resolver *resolver; /* those that ask now */
};

/* The net that resolver_new() finds. */
void net_use(struct net *net);
void net_free(struct net *net);
struct server *net_add(struct net *net, const char *name);
struct server *net_find(struct net *net, const char *name);
void server_add_habit(struct server *s, const struct habit *h);
void server_be_honest(struct server *s);
/* Takes the habits with that id away. */
void server_forget(struct server *s, unsigned id);
void server_flush(struct server *s);
void net_reset_counts(struct net *net);
/* After a pause: what waits in the sockets is read before timers fire. */
void net_deliver(struct net *net);
/* How often the question was asked; `s` NULL: at all servers.  ASKED_DO: beside
 * the others, which it is none of. */
enum {
	ASKED_UDP = 1,
	ASKED_TCP = 2,
	ASKED_CD = 4,
	ASKED_DO = 8,
	ASKED_NSID = 16
};
unsigned net_asked(const struct net *net, const struct server *s,
    const struct name *name, uint16_t type, unsigned how);
/* When a good reply to it came last, from whom ever; 0: none did. */
wall_us net_answered(
    const struct net *net, const struct name *name, uint16_t type);

#endif

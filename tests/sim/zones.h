/* SPDX-License-Identifier: ISC */
#ifndef SIM_ZONES_H
#define SIM_ZONES_H

/*
 * zones -- the part of the world that authoritative views are for: the servers
 * of the hosts' zone, their snapshots of it, and its delegation.
 *
 *   zones.c         who serves what: snapshots, transfers, who is watched
 *   zones_happen.c  what happens to them, and its end
 *   zones_rule.c    what the zone says by R18, and whether that is believed
 *   zones_hear.c    what was asked, evidence, decisions
 *   zones_event.c   what is told of servers
 *
 * Resolvers fetch from the primary's newest; each server of the zone says what
 * its snapshot says.  The numbers are drawn from a generator of this part's
 * own, so that a seed's resolvers and names stay what they were.
 */

#include "sim.h"

enum {
	NS_OWN_MAX = 4,          /* servers of the zone ... */
	NS_MAX = NS_OWN_MAX + 2, /* ... and two of who hijacks it */
	ZQ_MAX = 96,
	NS_TTL_S = 60, /* of the delegation, and of the zone's NS */
	/* A survey of all servers, one of which may be silent. */
	ROUND_TAKES_S = 12
};

enum health { NS_UP, NS_SILENT, NS_LAME, NS_SHAKY };

/* What a server has of the zone; never changed once it is made. */
struct snapshot {
	struct rrset *first;
	uint32_t serial;
	unsigned named; /* a bit per server in its NS */
	content_id ids[ZQ_MAX];
};

struct ns {
	char name[8], host[24];
	char text[24]; /* its address */
	size_t server; /* in the net */
	const struct snapshot *says;
	enum health health;
	mono_ns since;  /* of its health, or since the program was disturbed */
	mono_ns unheld; /* takes no transfer before */
	bool lying;
	unsigned n_habits;
	/* of what is told */
	uint32_t fails; /* since it was told, or told to be over */
	mono_ns good;   /* its last good reply arrived */
	char told;      /* 'l', 's' or 0 */
	bool left; /* it was none of the zone's since: nothing is known of it */
	uint32_t n_back, n_back_told;
};

struct zheard {
	mono_ns at;
	wall_us wall;
	content_id id; /* 0: a failure */
	uint8_t ns;    /* NS_MAX: the parent */
	bool arrived, good;
};

/* What the servers said until then: all that the rule looks at. */
struct zpast {
	mono_ns until;
	int n; /* negative: that cannot be known */
	struct zword {
		content_id id;
		uint32_t serial;
	} words[NS_MAX];
};

struct zepisode {
	struct uuid change;
	wall_us seen_at, decided_at; /* 0: open */
};

/* A question that is asked of the zone's servers, or of its parent's. */
struct zq {
	struct name name;
	uint16_t type;
	char text[80];
	size_t host, place_type; /* HOSTS_MAX: the zone itself */
	bool parent_view;        /* in the view of delegations */
	bool at_parent;          /* the parent's servers say */
	bool in_view;            /* else it only confirms (`confirm: source`) */
	bool watched;
	uint32_t every_s;
	/* as the servers are */
	uint64_t print;     /* of all that R18 looks at; 0: nobody can know */
	mono_ns changed;    /* since when that is so */
	mono_ns disturbed;  /* ... and the program was left alone */
	mono_ns apart;      /* the servers differed then, the last time ... */
	mono_ns apart_from; /* ... and since then; 0: they do not */
	bool looked;        /* that it is believed */
	/* as the program is */
	mono_ns asked;
	mono_ns unserved; /* by then somebody answers, after none did */
	bool known, failing;
	bool inconsistent; /* an NXDOMAIN of it was denied by another type */
	content_id believed;
	struct zpast *past;
	size_t n_past, past_room;
	struct zpast now;
	struct zheard *heard;
	size_t n_heard, heard_room;
	struct zepisode *episodes;
	size_t n_episodes, episodes_room;
};

struct zdue {
	mono_ns at;
	void (*fn)(struct sim *s, const struct zdue *d);
	size_t ns;
	unsigned id;
};

struct zones {
	bool on, built, with_parent, moves, lies;
	struct draw draw;
	struct name apex;
	struct ns ns[NS_MAX];
	size_t n_ns; /* of the zone itself; the first is the primary */
	size_t root; /* in the net */
	unsigned named, at_parent; /* in its NS, and in the parent's */
	unsigned members;          /* who serves it by both */
	mono_ns found;             /* by then that is known */
	mono_ns nobody; /* served it the last time that it was looked at */
	uint32_t serial, refresh, retry;
	uint32_t ds, n_values;
	content_id parent_ns, parent_ds;
	struct snapshot *newest;
	struct zq *list;
	size_t n;
	struct zdue agenda[AGENDA_MAX];
	size_t n_agenda;
	mono_ns next, every;
	struct loop_timer *killer;
	bool hijacked;
	/* of what is told of the zone */
	bool apart, split, delegation_split;
	mono_ns apart_at, calm_at, ended[4];
	size_t n_ended;
};

/* ---- zones.c ---- */
/* Draws whether the seed has such a part; before all else. */
void zones_profile(struct sim *s);
/* The views that a watch is in, and how it is confirmed. */
void zones_plan(struct sim *s, struct watch_plan *p);
/* What the watch's line says of it. */
void zones_print_plan(const struct watch_plan *p, struct buf *out);
void zones_add(struct sim *s, size_t host, const struct watch_plan *p);
void zones_watch(struct sim *s, size_t host, const struct watch_plan *p);
void zones_unwatch(struct sim *s, size_t host);
/* After the hosts were published for the first time. */
void zones_build(struct sim *s);
/* The primary has a new content. */
void zones_publish(struct sim *s);
/* Before the world ends. */
void zones_end_kills(struct sim *s);
void zones_free(struct sim *s);
/* Around all that changes what somebody says. */
void zones_before(struct sim *s);
void zones_after(struct sim *s);
void zones_serve(struct sim *s, size_t ns, const struct snapshot *snap);
/* The zone with one set put in place of another. */
struct snapshot *zones_forge(struct sim *s, const struct snapshot *of,
    const struct rrset *sets, size_t n, uint32_t serial, unsigned named);
void zones_delegate(struct sim *s, unsigned named);
void zones_set_ds(struct sim *s, uint32_t ds);
struct snapshot *zones_take(struct sim *s);
void zones_put_apex(struct sim *s);

/* ---- zones_happen.c ---- */
/* When something is to happen next; INT64_MAX: nothing. */
mono_ns zones_next(const struct sim *s);
void zones_happen(struct sim *s);
void zones_transfers(struct sim *s);
void zones_no_more(struct sim *s);

/* ---- zones_rule.c ---- */
uint64_t zones_print(const struct zones *z, const struct zq *q);
/* Who serves the zone; false: that depends on whom one asks. */
bool zones_members(const struct zones *z, unsigned *out);
/*
 * R18: is it `id` that the zone says to who believes `believed`?  RULE_UNSURE:
 * nobody can know, or nobody answers.
 */
enum rule { RULE_YES, RULE_NO, RULE_UNSURE };
enum rule zones_say(const struct zones *z, const struct zq *q, content_id id,
    content_id believed);
/* Do its servers differ; one of them without being older than the rest? */
bool zones_are_apart(const struct zones *z, const struct zq *q, bool *split);
bool serial_is_newer(uint32_t a, uint32_t b);
/* Does one of them say so now? */
bool zones_have_one(const struct zones *z, const struct zq *q, content_id id);
/* Did the zone say so at some time since, by the same rule? */
bool zones_said_once(
    const struct zq *q, mono_ns since, content_id id, content_id believed);
/* Whatever was so for long enough is what is believed and told. */
void zones_look(struct sim *s);
void zones_disturb(struct sim *s);
void zones_kill(struct sim *s);
void zones_end(struct sim *s);

/* ---- zones_hear.c ---- */
bool zones_has(const struct sim *s, const struct server *server);
size_t zones_on_ask(struct sim *s, const struct said *said);
void zones_on_arrival(struct sim *s, size_t number);
enum { ZONES_NUMBER = 1 << 30 }; /* in numbers of what was asked */
const struct db_question *row_in(const struct sim *s, const char *view,
    const struct name *name, uint16_t type);
struct zq *zones_row(struct sim *s, const struct db_question *row);
void zones_on_baseline(
    struct sim *s, struct zq *q, const struct commit_baseline *c);
void zones_on_evidence(struct sim *s, struct zq *q,
    const struct commit_evidence *e, const struct uuid *change);
void zones_on_decision(
    struct sim *s, struct zq *q, const struct commit_decision *d);
/* Said by a server of the zone within a survey's time, as a recursive view's
 * evidence says. */
bool zones_said(const struct sim *s, const struct name *name, uint16_t type,
    const char *server, wall_us at, content_id id);

/* ---- zones_event.c ---- */
/* True: it was about the zone's servers, or in an authoritative view. */
bool zones_on_entry(struct sim *s, const struct db_entry *e);
void zones_look_events(struct sim *s);

#endif

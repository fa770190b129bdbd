/* SPDX-License-Identifier: ISC */
#ifndef SOURCE_PRIV_H
#define SOURCE_PRIV_H

/*
 * source_priv -- asking the servers of zones themselves (R18); shared by
 *
 *   source.c     authoritative views: finding zones, what is sent
 *   source_server.c  servers of zones and their numbers
 *   survey.c     one question to all servers of its zone, and what it comes to
 *   zone.c       what is known of a zone's servers: who says what, who does not
 *   zone_wire.c  ... and who does not by TCP or with EDNS
 *   zone_keep.c  the same as bytes, for the database
 *   zone_say.c   ... and as events
 *
 * A server of a zone has a number from SOURCE_FIRST on wherever servers have
 * numbers (witnesses, answers), so that none is taken for a resolver.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/uuid.h"
#include "config/config.h"
#include "dns/reply.h"
#include "judge/survey.h"
#include "source.h"
#include "zone/finder.h"

enum {
	SOURCE_SERVERS_MAX = 4096,
	SURVEYS_MAX = 1024,         /* at once ... */
	SURVEYS_ZONE_MAX = 64,      /* ... and in one zone */
	SURVEY_CUTS_MAX = 8,        /* deeper zones found by one question */
	DENIED_MAX = 10000,         /* questions about which a resolver lies */
	ZONES_A_SECOND = 4096,      /* are looked at */
	DEVIATIONS_MAX = 1024,      /* of one zone's servers */
	ZONE_APART_MAX_S = 3600,    /* R18: then it spreads no more */
	ZONE_APART_DEFAULT_S = 600, /* without an SOA */
	ZONE_CHECK_MIN_S =
	    5, /* all servers' serials, as often as a name of ... */
	ZONE_CHECK_MAX_S = 300 /* ... the zone is asked, within these */
};

/* A name server at one address. */
struct source_server {
	struct addr addr;
	char text[ADDR_TEXT_SIZE];
	const char *name; /* of the server, text; its group */
	bool is_used, is_needed;
	bool is_named;  /* else that is its address, in `text` */
	uint16_t group; /* number of the first with that name */
	uint16_t next;  /* with the same hash */
	uint32_t full;  /* pass of surveys in which it had no room, + 1 */
};

/* An authoritative view. */
struct source {
	uint8_t view;                       /* the table's numbers */
	uint8_t parent;                     /* VIEW_NONE: none */
	const struct config_source *config; /* of the configuration in force */
	uint8_t print[SHA256_SIZE];         /* of its settings */
	struct sources *sources;
	struct finder *finder;
};

struct survey;
struct zone_state;

struct sources {
	struct monitor *monitor;
	struct resolver *resolver;
	struct source list[CONFIG_VIEWS_MAX];
	size_t n;
	struct source_server *servers;
	uint16_t n_servers, n_used; /* slots, and those of them in use */
	mono_ns swept;              /* those not needed were looked for; 0 */
	uint16_t *hash; /* of addresses: the first server, UINT16_MAX: none */
	struct idmap zones;   /* struct zone_state by the zone's name offset */
	uint32_t zone_at;     /* of the walk over them, second by second */
	struct idmap surveys; /* by question */
	struct survey *spare;
	/* Have questions that found no room, in the order in which they came.
	 */
	struct survey *stalled, *stalled_last;
	uint32_t pass;           /* over them */
	bool has_room;           /* since then some server has */
	mono_ns passed;          /* when that was */
	struct waiting waiting;  /* for one of SURVEYS_MAX */
	struct errands errands;  /* confirming questions, the same */
	bool family_good[2];     /* some server of IPv4, IPv6 answered ... */
	uint32_t family_lost[2]; /* ... and so many in a row did not since */
	uint64_t n_surveys;      /* ended */
	uint64_t n_lame;
};

/* What an answer of the direct resolver is for; part of the cookie. */
enum source_kind { SOURCE_FINDS = 1, SOURCE_SURVEYS = 2, SOURCE_CONFIRMS = 3 };

/* ---- source.c ---- */
struct source *source_of_view(const struct monitor *m, uint8_t view);
/* False: no room there now. */
bool source_send(struct sources *s, enum source_kind kind, uint64_t rest,
    const struct ask *ask);
/* The question's name, copied. */
void source_name(const struct monitor *m, uint32_t id, struct name *out);

/* ---- source_server.c ---- */
MUST_CHECK int source_servers_start(struct sources *s);
/* The number of a zone's server, which it gets when it is first met; 0: there
 * are too many. */
uint16_t source_server_number(struct sources *s, const struct source *of,
    const struct zone_server *server, const struct name *name);
/* Before: makes room for so many.  Numbers that nobody keeps are gone. */
void source_servers_room(struct sources *s, size_t n);
/* The same for one that is asked on the way to a zone, with room made. */
uint16_t source_server_asked(
    struct sources *s, const struct source *of, const struct addr *addr);
const struct source_server *source_server_of(
    const struct monitor *m, uint16_t number);

/* ---- survey.c ---- */
enum survey_why {
	SURVEY_POLL,    /* planned, or new: its poll ends with it */
	SURVEY_EARLY,   /* R5: a sibling, ahead of its plan */
	SURVEY_CONFIRM, /* for an inquiry of a recursive view */
	SURVEY_DENY,    /* does the zone still not say what a resolver says? */
	SURVEY_CHECK    /* serials only, of no watched question */
};
/* The question's zone, asked of all its servers; waits where it must. */
void survey_begin(struct sources *s, uint32_t id, enum survey_why why);
void survey_answer(struct sources *s, uint64_t rest, const struct answer *a);
/* Sends what found no room before, and begins what waits for a place. */
void survey_pump(struct sources *s);
/* The same for one zone, which surveys may have left without an end there. */
void survey_wake(struct sources *s, struct zone_state *z);
void survey_found(
    struct sources *s, uint64_t cookie, struct zone *z, enum find_why why);
/* Their polls wait among the orphans: all else is dropped. */
void survey_orphan_all(struct sources *s);
/* Nothing is begun any more. */
void survey_drain(struct sources *s);
void survey_free_all(struct sources *s);

/* ---- zone.c ---- */
/* One server that says something else than its zone. */
struct deviation {
	uint32_t question;
	uint16_t server;
	uint8_t stand;  /* enum survey_stand */
	uint64_t print; /* 0: not known in this process, `digest` is */
	uint8_t digest[16];
	bool has_serial;
	uint32_t serial;
	wall_us since;
};

/* Something that came and went lately; of this process only. */
struct flap {
	uint8_t n;     /* so often ... */
	wall_us ended; /* ... the last time then */
	wall_us calm;  /* over since, though not told so; 0: it is not */
};

enum zone_trouble { TROUBLE_NOT = 0, TROUBLE_LAME = 1, TROUBLE_SILENT = 2 };

/* Does it answer in one way of asking? */
struct zone_wire {
	uint8_t bad; /* times in a row that it did not */
	bool told;
	wall_us since;
};

/* What is known of one server of one zone. */
struct zone_member {
	uint16_t server;
	bool has_serial;
	uint32_t serial;
	mono_ns serial_at;         /* it was said then; 0: before the start */
	enum zone_trouble trouble; /* of the last rounds ... */
	uint8_t rounds;
	mono_ns counted;
	wall_us since;
	enum zone_trouble told; /* ... and what was told of it */
	struct zone_wire tcp, edns;
	enum fail fail;
	struct flap flap;
	wall_us backwards; /* told then that its serial went backwards */
};

enum zone_apart { APART_NOT = 0, APART_SPREADING = 1, APART_SPLIT = 2 };

struct zone_state {
	uint32_t name;     /* offset: the key */
	uint32_t question; /* one that is watched in it; QUESTION_NONE */
	uint8_t view;
	struct zone *zone; /* held; NULL after a restart until it is found */
	struct zone_member *members; /* ZONE_SERVERS_MAX at most */
	uint8_t n_members, room_members;
	bool split_delegation; /* told */
	struct flap delegation_flap;
	enum zone_apart apart; /* told */
	struct flap flap;
	wall_us apart_since;
	wall_us apart_until; /* then it is split */
	uint32_t late_s;     /* SOA refresh + retry, as last seen */
	struct deviation *deviations;
	uint32_t n_deviations, room;
	uint32_t soa;     /* the question of its serial; QUESTION_NONE */
	uint32_t every_s; /* the shortest interval of a name in it */
	mono_ns checked;
	uint32_t checks;
	bool check_tcp;  /* the one that runs goes by TCP */
	uint32_t active; /* surveys in it */
	struct waiting waiting;
};

struct zone_state *zone_state_of(
    struct sources *s, const struct source *of, struct zone *z);
/* The same by name, found or not; NULL: no memory. */
struct zone_state *zone_state_named(
    struct sources *s, uint8_t view, const struct name *name);
/* Room for so many members.  False: no memory. */
bool zone_reserve(struct zone_state *z, uint8_t n);
/* NULL: there are enough. */
struct deviation *zone_add_deviation(struct zone_state *z);
/* NULL: none of that question and server. */
struct deviation *zone_deviation(
    struct zone_state *z, uint32_t id, uint16_t server);
const char *trouble_text(enum fail fail); /* "lame" or "silent" */
/* What it is known to say of the question, if not what is believed; 0.  After
 * a start, until it was heard, what nobody says. */
uint64_t zone_expected(struct zone_state *z, uint32_t id, uint16_t server);

/* A server's part of a survey. */
struct zone_heard {
	uint16_t server;
	bool good;
	enum fail fail;
	uint64_t print;
	bool has_serial;
	uint32_t serial;
	mono_ns serial_sent, serial_at; /* it was asked for that, and said it */
	const struct content *content;  /* of those that do not agree */
	const uint8_t *nsid;            /* of the same; borrowed */
	size_t nsid_size;
	enum survey_stand stand;
};
/*
 * A survey of a question ended: who says something else than the zone, and
 * tells what is to be told.
 */
void zone_hear(struct sources *s, struct zone_state *z, uint32_t id,
    const struct zone_heard *heard, size_t n);
/*
 * Does one that says something else have the newest serial by now?  Then it may
 * be what the zone says, though it goes on saying the same.
 */
bool zone_is_overtaken(struct zone_state *z, uint32_t id);
/* Has it spread for too long?  Then zone_hear() tells so, news or not. */
bool zone_is_late(const struct sources *s, const struct zone_state *z);
/* Serials, and who answers at all; of any survey. */
void zone_note(struct sources *s, struct zone_state *z, uint32_t id,
    const struct zone_heard *heard, size_t n, uint32_t late_s);
/* Serials are looked at, and what nobody watches any more is forgotten. */
void zone_second(struct sources *s);
/* Tells the servers of all zones that somebody watches, or asks; what is known
 * of the others' goes. */
void zone_needs(
    struct sources *s, void (*fn)(struct sources *s, uint16_t server));
/* Their waiting polls are among the orphans then. */
void zone_free_all(struct sources *s);

struct zone_member *zone_member(struct zone_state *z, uint16_t server);

/* ---- zone_wire.c ---- */
/* Is it time for a check by TCP? */
bool zone_wants_tcp(const struct zone_state *z);
/* What came of one. */
void zone_note_tcp(struct sources *s, struct zone_state *z,
    const struct zone_heard *heard, size_t n);

/* ---- zone_keep.c ---- */
void zone_pack(
    const struct sources *s, const struct zone_state *z, struct buf *out);
/* False: it cannot be read, and nothing of it is taken. */
bool zone_unpack(
    struct sources *s, struct zone_state *z, const uint8_t *data, size_t size);
/* For those that come after a reload; a view that is away keeps its own. */
void zone_keep_all(struct sources *s);
void zone_take_kept(struct sources *s);

/* ---- zone_say.c ---- */
struct zone_news {
	const char *kind;
	const char *reason; /* NULL: none */
	uint16_t server;    /* that it is about; 0: the zone */
	uint32_t question;  /* that showed it; QUESTION_NONE */
	const struct zone_heard *heard;
	size_t n_heard;
	wall_us since;
	bool delegation; /* who names which servers is to be said */
	bool has_serials;
	uint32_t serial_from, serial_to;
};
void zone_tell(
    struct sources *s, struct zone_state *z, const struct zone_news *n);
/* Without an event: what the database has of it is not as it is. */
void zone_keep(struct sources *s, struct zone_state *z);

#endif

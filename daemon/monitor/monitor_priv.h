/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_PRIV_H
#define MONITOR_PRIV_H

/*
 * monitor_priv -- the inside of the monitor, shared by its files.
 *
 *   poll.c       when a question is asked, fail-over, what an answer means
 *   pump.c       what waits for a server, and who is next
 *   servers.c    the servers, and their change by a reload
 *   gate.c       what differs beyond what is inquired into at once
 *   inquiry.c    a question that answers differently than believed
 *   baseline.c   its first good reply
 *   testimony.c  what servers said about it
 *   held.c       what was held of a candidate before a restart
 *   doubt.c      what was told as unconfirmed, asked again
 *   asking.c     whom it asks to confirm
 *   keys.c       whether DS and DNSKEY still fit each other (R17)
 *   decide.c     turns a judgement into decisions, alerts and lines
 *   told.c       alerts about several changes
 *   household.c  types of one name that vanish or appear together (R5)
 *   outage.c     failing, recovered, blind, sighted (R3, R4)
 *   provider.c   names that fail together while others answer (R4)
 *   canary.c     questions whose truth is known, and who lies (R16)
 *   filter.c     what a resolver blocks, and what moves together there
 *   note.c       an event on its way to the database
 *   event.c      an event about a question, with its proof
 *   bogus.c      what a validator holds back (R17)
 *   signature.c  signatures that will expire (R17)
 *   dangling.c   targets of owned names that do not exist
 *   wildcard.c   names that do not exist below owned zones
 *   unlisted.c   names of owned zones that no list has
 *   attribute.c  what is no change, for those that ask to be told (R6)
 *   source.c     authoritative views: the servers of zones (source.h)
 *   restore.c    the state as the database has it
 *   fresh.c      questions that were never asked before
 *   expect.c     what is believed against what is expected (R27)
 *   views.c      views of a question that differ for good (views.h)
 *   pools.c      addresses that rotate (pools.h)
 *   remnant.c    what caches may still hold of before (R13)
 *   stale.c      what caches keep beyond its time (stale.h)
 *   sleeping.c   types of names that do not exist yet
 *   until.c      what lists say that ends
 *   idle.c       names that have not existed for long
 *   burst.c      what just changed, asked a few times more
 *   watchset.c   watchlists into the table, and reloads
 *   status.c     all of it in numbers
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/hash.h"
#include "idmap.h"
#include "judge/candidate.h"
#include "judge/reach.h"
#include "lateness.h"
#include "ledger.h"
#include "monitor/monitor.h"
#include "schedule/wheel.h"
#include "store/commit.h"
#include "store/store.h"
#include "table.h"
#include "testimony.h"
#include "told.h"

enum {
	POLL_TURN_MAX = 2048,  /* due questions taken in one loop turn */
	TURN_MS = 2,           /* no new work in a turn that is so old ... */
	TURN_LOOK = 32,        /* ... at which is looked after so many pieces */
	PUMP_TURNS = 4,        /* polls that wait let every fourth pass ... */
	FRESH_TURNS = 16,      /* ... for an errand, or so many for a new one */
	POLL_ATTEMPTS_MAX = 3, /* servers tried for one poll */
	DEAD_AFTER_FAILS = 16, /* in a row: the server is passed over */
	DEAD_PROBE_MS = 1000,  /* but for one poll in this time */
	TICK_PERIOD_MS = 100,
	SECOND_PERIOD_MS = 1000,
	OUTAGE_HOLD_S = 60,     /* R3: within a minute they are one alert */
	GATE_OPEN_MAX = 1024,   /* inquiries at once */
	GATE_QUIET_MAX = 16384, /* beside them, that wait for a poll */
	DOUBTS_MAX = 10000,
	DOUBTS_BYTES_MAX = 32 << 20, /* of all of them */
	DOUBT_BYTES = 64 << 10,      /* of what came since it was told */
	DOUBT_WITNESSES = 32,
	SEEN_MAX = 1000,
	FETCH_RETRY_MS = 250,
	FAILED_SHARE = 4, /* names that fail get this part of a server */
	GAP_TICKS = 50,   /* nothing was sent for so long: the ledger says so */
	NOVEL_S = 86400   /* what was first seen within a day is still news */
};

/* Planned times are counted from here, in the ledger too: 2000-01-01. */
#define PLAN_ANCHOR WALL_S(946684800)

#define SERVER_NONE UINT8_MAX
/* Servers of zones are numbered from here on (source_priv.h). */
enum { SOURCE_FIRST = 256 };

/* Whom a view asks, by their index among the servers. */
struct poll_view {
	uint8_t servers[RESOLVER_SERVERS_MAX];
	uint8_t n; /* 0: the configuration does not have it any more */
	uint8_t n_groups;
	uint8_t quorum; /* groups that confirm; 0: two */
};

/* What is seen of a view (R4). */
struct view_sight {
	struct sight sight;
	uint32_t watched; /* questions of it */
	uint32_t failing; /* ... that fail */
};

/* Why a question is asked; part of the cookie. */
enum purpose {
	PURPOSE_POLL = 0,      /* planned, or new */
	PURPOSE_EARLY = 1,     /* R5: a sibling, ahead of its plan */
	PURPOSE_CONFIRM = 2,   /* for an inquiry */
	PURPOSE_CANARY = 3,    /* the truth is known; of no question */
	PURPOSE_EVIDENCE = 4,  /* R17: what a validator holds back */
	PURPOSE_SIGNATURE = 5, /* R17: until when it is signed */
	PURPOSE_AGAIN = 6,     /* R13: does its TTL count down? */
	PURPOSE_DANGLING = 7,  /* does its target exist; of no question */
	PURPOSE_WILDCARD = 8,  /* does what cannot exist; of no question */
	PURPOSE_UNLISTED = 9   /* does what no list has; of no question */
};

struct errand {
	uint32_t question;
	uint8_t purpose;
	uint8_t attempt;
	uint16_t server;
	uint8_t flags;   /* ASK_* */
	bool severe;     /* before what is less so (R11) */
	uint8_t accused; /* filter.c: who said what is asked again; 0: no */
};

/* Errands that go before planned polls: a ring. */
struct errands {
	struct errand *ring;
	uint32_t first, n, room;
};

/* Planned polls wait in a list through the wheel's links. */
struct waiting {
	uint32_t first, last, n;
};

struct standing;

struct poll_server {
	struct addr addr;
	struct standing *standing; /* owned; quorum_priv.h */
	char text[ADDR_TEXT_SIZE];
	const char *group_text;
	uint8_t group;
	bool trust_ad;                  /* M11: its AD is believed */
	uint8_t tls_print[SHA256_SIZE]; /* of its settings for TLS */
	bool full;                      /* on_room will tell */
	uint32_t since_errand;          /* others sent since the last errand */
	uint32_t since_fresh;           /* ... and the last new question */
	struct due_marks marks;         /* of `due` */
	struct errands owned;  /* those of owned names, before the others */
	struct errands severe; /* those of what is high or critical, next */
	struct errands errands;
	struct waiting due;   /* planned */
	struct waiting fresh; /* new: after the planned, all but one in many */
	/* What failed before: a quarter at most, so that it delays nothing. */
	struct errands again;  /* second attempts */
	struct waiting failed; /* planned, of those that failed the last time */
	uint32_t failed_open;  /* ASK_FAILED, in flight */
	int32_t failed_credit; /* sent to others for it; below 0: a debt */
	mono_ns probed;
};

struct gated;

struct gate_list {
	struct gated *first, *last;
};

/* What waits for an inquiry: each list in order of first sight. */
struct gate {
	struct idmap questions;
	struct gate_list lists[2]; /* others, and owned names, which go first */
	uint32_t n;
	bool opening;
	struct loop_timer *timer;
};

/* until.h */
struct until {
	wall_us next; /* the first end of what is in force; 0: none */
	mono_ns not_before;
	bool walking;
	wall_us now; /* of the walk */
	uint32_t at; /* its next question */
	uint32_t n_ended;
	bool sifting, sift_again;
	uint32_t sift_at;
};

enum { INQUIRY_REPEATS_MAX = 3 }; /* the first server is asked again */

enum inquiry_state {
	INQUIRY_FETCHING, /* the believed state is on its way */
	INQUIRY_OPEN,     /* candidate recorded, being confirmed */
	INQUIRY_HELD,     /* judged, waits for its household */
	INQUIRY_CLOSING,  /* the decision is on its way to the database */
	INQUIRY_DOUBTED   /* told as unconfirmed, asked again (R15) */
};

struct fresh;
struct household;
struct provider;

struct inquiry {
	struct monitor *monitor;
	uint32_t question;
	struct store_key key; /* of the question: hashed once */
	enum inquiry_state state;
	bool orphan;         /* let go while a fetch was open: freed by that */
	bool fetch_open;     /* a fetch will call back */
	bool away;           /* the last fetch failed: the database is away */
	uint64_t away_print; /* what was asked again meanwhile */
	uint16_t away_server;
	bool restored; /* its candidate was in the database at start ... */
	bool unheard;  /* ... and its zone's servers were not heard since */
	bool quiet;    /* R11: it waits for the next poll, nothing is asked */
	uint8_t polls; /* quiet: polls that ended since, and the first */
	bool novel;    /* as it was weighed last */
	bool look;     /* a witness turned out a liar: to be judged again */
	struct arena arena;
	size_t counted;         /* bytes of it in monitor->observed_bytes */
	bool counted_doubted;   /* or in monitor->doubted_bytes */
	struct testimony *list; /* in order of arrival */
	size_t n, room;
	size_t begin; /* this candidate's are begin .. end - 1 */
	size_t end;
	struct content believed;
	uint32_t believed_ttl;
	uint32_t believed_ttl_most; /* that was seen of it */
	wall_us believed_since;
	wall_us believed_seen;
	uint32_t n_sets_day;
	bool has_keys;       /* its name's other one of DS and DNSKEY is ... */
	struct content keys; /* ... believed to be this */
	struct store_element *facts; /* of list[begin].content */
	size_t n_facts;
	struct uuid change;
	uint32_t revision;
	wall_us seen_at;
	wall_us opened_at; /* by this process */
	wall_us deadline;  /* 0: the clock of T does not run */
	uint32_t wait_s;   /* T */
	enum proved required;
	struct judgement judgement;
	enum severity severity;
	struct severity_why weighed;
	uint32_t aspects;
	uint32_t kept_aspects; /* doubted: those of the decision before (R17) */
	bool inconsistent;     /* R5: taken as NODATA */
	bool rotating;         /* R22 */
	bool doubted;          /* the decision was told as unconfirmed */
	uint64_t asked_groups; /* bit per group that was asked */
	uint8_t n_repeats;     /* times the first server was asked again */
	uint8_t n_looks;       /* contents that were looked up (R13) */
	wall_us next_repeat;
	wall_us next_survey; /* then those of an unheard one are asked */
	bool source_asked;   /* the zone's servers were asked */
	bool cd_asked;       /* a validator was asked with CD=1 (R17) */
	uint16_t cd_server;  /* ... this one, which is asked without ... */
	wall_us cd_again;    /* ... then; 0: no need */
	wall_us retry_fetch;
	bool waited; /* for a first sight to be said again (stale.h) */
	struct household *household;
	struct inquiry *next_spare;
	struct told_group *group; /* the alert that told it, if a group's */
	bool told;                /* by an alert of its own or by the group's */
};

struct monitor {
	struct monitor_setup setup;
	struct resolver_limits limits;
	struct monitor_hooks hooks;
	struct loop *loop;
	struct store *store;
	const struct config *config;
	struct resolver *resolver;
	struct sources *sources;      /* NULL: no view is authoritative */
	struct zone_kept *zones_kept; /* of such views that a reload took */
	struct table *table;
	struct wheel *wheel;
	struct hash_key key; /* of fingerprints, new with each process */
	uint64_t nxdomain;   /* that of an NXDOMAIN without a chain */
	mono_ns start;
	wall_us began;  /* wall time of tick 0, never changed */
	wall_us origin; /* wall time of tick 0 */
	struct poll_server *servers;
	uint32_t rates[RESOLVER_SERVERS_MAX];
	bool gso[RESOLVER_SERVERS_MAX];
	uint8_t n_servers;
	struct poll_view *views; /* by the table's numbers */
	uint8_t n_views;
	struct arena names; /* of groups; kept while evidence may name them */
	struct ledger ledger;
	uint32_t drained;   /* the wheel has nothing due before this tick */
	uint32_t load_from; /* the tick at which the first load began */
	uint32_t load_to;   /* ... and ended */
	bool load_stepped;  /* the clock stepped since, before it ended */
	bool ledger_open;   /* all is loaded, and what was due by then began */
	bool spans_open;    /* a commit of spans is on its way */
	struct view_sight *sights; /* by the table's numbers of views */
	struct gate gate;
	struct lateness lateness;
	mono_ns clock;             /* some sendings ago: for lateness */
	struct lateness turns;     /* the longest of each second */
	struct lateness turns_cpu; /* ... by the CPU it used */
	wall_us inquiries_due;     /* looked at again then, steady */
	struct idmap inquiries;    /* by question */
	struct idmap doubts;       /* by question */
	struct idmap households;   /* by name offset */
	struct idmap failing;      /* by question */
	struct idmap bogus;        /* by question, of those that fail */
	struct idmap holds;        /* by name offset */
	uint32_t hold_at;          /* of the walk that tells them */
	bool holds_walk;           /* it goes on */
	uint32_t telling;          /* sent and not yet durable */
	struct provider *provider;
	struct views *differing;
	struct pools *pools;
	struct idmap attributes; /* by question */
	struct idmap signatures; /* by question, of zones */
	uint32_t signature_at;   /* of the walk that asks for them */
	struct idmap dangling;   /* by question, of those that point */
	struct idmap apexes;     /* by question, of owned zones */
	struct idmap remnants;   /* by question */
	uint32_t remnant_at;     /* of the walk that sweeps them */
	struct stales *stales;   /* NULL: nothing was in doubt yet */
	struct idmap stretches;  /* by question, of those with stale answers */
	bool stretches_full;     /* and it was said */
	struct idmap life_looks; /* by first question of the name */
	uint32_t n_life_reads;
	struct gather *gather;     /* NULL: nothing was told yet (R32) */
	struct plans *plans;       /* NULL: there are none (R27) */
	struct idmap plans_kept;   /* by question: closed with its event */
	struct idmap deviating;    /* by question: not as expected (R27) */
	struct idmap expect_looks; /* by question, to be held against it */
	uint32_t n_expect_reads;
	struct idmap denied; /* by question: what the zone's servers deny */
	uint64_t n_denied;   /* polls that said it again */
	uint64_t n_old;      /* answers of old cache entries */
	uint32_t n_short;    /* asked more often than their TTL, as last ... */
	uint32_t n_quiet;    /* inquiries that wait for a poll */
	uint32_t short_at, short_now; /* ... counted, and as being counted */
	uint64_t n_chased;            /* polls put at the end of an entry */
	struct idmap bursts;          /* by question */
	struct idmap idle;            /* by question: idle.h */
	bool idle_full;               /* and it was said */
	uint32_t n_idle;              /* asked less often */
	struct digest {
		wall_us due; /* 0: none is */
		wall_us since, until;
		mono_ns again; /* after a failure, not before */
		bool planned;  /* in this process */
		bool late;     /* it was due before it */
		bool was_late; /* that is being asked for */
		bool asking;
	} digest;
	uint32_t n_later;  /* never asked, and not yet to be (`first_poll`) */
	uint32_t bursting; /* of them, with polls to come */
	uint32_t burst_at; /* in `bursts`, while `burst_due` */
	bool burst_due;
	struct idmap filtered; /* by question */
	struct arena scratch;
	struct buf text;       /* of the entry that is being written */
	struct inquiry *spare; /* ended, kept for their memory */
	uint32_t n_spare;
	struct loop_timer *tick;
	struct loop_timer *second;
	unsigned second_part; /* 0: it begins */
	mono_ns second_due;   /* the next */
	const char **sinks;   /* names, for alerts */
	size_t n_sinks;
	size_t observed_bytes; /* not in the database yet, or being decided */
	size_t doubted_bytes;
	bool loaded; /* the database's state is in the table */
	bool loading;
	wall_us listed_at;  /* when the lists were last taken ... */
	wall_us listed_now; /* ... or what one says ends, now; 0: none */
	struct until until;
	bool polling; /* the first rows may be here */
	bool again;   /* the next tick is to follow at once */
	bool draining;
	bool done_told;
	bool slow;             /* the buffer is full: polling slows */
	bool gathering;        /* all servers' replies are being told ... */
	bool apart;            /* ... now one that begins no change */
	bool attributes_asked; /* some watch asks to be told of attributes */
	uint32_t watched;
	uint32_t n_asleep;  /* beside those (sleeping.h) */
	uint32_t n_refused; /* questions that lists ask for (T16) */
	uint32_t first_left;
	uint32_t first_done; /* of this pass */
	bool first_pass;     /* its end is not told yet */
	struct fresh *fresh;
	uint64_t finished;
	uint64_t answered;
	uint64_t n_fresh; /* polls answered by a fetch after the poll before */
	uint32_t busy;    /* polls queued or in flight */
	struct pending *pending;     /* what waits for its commit */
	uint32_t commits_open;       /* decisions not yet durable */
	struct store_key *seen_keys; /* `once`: answered as believed */
	wall_us *seen_at;
	size_t n_seen;
	struct waiting orphans; /* polls that waited at servers of before */
	struct waiting strays;  /* just taken out of the wheel */
	uint32_t
	    restore_next;   /* next question to be looked at after the load */
	bool planned;       /* all are planned */
	mono_ns load_retry; /* the load failed: again then */
	uint64_t n_changes;
	uint64_t n_stale;
	mono_ns progress_told;
	mono_ns first_pass_began;
	struct watchset *watchset; /* a reload that is going on */
	wall_us reload_refused;
	mono_ns turn_max;   /* of the running minute */
	mono_ns lag_before; /* of the minute before */
	mono_ns turn_before;
	mono_ns minute;  /* when the running one began */
	mono_ns lag_max; /* since the last status */
};

/*
 * What is to be said when a commit is durable; the first member of whatever
 * waits, so that all can be freed with the monitor.
 */
struct pending {
	struct pending *next;
	struct pending **link; /* what points at it */
	void (*free)(struct pending *p);
};
void pending_add(struct monitor *m, struct pending *p);
void pending_take(struct monitor *m, struct pending *p);

/* ---- time ---- */
uint32_t monitor_tick_now(const struct monitor *m);
wall_us monitor_wall_of(const struct monitor *m, uint32_t tick);
mono_ns monitor_mono_of(const struct monitor *m, uint32_t tick);
/* Wall time as if the clock never stepped: deadlines and orders go by it. */
wall_us monitor_steady(const struct monitor *m);

/*
 * May this turn of the loop take on more?  Work that can be long looks at
 * it after every TURN_LOOK pieces, and goes on in the next turn.
 */
bool monitor_has_time(const struct monitor *m);
/* Does a watch of it have the tag `owned`? */
bool monitor_is_owned(const struct monitor *m, uint32_t id);
/* The view that it is asked through. */
const char *monitor_view(const struct monitor *m, uint32_t id);

/* ---- poll.c ---- */
MUST_CHECK int poll_start(struct monitor *m);
/* The configuration changed: other servers, groups or rates. */
MUST_CHECK int poll_restart(struct monitor *m);
void poll_stop(struct monitor *m);
/* Plans the next poll of a watched question by its phase, after now. */
void poll_plan(struct monitor *m, uint32_t id);
/* The same of a row that was loaded: at once, if a plan was missed since the
 * load began; soon, if one was missed before. */
void poll_plan_known(
    struct monitor *m, uint32_t id, const struct store_row *row);
/* The running poll makes up for one that was missed: it has no plan, so that no
 * span tells that it was seen then. */
bool poll_is_aside(const struct question *q);
/* So long from now, which is no plan: for a first poll. */
void poll_later(struct monitor *m, uint32_t id, uint64_t after_ms);
/* A stray is out of the wheel: it is planned anew, or no longer watched. */
void poll_stray(struct monitor *m, uint32_t id);
/* Does so with those of one slot of the wheel, see wheel_sift(). */
bool poll_sift(struct monitor *m, uint32_t *at);
/* Asks a new question at once, within the rates. */
void poll_fresh(struct monitor *m, uint32_t id);
/* Takes what is due and sends what the servers have room for. */
void poll_turn(struct monitor *m);
/* Whom the question's view asks. */
const struct poll_view *poll_view_of(const struct monitor *m, uint32_t id);
/* SERVER_NONE: nobody, until a reload has ended. */
uint8_t poll_home(const struct monitor *m, uint32_t id);
/* Is the server worth asking now? */
bool poll_is_alive(const struct monitor *m, uint8_t server);

/* A poll ended; it stands for so many seconds. */
void poll_finish(
    struct monitor *m, uint32_t id, bool good, uint32_t stands_for_s);

/* ---- pump.c ---- */
/* Lists of questions that are in no other: to the end, from the front. */
void pump_push(struct monitor *m, struct waiting *w, uint32_t id);
uint32_t pump_pop(struct monitor *m, struct waiting *w);
/*
 * Queues an errand at a server.  False: no memory, no server in its view, or
 * its question is quiet (R11, `confirm: next-poll`) and this is no poll of it;
 * nothing will come of it, and who waits for a reply has a deadline.
 */
bool pump_errand(struct monitor *m, const struct errand *e);
/* The ring itself.  False: no memory. */
bool errands_push(struct errands *q, const struct errand *e);
void errands_shift(struct errands *q);

/* ---- servers.c ---- */
/* A resolver or a zone's server, by its number; false: not known any more. */
struct server_known {
	const struct addr *addr;
	const char *text, *group_text;
	uint16_t group;
};
bool server_known(
    const struct monitor *m, uint16_t number, struct server_known *out);
/* The other way; UINT16_MAX: none. */
uint16_t server_at(const struct monitor *m, const struct addr *addr);

/* ---- gate.c ---- */
MUST_CHECK int gate_start(struct monitor *m);
/* True: there are enough inquiries, the reply waits for its turn. */
bool gate_keep(struct monitor *m, uint32_t id, const struct answer *a,
    const struct reply_sum *sum);
bool gate_has(const struct monitor *m, uint32_t id);
/* Its turn is now; nothing happens when it does not wait. */
void gate_open(struct monitor *m, uint32_t id);
/* When the first of those that wait was seen; far away when none does. */
wall_us gate_oldest(const struct monitor *m);
void gate_free(struct monitor *m);

/* ---- inquiry.c ---- */
/* A good reply to a question whose fingerprint differs, or of an inquiry. */
void inquiry_reply(struct monitor *m, uint32_t id, const struct answer *a,
    const struct reply_sum *sum);
/* The same for one that was observed earlier. */
void inquiry_recall(struct monitor *m, uint32_t id, const struct answer *a,
    const struct reply_sum *sum, const struct recall *r);
/*
 * While m->gathering is set replies are taken down only; this ends it, and all
 * of them are judged together.
 */
void inquiry_gathered(struct monitor *m, uint32_t id);
void inquiry_fail(
    struct monitor *m, uint32_t id, const struct answer *a, enum fail fail);
/* The answer with CD=1 that an inquiry asked for.  False: none did. */
bool inquiry_shown(struct monitor *m, uint32_t id, const struct answer *a,
    enum fail fail, const struct reply_sum *sum);
/* A confirming question left: T runs from now. */
void inquiry_asked(struct monitor *m, uint32_t id, uint16_t server);
/* Deadlines and questions to be asked again; every tick. */
void inquiry_tick(struct monitor *m);
/* What was doubted for a day is left alone. */
void inquiry_second(struct monitor *m);
void inquiry_restore(struct monitor *m, uint32_t id, const struct uuid *change,
    wall_us seen_at, uint32_t revision);
/* A poll of a doubted question ended: ask the others too (R15). */
void inquiry_doubt_ask(struct monitor *m, uint32_t id);
/* R11, `confirm: next-poll`: nothing but planned polls of it may be asked. */
bool inquiry_is_quiet(const struct monitor *m, uint32_t id);
/* Its T, if no poll ended before: an interval and what may be late of it. */
uint32_t inquiry_quiet_wait_s(const struct monitor *m, uint32_t id);
/* A poll of a question that is inquired into has ended, well or not. */
void inquiry_polled(struct monitor *m, uint32_t id);
void inquiry_free(struct inquiry *q);
void inquiry_free_spare(struct monitor *m);
/* The decision is durable: goes on with what came meanwhile, or ends. */
void inquiry_closed(struct inquiry *q);
/* Re-judges after a change from outside (its household). */
void inquiry_step(struct inquiry *q);
void inquiry_evidence(
    const struct inquiry *q, size_t from, struct commit_evidence *out);
void inquiry_settle(struct inquiry *q);
/* The servers changed: testimonies speak of them by their new numbers. */
void inquiry_remap(
    struct monitor *m, const struct poll_server *old, uint8_t n_old);

/* What is believed is known, and that it differs: the candidate is opened. */
void inquiry_open(struct inquiry *q);
/* Judged for good: the lists are kept with the inquiry. */
bool inquiry_conclude(struct inquiry *q, wall_us now);

/* ---- baseline.c ---- */
/* Does a watch of it ask for the event `baseline`? */
bool baseline_is_told(const struct monitor *m, uint32_t id);
void baseline_commit(struct monitor *m, uint32_t id,
    const struct content *content, uint32_t ttl, wall_us at);

/* ---- doubt.c ---- */
void inquiry_restore_doubt(
    struct monitor *m, uint32_t id, const struct store_row *row);
/*
 * It was told as unconfirmed and goes on as a doubt.  False: there are too
 * many, or no memory.
 */
MUST_CHECK bool doubt_begin(struct inquiry *q);
/* More was said about it: keeps no more than is needed to ask again. */
void doubt_bound(struct inquiry *q);
/* The database need not know any longer that the change is doubted. */
void doubt_settle_row(struct inquiry *q);

/* ---- asking.c ---- */
/* The proof that its watches require, or the best there is. */
enum proved inquiry_required(const struct inquiry *q);
/* Asks what is still wanting to confirm or to refute. */
void inquiry_ask_more(struct inquiry *q, wall_us now);
/* The same while the database is away, about the last testimony. */
void inquiry_ask_away(struct inquiry *q);
void inquiry_ask(struct inquiry *q, uint16_t server, uint8_t flags);
/* A validator answered with this FAIL: asks it with CD=1, once (R17). */
void inquiry_ask_cd(struct inquiry *q, const struct answer *a, enum fail fail);
/* Do the testimonies say that a validator refuses what is different? */
bool inquiry_is_bogus(const struct inquiry *q);

/* ---- keys.c ---- */
/* True: what is believed of DNSKEY or DS is fetched, inquiry_open() follows. */
bool keys_fetch(struct inquiry *q);
/* Does no DS fit a key any more, as it is judged now? */
bool keys_mismatch(const struct inquiry *q);

/* ---- decide.c ---- */
/* Severity and aspects of a judgement; sets q->severity and q->aspects. */
void decide_weigh(struct inquiry *q);
void decide_sight(struct inquiry *q);
/* Commits the decisions of inquiries in one transaction, with their alert. */
void decide_commit(
    struct monitor *m, struct inquiry **members, size_t n, struct household *h);

/* ---- household.c ---- */
enum heard {
	HEARD_NOT,      /* asked, no reply yet */
	HEARD_DOUBTFUL, /* still answers, maybe out of a cache: asked again */
	HEARD_DONE
};
struct household {
	uint32_t name;    /* offset: the key */
	uint32_t first;   /* first question of the name */
	const char *kind; /* "vanished" or "appeared" */
	wall_us opened;
	wall_us deadline;
	struct told_group *group; /* NULL until it was told */
	uint8_t n_asked;
	uint32_t asked[WATCH_TYPES_MAX]; /* questions whose reply is awaited */
	uint8_t heard[WATCH_TYPES_MAX];  /* enum heard */
	wall_us again_at; /* ask the doubtful once more; 0: no more */
};
/* A candidate was opened that may concern the whole name. */
void household_join(struct monitor *m, struct inquiry *q);
/* Any good reply to a question of a name with a household. */
void household_hear(struct monitor *m, uint32_t id, const struct reply_sum *sum,
    wall_us fetched_after);
/* A poll of one of its questions failed. */
void household_fail(struct monitor *m, uint32_t id);
/* A member is judged, or time passed: commit when all are in. */
void household_step(struct monitor *m, struct household *h);
/* R5: true: an inquiry of which a denial left nothing has ended. */
bool household_denied(
    struct inquiry *q, const struct judgement *j, wall_us now);
void household_tick(struct monitor *m);
void household_free(struct monitor *m, struct household *h);
void household_free_all(struct monitor *m);

/* ---- outage.c ---- */
/* That of the question's view. */
struct view_sight *outage_sight(const struct monitor *m, uint32_t id);
struct failing {
	struct reach reach;
	uint32_t question;
	mono_ns failed_at;    /* its last failed poll */
	wall_us recovered_at; /* 0: still failing */
	bool bogus;           /* `bogus` was told, which `recovered` closes */
	bool closed;          /* the database knows that it recovered */
	bool covered;         /* held: a provider fails */
	bool let_go;          /* its poll does not hold the ledger back */
	bool long_since;      /* for a day, which its stage was asked for */
};
/*
 * Returns the seconds that the poll stands for: while nothing answers a poll
 * takes longer than its interval, and there are fewer of them.
 */
uint32_t outage_fail(
    struct monitor *m, uint32_t id, enum fail fail, uint8_t paths);
/* `believed`: what answers says what is believed. */
void outage_good(struct monitor *m, uint32_t id, bool believed);
void outage_unwatched(struct monitor *m, uint32_t id);
struct say_event;
/* Commits an event of the monitor; its id, time and severity are filled in. */
void outage_tell(struct monitor *m, struct say_event *e);
/*
 * Did its last poll fail?  `fails`: how many in a row, once it was told that it
 * fails over all paths; else 0.
 */
bool outage_is_open(const struct monitor *m, uint32_t id, uint32_t *fails);
/*
 * A planned poll of what fails waits for others that fail, maybe for long.
 * Its outage is in the database and says that nothing is seen, so the ledger
 * need not wait for it: outage_let_go() instead of ledger_begin(), and
 * outage_ledger_end() for any planned poll.
 */
void outage_let_go(struct monitor *m, uint32_t id);
void outage_ledger_end(struct monitor *m, uint32_t id);
/* Watched questions that fail, and since when the longest does; 0: none. */
uint32_t outage_count(const struct monitor *m, wall_us *since);
void outage_restore(
    struct monitor *m, uint32_t id, const struct store_row *row);
/* `bogus` is about to be told of it.  Since when does it fail? */
wall_us outage_told_bogus(struct monitor *m, uint32_t id);
void outage_second(struct monitor *m);
void outage_tick(struct monitor *m); /* goes on with what is to be told */
void outage_free_all(struct monitor *m);

/* ---- attribute.c ---- */
/* A reply that says what is believed: what does it show beside that? */
void attribute_look(struct monitor *m, uint32_t id, const struct answer *a,
    const struct reply_sum *sum);
void attribute_restore(
    struct monitor *m, uint32_t id, const struct store_row *row);
void attribute_free_all(struct monitor *m);

/* ---- burst.c ---- */
/* A change is decided and told: its question is asked a few times more. */
void burst_begin(struct monitor *m, uint32_t id);
/* It answered, with so much of a TTL left (chase.h). */
void burst_hear(struct monitor *m, uint32_t id, uint32_t ttl_left);
void burst_second(struct monitor *m);
void burst_tick(struct monitor *m); /* goes on with what that began */
void burst_free_all(struct monitor *m);

/* ---- monitor.c ---- */
/* A reload was taken: its configuration is in force.  Failing is fatal. */
MUST_CHECK int monitor_adopt(struct monitor *m, const struct config *config);
/* It was answered as believed, and there is no plan to tell it: in `once`, and
 * by a poll that makes up for a missed one.  Written within a second. */
void monitor_seen(struct monitor *m, uint32_t id);

/* ---- restore.c ---- */
void restore_start(struct monitor *m);
/* After the load: plans what is known, asks what is new; a step per turn. */
void restore_step(struct monitor *m);
/* Writes the watch side of a question. */
void restore_put_question(struct monitor *m, uint32_t id, bool watched);
/* What that writes of one that is watched. */
void restore_fill_question(
    struct monitor *m, uint32_t id, struct commit_question *c);

/* ---- fresh.c ---- */
struct fresh *fresh_new(void);
void fresh_free(struct fresh *f); /* NULL is fine */
void fresh_start(struct monitor *m);
/* While loading: the database has this one, and nobody watches it. */
void fresh_past(struct monitor *m, const struct uuid *key, const uint8_t *name);
/* Had the database a question of this name then?  True when in doubt. */
bool fresh_has_name(const struct monitor *m, const uint8_t *name, size_t size);
/* May the database have it?  For one that was not watched. */
bool fresh_is_known(const struct monitor *m, uint32_t id);
/* A question to be asked for the first time, when its lists say; at once; and
 * those of a step per turn. */
void fresh_add(struct monitor *m, uint32_t id);
void fresh_begin(struct monitor *m, uint32_t id);
bool fresh_step(struct monitor *m); /* more to do */
/* A first poll ended. */
void fresh_asked(struct monitor *m);
/* Writes it, unless that was done, and its baseline (NULL: no answer). */
void fresh_put(struct monitor *m, uint32_t id, const struct content *content,
    uint32_t ttl, wall_us at);

/* ---- watchset.c ---- */
MUST_CHECK int watchset_load(struct monitor *m, struct diag *d);
/* False: one is going on, or memory is short. */
MUST_CHECK bool watchset_reload(
    struct monitor *m, const struct config *config, bool mass);
bool watchset_is_busy(const struct monitor *m); /* with a reload */
/* A step of a reload that is going on. */
void watchset_step(struct monitor *m);
bool watchset_goes_on(const struct monitor *m); /* with another step */
/* What is in force of a question, or will be when the reload that is being
 * applied has ended; POLICY_NONE: it is not watched then. */
uint32_t watchset_policy(const struct monitor *m, uint32_t id);
void watchset_free(struct monitor *m);
size_t watchset_bytes(const struct monitor *m);

#endif

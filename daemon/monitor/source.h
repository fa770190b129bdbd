/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_SOURCE_H
#define MONITOR_SOURCE_H

/*
 * source -- authoritative views (R18), as the rest of the monitor sees them.
 *
 * A question of such a view is asked of all servers of its zone at each poll.
 * What differs goes to an inquiry as any other reply; that servers differ from
 * each other is told here.
 */

#include "base/emit.h"
#include "monitor_priv.h"

/* Is it asked of the servers of its zone? */
bool source_asks(const struct monitor *m, uint32_t id);
/* Is it the delegation at the parent that is asked for? */
bool source_asks_parent(const struct monitor *m, uint32_t id);
/* Is the view one of delegations? */
bool source_is_parent(const struct monitor *m, uint8_t view);
/* May an inquiry of a recursive view ask the zone's servers? */
bool source_may_confirm(const struct monitor *m, uint32_t id);
void source_poll(struct monitor *m, uint32_t id);
void source_early(struct monitor *m, uint32_t id);
/* One server of the zone, or all of them, for an inquiry. */
void source_confirm(
    struct monitor *m, uint32_t id, uint16_t server, uint8_t flags);
void source_confirm_all(struct monitor *m, uint32_t id);
/* The number of the server with that address; UINT16_MAX: none. */
uint16_t source_by_text(const struct monitor *m, const char *text);
/* The same by address. */
uint16_t source_at(const struct monitor *m, const struct addr *addr);
/* reply_read() and reply_sum() of any server's answer to the question. */
MUST_CHECK int source_reply(const struct monitor *m, uint32_t id,
    const struct answer *a, struct arena *arena, struct reply *out);
enum fail source_sum(struct monitor *m, uint32_t id, const struct answer *a,
    struct reply_sum *sum);
MUST_CHECK int sources_start(struct monitor *m);
void sources_stop(struct monitor *m);
/* What is known of zones whose view a reload took away. */
void zone_free_kept(struct monitor *m);
/* The configuration changed, and resolvers are numbered as it says. */
MUST_CHECK int sources_restart(struct monitor *m);
void sources_turn(struct monitor *m);
void sources_second(struct monitor *m);
/* Polls that wait are dropped, as the program is about to end. */
void sources_drain(struct monitor *m);
uint32_t sources_open(const struct monitor *m);
void sources_restore(
    struct monitor *m, uint8_t view, const struct store_row *row);
void sources_status(const struct monitor *m, struct emit *j);

/* ---- asking.c ---- */
/* A restored candidate that no survey was heard about; T has not ended. */
bool inquiry_is_unheard(const struct inquiry *q, wall_us now);

/* ---- testimony.c ---- */
/* Those of what was held before a restart may have numbers by now. */
void testimony_find_server(struct inquiry *q);
/* Differs, and not as a server that lags or deviates: it may be a change. */
bool testimony_begins(const struct inquiry *q, const struct testimony *t);
/* Who failed last is known to say something else than his zone. */
void testimony_lags(struct monitor *m, uint32_t id, uint16_t server);
/* After sources_restart(): testimonies of zones' servers get their numbers. */
void inquiry_remap_sources(struct monitor *m);

/* ---- moment.c ---- */
/*
 * Of an inquiry into what the servers of a zone say: passes by what they said
 * in the first moment, if that comes to what is believed; or else what the zone
 * says becomes the first.
 */
struct inquiry;
struct testimony;
void moment_weigh(struct inquiry *q);

/* ---- denied.c ---- */
/* The zone's servers deny it: told. */
void denied_note(struct monitor *m, uint32_t id, uint64_t print);
/* It says what is believed again, or the zone does not deny it any more. */
void denied_forget(struct monitor *m, uint32_t id);
/* Is it just that again?  Then they are asked, and nothing else happens. */
bool denied_is(struct monitor *m, uint32_t id, uint64_t print);
void denied_free_all(struct monitor *m);

/* ---- delegation.c ---- */
/* Why a name vanished, as its parent says; NULL: not by that. */
const char *delegation_cause(const struct monitor *m, uint32_t id);
/* "delegation not watched", of an NS; NULL: it is, or another type. */
const char *delegation_note(const struct monitor *m, uint32_t id);
/* The name may have vanished: its parent is asked now. */
void delegation_look(struct monitor *m, uint32_t id);
/* ... and has not answered yet. */
bool delegation_is_asked(const struct monitor *m, uint32_t id);

#endif

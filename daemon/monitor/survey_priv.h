/* SPDX-License-Identifier: ISC */
#ifndef SURVEY_PRIV_H
#define SURVEY_PRIV_H

/* survey_priv -- what survey.c (asking) and survey_end.c (judging) share. */

#include "source_priv.h"

enum word_state { WORD_IDLE, WORD_ASKED, WORD_DONE };

/* What one server says. */
struct word {
	uint16_t server;
	uint8_t state;
	enum fail fail;
	enum transport transport;
	struct reply_sum sum;
	mono_ns serial_sent, serial_at; /* it was asked for its serial, said it
	                                 */
	const uint8_t *wire;            /* in the arena; NULL: not good */
	size_t size;
};

enum survey_phase { PHASE_ZONE, PHASE_ANSWERS, PHASE_TCP, PHASE_SERIALS };

struct survey {
	struct survey *next; /* spare, or stalled */
	struct sources *sources;
	struct source *of;
	uint32_t question;
	enum survey_why why;
	enum survey_phase phase;
	struct zone_state *zone; /* NULL: it is looked for */
	bool stalled;
	bool tcp;    /* a check of who answers so */
	bool deeper; /* somebody refers to deeper servers */
	bool again;  /* an inquiry waits for its end, to ask anew */
	bool twice;  /* contents are asked for the second time */
	uint8_t cuts;
	uint8_t n, open;
	uint32_t late_s; /* the SOA's refresh + retry; 0: not seen */
	struct arena arena;
	struct word words[ZONE_SERVERS_MAX];
};

/* ---- survey.c ---- */
/* The next phase asks those that `wants` it. */
void survey_phase(struct survey *v, enum survey_phase phase,
    bool (*wants)(const struct survey *v, const struct word *w));
/* Over to the zone, whose servers are asked. */
void survey_ask(struct survey *v, struct zone *zone);
void survey_leave(struct survey *v);
struct zone *survey_zone(
    struct source *of, const struct monitor *m, uint32_t id);
/* It ends, and what waits for its place begins. */
void survey_end(struct survey *v);
/* ... and nobody answered: its poll failed. */
void survey_nobody(struct survey *v, enum fail fail);

/* ---- survey_end.c ---- */
/* All that were asked have spoken. */
void survey_judged(struct survey *v);

#endif

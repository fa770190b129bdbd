/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_VIEWS_PRIV_H
#define MONITOR_VIEWS_PRIV_H

/*
 * views_priv -- what views.c and views_say.c share.
 *
 *   views.c      finds questions whose views differ, and holds them until
 *                judge/views.h decides
 *   views_say.c  what is told and kept of them
 */

#include "config/config.h"
#include "judge/views.h"
#include "say.h"
#include "views.h"

enum {
	VIEWS_MAX = 2 * CONFIG_VIEWS_MAX /* of a question, while a reload
	                                  * takes some and brings others */
};

/* A question that says different things in different views, or did. */
struct apart {
	uint32_t question;    /* in one of them: the key */
	struct store_key key; /* what is told is kept beside that one */
	struct views_cell cell;
	uint64_t same;  /* contents with this print say the same after all */
	uint64_t read;  /* those with this print were read */
	mono_ns retry;  /* not read before; 0: at once */
	uint8_t unsure; /* times that the database had others */
	bool reading;
};

/* One question in all views that watch it, as it stands now. */
struct view_set {
	size_t n;
	uint32_t ids[VIEWS_MAX];
	struct views_word words[VIEWS_MAX];
	uint64_t print; /* of all that is believed */
	struct views_pace pace;
};

/* ---- views_say.c ---- */
/* False: no memory. */
MUST_CHECK bool views_tell_differ(struct monitor *m, struct apart *a,
    const struct view_set *set, const struct say_view *views, size_t n);
/* `reason` NULL: they agree. */
MUST_CHECK bool views_tell_end(struct monitor *m, struct apart *a,
    const struct view_set *set, const char *reason);
/* What is told, without a word: nobody watches it any more, or it moved. */
void views_keep(struct monitor *m, const struct apart *a);
/* False: nothing was told, or it is not readable. */
bool views_unpack(const uint8_t *data, size_t size, struct views_cell *cell);

#endif

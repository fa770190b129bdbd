/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_DISCREET_H
#define MONITOR_DISCREET_H

/*
 * discreet -- questions that are not asked, since a zone's own servers would
 * see who watches a hostile name (T16).
 *
 * Lists are read one by one, in any order, and each may be right: one says that
 * a name is hostile, another that it is asked at its own servers.  So all of
 * them are looked at together when they are staged.  A zeroed struct is one
 * without such views, and costs nothing.
 */

#include "base/diag.h"
#include "stage.h"

struct discreet {
	bool any;                    /* view that asks zones' own servers */
	bool is_source[VIEW_NONE];   /* by its number: is it one? */
	struct discreet_note *notes; /* watches that ask them */
	size_t n_notes, room;
	uint32_t n_refused; /* questions of this load ... */
	uint32_t n_told;    /* ... and watches of them that were told */
	uint32_t n_looked;  /* questions that a watch was looked for of */
};

void discreet_begin(struct discreet *d);
void discreet_end(struct discreet *d);
void discreet_add_view(struct discreet *d, uint8_t view);
/* Where a watch stands, if it asks a zone's servers; `file` is a number that
 * discreet_refuse() knows a path by.  False: no memory. */
MUST_CHECK bool discreet_note(struct discreet *d, struct table *t, uint8_t view,
    const struct watch *watch, size_t file);
/*
 * Takes a staged question out that asks the servers of a name which any list
 * tags hostile, unless a hostile watch of it says `direct`; of one of a
 * recursive view the proof by its zone's servers.  True: it did, and said so.
 */
bool discreet_refuse(struct discreet *d, struct stage *s, struct table *t,
    uint32_t id, char *const *files, struct diag *diag);
/* Such a one is watched no more: what is open of it asks nobody either. */
void discreet_hush(const struct discreet *d, const struct stage *s,
    struct table *t, uint32_t id);

#endif

/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_NOTE_H
#define MONITOR_NOTE_H

/*
 * note -- an event on its way to the database, with its deliveries; it is shown
 * and handed to the sinks when it is durable.
 */

#include "monitor_priv.h"
#include "say.h"

struct note {
	struct pending pending; /* by the caller, before it is committed */
	struct monitor *monitor;
	enum severity severity;
	bool alerted; /* some sink gets it */
	char *json;
};

/* What goes to the store; points into the event, the note and itself. */
struct note_rows {
	char name[NAME_TEXT_SIZE];
	struct commit_entry entry;
	struct commit_alert alert; /* only if it is alerted */
};

/* e->severity, by its kind, type and policy. */
void note_weigh(const struct monitor *m, struct say_event *e);
/* NULL: no memory. */
MUST_CHECK struct note *note_new(struct monitor *m, const struct say_event *e);
void note_fill(
    const struct note *n, const struct say_event *e, struct note_rows *out);
/* To be called when it is durable (store_done_fn), or never will be; frees. */
void note_durable(void *ctx, int err);

#endif

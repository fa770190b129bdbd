/* SPDX-License-Identifier: ISC */

/*
 * Watchlists into the table.
 *
 * What the files say is staged as one policy id per question; applying it is a
 * pass over the table that touches only what differs.  A list is staged when
 * it was read to its end.  One that cannot be keeps what it said before, as a
 * whole: the questions that name it stay, by policy_only().
 *
 *   IDLE --> READING <--> STAGING (a list that was read to its end)
 *    ^          |
 *    |          +--> KEEPING (what such lists said) --> REFUSING --> COUNTING
 *    |                                                    (T16)       |
 *    +-- SIFTING (out of the wheel) <-- APPLYING <-- guard +
 *
 * Each is done in steps that end with the turn's time; between them polling
 * goes on.  A reload is all or nothing: nothing differs before APPLYING, and
 * until the guard let it pass the old configuration is in force in every part.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "config/config.h"
#include "config/watchlist.h"
#include "discreet.h"
#include "dns/type.h"
#include "list_file.h"
#include "loop/loop.h"
#include "monitor_priv.h"
#include "stage.h"
#include "watching.h"

enum {
	RELOAD_ENTRIES = 2000, /* read per turn */
	RELOAD_SCAN = 100000,  /* questions looked at per turn */
	RELOAD_LOOK = 1024,  /* looked at between two looks at the clock ... */
	CHANGE_WEIGHT = 32,  /* ... one that changes counts for so many */
	RELOAD_SLOTS = 1000, /* of the wheel, per turn */
	RELOAD_DROP_MIN = 20 /* fewer may always go */
};

/* A file and the list that it was when it was last read. */
struct list_file {
	char *path;
	char *list; /* NULL: nothing was read from it */
	bool seen;  /* in this load */
};

/* What the list that is being read says of a question. */
struct told {
	uint32_t id;
	uint32_t policy;
};

enum phase {
	PHASE_IDLE,
	PHASE_READING,
	PHASE_STAGING,
	PHASE_KEEPING,
	PHASE_REFUSING,
	PHASE_COUNTING,
	PHASE_APPLYING,
	PHASE_SIFTING
};

struct watchset {
	struct monitor *monitor;
	const struct config *config;     /* of the reload that is going on */
	struct watch_names names;        /* its views ... */
	uint8_t views[CONFIG_VIEWS_MAX]; /* ... and their numbers */
	struct stage stage;
	uint32_t awake, asleep; /* a policy, and that of types that sleep */
	struct list_file *lists;
	size_t n_lists;
	/* of the load that is going on */
	enum phase phase;
	char **files;
	size_t n_files;
	size_t file;
	struct watchlist *open;
	struct told *told; /* by the list that is open */
	size_t n_told, told_room;
	char *told_list; /* its name */
	size_t n_errors; /* in `diag` when it was opened */
	struct diag diag;
	struct discreet discreet;
	bool mass;
	size_t keeping;         /* the list whose questions are looked for */
	uint32_t kept_of, kept; /* the last answer of policy_only() */
	uint8_t lost;    /* a view that such a list names, and is no more */
	uint32_t at;     /* the next question, or slot of the wheel */
	uint32_t weight; /* since the last look at the clock */
	uint32_t n_over; /* watches that their list says have ended */
	uint32_t n_added, n_removed, n_changed, n_strays;
	int err;
};

size_t
watchset_bytes(const struct monitor *m)
{
	return m->watchset == NULL ? 0 : stage_bytes(&m->watchset->stage);
}

/* ---- what the files say ---- */

static struct list_file *
list_of(struct watchset *w, const char *path)
{
	struct list_file *lists;

	for (size_t i = 0; i < w->n_lists; i++) {
		if (strcmp(w->lists[i].path, path) == 0)
			return &w->lists[i];
	}
	lists = realloc(w->lists, (w->n_lists + 1) * sizeof(*lists));
	if (lists == NULL)
		return NULL;
	w->lists = lists;
	lists[w->n_lists] = (struct list_file){.path = strdup(path)};
	return &lists[w->n_lists++];
}

static bool
tell(struct watchset *w, uint32_t id, uint32_t policy)
{
	size_t room = w->told_room == 0 ? 1024 : 2 * w->told_room;
	struct told *told;

	if (id == QUESTION_NONE || policy == POLICY_NONE)
		return false;
	/* At the start there is nothing older to keep. */
	if (w->config == NULL)
		return stage_merge(&w->stage, w->monitor->table, id, policy);
	if (w->n_told == w->told_room) {
		told = realloc(w->told, room * sizeof(*told));
		if (told == NULL)
			return false;
		w->told = told;
		w->told_room = room;
	}
	w->told[w->n_told++] = (struct told){id, policy};
	return true;
}

/* What is kept of a delegation at the parent (R18). */
static bool
is_of_delegation(uint16_t type)
{
	return type == TYPE_NS || type == TYPE_DS;
}

/* NS is how it is known that the name exists. */
static uint32_t
policy_of_type(struct watchset *w, const struct watch *watch, uint32_t policy,
    uint16_t type)
{
	if (!watch->auto_types || type == TYPE_NS)
		return policy;
	if (w->awake != policy || w->asleep == POLICY_NONE) {
		w->awake = policy;
		w->asleep = policy_asleep(w->monitor->table, policy);
	}
	return w->asleep;
}

/* Of all its types, or those of its delegation. */
static void
tell_types(struct watchset *w, const struct watch *watch, uint8_t view,
    uint32_t policy, bool delegation)
{
	struct table *t = w->monitor->table;
	uint32_t name = table_add_name(t, view, &watch->name);

	for (size_t i = 0; i < watch->n_types && w->err == 0; i++) {
		uint32_t id;

		if (delegation && !is_of_delegation(watch->types[i]))
			continue;
		id = name == NAME_NONE
		         ? QUESTION_NONE
		         : table_add_type(t, name, watch->types[i]);
		if (!tell(w, id,
			policy_of_type(w, watch, policy, watch->types[i])))
			w->err = -ENOMEM;
	}
}

/* The view of the delegations that an authoritative one watches; -1: none. */
static int
parent_view(const struct watchset *w, uint8_t view)
{
	const struct config *c =
	    w->config != NULL ? w->config : w->monitor->config;

	return c->sources[view] != NULL ? c->sources[view]->parent_view : -1;
}

/* What a watch says of its types in one of its views. */
static void
tell_watch(
    struct watchset *w, const struct watch *watch, const struct watch_view *in)
{
	uint32_t every_s = in->every_s != 0 ? in->every_s : watch->every_s;
	uint32_t policy = policy_of(w->monitor->table, watch, every_s);
	int parent = parent_view(w, in->view);
	bool delegation = false;

	tell_types(w, watch, w->views[in->view], policy, false);
	if (!discreet_note(&w->discreet, w->monitor->table, w->views[in->view],
		watch, w->file))
		w->err = -ENOMEM;
	for (size_t i = 0; i < watch->n_types; i++)
		delegation = delegation || is_of_delegation(watch->types[i]);
	if (parent >= 0 && delegation && watch->name.size > 1)
		tell_types(w, watch, w->views[parent], policy, true);
}

static void
on_watch(void *ctx, const struct watch *watch)
{
	struct watchset *w = ctx;

	if (watch_is_over(watch, loop_wall(w->monitor->loop))) {
		w->n_over++;
		return;
	}
	if (watch->attributes != 0)
		w->monitor->attributes_asked = true;
	if (w->told_list == NULL)
		w->told_list = strdup(watch->list);
	if (w->told_list == NULL)
		w->err = -ENOMEM;
	for (size_t i = 0; i < watch->n_views && w->err == 0; i++)
		tell_watch(w, watch, &watch->views[i]);
}

/* Gives the views of a configuration their numbers. */
static bool
take_views(struct watchset *w, const struct config *c)
{
	w->names = watch_names_of(c);
	discreet_begin(&w->discreet);
	for (size_t i = 0; i < c->n_views; i++) {
		w->views[i] = table_add_view(w->monitor->table, c->views[i]);
		if (w->views[i] == VIEW_NONE)
			return false;
		if ((w->names.authoritative >> i & 1) != 0)
			discreet_add_view(&w->discreet, w->views[i]);
	}
	for (size_t i = 0; i < c->n_views; i++) {
		if (c->sources[i] != NULL && c->sources[i]->parent_view >= 0)
			discreet_add_view(
			    &w->discreet, w->views[c->sources[i]->parent_view]);
	}
	return true;
}

/* Forgets what the open list told. */
static void
drop_told(struct watchset *w)
{
	free(w->told);
	free(w->told_list);
	w->told = NULL;
	w->told_list = NULL;
	w->n_told = 0;
	w->told_room = 0;
}

/* The list was read to its end, and what it told is staged. */
static void
take_list(struct watchset *w)
{
	struct list_file *l = list_of(w, w->files[w->file]);

	if (l == NULL) {
		w->err = -ENOMEM;
		return;
	}
	l->seen = true;
	if (w->told_list != NULL) {
		free(l->list);
		l->list = w->told_list;
		w->told_list = NULL;
	}
	drop_told(w);
}

/* ---- applying ---- */

static enum differs
differs(const struct watchset *w, uint32_t id)
{
	return watching_differs(w->monitor, id, stage_get(&w->stage, id));
}

static void
apply_one(struct watchset *w, uint32_t id)
{
	uint32_t policy = stage_get(&w->stage, id);

	if (policy != POLICY_NONE)
		watching_give_class(w->monitor, policy);
	switch (differs(w, id)) {
	case DIFFERS_ADDED:
		watching_set_policy(w->monitor, id, policy);
		watching_begin(w->monitor, id);
		break;
	case DIFFERS_REMOVED:
		w->n_strays += watching_end(w->monitor, id);
		discreet_hush(&w->discreet, &w->stage, w->monitor->table, id);
		break;
	case DIFFERS_CHANGED:
		w->n_strays += watching_change(w->monitor, id, policy);
		break;
	case DIFFERS_NOT:
		return;
	}
	w->weight += CHANGE_WEIGHT;
}

static void
count_one(struct watchset *w, uint32_t id)
{
	switch (differs(w, id)) {
	case DIFFERS_ADDED:
		w->n_added++;
		break;
	case DIFFERS_REMOVED:
		w->n_removed++;
		break;
	case DIFFERS_CHANGED:
		w->n_changed++;
		break;
	case DIFFERS_NOT:
		break;
	}
}

/* A list that cannot be read now: what it said stays. */
static void
keep_one(struct watchset *w, uint32_t id)
{
	struct table *t = w->monitor->table;
	const struct question *q = table_question(t, id);

	if ((q->flags & Q_WATCHED) == 0)
		return;
	if (w->kept_of != q->policy) {
		w->kept = policy_only(
		    t, policy_plain(t, q->policy), w->lists[w->keeping].list);
		w->kept_of = q->policy;
		w->weight += CHANGE_WEIGHT;
	}
	if (w->kept == POLICY_NONE)
		return;
	if (memchr(w->views, table_view(t, id), w->names.n_views) == NULL)
		w->lost = table_view(t, id);
	else if (!stage_merge(&w->stage, t, id, w->kept))
		w->err = -ENOMEM;
}

/* T16: what a list says must not tell the servers of a hostile name. */
static void
refuse_one(struct watchset *w, uint32_t id)
{
	if (!discreet_refuse(&w->discreet, &w->stage, w->monitor->table, id,
		w->files, &w->diag))
		return;
	w->weight += CHANGE_WEIGHT;
}

/* Goes on over all questions; true at their end. */
static bool
scan(struct watchset *w, void (*one)(struct watchset *w, uint32_t id))
{
	struct monitor *m = w->monitor;
	uint32_t n = table_count(m->table);
	uint32_t until = w->at + RELOAD_SCAN;

	w->weight = 0;
	while (w->at < n && w->at < until) {
		one(w, w->at++);
		if (++w->weight < RELOAD_LOOK)
			continue;
		w->weight = 0;
		if (!monitor_has_time(m))
			break;
	}
	return w->at >= n;
}

/* ---- loading ---- */

static void
end_load(struct watchset *w)
{
	if (w->open != NULL)
		watchlist_close(w->open);
	w->open = NULL;
	drop_told(w);
	config_files_free(w->files, w->n_files);
	w->files = NULL;
	w->n_files = 0;
	diag_fini(&w->diag);
	w->diag = (struct diag){0};
	stage_fini(&w->stage);
	discreet_end(&w->discreet);
	w->phase = PHASE_IDLE;
	w->config = NULL;
}

/* Ends a reload; its configuration is in force from now on, or never was. */
static void
end_reload(struct watchset *w, bool taken)
{
	struct monitor *m = w->monitor;
	const struct config *config = w->config;

	end_load(w);
	if (taken && monitor_adopt(m, config) != 0)
		return; /* told as fatal */
	if (m->hooks.on_reloaded != NULL)
		m->hooks.on_reloaded(m->hooks.ctx, config, taken);
}

static struct watchset *
watchset_get(struct monitor *m)
{
	if (m->watchset == NULL) {
		m->watchset = calloc(1, sizeof(*m->watchset));
		if (m->watchset != NULL)
			*m->watchset = (struct watchset){.monitor = m,
			    .awake = POLICY_NONE,
			    .asleep = POLICY_NONE};
	}
	return m->watchset;
}

int
watchset_load(struct monitor *m, struct diag *d)
{
	struct watchset *w = watchset_get(m);
	uint32_t n;
	int err;

	if (w == NULL || !take_views(w, m->config))
		return -ENOMEM;
	w->n_files = config_files(m->config, &w->files, d);
	for (w->file = 0; w->file < w->n_files; w->file++) {
		err = list_file_load(
		    w->files[w->file], &w->names, on_watch, w, d);
		/* What was read of a broken list is watched all the same. */
		if (err != -ENOMEM && w->err == 0)
			take_list(w);
		if (err == -ENOMEM || w->err != 0)
			return -ENOMEM;
	}
	m->listed_at = loop_wall(m->loop);
	n = table_count(m->table);
	for (uint32_t id = 0; id < n; id++)
		refuse_one(w, id);
	list_file_log(&w->diag, w->n_over);
	w->n_over = 0;
	m->n_refused = w->discreet.n_refused;
	for (uint32_t id = 0; id < n; id++)
		apply_one(w, id);
	end_load(w);
	return 0;
}

bool
watchset_reload(struct monitor *m, const struct config *config, bool mass)
{
	struct watchset *w = watchset_get(m);

	if (w == NULL || w->phase != PHASE_IDLE || !take_views(w, config))
		return false;
	w->config = config;
	w->mass = mass;
	w->err = 0;
	w->file = 0;
	w->n_files = config_files(config, &w->files, &w->diag);
	for (size_t i = 0; i < w->n_lists; i++)
		w->lists[i].seen = false;
	w->phase = PHASE_READING;
	m->again = true;
	loop_timer_in(m->tick, 0);
	return true;
}

/* Opens the next file, or says that there is none left. */
static bool
open_next(struct watchset *w)
{
	for (; w->file < w->n_files; w->file++) {
		const char *path = w->files[w->file];

		w->n_errors = w->diag.n_errors;
		if (watchlist_open(
			path, &w->names, on_watch, w, &w->diag, &w->open) == 0)
			return true;
		w->open = NULL;
	}
	return false;
}

/* ---- the phases ---- */

static void
begin_phase(struct watchset *w, enum phase phase)
{
	w->phase = phase;
	w->at = 0;
}

/*
 * The open list was read, as far as it can be.  One of which nothing could be
 * read is as good as no list: something else was put in its place.
 */
static void
close_list(struct watchset *w, bool whole)
{
	if (whole)
		list_file_budget(w->files[w->file], w->open);
	watchlist_close(w->open);
	w->open = NULL;
	if (whole && (w->n_told > 0 || w->diag.n_errors == w->n_errors)) {
		begin_phase(w, PHASE_STAGING);
		return;
	}
	drop_told(w);
	w->file++;
}

/* All files are read when there is no next one. */
static void
step_reading(struct watchset *w)
{
	int more = 1;

	if (w->open == NULL && !open_next(w)) {
		w->keeping = 0;
		w->kept_of = POLICY_NONE;
		w->lost = VIEW_NONE;
		begin_phase(w, PHASE_KEEPING);
		return;
	}
	for (int n = 0; n < RELOAD_ENTRIES && more > 0; n += TURN_LOOK) {
		more = watchlist_step(w->open, TURN_LOOK);
		if (!monitor_has_time(w->monitor))
			break;
	}
	if (more <= 0)
		close_list(w, more == 0);
}

static void
step_staging(struct watchset *w)
{
	while (w->at < w->n_told) {
		const struct told *told = &w->told[w->at++];

		if (!stage_merge(
			&w->stage, w->monitor->table, told->id, told->policy)) {
			w->err = -ENOMEM;
			w->at = (uint32_t)w->n_told;
		}
		if (w->at % RELOAD_LOOK == 0 && !monitor_has_time(w->monitor))
			return;
	}
	take_list(w);
	w->file++;
	begin_phase(w, PHASE_READING);
}

/* The next list that is gone but named; false: none. */
static bool
next_kept(struct watchset *w)
{
	for (; w->keeping < w->n_lists; w->keeping++) {
		const struct list_file *l = &w->lists[w->keeping];

		if (!l->seen && l->list != NULL &&
		    config_names(w->config, l->path))
			return true;
	}
	return false;
}

static void
step_keeping(struct watchset *w)
{
	if (!next_kept(w)) {
		begin_phase(w, PHASE_REFUSING);
		return;
	}
	if (w->at == 0)
		log_warn("monitor: watchlist %s cannot be read; what it said "
			 "before stays",
		    w->lists[w->keeping].path);
	if (!scan(w, keep_one))
		return;
	w->keeping++;
	w->kept_of = POLICY_NONE;
	w->at = 0;
}

static void
step_refusing(struct watchset *w)
{
	if (!scan(w, refuse_one))
		return;
	list_file_log(&w->diag, w->n_over);
	w->n_over = 0;
	w->n_added = w->n_removed = w->n_changed = w->n_strays = 0;
	begin_phase(w, PHASE_COUNTING);
}

static void
step_counting(struct watchset *w)
{
	struct monitor *m = w->monitor;

	if (!scan(w, count_one))
		return;
	if (w->lost != VIEW_NONE) {
		log_error("monitor: reload refused: a watchlist that cannot be "
			  "read has watches of the view `%s`, which is no "
			  "more; mend the list, or take it out of the "
			  "configuration",
		    table_view_text(m->table, w->lost));
		end_reload(w, false);
	} else if (w->err != 0) {
		log_error("monitor: reload: %s; the old configuration and "
			  "watches stay",
		    err_text(w->err));
		end_reload(w, false);
	} else if (!w->mass && w->n_removed > RELOAD_DROP_MIN &&
		   w->n_removed > m->watched / 10) {
		m->reload_refused = loop_wall(m->loop);
		log_error("monitor: reload refused: it would drop %u of %u "
			  "questions; send SIGHUP again within 5 to 60 s to "
			  "do it all the same",
		    w->n_removed, m->watched);
		end_reload(w, false);
	} else {
		m->listed_at = loop_wall(m->loop);
		begin_phase(w, PHASE_APPLYING);
	}
}

/* True when the database is behind with what was applied so far. */
static bool
is_buffer_full(const struct monitor *m)
{
	size_t items;
	size_t bytes;

	commit_waiting(m->store, &items, &bytes);
	return bytes > m->config->buffer_bytes / 2;
}

static void
step_applying(struct watchset *w)
{
	struct monitor *m = w->monitor;

	if (is_buffer_full(m) || !scan(w, apply_one))
		return;
	m->reload_refused = 0;
	m->n_refused = w->discreet.n_refused;
	stage_fini(&w->stage);
	log_info("monitor: reloaded: %u questions added, %u removed, %u "
		 "changed; %u watched",
	    w->n_added, w->n_removed, w->n_changed, m->watched);
	if (w->n_strays == 0)
		end_reload(w, true);
	else
		begin_phase(w, PHASE_SIFTING);
}

static void
step_sifting(struct watchset *w)
{
	for (int n = 0; n < RELOAD_SLOTS; n++) {
		if (!poll_sift(w->monitor, &w->at)) {
			end_reload(w, true);
			return;
		}
		if (!monitor_has_time(w->monitor))
			return;
	}
}

uint32_t
watchset_policy(const struct monitor *m, uint32_t id)
{
	const struct question *q = table_question(m->table, id);

	if (m->watchset != NULL && m->watchset->phase == PHASE_APPLYING)
		return stage_get(&m->watchset->stage, id);
	return (q->flags & Q_WATCHED) != 0 ? q->policy : POLICY_NONE;
}

bool
watchset_is_busy(const struct monitor *m)
{
	return m->watchset != NULL && m->watchset->phase != PHASE_IDLE;
}

void
watchset_step(struct monitor *m)
{
	struct watchset *w = m->watchset;

	if (w == NULL || w->phase == PHASE_IDLE)
		return;
	switch (w->phase) {
	case PHASE_READING:
		step_reading(w);
		break;
	case PHASE_STAGING:
		step_staging(w);
		break;
	case PHASE_KEEPING:
		step_keeping(w);
		break;
	case PHASE_REFUSING:
		step_refusing(w);
		break;
	case PHASE_COUNTING:
		step_counting(w);
		break;
	case PHASE_APPLYING:
		step_applying(w);
		break;
	case PHASE_SIFTING:
		step_sifting(w);
		break;
	case PHASE_IDLE:
		break;
	}
}

/* It waits for the load, and with the buffer full for the database. */
bool
watchset_goes_on(const struct monitor *m)
{
	return watchset_is_busy(m) && m->planned &&
	       !(m->watchset->phase == PHASE_APPLYING && is_buffer_full(m));
}

void
watchset_free(struct monitor *m)
{
	struct watchset *w = m->watchset;

	if (w == NULL)
		return;
	end_load(w);
	for (size_t i = 0; i < w->n_lists; i++) {
		free(w->lists[i].path);
		free(w->lists[i].list);
	}
	free(w->lists);
	free(w);
	m->watchset = NULL;
}

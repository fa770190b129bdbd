/* SPDX-License-Identifier: ISC */

/*
 * Watchlists into the table.
 *
 * What the files say is staged as one policy id per question; applying it is a
 * pass over the table that touches only what differs.  A list that cannot
 * be read keeps what it said before: the questions that name it stay, by
 * policy_only().
 */

#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "config/config.h"
#include "config/watchlist.h"
#include "loop/loop.h"
#include "monitor_priv.h"

enum {
	RELOAD_ENTRIES = 2000, /* read per turn */
	RELOAD_APPLY = 20000,  /* questions applied per turn */
	RELOAD_DROP_MIN = 20   /* fewer may always go */
};

/* A file and the list that it was when it was last read. */
struct list_file {
	char *path;
	char *list; /* NULL: nothing was read from it */
	bool seen;  /* in this load */
};

struct watchset {
	struct monitor *monitor;
	uint32_t *staged; /* policy per question */
	uint32_t room;
	struct list_file *lists;
	size_t n_lists;
	/* of the load that is going on */
	char **files;
	size_t n_files;
	size_t file;
	struct watchlist *open;
	struct diag diag;
	bool mass;
	bool running;
	bool again; /* another reload was asked for meanwhile */
	bool applying;
	uint32_t apply_next;
	uint32_t n_added, n_removed, n_changed;
	int err;
};

static bool
stage_room(struct watchset *w)
{
	uint32_t need = table_count(w->monitor->table);
	uint32_t room = w->room == 0 ? 1024 : w->room;
	uint32_t *staged;

	if (need <= w->room)
		return true;
	while (room < need)
		room *= 2;
	staged = realloc(w->staged, room * sizeof(*staged));
	if (staged == NULL)
		return false;
	for (uint32_t i = w->room; i < room; i++)
		staged[i] = POLICY_NONE;
	w->staged = staged;
	w->room = room;
	return true;
}

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

static void
on_watch(void *ctx, const struct watch *watch)
{
	struct watchset *w = ctx;
	struct table *t = w->monitor->table;
	struct list_file *l = list_of(w, w->files[w->file]);
	uint32_t policy = policy_of(t, watch);

	if (watch->attributes != 0)
		w->monitor->attributes_asked = true;
	if (l != NULL &&
	    (l->list == NULL || strcmp(l->list, watch->list) != 0)) {
		free(l->list);
		l->list = strdup(watch->list);
	}
	for (size_t i = 0; i < watch->n_types; i++) {
		uint32_t id = table_add(t, &watch->name, watch->types[i]);

		if (id == QUESTION_NONE || policy == POLICY_NONE ||
		    !stage_room(w)) {
			w->err = -ENOMEM;
			return;
		}
		w->staged[id] = policy_merge(t, w->staged[id], policy);
	}
}

/* A list that cannot be read now: what it said stays. */
static void
keep_list(struct watchset *w, const struct list_file *l)
{
	struct table *t = w->monitor->table;
	uint32_t n = table_count(t);

	if (l->list == NULL)
		return;
	log_warn("monitor: watchlist %s cannot be read; what it said before "
		 "stays",
	    l->path);
	for (uint32_t id = 0; id < n && id < w->room; id++) {
		const struct question *q = table_question(t, id);
		uint32_t kept;

		if ((q->flags & Q_WATCHED) == 0)
			continue;
		kept = policy_only(t, q->policy, l->list);
		if (kept != POLICY_NONE)
			w->staged[id] = policy_merge(t, w->staged[id], kept);
	}
}

static void
log_problems(const struct diag *d)
{
	char line[LOG_LINE_MAX];

	for (size_t i = 0; i < d->n_items; i++)
		log_warn(
		    "config: %s", diag_print(&d->items[i], line, sizeof(line)));
	if (d->n_errors + d->n_warnings > d->n_items)
		log_warn("config: %zu problems more",
		    d->n_errors + d->n_warnings - d->n_items);
}

/* ---- applying ---- */

static void
apply_new(struct monitor *m, uint32_t id)
{
	struct question *q = table_question(m->table, id);

	q->flags |= Q_WATCHED;
	m->watched++;
	if (!m->planned)
		return; /* the load goes on to plan it */
	/*
	 * Its row says that it is watched when its first poll ends: the rates
	 * may hold that back, and the ledger speaks for all that is watched.
	 */
	q->flags &= (uint8_t)~Q_STORED;
	if ((q->flags & Q_KNOWN) == 0) {
		/* The database may know it from an earlier time (R9). */
		q->fingerprint = FINGERPRINT_ASK;
		q->flags |= Q_KNOWN;
	}
	if ((q->flags & Q_BUSY) == 0) {
		m->first_left++;
		poll_fresh(m, id);
	}
}

static void
apply_gone(struct monitor *m, uint32_t id)
{
	struct question *q = table_question(m->table, id);

	q->flags &= (uint8_t)~Q_WATCHED;
	m->watched--;
	if ((q->flags & Q_BUSY) == 0)
		wheel_remove(m->wheel, id, monitor_mono_of(m, q->wheel));
	restore_put_question(m, id, false);
	outage_unwatched(m, id);
}

/* Gives it another policy; a planned poll leaves the ledger of its interval. */
static bool
set_policy(struct monitor *m, uint32_t id, uint32_t policy)
{
	struct question *q = table_question(m->table, id);
	bool moved = q->policy == POLICY_NONE ||
	             policy_get(m->table, q->policy)->every_s !=
	                 policy_get(m->table, policy)->every_s;

	if (moved && (q->flags & Q_PLANNED) != 0) {
		ledger_end(&m->ledger, policy_get(m->table, q->policy)->class_,
		    q->due);
		q->flags &= (uint8_t)~Q_PLANNED;
		m->first_left++; /* finish() takes it for a new one's poll */
	}
	q->policy = policy;
	return moved;
}

static void
apply_changed(struct monitor *m, uint32_t id, uint32_t policy)
{
	struct question *q = table_question(m->table, id);
	bool moved = set_policy(m, id, policy);

	if ((q->flags & Q_STORED) != 0)
		restore_put_question(m, id, true);
	if (moved && (q->flags & Q_BUSY) == 0 &&
	    wheel_remove(m->wheel, id, monitor_mono_of(m, q->wheel)))
		poll_plan(m, id);
}

static void
apply_one(struct watchset *w, uint32_t id)
{
	struct monitor *m = w->monitor;
	struct question *q = table_question(m->table, id);
	uint32_t staged = id < w->room ? w->staged[id] : POLICY_NONE;
	bool watched = (q->flags & Q_WATCHED) != 0;

	if (staged != POLICY_NONE &&
	    policy_get(m->table, staged)->class_ == CLASS_NONE)
		policy_set_class(m->table, staged,
		    ledger_class(
			&m->ledger, policy_get(m->table, staged)->every_s));
	if (staged == POLICY_NONE) {
		if (watched)
			apply_gone(m, id);
	} else if (!watched) {
		set_policy(m, id, staged);
		apply_new(m, id);
	} else if (staged != q->policy) {
		apply_changed(m, id, staged);
	}
}

static void
count_changes(struct watchset *w)
{
	struct table *t = w->monitor->table;
	uint32_t n = table_count(t);

	w->n_added = w->n_removed = w->n_changed = 0;
	for (uint32_t id = 0; id < n; id++) {
		const struct question *q = table_question(t, id);
		uint32_t staged = id < w->room ? w->staged[id] : POLICY_NONE;
		bool watched = (q->flags & Q_WATCHED) != 0;

		if (watched && staged == POLICY_NONE)
			w->n_removed++;
		else if (!watched && staged != POLICY_NONE)
			w->n_added++;
		else if (watched && staged != q->policy)
			w->n_changed++;
	}
}

/* ---- loading ---- */

static void
unstage(struct watchset *w)
{
	free(w->staged);
	w->staged = NULL;
	w->room = 0;
}

static void
end_load(struct watchset *w)
{
	if (w->open != NULL)
		watchlist_close(w->open);
	w->open = NULL;
	config_files_free(w->files, w->n_files);
	w->files = NULL;
	w->n_files = 0;
	diag_fini(&w->diag);
	w->diag = (struct diag){0};
	unstage(w);
	w->running = false;
	w->applying = false;
}

static struct watchset *
watchset_get(struct monitor *m)
{
	if (m->watchset == NULL) {
		m->watchset = calloc(1, sizeof(*m->watchset));
		if (m->watchset != NULL)
			m->watchset->monitor = m;
	}
	return m->watchset;
}

int
watchset_load(struct monitor *m, struct diag *d)
{
	struct watchset *w = watchset_get(m);
	uint32_t n;
	int err;

	if (w == NULL)
		return -ENOMEM;
	w->n_files = config_files(m->config, &w->files, d);
	for (w->file = 0; w->file < w->n_files; w->file++) {
		list_of(w, w->files[w->file]);
		err = watchlist_load(w->files[w->file], on_watch, w, d);
		if (err == -ENOMEM || w->err != 0)
			return -ENOMEM;
	}
	n = table_count(m->table);
	for (uint32_t id = 0; id < n; id++)
		apply_one(w, id);
	end_load(w);
	return 0;
}

void
watchset_reload(struct monitor *m, bool mass)
{
	struct watchset *w = watchset_get(m);

	if (w == NULL)
		return;
	if (w->running) {
		log_info("monitor: a reload is going on; the next follows it");
		w->again = true;
		return;
	}
	w->again = false;
	w->mass = mass;
	w->err = 0;
	w->file = 0;
	w->n_files = config_files(m->config, &w->files, &w->diag);
	for (size_t i = 0; i < w->n_lists; i++)
		w->lists[i].seen = false;
	w->running = stage_room(w);
	if (!w->running)
		end_load(w);
}

/* Opens the next file, or says that there is none left. */
static bool
open_next(struct watchset *w)
{
	struct list_file *l;

	while (w->file < w->n_files) {
		const char *path = w->files[w->file];

		l = list_of(w, path);
		if (watchlist_open(path, on_watch, w, &w->diag, &w->open) ==
		    0) {
			if (l != NULL)
				l->seen = true;
			return true;
		}
		w->open = NULL;
		w->file++;
	}
	return false;
}

/* Does a pattern of the configuration still stand for this file? */
static bool
is_named(const struct config *c, const char *path)
{
	const char *slash = c->path == NULL ? NULL : strrchr(c->path, '/');
	char pattern[PATH_MAX];

	for (size_t i = 0; i < c->n_watchlists; i++) {
		const char *p = c->watchlists[i];
		bool relative = p[0] != '/' && slash != NULL;

		snprintf(pattern, sizeof(pattern), "%.*s%s",
		    relative ? (int)(slash - c->path) + 1 : 0,
		    relative ? c->path : "", p);
		if (strcmp(pattern, path) == 0 ||
		    fnmatch(pattern, path, FNM_PATHNAME) == 0)
			return true;
	}
	return false;
}

static void
decide_apply(struct watchset *w)
{
	struct monitor *m = w->monitor;

	for (size_t i = 0; i < w->n_lists; i++) {
		if (!w->lists[i].seen && is_named(m->config, w->lists[i].path))
			keep_list(w, &w->lists[i]);
	}
	log_problems(&w->diag);
	count_changes(w);
	if (w->err != 0) {
		log_error("monitor: reload: %s; the old watches stay",
		    err_text(w->err));
		end_load(w);
	} else if (!w->mass && w->n_removed > RELOAD_DROP_MIN &&
		   w->n_removed > m->watched / 10) {
		m->reload_refused = loop_wall(m->loop);
		log_error("monitor: reload refused: it would drop %u of %u "
			  "questions; send SIGHUP again within 5 to 60 s to "
			  "do it all the same",
		    w->n_removed, m->watched);
		end_load(w);
	} else {
		w->applying = true;
		w->apply_next = 0;
	}
}

static void
apply_some(struct watchset *w)
{
	struct monitor *m = w->monitor;
	uint32_t n = table_count(m->table);
	uint32_t until = w->apply_next + RELOAD_APPLY;

	while (w->apply_next < n && w->apply_next < until)
		apply_one(w, w->apply_next++);
	if (w->apply_next < n)
		return;
	m->reload_refused = 0;
	log_info("monitor: reloaded: %u questions added, %u removed, %u "
		 "changed; %u watched",
	    w->n_added, w->n_removed, w->n_changed, m->watched);
	end_load(w);
}

void
watchset_step(struct monitor *m)
{
	struct watchset *w = m->watchset;
	int more;

	if (w != NULL && !w->running && w->again)
		watchset_reload(m, false);
	if (w == NULL || !w->running)
		return;
	if (w->applying) {
		apply_some(w);
		return;
	}
	if (w->open == NULL && !open_next(w)) {
		decide_apply(w);
		return;
	}
	more = watchlist_step(w->open, RELOAD_ENTRIES);
	if (more > 0)
		return;
	if (more < 0) {
		struct list_file *l = list_of(w, w->files[w->file]);

		if (l != NULL)
			l->seen = false;
	}
	watchlist_close(w->open);
	w->open = NULL;
	w->file++;
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

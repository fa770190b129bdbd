/* SPDX-License-Identifier: ISC */

/*
 * What is told of views that differ, and what is kept of that: the event, its
 * deliveries and a few octets beside one of the questions are one transaction,
 * so that a restart tells nothing twice and does not forget to end it.
 */

#include "loop/loop.h"
#include "note.h"
#include "views_priv.h"

enum { KEEP_VERSION = 1, KEEP_TOLD = 1, KEEP_RESTLESS = 2, KEEP_SIZE = 10 };

/* ---- what is kept ---- */

static void
pack(const struct views_cell *c, struct buf *out)
{
	buf_add_u8(out, KEEP_VERSION);
	buf_add_u8(out, (uint8_t)((c->told ? KEEP_TOLD : 0) |
				  (c->restless ? KEEP_RESTLESS : 0)));
	buf_add_u64(out, (uint64_t)c->since);
}

bool
views_unpack(const uint8_t *data, size_t size, struct views_cell *cell)
{
	uint64_t since = 0;

	*cell = (struct views_cell){0};
	if (size != KEEP_SIZE || data[0] != KEEP_VERSION)
		return false;
	for (size_t i = 2; i < KEEP_SIZE; i++)
		since = since << 8 | data[i];
	cell->told = (data[1] & KEEP_TOLD) != 0;
	cell->restless = (data[1] & KEEP_RESTLESS) != 0;
	cell->since = (wall_us)since;
	return cell->told;
}

static void
put(struct monitor *m, const struct apart *a, struct commit_attribute *c,
    struct note *n)
{
	struct buf packed = {0};

	pack(&a->cell, &packed);
	c->key = a->key;
	c->at = loop_wall(m->loop);
	c->noted = packed.data;
	c->noted_size = packed.size;
	if (n != NULL)
		pending_add(m, &n->pending);
	if (packed.err == 0)
		commit_attribute(
		    m->store, c, n == NULL ? NULL : note_durable, n);
	else if (n != NULL)
		note_durable(n, packed.err);
	buf_fini(&packed);
}

void
views_keep(struct monitor *m, const struct apart *a)
{
	struct commit_attribute c = {0};

	put(m, a, &c, NULL);
}

/* ---- telling ---- */

/* What all of its watches say of it, whatever the view; NULL: no memory. */
static const struct policy *
policy_of_all(struct monitor *m, const struct view_set *set)
{
	uint32_t policy = table_question(m->table, set->ids[0])->policy;

	for (size_t i = 1; i < set->n && policy != POLICY_NONE; i++)
		policy = policy_merge(m->table, policy,
		    table_question(m->table, set->ids[i])->policy);
	return policy == POLICY_NONE ? NULL : policy_get(m->table, policy);
}

static void
commit(struct monitor *m, const struct apart *a, uint32_t about,
    const struct say_event *e, struct note *n)
{
	struct store_key key = table_key(m->table, about);
	struct note_rows rows;
	struct commit_attribute c = {
	    .entries = &rows.entry,
	    .n_entries = 1,
	    .alerts = &rows.alert,
	    .n_alerts = n->alerted ? 1 : 0,
	    .about = &key,
	};

	note_fill(n, e, &rows);
	put(m, a, &c, n);
}

/* About the first of its views, which the others differ from. */
static bool
tell(struct monitor *m, const struct apart *a, const struct view_set *set,
    struct say_event *e)
{
	uint32_t about = set->ids[0];
	struct note *n;

	e->policy = policy_of_all(m, set);
	if (e->policy == NULL)
		return false;
	e->name = table_name(m->table, about, NULL);
	e->type = table_question(m->table, about)->type;
	e->view = monitor_view(m, about);
	e->since = a->cell.since;
	e->at = loop_wall(m->loop);
	e->id = uuid_v7(e->at);
	e->count = e->n_views > SAY_VIEWS_MAX ? (uint32_t)e->n_views : 0;
	note_weigh(m, e);
	n = note_new(m, e);
	if (n != NULL)
		commit(m, a, about, e, n);
	return n != NULL;
}

bool
views_tell_differ(struct monitor *m, struct apart *a,
    const struct view_set *set, const struct say_view *views, size_t n)
{
	struct say_event e = {
	    .kind = "views-differ",
	    .views = views,
	    .n_views = n,
	};

	return tell(m, a, set, &e);
}

bool
views_tell_end(struct monitor *m, struct apart *a, const struct view_set *set,
    const char *reason)
{
	struct say_view views[VIEWS_MAX];
	struct say_event e = {
	    .kind = "views-agree",
	    .reason = reason,
	    .views = views,
	    .n_views = set->n,
	};

	for (size_t i = 0; i < set->n; i++)
		views[i] =
		    (struct say_view){.view = monitor_view(m, set->ids[i])};
	return tell(m, a, set, &e);
}

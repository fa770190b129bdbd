/* SPDX-License-Identifier: ISC */

/*
 * Events about a zone's servers.  Each commits together with what is known
 * then: either both are there after a restart or neither.
 */

#include "config/watchlist.h"
#include "dns/type.h"
#include "loop/loop.h"
#include "note.h"
#include "source_priv.h"

/* The zone's SOA question, which what is known of its servers belongs to. */
static struct store_key
key_of(const struct sources *s, const struct zone_state *z)
{
	struct store_key key = table_key(s->monitor->table, z->soa);

	key.server = STORE_SERVER_ZONE;
	return key;
}

/* So that a start finds it, watched or not. */
static void
put_soa(struct sources *s, struct zone_state *z)
{
	struct monitor *m = s->monitor;
	struct question *q = table_question(m->table, z->soa);
	uint8_t size;
	struct commit_question c = {
	    .key = table_key(m->table, z->soa),
	    .name = table_name(m->table, z->soa, &size),
	    .type = TYPE_SOA,
	    .view = table_view_text(m->table, z->view),
	    .every_s = z->every_s != 0 ? z->every_s : WATCH_EVERY_DEFAULT_S,
	    .at = loop_wall(m->loop),
	};

	if ((q->flags & (Q_WATCHED | Q_STORED)) != 0)
		return;
	c.name_size = size;
	q->flags |= Q_STORED;
	commit_question(m->store, &c, NULL, NULL);
}

/* With `n` an event, too, about the question `about`. */
static void
put(struct sources *s, struct zone_state *z, struct commit_attribute *c,
    struct note *n)
{
	struct monitor *m = s->monitor;
	struct buf packed = {0};

	c->key = key_of(s, z);
	c->at = loop_wall(m->loop);
	put_soa(s, z);
	zone_pack(s, z, &packed);
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
zone_keep(struct sources *s, struct zone_state *z)
{
	struct commit_attribute c = {0};

	if (!s->monitor->setup.once)
		put(s, z, &c, NULL);
}

static const char *
stand_text(const struct zone_heard *h)
{
	if (!h->good)
		return trouble_text(h->fail);
	if (h->stand == STAND_BEHIND)
		return "behind";
	return h->stand == STAND_DIFFERS ? "differs" : "agrees";
}

/* Where it was not asked now, the serial is that of the last check. */
static void
fill_serial(const struct zone_state *z, const struct zone_heard *h,
    struct say_server *out)
{
	out->has_serial = h->has_serial;
	out->serial = h->serial;
	for (uint8_t i = 0; i < z->n_members && !out->has_serial; i++) {
		if (z->members[i].server != h->server)
			continue;
		out->has_serial = z->members[i].has_serial;
		out->serial = z->members[i].serial;
	}
}

static size_t
fill_servers(const struct sources *s, const struct zone_state *z,
    const struct zone_news *n, struct say_server *out)
{
	for (size_t i = 0; i < n->n_heard; i++) {
		const struct zone_heard *h = &n->heard[i];
		const struct source_server *r =
		    source_server_of(s->monitor, h->server);

		out[i] = (struct say_server){
		    .server = r->text,
		    .host = r->name,
		    .stand = stand_text(h),
		    .content = h->content,
		    .nsid = h->nsid,
		    .nsid_size = h->nsid_size,
		};
		if (h->good)
			fill_serial(z, h, &out[i]);
	}
	return n->n_heard;
}

/* Who names which servers. */
static size_t
fill_delegation(const struct zone *zone, struct say_server *out,
    char names[ZONE_NAMES_MAX][NAME_TEXT_SIZE])
{
	for (size_t i = 0; i < zone->n_names; i++) {
		bool parent = zone->name_at_parent[i];

		out[i] = (struct say_server){
		    .host = name_print(zone->names[i].wire, names[i]),
		    .stand = parent && zone->name_at_child[i] ? "both"
		             : parent                         ? "parent"
		                                              : "child",
		};
	}
	return zone->n_names;
}

/* The question that it is about: one that showed it, or the zone's SOA. */
static uint32_t
about_of(const struct zone_state *z, const struct zone_news *n)
{
	return n->n_heard > 0 && n->question != QUESTION_NONE ? n->question
	                                                      : z->soa;
}

static void
fill_event(struct sources *s, struct zone_state *z, const struct zone_news *n,
    struct say_event *e)
{
	static const struct policy nobody;
	struct monitor *m = s->monitor;
	const struct source_server *r = source_server_of(m, n->server);
	uint32_t about = about_of(z, n);
	const struct policy *p =
	    n->question == QUESTION_NONE
		? &nobody
		: policy_get(
		      m->table, table_question(m->table, n->question)->policy);

	*e = (struct say_event){
	    .kind = n->kind,
	    .name = table_name(m->table, about, NULL),
	    .zone = table_name(m->table, z->soa, NULL),
	    .view = table_view_text(m->table, z->view),
	    .type = table_question(m->table, about)->type,
	    .reason = n->reason,
	    .since = n->since,
	    .at = loop_wall(m->loop),
	    .policy = p,
	    .server = r == NULL ? NULL : r->text,
	    .host = r == NULL ? NULL : r->name,
	    .has_serials = n->has_serials,
	    .serial_from = n->serial_from,
	    .serial_to = n->serial_to,
	};
	e->id = uuid_v7(e->at);
	note_weigh(m, e);
}

static void
commit(struct sources *s, struct zone_state *z, uint32_t about,
    const struct say_event *e, struct note *n)
{
	struct store_key key = table_key(s->monitor->table, about);
	struct note_rows rows;
	struct commit_attribute c = {
	    .entries = &rows.entry,
	    .n_entries = 1,
	    .alerts = &rows.alert,
	    .n_alerts = n->alerted ? 1 : 0,
	    .about = &key,
	};

	note_fill(n, e, &rows);
	put(s, z, &c, n);
}

void
zone_tell(struct sources *s, struct zone_state *z, const struct zone_news *n)
{
	struct monitor *m = s->monitor;
	struct say_server servers[SURVEY_MAX];
	char names[ZONE_NAMES_MAX][NAME_TEXT_SIZE];
	struct say_event e;
	struct note *note;

	if (m->setup.once)
		return;
	fill_event(s, z, n, &e);
	e.servers = servers;
	e.n_servers = n->delegation ? fill_delegation(z->zone, servers, names)
	                            : fill_servers(s, z, n, servers);
	note = note_new(m, &e);
	if (note != NULL)
		commit(s, z, about_of(z, n), &e, note);
}

/* SPDX-License-Identifier: ISC */

/* An event as the log and webhooks have it. */

#include <stdio.h>
#include <string.h>

#include "base/emit.h"
#include "config/config.h"
#include "dns/record.h"
#include "dns/type.h"
#include "resolver/resolver.h"
#include "say_priv.h"

/* A number, an SOA's four timers, or a digest that says only "another". */
static void
put_attribute(struct emit *j, const char *key, enum attribute attribute,
    const uint8_t *value)
{
	static const char *const timers[] = {
	    "refresh", "retry", "expire", "minimum"};
	char hex[2 * ATTRIBUTE_SIZE + 1];

	switch (attribute) {
	case ATTRIBUTE_DUPLICATES:
	case ATTRIBUTE_TTL:
	case ATTRIBUTE_SERIAL:
		emit_int(j, key, attribute_number(value, 0));
		break;
	case ATTRIBUTE_TIMERS:
		emit_object(j, key);
		for (unsigned i = 0; i < 4; i++)
			emit_int(j, timers[i], attribute_number(value, i));
		emit_object_end(j);
		break;
	case ATTRIBUTE_ORDER:
	case ATTRIBUTE_CASE:
	case ATTRIBUTE_SIGNATURE:
	case ATTRIBUTE_ECH:
		emit_text(j, key, hash_hex(value, ATTRIBUTE_SIZE, hex));
		break;
	}
}

static void
put_names(struct emit *j, const struct say_event *e)
{
	if (e->n_names == 0)
		return;
	emit_array(j, "names");
	for (uint32_t i = 0; i < e->n_names; i++)
		say_put_name(j, NULL, e->names[i].wire);
	emit_array_end(j);
}

static void
put_servers(struct emit *j, const struct say_event *e)
{
	if (e->has_serials) {
		emit_int(j, "from", e->serial_from);
		emit_int(j, "to", e->serial_to);
	}
	if (e->n_servers == 0)
		return;
	emit_array(j, "servers");
	for (size_t i = 0; i < e->n_servers; i++) {
		const struct say_server *s = &e->servers[i];

		emit_object(j, NULL);
		if (s->server != NULL)
			emit_text(j, "server", s->server);
		if (*s->host != '\0')
			emit_text(j, "host", s->host);
		emit_text(j, "stand", s->stand);
		if (s->has_serial)
			emit_int(j, "serial", s->serial);
		say_put_nsid(j, s->nsid, s->nsid_size);
		if (s->content != NULL) {
			emit_text(
			    j, "outcome", outcome_text(s->content->outcome));
			say_put_records(j, "rdata", s->content);
		}
		emit_object_end(j);
	}
	emit_array_end(j);
}

static void
put_view(struct emit *j, const struct say_view *v)
{
	const struct content *c = v->content;
	struct content some;

	emit_object(j, NULL);
	emit_text(j, "view", v->view);
	if (c != NULL) {
		some = *c;
		if (some.n_records > SAY_VIEW_VALUES)
			some.n_records = SAY_VIEW_VALUES;
		emit_text(j, "outcome", outcome_text(c->outcome));
		if (c->outcome == OUTCOME_UNREADABLE)
			emit_text(j, "reason", unreadable_text(c->reason));
		say_put_records(j, "rdata", &some);
		if (some.n_records < c->n_records)
			emit_int(j, "more", c->n_records - some.n_records);
		emit_array(j, "chain");
		for (uint16_t i = 0; i < c->n_chain; i++)
			say_put_name(j, NULL, c->chain[i]);
		emit_array_end(j);
		if (c->partial)
			emit_bool(j, "partial", true);
		emit_wall(j, "since", v->since);
	}
	emit_object_end(j);
}

static void
put_views(struct emit *j, const struct say_event *e)
{
	if (e->n_views == 0)
		return;
	emit_array(j, "views");
	for (size_t i = 0; i < e->n_views && i < SAY_VIEWS_MAX; i++)
		put_view(j, &e->views[i]);
	emit_array_end(j);
}

/* That which ends first; `keys` have signed, and the last of them ends then. */
static void
put_signatures(struct emit *j, const struct signatures *s)
{
	char type[TYPE_TEXT_SIZE];

	if (s == NULL)
		return;
	emit_object(j, "signature");
	emit_text(j, "covers", type_print(s->first.covers, type));
	say_put_name(j, "signer", s->first.signer.wire);
	emit_int(j, "key_tag", s->first.key_tag);
	emit_int(j, "algorithm", s->first.algorithm);
	emit_wall(j, "inception", WALL_S(s->first.inception));
	emit_wall(j, "expires", WALL_S(s->first.expires));
	emit_int(j, "keys", s->n_keys);
	emit_wall(j, "last_expires", WALL_S(s->last_expires));
	emit_object_end(j);
}

static void
put_some(struct emit *j, const char *key, const struct content *c)
{
	struct content some = *c;

	if (some.n_records > SAY_VIEW_VALUES)
		some.n_records = SAY_VIEW_VALUES;
	say_put_records(j, key, &some);
}

/* What should be and is not, and the other way round. */
static void
put_expect(struct emit *j, const struct say_expect *x)
{
	if (x == NULL)
		return;
	emit_text(j, "expected", x->word);
	put_some(j, "missing", x->missing);
	put_some(j, "unexpected", x->unexpected);
	if (x->missing->n_records > SAY_VIEW_VALUES ||
	    x->unexpected->n_records > SAY_VIEW_VALUES)
		emit_bool(j, "more", true);
}

static void
put_addresses(struct emit *j, const struct say_event *e)
{
	if (e->n_addresses == 0)
		return;
	emit_int(j, "answers", e->answers);
	emit_array(j, "addresses");
	for (size_t i = 0; i < e->n_addresses; i++) {
		emit_object(j, NULL);
		emit_text(j, "address", e->addresses[i].text);
		emit_int(j, "answers", e->addresses[i].answers);
		emit_bool(j, "new", e->addresses[i].fresh);
		emit_object_end(j);
	}
	emit_array_end(j);
}

static void
put_life(struct emit *j, const struct say_life *l)
{
	if (l == NULL)
		return;
	emit_object(j, "life");
	emit_text(j, "from", l->from);
	emit_text(j, "to", l->to);
	if (l->cause != NULL)
		emit_text(j, "cause", l->cause);
	emit_text(j, "confidence", l->confidence);
	if (*l->who != '\0')
		emit_text(j, "who", l->who);
	emit_bool(j, "back", l->back);
	emit_object_end(j);
}

static void
put_plan(struct emit *j, const struct config_plan *p)
{
	if (p == NULL)
		return;
	emit_object(j, "plan");
	emit_text(j, "name", p->name);
	emit_wall(j, "from", p->from);
	emit_wall(j, "until", p->until);
	if (p->why != NULL)
		emit_text(j, "why", p->why);
	emit_object_end(j);
}

static void
put_probe(struct emit *j, const struct say_probe *p)
{
	char type[TYPE_TEXT_SIZE];

	if (p == NULL)
		return;
	emit_object(j, "probe");
	say_put_name(j, "name", p->name);
	emit_text(j, "type", type_print(p->type, type));
	if (p->content != NULL) {
		emit_text(j, "outcome", outcome_text(p->content->outcome));
		put_some(j, "rdata", p->content);
		if (p->content->n_records > SAY_VIEW_VALUES)
			emit_bool(j, "more", true);
		emit_array(j, "chain");
		for (uint16_t i = 0; i < p->content->n_chain; i++)
			say_put_name(j, NULL, p->content->chain[i]);
		emit_array_end(j);
	}
	emit_object_end(j);
}

void
say_event(const struct say_event *e, struct buf *json)
{
	char type[TYPE_TEXT_SIZE];
	struct emit j;

	emit_start(&j, json);
	emit_object(&j, NULL);
	emit_int(&j, "schema", 1);
	emit_text(&j, "class", "event");
	emit_uuid(&j, "id", &e->id);
	emit_text(&j, "kind", e->kind);
	if (e->name != NULL) {
		say_put_watched(&j, e->name);
		say_put_name(&j, "zone",
		    e->zone != NULL ? e->zone : name_zone_guess(e->name));
		emit_text(&j, "type", type_print(e->type, type));
	}
	if (*e->view != '\0')
		emit_text(&j, "view", e->view);
	if (e->server != NULL)
		emit_text(&j, "server", e->server);
	if (e->host != NULL && *e->host != '\0')
		emit_text(&j, "host", e->host);
	if (e->reason != NULL)
		emit_text(&j, "reason", e->reason);
	if (e->target != NULL)
		say_put_name(&j, "target", e->target);
	if (e->missing != NULL)
		say_put_name(&j, "missing", e->missing);
	if (e->provider != NULL)
		say_put_name(&j, "provider", e->provider);
	if (e->from != NULL) {
		put_attribute(&j, "from", e->attribute, e->from);
		put_attribute(&j, "to", e->attribute, e->to);
	}
	if (e->seen != NULL) {
		say_put_state(&j, "state", e->believed);
		say_put_state(&j, "seen", e->seen);
		say_put_ede(&j, &e->witnesses[0]);
	}
	if (e->seen == NULL && e->believed != NULL)
		say_put_state(&j, "state", e->believed);
	put_expect(&j, e->expect);
	put_plan(&j, e->plan);
	put_life(&j, e->life);
	put_addresses(&j, e);
	put_probe(&j, e->probe);
	put_signatures(&j, e->signatures);
	emit_wall(&j, "since", e->since);
	say_put_digest(&j, e->digest);
	emit_wall(&j, "at", e->at);
	emit_text(&j, "severity", severity_text(e->severity));
	say_put_weighed(&j, e->weighed.event != NULL ? &e->weighed : NULL);
	if (e->asked != 0) {
		emit_int(&j, "asked", e->asked);
		emit_int(&j, "failed", e->failed);
	}
	if (e->count != 0)
		emit_int(&j, "count", e->count);
	put_names(&j, e);
	put_servers(&j, e);
	put_views(&j, e);
	say_put_policy(&j, e->policy);
	if (e->n_witnesses > 0)
		say_put_witnesses(&j, e->witnesses, e->n_witnesses);
	emit_object_end(&j);
}

void
say_gathered(const struct say_gathered *g, struct buf *json)
{
	char name[NAME_TEXT_SIZE];
	struct buf summary = {0};
	struct emit j;

	buf_printf(&summary, "%s %s: %zu more, %u in all%s",
	    name_print(g->name, name), g->kind, g->told, (unsigned)g->count,
	    g->closed ? ", closed" : "");
	emit_start(&j, json);
	emit_object(&j, NULL);
	emit_int(&j, "schema", 1);
	emit_text(&j, "class", "group");
	emit_uuid(&j, "id", &g->id);
	emit_int(&j, "revision", 1);
	emit_text(&j, "kind", g->kind);
	say_put_watched(&j, g->name);
	emit_text(&j, "view", g->view);
	emit_text(&j, "severity", severity_text(g->severity));
	if (g->label != LABEL_NONE)
		emit_text(&j, "label", label_text(g->label));
	emit_uuid(&j, "group", &g->group);
	emit_uuid(&j, "first", &g->first);
	emit_int(&j, "part", g->part);
	emit_int(&j, "told", (int64_t)g->told);
	emit_int(&j, "count", g->count);
	emit_bool(&j, "closed", g->closed);
	emit_text(&j, "summary", buf_text(&summary));
	emit_object_end(&j);
	buf_fini(&summary);
}

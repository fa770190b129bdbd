/* SPDX-License-Identifier: ISC */

/*
 * The world of a drill: resolvers as many as the view `default` has groups
 * of, the one watch, and the severities of the configuration.
 */

#include "stage/drill.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "dns/type.h"
#include "fake_loop.h"
#include "play.h"
#include "world.h"

enum { LINES_MAX = 64, MEMBERS_MAX = 64 };

struct drill {
	const struct drill_setup *setup;
	size_t told; /* alerts of the database, so far */
};

/* ---- what is set up ---- */

/* The first of the same group: what groups are called may be no word. */
static size_t
group_of(const struct config *c, size_t resolver)
{
	size_t i = 0;

	while (strcmp(c->resolvers[i].group, c->resolvers[resolver].group) != 0)
		i++;
	return i;
}

static void
add_resolvers(struct world *w, const struct config *c)
{
	char line[64];

	for (size_t i = 0; i < c->n_resolvers; i++) {
		if ((c->resolvers[i].views & 1) == 0)
			continue;
		snprintf(line, sizeof(line), "r%zu 192.0.2.%zu group g%zu", i,
		    100 + i, group_of(c, i));
		world_add_resolver(w, line);
	}
	world_add_defaults(w);
}

static void
add_word(struct buf *out, const char *key, const char *value)
{
	if (value != NULL)
		buf_printf(out, "%s: \"%s\", ", key, value);
}

static void
add_config(struct world *w, const struct config *c)
{
	buf_printf(&w->more, "failing_after: %u\n", c->failing_after);
	if (c->n_severities > 0)
		buf_add_text(&w->more, "severity:\n");
	for (size_t i = 0; i < c->n_severities; i++) {
		const struct config_severity *s = &c->severities[i];

		buf_add_text(&w->more, "  - {");
		add_word(&w->more, "kind", s->kind);
		add_word(&w->more, "aspect", s->aspect);
		add_word(&w->more, "type", s->type);
		add_word(&w->more, "tag", s->tag);
		buf_printf(&w->more, "severity: %s}\n", s->severity);
	}
}

/* As a text between quotes of YAML, which have it as it is in JSON. */
static void
add_quoted(struct buf *out, const char *text)
{
	buf_add_text(out, "\"");
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			buf_add_text(out, "\\");
		buf_add(out, text, 1);
	}
	buf_add_text(out, "\"");
}

static void
add_members(const struct watch *watch, struct buf *out)
{
	static const char *const proofs[] = {
	    NULL, "path", "cache", NULL, "next-poll"};

	if (watch->n_tags > 0)
		buf_add_text(out, ", tags: [");
	for (size_t i = 0; i < watch->n_tags; i++) {
		if (i > 0)
			buf_add_text(out, ", ");
		add_quoted(out, watch->tags[i]);
	}
	if (watch->n_tags > 0)
		buf_add_text(out, "]");
	if (watch->owner != NULL) {
		buf_add_text(out, ", owner: ");
		add_quoted(out, watch->owner);
	}
	if (watch->runbook != NULL) {
		buf_add_text(out, ", runbook: ");
		add_quoted(out, watch->runbook);
	}
	if (proofs[watch->confirm] != NULL)
		buf_printf(out, ", confirm: %s", proofs[watch->confirm]);
}

/* One that is called after its file may be no word. */
static const char *
list_of(const struct watch *watch)
{
	static const char word[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

	return watch->list[strspn(watch->list, word)] == '\0' ? watch->list
	                                                      : "drill";
}

static void
add_watch(struct world *w, const struct watch *watch, const char *name)
{
	char type[TYPE_TEXT_SIZE];
	struct buf line = {0};
	struct buf more = {0};

	buf_printf(&line, "%s ", name);
	for (size_t i = 0; i < watch->n_types; i++)
		buf_printf(&line, "%s%s", i > 0 ? "," : "",
		    type_print(watch->types[i], type));
	buf_printf(&line, " every %us list %s", watch->every_s, list_of(watch));
	world_add_watch(w, buf_text(&line));
	add_members(watch, &more);
	if (more.err != 0 || more.size >= sizeof(w->watches[0].more))
		story_fail("the tags, owner and runbook of %s are too long for "
			   "a drill",
		    name);
	memcpy(w->watches[0].more, buf_text(&more), more.size + 1);
	buf_fini(&more);
	buf_fini(&line);
}

/* ---- what is told ---- */

static void
tell_alert(struct world *w, const struct db_alert *a)
{
	const struct drill *d = w->ctx;
	struct delivery_member members[MEMBERS_MAX];
	const struct db_entry *first = &w->db->entries[a->first];
	struct delivery out = {
	    .alert = a->id,
	    .revision = a->revision,
	    .class_ = a->class_,
	    .group = a->group,
	    .members = members,
	    .n_members = a->n < MEMBERS_MAX ? a->n : MEMBERS_MAX,
	    .attempt = 1,
	    .created = first->at,
	    .name = a->name,
	    .test = true,
	};

	for (size_t i = 0; i < out.n_members; i++)
		members[i] =
		    (struct delivery_member){first[i].seq, first[i].body};
	d->setup->on_alert(d->setup->ctx,
	    world_now(w) -
		(mono_ns)(loop_wall(w->loop) - first->at) * MONO_MS(1) / 1000,
	    &out);
}

static void
tell_alerts(struct world *w)
{
	struct drill *d = w->ctx;

	while (d->told < w->db->n_alerts)
		tell_alert(w, &w->db->alerts[d->told++]);
}

static void
on_say(struct world *w, const char *text)
{
	const struct drill *d = w->ctx;

	tell_alerts(w);
	d->setup->on_step(d->setup->ctx, world_now(w), text);
}

/* ---- the play ---- */

/* The script with the name in its place. */
static void
fill_in(const char *script, const char *name, struct buf *out)
{
	for (; *script != '\0'; script++) {
		if (script[0] == '%' && script[1] == 'n') {
			buf_add_text(out, name);
			script++;
		} else {
			buf_add(out, script, 1);
		}
	}
}

static size_t
cut_lines(char *text, const char *file, struct script_line lines[LINES_MAX])
{
	size_t n = 0;
	char *next;

	for (char *p = text; *p != '\0' && n < LINES_MAX; p = next) {
		next = p + strcspn(p, "\n");
		if (*next != '\0')
			*next++ = '\0';
		lines[n] = (struct script_line){file, (unsigned)n + 1, p};
		n++;
	}
	return n;
}

void
drill_run(const struct drill_setup *setup)
{
	static struct world world;
	struct drill d = {.setup = setup};
	struct script_line lines[LINES_MAX];
	char name[NAME_TEXT_SIZE];
	struct buf script = {0};
	size_t n;

	name_print(setup->watch->name.wire, name);
	fill_in(setup->scenario->script, name, &script);
	if (script.err != 0)
		story_fail("out of memory");
	(void)buf_text(&script); /* ends it with a NUL */
	n = cut_lines((char *)script.data, setup->scenario->name, lines);
	world_init(&world);
	fake_loop_set_wall(world.loop, setup->begin);
	world.ctx = &d;
	world.say = on_say;
	add_resolvers(&world, setup->config);
	add_config(&world, setup->config);
	add_watch(&world, setup->watch, name);
	script_tell(&world, lines, n);
	tell_alerts(&world);
	world_fini(&world);
	buf_fini(&script);
}

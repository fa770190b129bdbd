/* SPDX-License-Identifier: ISC */

/*
 * The monitor gets its configuration and its watchlists as files, read by the
 * real config room; everything else is virtual.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FAKE_LOOP_HERE
#include "fake_loop.c"

#include "base/diag.h"
#include "dns/type.h"
#include "play.h"
#include "resolver/resolver.h"
#include "world.h"

#define SECRET "whsec_MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1u"

enum { OPEN_LIMIT_S = 720, DRAIN_LIMIT_S = 30 };

/* What canaries ask for. */
static void
add_soa(struct world *w, uint8_t size, const uint8_t *wire)
{
	struct name name = {.size = size};

	memcpy(name.wire, wire, size);
	zone_put(&w->net.truth,
	    rrset_read(&w->net.truth, &name, TYPE_SOA,
		"a.root.example. hostmaster.example. 1 2 3 4 5", 86400));
}

void
world_init(struct world *w)
{
	const char *tmp = getenv("TMPDIR");

	*w = (struct world){0};
	w->loop = loop_new();
	w->begin = loop_mono(w->loop);
	story_clock(w->loop);
	w->net.loop = w->loop;
	w->net.negative_ttl = 20;
	w->ttl = 20;
	net_use(&w->net);
	add_soa(w, 1, (const uint8_t *)"");
	add_soa(w, 5, (const uint8_t *)"\3com");
	w->db = db_new(w->loop);
	w->limits = resolver_limits_default();
	snprintf(w->dir, sizeof(w->dir), "%.40s/replay.XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(w->dir) == NULL)
		story_fail("no folder %s", w->dir);
	story_folder(w->dir);
}

void
world_fini(struct world *w)
{
	size_t left;

	monitor_free(w->monitor);
	if (w->store != NULL)
		fake_store_close(w->store);
	config_free(w->config);
	config_free(w->next);
	db_free(w->db);
	net_free(&w->net);
	buf_fini(&w->resolvers);
	buf_fini(&w->source.hints);
	buf_fini(&w->source.at);
	buf_fini(&w->sinks);
	buf_fini(&w->plans);
	buf_fini(&w->marks);
	buf_fini(&w->more);
	for (size_t i = 0; i < w->n_views; i++)
		buf_fini(&w->views[i].resolvers);
	free(w->watches);
	story_folder(NULL);
	left = fake_loop_n_watchers(w->loop);
	story_clock(NULL);
	loop_free(w->loop);
	if (left != 0)
		story_fail("%zu timers or hooks were not freed", left);
}

/* ---- files ---- */

static FILE *
create(const struct world *w, const char *name, char path[512])
{
	FILE *f;

	snprintf(path, 512, "%s/%s", w->dir, name);
	f = fopen(path, "w");
	if (f == NULL)
		story_fail("cannot write %s", path);
	return f;
}

/* Names have octets as \DDD. */
static void
write_watch(FILE *f, const struct watch_line *l)
{
	fputs("  - {name: \"", f);
	for (const char *p = l->name; *p != '\0'; p++) {
		if (*p == '\\' || *p == '"')
			fputc('\\', f);
		fputc(*p, f);
	}
	fprintf(
	    f, "\", types: [%s], every: %s%s}\n", l->types, l->every, l->more);
}

static void
write_lists(struct world *w)
{
	char path[512];
	char name[128];

	for (size_t i = 0; i < w->n_lists; i++) {
		FILE *f;

		snprintf(name, sizeof(name), "%s.yaml", w->lists[i]);
		f = create(w, name, path);
		fprintf(f, "watchlist: %s\nwatch:\n", w->lists[i]);
		for (size_t k = 0; k < w->n_watches; k++) {
			const struct watch_line *l = &w->watches[k];

			if (strcmp(l->list, w->lists[i]) == 0)
				write_watch(f, l);
		}
		fclose(f);
	}
}

static void
say_problems(const struct diag *d)
{
	char line[512];

	for (size_t i = 0; i < d->n_items; i++)
		fprintf(stderr, "%s\n",
		    diag_print(&d->items[i], line, sizeof(line)));
}

static void
write_views(struct world *w, FILE *f)
{
	if (w->n_views > 0 || w->source.exists)
		fprintf(f, "views:\n");
	for (size_t i = 0; i < w->n_views; i++)
		fprintf(f, "  %s: {resolvers: [%s]}\n", w->views[i].name,
		    buf_text(&w->views[i].resolvers));
	if (w->source.exists)
		fprintf(f,
		    "  source: {authoritative: true, parent: %s, "
		    "hints: [%s], at: {%s}}\n",
		    w->source.with_parent ? "true" : "false",
		    buf_text(&w->source.hints), buf_text(&w->source.at));
}

static void
write_plans(struct world *w, FILE *config)
{
	const char *line = buf_text(&w->plans);
	char path[512];
	char name[32];
	const char *end;

	if (w->plans.size == 0)
		return;
	for (unsigned n = 0; (end = strchr(line, '\n')) != NULL; n++) {
		FILE *f;

		snprintf(name, sizeof(name), "%u.plan", n);
		f = create(w, name, path);
		fprintf(f, "%.*s", (int)(end - line), line);
		fclose(f);
		fprintf(config, "%s\"%s\"", n == 0 ? "plans: [" : ", ", path);
		line = end + 1;
	}
	fprintf(config, "]\n");
}

static void
write_marks(struct world *w, FILE *config)
{
	char path[512];
	FILE *f;

	if (w->marks.size == 0)
		return;
	f = create(w, "some.marks", path);
	fputs(buf_text(&w->marks), f);
	fclose(f);
	fprintf(config, "marks: [\"%s\"]\n", path);
}

static struct config *
make_config(struct world *w)
{
	struct diag d = {0};
	struct config *c;
	char path[512];
	FILE *f = create(w, "dnsvigil.conf", path);

	fprintf(f, "database: postgresql:///none\nresolvers:\n%s",
	    buf_text(&w->resolvers));
	write_views(w, f);
	fprintf(f, "watchlists: [\"%s/*.yaml\"]\n", w->dir);
	write_plans(w, f);
	write_marks(w, f);
	if (w->n_sinks == 0 && w->sinks.size == 0) {
		buf_add_text(&w->sinks,
		    "  soc: {type: webhook, url: "
		    "\"https://soc.example/\", secret: " SECRET "}\n");
		w->n_sinks = 1;
	}
	if (w->n_sinks > 0)
		fprintf(f, "sinks:\n%s", buf_text(&w->sinks));
	/* Most stories count questions: canaries are for those that want them.
	 */
	if (strstr(buf_text(&w->more), "canaries:") == NULL)
		fprintf(f, "canaries: none\n");
	/* And few have all that their records point at. */
	if (strstr(buf_text(&w->more), "dangling:") == NULL)
		fprintf(f, "dangling: none\n");
	/* And most count alerts. */
	if (strstr(buf_text(&w->more), "grouping:") == NULL)
		fprintf(f, "grouping: false\n");
	if (strstr(buf_text(&w->more), "wildcard:") == NULL)
		fprintf(f, "wildcard: none\n");
	if (strstr(buf_text(&w->more), "unlisted:") == NULL)
		fprintf(f, "unlisted: none\n");
	fprintf(f, "%s", buf_text(&w->more));
	fclose(f);
	c = config_load(path, &d);
	if (c == NULL) {
		say_problems(&d);
		story_fail("the configuration is refused");
	}
	diag_fini(&d);
	return c;
}

/* Those of the view that is named next. */
static struct buf *
view_resolvers(struct world *w, const char **p)
{
	char view[WORD_SIZE];
	size_t i = 0;

	word_need(p, view);
	while (i < w->n_views && strcmp(w->views[i].name, view) != 0)
		i++;
	CHECK(i < sizeof(w->views) / sizeof(w->views[0]));
	if (i == w->n_views)
		snprintf(w->views[w->n_views++].name, sizeof(w->views[0].name),
		    "%s", view);
	return &w->views[i].resolvers;
}

void
world_add_resolver(struct world *w, const char *p)
{
	char name[WORD_SIZE], address[WORD_SIZE], word[WORD_SIZE];
	struct buf *out = &w->resolvers;
	struct server *s;

	word_need(&p, name);
	word_need(&p, address);
	s = net_add(&w->net, name);
	if (addr_parse(address, 53, &s->addr) != 0)
		story_fail("no address: %s", address);
	if (word_is(&p, "view"))
		out = view_resolvers(w, &p);
	buf_printf(out, "%s{address: \"%s\"",
	    out == &w->resolvers ? "  - " : "", address);
	while (word_next(&p, word)) {
		if (strcmp(word, "group") == 0) {
			word_need(&p, word);
			buf_printf(out, ", group: %s", word);
		} else if (strcmp(word, "rate") == 0) {
			word_need(&p, word);
			buf_printf(out, ", rate: %s", word);
		} else if (strcmp(word, "trust_ad") == 0) {
			buf_add_text(out, ", trust_ad: true");
		} else if (strcmp(word, "authoritative") == 0) {
			s->authoritative = true;
		} else {
			story_fail("resolver: what is %s?", word);
		}
	}
	buf_add_text(out, out == &w->resolvers ? "}\n" : "}, ");
}

void
world_add_nameserver(struct world *w, const char *p)
{
	char name[WORD_SIZE], address[WORD_SIZE];
	const char *zone = "example.org";
	struct buf *hints = &w->source.hints;
	struct buf *at = &w->source.at;
	struct server *s;

	word_need(&p, name);
	word_need(&p, address);
	s = net_add(&w->net, name);
	s->authoritative = true;
	if (addr_parse(address, 53, &s->addr) != 0)
		story_fail("no address: %s", address);
	w->source.exists = true;
	if (word_is(&p, "hint"))
		buf_printf(
		    hints, "%s\"%s\"", hints->size > 0 ? ", " : "", address);
	else
		buf_printf(at, "%s%s.%s: [\"%s\"]", at->size > 0 ? ", " : "",
		    name, word_is(&p, "of") ? p : zone, address);
}

void
world_set_source(struct world *w, const char *p)
{
	if (word_is(&p, "parent"))
		w->source.with_parent = true;
	else if (word_is(&p, "none"))
		w->source.exists = false;
	else if (word_is(&p, "again"))
		w->source.exists = true;
	else
		story_fail("source parent, none or again");
}

static void
need_list(struct world *w, const char *list)
{
	for (size_t i = 0; i < w->n_lists; i++) {
		if (strcmp(w->lists[i], list) == 0)
			return;
	}
	CHECK(w->n_lists < 16);
	snprintf(w->lists[w->n_lists++], sizeof(w->lists[0]), "%s", list);
}

static void
add_until(struct watch_line *l, const char *span)
{
	size_t n = strlen(l->more);
	char text[WALL_TEXT_SIZE];

	snprintf(l->more + n, sizeof(l->more) - n, ", until: %s",
	    wall_print(FAKE_LOOP_WALL + span_of(span) / 1000, text));
}

/* AFTER/EVERY */
static void
add_idle(struct watch_line *l, const char *value)
{
	size_t n = strlen(l->more);
	int after = (int)strcspn(value, "/");

	snprintf(l->more + n, sizeof(l->more) - n,
	    ", idle: {after: %.*s, every: %s}", after, value,
	    value + after + 1);
}

void
world_add_watch(struct world *w, const char *p)
{
	char name[WORD_SIZE], types[WORD_SIZE], word[WORD_SIZE];
	struct watch_line *l =
	    list_add(&w->watches, &w->n_watches, &w->watches_room, sizeof(*l));
	size_t n;

	word_need(&p, name);
	word_need(&p, types);
	snprintf(l->name, sizeof(l->name), "%s", name);
	snprintf(l->types, sizeof(l->types), "%s", types);
	snprintf(l->every, sizeof(l->every), "60s");
	snprintf(l->list, sizeof(l->list), "all");
	while (word_next(&p, word)) {
		char value[WORD_SIZE];

		word_need(&p, value);
		n = strlen(l->more);
		if (strcmp(word, "every") == 0)
			snprintf(l->every, sizeof(l->every), "%s", value);
		else if (strcmp(word, "list") == 0)
			snprintf(l->list, sizeof(l->list), "%s", value);
		else if (strcmp(word, "tags") == 0)
			snprintf(l->more + n, sizeof(l->more) - n,
			    ", tags: [%s]", value);
		else if (strcmp(word, "until") == 0)
			add_until(l, value);
		else if (strcmp(word, "idle") == 0)
			add_idle(l, value);
		else if (strcmp(word, "expect") == 0)
			snprintf(l->more + n, sizeof(l->more) - n,
			    ", expect: %s", value);
		else
			snprintf(l->more + n, sizeof(l->more) - n,
			    ", %s: \"%s\"", word, value);
	}
	need_list(w, l->list);
}

void
world_remove_watch(struct world *w, const char *p)
{
	char name[WORD_SIZE], types[WORD_SIZE];
	bool all;
	size_t n = 0;

	word_need(&p, name);
	all = !word_next(&p, types);
	for (size_t i = 0; i < w->n_watches; i++) {
		const struct watch_line *l = &w->watches[i];

		if (strcmp(l->name, name) != 0 ||
		    (!all && strcmp(l->types, types) != 0))
			w->watches[n++] = *l;
	}
	if (n == w->n_watches)
		story_fail("%s is not watched", name);
	w->n_watches = n;
}

/* ---- the monitor ---- */

static void
on_line(void *ctx, const struct monitor_line *line)
{
	struct world *w = ctx;

	w->n_lines++;
	story_trace("line %s", line->json);
}

static void
on_outbox(void *ctx)
{
	struct world *w = ctx;

	w->n_outbox++;
}

static void
on_done(void *ctx)
{
	struct world *w = ctx;

	w->done = true;
}

static void
on_fatal(void *ctx, const char *why)
{
	struct world *w = ctx;

	snprintf(w->fatal, sizeof(w->fatal), "%s", why);
}

static void
on_reloaded(void *ctx, const struct config *config, bool taken)
{
	struct world *w = ctx;

	if (config != w->next)
		story_fail("another configuration was reloaded than given");
	config_free(taken ? w->config : w->next);
	if (taken)
		w->config = w->next;
	w->next = NULL;
}

static void
on_store(void *ctx, enum store_state state, const char *why)
{
	struct world *w = ctx;

	story_trace("store state %d %s", (int)state, why);
	monitor_store_state(w->monitor, (int)state, why);
}

static void
start_monitor(struct world *w)
{
	struct monitor_hooks hooks = {
	    on_line, on_outbox, on_done, on_fatal, on_reloaded, w};
	struct monitor_setup setup = {
	    .loop = w->loop,
	    .config = w->config,
	    .limits = &w->limits,
	    .once = w->once,
	};
	struct diag d = {0};

	w->done = false;
	w->store = fake_store_open(w->db, on_store, w);
	setup.store = w->store;
	w->monitor = monitor_new(&setup, &hooks);
	if (w->monitor == NULL || monitor_watch(w->monitor, &d) != 0)
		story_fail("the monitor does not start");
	if (d.n_errors > 0) {
		say_problems(&d);
		story_fail("the watchlists are refused");
	}
	diag_fini(&d);
}

void
world_add_defaults(struct world *w)
{
	if (w->resolvers.size > 0)
		return;
	world_add_resolver(w, "one 192.0.2.10 group a");
	world_add_resolver(w, "two 192.0.2.20 group b");
}

void
world_start(struct world *w)
{
	if (w->started)
		return;
	w->started = true;
	world_add_defaults(w);
	write_lists(w);
	w->config = make_config(w);
	w->db->n_sinks = w->n_sinks;
	start_monitor(w);
}

void
world_restart(struct world *w)
{
	world_start(w);
	monitor_free(w->monitor);
	fake_store_close(w->store);
	config_free(w->config);
	config_free(w->next);
	w->next = NULL;
	write_lists(w);
	w->config = make_config(w);
	start_monitor(w);
}

void
world_reload(struct world *w, bool mass)
{
	world_start(w);
	write_lists(w);
	w->next = make_config(w);
	w->db->n_sinks = w->n_sinks;
	if (!monitor_reload(w->monitor, w->next, mass))
		story_fail("a reload begins while another goes on");
}

void
world_run(struct world *w, mono_ns by)
{
	world_start(w);
	fake_loop_advance(w->loop, by);
	fake_loop_settle(w->loop);
}

mono_ns
world_now(const struct world *w)
{
	return loop_mono(w->loop) - w->begin;
}

void
world_run_to(struct world *w, mono_ns since_begin)
{
	if (since_begin < world_now(w))
		story_fail("the story goes back in time");
	if (since_begin > world_now(w))
		world_run(w, since_begin - world_now(w));
}

void
world_pause(struct world *w, mono_ns by)
{
	world_start(w);
	w->loop->mono += by;
	net_deliver(&w->net);
}

static bool
all_decided(void *ctx)
{
	struct world *w = ctx;

	for (size_t i = 0; i < w->db->n_questions; i++) {
		if (w->db->questions[i]->phase == CANDIDATE_OPEN)
			return false;
	}
	return true;
}

static bool
is_done(void *ctx)
{
	struct world *w = ctx;

	return w->done;
}

void
world_end(struct world *w)
{
	world_start(w);
	if (w->fatal[0] != '\0')
		return;
	if (w->db->away)
		fake_store_back(w->store);
	if (!fake_loop_run_until(w->loop, all_decided, w, MONO_S(OPEN_LIMIT_S)))
		story_fail("a candidate was never decided");
	for (size_t i = 0; i < w->db->n_entries; i++) {
		const struct db_entry *e = &w->db->entries[i];

		if (strcmp(e->class_, "candidate") == 0 && !e->decided)
			story_fail(
			    "a candidate of %s has no decision", e->name);
	}
	if (w->once)
		return;
	monitor_drain(w->monitor);
	if (!fake_loop_run_until(w->loop, is_done, w, MONO_S(DRAIN_LIMIT_S)))
		story_fail("draining does not end");
}

/* Of resolver.h: nobody goes here. */
bool
resolver_drop(struct resolver *r, uint16_t server)
{
	(void)r;
	(void)server;
	return false;
}

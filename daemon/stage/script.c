/* SPDX-License-Identifier: ISC */

/* Statements; play.c has their grammar. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/rand.h"
#include "dns/type.h"
#include "fake_loop.h"
#include "loop/loop.h"
#include "play.h"
#include "world.h"

enum { BLOCKS_MAX = 8 };

struct block {
	size_t line; /* of the first inside */
	long n, i;
	mono_ns every, next;
};

struct script {
	struct world *w;
	const struct script_line *lines;
	size_t n, at;
	struct block blocks[BLOCKS_MAX];
	size_t depth;
};

/* ---- zones and servers ---- */

static void
need_name(const char **p, struct name *out)
{
	char word[WORD_SIZE];
	const char *why;

	word_need(p, word);
	if (name_parse(word, out, &why) != 0)
		story_fail("no name: %s (%s)", word, why);
}

static uint16_t
type_of(const char *word)
{
	uint16_t type;

	if (strcmp(word, "*") == 0)
		return ZONE_ANY_TYPE;
	if (type_parse(word, &type) != 0)
		story_fail("no type: %s", word);
	return type;
}

/* "N of M PREFIX": so many of the addresses PREFIX.1 to PREFIX.M, by chance. */
static void
pick(const char *p, char out[WORD_SIZE])
{
	char prefix[WORD_SIZE];
	unsigned taken[16];
	unsigned n = (unsigned)word_number(&p);
	unsigned of;
	size_t at = 0;

	if (!word_is(&p, "of"))
		story_fail("pick N of M PREFIX");
	of = (unsigned)word_number(&p);
	word_need(&p, prefix);
	if (n > sizeof(taken) / sizeof(taken[0]) || n > of)
		story_fail("so many cannot be picked: %u of %u", n, of);
	for (unsigned i = 0; i < n;) {
		unsigned k = 0;

		taken[i] = rand_u32() % of + 1;
		while (taken[k] != taken[i])
			k++;
		if (k < i)
			continue;
		at += (size_t)snprintf(out + at, WORD_SIZE - at, "%s%.100s.%u",
		    i == 0 ? "" : ", ", prefix, taken[i]);
		i++;
	}
}

/* NAME gone | NAME TYPE VALUES | NAME TYPE none */
static void
do_zone(struct world *w, const char *p)
{
	char word[WORD_SIZE];
	struct name name;

	need_name(&p, &name);
	word_need(&p, word);
	if (strcmp(word, "gone") == 0) {
		zone_drop(&w->net.truth, &name);
		return;
	}
	if (word_is(&p, "pick")) {
		uint16_t type = type_of(word);

		pick(p, word);
		zone_put(&w->net.truth,
		    rrset_read(&w->net.truth, &name, type, word, w->ttl));
		return;
	}
	zone_put(
	    &w->net.truth, rrset_read(&w->net.truth, &name, type_of(word),
			       strcmp(p, "none") == 0 ? "NODATA" : p, w->ttl));
}

/* NAME TYPE from SPAN for SPAN [key TAG]: since so long, and for so long */
static void
do_sign(struct world *w, const char *p)
{
	struct signing s = {.tag = 1, .ttl = w->ttl};
	char word[WORD_SIZE];
	int64_t now;

	world_start(w);
	now = loop_wall(w->loop) / WALL_S(1);
	need_name(&p, &s.name);
	word_need(&p, word);
	s.type = type_of(word);
	if (!word_is(&p, "from"))
		story_fail("sign NAME TYPE from SPAN for SPAN");
	s.inception = (uint32_t)(now - word_span(&p) / MONO_S(1));
	if (!word_is(&p, "for"))
		story_fail("sign NAME TYPE from SPAN for SPAN");
	s.expires = (uint32_t)(now + word_span(&p) / MONO_S(1));
	if (word_is(&p, "key"))
		s.tag = (uint16_t)word_number(&p);
	zone_sign(&w->net.truth, &s);
}

static const struct {
	const char *verb;
	enum conduct conduct;
	bool udp_only, tcp_only;
	bool has_values;
} verbs[] = {
    {"drops", CONDUCT_DROP, false, false, false},
    {"servfails", CONDUCT_SERVFAIL, false, false, false},
    {"refuses", CONDUCT_REFUSE, false, false, false},
    {"refers", CONDUCT_LAME, false, false, false},
    {"garbles", CONDUCT_MALFORM, false, false, false},
    {"stale", CONDUCT_STALE, false, false, false},
    {"keeps", CONDUCT_KEEP, false, false, false},
    {"rejects", CONDUCT_BOGUS, false, false, false},
    {"mutes", CONDUCT_MUTE, false, false, false},
    {"lies", CONDUCT_LIE, false, false, true},
    {"forged", CONDUCT_LIE, true, false, true},
    {"unstreams", CONDUCT_DROP, false, true, false},
    {"filters", CONDUCT_FILTER, false, false, false},
    {"delegates", CONDUCT_DELEGATE, false, false, false},
};

static bool
read_habit(struct world *w, struct server *s, const char *verb, const char *p)
{
	struct habit h = {.share = 1, .left = -1, .type = ZONE_ANY_TYPE};
	char word[WORD_SIZE];
	size_t i = 0;
	size_t n = sizeof(verbs) / sizeof(verbs[0]);

	while (i < n && strcmp(verbs[i].verb, verb) != 0)
		i++;
	if (i == n)
		return false;
	h.conduct = verbs[i].conduct;
	h.udp_only = verbs[i].udp_only;
	h.tcp_only = verbs[i].tcp_only;
	if (word_is(&p, "once"))
		h.left = 1;
	else if (word_is(&p, "twice"))
		h.left = 2;
	if (*p >= '0' && *p <= '9') {
		word_need(&p, word);
		h.share = strtod(word, NULL) / 100;
	}
	if (*p != '\0') {
		h.has_name = true;
		need_name(&p, &h.name);
	}
	if (*p != '\0') {
		word_need(&p, word);
		h.type = type_of(word);
	}
	if (verbs[i].has_values)
		h.lie = rrset_read(&w->net.truth, &h.name, h.type, p, w->ttl);
	server_add_habit(s, &h);
	return true;
}

static void
do_one_server(struct world *w, struct server *s, const char *p)
{
	char verb[WORD_SIZE], word[WORD_SIZE];
	struct name name;

	word_need(&p, verb);
	if (read_habit(w, s, verb, p))
		return;
	if (strcmp(verb, "answers") == 0) {
		need_name(&p, &name);
		word_need(&p, word);
		zone_put(&s->own,
		    rrset_read(&s->own, &name, type_of(word), p, w->ttl));
	} else if (strcmp(verb, "rewrites") == 0) {
		struct habit h = {.share = 1,
		    .left = -1,
		    .type = ZONE_ANY_TYPE,
		    .conduct = CONDUCT_REWRITE};

		word_need(&p, word);
		h.lie = rrset_read(
		    &w->net.truth, &h.name, type_of(word), p, w->ttl);
		server_add_habit(s, &h);
	} else if (strcmp(verb, "honest") == 0) {
		server_be_honest(s);
	} else if (strcmp(verb, "flush") == 0) {
		server_flush(s);
	} else if (strcmp(verb, "shuffles") == 0) {
		s->shuffles = true;
	} else if (strcmp(verb, "validates") == 0) {
		s->validates = true;
	} else if (strcmp(verb, "authoritative") == 0) {
		s->authoritative = true;
	} else if (strcmp(verb, "instances") == 0) {
		s->instances = (uint8_t)word_number(&p);
	} else if (strcmp(verb, "latency") == 0) {
		s->latency = word_span(&p);
	} else if (strcmp(verb, "window") == 0) {
		s->window = (uint32_t)word_number(&p);
	} else {
		story_fail("a server does what? %s", verb);
	}
}

static void
do_server(struct world *w, const char *p)
{
	char name[WORD_SIZE];

	word_need(&p, name);
	world_add_defaults(w);
	if (strcmp(name, "all") != 0) {
		do_one_server(w, net_find(&w->net, name), p);
		return;
	}
	for (size_t i = 0; i < w->net.n_servers; i++)
		do_one_server(w, &w->net.servers[i], p);
}

static void
do_database(struct world *w, const char *p)
{
	if (word_is(&p, "away")) {
		if (w->store == NULL)
			w->db->away = true;
		else
			fake_store_away(w->store, word_is(&p, "unknown"));
	} else if (word_is(&p, "back")) {
		fake_store_back(w->store);
	} else if (word_is(&p, "fenced")) {
		fake_store_fence(w->store);
	} else if (word_is(&p, "refuses")) {
		w->db->refused = (unsigned)word_number(&p);
	} else {
		story_fail("database away, back, fenced or refuses");
	}
}

static void
do_sink(struct world *w, const char *p)
{
	char name[WORD_SIZE];

	word_need(&p, name);
	if (strcmp(name, "none") == 0) {
		buf_add_text(&w->sinks, " ");
		return;
	}
	buf_printf(&w->sinks,
	    "  %s: {type: webhook, url: "
	    "\"https://%s.example/\", secret: "
	    "whsec_MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1u}\n",
	    name, name);
	w->n_sinks++;
}

static void
do_clock(struct world *w, const char *p)
{
	char word[WORD_SIZE];

	word_need(&p, word);
	if (word[0] != '+' && word[0] != '-')
		story_fail("clock +SPAN or -SPAN");
	world_start(w);
	fake_loop_step_wall(
	    w->loop, (word[0] == '-' ? -1 : 1) * (span_of(word + 1) / 1000));
}

/* ---- expectations ---- */

static void
do_expect(struct world *w, const char *p)
{
	char why[1024];

	world_start(w);
	fake_loop_settle(w->loop);
	if (w->expect == NULL)
		story_fail("nobody expects anything here");
	if (!w->expect(w, p, why, sizeof(why)))
		story_fail("%s", why);
}

struct hope {
	struct world *w;
	const char *clauses;
	uint64_t generation;
	mono_ns looked;
	bool met;
	char why[1024];
};

/* Looked at when the database got something, and twice a second. */
static bool
is_met(void *ctx)
{
	struct hope *h = ctx;
	struct world *w = h->w;

	if (w->db->generation == h->generation &&
	    world_now(w) - h->looked < MONO_MS(500) && !w->done)
		return h->met;
	h->generation = w->db->generation;
	h->looked = world_now(w);
	h->met = w->expect(w, h->clauses, h->why, sizeof(h->why));
	return h->met;
}

static void
do_within(struct world *w, const char *p)
{
	mono_ns limit = word_span(&p);
	struct hope h = {.w = w, .generation = UINT64_MAX};
	mono_ns end;

	if (!word_is(&p, "expect") || w->expect == NULL)
		story_fail("within SPAN expect ...");
	h.clauses = p;
	world_start(w);
	end = world_now(w) + limit;
	if (fake_loop_run_until(w->loop, is_met, &h, limit))
		return;
	if (end > world_now(w))
		world_run_to(w, end);
	h.generation = UINT64_MAX;
	if (!is_met(&h))
		story_fail("%s", h.why);
}

/* ---- statements ---- */

/* In place of all lines of `config` before. */
static void
reconfigure(struct world *w, const char *p)
{
	buf_clear(&w->more);
	buf_printf(&w->more, "%s\n", p);
}

static void
do_set_up(struct world *w, const char *verb, const char *p)
{
	if (strcmp(verb, "resolver") == 0)
		world_add_resolver(w, p);
	else if (strcmp(verb, "nameserver") == 0)
		world_add_nameserver(w, p);
	else if (strcmp(verb, "source") == 0)
		world_set_source(w, p);
	else if (strcmp(verb, "sink") == 0)
		do_sink(w, p);
	else if (strcmp(verb, "config") == 0)
		buf_printf(&w->more, "%s\n", p);
	else if (strcmp(verb, "reconfigure") == 0)
		reconfigure(w, p);
	else if (strcmp(verb, "plan") == 0)
		buf_printf(&w->plans, "%s\n", p);
	else if (strcmp(verb, "mark") == 0)
		buf_printf(&w->marks, "- %s\n", p);
	else if (strcmp(verb, "unplan") == 0)
		buf_clear(&w->plans);
	else if (strcmp(verb, "watch") == 0)
		world_add_watch(w, p);
	else if (strcmp(verb, "unwatch") == 0)
		world_remove_watch(w, p);
	else if (strcmp(verb, "once") == 0)
		w->once = true;
	else if (strcmp(verb, "seed") == 0)
		rand_seed((uint64_t)word_number(&p));
	else
		story_fail("what is %s?", verb);
}

static void
do_statement(struct world *w, const char *verb, const char *p)
{
	if (strcmp(verb, "zone") == 0) {
		do_zone(w, p);
	} else if (strcmp(verb, "sign") == 0) {
		do_sign(w, p);
	} else if (strcmp(verb, "ttl") == 0) {
		w->ttl = (uint32_t)(word_span(&p) / MONO_S(1));
		w->net.negative_ttl = w->ttl;
	} else if (strcmp(verb, "server") == 0) {
		do_server(w, p);
	} else if (strcmp(verb, "database") == 0) {
		do_database(w, p);
	} else if (strcmp(verb, "restart") == 0) {
		world_restart(w);
	} else if (strcmp(verb, "reload") == 0) {
		world_reload(w, word_is(&p, "mass"));
	} else if (strcmp(verb, "clock") == 0) {
		do_clock(w, p);
	} else if (strcmp(verb, "pause") == 0) {
		world_pause(w, word_span(&p));
	} else if (strcmp(verb, "count") == 0) {
		net_reset_counts(&w->net);
		w->db->n_written = 0;
	} else if (strcmp(verb, "say") == 0) {
		if (w->say != NULL)
			w->say(w, p);
	} else if (strcmp(verb, "expect") == 0) {
		do_expect(w, p);
	} else if (strcmp(verb, "within") == 0) {
		do_within(w, p);
	} else {
		do_set_up(w, verb, p);
	}
}

/* ---- lines ---- */

static void
begin_block(struct script *s, const char *p)
{
	struct block *b;

	if (s->depth == BLOCKS_MAX)
		story_fail("too many blocks");
	b = &s->blocks[s->depth++];
	*b = (struct block){.line = s->at, .n = word_number(&p), .i = 1};
	if (word_is(&p, "every"))
		b->every = word_span(&p);
	b->next = world_now(s->w) + b->every;
}

static void
end_block(struct script *s)
{
	struct block *b;

	if (s->depth == 0)
		story_fail("end of what?");
	b = &s->blocks[s->depth - 1];
	if (b->every > 0 && b->next > world_now(s->w))
		world_run_to(s->w, b->next);
	b->next += b->every;
	if (b->i++ < b->n)
		s->at = b->line;
	else
		s->depth--;
}

/* %i is the number of the round, %j that of the block around it. */
static void
fill_in(const struct script *s, const char *text, char out[LINE_SIZE])
{
	size_t n = 0;

	while (*text != '\0' && n + 16 < LINE_SIZE) {
		size_t up = text[1] == 'i' ? 1 : text[1] == 'j' ? 2 : 0;

		if (*text == '%' && up > 0 && s->depth >= up) {
			n += (size_t)snprintf(out + n, LINE_SIZE - n, "%ld",
			    s->blocks[s->depth - up].i);
			text += 2;
		} else {
			out[n++] = *text++;
		}
	}
	out[n] = '\0';
}

static void
tell_line(struct script *s, const char *p)
{
	struct world *w = s->w;
	char verb[WORD_SIZE];

	if (word_is(&p, "at"))
		world_run_to(w, word_span(&p));
	else if (word_is(&p, "after"))
		world_run(w, word_span(&p));
	if (!word_next(&p, verb))
		return;
	story_trace("%s %s", verb, p);
	if (strcmp(verb, "repeat") == 0)
		begin_block(s, p);
	else if (strcmp(verb, "end") == 0)
		end_block(s);
	else
		do_statement(w, verb, p);
}

void
script_tell(struct world *w, const struct script_line *lines, size_t n)
{
	struct script s = {.w = w, .lines = lines, .n = n};
	char text[LINE_SIZE];

	while (s.at < s.n) {
		story_line(lines[s.at].file, lines[s.at].line);
		fill_in(&s, lines[s.at].text, text);
		s.at++;
		tell_line(&s, text);
	}
	if (s.depth > 0)
		story_fail("repeat without an end");
	world_end(w);
	story_line(NULL, 0);
}

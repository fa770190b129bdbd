/* SPDX-License-Identifier: ISC */

/*
 * What a list of owned names makes of noise: the monitor in a made-up world
 * (daemon/stage), in virtual time, beside who compares each answer with the
 * one before.
 *
 *   noise [NAMES [DAYS [SEED]]]      200 names, 7 days, seed 1
 *
 * Of 20 names, 9 are stable; 2 are a round robin that shows 4 of 12 addresses;
 * 3 are aliases of a CDN that shows 6 of 30, others to each of two resolvers,
 * two of them of one that the configuration names as a provider;
 * 2 have an HTTPS record whose `ech` is new every hour; 1 is MX; 2 are aliases
 * of stable names; 1 is stable and three in ten of its answers fail.  Every
 * minute round robins and CDNs show another set.  Each name changes for good
 * once a week; one in five is hijacked once a week, for 20 to 60 minutes.
 *
 * An alert is true when it names what came or went with such an event, in its
 * time; else it is false.  A change or an attack counts as found when any
 * alert was true of it; an attack counts apart when that was while it lasted.
 * What waits to be told with others counts when that is told.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/rand.h"
#include "dns/type.h"
#include "fake_loop.h"
#include "play.h"
#include "resolver/resolver.h"
#include "world.h"

enum {
	NAMES_MAX = 250,
	EVERY_S = 300,
	VARIANTS = 64,
	SLACK_S = 1800, /* an alert may come so long after what it is about */
	TEXT_MAX = 2048
};

enum manner { STABLE, ROBIN, CDN, HTTPS, MAIL, ALIAS, FLAKY };
static const enum manner mix[20] = {STABLE, STABLE, STABLE, STABLE, STABLE,
    STABLE, STABLE, STABLE, STABLE, ROBIN, ROBIN, CDN, CDN, CDN, HTTPS, HTTPS,
    MAIL, ALIAS, ALIAS, FLAKY};

struct subject {
	unsigned number;
	enum manner kind;
	struct name name, target;
	uint16_t type;
	unsigned version;
	struct rrset *variants[2][VARIANTS]; /* by server */
	bool asked;     /* `naive` below knows an answer ... */
	uint64_t heard; /* ... of this content ... */
};

struct event {
	struct subject *of;
	mono_ns from, until; /* until = from: for good */
	bool attack;
	char marker[64]; /* a text that is in what it brought */
	bool begun, over, found;
	mono_ns told; /* by the first alert that is about it; 0: none */
};

static struct {
	struct world w;
	uint64_t draw;
	struct subject list[NAMES_MAX];
	size_t n;
	struct event *events;
	size_t n_events, events_room;
	mono_ns length;
	unsigned n_true, n_false;
	unsigned n_naive_true, n_naive_false;
	unsigned n_late; /* false, after the first two days */
	unsigned n_naive_late;
	size_t alerts;
} noise;

static uint32_t
draw_below(uint32_t limit)
{
	uint64_t v = noise.draw += 0x9e3779b97f4a7c15;

	v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9;
	v = (v ^ v >> 27) * 0x94d049bb133111eb;
	return (uint32_t)((v ^ v >> 31) % limit);
}

/* ---- what is true ---- */

static void
name_of(const char *text, struct name *out)
{
	const char *why;

	if (name_parse(text, out, &why) != 0)
		story_fail("no name: %s", text);
}

/* Addresses of a subject's version, `n` of `of`, from `first` on. */
static void
put_addresses(const struct subject *s, unsigned first, unsigned n, unsigned of,
    char *out, size_t size)
{
	size_t at = 0;

	for (unsigned i = 0; i < n; i++)
		at += (size_t)snprintf(out + at, size - at, "%s%u.7.%u.%u",
		    i > 0 ? ", " : "", 20 + s->version, s->number,
		    1 + (first + i) % of);
}

/* Of 30 for each resolver, of a network of its own, six at random. */
static void
put_sample(const struct subject *s, unsigned server, char *out, size_t size)
{
	bool taken[30] = {false};
	size_t at = 0;

	for (unsigned i = 0; i < 6; i++) {
		unsigned k = draw_below(30);

		while (taken[k])
			k = draw_below(30);
		taken[k] = true;
		at += (size_t)snprintf(out + at, size - at, "%s%u.%u.%u.%u",
		    i > 0 ? ", " : "", 20 + s->version, 7 + server, s->number,
		    1 + k);
	}
}

/*
 * "1 . alpn=h2 port=N ech=...", of which the key in ech (RFC 9849) is the
 * variant.
 */
static void
put_https(const struct subject *s, unsigned variant, char *out, size_t size)
{
	snprintf(out, size,
	    "\\# 54 0001 00 0001 0003 026832 0003 0002 %04x 0005 0022 "
	    "0020 fe0d 001c %02x 0020 0004 %04x%04x 0004 00010001 00 "
	    "09 632e6578616d706c65 0000",
	    8000 + s->version, variant, variant, s->number);
}

static void
put_values(const struct subject *s, unsigned server, unsigned variant,
    char *out, size_t size)
{
	switch (s->kind) {
	case ROBIN:
		put_addresses(s, variant, 4, 12, out, size);
		break;
	case CDN:
		put_sample(s, server, out, size);
		break;
	case HTTPS:
		put_https(s, variant, out, size);
		break;
	case MAIL:
		snprintf(
		    out, size, "10 mx%u-%u.example.", s->version, s->number);
		break;
	case STABLE:
	case ALIAS:
	case FLAKY:
		put_addresses(s, 0, 2, 2, out, size);
		break;
	}
}

static bool
moves(const struct subject *s)
{
	return s->kind == ROBIN || s->kind == CDN || s->kind == HTTPS;
}

/* Is it of a CDN that is named in `providers`? */
static bool
is_provided(const struct subject *s)
{
	return s->kind == CDN && s->number % 20 != 11;
}

/* Whom an alias points at holds the records. */
static const struct name *
holder(const struct subject *s)
{
	return s->kind == CDN || s->kind == ALIAS ? &s->target : &s->name;
}

static void
show(struct subject *s, unsigned variant)
{
	struct net *net = &noise.w.net;

	for (unsigned i = 0; i < 2; i++)
		zone_put(&net->servers[i].own,
		    s->variants[i][moves(s) ? variant % VARIANTS : 0]);
}

/* Its records as they are from now on. */
static void
renew(struct subject *s)
{
	char text[TEXT_MAX];
	struct zone *truth = &noise.w.net.truth;
	unsigned n = moves(s) ? VARIANTS : 1;

	if (s->kind == CDN || s->kind == ALIAS) {
		snprintf(text, sizeof(text), "t%u-%u.%sexample.", s->version,
		    s->number, is_provided(s) ? "cdn." : "");
		name_of(text, &s->target);
		zone_put(
		    truth, rrset_read(truth, &s->name, TYPE_CNAME, text, 60));
	}
	for (unsigned i = 0; i < 2; i++) {
		for (unsigned v = 0; v < n; v++) {
			put_values(s, i, v, text, sizeof(text));
			s->variants[i][v] =
			    rrset_read(&noise.w.net.servers[i].own, holder(s),
				s->type, text, 60);
		}
	}
	show(s, 0);
}

/* The hijacker's answer instead, at all servers. */
static void
hijack(const struct subject *s)
{
	char text[64];

	snprintf(text, sizeof(text),
	    s->kind == MAIL ? "5 mx66-%u.example." : "99.66.%u.66", s->number);
	for (unsigned i = 0; i < 2; i++) {
		struct zone *own = &noise.w.net.servers[i].own;

		zone_put(own, rrset_read(own, &s->name, s->type, text, 60));
	}
}

static void
end_hijack(const struct subject *s)
{
	for (unsigned i = 0; i < 2; i++)
		zone_drop(&noise.w.net.servers[i].own, &s->name);
}

/* ---- what happens ---- */

static void
add_event(struct subject *s, bool attack)
{
	struct event *e = list_add(
	    &noise.events, &noise.n_events, &noise.events_room, sizeof(*e));

	*e = (struct event){.of = s, .attack = attack};
	/* The first day is for learning what is usual. */
	e->from =
	    MONO_S(86400) +
	    MONO_S(draw_below(
		(uint32_t)((noise.length - MONO_S(86400 + 7200)) / MONO_S(1))));
	e->until = e->from + (attack ? MONO_S(1200 + draw_below(2400)) : 0);
}

static bool
overlaps(const struct event *a)
{
	for (size_t i = 0; i < noise.n_events; i++) {
		const struct event *b = &noise.events[i];

		if (a != b && a->of == b->of &&
		    a->from < b->until + MONO_S(7200) &&
		    b->from < a->until + MONO_S(7200))
			return true;
	}
	return false;
}

static void
draw_events(void)
{
	unsigned weeks = (unsigned)(noise.length / MONO_S(7 * 86400));

	if (weeks == 0)
		weeks = 1;
	for (size_t i = 0; i < noise.n; i++) {
		struct subject *s = &noise.list[i];

		for (unsigned k = 0; k < weeks; k++) {
			add_event(s, false);
			if (s->kind != HTTPS && i % 5 == k % 5)
				add_event(s, true);
		}
	}
	for (size_t i = 0; i < noise.n_events; i++)
		while (overlaps(&noise.events[i])) {
			struct event *e = &noise.events[i];
			mono_ns length = e->until - e->from;

			e->from = MONO_S(
			    86400 +
			    draw_below((uint32_t)((noise.length -
						      MONO_S(86400 + 7200)) /
						  MONO_S(1))));
			e->until = e->from + length;
		}
}

static void
begin_event(struct event *e)
{
	struct subject *s = e->of;

	e->begun = true;
	if (e->attack) {
		snprintf(e->marker, sizeof(e->marker),
		    s->kind == MAIL ? "mx66-%u.example." : "99.66.%u.66",
		    s->number);
		hijack(s);
		return;
	}
	s->version++;
	renew(s);
	if (s->kind == CDN || s->kind == ALIAS)
		snprintf(e->marker, sizeof(e->marker), "t%u-%u.", s->version,
		    s->number);
	else if (s->kind == HTTPS)
		snprintf(
		    e->marker, sizeof(e->marker), "port=%u", 8000 + s->version);
	else if (s->kind == MAIL)
		snprintf(e->marker, sizeof(e->marker), "mx%u-%u.example.",
		    s->version, s->number);
	else
		snprintf(e->marker, sizeof(e->marker), "%u.7.%u.",
		    20 + s->version, s->number);
}

static void
happen(mono_ns now)
{
	unsigned minute = (unsigned)(now / MONO_S(60));

	for (size_t i = 0; i < noise.n_events; i++) {
		struct event *e = &noise.events[i];

		if (!e->begun && now >= e->from)
			begin_event(e);
		if (e->attack && e->begun && !e->over && now >= e->until) {
			e->over = true;
			end_hijack(e->of);
			show(e->of, minute);
		}
	}
	for (size_t i = 0; i < noise.n; i++) {
		struct subject *s = &noise.list[i];
		bool attacked = false;

		for (size_t k = 0; k < noise.n_events; k++)
			attacked = attacked || (noise.events[k].of == s &&
						   noise.events[k].attack &&
						   noise.events[k].begun &&
						   !noise.events[k].over);
		if (!moves(s) || (attacked && s->kind != CDN))
			continue;
		show(s, s->kind == HTTPS ? minute / 60 : minute);
	}
}

/* ---- who compares each answer with the one before ---- */

static struct event *
event_at(const struct subject *s, mono_ns now)
{
	for (size_t i = 0; i < noise.n_events; i++) {
		struct event *e = &noise.events[i];

		if (e->of == s && e->begun && now <= e->until + MONO_S(SLACK_S))
			return e;
	}
	return NULL;
}

static uint64_t
content_of(const struct fetched *f)
{
	static const struct hash_key key = {7, 9};
	uint64_t sum = f->rcode;

	for (size_t i = 0; i < f->n; i++)
		sum += hash_sip(&key, f->list[i].rdata, f->list[i].size);
	return sum;
}

static size_t
on_ask(void *ctx, const struct said *said)
{
	mono_ns now = world_now(&noise.w);

	(void)ctx;
	/* Planned polls only: others are the monitor's own. */
	if (said->reply == NULL || (said->ask->cookie >> 32 & 255) != 0)
		return 0;
	for (size_t i = 0; i < noise.n; i++) {
		struct subject *s = &noise.list[i];
		uint64_t heard;

		if (s->type != said->ask->type ||
		    !name_equal(s->name.wire, said->ask->name))
			continue;
		heard = content_of(said->reply);
		if (s->asked && heard != s->heard) {
			if (event_at(s, now) != NULL)
				noise.n_naive_true++;
			else {
				noise.n_naive_false++;
				noise.n_naive_late += now >= MONO_S(2 * 86400);
			}
		}
		s->asked = true;
		s->heard = heard;
		break;
	}
	return 0;
}

static bool
can_fetch(void *ctx, const struct server *s, const uint8_t *name, uint16_t type)
{
	(void)ctx;
	(void)s;
	(void)name;
	(void)type;
	return true;
}

static void
on_arrival(void *ctx, size_t number)
{
	(void)ctx;
	(void)number;
}

/* ---- what was told ---- */

static struct subject *
subject_of(const char *name)
{
	char text[NAME_TEXT_SIZE];

	for (size_t i = 0; i < noise.n; i++) {
		name_print(noise.list[i].name.wire, text);
		if (strcmp(text, name) == 0)
			return &noise.list[i];
	}
	story_fail("an alert of %s, which nobody watches", name);
}

/* Is the entry about an event?  Then that is found. */
static bool
judge_entry(size_t at)
{
	const struct db_entry *entry = &noise.w.db->entries[at];
	struct subject *s = subject_of(entry->name);
	mono_ns now = world_now(&noise.w);
	bool good = false;

	for (size_t i = 0; i < noise.n_events; i++) {
		struct event *e = &noise.events[i];

		if (e->of == s && e->begun &&
		    now <= e->until + MONO_S(SLACK_S) &&
		    strstr(entry->body, e->marker) != NULL) {
			if (!e->found)
				e->told = now;
			e->found = true;
			good = true;
		}
	}
	return good;
}

/* One that waits to be told with others is judged with the one that does. */
static void
judge_alert(const struct db_alert *a)
{
	size_t n = a->tells_gathered ? a->n_members : a->n;
	bool good = false;

	for (size_t i = 0; i < n; i++)
		good = judge_entry(
			   a->tells_gathered ? a->members[i] : a->first + i) ||
		       good;
	noise.n_true += good;
	noise.n_false += !good;
	noise.n_late += !good && world_now(&noise.w) >= MONO_S(2 * 86400);
	if (!good)
		story_trace("false%s: %s",
		    a->tells_gathered ? " (of several)" : "",
		    noise.w.db->entries[a->first].body);
}

/* ---- the run ---- */

static void
set_up(unsigned names)
{
	char text[128];

	world_init(&noise.w);
	world_add_defaults(&noise.w);
	buf_add_text(
	    &noise.w.more, "grouping: true\nproviders: [cdn.example]\n");
	noise.n = names;
	for (unsigned i = 0; i < names; i++) {
		struct subject *s = &noise.list[i];

		s->number = i;
		s->kind = mix[i % 20];
		s->type = s->kind == HTTPS  ? TYPE_HTTPS
		          : s->kind == MAIL ? TYPE_MX
		                            : TYPE_A;
		snprintf(text, sizeof(text), "n%u.example.", i);
		name_of(text, &s->name);
		renew(s);
		snprintf(text, sizeof(text),
		    "n%u.example %s every %us tags "
		    "owned",
		    i,
		    s->kind == HTTPS  ? "HTTPS"
		    : s->kind == MAIL ? "MX"
				      : "A",
		    EVERY_S);
		world_add_watch(&noise.w, text);
		if (s->kind == FLAKY)
			for (unsigned k = 0; k < 2; k++)
				server_add_habit(&noise.w.net.servers[k],
				    &(struct habit){.conduct = CONDUCT_SERVFAIL,
					.has_name = true,
					.name = s->name,
					.type = ZONE_ANY_TYPE,
					.share = 0.3,
					.left = -1});
	}
}

static int
compare(const void *a, const void *b)
{
	const mono_ns *x = a;
	const mono_ns *y = b;

	return (*x > *y) - (*x < *y);
}

/* How long attacks lasted before they were told, to within a minute. */
static void
print_delays(unsigned n_attacks)
{
	mono_ns *delays = calloc(noise.n_events + 1, sizeof(*delays));
	size_t n = 0;
	unsigned early = 0;

	if (delays == NULL)
		story_fail("no memory");
	for (size_t i = 0; i < noise.n_events; i++) {
		const struct event *e = &noise.events[i];

		if (!e->attack || !e->found)
			continue;
		delays[n++] = e->told - e->from;
		early += e->told <= e->until;
	}
	qsort(delays, n, sizeof(*delays), compare);
	printf("noise.recall_attacks_under_way %.4f share\n",
	    n_attacks == 0 ? 1 : (double)early / n_attacks);
	if (n > 0)
		printf("noise.attack_told_p50 %.0f s\n"
		       "noise.attack_told_worst %.0f s\n",
		    (double)delays[n / 2] / MONO_S(1),
		    (double)delays[n - 1] / MONO_S(1));
	free(delays);
}

static void
print_figures(unsigned days)
{
	double per = (double)noise.n * days / 1000.0;
	unsigned found[2] = {0, 0};
	unsigned of[2] = {0, 0};

	for (size_t i = 0; i < noise.n_events; i++) {
		of[noise.events[i].attack]++;
		found[noise.events[i].attack] += noise.events[i].found;
		if (!noise.events[i].found)
			story_trace("missed: n%u %s kind %d",
			    noise.events[i].of->number, noise.events[i].marker,
			    (int)noise.events[i].of->kind);
	}
	printf("noise.names %zu names\nnoise.days %u days\n", noise.n, days);
	printf("noise.changes %u changes\nnoise.attacks %u attacks\n", of[0],
	    of[1]);
	printf("noise.recall_changes %.4f share\n",
	    of[0] == 0 ? 1 : (double)found[0] / of[0]);
	printf("noise.recall_attacks %.4f share\n",
	    of[1] == 0 ? 1 : (double)found[1] / of[1]);
	print_delays(of[1]);
	printf(
	    "noise.told_true %.2f alerts/1000names/day\n", noise.n_true / per);
	printf("noise.told_false %.2f alerts/1000names/day\n",
	    noise.n_false / per);
	printf("noise.naive_true %.2f alerts/1000names/day\n",
	    noise.n_naive_true / per);
	printf("noise.naive_false %.2f alerts/1000names/day\n",
	    noise.n_naive_false / per);
	printf("noise.false_against_naive %.6f ratio\n",
	    noise.n_naive_false == 0
		? 0
		: (double)noise.n_false / noise.n_naive_false);
	printf("noise.false_against_naive_after_2_days %.6f ratio\n",
	    noise.n_naive_late == 0
		? 0
		: (double)noise.n_late / noise.n_naive_late);
}

int
main(int argc, char **argv)
{
	unsigned names = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 200;
	unsigned days = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 7;
	uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
	struct net_ear ear = {NULL, can_fetch, on_ask, on_arrival};

	if (names == 0 || names > NAMES_MAX || days < 2 || days > 365)
		return 64;
	if (getenv("NOISE_TRACE") != NULL)
		story_trace_on();
	log_open(LOG_ERROR);
	noise.draw = seed;
	rand_seed(seed);
	noise.length = MONO_S(86400) * days;
	set_up(names);
	draw_events();
	noise.w.net.ear = &ear;
	for (mono_ns now = 0; now < noise.length; now += MONO_S(60)) {
		happen(now);
		world_run(&noise.w, MONO_S(60));
		for (; noise.alerts < noise.w.db->n_alerts; noise.alerts++)
			if (!noise.w.db->alerts[noise.alerts].waited)
				judge_alert(&noise.w.db->alerts[noise.alerts]);
	}
	print_figures(days);
	return 0;
}

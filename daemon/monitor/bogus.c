/* SPDX-License-Identifier: ISC */

/*
 * A validator says SERVFAIL (R17): is the data not to be had, or is it there
 * and not what its keys signed?  The same server is asked with CD=1.
 *
 *         poll failed          data that differs         still SERVFAIL
 *   IDLE -------------> ASKED --------------> WAITS, AGAIN -----> FETCHING
 *    ^                    |  EDE 6..12: at once ------------------^   |
 *    +--- no data, or as believed -+------ good after all ---+--- told, or
 *                                                           as believed
 *
 * A SERVFAIL that says nothing of DNSSEC may have been a mishap, and then
 * what CD=1 shows may be an honest change.  So the question is asked once more
 * without CD, later than a resolver keeps a SERVFAIL without asking anybody.
 *
 * What is told is an event and no change (R3): what was believed stays so.  It
 * is told once for each content that was shown in an outage, with both raw
 * answers; which these are is kept with the outage, over restarts.
 */

#include <stdlib.h>
#include <string.h>

#include "bogus.h"
#include "config/config.h"
#include "loop/loop.h"
#include "monitor_priv.h"
#include "pools.h"
#include "say.h"

enum {
	BOGUS_MAX = 10000,       /* questions that fail and are asked so ... */
	BOGUS_OWNED_MORE = 1000, /* ... and so many more of owned names */
	BOGUS_TOLD_MAX = 16,     /* contents told in one outage */
	BOGUS_EVERY_S = 3600,    /* CD=1 again while it lasts */
	BOGUS_TRIES = 3,         /* when nothing came back: at so many polls */
	BOGUS_PRINT = 16,        /* octets that a content is known by */
	BOGUS_LOST_S = 60,       /* an answer that did not come never will */
	BOGUS_REFUSED_MAX = 4096 /* larger ones are kept without their bytes */
};

enum bogus_state {
	BOGUS_IDLE,
	BOGUS_ASKED,   /* with CD=1 */
	BOGUS_WAITS,   /* for the time to ask without */
	BOGUS_AGAIN,   /* asked so */
	BOGUS_FETCHING /* what is believed is on its way from the database */
};

struct bogus {
	struct monitor *monitor;
	uint32_t question;
	enum bogus_state state;
	bool fetch_open; /* it will call back ... */
	bool gone;       /* ... and free this */
	bool is_data;    /* CD=1 shows data: a SERVFAIL is a validator's */
	uint8_t tries;
	uint8_t server;
	mono_ns asked_at;
	mono_ns due;     /* WAITS: then; FETCHING: again then, 0: under way */
	mono_ns next_at; /* CD=1 not before */
	wall_us fetched_after;
	char server_text[ADDR_TEXT_SIZE];
	/* Of the present round; what they point at is in the arena. */
	struct arena arena;
	struct commit_evidence refused, shown;
	struct content content;
	/* Of the outage, as it is kept: no secret key, no process's own. */
	uint8_t told[BOGUS_TOLD_MAX][BOGUS_PRINT];
	uint8_t n_told;
};

/* SHA-256 over what is stored of a content, cut.  False: no memory. */
static bool
print_of(const struct content *c, uint8_t out[BOGUS_PRINT])
{
	uint8_t digest[SHA256_SIZE];
	struct buf packed = {0};
	bool ok;

	content_pack(c, &packed);
	ok = packed.err == 0;
	if (ok) {
		hash_sha256(packed.data, packed.size, digest);
		memcpy(out, digest, BOGUS_PRINT);
	}
	buf_fini(&packed);
	return ok;
}

/* Is there anything that it could be held against, and no inquiry? */
static bool
is_wanted(const struct monitor *m, uint32_t id)
{
	uint8_t wanted = Q_WATCHED | Q_KNOWN;
	uint8_t flags = table_question(m->table, id)->flags;

	return !m->setup.once && !m->draining &&
	       (flags & (wanted | Q_INQUIRY)) == wanted;
}

static struct bogus *
bogus_new(struct monitor *m, uint32_t id)
{
	uint32_t max = BOGUS_MAX;
	struct bogus *b;

	if (monitor_is_owned(m, id))
		max += BOGUS_OWNED_MORE;
	if (m->bogus.live >= max || !is_wanted(m, id))
		return NULL;
	b = calloc(1, sizeof(*b));
	if (b == NULL || idmap_put(&m->bogus, id, b) != 0) {
		free(b);
		return NULL;
	}
	b->monitor = m;
	b->question = id;
	return b;
}

static void
bogus_free(struct bogus *b)
{
	arena_fini(&b->arena);
	free(b);
}

void
bogus_forget(struct monitor *m, uint32_t id)
{
	struct bogus *b = idmap_get(&m->bogus, id);

	if (b == NULL)
		return;
	b->gone = true;
	if (!b->fetch_open)
		bogus_free(idmap_take(&m->bogus, id));
}

void
bogus_free_all(struct monitor *m)
{
	struct bogus *b;
	uint32_t at = 0;

	while ((b = idmap_next(&m->bogus, &at)) != NULL)
		bogus_free(b);
	idmap_fini(&m->bogus);
}

/* The round is over; a fetch that is open still reads the arena. */
static void
rest(struct bogus *b)
{
	b->state = BOGUS_IDLE;
	if (!b->fetch_open)
		arena_fini(&b->arena);
}

void
bogus_good(struct monitor *m, uint32_t id)
{
	struct bogus *b = idmap_get(&m->bogus, id);

	if (b == NULL)
		return;
	b->is_data = false;
	rest(b);
}

/* ---- asking ---- */

static bool
may_ask(const struct bogus *b)
{
	mono_ns now = loop_mono(b->monitor->loop);

	if (b->fetch_open || !is_wanted(b->monitor, b->question))
		return false;
	switch (b->state) {
	case BOGUS_IDLE:
		return now >= b->next_at;
	case BOGUS_ASKED:
	case BOGUS_AGAIN:
		return now >= b->asked_at + MONO_S(BOGUS_LOST_S);
	case BOGUS_WAITS:
	case BOGUS_FETCHING:
		break;
	}
	return false;
}

/* With those that failed: it must not delay what others are asked. */
static void
ask(struct bogus *b, enum bogus_state state, uint8_t flags)
{
	struct monitor *m = b->monitor;
	struct errand e = {
	    .question = b->question,
	    .purpose = PURPOSE_EVIDENCE,
	    .server = b->server,
	    .flags = (uint8_t)(flags | ASK_FAILED),
	};

	if (b->server >= m->n_servers) { /* no longer configured */
		rest(b);
		return;
	}
	b->state = state;
	b->asked_at = loop_mono(m->loop);
	if (!pump_errand(m, &e))
		rest(b);
}

static void
take_down(struct bogus *b, const struct answer *a, enum fail fail,
    struct commit_evidence *out)
{
	struct monitor *m = b->monitor;
	const struct poll_server *s = &m->servers[a->server];
	const struct message *said = a->message;

	b->server = (uint8_t)a->server;
	memcpy(b->server_text, s->text, sizeof(b->server_text));
	*out = (struct commit_evidence){
	    .at = loop_wall(m->loop),
	    .last_at = loop_wall(m->loop),
	    .server = b->server_text,
	    .group = s->group_text,
	    .transport = (uint8_t)a->transport,
	    .outcome = OUTCOME_FAIL,
	    .fail = (uint8_t)fail,
	    .flags = testimony_flags(m, a),
	    .ede = said != NULL ? said->ede : a->ede,
	    .count = 1,
	};
	if (said == NULL || a->wire == NULL)
		return;
	out->ede_text = testimony_ede_text(&b->arena, a, &out->ede_text_size);
	out->nsid = testimony_nsid(&b->arena, a, &out->nsid_size);
	if (fail != FAIL_NOT && a->size > BOGUS_REFUSED_MAX)
		return;
	out->raw = arena_copy(&b->arena, a->wire, a->size);
	out->raw_size = out->raw == NULL ? 0 : a->size;
}

enum fail
bogus_weigh(struct monitor *m, const struct errand *e, const struct answer *a,
    enum fail fail)
{
	struct bogus *b;

	if (fail != FAIL_SERVFAIL && fail != FAIL_BOGUS)
		return fail;
	b = idmap_get(&m->bogus, e->question);
	if (b == NULL && (b = bogus_new(m, e->question)) == NULL)
		return fail;
	if (b->gone) { /* another outage, while the fetch of one is open */
		b->gone = false;
		b->n_told = 0;
	}
	if (b->is_data)
		fail = FAIL_BOGUS;
	if (!may_ask(b))
		return fail;
	rest(b);
	take_down(b, a, fail, &b->refused);
	b->next_at = loop_mono(m->loop) + MONO_S(BOGUS_EVERY_S);
	ask(b, BOGUS_ASKED, ASK_CD | ASK_NSID);
	return fail;
}

/* ---- telling ---- */

static void
tell(struct bogus *b, const struct say_state *believed)
{
	struct monitor *m = b->monitor;
	const struct say_state seen = {
	    .content = &b->content, .ttl = b->shown.ttl};
	const struct commit_evidence witnesses[2] = {b->refused, b->shown};
	struct say_event e = {
	    .kind = "bogus",
	    .at = loop_wall(m->loop),
	    .believed = believed,
	    .seen = &seen,
	    .witnesses = witnesses,
	    .n_witnesses = 2,
	};
	uint8_t n = b->n_told;

	b->n_told += print_of(&b->content, b->told[n]);
	/* What is told is closed by `recovered`: that must not be missing. */
	e.since = outage_told_bogus(m, b->question);
	/* The outage begins with the tick after its poll's plan. */
	if (e.since > b->refused.at)
		e.since = b->refused.at;
	if (!event_tell(m, b->question, &e, NULL))
		b->n_told = n; /* no memory: the next look tells it */
}

/* R22: a set that rotates shows elements that were seen before. */
static bool
is_rotating(struct bogus *b, const struct content *believed,
    const struct store_believed *s)
{
	bool seen[CONTENT_RECORDS_MAX + CONTENT_CHAIN_MAX];
	uint16_t type = table_question(b->monitor->table, b->question)->type;
	struct diff d;

	if (s->n_elements > sizeof(seen) / sizeof(seen[0]) ||
	    diff_make(believed, &b->content, type, &b->arena, &d) != 0)
		return false;
	for (size_t i = 0; i < s->n_elements; i++)
		seen[i] = s->elements[i].first_here != 0;
	return candidate_is_rotating(
	    pools_sets(b->monitor, b->question, s->n_sets_day), &d, seen,
	    s->n_elements);
}

static void
compare(struct bogus *b, const struct store_believed *s)
{
	struct monitor *m = b->monitor;
	const struct question *row = table_question(m->table, b->question);
	struct content believed;
	uint8_t *packed = arena_copy(&b->arena, s->content, s->content_size);
	struct say_state state = {
	    .content = &believed,
	    .ttl = s->ttl,
	    .since = s->since,
	    .last_seen = s->last_seen,
	};

	if (packed == NULL ||
	    content_unpack(packed, s->content_size, &b->arena, &believed) !=
		0 ||
	    content_equal(&believed, &b->content) ||
	    is_rotating(b, &believed, s))
		return;
	/* R13: it may be older than what is believed, out of a cache. */
	if (b->fetched_after < s->since) {
		b->next_at = loop_mono(m->loop) + MONO_S(b->shown.ttl);
		return;
	}
	if ((wall_us)row->seen * WALL_S(1) > state.last_seen)
		state.last_seen = (wall_us)row->seen * WALL_S(1);
	tell(b, &state);
}

static void
on_believed(void *ctx, int err, const struct store_believed *s)
{
	struct bogus *b = ctx;

	b->fetch_open = false;
	if (b->gone) {
		bogus_forget(b->monitor, b->question);
		return;
	}
	if (b->state != BOGUS_FETCHING) { /* it answers again */
		rest(b);
		return;
	}
	if (err != 0) {
		b->due = loop_mono(b->monitor->loop) + MONO_S(1);
		return;
	}
	if (s->known)
		compare(b, s);
	rest(b);
}

static void
fetch(struct bogus *b)
{
	struct store_fetch f = {
	    .key = table_key(b->monitor->table, b->question),
	    .seen = &b->content,
	    .at = b->shown.at,
	};

	b->state = BOGUS_FETCHING;
	b->due = 0;
	b->fetch_open = true;
	store_fetch(b->monitor->store, &f, on_believed, b);
}

/* ---- answers ---- */

static bool
was_told(const struct bogus *b)
{
	uint8_t print[BOGUS_PRINT];

	if (!print_of(&b->content, print))
		return true;
	for (uint8_t i = 0; i < b->n_told; i++) {
		if (memcmp(b->told[i], print, BOGUS_PRINT) == 0)
			return true;
	}
	return b->n_told == BOGUS_TOLD_MAX;
}

/* CD=1 shows data: is it to be looked into? */
static bool
is_news(struct bogus *b, const struct answer *a, const struct reply_sum *sum)
{
	struct monitor *m = b->monitor;
	const struct question *row = table_question(m->table, b->question);
	struct reply reply;

	if (row->fingerprint == sum->fingerprint ||
	    reply_read(a->wire, a->size, a->message, &b->arena, &reply) != 0 ||
	    reply.content.outcome == OUTCOME_FAIL)
		return false;
	take_down(b, a, FAIL_NOT, &b->shown);
	b->content = reply.content;
	b->shown.outcome = (uint8_t)reply.content.outcome;
	b->shown.ttl = sum->ttl;
	b->shown.content = &b->content;
	b->fetched_after = candidate_fetched_after(
	    b->shown.at, sum->aa, question_ttl(row), sum->ttl);
	return !was_told(b);
}

static void
shown(struct bogus *b, const struct answer *a, enum fail fail,
    const struct reply_sum *sum)
{
	mono_ns now = loop_mono(b->monitor->loop);

	b->is_data = fail == FAIL_NOT;
	if (fail != FAIL_NOT && fail != FAIL_SERVFAIL && fail != FAIL_BOGUS &&
	    ++b->tries < BOGUS_TRIES)
		b->next_at = now;
	if (fail != FAIL_NOT || !is_news(b, a, sum)) {
		rest(b);
	} else if (b->refused.fail == FAIL_BOGUS) {
		fetch(b);
	} else {
		b->state = BOGUS_WAITS;
		b->due = now + MONO_S(BOGUS_AGAIN_S);
	}
}

const uint8_t *
bogus_told(const struct monitor *m, uint32_t id, size_t *size)
{
	const struct bogus *b = NULL;

	if (m->bogus.live > 0)
		b = idmap_get(&m->bogus, id);
	if (b == NULL || b->gone || b->n_told == 0)
		return NULL;
	*size = (size_t)b->n_told * BOGUS_PRINT;
	return b->told[0];
}

void
bogus_restore(struct monitor *m, uint32_t id, const uint8_t *told, size_t size)
{
	struct bogus *b = idmap_get(&m->bogus, id);

	if (size < BOGUS_PRINT || (b == NULL && (b = bogus_new(m, id)) == NULL))
		return;
	b->n_told =
	    (uint8_t)(size / BOGUS_PRINT < BOGUS_TOLD_MAX ? size / BOGUS_PRINT
							  : BOGUS_TOLD_MAX);
	memcpy(b->told, told, (size_t)b->n_told * BOGUS_PRINT);
}

bool
bogus_answer(struct monitor *m, const struct errand *e, const struct answer *a,
    enum fail fail, const struct reply_sum *sum)
{
	struct bogus *b = idmap_get(&m->bogus, e->question);

	if ((e->flags & ASK_CD) != 0) {
		if (b != NULL && b->state == BOGUS_ASKED)
			shown(b, a, fail, sum);
		return false;
	}
	if (b != NULL && b->state == BOGUS_AGAIN) {
		if (fail == FAIL_SERVFAIL || fail == FAIL_BOGUS) {
			take_down(b, a, FAIL_BOGUS, &b->refused);
			fetch(b);
		} else {
			rest(b);
		}
	}
	return fail == FAIL_NOT;
}

void
bogus_second(struct monitor *m)
{
	mono_ns now = loop_mono(m->loop);
	struct bogus *b;
	uint32_t at = 0;

	while ((b = idmap_next(&m->bogus, &at)) != NULL) {
		if (b->state == BOGUS_WAITS && now >= b->due)
			ask(b, BOGUS_AGAIN, 0);
		else if (b->state == BOGUS_FETCHING && !b->fetch_open &&
			 now >= b->due)
			fetch(b);
	}
}

/* SPDX-License-Identifier: ISC */

/*
 * Signatures that will expire (R17): those over watched SOA, DNSKEY and DS
 * sets, which stand for a zone, its keys and its delegation.
 *
 * Polls ask without DO, so each such question is asked once more now and then,
 * with DO=1, and with CD=1, or a validator would hold back what expired.  It
 * is an errand as others; with what fails where polls fail.  What the answer
 * says of anything else is let be:
 * nothing of it was validated.
 *
 * The table is walked a piece a second, so that a million questions of other
 * types cost next to nothing, and nothing is held of those.
 */

#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "bogus.h"
#include "config/config.h"
#include "dns/type.h"
#include "judge/signature.h"
#include "loop/loop.h"
#include "monitor_priv.h"
#include "poll_priv.h"
#include "say.h"

enum {
	SIGNATURE_QUESTIONS_MAX = 10000, /* so many are asked for ... */
	SIGNATURE_OWNED_MORE = 1000,     /* ... and these of owned names */
	SIGNATURE_WALK = 4096,           /* questions looked at in a second */
	SIGNATURE_FIRST_S = 600, /* all within that; a bad answer: again then */
	SIGNATURE_LOST_S = 60    /* an answer that did not come never will */
};

struct signed_question {
	uint32_t question;
	bool open;     /* asked, and not answered */
	uint8_t tries; /* that brought nothing, in a row */
	mono_ns due;   /* asked then; open: never answered by then */
	struct signature_cell cell;
};

static uint32_t
first_s(const struct monitor *m)
{
	uint32_t every_s = m->config->signatures_every_s;

	return every_s < SIGNATURE_FIRST_S ? every_s : SIGNATURE_FIRST_S;
}

static struct signed_question *
signed_new(struct monitor *m, uint32_t id)
{
	uint32_t max = SIGNATURE_QUESTIONS_MAX;
	struct signed_question *s;

	if (monitor_is_owned(m, id))
		max += SIGNATURE_OWNED_MORE;
	if (m->signatures.live >= max)
		return NULL;
	s = calloc(1, sizeof(*s));
	if (s == NULL || idmap_put(&m->signatures, id, s) != 0) {
		free(s);
		return NULL;
	}
	s->question = id;
	s->due = loop_mono(m->loop) + MONO_S((mono_ns)rand_below(first_s(m)));
	return s;
}

void
signature_restore(struct monitor *m, uint32_t id, const struct store_row *row)
{
	struct signed_question *s = idmap_get(&m->signatures, id);

	if (m->setup.once || s != NULL ||
	    row->signed_told > SIGNATURE_EXPIRED ||
	    (s = signed_new(m, id)) == NULL)
		return;
	s->cell.told = (enum signature_told)row->signed_told;
	s->cell.since = row->signed_since;
}

void
signature_free_all(struct monitor *m)
{
	struct signed_question *s;
	uint32_t at = 0;

	while ((s = idmap_next(&m->signatures, &at)) != NULL)
		free(s);
	idmap_fini(&m->signatures);
}

/* ---- asking ---- */

static bool
is_of_zone(uint16_t type)
{
	return type == TYPE_SOA || type == TYPE_DNSKEY || type == TYPE_DS;
}

static void
ask(struct monitor *m, struct signed_question *s)
{
	struct errand e = {
	    .question = s->question,
	    .purpose = PURPOSE_SIGNATURE,
	    .server = poll_pick_server(m, s->question, s->tries),
	    .flags = ASK_DO | ASK_CD,
	};

	/* It may be what a validator refuses for them that fails. */
	if ((table_question(m->table, s->question)->flags & Q_FAILS) != 0)
		e.flags |= ASK_FAILED;
	s->open = pump_errand(m, &e);
	s->due = loop_mono(m->loop) + MONO_S(SIGNATURE_LOST_S);
}

static void
visit(struct monitor *m, uint32_t id, const struct question *q)
{
	uint8_t wanted = Q_WATCHED | Q_KNOWN;
	struct signed_question *s = idmap_get(&m->signatures, id);

	if ((q->flags & Q_WATCHED) == 0) {
		/* What was told stays, in case it is watched again. */
		if (s != NULL && s->cell.told == SIGNATURE_FINE && !s->open)
			free(idmap_take(&m->signatures, id));
		return;
	}
	/* What is inquired into is asked when that is over. */
	if ((q->flags & (wanted | Q_INQUIRY)) != wanted ||
	    (s == NULL && (s = signed_new(m, id)) == NULL))
		return;
	if (loop_mono(m->loop) >= s->due)
		ask(m, s);
}

void
signature_second(struct monitor *m)
{
	uint32_t n = table_count(m->table);

	if (m->config->signatures_ahead_s == 0 || m->setup.once ||
	    m->draining || !m->planned)
		return;
	for (uint32_t i = 0; i < SIGNATURE_WALK && i < n; i++) {
		const struct question *q;

		if (m->signature_at >= n)
			m->signature_at = 0;
		q = table_question(m->table, m->signature_at);
		if (is_of_zone(q->type))
			visit(m, m->signature_at, q);
		m->signature_at++;
	}
}

/* ---- telling ---- */

static void
take_down(struct monitor *m, const struct answer *a,
    const struct reply_sum *sum, struct commit_evidence *out)
{
	const struct poll_server *s = &m->servers[a->server];

	*out = (struct commit_evidence){
	    .at = loop_wall(m->loop),
	    .last_at = loop_wall(m->loop),
	    .server = s->text,
	    .group = s->group_text,
	    .transport = (uint8_t)a->transport,
	    .outcome = OUTCOME_ANSWER,
	    .fail = FAIL_NOT,
	    .ttl = sum->ttl,
	    .flags = testimony_flags(m, a),
	    .ede = a->message->ede,
	    .raw = a->wire,
	    .raw_size = a->size,
	    .count = 1,
	};
}

/* False: no memory; the same is found again. */
static bool
tell(struct monitor *m, const struct signed_question *s, const struct answer *a,
    const struct reply_sum *sum, const struct signatures *seen)
{
	struct commit_evidence witness;
	struct reply reply;
	struct commit_signatures c = {
	    .told = (uint8_t)s->cell.told,
	    .at = loop_wall(m->loop),
	};
	struct say_event e = {
	    .kind = signature_kind(s->cell.told),
	    .since = s->cell.since,
	    .at = c.at,
	    .signatures = seen,
	    .witnesses = &witness,
	    .n_witnesses = 1,
	};

	arena_reset(&m->scratch);
	take_down(m, a, sum, &witness);
	if (reply_read(a->wire, a->size, a->message, &m->scratch, &reply) == 0)
		witness.content = &reply.content;
	if (s->cell.told != SIGNATURE_FINE)
		c.since = s->cell.since;
	return event_tell(m, s->question, &e, &c);
}

/* Who says something else than is believed is not asked about that. */
static bool
is_good(const struct monitor *m, uint32_t id, const struct answer *a,
    enum fail fail, const struct reply_sum *sum)
{
	const struct question *q = table_question(m->table, id);

	return fail == FAIL_NOT && a->message != NULL &&
	       (q->flags & (Q_WATCHED | Q_INQUIRY)) == Q_WATCHED &&
	       q->fingerprint == sum->fingerprint;
}

void
signature_answer(struct monitor *m, const struct errand *e,
    const struct answer *a, enum fail fail, const struct reply_sum *sum)
{
	const struct question *q = table_question(m->table, e->question);
	struct signed_question *s = idmap_get(&m->signatures, e->question);
	struct signatures seen;
	struct signature_sample sample = {
	    .seen = &seen,
	    .now = loop_wall(m->loop),
	    .ahead_s = m->config->signatures_ahead_s,
	};
	struct signature_cell before;

	if (s == NULL || !s->open)
		return;
	s->open = false;
	s->due = loop_mono(m->loop) + MONO_S(first_s(m));
	s->tries++;
	if (sample.ahead_s == 0 || !is_good(m, e->question, a, fail, sum))
		return;
	s->due = loop_mono(m->loop) + MONO_S(m->config->signatures_every_s);
	s->tries = 0;
	signatures_read(
	    a->wire, a->size, a->message, sample.now / WALL_S(1), &seen);
	if (seen.n_keys == 0)
		return;
	sample.fetched_after = candidate_fetched_after(
	    sample.now, sum->aa, question_ttl(q), sum->ttl);
	before = s->cell;
	if (signature_judge(&s->cell, &sample) && !tell(m, s, a, sum, &seen))
		s->cell = before;
}

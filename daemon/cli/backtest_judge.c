/* SPDX-License-Identifier: ISC */

/*
 * What a change showed is taken as recorded; what a configuration makes of it -
 * tags, expectations, plans, severities, silences - is judged anew.  Where the
 * record does not say enough, that is said, and the recorded word is kept.
 */

#include "backtest_judge.h"

#include <string.h>

#include "backtest_event.h"
#include "base/err.h"
#include "dns/pin.h"
#include "judge/candidate.h"
#include "judge/expect.h"
#include "judge/plan.h"
#include "rule/silence.h"

enum { JUDGED_ANEW = ASPECT_EXPECTED | ASPECT_UNEXPECTED | ASPECT_PLANNED };

const char *
backtest_unknown_text(unsigned bit_index)
{
	static const char *const texts[N_UNKNOWN] = {
	    "novelty", "content", "proof", "evidence", "alerts"};

	CHECK(bit_index < N_UNKNOWN);
	return texts[bit_index];
}

static bool
word_is(const char *at, size_t size, const char *word)
{
	return strlen(word) == size && memcmp(at, word, size) == 0;
}

/* Words of a later version are passed over. */
static uint32_t
aspects_of(const char *words)
{
	uint32_t aspects = 0;

	while (words != NULL && *words != '\0') {
		size_t size = strcspn(words, " ");

		for (unsigned i = 0; i < N_ASPECTS; i++)
			if (word_is(words, size, aspect_text(i)))
				aspects |= 1u << i;
		words += size + (words[size] == ' ');
	}
	return aspects;
}

/* ---- contents, read back ---- */

static bool
read_record(
    const char *text, uint16_t type, struct arena *a, struct record *out)
{
	struct buf identity = {0};
	uint8_t *copy = NULL;

	if (pin_record(type, text, NULL, &identity) == 0)
		copy = arena_copy(a, identity.data, identity.size);
	*out = (struct record){
	    .type = type, .size = (uint16_t)identity.size, .rdata = copy};
	buf_fini(&identity);
	return copy != NULL;
}

/* The texts between READ_BETWEEN, each to fn. */
static bool
each(const char *texts, struct arena *a,
    bool (*fn)(void *ctx, const char *text), void *ctx)
{
	char *copy;
	char *next;

	if (texts == NULL)
		return true;
	copy = arena_text(a, texts);
	CHECK(copy != NULL);
	for (char *at = copy; at != NULL; at = next) {
		next = strchr(at, READ_BETWEEN);
		if (next != NULL)
			*next++ = '\0';
		if (!fn(ctx, at))
			return false;
	}
	return true;
}

struct reading {
	struct arena *arena;
	struct content *c;
	uint16_t type;
};

static bool
add_record(void *ctx, const char *text)
{
	struct reading *x = ctx;

	return x->c->n_records < CONTENT_RECORDS_MAX &&
	       read_record(
		   text, x->type, x->arena, &x->c->records[x->c->n_records++]);
}

static bool
add_link(void *ctx, const char *text)
{
	struct reading *x = ctx;
	struct name name;
	const char *why;

	if (x->c->n_chain == CONTENT_CHAIN_MAX ||
	    name_parse(text, &name, &why) != 0)
		return false;
	x->c->chain[x->c->n_chain] = arena_copy(x->arena, name.wire, name.size);
	return x->c->chain[x->c->n_chain++] != NULL;
}

static bool
read_content(const char *outcome, const char *rdata, const char *chain,
    uint16_t type, struct arena *a, struct content *out)
{
	struct reading x = {a, out, type};

	*out = (struct content){.outcome = OUTCOME_NONE};
	for (int i = OUTCOME_ANSWER; i <= OUTCOME_UNREADABLE; i++)
		if (outcome != NULL &&
		    strcmp(outcome, outcome_text((enum outcome)i)) == 0)
			out->outcome = (enum outcome)i;
	out->records =
	    arena_zero(a, CONTENT_RECORDS_MAX * sizeof(*out->records));
	out->chain = arena_zero(a, CONTENT_CHAIN_MAX * sizeof(*out->chain));
	CHECK(out->records != NULL && out->chain != NULL);
	return out->outcome != OUTCOME_NONE && each(rdata, a, add_record, &x) &&
	       each(chain, a, add_link, &x);
}

/* ---- what a configuration makes of it ---- */

static bool
is_planned(const struct config *c, const struct read_judged *j,
    const struct content *from, const struct content *to)
{
	struct name name;
	const char *why;

	if (name_parse(j->name, &name, &why) != 0)
		return false;
	for (size_t i = 0; i < c->n_plans; i++) {
		const struct config_plan *p = &c->plans[i];

		if (j->seen_at < p->from || j->seen_at >= p->until)
			continue;
		for (size_t k = 0; k < p->n_changes; k++)
			if (name_equal(p->changes[k].name.wire, name.wire) &&
			    plan_covers(p->changes[k].pins,
				p->changes[k].pins_size, (uint16_t)j->type,
				from, to))
				return true;
	}
	return false;
}

static bool
wants_contents(const struct backtest_lists *l, const struct backtest_watch *w)
{
	return w->n_pins > 0 || l->config->n_plans > 0;
}

/* Aspects that are the configuration's. */
static uint32_t
aspects_anew(const struct backtest_lists *l, const struct backtest_watch *w,
    const struct read_judged *j, struct arena *a, unsigned *unknown)
{
	struct content from;
	struct content to;
	uint32_t aspects = 0;
	uint16_t type = (uint16_t)j->type;

	if (!wants_contents(l, w))
		return 0;
	if (!read_content(j->from_outcome, j->from_rdata, j->from_chain, type,
		a, &from) ||
	    !read_content(
		j->to_outcome, j->to_rdata, j->to_chain, type, a, &to)) {
		*unknown |= UNKNOWN_CONTENT;
		return aspects_of(j->aspects) & JUDGED_ANEW;
	}
	for (size_t i = 0; i < w->n_pins; i++)
		aspects |= expect_aspects(
		    w->pins[i].pins, w->pins[i].size, type, &from, &to, a);
	if ((aspects & ASPECT_UNEXPECTED) != 0)
		aspects = ASPECT_UNEXPECTED;
	return is_planned(l->config, j, &from, &to) ? ASPECT_PLANNED : aspects;
}

/* Was that proof sought which this configuration wants? */
static bool
proof_is_known(const struct backtest_watch *w, const struct read_judged *j)
{
	const char *proved = j->proved == NULL ? "" : j->proved;

	switch (w->confirm) {
	case PROOF_CACHE:
		return strcmp(proved, "cache") == 0 ||
		       strcmp(proved, "source") == 0;
	case PROOF_SOURCE:
		return strcmp(proved, "source") == 0;
	case PROOF_BEST:
	case PROOF_PATH:
	case PROOF_NEXT_POLL:
		break;
	}
	return true;
}

static void
weigh_change(const struct backtest_lists *l, const struct backtest_watch *w,
    const struct read_judged *j, struct severity_input *in, struct arena *a,
    unsigned *unknown)
{
	uint32_t recorded = aspects_of(j->aspects);

	in->kind = (enum kind)j->kind;
	in->aspects = recorded & ~(uint32_t)JUDGED_ANEW;
	in->aspects |= aspects_anew(l, w, j, a, unknown);
	in->novel = j->novel > 0;
	if (j->novel < 0)
		*unknown |= UNKNOWN_NOVELTY;
	in->transient =
	    j->label == LABEL_TRANSIENT && (recorded & ASPECT_RETURNED) == 0;
	if (!proof_is_known(w, j))
		*unknown |= UNKNOWN_PROOF;
}

static const struct config_silence *
silence_for(const struct backtest_lists *l, const struct backtest_watch *w,
    const struct read_judged *j, enum severity severity)
{
	struct silence_input in = {
	    .kind = j->event != NULL ? j->event : kind_text((enum kind)j->kind),
	    .severity = severity,
	    .tags = w->tags,
	    .n_tags = w->n_tags,
	    .lists = w->lists,
	    .n_lists = w->n_lists,
	};
	struct name name;
	const char *why;

	if (name_parse(j->name, &name, &why) == 0)
		in.name = name.wire;
	return silence_of(l->config, &in, j->at);
}

/* What weighed too little was told to nobody: no alert of it can be gone. */
static unsigned
dropped(const struct read_judged *j)
{
	unsigned unknown = j->evidence_gone ? UNKNOWN_EVIDENCE : 0;

	if (j->alerts_gone && severity_is_told((enum severity)j->severity))
		unknown |= UNKNOWN_ALERTS;
	return unknown;
}

struct backtest_verdict
backtest_judge(const struct backtest_lists *l, const struct read_judged *j,
    struct arena *scratch)
{
	static const struct backtest_watch nobody = {0};
	struct backtest_verdict v = {
	    .watched = true, .asked = true, .unknown = dropped(j)};
	const struct backtest_watch *w = &nobody;
	struct severity_input in = {
	    .event = j->event, .type = (uint16_t)j->type};

	arena_reset(scratch);
	if (*j->name != '\0') {
		w = backtest_find(l, j, scratch);
		/* What is about many names, or a zone, may name one. */
		v.watched = w != NULL;
		if (w == NULL)
			return v;
	}
	v.asked = j->event == NULL || backtest_event_asked(l->config, w,
					  j->event, (uint16_t)j->type);
	if (!v.asked)
		return v;
	in.owned = w->owned;
	in.hostile = w->hostile;
	in.tags = w->tags;
	in.n_tags = w->n_tags;
	if (j->event == NULL)
		weigh_change(l, w, j, &in, scratch, &v.unknown);
	v.severity = severity_of(&in, l->config);
	v.silence = silence_for(l, w, j, v.severity);
	return v;
}

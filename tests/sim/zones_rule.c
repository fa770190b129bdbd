/* SPDX-License-Identifier: ISC */

/*
 * What the zone says, by what docs/decisions/authoritative.md says of it, and
 * whether that is believed once it has been so for long enough.
 */

#include "base/err.h"
#include "dns/type.h"
#include "zones.h"

enum {
	DECIDE_S = 75, /* T of an inquiry that goes on, and its writing */
	RULE_WORDS = NS_MAX
};

bool
serial_is_newer(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

/* ---- who says what ---- */

bool
zones_members(const struct zones *z, unsigned *out)
{
	unsigned child = 0;
	bool sure = false;

	for (size_t i = 0; i < NS_MAX; i++) {
		const struct ns *n = &z->ns[i];

		if ((z->at_parent & 1u << i) == 0 || n->health != NS_UP)
			continue;
		if (sure && child != n->says->named)
			return false;
		child = n->says->named;
		sure = true;
	}
	*out = z->at_parent | child;
	return sure;
}

/* Negative: that cannot be known. */
static int
words_of(
    const struct zones *z, const struct zq *q, struct zword words[RULE_WORDS])
{
	size_t at = (size_t)(q - z->list);
	unsigned members;
	int n = 0;

	if (q->at_parent) {
		words[0] = (struct zword){
		    q->type == TYPE_DS ? z->parent_ds : z->parent_ns, 0};
		return 1;
	}
	if (!zones_members(z, &members))
		return -1;
	for (size_t i = 0; i < NS_MAX; i++) {
		const struct ns *ns = &z->ns[i];

		if ((members & 1u << i) == 0)
			continue;
		if (ns->health == NS_SHAKY)
			return -1;
		if (ns->health == NS_UP)
			words[n++] = (struct zword){ns->says->ids[at],
			    q->parent_view ? 0 : ns->says->serial};
	}
	return n;
}

/* All that the rule looks at: where all say the same, no serial is. */
uint64_t
zones_print(const struct zones *z, const struct zq *q)
{
	struct zword words[RULE_WORDS];
	int n = words_of(z, q, words);
	uint64_t h = 1;
	unsigned members = 0;
	bool same = true;

	if (n < 0)
		return 0;
	for (int i = 1; i < n; i++)
		same = same && words[i].id == words[0].id;
	for (int i = 0; i < n; i++)
		h = mix64(h + words[i].id) + (same ? 0 : words[i].serial);
	if (q->at_parent)
		return h;
	(void)zones_members(z, &members);
	for (size_t i = 0; i < NS_MAX; i++) {
		if ((members & 1u << i) != 0)
			h = mix64(h + i + 8 * (unsigned)z->ns[i].health);
	}
	return h;
}

/* ---- the rule ---- */

/* Does `a` come before `b`: newer, or as new and said by more? */
static bool
comes_before(const struct zword *words, int n, content_id a, content_id b)
{
	uint32_t newest[2];
	int count[2] = {0, 0};
	content_id ids[2] = {a, b};

	for (int k = 0; k < 2; k++) {
		for (int i = 0; i < n; i++) {
			if (words[i].id != ids[k])
				continue;
			if (count[k]++ == 0 ||
			    serial_is_newer(words[i].serial, newest[k]))
				newest[k] = words[i].serial;
		}
	}
	if (newest[0] != newest[1])
		return serial_is_newer(newest[0], newest[1]);
	return count[0] > count[1];
}

static enum rule
say(const struct zword *words, int n, content_id id, content_id believed)
{
	bool said = false;
	bool beaten = false;

	if (n <= 0)
		return RULE_UNSURE;
	for (int i = 0; i < n; i++) {
		said = said || words[i].id == id;
		beaten = beaten || (words[i].id == believed && id != believed);
	}
	if (!said)
		return RULE_NO;
	for (int i = 0; i < n; i++) {
		if (words[i].id != id &&
		    comes_before(words, n, words[i].id, id))
			return RULE_NO;
	}
	/* As good as what is believed is not enough. */
	if (beaten && !comes_before(words, n, id, believed))
		return RULE_NO;
	return RULE_YES;
}

enum rule
zones_say(const struct zones *z, const struct zq *q, content_id id,
    content_id believed)
{
	struct zword words[RULE_WORDS];
	int n = words_of(z, q, words);
	enum rule rule = say(words, n, id, believed);

	/* R5: another type denies the NXDOMAIN. */
	if (rule == RULE_NO && id == id_plain(OUTCOME_NODATA))
		rule = say(words, n, id_plain(OUTCOME_NXDOMAIN), believed);
	return rule;
}

bool
zones_said_once(
    const struct zq *q, mono_ns since, content_id id, content_id believed)
{
	if (say(q->now.words, q->now.n, id, believed) == RULE_YES)
		return true;
	for (size_t i = q->n_past; i > 0 && q->past[i - 1].until >= since;
	     i--) {
		const struct zpast *p = &q->past[i - 1];

		if (say(p->words, p->n, id, believed) == RULE_YES)
			return true;
	}
	return false;
}

bool
zones_have_one(const struct zones *z, const struct zq *q, content_id id)
{
	struct zword words[RULE_WORDS];
	int n = words_of(z, q, words);

	for (int i = 0; i < n; i++) {
		if (words[i].id == id)
			return true;
	}
	return false;
}

bool
zones_are_apart(const struct zones *z, const struct zq *q, bool *split)
{
	struct zword words[RULE_WORDS];
	int n = words_of(z, q, words);
	bool apart = false;
	uint32_t newest = 0;
	content_id id = 0;

	*split = false;
	for (int i = 0; i < n; i++) {
		if (i == 0 || serial_is_newer(words[i].serial, newest)) {
			newest = words[i].serial;
			id = words[i].id;
		}
	}
	for (int i = 1; i < n; i++)
		apart = apart || words[i].id != words[0].id;
	for (int i = 0; i < n; i++)
		*split =
		    *split || (words[i].id != id && words[i].serial == newest);
	return apart;
}

/* ---- was it so for long enough? ---- */

static mono_ns
bound_of(const struct zq *q)
{
	return MONO_S(q->every_s) * 21 / 20 * 2 + MONO_S(DECIDE_S);
}

static void
look_at(struct sim *s, struct zq *q, mono_ns now)
{
	struct zones *z = s->zones;
	mono_ns since = q->changed > q->disturbed ? q->changed : q->disturbed;
	enum rule rule;

	if (q->looked || !q->watched || s->away != 0 ||
	    now - since < bound_of(q))
		return;
	q->looked = true;
	rule = zones_say(z, q, q->believed, q->believed);
	/* R5: a denied NXDOMAIN stays so until a type comes or goes. */
	if (rule == RULE_YES && q->believed == id_plain(OUTCOME_NODATA) &&
	    !q->inconsistent)
		rule = say(q->now.words, q->now.n, q->believed, q->believed);
	switch (rule) {
	case RULE_UNSURE:
		s->counts.zones.short_++;
		return;
	case RULE_NO:
		story_fail("missed: %s: its servers say something else than is "
			   "believed for %lld s: %s",
		    q->text, (long long)((now - since) / MONO_S(1)),
		    q->known ? id_text(q->believed) : "nothing");
	case RULE_YES:
		s->counts.zones.settled++;
	}
}

/*
 * A question that is never asked is believed for ever.  Of a zone none of whose
 * servers answers its servers are looked for, and it is not asked.  A poll that
 * falls into the search fails, and the next one is an interval later.
 */
static void
look_if_asked(struct sim *s, struct zq *q, mono_ns now)
{
	mono_ns from = q->asked > q->disturbed ? q->asked : q->disturbed;

	/* It is looked at every 20 s: until then nobody may have answered. */
	if (q->now.n <= 0) {
		q->unserved = now + MONO_S(20);
		return;
	}
	if (q->unserved > from)
		from = q->unserved;
	if (q->changed > from)
		from = q->changed;
	if (q->watched && s->away == 0 &&
	    now - from > MONO_S(q->every_s) * 2 * 21 / 20 + MONO_S(40))
		story_fail("wedged: %s, every %u s, was not asked for %lld s",
		    q->text, q->every_s, (long long)((now - from) / MONO_S(1)));
}

void
zones_look(struct sim *s)
{
	mono_ns now = loop_mono(s->w.loop);
	bool split;

	if (!s->zones->built)
		return;
	for (size_t i = 0; i < s->zones->n; i++) {
		struct zq *q = &s->zones->list[i];

		if (!q->in_view)
			continue;
		if (!zones_are_apart(s->zones, q, &split))
			q->apart_from = 0;
		else if ((q->apart = now) != 0 && q->apart_from == 0)
			q->apart_from = now;
		look_at(s, q, now);
		look_if_asked(s, q, now);
	}
	zones_look_events(s);
}

void
zones_before(struct sim *s)
{
	zones_look(s);
}

static void
note_past(const struct zones *z, struct zq *q, mono_ns now)
{
	struct zpast *own =
	    list_add(&q->past, &q->n_past, &q->past_room, sizeof(*own));

	q->now.until = now;
	*own = q->now;
	q->now.n = words_of(z, q, q->now.words);
}

void
zones_after(struct sim *s)
{
	struct zones *z = s->zones;
	mono_ns now = loop_mono(s->w.loop);
	unsigned members = 0;

	if (!z->built)
		return;
	(void)zones_members(z, &members);
	/* Others are found when what is known of the zone is over. */
	if (members != z->members)
		z->found = now + MONO_S(NS_TTL_S + ROUND_TAKES_S);
	z->members = members;
	for (size_t i = 0; i < NS_MAX; i++)
		z->ns[i].left = z->ns[i].left || (members & 1u << i) == 0;
	for (size_t i = 0; i < z->n; i++) {
		struct zq *q = &z->list[i];
		uint64_t print = zones_print(z, q);

		if (q->print == print)
			continue;
		note_past(z, q, now);
		s->counts.zones.states += q->in_view && q->watched;
		s->counts.zones.short_ +=
		    q->in_view && q->watched && !q->looked && q->print != 0;
		q->print = print;
		q->changed = q->at_parent || z->found < now ? now : z->found;
		q->looked = false;
	}
}

void
zones_disturb(struct sim *s)
{
	mono_ns now = loop_mono(s->w.loop);

	for (size_t i = 0; i < s->zones->n; i++) {
		s->zones->list[i].disturbed = now;
		s->zones->list[i].looked = false;
	}
	for (size_t i = 0; i < NS_MAX; i++)
		s->zones->ns[i].since = now;
}

/* A start forgets that it failed of what nobody watches. */
void
zones_kill(struct sim *s)
{
	for (size_t i = 0; i < s->zones->n; i++) {
		struct zq *q = &s->zones->list[i];

		q->failing = q->failing && q->watched;
	}
}

void
zones_end(struct sim *s)
{
	struct zones *z = s->zones;

	for (size_t i = 0; i < z->n; i++) {
		const struct zq *q = &z->list[i];

		if (!q->in_view || !q->watched)
			continue;
		if (!q->looked)
			story_fail("the rest was too short for %s", q->text);
		if (q->failing)
			story_fail("R3: %s still fails", q->text);
	}
}

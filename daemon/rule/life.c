/* SPDX-License-Identifier: ISC */

#include "rule/life.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/err.h"
#include "config/config.h"
#include "dns/name.h"
#include "dns/type.h"

enum { PACK_VERSION = 1, STRETCH_SIZE = 13 };

const char *
life_stage_text(enum life_stage stage)
{
	static const char *const texts[] = {"unknown", "never-seen",
	    "registered", "resolving", "mail-enabled", "parked", "sinkholed",
	    "seized", "held", "gone"};

	CHECK((size_t)stage < sizeof(texts) / sizeof(texts[0]));
	return texts[stage];
}

const char *
life_cause_text(enum life_cause cause)
{
	static const char *const texts[] = {NULL, "removed-from-parent",
	    "nxdomain", "no-server-answers", "mark", "filtered"};

	CHECK((size_t)cause < sizeof(texts) / sizeof(texts[0]));
	return texts[cause];
}

const char *
life_confidence_text(enum life_confidence confidence)
{
	static const char *const texts[] = {"", "low", "medium", "high"};

	CHECK((size_t)confidence < sizeof(texts) / sizeof(texts[0]));
	return texts[confidence];
}

bool
life_is_there(enum life_stage stage)
{
	return stage != LIFE_UNKNOWN && stage != LIFE_UNSEEN &&
	       stage != LIFE_GONE;
}

/* ---- marks ---- */

static bool
holds_at(const struct config_mark *m, wall_us now)
{
	return m->since <= now && (m->until == 0 || now < m->until);
}

static bool
marks_host(const struct config_mark *m, const uint8_t *host)
{
	for (size_t i = 0; i < m->n_ns; i++)
		if (name_is_within(host, m->ns[i].wire))
			return true;
	return false;
}

static bool
marks_address(const struct config_mark *m, const struct record *r)
{
	struct addr a = {.family = r->size == 4 ? AF_INET : AF_INET6};

	memcpy(a.ip, r->rdata, r->size);
	for (size_t i = 0; i < m->n_addrs; i++)
		if (prefix_has(&m->addrs[i], &a))
			return true;
	return false;
}

/* How many of its name servers, and of its addresses, are marked. */
struct tally {
	unsigned ns, ns_marked;
	unsigned addrs, addrs_marked;
};

static void
count_record(
    const struct config_mark *m, const struct record *r, struct tally *t)
{
	if (r->type == TYPE_NS) {
		t->ns++;
		t->ns_marked += marks_host(m, r->rdata);
	} else if ((r->type == TYPE_A && r->size == 4) ||
		   (r->type == TYPE_AAAA && r->size == 16)) {
		t->addrs++;
		t->addrs_marked += marks_address(m, r);
	}
}

/* 0: it marks nothing of it. */
static enum life_confidence
marks(const struct config_mark *m, const struct life_input *in)
{
	struct tally t = {0};

	for (size_t i = 0; i < in->n; i++) {
		const struct content *c = in->facts[i].content;

		for (uint16_t k = 0; c != NULL && k < c->n_records; k++)
			count_record(m, &c->records[k], &t);
	}
	if (t.ns > 0 && t.ns_marked == t.ns)
		return LIFE_HIGH;
	if (t.addrs > 0 && t.addrs_marked == t.addrs)
		return LIFE_MEDIUM;
	return t.ns_marked + t.addrs_marked > 0 ? LIFE_LOW
	                                        : (enum life_confidence)0;
}

/* The surest; of those the gravest, which is what the kinds' order says. */
static const struct config_mark *
find_mark(const struct life_input *in, const struct config *config, wall_us now,
    enum life_confidence *confidence)
{
	const struct config_mark *best = NULL;

	*confidence = (enum life_confidence)0;
	for (size_t i = 0; config != NULL && i < config->n_marks; i++) {
		const struct config_mark *m = &config->marks[i];
		enum life_confidence c =
		    holds_at(m, now) ? marks(m, in) : (enum life_confidence)0;

		if (c > *confidence ||
		    (c == *confidence && c > 0 && m->kind < best->kind)) {
			*confidence = c;
			best = m;
		}
	}
	return best;
}

static enum life_stage
stage_of(enum mark_kind kind)
{
	switch (kind) {
	case MARK_SEIZED:
		return LIFE_SEIZED;
	case MARK_SINKHOLED:
		return LIFE_SINKHOLED;
	case MARK_HELD:
		return LIFE_HELD;
	case MARK_PARKED:
		break;
	}
	return LIFE_PARKED;
}

/* ---- stages ---- */

static const struct content *
content_of(const struct life_input *in, uint16_t type)
{
	for (size_t i = 0; i < in->n; i++)
		if (in->facts[i].type == type)
			return in->facts[i].content;
	return NULL;
}

/* An alias that leads nowhere is there all the same (R5). */
static bool
exists(const struct content *c)
{
	return c->outcome != OUTCOME_NXDOMAIN || c->n_chain > 0;
}

static bool
has_records(const struct content *c)
{
	return c != NULL && c->outcome == OUTCOME_ANSWER && c->n_records > 0;
}

/* RFC 7505: one that says "no mail" is none. */
static bool
takes_mail(const struct content *mx)
{
	static const uint8_t null_mx[3] = {0};

	return has_records(mx) &&
	       !(mx->n_records == 1 && mx->records[0].size == 3 &&
		   memcmp(mx->records[0].rdata, null_mx, 3) == 0);
}

static struct life
absent(const struct life_input *in)
{
	bool is_apex = name_zone_guess(in->name) == in->name;
	struct life l = {
	    .stage = in->was ? LIFE_GONE : LIFE_UNSEEN,
	    .cause = in->removed || is_apex ? LIFE_REMOVED : LIFE_DENIED,
	    .confidence = in->removed ? LIFE_HIGH : LIFE_MEDIUM,
	};

	/* Of what never was there is no cause. */
	if (!in->was)
		l.cause = LIFE_NO_CAUSE;
	return l;
}

struct life
life_of(const struct life_input *in, const struct config *config, wall_us now)
{
	struct life l = {.confidence = LIFE_HIGH};
	size_t known = 0;
	size_t there = 0;

	for (size_t i = 0; i < in->n; i++) {
		known += in->facts[i].content != NULL;
		there += in->facts[i].content != NULL &&
		         exists(in->facts[i].content);
	}
	if (known == 0)
		return (struct life){.confidence = LIFE_LOW,
		    .cause = in->filtered ? LIFE_FILTERED : LIFE_NO_CAUSE};
	if (in->silent && there > 0)
		return (struct life){LIFE_GONE, LIFE_SILENT, LIFE_LOW, NULL};
	if (there == 0)
		return absent(in);
	l.mark = find_mark(in, config, now, &l.confidence);
	if (l.mark != NULL) {
		l.stage = stage_of(l.mark->kind);
		l.cause = LIFE_MARKED;
		return l;
	}
	l.confidence = LIFE_HIGH;
	if (in->filtered) {
		l.cause = LIFE_FILTERED;
		l.confidence = LIFE_LOW;
	}
	if (takes_mail(content_of(in, TYPE_MX)))
		l.stage = LIFE_MAIL;
	else if (has_records(content_of(in, TYPE_A)) ||
		 has_records(content_of(in, TYPE_AAAA)))
		l.stage = LIFE_RESOLVING;
	else
		l.stage = LIFE_REGISTERED;
	return l;
}

/* ---- what is kept ---- */

bool
life_put(struct life_kept *kept, const struct life *life, wall_us at)
{
	struct life_stretch s = {
	    .since = at,
	    .stage = (uint8_t)life->stage,
	    .cause = (uint8_t)life->cause,
	    .confidence = (uint8_t)life->confidence,
	};
	struct life_stretch *last = &kept->list[0];

	if (life->mark != NULL)
		snprintf(s.who, sizeof(s.who), "%s", life->mark->who);
	if (kept->n > 0 && last->stage == s.stage &&
	    strcmp(last->who, s.who) == 0) {
		last->cause = s.cause;
		last->confidence = s.confidence;
		return false;
	}
	/* Back, and so through all stages until it is gone again. */
	s.back = kept->n > 0 && life_is_there(life->stage) &&
	         (last->back || last->stage == LIFE_GONE);
	memmove(kept->list + 1, kept->list,
	    (LIFE_KEPT_MAX - 1) * sizeof(kept->list[0]));
	kept->list[0] = s;
	if (kept->n < LIFE_KEPT_MAX)
		kept->n++;
	return true;
}

void
life_pack(const struct life_kept *kept, struct buf *out)
{
	buf_add_u8(out, PACK_VERSION);
	buf_add_u8(out, (uint8_t)kept->n);
	for (uint32_t i = 0; i < kept->n; i++) {
		const struct life_stretch *s = &kept->list[i];
		size_t size = strlen(s->who);

		buf_add_u64(out, (uint64_t)s->since);
		buf_add_u8(out, s->stage);
		buf_add_u8(out, s->cause);
		buf_add_u8(out, s->confidence);
		buf_add_u8(out, s->back);
		buf_add_u8(out, (uint8_t)size);
		buf_add(out, s->who, size);
	}
}

static bool
take_stretch(const uint8_t **at, const uint8_t *end, struct life_stretch *s)
{
	const uint8_t *p = *at;
	uint64_t since = 0;

	if (end - p < STRETCH_SIZE || end - p < STRETCH_SIZE + p[12] ||
	    p[12] > LIFE_WHO_MAX || p[8] > LIFE_GONE || p[9] > LIFE_FILTERED ||
	    p[10] > LIFE_HIGH)
		return false;
	for (int i = 0; i < 8; i++)
		since = since << 8 | p[i];
	*s = (struct life_stretch){.since = (wall_us)since,
	    .stage = p[8],
	    .cause = p[9],
	    .confidence = p[10],
	    .back = p[11] != 0};
	memcpy(s->who, p + STRETCH_SIZE, p[12]);
	*at = p + STRETCH_SIZE + p[12];
	return true;
}

bool
life_unpack(const uint8_t *data, size_t size, struct life_kept *out)
{
	const uint8_t *at = data + 2;

	*out = (struct life_kept){0};
	if (size < 2 || data[0] != PACK_VERSION || data[1] > LIFE_KEPT_MAX)
		return false;
	for (uint32_t i = 0; i < data[1]; i++)
		if (!take_stretch(&at, data + size, &out->list[i]))
			return false;
	out->n = data[1];
	return at == data + size;
}

/* SPDX-License-Identifier: ISC */

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "dns/record.h"
#include "held.h"
#include "loop/loop.h"
#include "monitor_priv.h"
#include "source.h"

bool
held_wanted(const struct inquiry *q)
{
	return q->restored && q->begin == 0 && !(q->n > 0 && q->list[0].stored);
}

bool
held_find(struct inquiry *q, const struct store_believed *b)
{
	if (q->restored || b->phase != CANDIDATE_OPEN)
		return false;
	q->restored = true;
	q->change = b->open_change;
	q->seen_at = b->open_seen_at;
	q->revision = 1;
	return held_wanted(q);
}

/* Room for one at `at`; NULL: out of memory. */
static struct testimony *
insert(struct inquiry *q, size_t at)
{
	struct testimony *t = testimony_add(q);

	if (t == NULL)
		return NULL;
	t = &q->list[at];
	memmove(t + 1, t, (q->n - 1 - at) * sizeof(*t));
	*t = (struct testimony){.stored = true, .ede = -1};
	return t;
}

static void
take_out(struct inquiry *q, size_t at)
{
	struct testimony *t = &q->list[at];

	q->n--;
	memmove(t, t + 1, (q->n - at) * sizeof(*t));
}

/* Who it was, also where nobody is configured there any more. */
static void
name_server(struct inquiry *q, struct testimony *t, const char *server,
    const char *group)
{
	if (server == NULL)
		server = "";
	snprintf(t->server_text, sizeof(t->server_text), "%s", server);
	t->group_text = group == NULL ? "" : arena_text(&q->arena, group);
	if (t->group_text == NULL)
		t->group_text = "";
	t->witness.server = testimony_by(q->monitor, server);
	testimony_server(q->monitor, t, t->witness.server);
}

static void
put_times(struct inquiry *q, struct testimony *t, wall_us at, wall_us last_at)
{
	wall_us behind =
	    monitor_steady(q->monitor) - loop_wall(q->monitor->loop);

	t->at = at;
	t->last_at = last_at;
	t->witness.at = at + behind;
	t->witness.last_at = last_at + behind;
}

/* What was seen first, as the candidate has it. */
static bool
put_first(struct inquiry *q, const struct store_believed *b)
{
	uint8_t *packed =
	    arena_copy(&q->arena, b->open_content, b->open_content_size);
	struct testimony *t = packed == NULL ? NULL : insert(q, 0);

	if (t == NULL)
		return false;
	if (content_unpack(
		packed, b->open_content_size, &q->arena, &t->content) != 0) {
		take_out(q, 0);
		return false;
	}
	t->fingerprint = content_fingerprint(&t->content, &q->monitor->key);
	put_times(q, t, b->open_seen_at, b->open_seen_at);
	t->witness.count = 1;
	name_server(q, t, b->by, NULL);
	return true;
}

/* The message again, as it came.  False: not readable, or no memory. */
static bool
read_again(struct inquiry *q, const struct store_held *h, struct testimony *t)
{
	struct message message;
	struct reply reply;
	const struct answer a = {
	    .server = UINT16_MAX,
	    .fail = FAIL_NOT,
	    .wire = arena_copy(&q->arena, h->raw, h->raw_size),
	    .size = h->raw_size,
	    .message = &message,
	};

	if (a.wire == NULL ||
	    message_walk(a.wire, a.size, &message) != MESSAGE_OK ||
	    source_reply(q->monitor, q->question, &a, &q->arena, &reply) != 0 ||
	    reply.content.outcome == OUTCOME_FAIL)
		return false;
	t->raw = a.wire;
	t->raw_size = (uint32_t)a.size;
	hash_sha256(t->raw, t->raw_size, t->sha256);
	t->content = reply.content;
	t->ede_text = testimony_ede_text(&q->arena, &a, &t->ede_text_size);
	t->nsid = testimony_nsid(&q->arena, &a, &t->nsid_size);
	t->has_serial = reply.has_serial;
	t->serial = reply.serial;
	t->bare = reply.content.outcome == OUTCOME_NXDOMAIN && !reply.has_soa;
	t->witness.aa = reply.aa;
	return true;
}

static void
put_facts(struct inquiry *q, const struct store_held *h, struct testimony *t)
{
	t->fingerprint = content_fingerprint(&t->content, &q->monitor->key);
	put_times(q, t, h->at, h->last_at);
	t->witness.count = h->count;
	t->witness.transport = h->transport;
	t->witness.ttl = h->ttl;
	t->witness.stale = h->ede == 3 || h->ede == 19;
	if (t->witness.aa)
		t->witness.fetched_after = t->witness.last_at;
	t->ttl = h->ttl;
	t->flags = h->flags;
	t->ede = h->ede;
	name_server(q, t, h->server, h->group);
}

/* The row of the first sight makes it whole; others stand behind. */
static void
put_one(struct inquiry *q, const struct store_held *h, size_t *end)
{
	struct testimony t = {.stored = true, .ede = -1};
	struct testimony *into = &q->list[0];

	if (!read_again(q, h, &t))
		return;
	if (into->raw != NULL || !content_equal(&t.content, &into->content)) {
		into = insert(q, *end); /* moves the list */
		if (into == NULL)
			return;
		(*end)++;
	}
	*into = t;
	put_facts(q, h, into);
}

bool
held_put(struct inquiry *q, const struct store_believed *b)
{
	size_t end = 1;

	if (!held_wanted(q) || b->open_content == NULL || !put_first(q, b))
		return false;
	for (size_t i = 0; i < b->n_held; i++)
		put_one(q, &b->held[i], &end);
	return true;
}

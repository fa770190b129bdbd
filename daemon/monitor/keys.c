/* SPDX-License-Identifier: ISC */

/*
 * DS and DNSKEY of one name belong together (R17): when one of them changes
 * and the other is watched too, what is believed of that one says whether a
 * validator still finds a key.  It is fetched before the candidate is opened,
 * so that the severity is known from the start.
 */

#include "dns/dnskey.h"
#include "dns/type.h"
#include "monitor_priv.h"

static uint32_t
counterpart_of(const struct inquiry *q)
{
	const struct monitor *m = q->monitor;
	uint16_t type = table_question(m->table, q->question)->type;
	uint16_t other = TYPE_DS;
	uint8_t size;
	const uint8_t *name = table_name(m->table, q->question, &size);

	if (type == TYPE_DS)
		other = TYPE_DNSKEY;
	else if (type != TYPE_DNSKEY)
		return QUESTION_NONE;
	return table_find(
	    m->table, table_view(m->table, q->question), name, size, other);
}

static void
on_keys(void *ctx, int err, const struct store_believed *b)
{
	struct inquiry *q = ctx;
	uint8_t *packed;

	q->fetch_open = false;
	if (err == 0 && b->known) {
		packed = arena_copy(&q->arena, b->content, b->content_size);
		q->has_keys =
		    packed != NULL && content_unpack(packed, b->content_size,
					  &q->arena, &q->keys) == 0;
	}
	inquiry_open(q);
}

bool
keys_fetch(struct inquiry *q)
{
	static const struct content nothing = {.outcome = OUTCOME_NODATA};
	struct monitor *m = q->monitor;
	uint32_t id = counterpart_of(q);
	uint8_t wanted = Q_WATCHED | Q_KNOWN;
	struct store_fetch f = {.seen = &nothing};

	q->has_keys = false;
	if (id == QUESTION_NONE ||
	    (table_question(m->table, id)->flags & wanted) != wanted)
		return false;
	f.key = table_key(m->table, id);
	f.at = q->list[q->begin].at;
	q->fetch_open = true;
	store_fetch(m->store, &f, on_keys, q);
	return true;
}

bool
keys_mismatch(const struct inquiry *q)
{
	const struct monitor *m = q->monitor;
	const struct content *to =
	    &q->list[q->begin + q->judgement.to_witness].content;

	if (!q->has_keys)
		return false;
	if (table_question(m->table, q->question)->type == TYPE_DS)
		return !dnskey_fits(to, &q->keys);
	return !dnskey_fits(&q->keys, to);
}

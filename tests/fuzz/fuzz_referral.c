/* SPDX-License-Identifier: ISC */

/*
 * Any bytes as the answer of a server of some zone above the name that is
 * asked: the first octet says which.  Whatever it says,
 *
 *   - the child is strictly below the zone and encloses the name;
 *   - glue is of a name of the delegation, below the zone;
 *   - names are there once, and within the limits;
 *   - an SOA encloses the name, and is not above the zone;
 *   - what is a state of the delegation is so exactly when it goes down, has
 *     all these names, and packs and unpacks to the same.
 */

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "dns/referral.h"
#include "dns/type.h"

#define HOLDS(expr) ((expr) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_down(
    const struct referral *r, const struct name *qname, const struct name *zone)
{
	HOLDS(r->child.size > zone->size);
	HOLDS(name_is_within(r->child.wire, zone->wire));
	HOLDS(name_is_within(qname->wire, r->child.wire));
	HOLDS(r->n_names >= 1 && r->n_names <= REFERRAL_NAMES_MAX);
	HOLDS(r->n_glue <= REFERRAL_GLUE_MAX);
	for (size_t i = 0; i < r->n_names; i++) {
		HOLDS(name_size(r->names[i].wire) == r->names[i].size);
		for (size_t k = 0; k < i; k++)
			HOLDS(!name_equal(r->names[i].wire, r->names[k].wire));
	}
	for (size_t i = 0; i < r->n_glue; i++) {
		HOLDS(r->glue[i].name < r->n_names);
		HOLDS(
		    name_is_within(r->names[r->glue[i].name].wire, zone->wire));
	}
}

static bool
has_ns(const struct content *c, const struct name *name)
{
	for (unsigned i = 0; i < c->n_records; i++) {
		const struct record *r = &c->records[i];
		if (r->type == TYPE_NS && r->size == name->size &&
		    memcmp(r->rdata, name->wire, name->size) == 0)
			return true;
	}
	return false;
}

static void
check_content(const struct content *c, const struct referral *r,
    const struct name *zone, struct arena *a)
{
	struct buf packed = {0};
	struct content back;

	if (c->outcome == OUTCOME_UNREADABLE) {
		HOLDS(c->reason == UNREADABLE_OVERSIZED);
		return;
	}
	HOLDS(c->outcome == OUTCOME_ANSWER);
	for (size_t i = 0; i < r->n_names; i++)
		HOLDS(has_ns(c, &r->names[i]));
	for (unsigned i = 0; i < c->n_records; i++) {
		const struct record *record = &c->records[i];
		size_t owner = name_size(record->rdata);

		HOLDS(i == 0 || record_compare(record - 1, record) < 0);
		if (record->type == TYPE_NS) {
			HOLDS(record->size == owner);
			continue;
		}
		HOLDS(record->size - owner ==
		      (record->type == TYPE_A ? 4u : 16u));
		HOLDS(name_is_within(record->rdata, zone->wire));
	}
	content_pack(c, &packed);
	HOLDS(content_unpack(packed.data, packed.size, a, &back) == 0);
	HOLDS(content_equal(c, &back));
	buf_fini(&packed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct referral r;
	struct arena a = {0};
	struct content c;
	struct message m;
	struct name qname;
	struct name zone;

	if (size == 0 || message_walk(data + 1, size - 1, &m) != MESSAGE_OK)
		return 0;
	message_name(data + 1, size - 1, m.question_at, &qname);
	zone = qname;
	for (unsigned n = data[0] % 8; n > 0 && zone.size > 1; n--) {
		size_t label = (size_t)zone.wire[0] + 1;
		zone.size = (uint8_t)(zone.size - label);
		memmove(zone.wire, zone.wire + label, zone.size);
	}
	referral_read(data + 1, size - 1, &m, &qname, &zone, &r);
	if (r.kind == REFERRAL_DOWN)
		check_down(&r, &qname, &zone);
	else
		HOLDS(r.n_names == 0 && r.n_glue == 0);
	HOLDS(r.kind != REFERRAL_NOT || m.aa);
	HOLDS(!r.has_soa || (r.kind == REFERRAL_NOT &&
				name_is_within(qname.wire, r.soa.wire) &&
				name_is_within(r.soa.wire, zone.wire)));
	int err = referral_content(data + 1, size - 1, &m, &zone, &a, &c);
	HOLDS(err == (r.kind == REFERRAL_DOWN ? 0 : ERR_NOT_FOUND));
	if (err == 0)
		check_content(&c, &r, &zone, &a);
	arena_fini(&a);
	return 0;
}

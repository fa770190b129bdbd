/* SPDX-License-Identifier: ISC */

/*
 * Any bytes as a packed content, as a damaged database would give them: what
 * is accepted packs to the same bytes, and its records print without harm,
 * whatever their rdata is.
 */

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "dns/content.h"
#include "dns/record.h"

#define HOLDS(expr) ((expr) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_record(const struct record *r)
{
	struct buf text = {0};

	record_print(r, &text, 512);
	HOLDS(text.err == 0 && text.size != 0 && text.size <= 512);
	for (size_t i = 0; i < text.size; i++)
		HOLDS(text.data[i] >= 0x20 && text.data[i] <= 0x7e);
	buf_fini(&text);
	(void)record_pivot(r);
	(void)record_is_private(r);
	(void)record_check(r->type, r->rdata, r->size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct hash_key key = {.k0 = 1, .k1 = 2};
	struct arena arena = {0};
	struct buf again = {0};
	struct content c;

	if (content_unpack(data, size, &arena, &c) == 0) {
		content_pack(&c, &again);
		HOLDS(again.err == 0);
		/* What another policy packed is packed by the one of now. */
		HOLDS(data[0] != CONTENT_POLICY ||
		      (again.size == size &&
			  memcmp(again.data, data, size) == 0));
		HOLDS(content_fingerprint(&c, &key) != 0);
		for (unsigned i = 0; i < c.n_records; i++)
			check_record(&c.records[i]);
	}
	buf_fini(&again);
	arena_fini(&arena);
	return 0;
}

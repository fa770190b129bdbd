/* SPDX-License-Identifier: ISC */
/*
 * key -- which question a row is about.
 *
 * What is hashed is stored for ever: view, a zero octet, the folded wire name
 * (which ends itself), the type in network order.  To change it, every
 * question of every table would have to be renamed: do not.
 */

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "store/store.h"

struct uuid
question_key(
    const char *view, const uint8_t *name, size_t name_size, uint16_t type)
{
	uint8_t digest[SHA256_SIZE];
	struct buf b = {0};
	struct uuid key;

	buf_add(&b, view, strlen(view) + 1);
	buf_add(&b, name, name_size);
	buf_add_u16(&b, type);
	CHECK(b.err == 0);
	hash_sha256(b.data, b.size, digest);
	buf_fini(&b);
	memcpy(key.b, digest, sizeof key.b);
	return key;
}

uint16_t
question_shard(const uint8_t *name, size_t name_size)
{
	uint8_t digest[SHA256_SIZE];

	hash_sha256(name, name_size, digest);
	return (uint16_t)((digest[0] << 8 | digest[1]) % STORE_SHARDS);
}

/* SPDX-License-Identifier: ISC */
#ifndef BASE_UUID_H
#define BASE_UUID_H

/*
 * uuid -- 128-bit identities: version 7 (RFC 9562 5.7) for changes and
 * alerts, and plain truncated hashes for keys of stored things.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"

struct uuid {
	uint8_t b[16];
};

enum { UUID_TEXT_SIZE = 37 };

/* Grows with `at`, and among equal milliseconds with each call. */
struct uuid uuid_v7(wall_us at);
bool uuid_equal(const struct uuid *a, const struct uuid *b);
bool uuid_is_nil(const struct uuid *u);
char *uuid_print(const struct uuid *u, char out[UUID_TEXT_SIZE]);
MUST_CHECK int uuid_parse(const char *text, struct uuid *out);

#endif

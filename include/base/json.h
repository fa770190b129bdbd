/* SPDX-License-Identifier: ISC */
#ifndef BASE_JSON_H
#define BASE_JSON_H

/*
 * json -- writes one JSON value into a buf, comma by comma.
 *
 * Strings are escaped so that the result is printable ASCII without '<':
 * whatever a stranger's DNS put in, it is safe in a terminal, a log and a web
 * page.  Bytes above 0x7e are written as \u00XX of their Latin-1 value; give
 * UTF-8 only through json_utf8().  Keys are literals of ours.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/uuid.h"

struct json {
	struct buf *out;
	bool comma; /* a value was written at this depth */
};

void json_start(struct json *j, struct buf *out);
void json_object(struct json *j, const char *key); /* key NULL in arrays */
void json_object_end(struct json *j);
void json_array(struct json *j, const char *key);
void json_array_end(struct json *j);
void json_text(struct json *j, const char *key, const char *text); /* NULL: null */
void json_bytes(struct json *j, const char *key, const void *data, size_t size);
void json_utf8(struct json *j, const char *key, const char *text);
void json_int(struct json *j, const char *key, int64_t v);
void json_bool(struct json *j, const char *key, bool v);
void json_null(struct json *j, const char *key);
void json_wall(struct json *j, const char *key, wall_us at); /* 0: null */
void json_uuid(struct json *j, const char *key, const struct uuid *u);
/* A value that is JSON already (from the database, written by us). */
void json_raw(struct json *j, const char *key, const char *value);

#endif

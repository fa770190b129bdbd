/* SPDX-License-Identifier: ISC */
#ifndef BASE_EMIT_H
#define BASE_EMIT_H

/*
 * emit -- writes one JSON value into a buf, comma by comma.
 *
 * Strings are escaped so that the result is printable ASCII without '<':
 * whatever a stranger's DNS put in, it is safe in a terminal, a log and a web
 * page.  Bytes above 0x7e are written as \u00XX of their Latin-1 value; give
 * UTF-8 only through emit_utf8().  Keys are literals of ours.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/uuid.h"

struct emit {
	struct buf *out;
	bool comma; /* a value was written at this depth */
};

void emit_start(struct emit *j, struct buf *out);
void emit_object(struct emit *j, const char *key); /* key NULL in arrays */
void emit_object_end(struct emit *j);
void emit_array(struct emit *j, const char *key);
void emit_array_end(struct emit *j);
void emit_text(
    struct emit *j, const char *key, const char *text); /* NULL: null */
void emit_bytes(struct emit *j, const char *key, const void *data, size_t size);
void emit_utf8(struct emit *j, const char *key, const char *text);
/*
 * For who writes a text into j->out himself: begins it and returns where, and
 * ends it, with all that came since escaped as emit_bytes() does.
 */
MUST_CHECK size_t emit_open_text(struct emit *j, const char *key);
void emit_close_text(struct emit *j, size_t begin);
void emit_int(struct emit *j, const char *key, int64_t v);
void emit_bool(struct emit *j, const char *key, bool v);
void emit_null(struct emit *j, const char *key);
void emit_wall(struct emit *j, const char *key, wall_us at); /* 0: null */
void emit_uuid(struct emit *j, const char *key, const struct uuid *u);
/* A value that is JSON already (from the database, written by us). */
void emit_raw(struct emit *j, const char *key, const char *value);

#endif

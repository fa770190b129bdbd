/* SPDX-License-Identifier: ISC */

/*
 * One flag is enough for the commas: a value needs one before it when another
 * value ended at the same depth, and nothing but an opening bracket unsets it.
 */

#include <string.h>

#include "base/emit.h"

enum {
	REPLACEMENT = 0xfffd, /* for what is not UTF-8 */
	RUN_MIN = 0x20,
	RUN_MAX = 0x7e
};

void
emit_start(struct emit *j, struct buf *out)
{
	j->out = out;
	j->comma = false;
}

static void
put_key(struct emit *j, const char *key)
{
	size_t size = key == NULL ? 0 : strlen(key);
	size_t comma = j->comma;
	char *to;

	j->comma = true;
	if (key == NULL) {
		if (comma)
			buf_add_u8(j->out, ',');
		return;
	}
	to = buf_grow(j->out, comma + size + 3);
	if (to == NULL)
		return;
	if (comma)
		*to++ = ',';
	*to++ = '"';
	memcpy(to, key, size);
	memcpy(to + size, "\":", 2);
}

static void
put_literal(struct emit *j, const char *key, const char *value)
{
	put_key(j, key);
	buf_add_text(j->out, value);
}

void
emit_object(struct emit *j, const char *key)
{
	put_literal(j, key, "{");
	j->comma = false;
}

void
emit_object_end(struct emit *j)
{
	buf_add(j->out, "}", 1);
	j->comma = true;
}

void
emit_array(struct emit *j, const char *key)
{
	put_literal(j, key, "[");
	j->comma = false;
}

void
emit_array_end(struct emit *j)
{
	buf_add(j->out, "]", 1);
	j->comma = true;
}

static void
put_unit(struct buf *out, unsigned unit)
{
	static const char digits[] = "0123456789abcdef";
	const char text[] = {'\\', 'u', digits[unit >> 12 & 15],
	    digits[unit >> 8 & 15], digits[unit >> 4 & 15], digits[unit & 15]};

	buf_add(out, text, sizeof(text));
}

static bool
is_plain(uint8_t b)
{
	return b >= RUN_MIN && b <= RUN_MAX && b != '"' && b != '\\' &&
	       b != '<';
}

/* How many bytes from p on need no escape. */
static size_t
plain_run(const uint8_t *p, size_t size)
{
	size_t n = 0;

	while (n < size && is_plain(p[n]))
		n++;
	return n;
}

static void
put_ascii(struct buf *out, uint8_t b)
{
	const char pair[] = {'\\', (char)b};

	if (b == '"' || b == '\\')
		buf_add(out, pair, sizeof(pair));
	else
		put_unit(out, b);
}

void
emit_text(struct emit *j, const char *key, const char *text)
{
	if (text == NULL)
		emit_null(j, key);
	else
		emit_bytes(j, key, text, strlen(text));
}

void
emit_bytes(struct emit *j, const char *key, const void *data, size_t size)
{
	const uint8_t *p = data;
	size_t plain = plain_run(p, size);
	char *to;

	put_key(j, key);
	to = buf_grow(j->out, plain + 1);
	if (to == NULL)
		return;
	*to = '"';
	memcpy(to + 1, p, plain);
	p += plain;
	size -= plain;
	while (size > 0) {
		size_t run = plain_run(p, size);

		buf_add(j->out, p, run);
		if (run < size)
			put_ascii(j->out, p[run++]);
		p += run;
		size -= run;
	}
	buf_add(j->out, "\"", 1);
}

size_t
emit_open_text(struct emit *j, const char *key)
{
	put_key(j, key);
	buf_add_u8(j->out, '"');
	return j->out->size;
}

void
emit_close_text(struct emit *j, size_t begin)
{
	struct buf *out = j->out;
	size_t size = out->size - begin;
	size_t plain;
	struct buf copy = {0};

	if (out->err != 0)
		return;
	plain = plain_run(out->data + begin, size);
	if (plain < size) {
		begin += plain;
		size -= plain;
		buf_add(&copy, out->data + begin, size);
		if (out->err == 0)
			out->err = copy.err;
		out->size = begin;
		for (size_t i = 0; i < size && copy.err == 0; i++) {
			if (is_plain(copy.data[i]))
				buf_add_u8(out, copy.data[i]);
			else
				put_ascii(out, copy.data[i]);
		}
		buf_fini(&copy);
	}
	buf_add_u8(out, '"');
}

/*
 * One character of UTF-8 (RFC 3629: shortest form, no surrogates, up to
 * U+10FFFF); what is none gives REPLACEMENT and one byte.  p ends with a NUL,
 * which is no continuation, so that nothing beyond it is read.
 */
static size_t
take_utf8(const uint8_t *p, unsigned *code)
{
	static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	unsigned v = p[0] & (0x7fu >> length);

	*code = REPLACEMENT;
	if (p[0] < 0xc0 || p[0] >= 0xf8)
		return 1;
	for (size_t i = 1; i < length; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 1;
		v = v << 6 | (p[i] & 0x3f);
	}
	if (v < least[length] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return 1;
	*code = v;
	return length;
}

static void
put_code(struct buf *out, unsigned code)
{
	if (code > 0xffff) {
		put_unit(out, 0xd800 + ((code - 0x10000) >> 10));
		put_unit(out, 0xdc00 + (code & 0x3ff));
	} else {
		put_unit(out, code);
	}
}

void
emit_utf8(struct emit *j, const char *key, const char *text)
{
	const uint8_t *p = (const uint8_t *)text;

	if (text == NULL) {
		emit_null(j, key);
		return;
	}
	put_key(j, key);
	buf_add(j->out, "\"", 1);
	while (*p != '\0') {
		unsigned code;

		if (is_plain(*p)) {
			buf_add(j->out, p++, 1);
		} else if (*p < 0x80) {
			put_ascii(j->out, *p++);
		} else {
			p += take_utf8(p, &code);
			put_code(j->out, code);
		}
	}
	buf_add(j->out, "\"", 1);
}

void
emit_int(struct emit *j, const char *key, int64_t v)
{
	put_key(j, key);
	buf_add_int(j->out, v);
}

void
emit_bool(struct emit *j, const char *key, bool v)
{
	put_literal(j, key, v ? "true" : "false");
}

void
emit_null(struct emit *j, const char *key)
{
	put_literal(j, key, "null");
}

static void
put_quoted(struct emit *j, const char *key, const char *text)
{
	put_key(j, key);
	buf_add(j->out, "\"", 1);
	buf_add_text(j->out, text);
	buf_add(j->out, "\"", 1);
}

void
emit_wall(struct emit *j, const char *key, wall_us at)
{
	char text[WALL_TEXT_SIZE];

	if (at == 0)
		emit_null(j, key);
	else
		put_quoted(j, key, wall_print(at, text));
}

void
emit_uuid(struct emit *j, const char *key, const struct uuid *u)
{
	char text[UUID_TEXT_SIZE];

	put_quoted(j, key, uuid_print(u, text));
}

void
emit_raw(struct emit *j, const char *key, const char *value)
{
	put_literal(j, key, value == NULL ? "null" : value);
}

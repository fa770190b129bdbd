/* SPDX-License-Identifier: ISC */

#include <stdint.h>
#include <string.h>

#include "print_scan.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static const char *
skip_blanks(const char *p, const char *end)
{
	while (p < end && is_blank(*p))
		p++;
	return p;
}

/* Behind the string that begins at the quote p; NULL when it has no end. */
static const char *
skip_string(const char *p, const char *end)
{
	const char *quote = memchr(p + 1, '"', (size_t)(end - p - 1));

	/* Mostly nothing in it is escaped. */
	if (quote != NULL &&
	    memchr(p + 1, '\\', (size_t)(quote - p - 1)) == NULL)
		return quote + 1;
	for (p++; p < end; p++) {
		if (*p == '"')
			return p + 1;
		if (*p == '\\')
			p++;
	}
	return NULL;
}

/* Behind the bracket that closes the one at p; NULL when there is none. */
static const char *
skip_nest(const char *p, const char *end)
{
	size_t depth = 0;

	while (p < end) {
		if (*p == '"') {
			p = skip_string(p, end);
			if (p == NULL)
				return NULL;
			continue;
		}
		if (*p == '{' || *p == '[')
			depth++;
		else if (*p == '}' || *p == ']')
			depth--;
		p++;
		if (depth == 0)
			return p;
	}
	return NULL;
}

/* Takes one value off the front of *rest. */
static bool
take_value(struct scan *rest, struct scan *out)
{
	const char *p = skip_blanks(rest->p, rest->end);
	const char *next = p;

	if (p == rest->end)
		return false;
	if (*p == '"')
		next = skip_string(p, rest->end);
	else if (*p == '{' || *p == '[')
		next = skip_nest(p, rest->end);
	else
		while (next < rest->end && strchr(",:}] \t\r\n", *next) == NULL)
			next++;
	if (next == NULL || next == p)
		return false;
	*out = (struct scan){p, next};
	rest->p = skip_blanks(next, rest->end);
	return true;
}

struct scan
scan_text(const char *text)
{
	struct scan rest = {text, text + strlen(text)};
	struct scan value = {text, text};

	if (!take_value(&rest, &value) || rest.p != rest.end)
		value.end = value.p;
	return value;
}

char
scan_kind(struct scan value)
{
	if (value.p == value.end)
		return '\0';
	if (*value.p == '-' || (*value.p >= '0' && *value.p <= '9'))
		return '0';
	return *value.p;
}

/* Behind the opening bracket at first, and behind the comma later. */
static bool
take_mark(struct scan *rest, char open)
{
	if (rest->p == rest->end || (*rest->p != open && *rest->p != ','))
		return false;
	rest->p = skip_blanks(rest->p + 1, rest->end);
	return true;
}

bool
scan_member(struct scan *rest, struct scan *key, struct scan *value)
{
	if (!take_mark(rest, '{') || rest->p == rest->end || *rest->p != '"' ||
	    !take_value(rest, key) || rest->p == rest->end || *rest->p != ':')
		return false;
	key->p++;
	key->end--;
	rest->p++;
	return take_value(rest, value);
}

bool
scan_item(struct scan *rest, struct scan *value)
{
	return take_mark(rest, '[') && take_value(rest, value);
}

size_t
scan_count(struct scan array)
{
	struct scan value;
	size_t n = 0;

	if (scan_kind(array) != '[')
		return 0;
	while (scan_item(&array, &value))
		n++;
	return n;
}

bool
scan_is(struct scan value, const char *word)
{
	size_t size;

	if (scan_kind(value) == '"') {
		value.p++;
		value.end--;
	}
	size = (size_t)(value.end - value.p);
	return size == strlen(word) && memcmp(value.p, word, size) == 0;
}

struct scan
scan_get(struct scan object, const char *key)
{
	struct scan name;
	struct scan value;

	if (scan_kind(object) == '{') {
		while (scan_member(&object, &name, &value)) {
			if (scan_is(name, key))
				return value;
		}
	}
	return (struct scan){object.end, object.end};
}

struct scan_members
scan_members(struct scan object)
{
	struct scan_members m = {.rest = object};

	if (scan_kind(object) != '{') {
		m.rest.p = object.end;
		return m;
	}
	while (m.n < SCAN_MEMBERS &&
	       scan_member(&m.rest, &m.keys[m.n], &m.values[m.n]))
		m.n++;
	return m;
}

struct scan
scan_find(const struct scan_members *m, const char *key)
{
	size_t size = strlen(key);
	struct scan rest = m->rest;
	struct scan name;
	struct scan value;

	for (size_t i = 0; i < m->n; i++) {
		if ((size_t)(m->keys[i].end - m->keys[i].p) == size &&
		    memcmp(m->keys[i].p, key, size) == 0)
			return m->values[i];
	}
	while (m->n == SCAN_MEMBERS && scan_member(&rest, &name, &value)) {
		if (scan_is(name, key))
			return value;
	}
	return (struct scan){m->rest.end, m->rest.end};
}

/* The character of \uXXXX at p, or -1. */
static int
read_unit(const char *p, const char *end)
{
	int unit = 0;

	if (end - p < 6 || p[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		static const char digits[] = "0123456789abcdef";
		char c = p[i] >= 'A' && p[i] <= 'F' ? (char)(p[i] | 32) : p[i];
		const char *digit = c == '\0' ? NULL : strchr(digits, c);

		if (digit == NULL)
			return -1;
		unit = unit << 4 | (int)(digit - digits);
	}
	return unit;
}

/* One character of a string's content at p, printable, into out (7 bytes). */
static const char *
take_printable(const char *p, const char *end, char *out)
{
	static const char names[] = "bfnrt";
	static const uint8_t meant[] = "\b\f\n\r\t";
	uint8_t byte = (uint8_t)*p;
	int unit = *p == '\\' ? read_unit(p, end) : -1;
	const char *name;

	if (unit > 0xff) {
		memcpy(out, p, 6);
		out[6] = '\0';
		return p + 6;
	}
	if (unit >= 0) {
		byte = (uint8_t)unit;
		p += 6;
	} else if (*p == '\\' && end - p > 1) {
		name = p[1] == '\0' ? NULL : strchr(names, p[1]);
		byte = name == NULL ? (uint8_t)p[1] : meant[name - names];
		p += 2;
	} else {
		p++;
	}
	out[0] = (char)byte;
	out[1] = '\0';
	if (byte < 0x20 || byte > 0x7e) {
		out[0] = '\\';
		out[1] = (char)('0' + byte / 100);
		out[2] = (char)('0' + byte / 10 % 10);
		out[3] = (char)('0' + byte % 10);
		out[4] = '\0';
	}
	return p;
}

/* How many of the first `max` characters stand for themselves. */
static size_t
plain_run(struct scan value, size_t max)
{
	const char *p = value.p;

	while (p < value.end && max > 0 && *p >= 0x20 && *p <= 0x7e &&
	       *p != '\\') {
		p++;
		max--;
	}
	return (size_t)(p - value.p);
}

void
scan_print(struct buf *out, struct scan value, size_t max)
{
	size_t used = 0;

	if (scan_kind(value) == '"') {
		value.p++;
		value.end--;
	}
	while (value.p < value.end) {
		char text[8];
		size_t run = plain_run(value, max - used);
		const char *next;

		buf_add(out, value.p, run);
		value.p += run;
		used += run;
		if (value.p == value.end)
			return;
		next = take_printable(value.p, value.end, text);
		used += strlen(text);
		if (used > max) {
			buf_add_text(out, "...");
			return;
		}
		buf_add_text(out, text);
		value.p = next;
	}
}

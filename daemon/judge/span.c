/* SPDX-License-Identifier: ISC */

/* How the texts of records are read and shown; see meaning_priv.h. */

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/escape.h"
#include "dns/type.h"
#include "meaning_priv.h"

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static bool
equals(const uint8_t *p, const char *text, size_t n)
{
	return strncasecmp((const char *)p, text, n) == 0;
}

bool
span_is(struct span s, const char *text)
{
	return s.n == strlen(text) && span_begins(s, text);
}

bool
span_is_exactly(struct span s, const char *text)
{
	return s.n == strlen(text) && memcmp(s.p, text, s.n) == 0;
}

bool
span_begins(struct span s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.n >= n && equals(s.p, prefix, n);
}

bool
span_has(struct span s, const char *part)
{
	size_t n = strlen(part);

	for (size_t i = 0; i + n <= s.n; i++)
		if (equals(s.p + i, part, n))
			return true;
	return false;
}

bool
span_same(struct span a, struct span b)
{
	if (a.n != b.n)
		return false;
	/* Not strncasecmp(), which ends at a NUL in both. */
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

struct span
span_from(struct span s, size_t at)
{
	return (struct span){s.p + at, s.n - at};
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct span
span_trim(struct span s)
{
	while (s.n > 0 && is_blank(s.p[0]))
		s = span_from(s, 1);
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

int
span_number(struct span s, int max)
{
	int v = 0;

	if (s.n == 0 || s.n > 6 || (s.p[0] == '0' && s.n > 1))
		return -1;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -1;
		v = 10 * v + (s.p[i] - '0');
	}
	return v <= max ? v : -1;
}

char *
span_print(struct span s, char out[PART_SIZE])
{
	return escape_print(
	    s.n == 0 ? (const void *)"" : s.p, s.n, out, PART_SIZE);
}

void
span_list_add(struct span_list *l, struct span s)
{
	char part[PART_SIZE];
	int n;

	if (l->n++ >= LIST_SHOWN)
		return;
	n = snprintf(l->text + l->used, sizeof(l->text) - l->used, "%s%s",
	    l->n > 1 ? ", " : "", span_print(s, part));
	l->used += (size_t)n;
}

const char *
span_list_text(struct span_list *l)
{
	if (l->n > LIST_SHOWN)
		snprintf(l->text + l->used, sizeof(l->text) - l->used,
		    " and %zu more", l->n - LIST_SHOWN);
	return l->text;
}

/* The next string of a TXT; false at the end.  Lengths are held to the size. */
static bool
next_string(const struct record *r, size_t *at, struct span *out)
{
	if (*at >= r->size)
		return false;
	out->n = r->rdata[(*at)++];
	if (out->n > r->size - *at)
		out->n = r->size - *at;
	out->p = r->rdata + *at;
	*at += out->n;
	return true;
}

void
txt_join(const struct record *r, struct joined *out)
{
	struct span s;
	size_t at = 0;

	out->size = 0;
	out->cut = false;
	while (!out->cut && next_string(r, &at, &s)) {
		out->cut = s.n > sizeof(out->data) - out->size;
		if (out->cut)
			s.n = sizeof(out->data) - out->size;
		memcpy(out->data + out->size, s.p, s.n);
		out->size += s.n;
	}
}

bool
txt_begins(const struct record *r, const char *prefix)
{
	size_t left = strlen(prefix);
	struct span s;
	size_t at = 0;

	while (left > 0 && next_string(r, &at, &s)) {
		if (s.n > left)
			s.n = left;
		if (!equals(s.p, prefix, s.n))
			return false;
		prefix += s.n;
		left -= s.n;
	}
	return left == 0;
}

struct span
joined_span(const struct joined *j)
{
	return (struct span){j->data, j->size};
}

void
policy_find(const struct content *c, bool (*is)(struct span text),
    struct policy_found *out)
{
	struct joined next;

	out->n = 0;
	out->text.size = 0;
	out->text.cut = false;
	for (uint16_t i = 0; i < c->n_records; i++) {
		if (c->records[i].type != TYPE_TXT)
			continue;
		txt_join(&c->records[i], &next);
		if (!is(joined_span(&next)))
			continue;
		if (out->n++ == 0)
			out->text = next;
	}
}

bool
records_have(const struct content *c, const struct record *r)
{
	for (uint16_t i = 0; i < c->n_records; i++)
		if (record_equal(&c->records[i], r))
			return true;
	return false;
}

static bool
is_of_name(uint8_t c, bool first)
{
	bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

	return letter || (!first && ((c >= '0' && c <= '9') || c == '_'));
}

/* Visible characters and blanks; `;` ends it. */
static size_t
value_size(struct span s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] != ';' &&
	       (is_blank(s.p[n]) || (s.p[n] > 0x20 && s.p[n] < 0x7f)))
		n++;
	return n;
}

int
tag_next(struct span text, size_t *at, struct tag *tag)
{
	size_t i = *at;
	size_t begin;

	while (i < text.n && is_blank(text.p[i]))
		i++;
	tag->at = i;
	if (i == text.n)
		return 0;
	for (begin = i; i < text.n && is_of_name(text.p[i], i == begin); i++)
		;
	tag->name = (struct span){text.p + begin, i - begin};
	while (i < text.n && is_blank(text.p[i]))
		i++;
	if (tag->name.n == 0 || i == text.n || text.p[i] != '=')
		return -1;
	begin = ++i;
	i += value_size(span_from(text, i));
	if (i < text.n && text.p[i] != ';') {
		tag->at = i;
		return -1;
	}
	tag->value = span_trim((struct span){text.p + begin, i - begin});
	*at = i < text.n ? i + 1 : i;
	return 1;
}

/* SPDX-License-Identifier: ISC */

/* Words are cut out of the text one at a time; nothing is kept. */

#include <ctype.h>
#include <string.h>

#include "dns/type.h"
#include "utf8_priv.h"
#include "words_priv.h"

enum { WORD_SIZE = 128 };

static const char separators[] = " \t\r\n,;";

static bool
split_words(const struct node *n, const char *what, const struct report *r,
    word_fn *fn, void *ctx)
{
	const char *text = n->text;
	char word[WORD_SIZE];
	bool ok = true;

	for (;;) {
		size_t size;

		text += strspn(text, separators);
		size = strcspn(text, separators);
		if (size == 0)
			return ok;
		if (size >= sizeof(word)) {
			report_error(r, n->at,
			    "%s: a word longer than %d "
			    "characters; shorten it",
			    what, WORD_SIZE - 1);
			return false;
		}
		memcpy(word, text, size);
		word[size] = '\0';
		ok = fn(ctx, word, n->at) && ok;
		text += size;
	}
}

bool
words_walk(const struct node *n, const char *what, const struct report *r,
    word_fn *fn, void *ctx)
{
	bool ok = true;

	if (n->kind == NODE_BAD)
		return false;
	if (n->kind == NODE_SCALAR)
		return split_words(n, what, r, fn, ctx);
	if (!node_is_list(n, what, r))
		return false;
	for (const struct node *e = n->first; e != NULL; e = e->next) {
		const char *text = node_text(e, what, r);

		ok = text != NULL && fn(ctx, text, e->at) && ok;
	}
	return ok;
}

bool
word_type(
    const char *word, struct place at, const struct report *r, uint16_t *out)
{
	uint16_t type;

	if (type_parse(word, &type) != 0) {
		report_error(r, at,
		    "unknown record type `%.32s`; write A, MX, TYPE65280 "
		    "or the like",
		    word);
		return false;
	}
	if (!type_is_data(type)) {
		report_error(r, at,
		    "`%.32s` is no type that can be watched; name the "
		    "types you mean",
		    word);
		return false;
	}
	*out = type;
	return true;
}

static bool
is_tag_sign(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '+' && c <= ':' && c != ',') || c == '_' || c == '@';
}

bool
word_tag(const char *word, struct place at, const struct report *r,
    char out[TAG_SIZE])
{
	size_t size = 0;

	for (; size < TAG_SIZE - 1 && is_tag_sign(word[size]); size++)
		out[size] = (char)tolower((unsigned char)word[size]);
	out[size] = '\0';
	if (size == 0 || word[size] != '\0') {
		report_error(r, at,
		    "bad tag `%.64s`; use 1 to %d letters, digits and "
		    "any of _.:/@+-",
		    word, TAG_SIZE - 1);
		return false;
	}
	return true;
}

static bool
is_ascii_line(const char *text, size_t size)
{
	size_t i = 0;

	while (i < size && text[i] >= ' ' && text[i] < 0x7f)
		i++;
	return i == size;
}

const char *
text_field(const struct node *n, const char *what, const struct report *r)
{
	const char *text = node_text(n, what, r);
	struct utf8 u = {0};

	if (text == NULL)
		return NULL;
	if (n->size > TEXT_FIELD_MAX) {
		report_error(r, n->at, "%s has more than %d bytes; shorten it",
		    what, TEXT_FIELD_MAX);
		return NULL;
	}
	if (is_ascii_line(text, n->size))
		return text;
	if (utf8_check(text, n->size) != n->size) {
		report_error(
		    r, n->at, "%s is not UTF-8; save the file as UTF-8", what);
		return NULL;
	}
	for (size_t i = 0; i < n->size; i++) {
		if (utf8_take(&u, (uint8_t)text[i]) == UTF8_CHAR &&
		    utf8_is_control(u.code)) {
			report_error(r, n->at,
			    "%s has a control character or a line break; "
			    "remove it",
			    what);
			return NULL;
		}
	}
	return text;
}

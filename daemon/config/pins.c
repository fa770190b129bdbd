/* SPDX-License-Identifier: ISC */

/* See pins_priv.h. */

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "dns/pin.h"
#include "dns/type.h"
#include "pins_priv.h"
#include "words_priv.h"

enum { PINS_SIZE_MAX = 64 * 1024, N_WORDS = 4 };

static const char *const word_names[N_WORDS] = {
    "exactly", "only", "includes", "never"};

/* The pins of one type as they are being read. */
struct pinning {
	const struct report *r;
	bool bad;
	bool sets; /* only what a type is to be as a whole */
	uint16_t type;
	const struct node *at;
	bool given[PIN_NONE + 1];
	struct buf data; /* identity forms, one after the other */
	struct record records[PIN_NONE + 1][PIN_RECORDS_MAX];
	size_t offsets[PIN_NONE + 1][PIN_RECORDS_MAX];
	uint16_t n[PIN_NONE + 1];
};

static void
refuse(struct pinning *p, struct place at, const char *what)
{
	report_error(p->r, at, "%s", what);
	p->bad = true;
}

static void
add_value(struct pinning *p, enum pin_word word, const struct node *value)
{
	const char *text = node_text(value, "expect", p->r);
	char type[TYPE_TEXT_SIZE];
	size_t start = p->data.size;

	if (text == NULL) {
		p->bad = true;
		return;
	}
	if (p->n[word] == PIN_RECORDS_MAX) {
		refuse(p, value->at, "too many values; 512 can be expected");
		return;
	}
	if (pin_record(p->type, text, NULL, &p->data) != 0) {
		report_error(p->r, value->at,
		    "`%.80s` is no %s record; write it as in a zone file", text,
		    type_print(p->type, type));
		p->bad = true;
		return;
	}
	/* As in a zone file; who wrote a policy rarely means its words. */
	if (p->type == TYPE_TXT && strchr(text, '"') == NULL &&
	    strchr(text, ' ') != NULL)
		report_warning(p->r, value->at,
		    "`%.80s` is a record of several strings; one string is "
		    "'\"%.80s\"'",
		    text, text);
	p->offsets[word][p->n[word]] = start;
	p->records[word][p->n[word]++] = (struct record){
	    .type = p->type, .size = (uint16_t)(p->data.size - start)};
}

static void
add_values(struct pinning *p, enum pin_word word, const struct node *value)
{
	p->given[word] = true;
	if (value->kind == NODE_SCALAR) {
		add_value(p, word, value);
		return;
	}
	if (!node_is_list(value, "expect", p->r)) {
		p->bad = true;
		return;
	}
	for (const struct node *v = value->first; v != NULL; v = v->next)
		add_value(p, word, v);
	if (value->n == 0)
		refuse(p, value->at,
		    "no values; write `none` if there is to "
		    "be no record, or remove the key");
}

static int
by_record(const void *a, const void *b)
{
	return record_compare(a, b);
}

/* Sorted and each once, when the data moves no more. */
static void
settle(struct pinning *p, enum pin_word word)
{
	struct record *list = p->records[word];
	uint16_t n = 0;

	for (uint16_t i = 0; i < p->n[word]; i++)
		list[i].rdata = p->data.data + p->offsets[word][i];
	qsort(list, p->n[word], sizeof(*list), by_record);
	for (uint16_t i = 0; i < p->n[word]; i++)
		if (n == 0 || !record_equal(&list[n - 1], &list[i]))
			list[n++] = list[i];
	p->n[word] = n;
}

static bool
has(const struct pinning *p, enum pin_word word, const struct record *r)
{
	for (uint16_t i = 0; i < p->n[word]; i++)
		if (record_equal(&p->records[word][i], r))
			return true;
	return false;
}

/* Which of `list` is not (`in`: is) among `of`? */
static bool
any(const struct pinning *p, enum pin_word list, enum pin_word of, bool in)
{
	for (uint16_t i = 0; i < p->n[list]; i++)
		if (has(p, of, &p->records[list][i]) == in)
			return true;
	return false;
}

static void
check_words(struct pinning *p)
{
	const bool *g = p->given;

	if (g[PIN_EXACTLY] && g[PIN_ONLY])
		refuse(p, p->at->at,
		    "`exactly` and `only` contradict each "
		    "other; keep one");
	if (g[PIN_EXACTLY] && any(p, PIN_INCLUDES, PIN_EXACTLY, false))
		refuse(p, p->at->at,
		    "`includes` has a value that `exactly` "
		    "has not");
	if (g[PIN_ONLY] && any(p, PIN_INCLUDES, PIN_ONLY, false))
		refuse(p, p->at->at,
		    "`includes` has a value that `only` has "
		    "not");
	if (any(p, PIN_NEVER, PIN_EXACTLY, true) ||
	    any(p, PIN_NEVER, PIN_INCLUDES, true))
		refuse(p, p->at->at, "`never` has a value that must be there");
	if (g[PIN_ONLY] && g[PIN_NEVER] && !any(p, PIN_ONLY, PIN_NEVER, false))
		refuse(p, p->at->at,
		    "`never` has all values of `only`, of which one must be "
		    "there");
}

static void
pack(struct pinning *p, struct buf *out)
{
	for (int w = PIN_EXACTLY; w <= PIN_NONE; w++)
		if (p->given[w])
			settle(p, (enum pin_word)w);
	check_words(p);
	for (int w = PIN_EXACTLY; w <= PIN_NONE; w++) {
		const struct pin pin = {
		    p->type, (enum pin_word)w, p->records[w], p->n[w]};

		if (p->given[w])
			pin_pack(&pin, out);
	}
}

static void
read_words(struct pinning *p, const struct node *map)
{
	for (const struct node *v = map->first; v != NULL; v = v->next) {
		int w = v->key == NULL ? -1
		                       : node_choice(v->key, "the word", p->r,
					     word_names, N_WORDS);

		if (w < 0)
			p->bad = true;
		else if (p->given[w + 1])
			refuse(p, v->key->at, "said twice");
		else
			add_values(p, (enum pin_word)(w + 1), v);
	}
}

static bool
is_none(const struct node *value)
{
	return value->kind == NODE_SCALAR && strcmp(value->text, "none") == 0;
}

static void
read_type(struct pinning *p, const struct node *value, struct buf *out)
{
	p->at = value;
	if (is_none(value))
		p->given[PIN_NONE] = true;
	else if (value->kind == NODE_MAP && p->sets)
		refuse(p, value->at,
		    "write the records that there are to be, or `none`");
	else if (value->kind == NODE_MAP)
		read_words(p, value);
	else
		add_values(p, PIN_EXACTLY, value);
	pack(p, out);
}

enum { TYPES_SIZE = 65536 / 8 };

/* The same type in other letters, or by its number? */
static bool
stood_before(uint8_t *seen, uint16_t type)
{
	uint8_t bit = (uint8_t)(1 << type % 8);
	bool stood = (seen[type / 8] & bit) != 0;

	seen[type / 8] |= bit;
	return stood;
}

static bool
read_entry(const struct report *r, const struct node *v, bool sets,
    uint8_t *seen, struct buf *out)
{
	struct pinning *p = calloc(1, sizeof(*p));
	bool good = false;

	if (p != NULL && word_type(v->key->text, v->key->at, r, &p->type)) {
		p->r = r;
		p->sets = sets;
		if (stood_before(seen, p->type))
			refuse(p, v->key->at, "each type must stand once");
		read_type(p, v, out);
		good = !p->bad;
		buf_fini(&p->data);
	}
	free(p);
	return good;
}

bool
pins_read(
    const struct report *r, const struct node *map, bool sets, struct buf *out)
{
	uint8_t seen[TYPES_SIZE] = {0};
	bool good = true;

	for (const struct node *v = map->first; v != NULL; v = v->next) {
		if (v->key == NULL || v->key->kind != NODE_SCALAR ||
		    v->key->twice != NULL) {
			report_error(r, v->at, "each type must stand once");
			good = false;
		} else if (sets || strcmp(v->key->text, PINS_FROM) != 0) {
			good = read_entry(r, v, sets, seen, out) && good;
		}
	}
	if (out->size > PINS_SIZE_MAX) {
		report_error(
		    r, map->at, "more than 64 KB of records; split the entry");
		return false;
	}
	return good && out->err == 0;
}

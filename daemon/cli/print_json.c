/* SPDX-License-Identifier: ISC */

/*
 * Entries of the log as JSON.  Their bodies were written by us and are passed
 * on member by member, values untouched: big numbers keep their digits and
 * the order of members stays.  Only what is not printable ASCII (a database
 * may hand back characters where we had stored escapes) becomes an escape
 * again, and `seq`, which the log keeps beside the body, goes behind "class".
 */

#include <inttypes.h>
#include <string.h>

#include "cli/print.h"
#include "print_scan.h"

/* One character of UTF-8 at p, at most `size` bytes; U+FFFD for what is none.
 */
static size_t
take_character(const uint8_t *p, size_t size, uint32_t *code)
{
	size_t length = *p >= 0xf0 ? 4 : *p >= 0xe0 ? 3 : 2;
	uint32_t v = *p & (0x7fu >> length);

	*code = 0xfffd;
	if (*p < 0xc2 || *p > 0xf4 || length > size)
		return 1;
	for (size_t i = 1; i < length; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 1;
		v = v << 6 | (p[i] & 0x3f);
	}
	*code = v;
	return length;
}

/* JSON text with every byte beyond printable ASCII as the escape it may be. */
static void
put_clean(struct buf *out, struct scan text)
{
	const uint8_t *p = (const uint8_t *)text.p;
	size_t size = (size_t)(text.end - text.p);
	uint32_t code;

	for (size_t i = 0; i < size;) {
		if (p[i] >= 0x80) {
			i += take_character(p + i, size - i, &code);
			if (code > 0xffff)
				buf_printf(out, "\\u%04" PRIx32,
				    0xd800 + ((code - 0x10000) >> 10));
			buf_printf(out, "\\u%04" PRIx32,
			    code > 0xffff ? 0xdc00 + (code & 0x3ff) : code);
			continue;
		}
		if (p[i] == '<' || p[i] == 0x7f)
			buf_printf(out, "\\u%04x", p[i]);
		else /* controls are only blanks between the tokens */
			buf_add_u8(out, p[i] < 0x20 ? ' ' : p[i]);
		i++;
	}
}

void
print_json(struct buf *out, const char *text)
{
	put_clean(out, scan_text(text));
}

static void
put_key(struct buf *out, struct scan key)
{
	/* `out` ends with the object's bracket or with a member. */
	if (out->size > 0 && out->data[out->size - 1] != '{')
		buf_add(out, ",", 1);
	buf_add(out, "\"", 1);
	put_clean(out, key);
	buf_add(out, "\":", 2);
}

static void
put_seq(struct buf *out, int64_t seq)
{
	static const char name[] = "seq";

	put_key(out, (struct scan){name, name + sizeof(name) - 1});
	buf_printf(out, "%" PRId64, seq);
}

/* The change as its latest decision left it, or an event, or a candidate. */
static void
put_whole(struct buf *out, int64_t seq, struct scan body)
{
	struct scan key;
	struct scan value;
	bool has_seq = false;

	while (scan_member(&body, &key, &value)) {
		if (scan_is(key, "seq"))
			continue;
		put_key(out, key);
		put_clean(out, value);
		if (scan_is(key, "class")) {
			put_seq(out, seq);
			has_seq = true;
		}
	}
	if (!has_seq)
		put_seq(out, seq);
}

/*
 * What a decision adds to its candidate (R10), under the names of the
 * contract.  What the candidate has said is left out, but for what names the
 * question; the rest, and what later versions add, is passed on.
 */
static const struct renaming {
	const char *from;
	const char *to; /* NULL: left out */
} renamings[] = {
    {"schema", NULL},
    {"class", NULL},
    {"seq", NULL},
    {"id", "change"},
    {"decided_at", "at"},
    {"zone", NULL},
    {"seen_at", NULL},
    {"changed_after", NULL},
    {"changed_before", NULL},
    {"from", NULL},
    {"watchlists", NULL},
    {"sources", NULL},
    {"tags", NULL},
    {"owner", NULL},
    {"runbook", NULL},
    {"dig", NULL},
};
enum { N_RENAMINGS = sizeof(renamings) / sizeof(renamings[0]) };

static void
put_decision(struct buf *out, int64_t seq, struct scan body)
{
	struct scan key;
	struct scan value;

	buf_add_text(out, "\"class\":\"decision\"");
	put_seq(out, seq);
	while (scan_member(&body, &key, &value)) {
		size_t i = 0;

		while (i < N_RENAMINGS && !scan_is(key, renamings[i].from))
			i++;
		if (i < N_RENAMINGS && renamings[i].to == NULL)
			continue;
		if (i < N_RENAMINGS)
			key = (struct scan){renamings[i].to,
			    renamings[i].to + strlen(renamings[i].to)};
		put_key(out, key);
		put_clean(out, value);
	}
}

void
print_entry_json(struct buf *out, bool log, int64_t seq, const char *class_,
    const char *body)
{
	struct scan object = scan_text(body);

	buf_add(out, "{", 1);
	if (log && strcmp(class_, "change") == 0)
		put_decision(out, seq, object);
	else
		put_whole(out, seq, object);
	buf_add(out, "}", 1);
}

/* SPDX-License-Identifier: ISC */

/*
 * libyaml's events behind two guards.
 *
 * In front of libyaml, feed() looks at every byte: what is not UTF-8 or is a
 * control character gets its place (libyaml only knows an offset), and what
 * comes between two events is counted, because libyaml gathers a scalar of
 * any size before it says anything.  Lines that look like comments are
 * counted apart and generously: thousands of names commented out are no
 * scalar.  After libyaml, stream_next() refuses aliases, anchors, tags,
 * second documents and depth.
 */

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/err.h"
#include "config/config.h"
#include "source_priv.h"
#include "stream_priv.h"
#include "utf8_priv.h"

enum {
	SCALAR_MAX = 64 * 1024,
	/* What libyaml may have read ahead of an event. */
	GAP_MAX = SCALAR_MAX + 64 * 1024,
	LOOSE_GAP_MAX = CONFIG_SIZE_MAX
};

enum line_kind { LINE_BLANK, LINE_COMMENT, LINE_TEXT };

/* What goes into libyaml. */
struct feed {
	struct source *source; /* NULL: from memory */
	const uint8_t *data;
	size_t size;
	struct utf8 utf8;
	struct place at; /* of the next character */
	enum line_kind line;
	bool started; /* a BOM may no longer come */
	bool after_cr;
	size_t gap;        /* bytes since the last event */
	size_t gap_loose;  /* of them in comments and blanks */
	const char *fault; /* why no byte follows; at `at` */
	int err;           /* the source failed and said so */
};

struct stream {
	struct report report;
	yaml_parser_t parser;
	yaml_event_t event;
	bool has_event;
	bool document; /* one has begun */
	unsigned depth;
	struct place last; /* where the last event ended */
	struct feed feed;
};

/* What to do about the problems that people meet most. */
struct advice {
	const char *problem;
	const char *text;
	bool at_context; /* the place that helps is where it was opened */
};
static const struct advice advices[] = {
    {"mapping values are not allowed",
	"check the indentation, and put a text that contains `: ` into quotes",
	false},
    {"did not find expected key", "check the indentation and the quotes",
	false},
    {"did not find expected '-'",
	"every entry of a list begins with `- `, all at the same column",
	false},
    {"could not find expected ':'", "a key needs `: ` behind it", false},
    {"cannot start any token",
	"indent with spaces, not tabs, and put a text that begins with a sign "
	"into quotes",
	false},
    {"did not find expected alphabetic",
	"put a text that begins with `*`, `&` or `!` into quotes", false},
    {"unexpected end of stream", "a quote that is opened must be closed", true},
    {"did not find expected ',' or", "a bracket that is opened must be closed",
	true},
    {"undefined tag handle", "tags are not taken; remove it", false},
    {"unknown escape", "write \\\\ for a backslash, or use single quotes",
	false},
    {"did not find expected <document start>", "keep one document in a file",
	false},
    {"", "compare with the examples in dnsvigil.yaml(5)", false},
};

static const struct advice *
advice_of(const char *problem)
{
	const struct advice *a = advices;

	while (strstr(problem, a->problem) == NULL)
		a++; /* The last one is part of any text. */
	return a;
}

static void
end_line(struct feed *f)
{
	f->at.line++;
	f->at.column = 1;
	f->line = LINE_BLANK;
}

/* Follows lines and columns, and what the line looks like. */
static void
note_char(struct feed *f, uint32_t code)
{
	bool after_cr = f->after_cr;

	f->after_cr = code == '\r';
	if (code == '\n' && after_cr)
		return;
	if (code == '\n' || code == '\r') {
		end_line(f);
		return;
	}
	f->at.column++;
	if (f->line == LINE_BLANK && code != ' ' && code != '\t')
		f->line = code == '#' ? LINE_COMMENT : LINE_TEXT;
}

/* One byte further; false with f->fault at one that may not go on. */
static bool
look_byte(struct feed *f, uint8_t b)
{
	enum utf8_result got = utf8_take(&f->utf8, b);
	uint32_t code = f->utf8.code;

	if (got == UTF8_MORE)
		return true;
	if (got == UTF8_BAD) {
		f->fault = "not UTF-8; save the file as UTF-8";
		return false;
	}
	if (utf8_is_control(code) && code != '\n' && code != '\r' &&
	    code != '\t') {
		f->fault = "a control character; remove it";
		return false;
	}
	note_char(f, code);
	if (f->line == LINE_TEXT)
		f->gap++;
	else
		f->gap_loose++;
	return true;
}

/* In a line that is text already, what most of a list is decides nothing. */
static bool
is_dull(uint8_t b)
{
	return b >= ' ' && b < 0x7f;
}

/*
 * Eight of them at once.  Adding 1 to a byte below 0x7f and taking ' ' from one
 * that is not below it leave the upper bit clear; a byte that fails may spoil
 * the one above it, but not its own.
 */
static bool
are_dull(const uint8_t *bytes)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return ((word | (word + ones) | (word - ones * ' ')) & ones * 0x80) ==
	       0;
}

static size_t
dull_size(const struct feed *f, const uint8_t *bytes, size_t size)
{
	size_t n = 0;

	if (f->line != LINE_TEXT || f->utf8.need != 0 || f->after_cr)
		return 0;
	while (size - n >= sizeof(uint64_t) && are_dull(bytes + n))
		n += sizeof(uint64_t);
	while (n < size && is_dull(bytes[n]))
		n++;
	return n;
}

/* How many of the bytes may go on. */
static size_t
look(struct feed *f, const uint8_t *bytes, size_t size)
{
	size_t i = 0;

	while (i < size) {
		size_t begin = i;

		i += dull_size(f, bytes + i, size - i);
		f->at.column += (unsigned)(i - begin);
		f->gap += i - begin;
		if (i < size && !look_byte(f, bytes[i]))
			break;
		i += i < size;
	}
	return i;
}

static ssize_t
take_bytes(struct feed *f, uint8_t *out, size_t size)
{
	if (f->source != NULL)
		return source_read(f->source, out, size);
	size = size < f->size ? size : f->size;
	if (size > 0)
		memcpy(out, f->data, size);
	f->data += size;
	f->size -= size;
	return (ssize_t)size;
}

/* libyaml takes a BOM for a column, and UTF-16 for welcome. */
static size_t
drop_mark(struct feed *f, uint8_t *bytes, size_t size)
{
	if (f->started)
		return size;
	f->started = true;
	if (size >= 2 && ((bytes[0] == 0xff && bytes[1] == 0xfe) ||
			     (bytes[0] == 0xfe && bytes[1] == 0xff))) {
		f->fault = "UTF-16; save the file as UTF-8";
		return 0;
	}
	if (size < 3 || memcmp(bytes, "\xef\xbb\xbf", 3) != 0)
		return size;
	memmove(bytes, bytes + 3, size - 3);
	return size - 3;
}

static int
feed(void *ctx, unsigned char *out, size_t size, size_t *used)
{
	struct feed *f = ctx;
	ssize_t got;

	*used = 0;
	if (f->fault != NULL || f->err != 0)
		return 0;
	do {
		got = take_bytes(f, out, size);
		if (got < 0) {
			f->err = (int)got;
			return 0;
		}
		*used = drop_mark(f, out, (size_t)got);
	} while (*used == 0 && got > 0 && f->fault == NULL);
	if (got == 0 && f->utf8.need > 0)
		f->fault = "not UTF-8; save the file as UTF-8";
	*used = look(f, out, *used);
	if (f->fault == NULL &&
	    (f->gap > GAP_MAX || f->gap_loose > LOOSE_GAP_MAX))
		f->fault = "";
	return f->fault == NULL || *used > 0;
}

struct stream *
stream_new(const struct report *report, struct source *source, const void *data,
    size_t size)
{
	struct stream *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	if (!yaml_parser_initialize(&s->parser)) {
		free(s);
		return NULL;
	}
	s->report = *report;
	s->last = (struct place){1, 1};
	s->feed = (struct feed){.source = source, .data = data, .size = size};
	s->feed.at = s->last;
	yaml_parser_set_input(&s->parser, feed, &s->feed);
	yaml_parser_set_encoding(&s->parser, YAML_UTF8_ENCODING);
	return s;
}

/* Half of a list's events own nothing that must be freed. */
static bool
owns_memory(const yaml_event_t *e)
{
	if (e->type == YAML_SEQUENCE_END_EVENT ||
	    e->type == YAML_MAPPING_END_EVENT)
		return false;
	if (e->type == YAML_MAPPING_START_EVENT)
		return e->data.mapping_start.anchor != NULL ||
		       e->data.mapping_start.tag != NULL;
	if (e->type == YAML_SEQUENCE_START_EVENT)
		return e->data.sequence_start.anchor != NULL ||
		       e->data.sequence_start.tag != NULL;
	return true;
}

static void
drop_event(struct stream *s)
{
	if (s->has_event && owns_memory(&s->event))
		yaml_event_delete(&s->event);
	s->has_event = false;
}

void
stream_free(struct stream *s)
{
	if (s == NULL)
		return;
	drop_event(s);
	yaml_parser_delete(&s->parser);
	free(s);
}

const struct report *
stream_report(const struct stream *s)
{
	return &s->report;
}

static struct place
place_of(yaml_mark_t mark)
{
	return (struct place){
	    (unsigned)mark.line + 1, (unsigned)mark.column + 1};
}

static void
report_syntax(struct stream *s)
{
	const yaml_parser_t *p = &s->parser;
	const char *problem = p->problem != NULL ? p->problem : "unreadable";
	const struct advice *advice = advice_of(problem);
	bool at_context = advice->at_context && p->context != NULL;

	report_error(&s->report,
	    place_of(at_context ? p->context_mark : p->problem_mark),
	    "not YAML: %s; %s", problem, advice->text);
}

static int
report_fault(struct stream *s)
{
	const struct feed *f = &s->feed;

	if (f->err != 0)
		return f->err;
	if (s->parser.error == YAML_MEMORY_ERROR)
		report_error(&s->report, s->last, "memory is short");
	else if (f->fault != NULL && f->fault[0] == '\0')
		report_error(&s->report, s->last,
		    "a value longer than %d bytes begins after this place; "
		    "make it shorter, or close a quote",
		    SCALAR_MAX);
	else if (f->fault != NULL && s->parser.error == YAML_READER_ERROR)
		report_error(&s->report, f->at, "%s", f->fault);
	else
		report_syntax(s);
	return ERR_SYNTAX;
}

static int
next_event(struct stream *s)
{
	drop_event(s);
	if (!yaml_parser_parse(&s->parser, &s->event))
		return report_fault(s);
	s->has_event = true;
	s->last = place_of(s->event.end_mark);
	s->feed.gap = 0;
	s->feed.gap_loose = 0;
	return 0;
}

static void
refuse(struct stream *s, struct item *out, const char *why)
{
	report_error(&s->report, out->at, "%s", why);
	out->bad = true;
}

static void
refuse_properties(struct stream *s, struct item *out, const yaml_char_t *anchor,
    const yaml_char_t *tag)
{
	if (anchor != NULL)
		refuse(s, out, "anchors (&name) are not taken; remove it");
	if (tag != NULL)
		refuse(s, out, "tags (!name) are not taken; remove it");
}

static int
enter(struct stream *s, const struct item *out)
{
	if (++s->depth <= CONFIG_DEPTH_MAX)
		return 0;
	report_error(&s->report, out->at,
	    "nested deeper than %d levels; make it flatter", CONFIG_DEPTH_MAX);
	return ERR_SYNTAX;
}

static void
take_scalar(struct stream *s, struct item *out)
{
	out->kind = ITEM_SCALAR;
	out->text = (char *)s->event.data.scalar.value;
	out->size = s->event.data.scalar.length;
	out->plain = s->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	refuse_properties(
	    s, out, s->event.data.scalar.anchor, s->event.data.scalar.tag);
	if (out->size > SCALAR_MAX)
		refuse(s, out, "a value longer than 64 KB; make it shorter");
	else if (memchr(out->text, '\0', out->size) != NULL)
		refuse(s, out, "a NUL inside a text; remove it");
}

/* Fills *out from an event that is one; 1 when it is none of ours. */
static int
take_item(struct stream *s, struct item *out)
{
	const yaml_event_t *e = &s->event;

	switch (e->type) {
	case YAML_SCALAR_EVENT:
		take_scalar(s, out);
		return 0;
	case YAML_ALIAS_EVENT:
		out->kind = ITEM_SCALAR;
		out->text = "";
		refuse(s, out,
		    "aliases (*name) are not taken; write the "
		    "value out, or put a `*` into quotes");
		return 0;
	case YAML_SEQUENCE_START_EVENT:
		out->kind = ITEM_LIST;
		refuse_properties(s, out, e->data.sequence_start.anchor,
		    e->data.sequence_start.tag);
		return enter(s, out);
	case YAML_MAPPING_START_EVENT:
		out->kind = ITEM_MAP;
		refuse_properties(s, out, e->data.mapping_start.anchor,
		    e->data.mapping_start.tag);
		return enter(s, out);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		s->depth--;
		out->kind = e->type == YAML_SEQUENCE_END_EVENT ? ITEM_LIST_END
		                                               : ITEM_MAP_END;
		return 0;
	case YAML_STREAM_END_EVENT:
	case YAML_NO_EVENT: /* Asked again after the end. */
		out->kind = ITEM_END;
		return 0;
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		break;
	}
	return 1;
}

int
stream_next(struct stream *s, struct item *out)
{
	int err;

	for (;;) {
		err = next_event(s);
		if (err != 0)
			return err;
		*out = (struct item){.at = place_of(s->event.start_mark)};
		out->begin = s->event.start_mark.index;
		out->end = s->event.end_mark.index;
		err = take_item(s, out);
		if (err != 1)
			return err;
		if (s->event.type != YAML_DOCUMENT_START_EVENT)
			continue;
		if (s->document) {
			report_error(&s->report, out->at,
			    "a second document begins; keep one in a file");
			return ERR_SYNTAX;
		}
		s->document = true;
	}
}

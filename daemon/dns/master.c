/* SPDX-License-Identifier: ISC */

/*
 * ldns reads master files, too, and is not used for it: it takes no class in
 * front of a TTL, and a relative $ORIGIN as if it were in full.  Only the data
 * of one record at a time goes to it (present.h).
 */

#include "dns/master.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "dns/pin.h"
#include "dns/present.h"
#include "dns/type.h"

enum token { TOKEN_END, TOKEN_WORD, TOKEN_BAD };

void
master_init(
    struct master *m, const char *text, size_t size, const struct name *origin)
{
	*m = (struct master){.at = text,
	    .end = text + size,
	    .line = 1,
	    .origin = *origin,
	    .text = {.size_max = PRESENT_TEXT_MAX}};
}

void
master_fini(struct master *m)
{
	buf_fini(&m->text);
	buf_fini(&m->rdata);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool
is_end_of_word(char c)
{
	return is_blank(c) || c == ';' || c == '(' || c == ')';
}

static enum token
refuse(struct master *m, const char *why)
{
	m->why = why;
	m->depth = 0;
	return TOKEN_BAD;
}

static void
skip_comment(struct master *m)
{
	while (m->at < m->end && *m->at != '\n')
		m->at++;
}

/* Blanks, comments, parentheses, and line ends inside of these. */
static enum token
skip_blanks(struct master *m)
{
	while (m->at < m->end) {
		char c = *m->at;

		if (c == ';') {
			skip_comment(m);
			continue;
		}
		if (!is_end_of_word(c) && c != '\n')
			return TOKEN_WORD;
		m->at++;
		if (c == '(')
			m->depth++;
		if (c == ')' && m->depth-- == 0)
			return refuse(m, "a `)` without its `(`");
		if (c != '\n')
			continue;
		m->line++;
		if (m->depth == 0)
			return TOKEN_END;
	}
	return m->depth == 0 ? TOKEN_END : refuse(m, "a `(` without its `)`");
}

/* One byte of a word, with the one that its backslash protects. */
static bool
take_byte(struct master *m, struct buf *out)
{
	bool escaped = *m->at == '\\';

	buf_add_u8(out, (uint8_t)*m->at++);
	if (!escaped)
		return true;
	if (m->at == m->end || *m->at == '\n')
		return false;
	buf_add_u8(out, (uint8_t)*m->at++);
	return true;
}

/* The next word of the entry, added to `out` with its quotes and escapes. */
static enum token
take_word(struct master *m, struct buf *out)
{
	enum token token = skip_blanks(m);
	bool quoted = false;

	if (token != TOKEN_WORD)
		return token;
	while (m->at < m->end && *m->at != '\n') {
		if (!quoted && is_end_of_word(*m->at))
			break;
		if (*m->at == '"')
			quoted = !quoted;
		if (*m->at == '\0' || !take_byte(m, out)) {
			m->why = "a byte that stands for nothing";
			return TOKEN_BAD;
		}
	}
	if (quoted) {
		m->why = "a `\"` without its second in the line";
		return TOKEN_BAD;
	}
	if (out->err == 0)
		return TOKEN_WORD;
	m->why = "longer than 8,192 bytes";
	return TOKEN_BAD;
}

/* To the line behind the entry, wherever that may end. */
static void
skip_entry(struct master *m)
{
	while (m->at < m->end && *m->at != '\n')
		m->at++;
	while (skip_blanks(m) == TOKEN_WORD)
		m->at++;
	m->depth = 0;
}

/* A name as it stands in the file, "*" in front and "@" included. */
static bool
read_name(struct master *m, const char *text, struct name *out)
{
	char full[2 * NAME_TEXT_SIZE + 4];
	size_t size = strlen(text);
	const char *why;

	if (strcmp(text, "@") == 0) {
		*out = m->origin;
		return true;
	}
	if (size == 0 || size >= NAME_TEXT_SIZE) {
		m->why = "no name";
		return false;
	}
	full[0] = '\\';
	memcpy(full + 1, text, size + 1);
	if (text[size - 1] != '.' && m->origin.size > 1) {
		full[1 + size] = '.';
		name_print(m->origin.wire, full + size + 2);
	}
	if (name_parse(full + (*text == '*' ? 0 : 1), out, &why) == 0)
		return true;
	m->why = why;
	return false;
}

/* $ORIGIN and $TTL; the others change what the file says. */
static bool
take_directive(struct master *m)
{
	const char *word = buf_text(&m->text);
	bool is_origin = strcasecmp(word, "$ORIGIN") == 0;
	struct name origin;

	if (!is_origin && strcasecmp(word, "$TTL") != 0) {
		m->why = strcasecmp(word, "$INCLUDE") == 0 ||
		                 strcasecmp(word, "$GENERATE") == 0
		             ? "$INCLUDE and $GENERATE are not followed; "
		               "write the zone out into one file"
		             : "an unknown directive";
		return false;
	}
	buf_clear(&m->text);
	if (take_word(m, &m->text) != TOKEN_WORD) {
		m->why = "a directive without its value";
		return false;
	}
	if (!is_origin)
		return true;
	if (!read_name(m, buf_text(&m->text), &origin))
		return false;
	m->origin = origin;
	return true;
}

static bool
is_ttl(const char *word)
{
	return *word >= '0' && *word <= '9' &&
	       strspn(word, "0123456789smhdwSMHDW") == strlen(word);
}

/* Behind the owner: TTL and class, then the type. */
static bool
take_type(struct master *m, uint16_t *type)
{
	bool ttl = false;
	bool class = false;
	const char *word;

	for (;;) {
		buf_clear(&m->text);
		if (take_word(m, &m->text) != TOKEN_WORD)
			break;
		word = buf_text(&m->text);
		if (!ttl && is_ttl(word)) {
			ttl = true;
		} else if (!class && strcasecmp(word, "IN") == 0) {
			class = true;
		} else if (type_parse(word, type) == 0) {
			return true;
		} else {
			m->why = "no type of record, or another class than IN";
			return false;
		}
	}
	if (m->why == NULL)
		m->why = "a record without type";
	return false;
}

/* The words that are left, with one blank between them. */
static bool
take_data(struct master *m)
{
	enum token token;

	buf_clear(&m->text);
	do {
		if (m->text.size > 0)
			buf_add_u8(&m->text, ' ');
		token = take_word(m, &m->text);
	} while (token == TOKEN_WORD);
	if (m->text.size > 0)
		m->text.size--;
	return token == TOKEN_END;
}

/* 1: a record, 0: a directive, ERR_SYNTAX or -ENOMEM. */
static int
take_entry(struct master *m, bool inherits, struct master_record *out)
{
	int err;

	buf_clear(&m->text);
	if (!inherits) {
		if (take_word(m, &m->text) != TOKEN_WORD)
			return ERR_SYNTAX;
		if (m->text.data[0] == '$')
			return take_directive(m) ? 0 : ERR_SYNTAX;
		m->owner.size = 0;
		if (!read_name(m, buf_text(&m->text), &m->owner)) {
			m->owner.size = 0;
			return ERR_SYNTAX;
		}
	}
	if (m->owner.size == 0) {
		m->why = "a record without owner";
		return ERR_SYNTAX;
	}
	if (!take_type(m, &out->type) || !take_data(m))
		return ERR_SYNTAX;
	buf_clear(&m->rdata);
	err = pin_record(out->type, buf_text(&m->text), &m->origin, &m->rdata);
	if (err == ERR_SYNTAX)
		m->why = "no such record; its data cannot be read";
	out->owner = m->owner;
	out->rdata = (const uint8_t *)buf_text(&m->rdata);
	out->size = m->rdata.size;
	return err == 0 ? 1 : err;
}

int
master_next(struct master *m, struct master_record *out, const char **why)
{
	while (m->at < m->end) {
		const char *begin = m->at;
		bool inherits = is_blank(*begin);
		enum token token;
		int got;

		m->why = NULL;
		m->depth = 0;
		out->line = m->line;
		token = skip_blanks(m);
		if (token == TOKEN_END)
			continue;
		got = token == TOKEN_BAD ? ERR_SYNTAX
		                         : take_entry(m, inherits, out);
		if (got == 0 && skip_blanks(m) != TOKEN_END) {
			m->why = "more than the value behind a directive";
			got = ERR_SYNTAX;
		}
		if (got == 0)
			continue;
		*why = m->why;
		/* A record that could not be read was passed to its end. */
		if (got == ERR_SYNTAX && (m->at == begin || m->at[-1] != '\n'))
			skip_entry(m);
		return got;
	}
	return 0;
}

/* SPDX-License-Identifier: ISC */
/*
 * text -- rdata as presentation text, field by field, without ldns.
 *
 * Only characters 0x20 to 0x7e come out, whatever goes in (E3, T5): names
 * through name_print(), strings in quotes with \DDD, the rest as numbers.
 */

#include <arpa/inet.h>

#include "base/hash.h"
#include "dns/name.h"
#include "dns/type.h"
#include "text_priv.h"
#include "wire_priv.h"

enum { CHUNK = 256 };

struct printer {
	const uint8_t *at;
	const uint8_t *end;
	struct buf *out;
	size_t start;
	size_t enough;
};

static bool
is_enough(const struct printer *p)
{
	return p->enough != 0 && p->out->size - p->start > p->enough;
}

/* inet_ntop() goes through printf for these. */
static void
print_ipv4(struct printer *p)
{
	for (int i = 0; i < 4; i++) {
		if (i > 0)
			buf_add_u8(p->out, '.');
		buf_add_int(p->out, *p->at++);
	}
}

static void
print_ipv6(struct printer *p)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, p->at, text, sizeof text);
	buf_add_text(p->out, text);
	p->at += 16;
}

static void
print_name(struct printer *p)
{
	char text[NAME_TEXT_SIZE];

	buf_add_text(p->out, name_print(p->at, text));
	p->at += name_size(p->at);
}

static void
print_chunk(struct buf *out, const uint8_t *data, size_t size)
{
	char text[4 * CHUNK];
	size_t n = 0;

	for (size_t i = 0; i < size; i++) {
		uint8_t c = data[i];
		if (c < 0x20 || c > 0x7e) {
			text[n++] = '\\';
			text[n++] = (char)('0' + c / 100);
			text[n++] = (char)('0' + c / 10 % 10);
			text[n++] = (char)('0' + c % 10);
			continue;
		}
		if (c == '"' || c == '\\')
			text[n++] = '\\';
		text[n++] = (char)c;
	}
	buf_add(out, text, n);
}

static void
print_quoted(struct printer *p, size_t size)
{
	const uint8_t *end = p->at + size;

	buf_add_u8(p->out, '"');
	while (p->at < end && !is_enough(p)) {
		size_t n = (size_t)(end - p->at);
		n = n < CHUNK ? n : CHUNK;
		print_chunk(p->out, p->at, n);
		p->at += n;
	}
	p->at = end;
	buf_add_u8(p->out, '"');
}

static void
print_string(struct printer *p)
{
	size_t size = *p->at++;

	print_quoted(p, size);
}

static void
print_strings(struct printer *p)
{
	print_string(p);
	while (p->at < p->end && !is_enough(p)) {
		buf_add_u8(p->out, ' ');
		print_string(p);
	}
	p->at = p->end;
}

static void
print_hex(struct printer *p)
{
	char text[2 * CHUNK + 1];

	while (p->at < p->end && !is_enough(p)) {
		size_t n = (size_t)(p->end - p->at);
		n = n < CHUNK ? n : CHUNK;
		buf_add_text(p->out, hash_hex(p->at, n, text));
		p->at += n;
	}
	p->at = p->end;
}

static void
print_number(struct printer *p, unsigned size)
{
	uint32_t v = 0;

	for (; size > 0; size--)
		v = v << 8 | *p->at++;
	buf_add_int(p->out, v);
}

static void
print_type(struct printer *p)
{
	char text[TYPE_TEXT_SIZE];

	buf_add_text(p->out, type_print(wire_u16(p->at), text));
	p->at += 2;
}

static void
print_field(struct printer *p, char field)
{
	switch (field) {
	case 'b':
		print_number(p, 1);
		break;
	case 'h':
		print_number(p, 2);
		break;
	case 'w':
		print_number(p, 4);
		break;
	case 'T':
		print_type(p);
		break;
	case 'a':
		print_ipv4(p);
		break;
	case 'A':
		print_ipv6(p);
		break;
	case 'n':
	case 'k':
		print_name(p);
		break;
	case 's':
	case '?':
		print_string(p);
		break;
	case 'S':
		print_strings(p);
		break;
	case 't': /* letters and digits only */
		buf_add(p->out, p->at + 1, *p->at);
		p->at += *p->at + 1;
		break;
	case 'q':
	case 'Q':
		print_quoted(p, (size_t)(p->end - p->at));
		break;
	default:
		print_hex(p);
		break;
	}
}

void
text_fields(const char *fields, const uint8_t *rdata, size_t size,
    struct buf *out, size_t enough)
{
	struct printer p = {.at = rdata,
	    .end = rdata + size,
	    .out = out,
	    .start = out->size,
	    .enough = enough};

	for (const char *field = fields; *field != '\0'; field++) {
		if (*field == '?' && p.at == p.end)
			continue;
		if (field != fields)
			buf_add_u8(out, ' ');
		print_field(&p, *field);
	}
}

void
text_unknown(const uint8_t *rdata, size_t size, struct buf *out, size_t enough)
{
	struct printer p = {.at = rdata,
	    .end = size == 0 ? rdata : rdata + size,
	    .out = out,
	    .start = out->size,
	    .enough = enough};

	buf_printf(out, "\\# %zu", size);
	if (size == 0)
		return;
	buf_add_u8(out, ' ');
	print_hex(&p);
}

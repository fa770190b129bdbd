/* SPDX-License-Identifier: ISC */
/*
 * name -- domain names as bytes.
 *
 * Text is read here and nowhere else, and what is printed can be read again,
 * byte for byte (E3): that is why a first label of "*" is printed as "\*",
 * which name_parse() takes for the octet, where a bare one is refused as a
 * wildcard that cannot be asked.
 */

#include <string.h>
#include <sys/socket.h>

#include "base/err.h"
#include "dns/name.h"
#include "wire_priv.h"

/* A name being read from text. */
struct draft {
	struct name *out;
	size_t size;     /* octets written, the open label's length included */
	size_t label_at; /* where the open label's length octet is */
	const char *why;
};

static bool
open_label(struct draft *d)
{
	/* One octet must be left: the root's, after the last label. */
	if (d->size + 1 >= NAME_SIZE_MAX) {
		d->why = "name longer than 255 octets";
		return false;
	}
	d->label_at = d->size;
	d->size++;
	return true;
}

static bool
add_octet(struct draft *d, uint8_t octet)
{
	if (d->size - d->label_at > LABEL_SIZE_MAX) {
		d->why = "label longer than 63 octets";
		return false;
	}
	if (d->size + 1 >= NAME_SIZE_MAX) {
		d->why = "name longer than 255 octets";
		return false;
	}
	d->out->wire[d->size] = octet;
	d->size++;
	return true;
}

static bool
close_label(struct draft *d)
{
	size_t len = d->size - d->label_at - 1;

	if (len == 0) {
		d->why = "empty label";
		return false;
	}
	d->out->wire[d->label_at] = (uint8_t)len;
	return true;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* After a backslash.  Returns what follows, or NULL with d->why set. */
static const char *
read_escape(struct draft *d, const char *text, uint8_t *octet)
{
	if (is_digit(text[0]) && is_digit(text[1]) && is_digit(text[2])) {
		int v = (text[0] - '0') * 100 + (text[1] - '0') * 10 +
		        (text[2] - '0');
		if (v > 255) {
			d->why = "escape above \\255";
			return NULL;
		}
		*octet = (uint8_t)v;
		return text + 3;
	}
	if (is_digit(text[0])) {
		d->why = "escape without three digits";
		return NULL;
	}
	if (text[0] < 0x20 || text[0] > 0x7e) {
		d->why = "nothing to escape after a backslash";
		return NULL;
	}
	*octet = (uint8_t)text[0];
	return text + 1;
}

/* Reads one octet of a label; returns what follows, or NULL. */
static const char *
read_octet(struct draft *d, const char *text, uint8_t *octet)
{
	uint8_t c = (uint8_t)text[0];

	if (c == '\\')
		return read_escape(d, text + 1, octet);
	if (c <= 0x20) {
		d->why = "space or control character";
		return NULL;
	}
	if (c > 0x7e) {
		d->why = "not ASCII";
		return NULL;
	}
	*octet = c;
	return text + 1;
}

static bool
read_labels(struct draft *d, const char *text)
{
	if (!open_label(d))
		return false;
	while (*text != '\0') {
		uint8_t octet;

		if (*text == '.') {
			if (!close_label(d))
				return false;
			text++;
			if (*text == '\0')
				return true;
			if (!open_label(d))
				return false;
			continue;
		}
		text = read_octet(d, text, &octet);
		if (text == NULL || !add_octet(d, octet))
			return false;
	}
	return close_label(d);
}

int
name_parse(const char *text, struct name *out, const char **why)
{
	struct draft d = {.out = out};
	bool ok = false;

	if (strcmp(text, ".") == 0)
		ok = true;
	else if (text[0] == '\0')
		d.why = "empty name";
	else if (strncmp(text, "*.", 2) == 0 || strcmp(text, "*") == 0)
		d.why = "a wildcard cannot be asked";
	else
		ok = read_labels(&d, text);
	if (!ok) {
		*why = d.why;
		return ERR_SYNTAX;
	}
	out->wire[d.size] = 0;
	out->size = (uint8_t)(d.size + 1);
	name_fold(out->wire, out->size);
	return 0;
}

/* What a host's name is written with, in lower case; others: 0. */
#define LETTER(upper, lower) [upper] = (lower), [lower] = (lower)
/* clang-format off */
static const uint8_t host_octets[256] = {
    ['-'] = '-', ['.'] = '.', ['_'] = '_',
    ['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4',
    ['5'] = '5', ['6'] = '6', ['7'] = '7', ['8'] = '8', ['9'] = '9',
    LETTER('A', 'a'), LETTER('B', 'b'), LETTER('C', 'c'), LETTER('D', 'd'),
    LETTER('E', 'e'), LETTER('F', 'f'), LETTER('G', 'g'), LETTER('H', 'h'),
    LETTER('I', 'i'), LETTER('J', 'j'), LETTER('K', 'k'), LETTER('L', 'l'),
    LETTER('M', 'm'), LETTER('N', 'n'), LETTER('O', 'o'), LETTER('P', 'p'),
    LETTER('Q', 'q'), LETTER('R', 'r'), LETTER('S', 's'), LETTER('T', 't'),
    LETTER('U', 'u'), LETTER('V', 'v'), LETTER('W', 'w'), LETTER('X', 'x'),
    LETTER('Y', 'y'), LETTER('Z', 'z'),
};
/* clang-format on */

/* The bit that letters and `_` have and no other of them. */
enum { LETTER_BIT = 0x40 };

static bool
close_host_label(struct name *out, size_t at, size_t end)
{
	size_t len = end - at;

	out->wire[at] = (uint8_t)len;
	return len > 0 && len <= LABEL_SIZE_MAX;
}

/* An octet stands one further than in the text, a length where a dot was. */
bool
name_parse_host(const char *text, size_t size, struct name *out)
{
	size_t label_at = 0;
	uint8_t seen = 0;

	if (size == 0 || size > NAME_SIZE_MAX - 2)
		return false;
	for (size_t i = 0; i < size; i++) {
		uint8_t c = host_octets[(uint8_t)text[i]];

		if (c == '.') {
			if (!close_host_label(out, label_at, i))
				return false;
			label_at = i + 1;
			continue;
		}
		if (c == 0)
			return false;
		out->wire[i + 1] = c;
		seen |= c;
	}
	if (label_at < size && !close_host_label(out, label_at, size))
		return false;
	size += label_at < size;
	out->wire[size] = 0;
	out->size = (uint8_t)(size + 1);
	return (seen & LETTER_BIT) != 0;
}

/* Characters that mean something in master files and so are escaped. */
static bool
is_special(uint8_t c)
{
	return c == '.' || c == '\\' || c == '"' || c == ';' || c == '(' ||
	       c == ')' || c == '@' || c == '$';
}

static char *
print_octet(char *p, uint8_t c)
{
	if (c <= 0x20 || c > 0x7e) {
		*p++ = '\\';
		*p++ = (char)('0' + c / 100);
		*p++ = (char)('0' + c / 10 % 10);
		*p++ = (char)('0' + c % 10);
		return p;
	}
	if (is_special(c))
		*p++ = '\\';
	*p++ = (char)c;
	return p;
}

char *
name_print(const uint8_t *wire, char out[NAME_TEXT_SIZE])
{
	char *p = out;

	if (wire[0] == 1 && wire[1] == '*')
		*p++ = '\\';
	while (*wire != 0) {
		for (size_t i = 1; i <= *wire; i++)
			p = print_octet(p, wire[i]);
		*p++ = '.';
		wire += *wire + 1;
	}
	if (p == out)
		*p++ = '.';
	*p = '\0';
	return out;
}

size_t
name_size(const uint8_t *wire)
{
	const uint8_t *p = wire;

	while (*p != 0)
		p += *p + 1;
	return (size_t)(p - wire) + 1;
}

/*
 * Eight octets at a time: in each, bit 7 of `a` says "at least A", of `z`
 * "above Z", both for the low seven bits; folding sets bit 5.
 */
static inline uint64_t
fold_eight(uint64_t v)
{
	const uint64_t ones = 0x0101010101010101;
	uint64_t low = v & 0x7f * ones;
	uint64_t a = low + (0x80 - 'A') * ones;
	uint64_t z = low + (0x7f - 'Z') * ones;

	return v | ((a ^ z) & ~v & 0x80 * ones) >> 2;
}

void
name_fold(uint8_t *wire, size_t size)
{
	size_t i = 0;

	for (; size - i >= 8; i += 8) {
		uint64_t v;
		memcpy(&v, wire + i, 8);
		v = fold_eight(v);
		memcpy(wire + i, &v, 8);
	}
	for (; i < size; i++)
		wire[i] = wire_lower(wire[i]);
}

bool
name_equal(const uint8_t *a, const uint8_t *b)
{
	size_t size = name_size(a);

	if (name_size(b) != size)
		return false;
	for (size_t i = 0; i < size; i++) {
		if (wire_lower(a[i]) != wire_lower(b[i]))
			return false;
	}
	return true;
}

bool
name_is_within(const uint8_t *name, const uint8_t *zone)
{
	size_t left = name_size(name);
	size_t zone_size = name_size(zone);

	while (left > zone_size) {
		left -= (size_t)*name + 1;
		name += *name + 1;
	}
	return left == zone_size && name_equal(name, zone);
}

const uint8_t *
name_zone_guess(const uint8_t *wire)
{
	const uint8_t *last = wire;
	const uint8_t *guess = wire;

	for (const uint8_t *p = wire; *p != 0; p += *p + 1) {
		guess = last;
		last = p;
	}
	return guess;
}

static uint8_t *
put_label(uint8_t *p, const char *label)
{
	size_t len = strlen(label);

	*p = (uint8_t)len;
	memcpy(p + 1, label, len);
	return p + 1 + len;
}

void
name_reverse(int family, const uint8_t *ip, struct name *out)
{
	static const char hex[] = "0123456789abcdef";
	uint8_t *p = out->wire;

	if (family == AF_INET) {
		for (int i = 3; i >= 0; i--) {
			char label[4] = {0};
			size_t n = 0;
			if (ip[i] >= 100)
				label[n++] = (char)('0' + ip[i] / 100);
			if (ip[i] >= 10)
				label[n++] = (char)('0' + ip[i] / 10 % 10);
			label[n] = (char)('0' + ip[i] % 10);
			p = put_label(p, label);
		}
		p = put_label(p, "in-addr");
	} else {
		for (int i = 31; i >= 0; i--) {
			uint8_t b = ip[i / 2];
			*p++ = 1;
			*p++ = (uint8_t)hex[i % 2 == 0 ? b >> 4 : b & 15];
		}
		p = put_label(p, "ip6");
	}
	p = put_label(p, "arpa");
	*p++ = 0;
	out->size = (uint8_t)(p - out->wire);
}

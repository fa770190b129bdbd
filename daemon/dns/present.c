/* SPDX-License-Identifier: ISC */

#include "dns/present.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <ldns/ldns.h>

#include "base/err.h"
#include "dns/name.h"
#include "dns/type.h"

enum { LINE_SIZE = PRESENT_TEXT_MAX + 64 };

static int
digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Behind "\#": a length, and so many octets in hex with blanks anywhere. */
static int
read_unknown(const char *p, struct buf *out)
{
	size_t start = out->size;
	long size = 0;
	int high = -1;

	p += strspn(p, " ");
	if (digit_of(*p) < 0)
		return ERR_SYNTAX;
	for (; *p >= '0' && *p <= '9' && size <= UINT16_MAX; p++)
		size = size * 10 + (*p - '0');
	for (; *p != '\0'; p++) {
		int d = digit_of(*p);

		if (*p == ' ')
			continue;
		if (d < 0)
			return ERR_SYNTAX;
		if (high >= 0)
			buf_add_u8(out, (uint8_t)(high << 4 | d));
		high = high >= 0 ? -1 : d;
	}
	if (out->err != 0)
		return out->err;
	return high < 0 && out->size - start == (size_t)size ? 0 : ERR_SYNTAX;
}

/* Numbers that a record begins with, which ldns takes modulo their size. */
static const struct {
	uint16_t type;
	uint8_t n;
	uint16_t max;
} numbers[] = {
    {TYPE_MX, 1, UINT16_MAX},
    {TYPE_SRV, 3, UINT16_MAX},
    {TYPE_SVCB, 1, UINT16_MAX},
    {TYPE_HTTPS, 1, UINT16_MAX},
    {TYPE_DS, 1, UINT16_MAX},
    {TYPE_CAA, 1, UINT8_MAX},
    {TYPE_TLSA, 3, UINT8_MAX},
};

static bool
are_numbers_good(uint16_t type, const char *p)
{
	uint8_t n = 0;
	uint16_t max = 0;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (numbers[i].type == type) {
			n = numbers[i].n;
			max = numbers[i].max;
		}
	}
	for (uint8_t i = 0; i < n; i++) {
		uint32_t value = 0;

		p += strspn(p, " \t");
		for (; *p >= '0' && *p <= '9' && value <= max; p++)
			value = value * 10 + (uint32_t)(*p - '0');
		if (value > max)
			return false;
		p += strcspn(p, " \t");
	}
	return true;
}

/* ldns ends an open text with the line. */
static bool
are_quotes_closed(const char *p)
{
	bool open = false;

	for (; *p != '\0'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		else if (*p == '"')
			open = !open;
	}
	return !open;
}

static ldns_rr *
read_line(const char *line, const struct name *origin)
{
	ldns_rdf *below = NULL;
	ldns_rr *rr = NULL;
	ldns_status status = LDNS_STATUS_MEM_ERR;

	if (origin != NULL)
		below = ldns_rdf_new_frm_data(
		    LDNS_RDF_TYPE_DNAME, origin->size, origin->wire);
	if (origin == NULL || below != NULL)
		status = ldns_rr_new_frm_str(&rr, line, 0, below, NULL);
	ldns_rdf_deep_free(below);
	return status == LDNS_STATUS_OK ? rr : NULL;
}

static int
read_known(
    uint16_t type, const char *text, const struct name *origin, struct buf *out)
{
	char word[TYPE_TEXT_SIZE];
	char line[LINE_SIZE];
	ldns_buffer *b;
	ldns_rr *rr;
	int err = 0;

	if (strpbrk(text, "\r\n") != NULL || !are_numbers_good(type, text) ||
	    !are_quotes_closed(text) ||
	    snprintf(line, sizeof(line), "x. 0 IN %s %s",
		type_print(type, word), text) >= (int)sizeof(line))
		return ERR_SYNTAX;
	rr = read_line(line, origin);
	if (rr == NULL)
		return ERR_SYNTAX;
	b = ldns_buffer_new(UINT16_MAX);
	if (b == NULL)
		err = -ENOMEM;
	else if (ldns_rr_rdata2buffer_wire(b, rr) != LDNS_STATUS_OK)
		err = ERR_SYNTAX;
	if (err == 0)
		buf_add(out, ldns_buffer_begin(b), ldns_buffer_position(b));
	ldns_buffer_free(b);
	ldns_rr_free(rr);
	return err != 0 ? err : out->err;
}

int
present_parse(
    uint16_t type, const char *text, const struct name *origin, struct buf *out)
{
	size_t start = out->size;
	int err;

	if (strlen(text) > PRESENT_TEXT_MAX)
		return ERR_SYNTAX;
	/* ldns takes nothing for the data of any type that it does not know. */
	if (text[strspn(text, " \t")] == '\0' && type != TYPE_APL)
		return ERR_SYNTAX;
	err = strncmp(text, "\\#", 2) == 0
	          ? read_unknown(text + 2, out)
	          : read_known(type, text, origin, out);
	if (err != 0)
		out->size = start;
	return err;
}

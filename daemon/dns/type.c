/* SPDX-License-Identifier: ISC */
/* type -- record types by number and by mnemonic. */

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <ldns/ldns.h>

#include "base/err.h"
#include "dns/type.h"

/* Room for the longest mnemonic; what is longer is none. */
enum { MNEMONIC_MAX = 15 };

/*
 * QTYPEs are no entries of the table of types in ldns, and its own parser
 * takes "TYPE99999999" as well as "TYPE1x"; both are read here.
 */
static const struct {
	const char *text;
	uint16_t type;
} qtypes[] = {
    {"TKEY", 249},
    {"TSIG", TYPE_TSIG},
    {"IXFR", 251},
    {"AXFR", 252},
    {"MAILB", 253},
    {"MAILA", 254},
    {"ANY", TYPE_ANY},
    {"OPT", TYPE_OPT},
};

static int
parse_number(const char *digits, uint16_t *out)
{
	uint32_t v = 0;

	if (*digits == '\0' || strlen(digits) > 5)
		return ERR_SYNTAX;
	for (; *digits != '\0'; digits++) {
		if (*digits < '0' || *digits > '9')
			return ERR_SYNTAX;
		v = v * 10 + (uint32_t)(*digits - '0');
	}
	if (v > UINT16_MAX)
		return ERR_SYNTAX;
	*out = (uint16_t)v;
	return 0;
}

/* NULL for types without a mnemonic. */
static const char *
mnemonic(uint16_t type)
{
	const ldns_rr_descriptor *d = ldns_rr_descript(type);

	if (d == NULL || d->_name == NULL || d->_type != type ||
	    strncmp(d->_name, "TYPE", 4) == 0)
		return NULL;
	return d->_name;
}

int
type_parse(const char *text, uint16_t *out)
{
	size_t size = strlen(text);

	if (size == 0 || size > MNEMONIC_MAX)
		return ERR_SYNTAX;
	if (strncasecmp(text, "TYPE", 4) == 0)
		return parse_number(text + 4, out);
	for (size_t i = 0; i < sizeof qtypes / sizeof qtypes[0]; i++) {
		if (strcasecmp(text, qtypes[i].text) == 0) {
			*out = qtypes[i].type;
			return 0;
		}
	}
	ldns_rr_type type = ldns_get_rr_type_by_name(text);
	const char *name = mnemonic((uint16_t)type);
	if (type == 0 || name == NULL || strcasecmp(name, text) != 0)
		return ERR_SYNTAX;
	*out = (uint16_t)type;
	return 0;
}

char *
type_print(uint16_t type, char out[TYPE_TEXT_SIZE])
{
	const char *name = mnemonic(type);

	for (size_t i = 0; i < sizeof qtypes / sizeof qtypes[0]; i++) {
		if (qtypes[i].type == type)
			name = qtypes[i].text;
	}
	if (name != NULL)
		snprintf(out, TYPE_TEXT_SIZE, "%s", name);
	else
		snprintf(out, TYPE_TEXT_SIZE, "TYPE%u", type);
	return out;
}

bool
type_is_data(uint16_t type)
{
	/* RFC 6895 3.1: 128..255 are for QTYPEs and meta types. */
	return type != 0 && type != TYPE_OPT && (type < 128 || type > 255);
}

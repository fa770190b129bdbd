/* SPDX-License-Identifier: ISC */
#ifndef DNS_NAME_H
#define DNS_NAME_H

/*
 * name -- domain names as bytes.
 *
 * Inside the product a name is its uncompressed wire form (RFC 1035 3.1),
 * lower case, at most 255 octets; that is what is compared, hashed and
 * stored.  Text is for people: printable ASCII, trailing dot, RFC 4343
 * escapes.  Text typed by people enters through name_parse() and
 * name_parse_host() only.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

enum {
	NAME_SIZE_MAX = 255, /* wire octets, RFC 1035 2.3.4 */
	LABEL_SIZE_MAX = 63,
	NAME_TEXT_SIZE = 1025 /* worst case: every octet as \DDD, dots, NUL */
};

struct name {
	uint8_t size; /* wire octets, 1 for the root */
	uint8_t wire[NAME_SIZE_MAX];
};

/*
 * Reads what people type (E1, E2): upper case, trailing dot, UTF-8 IDN
 * (UTS 46 by the config room before it comes here; this function refuses
 * bytes above 0x7e), underscores, \DDD and \X escapes.  Refused: empty,
 * ".host", "a..b", a label over 63, a name over 255, "*." in front, \256,
 * spaces and controls that are not escaped.  0 or ERR_SYNTAX with *why set to
 * a literal that says what is wrong.  A total function: never aborts.
 */
MUST_CHECK int name_parse(const char *text, struct name *out, const char **why);

/*
 * The short way for what nearly all names are: letters, digits, hyphens and
 * underscores between dots, not digits alone (an address?).  True: *out is
 * what name_parse() makes of it.  False: *out is spoilt, and name_parse() says
 * whether it is a name.
 */
bool name_parse_host(const char *text, size_t size, struct name *out);

/*
 * "www.example.com."; the root is ".".  What it prints name_parse() reads
 * back (E3); for that a first label "*" is printed as "\*".  Returns out.
 */
char *name_print(const uint8_t *wire, char out[NAME_TEXT_SIZE]);

/* Octets of the uncompressed name at `wire`, whose validity is known. */
size_t name_size(const uint8_t *wire);

/* Folds A-Z to a-z in place over `size` octets (label lengths are < 'A'). */
void name_fold(uint8_t *wire, size_t size);

/* Both uncompressed and valid; equality ignores the case of ASCII letters. */
bool name_equal(const uint8_t *a, const uint8_t *b);

/* Is `name` at or below `zone`? */
bool name_is_within(const uint8_t *name, const uint8_t *zone);

/*
 * The last two labels of a name (or less), as a stand-in for the registrable
 * domain until a public suffix list is configured.  Lent from `wire`.
 */
const uint8_t *name_zone_guess(const uint8_t *wire);

/* "4.3.2.1.in-addr.arpa." / ip6.arpa for PTR watches; family AF_INET(6). */
void name_reverse(int family, const uint8_t *ip, struct name *out);

#endif

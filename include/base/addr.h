/* SPDX-License-Identifier: ISC */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

/* addr -- an IPv4 or IPv6 address with a port, and prefixes of them. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/attr.h"

struct addr {
	uint8_t family; /* AF_INET or AF_INET6 */
	uint8_t ip[16]; /* 4 or 16 bytes in use, network order */
	uint16_t port;  /* host order; 0: none */
	uint32_t scope; /* of a link-local IPv6 address */
};

struct prefix {
	uint8_t family;
	uint8_t ip[16];
	uint8_t len; /* bits */
};

enum { ADDR_TEXT_SIZE = 64 };

/*
 * Reads "192.0.2.1", "192.0.2.1:53", "2001:db8::1" or "[2001:db8::1]:53";
 * port_default where none is given.  0 or ERR_SYNTAX.  Nothing is looked up.
 */
MUST_CHECK int addr_parse(
    const char *text, uint16_t port_default, struct addr *out);
/* "192.0.2.1:53", "[2001:db8::1]:53"; without a port only the address. */
char *addr_print(const struct addr *a, char out[ADDR_TEXT_SIZE]);
char *addr_print_ip(const struct addr *a, char out[ADDR_TEXT_SIZE]);
bool addr_equal(const struct addr *a, const struct addr *b); /* with port */
socklen_t addr_to_sockaddr(const struct addr *a, struct sockaddr_storage *out);
MUST_CHECK int addr_from_sockaddr(const struct sockaddr *sa, struct addr *out);

/* Reads "10.0.0.0/8", "::1" (a full-length prefix); 0 or ERR_SYNTAX. */
MUST_CHECK int prefix_parse(const char *text, struct prefix *out);
bool prefix_has(const struct prefix *p, const struct addr *a);

#endif

/* SPDX-License-Identifier: ISC */
#ifndef NAME_WORLD_H
#define NAME_WORLD_H

/*
 * name_world -- a tree of zones in memory, and servers that have some of them
 * and answer as RFC 1034 4.3.2 says, or do not.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "dns/name.h"

enum { NAMES_RRS = 4096, NAMES_SERVERS = 512, NAMES_SERVED = 8 };

enum manner {
	MANNER_GOOD = 0,
	MANNER_SILENT,
	MANNER_REFUSES,
	MANNER_UPWARD,   /* refers to the root, whatever is asked */
	MANNER_SIDEWAYS, /* refers to another zone */
	MANNER_NO_AA,
	MANNER_NO_OWN_NS /* says nothing when asked for the NS of its zone */
};

struct names_rr {
	struct name zone, owner, target; /* target: of NS and CNAME */
	uint16_t type;
	struct addr addr; /* of A and AAAA */
};

struct names_server {
	struct addr addr;
	enum manner manner;
	size_t n_zones;
	struct name zones[NAMES_SERVED];
	unsigned n_asked;
};

struct names {
	size_t n_rrs, n_servers;
	struct names_rr rrs[NAMES_RRS];
	struct names_server servers[NAMES_SERVERS];
	uint32_t ttl;
};

struct name names_name(const char *text);
struct addr names_addr(const char *text);

/* An NS or a CNAME by name, an A or AAAA by address. */
void names_add(
    struct names *w, const char *zone, const char *owner, const char *data);
void names_add_cname(
    struct names *w, const char *zone, const char *owner, const char *target);
void names_drop(struct names *w, const char *zone, const char *owner);
/* The server has the zone, too. */
struct names_server *names_serve(
    struct names *w, const char *addr, const char *zone);
struct names_server *names_server(struct names *w, const struct addr *addr);

/*
 * Writes the reply to out, and returns its size; 0: silence, also of an
 * address where nobody is.
 */
size_t names_answer(struct names *w, const struct addr *server,
    const struct name *name, uint16_t type, uint8_t *out);

#endif

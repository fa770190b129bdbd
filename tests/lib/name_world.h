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

enum { WORLD_RRS = 4096, WORLD_SERVERS = 512, WORLD_SERVED = 8 };

enum manner {
	MANNER_GOOD = 0,
	MANNER_SILENT,
	MANNER_REFUSES,
	MANNER_UPWARD,   /* refers to the root, whatever is asked */
	MANNER_SIDEWAYS, /* refers to another zone */
	MANNER_NO_AA,
	MANNER_NO_OWN_NS /* says nothing when asked for the NS of its zone */
};

struct world_rr {
	struct name zone, owner, target; /* target: of NS and CNAME */
	uint16_t type;
	struct addr addr; /* of A and AAAA */
};

struct world_server {
	struct addr addr;
	enum manner manner;
	size_t n_zones;
	struct name zones[WORLD_SERVED];
	unsigned n_asked;
};

struct world {
	size_t n_rrs, n_servers;
	struct world_rr rrs[WORLD_RRS];
	struct world_server servers[WORLD_SERVERS];
	uint32_t ttl;
};

struct name world_name(const char *text);
struct addr world_addr(const char *text);

/* An NS or a CNAME by name, an A or AAAA by address. */
void world_add(
    struct world *w, const char *zone, const char *owner, const char *data);
void world_add_cname(
    struct world *w, const char *zone, const char *owner, const char *target);
void world_drop(struct world *w, const char *zone, const char *owner);
/* The server has the zone, too. */
struct world_server *world_serve(
    struct world *w, const char *addr, const char *zone);
struct world_server *world_server(struct world *w, const struct addr *addr);

/*
 * Writes the reply to out, and returns its size; 0: silence, also of an
 * address where nobody is.
 */
size_t world_answer(struct world *w, const struct addr *server,
    const struct name *name, uint16_t type, uint8_t *out);

#endif

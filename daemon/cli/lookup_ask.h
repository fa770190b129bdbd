/* SPDX-License-Identifier: ISC */
#ifndef CLI_LOOKUP_ASK_H
#define CLI_LOOKUP_ASK_H

/*
 * ask -- one name, some types, all resolvers of a view, once.
 *
 * Blocks until every question ended; the resolver's own time limits bound it.
 */

#include "base/arena.h"
#include "base/attr.h"
#include "config/watchlist.h"
#include "dns/name.h"
#include "dns/reply.h"
#include "resolver/resolver.h"

struct config;

struct lookup_reply {
	uint8_t server; /* index into the configuration's resolvers */
	size_t type_i;  /* index into the types */
	bool is_asked;
	bool is_done;
	enum fail fail;
	enum transport transport;
	uint32_t took_us;
	uint32_t ttl;
	struct content content; /* unless fail */
};

struct lookup_ask {
	struct name name;
	uint16_t types[WATCH_TYPES_MAX];
	size_t n_types;
	size_t view; /* index into the configuration's */
	/* Filled by lookup_ask_all(), by type, then server. */
	struct lookup_reply *replies;
	size_t n_replies;
	struct arena arena; /* what the contents point into */
};

/* 0 also when nobody answered; -ENOMEM. */
MUST_CHECK int lookup_ask_all(
    struct lookup_ask *a, const struct config *config);
void lookup_ask_fini(struct lookup_ask *a);

#endif

/* SPDX-License-Identifier: ISC */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

/*
 * config -- dnsvigil.yaml as plain data, checked.
 *
 * A configuration is read whole or not at all; every problem is told with
 * its place.  Scalars are text until the key says what they are (no YAML 1.1
 * surprises), ${NAME}, ${NAME:-default} and $$ are expanded after parsing.
 * Unknown keys (with the nearest known one), duplicate keys, wrong types,
 * aliases, anchors, tags, depth over 32 and more than 16 MB are refused.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/attr.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/tls.h"
#include "dns/name.h"

enum {
	CONFIG_SIZE_MAX = 16 * 1024 * 1024,
	CONFIG_DEPTH_MAX = 32,
	CONFIG_RESOLVERS_MAX = 64,
	CONFIG_SINKS_MAX = 64,
	CONFIG_VIEWS_MAX = 32,
	CONFIG_CANARIES_MAX = 16,
	CONFIG_HINTS_MAX = 32,
	CONFIG_AT_MAX = 256,
	CONFIG_AT_ADDRS_MAX = 16,
	CONFIG_PROFILES_MAX = 64,
	CONFIG_LABELS_MAX = 64, /* of a profile */
	CONFIG_PROVIDERS_MAX = 256,
	CONFIG_SILENCES_MAX = 1000,
	CONFIG_PLANS_MAX = 1000,
	CONFIG_MARKS_MAX = 4096,
	CONFIG_MARK_WORDS_MAX = 1024, /* name servers, and addresses, of each */
	CONFIG_PLAN_CHANGES_MAX = 4096, /* names of a plan */
	CONFIG_PLAN_MAX_S = 31 * 86400,
	CONFIG_SILENCE_WORDS_MAX = 1000, /* names, tags and so on, of each */
	CONFIG_UNLISTED_MAX = 32,        /* labels */
	SOURCE_RATE_DEFAULT = 20,
	RESOLVER_RATE_DEFAULT = 500
};

struct config_resolver {
	struct addr addr;
	uint32_t rate; /* questions a second; 0: `none` */
	bool gso;      /* only where it is the one resolver, on loopback */
	bool trust_ad; /* its AD is believed (M11) */
	char *group;   /* never NULL; not set: the address, and the port
	                * too when it is not 53, or 853 with TLS */
	struct tls_peer *tls; /* asked over TLS only (RFC 7858); NULL: by UDP
	                       * and TCP in clear */
	uint32_t views;       /* a bit for each view that it is of */
};

struct config_sink {
	char *name;
	char *url;
	uint8_t *secret; /* the decoded key (whsec_ taken off) */
	size_t secret_size;
	struct prefix *allow;
	size_t n_allow;
	bool http; /* plain http may be used */
	char *ca;  /* PEM: who is trusted instead of the system's; NULL */
	size_t ca_size;
};

/* One line of the severity table that the operator overrode (R21). */
struct config_severity {
	char *kind;     /* a change kind or an event kind; NULL: any change */
	char *aspect;   /* of a change; NULL: any */
	char *type;     /* mnemonic, NULL: any */
	char *tag;      /* NULL: any */
	char *severity; /* info low medium high critical */
	unsigned line;
};

/*
 * What holds deliveries back for a while (R28): of alerts that meet each of
 * those below that are given.  At least one is.
 */
struct config_silence {
	char *name;
	struct name *names; /* of exactly these */
	size_t n_names;
	struct name *zones; /* at or below one of these */
	size_t n_zones;
	char **tags; /* with one of these */
	size_t n_tags;
	char **lists; /* on one of these */
	size_t n_lists;
	char **kinds; /* of changes and events */
	size_t n_kinds;
	char *below;   /* a severity that is not held any more; NULL: all are */
	wall_us from;  /* 0: from ever on */
	wall_us until; /* never 0 */
	char *why;     /* NULL: not said */
	unsigned line;
};

/* What the records of one name are going to be. */
struct config_plan_change {
	struct name name;
	uint8_t *pins; /* packed (dns/pin.h): a type each, whole sets only */
	size_t pins_size;
	unsigned line;
};

/* A change that its owner plans for a while (R27): a file of its own. */
struct config_plan {
	char *name;
	char *path; /* of the file */
	char *why;  /* NULL: not said */
	wall_us from, until;
	struct config_plan_change *changes;
	size_t n_changes;
	uint64_t print; /* for another text another, but of `why` and path */
};

/* Whose name servers and addresses mean what for the life of a name. */
enum mark_kind {
	MARK_SEIZED = 0,
	MARK_SINKHOLED = 1,
	MARK_HELD = 2,
	MARK_PARKED = 3
};
struct config_mark {
	enum mark_kind kind;
	char *who;       /* never NULL */
	struct name *ns; /* name servers at or below one of these */
	size_t n_ns;
	struct prefix *addrs;
	size_t n_addrs;
	wall_us since, until; /* when that held; 0: open */
};

/* A question whose truth the operator knows (R16). */
struct config_canary {
	struct name name;
	uint16_t type;      /* A or AAAA */
	struct addr *addrs; /* the answer has all of these ... */
	size_t n_addrs;     /* ... 0: the name does not exist */
};

/* Where a name server is asked, instead of where DNS says it is. */
struct config_at {
	struct name name;
	struct addr *addrs;
	size_t n_addrs;
};

/* A view that asks the servers of each zone themselves (R18). */
struct config_source {
	bool parent;     /* the parent's delegation is a state of its own ... */
	int parent_view; /* ... of this view, `NAME/parent`; -1: none */
	struct addr *hints; /* root servers; none given: those of the root */
	size_t n_hints;     /* never 0 */
	bool own_hints;     /* they were given */
	struct config_at *at;
	size_t n_at;
	uint32_t rate; /* questions a second at one server; 0: `none` */
};

/* One line of a profile: what is asked at a name of a zone. */
struct config_label {
	char *label;     /* below the zone; "" the zone; CONFIG_DKIM in front of
	                  * the rest stands for each selector of a watch */
	uint16_t *types; /* without duplicates */
	size_t n_types;
};
#define CONFIG_DKIM "{dkim}."

/* What belongs to a zone, under one name. */
struct config_profile {
	char *name;
	struct config_label *labels;
	size_t n_labels;
};

/* Where in the configuration something stands, from 1. */
struct config_place {
	unsigned line;
	unsigned column;
};

struct config {
	char *path;     /* of the file it was read from, NULL: none */
	char *database; /* libpq conninfo or URI */
	struct config_resolver *resolvers; /* of all views, each once */
	size_t n_resolvers;
	/* Whom names are asked through; the first is always `default`. */
	char **views;
	size_t n_views;
	/* Beside each view: how an authoritative one asks.  NULL: resolvers,
	 * or it is the `NAME/parent` of the view before it. */
	struct config_source *sources[CONFIG_VIEWS_MAX];
	/* Groups that must say so, by view; 0: two, or the path. */
	uint8_t quorums[CONFIG_VIEWS_MAX];
	char **watchlists; /* patterns as written, relative to the file */
	struct config_place *watchlist_places; /* of each pattern */
	size_t n_watchlists;
	/* Those given, and `domain` unless it is given. */
	struct config_profile *profiles;
	size_t n_profiles;
	/* Zones at whose end of an alias no customer writes (R24). */
	struct name *providers;
	size_t n_providers;
	struct config_sink *sinks;
	size_t n_sinks;
	struct config_severity *severities; /* in order: the first match wins */
	size_t n_severities;
	struct config_silence *silences;
	size_t n_silences;
	/* When a digest is told; NULL: never. */
	char *digest_zone;
	unsigned digest_minutes; /* of the day there */
	struct config_mark *marks;
	size_t n_marks;
	struct config_plan *plans;
	size_t n_plans;
	bool grouping; /* alerts of one cause are told together (R32) */
	uint32_t failing_after; /* k of R3, default 3 */
	/* Views say different things for so long: told (R9); 0: `none`. */
	uint32_t differ_after_s;
	uint64_t buffer_bytes; /* observations kept while the database is away;
	                        * default 64 MB */
	uint32_t
	    retention_days; /* closed intervals and evidence; 0: for ever */
	uint32_t canary_every_s; /* between two at one resolver; 0: `none` */
	struct config_canary *canaries;
	size_t n_canaries;
	uint32_t signatures_ahead_s; /* told so long ahead (R17); 0: `none` */
	uint32_t
	    dangling_every_s; /* between two looks at a target; 0: `none` */
	uint32_t wildcard_every_s; /* between two looks at a zone; 0: `none` */
	/* Below owned zones, `unlisted`: each a label and the root; 0: none. */
	struct name *labels;
	size_t n_labels;
	uint32_t signatures_every_s; /* between two looks at a question's */
};

/*
 * Where the configuration is: `path` if given, else ./dnsvigil.yaml, else
 * /etc/dnsvigil/dnsvigil.yaml.  NULL when there is none.
 */
const char *config_find(const char *path);

/*
 * Reads and checks the file.  NULL when anything was wrong; `d` says what.
 * Resolvers default to those of /etc/resolv.conf.
 */
struct config *config_load(const char *path, struct diag *d);
/* As above, from memory: for tests.  `path` is used in messages. */
struct config *config_read(
    const char *text, size_t size, const char *path, struct diag *d);
/* A resolver's `tls`; NULL is fine. */
void config_tls_free(struct tls_peer *tls);
void config_source_free(struct config_source *source); /* NULL is fine */
void config_free(struct config *c); /* wipes secrets; NULL is fine */

/* Is this the `NAME/parent` of another view?  Nobody can name it. */
bool config_is_parent_view(const struct config *c, size_t view);

/*
 * The files that the patterns name now, sorted, each once, relative ones
 * resolved against the configuration's folder; folders that a pattern matches
 * are left out.  A pattern without a match is a problem in `d`.  A path
 * without * ? [ is always in the list, there or not: watchlist_open() says
 * what is wrong with it, and a reload sees which list is missing.  Returns
 * the count; free with config_files_free().
 */
size_t config_files(const struct config *c, char ***out, struct diag *d);
void config_files_free(char **files, size_t n);
/* Does a pattern of its watchlists stand for this file, there or not? */
bool config_names(const struct config *c, const char *path);

#endif

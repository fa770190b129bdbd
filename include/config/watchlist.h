/* SPDX-License-Identifier: ISC */
#ifndef CONFIG_WATCHLIST_H
#define CONFIG_WATCHLIST_H

/*
 * watchlist -- one file of watches, read as a stream.
 *
 * .yaml and .yml, .csv with a header, anything else one name per line.
 * Memory does not grow with the file; an entry has at most 64 KB.  A refused
 * line is a problem with its place and the rest loads (E1).  Names are taken
 * as people type them: upper case, trailing dot, IDN in UTF-8 (UTS 46, E2),
 * URL, example[.]com, hxxp, underscores; BOM and CRLF are fine; "*." is
 * refused.  An address or a prefix (4,096 addresses at most) stands for the
 * PTR of each address.
 *
 * The folder FILE.d beside a list FILE may hold deltas: files `*.delta` with
 * lines `+name` and `-name`, applied to the list in order of their names.  An
 * added name is told behind the list, with the list's defaults.  Memory grows
 * with the names of the deltas (about 85 bytes each, 1,000,000 at most).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/diag.h"
#include "dns/name.h"

enum {
	WATCHLIST_ENTRY_MAX = 64 * 1024,
	WATCHLIST_PREFIX_MAX = 4096,
	WATCHLIST_DELTA_FILES_MAX = 4096,
	WATCHLIST_DELTA_NAMES_MAX = 1000000,
	WATCH_TYPES_MAX = 64,
	WATCH_TAGS_MAX = 32,
	WATCH_VIEWS_MAX = 32,
	WATCH_SELECTORS_MAX = 32, /* of DKIM, in one entry */
	WATCH_CRITICALITY_MAX = 5,
	WATCH_EVERY_MIN_S = 1, /* below 5 s: a warning */
	WATCH_EVERY_MAX_S = 86400,
	WATCH_EVERY_DEFAULT_S = 300,
	WATCH_IDLE_AFTER_S = 30 * 86400, /* `idle` without other words */
	WATCH_IDLE_EVERY_S = 6 * 3600
};

#define WATCH_FIRST_SPREAD UINT32_MAX

/* Which proof a watch requires (R11).  Stored: never renumber. */
enum proof {
	PROOF_BEST = 0,
	PROOF_PATH = 1,
	PROOF_CACHE = 2,
	PROOF_SOURCE = 3,
	PROOF_NEXT_POLL = 4 /* nothing but planned polls is asked */
};

/* How far what a list says may be passed on (TLP 2.0). */
enum tlp {
	TLP_NONE = 0, /* it does not say */
	TLP_CLEAR,
	TLP_GREEN,
	TLP_AMBER,
	TLP_AMBER_STRICT,
	TLP_RED
};
const char *tlp_text(enum tlp tlp); /* static; not of TLP_NONE */

/* Where a list has a name from, and how sure that one is. */
struct watch_source {
	const char *name; /* NULL: not said */
	const char *url;  /* NULL: not said */
	enum tlp tlp;
	bool has_confidence;
	uint8_t confidence;     /* 0 to 100 */
	wall_us first_reported; /* 0: not said */
	wall_us until;          /* from then on it is not on it; 0: for good */
};
/* Does it say anything? */
bool watch_source_says(const struct watch_source *s);

/* A view that a watch is asked through, and how often. */
struct watch_view {
	uint8_t view;     /* index into the names that the list was given */
	uint32_t every_s; /* 0: the watch's */
};

/* One watch; everything is borrowed for the call. */
struct watch {
	struct name name;
	const char *typed;     /* as it stood in the file */
	const uint16_t *types; /* without duplicates */
	size_t n_types;
	bool auto_types; /* all but NS sleep until the name exists */
	uint32_t every_s;
	const struct watch_view *views; /* without duplicates */
	size_t n_views;
	const char *const
	    *tags; /* the list's and its own, sorted, no duplicates */
	size_t n_tags;
	const char *list;                  /* the list's name */
	const char *owner;                 /* NULL: none */
	const char *runbook;               /* NULL: none */
	const struct watch_source *source; /* NULL: the list says nothing */
	enum proof confirm;
	bool direct; /* if hostile: its zone's servers may be asked all the
	              * same.  A hostile watch without it names no view that
	              * asks them, nor PROOF_SOURCE. */
	uint8_t attributes; /* bits of enum attribute: whose events are told */
	uint32_t first_s;   /* over so long its first polls are spread; 0: not,
	                     * WATCH_FIRST_SPREAD: over its interval */
	uint32_t idle_after_s; /* when it has not existed for so long it is
	                        * asked every ... */
	uint32_t idle_every_s; /* ... only; 0: never */
	bool tell_baseline;    /* the first answer is an event */
	bool chase;            /* may wait longer than every_s for a cache */
	const uint8_t *pins; /* what is expected (R27), packed as in dns/pin.h;
	                      * NULL: nothing */
	size_t pins_size;
	unsigned line; /* 0: a delta named it */
};
typedef void watch_fn(void *ctx, const struct watch *watch);
/* Is it over, by its `until`? */
bool watch_is_over(const struct watch *watch, wall_us now);

/* The defaults when a list has none: A AAAA MX NS TXT SOA, 5 m, no tags. */
extern const uint16_t watch_types_default[];
extern const size_t n_watch_types_default;
/* What `types: auto` stands for, NS first: A, AAAA, MX and TXT sleep. */
extern const uint16_t watch_types_auto[];
extern const size_t n_watch_types_auto;

/*
 * The views and profiles that a watch may name, borrowed while the list is
 * read; the first view is the one of watches that name none.  NULL instead:
 * `default`, and no profile.
 */
struct config_profile;
struct watch_names {
	const char *const *views;
	size_t n_views;
	/* A bit for each view ... */
	uint32_t authoritative; /* ... that asks the zone's own servers */
	uint32_t unnamed;       /* ... that only the program names */
	/* What a zone's watch may name. */
	const struct config_profile *profiles;
	size_t n_profiles;
};
/* Those of a configuration, which must outlive them. */
struct config;
struct watch_names watch_names_of(const struct config *c);

/*
 * Calls fn for every watch of the file.  The list's name is `watchlist:` or
 * the file's name without its ending.  0 when the file was read to its end
 * (problems of single entries are in `d`), else -errno or ERR_SYNTAX (YAML
 * that cannot go on), and what was told before stands.
 */
MUST_CHECK int watchlist_load(const char *path, const struct watch_names *names,
    watch_fn *fn, void *ctx, struct diag *d);

/*
 * The same in pieces, so that a running daemon is never held up: read about
 * `entries` entries, or 8 MB, per step.
 */
struct watchlist;
MUST_CHECK int watchlist_open(const char *path, const struct watch_names *names,
    watch_fn *fn, void *ctx, struct diag *d, struct watchlist **out);
/* 1: more to come, 0: done, < 0: as watchlist_load(). */
MUST_CHECK int watchlist_step(struct watchlist *w, size_t entries);
/* What its deltas make of it, when it was read to its end; zeros: none. */
struct watchlist_deltas {
	size_t files;
	size_t names;   /* that they speak of */
	size_t added;   /* that the list itself has not */
	size_t removed; /* that it has */
};
struct watchlist_deltas watchlist_deltas(const struct watchlist *w);
/*
 * What the budget of a list makes of its intervals, once its first watch was
 * told.
 */
struct watchlist_budget {
	uint32_t per_second; /* 0: none */
	double wanted;       /* questions a second, as its intervals say; what
	                      * sleeps or is idle counts as asked */
	double stretch;      /* so many times as long; 0: they stay */
	uint32_t longest_s;  /* the longest interval, before */
};
struct watchlist_budget watchlist_budget(const struct watchlist *w);
void watchlist_close(struct watchlist *w);

#endif

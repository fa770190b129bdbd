/* SPDX-License-Identifier: ISC */
#ifndef CONFIG_LIST_PRIV_H
#define CONFIG_LIST_PRIV_H

/*
 * list -- a watchlist being read, as its three formats see it.
 *
 * A format turns its text into nodes and calls the functions here; they type
 * the fields, clean the name and tell the watch.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "config/typed.h"
#include "config/watchlist.h"
#include "delta_priv.h"
#include "from_priv.h"
#include "node_priv.h"
#include "source_priv.h"

/* What a watch says beside its name, the list's defaults included. */
struct fields {
	uint16_t types[WATCH_TYPES_MAX];
	size_t n_types;
	bool auto_types; /* all but NS sleep until the name exists */
	const char *tags[WATCH_TAGS_MAX]; /* sorted, no duplicates */
	size_t n_tags;
	uint32_t every_s;
	struct watch_view views[WATCH_VIEWS_MAX];
	size_t n_views;
	const char *owner;
	const char *runbook;
	struct watch_source source;
	enum proof confirm;
	bool direct;
	uint8_t attributes; /* bits of enum attribute */
	uint32_t first_s;
	uint32_t idle_after_s, idle_every_s;
	bool tell_baseline;
	bool chase;
	const uint8_t *pins; /* see struct watch */
	size_t pins_size;
	const char *from; /* a file that says more of it; NULL: none */
};

/* Reads one unit: 1: more to come, 0: done, < 0: cannot go on (reported). */
typedef int list_step_fn(struct watchlist *w);
typedef void list_free_fn(void *state);

struct watchlist {
	struct report report;
	char *path;
	struct watch_names names;
	watch_fn *fn;
	void *ctx;
	struct source source;
	struct deltas *deltas; /* NULL: none */
	bool is_behind;        /* the list itself was read ... */
	int list_result;       /* ... and how that ended */
	struct arena keep;     /* lives as long as the list */
	struct arena scratch;  /* lives until the next entry */
	const char *name;
	struct fields defaults;
	struct fields own; /* of the entry that is being told */
	struct typed typed;
	struct watch watch; /* what is being told */
	struct from_files from;
	struct from_file *expected_from; /* of the entry; NULL: none */
	struct from_watch expected;
	uint8_t ip[16]; /* the next address of a prefix */
	uint32_t addresses_left;
	size_t n_told;
	bool told_fast;   /* the warning of a short interval was given */
	bool told_direct; /* ... of a hostile name that is asked directly */
	bool unsure;      /* the defaults were refused: they may have said that
	                   * its names are hostile */
	int result;       /* of the last step; it stays at the end */
	struct watchlist_budget budget;
	struct place budget_at;
	struct watchlist *counter; /* reads the list ahead; NULL: does not */
	struct diag ignored;       /* the counter's */
	bool counts;               /* it is one itself */
	struct watch_view views[WATCH_VIEWS_MAX]; /* of what is told */
	list_step_fn *step;
	list_free_fn *free_state;
	void *state; /* the format's */
};

/* Where fields are read into. */
struct fields_reader {
	struct watchlist *w;
	struct fields *f;
	struct arena *arena; /* texts are copied there */
	const struct node *name;
	bool types_given;
	bool types_auto; /* the word was among them */
	bool bad;        /* something was refused */
	/* An entry of a zone: */
	const struct node *zone;
	const struct node *profile;
	const struct node *dkim;
	const char *selectors[WATCH_SELECTORS_MAX];
	size_t n_selectors;
	const struct node *expect; /* NULL: none */
	struct place from_at;      /* of x->f->from */
};
/* Key readers; ctx is a struct fields_reader. */
void fields_types(void *ctx, const struct node *value);
void fields_every(void *ctx, const struct node *value);
void fields_views(void *ctx, const struct node *value);
void fields_tags(void *ctx, const struct node *value);
void fields_owner(void *ctx, const struct node *value);
void fields_runbook(void *ctx, const struct node *value);
void fields_source(void *ctx, const struct node *value);
void fields_confidence(void *ctx, const struct node *value);
void fields_tlp(void *ctx, const struct node *value);
void fields_until(void *ctx, const struct node *value);
void fields_first_reported(void *ctx, const struct node *value);
void fields_confirm(void *ctx, const struct node *value);
void fields_direct(void *ctx, const struct node *value);
void fields_attributes(void *ctx, const struct node *value);
void fields_chase(void *ctx, const struct node *value);
void fields_first_poll(void *ctx, const struct node *value);
void fields_idle(void *ctx, const struct node *value);
void fields_tell_baseline(void *ctx, const struct node *value);
void fields_criticality(void *ctx, const struct node *value);
void fields_zone(void *ctx, const struct node *value);
void fields_profile(void *ctx, const struct node *value);
void fields_dkim(void *ctx, const struct node *value);
void fields_expect(void *ctx, const struct node *value);
/* Of `defaults`: `from` only. */
void fields_expect_default(void *ctx, const struct node *value);
/* When all keys are read: x->expect against x->f->types. */
void fields_expect_check(struct fields_reader *x);

/* The value of `from` in an `expect`; NULL: none. */
const struct node *list_from_key(const struct node *expect);
/*
 * Begins to read x->f->from, of the zone of the entry.  False when it was
 * refused, which is reported.
 */
bool list_from_begin(struct fields_reader *x);
/* As from_step(); what is refused is reported of the entry, too. */
MUST_CHECK int list_from_step(struct fields_reader *x);
/* What it says of w->watch into this; false when memory is short. */
bool list_from_expect(struct watchlist *w);

/* The value of `budget`. */
void list_budget_read(struct watchlist *w, const struct node *value);
/* Before the first watch; 0, or why the list cannot be read a second time. */
MUST_CHECK int list_budget_begin(struct watchlist *w);
/* While w->counter is set: 1: more to come, or -ENOMEM. */
MUST_CHECK int list_budget_step(struct watchlist *w);
/* The intervals of what is about to be told. */
void list_budget_stretch(struct watchlist *w, struct watch *watch);

/*
 * Tells the watch of this name, or begins to tell the addresses of a prefix.
 * `fields` and the name's text must last until the next step.
 */
void list_tell(struct watchlist *w, const struct node *name,
    const struct fields *fields, bool types_given);

/*
 * Tells the watches of a zone: x->zone, by x->profile, with what x->f says of
 * all.  What is wrong is reported.
 */
void list_tell_zone(struct fields_reader *x);

/* Of a name, with its text, and the scripts. */
#define LIST_MIXED                                                             \
	"%s mixes letters of %s; be sure that it is the name you mean"

/*
 * The first address of a prefix into `ip`.  How many it has; 0: more than are
 * taken, which is reported.
 */
uint32_t list_first_address(const struct report *r, struct place at,
    const char *text, const struct prefix *p, uint8_t ip[16]);
/* The name of the address `ip`, which moves on to the next one. */
void list_next_address(
    const struct prefix *p, uint8_t ip[16], struct name *out);

MUST_CHECK int list_yaml_open(struct watchlist *w);
MUST_CHECK int list_csv_open(struct watchlist *w);
MUST_CHECK int list_plain_open(struct watchlist *w);

#endif

/* SPDX-License-Identifier: ISC */
#ifndef CONFIG_FROM_PRIV_H
#define CONFIG_FROM_PRIV_H

/*
 * from -- what the records of a zone are to be, out of a file that its owner
 * keeps anyway: a master file, or a YAML file of octoDNS (by its ending).
 *
 * Read a record at a time, so that a running daemon is not held up.  The last
 * ones are kept while a list is read, since many entries name the same.  A file
 * with an error is refused as a whole: half a zone would expect that records
 * are gone.
 */

#include "base/attr.h"
#include "base/buf.h"
#include "config/watchlist.h"
#include "dns/zonedata.h"
#include "node_priv.h"
#include "report_priv.h"
#include "stream_priv.h"

enum { FROM_SIZE_MAX = 4 * 1024 * 1024, FROM_KEPT_MAX = 8 };

struct from_file;
struct from_files {
	struct from_file *kept[FROM_KEPT_MAX]; /* the last used in front */
	const char *list;                      /* its path, borrowed */
};

/*
 * The file `path` (beside the list), of the zone `apex`; lent until the next
 * call.  0, or -ENOMEM.
 */
MUST_CHECK int from_take(struct from_files *files, struct diag *d,
    const char *path, const struct name *apex, struct from_file **out);
void from_free(struct from_files *files);
/*
 * 1: more to come, 0: read, ERR_SYNTAX: refused, which was reported when it was
 * found, or -ENOMEM.
 */
MUST_CHECK int from_step(struct from_file *f);

/* The zone that a file is named after: DIR/example.com.yaml.  False: none. */
bool from_zone_of(const char *path, struct name *out);

struct from_watch {
	uint16_t types[WATCH_TYPES_MAX];
	size_t n_types;
	struct buf pins;
};
/*
 * What is expected of a name within the zone: `own` pins as they are, and for
 * each other type that is asked what the file says.  Where an alias leads out
 * of the zone CNAME is asked, too.  False when memory is short.
 */
bool from_pins(
    const struct from_file *f, const struct watch *w, struct from_watch *out);

/* The records of one name of a YAML file of octoDNS (octodns.c). */
struct octodns {
	struct report r;
	struct zonedata *zone;
	bool no_memory;
	struct buf text;
	struct buf rdata;
};
void octodns_take(
    struct octodns *x, const struct item *name, const struct node *value);

#endif

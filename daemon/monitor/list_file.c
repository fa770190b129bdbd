/* SPDX-License-Identifier: ISC */

#include "list_file.h"

#include "base/log.h"

enum { STEP = 4096 };

void
list_file_budget(const char *path, const struct watchlist *list)
{
	const struct watchlist_budget b = watchlist_budget(list);

	if (b.stretch > 1)
		log_info("monitor: %s asks for %.2f questions a second, its "
			 "budget is %u: intervals are %g times as long",
		    path, b.wanted, (unsigned)b.per_second, b.stretch);
}

int
list_file_load(const char *path, const struct watch_names *names, watch_fn *fn,
    void *ctx, struct diag *d)
{
	struct watchlist *list = NULL;
	int got = watchlist_open(path, names, fn, ctx, d, &list);

	if (got != 0)
		return got;
	do {
		got = watchlist_step(list, STEP);
	} while (got > 0);
	list_file_budget(path, list);
	watchlist_close(list);
	return got;
}

void
list_file_log(const struct diag *d, uint32_t n_over)
{
	char line[LOG_LINE_MAX];

	for (size_t i = 0; i < d->n_items; i++)
		log_warn(
		    "config: %s", diag_print(&d->items[i], line, sizeof(line)));
	if (d->n_errors + d->n_warnings > d->n_items)
		log_warn("config: %zu problems more",
		    d->n_errors + d->n_warnings - d->n_items);
	if (n_over > 0)
		log_info("monitor: %u watches of the lists are over (`until`)",
		    n_over);
}

/* SPDX-License-Identifier: ISC */
/*
 * What a watchlist costs to read, and its questions to keep.
 *
 *   bench_table LIST...
 *
 * Reads each list twice, into nothing and into a table as the daemon has it,
 * each in a process of its own, and prints "name value unit" lines: CPU is
 * user and system time; bytes are by the table's own count and by the peak of
 * the process above what it had at first.
 */

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/diag.h"
#include "config/watchlist.h"
#include "daemon/monitor/table.h"

struct bench {
	struct table *table; /* NULL: only read */
	unsigned long n_watches;
};

static void
die(const char *what)
{
	fprintf(stderr, "bench_table: %s\n", what);
	exit(1);
}

static void
on_watch(void *ctx, const struct watch *w)
{
	struct bench *b = ctx;
	uint32_t name;

	b->n_watches++;
	if (b->table == NULL)
		return;
	if (policy_of(b->table, w, w->every_s) == POLICY_NONE)
		die("no memory");
	name = table_add_name(b->table, 0, &w->name);
	for (size_t i = 0; i < w->n_types; i++) {
		if (name == NAME_NONE || table_add_type(b->table, name,
					     w->types[i]) == QUESTION_NONE)
			die("no memory");
	}
}

static struct rusage
usage(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return u;
}

static double
seconds(const struct timeval *a, const struct timeval *b)
{
	return (double)(b->tv_sec - a->tv_sec) +
	       (double)(b->tv_usec - a->tv_usec) / 1e6;
}

static void
run(const char *path, bool keep)
{
	struct bench b = {.table = keep ? table_new() : NULL};
	struct rusage first = usage();
	struct diag d = {0};
	struct table_memory m;
	struct rusage last;
	size_t sum;

	if (watchlist_load(path, NULL, on_watch, &b, &d) != 0)
		die("a list that cannot be read");
	last = usage();
	printf("%s %s\n", keep ? "kept" : "read", path);
	printf("watches %lu watches\n", b.n_watches);
	printf("cpu %.2f s\n", seconds(&first.ru_utime, &last.ru_utime) +
				   seconds(&first.ru_stime, &last.ru_stime));
	printf("peak %ld kB\n", last.ru_maxrss - first.ru_maxrss);
	if (!keep)
		return;
	m = table_memory(b.table);
	sum = m.questions + m.names + m.index + m.policies;
	printf("questions %u questions\n", table_count(b.table));
	printf("table %zu kB\n", sum / 1024);
	printf("table_per_question %.1f bytes\n",
	    (double)sum / table_count(b.table));
}

int
main(int argc, char **argv)
{
	for (int i = 2; i < 2 * argc; i++) {
		pid_t pid;
		int status;

		fflush(stdout);
		pid = fork();
		if (pid == 0) {
			run(argv[i / 2], i % 2 != 0);
			fflush(stdout);
			_exit(0);
		}
		if (pid == -1 || waitpid(pid, &status, 0) != pid || status != 0)
			die("a list was not read");
	}
	return 0;
}

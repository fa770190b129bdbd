/* SPDX-License-Identifier: ISC */
#ifndef DNS_PAIR_PRIV_H
#define DNS_PAIR_PRIV_H

/*
 * pair -- sorting two words, in place and without allocation (qsort() may
 * allocate), in n log n steps whatever a stranger put in.
 */

#include <stddef.h>
#include <stdint.h>

struct pair {
	uint64_t a;
	uint64_t b;
};

/* By a, then b. */
void pair_sort(struct pair *pairs, size_t n);
/* Of sorted pairs keeps one of equal ones; returns how many are left. */
size_t pair_unique(struct pair *pairs, size_t n);
/* The first of sorted pairs with this `a` or a greater one; n when none. */
size_t pair_find(const struct pair *pairs, size_t n, uint64_t a);

#endif

/* SPDX-License-Identifier: ISC */
/* pair -- insertion sort for a handful, heap sort for what is hostile. */

#include <stdbool.h>

#include "pair_priv.h"

enum { HANDFUL = 16 };

static inline bool
less(const struct pair *x, const struct pair *y)
{
	return x->a != y->a ? x->a < y->a : x->b < y->b;
}

static void
insert_sort(struct pair *pairs, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct pair moved = pairs[i];
		size_t j = i;

		for (; j > 0 && less(&moved, &pairs[j - 1]); j--)
			pairs[j] = pairs[j - 1];
		pairs[j] = moved;
	}
}

static void
sift_down(struct pair *pairs, size_t at, size_t n)
{
	struct pair moved = pairs[at];

	for (;;) {
		size_t child = 2 * at + 1;
		if (child >= n)
			break;
		if (child + 1 < n && less(&pairs[child], &pairs[child + 1]))
			child++;
		if (!less(&moved, &pairs[child]))
			break;
		pairs[at] = pairs[child];
		at = child;
	}
	pairs[at] = moved;
}

void
pair_sort(struct pair *pairs, size_t n)
{
	if (n <= HANDFUL) {
		insert_sort(pairs, n);
		return;
	}
	for (size_t i = n / 2; i > 0; i--)
		sift_down(pairs, i - 1, n);
	for (size_t i = n - 1; i > 0; i--) {
		struct pair top = pairs[0];
		pairs[0] = pairs[i];
		pairs[i] = top;
		sift_down(pairs, 0, i);
	}
}

size_t
pair_unique(struct pair *pairs, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (kept == 0 || less(&pairs[kept - 1], &pairs[i]))
			pairs[kept++] = pairs[i];
	}
	return kept;
}

size_t
pair_find(const struct pair *pairs, size_t n, uint64_t a)
{
	size_t low = 0;

	while (low < n) {
		size_t mid = low + (n - low) / 2;
		if (pairs[mid].a < a)
			low = mid + 1;
		else
			n = mid;
	}
	return low;
}

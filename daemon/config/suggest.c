/* SPDX-License-Identifier: ISC */

/*
 * Edit distance with neighbours swapped as one edit (optimal string
 * alignment), over words of at most WORD_MAX characters.
 */

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "suggest_priv.h"

enum { WORD_MAX = 32 };

static bool
same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned
distance(const char *a, const char *b)
{
	unsigned row[WORD_MAX + 1][WORD_MAX + 1];
	size_t a_len = strlen(a);
	size_t b_len = strlen(b);

	if (a_len > WORD_MAX || b_len > WORD_MAX)
		return WORD_MAX;
	for (size_t i = 0; i <= a_len; i++)
		row[i][0] = (unsigned)i;
	for (size_t j = 0; j <= b_len; j++)
		row[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		for (size_t j = 1; j <= b_len; j++) {
			unsigned cost = !same(a[i - 1], b[j - 1]);
			unsigned d = row[i - 1][j - 1] + cost;

			d = least(d, row[i - 1][j] + 1);
			d = least(d, row[i][j - 1] + 1);
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) &&
			    same(a[i - 2], b[j - 1]))
				d = least(d, row[i - 2][j - 2] + 1);
			row[i][j] = d;
		}
	}
	return row[a_len][b_len];
}

const char *
suggest(const char *typed, const char *const *known, size_t n)
{
	const char *best = NULL;
	unsigned best_distance = 1 + least(3, (unsigned)strlen(typed) / 3 + 1);

	for (size_t i = 0; i < n; i++) {
		unsigned d = distance(typed, known[i]);

		if (d < best_distance && d < strlen(known[i])) {
			best = known[i];
			best_distance = d;
		}
	}
	return best;
}

char *
suggest_list(const char *const *known, size_t n, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < n && used < size; i++) {
		const char *between = i == 0 ? "" : i + 1 == n ? " or " : ", ";

		used += (size_t)snprintf(
		    out + used, size - used, "%s%s", between, known[i]);
	}
	return out;
}

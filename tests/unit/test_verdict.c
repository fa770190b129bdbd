/* SPDX-License-Identifier: ISC */
/* room: judge */

/*
 * R19: what the witnesses of a change come to, in a word.  Each row is a set
 * of witnesses; a letter is what one says of the change, by its place in time:
 *
 *   n  something new from a cache        N  ... as a server of the zone
 *   o  what is believed, fetched later   O  ... as a server of the zone
 *   x  what is believed, out of a cache that may be older
 *   f  something new, from one that filters
 *   S  something new, from a server of the zone that was asked as such
 *   D  what is believed, from such a one, in the same moment
 *   s  something new, served stale       -  no answer
 *   L  no answer, of such a one that lagged when it last gave one
 *   l  no answer, of such a one that did not
 */

#include <string.h>

#include "unit.h"

#include "judge/verdict.h"

static const uint8_t old_rdata[] = {192, 0, 2, 1};
static const uint8_t new_rdata[] = {198, 51, 100, 9};
static struct record old_a = {.type = 1, .size = 4, .rdata = old_rdata};
static struct record new_a = {.type = 1, .size = 4, .rdata = new_rdata};
static const struct content believed = {
    .outcome = OUTCOME_ANSWER, .records = &old_a, .n_records = 1};
static const struct content changed = {
    .outcome = OUTCOME_ANSWER, .records = &new_a, .n_records = 1};

static struct witness
witness_of(char what, uint8_t group, unsigned i)
{
	wall_us at = WALL_S(1000 + (wall_us)i);
	struct witness w = {.at = at,
	    .last_at = at,
	    .fetched_after = at,
	    .count = 1,
	    .group = group,
	    .fail = FAIL_NOT,
	    .content = &changed};

	w.aa = strchr("NOSD", what) != NULL;
	w.source = what != '\0' && strchr("SDLl", what) != NULL;
	if (strchr("oOxD", what) != NULL)
		w.content = &believed;
	if (what == 'x')
		w.fetched_after = WALL_S(500);
	w.filtered = what == 'f';
	w.stale = what == 's';
	w.lags = what == 'L';
	if (strchr("-Ll", what) != NULL) {
		w.fail = FAIL_TIMEOUT;
		w.content = NULL;
	}
	return w;
}

static void
test_verdict_sums_up_who_says_what(void **state)
{
	/* Witnesses, the group of each, and what it comes to. */
	static const char *const rows[][3] = {
	    {"", "", "unknown"},
	    {"-", "1", "unknown"},
	    {"o", "1", "unknown"},
	    {"s", "1", "unknown"},
	    {"n", "1", "cache-only"},
	    {"nn", "11", "cache-only"},
	    {"nn", "12", "cache-only"},
	    {"nx", "12", "cache-only"},
	    {"n-", "12", "cache-only"},
	    {"no", "12", "one-server-differs"},
	    {"no", "11", "one-server-differs"},
	    {"nno", "112", "one-server-differs"},
	    {"nno", "123", "cache-only"},
	    {"N", "1", "authoritative-change"},
	    {"NN", "12", "authoritative-change"},
	    {"Nx", "12", "authoritative-change"},
	    {"NO", "12", "spreading"},
	    {"nNO", "123", "spreading"},
	    {"Nn", "12", "cache-only"},
	    {"No", "12", "one-server-differs"},
	    {"nO", "12", "cache-only"},
	    {"nS", "12", "authoritative-change"},
	    {"S", "1", "authoritative-change"},
	    {"nSD", "123", "spreading"},
	    {"SD", "12", "spreading"},
	    {"nSO", "123", "authoritative-change"}, /* a resolver's AA */
	    {"Sl", "12", "authoritative-change"},
	    {"SS", "11", "authoritative-change"},
	    {"SL", "12", "spreading"},
	    {"LS", "12", "spreading"},
	    {"SSL", "112", "spreading"},
	    {"SlL", "123", "spreading"},
	    {"nL", "12", "cache-only"},
	    {"L", "1", "unknown"},
	    {"ND", "12", "cache-only"},
	    {"nD", "12", "cache-only"},
	    {"nDD", "123", "cache-only"},
	    {"f", "1", "filtered"},
	    {"fo", "12", "filtered"},
	    {"fn", "12", "cache-only"},
	    {"fno", "123", "one-server-differs"},
	};

	(void)state;
	for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
		struct witness w[4];
		size_t n = strlen(rows[r][0]);

		for (unsigned i = 0; i < n; i++)
			w[i] = witness_of(
			    rows[r][0][i], (uint8_t)(rows[r][1][i] - '0'), i);
		if (strcmp(verdict_text(verdict_of(&believed, w, n)),
			rows[r][2]) != 0)
			fail_msg("%s of %s is %s, wanted %s", rows[r][0],
			    rows[r][1],
			    verdict_text(verdict_of(&believed, w, n)),
			    rows[r][2]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_verdict_sums_up_who_says_what),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */

#include "schedule/entry.h"

#include <stddef.h>

/* TTLs that are common are among them; none is far from the next. */
static const uint32_t steps[] = {5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240,
    300, 450, 600, 900, 1200, 1800, 2700, 3600, 5400, 7200, 10800, 14400, 21600,
    28800, 43200, 64800, 86400, 129600, 172800, 259200, 432000, 604800, 1209600,
    2592000, INT32_MAX};

enum { N_STEPS = sizeof(steps) / sizeof(steps[0]) };

uint32_t
entry_slack_s(uint32_t every_s)
{
	return 2 + every_s / 10;
}

uint32_t
entry_step_s(uint32_t ttl_s, uint32_t every_s)
{
	size_t i = 0;

	if ((uint64_t)ttl_s + entry_slack_s(every_s) < every_s)
		return 0;
	while (i < N_STEPS - 1 && steps[i] < ttl_s)
		i++;
	return steps[i];
}

uint32_t
entry_least_s(uint32_t step_s)
{
	uint32_t least = 0;

	for (size_t i = 0; i < N_STEPS && steps[i] < step_s; i++)
		least = steps[i] + 1;
	return step_s == 0 ? 0 : least;
}

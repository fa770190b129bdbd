/* SPDX-License-Identifier: ISC */

/*
 * When a digest of the day is told:
 *
 *	digest: {at: "08:00", timezone: Europe/Vienna}
 */

#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "reader_priv.h"

struct digest {
	struct reader *x;
	const struct node *at;
	const struct node *zone;
};

static void
take_at(void *ctx, const struct node *value)
{
	((struct digest *)ctx)->at = value;
}

static void
take_zone(void *ctx, const struct node *value)
{
	((struct digest *)ctx)->zone = value;
}

static int
two_digits(const char *p)
{
	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return -1;
	return (p[0] - '0') * 10 + (p[1] - '0');
}

static bool
read_clock(struct reader *x, const struct node *value, unsigned *minutes)
{
	const char *text = node_text(value, "at", &x->r);
	int hour = -1;
	int minute = -1;

	if (text == NULL)
		return false;
	if (strlen(text) == 5 && text[2] == ':') {
		hour = two_digits(text);
		minute = two_digits(text + 3);
	}
	if (hour >= 0 && hour < 24 && minute >= 0 && minute < 60) {
		*minutes = (unsigned)(hour * 60 + minute);
		return true;
	}
	report_error(&x->r, value->at,
	    "`%.64s` is no time of a day; write \"08:00\"", text);
	return false;
}

void
read_digest(void *ctx, const struct node *value)
{
	static const struct key keys[] = {
	    {"at", take_at},
	    {"timezone", take_zone},
	};
	struct digest d = {.x = ctx};
	struct reader *x = ctx;
	struct civil_daily times;
	const char *zone = "UTC";

	if (value->kind == NODE_SCALAR && strcmp(value->text, "none") == 0)
		return;
	if (!node_walk(value, "`digest`", keys, sizeof(keys) / sizeof(keys[0]),
		&x->r, &d))
		return;
	if (d.at == NULL) {
		report_error(&x->r, value->at,
		    "a digest without a time; add `at: \"08:00\"`");
		return;
	}
	if (d.zone != NULL)
		zone = node_text(d.zone, "timezone", &x->r);
	if (zone == NULL || !read_clock(x, d.at, &x->c->digest_minutes))
		return;
	if (civil_daily(0, zone, 0, &times) != CIVIL_GOOD) {
		report_error(&x->r, d.zone->at, "`%.64s` %s", zone,
		    civil_fault_text(CIVIL_UNKNOWN_ZONE));
		return;
	}
	x->c->digest_zone = reader_text(x, zone);
}

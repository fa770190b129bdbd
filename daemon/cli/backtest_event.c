/* SPDX-License-Identifier: ISC */

#include "backtest_event.h"

#include <string.h>

#include "dns/attribute.h"
#include "dns/pin.h"

bool
backtest_event_of_servers(const char *event)
{
	static const char *const kinds[] = {"spreading", "split", "converged",
	    "serial-backwards", "lame", "lame-ended", "server-silent",
	    "server-answers", "tcp-broken", "tcp-works", "edns-broken",
	    "edns-works", "split-delegation", "delegation-agrees"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(event, kinds[i]) == 0)
			return true;
	return false;
}

static bool
expects(const struct backtest_watch *w, uint16_t type)
{
	struct record room[PIN_RECORDS_MAX];
	struct pin pin;

	for (size_t i = 0; i < w->n_pins; i++) {
		const uint8_t *at = w->pins[i].pins;

		while (pin_next(
		    &at, w->pins[i].pins + w->pins[i].size, room, &pin))
			if (pin.type == type)
				return true;
	}
	return false;
}

static bool
begins(const char *event, const char *with)
{
	return strncmp(event, with, strlen(with)) == 0;
}

/* Those that a whole configuration switches. */
static bool
is_configured(const struct config *c, const char *event)
{
	if (begins(event, "plan-"))
		return c->n_plans > 0;
	if (begins(event, "views-"))
		return c->differ_after_s != 0;
	if (begins(event, "signatures-"))
		return c->signatures_ahead_s != 0;
	if (begins(event, "dangling"))
		return c->dangling_every_s != 0;
	if (begins(event, "wildcard"))
		return c->wildcard_every_s != 0;
	if (strcmp(event, "unlisted") == 0)
		return c->wildcard_every_s != 0 && c->n_labels > 0;
	if (strcmp(event, "digest") == 0)
		return c->digest_zone != NULL;
	return true;
}

bool
backtest_event_asked(const struct config *c, const struct backtest_watch *w,
    const char *event, uint16_t type)
{
	for (unsigned i = 0; i < N_ATTRIBUTES; i++)
		if (strcmp(event, attribute_text((enum attribute)i)) == 0)
			return (w->attributes >> i & 1) != 0;
	if (strcmp(event, "deviates") == 0 || strcmp(event, "conforms") == 0)
		return expects(w, type);
	if (strcmp(event, "baseline") == 0)
		return w->tell_baseline;
	if (strcmp(event, "woke") == 0)
		return !w->never_idle;
	if (strcmp(event, "life") == 0 || strcmp(event, "life-marked") == 0)
		return w->hostile;
	if (begins(event, "dangling") || begins(event, "wildcard") ||
	    strcmp(event, "unlisted") == 0)
		return w->owned && !w->hostile && is_configured(c, event);
	return is_configured(c, event);
}

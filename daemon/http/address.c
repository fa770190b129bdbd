/* SPDX-License-Identifier: ISC */

/*
 * Which addresses a webhook may not reach (T1).
 *
 * The URL's text is never looked at: 0x7f.1, 2130706433, a name that resolves
 * to 10.0.0.1 at the second look - whatever it says, in the end there is one
 * address in a connect(), and that is what is judged here.
 *
 * For IPv4 the special ranges are listed (IANA special-purpose registry).  For
 * IPv6 it is the other way round: only 2000::/3 is given out for the public,
 * so the rest is refused, then the special parts of 2000::/3.
 *
 * Documentation ranges are refused too: no receiver is there, and a URL copied
 * out of a manual is better told at once than by a timeout.
 */

#include <netinet/in.h>
#include <string.h>

#include "transfer_priv.h"

struct range {
	uint8_t ip[16];
	uint8_t len;
};

static const struct range special_v4[] = {
    {{0}, 8},                 /* this network */
    {{10}, 8},                /* private */
    {{100, 64}, 10},          /* shared by carriers; a cloud's metadata */
    {{127}, 8},               /* loopback */
    {{168, 63, 129, 16}, 32}, /* a cloud's host agent, in public space */
    {{169, 254}, 16},         /* link-local; metadata of clouds */
    {{172, 16}, 12},          /* private */
    {{192, 0, 0}, 24},        /* IETF protocol assignments */
    {{192, 0, 2}, 24},        /* documentation */
    {{192, 88, 99}, 24},      /* 6to4 relays, deprecated */
    {{192, 168}, 16},         /* private */
    {{198, 18}, 15},          /* benchmarks */
    {{198, 51, 100}, 24},     /* documentation */
    {{203, 0, 113}, 24},      /* documentation */
    {{224}, 4},               /* multicast */
    {{240}, 4},               /* reserved, and broadcast */
};

static const struct range public_v6 = {{0x20}, 3};

static const struct range special_v6[] = {
    {{0x20, 0x01}, 23},             /* protocols: Teredo, ORCHID, ... */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x20, 0x02}, 16},             /* 6to4: carries any IPv4 address */
    {{0x3f, 0xff}, 20},             /* documentation (RFC 9637) */
};

/* An IPv4 address as the last four bytes of an IPv6 one. */
static const struct range mapped = {{[10] = 0xff, 0xff}, 96};
static const struct range nat64 = {{0x00, 0x64, 0xff, 0x9b}, 96};

static bool
range_has(const struct range *range, uint8_t family, const struct addr *a)
{
	struct prefix p = {.family = family, .len = range->len};

	memcpy(p.ip, range->ip, sizeof(p.ip));
	return prefix_has(&p, a);
}

static bool
any_has(const struct range *ranges, size_t n, const struct addr *a)
{
	for (size_t i = 0; i < n; i++)
		if (range_has(&ranges[i], a->family, a))
			return true;
	return false;
}

static struct addr
embedded(const struct addr *a)
{
	struct addr v4 = {.family = AF_INET, .port = a->port};

	memcpy(v4.ip, a->ip + 12, 4);
	return v4;
}

static bool
is_special_v4(const struct addr *a)
{
	return any_has(
	    special_v4, sizeof(special_v4) / sizeof(special_v4[0]), a);
}

bool
http_address_is_private(const struct addr *a)
{
	struct addr v4;

	if (a->family == AF_INET)
		return is_special_v4(a);
	if (a->family != AF_INET6)
		return true;
	/*
	 * Mapped: the system itself connects to the IPv4 address.  NAT64: a
	 * translator does, and it is the only way out of a network without
	 * IPv4, so it is as good as the address inside.
	 */
	if (range_has(&mapped, AF_INET6, a) || range_has(&nat64, AF_INET6, a)) {
		v4 = embedded(a);
		return is_special_v4(&v4);
	}
	return !range_has(&public_v6, AF_INET6, a) ||
	       any_has(
		   special_v6, sizeof(special_v6) / sizeof(special_v6[0]), a);
}

bool
address_is_allowed(
    const struct addr *a, const struct prefix *allow, size_t n_allow)
{
	struct addr v4 = *a;

	/* An operator who allows 127.0.0.0/8 means ::ffff:127.0.0.1 as well. */
	if (a->family == AF_INET6 && range_has(&mapped, AF_INET6, a))
		v4 = embedded(a);
	for (size_t i = 0; i < n_allow; i++)
		if (prefix_has(&allow[i], a) || prefix_has(&allow[i], &v4))
			return true;
	return !http_address_is_private(a);
}

/* SPDX-License-Identifier: ISC */
/*
 * open -- which addresses may be asked because somebody's zone says so.
 *
 * Whoever delegates a zone chooses whom we send to.  What IANA's registries of
 * special-purpose addresses (RFC 6890 and its heirs) do not call globally
 * reachable is left out, whole blocks even where a host in them is, and so
 * are multicast and the relays of 6to4; of IPv6 only 2000::/3 is in use.
 */

#include <string.h>

#include "finder_priv.h"

static const struct prefix closed[] = {
    {.family = AF_INET, .len = 8, .ip = {0}},
    {.family = AF_INET, .len = 8, .ip = {10}},
    {.family = AF_INET, .len = 10, .ip = {100, 64}},
    {.family = AF_INET, .len = 8, .ip = {127}},
    {.family = AF_INET, .len = 16, .ip = {169, 254}},
    {.family = AF_INET, .len = 12, .ip = {172, 16}},
    {.family = AF_INET, .len = 24, .ip = {192, 0, 0}},
    {.family = AF_INET, .len = 24, .ip = {192, 0, 2}},
    {.family = AF_INET, .len = 24, .ip = {192, 88, 99}},
    {.family = AF_INET, .len = 16, .ip = {192, 168}},
    {.family = AF_INET, .len = 15, .ip = {198, 18}},
    {.family = AF_INET, .len = 24, .ip = {198, 51, 100}},
    {.family = AF_INET, .len = 24, .ip = {203, 0, 113}},
    {.family = AF_INET, .len = 3, .ip = {224}},          /* with 240.0.0.0/4 */
    {.family = AF_INET6, .len = 23, .ip = {0x20, 0x01}}, /* Teredo, ... */
    {.family = AF_INET6, .len = 32, .ip = {0x20, 0x01, 0x0d, 0xb8}},
    {.family = AF_INET6, .len = 16, .ip = {0x20, 0x02}}, /* 6to4 */
    {.family = AF_INET6, .len = 20, .ip = {0x3f, 0xff}},
};

bool
addr_is_open(const struct addr *a)
{
	/* IPv4 in IPv6, ::1, fc00::/7, fe80::/10, ff00::/8 are outside. */
	if (a->family == AF_INET6 && (a->ip[0] & 0xe0) != 0x20)
		return false;
	for (size_t i = 0; i < sizeof closed / sizeof closed[0]; i++) {
		if (prefix_has(&closed[i], a))
			return false;
	}
	return true;
}

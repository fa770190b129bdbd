/* SPDX-License-Identifier: ISC */

/* Addresses as people write them (RFC 5952 and RFC 4007 for the zone). */

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/err.h"

static size_t
ip_size(uint8_t family)
{
	return family == AF_INET ? 4 : 16;
}

static bool
is_link_local(const struct addr *a)
{
	return a->family == AF_INET6 && a->ip[0] == 0xfe &&
	       (a->ip[1] & 0xc0) == 0x80;
}

/* Digits only, no more than `max`; -1 otherwise. */
static long
read_number(const char *text, long max)
{
	long v = 0;

	if (*text == '\0')
		return -1;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		v = v * 10 + (*text - '0');
		if (v > max)
			return -1;
	}
	return v;
}

/* The zone of "fe80::1%eth0": an interface of this machine, or its number. */
static int
read_scope(const char *zone, struct addr *out)
{
	long number = read_number(zone, UINT32_MAX);

	if (!is_link_local(out))
		return ERR_SYNTAX;
	out->scope = number > 0 ? (uint32_t)number : if_nametoindex(zone);
	return out->scope != 0 ? 0 : ERR_SYNTAX;
}

/* An address alone; cuts `text` at a zone. */
static int
read_ip(char *text, struct addr *out)
{
	char *zone;

	if (inet_pton(AF_INET, text, out->ip) == 1) {
		out->family = AF_INET;
		return 0;
	}
	zone = strchr(text, '%');
	if (zone != NULL)
		*zone++ = '\0';
	if (inet_pton(AF_INET6, text, out->ip) != 1)
		return ERR_SYNTAX;
	out->family = AF_INET6;
	return zone == NULL ? 0 : read_scope(zone, out);
}

/* Cuts "[2001:db8::1]:53" or "192.0.2.1:53" into *ip and *port, else ERR_*. */
static int
split_port(char *text, char **ip, char **port)
{
	char *end;

	*ip = text;
	*port = NULL;
	if (text[0] == '[') {
		end = strchr(text, ']');
		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return ERR_SYNTAX;
		*ip = text + 1;
		*port = end[1] == ':' ? end + 2 : NULL;
		*end = '\0';
		return strchr(*ip, ':') != NULL ? 0 : ERR_SYNTAX;
	}
	end = strchr(text, ':');
	if (end == NULL || strchr(end + 1, ':') != NULL)
		return 0;
	*port = end + 1;
	*end = '\0';
	return 0;
}

int
addr_parse(const char *text, uint16_t port_default, struct addr *out)
{
	char copy[ADDR_TEXT_SIZE];
	struct addr a = {.port = port_default};
	char *ip;
	char *port;
	long number;

	if (strlen(text) >= sizeof(copy))
		return ERR_SYNTAX;
	memcpy(copy, text, strlen(text) + 1);
	if (split_port(copy, &ip, &port) != 0 || read_ip(ip, &a) != 0)
		return ERR_SYNTAX;
	if (port != NULL) {
		number = read_number(port, UINT16_MAX);
		if (number < 1)
			return ERR_SYNTAX;
		a.port = (uint16_t)number;
	}
	*out = a;
	return 0;
}

char *
addr_print_ip(const struct addr *a, char out[ADDR_TEXT_SIZE])
{
	size_t size;

	if (inet_ntop(a->family, a->ip, out, ADDR_TEXT_SIZE) == NULL) {
		snprintf(out, ADDR_TEXT_SIZE, "?");
		return out;
	}
	if (a->scope != 0 && is_link_local(a)) {
		size = strlen(out);
		snprintf(out + size, ADDR_TEXT_SIZE - size, "%%%u",
		    (unsigned)a->scope);
	}
	return out;
}

char *
addr_print(const struct addr *a, char out[ADDR_TEXT_SIZE])
{
	char ip[ADDR_TEXT_SIZE];
	bool v6 = a->family == AF_INET6;

	if (a->port == 0)
		return addr_print_ip(a, out);
	snprintf(out, ADDR_TEXT_SIZE, "%s%s%s:%u", v6 ? "[" : "",
	    addr_print_ip(a, ip), v6 ? "]" : "", (unsigned)a->port);
	return out;
}

bool
addr_equal(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && a->port == b->port &&
	       a->scope == b->scope &&
	       memcmp(a->ip, b->ip, ip_size(a->family)) == 0;
}

socklen_t
addr_to_sockaddr(const struct addr *a, struct sockaddr_storage *out)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

	memset(out, 0, sizeof(*out));
	if (a->family == AF_INET) {
		v4.sin_port = htons(a->port);
		memcpy(&v4.sin_addr, a->ip, 4);
		memcpy(out, &v4, sizeof(v4));
		return sizeof(v4);
	}
	v6.sin6_port = htons(a->port);
	v6.sin6_scope_id = a->scope;
	memcpy(&v6.sin6_addr, a->ip, 16);
	memcpy(out, &v6, sizeof(v6));
	return sizeof(v6);
}

int
addr_from_sockaddr(const struct sockaddr *sa, struct addr *out)
{
	struct addr a = {.family = (uint8_t)sa->sa_family};
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (sa->sa_family == AF_INET) {
		memcpy(&v4, sa, sizeof(v4));
		a.port = ntohs(v4.sin_port);
		memcpy(a.ip, &v4.sin_addr, 4);
	} else if (sa->sa_family == AF_INET6) {
		memcpy(&v6, sa, sizeof(v6));
		a.port = ntohs(v6.sin6_port);
		a.scope = v6.sin6_scope_id;
		memcpy(a.ip, &v6.sin6_addr, 16);
	} else {
		return -EAFNOSUPPORT;
	}
	*out = a;
	return 0;
}

int
prefix_parse(const char *text, struct prefix *out)
{
	char copy[ADDR_TEXT_SIZE];
	struct addr a = {0};
	char *slash;
	long len;
	long len_max;

	if (strlen(text) >= sizeof(copy))
		return ERR_SYNTAX;
	memcpy(copy, text, strlen(text) + 1);
	slash = strchr(copy, '/');
	if (slash != NULL)
		*slash++ = '\0';
	if (strchr(copy, '%') != NULL || read_ip(copy, &a) != 0)
		return ERR_SYNTAX;
	len_max = (long)ip_size(a.family) * 8;
	len = slash == NULL ? len_max : read_number(slash, len_max);
	if (len < 0)
		return ERR_SYNTAX;
	*out = (struct prefix){.family = a.family, .len = (uint8_t)len};
	memcpy(out->ip, a.ip, sizeof(out->ip));
	return 0;
}

bool
prefix_has(const struct prefix *p, const struct addr *a)
{
	size_t whole = p->len / 8;
	unsigned rest = p->len % 8;

	if (p->family != a->family || memcmp(p->ip, a->ip, whole) != 0)
		return false;
	return rest == 0 || (p->ip[whole] ^ a->ip[whole]) >> (8 - rest) == 0;
}

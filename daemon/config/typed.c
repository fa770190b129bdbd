/* SPDX-License-Identifier: ISC */

/*
 * Nearly every name is letters, digits, dots and hyphens and takes the short
 * way.  The rest is unwrapped step by step - blanks, brackets of defanging,
 * scheme, user, port - into one host, which then is an address, a prefix or a
 * name.
 */

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "config/typed.h"
#include "dns/name.h"
#include "idn_priv.h"
#include "utf8_priv.h"

enum { HOST_ROOM = 2048 }; /* the worst name has 1,016 characters of text */

/* The text on its way to a host. */
struct draft {
	char text[HOST_ROOM];
	char *host;
	bool cut; /* what was typed did not fit; a URL's path may be lost */
	const char *why;
};

/* Blanks of any kind around a name, as copied from a page or a sheet. */
static size_t
blank_size(const char *text, size_t size)
{
	static const char *const wide[] = {
	    "\xc2\xa0", "\xe2\x80\x8b", "\xef\xbb\xbf"};

	if (size > 0 && strchr(" \t\r\n", text[0]) != NULL && text[0] != '\0')
		return 1;
	for (size_t i = 0; i < 3; i++) {
		size_t n = strlen(wide[i]);

		if (size >= n && memcmp(text, wide[i], n) == 0)
			return n;
	}
	return 0;
}

static void
trim(const char **text, size_t *size)
{
	size_t n;

	while ((n = blank_size(*text, *size)) > 0) {
		*text += n;
		*size -= n;
	}
	for (;;) {
		size_t before = *size;

		for (n = 1; n <= 3 && n <= *size; n++) {
			if (blank_size(*text + *size - n, n) == n)
				*size -= n;
		}
		if (*size == before)
			return;
	}
}

/* What cannot be in any form of a name, told before it is taken apart. */
static const char *
find_fault(const char *text, size_t size)
{
	if (size == 0)
		return "empty name";
	if (memchr(text, '\0', size) != NULL)
		return "a NUL inside a name; remove it";
	if (memchr(text, '\n', size) != NULL ||
	    memchr(text, '\r', size) != NULL)
		return "a line break inside a name; write one name per line";
	if (utf8_check(text, size) != size)
		return "not UTF-8; save the file as UTF-8";
	return NULL;
}

/* Spellings that keep a name from being clicked, and what they mean. */
static const char *
refang(const char *text, size_t size, size_t *used)
{
	static const struct {
		const char *typed;
		const char *meant;
	} forms[] = {{"[.]", "."}, {"(.)", "."}, {"{.}", "."}, {"[dot]", "."},
	    {"(dot)", "."}, {"{dot}", "."}, {"[://]", "://"}, {"[:]", ":"},
	    {"[/]", "/"}, {"[.", "."}, {".]", "."}};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		size_t n = strlen(forms[i].typed);

		if (size >= n && strncasecmp(text, forms[i].typed, n) == 0) {
			*used = n;
			return forms[i].meant;
		}
	}
	return NULL;
}

static void
take_text(struct draft *d, const char *text, size_t size)
{
	size_t at = 0;

	for (size_t i = 0; i < size;) {
		size_t used = 1;
		const char *meant = strchr("[({.", text[i]) == NULL
		                        ? NULL
		                        : refang(text + i, size - i, &used);
		size_t n = meant == NULL ? 1 : strlen(meant);

		if (at + n >= sizeof(d->text)) {
			d->cut = true;
			break;
		}
		memcpy(d->text + at, meant == NULL ? text + i : meant, n);
		at += n;
		i += used;
	}
	d->text[at] = '\0';
	d->host = d->text;
}

/* "scheme://" or "//" in front; its size, or 0. */
static size_t
scheme_size(const char *text)
{
	size_t n = 0;

	if (strncmp(text, "//", 2) == 0)
		return 2;
	while (isalnum((unsigned char)text[n]) ||
	       (text[n] != '\0' && strchr("+.-", text[n]) != NULL))
		n++;
	return n > 0 && strncmp(text + n, "://", 3) == 0 ? n + 3 : 0;
}

/* "[2001:db8::1]:443" or "host:443" down to the host. */
static bool
drop_port(struct draft *d)
{
	char *colon;
	char *end;

	if (d->host[0] == '[') {
		end = strchr(d->host, ']');
		d->why = "a bracket that is not closed";
		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return false;
		*end = '\0';
		d->host++;
		return true;
	}
	colon = strchr(d->host, ':');
	if (colon == NULL || strchr(colon + 1, ':') != NULL)
		return true; /* An IPv6 address has more than one. */
	d->why = "a `:` inside a name; write only the host name";
	if (colon[1 + strspn(colon + 1, "0123456789")] != '\0')
		return false;
	*colon = '\0';
	return true;
}

/* Would a person take it for an address? */
static bool
is_numeric(const char *host)
{
	bool digits = strpbrk(host, "0123456789") != NULL;

	if (strchr(host, ':') != NULL)
		return host[strspn(host, "0123456789abcdefABCDEF:./%")] == '\0';
	return digits && host[strspn(host, "0123456789./")] == '\0';
}

static bool
is_arpa(const char *host)
{
	size_t n = strlen(host);

	n -= n > 0 && host[n - 1] == '.';
	return n > 5 && strncasecmp(host + n - 5, ".arpa", 5) == 0;
}

/*
 * Without a scheme a `/` ends the host too, unless it belongs to a prefix or
 * to a reverse name (RFC 2317).
 */
static bool
unwrap_bare(struct draft *d)
{
	char *slash = strchr(d->host, '/');

	if (slash == NULL)
		return !d->cut && drop_port(d);
	if (is_numeric(d->host) || is_arpa(d->host))
		return !d->cut;
	*slash = '\0';
	return drop_port(d);
}

static bool
unwrap(struct draft *d)
{
	size_t skip = scheme_size(d->host);
	size_t size;
	char *user;

	d->why = "name longer than 255 octets";
	if (skip == 0)
		return unwrap_bare(d);
	d->host += skip;
	size = strcspn(d->host, "/?#\\");
	if (d->cut && d->host[size] == '\0')
		return false;
	d->host[size] = '\0';
	user = strrchr(d->host, '@');
	if (user != NULL)
		d->host = user + 1;
	d->why = "a URL without a host";
	return d->host[0] != '\0' && drop_port(d);
}

/* Signs that are surely not meant as part of a name; escaped they are. */
static const char *
find_sign(const char *host)
{
	for (const char *p = host; *p != '\0'; p++) {
		if (*p == '\\' && p[1] != '\0') {
			p++;
			continue;
		}
		switch (*p) {
		case ' ':
		case '\t':
			return "a blank inside a name; write one name per line";
		case '@':
			return "a `@` inside a name; write only what is "
			       "behind it";
		case '/':
			if (is_arpa(host)) /* RFC 2317 */
				break;
			return "a `/` inside a name; write only the host name";
		case ':':
			return "a `:` inside a name; write only the host name";
		case ',':
		case ';':
			return "a comma or semicolon inside a name; write one "
			       "name per line";
		default:
			if (strchr("\"'`()[]{}<>|%?#!^~", *p) != NULL)
				return "a sign that no host name has; write "
				       "only the host name";
		}
	}
	return NULL;
}

/* The escape \000: a fine name on the wire, a slip or a trick in a list. */
static bool
has_nul(const struct name *name)
{
	for (size_t at = 0; name->wire[at] != 0; at += name->wire[at] + 1u) {
		if (memchr(name->wire + at + 1, 0, name->wire[at]) != NULL)
			return true;
	}
	return false;
}

static void
take_host(struct draft *d, const char *host, struct typed *out)
{
	if (is_numeric(host)) {
		out->kind = TYPED_PREFIX;
		if (prefix_parse(host, &out->prefix) == 0)
			return;
		out->kind = TYPED_BAD;
		out->why = "no address or prefix; write 192.0.2.1, "
			   "192.0.2.0/28 or 2001:db8::1";
		return;
	}
	d->why = find_sign(host);
	if (d->why == NULL && host[0] == '*' &&
	    (host[1] == '.' || host[1] == '\0'))
		d->why = "a wildcard cannot be asked; name the hosts that "
			 "matter to you";
	if (d->why != NULL || name_parse(host, &out->name, &d->why) != 0) {
		out->kind = TYPED_BAD;
		out->why = d->why;
	} else if (has_nul(&out->name)) {
		out->kind = TYPED_BAD;
		out->why = "a NUL inside a label";
	}
}

static void
read_slowly(const char *text, size_t size, struct typed *out)
{
	struct draft d = {.host = NULL};
	char ascii[HOST_ROOM];

	out->kind = TYPED_BAD;
	out->why = find_fault(text, size);
	if (out->why != NULL)
		return;
	take_text(&d, text, size);
	if (!unwrap(&d)) {
		out->why = d.why;
		return;
	}
	for (const char *p = d.host; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x80)
			continue;
		if (!idn_to_ascii(
			d.host, ascii, sizeof(ascii), &out->why, &out->mixed))
			return;
		d.host = ascii;
		break;
	}
	out->kind = TYPED_NAME;
	take_host(&d, d.host, out);
}

void
typed_read(const char *text, size_t size, struct typed *out)
{
	out->kind = TYPED_NAME;
	out->mixed = NULL;
	out->why = NULL;
	if (name_parse_host(text, size, &out->name))
		return;
	trim(&text, &size);
	if (!name_parse_host(text, size, &out->name))
		read_slowly(text, size, out);
}

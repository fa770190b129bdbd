/* SPDX-License-Identifier: ISC */
/*
 * svcb -- see svcb_priv.h.
 *
 *   ECHConfigList  = size(2) ECHConfig...
 *   ECHConfig      = version(2) size(2) contents
 *   contents       = id(1) kem(2) key<2> suites<2> longest(1) name<1> ext<2>
 *
 * where <n> is a vector behind its size in n octets.
 */

#include <stdbool.h>
#include <string.h>

#include "dns/name.h"
#include "svcb_priv.h"
#include "wire_priv.h"

enum {
	KEY_ECH = 5,
	PARAM_HEAD = 4,
	CONFIG_HEAD = 4,
	VERSION_ECH = 0xfe0d,
	SUITE_SIZE = 4,
	/* Of the smallest contents: a key of one octet, one suite ... */
	NAME_AT = 1 + 2 + (2 + 1) + (2 + SUITE_SIZE) + 1 + 1,
	/* ... and no extensions behind the name. */
	CONTENTS_LEAST = NAME_AT + 2
};

/* Where the parameters begin; `size` when there is no whole name. */
static size_t
params_at(const uint8_t *rdata, size_t size)
{
	size_t next =
	    size < 3 ? 0 : wire_name(rdata, size, 2, WIRE_NO_POINTER, NULL);

	return next == 0 ? size : next;
}

/* Where the head of `ech` is; `size` when it is not there. */
static size_t
ech_at(const uint8_t *rdata, size_t size)
{
	size_t at = params_at(rdata, size);

	while (size - at >= PARAM_HEAD) {
		size_t step = PARAM_HEAD + (size_t)wire_u16(rdata + at + 2);

		if (step > size - at)
			break;
		if (wire_u16(rdata + at) == KEY_ECH)
			return at;
		at += step;
	}
	return size;
}

const uint8_t *
svcb_ech(const uint8_t *rdata, size_t size, size_t *value_size)
{
	size_t at = ech_at(rdata, size);

	if (at == size)
		return NULL;
	*value_size = wire_u16(rdata + at + 2);
	return rdata + at + PARAM_HEAD;
}

/* Cuts octets out of the middle. */
static size_t
cut(uint8_t *data, size_t size, size_t at, size_t n)
{
	memmove(data + at, data + at + n, size - at - n);
	return size - n;
}

size_t
svcb_without_ech(uint8_t *rdata, size_t size)
{
	size_t at = ech_at(rdata, size);

	if (at == size)
		return size;
	return cut(
	    rdata, size, at, PARAM_HEAD + (size_t)wire_u16(rdata + at + 2));
}

/* The public name in contents of our version; NULL: they are not well made. */
static const uint8_t *
name_in(const uint8_t *p, size_t size, size_t *n)
{
	size_t at = 3;
	size_t step;

	if (size < CONTENTS_LEAST)
		return NULL;
	step = wire_u16(p + at); /* the key */
	at += 2 + step;
	if (step == 0 || at + 2 > size)
		return NULL;
	step = wire_u16(p + at); /* the suites */
	at += 2 + step;
	if (step == 0 || step % SUITE_SIZE != 0 || at + 2 > size)
		return NULL;
	step = p[++at]; /* the name, behind the longest size */
	if (step == 0 || at + 1 + step + 2 > size)
		return NULL;
	*n = step;
	step += at + 1;
	return step + 2 + wire_u16(p + step) == size ? p + at + 1 : NULL;
}

bool
ech_is_good(const uint8_t *list, size_t size)
{
	size_t at = 2;
	size_t n;

	if (size < 2 + CONFIG_HEAD || wire_u16(list) != size - 2)
		return false;
	while (size - at >= CONFIG_HEAD) {
		const uint8_t *p = list + at + CONFIG_HEAD;
		size_t step = wire_u16(list + at + 2);

		at += CONFIG_HEAD;
		if (step > size - at)
			return false;
		if (wire_u16(list + at - CONFIG_HEAD) == VERSION_ECH &&
		    name_in(p, step, &n) == NULL)
			return false;
		at += step;
	}
	return at == size;
}

const uint8_t *
ech_name(const uint8_t *list, size_t size, size_t *at, size_t *n)
{
	const uint8_t *config;

	if (*at == 0)
		*at = 2;
	if (size - *at < CONFIG_HEAD)
		return NULL;
	config = list + *at;
	*at += CONFIG_HEAD + (size_t)wire_u16(config + 2);
	*n = 0;
	if (wire_u16(config) != VERSION_ECH)
		return config;
	return name_in(config + CONFIG_HEAD, wire_u16(config + 2), n);
}

/*
 * One configuration in its smallest form at `to`, which is at `from` or
 * before it; what is written in front of the name ends before the name is.
 */
static size_t
reduce_config(uint8_t *to, const uint8_t *from)
{
	unsigned version = wire_u16(from);
	const uint8_t *name;
	uint8_t *contents = to + CONFIG_HEAD;
	size_t n = 0;

	name = version != VERSION_ECH
	           ? NULL
	           : name_in(from + CONFIG_HEAD, wire_u16(from + 2), &n);
	wire_put_u16(to, (uint16_t)version);
	if (name == NULL) {
		wire_put_u16(to + 2, 0);
		return CONFIG_HEAD;
	}
	wire_put_u16(to + 2, (uint16_t)(CONTENTS_LEAST + n));
	memset(contents, 0, NAME_AT);
	contents[4] = 1;                    /* octets of the key */
	contents[7] = SUITE_SIZE;           /* of the suites */
	contents[NAME_AT - 1] = (uint8_t)n; /* of the name */
	memmove(contents + NAME_AT, name, n);
	for (size_t i = 0; i < n; i++)
		contents[NAME_AT + i] = wire_lower(contents[NAME_AT + i]);
	memset(contents + NAME_AT + n, 0, 2);
	return CONFIG_HEAD + CONTENTS_LEAST + n;
}

static size_t
reduce_list(uint8_t *list, size_t size)
{
	size_t from = 2;
	size_t to = 2;
	size_t last = 0; /* octets of the one before */

	while (from < size) {
		size_t step = CONFIG_HEAD + (size_t)wire_u16(list + from + 2);
		size_t n = reduce_config(list + to, list + from);

		from += step;
		if (n == last && memcmp(list + to - n, list + to, n) == 0)
			continue;
		to += n;
		last = n;
	}
	wire_put_u16(list, (uint16_t)(to - 2));
	return to;
}

size_t
svcb_reduce(uint8_t *rdata, size_t size)
{
	size_t at = ech_at(rdata, size);
	uint8_t *list = rdata + at + PARAM_HEAD;
	size_t is;
	size_t was;

	if (at == size)
		return size;
	was = wire_u16(rdata + at + 2);
	if (!ech_is_good(list, was))
		return size;
	is = reduce_list(list, was);
	wire_put_u16(rdata + at + 2, (uint16_t)is);
	return cut(rdata, size, at + PARAM_HEAD + is, was - is);
}

static bool
is_plain(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

void
ech_print(const uint8_t *list, size_t size, struct buf *out)
{
	const char *between = "";
	const uint8_t *name;
	size_t at = 0;
	size_t n;

	while ((name = ech_name(list, size, &at, &n)) != NULL) {
		buf_add_text(out, between);
		between = ",";
		if (n == 0)
			buf_printf(out, "\\%u", wire_u16(name));
		for (size_t i = 0; i < n; i++) {
			if (is_plain(name[i]))
				buf_add_u8(out, name[i]);
			else
				buf_printf(out, "\\%03u", name[i]);
		}
	}
}

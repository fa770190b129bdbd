/* SPDX-License-Identifier: ISC */

/*
 * libidn2 is asked twice: what the A-label stands for, and whether that, by
 * IDNA 2008 without any mapping, is this A-label.  IDNA 2008 leaves letters,
 * marks and digits; the two signs without a width that it allows between some
 * of them are refused here.
 */

#include <idn2.h>
#include <stdint.h>
#include <string.h>

#include "config/unicode.h"
#include "idn_priv.h"
#include "utf8_priv.h"

enum { LABEL_MAX = 63 };

/* Blocks whose letters run from right to left. */
static bool
is_leftward(uint32_t code)
{
	return (code >= 0x0590 && code <= 0x08ff) ||
	       (code >= 0xfb1d && code <= 0xfdff) ||
	       (code >= 0xfe70 && code <= 0xfeff) ||
	       (code >= 0x10800 && code <= 0x10fff) ||
	       (code >= 0x1e800 && code <= 0x1efff);
}

/* Signs of no width, and those that direct the text around them. */
static bool
is_unseen(uint32_t code)
{
	return (code >= 0x200b && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2060 && code <= 0x206f) || code == 0x00ad ||
	       code == 0x061c || code == 0xfeff;
}

/* Is it fit to be shown?  Notes what is to be known about it. */
static bool
look_label(const char *label, struct unicode *out)
{
	struct utf8 u = {0};
	unsigned scripts = 0;

	for (const char *p = label; *p != '\0'; p++) {
		switch (utf8_take(&u, (uint8_t)*p)) {
		case UTF8_MORE:
			continue;
		case UTF8_BAD:
			return false;
		case UTF8_CHAR:
			break;
		}
		if (utf8_is_control(u.code) || is_unseen(u.code) ||
		    (u.code < 0x80 &&
			strchr("abcdefghijklmnopqrstuvwxyz0123456789-",
			    (int)u.code) == NULL))
			return false;
		out->leftward = out->leftward || is_leftward(u.code);
		scripts |= idn_script_of(u.code);
	}
	if (out->mixed == NULL)
		out->mixed = idn_mixture_of(scripts);
	return u.need == 0;
}

static bool
converts_back(const char *label, const char *ascii)
{
	uint8_t *back = NULL;
	bool same = idn2_lookup_u8((const uint8_t *)label, &back,
			IDN2_NO_TR46 | IDN2_NFC_INPUT) == IDN2_OK &&
	            strcmp((const char *)back, ascii) == 0;

	idn2_free(back);
	return same;
}

/* Adds one label; false: there is no room. */
static bool
add_label(struct unicode *out, size_t *used, const char *label, bool *differs)
{
	struct unicode seen = {.leftward = out->leftward, .mixed = out->mixed};
	char *decoded = NULL;
	const char *text = label;
	size_t size;

	if (strncmp(label, "xn--", 4) == 0 &&
	    idn2_to_unicode_8z8z(label, &decoded, IDN2_NO_TR46) == IDN2_OK &&
	    strcmp(decoded, label) != 0 && look_label(decoded, &seen) &&
	    converts_back(decoded, label)) {
		text = decoded;
		out->leftward = seen.leftward;
		out->mixed = seen.mixed;
		*differs = true;
	}
	size = strlen(text);
	if (*used + size + 2 > sizeof(out->text)) {
		idn2_free(decoded);
		return false;
	}
	memcpy(out->text + *used, text, size);
	*used += size;
	idn2_free(decoded);
	return true;
}

bool
unicode_of(const char *name, struct unicode *out)
{
	char label[LABEL_MAX + 1];
	bool differs = false;
	size_t used = 0;

	*out = (struct unicode){.mixed = NULL};
	/* A dot that is no end of a label would be behind an escape. */
	if (strstr(name, "xn--") == NULL || strchr(name, '\\') != NULL)
		return false;
	while (*name != '\0') {
		size_t size = strcspn(name, ".");

		if (size > LABEL_MAX)
			return false;
		memcpy(label, name, size);
		label[size] = '\0';
		if (!add_label(out, &used, label, &differs))
			return false;
		name += size;
		if (*name == '.') {
			out->text[used++] = '.';
			name++;
		}
	}
	out->text[used] = '\0';
	return differs;
}

void
unicode_emit(struct emit *j, const char *name)
{
	struct unicode u;

	if (!unicode_of(name, &u))
		return;
	emit_utf8(j, "name_unicode", u.text);
	if (u.mixed != NULL)
		emit_bool(j, "name_mixed", true);
}

/* SPDX-License-Identifier: ISC */

/*
 * libidn2 is asked label by label.  Scripts are told apart by blocks of
 * Unicode, which is enough to warn: the letters that look alike are in
 * Latin, Greek, Cyrillic, Armenian and Cherokee.
 */

#include <idn2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "idn_priv.h"
#include "utf8_priv.h"

enum { LABEL_ROOM = 512 }; /* UTF-8 of a label that can still become 63 */

enum script {
	SCRIPT_NONE = 0, /* digits, hyphens, marks: fit to any */
	SCRIPT_LATIN = 1,
	SCRIPT_GREEK = 2,
	SCRIPT_CYRILLIC = 4,
	SCRIPT_ARMENIAN = 8,
	SCRIPT_CHEROKEE = 16,
	SCRIPT_OTHER = 32
};

static const struct {
	uint32_t first;
	uint32_t last;
	enum script script;
} blocks[] = {
    {0x0041, 0x005a, SCRIPT_LATIN},
    {0x0061, 0x007a, SCRIPT_LATIN},
    {0x00c0, 0x024f, SCRIPT_LATIN},
    {0x0250, 0x02af, SCRIPT_LATIN},
    {0x0370, 0x03ff, SCRIPT_GREEK},
    {0x0400, 0x052f, SCRIPT_CYRILLIC},
    {0x0531, 0x058f, SCRIPT_ARMENIAN},
    {0x0590, 0x0fff, SCRIPT_OTHER},
    {0x13a0, 0x13ff, SCRIPT_CHEROKEE},
    {0x1c80, 0x1c8f, SCRIPT_CYRILLIC},
    {0x1e00, 0x1eff, SCRIPT_LATIN},
    {0x1f00, 0x1fff, SCRIPT_GREEK},
    {0x2c60, 0x2c7f, SCRIPT_LATIN},
    {0x2de0, 0x2dff, SCRIPT_CYRILLIC},
    {0xa640, 0xa69f, SCRIPT_CYRILLIC},
    {0xab70, 0xabbf, SCRIPT_CHEROKEE},
};

unsigned
idn_script_of(uint32_t code)
{
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		if (code >= blocks[i].first && code <= blocks[i].last)
			return blocks[i].script;
	}
	return SCRIPT_NONE;
}

/* Chinese, Japanese and Korean names mix with Latin as a matter of course. */
const char *
idn_mixture_of(unsigned scripts)
{
	if ((scripts & (scripts - 1)) == 0)
		return NULL;
	switch (scripts) {
	case SCRIPT_LATIN | SCRIPT_CYRILLIC:
		return "Latin and Cyrillic";
	case SCRIPT_LATIN | SCRIPT_GREEK:
		return "Latin and Greek";
	case SCRIPT_LATIN | SCRIPT_ARMENIAN:
		return "Latin and Armenian";
	case SCRIPT_LATIN | SCRIPT_CHEROKEE:
		return "Latin and Cherokee";
	case SCRIPT_GREEK | SCRIPT_CYRILLIC:
		return "Greek and Cyrillic";
	default:
		return "several scripts";
	}
}

/* The dots of IDNA2003 3.1, beside the ASCII one. */
static bool
is_dot(uint32_t code)
{
	return code == '.' || code == 0x3002 || code == 0xff0e ||
	       code == 0xff61;
}

/* Bytes of the label at `text`; *dot_size of the dot behind it, 0: the end. */
static size_t
span_label(const char *text, size_t *dot_size, unsigned *scripts, bool *ascii)
{
	struct utf8 u = {0};
	size_t start = 0;

	*dot_size = 0;
	*scripts = 0;
	*ascii = true;
	for (size_t i = 0; text[i] != '\0'; i++) {
		if (u.need == 0)
			start = i;
		if (utf8_take(&u, (uint8_t)text[i]) != UTF8_CHAR)
			continue;
		if (is_dot(u.code)) {
			*dot_size = i + 1 - start;
			return start;
		}
		*ascii = *ascii && u.code < 0x80;
		*scripts |= idn_script_of(u.code);
	}
	return strlen(text);
}

static const char *
convert(const char *label, size_t size, char *out, size_t room)
{
	uint8_t copy[LABEL_ROOM];
	uint8_t *ascii = NULL;
	const char *text;
	int err;

	if (size >= sizeof(copy))
		return "label longer than 63 octets";
	memcpy(copy, label, size);
	copy[size] = '\0';
	err =
	    idn2_lookup_u8(copy, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (err == IDN2_TOO_BIG_LABEL || err == IDN2_TOO_BIG_DOMAIN ||
	    err == IDN2_PUNYCODE_BIG_OUTPUT)
		return "label longer than 63 octets";
	if (err != IDN2_OK)
		return "not an international name (IDNA 2008); write its "
		       "xn-- form if it exists";
	text = (const char *)ascii;
	size = strlen(text);
	if (strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_") != size ||
	    size >= room) {
		idn2_free(ascii);
		return "a sign that turns into one that no host name has";
	}
	memcpy(out, text, size + 1);
	idn2_free(ascii);
	return NULL;
}

bool
idn_to_ascii(const char *text, char *out, size_t room, const char **why,
    const char **mixed)
{
	size_t used = 0;

	*mixed = NULL;
	for (;;) {
		size_t dot_size;
		unsigned scripts;
		bool ascii;
		size_t size = span_label(text, &dot_size, &scripts, &ascii);

		*why = "name longer than 255 octets";
		if (used + size + 2 > room)
			return false;
		if (ascii) {
			memcpy(out + used, text, size);
			out[used + size] = '\0';
		} else {
			*why = convert(text, size, out + used, room - used - 1);
			if (*why != NULL)
				return false;
		}
		if (*mixed == NULL && !ascii)
			*mixed = idn_mixture_of(scripts);
		used += strlen(out + used);
		if (dot_size == 0)
			return true;
		out[used++] = '.';
		out[used] = '\0';
		text += size + dot_size;
	}
}

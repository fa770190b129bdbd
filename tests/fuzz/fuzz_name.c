/* SPDX-License-Identifier: ISC */

/*
 * Any text as a name (E1) and any octets as a name's text (E3): reading never
 * aborts, and what is printed reads back as the same octets, folded.
 */

#include <stdlib.h>
#include <string.h>

#include "dns/name.h"
#include "dns/type.h"

#define HOLDS(expr) ((expr) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_name(const struct name *name)
{
	char text[NAME_TEXT_SIZE];
	struct name back;
	const char *why = NULL;

	name_print(name->wire, text);
	for (const char *p = text; *p != '\0'; p++)
		HOLDS(*p > 0x20 && *p <= 0x7e);
	HOLDS(name_parse(text, &back, &why) == 0);
	HOLDS(back.size == name->size);
	HOLDS(name_equal(back.wire, name->wire));
	HOLDS(name_size(name->wire) == name->size);
	HOLDS(name_is_within(name->wire, name_zone_guess(name->wire)));
	name_fold(back.wire, back.size);
	HOLDS(name_equal(back.wire, name->wire));
}

static void
check_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	char type_text[TYPE_TEXT_SIZE];
	struct name name;
	const char *why = NULL;
	uint16_t type;
	uint16_t again;

	HOLDS(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	if (name_parse(text, &name, &why) == 0)
		check_name(&name);
	else
		HOLDS(why != NULL);
	if (type_parse(text, &type) == 0) {
		HOLDS(type_parse(type_print(type, type_text), &again) == 0);
		HOLDS(type == again);
	}
	free(text);
}

/* Cuts the octets into labels, as long as each one's first octet says. */
static void
check_octets(const uint8_t *data, size_t size)
{
	struct name name = {.size = 0};

	while (size > 1) {
		size_t len = 1 + data[0] % LABEL_SIZE_MAX;
		if (len > size - 1)
			len = size - 1;
		if (name.size + 1 + len + 1 > NAME_SIZE_MAX)
			break;
		name.wire[name.size] = (uint8_t)len;
		memcpy(name.wire + name.size + 1, data + 1, len);
		name.size = (uint8_t)(name.size + 1 + len);
		data += 1 + len;
		size -= 1 + len;
	}
	name.wire[name.size++] = 0;
	check_name(&name);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_text(data, size);
	check_octets(data, size);
	return 0;
}

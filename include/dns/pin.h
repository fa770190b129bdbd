/* SPDX-License-Identifier: ISC */
#ifndef DNS_PIN_H
#define DNS_PIN_H

/*
 * pin -- what the records of a question must be, as an operator says it, and
 * as one text of bytes that holds the pins of all types of a watch.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "dns/content.h"
#include "dns/name.h"

enum pin_word {
	PIN_EXACTLY = 1, /* these, and no others */
	PIN_ONLY,        /* some of these, and no others */
	PIN_INCLUDES,    /* these, and maybe others */
	PIN_NEVER,       /* none of these */
	PIN_NONE         /* no record at all */
};
const char *pin_word_text(enum pin_word word);

enum { PIN_RECORDS_MAX = CONTENT_RECORDS_MAX };

struct pin {
	uint16_t type;
	enum pin_word word;
	const struct record *records; /* identity form, sorted, each once */
	uint16_t n;
};

void pin_pack(const struct pin *p, struct buf *out);

/*
 * The pin at *at, which moves behind it; false at the end.  Its records point
 * into the bytes and are put into `room`, of PIN_RECORDS_MAX.  The bytes must
 * be pin_pack()'s.
 */
bool pin_next(const uint8_t **at, const uint8_t *end, struct record *room,
    struct pin *out);

/*
 * A record as an operator writes it (present.h), in identity form, added to
 * `out`.  0, ERR_SYNTAX or -ENOMEM.
 */
MUST_CHECK int pin_record(uint16_t type, const char *text,
    const struct name *origin, struct buf *out);

#endif

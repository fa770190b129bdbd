/* SPDX-License-Identifier: ISC */
#ifndef RULE_SILENCE_H
#define RULE_SILENCE_H

/*
 * silence -- is an alert to be held back for now (R28)?  Pure.
 *
 * A silence acts on delivery only: what is held is recorded as ever, and is
 * delivered when it ends.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "rule/severity.h"

struct config;
struct config_silence;

/* What an entry of the log is about. */
struct silence_input {
	const uint8_t *name; /* wire; NULL: the monitor itself */
	const char *kind;    /* of the change or the event */
	enum severity severity;
	const char *const *tags;
	size_t n_tags;
	const char *const *lists;
	size_t n_lists;
};

/* The first that holds it at `now`; NULL: none. */
const struct config_silence *silence_of(
    const struct config *c, const struct silence_input *in, wall_us now);

/* Does it stand at `now`? */
bool silence_stands(const struct config_silence *s, wall_us now);
/* When the next of those that stand now ends; 0: none stands. */
wall_us silence_next_end(const struct config *c, wall_us now);

#endif

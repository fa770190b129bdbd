/* SPDX-License-Identifier: ISC */
#ifndef CONFIG_IDN_PRIV_H
#define CONFIG_IDN_PRIV_H

/*
 * idn -- names typed in other scripts, as A-labels (UTS 46, non-transitional).
 *
 * Only labels that are not ASCII are touched, so that underscores, doubled
 * hyphens and broken xn-- beside them stay what they are (E2).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * `text` is valid UTF-8.  False with *why set when a label cannot be
 * converted.  *mixed: a literal that names the scripts that one label mixes
 * (it may be a look-alike), else NULL.
 */
bool idn_to_ascii(const char *text, char *out, size_t room, const char **why,
    const char **mixed);

/* A bit for the script of a letter, 0 for what fits to any. */
unsigned idn_script_of(uint32_t code);
/* What a label that has these scripts mixes, a literal; NULL: nothing. */
const char *idn_mixture_of(unsigned scripts);

#endif

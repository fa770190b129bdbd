/* SPDX-License-Identifier: ISC */
#ifndef JPATH_H
#define JPATH_H

/* jpath -- one member of a JSON text: ".to.rdata[0]", ".witnesses[#]". */

#include <stdbool.h>
#include <stddef.h>

/*
 * A text without its quotes, anything else as it stands; [#] is the number of
 * an array's elements.  False when it is not there.
 */
bool jpath(const char *json, const char *path, char *out, size_t size);

#endif

/* SPDX-License-Identifier: ISC */
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

/* The only compiler extensions of the project, under names that say why. */

#define MUST_CHECK        __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define NO_RETURN         __attribute__((noreturn))
#define UNUSED            __attribute__((unused))
/* Will be read soon; any address does no harm. */
#define PREFETCH(at) __builtin_prefetch(at)

#endif

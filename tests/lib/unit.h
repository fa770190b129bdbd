/* SPDX-License-Identifier: ISC */
#ifndef UNIT_H
#define UNIT_H

/* What cmocka wants before itself, in one line for the test programs. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif

/* SPDX-License-Identifier: ISC */
#ifndef BASE_LOG_H
#define BASE_LOG_H

/*
 * log -- one line to standard error per thing that an operator must know.
 *
 * "room: what happened, to what, what we do about it".  Bytes outside
 * 0x20..0x7e are escaped as \DDD whatever the caller passes, a line is cut at
 * LOG_LINE_MAX, and a full pipe loses the line (counted) rather than block
 * the loop.  Under systemd's journal the level goes in front as <N>.
 */

#include <stdarg.h>
#include <stdint.h>

#include "base/attr.h"

enum { LOG_LINE_MAX = 1024 };

enum log_level { LOG_ERROR = 3, LOG_WARNING = 4, LOG_INFO = 6, LOG_DEBUG = 7 };

/* Lines above `level` are dropped.  Without a call: LOG_INFO. */
void log_open(enum log_level level);
void log_put(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);

/* Lines that could not be written since start. */
uint64_t log_lost(void);

#define log_error(...) log_put(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  log_put(LOG_WARNING, __VA_ARGS__)
#define log_info(...)  log_put(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_put(LOG_DEBUG, __VA_ARGS__)

#endif

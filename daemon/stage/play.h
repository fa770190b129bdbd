/* SPDX-License-Identifier: ISC */
#ifndef PLAY_H
#define PLAY_H

/*
 * play -- what the parts of the replay program share: one story, told by a
 * script, in a world of virtual time with its own servers and database.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "loop/loop.h"

enum { WORD_SIZE = 1024, LINE_SIZE = 4096 };

/* Says what is wrong, at which line and virtual time, and ends the story. */
NO_RETURN void story_fail(const char *format, ...) PRINTF_LIKE(1, 2);
/* A line for who looks at the story with -v. */
void story_trace(const char *format, ...) PRINTF_LIKE(1, 2);
bool story_is_traced(void);
void story_trace_on(void);
/* Where the story's files are, and nothing else; they go with the story,
 * however it ends.  NULL: they go now. */
void story_folder(const char *dir);
/* What the messages begin with: the world's time, the script's line. */
void story_clock(const struct loop *loop);        /* NULL: the world is gone */
void story_line(const char *file, unsigned line); /* NULL: none */

/*
 * Words of a line: *p moves behind the word and the blanks that follow it.
 * False when there is none.  A word in double quotes loses them.
 */
bool word_next(const char **p, char out[WORD_SIZE]);
/* Takes the word only if it is this one. */
bool word_is(const char **p, const char *want);
/* The next word must be there, be a span ("90s", "20ms"), a number. */
void word_need(const char **p, char out[WORD_SIZE]);
mono_ns word_span(const char **p);
long word_number(const char **p);
mono_ns span_of(const char *text);

/* A list that grows by one: returns the new, zeroed element. */
void *list_add(void *list, size_t *n, size_t *room, size_t size);

#endif

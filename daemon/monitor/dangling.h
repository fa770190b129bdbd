/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_DANGLING_H
#define MONITOR_DANGLING_H

/* dangling -- do the targets of owned names exist? */

#include "monitor_priv.h"

/* A good reply says what is believed of the question. */
void dangling_hear(struct monitor *m, uint32_t id, const struct answer *a,
    const struct reply_sum *sum);
/*
 * What PURPOSE_DANGLING asks; of a round that is over the watched question,
 * as `ask` has it, so that what was counted for the errand comes back.
 */
void dangling_question(
    const struct monitor *m, const struct errand *e, struct ask *ask);
void dangling_answer(
    struct monitor *m, const struct errand *e, const struct answer *a);
/*
 * A loaded row: what was told of what it points at, and not ended; nothing of
 * it is told again.  `id` QUESTION_NONE, or of what nobody watches: it is
 * forgotten.
 */
void dangling_restore(
    struct monitor *m, uint32_t id, const struct store_row *row);
/*
 * Whom to ask when the server `first`, of that group, was asked: one of
 * another group; where there is none, the same by TCP.
 */
void dangling_second_server(
    const struct monitor *m, struct errand *e, uint16_t first, uint16_t group);
/*
 * Names below that of an apex, in its view, that answers point at; each once,
 * at most `max`.  Returns how many.
 */
size_t dangling_below(
    const struct monitor *m, uint32_t apex, struct name *out, size_t max);
void dangling_second(struct monitor *m);
void dangling_free_all(struct monitor *m);

#endif

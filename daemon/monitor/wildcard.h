/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_WILDCARD_H
#define MONITOR_WILDCARD_H

/* wildcard -- do owned zones answer for names that do not exist? */

#include "monitor_priv.h"

/* A good reply says what is believed of the question. */
void wildcard_heard(struct monitor *m, uint32_t id, const struct answer *a,
    const struct reply_sum *sum);
/*
 * What PURPOSE_WILDCARD asks; of a round that is over the watched question, as
 * `ask` has it.
 */
void wildcard_question(
    const struct monitor *m, const struct errand *e, struct ask *ask);
void wildcard_answer(
    struct monitor *m, const struct errand *e, const struct answer *a);
/* A loaded row.  `id` QUESTION_NONE, or of what nobody watches: forgotten. */
void wildcard_restore(
    struct monitor *m, uint32_t id, const struct store_row *row);
/* The same of PURPOSE_UNLISTED. */
void unlisted_question(
    const struct monitor *m, const struct errand *e, struct ask *ask);
void unlisted_answer(
    struct monitor *m, const struct errand *e, const struct answer *a);
void wildcard_second(struct monitor *m);
void wildcard_free_all(struct monitor *m);
size_t wildcard_bytes(const struct monitor *m);

#endif

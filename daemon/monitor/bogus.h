/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_BOGUS_H
#define MONITOR_BOGUS_H

/*
 * bogus -- what validators hold back and signatures show (R17), and how an
 * event is told with the replies that prove it.
 */

#include "monitor_priv.h"
#include "say.h"

/* ---- event.c ---- */
struct commit_signatures;
/* Fills in whom an event is about, what it weighs, and its id. */
void event_fill(struct monitor *m, uint32_t id, struct say_event *e);
/*
 * Commits an event about a question with its witnesses, 2 at most, which are
 * copied; what is of the question, id and severity are filled in.  False: no
 * memory.
 */
MUST_CHECK bool event_tell(struct monitor *m, uint32_t id, struct say_event *e,
    const struct commit_signatures *signatures);

struct buf;
/*
 * The same without witnesses, in one transaction with what is kept of the
 * question under `server` (STORE_SERVER_*) from then on.
 */
MUST_CHECK bool event_tell_kept(struct monitor *m, uint32_t id,
    struct say_event *e, int32_t server, const struct buf *kept);
/* Keeps it, and nothing is told; `kept` NULL: nothing is kept any more. */
void event_keep(struct monitor *m, const struct store_key *of, int32_t server,
    const struct buf *kept);

/* ---- bogus.c ---- */
enum { BOGUS_AGAIN_S = 6 }; /* resolvers keep a SERVFAIL for 5 s or less */
/*
 * A poll ended with this FAIL: asks with CD=1 where that may tell more, and
 * returns what kind of FAIL it is by what is known.
 */
enum fail bogus_weigh(struct monitor *m, const struct errand *e,
    const struct answer *a, enum fail fail);
/* The answer to PURPOSE_EVIDENCE.  True: it is a good reply as any other. */
bool bogus_answer(struct monitor *m, const struct errand *e,
    const struct answer *a, enum fail fail, const struct reply_sum *sum);
/* The question answers again; its outage is over. */
void bogus_good(struct monitor *m, uint32_t id);
void bogus_forget(struct monitor *m, uint32_t id);
/* What was told in its outage, as that is kept; NULL: nothing. */
const uint8_t *bogus_told(const struct monitor *m, uint32_t id, size_t *size);
void bogus_restore(
    struct monitor *m, uint32_t id, const uint8_t *told, size_t size);
void bogus_second(struct monitor *m);
void bogus_free_all(struct monitor *m);

/* ---- signature.c ---- */
/* The answer to PURPOSE_SIGNATURE. */
void signature_answer(struct monitor *m, const struct errand *e,
    const struct answer *a, enum fail fail, const struct reply_sum *sum);
void signature_restore(
    struct monitor *m, uint32_t id, const struct store_row *row);
/* Asks for those that are due, of some of the table. */
void signature_second(struct monitor *m);
void signature_free_all(struct monitor *m);

#endif

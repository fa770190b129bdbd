/* SPDX-License-Identifier: ISC */

/*
 * What the servers of a zone said in one moment, weighed once more when the
 * database has said what is believed.  A survey does not always know that: not
 * after a start, nor when all types of a name are looked at anew (R5).  Without
 * it whoever differs would be a change (R18).
 */

#include "source_priv.h"

/* How many testimonies the moment of the first one has. */
static size_t
size_of(const struct inquiry *q)
{
	wall_us at = q->list[q->begin].witness.at;
	size_t n = 0;

	while (q->begin + n < q->n && q->list[q->begin + n].witness.at == at)
		n++;
	return n;
}

/* The first that says what the zone says stands at the head. */
static void
put_first(struct inquiry *q, size_t n, uint64_t print)
{
	struct testimony *head = &q->list[q->begin];

	for (size_t i = 0; i < n; i++) {
		struct testimony t = head[i];

		if (t.witness.fail != FAIL_NOT || t.fingerprint != print)
			continue;
		head[i] = head[0];
		head[0] = t;
		return;
	}
}

/* As a survey would have it that knew what is believed. */
static void
set_apart(struct inquiry *q, size_t n, const struct survey_result *r)
{
	for (size_t i = 0; i < n; i++)
		q->list[q->begin + i].apart = r->stands[i] != STAND_AGREES;
}

void
moment_weigh(struct inquiry *q)
{
	struct survey_word words[SURVEY_MAX] = {{0}};
	struct survey_result r;
	size_t n;

	if (q->begin == q->n || q->list[q->begin].stored ||
	    !source_asks(q->monitor, q->question))
		return;
	n = size_of(q);
	if (n > SURVEY_MAX)
		return;
	for (size_t i = 0; i < n; i++) {
		const struct testimony *t = &q->list[q->begin + i];

		words[i] = (struct survey_word){
		    .good = t->witness.fail == FAIL_NOT,
		    .print = t->fingerprint,
		    .has_serial = t->has_serial,
		    .serial = t->serial,
		};
	}
	survey_judge(
	    words, n, content_fingerprint(&q->believed, &q->monitor->key), &r);
	set_apart(q, n, &r);
	if (r.changed)
		put_first(q, n, r.chosen);
	else
		q->begin += n;
}

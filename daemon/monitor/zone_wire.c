/* SPDX-License-Identifier: ISC */

/*
 * Servers of a zone that answer, but not by TCP (RFC 7766 5 requires it), or
 * not with EDNS (RFC 6891): some who ask them get no answer.
 *
 * Now and then the check of a zone goes by TCP.  What fails is asked so once
 * more by the next check, before it is told.
 */

#include "loop/loop.h"
#include "source_priv.h"

enum {
	TCP_EVERY = 64, /* checks */
	TCP_FIRST = 2,  /* the first that goes by TCP */
	BAD_TWICE = 2
};

bool
zone_wants_tcp(const struct zone_state *z)
{
	if (z->checks % TCP_EVERY == TCP_FIRST)
		return true;
	for (uint8_t i = 0; i < z->n_members; i++) {
		const struct zone_member *v = &z->members[i];

		if ((v->tcp.bad > 0 && !v->tcp.told) ||
		    (v->edns.bad > 0 && !v->edns.told))
			return true;
	}
	return false;
}

static void
note(struct sources *s, struct zone_state *z, const struct zone_member *v,
    struct zone_wire *w, const char *const kinds[2], bool bad)
{
	struct zone_news news = {
	    .question = z->question, .server = v->server, .kind = kinds[!bad]};
	bool was = w->told;

	if (bad && w->bad == 0)
		w->since = loop_wall(s->monitor->loop);
	w->bad = !bad ? 0 : w->bad < UINT8_MAX ? (uint8_t)(w->bad + 1) : w->bad;
	w->told = bad && (w->told || w->bad >= BAD_TWICE);
	news.since = w->since;
	if (w->told != was)
		zone_tell(s, z, &news);
}

void
zone_note_tcp(struct sources *s, struct zone_state *z,
    const struct zone_heard *heard, size_t n)
{
	static const char *const tcp[2] = {"tcp-broken", "tcp-works"};
	static const char *const edns[2] = {"edns-broken", "edns-works"};

	if (z->question == QUESTION_NONE)
		return;
	for (size_t i = 0; i < n; i++) {
		struct zone_member *v = zone_member(z, heard[i].server);
		bool silent = heard[i].fail == FAIL_TIMEOUT ||
		              heard[i].fail == FAIL_NETWORK;

		/* One that does not answer by UDP either is silent. */
		if (v == NULL || v->trouble != TROUBLE_NOT)
			continue;
		note(s, z, v, &v->tcp, tcp, !heard[i].good && silent);
		note(s, z, v, &v->edns, edns,
		    resolver_health(
			s->resolver, (uint16_t)(v->server - SOURCE_FIRST))
			.plain);
	}
}

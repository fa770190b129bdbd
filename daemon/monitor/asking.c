/* SPDX-License-Identifier: ISC */

/*
 * Whom an inquiry asks: servers of other groups of its view, and the first one
 * again.
 */

#include "loop/loop.h"
#include "monitor_priv.h"
#include "quorum_priv.h"
#include "source.h"

/* While the servers of its zone are not found yet. */
enum {
	AGAIN_UNKNOWN_S = 10,
	QUIET_SLACK_S = 60 /* for a poll that is late */
};

bool
inquiry_is_quiet(const struct monitor *m, uint32_t id)
{
	uint32_t policy = table_question(m->table, id)->policy;

	return policy != POLICY_NONE &&
	       policy_get(m->table, policy)->confirm == PROOF_NEXT_POLL;
}

uint32_t
inquiry_quiet_wait_s(const struct monitor *m, uint32_t id)
{
	uint32_t policy = table_question(m->table, id)->policy;
	uint32_t every_s =
	    policy == POLICY_NONE ? 0 : policy_get(m->table, policy)->every_s;

	return every_s + every_s / 4 + QUIET_SLACK_S;
}

enum proved
inquiry_required(const struct inquiry *q)
{
	const struct monitor *m = q->monitor;
	const struct question *row = table_question(m->table, q->question);

	/* The path to one server of a zone is the source (R11). */
	if (source_asks(m, q->question))
		return PROVED_SOURCE;
	switch (policy_get(m->table, row->policy)->confirm) {
	case PROOF_PATH:
		return PROVED_PATH;
	case PROOF_CACHE:
		return PROVED_CACHE;
	case PROOF_SOURCE:
		if (source_may_confirm(m, q->question))
			return PROVED_SOURCE;
		break;
	case PROOF_NEXT_POLL:
		return PROVED_NOTHING; /* what is said twice is enough */
	case PROOF_BEST:
		break;
	}
	return poll_view_of(m, q->question)->n_groups > 1 ? PROVED_CACHE
	                                                  : PROVED_PATH;
}

/*
 * After a restart nobody has spoken but who said it first.  Asked again alone
 * he would prove it before the others can deny it (R19).
 */
bool
inquiry_is_unheard(const struct inquiry *q, wall_us now)
{
	return q->unheard && source_asks(q->monitor, q->question) &&
	       (q->deadline == 0 || now < q->deadline);
}

void
inquiry_ask(struct inquiry *q, uint16_t server, uint8_t flags)
{
	struct monitor *m = q->monitor;
	struct errand e = {
	    .question = q->question,
	    .purpose = PURPOSE_CONFIRM,
	    .server = server,
	    .flags = (uint8_t)(flags | ASK_URGENT | ASK_NSID),
	    .severe = q->severity >= SEVERITY_HIGH,
	};

	if (server >= SOURCE_FIRST && server != UINT16_MAX) {
		source_confirm(m, q->question, server, flags);
		return;
	}
	if (server >= m->n_servers) /* no longer configured */
		e.server = poll_home(m, q->question);
	(void)pump_errand(m, &e);
}

void
inquiry_ask_cd(struct inquiry *q, const struct answer *a, enum fail fail)
{
	struct errand e = {
	    .question = q->question,
	    .purpose = PURPOSE_EVIDENCE,
	    .server = a->server,
	    .flags = ASK_URGENT | ASK_CD | ASK_NSID,
	};

	if (q->state != INQUIRY_OPEN || q->cd_asked ||
	    (fail != FAIL_SERVFAIL && fail != FAIL_BOGUS))
		return;
	q->cd_asked = true;
	q->cd_server = a->server;
	(void)pump_errand(q->monitor, &e);
}

/* Does this server refuse without CD what it showed with it? */
static bool
is_refused(const struct inquiry *q, const struct testimony *shown)
{
	for (size_t i = q->begin; i < q->end; i++) {
		const struct testimony *t = &q->list[i];

		if (t->cd || t->witness.server != shown->witness.server)
			continue;
		if (t->witness.fail == FAIL_BOGUS ||
		    (t->witness.fail == FAIL_SERVFAIL &&
			t->witness.last_at > shown->witness.at))
			return true;
	}
	return false;
}

bool
inquiry_is_bogus(const struct inquiry *q)
{
	for (size_t i = q->begin; i < q->end; i++) {
		const struct testimony *t = &q->list[i];

		if (t->cd && !content_equal(&t->content, &q->believed) &&
		    is_refused(q, t))
			return true;
	}
	return false;
}

/*
 * The i-th server to be thought of.  Each question begins at another, or one
 * server would have to confirm all that changes.
 */
static uint8_t
in_turn(const struct inquiry *q, uint8_t i)
{
	const struct monitor *m = q->monitor;
	const struct poll_view *v = poll_view_of(m, q->question);
	unsigned first = table_spread(m->table, q->question) / v->n;

	return v->servers[(first + i) % v->n];
}

static bool
was_heard(const struct inquiry *q, uint16_t group)
{
	for (size_t i = q->begin; i < q->n; i++) {
		if (q->list[i].witness.group == group)
			return true;
	}
	return false;
}

/*
 * T runs from the first question that can bring the proof that is required:
 * the rates may hold it back (R11).
 */
void
inquiry_asked(struct monitor *m, uint32_t id, uint16_t server)
{
	struct inquiry *q = idmap_get(&m->inquiries, id);

	if (q == NULL || q->state != INQUIRY_OPEN || q->deadline != 0 ||
	    q->quiet)
		return;
	if (q->required == PROVED_SOURCE && server < SOURCE_FIRST)
		return;
	if (q->required == PROVED_CACHE && poll_view_of(m, id)->n_groups > 1 &&
	    server < m->n_servers &&
	    m->servers[server].group == q->list[q->begin].witness.group)
		return;
	q->deadline = monitor_steady(m) + WALL_S(q->wait_s);
}

/* Asks one more group, once all that were asked have spoken. */
static void
ask_other_group(struct inquiry *q, uint16_t own)
{
	struct monitor *m = q->monitor;
	uint8_t n_servers = poll_view_of(m, q->question)->n;
	uint8_t pick = UINT8_MAX;

	for (uint8_t n = 0; n < n_servers; n++) {
		uint8_t i = in_turn(q, n);
		uint8_t group = m->servers[i].group;

		if (group == own || quorum_is_out(m, i))
			continue;
		if ((q->asked_groups & (1ULL << (group & 63))) != 0) {
			if (!was_heard(q, group))
				return;
		} else if (pick == UINT8_MAX || poll_is_alive(m, i)) {
			if (pick == UINT8_MAX || !poll_is_alive(m, pick))
				pick = i;
		}
	}
	if (pick == UINT8_MAX) {
		/* Nobody else is in the quorum: T is not to wait for one. */
		if (q->deadline == 0 && !quorum_has_other(m, q->question, own))
			q->deadline = monitor_steady(m) + WALL_S(q->wait_s);
		return;
	}
	q->asked_groups |= 1ULL << (m->servers[pick].group & 63);
	inquiry_ask(q, pick, 0);
	/* The rates may hold the question back; a dead server must not. */
	if (!poll_is_alive(m, pick))
		inquiry_asked(m, q->question, pick);
}

/*
 * Who said it first, or else, where he is not known any more after a restart,
 * a server of the zone that says so now.
 */
static uint16_t
again_at(const struct inquiry *q)
{
	uint16_t first = q->list[q->begin].witness.server;

	if (!source_asks(q->monitor, q->question))
		return first;
	for (size_t i = q->begin; i < q->n && first == UINT16_MAX; i++) {
		const struct testimony *t = &q->list[i];

		if (t->witness.source && testimony_differs(q, t))
			first = t->witness.server;
	}
	return first;
}

/*
 * The first server is asked again over TCP: at once where the path is what is
 * to be proved; else after 2.2 s, at half of T and near its end, since only a
 * later fetch can take a difference back (R12).
 */
static void
ask_again(struct inquiry *q, wall_us now)
{
	struct monitor *m = q->monitor;
	uint16_t server = again_at(q);
	wall_us end = q->deadline != 0 ? q->deadline : now + WALL_S(q->wait_s);

	if (q->n_repeats >= INQUIRY_REPEATS_MAX || now < q->next_repeat ||
	    (server == UINT16_MAX && q->unheard))
		return;
	inquiry_ask(q, server, ASK_TCP);
	if (q->required == PROVED_SOURCE)
		source_confirm_all(m, q->question);
	q->n_repeats++;
	/* Who gave an old answer may have fetched since. */
	q->asked_groups = 0;
	q->next_repeat =
	    end - (q->n_repeats == 1 ? WALL_S(q->wait_s) / 2 : WALL_MS(1500));
}

/* The last testimony, but for those of servers that lag or deviate. */
static const struct testimony *
newest(const struct inquiry *q)
{
	for (size_t i = q->n; i > q->begin; i--) {
		if (!q->list[i - 1].apart)
			return &q->list[i - 1];
	}
	return &q->list[q->n - 1];
}

/*
 * The database is away and nothing is judged yet: each new answer is asked
 * again all the same, within the rates, so that it is judged by what others
 * said at its time (R11) and not told as unconfirmed for want of asking.  The
 * first server once more after 2.2 s: it may take it back (R12).
 */
void
inquiry_ask_away(struct inquiry *q)
{
	const struct testimony *t = newest(q);
	const struct witness *last = &t->witness;
	const struct monitor *m = q->monitor;
	uint8_t n_servers = poll_view_of(m, q->question)->n;
	uint8_t pick = UINT8_MAX;

	if (q->away_print == t->fingerprint)
		return;
	q->away_print = t->fingerprint;
	q->away_server = last->server;
	q->next_repeat = monitor_steady(m) + WALL_MS(2200);
	inquiry_ask(q, last->server, ASK_TCP);
	if (inquiry_required(q) != PROVED_CACHE)
		return;
	for (uint8_t n = 0; n < n_servers; n++) {
		uint8_t i = in_turn(q, n);

		if (m->servers[i].group != last->group &&
		    (pick == UINT8_MAX || !poll_is_alive(m, pick)))
			pick = i;
	}
	if (pick != UINT8_MAX)
		inquiry_ask(q, pick, 0);
}

void
inquiry_ask_more(struct inquiry *q, wall_us now)
{
	const struct witness *first = &q->list[q->begin].witness;

	if (q->quiet)
		return;
	if (q->unheard && now >= q->next_survey) {
		q->next_survey = now + WALL_S(1);
		source_early(q->monitor, q->question);
	}
	if (q->required == PROVED_SOURCE && !q->source_asked) {
		q->source_asked = true;
		source_confirm_all(q->monitor, q->question);
	} else if (q->required == PROVED_CACHE) {
		ask_other_group(q, first->group);
	}
	ask_again(q, now);
}

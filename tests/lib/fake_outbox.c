/* SPDX-License-Identifier: ISC */

/* See fake_outbox.h for why this is included by a test. */

#ifdef FAKE_OUTBOX_HERE

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alert/alert.h"
#include "base/err.h"
#include "fake_outbox.h"

struct call {
	struct call *next;
	struct store *store;
	struct loop_timer *timer;
	char sink[16];
	wall_us now;
	size_t n;
	outbox_fn *claim; /* or */
	outbox_waiting_fn *waiting;
	void *ctx;
};

struct post {
	struct post *next;
	struct http *http;
	struct loop_timer *timer;
	struct seen *seen;
	struct meets meets;
	http_done_fn *done;
	void *ctx;
};

struct store *
fake_store_new(struct loop *l)
{
	struct store *s = calloc(1, sizeof(*s));

	CHECK(s != NULL);
	s->loop = l;
	return s;
}

struct row *
fake_store_add(struct store *s, const char *sink, const char *name)
{
	struct row *row = &s->rows[s->n_rows++];

	CHECK(s->n_rows <= ROWS_MAX);
	row->alert = uuid_v7(loop_wall(s->loop));
	snprintf(row->sink, sizeof(row->sink), "%s", sink);
	snprintf(row->name, sizeof(row->name), "%s", name);
	row->created = loop_wall(s->loop);
	row->due = row->created;
	return row;
}

size_t
fake_store_count(const struct store *s, enum delivery_end end)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_rows; i++)
		n += s->rows[i].end == end;
	return n;
}

void
fake_store_restart(struct store *s)
{
	for (size_t i = 0; i < s->n_rows; i++)
		s->rows[i].claimed = false;
}

/* --- outbox.h --- */

static bool
is_first_of_its_name(const struct store *s, const struct row *row)
{
	const struct row *r;

	for (r = s->rows; r < row; r++)
		if (r->end == DELIVERY_WAITING &&
		    strcmp(r->sink, row->sink) == 0 &&
		    strcmp(r->name, row->name) == 0)
			return false;
	return true;
}

static void
give_seq(struct store *s, struct row *row)
{
	int64_t last = 0;

	if (row->sink_seq != 0)
		return;
	for (size_t i = 0; i < s->n_rows; i++)
		if (strcmp(s->rows[i].sink, row->sink) == 0 &&
		    s->rows[i].sink_seq > last)
			last = s->rows[i].sink_seq;
	row->prev_sink_seq = last;
	row->sink_seq = last + 1;
}

static void
answer_claim(struct call *c)
{
	static const struct delivery_member member = {
	    .seq = 1, .body = "{\"class\":\"change\"}"};
	struct delivery d[OUTBOX_CLAIM_MAX];
	struct store *s = c->store;
	struct row *row;
	size_t n = 0;

	if (s->err != 0) {
		c->claim(c->ctx, s->err, NULL, 0);
		return;
	}
	for (row = s->rows; row < s->rows + s->n_rows && n < c->n; row++) {
		if (row->end != DELIVERY_WAITING || row->claimed ||
		    row->due > c->now || strcmp(row->sink, c->sink) != 0 ||
		    !is_first_of_its_name(s, row))
			continue;
		row->claimed = true;
		row->attempt++;
		give_seq(s, row);
		d[n++] = (struct delivery){.alert = row->alert,
		    .revision = 1,
		    .sink = row->sink,
		    .class_ = "change",
		    .members = &member,
		    .n_members = 1,
		    .sink_seq = row->sink_seq,
		    .prev_sink_seq = row->prev_sink_seq,
		    .attempt = row->attempt,
		    .created = row->created,
		    .name = row->name};
	}
	c->claim(c->ctx, 0, d, n);
}

static void
count_row(struct outbox_waiting *w, const struct row *row)
{
	w->sink = row->sink;
	w->dead += row->end == DELIVERY_DEAD;
	w->held += row->end == DELIVERY_HELD;
	if (row->end != DELIVERY_WAITING)
		return;
	w->waiting++;
	if (w->oldest == 0 || row->created < w->oldest)
		w->oldest = row->created;
	if (!row->claimed && (w->due == 0 || row->due < w->due))
		w->due = row->due;
}

static void
answer_waiting(struct call *c)
{
	struct outbox_waiting w[16] = {0};
	struct store *s = c->store;
	size_t n = 0;
	size_t k;

	if (s->err != 0) {
		c->waiting(c->ctx, s->err, NULL, 0);
		return;
	}
	for (size_t i = 0; i < s->n_rows; i++) {
		for (k = 0; k < n; k++)
			if (strcmp(w[k].sink, s->rows[i].sink) == 0)
				break;
		n += k == n;
		count_row(&w[k], &s->rows[i]);
	}
	c->waiting(c->ctx, 0, w, n);
}

static void
on_answer(void *ctx)
{
	struct call *c = ctx;
	struct call **link = &c->store->calls;

	while (*link != c)
		link = &(*link)->next;
	*link = c->next;
	if (c->claim != NULL)
		answer_claim(c);
	else
		answer_waiting(c);
	loop_timer_free(c->timer);
	free(c);
}

static struct call *
call_new(struct store *s, void *ctx)
{
	struct call *c = calloc(1, sizeof(*c));
	struct call **link = &s->calls;

	CHECK(c != NULL);
	c->store = s;
	c->ctx = ctx;
	c->timer = loop_timer_new(s->loop, on_answer, c);
	if (!s->silent)
		loop_timer_in(c->timer, MONO_MS(2));
	while (*link != NULL)
		link = &(*link)->next;
	*link = c;
	return c;
}

void
fake_store_free(struct store *s)
{
	s->err = ERR_CLOSED;
	while (s->calls != NULL)
		on_answer(s->calls);
	free(s);
}

void
outbox_claim(struct store *s, const char *sink, wall_us now, size_t n,
    outbox_fn *fn, void *ctx)
{
	struct call *c = call_new(s, ctx);

	CHECK(n > 0 && n <= OUTBOX_CLAIM_MAX);
	s->n_claims++;
	snprintf(c->sink, sizeof(c->sink), "%s", sink);
	c->now = now;
	c->n = n;
	c->claim = fn;
}

void
outbox_waiting(struct store *s, outbox_waiting_fn *fn, void *ctx)
{
	struct call *c = call_new(s, ctx);

	s->n_looks++;
	c->waiting = fn;
}

void
outbox_hold(struct store *s, const char *const *names, size_t n)
{
	for (size_t i = 0; i < s->n_rows; i++) {
		struct row *row = &s->rows[i];
		bool stands = row->end != DELIVERY_HELD;

		for (size_t k = 0; k < n && !stands; k++)
			stands = strcmp(names[k], row->held_by) == 0;
		if (!stands)
			row->end = DELIVERY_WAITING;
	}
}

static struct row *
find_row(struct store *s, const struct uuid *alert)
{
	for (size_t i = 0; i < s->n_rows; i++)
		if (uuid_equal(&s->rows[i].alert, alert))
			return &s->rows[i];
	CHECK(!"a row that is not there");
	return NULL;
}

void
outbox_end(struct store *s, const struct delivery *d, enum delivery_end end,
    wall_us next, int status, const char *error)
{
	struct row *row = find_row(s, &d->alert);

	CHECK(row->claimed && row->end == DELIVERY_WAITING);
	CHECK(strcmp(d->sink, row->sink) == 0);
	CHECK(strcmp(d->name, row->name) == 0);
	CHECK(end != DELIVERY_WAITING || next > loop_wall(s->loop));
	row->claimed = false;
	row->end = end;
	row->due = next;
	row->status = status;
	row->ended = loop_wall(s->loop);
	snprintf(row->error, sizeof(row->error), "%s", error);
}

/* --- http.h --- */

struct http *
fake_http_new(struct store *s, meets_fn *meets, void *ctx)
{
	struct http *h = calloc(1, sizeof(*h));

	CHECK(h != NULL);
	h->loop = s->loop;
	h->store = s;
	h->meets = meets;
	h->ctx = ctx;
	return h;
}

static void
post_end(struct post *p)
{
	struct post **link = &p->http->open;

	while (*link != p)
		link = &(*link)->next;
	*link = p->next;
	p->http->n_open--;
	loop_timer_free(p->timer);
	free(p);
}

void
fake_http_free(struct http *h)
{
	while (h->open != NULL)
		post_end(h->open);
	free(h);
}

static void
on_post_end(void *ctx)
{
	struct post *p = ctx;
	struct http_result result = {
	    .status = p->meets.status, .retry_after_s = p->meets.retry_after_s};
	http_done_fn *done = p->done;
	void *owner = p->ctx;

	if (p->meets.status < 200 || p->meets.status > 299)
		snprintf(result.text, sizeof(result.text), "HTTP %d",
		    p->meets.status);
	p->seen->ended = loop_mono(p->http->loop);
	post_end(p);
	done(owner, &result);
}

/* The row by the "<uuid>-r<n>" of the headers. */
static struct row *
row_of_post(struct http *h, const struct http_post *post, int64_t *timestamp_s)
{
	char text[UUID_TEXT_SIZE];
	struct uuid id;

	CHECK(post->n_headers == 4);
	CHECK(strncmp(post->headers[1], "webhook-id: ", 12) == 0);
	snprintf(text, sizeof(text), "%.36s", post->headers[1] + 12);
	CHECK(uuid_parse(text, &id) == 0);
	CHECK(strncmp(post->headers[2], "webhook-timestamp: ", 19) == 0);
	*timestamp_s = strtoll(post->headers[2] + 19, NULL, 10);
	CHECK(strncmp(post->headers[3], "webhook-signature: v1,", 22) == 0);
	return find_row(h->store, &id);
}

static void
check_order(const struct http *h, const struct row *row)
{
	CHECK(row->claimed);
	CHECK(is_first_of_its_name(h->store, row));
	for (const struct post *p = h->open; p != NULL; p = p->next)
		CHECK(strcmp(p->seen->row->sink, row->sink) != 0 ||
		      strcmp(p->seen->row->name, row->name) != 0);
}

int
http_post(
    struct http *h, const struct http_post *post, http_done_fn *done, void *ctx)
{
	struct post *p;
	int64_t at;
	struct row *row = row_of_post(h, post, &at);

	check_order(h, row);
	if (h->err != 0)
		return h->err;
	p = calloc(1, sizeof(*p));
	CHECK(p != NULL && h->n_seen < POSTS_MAX);
	p->http = h;
	p->done = done;
	p->ctx = ctx;
	p->meets = h->meets(h->ctx, row);
	p->seen = &h->seen[h->n_seen++];
	p->seen->row = row;
	p->seen->at = loop_mono(h->loop);
	p->seen->status = p->meets.status;
	p->seen->timestamp_s = at;
	p->timer = loop_timer_new(h->loop, on_post_end, p);
	loop_timer_in(p->timer, p->meets.delay);
	p->next = h->open;
	h->open = p;
	if (++h->n_open > h->n_open_most)
		h->n_open_most = h->n_open;
	return 0;
}

void
http_drop(struct http *h, const void *ctx)
{
	struct post *next;

	for (struct post *p = h->open; p != NULL; p = next) {
		next = p->next;
		if (p->ctx == ctx)
			post_end(p);
	}
}

size_t
fake_http_count(const struct http *h, const struct row *row)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n_seen; i++)
		n += h->seen[i].row == row;
	return n;
}

#endif

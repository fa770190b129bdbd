/* SPDX-License-Identifier: ISC */

#include "drill_send.h"

#include <stdio.h>
#include <stdlib.h>

#include "alert/alert.h"
#include "base/err.h"
#include "config/config.h"
#include "http/http.h"
#include "loop/loop.h"

struct sending {
	struct drill_posts *posts;
	struct loop *loop;
	struct loop_timer *timer; /* for the next, never inside a callback */
	struct http *http;
	size_t at;
	void (*on_sent)(void *ctx, const struct drill_post *post);
	void *ctx;
};

void
drill_posts_add(struct drill_posts *posts, const struct config_sink *sink,
    const struct delivery *d, const struct buf *body)
{
	struct drill_post *p;

	if (posts->n == posts->room) {
		posts->room = posts->room == 0 ? 16 : posts->room * 2;
		posts->list =
		    realloc(posts->list, posts->room * sizeof(*posts->list));
		CHECK(posts->list != NULL);
	}
	p = &posts->list[posts->n++];
	*p = (struct drill_post){.sink = sink};
	p->delivery.alert = d->alert;
	p->delivery.revision = d->revision;
	buf_add(&p->body, body->data, body->size);
	CHECK(p->body.err == 0);
}

void
drill_posts_fini(struct drill_posts *posts)
{
	for (size_t i = 0; i < posts->n; i++)
		buf_fini(&posts->list[i].body);
	free(posts->list);
	*posts = (struct drill_posts){0};
}

static void
end_post(struct sending *s, bool taken, const char *why)
{
	struct drill_post *p = &s->posts->list[s->at++];

	p->taken = taken;
	s->posts->n_taken += taken;
	snprintf(p->why, sizeof(p->why), "%s", why);
	s->on_sent(s->ctx, p);
	loop_timer_in(s->timer, 0);
}

static void
on_posted(void *ctx, const struct http_result *result)
{
	struct sending *s = ctx;
	bool taken = result->status >= 200 && result->status < 300;
	char why[200];

	snprintf(why, sizeof(why), "status %d%s%s", result->status,
	    result->text[0] != '\0' ? ", " : "", result->text);
	end_post(s, taken, why);
}

static void
on_turn(void *ctx)
{
	struct sending *s = ctx;
	const struct drill_post *p;

	if (s->at == s->posts->n) {
		loop_stop(s->loop);
		return;
	}
	p = &s->posts->list[s->at];
	if (alert_post(s->http,
		&(struct alert_attempt){p->sink, &p->delivery, &p->body,
		    loop_wall(s->loop) / WALL_S(1)},
		on_posted, s) != 0)
		end_post(s, false, "it cannot be posted");
}

void
drill_posts_send(struct drill_posts *posts,
    void (*on_sent)(void *ctx, const struct drill_post *post), void *ctx)
{
	struct sending s = {.posts = posts, .on_sent = on_sent, .ctx = ctx};

	s.loop = loop_new();
	CHECK(s.loop != NULL);
	s.http = http_new(s.loop);
	s.timer = loop_timer_new(s.loop, on_turn, &s);
	CHECK(s.http != NULL && s.timer != NULL);
	loop_timer_in(s.timer, 0);
	loop_run(s.loop);
	http_free(s.http);
	loop_timer_free(s.timer);
	loop_free(s.loop);
}

/* SPDX-License-Identifier: ISC */

#ifdef LOAD_WORLD_HERE

/* The servers of load_world.c, which includes it: resolver.h without sockets.
 */

struct flight {
	uint64_t cookie;
	uint8_t name[64];
	uint8_t name_size;
	uint8_t server;
	uint8_t flags;
	mono_ns sent;
};

/* A row of flights that all take the same time. */
struct flights {
	struct loop_timer *timer;
	struct resolver *resolver;
	mono_ns takes;
	struct flight open[LOAD_OPEN_MAX];
	uint32_t first, n;
	uint32_t tried[2]; /* of them, a second and a third time */
};

struct resolver {
	struct load_world *world;
	struct loop *loop;
	struct loop_timer *room;
	struct resolver_hooks hooks;
	struct flights good, lost;
};

static void
fill(struct load_server *s, mono_ns now)
{
	double most = s->rate < 40 ? 1 : s->rate / 20;

	s->tokens += (double)(now - s->filled) * s->rate / 1e9;
	if (s->tokens > most)
		s->tokens = most;
	s->filled = now;
}

/* What is lost is sent twice more. */
static void
try_again(struct flights *f, mono_ns now)
{
	static const mono_ns after[] = {
	    MONO_MS(LOAD_TRY_2_MS), MONO_MS(LOAD_TRY_3_MS)};

	for (unsigned i = 0; i < 2; i++) {
		for (; f->tried[i] < f->n; f->tried[i]++) {
			const struct flight *one =
			    &f->open[(f->first + f->tried[i]) % LOAD_OPEN_MAX];

			if (one->sent + after[i] > now)
				break;
			f->resolver->world->servers[one->server].tokens -= 1;
		}
	}
}

static bool
has_room(struct load_server *s, mono_ns now, bool urgent)
{
	uint32_t window = urgent ? s->window : s->window - s->window / 10;

	fill(s, now);
	return s->open < window && (s->rate == 0 || s->tokens >= 1);
}

/* When to look again for the servers that are full. */
static void
look_again(struct resolver *r)
{
	mono_ns in = MONO_MS(20);

	for (uint8_t i = 0; i < r->world->n_servers; i++) {
		const struct load_server *s = &r->world->servers[i];

		if (s->was_full && s->rate > 0 && s->tokens < 1 &&
		    (1 - s->tokens) / s->rate * 1e9 < (double)in)
			in = (mono_ns)((1 - s->tokens) / s->rate * 1e9) + 1000;
	}
	if (!loop_timer_is_set(r->room))
		loop_timer_in(r->room, in);
}

static void
note_ask(struct load_world *w, const struct ask *ask)
{
	struct load_server *s = &w->servers[ask->server];

	s->tokens -= 1;
	s->n_asked++;
	s->open++;
	if (w->on_ask != NULL)
		w->on_ask(w, number_of(ask->name), ask->server, ask->flags);
}

int
resolver_ask(struct resolver *r, const struct ask *ask)
{
	struct load_world *w = r->world;
	struct load_server *s = &w->servers[ask->server];
	bool lost = s->dead || w->names[number_of(ask->name)].silent;
	struct flights *f = lost ? &r->lost : &r->good;
	mono_ns now = loop_mono(r->loop);
	struct flight *one;

	try_again(&r->lost, now);
	if (!has_room(s, now, (ask->flags & ASK_URGENT) != 0)) {
		s->was_full = true;
		look_again(r);
		return ERR_FULL;
	}
	assert_true(f->n < LOAD_OPEN_MAX);
	note_ask(w, ask);
	one = &f->open[(f->first + f->n) % LOAD_OPEN_MAX];
	*one = (struct flight){
	    .cookie = ask->cookie,
	    .name_size = ask->name_size,
	    .server = ask->server,
	    .flags = ask->flags,
	    .sent = now,
	};
	assert_true(ask->name_size <= sizeof(one->name));
	memcpy(one->name, ask->name, ask->name_size);
	if (f->n++ == 0)
		loop_timer_in(f->timer, f->takes);
	return 0;
}

/* As the real one does: server.c of the resolver says why. */
static void
note_end(struct load_server *s, const struct flight *f, bool good, mono_ns now)
{
	mono_ns span = (f->flags & ASK_FAILED) != 0 ? MONO_S(600) : MONO_S(1);

	s->open--;
	if (good) {
		s->good_at = now;
		s->fails_running = 0;
		if (s->window < LOAD_WINDOW)
			s->window++;
		return;
	}
	if (s->good_at == 0 || f->sent >= s->good_at + span)
		s->fails_running++;
	if (s->dead && s->window > 1)
		s->window /= 2;
}

static void
answer_first(struct flights *all, struct buf *wire)
{
	struct resolver *r = all->resolver;
	struct flight f = all->open[all->first];
	const uint8_t version = r->world->names[number_of(f.name)].version;
	struct message m;
	struct answer a = {
	    .cookie = f.cookie,
	    .server = f.server,
	    .tries = all == &r->good ? 1 : 3,
	    .transport =
		(f.flags & ASK_TCP) != 0 ? TRANSPORT_TCP : TRANSPORT_UDP,
	    .fail = all == &r->good ? FAIL_NOT : FAIL_TIMEOUT,
	    .ede = -1,
	    .sent = f.sent,
	    .received = loop_mono(r->loop),
	};

	all->first = (all->first + 1) % LOAD_OPEN_MAX;
	all->n--;
	for (unsigned i = 0; i < 2 && all == &r->lost; i++)
		all->tried[i]--;
	note_end(
	    &r->world->servers[f.server], &f, a.fail == FAIL_NOT, a.received);
	if (a.fail == FAIL_NOT) {
		make_reply(f.name, f.name_size, version, wire);
		a.wire = wire->data;
		a.size = wire->size;
		a.message = &m;
		assert_int_equal(message_walk(a.wire, a.size, &m), MESSAGE_OK);
	}
	r->hooks.on_answer(r->hooks.ctx, &a);
}

static void
on_end(void *ctx)
{
	struct flights *f = ctx;
	struct buf wire = {0};
	mono_ns now = loop_mono(f->resolver->loop);

	if (f == &f->resolver->lost)
		try_again(f, now);
	while (f->n > 0 && now - f->open[f->first].sent >= f->takes)
		answer_first(f, &wire);
	buf_fini(&wire);
	if (f->n > 0)
		loop_timer_at(f->timer, f->open[f->first].sent + f->takes);
	if (!loop_timer_is_set(f->resolver->room))
		loop_timer_in(f->resolver->room, 0);
}

static void
on_room(void *ctx)
{
	struct resolver *r = ctx;
	struct load_world *w = r->world;
	mono_ns now = loop_mono(r->loop);
	bool waits = false;

	try_again(&r->lost, now);
	for (uint8_t i = 0; i < w->n_servers; i++) {
		struct load_server *s = &w->servers[i];

		if (s->was_full && has_room(s, now, false)) {
			s->was_full = false;
			r->hooks.on_room(r->hooks.ctx, i);
		}
		waits = waits || s->was_full;
	}
	if (waits)
		look_again(r);
}

static void
flights_start(struct flights *f, struct resolver *r, mono_ns takes)
{
	f->resolver = r;
	f->takes = takes;
	f->timer = loop_timer_new(r->loop, on_end, f);
}

struct resolver *
resolver_new(struct loop *loop, const struct resolver_server *servers,
    size_t n_servers, const struct resolver_limits *limits,
    const struct resolver_hooks *hooks)
{
	struct resolver *r = calloc(1, sizeof(*r));

	(void)servers;
	(void)limits;
	assert_non_null(r);
	assert_int_equal(n_servers, load_now->n_servers);
	r->world = load_now;
	r->loop = loop;
	r->hooks = *hooks;
	r->room = loop_timer_new(loop, on_room, r);
	flights_start(&r->good, r, MONO_MS(LOAD_LATENCY_MS));
	flights_start(&r->lost, r, MONO_MS(LOAD_PATIENCE_MS));
	return r;
}

void
resolver_free(struct resolver *r)
{
	if (r == NULL)
		return;
	loop_timer_free(r->good.timer);
	loop_timer_free(r->lost.timer);
	loop_timer_free(r->room);
	free(r);
}

int
resolver_add(struct resolver *r, const struct resolver_server *server)
{
	(void)r;
	(void)server;
	return ERR_FULL; /* no view here is authoritative */
}

bool
resolver_drop(struct resolver *r, uint16_t server)
{
	(void)r;
	(void)server;
	return false;
}

uint32_t
resolver_inflight(const struct resolver *r)
{
	return r->good.n + r->lost.n;
}

/* Only when the servers change, which they do not here. */
void
resolver_open(
    const struct resolver *r, void (*fn)(void *ctx, uint64_t cookie), void *ctx)
{
	(void)r;
	(void)fn;
	(void)ctx;
	fail();
}

struct resolver_counters
resolver_counters(const struct resolver *r)
{
	(void)r;
	return (struct resolver_counters){0};
}

struct resolver_health
resolver_health(const struct resolver *r, uint16_t server)
{
	const struct load_server *s = &r->world->servers[server];

	return (struct resolver_health){.window = s->window,
	    .open = s->open,
	    .rtt_us = LOAD_LATENCY_MS * 1000,
	    .fails_running = s->fails_running,
	    .asked = s->n_asked};
}

#endif

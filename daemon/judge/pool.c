/* SPDX-License-Identifier: ISC */

#include "judge/pool.h"

#include <stdlib.h>
#include <string.h>

#include "dns/type.h"

enum {
	DAY_S = 86400,
	ROOM_FIRST = 8,
	V4_SIZE = 4,
	V6_SIZE = 16,
	UNSTABLE_NEW = 4 /* addresses within a day */
};

/*
 * R24 says 0.001, of one member looked at once.  Of 64 that are looked at after
 * every answer, some would be so absent every day.
 */
#define ABSENT_CHANCE (0.001 * 0.000001)

const char *
pool_class_text(enum pool_class class_)
{
	switch (class_) {
	case POOL_STABLE:
		return "stable";
	case POOL_ROTATING:
		return "rotating";
	case POOL_SAMPLED:
		return "sampled";
	case POOL_FLUX:
		return "flux";
	case POOL_UNSTABLE:
		return "unstable";
	}
	return "stable";
}

bool
pool_takes(const struct content *c, uint16_t type)
{
	size_t size = type == TYPE_A ? V4_SIZE : V6_SIZE;

	if ((type != TYPE_A && type != TYPE_AAAA) ||
	    c->outcome != OUTCOME_ANSWER || c->partial || c->n_records == 0 ||
	    c->n_records > POOL_ANSWER_MAX)
		return false;
	for (size_t i = 0; i < c->n_records; i++) {
		if (c->records[i].type != type || c->records[i].size != size)
			return false;
	}
	return true;
}

/* ---- elements ---- */

static struct pool_element *
find(const struct pool *p, const uint8_t *addr)
{
	for (uint32_t i = 0; i < p->n; i++) {
		if (memcmp(p->list[i].addr, addr, p->size) == 0)
			return &p->list[i];
	}
	return NULL;
}

/* Who goes for another: heard of only, and not for the longest time. */
static struct pool_element *
find_least(const struct pool *p)
{
	struct pool_element *least = NULL;

	for (uint32_t i = 0; i < p->n; i++) {
		struct pool_element *e = &p->list[i];

		if (e->member == 0 && !e->believed &&
		    (least == NULL || e->last < least->last))
			least = e;
	}
	return least;
}

static bool
grow(struct pool *p)
{
	uint32_t room = p->room == 0 ? ROOM_FIRST : p->room * 2;
	struct pool_element *list = realloc(p->list, room * sizeof(*list));

	if (list == NULL)
		return false;
	p->list = list;
	p->room = room;
	return true;
}

static struct pool_element *
place_for(struct pool *p)
{
	struct pool_element *e = NULL;

	if (p->n < POOL_ELEMENTS_MAX) {
		if (p->n == p->room && !grow(p))
			return NULL;
		return &p->list[p->n++];
	}
	p->now.lost++;
	e = find_least(p);
	return e;
}

/* Heard of, and not for a day: what was counted is of another time. */
static bool
was_away(const struct pool_element *e, uint32_t now)
{
	return e->member == 0 && now > e->last + DAY_S;
}

static void
begin(const struct pool *p, struct pool_element *e, uint32_t now)
{
	e->first = e->last = now;
	e->first_no = p->answers + 1;
	e->last_no = p->answers;
	e->seen = 0;
	e->days = 1;
	e->today = 0;
}

static struct pool_element *
add(struct pool *p, const uint8_t *addr, uint32_t now)
{
	struct pool_element *e = place_for(p);

	if (now >= p->began + POOL_FIRST_S && p->now.news < UINT16_MAX)
		p->now.news++;
	if (e == NULL)
		return NULL;
	*e = (struct pool_element){0};
	memcpy(e->addr, addr, p->size);
	begin(p, e, now);
	return e;
}

/* ---- life ---- */

struct pool *
pool_new(const struct content *c, uint32_t now)
{
	struct pool *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->size = (uint8_t)c->records[0].size;
	p->began = p->class_since = p->moved = now;
	p->day = now / DAY_S;
	(void)pool_believe(p, c, now);
	return p;
}

void
pool_free(struct pool *p)
{
	if (p == NULL)
		return;
	free(p->list);
	free(p);
}

size_t
pool_bytes(const struct pool *p)
{
	return sizeof(*p) + p->room * sizeof(*p->list);
}

/* ---- what is believed ---- */

static struct uuid
chain_of(const struct content *c)
{
	uint8_t digest[SHA256_SIZE];
	struct buf names = {0};
	struct uuid chain = {{0}};

	if (c->n_chain == 0)
		return chain;
	for (size_t i = 0; i < c->n_chain; i++)
		buf_add(&names, c->chain[i], name_size(c->chain[i]));
	hash_sha256(names.data, names.size, digest);
	/* Without memory it is like no other. */
	if (names.err == 0)
		memcpy(chain.b, digest, sizeof(chain.b));
	else
		memset(chain.b, UINT8_MAX, sizeof(chain.b));
	buf_fini(&names);
	return chain;
}

static bool
is_settled(const struct pool *p, uint32_t now)
{
	return now >= p->began + POOL_SETTLED_S;
}

/*
 * Has one that came later taken the place of what is drawn?  So many were never
 * drawn, and nothing is left of what was believed.
 */
static bool
is_odd(const struct pool *p, const struct content *c)
{
	bool late = false;

	if ((p->class_ != POOL_SAMPLED && p->class_ != POOL_UNSTABLE) ||
	    (p->sizes >> (c->n_records - 1) & 1) != 0)
		return false;
	for (size_t i = 0; i < c->n_records; i++) {
		const struct pool_element *e = find(p, c->records[i].rdata);

		if (e != NULL && e->believed)
			return false;
		late = late || e == NULL || e->first > p->began + POOL_FIRST_S;
	}
	return late;
}

/* One of what is believed.  True: there is something new to be kept. */
static bool
believe_one(struct pool *p, const uint8_t *addr, uint32_t now)
{
	struct pool_element *e = find(p, addr);
	bool news = e == NULL || was_away(e, now);

	if (e == NULL)
		e = add(p, addr, now);
	if (e == NULL) {
		p->foreign = true;
		return true;
	}
	e->believed = true;
	if (was_away(e, now))
		begin(p, e, now);
	return news;
}

/* An alias that comes again, or leads to what was heard, is learnt already. */
static bool
is_all_new(const struct pool *p, const struct content *c)
{
	for (size_t i = 0; i < c->n_records; i++)
		if (find(p, c->records[i].rdata) != NULL)
			return false;
	return true;
}

static void
take_chain(struct pool *p, const struct content *c, bool known, uint32_t now)
{
	struct uuid chain = chain_of(c);

	if (known && memcmp(chain.b, p->chain.b, sizeof(chain.b)) != 0 &&
	    is_all_new(p, c))
		p->renewed = now;
	p->chain = chain;
}

bool
pool_believe(struct pool *p, const struct content *c, uint32_t now)
{
	uint64_t sizes = p->sizes;
	bool fits =
	    c != NULL && c->n_records > 0 && c->records[0].size == p->size;
	bool odd = fits && is_odd(p, c);
	bool known = !p->foreign; /* after a restart it is not */
	bool news = false;

	p->away = odd && is_settled(p, now);
	for (uint32_t i = 0; i < p->n; i++)
		p->list[i].believed = false;
	p->foreign = !fits;
	if (p->foreign)
		return false;
	take_chain(p, c, known, now);
	if (!odd)
		p->sizes |= UINT64_C(1) << (c->n_records - 1);
	for (size_t i = 0; i < c->n_records; i++)
		news = believe_one(p, c->records[i].rdata, now) || news;
	return news || p->sizes != sizes;
}

/* ---- is it inside? ---- */

static bool
has_home(const struct pool *p)
{
	if (p->foreign || p->away)
		return false;
	for (uint32_t i = 0; i < p->n; i++) {
		if (p->list[i].believed && p->list[i].member == 0)
			return false;
	}
	return true;
}

bool
pool_has_chain(const struct pool *p, const struct content *c)
{
	struct uuid chain = chain_of(c);

	/* What is believed may have no chain at all, and p->chain is older. */
	return !p->foreign && p->class_ != POOL_FLUX &&
	       c->records[0].size == p->size &&
	       memcmp(chain.b, p->chain.b, sizeof(chain.b)) == 0;
}

bool
pool_holds(const struct pool *p, const struct content *c)
{
	struct uuid chain;

	if (p->class_ == POOL_FLUX || !has_home(p) ||
	    c->records[0].size != p->size ||
	    (p->sizes >> (c->n_records - 1) & 1) == 0)
		return false;
	for (size_t i = 0; i < c->n_records; i++) {
		const struct pool_element *e = find(p, c->records[i].rdata);

		if (e == NULL || e->member == 0)
			return false;
	}
	chain = chain_of(c);
	return memcmp(chain.b, p->chain.b, sizeof(chain.b)) == 0;
}

bool
pool_is_outside(const struct pool *p, const struct content *c, uint32_t now)
{
	if (p->away)
		return true;
	if (!is_settled(p, now))
		return false;
	/* Whatever is known of addresses: this is not how it draws. */
	if (is_odd(p, c))
		return true;
	if ((p->class_ != POOL_ROTATING && p->class_ != POOL_SAMPLED) ||
	    p->now.lost + p->before.lost > 0)
		return false;
	for (size_t i = 0; i < c->n_records; i++) {
		const struct pool_element *e = find(p, c->records[i].rdata);

		if (e == NULL || was_away(e, now))
			return true;
	}
	return false;
}

/* ---- is it more of it? ---- */

static bool
same_prefix(const struct pool *p, const uint8_t *a, const uint8_t *b)
{
	return memcmp(a, b, p->size == V4_SIZE ? 2 : 4) == 0;
}

/* Since when what is heard is of what is learnt now. */
static uint32_t
learnt_from(const struct pool *p)
{
	return p->renewed > p->began ? p->renewed : p->began;
}

/* Was it there when that began? */
static bool
is_first(const struct pool *p, const struct pool_element *e)
{
	uint32_t from = learnt_from(p);

	return e->first <= from + POOL_BEGIN_S && e->last >= from;
}

/* Of a network of what it began with? */
static bool
is_near(const struct pool *p, const uint8_t *addr)
{
	for (uint32_t i = 0; i < p->n; i++)
		if (is_first(p, &p->list[i]) &&
		    same_prefix(p, p->list[i].addr, addr))
			return true;
	return false;
}

/* Is some of what is believed?  Else it ends what somebody else said. */
static bool
is_home(const struct pool *p)
{
	for (uint32_t i = 0; i < p->n; i++)
		if (p->list[i].believed && is_near(p, p->list[i].addr))
			return true;
	return false;
}

bool
pool_grows(const struct pool *p, const struct content *c, uint32_t now)
{
	if (p->foreign || p->away || p->class_ == POOL_FLUX ||
	    now >= learnt_from(p) + POOL_FIRST_S || !pool_has_chain(p, c) ||
	    (p->sizes >> (c->n_records - 1) & 1) == 0)
		return false;
	for (size_t i = 0; i < c->n_records; i++)
		if (!is_near(p, c->records[i].rdata))
			return false;
	return is_home(p);
}

/* ---- hearing ---- */

/* They are heard of only from now on, and their return is told. */
static void
demote(struct pool *p, bool here)
{
	for (uint32_t i = 0; i < p->n; i++) {
		struct pool_element *e = &p->list[i];

		if (e->member == 0 || (here && e->here))
			continue;
		e->member = 0;
		begin(p, e, e->last);
		p->replaced = true;
	}
}

/* Has it taken the place of all members: was none heard since it came? */
static void
replace(struct pool *p, const struct pool_element *by)
{
	for (uint32_t i = 0; i < p->n; i++) {
		const struct pool_element *e = &p->list[i];

		if (e->member != 0 && (e->believed || e->last >= by->first))
			return;
	}
	demote(p, false);
}

/* R25: told before, seen often enough for long enough, and there is room. */
static void
age(struct pool *p, struct pool_element *e, uint32_t now)
{
	if (e->member != 0 || e->seen < POOL_AGE_ANSWERS ||
	    e->last - e->first < POOL_AGE_S || p->grown >= POOL_GROWTH_DAY)
		return;
	replace(p, e);
	e->member = now;
	p->grown++;
}

/*
 * An answer without any member is none of the pool's, and the same set once
 * more is not drawn anew: neither says how often a member is answered.
 */
static bool
is_drawn(const struct pool *p, const struct content *c, bool moved)
{
	if (!moved)
		return false;
	for (size_t i = 0; i < c->n_records; i++) {
		const struct pool_element *e = find(p, c->records[i].rdata);

		if (e != NULL && e->member != 0)
			return true;
	}
	return false;
}

static void
pass_over(struct pool *p)
{
	for (uint32_t i = 0; i < p->n; i++) {
		if (p->list[i].member != 0) {
			p->list[i].first_no++;
			p->list[i].last_no++;
		}
	}
}

/* What is drawn does not stand still for so long: this has taken its place. */
static void
look_still(struct pool *p, uint32_t now, bool moved)
{
	p->still = moved ? 0 : p->still + 1;
	if (p->class_ == POOL_SAMPLED && p->still >= POOL_AGE_ANSWERS &&
	    now - p->moved >= POOL_AGE_S)
		demote(p, true);
}

/* Order is none: a sum over the addresses is the set's print. */
static uint64_t
print_of(const struct content *c)
{
	static const struct hash_key key = {
	    0x706f6f6c2d736574ULL, 0x7072696e742d6f66ULL};
	uint64_t print = 0;

	for (size_t i = 0; i < c->n_records; i++)
		print +=
		    hash_sip(&key, c->records[i].rdata, c->records[i].size);
	return print == 0 ? 1 : print;
}

static void
note_move(struct pool *p, const struct pool_heard *h, uint64_t print)
{
	const struct content *c = h->content;
	bool overlaps = false;
	bool returns = true;

	for (size_t i = 0; i < c->n_records; i++) {
		const struct pool_element *e = find(p, c->records[i].rdata);

		overlaps = overlaps || (e != NULL && e->here);
		returns = returns && e != NULL;
	}
	if (p->print != 0) {
		p->moved = h->now;
		p->now.moves++;
		p->now.overlaps += overlaps;
		p->now.returns += returns;
	}
	p->print = print;
}

static void
note_size(struct pool_day *d, size_t n)
{
	if (d->least == 0 || n < d->least)
		d->least = (uint8_t)n;
	if (n > d->most)
		d->most = (uint8_t)n;
}

static void
count(struct pool *p, struct pool_element *e, uint32_t now, bool drawn)
{
	if (e->last / DAY_S != now / DAY_S)
		e->days++;
	e->last = now;
	e->last_no = p->answers;
	e->here = true;
	e->seen += drawn || e->member == 0;
	if (e->today < UINT16_MAX)
		e->today++;
	age(p, e, now);
}

void
pool_hear(struct pool *p, const struct pool_heard *h)
{
	const struct content *c = h->content;
	uint64_t print = print_of(c);
	bool moved = print != p->print;
	bool drawn;

	if (c->records[0].size != p->size)
		return;
	if (pool_is_over(p, h->now))
		pool_turn(p, h->now);
	if (moved)
		note_move(p, h, print);
	note_size(&p->now, c->n_records);
	if (h->ttl > p->ttl_max)
		p->ttl_max = h->ttl;
	if (!h->fresh)
		return;
	p->answers++;
	p->answers_today++;
	drawn = is_drawn(p, c, moved);
	if (!drawn)
		pass_over(p);
	for (uint32_t i = 0; i < p->n; i++)
		p->list[i].here = false;
	for (size_t i = 0; i < c->n_records; i++) {
		struct pool_element *e = find(p, c->records[i].rdata);

		/* One that was away is told first, and begins anew then. */
		if (e != NULL && !was_away(e, h->now))
			count(p, e, h->now, drawn);
	}
	look_still(p, h->now, moved);
}

/* ---- days ---- */

bool
pool_is_over(const struct pool *p, uint32_t now)
{
	return now / DAY_S > p->day;
}

static void
forget_old(struct pool *p, uint32_t now)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->n; i++) {
		const struct pool_element *e = &p->list[i];

		if (e->believed || now < e->last + POOL_FORGET_S)
			p->list[n++] = *e;
	}
	p->n = n;
}

void
pool_turn(struct pool *p, uint32_t now)
{
	uint32_t day = now / DAY_S;

	p->before = day == p->day + 1 ? p->now : (struct pool_day){0};
	p->now = (struct pool_day){0};
	p->day = day;
	p->answers_today = 0;
	p->grown = 0;
	p->ttl_max = 0;
	forget_old(p, now);
	for (uint32_t i = 0; i < p->n; i++) {
		p->list[i].today = 0;
		age(p, &p->list[i], now);
	}
}

/* ---- class ---- */

/* Of what the pool did not begin with. */
static bool
is_flux(const struct pool *p, uint32_t now)
{
	const struct pool_element *prefixes[POOL_FLUX_PREFIXES];
	uint32_t n_prefixes = 0;
	uint32_t n = 0;

	if (p->ttl_max > POOL_FLUX_TTL_S)
		return false;
	for (uint32_t i = 0; i < p->n; i++) {
		const struct pool_element *e = &p->list[i];
		uint32_t k = 0;

		if (e->first < p->began + POOL_FIRST_S ||
		    now > e->first + DAY_S)
			continue;
		n++;
		while (k < n_prefixes &&
		       !same_prefix(p, prefixes[k]->addr, e->addr))
			k++;
		if (k == n_prefixes && k < POOL_FLUX_PREFIXES)
			prefixes[n_prefixes++] = e;
	}
	return n >= POOL_FLUX_NEW && n_prefixes >= POOL_FLUX_PREFIXES;
}

static enum pool_class
class_of(const struct pool *p, uint32_t now)
{
	const struct pool_day *a = &p->now;
	const struct pool_day *b = &p->before;
	uint32_t moves = a->moves + b->moves;
	uint32_t again = a->overlaps + b->overlaps + a->returns + b->returns;
	uint8_t least = a->least;
	uint8_t most = a->most > b->most ? a->most : b->most;

	if (least == 0 || (b->least != 0 && b->least < least))
		least = b->least;
	if (is_flux(p, now))
		return POOL_FLUX;
	/* What was changed a few times, and never back, does not rotate. */
	if (moves == 0 || (again == 0 && moves < UNSTABLE_NEW))
		return POOL_STABLE;
	if (again == 0 || a->lost + b->lost > 0 ||
	    a->news + b->news >= UNSTABLE_NEW)
		return POOL_UNSTABLE;
	if (least == most && a->overlaps + b->overlaps > 0)
		return POOL_SAMPLED;
	return POOL_ROTATING;
}

bool
pool_look(struct pool *p, uint32_t now, enum pool_class *from)
{
	enum pool_class class_;
	bool again;

	if (p->look != 0 && now < p->look + POOL_CLASS_S)
		return false;
	class_ = class_of(p, now);
	again = p->look != 0 && p->next == class_;
	p->look = now;
	p->next = (uint8_t)class_;
	if (class_ == p->class_ || !again)
		return false;
	*from = (enum pool_class)p->class_;
	p->class_ = (uint8_t)class_;
	p->class_since = now;
	if (class_ == POOL_FLUX &&
	    (p->flux_told == 0 || now > p->flux_told + POOL_FORGET_S))
		p->flux_told = now;
	return true;
}

/* ---- absence ---- */

uint32_t
pool_share(const struct pool_element *e)
{
	uint32_t of = e->last_no - e->first_no + 1;

	if (e->seen == 0 || of == 0)
		return 0;
	return (uint32_t)((uint64_t)e->seen * 1000 / of);
}

/* (1 - share)^n below that? */
static bool
is_absent(const struct pool *p, const struct pool_element *e)
{
	uint32_t of = e->last_no - e->first_no + 1;
	double rest = 1.0 - (double)e->seen / of;
	double chance = 1.0;

	for (uint32_t n = p->answers - e->last_no; n > 0; n >>= 1) {
		if ((n & 1) != 0)
			chance *= rest;
		rest *= rest;
	}
	return chance < ABSENT_CHANCE;
}

bool
pool_absent(struct pool *p, struct pool_element *out)
{
	if (p->class_ != POOL_SAMPLED)
		return false;
	for (uint32_t i = 0; i < p->n; i++) {
		const struct pool_element *e = &p->list[i];

		if (e->member == 0 || e->believed || !is_absent(p, e))
			continue;
		*out = *e;
		memmove(&p->list[i], &p->list[i + 1],
		    (p->n - i - 1) * sizeof(*p->list));
		p->n--;
		return true;
	}
	return false;
}

uint32_t
pool_members(const struct pool *p)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->n; i++)
		n += p->list[i].member != 0;
	return n;
}

char *
pool_print(const struct pool *p, const struct pool_element *e,
    char out[ADDR_TEXT_SIZE])
{
	struct addr a = {.family = p->size == V4_SIZE ? AF_INET : AF_INET6};

	memcpy(a.ip, e->addr, p->size);
	return addr_print_ip(&a, out);
}

/* SPDX-License-Identifier: ISC */
/*
 * fetch -- the old state of questions that differ: those of a short while are
 * gathered into two statements, one of questions, one of elements, that go
 * out together; and a third of what is held of open changes, where asked for.
 */

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/hash.h"
#include "dns/name.h"
#include "dns/record.h"
#include "dns/type.h"
#include "loop/loop.h"
#include "store_priv.h"

/* A turn that gathers more than this sends the rest with the next. */
enum { FETCHES_MAX = 1000 };

/*
 * Between two: the two statements cost a third of a millisecond whatever is
 * asked.  The first after a pause goes at once.
 */
enum { FETCH_EVERY_MS = 40 };

/* Believed here for so long within the last 30 days counts (R21). */
#define BELIEVED_LONG_US WALL_S(86400)

struct fetch_one {
	store_believed_fn *fn;
	void *ctx;
	uint32_t element; /* its first */
	uint32_t n_elements;
	int row;       /* of the first result; -1: not known */
	uint32_t held; /* its number among those that want it, from 1; 0: no */
};

enum {
	STATE_ARRAYS = 5,
	ELEMENT_ARRAYS = 6,
	HELD_ARRAYS = 3,
	PARAMS_MAX = STATE_ARRAYS + 2,
	RESULTS_MAX = 3
};
static const char element_types[ELEMENT_ARRAYS + 1] = "huizuu";

struct fetches {
	struct fetches *next;              /* gathered after this was full */
	struct array states[STATE_ARRAYS]; /* shard question server at seen */
	struct array elements[ELEMENT_ARRAYS]; /* the same, record, pivot */
	struct array held[HELD_ARRAYS];        /* shard question server */
	struct fetch_one *ones;
	uint32_t n;
	uint32_t n_elements;
	uint32_t n_held;
	wall_us oldest; /* of the times that are asked about */
	wall_us newest;
	PGresult *results[RESULTS_MAX];
	unsigned n_results;
	/* With all results: how far they are told. */
	uint32_t told;
	int told_held;
	struct arena arena;
	const struct store_element *found;
};

static struct fetches *
fetches_new(void)
{
	struct fetches *f = calloc(1, sizeof *f);

	CHECK(f != NULL);
	f->ones = calloc(FETCHES_MAX, sizeof *f->ones);
	CHECK(f->ones != NULL);
	for (int i = 0; i < STATE_ARRAYS; i++)
		array_start(&f->states[i], (enum array_type)element_types[i]);
	for (int i = 0; i < ELEMENT_ARRAYS; i++)
		array_start(&f->elements[i], (enum array_type)element_types[i]);
	for (int i = 0; i < HELD_ARRAYS; i++)
		array_start(&f->held[i], (enum array_type)element_types[i]);
	return f;
}

static void
fetches_free(struct fetches *f)
{
	for (int i = 0; i < STATE_ARRAYS; i++)
		array_fini(&f->states[i]);
	for (int i = 0; i < ELEMENT_ARRAYS; i++)
		array_fini(&f->elements[i]);
	for (int i = 0; i < HELD_ARRAYS; i++)
		array_fini(&f->held[i]);
	for (int i = 0; i < RESULTS_MAX; i++)
		PQclear(f->results[i]);
	arena_fini(&f->arena);
	free(f->ones);
	free(f);
}

static void
add_key(struct array *arrays, const struct store_fetch *fetch)
{
	array_i16(&arrays[0], (int16_t)fetch->key.shard);
	array_uuid(&arrays[1], &fetch->key.question);
	array_i32(&arrays[2], fetch->key.server);
}

/* As commit.c has it in content_hash. */
static void
add_hash(struct array *hashes, const struct content *seen)
{
	uint8_t digest[SHA256_SIZE];
	struct buf packed = {0};
	struct uuid hash;

	content_pack(seen, &packed);
	CHECK(packed.err == 0);
	hash_sha256(packed.data, packed.size, digest);
	memcpy(hash.b, digest, sizeof hash.b);
	array_uuid(hashes, &hash);
	buf_fini(&packed);
}

static void
add_element(
    struct fetches *f, const struct store_fetch *fetch, const struct record *r)
{
	const struct uuid record = record_key(r);
	const struct uuid pivot = record_pivot(r);

	add_key(f->elements, fetch);
	array_wall(&f->elements[3], fetch->at);
	array_uuid(&f->elements[4], &record);
	array_uuid(&f->elements[5], &pivot);
	f->n_elements++;
}

void
store_fetch(struct store *s, const struct store_fetch *fetch,
    store_believed_fn *fn, void *ctx)
{
	struct fetches **link = &s->gathering;
	const struct content *seen = fetch->seen;
	struct fetches *f;
	struct fetch_one *one;

	while (*link != NULL && (*link)->n == FETCHES_MAX)
		link = &(*link)->next;
	if (*link == NULL)
		*link = fetches_new();
	f = *link;
	one = &f->ones[f->n++];
	one->fn = fn;
	one->ctx = ctx;
	one->element = f->n_elements;
	one->row = -1;
	add_key(f->states, fetch);
	array_wall(&f->states[3], fetch->at);
	add_hash(&f->states[4], seen);
	if (fetch->held) {
		add_key(f->held, fetch);
		one->held = ++f->n_held;
	}
	if (f->n == 1 || fetch->at < f->oldest)
		f->oldest = fetch->at;
	if (f->n == 1 || fetch->at > f->newest)
		f->newest = fetch->at;
	for (size_t i = 0; i < seen->n_chain; i++) {
		const struct record alias = {.type = TYPE_CNAME,
		    .size = (uint16_t)name_size(seen->chain[i]),
		    .rdata = seen->chain[i]};

		add_element(f, fetch, &alias);
	}
	for (size_t i = 0; i < seen->n_records; i++)
		add_element(f, fetch, &seen->records[i]);
	one->n_elements = f->n_elements - one->element;
	CHECK(f->elements[5].bytes.err == 0 && f->states[3].bytes.err == 0);
	fetch_soon(s);
}

bool
fetch_waits(const struct store *s)
{
	const struct fetches *f = s->gathering;

	return f != NULL && s->telling == NULL &&
	       (f->n == FETCHES_MAX || loop_mono(s->loop) >= s->fetch_next);
}

void
fetch_soon(struct store *s)
{
	if (s->gathering == NULL || s->telling != NULL)
		return;
	if (fetch_waits(s))
		store_soon(s);
	else if (!loop_timer_is_set(s->turn))
		loop_timer_in(s->turn, s->fetch_next - loop_mono(s->loop));
}

static int64_t
wire_time(wall_us at)
{
	return (int64_t)htobe64((uint64_t)array_pg_time(at));
}

/* With the day before and behind what is asked about, of states. */
static bool
send(struct store *s, enum statement_id id, struct array *arrays, int n,
    const struct fetches *f)
{
	const char *values[PARAMS_MAX];
	int sizes[PARAMS_MAX];
	int formats[PARAMS_MAX];
	const int64_t around[2] = {wire_time(f->oldest - WALL_S(86400)),
	    wire_time(f->newest + WALL_S(86400))};

	for (int i = 0; i < n; i++) {
		values[i] = array_finish(&arrays[i], &sizes[i]);
		formats[i] = 1;
	}
	for (int i = 0; id == READ_STATE && i < 2; i++) {
		values[n] = (const char *)&around[i];
		sizes[n] = sizeof around[i];
		formats[n++] = 1;
	}
	return PQsendQueryPrepared(s->read.conn.pg, statement_of(id)->name, n,
		   values, sizes, formats, 1) == 1;
}

void
fetch_send(struct store *s)
{
	PGconn *pg = s->read.conn.pg;
	struct fetches *f = s->gathering;

	s->gathering = f->next;
	s->fetching = f;
	s->fetch_next = loop_mono(s->loop) + MONO_MS(FETCH_EVERY_MS);
	if (PQenterPipelineMode(pg) != 1 ||
	    !send(s, READ_STATE, f->states, STATE_ARRAYS, f) ||
	    !send(s, READ_ELEMENT, f->elements, ELEMENT_ARRAYS, f) ||
	    (f->n_held > 0 && !send(s, READ_HELD, f->held, HELD_ARRAYS, f)) ||
	    PQpipelineSync(pg) != 1)
		conn_lose(&s->read.conn, PQerrorMessage(pg));
}

void
fetch_result(struct store *s, PGresult *r)
{
	struct fetches *f = s->fetching;

	if (f->n_results < RESULTS_MAX)
		f->results[f->n_results++] = r;
	else
		PQclear(r);
}

/* Elements come in any order, each with its place. */
static struct store_element *
read_elements(struct fetches *f)
{
	const PGresult *r = f->results[1];
	struct store_element *list =
	    arena_zero(&f->arena, (f->n_elements + 1) * sizeof *list);

	CHECK(list != NULL);
	for (int i = 0; i < PQntuples(r); i++) {
		int64_t at = field_i64(r, i, 0);
		struct store_element *e = &list[at - 1];

		CHECK(at >= 1 && at <= (int64_t)f->n_elements);
		e->first_here = field_wall(r, i, 1);
		e->first_any = field_wall(r, i, 2);
		e->believed_day = field_i64(r, i, 3) >= BELIEVED_LONG_US;
	}
	return list;
}

static void
read_believed(const PGresult *r, int row, struct store_believed *b)
{
	if (row < 0)
		return;
	b->known = !PQgetisnull(r, row, 1);
	if (b->known) {
		b->content = (const uint8_t *)PQgetvalue(r, row, 1);
		b->content_size = (size_t)PQgetlength(r, row, 1);
	}
	b->ttl = (uint32_t)field_i32(r, row, 2);
	b->since = field_wall(r, row, 3);
	b->last_seen = field_wall(r, row, 4);
	b->change = field_uuid(r, row, 5);
	b->phase = (enum candidate_phase)field_i16(r, row, 6);
	b->open_change = field_uuid(r, row, 7);
	b->n_sets_day = (uint32_t)field_i32(r, row, 8);
	b->open_seen_at = field_wall(r, row, 9);
	if (!PQgetisnull(r, row, 10)) {
		b->open_content = (const uint8_t *)PQgetvalue(r, row, 10);
		b->open_content_size = (size_t)PQgetlength(r, row, 10);
	}
	if (!PQgetisnull(r, row, 11)) {
		b->before = (const uint8_t *)PQgetvalue(r, row, 11);
		b->before_size = (size_t)PQgetlength(r, row, 11);
	}
	b->told.alert = field_uuid(r, row, 12);
	b->told.revision = (uint32_t)field_i32(r, row, 13);
	if (!PQgetisnull(r, row, 14))
		b->told.kind = PQgetvalue(r, row, 14);
	b->told.n_others = (uint32_t)field_i32(r, row, 15);
	b->told.severity = (uint8_t)field_i32(r, row, 16);
	b->told.label = (uint8_t)field_i32(r, row, 17);
	if (!PQgetisnull(r, row, 18))
		b->by = PQgetvalue(r, row, 18);
	b->past = !PQgetisnull(r, row, 19);
	b->past_ttl = (uint32_t)field_i32(r, row, 19);
	if (!PQgetisnull(r, row, 20)) {
		b->life = (const uint8_t *)PQgetvalue(r, row, 20);
		b->life_size = (size_t)PQgetlength(r, row, 20);
	}
}

/* Rows come by the number of who wants them: `told_held` is where it begins. */
static void
read_held(struct fetches *f, const struct fetch_one *one,
    struct store_believed *b, struct store_held list[STORE_HELD_MAX])
{
	const PGresult *r = f->results[2];
	int end = one->held == 0 ? 0 : PQntuples(r);

	b->held = list;
	while (f->told_held < end && b->n_held < STORE_HELD_MAX &&
	       field_i64(r, f->told_held, 0) == (int64_t)one->held) {
		int row = f->told_held++;

		list[b->n_held++] = (struct store_held){
		    .at = field_wall(r, row, 1),
		    .last_at = field_wall(r, row, 2),
		    .count = (uint32_t)field_i32(r, row, 3),
		    .ttl = (uint32_t)field_i32(r, row, 4),
		    .flags = (uint16_t)field_i32(r, row, 5),
		    .ede = field_i32(r, row, 6),
		    .transport = (uint8_t)field_i16(r, row, 7),
		    .server = PQgetvalue(r, row, 8),
		    .group = PQgetvalue(r, row, 9),
		    .raw = (const uint8_t *)PQgetvalue(r, row, 10),
		    .raw_size = (size_t)PQgetlength(r, row, 10),
		};
	}
}

static void
find_rows(struct fetches *f)
{
	const PGresult *r = f->results[0];

	f->found = read_elements(f);
	for (int i = 0; i < PQntuples(r); i++) {
		int64_t at = field_i64(r, i, 0);

		CHECK(at >= 1 && at <= (int64_t)f->n);
		f->ones[at - 1].row = i;
	}
}

/* Each answer begins an inquiry: a thousand of them are many turns. */
void
fetch_tell(struct store *s)
{
	struct fetches *f = s->telling;
	struct store_held held[STORE_HELD_MAX];

	while (f != NULL && f->told < f->n && !s->closed) {
		const struct fetch_one *one = &f->ones[f->told++];
		struct store_believed b = {.elements = f->found + one->element,
		    .n_elements = one->n_elements};

		read_believed(f->results[0], one->row, &b);
		read_held(f, one, &b, held);
		one->fn(one->ctx, 0, &b);
		if (f->told % STORE_TURN_LOOK == 0 &&
		    !loop_turn_has(s->loop, MONO_MS(STORE_TURN_MS))) {
			store_soon(s);
			return;
		}
	}
	if (f == NULL || s->closed)
		return;
	s->telling = NULL;
	fetches_free(f);
	fetch_soon(s);
}

static void
fail_all(struct store *s, struct fetches *f, int err)
{
	for (uint32_t i = 0; i < f->n && !s->closed; i++)
		f->ones[i].fn(f->ones[i].ctx, err, NULL);
}

static bool
all_came(const struct fetches *f)
{
	unsigned n = f->n_held > 0 ? RESULTS_MAX : RESULTS_MAX - 1;

	for (unsigned i = 0; i < n; i++)
		if (PQresultStatus(f->results[i]) != PGRES_TUPLES_OK)
			return false;
	return true;
}

void
fetch_end(struct store *s)
{
	struct fetches *f = s->fetching;

	s->fetching = NULL;
	if (all_came(f)) {
		find_rows(f);
		s->telling = f; /* no other was sent meanwhile */
		fetch_tell(s);
		return;
	}
	fail_all(s, f, ERR_DATABASE);
	fetches_free(f);
}

void
fetch_fail(struct store *s, int err, bool all)
{
	struct fetches *f = s->fetching;

	s->fetching = NULL;
	if (f != NULL) {
		fail_all(s, f, err);
		fetches_free(f);
	}
	/* Asked again from the callbacks: for the next time. */
	f = all && !s->closed ? s->gathering : NULL;
	if (f != NULL)
		s->gathering = NULL;
	while (f != NULL) {
		struct fetches *next = f->next;

		fail_all(s, f, err);
		fetches_free(f);
		f = next;
	}
}

void
fetch_free(struct store *s)
{
	if (s->fetching != NULL)
		fetches_free(s->fetching);
	if (s->telling != NULL)
		fetches_free(s->telling);
	while (s->gathering != NULL) {
		struct fetches *next = s->gathering->next;

		fetches_free(s->gathering);
		s->gathering = next;
	}
}

/* SPDX-License-Identifier: ISC */

/*
 * What is known of a zone's servers, as bytes: kept by the database with the
 * zone's SOA question, so that nothing is told twice after a restart.
 *
 * Servers are kept by their addresses, questions by name and type: numbers are
 * of one process.
 */

#include <stdlib.h>
#include <string.h>

#include "source_priv.h"

enum {
	KEEP_VERSION = 2,
	KEEP_FLAT = 1 /* did not say which questions are asked at the parent */
};

static void
put_addr(const struct sources *s, uint16_t server, struct buf *out)
{
	const struct source_server *r = source_server_of(s->monitor, server);
	size_t size = r->addr.family == AF_INET6 ? 16 : 4;
	size_t length = strlen(r->name);

	/* Escaped it may be longer; who reads it knows it by its address. */
	if (length > UINT8_MAX)
		length = 0;

	buf_add_u8(out, (uint8_t)size);
	buf_add(out, r->addr.ip, size);
	buf_add_u16(out, r->addr.port);
	buf_add_u8(out, (uint8_t)length);
	buf_add(out, r->name, length);
}

static void
put_serial(bool has, uint32_t serial, struct buf *out)
{
	buf_add_u8(out, has);
	buf_add_u32(out, serial);
}

void
zone_pack(const struct sources *s, const struct zone_state *z, struct buf *out)
{
	const struct table *t = s->monitor->table;

	buf_add_u8(out, KEEP_VERSION);
	buf_add_u8(out, (uint8_t)z->apart);
	buf_add_u64(out, (uint64_t)z->apart_since);
	buf_add_u64(out, (uint64_t)z->apart_until);
	buf_add_u8(out, z->split_delegation);
	buf_add_u32(out, z->late_s);
	buf_add_u8(out, z->n_members);
	for (uint8_t i = 0; i < z->n_members; i++) {
		const struct zone_member *v = &z->members[i];

		put_addr(s, v->server, out);
		put_serial(v->has_serial, v->serial, out);
		buf_add_u8(out,
		    (uint8_t)(v->told | v->tcp.told << 4 | v->edns.told << 5));
		buf_add_u64(out, (uint64_t)v->since);
	}
	buf_add_u32(out, z->n_deviations);
	for (uint32_t i = 0; i < z->n_deviations; i++) {
		const struct deviation *d = &z->deviations[i];
		uint8_t size;
		const uint8_t *name = table_name(t, d->question, &size);

		buf_add_u8(out, size);
		buf_add(out, name, size);
		buf_add_u16(out, table_question(t, d->question)->type);
		buf_add_u8(out, table_view(t, d->question) != z->view);
		put_addr(s, d->server, out);
		buf_add_u8(out, d->stand);
		buf_add(out, d->digest, sizeof(d->digest));
		put_serial(d->has_serial, d->serial, out);
		buf_add_u64(out, (uint64_t)d->since);
	}
}

/* Reads from the front; `bad` once it ran out. */
struct reading {
	const uint8_t *p;
	size_t left;
	uint8_t version;
	bool bad;
};

static const uint8_t *
take(struct reading *r, size_t size)
{
	static const uint8_t nothing[UINT8_MAX];
	const uint8_t *at = r->p;

	if (r->bad || r->left < size) {
		r->bad = true;
		return nothing;
	}
	r->p += size;
	r->left -= size;
	return at;
}

static uint64_t
take_number(struct reading *r, size_t size)
{
	const uint8_t *p = take(r, size);
	uint64_t v = 0;

	for (size_t i = 0; i < size; i++)
		v = v << 8 | p[i];
	return v;
}

/* The server's number now; 0: none can be given. */
static uint16_t
take_addr(struct reading *r, struct sources *s, const struct source *of)
{
	struct zone_server server = {0};
	size_t size = take_number(r, 1);
	char text[NAME_TEXT_SIZE] = "";
	struct name name = {.size = 1};
	const char *why;
	size_t n;

	if (size != 4 && size != 16)
		r->bad = true;
	server.addr.family = size == 16 ? AF_INET6 : AF_INET;
	if (!r->bad)
		memcpy(server.addr.ip, take(r, size), size);
	server.addr.port = (uint16_t)take_number(r, 2);
	n = take_number(r, 1);
	memcpy(text, take(r, n), n);
	text[n] = '\0';
	if (r->bad || (n > 0 && name_parse(text, &name, &why) != 0))
		return 0;
	source_servers_room(s, 1);
	return source_server_number(s, of, &server, &name);
}

static void
take_member(struct reading *r, struct sources *s, const struct source *of,
    struct zone_state *z)
{
	struct zone_member v = {.server = take_addr(r, s, of)};
	uint8_t told;

	v.has_serial = take_number(r, 1) != 0;
	v.serial = (uint32_t)take_number(r, 4);
	told = (uint8_t)take_number(r, 1);
	v.told = (enum zone_trouble)(told & 3);
	v.tcp.told = (told >> 4 & 1) != 0;
	v.edns.told = (told >> 5 & 1) != 0;
	v.since = (wall_us)take_number(r, 8);
	v.trouble = v.told;
	if (!r->bad && v.server != 0 && z->n_members < ZONE_SERVERS_MAX &&
	    zone_reserve(z, z->n_members + 1))
		z->members[z->n_members++] = v;
}

static void
take_deviation(struct reading *r, struct sources *s, const struct source *of,
    struct zone_state *z)
{
	struct monitor *m = s->monitor;
	uint8_t size = (uint8_t)take_number(r, 1);
	const uint8_t *name = take(r, size);
	uint16_t type = (uint16_t)take_number(r, 2);
	bool at_parent = r->version > KEEP_FLAT && take_number(r, 1) != 0;
	uint8_t view = at_parent ? of->parent : z->view;
	uint16_t server = take_addr(r, s, of);
	uint8_t stand = (uint8_t)take_number(r, 1);
	const uint8_t *digest = take(r, 16);
	bool has_serial = take_number(r, 1) != 0;
	uint32_t serial = (uint32_t)take_number(r, 4);
	wall_us since = (wall_us)take_number(r, 8);
	uint32_t id = r->bad || view == VIEW_NONE
	                  ? QUESTION_NONE
	                  : table_find(m->table, view, name, size, type);
	struct deviation *d;

	if (id == QUESTION_NONE || server == 0 ||
	    zone_deviation(z, id, server) != NULL ||
	    (d = zone_add_deviation(z)) == NULL)
		return;
	*d = (struct deviation){.question = id,
	    .server = server,
	    .stand = stand,
	    .has_serial = has_serial,
	    .serial = serial,
	    .since = since};
	memcpy(d->digest, digest, sizeof(d->digest));
}

bool
zone_unpack(
    struct sources *s, struct zone_state *z, const uint8_t *data, size_t size)
{
	struct reading r = {.p = data, .left = size};
	const struct source *of = source_of_view(s->monitor, z->view);
	uint32_t n;

	r.version = (uint8_t)take_number(&r, 1);
	if (of == NULL || r.version < KEEP_FLAT || r.version > KEEP_VERSION)
		return false;
	z->apart = (enum zone_apart)take_number(&r, 1);
	z->apart_since = (wall_us)take_number(&r, 8);
	z->apart_until = (wall_us)take_number(&r, 8);
	z->split_delegation = take_number(&r, 1) != 0;
	z->late_s = (uint32_t)take_number(&r, 4);
	n = (uint32_t)take_number(&r, 1);
	while (n-- > 0 && !r.bad)
		take_member(&r, s, of, z);
	n = (uint32_t)take_number(&r, 4);
	while (n-- > 0 && !r.bad)
		take_deviation(&r, s, of, z);
	if (!r.bad)
		return true;
	z->apart = APART_NOT;
	z->split_delegation = false;
	z->late_s = 0;
	z->n_members = 0;
	z->n_deviations = 0;
	return false;
}

/* ---- while everything is numbered anew, or the view is away ---- */

struct zone_kept {
	struct zone_kept *next;
	uint8_t view;
	struct name name;
	struct buf packed;
};

void
zone_keep_all(struct sources *s)
{
	struct monitor *m = s->monitor;
	struct zone_state *z;
	uint32_t at = 0;

	while ((z = idmap_next(&s->zones, &at)) != NULL) {
		struct zone_kept *k = calloc(1, sizeof(*k));

		if (k == NULL)
			return;
		k->view = z->view;
		source_name(m, z->soa, &k->name);
		zone_pack(s, z, &k->packed);
		k->next = m->zones_kept;
		m->zones_kept = k;
	}
}

static void
free_kept(struct zone_kept *k)
{
	buf_fini(&k->packed);
	free(k);
}

void
zone_take_kept(struct sources *s)
{
	struct zone_kept **at = &s->monitor->zones_kept;

	while (*at != NULL) {
		struct zone_kept *k = *at;
		struct zone_state *z;

		if (source_of_view(s->monitor, k->view) == NULL) {
			at = &k->next;
			continue;
		}
		z = zone_state_named(s, k->view, &k->name);
		if (z != NULL && k->packed.err == 0)
			(void)zone_unpack(s, z, k->packed.data, k->packed.size);
		*at = k->next;
		free_kept(k);
	}
}

void
zone_free_kept(struct monitor *m)
{
	while (m->zones_kept != NULL) {
		struct zone_kept *k = m->zones_kept;

		m->zones_kept = k->next;
		free_kept(k);
	}
}

/* SPDX-License-Identifier: ISC */

/* When a name was on which list, in the fake database. */

#include <string.h>

#include "base/err.h"
#include "fake_apply.h"
#include "fake_store.h"
#include "play.h"

static bool
has(const char *const *list, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(list[i], text) == 0)
			return true;
	}
	return false;
}

/* It is on that list, or left it later than `at`. */
static bool
is_known(const struct db *db, const struct commit_question *c, const char *list)
{
	for (size_t i = 0; i < db->n_members; i++) {
		const struct db_member *m = &db->members[i];

		if (name_equal(m->name.wire, c->name) &&
		    strcmp(m->list, list) == 0 &&
		    (m->until == 0 || m->until > c->listed_at))
			return true;
	}
	return false;
}

static void
join(struct db *db, const struct commit_question *c, const char *list)
{
	struct db_member *m = list_add(
	    &db->members, &db->n_members, &db->members_room, sizeof(*m));

	*m = (struct db_member){.since = c->listed_at};
	m->name.size = (uint8_t)c->name_size;
	memcpy(m->name.wire, c->name, c->name_size);
	m->list = arena_text(&db->arena, list);
	CHECK(m->list != NULL);
}

void
db_apply_lists(struct db *db, const struct commit_question *c)
{
	if (c->listed_at == 0)
		return;
	if (c->watched && c->n_on_lists == 0)
		story_fail("oracle: what is watched is on no list");
	for (size_t i = 0; i < db->n_members; i++) {
		struct db_member *m = &db->members[i];

		if (m->until != 0 || m->since > c->listed_at ||
		    !name_equal(m->name.wire, c->name) ||
		    has(c->on_lists, c->n_on_lists, m->list))
			continue;
		m->until = c->listed_at;
		m->found_gone = c->found_gone;
	}
	for (size_t i = 0; i < c->n_on_lists; i++) {
		if (!is_known(db, c, c->on_lists[i]))
			join(db, c, c->on_lists[i]);
	}
}

long
db_memberships(const struct db *db, const struct name *name, bool open)
{
	long n = 0;

	for (size_t i = 0; i < db->n_members; i++) {
		const struct db_member *m = &db->members[i];

		if (name_equal(m->name.wire, name->wire) &&
		    (!open || m->until == 0))
			n++;
	}
	return n;
}

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

/* It is on that list, or left it later than `at`; NULL: neither. */
static struct db_member *
known(const struct db *db, const struct commit_question *c, const char *list)
{
	for (size_t i = 0; i < db->n_members; i++) {
		struct db_member *m = &db->members[i];

		if (name_equal(m->name.wire, c->name) &&
		    strcmp(m->list, list) == 0 &&
		    (m->until == 0 || m->until > c->listed_at))
			return m;
	}
	return NULL;
}

static struct db_member *
join(struct db *db, const struct commit_question *c, const char *list)
{
	struct db_member *m = list_add(
	    &db->members, &db->n_members, &db->members_room, sizeof(*m));

	*m = (struct db_member){.since = c->listed_at};
	m->name.size = (uint8_t)c->name_size;
	memcpy(m->name.wire, c->name, c->name_size);
	m->list = arena_text(&db->arena, list);
	CHECK(m->list != NULL);
	return m;
}

/* What a list says of a name on it. */
static void
take_list(struct db *db, const struct commit_question *c, size_t i)
{
	struct db_member *m = known(db, c, c->on_lists[i]);

	if (m == NULL)
		m = join(db, c, c->on_lists[i]);
	if (m->until != 0)
		return;
	m->first_reported =
	    c->first_reported == NULL ? 0 : c->first_reported[i];
	m->ends = c->ends == NULL ? 0 : c->ends[i];
}

/* What an item says that the database has. */
static void
check_listed(const struct db *db, const struct commit_question *c)
{
	for (size_t i = 0; i < db->n_members && c->listed == LISTED_NEW; i++) {
		if (name_equal(db->members[i].name.wire, c->name))
			story_fail("oracle: a name is new and was on a list");
	}
	for (size_t i = 0; i < c->n_on_lists && c->listed == LISTED_SAID; i++) {
		const struct db_member *m = known(db, c, c->on_lists[i]);

		if (m == NULL || m->until != 0)
			story_fail("oracle: that a name is on the list %s was "
				   "not said",
			    c->on_lists[i]);
	}
}

void
db_apply_lists(struct db *db, const struct commit_question *c)
{
	if (c->listed_at == 0)
		return;
	check_listed(db, c);
	if (c->listed == LISTED_SAID)
		return;
	if (c->watched && c->n_on_lists == 0)
		story_fail("oracle: what is watched is on no list");
	for (size_t i = 0; i < db->n_members; i++) {
		struct db_member *m = &db->members[i];

		if (m->until != 0 || m->since > c->listed_at ||
		    !name_equal(m->name.wire, c->name) ||
		    has(c->on_lists, c->n_on_lists, m->list))
			continue;
		m->by_until = m->ends != 0 && m->ends <= c->listed_at;
		m->until = m->by_until ? m->ends : c->listed_at;
		m->found_gone = !m->by_until && c->found_gone;
	}
	for (size_t i = 0; i < c->n_on_lists; i++)
		take_list(db, c, i);
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

long
db_ended(const struct db *db, const struct name *name)
{
	long n = 0;

	for (size_t i = 0; i < db->n_members; i++) {
		const struct db_member *m = &db->members[i];

		if (name_equal(m->name.wire, name->wire) && m->by_until)
			n++;
	}
	return n;
}

/* SPDX-License-Identifier: ISC */
/* commit_log -- entries of the log and deliveries, as rows. */

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "commit_priv.h"
#include "store_priv.h"

void
row_list(struct batch *b, const char *const *list, size_t n)
{
	struct buf text = {0};

	buf_add_u8(&text, '{');
	for (size_t i = 0; i < n; i++) {
		buf_add_text(&text, i == 0 ? "\"" : ",\"");
		for (const char *p = list[i]; *p != '\0'; p++) {
			if (*p == '"' || *p == '\\')
				buf_add_u8(&text, '\\');
			buf_add_u8(&text, (uint8_t)*p);
		}
		buf_add_u8(&text, '"');
	}
	buf_add_u8(&text, '}');
	CHECK(text.err == 0);
	row_bytes(b, text.data, text.size);
	buf_fini(&text);
}

void
row_entry(struct batch *b, const struct store_key *key,
    const struct commit_entry *entry)
{
	row_begin(b, GROUP_LOG);
	row_i16(b, (int16_t)key->shard);
	if (uuid_is_nil(&key->question))
		row_null(b);
	else
		row_uuid(b, &key->question);
	row_i32(b, key->server);
	row_wall(b, entry->at);
	row_uuid(b, &entry->id);
	row_i32(b, (int32_t)entry->revision);
	row_i32(b, entry->type);
	row_i16(b, entry->kind);
	row_i16(b, entry->severity);
	row_i16(b, entry->label);
	row_text(b, entry->class_);
	row_text(b, entry->event);
	row_text(b, entry->name);
	row_text(b, entry->view != NULL ? entry->view : "");
	row_list(b, entry->lists, entry->n_lists);
	row_list(b, entry->tags, entry->n_tags);
	row_text(b, entry->body);
	row_end(b, GROUP_LOG);
}

static void
row_member(struct batch *b, const struct told_entry *member)
{
	row_begin(b, GROUP_MEMBER);
	row_i16(b, (int16_t)member->key->shard);
	row_uuid(b, &member->entry->id);
	row_i32(b, (int32_t)member->entry->revision);
	row_end(b, GROUP_MEMBER);
}

static void
row_delivery(struct batch *b, const struct commit_alert *alert,
    const char *sink, const struct told_entry *told, size_t n)
{
	row_begin(b, GROUP_DELIVERY);
	row_i16(b, (int16_t)told[0].key->shard);
	row_uuid(b, &alert->id);
	row_i32(b, (int32_t)alert->revision);
	row_text(b, sink);
	row_text(b, alert->class_);
	row_text(b, alert->name);
	row_text(b, alert->group);
	row_i32(b, (int32_t)n);
	row_wall(b, told[0].entry->at);
	row_text(b, alert->held_by);
	row_bool(b, alert->gathered && alert->held_by == NULL);
	row_end(b, GROUP_DELIVERY);
	for (size_t i = 0; i < n; i++)
		row_member(b, &told[i]);
}

static const struct told_entry *
find_told(
    const struct commit_alert *alert, const struct told_entry *told, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (uuid_equal(&told[i].entry->id, &alert->id) &&
		    told[i].entry->revision == alert->revision)
			return &told[i];
	return NULL;
}

void
row_alert(struct batch *b, const struct commit_alert *alert,
    const struct told_entry *told, size_t n)
{
	const struct told_entry *only;

	CHECK(n > 0);
	if (strcmp(alert->class_, "group") != 0) {
		only = find_told(alert, told, n);
		told = only != NULL ? only : told;
		n = only != NULL ? 1 : n;
	}
	for (size_t i = 0; i < alert->n_sinks; i++)
		row_delivery(b, alert, alert->sinks[i], told, n);
}

static void
row_ref(struct batch *b, enum group group, const struct commit_ref *ref,
    const char *sink)
{
	row_begin(b, group);
	row_i16(b, (int16_t)ref->shard);
	row_uuid(b, &ref->id);
	row_i32(b, (int32_t)ref->revision);
	if (sink != NULL)
		row_text(b, sink);
	row_end(b, group);
}

void
commit_gathered(struct store *s, const struct commit_gathered *c,
    store_done_fn *done, void *ctx)
{
	const struct commit_alert *a = c->alert;
	const struct lanes lanes = {1, 1};
	struct batch *b = write_item(s, NULL, 0, lanes);

	CHECK(c->n_members > 0);
	for (size_t i = 0; i < a->n_sinks; i++) {
		row_begin(b, GROUP_DELIVERY);
		row_i16(b, (int16_t)c->members[0].shard);
		row_uuid(b, &a->id);
		row_i32(b, (int32_t)a->revision);
		row_text(b, a->sinks[i]);
		row_text(b, a->class_);
		row_text(b, a->name);
		row_text(b, a->group);
		row_i32(b, (int32_t)c->n_members);
		row_wall(b, c->at);
		row_text(b, a->held_by);
		row_bool(b, false);
		row_end(b, GROUP_DELIVERY);
		for (size_t k = 0; k < c->n_members; k++)
			row_ref(b, GROUP_MEMBER, &c->members[k], NULL);
		for (size_t k = 0; k < c->n_told; k++)
			row_ref(b, GROUP_GATHERED, &c->told[k], a->sinks[i]);
	}
	write_item_end(s, b, done, ctx);
}

void
commit_events(struct store *s, const struct commit_events *c,
    store_done_fn *done, void *ctx)
{
	const struct lanes lanes = {1, 1};
	struct arena arena = {0};
	struct told_entry *told =
	    arena_get(&arena, c->n_entries * sizeof *told);
	struct batch *b = write_item(s, NULL, 0, lanes);

	CHECK(told != NULL);
	for (size_t i = 0; i < c->n_entries; i++) {
		told[i].key = &c->keys[i];
		told[i].entry = &c->entries[i];
		row_entry(b, &c->keys[i], &c->entries[i]);
	}
	for (size_t i = 0; i < c->n_alerts; i++)
		row_alert(b, &c->alerts[i], told, c->n_entries);
	arena_fini(&arena);
	write_item_end(s, b, done, ctx);
}

void
commit_attribute(struct store *s, const struct commit_attribute *c,
    store_done_fn *done, void *ctx)
{
	const struct lanes lanes = {LANE_ATTRIBUTE, LANE_ATTRIBUTE};
	struct arena arena = {0};
	struct told_entry *told =
	    arena_get(&arena, (c->n_entries + 1) * sizeof *told);
	struct batch *b = write_item(s, &c->key, 1, lanes);

	CHECK(told != NULL);
	row_begin(b, GROUP_ATTRIBUTE);
	row_key(b, &c->key);
	row_bytes(b, c->noted, c->noted_size);
	row_wall(b, c->at);
	row_end(b, GROUP_ATTRIBUTE);
	for (size_t i = 0; i < c->n_entries; i++) {
		told[i].key = c->about != NULL ? c->about : &c->key;
		told[i].entry = &c->entries[i];
		row_entry(b, told[i].key, &c->entries[i]);
	}
	for (size_t i = 0; i < c->n_alerts; i++)
		row_alert(b, &c->alerts[i], told, c->n_entries);
	arena_fini(&arena);
	write_item_end(s, b, done, ctx);
}

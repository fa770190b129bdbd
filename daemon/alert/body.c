/* SPDX-License-Identifier: ISC */

/*
 * The body of one delivery, out of what the log has.
 *
 * Its parts come as JSON texts that we wrote ourselves; they are read and
 * written again, not pasted, so that nothing but one well-formed object can
 * leave here, in printable ASCII without '<'.
 *
 * When this shape is changed: contract.md's promise is that it may grow but
 * not break; the receiver of tests/live and dnsvigil(1) name the fields.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "alert/alert.h"
#include "base/err.h"
#include "base/hash.h"

enum {
	/* data, from/witnesses/members, their elements, and theirs. */
	CUT_DEPTH_MAX = 6,
	/* More members than this cannot fit, however short they are. */
	MEMBERS_MAX = 64
};

/* --- writing --- */

/* As base/emit.h does it: jansson leaves these two as they are. */
static int
write_part(const char *data, size_t size, void *ctx)
{
	struct buf *out = ctx;
	size_t from = 0;

	for (size_t i = 0; i < size; i++) {
		if (data[i] != '<' && data[i] != 0x7f)
			continue;
		buf_add(out, data + from, i - from);
		buf_printf(out, "\\u%04x", data[i]);
		from = i + 1;
	}
	buf_add(out, data + from, size - from);
	return out->err == 0 ? 0 : -1;
}

static int
write_json(const json_t *value, struct buf *out)
{
	if (json_dump_callback(value, write_part, out,
		JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ENCODE_ANY) == 0)
		return 0;
	return out->err != 0 ? out->err : -ENOMEM;
}

/* --- reading --- */

static int
read_object(const char *text, json_t **out)
{
	json_error_t error;

	*out =
	    json_loads(text, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	if (*out == NULL)
		return json_error_code(&error) == json_error_out_of_memory
		           ? -ENOMEM
		           : ERR_SYNTAX;
	if (json_is_object(*out))
		return 0;
	json_decref(*out);
	*out = NULL;
	return ERR_SYNTAX;
}

/* The member's object with "seq" behind "class", or first without that. */
static int
read_member(const struct delivery_member *m, json_t **out)
{
	json_t *body = NULL;
	json_t *value;
	json_t *made = NULL;
	const char *key;
	int failed;
	int err = read_object(m->body, &body);

	if (err != 0)
		return err;
	made = json_object();
	failed = made == NULL;
	if (json_object_get(body, "class") == NULL)
		failed |=
		    json_object_set_new(made, "seq", json_integer(m->seq));
	json_object_foreach(body, key, value)
	{
		if (strcmp(key, "seq") == 0)
			continue;
		failed |= json_object_set(made, key, value);
		if (strcmp(key, "class") == 0)
			failed |= json_object_set_new(
			    made, "seq", json_integer(m->seq));
	}
	json_decref(body);
	if (failed) {
		json_decref(made);
		return -ENOMEM;
	}
	*out = made;
	return 0;
}

static int
read_members(const struct delivery *d, json_t **out)
{
	json_t *list = json_array();
	json_t *member;
	int err = list == NULL ? -ENOMEM : 0;

	for (size_t i = 0; err == 0 && i < d->n_members; i++) {
		err = read_member(&d->members[i], &member);
		if (err == 0 && json_array_append_new(list, member) != 0)
			err = -ENOMEM;
	}
	if (err != 0) {
		json_decref(list);
		return err;
	}
	*out = list;
	return 0;
}

static json_t *
delivery_object(const struct delivery *d)
{
	return json_pack("{s:s,s:I,s:I,s:I,s:b,s:b}", "sink", d->sink,
	    "sink_seq", (json_int_t)d->sink_seq, "prev_sink_seq",
	    (json_int_t)d->prev_sink_seq, "attempt", (json_int_t)d->attempt,
	    "replay", 0, "test", d->test);
}

static int
read_data(const struct delivery *d, json_t **out)
{
	json_t *data = NULL;
	json_t *members;
	int err;

	if (d->group == NULL) {
		if (d->n_members != 1)
			return ERR_SYNTAX;
		err = read_member(&d->members[0], &data);
	} else {
		err = read_object(d->group, &data);
		if (err == 0)
			err = read_members(d, &members);
		if (err == 0 &&
		    json_object_set_new(data, "members", members) != 0)
			err = -ENOMEM;
	}
	if (err != 0) {
		json_decref(data);
		return err;
	}
	*out = data;
	return 0;
}

/* --- cutting --- */

/* {"total":..,"sha256":..} of the list as it stands. */
static json_t *
describe_list(const json_t *list)
{
	struct buf text = {0};
	uint8_t digest[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];
	json_t *made = NULL;

	if (write_json(list, &text) == 0) {
		hash_sha256(text.data, text.size, digest);
		made = json_pack("{s:I,s:s}", "total",
		    (json_int_t)json_array_size(list), "sha256",
		    hash_hex(digest, sizeof(digest), hex));
	}
	buf_fini(&text);
	return made;
}

/* A list that was cut before keeps the description of the whole. */
static int
cut_list(json_t *cut, const char *key, json_t *list, size_t keep)
{
	if (json_array_size(list) <= keep)
		return 0;
	if (json_object_get(cut, key) == NULL &&
	    json_object_set_new(cut, key, describe_list(list)) != 0)
		return -1;
	while (json_array_size(list) > keep)
		if (json_array_remove(list, json_array_size(list) - 1) != 0)
			return -1;
	return 0;
}

static int cut_object(json_t *object, size_t keep, int depth);

static int
cut_elements(json_t *list, size_t keep, int depth)
{
	json_t *value;
	size_t i;
	int failed = 0;

	json_array_foreach(list, i, value) if (json_is_object(value)) failed |=
	    cut_object(value, keep, depth);
	return failed;
}

/* A list is described before its elements are cut; depth bounds the calls. */
static int
cut_object(json_t *object, size_t keep, int depth)
{
	json_t *cut;
	json_t *value;
	const char *key;
	int failed = 0;

	if (depth == CUT_DEPTH_MAX)
		return 0;
	cut = json_object_get(object, "cut");
	cut = cut != NULL ? json_incref(cut) : json_object();
	if (cut == NULL)
		return -1;
	json_object_foreach(object, key, value)
	{
		if (json_is_array(value)) {
			failed |= cut_list(cut, key, value, keep);
			failed |= cut_elements(value, keep, depth + 1);
		} else if (json_is_object(value) && value != cut) {
			failed |= cut_object(value, keep, depth + 1);
		}
	}
	if (json_object_size(cut) > 0)
		failed |= json_object_set(object, "cut", cut);
	json_decref(cut);
	return failed;
}

/*
 * Before anything is copied over and over: the members of a large group that
 * cannot fit anyway.
 */
static int
cut_members(json_t *data)
{
	json_t *members = json_object_get(data, "members");
	json_t *cut;
	int failed;

	if (!json_is_array(members) || json_array_size(members) <= MEMBERS_MAX)
		return 0;
	cut = json_object();
	failed = cut == NULL || cut_list(cut, "members", members, MEMBERS_MAX);
	failed = failed || json_object_set(data, "cut", cut);
	json_decref(cut);
	return failed ? -ENOMEM : 0;
}

static int
write_cut(const json_t *root, size_t keep, struct buf *out)
{
	json_t *copy = json_deep_copy(root);
	int err = -ENOMEM;

	if (copy != NULL && cut_object(copy, keep, 0) == 0)
		err = write_json(copy, out);
	json_decref(copy);
	return err;
}

/* --- all of it --- */

static json_t *
root_object(const struct delivery *d, json_t *given_data)
{
	char type[32];
	char created[WALL_TEXT_SIZE];
	const char *at =
	    json_string_value(json_object_get(given_data, "decided_at"));

	if (at == NULL)
		at = wall_print(d->created, created);
	snprintf(type, sizeof(type), "dnsvigil.%s", d->class_);
	return json_pack("{s:s,s:s,s:o,s:o}", "type", type, "timestamp", at,
	    "data", given_data, "delivery", delivery_object(d));
}

/* The first of these lengths with which the body fits, or the last. */
static int
write_fitting(json_t *root, struct buf *out)
{
	static const size_t keeps[] = {32, 16, 8, 4, 2, 1, 0};
	size_t n_keeps = sizeof(keeps) / sizeof(keeps[0]);
	size_t start = out->size;
	int err = write_json(root, out);

	if (err != 0 || out->size - start <= ALERT_BODY_MAX)
		return err;
	err = cut_members(json_object_get(root, "data"));
	for (size_t i = 0; err == 0 && i < n_keeps; i++) {
		out->size = start;
		err = write_cut(root, keeps[i], out);
		if (out->size - start <= ALERT_BODY_MAX)
			break;
	}
	return err;
}

int
webhook_body(const struct delivery *d, struct buf *out)
{
	json_t *data = NULL;
	json_t *root;
	int err = read_data(d, &data);

	if (err != 0)
		return err;
	root = root_object(d, data);
	if (root == NULL)
		return -ENOMEM;
	err = write_fitting(root, out);
	json_decref(root);
	return err;
}

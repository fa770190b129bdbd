/* SPDX-License-Identifier: ISC */

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/emit.h"
#include "check_diff.h"
#include "dns/name.h"
#include "dns/type.h"

enum { LABELS_MAX = 128, TAGS_ROOM = 2 * WATCH_TAGS_MAX };

/* ---- what each side has ---- */

static struct diff_question *
add(struct diff_side *s)
{
	if (s->n == s->room) {
		size_t room = s->room == 0 ? 1024 : s->room * 2;
		struct diff_question *list =
		    realloc(s->list, room * sizeof(*list));

		if (list == NULL) {
			s->is_short = true;
			return NULL;
		}
		s->list = list;
		s->room = room;
	}
	return &s->list[s->n++];
}

static const char *const *
copy_tags(struct diff_side *s, const char *const *tags, size_t n)
{
	const char **list = arena_zero(&s->arena, (n + 1) * sizeof(*list));

	for (size_t i = 0; i < n && list != NULL; i++) {
		list[i] = arena_text(&s->arena, tags[i]);
		if (list[i] == NULL)
			return NULL;
	}
	return (const char *const *)list;
}

void
diff_watch(struct diff_side *s, const struct watch *w, const char *const *views)
{
	const uint8_t *name = arena_copy(&s->arena, w->name.wire, w->name.size);
	const char *const *tags = copy_tags(s, w->tags, w->n_tags);

	if (name == NULL || tags == NULL) {
		s->is_short = true;
		return;
	}
	for (size_t v = 0; v < w->n_views; v++) {
		const struct watch_view *view = &w->views[v];

		for (size_t i = 0; i < w->n_types; i++) {
			struct diff_question *q = add(s);

			if (q == NULL)
				return;
			*q = (struct diff_question){
			    .name = name,
			    .view = views[view->view],
			    .tags = tags,
			    .every_s =
				view->every_s != 0 ? view->every_s : w->every_s,
			    .n_tags = (uint16_t)w->n_tags,
			    .type = w->types[i],
			};
		}
	}
}

void
diff_fini(struct diff_side *s)
{
	arena_fini(&s->arena);
	free(s->list);
	*s = (struct diff_side){0};
}

/* ---- order ---- */

static size_t
labels_of(const uint8_t *name, const uint8_t *labels[LABELS_MAX])
{
	size_t n = 0;

	for (; *name != 0 && n < LABELS_MAX; name += *name + 1)
		labels[n++] = name;
	return n;
}

/* A zone first, then what is below it (RFC 4034 6.1). */
static int
compare_names(const uint8_t *a, const uint8_t *b)
{
	const uint8_t *in_a[LABELS_MAX];
	const uint8_t *in_b[LABELS_MAX];
	size_t n = labels_of(a, in_a);
	size_t k = labels_of(b, in_b);

	while (n > 0 && k > 0) {
		const uint8_t *x = in_a[--n];
		const uint8_t *y = in_b[--k];
		int order = memcmp(x + 1, y + 1, *x < *y ? *x : *y);

		if (order != 0)
			return order;
		if (*x != *y)
			return *x < *y ? -1 : 1;
	}
	return (n > 0) - (k > 0);
}

static int
compare(const struct diff_question *a, const struct diff_question *b)
{
	int order = a->name == b->name ? 0 : compare_names(a->name, b->name);

	if (order == 0)
		order = strcmp(a->view, b->view);
	if (order == 0)
		order = (a->type > b->type) - (a->type < b->type);
	return order;
}

static int
compare_any(const void *a, const void *b)
{
	return compare(a, b);
}

static bool
same_tags(const struct diff_question *a, const struct diff_question *b)
{
	if (a->n_tags != b->n_tags)
		return false;
	for (size_t i = 0; i < a->n_tags; i++) {
		if (strcmp(a->tags[i], b->tags[i]) != 0)
			return false;
	}
	return true;
}

/* The union of two sorted lists. */
static void
join_tags(struct diff_side *s, struct diff_question *q,
    const struct diff_question *more)
{
	const char **all = arena_zero(
	    &s->arena, (size_t)(q->n_tags + more->n_tags + 1) * sizeof(*all));
	uint16_t i = 0;
	uint16_t k = 0;
	uint16_t n = 0;

	if (all == NULL) {
		s->is_short = true;
		return;
	}
	while (i < q->n_tags || k < more->n_tags) {
		int order = i == q->n_tags ? 1
		            : k == more->n_tags
		                ? -1
		                : strcmp(q->tags[i], more->tags[k]);

		all[n++] = order <= 0 ? q->tags[i] : more->tags[k];
		i += order <= 0;
		k += order >= 0;
	}
	q->tags = (const char *const *)all;
	q->n_tags = n;
}

/* The same question of several watches: the shortest interval, all tags. */
static void
put_in_order(struct diff_side *s)
{
	size_t n = 0;

	if (s->n > 0)
		qsort(s->list, s->n, sizeof(*s->list), compare_any);
	for (size_t i = 0; i < s->n; i++) {
		const struct diff_question *q = &s->list[i];
		struct diff_question *last = n == 0 ? NULL : &s->list[n - 1];

		if (last == NULL || compare(last, q) != 0) {
			s->list[n++] = *q;
			continue;
		}
		if (q->every_s < last->every_s)
			last->every_s = q->every_s;
		if (!same_tags(last, q))
			join_tags(s, last, q);
	}
	s->n = n;
}

static double
rate_of(const struct diff_side *s)
{
	double sum = 0;

	for (size_t i = 0; i < s->n; i++)
		sum += 1.0 / s->list[i].every_s;
	return sum;
}

/* ---- telling ---- */

/* Questions of one name and view that changed alike, told in one line. */
struct run {
	struct print *out;
	bool json;
	const struct diff_question *was, *is; /* one may be NULL */
	uint16_t types[WATCH_TYPES_MAX];
	size_t n_types;
	size_t n_added, n_removed, n_changed;
};

static void
put_types(struct buf *line, const struct run *r)
{
	char type[TYPE_TEXT_SIZE];

	for (size_t i = 0; i < r->n_types; i++)
		buf_printf(line, "%s%s", i == 0 ? "" : ",",
		    type_print(r->types[i], type));
}

static void
put_tags(struct buf *line, const struct diff_question *q)
{
	for (size_t i = 0; i < q->n_tags; i++)
		buf_printf(line, "%s%s", i == 0 ? "" : ",", q->tags[i]);
	if (q->n_tags == 0)
		buf_add_text(line, "none");
}

static void
put_plain(struct buf *line, const struct run *r)
{
	const struct diff_question *q = r->is != NULL ? r->is : r->was;
	char name[NAME_TEXT_SIZE];

	buf_printf(line, "%c ",
	    r->was == NULL  ? '+'
	    : r->is == NULL ? '-'
			    : '~');
	print_watched(line, name_print(q->name, name));
	buf_add_u8(line, ' ');
	put_types(line, r);
	if (strcmp(q->view, "default") != 0)
		buf_printf(line, " view %s", q->view);
	buf_add_text(line, " every ");
	if (r->was != NULL && r->is != NULL &&
	    r->was->every_s != r->is->every_s)
		buf_printf(line, "%us -> ", (unsigned)r->was->every_s);
	buf_printf(line, "%us, tags ", (unsigned)q->every_s);
	if (r->was != NULL && r->is != NULL && !same_tags(r->was, r->is)) {
		put_tags(line, r->was);
		buf_add_text(line, " -> ");
	}
	put_tags(line, q);
}

static void
emit_side(struct emit *j, const char *key, const struct diff_question *q)
{
	if (q == NULL)
		return;
	emit_object(j, key);
	emit_int(j, "every_s", q->every_s);
	emit_array(j, "tags");
	for (size_t i = 0; i < q->n_tags; i++)
		emit_text(j, NULL, q->tags[i]);
	emit_array_end(j);
	emit_object_end(j);
}

static void
put_json(struct buf *line, const struct run *r)
{
	const struct diff_question *q = r->is != NULL ? r->is : r->was;
	char name[NAME_TEXT_SIZE];
	char type[TYPE_TEXT_SIZE];
	struct emit j;

	emit_start(&j, line);
	emit_object(&j, NULL);
	emit_text(&j, "class",
	    r->was == NULL  ? "added"
	    : r->is == NULL ? "removed"
			    : "changed");
	emit_text(&j, "name", name_print(q->name, name));
	emit_array(&j, "types");
	for (size_t i = 0; i < r->n_types; i++)
		emit_text(&j, NULL, type_print(r->types[i], type));
	emit_array_end(&j);
	emit_text(&j, "view", q->view);
	emit_side(&j, "before", r->was);
	emit_side(&j, "now", r->is);
	emit_object_end(&j);
}

static void
end_run(struct run *r)
{
	struct buf line = {0};

	if (r->n_types == 0)
		return;
	if (r->json)
		put_json(&line, r);
	else
		put_plain(&line, r);
	print_line(r->out, &line);
	buf_fini(&line);
	r->n_types = 0;
}

static bool
alike(const struct diff_question *a, const struct diff_question *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return compare_names(a->name, b->name) == 0 &&
	       strcmp(a->view, b->view) == 0 && a->every_s == b->every_s &&
	       same_tags(a, b);
}

static void
tell_one(struct run *r, const struct diff_question *was,
    const struct diff_question *is)
{
	if (r->n_types == WATCH_TYPES_MAX || !alike(r->was, was) ||
	    !alike(r->is, is))
		end_run(r);
	r->was = was;
	r->is = is;
	r->types[r->n_types++] = was != NULL ? was->type : is->type;
	r->n_added += was == NULL;
	r->n_removed += is == NULL;
	r->n_changed += was != NULL && is != NULL;
}

static void
tell_sum(const struct run *r, double before, double now)
{
	struct buf line = {0};

	if (r->json)
		buf_printf(&line,
		    "{\"class\":\"difference\",\"added\":%zu,\"removed\":%zu,"
		    "\"changed\":%zu,\"per_second_before\":%.3f,"
		    "\"per_second\":%.3f}",
		    r->n_added, r->n_removed, r->n_changed, before, now);
	else
		buf_printf(&line,
		    "%zu questions added, %zu removed, %zu changed; "
		    "%.3g questions a second before, %.3g now",
		    r->n_added, r->n_removed, r->n_changed, before, now);
	print_line(r->out, &line);
	buf_fini(&line);
}

void
diff_tell(struct print *out, bool json, struct diff_side *before,
    struct diff_side *now)
{
	struct run r = {.out = out, .json = json};
	size_t i = 0;
	size_t k = 0;

	put_in_order(before);
	put_in_order(now);
	while (i < before->n || k < now->n) {
		const struct diff_question *was =
		    i < before->n ? &before->list[i] : NULL;
		const struct diff_question *is =
		    k < now->n ? &now->list[k] : NULL;
		int order = was == NULL  ? 1
		            : is == NULL ? -1
		                         : compare(was, is);

		i += order <= 0;
		k += order >= 0;
		if (order == 0 && was->every_s == is->every_s &&
		    same_tags(was, is))
			continue;
		tell_one(&r, order <= 0 ? was : NULL, order >= 0 ? is : NULL);
	}
	end_run(&r);
	tell_sum(&r, rate_of(before), rate_of(now));
}

/* SPDX-License-Identifier: ISC */

/*
 * A name of a YAML file of octoDNS is a record, or a list of records:
 *
 *	www:
 *	  - {type: A, values: [192.0.2.1, 192.0.2.2]}
 *	  - {type: MX, value: {preference: 10, exchange: mx.example.com.}}
 *
 * Values become the text of a master file.  Those of `dynamic` and `geo` are
 * answered at times.  What a provider makes of types of its own (ALIAS, URLFWD)
 * can be any address.
 */

#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "dns/pin.h"
#include "dns/type.h"
#include "from_priv.h"

enum { FIELDS_MAX = 6, STRING_MAX = 255 };

/* The fields of a value that is a mapping, in the order of a master file. */
struct shape {
	const char *type;
	struct {
		const char *name, *older;
		bool quoted;
	} fields[FIELDS_MAX];
};
/* clang-format off */
static const struct shape shapes[] = {
	{"MX", {{"preference", "priority", false}, {"exchange", "value", false}}},
	{"SRV", {{"priority", NULL, false}, {"weight", NULL, false},
	    {"port", NULL, false}, {"target", NULL, false}}},
	{"CAA", {{"flags", NULL, false}, {"tag", NULL, false},
	    {"value", NULL, true}}},
	{"SSHFP", {{"algorithm", NULL, false}, {"fingerprint_type", NULL, false},
	    {"fingerprint", NULL, false}}},
	{"TLSA", {{"certificate_usage", NULL, false}, {"selector", NULL, false},
	    {"matching_type", NULL, false},
	    {"certificate_association_data", NULL, false}}},
	{"DS", {{"key_tag", NULL, false}, {"algorithm", NULL, false},
	    {"digest_type", NULL, false}, {"digest", NULL, false}}},
	{"NAPTR", {{"order", NULL, false}, {"preference", NULL, false},
	    {"flags", NULL, true}, {"service", NULL, true},
	    {"regexp", NULL, true}, {"replacement", NULL, false}}},
};
/* clang-format on */
/* Those whose value is one text. */
static const char *const plain_types[] = {
    "A", "AAAA", "CNAME", "DNAME", "NS", "PTR"};
static const char *const text_types[] = {"TXT", "SPF"};

static bool
is_among(const char *const *list, size_t n, const char *type)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], type) == 0)
			return true;
	return false;
}

static const struct node *
find(const struct node *map, const char *key)
{
	for (const struct node *v = map->first; v != NULL; v = v->next)
		if (v->key != NULL && v->key->kind == NODE_SCALAR &&
		    strcmp(v->key->text, key) == 0)
			return v;
	return NULL;
}

/* A text as master files have it; octoDNS writes "\;" for ";". */
static void
add_quoted(struct buf *out, const char *text, bool escaped)
{
	size_t n = 0;

	buf_add_u8(out, '"');
	for (const char *p = text; *p != '\0'; p++) {
		uint8_t b = (uint8_t)*p;

		if (escaped && b == '\\' && p[1] == ';')
			continue;
		if (n++ == STRING_MAX) {
			buf_add_text(out, "\" \"");
			n = 1;
		}
		if (b < ' ' || b > '~')
			buf_printf(out, "\\%03u", (unsigned)b);
		else if (b == '"' || b == '\\')
			buf_printf(out, "\\%c", b);
		else
			buf_add_u8(out, b);
	}
	buf_add_u8(out, '"');
}

/* A record that is being taken. */
struct taking {
	struct octodns *x;
	const struct name *owner;
	const char *type_text;
	uint16_t type;
	enum zonedata_kind kind;
	const struct shape *shape; /* NULL: one text */
};

static void
add_unknown(struct octodns *x, const struct name *owner, uint16_t type)
{
	if (!zonedata_add(x->zone, owner, type, ZONEDATA_UNKNOWN, NULL))
		x->no_memory = true;
}

/* False when a field is missing, which is reported. */
static bool
add_fields(struct taking *t, const struct node *value)
{
	struct buf *out = &t->x->text;

	for (size_t i = 0; i < FIELDS_MAX && t->shape->fields[i].name != NULL;
	     i++) {
		const struct node *v = find(value, t->shape->fields[i].name);

		if (v == NULL && t->shape->fields[i].older != NULL)
			v = find(value, t->shape->fields[i].older);
		if (v == NULL || v->kind != NODE_SCALAR) {
			report_error(&t->x->r, value->at, "this %s has no `%s`",
			    t->type_text, t->shape->fields[i].name);
			return false;
		}
		if (i > 0)
			buf_add_u8(out, ' ');
		if (t->shape->fields[i].quoted)
			add_quoted(out, v->text, false);
		else
			buf_add_text(out, v->text);
	}
	return true;
}

static void
take_value(struct taking *t, const struct node *value)
{
	struct octodns *x = t->x;
	struct record r = {.type = t->type};
	int err;

	buf_clear(&x->text);
	if (value->kind == NODE_MAP && t->shape != NULL) {
		if (!add_fields(t, value))
			return;
	} else if (value->kind != NODE_SCALAR) {
		report_error(&x->r, value->at,
		    "a value that type %s cannot have", t->type_text);
		return;
	} else if (is_among(text_types, 2, t->type_text)) {
		add_quoted(&x->text, value->text, true);
	} else {
		buf_add_text(&x->text, value->text);
	}
	buf_clear(&x->rdata);
	err = pin_record(t->type, buf_text(&x->text), NULL, &x->rdata);
	if (err == ERR_SYNTAX)
		report_error(&x->r, value->at, "`%.80s` is no %s record",
		    buf_text(&x->text), t->type_text);
	if (err != 0) {
		x->no_memory = x->no_memory || err != ERR_SYNTAX;
		return;
	}
	r.rdata = (const uint8_t *)buf_text(&x->rdata);
	r.size = (uint16_t)x->rdata.size;
	if (!zonedata_add(x->zone, t->owner, t->type, t->kind, &r))
		x->no_memory = true;
}

static void
take_values(struct taking *t, const struct node *values)
{
	if (values == NULL)
		return;
	if (values->kind != NODE_LIST) {
		take_value(t, values);
		return;
	}
	for (const struct node *v = values->first; v != NULL; v = v->next)
		take_value(t, v);
}

/* Pools are mappings with `values`, each of which has its `value`. */
static void
take_pools(struct taking *t, const struct node *dynamic)
{
	const struct node *pools =
	    dynamic->kind == NODE_MAP ? find(dynamic, "pools") : NULL;

	if (pools == NULL || pools->kind != NODE_MAP) {
		report_error(&t->x->r, dynamic->at, "`dynamic` without pools");
		return;
	}
	for (const struct node *p = pools->first; p != NULL; p = p->next) {
		const struct node *values =
		    p->kind == NODE_MAP ? find(p, "values") : NULL;

		for (const struct node *v = values == NULL ? NULL
		                                           : values->first;
		     v != NULL; v = v->next) {
			const struct node *value =
			    v->kind == NODE_MAP ? find(v, "value") : v;

			if (value != NULL)
				take_value(t, value);
		}
	}
}

static void
take_record(struct octodns *x, const struct name *owner, const struct node *map)
{
	const struct node *type =
	    map->kind == NODE_MAP ? find(map, "type") : NULL;
	const struct node *dynamic, *geo;
	struct taking t = {.x = x, .owner = owner};

	if (type == NULL || type->kind != NODE_SCALAR) {
		report_error(&x->r, map->at, "a record without `type`");
		return;
	}
	t.type_text = type->text;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (strcmp(shapes[i].type, type->text) == 0)
			t.shape = &shapes[i];
	if (type_parse(type->text, &t.type) != 0) {
		add_unknown(x, owner, TYPE_A);
		add_unknown(x, owner, TYPE_AAAA);
		return;
	}
	if (t.shape == NULL &&
	    !is_among(plain_types, sizeof(plain_types) / sizeof(plain_types[0]),
		type->text) &&
	    !is_among(text_types, sizeof(text_types) / sizeof(text_types[0]),
		type->text)) {
		add_unknown(x, owner, t.type);
		return;
	}
	dynamic = find(map, "dynamic");
	geo = find(map, "geo");
	t.kind = dynamic != NULL || geo != NULL ? ZONEDATA_SOME : ZONEDATA_ALL;
	take_values(&t, find(map, "value"));
	take_values(&t, find(map, "values"));
	if (dynamic != NULL)
		take_pools(&t, dynamic);
	for (const struct node *v =
		 geo == NULL || geo->kind != NODE_MAP ? NULL : geo->first;
	     v != NULL; v = v->next)
		take_values(&t, v);
}

static bool
read_owner(struct octodns *x, const struct item *name, struct name *out)
{
	char text[2 * NAME_TEXT_SIZE + 4] = "\\";
	const char *why = "too long";
	size_t size = strlen(name->text);

	if (size == 0) {
		*out = *zonedata_apex(x->zone);
		return true;
	}
	if (size < NAME_TEXT_SIZE) {
		memcpy(text + 1, name->text, size);
		text[1 + size] = '.';
		name_print(zonedata_apex(x->zone)->wire,
		    text + size + (zonedata_apex(x->zone)->size == 1 ? 1 : 2));
		if (name_parse(
			text + (*name->text == '*' ? 0 : 1), out, &why) == 0)
			return true;
	}
	report_error(&x->r, name->at, "`%.80s`: %s", name->text, why);
	return false;
}

void
octodns_take(
    struct octodns *x, const struct item *name, const struct node *value)
{
	struct name owner;

	if (!read_owner(x, name, &owner))
		return;
	if (value->kind != NODE_LIST) {
		take_record(x, &owner, value);
		return;
	}
	for (const struct node *v = value->first; v != NULL; v = v->next)
		take_record(x, &owner, v);
}

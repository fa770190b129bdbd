/* SPDX-License-Identifier: ISC */

/* Messages name variables and never show what they hold. */

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "expand_priv.h"

enum { NAME_MAX_SIZE = 128, RESULT_MAX = 64 * 1024 };

struct expand {
	const struct report *r;
	const struct node *node;
	struct buf out;
};

static size_t
span_name(const char *text)
{
	size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				"abcdefghijklmnopqrstuvwxyz_0123456789");

	return text[0] >= '0' && text[0] <= '9' ? 0 : n;
}

static bool
put_variable(struct expand *x, const char *name, const char *fallback,
    size_t fallback_size)
{
	const char *value = getenv(name);

	if (fallback != NULL && (value == NULL || value[0] == '\0')) {
		buf_add(&x->out, fallback, fallback_size);
		return true;
	}
	if (value != NULL) {
		buf_add_text(&x->out, value);
		return true;
	}
	report_error(x->r, x->node->at,
	    "the environment has no %s; set it, or write ${%s:-default}", name,
	    name);
	return false;
}

/* `text` stands at "${"; returns what is behind "}", NULL after a report. */
static const char *
take_variable(struct expand *x, const char *text)
{
	const char *start = text + 2;
	size_t size = span_name(start);
	const char *end = strchr(start, '}');
	const char *fallback = NULL;
	char name[NAME_MAX_SIZE];

	if (end != NULL && strncmp(start + size, ":-", 2) == 0)
		fallback = start + size + 2;
	if (end == NULL || size == 0 || size >= sizeof(name) ||
	    (fallback == NULL && start + size != end)) {
		report_error(x->r, x->node->at,
		    "unreadable ${...}; write ${NAME} or ${NAME:-default}");
		return NULL;
	}
	memcpy(name, start, size);
	name[size] = '\0';
	if (!put_variable(x, name, fallback,
		fallback == NULL ? 0 : (size_t)(end - fallback)))
		return NULL;
	return end + 1;
}

static bool
expand_text(struct expand *x, const char *text)
{
	while (*text != '\0') {
		size_t plain = strcspn(text, "$");

		buf_add(&x->out, text, plain);
		text += plain;
		if (*text == '\0')
			break;
		if (text[1] == '$') {
			buf_add_u8(&x->out, '$');
			text += 2;
			continue;
		}
		if (text[1] != '{') {
			report_error(x->r, x->node->at,
			    "a single `$`; write $$ for a dollar sign or "
			    "${NAME} for a variable");
			return false;
		}
		text = take_variable(x, text);
		if (text == NULL)
			return false;
	}
	return true;
}

static int
expand_node(struct node *n, struct arena *a, const struct report *r)
{
	struct expand x = {.r = r, .node = n, .out = {.size_max = RESULT_MAX}};
	int err = 0;

	if (!expand_text(&x, n->text))
		n->kind = NODE_BAD;
	if (x.out.err == ERR_TOO_BIG) {
		report_error(r, n->at,
		    "longer than 64 KB once expanded; make it shorter");
		n->kind = NODE_BAD;
	}
	if (x.out.err == -ENOMEM)
		err = -ENOMEM;
	n->size = x.out.size;
	n->text = arena_copy(a, buf_text(&x.out), x.out.size + 1);
	n->literal = false;
	n->plain = false; /* An empty variable is a text, not an absence. */
	if (n->text == NULL)
		err = -ENOMEM;
	if (x.out.data != NULL)
		explicit_bzero(x.out.data, x.out.size);
	buf_fini(&x.out);
	return err;
}

int
expand_tree(struct node *root, struct arena *a, const struct report *r)
{
	struct node *n = root;
	int err;

	/*
	 * The ring runs backwards, from the last node to the first; problems
	 * are wanted in the order of the file, so it is turned round first.
	 */
	struct node *forward = NULL;
	struct node *next;

	for (n = root->made; n != NULL && n != root; n = next) {
		next = n->made;
		n->made = forward;
		forward = n;
	}
	root->made = forward;
	for (n = root; n != NULL; n = n->made) {
		if (n->kind != NODE_SCALAR || n->is_key ||
		    strchr(n->text, '$') == NULL)
			continue;
		err = expand_node(n, a, r);
		if (err != 0)
			return err;
	}
	return 0;
}

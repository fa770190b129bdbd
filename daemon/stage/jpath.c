/* SPDX-License-Identifier: ISC */

/* JSON that the daemon wrote: well formed, or the story ends. */

#include "jpath.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "play.h"

static const char *
skip_text(const char *p)
{
	for (p++; *p != '"'; p++) {
		if (*p == '\\')
			p++;
		if (*p == '\0')
			story_fail("JSON: a text without an end");
	}
	return p + 1;
}

/* The end of the value at p. */
static const char *
skip_value(const char *p)
{
	int depth = 0;

	for (;;) {
		if (*p == '"') {
			p = skip_text(p);
		} else if (*p == '{' || *p == '[') {
			depth++;
			p++;
		} else if (*p == '}' || *p == ']') {
			if (depth == 0)
				return p;
			depth--;
			p++;
		} else if (*p == '\0') {
			story_fail("JSON: a value without an end");
		} else if (depth == 0 && *p == ',') {
			return p;
		} else {
			p++;
			if (depth == 0)
				continue;
		}
		if (depth == 0)
			return p;
	}
}

static const char *
find_member(const char *p, const char *key, size_t size)
{
	if (*p != '{')
		return NULL;
	p++;
	while (*p == '"') {
		const char *name = p + 1;
		const char *end = skip_text(p);
		const char *value = end + 1; /* behind the colon */

		if ((size_t)(end - 1 - name) == size &&
		    memcmp(name, key, size) == 0)
			return value;
		p = skip_value(value);
		if (*p == ',')
			p++;
	}
	return NULL;
}

static const char *
find_element(const char *p, long n, long *count)
{
	if (*p != '[')
		return NULL;
	p++;
	for (*count = 0; *p != ']'; ++*count) {
		if (*count == n)
			return p;
		p = skip_value(p);
		if (*p == ',')
			p++;
	}
	return NULL;
}

static void
put(const char *p, char *out, size_t size)
{
	const char *end = skip_value(p);
	size_t n = 0;

	if (*p != '"') {
		snprintf(out, size, "%.*s", (int)(end - p), p);
		return;
	}
	for (p++; *p != '"' && n + 1 < size; p++) {
		if (*p == '\\' && (p[1] == '"' || p[1] == '\\'))
			p++;
		out[n++] = *p;
	}
	out[n] = '\0';
}

bool
jpath(const char *json, const char *path, char *out, size_t size)
{
	long count = 0;

	while (*path != '\0' && json != NULL) {
		if (*path == '.') {
			size_t n = strcspn(path + 1, ".[");

			json = find_member(json, path + 1, n);
			path += 1 + n;
		} else if (strcmp(path, "[#]") == 0) {
			find_element(json, -1, &count);
			snprintf(out, size, "%ld", count);
			return *json == '[';
		} else if (*path == '[') {
			char *end;
			long n = strtol(path + 1, &end, 10);

			json = find_element(json, n, &count);
			path = end + 1;
		} else {
			story_fail("no path: %s", path);
		}
	}
	if (json == NULL)
		return false;
	put(json, out, size);
	return true;
}

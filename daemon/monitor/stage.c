/* SPDX-License-Identifier: ISC */

#include "stage.h"

#include <stdlib.h>

#include "base/pages.h"

enum {
	PIECE_BITS = 16,
	PIECE_IDS = 1 << PIECE_BITS,
	PIECE_SIZE = PIECE_IDS * (int)sizeof(uint32_t)
};

uint32_t
stage_get(const struct stage *s, uint32_t id)
{
	uint32_t piece = id >> PIECE_BITS;

	if (piece >= s->n_pieces || s->pieces[piece] == NULL)
		return POLICY_NONE;
	return s->pieces[piece][id & (PIECE_IDS - 1)] == 0
	           ? POLICY_NONE
	           : s->pieces[piece][id & (PIECE_IDS - 1)] - 1;
}

static bool
make_room(struct stage *s, uint32_t piece)
{
	uint32_t n = s->n_pieces == 0 ? 16 : s->n_pieces;
	uint32_t **pieces;

	while (n <= piece)
		n *= 2;
	if (n > s->n_pieces) {
		pieces = realloc(s->pieces, n * sizeof(*pieces));
		if (pieces == NULL)
			return false;
		for (uint32_t i = s->n_pieces; i < n; i++)
			pieces[i] = NULL;
		s->pieces = pieces;
		s->n_pieces = n;
	}
	if (s->pieces[piece] == NULL)
		s->pieces[piece] = pages_new(PIECE_SIZE);
	return s->pieces[piece] != NULL;
}

bool
stage_merge(struct stage *s, struct table *t, uint32_t id, uint32_t policy)
{
	uint32_t piece = id >> PIECE_BITS;

	if (policy == POLICY_NONE || !make_room(s, piece))
		return false;
	policy = policy_merge(t, stage_get(s, id), policy);
	if (policy == POLICY_NONE)
		return false;
	s->pieces[piece][id & (PIECE_IDS - 1)] = policy + 1;
	return true;
}

void
stage_put(struct stage *s, uint32_t id, uint32_t policy)
{
	uint32_t piece = id >> PIECE_BITS;

	if (piece < s->n_pieces && s->pieces[piece] != NULL)
		s->pieces[piece][id & (PIECE_IDS - 1)] =
		    policy == POLICY_NONE ? 0 : policy + 1;
}

size_t
stage_bytes(const struct stage *s)
{
	size_t bytes = 0;

	for (uint32_t i = 0; i < s->n_pieces; i++)
		bytes += s->pieces[i] == NULL ? 0 : PIECE_SIZE;
	return bytes;
}

void
stage_fini(struct stage *s)
{
	for (uint32_t i = 0; i < s->n_pieces; i++)
		pages_free(s->pieces[i], PIECE_SIZE);
	free(s->pieces);
	*s = (struct stage){0};
}

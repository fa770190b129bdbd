/* SPDX-License-Identifier: ISC */

#include "judge/survey.h"

bool
survey_serial_newer(uint32_t a, uint32_t b)
{
	return a != b && (uint32_t)(a - b) < UINT32_C(1) << 31;
}

/* What all that say the same come to. */
struct side {
	uint64_t print;
	unsigned n;
	bool has_serial;
	uint32_t serial; /* the newest of them */
};

static struct side
side_of(const struct survey_word *words, size_t n, uint64_t print)
{
	struct side s = {.print = print};

	for (size_t i = 0; i < n; i++) {
		const struct survey_word *w = &words[i];

		if (!w->good || w->print != print)
			continue;
		s.n++;
		if (w->has_serial &&
		    (!s.has_serial || survey_serial_newer(w->serial, s.serial)))
			s.serial = w->serial;
		s.has_serial = s.has_serial || w->has_serial;
	}
	return s;
}

static bool
is_older(const struct side *a, const struct side *b)
{
	return a->has_serial && b->has_serial &&
	       survey_serial_newer(b->serial, a->serial);
}

/* Is it rather a that the zone says? */
static bool
outweighs(const struct side *a, const struct side *b, uint64_t believed)
{
	if (b->n == 0 || is_older(b, a))
		return true;
	if (is_older(a, b))
		return false;
	if (a->n != b->n)
		return a->n > b->n;
	return a->print == believed;
}

static enum survey_stand
stand_of(const struct survey_word *w, const struct side *chosen)
{
	if (!w->good)
		return STAND_NONE;
	if (w->print == chosen->print)
		return STAND_AGREES;
	if (w->has_serial && chosen->has_serial &&
	    survey_serial_newer(chosen->serial, w->serial))
		return STAND_BEHIND;
	return STAND_DIFFERS;
}

void
survey_judge(const struct survey_word *words, size_t n, uint64_t believed,
    struct survey_result *out)
{
	struct side chosen = {0};

	*out = (struct survey_result){0};
	for (size_t i = 0; i < n; i++) {
		struct side s;

		if (!words[i].good)
			continue;
		s = side_of(words, n, words[i].print);
		if (s.print != chosen.print && outweighs(&s, &chosen, believed))
			chosen = s;
	}
	out->chosen = chosen.print;
	out->changed = chosen.print != 0 && chosen.print != believed;
	for (size_t i = 0; i < n; i++) {
		const struct survey_word *w = &words[i];
		uint64_t expected = w->expected != 0 ? w->expected : believed;

		out->stands[i] = stand_of(w, &chosen);
		out->n_good += w->good;
		out->n_agree += out->stands[i] == STAND_AGREES;
		out->news = out->news || (w->good && w->print != expected);
	}
	out->apart = out->n_agree != out->n_good;
}

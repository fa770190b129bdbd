/* SPDX-License-Identifier: ISC */

/*
 * DKIM keys, RFC 6376 3.6.1 and RFC 8463.  A record is a list of tags in which
 * none is there twice; `v`, if it is there, is the first.  Every TXT at such a
 * name is a key, so that two are one too many (3.6.2.2).  An empty `p` revokes
 * the key.
 *
 * The size of an RSA key is that of its modulus, read out of the DER in `p`:
 * SubjectPublicKeyInfo, or RSAPublicKey alone, which some publish.
 */

#include <string.h>

#include "meaning_priv.h"

enum {
	/* RFC 8301 3.2: verifiers take 1024 bits at least, 2048 is asked for.
	 */
	BITS_LEAST = 1024,
	BITS_GOOD = 2048,
	ED25519_SIZE = 32,
	KEY_MAX = MEANING_READ_MAX * 3 / 4 + 3
};

enum key_kind { KEY_OTHER = 0, KEY_RSA, KEY_ED25519 };

struct key {
	enum key_kind kind;
	unsigned bits;
	bool revoked;
	bool testing;
	struct span p;
	struct span k;      /* of KEY_OTHER */
	struct wrong wrong; /* why NULL: it is a good record */
};

enum stand { STAND_NONE = 0, STAND_TWO, STAND_INVALID, STAND_GOOD };

struct said {
	struct policy_found found;
	struct key key;
	enum stand stand;
};

static bool
is_any(struct span text)
{
	(void)text;
	return true;
}

static int
digit_of(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Base 64 with blanks anywhere; 0: it is not (or nothing). */
static size_t
decode(struct span s, uint8_t out[KEY_MAX])
{
	uint32_t held = 0;
	unsigned n_digits = 0;
	unsigned n_pads = 0;
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		int digit = digit_of(s.p[i]);

		if (is_blank(s.p[i]))
			continue;
		if (s.p[i] == '=' && n_pads < 2) {
			n_pads++;
			continue;
		}
		if (digit < 0 || n_pads > 0 || n + 3 > KEY_MAX)
			return 0;
		held = held << 6 | (uint32_t)digit;
		if (n_digits++ % 4 != 0)
			out[n++] =
			    (uint8_t)(held >> (6 - 2 * ((n_digits - 1) % 4)));
	}
	return (n_digits + n_pads) % 4 == 0 ? n : 0;
}

/* Opens the DER value of this tag at the front of *in; false: it is not. */
static bool
der_open(struct span *in, uint8_t tag, struct span *value)
{
	size_t at = 2;
	size_t size;

	if (in->n < 2 || in->p[0] != tag)
		return false;
	size = in->p[1];
	if (size >= 0x80) {
		size_t n = size & 0x7f;

		if (n == 0 || n > 2 || in->n < 2 + n)
			return false;
		for (size = 0; n > 0; n--)
			size = size << 8 | in->p[at++];
	}
	if (size > in->n - at)
		return false;
	*value = (struct span){in->p + at, size};
	*in = span_from(*in, at + size);
	return true;
}

/* Bits of the modulus; 0: this is no RSA key. */
static unsigned
rsa_bits(struct span der)
{
	enum { SEQUENCE = 0x30, INTEGER = 0x02, BITS = 0x03 };
	struct span key;
	struct span part;
	unsigned bits;

	if (!der_open(&der, SEQUENCE, &key))
		return 0;
	if (key.n > 0 && key.p[0] == SEQUENCE) {
		if (!der_open(&key, SEQUENCE, &part) ||
		    !der_open(&key, BITS, &part) || part.n < 1 ||
		    part.p[0] != 0)
			return 0;
		part = span_from(part, 1);
		if (!der_open(&part, SEQUENCE, &key))
			return 0;
	}
	if (!der_open(&key, INTEGER, &part))
		return 0;
	while (part.n > 0 && part.p[0] == 0)
		part = span_from(part, 1);
	if (part.n == 0)
		return 0;
	bits = (unsigned)part.n * 8;
	for (uint8_t top = part.p[0]; (top & 0x80) == 0; top <<= 1)
		bits--;
	return bits;
}

static const char *
take_key(struct key *key)
{
	uint8_t der[KEY_MAX];
	size_t n = decode(key->p, der);

	if (n == 0)
		return "no base 64";
	if (key->kind == KEY_RSA) {
		key->bits = rsa_bits((struct span){der, n});
		return key->bits > 0 ? NULL : "no RSA key";
	}
	if (key->kind == KEY_ED25519) {
		key->bits = 8 * ED25519_SIZE;
		return n == ED25519_SIZE ? NULL : "no Ed25519 key";
	}
	return NULL;
}

/* Is `flag` one of "a:b:c"? */
static bool
has_flag(struct span flags, const char *flag)
{
	while (flags.n > 0) {
		size_t n = 0;

		while (n < flags.n && flags.p[n] != ':')
			n++;
		if (span_is(span_trim((struct span){flags.p, n}), flag))
			return true;
		flags = span_from(flags, n < flags.n ? n + 1 : n);
	}
	return false;
}

/* NULL, or what is wrong with it.  Tag names have a letter case (3.2). */
static const char *
take(struct key *key, const struct tag *tag, unsigned *seen)
{
	static const char *const known[] = {"v", "k", "p", "t", "h", "n", "s"};
	enum { V, K, P, T };
	unsigned i = 0;
	bool first = *seen == 0;

	while (i < 7 && !span_is_exactly(tag->name, known[i]))
		i++;
	if ((*seen & 1u << i) != 0 && i < 7)
		return "a tag that is there twice";
	*seen |= 1u << i;
	if (i == V && !span_is_exactly(tag->value, "DKIM1"))
		return "not DKIM1";
	if (i == V && !first)
		return "`v` is not the first";
	if (i == K) {
		key->kind = KEY_OTHER;
		if (span_is(tag->value, "rsa"))
			key->kind = KEY_RSA;
		if (span_is(tag->value, "ed25519"))
			key->kind = KEY_ED25519;
		key->k = tag->value;
	}
	if (i == P) {
		key->p = tag->value;
		key->revoked = key->p.n == 0;
		key->wrong.at = tag->at;
	}
	if (i == T)
		key->testing = has_flag(tag->value, "y");
	return NULL;
}

static void
key_read(struct span text, struct key *out)
{
	struct tag tag;
	unsigned seen = 0;
	size_t at = 0;
	int more;

	*out = (struct key){.kind = KEY_RSA};
	while ((more = tag_next(text, &at, &tag)) == 1) {
		out->wrong.why = take(out, &tag, &seen);
		if (out->wrong.why != NULL)
			break;
	}
	if (more != 0) {
		out->wrong.at = tag.at;
		if (more < 0)
			out->wrong.why = "no tag";
	} else if (out->p.p == NULL) {
		out->wrong = (struct wrong){text.n, "no `p` anywhere"};
	} else if (!out->revoked) {
		out->wrong.why = take_key(out);
	}
}

static void
see(const struct content *c, struct said *out)
{
	policy_find(c, is_any, &out->found);
	out->key = (struct key){.bits = 0};
	out->stand = STAND_NONE;
	if (out->found.n == 0)
		return;
	out->stand = STAND_TWO;
	if (out->found.n > 1)
		return;
	key_read(joined_span(&out->found.text), &out->key);
	if (out->found.text.cut)
		out->key.wrong =
		    (struct wrong){MEANING_READ_MAX, "too long to be judged"};
	out->stand = out->key.wrong.why == NULL ? STAND_GOOD : STAND_INVALID;
}

/* "RSA, 2048 bits" */
static const char *
kind_of(const struct key *key, char out[PART_SIZE])
{
	if (key->kind == KEY_OTHER)
		return span_print(key->k, out);
	return key->kind == KEY_RSA ? "RSA" : "Ed25519";
}

/* `was`: the bits of the key before it, 0: there was none. */
static void
say_size(const struct meant *m, const struct key *key, unsigned was)
{
	if (key->kind != KEY_RSA || key->revoked || key->bits >= BITS_GOOD)
		return;
	if (key->bits < BITS_LEAST)
		meaning_say(m, MEANING_DKIM_WEAK,
		    "the DKIM key has %u bits: fewer than %d are refused by "
		    "verifiers, for others can compute it",
		    key->bits, BITS_LEAST);
	else
		meaning_say(m,
		    key->bits < was ? MEANING_DKIM_WEAK : MEANING_DKIM_SMALL,
		    "the DKIM key has %u bits, fewer than %d", key->bits,
		    BITS_GOOD);
}

static void
say_key(const struct meant *m, const struct key *from, const struct key *to)
{
	char was[PART_SIZE];
	char is[PART_SIZE];

	if (to->revoked) {
		if (!from->revoked)
			meaning_say(m, MEANING_DKIM_REVOKED,
			    "the DKIM key is revoked (empty p=): what it "
			    "signed "
			    "no longer verifies");
		return;
	}
	if (from->revoked) {
		meaning_say(m, MEANING_DKIM_NEW,
		    "a DKIM key where one was revoked: %s, %u bits",
		    kind_of(to, is), to->bits);
		say_size(m, to, 0);
		return;
	}
	/* Base 64 has a letter case. */
	if (from->p.n == to->p.n && memcmp(from->p.p, to->p.p, to->p.n) == 0 &&
	    from->kind == to->kind)
		return;
	meaning_say(m, MEANING_DKIM_KEY,
	    "another DKIM key: %s with %u bits, it was %s with %u",
	    kind_of(to, is), to->bits, kind_of(from, was), from->bits);
	if (from->kind != to->kind || to->bits < from->bits)
		say_size(m, to, from->kind == KEY_RSA ? from->bits : 0);
}

static void
say_bad(const struct meant *m, const struct said *from, const struct said *to)
{
	const struct wrong *w = &to->key.wrong;
	struct span text = joined_span(&to->found.text);
	char part[PART_SIZE];

	if (to->stand == STAND_TWO) {
		if (from->stand != STAND_TWO)
			meaning_say(m, MEANING_DKIM_TWO,
			    "%zu records for one DKIM key: which one counts is "
			    "not defined",
			    to->found.n);
		return;
	}
	if (from->stand == STAND_INVALID &&
	    span_same(joined_span(&from->found.text), text))
		return;
	if (w->at >= text.n)
		meaning_say(m, MEANING_DKIM_INVALID,
		    "the DKIM key is not valid: %s", w->why);
	else
		meaning_say(m, MEANING_DKIM_INVALID,
		    "the DKIM key is not valid at character %zu, \"%s\": %s",
		    w->at + 1, span_print(span_from(text, w->at), part),
		    w->why);
}

static void
say_new(const struct meant *m, const struct said *from, const struct key *to)
{
	char kind[PART_SIZE];

	if (to->revoked) {
		meaning_say(m, MEANING_DKIM_REVOKED,
		    "the DKIM key is revoked (empty p=)");
		return;
	}
	meaning_say(m, MEANING_DKIM_NEW, "the DKIM key is %s: %s, %u bits",
	    from->stand == STAND_NONE ? "new" : "valid again",
	    kind_of(to, kind), to->bits);
	say_size(m, to, 0);
}

void
dkim_judge(const struct meant *m)
{
	struct said from;
	struct said to;

	see(m->from, &from);
	see(m->to, &to);
	if (to.stand == STAND_NONE) {
		if (from.stand != STAND_NONE)
			meaning_say(m, MEANING_DKIM_GONE,
			    "the DKIM key is gone: what it signed no longer "
			    "verifies");
		return;
	}
	if (to.stand != STAND_GOOD) {
		say_bad(m, &from, &to);
		return;
	}
	if (from.stand == STAND_GOOD)
		say_key(m, &from.key, &to.key);
	else
		say_new(m, &from, &to.key);
	if (to.key.testing && !from.key.testing)
		meaning_say(m, MEANING_DKIM_TESTING,
		    "the DKIM key is for tests only (t=y): verifiers take the "
		    "mail as unsigned");
}

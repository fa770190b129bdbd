/* SPDX-License-Identifier: ISC */
/* room: dns */

/*
 * Keys and DS sets (R17): tags of real keys, held against ldns, and which set
 * of DS still leads a validator to a key.
 */

#include <stdio.h>
#include <stdlib.h>

#include <ldns/ldns.h>

#include "unit.h"

#include "base/rand.h"
#include "dns/dnskey.h"
#include "dns/type.h"

enum { SEED = 4034, ROUNDS = 20000, RECORDS = 8 };

/* Made with ldns-keygen. */
#define RSA_KSK                                                                \
	"DNSKEY 257 3 8 AwEAAaX0rj3HdhVDdEmAJCZ1SRI44rU0US3IWyN1qZYW0U6WpzYC"  \
	"TXNZTo3120OllQIUnayDkZkfMSEt13cOUfOxUVQ/jXxmQFItaWZ5zQM8c/RwFYdT8j3+" \
	"JIB315H4KMpV5jKgeawtR7sliFVmO9JBRbNNnUDvq2psq5w0AV92qY9L"
#define RSA_ZSK                                                                \
	"DNSKEY 256 3 8 AwEAAcj0NpsfhcOwE2wT2Q6QSH5dbqACLFTDguAL+UydNcO/cHEn"  \
	"82/sPNjORjHxZwrPJivb/wk7e56uxKpFH10KMxfc6jzTYCjaskkae26L4jGeSH2QCWeo" \
	"Oa2xmEkq5zbyMhSXDxOWsaCH8uyqhbQF7rplHh7hH7fU+wgpX9CydmFd"
#define EC_KSK                                                                 \
	"DNSKEY 257 3 13 28X3xnSmFQx1dxTenYaI++5XTVotAJ7iniM6dPmeK21Zz8YdB3Q0" \
	"y6h5BRGBuVZIsbkLC7NsBgxQanpA9dvnog=="
#define EC_ZSK                                                                 \
	"DNSKEY 256 3 13 udBINWhhgiibAAqimtVnducN6h/7E2Q/Lg9SGdOMDOaA2XDBsNgf" \
	"cx5+PO5CgWwpMoYUDxECEFFN9M5DuPz6tA=="
#define ED_KSK "DNSKEY 257 3 15 alawboOr4oRoJRpiVgh1wwnfRWG2Fj6hTd6UAPTS3i0="
#define EC_DS                                                                  \
	"DS 6014 13 2 12aa0472c87ec3f191c056f733a569f279bed6fca1ea02a4db17a3"  \
	"06e61fe74b"
#define RSA_DS                                                                 \
	"DS 38345 8 2 b5157116e00f548dd9da504a0036f716c5228f0128c556737f1859"  \
	"0bf11b259f"

/* A set of records, and what it is made of. */
struct set {
	struct content content;
	struct record records[RECORDS];
	ldns_rr *rrs[RECORDS];
	uint8_t *rdata[RECORDS];
};

static void
add(struct set *s, const char *text)
{
	uint16_t i = s->content.n_records++;
	char line[1024];
	uint8_t *wire;
	size_t size;
	size_t head = 13 + 10; /* its owner, then type, class, TTL and size */

	assert_true(i < RECORDS);
	snprintf(line, sizeof(line), "example.com. 60 IN %s", text);
	assert_int_equal(
	    ldns_rr_new_frm_str(&s->rrs[i], line, 0, NULL, NULL), 0);
	assert_int_equal(
	    ldns_rr2wire(&wire, s->rrs[i], LDNS_SECTION_ANSWER, &size), 0);
	s->rdata[i] = malloc(size - head);
	assert_non_null(s->rdata[i]);
	memcpy(s->rdata[i], wire + head, size - head);
	free(wire);
	s->records[i] = (struct record){
	    .type = (uint16_t)ldns_rr_get_type(s->rrs[i]),
	    .size = (uint16_t)(size - head),
	    .rdata = s->rdata[i],
	};
	s->content.outcome = OUTCOME_ANSWER;
	s->content.records = s->records;
}

static void
set_init(struct set *s, const char *a, const char *b)
{
	*s = (struct set){.content = {.outcome = OUTCOME_NODATA}};
	if (a != NULL)
		add(s, a);
	if (b != NULL)
		add(s, b);
}

static void
set_free(struct set *s)
{
	for (uint16_t i = 0; i < s->content.n_records; i++) {
		ldns_rr_free(s->rrs[i]);
		free(s->rdata[i]);
	}
}

static void
is_said(const char *record, const char *want)
{
	struct set s;
	struct buf text = {0};

	set_init(&s, record, NULL);
	dnskey_print(&s.records[0], &text);
	assert_string_equal(buf_text(&text), want);
	buf_fini(&text);
	set_free(&s);
}

static void
test_R17_real_keys_have_the_tags_that_their_maker_says(void **state)
{
	(void)state;
	is_said(RSA_KSK, "KSK 38345");
	is_said(RSA_ZSK, "ZSK 24201");
	is_said(EC_KSK, "KSK 6014");
	is_said(EC_ZSK, "ZSK 11640");
	is_said(ED_KSK, "KSK 52272");
	is_said(EC_DS, "DS 6014");
	is_said(RSA_DS, "DS 38345");
	/* The key of RFC 4034 5.4. */
	is_said(
	    "DNSKEY 256 3 5 AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/"
	    "2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMmmAphXdvxegXd/M5+X7Or"
	    "zKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/r"
	    "ljwvFw==",
	    "ZSK 60485");
}

/* RFC 5011: a revoked key has another tag. */
static void
test_R17_a_revoked_key_says_so(void **state)
{
	struct set s;
	struct set ds;
	struct buf text = {0};

	(void)state;
	set_init(&s, EC_KSK, NULL);
	set_init(&ds, EC_DS, NULL);
	s.rdata[0][1] |= 0x80;
	dnskey_print(&s.records[0], &text);
	assert_string_equal(buf_text(&text), "revoked KSK 6142");
	assert_false(dnskey_fits(&ds.content, &s.content));
	buf_fini(&text);
	set_free(&s);
	set_free(&ds);
}

/* Any bytes, of any length, RSA/MD5 too: as ldns reckons. */
static void
test_R17_tags_are_those_of_ldns_for_any_key(void **state)
{
	uint8_t rdata[300];
	struct record r = {.type = TYPE_DNSKEY, .rdata = rdata};

	(void)state;
	print_message("seed %d\n", SEED);
	rand_seed(SEED);
	for (int i = 0; i < ROUNDS; i++) {
		struct dnskey key;

		r.size = (uint16_t)(5 + rand_below(sizeof(rdata) - 5));
		rand_bytes(rdata, r.size);
		rdata[3] = (uint8_t)rand_below(17);
		if (rdata[3] == 1 && r.size < 8)
			continue;
		assert_true(dnskey_read(&r, &key));
		assert_int_equal(key.tag, ldns_calc_keytag_raw(rdata, r.size));
	}
}

static void
test_R17_what_is_too_short_is_no_key(void **state)
{
	static const uint8_t few[4] = {1, 1, 3, 1};
	struct dnskey key;

	(void)state;
	for (uint16_t size = 0; size <= sizeof(few); size++) {
		struct record r = {
		    .type = TYPE_DNSKEY, .rdata = few, .size = size};

		assert_false(dnskey_read(&r, &key));
		r.type = TYPE_DS;
		assert_false(dnskey_read(&r, &key));
	}
}

static bool
fits(const char *ds_a, const char *ds_b, const char *key_a, const char *key_b)
{
	struct set ds;
	struct set keys;
	bool is;

	set_init(&ds, ds_a, ds_b);
	set_init(&keys, key_a, key_b);
	is = dnskey_fits(&ds.content, &keys.content);
	set_free(&ds);
	set_free(&keys);
	return is;
}

static void
test_R17_one_ds_that_fits_one_key_is_enough(void **state)
{
	(void)state;
	assert_true(fits(EC_DS, NULL, EC_KSK, EC_ZSK));
	assert_true(fits(EC_DS, RSA_DS, EC_KSK, EC_ZSK));
	assert_true(fits(EC_DS, RSA_DS, RSA_ZSK, RSA_KSK));
	assert_false(fits(EC_DS, NULL, RSA_KSK, EC_ZSK));
	assert_false(fits(EC_DS, RSA_DS, ED_KSK, EC_ZSK));
	/* The same tag of another algorithm. */
	assert_false(fits("DS 6014 8 2 12aa", NULL, EC_KSK, NULL));
}

static void
test_R17_a_ds_without_any_key_does_not_fit_and_no_ds_fits_all(void **state)
{
	struct set ds;
	const struct content unreadable = {.outcome = OUTCOME_UNREADABLE};

	(void)state;
	set_init(&ds, EC_DS, NULL);
	assert_false(fits(EC_DS, NULL, NULL, NULL));
	assert_true(fits(NULL, NULL, EC_KSK, NULL));
	assert_true(fits(NULL, NULL, NULL, NULL));
	assert_true(dnskey_fits(&ds.content, &unreadable));
	assert_true(dnskey_fits(&unreadable, &ds.content));
	set_free(&ds);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_R17_real_keys_have_the_tags_that_their_maker_says),
	    cmocka_unit_test(test_R17_a_revoked_key_says_so),
	    cmocka_unit_test(test_R17_tags_are_those_of_ldns_for_any_key),
	    cmocka_unit_test(test_R17_what_is_too_short_is_no_key),
	    cmocka_unit_test(test_R17_one_ds_that_fits_one_key_is_enough),
	    cmocka_unit_test(
		test_R17_a_ds_without_any_key_does_not_fit_and_no_ds_fits_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

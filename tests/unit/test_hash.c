/* SPDX-License-Identifier: ISC */
/* room: base */

/*
 * SipHash-2-4 is the published one, and SHA-256 and hex are those that
 * everybody else computes.
 */

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

#include "unit.h"

#include "base/hash.h"

/*
 * The first vectors of the reference implementation (vectors_sip64): key 00 01
 * .. 0f, input the first n bytes of 00 01 02 ..., for n from 0; written as the
 * numbers of which the published bytes are the little-endian form.  That of 15
 * bytes is the one in the paper.
 */
static const uint64_t published[] = {
    0x726fdb47dd0e0e31,
    0x74f839c593dc67fd,
    0x0d6c8009d9a94f5a,
    0x85676696d7fb7e2d,
    0xcf2794e0277187b7,
    0x18765564cd99a68d,
    0xcbc9466e58fee3ce,
    0xab0200f58b01d137,
    0x93f5f5799a932462,
    0x9e0082df0ba9e4b0,
    0x7a5dbbc594ddb9f3,
    0xf4b32f46226bada7,
    0x751e8fbc860ee5fb,
    0x14ea5627c0843d90,
    0xf723ca908e7af2ee,
    0xa129ca6149be45e5,
};

static const struct hash_key key = {
    .k0 = 0x0706050403020100, .k1 = 0x0f0e0d0c0b0a0908};

static void
test_hash_sip_agrees_with_the_published_vectors(void **state)
{
	uint8_t input[16];

	(void)state;
	for (size_t i = 0; i < sizeof(input); i++)
		input[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(published) / sizeof(published[0]); i++)
		assert_int_equal(hash_sip(&key, input, i), published[i]);
}

static uint64_t
openssl_sip(EVP_MAC_CTX *ctx, const uint8_t *data, size_t size)
{
	uint8_t bytes[8];
	size_t n = 0;
	uint64_t v = 0;

	assert_int_equal(EVP_MAC_init(ctx, NULL, 0, NULL), 1);
	assert_int_equal(EVP_MAC_update(ctx, data, size), 1);
	assert_int_equal(EVP_MAC_final(ctx, bytes, &n, sizeof(bytes)), 1);
	assert_int_equal(n, 8);
	for (int i = 7; i >= 0; i--)
		v = v << 8 | bytes[i];
	return v;
}

/* Every length of the tail, at every alignment, and more than one word. */
static void
test_hash_sip_agrees_with_openssl_at_every_length(void **state)
{
	static const uint8_t key_bytes[] = {
	    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
	uint8_t input[300];
	size_t tag_size = 8;
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &tag_size),
	    OSSL_PARAM_construct_end()};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);

	(void)state;
	assert_non_null(ctx);
	assert_int_equal(
	    EVP_MAC_init(ctx, key_bytes, sizeof(key_bytes), params), 1);
	for (size_t i = 0; i < sizeof(input); i++)
		input[i] = (uint8_t)(i * 151 + 7);
	for (size_t from = 0; from < 8; from++) {
		for (size_t n = 0; n < sizeof(input) - from; n++)
			assert_int_equal(hash_sip(&key, input + from, n),
			    openssl_sip(ctx, input + from, n));
	}
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
}

static void
test_hash_sip_depends_on_both_halves_of_the_key(void **state)
{
	struct hash_key a = key;
	struct hash_key b = key;

	(void)state;
	a.k0 ^= 1;
	b.k1 ^= 1;
	assert_int_not_equal(hash_sip(&key, "x", 1), hash_sip(&a, "x", 1));
	assert_int_not_equal(hash_sip(&key, "x", 1), hash_sip(&b, "x", 1));
}

static void
test_hash_sip_takes_nothing_from_nowhere(void **state)
{
	(void)state;
	assert_int_equal(hash_sip(&key, NULL, 0), published[0]);
}

/* FIPS 180-2, B.1 and B.2. */
static void
test_hash_sha256_agrees_with_the_standard(void **state)
{
	static const char two[] =
	    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	uint8_t out[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];

	(void)state;
	hash_sha256("abc", 3, out);
	assert_string_equal(hash_hex(out, sizeof(out), hex),
	    "ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad");
	hash_sha256(two, strlen(two), out);
	assert_string_equal(hash_hex(out, sizeof(out), hex),
	    "248d6a61d20638b8e5c026930c3e6039"
	    "a33ce45964ff2167f6ecedd419db06c1");
	hash_sha256(NULL, 0, out);
	assert_string_equal(hash_hex(out, sizeof(out), hex),
	    "e3b0c44298fc1c149afbf4c8996fb924"
	    "27ae41e4649b934ca495991b7852b855");
}

static void
test_hash_hex_writes_two_lower_case_digits_a_byte(void **state)
{
	static const uint8_t bytes[] = {0x00, 0x0f, 0xa0, 0xff};
	char out[9];

	(void)state;
	assert_string_equal(hash_hex(bytes, sizeof(bytes), out), "000fa0ff");
	assert_string_equal(hash_hex(bytes, 0, out), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_hash_sip_agrees_with_the_published_vectors),
	    cmocka_unit_test(test_hash_sip_agrees_with_openssl_at_every_length),
	    cmocka_unit_test(test_hash_sip_depends_on_both_halves_of_the_key),
	    cmocka_unit_test(test_hash_sip_takes_nothing_from_nowhere),
	    cmocka_unit_test(test_hash_sha256_agrees_with_the_standard),
	    cmocka_unit_test(test_hash_hex_writes_two_lower_case_digits_a_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

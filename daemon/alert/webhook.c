/* SPDX-License-Identifier: ISC */

/*
 * Standard Webhooks 1.0: identity, signature, and when to try again.  The body
 * is in body.c.
 *
 * The id is the same for every attempt, so that a receiver which has seen it
 * drops the second copy; the time stamp is the attempt's, so that a copy which
 * somebody else replays later is too old.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "alert/alert.h"
#include "base/hash.h"

enum { HMAC_BLOCK = 64 };

char *
webhook_id(const struct delivery *d, char out[WEBHOOK_ID_SIZE])
{
	char text[UUID_TEXT_SIZE];

	/* No '.': it parts the fields of what is signed. */
	snprintf(out, WEBHOOK_ID_SIZE, "%s-r%" PRIu32,
	    uuid_print(&d->alert, text), d->revision);
	return out;
}

/* RFC 2104, over content that begins after HMAC_BLOCK free bytes. */
static void
hmac(const uint8_t *secret, size_t secret_size, struct buf *content,
    uint8_t out[SHA256_SIZE])
{
	uint8_t key[HMAC_BLOCK] = {0};
	uint8_t outer[HMAC_BLOCK + SHA256_SIZE];

	if (secret_size > HMAC_BLOCK)
		hash_sha256(secret, secret_size, key);
	else if (secret_size > 0)
		memcpy(key, secret, secret_size);
	for (size_t i = 0; i < HMAC_BLOCK; i++) {
		content->data[i] = key[i] ^ 0x36;
		outer[i] = key[i] ^ 0x5c;
	}
	hash_sha256(content->data, content->size, outer + HMAC_BLOCK);
	hash_sha256(outer, sizeof(outer), out);
	explicit_bzero(key, sizeof(key));
	explicit_bzero(outer, sizeof(outer));
	explicit_bzero(content->data, HMAC_BLOCK);
}

static void
add_base64(struct buf *out, const uint8_t *data, size_t size)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t v;
	size_t n;

	for (size_t i = 0; i < size; i += 3) {
		n = size - i < 3 ? size - i : 3;
		v = (uint32_t)data[i] << 16;
		if (n > 1)
			v |= (uint32_t)data[i + 1] << 8;
		if (n > 2)
			v |= data[i + 2];
		buf_add_u8(out, (uint8_t)digits[v >> 18]);
		buf_add_u8(out, (uint8_t)digits[v >> 12 & 63]);
		buf_add_u8(out, n > 1 ? (uint8_t)digits[v >> 6 & 63] : '=');
		buf_add_u8(out, n > 2 ? (uint8_t)digits[v & 63] : '=');
	}
}

int
webhook_sign(const uint8_t *secret, size_t secret_size, const char *id,
    int64_t timestamp_s, const struct buf *body, struct buf *out)
{
	struct buf content = {0};
	uint8_t mac[SHA256_SIZE];
	int err;

	(void)buf_grow(&content, HMAC_BLOCK);
	buf_printf(&content, "%s.%" PRId64 ".", id, timestamp_s);
	buf_add(&content, body->data, body->size);
	err = content.err;
	if (err == 0) {
		hmac(secret, secret_size, &content, mac);
		buf_add_text(out, "v1,");
		add_base64(out, mac, sizeof(mac));
		err = out->err;
	}
	buf_fini(&content);
	return err;
}

uint32_t
webhook_backoff_s(uint32_t failed, uint32_t retry_after_s)
{
	static const uint32_t pause_s[] = {
	    5, 30, 2 * 60, 10 * 60, 30 * 60, 3600, 2 * 3600, 5 * 3600};
	size_t last = sizeof(pause_s) / sizeof(pause_s[0]) - 1;
	size_t i = failed > 0 ? failed - 1 : 0;
	uint32_t pause = pause_s[i < last ? i : last];

	return pause > retry_after_s ? pause : retry_after_s;
}

/* SPDX-License-Identifier: ISC */

/*
 * Any bytes as a message: walked, and what is accepted summed up, read,
 * packed and printed.  Beyond not crashing:
 *
 *   - the records end where the message ends;
 *   - both readers say the same, unless ldns refused a record;
 *   - what is packed can be unpacked to the same;
 *   - text is printable ASCII within its limit;
 *   - it costs at most 2 MB of memory and a bounded time;
 *   - ldns as a second decoder accepts what we accept whole.
 */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <ldns/ldns.h>

#include "base/arena.h"
#include "dns/record.h"
#include "dns/reply.h"
#include "dns/type.h"

#define HOLDS(expr) ((expr) ? (void)0 : abort())

enum {
	MEMORY_MAX = 2 << 20,
	CPU_MS_MAX = 1000, /* 10 ms, times what sanitizers and fuzzers cost */
	TEXT_MAX = 1024
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of the sanitizers' runtime; absent in other builds. */
int __sanitizer_install_malloc_and_free_hooks(
    void (*)(const volatile void *, size_t), void (*)(const volatile void *))
    __attribute__((weak));
size_t __sanitizer_get_allocated_size(const volatile void *)
    __attribute__((weak));

static bool watching;
static size_t live;
static size_t peak;

static void
on_malloc(const volatile void *p, size_t size)
{
	(void)p;
	if (!watching)
		return;
	live += size;
	if (live > peak)
		peak = live;
}

static void
on_free(const volatile void *p)
{
	if (!watching || p == NULL)
		return;
	size_t size = __sanitizer_get_allocated_size(p);
	live -= size < live ? size : live;
}

static void
watch_memory(void)
{
	static bool installed;

	if (!installed && __sanitizer_install_malloc_and_free_hooks != NULL)
		__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
	installed = true;
	live = 0;
	peak = 0;
	watching = true;
}

static double
cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void
check_text(const struct record *r, size_t text_max)
{
	struct buf text = {0};

	record_print(r, &text, text_max);
	HOLDS(text.err == 0);
	HOLDS(text_max == 0 || text.size <= text_max);
	HOLDS(text.size != 0);
	for (size_t i = 0; i < text.size; i++)
		HOLDS(text.data[i] >= 0x20 && text.data[i] <= 0x7e);
	buf_fini(&text);
	(void)record_pivot(r);
	(void)record_key(r);
	(void)record_is_private(r);
}

static void
check_pack(const struct content *c, const struct hash_key *key)
{
	struct arena arena = {0};
	struct buf one = {0};
	struct buf two = {0};
	struct content back;
	struct content copy;

	content_pack(c, &one);
	HOLDS(content_unpack(one.data, one.size, &arena, &back) == 0);
	HOLDS(content_equal(c, &back));
	HOLDS(content_copy(&back, &arena, &copy) == 0);
	HOLDS(content_equal(c, &copy));
	HOLDS(content_fingerprint(c, key) == content_fingerprint(&copy, key));
	content_pack(&copy, &two);
	HOLDS(
	    one.size == two.size && memcmp(one.data, two.data, one.size) == 0);
	buf_fini(&one);
	buf_fini(&two);
	arena_fini(&arena);
}

static void
check_agreement(const struct reply_sum *sum, const struct reply *reply,
    const struct hash_key *key)
{
	const struct content *c = &reply->content;

	HOLDS(sum->fail == reply->fail);
	if (sum->outcome == OUTCOME_ANSWER &&
	    c->outcome == OUTCOME_UNREADABLE) {
		HOLDS(c->reason == UNREADABLE_RECORD);
		return;
	}
	HOLDS(sum->outcome == c->outcome);
	HOLDS(sum->ttl == reply->ttl);
	HOLDS(sum->has_soa == reply->has_soa);
	HOLDS(sum->n_offchain == reply->n_offchain);
	if (sum->outcome == OUTCOME_FAIL)
		HOLDS(sum->fingerprint == 0);
	else
		HOLDS(sum->fingerprint == content_fingerprint(c, key));
}

/* Types that ldns reads into, and we take as octets. */
static bool
is_left_to_ldns(uint16_t type)
{
	static const uint8_t types[] = {
	    10, 11, 22, 23, 30, 31, 32, 34, 38, 40, 55};

	for (size_t i = 0; i < sizeof(types); i++) {
		if (types[i] == type)
			return true;
	}
	return !type_is_data(type) && type != TYPE_OPT;
}

/* Looks at every record.  Is the message good in all of its parts? */
static bool
check_records(const uint8_t *wire, size_t size, const struct message *m)
{
	static uint8_t rdata[65536];
	unsigned n = 0u + m->n_answer + m->n_authority + m->n_additional;
	uint16_t at = m->answer_at;
	struct message_record r;
	bool good = true;

	for (; n > 0; n--, at = r.next_at) {
		size_t rdata_size;
		message_record(wire, size, at, &r);
		HOLDS(r.next_at > at && r.next_at <= size);
		if (r.type == TYPE_OPT)
			continue;
		if (r.class_ != CLASS_IN || is_left_to_ldns(r.type)) {
			good = false;
			continue;
		}
		enum record_check check = record_identity(
		    wire, size, &r, rdata, sizeof(rdata) - 1, &rdata_size);
		HOLDS(check != RECORD_RUNAWAY);
		if (check != RECORD_OK)
			good = false;
		else if (r.type != TYPE_SOA && r.type != TYPE_RRSIG && good)
			good = record_check(r.type, rdata, rdata_size) ==
			       RECORD_OK;
	}
	HOLDS(at == size);
	return good;
}

static void
check_second_decoder(const uint8_t *wire, size_t size, const struct message *m)
{
	ldns_pkt *pkt = NULL;

	HOLDS(ldns_wire2pkt(&pkt, wire, size) == LDNS_STATUS_OK);
	HOLDS(ldns_pkt_ancount(pkt) == m->n_answer);
	ldns_pkt_free(pkt);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct hash_key key = {.k0 = size, .k1 = 5};
	struct arena arena = {0};
	struct reply_sum sum;
	struct message m;
	struct reply reply;
	double start = cpu_ms();

	if (message_walk(data, size, &m) != MESSAGE_OK)
		return 0;
	watch_memory();
	reply_sum(data, size, &m, &key, &sum);
	HOLDS(peak == 0 || sum.outcome == OUTCOME_UNREADABLE);
	HOLDS(reply_read(data, size, &m, &arena, &reply) == 0);
	check_agreement(&sum, &reply, &key);
	for (unsigned i = 0; i < reply.content.n_records; i++)
		check_text(&reply.content.records[i], TEXT_MAX);
	watching = false;
	HOLDS(peak <= MEMORY_MAX);
	HOLDS(cpu_ms() - start < CPU_MS_MAX);
	for (unsigned i = 0; i < reply.content.n_records; i++)
		check_text(&reply.content.records[i], 0);
	if (reply.content.outcome != OUTCOME_FAIL)
		check_pack(&reply.content, &key);
	if (check_records(data, size, &m))
		check_second_decoder(data, size, &m);
	arena_fini(&arena);
	return 0;
}

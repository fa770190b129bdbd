/* SPDX-License-Identifier: ISC */
/*
 * A server that costs next to nothing, so that a benchmark measures the one
 * who asks.
 *
 *   answerer ADDR:PORT [--version-file F] [--processes N] [--count-file F]
 *            [--seen-file F] [--apex LABELS]
 *
 * A and AAAA are answered with one record that is a function of the name and
 * its version, other types with NODATA; UDP only.  The question goes back
 * byte by byte, RA is set, an OPT record is answered with one.
 *
 * F has "VERSION [SHARE [FAILING SILENT FIRST]]", SHARE 100 unless given: with
 * each step of VERSION one name in SHARE has an address that it never had,
 * with the next step others, and after SHARE steps all had one.  FAILING of
 * 1000 names fail, SILENT of these without an answer, the others with
 * SERVFAIL; which ones moves on with FIRST, which is below 1000.  F is read
 * again at most 5 ms after it was written; without it nothing changes.
 * Replace F by rename.
 *
 * With --apex it is a server of zones: every name of LABELS labels is the apex
 * of one, with an SOA and the servers ns1 to ns4 of its last label; AA is set
 * and RA is not, and the SOA of NODATA is the zone's.  A name of less labels
 * is REFUSED.
 *
 * The count file has "QUESTIONS PEAK", written once a second in which there
 * were any: how many came, and the most in one second.  One process only.
 *
 * The seen file is an array that somebody made large enough: of each name
 * nNUMBER, at that number, when it was last answered and when before that,
 * microseconds since 1970, 0 for never.  A failure is no answer.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/addr.h"

enum {
	BATCH = 64,
	QUERY_ROOM = 512,
	ANSWER_ROOM = QUERY_ROOM + 128,
	HEADER = 12,
	TYPE_A = 1,
	TYPE_AAAA = 28,
	TTL = 300,
	SHARE_DEFAULT = 100,
	FAILING_OF = 1000,
	TYPE_NS = 2,
	TYPE_SOA = 6,
	ZONE_SERVERS = 4,
	LABELS_MAX = 128,
	SERVFAIL = 2,
	REFUSED = 5,
	PROCESSES_MAX = 64,
	BUFFER = 8 << 20 /* asked for; the kernel may give less */
};
#define READ_AGAIN_NS 5000000

/* When a name was answered. */
struct seen {
	int64_t last;
	int64_t before;
};

struct answerer {
	int fd;
	const char *version_file;
	uint64_t version;
	uint64_t share;
	unsigned failing; /* of FAILING_OF names */
	unsigned silent;
	unsigned first_failing;
	size_t apex; /* labels; 0: it is a resolver */
	int64_t read_at;
	struct seen *seen; /* NULL: not asked for */
	size_t n_seen;
	int64_t now; /* of this batch, microseconds */
	const char *count_file;
	int64_t second;
	uint64_t this_second;
	uint64_t peak;
	uint64_t total;
	struct mmsghdr in[BATCH];
	struct mmsghdr out[BATCH];
	struct iovec in_iov[BATCH];
	struct iovec out_iov[BATCH];
	struct sockaddr_storage from[BATCH];
	uint8_t query[BATCH][QUERY_ROOM];
	uint8_t answer[BATCH][ANSWER_ROOM];
};

static void
fail(const char *what)
{
	fprintf(stderr, "answerer: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void
read_version(struct answerer *a)
{
	unsigned long long version = 0;
	unsigned long long share = SHARE_DEFAULT;
	unsigned failing = 0;
	unsigned silent = 0;
	unsigned first = 0;
	char text[128];
	ssize_t n;
	int fd = open(a->version_file, O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return;
	text[n] = '\0';
	if (sscanf(text, "%llu %llu %u %u %u", &version, &share, &failing,
		&silent, &first) < 1)
		return;
	a->version = version;
	a->share = share > 0 ? share : 1;
	a->failing = failing;
	a->silent = silent;
	a->first_failing = first % FAILING_OF;
}

static void
note_version(struct answerer *a)
{
	struct timespec now;
	int64_t ns;

	if (a->version_file == NULL)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	if (a->read_at != 0 && ns - a->read_at < READ_AGAIN_NS)
		return;
	a->read_at = ns;
	read_version(a);
}

static void
count(struct answerer *a, unsigned n)
{
	struct timespec now;
	FILE *f;

	if (a->count_file == NULL)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec != a->second) {
		f = fopen(a->count_file, "w");
		if (f == NULL)
			fail(a->count_file);
		fprintf(f, "%llu %llu\n", (unsigned long long)a->total,
		    (unsigned long long)a->peak);
		fclose(f);
		a->second = now.tv_sec;
		a->this_second = 0;
	}
	a->this_second += n;
	a->total += n;
	if (a->this_second > a->peak)
		a->peak = a->this_second;
}

static uint64_t
mix(uint64_t v)
{
	v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9;
	v = (v ^ v >> 27) * 0x94d049bb133111eb;
	return v ^ v >> 31;
}

/* Of the folded name. */
static uint64_t
hash_of(const uint8_t *name, size_t size)
{
	uint64_t hash = 0;
	size_t i;

	for (i = 0; i < size; i++) {
		uint8_t c = name[i];

		if (c >= 'A' && c <= 'Z')
			c |= 0x20;
		hash = (hash ^ c) * 0x100000001b3;
	}
	return mix(hash);
}

/* How often its address has changed is in it. */
static uint64_t
value_of(const struct answerer *a, uint64_t hash)
{
	if (a->version_file == NULL)
		return hash;
	return mix(hash ^ (a->version + hash % a->share) / a->share);
}

/* Its place among those that fail: below `failing` it does. */
static unsigned
place_of(const struct answerer *a, uint64_t hash)
{
	unsigned place = (unsigned)((hash >> 32) % FAILING_OF);

	return (place + FAILING_OF - a->first_failing) % FAILING_OF;
}

static void
note_seen(struct answerer *a, const uint8_t *name)
{
	size_t number = 0;

	if (name[0] < 2)
		return; /* not one of ours */
	for (unsigned i = 2; i <= name[0]; i++) {
		if (name[i] < '0' || name[i] > '9' || number > a->n_seen)
			return;
		number = number * 10 + (size_t)(name[i] - '0');
	}
	if (number >= a->n_seen)
		return;
	a->seen[number].before = a->seen[number].last;
	a->seen[number].last = a->now;
}

static uint8_t *
put16(uint8_t *at, unsigned v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
	return at + 2;
}

/* Owner (a name in the question), type, class, TTL and size of the data. */
static uint8_t *
put_head(uint8_t *at, size_t owner, unsigned type, unsigned size)
{
	at = put16(at, 0xc000 | (unsigned)owner);
	at = put16(at, type);
	at = put16(at, 1);
	at = put16(at, 0);
	at = put16(at, TTL);
	return put16(at, size);
}

static uint8_t *
put_address(uint8_t *at, unsigned type, uint64_t value)
{
	unsigned size = type == TYPE_A ? 4 : 16;

	at = put_head(at, HEADER, type, size);
	if (type == TYPE_AAAA) {
		memcpy(at, "\x20\x01\x0d\xb8\0\0\0\0", 8);
		memcpy(at + 8, &value, 8);
	} else {
		/* 32 bits of a public network, so that no rule objects. */
		memcpy(at, &value, 4);
		at[0] = (uint8_t)(11 + at[0] % 90);
	}
	return at + size;
}

static uint8_t *
put_soa(uint8_t *at, size_t owner)
{
	at = put_head(at, owner, TYPE_SOA, 24);
	at = put16(at, 0xc000 | (unsigned)owner);
	at = put16(at, 0xc000 | (unsigned)owner);
	memset(at, 0, 20);
	at[3] = 1;
	at[19] = 60;
	return at + 20;
}

/* ns1 and so on, below the last label. */
static uint8_t *
put_servers(uint8_t *at, size_t last_label)
{
	for (int i = 1; i <= ZONE_SERVERS; i++) {
		at = put_head(at, HEADER, TYPE_NS, 6);
		memcpy(at, "\3ns", 3);
		at[3] = (uint8_t)('0' + i);
		at = put16(at + 4, 0xc000 | (unsigned)last_label);
	}
	return at;
}

/* A question as it came, and what is to be said to it. */
struct asked {
	const uint8_t *query;
	size_t end;  /* of its name, where type and class follow */
	size_t apex; /* where the name of its zone begins; the name's own ... */
	size_t last; /* ... and its last label */
	uint64_t hash;
	unsigned type;
	unsigned rcode;
	bool edns;
};

/* False: it gets no answer. */
static bool
read_question(const struct answerer *a, const uint8_t *query, size_t size,
    struct asked *q)
{
	size_t labels[LABELS_MAX];
	size_t n = 0;
	unsigned place;

	*q = (struct asked){.query = query, .end = HEADER, .apex = HEADER};
	if (size < HEADER + 5 || query[2] & 0xf8 || query[5] != 1)
		return false;
	while (q->end < size && query[q->end] != 0 && n < LABELS_MAX) {
		labels[n++] = q->end;
		q->end += query[q->end] + 1u;
	}
	if (q->end + 5 > size)
		return false;
	q->hash = hash_of(query + HEADER, q->end - HEADER);
	place = place_of(a, q->hash);
	q->rcode = place < a->failing ? SERVFAIL : 0;
	if (n < a->apex || n == LABELS_MAX)
		q->rcode = REFUSED;
	else if (a->apex != 0) {
		q->apex = labels[n - a->apex];
		q->last = labels[n - 1];
	}
	q->type = (unsigned)query[q->end + 1] << 8 | query[q->end + 2];
	q->edns = query[11] == 1;
	return q->rcode != SERVFAIL || place >= a->silent;
}

/* The records, which are counted at `counts`. */
static uint8_t *
put_records(const struct answerer *a, const struct asked *q, uint8_t *at,
    uint8_t *counts)
{
	bool is_apex = a->apex != 0 && q->apex == HEADER;

	if (q->rcode != 0)
		return at;
	if (q->type == TYPE_A || q->type == TYPE_AAAA) {
		counts[1] = 1;
		return put_address(at, q->type, value_of(a, q->hash));
	}
	if (is_apex && q->type == TYPE_NS) {
		counts[1] = ZONE_SERVERS;
		return put_servers(at, q->last);
	}
	/* NODATA, or what was asked for. */
	counts[is_apex && q->type == TYPE_SOA ? 1 : 3] = 1;
	return put_soa(at, q->apex);
}

/* Size of the answer; 0: there is none. */
static size_t
answer(struct answerer *a, const uint8_t *query, size_t size, uint8_t *to)
{
	struct asked q;
	uint8_t *at;

	if (!read_question(a, query, size, &q))
		return 0;
	memcpy(to, query, q.end + 5);
	to[2] = (uint8_t)(0x80 | (query[2] & 1)); /* QR, RD */
	to[3] = (uint8_t)q.rcode;
	to[a->apex != 0 ? 2 : 3] |= a->apex != 0 ? 0x04 : 0x80; /* AA, RA */
	memset(to + 6, 0, 6);
	to[11] = q.edns;
	at = put_records(a, &q, to + q.end + 5, to + 6);
	if (a->seen != NULL && q.rcode == 0)
		note_seen(a, query + HEADER);
	if (q.edns) {
		memcpy(at, "\0\0\x29\x04\xd0\0\0\0\0\0\0", 11);
		at += 11;
	}
	return (size_t)(at - to);
}

static void
prepare(struct answerer *a)
{
	for (unsigned i = 0; i < BATCH; i++) {
		a->in_iov[i] = (struct iovec){a->query[i], QUERY_ROOM};
		a->in[i].msg_hdr.msg_iov = &a->in_iov[i];
		a->in[i].msg_hdr.msg_iovlen = 1;
		a->in[i].msg_hdr.msg_name = &a->from[i];
		a->out_iov[i].iov_base = a->answer[i];
		a->out[i].msg_hdr.msg_iov = &a->out_iov[i];
		a->out[i].msg_hdr.msg_iovlen = 1;
	}
}

static int64_t
wall_us_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void
serve(struct answerer *a)
{
	unsigned n;
	unsigned done;
	int got;
	int sent;

	for (unsigned i = 0; i < BATCH; i++)
		a->in[i].msg_hdr.msg_namelen = sizeof(a->from[i]);
	got = recvmmsg(a->fd, a->in, BATCH, MSG_WAITFORONE, NULL);
	if (got == -1 && errno != EINTR && errno != ECONNREFUSED)
		fail("recvmmsg");
	note_version(a);
	if (a->seen != NULL)
		a->now = wall_us_now();
	n = 0;
	for (int i = 0; i < got; i++) {
		size_t size =
		    answer(a, a->query[i], a->in[i].msg_len, a->answer[n]);

		if (size == 0)
			continue;
		a->out_iov[n].iov_len = size;
		a->out[n].msg_hdr.msg_name = &a->from[i];
		a->out[n].msg_hdr.msg_namelen = a->in[i].msg_hdr.msg_namelen;
		n++;
	}
	count(a, n);
	for (done = 0; done < n; done += (unsigned)sent) {
		sent = sendmmsg(a->fd, a->out + done, n - done, 0);
		if (sent <= 0)
			sent = 1; /* lost, as on any network */
	}
}

/* All are bound before any serves, so that the kernel spreads evenly. */
static int
open_socket(const struct addr *addr)
{
	struct sockaddr_storage sa;
	socklen_t size = addr_to_sockaddr(addr, &sa);
	int fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int yes = 1;
	int buffer = BUFFER;

	if (fd == -1)
		fail("socket");
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof(yes));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
	/* As root, beyond net.core.rmem_max. */
	(void)setsockopt(
	    fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer));
	if (bind(fd, (struct sockaddr *)&sa, size) == -1)
		fail("bind");
	return fd;
}

static void
map_seen(struct answerer *a, const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct stat st;
	void *map;

	if (fd == -1 || fstat(fd, &st) == -1)
		fail(path);
	a->n_seen = (size_t)st.st_size / sizeof(*a->seen);
	map = mmap(NULL, a->n_seen * sizeof(*a->seen), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		fail(path);
	a->seen = map;
	close(fd);
}

static void
usage(void)
{
	fprintf(stderr, "usage: answerer ADDR:PORT [--version-file F] "
			"[--processes N] [--count-file F] [--seen-file F] "
			"[--apex LABELS]\n");
	exit(2);
}

int
main(int argc, char **argv)
{
	struct answerer *a = calloc(1, sizeof(*a));
	unsigned long n = 1;
	int fds[PROCESSES_MAX];
	struct addr addr;

	if (a == NULL)
		fail("memory");
	if (argc < 2 || argc % 2 != 0 || addr_parse(argv[1], 53, &addr) != 0)
		usage();
	for (int i = 2; i < argc; i += 2) {
		if (strcmp(argv[i], "--version-file") == 0)
			a->version_file = argv[i + 1];
		else if (strcmp(argv[i], "--count-file") == 0)
			a->count_file = argv[i + 1];
		else if (strcmp(argv[i], "--seen-file") == 0)
			map_seen(a, argv[i + 1]);
		else if (strcmp(argv[i], "--apex") == 0)
			a->apex = strtoul(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "--processes") == 0)
			n = strtoul(argv[i + 1], NULL, 10);
		else
			usage();
	}
	if (n < 1 || n > PROCESSES_MAX || (n > 1 && a->count_file != NULL))
		usage();
	for (unsigned long i = 0; i < n; i++)
		fds[i] = open_socket(&addr);
	a->share = SHARE_DEFAULT;
	a->fd = fds[0];
	for (unsigned long i = 1; i < n; i++) {
		pid_t pid = fork();

		if (pid == -1)
			fail("fork");
		if (pid > 0)
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		a->fd = fds[i];
		break;
	}
	prepare(a);
	for (;;)
		serve(a);
}

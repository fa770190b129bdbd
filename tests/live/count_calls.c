/* SPDX-License-Identifier: ISC */
/*
 * Preloaded into the daemon by test_steady: counts what it asks the heap for,
 * and the datagrams that it sends, in a file that the test maps.
 *
 * COUNT_FILE names the file; it has room for two 64-bit counters, in the
 * order of `struct counts`.  What is freed is not counted: memory that is taken
 * and given back for an unchanged answer is a cost as well.
 */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

struct counts {
	uint64_t allocations;
	uint64_t datagrams;
};

/* glibc's own, by the names that it keeps for this. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t align, size_t size);
void *memalign(size_t align, size_t size);

typedef int sendmmsg_fn(int, struct mmsghdr *, unsigned, int);

/* Before the file is there, they count here. */
static struct counts early;
static struct counts *counts = &early;
static sendmmsg_fn *next_sendmmsg;

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("COUNT_FILE");
	int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
	void *at;

	*(void **)&next_sendmmsg = dlsym(RTLD_NEXT, "sendmmsg");
	if (fd == -1 || next_sendmmsg == NULL)
		abort();
	at = mmap(
	    NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		abort();
	close(fd);
	counts = at;
}

static void
count(uint64_t *which, uint64_t n)
{
	__atomic_fetch_add(which, n, __ATOMIC_RELAXED);
}

void *
malloc(size_t size)
{
	count(&counts->allocations, 1);
	return __libc_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
	count(&counts->allocations, 1);
	return __libc_calloc(n, size);
}

void *
realloc(void *old, size_t size)
{
	count(&counts->allocations, 1);
	return __libc_realloc(old, size);
}

void *
memalign(size_t align, size_t size)
{
	count(&counts->allocations, 1);
	return __libc_memalign(align, size);
}

void *
aligned_alloc(size_t align, size_t size)
{
	return memalign(align, size);
}

int
posix_memalign(void **out, size_t align, size_t size)
{
	void *at = memalign(align, size);

	if (at == NULL)
		return ENOMEM;
	*out = at;
	return 0;
}

int
sendmmsg(int fd, struct mmsghdr *list, unsigned n, int flags)
{
	int sent = next_sendmmsg(fd, list, n, flags);

	if (sent > 0)
		count(&counts->datagrams, (uint64_t)sent);
	return sent;
}

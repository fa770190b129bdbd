/* SPDX-License-Identifier: ISC */

/*
 * Runs a fuzz target over saved inputs as a plain test: every file of every
 * folder (or file) named, in any compiler and without libFuzzer.  Prints how
 * many there were; a fault shows as the end of the program, and the name of
 * the input as the last line.
 */

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of exactly the size, so that AddressSanitizer sees its end. */
static int
replay_file(const char *path, size_t size)
{
	uint8_t *data = malloc(size > 0 ? size : 1);
	FILE *file = fopen(path, "rb");
	int rc = -1;

	printf("%s\n", path);
	fflush(stdout);
	if (data != NULL && file != NULL &&
	    fread(data, 1, size, file) == size) {
		LLVMFuzzerTestOneInput(data, size);
		rc = 0;
	} else {
		perror(path);
	}
	if (file != NULL)
		fclose(file);
	free(data);
	return rc;
}

/* The number of inputs, or -1. */
static long
replay_folder(const char *path)
{
	char name[4096];
	struct dirent *entry;
	struct stat st;
	long n = 0;
	DIR *dir = opendir(path);

	if (dir == NULL) {
		perror(path);
		return -1;
	}
	while (n >= 0 && (entry = readdir(dir)) != NULL) {
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		if (stat(name, &st) == -1 || !S_ISREG(st.st_mode))
			continue;
		n = replay_file(name, (size_t)st.st_size) == 0 ? n + 1 : -1;
	}
	closedir(dir);
	return n;
}

static long
replay(const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
		return replay_file(path, (size_t)st.st_size) == 0 ? 1 : -1;
	return replay_folder(path);
}

int
main(int argc, char **argv)
{
	long sum = 0;

	for (int i = 1; i < argc; i++) {
		long n = replay(argv[i]);

		if (n < 0)
			return 1;
		sum += n;
	}
	printf("replayed %ld inputs\n", sum);
	return 0;
}

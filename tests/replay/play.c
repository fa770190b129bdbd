/* SPDX-License-Identifier: ISC */

/*
 * Tells stories about the real monitor in a world of virtual time.
 *
 *   replay [-v] [-n STORY] FILE...
 *
 * A file holds one story or several; each begins with its title and has a
 * world and a process of its own.  -v shows what happens, -n tells only that
 * one.  The last line is "N stories, N failed".
 *
 *   STORY     title TEXT, then lines.  # begins a comment line.
 *
 * Before its first moment:
 *   resolver NAME ADDRESS [group G] [rate N] [authoritative]
 *            [trust_ad]
 *                                (one 192.0.2.10 group a and two 192.0.2.20
 *                                group b, unless any is given; the questions
 *                                of www.example.org go to one first)
 *   nameserver NAME ADDRESS hint | of ZONE
 *                                a server of zones, asked by the view `source`
 *                                (authoritative: true): a root server, or what
 *                                NAME.ZONE is (of example.org, unless said);
 *                                each knows all that is true
 *   source parent | none | again with `parent: true`; with `reload` or
 *                                `restart`: there is no such view, or again
 *   watch NAME TYPES [every SPAN] [tags A,B] [confirm PROOF] [list L]
 *         [attributes A,B] [chase true] [until SPAN]   since the beginning
 *         [idle SPAN/SPAN]               after, every
 *   unwatch NAME [TYPES]         with `reload` or `restart`: later too
 *   sink NAME | sink none        (soc, unless any is given)
 *   config LINE                  of YAML, e.g. failing_after: 2
 *   reconfigure LINE             in place of those, before `reload`
 *   plan LINE | unplan           a file of `plans` more; none any more
 *   mark LINE                    an entry of a file of `marks`
 *   once                         one pass, as `dnsvigil once`
 *   seed N                       of everything random in this story
 *
 * Time: a line may begin with `at SPAN` (since the beginning) or
 * `after SPAN` (from the line before).  SPAN: 20ms 90s 10m 2h 1d.
 *
 * The world:
 *   ttl SPAN                     of what `zone` and `server` say from now on
 *   zone NAME TYPE VALUES        the truth; `none`: no such records;
 *   zone NAME TYPE pick N of M PREFIX
 *                                of the addresses PREFIX.1 to PREFIX.M
 *   zone NAME gone               no such name
 *   sign NAME TYPE from SPAN for SPAN [key TAG]
 *                                since so long and for so long, by that key
 *   server S answers NAME TYPE VALUES
 *                                the server has another truth (TYPE *: all)
 *   server S VERB [once|twice] [N%] [NAME [TYPE [VALUES]]]
 *                                drops servfails refuses refers garbles stale,
 *                                keeps (stale, and does not say so),
 *                                rejects (SERVFAIL with EDE 6 unless CD=1),
 *                                mutes (so without EDE),
 *                                lies (VALUES, uncached), forged (by UDP only),
 *                                unstreams (drops by TCP only), filters
 *                                (NXDOMAIN with EDE 15),
 *                                delegates (to the NS of NAME)
 *   server S rewrites TYPE VALUES
 *                                what does not exist, to this
 *   server S honest              forgets all of the above
 *   server S instances N         so many, up to 9, answer in turn, with NSID
 *   server S flush | shuffles | validates | authoritative | latency SPAN |
 * window N S is a resolver's name, or all database away [unknown]      (its
 * last commit stays without an answer) database back | fenced | refuses N (of
 * the next baselines) restart                      kill -9 and a new start
 *   reload [mass]                SIGHUP
 *   clock +SPAN | -SPAN          the wall clock steps
 *   pause SPAN                   SIGSTOP ... SIGCONT
 *   count                        counts of `asked`, `peak`, `written` from 0
 *   repeat N [every SPAN]        lines up to `end`; %i is the round's number
 *   end
 *
 * VALUES: NXDOMAIN, NODATA (both may add `without soa`), or values with ", "
 * between them; `as TYPE` in front: records of another type.
 *
 * What must be so, now or within a time; all clauses together:
 *   expect CLAUSE; CLAUSE ...    within SPAN expect CLAUSE; ...
 *   state NAME TYPE VALUES       what is believed ("via a.,b. VALUES": chain)
 *   baseline NAME TYPE VALUES    and it never changed
 *   no change | no alert | no event | no candidate
 *   changes N                    decided ones; N may be `at most N`, `at least`
 *   change NAME TYPE WORDS       a decision with all of: its kind, "part of its
 *                                summary", label, proved P, severity S,
 *                                aspect A, without A, means CODE, revision N,
 *                                told, untold
 *   alerts [change|event|group [KIND]] N
 *   held [SILENCE] N             alerts that a silence held
 *   gathered N                   alerts that wait to be told with others
 *   events [KIND] N | candidates N | open N | lines N | written N
 *   json NAME TYPE PATH = VALUE  of its last decision; also `json group`,
 *                                `json event KIND`, `json candidate NAME TYPE`,
 *                                `json status`; PATH absent; PATH about SPAN
 *                                [give SPAN]: a time
 *   failing NAME TYPE [told] | failing none
 *   interval NAME TYPE VALUE open|closed|none
 *   intervals|beliefs|outages NAME TYPE N
 *   entry NAME TYPE N            an answer may be so many seconds old, as the
 *                                database knows; -1: it does not
 *   puts NAME TYPE N             so often it was written what is watched
 *   stretches NAME TYPE N        rows of stale answers that the database has
 *   stretching NAME TYPE N       1: one of them is open; 0: none
 *   pooldays NAME TYPE N         days of a pool that the database has
 *   memberships|listed|ended NAME TYPE N
 *                                stretches on lists; that go on; that ended
 *                                when their list said
 *   fresh NAME TYPE SPAN [least] last seen at most (least) so long ago
 *   kept NAME TYPE SPAN          last seen not later than its last good reply,
 *                                and at most so long before
 *   asked NAME TYPE [by udp|tcp|cd|do|nsid] [of S] N
 *   peak S N                     questions in its busiest second
 *   order NAME TYPE NAME TYPE    the log has their first candidates so
 *   ready | done | fatal        not CLAUSE: it is not so
 *
 * And always: what fake_store.h promises, every candidate is decided at the
 * end of the story, and nothing is left behind.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/rand.h"
#include "expect.h"
#include "play.h"
#include "world.h"

static struct world world;

/* ---- stories ---- */

struct story {
	const char *title;
	size_t first, n; /* its lines */
};

struct file {
	char *text;
	struct script_line *lines;
	size_t n_lines, lines_room;
	struct story *stories;
	size_t n_stories, stories_room;
};

static char *
read_all(const char *path)
{
	FILE *f = fopen(path, "r");
	size_t room = 1 << 20;
	char *text = calloc(1, room);
	size_t n;

	if (f == NULL || text == NULL) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(1);
	}
	n = fread(text, 1, room - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

static void
read_file(const char *path, struct file *f)
{
	struct story *story = NULL;
	char *next;
	unsigned number = 0;

	*f = (struct file){.text = read_all(path)};
	for (char *p = f->text; p != NULL; p = next) {
		struct script_line *line;
		size_t n;

		number++;
		next = strchr(p, '\n');
		if (next != NULL)
			*next++ = '\0';
		p += strspn(p, " \t");
		n = strlen(p);
		while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\t'))
			p[--n] = '\0';
		if (n == 0 || *p == '#')
			continue;
		if (strncmp(p, "title", 5) == 0) {
			story = list_add(&f->stories, &f->n_stories,
			    &f->stories_room, sizeof(*story));
			story->title = p + 5 + strspn(p + 5, " \t");
			story->first = f->n_lines;
			continue;
		}
		if (story == NULL) {
			fprintf(stderr, "%s:%u: no title\n", path, number);
			exit(1);
		}
		line = list_add(
		    &f->lines, &f->n_lines, &f->lines_room, sizeof(*line));
		*line = (struct script_line){path, number, p};
		story->n++;
	}
}

static uint64_t
seed_of(const struct story *s)
{
	const char *given = getenv("REPLAY_SEED");
	uint64_t seed = 5381;

	if (given != NULL)
		return strtoull(given, NULL, 10);
	for (const char *p = s->title; *p != '\0'; p++)
		seed = seed * 33 + (uint8_t)*p;
	return seed % 1000000007;
}

static void
tell_story(const struct file *f, const struct story *s)
{
	log_open(story_is_traced() ? LOG_DEBUG : LOG_ERROR);
	rand_seed(seed_of(s));
	world_init(&world);
	world.expect = expect_all;
	script_tell(&world, f->lines + s->first, s->n);
	world_fini(&world);
}

/* In a process of its own, so that one that aborts takes none along. */
static bool
try_story(const struct file *f, const struct story *s)
{
	int status = 1;
	pid_t child;

	fflush(stdout);
	fflush(stderr);
	child = fork();
	if (child == 0) {
		tell_story(f, s);
		exit(0);
	}
	if (child == -1 || waitpid(child, &status, 0) == -1)
		return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int
tell_file(const char *path, long only, int *n)
{
	struct file f;
	int failed = 0;

	read_file(path, &f);
	for (size_t i = 0; i < f.n_stories; i++) {
		const struct story *s = &f.stories[i];
		bool ok;

		if (only > 0 && (size_t)only != i + 1)
			continue;
		if (only > 0)
			tell_story(&f, s);
		ok = only > 0 || try_story(&f, s);
		printf("%s %zu - %s\n", ok ? "ok" : "not ok", i + 1, s->title);
		if (!ok)
			printf("  again: replay -v -n %zu %s, seed %llu\n",
			    i + 1, path, (unsigned long long)seed_of(s));
		++*n;
		failed += !ok;
	}
	free(f.text);
	free(f.lines);
	free(f.stories);
	return failed;
}

int
main(int argc, char **argv)
{
	long only = 0;
	int failed = 0;
	int n = 0;
	int option;

	while ((option = getopt(argc, argv, "vn:")) != -1) {
		if (option == 'v')
			story_trace_on();
		else if (option == 'n')
			only = strtol(optarg, NULL, 10);
		else
			return 64;
	}
	for (int i = optind; i < argc; i++)
		failed += tell_file(argv[i], only, &n);
	printf("%d stories, %d failed\n", n, failed);
	return n == 0 || failed > 0;
}

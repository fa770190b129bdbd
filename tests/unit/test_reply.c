/* SPDX-License-Identifier: ISC */
/* room: dns */

/*
 * What a reply says, as a table: tests/cases/dns/replies.case, whose head
 * explains the form.  Each case is tried with both readers, which must agree,
 * and again with what must change nothing: another order of records, each of
 * them twice, other TTLs, another message id, other case of letters.
 */

#include <ctype.h>
#include <stdio.h>

#include "unit.h"

#include "base/rand.h"
#include "dns/record.h"
#include "dns/reply.h"
#include "test_packet.h"

enum {
	SEED = 31337,
	VARIANTS = 40,
	LINES_MAX = 32,
	LINE_SIZE = 200,
	WORDS_MAX = 20
};

static const char cases_path[] = "tests/cases/dns/replies.case";

/* The lines of one case: what is asked and answered, what is expected. */
struct sample {
	char title[LINE_SIZE];
	char ask[LINE_SIZE];
	size_t n_records;
	char records[LINES_MAX][LINE_SIZE];
	size_t n_wants;
	char wants[LINES_MAX][LINE_SIZE];
	int line;
};

/* How to distort a message without changing what it says. */
struct variant {
	bool shuffle;
	bool twice;
	bool mix_case;
	bool ttls;
};

struct words {
	size_t n;
	char text[LINE_SIZE];
	char *word[WORDS_MAX];
};

static void
split(const char *line, struct words *w)
{
	char *rest = w->text;
	char *word;

	snprintf(w->text, sizeof(w->text), "%s", line);
	w->n = 0;
	while ((word = strsep(&rest, " ")) != NULL) {
		assert_true(w->n < WORDS_MAX);
		if (*word != '\0')
			w->word[w->n++] = word;
	}
}

static void
put_case(struct packet *p, const char *text, const struct variant *v)
{
	size_t at = p->size;

	packet_name(p, text);
	if (!v->mix_case)
		return;
	for (; at < p->size; at++) {
		if (isalpha(p->data[at]) && rand_below(2) == 0)
			p->data[at] ^= 0x20;
	}
}

static void
put_hex(struct packet *p, const char *hex)
{
	for (; hex[0] != '\0' && hex[1] != '\0'; hex += 2) {
		unsigned octet;
		assert_int_equal(sscanf(hex, "%2x", &octet), 1);
		p->data[p->size++] = (uint8_t)octet;
	}
}

static void
put_field(struct packet *p, const char *field, const struct variant *v)
{
	const char *value = strchr(field, ':');
	unsigned ip[4];

	assert_non_null(value);
	value++;
	switch (field[0]) {
	case 'i':
		assert_int_equal(sscanf(value, "%u.%u.%u.%u", &ip[0], &ip[1],
				     &ip[2], &ip[3]),
		    4);
		for (int i = 0; i < 4; i++)
			p->data[p->size++] = (uint8_t)ip[i];
		break;
	case 'n':
		put_case(p, value, v);
		break;
	case 's':
		p->data[p->size++] = (uint8_t)strlen(value);
		packet_bytes(p, value, strlen(value));
		break;
	case 'x':
		put_hex(p, value);
		break;
	case 'b':
		p->data[p->size++] = (uint8_t)atoi(value);
		break;
	case 'h':
		packet_u16(p, (unsigned)atoi(value));
		break;
	case 'w':
		packet_u32(p, (uint32_t)atol(value));
		break;
	default:
		fail_msg("no such field: %s", field);
	}
}

static void
put_record(struct packet *p, const char *line, const struct variant *v)
{
	struct words w;
	uint16_t type;
	unsigned ttl = 300;
	unsigned class_ = CLASS_IN;

	split(line, &w);
	for (size_t i = 3; i < w.n; i++) {
		if (strncmp(w.word[i], "ttl=", 4) == 0)
			ttl = (unsigned)atoi(w.word[i] + 4);
		if (strncmp(w.word[i], "class=", 6) == 0)
			class_ = (unsigned)atoi(w.word[i] + 6);
	}
	if (v->ttls)
		ttl = rand_u32();
	assert_int_equal(type_parse(w.word[2], &type), 0);
	put_case(p, w.word[1], v);
	packet_u16(p, type);
	packet_u16(p, class_);
	packet_u32(p, ttl);
	size_t at = p->size;
	packet_u16(p, 0);
	for (size_t i = 3; i < w.n; i++) {
		if (strchr(w.word[i], '=') == NULL)
			put_field(p, w.word[i], v);
	}
	p->data[at] = (uint8_t)((p->size - at - 2) >> 8);
	p->data[at + 1] = (uint8_t)(p->size - at - 2);
	packet_count(p, w.word[0][1] == 'n' ? PACKET_ANSWER : PACKET_AUTHORITY);
}

static unsigned
read_flag(const char *word)
{
	static const struct {
		const char *word;
		unsigned flags;
	} flags[] = {{"AA", 0x0400}, {"RA", 0x0080}, {"AD", 0x0020},
	    {"SERVFAIL", 2}, {"NXDOMAIN", 3}, {"REFUSED", 5}};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (strcmp(word, flags[i].word) == 0)
			return flags[i].flags;
	}
	if (strncmp(word, "rcode=", 6) == 0)
		return (unsigned)atoi(word + 6);
	assert_int_equal(strncmp(word, "ede=", 4), 0);
	return 0;
}

/* Records of one section, in the order of the case or another. */
static void
put_section(struct packet *p, const struct sample *s, const char *section,
    const struct variant *v)
{
	size_t order[2 * LINES_MAX];
	size_t n = 0;

	for (size_t i = 0; i < s->n_records; i++) {
		if (strncmp(s->records[i], section, strlen(section)) != 0)
			continue;
		order[n++] = i;
		if (v->twice)
			order[n++] = i;
	}
	for (size_t i = n; v->shuffle && i > 1; i--) {
		size_t j = rand_below((uint32_t)i);
		size_t moved = order[i - 1];
		order[i - 1] = order[j];
		order[j] = moved;
	}
	for (size_t i = 0; i < n; i++)
		put_record(p, s->records[order[i]], v);
}

static void
build(struct packet *p, const struct sample *s, const struct variant *v)
{
	struct words w;
	unsigned flags = 0;
	uint16_t type;

	split(s->ask, &w);
	for (size_t i = 3; i < w.n; i++)
		flags |= read_flag(w.word[i]);
	assert_int_equal(type_parse(w.word[2], &type), 0);
	packet_start(p, flags, w.word[1], type);
	if (v->shuffle)
		p->data[0] = (uint8_t)rand_u32();
	put_section(p, s, "answer", v);
	put_section(p, s, "authority", v);
	for (size_t i = 3; i < w.n; i++) {
		uint8_t option[6] = {0, 15, 0, 2};
		if (strncmp(w.word[i], "ede=", 4) != 0)
			continue;
		option[5] = (uint8_t)atoi(w.word[i] + 4);
		packet_opt(p, option, sizeof(option));
	}
}

/* What both readers say about a message. */
struct said {
	struct reply_sum sum;
	struct reply reply;
	struct arena arena;
};

static const struct hash_key key = {.k0 = 11, .k1 = 12};

static void
listen_to(const struct packet *p, struct said *out)
{
	uint8_t *wire = packet_exact(p);
	struct message m;

	assert_int_equal(message_walk(wire, p->size, &m), MESSAGE_OK);
	memset(out, 0, sizeof(*out));
	reply_sum(wire, p->size, &m, &key, &out->sum);
	assert_int_equal(
	    reply_read(wire, p->size, &m, &out->arena, &out->reply), 0);
	free(wire);
	assert_int_equal(out->sum.outcome, out->reply.content.outcome);
	assert_int_equal(out->sum.fail, out->reply.fail);
	assert_int_equal(out->sum.ttl, out->reply.ttl);
	assert_int_equal(out->sum.has_soa, out->reply.has_soa);
	assert_int_equal(out->sum.n_offchain, out->reply.n_offchain);
	if (out->sum.outcome == OUTCOME_FAIL)
		assert_int_equal(out->sum.fingerprint, 0);
	else
		assert_int_equal(out->sum.fingerprint,
		    content_fingerprint(&out->reply.content, &key));
}

static void
want_outcome(const struct reply *r, const char *line)
{
	char got[LINE_SIZE];
	const char *more = "";

	if (r->content.outcome == OUTCOME_FAIL)
		more = fail_text(r->fail);
	if (r->content.outcome == OUTCOME_UNREADABLE)
		more = unreadable_text(r->content.reason);
	snprintf(got, sizeof(got), "expect %s%s%s",
	    outcome_text(r->content.outcome), *more != '\0' ? " " : "", more);
	assert_string_equal(got, line);
}

static void
want_chain(const struct reply *r, const char *line)
{
	char got[LINE_SIZE] = "chain";

	for (unsigned i = 0; i < r->content.n_chain; i++) {
		char name[NAME_TEXT_SIZE];
		size_t n = strlen(got);
		snprintf(got + n, sizeof(got) - n, " %s",
		    name_print(r->content.chain[i], name));
	}
	assert_string_equal(got, line);
}

static void
want_record(const struct reply *r, const char *text, unsigned i)
{
	struct buf got = {0};

	assert_true(i < r->content.n_records);
	record_print(&r->content.records[i], &got, 0);
	assert_string_equal(buf_text(&got), text);
	buf_fini(&got);
}

static void
check_wants(const struct sample *s, const struct said *said)
{
	const struct reply *r = &said->reply;
	unsigned n_records = 0;

	for (size_t i = 0; i < s->n_wants; i++) {
		const char *line = s->wants[i];
		const char *value = strchr(line, ' ') + 1;

		if (strncmp(line, "expect", 6) == 0)
			want_outcome(r, line);
		else if (strncmp(line, "chain", 5) == 0)
			want_chain(r, line);
		else if (strncmp(line, "record", 6) == 0)
			want_record(r, value, n_records++);
		else if (strncmp(line, "ttl", 3) == 0)
			assert_int_equal(r->ttl, atoi(value));
		else if (strncmp(line, "soa", 3) == 0)
			assert_int_equal(r->has_soa, *value == 'y');
		else if (strncmp(line, "partial", 7) == 0)
			assert_true(r->content.partial);
		else if (strncmp(line, "unsupported", 11) == 0)
			assert_true(r->is_unsupported);
		else if (strncmp(line, "offchain", 8) == 0)
			assert_int_equal(r->n_offchain, atoi(value));
		else if (strncmp(line, "serial", 6) == 0)
			assert_int_equal(r->serial, atoi(value));
		else
			fail_msg("no such line: %s", line);
	}
	assert_int_equal(r->content.n_records, n_records);
}

static void
check_variants(const struct sample *s, const struct said *plain)
{
	static struct packet p;

	for (unsigned i = 0; i < VARIANTS; i++) {
		struct variant v = {.shuffle = true,
		    .twice = i % 2 != 0,
		    .mix_case = i % 4 != 0,
		    .ttls = i % 8 != 0};
		struct said said;

		build(&p, s, &v);
		listen_to(&p, &said);
		assert_int_equal(said.sum.fingerprint, plain->sum.fingerprint);
		assert_int_equal(said.sum.outcome, plain->sum.outcome);
		assert_int_equal(said.sum.fail, plain->sum.fail);
		assert_true(
		    content_equal(&said.reply.content, &plain->reply.content));
		arena_fini(&said.arena);
	}
}

static void
try_sample(const struct sample *s)
{
	static struct packet p;
	const struct variant as_it_is = {.shuffle = false};
	struct said said;

	printf("%s:%d: %s\n", cases_path, s->line, s->title);
	build(&p, s, &as_it_is);
	listen_to(&p, &said);
	check_wants(s, &said);
	check_variants(s, &said);
	arena_fini(&said.arena);
}

static void
take_line(struct sample *s, const char *line)
{
	if (strncmp(line, "case ", 5) == 0)
		snprintf(s->title, LINE_SIZE, "%s", line + 5);
	else if (strncmp(line, "ask ", 4) == 0)
		snprintf(s->ask, LINE_SIZE, "%s", line);
	else if (strncmp(line, "answer ", 7) == 0 ||
		 strncmp(line, "authority ", 10) == 0)
		snprintf(s->records[s->n_records++], LINE_SIZE, "%s", line);
	else
		snprintf(s->wants[s->n_wants++], LINE_SIZE, "%s", line);
	assert_true(s->n_records < LINES_MAX && s->n_wants < LINES_MAX);
}

static void
test_every_case_of_the_table_says_what_it_claims(void **state)
{
	static struct sample s;
	char line[LINE_SIZE];
	FILE *file = fopen(cases_path, "r");
	int number = 0;
	int n_cases = 0;

	(void)state;
	printf("seed %d\n", SEED);
	rand_seed(SEED);
	assert_non_null(file);
	for (;;) {
		bool is_end = fgets(line, sizeof(line), file) == NULL;
		number++;
		if (!is_end)
			line[strcspn(line, "\n")] = '\0';
		if (!is_end && line[0] == '#')
			continue;
		if (!is_end && line[0] != '\0') {
			if (s.title[0] == '\0')
				s.line = number;
			take_line(&s, line);
			continue;
		}
		if (s.title[0] != '\0') {
			try_sample(&s);
			n_cases++;
		}
		memset(&s, 0, sizeof(s));
		if (is_end)
			break;
	}
	fclose(file);
	assert_true(n_cases >= 50);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_case_of_the_table_says_what_it_claims),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
/* room: judge */

/*
 * What a change of mail and security records means, R20, R21, R26: tables of
 * two states, the codes that are said of them, in their order, and a part of
 * a sentence.  Hostile records: test_meaning_hostile.c.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/record.h"
#include "dns/type.h"
#include "judge/diff.h"
#include "judge/meaning.h"
#include "meaning_world.h"
#include "unit.h"

struct row {
	const char *owner;
	const char *from; /* NULL: NODATA; records are parted by newlines */
	const char *to;
	const char *codes; /* "spf-new spf-open" */
	const char *part; /* of one of the sentences; NULL: none is looked at */
};

static void
check_row(uint16_t type, const struct row *row)
{
	struct meaning m;
	char codes[1024] = "";
	bool found = row->part == NULL;

	meaning_of_texts(type, row->owner, row->from, row->to, &m);
	for (size_t i = 0; i < m.n; i++) {
		if (i > 0)
			strcat(codes, " ");
		strcat(codes, meaning_text(m.list[i].code));
		found = found || strstr(m.list[i].text, row->part) != NULL;
	}
	if (strcmp(codes, row->codes) == 0 && found)
		return;
	print_error("%s: \"%s\" -> \"%s\"\n  says %s\n", row->owner,
	    row->from == NULL ? "none" : row->from,
	    row->to == NULL ? "none" : row->to, codes);
	for (size_t i = 0; i < m.n; i++)
		print_error("    %s\n", m.list[i].text);
	fail_msg(
	    "  not %s, \"%s\"", row->codes, row->part == NULL ? "" : row->part);
}

#define CHECK_ROWS(type, rows)                                                 \
	do {                                                                   \
		for (size_t i = 0; i < sizeof(rows) / sizeof((rows)[0]); i++)  \
			check_row((type), &(rows)[i]);                         \
	} while (0)

static uint32_t
aspects(uint16_t type, const char *owner, const char *from, const char *to)
{
	struct meaning m;

	meaning_of_texts(type, owner, from, to, &m);
	return m.aspects;
}

#define APEX "example.org"

static void
test_spf_says_how_it_ends(void **state)
{
	static const struct row rows[] = {
	    {APEX, NULL, "v=spf1 mx -all", "spf-new", "new, with -all"},
	    {APEX, "v=spf1 mx -all", NULL, "spf-gone", "is gone"},
	    {APEX, "v=spf1 mx -all", "v=spf1 mx +all", "spf-open", "+all"},
	    {APEX, "v=spf1 mx -all", "v=spf1 mx all", "spf-open", "any host"},
	    {APEX, "v=spf1 mx -all", "V=SPF1 MX ALL", "spf-open", NULL},
	    {APEX, NULL, "v=spf1 +all", "spf-new spf-open", NULL},
	    {APEX, "v=spf1 mx -all", "v=spf1 mx ~all", "spf-weaker",
		"~all now, it had -all"},
	    {APEX, "v=spf1 mx -all", "v=spf1 mx", "spf-weaker", "no `all`"},
	    {APEX, "v=spf1 mx ?all", "v=spf1 mx -all", "spf-stronger", NULL},
	    {APEX, "v=spf1 mx +all", "v=spf1 mx -all", "spf-stronger", NULL},
	    /* What stands behind `all` counts for nothing (5.1). */
	    {APEX, "v=spf1 -all", "v=spf1 -all +all", "", NULL},
	    {APEX, "v=spf1 redirect=a.example", "v=spf1 redirect=b.example",
		"spf-senders spf-senders spf-senders", "decided by b.example"},
	    {APEX, "v=spf1 -all", "v=spf1 redirect=b.example -all",
		"spf-senders", "redirect=b.example"},
	};

	(void)state;
	CHECK_ROWS(TYPE_TXT, rows);
}

static void
test_spf_says_who_may_send(void **state)
{
	static const struct row rows[] = {
	    {APEX, "v=spf1 mx -all", "v=spf1 mx include:x.example -all",
		"spf-senders", "SPF has include:x.example in addition"},
	    {APEX, "v=spf1 mx a include:x.example -all", "v=spf1 mx -all",
		"spf-senders", "no longer has a, include:x.example"},
	    {APEX, "v=spf1 -all", "v=spf1 a mx ptr ip4:192.0.2.1 -all",
		"spf-senders", "a, mx, ptr and 1 more"},
	    {APEX, "v=spf1 mx -all", "v=spf1 ip4:0.0.0.0/0 mx -all",
		"spf-open spf-senders", "ip4:0.0.0.0/0 send"},
	    {APEX, "v=spf1 mx -all", "v=spf1 ip6:::/0 mx -all",
		"spf-open spf-senders", NULL},
	    {APEX, "v=spf1 mx -all", "v=spf1 mx/0 -all",
		"spf-open spf-senders spf-senders", "mx/0 send"},
	    {APEX, "v=spf1 mx -all", "v=spf1 mx a:x.example/24//16 -all",
		"spf-open spf-senders", "a:x.example/24//16 send"},
	    {APEX, "v=spf1 mx -all", "v=spf1 mx ~a/0 -all", "spf-senders",
		NULL},
	    {APEX, "v=spf1 mx -all", "v=spf1 mx a/24//64 -all", "spf-senders",
		NULL},
	    {APEX, "v=spf1 mx -all", "v=spf1 -ip4:0.0.0.0/0 mx -all",
		"spf-senders", NULL},
	    {APEX, "v=spf1 mx -all", "v=spf1 mx -all ip4:0.0.0.0/0",
		"spf-senders", NULL},
	    /* Order and spaces mean nothing that can be said. */
	    {APEX, "v=spf1 a mx -all", "v=spf1  mx a  -all ", "", NULL},
	    {APEX, "v=spf1 A:MX.example -all", "v=spf1 a:mx.example -all", "",
		NULL},
	};

	(void)state;
	CHECK_ROWS(TYPE_TXT, rows);
}

static void
test_spf_that_is_wrong_is_told_once_with_its_place(void **state)
{
#define OK "v=spf1 mx -all"
	static const struct row rows[] = {
	    {APEX, OK, OK "\nv=spf1 a -all", "spf-two", "2 SPF records"},
	    {APEX, OK "\nv=spf1 a -all", OK, "spf-new", "valid again"},
	    {APEX, OK, "v=spf1 mx -al", "spf-invalid",
		"character 11, \"-al\": no mechanism"},
	    {APEX, OK, "v=spf1 include: -all", "spf-invalid", "no domain"},
	    {APEX, OK, "v=spf1 include:x -all", "spf-invalid", "no domain"},
	    {APEX, OK, "v=spf1 include:x.1 -all", "spf-invalid", "no domain"},
	    {APEX, OK, "v=spf1 ip4:192.0.2.256 -all", "spf-invalid", "IPv4"},
	    {APEX, OK, "v=spf1 ip4:192.0.2.0/33 -all", "spf-invalid", NULL},
	    {APEX, OK, "v=spf1 ip4:192.0.2.0/08 -all", "spf-invalid", NULL},
	    {APEX, OK, "v=spf1 ip6:192.0.2.0 -all", "spf-invalid", "IPv6"},
	    {APEX, OK, "v=spf1 a/33 -all", "spf-invalid", NULL},
	    {APEX, OK, "v=spf1 a//129 -all", "spf-invalid", NULL},
	    {APEX, OK, "v=spf1 -all:x", "spf-invalid", "takes nothing"},
	    {APEX, OK, "v=spf1\tmx -all", "spf-gone", NULL},
	    {APEX, OK, "v=spf1 mx\t-all", "spf-invalid", NULL},
	    {APEX, OK, "v=spf1 redirect=a.example redirect=b.example",
		"spf-invalid", "second redirect"},
	    {APEX, OK, "v=spf1 exists:%{x}.example -all", "spf-invalid", NULL},
	    {APEX, OK, "v=spf1 foo:bar -all", "spf-invalid", "no mechanism"},
	    {APEX, OK, "v=spf10 -all", "spf-gone", NULL},
	    {APEX, OK, " v=spf1 -all", "spf-gone", NULL},
	    /* Good ones of every kind. */
	    {APEX, NULL,
		"v=spf1 a:x.example/24//64 mx//48 exists:%{ir}.%{v}._spf.%{d2} "
		"ip6:2001:db8::/32 foo=bar exp=e.example. ?all",
		"spf-new", "?all"},
	};

	(void)state;
	CHECK_ROWS(TYPE_TXT, rows);
}

static void
test_spf_lookups_of_the_record_itself_are_counted(void **state)
{
#define TEN                                                                    \
	"v=spf1 a mx ptr include:a.example include:b.example "                 \
	"include:c.example include:d.example include:e.example "               \
	"include:f.example exists:g.example "
	static const struct row rows[] = {
	    {APEX, OK, TEN "-all", "spf-senders", NULL},
	    {APEX, NULL, TEN "include:h.example -all", "spf-new spf-lookups",
		"needs 11 DNS lookups"},
	    {APEX, NULL, TEN "redirect=h.example", "spf-new spf-lookups", NULL},
	    {APEX, NULL, TEN "ip4:192.0.2.1 -all", "spf-new", NULL},
	    {APEX, NULL, TEN "-all include:h.example", "spf-new", NULL},
	};

	(void)state;
	CHECK_ROWS(TYPE_TXT, rows);
}

#define DMARC "_dmarc.example.org"

static void
test_dmarc_says_what_the_policy_became(void **state)
{
	static const struct row rows[] = {
	    {DMARC, NULL, "v=DMARC1; p=reject", "dmarc-new", "p=reject"},
	    {DMARC, "v=DMARC1;p=reject", NULL, "dmarc-gone", "was p=reject"},
	    {DMARC, "v=DMARC1;p=reject", "v=DMARC1;p=none", "dmarc-weaker",
		"p=reject became p=none"},
	    {DMARC, "v=DMARC1;p=none", "v=DMARC1; p=Quarantine",
		"dmarc-stronger", NULL},
	    {DMARC, "v=DMARC1;p=reject", "v=DMARC1;p=reject;sp=none",
		"dmarc-weaker", "names below: reject became none"},
	    {DMARC, "v=DMARC1;p=reject;pct=100", "v=DMARC1;p=reject;pct=0",
		"dmarc-weaker", "for 0 of 100"},
	    {DMARC, "v=DMARC1;p=reject;adkim=s", "v=DMARC1;p=reject",
		"dmarc-weaker", "adkim"},
	    {DMARC, "v=DMARC1;p=reject", "v=DMARC1;p=reject;aspf=s",
		"dmarc-stronger", NULL},
	    {DMARC, "v=DMARC1;p=reject", "v=DMARC1;p=reject;t=y",
		"dmarc-weaker", "only tried"},
	    {DMARC, "v=DMARC1;p=none;rua=mailto:a@b.example",
		"v=DMARC1;p=none;rua=mailto:c@d.example", "dmarc-reports",
		"(rua) go to mailto:c@d.example now"},
	    {DMARC, "v=DMARC1;p=none;ruf=mailto:a@b.example", "v=DMARC1;p=none",
		"dmarc-reports", "no longer wanted"},
	    {DMARC, "v=DMARC1;p=none;x=1", "v = DMARC1 ; p = none ; y=2 ;", "",
		NULL},
	};

	(void)state;
	CHECK_ROWS(TYPE_TXT, rows);
}

static void
test_dmarc_that_is_wrong_is_told_once(void **state)
{
#define P "v=DMARC1;p=reject"
	static const struct row rows[] = {
	    {DMARC, P, P "\nv=DMARC1;p=none", "dmarc-two", "2 DMARC records"},
	    {DMARC, P, "v=DMARC1; p=rejct", "dmarc-invalid",
		"character 11, \"p=rejct\": no policy"},
	    {DMARC, P, "v=DMARC1; sp=none", "dmarc-invalid", "no `p`"},
	    {DMARC, P, "v=DMARC1", "dmarc-invalid", NULL},
	    {DMARC, P, P ";;sp=none", "dmarc-invalid", "no tag"},
	    {DMARC, P, P ";pct=101", "dmarc-invalid", "percentage"},
	    {DMARC, P, P ";sp=no", "dmarc-invalid", NULL},
	    {DMARC, P, P ";adkim=x", "dmarc-invalid", NULL},
	    /* Other texts at the name are no DMARC (6.6.3). */
	    {DMARC, P, "v=dmarc1;p=reject", "dmarc-gone", NULL},
	    {DMARC, P, "v=DMARC2;p=reject", "dmarc-gone", NULL},
	    {DMARC, P, P "\nv=spf1 -all", "", NULL},
	    {DMARC, P "\nsomething", P, "", NULL},
	};

	(void)state;
	CHECK_ROWS(TYPE_TXT, rows);
}

#define DKIM "mail.a._domainkey.example.org"
#define K512                                                                   \
	"MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAMwzt0YRTcGBMG+B/noDdU9MhPk3VDX7EqlN" \
	"2Jr5KR6vRtZyVuaMAkIL+pybG63VVYwVQApLY2+sCO/gnuMEIfkCAwEAAQ=="
#define K1024                                                                  \
	"MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC4JuXJiwCXl3OUgVZgJgI4/3jvKx5l" \
	"QXBY1fvMozRkG/CNKLZaWtF49dYwUyUhmh1b+x0usmJMMKQq63CVZgZR+KE1sZX+Nq5x" \
	"UIHCmNwSbR6C/n7T0iyx520XelNfw5QJea61s5zgPw7mgP/+vyThuqpko+adFJ5lT5lu" \
	"VKfoTQIDAQAB"
/* RSAPublicKey alone, as some publish it. */
#define BARE1024                                                               \
	"MIGJAoGBALUKH/o/ZkN0n8+SQl2SzHfU45Lvuhpxd4TNbnrPCnB8UuIBV2xXSyydRfiz" \
	"3QZWSFewhalf7NPw7ubu0z96HPxOko4TQzlZ2zPZiyk7naKP6Jy5MIXgaxyBBwzg8Age" \
	"QdRM8wAdWYIw7h9gLJoJq7b1x3YQ7hk2y0B/QY3vU4AjAgMBAAE="
#define K2048                                                                  \
	"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEArTeIukhU3djm/KC53rZxk0kR" \
	"xO94y8t6ne7cipVj76mTQg0he/fEnXaptrmO8MH1JaMP0wIK+oUGq4Sp/JoSZknrUQBL" \
	"uGzg5Jc3DJoWBKpPY85YENT4sd9QnMbK/NkuqOJhv/jFkis+8v6l5PVZ9Fqh8JwWUTNx" \
	"8ZGknpaG5VCrfHELkikbIne197TkipGAQ2Y3QUGQbxS48S2S2KCpOeRPkBsBB4Olis+R" \
	"Zse4Uv1iFFiexG+nhGPP1l/syYF3d9u6l+Edy2jwrDLaYwG5GhkyUglIqCtyMh06g1nD" \
	"TiMr1iJu91vrL7JbWqRAge00BBqVuK8N/yscY+VH4IQfzQIDAQAB"
#define ED25519 "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

static void
test_dkim_says_what_the_key_is(void **state)
{
	static const struct row rows[] = {
	    {DKIM, NULL, "v=DKIM1; p=" K2048, "dkim-new", "RSA, 2048 bits"},
	    {DKIM, NULL, "p=" K1024, "dkim-new dkim-small",
		"1024 bits, fewer than 2048"},
	    {DKIM, NULL, "p=" BARE1024, "dkim-new dkim-small",
		"RSA, 1024 bits"},
	    {DKIM, NULL, "k=rsa; p=" K512, "dkim-new dkim-weak",
		"fewer than 1024 are refused"},
	    {DKIM, NULL, "k=ed25519; p=" ED25519, "dkim-new", "Ed25519"},
	    {DKIM, NULL, "k=foo; p=Zm9v", "dkim-new", "foo, 0 bits"},
	    {DKIM, "p=" K1024, "p=" K2048, "dkim-key",
		"2048 bits, it was RSA with 1024"},
	    {DKIM, "p=" K2048, "p=" K1024, "dkim-key dkim-weak", NULL},
	    {DKIM, "p=" K1024, "p=" BARE1024, "dkim-key", NULL},
	    {DKIM, "p=" K2048, "v=DKIM1; p=", "dkim-revoked", "empty p="},
	    {DKIM, "p=", "p=" K2048, "dkim-new", "revoked"},
	    {DKIM, "p=" K2048, NULL, "dkim-gone", "is gone"},
	    {DKIM, "p=" K2048, "t=s:y; p=" K2048, "dkim-testing", NULL},
	    {DKIM, "p=" K2048, "t=s; n=hello; p=" K2048, "", NULL},
	};

	(void)state;
	CHECK_ROWS(TYPE_TXT, rows);
}

static void
test_dkim_that_is_wrong_is_told_once(void **state)
{
#define KEY "v=DKIM1; p=" K2048
	static const struct row rows[] = {
	    {DKIM, KEY, KEY "\np=" K1024, "dkim-two", "2 records"},
	    {DKIM, KEY, "v=DKIM1", "dkim-invalid", "no `p`"},
	    {DKIM, KEY, "v=DKIM2; p=" K2048, "dkim-invalid", "character 1, "},
	    {DKIM, KEY, "p=" K2048 "; v=DKIM1", "dkim-invalid",
		"not the first"},
	    {DKIM, KEY, "p=" K2048 "; p=", "dkim-invalid", "twice"},
	    {DKIM, KEY, "p=!!!!", "dkim-invalid", "no base 64"},
	    {DKIM, KEY, "p=Zm9", "dkim-invalid", "no base 64"},
	    {DKIM, KEY, "p=Zm9v", "dkim-invalid", "no RSA key"},
	    {DKIM, KEY, "k=ed25519; p=" K1024, "dkim-invalid", "no Ed25519"},
	    {DKIM, KEY, "v=spf1 -all", "dkim-invalid", "not DKIM1"},
	    {DKIM, KEY, "hello", "dkim-invalid", "no tag"},
	};

	(void)state;
	CHECK_ROWS(TYPE_TXT, rows);
}

static void
test_mta_sts_and_tls_rpt(void **state)
{
#define STS "_mta-sts.example.org"
#define RPT "_smtp._tls.example.org"
	static const struct row rows[] = {
	    {STS, NULL, "v=STSv1; id=1;", "mta-sts-new", "the id 1"},
	    {STS, "v=STSv1; id=1;", "v=STSv1;id=20261128A", "mta-sts-id",
		"20261128A now, it was 1"},
	    {STS, "v=STSv1; id=1;", "v=STSv1; id=1", "", NULL},
	    {STS, "v=STSv1; id=1;", NULL, "mta-sts-gone", "without TLS"},
	    {STS, "v=STSv1; id=1;", "v=STSv1; id=a-b", "mta-sts-invalid",
		"character 10, \"id=a-b\""},
	    {STS, "v=STSv1; id=1;", "v=STSv1;", "mta-sts-invalid", "missing"},
	    {STS, "v=STSv1; id=1;", "v=stsv1; id=1;", "mta-sts-gone", NULL},
	    {STS, "v=STSv1; id=1;", "v=STSv1; id=1;\nv=STSv1; id=2;",
		"mta-sts-two", NULL},
	    {RPT, NULL, "v=TLSRPTv1; rua=mailto:a@b.example", "tls-rpt-new",
		"mailto:a@b.example"},
	    {RPT, "v=TLSRPTv1;rua=mailto:a@b.example",
		"v=TLSRPTv1; rua=https://c.example/x,mailto:a@b.example",
		"tls-rpt-reports", "https://c.example/x"},
	    {RPT, "v=TLSRPTv1;rua=mailto:a@b.example", NULL, "tls-rpt-gone",
		NULL},
	    {RPT, "v=TLSRPTv1;rua=mailto:a@b.example", "v=TLSRPTv1;rua=ftp:x",
		"tls-rpt-invalid", NULL},
	};

	(void)state;
	CHECK_ROWS(TYPE_TXT, rows);
}

static void
test_caa_says_who_may_issue(void **state)
{
	static const struct row rows[] = {
	    {APEX, NULL, "0 issue ca.example", "caa-stronger",
		"only ca.example may issue certificates now"},
	    {APEX, "0 issue ca.example", NULL, "caa-any",
		"unless a name above"},
	    {APEX, "0 issue ca.example", "0 iodef mailto:a@b.example",
		"caa-any caa-reports", "any CA may issue certificates now"},
	    {APEX, "0 issue ca.example",
		"0 issue ca.example\n0 issue evil.example", "caa-weaker",
		"evil.example may issue certificates now, too"},
	    {APEX, "0 issue ca.example", "0 Issue CA.example", "", NULL},
	    {APEX, "0 issue a.example\n0 issue b.example", "0 issue a.example",
		"caa-stronger", "b.example may issue certificates no longer"},
	    {APEX, "0 issue ca.example", "0 issue ;", "caa-nobody", "no CA"},
	    {APEX, "0 issue ca.example", "0 issue %%%%", "caa-nobody", NULL},
	    {APEX, "0 issue ca.example",
		"0 issue ca.example\n0 issuewild evil.example",
		"caa-weaker caa-stronger", "evil.example may issue wildcard"},
	    {APEX, "0 issuewild a.example", "0 issuewild b.example",
		"caa-weaker caa-stronger", NULL},
	    {APEX, "0 issue ca.example; accounturi=https://a.example/1",
		"0 issue ca.example", "caa-weaker", "without the condition"},
	    /* One CA with two conditions; and one more. */
	    {APEX, "0 issue ca.example; a=1\n0 issue ca.example; a=2",
		"0 issue ca.example; a=1\n0 issue ca.example; a=2\n"
		"0 iodef mailto:a@b.example",
		"caa-reports", "mailto:a@b.example"},
	    {APEX, "0 issue ca.example; a=1",
		"0 issue ca.example; a=1\n0 issue ca.example; a=2",
		"caa-weaker", "by a=2 now, too"},
	    {APEX, "0 issue ca.example",
		"0 issue ca.example\n0 issue ca.example; a=2", "", NULL},
	    {APEX, "0 issue ca.example",
		"0 issue ca.example; validationmethods=dns-01", "caa-terms",
		"is validationmethods=dns-01 now"},
	    {APEX, "0 issue ca.example", "0 issue ca.example\n128 foo bar",
		"caa-critical", "\"foo\""},
	    {APEX, "0 issue ca.example", "0 issue ca.example\n0 foo bar", "",
		NULL},
	    {APEX, "0 iodef mailto:a@b.example", NULL, "caa-reports",
		"no longer wanted"},
	};

	(void)state;
	CHECK_ROWS(TYPE_CAA, rows);
}

static void
test_mx_says_where_mail_goes(void **state)
{
	static const struct row rows[] = {
	    {APEX, "10 mx.example", NULL, "mx-implicit",
		"addresses of the name itself"},
	    {APEX, "10 mx.example", "0 .", "mx-null", "refused now (null MX)"},
	    {APEX, "0 .", "10 mx.example", "mx-accepts", "by mx.example"},
	    {APEX, "0 .", NULL, "mx-implicit", NULL},
	    {APEX, NULL, "0 .", "mx-null", NULL},
	    {APEX, NULL, "10 mx.example", "mx-first", "went to the addresses"},
	    {APEX, "10 mx.example", "10 mx.example\n5 evil.example", "mx-first",
		"evil.example. first now, it was mx.example."},
	    {APEX, "10 mx.example", "10 mx.example\n20 other.example", "",
		NULL},
	    {APEX, "10 mx.example", "10 mx.example\n20 .", "mx-invalid",
		"null MX beside"},
	    {APEX, "10 mx.example", "10 mx.example\n20 192.0.2.1", "mx-invalid",
		"192.0.2.1. is an address"},
	};

	(void)state;
	CHECK_ROWS(TYPE_MX, rows);
}

static void
test_mx_of_a_name_that_is_gone_goes_nowhere(void **state)
{
	struct meaning m;

	(void)state;
	meaning_of_texts(TYPE_MX, APEX, "10 mx.example", "NXDOMAIN", &m);
	assert_int_equal(m.n, 0);
	meaning_of_texts(TYPE_MX, APEX, "NXDOMAIN", "10 mx.example", &m);
	assert_int_equal(m.n, 1);
}

static void
test_tlsa_says_whether_dane_holds(void **state)
{
#define D1   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define D2   "f123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define PORT "_25._tcp.mx.example.org"
	static const struct row rows[] = {
	    {PORT, NULL, "3 1 1 " D1, "tlsa-new", "1 usable"},
	    {PORT, "3 1 1 " D1, NULL, "tlsa-gone", "by DANE"},
	    {PORT, "3 1 1 " D1, "3 1 1 " D2, "tlsa-replaced", NULL},
	    {PORT, "3 1 1 " D1, "3 1 1 " D1 "\n3 1 1 " D2, "", NULL},
	    {PORT, "3 1 1 " D1, "4 1 1 " D1, "tlsa-unusable", NULL},
	    {PORT, "3 1 1 " D1, "3 2 1 " D1, "tlsa-unusable", NULL},
	    {PORT, "3 1 1 " D1, "3 1 2 " D1, "tlsa-unusable", NULL},
	    {PORT, NULL, "3 1 9 " D1, "tlsa-unusable", NULL},
	};

	(void)state;
	CHECK_ROWS(TYPE_TLSA, rows);
}

static void
test_R26_a_new_token_is_told_as_just_that(void **state)
{
#define CHALLENGE "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA"
#define OTHER     "fvaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA"
#define ACME      "_acme-challenge.www.example.org"
#define PERSIST   "_validation-persist.example.org"
	static const struct row rows[] = {
	    {APEX, OK, OK "\ngoogle-site-verification=abc", "token-new",
		"a new token \"google-site-verification\": somebody claims"},
	    {APEX, OK "\nMS=ms1234", OK "\nMS=ms5678", "token-new",
		"in place of one"},
	    {APEX, OK "\nMS=ms1234", OK, "token-gone", NULL},
	    {APEX, OK, OK "\nfoo=bar", "", NULL},
	    {APEX, OK, OK "\nhello", "", NULL},
	    {"_github-challenge-acme.example.org", NULL, "0a1b2c", "token-new",
		"_github-challenge-acme"},
	    {ACME, NULL, CHALLENGE, "acme-challenge", "new ACME challenges: 1"},
	    {ACME, CHALLENGE, NULL, "acme-challenge", "gone: 1"},
	    {ACME, CHALLENGE, OTHER "\n" CHALLENGE, "acme-challenge", NULL},
	    {ACME, NULL, "hello", "acme-other acme-challenge", NULL},
	    {PERSIST, NULL,
		"ca.example; accounturi=https://ca.example/acct/1; "
		"policy=wildcard",
		"persist-new",
		"ca.example may validate this name for the account "
		"\"https://ca.example/acct/1\""},
	    {PERSIST, "ca.example; accounturi=x", NULL, "persist-gone", NULL},
	};

	(void)state;
	CHECK_ROWS(TYPE_TXT, rows);
}

static void
test_aspects_say_what_is_weaker_and_what_is_routine(void **state)
{
	const uint32_t weak = ASPECT_WEAKENED;
	const uint32_t routine = ASPECT_ROUTINE;

	(void)state;
	assert_int_equal(
	    aspects(TYPE_TXT, APEX, OK, "v=spf1 +all"), ASPECT_SPF | weak);
	assert_int_equal(
	    aspects(TYPE_TXT, APEX, "v=spf1 mx ~all", OK), ASPECT_SPF);
	assert_int_equal(aspects(TYPE_TXT, STS, "v=STSv1;id=1", "v=STSv1;id=2"),
	    ASPECT_MTA_STS | routine);
	/* Something else came with it. */
	assert_int_equal(
	    aspects(TYPE_TXT, STS, "v=STSv1;id=1", "v=STSv1;id=2\nhello"),
	    ASPECT_MTA_STS);
	assert_int_equal(
	    aspects(TYPE_TXT, STS, "v=STSv1;id=1", "v=STSv1;id=2;x=1"),
	    ASPECT_MTA_STS);
	assert_int_equal(
	    aspects(TYPE_TXT, ACME, NULL, CHALLENGE), ASPECT_ACME | routine);
	assert_int_equal(
	    aspects(TYPE_TXT, ACME, NULL, CHALLENGE "\nhello"), ASPECT_ACME);
	assert_int_equal(aspects(TYPE_TXT, PERSIST, NULL, "ca.example"),
	    ASPECT_ACME | ASPECT_TOKEN | weak);
	assert_int_equal(
	    aspects(TYPE_MX, APEX, "10 a.example", "0 ."), ASPECT_NULL_MX);
	assert_int_equal(
	    aspects(TYPE_MX, APEX, "10 a.example", NULL), ASPECT_IMPLICIT_MX);
	assert_int_equal(aspects(TYPE_TXT, APEX, "hello", "world"), 0);
	assert_int_equal(aspects(TYPE_A, APEX, "x", NULL), 0);
}

static void
test_codes_are_distinct(void **state)
{
	(void)state;
	for (int i = 0; i < N_MEANINGS; i++) {
		assert_non_null(meaning_text((enum meaning_code)i));
		for (int j = 0; j < i; j++)
			assert_string_not_equal(
			    meaning_text((enum meaning_code)i),
			    meaning_text((enum meaning_code)j));
	}
}

/* Does the file have the word, with nothing of a word around it? */
static void
check_told(const char *path, const char *word)
{
	FILE *file = fopen(path, "r");
	char line[4096];
	bool found = false;

	if (file == NULL)
		fail_msg("%s: cannot be read", path);
	while (!found && fgets(line, sizeof(line), file) != NULL) {
		const char *at = line;

		while (!found && (at = strstr(at, word)) != NULL) {
			char before = at == line ? ' ' : at[-1];
			char behind = at[strlen(word)];

			found = strchr(" `", before) != NULL &&
			        strchr(" `,.\n", behind) != NULL;
			at++;
		}
	}
	fclose(file);
	if (!found)
		fail_msg("%s: nothing about `%s`", path, word);
}

static void
test_every_code_and_aspect_is_in_the_manual(void **state)
{
	(void)state;
	for (int i = 0; i < N_MEANINGS; i++) {
		check_told("docs/json.md", meaning_text((enum meaning_code)i));
		check_told(
		    "docs/man/dnsvigil.1", meaning_text((enum meaning_code)i));
	}
	for (unsigned i = 0; i < N_ASPECTS; i++) {
		check_told("docs/json.md", aspect_text(i));
		check_told("docs/man/dnsvigil.yaml.5", aspect_text(i));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_spf_says_how_it_ends),
	    cmocka_unit_test(test_spf_says_who_may_send),
	    cmocka_unit_test(
		test_spf_that_is_wrong_is_told_once_with_its_place),
	    cmocka_unit_test(test_spf_lookups_of_the_record_itself_are_counted),
	    cmocka_unit_test(test_dmarc_says_what_the_policy_became),
	    cmocka_unit_test(test_dmarc_that_is_wrong_is_told_once),
	    cmocka_unit_test(test_dkim_says_what_the_key_is),
	    cmocka_unit_test(test_dkim_that_is_wrong_is_told_once),
	    cmocka_unit_test(test_mta_sts_and_tls_rpt),
	    cmocka_unit_test(test_caa_says_who_may_issue),
	    cmocka_unit_test(test_mx_says_where_mail_goes),
	    cmocka_unit_test(test_mx_of_a_name_that_is_gone_goes_nowhere),
	    cmocka_unit_test(test_tlsa_says_whether_dane_holds),
	    cmocka_unit_test(test_R26_a_new_token_is_told_as_just_that),
	    cmocka_unit_test(
		test_aspects_say_what_is_weaker_and_what_is_routine),
	    cmocka_unit_test(test_codes_are_distinct),
	    cmocka_unit_test(test_every_code_and_aspect_is_in_the_manual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

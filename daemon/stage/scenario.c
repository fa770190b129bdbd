/* SPDX-License-Identifier: ISC */

/*
 * The attacks that can be drilled.  %n is the watched name.  Addresses are
 * those of documentation (RFC 5737, RFC 3849), names end in .example.
 *
 * Each begins with half an hour of peace, for the first answers and to be
 * believed; script.c has the words.
 */

#include "stage/drill.h"

/* What is believed before. */
#define PEACE                                                                  \
	"ttl 60s\n"                                                            \
	"zone %n A 192.0.2.10\n"                                               \
	"zone %n AAAA 2001:db8::10\n"                                          \
	"zone %n NS ns1.dns.example., ns2.dns.example.\n"                      \
	"zone %n MX 10 mail.example.\n"                                        \
	"zone %n TXT \"v=spf1 mx -all\"\n"                                     \
	"zone %n SOA ns1.dns.example. h.example. 1 3600 "                      \
	"600 86400 60\n"                                                       \
	"at 30m say all is as it should be\n"

static const struct drill_scenario scenarios[] = {
    {"hijack-a", "the addresses are replaced for 20 minutes",
	PEACE "zone %n A 198.51.100.66\n"
	      "zone %n AAAA 2001:db8:bad::66\n"
	      "say the addresses are the attacker's\n"
	      "at 50m zone %n A 192.0.2.10\n"
	      "zone %n AAAA 2001:db8::10\n"
	      "say the addresses are the old ones again\n"
	      "at 3h say the end\n"},
    {"hijack-ns", "name servers and addresses are replaced for 20 minutes",
	PEACE "zone %n NS ns1.rogue.example., ns2.rogue.example.\n"
	      "zone %n A 198.51.100.66\n"
	      "say the name servers are the attacker's, and with them the A\n"
	      "at 50m zone %n NS ns1.dns.example., ns2.dns.example.\n"
	      "zone %n A 192.0.2.10\n"
	      "say all is as before\n"
	      "at 3h say the end\n"},
    {"rogue-mx", "a mail server more, before the others",
	PEACE "zone %n MX 5 mail.rogue.example., 10 mail.example.\n"
	      "say mail goes to mail.rogue.example first\n"
	      "at 3h say the end\n"},
    {"open-spf", "SPF lets everybody send",
	PEACE "zone %n TXT \"v=spf1 mx +all\"\n"
	      "say SPF ends in +all\n"
	      "at 3h say the end\n"},
    {"takedown", "the name is gone for two hours, then back",
	PEACE "zone %n gone\n"
	      "say the name does not exist\n"
	      "at 150m zone %n A 192.0.2.10\n"
	      "zone %n AAAA 2001:db8::10\n"
	      "zone %n NS ns1.dns.example., ns2.dns.example.\n"
	      "zone %n MX 10 mail.example.\n"
	      "zone %n TXT \"v=spf1 mx -all\"\n"
	      "zone %n SOA ns1.dns.example. h.example. 2 3600 600 86400 60\n"
	      "say it is back\n"
	      "at 5h say the end\n"},
    {"forgery", "every answer by UDP is forged on its way for 10 minutes",
	PEACE "server all forged %n A 198.51.100.66\n"
	      "say answers by UDP carry the attacker's address\n"
	      "at 40m server all honest\n"
	      "server all flush\n"
	      "say nobody forges any more\n"
	      "at 3h say the end\n"},
    {"outage", "no server answers about the name for an hour",
	PEACE "server all drops %n\n"
	      "say nothing is heard about the name\n"
	      "at 90m server all honest\n"
	      "say all answer again\n"
	      "at 3h say the end\n"},
};

const struct drill_scenario *
drill_scenarios(size_t *n)
{
	*n = sizeof(scenarios) / sizeof(scenarios[0]);
	return scenarios;
}

/* SPDX-License-Identifier: ISC */
/* room: cli */

/*
 * Options are read as --name VALUE and --name=VALUE, what is wrong with them
 * is told once, and a value may begin with a dash.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/cli.h"

/* Written by the lead; here nobody serves. */
int
cmd_serve(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return CLI_FAILED;
}

int
cmd_once(int argc, char **argv)
{
	return cmd_serve(argc, argv);
}

enum { OPT_SINCE, OPT_JSON };

static const struct cli_option options[] = {
    [OPT_SINCE] = {"since", "T", "a time"},
    [OPT_JSON] = {"json", NULL, "a flag"},
    {NULL, NULL, NULL},
};
static const struct cli_spec spec = {"test", "[NAME]", "Tests.", options};

/* What cli_next() says of the arguments after the command's name. */
static int
first_of(const char *one, const char *two, struct cli_args *args)
{
	static char name[] = "test";
	static char *argv[3];
	union {
		const char *from;
		char *to; /* argv is never written to */
	} a = {one}, b = {two};

	argv[0] = name;
	argv[1] = a.to;
	argv[2] = b.to;
	cli_args_init(args, &spec, two == NULL ? 2 : 3, argv);
	return cli_next(args);
}

static void
test_values_follow_or_stand_behind_an_equals_sign(void **state)
{
	struct cli_args args;

	(void)state;
	assert_int_equal(first_of("--since", "-24h", &args), OPT_SINCE);
	assert_string_equal(args.value, "-24h");
	assert_int_equal(cli_next(&args), CLI_ARG_END);
	assert_int_equal(first_of("--since=a=b", NULL, &args), OPT_SINCE);
	assert_string_equal(args.value, "a=b");
	assert_int_equal(first_of("--since=", "x", &args), OPT_SINCE);
	assert_string_equal(args.value, "");
	assert_int_equal(cli_next(&args), CLI_ARG_OPERAND);
	assert_string_equal(args.value, "x");
}

static void
test_two_dashes_end_the_options(void **state)
{
	struct cli_args args;

	(void)state;
	assert_int_equal(first_of("--", "--json", &args), CLI_ARG_OPERAND);
	assert_string_equal(args.value, "--json");
	assert_int_equal(first_of("--json", "-", &args), OPT_JSON);
	assert_int_equal(cli_next(&args), CLI_ARG_OPERAND);
}

static void
test_what_is_wrong_is_usage(void **state)
{
	struct cli_args args;

	(void)state;
	assert_int_equal(first_of("--sinc", "x", &args), CLI_ARG_BAD);
	assert_int_equal(first_of("--since", NULL, &args), CLI_ARG_BAD);
	assert_int_equal(first_of("--json=1", NULL, &args), CLI_ARG_BAD);
	assert_int_equal(first_of("-j", NULL, &args), CLI_ARG_BAD);
	assert_int_equal(cli_end(&args, CLI_ARG_BAD), CLI_USAGE);
	assert_int_equal(first_of("operand", NULL, &args), CLI_ARG_OPERAND);
	assert_int_equal(cli_end(&args, CLI_ARG_OPERAND), CLI_USAGE);
	assert_int_equal(first_of("--help", NULL, &args), CLI_ARG_HELP);
	assert_int_equal(cli_end(&args, CLI_ARG_HELP), CLI_OK);
}

static void
test_types_that_cannot_be_watched_are_no_types(void **state)
{
	uint16_t type;

	(void)state;
	assert_int_equal(cli_type(&spec, "txt", &type), 0);
	assert_int_equal(type, 16);
	assert_int_equal(cli_type(&spec, "ANY", &type), CLI_USAGE);
	assert_int_equal(cli_type(&spec, "AXFR", &type), CLI_USAGE);
	assert_int_equal(cli_type(&spec, "\x1b[31m", &type), CLI_USAGE);
}

static void
test_names_are_folded_and_addresses_stand_for_their_ptr(void **state)
{
	char text[NAME_TEXT_SIZE];
	struct name name;
	const char *why = NULL;

	(void)state;
	assert_int_equal(cli_name("WWW.Example.COM", &name, &why), 0);
	assert_string_equal(name_print(name.wire, text), "www.example.com.");
	assert_int_equal(cli_name("192.0.2.1", &name, &why), 0);
	assert_string_equal(
	    name_print(name.wire, text), "1.2.0.192.in-addr.arpa.");
	assert_int_not_equal(cli_name("a..b", &name, &why), 0);
	assert_non_null(why);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_values_follow_or_stand_behind_an_equals_sign),
	    cmocka_unit_test(test_two_dashes_end_the_options),
	    cmocka_unit_test(test_what_is_wrong_is_usage),
	    cmocka_unit_test(
		test_names_are_folded_and_addresses_stand_for_their_ptr),
	    cmocka_unit_test(test_types_that_cannot_be_watched_are_no_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

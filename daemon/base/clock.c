/* SPDX-License-Identifier: ISC */

/*
 * Clocks, and the text form of times: RFC 3339 in the proleptic Gregorian
 * calendar, always UTC when written.  The calendar is our own arithmetic on
 * days since 1970, so that nothing depends on TZ or on the range of time_t.
 */

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"

enum {
	DAY_S = 86400,
	ERA_DAYS = 146097,   /* days of 400 years */
	EPOCH_DAYS = 719468, /* from 0000-03-01 to 1970-01-01 */
	FRACTION_DIGITS = 6  /* more are read and dropped */
};

/* What a text says, before it is one number. */
struct civil {
	int year;
	int month; /* 1..12 */
	int day;   /* 1..31 */
	int hour;
	int minute;
	int second; /* 60 in a leap second */
	int us;
	int offset_s; /* east of UTC */
};

mono_ns
clock_mono(void)
{
	struct timespec ts;

	CHECK(clock_gettime(CLOCK_MONOTONIC, &ts) == 0);
	return MONO_S(ts.tv_sec) + ts.tv_nsec;
}

wall_us
clock_wall(void)
{
	struct timespec ts;

	CHECK(clock_gettime(CLOCK_REALTIME, &ts) == 0);
	return WALL_S(ts.tv_sec) + ts.tv_nsec / 1000;
}

mono_ns
clock_cpu(void)
{
	struct timespec ts;

	CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts) == 0);
	return MONO_S(ts.tv_sec) + ts.tv_nsec;
}

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* Years are counted from March, so that a leap day is the last of its year. */
static int64_t
days_of(int year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t era = floor_div(y, 400);
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;

	return era * ERA_DAYS + year_of_era * 365 + year_of_era / 4 -
	       year_of_era / 100 + day_of_year - EPOCH_DAYS;
}

static void
civil_of(int64_t days, struct civil *c)
{
	int64_t era;
	int64_t day_of_era;
	int64_t year_of_era;
	int64_t day_of_year;
	int64_t march_month;

	days += EPOCH_DAYS;
	era = floor_div(days, ERA_DAYS);
	day_of_era = days - era * ERA_DAYS;
	year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
			  day_of_era / 146096) /
	              365;
	day_of_year = day_of_era -
	              (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	march_month = (5 * day_of_year + 2) / 153;
	c->day = (int)(day_of_year - (153 * march_month + 2) / 5 + 1);
	c->month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
	c->year = (int)(era * 400 + year_of_era + (c->month <= 2));
}

static char *
put_digits(char *to, unsigned v, int n, char after)
{
	for (int i = n - 1; i >= 0; i--, v /= 10)
		to[i] = (char)('0' + v % 10);
	to[n] = after;
	return to + n + 1;
}

char *
wall_print(wall_us at, char out[WALL_TEXT_SIZE])
{
	int64_t ms = floor_div(at, 1000);
	int64_t days = floor_div(ms, (int64_t)DAY_S * 1000);
	unsigned rest = (unsigned)(ms - days * DAY_S * 1000);
	struct civil c = {0};
	char *to;

	civil_of(days, &c);
	to = out;
	if (c.year < 0 || c.year > 9999)
		to += snprintf(out, 16, "%d-", c.year);
	else
		to = put_digits(out, (unsigned)c.year, 4, '-');
	to = put_digits(to, (unsigned)c.month, 2, '-');
	to = put_digits(to, (unsigned)c.day, 2, 'T');
	to = put_digits(to, rest / 3600000, 2, ':');
	to = put_digits(to, rest / 60000 % 60, 2, ':');
	to = put_digits(to, rest / 1000 % 60, 2, '.');
	to = put_digits(to, rest % 1000, 3, 'Z');
	*to = '\0';
	return out;
}

/* Exactly n digits; moves *text past them. */
static bool
take_digits(const char **text, int n, int *out)
{
	const char *p = *text;
	int v = 0;

	for (int i = 0; i < n; i++, p++) {
		if (*p < '0' || *p > '9')
			return false;
		v = v * 10 + (*p - '0');
	}
	*text = p;
	*out = v;
	return true;
}

static bool
take_char(const char **text, const char *any_of)
{
	if (**text == '\0' || strchr(any_of, **text) == NULL)
		return false;
	(*text)++;
	return true;
}

static bool
take_date(const char **text, struct civil *c)
{
	static const int days[] = {
	    31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap;

	if (!take_digits(text, 4, &c->year) || !take_char(text, "-") ||
	    !take_digits(text, 2, &c->month) || !take_char(text, "-") ||
	    !take_digits(text, 2, &c->day))
		return false;
	if (c->month < 1 || c->month > 12 || c->day < 1 ||
	    c->day > days[c->month - 1])
		return false;
	leap = c->year % 4 == 0 && (c->year % 100 != 0 || c->year % 400 == 0);
	return leap || c->month != 2 || c->day < 29;
}

static bool
take_fraction(const char **text, int *us)
{
	const char *p = *text;
	int digits = 0;

	*us = 0;
	for (; *p >= '0' && *p <= '9'; p++, digits++) {
		if (digits < FRACTION_DIGITS)
			*us = *us * 10 + (*p - '0');
	}
	if (digits == 0)
		return false;
	for (; digits < FRACTION_DIGITS; digits++)
		*us *= 10;
	*text = p;
	return true;
}

static bool
take_zone(const char **text, int *offset_s)
{
	bool west;
	int hour;
	int minute;

	*offset_s = 0;
	if (take_char(text, "Zz"))
		return true;
	west = **text == '-';
	if (!take_char(text, "+-") || !take_digits(text, 2, &hour) ||
	    !take_char(text, ":") || !take_digits(text, 2, &minute))
		return false;
	if (hour > 23 || minute > 59)
		return false;
	*offset_s = (hour * 60 + minute) * 60;
	if (west)
		*offset_s = -*offset_s;
	return true;
}

static bool
take_time(const char **text, struct civil *c)
{
	if (!take_digits(text, 2, &c->hour) || !take_char(text, ":") ||
	    !take_digits(text, 2, &c->minute) || !take_char(text, ":") ||
	    !take_digits(text, 2, &c->second))
		return false;
	if (c->hour > 23 || c->minute > 59 || c->second > 60)
		return false;
	if (take_char(text, ".") && !take_fraction(text, &c->us))
		return false;
	return take_zone(text, &c->offset_s);
}

int
wall_parse(const char *text, wall_us now, wall_us *out)
{
	struct civil c = {0};
	uint32_t span_s;
	int64_t at_s;

	if (text[0] == '-') {
		if (span_parse(text + 1, &span_s) != 0)
			return ERR_SYNTAX;
		*out = now - WALL_S(span_s);
		return 0;
	}
	if (!take_date(&text, &c))
		return ERR_SYNTAX;
	if (*text != '\0' &&
	    (!take_char(&text, "Tt ") || !take_time(&text, &c)))
		return ERR_SYNTAX;
	if (*text != '\0')
		return ERR_SYNTAX;
	at_s = days_of(c.year, c.month, c.day) * DAY_S + c.hour * 3600 +
	       c.minute * 60 + c.second - c.offset_s;
	*out = WALL_S(at_s) + c.us;
	return 0;
}

static uint32_t
unit_seconds(char unit)
{
	switch (unit) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return DAY_S;
	case 'w':
		return 7 * DAY_S;
	default:
		return 0;
	}
}

int
span_parse(const char *text, uint32_t *seconds)
{
	const char *p = text;
	uint64_t v = 0;
	uint32_t unit;

	for (; *p >= '0' && *p <= '9'; p++) {
		v = v * 10 + (uint64_t)(*p - '0');
		if (v > UINT32_MAX)
			return ERR_SYNTAX;
	}
	if (p == text || *p == '\0' || p[1] != '\0')
		return ERR_SYNTAX;
	unit = unit_seconds(*p);
	if (unit == 0 || v * unit > UINT32_MAX)
		return ERR_SYNTAX;
	*seconds = (uint32_t)(v * unit);
	return 0;
}

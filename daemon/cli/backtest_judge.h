/* SPDX-License-Identifier: ISC */
#ifndef CLI_BACKTEST_JUDGE_H
#define CLI_BACKTEST_JUDGE_H

/*
 * backtest_judge -- an entry of the log, weighed under another configuration by
 * the functions that the daemon calls.
 */

#include "backtest_watch.h"
#include "rule/severity.h"
#include "store/read.h"

struct config_silence;

/* What the stored facts cannot answer. */
enum {
	UNKNOWN_NOVELTY = 1, /* an entry of an older version */
	UNKNOWN_CONTENT = 2, /* what it was and became cannot be read back */
	UNKNOWN_PROOF = 4,   /* another proof is wanted than was sought */
	/* Retention has dropped ... */
	UNKNOWN_EVIDENCE = 8, /* ... the replies that it was judged by */
	UNKNOWN_ALERTS = 16   /* ... perhaps that it was told */
};
enum { N_UNKNOWN = 5 };
const char *backtest_unknown_text(unsigned bit_index);

struct backtest_verdict {
	bool watched;
	bool asked; /* or it is an event that is not asked for */
	enum severity severity;
	const struct config_silence *silence; /* holds it; NULL: none */
	unsigned unknown;
};

/* `scratch` is emptied. */
struct backtest_verdict backtest_judge(const struct backtest_lists *l,
    const struct read_judged *j, struct arena *scratch);

#endif

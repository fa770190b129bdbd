/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_SAY_PRIV_H
#define MONITOR_SAY_PRIV_H

/* say_priv -- pieces of an entry that changes and events share. */

#include "base/emit.h"
#include "say.h"

void say_put_digest(struct emit *j, const struct say_digest *s);
void say_put_ede(struct emit *j, const struct commit_evidence *w);
void say_put_name(struct emit *j, const char *key, const uint8_t *wire);
void say_put_nsid(struct emit *j, const uint8_t *nsid, size_t size);
void say_put_policy(struct emit *j, const struct policy *p);
void say_put_records(struct emit *j, const char *key, const struct content *c);
void say_put_state(struct emit *j, const char *key, const struct say_state *s);
/* Why it is of its severity; NULL: not said. */
void say_put_weighed(struct emit *j, const struct severity_why *why);
void say_put_watched(struct emit *j, const uint8_t *name);
void say_put_witnesses(
    struct emit *j, const struct commit_evidence *list, size_t n);

#endif

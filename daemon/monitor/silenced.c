/* SPDX-License-Identifier: ISC */

#include "silenced.h"

#include "config/config.h"
#include "loop/loop.h"
#include "monitor_priv.h"
#include "rule/silence.h"

static const struct config_silence *
silence_for(const struct monitor *m, const struct commit_entry *e)
{
	struct silence_input in = {
	    .kind = e->event != NULL ? e->event : kind_text((enum kind)e->kind),
	    .severity = (enum severity)e->severity,
	    .tags = e->tags,
	    .n_tags = e->n_tags,
	    .lists = e->lists,
	    .n_lists = e->n_lists,
	};
	struct name name;
	const char *why;

	/* "" is the monitor itself. */
	if (name_parse(e->name, &name, &why) == 0)
		in.name = name.wire;
	return silence_of(m->config, &in, loop_wall(m->loop));
}

void
silenced(const struct monitor *m, const struct commit_entry *const *members,
    size_t n, struct commit_alert *alert)
{
	const struct config_silence *s = NULL;

	alert->held_by = NULL;
	if (m->config->n_silences == 0)
		return;
	for (size_t i = 0; i < n; i++) {
		s = silence_for(m, members[i]);
		if (s == NULL)
			return;
	}
	alert->held_by = s == NULL ? NULL : s->name;
}

/* SPDX-License-Identifier: ISC */

#include "history_pool.h"

#include "cli/print.h"

static wall_us
wall_of(uint32_t at)
{
	return WALL_S((wall_us)at);
}

static void
element_json(struct emit *j, const struct pool *p, const struct pool_element *e)
{
	char text[ADDR_TEXT_SIZE];

	emit_object(j, NULL);
	emit_text(j, "rdata", pool_print(p, e, text));
	emit_wall(j, "first_heard", wall_of(e->first));
	emit_wall(j, "last_heard", wall_of(e->last));
	emit_wall(j, "member_since", wall_of(e->member));
	emit_int(j, "days", e->days);
	emit_int(j, "answers", e->seen);
	emit_int(j, "share_permille", pool_share(e));
	emit_int(j, "answers_today", e->today);
	emit_object_end(j);
}

void
history_pool_json(struct emit *j, const struct pool *p, wall_us kept)
{
	emit_object(j, "pool");
	emit_text(j, "class", pool_class_text((enum pool_class)p->class_));
	emit_wall(j, "class_since", wall_of(p->class_since));
	emit_wall(j, "since", wall_of(p->began));
	emit_wall(j, "last_move", wall_of(p->moved));
	emit_wall(j, "kept_at", kept);
	emit_int(j, "answers", p->answers);
	emit_int(j, "members", pool_members(p));
	emit_array(j, "elements");
	for (uint32_t i = 0; i < p->n; i++)
		element_json(j, p, &p->list[i]);
	emit_array_end(j);
	emit_object_end(j);
}

void
history_pool_head(struct buf *out, const struct pool *p, wall_us kept)
{
	buf_printf(out, "   pool: %s since ",
	    pool_class_text((enum pool_class)p->class_));
	print_wall(out, wall_of(p->class_since));
	buf_printf(out,
	    ", %u addresses, %u of them members, %u answers, as of ", p->n,
	    pool_members(p), p->answers);
	print_wall(out, kept);
}

void
history_pool_element(
    struct buf *out, const struct pool *p, const struct pool_element *e)
{
	char text[ADDR_TEXT_SIZE];
	uint32_t share = pool_share(e);

	buf_add_text(out, "  ");
	print_wall(out, wall_of(e->first));
	buf_add_text(out, "  ");
	print_wall(out, wall_of(e->last));
	buf_printf(out, "  %4u.%u %%  %c  %s", share / 10, share % 10,
	    e->member != 0 ? 'm' : ' ', pool_print(p, e, text));
}

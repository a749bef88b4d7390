#include "listmgr/outgoing.h"

#include "core/header.h"

#include "listmgr/heading.h"
#include "listmgr/summary.h"

enum { FIELDS_MAX = 64 * 1024 }; /* of a list's own fields */

static void
edit(struct outgoing *o)
{
	struct slice message = o->view.message;
	size_t head = header_length(message);
	struct buf top = BUF_INIT(FIELDS_MAX), rest = BUF_INIT(FIELDS_MAX);

	heading_add_top(o->arena, &o->list, &top);
	heading_add_rest(o->arena, &o->list, (struct slice){ "", 0 }, &rest);
	(void)buf_add_slice(&rest, slice_head(message, head));
	(void)buf_add_char(&rest, '\n');
	o->top = arena_slice(o->arena, buf_slice(&top));
	o->fields = arena_slice(o->arena, buf_slice(&rest));
	o->body = slice_tail(message, head + 1);
	buf_free(&top);
	buf_free(&rest);
}

int
outgoing_open(
    struct outgoing *outgoing, long long list, long long n, struct why *why)
{
	const struct lists *lists = &outgoing->listmgr->lists;
	int r =
	    list_find_id(lists, list, outgoing->arena, &outgoing->list, why);

	if (r <= 0)
		return r;
	r = archive_open_post(lists, list, n, &outgoing->view, why);
	if (r < 0)
		return r;
	outgoing->n = n;
	edit(outgoing);
	outgoing->size_bytes =
	    outgoing->top.n + outgoing->fields.n + outgoing->body.n;
	return 1;
}

void
outgoing_close(struct outgoing *outgoing)
{
	archive_close(&outgoing->view);
}

struct slice
outgoing_unsubscribe(
    const struct outgoing *outgoing, struct arena *arena, struct slice token)
{
	return heading_unsubscribe(
	    arena, &outgoing->list, outgoing->listmgr->settings->web, token);
}

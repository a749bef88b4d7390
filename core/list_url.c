#include "core/list_url.h"

#include "core/buf.h"
#include "core/percent.h"

struct slice
list_url_part(struct arena *arena, struct slice plain)
{
	AUTO_BUF struct buf part = BUF_INIT(3 * plain.n);
	long at;

	while ((at = slice_find(plain, '@')) >= 0) {
		(void)buf_add_slice(&part,
		    percent_encode(arena, slice_head(plain, (size_t)at)));
		(void)buf_add_char(&part, '@');
		plain = slice_tail(plain, (size_t)at + 1);
	}
	(void)buf_add_slice(&part, percent_encode(arena, plain));
	return arena_slice(arena, buf_slice(&part));
}

struct slice
list_url(struct arena *arena, struct slice base, struct slice list)
{
	struct slice part = list_url_part(arena, list);

	return slice_of(arena_printf(
	    arena, "%.*s/l/%.*s", SLICE_FMT(base), SLICE_FMT(part)));
}

struct slice
list_url_message(struct arena *arena, struct slice base, struct slice list,
    struct slice message_id)
{
	struct slice page = list_url(arena, base, list);
	struct slice part = list_url_part(arena, message_id);

	return slice_of(arena_printf(
	    arena, "%.*s/%.*s/", SLICE_FMT(page), SLICE_FMT(part)));
}

struct slice
list_url_token(
    struct arena *arena, struct slice base, char kind, struct slice token)
{
	return slice_of(arena_printf(
	    arena, "%.*s/%c/%.*s", SLICE_FMT(base), kind, SLICE_FMT(token)));
}

#include "listmgr/anonymous.h"

#include "core/buf.h"
#include "core/entity.h"
#include "core/header.h"
#include "listmgr/heading.h"
#include "listmgr/list.h"
#include "listmgr/summary.h"

enum { ROOM = 4096 }; /* for the fields that are made */

bool
anonymous_keeps(struct slice name)
{
	static const char *const kept[] = { "To", "Cc", "Subject", "Date",
		"In-Reply-To", "References", "MIME-Version", "X-No-Archive",
		"Importance" };

	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
		if (slice_eq_nocase(name, slice_of(kept[i])))
			return true;
	}
	return slice_starts_nocase(name, SLICE("Content-"));
}

static void
add_kept(struct buf *to, struct slice header)
{
	struct header_walk walk = header_start(header);
	struct header_field field;

	while (header_next(&walk, &field)) {
		if (!anonymous_keeps(field.name))
			continue;
		(void)buf_add_slice(to, field.whole);
		if (field.whole.p[field.whole.n - 1] != '\n')
			(void)buf_add_char(to, '\n');
	}
}

static struct slice
made_id(struct arena *arena, const struct list *list, struct slice message)
{
	struct header_field id = { .value = message };

	(void)header_find(message, SLICE("Message-ID"), &id);
	return summary_make_id(arena, id.value, list->domain);
}

struct slice
anonymous_post(
    struct arena *arena, const struct list *list, struct slice message)
{
	AUTO_BUF struct buf post = BUF_INIT(message.n + ROOM);
	struct entity entity = entity_of(message);

	heading_add_mailbox(
	    arena, &post, "From", heading_title(list), list->address);
	(void)buf_addf(&post, "Message-ID: <%.*s>\n",
	    SLICE_FMT(made_id(arena, list, message)));
	add_kept(&post, entity.header);
	(void)buf_add_char(&post, '\n');
	(void)buf_add_slice(&post, entity.body);
	return arena_slice(arena, buf_slice(&post));
}

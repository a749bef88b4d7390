#include "lmtpd/storer/request.h"

#include <errno.h>
#include <stdint.h>

#include "lmtpd/storer/name.h"

/* A text in a field of fixed size must end within it. */
#define FIELD_ENDS(field) (memchr((field), '\0', sizeof(field)) != NULL)

enum { SIZES_MAX_SHIFT = 60 }; /* sums of sizes never overflow 64 bits */

/* What an operation uses; fields it does not use are not looked at. */
enum {
	NEEDS_MAILBOX = 1,
	NEEDS_MESSAGE = 2,
	NEEDS_FOLDER = 4,
	NEEDS_SCRIPT = 8,
};

static const unsigned char needs[] = {
	[STORE_PREPARE] = NEEDS_MAILBOX,
	[STORE_DELIVER] = NEEDS_MAILBOX | NEEDS_FOLDER | NEEDS_MESSAGE,
	[STORE_STAGE] = NEEDS_MAILBOX | NEEDS_FOLDER | NEEDS_MESSAGE,
	[STORE_COMMIT] = 0,
	[STORE_ABANDON] = 0,
	[STORE_SCRIPT] = NEEDS_MAILBOX | NEEDS_SCRIPT,
	[STORE_LOOK] = NEEDS_MAILBOX | NEEDS_FOLDER,
	[STORE_KEYWORDS] = NEEDS_MAILBOX | NEEDS_FOLDER,
	[STORE_LOG] = NEEDS_MAILBOX,
};
_Static_assert(sizeof needs == STORE_OPS, "say what each request needs");

/* The name of the first bad field, or NULL. */
static const char *
bad_frame(const struct store_request *r, size_t packet_size)
{
	if (packet_size < sizeof *r)
		return "length";
	if (r->version != STORE_VERSION)
		return "version";
	if (r->op == 0 || r->op >= STORE_OPS)
		return "op";
	if (r->head_size > STORE_HEAD_MAX)
		return "head_size";
	if (r->inline_size > STORE_INLINE_MAX)
		return "inline_size";
	if (packet_size != sizeof *r + r->head_size + r->inline_size)
		return "length";
	return NULL;
}

static const char *
bad_mailbox(const struct store_request *r)
{
	if (!FIELD_ENDS(r->mailbox) || !name_is_mailbox(r->mailbox))
		return "mailbox";
	return NULL;
}

static const char *
bad_sizes(const struct store_request *r, bool has_fd)
{
	const uint64_t limit = UINT64_C(1) << SIZES_MAX_SHIFT;
	bool in_fd = r->inline_size == 0 && r->message_size > 0;

	if (r->message_size > limit ||
	    (!in_fd && r->message_size != r->inline_size))
		return "message_size";
	if (in_fd != has_fd)
		return "descriptor";
	if (r->message_offset > limit)
		return "message_offset";
	if (r->line_ends > r->head_size + r->message_size)
		return "line_ends";
	if (r->quota_bytes > limit)
		return "quota_bytes";
	return NULL;
}

static const char *
bad_folder(const struct store_request *r)
{
	if (!FIELD_ENDS(r->folder) || !name_is_folder(r->folder))
		return "folder";
	return NULL;
}

/* "" is the active one. */
static const char *
bad_script(const struct store_request *r)
{
	if (!FIELD_ENDS(r->name) ||
	    (r->name[0] != '\0' && !name_is_script(r->name)))
		return "name";
	return NULL;
}

static const char *
bad_names(const struct store_request *r)
{
	if (!FIELD_ENDS(r->name) || !name_is_base(r->name))
		return "name";
	if (!FIELD_ENDS(r->flags) || !name_is_flags(r->flags))
		return "flags";
	return NULL;
}

static const char *
bad_fields(const struct store_request *r, unsigned needed, bool has_fd)
{
	const char *bad = NULL;

	if ((needed & NEEDS_MAILBOX) != 0)
		bad = bad_mailbox(r);
	if (bad == NULL && (needed & NEEDS_FOLDER) != 0)
		bad = bad_folder(r);
	if (bad == NULL && (needed & NEEDS_SCRIPT) != 0)
		bad = bad_script(r);
	if (bad == NULL && (needed & NEEDS_MESSAGE) != 0)
		bad = bad_sizes(r, has_fd);
	if (bad == NULL && (needed & NEEDS_MESSAGE) != 0)
		bad = bad_names(r);
	return bad;
}

int
request_check(const struct packet *packet, size_t packet_size, bool has_fd,
    struct why *why)
{
	const struct store_request *r = &packet->record;
	const char *bad = bad_frame(r, packet_size);

	if (bad == NULL)
		bad = bad_fields(r, needs[r->op], has_fd);
	if (bad != NULL)
		return why_fail(why, EINVAL, "request: bad %s", bad);
	return 0;
}

struct slice
request_head(const struct packet *packet)
{
	return (struct slice){ packet->octets, packet->record.head_size };
}

struct slice
request_message(const struct packet *packet)
{
	return (struct slice){ packet->octets + packet->record.head_size,
		packet->record.inline_size };
}

#include "listmgr/handed.h"

#include "core/header.h"
#include "core/smtp_reply.h"
#include "core/trail.h"

static struct slice
message_id(struct arena *arena, const struct handed *handed)
{
	for (size_t i = 0; i < handed->n_parts; i++) {
		struct header_field field;

		if (header_find(
			handed->parts[i].octets, SLICE("Message-ID"), &field))
			return header_unfold(arena, field.value);
	}
	return (struct slice){ "", 0 };
}

void
handed_note(const struct listmgr *listmgr, struct arena *arena,
    const struct handed *handed)
{
	trail_add(listmgr->trail,
	    &(struct trail_event){
		.queue_id = smtp_reply_queue_id(slice_of(handed->why->reply)),
		.message_id = message_id(arena, handed),
		.class = SLICE("list"),
		.sender = handed->sender,
		.recipient = handed->recipient,
		.event = SLICE("queued"),
		.reason = handed->reason,
		.size_bytes = (long long)handed->size_bytes,
		.why = handed->why,
	    });
}

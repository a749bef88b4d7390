/* Messages as programs hand them in: one header comes out, and its end. */
#include <assert.h>
#include <stdint.h>

#include "core/header.h"
#include "sendmail/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	/* The first half is a name, which must not become a field. */
	struct slice name = { (const char *)octets, n / 2 };
	struct slice text = { (const char *)octets + n / 2, n - n / 2 };
	const struct message_author author = { SLICE("fred@h01.example"), name,
		"h01.example", 1700000000 };
	struct arena arena = ARENA_INIT;
	struct message message;
	struct header_field field;

	message_compose(&arena, text, &author, &message);
	assert(header_find(message.head, SLICE("From"), &field));
	assert(header_find(message.head, SLICE("Message-ID"), &field));
	assert(!header_find(message.head, SLICE("Bcc"), &field));
	assert(message.n_recipients <= MESSAGE_RECIPIENTS_MAX);
	arena_done(&arena);
	return 0;
}

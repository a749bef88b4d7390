/*
 * Messages as the archive shows them: whatever comes, the text is UTF-8, and
 * each file that is listed is there.
 */
#include <assert.h>
#include <stdint.h>

#include "listweb/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	struct slice input = { (const char *)octets, n };
	struct arena arena = ARENA_INIT;
	struct message *message = arena_new(&arena, struct message);
	struct message_file file;

	message_read(&arena, input, message);
	assert(message->n_files <= MESSAGE_FILES_MAX);
	for (size_t i = 0; i < message->n_files; i++) {
		assert(slice_is_text(message->files[i].name));
		assert(message_file(&arena, input, i, &file));
	}
	assert(!message_file(&arena, input, message->n_files, &file));
	(void)message_is_private(input);
	arena_done(&arena);
	return 0;
}

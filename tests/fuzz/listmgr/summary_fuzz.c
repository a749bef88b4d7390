/* Any message summed up: clean text, for SQL and for pages. */
#include <assert.h>
#include <stdint.h>

#include "listmgr/subject.h"
#include "listmgr/summary.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

static void
check(struct slice text)
{
	assert(text.n <= SUMMARY_TEXT && slice_is_text(text));
	for (size_t i = 0; i < text.n; i++)
		assert((unsigned char)text.p[i] >= ' ');
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	struct arena arena = ARENA_INIT;
	struct summary summary;
	struct slice subject;

	summary_read(&arena, (struct slice){ (const char *)octets, n },
	    SLICE("example.org"), 1800000000, &summary);
	assert(summary.message_id.n > 0);
	check(summary.message_id);
	check(summary.subject);
	check(summary.base_subject);
	check(summary.from_name);
	check(summary.from_address);
	for (size_t i = 0; i < summary.n_parents; i++)
		check(summary.parents[i]);
	subject = summary.subject;
	if (subject_add_prefix(&arena, SLICE("[a %n]"), 7, &subject))
		assert(
		    !subject_add_prefix(&arena, SLICE("[a %n]"), 8, &subject));
	arena_done(&arena);
	return 0;
}

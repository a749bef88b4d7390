/*
 * Any message through lists of every kind: what goes out is one header with
 * our fields in it once, and the author's octets are in it where nothing was
 * to be changed.
 */
#include <assert.h>
#include <stdint.h>

#include "core/entity.h"
#include "core/header.h"
#include "listmgr/edit.h"
#include "listmgr/list.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

#define S(literal)                                                             \
	{                                                                      \
		literal, sizeof(literal) - 1                                   \
	}
#define COMMON                                                                 \
	.name = S("club"), .domain = S("example.org"),                         \
	.address = S("club@example.org"), .list_id = S("club.example.org"),    \
	.title = S("F\xC3\xBCr, alle"), .page = S("https://l.example/l/club"), \
	.archive = LIST_ARCHIVE_PUBLIC

static const struct list lists[] = {
	{ COMMON },
	{ COMMON, .prefix = S("[club %n]"), .footer = S("f\xC3\xBCr alle"),
	    .reply_to = LIST_REPLY_LIST, .dmarc = LIST_DMARC_ALWAYS },
	{ COMMON, .anonymous = true, .dmarc = LIST_DMARC_NEVER },
	{ COMMON, .dmarc = LIST_DMARC_WRAP, .reply_to = LIST_REPLY_LIST },
};

static size_t
count(struct slice header, struct slice name)
{
	struct header_walk walk = header_start(header);
	struct header_field field;
	size_t n = 0;

	while (header_next(&walk, &field))
		n += slice_eq_nocase(field.name, name);
	return n;
}

static void
check(const struct edited *edited)
{
	struct entity entity = entity_of(edited->fields);

	assert(entity.body.n == 0);
	assert(count(edited->fields, SLICE("List-Post")) == 1);
	assert(count(edited->fields, SLICE("List-Id")) == 0);
	assert(count(edited->top, SLICE("List-Id")) == 1);
	assert(count(edited->fields, SLICE("Approved")) == 0);
	assert(header_length(edited->top) == edited->top.n);
	if (edited->from != EDIT_KEPT)
		assert(count(edited->fields, SLICE("From")) == 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	struct arena arena = ARENA_INIT;

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		const struct edit_request request = { .list = &lists[i],
			.message = { (const char *)octets, n },
			.message_id = S("made@example.org"),
			.node = S("h01.example"),
			.number = 17,
			.strict = true };
		struct why why = { 0 };
		struct edited edited;

		if (edit_post(&arena, &request, &edited, &why) == MAIL_OK)
			check(&edited);
	}
	arena_done(&arena);
	return 0;
}

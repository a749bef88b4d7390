#include "lmtpd/storer/request.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* A good delivery of "hello\n" behind a head of four octets. */
static void
make_good(struct packet *packet)
{
	(void)memset(packet, 0, sizeof *packet);
	packet->record = (struct store_request){
		.version = STORE_VERSION,
		.op = STORE_DELIVER,
		.head_size = 4,
		.inline_size = 6,
		.message_size = 6,
		.line_ends = 2,
		.mailbox = "xyz00-abc",
		.name = "1.x.h01",
	};
	(void)memcpy(packet->octets, "A:b\nhello\n", 10);
}

static size_t
size_of(const struct packet *packet)
{
	return sizeof packet->record + packet->record.head_size +
	       packet->record.inline_size;
}

static void
a_good_request_shows_its_parts(void **state)
{
	struct packet packet;
	struct why why = { 0 };

	(void)state;
	make_good(&packet);
	assert_int_equal(
	    request_check(&packet, size_of(&packet), false, &why), 0);
	assert_true(slice_eq(request_head(&packet), SLICE("A:b\n")));
	assert_true(slice_eq(request_message(&packet), SLICE("hello\n")));
}

static void
a_message_may_come_in_a_descriptor(void **state)
{
	struct packet packet;
	struct why why = { 0 };

	(void)state;
	make_good(&packet);
	packet.record.inline_size = 0;
	packet.record.message_size = 1 << 30;
	assert_int_equal(
	    request_check(&packet, size_of(&packet), true, &why), 0);
	assert_int_equal(
	    request_check(&packet, size_of(&packet), false, &why), -EINVAL);
	assert_string_equal(
	    why.detail, "request: bad descriptor: Invalid argument");
}

static void
only_the_used_fields_matter(void **state)
{
	struct packet packet;
	struct why why = { 0 };

	(void)state;
	(void)memset(&packet, 0, sizeof packet);
	packet.record.version = STORE_VERSION;
	packet.record.op = STORE_COMMIT;
	assert_int_equal(
	    request_check(&packet, size_of(&packet), false, &why), 0);
	packet.record.op = STORE_PREPARE;
	assert_int_equal(
	    request_check(&packet, size_of(&packet), false, &why), -EINVAL);
}

static void
spoil_text(char *text, size_t size)
{
	(void)memset(text, 'a', size);
}

/* The fields by name; each is made bad in turn. */
static void
spoil(struct packet *packet, const char *field)
{
	struct store_request *r = &packet->record;

	if (strcmp(field, "version") == 0)
		r->version++;
	else if (strcmp(field, "op") == 0)
		r->op = STORE_OPS;
	else if (strcmp(field, "head_size") == 0)
		r->head_size = STORE_HEAD_MAX + 1;
	else if (strcmp(field, "inline_size") == 0)
		r->inline_size = STORE_INLINE_MAX + 1;
	else if (strcmp(field, "message_size") == 0)
		r->message_size++;
	else if (strcmp(field, "message_offset") == 0)
		r->message_offset = UINT64_MAX;
	else if (strcmp(field, "line_ends") == 0)
		r->line_ends = 11;
	else if (strcmp(field, "quota_bytes") == 0)
		r->quota_bytes = UINT64_MAX;
	else if (strcmp(field, "mailbox") == 0)
		spoil_text(r->mailbox, sizeof r->mailbox);
	else if (strcmp(field, "folder") == 0)
		spoil_text(r->folder, sizeof r->folder);
	else if (strcmp(field, "name") == 0)
		spoil_text(r->name, sizeof r->name);
	else if (strcmp(field, "flags") == 0)
		spoil_text(r->flags, sizeof r->flags);
}

static void
each_bad_field_is_named(void **state)
{
	static const char *const fields[] = { "version", "op", "head_size",
		"inline_size", "message_size", "message_offset", "line_ends",
		"quota_bytes", "mailbox", "folder", "name", "flags" };

	(void)state;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		struct packet packet;
		struct why why = { 0 };
		char wanted[64];

		make_good(&packet);
		spoil(&packet, fields[i]);
		(void)snprintf(wanted, sizeof wanted,
		    "request: bad %s: Invalid argument", fields[i]);
		assert_int_equal(
		    request_check(&packet, size_of(&packet), false, &why),
		    -EINVAL);
		assert_string_equal(why.detail, wanted);
	}
}

static void
a_packet_is_as_long_as_it_says(void **state)
{
	struct packet packet;
	struct why why = { 0 };

	(void)state;
	make_good(&packet);
	for (size_t n = 1; n < size_of(&packet) + 3; n++) {
		int wanted = n == size_of(&packet) ? 0 : -EINVAL;

		assert_int_equal(
		    request_check(&packet, n, false, &why), wanted);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_request_shows_its_parts),
		cmocka_unit_test(a_message_may_come_in_a_descriptor),
		cmocka_unit_test(only_the_used_fields_matter),
		cmocka_unit_test(each_bad_field_is_named),
		cmocka_unit_test(a_packet_is_as_long_as_it_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

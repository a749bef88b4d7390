/*
 * A good packet with octets changed anywhere: refused, or its parts lie within
 * it and its names are names. The input is a flag octet, then changes of three
 * octets each: where (two) and what.
 */
#include <assert.h>
#include <stdint.h>

#include "lmtpd/storer/name.h"
#include "lmtpd/storer/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

static void
check_parts(const struct packet *packet, size_t n)
{
	const char *end = (const char *)packet + n;
	struct slice head = request_head(packet);
	struct slice message = request_message(packet);

	assert(head.p + head.n == message.p);
	assert(message.p + message.n == end);
}

static void
check_names(const struct store_request *record)
{
	char name[NAME_SPACE];
	uint64_t size;

	name_message(record, name);
	assert(memchr(name, '/', sizeof name) == NULL);
	assert(name_has_base(name, record->name));
	assert(name_size(name, &size));
	assert(size == record->head_size + record->message_size);
}

enum { HAS_FD = 1, CUT_SHORT = 2 };

static void
make_good(struct packet *packet)
{
	(void)memset(packet, 0, sizeof *packet);
	packet->record = (struct store_request){ .version = STORE_VERSION,
		.op = STORE_DELIVER,
		.head_size = 4,
		.inline_size = 6,
		.message_size = 6,
		.line_ends = 2,
		.mailbox = "xyz00-abc",
		.folder = "Lists.C",
		.name = "1.x.h01",
		.flags = "FS" };
}

static size_t
size_of(const struct packet *packet)
{
	size_t n = sizeof packet->record + packet->record.head_size +
		   packet->record.inline_size;

	return n < sizeof *packet ? n : sizeof *packet;
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	static struct packet packet;
	struct why why = { 0 };
	size_t size;

	if (n == 0)
		return 0;
	make_good(&packet);
	for (size_t i = 1; i + 2 < n; i += 3)
		((char *)&packet.record)[(octets[i] << 8 | octets[i + 1]) %
					 sizeof packet.record] =
		    (char)octets[i + 2];
	size = size_of(&packet) - ((octets[0] & CUT_SHORT) != 0);
	if (request_check(&packet, size, (octets[0] & HAS_FD) != 0, &why) < 0)
		return 0;
	if (packet.record.op == STORE_DELIVER ||
	    packet.record.op == STORE_STAGE) {
		check_parts(&packet, size);
		check_names(&packet.record);
	}
	return 0;
}

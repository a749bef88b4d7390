/* Any packet: refused, or its parts lie within it and its names are names. */
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

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	static struct packet packet;
	struct why why = { 0 };

	/* The first octet says whether a descriptor came along. */
	if (n == 0 || n - 1 > sizeof packet)
		return 0;
	(void)memset(&packet, 0, sizeof packet);
	(void)memcpy(&packet, octets + 1, n - 1);
	if (request_check(&packet, n - 1, (octets[0] & 1) != 0, &why) < 0)
		return 0;
	check_parts(&packet, n - 1);
	if (packet.record.op == STORE_DELIVER)
		check_names(&packet.record);
	return 0;
}

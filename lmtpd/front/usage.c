#include "lmtpd/front/usage.h"

#include <stdio.h>

/* Of several rows about one mailbox the last one is true: an upsert may touch
 * a row only once. */
static const struct db_stmt write_usage = { "usage",
	"INSERT INTO hauspost.usage (mailbox, bytes, messages, updated)"
	" SELECT DISTINCT ON (mailbox) mailbox, bytes::bigint,"
	" messages::bigint, now()"
	" FROM unnest($1::text[], $2::text[], $3::text[])"
	" WITH ORDINALITY AS t(mailbox, bytes, messages, nth)"
	" ORDER BY mailbox, nth DESC"
	" ON CONFLICT (mailbox) DO UPDATE SET bytes = excluded.bytes,"
	" messages = excluded.messages, updated = excluded.updated",
	3 };

struct batch *
usage_start(struct db_pool *pool)
{
	return batch_start(pool, &write_usage);
}

void
usage_add(struct batch *usage, struct slice mailbox, long long bytes,
    long long messages)
{
	char bytes_text[24], messages_text[24];

	(void)snprintf(bytes_text, sizeof bytes_text, "%lld", bytes);
	(void)snprintf(messages_text, sizeof messages_text, "%lld", messages);
	batch_add(usage, (const struct slice[]){ mailbox, slice_of(bytes_text),
			     slice_of(messages_text) });
}

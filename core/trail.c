#include "core/trail.h"

#include <stdio.h>
#include <time.h>

static const struct db_stmt insert_trail = { "trail",
	"INSERT INTO hauspost.trail (at, queue_id, message_id, class, client,"
	" login, sender, recipient, leaf, event, mailbox, package, path, why,"
	" size_bytes, code, dsn, reply)"
	" SELECT to_timestamp(at::float8), queue_id, message_id, class, client,"
	" login, sender, recipient, leaf, event, mailbox, package,"
	" path::text[], why, size_bytes::bigint, code::int, dsn, reply"
	" FROM unnest($1::text[], $2::text[], $3::text[], $4::text[],"
	" $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],"
	" $10::text[], $11::text[], $12::text[], $13::text[], $14::text[],"
	" $15::text[], $16::text[], $17::text[], $18::text[])"
	" AS t(at, queue_id, message_id, class, client, login, sender,"
	" recipient, leaf, event, mailbox, package, path, why, size_bytes,"
	" code, dsn, reply)",
	18 };

struct batch *
trail_start(struct db_pool *pool)
{
	return batch_start(pool, &insert_trail);
}

static struct slice
or_null(struct slice s)
{
	return s.n > 0 ? s : DB_NULL;
}

static struct slice
number(char *space, size_t size, long long value)
{
	(void)snprintf(space, size, "%lld", value);
	return slice_of(space);
}

void
trail_add(struct batch *trail, const struct trail_event *e)
{
	const struct why *why = e->why;
	char at[40], size[24], code[24];
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)snprintf(at, sizeof at, "%lld.%06ld", (long long)now.tv_sec,
	    now.tv_nsec / 1000);
	batch_add(trail,
	    (const struct slice[]){
		slice_of(at),
		or_null(e->queue_id),
		or_null(e->message_id),
		or_null(e->class),
		or_null(e->client),
		or_null(e->login),
		e->sender, /* empty says: the null sender */
		or_null(e->recipient),
		or_null(e->leaf),
		or_null(e->event),
		or_null(e->mailbox),
		or_null(e->package),
		or_null(e->path),
		or_null(e->reason),
		e->size_bytes >= 0 ? number(size, sizeof size, e->size_bytes)
				   : DB_NULL,
		why != NULL ? number(code, sizeof code, why->code) : DB_NULL,
		why != NULL ? or_null(slice_of(why->dsn)) : DB_NULL,
		why != NULL ? or_null(slice_of(why->reply)) : DB_NULL,
	    });
}

/*
 * cli/zone.h - the DNS records that a domain needs for its mail.
 *
 * What is published stands in the directory, what the provider says of itself
 * in [provider]; a record is text as a zone file has it, names absolute.
 *
 * Ownership: texts live in the arena.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_CLI_ZONE_H
#define HAUSPOST_CLI_ZONE_H

#include "cli/served.h"
#include "core/resolver.h"

/* Which placeholder of the provider's zone files stands for a record. */
enum zone_part {
	ZONE_MAIL,     /* none: MX, SPF, DKIM, DMARC */
	ZONE_SERVICES, /* MAILSERVICES_RR: where services are (RFC 6186, 8314)
			*/
	ZONE_DISCOVER, /* AUTODISCOVER_RR: where clients ask for settings */
};

struct zone_record {
	enum zone_part part;
	enum resolver_type type;
	const char *owner; /* without the last dot */
	const char *value; /* of TXT: the text, neither quoted nor split */
	/* TXT: how the one that is meant begins; others may stand there. */
	const char *tag;
	const char *breaks; /* what does not work without it */
};

/* Where nothing is published for a domain, those of ZONE_MAIL only. */
size_t zone_records(struct arena *arena, const struct served *served,
    struct zone_record **records_out);

const char *zone_type_name(enum resolver_type type);

/* "10 mx.example." as a zone file has it; TXT quoted, in strings of 255. */
const char *zone_value(struct arena *arena, const struct zone_record *record);

#endif

/*
 * sieve/datetime.h - dates of mail (RFC 5322 3.3) and their parts (RFC 5260).
 *
 * Proleptic Gregorian, leap seconds as :60 of their minute, no process state.
 */
#ifndef HAUSPOST_SIEVE_DATETIME_H
#define HAUSPOST_SIEVE_DATETIME_H

#include <stdbool.h>
#include <stdint.h>

#include "core/slice.h"

struct datetime {
	int64_t at; /* Unix seconds */
	int zone_minutes;
	long year;
	int month, day;		  /* from 1 */
	int hour, minute, second; /* in the zone */
	int weekday;		  /* 0: Sunday */
	long julian;		  /* Modified Julian Day of the date */
};

enum { DATETIME_PART_MAX = 64 };

/* With or without weekday, comments, obsolete zones and years. */
bool datetime_parse(struct slice text, int64_t *at_out, int *zone_minutes_out);

void datetime_split(int64_t at, int zone_minutes, struct datetime *out);

/* "+0130" as minutes. */
bool datetime_zone(struct slice text, int *minutes_out);

/* Is it one of the thirteen parts of RFC 5260 4.2? */
bool datetime_is_part(struct slice part);

/* The part as text; its length. */
size_t datetime_part(const struct datetime *date, struct slice part,
    char text[DATETIME_PART_MAX]);

#endif

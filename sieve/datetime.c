#include "sieve/datetime.h"

#include <stdio.h>
#include <stdlib.h>

enum { DAY_S = 86400, MJD_OF_EPOCH = 40587 };

static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char weekday_names[] = "SunMonTueWedThuFriSat";

/* ---- Calendar ---- */

/* Days since 1970-01-01; years begin in March, so a leap day comes last. */
static int64_t
days_of(long year, int month, int day)
{
	long y = month > 2 ? year : year - 1;
	long era = (y >= 0 ? y : y - 399) / 400;
	long of_era = y - era * 400;
	long of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5;

	return (int64_t)era * 146097 + of_era * 365 + of_era / 4 -
	       of_era / 100 + of_year + day - 1 - 719468;
}

static void
date_of(int64_t days, struct datetime *out)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t of_era = z - era * 146097;
	int64_t year_of_era =
	    (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year =
	    of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int month = (int)((5 * of_year + 2) / 153);

	out->day = (int)(of_year - (153 * month + 2) / 5 + 1);
	out->month = month < 10 ? month + 3 : month - 9;
	out->year = (long)(year_of_era + era * 400) + (out->month <= 2);
}

void
datetime_split(int64_t at, int zone_minutes, struct datetime *out)
{
	int64_t local = at + (int64_t)zone_minutes * 60;
	int64_t days = local / DAY_S;
	int64_t second = local % DAY_S;

	if (second < 0) {
		second += DAY_S;
		days--;
	}
	out->at = at;
	out->zone_minutes = zone_minutes;
	date_of(days, out);
	out->hour = (int)(second / 3600);
	out->minute = (int)(second / 60 % 60);
	out->second = (int)(second % 60);
	out->weekday = (int)(((days + 4) % 7 + 7) % 7); /* a Thursday */
	out->julian = (long)(days + MJD_OF_EPOCH);
}

/* ---- Reading ---- */

static void
skip_comment(struct slice *s)
{
	int depth = 0;

	do {
		if (s->p[0] == '(')
			depth++;
		else if (s->p[0] == ')')
			depth--;
		else if (s->p[0] == '\\')
			*s = slice_tail(*s, 1);
		*s = slice_tail(*s, 1);
	} while (depth > 0 && s->n > 0);
}

static void
skip_blank(struct slice *s)
{
	while (s->n > 0) {
		char c = s->p[0];

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
			*s = slice_tail(*s, 1);
		else if (c == '(')
			skip_comment(s);
		else
			return;
	}
}

/* Digits at the front; their number, 0 when there are none or too many. */
static int
digits(struct slice *s, long *value)
{
	int n = 0;

	skip_blank(s);
	*value = 0;
	while ((size_t)n < s->n && s->p[n] >= '0' && s->p[n] <= '9' && n < 6)
		*value = *value * 10 + (s->p[n++] - '0');
	*s = slice_tail(*s, (size_t)n);
	return n;
}

static bool
number(struct slice *s, long low, long high, int *out)
{
	long value;

	if (digits(s, &value) == 0 || value < low || value > high)
		return false;
	*out = (int)value;
	return true;
}

static struct slice
letters(struct slice *s)
{
	struct slice word = *s;
	size_t n = 0;

	while (n < s->n && ((s->p[n] >= 'a' && s->p[n] <= 'z') ||
			       (s->p[n] >= 'A' && s->p[n] <= 'Z')))
		n++;
	*s = slice_tail(*s, n);
	return slice_head(word, n);
}

static bool
punctuation(struct slice *s, char c)
{
	skip_blank(s);
	if (s->n == 0 || s->p[0] != c)
		return false;
	*s = slice_tail(*s, 1);
	return true;
}

static bool
month(struct slice *s, int *out)
{
	struct slice word;

	skip_blank(s);
	word = letters(s);
	for (int i = 0; i < 12; i++) {
		if (slice_eq_nocase(
			word, (struct slice){ month_names + 3 * i, 3 })) {
			*out = i + 1;
			return true;
		}
	}
	return false;
}

/* RFC 5322 4.3: two or three digits are years of the last century. */
static bool
year(struct slice *s, long *out)
{
	int n = digits(s, out);

	if (n == 2)
		*out += *out < 50 ? 2000 : 1900;
	else if (n == 3)
		*out += 1900;
	return n >= 2;
}

static bool
time_of_day(struct slice *s, struct datetime *date)
{
	date->second = 0;
	if (!number(s, 0, 23, &date->hour) || !punctuation(s, ':') ||
	    !number(s, 0, 59, &date->minute))
		return false;
	return !punctuation(s, ':') || number(s, 0, 60, &date->second);
}

bool
datetime_zone(struct slice text, int *minutes_out)
{
	unsigned long long value;
	int minutes;

	if (text.n != 5 || (text.p[0] != '+' && text.p[0] != '-') ||
	    !slice_number(slice_tail(text, 1), 9999, &value) ||
	    value % 100 > 59)
		return false;
	minutes = (int)(value / 100 * 60 + value % 100);
	*minutes_out = text.p[0] == '-' ? -minutes : minutes;
	return true;
}

/* RFC 5322 4.3: zones by name; what nobody knows is "-0000". */
static int
named_zone(struct slice name)
{
	static const struct {
		const char *name;
		int hours;
	} zones[] = { { "EDT", -4 }, { "EST", -5 }, { "CDT", -5 },
		{ "CST", -6 }, { "MDT", -6 }, { "MST", -7 }, { "PDT", -7 },
		{ "PST", -8 } };

	for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
		if (slice_eq_nocase(name, slice_of(zones[i].name)))
			return zones[i].hours * 60;
	}
	return 0;
}

static int
zone(struct slice *s)
{
	int minutes;

	skip_blank(s);
	if (datetime_zone(slice_head(*s, 5), &minutes)) {
		*s = slice_tail(*s, 5);
		return minutes;
	}
	return named_zone(letters(s));
}

bool
datetime_parse(struct slice text, int64_t *at_out, int *zone_minutes_out)
{
	struct datetime date;

	skip_blank(&text);
	if (letters(&text).n > 0) /* the weekday follows from the date */
		(void)punctuation(&text, ',');
	if (!number(&text, 1, 31, &date.day) || !month(&text, &date.month) ||
	    !year(&text, &date.year) || !time_of_day(&text, &date))
		return false;
	*zone_minutes_out = zone(&text);
	*at_out = days_of(date.year, date.month, date.day) * DAY_S +
		  date.hour * 3600 + date.minute * 60 + date.second -
		  (int64_t)*zone_minutes_out * 60;
	return true;
}

/* ---- Parts: RFC 5260 4.2 ---- */

enum part {
	YEAR,
	MONTH,
	DAY,
	DATE,
	JULIAN,
	HOUR,
	MINUTE,
	SECOND,
	TIME,
	ISO8601,
	STD11,
	ZONE,
	WEEKDAY,
	PARTS
};

static const char *const part_names[] = { "year", "month", "day", "date",
	"julian", "hour", "minute", "second", "time", "iso8601", "std11",
	"zone", "weekday" };
_Static_assert(
    sizeof part_names / sizeof *part_names == PARTS, "name every part");

static enum part
find_part(struct slice name)
{
	int i = 0;

	while (i < PARTS && !slice_eq_nocase(name, slice_of(part_names[i])))
		i++;
	return (enum part)i;
}

bool
datetime_is_part(struct slice part)
{
	return find_part(part) != PARTS;
}

/* Parts that are one number; false: the part is put together of several. */
static bool
number_of(const struct datetime *d, enum part part, long *value)
{
	const long numbers[PARTS] = { [YEAR] = d->year,
		[MONTH] = d->month,
		[DAY] = d->day,
		[JULIAN] = d->julian,
		[HOUR] = d->hour,
		[MINUTE] = d->minute,
		[SECOND] = d->second,
		[WEEKDAY] = d->weekday };

	*value = numbers[part];
	return part != DATE && part != TIME && part != ISO8601 &&
	       part != STD11 && part != ZONE;
}

static int
width_of(enum part part)
{
	if (part == YEAR)
		return 4;
	return part == JULIAN || part == WEEKDAY ? 1 : 2;
}

/* "+0100", "+01:00" with a separator. */
static const char *
print_zone(const struct datetime *d, const char *separator, char text[8])
{
	int minutes = abs(d->zone_minutes);

	(void)snprintf(text, 8, "%c%02d%s%02d", d->zone_minutes < 0 ? '-' : '+',
	    minutes / 60 % 100, separator, minutes % 60);
	return text;
}

static int
print_composed(const struct datetime *d, enum part part, char *text)
{
	char zone_text[8];

	switch (part) {
	case ISO8601: /* RFC 3339's shorter form for UTC */
		return snprintf(text, DATETIME_PART_MAX,
		    "%04ld-%02d-%02dT%02d:%02d:%02d%s", d->year, d->month,
		    d->day, d->hour, d->minute, d->second,
		    d->zone_minutes == 0 ? "Z" : print_zone(d, ":", zone_text));
	case STD11:
		return snprintf(text, DATETIME_PART_MAX,
		    "%.3s, %02d %.3s %04ld %02d:%02d:%02d %s",
		    weekday_names + 3 * d->weekday, d->day,
		    month_names + 3 * (d->month - 1), d->year, d->hour,
		    d->minute, d->second, print_zone(d, "", zone_text));
	case DATE:
		return snprintf(text, DATETIME_PART_MAX, "%04ld-%02d-%02d",
		    d->year, d->month, d->day);
	case TIME:
		return snprintf(text, DATETIME_PART_MAX, "%02d:%02d:%02d",
		    d->hour, d->minute, d->second);
	default:
		return snprintf(text, DATETIME_PART_MAX, "%s",
		    print_zone(d, "", zone_text));
	}
}

size_t
datetime_part(const struct datetime *date, struct slice part,
    char text[DATETIME_PART_MAX])
{
	enum part which = find_part(part);
	long value;

	if (which == PARTS)
		return 0;
	if (number_of(date, which, &value))
		return (size_t)snprintf(
		    text, DATETIME_PART_MAX, "%0*ld", width_of(which), value);
	return (size_t)print_composed(date, which, text);
}

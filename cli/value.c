#include "cli/value.h"

#include <stdint.h>
#include <string.h>

#include "core/slice.h"

static bool
parse_size(struct slice text, long long *octets_out)
{
	static const char units[] = "KMG";
	unsigned long long number;
	int shift = 0;

	if (text.n > 0) {
		const char *unit =
		    memchr(units, text.p[text.n - 1], sizeof units - 1);

		if (unit != NULL) {
			shift = 10 * (int)(unit - units + 1);
			text.n--;
		}
	}
	if (!slice_number(text, INT64_MAX >> shift, &number))
		return false;
	*octets_out = (long long)(number << shift);
	return true;
}

json_t *
value_parse(enum value_type type, const char *text)
{
	unsigned long long number;
	long long octets;

	switch (type) {
	case VALUE_TEXT:
		return text[0] != '\0' ? json_string(text) : json_null();
	case VALUE_NUMBER:
		return slice_number(slice_of(text), INT32_MAX, &number)
			   ? json_integer((json_int_t)number)
			   : NULL;
	case VALUE_FLAG:
		if (strcmp(text, "yes") == 0)
			return json_true();
		return strcmp(text, "no") == 0 ? json_false() : NULL;
	case VALUE_LIMIT:
		if (strcmp(text, "none") == 0)
			return json_null();
		__attribute__((fallthrough));
	case VALUE_SIZE:
		return parse_size(slice_of(text), &octets)
			   ? json_integer(octets)
			   : NULL;
	}
	return NULL;
}

const char *
value_wanted(enum value_type type)
{
	static const char *const wanted[] = {
		[VALUE_TEXT] = "a text",
		[VALUE_NUMBER] = "a number",
		[VALUE_SIZE] = "a size such as 100, 64K or 2G",
		[VALUE_LIMIT] = "none or a size such as 100, 64K or 2G",
		[VALUE_FLAG] = "yes or no",
	};

	return wanted[type];
}

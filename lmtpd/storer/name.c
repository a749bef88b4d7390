#include "lmtpd/storer/name.h"

#include <stdio.h>

static bool
is_printable(const char *text, const char *without)
{
	for (; *text != '\0'; text++) {
		if (*text <= ' ' || *text > '~' ||
		    strchr(without, *text) != NULL)
			return false;
	}
	return true;
}

bool
name_is_mailbox(const char *text)
{
	return text[0] != '\0' && text[0] != '.' && is_printable(text, "/");
}

bool
name_is_base(const char *text)
{
	/* A comma would begin S=, a colon the flags. */
	return text[0] != '\0' && text[0] != '.' && is_printable(text, "/,:");
}

bool
name_is_script(const char *text)
{
	if (text[0] == '.' || text[0] == '\0')
		return false;
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < ' ' || c == 0x7f || c == '/')
			return false;
	}
	return true;
}

bool
name_is_folder(const char *text)
{
	size_t n = strlen(text);

	if (n == 0)
		return true;
	/* Blanks are fine in a folder's name ("Sent Items"). */
	for (size_t i = 0; i < n; i++) {
		if (text[i] < ' ' || text[i] > '~' || text[i] == '/')
			return false;
	}
	return text[0] != '.' && text[n - 1] != '.' &&
	       strstr(text, "..") == NULL;
}

bool
name_is_folder_entry(const char *entry)
{
	return entry[0] == '.' && entry[1] != '\0' && entry[1] != '.';
}

bool
name_is_flags(const char *text)
{
	for (; *text != '\0'; text++) {
		if (!((*text >= 'A' && *text <= 'Z') ||
			(*text >= 'a' && *text <= 'z')))
			return false;
		if (text[1] != '\0' && text[1] <= text[0])
			return false;
	}
	return true;
}

void
name_message(const struct store_request *request, char name[NAME_SPACE])
{
	unsigned long long size = request->head_size + request->message_size;

	(void)snprintf(name, NAME_SPACE, "%s,S=%llu,W=%llu%s%s", request->name,
	    size, size + (unsigned long long)request->line_ends,
	    request->flags[0] != '\0' ? ":2," : "", request->flags);
}

/* base, two sizes of at most 19 digits below 2^61, and the flags fit. */
_Static_assert(
    STORE_NAME_MAX + sizeof ",S=,W=:2," - 1 + 2 * 19 + STORE_FLAGS_MAX <
	NAME_SPACE,
    "a message's name fits a directory entry");

void
name_temporary(const char *base, unsigned long serial, char name[NAME_SPACE])
{
	(void)snprintf(name, NAME_SPACE, "%s.%lu", base, serial);
}

bool
name_has_base(const char *entry, const char *base)
{
	size_t n = strlen(base);

	return strncmp(entry, base, n) == 0 &&
	       (entry[n] == ',' || entry[n] == ':' || entry[n] == '\0');
}

bool
name_size(const char *entry, uint64_t *size_out)
{
	enum { DIGITS_MAX = 18 }; /* below 2^63; nobody has more */
	const char *p = strstr(entry, ",S=");
	uint64_t size = 0;
	int digits = 0;

	if (p == NULL)
		return false;
	for (p += 3; *p >= '0' && *p <= '9'; p++, digits++) {
		if (digits == DIGITS_MAX)
			return false;
		size = size * 10 + (uint64_t)(*p - '0');
	}
	if (*p != ':' && *p != ',' && *p != '\0')
		return false;
	*size_out = size;
	return true;
}

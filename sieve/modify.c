#include "sieve/modify.h"

#include "core/buf.h"
#include "core/percent.h"
#include "sieve/text.h"

static char
change_case(char c, bool upper)
{
	if (upper && c >= 'a' && c <= 'z')
		return (char)(c - ('a' - 'A'));
	return upper ? c : (char)ascii_lower((unsigned char)c);
}

/* Of the first n octets; letters of ASCII only, as the comparators see it. */
static struct slice
letters(struct run *run, struct slice s, size_t n, bool upper)
{
	char *copy = arena_strndup(run->arena, s.p, s.n);

	for (size_t i = 0; i < s.n && i < n; i++)
		copy[i] = change_case(copy[i], upper);
	return (struct slice){ copy, s.n };
}

static struct slice
quote(struct run *run, struct slice s, const char *specials)
{
	char *to = arena_alloc(run->arena, 2 * s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '\0' && strchr(specials, s.p[i]) != NULL)
			to[n++] = '\\';
		to[n++] = s.p[i];
	}
	return (struct slice){ to, n };
}

/* RFC 5229 4.1.2: characters, not octets. */
static struct slice
length(struct run *run, struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
	return run_printf(run, "%zu", n);
}

struct slice
modify(struct run *run, const struct modifiers *modifiers, struct slice value)
{
	if (modifiers->letters != 0)
		value = letters(
		    run, value, value.n, modifiers->letters == MODIFY_UPPER);
	if (modifiers->first != 0)
		value = letters(
		    run, value, 1, modifiers->first == MODIFY_UPPERFIRST);
	if (modifiers->quote == MODIFY_QUOTEWILDCARD)
		value = quote(run, value, "*?\\");
	else if (modifiers->quote == MODIFY_QUOTEREGEX)
		value = quote(run, value, "\\^$.[]|()?*+{}");
	if (modifiers->encode != 0)
		value = percent_encode(run->arena, value);
	if (modifiers->length != 0)
		value = length(run, value);
	return value;
}

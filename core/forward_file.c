#include "core/forward_file.h"

#include <errno.h>

static bool
is_separator(char c)
{
	return c == ',' || c == '\n' || c == '\r';
}

static struct slice
skip_line(struct slice s)
{
	long lf = slice_find(s, '\n');

	return lf < 0 ? slice_tail(s, s.n) : slice_tail(s, (size_t)lf + 1);
}

/* Behind separators, blanks and comments: where the next entry begins. */
static struct slice
skip_to_entry(struct slice s)
{
	bool line_begins = true;

	while (s.n > 0) {
		if (line_begins && s.p[0] == '#') {
			s = skip_line(s);
			continue;
		}
		if (!is_separator(s.p[0]) && s.p[0] != ' ' && s.p[0] != '\t')
			break;
		line_begins =
		    s.p[0] == '\n' || (line_begins && !is_separator(s.p[0]));
		s = slice_tail(s, 1);
	}
	return s;
}

/* "…" at the front: whether it is all of the entry decides what it means. */
static size_t
quoted_length(struct slice s)
{
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"')
			return i + 1;
	}
	return s.n;
}

static size_t
entry_length(struct slice s)
{
	size_t n = 0;

	while (n < s.n && !is_separator(s.p[n]))
		n += s.p[n] == '"' ? quoted_length(slice_tail(s, n)) : 1;
	return n;
}

/* "|program \"x\"" without its quotes; anything else as it is. */
static struct slice
unquote(struct arena *arena, struct slice entry)
{
	char *to;
	size_t n = 0;

	if (entry.n < 2 || entry.p[0] != '"' || quoted_length(entry) != entry.n)
		return entry;
	to = arena_alloc(arena, entry.n);
	for (size_t i = 1; i + 1 < entry.n; i++) {
		if (entry.p[i] == '\\' && i + 2 < entry.n)
			i++;
		to[n++] = entry.p[i];
	}
	return (struct slice){ to, n };
}

static struct forward_entry
classify(struct arena *arena, struct slice written)
{
	struct slice text = slice_trim(unquote(arena, written));

	if (text.n > 1 && text.p[0] == '|')
		return (struct forward_entry){ FORWARD_PROGRAM,
			slice_trim(slice_tail(text, 1)) };
	if (text.n > 1 && text.p[0] == '\\')
		return (
		    struct forward_entry){ FORWARD_SELF, slice_tail(text, 1) };
	if (text.n == 0 || strchr("/:|\\", text.p[0]) != NULL)
		return (struct forward_entry){ FORWARD_UNSUPPORTED, written };
	/* A quoted local part keeps its quotes: addr_parse() reads them. */
	return (struct forward_entry){ FORWARD_ADDRESS, slice_trim(written) };
}

ssize_t
forward_file_parse(
    struct arena *arena, struct slice text, struct forward_entry **entries_out)
{
	struct forward_entry *entries =
	    arena_calloc(arena, FORWARD_ENTRIES_MAX, sizeof *entries);
	size_t n = 0;

	for (text = skip_to_entry(text); text.n > 0;
	     text = skip_to_entry(text)) {
		size_t length = entry_length(text);

		if (n == FORWARD_ENTRIES_MAX)
			return -E2BIG;
		entries[n++] =
		    classify(arena, slice_trim(slice_head(text, length)));
		text = slice_tail(text, length);
	}
	*entries_out = entries;
	return (ssize_t)n;
}

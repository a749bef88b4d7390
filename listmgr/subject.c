#include "listmgr/subject.h"

/* English, German, Dutch, Nordic, French and Italian mailers. */
static const char *const marks[] = { "re", "aw", "antw", "antwort", "wg", "fw",
	"fwd", "sv", "vs", "vb", "ref", "tr", "rif", "r", "i" };

static size_t
blanks(struct slice s)
{
	size_t n = 0;

	while (n < s.n && (s.p[n] == ' ' || s.p[n] == '\t'))
		n++;
	return n;
}

static size_t
word(struct slice s)
{
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
		struct slice mark = slice_of(marks[i]);

		if (slice_starts_nocase(s, mark) && mark.n < s.n &&
		    strchr(":[(^ ", s.p[mark.n]) != NULL)
			return mark.n;
	}
	return 0;
}

/* "[2]", "(2)", "^2": how often it was answered. */
static size_t
count(struct slice s)
{
	size_t n = 0;

	if (s.n == 0 || strchr("[(^", s.p[0]) == NULL)
		return 0;
	do
		n++;
	while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9');
	if (s.p[0] != '^')
		n += n < s.n && (s.p[n] == ']' || s.p[n] == ')');
	return n;
}

/* "Re:", "AW[2] :"; 0 where there is none. */
static size_t
mark_length(struct slice s)
{
	size_t n = word(s);

	if (n == 0)
		return 0;
	n += count(slice_tail(s, n));
	n += blanks(slice_tail(s, n));
	return n < s.n && s.p[n] == ':' ? n + 1 : 0;
}

size_t
subject_marks(struct slice subject, unsigned *n_out)
{
	size_t end = blanks(subject), n;

	*n_out = 0;
	while ((n = mark_length(slice_tail(subject, end))) > 0) {
		end += n;
		end += blanks(slice_tail(subject, end));
		++*n_out;
	}
	return end;
}

/* "[list]" at the front, with the blanks behind it. */
static size_t
bracket_length(struct slice s)
{
	long end = slice_find(s, ']');
	size_t n;

	if (s.n == 0 || s.p[0] != '[' || end < 0)
		return 0;
	n = (size_t)end + 1;
	return n + blanks(slice_tail(s, n));
}

struct slice
subject_base(struct slice subject)
{
	struct slice rest = subject;
	size_t taken;
	unsigned n;

	do {
		taken = subject_marks(rest, &n);
		taken += bracket_length(slice_tail(rest, taken));
		rest = slice_tail(rest, taken);
	} while (taken > 0);
	rest = slice_trim(rest);
	return rest.n > 0 ? rest : slice_trim(subject);
}

/* --- the list's own prefix ---------------------------------------------- */

/* Does the prefix stand at the front of s, with any number for "%n"? */
static bool
stands_at(struct slice s, struct slice prefix)
{
	size_t i = 0;

	for (size_t k = 0; k < prefix.n; k++) {
		if (prefix.p[k] == '%' && k + 1 < prefix.n &&
		    prefix.p[k + 1] == 'n') {
			while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
				i++;
			k++;
			continue;
		}
		if (i == s.n || ascii_lower((unsigned char)s.p[i]) !=
				    ascii_lower((unsigned char)prefix.p[k]))
			return false;
		i++;
	}
	return true;
}

static bool
contains(struct slice subject, struct slice prefix)
{
	for (size_t i = 0; i < subject.n; i++) {
		if (stands_at(slice_tail(subject, i), prefix))
			return true;
	}
	return false;
}

static struct slice
numbered(struct arena *arena, struct slice prefix, unsigned long long number)
{
	const char *at = memmem(prefix.p, prefix.n, "%n", 2);
	size_t before;

	if (at == NULL)
		return prefix;
	before = (size_t)(at - prefix.p);
	return slice_of(arena_printf(arena, "%.*s%llu%.*s", (int)before,
	    prefix.p, number, SLICE_FMT(slice_tail(prefix, before + 2))));
}

bool
subject_add_prefix(struct arena *arena, struct slice prefix,
    unsigned long long number, struct slice *subject)
{
	struct slice rest, front;
	unsigned n;
	size_t end;

	prefix = slice_trim(prefix);
	if (prefix.n == 0 || contains(*subject, prefix))
		return false;
	end = subject_marks(*subject, &n);
	front = n > 1 ? SLICE("Re: ") : slice_head(*subject, end);
	rest = slice_tail(*subject, end);
	prefix = numbered(arena, prefix, number);
	*subject = slice_trim(
	    slice_of(arena_printf(arena, "%.*s%s%.*s %.*s", SLICE_FMT(front),
		front.n > 0 && front.p[front.n - 1] == ':' ? " " : "",
		SLICE_FMT(prefix), SLICE_FMT(rest))));
	return true;
}

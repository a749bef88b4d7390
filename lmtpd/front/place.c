#include "lmtpd/front/place.h"

#include "core/buf.h"
#include "lmtpd/store_record.h"

struct slice
place_special_use(struct slice use)
{
	/* As our Dovecot has them (conf/dovecot/dovecot.conf). */
	static const struct slice uses[] = { SLICE("Archive"), SLICE("Drafts"),
		SLICE("Junk"), SLICE("Sent"), SLICE("Trash") };

	if (use.n == 0 || use.p[0] != '\\')
		return SLICE("");
	for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) {
		if (slice_eq_nocase(slice_tail(use, 1), uses[i]))
			return uses[i];
	}
	return SLICE("");
}

/* --- flags ------------------------------------------------------------ */

static char
letter_of(struct slice flag)
{
	static const struct {
		struct slice flag;
		char letter;
	} letters[] = {
		{ SLICE("\\Draft"), 'D' },
		{ SLICE("\\Flagged"), 'F' },
		{ SLICE("\\Answered"), 'R' },
		{ SLICE("\\Seen"), 'S' },
		{ SLICE("\\Deleted"), 'T' },
	};

	for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
		if (slice_eq_nocase(flag, letters[i].flag))
			return letters[i].letter;
	}
	return '\0';
}

/* Upper case sorts before lower case, as Maildir wants it. */
static struct slice
sorted(struct arena *arena, const bool seen[128])
{
	char *letters = arena_alloc(arena, 128);
	size_t n = 0;

	for (int c = 'A'; c <= 'z'; c++) {
		if (seen[c])
			letters[n++] = (char)c;
	}
	return (struct slice){ letters, n };
}

static void
see(bool seen[128], struct slice letters)
{
	for (size_t i = 0; i < letters.n; i++)
		seen[letters.p[i] & 0x7F] = true;
}

struct slice
place_letters(struct arena *arena, struct slice some, struct slice others)
{
	bool seen[128] = { false };

	see(seen, some);
	see(seen, others);
	return sorted(arena, seen);
}

struct place_flags
place_flags(struct arena *arena, const struct slice *flags, size_t n)
{
	AUTO_BUF struct buf keywords = BUF_INIT(STORE_HEAD_MAX);
	bool seen[128] = { false };

	for (size_t i = 0; i < n; i++) {
		char letter = letter_of(flags[i]);

		if (letter != '\0') {
			seen[(int)letter] = true;
		} else if (flags[i].p[0] != '\\') {
			if (keywords.n > 0)
				(void)buf_add_char(&keywords, ' ');
			(void)buf_add_slice(&keywords, flags[i]);
		}
	}
	return (struct place_flags){ sorted(arena, seen),
		arena_slice(arena, buf_slice(&keywords)) };
}

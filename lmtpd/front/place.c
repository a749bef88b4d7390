#include "lmtpd/front/place.h"

#include <errno.h>
#include <sodium.h>
#include <stdint.h>

#include "core/buf.h"
#include "lmtpd/store_record.h"

/* --- modified UTF-7 --------------------------------------------------- */

enum {
	RUN_OCTETS = 2 * STORE_FOLDER_MAX, /* UTF-16 of one run of letters */
	RUN_TEXT = sodium_base64_ENCODED_LEN(
	    RUN_OCTETS, sodium_base64_VARIANT_URLSAFE_NO_PADDING),
};

/* The character at the front of well-formed UTF-8, which is cut off. */
static uint32_t
take_character(struct slice *text)
{
	unsigned char lead = (unsigned char)text->p[0];
	size_t more = lead < 0x80 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
	uint32_t c = more == 0 ? lead : lead & (0x3Fu >> more);

	for (size_t i = 1; i <= more; i++)
		c = c << 6 | ((unsigned char)text->p[i] & 0x3F);
	*text = slice_tail(*text, more + 1);
	return c;
}

static void
add_unit(struct buf *to, uint32_t unit)
{
	(void)buf_add_char(to, (char)(unit >> 8));
	(void)buf_add_char(to, (char)(unit & 0xFF));
}

static void
add_utf16(struct buf *to, uint32_t c)
{
	if (c < 0x10000) {
		add_unit(to, c);
		return;
	}
	add_unit(to, 0xD800 + ((c - 0x10000) >> 10));
	add_unit(to, 0xDC00 + ((c - 0x10000) & 0x3FF));
}

/* RFC 3501 5.1.3: base64 with "," for "/", without padding. */
static void
end_run(struct buf *to, struct buf *run)
{
	char text[RUN_TEXT];

	if (run->n == 0)
		return;
	(void)sodium_bin2base64(text, sizeof text,
	    (const unsigned char *)run->p, run->n,
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	(void)buf_add_char(to, '&');
	for (const char *p = text; *p != '\0'; p++)
		(void)buf_add_char(
		    to, *p == '_' ? ',' : (char)(*p == '-' ? '+' : *p));
	(void)buf_add_char(to, '-');
	buf_reset(run);
}

static void
add_plain(struct buf *to, uint32_t c)
{
	if (c == '&')
		(void)buf_add_text(to, "&-");
	else
		(void)buf_add_char(to, c == '/' ? '.' : (char)c);
}

static void
add_utf7(struct buf *to, struct slice text)
{
	AUTO_BUF struct buf run = BUF_INIT(RUN_OCTETS);

	while (text.n > 0) {
		uint32_t c = take_character(&text);

		if (c > '~') {
			add_utf16(&run, c);
			continue;
		}
		end_run(to, &run);
		add_plain(to, c);
	}
	end_run(to, &run);
	to->failed |= buf_failed(&run);
}

/* --- folders ---------------------------------------------------------- */

static bool
has_controls(struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c < ' ' || c == 0x7f)
			return true;
	}
	return false;
}

/* No level is empty, and none leads upwards. */
static bool
has_levels(const struct buf *folder)
{
	return folder->n > 0 && folder->p[0] != '.' &&
	       folder->p[folder->n - 1] != '.' &&
	       strstr(folder->p, "..") == NULL;
}

int
place_folder(
    struct arena *arena, struct slice mailbox, struct slice *folder_out)
{
	AUTO_BUF struct buf folder = BUF_INIT(STORE_FOLDER_MAX);

	if (slice_eq_nocase(mailbox, SLICE("INBOX"))) {
		*folder_out = SLICE("");
		return 0;
	}
	if (!slice_is_text(mailbox) || has_controls(mailbox))
		return -EINVAL;
	add_utf7(&folder, mailbox);
	if (buf_failed(&folder) || !has_levels(&folder))
		return -EINVAL;
	*folder_out = arena_slice(arena, buf_slice(&folder));
	return 0;
}

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

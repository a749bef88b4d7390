#include "core/folder_name.h"

#include <errno.h>
#include <sodium.h>
#include <stdint.h>

#include "core/buf.h"

/* --- modified UTF-7 --------------------------------------------------- */

enum {
	RUN_OCTETS = 2 * FOLDER_NAME_MAX, /* UTF-16 of one run of letters */
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
folder_name(struct arena *arena, struct slice mailbox, struct slice *folder_out)
{
	AUTO_BUF struct buf folder = BUF_INIT(FOLDER_NAME_MAX);

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

#include "sendmail/message.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/header.h"
#include "core/scope.h"
#include "sieve/address.h"

/* --- reading ---------------------------------------------------------- */

static bool
is_end(struct slice line)
{
	return slice_eq(line, SLICE(".\n")) || slice_eq(line, SLICE(".\r\n")) ||
	       slice_eq(line, SLICE("."));
}

int
message_read(FILE *in, bool keep_dots, struct buf *text)
{
	AUTO_FREE char *line = NULL;
	size_t room = 0;
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = getline(&line, &room, in)) > 0) {
		if (!keep_dots && is_end((struct slice){ line, (size_t)n }))
			return 0;
		r = buf_add(text, line, (size_t)n);
	}
	return r == 0 && ferror(in) ? -EIO : r;
}

/* --- fields that are added -------------------------------------------- */

static bool
is_ascii_name(struct slice name)
{
	for (size_t i = 0; i < name.n; i++) {
		if ((unsigned char)name.p[i] >= 0x7f || name.p[i] < ' ')
			return false;
	}
	return true;
}

/* RFC 5322 3.2.4 quoted-string. */
static void
add_quoted(struct buf *to, struct slice name)
{
	(void)buf_add_char(to, '"');
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '"' || name.p[i] == '\\')
			(void)buf_add_char(to, '\\');
		(void)buf_add_char(to, name.p[i]);
	}
	(void)buf_add_text(to, "\" ");
}

enum {
	NAME_OCTETS = 45, /* RFC 2047 2: an encoded word has 75 at most */
	NAME_BASE64 = sodium_base64_ENCODED_LEN(
	    NAME_OCTETS, sodium_base64_VARIANT_ORIGINAL),
};

/* RFC 2047; no octet of it can end the line. */
static void
add_encoded(struct buf *to, struct slice name)
{
	char word[NAME_BASE64];

	name = slice_head(name, NAME_OCTETS);
	while (!slice_is_text(name) && name.n > 0) /* a character cut in two */
		name.n--;
	(void)sodium_bin2base64(word, sizeof word,
	    (const unsigned char *)name.p, name.n,
	    sodium_base64_VARIANT_ORIGINAL);
	(void)buf_addf(to, "=?utf-8?B?%s?= ", word);
}

static void
add_from(struct buf *to, const struct message_author *author)
{
	(void)buf_add_text(to, "From: ");
	if (author->full_name.n > 0 && is_ascii_name(author->full_name))
		add_quoted(to, author->full_name);
	else if (author->full_name.n > 0)
		add_encoded(to, author->full_name);
	(void)buf_addf(to, "<%.*s>\n", SLICE_FMT(author->address));
}

static void
add_date(struct buf *to, time_t now)
{
	char date[64];
	struct tm tm;

	(void)strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S %z",
	    localtime_r(&now, &tm));
	(void)buf_addf(to, "Date: %s\n", date);
}

static void
add_message_id(struct buf *to, const struct message_author *author)
{
	(void)buf_addf(to, "Message-ID: <%lld.%d.%08x@%s>\n",
	    (long long)author->now, (int)getpid(), randombytes_random(),
	    author->host);
}

/* --- recipients ------------------------------------------------------- */

static bool
is_one_of(struct slice name, const char *const *names)
{
	for (; *names != NULL; names++) {
		if (slice_eq_nocase(name, slice_of(*names)))
			return true;
	}
	return false;
}

static const char *const to_fields[] = { "To", "Cc", "Bcc", NULL };
static const char *const resent_fields[] = { "Resent-To", "Resent-Cc",
	"Resent-Bcc", NULL };
static const char *const dropped_fields[] = { "Bcc", "Resent-Bcc", NULL };

static bool
has_any(struct slice text, const char *const *names)
{
	struct header_walk walk = header_start(text);
	struct header_field field;

	while (header_next(&walk, &field)) {
		if (is_one_of(field.name, names))
			return true;
	}
	return false;
}

static void
add_recipients(struct arena *arena, struct slice value, struct message *message)
{
	struct address_walk walk = address_start(arena, value);
	struct address address;

	while (message->n_recipients < MESSAGE_RECIPIENTS_MAX &&
	       address_next(&walk, &address)) {
		if (address.text.n > 0)
			message->recipients[message->n_recipients++] =
			    arena_slice(arena, address.text);
	}
}

/* A message that is sent again says so, and for whom (RFC 5322 3.6.6). */
static void
list_recipients(struct arena *arena, struct slice text, struct message *message)
{
	const char *const *names =
	    has_any(text, resent_fields) ? resent_fields : to_fields;
	struct header_walk walk = header_start(text);
	struct header_field field;
	size_t room = text.n / 2 + 1; /* an octet and a comma each */

	message->recipients = arena_calloc(arena,
	    room < MESSAGE_RECIPIENTS_MAX ? room : MESSAGE_RECIPIENTS_MAX,
	    sizeof *message->recipients);
	while (header_next(&walk, &field)) {
		if (is_one_of(field.name, names))
			add_recipients(arena, field.value, message);
	}
}

/* --- the whole -------------------------------------------------------- */

/* "From anna Mon Jan 1 …" of a mailbox file is no header field. */
static struct slice
without_mbox_line(struct slice text)
{
	long lf = slice_find(text, '\n');

	if (lf < 0 || text.n < 5 || memcmp(text.p, "From ", 5) != 0)
		return text;
	return slice_tail(text, (size_t)lf + 1);
}

static void
add_missing(
    struct buf *head, struct slice text, const struct message_author *author)
{
	static const char *const from[] = { "From", NULL };
	static const char *const date[] = { "Date", NULL };
	static const char *const id[] = { "Message-ID", NULL };

	if (!has_any(text, from))
		add_from(head, author);
	if (!has_any(text, date))
		add_date(head, author->now);
	if (!has_any(text, id))
		add_message_id(head, author);
}

static void
copy_fields(struct buf *head, struct slice text)
{
	struct header_walk walk = header_start(text);
	struct header_field field;

	while (header_next(&walk, &field)) {
		if (!is_one_of(field.name, dropped_fields))
			(void)buf_add_slice(head, field.whole);
	}
	if (head->n > 0 && head->p[head->n - 1] != '\n')
		(void)buf_add_char(head, '\n');
}

/* Text that does not begin with a header is all body. */
static bool
begins_body(struct slice rest)
{
	return rest.n > 0 &&
	       (rest.p[0] == '\n' ||
		   (rest.n > 1 && rest.p[0] == '\r' && rest.p[1] == '\n'));
}

void
message_compose(struct arena *arena, struct slice text,
    const struct message_author *author, struct message *message_out)
{
	AUTO_BUF struct buf head = BUF_INIT(MESSAGE_MAX);

	text = without_mbox_line(text);
	*message_out = (struct message){ .n_recipients = 0 };
	list_recipients(arena, text, message_out);
	message_out->body = slice_tail(text, header_length(text));
	add_missing(&head, text, author);
	copy_fields(&head, text);
	if (!begins_body(message_out->body))
		(void)buf_add_char(&head, '\n');
	message_out->head = arena_slice(arena, buf_slice(&head));
}

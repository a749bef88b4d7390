#include "sieve/compose.h"

#include "core/buf.h"
#include "sieve/address.h"
#include "sieve/datetime.h"
#include "sieve/header_write.h"
#include "sieve/message.h"
#include "sieve/text.h"

enum {
	MESSAGE_MAX = 1024 * 1024,
	REFERENCES_MAX = 2048, /* octets of a thread's ids that are kept */
};

/* A message that is being written. */
struct draft {
	const struct sieve_compose *compose;
	struct arena *arena;
	struct buf out;
};

static const struct slice crlf = { "\r\n", 2 };

/* ---- Header ---- */

/* A field whose value is text for people. */
static void
text_field(struct draft *draft, const char *name, struct slice text)
{
	struct slice value =
	    header_write(draft->arena, strlen(name), text, crlf);

	if (value.n == 0)
		return;
	(void)buf_addf(&draft->out, "%s: %.*s\r\n", name, SLICE_FMT(value));
}

/* A field made of our own words: nothing to encode. */
static void
plain_field(struct draft *draft, const char *name, const char *value)
{
	(void)buf_addf(&draft->out, "%s: %s\r\n", name, value);
}

/* The display name is encoded, the address is not. */
static void
address_field(struct draft *draft, const char *name, struct slice text)
{
	struct address address;
	struct slice display;

	if (!address_parse(draft->arena, text, &address))
		return;
	display = header_write(draft->arena, strlen(name), address.name, crlf);
	if (display.n == 0) {
		(void)buf_addf(&draft->out, "%s: <%.*s>\r\n", name,
		    SLICE_FMT(address.text));
		return;
	}
	/* An encoded word must not be quoted, other names had better be. */
	if (slice_starts_nocase(display, SLICE("=?")) ||
	    slice_find(address.name, '"') >= 0 ||
	    slice_find(address.name, '\\') >= 0)
		(void)buf_addf(&draft->out, "%s: %.*s <%.*s>\r\n", name,
		    SLICE_FMT(display), SLICE_FMT(address.text));
	else
		(void)buf_addf(&draft->out, "%s: \"%.*s\" <%.*s>\r\n", name,
		    SLICE_FMT(display), SLICE_FMT(address.text));
}

static struct slice
original(const struct draft *draft, const char *name)
{
	struct fields *fields = message_fields(draft->compose->message);
	size_t i = fields_find(fields, slice_of(name), 0);

	return i < fields->n ? fields_text(fields, i) : (struct slice){ "", 0 };
}

static void
date_field(struct draft *draft)
{
	struct datetime date;
	char text[DATETIME_PART_MAX];
	size_t n;

	datetime_split(draft->compose->now, 0, &date);
	n = datetime_part(&date, SLICE("std11"), text);
	(void)buf_addf(&draft->out, "Date: %.*s\r\n", (int)n, text);
}

/* RFC 5322 3.6.4: the thread goes on. */
static void
thread_fields(struct draft *draft)
{
	struct slice id = original(draft, "Message-ID");
	struct slice references = original(draft, "References");
	AUTO_BUF struct buf all = BUF_INIT(2 * REFERENCES_MAX);

	if (id.n == 0 || id.n > REFERENCES_MAX)
		return;
	text_field(draft, "In-Reply-To", id);
	if (references.n > 0 && references.n <= REFERENCES_MAX)
		(void)buf_addf(&all, "%.*s ", SLICE_FMT(references));
	(void)buf_add_slice(&all, id);
	text_field(draft, "References", buf_slice(&all));
}

static void
common_fields(struct draft *draft)
{
	date_field(draft);
	text_field(draft, "Message-ID", draft->compose->message_id);
	plain_field(draft, "MIME-Version", "1.0");
}

static void
text_type_fields(struct draft *draft)
{
	plain_field(draft, "Content-Type", "text/plain; charset=utf-8");
	plain_field(draft, "Content-Transfer-Encoding", "8bit");
}

/* ---- Body ---- */

/* Text with whatever line ends, as CRLF lines. */
static void
add_lines(struct draft *draft, struct slice text)
{
	struct slice line;

	while (slice_cut(&text, '\n', &line)) {
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		if (line.n == 0 && text.p == NULL)
			break;
		(void)buf_add_slice(&draft->out, line);
		(void)buf_add_slice(&draft->out, crlf);
	}
}

static struct draft
draft_start(const struct sieve_compose *compose, struct arena *arena)
{
	return (struct draft){ compose, arena, BUF_INIT(MESSAGE_MAX) };
}

static struct slice
draft_end(struct draft *draft)
{
	struct slice text = arena_slice(draft->arena, buf_slice(&draft->out));

	buf_free(&draft->out);
	return text;
}

struct slice
sieve_compose_vacation(const struct sieve_compose *compose,
    const struct sieve_vacation *vacation, struct arena *arena)
{
	struct draft draft = draft_start(compose, arena);

	address_field(&draft, "From", vacation->from);
	address_field(&draft, "To", vacation->to);
	text_field(&draft, "Subject", vacation->subject);
	thread_fields(&draft);
	/* RFC 5230 5.4 and RFC 3834 3.1.7: nobody answers an answer. */
	plain_field(&draft, "Auto-Submitted", "auto-replied (vacation)");
	plain_field(&draft, "Precedence", "bulk");
	plain_field(&draft, "X-Auto-Response-Suppress", "All");
	common_fields(&draft);
	if (!vacation->mime) { /* with :mime the reason says its own type */
		text_type_fields(&draft);
		(void)buf_add_slice(&draft.out, crlf);
	}
	add_lines(&draft, vacation->reason);
	return draft_end(&draft);
}

/* ---- reject: RFC 5429 2.2, RFC 8098 3 ---- */

static void
reject_report(struct draft *draft)
{
	const struct sieve_compose *compose = draft->compose;
	struct slice id = original(draft, "Message-ID");

	plain_field(draft, "Content-Type", "message/disposition-notification");
	(void)buf_add_slice(&draft->out, crlf);
	text_field(draft, "Reporting-UA", compose->host);
	(void)buf_addf(&draft->out, "Final-Recipient: rfc822; %.*s\r\n",
	    SLICE_FMT(
		header_write(draft->arena, 16, compose->envelope->to, crlf)));
	text_field(draft, "Original-Message-ID", id);
	plain_field(draft, "Disposition",
	    "automatic-action/MDN-sent-automatically; deleted");
}

struct slice
sieve_compose_reject(const struct sieve_compose *compose, struct slice reason,
    struct arena *arena)
{
	struct draft draft = draft_start(compose, arena);
	struct slice mark = slice_trim(compose->message_id);
	struct slice subject = original(&draft, "Subject");

	if (mark.n > 2)
		mark = slice_head(slice_tail(mark, 1), mark.n - 2);
	(void)buf_addf(&draft.out, "From: Mail Delivery <postmaster@%.*s>\r\n",
	    SLICE_FMT(compose->host));
	address_field(&draft, "To", compose->envelope->from);
	text_field(&draft, "Subject",
	    slice_of(arena_printf(
		arena, "Rejected: %.*s", SLICE_FMT(text_cut(subject, 500)))));
	thread_fields(&draft);
	plain_field(&draft, "Auto-Submitted", "auto-replied (rejected)");
	common_fields(&draft);
	(void)buf_addf(&draft.out,
	    "Content-Type: multipart/report;\r\n"
	    " report-type=disposition-notification;\r\n"
	    " boundary=\"=_%.*s\"\r\n\r\n--=_%.*s\r\n",
	    SLICE_FMT(mark), SLICE_FMT(mark));
	text_type_fields(&draft);
	(void)buf_add_slice(&draft.out, crlf);
	add_lines(&draft, reason);
	(void)buf_addf(&draft.out, "\r\n--=_%.*s\r\n", SLICE_FMT(mark));
	reject_report(&draft);
	(void)buf_addf(&draft.out, "\r\n--=_%.*s--\r\n", SLICE_FMT(mark));
	return draft_end(&draft);
}

/* ---- notify: RFC 5436 2 ---- */

static struct slice
notify_subject(struct draft *draft, const struct sieve_notify *notify)
{
	if (notify->message.n > 0) /* 2.3 */
		return notify->message;
	for (size_t i = 0; i < notify->n_headers; i++) {
		if (slice_eq_nocase(notify->headers[i].name, SLICE("subject")))
			return notify->headers[i].value;
	}
	return original(draft, "Subject");
}

static void
priority_fields(struct draft *draft, int importance)
{
	static const char *const words[] = { "high", "normal", "low" };
	static const char *const numbers[] = { "1 (High)", "3 (Normal)",
		"5 (Low)" };

	plain_field(draft, "Importance", words[importance - 1]);
	plain_field(draft, "X-Priority", numbers[importance - 1]);
}

static void
notify_recipients(struct draft *draft, const struct sieve_notify *notify)
{
	(void)buf_add_text(&draft->out, "To: ");
	for (size_t i = 0; i < notify->n_to; i++)
		(void)buf_addf(&draft->out, "%s<%.*s>", i > 0 ? ",\r\n " : "",
		    SLICE_FMT(notify->to[i]));
	(void)buf_add_slice(&draft->out, crlf);
}

struct slice
sieve_compose_notify(const struct sieve_compose *compose,
    const struct sieve_notify *notify, struct slice own, struct arena *arena)
{
	struct draft draft = draft_start(compose, arena);
	struct slice body = notify->body;

	address_field(&draft, "From", notify->from.n > 0 ? notify->from : own);
	notify_recipients(&draft, notify);
	text_field(&draft, "Subject", notify_subject(&draft, notify));
	for (size_t i = 0; i < notify->n_headers; i++) {
		const struct sieve_item *h = &notify->headers[i];

		if (!slice_eq_nocase(h->name, SLICE("subject")))
			text_field(&draft,
			    arena_strndup(arena, h->name.p, h->name.n),
			    h->value);
	}
	(void)buf_addf(&draft.out,
	    "Auto-Submitted: auto-notified; owner-email=\"%.*s\"\r\n",
	    SLICE_FMT(header_write(arena, 50, own, crlf)));
	priority_fields(&draft, notify->importance);
	common_fields(&draft);
	text_type_fields(&draft);
	(void)buf_add_slice(&draft.out, crlf);
	if (body.n == 0)
		body = SLICE("Notification of new message.\r\n");
	add_lines(&draft, body);
	return draft_end(&draft);
}

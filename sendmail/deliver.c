#include <errno.h>
#include <string.h>

#include "core/smtpc.h"
#include "sendmail/message.h"
#include "sendmail/sendmail.h"

int
sendmail_say(int code, const char *about, const char *text)
{
	(void)fprintf(stderr, "sendmail: %s%s%s\n", about,
	    about[0] != '\0' ? ": " : "", text);
	return code;
}

/* --- addresses -------------------------------------------------------- */

/* Bare names are of this machine. */
static struct slice
complete(struct sendmail *s, struct slice address)
{
	if (address.n >= 2 && address.p[0] == '<' &&
	    address.p[address.n - 1] == '>')
		address = slice_head(slice_tail(address, 1), address.n - 2);
	if (address.n == 0 || slice_find(address, '@') >= 0)
		return address;
	return slice_of(arena_printf(
	    &s->arena, "%.*s@%s", SLICE_FMT(address), s->config.common.node));
}

static struct slice
own_address(struct sendmail *s)
{
	return complete(s, s->user);
}

static bool
needs_utf8(struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		if ((unsigned char)text.p[i] >= 0x80)
			return true;
	}
	return false;
}

/* --- the envelope ----------------------------------------------------- */

static struct slice
rcpt_params(struct sendmail *s)
{
	const char *notify = s->options.notify;

	if (notify == NULL)
		return (struct slice){ "", 0 };
	return slice_of(arena_printf(&s->arena, "NOTIFY=%s", notify));
}

static void
add_rcpt(struct sendmail *s, struct smtpc_mail *mail, struct slice address)
{
	mail->rcpts[mail->n_rcpts++] =
	    (struct smtpc_rcpt){ .address = complete(s, address),
		    .params = rcpt_params(s) };
}

static void
list_rcpts(
    struct sendmail *s, const struct message *message, struct smtpc_mail *mail)
{
	const struct options *options = &s->options;
	size_t in_header = options->from_header ? message->n_recipients : 0;

	mail->rcpts = arena_calloc(&s->arena,
	    (size_t)options->n_recipients + in_header + 1, sizeof *mail->rcpts);
	for (int i = 0; i < options->n_recipients; i++)
		add_rcpt(s, mail, slice_of(options->recipients[i]));
	for (size_t i = 0; i < in_header; i++)
		add_rcpt(s, mail, message->recipients[i]);
}

static struct slice
mail_params(struct sendmail *s, const struct smtpc_mail *mail)
{
	const struct options *options = &s->options;
	bool utf8 = needs_utf8(mail->sender);

	for (size_t i = 0; i < mail->n_rcpts; i++)
		utf8 |= needs_utf8(mail->rcpts[i].address);
	return slice_of(arena_printf(&s->arena, "BODY=8BITMIME%s%s%s%s%s",
	    utf8 ? " SMTPUTF8" : "", options->ret != NULL ? " RET=" : "",
	    options->ret != NULL ? options->ret : "",
	    options->envid != NULL ? " ENVID=" : "",
	    options->envid != NULL ? options->envid : ""));
}

/* --- what became of it ------------------------------------------------ */

static int
exit_code(const struct why *why)
{
	struct slice dsn = slice_of(why->dsn);

	if (why->verdict == MAIL_OK)
		return EX_OK;
	if (why->verdict == MAIL_TEMPFAIL)
		return EX_TEMPFAIL;
	if (slice_starts_nocase(dsn, SLICE("5.1.")))
		return EX_NOUSER;
	return slice_starts_nocase(dsn, SLICE("5.7.")) ? EX_NOPERM
						       : EX_UNAVAILABLE;
}

static int
tell(const struct smtpc_rcpt *rcpt)
{
	char about[400], text[WHY_REPLY_MAX + 40];

	if (rcpt->why.verdict == MAIL_OK)
		return EX_OK;
	(void)snprintf(about, sizeof about, "%.*s",
	    SLICE_FMT(slice_head(rcpt->address, 320)));
	(void)snprintf(text, sizeof text, "%d %s %s", rcpt->why.code,
	    rcpt->why.dsn, rcpt->why.reply);
	return sendmail_say(exit_code(&rcpt->why), about, text);
}

/* For good outweighs for now: trying again would not help all of them. */
static int
tell_all(const struct smtpc_mail *mail)
{
	int code = EX_OK;

	for (size_t i = 0; i < mail->n_rcpts; i++) {
		int one = tell(&mail->rcpts[i]);

		if (code == EX_OK || (code == EX_TEMPFAIL && one != EX_OK))
			code = one;
	}
	return code;
}

/* --- delivering ------------------------------------------------------- */

static int
hand_over(struct sendmail *s, struct smtpc_mail *mail)
{
	const struct smtpc_options options = { SMTPC_SMTP, s->config.server,
		s->config.common.node, s->config.timeout_ms };
	struct smtpc *smtpc;
	struct why why = { 0 };

	if (smtpc_open(&options, &smtpc, &why) < 0)
		return sendmail_say(EX_TEMPFAIL, "no mail server",
		    why.detail[0] != '\0' ? why.detail : why.reply);
	(void)smtpc_send(smtpc, mail, &why);
	smtpc_close(smtpc);
	return tell_all(mail);
}

static int
send_message(struct sendmail *s, const struct message *message)
{
	const struct smtpc_part parts[] = { SMTPC_OCTETS(message->head),
		SMTPC_OCTETS(message->body) };
	struct smtpc_mail mail = { .parts = parts,
		.n_parts = sizeof parts / sizeof *parts };

	list_rcpts(s, message, &mail);
	if (mail.n_rcpts == 0)
		return sendmail_say(
		    EX_USAGE, "", "no recipients: name some, or use -t");
	mail.sender = own_address(s);
	if (s->options.sender != NULL)
		mail.sender = complete(s, slice_of(s->options.sender));
	mail.params = mail_params(s, &mail);
	return hand_over(s, &mail);
}

int
sendmail_deliver(struct sendmail *s)
{
	AUTO_BUF struct buf text = BUF_INIT(MESSAGE_MAX);
	struct message_author author = { own_address(s), s->full_name,
		s->config.common.node, time(NULL) };
	struct message message;
	int r = message_read(stdin, s->options.keep_dots, &text);

	if (r < 0)
		return sendmail_say(r == -EMSGSIZE ? EX_DATAERR : EX_IOERR,
		    "standard input", strerror(-r));
	if (s->options.full_name != NULL)
		author.full_name = slice_of(s->options.full_name);
	if (s->options.sender != NULL &&
	    complete(s, slice_of(s->options.sender)).n > 0)
		author.address = complete(s, slice_of(s->options.sender));
	message_compose(&s->arena, buf_slice(&text), &author, &message);
	return send_message(s, &message);
}

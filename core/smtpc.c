#include "core/smtpc.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/endpoint.h"
#include "core/io.h"
#include "core/scope.h"
#include "core/smtp_reply.h"

enum {
	OUT_CHUNK = 64 * 1024, /* octets per write of message text */
	/* Replies wait in our socket buffer while we still write commands: a
	 * window of this many can not fill both directions (RFC 2920 3.1). */
	ENVELOPE_WINDOW = 200,
	OUT_MAX = ENVELOPE_WINDOW * 2048, /* and more than two OUT_CHUNKs */
};

struct smtpc {
	int fd; /* -1 once the stream is out of step */
	enum smtpc_protocol protocol;
	long timeout_ms;
	bool pipelining;
	struct buf in; /* replies; the first `used` octets are consumed */
	size_t used;
	struct buf offers; /* EHLO's answer, a keyword line each */
	struct buf out;
};

/* --- the stream ------------------------------------------------------- */

static int
lose(struct smtpc *smtpc, int error, struct why *why, const char *step)
{
	if (smtpc->fd >= 0)
		(void)close(smtpc->fd);
	smtpc->fd = -1;
	return why_fail(why, error, "next server: %s", step);
}

static int
flush_out(struct smtpc *smtpc, struct why *why, const char *step)
{
	int r = buf_failed(&smtpc->out) ? -EMSGSIZE
					: io_send(smtpc->fd, smtpc->out.p,
					      smtpc->out.n, smtpc->timeout_ms);

	buf_reset(&smtpc->out);
	return r < 0 ? lose(smtpc, -r, why, step) : 0;
}

static int
receive_more(struct smtpc *smtpc)
{
	ssize_t n;

	buf_consume(&smtpc->in, smtpc->used);
	smtpc->used = 0;
	if (buf_reserve(&smtpc->in, 4096) < 0)
		return -EPROTO;
	n = io_receive(
	    smtpc->fd, smtpc->in.p + smtpc->in.n, 4096, smtpc->timeout_ms);
	if (n <= 0)
		return n < 0 ? (int)n : -ECONNRESET;
	buf_grown(&smtpc->in, (size_t)n);
	return 0;
}

/* The next reply; its slices are good until the next call. */
static int
read_reply(struct smtpc *smtpc, struct smtp_reply *reply, struct why *why,
    const char *step)
{
	for (;;) {
		struct slice input =
		    slice_tail(buf_slice(&smtpc->in), smtpc->used);
		ssize_t n = smtp_reply_parse(input, reply);
		int r;

		if (n > 0) {
			smtpc->used += (size_t)n;
			return 0;
		}
		r = n < 0 ? (int)n : receive_more(smtpc);
		if (r < 0)
			return lose(smtpc, -r, why, step);
	}
}

/* Sends what is buffered and wants a reply of the given class. */
static int
exchange(
    struct smtpc *smtpc, int class, struct smtp_reply *reply, struct why *why)
{
	int r = flush_out(smtpc, why, "send a command");

	if (r == 0)
		r = read_reply(smtpc, reply, why, "read a reply");
	if (r < 0)
		return r;
	if (reply->code / 100 == class)
		return 0;
	(void)smtp_reply_why(reply, why);
	return -EPROTO;
}

/* --- opening ---------------------------------------------------------- */

static void
take_offers(struct smtpc *smtpc, const struct smtp_reply *reply)
{
	struct slice lines = reply->lines, line;

	while (smtp_reply_line(&lines, &line)) {
		(void)buf_add_slice(&smtpc->offers, line);
		(void)buf_add_char(&smtpc->offers, '\n');
	}
}

bool
smtpc_offers(const struct smtpc *smtpc, struct slice keyword)
{
	struct slice lines = buf_slice(&smtpc->offers), line, word;

	while (slice_cut(&lines, '\n', &line)) {
		if (slice_cut(&line, ' ', &word) &&
		    slice_eq_nocase(word, keyword))
			return true;
	}
	return false;
}

static int
greet(struct smtpc *smtpc, const char *helo, struct why *why)
{
	struct smtp_reply reply;
	int r = exchange(smtpc, 2, &reply, why); /* the banner */

	if (r < 0)
		return r;
	(void)buf_addf(&smtpc->out, "%s %s\r\n",
	    smtpc->protocol == SMTPC_LMTP ? "LHLO" : "EHLO", helo);
	r = exchange(smtpc, 2, &reply, why);
	if (r < 0)
		return r;
	take_offers(smtpc, &reply);
	smtpc->pipelining = smtpc_offers(smtpc, SLICE("PIPELINING"));
	return 0;
}

int
smtpc_open(const struct smtpc_options *options, struct smtpc **smtpc_out,
    struct why *why)
{
	struct smtpc *smtpc;
	int r,
	    fd = endpoint_connect(options->endpoint, options->timeout_ms, why);

	if (fd < 0)
		return fd;
	smtpc = calloc(1, sizeof *smtpc);
	if (smtpc == NULL)
		abort();
	smtpc->fd = fd;
	smtpc->protocol = options->protocol;
	smtpc->timeout_ms = options->timeout_ms;
	smtpc->in = (struct buf)BUF_INIT(SMTP_REPLY_MAX + 8192);
	smtpc->offers = (struct buf)BUF_INIT(SMTP_REPLY_MAX);
	smtpc->out = (struct buf)BUF_INIT(OUT_MAX);
	r = greet(smtpc, options->helo, why);
	if (r < 0) {
		smtpc_close(smtpc);
		return r;
	}
	*smtpc_out = smtpc;
	return 0;
}

bool
smtpc_usable(const struct smtpc *smtpc)
{
	return smtpc->fd >= 0;
}

void
smtpc_close(struct smtpc *smtpc)
{
	if (smtpc == NULL)
		return;
	if (smtpc->fd >= 0) {
		/* A courtesy; nobody waits for the 221. */
		(void)io_send(smtpc->fd, "QUIT\r\n", 6, 1000);
		(void)close(smtpc->fd);
	}
	buf_free(&smtpc->in);
	buf_free(&smtpc->offers);
	buf_free(&smtpc->out);
	free(smtpc);
}

/* --- the envelope ----------------------------------------------------- */

/* A line end in an address would be a command of its own. */
static bool
is_clean(struct slice s)
{
	return slice_find(s, '\r') < 0 && slice_find(s, '\n') < 0 &&
	       slice_find(s, '\0') < 0;
}

static const struct {
	const char *param;   /* as it begins */
	const char *keyword; /* the offer it needs */
} needed[] = {
	{ "SIZE=", "SIZE" },
	{ "BODY=", "8BITMIME" },
	{ "RET=", "DSN" },
	{ "ENVID=", "DSN" },
	{ "ORCPT=", "DSN" },
	{ "NOTIFY=", "DSN" },
	{ "XVERP", "XVERP" },
};

static bool
is_offered(const struct smtpc *smtpc, struct slice param)
{
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
		if (slice_starts_nocase(param, slice_of(needed[i].param)))
			return smtpc_offers(smtpc, slice_of(needed[i].keyword));
	}
	return true;
}

static void
add_command(struct smtpc *smtpc, const char *verb, struct slice address,
    struct slice params)
{
	struct slice param;

	(void)buf_addf(&smtpc->out, "%s:<%.*s>", verb, SLICE_FMT(address));
	while (slice_cut(&params, ' ', &param)) {
		if (param.n > 0 && is_offered(smtpc, param))
			(void)buf_addf(&smtpc->out, " %.*s", SLICE_FMT(param));
	}
	(void)buf_add_text(&smtpc->out, "\r\n");
}

/*
 * The envelope is MAIL, every RCPT, DATA: n_rcpts + 2 steps. A pipelining
 * server gets a window full of them in one write, others one at a time.
 */
static void
add_step(struct smtpc *smtpc, const struct smtpc_mail *mail, size_t step)
{
	if (step == 0) {
		add_command(smtpc, "MAIL FROM", mail->sender, mail->params);
	} else if (step <= mail->n_rcpts) {
		const struct smtpc_rcpt *rcpt = &mail->rcpts[step - 1];

		add_command(smtpc, "RCPT TO", rcpt->address, rcpt->params);
	} else {
		(void)buf_add_text(&smtpc->out, "DATA\r\n");
	}
}

struct envelope {
	struct why sender; /* what MAIL was answered */
	struct why data;   /* and DATA: code 354 is the go-ahead */
	struct why lost;   /* why the connection is gone */
};

static int
read_step(struct smtpc *smtpc, struct smtpc_mail *mail, size_t step,
    struct envelope *envelope)
{
	struct smtp_reply reply;
	struct why *why = &envelope->data;
	int r = read_reply(smtpc, &reply, &envelope->lost, "envelope");

	if (r < 0)
		return r;
	if (step == 0)
		why = &envelope->sender;
	else if (step <= mail->n_rcpts)
		why = &mail->rcpts[step - 1].why;
	(void)smtp_reply_why(&reply, why);
	return 0;
}

static int
exchange_envelope(
    struct smtpc *smtpc, struct smtpc_mail *mail, struct envelope *envelope)
{
	const size_t steps = mail->n_rcpts + 2;
	const size_t window = smtpc->pipelining ? ENVELOPE_WINDOW : 1;
	int r = 0;

	for (size_t from = 0, to; from < steps && r == 0; from = to) {
		to = steps - from > window ? from + window : steps;
		for (size_t i = from; i < to; i++)
			add_step(smtpc, mail, i);
		r = flush_out(smtpc, &envelope->lost, "send the envelope");
		for (size_t i = from; i < to && r == 0; i++)
			r = read_step(smtpc, mail, i, envelope);
	}
	return r;
}

static bool
any_accepted(const struct smtpc_mail *mail)
{
	for (size_t i = 0; i < mail->n_rcpts; i++) {
		if (mail->rcpts[i].why.verdict == MAIL_OK)
			return true;
	}
	return false;
}

/* --- the data --------------------------------------------------------- */

struct stuffing {
	struct smtpc *smtpc;
	bool in_line; /* octets of the current line were sent */
	bool held_cr; /* a CR whose follower is not known yet */
	int error;
};

static void
emit(struct stuffing *to, const char *octets, size_t n)
{
	struct buf *out = &to->smtpc->out;

	(void)buf_add(out, octets, n);
	if (out->n < OUT_CHUNK)
		return;
	to->error =
	    io_send(to->smtpc->fd, out->p, out->n, to->smtpc->timeout_ms);
	buf_reset(out);
}

/* Octets without CR and LF, part of one line. */
static void
emit_text(struct stuffing *to, struct slice text)
{
	if (text.n == 0)
		return;
	/* A CR that ends no line becomes a blank: servers differ in what a
	 * lone CR ends (CVE-2023-51764 and its family). */
	if (to->held_cr)
		emit(to, " ", 1);
	to->held_cr = false;
	if (!to->in_line && text.p[0] == '.') /* RFC 5321 4.5.2 */
		emit(to, ".", 1);
	to->in_line = true;
	while (text.n > 0 && to->error == 0) {
		struct slice piece = slice_head(text, OUT_CHUNK);

		emit(to, piece.p, piece.n);
		text = slice_tail(text, piece.n);
	}
}

static void
emit_line_end(struct stuffing *to)
{
	emit(to, "\r\n", 2);
	to->in_line = to->held_cr = false;
}

static void
emit_cr(struct stuffing *to)
{
	if (to->held_cr) {
		emit(to, " ", 1);
		to->in_line = true;
	}
	to->held_cr = true;
}

/* The octets before the next CR or LF. */
static struct slice
run_of_text(struct slice s)
{
	long lf = slice_find(s, '\n');
	struct slice line = lf < 0 ? s : slice_head(s, (size_t)lf);
	long cr = slice_find(line, '\r');

	return cr < 0 ? line : slice_head(line, (size_t)cr);
}

static void
stuff(struct stuffing *to, struct slice octets)
{
	while (octets.n > 0 && to->error == 0) {
		struct slice text = run_of_text(octets);

		emit_text(to, text);
		octets = slice_tail(octets, text.n);
		if (octets.n == 0)
			break;
		if (octets.p[0] == '\n')
			emit_line_end(to);
		else
			emit_cr(to);
		octets = slice_tail(octets, 1);
	}
}

static void
stuff_file(struct stuffing *to, const struct smtpc_part *part)
{
	char chunk[16384];
	uint64_t done = 0;

	while (done < part->size && to->error == 0) {
		size_t want = part->size - done < sizeof chunk
				  ? (size_t)(part->size - done)
				  : sizeof chunk;
		ssize_t n =
		    pread(part->fd, chunk, want, (off_t)(part->offset + done));

		if (n <= 0) {
			to->error = n < 0 ? -errno : -EIO;
			return;
		}
		stuff(to, (struct slice){ chunk, (size_t)n });
		done += (uint64_t)n;
	}
}

static int
send_data(struct smtpc *smtpc, const struct smtpc_mail *mail, struct why *lost)
{
	struct stuffing to = { .smtpc = smtpc };

	for (size_t i = 0; i < mail->n_parts; i++) {
		const struct smtpc_part *part = &mail->parts[i];

		if (part->fd >= 0)
			stuff_file(&to, part);
		else
			stuff(&to, part->octets);
	}
	/* Half a message must not look like a whole one: no final dot. */
	if (to.error < 0)
		return lose(smtpc, -to.error, lost, "send the message");
	if (to.in_line || to.held_cr)
		emit_line_end(&to);
	(void)buf_add_text(&smtpc->out, ".\r\n");
	return flush_out(smtpc, lost, "end the message");
}

/* RFC 2033 4.2: LMTP answers each accepted recipient, SMTP answers once. */
static void
read_outcome(struct smtpc *smtpc, struct smtpc_mail *mail)
{
	struct smtp_reply reply;
	struct why outcome = { 0 };
	bool answered = false;

	for (size_t i = 0; i < mail->n_rcpts; i++) {
		struct why *why = &mail->rcpts[i].why;

		if (why->verdict != MAIL_OK)
			continue;
		if (smtpc->fd >= 0 &&
		    (!answered || smtpc->protocol == SMTPC_LMTP)) {
			if (read_reply(smtpc, &reply, &outcome,
				"reply to the message") == 0)
				(void)smtp_reply_why(&reply, &outcome);
			answered = true;
		}
		*why = outcome;
	}
}

/* The recipients that have no refusal of their own share this one. */
static void
fail_accepted(struct smtpc_mail *mail, const struct why *why)
{
	for (size_t i = 0; i < mail->n_rcpts; i++) {
		enum verdict verdict = mail->rcpts[i].why.verdict;

		if (verdict == MAIL_OK || verdict == 0)
			mail->rcpts[i].why = *why;
	}
}

static void
fail_all(struct smtpc_mail *mail, const struct why *why)
{
	for (size_t i = 0; i < mail->n_rcpts; i++)
		mail->rcpts[i].why = *why;
}

/* --- one mail --------------------------------------------------------- */

static enum verdict
sum_up(const struct smtpc_mail *mail, struct why *why)
{
	const struct why *mildest = &mail->rcpts[0].why;

	for (size_t i = 1; i < mail->n_rcpts; i++) {
		if (mail->rcpts[i].why.verdict < mildest->verdict)
			mildest = &mail->rcpts[i].why;
	}
	*why = *mildest;
	return why->verdict;
}

static bool
check_mail(
    const struct smtpc *smtpc, const struct smtpc_mail *mail, struct why *why)
{
	bool clean = is_clean(mail->sender) && is_clean(mail->params);

	for (size_t i = 0; i < mail->n_rcpts; i++)
		clean = clean && is_clean(mail->rcpts[i].address) &&
			is_clean(mail->rcpts[i].params);
	if (!clean) {
		(void)why_say(why, 553, "5.1.3", "malformed address");
		return false;
	}
	if (mail->params.n > 0 &&
	    memmem(mail->params.p, mail->params.n, "SMTPUTF8", 8) != NULL &&
	    !smtpc_offers(smtpc, SLICE("SMTPUTF8"))) {
		(void)why_say(
		    why, 553, "5.6.7", "next server cannot take SMTPUTF8");
		return false;
	}
	return true;
}

/*
 * Nobody takes the message. A server that answered DATA with 354 all the
 * same now waits for a text; RSET makes the connection fit for the next mail.
 */
static void
give_up(struct smtpc *smtpc, const struct why *data)
{
	struct smtp_reply reply;
	struct why ignored;

	if (data->code == 354) {
		(void)buf_add_text(&smtpc->out, ".\r\n");
		if (exchange(smtpc, 5, &reply, &ignored) < 0 && smtpc->fd < 0)
			return;
	}
	(void)buf_add_text(&smtpc->out, "RSET\r\n");
	(void)exchange(smtpc, 2, &reply, &ignored);
}

static void
transfer(struct smtpc *smtpc, struct smtpc_mail *mail)
{
	struct envelope envelope = { 0 };

	if (exchange_envelope(smtpc, mail, &envelope) < 0) {
		fail_accepted(mail, &envelope.lost);
		return;
	}
	if (envelope.sender.verdict != MAIL_OK)
		fail_all(mail, &envelope.sender);
	else if (envelope.data.code != 354)
		fail_accepted(mail, &envelope.data);
	if (!any_accepted(mail)) {
		give_up(smtpc, &envelope.data);
		return;
	}
	if (send_data(smtpc, mail, &envelope.lost) < 0)
		fail_accepted(mail, &envelope.lost);
	else
		read_outcome(smtpc, mail);
}

enum verdict
smtpc_send(struct smtpc *smtpc, struct smtpc_mail *mail, struct why *why)
{
	struct why failure = { 0 };

	assert(mail->n_rcpts > 0);
	fail_all(mail, &failure);
	if (smtpc->fd < 0)
		(void)why_errno(&failure, ENOTCONN, "next server");
	if (smtpc->fd < 0 || !check_mail(smtpc, mail, &failure))
		fail_all(mail, &failure);
	else
		transfer(smtpc, mail);
	return sum_up(mail, why);
}

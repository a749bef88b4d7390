#include "core/command.h"

#include <errno.h>
#include <stdint.h>

#include "core/dsn.h"

/* --- verbs ------------------------------------------------------------ */

static const struct {
	struct slice name;
	enum command_verb verb;
} verbs[] = {
	{ { "LHLO", 4 }, COMMAND_LHLO },
	{ { "MAIL", 4 }, COMMAND_MAIL },
	{ { "RCPT", 4 }, COMMAND_RCPT },
	{ { "DATA", 4 }, COMMAND_DATA },
	{ { "RSET", 4 }, COMMAND_RSET },
	{ { "NOOP", 4 }, COMMAND_NOOP },
	{ { "QUIT", 4 }, COMMAND_QUIT },
	{ { "VRFY", 4 }, COMMAND_VRFY },
	{ { "XFORWARD", 8 }, COMMAND_XFORWARD },
	{ { "HELO", 4 }, COMMAND_HELO },
	{ { "EHLO", 4 }, COMMAND_HELO },
};

struct command
command_read(struct slice line)
{
	struct slice rest = slice_trim(line), name;

	if (!slice_cut(&rest, ' ', &name))
		return (struct command){ COMMAND_UNKNOWN, rest };
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		if (slice_eq_nocase(name, verbs[i].name))
			return (
			    struct command){ verbs[i].verb, slice_trim(rest) };
	}
	return (struct command){ COMMAND_UNKNOWN, rest };
}

/* --- paths ------------------------------------------------------------ */

static enum verdict
say_syntax(struct why *why, const char *form)
{
	return why_say(why, 501, "5.5.4", "syntax: %s", form);
}

/*
 * Octets of "<…>" at the front of s, 0 when there is none. A ">" inside a
 * quoted string ends nothing.
 */
static size_t
path_length(struct slice s)
{
	bool quoted = false;

	if (s.n == 0 || s.p[0] != '<')
		return 0;
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '\\' && quoted)
			i++;
		else if (s.p[i] == '"')
			quoted = !quoted;
		else if (s.p[i] == '>' && !quoted)
			return i + 1;
	}
	return 0;
}

/*
 * Splits "FROM:<path> params". Clients that put a blank behind the colon are
 * many (RFC 5321 3.3 forbids it), and there is no harm in it.
 */
static bool
split_path(struct slice args, struct slice prefix, struct slice *path_out,
    struct slice *params_out)
{
	size_t n;

	if (!slice_starts_nocase(args, prefix))
		return false;
	args = slice_trim(slice_tail(args, prefix.n));
	n = path_length(args);
	if (n == 0 || (n < args.n && args.p[n] != ' '))
		return false;
	*path_out = slice_head(args, n);
	*params_out = slice_tail(args, n);
	return true;
}

/* role: '7' the sender, '3' the recipient, as in RFC 3463's 5.1.x. */
static enum verdict
read_addr(struct arena *arena, struct slice path, bool utf8, char role,
    struct addr *addr_out, struct why *why)
{
	const char dsn[] = { '5', '.', '1', '.', role, '\0' };
	int r = addr_parse(arena, path, utf8, addr_out);

	if (r == 0)
		return MAIL_OK;
	if (r == -EILSEQ && !utf8 && slice_has_8bit(path))
		return why_say(why, 553, "5.6.7", "address needs SMTPUTF8");
	if (r == -ENAMETOOLONG)
		return why_say(why, 501, dsn, "address too long");
	return why_say(why, 501, dsn, "bad address syntax");
}

/* --- parameters ------------------------------------------------------- */

struct param {
	struct slice name, value;
};

/* The next "NAME=value" or "NAME". */
static bool
next_param(struct slice *rest, struct param *param_out)
{
	struct slice word;

	do {
		if (!slice_cut(rest, ' ', &word))
			return false;
	} while (word.n == 0);
	(void)slice_cut(&word, '=', &param_out->name);
	param_out->value = word;
	return true;
}

static bool
is_named(const struct param *param, struct slice name)
{
	return slice_eq_nocase(param->name, name);
}

static enum verdict
say_bad_param(const struct param *param, struct why *why)
{
	struct slice shown = slice_head(param->name, 40);

	return why_say(
	    why, 501, "5.5.4", "bad value of parameter %.*s", SLICE_FMT(shown));
}

static enum verdict
say_unknown_param(const struct param *param, struct why *why)
{
	struct slice shown = slice_head(param->name, 40);

	return why_say(
	    why, 555, "5.5.4", "unknown parameter %.*s", SLICE_FMT(shown));
}

static enum verdict
check(bool fine, const struct param *param, struct why *why)
{
	return fine ? MAIL_OK : say_bad_param(param, why);
}

/* Plain text of an xtext value without control characters. */
static bool
read_xtext(struct arena *arena, struct slice xtext, struct slice *plain_out)
{
	if (dsn_plain(arena, xtext, plain_out) < 0 || plain_out->n == 0)
		return false;
	for (size_t i = 0; i < plain_out->n; i++) {
		if ((unsigned char)plain_out->p[i] < ' ')
			return false;
	}
	return true;
}

/* --- MAIL ------------------------------------------------------------- */

/* Maildir's flags are a set, written in the order of their letters. */
static bool
is_flags(struct slice flags)
{
	static const struct slice known = { "DFPRST", 6 };

	for (size_t i = 0; i < flags.n; i++) {
		if (slice_find(known, flags.p[i]) < 0)
			return false;
		if (i > 0 && flags.p[i] <= flags.p[i - 1])
			return false;
	}
	return flags.n > 0;
}

static enum verdict
read_hauspost_param(struct arena *arena, const struct param *param,
    struct command_hauspost *to, struct why *why)
{
	unsigned long long date;

	if (is_named(param, SLICE("XHAUSPOST-KEY")))
		return check(
		    read_xtext(arena, param->value, &to->key), param, why);
	if (is_named(param, SLICE("XHAUSPOST-FOLDER"))) {
		to->placed = read_xtext(arena, param->value, &to->folder);
		if (slice_eq(to->folder, SLICE("INBOX")))
			to->folder = SLICE("");
		return check(to->placed, param, why);
	}
	if (is_named(param, SLICE("XHAUSPOST-FLAGS"))) {
		to->flags = arena_slice(arena, param->value);
		return check(is_flags(to->flags), param, why);
	}
	if (is_named(param, SLICE("XHAUSPOST-DATE"))) {
		if (!slice_number(param->value, 99999999999ULL, &date))
			return say_bad_param(param, why);
		to->date = (long long)date;
		return MAIL_OK;
	}
	if (is_named(param, SLICE("XHAUSPOST-FIRST"))) {
		to->first = param->value.n == 0;
		return check(to->first, param, why);
	}
	return say_unknown_param(param, why);
}

static bool
is_body(struct slice value)
{
	return slice_eq_nocase(value, SLICE("7BIT")) ||
	       slice_eq_nocase(value, SLICE("8BITMIME"));
}

static bool
read_ret(struct arena *arena, struct slice value, struct slice *ret_out)
{
	*ret_out = arena_slice(arena, value);
	return slice_eq_nocase(value, SLICE("FULL")) ||
	       slice_eq_nocase(value, SLICE("HDRS"));
}

static enum verdict
read_mail_param(struct arena *arena, const struct param *param,
    struct command_mail *mail, struct why *why)
{
	struct slice ignored;

	if (is_named(param, SLICE("SIZE")))
		return check(
		    slice_number(param->value, INT64_MAX, &mail->size_bytes),
		    param, why);
	if (is_named(param, SLICE("BODY")))
		return check(is_body(param->value), param, why);
	if (is_named(param, SLICE("SMTPUTF8"))) {
		mail->utf8 = true;
		return check(param->value.n == 0, param, why);
	}
	if (is_named(param, SLICE("RET")))
		return check(
		    read_ret(arena, param->value, &mail->ret), param, why);
	if (is_named(param, SLICE("ENVID"))) {
		mail->envid = arena_slice(arena, param->value);
		return check(
		    read_xtext(arena, param->value, &ignored), param, why);
	}
	return say_unknown_param(param, why);
}

static enum verdict
read_mail_params(struct arena *arena, struct slice params, bool trusted,
    struct command_mail *mail, struct why *why)
{
	enum verdict verdict = MAIL_OK;
	struct param param;

	while (verdict == MAIL_OK && next_param(&params, &param)) {
		if (trusted &&
		    slice_starts_nocase(param.name, SLICE("XHAUSPOST-")))
			verdict = read_hauspost_param(
			    arena, &param, &mail->hauspost, why);
		else
			verdict = read_mail_param(arena, &param, mail, why);
	}
	return verdict;
}

enum verdict
command_mail(struct arena *arena, struct slice args, bool trusted,
    struct command_mail *mail_out, struct why *why)
{
	struct command_mail mail = { 0 };
	struct slice path, params;
	enum verdict verdict;

	if (!split_path(args, SLICE("FROM:"), &path, &params))
		return say_syntax(why, "MAIL FROM:<address>");
	verdict = read_mail_params(arena, params, trusted, &mail, why);
	if (verdict != MAIL_OK)
		return verdict;
	/* The name of a message in its Maildir is made of both. */
	if (mail.hauspost.key.n > 0 && mail.hauspost.date == 0)
		return why_say(
		    why, 501, "5.5.4", "XHAUSPOST-KEY needs XHAUSPOST-DATE");
	verdict = read_addr(arena, path, mail.utf8, '7', &mail.sender, why);
	if (verdict == MAIL_OK)
		*mail_out = mail;
	return verdict;
}

/* --- RCPT ------------------------------------------------------------- */

static bool
read_notify(struct slice value, unsigned *notify_out)
{
	static const struct {
		struct slice word;
		unsigned bit;
	} words[] = {
		{ { "NEVER", 5 }, NOTIFY_NEVER },
		{ { "SUCCESS", 7 }, NOTIFY_SUCCESS },
		{ { "FAILURE", 7 }, NOTIFY_FAILURE },
		{ { "DELAY", 5 }, NOTIFY_DELAY },
	};
	unsigned notify = 0;
	struct slice word;

	while (slice_cut(&value, ',', &word)) {
		unsigned bit = 0;

		for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
			if (slice_eq_nocase(word, words[i].word))
				bit = words[i].bit;
		}
		if (bit == 0)
			return false;
		notify |= bit;
	}
	*notify_out = notify;
	/* RFC 3461 4.1: NEVER stands alone. */
	return notify != 0 &&
	       (notify == NOTIFY_NEVER || (notify & NOTIFY_NEVER) == 0);
}

/*
 * Only well-formed text is an address to us; what else stood in ORCPT was a
 * stranger's, and the recipient itself serves in its place.
 */
static void
read_orcpt(struct arena *arena, struct slice value, struct command_rcpt *rcpt)
{
	struct slice original;

	rcpt->orcpt = arena_slice(arena, value);
	if (dsn_orcpt(arena, value, &original) < 0 || !slice_is_text(original))
		return;
	for (size_t i = 0; i < original.n; i++) {
		if ((unsigned char)original.p[i] < ' ' || original.p[i] == 0x7f)
			return;
	}
	if (original.n <= ADDR_MAX)
		rcpt->original = original;
}

static enum verdict
read_rcpt_params(struct arena *arena, struct slice params,
    struct command_rcpt *rcpt, struct why *why)
{
	struct param param;

	while (next_param(&params, &param)) {
		if (is_named(&param, SLICE("ORCPT"))) {
			read_orcpt(arena, param.value, rcpt);
		} else if (is_named(&param, SLICE("NOTIFY"))) {
			if (!read_notify(param.value, &rcpt->notify))
				return say_bad_param(&param, why);
		} else {
			return say_unknown_param(&param, why);
		}
	}
	return MAIL_OK;
}

enum verdict
command_rcpt(struct arena *arena, struct slice args, bool utf8,
    struct command_rcpt *rcpt_out, struct why *why)
{
	struct command_rcpt rcpt = { 0 };
	struct slice path, params;
	enum verdict verdict;

	if (!split_path(args, SLICE("TO:"), &path, &params))
		return say_syntax(why, "RCPT TO:<address>");
	verdict = read_addr(arena, path, utf8, '3', &rcpt.recipient, why);
	if (verdict != MAIL_OK)
		return verdict;
	if (addr_is_null(&rcpt.recipient))
		return why_say(why, 501, "5.1.3", "empty recipient address");
	verdict = read_rcpt_params(arena, params, &rcpt, why);
	if (verdict == MAIL_OK)
		*rcpt_out = rcpt;
	return verdict;
}

/* --- XFORWARD --------------------------------------------------------- */

static bool
is_host_text(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] <= ' ' ||
		    (unsigned char)s.p[i] >= 0x7f)
			return false;
	}
	return true;
}

/* Copies an attribute of at most max octets; "[UNAVAILABLE]" is empty. */
static bool
copy_attribute(struct slice plain, size_t max, char *to)
{
	if (slice_eq_nocase(plain, SLICE("[UNAVAILABLE]")))
		plain.n = 0;
	if (plain.n > max || !is_host_text(plain))
		return false;
	if (plain.n > 0)
		(void)memcpy(to, plain.p, plain.n);
	to[plain.n] = '\0';
	return true;
}

static enum verdict
read_attribute(struct arena *arena, const struct param *param,
    struct command_xforward *to, struct why *why)
{
	struct slice plain;

	if (dsn_plain(arena, param->value, &plain) < 0)
		return say_bad_param(param, why);
	if (is_named(param, SLICE("IDENT")))
		return check(
		    copy_attribute(plain, QUEUE_ID_MAX, to->ident), param, why);
	/* A client's name is for people: odd ones are left out, not refused,
	 * or a stranger's DNS could keep mail in the queue. */
	if (is_named(param, SLICE("NAME")))
		(void)copy_attribute(plain, HOST_TEXT_MAX, to->name);
	else if (is_named(param, SLICE("ADDR")))
		(void)copy_attribute(plain, HOST_TEXT_MAX, to->addr);
	return MAIL_OK;
}

enum verdict
command_xforward(struct arena *arena, struct slice args,
    struct command_xforward *xforward, struct why *why)
{
	struct command_xforward told = *xforward;
	enum verdict verdict = MAIL_OK;
	struct param param;

	if (args.n == 0)
		return say_syntax(why, "XFORWARD attribute=value ...");
	while (verdict == MAIL_OK && next_param(&args, &param))
		verdict = read_attribute(arena, &param, &told, why);
	if (verdict == MAIL_OK)
		*xforward = told;
	return verdict;
}

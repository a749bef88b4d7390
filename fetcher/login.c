#include "fetcher/login.h"

#include <sodium.h>
#include <stdio.h>

enum {
	LINE_MAX_OCTETS = 2 * SASL_ANSWER_MAX,
	ROUNDS_MAX = 6, /* more than any mechanism has */
};

bool
login_is_one_line(const struct sasl_login *login)
{
	const struct slice parts[] = { login->user, login->secret };

	for (size_t i = 0; i < 2; i++) {
		if (slice_find(parts[i], '\r') >= 0 ||
		    slice_find(parts[i], '\n') >= 0 ||
		    slice_find(parts[i], '\0') >= 0)
			return false;
	}
	return true;
}

struct buf
login_line(void)
{
	struct buf line = BUF_INIT(LINE_MAX_OCTETS);

	(void)buf_reserve(&line, LINE_MAX_OCTETS);
	return line;
}

void
login_line_done(struct buf *line)
{
	sodium_memzero(line->p, line->capacity);
	buf_free(line);
}

static void
add_base64(struct buf *to, struct slice octets)
{
	size_t room =
	    sodium_base64_encoded_len(octets.n, sodium_base64_VARIANT_ORIGINAL);

	if (buf_reserve(to, room) < 0)
		return;
	(void)sodium_bin2base64(to->p + to->n, room,
	    (const unsigned char *)octets.p, octets.n,
	    sodium_base64_VARIANT_ORIGINAL);
	buf_grown(to, room - 1); /* the NUL is no part of it */
}

static int
decode(struct slice base64, struct buf *to)
{
	size_t n = 0;

	if (buf_reserve(to, base64.n + 1) < 0 ||
	    sodium_base642bin((unsigned char *)to->p, base64.n + 1, base64.p,
		base64.n, NULL, &n, NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
		return -1;
	buf_grown(to, n);
	return 0;
}

static void
keep_refusal(struct login *login, struct slice words)
{
	if (login->refusal[0] == '\0')
		(void)snprintf(login->refusal, sizeof login->refusal, "%.*s",
		    SLICE_FMT(words));
}

/* The first line: the command, and where it may be the first answer. */
static int
begin_line(struct login *login, struct sasl *sasl, struct buf *line)
{
	AUTO_LOGIN_LINE struct buf answer = login_line();
	size_t bare;

	(void)buf_addf(
	    line, "%s %s", login->begin, sasl_name(login->mechanism));
	if (login->initial_max == 0 || !sasl_begins(sasl))
		return 0;
	bare = line->n;
	if (sasl_step(sasl, SLICE(""), &answer) < 0)
		return -1;
	(void)buf_add_char(line, ' ');
	add_base64(line, buf_slice(&answer));
	if (line->n - bare > login->initial_max) {
		line->n = bare; /* it is wanted as an answer instead */
		sasl->step = 0;
		buf_reset(&sasl->first);
	}
	return 0;
}

static int
answer_line(struct sasl *sasl, struct slice words, struct buf *line)
{
	AUTO_BUF struct buf challenge = BUF_INIT(SASL_ANSWER_MAX);
	AUTO_LOGIN_LINE struct buf answer = login_line();
	int r;

	buf_reset(line);
	/* What some servers say instead of an empty challenge is no base64,
	 * and LOGIN's questions do not matter. */
	if (sasl->mechanism != SASL_LOGIN &&
	    (sasl->step > 0 || !sasl_begins(sasl)) &&
	    decode(words, &challenge) < 0)
		return -1;
	r = sasl_step(sasl, buf_slice(&challenge), &answer);
	if (r == 0)
		add_base64(line, buf_slice(&answer));
	return r;
}

/* Says "*", which ends any exchange, and reads the refusal of it. */
static int
break_off(struct login *login, const char *reason)
{
	struct login_reply reply;

	(void)login->exchange(login->arg, SLICE("*"), &reply);
	return trouble_say(login->trouble, "PROTOCOL", "%s", reason);
}

/* The server's JSON says more than its refusal will. */
static void
keep_json(struct login *login, struct slice words)
{
	AUTO_BUF struct buf json = BUF_INIT(SASL_ANSWER_MAX);

	if (login->login->is_token && decode(words, &json) == 0 && json.n > 0)
		keep_refusal(login, buf_slice(&json));
}

static int
run_rounds(struct login *login, struct sasl *sasl, struct buf *line)
{
	struct login_reply reply;

	for (int round = 0; round < ROUNDS_MAX; round++) {
		int r = login->exchange(login->arg, buf_slice(line), &reply);

		if (r < 0)
			return r;
		if (reply.kind == LOGIN_REFUSED) {
			keep_refusal(login, reply.words);
			return 1;
		}
		if (reply.kind == LOGIN_IN)
			return sasl_is_fine(sasl)
				   ? 0
				   : trouble_say(login->trouble, "PROTOCOL",
					 "the server did not prove itself");
		if (sasl->step > 0)
			keep_json(login, reply.words);
		if (answer_line(sasl, reply.words, line) < 0)
			return break_off(login, "SASL exchange");
	}
	return break_off(login, "endless SASL exchange");
}

int
login_run(struct login *login)
{
	AUTO_LOGIN_LINE struct buf line = login_line();
	struct sasl sasl;
	int r;

	login->refusal[0] = '\0';
	sasl_start(&sasl, login->mechanism, login->login, NULL);
	r = begin_line(login, &sasl, &line);
	if (r == 0)
		r = run_rounds(login, &sasl, &line);
	else
		r = trouble_say(
		    login->trouble, "AUTH", "name or password can not be sent");
	sasl_done(&sasl);
	return r;
}

/*
 * fetcher/login.h - a SASL exchange inside POP3 (RFC 5034) or IMAP (RFC 3501
 * 6.2.2, 4959), which differ only in how a line is sent and what comes back.
 *
 * Errors: 0 we are in, 1 the server refuses (refusal filled), negative with
 *         trouble filled.
 */
#ifndef HAUSPOST_FETCHER_LOGIN_H
#define HAUSPOST_FETCHER_LOGIN_H

#include "fetcher/sasl.h"
#include "fetcher/trouble.h"

struct login_reply {
	enum { LOGIN_CHALLENGE, LOGIN_IN, LOGIN_REFUSED } kind;
	struct slice words; /* good until the next exchange */
};

struct login {
	enum sasl_mechanism mechanism;
	const struct sasl_login *login;
	size_t initial_max; /* longest initial response in base64; 0: none */
	const char *begin;  /* the command, as in "AUTH" */
	int (*exchange)(
	    void *arg, struct slice line, struct login_reply *reply_out);
	void *arg;
	struct trouble *trouble;
	char refusal[TROUBLE_DETAIL_MAX + 1];
};

int login_run(struct login *login);

/*
 * A buf for a line with a password in it, AUTO_LOGIN_LINE: it has its size
 * from the start, since what a growing one leaves behind can not be wiped, and
 * is wiped at its end.
 */
#define AUTO_LOGIN_LINE __attribute__((cleanup(login_line_done)))
struct buf login_line(void);
void login_line_done(struct buf *line);

/* Neither name nor password holds a line end. */
bool login_is_one_line(const struct sasl_login *login);

#endif

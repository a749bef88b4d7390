/*
 * fetcher/pop3_session.h - commands and replies of POP3, until logged in.
 *
 * Errors: 0, or negative with the run's trouble filled.
 */
#ifndef HAUSPOST_FETCHER_POP3_SESSION_H
#define HAUSPOST_FETCHER_POP3_SESSION_H

#include "fetcher/pop3.h"
#include "fetcher/run.h"
#include "fetcher/stream.h"

struct pop3_session {
	struct run *run;
	struct stream stream;
	struct pop3 pop3;
	struct slice caps; /* lines of CAPA; empty: the server has none */
};

void pop3_session_init(struct pop3_session *session, struct run *run);
void pop3_session_done(struct pop3_session *session);

/* The next event that is not POP3_NEED_MORE; what is not sent yet is sent. */
int pop3_session_event(
    struct pop3_session *session, struct pop3_event *event_out);

/*
 * Sends a command and waits for its reply, POP3_OK, _ERR or _CONTINUE. The
 * words are good until the next call.
 */
int pop3_session_ask(struct pop3_session *session, const char *command,
    struct pop3_event *reply_out);

/* The same of a command with a text behind +OK, which goes into *text. */
int pop3_session_list(struct pop3_session *session, const char *command,
    struct buf *text, struct pop3_event *reply_out);

/* The words behind a capability; .p NULL where it is not offered. */
struct slice pop3_session_offers(
    const struct pop3_session *session, struct slice capability);

int pop3_session_login(struct pop3_session *session);

#endif

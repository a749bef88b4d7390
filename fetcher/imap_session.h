/*
 * fetcher/imap_session.h - commands of IMAP and the responses to them.
 *
 * Errors: 0, or negative with the run's trouble filled.
 */
#ifndef HAUSPOST_FETCHER_IMAP_SESSION_H
#define HAUSPOST_FETCHER_IMAP_SESSION_H

#include "fetcher/imap.h"
#include "fetcher/run.h"
#include "fetcher/stream.h"

enum { IMAP_CAPS_MAX = 16 * 1024 };

struct imap_session {
	struct run *run;
	struct stream stream;
	struct imap imap;
	unsigned commands; /* so far */
	char tag[16];	   /* of the last one */
	unsigned events;   /* that it was answered */
	struct buf caps;   /* words with blanks between them */
	struct buf heard;  /* of a response, for the trace */
	/* How the last command ended. */
	bool ok;
	char words[TROUBLE_DETAIL_MAX + 1];
};

void imap_session_init(struct imap_session *session, struct run *run);
void imap_session_done(struct imap_session *session);

/* Sends a command; its tag is put before it. */
int imap_session_begin(struct imap_session *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * The next event of its responses. 1 there is one, 0 the command has ended
 * (ok and words say how), negative: trouble.
 */
int imap_session_next(
    struct imap_session *session, struct imap_event *event_out);

/*
 * An event while no command is under way, or IDLE is: CONNECTION_READABLE when
 * there is one; else what came before it. Negative: trouble.
 */
int imap_session_wait(struct imap_session *session,
    struct imap_event *event_out, long wait_ms, int wake_fd);

/* Passes by what is left of the responses. */
int imap_session_end(struct imap_session *session);

/* A command of which nothing matters but that it goes well. */
int imap_session_do(struct imap_session *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The command must have gone well, or this is the trouble. */
int imap_session_want(struct imap_session *session, const char *code);

bool imap_session_offers(
    const struct imap_session *session, struct slice capability);

#endif

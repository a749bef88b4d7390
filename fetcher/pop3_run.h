/*
 * fetcher/pop3_run.h - a session with a POP3 server (RFC 1939, 2449).
 *
 * Message numbers are of one session, so whatever is to be deleted is deleted
 * by the number that UIDL gave in this session, and only what the database
 * knows as delivered. Deletions count when the server has answered QUIT.
 */
#ifndef HAUSPOST_FETCHER_POP3_RUN_H
#define HAUSPOST_FETCHER_POP3_RUN_H

#include "fetcher/run.h"

/* 0, or negative with run->trouble. */
int pop3_run(struct run *run);

#endif

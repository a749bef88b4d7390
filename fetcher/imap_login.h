/*
 * fetcher/imap_login.h - what an IMAP server offers, and the way in: SASL, or
 * LOGIN where there is none.
 *
 * Errors: 0, or negative with the run's trouble filled.
 */
#ifndef HAUSPOST_FETCHER_IMAP_LOGIN_H
#define HAUSPOST_FETCHER_IMAP_LOGIN_H

#include "fetcher/imap_session.h"

int imap_login(struct imap_session *session);

#endif

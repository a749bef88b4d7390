/*
 * milter/session.h - one SMTP connection as Postfix shows it to us.
 *
 * Callbacks convert and call; what happens between connect and close is
 * here, without libmilter. A session has at most one message at a time:
 *
 *	open (mail rcpt* header* body* end | mail … abort)* close
 *
 * Refusals are said by why; MAIL_OK lets it pass.
 *
 * Ownership: what session_end() gives lives until the next session_mail().
 * Threads:   one at a time.
 */
#ifndef HAUSPOST_MILTER_SESSION_H
#define HAUSPOST_MILTER_SESSION_H

#include "milter/milter.h"
#include "milter/policy.h"

struct session;

/* Macros of the connection, empty where Postfix knows none. */
struct session_peer {
	struct slice daemon_name;
	struct slice client_addr, client_port;
	struct slice daemon_addr, daemon_port;
};

/* An address as given, with or without <>, and its ESMTP parameters. */
struct session_path {
	struct slice given;
	char *const *parameters; /* NULL-terminated: "SIZE=1000", … */
};

struct session *session_open(
    struct milter *milter, const struct session_peer *peer);
void session_close(struct session *session);

/* login: who has authenticated, or empty. */
enum verdict session_mail(struct session *session,
    const struct session_path *path, struct slice login, struct why *why);

/*
 * After session_mail(): nothing else of this message need be shown. A member
 * of a list stays as he is, since Postfix makes the return path of the
 * recipient that is in the queue, and a bounce has to name the member; those
 * that are ours lmtpd resolves. The list manager writes the trail, and a
 * thousand members cost no thousand questions.
 */
bool session_is_done(const struct session *session);

enum verdict session_rcpt(
    struct session *session, const struct session_path *path, struct why *why);

void session_header(
    struct session *session, struct slice name, struct slice value);
void session_body(struct session *session, struct slice octets);

/* Says what is to be done; done or not, session_report() follows. */
enum verdict session_end(struct session *session, struct slice queue_id,
    struct plan *plan_out, struct why *why);

/* What became of it, for log and trail: why tells, unless MAIL_OK. */
void session_report(struct session *session, const struct plan *plan,
    enum verdict verdict, const struct why *why);

/* The message will not end; nothing when there is none. */
void session_abort(struct session *session);

#endif

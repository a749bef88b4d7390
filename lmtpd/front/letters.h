/*
 * lmtpd/front/letters.h - what a script sends: the message to somebody else,
 * a reply, a notification, a refusal.
 *
 * Each goes out once: what the next server took is marked, so that a retry of
 * the delivery does not repeat it; a crash right behind the hand-over may
 * repeat a redirect, and never loses one. A reply is claimed before, since one
 * too many is worse than one too few.
 *
 * Threads: one.
 */
#ifndef HAUSPOST_LMTPD_FRONT_LETTERS_H
#define HAUSPOST_LMTPD_FRONT_LETTERS_H

#include "lmtpd/front/edited.h"
#include "lmtpd/front/reinject.h"

struct letters {
	struct filter *filter;
	struct reinject *reinject;
	struct edited *edited;
};

/*
 * MAIL_OK: it is out, or was before. MAIL_TEMPFAIL: the delivery is to be
 * tried again. MAIL_PERMFAIL: it will never go out, why says why.
 */
enum verdict letters_redirect(struct letters *letters,
    const struct sieve_action *action, struct why *why);

/*
 * The same; *text_out is the letter as it was sent, empty when it was not this
 * time (the sender had his reply before).
 */
enum verdict letters_reply(struct letters *letters,
    const struct sieve_vacation *vacation, struct slice *text_out,
    struct why *why);
enum verdict letters_notify(struct letters *letters,
    const struct sieve_notify *notify, struct slice *text_out, struct why *why);

/* That the recipient does not want the message, where no reply can say so. */
enum verdict letters_refuse(
    struct letters *letters, struct slice reason, struct why *why);

#endif

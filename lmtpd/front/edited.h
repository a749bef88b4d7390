/*
 * lmtpd/front/edited.h - a message as editheader and its kin left it.
 *
 * Made when it is first needed; our own fields above the message are not part
 * of it. Several actions of one script mostly share one version.
 *
 * Ownership: edited_done() ends what edited_init() began.
 * Threads:   one.
 */
#ifndef HAUSPOST_LMTPD_FRONT_EDITED_H
#define HAUSPOST_LMTPD_FRONT_EDITED_H

#include "lmtpd/front/filter.h"

struct edited {
	struct filter *filter;
	const struct sieve_edit
	    *edit; /* of the version that is made, or NULL */
	struct message message;
};

void edited_init(struct edited *edited, struct filter *filter);
void edited_done(struct edited *edited);

/*
 * The message of that edit (NULL: as it was received), until the next call.
 * NULL, with why: it could not be kept.
 */
struct message *edited_message(
    struct edited *edited, const struct sieve_edit *edit, struct why *why);

#endif

/*
 * listweb/letter.h - the text of a message as part of a page.
 *
 * Links of http and https become links; what is quoted is marked; addresses
 * are cut for strangers, so that nobody collects them here.
 */
#ifndef HAUSPOST_LISTWEB_LETTER_H
#define HAUSPOST_LISTWEB_LETTER_H

#include "listweb/message.h"
#include "listweb/page.h"
#include "listweb/posts.h"

/*
 * The message of a post. It may be large where the page is not, so it has an
 * arena of its own. 0 or -errno.
 */
int letter_of_post(const struct visit *visit, const struct post *post,
    struct arena *arena, struct message *message_out);

void letter_text(struct page *page, struct slice text);

/* Text, what is attached, and that it was cut; files are links below url. */
void letter_write(
    struct page *page, const struct message *message, struct slice url);

/* The text with addresses cut, for feeds. */
struct slice letter_obscured(struct arena *arena, struct slice text);

#endif

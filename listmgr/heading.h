/*
 * listmgr/heading.h - the fields that say which list a message is of, and
 * what can be done about it (RFC 2369, 2919, 5064, 8058).
 *
 * What the list's settings say never begins a field of its own. Nothing is
 * folded inside of < >.
 *
 * Threads: pure functions.
 */
#ifndef HAUSPOST_LISTMGR_HEADING_H
#define HAUSPOST_LISTMGR_HEADING_H

#include "core/arena.h"
#include "core/buf.h"
#include "core/slice.h"

struct list;

/* Precedence, List-Id, List-Help, List-Subscribe. */
void heading_add_top(
    struct arena *arena, const struct list *list, struct buf *to);

/*
 * List-Unsubscribe, and with a member's own token (lower-case base32)
 * List-Unsubscribe-Post. An empty token is for everybody: the address, and
 * the page of the list. web: "https://lists.example.org", or "".
 */
struct slice heading_unsubscribe(struct arena *arena, const struct list *list,
    const char *web, struct slice token);

/*
 * List-Post, List-Owner, List-Archive, X-Loop, and Archived-At where there is
 * a message_id (without < >).
 */
void heading_add_rest(struct arena *arena, const struct list *list,
    struct slice message_id, struct buf *to);

/* "Field: name <address>", name in UTF-8 and perhaps empty. */
void heading_add_mailbox(struct arena *arena, struct buf *to, const char *field,
    struct slice name, struct slice address);

/* "Field: text", text in UTF-8. */
void heading_add_text(
    struct arena *arena, struct buf *to, const char *field, struct slice text);

/* What people call the list: its title, or else its name. */
struct slice heading_title(const struct list *list);

/* Where the archive shows a post; empty where nobody can read it. */
struct slice heading_archived_at(
    struct arena *arena, const struct list *list, struct slice message_id);

#endif

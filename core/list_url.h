/*
 * core/list_url.h - the addresses of a list's web pages.
 *
 * The list manager writes them into headers and letters, the web end reads
 * them; so they are made in one place. base: "https://lists.example.org", list:
 * "news@example.org". A page of a list is found by the list's whole address,
 * so one host serves the lists of all domains.
 *
 *	BASE/l/news@example.org			the list
 *	BASE/l/news@example.org/MESSAGE-ID/	a post (Archived-At)
 *	BASE/u/TOKEN				leave at once (RFC 8058)
 *	BASE/c/TOKEN				confirm what TOKEN stands for
 *	BASE/h/TOKEN				decide on a held post
 *
 * Ownership: texts live in the arena.
 * Threads:   pure functions.
 */
#ifndef HAUSPOST_CORE_LIST_URL_H
#define HAUSPOST_CORE_LIST_URL_H

#include "core/arena.h"
#include "core/slice.h"

struct slice list_url(
    struct arena *arena, struct slice base, struct slice list);

/* message_id is without its < >. */
struct slice list_url_message(struct arena *arena, struct slice base,
    struct slice list, struct slice message_id);

#define LIST_URL_LEAVE 'u'
#define LIST_URL_CONFIRM 'c'
#define LIST_URL_HELD 'h'

struct slice list_url_token(
    struct arena *arena, struct slice base, char kind, struct slice token);

/* A part of a path: as %XX all but what is unreserved, and "@" (RFC 5064 2.2).
 */
struct slice list_url_part(struct arena *arena, struct slice plain);

#endif

/*
 * listweb/threads.h - posts as items of a page: links, authors, dates.
 */
#ifndef HAUSPOST_LISTWEB_THREADS_H
#define HAUSPOST_LISTWEB_THREADS_H

#include "listweb/page.h"
#include "listweb/posts.h"

/* "https://lists.example.org/l/news@example.org/MESSAGE-ID/" */
struct slice post_url(const struct visit *visit, const struct post *post);

/* The post that the path names, with ?n= where that is not enough. */
int post_find(struct visit *visit, struct post *post_out);

/* Its subject, or that it has none. */
struct slice post_subject(const struct visit *visit, const struct post *post);

/* Its author as the visitor may see him. */
void post_author(struct page *page, const struct post *post);

/* Items with subject, author, date and the number of posts. */
void threads_list(struct page *page, const struct posts *posts);

/* The search form. */
void threads_search(struct page *page);

/* What the page of a list shows of its archive. */
void threads_overview(
    struct page *page, const struct posts *latest, const struct months *months);

/* Those of one thread, answers below what they answer; here: not linked. */
void threads_tree(
    struct page *page, const struct posts *posts, const struct post *here);

#endif

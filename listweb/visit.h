/*
 * listweb/visit.h - one request on its way to a response.
 *
 * Ownership: texts live in the arena.
 * Threads:   a visit belongs to one.
 */
#ifndef HAUSPOST_LISTWEB_VISIT_H
#define HAUSPOST_LISTWEB_VISIT_H

#include "core/counts.h"
#include "core/limiter.h"
#include "core/web.h"
#include "listweb/ask.h"
#include "listweb/config.h"
#include "listweb/request.h"
#include "listweb/store.h"
#include "listweb/words.h"

/* What all requests share. */
struct service {
	const struct listweb_config *config;
	int listen_fd;
	struct db_pool *db;
	struct limiter *limiter; /* may be NULL */
	struct counts *counts;	 /* may be NULL */
};

struct visit {
	const struct service *service;
	const struct request *request;
	const struct web_exchange *exchange;
	struct arena *arena;
	struct ask ask;
	struct store store;
	struct why *why;
	enum language language;
	const char *const *say; /* in that language */
	struct ask_list *list;	/* of a page of a list; else NULL */
	struct web_response response;
	bool sent; /* in pieces, by whom it took too much memory for */
};

/* The answer to the request is in visit->response, or was sent. */
typedef void visit_answer(struct visit *visit);

/* --- answers that are no pages ---------------------------------------- */

#define NO_STORE "Cache-Control: no-store\r\n"

/* A few words of plain text. */
void visit_plain(struct visit *visit, int status);

/* For r < 0 of a question: 503, and true. */
bool visit_failed(struct visit *visit, int r);

void visit_redirect(
    struct visit *visit, const char *headers, struct slice location);

/* Of a list: "https://lists.example.org/l/news@example.org". */
struct slice visit_url(const struct visit *visit, struct slice list);

/* What a list is called. */
struct slice list_name(const struct ask_list *list);

/* May the visitor decide on posts? */
bool visit_moderates(const struct visit *visit);

/* Does a stranger look, who shall see no addresses? */
bool visit_is_stranger(const struct visit *visit);

/* "?from=50": so many rows are on pages before this one. */
size_t visit_skip(const struct visit *visit);

/* What it speaks from now on, unless the browser wants another. */
void visit_speak(struct visit *visit, enum language fallback);

#endif

/*
 * fetcher/trouble.h - why a run did not do what it should.
 *
 * code is a row of hauspost.fetch_error: what it means for people, and when
 * the next attempt is, stands there. detail is what the other side said, or
 * what our log knows: printable, and short, so that nobody reads other
 * people's servers through us.
 */
#ifndef HAUSPOST_FETCHER_TROUBLE_H
#define HAUSPOST_FETCHER_TROUBLE_H

#include "core/slice.h"
#include "core/why.h"

enum { TROUBLE_DETAIL_MAX = 200 };

struct trouble {
	const char *code; /* NULL while there is none */
	char detail[TROUBLE_DETAIL_MAX + 1];
	int wait_s; /* the server wants to be left alone so long, also if all
		       went well */
};

/* Says it, and gives -EPROTO back. What was said first stays. */
int trouble_say(struct trouble *trouble, const char *code, const char *format,
    ...) __attribute__((format(printf, 3, 4)));

/* The same of trouble on our side: the database, the disk. */
int trouble_ours(struct trouble *trouble, const struct why *why);

#endif

/*
 * sieve/mime.h - the parts of a message (RFC 2045), parsed by GMime.
 *
 * Parsed once per message, when the first body or MIME test asks; a script
 * that looks at headers only never comes here. The tree is bounded by
 * SIEVE_PARTS_MAX and SIEVE_PART_DEPTH_MAX: a message beyond them is a limit
 * hit, so that the mail is kept.
 *
 * Functions that give back a pointer give NULL when the run has failed.
 */
#ifndef HAUSPOST_SIEVE_MIME_H
#define HAUSPOST_SIEVE_MIME_H

#include "sieve/run.h"

struct part {
	const struct part *parent;
	struct part *child, *next;
	struct fields *fields;
	struct slice type, subtype; /* as written; text/plain when absent */
	bool is_leaf, is_message;
	void *object; /* GMime's; NULL when there is no body */
	/* Found once, then kept; p NULL while nobody asked. */
	struct slice decoded, text;
};

struct mime;

void mime_done(struct mime *mime);

/* The whole message as a part. */
const struct part *mime_root(struct run *run);

/* That of the innermost foreverypart, or else the whole message. */
const struct part *mime_current(struct run *run);

/* The next part below top, in the order of the message; NULL: no more. */
const struct part *mime_next(const struct part *top, const struct part *part);

/* Its header; of the whole message the one that editheader has changed. */
struct fields *mime_fields(struct run *run, const struct part *part);

/*
 * Of a leaf, its transfer encoding undone; as_text: converted to UTF-8, and
 * HTML without its tags. False when the run failed.
 */
bool mime_content(
    struct run *run, const struct part *part, bool as_text, struct slice *out);

/* Text before and behind the parts of a multipart (RFC 5173 5.2). */
struct slice mime_around(struct run *run, const struct part *part);

/* The header of the message inside a message/rfc822 part. */
struct slice mime_inner_header(struct run *run, const struct part *part);

/*
 * The whole message, octets, with this part of it exchanged for entity, a
 * header and body of its own. False: the message has no such part any more.
 */
bool mime_exchange(struct run *run, struct slice octets,
    const struct part *part, struct slice entity, struct slice *out);

/* A parameter of a Content-Type or other such value (RFC 2231 too). */
bool mime_parameter(
    struct run *run, struct slice value, struct slice name, struct slice *out);

#endif

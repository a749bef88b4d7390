/*
 * listweb/page.h - the frame of a page, and what pages have in common.
 *
 * Works without scripts, in a narrow window and for a screen reader: one
 * heading of first rank, labels that belong to their fields, nothing that
 * only a colour says.
 *
 *	struct page page;
 *	page_start(&page, visit, title);
 *	page_p(&page, W_…);
 *	page_finish(&page, 200);
 *
 * Text of strangers may hold any octet: what is no text is left out.
 *
 * Threads: a page belongs to one.
 */
#ifndef HAUSPOST_LISTWEB_PAGE_H
#define HAUSPOST_LISTWEB_PAGE_H

#include "core/xml.h"
#include "listweb/visit.h"

struct page {
	struct xml xml;
	struct visit *visit;
};

/* Up to the title as heading. Robots: only where the list allows them. */
void page_start(struct page *page, struct visit *visit, struct slice title);

/* The page is the response; headers: more of them, or "". */
void page_finish(struct page *page, int status);

/* A page of a heading and one sentence. */
void page_note(
    struct visit *visit, int status, enum word title, struct slice sentence);

/* --- pieces ----------------------------------------------------------- */

void page_open(struct page *page, const char *name, const char *class);
void page_close(struct page *page);
void page_attribute(struct page *page, const char *name, const char *value);
void page_words(struct page *page, struct slice text);
void page_say(struct page *page, enum word word);

/* <p>, <h2> … of one word, and of a text. */
void page_element(struct page *page, const char *name, enum word word);
void page_text(struct page *page, const char *name, struct slice text);
void page_link(struct page *page, struct slice url, struct slice text);

/* The sentence with the text in place of %s, emphasised. */
void page_sentence(struct page *page, enum word word, struct slice text);

/* A link to the next page, so many rows further; query: "q=…&" or "". */
void page_next(struct page *page, size_t rows, const char *query);

/* role=status: what came of what was done. */
void page_result(struct page *page, enum word word);

/* "2026-11-24 14:05" as a person writes it. */
void page_date(struct page *page, struct slice date);

/* An address: for strangers without what is behind its @. */
void page_address(struct page *page, struct slice address);

/* --- forms ------------------------------------------------------------ */

void page_form(struct page *page, struct slice action, const char *method);
void page_hidden(struct page *page, const char *name, struct slice value);

/* type: email or search. */
void page_field(
    struct page *page, const char *type, const char *name, enum word label);

struct page_option {
	const char *value;
	enum word word;
};

/* What a member gets: normal, digest, nomail. */
extern const struct page_option page_modes[];

/* A label and a choice; ends with a value of NULL. */
void page_choice(struct page *page, const char *name, struct slice chosen,
    const struct page_option *options);

/* name NULL: the button just sends; otherwise with this value. */
void page_button(
    struct page *page, const char *name, const char *value, enum word word);

/* The same, to another place than the form's. */
void page_button_to(struct page *page, struct slice action, enum word word);

extern const char page_style[];

#endif

#include "listweb/page.h"

#include "core/buf.h"

#define SECURITY                                                               \
	"Content-Security-Policy: default-src 'none'; style-src 'self'; "      \
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'\r\n"
#define NOT_FOR_ROBOTS "X-Robots-Tag: noindex, nofollow\r\n"

const char page_style[] =
    ":root{color-scheme:light dark;--line:#8886;--accent:#0a66c2;--button:"
    "#0a66c2}"
    "@media(prefers-color-scheme:dark){:root{--accent:#6cb0f5}}"
    "body{font:1rem/1.5 system-ui,sans-serif;margin:0;overflow-wrap:anywhere}"
    "header,main{max-width:48rem;margin:0 auto;padding:1rem 1.5rem}"
    "header{border-bottom:1px solid var(--line);padding-bottom:.5rem}"
    "nav{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem}"
    "a{color:var(--accent)}"
    "h1{font-size:1.5rem;line-height:1.25}"
    "h2{font-size:1.15rem;margin:2rem 0 .5rem}"
    "form{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;"
    "margin:1rem 0}"
    "form p{flex:1 0 100%;margin:0}"
    "label{flex:1 0 100%}label.choice{flex:0 1 auto}"
    "input,select,textarea{font:inherit;padding:.5rem;border:1px solid "
    "var(--line);border-radius:.4rem;box-sizing:border-box;max-width:100%}"
    "input,textarea{flex:1 1 16rem}"
    "button{font:inherit;padding:.5rem 1rem;border:0;border-radius:.4rem;"
    "background:var(--button);color:#fff;cursor:pointer}"
    "button.other,button[value=leave],button[value=go],button[value=no],"
    "button[value=drop]{background:none;color:var(--accent);border:1px solid "
    "var(--accent)}"
    ":focus-visible{outline:3px solid var(--accent);outline-offset:2px}"
    ".items{list-style:none;padding:0}"
    ".items>li{border-bottom:1px solid var(--line);padding:.5rem 0}"
    ".by{display:block;font-size:.9rem}"
    ".months{display:flex;flex-wrap:wrap;gap:.25rem 1rem;list-style:none;"
    "padding:0}"
    ".letter{white-space:pre-wrap;border:1px solid var(--line);border-radius:"
    ".4rem;padding:1rem;margin:1rem 0}"
    ".quoted{opacity:.75;border-left:3px solid var(--line);display:block;"
    "padding-left:.5rem}"
    ".thread,.thread ul{list-style:none;padding-left:1rem}"
    ".thread{padding-left:0}"
    ".note{border-left:4px solid var(--accent);padding:.25rem 1rem}"
    "@media(max-width:30rem){header,main{padding-left:1rem;"
    "padding-right:1rem}.thread ul ul ul{padding-left:0}}\n";

const struct page_option page_modes[] = {
	{ "", W_MODE },
	{ "normal", W_NORMAL },
	{ "digest", W_DIGEST },
	{ "nomail", W_NOMAIL },
	{ NULL, W_MODE },
};

/* --- text ------------------------------------------------------------- */

/* HTML has no control characters but these. */
static bool
is_shown(char c)
{
	return (unsigned char)c >= ' ' ? c != 0x7f : c == '\n' || c == '\t';
}

void
page_words(struct page *page, struct slice text)
{
	char *shown = arena_alloc(page->visit->arena, text.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (is_shown(text.p[i]))
			shown[n++] = text.p[i];
	}
	xml_words(&page->xml, (struct slice){ shown, n });
}

void
page_say(struct page *page, enum word word)
{
	xml_words(&page->xml, slice_of(page->visit->say[word]));
}

void
page_open(struct page *page, const char *name, const char *class)
{
	xml_open(&page->xml, name);
	if (class != NULL)
		page_attribute(page, "class", class);
}

void
page_attribute(struct page *page, const char *name, const char *value)
{
	xml_attribute(&page->xml, name, slice_of(value));
}

void
page_close(struct page *page)
{
	xml_close(&page->xml);
}

void
page_text(struct page *page, const char *name, struct slice text)
{
	page_open(page, name, NULL);
	page_words(page, text);
	page_close(page);
}

void
page_element(struct page *page, const char *name, enum word word)
{
	page_text(page, name, slice_of(page->visit->say[word]));
}

void
page_link(struct page *page, struct slice url, struct slice text)
{
	page_open(page, "a", NULL);
	xml_attribute(&page->xml, "href", url);
	page_words(page, text);
	page_close(page);
}

void
page_next(struct page *page, size_t rows, const char *query)
{
	page_open(page, "p", NULL);
	page_link(page,
	    slice_of(arena_printf(page->visit->arena, "?%sfrom=%zu", query,
		visit_skip(page->visit) + rows)),
	    slice_of(page->visit->say[W_NEXT_PAGE]));
	page_close(page);
}

void
page_sentence(struct page *page, enum word word, struct slice text)
{
	const char *sentence = page->visit->say[word];
	const char *place = strstr(sentence, "%s");

	page_open(page, "p", NULL);
	page_words(
	    page, (struct slice){ sentence, (size_t)(place - sentence) });
	page_text(page, "strong", text);
	page_words(page, slice_of(place + 2));
	page_close(page);
}

void
page_result(struct page *page, enum word word)
{
	page_open(page, "p", "note");
	page_attribute(page, "role", "status");
	page_say(page, word);
	page_close(page);
}

/* --- dates and addresses ---------------------------------------------- */

void
page_date(struct page *page, struct slice date)
{
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	const char *d = date.p;
	unsigned long long month = 0;
	char *text;

	if (date.n != 16 || /* as to_char() writes it, where there is one */
	    !slice_number((struct slice){ d + 5, 2 }, 12, &month) || month == 0)
		return;
	if (page->visit->language == LANGUAGE_GERMAN)
		text = arena_printf(page->visit->arena,
		    "%.2s.%.2s.%.4s, %.5s UTC", d + 8, d + 5, d, d + 11);
	else
		text =
		    arena_printf(page->visit->arena, "%.2s %s %.4s, %.5s UTC",
			d + 8, months[month - 1], d, d + 11);
	page_open(page, "time", NULL);
	page_attribute(page, "datetime",
	    arena_printf(page->visit->arena, "%.10sT%.5sZ", d, d + 11));
	page_words(page, slice_of(text));
	page_close(page);
}

void
page_address(struct page *page, struct slice address)
{
	long at = slice_rfind(address, '@');

	if (at < 0 || !visit_is_stranger(page->visit)) {
		page_words(page, address);
		return;
	}
	page_words(page, slice_head(address, (size_t)at + 1));
	page_words(page, SLICE("…"));
}

/* --- forms ------------------------------------------------------------ */

void
page_form(struct page *page, struct slice action, const char *method)
{
	page_open(page, "form", NULL);
	page_attribute(page, "method", method);
	xml_attribute(&page->xml, "action", action);
}

void
page_hidden(struct page *page, const char *name, struct slice value)
{
	page_open(page, "input", NULL);
	page_attribute(page, "type", "hidden");
	page_attribute(page, "name", name);
	xml_attribute(&page->xml, "value", value);
	xml_close_void(&page->xml);
}

void
page_field(
    struct page *page, const char *type, const char *name, enum word label)
{
	page_open(page, "label", NULL);
	page_attribute(page, "for", name);
	page_say(page, label);
	page_close(page);
	page_open(page, "input", NULL);
	page_attribute(page, "id", name);
	page_attribute(page, "name", name);
	page_attribute(page, "type", type);
	page_attribute(page, "required", "required");
	if (strcmp(type, "email") == 0)
		page_attribute(page, "autocomplete", "email");
	xml_close_void(&page->xml);
}

static void
write_option(struct page *page, const struct page_option *option, bool chosen)
{
	page_open(page, "option", NULL);
	page_attribute(page, "value", option->value);
	if (chosen)
		page_attribute(page, "selected", "selected");
	page_say(page, option->word);
	page_close(page);
}

/* The first option's word is the label of all. */
void
page_choice(struct page *page, const char *name, struct slice chosen,
    const struct page_option *options)
{
	page_open(page, "label", "choice");
	page_say(page, options->word);
	page_words(page, SLICE(" "));
	page_open(page, "select", NULL);
	page_attribute(page, "name", name);
	for (options++; options->value != NULL; options++)
		write_option(
		    page, options, slice_eq(chosen, slice_of(options->value)));
	page_close(page);
	page_close(page);
}

void
page_button(
    struct page *page, const char *name, const char *value, enum word word)
{
	page_open(page, "button", NULL);
	if (name != NULL) {
		page_attribute(page, "name", name);
		page_attribute(page, "value", value);
	}
	page_say(page, word);
	page_close(page);
}

void
page_button_to(struct page *page, struct slice action, enum word word)
{
	page_open(page, "button", "other");
	xml_attribute(&page->xml, "formaction", action);
	page_say(page, word);
	page_close(page);
}

/* --- the frame -------------------------------------------------------- */

static void
write_head(struct page *page, struct slice title)
{
	page_open(page, "head", NULL);
	page_open(page, "meta", NULL);
	page_attribute(page, "charset", "utf-8");
	xml_close_void(&page->xml);
	page_open(page, "meta", NULL);
	page_attribute(page, "name", "viewport");
	page_attribute(page, "content", "width=device-width");
	xml_close_void(&page->xml);
	page_open(page, "link", NULL);
	page_attribute(page, "rel", "stylesheet");
	page_attribute(page, "href", "/style.css");
	xml_close_void(&page->xml);
	page_open(page, "title", NULL);
	page_words(page, title);
	page_words(page, SLICE(" – "));
	page_words(page, slice_of(page->visit->service->config->provider.name));
	page_close(page);
	page_close(page);
}

static void
write_navigation(struct page *page)
{
	const struct ask_list *list = page->visit->list;

	page_open(page, "header", NULL);
	page_open(page, "nav", NULL);
	page_link(page, SLICE("/"), slice_of(page->visit->say[W_ALL_LISTS]));
	if (list != NULL)
		page_link(page, visit_url(page->visit, list->address),
		    list_name(list));
	if (page->visit->request->session.n > 0)
		page_link(
		    page, SLICE("/me"), slice_of(page->visit->say[W_MY_LISTS]));
	page_close(page);
	page_close(page);
}

void
page_start(struct page *page, struct visit *visit, struct slice title)
{
	*page = (struct page){ xml_start_html(), visit };
	page_open(page, "html", NULL);
	page_attribute(page, "lang", language_tag(visit->language));
	write_head(page, title);
	page_open(page, "body", NULL);
	write_navigation(page);
	page_open(page, "main", NULL);
	page_text(page, "h1", title);
}

static bool
is_for_robots(const struct visit *visit)
{
	enum route route = visit->request->route;

	return visit->list != NULL && visit->list->robots &&
	       slice_eq(visit->list->archive, SLICE("public")) &&
	       (route == ROUTE_LIST || route_is_archive(route));
}

/* A public archive is the same for all strangers. */
static const char *
headers_of(const struct visit *visit)
{
	if (!is_for_robots(visit))
		return NO_STORE NOT_FOR_ROBOTS SECURITY;
	if (visit->list->visitor.n > 0)
		return NO_STORE SECURITY;
	return "Cache-Control: private, max-age=60\r\n"
	       "Vary: Accept-Language, Cookie\r\n" SECURITY;
}

void
page_finish(struct page *page, int status)
{
	struct visit *visit = page->visit;

	visit->response =
	    (struct web_response){ status, "text/html; charset=utf-8",
		    headers_of(visit), xml_finish(&page->xml, visit->arena) };
}

void
page_note(
    struct visit *visit, int status, enum word title, struct slice sentence)
{
	struct page page;

	page_start(&page, visit, slice_of(visit->say[title]));
	page_open(&page, "p", "note");
	page_attribute(&page, "role", "status");
	page_words(&page, sentence);
	page_close(&page);
	page_finish(&page, status);
}

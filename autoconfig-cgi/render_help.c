#include <errno.h>
#include <qrencode.h>

#include "autoconfig-cgi/render.h"
#include "core/buf.h"
#include "core/percent.h"
#include "core/xml.h"

enum {
	QR_MARGIN = 4, /* ISO/IEC 18004 6.3.8: the quiet zone, in modules */
	QR_PATH_MAX = 1 << 20,
};

const char help_style[] =
    ":root{color-scheme:light dark;--line:#8886;--accent:#0a66c2}"
    "body{font:1rem/1.5 system-ui,sans-serif;margin:0}"
    "main{max-width:42rem;margin:0 auto;padding:1.5rem}"
    "h1{font-size:1.5rem;line-height:1.2;margin-top:.25rem}h2{font-size:1."
    "15rem;margin:2rem 0 0}"
    "form{display:flex;flex-wrap:wrap;gap:.5rem;margin:1rem 0}"
    "label{flex:1 0 100%}"
    "input{flex:1 1 16rem;font:inherit;padding:.5rem;border:1px solid "
    "var(--line);border-radius:.4rem}"
    "button,.button{font:inherit;padding:.5rem 1rem;border:0;border-radius:"
    ".4rem;background:var(--accent);color:#fff;text-decoration:none;"
    "display:inline-block;cursor:pointer}"
    ":focus-visible{outline:3px solid var(--accent);outline-offset:2px}"
    "table{border-collapse:collapse;width:100%;margin:.5rem 0}"
    "th,td{text-align:left;padding:.35rem .75rem .35rem 0;border-bottom:1px "
    "solid var(--line);vertical-align:baseline}"
    "th{font-weight:500;width:11rem}"
    "td{font-family:ui-monospace,monospace;overflow-wrap:anywhere}"
    ".phone{display:flex;flex-wrap:wrap;gap:1.5rem;align-items:flex-start}"
    ".phone div{flex:1 1 16rem}"
    "svg{width:11rem;height:11rem;background:#fff}"
    ".provider{margin:0;font-weight:600;color:var(--accent)}"
    ".note{border-left:4px solid var(--accent);padding:.25rem 1rem}"
    "@media(max-width:30rem){th{width:8rem}td{font-size:.9rem}"
    "main{padding:1rem}}\n";

/* --- the code for phones ---------------------------------------------- */

static void
draw_modules(const QRcode *code, struct buf *path)
{
	for (int i = 0; i < code->width * code->width; i++) {
		if (code->data[i] & 1) /* black */
			(void)buf_addf(path, "M%d %dh1v1h-1z",
			    i % code->width + QR_MARGIN,
			    i / code->width + QR_MARGIN);
	}
}

static void
write_drawing(
    struct xml *xml, struct arena *arena, const QRcode *code, const char *title)
{
	AUTO_BUF struct buf path = BUF_INIT(QR_PATH_MAX);
	int size = code->width + 2 * QR_MARGIN;

	draw_modules(code, &path);
	xml_open(xml, "svg");
	xml_attribute(xml, "viewBox",
	    slice_of(arena_printf(arena, "0 0 %d %d", size, size)));
	xml_attribute(xml, "role", SLICE("img"));
	xml_attribute(xml, "aria-label", slice_of(title));
	xml_attribute(xml, "shape-rendering", SLICE("crispEdges"));
	xml_open(xml, "path");
	xml_attribute(xml, "d", buf_slice(&path));
	xml_close(xml);
	xml_close(xml);
}

/* A page that cannot draw one is a page without. */
static void
write_qr(
    struct xml *xml, struct arena *arena, const char *url, const char *title)
{
	QRcode *code = QRcode_encodeString8bit(url, 0, QR_ECLEVEL_M);

	if (code == NULL)
		return;
	write_drawing(xml, arena, code, title);
	QRcode_free(code);
}

/* --- the page --------------------------------------------------------- */

static void
write_head(
    struct xml *xml, const struct provider *provider, const char *const *say)
{
	xml_open(xml, "head");
	xml_open(xml, "meta");
	xml_attribute(xml, "charset", SLICE("utf-8"));
	xml_close_void(xml);
	xml_open(xml, "meta");
	xml_attribute(xml, "name", SLICE("viewport"));
	xml_attribute(xml, "content", SLICE("width=device-width"));
	xml_close_void(xml);
	xml_open(xml, "link");
	xml_attribute(xml, "rel", SLICE("stylesheet"));
	xml_attribute(xml, "href", SLICE("/help.css"));
	xml_close_void(xml);
	xml_open(xml, "title");
	xml_words(xml, slice_of(provider->name));
	xml_words(xml, SLICE(": "));
	xml_words(xml, slice_of(say[W_TITLE]));
	xml_close(xml);
	xml_close(xml);
}

static void
write_form(struct xml *xml, struct slice address, const char *const *say)
{
	xml_open(xml, "form");
	xml_attribute(xml, "method", SLICE("get"));
	xml_attribute(xml, "action", SLICE("/"));
	xml_open(xml, "label");
	xml_attribute(xml, "for", SLICE("emailaddress"));
	xml_words(xml, slice_of(say[W_ADDRESS]));
	xml_close(xml);
	xml_open(xml, "input");
	xml_attribute(xml, "id", SLICE("emailaddress"));
	xml_attribute(xml, "name", SLICE("emailaddress"));
	xml_attribute(xml, "type", SLICE("email"));
	xml_attribute(xml, "autocomplete", SLICE("email"));
	xml_attribute(xml, "required", SLICE("required"));
	xml_attribute(xml, "value", address);
	xml_close_void(xml);
	xml_text(xml, "button", slice_of(say[W_SHOW]));
	xml_close(xml);
}

static void
open_row(struct xml *xml, const char *name)
{
	xml_open(xml, "tr");
	xml_open(xml, "th");
	xml_attribute(xml, "scope", SLICE("row"));
	xml_words(xml, slice_of(name));
	xml_close(xml);
}

static void
write_row(struct xml *xml, const char *name, struct slice value)
{
	open_row(xml, name);
	xml_text(xml, "td", value);
	xml_close(xml);
}

/* A narrow screen breaks a host name behind a dot, if at all. */
static void
write_host(struct xml *xml, const char *name, struct slice host)
{
	struct slice label;

	open_row(xml, name);
	xml_open(xml, "td");
	while (slice_cut(&host, '.', &label)) {
		xml_words(xml, label);
		if (host.n > 0) {
			xml_words(xml, SLICE("."));
			xml_open(xml, "wbr");
			xml_close_void(xml);
		}
	}
	xml_close(xml);
	xml_close(xml);
}

static void
write_service(struct xml *xml, struct arena *arena,
    const struct setup_service *service, const char *const *say)
{
	static const enum word headings[] = {
		[SETUP_IMAP] = W_IMAP,
		[SETUP_POP3] = W_POP3,
		[SETUP_SMTP] = W_SMTP,
		[SETUP_SIEVE] = W_SIEVE,
	};

	xml_text(xml, "h2", slice_of(say[headings[service->protocol]]));
	xml_open(xml, "table");
	write_host(xml, say[W_SERVER], service->host);
	write_row(xml, say[W_PORT],
	    slice_of(arena_printf(arena, "%u", service->port)));
	write_row(xml, say[W_SECURITY],
	    slice_of(say[service->starttls ? W_STARTTLS : W_TLS]));
	xml_close(xml);
}

static void
write_login(
    struct xml *xml, const struct publication *p, const char *const *say)
{
	xml_open(xml, "table");
	write_row(xml, say[W_LOGIN], publication_login(p));
	write_row(xml, say[W_PASSWORD], slice_of(say[W_YOUR_PASSWORD]));
	xml_close(xml);
}

static void
write_phone(struct xml *xml, struct arena *arena, const struct publication *p,
    const char *const *say)
{
	struct slice query = percent_encode(arena, p->address);

	xml_text(xml, "h2", slice_of(say[W_PHONE]));
	xml_open(xml, "div");
	xml_attribute(xml, "class", SLICE("phone"));
	write_qr(xml, arena,
	    arena_printf(arena, "https://%s/?emailaddress=%.*s",
		p->provider->service_host, SLICE_FMT(query)),
	    say[W_QR]);
	xml_open(xml, "div");
	xml_text(xml, "p", slice_of(say[W_SCAN]));
	xml_text(xml, "p", slice_of(say[W_APPLE]));
	xml_open(xml, "a");
	xml_attribute(xml, "class", SLICE("button"));
	xml_attribute(xml, "href",
	    slice_of(arena_printf(
		arena, "/mobileconfig?emailaddress=%.*s", SLICE_FMT(query))));
	xml_words(xml, slice_of(say[W_PROFILE]));
	xml_close(xml);
	xml_close(xml);
	xml_close(xml);
}

static void
write_settings(struct xml *xml, struct arena *arena,
    const struct publication *p, const char *const *say)
{
	write_login(xml, p, say);
	for (size_t i = 0; i < p->setup->n; i++)
		write_service(xml, arena, &p->setup->services[i], say);
	write_phone(xml, arena, p, say);
}

static void
write_main(struct xml *xml, struct arena *arena, const struct publication *p,
    const char *const *say)
{
	xml_open(xml, "main");
	xml_open(xml, "p");
	xml_attribute(xml, "class", SLICE("provider"));
	xml_words(xml, slice_of(p->provider->name));
	xml_close(xml);
	xml_text(xml, "h1", slice_of(say[W_TITLE]));
	xml_text(xml, "p", slice_of(say[W_INTRO]));
	write_form(xml, p->address, say);
	if (p->setup != NULL) {
		write_settings(xml, arena, p, say);
	} else if (p->refused) {
		xml_open(xml, "p");
		xml_attribute(xml, "class", SLICE("note"));
		xml_attribute(xml, "role", SLICE("status"));
		xml_words(xml, slice_of(say[W_NONE]));
		xml_close(xml);
	}
	xml_close(xml);
}

struct slice
render_help(struct arena *arena, const struct publication *publication,
    enum language language)
{
	const char *const *say = words_of(language);
	struct xml xml = xml_start_html();

	xml_open(&xml, "html");
	xml_attribute(&xml, "lang", slice_of(language_tag(language)));
	write_head(&xml, publication->provider, say);
	xml_open(&xml, "body");
	write_main(&xml, arena, publication, say);
	xml_close(&xml);
	xml_close(&xml);
	return xml_finish(&xml, arena);
}

/* Messages as they were sent: one, a part of one, or many in a mailbox. */
#define ZLIB_CONST /* it changes nothing of ours */
#include <zlib.h>

#include "core/percent.h"
#include "listweb/answers.h"
#include "listweb/message.h"
#include "listweb/page.h"
#include "listweb/threads.h"

/* Nothing of a stranger's ever runs at our host, or is taken for a page. */
#define AS_FILE                                                                \
	"Cache-Control: private, max-age=300\r\n"                              \
	"Content-Security-Policy: default-src 'none'; sandbox\r\n"

enum {
	GZIP_WINDOW = 15 + 16, /* zlib.h: the largest, with gzip's header */
	GZIP_LEVEL = 6,
	CHUNK = 64 << 10,
	FILE_NAME_MAX = 200,
};

/* False: there is none, which has been said. */
static bool
find_post(struct visit *visit, struct post *post)
{
	int r = post_find(visit, post);

	if (!visit_failed(visit, r) && r == 0)
		visit_plain(visit, 404);
	return r > 0;
}

static bool
find_octets(struct visit *visit, struct slice *octets)
{
	struct post post;

	if (!find_post(visit, &post))
		return false;
	if (post.removed) {
		visit_plain(visit, 410);
		return false;
	}
	return !visit_failed(
	    visit, store_post(&visit->store, visit->list->id, post.n, octets));
}

/* Everybody's address is in there: for members, of lists that show it. */
static bool
may_download(struct visit *visit)
{
	if (visit->list->anonymous || visit_is_stranger(visit)) {
		answer_members_only(visit);
		return false;
	}
	return true;
}

/* --- one message ------------------------------------------------------ */

void
answer_raw(struct visit *visit)
{
	struct slice octets;

	if (may_download(visit) && find_octets(visit, &octets))
		visit->response =
		    (struct web_response){ 200, "text/plain", AS_FILE, octets };
}

/* RFC 6266, without the form that only old browsers read. */
static const char *
headers_of(struct visit *visit, const struct message_file *file)
{
	struct slice name =
	    percent_encode(visit->arena, slice_head(file->name, FILE_NAME_MAX));

	return arena_printf(visit->arena,
	    AS_FILE "Content-Disposition: attachment%s%.*s\r\n",
	    name.n > 0 ? "; filename*=UTF-8''" : "", SLICE_FMT(name));
}

void
answer_part(struct visit *visit)
{
	struct message_file file;
	struct slice octets;

	if (!find_octets(visit, &octets))
		return;
	if (message_file(visit->arena, octets, visit->request->number, &file))
		visit->response =
		    (struct web_response){ 200, "application/octet-stream",
			    headers_of(visit, &file), file.content };
	else
		visit_plain(visit, 404);
}

/* --- many ------------------------------------------------------------- */

struct mbox {
	struct visit *visit;
	z_stream gzip;
	char chunk[CHUNK];
};

/* Compresses and sends. flush: Z_NO_FLUSH, or Z_FINISH at the end. */
static void
put(struct mbox *mbox, struct slice octets, int flush)
{
	const struct web_exchange *exchange = mbox->visit->exchange;
	size_t left;

	mbox->gzip.next_in = (const Bytef *)octets.p;
	mbox->gzip.avail_in = (uInt)octets.n;
	do {
		mbox->gzip.next_out = (Bytef *)mbox->chunk;
		mbox->gzip.avail_out = sizeof mbox->chunk;
		(void)deflate(&mbox->gzip, flush);
		left = mbox->gzip.avail_out;
		exchange->write(exchange->peer,
		    (struct slice){ mbox->chunk, sizeof mbox->chunk - left });
	} while (left == 0);
}

/* A line that begins with "From ", behind any number of ">" (mboxrd). */
static bool
is_from(struct slice line)
{
	while (line.n > 0 && line.p[0] == '>')
		line = slice_tail(line, 1);
	return line.n >= 5 && memcmp(line.p, "From ", 5) == 0;
}

static void
put_message(struct mbox *mbox, struct slice octets)
{
	struct slice line;

	put(mbox, SLICE("From MAILER-DAEMON Thu Jan  1 00:00:00 1970\n"),
	    Z_NO_FLUSH);
	while (octets.n > 0 && slice_cut(&octets, '\n', &line)) {
		if (is_from(line))
			put(mbox, SLICE(">"), Z_NO_FLUSH);
		put(mbox, line, Z_NO_FLUSH);
		put(mbox, SLICE("\n"), Z_NO_FLUSH);
	}
	put(mbox, SLICE("\n"), Z_NO_FLUSH);
}

/* Each message has an arena of its own: a month may be large. */
static size_t
put_post(struct mbox *mbox, const struct post *post)
{
	struct visit *visit = mbox->visit;
	struct arena arena = ARENA_INIT;
	struct store store = { visit->store.archive, &arena, visit->why };
	struct slice octets;
	size_t n = 0;

	if (!post->removed &&
	    store_post(&store, visit->list->id, post->n, &octets) == 0) {
		put_message(mbox, octets);
		n = octets.n;
	}
	arena_done(&arena);
	return n;
}

static void
send_posts(struct mbox *mbox, const struct posts *posts)
{
	size_t left = (size_t)mbox->visit->service->config->mbox_bytes;

	for (size_t i = 0; i < posts->n && left > 0; i++) {
		size_t n = put_post(mbox, &posts->list[i]);

		left -= n < left ? n : left;
	}
	put(mbox, SLICE(""), Z_FINISH);
}

static void
send_mbox(struct visit *visit, const struct posts *posts)
{
	struct mbox *mbox = arena_new(visit->arena, struct mbox);
	const struct web_response head = { 200, "application/gzip",
		AS_FILE "Content-Disposition: attachment; "
			"filename=\"list.mbox.gz\"\r\n",
		SLICE("") };

	mbox->visit = visit;
	if (deflateInit2(&mbox->gzip, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, 8,
		Z_DEFAULT_STRATEGY) != Z_OK) {
		visit_plain(visit, 503);
		return;
	}
	web_begin(visit->exchange, &head);
	if (visit->request->method != WEB_HEAD)
		send_posts(mbox, posts);
	(void)deflateEnd(&mbox->gzip);
	visit->response = head;
	visit->sent = true;
}

void
answer_mbox(struct visit *visit)
{
	bool of_month = visit->request->route == ROUTE_MONTH_MBOX;
	struct posts posts;
	struct post post;
	int r;

	if (!may_download(visit) || (!of_month && !find_post(visit, &post)))
		return;
	if (of_month)
		r = posts_month(&visit->ask, visit->list->id,
		    visit->request->month, &posts);
	else
		r = posts_thread(
		    &visit->ask, visit->list->id, post.thread, &posts);
	if (!visit_failed(visit, r))
		send_mbox(visit, &posts);
}

#include "listmgr/sending.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <time.h>

#include "core/log.h"
#include "core/scope.h"

static const struct db_stmt rows_of = { "letters-rows",
	"SELECT sender, subject, reason, ok, no, \"drop\", member"
	" FROM hauspost.list_letter_rows($1::bigint)",
	1 };

enum {
	LETTER_MAIL_MAX = 1024 * 1024, /* without the mails that go with it */
	LETTER_TEXT_MAX = 64 * 1024,
	LETTER_TABLE_MAX = 200 * 1024,
	LETTER_PART_MAX = 1024, /* what stands between mails */
	BOUNDARY_OCTETS = 16,	/* nobody guesses it, so no mail holds it */
};

void
sending_init(
    struct sending *s, const struct listmgr *listmgr, struct arena *arena)
{
	*s = (struct sending){ .listmgr = listmgr,
		.arena = arena,
		.head = BUF_INIT(LETTER_MAIL_MAX),
		.between = BUF_INIT(LETTER_PART_MAX),
		.end = BUF_INIT(LETTER_PART_MAX) };
}

void
sending_done(struct sending *s)
{
	for (size_t i = 0; i < s->n_views; i++)
		archive_close(&s->views[i]);
	buf_free(&s->head);
	buf_free(&s->between);
	buf_free(&s->end);
}

struct slice
sending_word(const struct sending *s, const char *name)
{
	for (size_t i = 0; i < s->letter.n_words; i++) {
		if (slice_eq(s->words[i].name, slice_of(name)))
			return s->words[i].text;
	}
	return (struct slice){ "", 0 };
}

static bool
is_kind(const struct sending *s, const char *kind)
{
	return slice_eq(s->kind, slice_of(kind));
}

/* --- reading a row ----------------------------------------------------------
 */

static struct slice
copy(struct sending *s, const struct db_result *rows, int row, int column)
{
	return arena_slice(s->arena, db_text(rows, row, column));
}

/* A path of the pages becomes a whole address, or nothing. */
static struct slice
whole_url(const struct sending *s, struct slice path)
{
	const char *web = s->listmgr->lists.web;

	if (web == NULL || web[0] == '\0')
		return (struct slice){ "", 0 };
	return slice_of(
	    arena_printf(s->arena, "%s/%.*s", web, SLICE_FMT(path)));
}

/* One more is left free, for the table. */
static void
read_words(struct sending *s, const struct db_result *rows, int row)
{
	struct slice *names, *texts;
	size_t n = db_array(rows, row, 13, s->arena, &names);

	if (db_array(rows, row, 14, s->arena, &texts) != n)
		n = 0;
	s->words = arena_calloc(s->arena, n + 1, sizeof *s->words);
	for (size_t i = 0; i < n; i++) {
		bool url = slice_eq(names[i], SLICE("url"));

		s->words[i].name = names[i];
		s->words[i].text = url ? whole_url(s, texts[i]) : texts[i];
	}
	s->letter.words = s->words;
	s->letter.n_words = n;
}

void
sending_read(struct sending *s, const struct db_result *rows, int row)
{
	s->id = db_number(rows, row, 0);
	s->list = db_number(rows, row, 1);
	s->name = copy(s, rows, row, 2);
	s->domain = copy(s, rows, row, 3);
	s->kind = copy(s, rows, row, 4);
	s->letter.to = copy(s, rows, row, 5);
	s->letter.language = copy(s, rows, row, 6);
	s->letter.answers = copy(s, rows, row, 7);
	s->letter.replied = db_flag(rows, row, 8);
	s->return_path = copy(s, rows, row, 9);
	s->held = db_is_null(rows, row, 10) ? 0 : db_number(rows, row, 10);
	s->own_subject = copy(s, rows, row, 11);
	s->own_body = copy(s, rows, row, 12);
	read_words(s, rows, row);
	s->n_posts = db_array(rows, row, 15, s->arena, &s->posts);
}

/* --- texts ------------------------------------------------------------------
 */

static bool
is_file_name(struct slice name)
{
	for (size_t i = 0; i < name.n; i++) {
		if ((name.p[i] < 'a' || name.p[i] > 'z') && name.p[i] != '-')
			return false;
	}
	return name.n > 0;
}

static int
read_text(const struct sending *s, struct slice kind, struct slice *text_out,
    struct why *why)
{
	char *path = arena_printf(s->arena, "%s/%.*s/%.*s.txt",
	    s->listmgr->settings->texts, SLICE_FMT(s->letter.language),
	    SLICE_FMT(kind));
	AUTO_CLOSE int fd = -1;
	char *text = arena_alloc(s->arena, LETTER_TEXT_MAX);
	ssize_t n;

	if (!is_file_name(kind) || !is_file_name(s->letter.language))
		return why_fail(why, EINVAL, "read %s", path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, LETTER_TEXT_MAX);
	if (n < 0)
		return why_fail(why, errno, "read %s", path);
	*text_out = (struct slice){ text, (size_t)n };
	return 0;
}

static int
find_text(struct sending *s, struct why *why)
{
	if (s->own_body.n == 0)
		return read_text(s, s->kind, &s->letter.text, why);
	s->letter.text =
	    slice_of(arena_printf(s->arena, "Subject: %.*s\n\n%.*s",
		SLICE_FMT(s->own_subject), SLICE_FMT(s->own_body)));
	return 0;
}

/* What stands behind the subject of a text, filled in once for each row. */
static void
add_rows(struct buf *table, struct slice text, const struct db_result *rows)
{
	static const struct slice names[] = { SLICE("sender"), SLICE("subject"),
		SLICE("reason"), SLICE("ok"), SLICE("no"), SLICE("drop"),
		SLICE("member") };
	enum { COLUMNS = sizeof names / sizeof *names };
	struct letter_word words[COLUMNS];
	struct slice subject;

	(void)slice_cut(&text, '\n', &subject);
	for (int row = 0; row < db_rows(rows); row++) {
		for (int i = 0; i < COLUMNS; i++) {
			words[i].name = names[i];
			words[i].text = db_text(rows, row, i);
		}
		letter_fill(table, text, words, COLUMNS);
	}
}

/* {table} and {count} of a letter that lists held mails. */
static int
make_table(struct sending *s, struct why *why)
{
	AUTO_BUF struct buf table = BUF_INIT(LETTER_TABLE_MAX);
	struct slice id = db_number_param(s->arena, s->id), text;
	struct db_result *rows;
	int r = read_text(s, SLICE("moderate-row"), &text, why);

	if (r == 0)
		r = db_ask(s->listmgr->lists.db, &rows_of, &id, &rows, why);
	if (r < 0)
		return r;
	add_rows(&table, text, rows);
	s->words =
	    arena_calloc(s->arena, 2 + s->letter.n_words, sizeof *s->words);
	memcpy(s->words + 2, s->letter.words,
	    s->letter.n_words * sizeof *s->words);
	s->words[0] = (struct letter_word){ SLICE("table"),
		arena_slice(s->arena, buf_slice(&table)) };
	s->words[1] = (struct letter_word){ SLICE("count"),
		db_number_param(s->arena, db_rows(rows)) };
	s->letter.words = s->words;
	s->letter.n_words += 2;
	db_done(rows);
	return 0;
}

/* --- composing --------------------------------------------------------------
 */

/* From and Reply-To are the address that a plain reply should reach. */
static void
set_addresses(struct sending *s)
{
	struct letter *letter = &s->letter;
	struct slice confirm = sending_word(s, "confirm");
	bool about_receiving = is_kind(s, "welcome") || is_kind(s, "reminder");

	letter->list = sending_word(s, "list");
	letter->from = sending_word(s, "owner");
	if (confirm.n > 0 && !is_kind(s, "confirm-enter"))
		letter->from = letter->reply_to = confirm;
	else if (is_kind(s, "moderate") || is_kind(s, "moderate-sub"))
		letter->reply_to = sending_word(s, "ok");
	if (about_receiving) {
		letter->list_id = sending_word(s, "list_id");
		letter->leave = sending_word(s, "unsubscribe");
	}
	letter->message_id = slice_of(arena_printf(
	    s->arena, "letter.%lld@%.*s", s->id, SLICE_FMT(s->domain)));
	letter->date = time(NULL);
}

static void
add_part(struct sending *s, struct slice octets)
{
	s->parts[s->n_parts++] = (struct smtpc_part)SMTPC_OCTETS(octets);
	s->size_bytes += octets.n;
}

/* A mail that goes with the letter; one that is gone is left out. */
static void
attach(struct sending *s, bool held, long long n)
{
	const struct lists *lists = &s->listmgr->lists;
	struct archive_view *view = &s->views[s->n_views];
	struct why why;
	int r = held ? archive_open_held(lists, s->list, n, view, &why)
		     : archive_open_post(lists, s->list, n, view, &why);

	if (r < 0) {
		log_event(LOG_WARNING, NULL, "letter-without",
		    LOG_NUM("letter", s->id), LOG_WHY(&why));
		return;
	}
	s->n_views++;
	add_part(s, buf_slice(&s->between));
	add_part(s, view->message);
}

static void
attach_all(struct sending *s)
{
	size_t n = s->n_posts;

	letter_add_mail(&s->between, s->letter.boundary);
	if (is_kind(s, "moderate"))
		attach(s, true, s->held);
	for (size_t i = 0; i < n && s->n_parts + 3 <= SENDING_PARTS_MAX; i++) {
		unsigned long long number;

		if (slice_number(s->posts[i], INT64_MAX, &number))
			attach(s, false, (long long)number);
	}
	letter_end(&s->end, s->letter.boundary);
	add_part(s, buf_slice(&s->end));
}

static int
compose(struct sending *s, struct why *why)
{
	unsigned char random[BOUNDARY_OCTETS];
	char boundary[2 * BOUNDARY_OCTETS + 1];
	bool with_mails = is_kind(s, "moderate") || s->n_posts > 0;
	int r = find_text(s, why);

	if (r == 0 && (is_kind(s, "moderate-many") || is_kind(s, "owner-held")))
		r = make_table(s, why);
	if (r < 0)
		return r;
	randombytes_buf(random, sizeof random);
	s->letter.boundary = with_mails
				 ? sodium_bin2hex(boundary, sizeof boundary,
				       random, sizeof random)
				 : NULL;
	letter_compose(&s->head, &s->letter);
	add_part(s, buf_slice(&s->head));
	if (with_mails)
		attach_all(s);
	s->letter.boundary = NULL;
	return buf_failed(&s->head) ? why_fail(why, EMSGSIZE, "compose") : 0;
}

/* Mail to owners goes on as it is: its author is whom they answer. */
static int
pass_on(struct sending *s, struct why *why)
{
	struct archive_view *view = &s->views[0];
	int r =
	    archive_open_held(&s->listmgr->lists, s->list, s->held, view, why);

	if (r < 0)
		return r;
	s->n_views = 1;
	(void)buf_addf(
	    &s->head, "X-Loop: %.*s\n", SLICE_FMT(sending_word(s, "list")));
	add_part(s, buf_slice(&s->head));
	add_part(s, view->message);
	return 0;
}

int
sending_compose(struct sending *s, struct why *why)
{
	set_addresses(s);
	return is_kind(s, "owner-mail") ? pass_on(s, why) : compose(s, why);
}

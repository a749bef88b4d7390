#include "listmgr/letter.h"

#include <gmime/gmime.h>

#include "core/encoded_word.h"

enum { LETTER_SUBJECT_MAX = 1000, LETTER_BODY_MAX = 256 * 1024 };

/* --- words ------------------------------------------------------------------
 */

static const struct letter_word *
find_word(const struct letter_word *words, size_t n_words, struct slice name)
{
	for (size_t i = 0; i < n_words; i++) {
		if (slice_eq(words[i].name, name))
			return &words[i];
	}
	return NULL;
}

/*
 * Takes what stands before the next word off *line into *plain_out. False:
 * there is no further word, and *plain_out is the rest.
 */
static bool
next_word(struct slice *line, struct slice *plain_out, struct slice *name_out)
{
	long open = slice_find(*line, '{');
	struct slice rest = slice_tail(*line, (size_t)(open + 1));
	long end = open < 0 ? -1 : slice_find(rest, '}');

	if (end < 0) {
		*plain_out = *line;
		return false;
	}
	*plain_out = slice_head(*line, (size_t)open);
	*name_out = slice_head(rest, (size_t)end);
	*line = slice_tail(rest, (size_t)end + 1);
	return true;
}

static bool
lacks_a_word(struct slice line, const struct letter_word *words, size_t n_words)
{
	struct slice plain, name;

	while (next_word(&line, &plain, &name)) {
		const struct letter_word *word =
		    find_word(words, n_words, name);

		if (word != NULL && word->text.n == 0)
			return true;
	}
	return false;
}

static void
fill_line(struct buf *to, struct slice line, const struct letter_word *words,
    size_t n_words)
{
	struct slice plain, name;

	while (next_word(&line, &plain, &name)) {
		const struct letter_word *word =
		    find_word(words, n_words, name);

		(void)buf_add_slice(to, plain);
		if (word != NULL)
			(void)buf_add_slice(to, word->text);
		else
			(void)buf_addf(to, "{%.*s}", SLICE_FMT(name));
	}
	(void)buf_add_slice(to, plain);
}

void
letter_fill(struct buf *to, struct slice text, const struct letter_word *words,
    size_t n_words)
{
	struct slice line;

	while (text.n > 0 && slice_cut(&text, '\n', &line)) {
		if (lacks_a_word(line, words, n_words))
			continue;
		fill_line(to, line, words, n_words);
		(void)buf_add_char(to, '\n');
	}
}

/* --- header -----------------------------------------------------------------
 */

/* The text's first line without "Subject:", and what follows it in *body_out.
 */
static struct slice
split_subject(struct slice text, struct slice *body_out)
{
	static const struct slice mark = SLICE("Subject:");
	struct slice line = { "", 0 };

	*body_out = text;
	if (!slice_starts_nocase(text, mark))
		return line;
	(void)slice_cut(&text, '\n', &line);
	*body_out =
	    text.n > 0 && text.p[0] == '\n' ? slice_tail(text, 1) : text;
	return slice_trim(slice_tail(line, mark.n));
}

static void
add_subject(struct buf *to, const struct letter *letter, struct slice text)
{
	AUTO_BUF struct buf subject = BUF_INIT(LETTER_SUBJECT_MAX);

	fill_line(&subject, text, letter->words, letter->n_words);
	(void)buf_add_text(to, "Subject:");
	encoded_word_add(to, buf_slice(&subject));
}

static void
add_answers(struct buf *to, struct slice id)
{
	/* A Message-ID is a stranger's: what is none would end the line. */
	for (size_t i = 0; i < id.n; i++) {
		if (id.p[i] <= ' ' || id.p[i] > '~')
			return;
	}
	if (id.n > 2 && id.n < 900 && id.p[0] == '<' && id.p[id.n - 1] == '>')
		(void)buf_addf(to, "In-Reply-To: %.*s\nReferences: %.*s\n",
		    SLICE_FMT(id), SLICE_FMT(id));
}

static void
add_addresses(struct buf *to, const struct letter *letter)
{
	(void)buf_addf(to, "From: <%.*s>\nTo: <%.*s>\n",
	    SLICE_FMT(letter->from), SLICE_FMT(letter->to));
	if (letter->reply_to.n > 0)
		(void)buf_addf(
		    to, "Reply-To: <%.*s>\n", SLICE_FMT(letter->reply_to));
}

static void
add_marks(struct buf *to, const struct letter *letter)
{
	(void)buf_addf(to,
	    "Auto-Submitted: %s\nPrecedence: bulk\n"
	    "X-Auto-Response-Suppress: All\nX-Loop: %.*s\n",
	    letter->replied ? "auto-replied" : "auto-generated",
	    SLICE_FMT(letter->list));
	if (letter->list_id.n > 0)
		(void)buf_addf(to,
		    "List-Id: <%.*s>\nList-Unsubscribe: <mailto:%.*s>\n",
		    SLICE_FMT(letter->list_id), SLICE_FMT(letter->leave));
}

static void
add_date(struct buf *to, const struct letter *letter)
{
	char date[64];
	struct tm tm;

	(void)strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000",
	    gmtime_r(&letter->date, &tm));
	(void)buf_addf(to, "Date: %s\nMessage-ID: <%.*s>\n", date,
	    SLICE_FMT(letter->message_id));
}

/* --- body -------------------------------------------------------------------
 */

static void
add_quoted(struct buf *to, struct slice body)
{
	GMimeEncoding encoding;
	size_t room;

	g_mime_encoding_init_encode(
	    &encoding, GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
	room = g_mime_encoding_outlen(&encoding, body.n);
	if (buf_reserve(to, room) < 0)
		return;
	buf_grown(to,
	    g_mime_encoding_flush(&encoding, body.p, body.n, to->p + to->n));
}

static void
add_text(struct buf *to, const struct letter *letter, struct slice text)
{
	AUTO_BUF struct buf body = BUF_INIT(LETTER_BODY_MAX);

	letter_fill(&body, text, letter->words, letter->n_words);
	(void)buf_addf(to,
	    "Content-Type: text/plain; charset=utf-8\n"
	    "Content-Transfer-Encoding: quoted-printable\n"
	    "Content-Language: %.*s\n\n",
	    SLICE_FMT(letter->language));
	add_quoted(to, buf_slice(&body));
	to->failed = to->failed || buf_failed(&body);
}

void
letter_compose(struct buf *to, const struct letter *letter)
{
	struct slice body, subject = split_subject(letter->text, &body);

	add_addresses(to, letter);
	add_subject(to, letter, subject);
	add_date(to, letter);
	add_answers(to, letter->answers);
	add_marks(to, letter);
	(void)buf_add_text(to, "MIME-Version: 1.0\n");
	if (letter->boundary != NULL)
		(void)buf_addf(to,
		    "Content-Type: multipart/mixed; boundary=\"%s\"\n"
		    "Content-Transfer-Encoding: 8bit\n\n--%s\n",
		    letter->boundary, letter->boundary);
	add_text(to, letter, body);
}

void
letter_add_mail(struct buf *to, const char *boundary)
{
	(void)buf_addf(to,
	    "\n--%s\nContent-Type: message/rfc822\n"
	    "Content-Transfer-Encoding: 8bit\n\n",
	    boundary);
}

void
letter_end(struct buf *to, const char *boundary)
{
	(void)buf_addf(to, "\n--%s--\n", boundary);
}

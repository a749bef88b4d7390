#include "fetcher/imap_list.h"

#include "fetcher/imap_name.h"

struct imap_folder
imap_list_named(struct arena *arena, struct slice name)
{
	return (struct imap_folder){ name, imap_name_encode(arena, name), '/' };
}

/* "* LIST (\HasNoChildren) "/" INBOX", word by word. */
struct line {
	unsigned words; /* LIST, delimiter, name */
	bool in_flags, left_out;
	char delimiter;
	struct slice raw;
};

static bool
leaves_out(struct slice flag)
{
	static const struct slice flags[] = { { "\\Noselect", 9 },
		{ "\\NonExistent", 12 }, { "\\All", 4 }, { "\\Flagged", 8 },
		{ "\\Important", 10 } };

	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
		if (slice_eq_nocase(flag, flags[i]))
			return true;
	}
	return false;
}

static void
take_word(struct line *line, struct arena *arena, struct slice word)
{
	if (line->in_flags) {
		line->left_out = line->left_out || leaves_out(word);
		return;
	}
	line->words++;
	if (line->words == 2)
		line->delimiter = word.n == 1 ? word.p[0] : '\0';
	else if (line->words == 3)
		line->raw = arena_slice(arena, word);
}

static int
end_line(struct imap_session *s, const struct line *line, struct buf *to)
{
	struct imap_folder folder = { imap_name_decode(
					  &s->run->arena, line->raw),
		line->raw, line->delimiter };

	if (line->words < 3 || line->left_out || line->raw.n == 0 ||
	    !slice_is_text(folder.name))
		return 0;
	if (buf_add(to, &folder, sizeof folder) < 0)
		return trouble_say(&s->run->trouble, "PROTOCOL",
		    "more than %d folders", IMAP_FOLDERS_MAX);
	return 0;
}

static int
read_lines(struct imap_session *s, struct buf *to)
{
	struct imap_event event;
	struct line line = { 0 };
	int r, error = 0;

	while (error == 0 && (r = imap_session_next(s, &event)) > 0) {
		if (event.kind == IMAP_OPEN || event.kind == IMAP_CLOSE)
			line.in_flags = event.kind == IMAP_OPEN;
		else if (event.kind == IMAP_ATOM || event.kind == IMAP_STRING ||
			 event.kind == IMAP_NIL)
			take_word(&line, &s->run->arena, event.text);
		if (event.kind != IMAP_END)
			continue;
		error = end_line(s, &line, to);
		line = (struct line){ 0 };
	}
	return error < 0 ? error : r;
}

int
imap_list(
    struct imap_session *s, struct imap_folder **folders_out, size_t *n_out)
{
	AUTO_BUF struct buf found =
	    BUF_INIT(IMAP_FOLDERS_MAX * sizeof(struct imap_folder));
	int r = imap_session_begin(s, "LIST \"\" \"*\"");

	if (r == 0)
		r = read_lines(s, &found);
	if (r == 0)
		r = imap_session_want(s, "PROTOCOL");
	if (r < 0)
		return r;
	*n_out = found.n / sizeof **folders_out;
	*folders_out =
	    arena_calloc(&s->run->arena, *n_out, sizeof **folders_out);
	if (found.n > 0)
		(void)memcpy(*folders_out, found.p, found.n);
	return 0;
}

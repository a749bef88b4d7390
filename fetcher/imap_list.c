#include "fetcher/imap_list.h"

#include "fetcher/imap_name.h"

struct imap_folder
imap_list_named(struct arena *arena, struct slice name)
{
	return (struct imap_folder){ .name = name,
		.raw = imap_name_encode(arena, name),
		.delimiter = '/' };
}

/* "* LIST (\HasNoChildren) "/" INBOX", word by word. */
struct line {
	unsigned words; /* LIST, delimiter, name */
	bool in_flags, left_out, aside, trash;
	char delimiter;
	struct slice raw;
};

static const struct {
	const char *flag;
	bool left_out, aside, trash;
} meanings[] = {
	{ "\\Noselect", true, false, false },
	{ "\\NonExistent", true, false, false },
	{ "\\All", true, false, false },
	{ "\\Flagged", true, false, false },
	{ "\\Important", true, false, false },
	{ "\\Junk", false, true, false },
	{ "\\Drafts", false, true, false },
	{ "\\Trash", false, true, true },
};

static void
take_flag(struct line *line, struct slice flag)
{
	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
		if (!slice_eq_nocase(flag, slice_of(meanings[i].flag)))
			continue;
		line->left_out = line->left_out || meanings[i].left_out;
		line->aside = line->aside || meanings[i].aside;
		line->trash = line->trash || meanings[i].trash;
	}
}

static void
take_word(struct line *line, struct arena *arena, struct slice word)
{
	if (line->in_flags) {
		take_flag(line, word);
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
	struct imap_folder folder = {
		.name = imap_name_decode(&s->run->arena, line->raw),
		.raw = line->raw,
		.delimiter = line->delimiter,
		.aside = line->aside,
		.trash = line->trash,
	};

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
	bool by_use = imap_session_offers(s, SLICE("LIST-EXTENDED")) &&
		      imap_session_offers(s, SLICE("SPECIAL-USE"));
	int r = imap_session_begin(
	    s, "LIST \"\" \"*\"%s", by_use ? " RETURN (SPECIAL-USE)" : "");

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

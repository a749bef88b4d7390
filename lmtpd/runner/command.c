#include "lmtpd/runner/command.h"

#include <errno.h>

static bool
wants_shell(struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (strchr("|&;<>()$`\\*?[]#~{}!=\n", text.p[i]) != NULL)
			return true;
	}
	return false;
}

static int
shell_argv(struct arena *arena, struct slice text, char ***argv_out)
{
	char **argv = arena_calloc(arena, 4, sizeof *argv);

	argv[0] = arena_strdup(arena, "/bin/sh");
	argv[1] = arena_strdup(arena, "-c");
	argv[2] = arena_strndup(arena, text.p, text.n);
	*argv_out = argv;
	return 0;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct slice
skip_blanks(struct slice s)
{
	while (s.n > 0 && is_blank(s.p[0]))
		s = slice_tail(s, 1);
	return s;
}

/* The word at the front of *rest; NULL when a quote stays open. */
static char *
take_word(struct arena *arena, struct slice *rest)
{
	char *word = arena_alloc(arena, rest->n + 1), quote = '\0';
	size_t i, n = 0;

	for (i = 0; i < rest->n; i++) {
		char c = rest->p[i];

		if (quote == '\0' && is_blank(c))
			break;
		if (quote == '\0' && (c == '"' || c == '\''))
			quote = c;
		else if (c == quote)
			quote = '\0';
		else
			word[n++] = c;
	}
	*rest = slice_tail(*rest, i);
	return quote == '\0' ? word : NULL;
}

static int
split_words(struct arena *arena, struct slice text, char ***argv_out)
{
	char **argv = arena_calloc(arena, COMMAND_WORDS_MAX + 1, sizeof *argv);
	size_t n = 0;

	for (text = skip_blanks(text); text.n > 0; text = skip_blanks(text)) {
		if (n == COMMAND_WORDS_MAX)
			return -EINVAL;
		argv[n] = take_word(arena, &text);
		if (argv[n++] == NULL)
			return -EINVAL;
	}
	if (n == 0 || argv[0][0] == '\0')
		return -EINVAL;
	*argv_out = argv;
	return 0;
}

int
command_parse(struct arena *arena, struct slice text, char ***argv_out)
{
	text = slice_trim(text);
	if (slice_find(text, '\0') >= 0)
		return -EINVAL;
	return wants_shell(text) ? shell_argv(arena, text, argv_out)
				 : split_words(arena, text, argv_out);
}

char *
command_clean(struct arena *arena, const char *value)
{
	static const char allowed[] = "1234567890!@%-_=+:,./"
				      "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char *clean = arena_strdup(arena, value);

	for (char *p = clean; *p != '\0'; p++) {
		if (strchr(allowed, *p) == NULL)
			*p = '_';
	}
	return clean;
}

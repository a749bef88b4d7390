#include "sieve/flags.h"

#include "sieve/text.h"

enum { FLAGS_MAX = 200 }; /* in one action; IMAP servers hold fewer */

bool
flags_next(struct slice *text, struct slice *flag_out)
{
	while (slice_cut(text, ' ', flag_out)) {
		if (flag_out->n > 0)
			return true;
	}
	return false;
}

/* flag-keyword is an atom, flag-extension "\" and an atom (RFC 3501 9). */
static bool
is_flag(struct slice flag)
{
	struct slice atom = flag;

	if (flag.n > 0 && flag.p[0] == '\\')
		atom = slice_tail(flag, 1);
	for (size_t i = 0; i < atom.n; i++) {
		unsigned char c = (unsigned char)atom.p[i];

		if (c <= ' ' || c >= 0x7f || strchr("(){%*\"\\]", c) != NULL)
			return false;
	}
	/* RFC 5232 2: a \ flag that IMAP does not know, \Recent too, is
	 * dropped; an IMAP client could not set it either. */
	if (atom.n == 0 || flag.p[0] != '\\')
		return atom.n > 0;
	return slice_eq_nocase(atom, SLICE("Answered")) ||
	       slice_eq_nocase(atom, SLICE("Flagged")) ||
	       slice_eq_nocase(atom, SLICE("Deleted")) ||
	       slice_eq_nocase(atom, SLICE("Seen")) ||
	       slice_eq_nocase(atom, SLICE("Draft"));
}

bool
flags_has(struct slice text, struct slice flag)
{
	struct slice one;

	while (flags_next(&text, &one)) {
		if (slice_eq_nocase(one, flag))
			return true;
	}
	return false;
}

int
flags_add(struct run *run, struct buf *to, struct slice text)
{
	struct slice flag;

	while (flags_next(&text, &flag)) {
		if (run_charge(run, to->n + RUN_COMPARE_COST) < 0)
			return RUN_FAIL;
		if (!is_flag(flag) || flags_has(buf_slice(to), flag))
			continue;
		if (to->n + 1 + flag.n > SIEVE_VARIABLE_MAX)
			return FLOW_NEXT; /* cut, as any value is */
		if (to->n > 0)
			(void)buf_add_char(to, ' ');
		(void)buf_add_slice(to, flag);
	}
	return FLOW_NEXT;
}

int
flags_add_all(struct run *run, struct buf *to, const struct texts *list)
{
	int r = FLOW_NEXT;

	for (size_t i = 0; i < list->n && r == FLOW_NEXT; i++)
		r = flags_add(run, to, text_value(run, &list->list[i]));
	return r;
}

const struct slice *
flags_now(struct run *run, const struct texts *tag, size_t *n_out)
{
	AUTO_BUF struct buf all = BUF_INIT(SIEVE_VARIABLE_MAX);
	struct slice *list, text = run->flags, flag;
	size_t n = 0;

	if (tag != NULL) {
		(void)flags_add_all(run, &all, tag); /* a limit shows later */
		text = buf_slice(&all);
	}
	*n_out = 0;
	if (text.n == 0)
		return NULL;
	text = arena_slice(run->arena, text);
	list = arena_calloc(run->arena, text.n / 2 + 1, sizeof *list);
	while (n < FLAGS_MAX && flags_next(&text, &flag))
		list[n++] = flag;
	*n_out = n;
	return list;
}

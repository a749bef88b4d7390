#include "fetcher/imap_rules.h"

#include "fetcher/imap_name.h"

bool
imap_rules_plain(const struct slice *folders, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (slice_find(folders[i], '*') >= 0 ||
		    slice_find(folders[i], '=') >= 0)
			return false;
	}
	return true;
}

struct imap_rule
imap_rules_read(struct slice folder)
{
	long equals = slice_rfind(folder, '=');

	if (equals < 0)
		return (struct imap_rule){ folder, { NULL, 0 } };
	return (struct imap_rule){ slice_head(folder, (size_t)equals),
		slice_tail(folder, (size_t)equals + 1) };
}

/* Each * takes as little as it can; a later one may take more. */
bool
imap_rules_fits(struct slice pattern, struct slice name)
{
	struct slice part, rest = pattern;
	bool first = true;

	if (slice_find(pattern, '*') < 0)
		return slice_eq(pattern, name);
	while (slice_find(rest, '*') >= 0) {
		(void)slice_cut(&rest, '*', &part);
		if (first && !slice_eq(slice_head(name, part.n), part))
			return false;
		while (!slice_eq(slice_head(name, part.n), part)) {
			if (name.n == 0)
				return false;
			name = slice_tail(name, 1);
		}
		name = slice_tail(name, part.n);
		first = false;
	}
	return name.n >= rest.n &&
	       slice_eq(slice_tail(name, name.n - rest.n), rest);
}

static bool
names(const struct imap_rule *rule, struct slice name, bool aside)
{
	if (slice_eq_nocase(rule->pattern, SLICE("INBOX")))
		return slice_eq_nocase(name, SLICE("INBOX"));
	return aside ? slice_eq(rule->pattern, name)
		     : imap_rules_fits(rule->pattern, name);
}

bool
imap_rules_find(struct arena *arena, const struct slice *folders, size_t n,
    struct slice name, bool aside, struct slice *place_out)
{
	for (size_t i = 0; i < n; i++) {
		struct imap_rule rule = imap_rules_read(folders[i]);

		if (!names(&rule, name, aside))
			continue;
		*place_out = rule.target;
		if (rule.target.p != NULL)
			*place_out =
			    slice_eq_nocase(rule.target, SLICE("INBOX"))
				? SLICE("")
				: imap_name_place(arena, rule.target, '/');
		return !slice_eq(rule.target, SLICE("-"));
	}
	return false;
}

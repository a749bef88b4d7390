#include "core/language.h"

static const char *const tags[LANGUAGES] = { "en", "de" };

/* q=0.85 as 850; 1000 when there is none (RFC 9110 12.4.2). */
static unsigned
weight_of(struct slice parameters)
{
	unsigned long long whole = 1, part = 0;
	struct slice q = slice_trim(parameters), before;

	if (!slice_starts_nocase(q, SLICE("q=")))
		return 1000;
	q = slice_tail(q, 2);
	if (!slice_cut(&q, '.', &before) || !slice_number(before, 1, &whole))
		return 0;
	q = slice_head(q, 3);
	if (!slice_number(q, 999, &part))
		part = 0;
	for (size_t n = q.n; n < 3; n++)
		part *= 10;
	return (unsigned)(whole == 1 ? 1000 : part);
}

static bool
is_language(struct slice range, const char *tag)
{
	struct slice primary;

	return slice_cut(&range, '-', &primary) &&
	       slice_eq_nocase(slice_trim(primary), slice_of(tag));
}

enum language
language_of(struct slice accept_language, enum language fallback)
{
	enum language best = fallback;
	unsigned best_weight = 0;
	struct slice item, range;

	while (slice_cut(&accept_language, ',', &item)) {
		if (!slice_cut(&item, ';', &range))
			continue;
		for (int i = 0; i < LANGUAGES; i++) {
			unsigned weight = weight_of(item);

			if (is_language(range, tags[i]) &&
			    weight > best_weight) {
				best = (enum language)i;
				best_weight = weight;
			}
		}
	}
	return best;
}

enum language
language_tagged(struct slice tag, enum language fallback)
{
	for (int i = 0; i < LANGUAGES; i++) {
		if (is_language(tag, tags[i]))
			return (enum language)i;
	}
	return fallback;
}

const char *
language_tag(enum language language)
{
	return tags[language];
}

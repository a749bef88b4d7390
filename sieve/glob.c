#include "sieve/glob.h"

/* A step of the two pointers takes as long as comparing two octets. */
enum { STEP_COST = 2 };

/* The pattern and the value, each with the place where it is looked at. */
struct walk {
	struct slice pattern, value;
	size_t p, v;
	size_t star_p, star_v; /* where to go on when this way fails */
	bool has_star, fold_case;
	uint64_t fuel;
};

static bool
same(const struct walk *walk, char a, char b)
{
	if (walk->fold_case)
		return ascii_lower((unsigned char)a) ==
		       ascii_lower((unsigned char)b);
	return a == b;
}

/* One pattern element other than a star against one octet. */
static bool
step(struct walk *walk)
{
	size_t p = walk->p;

	if (p == walk->pattern.n || walk->v == walk->value.n)
		return false;
	if (walk->pattern.p[p] != '?') {
		if (walk->pattern.p[p] == '\\' && p + 1 < walk->pattern.n)
			p++;
		if (!same(walk, walk->pattern.p[p], walk->value.p[walk->v]))
			return false;
	}
	walk->p = p + 1;
	walk->v++;
	return true;
}

static bool
at_star(const struct walk *walk)
{
	return walk->p < walk->pattern.n && walk->pattern.p[walk->p] == '*';
}

/* From the place of the last star to the end of the value. */
static int
run(struct walk *walk)
{
	while (walk->v < walk->value.n || walk->p < walk->pattern.n) {
		if (walk->fuel < STEP_COST)
			return -1;
		walk->fuel -= STEP_COST;
		if (at_star(walk)) {
			walk->has_star = true;
			walk->star_p = ++walk->p;
			walk->star_v = walk->v;
		} else if (!step(walk)) {
			/* The star takes one octet more. */
			if (!walk->has_star || walk->star_v == walk->value.n)
				return 0;
			walk->p = walk->star_p;
			walk->v = ++walk->star_v;
		}
	}
	return 1;
}

/* Length of the pattern up to its next star, and octets it stands for. */
static size_t
segment(struct slice pattern, size_t from, size_t *octets_out)
{
	size_t p = from, octets = 0;

	while (p < pattern.n && pattern.p[p] != '*') {
		p += pattern.p[p] == '\\' && p + 1 < pattern.n ? 2 : 1;
		octets++;
	}
	*octets_out = octets;
	return p - from;
}

static void
capture(struct glob_captures *captures, struct slice value)
{
	if (captures->n < captures->max)
		captures->list[captures->n++] = value;
}

/* Each "?" of a segment takes an octet of the value. */
static void
capture_segment(struct glob_captures *captures, struct slice segment_text,
    struct slice value)
{
	size_t v = 0;

	for (size_t p = 0; p < segment_text.n; p++, v++) {
		if (segment_text.p[p] == '?')
			capture(captures, slice_head(slice_tail(value, v), 1));
		else if (segment_text.p[p] == '\\')
			p++;
	}
}

/* Where the segment first fits at or behind from; it is known to fit. */
static size_t
place(const struct walk *walk, struct slice segment_text, size_t from)
{
	struct walk trial = *walk;

	for (;; from++) {
		trial.pattern = segment_text;
		trial.p = 0;
		trial.v = from;
		while (trial.p < segment_text.n && step(&trial))
			;
		if (trial.p == segment_text.n)
			return from;
	}
}

/*
 * The value is known to match. Each star but the last ends where the segment
 * behind it first fits; the last one's segment lies at the value's end.
 */
static void
collect(const struct walk *walk, struct glob_captures *captures)
{
	size_t p = 0, v = 0, octets, n, at;

	n = segment(walk->pattern, 0, &octets);
	capture_segment(captures, slice_head(walk->pattern, n), walk->value);
	p += n;
	v += octets;
	while (p < walk->pattern.n) {
		struct slice text;

		n = segment(walk->pattern, ++p, &octets);
		text = slice_head(slice_tail(walk->pattern, p), n);
		at = p + n == walk->pattern.n ? walk->value.n - octets
					      : place(walk, text, v);
		capture(
		    captures, slice_head(slice_tail(walk->value, v), at - v));
		capture_segment(captures, text, slice_tail(walk->value, at));
		p += n;
		v = at + octets;
	}
}

int
glob_match(struct slice pattern, struct slice value, bool fold_case,
    struct glob_captures *captures, uint64_t *fuel)
{
	struct walk walk = { .pattern = pattern,
		.value = value,
		.fold_case = fold_case,
		.fuel = *fuel };
	uint64_t used;
	int outcome = run(&walk);

	used = *fuel - walk.fuel;
	*fuel = outcome < 0 ? 0 : walk.fuel;
	if (outcome != 1 || captures == NULL)
		return outcome;
	/* Finding the captures looks at the same octets once more. */
	*fuel -= used < *fuel ? used : *fuel;
	captures->n = 0;
	collect(&walk, captures);
	return 1;
}

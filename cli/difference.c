/*
 * The longest common subsequence of both trees' lines is what stays. Its
 * table has a cell for each pair of lines; an address has at most some
 * thousand (hauspost.max_nodes()), so that the simplest way is fast enough.
 */
#include "cli/difference.h"

#include "cli/table.h"

struct difference {
	struct table table;
	struct explanation_line *before, *after;
	size_t n_before, n_after;
	unsigned *common; /* lines in common behind (before i, after k) */
};

static bool
same_line(const struct difference *d, size_t i, size_t k)
{
	return slice_eq(d->before[i].hop, d->after[k].hop) &&
	       slice_eq(d->before[i].remark, d->after[k].remark);
}

static unsigned *
common_at(const struct difference *d, size_t i, size_t k)
{
	return &d->common[i * (d->n_after + 1) + k];
}

static unsigned
larger(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

/* From the ends to the beginnings. */
static void
count_common(struct difference *d)
{
	for (size_t i = d->n_before; i-- > 0;) {
		for (size_t k = d->n_after; k-- > 0;)
			*common_at(d, i, k) =
			    same_line(d, i, k) ? *common_at(d, i + 1, k + 1) + 1
					       : larger(*common_at(d, i + 1, k),
						     *common_at(d, i, k + 1));
	}
}

static void
add_line(
    struct difference *d, const char *sign, const struct explanation_line *line)
{
	table_add(&d->table,
	    (struct slice[]){ slice_of(sign), line->hop, line->remark });
}

/* What goes before what comes in its place. */
static bool
goes(const struct difference *d, size_t i, size_t k)
{
	if (i == d->n_before)
		return false;
	return k == d->n_after ||
	       *common_at(d, i + 1, k) >= *common_at(d, i, k + 1);
}

static void
add_lines(struct difference *d)
{
	size_t i = 0, k = 0;

	while (i < d->n_before || k < d->n_after) {
		if (i < d->n_before && k < d->n_after && same_line(d, i, k)) {
			add_line(d, " ", &d->after[k++]);
			i++;
		} else if (goes(d, i, k)) {
			add_line(d, "-", &d->before[i++]);
		} else {
			add_line(d, "+", &d->after[k++]);
		}
	}
}

void
difference_print(struct cli *cli, const struct explanation *before,
    const struct explanation *after, FILE *out)
{
	struct difference d = { .table = table_start(&cli->arena, 3),
		.before = explanation_lines(cli, before),
		.after = explanation_lines(cli, after),
		.n_before = before->n,
		.n_after = after->n };

	d.common = arena_calloc(
	    &cli->arena, (d.n_before + 1) * (d.n_after + 1), sizeof *d.common);
	count_common(&d);
	add_lines(&d);
	table_print(&d.table, out);
}

json_t *
difference_json(
    const struct explanation *before, const struct explanation *after)
{
	json_t *a = explanation_json(before), *b = explanation_json(after);

	return json_pack("{s:b, s:o, s:o}", "differs", !json_equal(a, b),
	    "before", a, "after", b);
}

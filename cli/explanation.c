#include "cli/explanation.h"

#include <assert.h>

#include "cli/table.h"
#include "core/buf.h"

enum { EXPLAIN_LINE_MAX = 8192 };

static const struct db_stmt explain = { "explain",
	"SELECT parent, kind, name, why, lost, again, leaf, recipient,"
	" mailbox, detail, code, dsn, reply, size_limit, changes_at"
	" FROM hauspost.explain($1) ORDER BY hop",
	1 };
enum {
	COL_PARENT,
	COL_KIND,
	COL_NAME,
	COL_WHY,
	COL_LOST,
	COL_AGAIN,
	COL_LEAF,
	COL_RECIPIENT,
	COL_MAILBOX,
	COL_DETAIL,
	COL_CODE,
	COL_DSN,
	COL_REPLY,
	COL_SIZE_LIMIT,
	COL_CHANGES_AT
};

/* --- asking ----------------------------------------------------------- */

struct reader {
	struct arena *arena;
	const struct db_result *rows;
	int row;
};

static struct slice
text(const struct reader *in, int column)
{
	if (db_is_null(in->rows, in->row, column))
		return DB_NULL;
	return arena_slice(in->arena, db_text(in->rows, in->row, column));
}

static void
read_lost(const struct reader *in, struct hop *hop)
{
	struct slice *items;
	size_t n = db_array(in->rows, in->row, COL_LOST, in->arena, &items);

	hop->lost = items;
	hop->n_lost = n;
}

static void
read_hop(const struct reader *in, struct hop *hop)
{
	hop->parent = db_is_null(in->rows, in->row, COL_PARENT)
			  ? -1
			  : db_number(in->rows, in->row, COL_PARENT);
	hop->kind = text(in, COL_KIND);
	hop->name = text(in, COL_NAME);
	hop->why = text(in, COL_WHY);
	read_lost(in, hop);
	hop->again = db_flag(in->rows, in->row, COL_AGAIN);
	hop->leaf = text(in, COL_LEAF);
	hop->recipient = text(in, COL_RECIPIENT);
	hop->mailbox = text(in, COL_MAILBOX);
	hop->detail = text(in, COL_DETAIL);
	hop->code = (int)db_number(in->rows, in->row, COL_CODE);
	hop->dsn = text(in, COL_DSN);
	hop->reply = text(in, COL_REPLY);
	hop->size_limit = db_number(in->rows, in->row, COL_SIZE_LIMIT);
	hop->changes_at = text(in, COL_CHANGES_AT);
}

static void
read_hops(
    struct cli *cli, const struct db_result *rows, struct explanation *out)
{
	struct reader in = { &cli->arena, rows, 0 };

	out->n = (size_t)db_rows(rows);
	out->hops = arena_calloc(&cli->arena, out->n, sizeof *out->hops);
	for (size_t i = 0; i < out->n; i++) {
		struct hop *hop = &out->hops[i];

		in.row = (int)i;
		read_hop(&in, hop);
		assert(hop->parent < (long)i); /* parents come first */
		if (hop->parent >= 0)
			hop->depth = out->hops[hop->parent].depth + 1;
	}
}

int
explanation_ask(struct cli *cli, struct db *db, const char *address,
    struct explanation *out)
{
	struct slice param = slice_of(address);
	struct db_result *rows;
	struct why why = { 0 };
	int r = db_run(db, &explain, &param, &rows, &why);

	if (r < 0)
		return say_refusal(db, r, address, &why);
	read_hops(cli, rows, out);
	db_done(rows);
	return EX_OK;
}

int
explanation_exit(const struct explanation *explanation)
{
	switch (explanation->hops[0].code / 100) {
	case MAIL_OK:
		return EX_OK;
	case MAIL_TEMPFAIL:
		return EX_TEMPFAIL;
	default:
		return EX_NOUSER;
	}
}

/* --- for people ------------------------------------------------------- */

static void
add_answer(struct buf *to, const struct hop *hop)
{
	(void)buf_addf(to, "%d ", hop->code);
	(void)buf_add_slice(to, hop->dsn);
	(void)buf_add_char(to, ' ');
	(void)buf_add_slice(to, hop->reply);
}

static void
add_part(struct buf *to, const char *before, struct slice part)
{
	if (part.n == 0)
		return;
	if (to->n > 0)
		(void)buf_add_text(to, before);
	(void)buf_add_slice(to, part);
}

static void
add_leaf(struct buf *to, const struct hop *hop)
{
	if (hop->leaf.p == NULL)
		return;
	if (hop->recipient.n > 0)
		(void)buf_addf(to, "%s-> %.*s", to->n > 0 ? " " : "",
		    SLICE_FMT(hop->recipient));
	if (hop->size_limit > 0)
		(void)buf_addf(to, ", up to %lld octets", hop->size_limit);
	if (hop->code != 250) {
		(void)buf_add_text(to, to->n > 0 ? ": " : "");
		add_answer(to, hop);
	}
}

/* "alias, before mailbox xyz00-office" */
static struct slice
remark(struct cli *cli, const struct hop *hop)
{
	AUTO_BUF struct buf line = BUF_INIT(EXPLAIN_LINE_MAX);

	if (hop->parent < 0) {
		add_answer(&line, hop);
		add_part(&line, "; changes at ", hop->changes_at);
		return arena_slice(&cli->arena, buf_slice(&line));
	}
	add_part(&line, "", hop->why);
	for (size_t i = 0; i < hop->n_lost; i++)
		add_part(&line, i == 0 ? ", before " : ", ", hop->lost[i]);
	add_leaf(&line, hop);
	return arena_slice(&cli->arena, buf_slice(&line));
}

static struct slice
indented_name(struct cli *cli, const struct hop *hop)
{
	if (hop->parent < 0)
		return hop->name;
	return slice_of(
	    arena_printf(&cli->arena, "%*s%.*s %.*s", (int)(2 * hop->depth), "",
		SLICE_FMT(hop->kind), SLICE_FMT(hop->name)));
}

struct explanation_line *
explanation_lines(struct cli *cli, const struct explanation *e)
{
	struct explanation_line *lines =
	    arena_calloc(&cli->arena, e->n, sizeof *lines);

	for (size_t i = 0; i < e->n; i++) {
		lines[i].hop = indented_name(cli, &e->hops[i]);
		lines[i].remark = remark(cli, &e->hops[i]);
	}
	return lines;
}

void
explanation_print(struct cli *cli, const struct explanation *e, FILE *out)
{
	struct table table = table_start(&cli->arena, 2);
	struct explanation_line *lines = explanation_lines(cli, e);

	for (size_t i = 0; i < e->n; i++)
		table_add(
		    &table, (struct slice[]){ lines[i].hop, lines[i].remark });
	table_print(&table, out);
}

/* --- for programs ----------------------------------------------------- */

static json_t *
json_slice(struct slice s)
{
	return s.p != NULL ? json_stringn(s.p, s.n) : json_null();
}

static void
set_answer(json_t *to, const struct hop *hop)
{
	(void)json_object_set_new(to, "code", json_integer(hop->code));
	(void)json_object_set_new(to, "dsn", json_slice(hop->dsn));
	(void)json_object_set_new(to, "reply", json_slice(hop->reply));
}

static json_t *
leaf_json(const struct hop *hop)
{
	json_t *leaf;

	if (hop->leaf.p == NULL)
		return json_null();
	leaf = json_object();
	(void)json_object_set_new(leaf, "kind", json_slice(hop->leaf));
	(void)json_object_set_new(
	    leaf, "recipient", json_slice(hop->recipient));
	(void)json_object_set_new(leaf, "mailbox", json_slice(hop->mailbox));
	(void)json_object_set_new(leaf, "detail", json_slice(hop->detail));
	set_answer(leaf, hop);
	(void)json_object_set_new(leaf, "size_limit",
	    hop->size_limit > 0 ? json_integer(hop->size_limit) : json_null());
	return leaf;
}

static json_t *
hop_json(const struct hop *hop)
{
	json_t *json = json_object(), *lost = json_array();

	for (size_t i = 0; i < hop->n_lost; i++)
		(void)json_array_append_new(lost, json_slice(hop->lost[i]));
	(void)json_object_set_new(json, "kind", json_slice(hop->kind));
	(void)json_object_set_new(json, "name", json_slice(hop->name));
	(void)json_object_set_new(json, "why", json_slice(hop->why));
	(void)json_object_set_new(json, "lost", lost);
	(void)json_object_set_new(json, "again", json_boolean(hop->again));
	(void)json_object_set_new(json, "leaf", leaf_json(hop));
	return json;
}

static json_t *
question_json(const struct hop *hop)
{
	json_t *json = json_object();

	(void)json_object_set_new(json, "address", json_slice(hop->name));
	set_answer(json, hop);
	(void)json_object_set_new(
	    json, "changes_at", json_slice(hop->changes_at));
	(void)json_object_set_new(json, "leaf", leaf_json(hop));
	return json;
}

/* The hops below hop, each with its own below it. */
static json_t *
below(const struct explanation *e, long hop)
{
	json_t *list = json_array();

	for (size_t i = 1; i < e->n; i++) {
		json_t *json;

		if (e->hops[i].parent != hop)
			continue;
		json = hop_json(&e->hops[i]);
		(void)json_object_set_new(json, "hops", below(e, (long)i));
		(void)json_array_append_new(list, json);
	}
	return list;
}

json_t *
explanation_json(const struct explanation *e)
{
	json_t *json = question_json(&e->hops[0]);

	(void)json_object_set_new(json, "hops", below(e, 0));
	return json;
}

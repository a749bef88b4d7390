#include "cli/object.h"

#include <string.h>

#include "cli/table.h"
#include "cli/value.h"
#include "core/buf.h"

enum { OBJECT_CELL_MAX = 1 << 20 }; /* an alias of many targets */

static const struct db_stmt begin = { "object_begin", "BEGIN", 0 };
static const struct db_stmt commit = { "object_commit", "COMMIT", 0 };
static const struct db_stmt insert = { "object_insert",
	"SELECT hauspost.insert_row($1, $2::jsonb)", 2 };

struct work {
	struct cli *cli;
	struct db *db;
	const struct args *args;
	const struct object *object;
	struct slice name;
};

/* --- the command line ------------------------------------------------- */

/* The options that were given, as {"column": value}. */
static int
read_options(const struct args *args, json_t *row)
{
	const struct command_option *o = args->options;

	for (size_t i = 0; o != NULL && o[i].name != NULL; i++) {
		json_t *value;

		if (args->values[i] == NULL)
			continue;
		value = value_parse(o[i].type, args->values[i]);
		if (value == NULL)
			return say_failure(EX_USAGE,
			    "--%s wants %s, not \"%s\"", o[i].name,
			    value_wanted(o[i].type), args->values[i]);
		(void)json_object_set_new(row, o[i].column, value);
	}
	return EX_OK;
}

static struct slice
written(struct cli *cli, struct slice (*as)(struct cli *, struct slice),
    const char *given)
{
	return as != NULL ? as(cli, slice_of(given)) : slice_of(given);
}

static struct slice
json_param(struct cli *cli, const json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT);
	struct slice param;

	if (text == NULL)
		return SLICE("{}");
	param = arena_slice(&cli->arena, slice_of(text));
	free(text);
	return param;
}

/* --- the database ----------------------------------------------------- */

static int
refused(struct work *work, int error, const struct why *why)
{
	return say_refusal(work->db, error, NULL, why);
}

static int
run(struct work *work, const struct db_stmt *stmt, const struct slice *params)
{
	struct why why = { 0 };
	int r = db_run(work->db, stmt, params, NULL, &why);

	say_warnings(work->cli, work->db);
	return r == 0 ? EX_OK : refused(work, r, &why);
}

static int
no_such(const struct work *work)
{
	return say_failure(EX_NOUSER, "there is no %s %.*s", work->object->noun,
	    SLICE_FMT(work->name));
}

/* A statement that answers with a row for each it changed. */
static int
change(
    struct work *work, const struct db_stmt *stmt, const struct slice *params)
{
	struct db_result *result;
	struct why why = { 0 };
	int r = db_run(work->db, stmt, params, &result, &why);
	bool found;

	say_warnings(work->cli, work->db);
	if (r < 0)
		return refused(work, r, &why);
	found = db_rows(result) > 0;
	db_done(result);
	return found ? EX_OK : no_such(work);
}

/* What the operands behind the first say; none changes nothing. */
static int
put_targets(struct work *work, int first)
{
	const struct args *args = work->args;
	struct slice params[] = { work->name, DB_NULL };
	size_t n = (size_t)(args->n - first);
	struct slice *items;

	if (work->object->targets == NULL || n == 0)
		return EX_OK;
	items = arena_calloc(&work->cli->arena, n, sizeof *items);
	for (size_t i = 0; i < n; i++)
		items[i] = slice_of(args->operands[(size_t)first + i]);
	params[1] = db_array_param(&work->cli->arena, items, n);
	return run(work, work->object->targets, params);
}

/* --- what is printed -------------------------------------------------- */

static void
add_value(struct buf *to, const json_t *value)
{
	if (json_is_string(value))
		(void)buf_add(
		    to, json_string_value(value), json_string_length(value));
	else if (json_is_integer(value))
		(void)buf_addf(
		    to, "%lld", (long long)json_integer_value(value));
	else if (json_is_boolean(value))
		(void)buf_add_text(to, json_is_true(value) ? "yes" : "no");
}

static struct slice
cell(struct cli *cli, const json_t *value)
{
	AUTO_BUF struct buf text = BUF_INIT(OBJECT_CELL_MAX);

	add_value(&text, value);
	for (size_t i = 0; i < json_array_size(value); i++) {
		if (i > 0)
			(void)buf_add_text(&text, ", ");
		add_value(&text, json_array_get(value, i));
	}
	return arena_slice(&cli->arena, buf_slice(&text));
}

static size_t
listed_columns(const struct object_column *columns)
{
	size_t n = 0;

	for (; columns->key != NULL; columns++)
		n += columns->in_list;
	return n;
}

static void
print_list(struct cli *cli, const struct object *object, const json_t *rows)
{
	size_t width = listed_columns(object->columns), n = 0;
	struct table table = table_start(&cli->arena, width);
	struct slice *cells = arena_calloc(&cli->arena, width, sizeof *cells);
	const struct object_column *c;

	table.headed = true;
	for (c = object->columns; c->key != NULL; c++) {
		if (c->in_list)
			cells[n++] = slice_of(c->key);
	}
	table_add(&table, cells);
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);

		n = 0;
		for (c = object->columns; c->key != NULL; c++) {
			if (c->in_list)
				cells[n++] =
				    cell(cli, json_object_get(row, c->key));
		}
		table_add(&table, cells);
	}
	table_print(&table, stdout);
}

/* A line for each column, one more for each further element. */
static void
print_row(struct cli *cli, const struct object *object, const json_t *row)
{
	struct table table = table_start(&cli->arena, 2);
	const struct object_column *c;

	for (c = object->columns; c->key != NULL; c++) {
		const json_t *value = json_object_get(row, c->key);
		struct slice cells[] = { slice_of(c->key), SLICE("") };
		size_t n = json_array_size(value);

		if (n == 0) {
			cells[1] = cell(cli, value);
			table_add(&table, cells);
		}
		for (size_t i = 0; i < n; i++) {
			cells[1] = cell(cli, json_array_get(value, i));
			table_add(&table, cells);
			cells[0] = SLICE("");
		}
	}
	table_print(&table, stdout);
}

static int
select_rows(struct work *work, struct slice parent, json_t *rows)
{
	struct slice params[] = { parent, work->name };
	struct db_result *result;
	struct why why = { 0 };
	int r = db_run(work->db, work->object->select, params, &result, &why);

	if (r < 0)
		return refused(work, r, &why);
	for (int i = 0; i < db_rows(result); i++) {
		struct slice text = db_text(result, i, 0);

		(void)json_array_append_new(
		    rows, json_loadb(text.p, text.n, 0, NULL));
	}
	db_done(result);
	return EX_OK;
}

static int
list_rows(struct work *work)
{
	struct slice parent = DB_NULL;
	json_t *rows = json_array();
	int code;

	if (work->args->n > 0)
		parent = written(
		    work->cli, work->object->parent, work->args->operands[0]);
	code = select_rows(work, parent, rows);
	if (code == EX_OK && work->cli->json)
		say_json(json_incref(rows));
	else if (code == EX_OK)
		print_list(work->cli, work->object, rows);
	json_decref(rows);
	return code;
}

static int
show_row(struct work *work)
{
	json_t *rows = json_array(), *row;
	int code = select_rows(work, DB_NULL, rows);

	row = json_array_get(rows, 0);
	if (code == EX_OK && row == NULL)
		code = no_such(work);
	else if (code == EX_OK && work->cli->json)
		say_json(json_incref(row));
	else if (code == EX_OK)
		print_row(work->cli, work->object, row);
	json_decref(rows);
	return code;
}

static void
say_done(const struct work *work, const char *done)
{
	(void)printf("%s ", work->object->noun);
	say_text(stdout, work->name);
	(void)printf(" %s\n", done);
}

/* --- changes, each in one transaction --------------------------------- */

static int
add_row(struct work *work)
{
	const struct object *object = work->object;
	bool has_targets = object->targets != NULL;
	const char *second =
	    !has_targets && work->args->n > 1 ? work->args->operands[1] : NULL;
	json_t *row = json_object();
	int code = read_options(work->args, row);

	object->complete(work->cli, row, work->name, second);
	if (code == EX_OK)
		code = run(work, &insert,
		    (struct slice[]){
			slice_of(object->noun), json_param(work->cli, row) });
	json_decref(row);
	return code == EX_OK ? put_targets(work, 1) : code;
}

static int
set_row(struct work *work)
{
	json_t *row = json_object();
	int code = read_options(work->args, row);

	if (code == EX_OK && json_object_size(row) == 0 && work->args->n == 1)
		code = say_failure(EX_USAGE, "say what to change");
	if (code == EX_OK)
		code = change(work, work->object->update,
		    (struct slice[]){ work->name, json_param(work->cli, row) });
	json_decref(row);
	return code == EX_OK ? put_targets(work, 1) : code;
}

static int
remove_row(struct work *work)
{
	return change(work, work->object->remove, &work->name);
}

static int
in_transaction(struct work *work, int (*step)(struct work *))
{
	int code = run(work, &begin, NULL);

	if (code == EX_OK)
		code = step(work);
	if (code == EX_OK) /* deferred checks speak here */
		code = run(work, &commit, NULL);
	return code;
}

/* --- the commands ----------------------------------------------------- */

static int
run_named(struct cli *cli, const struct args *args, int (*step)(struct work *))
{
	const struct object *object = args->subject;
	struct work work = { .cli = cli, .args = args, .object = object };
	int code = cli_connect(cli, cli->config.role, &work.db);

	if (code != EX_OK)
		return code;
	if (step != list_rows)
		work.name = written(cli, object->name, args->operands[0]);
	code = step(&work);
	db_close(work.db);
	return code;
}

static int
change_and_show(struct work *work, int (*step)(struct work *), const char *done)
{
	int code = in_transaction(work, step);

	if (code != EX_OK)
		return code;
	if (work->cli->json)
		return show_row(work);
	say_done(work, done);
	return EX_OK;
}

static int
add_and_show(struct work *work)
{
	return change_and_show(work, add_row, "added");
}

static int
set_and_show(struct work *work)
{
	return change_and_show(work, set_row, "changed");
}

static int
remove_and_say(struct work *work)
{
	int code = in_transaction(work, remove_row);

	if (code == EX_OK && !work->cli->json)
		say_done(work, "removed");
	return code;
}

int
object_list(struct cli *cli, const struct args *args)
{
	return run_named(cli, args, list_rows);
}

int
object_show(struct cli *cli, const struct args *args)
{
	return run_named(cli, args, show_row);
}

int
object_add(struct cli *cli, const struct args *args)
{
	return run_named(cli, args, add_and_show);
}

int
object_set(struct cli *cli, const struct args *args)
{
	return run_named(cli, args, set_and_show);
}

int
object_remove(struct cli *cli, const struct args *args)
{
	return run_named(cli, args, remove_and_say);
}

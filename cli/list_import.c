/*
 * hauspost list import - members out of a file or of another list manager.
 */
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/list.h"
#include "cli/roster.h"

enum { OPTION_INVITE, OPTION_WELCOME, OPTION_BY, OPTION_DRY };

const struct command_option list_import_options[] = {
	{ .name = "invite", .help = "ask them: they join when they agree" },
	{ .name = "welcome", .help = "write to each new member" },
	{ .name = "by",
	    .value = "WHO",
	    .help = "who wants it, for the record" },
	{ .name = "dry-run", .help = "show who would come, and do nothing" },
	{ .name = NULL },
};

/* --- mlmmj -------------------------------------------------------------- */

/* What its folders and files say of the addresses in them. */
static const struct {
	const char *path;
	bool folder;
	const char *key, *value;
} mlmmj[] = {
	{ "subscribers.d", true, "mode", "normal" },
	{ "digesters.d", true, "mode", "digest" },
	{ "nomailsubs.d", true, "mode", "nomail" },
	{ "control/moderators", false, "role", "moderator" },
	{ "control/owner", false, "role", "owner" },
};

static int
read_file(struct cli *cli, const char *path, size_t i, json_t *entries)
{
	struct slice text;
	int code = cli_read_file(cli, path, &text);

	if (code == EX_OK)
		roster_read_lines(
		    &cli->arena, text, mlmmj[i].key, mlmmj[i].value, entries);
	return code;
}

static int
read_folder(struct cli *cli, const char *path, size_t i, json_t *entries)
{
	DIR *folder = opendir(path);
	const struct dirent *file;
	int code = EX_OK;

	if (folder == NULL)
		return EX_OK; /* a list without digests has no such folder */
	while (code == EX_OK && (file = readdir(folder)) != NULL) {
		if (file->d_name[0] != '.')
			code = read_file(cli,
			    arena_printf(
				&cli->arena, "%s/%s", path, file->d_name),
			    i, entries);
	}
	(void)closedir(folder);
	return code;
}

/* Owners and moderators who are members get their role there. */
static void
give_roles(const json_t *staff, json_t *entries)
{
	json_t *one;
	size_t i;

	json_array_foreach(staff, i, one)
	{
		json_t *member = roster_find(entries,
		    json_string_value(json_object_get(one, "address")));

		if (member == NULL) {
			(void)json_object_set_new(
			    one, "mode", json_string("nomail"));
			(void)json_array_append(entries, one);
		} else {
			(void)json_object_set(
			    member, "role", json_object_get(one, "role"));
		}
	}
}

static int
read_mlmmj(struct cli *cli, const char *spool, json_t *entries)
{
	json_t *staff = json_array();
	int code = EX_OK;

	for (size_t i = 0; code == EX_OK && i < sizeof mlmmj / sizeof *mlmmj;
	     i++) {
		const char *path =
		    arena_printf(&cli->arena, "%s/%s", spool, mlmmj[i].path);
		struct stat st;

		if (mlmmj[i].folder)
			code = read_folder(cli, path, i, entries);
		else if (stat(path, &st) == 0)
			code = read_file(cli, path, i, staff);
	}
	give_roles(staff, entries);
	json_decref(staff);
	if (code == EX_OK && json_array_size(entries) == 0)
		code = say_failure(EX_DATAERR,
		    "%s: is no list of mlmmj, or nobody is on it", spool);
	return code;
}

/* --- files -------------------------------------------------------------- */

static int
read_any(struct cli *cli, const char *path, json_t *entries)
{
	struct slice octets;
	const char *problem;
	struct stat st;
	int code;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return read_mlmmj(cli, path, entries);
	code = cli_read_octets(cli, path, &octets);
	if (code != EX_OK)
		return code;
	problem = roster_read(&cli->arena, octets, entries);
	return problem == NULL
		   ? EX_OK
		   : say_failure(EX_DATAERR, "%s: %s", path, problem);
}

static int
import(struct cli *cli, const struct args *args, const json_t *entries)
{
	const char *const *given = args->values;
	const struct list_entering entering = {
		.list = list_name(cli, slice_of(args->operands[0])),
		.entries = entries,
		.letters = given[OPTION_INVITE] != NULL	   ? "invite"
			   : given[OPTION_WELCOME] != NULL ? "welcome"
							   : "none",
		.actor = given[OPTION_BY],
		.source =
		    arena_printf(&cli->arena, "import %s", args->operands[1]),
	};

	return list_enter(cli, &entering);
}

int
list_import_run(struct cli *cli, const struct args *args)
{
	json_t *entries = json_array();
	int code = read_any(cli, args->operands[1], entries);

	if (code == EX_OK && args->values[OPTION_DRY] != NULL)
		say_json(json_incref(entries));
	else if (code == EX_OK)
		code = import(cli, args, entries);
	json_decref(entries);
	return code;
}

#include "cli/served.h"

#include "core/addr.h"
#include "core/directory.h"

static const struct db_stmt find_domain = { "find_domain",
	"SELECT mode FROM hauspost.domain WHERE name = $1", 1 };

static const struct db_stmt find_keys = { "find_dkim_keys",
	"SELECT selector, 'v=DKIM1; k=rsa; p=' || public_key"
	" FROM hauspost.dkim_key WHERE domain = $1 ORDER BY made, selector",
	1 };

/* Nothing is remembered: each command asks once. */
static const struct directory_settings no_memory = {
	.connections = 1, .entries_max = 1000, .bytes_max = 1 << 20
};

/* The strings in quotes, joined: a record is split where it is long. */
static const char *
join_strings(struct arena *arena, struct slice text)
{
	char *joined = arena_strdup(arena, "");
	struct slice outside, string;

	while (
	    slice_cut(&text, '"', &outside) && slice_cut(&text, '"', &string))
		joined =
		    arena_printf(arena, "%s%.*s", joined, SLICE_FMT(string));
	return joined;
}

static int
read_dkim(struct cli *cli, struct provider *provider)
{
	struct slice text;
	int code;

	if (provider->dkim_selector[0] == '\0' || provider->dkim[0] == '\0')
		return EX_OK;
	code = cli_read_file(cli, provider->dkim, &text);
	if (code != EX_OK)
		return code;
	provider->dkim = slice_find(text, '"') >= 0
			     ? join_strings(&cli->arena, text)
			     : arena_strndup(&cli->arena, slice_trim(text).p,
				   slice_trim(text).n);
	return EX_OK;
}

static int
read_mode(struct cli *cli, struct db *db, struct served *served)
{
	struct slice domain = slice_of(served->domain);
	struct db_result *found;
	struct why why = { 0 };
	int code = EX_OK, r = db_run(db, &find_domain, &domain, &found, &why);

	if (r < 0)
		return say_refusal(db, r, served->domain, &why);
	if (db_rows(found) == 0)
		code = say_failure(
		    EX_DATAERR, "%s is not a domain of ours", served->domain);
	else
		served->mode = arena_slice(&cli->arena, db_text(found, 0, 0)).p;
	db_done(found);
	return code;
}

static int
read_keys(struct cli *cli, struct db *db, struct served *served)
{
	struct slice domain = slice_of(served->domain);
	struct db_result *found;
	struct why why = { 0 };
	int r = db_run(db, &find_keys, &domain, &found, &why);

	if (r < 0)
		return say_refusal(db, r, served->domain, &why);
	served->n_keys = (size_t)db_rows(found);
	served->keys =
	    arena_calloc(&cli->arena, served->n_keys, sizeof *served->keys);
	for (size_t i = 0; i < served->n_keys; i++)
		served->keys[i] = (struct served_key){
			arena_slice(&cli->arena, db_text(found, (int)i, 0)).p,
			arena_slice(&cli->arena, db_text(found, (int)i, 1)).p
		};
	db_done(found);
	return EX_OK;
}

static int
read_rows(struct cli *cli, struct served *served)
{
	struct db *db;
	int code = cli_connect(cli, cli->config.role, &db);

	if (code != EX_OK)
		return code;
	code = read_mode(cli, db, served);
	if (code == EX_OK)
		code = read_keys(cli, db, served);
	db_close(db);
	return code;
}

static int
ask_setup(struct cli *cli, struct slice domain, struct setup *setup)
{
	struct directory *dir = directory_new(
	    &no_memory, &cli->config.common, cli->config.role, NULL);
	const struct setup_question question = { .host = domain };
	struct why why = { 0 };
	int code = EX_OK;

	if (directory_setup(dir, &cli->arena, &question, setup, &why) < 0)
		code = say_failure(EX_UNAVAILABLE, "%s", why.detail);
	directory_free(dir);
	return code;
}

int
served_read(struct cli *cli, const char *domain, struct served *served)
{
	struct why why = { 0 };
	struct slice name;
	int code;

	if (addr_domain(&cli->arena, slice_of(domain), &name) < 0)
		return say_failure(EX_USAGE, "%s is not a domain name", domain);
	if (provider_read(
		cli->config_path, &cli->arena, &served->provider, &why) < 0)
		return say_failure(EX_CONFIG, "%s", why.detail);
	name = arena_slice(&cli->arena, name);
	served->domain = name.p;
	code = read_dkim(cli, &served->provider);
	if (code == EX_OK)
		code = read_rows(cli, served);
	return code != EX_OK ? code : ask_setup(cli, name, &served->setup);
}

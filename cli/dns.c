/*
 * hauspost dns - the records that a domain needs, for its zone file.
 */
#include "cli/command.h"
#include "cli/served.h"
#include "cli/table.h"
#include "cli/zone.h"

enum { OPTION_EXPAND, OPTION_HOSTS };

static const struct command_option dns_options[] = {
	{ .name = "expand",
	    .value = "FILE",
	    .help = "print this zone file (\"-\": stdin) with "
		    "MAILSERVICES_RR and AUTODISCOVER_RR expanded" },
	{ .name = "hosts",
	    .help = "print the host names at which clients ask, for "
		    "certificates: of DOMAIN, or of all" },
	{ .name = NULL },
};

static const struct db_stmt list_hosts = { "list_hosts",
	"SELECT domain, host FROM hauspost.client_hosts($2 = 'pacc')"
	" WHERE $1 = '' OR domain = $1",
	2 };

/* --- records ---------------------------------------------------------- */

static void
add_row(struct cli *cli, struct table *table, const struct zone_record *record)
{
	table_add(table,
	    (struct slice[]){
		slice_of(arena_printf(&cli->arena, "%s.", record->owner)),
		SLICE("IN"), slice_of(zone_type_name(record->type)),
		slice_of(zone_value(&cli->arena, record)) });
}

static void
print_part(struct cli *cli, const struct zone_record *records, size_t n,
    enum zone_part part)
{
	struct table table = table_start(&cli->arena, 4);

	for (size_t i = 0; i < n; i++) {
		if (records[i].part == part)
			add_row(cli, &table, &records[i]);
	}
	table_print(&table, stdout);
}

static void
print_zone(struct cli *cli, const struct zone_record *records, size_t n)
{
	struct table table = table_start(&cli->arena, 4);

	for (size_t i = 0; i < n; i++)
		add_row(cli, &table, &records[i]);
	table_print(&table, stdout);
}

static void
print_json(struct cli *cli, const struct zone_record *records, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(list,
		    json_pack("{s:s,s:s,s:s,s:s}", "name", records[i].owner,
			"type", zone_type_name(records[i].type), "value",
			records[i].value, "zone",
			zone_value(&cli->arena, &records[i])));
	say_json(list);
}

/* --- a zone file with placeholders ------------------------------------ */

static const struct {
	const char *word;
	enum zone_part part;
} placeholders[] = {
	{ "MAILSERVICES_RR", ZONE_SERVICES },
	{ "AUTODISCOVER_RR", ZONE_DISCOVER },
};

/* "{MAILSERVICES_RR}" and the like, alone in its line; -1 if it is none. */
static int
placeholder_in(struct slice line)
{
	line = slice_trim(line);
	if (line.n > 1 && line.p[0] == '{' && line.p[line.n - 1] == '}')
		line = slice_trim(slice_head(slice_tail(line, 1), line.n - 2));
	for (size_t i = 0; i < sizeof placeholders / sizeof *placeholders;
	     i++) {
		if (slice_eq(line, slice_of(placeholders[i].word)))
			return (int)i;
	}
	return -1;
}

static int
expand(struct cli *cli, const char *path, const struct zone_record *records,
    size_t n)
{
	struct slice text, line;
	int code = cli_read_file(cli, path, &text);

	if (code == EX_OK && text.n > 0 && text.p[text.n - 1] == '\n')
		text.n--;
	while (code == EX_OK && slice_cut(&text, '\n', &line)) {
		int which = placeholder_in(line);

		if (which >= 0)
			print_part(cli, records, n, placeholders[which].part);
		else
			(void)printf("%.*s\n", SLICE_FMT(line));
	}
	return code;
}

/* --- host names ------------------------------------------------------- */

static void
print_hosts(struct cli *cli, const struct db_result *hosts)
{
	json_t *list = json_array();

	for (int i = 0; i < db_rows(hosts); i++) {
		struct slice host = db_text(hosts, i, 1);

		if (cli->json)
			(void)json_array_append_new(
			    list, json_stringn(host.p, host.n));
		else
			(void)printf("%.*s\n", SLICE_FMT(host));
	}
	if (cli->json)
		say_json(json_incref(list));
	json_decref(list);
}

static int
show_hosts(struct cli *cli, const char *domain)
{
	struct slice parameters[] = { slice_of(domain), SLICE("") };
	struct provider provider;
	struct db_result *hosts;
	struct why why = { 0 };
	struct db *db;
	int code, r;

	if (provider_read(cli->config_path, &cli->arena, &provider, &why) < 0)
		return say_failure(EX_CONFIG, "%s", why.detail);
	if (provider.pacc)
		parameters[1] = SLICE("pacc");
	code = cli_connect(cli, cli->config.role, &db);
	if (code != EX_OK)
		return code;
	r = db_run(db, &list_hosts, parameters, &hosts, &why);
	if (r < 0) {
		code = say_refusal(db, r, NULL, &why);
	} else {
		print_hosts(cli, hosts);
		db_done(hosts);
	}
	db_close(db);
	return code;
}

/* --- the command ------------------------------------------------------ */

static int
dns_run(struct cli *cli, const struct args *args)
{
	const char *path = args->values[OPTION_EXPAND];
	struct zone_record *records;
	struct served served;
	size_t n;
	int code;

	if (args->values[OPTION_HOSTS] != NULL)
		return show_hosts(cli, args->n > 0 ? args->operands[0] : "");
	if (args->n == 0)
		return say_failure(EX_USAGE, "dns wants a domain");
	code = served_read(cli, args->operands[0], &served);
	if (code != EX_OK)
		return code;
	n = zone_records(&cli->arena, &served, &records);
	if (path != NULL)
		return expand(cli, path, records, n);
	if (cli->json)
		print_json(cli, records, n);
	else
		print_zone(cli, records, n);
	return EX_OK;
}

const struct command dns_commands[] = {
	{ "dns", "[DOMAIN]", 0, 1, "print the DNS records of a domain",
	    "MX, SPF, DKIM and DMARC as [provider] has them, SRV records of "
	    "what client_service\npublishes, and the names at which mail "
	    "clients ask for settings.",
	    dns_options, dns_run, NULL },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL },
};

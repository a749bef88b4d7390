/*
 * hauspost doctor - why mail clients do not configure themselves.
 *
 * For an address the directory's own words. For a domain three examinations:
 * each record in the live zone, each way that a family of clients asks, and
 * what breaks for whom by what was found.
 */
#include <string.h>

#include "cli/command.h"
#include "cli/doctor.h"
#include "cli/zone.h"
#include "core/resolver.h"

enum { OPTION_RESOLVER, OPTION_HTTP, OPTION_HTTPS, OPTION_CA, OPTION_NO_HTTP };
enum { EX_SICK = 1 }; /* as `db check` says it */

static const struct command_option doctor_options[] = {
	{ .name = "resolver",
	    .value = "HOST",
	    .help = "name server to ask, as HOST or HOST:PORT (default: the "
		    "system's)" },
	{ .name = "http",
	    .value = "HOST:PORT",
	    .help = "ask this web server, wherever DNS points: before a move" },
	{ .name = "https", .value = "HOST:PORT", .help = "the same for https" },
	{ .name = "ca",
	    .value = "FILE",
	    .help = "certificates to trust instead of the system's" },
	{ .name = "no-http", .help = "look at the zone only" },
	{ .name = NULL },
};

static const struct db_stmt ask_why = { "autoconfig_why",
	"SELECT works, reason FROM hauspost.autoconfig_why($1)", 1 };

/* --- what was found --------------------------------------------------- */

static void
say_line(bool good, const char *what, const char *problem, const char *breaks)
{
	(void)fputs(good ? "ok     " : "WRONG  ", stdout);
	say_text(stdout, slice_of(what));
	(void)fputc('\n', stdout);
	if (problem != NULL) {
		(void)fputs("       ", stdout);
		say_text(stdout, slice_of(problem));
		(void)fputc('\n', stdout);
	}
	if (breaks != NULL)
		(void)printf("       so %s\n", breaks);
}

void
doctor_find(struct doctor *doctor, const char *what, const char *problem,
    const char *breaks)
{
	bool good = problem == NULL;

	if (!good)
		doctor->sick = true;
	if (doctor->cli->json)
		(void)json_array_append_new(doctor->findings,
		    json_pack("{s:b,s:s,s:s?,s:s?}", "ok", good, "what", what,
			"problem", problem, "breaks", good ? NULL : breaks));
	else
		say_line(good, what, problem, good ? NULL : breaks);
}

/* --- the zone --------------------------------------------------------- */

static bool
is_among(const struct resolver_texts *texts, const char *text)
{
	for (size_t i = 0; i < texts->n; i++) {
		if (strcmp(texts->texts[i], text) == 0)
			return true;
	}
	return false;
}

/* What stands there instead: of TXT records only the one that is meant. */
static const char *
instead(struct arena *arena, const struct zone_record *record,
    const struct resolver_texts *texts)
{
	const char *list = NULL;

	for (size_t i = 0; i < texts->n; i++) {
		if (record->tag != NULL && strncmp(texts->texts[i], record->tag,
					       strlen(record->tag)) != 0)
			continue;
		list = arena_printf(arena, "%s%s%s", list != NULL ? list : "",
		    list != NULL ? ", " : "", texts->texts[i]);
	}
	return list;
}

/*
 * Some zones hold addresses where we write an alias: at the top of a zone, or
 * where the name server is told to follow it. The same addresses will do.
 */
static bool
has_same_addresses(struct doctor *doctor, const char *name, const char *other)
{
	struct resolver_texts one, two;
	struct why why;

	if (resolver_addresses(
		doctor->resolver, doctor->arena, name, &one, &why) < 0 ||
	    resolver_addresses(
		doctor->resolver, doctor->arena, other, &two, &why) < 0)
		return false;
	for (size_t i = 0; i < one.n; i++) {
		if (!is_among(&two, one.texts[i]))
			return false;
	}
	return one.n > 0;
}

/* "Not here", whose other numbers mean nothing (RFC 2782). */
static bool
has_no_target(const struct zone_record *record, const char *text)
{
	return record->type == RESOLVER_SRV &&
	       strcmp(record->value, "0 0 0 .") == 0 && strlen(text) > 2 &&
	       strcmp(text + strlen(text) - 2, " .") == 0;
}

static bool
is_right(struct doctor *doctor, const struct zone_record *record,
    const struct resolver_texts *texts)
{
	if (is_among(texts, record->value) ||
	    (texts->n == 1 && has_no_target(record, texts->texts[0])))
		return true;
	return record->type == RESOLVER_CNAME &&
	       has_same_addresses(
		   doctor, record->owner, doctor->served.provider.service_host);
}

static void
examine_record(struct doctor *doctor, const struct zone_record *record)
{
	struct arena *arena = doctor->arena;
	const char *what = arena_printf(arena, "%s. %s %s", record->owner,
	    zone_type_name(record->type), zone_value(arena, record));
	struct resolver_texts texts = { 0 };
	const char *problem = NULL, *there;
	struct why why = { 0 };

	if (resolver_ask(doctor->resolver, arena, record->owner, record->type,
		&texts, &why) < 0) {
		problem = arena_strdup(arena, why.detail);
	} else if (!is_right(doctor, record, &texts)) {
		there = instead(arena, record, &texts);
		problem = there != NULL
			      ? arena_printf(arena, "there is %s", there)
			      : "it is missing";
	}
	doctor_find(doctor, what, problem, record->breaks);
}

/* Mail to another host is not ours to see, whatever else is right. */
static void
examine_foreign_mx(
    struct doctor *doctor, const struct zone_record *records, size_t n)
{
	struct resolver_texts texts;
	struct why why;

	if (strcmp(doctor->served.mode, "local") != 0 ||
	    resolver_ask(doctor->resolver, doctor->arena, doctor->served.domain,
		RESOLVER_MX, &texts, &why) < 0)
		return;
	for (size_t i = 0; i < texts.n; i++) {
		size_t k = 0;

		while (k < n && (records[k].type != RESOLVER_MX ||
				    strcmp(records[k].value, texts.texts[i])))
			k++;
		if (k == n)
			doctor_find(doctor,
			    arena_printf(doctor->arena, "%s. MX %s",
				doctor->served.domain, texts.texts[i]),
			    "it is not ours",
			    "mail may go there and never arrive here");
	}
}

static void
examine_zone(struct doctor *doctor)
{
	struct zone_record *records;
	size_t n = zone_records(doctor->arena, &doctor->served, &records);

	for (size_t i = 0; i < n; i++)
		examine_record(doctor, &records[i]);
	examine_foreign_mx(doctor, records, n);
}

/* --- a domain --------------------------------------------------------- */

static void
examine_web(struct doctor *doctor)
{
	const char *const *values = doctor->args->values;
	const struct probe_place place = { values[OPTION_HTTP],
		values[OPTION_HTTPS], values[OPTION_CA] };

	doctor_ask_web(doctor, &place);
}

static void
examine(struct doctor *doctor)
{
	examine_zone(doctor);
	if (doctor->served.setup.status == SETUP_ABSENT)
		doctor_find(doctor, "settings for mail clients",
		    strcmp(doctor->served.mode, "local") == 0
			? "none are published: the domain's option "
			  "autoconfig is off, or client_service lacks imap "
			  "or smtp"
			: NULL,
		    "no client configures itself");
	else if (doctor->args->values[OPTION_NO_HTTP] == NULL)
		examine_web(doctor);
}

static int
examine_domain(struct cli *cli, const struct args *args)
{
	struct doctor doctor = {
		.cli = cli, .arena = &cli->arena, .args = args
	};
	struct why why = { 0 };
	int code = served_read(cli, args->operands[0], &doctor.served);

	if (code != EX_OK)
		return code;
	if (resolver_new(
		args->values[OPTION_RESOLVER], &doctor.resolver, &why) < 0)
		return say_failure(EX_USAGE, "%s", why.detail);
	doctor.findings = json_array();
	examine(&doctor);
	if (cli->json)
		say_json(json_incref(doctor.findings));
	json_decref(doctor.findings);
	resolver_free(doctor.resolver);
	return doctor.sick ? EX_SICK : EX_OK;
}

/* --- an address ------------------------------------------------------- */

static void
show_reason(
    struct cli *cli, const char *address, bool works, struct slice reason)
{
	if (cli->json) {
		say_json(json_pack("{s:s,s:b,s:s%}", "address", address,
		    "works", works, "reason", reason.p, reason.n));
		return;
	}
	say_text(stdout, reason);
	(void)fputc('\n', stdout);
}

static int
examine_address(struct cli *cli, const char *address)
{
	struct slice parameter = slice_of(address);
	struct db_result *found;
	struct why why = { 0 };
	struct db *db;
	int code = cli_connect(cli, cli->config.role, &db), r;

	if (code != EX_OK)
		return code;
	r = db_run(db, &ask_why, &parameter, &found, &why);
	if (r < 0) {
		code = say_refusal(db, r, address, &why);
	} else {
		code = db_flag(found, 0, 0) ? EX_OK : EX_SICK;
		show_reason(cli, address, code == EX_OK, db_text(found, 0, 1));
		db_done(found);
	}
	db_close(db);
	return code;
}

static int
doctor_run(struct cli *cli, const struct args *args)
{
	if (strchr(args->operands[0], '@') != NULL)
		return examine_address(cli, args->operands[0]);
	return examine_domain(cli, args);
}

const struct command doctor_commands[] = {
	{ "doctor", "DOMAIN|ADDRESS", 1, 1,
	    "say why mail clients do not configure themselves",
	    "Compares a domain's live zone with what `hauspost dns` prints, "
	    "asks the web server\nas each family of clients does, and tells "
	    "what breaks by what is wrong. Of an\naddress it tells in one "
	    "sentence where it leads. Status 1 where something is wrong.",
	    doctor_options, doctor_run, NULL },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL },
};

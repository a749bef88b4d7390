/*
 * hauspost package|mailbox|domain|address|alias … - the directory's rows.
 *
 * What differs between them: columns, options, statements. $2 of an update
 * is {"column": value, …}; jsonb_populate_record() leaves the columns that
 * are not in it as they are.
 */
#include "cli/object.h"
#include "cli/password.h"
#include "core/addr.h"

static void
set_text(json_t *row, const char *column, struct slice text)
{
	(void)json_object_set_new(row, column, json_stringn(text.p, text.n));
}

/* A U-label as its A-label. What is no domain the database will refuse. */
static struct slice
domain_name(struct cli *cli, struct slice given)
{
	struct slice name;

	return addr_domain(&cli->arena, given, &name) == 0 ? name : given;
}

/* --- package ---------------------------------------------------------- */

static const struct db_stmt package_select = { "package_select",
	"SELECT to_jsonb(p) || jsonb_build_object("
	" 'mailboxes', (SELECT count(*) FROM hauspost.mailbox AS m"
	"  WHERE m.package = p.name),"
	" 'domains', (SELECT count(*) FROM hauspost.domain AS d"
	"  WHERE d.package = p.name),"
	" 'addresses', (SELECT count(*) FROM hauspost.address AS a"
	"  JOIN hauspost.domain AS d ON d.name = a.domain"
	"  WHERE d.package = p.name))"
	" FROM hauspost.package AS p"
	" WHERE ($1 IS NULL OR p.node = $1) AND ($2 IS NULL OR p.name = $2)"
	" ORDER BY p.name",
	2 };
static const struct db_stmt package_update = { "package_update",
	"UPDATE hauspost.package AS p SET (node, host, units, storage_gb,"
	" bulk) = (SELECT n.node, n.host, n.units, n.storage_gb, n.bulk"
	"  FROM jsonb_populate_record(p, $2::jsonb) AS n)"
	" WHERE p.name = $1 RETURNING 1",
	2 };
static const struct db_stmt package_remove = { "package_remove",
	"DELETE FROM hauspost.package WHERE name = $1 RETURNING 1", 1 };

static const struct command_option package_options[] = {
	{ "node", "NAME", "the machine (default when added: this one)", "node",
	    VALUE_TEXT },
	{ "host", "NAME", "its mailboxes are MAILBOX@NAME as well", "host",
	    VALUE_TEXT },
	{ "units", "NUMBER", "each allows 250 addresses and 25 mailboxes",
	    "units", VALUE_NUMBER },
	{ "storage", "NUMBER", "its mailboxes together, in GB", "storage_gb",
	    VALUE_NUMBER },
	{ "bulk", "WHAT", "newsletters at normal ports: move, refuse, leave",
	    "bulk", VALUE_TEXT },
	{ NULL, NULL, NULL, NULL, 0 },
};

static const struct object_column package_columns[] = {
	{ "name", true },
	{ "node", true },
	{ "host", true },
	{ "units", true },
	{ "storage_gb", true },
	{ "bulk", false },
	{ "mailboxes", true },
	{ "domains", true },
	{ "addresses", true },
	{ NULL, false },
};

static void
complete_package(
    struct cli *cli, json_t *row, struct slice name, const char *second)
{
	(void)second;
	set_text(row, "name", name);
	if (json_object_get(row, "node") == NULL)
		set_text(row, "node", slice_of(cli->config.common.node));
}

static const struct object package = {
	.noun = "package",
	.columns = package_columns,
	.select = &package_select,
	.update = &package_update,
	.remove = &package_remove,
	.complete = complete_package,
	.parent = domain_name,
};

/* --- mailbox ---------------------------------------------------------- */

static const struct db_stmt mailbox_select = { "mailbox_select",
	"SELECT to_jsonb(m) - 'password' || jsonb_build_object("
	" 'login', m.password IS NOT NULL AND m.state = 'active',"
	" 'used_bytes', coalesce(u.bytes, 0),"
	" 'messages', coalesce(u.messages, 0),"
	" 'over_since', u.over_since,"
	" 'forwards', ARRAY(SELECT f.address || CASE WHEN f.keep_copy"
	"   THEN ' (keeps a copy)' ELSE '' END"
	"  FROM hauspost.forward AS f WHERE f.mailbox = m.name"
	"  ORDER BY f.address),"
	" 'hidden_by_alias', EXISTS (SELECT FROM hauspost.alias AS a"
	"  WHERE a.name = m.name))"
	" FROM hauspost.mailbox AS m"
	" LEFT JOIN hauspost.usage AS u ON u.mailbox = m.name"
	" WHERE ($1 IS NULL OR m.package = $1) AND ($2 IS NULL OR m.name = $2)"
	" ORDER BY m.name",
	2 };
static const struct db_stmt mailbox_update = { "mailbox_update",
	"UPDATE hauspost.mailbox AS m SET (uid, gid, home, quota_bytes,"
	" quota_hard_bytes, grace_days, size_limit, filter,"
	" allow_forward_file, state) ="
	" (SELECT n.uid, n.gid, n.home, n.quota_bytes, n.quota_hard_bytes,"
	"   n.grace_days, n.size_limit, n.filter, n.allow_forward_file, n.state"
	"  FROM jsonb_populate_record(m, $2::jsonb) AS n)"
	" WHERE m.name = $1 RETURNING 1",
	2 };
static const struct db_stmt mailbox_remove = { "mailbox_remove",
	"DELETE FROM hauspost.mailbox WHERE name = $1 RETURNING 1", 1 };

static const struct command_option mailbox_options[] = {
	{ "quota", "SIZE", "above it the grace begins; 0: none", "quota_bytes",
	    VALUE_SIZE },
	{ "hard-quota", "SIZE", "nothing is stored above it; 0: none",
	    "quota_hard_bytes", VALUE_SIZE },
	{ "grace", "DAYS", "between the two", "grace_days", VALUE_NUMBER },
	{ "size-limit", "SIZE", "of one message; none: the node's",
	    "size_limit", VALUE_LIMIT },
	{ "filter", "WHICH", "auto, sieve, procmail or none", "filter",
	    VALUE_TEXT },
	{ "forward-file", "yes|no", "~/.forward is followed",
	    "allow_forward_file", VALUE_FLAG },
	{ "state", "STATE", "active or locked", "state", VALUE_TEXT },
	{ "home", "DIR", "of the Unix user (default: below mail_root)", "home",
	    VALUE_TEXT },
	{ "uid", "NUMBER", "Unix user, 1000 or more (default: the next)", "uid",
	    VALUE_NUMBER },
	{ "gid", "NUMBER", "Unix group (default: the uid)", "gid",
	    VALUE_NUMBER },
	{ NULL, NULL, NULL, NULL, 0 },
};

static const struct object_column mailbox_columns[] = {
	{ "name", true },
	{ "package", false },
	{ "state", true },
	{ "login", true },
	{ "filter", true },
	{ "allow_forward_file", false },
	{ "used_bytes", true },
	{ "messages", true },
	{ "quota_bytes", true },
	{ "quota_hard_bytes", true },
	{ "grace_days", false },
	{ "over_since", false },
	{ "size_limit", false },
	{ "uid", false },
	{ "gid", false },
	{ "home", false },
	{ "forwards", false },
	{ "hidden_by_alias", false },
	{ NULL, false },
};

/* Names begin with their package's: xyz00, xyz00-fred. */
static void
complete_name(
    struct cli *cli, json_t *row, struct slice name, const char *second)
{
	long hyphen = slice_find(name, '-');

	(void)cli;
	(void)second;
	set_text(row, "name", name);
	set_text(row, "package",
	    hyphen < 0 ? name : slice_head(name, (size_t)hyphen));
}

static const struct object mailbox = {
	.noun = "mailbox",
	.columns = mailbox_columns,
	.select = &mailbox_select,
	.update = &mailbox_update,
	.remove = &mailbox_remove,
	.complete = complete_name,
};

/* --- domain ----------------------------------------------------------- */

static const struct db_stmt domain_select = { "domain_select",
	"SELECT to_jsonb(d) || jsonb_build_object("
	" 'addresses', (SELECT count(*) FROM hauspost.address AS a"
	"  WHERE a.domain = d.name))"
	" FROM hauspost.domain AS d"
	" WHERE ($1 IS NULL OR d.package = $1) AND ($2 IS NULL OR d.name = $2)"
	" ORDER BY d.name",
	2 };
static const struct db_stmt domain_update = { "domain_update",
	"UPDATE hauspost.domain AS d SET (package, mode, next_hop, autoconfig,"
	" login, subaddressing, size_limit, srs_domain, forward_spam) ="
	" (SELECT n.package, n.mode, n.next_hop, n.autoconfig, n.login,"
	"   n.subaddressing, n.size_limit, n.srs_domain, n.forward_spam"
	"  FROM jsonb_populate_record(d, $2::jsonb) AS n)"
	" WHERE d.name = $1 RETURNING 1",
	2 };
static const struct db_stmt domain_remove = { "domain_remove",
	"DELETE FROM hauspost.domain WHERE name = $1 RETURNING 1", 1 };

static const struct command_option domain_options[] = {
	{ "mode", "MODE", "local, backup, relay or null", "mode", VALUE_TEXT },
	{ "next-hop", "HOST", "for relay: mail.example.net, [192.0.2.1]:26",
	    "next_hop", VALUE_TEXT },
	{ "autoconfig", "yes|no", "mail clients may find their settings",
	    "autoconfig", VALUE_FLAG },
	{ "login", "mailbox|address", "what they are told to log in with",
	    "login", VALUE_TEXT },
	{ "subaddressing", "yes|no", "info+anything@ is info@", "subaddressing",
	    VALUE_FLAG },
	{ "size-limit", "SIZE", "of one message; none: no own limit",
	    "size_limit", VALUE_LIMIT },
	{ "srs-domain", "DOMAIN",
	    "of senders with which mail is sent on; \"\": its own",
	    "srs_domain", VALUE_TEXT },
	{ "forward-spam", "yes|no", "send on what is flagged as spam",
	    "forward_spam", VALUE_FLAG },
	{ "package", "NAME", "give it to another package", "package",
	    VALUE_TEXT },
	{ NULL, NULL, NULL, NULL, 0 },
};

static const struct object_column domain_columns[] = {
	{ "name", true },
	{ "package", true },
	{ "mode", true },
	{ "next_hop", true },
	{ "autoconfig", true },
	{ "login", false },
	{ "subaddressing", true },
	{ "size_limit", true },
	{ "srs_domain", false },
	{ "forward_spam", false },
	{ "addresses", true },
	{ NULL, false },
};

static void
complete_domain(
    struct cli *cli, json_t *row, struct slice name, const char *second)
{
	(void)cli;
	set_text(row, "name", name);
	set_text(row, "package", slice_of(second));
}

static const struct object domain = {
	.noun = "domain",
	.columns = domain_columns,
	.select = &domain_select,
	.update = &domain_update,
	.remove = &domain_remove,
	.complete = complete_domain,
	.name = domain_name,
};

/* --- address ---------------------------------------------------------- */

/* COLLATE: an I is an i, whatever language the database speaks. */
static const struct db_stmt address_select = { "address_select",
	"SELECT to_jsonb(a) || jsonb_build_object("
	" 'targets', ARRAY(SELECT t.destination FROM hauspost.target AS t"
	"  WHERE t.address = a.identifier ORDER BY t.id))"
	" FROM hauspost.address AS a"
	" WHERE ($1 IS NULL OR a.domain = $1)"
	"  AND ($2 IS NULL OR a.identifier = lower($2 COLLATE \"C\"))"
	" ORDER BY a.domain, a.identifier",
	2 };
static const struct db_stmt address_update = { "address_update",
	"UPDATE hauspost.address AS a SET (valid_from, valid_until) ="
	" (SELECT n.valid_from, n.valid_until"
	"  FROM jsonb_populate_record(a, $2::jsonb) AS n)"
	" WHERE a.identifier = lower($1 COLLATE \"C\") RETURNING 1",
	2 };
static const struct db_stmt address_remove = { "address_remove",
	"DELETE FROM hauspost.address"
	" WHERE identifier = lower($1 COLLATE \"C\") RETURNING 1",
	1 };
/* What stays keeps its id: it may be part of a recipient in the queue. */
static const struct db_stmt address_targets = { "address_targets",
	"WITH gone AS (DELETE FROM hauspost.target"
	"  WHERE address = lower($1 COLLATE \"C\")"
	"   AND destination <> ALL ($2::text[]))"
	" INSERT INTO hauspost.target (address, destination)"
	" SELECT lower($1 COLLATE \"C\"), unnest($2::text[])"
	" ON CONFLICT DO NOTHING",
	2 };

static const struct command_option address_options[] = {
	{ "valid-from", "TIME", "refused before; \"\": from ever", "valid_from",
	    VALUE_TEXT },
	{ "valid-until", "TIME", "refused from then on; \"\": for ever",
	    "valid_until", VALUE_TEXT },
	{ NULL, NULL, NULL, NULL, 0 },
};

static const struct object_column address_columns[] = {
	{ "identifier", true },
	{ "local_part", false },
	{ "domain", false },
	{ "valid_from", true },
	{ "valid_until", true },
	{ "targets", true },
	{ NULL, false },
};

/* The domain as its A-label; the local part keeps its case. */
static struct slice
address_name(struct cli *cli, struct slice given)
{
	long at = slice_rfind(given, '@');
	struct slice name;

	if (at < 0)
		return given;
	name = domain_name(cli, slice_tail(given, (size_t)at + 1));
	return slice_of(arena_printf(
	    &cli->arena, "%.*s@%.*s", (int)at, given.p, SLICE_FMT(name)));
}

static void
complete_address(
    struct cli *cli, json_t *row, struct slice name, const char *second)
{
	long at = slice_rfind(name, '@');

	(void)cli;
	(void)second;
	set_text(
	    row, "local_part", slice_head(name, at < 0 ? name.n : (size_t)at));
	set_text(row, "domain",
	    at < 0 ? SLICE("") : slice_tail(name, (size_t)at + 1));
}

static const struct object address = {
	.noun = "address",
	.columns = address_columns,
	.select = &address_select,
	.update = &address_update,
	.remove = &address_remove,
	.targets = &address_targets,
	.complete = complete_address,
	.name = address_name,
	.parent = domain_name,
};

/* --- alias ------------------------------------------------------------ */

static const struct db_stmt alias_select = { "alias_select",
	"SELECT to_jsonb(a) || jsonb_build_object("
	" 'targets', ARRAY(SELECT t.destination FROM hauspost.target AS t"
	"  WHERE t.alias = a.name ORDER BY t.id),"
	" 'hides_mailbox', EXISTS (SELECT FROM hauspost.mailbox AS m"
	"  WHERE m.name = a.name))"
	" FROM hauspost.alias AS a"
	" WHERE ($1 IS NULL OR a.package = $1) AND ($2 IS NULL OR a.name = $2)"
	" ORDER BY a.name",
	2 };
/* An alias has no column to set: this finds and locks it. */
static const struct db_stmt alias_update = { "alias_update",
	"SELECT 1 FROM hauspost.alias"
	" WHERE name = $1 AND $2::jsonb = '{}' FOR UPDATE",
	2 };
static const struct db_stmt alias_remove = { "alias_remove",
	"DELETE FROM hauspost.alias WHERE name = $1 RETURNING 1", 1 };
static const struct db_stmt alias_targets = { "alias_targets",
	"WITH gone AS (DELETE FROM hauspost.target"
	"  WHERE alias = $1 AND destination <> ALL ($2::text[]))"
	" INSERT INTO hauspost.target (alias, destination)"
	" SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING",
	2 };

static const struct object_column alias_columns[] = {
	{ "name", true },
	{ "package", false },
	{ "hides_mailbox", true },
	{ "targets", true },
	{ NULL, false },
};

static const struct object alias = {
	.noun = "alias",
	.columns = alias_columns,
	.select = &alias_select,
	.update = &alias_update,
	.remove = &alias_remove,
	.targets = &alias_targets,
	.complete = complete_name,
};

/* --- commands --------------------------------------------------------- */

/* Title and parent are for the usage line. */
#define LIST_AND_SHOW(object, title, parent)                                   \
	{ .words = #object " list",                                            \
		.operands = "[" parent "]",                                    \
		.most = 1,                                                     \
		.purpose = "list all, or those of one " parent,                \
		.run = object_list,                                            \
		.subject = &object },                                          \
	{                                                                      \
		.words = #object " show", .operands = title, .least = 1,       \
		.most = 1, .purpose = "show all that is known of one",         \
		.run = object_show, .subject = &object                         \
	}

#define REMOVE(object, title)                                                  \
	{                                                                      \
		.words = #object " remove", .operands = title, .least = 1,     \
		.most = 1, .purpose = "remove one", .run = object_remove,      \
		.subject = &object                                             \
	}

const struct command directory_commands[] = {
	LIST_AND_SHOW(package, "PACKAGE", "NODE"),
	{ .words = "package add",
	    .operands = "PACKAGE",
	    .least = 1,
	    .most = 1,
	    .purpose = "add one",
	    .options = package_options,
	    .run = object_add,
	    .subject = &package },
	{ .words = "package set",
	    .operands = "PACKAGE",
	    .least = 1,
	    .most = 1,
	    .purpose = "change what is given",
	    .options = package_options,
	    .run = object_set,
	    .subject = &package },
	REMOVE(package, "PACKAGE"),

	LIST_AND_SHOW(mailbox, "MAILBOX", "PACKAGE"),
	{ .words = "mailbox add",
	    .operands = "MAILBOX",
	    .least = 1,
	    .most = 1,
	    .purpose = "add one to the package that its name begins with",
	    .options = mailbox_options,
	    .run = object_add,
	    .subject = &mailbox },
	{ .words = "mailbox set",
	    .operands = "MAILBOX",
	    .least = 1,
	    .most = 1,
	    .purpose = "change what is given",
	    .options = mailbox_options,
	    .run = object_set,
	    .subject = &mailbox },
	REMOVE(mailbox, "MAILBOX"),
	{ .words = "mailbox password",
	    .operands = "MAILBOX",
	    .least = 1,
	    .most = 1,
	    .purpose = "set its password, typed or from a pipe",
	    .details = "Asks twice without echo; where stdin is no terminal "
		       "its first line is the\npassword.",
	    .run = password_run },

	LIST_AND_SHOW(domain, "DOMAIN", "PACKAGE"),
	{ .words = "domain add",
	    .operands = "DOMAIN PACKAGE",
	    .least = 2,
	    .most = 2,
	    .purpose = "add one to a package",
	    .options = domain_options,
	    .run = object_add,
	    .subject = &domain },
	{ .words = "domain set",
	    .operands = "DOMAIN",
	    .least = 1,
	    .most = 1,
	    .purpose = "change what is given",
	    .options = domain_options,
	    .run = object_set,
	    .subject = &domain },
	REMOVE(domain, "DOMAIN"),

	LIST_AND_SHOW(address, "ADDRESS", "DOMAIN"),
	{ .words = "address add",
	    .operands = "ADDRESS TARGET…",
	    .least = 2,
	    .most = COMMAND_ANY,
	    .purpose = "add one; @DOMAIN is the catch-all",
	    .options = address_options,
	    .run = object_add,
	    .subject = &address },
	{ .words = "address set",
	    .operands = "ADDRESS [TARGET…]",
	    .least = 1,
	    .most = COMMAND_ANY,
	    .purpose = "change what is given; targets replace all it had",
	    .options = address_options,
	    .run = object_set,
	    .subject = &address },
	REMOVE(address, "ADDRESS"),

	LIST_AND_SHOW(alias, "ALIAS", "PACKAGE"),
	{ .words = "alias add",
	    .operands = "ALIAS TARGET…",
	    .least = 2,
	    .most = COMMAND_ANY,
	    .purpose = "add one to the package that its name begins with",
	    .run = object_add,
	    .subject = &alias },
	{ .words = "alias set",
	    .operands = "ALIAS TARGET…",
	    .least = 2,
	    .most = COMMAND_ANY,
	    .purpose = "put these targets in place of those it had",
	    .run = object_set,
	    .subject = &alias },
	REMOVE(alias, "ALIAS"),

	{ .words = NULL },
};

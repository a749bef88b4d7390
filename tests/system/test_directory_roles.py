"""What each program's role may do, and that it may do nothing else."""

import psycopg2
import pytest

QUESTIONS = {
    "milter": ["resolve", "leaf", "domain_class", "max_size", "quota", "secret",
               "account", "may_send", "borrow", "meet", "give_back", "forget"],
    "lmtpd": ["resolve", "leaf", "quota", "secret"],
    "storer": ["store_user"],
    "dovecot": ["login"],
}
PROGRAMS = [
    "milter",
    "lmtpd",
    "storer",
    "runner",
    "autoconfig",
    "fetcher",
    "listmgr",
    "listweb",
    "dovecot",
]
DIRECTORY = [
    "node",
    "package",
    "mailbox",
    "domain",
    "address",
    "alias",
    "list",
    "target",
    "target_grant",
    "forward",
    "sender_grant",
    "send_limit",
    "client_service",
    "secret",
    "journal",
    "migration",
]
STATE = ["trail", "notice", "delivered", "usage"]


@pytest.fixture
def become(directory):
    def become(role):
        directory.run(f"SET LOCAL SESSION AUTHORIZATION hauspost_{role}")
        return directory

    return become


def denied(directory, statement, *values):
    directory.run("SAVEPOINT attempt")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        directory.run(statement, *values)
    directory.run("ROLLBACK TO attempt")
    return True


def test_public_may_do_nothing(directory):
    assert not directory.run(
        "SELECT p.oid::regprocedure FROM pg_proc AS p"
        " WHERE p.pronamespace = 'hauspost'::regnamespace"
        " AND has_function_privilege('public', p.oid, 'EXECUTE')"
    )
    assert not directory.run(
        "SELECT c.oid::regclass FROM pg_class AS c"
        " WHERE c.relnamespace = 'hauspost'::regnamespace"
        " AND c.relkind IN ('r', 'v', 'p')"
        " AND has_table_privilege('public', c.oid,"
        " 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')"
    )


def test_nothing_runs_as_a_superuser_or_with_the_callers_search_path(directory):
    assert not directory.run(
        "SELECT p.oid::regprocedure FROM pg_proc AS p"
        " JOIN pg_roles AS r ON r.oid = p.proowner"
        " WHERE p.pronamespace = 'hauspost'::regnamespace"
        " AND (r.rolname <> 'hauspost_owner' OR p.prosecdef AND NOT"
        " coalesce(p.proconfig::text LIKE '%%search_path=%%pg_temp%%', false))"
    )


@pytest.mark.parametrize("role", PROGRAMS)
def test_a_program_sees_no_table_of_the_directory(become, role):
    directory = become(role)
    for table in DIRECTORY:
        assert denied(directory, f"SELECT 1 FROM hauspost.{table}")
        assert denied(directory, f"DELETE FROM hauspost.{table}")
    assert denied(directory, "SELECT hauspost.set_password('xyz00', 'secret')")
    assert denied(directory, "CREATE TABLE hauspost.mine (x int)")
    assert denied(directory, "SELECT hauspost_crypto.gen_salt('bf')")


@pytest.mark.parametrize("role", QUESTIONS)
def test_a_program_asks_what_it_needs_and_nothing_else(directory, role):
    may = {
        row.name
        for row in directory.run(
            "SELECT p.proname AS name FROM pg_proc AS p"
            " WHERE p.pronamespace = 'hauspost'::regnamespace"
            " AND p.proname IN ('resolve', 'leaf', 'domain_class', 'max_size',"
            " 'quota', 'secret', 'store_user', 'login', 'set_password',"
            " 'account', 'may_send', 'borrow', 'meet', 'give_back', 'forget')"
            " AND has_function_privilege(%s, p.oid, 'EXECUTE')",
            f"hauspost_{role}",
        )
    }
    assert may == set(QUESTIONS[role])


def test_questions_are_answered_to_who_may_ask(become):
    directory = become("milter")
    assert directory.answer("xyz00-abc@xyz00.hosting.example").code == 250
    assert directory.leaf("xyz00@mbox.h01.hosting.example").code == 250
    directory.run("SELECT nexthop FROM hauspost.domain_class('example.org')")
    directory.run("SELECT * FROM hauspost.quota('{xyz00}')")
    directory.run("SELECT hauspost.max_size()")


@pytest.mark.parametrize(
    "role, statement",
    [
        ("storer", "SELECT * FROM hauspost.store_user('xyz00')"),
        ("runner", "SELECT * FROM hauspost.store_user('xyz00')"),
        ("dovecot", "SELECT * FROM hauspost.login('abuse@example.org')"),
        ("lmtpd", "SELECT * FROM hauspost.resolve('abuse@example.org')"),
        ("listmgr", "SELECT * FROM hauspost.resolve('abuse@example.org')"),
    ],
)
def test_each_program_gets_its_answer(become, role, statement):
    (row,) = become(role).run(statement)
    assert row.mailbox == "xyz00"


def test_a_secret_is_told_to_its_readers_only(become):
    directory = become("lmtpd")
    assert len(directory.one("SELECT hauspost.secret('name')").secret) == 32
    assert denied(directory, "SELECT hauspost.secret('leaf')")
    assert denied(directory, "SELECT hauspost.secret('none')")


def test_admins_know_no_secret(become):
    assert denied(become("admin"), "SELECT hauspost.secret('srs')")


def test_secrets_differ(directory):
    values = directory.run("SELECT value FROM hauspost.secret")
    assert len({bytes(row.value) for row in values}) == len(values) >= 3
    assert all(len(row.value) == 32 for row in values)


def test_programs_write_their_state(become):
    directory = become("lmtpd")
    directory.insert("trail", event="stored")
    directory.insert("delivered", delivery_key="k", action="store")
    directory.insert("notice", owner="xyz00", kind="k", subject="s", body="b")
    directory.run("UPDATE hauspost.notice SET sent = now()")
    assert denied(directory, "SELECT 1 FROM hauspost.trail")
    assert denied(directory, "DELETE FROM hauspost.trail")


def test_dovecot_counts_what_it_stored(become):
    directory = become("dovecot")
    for column, value in ("bytes", 5), ("messages", 1), ("bytes", 7):
        directory.run(
            f"INSERT INTO hauspost.usage (mailbox, {column}) VALUES"
            f" ('xyz00', %s) ON CONFLICT (mailbox) DO UPDATE"
            f" SET {column} = %s",
            value,
            value,
        )
    row = directory.one("SELECT * FROM hauspost.usage")
    assert (row.bytes, row.messages) == (7, 1)
    assert denied(directory, "SELECT * FROM hauspost.resolve('a@b.example')")


def test_admins_change_rows_and_are_named_in_the_journal(become):
    directory = become("admin")
    directory.insert("package", name="new00", node="h01.hosting.example")
    directory.insert("mailbox", name="new00")
    directory.insert("domain", name="new.example", package="new00")
    directory.address("info", "new00", domain="new.example")
    directory.insert("list", name="l", domain="new.example", package="new00")
    directory.run("SELECT hauspost.set_password('new00', 'secret')")
    directory.run("UPDATE hauspost.domain SET subaddressing = false"
                  " WHERE name = 'new.example'")
    directory.run("DELETE FROM hauspost.list")
    directory.settle()
    who = directory.run("SELECT DISTINCT who FROM hauspost.journal"
                        " WHERE at = now()")
    assert [row.who for row in who] == ["hauspost_admin"]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO hauspost.journal (relation, operation) VALUES ('x', 'y')",
        "UPDATE hauspost.journal SET who = 'somebody'",
        "DELETE FROM hauspost.journal",
        "DELETE FROM hauspost.trail",
        "SELECT value FROM hauspost.secret",
        "ALTER TABLE hauspost.mailbox DISABLE TRIGGER ALL",
        "ALTER TABLE hauspost.mailbox ADD x int",
        "DROP TABLE hauspost.trail",
        "TRUNCATE hauspost.address CASCADE",
        "CREATE FUNCTION hauspost.resolve(int) RETURNS int LANGUAGE sql"
        " AS 'SELECT 1'",
        "SET session_replication_role = replica",
        "SET ROLE hauspost_owner",
    ],
)
def test_admins_change_neither_schema_nor_journal(become, statement):
    assert denied(become("admin"), statement)


def test_everything_that_admins_see_says_what_it_is(directory):
    assert not directory.run(
        "SELECT c.oid::regclass, a.attname FROM pg_class AS c"
        " JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0"
        " AND NOT a.attisdropped"
        " WHERE c.relnamespace = 'hauspost'::regnamespace"
        " AND c.relkind IN ('r', 'v', 'p')"
        " AND has_table_privilege('hauspost_admin', c.oid, 'SELECT')"
        " AND (obj_description(c.oid, 'pg_class') IS NULL"
        " OR col_description(c.oid, a.attnum) IS NULL)"
    )


def test_every_question_of_a_program_says_what_it_is(directory):
    assert not directory.run(
        "SELECT p.oid::regprocedure FROM pg_proc AS p"
        " WHERE p.pronamespace = 'hauspost'::regnamespace"
        " AND obj_description(p.oid) IS NULL"
        " AND EXISTS (SELECT FROM pg_roles AS r"
        " WHERE r.rolname ~ '^hauspost_' AND r.rolname NOT IN"
        " ('hauspost_owner', 'hauspost_admin')"
        " AND has_function_privilege(r.oid, p.oid, 'EXECUTE'))"
    )

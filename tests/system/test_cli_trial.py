"""hauspost explain --with: a change shows what it would do, and never stays."""

import psycopg2
import pytest

from command import Command
from stage import ROOT

TEAM = "team@example.org"
DELETE = "DELETE FROM hauspost.target WHERE address = 'team@example.org';\n"
LOCKED = (
    "UPDATE hauspost.mailbox SET state = 'locked' WHERE name = 'xyz00-abc';\n"
)


CONTENT = """
    SELECT 'target', t::text FROM hauspost.target AS t
    UNION ALL SELECT 'mailbox', t::text FROM hauspost.mailbox AS t
    UNION ALL SELECT 'address', t::text FROM hauspost.address AS t
    UNION ALL SELECT 'tried', t::text FROM hauspost.tried AS t
    UNION ALL SELECT 'journal', t::text FROM hauspost.journal AS t
    ORDER BY 1, 2
"""


@pytest.fixture(scope="module")
def demo(postgres):
    """The demo's directory, which every test here finds as it was."""
    postgres.new_database("trial_demo")
    postgres.run_file(ROOT / "sql" / "demo.sql", "trial_demo")
    postgres.query(
        "CREATE PROCEDURE public.stay() LANGUAGE plpgsql"
        " AS 'BEGIN COMMIT; END'",
        "trial_demo",
    )
    yield "trial_demo"
    postgres.drop_database("trial_demo")


@pytest.fixture(scope="module")
def hauspost(postgres, demo):
    return Command(postgres, demo, trial_timeout="1s")


@pytest.fixture(scope="module")
def admin(postgres, demo):
    """A connection of another admin."""
    connection = psycopg2.connect(f"{postgres.conninfo(demo)} user=postgres")
    connection.autocommit = True
    yield connection.cursor()
    connection.close()


@pytest.fixture(scope="module")
def content(admin):
    """All that a change could leave behind, to compare."""

    def read():
        admin.execute(CONTENT)
        return admin.fetchall()

    return read


@pytest.fixture
def trial(hauspost, content, tmp_path):
    """Tries a change; afterwards all is as it was."""

    def run(sql, address="info@example.org", code=0, **options):
        path = tmp_path / "change.sql"
        path.write_text(sql)
        before = content()
        done = hauspost("explain", "--with", path, address, code=code, **options)
        assert content() == before
        return done

    return run


def test_the_difference_is_shown(trial):
    lines = trial(LOCKED, TEAM).stdout.splitlines()
    changed = [line.split() for line in lines if line[0] in "+-"]
    assert [words[:3] for words in changed] == [
        ["-", "mailbox", "xyz00-abc"],
        ["+", "mailbox", "xyz00-abc"],
    ]
    assert "450" not in changed[0] and "450" in changed[1]


def test_the_exit_status_is_that_of_afterwards(trial):
    trial(LOCKED, code=75)
    trial(
        "UPDATE hauspost.target SET destination = 'nobody'"
        " WHERE address = 'info@example.org'",
        code=67,
    )


def test_a_change_that_changes_nothing_shows_the_tree(trial):
    lines = trial("SELECT 1").stdout.splitlines()
    assert len(lines) == 3
    assert not any(line[0] in "+-" for line in lines)


def test_json_has_before_and_after(hauspost, tmp_path):
    path = tmp_path / "change.sql"
    path.write_text(LOCKED)
    info, drop = hauspost.json(
        "explain", "--with", path, "info@example.org", "drop@example.org", code=75
    )
    assert info["differs"] and not drop["differs"]
    assert (info["before"]["code"], info["after"]["code"]) == (250, 450)
    assert drop["before"] == drop["after"]


def test_the_change_may_come_from_stdin(hauspost):
    done = hauspost(
        "explain", "--with", "-", "info@example.org", stdin=LOCKED, code=75
    )
    assert "450 4.2.1" in done.stdout


def test_what_commit_would_refuse_is_refused(trial):
    done = trial(
        "INSERT INTO hauspost.target (address, destination)"
        " VALUES ('info@example.org', 'xyz00-nonsense')",
        code=65,
    )
    assert "xyz00-nonsense" in done.stderr
    assert done.stdout == ""


def test_what_the_row_itself_refuses_has_its_line(trial):
    done = trial(
        "SELECT 1;\n\nINSERT INTO hauspost.address (local_part, domain)"
        " VALUES ('a b', 'example.org')",
        code=65,
    )
    assert "change.sql, line 3: " in done.stderr


# What tries to stay. Each stands before and behind a change.
STAYING = {
    "commit": "COMMIT;",
    "in another case": "cOmMiT;",
    "behind a comment": "/* ; */ COMMIT -- ;\n;",
    "with words": "COMMIT WORK AND CHAIN;",
    "end": "END;",
    "rollback": "ROLLBACK;",
    "rollback and a new one": "ROLLBACK AND CHAIN;",
    "abort": "ABORT;",
    "begin": "BEGIN;",
    "start": "START TRANSACTION;",
    "back to a savepoint": "SAVEPOINT s; ROLLBACK TO s;",
    "prepare": "PREPARE TRANSACTION 'x';",
    "prepare in disguise": "PREPARE/**/TRANSACTION 'x';",
    "two in one": "SELECT (1; COMMIT;",
    "do": "DO $$ BEGIN COMMIT; END $$;",
    "do and roll back": "DO $$ BEGIN ROLLBACK; END $$;",
    "do by a string": "DO $$ BEGIN EXECUTE 'COMMIT'; END $$;",
    "procedure": "CALL public.stay();",
    "caught in a block": "DO $$ BEGIN COMMIT; EXCEPTION WHEN OTHERS THEN"
    " NULL; END $$; COMMIT;",
    "constraints at once": "SET CONSTRAINTS ALL IMMEDIATE;",
    "without the row": "DELETE FROM hauspost.tried;",
    "without rows": "TRUNCATE hauspost.tried;",
    "without the trigger": "ALTER TABLE hauspost.tried DISABLE TRIGGER ALL;",
    "without triggers": "SET session_replication_role = replica;",
    "another function": "CREATE OR REPLACE FUNCTION hauspost.refuse_commit()"
    " RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';",
    "as the owner": "SET ROLE hauspost_owner;",
    "as a superuser": "SET SESSION AUTHORIZATION postgres;",
    "copy in": "COPY hauspost.target FROM STDIN;",
    "copy out": "COPY hauspost.target TO STDOUT;",
    "copy to a program": "COPY hauspost.target TO PROGRAM 'true';",
    "psql's": "\\! true\n",
    "an open string": "SELECT 'x",
    "an open dollar string": "DO $a$ BEGIN; $b$",
    "too slow": "SELECT pg_sleep(60);",
    "too slow and not to be stopped": "SET statement_timeout = 0;"
    " SELECT pg_sleep(60);",
    "stopping itself to be stopped": "SELECT"
    " set_config('statement_timeout', '0', false), pg_sleep(60);",
    "without our statements": "DEALLOCATE ALL;",
    "ours in its place": "DO $$ BEGIN EXECUTE 'DEALLOCATE trial_still';"
    " EXECUTE 'PREPARE trial_still(text, text) AS SELECT ''1'', $1, $2';"
    " END $$;",
}


@pytest.mark.parametrize("sql", STAYING.values(), ids=STAYING)
def test_nothing_stays(trial, sql):
    said = trial(LOCKED + sql + "\n" + DELETE, code=ANY_REFUSAL).stderr
    assert said.startswith("hauspost: "), said


class AnyRefusal:
    """Refused: the change by us or the server, or the connection ended."""

    def __eq__(self, code):
        return code in (65, 69, 77)


ANY_REFUSAL = AnyRefusal()


@pytest.mark.parametrize(
    "sql", ["RESET ROLE;", "SET statement_timeout = 0;", "RESET ALL;", "LISTEN x;"]
)
def test_what_does_no_harm_is_let_through(trial, sql):
    assert "450 4.2.1" in trial(sql + LOCKED, code=75).stdout


def test_a_superuser_is_refused(postgres, demo, content):
    mighty = Command(
        postgres, demo, database=f"{postgres.conninfo(demo)} user=postgres"
    )
    before = content()
    done = mighty(
        "explain", "--with", "-", "info@example.org", stdin=LOCKED, code=77
    )
    assert "postgres may do too much to try a change" in done.stderr
    assert "Connect as hauspost_admin" in done.stderr
    assert content() == before


def test_who_can_become_the_owner_is_refused(admin):
    admin.execute("CREATE ROLE chief IN ROLE hauspost_owner, hauspost_admin")
    try:
        admin.execute("SET SESSION AUTHORIZATION chief")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="chief"):
            admin.execute("SELECT hauspost.try_start(1000, 1000)")
    finally:
        admin.execute("RESET SESSION AUTHORIZATION")
        admin.execute("DROP ROLE chief")


def test_who_waits_for_another_admin_gives_up(admin, trial):
    admin.execute("BEGIN;" + LOCKED)
    try:
        done = trial(LOCKED, code=65)
        assert "line 1: canceling statement due to" in done.stderr
    finally:
        admin.execute("ROLLBACK")


def test_nobody_is_told_of_what_was_only_tried(admin, trial):
    admin.execute("LISTEN hauspost_directory")
    trial(LOCKED, code=75)
    admin.connection.poll()
    assert admin.connection.notifies == []


def test_a_file_that_is_not_there(hauspost):
    said = hauspost.refused(
        "explain", "--with", "/nowhere/x.sql", "a@b.example", code=66
    )
    assert "/nowhere/x.sql: No such file" in said

"""hauspost db check: what is wrong with the database, a line each."""

import shutil

import pytest

from command import Command
from stage import NODE, ROOT

# The stage's PostgreSQL forgets everything on purpose.
FORGETFUL = {
    "setting fsync",
    "setting full_page_writes",
    "setting synchronous_commit",
}


@pytest.fixture(scope="module")
def check(postgres):
    """The checks that fail, beside those that do on every stage."""
    postgres.new_database("checked")
    command = Command(postgres, "checked")

    def run(*options):
        done = command.json("db", "check", *options, code=1)
        failed = {c["check"]: c["says"] for c in done if not c["ok"]}
        assert FORGETFUL <= failed.keys()
        return {k: v for k, v in failed.items() if k not in FORGETFUL}

    run.command = command
    run.query = lambda sql: postgres.query(sql, "checked")
    run.query(f"INSERT INTO hauspost.node (name) VALUES ('{NODE}')")
    yield run
    postgres.drop_database("checked")


def test_a_database_that_is_fit(check):
    assert check() == {}
    lines = check.command("db", "check", code=1).stdout.splitlines()
    assert {line.split()[0] for line in lines} == {"ok", "FAILED"}
    assert sum(line.startswith("FAILED") for line in lines) == len(FORGETFUL)


@pytest.mark.parametrize(
    "broken, repaired, what, says",
    [
        (
            "REVOKE EXECUTE ON FUNCTION hauspost.resolve(text)"
            " FROM hauspost_milter",
            "GRANT EXECUTE ON FUNCTION hauspost.resolve(text)"
            " TO hauspost_milter",
            "grants of hauspost_milter",
            "lacks EXECUTE on hauspost.resolve(text)",
        ),
        (
            "REVOKE INSERT ON hauspost.trail FROM hauspost_lmtpd",
            "GRANT INSERT ON hauspost.trail TO hauspost_lmtpd",
            "grants of hauspost_lmtpd",
            "lacks INSERT on hauspost.trail",
        ),
        (
            "GRANT SELECT ON hauspost.mailbox TO PUBLIC",
            "REVOKE SELECT ON hauspost.mailbox FROM PUBLIC",
            "grants of PUBLIC",
            "may use hauspost.mailbox",
        ),
        (
            "ALTER ROLE hauspost_fetcher SUPERUSER",
            "ALTER ROLE hauspost_fetcher NOSUPERUSER",
            "role hauspost_fetcher",
            "is a superuser",
        ),
        (
            "ALTER ROLE hauspost_fetcher NOLOGIN",
            "ALTER ROLE hauspost_fetcher LOGIN",
            "role hauspost_fetcher",
            "may not log in",
        ),
        (
            "GRANT hauspost_owner TO hauspost_fetcher",
            "REVOKE hauspost_owner FROM hauspost_fetcher",
            "role hauspost_fetcher",
            "may become hauspost_owner",
        ),
        (
            "ALTER FUNCTION hauspost.max_size() RENAME TO largest",
            "ALTER FUNCTION hauspost.largest() RENAME TO max_size",
            "check_functions",
            "function hauspost.max_size() does not exist",
        ),
        (
            "ALTER DATABASE checked SET default_transaction_read_only = on",
            "SET default_transaction_read_only = off;"
            "ALTER DATABASE checked RESET default_transaction_read_only",
            "setting default_transaction_read_only",
            "on, want off",
        ),
        (
            "UPDATE hauspost.node SET name = 'other.example'",
            f"UPDATE hauspost.node SET name = '{NODE}'",
            f"node {NODE}",
            "has no row in hauspost.node",
        ),
    ],
)
def test_what_is_broken_is_named(check, broken, repaired, what, says):
    check.query(broken)
    try:
        failed = check()
    finally:
        check.query(repaired)
    assert says in failed[what]
    assert check() == {}


def test_files_and_schema_are_compared(check, tmp_path):
    folder = tmp_path / "sql"
    shutil.copytree(ROOT / "sql", folder)
    (folder / "9999_new.sql").write_text("SELECT 1")
    (folder / "0001_base.sql").write_text("SELECT 1")
    (folder / "0002_directory.sql").unlink()
    failed = check("--dir", folder)
    assert failed == {
        "9999_new.sql": "is not applied: run hauspost db migrate",
        "0001_base.sql": "was edited after it was applied",
        "0002_directory.sql": "is applied, but there is no such file",
    }


def test_a_database_without_schema(postgres):
    bare = Command(postgres, "postgres", role="postgres")
    failed = {
        c["check"]: c["says"] for c in bare.json("db", "check", code=1)
    }
    assert failed["0001_base.sql"] == "is not applied: run hauspost db migrate"
    assert 'schema "hauspost" does not exist' in failed["check_public"]

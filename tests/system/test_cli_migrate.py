"""hauspost db migrate: each file once, in order, whole or not at all."""

import itertools
import subprocess
import threading

import psycopg2
import pytest

from command import Command
from stage import ROOT, wait_for

FIRST = """
CREATE SCHEMA hauspost;
CREATE TABLE hauspost.migration (name text PRIMARY KEY, sha256 text NOT NULL,
    applied timestamptz NOT NULL DEFAULT now());
"""


@pytest.fixture
def empty(postgres, counter=itertools.count()):
    """A database with nothing in it."""
    name = f"empty_{next(counter)}"
    postgres.query(f"CREATE DATABASE {name}", "postgres")
    yield name
    postgres.drop_database(name)


@pytest.fixture
def migrate(postgres, empty, tmp_path):
    """Writes files into a folder of migrations and applies them."""
    command = Command(postgres, empty)
    (tmp_path / "0001_first.sql").write_text(FIRST)

    def run(*options, code=0, **files):
        for name, text in files.items():
            (tmp_path / f"{name}.sql").write_text(text)
        return command("db", "migrate", "--dir", tmp_path, *options, code=code)

    run.folder = tmp_path
    run.command = command
    run.query = lambda sql: postgres.query(sql, empty)
    run.conninfo = postgres.conninfo(empty)
    return run


def recorded(migrate):
    return [
        name
        for (name,) in migrate.query(
            "SELECT name FROM hauspost.migration ORDER BY name"
        )
    ]


def exists(migrate, table):
    return migrate.query(f"SELECT to_regclass('{table}')") != [[None]]


def test_files_are_applied_in_order_and_once(migrate):
    done = migrate(
        **{
            "0010_b": "INSERT INTO t VALUES ('ten');",
            "0002_a": "CREATE TABLE t (x text);",
            "notes": "this is no migration",
            "002_x": "nor is this",
        }
    )
    assert done.stdout.splitlines()[-1].startswith("3 of 3 files applied now")
    assert recorded(migrate) == ["0001_first.sql", "0002_a.sql", "0010_b.sql"]
    done = migrate()
    assert done.stdout.startswith("0 of 3 files applied now")
    assert migrate.query("SELECT count(*) FROM t") == [["1"]]


def test_a_new_file_is_applied_later(migrate):
    migrate()
    done = migrate(**{"0002_a": "CREATE TABLE t (x text);"})
    assert done.stdout.splitlines()[-1].startswith("1 of 2 files applied now")
    assert exists(migrate, "t")


def test_a_file_that_fails_leaves_nothing_and_stops(migrate):
    done = migrate(
        code=65,
        **{
            "0002_a": "CREATE TABLE t (x text);\n\n"
            "INSERT INTO t VALUES (';');\nINSERT INTO nowhere VALUES (1);",
            "0003_b": "CREATE TABLE u (x text);",
        },
    )
    assert '0002_a.sql, line 4: relation "nowhere" does not' in done.stderr
    assert recorded(migrate) == ["0001_first.sql"]
    assert not exists(migrate, "t") and not exists(migrate, "u")


def test_detail_and_hint_are_shown(migrate):
    done = migrate(
        code=65,
        **{
            "0002_a": "DO $$ BEGIN RAISE 'no' USING DETAIL = E'one\\ntwo',"
            " HINT = 'do this'; END $$"
        },
    )
    assert done.stderr == (
        "hauspost: 0002_a.sql, line 1: no\n"
        "    one\n    two\n    Hint: do this\n"
    )


def test_warnings_are_shown(migrate):
    done = migrate(
        **{"0002_a": "DO $$ BEGIN RAISE WARNING 'take care'; END $$;"}
    )
    assert done.stderr == "hauspost: warning: take care\n"


def test_a_changed_file_is_refused_by_name(migrate):
    migrate(**{"0002_a": "CREATE TABLE t (x text);"})
    done = migrate(
        code=65,
        **{
            "0002_a": "CREATE TABLE t (x int);",
            "0003_b": "CREATE TABLE u (x text);",
        },
    )
    assert "0002_a.sql was edited after it was applied" in done.stderr
    assert not exists(migrate, "u")


def test_a_missing_file_is_a_warning(migrate):
    migrate(**{"0002_a": "CREATE TABLE t (x text);"})
    (migrate.folder / "0002_a.sql").unlink()
    assert "0002_a.sql is recorded" in migrate().stderr


@pytest.mark.parametrize("verb", ["COMMIT", "BEGIN", "rollback", "End"])
def test_a_file_cannot_end_its_transaction(migrate, verb):
    done = migrate(
        code=65, **{"0002_a": f"CREATE TABLE t (x text);\n{verb};"}
    )
    assert f"line 2: each file is one transaction; take the {verb}" in (
        done.stderr
    )
    assert not exists(migrate, "t")


@pytest.mark.parametrize(
    "text, says",
    [
        ("SELECT 'x", "0002_a.sql, line 1: a string has no end"),
        ("\\i other.sql", "0002_a.sql, line 1: backslash commands are psql's"),
        ("COPY pg_class TO STDOUT", "COPY from or to the client"),
        ("CREATE TEMP TABLE t (x int); COPY t FROM STDIN", "COPY from or to"),
        ("SELECT '\udcff'", "is not UTF-8 text"),
    ],
)
def test_what_is_no_sql_is_refused(migrate, text, says):
    path = migrate.folder / "0002_a.sql"
    path.write_bytes(text.encode(errors="surrogateescape"))
    done = migrate.command(
        "db", "migrate", "--dir", migrate.folder, code=69 if "COPY" in text else 65
    )
    assert says in done.stderr


def test_two_files_of_one_number_are_refused(migrate):
    done = migrate(code=65, **{"0002_a": "", "0002_b": ""})
    assert "0002_a.sql and 0002_b.sql have the same number" in done.stderr


def test_an_empty_or_missing_folder_is_no_input(migrate, tmp_path):
    (tmp_path / "none").mkdir()
    for folder in ("none", "missing"):
        done = migrate.command(
            "db", "migrate", "--dir", tmp_path / folder, code=66
        )
        assert folder in done.stderr


def test_a_role_that_a_file_took_does_not_last(migrate):
    """The next file must not run as whoever the last one became."""
    migrate(
        **{
            "0002_a": "SET ROLE pg_monitor;",
            "0003_b": "CREATE TABLE t (x text);",
        }
    )
    assert migrate.query(
        "SELECT tableowner FROM pg_tables WHERE tablename = 't'"
    ) == [["postgres"]]


WAITING = """SELECT pid FROM pg_locks
    WHERE locktype = 'advisory' AND NOT granted"""


def test_two_at_once_wait_for_each_other(migrate):
    slow = {"0002_a": "SELECT pg_sleep(0.1);", "0003_b": "CREATE TABLE t ();"}
    with psycopg2.connect(f"{migrate.conninfo} user=postgres") as other:
        other.cursor().execute("SELECT pg_advisory_lock(4170203519)")
        results = []
        threads = [
            threading.Thread(target=lambda: results.append(migrate(**slow)))
            for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        wait_for(lambda: len(migrate.query(WAITING)) == 2, "both wait")
        other.cursor().execute("SELECT pg_advisory_unlock(4170203519)")
        for thread in threads:
            thread.join()
    other.close()
    assert [done.returncode for done in results] == [0, 0]
    assert all("another migrate is at work" in d.stderr for d in results)
    applied = sorted(d.stdout.splitlines()[-1].split()[0] for d in results)
    assert applied == ["0", "3"]


def test_json_tells_what_was_applied(migrate):
    migrate(**{"0002_a": ""})
    (migrate.folder / "0003_b.sql").write_text("SELECT 1")
    files = migrate.command.json("db", "migrate", "--dir", migrate.folder)
    assert [(f["name"], f["applied_now"]) for f in files] == [
        ("0001_first.sql", False),
        ("0002_a.sql", False),
        ("0003_b.sql", True),
    ]
    sums = subprocess.run(
        ["sha256sum", *sorted(migrate.folder.glob("0*.sql"))],
        text=True,
        capture_output=True,
    ).stdout.split()[::2]
    assert [f["sha256"] for f in files] == sums


def test_our_own_files_twice(postgres, empty):
    command = Command(postgres, empty)
    number = len(list((ROOT / "sql").glob("[0-9]*.sql")))
    assert f"{number} of {number} files" in command("db", "migrate").stdout
    assert f"0 of {number} files" in command("db", "migrate").stdout


def test_no_database_is_unavailable(postgres, empty):
    command = Command(
        postgres, empty, database=postgres.conninfo("not_there")
    )
    said = command.refused("db", "migrate", code=69)
    assert 'database "not_there" does not exist' in said

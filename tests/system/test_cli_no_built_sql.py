"""The rule that a script checks: SQL is literal text. Does it see breaches?"""

import subprocess

import pytest

from stage import ROOT

GOOD = """
/* struct db_stmt made = { "x", text, 1 }; in a comment is none */
static const struct db_stmt one = { "one",
    "SELECT \\"a\\" FROM t" /* why */
    " WHERE x = $1", 1 };
static const struct db_stmt many[] = { { "a", "SELECT 1", 0 },
    { .name = "b", .sql = "SELECT ';' = '\\\\'", .params = 0 } };
extern const struct db_stmt elsewhere;
static const struct db_stmt *chosen = &one;
int run(struct db *db, const struct db_stmt *stmt);
"""

BAD = {
    "text from a variable": "struct db_stmt s = { n, text, 1 };",
    "text from a macro": 'const struct db_stmt s = { "s", "A" B, 1 };',
    "text from a call": 'struct db_stmt s = { "s", make("x"), 0 };',
    "by name": "struct db_stmt s = { .sql = text };",
    "in an array": 'struct db_stmt s[] = { { "a", "b", 0 }, { x, y, 0 } };',
    "made later": "struct db_stmt s;\nvoid f(void) { s.sql = text; }",
    "through a pointer": "void f(struct db_stmt *s) { s->sql = text; }",
    "on the spot": 'void f(void) { g(&(struct db_stmt){ "a", t, 0 }); }',
    "libpq": '#include "libpq-fe.h"\n',
    "a call of libpq": 'void f(void) { PQexec(c, "SELECT 1"); }',
    "SQL of a file": "void f(void) { db_run_one(db, t, 0, &r, &why); }",
}


def check(tmp_path, text):
    (tmp_path / "x.c").write_text(text)
    return subprocess.run(
        [ROOT / "tests" / "static" / "no-built-sql", tmp_path],
        text=True,
        capture_output=True,
    )


def test_literal_statements_are_fine(tmp_path):
    done = check(tmp_path, GOOD)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_all_else_is_found(tmp_path, text):
    done = check(tmp_path, f"{GOOD}\n{text}\n")
    assert done.returncode == 1, done
    assert "x.c: " in done.stdout

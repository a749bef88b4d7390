"""hauspost package|mailbox|domain|address|alias …: rows without SQL."""

import os
import pty
import select

import pytest

from command import Command

KINDS = ["package", "mailbox", "domain", "address", "alias"]


@pytest.fixture(scope="module")
def hauspost(postgres):
    """A command, and a package with something in it made by it."""
    postgres.new_database("objects")
    postgres.query(
        "INSERT INTO hauspost.node (name) VALUES ('h01.hosting.example')",
        "objects",
    )
    command = Command(postgres, "objects")
    command.query = lambda sql: postgres.query(sql, "objects")
    command("package", "add", "xyz00", "--units", "2")
    command("mailbox", "add", "xyz00")
    command("mailbox", "add", "xyz00-abc", "--quota", "1G")
    command("domain", "add", "example.org", "xyz00")
    yield command
    postgres.drop_database("objects")


# -- What is added is shown --------------------------------------------------


def test_a_package_is_on_this_node_by_default(hauspost):
    package = hauspost.json("package", "show", "xyz00")
    assert package["node"] == "h01.hosting.example"
    assert (package["units"], package["mailboxes"]) == (2, 2)


def test_columns_that_are_not_given_get_their_defaults(hauspost):
    mailbox = hauspost.json("mailbox", "show", "xyz00-abc")
    assert mailbox["quota_bytes"] == 1 << 30
    assert mailbox["filter"] == "auto"
    assert mailbox["package"] == "xyz00"
    assert mailbox["uid"] >= 1000
    assert "password" not in mailbox and mailbox["login"] is False


def test_a_forward_file_counts_when_the_admin_says_so(hauspost):
    hauspost("mailbox", "add", "xyz00-shell", "--forward-file", "yes")
    shown = hauspost.json("mailbox", "show", "xyz00-shell")
    assert shown["allow_forward_file"] is True
    hauspost("mailbox", "set", "xyz00-shell", "--forward-file", "no")
    shown = hauspost.json("mailbox", "show", "xyz00-shell")
    assert shown["allow_forward_file"] is False


def test_add_answers_with_the_row_in_json(hauspost):
    made = hauspost.json("mailbox", "add", "xyz00-json", "--state", "locked")
    assert (made["name"], made["state"]) == ("xyz00-json", "locked")


def test_t024_a_domain_comes_with_its_addresses(hauspost):
    hauspost("domain", "add", "new.example", "xyz00")
    rows = hauspost.json("address", "list", "new.example")
    assert [(r["local_part"], r["targets"]) for r in rows] == [
        ("abuse", ["xyz00"]),
        ("postmaster", ["xyz00"]),
        ("webmaster", ["xyz00"]),
    ]


def test_a_domain_that_is_no_local_one_has_none(hauspost):
    hauspost("domain", "add", "relay.example", "xyz00", "--mode", "relay",
             "--next-hop", "mail.example.net")
    assert hauspost.json("address", "list", "relay.example") == []
    assert hauspost.json("domain", "show", "relay.example")["next_hop"] == (
        "mail.example.net"
    )


def test_names_may_be_written_as_people_do(hauspost):
    hauspost("domain", "add", "Bücher.example", "xyz00")
    name = "xn--bcher-kva.example"
    assert hauspost.json("domain", "show", "bücher.example")["name"] == name
    hauspost("address", "add", "Info@bücher.example", "xyz00-abc")
    row = hauspost.json("address", "show", "INFO@BÜCHER.example")
    assert (row["local_part"], row["identifier"]) == ("Info", f"info@{name}")
    assert len(hauspost.json("address", "list", "Bücher.example")) == 4


def test_addresses_and_aliases_have_targets(hauspost):
    hauspost("alias", "add", "xyz00-team", "xyz00", "xyz00-abc", "|/bin/x 'y'")
    hauspost("address", "add", "team@example.org", "xyz00-team", "a@b.example")
    hauspost("address", "add", "@example.org", "xyz00")
    alias = hauspost.json("alias", "show", "xyz00-team")
    assert alias["targets"] == ["xyz00", "xyz00-abc", "|/bin/x 'y'"]
    rows = {
        r["identifier"]: r["targets"]
        for r in hauspost.json("address", "list", "example.org")
    }
    assert rows["team@example.org"] == ["xyz00-team", "a@b.example"]
    assert rows["@example.org"] == ["xyz00"]


# -- Changes -----------------------------------------------------------------


def test_set_changes_what_is_given_and_no_more(hauspost):
    hauspost("mailbox", "add", "xyz00-set", "--quota", "5M", "--grace", "3")
    hauspost("mailbox", "set", "xyz00-set", "--size-limit", "64K")
    row = hauspost.json("mailbox", "set", "xyz00-set", "--quota", "0")
    assert (row["quota_bytes"], row["size_limit"]) == (0, 65536)
    assert row["grace_days"] == 3
    row = hauspost.json("mailbox", "set", "xyz00-set", "--size-limit", "none")
    assert row["size_limit"] is None


def test_targets_are_replaced_and_those_that_stay_keep_their_id(hauspost):
    hauspost("alias", "add", "xyz00-ids", "xyz00", "|/bin/a", "|/bin/b")
    ids = dict(hauspost.query(IDS))
    hauspost("alias", "set", "xyz00-ids", "|/bin/b", "xyz00-abc")
    after = dict(hauspost.query(IDS))
    assert set(after) == {"|/bin/b", "xyz00-abc"}
    assert after["|/bin/b"] == ids["|/bin/b"]


IDS = "SELECT destination, id FROM hauspost.target WHERE alias = 'xyz00-ids'"


def test_set_without_targets_keeps_them(hauspost):
    hauspost("address", "add", "keep@example.org", "xyz00", "xyz00-abc")
    row = hauspost.json(
        "address", "set", "keep@example.org", "--valid-until", "2999-01-01"
    )
    assert row["targets"] == ["xyz00", "xyz00-abc"]
    assert row["valid_until"].startswith("2999-01-01")
    row = hauspost.json("address", "set", "keep@example.org", "--valid-until", "")
    assert row["valid_until"] is None


def test_what_is_removed_is_gone(hauspost):
    hauspost("address", "add", "gone@example.org", "xyz00")
    done = hauspost("address", "remove", "Gone@example.org")
    assert done.stdout == "address Gone@example.org removed\n"
    hauspost.refused("address", "show", "gone@example.org", code=67)


def test_a_change_is_whole_or_not_at_all(hauspost):
    said = hauspost.refused(
        "address", "add", "half@example.org", "xyz00", "abc00-foreign"
    )
    assert "abc00-foreign" in said
    hauspost.refused("address", "show", "half@example.org", code=67)


# -- What is refused, and how that is said -----------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_there_is_67(hauspost, kind):
    name = {"address": "no@example.org"}.get(kind, "xyz00-nothing")
    verbs = {"show": [], "remove": []}
    if kind == "alias":
        verbs["set"] = ["xyz00"]
    elif kind == "address":
        verbs["set"] = ["--valid-until", ""]
    for verb, more in verbs.items():
        said = hauspost.refused(kind, verb, name, *more, code=67)
        assert said == f"hauspost: there is no {kind} {name}\n"


def test_all_problems_of_a_row_are_shown(hauspost):
    said = hauspost.refused(
        "domain", "add", "bad_name", "xyz00", "--mode", "relay"
    )
    assert len(said.splitlines()) > 1, said


def test_warnings_are_shown(hauspost):
    """T-052: an alias and a mailbox of the same name."""
    done = hauspost("alias", "add", "xyz00-abc", "xyz00")
    assert done.stderr.startswith("hauspost: warning: ")
    assert hauspost.json("alias", "show", "xyz00-abc")["hides_mailbox"]
    assert hauspost.json("mailbox", "show", "xyz00-abc")["hidden_by_alias"]
    hauspost("alias", "remove", "xyz00-abc")


@pytest.mark.parametrize(
    "words, says",
    [
        (["mailbox", "set", "xyz00", "--quota", "lots"], "a size such as"),
        (["mailbox", "set", "xyz00", "--uid", "-1"], "wants a number"),
        (["domain", "set", "example.org", "--autoconfig", "true"], "yes or no"),
        (["mailbox", "set", "xyz00"], "say what to change"),
        (["mailbox", "add"], "usage: hauspost mailbox add"),
        (["domain", "add", "a.example"], "usage: hauspost domain add"),
        (["address", "add", "a@example.org"], "usage: hauspost address add"),
        (["alias", "set", "xyz00-team"], "usage: hauspost alias set"),
        (["mailbox", "remove", "a", "b"], "usage: hauspost mailbox remove"),
        (["mailbox", "show", "xyz00", "--quota", "1"], "unrecognized option"),
        (["mailbox"], "mailbox add"),
    ],
)
def test_usage_errors_are_64(hauspost, words, says):
    assert says in hauspost.refused(*words, code=64)


@pytest.mark.parametrize(
    "name",
    [
        "'; DROP TABLE hauspost.mailbox; --",
        "xyz00-\x1b[2J",
        "xyz00-" + "x" * 3000,
        "\\",
        "",
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_hostile_names_are_data(hauspost, kind, name):
    more = {"domain": ["xyz00"], "address": ["xyz00"], "alias": ["xyz00"]}
    said = hauspost.refused(kind, "add", "--", name, *more.get(kind, []))
    assert "\x1b" not in said
    said = hauspost.refused(kind, "show", "--", name, code=67)
    assert "\x1b" not in said
    assert hauspost.json("mailbox", "show", "xyz00")


def test_hostile_values_are_data(hauspost):
    evil = "'); DELETE FROM hauspost.mailbox; --"
    hauspost.refused("mailbox", "set", "xyz00", "--home", evil)
    hauspost.refused("mailbox", "set", "xyz00", "--filter", evil)
    hauspost.refused("address", "add", "evil@example.org", evil)
    hauspost.refused("address", "add", "evil@example.org", '{"a","b"}')
    assert hauspost.json("mailbox", "list", evil) == []
    assert len(hauspost.json("mailbox", "list", "xyz00")) >= 2


def test_a_right_that_is_missing_is_77(postgres, hauspost):
    poor = Command(postgres, "objects", role="hauspost_storer")
    said = poor.refused("mailbox", "list", code=77)
    assert "permission denied" in said


# -- Lists -------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_lists_are_aligned_and_have_titles(hauspost, kind):
    lines = hauspost(kind, "list").stdout.splitlines()
    assert len(lines) > 1
    title = lines[0].split()[1]
    assert all(line[lines[0].index(title) - 1] == " " for line in lines)
    assert len(hauspost.json(kind, "list")) == len(lines) - 1


def test_a_list_may_be_of_one_parent(hauspost):
    hauspost("package", "add", "abc00")
    hauspost("mailbox", "add", "abc00")
    names = [m["name"] for m in hauspost.json("mailbox", "list", "abc00")]
    assert names == ["abc00"]
    assert hauspost.json("package", "list", "elsewhere.example") == []


# -- Passwords ---------------------------------------------------------------


def login_works(hauspost, name, password):
    ((ok,),) = hauspost.query(
        "SELECT substr(password, 12) = hauspost_crypto.crypt("
        f"'{password}', substr(password, 12))"
        f" FROM hauspost.mailbox WHERE name = '{name}'"
    )
    return ok == "t"


def test_a_password_comes_from_a_pipe(hauspost):
    hauspost("mailbox", "password", "xyz00", stdin="correct horse\nmore\n")
    assert login_works(hauspost, "xyz00", "correct horse")
    hauspost("mailbox", "password", "xyz00", stdin="no newline")
    assert login_works(hauspost, "xyz00", "no newline")


@pytest.mark.parametrize(
    "stdin, code, says",
    [
        ("", 64, "stdin holds no password"),
        ("\n", 65, "it is empty"),
        ("with:colon\n", 65, '":"'),
        ("x" * 300 + "\n", 65, "at most 256"),
        ("x" * 9000 + "\n", 64, "stdin holds no password"),
    ],
    ids=["none", "an empty one", "a colon", "too long", "without end"],
)
def test_t055_a_password_that_is_none(hauspost, stdin, code, says):
    said = hauspost.refused("mailbox", "password", "xyz00", stdin=stdin, code=code)
    assert says in said


def test_a_password_is_no_argument(hauspost):
    hauspost.refused("mailbox", "password", "xyz00", "secret", code=64)
    said = hauspost.refused(
        "mailbox", "password", "xyz00-no", stdin="secret-text\n"
    )
    assert "xyz00-no" in said and "secret-text" not in said


def typed(hauspost, *lines):
    """Type lines at the prompts of a terminal; the exit code and what the
    terminal showed."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(
            hauspost.program,
            [hauspost.program, "--config", hauspost.config]
            + ["mailbox", "password", "xyz00-abc"],
        )
    shown = b""
    for line in lines:
        shown += until(terminal, b": ")
        os.write(terminal, line)
    shown += until(terminal, None)
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()


def until(terminal, end):
    """What it shows up to end, or until it closes."""
    shown = b""
    while end is None or not shown.endswith(end):
        ready, _, _ = select.select([terminal], [], [], 60)
        assert ready, shown
        try:
            shown += os.read(terminal, 1024)
        except OSError:  # EIO: the other side is closed
            break
    return shown


def test_a_typed_password_is_not_shown(hauspost):
    code, shown = typed(hauspost, b"top secret\n", b"top secret\n")
    assert code == 0 and "top secret" not in shown
    assert login_works(hauspost, "xyz00-abc", "top secret")


def test_a_typed_password_is_typed_twice(hauspost):
    code, shown = typed(hauspost, b"one way\n", b"another\n")
    assert code == 64 and "not the same" in shown
    assert not login_works(hauspost, "xyz00-abc", "one way")


def test_control_c_leaves_the_terminal_as_it_was(hauspost):
    code, shown = typed(hauspost, b"\x03\n")
    assert code == 64 and "no password was given" in shown

"""hauspost explain: the tree it shows is what resolve() does (T16)."""

import json
import random

import psycopg2
import pytest

from command import Command
from stage import ROOT


@pytest.fixture(scope="module")
def demo(postgres):
    """A database with the demo's directory, only read here."""
    postgres.new_database("explain_demo")
    postgres.run_file(ROOT / "sql" / "demo.sql", "explain_demo")
    postgres.query(
        "INSERT INTO hauspost.usage (mailbox, bytes)"
        " SELECT name, quota_hard_bytes + 1 FROM hauspost.mailbox"
        " WHERE name = 'xyz00-full'"
        " ON CONFLICT (mailbox) DO UPDATE SET bytes = excluded.bytes",
        "explain_demo",
    )
    yield "explain_demo"
    postgres.drop_database("explain_demo")


@pytest.fixture(scope="module")
def hauspost(postgres, demo):
    return Command(postgres, demo)


def tree(hauspost, address, code=0):
    (answer,) = hauspost.json("explain", address, code=code)
    return answer


def hops(node):
    for hop in node["hops"]:
        yield hop
        yield from hops(hop)


def find(node, kind, name):
    (hop,) = [
        hop
        for hop in hops(node)
        if (hop["kind"], hop["name"]) == (kind, name) and not hop["again"]
    ]
    return hop


# -- Which rule won, and which lost ------------------------------------------


def test_t072_an_alias_wins_over_the_mailbox_of_its_name(hauspost):
    answer = tree(hauspost, "office@example.org")
    alias = find(answer, "alias", "xyz00-office")
    assert alias["lost"] == ["mailbox xyz00-office"]
    assert alias["hops"][0]["leaf"]["recipient"].startswith("xyz00-abc+office@")


def test_t078_an_explicit_row_wins_over_the_catch_all(hauspost):
    answer = tree(hauspost, "tim@example.com")
    row = find(answer, "address", "tim@example.com")
    assert row["why"] == "row of its own"
    assert row["lost"] == ["catch-all @example.com"]


def test_t081_a_catch_all_tells_where_it_leads(hauspost):
    answer = tree(hauspost, "tim@example.net")
    assert [(h["kind"], h["name"]) for h in hops(answer)] == [
        ("catch-all", "tim@example.net"),
        ("address", "tim@example.com"),
        ("mailbox", "abc00-tim"),
    ]
    assert answer["hops"][0]["why"] == (
        "no row of its own; the catch-all @example.net"
    )


def test_t083_a_row_with_a_plus_wins_over_the_row_without(postgres, hauspost, demo):
    answer = tree(hauspost, "a+b@example.org")
    assert find(answer, "address", "a+b@example.org")["lost"] == []
    answer = tree(hauspost, "info+news@example.org")
    row = find(answer, "address", "info@example.org")
    assert row["why"] == "row without the detail"
    assert row["hops"][0]["leaf"]["detail"] == "news"


def test_t089_an_automatic_address_is_named_as_one(hauspost):
    answer = tree(hauspost, "xyz00-abc@h01.hosting.example")
    assert answer["hops"][0]["kind"] == "automatic"


def test_t075_a_loop_shows_where_it_closes(hauspost):
    answer = tree(hauspost, "ring@example.org", code=67)
    assert (answer["code"], answer["dsn"]) == (550, "5.4.6")
    names = [hop["name"] for hop in hops(answer)]
    assert names[1:] == ["xyz00-ring", "xyz00-round", "xyz00-ring"]


def test_a_mailbox_reached_twice_is_one_leaf(hauspost):
    answer = tree(hauspost, "team@example.org")
    twice = [h for h in hops(answer) if h["name"] == "xyz00"]
    assert sorted(h["again"] for h in twice) == [False, True]
    assert [h["leaf"] is None for h in twice if h["again"]] == [True]


def test_a_mailbox_that_forwards_is_a_leaf_with_hops(hauspost):
    answer = tree(hauspost, "fred@example.org")
    fred = find(answer, "mailbox", "xyz00-fred")
    assert fred["why"] == "forwards and keeps a copy"
    assert fred["leaf"]["kind"] == "mailbox"
    assert find(fred, "mailbox", "abc00-tim")["leaf"]


def test_t113_a_full_mailbox_defers_as_at_rcpt(hauspost):
    answer = tree(hauspost, "full@example.org", code=75)
    assert (answer["code"], answer["dsn"]) == (452, "4.2.2")


# -- The command -------------------------------------------------------------


@pytest.mark.parametrize(
    "address, code",
    [
        ("info@example.org", 0),
        ("drop@example.org", 0),
        ("anybody@elsewhere.example", 0),
        ("nobody@example.org", 67),
        ("unknown@example.org", 67),
        ("old@example.org", 67),
        ("x@nomail.example.org", 67),
        ("x@mbox.h01.hosting.example", 67),
        ("locked@example.org", 75),
        ("full@example.org", 75),
    ],
)
def test_the_exit_status_says_what_smtp_answers(hauspost, address, code):
    (answer,) = hauspost.json("explain", address, code=code)
    assert answer["code"] // 100 == {0: 2, 67: 5, 75: 4}[code]
    assert hauspost("explain", address, code=code).stdout.startswith(address)


def test_the_worst_of_several_decides(hauspost):
    good, late, bad = (f"{x}@example.org" for x in ("info", "locked", "old"))
    assert len(hauspost.json("explain", good, late, code=75)) == 2
    hauspost("explain", bad, late, good, code=67)
    hauspost("explain", late, bad, good, code=67)


def test_people_see_an_indented_tree(hauspost):
    assert hauspost("explain", "office@example.org").stdout.splitlines() == [
        "office@example.org            250 2.1.5 ok",
        "  address office@example.org  row of its own",
        "    alias xyz00-office        1 target, before mailbox xyz00-office",
        "      mailbox xyz00-abc       "
        "-> xyz00-abc+office@mbox.h01.hosting.example",
    ]


def test_json_has_one_shape(hauspost):
    (answer,) = hauspost.json("explain", "team@example.org")
    assert set(answer) == {
        "address", "code", "dsn", "reply", "changes_at", "leaf", "hops"
    }
    for hop in hops(answer):
        assert set(hop) == {
            "kind", "name", "why", "lost", "again", "leaf", "hops"
        }
        assert hop["leaf"] is None or set(hop["leaf"]) == {
            "kind", "recipient", "mailbox", "detail", "code", "dsn",
            "reply", "size_limit",
        }


@pytest.mark.parametrize(
    "address",
    [
        "",
        "'; DROP TABLE hauspost.mailbox; --@example.org",
        "%s%n@example.org",
        "$(id)@example.org",
        "\x1b[31mred@example.org",
        '"a b\\"@example.org',
        "x" * 5000 + "@example.org",
        "@",
        "a@b@c@example.org",
        "\u202eexample@example.org",
        "../../etc/passwd",
    ],
)
def test_t8_hostile_addresses_are_data(hauspost, postgres, demo, address):
    done = hauspost("explain", "--", address, code=67)
    assert "\x1b" not in done.stdout
    assert done.stderr == ""
    assert json.loads(
        hauspost("--json", "explain", "--", address, code=67).stdout
    )[0]["address"] == address
    assert postgres.query("SELECT count(*) > 0 FROM hauspost.mailbox", demo)


def test_what_is_no_utf8_is_refused(hauspost):
    done = hauspost("explain", b"\xff@example.org", code=65)
    assert "no text" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["explain"],
        ["explain", "--nonsense", "a@b.example"],
        ["explain", "--with"],
        ["expand", "a@b.example"],
        [],
        ["--nonsense"],
    ],
)
def test_a_usage_error_is_64(hauspost, words):
    assert "usage: hauspost" in hauspost.refused(*words, code=64)


def test_help_and_version_need_no_database(postgres):
    nowhere = Command(postgres, "nowhere", database="host=/nowhere")
    assert "explain" in nowhere("--help").stdout
    assert "--with FILE" in nowhere("explain", "--help").stdout
    assert nowhere("--version").stdout.startswith("hauspost ")
    assert "trial_timeout" in nowhere("--settings").stdout


def test_a_broken_configuration_is_78(postgres):
    broken = Command(postgres, "broken", colour="blue")
    said = broken.refused("explain", "a@b.example", code=78)
    assert "has no key colour" in said


def test_no_database_is_69(postgres):
    nowhere = Command(postgres, "nowhere", database="host=/nowhere")
    assert "/nowhere" in nowhere.refused("explain", "a@b.example", code=69)


def test_a_full_disk_behind_stdout_is_74(hauspost):
    import subprocess

    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [hauspost.program, "--config", hauspost.config]
            + ["explain", "info@example.org"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 74
    assert "cannot write" in done.stderr


# -- explain = resolve -------------------------------------------------------

RANDOM = """
SET session_replication_role = replica; -- bad directories too
TRUNCATE hauspost.target, hauspost.forward, hauspost.alias, hauspost.address,
    hauspost.mailbox, hauspost.domain, hauspost.package, hauspost.node,
    hauspost.list, hauspost.usage CASCADE;
INSERT INTO hauspost.node (name) VALUES ('n.example');
INSERT INTO hauspost.package (name, node, host)
    VALUES ('xyz00', 'n.example', 'xyz00.n.example');
"""
NAMES = [f"xyz00-{x}" for x in "abcdef"]
DOMAINS = ["a.example", "b.example", "n.example"]
LOCALS = ["", "x", "y", "x+d", "xyz00-a", "xyz00-b"]


def quoted(text):
    return "NULL" if text is None else "'" + text.replace("'", "''") + "'"


def insert(table, columns, rows):
    if not rows:
        return ""
    values = ", ".join("(" + ", ".join(map(quoted, r)) + ")" for r in rows)
    return f"INSERT INTO hauspost.{table} ({columns}) VALUES {values};\n"


def random_directory(rng):
    """SQL of a directory with all that can go wrong in one."""
    ends = NAMES + [f"{n}+d" for n in NAMES[:2]] + ["xyz00-gone"]
    ends += [f"{p}@{d}" for d in DOMAINS for p in LOCALS[1:]]
    ends += ["nobody", "/dev/null", "out@c.example", "@a.example", "@b.example"]
    mailboxes = rng.sample(NAMES, 4)
    aliases = rng.sample(NAMES, 3)
    addresses = [
        (p, d) for d in DOMAINS for p in LOCALS if rng.random() < 0.5
    ]
    until = {0: "2000-01-01", 1: "2999-01-01"}
    sql = insert(
        "domain",
        "name, package, mode, next_hop, subaddressing",
        [
            ("a.example", "xyz00", "local", None, rng.choice("tf")),
            ("b.example", "xyz00", rng.choice(["local"] * 4 + ["null"]), None, "t"),
            ("n.example", "xyz00", "local", None, "t"),
            ("r.example", "xyz00", "relay", "mail.r.example", "t"),
        ],
    )
    sql += insert(
        "mailbox",
        "name, package, uid, gid, home, state, filter",
        [
            (m, "xyz00", str(70000 + i), "70000", f"/m/{m}",
             rng.choice(["active"] * 4 + ["locked"]),
             rng.choice(["auto"] * 4 + ["procmail"]))
            for i, m in enumerate(mailboxes)
        ],
    )
    sql += insert("alias", "name, package", [(a, "xyz00") for a in aliases])
    sql += insert(
        "address",
        "local_part, domain, valid_until",
        [(p, d, until.get(rng.randrange(8))) for p, d in addresses],
    )
    for column, owners in (
        ("alias", aliases),
        ("address", [f"{p}@{d}" for p, d in addresses]),
    ):
        more = ["|/bin/true", ":include:/etc/list"] if column == "alias" else []
        sql += insert(
            "target",
            f"{column}, destination",
            [
                (owner, end)
                for owner in owners
                for end in rng.sample(ends + more, rng.choice([1, 1, 2, 3]))
            ],
        )
    sql += insert(
        "forward",
        "mailbox, address, keep_copy",
        [
            (m, end, rng.choice("tf"))
            for m in mailboxes
            for end in rng.sample(ends, 2)
            if "@" in end[1:] and rng.random() < 0.5
        ],
    )
    return sql


ASKED = [f"{p}@{d}" for d in DOMAINS for p in LOCALS[1:] + ["X", "u", "u+v"]]
ASKED += NAMES + ["xyz00-a@xyz00.n.example", "u@r.example", "u@c.example"]

RESOLVED = """
SELECT a, r.path, r.kind, r.queue_recipient, r.mailbox, r.detail, r.code,
    r.dsn, r.reply, r.size_limit
FROM unnest(%s) AS a, hauspost.resolve(a) AS r
"""
EXPLAINED = """
SELECT a, hop, parent, kind, name, again, code, dsn, reply, leaf, recipient,
    mailbox, detail, size_limit
FROM unnest(%s) AS a, hauspost.explain(a) ORDER BY a, hop
"""
TARGET_IDS = """
SELECT 'alias:' || alias, destination, kind || ':' || id FROM hauspost.target
WHERE kind IN ('program', 'include')
"""


def test_t16_explain_and_resolve_tell_the_same(postgres, database):
    rng = random.Random(20160)
    connection = psycopg2.connect(f"{postgres.conninfo(database)} user=postgres")
    cursor = connection.cursor()
    compared = 0
    for _ in range(18):
        cursor.execute(RANDOM + random_directory(rng))
        resolved, answers = what_resolve_tells(cursor)
        assert what_explain_tells(cursor) == (resolved, answers)
        compared += len(answers)
    connection.close()
    assert compared >= 500


def what_resolve_tells(cursor):
    """The leaves of each address with their paths; the answer at RCPT."""
    leaves, answers = set(), {}
    cursor.execute(RESOLVED, (ASKED,))
    for a, path, kind, recipient, mailbox, detail, *rest in cursor.fetchall():
        code, dsn, reply, size_limit = rest
        leaf = (kind, recipient, mailbox, detail, size_limit)
        leaves.add((a, tuple(path), (code, dsn, reply), leaf))
        answers.setdefault(a, (code, dsn, reply))
    return leaves, answers


def what_explain_tells(cursor):
    cursor.execute(TARGET_IDS)
    labels = {(alias, end): label for alias, end, label in cursor.fetchall()}
    leaves, answers, paths = set(), {}, {}
    cursor.execute(EXPLAINED, (ASKED,))
    for a, hop, parent, kind, name, again, *rest in cursor.fetchall():
        code, dsn, reply, *leaf = rest
        if hop == 0:
            paths[a, hop] = ()
            answers[a] = (code, dsn, reply)
        elif again:
            assert leaf[0] is None
        else:
            above = paths[a, parent]
            label = name if kind in ("discard", "reject") else f"{kind}:{name}"
            label = labels.get((above[-1], name), label) if above else label
            paths[a, hop] = (*above, label)
        if leaf[0] is not None:
            leaves.add((a, paths[a, hop], (code, dsn, reply), tuple(leaf)))
    return leaves, answers

"""hauspost limit and hauspost trail; quarantine is in test_submission.py."""

import pytest

from command import Command
from stage import ROOT


@pytest.fixture
def hauspost(postgres, database):
    postgres.run_file(ROOT / "sql" / "demo.sql", database)
    command = Command(postgres, database)
    command.query = lambda sql: postgres.query(sql, database)
    return command


def used(hauspost, mailbox="xyz00-abc"):
    return [
        (row["subject"], row["counts"], row["period"], row["most"], row["over"])
        for row in hauspost.json("limit", "show", mailbox)
        if row["class"] == "regular"
    ]


def test_limits_are_set_shown_and_removed(hauspost):
    assert ("xyz00-abc", "recipients", "01:00:00", 500, "refuse") in used(hauspost)
    hauspost("limit", "set", "xyz00-abc", "1 hour", "20", "--over", "hold")
    assert ("xyz00-abc", "recipients", "01:00:00", 20, "hold") in used(hauspost)
    hauspost("limit", "set", "xyz00-abc", "1 hour", "30")
    assert ("xyz00-abc", "recipients", "01:00:00", 30, "refuse") in used(hauspost)
    assert ("xyz00", "recipients", "01:00:00", 500, "refuse") in used(
        hauspost, "xyz00"
    )
    hauspost("limit", "remove", "xyz00-abc", "1 hour")
    assert ("xyz00-abc", "recipients", "01:00:00", 500, "refuse") in used(hauspost)
    assert "no such limit" in hauspost.refused(
        "limit", "remove", "xyz00-abc", "1 hour", code=67
    )


def test_a_package_together_each_of_it_and_its_admin(hauspost):
    hauspost("limit", "set", "xyz00", "1 day", "7", "--counts", "messages")
    hauspost("limit", "set", "xyz00", "1 day", "6", "--counts", "new", "--each")
    hauspost("limit", "set", "xyz00", "1 day", "5", "--mailbox")
    hauspost("limit", "set", "all", "1 day", "4", "--each", "--class", "bulk")
    assert {row[:4] for row in used(hauspost, "xyz00")} == {
        ("package:xyz00", "messages", "1 day", 7),
        ("xyz00", "new", "1 day", 6),
        ("xyz00", "recipients", "1 day", 5),
    }
    table = hauspost("limit", "list", "xyz00").stdout
    assert len(table.splitlines()) == 4  # and the titles
    assert "1 day" in table
    bulk = [r for r in hauspost.json("limit", "show", "abc00-tim")
            if r["class"] == "bulk"]
    assert [row["most"] for row in bulk] == [4]


def test_bad_limits_are_told_in_the_directorys_words(hauspost):
    said = hauspost.refused("limit", "set", "xyz00", "1 second", "5")
    assert "send_limit.period is a minute to 31 days" in said
    said = hauspost.refused("limit", "set", "xyz00-nobody", "1 hour", "5")
    assert "mailbox" in said
    said = hauspost.refused("limit", "set", "xyz00", "x'; --", "5")
    assert "interval" in said


def test_a_package_chooses_what_becomes_of_newsletters(hauspost):
    hauspost("package", "set", "xyz00", "--bulk", "refuse")
    assert hauspost.json("package", "show", "xyz00")["bulk"] == "refuse"
    said = hauspost.refused("package", "set", "xyz00", "--bulk", "burn")
    assert "package.bulk is move, refuse or leave" in said


TRAIL = """
INSERT INTO hauspost.trail (at, queue_id, message_id, class, client, login,
    sender, recipient, leaf, event, code, dsn, reply, package, path, why)
VALUES ('2026-01-02 03:04:05.678+00', '4F1A', '<m@x.example>', 'regular',
    '192.0.2.1', 'xyz00-abc', 'info@example.org', 'tim@example.com',
    'abc00-tim@mbox.h01.hosting.example', 'queued', 250, '2.1.5', 'ok', 'abc00',
    '{address:tim@example.com,mailbox:abc00-tim}', NULL),
    ('2026-01-02 03:04:06+00', '4F1A', '<m@x.example>', NULL, NULL, NULL,
    'info@example.org', 'tim@example.com', NULL, 'stored', 250, '2.0.0',
    E'stored \\x1b[31m', 'abc00', NULL, 'fileinto by line 3')
"""


def test_a_trail_tells_each_step_and_its_reason(hauspost):
    hauspost.query(TRAIL)
    text = hauspost("trail", "4F1A").stdout
    assert text.splitlines()[:9] == [
        "2026-01-02 03:04:05.678  4F1A  queued  <tim@example.com>",
        "    from    info@example.org",
        "    login   xyz00-abc",
        "    client  192.0.2.1",
        "    class   regular",
        "    id      <m@x.example>",
        "    via     address:tim@example.com > mailbox:abc00-tim",
        "    as      abc00-tim@mbox.h01.hosting.example",
        "    answer  250 2.1.5 ok",
    ]
    assert "    why     fileinto by line 3" in text
    assert "\x1b" not in text
    for name in "m@x.example", "tim@example.com", "info@example.org":
        assert len(hauspost.json("trail", name)) == 2
    assert len(hauspost.json("trail", "4F1A", "--package", "xyz00")) == 1
    assert len(hauspost.json("trail", "4F1A", "--last", "1")) == 1
    assert "nothing is known" in hauspost.refused("trail", "nosuch", code=67)

"""T8: whatever strangers write into an address is data and stays data."""

import random

import pytest

NODE = "h01.hosting.example"
SEED = 8

SQL = [
    "'",
    "''",
    "' OR ''='",
    "'; DROP TABLE hauspost.mailbox; --",
    "\\'; DELETE FROM hauspost.address; --",
    '" OR ""="',
    "1; SELECT pg_sleep(60)",
    "') UNION SELECT value FROM hauspost.secret --",
    "$$; SELECT 1; $$",
    "/* */",
    "E'\\\\x27'",
    "%s",
    "%(recipient)s",
    "$1",
    "{1,2}",
    "(a,b)",
    "NULL",
    "\\x00",
    "\\",
    "\\\\",
]
SIGNS = list("!#$%&'*+-/=?^_`{|}~.\"\\()<>[]:;,@ \t\n\r\x01\x7f") + [
    "ü",
    "\u202e",
    "\ufeff",
    "😀",
    "ß",
    "İ",
    "\u0301",
    "=FF",
    "=00",
    "=C3",
    "=",
    "+",
    "..",
    "xyz00",
    "xyz00-abc",
    "postmaster",
    "-subscribe",
    "-help",
    "a" * 64,
    "a" * 1000,
]


def hostile(count):
    """Local parts that nobody means well with, the same in each run."""
    draw = random.Random(SEED)
    texts = list(SQL) + list(SIGNS)
    while len(texts) < count:
        parts = draw.choices(SQL + SIGNS + ["info", "x"], k=draw.randrange(1, 6))
        texts.append("".join(parts))
    return texts[:count]


LOCAL_PARTS = hostile(500)
DOMAINS = [
    "example.org",  # with a catch-all
    "example.com",  # without
    "xyz00.hosting.example",
    "remote.example",
    f"mbox.{NODE}",
    f"program.{NODE}",
    f"forward.{NODE}",
    f"list.{NODE}",
    f"reject.{NODE}",
]


def everything(directory):
    """A digest of all rows of the directory."""
    return directory.run(
        "SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM ("
        " SELECT a::text FROM hauspost.address AS a"
        " UNION ALL SELECT m::text FROM hauspost.mailbox AS m"
        " UNION ALL SELECT t::text FROM hauspost.target AS t"
        " UNION ALL SELECT s::text FROM hauspost.secret AS s) AS x (t)"
    )


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@pytest.mark.parametrize("domain", DOMAINS)
def test_no_local_part_is_more_than_data(directory, domain):
    directory.address("", "xyz00-abc")
    before = everything(directory)
    written = [
        f"{local}@{domain}" for text in LOCAL_PARTS for local in (text, quoted(text))
    ]
    leaves = directory.run(
        "SELECT q.recipient, r.* FROM unnest(%s) AS q (recipient),"
        " hauspost.resolve(q.recipient) AS r",
        written,
    )
    assert {leaf.recipient for leaf in leaves} == set(written)
    for leaf in leaves:
        assert leaf.mailbox in (None, "abc00", "xyz00", "xyz00-abc")
        assert leaf.code in (250, 550, 553)
        assert leaf.reply.isascii() and leaf.reply.isprintable()
    for question in "leaf", "login", "domain_class":
        directory.run(
            "SELECT count(*) FROM unnest(%s) AS q (recipient)"
            f" CROSS JOIN LATERAL hauspost.{question}(q.recipient)",
            written,
        )
    assert everything(directory) == before


def test_a_catch_alls_leaf_does_not_depend_on_the_local_part(directory):
    directory.address("", "xyz00-abc")
    for local in map(quoted, LOCAL_PARTS):
        for leaf in directory.resolve(f"{local}@example.org"):
            if leaf.code == 250:
                assert leaf.queue_recipient.endswith(f"@mbox.{NODE}")
                assert leaf.queue_recipient.isascii()
                assert leaf.queue_recipient.isprintable()


@pytest.mark.parametrize("target", ["@remote.example", "@example.com"])
def test_a_local_part_comes_out_of_its_leaf_as_it_went_in(directory, target):
    """Through a domain forward and back from the queue."""
    directory.address("", target)
    for local in map(quoted, LOCAL_PARTS):
        for leaf in directory.resolve(f"{local}@example.org"):
            if leaf.srs_recipient:
                assert leaf.srs_recipient.isascii()
                assert " " not in leaf.srs_recipient
                back = directory.leaf(leaf.srs_recipient)
                assert (back.kind, back.code) == ("forward", 250)
                assert back.address == leaf.queue_recipient


def test_a_detail_comes_out_of_its_leaf_as_it_went_in(directory):
    for text in LOCAL_PARTS:
        local = quoted("xyz00-abc+" + text)
        for leaf in directory.resolve(f"{local}@xyz00.hosting.example"):
            if leaf.kind == "mailbox":
                assert leaf.detail == text
                assert directory.leaf(leaf.queue_recipient).detail == text


def test_what_admins_write_is_data_too(directory):
    before = everything(directory)
    for text in LOCAL_PARTS[::4]:
        for statement, values in [
            ("INSERT INTO hauspost.address VALUES (%s, 'example.org')", [text]),
            ("INSERT INTO hauspost.domain VALUES (%s, 'xyz00')", [text]),
            ("INSERT INTO hauspost.mailbox (name) VALUES (%s)", [text]),
            ("INSERT INTO hauspost.alias VALUES (%s, 'xyz00')", [text]),
            (
                "INSERT INTO hauspost.target (address, destination)"
                " VALUES ('abuse@example.org', %s)",
                [text],
            ),
        ]:
            directory.run("SAVEPOINT attempt")
            try:
                directory.run(statement, *values)
            except directory.connection.IntegrityError:
                pass
            directory.run("ROLLBACK TO attempt")
    assert everything(directory) == before

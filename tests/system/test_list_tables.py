"""Mailing lists as rows: what they must be, and what each change leaves."""

import time

import psycopg2
import pytest


@pytest.fixture
def news(directory):
    directory.insert("list", name="news", domain="example.org", package="xyz00")
    return directory.one("SELECT * FROM hauspost.list")


def person(directory, address, **more):
    directory.insert("list_address", address=address, **more)
    return directory.one("SELECT max(id) AS id FROM hauspost.list_address").id


def join(directory, news, address, **more):
    directory.insert(
        "list_member", list=news.id, address=person(directory, address), **more
    )


def events(directory):
    rows = directory.run("SELECT * FROM hauspost.list_event ORDER BY id")
    return [(row.kind, row.address, row.actor, row.source) for row in rows]


# -- The list ----------------------------------------------------------------


def test_three_words_make_a_list(directory, news):
    assert news.list_id == "news.example.org"
    assert (news.policy, news.fanout, news.language) == ("members", "shared", "de")
    state = directory.one("SELECT * FROM hauspost.list_state")
    assert (state.list, state.next_post) == (news.id, 1)


def test_an_announce_list_sends_to_each_one_alone(directory):
    directory.insert(
        "list", name="a", domain="example.org", package="xyz00", policy="announce"
    )
    assert directory.one("SELECT fanout FROM hauspost.list").fanout == "personal"


def test_a_new_address_leaves_the_list_id_alone(directory, news):
    directory.run("UPDATE hauspost.list SET name = 'letter'")
    assert directory.one("SELECT list_id FROM hauspost.list").list_id == news.list_id
    with directory.refused('list_id stays "news.example.org"'):
        directory.run("UPDATE hauspost.list SET list_id = 'letter.example.org'")


@pytest.mark.parametrize(
    "column, value, words",
    [
        ("list_id", "a b.example.org", "write words of a-z"),
        ("title", "News\nBcc: x@y.example", "write one line"),
        ("prefix", "[" + "x" * 60, "more than 60 octets"),
        ("footer", "x" * 4001, "more than 4000 octets"),
        ("reply_to", "nobody", "write none, list, or an address"),
        ("max_size", 0, "is no size"),
        ("max_recipients", -1, "write 0 to 10000"),
        ("held_days", 0, "write 1 to 365"),
        ("digest_hour", 24, "write 0 to 23"),
        ("policy", "closed", "open, members, moderated or announce"),
        ("archive", "on", "off, members or public"),
    ],
)
def test_a_wrong_setting_says_what_to_write(directory, column, value, words):
    with directory.refused(words):
        directory.insert(
            "list", name="x", domain="example.org", package="xyz00", **{column: value}
        )


def test_all_that_is_wrong_is_said_together(directory):
    with directory.refused("2 problems", "name is none", "digest_hour 99"):
        directory.insert(
            "list", name="X", domain="example.org", package="xyz00", digest_hour=99
        )


def test_no_address_takes_a_command_away_from_its_list(directory, news):
    for taken in ("news-subscribe", "News+owner"):
        with directory.refused("is a command to the list news@example.org"):
            directory.insert("address", local_part=taken, domain="example.org")
    directory.address("all-help", "xyz00-abc")
    with directory.refused("all-help@example.org would be a command to it"):
        directory.insert("list", name="all", domain="example.org", package="xyz00")
    directory.address("news-paper", "xyz00-abc")  # is none


# -- People ------------------------------------------------------------------


def test_a_person_is_one_in_whatever_case(directory):
    person(directory, "Anna.Muster@Example.NET")
    row = directory.one("SELECT * FROM hauspost.list_address")
    assert row.address == "Anna.Muster@example.net"
    assert row.key == "anna.muster@example.net"
    with directory.refused("each person once"):
        person(directory, "anna.muster@example.net")


@pytest.mark.parametrize(
    "address, words",
    [
        ("anna", "address is none"),
        ("anna@example.net\nBcc: x@y.example", "address is none"),
        ("MAILER-DAEMON@example.net", "is a machine's"),
        ("postmaster@example.org", "is a machine's"),
        ("news+subscribe@example.org", "a command to the list news@example.org"),
        ("News-Unsubscribe@example.org", "a command to the list news@example.org"),
        ("news+b-1.abcdefgh-a=b.example@example.org", "a command to the list"),
    ],
)
def test_an_address_that_would_begin_a_loop_is_kept_out(
    directory, news, address, words
):
    with directory.refused(words):
        person(directory, address)


def test_a_list_is_no_member_of_itself_but_of_another(directory, news):
    with directory.refused("is the list itself"):
        join(directory, news, "NEWS@example.org")
    directory.insert("list", name="all", domain="example.org", package="xyz00")
    join(directory, news, "all@example.org")


def test_a_new_members_posts_wait_as_the_list_says(directory, news):
    directory.run("UPDATE hauspost.list SET moderate_new = 3")
    join(directory, news, "a@example.net")
    assert directory.one("SELECT * FROM hauspost.list_member").held_posts_left == 3


# -- The proof ---------------------------------------------------------------


def test_every_change_of_members_is_noted_with_who_and_whence(directory, news):
    directory.run("SELECT hauspost.list_act('a@example.net', 'web 192.0.2.1')")
    join(directory, news, "a@example.net")
    directory.run("SELECT hauspost.list_act(NULL, NULL)")
    directory.run("UPDATE hauspost.list_member SET mode = 'digest'")
    directory.run("UPDATE hauspost.list_member SET score = 1")  # no news
    directory.run("DELETE FROM hauspost.list")
    assert events(directory) == [
        ("joined", "a@example.net", "a@example.net", "web 192.0.2.1"),
        ("changed", "a@example.net", "postgres", "sql"),
        ("left", "a@example.net", "postgres", "sql"),
    ]


def test_ten_thousand_members_come_in_one_statement(directory, news):
    began = time.monotonic()
    directory.run(
        "WITH people AS (INSERT INTO hauspost.list_address (address)"
        " SELECT format('member%%s@d%%s.example', i, i %% 200)"
        " FROM generate_series(1, 10000) AS i RETURNING id)"
        " INSERT INTO hauspost.list_member (list, address)"
        " SELECT %s, id FROM people",
        news.id,
    )
    print(f"{time.monotonic() - began:.2f} s")
    assert directory.one("SELECT count(*) FROM hauspost.list_event").count == 10000


# -- Tokens ------------------------------------------------------------------


@pytest.mark.parametrize(
    "octets, text", [(b"", ""), (b"f", "my"), (b"foobar", "mzxw6ytboi")]
)
def test_base32_is_that_of_rfc_4648(directory, octets, text):
    assert directory.one("SELECT hauspost.base32(%s) AS t", octets).t == text


def test_a_token_follows_from_its_row_and_tells_rows_apart(directory):
    ask = "SELECT hauspost.list_token(%s, %s, '2026-11-24 12:00+00') AS t"
    tokens = [
        directory.one(ask, *row).t
        for row in [("held", 1), ("held", 1), ("held", 2), ("pending", 1)]
    ]
    assert tokens[0] == tokens[1] and len(set(tokens)) == 3
    assert {len(token) for token in tokens} == {26}


def test_admins_edit_lists_but_make_no_token(directory):
    directory.run("SET LOCAL SESSION AUTHORIZATION hauspost_admin")
    directory.insert("list", name="x", domain="example.org", package="xyz00")
    x = directory.one("SELECT * FROM hauspost.list WHERE name = 'x'")
    join(directory, x, "a@example.net")
    directory.insert("list_ban", pattern="@spam.example")
    assert events(directory)[0][2] == "hauspost_admin"
    for statement in (
        "SELECT hauspost.list_token('held', 1, now())",
        "UPDATE hauspost.list_event SET actor = 'a@example.net'",
        "INSERT INTO hauspost.list_held (list) VALUES (1)",
    ):
        directory.run("SAVEPOINT attempt")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            directory.run(statement)
        directory.run("ROLLBACK TO attempt")

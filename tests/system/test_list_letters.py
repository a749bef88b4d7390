"""What a letter of a list is made of, as its sender takes it."""

import pytest

from directory import NODE
from list_rows import List

ANNA, OLGA = "anna@elsewhere.example", "olga@example.com"


@pytest.fixture
def news(directory):
    news = List(directory, language="en")
    news.member(OLGA, role="owner")
    return news


def take(news, most=50):
    letters = news.run("SELECT * FROM hauspost.list_letters_take(%s, %s)", NODE, most)
    return [
        (letter, dict(zip(letter.names, letter.texts))) for letter in letters
    ]


def test_a_letter_that_asks_has_one_token_everywhere(news):
    news.ask("subscribe", ANNA, asker="eve@bad.example")
    token = news.token(ANNA)
    ((letter, words),) = take(news)
    assert letter.return_path == f"c-{token}"
    assert words["confirm"] == f"news+confirm-{token}@example.org"
    assert words["url"] == f"c/{token}"
    assert (words["address"], words["sender"]) == (ANNA, "eve@bad.example")
    assert (words["mode"], letter.replied) == ("each post", True)


def test_who_takes_a_letter_has_it_for_a_while(news):
    news.ask("subscribe", ANNA)
    ((letter, _),) = take(news)
    assert take(news) == []
    news.call("list_letter_failed", letter.id)
    assert take(news) == []
    news.later(hours=1)
    ((again, _),) = take(news)
    assert again.id == letter.id
    news.call("list_letter_sent", letter.id)
    news.later(hours=1)
    assert take(news) == []


def test_what_was_confirmed_meanwhile_is_not_asked(news):
    news.ask("subscribe", ANNA)
    news.confirm(news.token(ANNA), "web 192.0.2.1")
    assert [letter.kind for letter, _ in take(news)] == ["welcome"]


def test_a_text_of_the_list_goes_first(news):
    news.directory.insert(
        "list_text", list=news.id, language="en", name="closed",
        subject="No", body="Ask {owner}.\n",
    )  # fmt: skip
    news.set(subscribe_policy="closed")
    news.ask("subscribe", ANNA)
    ((letter, _),) = take(news)
    assert (letter.subject, letter.body) == ("No", "Ask {owner}.\n")


def hold(news, number=1, kind="post"):
    for _ in range(number):
        held = news.call("list_held_next")[0]
        news.call(
            "list_hold", held, news.id, kind, "why", ANNA, ANNA, "Hello", "1@x",
            1000, False, "{}", False,
        )  # fmt: skip
    return held


def test_a_moderator_gets_addresses_to_answer_to(news):
    held = hold(news)
    news.run("UPDATE hauspost.list_held SET reason = 'nonmember'")
    ((letter, words),) = take(news)
    assert words["reason"] == "The author is not a member."
    token = words["url"].removeprefix("h/")
    assert words["member"] == f"news+mod-{token}-member@example.org"
    assert (letter.held, letter.return_path[:2]) == (held, "c-")
    assert token not in letter.return_path
    assert news.call(
        "list_moderate", token, "ok", [OLGA], "mail x", None
    ).outcome == "done"  # fmt: skip


def test_the_author_does_not_learn_what_decides(news):
    held = news.call("list_held_next")[0]
    news.call(
        "list_hold", held, news.id, "post", "why", ANNA, ANNA, "Hello", "1@x",
        1000, False, "{}", True,
    )  # fmt: skip
    token = news.one(
        "SELECT hauspost.list_token('held', id, created) AS token"
        " FROM hauspost.list_held"
    ).token
    letters = {letter.kind: (letter, words) for letter, words in take(news)}
    assert token in str(letters["moderate"])
    assert token not in str(letters["held"])
    assert letters["held"][1]["subject"] == "Hello"


def test_many_held_posts_are_rows_of_one_letter(news):
    hold(news, 8)
    news.run("UPDATE hauspost.list_letter SET not_before = now()")
    (many,) = [each for each in take(news) if each[0].kind == "moderate-many"]
    rows = news.run(
        "SELECT * FROM hauspost.list_letter_rows(%s)", many[0].id
    )
    assert [row.sender for row in rows] == [ANNA] * 8
    assert len({row.ok for row in rows}) == 8


def test_strangers_mail_to_owners_is_told_once_a_day(news):
    hold(news, 3, "owner")
    news.later(days=1)
    news.run("UPDATE hauspost.list_held SET created = created + '1 hour'::interval")
    news.run(
        "SELECT hauspost.list_clock_owners(s) FROM hauspost.list_state AS s"
        " WHERE s.list = %s", news.id,
    )  # fmt: skip
    (told,) = [each for each in take(news) if each[0].kind == "owner-held"]
    rows = news.run("SELECT * FROM hauspost.list_letter_rows(%s)", told[0].id)
    assert len(rows) == 3

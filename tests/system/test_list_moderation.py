"""Held posts and requests, and the answers of moderators: the functions."""

import pytest

from list_rows import List

ANNA, OLGA = "anna@elsewhere.example", "olga@example.com"
MOD = "mod@example.com"


@pytest.fixture
def news(directory):
    news = List(directory)
    news.member(OLGA, role="owner")
    news.member(MOD, role="moderator")
    return news


def hold(news, author=ANNA, kind="post", spam=False, sender=None):
    held = news.call("list_held_next")[0]
    news.call(
        "list_hold", held, news.id, kind, "why", sender or author, author,
        "Hello", f"{held}@x", 1000, spam, "{}", True,
    )  # fmt: skip
    return held


def token(news, held):
    return news.one(
        "SELECT hauspost.list_token('held', id, created) AS token"
        " FROM hauspost.list_held WHERE id = %s",
        held,
    ).token


def decide(news, token, verb, *actors, reason=None):
    return news.call(
        "list_moderate", token, verb, list(actors), "mail z", reason
    )


def test_moderators_are_asked_and_the_author_is_told(news):
    hold(news)
    assert news.letters(OLGA) == news.letters(MOD) == ["moderate"]
    assert news.letters(ANNA) == ["held"]
    hold(news)
    assert news.letters(ANNA) == ["held"]


def test_nobody_is_told_that_his_spam_waits(news):
    hold(news, spam=True)
    assert news.letters(ANNA) == []


def test_the_first_answer_counts(news):
    held = hold(news)
    post = token(news, held)
    done = decide(news, post, "ok", MOD.upper())
    assert (done.outcome, done.decided_by) == ("done", MOD)
    assert [row.id for row in news.run("SELECT * FROM hauspost.list_approved('h01.hosting.example')")] == [held]
    late = decide(news, post, "drop", "x@example.com", OLGA)
    assert (late.outcome, late.decided_by, late.verb) == ("handled", MOD, "ok")
    assert news.letters(OLGA) == ["moderate", "handled"]
    assert news.call("list_held_done", held)[0]
    assert not news.call("list_held_done", held)[0]
    assert news.run("SELECT id FROM hauspost.list_approved('h01.hosting.example')") == []


@pytest.mark.parametrize("actors", [(), ("",), (ANNA,), ("eve@bad.example",)])
def test_only_moderators_answer(news, actors):
    held = hold(news)
    news.member(ANNA)
    assert decide(news, token(news, held), "ok", *actors).outcome == "denied"
    assert decide(news, "a" * 26, "ok", OLGA).outcome == "unknown"
    assert news.run("SELECT id FROM hauspost.list_approved('h01.hosting.example')") == []


def test_a_refusal_has_a_reason_and_a_drop_is_silent(news):
    first, second = hold(news), hold(news)
    decide(news, token(news, first), "no", MOD, reason="Off topic.")
    decide(news, token(news, second), "drop", MOD)
    (letter,) = news.run(
        "SELECT vars FROM hauspost.list_letter WHERE kind = 'rejected'"
    )
    assert letter.vars["reason"] == "Off topic."
    assert news.run("SELECT id FROM hauspost.list_approved('h01.hosting.example')") == []


def test_a_trusted_author_is_not_asked_about_again(news):
    ben = news.member("ben@elsewhere.example", held_posts_left=3)
    decide(news, token(news, hold(news)), "member", MOD)
    decide(news, token(news, hold(news, "ben@elsewhere.example")), "member", MOD)
    assert news.run("SELECT pattern FROM hauspost.list_allow") == [(ANNA,)]
    assert news.find("ben@elsewhere.example").held_posts_left == 0
    assert ben.held_posts_left == 3


def test_a_flood_of_held_posts_is_one_letter(news):
    for number in range(9):
        hold(news, f"p{number}@bad.example")
    assert news.letters(MOD) == ["moderate"] * 5 + ["moderate-many"]


def test_owners_decide_about_a_request_once(news):
    news.set(subscribe_policy="moderated")
    for address, verb in ((ANNA, "ok"), ("eve@bad.example", "no")):
        news.ask("subscribe", address)
        news.confirm(news.token(address))
        request = news.token(address, "moderate")
        assert decide(news, request, verb, OLGA, reason="no").outcome == "done"
        assert decide(news, request, verb, MOD).outcome == "handled"
    assert news.find(ANNA) is not None
    assert news.find("eve@bad.example") is None
    assert news.letters(ANNA)[-1] == "welcome"
    assert news.letters("eve@bad.example")[-1] == "declined-sub"


def test_mail_to_the_owners_passes_from_people_who_are_known(news):
    news.member(ANNA)
    held = hold(news, kind="owner")
    assert news.letters() == []
    assert news.call("list_to_owner", held, news.id, ANNA, False)[0]
    assert news.letters() == news.letters(OLGA) == ["owner-mail"]


def test_and_waits_for_an_owner_from_strangers(news):
    held = hold(news, "eve@bad.example", kind="owner")
    assert not news.call("list_to_owner", held, news.id, "eve@bad.example", False)[0]
    assert news.letters() == []
    assert decide(news, token(news, held), "ok", OLGA).outcome == "done"
    assert news.letters() == news.letters(OLGA) == ["owner-mail"]
    assert news.run("SELECT id FROM hauspost.list_approved('h01.hosting.example')") == []


def test_what_is_decided_is_forgotten_after_a_week(news):
    held, open_one = hold(news), hold(news)
    decide(news, token(news, held), "drop", MOD)
    assert news.run("SELECT id FROM hauspost.list_old_held('h01.hosting.example')") == []
    news.run("UPDATE hauspost.list_held SET decided = decided - '8 days'::interval")
    news.run("UPDATE hauspost.list_letter SET sent = now()")
    assert news.run("SELECT id FROM hauspost.list_old_held('h01.hosting.example')") == [(held,)]
    news.call("list_forget_held", [held, open_one])
    assert news.run("SELECT id FROM hauspost.list_held") == [(open_one,)]

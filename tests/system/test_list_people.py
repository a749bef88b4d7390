"""Subscribing and leaving: the functions in SQL that mail, web and command
line share."""

import pytest

from list_rows import List

ANNA = "Anna@elsewhere.example"


@pytest.fixture
def news(directory):
    return List(directory)


def test_nobody_is_on_a_list_who_has_not_confirmed(news):
    assert news.ask("subscribe", ANNA, asker="eve@bad.example") == "asked"
    assert news.find(ANNA) is None
    assert news.letters() == ["confirm-sub"]
    token = news.token(ANNA)
    assert len(token) == 26
    assert news.call("list_look", token).action == "subscribe"
    assert news.find(ANNA) is None
    assert news.confirm(token.upper()) == "joined"
    assert news.find(ANNA).mode == "normal"
    assert news.confirm(token) == "unknown"
    assert news.letters() == ["confirm-sub", "welcome"]
    assert news.events(ANNA) == ["asked", "confirmed", "joined"]


def test_the_proof_says_who_asked_and_who_confirmed(news):
    news.ask("subscribe", ANNA, asker="eve@bad.example", source="mail <1@x>")
    news.confirm(news.token(ANNA), "web 192.0.2.1")
    asked, confirmed, joined = news.run(
        "SELECT actor, source, detail FROM hauspost.list_event"
        " WHERE address = %s ORDER BY id",
        ANNA,
    )
    assert asked[:2] == ("eve@bad.example", "mail <1@x>")
    assert confirmed[:2] == joined[:2] == (ANNA, "web 192.0.2.1")
    assert confirmed.detail["asker"] == "eve@bad.example"


def test_a_second_request_sends_the_same_token_at_most_once_an_hour(news):
    assert news.ask("subscribe", ANNA) == "asked"
    token = news.token(ANNA)
    assert news.ask("subscribe", ANNA.lower()) == "quiet"
    news.run("UPDATE hauspost.list_letter SET created = created - '61m'::interval")
    assert news.ask("subscribe", ANNA.upper()) == "asked"
    assert news.token(ANNA) == token
    assert news.letters() == ["confirm-sub"] * 2


def test_a_victim_gets_three_letters_a_day_from_all_lists_together(news):
    for number in range(5):
        other = List(news.directory, name=f"more{number}")
        outcome = other.ask("subscribe", "vIctim@elsewhere.example".title())
        assert outcome == ("asked" if number < 3 else "limited")


def test_a_list_asks_twenty_people_an_hour(news):
    outcomes = [
        news.ask("subscribe", f"p{n}@elsewhere.example") for n in range(22)
    ]
    assert outcomes == ["asked"] * 20 + ["limited"] * 2
    news.later(hours=2)
    assert news.ask("subscribe", "p21@elsewhere.example") == "asked"


def test_machines_stop_answering_each_other_after_five_letters(news):
    news.member(ANNA)
    outcomes = [news.ask("subscribe", ANNA) for _ in range(7)]
    assert outcomes == ["already"] * 5 + ["limited"] * 2
    assert news.events(ANNA) == ["joined", "limited"]
    assert news.letters() == ["already"] * 5


@pytest.mark.parametrize(
    "address",
    [
        "news@example.org",
        "NEWS+subscribe@example.org",
        "news-request@example.org",
        "news-owner@example.org",
        "mailer-daemon@elsewhere.example",
        "postmaster@elsewhere.example",
        "no address",
        "",
        "a@b\r\nBcc: c@d.example",
    ],
)
def test_lists_and_machines_are_no_members_and_get_no_letter(news, address):
    assert news.ask("subscribe", address) == "refused"
    assert news.ask("unsubscribe", address) == "refused"
    assert news.letters() == []


def test_another_list_may_be_a_member_but_is_never_written_to(news):
    umbrella = List(news.directory, name="all")
    umbrella.member("news@example.org")
    assert umbrella.ask("unsubscribe", "news@example.org") == "limited"
    assert umbrella.letters() == []


@pytest.mark.parametrize("pattern", ["anna@elsewhere.example", "@elsewhere.example"])
def test_who_is_banned_gets_nothing(news, pattern):
    news.directory.insert("list_ban", list=None, pattern=pattern)
    assert news.ask("subscribe", ANNA) == "banned"
    assert news.letters() == []


def test_leaving_is_confirmed_too(news):
    news.member(ANNA, mode="digest")
    assert news.ask("unsubscribe", ANNA) == "asked"
    assert news.find(ANNA) is not None
    assert news.confirm(news.token(ANNA)) == "left"
    assert news.find(ANNA) is None
    assert news.letters(ANNA) == ["confirm-unsub", "goodbye"]
    assert news.events(ANNA)[-2:] == ["confirmed", "left"]


def test_a_token_of_the_member_needs_no_confirmation(news):
    member = news.member(ANNA)
    assert news.call("list_drop", member.id, ANNA, "web 192.0.2.1", False)[0]
    assert not news.call("list_drop", member.id, ANNA, "web 192.0.2.1", False)[0]
    assert news.find(ANNA) is None
    assert news.letters() == []


def test_a_stranger_is_told_so_at_his_own_address_only(news):
    assert news.ask("unsubscribe", ANNA) == "notmember"
    assert news.ask("set", ANNA, "digest") == "notmember"
    assert news.letters() == news.letters(ANNA) == ["notmember"] * 2


def test_the_mode_is_changed_by_confirmation(news):
    news.member(ANNA)
    assert news.ask("set", ANNA, "nomail") == "asked"
    first = news.token(ANNA)
    assert news.ask("set", ANNA, "digest") == "asked"
    assert news.confirm(first) == "unknown"
    assert news.confirm(news.token(ANNA)) == "changed"
    assert news.find(ANNA).mode == "digest"


def test_a_request_ends_after_a_week_or_when_its_letter_comes_back(news):
    news.ask("subscribe", ANNA)
    token = news.token(ANNA)
    news.later(days=7)
    assert news.confirm(token) == "unknown"
    assert news.ask("subscribe", ANNA) == "asked"
    assert news.call("list_confirm_bounced", news.token(ANNA))[0]
    assert news.run("SELECT id FROM hauspost.list_pending") == []


def test_owners_agree_where_the_list_wants_it(news):
    news.set(subscribe_policy="moderated")
    news.member("olga@example.com", role="owner")
    news.ask("subscribe", ANNA)
    token = news.token(ANNA)
    assert news.confirm(token) == "waiting"
    assert news.find(ANNA) is None
    assert news.letters(ANNA) == ["confirm-sub", "waiting"]
    assert news.letters("olga@example.com") == ["moderate-sub"]
    assert news.confirm(token) == "unknown"
    assert news.confirm(news.token(ANNA, "moderate")) == "unknown"
    assert news.ask("subscribe", ANNA) == "quiet"


def test_a_closed_list_says_so(news):
    news.set(subscribe_policy="closed")
    assert news.ask("subscribe", ANNA) == "closed"
    assert news.letters() == ["closed"]


def test_an_owner_invites_or_adds_and_is_on_record(news):
    olga = "olga@example.com"
    assert news.call("list_invite", news.id, ANNA, None, olga, "web")[0] == "asked"
    assert news.find(ANNA) is None
    assert news.confirm(news.token(ANNA)) == "joined"
    ben = "ben@elsewhere.example"
    assert news.call("list_add", news.id, ben, "digest", olga, "web")[0] == "joined"
    assert news.call("list_add", news.id, ben, "digest", olga, "web")[0] == "already"
    (event,) = news.run(
        "SELECT actor FROM hauspost.list_event WHERE address = %s", ben
    )
    assert event.actor == olga


def test_letters_are_in_the_language_of_the_member(news):
    news.set(language="en")
    news.call(
        "list_ask", news.id, "subscribe", ANNA, None, ANNA, "web", "de"
    )
    news.confirm(news.token(ANNA))
    assert news.find(ANNA).language == "de"
    rows = news.run("SELECT DISTINCT language FROM hauspost.list_letter")
    assert rows == [("de",)]


def get(news, first, last):
    news.call("list_get", news.id, ANNA, first, last, "mail x")
    return news.run(
        "SELECT kind, vars -> 'posts' AS posts FROM hauspost.list_letter"
        " ORDER BY id DESC LIMIT 1"
    )[0]


def test_members_get_old_posts_twenty_at_most(news):
    for n in range(1, 31):
        news.directory.insert(
            "list_post", list=news.id, n=n, message_id=f"{n}@x", size_bytes=1
        )
    assert get(news, 5, 7) == ("get-none", None)
    news.member(ANNA)
    assert get(news, 5, 7) == ("get", [5, 6, 7])
    assert get(news, 8, 9999) == ("get", list(range(8, 28)))
    assert get(news, 31, 40) == ("get-none", [])
    news.set(archive="off")
    assert get(news, 5, 7) == ("get-none", None)

"""Members whose mail comes back, over days: the functions in SQL."""

import pytest

from list_rows import List

ANNA, OLGA = "anna@elsewhere.example", "olga@example.com"


@pytest.fixture
def news(directory):
    news = List(directory)
    news.member(OLGA, role="owner", language="en")
    news.posts = 0
    return news


def post(news, members=100, author=OLGA):
    news.posts += 1
    news.directory.insert(
        "list_post", list=news.id, n=news.posts, message_id=f"{news.posts}@x",
        size_bytes=1000, members=members, from_mail=author, subject="Hello",
    )  # fmt: skip
    return news.posts


def bounce(news, member, n=None, kind="hard", weight=1, words="550 gone"):
    return news.call(
        "list_bounced", news.id, n or post(news), member.id, kind, weight,
        "5.1.1", words,
    )[0]  # fmt: skip


def fail_for_days(news, member):
    """Hard bounces on three days; what the last one did."""
    for _ in range(3):
        assert bounce(news, member) == "scored"
        news.later(days=1)
    return bounce(news, member)


def clock(news):
    news.call("list_clock")


def members(news, n):
    """Added at once, as an import does it."""
    news.run(
        "INSERT INTO hauspost.list_address (address)"
        " SELECT 'p' || i || '@many.example' FROM generate_series(1, %s) i", n,
    )  # fmt: skip
    return news.run(
        "INSERT INTO hauspost.list_member AS m (list, address)"
        " SELECT %s, id FROM hauspost.list_address"
        " WHERE address LIKE '%%@many.example' RETURNING m.*",
        news.id,
    )


def test_a_probe_follows_after_three_days_of_hard_bounces(news):
    anna = news.member(ANNA)
    assert fail_for_days(news, anna) == "probed"
    assert news.find(ANNA).state == "probing"
    assert news.letters(ANNA) == ["probe"]


def test_a_day_counts_once_and_a_post_too(news):
    anna = news.member(ANNA)
    n = post(news)
    outcomes = [bounce(news, anna, n) for _ in range(3)] + [bounce(news, anna)]
    assert outcomes == ["scored", "repeated", "repeated", "noted"]
    assert news.find(ANNA).score == 1


@pytest.mark.parametrize("kind, weight", [("notice", 0), ("answer", 0)])
def test_what_is_no_failure_leaves_nothing(news, kind, weight):
    anna = news.member(ANNA)
    assert bounce(news, anna, None, kind, weight) == "ignored"
    assert news.run("SELECT n FROM hauspost.list_bounce") == []


def test_posts_that_are_old_or_unknown_count_for_nobody(news):
    anna = news.member(ANNA)
    old = post(news)
    news.later(days=14)
    assert bounce(news, anna, old) == "unknown"
    assert bounce(news, anna, 4711) == "unknown"
    assert news.find(ANNA).score == 0


def test_two_quiet_weeks_are_forgiven(news):
    anna = news.member(ANNA)
    for days in (13, 15, 0):
        for _ in range(20):
            n = post(news)
        assert bounce(news, anna, n) == "scored"
        score = news.find(ANNA).score
        news.later(days=days)
        assert (days, score) in {(13, 1), (15, 2), (0, 1)}


def test_a_rare_list_waits_longer(news):
    anna = news.member(ANNA)
    for _ in range(3):
        bounce(news, anna)
        news.later(days=30)
    assert news.find(ANNA).score == 3


def test_a_probe_that_comes_back_stops_the_mail_on_every_list(news):
    other = List(news.directory, name="other")
    other.posts = 0
    fine = List(news.directory, name="fine")
    fine.member(ANNA)
    bounce(other, other.member(ANNA))
    fail_for_days(news, news.member(ANNA))
    token = news.token(ANNA)
    assert news.call("list_probe_bounced", "a" * 26, 1)[0] == "unknown"
    assert news.call("list_probe_bounced", token, 0)[0] == "ignored"
    assert news.find(ANNA).state == "probing"
    assert news.call("list_probe_bounced", token, 0.5)[0] == "disabled"
    assert news.call("list_probe_bounced", token, 1)[0] == "ignored"
    states = [which.find(ANNA).state for which in (news, other, fine)]
    assert states == ["disabled_bounce", "disabled_bounce", "ok"]


def test_a_probe_that_does_not_is_survived(news):
    fail_for_days(news, news.member(ANNA))
    news.later(days=8)
    clock(news)
    assert (news.find(ANNA).state, news.find(ANNA).score) == ("ok", 0)


def disabled(news):
    fail_for_days(news, news.member(ANNA))
    news.call("list_probe_bounced", news.token(ANNA), 1)


def test_three_reminders_and_then_the_membership_ends(news):
    disabled(news)
    for _ in range(4):
        news.later(days=7, hours=1)
        clock(news)
        clock(news)
    assert news.letters(ANNA) == ["probe"] + ["reminder"] * 3 + ["removed"]
    assert news.find(ANNA) is None
    news.later(days=1)
    clock(news)
    tables = news.run(
        "SELECT vars ->> 'table' AS text FROM hauspost.list_letter"
        " WHERE kind = 'owner-summary' AND address = %s ORDER BY id", OLGA,
    )  # fmt: skip
    words = "".join(row.text for row in tables)
    assert words.count("is sent nothing for now, since mail comes back") == 1
    assert words.count("taken off, since mail came back for weeks") == 1


def test_the_link_of_a_reminder_has_it_sent_again(news):
    disabled(news)
    assert news.confirm(news.token(ANNA)) == "resumed"
    assert (news.find(ANNA).state, news.find(ANNA).score) == ("ok", 0)
    assert news.letters(ANNA)[-1] == "resumed"


def test_a_post_of_the_member_does_too(news):
    disabled(news)
    post(news, author=ANNA.upper())
    assert news.find(ANNA).state == "ok"
    assert news.events(ANNA)[-1] == "changed"


def test_asking_again_does_too(news):
    disabled(news)
    assert news.ask("subscribe", ANNA) == "asked"
    token = news.run(
        "SELECT hauspost.list_token('pending', id, created) AS token"
        " FROM hauspost.list_pending WHERE action = 'subscribe'"
    )[0].token
    assert news.confirm(token) == "joined"
    assert news.find(ANNA).state == "ok"


def test_a_post_that_servers_refuse_is_blamed_itself(news):
    many = members(news, 100)
    n = post(news)
    words = ["550 5.7.1 spam", "550 5.7.1 DMARC", "550 5.7.1 DMARC"]
    for i, member in enumerate(many[:25]):
        assert bounce(news, member, n, "policy", 0, words[i % 3]) == "policy"
    assert news.letters(OLGA) == ["owner-content"]
    (letter,) = news.run(
        "SELECT vars FROM hauspost.list_letter WHERE kind = 'owner-content'"
    )
    assert letter.vars["table"] == "13: 550 5.7.1 DMARC\n7: 550 5.7.1 spam\n"
    assert news.run("SELECT id FROM hauspost.list_member WHERE score > 0") == []


def test_a_server_that_refuses_every_post_means_no_such_user(news):
    anna = news.member(ANNA)
    outcomes = [bounce(news, anna, None, "policy", 0) for _ in range(10)]
    assert outcomes == ["policy"] * 9 + ["scored"]
    assert float(news.find(ANNA).score) == 0.5


def test_when_a_third_fails_within_a_day_the_fault_is_ours(news):
    many = members(news, 39)
    news.run(
        "UPDATE hauspost.list_member SET score = 2.5, bounced_last = now(),"
        " bounced_first = now() - '4 days'::interval, scored = current_date - 1"
    )
    n = post(news, 40)
    outcomes = [bounce(news, member, n) for member in many]
    assert outcomes == ["probed"] * 11 + ["stopped"] * 28
    for host in ("h01.hosting.example", "example.org"):
        assert news.letters(f"postmaster@{host}") == ["breaker"]
    assert not news.run(
        "SELECT id FROM hauspost.list_member WHERE state <> 'ok'")
    news.later(days=2)
    assert bounce(news, many[-1]) == "probed"


def test_what_nobody_decides_expires(news):
    news.ask("subscribe", ANNA)
    held = news.call("list_held_next")[0]
    news.call(
        "list_hold", held, news.id, "post", "why", ANNA, ANNA, "Hello", "1@x",
        1000, False, "{}", True,
    )  # fmt: skip
    news.later(days=8)
    clock(news)
    assert news.events(ANNA) == ["asked", "held", "expired", "lapsed"]
    (row,) = news.run("SELECT decision FROM hauspost.list_held")
    assert row.decision == "expired"

"""Digests: when one is due, what is in it, and who gets it."""

import pytest

from list_rows import List

NODE = "h01.hosting.example"


@pytest.fixture
def news(directory):
    return List(directory, digest_posts=3, digest_bytes=10000)


def post(news, size=1000, mid=None):
    n = news.run("SELECT next_post FROM hauspost.list_state")[0].next_post
    mid = mid or f"{n}@world.example"
    assert news.call("list_post_next", news.id, mid)[0] == n
    news.run(
        "SELECT hauspost.list_post_add(%s, %s, %s, 'Anna', 'anna@world.example',"
        " 'hello', 1764000000, '{}', %s, 1000)",
        news.id, n, mid, size,
    )
    return n


def due(news):
    rows = news.run("SELECT hauspost.list_digest_due(%s) AS id", NODE)
    return [row.id for row in rows] == [news.id]


def begin(news):
    rows = news.run("SELECT * FROM hauspost.list_digest_begin(%s)", news.id)
    return rows[0] if rows else None


def add(news, issue):
    return news.call(
        "list_digest_add", news.id, issue.n, issue.issue,
        f"d{issue.n}@example.org", "news-Digest", 5000, 1000,
    )[0]


def test_so_many_posts_make_an_issue(news):
    news.member("anna@world.example", mode="digest")
    post(news), post(news)
    assert not due(news)
    post(news), post(news)
    assert due(news)
    issue = begin(news)
    assert (issue.n, issue.volume, issue.issue, issue.posts) == (5, 1, 1, [1, 2, 3])
    assert (issue.head, issue.foot) == (None, None)
    add(news, issue)
    assert not due(news)
    assert begin(news).posts == [4]


def test_so_many_octets_make_one(news):
    news.member("anna@world.example", mode="digest")
    post(news, 6000), post(news, 6000)
    assert due(news)
    assert begin(news).posts == [1, 2]
    post(news, 20000), post(news, 10)
    assert begin(news).posts == [4]


def test_the_hour_of_the_day_makes_one_of_what_is_there(news):
    news.member("anna@world.example", mode="digest")
    assert not due(news)
    post(news)
    assert not due(news)
    news.later(days=1)
    assert due(news)


def test_only_members_in_digest_mode_get_it_and_they_get_no_posts(news):
    news.member("anna@world.example")
    reader = news.member("eva@world.example", mode="digest")
    news.member("otto@world.example", mode="digest", state="disabled_bounce")
    news.member("ida@world.example", mode="nomail")
    post(news), post(news), post(news)
    issue = begin(news)
    assert add(news, issue) == 1
    (group,) = news.run(
        "SELECT * FROM hauspost.list_send WHERE n = %s", issue.n
    )
    assert group.members == [reader.id]
    (row,) = news.run(
        "SELECT * FROM hauspost.list_send_members(%s, %s, 1, false)",
        news.id, issue.n,
    )
    assert row.address == "eva@world.example"
    posts = news.run("SELECT members FROM hauspost.list_post WHERE issue IS NULL")
    assert [p.members for p in posts] == [1, 1, 1]


def test_one_who_changes_to_digests_gets_no_old_posts(news):
    post(news), post(news), post(news)
    assert due(news)
    assert begin(news) is None
    assert not due(news)
    news.member("eva@world.example", mode="digest")
    post(news), post(news), post(news)
    assert begin(news).posts == [4, 5, 6]


def test_each_year_of_a_list_is_a_volume(news):
    news.member("eva@world.example", mode="digest")
    for _ in range(2):
        post(news)
        add(news, begin(news))
    news.set(created="2020-01-01")
    post(news)
    issue = begin(news)
    assert issue.volume > 6 and issue.issue == 1


def test_a_list_has_texts_of_its_own(news, directory):
    news.member("eva@world.example", mode="digest")
    directory.insert(
        "list_text", list=news.id, language="de", name="digest-head", body="Hallo"
    )
    post(news)
    issue = begin(news)
    assert (issue.head, issue.foot) == ("Hallo", None)

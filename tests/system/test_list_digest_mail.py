"""Digests and anonymous lists as members get them, through Postfix."""

import email
import email.policy

import pytest

from list_rig import List, list_host  # noqa: F401
from stage.customer import Customer
from stage import wait_for


@pytest.fixture
def news(list_host):  # noqa: F811
    return List(list_host, Customer(list_host), digest_posts=2, title="News")


def parse(text):
    return email.message_from_bytes(text.encode(), policy=email.policy.default)


def copies_to(news, address):
    return [parse(m) for _, to, m in news.copies() if to == address]


def test_a_digest_has_whole_posts_and_a_link_to_leave(news, list_host):  # noqa: F811
    news.join("anna@a.example", mode="digest")
    news.join("eva@a.example")
    news.post("eva@a.example", subject="one")
    news.post("eva@a.example", subject="two")
    news.sent(2)
    assert len(copies_to(news, "eva@a.example")) == 2
    assert copies_to(news, "anna@a.example") == []
    list_host.listmgr.stop()
    list_host.start_listmgr()  # it looks when it starts, then each minute
    wait_for(lambda: copies_to(news, "anna@a.example"), "a digest")
    news.sent(3)
    (digest,) = copies_to(news, "anna@a.example")
    assert digest["Subject"] == "news-Digest, Band 1, Ausgabe 1"
    assert digest["List-Id"].startswith("News <")
    assert "unsubscribe" in digest["List-Unsubscribe"]
    head, posts, foot = digest.iter_parts()
    assert "1. one (von eva@a.example)" in head.get_content()
    assert "+unsubscribe@" in foot.get_content()
    inner = [part.get_content() for part in posts.iter_parts()]
    assert [m["Subject"] for m in inner] == ["one", "two"]
    assert inner[0]["From"] == "eva@a.example"
    assert "Received" not in inner[0]
    assert len(copies_to(news, "eva@a.example")) == 2


def test_an_anonymous_list_keeps_no_author(list_host):  # noqa: F811
    secret = List(list_host, Customer(list_host), anonymous=True, title="S")
    secret.join("anna@a.example", "eva@b.example")
    assert secret.post("anna@a.example", **{"User-Agent": "Annas"}) == {}
    secret.sent()
    (post,) = copies_to(secret, "eva@b.example")
    assert "anna" not in str(post).lower()
    assert post["From"] == f"S <{secret.address}>"
    [[mail, name, mid]] = list_host.query(
        "SELECT from_mail, from_name, message_id FROM hauspost.list_post"
        " WHERE list = :'list'", list=secret.id)
    assert (mail, name) == (secret.address, "S")
    assert post["Message-ID"] == f"<{mid}>"

"""What members get to see: digests, anonymous posts, footers of any MIME."""

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
    return email.message_from_bytes(
        text.encode("latin-1"), policy=email.policy.default
    )


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


def test_a_new_member_of_an_anonymous_list_waits_once(list_host):  # noqa: F811
    secret = List(list_host, Customer(list_host), anonymous=True, moderate_new=1)
    secret.join("anna@a.example")
    secret.join("boss@a.example", role="owner", mode="nomail")
    assert secret.post("anna@a.example", subject="one") == {}
    wait_for(lambda: list_host.query(
        "SELECT hauspost.list_moderate(hauspost.list_token('held', h.id,"
        " h.created), 'ok', '{boss@a.example}', 'sql', NULL)"
        " FROM hauspost.list_held AS h WHERE h.list = :'id'", id=secret.id),
        "the first one waits")
    secret.sent(1)
    assert secret.post("anna@a.example", subject="two") == {}
    secret.sent(2)


def test_a_post_that_is_taken_down_loses_its_file(list_host):  # noqa: F811
    news = List(list_host, Customer(list_host), archive="public")
    news.join("anna@a.example")
    news.post("anna@a.example")
    news.sent()
    file = list_host.place / "lists" / str(news.id) / "0" / "1.eml"
    assert file.exists()
    list_host.query(
        "INSERT INTO hauspost.list_archived (list, n) VALUES (:'list', 1)"
        " ON CONFLICT DO NOTHING", list=news.id)
    list_host.query(
        "UPDATE hauspost.list_archived SET removed = now()"
        " WHERE list = :'list'", list=news.id)
    wait_for(lambda: list_host.query(
        "SELECT 1 FROM hauspost.list_archived WHERE list = :'list'"
        " AND erased IS NOT NULL", list=news.id), "it is erased")
    assert not file.exists()


# -- Footers -------------------------------------------------------------------

FOOTER = "Liste f\u00fcr alle"

PLAIN = "Content-Type: text/plain; charset={}\r\nContent-Transfer-Encoding: {}\r\n\r\n"
MULTI = "Content-Type: multipart/{}; boundary=b\r\n\r\n--b\r\n{}\r\n--b\r\n{}\r\n--b--\r\n"
TEXT = "Content-Type: text/plain\r\n\r\nHello"
HTML = "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n<b>Gr\u00fc\u00dfe</b>"
IMAGE = "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo="

CORPUS = {
    "ascii": b"Subject: ascii\r\n\r\nHello\r\n",
    "latin1": b"Subject: latin1\r\n" + PLAIN.format("iso-8859-1", "8bit").encode()
    + b"Gr\xfc\xdfe\r\n",
    "quoted": b"Subject: quoted\r\n"
    + PLAIN.format("utf-8", "quoted-printable").encode() + b"Gr=C3=BC=\r\n=C3=9Fe\r\n",
    "base64": b"Subject: base64\r\n" + PLAIN.format("utf-8", "base64").encode()
    + b"R3LDvMOfZQ0K\r\n",
    "mixed": b"Subject: mixed\r\n" + MULTI.format("mixed", TEXT, IMAGE).encode(),
    "alternative": b"Subject: alternative\r\n"
    + MULTI.format("alternative", TEXT, HTML).encode(),
    "html": b"Subject: html\r\n" + HTML.encode() + b"\r\n",
    "signed": b"Subject: signed\r\n"
    + MULTI.format("signed", TEXT, "Content-Type: application/pgp-signature\r\n\r\nx").encode(),
    "unended": b"Subject: unended\r\n"
    + MULTI.format("mixed", TEXT, IMAGE).encode().replace(b"--b--\r\n", b""),
}
BARE = {"signed", "unended"}


def leaves(message):
    return [
        (part.get_content_type(), part.get_payload(decode=True))
        for part in message.walk() if not part.is_multipart()
    ]


def test_a_footer_breaks_no_message(list_host):  # noqa: F811
    news = List(list_host, Customer(list_host), footer=FOOTER)
    news.join("anna@a.example")
    for name, message in CORPUS.items():
        head = (f"From: anna@a.example\r\nTo: {news.address}\r\n"
                f"MIME-Version: 1.0\r\nMessage-ID: <{name}@a.example>\r\n")
        assert list_host.send(
            [news.address], head.encode() + message, "anna@a.example") == {}
    news.sent(len(CORPUS))
    got = {m["Subject"]: m for m in copies_to(news, "anna@a.example")}
    assert set(got) == set(CORPUS)
    for name, message in CORPUS.items():
        before = leaves(email.message_from_bytes(message))
        after = leaves(got[name])
        words = b"".join(text for _, text in after)
        assert not got[name].defects or name == "unended", name
        if name in BARE:
            assert after == before, name
        elif len(after) == 1:
            said = before[0][1].strip()
            assert after[0][1].strip().startswith(said), name
            assert after[0][1].decode(
                got[name].get_content_charset("ascii")).strip().endswith(FOOTER)
        else:
            assert after[:-1] == before, name
            assert after[-1][1].decode().strip() == FOOTER
        assert (FOOTER[:6].encode() in words) == (name not in BARE)

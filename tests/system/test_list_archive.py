"""hauspost-listweb: the archive of a list, and who may read it."""

import gzip
import itertools
import mailbox
import urllib.parse
import xml.etree.ElementTree

import pytest

from web_rig import URL, link

ANNA = "anna@world.example"
ATOM = "{http://www.w3.org/2005/Atom}"


def fresh(lists, counter=itertools.count(), **columns):
    lists.query("DELETE FROM hauspost.list_letter")
    return lists.list(f"a{next(counter)}", **{"archive": "public"} | columns)


@pytest.fixture
def news(lists):
    return fresh(lists)


def page_of(news, identifier, more="", **options):
    return news.lists.get(f"{news.path}/{link(identifier)}/{more}", **options)


# -- Who may read ------------------------------------------------------------


@pytest.mark.parametrize(
    "archive, stranger, member", [("public", 200, 200), ("members", 403, 200), ("off", 404, 404)]
)
def test_public_members_and_off(lists, archive, stranger, member):
    news = fresh(lists)
    post = news.post("secret words")
    lists.query(
        "UPDATE hauspost.list SET archive = :'archive' WHERE id = :'id'",
        archive=archive,
        id=news.id,
    )
    news.member(ANNA)
    cookie = lists.enter(news, ANNA)
    for target in (link(post), f"{link(post)}/thread", "search?q=words", "feed.atom", "2026-11/"):
        answer = lists.get(f"{news.path}/{target}")
        assert answer.status == stranger, target
        assert stranger == 200 or "Greetings" not in answer.text
        assert lists.get(f"{news.path}/{target}", cookie=cookie).status == member
    assert ("Greetings" in lists.get(news.path).text) == (stranger == 200)


def test_a_member_of_another_list_is_a_stranger(lists):
    news, other = fresh(lists, archive="members"), fresh(lists)
    post = news.post()
    other.member(ANNA)
    cookie = lists.enter(other, ANNA)
    assert page_of(news, post, cookie=cookie).status == 403


def test_strangers_see_no_addresses(lists, news):
    news.member("bob@world.example")
    post = news.post("Write to carol@far.example, please.", From="anna@world.example")
    cookie = lists.enter(news, "bob@world.example")
    for target in (news.path, f"{news.path}/{link(post)}", f"{news.path}/feed.atom"):
        text = lists.get(target).text
        assert "far.example" not in text and "anna@world" not in text
    page = page_of(news, post, cookie=cookie)
    assert "carol@far.example" in page.text and "anna@world.example" in page.text
    for more in ("raw", "mbox.gz"):
        assert page_of(news, post, more).status == 403
        assert page_of(news, post, more, cookie=cookie).status == 200


def test_robots_come_only_where_they_may(lists):
    for robots in (True, False):
        news = fresh(lists, robots=robots)
        post = news.post()
        header = page_of(news, post).headers.get("x-robots-tag", "")
        assert ("noindex" in header) != robots
        header = lists.get(news.path).headers.get("x-robots-tag", "")
        assert ("noindex" in header) != robots
    assert "noindex" in lists.get("/me").headers["x-robots-tag"]
    assert "Disallow: /c/" in lists.get("/robots.txt").text


# -- What is shown -----------------------------------------------------------


def test_answers_stand_below_what_they_answer(lists, news):
    first = news.post("one", Subject="A question")
    second = news.post("two", [first], Subject="Re: A question")
    third = news.post("three", [second, first], Subject="Re: A question")
    lost = news.post("four", ["unknown@x.example", first], Subject="Re: A question")
    plain = news.post("five", Subject="AW: [news] A question")  # no References
    other = news.post("six", Subject="A question")  # no answer
    page = page_of(news, third)
    for one in (first, second, lost, plain):
        assert f'href="{URL}{news.path}/{link(one)}/"' in page.text
    assert link(other) not in page.text
    assert page.text.count("<ul>") == 2  # second below first, third below second
    whole = page_of(news, second, "thread").words
    at = [f"{whole} ".index(f" {w} ") for w in ("one", "two", "three", "four", "five")]
    assert at == sorted(at)
    assert "5 mails" in lists.get(f"{news.path}/").words


@pytest.mark.parametrize(
    "identifier",
    ["a/b%c?d#e&f@x.example", "no-at-sign", "ü@x.example", "<>\"'@x.example", "a+b c@x.example"],
)
def test_any_message_id_has_a_page(lists, news, identifier):
    news.post("odd words", Message_ID=f"<{identifier}>", octets=b"Subject: x\n\nodd words\n")
    page = page_of(news, identifier)
    assert page.status == 200 and "odd words" in page.words
    assert f'{news.path}/{link(identifier)}/' in lists.get(news.path).text


def test_a_message_id_that_came_twice_has_two_pages(lists, news):
    for text in ("early", "late"):
        news.post(text, Message_ID="<twice@x.example>")
    assert "early" in page_of(news, "twice@x.example").words
    assert "late" in page_of(news, "twice@x.example", "?n=2").words


def test_html_becomes_text_and_nothing_runs(lists, news):
    html = (
        b"Subject: x\nContent-Type: text/html; charset=iso-8859-1\n\n"
        b"<script>alert(1)</script><p onclick=x>Gr\xfc\xdfe &lt;b&gt;"
        b"<img src=http://spy.example/></p>\n"
    )
    post = news.post(octets=html, Subject="<script>alert(2)</script>")
    page = page_of(news, post)
    assert "Grüße &lt;b&gt;" in page.text
    assert "<script" not in page.text and "<img" not in page.text


def test_of_alternatives_the_plain_one_is_shown(lists, news):
    octets = (
        b'Content-Type: multipart/alternative; boundary="b"\n\n--b\n'
        b"Content-Type: text/plain\n\nplain words\n--b\n"
        b"Content-Type: text/html\n\n<p>rich words\n--b--\n"
    )
    page = page_of(news, news.post(octets=octets))
    assert "plain words" in page.words and "rich" not in page.words


def test_attachments_are_files_and_never_pages(lists, news):
    octets = (
        b'Content-Type: multipart/mixed; boundary="b"\n\n--b\n\nsee there\n--b\n'
        b"Content-Type: text/html; name*=utf-8''b%C3%B6se.html\n"
        b"Content-Disposition: attachment; filename*=utf-8''b%C3%B6se.html\n"
        b"Content-Transfer-Encoding: base64\n\nPHNjcmlwdD4=\n--b--\n"
    )
    post = news.post(octets=octets)
    page = page_of(news, post)
    assert "böse.html" in page.words and "see there" in page.words
    part = page_of(news, post, "0")
    assert part.body == b"<script>"
    assert part.headers["content-type"] == "application/octet-stream"
    assert part.headers["content-disposition"] == "attachment; filename*=UTF-8''b%C3%B6se.html"
    assert part.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in part.headers["content-security-policy"]
    assert page_of(news, post, "1").status == 404


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\0\xff\n\n\x1b[31m",
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"\n--b\n" * 6000,
        b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i)
            for i in range(3000)
        ),
        b"Content-Type: text/plain; charset=no-such\n\nx\xc3\xbcx\n",
        b"Content-Type: text/html\n\n" + b"<div>" * 200000,
        b"Subject: x\n\n" + b">" * 500000 + b"\n" + b"http://" * 50000,
        b"Subject: x\n\n" + b"@" * 500000,
    ],
    ids="empty binary boundaries nested charset html quotes ats".split(),
)
def test_hostile_messages_are_pages_too(lists, news, octets):
    post = news.post(octets=octets)
    page = page_of(news, post)
    assert page.status == 200 and "</html>" in page.text
    assert all(c >= " " or c == "\n" or c == "\t" for c in page.text)


def test_links_of_a_text_end_where_they_should(lists, news):
    post = news.post("See (https://a.example/x?y=1&z=2), or javascript:alert(1).")
    page = page_of(news, post)
    assert 'href="https://a.example/x?y=1&amp;z=2"' in page.text
    assert 'href="javascript' not in page.text
    assert "nofollow" in page.text


def test_who_wants_no_archive_is_in_none(lists, news):
    for header in ({"X_No_Archive": "Yes"}, {"Archive": "no"}):
        post = news.post("hidden words", **header)
        assert page_of(news, post).status == 404
    assert "no mail yet" in lists.get(news.path).words
    assert "Nothing was found" in lists.get(f"{news.path}/search?q=hidden").words


# -- Finding -----------------------------------------------------------------


def test_words_are_found_in_all_their_forms(lists):
    verein = fresh(lists, language="de")
    post = verein.post("Die Häuser wurden verkauft.", Subject="Versammlung")
    verein.post("Etwas anderes.", Subject="Anders")
    for query in ("Haus", "Häusern", "Versammlungen", '"wurden verkauft"', "Beispiel"):
        found = lists.get(f"{verein.path}/search?q={urllib.parse.quote_plus(query)}").text
        assert link(post) in found, query
    for query in ("Haus -Versammlung", "'); DROP TABLE x;--", "", "&|!:*", "a" * 1500):
        page = lists.get(f"{verein.path}/search?q={urllib.parse.quote_plus(query)}")
        assert page.status == 200 and link(post) not in page.text


def test_months_and_pages(lists, news):
    posts = [news.post(Subject=f"Topic {i}.") for i in range(53)]
    lists.query(
        "UPDATE hauspost.list_post SET posted = '2026-03-31 23:59:59Z',"
        " date = NULL WHERE list = :'list' AND n = 1",
        list=news.id,
    )
    assert "2026-03 (1)" in lists.get(news.path).words
    march = lists.get(f"{news.path}/2026-03/").text
    assert link(posts[0]) in march and link(posts[1]) not in march
    [[now]] = lists.query("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM')")
    first = lists.get(f"{news.path}/{now}/").text
    assert "Topic 52." in first and "Topic 1." not in first
    assert 'href="?from=50"' in first
    assert "Topic 1." in lists.get(f"{news.path}/{now}/?from=50").text
    assert lists.get(f"{news.path}/2026-13/").status == 404


def test_a_feed_of_the_last_posts(lists, news):
    news.post("first words", Subject="One & two")
    last = news.post("last <words>", Subject="Three")
    answer = lists.get(f"{news.path}/feed.atom")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    feed = xml.etree.ElementTree.fromstring(answer.body)
    entries = feed.findall(f"{ATOM}entry")
    assert [e.find(f"{ATOM}title").text for e in entries] == ["Three", "One & two"]
    assert entries[0].find(f"{ATOM}id").text == f"{URL}{news.path}/{link(last)}/"
    assert entries[0].find(f"{ATOM}content").text.strip() == "last <words>"


# -- Taking along, taking down -----------------------------------------------


def test_raw_and_mailboxes_are_the_octets_that_were_sent(lists, news, tmp_path):
    news.member(ANNA)
    cookie = lists.enter(news, ANNA)
    octets = b"Subject: x\n\nFrom here\n>From there\n\xff\n"
    first = news.post(octets=octets)
    second = news.post("answer", [first])
    news.post("another thread")
    assert page_of(news, first, "raw", cookie=cookie).body == octets
    [[now]] = lists.query("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM')")
    for target, count in ((f"{link(second)}/mbox.gz", 2), (f"{now}/mbox.gz", 3)):
        answer = lists.get(f"{news.path}/{target}", cookie=cookie)
        assert answer.headers["content-type"] == "application/gzip"
        text = gzip.decompress(answer.body)
        assert b"\n>From here\n>>From there\n\xff\n" in text
        (tmp_path / "box").write_bytes(text)
        assert len(mailbox.mbox(tmp_path / "box")) == count
    assert lists.ask(f"{news.path}/{now}/mbox.gz", "HEAD", cookie=cookie).body == b""


def test_an_anonymous_list_gives_nobody_away(lists):
    news = fresh(lists, anonymous=True)
    news.member("bob@world.example")
    post = news.post("hello", From="Anna Beispiel <anna@world.example>")
    cookie = lists.enter(news, "bob@world.example")
    for target in (news.path, f"{news.path}/{link(post)}", f"{news.path}/feed.atom"):
        text = lists.get(target, cookie=cookie).text
        assert "Anna" not in text and "anna@" not in text
    assert page_of(news, post, "raw", cookie=cookie).status == 403


def test_a_post_is_taken_down_by_who_runs_the_list(lists, news):
    news.member(ANNA)
    news.member("owner@world.example", role="owner")
    post = news.post("libel and worse", Subject="Stays here")
    member, owner = (lists.enter(news, a) for a in (ANNA, "owner@world.example"))
    path = f"{news.path}/{link(post)}/"
    assert f"{path}remove" not in page_of(news, post, cookie=member).text
    assert f"{path}remove" in page_of(news, post, cookie=owner).text
    for cookie in ("", member):
        assert lists.post(f"{path}remove", cookie).status == 403
    assert lists.post(f"{path}remove", owner).status == 303
    page = page_of(news, post, cookie=member)
    assert "taken down" in page.words and "libel" not in page.text
    assert "Stays here" in page.words
    assert page_of(news, post, "raw", cookie=member).status == 410
    assert gzip.decompress(page_of(news, post, "mbox.gz", cookie=member).body) == b""
    assert "Nothing was found" in lists.get(f"{news.path}/search?q=libel").words
    assert "libel" not in lists.get(f"{news.path}/feed.atom").text
    # Nor does a mail to +get-1 bring it.
    lists.query("SELECT hauspost.list_get(:'l', :'a', 1, 1, 'mail')", l=news.id, a=ANNA)
    assert news.letters()[-1] == ("get-none", ANNA)


def test_a_file_that_is_gone_holds_up_no_other(lists, news):
    news.post("kept")
    (lists.archive / news.id / "0" / "1.eml").unlink()
    lists.query(
        "UPDATE hauspost.list_state SET archived = 0 WHERE list = :'l';"
        "DELETE FROM hauspost.list_archived WHERE list = :'l'",
        l=news.id,
    )
    assert page_of(news, news.post("next")).status == 200
    assert "event" not in lists.log() and "no-post" in lists.log()

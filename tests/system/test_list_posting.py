"""Posts through Postfix: who gets one, with which return path and fields."""

import collections
import random
import re
import socket
import time

import pytest

from list_inject import Injection
from list_rig import List, list_host  # noqa: F401
from stage import wait_for
from stage.customer import PASSWORD, Customer


@pytest.fixture
def customer(list_host):  # noqa: F811
    return Customer(list_host)


def field(message, name):
    head = message.partition("\r\n\r\n")[0]
    found = re.search(rf"^{name}: *((?:.|\r\n[ \t])*)", head, re.M | re.I)
    return re.sub(r"\r\n[ \t]+", " ", found[1]).strip() if found else None


def test_every_member_gets_one_copy_with_his_own_return_path(list_host, customer):
    news = List(list_host, customer)
    people = ["anna@a.example", "Bo.B@b.example", "c=d+e@b.example",
              "u" * 30 + "@quite-a-long-domain.example"]
    news.join(*people)
    assert news.post("anna@a.example") == {}
    news.sent()
    copies = news.copies()
    assert sorted(to for _, to, _ in copies) == sorted(people)
    for sender, to, message in copies:
        local = sender.partition("@")[0]
        assert len(local) <= 64
        if to == people[3]:
            assert re.fullmatch(r"news\+b-[a-z2-7]{26}", local)
        else:
            tail = to.replace("@", "=")
            assert re.fullmatch(rf"news\+b-1\.[a-z2-7]{{8}}-{re.escape(tail)}",
                                local)
        assert field(message, "List-Id") == f"<news.{news.domain}>"
        assert field(message, "Precedence") == "list"
        assert field(message, "List-Unsubscribe-Post") is None or to == people[3]


def test_the_trail_has_a_row_for_a_group_and_one_for_each_copy(list_host, customer):
    news = List(list_host, customer)
    news.join("a@a.example", "b@b.example", "u" * 30 + "@quite-a-long-domain.example")
    assert news.post("a@a.example") == {}
    news.sent()

    def rows():
        return list_host.query(
            "SELECT recipient, message_id, why FROM hauspost.trail"
            " WHERE class = 'list' AND event = 'queued' AND queue_id <> ''"
            " AND sender LIKE :'like' ORDER BY recipient NULLS FIRST",
            like=f"news+b-%@{news.domain}")

    wait_for(lambda: len(rows()) == 2, "both are there")
    identifier = f"<hello.{news.id}@world.example>"
    assert rows() == [
        [None, identifier, "for 2 members"],
        ["u" * 30 + "@quite-a-long-domain.example", identifier, None],
    ]


def test_a_members_mailbox_here_gets_it_too(list_host, customer):
    news = List(list_host, customer)
    mailbox = customer.mailbox("fred")
    customer.address("fred", mailbox)
    news.join(f"fred@{customer.domain}", "x@a.example")
    assert news.post("x@a.example") == {}
    news.sent()
    [message] = customer.inbox(mailbox)
    assert b"List-Id" in message


def test_t180_the_envelope_says_which_list(list_host, customer):
    """Named in Bcc only, at a domain whose catch-all would take anything."""
    news = List(list_host, customer, allow_bcc=True)
    other = List(list_host, customer, "other", allow_bcc=True)
    mailbox = customer.mailbox("rest")
    customer.address("", mailbox)
    news.join("a@a.example")
    other.join("b@a.example")
    assert news.post("a@a.example", To=f"any@{news.domain}") == {}
    news.sent()
    assert [to for _, to, _ in news.copies()] == ["a@a.example"]
    assert customer.inbox(mailbox) == []


def test_an_announcement_goes_to_each_alone_with_a_link_to_leave(list_host, customer):
    news = List(list_host, customer, policy="announce")
    news.join("a@a.example", "b@a.example")
    news.join("boss@a.example", role="poster", mode="nomail")
    assert news.post("boss@a.example") == {}
    news.sent()
    copies = news.copies()
    assert sorted(to for _, to, _ in copies) == ["a@a.example", "b@a.example"]
    assert len({sender for sender, _, _ in copies}) == 2
    for sender, to, _ in copies:
        token = re.fullmatch(r"news\+b-([a-z2-7]{26})@.*", sender)[1]
        [[address]] = list_host.query(
            "SELECT a.address FROM hauspost.list_copy(:'token') AS c"
            " JOIN hauspost.list_member AS m ON m.id = c.member"
            " JOIN hauspost.list_address AS a ON a.id = m.address",
            token=token)
        assert address == to


def test_a_repeat_is_dropped(list_host, customer):
    news = List(list_host, customer)
    news.join("a@a.example")
    for _ in range(2):
        assert news.post("a@a.example", "same") == {}
        news.sent()
    assert len(news.copies()) == 1
    assert "repeated" in list_host.listmgr.log.read_text()


def test_octets_that_are_no_text_do_not_stop_a_post(list_host, customer):
    news = List(list_host, customer, policy="open")
    news.join("a@a.example")
    for n, author in enumerate([b"\xff\xfe <a@a.example>", b"\xff@a.example"]):
        text = (b"From: " + author + b"\r\nTo: " + news.address.encode()
                + b"\r\nSubject: caf\xe9 \x80\r\nMessage-ID: <\xfe%d@x>\r\n"
                % n + b"References: <\xff@y>\r\n\r\n\xff\r\n")
        assert list_host.send([news.address], text, "a@a.example") == {}
    news.sent(2)
    assert len(news.copies()) == 2


# -- Who may -----------------------------------------------------------------


def test_who_is_no_member_hears_it_in_the_session(list_host, customer):
    news = List(list_host, customer)
    news.join("a@a.example")
    refused = news.post("stranger@world.example")
    assert refused[""].startswith("550 5.7.1"), refused
    assert "Nur Mitglieder duerfen hier schreiben" in refused[""]
    assert f"news+owner@{news.domain}" in refused[""]


@pytest.mark.parametrize(
    "columns, reply",
    [
        ({"max_size": 100}, "552 5.3.4"),
        ({"policy": "announce"}, "550 5.7.1"),
    ],
)
def test_a_post_that_the_list_refuses_never_leaves_its_sender(
    list_host, customer, columns, reply
):
    news = List(list_host, customer, **columns)
    news.join("a@a.example")
    assert news.post("a@a.example")[""].startswith(reply)


def test_a_refusal_by_one_list_does_not_keep_the_post_from_another(
    list_host, customer
):
    news, other = List(list_host, customer), List(list_host, customer, "other")
    other.join("a@a.example")
    text = (f"From: a@a.example\r\nTo: {news.address}, {other.address}\r\n"
            f"Message-ID: <two.{news.id}@x>\r\n\r\nhello\r\n").encode()
    assert list_host.send(
        [news.address, other.address], text, "a@a.example") == {}
    other.sent()
    assert [to for _, to, _ in other.copies()] == ["a@a.example"]
    assert not list_host.query(
        "SELECT 1 FROM hauspost.list_post WHERE list = :'id'", id=news.id)


@pytest.mark.parametrize(
    "columns, headers",
    [
        ({"policy": "moderated"}, {}),
        ({"hold": True}, {}),
        ({}, {"To": "undisclosed: ;"}),
        ({"nonmember_action": "hold"}, {"From": "b@b.example"}),
    ],
)
def test_what_has_to_wait_waits_for_a_moderator(
    list_host, customer, columns, headers
):
    news = List(list_host, customer, **columns)
    news.join("a@a.example")
    assert news.post("a@a.example", **headers) == {}
    list_host.settle()
    [[reason]] = list_host.query(
        "SELECT reason FROM hauspost.list_held WHERE list = :'id'", id=news.id)
    assert reason
    assert (list_host.place / "lists" / str(news.id) / "held").is_dir()


def test_what_a_moderator_lets_through_goes_out(list_host, customer):
    news = List(list_host, customer, policy="moderated")
    news.join("a@a.example")
    news.join("boss@a.example", role="owner", mode="nomail")
    assert news.post("a@a.example") == {}
    list_host.settle()
    list_host.query(
        "SELECT hauspost.list_moderate(hauspost.list_token('held', h.id,"
        " h.created), 'ok', '{boss@a.example}', 'sql', NULL)"
        " FROM hauspost.list_held AS h WHERE h.list = :'id'", id=news.id)
    news.sent()
    assert [to for _, to, _ in news.copies()] == ["a@a.example"]


def test_machines_get_no_answer_and_no_post(list_host, customer):
    news = List(list_host, customer)
    news.join("a@a.example")
    assert news.post("a@a.example", **{"Auto-Submitted": "auto-replied"}) == {}
    assert news.post("a@a.example", "loop", **{"X-Loop": news.address}) == {}
    list_host.settle()
    assert not list_host.query(
        "SELECT 1 FROM hauspost.list_post WHERE list = :'id'", id=news.id)
    assert not list_host.postfix.queue()


def test_what_a_list_has_no_address_for_is_refused_at_rcpt(list_host, customer):
    news = List(list_host, customer)
    for ending in ("+nonsense", "-nonsense", "+subscribe-all"):
        to = f"news{ending}@{news.domain}"
        assert list_host.send([to])[to].startswith("550 5.1.1")


def test_from_is_believed_only_where_our_filters_have_verified_it(
    list_host, customer
):
    news = List(list_host, customer, policy="announce")
    login = customer.mailbox("boss")
    boss = customer.address("boss", login)
    news.join("reader@a.example")
    news.join(boss, role="owner", mode="nomail")
    forged = {"Authentication-Results": "other.example; dmarc=pass"}
    with list_host.checking_senders("filters.example"):
        assert news.post(boss, "unchecked") == {}  # filters may stand behind
        for n, results in enumerate(["dmarc=fail", "none"]):
            headers = {"Authentication-Results": f"filters.example; {results}"}
            refused = news.post(boss, f"forged{n}", **headers)
            assert refused[""].startswith("550 5.7.1")
        refused = news.post(boss, "other", **forged)
        assert news.post(boss, "good", **{
            "Authentication-Results": "filters.example; dmarc=pass"}) == {}
        text = (f"From: {boss}\r\nTo: {news.address}\r\nSubject: login\r\n"
                f"Message-ID: <login.{news.id}@x>\r\n\r\nhello\r\n").encode()
        assert list_host.send([news.address], text, boss, stranger=None,
                              service="submission",
                              login=(login, PASSWORD)) == {}
        news.sent(2)
    subjects = {field(message, "Subject") for _, _, message in news.copies()}
    assert subjects == {"good", "login"}


# -- Crash and trouble -------------------------------------------------------


@pytest.mark.parametrize("fanout", ["shared", "personal"])
def test_killed_ten_times_it_misses_nobody_and_doubles_a_group_each(
    list_host, customer, fanout
):
    news = List(list_host, customer, fanout=fanout)
    news.join_many(1000)
    injection = Injection()
    injection.pause_s = 0.05 if fanout == "shared" else 0.01
    chance = random.Random(17)
    kills = 0
    with list_host.handing_over_to(injection, group_members=50) as config:
        assert news.post(f"m1.{news.id}@d1.example") == {}
        wait_for(lambda: injection.taken, "the first group is handed over")
        while kills < 10 and not news.is_sent():
            time.sleep(chance.uniform(0.02, 0.3))
            list_host.listmgr.kill()
            kills += 1
            list_host.start_listmgr(config)
        wait_for(news.is_sent, "all are handed over")
    got = collections.Counter(
        to for _, recipients, _, _ in injection.taken for to in recipients)
    assert len(got) == 1000
    assert sum(got.values()) - 1000 <= kills * (50 if fanout == "shared" else 200)
    assert kills > 3


def test_whom_postfix_refuses_is_scored_and_whom_it_defers_waits(
    list_host, customer
):
    news = List(list_host, customer)
    news.join("good@a.example", "gone@a.example", "later@a.example")
    injection = Injection()
    injection.refuse = {"gone@a.example": "550 5.1.1 no such user",
                        "later@a.example": "451 4.3.0 try later"}
    with list_host.handing_over_to(injection):
        assert news.post("good@a.example") == {}
        wait_for(lambda: list_host.query(
            "SELECT 1 FROM hauspost.list_send WHERE list = :'id'"
            " AND group_no = 2", id=news.id), "the rest is put off")
        assert [to for _, to, _, _ in injection.taken] == [["good@a.example"]]
        [[address, kind]] = list_host.query(
            "SELECT a.address, b.kind FROM hauspost.list_bounce AS b"
            " JOIN hauspost.list_member AS m ON m.id = b.member"
            " JOIN hauspost.list_address AS a ON a.id = m.address"
            " WHERE b.list = :'id'", id=news.id)
        assert (address, kind) == ("gone@a.example", "hard")
        injection.refuse.clear()
        list_host.query("UPDATE hauspost.list_send SET not_before = now();"
                        "NOTIFY hauspost_list")
        wait_for(news.is_sent, "it had its turn")
    assert [to for _, to, _, _ in injection.taken][1:] == [["later@a.example"]]


def test_a_full_queue_disk_makes_groups_wait(list_host, customer):
    news = List(list_host, customer)
    news.join("a@a.example")
    injection = Injection()
    with list_host.handing_over_to(injection, queue_reserve="900G"):
        assert news.post("a@a.example") == {}
        wait_for(lambda: list_host.query(
            "SELECT 1 FROM hauspost.list_send WHERE list = :'id'"
            " AND group_no = 2", id=news.id), "the group is put off")
    assert not injection.taken


def test_nine_megabytes_for_a_hundred_thousand_wait_for_room(list_host, customer):
    news = List(list_host, customer, max_size=20_000_000)
    news.join_many(100_000)
    author = f"m1.{news.id}@d1.example"
    text = (f"From: {author}\r\nTo: {news.address}\r\nMessage-ID: <big@x>\r\n"
            "\r\n" + ("x" * 70 + "\r\n") * 130_000).encode()
    injection = Injection()
    with list_host.handing_over_to(injection, queue_reserve="900G"):
        assert list_host.send([news.address], text, author) == {}
        wait_for(lambda: list_host.query(
            "SELECT count(*) FROM hauspost.list_send WHERE list = :'id'"
            " AND state = 'waiting' AND tries = 1", id=news.id) == [["100"]],
            "every group is put off")
        assert not injection.taken
        [[waiting]] = list_host.query(
            "SELECT sum(cardinality(members)) FROM hauspost.list_send"
            " WHERE list = :'id'", id=news.id)
        assert waiting == "100000"
        list_host.query("DELETE FROM hauspost.list WHERE id = :'id'", id=news.id)


def test_while_postfix_is_away_posts_are_taken_and_wait(list_host, customer):
    news = List(list_host, customer)
    news.join("a@a.example")
    injection = Injection()
    injection.server_close()
    with list_host.handing_over_to(injection):
        assert news.post("a@a.example") == {}
        wait_for(lambda: list_host.query(
            "SELECT 1 FROM hauspost.list_send WHERE list = :'id'"
            " AND tries = 1", id=news.id), "the group is put off")
    list_host.query("UPDATE hauspost.list_send SET not_before = now();"
                    "NOTIFY hauspost_list")
    news.sent()
    assert [to for _, to, _ in news.copies()] == ["a@a.example"]


def test_one_session_too_many_hears_421_and_a_stop_lets_the_others_end(list_host):
    def connect():
        peer = socket.socket(socket.AF_UNIX)
        peer.settimeout(30)
        peer.connect(str(list_host.place / "run" / "listmgr.sock"))
        return peer, peer.recv(200)

    def first():
        sessions.append(connect())
        return sessions[-1][1].startswith(b"220 ")

    sessions = []
    with list_host.handing_over_to(Injection(), sessions_max=1):
        wait_for(first, "there is room")  # the probe's session has to end
        assert connect()[1].startswith(b"421 4.3.2 too many sessions")
        list_host.listmgr.stop()
        assert sessions[-1][0].recv(200).startswith(b"421 4.3.2 shutting down")

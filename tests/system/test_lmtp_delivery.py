"""What lmtpd delivers, where, with which fields, and what it refuses."""

import email
import threading

import pytest
from lmtp_rig import DATE, SECONDS, TEXT, received
from stage import wait_for


@pytest.fixture
def customer(lmtp):
    return lmtp.customer()


@pytest.fixture
def box(customer):
    return customer.mailbox("abc")


@pytest.fixture
def peer(lmtp):
    with lmtp.peer() as peer:
        yield peer


def send(peer, queue_id, recipients, text=TEXT, sender="a@b.example", **more):
    """As Postfix does: the queue id by XFORWARD and in a Received field."""
    peer.hello(queue_id)
    return peer.send(sender, recipients, received(queue_id) + text, **more)


def test_t110_the_first_mail_is_stored_with_its_fields(lmtp, peer, box):
    to = lmtp.leaf(box), "ORCPT=rfc822;info+2Bx@c.example"
    text = b"Return-Path: <forged@d.example>\r\n" + TEXT
    assert send(peer, "4F1A", [to], text) == ["250 2.0.0 delivered"]
    [path] = lmtp.files(box)
    assert path.read_bytes().decode() == (
        "Return-Path: <a@b.example>\n"
        "X-Original-To: info+x@c.example\n"
        f"Delivered-To: {box}@{lmtp.node}\n"
        "Received: from mx.example\n"
        f"\tby {lmtp.node} (Hauspost) with LMTP id 4F1A\n"
        f"\tfor <info+x@c.example>; {DATE}\n"
        f"Received: by mx (Postfix) id 4F1A; {DATE}\n"
        "Subject: test\n"
        "\n"
        "hello\n"
    )
    octets = path.read_bytes()
    assert path.name.startswith(f"{SECONDS}.")
    assert path.name.endswith(
        f".{lmtp.node},S={len(octets)},W={len(octets) + octets.count(10)}"
    )


def test_detail_and_null_sender_are_kept(lmtp, peer, box):
    to = f"{box}+list@mbox.{lmtp.node}"
    assert send(peer, "4F1B", [to], sender="")[0].startswith("250")
    [text] = lmtp.texts(box)
    assert text.startswith(b"Return-Path: <>\n")
    assert f"\nDelivered-To: {box}+list@{lmtp.node}\n".encode() in text


def test_smtputf8_is_kept(lmtp, peer, box):
    to = lmtp.leaf(box), "ORCPT=utf-8;jürgen@c.example"
    answer = send(
        peer, "4F1C", [to], sender="ä@b.example", options=" SMTPUTF8"
    )
    assert answer == ["250 2.0.0 delivered"]
    [text] = lmtp.texts(box)
    assert "Return-Path: <ä@b.example>\n".encode() in text
    assert "X-Original-To: jürgen@c.example\n".encode() in text
    assert b"with UTF8LMTP id 4F1C" in text


def test_a_repeat_finds_what_is_there(lmtp, peer, box):
    for _ in range(2):  # as if the first 250 had been lost
        assert send(peer, "5A", [lmtp.leaf(box)]) == ["250 2.0.0 delivered"]
    assert len(lmtp.files(box)) == 1
    assert send(peer, "5B", [lmtp.leaf(box)]) == ["250 2.0.0 delivered"]
    assert len(lmtp.files(box)) == 2


def test_a_repeat_finds_what_the_client_has_moved_on(lmtp, box):
    """The 250 is lost with the connection; meanwhile somebody reads mail."""
    with lmtp.peer() as peer:
        peer.hello("5C")
        peer.begin("a@b.example", [lmtp.leaf(box)])
        peer.raw(received("5C") + TEXT + b".\r\n")
        wait_for(lambda: lmtp.files(box), "it is stored")
    [path] = lmtp.files(box)
    path.rename(path.parents[1] / "cur" / (path.name + ":2,S"))
    with lmtp.peer() as peer:
        assert send(peer, "5C", [lmtp.leaf(box)]) == ["250 2.0.0 delivered"]
    assert lmtp.files(box) == []
    assert len(lmtp.files(box, "cur")) == 1


def test_mail_without_a_queue_id_is_always_new(lmtp, peer, box):
    peer.hello()
    for _ in range(3):
        assert peer.send("a@b.example", [lmtp.leaf(box)])[0][:3] == "250"
    assert len(lmtp.files(box)) == 3


def test_one_message_for_two_originals_arrives_twice(lmtp, peer, box):
    """As two addresses of one mailbox would, had nobody made them unique."""
    to = [(lmtp.leaf(box), f"ORCPT=rfc822;{x}@c.example") for x in "ab"]
    assert send(peer, "5D", to) == ["250 2.0.0 delivered"] * 2
    assert len(lmtp.files(box)) == 2


# -- Our own programs ---------------------------------------------------------

KEYED = f" XHAUSPOST-KEY=k+3D{{}} XHAUSPOST-DATE={SECONDS}"


def test_a_key_is_delivered_once_for_ever(lmtp, box):
    options = KEYED.format(box)
    with lmtp.peer(trusted=True) as peer:
        peer.hello()
        assert peer.send("a@b.example", [lmtp.leaf(box)], options=options) == [
            "250 2.0.0 delivered"
        ]
        for path in lmtp.files(box):
            path.unlink()  # its owner has read and deleted it
        assert peer.send("a@b.example", [lmtp.leaf(box)], options=options) == [
            "250 2.0.0 duplicate suppressed"
        ]
    assert lmtp.files(box) == []


def test_a_key_that_comes_again_is_known_whatever_was_said_first(lmtp, box):
    """Who says that it is the first time saves us a look; its mark counts."""
    options = KEYED.format(box)
    with lmtp.peer(trusted=True) as peer:
        peer.hello()
        for more, answer in {" XHAUSPOST-FIRST": "250 2.0.0 delivered",
                             "": "250 2.0.0 duplicate suppressed"}.items():
            assert peer.send("a@b.example", [lmtp.leaf(box)],
                             options=options + more) == [answer]
    assert len(lmtp.files(box)) == 1


def test_folder_and_flags_are_the_fetchers_to_say(lmtp, box):
    options = KEYED.format(box)
    options += " XHAUSPOST-FOLDER=Old.Mail XHAUSPOST-FLAGS=FS"
    with lmtp.peer(trusted=True) as peer:
        peer.hello()
        peer.send("a@b.example", [lmtp.leaf(box)], options=options)
    [path] = lmtp.files(box, ".Old.Mail/cur")
    assert path.name.endswith(":2,FS")


# -- Refusals -----------------------------------------------------------------


def test_what_was_delivered_here_before_is_a_loop(lmtp, peer, box):
    own = f"Delivered-To: {box}@{lmtp.node}\r\n".encode()
    other = f"Delivered-To: {box}+x@{lmtp.node}\r\n".encode()
    [answer] = send(peer, "6A", [lmtp.leaf(box)], own + TEXT)
    assert answer.startswith("554 5.4.6")
    assert send(peer, "6B", [lmtp.leaf(box)], other + TEXT)[0][:3] == "250"
    assert len(lmtp.files(box)) == 1


def test_more_than_fifty_servers_are_a_loop(lmtp, peer, box):
    hop = b"Received: by somewhere\r\n"
    assert send(peer, "6C", [lmtp.leaf(box)], hop * 49 + TEXT)[0][:3] == "250"
    [answer] = send(peer, "6D", [lmtp.leaf(box)], hop * 50 + TEXT)
    assert answer.startswith("554 5.4.6")


def test_each_recipient_has_its_own_size_limit(lmtp, peer, customer):
    small = customer.mailbox("small", size_limit=65536)
    large = customer.mailbox("large")
    text = TEXT + (b"x" * 70 + b"\r\n") * 1000
    answers = send(peer, "6E", [lmtp.leaf(small), lmtp.leaf(large)], text)
    assert answers[0].startswith("552 5.3.4")
    assert answers[1] == "250 2.0.0 delivered"
    assert lmtp.files(small) == [] and len(lmtp.files(large)) == 1


def test_t095_one_of_three_is_over_quota(lmtp, peer, customer):
    boxes = [customer.mailbox(x) for x in ("one", "full", "two")]
    lmtp.query(
        "UPDATE hauspost.mailbox SET quota_hard_bytes = 100"
        " WHERE name = :'m'",
        m=boxes[1],
    )
    answers = send(peer, "6F", [lmtp.leaf(box) for box in boxes])
    assert [answer[:9] for answer in answers] == [
        "250 2.0.0",
        "452 4.2.2",
        "250 2.0.0",
    ]
    wait_for(
        lambda: lmtp.query(
            "SELECT kind FROM hauspost.notice WHERE owner = :'m'", m=boxes[1]
        )
        == [["over-quota"]],
        "its owner is told",
    )


def test_t113_a_full_mailbox_keeps_no_other_waiting(lmtp, peer, customer):
    full = customer.mailbox("full", quota_hard_bytes=100)
    other = customer.mailbox("other")
    assert send(peer, "7A", [lmtp.leaf(full)])[0].startswith("452 4.2.2")
    assert send(peer, "7A", [lmtp.leaf(full)])[0].startswith("452 4.2.2")
    assert send(peer, "7B", [lmtp.leaf(other)]) == ["250 2.0.0 delivered"]
    lmtp.query(
        "UPDATE hauspost.mailbox SET quota_hard_bytes = 0 WHERE name = :'m'",
        m=full,
    )
    wait_for(
        lambda: send(peer, "7A", [lmtp.leaf(full)])[0].startswith("250"),
        "there is room again",
    )
    assert len(lmtp.files(full)) == 1


def test_a_locked_mailbox_waits(lmtp, peer, customer):
    locked = customer.mailbox("locked", state="locked")
    peer.hello()
    peer.say("MAIL FROM:<>")
    assert peer.say(f"RCPT TO:<{lmtp.leaf(locked)}>").startswith("450 4.2.1")


# -- What does not go into a mailbox ------------------------------------------


def test_a_reject_leaf_answers_what_it_says(lmtp, peer):
    peer.hello()
    peer.say("MAIL FROM:<>")
    for code in ("5.1.1", "5.7.1"):
        answer = peer.say(f"RCPT TO:<{code}=no=20such=20user@reject.{lmtp.node}>")
        assert answer.startswith("5") and code in answer


def test_a_forward_goes_on_with_a_sender_of_its_own(lmtp, peer, customer):
    info = customer.address("info", "fred@world.example")
    to = lmtp.forward_leaf(info), f"ORCPT=rfc822;{info} NOTIFY=FAILURE"
    for _ in range(2):  # the second time its 250 was lost
        [answer] = send(peer, "8A", [to], options=" RET=HDRS ENVID=x+2By")
        assert answer.startswith("250 2.0.0")
    assert answer == "250 2.0.0 was sent on before"
    [mail] = lmtp.sunk()
    assert mail["recipients"] == ["fred@world.example"]
    assert mail["sender"].startswith("SRS0=")
    assert mail["sender"].endswith(f"=b.example=a@{customer.domain}")
    assert "RET=HDRS ENVID=x+2By" in mail["options"][0]
    assert f"ORCPT=rfc822;{info} NOTIFY=FAILURE" in mail["options"][1]
    text = mail["message"]
    assert text.startswith(f"Delivered-To: {info}\r\nReceived: from mx.")
    assert "Return-Path" not in text


def test_a_forward_that_comes_round_is_a_loop(lmtp, peer, customer):
    info = customer.address("info", "fred@world.example")
    to = lmtp.forward_leaf(info), f"ORCPT=rfc822;{info}"
    mark = f"Delivered-To: {info}\r\n".encode()
    assert send(peer, "8B", [to], mark + TEXT)[0].startswith("554 5.4.6")
    assert lmtp.sunk() == []


def test_a_forward_hears_what_the_next_server_says(lmtp, peer, customer):
    for code, dsn in ((450, "4.0.0"), (550, "5.0.0")):
        name = customer.address(f"to{code}", f"{code}@world.example")
        to = lmtp.forward_leaf(name), f"ORCPT=rfc822;{name}"
        [answer] = send(peer, f"8C{code}", [to])
        assert answer.startswith(f"{code} {dsn}")


def test_a_forward_waits_while_the_next_server_is_away(lmtp, peer, customer):
    info = customer.address("info", "fred@world.example")
    to = lmtp.forward_leaf(info), f"ORCPT=rfc822;{info}"
    lmtp.sink.stop()
    try:
        assert send(peer, "8D", [to])[0].startswith("451 4.")
    finally:
        lmtp.start_next()
    assert send(peer, "8D", [to]) == ["250 2.0.0 sent on"]
    assert len(lmtp.sunk()) == 1


# -- Reports that a sender asked for -------------------------------------------


def test_a_sender_hears_of_success_once_and_only_if_asked(lmtp, peer, box):
    to = lmtp.leaf(box), "ORCPT=rfc822;info+2Bx@example.org NOTIFY=SUCCESS"
    for _ in range(2):  # the second time its 250 was lost
        answers = send(peer, "8E", [to], options=" ENVID=x+2By")
        assert answers == ["250 2.0.0 delivered"]
    [mail] = lmtp.sunk()
    assert mail["sender"] == "" and mail["recipients"] == ["a@b.example"]
    assert "NOTIFY=NEVER" in mail["options"][1]
    report = email.message_from_string(mail["message"])
    assert report.get_content_type() == "multipart/report"
    assert report["Auto-Submitted"] == "auto-replied"
    _, status, header = report.get_payload()
    fields = status.get_payload()
    assert fields[0]["Original-Envelope-Id"] == "x+y"
    assert fields[1]["Action"] == "delivered"
    assert fields[1]["Final-Recipient"] == "rfc822; info+x@example.org"
    assert "Subject: " in header.get_payload()
    assert box not in mail["message"]  # whose mailbox it is, is not told


def test_a_bounce_and_a_refusal_are_not_reported(lmtp, peer, box):
    to = lmtp.leaf(box), "ORCPT=rfc822;info@example.org NOTIFY=SUCCESS"
    send(peer, "8I", [to], sender="")
    send(peer, "8F", [(lmtp.leaf(box), "NOTIFY=FAILURE")])
    assert lmtp.sunk() == []


def test_a_report_that_can_not_leave_harms_no_delivery(lmtp, peer, box):
    to = lmtp.leaf(box), "ORCPT=rfc822;info@example.org NOTIFY=SUCCESS"
    lmtp.sink.stop()
    try:
        assert send(peer, "8G", [to]) == ["250 2.0.0 delivered"]
    finally:
        lmtp.start_next()
    assert len(lmtp.texts(box)) == 1


# -- Recipients that nobody expanded ------------------------------------------


def test_an_address_of_one_mailbox_is_delivered(lmtp, peer, customer, box):
    info = customer.address("info", box)
    assert send(peer, "9A", [info]) == ["250 2.0.0 delivered"]
    [text] = lmtp.texts(box)
    assert f"X-Original-To: {info}\n".encode() in text


def test_an_address_of_several_goes_back_once(lmtp, peer, customer, box):
    both = customer.address("both", box, "fred@world.example")
    assert send(peer, "9B", [both]) == ["250 2.0.0 sent on"]
    [mail] = lmtp.sunk()
    assert mail["recipients"] == [both] and mail["sender"] == "a@b.example"
    again = mail["message"].encode()
    assert again.startswith(f"X-Hauspost-Expanded: {lmtp.node} ".encode())
    peer.hello("9C")
    [answer] = peer.send("a@b.example", [both], again)
    assert answer.startswith("554 5.4.6")
    forged = f"X-Hauspost-Expanded: {lmtp.node} {'a' * 24}\r\n".encode()
    assert send(peer, "9D", [both], forged + TEXT) == ["250 2.0.0 sent on"]


def test_a_bad_address_has_its_code(lmtp, peer, customer):
    peer.hello()
    peer.say("MAIL FROM:<>")
    answer = peer.say(f"RCPT TO:<none@{customer.domain}>")
    assert answer.startswith("550 5.1.1")


# -- What is told -------------------------------------------------------------


def test_the_trail_and_the_usage_know(lmtp, peer, customer, box):
    info = customer.address("info", box)
    to = lmtp.leaf(box), f"ORCPT=rfc822;{info}"
    assert send(peer, "AA", [to])[0].startswith("250")
    assert lmtp.trail(info, "delivered")[0][:3] == ["250", "2.0.0", box]
    [path] = lmtp.files(box)
    wait_for(
        lambda: lmtp.query(
            "SELECT bytes, messages FROM hauspost.usage WHERE mailbox = :'m'",
            m=box,
        )
        == [[str(path.stat().st_size), "1"]],
        "usage is noted",
    )


def test_a_log_line_tells_each_result(lmtp, peer, customer):
    full = customer.mailbox("full", quota_hard_bytes=10)
    box = customer.mailbox("abc")
    send(peer, "AB", [lmtp.leaf(box), lmtp.leaf(full)])
    lines = [x for x in lmtp.log().splitlines() if "qid=AB " in x]
    assert len(lines) == 2
    assert " delivered qid=AB from=a@b.example " in lines[0]
    assert f" to={lmtp.leaf(box)} orig={lmtp.leaf(box)} " in lines[0]
    assert " dsn=2.0.0 size=" in lines[0]
    assert " deferred qid=AB " in lines[1] and " dsn=4.2.2 " in lines[1]


def test_the_figures_are_served(lmtp, peer, box):
    from urllib.request import urlopen

    def figure(text):
        port = lmtp.place.port("lmtpd_metrics")
        with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            lines = answer.read().decode().splitlines()
        [value] = [x.split()[1] for x in lines if x.startswith(text)]
        return int(value)

    name = 'hauspost_lmtpd_recipients_total{result="delivered"}'
    before = figure(name)
    for i in range(5):  # whichever worker takes it
        with lmtp.peer() as other:
            send(other, f"AC{i}", [lmtp.leaf(box)])
    assert figure(name) == before + 5


# -- Many at once -------------------------------------------------------------


def test_a_message_for_many_mailboxes(lmtp, peer, customer):
    boxes = [customer.mailbox(f"m{i}") for i in range(20)]
    answers = send(peer, "BA", [lmtp.leaf(box) for box in boxes])
    assert answers == ["250 2.0.0 delivered"] * 20
    assert all(len(lmtp.files(box)) == 1 for box in boxes)


def test_many_sessions_at_once(lmtp, box):
    failed = []

    def work(number):
        with lmtp.peer() as peer:
            for i in range(10):
                answers = send(peer, f"BB{number}x{i}", [lmtp.leaf(box)])
                if answers != ["250 2.0.0 delivered"]:
                    failed.append(answers)

    threads = [threading.Thread(target=work, args=[n]) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(lmtp.files(box)) == 200

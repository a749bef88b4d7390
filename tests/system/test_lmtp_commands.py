"""What lmtpd answers to each command, good and bad (RFC 2033, RFC 5321)."""

import contextlib
import subprocess

import pytest
from lmtp_rig import TEXT, Peer
from stage import wait_for
from stage.process import Process, listens


@pytest.fixture
def box(lmtp):
    return lmtp.customer().mailbox("abc")


@pytest.fixture
def peer(lmtp):
    with lmtp.peer() as peer:
        peer.hello()
        yield peer


def test_lhlo_tells_what_we_can(lmtp):
    with lmtp.peer() as peer:
        assert peer.greeting.startswith(f"220 {lmtp.node} LMTP")
        lines = peer.lines("LHLO mx.example")
        assert [line[4:] for line in lines] == [
            lmtp.node,
            "PIPELINING",
            "SIZE 135266304",
            "8BITMIME",
            "SMTPUTF8",
            "DSN",
            "XFORWARD NAME ADDR IDENT",
            "ENHANCEDSTATUSCODES",
        ]


def test_our_own_programs_hear_of_more(lmtp):
    with lmtp.peer(trusted=True) as peer:
        lines = peer.lines("LHLO mx.example")
        assert "250-XHAUSPOST KEY DATE FIRST FOLDER FLAGS" in lines


@pytest.mark.parametrize("verb", ["HELO", "EHLO"])
def test_smtp_is_refused(lmtp, verb):
    """RFC 2033 4.1"""
    with lmtp.peer() as peer:
        assert peer.say(f"{verb} mx.example").startswith("500 5.5.1")


@pytest.mark.parametrize(
    "line, answer",
    [
        ("NOOP", "250 2.0.0"),
        ("noop", "250 2.0.0"),
        ("RSET", "250 2.0.0"),
        ("VRFY anna", "252 2.0.0"),
        ("DATA", "503 5.5.1"),
        ("RCPT TO:<a@b.example>", "503 5.5.1"),
        ("MAIL TO:<a@b.example>", "501 5.5.4"),
        ("MAIL FROM:<a@b.example> X=1", "555 5.5.4"),
        ("MAIL FROM:<a@b.example> XHAUSPOST-KEY=1", "555 5.5.4"),
        ("MAIL FROM:<a@b.example> SIZE=999999999", "552 5.3.4"),
        ("LHLO", "501 5.5.4"),
        ("XFORWARD", "501 5.5.4"),
        ("BDAT 5", "500 5.5.2"),
        ("", "500 5.5.2"),
        ("é", "500 5.5.2"),
        ("x" * 4094, "500 5.5.2"),
        ("x" * 4095, "500 5.5.6"),
        ("x" * 1_000_000, "500 5.5.6"),
    ],
)
def test_commands_between_messages(peer, line, answer):
    assert peer.say(line).startswith(answer)
    assert peer.say("NOOP") == "250 2.0.0 ok"


@pytest.mark.parametrize(
    "octets", [b"NOOP\n", b"NO\rOP\r\n", b"NOOP\r\r\n", b"NO\0OP\r\n"]
)
def test_stray_line_ends_in_commands_are_refused(peer, octets):
    peer.raw(octets)
    assert peer.reply().startswith("500 5.5.2")
    assert peer.say("NOOP") == "250 2.0.0 ok"


def test_nothing_before_lhlo(lmtp):
    with lmtp.peer() as peer:
        assert peer.say("MAIL FROM:<>").startswith("503 5.5.1")
        assert peer.say("NOOP").startswith("250")


def test_a_second_sender_is_refused(peer):
    assert peer.say("MAIL FROM:<a@b.example>").startswith("250")
    assert peer.say("MAIL FROM:<c@b.example>").startswith("503")
    assert peer.say("XFORWARD IDENT=4F1A").startswith("503")
    assert peer.say("RSET").startswith("250")
    assert peer.say("MAIL FROM:<c@b.example>").startswith("250")


@pytest.mark.parametrize(
    "path, answer",
    [
        ("<nobody@mbox.{node}>", "550 5.1.1"),
        ("<anna@world.example>", "451 4.3.5"),  # a wrong line in transport
        ("<>", "501 5.1.3"),
        ("<a>", "501 5.1.3"),
        ("<a b@c.example>", "501 5.1.3"),
        ('<""@mbox.{node}>', "550 5.1.1"),
        ("<ä@mbox.{node}>", "553 5.6.7"),
        ("<\"' OR 1=1; --\"@mbox.{node}>", "550 5.1.1"),
        ('<"a\\\0b"@mbox.{node}>', "500 5.5.2"),
        ("<" + "a" * 400 + "@mbox.{node}>", "501 5.1.3"),
        ("<DIGEST=a=b.example@forward.{node}>", "550 5.7.1"),
    ],
)
def test_bad_recipients(lmtp, peer, path, answer):
    peer.say("MAIL FROM:<a@b.example>")
    got = peer.say("RCPT TO:" + path.format(node=lmtp.node))
    assert got.startswith(answer), got
    assert peer.say("DATA").startswith("503")


def test_each_accepted_recipient_has_an_answer_in_their_order(lmtp, peer):
    customer = lmtp.customer()
    one, two = customer.mailbox("one"), customer.mailbox("two")
    peer.raw(
        b"MAIL FROM:<a@b.example>\r\n"
        + f"RCPT TO:<{lmtp.leaf(two)}>\r\n".encode()
        + f"RCPT TO:<none@mbox.{lmtp.node}>\r\n".encode()
        + f"RCPT TO:<{lmtp.leaf(one)}>\r\n".encode()
        + b"DATA\r\n"
    )
    codes = [peer.reply()[:9] for _ in range(5)]
    assert codes == [
        "250 2.1.0",
        "250 2.1.5",
        "550 5.1.1",
        "250 2.1.5",
        "354 end d",
    ]
    peer.raw(TEXT + b".\r\nNOOP\r\nQUIT\r\n")
    assert [peer.reply()[:9] for _ in range(4)] == [
        "250 2.0.0",
        "250 2.0.0",
        "250 2.0.0",
        "221 2.0.0",
    ]
    assert len(lmtp.files(one)) == len(lmtp.files(two)) == 1


def test_messages_and_commands_may_all_be_pipelined(lmtp, peer, box):
    peer.raw(
        (
            f"MAIL FROM:<a@b.example>\r\nRCPT TO:<{lmtp.leaf(box)}>\r\n"
            "DATA\r\nSubject: x\r\n\r\nhello\r\n.\r\n"
        ).encode()
        * 20
        + b"QUIT\r\n"
    )
    for _ in range(20):
        answers = [peer.reply()[:3] for _ in range(4)]
        assert answers == ["250", "250", "354", "250"]
    assert peer.reply().startswith("221")
    assert len(lmtp.files(box)) == 20


def test_the_thousand_and_first_recipient_is_too_much(lmtp, peer, box):
    peer.say("MAIL FROM:<a@b.example>")
    peer.raw(f"RCPT TO:<{lmtp.leaf(box)}>\r\n".encode() * 1001)
    answers = [peer.reply() for _ in range(1001)]
    assert all(answer.startswith("250") for answer in answers[:1000])
    assert answers[1000].startswith("452 4.5.3")
    assert peer.say("RSET").startswith("250")


def test_who_makes_nothing_but_errors_is_sent_away(lmtp):
    with lmtp.peer() as peer:
        answers = [peer.say("HELLO") for _ in range(20)]
        assert answers[-1].startswith("421 4.7.0")
        assert peer.reply() == ""


def test_a_peer_that_stops_in_the_middle_delivers_nothing(lmtp, box):
    with lmtp.peer() as peer:
        peer.hello("3PARTIAL")
        peer.begin("a@b.example", [lmtp.leaf(box)])
        peer.raw(b"Subject: half\r\n\r\nhel")
    wait_for(lambda: "lost-peer qid=3PARTIAL" in lmtp.log(), "it is noticed")
    assert lmtp.files(box) == []


def test_the_settings_are_checked_and_explained(lmtp):
    program = lmtp.place / "bin" / "hauspost-lmtpd"
    ok = subprocess.run(
        [program, "--config", lmtp.config, "--check"], capture_output=True
    )
    assert ok.returncode == 0
    bad = lmtp.place / "etc" / "bad.conf"
    bad.write_text("[lmtpd]\nworkers = 0\n")
    refused = subprocess.run(
        [program, "--config", bad, "--check"], text=True, capture_output=True
    )
    assert refused.returncode == 78
    assert "bad.conf" in refused.stderr and "workers" in refused.stderr


@contextlib.contextmanager
def another_lmtpd(lmtp, settings):
    """A second one beside the first; its socket."""
    path = lmtp.place / "run" / "other.sock"
    config = lmtp.place / "etc" / "other.conf"
    config.write_text(
        lmtp.config.read_text()
        .replace(str(lmtp.place / "run" / "lmtpd.sock"), str(path))
        .replace("lmtpd-trusted.sock", "other-trusted.sock")
        .replace("lmtpd-own.sock", "other-own.sock")
        .replace("metrics =", "; metrics =")
        .replace("[lmtpd]", f"[lmtpd]\n{settings}")
    )
    program = Process(lmtp.place, "other")
    program.start(
        [lmtp.place / "bin" / "hauspost-lmtpd", "--config", config],
        listens(path, b"220 "),
    )
    try:
        yield path
    finally:
        program.stop()


def enter(path):
    """A session, as soon as there is room for one."""
    peers = []

    def admitted():
        peers.append(Peer(path))
        return peers[-1].greeting.startswith("220")

    wait_for(admitted, "there is room for a session")
    return peers[-1]


def test_too_many_sessions_are_turned_away(lmtp):
    with another_lmtpd(lmtp, "workers = 1\nsessions_max = 2") as path:
        one, two, three = enter(path), enter(path), Peer(path)
        assert three.greeting.startswith("421 4.3.2")
        assert three.reply() == ""
        one.say("QUIT")
        three = enter(path)
        assert two.say("NOOP") == three.say("NOOP") == "250 2.0.0 ok"


def test_a_silent_peer_is_sent_away(lmtp):
    with another_lmtpd(lmtp, "idle_timeout = 1s") as path:
        peer = enter(path)
        assert peer.reply().startswith("421 4.4.2")
        assert peer.reply() == ""

"""No line end but CRLF ends a message or a command (CVE-2023-51764): whatever
stands around a dot, exactly one message with that content arrives, in a
mailbox as well as at the next server."""

import itertools
import re

import pytest
from lmtp_rig import received

ENDS = (b"\r", b"\n", b"\r\n", b"\r\r\n", b"\n\r")
NEIGHBOURS = (b"\0", b"\xff", b" ")

SEQUENCES = [
    before + b"." + behind
    for before, behind in itertools.chain(
        itertools.product(ENDS, ENDS),
        itertools.product(ENDS, NEIGHBOURS),
        itertools.product(NEIGHBOURS, ENDS),
    )
    if (before[-2:], behind[:2]) != (b"\r\n", b"\r\n")  # the true end
]

SMUGGLED = (
    b"LHLO evil.example\r\nMAIL FROM:<evil@evil.example>\r\n"
    b"RCPT TO:<%s>\r\nDATA\r\nSubject: smuggled\r\n\r\nevil\r\n"
)


def as_stored(wire):
    """What a mailbox has of these octets, written down anew: a dot behind
    CRLF is unstuffed, CRLF and LF are line ends, other CRs are blanks."""
    unstuffed = re.sub(rb"(\A|\r\n)\.", rb"\1", wire)
    return re.sub(rb"\r(?!\n)", b" ", unstuffed).replace(b"\r\n", b"\n")


@pytest.fixture(scope="module")
def victim(lmtp_host):
    customer = lmtp_host.customer()
    box = customer.mailbox("abc")
    info = customer.address("info", "fred@world.example")
    return box, info


def wire(number, sequence, recipient):
    head = received(f"S{number}") + b"Subject: test\r\n\r\nbefore"
    return head + sequence + SMUGGLED % recipient.encode() + b"behind\r\n"


def body(text):
    return text.partition(b"\n\n")[2]


def test_exactly_one_message_arrives_in_the_mailbox(lmtp, victim):
    leaf = lmtp.leaf(victim[0])
    for number, sequence in enumerate(SEQUENCES):
        text = wire(number, sequence, leaf)
        with lmtp.peer() as peer:
            peer.hello(f"S{number}")
            peer.begin("a@b.example", [leaf])
            peer.raw(text + b".\r\nQUIT\r\n")
            assert peer.reply() == "250 2.0.0 delivered", sequence
            assert peer.reply().startswith("221"), sequence
        [path] = lmtp.files(victim[0])
        assert body(path.read_bytes()) == body(as_stored(text)), sequence
        size, vsize = map(int, re.findall(r"[SW]=(\d+)", path.name))
        octets = path.read_bytes()
        assert size == len(octets) and b"\r" not in octets
        assert vsize == size + octets.count(b"\n")
        path.unlink()


def test_exactly_one_message_goes_on(lmtp, victim):
    info = victim[1]
    leaf = lmtp.forward_leaf(info)
    for number, sequence in enumerate(SEQUENCES):
        text = wire(number, sequence, leaf)
        with lmtp.peer() as peer:
            peer.hello(f"F{number}")
            peer.begin("a@b.example", [(leaf, f"ORCPT=rfc822;{info}")])
            peer.raw(text + b".\r\n")
            assert peer.reply() == "250 2.0.0 sent on", sequence
        [mail] = lmtp.sunk()
        got = mail["message"].encode("latin-1")
        assert got.count(b"\n") == got.count(b"\r") == got.count(b"\r\n")
        want = body(as_stored(text))
        assert body(got.replace(b"\r\n", b"\n")) == want, sequence
        for kept in (lmtp.place / "sink").iterdir():
            kept.unlink()


def test_a_mailbox_that_is_read_back_smuggles_nothing(lmtp, victim):
    """Lines end in LF on disk: LF.LF there must not be the end on the way
    out, where it becomes CRLF.CRLF unless the dot is stuffed."""
    info = victim[1]
    text = b"Subject: x\r\n\r\na\n.\nMAIL FROM:<evil@evil.example>\r\n"
    with lmtp.peer() as peer:
        peer.hello("G1")
        peer.begin(
            "a@b.example", [(lmtp.forward_leaf(info), f"ORCPT=rfc822;{info}")]
        )
        peer.raw(text + b".\r\n")
        assert peer.reply() == "250 2.0.0 sent on"
    [mail] = lmtp.sunk()
    assert mail["message"].endswith(
        "\r\n\r\na\r\n.\r\nMAIL FROM:<evil@evil.example>\r\n"
    )

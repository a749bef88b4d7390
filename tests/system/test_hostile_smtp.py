"""What strangers throw at port 25: a clear answer each, nothing lost, nothing
smuggled, and the next message arrives as ever."""

import re
import smtplib
import socket

import pytest

from stage import STRANGER, clients
from stage.customer import PASSWORD


class Wire:
    """SMTP octet by octet, as no library would send it."""

    def __init__(self, stage):
        self.peer = socket.create_connection(
            ("127.0.0.1", stage.place.port("smtp")), 60
        )
        self.file = self.peer.makefile("rb")
        self.answer()
        self.say(f"XCLIENT ADDR={STRANGER} NAME=client.example".encode())
        self.say(b"EHLO client.example")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.peer.close()

    def answer(self):
        """One reply, as (code, text of its last line)."""
        while (line := self.file.readline())[3:4] == b"-":
            pass
        return int(line[:3] or 0), line[4:].decode(errors="replace").strip()

    def say(self, line):
        self.peer.sendall(line + b"\r\n")
        return self.answer()

    def begin(self, recipient):
        """Up to the 354 of DATA."""
        assert self.say(b"MAIL FROM:<anna@world.example>")[0] == 250
        assert self.say(b"RCPT TO:<%s>" % recipient.encode())[0] == 250
        assert self.say(b"DATA")[0] == 354


@pytest.fixture
def abc(customer):
    return customer.mailbox("abc")


@pytest.fixture
def info(customer, abc):
    return customer.address("info", abc)


def still_works(stage, customer, abc, info):
    """A plain message arrives: whatever came before harmed nobody."""
    have = len(customer.inbox(abc))
    assert stage.send([info]) == {}
    assert stage.settle() == []
    return len(customer.inbox(abc)) == have + 1


@pytest.mark.parametrize(
    "recipient, code",
    [
        (b"<>", 5),
        (b"<@>", 5),
        (b"<%s@>", 5),
        (b'<""@%s>', 5),
        (b"<%%s>", 5),
        (b"<a'; DROP TABLE hauspost.mailbox; --@%s>", 5),
        (b"<\"a'b\"@%s>", 5),
        (b'<"a\\"b"@%s>', 5),
        (b"<x\xff\xfe@%s>", 5),
        (b"<f\xc3\xbc@%s>", 5),
        (b"<" + b"x" * 65 + b"@%s>", 5),
        (b"<" + b"x" * 900 + b"@%s>", 5),
        (b"<a\x00b@%s>", 5),
        (b"<info@%s@elsewhere.example>", 5),
        (b"<@elsewhere.example:nosuch@%s>", 5),
        (b"<nosuch%elsewhere.example@%s>", 5),
        (b"<!%s>", 5),
    ],
)
def test_odd_recipients(stage, recipient, code):
    with Wire(stage) as wire:
        wire.say(b"MAIL FROM:<anna@world.example>")
        answer = wire.say(b"RCPT TO:" + recipient.replace(b"%s", b"example.org"))
        assert answer[0] // 100 == code, answer
        assert wire.say(b"RCPT TO:<info@example.org>")[0] == 250


@pytest.mark.parametrize(
    "sender, shown",
    [
        (b"<\"a'b\"@x.example>", b"<a'b@x.example>"),  # no quotes needed
        (b"<a'--@x.example>", b"<a'--@x.example>"),
        (b'<"a b"@x.example>', b'<"a b"@x.example>'),
    ],
)
def test_odd_senders_are_delivered(stage, customer, abc, info, sender, shown):
    with Wire(stage) as wire:
        assert wire.say(b"MAIL FROM:" + sender)[0] == 250
        assert wire.say(b"RCPT TO:<%s>" % info.encode())[0] == 250
        assert wire.say(b"DATA")[0] == 354
        assert wire.say(b"Subject: odd\r\n\r\nx\r\n.")[0] == 250
    assert stage.settle() == []
    [message] = customer.inbox(abc)
    assert b"Return-Path: " + shown + b"\r\n" in message


@pytest.mark.parametrize("line", [b"x" * 5000, b"\x00" * 100, b"\xff\xfe", b"a\rb"])
def test_odd_commands(stage, customer, abc, info, line):
    with Wire(stage) as wire:
        assert wire.say(line)[0] // 100 == 5
    assert still_works(stage, customer, abc, info)


ENDS = [
    b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r",
    b"\n.\r", b"\r.\n", b"\n\n.\n", b"\r\r\n.\r\r\n", b"\r\n\x00.\r\n",
    b"\r\n.\x00\r\n",
]  # fmt: skip


def test_t9_only_a_dot_on_its_own_line_ends_a_message(
    stage, customer, abc, info
):
    """What follows a false end must not become a second message. Postfix may
    take it as text, or refuse the whole."""
    smuggled = (
        b"MAIL FROM:<evil@world.example>\r\nRCPT TO:<%s>\r\nDATA\r\n"
        b"Subject: smuggled\r\n\r\nx\r\n.\r\n" % info.encode()
    )
    for number, end in enumerate(ENDS):
        with Wire(stage) as wire:
            wire.begin(info)
            wire.peer.sendall(b"Subject: outer %d\r\n\r\nfirst" % number)
            wire.peer.sendall(end + smuggled)
            wire.answer()
    stage.settle()
    subjects = []
    for message in customer.inbox(abc):
        head = message.partition(b"\r\n\r\n")[0]
        assert b"Return-Path: <anna@world.example>" in head
        subjects += re.findall(rb"(?m)^Subject: (.*?)\r?$", head)
    assert all(subject.startswith(b"outer ") for subject in subjects)
    assert len(set(subjects)) == len(subjects) > 0


def test_a_lone_line_feed_arrives_as_a_line_end(stage, customer, abc, info):
    with Wire(stage) as wire:
        wire.begin(info)
        wire.peer.sendall(b"Subject: lf\n\none\ntwo\r\nthree\r\n.\r\n")
        assert wire.answer()[0] == 250
    assert stage.settle() == []
    [message] = customer.inbox(abc)
    assert message.endswith(b"\r\n\r\none\r\ntwo\r\nthree\r\n")


def test_nuls_and_controls_in_a_message(stage, customer, abc, info):
    """Postfix itself leaves NUL out on its way to LMTP or keeps it; neither
    may cut the message short."""
    with Wire(stage) as wire:
        wire.begin(info)
        wire.peer.sendall(b"Subject: nul\r\n\r\na\x00b\x1b[2Jc\r\nend\r\n.\r\n")
        assert wire.answer()[0] == 250
    assert stage.settle() == []
    [message] = customer.inbox(abc)
    assert message.endswith(b"end\r\n")


def test_a_message_without_a_header(stage, customer, abc, info):
    with Wire(stage) as wire:
        wire.begin(info)
        wire.peer.sendall(b"\r\njust text\r\n.\r\n")
        assert wire.answer()[0] == 250
    assert stage.settle() == []
    [message] = customer.inbox(abc)
    assert message.endswith(b"\r\n\r\njust text\r\n")


def test_an_empty_message(stage, customer, abc, info):
    with Wire(stage) as wire:
        wire.begin(info)
        assert wire.say(b".")[0] == 250
    assert stage.settle() == []
    assert len(customer.inbox(abc)) == 1


def test_a_header_that_forges_ours(stage, customer, abc, info):
    """Ours stand on top and say what the envelope said."""
    text = clients.letter(
        Return_Path="<forged@world.example>",
        X_Original_To="forged@world.example",
    )
    assert stage.send([info], text) == {}
    assert stage.settle() == []
    [message] = customer.inbox(abc)
    first = re.search(rb"(?im)^x-original-to: (.*?)\r$", message)[1]
    assert first.decode() == info
    assert re.findall(rb"(?im)^return-path: (.*?)\r$", message)[0] == (
        b"<anna@world.example>"
    )


def test_a_peer_that_stops_in_the_middle(stage, customer, abc, info):
    with Wire(stage) as wire:
        wire.begin(info)
        wire.peer.sendall(b"Subject: half\r\n\r\n" + b"x" * 100_000)
    assert still_works(stage, customer, abc, info)
    assert all(b"Subject: half" not in m for m in customer.inbox(abc))


def test_thousands_of_recipients(stage, customer, abc):
    """Each is answered, up to Postfix' limit with 250, then 452: later."""
    customer.address("", abc)
    with Wire(stage) as wire:
        wire.say(b"MAIL FROM:<anna@world.example>")
        rcpt = b"".join(
            b"RCPT TO:<u%d@%s>\r\n" % (i, customer.domain.encode())
            for i in range(1100)
        )
        wire.peer.sendall(rcpt)
        codes = [wire.answer()[0] for _ in range(1100)]
        assert codes == [250] * 1000 + [452] * 100
        assert wire.say(b"DATA")[0] == 354
        assert wire.say(b"Subject: many\r\n\r\nx\r\n.")[0] == 250
    assert stage.settle() == []
    assert len(customer.inbox(abc)) == 1


def test_thousands_of_unknown_recipients(stage, customer, abc, info):
    with Wire(stage) as wire:
        wire.say(b"MAIL FROM:<anna@world.example>")
        for i in range(30):
            code, _ = wire.say(b"RCPT TO:<n%d@%s>" % (i, customer.domain.encode()))
            assert code in (550, 421)
            if code == 421:
                break
    assert still_works(stage, customer, abc, info)


def test_a_shell_in_every_place(stage, customer, abc, info):
    evil = b"`touch$IFS/tmp/hp-owned`"
    with Wire(stage) as wire:
        wire.say(b"HELO " + evil)
        wire.say(b"MAIL FROM:<" + evil + b"@world.example>")
        wire.say(b"RCPT TO:<%s>" % info.encode())
        if wire.say(b"DATA")[0] == 354:
            wire.say(b"Subject: " + evil + b"\r\n\r\nx\r\n.")
    assert still_works(stage, customer, abc, info)
    assert "hp-owned" not in str(list(stage.place.path.parent.iterdir()))


def test_eight_bit_local_parts_in_a_session_with_smtputf8(stage, customer, abc):
    """Until such addresses can be had, they are unknown, not a fault."""
    with Wire(stage) as wire:
        wire.say(b"MAIL FROM:<anna@world.example> SMTPUTF8")
        answer = wire.say(
            "RCPT TO:<jürgen@".encode() + customer.domain.encode() + b">"
        )
        assert answer[0] == 550, answer


@pytest.mark.parametrize("name", ["x' OR 1=1 --", "%s%s%n", "a" * 500])
def test_odd_login_names(stage, name):
    with stage.smtp("submission") as peer:
        peer.starttls(context=clients.tls(stage.place))
        peer.ehlo()
        with pytest.raises(smtplib.SMTPException):
            peer.login(name, PASSWORD)

"""LMTP alone: PostgreSQL, storer and lmtpd, without Postfix and Dovecot. In
Postfix' place, where forwarded mail goes back, stands a sink.

    def test_it(lmtp):
        box = lmtp.customer().mailbox("abc")
        with lmtp.peer() as peer:
            peer.hello()
            assert peer.send("a@b.example", [lmtp.leaf(box)], TEXT) == [...]
"""

import glob
import pathlib
import socket
import sys

import pytest
from stage import Stage, clients
from stage.customer import Customer
from stage.process import Process, answers

TEXT = b"Subject: test\r\n\r\nhello\r\n"
DATE = "Tue, 24 Nov 2026 08:00:00 +0000"
SECONDS = 1795507200


class Lmtp(Stage):
    def site(self):
        """One sink takes what goes on and what is written here."""
        reinject = self.place.port("reinject")
        return super().site() | {"ORIGINATE_PORT": reinject}

    def start_mail(self):
        self.postgres.new_database()
        self.query(
            "INSERT INTO hauspost.node (name, mail_root)"
            " VALUES (:'node', :'root')",
            node=self.node,
            root=self.place / "mail",
        )
        self.start_program("hauspost-storer")
        self.start_program("hauspost-runner")
        self.start_program("hauspost-lmtpd")
        self.start_next()

    def start_next(self):
        """Where forwarded mail goes: takes everything, and keeps it."""
        port = self.place.port("reinject")
        path = str(pathlib.Path(__file__).parent)
        self.sink.start(
            [sys.executable, "-m", "stage.sink", port, self.place / "sink"],
            answers(port, b"220 "),
            env={"PYTHONPATH": path},
        )

    def customer(self):
        return Customer(self)

    def peer(self, trusted=False):
        name = "lmtpd-trusted.sock" if trusted else "lmtpd.sock"
        return Peer(self.place / "run" / name)

    def leaf(self, mailbox, kind="mbox"):
        return f"{mailbox}@{kind}.{self.node}"

    def forward_leaf(self, address):
        """The recipient that the milter queues for an external target."""
        rows = self.query(
            "SELECT srs_recipient FROM hauspost.resolve(:'a')"
            " WHERE kind = 'external'",
            a=address,
        )
        return rows[0][0]

    def files(self, mailbox, folder="new"):
        """The files of a mailbox' folder, oldest first."""
        [[home]] = self.query(
            "SELECT home FROM hauspost.mailbox WHERE name = :'m'", m=mailbox
        )
        names = glob.glob(f"{glob.escape(home)}/Maildir/{folder}/*")
        return [pathlib.Path(name) for name in sorted(names)]

    def texts(self, mailbox):
        return [path.read_bytes() for path in self.files(mailbox)]

    def sunk(self):
        """What was sent on. Notices to owners go out once a minute, which is
        no test's business here."""
        notice = f"From: postmaster@{self.node}"
        return [
            mail
            for mail in clients.sunk(self.place)
            if mail["sender"] or not mail["message"].startswith(notice)
        ]

    def log(self):
        return (self.place / "log" / "hauspost-lmtpd.log").read_text()


class Peer:
    """An LMTP client that says exactly what the test wants."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(str(path))
        self.file = self.socket.makefile("rb")
        self.greeting = self.reply()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def raw(self, octets):
        self.socket.sendall(octets)

    def reply(self):
        """The last line of the next reply; "" when the connection ended."""
        while True:
            line = self.file.readline().decode()
            if line[3:4] != "-":
                return line.rstrip("\r\n")

    def say(self, text):
        self.raw(text.encode() + b"\r\n")
        return self.reply()

    def lines(self, text):
        """Every line of a reply."""
        self.raw(text.encode() + b"\r\n")
        lines = []
        while True:
            lines.append(self.file.readline().decode().rstrip("\r\n"))
            if lines[-1][3:4] != "-":
                return lines

    def hello(self, queue_id=None):
        assert self.say("LHLO mx.example").startswith("250")
        if queue_id:
            assert self.say(f"XFORWARD IDENT={queue_id}") == "250 2.0.0 ok"

    def begin(self, sender, recipients, options=""):
        """MAIL and RCPTs, which must all be accepted, and DATA."""
        assert self.say(f"MAIL FROM:<{sender}>{options}").startswith("250")
        for recipient in recipients:
            answer = self.say(f"RCPT TO:{to(recipient)}")
            assert answer.startswith("250"), answer
        assert self.say("DATA").startswith("354")

    def send(self, sender, recipients, text=TEXT, options=""):
        """A whole transaction; the reply to each recipient."""
        self.begin(sender, recipients, options)
        self.raw(stuffed(text) + b".\r\n")
        return [self.reply() for _ in recipients]


def to(recipient):
    """("a@b", "ORCPT=…") or "a@b" as RCPT wants it."""
    if isinstance(recipient, str):
        return f"<{recipient}>"
    return f"<{recipient[0]}> {recipient[1]}"


def stuffed(text):
    lines = text.split(b"\r\n")
    return b"\r\n".join(b"." + x if x[:1] == b"." else x for x in lines)


def received(queue_id):
    """The field that Postfix writes when it queues a message."""
    return f"Received: by mx (Postfix) id {queue_id}; {DATE}\r\n".encode()


@pytest.fixture(scope="session")
def lmtp_host():
    host = Lmtp()
    try:
        host.start()
        yield host
    finally:
        host.end()


@pytest.fixture
def lmtp(lmtp_host):
    for kept in (lmtp_host.place / "sink").iterdir():
        kept.unlink()
    yield lmtp_host
    assert lmtp_host.programs["hauspost-lmtpd"].alive()

"""Whatever is killed and whenever: no message that was answered 250 is lost,
none arrives twice, none in part."""

import os
import pathlib
import random
import shutil
import signal
import threading
import time

import pytest
from lmtp_rig import TEXT, received
from stage.process import NotReady, Process, listens

DELIVERIES = 1000
KILLS = 30
SENDERS = 8
SEED = 20261124
GIVE_UP_S = 240


@pytest.fixture
def box(lmtp):
    return lmtp.customer().mailbox("abc")


class Senders:
    """What Postfix does: every message is tried until it hears 250. There are
    DELIVERIES of them, and more as long as something is still being killed."""

    def __init__(self, lmtp, box, deliveries=DELIVERIES):
        self.lmtp, self.leaf = lmtp, lmtp.leaf(box)
        self.deliveries = deliveries
        self.begun = 0
        self.killed_enough = False
        self.lock = threading.Lock()
        self.refused = []
        self.deadline = time.monotonic() + GIVE_UP_S
        self.threads = [
            threading.Thread(target=self.work) for _ in range(SENDERS)
        ]
        for thread in self.threads:
            thread.start()

    def work(self):
        while queue_id := self.next():
            while not self.attempt(queue_id):
                if time.monotonic() > self.deadline:
                    return
                time.sleep(0.05)

    def next(self):
        with self.lock:
            if self.begun >= self.deliveries and self.killed_enough:
                return None
            self.begun += 1
            return f"T1{self.begun}"

    def attempt(self, queue_id):
        """True when it was answered 250 (or 5xx, which is an error)."""
        try:
            with self.lmtp.peer() as peer:
                if not peer.greeting.startswith("220"):
                    return False
                peer.hello(queue_id)
                text = received(queue_id) + b"X-Id: %s\r\n" % queue_id.encode()
                [answer] = peer.send("a@b.example", [self.leaf], text + TEXT)
        except (OSError, AssertionError):
            return False  # connection lost, or a 4xx on the way
        if answer.startswith("5"):
            self.refused.append(answer)
        return not answer.startswith("4") and answer != ""

    def join(self):
        self.killed_enough = True
        for thread in self.threads:
            thread.join()
        assert time.monotonic() < self.deadline
        assert self.refused == []


class Client:
    """Somebody reads mail all the time: files move from new/ to cur/."""

    def __init__(self, lmtp, box):
        self.lmtp, self.box = lmtp, box
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def work(self):
        while not self.stop.wait(0.05):
            for path in self.lmtp.files(self.box)[::2]:
                path.rename(path.parents[1] / "cur" / (path.name + ":2,S"))

    def join(self):
        self.stop.set()
        self.thread.join()


def workers(parent):
    path = pathlib.Path(f"/proc/{parent}/task/{parent}/children")
    try:
        return [int(pid) for pid in path.read_text().split()]
    except FileNotFoundError:
        return []


def kill_worker(lmtp, chance):
    pids = workers(lmtp.programs["hauspost-lmtpd"].pid())
    if pids:
        os.kill(chance.choice(pids), signal.SIGKILL)


def kill_program(lmtp, name):
    lmtp.programs[name].kill()
    lmtp.start_program(name)


def kill_something(lmtp, chance):
    victim = chance.choice(["worker", "worker", "storer", "lmtpd"])
    if victim == "worker":
        kill_worker(lmtp, chance)
    else:
        kill_program(lmtp, f"hauspost-{victim}")


def test_t1_kills_under_load_lose_nothing_and_double_nothing(lmtp, box):
    chance = random.Random(SEED)
    client = Client(lmtp, box)
    senders = Senders(lmtp, box)
    try:
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.05, 0.5))
            kill_something(lmtp, chance)
    finally:
        senders.join()
        client.join()
    found = {}
    for path in lmtp.files(box) + lmtp.files(box, "cur"):
        text = path.read_bytes()
        assert text.endswith(b"\nSubject: test\n\nhello\n"), path
        queue_id = text.partition(b"\nX-Id: ")[2].partition(b"\n")[0]
        found.setdefault(queue_id.decode(), []).append(path.name)
    double = {k: v for k, v in found.items() if len(v) > 1}
    assert double == {}
    assert len(found) == senders.begun


FILTER = """require ["fileinto", "mailbox", "copy", "duplicate"];
if duplicate :header "X-Id" { fileinto :create "Twice"; stop; }
redirect :copy "far@c.example"; fileinto :create "Filed"; keep;
"""


def test_t1_kills_lose_nothing_that_a_script_wants(lmtp, box):
    """Each message is in both folders once and was sent on; a crash between
    the hand-over and its mark may send one again, a retry does not."""
    [[home]] = lmtp.query(
        "SELECT home FROM hauspost.mailbox WHERE name = :'m'", m=box
    )
    path = pathlib.Path(home, ".dovecot.sieve")
    path.write_text(FILTER)
    path.chmod(0o644)
    shutil.chown(path, *[pathlib.Path(home).stat().st_uid] * 2)
    chance = random.Random(SEED)
    senders = Senders(lmtp, box, deliveries=150)
    kills = 8
    try:
        for _ in range(kills):
            time.sleep(chance.uniform(0.05, 0.5))
            kill_something(lmtp, chance)
    finally:
        senders.join()
    for folder in ("new", ".Filed/new"):
        texts = [path.read_bytes() for path in lmtp.files(box, folder)]
        ids = [t.partition(b"\nX-Id: ")[2].partition(b"\n")[0] for t in texts]
        assert len(set(ids)) == len(ids) == senders.begun, folder
    assert lmtp.files(box, ".Twice/new") == []
    sent = [
        m["message"].partition("\nX-Id: ")[2].partition("\r")[0]
        for m in lmtp.sunk()
    ]
    assert len(set(sent)) == senders.begun
    # Eight threads, so at most so many were in that gap at each kill.
    assert len(sent) <= senders.begun + kills * SENDERS


def test_sigterm_lets_an_open_delivery_finish(lmtp, box):
    program = lmtp.programs["hauspost-lmtpd"]
    with lmtp.peer() as busy, lmtp.peer() as idle:
        idle.hello()
        busy.hello("TERM1")
        busy.begin("a@b.example", [lmtp.leaf(box)])
        os.kill(program.pid(), signal.SIGTERM)
        assert idle.reply().startswith("421 4.3.2")
        busy.raw(TEXT + b".\r\n")
        assert busy.reply() == "250 2.0.0 delivered"
        assert busy.reply().startswith("421 4.3.2")
    program.stop()
    assert program.child.returncode == 0
    lmtp.start_program("hauspost-lmtpd")
    assert len(lmtp.files(box)) == 1


def test_a_storer_that_is_away_defers(lmtp, box):
    lmtp.programs["hauspost-storer"].stop()
    try:
        with lmtp.peer() as peer:
            peer.hello("AWAY1")
            [answer] = peer.send("a@b.example", [lmtp.leaf(box)])
            assert answer.startswith("451 4.3.0")
    finally:
        lmtp.start_program("hauspost-storer")
    with lmtp.peer() as peer:
        peer.hello("AWAY1")
        assert peer.send("a@b.example", [lmtp.leaf(box)])[0][:3] == "250"


def test_a_directory_that_is_away_defers_what_is_not_known(lmtp, box):
    customer = lmtp.customer()
    other = customer.mailbox("other")
    with lmtp.peer() as peer:  # remembered from now on, by one worker
        peer.hello()
        assert peer.send("a@b.example", [lmtp.leaf(box)])[0][:3] == "250"
        lmtp.postgres.stop()
        try:
            peer.say("MAIL FROM:<a@b.example>")
            known = peer.say(f"RCPT TO:<{lmtp.leaf(box)}>")
            unknown = peer.say(f"RCPT TO:<{lmtp.leaf(other)}>")
            none = peer.say(f"RCPT TO:<none@mbox.{lmtp.node}>")
        finally:
            lmtp.postgres.start()
        assert known == "250 2.1.5 recipient ok"
        assert unknown.startswith("451 4.3.0")
        assert none.startswith("451 4.3.0")


def test_a_program_that_can_not_start_says_why(lmtp):
    """Not a loop of restarts without a word."""
    config = lmtp.place / "etc" / "broken.conf"
    text = lmtp.config.read_text()
    for good, bad in (
        ("user = hauspost\n", "user = nobody99\n"),
        ("/lmtpd", "/none"),  # the sockets of the one that runs stay its own
    ):
        text = text.replace(good, bad)
    config.write_text(text)
    with pytest.raises(NotReady, match="nobody99"):
        Process(lmtp.place, "broken").start(
            [lmtp.place / "bin" / "hauspost-lmtpd", "--config", config],
            listens(lmtp.place / "run" / "none.sock", b"220 "),
        )

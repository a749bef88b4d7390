"""POP3 servers that name nothing, delete by themselves, or must be kept awake."""

import socketserver
import threading
import time

import pytest
from fetch_rig import letter
from stage import wait_for


def pop3_mailbox(texts, uids=None, **more):
    """A script: a mailbox that really deletes, at QUIT."""
    def script(peer):
        messages = dict(enumerate(texts, 1))
        marked = []

        def uidl(peer, _):
            if uids is None:
                peer.say("-ERR what?")
            else:
                peer.say("+OK", *(f"{n} {uids[t]}" for n, t in
                                  messages.items()), ".")

        def listing(peer, _):
            peer.say("+OK", *(f"{n} {len(t)}" for n, t in messages.items()),
                     ".")

        def top(peer, word):
            head = messages[int(word.split()[0])].partition(b"\n\n")[0]
            peer.say("+OK", *head.split(b"\n"), "", ".")

        def retr(peer, word):
            peer.say("+OK", *messages[int(word)].split(b"\n"), ".")

        def dele(peer, word):
            marked.append(messages[int(word)])
            peer.say("+OK")

        def quit(peer, _):
            for text in marked:
                texts.remove(text)
            peer.say("+OK")
            raise ConnectionError

        peer.pop3([], **{"UIDL": uidl, "LIST": listing, "TOP": top,
                         "RETR": retr, "DELE": dele, "QUIT": quit} | more)

    return script


def by_subject(texts):
    """Uids for them."""
    return {text: text.split(b"Subject: ")[1].split(b"\n")[0].decode()
            for text in texts}


def test_a_server_without_uidl_where_all_is_deleted(fetch, hostile):
    """Two of the messages are the same; and its owner is told."""
    texts = [letter(1), letter(2), letter(1)]
    here, _ = hostile("pop3", pop3_mailbox(texts), "--leave", "0")
    assert sorted(set(fetch.subjects(here.mailbox))) == [1, 2]
    assert texts == [] and here.state()["code"] is None
    assert "Namen" in here.state()["hint"]


def test_a_server_without_uidl_that_hangs_up_before_it_deletes(fetch, hostile):
    texts = [letter(1), letter(2)]
    sessions = []

    def quit(peer, _):
        sessions.append(1)
        raise ConnectionError

    here, _ = hostile("pop3", pop3_mailbox(texts, QUIT=quit), "--leave", "0")
    fetch.query("SELECT hauspost.fetch_ask(:'a', 'run')", a=here.id)
    wait_for(lambda: len(sessions) > 1, "it was asked again")
    fetch.settled(here)
    assert fetch.subjects(here.mailbox) == [1, 2]


def test_one_uid_for_several_messages(fetch, hostile):
    """A server that takes the uid of another that is there still. Each comes
    once, also when one of them is gone and the other has the uid alone."""
    first, second = letter(1), letter(2)
    texts = [first, second, letter(3)]
    uids = {first: "same", second: "same", texts[2]: "other"}
    here, _ = hostile("pop3", pop3_mailbox(texts, uids))
    assert fetch.subjects(here.mailbox) == [1, 2, 3]
    texts.remove(first)
    fetch.run(here)
    assert fetch.subjects(here.mailbox) == [1, 2, 3]
    texts.append(first)
    fetch.run(here)
    fetch.run(here)
    assert fetch.subjects(here.mailbox) == [1, 2, 3]


def test_a_session_that_deletes_does_not_last(fetch, hostile):
    """What is deleted is deleted by QUIT, so none is far away; what is left
    comes in another session of the same run."""
    texts = [letter(n) for n in range(6)]
    sizes = []

    def script(peer):
        left = list(texts)

        def retr(peer, word):
            time.sleep(0.3)
            peer.say("+OK", *left[int(word) - 1].split(b"\n"), ".")

        sizes.append(len(left))
        pop3_mailbox(texts, by_subject(left), caps=("USER", "UIDL"),
                     RETR=retr)(peer)

    fetch.set(quit_after="500ms")
    try:
        here, _ = hostile("pop3", script, "--leave", "0")
    finally:
        fetch.set(quit_after="5m")
    assert fetch.subjects(here.mailbox) == list(range(6))
    assert texts == [] and here.state()["code"] is None
    assert len(sizes) >= 3 and sizes == sorted(set(sizes), reverse=True)


@pytest.fixture
def partial(fetch):
    """The provider of the hostile server lists some messages at a time."""
    fetch.query("INSERT INTO hauspost.fetch_provider (name, domains,"
                " pop3_partial) VALUES ('partial', '{hostile.example}', true)")
    yield
    fetch.query("DELETE FROM hauspost.fetch_account"
                " WHERE provider = 'partial'")
    fetch.query("DELETE FROM hauspost.fetch_provider WHERE name = 'partial'")


def test_a_server_that_lists_some_messages_at_a_time(fetch, hostile, partial):
    """As Gmail does: what was fetched is not listed again, which makes room
    for others. One run goes on until there are none, and deletes nothing."""
    waiting = [letter(n) for n in range(7)]

    def script(peer):
        listed = waiting[:3]
        fetched = []

        def retr(peer, word):
            fetched.append(listed[int(word) - 1])
            peer.say("+OK", *fetched[-1].split(b"\n"), ".")

        def quit(peer, _):
            for text in fetched:
                waiting.remove(text)
            peer.say("+OK")
            raise ConnectionError

        pop3_mailbox(listed, by_subject(listed), RETR=retr, QUIT=quit)(peer)

    here, server = hostile("pop3", script)
    assert fetch.subjects(here.mailbox) == list(range(7))
    assert here.state()["code"] is None and waiting == []
    assert server.sessions == 4 and not any(
        line.startswith("DELE") for line in server.heard)


@pytest.mark.parametrize("expire, options, told", [
    ("EXPIRE 0", (), "löscht dort alles"),
    ("EXPIRE 3 USER", ("--leave", "5"), "früher"),
    ("EXPIRE 7", ("--leave", "5"), None),
    ("EXPIRE NEVER", (), None),
])
def test_a_server_that_deletes_by_itself(fetch, hostile, expire, options, told):
    here, _ = hostile("pop3", lambda peer: peer.pop3(
        [(1, 1)], caps=("USER", "UIDL", expire)), *options)
    hint = here.state()["hint"]
    assert told in hint if told else hint is None


class SlowLmtp(socketserver.ThreadingUnixStreamServer):
    """Takes mail, after a while; most: how many there were at a time."""

    daemon_threads = True

    def __init__(self, path, pause_s, *offers):
        super().__init__(path, Slowly)
        self.pause_s, self.offers = pause_s, offers
        self.now, self.most, self.lock = 0, 0, threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def count(self, n):
        with self.lock:
            self.now += n
            self.most = max(self.most, self.now)


class Slowly(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"220 slow\r\n")
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"LHLO":
                offers = [*self.server.offers, "PIPELINING"]
                self.wfile.write(b"".join(
                    b"250-%s\r\n" % x.encode() for x in offers)
                    + b"250 8BITMIME\r\n")
            elif verb == b"DATA":
                self.wfile.write(b"354 go\r\n")
                self.take()
            else:
                self.wfile.write(b"250 2.0.0 ok\r\n")

    def take(self):
        while self.rfile.readline() not in (b".\r\n", b""):
            pass
        self.server.count(1)
        time.sleep(self.server.pause_s)
        self.server.count(-1)
        self.wfile.write(b"250 2.0.0 ok\r\n")


@pytest.fixture
def slow(fetch):
    """slow(pause_s, *offers): the fetcher delivers there."""
    socket = fetch.place / "run" / "slow.sock"
    servers = []

    def start(pause_s, *offers):
        servers.append(SlowLmtp(str(socket), pause_s, *offers))
        socket.chmod(0o666)
        fetch.set(lmtp=f"unix:{socket}")
        return servers[0]

    yield start
    fetch.set(lmtp=f"unix:{socket.parent}/lmtpd-trusted.sock")
    servers[0].shutdown()
    socket.unlink()


@pytest.mark.parametrize("protocol", ["pop3", "imap"])
def test_a_server_is_kept_awake_while_mail_is_delivered(
    fetch, hostile, slow, protocol
):
    slow(1.5, "XHAUSPOST")
    two = b"".join(
        b"* %d FETCH (UID %d BODY[] {16}\r\nSubject: x\r\n\r\nx\n)\r\n"
        .replace(b"x\n)", b"x\r\n)").replace(b"{16}", b"{17}") % (n, n)
        for n in (1, 2)) + b"{tag} OK\r\n"
    script = {"pop3": lambda peer: peer.pop3([(1, 1), (2, 2)]),
              "imap": lambda peer: peer.imap(two)}[protocol]
    here, server = hostile(protocol, script)
    assert here.state()["fetched"] == 2
    assert sum("NOOP" in line for line in server.heard) >= 3


def test_another_lmtp_server_gets_one_message_at_a_time(fetch, slow):
    """It does not know a repeat: each is noted before the next is sent."""
    server = slow(0.02)
    there = fetch.remote.account()
    there.put(*(letter(n) for n in range(12)))
    here = fetch.account(there, "pop3")
    fetch.run(here)
    assert (here.state()["fetched"], server.most) == (12, 1)

"""Remote servers that lie, hang up, renumber, or never end."""

import socket
import threading
import time

import pytest
from fetch_peer import Server
from fetch_rig import letter
from stage import wait_for


def test_a_session_that_breaks_before_dele_deletes_nothing_wrong(
    fetch, hostile
):
    """It hangs up after the first RETR and renumbers: 1 goes, the others
    move up. What is deleted then is what was delivered."""
    deleted = []
    there = {1: "a", 2: "b", 3: "c"}

    def script(peer):
        messages = list(enumerate(there.values(), 1))
        marked = []

        def retr(peer, word):
            text = letter(dict(messages)[int(word)])
            peer.say("+OK", *text.split(b"\n"), ".")
            if peer.server.sessions == 2 and word == "1":
                peer.connection.shutdown(socket.SHUT_RDWR)

        def dele(peer, word):
            marked.append(int(word))
            peer.say("+OK")

        def quit(peer, _):
            for number in sorted(marked, reverse=True):
                deleted.append(dict(messages)[number])
            peer.say("+OK")
            raise ConnectionError

        peer.pop3(messages, RETR=retr, DELE=dele, QUIT=quit)

    here, server = hostile("pop3", script, "--leave", "0")
    if here.state()["code"]:
        del there[1]
        fetch.run(here)
    came = {mail["Subject"] for mail in fetch.mails(here.mailbox)}
    assert came == {"a", "b", "c"}
    assert set(deleted) <= came


def pop3_lies():
    def refuse_the_second(peer):
        def retr(peer, word):
            if word == "2":
                peer.say("-ERR no such message")
            else:
                peer.say("+OK", *letter(word).split(b"\n"), ".")

        peer.pop3([(n, n) for n in (1, 2, 3)], RETR=retr)

    def endless_line(peer):
        peer.say("+OK hi")
        while True:
            peer.wfile.write(b"x" * 65536)

    def endless_message(peer):
        def retr(peer, _):
            peer.say("+OK", "Subject: 1", "")
            while True:
                peer.say("x" * 1000)

        peer.pop3([(1, 1)], RETR=retr)

    def drip(peer):
        def uidl(peer, _):
            peer.say("+OK")
            threading.Event().wait(30)

        peer.pop3([], UIDL=uidl)

    def too_many_messages(peer):
        def listing(peer, _):
            peer.wfile.write(b"+OK\r\n" + b"".join(
                b"%d 9\r\n" % n for n in range(1, 1_000_002)) + b".\r\n")

        peer.pop3([], LIST=listing)

    def endless_header(peer):
        def top(peer, _):
            peer.say("+OK")
            while True:
                peer.wfile.write(b"X: y\r\n" * 20000)

        peer.pop3([(1, 1)], UIDL=lambda p, _: p.say("+OK", "."), TOP=top)

    def no_uidl(peer):
        peer.pop3([(1, 1)], UIDL=lambda p, _: p.say("-ERR what?"))

    def uids_of_rubbish(peer):
        peer.pop3([], UIDL=lambda p, _: p.say("+OK", "x y", "."))

    def in_use(peer):
        peer.pop3([], PASS=lambda p, _: p.say("-ERR [IN-USE] locked"))

    yield refuse_the_second, None, ["1", "3"]
    yield endless_message, "PROTOCOL", []
    yield no_uidl, "NO_UIDL", []
    yield uids_of_rubbish, "PROTOCOL", []
    yield in_use, "INUSE", []
    yield endless_line, ("GREETING", "CONNECT"), []
    yield drip, "TIMEOUT", []
    yield too_many_messages, "PROTOCOL", []
    yield endless_header, "PROTOCOL", []


@pytest.mark.parametrize(
    "script, code, came", pop3_lies(), ids=lambda x: getattr(x, "__name__", "")
)
def test_what_a_pop3_server_may_do(fetch, hostile, script, code, came):
    here, _ = hostile("pop3", script, "--max-size", "100K")
    state = here.state()
    assert state["code"] == code or state["code"] in (code or ())
    subjects = sorted(mail["Subject"] for mail in fetch.mails(here.mailbox))
    assert subjects == came


def body(number, text, size=None):
    text = b"Subject: x\r\n\r\n" + text
    size = len(text) if size is None else size
    return b"* %d FETCH (UID %d BODY[] {%d}\r\n%s)\r\n" % (
        number, number, size, text)


FINE = body(1, b"one\r\n") + body(2, b"two\r\n") + b"{tag} OK\r\n"
IMAP_LIES = {
    "fine": (FINE, None, 2),
    "a tagged reply in a message": (
        body(1, b"".join(b"H%d OK x\r\n" % n for n in range(30)))
        + b"{tag} OK\r\n", None, 1),
    "a literal that is longer than said": (
        body(1, b"one\r\n", 15) + b"{tag} OK\r\n", "PROTOCOL", None),
    "a literal that never ends": (
        body(1, b"one\r\n", 9000), "TIMEOUT", 0),
    "a literal beyond all limits": (
        body(1, b"one\r\n", 10**12), "PROTOCOL", 0),
    "no body": (b"* 1 FETCH (UID 1 BODY[] NIL)\r\n{tag} OK\r\n", None, 0),
    "messages nobody asked for": (
        body(7, b"seven\r\n") + FINE, None, 2),
    "one message twice": (body(1, b"again\r\n") + FINE, None, 2),
    "BYE in the middle": (body(1, b"one\r\n") + b"* BYE\r\n", "CONNECT", 1),
    "BAD": (b"{tag} BAD what?\r\n", "PROTOCOL", 0),
    "parentheses": (b"* 1 FETCH " + b"(" * 100, "PROTOCOL", 0),
    "a word without end": (b"* 1 FETCH (" + b"x" * 200_000, "PROTOCOL", 0),
}


@pytest.mark.parametrize(
    "fetched, code, came", IMAP_LIES.values(), ids=IMAP_LIES
)
def test_what_an_imap_server_may_do(fetch, hostile, fetched, code, came):
    here, _ = hostile("imap", lambda peer: peer.imap(fetched))
    assert here.state()["code"] == code
    if came is not None:
        assert len(fetch.mails(here.mailbox)) == came


@pytest.mark.parametrize("protocol", ["pop3", "imap"])
def test_no_password_goes_to_a_server_without_tls(fetch, hostile, protocol):
    """It offers neither STLS nor STARTTLS."""
    here, server = hostile(
        protocol, lambda peer: peer.pop3([]) if protocol == "pop3"
        else peer.imap(FINE), tls="starttls")
    state = here.state()
    assert (state["code"], state["state"]) == ("TLS_REQUIRED", "stopped")
    assert not any(word in line.upper() for line in server.heard
                   for word in ("PASS", "AUTH", "LOGIN"))


@pytest.fixture
def short(fetch):
    """A fetcher whose sessions are short."""
    fetch.set(session_timeout="2s")
    yield fetch
    fetch.set(session_timeout="2h")


@pytest.mark.parametrize("protocol", ["pop3", "imap"])
def test_who_sends_without_end_is_left_at_the_end_of_the_session(
    short, hostile, protocol
):
    """Neither too long nor silent, and never done."""
    def status(peer, *_):
        while True:
            peer.say(*["* 3 EXISTS"] * 1000)
            time.sleep(0.01)

    def uidl(peer, _):
        peer.say("+OK")
        while True:
            peer.say(*["1 a"] * 100)
            time.sleep(0.01)

    script = {"imap": lambda peer: peer.imap(FINE, STATUS=status),
              "pop3": lambda peer: peer.pop3([(1, 1)], UIDL=uidl)}[protocol]
    here, _ = hostile(protocol, script)
    assert here.state()["code"] == "TIMEOUT"
    assert "too long" in here.state()["detail"]
    assert short.mails(here.mailbox) == []


def test_who_is_logged_in_already_is_not_believed(fetch, hostile):
    here, _ = hostile(
        "imap", lambda peer: peer.imap(FINE, "* PREAUTH hello"))
    assert here.state()["code"] in ("PROTOCOL", "TLS_REQUIRED", "GREETING")
    assert fetch.mails(here.mailbox) == []


# T-15.6
def test_one_dead_server_holds_nobody_up(fetch):
    """While one drips, another account is fetched from beginning to end."""
    done = threading.Event()

    def drip(peer):
        peer.say("+OK hi")
        while not done.is_set():
            peer.wfile.write(b"+")
            done.wait(0.5)

    port = fetch.remote.ports["pop3"]
    server = Server(port, drip)
    try:
        fetch.cli(
            "fetch", "add", fetch.customer().mailbox("in"), "u@drip.example",
            *("--host", "127.0.0.3", "--port", str(port), "--tls", "none"),
            *("--protocol", "pop3"), stdin="p\n")
        wait_for(lambda: server.sessions, "the slow session has begun")
        there = fetch.remote.account()
        there.put(letter(1))
        here = fetch.account(there, "imap")
        fetch.run(here)
        assert fetch.subjects(here.mailbox) == [1]
        assert fetch.query(
            "SELECT 1 FROM hauspost.fetch_state WHERE locked_until > now()")
    finally:
        done.set()
        server.shutdown()
        server.server_close()

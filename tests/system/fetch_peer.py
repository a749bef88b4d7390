"""The other provider by a script, for what no Dovecot does.

    def test_it(fetch, hostile):
        here, server = hostile("pop3", lambda peer: peer.pop3([(1, "a")]))
"""

import socketserver
import threading

import pytest
from fetch_rig import letter

CAPS = "IMAP4rev1 AUTH=PLAIN SASL-IR UIDPLUS"


class Server(socketserver.ThreadingTCPServer):
    """POP3 or IMAP by a script: its function gets a Peer for each session."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port, script):
        super().__init__(("127.0.0.3", port), Peer)
        self.script, self.sessions, self.heard = script, 0, []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass  # the fetcher hangs up, as it should


class Peer(socketserver.StreamRequestHandler):
    def handle(self):
        self.server.sessions += 1
        self.server.script(self)

    def say(self, *lines):
        self.wfile.write(b"".join(
            (x.encode() if isinstance(x, str) else x) + b"\r\n" for x in lines))

    def heard(self):
        line = self.rfile.readline().decode("latin-1").rstrip("\r\n")
        if not line:
            raise ConnectionError
        self.server.heard.append(line)
        return line

    # -- POP3 ----------------------------------------------------------------

    def pop3(self, messages, caps=("USER", "UIDL", "PIPELINING"), **answers):
        """The rest of a session; answers: by verb, functions of the word."""
        self.say("+OK hi")
        while True:
            verb, _, word = self.heard().partition(" ")
            if verb in answers:
                answers[verb](self, word)
            elif verb == "CAPA":
                self.say("+OK", *caps, ".")
            elif verb == "UIDL":
                self.say("+OK", *(f"{n} u{m}" for n, m in messages), ".")
            elif verb == "LIST":
                self.say("+OK", *(f"{n} 100" for n, _ in messages), ".")
            elif verb == "RETR":
                text = letter(dict(messages)[int(word)])
                self.say("+OK", *text.split(b"\n"), ".")
            elif verb == "QUIT":
                self.say("+OK")
                return
            else:
                self.say("+OK")

    # -- IMAP ----------------------------------------------------------------

    def imap(self, fetched, greeting="* OK hi", caps=CAPS, **answers):
        """fetched: what UID FETCH with a body is answered, tag as {tag}.
        answers: by the command's first word, functions of tag and rest."""
        self.say(greeting)
        while True:
            tag, _, rest = self.heard().partition(" ")
            verb = rest.replace("UID ", "").partition(" ")[0]
            if verb in answers:
                answers[verb](self, tag, rest)
                continue
            if rest.startswith("CAPABILITY"):
                self.say(f"* CAPABILITY {caps}")
            elif rest.startswith("STATUS"):
                self.say("* STATUS INBOX (UIDVALIDITY 5 UIDNEXT 3)")
            elif rest.startswith(("SELECT", "EXAMINE")):
                self.say("* OK [UIDVALIDITY 5]", "* OK [UIDNEXT 3]")
            elif "BODY" in rest:
                self.wfile.write(fetched.replace(b"{tag}", tag.encode()))
                continue
            elif rest.startswith("UID FETCH"):
                self.say("* 1 FETCH (UID 1 RFC822.SIZE 99)",
                         "* 2 FETCH (UID 2 RFC822.SIZE 99)")
            elif rest.startswith("LOGOUT"):
                self.say("* BYE", f"{tag} OK")
                return
            self.say(f"{tag} OK")


@pytest.fixture
def hostile(fetch):
    """hostile(protocol, script): an account at a server that does so."""
    servers = []

    def start(protocol, script, *options, tls="none"):
        port = fetch.remote.ports[protocol]
        server = Server(port, script)
        servers.append(server)
        mailbox = fetch.customer().mailbox("in")
        added = fetch.cli_json(
            "fetch", "add", mailbox, "u@hostile.example",
            *("--host", "127.0.0.3", "--port", str(port), "--tls", tls),
            *("--protocol", protocol, "--login", "u", *options),
            stdin="p\n",
        )
        account = fetch.known(mailbox, added["id"])
        fetch.settled(account)
        return account, server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()

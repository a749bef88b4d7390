"""Postfix' side of the hand-over, as a test wants it: takes messages for
lists, remembers whom each was for, and answers as slowly or badly as told."""

import contextlib
import socketserver
import threading
import time


class Session(socketserver.StreamRequestHandler):
    def handle(self):
        self.sender, self.recipients = None, []
        self.reply("220 fake ESMTP")
        while line := self.rfile.readline():
            verb, _, rest = line.decode("latin-1").strip().partition(" ")
            if verb.upper() == "QUIT":
                return self.reply("221 bye")
            self.on(verb.upper(), rest)

    def on(self, verb, rest):
        if verb == "EHLO":
            self.reply("250-fake\r\n250-PIPELINING\r\n250-SIZE\r\n250-DSN\r\n"
                       "250-XVERP\r\n250 8BITMIME")
        elif verb == "MAIL":
            self.sender, self.recipients = path_of(rest), []
            self.parameters = rest.partition("> ")[2]
            self.reply("250 ok")
        elif verb == "RCPT":
            code = self.server.refuse.get(path_of(rest))
            if code is None:
                self.recipients.append(path_of(rest))
            self.reply(code or "250 ok")
        elif verb == "DATA":
            self.data()

    def data(self):
        if not self.recipients:
            return self.reply("554 5.5.1 no valid recipients")
        self.reply("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        if not line:
            return
        self.server.taken.append(
            (self.sender, self.recipients, self.parameters, b"".join(lines)))
        time.sleep(self.server.pause_s)
        self.reply("250 2.0.0 queued")

    def reply(self, text):
        with contextlib.suppress(OSError):  # who asked was killed
            self.wfile.write(f"{text}\r\n".encode())


def path_of(rest):
    return rest.partition("<")[2].partition(">")[0]


class Injection(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Session)
        self.taken, self.refuse, self.pause_s = [], {}, 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def endpoint(self):
        return f"inet:127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_):
        """A killed client is what is being tested."""

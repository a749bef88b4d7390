"""The edge of a mail host: Postfix, hauspost-milter and its directory. Behind
it stands a sink for LMTP instead of hauspost-lmtpd, so that a test sees each
recipient in the queue as it leaves, with its parameters."""

import dataclasses
import os
import socketserver
import threading

from . import Stage


@dataclasses.dataclass
class Delivery:
    sender: str
    recipients: dict  # recipient → its parameters: {"ORCPT": …}
    message: str


class Session(socketserver.StreamRequestHandler):
    """Takes everything but leaves of kind reject, whose code it answers."""

    def handle(self):
        self.recipients, self.sender = {}, None
        self.reply("220 sink LMTP")
        while line := self.rfile.readline():
            verb, _, rest = line.decode("utf-8").strip().partition(" ")
            if verb.upper() == "DATA":
                self.data()
            else:
                self.reply(self.answer(verb.upper(), rest))
            if verb.upper() == "QUIT":
                return

    def answer(self, verb, rest):
        if verb == "LHLO":
            return "250-sink\r\n250-PIPELINING\r\n250-DSN\r\n250-8BITMIME\r\n250 SMTPUTF8"
        if verb == "MAIL":
            self.sender, _ = path_of(rest)
            self.recipients = {}
        if verb == "RCPT":
            recipient, parameters = path_of(rest)
            if "@reject." in recipient:
                return f"550 {recipient.partition('=')[0]} as its leaf says"
            self.recipients[recipient] = parameters
        return "221 bye" if verb == "QUIT" else "250 2.0.0 ok"

    def data(self):
        if not self.recipients:
            return self.reply("503 5.5.1 no recipients")
        self.reply("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        message = b"".join(lines).decode("latin-1")
        self.server.deliveries.append(
            Delivery(self.sender, self.recipients, message)
        )
        for _ in self.recipients:
            self.reply("250 2.0.0 kept")

    def reply(self, text):
        self.wfile.write(f"{text}\r\n".encode())


def path_of(rest):
    """FROM:<a@b> SIZE=1 BODY=8BITMIME → a@b, {"SIZE": "1", …}"""
    path, _, words = rest.partition("<")[2].rpartition(">")[::1]
    pairs = (word.partition("=") for word in words.split())
    return path, {name: value for name, _, value in pairs}


class LmtpSink(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def __init__(self, path):
        super().__init__(str(path), Session)
        os.chmod(path, 0o666)
        self.deliveries = []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Edge(Stage):
    def start_mail(self):
        self.postgres.new_database()
        self.lmtp = LmtpSink(self.place / "run" / "lmtpd.sock")
        self.start_program("hauspost-milter")
        self.start_sink()
        self.postfix.start()

    def stop(self):
        super().stop()
        if hasattr(self, "lmtp"):
            self.lmtp.shutdown()
            self.lmtp.server_close()

    def wait_homes(self):
        """Nobody makes any here."""

    @property
    def milter(self):
        return self.programs["hauspost-milter"]

    def delivered(self):
        """What came by LMTP since the last call, once the queue is settled."""
        self.settle()
        deliveries, self.lmtp.deliveries[:] = self.lmtp.deliveries[:], []
        return deliveries

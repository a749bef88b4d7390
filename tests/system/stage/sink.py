"""The rest of the world: an SMTP server that takes what Postfix sends out.

It is a program of its own (python3 -m stage.sink PORT FOLDER), because the
demo's stage stays up when the demo has ended. Each message becomes one file of
JSON; a recipient whose local part is a number gets that number as its reply,
so that a test can say <550@world.example> when it wants a refusal, and
<550-5.1.1@world.example> when it wants just this one.
"""

import json
import pathlib
import socketserver
import sys
import tempfile
import time


class Session(socketserver.StreamRequestHandler):
    def handle(self):
        self.sender, self.recipients, self.options = None, [], []
        self.reply("220 world.example ESMTP")
        while line := self.rfile.readline():
            verb, _, rest = line.decode("latin-1").strip().partition(" ")
            answer = getattr(self, f"on_{verb.lower()}", None)
            self.reply(answer(rest) if answer else "500 5.5.1 what?")
            if verb.upper() == "QUIT":
                return

    def reply(self, text):
        self.wfile.write(f"{text}\r\n".encode())

    def on_ehlo(self, _):
        return "250-world.example\r\n250-SMTPUTF8\r\n250-DSN\r\n250 8BITMIME"

    def on_mail(self, rest):
        self.sender, self.recipients, self.options = path_of(rest), [], [rest]
        return "250 2.1.0 ok"

    def on_rcpt(self, rest):
        recipient = path_of(rest)
        code, _, dsn = recipient.partition("@")[0].partition("-")
        if code.isdigit():
            return f"{code} {dsn or code[0] + '.0.0'} as you asked"
        self.recipients.append(recipient)
        self.options.append(rest)
        return "250 2.1.5 ok"

    def on_data(self, _):
        if not self.recipients:
            return "554 5.5.1 no valid recipients"
        self.reply("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        self.server.keep(self, b"".join(lines))
        return "250 2.0.0 kept"

    def on_rset(self, _):
        self.sender, self.recipients, self.options = None, [], []
        return "250 2.0.0 ok"

    def on_noop(self, _):
        return "250 2.0.0 ok"

    def on_quit(self, _):
        return "221 2.0.0 bye"


def path_of(rest):
    """MAIL FROM:<a@b> SIZE=1 → a@b"""
    return rest.partition("<")[2].partition(">")[0]


class Sink(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port, folder):
        super().__init__(("127.0.0.1", port), Session)
        self.folder = pathlib.Path(folder)

    def keep(self, session, message):
        """Written aside and renamed: a reader sees whole files only."""
        kept = {
            "sender": session.sender,
            "recipients": session.recipients,
            "options": session.options,
            "message": message.decode("latin-1"),
        }
        with tempfile.NamedTemporaryFile(
            "w", dir=self.folder, delete=False
        ) as file:
            json.dump(kept, file)
        name = f"{time.time_ns()}.json"  # sorts as they came
        pathlib.Path(file.name).rename(self.folder / name)


if __name__ == "__main__":
    Sink(int(sys.argv[1]), sys.argv[2]).serve_forever()

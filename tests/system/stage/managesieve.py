"""A client of ManageSieve (RFC 5804), as mail clients have it to store filters."""

import base64
import re
import socket

from . import clients


class ManageSieve:
    """As much of the protocol as a client needs, over TLS."""

    def __init__(self, place):
        port = place.port("sieve")
        self.socket = socket.create_connection(("127.0.0.1", port), 60)
        self.file = self.socket.makefile("rb")
        self.greeting = self.answer()
        self.say("STARTTLS")
        self.file.close()
        self.socket = clients.tls(place).wrap_socket(
            self.socket, server_hostname="127.0.0.1"
        )
        self.file = self.socket.makefile("rb")
        self.capabilities = self.answer()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def answer(self):
        """All lines up to OK, which is wanted, NO or BYE."""
        lines = [self.file.readline().decode()]
        while not re.match(r"(OK|NO|BYE)\b", lines[-1]):
            lines.append(self.file.readline().decode())
            literal = re.search(r"\{(\d+)\}\r\n$", lines[-1])
            if literal:
                lines.append(self.file.read(int(literal[1])).decode())
        return "".join(lines)

    def ask(self, text):
        self.socket.sendall(text.encode() + b"\r\n")
        return self.answer()

    def say(self, text):
        answer = self.ask(text)
        assert re.search(r"^OK\b", answer, re.M), answer
        return answer

    def login(self, name, password):
        token = base64.b64encode(f"\0{name}\0{password}".encode()).decode()
        self.say(f'AUTHENTICATE "PLAIN" "{token}"')

    def put(self, name, script):
        octets = len(script.encode())
        return self.ask(f'PUTSCRIPT "{name}" {{{octets}+}}\r\n{script}')

    def activate(self, name):
        self.say(f'SETACTIVE "{name}"')

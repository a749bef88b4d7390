"""Clients that keep nothing: what a server gives at the most.

They ask for many messages at a time, count what comes, and delete it. Each
returns the seconds that it took.
"""

import asyncio
import socket
import ssl
import time

WINDOW = 64  # as fetcher/pop3_list.h
MARKS = 100


class Wire:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.octets = bytearray(1 << 18)
        self.tail = b""

    def send(self, *lines):
        self.socket.sendall(b"".join(x.encode() + b"\r\n" for x in lines))

    def count(self, mark):
        """How often it stands in what has come now."""
        n = self.socket.recv_into(self.octets)
        if n == 0:
            raise ConnectionError
        text = self.tail + self.octets[:n]
        self.tail = text[-(len(mark) - 1):]
        return text.count(mark)

    def until(self, mark, times=1):
        self.tail = b"\r\n"  # a mark may begin with a line end
        while times > 0:
            times -= self.count(mark)

    def ask(self, mark, *lines):
        self.send(*lines)
        self.until(mark, len(lines))


def seconds(work):
    def timed(*args):
        began = time.monotonic()
        work(*args)
        return time.monotonic() - began

    return timed


@seconds
def pop3(port, user, password, count):
    wire = Wire(port)
    wire.until(b"\r\n+OK")
    for line in (f"USER {user}", f"PASS {password}"):
        wire.ask(b"\r\n+OK", line)
    wire.tail = b""
    sent = done = 0
    while done < count:
        if sent - done <= WINDOW // 2:
            more = min(count, done + WINDOW)
            wire.send(*(f"RETR {n + 1}" for n in range(sent, more)))
            sent = more
        done += wire.count(b"\r\n.\r\n")
    for n in range(0, count, MARKS):
        wire.ask(b"\r\n+OK", *(f"DELE {n + 1}" for n in
                               range(n, min(count, n + MARKS))))
    wire.ask(b"\r\n+OK", "QUIT")


@seconds
def imap(port, user, password, count):
    wire = Wire(port)
    wire.until(b"\r\n* OK")
    for tag, line in enumerate((
        f'LOGIN {user} "{password}"', "SELECT INBOX",
        "UID FETCH 1:* (UID BODY.PEEK[])",
        "UID STORE 1:* +FLAGS.SILENT (\\Deleted)", "EXPUNGE",
    )):
        wire.ask(f"\r\na{tag} OK".encode(), f"a{tag} {line}")


async def log_in(port, user, password, tls):
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
    await reader.readline()
    writer.write(f'a LOGIN {user} "{password}"\r\n'.encode())
    while not (line := await reader.readline()).startswith(b"a "):
        assert line, user
    assert line.startswith(b"a OK"), line
    return writer


async def log_all_in(port, users, password):
    tls = ssl.create_default_context()
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    writers = await asyncio.gather(
        *(log_in(port, user, password, tls) for user in users))
    for writer in writers:
        writer.transport.abort()


@seconds
def logins(port, users, password):
    """By IMAP over TLS, all at once."""
    asyncio.run(log_all_in(port, users, password))

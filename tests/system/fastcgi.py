"""FastCGI as a web server speaks it, and plain CGI, for one request each."""

import os
import socket
import struct
import subprocess

BEGIN, END, PARAMS, STDIN, STDOUT = 1, 3, 4, 5, 6
RESPONDER, KEEP = 1, 1
TIMEOUT_S = 60


class Answer:
    def __init__(self, octets):
        head, _, self.body = octets.partition(b"\r\n\r\n")
        lines = head.decode("ascii").split("\r\n")
        self.headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        self.status = int(self.headers.pop("status").split()[0])


class Connection:
    """A connection that the web server keeps for one request after another."""

    def __init__(self, path, keep=True):
        self.keep = keep
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(TIMEOUT_S)
        self.socket.connect(str(path))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def ask(self, variables, body=b""):
        begin = struct.pack("!HB5x", RESPONDER, KEEP if self.keep else 0)
        params = b"".join(pair(k, v) for k, v in variables.items())
        self.socket.sendall(
            record(BEGIN, begin)
            + record(PARAMS, params)
            + record(PARAMS)
            + (record(STDIN, body) if body else b"")
            + record(STDIN)
        )
        return Answer(self.read())

    def read(self):
        out = bytearray()
        while True:
            kind, length, padding = struct.unpack("!xB2xHBx", self.exactly(8))
            content = self.exactly(length)
            self.exactly(padding)
            if kind == END:
                return bytes(out)
            if kind == STDOUT:
                out += content

    def exactly(self, n):
        octets = b""
        while len(octets) < n:
            more = self.socket.recv(n - len(octets))
            if not more:
                raise ConnectionError("the program hung up")
            octets += more
        return octets


def record(kind, content=b""):
    return struct.pack("!BBHHBx", 1, kind, 1, len(content), 0) + content


def pair(name, value):
    name, value = name.encode(), value.encode()
    return struct.pack("!II", len(name) | 1 << 31, len(value) | 1 << 31) + name + value


def variables(target, host, method="GET", **more):
    path, _, query = target.partition("?")
    return {
        "REQUEST_METHOD": method,
        "DOCUMENT_URI": path,
        "QUERY_STRING": query,
        "HTTP_HOST": host,
        "REMOTE_ADDR": "192.0.2.1",
        **more,
    }


def call(program, config, variables, body=b"", arguments=()):
    """Run it as a CGI program. Returns the answer and what it logged."""
    path = variables.get("DOCUMENT_URI", "")
    done = subprocess.run(
        [program, *arguments],
        input=body,
        capture_output=True,
        timeout=TIMEOUT_S,
        env={
            "GATEWAY_INTERFACE": "CGI/1.1",
            "SCRIPT_NAME": path,
            "HAUSPOST_CONFIG": os.fspath(config),
            **variables,
        },
    )
    return Answer(done.stdout), done.stderr.decode()

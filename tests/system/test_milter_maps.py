"""Domain classes by socketmap: what Postfix is told about a domain."""

import socket

import pytest

from stage import wait_for


class Map:
    def __init__(self, edge):
        self.peer = socket.socket(socket.AF_UNIX)
        self.peer.settimeout(30)
        self.peer.connect(str(edge.place / "run" / "socketmap.sock"))

    def ask(self, name, key):
        text = f"{name} {key}".encode()
        self.peer.sendall(b"%d:%s," % (len(text), text))
        return self.read()

    def read(self):
        length = b""
        while (octet := self.peer.recv(1)) not in (b":", b""):
            length += octet
        text = b""
        while len(text) < int(length or 0) + 1:
            text += self.peer.recv(int(length) + 1 - len(text))
        return text[:-1].decode()


@pytest.fixture
def maps(edge):
    maps = Map(edge)
    yield maps
    maps.peer.close()


@pytest.mark.parametrize(
    "name, key, answer",
    [
        ("virtual", "example.org", "OK virtual"),
        ("virtual", "EXAMPLE.org", "OK virtual"),
        ("virtual", "nomail.example.org", "OK virtual"),
        ("virtual", "h01.hosting.example", "OK virtual"),
        ("virtual", "backup.example.com", "NOTFOUND "),
        ("relay", "backup.example.com", "OK relay"),
        ("relay", "example.org", "NOTFOUND "),
        ("virtual", "other.example.org", "NOTFOUND "),
        ("virtual", "elsewhere.example", "NOTFOUND "),
        ("virtual", "mbox.h01.hosting.example", "NOTFOUND "),
        ("virtual", "192.0.2.1", "NOTFOUND "),
        ("virtual", "", "NOTFOUND "),
        ("virtual", "x'; DROP TABLE--", "NOTFOUND "),
        ("virtual", "ex%ample.org", "NOTFOUND "),
        ("aliases", "example.org", "TEMP no such map: there are virtual, relay and transport"),
    ],
)
def test_classes(maps, name, key, answer):
    assert maps.ask(name, key) == answer


def test_many_requests_at_once_are_answered_in_their_order(maps):
    maps.peer.sendall(b"19:virtual example.org,17:relay example.org," * 200)
    for _ in range(200):
        assert maps.read() == "OK virtual"
        assert maps.read() == "NOTFOUND "


@pytest.mark.parametrize(
    "octets", [b"GET / HTTP/1.0\r\n\r\n", b"99999:x", b"3:abc,", b"\x00\xff"]
)
def test_what_is_no_request_ends_the_connection(edge, octets):
    bad, good = Map(edge), Map(edge)
    bad.peer.sendall(octets + b" " * 20)
    assert bad.peer.recv(1) == b""
    assert good.ask("virtual", "example.org") == "OK virtual"
    bad.peer.close()
    good.peer.close()


def test_a_new_domain_is_known_at_once(edge, maps):
    assert maps.ask("virtual", "new.example") == "NOTFOUND "
    edge.query(
        "INSERT INTO hauspost.domain (name, package) VALUES ('new.example', 'xyz00')"
    )
    wait_for(
        lambda: maps.ask("virtual", "new.example") == "OK virtual",
        "the domain is known",
    )
    edge.query("DELETE FROM hauspost.domain WHERE name = 'new.example'")
    wait_for(
        lambda: maps.ask("virtual", "new.example") == "NOTFOUND ",
        "the domain is forgotten",
    )

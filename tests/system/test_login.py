"""Who gets into which mailbox, by which name."""

import base64
import imaplib
import poplib
import socket

import pytest

from stage import clients
from stage.customer import PASSWORD


def no_login(stage, name, password=PASSWORD):
    with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
        stage.imap(name, password)
    return True


def test_t111_a_mailbox_without_mail_is_an_empty_inbox(stage, customer):
    abc = customer.mailbox("abc")
    assert customer.inbox(abc) == []
    peer = stage.pop3(abc, PASSWORD)
    assert peer.stat() == (0, 0)


def test_by_an_address_of_the_mailbox(stage, customer):
    abc = customer.mailbox("abc")
    info = customer.address("info", abc)
    customer.address("via", customer.alias("alias", abc))
    for name in (info, info.upper(), f"via@{customer.domain}"):
        stage.imap(name, PASSWORD).logout()
        stage.pop3(name, PASSWORD).quit()


def test_not_by_an_address_of_two_mailboxes(stage, customer):
    both = customer.address("both", customer.mailbox("a"), customer.mailbox("b"))
    assert no_login(stage, both)


def test_not_by_an_address_that_goes_elsewhere(stage, customer):
    away = customer.address("away", "someone@elsewhere.example")
    assert no_login(stage, away)


def test_not_into_a_locked_mailbox(stage, customer):
    abc = customer.mailbox("abc")
    stage.query(
        "UPDATE hauspost.mailbox SET state = 'locked' WHERE name = :'m'", m=abc
    )
    assert no_login(stage, abc)


def test_not_with_a_wrong_password(stage, customer):
    abc = customer.mailbox("abc")
    assert no_login(stage, abc, "wrong")
    with pytest.raises(poplib.error_proto):
        stage.pop3(abc, "wrong")


def test_a_new_password_counts_at_once(stage, customer):
    abc = customer.mailbox("abc")
    stage.imap(abc, PASSWORD).logout()
    stage.query("SELECT hauspost.set_password(:'m', 'another one')", m=abc)
    assert no_login(stage, abc)
    stage.imap(abc, "another one").logout()


@pytest.mark.parametrize(
    "name",
    ["xyz00'--", 'xyz00"', "x'; DROP SCHEMA hauspost; --", "%u", "\\'", "a\x00b"],
)
def test_a_name_is_never_sql(stage, name):
    before = len(stage.logs()["postgres.log"])
    with pytest.raises(imaplib.IMAP4.error):
        stage.imap(name, PASSWORD)
    assert "syntax error" not in stage.logs()["postgres.log"][before:]


def test_managesieve_takes_a_script_where_lmtpd_looks(stage, customer):
    abc = customer.mailbox("abc")
    script = b'require "fileinto";\r\nfileinto "Lists";\r\n'
    with Sieve(stage) as peer:
        peer.login(abc, PASSWORD)
        peer.command(b'PUTSCRIPT "x" {%d+}\r\n%s' % (len(script), script))
        peer.command(b'SETACTIVE "x"')
        with pytest.raises(ValueError):
            peer.command(b'PUTSCRIPT "y" {11+}\r\nrequire "no')
    [[home]] = stage.query(
        "SELECT home FROM hauspost.mailbox WHERE name = :'m'", m=abc
    )
    active = f"{home}/.dovecot.sieve"
    with open(active, "rb") as file:
        assert file.read() == script


class Sieve:
    """Just enough of a ManageSieve client (RFC 5804)."""

    def __init__(self, stage):
        self.peer = socket.create_connection(
            ("127.0.0.1", stage.place.port("sieve")), clients.TIMEOUT_S
        )
        self.file = self.peer.makefile("rb")
        self.read()
        self.command(b"STARTTLS")
        self.peer = clients.tls(stage.place).wrap_socket(
            self.peer, server_hostname="127.0.0.1"
        )
        self.file = self.peer.makefile("rb")
        self.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.peer.close()

    def read(self):
        """Up to the line that ends a response; ValueError unless it is OK."""
        line = self.file.readline()
        while line and not line.startswith((b"OK", b"NO", b"BYE")):
            line = self.file.readline()
        if not line.startswith(b"OK"):
            raise ValueError(line)

    def command(self, line):
        self.peer.sendall(line + b"\r\n")
        self.read()

    def login(self, name, password):
        plain = base64.b64encode(f"\0{name}\0{password}".encode())
        self.command(b'AUTHENTICATE "PLAIN" "%s"' % plain)

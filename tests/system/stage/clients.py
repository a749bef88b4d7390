"""Mail clients of the standard library, connected to a stage.

The certificate is checked: it is the stage's own, valid for 127.0.0.1.
"""

import imaplib
import json
import poplib
import smtplib
import ssl

TIMEOUT_S = 60


def tls(place):
    return ssl.create_default_context(cafile=str(place / "tls" / "cert.pem"))


def smtp(place, service="smtp", login=None, stranger=None):
    """Connected to smtp, submission, submissions or reinject, or to one of
    them of the bulk server (bulk_smtp, …), with TLS where a real client has it. login is (name, password). stranger is the address
    that Postfix takes for the client's; without one we are a local program,
    run by root."""
    port = place.port(service)
    implicit = service.endswith("submissions")
    if implicit:
        peer = smtplib.SMTP_SSL(
            "127.0.0.1", port, context=tls(place), timeout=TIMEOUT_S
        )
    else:
        peer = smtplib.SMTP("127.0.0.1", port, timeout=TIMEOUT_S)
    if stranger:
        peer.docmd("XCLIENT", f"ADDR={stranger} NAME=client.example")
    peer.ehlo("client.example")
    if login and not implicit:
        peer.starttls(context=tls(place))
        peer.ehlo("client.example")
    if login:
        peer.login(*login)
    return peer


def imap(place, name, password):
    peer = imaplib.IMAP4_SSL(
        "127.0.0.1",
        place.port("imaps"),
        ssl_context=tls(place),
        timeout=TIMEOUT_S,
    )
    peer.login(name, password)
    return peer


def pop3(place, name, password):
    peer = poplib.POP3_SSL(
        "127.0.0.1",
        place.port("pop3s"),
        context=tls(place),
        timeout=TIMEOUT_S,
    )
    peer.user(name)
    peer.pass_(password)
    return peer


def letter(subject="test", body="hello\r\n", **headers):
    """A small message; headers with _ for -."""
    headers = {"From": "anna@world.example"} | headers
    lines = [f"Subject: {subject}"]
    lines += [f"{k.replace('_', '-')}: {v}" for k, v in headers.items()]
    return "\r\n".join([*lines, "", body])


def reply(code, text):
    """(550, b"5.1.1 no") → "550 5.1.1 no", of several lines the first."""
    return f"{code} {text.decode(errors='replace')}".splitlines()[0]


def messages(peer, folder="INBOX"):
    """Every message of a folder as octets, oldest first, unseen as before."""
    status, _ = peer.select(f'"{folder}"', readonly=True)
    if status != "OK":
        return []
    numbers = peer.search(None, "ALL")[1][0].split()
    return [peer.fetch(n, "(BODY.PEEK[])")[1][0][1] for n in numbers]


def sunk(place):
    """What went out to the rest of the world, oldest first."""
    files = sorted((place / "sink").glob("*.json"))
    return [json.loads(path.read_text()) for path in files]

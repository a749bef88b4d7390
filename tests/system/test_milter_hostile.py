"""Hostile envelopes: every address is data, whatever it looks like."""

import random
import re
import smtplib

import pytest

from stage import STRANGER
from stage.clients import letter, reply

# What a session may hold: Postfix slows down after 10 errors and hangs up
# after 20.
ERRORS = 9


def rcpts(edge, addresses, parameters=()):
    """What RCPT says to each, over as many sessions as that takes."""
    answers = []
    for i in range(0, len(addresses), ERRORS):
        with edge.smtp(stranger=STRANGER) as peer:
            peer.mail("anna@world.example", parameters)
            for address in addresses[i : i + ERRORS]:
                line = f"RCPT TO:<{address}>".encode("utf-8", "surrogateescape")
                peer.send(line + b"\r\n")
                answers.append(reply(*peer.getreply()))
    return answers


SQL = [
    "' OR '1'='1", "'; DROP TABLE hauspost.address; --", "\\'; SELECT 1; --",
    "x' UNION SELECT * FROM hauspost.secret --", "$1", "$$", "E'\\\\x27'",
    "info'||'", "%s%s%s%n", "%1$s", "%%", "../../etc/passwd", "|/bin/sh",
    ":include:/etc/passwd", "`id`", "$(id)", "{a,b}", "a,b", "NULL", "''",
    "\\", "\\\\", "#", "&", "*", "?", "=", "==", "=27=", "+", "++", "info'+x",
    "-- ", "/*", "*/", ";", "a=b=c", "5.1.1=x", "@", "a@b", ".", "..", ".a",
    "a.", "a..b", "-a", "--", "\u202e", "\ufeff", "\u0000"[:0] + "nul",
]  # fmt: skip

LETTERS = "abc019'\"\\%$=+-_.;:,()<>[]{}|&*?!~`^#/@ \t"


def hostile_locals(count):
    """The list above, plain and quoted, and generated ones."""
    dice = random.Random(26)
    quote = lambda s: '"' + re.sub(r'(["\\])', r"\\\1", s) + '"'
    found = [*SQL, *map(quote, SQL)]
    while len(found) < count:
        text = "".join(dice.choices(LETTERS, k=dice.randint(1, 64)))
        found.append(quote(text))
    return found


def test_t8_hostile_local_parts_are_refused_cleanly(edge):
    locals_ = [s for s in hostile_locals(500) if s.isascii()]
    answers = rcpts(edge, [f"{s}@example.org" for s in locals_])
    for local, answer in zip(locals_, answers):
        # Postfix' own words for what is no address, ours for the rest.
        assert re.match(r"5\d\d 5\.", answer), (local, answer)
    assert edge.query("SELECT count(*) > 0 FROM hauspost.address") == [["t"]]
    assert edge.milter.alive()
    assert "syntax error" not in edge.postgres.process.log.read_text()


def test_t8_hostile_local_parts_are_data_at_a_catch_all(edge):
    # Strangers may not write user@there@here: that is Postfix' to refuse.
    wanted = [
        s
        for s in hostile_locals(500)
        if s.isascii() and s.startswith('"') and not set(s) & set("@%!")
    ]
    answers = rcpts(edge, [f"{local}@hamburg.example.org" for local in wanted])
    accepted = [
        local for local, said in zip(wanted, answers) if said.startswith("250")
    ]
    assert len(accepted) > 50
    with edge.smtp(stranger=STRANGER) as peer:
        peer.mail("anna@world.example")
        for local in accepted:
            assert peer.docmd("RCPT", f"TO:<{local}@hamburg.example.org>")[0] == 250
        assert peer.data(letter())[0] == 250
    deliveries = edge.delivered()
    assert [list(d.recipients) for d in deliveries] == [
        ["xyz00-abc@mbox.h01.hosting.example"]
    ]


def test_the_database_saw_only_parameters(edge):
    """T8: its log of statements has placeholders where addresses were."""
    edge.postgres.alter_system("SET log_min_duration_statement = 0")
    before = len(edge.postgres.process.log.read_text())
    rcpts(edge, ['"drop\'table"@example.org', "x'y@elsewhere.example.org"])
    edge.postgres.alter_system("RESET log_min_duration_statement")
    log = edge.postgres.process.log.read_text()[before:]
    asked = re.findall(r"execute resolve: (.*)", log)
    assert asked and all("$1" in text and "drop" not in text for text in asked)


def test_eight_bits_need_smtputf8(edge):
    [answer] = rcpts(edge, ["j\u00fcrgen@example.org"])
    assert answer.startswith("553 5.6.7") and "SMTPUTF8" in answer


def test_with_smtputf8_it_is_merely_unknown(edge):
    [answer] = rcpts(edge, ["j\u00fcrgen@example.org"], ["SMTPUTF8"])
    assert answer.startswith("550 5.1.1")


def test_a_domain_in_its_own_script_is_ours(edge):
    edge.query(
        "INSERT INTO hauspost.domain (name, package)"
        " VALUES ('xn--bcher-kva.example', 'xyz00')"
    )
    address = "postmaster@b\u00fccher.example"
    [answer] = rcpts(edge, [address], ["SMTPUTF8"])
    assert answer.startswith("250")


@pytest.mark.parametrize(
    "sender", ['"a\'b"@world.example', "%s%n@world.example", "a" * 64 + "@w.example"]
)
def test_hostile_senders_are_data(edge, sender):
    with edge.smtp(stranger=STRANGER) as peer:
        assert peer.mail(sender)[0] == 250
        assert peer.rcpt("info@example.org")[0] == 250
        assert peer.data(letter())[0] == 250
    edge.delivered()


def test_a_thousand_recipients_and_not_one_more(edge):
    many = [f"u{i}@hamburg.example.org" for i in range(1001)]
    with edge.smtp(stranger=STRANGER) as peer:
        peer.mail("anna@world.example")
        answers = [reply(*peer.rcpt(r)) for r in many]
        assert peer.data(letter())[0] == 250
    assert all(a.startswith("250") for a in answers[:1000])
    assert answers[1000].startswith("452 4.5.3")
    [delivery] = edge.delivered()
    assert delivery.recipients == {
        "xyz00-abc@mbox.h01.hosting.example": {
            "ORCPT": "rfc822;u0@hamburg.example.org"
        }
    }


def test_a_peer_that_goes_in_the_middle(edge):
    peer = edge.smtp(stranger=STRANGER)
    peer.mail("anna@world.example")
    peer.rcpt("info@example.org")
    assert peer.docmd("DATA")[0] == 354
    peer.send(b"Subject: half\r\n\r\nof a mess")
    peer.close()
    with edge.smtp(stranger=STRANGER) as peer:
        peer.mail("anna@world.example")
        peer.docmd("RSET")
        peer.mail("anna@world.example")
        assert peer.rcpt("nosuch@example.org")[0] == 550
    assert edge.delivered() == []


def test_two_messages_of_one_session_do_not_mix(edge):
    with edge.smtp(stranger=STRANGER) as peer:
        for recipient in ("info@example.org", "tim@example.com"):
            assert peer.mail("anna@world.example")[0] == 250
            assert peer.rcpt(recipient)[0] == 250
            assert peer.data(letter())[0] == 250
    assert [list(d.recipients) for d in edge.delivered()] == [
        ["xyz00-abc@mbox.h01.hosting.example"],
        ["abc00-tim@mbox.h01.hosting.example"],
    ]


def test_too_large_a_line_of_commands(edge):
    with edge.smtp(stranger=STRANGER) as peer:
        peer.mail("anna@world.example")
        code, _ = peer.docmd("RCPT", "TO:<" + "x" * 5000 + "@example.org>")
        assert 500 <= code < 560
        with pytest.raises(smtplib.SMTPException):
            peer.sendmail("a@w.example", ["x" * 400 + "@example.org"], letter())

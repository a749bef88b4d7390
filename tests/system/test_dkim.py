"""OpenDKIM behind hauspost-milter: whose mail is signed, whose is not, and
that what is signed verifies elsewhere. Keys come from hauspost dkim."""

import os
import pathlib
import re
import subprocess

import pytest

from command import Command
from stage import ROOT, Stage, clients, wait_for
from stage.customer import Customer, insert
from stage.process import Process, listens

ABC = "xyz00-abc", "xyz00-abc-secret"  # of the demo; writes as info@

VERIFY = """
Mode v
TestPublicKeys {place}/public
Syslog no
Socket local:{place}/run/verify.sock
"""


class Signed(Stage):
    """Without nginx and autoconfig; behind the milter stands the signer."""

    def site(self):
        return super().site() | {
            "SIGNER": f"unix:{self.place.path}/opendkim/opendkim.sock",
            "LIST_SIGNER":
                f"unix:{self.place.path}/opendkim/opendkim-list.sock",
            "SIGNER_RUN": self.place / "opendkim",
            "DKIM_KEYS": self.place / "dkim",
        }

    def start_mail(self):
        self.postgres.new_database()
        for name in ("hauspost-storer", "hauspost-lmtpd", "hauspost-milter"):
            self.start_program(name)
        self.dovecot.start()
        self.start_sink()
        self.load(ROOT / "sql" / "demo.sql")
        self.start_listmgr()
        self.signer = Process(self.place, "opendkim")
        self.list_signer = Process(self.place, "opendkim-list")
        self.place.folder("opendkim", "opendkim", 0o755)
        self.place.folder("dkim", "opendkim", 0o700)
        self.hauspost = Command(
            self.postgres, "hauspost", dkim_keys=self.place / "dkim"
        )
        self.hauspost("dkim", "tables")

    def sign(self):
        """Read the tables that there are now."""
        for signer in (self.signer, self.list_signer):
            config = self.place / "etc" / "opendkim" / f"{signer.name}.conf"
            text = config.read_text()
            if "RequireSafeKeys" not in text:  # /tmp is everybody's
                config.write_text(text + "RequireSafeKeys no\n")
            signer.stop() if signer.child else None
            signer.start(
                ["/usr/sbin/opendkim", "-f", "-x", config],
                listens(self.place / "opendkim" / f"{signer.name}.sock"),
            )

    def verify(self, kept):
        """What another host says of the signatures of a message."""
        records = [
            f"{key['selector']}._domainkey.{key['domain']}"
            f" v=DKIM1;k=rsa;p={key['public_key']}\n"
            for key in self.hauspost.json("dkim", "list")
        ]
        (self.place / "public").write_text("".join(records))
        (self.place / "verify.conf").write_text(VERIFY.format(place=self.place.path))
        (self.place / "message").write_bytes(kept["message"].encode("latin-1"))
        done = subprocess.run(
            ["/usr/sbin/opendkim", "-x", self.place / "verify.conf"]
            + ["-vv", "-t", self.place / "message"],
            text=True,
            capture_output=True,
            timeout=60,
        )
        return done.stdout


@pytest.fixture(scope="module")
def signed():
    stage = Signed()
    try:
        stage.start()
        for domain in ("example.org", "example.com"):
            stage.hauspost("dkim", "add", domain, "--selector", "s1")
            stage.hauspost("dkim", "use", domain, "s1")
        stage.sign()
        stage.postfix.start()
        yield stage
    finally:
        stage.stop()
        stage.place.remove()


def sent(stage, to):
    stage.settle()
    [kept] = [
        kept for kept in clients.sunk(stage.place) if to in kept["recipients"]
    ]
    return kept


def signatures(kept):
    head = kept["message"].partition("\r\n\r\n")[0]
    return len(re.findall(r"^DKIM-Signature:", head, re.M))


def test_what_our_users_write_is_signed(signed):
    for service in ("smtp", "submission", "submissions"):
        to = f"{service}@world.example"
        text = clients.letter("hi", "8-bit: caf\u00e9\r\n" * 3)
        text = text.replace("anna@world.example", "info@example.org")
        with signed.smtp(service, login=ABC) as peer:
            peer.sendmail(
                "info@example.org", [to], text.encode(), ["BODY=8BITMIME"]
            )
        assert "dkim=pass" in signed.verify(sent(signed, to)), service


def test_what_programs_on_this_machine_write_is_signed(signed):
    text = clients.letter().replace("anna@world.example", "tim@example.com")
    assert signed.postfix.sendmail(text, "cron@world.example") == 0
    assert "dkim=pass" in signed.verify(sent(signed, "cron@world.example"))


def test_a_reply_that_is_written_here_is_signed(signed):
    customer = Customer(signed)
    abc = customer.mailbox("abc")
    info = customer.address("info", abc)
    signed.hauspost("dkim", "add", customer.domain, "--selector", "s1")
    signed.hauspost("dkim", "use", customer.domain, "s1")
    signed.sign()
    [[home]] = signed.query(
        "SELECT home FROM hauspost.mailbox WHERE name = :'m'", m=abc
    )
    script = pathlib.Path(home, ".dovecot.sieve")
    script.write_text('require "vacation"; vacation "I am away.";')
    owner = script.parent.stat()
    os.chown(script, owner.st_uid, owner.st_gid)
    sender = f"asks@{customer.domain}.world.example"
    assert signed.send([info], clients.letter(To=info), sender=sender) == {}
    kept = sent(signed, sender)
    assert kept["sender"] == "" and "I am away." in kept["message"]
    assert "dkim=pass" in signed.verify(kept)


def test_a_program_at_port_25_is_signed_and_a_stranger_is_not(signed):
    text = clients.letter().replace("anna@world.example", "tim@example.com")
    with signed.smtp() as peer:
        peer.sendmail("tim@example.com", ["port25@world.example"], text)
    assert "dkim=pass" in signed.verify(sent(signed, "port25@world.example"))


def test_a_stranger_gets_no_signature_of_ours(signed):
    """Not even by way of lmtpd, which brings it back from loopback."""
    customer = Customer(signed)
    info = customer.address("info", customer.mailbox("abc"))
    text = clients.letter().replace("anna@world.example", "boss@example.org")
    for mixed in (False, True):
        to = f"mixed{mixed}@elsewhere.example"
        away = customer.address(f"away{mixed}", to)
        assert signed.send([away] + [info] * mixed, text) == {}
        assert signatures(sent(signed, to)) == 0


@pytest.mark.parametrize("mixed", [False, True])
def test_a_signature_survives_that_mail_is_sent_on(signed, mixed):
    """Of one customer to another, who has a forward."""
    customer = Customer(signed)
    to = f"kept{mixed}@elsewhere.example"
    targets = [to, customer.mailbox("abc")] if mixed else [to]
    away = customer.address("away", *targets)
    text = clients.letter().replace("anna@world.example", "info@example.org")
    with signed.smtp("submission", login=ABC) as peer:
        peer.sendmail("info@example.org", [f"out{mixed}@world.example"], text)
    there = sent(signed, f"out{mixed}@world.example")["message"]
    assert signed.send([away], there, sender="info@example.org") == {}
    kept = sent(signed, to)
    assert signatures(kept) == 1
    assert "dkim=pass" in signed.verify(kept)


def test_a_key_is_replaced_without_a_gap(signed):
    before = signed.hauspost.json("dkim", "list", "example.com")
    assert [(k["selector"], k["signs"]) for k in before] == [("s1", True)]
    signed.hauspost("dkim", "add", "example.com", "--selector", "s2")
    assert "s2._domainkey" not in (
        signed.place / "dkim" / "signing.table"
    ).read_text()
    signed.hauspost("dkim", "use", "example.com", "s2")
    signed.sign()
    text = clients.letter().replace("anna@world.example", "tim@example.com")
    assert signed.postfix.sendmail(text, "new@world.example") == 0
    kept = sent(signed, "new@world.example")
    assert "s=s2" in kept["message"]
    assert "dkim=pass" in signed.verify(kept)


# -- Mailing lists -----------------------------------------------------------


def a_list(signed, **columns):
    """A list at example.org with a member elsewhere; his address."""
    name = f"l{len(signed.query('SELECT 1 FROM hauspost.list'))}"
    member = f"{name}@reader.example"
    signed.query(
        insert("list", "name", "domain", "package", *columns)
        + "WITH person AS (INSERT INTO hauspost.list_address (address)"
        " VALUES (:'member') RETURNING id)"
        " INSERT INTO hauspost.list_member (list, address)"
        " SELECT l.id, p.id FROM person AS p, hauspost.list AS l"
        " WHERE l.name = :'name'",
        name=name, domain="example.org", package="xyz00", member=member,
        **{"policy": "open"} | columns)
    return f"{name}@example.org", member


def posted(signed, to, member, author="tim@example.com"):
    """What its member got of a post that its author had signed elsewhere."""
    text = clients.letter(To=to).replace("anna@world.example", author)
    out = f"{member.partition('@')[0]}@signed.example"
    assert signed.postfix.sendmail(text, "-f", author, out) == 0
    there = sent(signed, out)["message"]
    assert signed.send([to], there, sender=author) == {}
    return sent_to(signed, member)


def sent_to(signed, member):
    """The copy of a list's member, which leaves a moment later."""
    wait_for(lambda: any(member in kept["recipients"]
                         for kept in clients.sunk(signed.place)),
             "the member has it")
    return sent(signed, member)


def test_an_authors_signature_survives_a_list_that_changes_nothing(signed):
    kept = posted(signed, *a_list(signed, policy="open"))
    head = kept["message"].partition("\r\n\r\n")[0]
    assert "From: tim@example.com" in head or "<tim@example.com>" in head
    assert "d=example.com" in head and "d=example.org" in head
    assert signatures(kept) == 2
    assert signed.verify(kept).count("dkim=pass") >= 1


def test_a_list_that_changes_the_subject_signs_as_itself(signed):
    to, member = a_list(signed, policy="open", prefix="[news]", dmarc="always")
    kept = posted(signed, to, member)
    head = kept["message"].partition("\r\n\r\n")[0]
    assert f"<{to}>" in re.search(r"^From:.*(?:\r\n\s.*)*", head, re.M)[0]
    assert "d=example.org" in head and signatures(kept) == 1
    assert "dkim=pass" in signed.verify(kept)


def test_one_click_is_signed_as_rfc_8058_wants_it(signed):
    to, member = a_list(signed, policy="open", fanout="personal")
    kept = posted(signed, to, member)
    ours = [s for s in re.findall(
        r"DKIM-Signature:(?:.*\r\n\s)*.*", kept["message"])
        if "d=example.org" in s]
    [covered] = re.findall(r"(?<!b)h=([^;]*);", re.sub(r"\s", "", ours[0]))
    assert "List-Unsubscribe" in covered.split(":")
    if "List-Unsubscribe-Post:" in kept["message"]:
        assert "List-Unsubscribe-Post" in covered.split(":")


def test_a_forged_author_of_our_own_is_not_signed_as_himself(signed):
    config = signed.config.read_text()
    signed.config.write_text(config.replace(
        "[listmgr]", "[listmgr]\nauthserv_id = filters.example"))
    signed.listmgr.stop()
    signed.start_listmgr()
    to, member = a_list(signed, policy="open")
    text = clients.letter(To=to).replace("anna@world.example",
                                         "boss@example.org")
    assert signed.send([to], text) == {}
    kept = sent_to(signed, member)
    head = kept["message"].partition("\r\n\r\n")[0]
    assert f"<{to}>" in re.search(r"^From:.*(?:\r\n\s.*)*", head, re.M)[0]


def test_order_ours_first_and_the_signer_last(signed):
    chain = signed.postfix.command("postconf", "-h", "smtpd_milters").split()
    assert chain == [
        f"unix:{signed.place.path}/run/milter.sock",
        f"unix:{signed.place.path}/opendkim/opendkim.sock",
    ]
    assert signed.postfix.command("postconf", "-h", "non_smtpd_milters").split() in (
        chain,
        ["$smtpd_milters"],
    )


def test_without_the_signer_mail_waits(signed):
    signed.signer.stop()
    with signed.smtp() as peer:
        assert peer.mail("x@world.example")[0] == 451
    signed.sign()
    assert signed.send(["info@example.org"], sender="x@world.example") == {}

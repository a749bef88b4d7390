"""Who is on the line: the sendmail command, Postfix' bounces, users of this
machine, our own programs."""

import pwd
import subprocess
import sys
import textwrap

import pytest

from stage import clients, wait_for
from stage.clients import letter, reply

MBOX = "mbox.h01.hosting.example"
ABC_UID = 70001  # of xyz00-abc, see sql/demo.sql
ABC = f"xyz00-abc@{MBOX}"


def leaves(edge):
    found = {}
    for delivery in edge.delivered():
        found |= delivery.recipients
    return found


# -- Nobody is on the line: never refused ------------------------------------


def test_sendmail_to_an_address_of_ours(edge):
    words = ["-f", "info@example.org", "team@example.org"]
    assert edge.postfix.sendmail(letter(), *words) == 0
    wait_for(lambda: edge.lmtp.deliveries, "it is delivered")
    assert leaves(edge)[f"xyz00-fred@{MBOX}"] == {
        "ORCPT": "rfc822;team@example.org"
    }


def test_sendmail_to_nobody_bounces_to_its_sender(edge):
    words = ["-f", "info@example.org", "no'such@example.org"]
    assert edge.postfix.sendmail(letter(), *words) == 0
    wait_for(lambda: edge.lmtp.deliveries, "the bounce is delivered")
    [bounce] = edge.delivered()
    assert bounce.sender == ""
    assert bounce.recipients == {ABC: {"ORCPT": "rfc822;info@example.org"}}
    assert "rfc822;no'such@example.org" in bounce.message
    assert edge.postfix.queue() == []
    [row] = edge.trail("no'such@example.org", "rejected")
    assert row[0] == "550" and row[3] == "local"


def test_sendmail_beside_nobody_the_others_get_it(edge):
    words = ["-f", "info@example.org", "nosuch@example.org", "tim@example.com"]
    assert edge.postfix.sendmail(letter(), *words) == 0
    wait_for(lambda: len(edge.lmtp.deliveries) == 2, "both are delivered")
    assert set(leaves(edge)) == {ABC, f"abc00-tim@{MBOX}"}


def test_sendmail_to_a_bare_mailbox_name(edge):
    assert edge.postfix.sendmail(letter(), "xyz00-abc") == 0
    wait_for(lambda: edge.lmtp.deliveries, "it is delivered")
    assert leaves(edge) == {
        ABC: {"ORCPT": "rfc822;xyz00-abc@h01.hosting.example"}
    }


def test_a_bounce_of_postfix_is_expanded_like_all_mail(edge):
    with edge.smtp() as peer:
        peer.sendmail("team@example.org", ["550@world.example"], letter())
    wait_for(lambda: edge.lmtp.deliveries, "the bounce is delivered")
    bounces = edge.delivered()
    assert {b.sender for b in bounces} == {""}
    assert f"xyz00-fred@{MBOX}" in bounces[0].recipients
    assert edge.postfix.queue() == []


# -- Who is calling on loopback ----------------------------------------------


def as_user(user, port, recipients, header="Subject: reinjected"):
    """SMTP from another user's process; each RCPT's reply, or MAIL's."""
    talk = textwrap.dedent(
        """
        import smtplib, sys
        peer = smtplib.SMTP("127.0.0.1", int(sys.argv[1]), timeout=60)
        peer.ehlo("client.example")
        code, said = peer.mail("info@example.org")
        if code != 250:
            sys.exit(print(code, said.decode()))
        for recipient in sys.argv[3:]:
            code, said = peer.rcpt(recipient)
            print(code, said.decode())
        print(*peer.data(sys.argv[2] + "\\r\\n\\r\\nhello\\r\\n"))
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", talk, str(port), header, *recipients],
        user=user,
        group=pwd.getpwnam(user).pw_gid if isinstance(user, str) else user,
        extra_groups=[],
        cwd="/",
        text=True,
        capture_output=True,
        check=True,
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize("user", ["root", "nobody"])
def test_the_reinjection_port_is_closed_to_users(edge, user):
    port = edge.place.port("reinject")
    [answer] = as_user(user, port, ["info@example.org"])
    assert answer == "550 5.7.1 this port is for Hauspost's own programs"


def test_our_own_program_may_reinject_to_the_world_and_to_us(edge):
    port = edge.place.port("reinject")
    recipients = ["xyz@world.example", "info@example.org", "no@example.org"]
    first, second, third, end = as_user("hauspost", port, recipients)
    assert first.startswith("250") and second.startswith("250")
    assert third.startswith("550 5.1.1")
    assert end.startswith("250")
    assert list(leaves(edge)) == [ABC]
    sent = clients.sunk(edge.place)[-1]
    assert sent["recipients"] == ["xyz@world.example"]
    assert sent["sender"] == "info@example.org"
    assert "Delivered-To" not in sent["message"]


def test_t135_a_local_program_is_told_by_its_user(edge):
    port = edge.place.port("smtp")
    sender = ("From: info@example.org",)
    as_user(ABC_UID, port, ["t135@world.example"], *sender)
    edge.settle()
    assert edge.trail("t135@world.example", "queued")
    rows = edge.query(
        "SELECT client, login, package FROM hauspost.trail"
        " WHERE recipient = 't135@world.example'"
    )
    assert rows == [["127.0.0.1 uid=70001", "xyz00-abc", "xyz00"]]


def test_a_local_program_may_not_write_to_a_leaf(edge):
    with edge.smtp() as peer:
        peer.mail("info@example.org")
        assert reply(*peer.rcpt(ABC)).startswith("550 5.1.1")


# -- The process -------------------------------------------------------------


def test_it_has_no_rights_left(edge):
    status = dict(
        line.split(":\t", 1)
        for line in open(f"/proc/{edge.milter.pid()}/status")
        if ":\t" in line
    )
    assert "0" not in status["Uid"].split()
    for kind in ("CapPrm", "CapEff", "CapInh", "CapAmb"):
        assert int(status[kind], 16) == 0
    assert status["NoNewPrivs"].strip() == "1"
    assert status["Seccomp"].strip() == "2"  # a filter


def test_only_postfix_may_connect(edge):
    for name in ("milter.sock", "socketmap.sock"):
        stat = (edge.place / "run" / name).stat()
        assert stat.st_mode & 0o777 == 0o660
        assert (edge.place / "run" / name).group() == "postfix"


def test_numbers_for_monitoring(edge):
    import urllib.request

    port = edge.place.port("milter_metrics")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as page:
        text = page.read().decode()
    assert 'hauspost_milter_recipients_total{result="queued"}' in text
    assert "hauspost_directory_listening 1" in text

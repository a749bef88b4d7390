"""What a mail client sets by ManageSieve (RFC 5804) happens to the next mail,
and shows by IMAP; what it may require is what our engine has."""

import re

import pytest
from command import Command
from stage import clients
from stage.customer import PASSWORD
from stage.managesieve import ManageSieve
from test_delivery import deliver


@pytest.fixture
def sieve(stage):
    with ManageSieve(stage.place) as sieve:
        yield sieve


@pytest.fixture
def box(customer):
    return customer.mailbox("abc")


def test_what_clients_may_require_is_what_we_have(stage, sieve):
    offered = re.search(r'^"SIEVE" "(.*)"', sieve.capabilities, re.M)[1]
    ours = Command(stage.postgres, "hauspost").json("sieve", "extensions")
    assert sorted(offered.split()) == sorted(ours)
    assert '"NOTIFY" "mailto"' in sieve.capabilities


def test_an_uploaded_script_filters_the_next_mail(
    stage, customer, sieve, box
):
    info = customer.address("info", box)
    sieve.login(box, PASSWORD)
    script = 'require ["fileinto", "mailbox"]; fileinto :create "{}";'
    assert sieve.put("first", script.format("One")).startswith("OK")
    sieve.activate("first")
    deliver(stage, [info])
    assert len(customer.inbox(box, "One")) == 1
    # The next one takes effect as soon, under the same name or another.
    assert sieve.put("first", script.format("Two")).startswith("OK")
    deliver(stage, [info])
    assert len(customer.inbox(box, "Two")) == 1
    sieve.activate("")
    deliver(stage, [info])
    assert len(customer.inbox(box)) == 1


def test_a_script_with_errors_can_not_be_uploaded(sieve, box):
    sieve.login(box, PASSWORD)
    assert sieve.put("bad", "keep;\nnonsense;").startswith("NO")


def test_flags_and_keywords_show_by_imap(stage, customer, sieve, box):
    info = customer.address("info", box)
    peer = stage.imap(box, PASSWORD)
    peer.append("INBOX", "(\\Seen mine)", None, b"Subject: own\r\n\r\n")
    peer.select("INBOX")
    sieve.login(box, PASSWORD)
    sieve.put(
        "flags",
        'require "imap4flags"; addflag ["\\\\Flagged", "$Label1", "mine"];',
    )
    sieve.activate("flags")
    deliver(stage, [info])
    peer.noop()
    [flags] = peer.fetch("2", "(FLAGS)")[1]
    flags = set(re.search(rb"\(FLAGS \((.*)\)\)", flags)[1].split())
    assert {b"\\Flagged", b"$Label1", b"mine"} <= flags
    # A keyword that a client sets now gets a letter of its own.
    peer.store("1", "+FLAGS", "(third)")
    deliver(stage, [info])
    peer.noop()
    first = peer.fetch("1", "(FLAGS)")[1][0]
    assert b"mine" in first and b"third" in first and b"$Label1" not in first
    peer.logout()


def test_a_reply_leaves_through_postfix(stage, customer, sieve, box):
    info = customer.address("info", box)
    sender = f"anna@{customer.name}.world.example"
    sieve.login(box, PASSWORD)
    sieve.put("away", 'require "vacation"; vacation "gone fishing";')
    sieve.activate("away")
    letter = clients.letter(To=info)
    for _ in range(2):
        deliver(stage, [info], letter, sender=sender)
    [sent] = [m for m in clients.sunk(stage.place)
              if m["recipients"] == [sender]]
    assert sent["sender"] == "" and "gone fishing" in sent["message"]
    assert f"From: <{info}>" in sent["message"]


def test_a_redirect_to_another_of_our_mailboxes(stage, customer, sieve, box):
    """It comes back through the milter, which knows the way."""
    info = customer.address("info", box)
    other = customer.mailbox("other")
    target = customer.address("other", other)
    sieve.login(box, PASSWORD)
    sieve.put("on", f'redirect "{target}";')
    sieve.activate("on")
    deliver(stage, [info])
    assert customer.inbox(box) == []
    assert len(customer.inbox(other)) == 1

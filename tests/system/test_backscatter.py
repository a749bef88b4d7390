"""T10, T11: mail that goes in circles ends, and refusals hit who is on the
line, never a bystander whose address was forged."""

import pytest

from stage import STRANGER, clients

# -- T10: circles by way of elsewhere ----------------------------------------


def world(stage, routes, strips):
    """Servers elsewhere that send everything on: {what they get: where to}.
    Some take our marks off. Returns how many messages they got before it
    ended."""
    seen = outputs = 0
    while True:
        stage.settle()
        kept = clients.sunk(stage.place)
        if seen == len(kept):
            return outputs
        for message in kept[seen:]:
            for recipient in message["recipients"]:
                if recipient in routes:
                    outputs += 1
                    send_back(stage, message, routes[recipient], strips)
        seen = len(kept)


def send_back(stage, message, to, strips):
    lines = message["message"].encode("latin-1").split(b"\r\n")
    if strips:
        lines = [x for x in lines if not x.startswith(b"Delivered-To:")]
    stage.send([to], b"\r\n".join(lines), sender=message["sender"])


HOPS = "Received: by a.example; Tue, 24 Nov 2026 08:00:00 +0000\r\n" * 44


@pytest.mark.parametrize(
    "copies, strips, most",
    [
        (False, False, 2),  # each of ours sends on once
        (True, False, 4),  # and each target of each
        (False, True, 7),  # until 50 servers had it
    ],
)
def test_t10_two_addresses_and_two_servers_in_a_circle(
    stage, customer, copies, strips, most
):
    one, two = (f"{n}@{customer.domain}.elsewhere.example" for n in "xy")
    box = [customer.mailbox("abc")] * copies
    a = customer.address("a", one, *box)
    b = customer.address("b", two, *box)
    first = f"first@{customer.domain}.world.example"
    assert stage.send([a, b] if copies else [a], HOPS + clients.letter(),
                      sender=first) == {}
    outputs = world(stage, {one: b, two: a}, strips)
    assert 1 < outputs <= most
    assert stage.postfix.queue() == []


# -- T11: nobody is told of mail that he did not write -----------------------


@pytest.fixture
def refusing(edge):
    """An address for each reason not to take mail."""
    edge.query(
        "INSERT INTO hauspost.usage (mailbox, bytes, messages)"
        " VALUES ('xyz00-full', 20000, 1)"
        " ON CONFLICT (mailbox) DO UPDATE SET bytes = 20000"
    )
    edge.query(
        "INSERT INTO hauspost.forward_pause (package, address)"
        " VALUES ('xyz00', 'someone@elsewhere.example')"
    )
    edge.query(
        "INSERT INTO hauspost.alias (name, package) VALUES ('xyz00-f', 'xyz00');"
        "INSERT INTO hauspost.target (alias, destination)"
        " VALUES ('xyz00-f', 'xyz00-full')"
    )
    yield [
        ("nosuch@example.org", "550 5.1.1"),
        ("old@example.org", "550 5.1.1"),
        ("gone@example.org", "550 5.1.1"),
        ("nobody@example.org", "550 5.1.1"),
        ("away@example.org", "550 5.1.1"),
        ("full@example.org", "452 4.2.2"),
        ("xyz00-f@xyz00.hosting.example", "452 4.2.2"),
        ("locked@example.org", "450 4.2.1"),
        ("ring@example.org", "550 5.4.6"),
        ("x@nomail.example.org", "556 5.1.10"),
        ("SRS0=aaaa=JN=world.example=anna@example.org", "550 5.7.5"),
    ]
    edge.query("DELETE FROM hauspost.forward_pause")
    edge.query("DELETE FROM hauspost.alias WHERE name = 'xyz00-f'")


def attempts(edge, recipients, count):
    """(recipient, answer) of count messages, nine in a connection, which
    does not yet make Postfix slow."""
    for begin in range(0, count, 9):
        with edge.smtp(stranger=STRANGER) as peer:
            for number in range(begin, min(begin + 9, count)):
                recipient, _ = recipients[number % len(recipients)]
                peer.mail(f"bystander{number}@victim.example")
                yield recipient, clients.reply(*peer.rcpt(recipient))
                peer.rset()


def test_t11_a_thousand_messages_make_no_reports(edge, refusing):
    expected = dict(refusing)
    for recipient, answer in attempts(edge, refusing, 1000):
        assert answer.startswith(expected[recipient]), recipient
    edge.settle()
    assert edge.postfix.queue() == []
    assert not [
        kept for kept in clients.sunk(edge.place)
        if any("victim.example" in name for name in kept["recipients"])
    ]

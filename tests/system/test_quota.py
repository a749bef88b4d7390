"""How full a mailbox is, who knows it, and what happens when it is."""

from stage import clients, wait_for
from stage.customer import PASSWORD


def usage(stage, mailbox):
    """(octets, messages) as the directory knows them."""
    rows = stage.query(
        "SELECT bytes, messages FROM hauspost.usage WHERE mailbox = :'m'",
        m=mailbox,
    )
    return tuple(map(int, rows[0])) if rows else (0, 0)


def fill(stage, recipient, octets):
    body = ("x" * 78 + "\r\n") * (octets // 80)
    return stage.send([recipient], clients.letter("fill", body))


def filled(customer, mailbox):
    """How many of ours arrived; its owner may have been written to as well."""
    inbox = customer.inbox(mailbox)
    return sum(b"\r\nSubject: fill\r\n" in message for message in inbox)


def limit(stage, mailbox, octets):
    stage.query(
        "UPDATE hauspost.mailbox SET quota_hard_bytes = :'n'"
        " WHERE name = :'m'",
        m=mailbox,
        n=octets,
    )


def test_t113_at_the_hard_limit_others_still_receive(stage, customer):
    full, other = customer.mailbox("full"), customer.mailbox("other")
    to_full = customer.address("full", full)
    to_other = customer.address("other", other)
    assert fill(stage, to_full, 40_000) == {}
    stage.settle()
    wait_for(lambda: usage(stage, full)[1] == 1, "the delivery is counted")
    limit(stage, full, 30_000)
    assert fill(stage, to_full, 1000)[to_full].startswith("452 4.2.2")
    assert fill(stage, to_other, 1000) == {}
    limit(stage, full, 0)
    assert fill(stage, to_full, 1000) == {}
    stage.settle()
    assert filled(customer, full) == 2
    assert filled(customer, other) == 1


def test_what_does_not_fit_waits_in_the_queue(stage, customer):
    abc = customer.mailbox("abc", quota_hard_bytes=30_000)
    info = customer.address("info", abc)
    assert fill(stage, info, 40_000) == {}
    [waiting] = stage.settle()
    assert "4.2.2" in waiting["recipients"][0]["delay_reason"]
    assert filled(customer, abc) == 0
    limit(stage, abc, 100_000)
    stage.postfix.flush()
    wait_for(lambda: stage.postfix.queue() == [], "it is delivered now")
    assert filled(customer, abc) == 1


def test_t114_after_the_grace_it_is_refused_for_good(stage, customer):
    abc = customer.mailbox("abc", quota_bytes=1000, grace_days=7)
    info = customer.address("info", abc)
    assert fill(stage, info, 10_000) == {}
    stage.settle()
    wait_for(lambda: usage(stage, abc)[1] == 1, "the delivery is counted")
    assert fill(stage, info, 1000) == {}  # within its grace
    for days, answer in ((8, "452 4.2.2"), (30, "552 5.2.2")):
        stage.query(
            "UPDATE hauspost.usage SET over_since = now() - :'d'::interval"
            " WHERE mailbox = :'m'",
            m=abc,
            d=f"{days} days",
        )
        assert fill(stage, info, 1000)[info].startswith(answer)


def test_t115_zero_is_no_limit(stage, customer):
    abc = customer.mailbox("abc", quota_hard_bytes=0)
    info = customer.address("info", abc)
    for _ in range(3):
        assert fill(stage, info, 100_000) == {}
    stage.settle()
    assert filled(customer, abc) == 3


def test_a_delivery_and_an_imap_client_count_the_same(stage, customer):
    abc = customer.mailbox("abc", quota_hard_bytes=1_000_000)
    info = customer.address("info", abc)
    assert fill(stage, info, 30_000) == {}
    stage.settle()
    wait_for(lambda: usage(stage, abc)[1] == 1, "the delivery is counted")
    delivered = usage(stage, abc)
    peer = stage.imap(abc, PASSWORD)
    peer.append("INBOX", None, None, clients.letter("saved").encode())
    peer.logout()
    wait_for(lambda: usage(stage, abc)[1] == 2, "what IMAP saves is counted")
    peer = stage.imap(abc, PASSWORD)
    peer.select("INBOX")
    peer.store("2", "+FLAGS", "\\Deleted")
    peer.expunge()
    peer.logout()
    wait_for(lambda: usage(stage, abc) == delivered, "as before the saving")


def test_imap_refuses_to_save_over_the_limit(stage, customer):
    abc = customer.mailbox("abc", quota_hard_bytes=10_000)
    peer = stage.imap(abc, PASSWORD)
    big = clients.letter("big", "x" * 20_000 + "\r\n").encode()
    status, answer = peer.append("INBOX", None, None, big)
    assert status == "NO" and b"OVERQUOTA" in answer[0]
    peer.logout()

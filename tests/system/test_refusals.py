"""What is refused, when, and with which code and words."""

import contextlib
import imaplib
import smtplib

import pytest

from stage import STRANGER, clients, wait_for
from stage.customer import PASSWORD


def refusal(stage, recipient, **options):
    """What RCPT answers; '' when it accepts."""
    with stage.smtp(stranger=STRANGER, **options) as peer:
        peer.mail("anna@world.example")
        code, text = peer.rcpt(recipient)
        return "" if code == 250 else clients.reply(code, text)


def test_t025_strangers_may_not_relay(stage):
    assert refusal(stage, "anna@elsewhere.example").startswith("554 5.7.1")


def test_t025_a_deleted_domain_is_no_longer_ours(stage, customer):
    abc = customer.mailbox("abc")
    domain = customer.add_domain("gone")
    before = customer.address("before", abc, domain=domain)
    info = customer.address("info", abc, domain=domain)
    assert refusal(stage, before) == ""
    stage.query("DELETE FROM hauspost.domain WHERE name = :'d'", d=domain)
    # Not the same address again: an smtpd remembers, until it ends, in which
    # class it has found an address.
    assert refusal(stage, info).startswith("554 5.7.1")


def test_an_unknown_address(stage, customer):
    answer = refusal(stage, f"nosuch@{customer.domain}")
    assert answer.startswith("550 5.1.1")


def test_a_new_address_is_known_at_once(stage, customer):
    abc = customer.mailbox("abc")
    assert refusal(stage, f"info@{customer.domain}").startswith("550")
    customer.address("info", abc)
    assert refusal(stage, f"info@{customer.domain}") == ""


def test_t075_a_loop_is_named_to_us_not_to_strangers(stage, customer):
    a, b = (f"{customer.name}-{x}" for x in "ab")
    stage.query(
        "BEGIN;"
        "INSERT INTO hauspost.alias (name, package)"
        " VALUES (:'a', :'p'), (:'b', :'p');"
        "INSERT INTO hauspost.target (alias, destination)"
        " VALUES (:'a', :'b'), (:'b', :'a');"
        "COMMIT;",
        a=a,
        b=b,
        p=customer.name,
    )
    answer = refusal(stage, customer.address("ring", a))
    assert answer.startswith("550 5.4.6")
    assert a not in answer and b not in answer


def test_t086_an_address_that_has_no_recipient(stage, customer):
    answer = refusal(stage, customer.address("nobody", "nobody"))
    assert answer.startswith("550 5.1.1")
    assert "address has no recipient" in answer


def test_t091_a_target_that_is_gone(stage, customer):
    customer.mailbox("abc")
    info = customer.address("info", f"{customer.name}-abc")
    stage.query(
        "DELETE FROM hauspost.mailbox WHERE name = :'m'",
        m=f"{customer.name}-abc",
    )
    assert refusal(stage, info).startswith("550 5.1.1")


def test_a_locked_mailbox_waits(stage, customer):
    abc = customer.mailbox("abc")
    stage.query(
        "UPDATE hauspost.mailbox SET state = 'locked' WHERE name = :'m'", m=abc
    )
    answer = refusal(stage, customer.address("info", abc))
    assert answer.startswith("450 4.2.1")


def test_a_domain_that_takes_no_mail(stage, customer):
    domain = customer.add_domain("null", mode="null")
    answer = refusal(stage, f"anybody@{domain}")
    assert answer.startswith("556 5.1.10")


@pytest.mark.parametrize("kind", "mbox program forward bulk list reject".split())
def test_leaf_domains_are_no_addresses(stage, kind):
    answer = refusal(stage, f"xyz00-abc@{kind}.{stage.node}")
    assert answer.startswith(("550", "554"))


def test_leaf_domains_are_no_addresses_for_customers_either(stage, customer):
    abc = customer.mailbox("abc")
    info = customer.address("info", abc)
    with stage.smtp("submission", login=(abc, PASSWORD)) as peer:
        peer.mail(info)
        assert peer.rcpt(f"{abc}@mbox.{stage.node}")[0] // 100 == 5


def test_size_is_refused_at_mail_when_nothing_takes_it(stage):
    with stage.smtp(stranger=STRANGER) as peer:
        code, text = peer.mail("anna@world.example", ["size=200000000"])
    assert code == 552 and text.startswith(b"5.3.4")


def test_size_is_refused_at_the_end_when_no_leaf_takes_it(stage, customer):
    small = customer.mailbox("small", size_limit=10000)
    info = customer.address("info", small)
    big = clients.letter("big", "x" * 70 + "\r\n" * 2 + ("y" * 70 + "\r\n") * 500)
    assert stage.send([info], big)[""].startswith("552 5.3.4")


def test_size_drops_the_leaf_that_does_not_take_it(stage, customer):
    small = customer.mailbox("small", size_limit=10000)
    large = customer.mailbox("large")
    info = customer.address("info", small, large)
    big = clients.letter("big", ("y" * 70 + "\r\n") * 500)
    assert stage.send([info], big) == {}
    stage.settle()
    assert customer.inbox(small) == []
    assert len(customer.inbox(large)) == 1


def test_one_good_leaf_is_enough(stage, customer):
    abc = customer.mailbox("abc")
    gone = customer.mailbox("gone")
    info = customer.address("info", abc, gone)
    stage.query("DELETE FROM hauspost.mailbox WHERE name = :'m'", m=gone)
    assert refusal(stage, info) == ""


# -- Submission ---------------------------------------------------------------


@pytest.mark.parametrize("service", ["smtp", "submission", "submissions"])
def test_t130_customers_send_with_password(stage, customer, service):
    abc = customer.mailbox("abc")
    info = customer.address("info", abc)
    options = {"service": service, "login": (abc, PASSWORD), "stranger": None}
    assert stage.send([info], sender=info, **options) == {}
    stage.settle()
    assert len(customer.inbox(abc)) == 1


def test_t138_a_customer_relays_with_a_mailbox_login(stage, customer):
    abc = customer.mailbox("abc")
    info = customer.address("info", abc)
    to = f"friend@{customer.name}.elsewhere.example"
    options = {"service": "submission", "login": (abc, PASSWORD)}
    assert stage.send([to], sender=info, stranger=None, **options) == {}
    stage.settle()
    assert [to] in [kept["recipients"] for kept in clients.sunk(stage.place)]


def test_t132_no_password_before_tls(stage):
    for service in ("smtp", "submission"):
        with stage.smtp(service) as peer:
            assert "auth" not in peer.esmtp_features
            assert peer.docmd("AUTH", "PLAIN AGEAYg==")[0] in (503, 530, 538)


@pytest.mark.parametrize("service", ["submission", "submissions"])
def test_submission_wants_a_password(stage, service):
    with contextlib.closing(stage.smtp(service)) as peer:
        if service == "submission":
            peer.starttls(context=clients.tls(stage.place))
            peer.ehlo()
        peer.mail("anna@world.example")
        assert peer.rcpt("info@example.org")[0] // 100 == 5


def test_a_wrong_password(stage, customer):
    abc = customer.mailbox("abc")
    with pytest.raises(smtplib.SMTPAuthenticationError):
        stage.smtp("submission", login=(abc, "wrong"))


def test_the_reinjection_port_is_for_hauspost_alone(stage):
    """We are root here, and root is not one of Hauspost's system users."""
    with stage.smtp("reinject") as peer:
        code = peer.mail("anna@world.example")[0]
        if code == 250:
            code = peer.rcpt("someone@elsewhere.example")[0]
    assert code // 100 in (4, 5)


# -- The database is away -----------------------------------------------------


@pytest.fixture
def no_database(stage):
    stage.postgres.stop()
    yield
    stage.postgres.start()
    wait_for(lambda: can_login(stage), "Dovecot is connected again")


def can_login(stage):
    try:
        stage.imap("xyz00-abc", "xyz00-abc-secret").logout()
    except imaplib.IMAP4.error:
        return False
    return True


def test_t252_without_the_database_nothing_is_refused_for_good(
    stage, customer, request
):
    abc = customer.mailbox("abc")
    info = customer.address("info", abc)
    assert refusal(stage, info) == ""  # known from now on
    request.getfixturevalue("no_database")
    assert refusal(stage, info) == ""
    assert refusal(stage, f"other@{customer.domain}").startswith("451 4.")
    assert refusal(stage, "someone@never-seen.example").startswith("451 4.")

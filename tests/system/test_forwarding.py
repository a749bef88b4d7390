"""Mail that goes on to the rest of the world, and what comes back of it."""

import os
import pathlib
import smtplib

import pytest

import srs
from stage import SENDER, clients, wait_for
from stage.customer import PASSWORD


def sunk(stage, recipient):
    """What went out to an address, once everything is tried."""
    stage.settle()
    return [kept for kept in clients.sunk(stage.place)
            if recipient in kept["recipients"]]


class Forwarder:
    """A customer with away@ that goes on to one address elsewhere."""

    def __init__(self, stage, customer, target=None):
        self.stage, self.customer = stage, customer
        self.domain = customer.domain
        self.target = target or f"someone@{customer.name}.elsewhere.example"
        self.away = customer.address("away", self.target)

    def send(self, *more, sender=SENDER, text=None, **options):
        recipients = [self.away, *more]
        return self.stage.send(recipients, text, sender=sender, **options)

    def arrived(self):
        [kept] = sunk(self.stage, self.target)
        return kept

    def srs0(self, sender=SENDER, days_ago=0):
        key = srs.keys(self.stage)[0]
        return srs.srs0(key, sender, self.domain, days_ago)

    def bounce(self, to, sender=""):
        return self.stage.send([to], sender=sender)


@pytest.fixture
def forwarder(stage, customer):
    return Forwarder(stage, customer)


# -- Away --------------------------------------------------------------------


def test_a_forward_leaves_as_of_its_own_domain(forwarder):
    assert forwarder.send() == {}
    kept = forwarder.arrived()
    assert kept["sender"] == forwarder.srs0()
    forwarder.stage.trail(forwarder.away, "queued")
    [row] = forwarder.stage.query(
        "SELECT sender, why FROM hauspost.trail"
        " WHERE recipient = :'away' AND event = 'queued'",
        away=forwarder.away,
    )
    assert row == [SENDER, f"sent on as <{forwarder.srs0()}>"]


def test_the_trail_tells_the_sender_it_left_with(forwarder, customer):
    info = customer.address("info", customer.mailbox("abc"))
    assert forwarder.send(info) == {}
    forwarder.arrived()
    forwarder.stage.trail(forwarder.away, "forwarded")
    assert forwarder.stage.query(
        "SELECT why FROM hauspost.trail"
        " WHERE recipient = :'away' AND event = 'forwarded'",
        away=forwarder.away,
    ) == [[f"sent on as <{forwarder.srs0()}>"]]


def test_t071_beside_a_mailbox_it_takes_a_second_pass(forwarder, customer):
    abc = customer.mailbox("abc")
    both = customer.address("both", abc, forwarder.target)
    assert forwarder.stage.send([both]) == {}
    kept = forwarder.arrived()
    assert kept["sender"] == forwarder.srs0()
    assert f"\nDelivered-To: {both}\r\n" in kept["message"]
    [message] = customer.inbox(abc)
    assert f"Return-Path: <{SENDER}>".encode() in message


def test_a_mailbox_forwards_as_of_the_address_that_was_written(
    forwarder, customer
):
    abc = customer.mailbox("abc")
    customer.forward(abc, forwarder.target)
    info = customer.address("info", abc)
    chain = customer.address("chain", info, domain=customer.add_domain("sub"))
    assert forwarder.stage.send([chain]) == {}
    kept = forwarder.arrived()
    # The last address of ours on the way, in which all its forwards meet.
    assert kept["sender"] == forwarder.srs0()
    assert f"\nDelivered-To: {info}\r\n" in kept["message"]


def test_reports_are_wanted_as_before(forwarder):
    with forwarder.stage.smtp(stranger="192.0.2.25") as peer:
        peer.mail(SENDER, ["RET=HDRS", "ENVID=abc+2B1"])
        peer.rcpt(forwarder.away, ["NOTIFY=FAILURE,DELAY"])
        assert peer.data(clients.letter())[0] == 250
    mail, rcpt = forwarder.arrived()["options"]
    assert "RET=HDRS" in mail and "ENVID=abc+2B1" in mail
    assert "NOTIFY=FAILURE,DELAY" in rcpt


@pytest.mark.parametrize("sender", ["", "anna@{}"])
def test_the_null_sender_and_our_own_stay(forwarder, sender):
    sender = sender.format(forwarder.domain)
    assert forwarder.send(sender=sender) == {}
    assert forwarder.arrived()["sender"] == sender


@pytest.mark.parametrize(
    "sender",
    [
        '"an na"@world.example',
        "\"x'||pg_sleep(9)--\"@world.example",
        "b+c=d@world.example",
        "SRS2=a=b@world.example",
    ],
)
def test_odd_senders_find_their_way_back(forwarder, sender):
    assert forwarder.send(sender=sender) == {}
    srs0 = forwarder.arrived()["sender"]
    assert srs0.rpartition("@")[2] == forwarder.domain
    assert forwarder.bounce(srs0) == {}
    assert sunk(forwarder.stage, sender)[-1]["sender"] == ""


def test_a_sender_that_is_too_long_stays(forwarder):
    sender = "a" * 60 + "@" + ".".join(["d" * 60] * 3) + ".world.example"
    assert forwarder.send(sender=sender) == {}
    assert forwarder.arrived()["sender"] == sender


def test_another_domain_may_stand_for_it(forwarder):
    host = f"{forwarder.customer.name}.hosting.example"
    forwarder.stage.query(
        "UPDATE hauspost.domain SET srs_domain = :'host' WHERE name = :'name'",
        host=host,
        name=forwarder.domain,
    )
    assert forwarder.send() == {}
    srs0 = forwarder.arrived()["sender"]
    assert srs0 == srs.srs0(srs.keys(forwarder.stage)[0], SENDER, host)
    assert forwarder.bounce(srs0) == {}


# -- And back ----------------------------------------------------------------


def test_a_bounce_goes_to_the_first_sender(forwarder):
    sender = f"first@{forwarder.domain}.world.example"
    assert forwarder.bounce(forwarder.srs0(sender)) == {}
    [kept] = sunk(forwarder.stage, sender)
    assert kept["sender"] == ""


def test_a_target_that_refuses_is_reported_to_the_first_sender(stage, customer):
    sender = f"first@{customer.domain}.world.example"
    forwarder = Forwarder(stage, customer, "550-5.2.2@elsewhere.example")
    assert forwarder.send(sender=sender) == {}
    [kept] = sunk(stage, sender)
    assert kept["sender"] == ""
    assert "as you asked" in kept["message"]


def test_a_bounce_to_a_sender_of_ours_is_delivered(forwarder, customer):
    abc = customer.mailbox("abc")
    customer.address("info", abc)
    assert forwarder.bounce(forwarder.srs0(f"info@{customer.domain}")) == {}
    assert forwarder.stage.settle() == []
    assert len(customer.inbox(abc)) == 1


def test_an_answer_by_a_person_is_sent_on_in_its_turn(forwarder, customer):
    first = f"first@{customer.domain}.world.example"
    tim = f"tim@{customer.domain}.elsewhere.example"
    assert forwarder.bounce(forwarder.srs0(first), sender=tim) == {}
    [kept] = sunk(forwarder.stage, first)
    assert kept["sender"] == forwarder.srs0(tim)


def test_and_by_itself_where_others_get_it_too(forwarder, customer):
    abc = customer.mailbox("abc")
    info = customer.address("info", abc)
    first = f"first@{customer.domain}.world.example"
    tim = f"tim@{customer.domain}.elsewhere.example"
    back = forwarder.srs0(first)
    assert forwarder.stage.send([back, info], sender=tim) == {}
    [kept] = sunk(forwarder.stage, first)
    assert kept["sender"] == forwarder.srs0(tim)
    [message] = customer.inbox(abc)
    assert f"Return-Path: <{tim}>".encode() in message


@pytest.mark.parametrize(
    "days, answer",
    [(21, None), (-1, None), (22, "550 5.1.8"), (-3, "550 5.1.8")],
)
def test_an_old_sender_is_stale_and_a_clock_may_be_a_day_off(
    forwarder, days, answer
):
    back = forwarder.srs0(days_ago=days)
    refused = forwarder.bounce(back)
    if answer is None:
        assert refused == {}
    else:
        assert refused[back].startswith(answer)


def test_a_forged_sender_is_refused(forwarder):
    good = forwarder.srs0()
    for back in (
        srs.srs0(b"another key", SENDER, forwarder.domain),
        good.replace("=anna@", "=boss@"),
        f"SRS0=xxxx@{forwarder.domain}",
        srs.srs1(b"another key", good, forwarder.domain),
    ):
        refused = forwarder.bounce(back)
        assert refused[back].startswith("550 5.7.5"), back


def test_forwarders_of_other_kinds_are_understood(forwarder):
    first = "SRS0=aB2+=Xy=origin.example=user@postsrsd.example"
    assert forwarder.send(sender=first) == {}
    kept = forwarder.arrived()
    key = srs.keys(forwarder.stage)[0]
    assert kept["sender"] == srs.srs1(key, first, forwarder.domain)
    assert forwarder.bounce(kept["sender"]) == {}
    assert sunk(forwarder.stage, first)[-1]["sender"] == ""
    # A third forwarder does not make it longer.
    other = srs.srs1(b"his key", first, "third.example")
    assert forwarder.send(sender=other) == {}
    again = sunk(forwarder.stage, forwarder.target)[-1]
    assert again["sender"] == kept["sender"]


def test_a_new_key_signs_at_once_and_the_old_one_is_believed(forwarder):
    old = forwarder.srs0()
    forwarder.stage.query("SELECT hauspost.rotate_srs_key()")
    assert forwarder.srs0() != old

    def is_new():
        forwarder.send()
        return sunk(forwarder.stage, forwarder.target)[-1]["sender"] != old

    wait_for(is_new, "the new key signs")
    kept = sunk(forwarder.stage, forwarder.target)[-1]
    assert kept["sender"] == forwarder.srs0()
    assert forwarder.bounce(old) == {}


# -- Nothing is altered ------------------------------------------------------

ODD = (
    "From: anna\r\nSubject: =?x?=\r\n\tfolded  twice\r\nX-8: caf\xe9\r\n"
    "DKIM-Signature: v=1; b=x\r\n\r\n"
    "From the begin\r\n.\r\n..\r\n \t \r\n" + "long" * 400 + "\r\n\r\n\r\n"
)


@pytest.mark.parametrize("mixed", [False, True])
def test_a_signature_stays_valid(forwarder, customer, mixed):
    more = [customer.address("info", customer.mailbox("abc"))] * mixed
    # Not by XCLIENT: Postfix looks at who connects.
    port, stranger = forwarder.stage.place.port("smtp"), ("127.0.0.2", 0)
    with smtplib.SMTP("127.0.0.1", port, source_address=stranger) as peer:
        peer.ehlo("client.example")
        peer.mail(SENDER, ["BODY=8BITMIME"])
        for recipient in (forwarder.away, *more):
            peer.rcpt(recipient)
        assert peer.data(ODD.encode("latin-1"))[0] == 250
    message = forwarder.arrived()["message"]
    assert message.endswith(ODD), message
    added = message[: -len(ODD)]
    assert "From:" not in added and "Date:" not in added


# -- Loops -------------------------------------------------------------------


def test_t10_two_hosted_domains_in_a_circle_are_refused(stage, customer):
    other = customer.add_domain("other")
    customer.address("", f"@{other}")
    customer.address("", f"@{customer.domain}", domain=other)
    [answer] = stage.send([f"x@{other}"]).values()
    assert answer.startswith("550 5.4.6")


@pytest.mark.parametrize("mixed", [False, True])
def test_t10_a_circle_by_way_of_elsewhere_ends(forwarder, customer, mixed):
    """Elsewhere sends everything back, with its sender or with the one that
    it got."""
    more = [customer.address("info", customer.mailbox("abc"))] * mixed
    assert forwarder.send(*more) == {}
    kept = forwarder.arrived()
    again = kept["message"].encode("latin-1")
    for sender in (kept["sender"], "someone@elsewhere.example", ""):
        answer = forwarder.send(sender=sender, text=again)
        assert answer[""].startswith("554 5.4.6"), answer
    refused = forwarder.send(*more, sender=kept["sender"], text=again)
    assert list(refused.values()) == [] if mixed else [answer[""]]
    assert len(sunk(forwarder.stage, forwarder.target)) == 1


# -- Spam --------------------------------------------------------------------


@pytest.fixture
def clean(forwarder):
    """Its domain sends no spam on."""
    forwarder.stage.query(
        "UPDATE hauspost.domain SET forward_spam = false WHERE name = :'name'",
        name=forwarder.domain,
    )
    return forwarder


SPAM = clients.letter(X_Spam_Flag="YES")


def test_flagged_mail_is_not_sent_on_where_the_domain_says_so(clean):
    assert clean.send(text=SPAM)[""].startswith("550 5.7.0")
    assert clean.send() == {}
    assert "X-Spam" not in clean.arrived()["message"]


def test_but_a_mailbox_has_it_and_nobody_gets_a_report(clean, customer):
    abc = customer.mailbox("abc")
    sender = f"bystander@{customer.domain}.world.example"
    assert clean.send(customer.address("info", abc), sender=sender, text=SPAM) == {}
    assert sunk(clean.stage, clean.target) == []
    assert sunk(clean.stage, sender) == []
    assert len(customer.inbox(abc)) == 1


@pytest.mark.parametrize("name", [".dovecot.sieve", ".forward"])
def test_nor_by_what_its_owner_wrote(clean, customer, name):
    abc = customer.mailbox("abc", allow_forward_file="true")
    to = f"{name[1:]}@{customer.domain}.elsewhere.example"
    text = f'redirect "{to}";' if "sieve" in name else f"{to}\n"
    [[home]] = clean.stage.query(
        "SELECT home FROM hauspost.mailbox WHERE name = :'abc'", abc=abc
    )
    own = pathlib.Path(home, name)
    own.write_text(text)
    os.chown(own, own.parent.stat().st_uid, own.parent.stat().st_gid)
    info = customer.address("info", abc)
    assert clean.stage.send([info], SPAM) == {}
    assert sunk(clean.stage, to) == []
    assert len(customer.inbox(abc)) == 1
    assert clean.stage.send([info]) == {}
    assert len(sunk(clean.stage, to)) == 1
    assert len(customer.inbox(abc)) == 1


# -- Gone --------------------------------------------------------------------


def test_a_target_that_is_gone_pauses_its_forwards(stage, customer):
    gone = f"550-5.1.1@{customer.domain}.elsewhere.example"
    forwarder = Forwarder(stage, customer, gone)

    def bounces():
        return stage.query(
            "SELECT sum(bounces) FROM hauspost.forward_bounce"
            " WHERE address = :'gone'",
            gone=gone,
        )

    for count, days_ago in enumerate((4, 2, 1, 0), 1):
        assert forwarder.send() == {}
        wait_for(lambda: bounces() == [[str(count)]], f"bounce {count} counts")
        stage.query(
            "UPDATE hauspost.forward_bounce SET day = day - :'days'::int"
            " WHERE day = current_date AND address = :'gone'",
            days=days_ago,
            gone=gone,
        )
    assert forwarder.send() == {}
    wait_for(lambda: forwarder.send(), "it is paused")
    [answer] = forwarder.send().values()
    assert answer.startswith("550 5.1.1")
    assert stage.query(
        "SELECT count(*) FROM hauspost.notice WHERE subject = :'gone'",
        gone=gone,
    ) == [["1"]]


# -- Submission --------------------------------------------------------------


def test_t138_a_members_own_server_relays_with_a_login(stage, customer):
    abc = customer.mailbox("abc")
    info = customer.address("info", abc)
    to = f"somebody@{customer.domain}.world.example"
    for service in ("smtp", "submission"):
        with stage.smtp(service, login=(abc, PASSWORD)) as peer:
            peer.sendmail(info, [to], clients.letter(From=info))
    first, second = sunk(stage, to)
    assert first["sender"] == second["sender"] == info
    rows = stage.trail(to, "queued")
    assert {(row[3], row[4]) for row in rows} == {("regular", abc)}


# -- The directory away ------------------------------------------------------


def test_t252_an_outage_stops_no_forward(edge):
    """Keys and domain are remembered; that nobody can say whose the sender's
    domain is does not matter."""
    assert edge.send(["away@example.org"]) == {}
    edge.settle()
    edge.postgres.stop()
    try:
        sender = "late@unasked.example"
        assert edge.send(["away@example.org"], sender=sender) == {}
        [waiting] = edge.settle()  # for Postfix to learn the way to there
        back = waiting["sender"]
        assert back.endswith("=unasked.example=late@example.org")
        [answer] = edge.send([back], sender="").values()
        assert answer.startswith("451"), answer
    finally:
        edge.postgres.start()
    wait_for(lambda: edge.send([back], sender="") == {}, "it is back")
    edge.postfix.flush()
    wait_for(lambda: edge.postfix.queue() == [], "all has left")
    assert sunk(edge, sender)

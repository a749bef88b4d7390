"""What customers send: as whom, how large, how much; SCENARIOS 5."""

import pwd
import subprocess
import sys
import textwrap

import pytest

from command import Command
from stage import STRANGER, clients, wait_for
from stage.clients import letter, reply
from stage.customer import PASSWORD, Customer


def can_send(customer):
    """Its mailbox abc can send as info@ its domain."""
    customer.abc = customer.mailbox("abc")
    customer.info = customer.address("info", customer.abc)
    return customer


@pytest.fixture
def sender(customer):
    """Has sent nothing yet."""
    return can_send(customer)


@pytest.fixture(scope="module")
def writer(stage):
    """Has no limits of its own: for what is not about budgets."""
    return can_send(Customer(stage))


def submit(customer, recipients, text=None, sender=None, **options):
    """All that was refused, as Stage.send() tells it."""
    options = {
        "service": "submission",
        "login": (customer.abc, PASSWORD),
        "stranger": None,
    } | options
    sender = customer.info if sender is None else sender
    return customer.stage.send(recipients, text, sender=sender, **options)


def refused_at_mail(customer, sender):
    with customer.stage.smtp("submission", login=(customer.abc, PASSWORD)) as p:
        return reply(*p.mail(sender))


def limit(customer, most, period="1 hour", **more):
    more = {"mailbox": customer.abc} | more
    columns = {"most": most, "period": period} | more
    columns = {k: v for k, v in columns.items() if v is not None}
    customer._insert("send_limit", **columns)


def world(customer, name="friend"):
    return f"{name}@{customer.name}.elsewhere.example"


def sunk(customer, recipient):
    customer.stage.settle()
    return [
        kept
        for kept in clients.sunk(customer.stage.place)
        if recipient in kept["recipients"]
    ]


# -- As whom -----------------------------------------------------------------


def test_a_refused_sender_hears_what_it_may_use(writer):
    answer = refused_at_mail(writer, "boss@world.example")
    assert answer == (
        f"550 5.7.1 {writer.abc} may not send as this address, but as"
        f" {writer.info}"
    )
    assert refused_at_mail(writer, f"info+x@{writer.domain}")[:3] == "250"
    assert refused_at_mail(writer, "")[:3] == "250"
    wait_for(
        lambda: writer.stage.query(
            "SELECT 1 FROM hauspost.trail WHERE login = :'m'"
            " AND event = 'sender-refused'",
            m=writer.abc,
        ),
        "the trail has it",
    )


def test_a_grant_counts_at_once_and_so_does_its_end(writer):
    assert refused_at_mail(writer, "boss@world.example")[:3] == "550"
    writer._insert("sender_grant", mailbox=writer.abc, sender="@world.example")
    wait_for(
        lambda: refused_at_mail(writer, "boss@world.example")[:3] == "250",
        "the grant is known",
    )
    writer.stage.query(
        "DELETE FROM hauspost.sender_grant WHERE mailbox = :'m'", m=writer.abc
    )
    wait_for(
        lambda: refused_at_mail(writer, "boss@world.example")[:3] == "550",
        "its end is known",
    )


AUTHORS = [
    ("From: {info}", None),
    ("From: \"Boss\" <{info}>", None),
    ("From: =?utf-8?q?B=C3=B6ss?= <INFO@{domain}>", None),
    ("From: {info}, Info <info+x@{domain}>", None),
    ("From: boss@world.example", "550 5.7.1 From: "),
    ("From: {info}, boss@world.example", "550 5.7.1 From: "),
    ("From: {info} <boss@world.example>", "550 5."),
    ("From: {info}\r\nFrom: boss@world.example", "550 5.6.0"),
    ("From: {info}\r\nfrom : {info}", "550 5.6.0"),
    ("From: nobody at all", "550 5."),
    ("From: undisclosed:;", "550 5.6.0"),
    ("From:", "550 5.6.0"),
    ("From: <" + "x" * 9000 + "@{domain}>", "550 5."),
]


def test_the_header_names_the_author_truly(writer):
    for header, code in AUTHORS:
        header = header.format(info=writer.info, domain=writer.domain)
        text = f"{header}\r\nTo: friend\r\n\r\nhello\r\n"
        answer = submit(writer, [world(writer)], text)
        if code is None:
            assert answer == {}, header
        else:
            assert answer[""].startswith(code), header


def test_t138_the_server_of_a_customer_sends_for_its_domain(writer):
    """The package's admin, from a machine of its own."""
    writer.stage.query(
        "SELECT hauspost.set_password(:'m', :'p')", m=writer.name, p=PASSWORD
    )
    text = letter(From=f"anybody@{writer.domain}", Received="from x by y")
    options = {"login": (writer.name, PASSWORD), "stranger": STRANGER}
    to = [world(writer), world(writer, "other")]
    anybody = f"somebody-else@{writer.domain}"
    assert submit(writer, to, text, anybody, service="smtp", **options) == {}
    assert sunk(writer, world(writer))


def test_the_least_limit_of_sender_and_domain_counts(sender):
    sender.stage.query(
        "UPDATE hauspost.domain SET size_limit = 20000 WHERE name = :'d'",
        d=sender.domain,
    )
    big = letter(body=("y" * 70 + "\r\n") * 500, From=sender.info)
    with sender.stage.smtp("submission", login=(sender.abc, PASSWORD)) as peer:
        answer = reply(*peer.mail(sender.info, ["SIZE=30000"]))
        assert answer.startswith("552 5.3.4 message of 30000 octets")
        peer.mail(sender.info)
        peer.rcpt(world(sender))
        assert reply(*peer.data(big)).startswith("552 5.3.4")


def test_t134_an_attachment_of_90_megabytes(stage):
    line = b"x" * 76 + b"\r\n"
    body = line * (90 * 2**20 * 4 // 3 // 76)
    text = letter().encode() + body
    with stage.smtp(stranger=STRANGER) as peer:
        assert peer.mail("anna@world.example", [f"SIZE={len(text)}"])[0] == 250
        assert peer.rcpt("drop@example.org")[0] == 250
        assert peer.data(text)[0] == 250


# -- How much ----------------------------------------------------------------


def test_a_budget_counts_recipients_and_says_when_it_is_free(sender):
    limit(sender, 2)
    three = [world(sender, f"n{i}") for i in range(3)]
    answer = submit(sender, three)
    assert list(answer) == [three[2]]
    assert answer[three[2]].startswith(
        f"450 4.7.1 limit of 2 recipients in an hour for {sender.abc} is"
        " reached, free again at 20"
    )
    rows = "SELECT owner FROM hauspost.notice WHERE subject = :'m' ORDER BY 1"
    wait_for(
        lambda: sender.stage.query(rows, m=sender.abc)
        == [[sender.name], [sender.abc]],
        "owner and admin are told",
    )


def test_messages_are_refused_at_mail(sender):
    limit(sender, 1, counts="messages")
    assert submit(sender, [world(sender)]) == {}
    assert refused_at_mail(sender, sender.info).startswith("450 4.7.1 limit of")


def test_what_was_not_sent_does_not_count(sender):
    limit(sender, 1)
    with sender.stage.smtp("submission", login=(sender.abc, PASSWORD)) as peer:
        for _ in range(3):
            peer.mail(sender.info)
            assert peer.rcpt(world(sender))[0] == 250
            peer.rset()
    bad = letter(From="boss@world.example")
    assert "" in submit(sender, [world(sender)], bad)
    assert submit(sender, [world(sender)]) == {}
    assert submit(sender, [world(sender)]) != {}


def test_new_recipients_are_counted_once(sender):
    limit(sender, 2, "1 day", counts="new")
    for name in ("a", "b", "a", "b"):
        assert submit(sender, [world(sender, name)]) == {}
    answer = submit(sender, [world(sender, "c")])
    assert "limit of 2 new recipients in a day" in answer[world(sender, "c")]


def test_counts_survive_a_restart_and_are_shared(sender):
    stage = sender.stage
    limit(sender, 100)
    milter = stage.programs["hauspost-milter"]
    assert submit(sender, [world(sender)]) == {}
    milter.stop()
    stage.start_program("hauspost-milter")
    used = stage.query(
        "SELECT used FROM hauspost.spending(:'m')"
        " WHERE period = '1 hour' AND counts = 'recipients' AND most = 100",
        m=sender.abc,
    )
    assert used == [["1"]]  # the rest of the block came back


def test_held_mail_waits_for_an_admin(sender):
    stage = sender.stage
    limit(sender, 0, over="hold")
    for name in ("one", "two", "three"):
        assert submit(sender, [world(sender, name)]) == {}
    hauspost = Command(
        stage.postgres,
        "hauspost",
        postfix=stage.postfix.config,
        postfix_bulk="",  # runs in test_bulk.py only
    )
    wait_for(
        lambda: len(held(hauspost, sender)) == 3, "the trail has all three"
    )
    first, second, third = held(hauspost, sender)
    assert first["sender"] == sender.info and first["recipients"] == 1
    assert first["why"].startswith("limit of 0 recipients in an hour")
    assert first["id"] in hauspost("quarantine", "list").stdout
    assert sunk(sender, world(sender, "one")) == []

    hauspost("quarantine", "release", first["id"])
    wait_for(lambda: sunk(sender, world(sender, "one")), "it goes out")
    hauspost("quarantine", "drop", second["id"])
    assert held(hauspost, sender) == [third]
    assert "nothing of that" in hauspost.refused(
        "quarantine", "release", first["id"], code=67
    )
    hauspost.refused("quarantine", "drop", code=64)
    hauspost("quarantine", "drop", "--login", sender.abc)
    assert held(hauspost, sender) == []
    events = {step["event"] for step in hauspost.json("trail", first["id"])}
    assert {"held", "queued", "released"} <= events
    wait_for(
        lambda: stage.query(
            "SELECT 1 FROM hauspost.notice WHERE subject = :'m'", m=sender.abc
        ),
        "the owner is told",
    )


def held(hauspost, sender):
    return hauspost.json("quarantine", "list", "--login", sender.abc)


def test_without_the_database_no_mail_leaves_uncounted(sender):
    stage = sender.stage
    assert submit(sender, [world(sender)]) == {}
    with stage.smtp("submission", login=(sender.abc, PASSWORD)) as peer:
        stage.postgres.stop()
        try:
            answers = [reply(*peer.mail(sender.info))]
            answers.append(reply(*peer.rcpt(world(sender, "another"))))
        finally:
            stage.postgres.start()
    assert all(a[0] != "5" or a.startswith("503") for a in answers)
    assert answers[1][:3] in ("450", "451", "503")


# -- Programs on this machine ------------------------------------------------


def as_uid(stage, uid, sender, recipient, author):
    talk = textwrap.dedent(
        """
        import smtplib, sys
        port, sender, recipient, author = sys.argv[1:]
        peer = smtplib.SMTP("127.0.0.1", int(port), timeout=60)
        peer.ehlo("client.example")
        for step in (lambda: peer.mail(sender), lambda: peer.rcpt(recipient),
                     lambda: peer.data(f"From: {author}\\r\\n\\r\\nhello\\r\\n")):
            code, said = step()
            if code != 250:
                break
        print(code, said.decode())
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", talk, str(stage.place.port("smtp"))]
        + [sender, recipient, author],
        user=uid,
        group=uid,
        extra_groups=[],
        cwd="/",
        text=True,
        capture_output=True,
        check=True,
    )
    return done.stdout


def uid_of(customer):
    [[uid]] = customer.stage.query(
        "SELECT uid FROM hauspost.mailbox WHERE name = :'m'", m=customer.abc
    )
    return int(uid)


def test_t135_a_program_has_the_rights_and_the_budget_of_its_user(sender):
    stage, uid = sender.stage, uid_of(sender)
    limit(sender, 1)
    answer = as_uid(stage, uid, sender.info, world(sender), "boss@x.example")
    assert answer.startswith("550 5.7.1 From: ")
    answer = as_uid(stage, uid, "boss@x.example", world(sender), sender.info)
    assert answer.startswith("550 5.7.1 ")
    answer = as_uid(stage, uid, sender.info, world(sender), sender.info)
    assert answer.startswith("250")
    answer = as_uid(stage, uid, sender.info, world(sender), sender.info)
    assert answer.startswith("450 4.7.1 limit of 1 recipients")


def test_the_machines_own_name_is_replaced_by_one_that_passes_spf(writer):
    own = f"{writer.abc}@{writer.stage.node}"
    to = world(writer, "spf")
    assert as_uid(writer.stage, uid_of(writer), own, to, own)[:3] == "250"
    [kept] = sunk(writer, to)
    assert kept["sender"] == writer.info
    assert f"From: {own}" in kept["message"]


def test_a_user_without_mailbox_is_one_of_this_machine(stage):
    uid = pwd.getpwnam("nobody").pw_uid
    to = "stray@world.example"
    for sender, author in (
        ("info@example.org", f"nobody@{stage.node}"),
        (f"nobody@{stage.node}", "info@example.org"),
    ):
        answer = as_uid(stage, uid, sender, to, author)
        assert answer.startswith("550 5.7.1 ")
        assert "this Unix user has no mailbox here" in answer
    own = f"nobody@{stage.node}"
    assert as_uid(stage, uid, own, to, own)[:3] == "250"


# -- Bad input ---------------------------------------------------------------


ODD = [
    "\"x' OR 1=1 --\"@example.org",
    "'; DROP TABLE hauspost.mailbox; --@example.org",
    '"a\\\\"@example.org',
    "a@[192.0.2.1]",
    "x" * 300 + "@example.org",
    "@@example.org",
    "uid:0",
]


def test_odd_senders_are_refused_in_order(writer):
    for path in ODD:
        answer = refused_at_mail(writer, path)
        assert answer[:3] in ("501", "550", "553"), (path, answer)


def test_10000_recipients_end_in_a_clear_answer(sender):
    with sender.stage.smtp("submission", login=(sender.abc, PASSWORD)) as peer:
        peer.mail(sender.info)
        codes = set()
        for number in range(1100):
            code, _ = peer.rcpt(world(sender, f"r{number}"))
            codes.add(code)
    assert codes <= {250, 450, 452}

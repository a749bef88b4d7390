"""The bulk server: a second Postfix of its own, and what is moved there."""

import subprocess

import pytest

from command import Command
from stage import clients, wait_for
from stage.clients import letter, reply
from stage.customer import PASSWORD, Customer


@pytest.fixture(scope="module")
def bulk(stage):
    stage.bulk.start()
    yield stage.bulk
    stage.bulk.stop()


@pytest.fixture(scope="module")
def sender(stage, bulk):
    customer = Customer(stage)
    customer.abc = customer.mailbox("abc")
    customer.info = customer.address("info", customer.abc)
    return customer


def login(sender, service="submission"):
    return sender.stage.smtp(service, login=(sender.abc, PASSWORD))


def world(sender, name):
    return f"{name}@{sender.name}.elsewhere.example"


def choose(sender, bulk):
    """What becomes of newsletters; known once the milter has heard it."""
    sender.stage.query(
        "UPDATE hauspost.package SET bulk = :'bulk' WHERE name = :'name'",
        bulk=bulk,
        name=sender.name,
    )


def newsletter(sender, **headers):
    return letter("news", "hello\r\n", From=sender.info, **headers)


def sent_by_bulk(sender, recipient):
    """What the world got for it, and the line of the bulk server's log."""
    wait_for(
        lambda: f"to=<{recipient}>" in sender.stage.bulk.maillog.read_text(),
        "the bulk server sends it",
    )
    wait_for(
        lambda: any(
            recipient in kept["recipients"]
            for kept in clients.sunk(sender.stage.place)
        ),
        "it is there",
    )


def trail(sender, recipient):
    def rows():
        found[:] = sender.stage.query(
            "SELECT class, event, login FROM hauspost.trail"
            " WHERE recipient = :'r' OR message_id = (SELECT message_id"
            "  FROM hauspost.trail WHERE recipient = :'r' LIMIT 1)",
            r=recipient,
        )
        return found

    found = []
    wait_for(rows, "the trail has it")
    return found


@pytest.mark.parametrize("service", ["smtp", "submission", "submissions"])
def test_t131_the_ports_for_newsletters(sender, service):
    to = world(sender, service)
    with login(sender, f"bulk_{service}") as peer:
        peer.sendmail(sender.info, [to], newsletter(sender))
    sent_by_bulk(sender, to)
    assert ["bulk", "queued", sender.abc] in trail(sender, to)


@pytest.mark.parametrize("service", ["bulk_smtp", "bulk_submission"])
def test_they_are_for_logins_only(sender, service):
    with sender.stage.smtp(service) as peer:
        peer.mail(sender.info)
        code, _ = peer.rcpt(sender.info)
        assert code // 100 == 5


def test_they_have_budgets_of_their_own(sender):
    columns = {"mailbox": sender.abc, "period": "1 hour", "most": 0}
    sender._insert("send_limit", **{"class": "bulk"}, **columns)
    with login(sender, "bulk_submission") as peer:
        peer.mail(sender.info)
        answer = reply(*peer.rcpt(world(sender, "x")))
    sender.stage.query("DELETE FROM hauspost.send_limit WHERE most = 0")
    assert answer.startswith("550 5.7.1 limit of 0 recipients")
    with login(sender) as peer:
        peer.sendmail(sender.info, [world(sender, "y")], newsletter(sender))


def test_what_it_holds_is_released_in_its_own_queue(sender):
    to = world(sender, "held")
    columns = {"mailbox": sender.abc, "period": "1 hour", "most": 0}
    sender._insert(
        "send_limit", **{"class": "bulk", "over": "hold"}, **columns
    )
    with login(sender, "bulk_submission") as peer:
        peer.sendmail(sender.info, [to], newsletter(sender))
    sender.stage.query("DELETE FROM hauspost.send_limit WHERE most = 0")
    hauspost = Command(
        sender.stage.postgres,
        "hauspost",
        postfix=sender.stage.postfix.config,
        postfix_bulk=sender.stage.bulk.config,
    )
    wanted = ("quarantine", "list", "--login", sender.abc)
    wait_for(lambda: hauspost.json(*wanted), "the trail has it")
    [held] = hauspost.json(*wanted)
    hauspost("quarantine", "release", held["id"])
    sent_by_bulk(sender, to)


def test_it_has_a_name_of_its_own(sender):
    names = {
        postfix.name: postfix.command("postconf", "-xh", "smtp_helo_name")
        for postfix in (sender.stage.postfix, sender.stage.bulk)
    }
    assert names == {
        "postfix": f"{sender.stage.node}\n",
        "postfix-bulk": f"news.{sender.stage.node}\n",
    }


def test_t139_500_recipients_are_moved_and_local_ones_stay(sender):
    recipients = [world(sender, f"n{i}") for i in range(499)] + [sender.info]
    with login(sender) as peer:
        assert peer.sendmail(sender.info, recipients, newsletter(sender)) == {}
    sent_by_bulk(sender, recipients[0])
    sent_by_bulk(sender, recipients[498])
    rows = trail(sender, recipients[0])
    assert ["regular", "moved", sender.abc] in rows
    sender.stage.settle()
    assert sender.inbox(sender.abc)
    [[used]] = sender.stage.query(
        "SELECT used FROM hauspost.spending(:'m') WHERE class = 'bulk'"
        " AND counts = 'recipients'",
        m=sender.abc,
    )
    assert int(used) >= 500


@pytest.mark.parametrize(
    "header",
    [{"List_Unsubscribe": "<mailto:x@y.example>"}, {"Precedence": "bulk"}],
)
def test_what_says_that_it_is_bulk_is_moved(sender, header):
    to = world(sender, *header)
    with login(sender) as peer:
        peer.sendmail(sender.info, [to], newsletter(sender, **header))
    sent_by_bulk(sender, to)


def test_a_burst_of_messages_is_a_newsletter(sender):
    with login(sender) as peer:
        for number in range(62):
            to = world(sender, f"burst{number}")
            peer.sendmail(sender.info, [to], newsletter(sender))
    sent_by_bulk(sender, world(sender, "burst61"))
    log = sender.stage.bulk.maillog.read_text()
    assert f"to=<{world(sender, 'burst1')}>" not in log


def test_or_refused_naming_the_port_as_the_package_chose(sender):
    choose(sender, "refuse")
    text = newsletter(sender, Precedence="list")
    with login(sender) as peer:
        peer.mail(sender.info)
        peer.rcpt(world(sender, "refused"))
        answer = reply(*peer.data(text))
        assert answer.startswith("550 5.7.1 message is bulk by its header")
        assert "port 4587" in answer
        peer.mail(sender.info)
        answers = [peer.rcpt(world(sender, f"m{i}")) for i in range(101)]
    assert {code for code, _ in answers[:100]} == {250}
    assert reply(*answers[100]).startswith("550 5.7.1 more than 100 recipients")
    choose(sender, "leave")
    with login(sender) as peer:
        peer.sendmail(sender.info, [world(sender, "left")], text)
    sender.stage.settle()
    assert f"to=<{world(sender, 'left')}>" in (
        sender.stage.postfix.maillog.read_text()
    )
    choose(sender, "move")


def test_without_the_bulk_server_it_waits(sender):
    to = world(sender, "waits")
    sender.stage.bulk.stop()
    with login(sender) as peer:
        peer.sendmail(
            sender.info, [to], newsletter(sender, Precedence="bulk")
        )
    [left] = sender.stage.settle()
    assert "@bulk." in left["recipients"][0]["address"]
    sender.stage.bulk.start()
    sender.stage.postfix.flush()
    sent_by_bulk(sender, to)


def test_the_inlet_is_for_postfix_alone(sender):
    with sender.stage.smtp("bulk_reinject") as peer:
        assert reply(*peer.mail(sender.info)).startswith("550 5.7.1")


def test_only_root_may_use_the_side_door(sender):
    done = subprocess.run(
        ["/usr/sbin/sendmail", "-C", sender.stage.postfix.config, "a@b.example"],
        input="Subject: x\n\n",
        user="nobody",
        text=True,
        capture_output=True,
        cwd="/",
    )
    assert done.returncode != 0
    assert sender.stage.postfix.sendmail(letter(), sender.info) == 0

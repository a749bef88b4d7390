"""Who may send as what, and how much: the functions in SQL."""

import concurrent.futures

import pytest

from directory import Directory
from stage import ROOT

ABC, TIM = "xyz00-abc", "abc00-tim"


@pytest.fixture
def sending(directory):
    directory.alias("xyz00-team", ABC, "xyz00-office")
    directory.address("info", ABC)
    directory.address("team", "xyz00-team")
    directory.address("away", "someone@elsewhere.example")
    directory.address("old", ABC, valid_until="2020-01-01")
    return directory


def may(directory, login, sender):
    return directory.one(
        "SELECT * FROM hauspost.may_send(%s, %s)", login, sender
    )


@pytest.mark.parametrize(
    "login, sender",
    [
        (ABC, "info@example.org"),
        (ABC, "INFO@Example.Org"),
        (ABC, "info+shop@example.org"),
        (ABC, "team@example.org"),
        ("xyz00-office", "team@example.org"),
        (ABC, "xyz00-abc@xyz00.hosting.example"),
        (ABC, "xyz00-abc@h01.hosting.example"),
        (ABC, ""),
        # The package's admin: every address of its domains, known or not.
        ("xyz00", "info@example.org"),
        ("xyz00", "never-heard-of@example.org"),
    ],
)
def test_a_mailbox_sends_as_what_leads_to_it(sending, login, sender):
    assert may(sending, login, sender).code == 250


@pytest.mark.parametrize(
    "login, sender",
    [
        ("xyz00-office", "info@example.org"),
        (ABC, "old@example.org"),
        (ABC, "away@example.org"),
        (ABC, "someone@elsewhere.example"),
        (ABC, "info@example.com"),
        (ABC, "xyz00@example.org"),
        (ABC, "xyz00-office@h01.hosting.example"),
        ("xyz00", "tim@example.com"),
        ("nobody-knows", "info@example.org"),
        ("nobody-knows", ""),
        (ABC, "\"info@example.org' OR '1'='1\"@example.org"),
        (ABC, "no address"),
    ],
)
def test_and_as_nothing_else(sending, login, sender):
    row = may(sending, login, sender)
    assert (row.code, row.dsn) == (550, "5.7.1")


def test_a_refusal_names_what_is_allowed(sending):
    assert may(sending, ABC, "x@example.org").reply == (
        "xyz00-abc may not send as this address, but as info@example.org,"
        " team@example.org"
    )
    for number in range(4):
        sending.address(f"n{number}", "xyz00-office")
    assert may(sending, "xyz00-office", "x@example.org").reply.endswith(
        "n0@example.org, n1@example.org, n2@example.org and others"
    )


def test_grants_are_for_an_address_or_a_domain(sending):
    for sender in "boss@example.org", "@partner.example":
        sending.insert("sender_grant", mailbox=ABC, sender=sender)
    for sender in "Boss+x@example.org", "any@partner.example":
        assert may(sending, ABC, sender).code == 250
    for sender in "bos@example.org", "any@sub.partner.example":
        assert may(sending, ABC, sender).code == 550
    assert may(sending, TIM, "boss@example.org").code == 550


def test_the_machines_own_names_get_a_sender_that_has_a_domain(sending):
    row = may(sending, ABC, "xyz00-abc@h01.hosting.example")
    assert row.instead == "info@example.org"
    row = may(sending, TIM, "abc00-tim@abc00.hosting.example")
    assert row.instead == "postmaster@example.com"
    assert may(sending, ABC, "info@example.org").instead is None


def test_an_alias_of_its_name_takes_a_mailbox_its_mail_not_its_name(sending):
    sending.alias(ABC, "someone@elsewhere.example")
    assert may(sending, ABC, "xyz00-abc@h01.hosting.example").code == 250
    assert may(sending, ABC, "info@example.org").code == 550


def test_the_least_size_limit_counts(sending):
    sending.run("UPDATE hauspost.mailbox SET size_limit = 5000"
                " WHERE name = 'xyz00-abc'")
    assert may(sending, ABC, "info@example.org").size_limit == 5000
    sending.run("UPDATE hauspost.domain SET size_limit = 3000"
                " WHERE name = 'example.org'")
    assert may(sending, ABC, "info@example.org").size_limit == 3000
    assert may(sending, "xyz00", "info@example.org").size_limit == 3000


def test_an_answer_names_what_would_change_it(sending):
    keys = may(sending, ABC, "nosuch@example.org").keys
    assert {"name:xyz00-abc", "address:nosuch@example.org"} <= set(keys)
    assert "domain:example.org" in keys


def test_an_account_is_found_by_name_and_by_uid(sending):
    [[uid]] = sending.run(
        "SELECT uid FROM hauspost.mailbox WHERE name = 'xyz00-abc'"
    )
    for who in ABC, f"uid:{uid}":
        row = sending.one("SELECT * FROM hauspost.account(%s)", who)
        assert (row.mailbox, row.package, row.bulk) == (ABC, "xyz00", "move")
        assert row.locked is False
    for who in "uid:33", "uid:99999999999", "uid:x", "'", "nosuch":
        row = sending.one("SELECT * FROM hauspost.account(%s)", who)
        assert row.mailbox is None and row.changes_at is not None


def test_leaves_for_the_bulk_server_come_back_as_addresses(sending):
    addresses = ["anna@world.example", '"a b"@world.example']
    row = sending.one(
        "SELECT hauspost.bulk_leaves(%s, 'h01.hosting.example') AS leaves",
        addresses,
    )
    back = [sending.leaf(leaf) for leaf in row.leaves]
    assert [leaf.kind for leaf in back] == ["bulk", "bulk"]
    assert [leaf.address for leaf in back] == addresses


# -- Budgets -----------------------------------------------------------------


@pytest.fixture
def budgets(directory):
    directory.run("DELETE FROM hauspost.send_limit")
    return directory


def limit(directory, most, period="1 hour", **more):
    directory.insert("send_limit", most=most, period=period, **more)


def borrow(directory, account=ABC, n=1, counts="recipients", of="regular"):
    return directory.one(
        "SELECT * FROM hauspost.borrow(%s, %s, %s, %s)", account, of, counts, n
    )


def later(directory, period):
    """What was sent before is older now."""
    directory.run(
        "UPDATE hauspost.spent SET slot = slot - %s::interval", period
    )


def test_without_a_limit_everything_is_granted(budgets):
    row = borrow(budgets)
    assert row.code == 250 and row.granted > 100_000


def test_a_limit_is_reached_and_says_when_it_is_free(budgets):
    limit(budgets, 3, mailbox=ABC)
    assert [borrow(budgets).granted for _ in range(4)] == [1, 1, 1, 0]
    row = borrow(budgets)
    assert (row.code, row.dsn, row.hold) == (450, "4.7.1", False)
    assert row.reply.startswith(
        "limit of 3 recipients in an hour for xyz00-abc is reached, free"
        " again at 20"
    )
    assert borrow(budgets, TIM).code == 250


def test_a_period_slides(budgets):
    limit(budgets, 3, mailbox=ABC)
    borrow(budgets, n=2)
    later(budgets, "40 minutes")
    borrow(budgets)
    assert borrow(budgets).code == 450
    later(budgets, "22 minutes")
    assert borrow(budgets, n=2).granted == 2
    assert borrow(budgets).code == 450


def test_a_clock_that_was_a_day_ahead_forbids_nothing(budgets):
    limit(budgets, 1, mailbox=ABC)
    borrow(budgets)
    later(budgets, "-1 day")
    assert [borrow(budgets).code, borrow(budgets).code] == [250, 450]


def test_several_milters_lend_no_more_than_there_is(postgres, database):
    """Each asks on a connection of its own, all at once."""
    postgres.run_file(ROOT / "sql" / "demo.sql", database)
    postgres.query(
        "INSERT INTO hauspost.send_limit (package, period, most)"
        " VALUES ('xyz00', '1 hour', 60)",
        database,
    )

    def milter(name):
        peer = Directory(postgres.conninfo(database))
        peer.connection.autocommit = True
        got = sum(borrow(peer, name).granted for _ in range(40))
        peer.close()
        return got

    names = [ABC, "xyz00", "xyz00-fred", ABC]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        assert sum(pool.map(milter, names)) == 60


def test_several_periods_count_at_once(budgets):
    limit(budgets, 2, "1 minute", mailbox=ABC)
    limit(budgets, 3, "1 day", mailbox=ABC)
    assert borrow(budgets, n=2).code == 250
    assert "a minute" in borrow(budgets).reply
    later(budgets, "2 minutes")
    assert borrow(budgets).code == 250
    assert "a day" in borrow(budgets).reply


def test_a_package_counts_together_and_each_mailbox_for_itself(budgets):
    limit(budgets, 5, package="xyz00")
    limit(budgets, 3, package="xyz00", each=True)
    assert borrow(budgets, n=3).code == 250
    assert "for xyz00-abc" in borrow(budgets).reply
    assert borrow(budgets, "xyz00", n=2).code == 250
    assert "for package xyz00" in borrow(budgets, "xyz00").reply


def test_the_nearest_default_counts(budgets):
    limit(budgets, 1, each=True)
    assert borrow(budgets, n=2).code == 550
    limit(budgets, 2, package="xyz00", each=True)
    assert borrow(budgets, n=2).code == 250
    limit(budgets, 4, "1 day", mailbox=ABC)
    assert borrow(budgets, n=4).code == 250
    assert borrow(budgets, "xyz00-office", n=3).code == 550
    assert borrow(budgets, TIM, n=2).code == 550


def test_classes_and_counts_are_apart(budgets):
    limit(budgets, 1, mailbox=ABC)
    limit(budgets, 1, mailbox=ABC, counts="messages")
    limit(budgets, 1, mailbox=ABC, **{"class": "bulk"})
    assert borrow(budgets).code == 250
    assert borrow(budgets, counts="messages").code == 250
    assert borrow(budgets, of="bulk").code == 250
    assert borrow(budgets, counts="messages").code == 450


def test_zero_is_none_at_all(budgets):
    limit(budgets, 0, package="xyz00", **{"class": "bulk"})
    row = borrow(budgets, of="bulk")
    assert (row.code, row.dsn) == (550, "5.7.1")


def test_a_large_limit_lends_a_block_and_takes_back_what_is_left(budgets):
    limit(budgets, 1000, mailbox=ABC)
    limit(budgets, 2000, package="xyz00")
    row = borrow(budgets)
    assert row.granted == 20
    budgets.run(
        "SELECT hauspost.give_back(%s, '{regular}', '{recipients}',"
        " ARRAY[%s]::timestamptz[], '{15}')",
        [ABC],
        row.at,
    )
    left = budgets.run("SELECT subject, n FROM hauspost.spent ORDER BY 1")
    assert [tuple(r) for r in left] == [("package:xyz00", 5), (ABC, 5)]


def test_hold_where_every_full_limit_says_so(budgets):
    limit(budgets, 1, mailbox=ABC, over="hold")
    borrow(budgets)
    assert borrow(budgets).hold is True
    limit(budgets, 1, package="xyz00")
    borrow(budgets, "xyz00")
    assert borrow(budgets).hold is False


def test_not_more_is_held_than_somebody_looks_through(budgets):
    limit(budgets, 0, mailbox=ABC, over="hold")
    assert borrow(budgets).hold is True
    for _ in range(100):
        budgets.insert("trail", login=ABC, event="held")
    assert borrow(budgets).hold is False


def test_a_recipient_is_new_once(budgets):
    limit(budgets, 2, "1 day", mailbox=ABC, counts="new")

    def meet(address):
        return budgets.one(
            "SELECT * FROM hauspost.meet(%s, 'regular', %s)", ABC, address
        )

    for address in "a@b.example", "A@b.example", "c@b.example", "c@b.example":
        assert meet(address).code == 250
    row = meet("d@b.example")
    assert (row.code, row.dsn) == (450, "4.7.1")
    assert "2 new recipients in a day" in row.reply
    assert meet("a@b.example").code == 250


def test_an_admin_sees_what_is_used(budgets):
    limit(budgets, 10, mailbox=ABC)
    borrow(budgets, n=4)
    row = budgets.one("SELECT subject, most, used FROM hauspost.spending(%s)", ABC)
    assert (row.subject, row.most, row.used) == (ABC, 10, 4)


def test_a_limit_is_of_the_mailbox_package(budgets):
    with budgets.refused('package "abc00"', 'write "xyz00"'):
        limit(budgets, 1, mailbox=ABC, package="abc00")


# -- Trail -------------------------------------------------------------------


def trail(directory, wanted, package=None):
    rows = directory.run(
        "SELECT event FROM hauspost.trail_of(%s, %s, 100)", wanted, package
    )
    return [row.event for row in rows]


def test_a_trail_by_any_of_its_names(directory):
    common = {"message_id": "<m1@x.example>", "login": ABC}
    directory.insert("trail", queue_id="A1", event="queued", sender="a@b.org",
                     recipient="c@d.org", **common)
    directory.insert("trail", queue_id="B2", event="stored", package="abc00",
                     message_id="<m1@x.example>", recipient="c@d.org")
    directory.insert("trail", queue_id="C3", event="other")
    for name in "A1", "B2", "<m1@x.example>", "m1@x.example", "c@d.org":
        assert sorted(trail(directory, name)) == ["queued", "stored"], name
    assert "queued" in trail(directory, "a@b.org")
    assert trail(directory, "A1", "xyz00") == ["queued"]
    assert trail(directory, "A1", "abc00") == ["stored"]
    assert trail(directory, "nosuch") == []


def test_the_trail_is_forgotten_in_time(directory):
    directory.run("INSERT INTO hauspost.trail (event, at) SELECT 'x',"
                  " now() - make_interval(days => d) FROM generate_series"
                  " (1, 9) AS d")
    assert directory.one("SELECT hauspost.forget(5, 3) AS n").n == 3
    assert directory.one("SELECT hauspost.forget(5, 3) AS n").n == 1
    assert directory.one("SELECT count(*) AS n FROM hauspost.trail").n == 5

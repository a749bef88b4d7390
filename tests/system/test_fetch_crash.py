"""Whatever is killed while mail is fetched, each message comes once."""

import random
import time

import pytest
from fetch_rig import letter
from stage import wait_for

KILLS = 10
EACH = 60  # messages that come between two kills


FETCHER, LMTPD = 1, 2


def kill(fetch, victims):
    if victims & FETCHER:
        fetch.fetcher.kill()
    if victims & LMTPD:
        fetch.programs["hauspost-lmtpd"].kill()


def start(fetch, victims):
    if victims & LMTPD:
        fetch.start_program("hauspost-lmtpd")
    if victims & FETCHER:
        fetch.start_fetcher()


def come(fetch, account):
    """How many have come until now."""
    return len(fetch.files(account.mailbox))


def has_run(fetch, account):
    """Who was killed may still hold the mailbox there for a moment."""
    fetch.query("SELECT hauspost.fetch_ask(:'a', 'run')", a=account.id)
    fetch.settled(account)
    return account.state()["state"] == "ok"


def until_come(fetch, account, some):
    """Without the pauses of wait_for(): a kill a moment later hits nothing."""
    deadline = time.monotonic() + 60
    while come(fetch, account) < some:
        assert time.monotonic() < deadline, some
        time.sleep(0.002)


# T-15.2: ten kills, each while messages are on their way. Files are counted
# at the end: none is missing, none is there twice.
@pytest.mark.parametrize("leave", ["none", "0"])
@pytest.mark.parametrize("protocol", ["pop3", "imap"])
def test_kills_lose_and_double_nothing(fetch, protocol, leave):
    there = fetch.remote.account()
    here = fetch.account(there, protocol, "--leave", leave)
    in_the_middle = 0
    for round in range(KILLS):
        sent, victims = EACH * round, 1 + round % 3
        there.put(*(letter(sent + n, body="x" * 3000) for n in range(EACH)))
        some = come(fetch, here) + random.randrange(1, EACH // 3)
        fetch.query("SELECT hauspost.fetch_ask(:'a', 'run')", a=here.id)
        until_come(fetch, here, some)
        kill(fetch, victims)
        in_the_middle += come(fetch, here) < sent + EACH
        start(fetch, victims)
    wait_for(lambda: has_run(fetch, here), "a run that nothing disturbs")
    fetch.run(here)
    assert fetch.subjects(here.mailbox) == list(range(EACH * KILLS))
    assert len(there.files()) == (EACH * KILLS if leave == "none" else 0)
    assert in_the_middle > KILLS // 2

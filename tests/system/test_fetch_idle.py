"""Accounts that wait at their server for new mail."""

import pytest
from fetch_peer import CAPS
from fetch_rig import letter
from stage import wait_for


@pytest.fixture
def waiting(fetch):
    """A fetcher in which some may wait."""
    fetch.set(idle_sessions_max=2, idle_reissue="1s")
    yield fetch
    fetch.query("UPDATE hauspost.fetch_account SET idle = false WHERE idle")
    fetch.set(idle_sessions_max=0, idle_reissue="9m")


def idles(fetch, account):
    return fetch.query(
        "SELECT 1 FROM hauspost.fetch_state WHERE account = :'a'"
        " AND idle_since IS NOT NULL AND locked_until > now()", a=account.id)


def begins(fetch, account):
    wait_for(lambda: idles(fetch, account), f"{account.id} waits there")


def came(fetch, account, subjects):
    wait_for(lambda: fetch.subjects(account.mailbox) == subjects,
             f"{subjects} have come")


def test_new_mail_comes_at_once(waiting):
    """Nothing else would look for 20 minutes; folders that are not watched
    are looked at when the wait is begun anew."""
    there = waiting.remote.account()
    there.put(letter(1), folder="Other")
    here = waiting.account(there, "imap", "--folders", "{INBOX,Other}")
    begins(waiting, here)
    there.put(letter(2))
    came(waiting, here, [1, 2])
    there.put(letter(3), folder="Other")
    came(waiting, here, [1, 2, 3])
    assert here.state()["state"] == "ok"
    assert not here.state()["running"]


def test_who_waits_does_what_is_wanted(waiting):
    there = waiting.remote.account()
    here = waiting.account(there, "imap")
    begins(waiting, here)
    there.put(letter(1))
    waiting.run(here)
    assert waiting.subjects(here.mailbox) == [1]
    begins(waiting, here)
    assert "all is well" in waiting.cli("fetch", "test", str(here.id))
    begins(waiting, here)
    waiting.cli("fetch", "pause", str(here.id))
    wait_for(lambda: not idles(waiting, here), "it has gone away")
    waiting.cli("fetch", "resume", str(here.id))
    begins(waiting, here)
    waiting.cli("fetch", "remove", str(here.id))


def test_only_so_many_wait(waiting):
    """Those for whom there is no place are looked at from time to time."""
    accounts = [waiting.account(waiting.remote.account()) for _ in range(3)]
    for account in accounts:
        waiting.settled(account)
    wait_for(lambda: sum(len(idles(waiting, a)) for a in accounts) == 2,
             "two of them wait")
    [third] = [a for a in accounts if not idles(waiting, a)]
    assert third.state()["state"] == "ok"


def test_who_waits_when_the_fetcher_stops_is_looked_at_again(waiting):
    there = waiting.remote.account()
    here = waiting.account(there)
    begins(waiting, here)
    waiting.fetcher.kill()
    there.put(letter(1))
    waiting.start_fetcher()
    came(waiting, here, [1])


def test_a_server_that_hangs_up_on_who_waits_is_not_broken(waiting, hostile):
    def idle(peer, tag, _):
        peer.say("+ idling", "* BYE you have waited long enough")
        raise ConnectionError

    here, server = hostile("imap", lambda peer: peer.imap(
        b"{tag} OK\r\n", caps=CAPS + " IDLE", IDLE=idle))
    wait_for(lambda: not idles(waiting, here), "it has hung up")
    state = here.state()
    assert (state["state"], state["code"]) == ("ok", None)
    assert any("IDLE" in line for line in server.heard)


def test_a_server_without_idle_is_asked_from_time_to_time(waiting, hostile):
    here, server = hostile("imap", lambda peer: peer.imap(b"{tag} OK\r\n"))
    assert here.state()["state"] == "ok" and not idles(waiting, here)
    assert not any("IDLE" in line for line in server.heard)

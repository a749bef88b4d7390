"""Mail from accounts at other providers comes here, once."""

import pytest
from fetch_rig import letter


@pytest.mark.parametrize("tls", ["implicit", "starttls", "none"])
@pytest.mark.parametrize("protocol", ["pop3", "imap"])
def test_a_mailbox_is_fetched_and_stays(fetch, protocol, tls):
    there = fetch.remote.account()
    there.put(*(letter(n) for n in range(5)))
    here = fetch.account(there, protocol, tls=tls)
    fetch.run(here)
    assert fetch.subjects(here.mailbox) == [0, 1, 2, 3, 4]
    assert len(there.files()) == 5
    there.put(letter(5))
    fetch.run(here)
    fetch.run(here)
    assert fetch.subjects(here.mailbox) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("protocol", ["pop3", "imap"])
def test_what_was_fetched_is_deleted_there(fetch, protocol):
    there = fetch.remote.account()
    there.put(*(letter(n) for n in range(250)))
    here = fetch.account(there, protocol, "--leave", "0")
    fetch.run(here)
    assert fetch.subjects(here.mailbox) == list(range(250))
    assert there.files() == []
    assert here.state()["fetched"] == 250


def test_a_message_says_where_it_came_from(fetch):
    there = fetch.remote.account()
    there.put(letter(1, body="a\n.\n..b\n.\nMAIL FROM:<x@y.example>"))
    here = fetch.account(there, "pop3")
    fetch.run(here)
    [mail] = fetch.mails(here.mailbox)
    assert mail["Return-Path"] == "<anna@world.example>"
    assert mail["X-Original-To"] == f"{here.mailbox}@{fetch.node}"
    assert mail["X-Hauspost-Fetched"].startswith(f"account={here.id}; uid=")
    assert "POP3S" in mail.get_all("Received")[1]
    assert mail.get_payload() == "a\n.\n..b\n.\nMAIL FROM:<x@y.example>\n"

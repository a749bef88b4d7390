"""Accounts elsewhere: logging in, secrets, renamed messages, what goes wrong."""

import datetime
import email.utils
import os
import subprocess

import pytest
from fetch_rig import PASSWORD, letter


@pytest.mark.parametrize(
    "auth", ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"]
)
@pytest.mark.parametrize("protocol", ["pop3", "imap"])
def test_each_way_to_log_in(fetch, protocol, auth):
    here = fetch.account(
        fetch.remote.account(), protocol, "--auth", auth, mailbox=fetch.box
    )
    assert "all is well" in fetch.cli("fetch", "test", str(here.id))


@pytest.mark.parametrize("protocol, auth", [
    ("pop3", "USER"), ("pop3", "APOP"), ("imap", "USER")])
def test_old_ways_to_log_in(fetch, protocol, auth):
    here = fetch.account(
        fetch.remote.account(), protocol, "--auth", auth, mailbox=fetch.box
    )
    assert "all is well" in fetch.cli("fetch", "test", str(here.id))


@pytest.mark.parametrize("protocol", ["pop3", "imap"])
def test_a_wrong_password_is_said_and_tried_three_times(fetch, protocol):
    here = fetch.account(fetch.remote.account(), protocol, password="wrong")
    fetch.settled(here)
    assert here.state()["state"] == "failing"
    for refusals in (1, 2):
        fetch.query(
            "UPDATE hauspost.fetch_state SET refusals = :'n', next_run = now()"
            " WHERE account = :'a'",
            n=refusals,
            a=here.id,
        )
        fetch.settled(here)
    state = here.state()
    assert state["state"] == "stopped" and state["next_run"] == "infinity"
    assert state["code"] == "AUTH" and "Passwort" in state["problem"]
    [[body]] = fetch.query(
        "SELECT body FROM hauspost.notice WHERE owner = :'m'", m=here.mailbox
    )
    assert "können nicht abgeholt werden" in body
    fetch.cli("fetch", "secret", str(here.id), stdin=PASSWORD + "\n")
    fetch.settled(here)
    assert here.state()["state"] == "ok"
    assert ["fetch-ok"] in fetch.query(
        "SELECT kind FROM hauspost.notice WHERE owner = :'m'", m=here.mailbox
    )


def test_what_is_wrong_is_said_in_plain_words(fetch):
    there = fetch.remote.account()
    here = fetch.account(there, mailbox=fetch.box)
    for options, code in {
        ("--port", "25"): "BLOCKED_HOST",
        ("--host", "127.0.0.2", "--pins", ""): "TLS_CERT",
        ("--host", "no-such-host.invalid"): "DNS",
        ("--pins", "sha256//" + "A" * 43 + "="): "TLS_PIN",
    }.items():
        fetch.cli("fetch", "set", str(here.id), "--host", "127.0.0.1",
                  "--port", str(there.remote.ports["imaps"]), "--pins", "",
                  *options)
        fetch.cli("fetch", "secret", str(here.id), stdin=PASSWORD + "\n")
        said = fetch.cli("fetch", "test", str(here.id), code=69)
        assert f"({code}:" in said, said


# T-15.7
def test_a_secret_serves_its_own_server_only(fetch):
    there = fetch.remote.account()
    here = fetch.account(there, mailbox=fetch.box)
    fetch.settled(here)
    [[before]] = fetch.query(
        "SELECT secret FROM hauspost.fetch_account WHERE id = :'i'", i=here.id
    )
    said = fetch.cli("fetch", "set", str(here.id), "--host", "127.0.0.2")
    assert "its secret belonged to the old server" in said
    fetch.query(
        "UPDATE hauspost.fetch_account SET secret = :'s' WHERE id = :'i'",
        s=before,
        i=here.id,
    )
    assert "(SECRET:" in fetch.cli("fetch", "test", str(here.id), code=69)


def test_the_database_holds_no_secret(fetch):
    here = fetch.account(fetch.remote.account(), mailbox=fetch.box)
    fetch.settled(here)
    dump = subprocess.run(
        ["pg_dump", "-U", "postgres", "-h", fetch.postgres.socket, "hauspost"],
        capture_output=True,
        check=True,
    ).stdout
    assert b"fetch_account" in dump
    hidden = PASSWORD.encode()
    assert hidden not in dump and hidden.hex().encode() not in dump
    for name, text in fetch.logs().items():
        assert PASSWORD not in text, name


def test_larger_messages_stay(fetch):
    there = fetch.remote.account()
    there.put(letter(1), letter(2, body="x" * 200_000), letter(3))
    here = fetch.account(there, "pop3", "--max-size", "100K", "--leave", "0")
    fetch.run(here)
    assert fetch.subjects(here.mailbox) == [1, 3]
    assert len(there.files()) == 1
    assert here.state()["too_large"] == 1


def test_a_message_that_does_not_fit_in_memory(fetch):
    body = "\n".join(f"line {n}" for n in range(60_000))
    for protocol in ("pop3", "imap"):
        there = fetch.remote.account()
        there.put(letter(1, body=body))
        here = fetch.account(there, protocol)
        fetch.run(here)
        [mail] = fetch.mails(here.mailbox)
        assert mail.get_payload() == body + "\n"


def test_a_folder_of_its_own(fetch):
    there = fetch.remote.account()
    there.put(letter(1), folder="Entw&APw-rfe")
    here = fetch.account(
        there, "imap", "--folders", '{INBOX,"Entwürfe"}', "--folder", "Von dort/Ä"
    )
    fetch.query("SELECT hauspost.fetch_ask(:'a', 'run')", a=here.id)
    fetch.run(here)
    assert len(fetch.files(here.mailbox, ".Von dort.&AMQ-/cur")
               + fetch.files(here.mailbox, ".Von dort.&AMQ-/new")) == 1


def test_mail_that_goes_round_stays_there(fetch):
    there = fetch.remote.account()
    there.put(
        letter(1, X_Hauspost_Fetched="account=1\nX-Hauspost-Fetched: account=2"
               "\nX-Hauspost-Fetched: account=3")
    )
    here = fetch.account(there, "pop3", "--leave", "0")
    fetch.run(here)
    assert fetch.mails(here.mailbox) == []
    assert len(there.files()) == 1
    assert "round in circles" in here.state()["given_up"][0]


# T-15.4
def test_uids_that_mean_other_messages_are_compared(fetch):
    there = fetch.remote.account()
    there.put(*(letter(n) for n in range(5)))
    here = fetch.account(there, "imap")
    fetch.run(here)
    (there.inbox / "dovecot-uidlist").unlink()  # makes another UIDVALIDITY
    for index in there.inbox.glob("dovecot.index*"):
        index.unlink()
    there.put(letter(5))
    fetch.run(here)
    assert fetch.subjects(here.mailbox) == [0, 1, 2, 3, 4, 5]
    assert len(fetch.query(
        "SELECT DISTINCT uidvalidity FROM hauspost.fetch_item"
        " WHERE account = :'a'", a=here.id)) == 2


def test_a_pop3_server_that_names_all_anew(fetch):
    there = fetch.remote.account()
    there.put(*(letter(n) for n in range(60)))
    here = fetch.account(there, "pop3")
    fetch.run(here)
    fetch.query(
        "UPDATE hauspost.fetch_item SET uid = 'old' || uid"
        " WHERE account = :'a'", a=here.id)
    there.put(letter(60))
    fetch.run(here)
    assert fetch.subjects(here.mailbox) == list(range(61))


def test_an_old_uid_for_another_message(fetch):
    there = fetch.remote.account()
    there.put(letter(1), letter(2))
    here = fetch.account(there, "pop3")
    fetch.run(here)
    fetch.query(  # as if 2 had been gone, and its uid were 1's now
        "UPDATE hauspost.fetch_item SET absent_since = now(),"
        " hash = CASE WHEN uid = (SELECT max(uid) FROM hauspost.fetch_item"
        "  WHERE account = :'a') THEN 'another' ELSE hash END"
        " WHERE account = :'a'", a=here.id)
    fetch.run(here)
    assert fetch.subjects(here.mailbox) == [1, 2, 2]


def test_only_fresh_mail_is_answered(fetch):
    """What had lain at the other provider gets no automatic reply."""
    mailbox = fetch.customer().mailbox("in")
    fetch.query(
        "INSERT INTO hauspost.vacation (mailbox, reply) VALUES (:'m', 'away')",
        m=mailbox,
    )
    there = fetch.remote.account()
    now = email.utils.format_datetime(datetime.datetime.now(datetime.UTC))
    for number, (sender, date) in enumerate({
        "old@world.example": "Tue, 24 Nov 2020 08:00:00 +0000",
        "unknown@world.example": None,
        "new@world.example": now,
    }.items()):
        there.put(letter(
            number,
            Return_Path=f"<{sender}>",
            Received=date and f"from a by b with SMTP id 1; {date}",
            From=sender,
            To=f"{mailbox}@{fetch.node}",
        ))
    fetch.run(fetch.account(there, mailbox=mailbox))
    assert len(fetch.mails(mailbox)) == 3
    answered = [mail["recipients"] for mail in fetch.sunk()]
    assert answered == [["new@world.example"]]


def test_a_whole_account_is_copied(fetch):
    """Folders, flags and dates, as they are there; what came since as well."""
    there = fetch.remote.account()
    there.put(letter(1), letter(2))
    there.put(letter(3), folder="Sent")
    there.put(letter(4), folder="Entw&APw-rfe.2026")
    seen = sorted((there.inbox / "new").iterdir())[0]
    os.utime(seen, (1500000000, 1500000000))
    seen.rename(there.inbox / "cur" / f"{seen.name}:2,FS")
    mailbox = fetch.customer().mailbox("in")
    said = fetch.cli(
        "fetch", "import", mailbox, f"{there.name}@world.example",
        *("--host", "127.0.0.1", "--port", str(there.remote.ports["imaps"])),
        *("--login", there.name), stdin=PASSWORD + "\n")
    table = [line.split() for line in said.splitlines()]
    assert ["INBOX", "2", "2", "0", "0"] in table
    assert ["Entw\xfcrfe.2026", "1", "1", "0", "0"] in table
    [flagged] = fetch.files(mailbox, "cur")
    assert flagged.name.startswith("1500000000.")
    assert flagged.name.endswith(":2,FS")
    assert len(fetch.files(mailbox)) == 1
    for folder in (".Sent", ".Entw&APw-rfe.2026"):
        assert len(fetch.files(mailbox, f"{folder}/new")
                   + fetch.files(mailbox, f"{folder}/cur")) == 1
    [[id]] = fetch.query(
        "SELECT id FROM hauspost.fetch_account WHERE mailbox = :'m'",
        m=mailbox)
    there.put(letter(5))
    fetch.cli("fetch", "run", id)
    fetch.cli("fetch", "run", id)
    assert len(fetch.mails(mailbox)) == 3


def test_a_mailbox_of_many_messages_is_compared_at_once(fetch):
    """No time is measured: a plan that compares each with each would take
    hours, and the statement has 60 seconds."""
    here = fetch.account(fetch.remote.account(), "pop3", mailbox=fetch.box)
    fetch.settled(here)
    listing = (
        "SELECT count(*) FROM (SELECT array_agg('u' || n ORDER BY n) AS uids,"
        " array_agg(10::bigint) AS sizes FROM generate_series(1, 30000) AS n)"
        " AS l, hauspost.fetch_list(:'a', '', 0, uids, sizes, true, false)"
    )
    fetch.query("SET statement_timeout = '60s'")
    for _ in range(2):
        assert fetch.query(listing, a=here.id) == [["30000"]]
    fetch.query(
        "UPDATE hauspost.fetch_item SET state = 'delivered',"
        " delivered_at = now() WHERE account = :'a'", a=here.id)
    assert fetch.query(listing, a=here.id) == [["0"]]
    fetch.query("RESET statement_timeout")
    fetch.query(
        "DELETE FROM hauspost.fetch_item WHERE account = :'a'", a=here.id)


def test_a_run_that_has_ended_is_not_renewed(fetch):
    """The renewal of all that run may be under way when one of them ends."""
    here = fetch.account(fetch.remote.account(), "pop3")
    fetch.run(here)
    fetch.query(
        "SELECT hauspost.fetch_renew('h01.hosting.example', ARRAY[:'a'::bigint])",
        a=here.id,
    )
    assert fetch.query(
        "SELECT locked_until FROM hauspost.fetch_state WHERE account = :'a'",
        a=here.id,
    ) == [[None]]

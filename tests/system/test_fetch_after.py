"""What becomes of messages at the other provider, and what its owner is told."""

import pytest
from fetch_peer import CAPS
from fetch_rig import letter


def body(number):
    text = b"Subject: x\r\n\r\nx\r\n"
    return b"* %d FETCH (UID %d BODY[] {%d}\r\n%s)\r\n" % (
        number, number, len(text), text)


TWO = body(1) + body(2) + b"{tag} OK\r\n"


def folder_files(there, folder):
    return [*(there.inbox / folder / "new").iterdir(),
            *(there.inbox / folder / "cur").iterdir()]


def test_what_was_fetched_is_moved_there(fetch):
    """The folder is made where there is none, and comes back to nobody."""
    there = fetch.remote.account()
    there.put(*(letter(n) for n in range(3)))
    here = fetch.account(
        there, "imap", "--move-to", "Geholt.Ältere", "--folders", "{*}")
    fetch.run(here)
    fetch.run(here)
    assert here.state()["leave_days"] == 0
    assert fetch.subjects(here.mailbox) == [0, 1, 2]
    assert there.files() == []
    assert len(folder_files(there, ".Geholt.&AMQ-ltere")) == 3


def test_what_was_fetched_is_marked_as_read(fetch):
    there = fetch.remote.account()
    there.put(letter(1), letter(2))
    here = fetch.account(there, "imap", "--mark-read", "yes")
    fetch.run(here)
    assert all(path.name.endswith(":2,S") for path in there.files())
    assert len(there.files()) == 2


def test_a_server_without_move_copies_and_deletes(fetch, hostile):
    here, server = hostile(
        "imap", lambda peer: peer.imap(TWO), "--move-to", "Old")
    assert here.state()["code"] is None
    verbs = [line.partition(" ")[2] for line in server.heard]
    at = verbs.index('UID COPY 1:2 "Old"')
    assert verbs[at + 1:at + 3] == [
        "UID STORE 1:2 +FLAGS.SILENT (\\Deleted)", "UID EXPUNGE 1:2"]


@pytest.mark.parametrize("verb", ["MOVE", "COPY"])
def test_the_folder_to_move_to_is_made_when_the_server_asks(
    fetch, hostile, verb
):
    """RFC 3501 7.1: [TRYCREATE]. Not before, and once."""
    made = []

    def move(peer, tag, _):
        peer.say(f"{tag} OK" if made else f"{tag} NO [TRYCREATE] no such folder")

    def create(peer, tag, rest):
        made.append(rest)
        peer.say(f"{tag} OK")

    caps = CAPS + " MOVE" * (verb == "MOVE")
    here, server = hostile("imap", lambda peer: peer.imap(
        TWO, caps=caps, CREATE=create, **{verb: move}), "--move-to", "Älter")
    assert here.state()["code"] is None
    assert made == ['CREATE "&AMQ-lter"']
    said = [line.partition(" ")[2] for line in server.heard]
    assert said.count(f'UID {verb} 1:2 "&AMQ-lter"') == 2


def test_a_folder_that_can_not_be_made_deletes_nothing(fetch, hostile):
    no = "{} NO [TRYCREATE] no such folder".format
    here, server = hostile("imap", lambda peer: peer.imap(
        TWO, COPY=lambda p, tag, _: p.say(no(tag)),
        CREATE=lambda p, tag, _: p.say(f"{tag} NO not allowed")),
        "--move-to", "Old")
    assert here.state()["code"] == "PROTOCOL"
    assert "Deleted" not in "\n".join(server.heard)
    assert len(fetch.mails(here.mailbox)) == 2


def test_gmail_moves_what_is_deleted_to_the_trash(fetch, hostile):
    def folders(peer, tag, _):
        peer.say('* LIST (\\HasNoChildren) "/" "INBOX"',
                 '* LIST (\\HasNoChildren \\Trash) "/" "[Gmail]/Papierkorb"',
                 f"{tag} OK")

    here, server = hostile("imap", lambda peer: peer.imap(
        TWO, caps=CAPS + " MOVE X-GM-EXT-1", LIST=folders), "--leave", "0")
    assert here.state()["code"] is None
    said = "\n".join(server.heard)
    assert 'UID MOVE 1:2 "[Gmail]/Papierkorb"' in said
    assert "Deleted" not in said


@pytest.mark.parametrize("words", ["{Alt=-,*}", "{*=Hier}", "{INBOX,Alt*=INBOX}"])
def test_folders_by_pattern(fetch, words):
    there = fetch.remote.account()
    there.put(letter(1))
    there.put(letter(2), folder="Alt")
    here = fetch.account(there, "imap", "--folders", words)
    fetch.run(here)
    arrived = fetch.subjects(here.mailbox)
    if words == "{*=Hier}":
        assert arrived == []
        assert len(fetch.files(here.mailbox, ".Hier/new")
                   + fetch.files(here.mailbox, ".Hier/cur")) == 2
    else:
        assert arrived == ([1] if "=-" in words else [1, 2])


def test_no_more_than_so_much_in_a_day(fetch):
    there = fetch.remote.account()
    there.put(*(letter(n, body="x" * 60_000) for n in range(4)))
    here = fetch.account(
        there, "imap", "--max-size", "100K", "--max-day", "150K")
    fetch.run(here)
    fetch.run(here)
    assert fetch.subjects(here.mailbox) == [0, 1]
    assert "morgen" in here.state()["hint"].lower()
    fetch.query("UPDATE hauspost.fetch_state SET day = day - 1"
                " WHERE account = :'a'", a=here.id)
    fetch.run(here)
    assert fetch.subjects(here.mailbox) == [0, 1, 2, 3]
    assert fetch.query(
        "SELECT count(*) FROM hauspost.notice WHERE owner = :'m'",
        m=here.mailbox) == [["1"]]


def test_what_two_accounts_bring_comes_once(fetch):
    """By other ways, so that they are not the same octets; what has no
    Message-ID is never taken for another."""
    mailbox = fetch.customer().mailbox("in")
    one, other = fetch.remote.account(), fetch.remote.account()
    one.put(letter(1), letter(2, Message_ID=None))
    other.put(letter(1, Received="by another.example; Tue, 24 Nov 2026"),
              letter(2, Message_ID=None))
    for there in (one, other):
        here = fetch.account(
            there, "pop3", "--dedup", "yes", "--leave", "0", mailbox=mailbox)
        fetch.run(here)
    assert fetch.subjects(mailbox) == [1, 2, 2]
    assert other.files() == []


def test_results_of_checks_that_nobody_here_made_are_renamed(fetch):
    there = fetch.remote.account()
    there.put(letter(1, Authentication_Results=(
        f"{fetch.node}; dkim=pass header.d=bank.example"
        f"\nAuthentication-Results: world.example; spf=pass")))
    here = fetch.account(there, "imap")
    fetch.run(here)
    [mail] = fetch.mails(here.mailbox)
    assert mail.get_all("Authentication-Results") == ["world.example; spf=pass"]
    assert mail["X-Foreign-Auth-Results"].startswith(fetch.node)


def test_a_certificate_is_shown_and_can_be_pinned(fetch):
    """What the message shows is what pins it."""
    there = fetch.remote.account()
    here = fetch.account(there, mailbox=fetch.box)
    fetch.cli("fetch", "set", str(here.id), "--host", "127.0.0.2")
    fetch.cli("fetch", "secret", str(here.id), stdin="remote-secret\n")
    said = fetch.cli("fetch", "test", str(here.id), code=69)
    assert "(TLS_CERT: key sha256//" in said
    assert "subject " in said and "issuer " in said and "until 20" in said
    key = said.split("key ")[1].split(",")[0]
    fetch.cli("fetch", "set", str(here.id), "--pins", key)
    assert "all is well" in fetch.cli("fetch", "test", str(here.id))


@pytest.mark.parametrize("protocol", ["pop3", "imap"])
def test_a_trace_shows_what_is_said_but_no_secret(fetch, protocol):
    there = fetch.remote.account()
    there.put(letter(1, body="nobody's business"))
    here = fetch.account(there, protocol, "--trace", "yes")
    fetch.run(here)
    log = "\n".join(
        line for line in fetch.logs()["hauspost-fetcher.log"].splitlines()
        if "trace" in line and f"account={here.id} " in line)
    assert ("RETR 1" if protocol == "pop3" else "BODY.PEEK[]") in log
    assert "***" in log and "nobody's business" not in log
    for secret in ("remote-secret", "cmVtb3RlLXNlY3JldA", "Subject"):
        assert secret not in log


def age(fetch, account, days):
    fetch.query(
        "UPDATE hauspost.fetch_item SET absent_since = absent_since"
        "  - :'d'::integer * interval '1 day',"
        " delivered_at = delivered_at - :'d'::integer * interval '1 day',"
        " first_seen = first_seen - :'d'::integer * interval '1 day'"
        " WHERE account = :'a'", a=account.id, d=days)
    fetch.query(
        "UPDATE hauspost.fetch_folder SET compared = compared"
        " - :'d'::integer * interval '1 day' WHERE account = :'a'",
        a=account.id, d=days)


def known(fetch, account):
    [[n]] = fetch.query("SELECT count(*) FROM hauspost.fetch_item"
                        " WHERE account = :'a'", a=account.id)
    return int(n)


@pytest.mark.parametrize("protocol", ["pop3", "imap"])
def test_only_what_is_long_gone_there_is_forgotten(fetch, protocol):
    """Of 3 messages one is removed there. Its row goes 30 days after that was
    noticed; the others stay known for ever, and are not fetched again."""
    there = fetch.remote.account()
    there.put(*(letter(n) for n in range(3)))
    here = fetch.account(there, protocol)
    fetch.run(here)
    there.files()[0].unlink()
    for days in (40, 20, 20, 400):
        age(fetch, here, days)
        fetch.query("SELECT hauspost.fetch_sweep()")
        assert known(fetch, here) == (3 if days in (40, 20) and known(
            fetch, here) == 3 else 2)
        fetch.run(here)
    assert known(fetch, here) == 2
    assert fetch.subjects(here.mailbox) == [0, 1, 2]


def test_deliveries_are_forgotten_but_not_of_what_may_come_again(fetch):
    there = fetch.remote.account()
    there.put(letter(1), letter(2))
    here = fetch.account(there, "pop3")
    fetch.run(here)
    fetch.query(  # as if the fetcher had died before it noted the second
        "UPDATE hauspost.fetch_item SET first_seen = first_seen - CASE"
        "  WHEN id = (SELECT max(id) FROM hauspost.fetch_item"
        "   WHERE account = :'a') THEN interval '100 days'"
        "  ELSE interval '101 days' END WHERE account = :'a'", a=here.id)
    fetch.query(
        "UPDATE hauspost.fetch_item SET state = 'seen' WHERE id = (SELECT"
        " max(id) FROM hauspost.fetch_item WHERE account = :'a')", a=here.id)
    fetch.query(
        "WITH i AS (SELECT extract(epoch FROM first_seen)::bigint AS s"
        "  FROM hauspost.fetch_item WHERE account = :'a')"
        " INSERT INTO hauspost.delivered SELECT s || '.digest.node', 'x',"
        "  now() - interval '99 days' FROM i", a=here.id)
    fetch.query("SELECT hauspost.sweep_delivered()")
    assert fetch.query(
        "SELECT count(*) FROM hauspost.delivered WHERE action = 'x'"
    ) == [["1"]]

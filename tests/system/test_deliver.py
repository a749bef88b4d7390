"""hauspost-deliver, and the socket by which a user's programs reach lmtpd."""

import contextlib
import os
import subprocess
import time

import pytest
from lmtp_rig import TEXT, Peer, received
from user import User


@pytest.fixture(scope="module")
def user(lmtp_host):
    return User(lmtp_host.customer())


@pytest.fixture(autouse=True)
def clean(lmtp, user):
    user.clear()


def deliver(user, *options, text="Subject: t\n\nx\n", **env):
    """hauspost-deliver as the user, from his home."""
    place = user.stage.place
    return subprocess.run(
        [place / "bin" / "hauspost-deliver", "-c", user.stage.config, *options],
        input=text,
        text=True,
        capture_output=True,
        user=user.uid,
        group=user.uid,
        extra_groups=[],
        cwd=user.home,
        env={"USER": user.name} | env,
    )


@contextlib.contextmanager
def peer(user, uid=None):
    """An LMTP client of the user: the kernel tells lmtpd who connected."""
    os.seteuid(uid or user.uid)
    try:
        peer = Peer(user.stage.place / "run" / "lmtpd-own.sock")
    finally:
        os.seteuid(0)
    with peer:
        yield peer


# -- the program --------------------------------------------------------------


def test_a_message_is_stored_with_its_fields(user):
    done = deliver(user, "-f", "a@b.example", "-a", "info@c.example")
    assert (done.returncode, done.stderr) == (0, "")
    [text] = user.stored()
    assert text.startswith(
        b"Return-Path: <a@b.example>\nX-Original-To: info@c.example\n"
        + f"Delivered-To: {user.name}@{user.stage.node}\n".encode()
    )
    assert text.endswith(b"\nSubject: t\n\nx\n")


def test_what_went_through_a_pipe_has_its_fields_once(user):
    sent = (
        "From a@b.example  Tue Nov 24 08:00:00 2026\n"
        "Return-Path: <a@b.example>\n"
        "X-Original-To: info@c.example\n"
        f"Delivered-To: {user.name}@{user.stage.node}\n"
        "X-Spam: no\nSubject: t\n\nx\n"
    )
    assert deliver(user, text=sent).returncode == 0
    assert user.stored() == [sent.partition("\n")[2].encode()]


def test_a_folder_is_made_and_a_file_is_read(user):
    path = user.write("letter", "Subject: t\r\n\r\n.\r\nFrom x\r\n")
    done = deliver(user, "-e", "-k", "-m", "Lists/C", "-p", path)
    assert done.returncode == 0
    assert deliver(user, "-m", "Entwürfe").returncode == 0
    assert len(user.stored(".Entw&APw-rfe/new")) == 1
    assert deliver(user, "-m", "INBOX").returncode == 0
    assert len(user.stored()) == 1
    [text] = user.stored(".Lists.C/new")
    assert text.endswith(b"Subject: t\n\n.\nFrom x\n")


def test_the_detail_is_kept(user):
    assert deliver(user, EXTENSION="lists").returncode == 0
    [text] = user.stored()
    assert f"Delivered-To: {user.name}+lists@".encode() in text


def test_answers_become_exit_codes(user):
    other = deliver(user, "-d", user.customer.name)
    assert other.returncode == 77
    assert other.stderr == (
        "550 5.7.1 you may deliver to your own mailbox only,"
        f" {user.name}\n"
    )
    nobody = deliver(user, "-d", f"{user.name}-none")
    assert nobody.returncode == 67
    folder = deliver(user, "-m", "a..b")
    assert folder.returncode == 75
    assert user.stored() == []


def test_trouble_of_ours_is_never_a_bounce(user, tmp_path):
    tmp_path.chmod(0o755)
    config = tmp_path / "away.conf"
    config.write_text(
        "[hauspost]\nnode = h01.hosting.example\n"
        "[deliver]\nlmtpd = unix:/nonexistent/socket\n"
    )
    assert deliver(user, "-c", config).returncode == 75
    assert deliver(user, "-c", tmp_path / "missing").returncode == 75
    assert deliver(user, "-p", "/nonexistent").returncode == 75
    assert deliver(user, "-c", tmp_path / "missing", "--check").returncode == 78
    assert deliver(user, "--check").returncode == 0
    assert deliver(user, "-x").returncode == 64
    assert deliver(user, "superfluous").returncode == 64


# -- the socket ---------------------------------------------------------------


def test_a_user_reaches_his_own_mailbox_only(user):
    with peer(user) as mine:
        mine.hello()
        assert mine.say("MAIL FROM:<a@b.example>").startswith("250")
        for name in (user.customer.name, f"{user.name}-none"):
            answer = mine.say(f"RCPT TO:<{user.stage.leaf(name)}>")
            assert answer.startswith("550 5."), answer
        assert mine.say("RCPT TO:<x@world.example>").startswith("4")
        address = user.customer.address("own", user.name)
        assert mine.say(f"RCPT TO:<{address}>").startswith("250")


def test_a_user_can_not_say_what_only_we_may(user):
    with peer(user) as mine:
        lines = mine.lines("LHLO x")
        assert not any("XFORWARD" in line or "KEY" in line for line in lines)
        assert mine.say("XFORWARD IDENT=4F1A").startswith("502 5.5.1")
        date = int(time.time())
        answer = mine.say(
            f"MAIL FROM:<> XHAUSPOST-KEY=k XHAUSPOST-DATE={date}"
        )
        assert answer.startswith("555 5.5.4")


def test_who_has_no_mailbox_is_sent_away(user):
    with peer(user, uid=64998) as stranger:
        assert stranger.greeting == "554 5.7.1 uid 64998 has no mailbox here"
        assert stranger.reply() == ""


def test_one_user_can_not_take_all_the_places(user):
    with contextlib.ExitStack() as stack:
        # Two workers with ten places each for one user.
        greetings = [
            stack.enter_context(peer(user)).greeting[:3] for _ in range(21)
        ]
        assert "421" in greetings
        assert greetings.count("220") >= 10
        [[admin]] = user.stage.query(
            "SELECT uid FROM hauspost.mailbox WHERE name = :'name'",
            name=user.customer.name,
        )
        other = stack.enter_context(peer(user, uid=int(admin)))
        assert other.greeting.startswith("220")


def test_the_directory_away_is_no_refusal(user):
    user.stage.query("ALTER FUNCTION hauspost.own_mailbox(integer) RENAME TO x")
    try:
        with peer(user) as mine:
            assert mine.greeting.startswith("421 4.3.0")
        assert deliver(user).returncode == 75
    finally:
        user.stage.query(
            "ALTER FUNCTION hauspost.x(integer) RENAME TO own_mailbox"
        )


# -- the last step of a pipe ---------------------------------------------------


def send(lmtp, queue_id, leaf, text=TEXT):
    with lmtp.peer() as queue:
        queue.hello(queue_id)
        [answer] = queue.send(
            "a@b.example", [(leaf, "ORCPT=rfc822;info@c.example")],
            received(queue_id) + text,
        )
    return answer


def test_t173_a_forward_file_filters_and_delivers(lmtp):
    """A spam client in a pipe, then back into the mailbox."""
    user = User(lmtp.customer(), allow_forward_file="true")
    binary = lmtp.place / "bin" / "hauspost-deliver"
    user.write("spamc", 'sed "1iX-Spam: no"\n')
    user.write(".forward", f'"|/bin/sh spamc | {binary} -c {lmtp.config}"\n')
    assert send(lmtp, "80A", user.leaf()) == "250 2.0.0 sent on"
    [text] = user.stored()
    assert text.startswith(b"Return-Path: <a@b.example>\nX-Spam: no\n")
    assert text.count(b"\nDelivered-To: ") == text.count(b"Return-Path: ") == 1
    assert b"\nX-Original-To: info@c.example\n" in text


def test_t173_sieve_runs_after_the_pipe(lmtp):
    user = User(lmtp.customer(), allow_forward_file="true")
    binary = lmtp.place / "bin" / "hauspost-deliver"
    user.write("spamc", 'sed "1iX-Spam: yes"\n')
    user.write(".forward", f'"|/bin/sh spamc | {binary} -c {lmtp.config}"\n')
    user.write(
        ".dovecot.sieve",
        'require ["fileinto", "mailbox"];\n'
        'if header "X-Spam" "yes" { fileinto :create "Spam"; }\n',
    )
    assert send(lmtp, "80E", user.leaf()).startswith("250")
    assert len(user.stored(".Spam/new")) == 1 and user.stored() == []


def test_sieve_takes_what_procmail_hands_on(lmtp):
    user = User(lmtp.customer(), filter="procmail")
    binary = lmtp.place / "bin" / "hauspost-deliver"
    user.write(
        ".procmailrc",
        f":0 w\n| {binary} -c {lmtp.config}\nEXITCODE=$?\nHOST\n",
    )
    user.write(
        ".dovecot.sieve",
        'require ["fileinto", "mailbox"];\nfileinto :create "Sorted";\n',
    )
    assert send(lmtp, "80F", user.leaf()).startswith("250")
    assert len(user.stored(".Sorted/new")) == 1 and user.stored() == []


def test_t172_a_forward_file_runs_procmail_which_delivers(lmtp):
    user = User(lmtp.customer(), allow_forward_file="true")
    binary = lmtp.place / "bin" / "hauspost-deliver"
    user.write(
        ".procmailrc",
        ":0 w\n* ^Subject: list\n"
        f"| {binary} -c {lmtp.config} -m Lists\n"
        f":0 w\n| {binary} -c {lmtp.config}\n"
        "EXITCODE=$?\nHOST\n",
    )
    rc = user.home / ".procmailrc"
    user.write(
        ".forward",
        f'"|/usr/bin/procmail -t -m USER=$USER HOME=$HOME {rc}"\n',
    )
    assert send(lmtp, "80B", user.leaf()).startswith("250")
    assert len(user.stored()) == 1
    text = b"Subject: list\r\n\r\nx\r\n"
    assert send(lmtp, "80C", user.leaf(), text).startswith("250")
    assert len(user.stored(".Lists/new")) == 1


def test_a_full_mailbox_is_heard_by_the_sender(lmtp):
    user = User(
        lmtp.customer(), allow_forward_file="true", quota_hard_bytes=1000
    )
    binary = lmtp.place / "bin" / "hauspost-deliver"
    user.write(".forward", f'"|{binary} -c {lmtp.config}"\n')
    text = TEXT + b"x" * 2000 + b"\r\n"
    assert send(lmtp, "80D", user.leaf(), text).startswith("451")
    assert "452 4.2.2 mailbox is full" in lmtp.log()

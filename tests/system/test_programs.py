"""What lmtpd has users' programs do, and what of their ends a sender hears:
|program, procmail, :include: files, ~/.forward."""

import pytest
from lmtp_rig import TEXT, received
from user import User


@pytest.fixture(scope="module")
def one_user(lmtp_host):
    return User(lmtp_host.customer())


@pytest.fixture
def user(lmtp, one_user):
    one_user.clear()
    return one_user


@pytest.fixture
def peer(lmtp):
    with lmtp.peer() as peer:
        yield peer


def send(peer, queue_id, recipient, text=TEXT, sender="a@b.example"):
    peer.hello(queue_id)
    [answer] = peer.send(sender, [recipient], received(queue_id) + text)
    return answer


# -- |program -----------------------------------------------------------------


def test_a_program_gets_the_message_and_its_envelope(user, peer):
    user.write("take", 'cat >got; echo "$SENDER $RECIPIENT" >envelope\n')
    leaf = user.alias("|/bin/sh take")
    to = leaf, "ORCPT=rfc822;robot@c.example"
    assert send(peer, "70A", to) == "250 2.0.0 taken by a program"
    got = (user.home / "got").read_text()
    assert got.startswith("Return-Path: <a@b.example>\n")
    assert "\nX-Original-To: robot@c.example\n" in got
    assert f"\nDelivered-To: {user.name}@{user.stage.node}\n" in got
    assert got.endswith("\nSubject: test\n\nhello\n")
    assert (user.home / "envelope").read_text() == (
        "a@b.example robot@c.example\n"
    )
    assert (user.home / "got").stat().st_uid == user.uid


def test_a_large_message_comes_whole(user, peer):
    leaf = user.alias("|/bin/cat >got")
    body = b"".join(b"%07d\r\n" % i for i in range(200_000))
    assert send(peer, "70B", leaf, TEXT + body).startswith("250")
    got = (user.home / "got").read_bytes()
    assert got.startswith(b"Return-Path: <a@b.example>\n")
    assert got.endswith(b"\nhello\n" + body.replace(b"\r\n", b"\n"))


@pytest.mark.parametrize(
    "status, answer",
    [
        (67, "550 5.1.1 no such user: moved away"),  # T-175
        (77, "550 5.7.1 not permitted: moved away"),
        (75, "451 4.3.0 a program asks for patience"),
        (100, "550 5.3.0 the program failed: moved away"),
        (3, "451 4.3.0 a program asks for patience"),
    ],
)
def test_t175_exit_codes_become_answers(user, peer, status, answer):
    leaf = user.alias(f"|/bin/sh -c 'echo moved away; exit {status}'")
    assert send(peer, f"71{status}", leaf) == answer
    assert f"exit status {status}: moved away" in user.stage.log()


def test_a_lost_250_runs_no_program_twice(user, peer):
    leaf = user.alias("|/bin/sh -c 'echo x >>runs'")
    to = leaf, "NOTIFY=SUCCESS"
    assert send(peer, "72A", to).startswith("250")
    assert send(peer, "72A", to).startswith("250")
    assert (user.home / "runs").read_text() == "x\n"
    # Final delivery, which the sender wants to hear of: once.
    assert [m["recipients"] for m in user.stage.sunk()] == [["a@b.example"]]
    assert send(peer, "72B", leaf).startswith("250")
    assert (user.home / "runs").read_text() == "x\nx\n"


def test_a_program_that_is_not_there_waits_and_its_owner_hears(user, peer):
    leaf = user.alias("|/nonexistent/program")
    assert send(peer, "72C", leaf).startswith("451 4.3.5")
    assert "No such file" in user.notices("program")


def test_a_program_that_mails_itself_is_a_loop(user, peer):
    leaf = user.alias("|/bin/cat")
    text = f"Delivered-To: {user.name}@{user.stage.node}\r\n".encode() + TEXT
    assert send(peer, "72D", leaf, text).startswith("554 5.4.6")


def test_the_runner_away_defers(user, peer, lmtp):
    leaf = user.alias("|/bin/true")
    lmtp.programs["hauspost-runner"].stop()
    try:
        assert send(peer, "72E", leaf).startswith("451 4.3.0")
    finally:
        lmtp.start_program("hauspost-runner")
    assert send(peer, "72E", leaf).startswith("250")


# -- procmail ------------------------------------------------------------------

RECIPES = ":0\n* ^Subject:.*list\n.Lists/\n"


def test_procmail_sorts_for_a_mailbox_that_wants_it(lmtp, peer):
    user = User(lmtp.customer(), filter="procmail")
    user.write(".procmailrc", RECIPES)
    leaf = user.leaf()
    assert leaf == f"{user.name}.0@program.{lmtp.node}"
    assert send(peer, "73A", leaf, b"Subject: list\r\n\r\nx\r\n").startswith("250")
    assert send(peer, "73B", leaf, b"Subject: else\r\n\r\nx\r\n").startswith("250")
    assert len(user.stored(".Lists/new")) == len(user.stored()) == 1


def test_the_filter_counts_and_not_the_leaf_in_the_queue(lmtp, peer):
    user = User(lmtp.customer(), filter="procmail")
    user.write(".procmailrc", ":0\n.Sorted/\n")
    mbox = lmtp.leaf(user.name)
    assert send(peer, "73C", mbox).startswith("250")
    assert len(user.stored(".Sorted/new")) == 1
    lmtp.query(
        "UPDATE hauspost.mailbox SET filter = 'none' WHERE name = :'name'",
        name=user.name,
    )
    program = f"{user.name}.0@program.{lmtp.node}"
    assert send(peer, "73D", program) == "250 2.0.0 delivered"
    assert len(user.stored()) == 1


def test_auto_means_procmail_where_there_are_recipes(user, peer, lmtp):
    user.forget_alias()
    leaf = user.leaf()
    assert leaf == lmtp.leaf(user.name)
    assert send(peer, "73E", leaf) == "250 2.0.0 delivered"
    user.write(".procmailrc", ":0\n.Sorted/\n")
    assert send(peer, "73F", leaf) == "250 2.0.0 taken by a program"
    assert len(user.stored(".Sorted/new")) == len(user.stored()) == 1
    with lmtp.peer(trusted=True) as ours:
        ours.hello()
        [answer] = ours.send(
            "a@b.example", [leaf], options=" XHAUSPOST-FOLDER=Fetched"
        )
    assert answer == "250 2.0.0 delivered"
    assert len(user.stored(".Fetched/new")) == 1


def test_an_automatic_reply_takes_no_mail_from_procmail(user, peer, lmtp):
    user.forget_alias()
    user.write(".procmailrc", ":0\n.Sorted/\n")
    info = user.customer.address("info", user.name)
    lmtp.query(
        "INSERT INTO hauspost.vacation (mailbox, reply)"
        " VALUES (:'name', 'away')",
        name=user.name,
    )
    to = user.leaf(), f"ORCPT=rfc822;{info}"
    text = f"To: {info}\r\n".encode() + TEXT
    assert send(peer, "73G", to, text) == "250 2.0.0 taken by a program"
    assert len(user.stored(".Sorted/new")) == 1 and user.stored() == []
    [reply] = lmtp.sunk()
    assert reply["recipients"] == ["a@b.example"]
    # The attempt of one whose answer was lost repeats neither.
    assert send(peer, "73G", to, text).startswith("250")
    assert len(user.stored(".Sorted/new")) == len(lmtp.sunk()) == 1


# -- :include: -----------------------------------------------------------------


def test_t179_an_include_file_reaches_each_member_once(user, peer, lmtp):
    members = [f"m{i}@world.example" for i in range(200)]
    path = user.write("members", "# all\n" + "\n".join(members) + "\n")
    leaf = user.alias(f":include:{path}")
    to = leaf, "ORCPT=rfc822;all@c.example NOTIFY=SUCCESS"
    assert send(peer, "74A", to) == "250 2.0.0 sent on"
    [mail] = lmtp.sunk()
    assert mail["recipients"] == members
    # Bounces are the owner's, not the poster's.
    assert mail["sender"] == f"{user.name}+bounces@{lmtp.node}"
    assert not any("ORCPT" in o or "NOTIFY" in o for o in mail["options"])
    assert f"Delivered-To: {user.name}@{lmtp.node}\r\n" in mail["message"]
    assert send(peer, "74A", to) == "250 2.0.0 sent on"
    assert len(lmtp.sunk()) == 1


def test_the_null_sender_stays_null(user, peer, lmtp):
    path = user.write("members", "a@world.example, b@world.example")
    leaf = user.alias(f":include:{path}")
    assert send(peer, "74B", leaf, sender="").startswith("250")
    assert [mail["sender"] for mail in lmtp.sunk()] == [""]


def test_a_member_who_waits_does_not_hold_up_the_others(user, peer, lmtp):
    path = user.write("members", "a@world.example\n450@world.example\n")
    leaf = user.alias(f":include:{path}")
    assert send(peer, "74C", leaf) == "450 4.0.0 as you asked"
    path.write_text("a@world.example\nb@world.example\n")
    assert send(peer, "74C", leaf).startswith("250")
    sent = [mail["recipients"] for mail in lmtp.sunk()]
    assert sent == [["a@world.example"], ["b@world.example"]]


def test_members_that_are_no_good_are_told_to_the_owner(user, peer, lmtp):
    path = user.write(
        "members", "a@world.example\n550@world.example\n|/bin/x\nno one@\n"
    )
    leaf = user.alias(f":include:{path}")
    assert send(peer, "74D", leaf).startswith("250")
    assert [mail["recipients"] for mail in lmtp.sunk()] == [["a@world.example"]]
    told = user.notices("entries")
    for entry in ("550@world.example: as you asked", "/bin/x: ", "no one@: "):
        assert entry in told
    path.write_text("550@world.example\n")
    assert send(peer, "74E", leaf) == "550 5.0.0 as you asked"


@pytest.mark.parametrize(
    "text, reason",
    [
        (None, "No such file"),  # T-181
        ("# nobody yet\n", "no members"),
        ("a@b.example\n" * 1001, "too many members"),
        ("x" * 70_000, "too large"),
    ],
    ids=["missing", "empty", "too many", "too large"],
)
def test_t181_a_file_that_can_not_be_used_defers(user, peer, text, reason):
    path = user.home / "members"
    if text:
        user.write("members", text)
    leaf = user.alias(f":include:{path}")
    answer = send(peer, "75A", leaf)
    assert answer.startswith("451 4.3.5 the list of this address"), answer
    assert reason in user.notices("include")


# -- ~/.forward ------------------------------------------------------------------


@pytest.fixture(scope="module")
def one_forwarding(lmtp_host):
    return User(lmtp_host.customer(), allow_forward_file="true")


@pytest.fixture
def forwarding(lmtp, one_forwarding):
    one_forwarding.clear()
    return one_forwarding


def test_a_forward_file_counts_only_where_it_is_allowed(user, peer, lmtp):
    user.forget_alias()
    user.write(".forward", "else@world.example\n")
    assert send(peer, "76A", user.leaf()) == "250 2.0.0 delivered"
    assert lmtp.sunk() == [] and len(user.stored()) == 1


def test_a_forward_file_with_all_there_is(forwarding, peer, lmtp):
    user = forwarding
    user.write(
        ".forward",
        f'\\{user.name}, x@world.example\n"|/bin/sh -c \'cat >got\'"\n',
    )
    to = user.leaf(), "ORCPT=rfc822;info@c.example"
    assert to[0].endswith(f".0@program.{lmtp.node}")
    assert send(peer, "76B", to) == "250 2.0.0 delivered"
    [mail] = lmtp.sunk()
    assert mail["recipients"] == ["x@world.example"]
    # SPF of a stranger's domain would not let it pass from here.
    assert mail["sender"].endswith("=b.example=a@c.example")
    assert f"Delivered-To: {user.name}@{lmtp.node}\r\n" in mail["message"]
    assert len(user.stored()) == 1
    assert (user.home / "got").read_text().endswith("\nhello\n")


def test_without_a_copy_nothing_is_stored(forwarding, peer, lmtp):
    forwarding.write(".forward", "x@world.example\n")
    assert send(peer, "76C", forwarding.leaf()) == "250 2.0.0 sent on"
    assert forwarding.stored() == [] and len(lmtp.sunk()) == 1


@pytest.mark.parametrize("text", [None, "", "# nothing\n"])
def test_no_or_an_empty_forward_file_stores(forwarding, peer, text):
    if text is not None:
        forwarding.write(".forward", text)
    assert send(peer, "76D", forwarding.leaf()) == "250 2.0.0 delivered"
    assert len(forwarding.stored()) == 1


def test_dev_null_drops_and_the_own_name_keeps(forwarding, peer):
    forwarding.write(".forward", "/dev/null\n")
    assert send(peer, "76E", forwarding.leaf()).startswith("250")
    assert forwarding.stored() == []
    forwarding.write(".forward", f"{forwarding.name}\n")
    assert send(peer, "76F", forwarding.leaf()) == "250 2.0.0 delivered"
    assert len(forwarding.stored()) == 1


def test_what_is_not_understood_keeps_the_mail(forwarding, peer):
    forwarding.write(".forward", "/var/mail/me, not an@address\n")
    assert send(peer, "770", forwarding.leaf()) == "250 2.0.0 delivered"
    assert len(forwarding.stored()) == 1
    told = forwarding.notices("entries")
    assert "/var/mail/me: not possible" in told
    assert "not an@address: not an address" in told


@pytest.mark.parametrize("mode, reason", [(0o000, "denied"), (0o602, "not permitted")])
def test_a_forward_file_that_is_not_to_be_believed(forwarding, peer, mode, reason):
    forwarding.write(".forward", "x@world.example\n", mode)
    assert send(peer, "771", forwarding.leaf()) == "250 2.0.0 delivered"
    assert reason in forwarding.notices("forward-file")


def test_one_entry_that_waits_repeats_no_other(forwarding, peer, lmtp):
    user = forwarding
    user.write("once", "echo x >>runs; exit 0\n")
    user.write("busy", "test -e free || exit 75\n")
    user.write(
        ".forward",
        f'x@world.example, \\{user.name}\n"|/bin/sh once"\n"|/bin/sh busy"\n',
    )
    assert send(peer, "772", user.leaf()).startswith("451")
    # The own copy waits: it would hide that the rest is still to be done.
    assert user.stored() == []
    user.write("free", "")
    assert send(peer, "772", user.leaf()) == "250 2.0.0 delivered"
    assert (user.home / "runs").read_text() == "x\n"
    assert len(lmtp.sunk()) == len(user.stored()) == 1


def test_a_refusal_counts_when_nobody_else_took_it(forwarding, peer):
    forwarding.write(".forward", '"|/bin/sh -c \'exit 67\'"\n')
    assert send(peer, "773", forwarding.leaf()) == "550 5.1.1 no such user"
    forwarding.write(".forward", '"|/bin/sh -c \'exit 67\'", x@world.example\n')
    assert send(peer, "774", forwarding.leaf()).startswith("250")
    assert "no such user" in forwarding.notices("entries")

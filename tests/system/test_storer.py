"""What hauspost-storer does for those who may ask it (lmtpd/store_record.h)."""

import errno
import os
import pathlib
import shutil
import signal
import socket
import stat
import subprocess
import threading

import pytest

import storer_rig
from storer_rig import (
    CREATE_FOLDER,
    IF_SCRIPT,
    LOOK_IN_CUR,
    UNLESS_PROCMAIL,
    Rig,
    files,
    request,
    script_seen,
)

MESSAGE = b"Subject: hi\n\nhello\n"


@pytest.fixture(scope="module")
def rig():
    with Rig() as rig:
        yield rig


@pytest.fixture
def storer(rig):
    with rig.connect() as connection:
        yield connection


@pytest.fixture
def box(rig, request):
    """A mailbox without a home, named by the test."""
    name = "box-" + request.node.name.replace("_", "-")[-50:]
    return name, rig.add(name) / "Maildir"


def mode_of(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


# -- Delivery ----------------------------------------------------------------


def test_a_message_is_its_head_and_its_octets(storer, box):
    name, maildir = box
    answer = storer.deliver(name, MESSAGE, head=b"Return-Path: <>\n")
    assert (answer.error, answer.was_there) == (0, 0), answer
    assert files(maildir) == ["1700000000.k1.h01.example,S=35,W=39"]
    path = maildir / "new" / files(maildir)[0]
    assert path.read_bytes() == b"Return-Path: <>\n" + MESSAGE
    assert os.listdir(maildir / "tmp") == []


def test_t110_the_first_message_makes_home_and_maildir(rig, storer, box):
    name, maildir = box
    assert storer.deliver(name, MESSAGE).error == 0
    home = maildir.parent
    for path in (home, maildir, *(maildir / p for p in ("tmp", "new", "cur"))):
        assert mode_of(path) == 0o700, path
        assert path.stat().st_uid == path.stat().st_gid >= 61000, path
    # What leads there is the storer's, and only to be passed through.
    assert mode_of(home.parent) == 0o711
    assert home.parent.stat().st_uid == storer_rig.uid_of(storer_rig.USER)
    assert not list(home.parent.glob(".*"))


def test_t111_prepare_makes_what_the_first_login_needs(storer, box):
    name, maildir = box
    assert storer.prepare(name).error == 0
    assert sorted(os.listdir(maildir)) == ["cur", "new", "tmp"]
    assert storer.prepare(name).error == 0


def test_a_repeated_delivery_finds_the_first_one(storer, box):
    name, maildir = box
    assert storer.deliver(name, MESSAGE).was_there == 0
    again = storer.deliver(name, MESSAGE)
    assert (again.error, again.was_there) == (0, 1)
    assert (again.bytes, again.messages) == (len(MESSAGE), 1)
    assert len(files(maildir)) == 1
    assert os.listdir(maildir / "tmp") == []


def test_a_retry_looks_where_the_client_moved_it(storer, box):
    name, maildir = box
    assert storer.deliver(name, MESSAGE).error == 0
    (entry,) = files(maildir)
    os.rename(maildir / "new" / entry, maildir / "cur" / f"{entry}:2,RS")
    # Another build of the front made other headers: another size.
    again = storer.deliver(name, MESSAGE + b"\n", hints=LOOK_IN_CUR)
    assert (again.error, again.was_there) == (0, 1)
    assert files(maildir) == [f"{entry}:2,RS"]


def test_a_retry_needs_no_cur(storer, box):
    name, maildir = box
    assert storer.prepare(name).error == 0
    (maildir / "cur").rmdir()
    assert storer.deliver(name, MESSAGE, hints=LOOK_IN_CUR).error == 0
    assert len(files(maildir, "new")) == 1


def test_a_large_message_comes_in_a_descriptor(storer, box):
    name, maildir = box
    text = b"0123456789abcde\n" * 65536 * 3
    answer = storer.deliver(name, text, head=b"A: b\n", in_file=True)
    assert answer.error == 0, answer
    (entry,) = files(maildir)
    assert (maildir / "new" / entry).read_bytes() == b"A: b\n" + text
    size = len(text) + 5
    assert entry.endswith(f",S={size},W={size + 65536 * 3 + 1}")


@pytest.mark.parametrize("kind", ["short", "pipe", "socket", "folder"])
def test_a_bad_descriptor_leaves_nothing(storer, box, kind, tmp_path):
    name, maildir = box
    assert storer.prepare(name).error == 0
    packet = request(storer_rig.DELIVER, name, b"x" * 100, in_file=True)
    (tmp_path / "short").write_bytes(b"x" * 99)
    ends = {
        "short": lambda: [os.open(tmp_path / "short", os.O_RDONLY)],
        "pipe": os.pipe,
        "socket": lambda: [s.detach() for s in socket.socketpair()],
        "folder": lambda: [os.open(tmp_path, os.O_RDONLY)],
    }[kind]()
    answer = storer.ask(packet, ends[:1])
    for fd in ends:
        os.close(fd)
    wanted = errno.ENODATA if kind == "short" else errno.EINVAL
    assert answer.error == wanted, answer
    assert files(maildir, "tmp", "new", "cur") == []


def test_flags_put_it_into_cur(storer, box):
    name, maildir = box
    assert storer.deliver(name, MESSAGE, flags="FSa").error == 0
    assert files(maildir, "new") == []
    assert files(maildir, "cur")[0].endswith(":2,FSa")


def test_a_missing_folder_is_made_only_when_asked_for(storer, box):
    name, maildir = box
    answer = storer.deliver(name, MESSAGE, folder="Lists.C")
    assert answer.error == errno.ENOENT, answer
    assert not (maildir / ".Lists.C").exists()
    answer = storer.deliver(
        name, MESSAGE, folder="Lists.C", hints=CREATE_FOLDER
    )
    assert answer.error == 0, answer
    folder = maildir / ".Lists.C"
    assert len(files(folder, "new")) == 1
    assert (folder / "maildirfolder").exists()
    assert (maildir / "subscriptions").read_text() == "Lists.C\n"
    assert storer.deliver(name, MESSAGE, folder="Lists.C").was_there == 1


# -- Several places ----------------------------------------------------------


def test_procmail_recipes_are_seen_where_asked_for(storer, box):
    name, maildir = box
    assert storer.deliver(name, MESSAGE, hints=UNLESS_PROCMAIL).error == 0
    (maildir.parent / ".procmailrc").symlink_to("/nonexistent")
    other = {"name": "1700000001.k2.h01.example"}
    answer = storer.deliver(name, MESSAGE, hints=UNLESS_PROCMAIL, **other)
    assert (answer.error, answer.hint) == (errno.ECANCELED, UNLESS_PROCMAIL)
    assert len(files(maildir)) == 1 and os.listdir(maildir / "tmp") == []
    assert storer.deliver(name, MESSAGE, **other).error == 0
    answer = storer.deliver(
        name, MESSAGE, folder="X", hints=UNLESS_PROCMAIL | CREATE_FOLDER
    )
    assert answer.error == 0  # recipes are for the INBOX


def test_a_script_is_seen_before_recipes(storer, box):
    name, maildir = box
    both = IF_SCRIPT | UNLESS_PROCMAIL
    assert storer.deliver(name, MESSAGE, hints=both).error == 0
    (maildir.parent / ".procmailrc").touch()
    (maildir.parent / ".dovecot.sieve").symlink_to("sieve/nothing")
    other = {"name": "1700000001.k2.h01.example", "hints": both}
    answer = storer.deliver(name, MESSAGE, **other)
    assert (answer.error, answer.hint) == (errno.ECANCELED, IF_SCRIPT)
    assert len(files(maildir)) == 1 and os.listdir(maildir / "tmp") == []
    (maildir.parent / ".dovecot.sieve").unlink()
    answer = storer.deliver(name, MESSAGE, **other)
    assert (answer.error, answer.hint) == (errno.ECANCELED, UNLESS_PROCMAIL)


def test_only_the_script_that_was_seen_will_do(storer, box):
    name, maildir = box
    script = maildir.parent / ".dovecot.sieve"
    target = maildir.parent / "sieve"
    assert storer.prepare(name).error == 0
    target.write_text("keep;")
    script.symlink_to("sieve")
    seen = {"hints": IF_SCRIPT | CREATE_FOLDER, "script": script_seen(script)}

    def deliver(number, folder):
        base = f"170000000{number}.k.h01.example"
        return storer.deliver(name, MESSAGE, name=base, folder=folder, **seen)

    assert [deliver(1, "").error, deliver(2, "F").error] == [0, 0]
    changes = [
        lambda: target.write_text("stop;"),  # as long as before
        lambda: os.utime(target, ns=(0, 0)),  # whatever it says of itself
        target.unlink,
        script.unlink,
    ]
    for change in changes:
        change()
        for folder in "", "F":
            answer = deliver(3, folder)
            assert answer.error == errno.ECANCELED, answer
            assert answer.hint == IF_SCRIPT
    assert len(files(maildir)) == len(files(maildir / ".F")) == 1


def test_nobody_sees_what_is_only_staged(storer, box):
    name, maildir = box
    assert storer.stage(name, MESSAGE).error == 0
    answer = storer.stage(name, MESSAGE, folder="F", hints=CREATE_FOLDER)
    assert answer.error == 0, answer
    assert files(maildir) == files(maildir / ".F") == []
    assert storer.commit().error == 0
    assert len(files(maildir)) == len(files(maildir / ".F")) == 1
    assert files(maildir, "tmp") == files(maildir / ".F", "tmp") == []


def test_abandoned_is_as_if_never_staged(storer, box):
    name, maildir = box
    assert storer.stage(name, MESSAGE, quota=1000).error == 0
    assert storer.abandon().error == 0
    assert storer.commit().error == 0
    assert files(maildir, "tmp", "new", "cur") == []
    # Its octets are free again.
    assert storer.deliver(name, b"x" * 1000, quota=1000).error == 0


def test_the_end_of_the_connection_abandons(rig, box):
    name, maildir = box
    with rig.connect() as connection:
        assert connection.stage(name, MESSAGE).error == 0
        assert len(files(maildir, "tmp")) == 1
    storer_rig.wait_until(lambda: files(maildir, "tmp") == [])
    assert files(maildir) == []


def test_what_is_staged_has_a_limit(storer, box):
    name, maildir = box
    for i in range(32):
        assert storer.stage(name, MESSAGE, name=f"1.{i}").error == 0
    assert storer.stage(name, MESSAGE, name="1.99").error == errno.ENOBUFS
    assert storer.commit().error == 0
    assert len(files(maildir)) == 32


def test_a_commit_that_fails_takes_the_rest_back(storer, box):
    name, maildir = box
    for i in range(3):
        assert storer.stage(name, MESSAGE, name=f"1.{i}").error == 0
    shutil.rmtree(maildir / "new")
    assert storer.commit().error == errno.ENOENT
    assert files(maildir, "tmp") == []
    assert storer.commit().error == 0


# -- The Sieve script --------------------------------------------------------


def script_box(rig, name):
    home = rig.new_home(name)
    with storer_rig.as_user(home):
        (home / "sieve").mkdir()
        (home / "sieve" / "main.sieve").write_text("keep;\n")
    return home


def test_the_script_is_handed_out_through_its_link(rig, storer):
    home = script_box(rig, "script-a")
    (home / ".dovecot.sieve").symlink_to("sieve/main.sieve")
    answer = storer.script("script-a")
    assert answer.error == 0, answer
    (fd,) = answer.fds
    with open(fd) as script:
        assert script.read() == "keep;\n"


@pytest.mark.parametrize(
    "kind, error",
    [
        ("none", errno.ENOENT),
        ("absolute", errno.EXDEV),
        ("upwards", errno.EXDEV),
        ("loop", errno.ELOOP),
        ("folder", errno.EISDIR),
        ("fifo", errno.ENOTSUP),
    ],
)
def test_no_script_from_elsewhere(rig, storer, kind, error):
    home = script_box(rig, f"script-{kind}")
    script = home / ".dovecot.sieve"
    {
        "none": lambda: None,
        "absolute": lambda: script.symlink_to("/etc/passwd"),
        "upwards": lambda: script.symlink_to("../" * 9 + "etc/passwd"),
        "loop": lambda: script.symlink_to(".dovecot.sieve"),
        "folder": script.mkdir,
        "fifo": lambda: os.mkfifo(script),
    }[kind]()
    answer = storer.script(f"script-{kind}")
    assert (answer.error, answer.fds) == (error, []), answer


def test_a_script_to_include_has_a_name(rig, storer):
    script_box(rig, "script-named")
    answer = storer.script("script-named", "main")
    assert answer.error == 0, answer
    for fd in answer.fds:
        os.close(fd)
    assert storer.script("script-named", "other").error == errno.ENOENT
    for name in ("../sieve/main", ".main", "a\nb"):
        answer = storer.script("script-named", name)
        assert answer.error == errno.EINVAL, name


def test_is_there_such_a_folder(rig, storer):
    rig.new_home("look-a")
    storer.deliver("look-a", MESSAGE, folder="Lists", hints=CREATE_FOLDER)
    assert storer.look("look-a", "").error == 0
    assert storer.look("look-a", "Lists").error == 0
    assert storer.look("look-a", "Lists.C").error == errno.ENOENT
    assert storer.look("look-a", "../Lists").error == errno.EINVAL


# -- Keywords ----------------------------------------------------------------


def test_keywords_get_letters_as_dovecot_gives_them(rig, storer):
    home = rig.new_home("words-a")
    file = home / "Maildir" / "dovecot-keywords"
    assert storer.keywords("words-a", ["$Label1", "work"]).detail == "ab"
    assert file.read_text() == "0 $Label1\n1 work\n"
    assert storer.keywords("words-a", ["work", "more"]).detail == "bc"
    assert file.read_text() == "0 $Label1\n1 work\n2 more\n"
    assert file.stat().st_uid == home.stat().st_uid
    assert not file.with_name("dovecot-keywords.lock").exists()
    before = int(file.stat().st_mtime)
    assert storer.keywords("words-a", ["last"]).detail == "d"
    assert int(file.stat().st_mtime) > before  # or Dovecot reads it not


def test_a_folder_has_keywords_of_its_own(rig, storer):
    home = rig.new_home("words-b")
    answer = storer.keywords("words-b", ["one"], folder="Lists")
    assert answer.error == errno.ENOENT
    answer = storer.keywords(
        "words-b", ["one"], folder="Lists", hints=CREATE_FOLDER
    )
    assert answer.detail == "a", answer
    file = home / "Maildir" / ".Lists" / "dovecot-keywords"
    assert file.read_text() == "0 one\n"


def test_a_lock_that_stays_costs_new_keywords_only(rig, storer):
    home = rig.new_home("words-c")
    assert storer.keywords("words-c", ["known"]).detail == "a"
    with storer_rig.as_user(home):
        (home / "Maildir" / "dovecot-keywords.lock").touch()
    assert storer.keywords("words-c", ["new", "known"]).detail == "a"


# -- The Sieve log -----------------------------------------------------------


def test_a_line_in_the_sieve_log(rig, storer):
    home = rig.new_home("log-a")
    assert storer.log("log-a", b"one\n").error == 0
    assert storer.log("log-a", b"two\n").error == 0
    log = home / ".dovecot.sieve.log"
    assert log.read_text() == "one\ntwo\n"
    assert log.stat().st_uid == home.stat().st_uid
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_the_sieve_log_does_not_grow_for_ever(rig, storer):
    home = rig.new_home("log-b")
    for i in range(12):
        assert storer.log("log-b", b"%d" % i + b"x" * 9999 + b"\n").error == 0
    log, old = home / ".dovecot.sieve.log", home / ".dovecot.sieve.log.0"
    assert log.stat().st_size < 65536 and old.stat().st_size < 65536
    assert log.read_text().splitlines()[-1].startswith("11x")


@pytest.mark.parametrize("kind", ["symlink", "hardlink", "fifo"])
def test_the_sieve_log_is_a_plain_file_of_the_home(rig, storer, kind):
    name = f"log-{kind}"
    home = rig.new_home(name)
    log, other = home / ".dovecot.sieve.log", home / "other"
    other.write_text("keep me")
    {
        "symlink": lambda: log.symlink_to("other"),
        "hardlink": lambda: log.hardlink_to(other),
        "fifo": lambda: os.mkfifo(log),
    }[kind]()
    assert storer.log(name, b"line\n").error != 0
    assert other.read_text() == "keep me"


# -- Whose mailbox -----------------------------------------------------------


def test_an_unknown_mailbox_is_asked_for_again(rig, storer):
    assert storer.deliver("late", MESSAGE).error == errno.ESRCH
    rig.add("late")
    assert storer.deliver("late", MESSAGE).error == 0


def test_a_missing_unix_home_is_not_made(rig, storer, tmp_path):
    home = rig.place / "no-such-home"
    rig.add("unix-a", home=home, make_home=False)
    assert storer.deliver("unix-a", MESSAGE).error == errno.ENXIO
    assert not home.exists()


def test_an_existing_unix_home_is_used(rig, storer):
    home = rig.place / "unix-home"
    home.mkdir(0o700)
    os.chown(home, 61990, 61990)
    rig.add("unix-b", uid=61990, home=home, make_home=False)
    assert storer.deliver("unix-b", MESSAGE).error == 0
    assert len(files(home / "Maildir")) == 1


def test_a_home_of_somebody_else_is_not_used(rig, storer):
    home = rig.place / "others-home"
    home.mkdir(0o777)
    home.chmod(0o777)
    rig.add("unix-c", uid=61991, home=home, make_home=False)
    assert storer.deliver("unix-c", MESSAGE).error == errno.EPERM
    assert os.listdir(home) == []


@pytest.mark.parametrize("uid", [0, 1, 999])
def test_no_system_user_is_ever_become(rig, storer, uid):
    name = f"system-{uid}"
    rig.add(name, uid=uid)
    answer = storer.deliver(name, MESSAGE)
    assert answer.error == errno.EPERM, answer


@pytest.mark.parametrize(
    "home",
    ["/srv/elsewhere/x", "ROOT", "ROOT/", "ROOT/../x", "ROOT/a/.hidden/x",
     "ROOT//x", "ROOTx/y"],
)  # fmt: skip
def test_no_home_is_made_outside_mail_root(rig, storer, home):
    before = sorted(os.listdir(rig.mail_root))
    number = rig.next_uid
    rig.add(f"astray-{number}", home=home.replace("ROOT", str(rig.mail_root)))
    answer = storer.deliver(f"astray-{number}", MESSAGE)
    assert answer.error != 0
    assert set(os.listdir(rig.mail_root)) - set(before) <= {"a"}


def test_no_home_is_made_in_a_folder_of_a_user(rig, storer):
    home = rig.new_home("inner-a")
    rig.add("inner-b", home=home / "b" / "c")
    assert storer.deliver("inner-b", MESSAGE).error != 0
    assert os.listdir(home) == ["Maildir"]


def test_a_home_that_went_away_is_made_again(rig, storer, box):
    name, maildir = box
    assert storer.deliver(name, MESSAGE).error == 0
    shutil.rmtree(maildir.parent)
    assert storer.deliver(name, MESSAGE).error == 0
    shutil.rmtree(maildir)
    assert storer.deliver(name, MESSAGE).error == 0
    assert len(files(maildir)) == 1


def test_what_a_crash_left_of_a_new_home_is_no_hindrance(rig, storer):
    home = rig.add("crash-a")
    home.parent.mkdir()
    os.chown(home.parent, *[storer_rig.uid_of(storer_rig.USER)] * 2)
    (home.parent / ".new.crash-a").mkdir()
    assert storer.deliver("crash-a", MESSAGE).error == 0
    assert os.listdir(home.parent) == ["crash-a"]


def test_a_notification_drops_what_was_known(rig, storer):
    old = rig.new_home("moving")
    new = old.with_name("moving-new")
    rig.query(
        f"UPDATE hauspost.mailbox SET home = '{new}' WHERE name = 'moving';"
        "NOTIFY hauspost_directory, 'address:x@example.org'"
    )
    assert storer.deliver("moving", MESSAGE, name="1.a").error == 0
    assert len(files(old / "Maildir")) == 1
    rig.query("NOTIFY hauspost_directory, 'name:moving'")

    def arrives():
        assert storer.deliver("moving", MESSAGE, name="1.b").error == 0
        return (new / "Maildir").exists()

    storer_rig.wait_until(arrives)


def test_t252_a_known_mailbox_needs_no_database(rig):
    home = rig.new_home("steady")
    rig.add("unasked")
    rig.stop_postgres()
    try:
        with rig.connect() as storer:
            assert storer.deliver("steady", MESSAGE).error == 0
            answer = storer.deliver("unasked", MESSAGE)
            assert answer.error in (errno.ECONNRESET, errno.ETIMEDOUT)
    finally:
        rig.start_postgres()
    with rig.connect() as storer:
        assert storer.deliver("unasked", MESSAGE).error == 0
    assert len(files(home / "Maildir")) == 1


# -- Who may ask, and how ----------------------------------------------------


def test_a_malformed_request_is_answered(storer, box):
    name, _ = box
    good = request(storer_rig.DELIVER, name, MESSAGE)
    for packet in (b"x", good[:-1], good + b"x", b"\xff" * len(good)):
        assert storer.ask(packet).error == errno.EINVAL
    assert storer.ask(good + b"x" * 90000).error == errno.EINVAL
    assert storer.ask(good).error == 0


def test_a_second_descriptor_is_malformed(rig, storer, box):
    name, _ = box
    packet = request(storer_rig.DELIVER, name, MESSAGE, in_file=True)
    held = f"/proc/{rig.storer.pid}/fd"
    before = len(os.listdir(held))
    with open(__file__) as a, open(__file__) as b:
        for _ in range(20):
            answer = storer.ask(packet, [a.fileno(), b.fileno()])
            assert answer.error == errno.EINVAL
    # Connections of other tests may come and go.
    assert len(os.listdir(held)) < before + 10


def test_only_the_client_and_root_may_ask(rig):
    os.chmod(rig.socket, 0o666)
    ask = (
        "import socket, sys; s = socket.socket(1, 5); s.connect(sys.argv[1]);"
        "s.send(b'x'); print(len(s.recv(1000)))"
    )

    def answered(user):
        done = subprocess.run(
            ["/usr/bin/python3", "-c", ask, rig.socket],
            user=user,
            group=user,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            text=True,
        )
        return done.stdout.strip() not in ("", "0")

    assert answered(storer_rig.CLIENT)
    assert not answered("daemon")
    assert "peer-refused" in rig.logged()


def test_it_has_no_rights_but_its_own(rig):
    text = pathlib.Path(f"/proc/{rig.storer.pid}/status").read_text()
    status = dict(
        line.split(":", 1) for line in text.splitlines() if ":" in line
    )
    uid = storer_rig.uid_of(storer_rig.USER)
    assert status["Uid"].split() == [str(uid)] * 4
    assert status["Groups"].split() == []
    # CAP_CHOWN 0, CAP_SETGID 6, CAP_SETUID 7
    for kind in ("CapPrm", "CapEff"):
        assert int(status[kind], 16) == 1 << 0 | 1 << 6 | 1 << 7
    assert int(status["CapInh"], 16) == int(status["CapAmb"], 16) == 0
    assert status["NoNewPrivs"].strip() == "1"
    assert status["Seccomp"].strip() == "2"


def test_sigterm_answers_what_is_open():
    with Rig() as rig:
        home = rig.new_home("ending")
        acked = []

        def deliver(worker):
            with rig.connect() as storer:
                for i in range(10000):
                    name = f"1.{worker}x{i}"
                    try:
                        answer = storer.deliver("ending", MESSAGE, name=name)
                    except OSError:
                        return
                    assert answer.error == 0, answer
                    acked.append(name)

        workers = [
            threading.Thread(target=deliver, args=[w]) for w in range(4)
        ]
        for worker in workers:
            worker.start()
        storer_rig.wait_until(lambda: len(acked) > 20)
        assert rig.stop(signal.SIGTERM) == 0
        for worker in workers:
            worker.join()
        there = {n.split(",")[0] for n in files(home / "Maildir")}
        assert set(acked) == there
        assert files(home / "Maildir", "tmp") == []


def test_above_the_limit_of_connections_one_is_told_at_once():
    with Rig(settings="connections_max = 2\n") as rig:
        rig.add("limit-a")

        def served():
            connection = rig.connect()
            try:
                assert connection.deliver("limit-a", MESSAGE).error == 0
                return connection
            except OSError:
                connection.__exit__()
                raise

        with storer_rig.wait(served), storer_rig.wait(served):
            with pytest.raises(OSError):
                served()
            assert "connections_max" in rig.logged()
        with storer_rig.wait(served):
            pass

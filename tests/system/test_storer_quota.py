"""The storer's quota: maildirsize as Dovecot reads and writes it."""

import errno
import os
import shutil
import subprocess
import threading

import pytest

from storer_rig import CREATE_FOLDER, LOOK_IN_CUR, Rig, files

KILO = b"x" * 999 + b"\n"


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
    name = "box-" + request.node.name.replace("_", "-")[-50:]
    return name, rig.new_home(name) / "Maildir"


@pytest.fixture(scope="module")
def doveadm(rig):
    """What Dovecot finds: (octets, messages), anew or from the file."""
    conf = rig.place / "dovecot.conf"
    conf.write_text(
        f"""
base_dir = {rig.place}/dovecot
log_path = {rig.place}/dovecot.log
mail_plugins = quota
mail_location = maildir:~/Maildir
namespace inbox {{
  inbox = yes
  separator = /
}}
passdb {{
  driver = static
}}
userdb {{
  driver = static
}}
plugin {{
  quota = maildir:User quota
}}
"""
    )

    def ask(name, maildir, limit, command="get"):
        home = maildir.parent
        uid = home.stat().st_uid
        argv = ["doveadm", "-c", conf, "-o", "service_count=1"]
        argv += ["-o", f"plugin/quota_rule=*:bytes={limit}"]
        argv += ["-o", f"mail_uid={uid}", "-o", f"mail_gid={uid}"]
        argv += ["-o", f"mail_home={home}", "-f", "tab", "quota", command]
        done = subprocess.run(
            argv, capture_output=True, text=True, env=user_env(name, home)
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return ask


def user_env(name, home):
    return os.environ | {"USER": name, "HOME": str(home)}


def read(maildir):
    return (maildir / "maildirsize").read_text()


# -- The limit ---------------------------------------------------------------


def test_t113_at_the_limit_it_fits_above_it_does_not(storer, box):
    name, maildir = box
    for i in range(2):
        answer = storer.deliver(name, KILO, name=f"1.{i}", quota=2000)
        assert answer.error == 0, answer
    assert (answer.bytes, answer.messages) == (2000, 2)
    answer = storer.deliver(name, b"x", name="1.9", quota=2000)
    assert answer.error == errno.EDQUOT, answer
    assert len(files(maildir)) == 2
    assert files(maildir, "tmp") == []
    assert read(maildir) == "2000S\n0 0\n1000 1\n1000 1\n"


def test_t115_quota_0_is_none_and_still_counted(storer, box):
    name, maildir = box
    answer = storer.deliver(name, KILO)
    assert (answer.error, answer.bytes, answer.messages) == (0, 1000, 1)
    assert read(maildir) == "0S\n0 0\n1000 1\n"


def test_a_repeated_delivery_succeeds_over_quota(storer, box):
    name, maildir = box
    assert storer.deliver(name, KILO, quota=1000).error == 0
    again = storer.deliver(name, KILO, quota=1000)
    assert (again.error, again.was_there) == (0, 1), again
    (entry,) = files(maildir)
    os.rename(maildir / "new" / entry, maildir / "cur" / f"{entry}:2,")
    again = storer.deliver(name, KILO, quota=1000, hints=LOOK_IN_CUR)
    assert (again.error, again.was_there) == (0, 1), again
    assert read(maildir) == "1000S\n0 0\n1000 1\n"


def test_all_folders_count(storer, box):
    name, maildir = box
    for i, folder in enumerate(("", "A", "A.B")):
        answer = storer.deliver(
            name, KILO, name=f"1.{i}", folder=folder, hints=CREATE_FOLDER
        )
        assert answer.error == 0, answer
    os.unlink(maildir / "maildirsize")
    answer = storer.deliver(name, KILO, name="1.9", quota=5000)
    assert (answer.error, answer.bytes, answer.messages) == (0, 4000, 4)
    assert read(maildir) == "5000S\n3000 3\n1000 1\n"


def test_another_limit_is_counted_anew(storer, box):
    name, maildir = box
    assert storer.deliver(name, KILO, quota=5000).error == 0
    (maildir / "maildirsize").write_text("5000S\n9 9\n")
    answer = storer.deliver(name, KILO, name="1.2", quota=6000)
    assert (answer.error, answer.bytes, answer.messages) == (0, 2000, 2)
    assert read(maildir) == "6000S\n1000 1\n1000 1\n"


def test_a_full_mailbox_that_was_emptied_takes_mail_again(storer, box):
    """Somebody deleted messages without telling maildirsize."""
    name, maildir = box
    for i in range(2):
        storer.deliver(name, KILO, name=f"1.{i}", quota=2000)
    # Over quota by a sum: counted before anybody is refused.
    (maildir / "maildirsize").write_text("2000S\n2000 2\n1000 1\n")
    os.unlink(maildir / "new" / files(maildir)[0])
    assert storer.deliver(name, KILO, name="1.9", quota=2000).error == 0


def test_names_without_size_are_asked(storer, box):
    name, maildir = box
    for entry in ("1.old", "1.old,S=9x", "1.old:2,S"):
        (maildir / "cur" / entry).write_bytes(KILO)
    (maildir / "cur" / "1.ours,S=500:2,S").write_bytes(KILO)
    answer = storer.deliver(name, KILO)
    assert (answer.bytes, answer.messages) == (4500, 5)


def test_absurd_sizes_in_names_are_only_much(storer, box):
    name, maildir = box
    for i in range(20):
        (maildir / "cur" / f"1.{i},S={'9' * 18}").write_bytes(KILO)
    assert storer.deliver(name, KILO).bytes > 2**60
    assert storer.deliver(name, KILO, name="1.a", quota=10**6).error != 0
    for entry in files(maildir, "cur"):
        os.unlink(maildir / "cur" / entry)
    assert storer.deliver(name, KILO, name="1.a", quota=10**6).error == 0


def test_from_5120_octets_on_it_is_rewritten(storer, box):
    name, maildir = box
    assert storer.deliver(name, KILO).error == 0
    (maildir / "maildirsize").write_text("0S\n" + "0 0\n" * 1279 + "1000 1\n")
    assert storer.deliver(name, KILO, name="1.2").error == 0
    assert read(maildir) == "0S\n1000 1\n1000 1\n"


def test_side_by_side_they_never_pass_the_limit(rig, box):
    name, maildir = box
    results = []

    def deliver(worker):
        with rig.connect() as storer:
            for i in range(10):
                answer = storer.deliver(
                    name, KILO, name=f"1.{worker}x{i}", quota=50 * 1000
                )
                results.append(answer.error)

    workers = [threading.Thread(target=deliver, args=[w]) for w in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert set(results) == {0, errno.EDQUOT}
    stored = len(files(maildir))
    # At the edge two may refuse each other; the next one fits.
    assert results.count(0) == stored and 42 <= stored <= 50
    with rig.connect() as storer:
        for i in range(50 - stored):
            answer = storer.deliver(
                name, KILO, name=f"2.{i}", quota=50 * 1000
            )
            assert answer.error == 0, answer
        answer = storer.deliver(name, KILO, name="3.1", quota=50 * 1000)
        assert answer.error == errno.EDQUOT


# -- Whatever the user does to the file ---------------------------------------

HOSTILE = {
    "nothing": "",
    "nul": "2000S\n0 0\n\0\n",
    "negative": "2000S\n-5000 -5\n",
    "huge": "2000S\n" + "9" * 30 + " 1\n",
    "binary": "\x01\x02\x7f" * 1000,
    "endless": "2000S\n" + "0 0\n" * 10**6,
    "words": "2000S\nall yours\n",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_nonsense_is_counted_anew(storer, box, text):
    name, maildir = box
    (maildir / "maildirsize").write_text(text)
    assert storer.deliver(name, KILO, name="1.1", quota=2000).error == 0
    assert storer.deliver(name, KILO, name="1.2", quota=2000).error == 0
    answer = storer.deliver(name, KILO, name="1.3", quota=2000)
    assert answer.error == errno.EDQUOT


@pytest.mark.parametrize("kind", ["fifo", "folder", "link", "locked"])
def test_what_is_no_file_is_no_hindrance(storer, box, kind):
    name, maildir = box
    path = maildir / "maildirsize"
    victim = maildir.parent / "victim"
    victim.write_text("untouched\n")
    {
        "fifo": lambda: os.mkfifo(path),
        "folder": path.mkdir,
        "link": lambda: path.symlink_to("../victim"),
        "locked": lambda: os.close(os.open(path, os.O_CREAT, 0)),
    }[kind]()
    assert storer.deliver(name, KILO, name="1.1", quota=2000).error == 0
    assert storer.deliver(name, KILO, name="1.2", quota=2000).error == 0
    answer = storer.deliver(name, KILO, name="1.3", quota=2000)
    assert answer.error == errno.EDQUOT
    assert victim.read_text() == "untouched\n"


# -- Dovecot finds the same ---------------------------------------------------


def quota_of(text):
    """STORAGE comes in units of 1024 octets, so take MESSAGE from the table
    and the exact octets from the file."""
    rows = [line.split("\t") for line in text.splitlines()[1:]]
    return {row[-4]: row[-3] for row in rows}


@pytest.mark.skipif(not shutil.which("doveadm"), reason="Dovecot is missing")
@pytest.mark.parametrize("limit", [0, 100_000])
def test_dovecot_finds_the_same_usage(storer, box, doveadm, limit):
    name, maildir = box
    for i in range(10):
        answer = storer.deliver(
            name, b"x" * 1024, name=f"1.{i}", quota=limit,
            folder=["", "A", "A.B"][i % 3], hints=CREATE_FOLDER,
        )  # fmt: skip
        assert answer.error == 0, answer
    before = read(maildir)
    found = quota_of(doveadm(name, maildir, limit))
    assert (found["STORAGE"], found["MESSAGE"]) == ("10", "10")
    assert read(maildir) == before, "Dovecot wrote it anew"
    # And we take over what Dovecot wrote.
    doveadm(name, maildir, limit, "recalc")
    assert read(maildir) == f"{limit}S\n10240 10\n"
    answer = storer.deliver(name, b"x" * 1024, name="2.1", quota=limit)
    assert (answer.bytes, answer.messages) == (11264, 11)
    assert read(maildir) == f"{limit}S\n10240 10\n1024 1\n"


def test_a_file_of_root_is_replaced(storer, box):
    name, maildir = box
    (maildir / "maildirsize").write_text("0S\n5000 5\n")
    assert storer.deliver(name, KILO, name="1.1").error == 0
    answer = storer.deliver(name, KILO, name="1.2")
    assert (answer.bytes, answer.messages) == (2000, 2)

"""T7: whatever a user plants in his home, or swaps while the storer walks, a
message goes into the home or nowhere, and nothing else changes. What he is
led to is open to everybody, so file modes are no help here."""

import errno
import hashlib
import os
import socket
import stat
import subprocess
import sys

import pytest

from storer_rig import CREATE_FOLDER, Rig

MESSAGE = b"Subject: hi\n\nhello\n"
NAME = "1.target.h01"
ENTRY = f"{NAME},S={len(MESSAGE)},W={len(MESSAGE) + 3}"
SWAPS = 10_000


@pytest.fixture(scope="module")
def rig():
    with Rig() as rig:
        rig.victim = make_victim(rig)
        yield rig


def make_victim(rig):
    """Somebody's folder where all may write, and root's file likewise."""
    victim = rig.place / "victim"
    for part in ("", "Maildir", "Maildir/tmp", "Maildir/new", "Maildir/cur"):
        (victim / part).mkdir()
    (victim / "file").write_text("somebody's\n")
    for path in (victim, *victim.rglob("*")):
        path.chmod(0o777)
        os.chown(path, 61999, 61999)
    rig.root_file = rig.place / "root-file"
    rig.root_file.write_text("root's\n")
    rig.root_file.chmod(0o666)
    return victim


def digest(rig):
    """Everything outside the homes: kind, mode, owner, links, contents."""
    seen = hashlib.sha256()
    for path in sorted([rig.root_file, rig.victim, *rig.victim.rglob("*")]):
        st = path.lstat()
        if not (stat.S_ISREG(st.st_mode) and st.st_nlink > 1):
            seen.update(f"{st.st_mtime_ns}".encode())
        seen.update(f"{path} {st.st_mode} {st.st_uid}".encode())
        if stat.S_ISREG(st.st_mode):
            seen.update(path.read_bytes())
    return seen.hexdigest()


# -- What is planted, and where ------------------------------------------------


def plant_socket(path, _):
    with socket.socket(socket.AF_UNIX) as s:
        here = os.open(path.parent, os.O_PATH)
        s.bind(f"/proc/self/fd/{here}/{path.name}")
        os.close(here)


PLANTS = {
    "link-to-root-file": lambda p, rig: p.symlink_to(rig.root_file),
    "link-to-others-folder": lambda p, rig: p.symlink_to(rig.victim),
    "link-to-others-maildir": lambda p, rig: p.symlink_to(
        rig.victim / "Maildir"
    ),
    "link-upwards": lambda p, rig: p.symlink_to(
        os.path.relpath(rig.victim / "Maildir" / "new", p.parent)
    ),
    "link-to-nothing": lambda p, rig: p.symlink_to(rig.victim / "made"),
    "link-loop": lambda p, rig: p.symlink_to(p.name),
    "fifo": lambda p, rig: os.mkfifo(p),
    "socket": plant_socket,
    "device": lambda p, rig: os.mknod(
        p, stat.S_IFCHR | 0o666, os.makedev(1, 3)
    ),
    "hard-link": lambda p, rig: os.link(rig.victim / "file", p),
    "unreadable": lambda p, rig: p.mkdir(0),
    "missing": lambda p, rig: None,
}

PLACES = {
    "home": "",
    "Maildir": "Maildir",
    "tmp": "Maildir/tmp",
    "new": "Maildir/new",
    "cur": "Maildir/cur",
    "folder": "Maildir/.F",
    "folder-new": "Maildir/.F/new",
    "target": f"Maildir/new/{ENTRY}",
    "quota": "Maildir/maildirsize",
    "subscriptions": "Maildir/subscriptions",
    "script": ".dovecot.sieve",
}


def plant(rig, home, place, kind):
    path = home / PLACES[place] if PLACES[place] else home
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        path.rename(home.with_name(f"{home.name}.aside"))
    PLANTS[kind](path, rig)
    uid = home.parent.stat().st_uid if place == "home" else owner(home)
    for made in (path, *path.parents):
        if home in made.parents and os.path.lexists(made):
            if not (kind == "hard-link" and made == path):
                os.lchown(made, uid, uid)
    return path


def owner(home):
    return home.stat().st_uid


def everything(rig, name):
    """All that the storer does in a mailbox; the answers."""
    with rig.connect() as storer:
        yield storer.deliver(name, MESSAGE, name=NAME, quota=10**6)
        yield storer.deliver(name, MESSAGE, name="1.cur", flags="S")
        yield storer.deliver(
            name, MESSAGE, name="1.f", folder="F", hints=CREATE_FOLDER
        )
        yield storer.deliver(
            name, MESSAGE, name="1.g", folder="G", hints=CREATE_FOLDER
        )
        yield storer.prepare(name)
        answer = storer.script(name)
        for fd in answer.fds:
            assert b"root" not in os.pread(fd, 100, 0)
            os.close(fd)


@pytest.mark.parametrize("kind", PLANTS)
@pytest.mark.parametrize("place", PLACES)
def test_t7_nothing_outside_the_home_changes(rig, place, kind):
    name = f"{place.lower()}-{kind}"
    home = rig.new_home(name)
    plant(rig, home, place, kind)
    before = digest(rig)
    stored = 0
    for answer in everything(rig, name):
        assert answer.error != errno.EINVAL, answer
        stored += answer.error == 0
    assert digest(rig) == before
    messages = {
        path.name.split(",")[0]
        for path in home.rglob("*,S=*")
        if path.is_file() and path.stat().st_size == len(MESSAGE)
    }
    # prepare() may succeed as well
    assert len(messages) >= stored - 1, (messages, stored)


# -- Swapped while we walk -----------------------------------------------------

SWAPPER = """
import ctypes, os, sys
a, b, uid, n = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
os.setgid(uid)
os.setuid(uid)
libc = ctypes.CDLL(None)
for _ in range(n):
    if libc.renameat2(-100, a.encode(), -100, b.encode(), 2) != 0:
        sys.exit("exchange failed")
"""


@pytest.mark.parametrize("place", ["Maildir", "tmp", "new", "folder"])
def test_t7_no_swap_leads_out_of_the_home(rig, place):
    name = f"swap-{place.lower()}"
    home = rig.new_home(name)
    with rig.connect() as storer:
        storer.deliver(
            name, MESSAGE, name="0.f", folder="F", hints=CREATE_FOLDER
        )
    path = home / PLACES[place]
    evil = path.with_name("evil")
    target = rig.victim / "Maildir"
    if place in ("tmp", "new"):
        target = target / place
    evil.symlink_to(target)
    before = digest(rig)
    swapper = subprocess.Popen(
        [sys.executable, "-c", SWAPPER, path, evil, str(owner(home)),
         str(SWAPS)]
    )  # fmt: skip
    acked = deliver_until_it_ends(rig, name, swapper)
    assert swapper.returncode == 0
    assert digest(rig) == before
    there = {p.name.split(",")[0] for p in home.rglob("*,S=*")}
    assert acked <= there
    assert acked, "not a single one got through"


def deliver_until_it_ends(rig, name, swapper):
    acked = set()
    with rig.connect() as storer:
        i = 0
        while swapper.poll() is None or not acked:
            i += 1
            folder = "F" if i % 2 else ""
            answer = storer.deliver(
                name, MESSAGE, name=f"{i}.s", folder=folder, quota=10**6
            )
            assert answer.error != errno.EINVAL
            if answer.error == 0:
                acked.add(f"{i}.s")
    return acked

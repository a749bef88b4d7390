"""T3: each call of a delivery fails once, in each way; or the storer dies
there. Success is never told without the message on disk, no fault of the
machine looks like a reason to bounce, and the retry brings exactly one
message."""

import errno
import os
import shutil
import signal
import tempfile

import pytest

import storer_rig
from fault import FAIL, KILL, SHORT_WRITE, Fault
from storer_rig import CREATE_FOLDER, Rig, files

MESSAGE = b"Subject: hi\n\n" + b"0123456789abcde\n" * 64
HEAD = b"Return-Path: <>\n"
ERRORS = [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EINTR, errno.EMFILE]
WAYS = [(FAIL, e) for e in ERRORS] + [(SHORT_WRITE, errno.EIO)]
# Errors that would mean something to the front (lmtpd/store_record.h).
MEANINGFUL = {errno.EINVAL, errno.ESRCH, errno.ENOENT}
KILLED = -signal.SIGKILL


@pytest.fixture(scope="module")
def rig():
    # On tmpfs: what counts here is the order of calls, not the disk.
    root = tempfile.mkdtemp(prefix="hp.", dir="/dev/shm")
    os.chmod(root, 0o711)
    with tempfile.TemporaryDirectory(prefix="hp.", dir="/tmp") as folder:
        os.chmod(folder, 0o711)
        fault = Fault(folder)
        os.chmod(fault.file, 0o666)
        try:
            with Rig(mail_root=root, env=fault.env()) as rig:
                rig.fault = fault
                yield rig
        finally:
            shutil.rmtree(root)


class Scene:
    """A delivery and what has to be there before it."""

    def __init__(self, rig, maildir, name, **fields):
        self.rig = rig
        self.maildir = maildir
        self.name = name
        self.fields = fields
        self.folder = fields.get("folder", "")

    def deliver(self):
        with self.rig.connect() as storer:
            if self.fields.get("staged"):
                fields = {
                    k: v for k, v in self.fields.items() if k != "staged"
                }
                answer = storer.stage(self.name, MESSAGE, head=HEAD, **fields)
                return answer if answer.error else storer.commit()
            return storer.deliver(
                self.name, MESSAGE, head=HEAD, **self.fields
            )

    def where(self):
        return self.maildir / f".{self.folder}" if self.folder else self.maildir

    def stored(self):
        """What is in new/ and cur/, as octets."""
        texts = []
        for part in ("new", "cur"):
            folder = self.where() / part
            if folder.is_dir():
                texts += [path.read_bytes() for path in folder.iterdir()]
        return texts

    def left_in_tmp(self):
        tmp = self.where() / "tmp"
        return os.listdir(tmp) if tmp.is_dir() else []


def first(rig, name):
    return Scene(rig, rig.add(name) / "Maildir", name)


def usual(rig, name, **fields):
    return Scene(rig, rig.new_home(name) / "Maildir", name, **fields)


def counted(rig, name):
    """Near its quota, maildirsize gone: it has to be counted."""
    scene = usual(rig, name, quota=10_000_000)
    (scene.maildir / "cur" / "1.old").write_bytes(b"x")
    (scene.maildir / "cur" / "1.old").rename(scene.maildir / "1.old")
    return scene


SCENES = {
    "first": first,
    "usual": usual,
    "counted": counted,
    "file": lambda rig, name: usual(rig, name, in_file=True),
    "folder": lambda rig, name: usual(
        rig, name, folder="A.B", hints=CREATE_FOLDER
    ),
    "staged": lambda rig, name: usual(rig, name, staged=True),
}


def serial(counter=iter(range(10**9))):
    return next(counter)


def calls_of(rig, make):
    """How many calls a delivery is, when nothing fails."""
    scene = make(rig, f"p{serial()}-a")
    with rig.fault.armed():
        assert scene.deliver().error == 0
    return rig.fault.count


def check_retry(scene, says):
    answer = scene.deliver()
    assert answer.error == 0, (says, answer)
    assert scene.stored() == [HEAD + MESSAGE], says


@pytest.mark.parametrize("make", SCENES.values(), ids=SCENES.keys())
def test_t3_each_call_fails_in_each_way(rig, make):
    hits = set()
    for nth in range(1, calls_of(rig, make) + 1):
        for action, error in WAYS:
            scene = make(rig, f"p{serial()}-a")
            with rig.fault.armed(nth, action, error):
                try:
                    answer = scene.deliver()
                except OSError:
                    answer = None  # it was the answer that failed
            says = (nth, rig.fault.hit, rig.fault.path, action, error, answer)
            hits.add(rig.fault.hit)
            check_failure(scene, rig.fault, answer, error, says)
            check_retry(scene, says)
    assert {"openat2", "openat", "writev", "fsync", "renameat2"} <= hits


def check_failure(scene, fault, answer, error, says):
    if answer is None:
        assert fault.hit in ("sendmsg", "recvmsg"), says
        return
    assert answer.error not in MEANINGFUL - {error}, says
    if answer.error == 0:
        assert scene.stored() == [HEAD + MESSAGE], says
        # Whatever was to be synced for this message was synced.
        assert fault.hit != "fsync" or "subscriptions" in fault.path, says
    elif fault.hit != "unlinkat":
        assert scene.left_in_tmp() == [], says


@pytest.mark.parametrize("make", ["first", "staged"])
def test_t3_the_storer_dies_before_each_call(rig, make):
    make = SCENES[make]
    for nth in range(1, calls_of(rig, make) + 1):
        scene = make(rig, f"p{serial()}-a")
        with rig.fault.armed(nth, KILL):
            try:
                answer = scene.deliver()
            except OSError:
                answer = None
        says = (nth, rig.fault.hit, rig.fault.path, answer)
        if answer is not None:
            assert answer.error == 0, says
            assert scene.stored() == [HEAD + MESSAGE], says
        # Nothing is ever seen that is not whole.
        assert scene.stored() in ([], [HEAD + MESSAGE]), says
        revive(rig)
        check_retry(scene, says)


def revive(rig):
    try:
        with rig.connect() as storer:
            storer.abandon()
    except OSError:
        assert rig.storer.wait(20) == KILLED
        rig.start()


def test_without_noreplace_it_links(rig):
    """As on NFS: rename cannot refuse to replace."""
    scene = usual(rig, f"p{serial()}-a")
    rig.fault.set(error=errno.EINVAL, forbidden=1)
    try:
        assert scene.deliver().error == 0
        assert scene.deliver().was_there == 1
    finally:
        rig.fault.set(armed=0)
    assert scene.stored() == [HEAD + MESSAGE]
    assert scene.left_in_tmp() == []


def test_tmp_is_swept_after_36_hours(rig):
    for hours, left in ((35, 2), (37, 0)):
        scene = usual(rig, f"p{serial()}-a")
        folder = scene.maildir / ".A"
        for part in ("", "tmp", "new", "cur"):
            (folder / part).mkdir()
            os.chown(folder / part, *[scene.maildir.stat().st_uid] * 2)
        for tmp in (scene.maildir / "tmp", folder / "tmp"):
            (tmp / "stray").write_bytes(b"x")
        rig.fault.set(shift=hours * 3600, armed=0)
        try:
            assert scene.deliver().error == 0
        finally:
            rig.fault.set(armed=0)
        there = [scene.maildir / "tmp" / "stray", folder / "tmp" / "stray"]
        assert sum(path.exists() for path in there) == left

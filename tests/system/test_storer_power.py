"""T1 and T2: the storer is killed, the power goes, at random moments. What
was acknowledged is there, whole and once. TIMES=n makes n times as many."""

import os
import random
import signal
import threading
import time

import pytest

import power
import storer_rig
from storer_rig import Rig, files

TIMES = int(os.environ.get("TIMES", "1"))
CUTS = 5 * TIMES
KILLS = 15 * TIMES
BODY = b"0123456789abcde\n" * 200
WORKERS = 4
RECIPIENTS = 5
QUIET_S = 0.03


def body_of(name):
    return f"X-Name: {name}\n\n".encode() + BODY


class Load:
    """Deliveries until they fail; .acked are (mailbox, name)."""

    def __init__(self, rig, number):
        self.rig = rig
        self.number = number
        self.acked = []
        self.threads = []

    def start(self, kind):
        workers = {"busy": WORKERS, "recipients": RECIPIENTS}.get(kind, 1)
        barrier = threading.Barrier(workers)
        for worker in range(workers):
            thread = threading.Thread(
                target=self._run, args=[kind, worker, barrier]
            )
            thread.start()
            self.threads.append(thread)

    def wait(self, most):
        """Until some moment after some acknowledgement, on any machine."""
        enough = random.randint(1, most)
        storer_rig.wait_until(lambda: len(self.acked) >= enough)
        time.sleep(random.uniform(0, 0.02))

    def join(self):
        for thread in self.threads:
            thread.join()

    def _run(self, kind, worker, barrier):
        try:
            with self.rig.connect() as storer:
                for i in range(10**6):
                    if kind == "recipients":
                        barrier.wait()  # all copies in flight together
                    self._deliver(storer, kind, worker, i)
        except (OSError, threading.BrokenBarrierError):
            barrier.abort()

    def _deliver(self, storer, kind, worker, i):
        name = f"{self.number}.{worker}x{i}"
        mailbox = f"w-{worker}"
        if kind == "first":
            mailbox = f"f{self.number}-{i}"
            self.rig.add(mailbox)
        answer = storer.deliver(mailbox, body_of(name), name=name)
        if answer.error:
            raise OSError(answer)
        self.acked.append((mailbox, name))
        if kind == "quiet":
            time.sleep(QUIET_S)


def maildir_of(rig, mailbox):
    return rig.mail_root / mailbox.split("-")[0] / mailbox / "Maildir"


def check(rig, promised):
    """All acknowledged messages are there, each once; none is in pieces."""
    for mailbox in {mailbox for mailbox, _ in promised}:
        maildir = maildir_of(rig, mailbox)
        there = [entry.split(",")[0] for entry in files(maildir)]
        acked = {name for box, name in promised if box == mailbox}
        assert acked <= set(there), f"{mailbox}: lost {acked - set(there)}"
        assert len(there) == len(set(there)), f"{mailbox}: twice"
        for entry in files(maildir, "new"):
            text = (maildir / "new" / entry).read_bytes()
            assert text == body_of(entry.split(",")[0]), entry


# -- T2: the power goes --------------------------------------------------------


@pytest.fixture(scope="module", params=power.KINDS)
def disk(request):
    missing = power.why_not(request.param)
    if missing:
        pytest.skip(f"T2 needs a loop device: {missing}")
    with power.Disk(request.param) as disk:
        yield disk


@pytest.fixture(scope="module")
def rig(disk):
    with Rig(mail_root=disk.mount_point / "mail") as rig:
        for worker in range(max(WORKERS, RECIPIENTS)):
            rig.add(f"w-{worker}")
        yield rig
        rig.stop(signal.SIGKILL)


def serial(counter=iter(range(10**9))):
    return next(counter)


@pytest.mark.parametrize("kind", ["quiet", "busy", "first", "recipients"])
def test_t2_what_was_acknowledged_survives_the_power(disk, rig, kind):
    for _ in range(CUTS):
        load = Load(rig, serial())
        load.start(kind)
        load.wait(30 if kind == "busy" else 5)
        # No process outlives a real cut. Here one does for a moment, and XFS
        # may tell it that a directory is synced whose log the cut threw away:
        # what counts is what was acknowledged while there was power.
        promised = list(load.acked)
        disk.cut()
        load.join()
        rig.stop(signal.SIGKILL)
        disk.unmount()
        disk.mount()
        rig.start()
        check(rig, promised)


def test_t2_the_cut_is_a_cut(disk):
    """Without the directory's sync the last message is lost: so this would
    be seen above."""
    folder = disk.mount_point / "control"
    lost = 0
    for i in range(3):
        for part in ("tmp", "new"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        os.sync()
        with open(folder / "tmp" / f"{i}", "wb") as file:
            file.write(BODY)
            file.flush()
            os.fsync(file.fileno())
        os.rename(folder / "tmp" / f"{i}", folder / "new" / f"{i}")
        disk.cut()
        disk.unmount()
        disk.mount()
        lost += not (folder / "new" / f"{i}").exists()
    assert lost > 0


# -- T1: the storer is killed --------------------------------------------------


def test_t1_what_was_acknowledged_survives_a_kill():
    with Rig() as rig:
        for worker in range(WORKERS):
            rig.add(f"w-{worker}")
        unsure = []
        for _ in range(KILLS):
            load = Load(rig, serial())
            load.start("busy")
            load.wait(60)
            rig.stop(signal.SIGKILL)
            load.join()
            rig.start()
            check(rig, load.acked)
            unsure.append(load)
        repeat(rig, unsure)
        for load in unsure:
            check(rig, load.acked)


def repeat(rig, loads):
    """What a queue would do: all of it again, as it cannot know."""
    with rig.connect() as storer:
        for load in loads:
            for mailbox, name in load.acked:
                answer = storer.deliver(mailbox, body_of(name), name=name)
                assert (answer.error, answer.was_there) == (0, 1), answer

"""One program of the stage: runs in the foreground, has a log and a pid file.

The programs outlive who started them (`make demo` leaves them up), so stopping
goes by the pid file and never by a name: it holds the process id and its start
time, which together mean one process only.
"""

import os
import pathlib
import signal
import socket
import subprocess
import time

READY_S = 60  # a loaded machine under a sanitizer; only failures wait so long
STOP_S = 30  # open deliveries finish first


class NotReady(Exception):
    """A program ended or did not answer in time; the text ends in its log."""


class Process:
    def __init__(self, place, name, stop_signal=signal.SIGTERM):
        self.name = name
        self.log = place / "log" / f"{name}.log"
        self.pid_file = place / "pids" / name
        self.stop_signal = stop_signal
        self.child = None

    def start(self, argv, probe, user=None, env=None):
        """Start argv as user and come back when probe() raises no OSError."""
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen(
                [str(word) for word in argv],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=user,
                group=user,
                extra_groups=[] if user else None,
                env=env,
                cwd="/",
            )
        self.note(self.child.pid)
        self.wait_ready(probe)

    def note(self, pid):
        """This is the process to end."""
        started = start_time(pid) or "gone"
        self.pid_file.write_text(f"{pid} {started} {int(self.stop_signal)}")

    def wait_ready(self, probe):
        deadline = time.monotonic() + READY_S
        while True:
            try:
                return probe()
            except OSError as error:
                if not self.alive():
                    raise NotReady(f"{self.name} ended:\n{self.tail()}")
                if time.monotonic() > deadline:
                    raise NotReady(f"{self.name}: {error}\n{self.tail()}")
            time.sleep(0.05)

    def alive(self):
        if self.child and self.child.poll() is not None:
            return False
        return running(self.pid_file)

    def pid(self):
        return int(self.pid_file.read_text().split()[0])

    def stop(self):
        """End it and wait for that; nothing happens when it has ended."""
        stop(self.pid_file)
        if self.child:
            self.child.wait()

    def kill(self):
        """What a crash does: no notice, no chance to tidy up."""
        os.kill(self.pid(), signal.SIGKILL)
        self.stop()

    def tail(self, lines=30):
        text = self.log.read_text(errors="replace")
        return "\n".join(text.splitlines()[-lines:])


def start_time(pid):
    """When pid was started, in the kernel's own unit; None when it is gone."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, *rest = stat.rpartition(")")[2].split()
    return None if state == "Z" else rest[18]


def running(pid_file):
    if not pid_file.exists():
        return False
    pid, started, _ = pid_file.read_text().split()
    return start_time(pid) == started


def stop(pid_file):
    if running(pid_file):
        pid, _, stop_signal = map(int, pid_file.read_text().split())
        os.kill(pid, stop_signal)
        deadline = time.monotonic() + STOP_S
        while running(pid_file):
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)
    pid_file.unlink(missing_ok=True)


def stop_all(place):
    """End every program of a stage, the last one started first."""
    files = (place / "pids").iterdir()
    for pid_file in sorted(files, key=lambda f: -f.stat().st_mtime_ns):
        stop(pid_file)


def answers(port, greeting=b""):
    """A probe: something listens on this loopback port and greets so."""

    def probe():
        with socket.create_connection(("127.0.0.1", port), 5) as peer:
            expect(peer, greeting)

    return probe


def listens(path, greeting=b"", kind=socket.SOCK_STREAM):
    """A probe: something listens on this Unix socket and greets so."""

    def probe():
        with socket.socket(socket.AF_UNIX, kind) as peer:
            peer.settimeout(5)
            peer.connect(str(path))
            expect(peer, greeting)

    return probe


def expect(peer, greeting):
    got = peer.recv(512) if greeting else b""
    if not got.startswith(greeting):
        raise ConnectionError(f"greeted with {got!r}")

"""hauspost-runner by its own protocol (lmtpd/run_record.h): as whom programs
run, with what, for how long, and what of them comes back."""

import array
import errno
import itertools
import os
import pathlib
import signal
import socket
import struct
import time

import pytest

from stage import wait_for
from stage.process import Process, listens

REQUEST = struct.Struct("IIII641s321s321s321s0I")
ANSWER = struct.Struct("IIiI200s")
PROGRAM, FORWARD_PROGRAM, READ_INCLUDE, READ_FORWARD = 1, 2, 3, 4
EXITED, KILLED, TIMED_OUT, FAILED = 1, 2, 3, 4
MESSAGE = b"Subject: to a program\n\nline\n.\nlast\n"


class Answer:
    def __init__(self, packet):
        _, self.end, self.status, size, detail = ANSWER.unpack(
            packet[: ANSWER.size]
        )
        self.output = packet[ANSWER.size :].decode()
        assert len(packet) == ANSWER.size + size
        self.detail = detail.rstrip(b"\0").decode()


class Runner:
    """A runner of its own with a database of its own, a user with a home."""

    def __init__(self, host, database):
        self.host, self.database = host, database
        self.socket = host.place / "run" / f"runner-{database}.sock"
        self.home = host.place.folder(f"home-{database}")
        self.uid = 64999
        os.chown(self.home, self.uid, self.uid)
        self.home.chmod(0o700)
        self.ids = itertools.count()
        self._directory()
        self._start()

    def query(self, sql, **values):
        return self.host.postgres.query(
            sql, database=self.database, **values
        )

    def _directory(self):
        self.query(
            """INSERT INTO hauspost.node (name) VALUES ('h01.hosting.example');
            INSERT INTO hauspost.package (name, node, host) VALUES
                ('xyz00', 'h01.hosting.example', 'xyz00.hosting.example');
            INSERT INTO hauspost.mailbox (name, package, uid, gid, home) VALUES
                ('xyz00', 'xyz00', :'uid', :'uid', :'home')""",
            uid=self.uid,
            home=self.home,
        )

    def _start(self):
        config = self.host.place / "etc" / f"runner-{self.database}.conf"
        config.write_text(
            "[hauspost]\nlog = stderr\n"
            f"database = {self.host.postgres.conninfo(self.database)}\n"
            f"[runner]\nlisten = unix:{self.socket}\n"
            "user = hauspost-runner\ntime_limit = 1500ms\n"
            "package_programs = 2\n"
        )
        self.process = Process(self.host.place, f"runner-{self.database}")
        self.process.start(
            [self.host.place / "bin" / "hauspost-runner", "--config", config],
            listens(self.socket, kind=socket.SOCK_SEQPACKET),
        )

    def alias(self, destination):
        """The leaf of a new alias with this one target."""
        name = f"xyz00-a{next(self.ids)}"
        [[target]] = self.query(
            """INSERT INTO hauspost.alias (name, package)
                VALUES (:'name', 'xyz00');
            INSERT INTO hauspost.target (alias, destination)
                VALUES (:'name', :'destination') RETURNING id""",
            name=name,
            destination=destination,
        )
        return f"{name}.{target}@program.h01.hosting.example"

    def connect(self):
        peer = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        peer.settimeout(30)
        peer.connect(str(self.socket))
        return peer

    def send(self, peer, leaf, op=PROGRAM, index=0, message=MESSAGE, **text):
        packet = REQUEST.pack(
            1,
            op,
            index,
            0,
            leaf.encode(),
            text.get("sender", "anna@example.net").encode(),
            text.get("recipient", "robot@example.org").encode(),
            text.get("detail", "").encode(),
        )
        fd = os.memfd_create("message")
        os.write(fd, message)
        peer.sendmsg(
            [packet],
            [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))],
        )
        os.close(fd)

    def ask(self, leaf, **request):
        with self.connect() as peer:
            self.send(peer, leaf, **request)
            return Answer(peer.recv(1 << 17))

    def run(self, command, **request):
        return self.ask(self.alias(f"|{command}"), **request)

    def write(self, name, text, mode=0o600):
        path = self.home / name
        path.write_text(text)
        path.chmod(mode)
        os.chown(path, self.uid, self.uid)
        return path


MAILBOX = "xyz00.0@program.h01.hosting.example"


@pytest.fixture
def runner(host, database):
    runner = Runner(host, database)
    yield runner
    runner.process.stop()


def test_a_program_runs_as_the_user_and_keeps_no_capability(runner):
    answer = runner.run("/bin/sh -c 'id -u; id -g; id -G; pwd'")
    assert (answer.end, answer.status) == (EXITED, 0)
    assert answer.output.split("\n") == [
        "64999", "64999", "64999", str(runner.home), ""
    ]  # fmt: skip
    status = runner.run("/bin/cat /proc/self/status").output
    caps = dict(
        line.split(":\t") for line in status.splitlines() if ":\t" in line
    )
    for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert int(caps[kind], 16) == 0, kind
    # sendmail has to gain its group's rights.
    assert caps["NoNewPrivs"] == "0"


def test_a_program_has_three_descriptors_and_a_clean_environment(runner):
    fds = runner.run("/bin/sh -c 'ls /proc/$$/fd'").output.split()
    assert [fd for fd in fds if int(fd) < 10] == ["0", "1", "2"]
    answer = runner.run(
        "/usr/bin/env",
        sender="() { :;}; x`id`@example.net",
        detail="list",
    )
    variables = dict(line.split("=", 1) for line in answer.output.split("\n")[:-1])
    assert variables == {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(runner.home),
        "USER": "xyz00",
        "LOGNAME": "xyz00",
        "SHELL": "/bin/sh",
        "SENDER": "_____:____x_id_@example.net",
        "RECIPIENT": "robot@example.org",
        "EXTENSION": "list",
    }


def test_the_message_is_standard_input(runner):
    assert runner.run("/bin/cat").output.encode() == MESSAGE
    large = b"x" * 100_000
    answer = runner.run("/usr/bin/wc -c", message=large)
    assert answer.output.strip() == "100000"


def test_exit_status_and_signal_come_back(runner):
    answer = runner.run("/bin/sh -c 'echo no such user; exit 67'")
    assert (answer.end, answer.status) == (EXITED, 67)
    assert answer.output == "no such user\n"
    runner.write("crash", "kill -SEGV $$")
    answer = runner.run("/bin/sh crash")
    assert (answer.end, answer.status) == (KILLED, signal.SIGSEGV)


def test_what_can_not_begin_says_so(runner):
    answer = runner.run("/nonexistent/program")
    assert (answer.end, answer.status) == (FAILED, errno.ENOENT)
    answer = runner.ask("xyz00-nobody.7@program.h01.hosting.example")
    assert (answer.end, answer.status) == (FAILED, errno.ESRCH)
    answer = runner.run("/bin/sh 'open quote")
    assert (answer.end, answer.status) == (FAILED, errno.EINVAL)


def test_a_program_that_goes_on_for_ever_is_ended_with_its_children(runner):
    runner.write("spin", "trap '' TERM\nsleep 600 &\necho $! >pid\nwait\nsleep 600\n")
    began = time.monotonic()
    answer = runner.run("/bin/sh spin")
    assert answer.end == TIMED_OUT
    assert time.monotonic() - began < 30
    wait_for(lambda: not alive(runner.home / "pid"), "its child is gone")


def test_what_is_left_in_the_background_goes_with_the_program(runner):
    answer = runner.run("/bin/sh -c 'sleep 600 & echo $! >pid'")
    assert (answer.end, answer.status) == (EXITED, 0)
    wait_for(lambda: not alive(runner.home / "pid"), "its child is gone")


def alive(pid_file):
    return pathlib.Path("/proc", pid_file.read_text().strip()).exists()


def test_a_front_that_hangs_up_ends_its_program(runner):
    peer = runner.connect()
    runner.send(peer, runner.alias("|/bin/sh -c 'echo $$ >pid; sleep 600'"))
    wait_for((runner.home / "pid").exists, "it runs")
    wait_for(lambda: (runner.home / "pid").read_text(), "it says who it is")
    peer.close()
    wait_for(lambda: not alive(runner.home / "pid"), "it is gone")


def test_a_package_has_so_many_programs_at_once(runner):
    leaf = runner.alias("|/bin/sleep 60")
    peers = [runner.connect() for _ in range(2)]
    for peer in peers:
        runner.send(peer, leaf)
    # Started, not only asked for: both have a process.
    wait_for(
        lambda: runner.process.log.read_text().count("started ") >= 2,
        "two programs run",
    )
    answer = runner.ask(leaf)
    assert (answer.end, answer.status) == (FAILED, errno.EAGAIN)
    for peer in peers:
        peer.close()
    wait_for(lambda: runner.run("/bin/true").end == EXITED, "there is room")


def test_much_output_holds_nothing_up(runner):
    answer = runner.run("/usr/bin/seq 1 200000")
    assert (answer.end, answer.status) == (EXITED, 0)
    assert len(answer.output) == 64 * 1024
    assert answer.output.startswith("1\n2\n")


def test_procmail_sorts_into_the_users_maildir(runner):
    runner.write(
        ".procmailrc",
        ":0\n* ^Subject:.*list\n.Lists/\n:0\n* ^Subject:.*refuse\n"
        "{\nEXITCODE=77\nHOST\n}\n"
        ":0\n* EXTENSION ?? list\n.Extended/\n",
    )
    for folder in ("new", "cur", "tmp"):
        path = runner.home / "Maildir" / folder
        path.mkdir(parents=True)
        os.chown(path, runner.uid, runner.uid)
    os.chown(runner.home / "Maildir", runner.uid, runner.uid)
    answer = runner.ask(MAILBOX, message=b"Subject: list\n\nx\n")
    assert (answer.end, answer.status) == (EXITED, 0), answer.output
    [stored] = (runner.home / "Maildir" / ".Lists" / "new").iterdir()
    assert stored.stat().st_uid == runner.uid
    answer = runner.ask(MAILBOX, message=b"Subject: other\n\nx\n")
    assert (answer.end, answer.status) == (EXITED, 0), answer.output
    assert len(list((runner.home / "Maildir" / "new").iterdir())) == 1
    runner.ask(MAILBOX, message=b"Subject: other\n\nx\n", detail="list")
    assert len(list((runner.home / "Maildir/.Extended/new").iterdir())) == 1
    answer = runner.ask(MAILBOX, message=b"Subject: refuse\n\nx\n")
    assert (answer.end, answer.status) == (EXITED, 77), answer.output


def test_a_forward_file_is_read_and_its_programs_run(runner):
    text = '\\xyz00, "|/bin/echo from .forward", anna@example.net\n'
    runner.write(".forward", text)
    assert runner.ask(MAILBOX, op=READ_FORWARD).output == text
    answer = runner.ask(MAILBOX, op=FORWARD_PROGRAM, index=1)
    assert answer.output == "from .forward\n"
    # Entry 2 is no program, entry 9 does not exist.
    for index in (2, 9):
        answer = runner.ask(MAILBOX, op=FORWARD_PROGRAM, index=index)
        assert (answer.end, answer.status) == (FAILED, errno.ENOENT)


def test_an_include_file_is_read_as_the_user(runner):
    members = runner.write("members", "a@example.net\nb@example.net\n")
    leaf = runner.alias(f":include:{members}")
    answer = runner.ask(leaf, op=READ_INCLUDE)
    assert answer.output == "a@example.net\nb@example.net\n"
    cases = {
        runner.home / "missing": errno.ENOENT,
        pathlib.Path("/etc/shadow"): errno.EACCES,
        pathlib.Path("/dev/zero"): errno.EINVAL,
        fifo(runner): errno.EINVAL,
        runner.write("huge", "x" * 70000): errno.EFBIG,
    }
    for path, error in cases.items():
        leaf = runner.alias(f":include:{path}")
        answer = runner.ask(leaf, op=READ_INCLUDE)
        assert (answer.end, answer.status) == (FAILED, error), path


def fifo(runner):
    path = runner.home / "fifo"
    os.mkfifo(path, 0o600)
    os.chown(path, runner.uid, runner.uid)
    return path


@pytest.mark.parametrize(
    "packet",
    [
        b"x",
        REQUEST.pack(2, 1, 0, 0, MAILBOX.encode(), b"", b"", b""),
        REQUEST.pack(1, 1, 0, 0, b"x" * 641, b"", b"", b""),
        REQUEST.pack(1, 1, 0, 0, MAILBOX.encode(), b"", b"", b"") + b"more",
    ],
    ids=["short", "other version", "no end of text", "too long"],
)
def test_a_malformed_request_is_refused(runner, packet):
    with runner.connect() as peer:
        peer.send(packet)
        answer = Answer(peer.recv(1 << 17))
    assert (answer.end, answer.status) == (FAILED, errno.EINVAL)
    assert runner.run("/bin/true").status == 0


def test_a_directory_that_is_away_is_no_lost_program(runner):
    # Each pooled connection fails once after a restart, unseen.
    runner.query(
        """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE usename = 'hauspost_runner'"""
    )
    assert runner.run("/bin/true").status == 0
    runner.query("DROP FUNCTION hauspost.run_job(text)")
    answer = runner.ask(MAILBOX)
    assert answer.end == FAILED and answer.status != 0


def test_system_users_run_nothing(runner):
    runner.query("ALTER TABLE hauspost.mailbox DISABLE TRIGGER USER")
    runner.query("UPDATE hauspost.mailbox SET uid = 999, gid = 999")
    answer = runner.ask(MAILBOX)
    assert (answer.end, answer.status) == (FAILED, errno.EPERM)

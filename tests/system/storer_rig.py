"""The storer alone, with a PostgreSQL that knows nothing but store_user().

    with Rig() as rig:
        rig.add("xyz00-abc")
        with rig.connect() as storer:
            answer = storer.deliver("xyz00-abc", b"Subject: hi\\n\\nhello\\n")

Everything lies in one short private directory that other users may pass
through, and is gone afterwards.
"""

import array
import contextlib
import glob
import os
import pathlib
import pwd
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

import psycopg2

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = ROOT / os.environ.get("HAUSPOST_BUILD", "build") / "bin"
USER = "hauspost-storer"
CLIENT = "hauspost"
READY_S = 20
FIRST_UID = 61000
# It changes its user, after which nobody may look for leaks in it; and what
# makes calls fail is loaded before the sanitizer.
ENVIRON = {"ASAN_OPTIONS": "detect_leaks=0:verify_asan_link_order=0"}

# lmtpd/store_record.h
VERSION = 2
PREPARE, DELIVER, STAGE, COMMIT, ABANDON, SCRIPT = range(1, 7)
LOOK, KEYWORDS, LOG = range(7, 10)
LOOK_IN_CUR, CREATE_FOLDER, UNLESS_PROCMAIL, IF_SCRIPT = 1, 2, 4, 8
INLINE_MAX = 64 * 1024
REQUEST = struct.Struct("=6I4Q3Q2q65s241s161s33s4x")
ANSWER = struct.Struct("=IiII2q200s")

SCHEMA = """
CREATE ROLE hauspost_storer LOGIN;
CREATE SCHEMA hauspost;
GRANT USAGE ON SCHEMA hauspost TO hauspost_storer;
CREATE TABLE hauspost.mailbox (
    name text PRIMARY KEY, uid int, gid int, home text, make_home boolean);
CREATE FUNCTION hauspost.store_user(INOUT mailbox text, OUT uid integer,
    OUT gid integer, OUT home text, OUT make_home boolean)
LANGUAGE sql STABLE SECURITY DEFINER AS $$
    SELECT m.name, m.uid, m.gid, m.home, m.make_home
    FROM hauspost.mailbox AS m WHERE m.name = mailbox $$;
"""


class Answer:
    def __init__(self, octets, fds=()):
        fields = ANSWER.unpack(octets)
        self.error, self.was_there, self.hint = fields[1:4]
        self.bytes, self.messages, text = fields[4:]
        self.detail = text.split(b"\0")[0].decode()
        self.fds = fds

    def __repr__(self):
        name = os.strerror(self.error) if self.error else "stored"
        return f"<{name}: {self.detail}>"


class Connection:
    """One connection; each method is a request and returns its Answer."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(60)
        self.socket.connect(str(path))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def ask(self, packet, fds=()):
        self.send(packet, fds)
        return self.answer()

    def send(self, packet, fds=()):
        rights = []
        if fds:
            data = array.array("i", fds)
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, data)]
        self.socket.sendmsg([packet], rights)

    def answer(self):
        octets, control, _, _ = self.socket.recvmsg(4096, 64)
        if not octets:
            raise ConnectionError("the storer closed the connection")
        fds = array.array("i")
        for _, _, data in control:
            fds.frombytes(data[: len(data) // 4 * 4])
        return Answer(octets, list(fds))

    def deliver(self, mailbox, message, **fields):
        return self.store(DELIVER, mailbox, message, **fields)

    def stage(self, mailbox, message, **fields):
        return self.store(STAGE, mailbox, message, **fields)

    def store(self, op, mailbox, message, in_file=False, **fields):
        packet = request(op, mailbox, message, in_file=in_file, **fields)
        if not in_file:
            return self.ask(packet)
        with tempfile.TemporaryFile() as file:
            file.write(message)
            file.flush()
            return self.ask(packet, [file.fileno()])

    def prepare(self, mailbox):
        return self.ask(request(PREPARE, mailbox))

    def commit(self):
        return self.ask(request(COMMIT))

    def abandon(self):
        return self.ask(request(ABANDON))

    def script(self, mailbox, name=""):
        return self.ask(request(SCRIPT, mailbox, name=name))

    def look(self, mailbox, folder):
        return self.ask(request(LOOK, mailbox, folder=folder))

    def keywords(self, mailbox, keywords, **fields):
        head = " ".join(keywords).encode()
        return self.ask(request(KEYWORDS, mailbox, head=head, **fields))

    def log(self, mailbox, line):
        return self.ask(request(LOG, mailbox, head=line))


def request(
    op,
    mailbox="",
    message=b"",
    *,
    head=b"",
    folder="",
    name="1700000000.k1.h01.example",
    flags="",
    hints=0,
    quota=0,
    script=(0, 0, 0, 0, 0),
    in_file=False,
):
    inline = b"" if in_file else message
    record = REQUEST.pack(
        VERSION,
        op,
        hints,
        len(head),
        len(inline),
        0,
        len(message),
        0,
        (head + message).count(b"\n"),
        quota,
        *script,
        mailbox.encode(),
        folder.encode(),
        name.encode(),
        flags.encode(),
    )
    return record + head + inline


def script_seen(path):
    """What store_script_of() makes of a file."""
    st = os.stat(path)
    changed = divmod(st.st_ctime_ns, 10**9)
    return st.st_dev, st.st_ino, st.st_size, *changed


class Rig:
    def __init__(self, mail_root=None, env=None, settings=""):
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="hp.", dir="/tmp"))
        self.place.chmod(0o711)
        self.mail_root = pathlib.Path(mail_root or self.place / "mail")
        self.socket = self.place / "storer.sock"
        self.log = self.place / "storer.log"
        self.env = env or {}
        self.settings = settings
        self.postgres = self.storer = self.database = None
        self.next_uid = FIRST_UID

    def __enter__(self):
        try:
            self.start_postgres()
            self.query(SCHEMA)
            self.mail_root.mkdir(exist_ok=True)
            shutil.chown(self.mail_root, USER, USER)
            self.mail_root.chmod(0o711)
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.stop(signal.SIGKILL)
        self.stop_postgres()
        shutil.rmtree(self.place, ignore_errors=True)

    # -- PostgreSQL ----------------------------------------------------------

    def start_postgres(self):
        data = self.place / "pg"
        user = {"user": "postgres", "group": "postgres", "cwd": "/"}
        user["extra_groups"] = []
        if not data.exists():
            for folder in (data, self.place / "pgs"):
                folder.mkdir()
                shutil.chown(folder, "postgres", "postgres")
            argv = ["initdb", "-D", data, "-U", "postgres", "--no-sync"]
            self._run([program(argv[0]), *argv[1:], "--auth=trust"], **user)
        argv = [program("postgres"), "-D", data, "-h", ""]
        argv += ["-k", self.place / "pgs"]
        argv += ["-c", "fsync=off", "-c", "max_connections=20"]
        with open(self.place / "postgres.log", "ab") as log:
            self.postgres = subprocess.Popen(
                argv, stdout=log, stderr=log, **user
            )
        wait(lambda: self.query("SELECT 1"))

    def stop_postgres(self):
        if self.database is not None:
            self.database.close()
        self.database = None
        end(self.postgres, signal.SIGQUIT)
        self.postgres = None

    def conninfo(self):
        return f"host={self.place}/pgs dbname=postgres"

    def query(self, sql):
        """Run sql, as many statements as you like."""
        if self.database is None:
            try:
                self.database = psycopg2.connect(
                    self.conninfo() + " user=postgres"
                )
            except psycopg2.OperationalError as error:
                raise OSError(str(error))
            self.database.autocommit = True
        with self.database.cursor() as cursor:
            cursor.execute(sql)

    @staticmethod
    def _run(argv, **options):
        done = subprocess.run(
            argv, text=True, capture_output=True, **options
        )
        if done.returncode:
            raise OSError(done.stderr)
        return done.stdout

    # -- The storer ----------------------------------------------------------

    def config(self):
        path = self.place / "hauspost.conf"
        path.write_text(
            f"[hauspost]\ndatabase = {self.conninfo()}\nlog = stderr\n"
            f"database_timeout = 2s\n"
            f"[storer]\nlisten = unix:{self.socket}\nuser = {USER}\n"
            f"mail_root = {self.mail_root}\n{self.settings}"
        )
        return path

    def start(self):
        argv = [BIN / "hauspost-storer", "--config", self.config()]
        with open(self.log, "ab") as log:
            self.storer = subprocess.Popen(
                argv, stderr=log, env=os.environ | ENVIRON | self.env
            )
        wait(lambda: self.connect().__exit__(), self.storer)

    def stop(self, sig=signal.SIGTERM):
        """The exit status."""
        status = end(self.storer, sig)
        self.storer = None
        return status

    def connect(self):
        return Connection(self.socket)

    def logged(self):
        return self.log.read_text()

    # -- Mailboxes -----------------------------------------------------------

    def add(self, name, uid=None, home=None, make_home=True):
        """A mailbox in the directory; its home is not made."""
        if uid is None:
            uid, self.next_uid = self.next_uid, self.next_uid + 1
        home = home or self.mail_root / name.split("-")[0] / name
        self.query(
            f"INSERT INTO hauspost.mailbox VALUES ('{name}', {uid}, {uid},"
            f" '{home}', {make_home})"
        )
        return pathlib.Path(home)

    def new_home(self, name, **options):
        """As add(), and a home with a Maildir that its user made."""
        home = self.add(name, **options)
        with self.connect() as storer:
            answer = storer.prepare(name)
        assert answer.error == 0, answer
        return home


def files(maildir, *parts):
    """Names in new/ and cur/ (or in the parts given)."""
    return sorted(
        name
        for part in parts or ("new", "cur")
        for name in os.listdir(pathlib.Path(maildir) / part)
    )


def program(name):
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    return found[-1] if found else name


def wait(probe, process=None):
    """Until probe() raises no more."""
    deadline = time.monotonic() + READY_S
    while True:
        try:
            return probe()
        except OSError:
            gone = process is not None and process.poll() is not None
            if gone or time.monotonic() > deadline:
                raise
        time.sleep(0.02)


def wait_until(is_true):
    deadline = time.monotonic() + READY_S
    while not is_true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


def end(process, sig):
    if process is None:
        return None
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(sig)
    return process.wait(READY_S)


@contextlib.contextmanager
def as_user(home):
    """The files of a mailbox' home as its user would touch them."""
    uid = pathlib.Path(home).stat().st_uid
    os.setegid(uid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def uid_of(user):
    return pwd.getpwnam(user).pw_uid

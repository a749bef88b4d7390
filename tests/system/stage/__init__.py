"""A whole mail host in one private directory, for `make demo` and pytest.

Stage() starts PostgreSQL, our programs, Dovecot and Postfix on free loopback
ports with the configuration that an admin installs (conf/), touches nothing of
the machine's own services, and needs root: the programs change their users.

    with Stage() as stage:
        stage.load(ROOT / "sql" / "demo.sql")
        stage.send(["info@example.org"])
        stage.settle()
        stage.imap("xyz00-abc", "xyz00-abc-secret")
"""

import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time

from . import clients, process
from .dovecot import Dovecot
from .place import BUILD, ROOT, Place
from .postfix import Postfix
from .postgres import Postgres
from .process import NotReady, Process, answers, listens
from .web import Web

NODE = "h01.hosting.example"  # as sql/demo.sql has it
SETTLE_S = 60
AT_REST = ("deferred", "hold")  # queues from which nothing goes by itself
STRANGER = "192.0.2.25"  # RFC 5737: an address for documentation
SENDER = "anna@world.example"

# They change their user, after which nobody may look for leaks in them.
SANITIZERS = {"ASAN_OPTIONS": "detect_leaks=0"}
REPORT = re.compile(r".*ERROR: AddressSanitizer.*|.*runtime error:.*")

# In starting order: who is asked comes before who asks.
PROGRAMS = {
    "hauspost-storer": ("storer.sock", b"", socket.SOCK_SEQPACKET),
    "hauspost-runner": ("runner.sock", b"", socket.SOCK_SEQPACKET),
    "hauspost-lmtpd": ("lmtpd.sock", b"220 ", socket.SOCK_STREAM),
    "hauspost-milter": ("milter.sock", b"", socket.SOCK_STREAM),
    "hauspost-autoconfig": ("autoconfig.sock", b"", socket.SOCK_STREAM),
    "hauspost-listweb": ("listweb.sock", b"", socket.SOCK_STREAM),
}


class Stage:
    node = NODE

    def __init__(self, place=None, say=lambda text: None):
        self.place = place or Place()
        self.say = say
        self.postgres = Postgres(self.place)
        self.dovecot = Dovecot(self.place)
        self.postfix = Postfix(self.place)
        self.bulk = Postfix(
            self.place, "postfix-bulk", "queue-bulk", "bulk_smtp"
        )
        self.web = Web(self.place)
        self.sink = Process(self.place, "sink")
        self.fetcher = Process(self.place, "hauspost-fetcher")
        self.listmgr = Process(self.place, "hauspost-listmgr")
        self.programs = {
            name: Process(self.place, name) for name in PROGRAMS
        }

    # -- Up and down ---------------------------------------------------------

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        self.prepare()
        self.say("PostgreSQL")
        self.postgres.start()
        self.start_mail()

    def start_mail(self):
        """Everything that needs a database, and the database."""
        self.postgres.new_database()
        for name in self.programs:
            self.say(name)
            self.start_program(name)
        self.say("Dovecot")
        self.dovecot.start()
        self.say("Postfix")
        self.start_sink()
        self.postfix.start()
        self.say("nginx")
        self.web.start()

    def stop(self):
        process.stop_all(self.place)

    def end(self):
        """Stop and leave nothing behind. Fails when a sanitizer has ended one
        of our programs (make asan): a worker is replaced, and no test might
        have seen that."""
        self.stop()
        reports = [
            f"{name}: {line}"
            for name, text in self.logs().items()
            for line in REPORT.findall(text)
        ]
        self.place.remove()
        assert not reports, "\n".join(reports)

    def prepare(self):
        """Users, folders, a certificate, our programs, the configuration."""
        run([ROOT / "conf" / "make-users"])
        self.place.folder("mail", "hauspost-storer", 0o711)
        self.place.folder("spool", "hauspost", 0o700)
        self.place.folder("fetcher", "hauspost-fetcher", 0o711)
        self.place.folder("lists", "hauspost-listmgr", 0o750)
        self.place.folder("sink")
        self.make_certificate()
        self.web.prepare()
        for binary in (BUILD / "bin").glob("hauspost*"):
            shutil.copy2(binary, self.place / "bin")
        site = self.place / "etc" / "site.conf"
        site.write_text("".join(f"{k}={v}\n" for k, v in self.site().items()))
        run([ROOT / "conf" / "render", site, self.place / "etc"])

    def make_certificate(self):
        tls = self.place.folder("tls")
        run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-nodes", "-days", 7]
            + ["-pkeyopt", "ec_paramgen_curve:prime256v1"]
            + ["-subj", f"/CN={NODE}", "-addext", "subjectAltName=IP:127.0.0.1"]
            + ["-keyout", tls / "key.pem", "-out", tls / "cert.pem"]
        )

    def site(self):
        """What differs from conf/site.conf."""
        path = self.place.path
        ports = {f"{k.upper()}_PORT": v for k, v in self.place.ports.items()}
        return ports | {
            "NODE": NODE,
            "RUN": path / "run",
            "MAIL_ROOT": path / "mail",
            "SPOOL": path / "spool",
            "FETCHER_STATE": path / "fetcher",
            "LIST_ARCHIVE": path / "lists",
            "LIST_TEXTS": ROOT / "listmgr" / "texts",
            "FETCH_NETWORKS": "127.0.0.0/8",
            "FETCH_PORTS": ", ".join(map(str, self.place.ports.values())),
            "FETCH_CA": path / "tls" / "cert.pem",
            "DATABASE": self.postgres.conninfo(),
            "DATABASE_NAME": "all",
            "LOG": "stderr",
            "TLS_CERT": path / "tls" / "cert.pem",
            "TLS_KEY": path / "tls" / "key.pem",
            "POSTFIX_INTERFACES": "loopback-only",
            "POSTFIX_QUEUE": path / "queue",
            "POSTFIX_DATA": path / "postfix",
            "POSTFIX_LOG": self.postfix.maillog,
            "BULK_POSTFIX_QUEUE": path / "queue-bulk",
            "BULK_POSTFIX_DATA": path / "postfix-bulk",
            "BULK_POSTFIX_LOG": self.bulk.maillog,
            "POSTFIX_LOG_PREFIX": path,
            "RELAYHOST": f"[127.0.0.1]:{self.place.port('sink')}",
            "DNS": "disabled",
            "HOST_LOOKUP": "native",
            "XCLIENT_HOSTS": "127.0.0.1",
            "DOVECOT_LISTEN": "127.0.0.1",
            "DOVECOT_RUN": path / "dovecot",
            "DOVECOT_STATE": path / "dovecot-state",
            "DOVECOT_LOG": path / "log" / "dovecot.log",
            "DOVECOT_ETC": path / "etc" / "dovecot",
        } | self.web.site()

    def start_program(self, name):
        sock, greeting, kind = PROGRAMS[name]
        binary = self.place / "bin" / name
        if not binary.exists():
            raise NotReady(f"{BUILD}/bin/{name} is not built: run make")
        self.programs[name].start(
            [binary, "--config", self.config],
            listens(self.place / "run" / sock, greeting, kind),
            env=os.environ | SANITIZERS,
        )

    def start_fetcher(self, config=None):
        """It has no socket: it is ready when its key is there."""
        key = self.place / "fetcher" / "public.key"
        self.fetcher.start(
            [self.place / "bin" / "hauspost-fetcher", "--config",
             config or self.config],
            lambda: os.stat(key),
        )

    def start_listmgr(self, config=None):
        self.listmgr.start(
            [self.place / "bin" / "hauspost-listmgr", "--config",
             config or self.config],
            listens(self.place / "run" / "listmgr.sock", b"220 "),
            env=os.environ | SANITIZERS,
        )

    def start_sink(self, server=None, port=None):
        """The rest of the world; or one more server of it, at its own port."""
        port = port or self.place.port("sink")
        package = pathlib.Path(__file__).parents[1]
        (server or self.sink).start(
            [sys.executable, "-m", "stage.sink", port, self.place / "sink"],
            answers(port, b"220 "),
            env=os.environ | {"PYTHONPATH": str(package)},
        )

    @property
    def config(self):
        return self.place / "etc" / "hauspost" / "hauspost.conf"

    # -- The directory -------------------------------------------------------

    def load(self, path):
        """Load a file of directory rows; their homes lie in this stage."""
        self.postgres.run_file(path, mail_root=self.place / "mail")
        self.wait_homes()

    def query(self, sql, **values):
        return self.postgres.query(sql, **values)

    def wait_homes(self):
        """A new mailbox has its Maildir a moment after the COMMIT."""
        homes = self.query("SELECT home FROM hauspost.mailbox")
        wait_for(
            lambda: all(
                pathlib.Path(home, "Maildir", "cur").is_dir()
                for [home] in homes
            ),
            "every mailbox has a home",
        )

    # -- Mail ----------------------------------------------------------------

    def smtp(self, service="smtp", **options):
        return clients.smtp(self.place, service, **options)

    def send(self, recipients, text=None, sender=SENDER, **options):
        """One message from a stranger, or as options say (see smtp). Returns
        {recipient: "550 5.1.1 …"} for those that were refused; a refusal of
        all of it stands under ""."""
        options = {"stranger": STRANGER} | options
        refused = {}
        with self.smtp(**options) as peer:
            code, reply = peer.mail(sender)
            if code != 250:
                return {"": clients.reply(code, reply)}
            for recipient in recipients:
                code, reply = peer.rcpt(recipient)
                if code != 250:
                    refused[recipient] = clients.reply(code, reply)
            if len(refused) < len(recipients):
                author = {"From": sender} if sender else {}
                code, reply = peer.data(text or clients.letter(**author))
                if code != 250:
                    refused[""] = clients.reply(code, reply)
        return refused

    def imap(self, name, password):
        return clients.imap(self.place, name, password)

    def pop3(self, name, password):
        return clients.pop3(self.place, name, password)

    def settle(self, timeout_s=SETTLE_S):
        """Wait until Postfix has tried every message: what is left in the
        queue then waits for another attempt. Returns those."""
        def tried():
            queue.clear()
            queue.extend(self.postfix.queue())
            return all(one["queue_name"] in AT_REST for one in queue)

        queue = []
        wait_for(tried, "every message is tried", timeout_s)
        return queue

    def trail(self, recipient, event):
        """The trail's rows (code, dsn, mailbox, class, login) of an event.
        They are written in batches, so this waits for the first."""

        def written():
            rows[:] = self.query(
                "SELECT code, dsn, mailbox, class, login FROM hauspost.trail"
                " WHERE recipient = :'recipient' AND event = :'event'"
                " ORDER BY at",
                recipient=recipient,
                event=event,
            )
            return rows

        rows = []
        wait_for(written, f"the trail has {event} for {recipient}")
        return rows

    def logs(self):
        """Every log of the stage: name → text."""
        return {
            path.name: path.read_text(errors="replace")
            for path in sorted((self.place / "log").iterdir())
        }




def wait_for(condition, what, timeout_s=SETTLE_S):
    """Look again, ever more slowly, until condition() holds."""
    deadline = time.monotonic() + timeout_s
    pause_s = 0.02
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout_s} s until {what}")
        time.sleep(pause_s)
        pause_s = min(0.5, pause_s * 1.5)


def run(argv):
    done = subprocess.run(
        [str(word) for word in argv], text=True, capture_output=True
    )
    if done.returncode:
        raise RuntimeError(f"{argv[0]}:\n{done.stdout}{done.stderr}")

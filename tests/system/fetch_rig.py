"""The fetcher between a Dovecot that plays the other provider and our lmtpd.

    def test_it(fetch):
        there = fetch.remote.account()
        there.put(letter(1))
        here = fetch.account(there)
        fetch.run(here)
        assert fetch.subjects(here.mailbox) == ["1"]
"""

import base64
import email
import email.policy
import itertools
import json
import os
import pathlib
import pwd
import shutil
import subprocess
import time

import pytest
from lmtp_rig import Lmtp
from stage import BUILD, wait_for
from stage.process import Process, answers
from stage.place import free_ports

PASSWORD = "remote-secret"

REMOTE = """
protocols = imap pop3
listen = 127.0.0.1, 127.0.0.2
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/log
log_timestamp = "%Y-%m-%d %H:%M:%S.%{{usecs}} "
mail_location = maildir:{base}/mail/%u
mail_uid = {user}
mail_gid = {user}
first_valid_uid = 1
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256 apop xoauth2 oauthbearer
auth_failure_delay = 0
auth_cache_size = 0
mail_max_userip_connections = 1000
disable_plaintext_auth = no
maildir_copy_with_hardlinks = yes
pop3_lock_session = yes
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {base}/oauth2.conf
}}
passdb {{
  driver = static
  args = password={{PLAIN}}{password}
}}
userdb {{
  driver = static
  args = uid={user} gid={user} home={base}/mail/%u
}}
ssl = yes
ssl_cert = <{tls}/cert.pem
ssl_key = <{tls}/key.pem
default_process_limit = 1100
default_client_limit = 1100
service imap-login {{
  service_count = 0
  process_min_avail = 2
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service imap {{
  service_count = 1000
}}
service pop3-login {{
  service_count = 0
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""

OAUTH2 = """
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={base}/keys/
username_attribute = sub
"""
JWT_KEY = b"a key for the tests, and for nothing else"

FETCHER = """
[fetcher]
ports = {ports}
plain_hosts = 127.0.0.1, 127.0.0.3
poll_interval = 50ms
host_sessions_max = 1000
host_starts_max = 1000
idle_timeout = 5s
connect_timeout = 10s
session_messages = 100
idle_sessions_max = 0
keep_alive = 200ms
"""


def letter(number, body="hello", **headers):
    """A message whose subject is its number."""
    fields = {
        "Return-Path": "<anna@world.example>",
        "From": "anna@world.example",
        "Subject": number,
        "Date": "Tue, 24 Nov 2026 08:00:00 +0000",
        "Message-ID": f"<{number}@world.example>",
    }
    fields |= {k.replace("_", "-"): v for k, v in headers.items()}
    lines = [f"{k}: {v}" for k, v in fields.items() if v is not None]
    return "\n".join([*lines, "", body, ""]).encode()


class Remote:
    """The other provider."""

    more = ""  # settings of Dovecot, which count last

    def __init__(self, rig):
        self.rig = rig
        self.base = rig.place / "remote"
        self.ports = free_ports(["imap", "imaps", "pop3", "pop3s"])
        self.process = Process(rig.place, "remote")
        self.names = (f"user{n}" for n in itertools.count())

    def start(self):
        for name in ("run", "state", "mail"):
            (self.base / name).mkdir(parents=True, exist_ok=True)
        shutil.chown(self.base / "mail", "nobody")
        self.base.chmod(0o755)
        config = self.base / "dovecot.conf"
        config.write_text(
            REMOTE.format(
                base=self.base,
                password=PASSWORD,
                user=pwd.getpwnam("nobody").pw_uid,
                tls=self.rig.place / "tls",
                **self.ports,
            )
            + self.more
        )
        (self.base / "oauth2.conf").write_text(OAUTH2.format(base=self.base))
        key = self.base / "keys" / "default" / "HS256" / "default"
        key.parent.mkdir(parents=True, exist_ok=True)
        key.write_bytes(base64.b64encode(JWT_KEY))
        self.process.start(
            ["/usr/sbin/dovecot", "-F", "-c", config],
            answers(self.ports["imap"], b"* OK"),
        )

    def account(self):
        return RemoteAccount(self, next(self.names))


class RemoteAccount:
    def __init__(self, remote, name):
        self.remote, self.name = remote, name
        self.inbox = remote.base / "mail" / name
        self.counter = itertools.count(1)
        self._make(self.inbox)

    def _make(self, folder):
        for part in (folder, *(folder / x for x in ("tmp", "new", "cur"))):
            part.mkdir(exist_ok=True)
            shutil.chown(part, "nobody")

    def put(self, *texts, folder=""):
        """Put messages into INBOX, or a folder; sorted as they come."""
        place = self.inbox / f".{folder}" if folder else self.inbox
        self._make(place)
        for text in texts:
            name = f"{1700000000 + next(self.counter)}.x.remote"
            path = place / "tmp" / name
            path.write_bytes(text)
            shutil.chown(path, "nobody")
            path.rename(place / "new" / name)

    def files(self):
        return [
            *(self.inbox / "new").iterdir(),
            *(self.inbox / "cur").iterdir(),
        ]


class Account:
    """One of ours: a row of fetch_account."""

    def __init__(self, rig, mailbox, id, there=None):
        self.rig, self.mailbox, self.id, self.there = rig, mailbox, id, there

    def state(self):
        return self.rig.cli_json("fetch", "status", str(self.id))


class FetchRig(Lmtp):
    boxes = 0

    def start_mail(self):
        super().start_mail()
        self.remote = Remote(self)
        self.remote.start()
        self.fetch_config = self.place / "etc" / "fetcher.conf"
        ports = ", ".join(map(str, self.remote.ports.values()))
        self.fetch_config.write_text(
            self.config.read_text()
            + FETCHER.format(ports=ports)
        )
        self.start_fetcher()

    def set(self, **settings):
        """Start the fetcher anew with other settings."""
        lines = [f"{key} = {value}\n" for key, value in settings.items()]
        with open(self.fetch_config, "a") as config:
            config.write("".join(lines))
        self.fetcher.stop()
        self.start_fetcher()

    @property
    def box(self):
        """A mailbox for whatever does not look into it."""
        self.boxes += 1
        if self.boxes % 8 == 1:
            self.shared = self.customer().mailbox("in")
        return self.shared

    def start_fetcher(self, config=None):
        super().start_fetcher(config or self.fetch_config)

    def cli(self, *words, stdin="", code=0):
        done = subprocess.run(
            [
                self.place / "bin" / "hauspost",
                "--config",
                self.fetch_config,
                *words,
            ],
            input=stdin,
            text=True,
            capture_output=True,
            timeout=120,
        )
        assert done.returncode == code, (words, done)
        return done.stdout + done.stderr

    def cli_json(self, *words, **options):
        return json.loads(self.cli("--json", *words, **options))

    def account(self, there, protocol="imap", *options, paused=False, **columns):
        """An account for what is there, with a mailbox of its own."""
        mailbox = columns.pop("mailbox", None) or self.customer().mailbox("in")
        tls = columns.pop("tls", "implicit")
        port = columns.pop("port", None)
        port = port or there.remote.ports[protocol + "s" * (tls == "implicit")]
        added = self.cli_json(
            "fetch",
            "add",
            mailbox,
            f"{there.name}@world.example",
            *("--host", "127.0.0.1", "--port", str(port), "--tls", tls),
            *("--protocol", protocol, "--login", there.name),
            *options,
            stdin=columns.get("password", PASSWORD) + "\n",
        )
        if "oauth" in options and "password" in columns:
            grant = columns["password"] + "\n"
            self.cli("fetch", "secret", str(added["id"]), stdin=grant)
        return Account(self, mailbox, added["id"], there)

    def known(self, mailbox, id):
        return Account(self, mailbox, id)

    def run(self, account, code=0):
        return self.cli("fetch", "run", str(account.id), code=code)

    def mails(self, mailbox):
        paths = self.files(mailbox) + self.files(mailbox, "cur")
        return [
            email.message_from_bytes(
                path.read_bytes(), policy=email.policy.default
            )
            for path in paths
        ]

    def subjects(self, mailbox):
        """Of all that is in the mailbox, sorted as numbers."""
        return sorted(int(mail["Subject"]) for mail in self.mails(mailbox))

    def settled(self, account):
        """Wait until the account has no run under way."""
        wait_for(
            lambda: self.query(
                "SELECT 1 FROM hauspost.fetch_state WHERE account = :'a'"
                " AND (locked_until IS NULL OR idle_since IS NOT NULL)"
                " AND next_run > now()",
                a=account.id,
            ),
            f"account {account.id} has run",
        )


@pytest.fixture(scope="session")
def fetch_host():
    host = FetchRig()
    try:
        host.start()
        yield host
    finally:
        host.stop()
        host.place.remove()


@pytest.fixture
def fetch(fetch_host):
    yield fetch_host
    assert fetch_host.programs["hauspost-lmtpd"].alive()
    assert fetch_host.fetcher.alive()

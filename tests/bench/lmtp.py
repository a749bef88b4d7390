#!/usr/bin/python3
"""bench/lmtp: deliveries by LMTP, ours beside Dovecot's and the raw floor.

All three write to the same file system in the same run, in turns, several
rounds; the figure is the median. 4 KB messages by Postfix' own smtp-source,
each to a mailbox of its own: the first pass of a round delivers into fresh
mailboxes, the second into the same ones again.

  hauspost  lmtpd and storer as installed: SQL directory, trail, usage
  dovecot   its LMTP with SQL userdb and auth cache, Pigeonhole with a small
            default script, mail_fsync at its default
  floor     a bare C loop: write, fsync, rename, fsync the directory, as many
            writers into as many Maildirs (tests/bench/floor.c)

usage: lmtp.py [--rounds N] [--messages N] [--sessions N,N] [--json]
"""

import argparse
import json
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))
import stage  # noqa: E402
from stage.place import BUILD  # noqa: E402
from stage.process import Process, listens  # noqa: E402

SIZE = 4096
FLOOR_S = 2
DOMAIN = "bench.example"

# The package's units allow 25 mailboxes and 250 addresses each.
PROVIDER = """
BEGIN;
INSERT INTO hauspost.node (name, mail_root)
    VALUES ('h01.hosting.example', current_setting('hauspost.mail_root'));
INSERT INTO hauspost.package (name, node, host, units, storage_gb)
    VALUES ('bench0', 'h01.hosting.example', 'bench0.hosting.example',
        {count} / 20 + 2, 1000);
INSERT INTO hauspost.mailbox (name, package) VALUES ('bench0', 'bench0');
INSERT INTO hauspost.domain (name, package) VALUES ('{domain}', 'bench0');
INSERT INTO hauspost.mailbox (name, package)
    SELECT 'bench0-' || n, 'bench0' FROM generate_series(0, {count}) AS n;
INSERT INTO hauspost.address (local_part, domain)
    SELECT n || 'user', '{domain}' FROM generate_series(0, {count}) AS n;
INSERT INTO hauspost.target (address, destination)
    SELECT n || 'user@{domain}', 'bench0-' || n
    FROM generate_series(0, {count}) AS n;
COMMIT;
ANALYZE;
"""

DOVECOT = """
protocols = lmtp
base_dir = {path}/bench-run
state_dir = {path}/bench-state
log_path = {path}/log/bench-dovecot.log
ssl = no
auth_username_format = %Lu
auth_username_chars =
auth_cache_size = 64M
auth_cache_ttl = 1 hour
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = sql
  args = {path}/etc/bench-sql.conf.ext
}}
mail_location = maildir:~/Maildir
protocol lmtp {{
  mail_plugins = sieve
}}
plugin {{
  sieve = file:~/sieve;active=~/.dovecot.sieve
  sieve_default = {path}/bench-sieve/default.sieve
}}
service auth-worker {{
  user = $default_internal_user
}}
service lmtp {{
  process_min_avail = 4
  client_limit = 1
  unix_listener lmtp {{
    mode = 0666
  }}
}}
"""

DOVECOT_SQL = """
driver = pgsql
connect = {conninfo} user=hauspost_dovecot
user_query = SELECT mailbox AS "user", uid, gid, \\
  '{path}/bench-mail/' || mailbox AS home FROM hauspost.login('%u')
"""

SIEVE = """require ["fileinto"];
if header :contains "X-Spam-Flag" "YES" { fileinto "Junk"; stop; }
"""


class Bench(stage.Stage):
    """A stage without Postfix: PostgreSQL, storer, lmtpd, Dovecot's LMTP."""

    def start_mail(self):
        self.postgres.new_database()
        for name in ("hauspost-storer", "hauspost-lmtpd"):
            self.say(name)
            self.start_program(name)

    def load_provider(self, count):
        path = self.place / "etc" / "bench.sql"
        path.write_text(PROVIDER.format(count=count, domain=DOMAIN))
        self.postgres.run_file(path, mail_root=self.place / "mail")
        self.say(f"homes of {count} mailboxes")
        self.wait_homes()

    def start_dovecot_lmtp(self, count):
        path = self.place.path
        values = {"path": path, "conninfo": self.postgres.conninfo()}
        etc = self.place / "etc"
        (etc / "bench-dovecot.conf").write_text(DOVECOT.format(**values))
        (etc / "bench-sql.conf.ext").write_text(DOVECOT_SQL.format(**values))
        sieve = self.place.folder("bench-sieve")
        (sieve / "default.sieve").write_text(SIEVE)
        subprocess.run(["sievec", sieve / "default.sieve"], check=True)
        self.dovecot_homes()
        for name in ("bench-run", "bench-state"):
            self.place.folder(name)
        socket = path / "bench-run" / "lmtp"
        Process(self.place, "bench-dovecot").start(
            ["/usr/sbin/dovecot", "-F", "-c", etc / "bench-dovecot.conf"],
            listens(socket, b"220 "),
        )
        return socket

    def dovecot_homes(self):
        """Fresh homes, as ours has them: the Maildir is there and empty."""
        top = self.place.folder("bench-mail")
        for old in top.iterdir():
            shutil.rmtree(old)
        rows = self.query("SELECT name, uid FROM hauspost.mailbox")
        for name, uid in rows:
            for folder in ("", "Maildir", *(f"Maildir/{x}" for x in FOLDERS)):
                path = top / name / folder
                path.mkdir(mode=0o700)
                shutil.chown(path, int(uid), int(uid))

    def empty_our_homes(self):
        for [home] in self.query("SELECT home FROM hauspost.mailbox"):
            for folder in FOLDERS:
                for message in pathlib.Path(home, "Maildir", folder).iterdir():
                    message.unlink()


FOLDERS = ("tmp", "new", "cur")


def source(socket, sessions, messages):
    """Messages per second of one smtp-source run, each to a mailbox of its
    own."""
    argv = ["smtp-source", "-L", "-N", "-d", "-l", str(SIZE)]
    argv += ["-s", str(sessions), "-m", str(messages)]
    argv += ["-f", "sender@example.net", "-t", f"user@{DOMAIN}"]
    began = time.monotonic()
    subprocess.run([*argv, f"unix:{socket}"], check=True)
    return messages / (time.monotonic() - began)


def floor(place, sessions):
    """What the file system allows: writes, fsyncs and renames alone."""
    folder = place.folder("floor")
    argv = [BUILD / "tests" / "bench" / "floor", folder]
    argv += [sessions, FLOOR_S, SIZE]
    done = subprocess.run(
        [str(word) for word in argv], text=True, capture_output=True, check=True
    )
    shutil.rmtree(folder)
    return float(re.search(r"rate=([0-9.]+)", done.stdout)[1])


def stored(top, count):
    """Every mailbox has its messages: a benchmark that loses mail is none."""
    found = sum(1 for _ in pathlib.Path(top).glob("**/new/*"))
    if found != count:
        raise SystemExit(f"{top}: {found} messages instead of {count}")


def run_round(bench, socket, sessions, messages, note):
    ours = bench.place / "run" / "lmtpd.sock"
    bench.empty_our_homes()
    bench.dovecot_homes()
    for state in ("fresh", "existing"):
        note(state, "floor", floor(bench.place, sessions))
        note(state, "hauspost", source(ours, sessions, messages))
        note(state, "dovecot", source(socket, sessions, messages))
    stored(bench.place / "mail", 2 * messages)
    stored(bench.place / "bench-mail", 2 * messages)


def table(results):
    rows = []
    for (sessions, state), rates in sorted(results.items()):
        rate = {who: statistics.median(each) for who, each in rates.items()}
        rows.append(
            {"sessions": sessions, "mailboxes": state}
            | {f"{who}_per_s": round(r) for who, r in rate.items()}
            | {
                "to_dovecot": round(rate["hauspost"] / rate["dovecot"], 2),
                "to_floor": round(rate["hauspost"] / rate["floor"], 2),
            }
        )
    return rows


def show(rows):
    print(f"\n{'sessions':>8} {'mailboxes':>10} {'hauspost':>9} {'dovecot':>9}"
          f" {'floor':>9} {'× dovecot':>10} {'× floor':>8}")
    for row in rows:
        print(f"{row['sessions']:>8} {row['mailboxes']:>10}"
              f" {row['hauspost_per_s']:>9} {row['dovecot_per_s']:>9}"
              f" {row['floor_per_s']:>9} {row['to_dovecot']:>10}"
              f" {row['to_floor']:>8}")


def options():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--sessions", default="1,16")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def main():
    opt = options()
    results = {}

    def say(text):
        print(f"bench: {text}", file=sys.stderr, flush=True)

    with Bench(say=say) as bench:
        bench.load_provider(opt.messages)
        socket = bench.start_dovecot_lmtp(opt.messages)
        for sessions in map(int, opt.sessions.split(",")):
            for number in range(1, opt.rounds + 1):

                def note(state, who, rate):
                    say(f"round {number}, {sessions} sessions, {state}:"
                        f" {who} {rate:.0f}/s")
                    key = sessions, state
                    results.setdefault(key, {}).setdefault(who, []).append(rate)

                run_round(bench, socket, sessions, opt.messages, note)
        rows = table(results)
    if opt.json:
        print(json.dumps(rows))
    else:
        show(rows)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""bench/fetch: mail fetched from a Dovecot of our own, beside other fetchers.

Messages of 2 kB in one account, fetched and deleted there: into an LMTP sink
that keeps nothing (tests/bench/lmtp_sink.c); into our own lmtpd, whose own rate
Postfix' smtp-source shows with as many connections; then behind a proxy that
delays each octet by 10 ms in both directions, which is what a real provider
looks like. fetchmail, getmail6, mpop and mbsync run in the same turns, as far
as they are installed (packages.txt); who is slow gets fewer messages.

Then many accounts that wait for new mail by IMAP over TLS: how long until all
are logged in, and the fetcher's memory while they are.

Behind a line stands what it has to reach, and what can be reached at the most
here, since the other provider has the same processors:

  fetching      what a client takes that keeps nothing (fetch_bare.py)
  into lmtpd    with that client's and lmtpd's work done one after the other
  logging in    the same by a client that does nothing more

The other provider's Dovecot is set up as for many users: passwords are sent
through TLS as they are (with SCRAM both sides would count 4,096 hashes each),
the results of checks are kept, and processes wait for who logs in.

usage: fetch.py [--messages N] [--far N] [--accounts N] [--rounds N] [--json]
"""

import argparse
import datetime
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))
import fetch_bare  # noqa: E402
from far import Far  # noqa: E402
from fetch_rig import PASSWORD, FetchRig, Remote, letter  # noqa: E402
from stage import BUILD, wait_for  # noqa: E402

LANES = 16  # as lmtp_connections
LOGINS_S, MEMORY_MB = 2, 60

PROVIDER = """
auth_mechanisms = plain login
auth_cache_size = 16M
maildir_very_dirty_syncs = yes
pop3_no_flag_updates = yes
service auth {{
  client_limit = 5000
}}
service anvil {{
  client_limit = 5000
}}
service imap {{
  process_min_avail = {accounts}
  process_limit = {limit}
  idle_kill = 1 hours
}}
"""


class Sink:
    def __init__(self, path):
        self.path = path
        self.process = subprocess.Popen(
            [BUILD / "tests" / "bench" / "lmtp_sink", path])
        wait_for(path.exists, "the sink listens")

    def end(self):
        self.process.kill()
        self.process.wait()


def yes_or_no(reached):
    return "yes" if reached else "NO"


class Bench:
    def __init__(self, host):
        self.host, self.rows = host, []

    def note(self, what, count, seconds, bar=None, most=None, **more):
        rate = round(count / seconds)
        self.show(what, f"{rate:7} /s", (
            bar and f"at least {bar}: {yes_or_no(rate >= bar)}",
            most and f"of {most} at the most: {100 * rate // most} %"),
            per_s=rate, bar=bar, most=most, **more)
        return rate

    def show(self, what, text, remarks=(), **row):
        self.rows.append({"what": what, **row})
        said = ", ".join(filter(None, remarks))
        print(f"{what:44} {text}{said and f'  ({said})'}", flush=True)

    def fill(self, count, there=None):
        there = there or self.host.remote.account()
        body = "\n".join("x" * 70 for _ in range(26))
        there.put(*(letter(n, body=body) for n in range(count)))
        return there

    def bare(self, protocol, count, port, what=""):
        """What the other provider gives to who keeps nothing."""
        there = self.fill(count)
        work = getattr(fetch_bare, protocol)
        return self.note(f"bare {protocol} client{what}", count,
                         work(port, there.name, PASSWORD, count))

    def ours(self, what, protocol, count, port=None, **limits):
        """From the moment somebody asks until the run has ended."""
        there = self.host.remote.account()
        here = self.host.account(
            there, protocol, "--leave", "0", tls="none", port=port)
        self.host.settled(here)
        self.fill(count, there)
        used = cpu_s(self.host.fetcher.pid())
        [[began]] = self.host.query("SELECT clock_timestamp()")
        self.host.query("SELECT hauspost.fetch_ask(:'a', 'run')", a=here.id)
        self.host.settled(here)
        [[seconds, fetched]] = self.host.query(
            "SELECT extract(epoch FROM last_run - :'t'), fetched"
            " FROM hauspost.fetch_state WHERE account = :'a'",
            a=here.id, t=began)
        assert int(fetched) == count, here.state()
        used = (cpu_s(self.host.fetcher.pid()) - used) / count
        return self.note(f"hauspost {protocol} -> {what}", count,
                         float(seconds), cpu_us=round(used * 1e6), **limits)

    def lmtpd_itself(self, count):
        """What it takes from so many connections, into one mailbox."""
        mailbox = self.host.customer().mailbox("in")
        argv = ["smtp-source", "-L", "-d", "-l", "2000",
                "-s", str(LANES), "-m", str(count),
                "-f", "anna@world.example",
                "-t", f"{mailbox}@mbox.{self.host.node}",
                f"unix:{self.host.place / 'run' / 'lmtpd.sock'}"]
        began = time.monotonic()
        subprocess.run(argv, check=True)
        return self.note("smtp-source -> lmtpd", count,
                         time.monotonic() - began)

    # -- Others --------------------------------------------------------------

    def other(self, name, count, argv, what, files=()):
        if not shutil.which(argv[0]):
            print(f"{name:44} not installed")
            return
        for path, text in files:
            path.write_text(text)
            path.chmod(0o600)
        began = time.monotonic()
        done = subprocess.run(
            [str(x) for x in argv], capture_output=True, text=True,
            env=os.environ | {"HOME": str(self.host.place.path)})
        seconds = time.monotonic() - began
        if done.returncode:
            print(f"{name} {what}: {done.stderr[-200:]}")
            return
        self.note(f"{name} {what}", count, seconds)

    def mpop(self, count, port, what):
        there = self.fill(count)
        base = self.host.place.folder(f"mpop-{there.name}")
        for part in ("tmp", "new", "cur"):
            (base / part).mkdir()
        self.other("mpop", count, [
            "mpop", "--host=127.0.0.1", f"--port={port}", "--auth=user",
            "--tls=off", f"--user={there.name}",
            f"--passwordeval=echo {PASSWORD}", "--keep=off",
            f"--deliver=maildir,{base}", f"--uidls-file={base}/uidls"], what)

    def mbsync(self, count, port, what):
        there = self.fill(count)
        base = self.host.place.folder(f"mbsync-{there.name}")
        self.other("mbsync", count, [
            "mbsync", "-c", base / "rc", "all"], what, [(base / "rc", f"""
IMAPAccount x
Host 127.0.0.1
Port {port}
User {there.name}
Pass "{PASSWORD}"
SSLType None
AuthMechs LOGIN

IMAPStore far
Account x

MaildirStore near
Path {base}/
Inbox {base}/in

Channel all
Far :far:INBOX
Near :near:INBOX
Create Near
SyncState *
""")])

    def fetchmail(self, count, port, what, sink):
        there = self.fill(count)
        base = self.host.place.folder(f"fetchmail-{there.name}")
        self.other("fetchmail", count, [
            "fetchmail", "-f", base / "rc", "--nosyslog"], what,
            [(base / "rc", f"""
set idfile "{base}/ids"
set pidfile "{base}/pid"
poll 127.0.0.1 protocol pop3 port {port}
  user "{there.name}" password "{PASSWORD}"
  smtphost "{sink}" lmtp smtpname "x@sink.example"
  sslproto "" nokeep fetchall
""")])

    def getmail(self, count, port, what, sink):
        there = self.fill(count)
        base = self.host.place.folder(f"getmail-{there.name}")
        self.other("getmail6", count, [
            "getmail", "-q", "-g", base, "-r", base / "rc"], what,
            [(base / "rc", f"""
[retriever]
type = SimplePOP3Retriever
server = 127.0.0.1
port = {port}
username = {there.name}
password = {PASSWORD}
[destination]
type = MDA_lmtp
host = {sink}
[options]
delete = true
""" )])

    # -- Many accounts -------------------------------------------------------

    def many(self, count):
        """They begin at once, and wait for new mail when they are logged in
        and have looked."""
        host = self.host
        boxes = [host.customer().mailbox("in")
                 for _ in range(count // 10 + 1)]
        accounts = [
            host.account(host.remote.account(), "imap", mailbox=boxes[n // 10])
            for n in range(count)]
        for account in accounts:
            host.settled(account)
        least = fetch_bare.logins(
            host.remote.ports["imaps"], [x.there.name for x in accounts],
            PASSWORD)
        empty = rss_mb(host.fetcher.pid())
        host.set(idle_sessions_max=1000, host_idle_max=1000)
        self.begin(accounts)
        logins = self.until_they_wait(accounts)
        rss = rss_mb(host.fetcher.pid())
        self.show(f"hauspost: {count} accounts logged in", f"{logins:7.2f} s",
                  (f"at most {LOGINS_S}: {yes_or_no(logins <= LOGINS_S)}",
                   f"bare client: {least:.2f} s"),
                  seconds=logins, bar=LOGINS_S, least=least)
        self.show(f"hauspost: memory with {count} by TLS", f"{rss:7} MB",
                  (f"at most {MEMORY_MB}: {yes_or_no(rss <= MEMORY_MB)}",),
                  mb=rss, bar=MEMORY_MB, without=empty)

    def begin(self, accounts):
        first = accounts[0].id
        self.host.query("UPDATE hauspost.fetch_account SET idle = false"
                        " WHERE id < :'a'", a=first)
        self.began = datetime.datetime.now()
        self.host.query("UPDATE hauspost.fetch_state SET next_run = now()"
                        " WHERE account >= :'a'", a=first)

    def until_they_wait(self, accounts):
        """How long it took until the last was logged in."""
        wait_for(lambda: self.host.query(
            "SELECT 1 FROM hauspost.fetch_state HAVING count(*)"
            " FILTER (WHERE idle_since IS NOT NULL) = :'n'",
            n=len(accounts)), "all wait", timeout_s=300)
        return (max(logged_in(self.host.remote.base / "log"))
                - self.began).total_seconds()


def logged_in(log):
    """When Dovecot let somebody in."""
    for line in log.read_text(errors="replace").splitlines():
        if "Login: " in line:
            when = re.match(r"\S+ \S+", line)[0]
            yield datetime.datetime.strptime(when, "%Y-%m-%d %H:%M:%S.%f")


def rss_mb(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) // 1024


def cpu_s(pid):
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1]
    ticks = sum(map(int, stat.split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--messages", type=int, default=2000)
    options.add_argument("--far", type=int, default=2000)
    options.add_argument("--accounts", type=int, default=300)
    options.add_argument("--rounds", type=int, default=2)
    options.add_argument("--json", action="store_true")
    args = options.parse_args()
    Remote.more = PROVIDER.format(
        accounts=args.accounts, limit=args.accounts + 50)
    host = FetchRig()
    try:
        host.start()
        bench = Bench(host)
        run(bench, host, args)
        if args.json:
            print(json.dumps(bench.rows))
    finally:
        host.stop()
        host.place.remove()


def run(bench, host, args):
    ports = host.remote.ports
    far = {name: Far(ports[name]).port for name in ("pop3", "imap")}
    host.set(session_messages=max(2000, args.messages, args.far),
             ports=", ".join(map(str, (*ports.values(), *far.values()))),
             idle_timeout="60s", session_timeout="2h")
    for _ in range(args.rounds):
        itself = bench.lmtpd_itself(args.messages)
        for protocol in ("pop3", "imap"):
            bare = bench.bare(protocol, args.messages, ports[protocol])
            bench.ours("lmtpd", protocol, args.messages,
                       bar=round(0.9 * itself),
                       most=round(1 / (1 / itself + 1 / bare)))
    sink = Sink(host.place / "sink.sock")
    try:
        host.set(lmtp=f"unix:{sink.path}")
        for _ in range(args.rounds):
            near(bench, ports, args.messages, sink.path)
            distant(bench, far, args.far, sink.path)
        bench.many(args.accounts)
    finally:
        sink.end()


def near(bench, ports, count, sink):
    for protocol, bar in {"pop3": 3000, "imap": None}.items():
        most = bench.bare(protocol, count, ports[protocol])
        bench.ours("sink", protocol, count, bar=bar, most=most)
    bench.mpop(count, ports["pop3"], "pop3 -> Maildir")
    bench.mbsync(count, ports["imap"], "imap -> Maildir")
    bench.getmail(count, ports["pop3"], "pop3 -> sink", sink)
    bench.fetchmail(count // 4, ports["pop3"], "pop3 -> sink", sink)


def distant(bench, far, count, sink):
    for protocol, bar in {"pop3": 800, "imap": 1500}.items():
        most = bench.bare(protocol, count, far[protocol], ", 20 ms")
        bench.ours("sink, 20 ms", protocol, count, far[protocol],
                   bar=bar, most=most)
    bench.mpop(count, far["pop3"], "pop3 -> Maildir, 20 ms")
    bench.mbsync(count, far["imap"], "imap -> Maildir, 20 ms")
    bench.getmail(count // 10, far["pop3"], "pop3 -> sink, 20 ms", sink)
    bench.fetchmail(count // 10, far["pop3"], "pop3 -> sink, 20 ms", sink)


if __name__ == "__main__":
    main()

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

What a line has to reach stands behind it.

usage: fetch.py [--messages N] [--far N] [--accounts N] [--rounds N] [--json]
"""

import argparse
import datetime
import json
import os
import pathlib
import queue
import re
import shutil
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))
from fetch_rig import PASSWORD, FetchRig, letter  # noqa: E402
from stage import BUILD, wait_for  # noqa: E402

DELAY_S = 0.010  # each way
LANES = 16  # as lmtp_connections


class Sink:
    def __init__(self, path):
        self.path = path
        self.process = subprocess.Popen(
            [BUILD / "tests" / "bench" / "lmtp_sink", path])
        wait_for(path.exists, "the sink listens")

    def end(self):
        self.process.kill()
        self.process.wait()


class Far:
    """A TCP proxy with a delay."""

    def __init__(self, port):
        self.target = port
        self.server = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            near, _ = self.server.accept()
            far = socket.create_connection(("127.0.0.1", self.target))
            for peer in (near, far):
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.pump(near, far)
            self.pump(far, near)

    def pump(self, source, target):
        waiting = queue.Queue()

        def read():
            while octets := source.recv(65536):
                waiting.put((time.monotonic() + DELAY_S, octets))
            waiting.put((0, b""))

        def write():
            while True:
                due, octets = waiting.get()
                if not octets:
                    return target.shutdown(socket.SHUT_WR)
                time.sleep(max(0, due - time.monotonic()))
                target.sendall(octets)

        for work in (read, write):
            threading.Thread(target=quietly(work), daemon=True).start()


def quietly(work):
    def run():
        try:
            work()
        except OSError:
            pass

    return run


class Bench:
    def __init__(self, host):
        self.host, self.rows = host, []

    def note(self, what, count, seconds, bar=None, **more):
        rate = round(count / seconds)
        self.show(what, f"{rate:7} /s", bar and rate >= bar,
                  per_s=rate, bar=bar, **more)
        return rate

    def show(self, what, text, reached, bar=None, **row):
        self.rows.append({"what": what, "bar": bar, **row})
        verdict = {None: "", True: f"  (at least {bar}: yes)",
                   False: f"  (at least {bar}: NO)"}[reached]
        print(f"{what:44} {text}{verdict}", flush=True)

    def fill(self, count, there=None):
        there = there or self.host.remote.account()
        body = "\n".join("x" * 70 for _ in range(26))
        there.put(*(letter(n, body=body) for n in range(count)))
        return there

    def ours(self, what, protocol, count, port=None, bar=None):
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
                         float(seconds), bar, cpu_us=round(used * 1e6))

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
        empty = rss_mb(host.fetcher.pid())
        host.set(idle_sessions_max=1000, host_idle_max=1000)
        first = accounts[0].id
        host.query("UPDATE hauspost.fetch_account SET idle = false"
                   " WHERE id < :'a'", a=first)
        began = datetime.datetime.now()
        host.query("UPDATE hauspost.fetch_state SET next_run = now()"
                   " WHERE account >= :'a'", a=first)
        wait_for(lambda: host.query(
            "SELECT 1 FROM hauspost.fetch_state HAVING count(*)"
            " FILTER (WHERE idle_since IS NOT NULL) = :'n'", n=count),
            "all wait", timeout_s=300)
        waiting = (datetime.datetime.now() - began).total_seconds()
        logins = [when for when in logged_in(host.remote.base / "log")
                  if when > began]
        seconds = (max(logins) - began).total_seconds()
        rss = rss_mb(host.fetcher.pid())
        self.show(f"hauspost: {count} accounts logged in", f"{seconds:7.2f} s",
                  None, seconds=seconds)
        self.show(f"hauspost: {count} accounts wait", f"{waiting:7.2f} s",
                  None, seconds=waiting)
        self.show(f"hauspost: memory with {count} by TLS", f"{rss:7} MB",
                  None, mb=rss, without=empty)


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
            bench.ours("lmtpd", protocol, args.messages,
                       bar=round(0.9 * itself))
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
    bench.ours("sink", "pop3", count, bar=3000)
    bench.ours("sink", "imap", count)
    bench.mpop(count, ports["pop3"], "pop3 -> Maildir")
    bench.mbsync(count, ports["imap"], "imap -> Maildir")
    bench.getmail(count, ports["pop3"], "pop3 -> sink", sink)
    bench.fetchmail(count // 4, ports["pop3"], "pop3 -> sink", sink)


def distant(bench, far, count, sink):
    bench.ours("sink, 20 ms", "pop3", count, far["pop3"], bar=800)
    bench.ours("sink, 20 ms", "imap", count, far["imap"], bar=1500)
    bench.mpop(count, far["pop3"], "pop3 -> Maildir, 20 ms")
    bench.mbsync(count, far["imap"], "imap -> Maildir, 20 ms")
    bench.getmail(count // 10, far["pop3"], "pop3 -> sink, 20 ms", sink)
    bench.fetchmail(count // 10, far["pop3"], "pop3 -> sink, 20 ms", sink)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""bench/fetch: mail fetched from a Dovecot of our own, beside other fetchers.

Messages of 2 kB in one account, fetched into an LMTP sink that keeps nothing,
and into our own lmtpd; then the same behind a proxy that delays each octet by
10 ms in both directions, which is what a real provider looks like; then many
accounts at once. fetchmail, getmail6, mpop and mbsync run in the same turns,
as far as they are installed (packages.txt).

usage: fetch.py [--messages N] [--far N] [--accounts N] [--json]
"""

import argparse
import json
import os
import pathlib
import queue
import shutil
import socket
import socketserver
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))
from fetch_rig import PASSWORD, FetchRig, letter  # noqa: E402

DELAY_S = 0.010  # each way


class LmtpSink(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 128

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            self.wfile.write(b"220 sink\r\n")
            rcpts = 0
            for line in self.rfile:
                verb = line[:4].upper()
                if verb == b"LHLO":
                    answer = (b"250-sink\r\n250-8BITMIME\r\n250-XHAUSPOST\r\n"
                              b"250 PIPELINING\r\n")
                elif verb == b"DATA":
                    answer = b"354 go\r\n"
                elif verb == b"QUIT":
                    return
                else:
                    rcpts = rcpts + 1 if verb == b"RCPT" else 0
                    answer = b"250 2.0.0 ok\r\n"
                if verb in (b"MAIL", b"RCPT"):
                    self.wfile.write(answer)
                    continue
                self.wfile.write(answer)
                if verb == b"DATA":
                    for text in self.rfile:
                        if text == b".\r\n":
                            break
                    self.wfile.write(b"250 2.0.0 ok\r\n")


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
        self.filled = {}

    def note(self, what, count, seconds, **more):
        rate = round(count / seconds)
        self.rows.append({"what": what, "per_s": rate, **more})
        extra = "".join(f"  {k} {v}" for k, v in more.items())
        print(f"{what:44} {rate:7} /s{extra}", flush=True)

    def fill(self, count, there=None):
        there = there or self.host.remote.account()
        body = "\n".join("x" * 70 for _ in range(26))
        there.put(*(letter(n, body=body) for n in range(count)))
        return there

    def ours(self, what, protocol, count, port=None):
        """From the moment somebody asks until the run has ended."""
        there = self.host.remote.account()
        here = self.host.account(
            there, protocol, "--leave", "0", tls="none", port=port)
        self.host.settled(here)
        self.fill(count, there)
        [[began]] = self.host.query("SELECT clock_timestamp()")
        self.host.query("SELECT hauspost.fetch_ask(:'a', 'run')", a=here.id)
        self.host.settled(here)
        [[seconds, fetched]] = self.host.query(
            "SELECT extract(epoch FROM last_run - :'t'), fetched"
            " FROM hauspost.fetch_state WHERE account = :'a'",
            a=here.id, t=began)
        assert int(fetched) == count, here.state()
        self.note(f"hauspost {protocol} -> {what}", count, float(seconds))

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
        """All begin at once: connected, logged in, one message each."""
        boxes = [self.host.customer().mailbox("in")
                 for _ in range(count // 10 + 1)]
        remotes = [self.host.remote.account() for _ in range(count)]
        accounts = [
            self.host.account(there, "imap", mailbox=boxes[n // 10])
            for n, there in enumerate(remotes)]
        for there, here in zip(remotes, accounts):
            self.host.settled(here)
            self.fill(1, there)
        first = accounts[0].id
        [[began]] = self.host.query(
            "UPDATE hauspost.fetch_state SET next_run = clock_timestamp()"
            " WHERE account >= :'a' RETURNING next_run", a=first)[:1]
        most = 0
        while self.host.query(
            "SELECT 1 FROM hauspost.fetch_state WHERE account >= :'a'"
            " AND last_run < :'t' LIMIT 1", a=first, t=began):
            most = max(most, rss_mb(self.host.fetcher.pid()))
            time.sleep(0.05)
        [[seconds]] = self.host.query(
            "SELECT extract(epoch FROM max(last_run) - :'t')"
            " FROM hauspost.fetch_state WHERE account >= :'a'",
            a=first, t=began)
        self.note(f"hauspost: {count} accounts by TLS, a message each", count,
                  float(seconds), rss_mb=most)


def rss_mb(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) // 1024


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--messages", type=int, default=2000)
    options.add_argument("--far", type=int, default=600)
    options.add_argument("--accounts", type=int, default=300)
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
    host.set(session_messages=2000, ports=", ".join(map(str, (*ports.values(), *far.values()))))
    for protocol in ("pop3", "imap"):
        bench.ours("lmtpd", protocol, args.messages)
    sink = host.place / "sink.sock"
    server = LmtpSink(str(sink), LmtpSink.Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sink.chmod(0o666)
    host.set(lmtp=f"unix:{sink}")
    for protocol in ("pop3", "imap"):
        bench.ours("sink", protocol, args.messages)
    for protocol in ("pop3", "imap"):
        bench.ours("sink, 20 ms", protocol, args.far, far[protocol])
    bench.many(args.accounts)
    bench.mpop(args.messages, ports["pop3"], "pop3 -> Maildir")
    bench.mpop(args.far, far["pop3"], "pop3 -> Maildir, 20 ms")
    bench.mbsync(args.messages, ports["imap"], "imap -> Maildir")
    bench.mbsync(args.far, far["imap"], "imap -> Maildir, 20 ms")
    bench.getmail(args.messages, ports["pop3"], "pop3 -> sink", sink)
    bench.getmail(args.far, far["pop3"], "pop3 -> sink, 20 ms", sink)
    bench.fetchmail(args.far, ports["pop3"], "pop3 -> sink", sink)
    bench.fetchmail(args.far, far["pop3"], "pop3 -> sink, 20 ms", sink)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""bench/lists: one post of 2 KB to every member of a list, through Postfix
into smtp-sink, ours beside mlmmj and beside what Postfix itself can take.

All use the same Postfix, in turns; the figure is the median of the rounds. A
round begins with the hand-over and ends with the last status=sent in Postfix'
log. Ours comes in by SMTP and passes the milter twice; the others are handed
to a smtpd without one. What Postfix takes in competes with what it delivers
at the same time, so the bare client's hand-over is told beside ours.

  shared    ours, groups of 1,000 by XVERP
  personal  ours, a transaction for each member
  mlmmj     mlmmj-send, groups of 1,000 by XVERP, its fastest way
  xverp     a bare client: groups of 1,000 in one write each
  single    a bare client: a transaction each over eight connections

usage: lists.py [--rounds N] [--members N] [--json]
"""

import argparse
import json
import pathlib
import socket
import statistics
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "system"))
import stage  # noqa: E402
from stage.place import free_ports  # noqa: E402
from stage.process import answers  # noqa: E402

DOMAIN = "bench.example"
DOMAINS = 200
GROUP = 1000
CONNECTIONS = 8
AUTHOR = "author@world.example"
BODY = ("x" * 70 + "\r\n") * 25

ROWS = """
BEGIN;
INSERT INTO hauspost.node (name) VALUES ('h01.hosting.example');
INSERT INTO hauspost.package (name, node) VALUES ('bench0', 'h01.hosting.example');
INSERT INTO hauspost.mailbox (name, package) VALUES ('bench0', 'bench0');
INSERT INTO hauspost.domain (name, package) VALUES ('{domain}', 'bench0');
INSERT INTO hauspost.list (name, domain, package, policy, fanout) VALUES
    ('shared', '{domain}', 'bench0', 'open', 'shared'),
    ('personal', '{domain}', 'bench0', 'open', 'personal');
COMMIT;
"""

SUBSCRIBE = """
WITH people AS (INSERT INTO hauspost.list_address (address)
    SELECT format('m%s@d%s.example', i, i % {domains})
    FROM generate_series(1, {members}) AS i RETURNING id)
INSERT INTO hauspost.list_member (list, address)
SELECT l.id, p.id FROM people AS p, hauspost.list AS l
WHERE l.name = 'shared'
"""

SERVICE = """
127.0.0.1:{port} inet n - n - - smtpd
    -o smtpd_milters=
    -o smtpd_client_restrictions=permit_mynetworks,reject
    -o smtpd_relay_restrictions=permit_mynetworks,reject
    -o smtpd_authorized_verp_clients=127.0.0.1
    -o smtpd_recipient_limit=1000
    -o smtpd_client_connection_count_limit=0
"""


def members(count):
    return [f"m{i}@d{i % DOMAINS}.example" for i in range(1, count + 1)]


def letter(to):
    return (f"From: {AUTHOR}\r\nTo: {to}\r\nSubject: bench\r\n"
            f"Message-ID: <{time.time_ns()}@world.example>\r\n\r\n{BODY}")


# -- The bare clients --------------------------------------------------------


class Client:
    """Says a whole transaction in one write, then reads the replies."""

    def __init__(self, port):
        self.peer = socket.create_connection(("127.0.0.1", port))
        self.peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.peer.makefile("rb")
        self.reply()
        self.peer.sendall(b"EHLO bench\r\n")
        self.reply()

    def reply(self):
        while (line := self.file.readline())[3:4] == b"-":
            pass
        if line[:1] not in b"23":
            raise SystemExit(f"bench: {line!r}")

    def send(self, sender, recipients, text):
        lines = [f"MAIL FROM:<{sender[0]}>{sender[1]}"]
        lines += [f"RCPT TO:<{one}> NOTIFY=FAILURE" for one in recipients]
        self.peer.sendall("\r\n".join([*lines, "DATA", ""]).encode())
        for _ in range(len(recipients) + 2):
            self.reply()
        self.peer.sendall(f"{text}.\r\n".encode())
        self.reply()


def xverp(bench, people):
    client, began = Client(bench.raw_port), time.monotonic()
    for i in range(0, len(people), GROUP):
        client.send((f"raw+b-1@{DOMAIN}", " XVERP=-="), people[i:i + GROUP],
                    letter("raw"))
    bench.bare_handover_s = time.monotonic() - began


def single(bench, people):
    def run(part):
        client = Client(bench.raw_port)
        for one in part:
            client.send((f"raw+b-1@{DOMAIN}", ""), [one], letter("raw"))

    threads = [threading.Thread(target=run, args=(people[i::CONNECTIONS],))
               for i in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# -- mlmmj -------------------------------------------------------------------


def make_mlmmj(bench, people):
    folder = bench.place.folder("mlmmj")
    for name in ("control", "subscribers.d", "queue", "archive", "bounce",
                 "incoming", "requeue", "text", "digesters.d", "nomailsubs.d"):
        (folder / name).mkdir(exist_ok=True)
    for name, value in {
        "listaddress": f"mlmmj@{DOMAIN}", "verp": "postfix",
        "maxverprecips": GROUP, "relayhost": "127.0.0.1",
        "smtpport": bench.raw_port, "delimiter": "+",
    }.items():
        (folder / "control" / name).write_text(f"{value}\n")
    (folder / "subscribers.d" / "m").write_text("\n".join(people) + "\n")
    (folder / "index").write_text("0\n")


def mlmmj(bench, _):
    folder = bench.place / "mlmmj"
    post = folder / "queue" / "post"
    post.write_text(letter(f"mlmmj@{DOMAIN}").replace("\r\n", "\n"))
    subprocess.run(["/usr/bin/mlmmj-send", "-L", folder, "-m", post, "-D"], check=True)


# -- Ours --------------------------------------------------------------------


def ours(name):
    def run(bench, _):
        bench.send([f"{name}@{DOMAIN}"], letter(f"{name}@{DOMAIN}").encode(),
                   AUTHOR)
    return run


RUNS = {"shared": ours("shared"), "xverp": xverp, "mlmmj": mlmmj,
        "personal": ours("personal"), "single": single}


class Bench(stage.Stage):
    """PostgreSQL, milter, list manager, Postfix and a fast sink."""

    def site(self):
        return super().site() | {"CONCURRENCY": 50}

    def start(self):
        self.prepare()
        [self.raw_port] = free_ports(["raw"]).values()
        with open(self.postfix.config / "master.cf", "a") as file:
            file.write(SERVICE.format(port=self.raw_port))
        self.postgres.start()
        self.postgres.new_database()
        self.start_program("hauspost-milter")
        self.start_listmgr()
        port = self.place.port("sink")
        self.sink.start(
            ["smtp-sink", "-u", "nobody", f"inet:127.0.0.1:{port}", "1000"],
            answers(port, b"220 "),
        )
        self.postfix.start()

    def subscribe(self, count):
        """Seconds for the one statement that subscribes them all."""
        rows = self.place / "etc" / "bench-lists.sql"
        rows.write_text(ROWS.format(domain=DOMAIN))
        self.postgres.run_file(rows)
        began = time.monotonic()
        self.query(SUBSCRIBE.format(members=count, domains=DOMAINS))
        took_s = time.monotonic() - began
        self.query(
            "INSERT INTO hauspost.list_member (list, address)"
            " SELECT l.id, m.address FROM hauspost.list_member AS m,"
            " hauspost.list AS l WHERE l.name = 'personal'")
        self.query("ANALYZE")
        return took_s

    def memory_mb(self):
        """The most it ever had; shared libraries and all."""
        status = pathlib.Path(f"/proc/{self.listmgr.pid()}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024

    def handover_s(self):
        """Of the last post of the shared list: from row to last group."""
        [[seconds]] = self.query(
            "SELECT extract(epoch FROM p.sent - p.posted)"
            " FROM hauspost.list_post AS p"
            " JOIN hauspost.list AS l ON l.id = p.list AND l.name = 'shared'"
            " ORDER BY p.n DESC LIMIT 1")
        return float(seconds)


class Log:
    """Counts what Postfix says it has delivered to the world."""

    def __init__(self, path):
        self.file = open(path, errors="replace")
        self.rest = ""

    def sent(self):
        text = self.rest + self.file.read()
        whole, _, self.rest = text.rpartition("\n")
        return sum(
            "status=sent" in line and ".example>, " in line
            and "relay=127.0.0.1" in line for line in whole.split("\n"))


def run_round(bench, run, people):
    """Recipients per second, from the hand-over to the last delivery."""
    log = Log(bench.postfix.maillog)
    log.sent()
    seen, began = 0, time.monotonic()
    run(bench, people)
    while seen < len(people):
        seen += log.sent()
        time.sleep(0.02)
        if time.monotonic() - began > 600:
            raise SystemExit(f"bench: {seen} of {len(people)} after 600 s")
    return len(people) / (time.monotonic() - began)


def options():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--members", type=int, default=10000)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def main():
    opt = options()
    people = members(opt.members)
    rates = {name: [] for name in RUNS}
    with Bench() as bench:
        subscribed_s = bench.subscribe(opt.members)
        make_mlmmj(bench, people)
        for number in range(1, opt.rounds + 1):
            for name, run in RUNS.items():
                rates[name].append(run_round(bench, run, people))
                print(f"bench: round {number}: {name} {rates[name][-1]:.0f}/s",
                      file=sys.stderr, flush=True)
        handover_s, memory_mb = bench.handover_s(), bench.memory_mb()
        bare_s = bench.bare_handover_s
    rate = {name: statistics.median(each) for name, each in rates.items()}
    result = {f"{name}_per_s": round(r) for name, r in rate.items()} | {
        "shared_to_xverp": round(rate["shared"] / rate["xverp"], 2),
        "shared_to_mlmmj": round(rate["shared"] / rate["mlmmj"], 2),
        "personal_to_single": round(rate["personal"] / rate["single"], 2),
        "handover_s": round(handover_s, 2),
        "bare_handover_s": round(bare_s, 2),
        "subscribe_s": round(subscribed_s, 2),
        "memory_mb": round(memory_mb),
    }
    if opt.json:
        print(json.dumps(result))
    else:
        print(f"lists: shared {result['shared_per_s']}/s"
              f" ({result['shared_to_xverp']} of bare XVERP,"
              f" {result['shared_to_mlmmj']} x mlmmj), personal"
              f" {result['personal_per_s']}/s"
              f" ({result['personal_to_single']} of bare transactions);"
              f" handed over in {result['handover_s']} s (bare client:"
              f" {result['bare_handover_s']} s), subscribed in"
              f" {result['subscribe_s']} s, {result['memory_mb']} MB")


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""bench/forward: messages that go on to an address elsewhere, in by SMTP and
out to a sink, ours beside what a Postfix admin has without us.

Both are Postfix with the same settings, write to the same file system and run
in turns in the same run; the figure is the median of the rounds. 4 KB messages
by Postfix' smtp-source, each to an address of its own that has one target
elsewhere; a round ends when the queue is empty.

  hauspost  milter with SQL directory, trail and metrics; SRS by the milter
  postsrsd  virtual_alias_maps and virtual_alias_domains by proxy:pgsql,
            postsrsd as sender_canonical_maps and recipient_canonical_maps

usage: forward.py [--rounds N] [--messages N] [--sessions N] [--json]
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "system"))
import stage  # noqa: E402
from stage.place import free_ports  # noqa: E402
from stage.postfix import Postfix  # noqa: E402
from stage.process import Process, answers  # noqa: E402

SIZE = 4096
DOMAIN = "bench.example"
SENDER = "sender@world.example"

OURS = """
BEGIN;
INSERT INTO hauspost.node (name) VALUES ('h01.hosting.example');
INSERT INTO hauspost.package (name, node, units)
    VALUES ('bench0', 'h01.hosting.example', {count} / 250 + 2);
INSERT INTO hauspost.mailbox (name, package) VALUES ('bench0', 'bench0');
INSERT INTO hauspost.domain (name, package) VALUES ('{domain}', 'bench0');
INSERT INTO hauspost.address (local_part, domain)
    SELECT n || 'user', '{domain}' FROM generate_series(0, {count}) AS n;
INSERT INTO hauspost.target (address, destination)
    SELECT n || 'user@{domain}', n || 'user@elsewhere.example'
    FROM generate_series(0, {count}) AS n;
COMMIT;
ANALYZE;
"""

THEIRS = """
CREATE ROLE bench LOGIN;
CREATE TABLE public.domains (name text PRIMARY KEY);
CREATE TABLE public.aliases (name text PRIMARY KEY, destination text);
INSERT INTO public.domains VALUES ('{domain}');
INSERT INTO public.aliases
    SELECT n || 'user@{domain}', n || 'user@elsewhere.example'
    FROM generate_series(0, {count}) AS n;
GRANT SELECT ON public.domains, public.aliases TO bench;
ANALYZE;
"""

MAP = """
hosts = unix:{socket}
user = bench
dbname = hauspost
query = {query}
"""


class Rival(Postfix):
    """The same Postfix without our milter; what it asks instead."""

    def __init__(self, bench):
        super().__init__(bench.place)
        self.bench = bench
        self.config = bench.place / "etc" / "rival"
        self.process = Process(bench.place, "rival-postfix")
        self.ports = free_ports("smtp reinject a b c srs back".split())
        self.srs = Process(bench.place, "postsrsd")

    def render(self):
        """Our own templates, for another place and other ports."""
        path, ports = self.place.path, self.ports
        site = self.bench.site() | {
            "SMTP_PORT": ports["smtp"],
            "REINJECT_PORT": ports["reinject"],
            "ORIGINATE_PORT": ports["c"],
            "SUBMISSION_PORT": ports["a"],
            "SUBMISSIONS_PORT": ports["b"],
            "POSTFIX_QUEUE": path / "rival-queue",
            "POSTFIX_DATA": path / "rival-data",
            "POSTFIX_LOG": path / "log" / "rival-maillog",
        }
        lines = "".join(f"{k}={v}\n" for k, v in site.items())
        (self.place / "etc" / "rival.conf").write_text(lines)
        stage.run(
            [stage.ROOT / "conf" / "render", self.place / "etc" / "rival.conf"]
            + [self.place / "etc" / "rival-etc"]
        )
        (self.place / "etc" / "rival-etc" / "postfix").rename(self.config)

    def map(self, name, query):
        text = MAP.format(socket=self.bench.postgres.socket, query=query)
        (self.config / name).write_text(text)
        return f"proxy:pgsql:{self.config}/{name}"

    def configure(self):
        aliases = "SELECT destination FROM aliases WHERE name = '%s'"
        domains = "SELECT name FROM domains WHERE name = '%s'"
        srs, back = self.ports["srs"], self.ports["back"]
        settings = {
            "smtpd_milters": "",
            "virtual_mailbox_domains": "",
            "relay_domains": "",
            "transport_maps": "",
            "virtual_alias_maps": self.map("aliases.cf", aliases),
            "virtual_alias_domains": self.map("domains.cf", domains),
            "sender_canonical_maps": f"tcp:127.0.0.1:{srs}",
            "sender_canonical_classes": "envelope_sender",
            "recipient_canonical_maps": f"tcp:127.0.0.1:{back}",
            "recipient_canonical_classes": "envelope_recipient",
            "proxy_read_maps": "$virtual_alias_maps $virtual_alias_domains",
        }
        words = [f"{name}={value}" for name, value in settings.items()]
        self.command("postconf", "-e", *words)

    def start(self):
        self.render()
        self.configure()
        secret = self.place / "etc" / "postsrsd.secret"
        secret.write_text("a key of thirty-two octets, say.\n")
        srs, back = self.ports["srs"], self.ports["back"]
        self.srs.start(
            ["/usr/sbin/postsrsd", "-4", "-s", secret, "-d", DOMAIN]
            + ["-f", srs, "-r", back],
            lambda: answers_tcp(srs),
        )
        self.place.folder("rival-queue")
        self.place.folder("rival-data", "postfix")
        self.process.start(
            ["/usr/sbin/postfix", "-c", self.config, "start-fg"],
            answers(self.ports["smtp"], b"220 "),
        )


def answers_tcp(port):
    """postsrsd says nothing first: a lookup is its greeting."""
    import socket

    with socket.create_connection(("127.0.0.1", port), 5) as peer:
        peer.sendall(b"get probe@world.example\n")
        if not peer.recv(100).startswith(b"200 SRS0"):
            raise OSError("postsrsd does not answer")


class Bench(stage.Stage):
    """A stage with PostgreSQL, our milter, Postfix and a fast sink."""

    def start(self):
        self.prepare()
        etc = self.place / "etc" / "postgresql" / "pg_hba.conf"
        etc.write_text("local all bench trust\n" + etc.read_text())
        self.postgres.start()
        self.postgres.new_database()
        self.start_program("hauspost-milter")
        self.start_fast_sink()
        self.postfix.start()
        self.rival = Rival(self)
        self.rival.start()

    def start_fast_sink(self):
        port = self.place.port("sink")
        self.sink.start(
            ["smtp-sink", "-u", "nobody", f"inet:127.0.0.1:{port}", "1000"],
            answers(port, b"220 "),
        )

    def load_rows(self, count):
        for name, text in (("ours", OURS), ("theirs", THEIRS)):
            path = self.place / "etc" / f"bench-{name}.sql"
            path.write_text(text.format(count=count, domain=DOMAIN))
            self.postgres.run_file(path)


def run_round(postfix, port, opt):
    """Messages per second of one run, until the last one has left."""
    argv = ["smtp-source", "-N", "-d", "-l", str(SIZE), "-f", SENDER]
    argv += ["-s", str(opt.sessions), "-m", str(opt.messages)]
    argv += ["-t", f"user@{DOMAIN}", f"inet:127.0.0.1:{port}"]
    began = time.monotonic()
    subprocess.run(argv, check=True)
    while postfix.queue():
        time.sleep(0.02)
    return opt.messages / (time.monotonic() - began)


def check(log, count):
    """Every message left with a sender of ours: a figure that counts bounces
    is none."""
    text = log.read_text()
    sent = text.count("status=sent")
    rewritten = text.count(f"=world.example=sender@{DOMAIN}>")
    if sent != count or rewritten < count:
        raise SystemExit(
            f"{log}: {sent} sent, {rewritten} rewritten instead of {count}"
        )


def options():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--sessions", type=int, default=8)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def main():
    opt = options()
    rates = {"hauspost": [], "postsrsd": []}
    with Bench() as bench:
        bench.load_rows(opt.messages)
        servers = {
            "hauspost": (bench.postfix, bench.place.port("smtp")),
            "postsrsd": (bench.rival, bench.rival.ports["smtp"]),
        }
        for number in range(1, opt.rounds + 1):
            for who, (postfix, port) in servers.items():
                rates[who].append(run_round(postfix, port, opt))
                print(f"bench: round {number}: {who} {rates[who][-1]:.0f}/s",
                      file=sys.stderr, flush=True)
        for log in ("maillog", "rival-maillog"):
            check(bench.place / "log" / log, opt.rounds * opt.messages)
    rate = {who: statistics.median(each) for who, each in rates.items()}
    result = {f"{who}_per_s": round(r) for who, r in rate.items()}
    result["to_postsrsd"] = round(rate["hauspost"] / rate["postsrsd"], 2)
    if opt.json:
        print(json.dumps(result))
    else:
        print(f"forward: {result['hauspost_per_s']}/s, virtual_alias_maps and"
              f" postsrsd {result['postsrsd_per_s']}/s:"
              f" {result['to_postsrsd']} x")


if __name__ == "__main__":
    main()

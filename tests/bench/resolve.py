#!/usr/bin/python3
"""bench/resolve: answers of hauspost.resolve() a second.

One lasting connection by the local socket, prepared, in a directory of 500,000
addresses in 150,000 domains of 15,000 packages; each address is two hops from
its mailbox (address, alias, mailbox), drawn at random. The aim is 4,000. Beside
it the same connection asking SELECT 1: what asking costs here at all.

usage: resolve.py [--seconds N] [--rounds N]
"""

import argparse
import pathlib
import re
import statistics
import subprocess
import sys
import time

# Rounds until the connection's process has seen most of PostgreSQL's memory:
# the first look at each page of it is a page fault.
WARMING = 2

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "system"))
import stage  # noqa: E402
from stage.postgres import program  # noqa: E402


def pgbench(postgres, script, seconds, rounds):
    """Rates of so many rounds on one connection."""
    done = subprocess.run(
        [program("pgbench"), "-n", "-M", "prepared", "-f", HERE / script]
        + ["-c", "1", "-T", str(seconds * rounds), "-P", str(seconds)]
        + ["-h", postgres.socket, "-U", "postgres", "bench"],
        check=True,
        capture_output=True,
        text=True,
    )
    return [float(rate) for rate in re.findall(r"([0-9.]+) tps", done.stderr)]


def say(text):
    print(text, flush=True)


def load(postgres):
    started = time.monotonic()
    say("loading 500,000 addresses …")
    postgres.new_database("bench")
    postgres.run_file(HERE / "directory.sql", "bench")
    postgres.query("VACUUM ANALYZE", "bench")
    say(f"loaded in {time.monotonic() - started:.0f} s")


def measure(postgres, arguments):
    floor = statistics.median(pgbench(postgres, "nothing.pgbench", 1, 3))
    say(f"SELECT 1: {floor:,.0f}/s")
    say("warming and measuring …")
    rates = pgbench(
        postgres,
        "resolve.pgbench",
        arguments.seconds,
        WARMING + arguments.rounds,
    )
    for i, rate in enumerate(rates):
        warming = " (warming)" if i < WARMING else ""
        say(f"round {i + 1}: {rate:,.0f}/s{warming}")
    say(f"resolve: {statistics.median(rates[WARMING:]):,.0f}/s, median")


def main():
    parser = argparse.ArgumentParser(description="How fast is resolve()?")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    host = stage.Stage()
    try:
        host.prepare()
        host.postgres.start()
        load(host.postgres)
        measure(host.postgres, arguments)
    finally:
        host.stop()
        host.place.remove()


if __name__ == "__main__":
    main()

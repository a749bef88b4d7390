#!/usr/bin/python3
"""bench/resolve: answers of hauspost.resolve() a second.

One connection by the local socket, prepared, in a directory of 500,000
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

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "system"))
import stage  # noqa: E402
from stage.postgres import program  # noqa: E402


def pgbench(postgres, script, seconds):
    done = subprocess.run(
        [program("pgbench"), "-n", "-M", "prepared", "-f", HERE / script]
        + ["-c", "1", "-T", str(seconds)]
        + ["-h", postgres.socket, "-U", "postgres", "bench"],
        check=True,
        capture_output=True,
        text=True,
    )
    return float(re.search(r"tps = ([0-9.]+)", done.stdout)[1])


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
    say("warming …")
    pgbench(postgres, "resolve.pgbench", arguments.seconds)
    rates = []
    for i in range(arguments.rounds):
        floor = pgbench(postgres, "nothing.pgbench", 1)
        rates.append(pgbench(postgres, "resolve.pgbench", arguments.seconds))
        say(f"round {i + 1}: {rates[-1]:,.0f}/s (SELECT 1: {floor:,.0f}/s)")
    say(f"resolve: {statistics.median(rates):,.0f}/s, median")


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

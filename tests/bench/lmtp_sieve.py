#!/usr/bin/python3
"""bench/lmtp_sieve: what a Sieve script costs a delivery.

The same deliveries as bench/lmtp, in turns without a script and with the same
typical one in each mailbox' home; the figure is the median of the rounds. Each
turn delivers twice and counts the second time: a script is compiled when it
is met first, and then for all mail until it changes. The bar: less than a
tenth.

usage: lmtp_sieve.py [--rounds N] [--messages N] [--sessions N,N] [--json]
"""

import json
import os
import pathlib
import statistics
import sys

from lmtp import Bench, options, source, stored

SCRIPT = """require ["fileinto", "mailbox", "imap4flags"];
if header :contains "X-Spam-Flag" "YES" { fileinto :create "Junk"; stop; }
if address :domain :is "from" "lists.example" {
    addflag "\\\\Seen"; fileinto :create "Lists"; stop;
}
if header :matches "subject" "[*] *" { keep; stop; }
"""


def give_scripts(bench, wanted):
    rows = bench.query("SELECT home, uid FROM hauspost.mailbox")
    for home, uid in rows:
        path = pathlib.Path(home, ".dovecot.sieve")
        if not wanted:
            path.unlink(missing_ok=True)
            continue
        path.write_text(SCRIPT)
        os.chown(path, int(uid), int(uid))


def rate(bench, sessions, messages, scripts):
    give_scripts(bench, scripts)
    for _ in ("compile", "count"):
        bench.empty_our_homes()
        found = source(bench.place / "run" / "lmtpd.sock", sessions, messages)
    stored(bench.place / "mail", messages)
    return found


def measure(bench, sessions, opt):
    rates = {False: [], True: []}
    for _ in range(opt.rounds):
        for scripts, list_ in rates.items():
            list_.append(rate(bench, sessions, opt.messages, scripts))
    without, with_ = (statistics.median(each) for each in rates.values())
    return {
        "sessions": sessions,
        "without_per_s": round(without),
        "with_per_s": round(with_),
        "cost_percent": round(100 * (1 - with_ / without), 1),
    }


def main():
    opt = options()

    def say(text):
        print(f"bench: {text}", file=sys.stderr, flush=True)

    with Bench(say=say) as bench:
        bench.load_provider(opt.messages)
        rows = [
            measure(bench, int(sessions), opt)
            for sessions in opt.sessions.split(",")
        ]
    if opt.json:
        print(json.dumps(rows))
        return
    print(f"\n{'sessions':>8} {'without':>9} {'with':>9} {'cost':>7}")
    for row in rows:
        print(f"{row['sessions']:>8} {row['without_per_s']:>9}"
              f" {row['with_per_s']:>9} {row['cost_percent']:>6}%")


if __name__ == "__main__":
    main()

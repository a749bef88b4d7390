#!/usr/bin/python3
"""bench/lmtp_pace: how long a message waits for its answer under a steady load.

So many messages of 4 KB a second for 1,000 mailboxes, by 16 sessions that stay
open. The time counts from the moment a message was due, so one that had to
wait for a session is as late as it is. The bars: 99 of 100 answered within
50 ms at 500 messages a second, and memory that grows by less than 5 percent.

usage: lmtp_pace.py [--rate N] [--seconds N] [--json]
"""

import argparse
import asyncio
import json
import pathlib
import sys

from lmtp import DOMAIN, SIZE, Bench, stored

MAILBOXES, SESSIONS, WARM_S = 1000, 16, 10
P99_MS, GROWTH_PERCENT = 50, 5
PROGRAMS = ("hauspost-lmtpd", "hauspost-storer")
MESSAGE = b"Subject: paced\r\n\r\n" + b"x" * 76 + b"\r\n"
MESSAGE += (b"y" * 76 + b"\r\n") * ((SIZE - len(MESSAGE)) // 78)


class Session:
    async def open(self, socket):
        self.reader, self.writer = await asyncio.open_unix_connection(socket)
        await self.answer()
        await self.ask(b"LHLO bench.example\r\n")
        return self

    async def answer(self):
        while (line := await self.reader.readline())[3:4] == b"-":
            pass
        if line[:1] not in b"23":
            raise SystemExit(f"lmtpd says {line!r}")

    async def ask(self, command):
        self.writer.write(command)
        await self.answer()

    async def send(self, number):
        to = f"{number % MAILBOXES}user@{DOMAIN}".encode()
        await self.ask(b"MAIL FROM:<sender@example.net>\r\n")
        await self.ask(b"RCPT TO:<" + to + b">\r\n")
        await self.ask(b"DATA\r\n")
        await self.ask(MESSAGE + b".\r\n")


async def work(session, due, late_ms):
    clock = asyncio.get_running_loop().time
    while (item := await due.get()) is not None:
        number, when = item
        await session.send(number)
        late_ms.append(1000 * (clock() - when))


async def pace(bench, rate, seconds):
    """How late each answer was, in milliseconds, the fastest first."""
    socket = str(bench.place / "run" / "lmtpd.sock")
    sessions = [await Session().open(socket) for _ in range(SESSIONS)]
    due, late_ms = asyncio.Queue(), []
    workers = [asyncio.create_task(work(s, due, late_ms)) for s in sessions]
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(rate * seconds):
        when = began + number / rate
        await asyncio.sleep(max(0, when - loop.time()))
        due.put_nowait((number, when))
    for _ in workers:
        due.put_nowait(None)
    await asyncio.gather(*workers)
    return sorted(late_ms)


def memory_kb(name):
    """Of all processes of that name, what is theirs alone."""
    total = 0
    for status in pathlib.Path("/proc").glob("[0-9]*/comm"):
        try:
            if status.read_text().strip() == name[:15]:
                rollup = (status.parent / "smaps_rollup").read_text()
                total += sum(int(line.split()[1])
                             for line in rollup.splitlines()
                             if line.startswith("Private_"))
        except OSError:
            continue  # it has just ended
    return total


def measure(bench, opt):
    asyncio.run(pace(bench, opt.rate, WARM_S))  # caches and pools are filled
    before = {name: memory_kb(name) for name in PROGRAMS}
    late_ms = asyncio.run(pace(bench, opt.rate, opt.seconds))
    stored(bench.place / "mail", opt.rate * (WARM_S + opt.seconds))
    figures = {"per_s": opt.rate, "messages": len(late_ms)}
    for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1)):
        place = min(len(late_ms) - 1, int(share * len(late_ms)))
        figures[f"{name}_ms"] = round(late_ms[place], 1)
    for name, kb in before.items():
        growth = 100 * (memory_kb(name) / kb - 1)
        figures[f"{name.removeprefix('hauspost-')}_grows_percent"] = round(
            growth, 1)
    return figures


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rate", type=int, default=500)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    opt = parser.parse_args()

    def say(text):
        print(f"bench: {text}", file=sys.stderr, flush=True)

    with Bench(say=say) as bench:
        bench.load_provider(MAILBOXES)
        figures = measure(bench, opt)
    if opt.json:
        print(json.dumps(figures))
        return
    for name, figure in figures.items():
        print(f"{name:>22} {figure}")
    print(f"want p99 within {P99_MS} ms, memory within {GROWTH_PERCENT} %")


if __name__ == "__main__":
    main()

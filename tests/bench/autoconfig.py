#!/usr/bin/python3
"""How fast mail clients are answered, through nginx as conf/ ships it: answers
from memory as fast as it goes, answers at 200 a second, addresses that are new
each time, the CGI program, and what an idle process costs.

The machine's time goes to nginx, to us and to wrk together; what one core of
ours can do is told by the processor time that an answer took."""

import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "system"))

import fastcgi  # noqa: E402
from stage import Stage  # noqa: E402

TARGET = "/mail/config-v1.1.xml?emailaddress={}%40example.org"
HOST = "autoconfig.example.org"
SECONDS = 5
TICKS = 100  # of /proc/PID/stat, a second

UNKNOWN = """
local n = 0
function request()
    n = n + 1
    return wrk.format("GET", "/mail/config-v1.1.xml?emailaddress=x" .. n .. "%40hamburg.example.org")
end
"""


# Four connections, each with a request every 20 ms: 200 a second.
PACED = "function delay() return 20 end"


def children(pid):
    return pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def cpu_seconds(pids):
    fields = (pathlib.Path(f"/proc/{p}/stat").read_text().rpartition(")")[2].split() for p in pids)
    return sum(int(f[11]) + int(f[12]) for f in fields) / TICKS


def wrk(stage, *words, target=TARGET.format("office")):
    url = f"http://127.0.0.1:{stage.place.port('http')}{target}"
    out = subprocess.run(
        ["wrk", "-t1", f"-d{SECONDS}s", "--latency", "-H", f"Host: {HOST}", *words, url],
        text=True,
        capture_output=True,
        check=True,
    ).stdout
    number = lambda pattern: re.search(pattern, out).group(1)  # noqa: E731
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    return (
        float(number(r"Requests/sec:\s+([\d.]+)")),
        number(r"\n +50% +(\S+)"),
        number(r"\n +99% +(\S+)"),
        int(bad.group(1)) if bad else 0,
    )


def show(says, text):
    print(f"{says:44} {text}", flush=True)


def measure(stage, pids, says, *words, **options):
    began = cpu_seconds(pids)
    rate, half, most, bad = wrk(stage, *words, **options)
    used = cpu_seconds(pids) - began
    core = rate * SECONDS / used if used else 0
    show(
        says,
        f"{rate:8,.0f}/s   p50 {half:>8} p99 {most:>8}   {core:8,.0f}/s of a core"
        + (f"   {bad} not answered" if bad else ""),
    )


def cgi(stage):
    began, n = time.perf_counter(), 0
    while time.perf_counter() - began < SECONDS:
        fastcgi.call(
            stage.place / "bin" / "hauspost-autoconfig",
            stage.config,
            fastcgi.variables(TARGET.format("office"), HOST),
        )
        n += 1
    show("plain CGI, a process and a login each", f"{n / SECONDS:8,.0f}/s")


def memory(pids):
    for pid in pids:
        text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
        rss, pss = (int(re.search(rf"^{k}:\s+(\d+)", text, re.M).group(1)) for k in ("Rss", "Pss"))
        show("an idle process (wanted: below 6 MiB)", f"{pss / 1024:8.1f} MiB, {rss / 1024:.1f} with what it shares")


def main():
    stage = Stage()
    try:
        print("starting PostgreSQL, hauspost-autoconfig, nginx …", flush=True)
        stage.prepare()
        stage.postgres.start()
        stage.postgres.new_database()
        stage.postgres.run_file(ROOT / "sql" / "demo.sql")
        text = stage.config.read_text().replace("[autoconfig]", "[autoconfig]\nlookups_per_minute = 0")
        stage.config.write_text(text)
        stage.start_program("hauspost-autoconfig")
        stage.web.start()
        # The first one signs profiles, the last one serves /metrics.
        pids = children(stage.programs["hauspost-autoconfig"].pid())[1:-1]
        time.sleep(1)
        memory(pids)
        measure(stage, pids, "one address (wanted: 5,000/s of a core)", "-c16")
        measure(stage, pids, "one address, 200 connections", "-c200")
        measure(stage, pids, "one address, 1 connection", "-c1")
        measure(stage, pids, "the page for people", "-c16", target="/?emailaddress=office@example.org")
        script = stage.place / "load.lua"
        script.write_text(UNKNOWN)
        measure(stage, pids, "an address never asked before", "-c16", "-s", str(script))
        script.write_text(PACED)
        measure(stage, pids, "200/s (wanted: p99 below 20 ms)", "-c4", "-s", str(script))
        cgi(stage)
    finally:
        stage.stop()
        stage.place.remove()


if __name__ == "__main__":
    main()

"""Messages made to hurt: they are delivered, or refused with a clear code, and
cost little time and memory."""

import os
import pathlib
import time

import pytest
from lmtp_rig import TEXT, received

MB = 1024 * 1024


@pytest.fixture(scope="module")
def box(lmtp_host):
    return lmtp_host.customer().mailbox("abc")


def workers(lmtp):
    """Process ids of lmtpd's workers."""
    parent = lmtp.programs["hauspost-lmtpd"].pid()
    path = pathlib.Path(f"/proc/{parent}/task/{parent}/children")
    return [int(pid) for pid in path.read_text().split()]


def memory(lmtp):
    """Octets of memory that belong to the workers alone."""
    total = 0
    for pid in workers(lmtp):
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                total += int(line.split()[1]) * 1024
    return total


def cpu_s(lmtp):
    ticks = 0
    for pid in workers(lmtp):
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
        fields = stat.rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def line(length):
    return b"x" * length + b"\r\n"


BOMBS = {
    "a body line of 20 MB": TEXT + line(20 * MB),
    "a header line of 20 MB": b"Subject: " + line(20 * MB) + TEXT,
    "100,000 header fields": b"X-Bomb: y\r\n" * 100_000 + TEXT,
    "a field of 100,000 folded lines": b"X-Bomb:\r\n" + b" y\r\n" * 100_000 + TEXT,
    "100,000 colons": b":" * 100_000 + b"\r\n" + TEXT,
    "100,000 Return-Path fields": b"Return-Path: <>\r\n" * 100_000 + TEXT,
    "1,000,000 empty lines": TEXT + b"\r\n" * 1_000_000,
    "1,000,000 dots": TEXT + b"..\r\n" * 1_000_000,
    "1,000,000 stray CRs": TEXT + b"\r" * 1_000_000 + b"\r\n",
    "1,000,000 stray LFs": TEXT + b"\n" * 1_000_000 + b"\r\n",
    "1,000,000 NULs": TEXT + b"\0" * 1_000_000 + b"\r\n",
    "nothing but a dot": b"",
    "no header at all": b"\r\nbody\r\n",
    "a header that begins with a blank": b" \r\n" + TEXT,
    "a header that begins with a colon": b": x\r\n" + TEXT,
    "10,000 addresses": b"To: " + b"a@b.example, " * 10_000 + b"\r\n" + TEXT,
    "MIME parts nested 2,000 deep": b"".join(
        b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (i, i)
        for i in range(2000)
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_just_a_message(lmtp, box, name):
    text = BOMBS[name]
    before, used = memory(lmtp), cpu_s(lmtp)
    with lmtp.peer() as peer:
        peer.hello()
        peer.begin("a@b.example", [lmtp.leaf(box)])
        peer.raw(text + b".\r\n")
        assert peer.reply() == "250 2.0.0 delivered"
        assert memory(lmtp) - before < 2 * MB
    assert cpu_s(lmtp) - used <= 1.0
    for path in lmtp.files(box):
        assert path.stat().st_size >= len(text.replace(b"\r\n", b"\n")) // 2 or (
            b"Return-Path" in text
        )
        path.unlink()


def test_128_mb_cost_less_than_2_mb_of_memory(lmtp, box):
    before, most, sent = memory(lmtp), 0, 0
    block = line(998) * 1000
    with lmtp.peer() as peer:
        peer.hello("BIG")
        peer.begin("a@b.example", [lmtp.leaf(box)])
        peer.raw(received("BIG") + TEXT)
        while sent + len(block) < 128 * MB:
            peer.raw(block)
            sent += len(block)
            most = max(most, memory(lmtp) - before)
        peer.raw(b".\r\n")
        assert peer.reply() == "250 2.0.0 delivered"
        most = max(most, memory(lmtp) - before)
    assert most < 2 * MB
    [path] = lmtp.files(box)
    assert path.stat().st_size > sent * 0.99
    path.unlink()


def test_more_than_the_largest_is_refused_at_its_end(lmtp, box):
    block = line(998) * 1000
    with lmtp.peer() as peer:
        peer.hello("BIGGER")
        peer.begin("a@b.example", [lmtp.leaf(box)])
        for _ in range(136):
            peer.raw(block)
        peer.raw(b".\r\n")
        assert peer.reply().startswith("552 5.3.4")
        assert peer.say("NOOP") == "250 2.0.0 ok"
    assert lmtp.files(box) == []


def test_a_spool_that_is_away_defers(lmtp, box):
    """Only what does not fit in memory needs it."""
    spool = lmtp.place / "spool"
    away = lmtp.place / "spool.away"
    spool.rename(away)
    try:
        with lmtp.peer() as peer:
            peer.hello()
            [answer] = peer.send(
                "a@b.example", [lmtp.leaf(box)], TEXT + line(998) * 1000
            )
            assert answer.startswith("451 4.3.0")
            assert peer.send("a@b.example", [lmtp.leaf(box)]) == [
                "250 2.0.0 delivered"
            ]
    finally:
        away.rename(spool)


def test_a_hundred_slow_peers_keep_nobody_waiting(lmtp, box):
    slow = []
    try:
        for _ in range(100):
            peer = lmtp.peer()
            slow.append(peer)
            peer.hello()
            peer.begin("a@b.example", [lmtp.leaf(box)])
            peer.raw(b"Subject: slow")
        began = time.monotonic()
        with lmtp.peer() as peer:
            peer.hello()
            assert peer.send("a@b.example", [lmtp.leaf(box)])[0][:3] == "250"
        assert time.monotonic() - began < 30
    finally:
        for peer in slow:
            peer.close()

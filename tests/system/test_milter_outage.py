"""T4, T15, T252: the directory away, slow, hanging, read-only, insane and
back again; and changing all the time. Never a wrong 5xx, never lost mail."""

import contextlib
import os
import signal
import subprocess
import time
import urllib.request

import pytest

from stage import STRANGER, wait_for
from stage.clients import letter, reply

KNOWN = [f"k{i}@hamburg.example.org" for i in range(100)]
NOBODY = "nosuch@example.org"
ERRORS = 9  # as many as Postfix takes without slowing down


def rcpts(edge, addresses, errors=ERRORS):
    """What RCPT says to each, or MAIL to all; errors: how many to try in one
    session."""
    answers = []
    for i in range(0, len(addresses), errors):
        with edge.smtp(stranger=STRANGER) as peer:
            code, said = peer.mail("anna@world.example")
            if code != 250:
                return [reply(code, said)]
            for address in addresses[i : i + errors]:
                answers.append(reply(*peer.rcpt(address)))
    return answers


def all_say(answers, code):
    assert {answer[:3] for answer in answers} == {code}, answers


@pytest.fixture
def known(edge):
    """Addresses that the milter has been asked for, one of them nobody's."""
    wait_for(lambda: listens(edge), "the milter listens")
    all_say(rcpts(edge, KNOWN, len(KNOWN)), "250")
    all_say(rcpts(edge, [NOBODY]), "550")
    return KNOWN


def listens(edge):
    """Whether the milter hears changes, so that answers are remembered."""
    port = edge.place.port("milter_metrics")
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as page:
            return "hauspost_directory_listening 1\n" in page.read().decode()
    except OSError:
        return False  # it is on its way up


def fresh(count, stem):
    return [f"{stem}{i}@hamburg.example.org" for i in range(count)]


def still_serves(edge, known, stem):
    """Known ones pass, others wait, and mail goes through."""
    all_say(rcpts(edge, known, len(known)), "250")
    all_say(rcpts(edge, fresh(2 * ERRORS, stem) + [NOBODY] * ERRORS), "451")
    with edge.smtp(stranger=STRANGER) as peer:
        peer.sendmail("anna@world.example", known[:1], letter())
    [delivery] = edge.delivered()
    assert list(delivery.recipients) == ["xyz00-abc@mbox.h01.hosting.example"]


def recovers(edge, stem):
    """Both kinds of answers are there again."""
    began = time.monotonic()
    wait_for(
        lambda: rcpts(edge, [NOBODY])[0].startswith("550"),
        "refusals are for good again",
    )
    print(f"current again after {time.monotonic() - began:.2f} s")
    all_say(rcpts(edge, fresh(ERRORS, stem), ERRORS), "250")


@contextlib.contextmanager
def stopped(edge):
    edge.postgres.stop()
    try:
        yield
    finally:
        edge.postgres.start()


@contextlib.contextmanager
def hanging(edge):
    """The server neither answers nor closes its connections."""
    group = edge.postgres.process.pid()
    for pid in [group, *children(group)]:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in [group, *children(group)]:
            os.kill(pid, signal.SIGCONT)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return map(int, file.read().split())


class Psql:
    """One session that stays open, where statements run one by one."""

    def __init__(self, edge):
        self.process = subprocess.Popen(
            ["psql", "-XAqt", "-d", edge.postgres.conninfo() + " user=postgres"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.communicate("ROLLBACK;\n")

    def run(self, sql):
        self.process.stdin.write(f"{sql};\n\\echo done\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n"


@contextlib.contextmanager
def slow(edge):
    """Every query about an address waits for a lock."""
    with Psql(edge) as holder:
        holder.run("BEGIN")
        holder.run("LOCK TABLE hauspost.domain IN ACCESS EXCLUSIVE MODE")
        yield


def test_t252_away(edge, known):
    with stopped(edge):
        still_serves(edge, known, "away")
        # Domains were known, too; of others nobody can say whose they are.
        all_say(rcpts(edge, ["x@never-asked.example"]), "451")
    recovers(edge, "away")


def test_t4_away_for_two_thousand_recipients(edge, known):
    many = fresh(1000, "many")
    all_say(rcpts(edge, many, len(many)), "250")
    with stopped(edge):
        all_say(rcpts(edge, many, len(many)), "250")
        all_say(rcpts(edge, fresh(1000, "other")), "451")
    recovers(edge, "new")


def test_t4_slow(edge, known):
    with slow(edge):
        all_say(rcpts(edge, known, len(known)), "250")
        all_say(rcpts(edge, fresh(2, "slow")), "451")
    recovers(edge, "slow")


def test_t4_hanging(edge, known):
    with hanging(edge):
        wait_for(
            lambda: rcpts(edge, [NOBODY])[0].startswith("451"),
            "the silence is noticed",
        )
        still_serves(edge, known, "hang")
    recovers(edge, "hang")


def test_t4_restarted_under_way(edge, known):
    """What a failover looks like from here."""
    seen = set()
    with edge.smtp(stranger=STRANGER) as peer:
        peer.mail("anna@world.example")
        for i, address in enumerate(fresh(300, "fail")):
            if i == 100:
                edge.postgres.process.stop_signal = signal.SIGQUIT
                edge.postgres.stop()
                edge.postgres.start()
                edge.postgres.process.stop_signal = signal.SIGINT
            seen.add(reply(*peer.rcpt(address))[:3])
    assert "250" in seen and seen <= {"250", "451"}
    recovers(edge, "over")


def test_t4_read_only(edge, known):
    edge.postgres.alter_system("SET default_transaction_read_only = on")
    try:
        all_say(rcpts(edge, fresh(100, "read"), 100), "250")
        all_say(rcpts(edge, [NOBODY]), "550")
        with edge.smtp(stranger=STRANGER) as peer:
            peer.sendmail("anna@world.example", known[:1], letter())
        assert len(edge.delivered()) == 1
    finally:
        edge.postgres.alter_system("RESET default_transaction_read_only")
    recovers(edge, "write")


@pytest.mark.parametrize(
    "column, value",
    [
        ("code", "0"),
        ("code", "354"),
        ("code", "NULL"),
        ("dsn", "'5.1.1'"),
        ("dsn", "''"),
        ("kind", "'nonsense'"),
        ("kind", "NULL"),
        ("queue_recipient", "NULL"),
        ("queue_recipient", "E'a@b.example\\nDATA'"),
        ("queue_recipient", "repeat('x', 5000)"),
        ("size_limit", "-1"),
        ("mailbox", "NULL"),
        ("no rows", None),
    ],
)
def test_t4_garbage_defers(edge, column, value):
    """A directory of another version, or one that somebody has edited."""
    body = (
        f"r.{column} := {value}; RETURN NEXT r;" if value else "NULL;"
    )
    edge.query(
        "BEGIN;"
        "ALTER FUNCTION hauspost.resolve(text) RENAME TO sane_resolve;"
        "CREATE FUNCTION hauspost.resolve(recipient text)"
        " RETURNS SETOF hauspost.answer LANGUAGE plpgsql SECURITY DEFINER AS $$"
        " DECLARE r hauspost.answer; BEGIN"
        " FOR r IN SELECT * FROM hauspost.sane_resolve(recipient) LOOP"
        f" {body} END LOOP; END $$;"
        "GRANT EXECUTE ON FUNCTION hauspost.resolve(text) TO hauspost_milter;"
        "NOTIFY hauspost_directory, '*';"
        "COMMIT"
    )
    try:
        wait_for(
            lambda: rcpts(edge, ["info@example.org"])[0].startswith("451"),
            "garbage defers",
        )
        all_say(rcpts(edge, ["fred@example.org"]), "451")
    finally:
        edge.query(
            "BEGIN;"
            "DROP FUNCTION hauspost.resolve(text);"
            "ALTER FUNCTION hauspost.sane_resolve(text) RENAME TO resolve;"
            "NOTIFY hauspost_directory, '*';"
            "COMMIT"
        )
    recovers(edge, "sane")


def test_the_milter_is_killed_and_comes_back(edge):
    edge.milter.kill()
    all_say(rcpts(edge, ["info@example.org"]), "451")
    edge.start_program("hauspost-milter")
    wait_for(lambda: listens(edge), "it is there")
    all_say(rcpts(edge, ["info@example.org"]), "250")


def test_it_ends_when_it_is_told(edge):
    edge.milter.stop()
    assert edge.milter.child.returncode == 0
    edge.start_program("hauspost-milter")
    wait_for(lambda: listens(edge), "it is there")


def test_t15_a_hundred_changes_are_each_seen(edge):
    """An address is somebody's, nobody's, somebody's …"""
    edge.query(
        "BEGIN;"
        "INSERT INTO hauspost.address (local_part, domain)"
        " VALUES ('hot', 'example.org');"
        "INSERT INTO hauspost.target (address, destination)"
        " VALUES ('hot@example.org', 'xyz00-abc');"
        "COMMIT"
    )
    delays = []
    with Psql(edge) as psql:
        for _ in range(10):  # each session sees at most ten refusals
            with edge.smtp(stranger=STRANGER) as peer:
                peer.mail("anna@world.example")
                for target in ["nobody", "xyz00-abc"] * 5:
                    delays.append(change_and_see(psql, peer, target))
    print(f"slowest of {len(delays)}: {max(delays):.3f} s")


def change_and_see(psql, peer, target):
    """Seconds from the change's COMMIT until RCPT answers by it."""
    psql.run(
        f"UPDATE hauspost.target SET destination = '{target}'"
        " WHERE address = 'hot@example.org'"
    )
    began = time.monotonic()
    wanted = 550 if target == "nobody" else 250
    while peer.rcpt("hot@example.org")[0] != wanted:
        assert time.monotonic() - began < 30
        time.sleep(0.005)
    return time.monotonic() - began

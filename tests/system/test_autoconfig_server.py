"""hauspost-autoconfig as a program: FastCGI and CGI without a web server, its
settings, its limits, and a directory that goes away."""

import base64
import contextlib
import itertools
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import time

import pytest

import fastcgi
from stage import wait_for
from stage.place import BUILD
from stage.process import Process, listens
from stage.web import SERVICE_HOST
from test_autoconfig import POX, POX_BODY

TARGET = "/mail/config-v1.1.xml"
HOST = "autoconfig.example.org"


class Program:
    """A hauspost-autoconfig of its own, with other settings."""

    numbers = itertools.count()

    def __init__(self, stage, provider="", database=None, **settings):
        self.stage = stage
        self.name = f"autoconfig-{next(self.numbers)}"
        self.socket = stage.place / "run" / f"{self.name}.sock"
        self.config = stage.place / "etc" / f"{self.name}.conf"
        self.binary = stage.place / "bin" / "hauspost-autoconfig"
        self.process = Process(stage.place, self.name)
        settings = {"listen": f"unix:{self.socket}", "user": "hauspost-autoconfig"} | settings
        self.config.write_text(
            "[hauspost]\nlog = stderr\n"
            f"database = {database or stage.postgres.conninfo()}\n"
            f"[provider]\ndomain = hosting.example\n{provider}\n[autoconfig]\n"
            + "".join(f"{key} = {value}\n" for key, value in settings.items())
        )

    def __enter__(self):
        self.process.start(
            [self.binary, "--config", self.config], listens(self.socket)
        )
        return self

    def __exit__(self, *_):
        self.process.stop()

    def connect(self, keep=True):
        return fastcgi.Connection(self.socket, keep)

    def get(self, target, host=HOST, **more):
        with self.connect() as connection:
            return connection.ask(fastcgi.variables(target, host, **more))

    def ask(self, address, **more):
        return self.get(f"{TARGET}?emailaddress={address}", **more)

    def call(self, target, host=HOST, body=b"", arguments=(), **more):
        variables = fastcgi.variables(target, host, **more)
        return fastcgi.call(self.binary, self.config, variables, body, arguments)

    def children(self):
        pid = self.process.pid()
        path = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
        return path.read_text().split()

    def log(self):
        return self.process.log.read_text()


@pytest.fixture(scope="module")
def program(stage):
    with Program(stage, lookups_per_minute=0) as program:
        yield program


# -- How it is called --------------------------------------------------------


def test_a_kept_connection_takes_one_request_after_another(program):
    with program.connect() as connection:
        for address, status in [("fred", 200), ("team", 404), ("office", 200)] * 5:
            target = f"{TARGET}?emailaddress={address}@example.org"
            assert connection.ask(fastcgi.variables(target, HOST)).status == status


def test_a_connection_for_one_request_ends_with_it(program):
    with program.connect(keep=False) as connection:
        assert connection.ask(fastcgi.variables(TARGET, HOST)).status == 200
        assert connection.socket.recv(1) == b""


def test_kept_connections_starve_nobody(stage):
    """More of them than threads, all idle, and then one more who asks."""
    with Program(stage, processes=1, threads=2) as program:
        with contextlib.ExitStack() as stack:
            for _ in range(8):
                connection = stack.enter_context(program.connect())
                assert connection.ask(fastcgi.variables(TARGET, HOST)).status == 200
            assert program.get(TARGET).status == 200


def test_what_is_no_fastcgi_harms_nobody(program):
    for octets in [b"", b"GET / HTTP/1.0\r\n\r\n", b"\0" * 100, b"\xff" * 5000, os.urandom(5000)]:
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(str(program.socket))
            with contextlib.suppress(OSError):
                peer.sendall(octets)
    assert program.get(TARGET).status == 200


def test_a_process_that_ends_is_replaced(program):
    victim = program.children()[0]
    os.kill(int(victim), signal.SIGKILL)
    wait_for(
        lambda: len(program.children()) == 2
        and victim not in program.children(),
        "another process has taken over",
    )
    assert program.get(TARGET).status == 200
    assert "process-ended" in program.log()


def test_it_ends_with_all_its_processes(stage):
    with Program(stage, processes=3) as program:
        wait_for(lambda: len(program.children()) == 3, "all have begun")
        children = program.children()
    assert not [child for child in children if os.path.exists(f"/proc/{child}")]


def test_a_socket_from_systemd(stage):
    program = Program(stage)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(program.socket))
    listener.listen()
    # What systemd sets; LISTEN_PID is only known in the child.
    script = 'exec 3<&0 0</dev/null; export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@"'
    child = subprocess.Popen(
        ["sh", "-c", script, "sh", program.binary, "--config", program.config],
        stdin=listener,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert program.get(TARGET).status == 200
    finally:
        child.terminate()
        child.wait()


def test_plain_cgi(program):
    answer, log = program.call(f"{TARGET}?emailaddress=office@example.org")
    assert answer.status == 200 and b"xyz00-abc" in answer.body
    assert int(answer.headers["content-length"]) == len(answer.body)
    assert "office" not in log
    answer, _ = program.call(
        "/autodiscover/autodiscover.xml",
        method="POST",
        body=b"<x",
        CONTENT_TYPE="text/xml",
        CONTENT_LENGTH="9999",  # more than there is
    )
    assert answer.status == 200 and b"<ErrorCode>600<" in answer.body


def test_a_query_is_no_option(program):
    """RFC 3875 4.4: a web server may hand it over as arguments."""
    answer, _ = program.call(TARGET, arguments=["--config", "/etc/passwd", "--help"])
    assert answer.status == 200


def test_head_has_no_body(program):
    get, head = program.get(TARGET), program.get(TARGET, method="HEAD")
    assert head.body == b"" and head.headers == get.headers


# -- Settings ----------------------------------------------------------------


@pytest.mark.parametrize(
    "settings, said",
    [
        ({"unresolved": "maybe"}, "unresolved: want refuse or domain"),
        ({"profile_key": "/x"}, "want both or none"),
        ({"threads": "0"}, "threads = 0"),
        ({"provider": "service_host = a b"}, "service_host: want"),
    ],
)
def test_check_names_what_is_wrong(stage, settings, said):
    program = Program(stage, **settings)
    done = subprocess.run(
        [program.binary, "--config", program.config, "--check"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 78 and said in done.stderr


def test_unresolved_addresses_may_get_their_domain_s_answer(stage):
    with Program(stage, unresolved="domain") as program:
        bodies = {
            program.ask(address).body
            for address in ("team@example.org", "nobody-here@example.org", "odd%0A@example.org")
        }
        assert bodies == {program.get(TARGET).body}
        answer = program.ask("a@foreign.example", host="foreign.example")
        assert answer.status == 404


def test_pacc_is_the_zone_s_octet_for_octet(stage):
    path = "/.well-known/user-agent-configuration.json"
    with Program(stage, "pacc = yes\nname = Hosting") as program:
        answer = program.get(path, "ua-auto-config.example.org")
        assert answer.status == 200
        assert answer.body == (
            b'{"authentication":{"password":true},"info":{"provider":{"name":'
            b'"Hosting","shortName":"Hosting"}},"protocols":{"imap":{"host":'
            b'"xyz00.hosting.example"},"pop3":{"host":"xyz00.hosting.example"},'
            b'"submit":{"host":"xyz00.hosting.example"}}}'
        )
        assert program.get(path, "ua-auto-config.foreign.example").status == 404
    with Program(stage) as program:
        assert program.get(path, "ua-auto-config.example.org").status == 404


def test_the_web_server_asks_which_names_are_ours(program):
    for name, ours in [
        (SERVICE_HOST, True),
        ("autoconfig.example.org", True),
        ("AutoDiscover.example.org", True),
        ("ua-auto-config.example.org", False),  # PACC is off
        ("example.org", False),
        ("autoconfig.foreign.example", False),
        ("autoconfig.nomail.example.org", False),
        ("", False),
    ]:
        answer = program.get(f"/ours?domain={name}", REMOTE_ADDR="127.0.0.1")
        assert answer.status == (200 if ours else 404), name
        assert program.get(f"/ours?domain={name}").status == 404


def test_a_profile_never_goes_out_unsigned(stage, tmp_path):
    certificates = stage.web.certificates
    certificate = certificates / "profile" / "fullchain.pem"
    target = "/mobileconfig?emailaddress=office@example.org"
    other = certificates / SERVICE_HOST / "privkey.pem"
    for key in (tmp_path / "none.pem", other):
        with Program(
            stage, profile_certificate=certificate, profile_key=key
        ) as program:
            assert program.get(target).status == 503
            assert program.get(TARGET).status == 200
            assert "no-profiles" in program.log()
    with Program(stage) as program:
        assert program.get(target).body.startswith(b"<?xml")


@pytest.fixture
def signing(stage, tmp_path):
    """A program that signs, whose key its user may read as well."""
    folder = stage.place.folder("signing", "hauspost-autoconfig")
    for name in ("fullchain.pem", "privkey.pem"):
        shutil.copy(stage.web.certificates / "profile" / name, folder / name)
        shutil.chown(folder / name, "hauspost-autoconfig")
    with Program(
        stage,
        processes=1,
        profile_certificate=folder / "fullchain.pem",
        profile_key=folder / "privkey.pem",
    ) as program:
        wait_for(lambda: len(program.children()) == 2, "both have begun")
        yield program, folder
    shutil.rmtree(folder)


PROFILE = "/mobileconfig?emailaddress=office@example.org"


def test_the_key_is_in_a_process_of_its_own(signing):
    program, folder = signing
    notary, answerer = program.children()
    assert program.get(PROFILE).status == 200
    secret = secret_of(folder / "privkey.pem")
    assert holds(notary, secret)
    assert not holds(program.process.pid(), secret)
    assert not holds(answerer, secret)
    # Nor may the others look into that process, though they have its user.
    done = subprocess.run(
        ["setpriv", "--reuid=hauspost-autoconfig", "--clear-groups"]
        + ["head", "-c1", f"/proc/{notary}/environ"],
        capture_output=True,
    )
    assert b"Permission denied" in done.stderr


def secret_of(path):
    """The number itself (RFC 5915), as it lies in memory."""
    octets = base64.b64decode("".join(path.read_text().splitlines()[1:-1]))
    return octets.partition(b"\x02\x01\x01\x04\x20")[2][:32][::-1]


SHADOW = 1 << 30  # what a sanitizer maps for itself is larger


def holds(pid, secret):
    """Is it in anything that the process has written to?"""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb") as memory:
        for line in maps:
            place, rights, *_ = line.split()
            start, end = (int(word, 16) for word in place.split("-"))
            if "w" in rights and "[v" not in line and end - start < SHADOW:
                memory.seek(start)
                if secret in memory.read(end - start):
                    return True
    return False


def test_a_notary_that_hangs_costs_profiles_only(signing):
    program, _ = signing
    notary = int(program.children()[0])
    os.kill(notary, signal.SIGSTOP)
    began = time.monotonic()
    assert program.get(PROFILE).status == 503
    assert time.monotonic() - began < 2  # its limit is 1 s
    assert program.get(TARGET).status == 200
    os.kill(notary, signal.SIGCONT)
    assert program.get(PROFILE).status == 200


def test_a_notary_that_dies_is_replaced(signing):
    program, folder = signing
    os.kill(int(program.children()[0]), signal.SIGKILL)
    wait_for(lambda: program.get(PROFILE).status == 200, "another one signs")
    # One that may not read the key any more fails closed.
    (folder / "privkey.pem").chmod(0o600)
    shutil.chown(folder / "privkey.pem", "root")
    before = program.children()
    os.kill(int(before[-1]), signal.SIGKILL)
    wait_for(lambda: "no-profiles" in program.log(), "it has noticed")
    assert program.get(PROFILE).status == 503
    assert program.get(TARGET).status == 200


@pytest.mark.skipif(BUILD.name == "asan", reason="a sanitizer takes 25 MB itself")
def test_an_idle_process_is_small(signing):
    """One that has answered every kind of request."""
    program, _ = signing
    post = {"method": "POST", "CONTENT_TYPE": "text/xml"}
    body = POX_BODY.format("office@example.org").encode()
    targets = [TARGET, PROFILE, "/?emailaddress=office@example.org"]
    targets += ["/autodiscover/autodiscover.json?Email=a@example.org&Protocol=AutodiscoverV1"]
    for _ in range(20):
        assert {program.get(target).status for target in targets} == {200}
        with program.connect() as peer:
            variables = fastcgi.variables(POX, HOST, CONTENT_LENGTH=str(len(body)), **post)
            assert peer.ask(variables, body).status == 200
    _, answerer = program.children()
    rollup = pathlib.Path(f"/proc/{answerer}/smaps_rollup").read_text()
    assert int(re.search(r"^Rss:\s+(\d+) kB", rollup, re.M)[1]) < 6 * 1024


# -- Limits ------------------------------------------------------------------


def test_who_asks_too_often_is_told_of_the_domain_only(stage):
    with Program(stage, lookups_per_minute=5) as program:
        whole = program.get(TARGET).body

        def ask(address, client):
            return program.ask(address, REMOTE_ADDR=client)

        for _ in range(5):
            assert b"xyz00-abc" in ask("office@example.org", "192.0.2.7").body
        for address in ("office@example.org", "team@example.org", "nobody-here@example.org"):
            answer = ask(address, "192.0.2.200")  # the same network
            assert (answer.status, answer.body) == (200, whole)
        assert b"xyz00-abc" in ask("office@example.org", "198.51.100.1").body
        assert ask("a@foreign.example", "192.0.2.7").status == 404


def test_an_unknown_address_takes_no_longer_than_one_of_two(stage, program):
    """Each asked for the first time, then from memory; alternating, so that
    whatever else the machine does falls on both."""
    ns = {"team": [], "nobody-here": []}
    with program.connect() as connection:
        for _ in range(1000):
            for address, times in ns.items():
                target = f"{TARGET}?emailaddress={address}@example.org"
                began = time.perf_counter_ns()
                answer = connection.ask(fastcgi.variables(target, HOST))
                times.append(time.perf_counter_ns() - began)
                assert answer.status == 404
    two, unknown = (statistics.median(times) for times in ns.values())
    assert 0.5 < unknown / two < 2


# -- A directory that goes away ----------------------------------------------


@pytest.fixture
def cut(stage):
    """A connection to the directory that can be cut."""
    folder = stage.place.folder("cut")
    link = folder / ".s.PGSQL.5432"
    link.symlink_to(stage.postgres.socket / link.name)

    class Cut:
        conninfo = f"host={folder} dbname=hauspost application_name=cut"

        def cut(self):
            link.rename(folder / "away")
            stage.query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'cut'"
            )

        def heal(self):
            (folder / "away").rename(link)

    yield Cut()
    shutil.rmtree(folder)


def test_without_a_directory_what_is_known_goes_on(stage, cut):
    known, unknown = "office@example.org", "other@example.org"
    with Program(stage, database=cut.conninfo, processes=1) as program:
        wait_for(lambda: "directory-heard" in program.log(), "answers are kept")
        good = program.ask(known)
        assert good.status == 200 and program.ask(unknown).status == 404
        cut.cut()
        wait_for(lambda: "directory-lost" in program.log(), "the loss is noticed")
        assert program.ask(known).body == good.body
        # It may have come into being since.
        answer = program.ask(unknown)
        assert (answer.status, answer.headers["retry-after"]) == (503, "60")
        assert program.get("/").status == 200
        cut.heal()
        wait_for(lambda: program.ask(unknown).status == 404, "all is well again")
        assert "other" not in program.log()


def test_a_directory_that_hangs_costs_two_seconds_at_most(stage):
    """A client gives up after 5 s. Something listens, and never answers."""
    folder = stage.place.folder("hangs")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / ".s.PGSQL.5432"))
        (folder / ".s.PGSQL.5432").chmod(0o777)
        listener.listen(100)
        with Program(stage, database=f"host={folder} dbname=hauspost") as program:
            began = time.monotonic()
            assert program.ask("office@example.org").status == 503
            # The limit is 1 s; what is above that is the machine's.
            assert time.monotonic() - began < 2
            answer, _ = program.call(f"{TARGET}?emailaddress=office@example.org")
            assert answer.status == 503
            assert "unavailable contract=mozilla" in program.log()
    shutil.rmtree(folder)

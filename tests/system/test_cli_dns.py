"""hauspost dns and hauspost doctor: the records of a domain, and what is wrong
with those that are there, as a name server on loopback tells them."""

import http.server
import json
import subprocess
import threading

import pytest

from command import Command
from stage.place import free_ports
from stage.process import Process
from stage.web import SERVICE_HOST

DOMAIN = "example.org"
DKIM = "v=DKIM1; k=rsa; p=" + "MIIB" * 90


class NameServer:
    """dnsmasq with just these records: (name, type, value) as `dns` has them."""

    def __init__(self, place):
        self.process = Process(place, "dnsmasq")
        self.config = place / "etc" / "dnsmasq.conf"
        self.port = free_ports(["dns"])["dns"]
        self.address = f"127.0.0.1:{self.port}"

    def serve(self, records):
        self.process.stop()
        lines = [f"port={self.port}", "listen-address=127.0.0.1", "bind-interfaces"]
        lines += ["no-resolv", "no-hosts", "no-daemon", "user=root", "pid-file="]
        lines += ["local=/example/", "local=/example.org/"]
        lines += [f"host-record={SERVICE_HOST},192.0.2.80,2001:db8::80"]
        lines += [line(record) for record in records]
        self.config.write_text("\n".join(lines) + "\n")
        self.process.start(
            ["/usr/sbin/dnsmasq", f"--conf-file={self.config}"], self.probe
        )

    def probe(self):
        done = subprocess.run(["ss", "-Hlun", f"sport = :{self.port}"], capture_output=True)
        if str(self.port).encode() not in done.stdout:
            raise OSError("not yet")


def line(record):
    name, kind, value = record["name"], record["type"], record["value"]
    words = value.rstrip(".").split()
    if kind == "MX":
        return f"mx-host={name},{words[1]},{words[0]}"
    if kind == "TXT":
        return f"txt-record={name}," + ",".join(
            f'"{value[i : i + 255]}"' for i in range(0, len(value), 255)
        )
    if kind == "SRV":
        priority, weight, port, *target = words
        return f"srv-host={name},{','.join([*target, port, priority, weight]) if target else ''}"
    return f"{'host-record' if kind == 'A' else 'cname'}={name},{words[0]}"


@pytest.fixture(scope="module")
def server(stage):
    server = NameServer(stage.place)
    yield server
    server.process.stop()


@pytest.fixture(scope="module")
def hauspost(stage):
    command = Command(stage.postgres, "hauspost")
    key = stage.place / "etc" / "s1.txt"
    key.write_text(f's1._domainkey IN TXT ( "{DKIM[:200]}"\n\t"{DKIM[200:]}" ) ; for mail\n')
    with open(command.config, "a") as config:
        config.write(
            "[provider]\ndomain = hosting.example\npacc = yes\n"
            "mx = 10 mx1.hosting.example, 20 mx2.hosting.example\n"
            f"dkim_selector = s1\ndkim = {key}\n"
        )
    return command


@pytest.fixture(scope="module")
def records(hauspost):
    return hauspost.json("dns", DOMAIN)


def examine(hauspost, server, *words, code=0):
    words = [*words] or ["--no-http"]
    return json.loads(
        hauspost("--json", "doctor", DOMAIN, "--resolver", server.address, *words, code=code).stdout
    )


def wrong(findings):
    return {f["what"]: f["problem"] for f in findings if not f["ok"]}


# -- Records -----------------------------------------------------------------


def test_a_zone_snippet(hauspost):
    out = hauspost("dns", DOMAIN).stdout
    lines = [" ".join(line.split()) for line in out.splitlines()]
    for want in [
        "example.org. IN MX 10 mx1.hosting.example.",
        "example.org. IN MX 20 mx2.hosting.example.",
        'example.org. IN TXT "v=spf1 mx -all"',
        f's1._domainkey.example.org. IN TXT "{DKIM[:255]}" "{DKIM[255:]}"',
        '_dmarc.example.org. IN TXT "v=DMARC1; p=none"',
        "_imaps._tcp.example.org. IN SRV 0 1 993 xyz00.hosting.example.",
        "_imap._tcp.example.org. IN SRV 0 0 0 .",
        "_pop3s._tcp.example.org. IN SRV 10 1 995 xyz00.hosting.example.",
        "_submissions._tcp.example.org. IN SRV 0 1 465 xyz00.hosting.example.",
        f"autoconfig.example.org. IN CNAME {SERVICE_HOST}.",
        f"autodiscover.example.org. IN CNAME {SERVICE_HOST}.",
        f"_autodiscover._tcp.example.org. IN SRV 0 0 443 {SERVICE_HOST}.",
        'example.org. IN TXT "mailconf=https://autoconfig.example.org/mail/config-v1.1.xml"',
    ]:
        assert want in lines, out
    assert '"v=UAAC1; a=sha256; d=' in out


def test_placeholders_of_a_zone_file(hauspost, tmp_path):
    zone = tmp_path / "zone"
    zone.write_text("$TTL 3600\n{AUTODISCOVER_RR}\n\tMAILSERVICES_RR\nwww A 192.0.2.1 ; no MAILSERVICES_RR\n")
    lines = hauspost("dns", DOMAIN, "--expand", zone).stdout.splitlines()
    assert lines[0] == "$TTL 3600" and lines[-1] == "www A 192.0.2.1 ; no MAILSERVICES_RR"
    text = "\n".join(lines)
    assert text.index("autoconfig.example.org.") < text.index("_imaps._tcp.example.org.")
    assert " MX " not in text


def test_domains_that_are_not_local(hauspost):
    assert {(r["type"], r["value"]) for r in hauspost.json("dns", "nomail.example.org")} == {
        ("MX", "0 ."),
        ("TXT", "v=spf1 -all"),
    }
    assert "autoconfig" not in hauspost("dns", "backup.example.com").stdout
    assert "not a domain of ours" in hauspost.refused("dns", "foreign.example")


def test_host_names_for_certificates(hauspost):
    every = hauspost("dns", "--hosts").stdout.split()
    assert {"autoconfig.example.org", "autodiscover.example.com"} <= set(every)
    assert "autoconfig.nomail.example.org" not in every
    assert hauspost("dns", DOMAIN, "--hosts").stdout.split() == [
        "autoconfig.example.org",
        "autodiscover.example.org",
        "ua-auto-config.example.org",
    ]
    text = hauspost.config.read_text().replace("pacc = yes", "pacc = no")
    without = hauspost.config.with_name("no-pacc.conf")
    without.write_text(text)
    assert "ua-auto-config" not in hauspost("--config", without, "dns", "--hosts").stdout


# -- Doctor ------------------------------------------------------------------


def test_a_zone_as_printed_is_healthy(hauspost, server, records):
    server.serve(records)
    findings = examine(hauspost, server)
    assert wrong(findings) == {} and len(findings) == len(records)


def test_each_missing_record_is_named_with_what_breaks(hauspost, server, records):
    for i, gone in enumerate(records):
        server.serve(records[:i] + records[i + 1 :])
        findings = examine(hauspost, server, code=1)
        [found] = [f for f in findings if not f["ok"]]
        assert found["what"].startswith(f"{gone['name']}. {gone['type']} ")
        assert found["problem"].startswith(
            "there is 20 mx2" if gone["value"].startswith("10 mx1") else
            "there is 10 mx1" if gone["value"].startswith("20 mx2") else "it is missing"
        )
        assert len(found["breaks"]) > 20


def test_wrong_records_are_shown(hauspost, server, records):
    changes = {
        "10 mx1.hosting.example.": "10 mx.elsewhere.example.",
        "v=spf1 mx -all": "v=spf1 include:elsewhere.example -all",
        f"{SERVICE_HOST}.": "web.elsewhere.example.",
    }
    changed = [r | {"value": changes.get(r["value"], r["value"])} for r in records]
    changed.append({"name": "web.elsewhere.example", "type": "A", "value": "192.0.2.99"})
    server.serve(changed)
    found = wrong(examine(hauspost, server, code=1))
    assert found['example.org. TXT "v=spf1 mx -all"'] == "there is v=spf1 include:elsewhere.example -all"
    assert found["example.org. MX 10 mx.elsewhere.example."] == "it is not ours"
    assert found[f"autoconfig.example.org. CNAME {SERVICE_HOST}."] == "there is web.elsewhere.example."


def test_addresses_do_for_an_alias(hauspost, server, records):
    same = [
        r | {"type": "A", "value": "192.0.2.80"} if r["type"] == "CNAME" else r
        for r in records
    ]
    server.serve(same)
    assert wrong(examine(hauspost, server)) == {}


def test_a_name_server_that_is_silent(hauspost, server):
    server.process.stop()
    problems = set(wrong(examine(hauspost, server, code=1)).values())
    assert all("example.org: " in problem for problem in problems)


def test_the_web_server_is_asked_as_clients_do(hauspost, server, stage, records):
    server.serve(records)
    port = stage.place.port
    there = ["--http", f"127.0.0.1:{port('http')}", "--https", f"127.0.0.1:{port('https')}"]
    trusted = ["--ca", str(stage.web.certificates / "all.pem")]
    found = wrong(examine(hauspost, server, *there, *trusted, code=1))
    # The stage serves no PACC, and has no certificate for its name.
    assert [url.split("/")[2] for url in found] == ["ua-auto-config.example.org"]
    asked = examine(hauspost, server, *there, *trusted, code=1)[len(records) :]
    assert [f["what"].partition("example.org")[0] for f in asked] == [
        "http://autoconfig.",
        "https://autoconfig.",
        f"https://{SERVICE_HOST}/mail/config-v1.1.xml?emailaddress=postmaster@",
        "POST http://autodiscover.",
        "http://autodiscover.",
        "POST https://autodiscover.",
        "https://autodiscover.",
        "https://ua-auto-config.",
    ]

    found = wrong(examine(hauspost, server, *there, code=1))
    assert found["https://autoconfig.example.org/mail/config-v1.1.xml"] == (
        "its certificate is not valid for this name"
    )
    assert "http://autoconfig.example.org/mail/config-v1.1.xml" not in found

    program = stage.programs["hauspost-autoconfig"]
    program.stop()
    try:
        found = wrong(examine(hauspost, server, *there, *trusted, code=1))
    finally:
        stage.start_program("hauspost-autoconfig")
    assert found["http://autoconfig.example.org/mail/config-v1.1.xml"] == "it answers 502"


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """Somebody's web server, which sends everybody to https."""

    def do_GET(self):
        self.send_response(302)
        self.send_header("Location", f"https://{self.headers['Host']}{self.path}")
        self.end_headers()

    do_POST = do_GET

    def log_message(self, *_):
        pass


def test_another_s_web_server_is_recognised(hauspost, server, records):
    server.serve(records)
    with http.server.HTTPServer(("127.0.0.1", 0), Elsewhere) as elsewhere:
        threading.Thread(target=elsewhere.serve_forever, daemon=True).start()
        there = f"127.0.0.1:{elsewhere.server_port}"
        found = wrong(examine(hauspost, server, "--http", there, "--https", there, code=1))
        elsewhere.shutdown()
    autodiscover = "http://autodiscover.example.org/autodiscover/autodiscover.xml"
    assert found[autodiscover] == f"it sends clients to https{autodiscover[4:]}"
    assert found["http://autoconfig.example.org/mail/config-v1.1.xml"] == "it answers 302"


def test_for_people(hauspost, server, records):
    server.serve(records[1:])
    out = hauspost("doctor", DOMAIN, "--no-http", "--resolver", server.address, code=1).stdout
    assert out.startswith("WRONG  example.org. MX 10 mx1.hosting.example.\n")
    assert "\n       so mail from elsewhere does not arrive\n" in out
    assert "ok     _imaps._tcp.example.org. SRV" in out


@pytest.mark.parametrize(
    "address, works, reason",
    [
        ("office@example.org", True, "office@example.org → mailbox xyz00-abc at xyz00.hosting.example"),
        ("team@example.org", False, "team@example.org → 3 mailboxes: xyz00, xyz00-abc, xyz00-fred"),
        ("away@example.org", False, "away@example.org → no mailbox, only someone@elsewhere.example"),
        ("locked@example.org", False, "locked@example.org → mailbox xyz00-locked, which is locked"),
        ("nobody-here@example.org", False, "nobody-here@example.org → no such address here"),
        ("a@foreign.example", False, "foreign.example is not a domain of ours"),
        ("a@nomail.example.org", False, "nomail.example.org publishes nothing: its option autoconfig is off, or its mode is not local"),
    ],
)
def test_one_sentence_about_an_address(hauspost, address, works, reason):
    out = hauspost("doctor", address, code=0 if works else 1).stdout
    assert out == reason + "\n"
    found = hauspost.json("doctor", address, code=0 if works else 1)
    assert found == {"address": address, "works": works, "reason": reason}

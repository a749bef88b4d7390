"""The other web servers that we ship a configuration for."""

import http.client
import json
import subprocess

import pytest

from stage import ROOT
from stage.place import free_ports
from stage.process import Process, answers
from stage.web import CUSTOMER_HOST, SERVICE_HOST
from test_autoconfig import MOZILLA, POX, POX_BODY, pox_logins, told

APACHE = """
ServerRoot {root}
ServerName {host}
PidFile {root}/apache.pid
DefaultRuntimeDir {root}
Mutex file:{root}
User www-data
Group www-data
Listen 127.0.0.1:{port}
ErrorLog {root}/apache-error.log
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule alias_module {modules}/mod_alias.so
LoadModule headers_module {modules}/mod_headers.so
LoadModule proxy_module {modules}/mod_proxy.so
LoadModule proxy_fcgi_module {modules}/mod_proxy_fcgi.so
Include {root}/apache/hauspost-autoconfig.conf
"""


class Server:
    def __init__(self, stage, name):
        self.place = stage.place
        self.root = stage.place.folder(name, "www-data")
        self.ports = free_ports(["http", "https", "ask"])
        self.process = Process(stage.place, name)
        self.config = self.root / name
        site = self.root / "site.conf"
        site.write_text(
            "".join(
                f"{key}={value}\n"
                for key, value in {
                    "RUN": stage.place / "run",
                    "SERVICE_HOST": SERVICE_HOST,
                    "ACME_ROOT": self.root,
                    "AUTOCONFIG_ACCESS_LOG": self.root / "access.log",
                    "AUTOCONFIG_ERROR_LOG": self.root / "error.log",
                    "AUTOCONFIG_APACHE_LISTEN": f"127.0.0.1:{self.ports['http']}",
                    "AUTOCONFIG_CADDY_HTTP_PORT": self.ports["http"],
                    "AUTOCONFIG_ASK_PORT": self.ports["ask"],
                }.items()
            )
        )
        subprocess.run([ROOT / "conf" / "render", site, self.root], check=True)

    def send(self, method, target, host, body=None, headers=(), port="http"):
        peer = http.client.HTTPConnection("127.0.0.1", self.ports[port], timeout=60)
        peer.request(method, target, body, {"Host": host, **dict(headers)})
        answer = peer.getresponse()
        answer.body = answer.read()
        return answer

    def logs(self):
        return "".join(p.read_text() for p in self.root.glob("*.log"))


@pytest.fixture(scope="module")
def apache(stage):
    server = Server(stage, "apache")
    server.root.joinpath("httpd.conf").write_text(
        APACHE.format(
            root=server.root,
            host=SERVICE_HOST,
            port=server.ports["http"],
            modules="/usr/lib/apache2/modules",
        )
    )
    server.process.start(
        ["/usr/sbin/apache2", "-f", server.root / "httpd.conf", "-DFOREGROUND"],
        answers(server.ports["http"]),
    )
    yield server
    server.process.stop()


@pytest.fixture(scope="module")
def caddy(stage):
    server = Server(stage, "caddy")
    caddyfile = server.root / "caddy" / "Caddyfile"
    # A certificate authority of its own instead of the world's.
    text = caddyfile.read_text().replace(
        "{\n\ton_demand_tls",
        "{\n\tadmin off\n\tlocal_certs\n\tskip_install_trust\n"
        f"\tauto_https disable_redirects\n\thttps_port {server.ports['https']}\n"
        f"\thttp_port {server.ports['http']}\n\ton_demand_tls",
        1,
    )
    caddyfile.write_text(text)
    server.process.start(
        ["/usr/bin/caddy", "run", "--adapter", "caddyfile", "--config", caddyfile],
        answers(server.ports["https"]),
        env={"HOME": str(server.root), "XDG_DATA_HOME": str(server.root)},
    )
    yield server
    server.process.stop()


@pytest.fixture(params=["apache", "caddy"])
def server(request):
    return request.getfixturevalue(request.param)


def test_it_asks_for_us(server):
    target = f"{MOZILLA}?emailaddress=office%2Bx%40example.org"
    assert told(server.send("GET", target, CUSTOMER_HOST)) == "xyz00-abc"
    answer = server.send(
        "POST",
        "/Autodiscover/Autodiscover.xml",
        "autodiscover.example.org",
        POX_BODY.format("office@example.org"),
        {"Content-Type": "text/xml"},
    )
    assert pox_logins(answer) == {"xyz00-abc"}
    answer = server.send(
        "GET",
        "/autodiscover/autodiscover.json/v1.0/office@example.org?Protocol=AutodiscoverV1",
        "autodiscover.example.org",
    )
    assert json.loads(answer.body)["Protocol"] == "AutodiscoverV1"
    assert server.send("GET", POX, "autodiscover.example.org").status == 302
    assert server.send("GET", "/", SERVICE_HOST).status == 200
    assert server.send("GET", "/other", SERVICE_HOST).status == 404
    answer = server.send(
        "POST", POX, CUSTOMER_HOST, "x" * 20000, {"Content-Type": "text/xml"}
    )
    assert answer.status == 413


def test_it_writes_nothing_of_a_request_down(server, stage):
    word = "zq8secretword"
    headers = {"Authorization": f"Basic {word}"}

    def ask():
        target = f"{MOZILLA}?emailaddress={word}@example.org"
        server.send("GET", target, CUSTOMER_HOST, headers=headers)
        path = f"/autodiscover/autodiscover.json/v1.0/{word}@example.org"
        server.send("GET", path, CUSTOMER_HOST)
        server.send("POST", POX, CUSTOMER_HOST, f"<{word}", {"Content-Type": "text/xml"})

    ask()
    program = stage.programs["hauspost-autoconfig"]
    program.stop()
    try:
        ask()
    finally:
        stage.start_program("hauspost-autoconfig")
    assert server.logs()
    assert word not in server.logs() + server.process.log.read_text()


def shake_hands(server, name):
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{server.ports['https']}"]
        + ["-servername", name],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return "BEGIN CERTIFICATE" in done.stdout


def test_caddy_orders_certificates_for_our_names_only(caddy):
    assert shake_hands(caddy, CUSTOMER_HOST)
    assert shake_hands(caddy, SERVICE_HOST)
    assert not shake_hands(caddy, "autoconfig.foreign.example")
    assert not shake_hands(caddy, "example.org")

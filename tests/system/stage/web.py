"""nginx of our own in front of hauspost-autoconfig and hauspost-listweb: the
templates of conf/, with a certificate each for the service host, the host of
lists and a customer's names."""

import http.client
import os
import shutil
import socket
import ssl
import subprocess

from .process import Process, answers

SERVICE_HOST = "autoconfig.hosting.example"
CUSTOMER_HOST = "autoconfig.example.org"
LIST_HOST = "lists.hosting.example"
NAMES = (
    SERVICE_HOST,
    CUSTOMER_HOST,
    "autodiscover.example.org",
    LIST_HOST,
    "profile",
)
TIMEOUT_S = 60

MAIN = """
daemon off;
user www-data;
worker_processes 1;
pid {run}/nginx.pid;
error_log {log} warn;
events {{}}
http {{
    client_body_temp_path {temp}/body;
    fastcgi_temp_path {temp}/fastcgi;
    proxy_temp_path {temp}/proxy;
    scgi_temp_path {temp}/scgi;
    uwsgi_temp_path {temp}/uwsgi;
    include {etc}/hauspost-autoconfig.conf;
    include {etc}/hauspost-listweb.conf;
}}
"""


class Web:
    def __init__(self, place):
        self.place = place
        self.certificates = place / "certificates"
        self.config = place / "etc" / "nginx" / "nginx.conf"
        self.process = Process(place, "nginx")

    def prepare(self):
        """Certificates: whom they are for is their folder's name."""
        for name in NAMES:
            folder = self.certificates / name
            folder.mkdir(parents=True, exist_ok=True)
            make_certificate(folder, name)
        with open(self.certificates / "all.pem", "w") as every:
            for name in NAMES:
                path = self.certificates / name / "fullchain.pem"
                every.write(path.read_text())

    def site(self):
        path = self.place.path
        return {
            "PROVIDER_NAME": "Hosting Example",
            "AUTOCONFIG_HTTP_LISTEN": f"127.0.0.1:{self.place.port('http')}",
            "AUTOCONFIG_HTTPS_LISTEN": f"127.0.0.1:{self.place.port('https')}",
            "AUTOCONFIG_CERTS": self.certificates,
            "AUTOCONFIG_ACCESS_LOG": path / "log" / "nginx-access.log",
            "AUTOCONFIG_ERROR_LOG": path / "log" / "nginx-error.log",
            "LIST_HOST": LIST_HOST,
            "LIST_WEB": f"https://{LIST_HOST}",
            "LIST_ACCESS_LOG": path / "log" / "nginx-lists.log",
            "ACME_ROOT": path / "acme",
            "PROFILE_CERT": self.certificates / "profile" / "fullchain.pem",
            "PROFILE_KEY": self.certificates / "profile" / "privkey.pem",
        }

    def start(self):
        self.place.folder("nginx", "www-data")
        self.config.write_text(
            MAIN.format(
                run=self.place / "run",
                log=self.place / "log" / "nginx.log",
                temp=self.place / "nginx",
                etc=self.config.parent,
            )
        )
        self.process.start(
            ["/usr/sbin/nginx", "-c", self.config],
            answers(self.place.port("https")),
        )

    def stop(self):
        self.process.stop()

    # -- What clients do -----------------------------------------------------

    def send(self, octets, tls=None):
        """The answer to these very octets; tls: the name to ask for by SNI,
        whose certificate is then checked. The answer's body is in .body."""
        port = self.place.port("https" if tls else "http")
        with socket.create_connection(("127.0.0.1", port), TIMEOUT_S) as plain:
            peer = plain
            if tls:
                peer = self.trust(tls).wrap_socket(plain, server_hostname=tls)
            peer.sendall(octets)
            method = octets.split(b" ", 1)[0].decode("ascii", "replace")
            answer = http.client.HTTPResponse(peer, method=method)
            answer.begin()
            answer.body = answer.read()
            return answer

    def get(self, target, host=SERVICE_HOST, tls=None, method="GET", headers=()):
        lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", *headers]
        return self.send("\r\n".join([*lines, "Connection: close", "", ""]).encode(), tls)

    def post(self, target, body, host=SERVICE_HOST, tls=None, type="text/xml"):
        body = body.encode() if isinstance(body, str) else body
        head = f"POST {target} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {type}\r\n"
        head += f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        return self.send(head.encode() + body, tls)

    def trust(self, name):
        return ssl.create_default_context(
            cafile=str(self.certificates / name / "fullchain.pem")
        )


def make_certificate(folder, name):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-nodes", "-days", "7"]
        + ["-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", f"/CN={name}"]
        + ["-addext", f"subjectAltName=DNS:{name}"]
        + ["-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem"],
        check=True,
        capture_output=True,
    )
    shutil.chown(folder / "privkey.pem", group="www-data")
    os.chmod(folder / "privkey.pem", 0o640)

"""Where a stage lies: one short private directory, and ports nobody uses.

Unix sockets have room for 107 characters and the checkout may lie where the
service users cannot go, so all of it stands in /tmp/hp.XXXXXXXX (mode 0711).
"""

import json
import os
import pathlib
import random
import shutil
import socket
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = ROOT / os.environ.get("HAUSPOST_BUILD", "build")

PORTS = (
    "smtp submission submissions reinject sink imap imaps pop3 pop3s sieve "
    "http https milter_metrics lmtpd_metrics autoconfig_metrics listweb_metrics "
    "bulk_smtp bulk_submission bulk_submissions bulk_reinject "
    "originate bulk_originate list bulk_list"
).split()

# Below the kernel's ephemeral ports (32768 and up), so that no outgoing
# connection takes one between the choice and the bind.
PORT_RANGE = range(20000, 32000)


class Place:
    """The directory and the ports of one stage; `Place()` makes a new one."""

    def __init__(self, path=None):
        self.path = pathlib.Path(path or tempfile.mkdtemp("", "hp.", "/tmp"))
        if path is None:
            self._make()
        self.ports = json.loads((self.path / "ports.json").read_text())

    def _make(self):
        self.path.chmod(0o711)
        for name in ("etc", "run", "log", "pids", "bin"):
            (self.path / name).mkdir(mode=0o755)
        (self.path / "ports.json").write_text(json.dumps(free_ports(PORTS)))

    def __truediv__(self, name):
        return self.path / name

    def port(self, name):
        return self.ports[name]

    def folder(self, name, user=None, mode=0o755):
        """Make a folder that belongs to user (root when there is none)."""
        path = self.path / name
        path.mkdir(exist_ok=True)
        if user:
            shutil.chown(path, user, user)
        path.chmod(mode)
        return path

    def remove(self):
        shutil.rmtree(self.path)


def free_ports(names):
    """A free loopback port for each name. All are held until all are found,
    so no port is given twice."""
    held, ports = [], {}
    for port in random.sample(PORT_RANGE, len(PORT_RANGE)):
        if len(ports) == len(names):
            break
        probe = socket.socket()
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            probe.close()
            continue
        held.append(probe)
        ports[names[len(ports)]] = port
    for probe in held:
        probe.close()
    return ports

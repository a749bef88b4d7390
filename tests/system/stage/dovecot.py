"""A Dovecot of our own: the templates of conf/, its own sockets and log."""

import subprocess

from .process import Process, answers

# Whoever guesses passwords waits longer each time. Our guesses are on purpose,
# all from one address, and the next test must not pay for them.
LOCAL = """
auth_failure_delay = 0
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
"""


class Dovecot:
    def __init__(self, place):
        self.place = place
        self.config = place / "etc" / "dovecot" / "dovecot.conf"
        self.process = Process(place, "dovecot")

    def start(self):
        (self.config.parent / "local.conf").write_text(LOCAL)
        self.place.folder("dovecot")
        self.place.folder("dovecot-state")
        self.process.start(
            ["/usr/sbin/dovecot", "-F", "-c", self.config],
            answers(self.place.port("imap"), b"* OK"),
        )

    def stop(self):
        self.process.stop()

    def doveadm(self, *words):
        done = subprocess.run(
            ["doveadm", "-c", self.config, *words],
            text=True,
            capture_output=True,
            check=True,
        )
        return done.stdout

"""A Postfix of our own: the templates of conf/, its own queue and log."""

import json
import shutil
import subprocess

from .process import Process, answers


class Postfix:
    def __init__(self, place, name="postfix", queue="queue", port="smtp"):
        self.place = place
        self.name = name
        self.config = place / "etc" / name
        self.queue_folder = queue
        self.port = port
        self.process = Process(place, name)
        self.maillog = place / "log" / name.replace("postfix", "maillog")

    def start(self):
        self.place.folder(self.queue_folder)
        self.place.folder(self.name, "postfix")
        self.process.start(
            ["/usr/sbin/postfix", "-c", self.config, "start-fg"],
            answers(self.place.port(self.port), b"220 "),
        )
        # What was started is a shell, which would leave its child behind.
        master = self.place / self.queue_folder / "pid" / "master.pid"
        self.process.note(int(master.read_text()))

    def stop(self):
        self.process.stop()

    def command(self, name, *words, text=None):
        """Run one of Postfix' commands for this instance; its output."""
        done = subprocess.run(
            [shutil.which(name), "-c", self.config, *words],
            input=text,
            text=True,
            capture_output=True,
            check=True,
        )
        return done.stdout

    def sendmail(self, text, *words):
        """Hand in a message as cron and other local programs do."""
        done = subprocess.run(
            ["/usr/sbin/sendmail", "-C", self.config, "-i", *words],
            input=text,
            text=True,
            capture_output=True,
        )
        return done.returncode

    def queue(self):
        """What is queued: one dict a message, as postqueue -j tells it."""
        lines = self.command("postqueue", "-j").splitlines()
        return [json.loads(line) for line in lines]

    def flush(self):
        """Try everything now that waits for its next attempt."""
        self.command("postqueue", "-f")

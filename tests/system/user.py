"""A mailbox of a customer of its own, and what its owner has in its home."""

import os
import pathlib
import shutil

from stage import wait_for


class User:
    def __init__(self, lmtp, **columns):
        self.lmtp = lmtp
        self.customer = lmtp.customer()
        self.name = self.customer.mailbox("abc", **columns)
        [[home, uid]] = lmtp.query(
            "SELECT home, uid FROM hauspost.mailbox WHERE name = :'name'",
            name=self.name,
        )
        self.home, self.uid = pathlib.Path(home), int(uid)

    def write(self, name, text, mode=0o600):
        path = self.home / name
        path.write_text(text)
        path.chmod(mode)
        os.chown(path, self.uid, self.uid)
        return path

    def leaf(self, name=None):
        """What the milter queues for the mailbox, or for an alias."""
        [[leaf]] = self.lmtp.query(
            "SELECT queue_recipient FROM hauspost.resolve(:'name')",
            name=name or self.name,
        )
        return leaf

    def alias(self, destination):
        """The leaf of an alias; named like the mailbox, its user runs it."""
        self.forget_alias()
        return self.leaf(self.customer.alias("abc", destination))

    def forget_alias(self):
        self.lmtp.query(
            "DELETE FROM hauspost.alias WHERE name = :'name'", name=self.name
        )

    def clear(self):
        """As new, but for what the database remembers."""
        for path in self.home.iterdir():
            if path.name != "Maildir":
                path.unlink()
        for path in self.home.glob("Maildir/.[A-Z]*"):
            shutil.rmtree(path)
        for path in self.home.glob("Maildir/*/*"):
            path.unlink()

    def notices(self, kind):
        def written():
            rows[:] = self.lmtp.query(
                "SELECT body FROM hauspost.notice"
                " WHERE owner = :'owner' AND kind = :'kind'",
                owner=self.name,
                kind=kind,
            )
            return rows

        rows = []
        wait_for(written, f"{self.name} is told: {kind}")
        # Once a day: the next test wants one of its own.
        self.lmtp.query("DELETE FROM hauspost.notice")
        return rows[0][0]

    def stored(self, folder="new"):
        return [p.read_bytes() for p in self.lmtp.files(self.name, folder)]

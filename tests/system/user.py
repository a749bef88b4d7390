"""A mailbox of a customer of its own, and what its owner has in its home."""

import os
import pathlib
import shutil

from stage import wait_for


class User:
    def __init__(self, customer, **columns):
        self.customer, self.stage = customer, customer.stage
        self.name = customer.mailbox("abc", **columns)
        [[home, uid]] = self.stage.query(
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
        [[leaf]] = self.stage.query(
            "SELECT queue_recipient FROM hauspost.resolve(:'name')",
            name=name or self.name,
        )
        return leaf

    def alias(self, destination):
        """The leaf of an alias; named like the mailbox, its user runs it."""
        self.forget_alias()
        return self.leaf(self.customer.alias("abc", destination))

    def forget_alias(self):
        self.stage.query(
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
            rows[:] = self.stage.query(
                "SELECT body FROM hauspost.notice"
                " WHERE owner = :'owner' AND kind = :'kind'",
                owner=self.name,
                kind=kind,
            )
            return rows

        rows = []
        wait_for(written, f"{self.name} is told: {kind}")
        # Once a day: the next test wants one of its own.
        self.stage.query("DELETE FROM hauspost.notice")
        return rows[0][0]

    def stored(self, folder="new"):
        """The messages of a Maildir folder, oldest first."""
        paths = sorted((self.home / "Maildir" / folder).iterdir())
        return [path.read_bytes() for path in paths]

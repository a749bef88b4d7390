"""A customer for one test: a package, a domain and mailboxes nobody else has,
so that tests share one stage and still start from nothing."""

import itertools
import string

from . import clients

PASSWORD = "correct horse"

LETTERS = itertools.product(string.ascii_lowercase, repeat=3)


class Customer:
    def __init__(self, stage):
        self.stage = stage
        self.name = "t" + "".join(next(LETTERS)) + "00"
        self.domain = f"{self.name}.example"
        self._insert("package", name=self.name, node=stage.node)
        self._insert("mailbox", name=self.name, package=self.name)
        self._insert("domain", name=self.domain, package=self.name)

    def mailbox(self, suffix, **columns):
        """A mailbox that has its home and can log in; its name."""
        name = f"{self.name}-{suffix}"
        self._insert("mailbox", name=name, package=self.name, **columns)
        self.stage.query(
            "SELECT hauspost.set_password(:'name', :'password')",
            name=name,
            password=PASSWORD,
        )
        self.stage.wait_homes()
        return name

    def address(self, local_part, *destinations, domain=None, **columns):
        """An address with its targets; the address."""
        domain = domain or self.domain
        identifier = f"{local_part.lower()}@{domain}"
        self.stage.query(
            "BEGIN;"
            + insert("address", "local_part", "domain", *columns)
            + self._targets("address", len(destinations))
            + "COMMIT;",
            local_part=local_part,
            domain=domain,
            owner=identifier,
            **columns,
            **numbered(destinations),
        )
        return f"{local_part}@{domain}"

    def alias(self, suffix, *destinations):
        """A name inside the package with its targets; the name."""
        name = f"{self.name}-{suffix}"
        self.stage.query(
            "BEGIN;"
            + insert("alias", "name", "package")
            + self._targets("alias", len(destinations))
            + "COMMIT;",
            name=name,
            package=self.name,
            owner=name,
            **numbered(destinations),
        )
        return name

    def add_domain(self, label, **columns):
        name = f"{label}.{self.domain}"
        self._insert("domain", name=name, package=self.name, **columns)
        return name

    def forward(self, mailbox, address, keep_copy=True):
        self._insert(
            "forward", mailbox=mailbox, address=address, keep_copy=keep_copy
        )

    def inbox(self, mailbox, folder="INBOX"):
        """The mailbox' messages as IMAP shows them."""
        peer = self.stage.imap(mailbox, PASSWORD)
        try:
            return clients.messages(peer, folder)
        finally:
            peer.logout()

    def _insert(self, table, **columns):
        self.stage.query(insert(table, *columns), **columns)

    def _targets(self, owner, count):
        return "".join(
            f"INSERT INTO hauspost.target ({owner}, destination)"
            f" VALUES (:'owner', :'to{i}');"
            for i in range(count)
        )


def insert(table, *columns):
    names = ", ".join(columns)
    values = ", ".join(f":'{name}'" for name in columns)
    return f"INSERT INTO hauspost.{table} ({names}) VALUES ({values});"


def numbered(destinations):
    return {f"to{i}": text for i, text in enumerate(destinations)}

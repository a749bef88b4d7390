"""The directory as its tests see it: rows go in, leaves come out."""

import contextlib
import re

import psycopg2
import psycopg2.extras
from psycopg2 import sql

NODE = "h01.hosting.example"


class Directory:
    """One transaction that is rolled back in the end: tests don't meet."""

    def __init__(self, conninfo):
        self.connection = psycopg2.connect(f"{conninfo} user=postgres")
        self.cursor = self.connection.cursor(
            cursor_factory=psycopg2.extras.NamedTupleCursor
        )

    def close(self):
        self.connection.close()

    def run(self, statement, *values):
        """The rows of a statement, if it has any."""
        self.cursor.execute(statement, values)
        return self.cursor.fetchall() if self.cursor.description else None

    def one(self, statement, *values):
        (row,) = self.run(statement, *values)
        return row

    def settle(self):
        """Check what COMMIT would check, without ending the transaction."""
        self.run("SET CONSTRAINTS ALL IMMEDIATE")
        self.run("SET CONSTRAINTS ALL DEFERRED")

    # -- Rows ----------------------------------------------------------------

    def insert(self, table, **columns):
        self.cursor.execute(
            sql.SQL("INSERT INTO hauspost.{} ({}) VALUES ({})").format(
                sql.Identifier(table),
                sql.SQL(", ").join(map(sql.Identifier, columns)),
                sql.SQL(", ").join(sql.Placeholder() * len(columns)),
            ),
            list(columns.values()),
        )

    def address(self, local_part, *destinations, domain="example.org", **more):
        self.insert("address", local_part=local_part, domain=domain, **more)
        for destination in destinations:
            self.target(f"{local_part}@{domain}", destination)
        self.settle()

    def alias(self, name, *destinations):
        self.insert("alias", name=name)
        for destination in destinations:
            self.insert("target", alias=name, destination=destination)
        self.settle()

    def target(self, address, destination):
        self.insert("target", address=address, destination=destination)

    def customer(self, package, *mailboxes, domain):
        self.insert("package", name=package, node=NODE)
        for mailbox in (package, *mailboxes):
            self.insert("mailbox", name=mailbox)
        self.insert("domain", name=domain, package=package)
        self.settle()

    # -- Questions -----------------------------------------------------------

    def resolve(self, recipient):
        return self.run("SELECT * FROM hauspost.resolve(%s)", recipient)

    def answer(self, recipient):
        """The only leaf of an address."""
        (leaf,) = self.resolve(recipient)
        return leaf

    def leads_to(self, recipient):
        """What goes into the queue, by what is good in it."""
        return sorted(
            leaf.queue_recipient or leaf.kind
            for leaf in self.resolve(recipient)
            if leaf.code == 250
        )

    def leaf(self, queue_recipient):
        return self.one("SELECT * FROM hauspost.leaf(%s)", queue_recipient)

    def destinations(self, owner):
        rows = self.run(
            "SELECT destination FROM hauspost.target"
            " WHERE %s IN (address, alias) ORDER BY id",
            owner,
        )
        return [row.destination for row in rows]

    # -- What an admin reads -------------------------------------------------

    @contextlib.contextmanager
    def refused(self, *words):
        """What is done inside is refused, and the text has these words."""
        self.run("SAVEPOINT attempt")
        try:
            yield
            self.settle()
        except psycopg2.IntegrityError as error:
            text = f"{error.diag.message_primary}\n{error.diag.message_detail}"
        else:
            raise AssertionError("not refused")
        self.run("ROLLBACK TO attempt")
        missing = [word for word in words if word not in text]
        assert not missing, f"{missing} not in {text!r}"

    @contextlib.contextmanager
    def warned(self, words):
        """What is done inside succeeds with this warning; None: without."""
        del self.connection.notices[:]
        yield
        self.settle()
        text = "".join(self.connection.notices)
        if words is None:
            assert "WARNING" not in text
        else:
            assert re.search(f"WARNING: .*{re.escape(words)}", text), text


def populate(directory):
    """Two customers of one provider, as most tests begin."""
    directory.insert("node", name=NODE)
    directory.customer(
        "xyz00", "xyz00-abc", "xyz00-office", domain="example.org"
    )
    directory.customer("abc00", "abc00-tim", domain="example.com")

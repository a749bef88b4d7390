"""Lists on a whole stage: members in bulk, and what the world got of a post."""

import contextlib
import json
import re

import pytest

from stage import Stage, wait_for
from stage.customer import insert


class ListHost(Stage):
    def start_mail(self):
        super().start_mail()
        self.start_listmgr()


    @contextlib.contextmanager
    def handing_over_to(self, injection, **settings):
        """The list manager with another Postfix behind it."""
        text = self.config.read_text()
        for name, value in {"inject": injection.endpoint, **settings}.items():
            text = re.sub(rf"^{name} = .*\n", "", text, flags=re.M)
            text = text.replace("[listmgr]\n", f"[listmgr]\n{name} = {value}\n")
        config = self.place / "etc" / "listmgr-test.conf"
        config.write_text(text)
        self.listmgr.stop()
        self.start_listmgr(config)
        try:
            yield config
        finally:
            self.listmgr.stop()
            self.start_listmgr()


    @contextlib.contextmanager
    def checking_senders(self, authserv_id):
        """With filters in front that know this name."""
        text = self.config.read_text()
        for section in ("milter", "listmgr"):
            text = text.replace(f"[{section}]\n",
                                f"[{section}]\nauthserv_id = {authserv_id}\n")
        before, milter = self.config.read_text(), self.programs["hauspost-milter"]
        try:
            self.config.write_text(text)
            self.restart_both(milter)
            yield
        finally:
            self.config.write_text(before)
            self.restart_both(milter)

    def restart_both(self, milter):
        milter.stop()
        self.start_program("hauspost-milter")
        self.listmgr.stop()
        self.start_listmgr()


class List:
    """A list of its own for each test."""

    def __init__(self, host, customer, name="news", **columns):
        self.host = host
        self.name, self.domain = name, customer.domain
        self.address = f"{name}@{customer.domain}"
        host.query(
            insert("list", "name", "domain", "package", *columns),
            name=name, domain=customer.domain, package=customer.name, **columns,
        )
        [[self.id]] = host.query(
            "SELECT id FROM hauspost.list WHERE name = :'name'"
            " AND domain = :'domain'", name=name, domain=customer.domain)

    def join(self, *addresses, **columns):
        names = "".join(f", {column}" for column in columns)
        values = "".join(f", :'with_{column}'" for column in columns)
        self.host.query(
            "WITH people AS (INSERT INTO hauspost.list_address (address)"
            " SELECT unnest(string_to_array(:'addresses', ' '))"
            " ON CONFLICT (key) DO UPDATE SET address = excluded.address"
            " RETURNING id)"
            f" INSERT INTO hauspost.list_member (list, address{names})"
            f" SELECT :'list', id{values} FROM people",
            list=self.id, addresses=" ".join(addresses),
            **{f"with_{name}": value for name, value in columns.items()},
        )

    def join_many(self, n, domains=200):
        self.host.query(
            "WITH people AS (INSERT INTO hauspost.list_address (address)"
            " SELECT format('m%s.%s@d%s.example', i, :'list', i % :'domains')"
            " FROM generate_series(1, :'n'::int) AS i RETURNING id)"
            " INSERT INTO hauspost.list_member (list, address)"
            " SELECT :'list', id FROM people", list=self.id, n=n,
            domains=domains)

    def post(self, author, subject="hello", **headers):
        """One post by SMTP; what was refused, by recipient."""
        fields = {"From": author, "To": self.address, "Subject": subject,
                  "Message-ID": f"<{subject}.{self.id}@world.example>"} | headers
        head = "".join(f"{k}: {v}\r\n" for k, v in fields.items())
        return self.host.send(
            [self.address], f"{head}\r\nGr\u00fc\u00dfe\r\n".encode(), author)

    def is_sent(self, n=1):
        return self.host.query(
            "SELECT 1 FROM hauspost.list_post WHERE list = :'list'"
            " AND n = :'n' AND sent IS NOT NULL", list=self.id, n=n)

    def sent(self, n=1, timeout_s=60):
        """Wait until Postfix has post n for all of them, and nothing queued."""
        wait_for(lambda: self.is_sent(n), f"post {n} is handed over", timeout_s)
        wait_for(lambda: not self.host.postfix.queue(), "the queue is empty",
                 timeout_s)

    def copies(self):
        """What the world got from this list: [(sender, recipient, message)]."""
        found = []
        for path in sorted((self.host.place / "sink").glob("*.json")):
            kept = json.loads(path.read_text())
            if f"List-Id:" in kept["message"] and self.domain in kept["sender"]:
                found += [(kept["sender"], to, kept["message"])
                          for to in kept["recipients"]]
        return found


@pytest.fixture(scope="module")
def list_host():
    with_lists = ListHost()
    try:
        with_lists.start()
        with_lists.query("INSERT INTO hauspost.node (name, mail_root)"
                         " VALUES (:'node', :'root')", node=with_lists.node,
                         root=str(with_lists.place / "mail"))
        yield with_lists
    finally:
        with_lists.end()

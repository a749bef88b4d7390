"""hauspost-listweb alone: PostgreSQL and the program, without list manager and
web server. Posts are files and rows, as the list manager leaves them.

    def test_it(lists):
        news = lists.list("news", archive="public")
        news.post("hello", subject="Greetings")
        assert "Greetings" in lists.get(news.path).text
"""

import email.message
import itertools
import os
import re
import shutil
import urllib.parse

import pytest

import fastcgi
from stage import ROOT, wait_for
from stage.process import Process, listens

HOST = "lists.hosting.example"
URL = f"https://{HOST}"
COOKIE = "__Host-lists"
MOMENTS = itertools.count(1)


class Answer:
    """What a browser makes of it."""

    def __init__(self, answer):
        self.status, self.headers = answer.status, answer.headers
        self.body = answer.body
        self.text = answer.body.decode("utf-8", "replace")

    @property
    def words(self):
        """The text of the page, without its markup."""
        return " ".join(re.sub(r"<[^>]*>", " ", self.text).split())

    @property
    def cookie(self):
        return self.headers.get("set-cookie", "").partition(";")[0]


class Lists:
    """The program over a database of its own; the demo's package is there."""

    def __init__(self, host, name, **settings):
        self.host, self.database = host, name
        self.archive = host.place / f"archive-{name}"
        self.archive.mkdir(exist_ok=True)
        # As the list manager makes it: of its group, which the pages are in.
        shutil.chown(self.archive, "hauspost-listmgr", "hauspost-listmgr")
        self.archive.chmod(0o750)
        self.name = f"listweb-{name}-{next(MOMENTS)}"
        self.socket = host.place / "run" / f"{self.name}.sock"
        self.config = host.place / "etc" / f"{self.name}.conf"
        self.binary = host.place / "bin" / "hauspost-listweb"
        self.process = Process(host.place, self.name)
        settings = {
            "listen": f"unix:{self.socket}",
            "url": URL,
            "archive": self.archive,
            "asks_per_minute": 0,
            "processes": 1,
            "threads": 2,
            "user": "hauspost-listweb",
        } | settings
        self.config.write_text(
            "[hauspost]\nlog = stderr\n"
            f"database = {host.postgres.conninfo(name)}\n"
            "[provider]\ndomain = hosting.example\nname = Hosting\n[listweb]\n"
            + "".join(f"{k} = {v}\n" for k, v in settings.items())
        )

    def __enter__(self):
        self.process.start(
            [self.binary, "--config", self.config], listens(self.socket)
        )
        return self

    def __exit__(self, *_):
        self.process.stop()

    def query(self, sql, **values):
        return self.host.postgres.query(sql, self.database, **values)

    def log(self):
        return self.process.log.read_text()

    # -- What browsers do ------------------------------------------------------

    def ask(self, target, method="GET", body=b"", cookie="", **more):
        path, _, query = target.partition("?")
        variables = {
            "REQUEST_METHOD": method,
            "REQUEST_URI": target,
            "DOCUMENT_URI": path,
            "QUERY_STRING": query,
            "HTTP_HOST": HOST,
            "HTTP_COOKIE": cookie,
            "HTTP_ACCEPT_LANGUAGE": "en",
            "REMOTE_ADDR": "192.0.2.1",
        } | more
        with fastcgi.Connection(self.socket) as connection:
            return Answer(connection.ask(variables, body))

    def get(self, target, **more):
        return self.ask(target.removeprefix(URL), **more)

    def post(self, target, cookie="", headers=None, **fields):
        body = urllib.parse.urlencode(fields).encode()
        more = {
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "CONTENT_LENGTH": str(len(body)),
        } | (headers or {})
        return self.ask(
            target.removeprefix(URL), "POST", body, cookie, **more
        )

    # -- Lists -----------------------------------------------------------------

    def list(self, name, **columns):
        return List(self, name, **columns)

    def enter(self, news, address):
        """The cookie of a member who has asked for a link and opened it."""
        self.query("DELETE FROM hauspost.list_letter")  # no limit is reached
        self.post(f"{news.path}/enter", member=address)
        answer = self.post(f"/c/{news.token(address, 'enter')}")
        assert answer.status == 303, answer.text
        return answer.cookie


class OnStage:
    """The same lists on a whole stage, by way of its web server."""

    def __init__(self, stage):
        self.query = stage.query
        self.archive = stage.place / "lists"

    list = Lists.list


class List:
    def __init__(self, lists, name, **columns):
        self.lists, self.query = lists, lists.query
        self.address = f"{name}@example.org"
        self.path = f"/l/{self.address}"
        self.query(
            "INSERT INTO hauspost.list (name, domain, package)"
            " VALUES (:'name', 'example.org', 'xyz00')",
            name=name,
        )
        [[self.id]] = self.query(
            "SELECT id FROM hauspost.list WHERE name = :'name'", name=name
        )
        for column, value in ({"language": "en"} | columns).items():
            self.query(
                f"UPDATE hauspost.list SET {column} = :'value' WHERE id = :'id'",
                value=value,
                id=self.id,
            )

    def member(self, address, role="member", mode="normal", state="ok"):
        [[number]] = self.query(
            "INSERT INTO hauspost.list_member (list, address, role, mode, state)"
            " SELECT :'list', hauspost.list_know(:'address'), :'part', :'mode',"
            " :'state' RETURNING id",
            list=self.id,
            address=address,
            part=role,
            mode=mode,
            state=state,
        )
        return number

    def members(self):
        rows = self.query(
            "SELECT a.address FROM hauspost.list_member m"
            " JOIN hauspost.list_address a ON a.id = m.address"
            " WHERE m.list = :'list' ORDER BY 1",
            list=self.id,
        )
        return [address for [address] in rows]

    def token(self, address, action, purpose="pending"):
        [[token]] = self.query(
            "SELECT hauspost.list_token(:'purpose', id, created)"
            " FROM hauspost.list_pending WHERE list = :'list'"
            " AND lower(address) = lower(:'address') AND action = :'action'",
            purpose=purpose,
            list=self.id,
            address=address,
            action=action,
        )
        return token

    def letters(self):
        rows = self.query(
            "SELECT kind, address FROM hauspost.list_letter"
            " WHERE list = :'list' ORDER BY id",
            list=self.id,
        )
        return [tuple(row) for row in rows]

    # -- Posts -----------------------------------------------------------------

    def file(self, path, octets):
        """Readable by its group, as the list manager writes it."""
        file = self.lists.archive / self.id / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(octets)
        for one in (file, file.parent, file.parent.parent):
            shutil.chown(one, "hauspost-listmgr", "hauspost-listmgr")
            os.chmod(one, 0o640 if one == file else 0o750)

    def post(self, text="hello", parents=(), octets=None, **headers):
        """Number it, put it down, and wait until the archive has it; gives its
        Message-ID."""
        message = email.message.EmailMessage()
        headers = {
            "From": "Anna Beispiel <anna@world.example>",
            "Subject": "Greetings",
            "Message-ID": f"<{next(MOMENTS)}@world.example>",
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        identifier = headers.pop("Message-ID")[1:-1]
        for name, value in headers.items():
            message[name] = value
        message.set_content(text)
        octets = octets or message.as_bytes()
        [[n]] = self.query(
            "SELECT next_post FROM hauspost.list_state WHERE list = :'list'",
            list=self.id,
        )
        self.file(f"{int(n) // 1000}/{n}.eml", octets)
        self.add(n, identifier, message, parents, len(octets))
        return identifier

    def add(self, n, identifier, message, parents, size):
        author = message["From"].addresses[0]
        self.query(
            "BEGIN; UPDATE hauspost.list_state SET next_post = next_post + 1"
            " WHERE list = :'list';"
            "INSERT INTO hauspost.list_post (list, n, message_id, from_name,"
            " from_mail, subject, in_reply_to, refs, size_bytes) VALUES"
            " (:'list', :'n', :'id', :'name', :'address', :'subject',"
            " nullif(:'parent', ''), string_to_array(:'refs', ' '), :'size');"
            "NOTIFY hauspost_list; COMMIT",
            list=self.id,
            n=n,
            id=identifier,
            name=author.display_name,
            address=author.addr_spec,
            subject=str(message["Subject"]),
            parent=parents[0] if parents else "",
            refs=" ".join(parents),
            size=size,
        )
        self.wait_for_reader(n)

    def wait_for_reader(self, n):
        def is_read():
            [[done]] = self.query(
                "SELECT l.archive = 'off' OR s.archived >= :'n'"
                " FROM hauspost.list_state s JOIN hauspost.list l"
                " ON l.id = s.list WHERE s.list = :'list'",
                list=self.id,
                n=n,
            )
            return done == "t"

        wait_for(is_read, "the archive has the post", 10)

    def hold(self, octets=b"From: a@b.example\nSubject: x\n\nheld text\n"):
        """A post that waits; gives its token."""
        [[number]] = self.query("SELECT hauspost.list_held_next()")
        self.file(f"held/{number}.eml", octets)
        self.query(
            "SELECT hauspost.list_hold(:'id', :'list', 'post', 'not a member',"
            " 'anna@world.example', 'anna@world.example', 'A <held> post',"
            " 'h1@world.example', 100, false, '{}', false)",
            id=number,
            list=self.id,
        )
        [[token]] = self.query(
            "SELECT hauspost.list_token('held', id, created)"
            " FROM hauspost.list_held WHERE id = :'id'",
            id=number,
        )
        return token


def link(identifier):
    return urllib.parse.quote(identifier, safe="@")


@pytest.fixture(scope="module")
def lists(host, postgres, request):
    database = request.module.__name__
    postgres.new_database(database)
    postgres.run_file(ROOT / "sql" / "demo.sql", database, mail_root=host.place / "mail")
    with Lists(host, database) as lists:
        yield lists
    postgres.drop_database(database)

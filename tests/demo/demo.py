#!/usr/bin/python3
"""make demo: a mail host on loopback, messages through it by SMTP, and
what became of each of them, seen by IMAP and POP3. It stays up afterwards.

demo.py         start, show, stay up; status 1 when something is not as told
demo.py stop    end it and remove its files
"""

import dataclasses
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "system"))

from stage import NODE, SENDER, Place, Stage, clients, wait_for  # noqa: E402
from stage.managesieve import ManageSieve  # noqa: E402

RUN = ROOT / "run"


@dataclasses.dataclass
class Step:
    """One message, and what has to become of it."""

    says: str
    to: str
    into: tuple = ()  # just these mailboxes get it, once each
    world: str = ""  # goes out to this address
    refused: str = ""  # code and enhanced code
    header: str = ""  # stands in what is delivered
    size: int = 1000
    login: str = ""  # sent by this customer, with password
    sender: str = ""  # … as this address, where it is not the login
    bulk: bool = False  # a newsletter: goes out by the bulk server
    script: str = ""  # that the owner's mail client stores before
    folder: str = ""  # where it then is
    reply: str = ""  # that the mailbox gives from now on
    leaves_as: str = ""  # the sender of what goes out to the world
    bounce: bool = False  # a report to the sender of what went out last


STEPS = (
    Step("an address is a mailbox", "info@example.org", ("xyz00-abc",)),
    Step(
        "the detail stays visible",
        "info+invoices@example.org",
        ("xyz00-abc",),
        header="X-Original-To: info+invoices@example.org",
    ),
    Step("this plus is no detail", "a+b@example.org", ("xyz00",)),
    Step(
        "aliases in aliases, each mailbox once",
        "team@example.org",
        ("xyz00", "xyz00-abc", "xyz00-fred", "abc00-tim"),
    ),
    Step(
        "an alias wins over the mailbox of its name",
        "office@example.org",
        ("xyz00-abc",),
    ),
    Step(
        "a forward that keeps a copy",
        "Fred@Example.ORG",
        ("xyz00-fred", "abc00-tim"),
    ),
    Step(
        "the catch-all of a subdomain",
        "whoever@hamburg.example.org",
        ("xyz00-abc",),
    ),
    Step(
        "a domain that leads to another",
        "tim@example.net",
        ("abc00-tim",),
    ),
    Step(
        "the machine knows each mailbox",
        f"xyz00-small@{NODE}",
        ("xyz00-small",),
    ),
    Step("dropped here, kept there", "both@example.org", ("xyz00-abc",)),
    Step("dropped, as its owner wants", "drop@example.org"),
    Step(
        "forwarded to the rest of the world",
        "away@example.org",
        world="someone@elsewhere.example",
        leaves_as="=world.example=anna@example.org",
    ),
    Step(
        "its bounce finds the first sender",
        "the sender it left with",
        world="anna@world.example",
        bounce=True,
    ),
    Step(
        "a customer writes, with password",
        "tim@example.com",
        ("abc00-tim",),
        login="info@example.org",
    ),
    Step(
        "a filter that a mail client stored files it",
        "tim@example.com",
        ("abc00-tim",),
        script='require ["fileinto", "mailbox"]; fileinto :create "Filed";',
        folder="Filed",
    ),
    Step(
        "an automatic reply, to the one who wrote",
        "small@example.org",
        ("xyz00-small",),
        reply="I am away until Monday.",
        world=SENDER,
    ),
    Step(
        "procmail, where somebody has recipes",
        "whoever@example.com",
        ("abc00",),
        header="X-Sorted: by procmail",
    ),
    Step(
        "nobody writes as somebody else",
        "tim@example.com",
        login="info@example.org",
        sender="tim@example.com",
        refused="550 5.7.1",
    ),
    Step(
        "a newsletter leaves by the bulk server",
        "reader@elsewhere.example",
        world="reader@elsewhere.example",
        login="info@example.org",
        bulk=True,
    ),
    Step("nobody of that name", "nosuch@example.org", refused="550 5.1.1"),
    Step("an address that refuses", "nobody@example.org", refused="550 5.1.1"),
    Step("leads back to itself", "ring@example.org", refused="550 5.4.6"),
    Step("locked for now", "locked@example.org", refused="450 4.2.1"),
    Step("no room left", "full@example.org", refused="452 4.2.2"),
    Step(
        "too large for this mailbox",
        "small@example.org",
        refused="552 5.3.4",
        size=200_000,
    ),
    Step(
        "strangers may not relay",
        "anna@elsewhere.example",
        refused="554 5.7.1",
    ),
)

# What users have put into their homes.
FILES = {
    ("abc00", ".procmailrc"): ':0 fw\n| formail -A "X-Sorted: by procmail"\n'
}

# Who can be read, and the names to log in by: a mailbox' own, or an address
# that leads to this one mailbox.
LOGINS = {
    "xyz00": "a+b@example.org",
    "xyz00-abc": "info@example.org",
    "xyz00-office": "xyz00-office",
    "xyz00-fred": "xyz00-fred",
    "xyz00-small": "small@example.org",
    "abc00": "abc00",
    "abc00-tim": "tim@example.com",
}


def password(mailbox):
    return f"{mailbox}-secret"


class Demo:
    def __init__(self, stage):
        self.stage = stage
        self.readers = {}

    def open_mailboxes(self):
        """Before the first mail: an empty mailbox can be opened as well."""
        for mailbox, login in LOGINS.items():
            peer = self.stage.imap(login, password(mailbox))
            peer.select("INBOX", readonly=True)
            self.readers[mailbox] = peer

    def write_files(self):
        for (mailbox, name), text in FILES.items():
            [[home, uid]] = self.stage.query(
                "SELECT home, uid FROM hauspost.mailbox"
                " WHERE name = :'mailbox'",
                mailbox=mailbox,
            )
            path = pathlib.Path(home, name)
            path.write_text(text)
            os.chown(path, int(uid), int(uid))

    def fill(self, mailbox):
        """A client saves 15 kB, then the mailbox may have 10 kB only."""
        peer = self.stage.imap(mailbox, password(mailbox))
        status, _ = peer.append("INBOX", None, None, b"\r\n" + b"x" * 15_000)
        assert status == "OK"
        peer.logout()
        self.stage.query(
            "UPDATE hauspost.mailbox SET quota_hard_bytes = 10000,"
            " quota_bytes = 10000 WHERE name = :'mailbox'",
            mailbox=mailbox,
        )
        wait_for(lambda: self.is_full(mailbox), f"{mailbox} is counted full")

    def is_full(self, mailbox):
        return self.stage.query(
            "SELECT code FROM hauspost.quota(ARRAY[:'mailbox'])",
            mailbox=mailbox,
        )

    def show(self, number, step):
        """Send and look; the difference to what was expected, or ''."""
        token = f"demo-{number}@world.example"
        before = len(clients.sunk(self.stage.place))
        self.prepare(step)
        answer = self.send(step, token)
        self.stage.settle()
        if step.bulk:
            self.wait_bulk(step)
        if step.refused:
            got = "" if answer.startswith(step.refused) else answer
        elif answer:
            got = answer
        else:
            got = self.look(step, token)
        sunk = clients.sunk(self.stage.place)[before:]
        out = [name for kept in sunk for name in kept["recipients"]]
        if out != [step.world] * bool(step.world):
            got = f"sent to the world: {out}"
        elif out and not sunk[0]["sender"].endswith(step.leaves_as):
            got = f"sent to the world as {sunk[0]['sender']}"
        return got

    def prepare(self, step):
        """What the owner of the mailbox does before."""
        if step.script:
            with ManageSieve(self.stage.place) as client:
                client.login(step.into[0], password(step.into[0]))
                client.put("demo", step.script)
                client.activate("demo")
        if step.reply:
            self.stage.query(
                "INSERT INTO hauspost.vacation (mailbox, reply)"
                " VALUES (:'mailbox', :'reply')",
                mailbox=step.into[0],
                reply=step.reply,
            )

    def wait_bulk(self, step):
        log = self.stage.bulk.maillog
        wait_for(
            lambda: f"to=<{step.world}>" in log.read_text(),
            f"the bulk server sends it to {step.world}",
        )

    def send(self, step, token):
        """What the server refused it with, or ''."""
        options = {}
        if step.login:
            options = {
                "service": "submission",
                "login": (step.login, password("xyz00-abc")),
                "stranger": None,
                "sender": step.sender or step.login,
            }
        to = step.to
        if step.bounce:
            to = clients.sunk(self.stage.place)[-1]["sender"]
            options = {"sender": ""}
        refused = self.stage.send([to], message(step, token), **options)
        return "".join(refused.values())

    def look(self, step, token):
        for mailbox, peer in self.readers.items():
            folder = step.folder if mailbox in step.into else ""
            peer.select(folder or "INBOX", readonly=True)
            found = peer.search(None, "HEADER", "Message-ID", token)[1][0]
            numbers = found.split()
            if len(numbers) != int(mailbox in step.into):
                return f"{mailbox} has it {len(numbers)} times"
            for number in numbers:
                parts = peer.fetch(number, "(BODY.PEEK[HEADER])")[1]
                if step.header not in parts[0][1].decode():
                    return f"no {step.header!r} in {mailbox}"
        return ""

    def pop3(self, mailbox, name):
        """Every message by POP3 as well, and as many as by IMAP."""
        peer = self.stage.pop3(name, password(mailbox))
        by_pop3 = peer.stat()[0]
        peer.quit()
        by_imap = len(self.readers[mailbox].search(None, "ALL")[1][0].split())
        return "" if by_pop3 == by_imap else f"{by_pop3}, by IMAP {by_imap}"

    def settings(self, address, mailbox):
        """What Thunderbird and Outlook are told, through nginx and TLS."""
        web, name = self.stage.web, f"autoconfig.{address.partition('@')[2]}"
        target = f"/mail/config-v1.1.xml?emailaddress={address}"
        answer = web.get(target, name, tls=name)
        if f"<username>{mailbox}</username>".encode() not in answer.body:
            return f"Thunderbird is told {answer.status} {answer.body!r}"
        answer = web.post(
            "/autodiscover/autodiscover.xml", OUTLOOK.format(address), name
        )
        if f"<LoginName>{mailbox}</LoginName>".encode() not in answer.body:
            return f"Outlook is told {answer.status} {answer.body!r}"
        return ""


    def fetch(self, there, here):
        """Our own Dovecot plays another provider: its mail comes once."""
        self.stage.start_fetcher()
        port = str(self.stage.place.port("imaps"))
        account = self.hauspost(
            "fetch", "add", here, f"{there}@elsewhere.example",
            *("--host", "127.0.0.1", "--port", port, "--login", there),
            stdin=password(there),
        ).split()[1]
        for _ in range(2):
            self.hauspost("fetch", "run", account)
        old, new = (
            clients.messages(self.readers[name]) for name in (there, here)
        )
        marked = [text for text in new if b"X-Hauspost-Fetched:" in text]
        if len(old) == len(marked) > 0:
            return ""
        return f"{len(old)} there, {len(marked)} came"

    def mailing_list(self, name, reader):
        """Subscribed by mail, confirmed, written to, and left at one click."""
        self.stage.start_listmgr()
        self.stage.query(
            "INSERT INTO hauspost.list (name, domain, package, title, policy,"
            " fanout) VALUES (:'name', 'example.org', 'xyz00', 'Letter',"
            " 'open', 'personal')", name=name)
        self.write(f"{name}+subscribe@example.org", reader)
        letter = self.letter_to(reader, "+confirm-")
        [confirm] = re.findall(r"[a-z]+\+confirm-[a-z2-7]+@\S+?(?=>|\s)",
                               letter)[:1]
        self.write(confirm, reader)
        wait_for(lambda: self.members(name) == 1, "the reader is on the list")
        self.write(f"{name}@example.org", SENDER)
        copy = self.letter_to(reader, "List-Unsubscribe-Post:")
        [link] = re.findall(r"^List-Unsubscribe:\s+<(https:[^>]*)>", copy, re.M)
        host, _, path = link.removeprefix("https://").partition("/")
        answer = self.stage.web.post(
            f"/{path}", "List-Unsubscribe=One-Click", host, tls=host,
            type="application/x-www-form-urlencoded")
        if answer.status != 200:
            return f"one click is answered {answer.status}"
        return "" if self.members(name) == 0 else "still on the list"

    def write(self, to, sender):
        text = clients.letter("demo", "hello\r\n", From=sender, To=to)
        refused = self.stage.send([to], text, sender=sender)
        if refused:
            raise RuntimeError(f"{to}: {refused}")

    def letter_to(self, reader, words):
        def found():
            mine[:] = [kept["message"] for kept in clients.sunk(self.stage.place)
                       if reader in kept["recipients"]
                       and words in kept["message"]]
            return mine

        mine = []
        wait_for(found, f"{reader} has a mail with {words}")
        return mine[-1]

    def members(self, name):
        [[count]] = self.stage.query(
            "SELECT count(*) FROM hauspost.list_member AS m"
            " JOIN hauspost.list AS l ON l.id = m.list AND l.name = :'name'",
            name=name)
        return int(count)

    def hauspost(self, *words, stdin=""):
        place = self.stage.place
        return subprocess.run(
            [place / "bin" / "hauspost", "--config", self.stage.config, *words],
            input=stdin, text=True, check=True, capture_output=True,
        ).stdout


OUTLOOK = (
    '<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/'
    'outlook/requestschema/2006"><Request><EMailAddress>{}</EMailAddress>'
    "</Request></Autodiscover>"
)


def message(step, token):
    marks = {"List_Unsubscribe": "<mailto:off@example.org>"} if step.bulk else {}
    line = "Sent by make demo to see where it arrives.\r\n"
    return clients.letter(
        f"demo: {step.says}",
        line * (step.size // len(line) + 1),
        From=step.login or SENDER,
        To=step.to,
        **marks,
        Message_ID=f"<{token}>",
    )


def line(good, text, problem):
    print(f"{'✗' if problem else '✓'} {text}", flush=True)
    if problem:
        print(f"    {problem}", flush=True)
    return good + (not problem)


def outcome(step):
    if step.refused:
        return f"refused {step.refused}"
    places = [step.world, *step.into] if step.reply else step.into
    place = f"/{step.folder}" if step.folder else ""
    return "→ " + (", ".join(places) or step.world or "nobody") + place


def run(stage):
    demo = Demo(stage)
    demo.open_mailboxes()
    demo.write_files()
    demo.fill("xyz00-full")
    good = 0
    for number, step in enumerate(STEPS, 1):
        text = f"{number:2}  {step.says}: {step.to} {outcome(step)}"
        good = line(good, text, demo.show(number, step))
    read = 0
    for name in ("xyz00-abc", "info@example.org"):
        text = f"    POP3 as {name} shows what IMAP shows"
        read = line(read, text, demo.pop3("xyz00-abc", name))
    text = "    mail clients find their settings: fred@example.org → xyz00-fred"
    read = line(read, text, demo.settings("fred@example.org", "xyz00-fred"))
    text = "    mail from another provider comes here, once: abc00-tim → xyz00"
    read = line(read, text, demo.fetch("abc00-tim", "xyz00"))
    text = "    a mailing list: subscribed, confirmed, read, left at one click"
    read = line(read, text, demo.mailing_list("letter", "reader@world.example"))
    return good if read == 5 else 0


def connect_how(stage):
    port = stage.place.ports
    return f"""
It stays up: `make demo-stop` ends it. Any mail client on this machine can
connect; the certificate is the demo's own.

  login    info@example.org or xyz00-abc   password xyz00-abc-secret
  IMAP     127.0.0.1:{port["imaps"]} (TLS), {port["imap"]} (STARTTLS)
  POP3     127.0.0.1:{port["pop3s"]} (TLS), {port["pop3"]} (STARTTLS)
  SMTP     127.0.0.1:{port["submissions"]} (TLS), {port["submission"]} (STARTTLS)
  settings http://127.0.0.1:{port["http"]}/?emailaddress=info@example.org
  psql     psql -h {stage.postgres.socket} -U postgres hauspost
  explain  run/bin/hauspost --config run/etc/hauspost/hauspost.conf \\
               explain team@example.org
  logs     run/log/
"""


def start():
    stop()
    print("a mail host of our own, on loopback:", flush=True)
    stage = Stage(say=lambda text: print(f"  … {text}", flush=True))
    RUN.symlink_to(stage.place.path)
    try:
        stage.start()
        stage.bulk.start()
        stage.load(ROOT / "sql" / "demo.sql")
        good = run(stage)
    except BaseException:
        stage.stop()
        print("demo: ended; what the programs said is in run/log/")
        raise
    print(connect_how(stage))
    print(f"demo: {good} of {len(STEPS)}")
    return good != len(STEPS)


def stop():
    """End the demo that run/ leads to; nothing to do when there is none."""
    if not RUN.is_symlink():
        return 0
    path = pathlib.Path(os.readlink(RUN))
    if path.is_dir():
        stage = Stage(Place(path))
        stage.stop()
        stage.place.remove()
    RUN.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(stop() if sys.argv[1:] == ["stop"] else start())

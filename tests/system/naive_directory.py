"""A second opinion on hauspost.resolve(): the same rules over plain lists of
rows, as simple as can be and without looking at the SQL.

Addresses have simple local parts here: quoting is tested elsewhere.
"""

import collections
import datetime

NODE = "h01.hosting.example"
MOST_HOPS = 20

Hop = collections.namedtuple("Hop", "kind name detail steps limit sender package")
Leaf = collections.namedtuple(
    "Leaf", "kind recipient detail code dsn limit sender package"
)

LIST_COMMANDS = {"subscribe", "unsubscribe", "help", "owner", "subscribe-digest"}


class NaiveDirectory:
    """rows: a list of dicts per table, with the columns of the SQL tables."""

    def __init__(self, rows, now):
        self.rows = rows
        self.now = now

    def find(self, table, **wanted):
        for row in self.rows[table]:
            if all(row[column] == value for column, value in wanted.items()):
                return row
        return None

    def resolve(self, recipient):
        """The leaves, and when the answer next changes. No leaf at all: a
        loop."""
        waiting = [Hop("address", recipient, None, 0, [], None, None)]
        if "@" not in recipient:
            waiting = [Hop("name", *plus(recipient), 0, [], None, None)]
        visited, leaves, moments = set(), [], []
        while waiting:
            hop = waiting.pop(0)
            if hop.steps > MOST_HOPS:
                leaves.append(refused(hop, "5.4.6"))
                continue
            visit = Visit(self, hop)
            moments += visit.moments
            if visit.place not in visited:
                visited.add(visit.place)
                leaves += visit.leaves
                waiting += visit.onward
        return leaves, min(moments, default=None)


class Visit:
    """What one hop arrives at and leads to."""

    def __init__(self, directory, hop):
        self.directory = directory
        self.find = directory.find
        self.hop = hop
        self.place = None
        self.leaves, self.onward, self.moments = [], [], []
        if hop.kind == "address":
            self.at_address(*hop.name.rsplit("@", 1))
        else:
            self.at_name(hop.name)

    # -- Addresses -----------------------------------------------------------

    def at_address(self, local, domain):
        domain = domain.lower()
        row = self.find("domain", name=domain)
        self.place = ("address", local.lower(), domain)
        if row:
            self.enter(package=row["package"], limit=row["size_limit"])
        if row and row["mode"] == "null":
            return self.refuse("5.1.10")
        if row and row["mode"] == "local":
            return self.at_row(local, domain, row["subaddressing"])
        if not row and domain in self.hosts():
            return self.at_host(*plus(local), domain, local)
        if not row and domain.split(".")[0] in ("mbox", "list", "reject"):
            return self.refuse("5.1.1")
        # What case means elsewhere is not ours to say.
        self.place = ("external", local, domain)
        self.leaf("external", f"{local}@{domain}", None)

    def hosts(self):
        return [NODE] + [row["host"] for row in self.directory.rows["package"]]

    def at_row(self, local, domain, subaddressing):
        base, detail = plus(local) if subaddressing else (local, None)
        exact = self.find("address", identifier=f"{local}@{domain}".lower())
        short = self.find("address", identifier=f"{base}@{domain}".lower())
        every = self.find("address", identifier=f"@{domain}")
        name, command = self.list_and_command(local, domain)
        if exact:
            self.follow(exact, exact["identifier"], local, domain)
        elif short and base:
            self.follow(short, short["identifier"], local, domain, detail)
        elif name:
            listed = self.find("address", identifier=f"{name}@{domain}")
            self.follow(listed, listed["identifier"], local, domain, command)
        elif every:
            self.follow(every, f"all of {domain}, {local.lower()}", local, domain)
        else:
            self.at_host(base, detail, domain, local)

    def list_and_command(self, local, domain):
        for row in self.directory.rows["list"]:
            for command in LIST_COMMANDS:
                if row["domain"] == domain and local.lower() == (
                    f"{row['name']}-{command}"
                ):
                    return row["name"], local[-len(command) :]
        return None, None

    def follow(self, row, place, local, domain, detail=None):
        self.place = ("row", place)
        now = self.directory.now
        dates = [d for d in (row["valid_from"], row["valid_until"]) if d]
        self.moments += sorted(date for date in dates if date > now)[:1]
        if row["valid_from"] and row["valid_from"] > now:
            return self.refuse("5.1.1")
        if row["valid_until"] and row["valid_until"] <= now:
            return self.refuse("5.1.1")
        self.enter(sender=f"{local}@{domain}", detail=detail)
        for target in self.directory.rows["target"]:
            if target["address"] == row["identifier"]:
                self.towards(target, local)

    def at_host(self, name, detail, domain, local):
        name = name.lower()
        for table in "alias", "mailbox":
            row = self.find(table, name=name)
            if row and domain in (NODE, f"{row['package']}.hosting.example"):
                self.place = ("automatic", name, domain)
                self.enter(
                    sender=f"{local}@{domain}",
                    detail=detail,
                    package=row["package"],
                )
                return self.go("name", name)
        self.refuse("5.1.1")

    # -- Names ---------------------------------------------------------------

    def at_name(self, name):
        alias = self.find("alias", name=name)
        mailbox = self.find("mailbox", name=name)
        if alias and self.hop.kind == "name":
            self.place = ("alias", name)
            self.enter(package=alias["package"], sender=self.hop.sender or name)
            for target in self.directory.rows["target"]:
                if target["alias"] == name:
                    self.towards(target, None)
        elif mailbox:
            self.place = ("mailbox", name)
            self.enter(
                package=mailbox["package"],
                limit=mailbox["size_limit"],
                sender=self.hop.sender or name,
            )
            self.at_mailbox(mailbox)
        else:
            self.place = ("nothing", name)
            self.refuse("5.1.1")

    def at_mailbox(self, mailbox):
        procmail = mailbox["filter"] == "procmail"
        detail = f"+{self.hop.detail}" if self.hop.detail else ""
        recipient = mailbox["name"] + detail
        recipient += f".0@program.{NODE}" if procmail else f"@mbox.{NODE}"
        leaf = ("program" if procmail else "mailbox", recipient, self.hop.detail)
        if mailbox["state"] == "locked":
            return self.leaf(*leaf, 450, "4.2.1")
        forwards = [
            row
            for row in self.directory.rows["forward"]
            if row["mailbox"] == mailbox["name"]
        ]
        if not forwards or any(row["keep_copy"] for row in forwards):
            self.leaf(*leaf)
        for row in sorted(forwards, key=lambda row: row["address"]):
            self.go("address", row["address"])

    # -- Where a target leads ------------------------------------------------

    def towards(self, target, local):
        to = target["destination"]
        if to == "nobody":
            self.refuse("5.1.1")
        elif to == "/dev/null":
            self.leaf("discard", None)
        elif to[0] in "|:" and not to.startswith(":list:"):
            owner = f"{target['alias']}.{target['id']}"
            self.leaf("program", f"{owner}@program.{NODE}")
        elif to.startswith(":list:"):
            self.at_list(*to[len(":list:") :].split("@"))
        elif to.startswith("@"):
            self.go("address", local + to)
        elif "@" in to:
            self.go("address", to)
        else:
            name, detail = plus(to)
            itself = name == target["alias"]
            self.go("mailbox" if itself else "name", name, detail)

    def at_list(self, name, domain):
        detail = self.hop.detail
        if detail is None:
            self.leaf("list", f"={name}={domain}@list.{NODE}")
        elif detail.lower() in LIST_COMMANDS:
            self.leaf("list", f"={name}+{detail}={domain}@list.{NODE}")
        else:
            self.refuse("5.1.1")

    # -- Results -------------------------------------------------------------

    def enter(self, package=None, limit=None, sender=None, detail=None):
        self.hop = self.hop._replace(
            package=package or self.hop.package,
            limit=self.hop.limit + [limit] * (limit is not None),
            sender=sender or self.hop.sender,
            detail=self.hop.detail if detail is None else detail,
        )

    def go(self, kind, name, detail=None):
        onward = self.hop._replace(kind=kind, name=name, steps=self.hop.steps + 1)
        if detail is not None:
            onward = onward._replace(detail=detail)
        self.onward.append(onward)

    def refuse(self, dsn):
        self.leaves.append(refused(self.hop, dsn))

    def leaf(self, kind, recipient, detail=True, code=250, dsn="2.1.5"):
        hop = self.hop
        self.leaves.append(
            Leaf(
                kind,
                recipient,
                (hop.detail if detail is True else detail) or None,
                code,
                dsn,
                min(hop.limit, default=None),
                full_sender(hop.sender) if kind == "external" else None,
                hop.package,
            )
        )


def refused(hop, dsn):
    code = 556 if dsn == "5.1.10" else 550
    return Leaf("reject", None, None, code, dsn, None, None, hop.package)


def full_sender(sender):
    return sender and (sender if "@" in sender else f"{sender}@{NODE}")


def plus(text):
    """What stands before the first + and behind it; a leading + is a letter."""
    base, sign, detail = text.partition("+")
    return (base, detail) if sign and base else (text, None)


def moment(days):
    """A moment so many days from now, in UTC."""
    now = datetime.datetime.now(datetime.timezone.utc)
    return now + datetime.timedelta(days=days)

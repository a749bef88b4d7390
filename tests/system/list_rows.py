"""A mailing list as its tests see it: a row, its people, and its letters."""

LIST = "news@example.org"

# What lies further back when time is to have passed.
MOMENTS = {
    "list_pending": ("created", "expires"),
    "list_letter": ("created", "not_before", "sent"),
    "list_member": ("since", "bounced_first", "bounced_last", "scored"),
    "list_bounce": ("at",),
    "list_post": ("posted",),
    "list_held": ("created", "expires", "decided"),
    "list_event": ("at",),
    "list_state": ("owners_told", "no_bounces_until"),
}


class List:
    """In the directory of a test; whatever it does is rolled back."""

    def __init__(self, directory, name="news", domain="example.org", **more):
        directory.insert(
            "list", name=name, domain=domain, package="xyz00", **more
        )
        self.directory = directory
        self.run, self.one = directory.run, directory.one
        self.id = self.one(
            "SELECT id FROM hauspost.list WHERE name = %s", name
        ).id

    def set(self, **columns):
        for column, value in columns.items():
            self.run(
                f"UPDATE hauspost.list SET {column} = %s WHERE id = %s",
                value,
                self.id,
            )

    def call(self, function, *values):
        marks = ", ".join(["%s"] * len(values))
        return self.one(
            f"SELECT * FROM hauspost.{function}({marks})", *values
        )

    # -- People ----------------------------------------------------------------

    def member(self, address, **columns):
        known = self.call("list_know", address)[0]
        self.directory.insert(
            "list_member", list=self.id, address=known, **columns
        )
        return self.find(address)

    def find(self, address):
        rows = self.run(
            "SELECT m.* FROM hauspost.list_member m"
            " JOIN hauspost.list_address a ON a.id = m.address"
            " WHERE a.key = lower(%s) AND m.list = %s",
            address,
            self.id,
        )
        return rows[0] if rows else None

    def ask(self, action, address, mode=None, asker=None, source="mail x"):
        return self.call(
            "list_ask", self.id, action, address, mode, asker or address, source
        )[0]

    def confirm(self, token, source="mail y"):
        return self.call("list_confirm", token, source).outcome

    def token(self, address, purpose="pending"):
        (row,) = self.run(
            "SELECT hauspost.list_token(%s, id, created) AS token"
            " FROM hauspost.list_pending"
            " WHERE list = %s AND lower(address) = lower(%s)",
            purpose,
            self.id,
            address,
        )
        return row.token

    # -- What came of it -------------------------------------------------------

    def letters(self, address=None):
        rows = self.run(
            "SELECT kind FROM hauspost.list_letter WHERE list = %s"
            " AND lower(address) = lower(coalesce(%s, address)) ORDER BY id",
            self.id,
            address,
        )
        return [row.kind for row in rows]

    def events(self, address):
        rows = self.run(
            "SELECT kind FROM hauspost.list_event WHERE list = %s"
            " AND lower(address) = lower(%s) ORDER BY id",
            self.id,
            address,
        )
        return [row.kind for row in rows]

    def later(self, **interval):
        """Everything so far happened that much earlier."""
        for table, columns in MOMENTS.items():
            for column in columns:
                self.run(
                    f"UPDATE hauspost.{table} SET {column} = {column}"
                    " - make_interval(days => %s, hours => %s) WHERE list = %s",
                    interval.get("days", 0),
                    interval.get("hours", 0),
                    self.id,
                )

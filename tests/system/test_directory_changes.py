"""Changes: what the journal keeps, what is notified."""

import select

import pytest

from directory import NODE, Directory, populate


# -- Journal -----------------------------------------------------------------


def journal(directory):
    return directory.run(
        "SELECT * FROM hauspost.journal WHERE at = now() ORDER BY id"
    )


def test_an_insert_an_update_and_a_delete_are_kept(directory):
    directory.insert("mailbox", name="xyz00-new", uid=5000)
    directory.run(
        "UPDATE hauspost.mailbox SET state = 'locked' WHERE name = 'xyz00-new'"
    )
    directory.run("DELETE FROM hauspost.mailbox WHERE name = 'xyz00-new'")
    insert, update, delete = journal(directory)
    assert insert.relation == "mailbox" and insert.who == "postgres"
    assert (insert.old, insert.new["uid"]) == (None, 5000)
    assert (update.old["state"], update.new["state"]) == ("active", "locked")
    assert (delete.old["name"], delete.new) == ("xyz00-new", None)
    assert [row.operation for row in journal(directory)] == [
        "insert",
        "update",
        "delete",
    ]


def test_what_follows_from_a_change_is_kept_too(directory):
    directory.run("DELETE FROM hauspost.domain WHERE name = 'example.org'")
    kept = {(row.relation, row.operation) for row in journal(directory)}
    assert kept == {
        ("domain", "delete"),
        ("address", "delete"),
        ("target", "delete"),
    }


def test_an_update_that_changes_nothing_is_not_kept(directory):
    directory.run("UPDATE hauspost.mailbox SET state = state")
    assert journal(directory) == []


def test_a_hash_is_not_kept_but_its_change_is(directory):
    for password in "secret", "another":
        directory.run(
            "SELECT hauspost.set_password('xyz00-abc', %s)", password
        )
    directory.run(
        "UPDATE hauspost.mailbox SET grace_days = 9 WHERE name = 'xyz00-abc'"
    )
    passwords = [
        (row.old["password"], row.new["password"]) for row in journal(directory)
    ]
    assert passwords == [
        (None, "(hash)"),
        ("(hash)", "(another hash)"),
        ("(hash)", "(hash)"),
    ]


# A grant counts when a target is written, a DKIM key when tables are made, and
# the fetcher has a channel of its own.
UNCACHED = {"target_grant", "dkim_key", "fetch_account", "fetch_provider"} | {
    f"list_{what}" for what in "text header_rule ban allow".split()
}
# What people do with their memberships, and owners with the archive, is kept
# in list_event.
OWN_HISTORY = {"list_address", "list_member", "list_archived"}


def test_every_directory_table_is_journalled_and_notified(directory):
    """A table that a later migration forgets is found here."""
    rows = directory.run(
        "SELECT c.relname AS name, array_agg(p.proname) AS functions"
        " FROM pg_class AS c"
        " LEFT JOIN pg_trigger AS t ON t.tgrelid = c.oid"
        " LEFT JOIN pg_proc AS p ON p.oid = t.tgfoid"
        " WHERE c.relnamespace = 'hauspost'::regnamespace"
        " AND c.relkind IN ('r', 'p')"
        " AND has_table_privilege('hauspost_admin', c.oid, 'UPDATE')"
        " GROUP BY c.relname"
    )
    assert len(rows) >= 13
    for row in rows:
        if row.name in OWN_HISTORY:
            continue
        assert "journal_row" in row.functions, row.name
        if row.name not in UNCACHED:
            assert "tell_change" in row.functions, row.name


# -- Notifications -----------------------------------------------------------


class Listener:
    """Commits, and says what the programs' caches were told."""

    def __init__(self, conninfo):
        self.session = Directory(conninfo)
        self.listening = Directory(conninfo).connection
        self.listening.autocommit = True
        self.listening.cursor().execute("LISTEN hauspost_directory")

    def close(self):
        self.session.close()
        self.listening.close()

    def told(self):
        self.session.connection.commit()
        # Notifications come in the order of commits: behind this one is none.
        self.session.run("NOTIFY hauspost_directory, 'end'")
        self.session.connection.commit()
        keys = []
        while "end" not in keys:
            assert select.select([self.listening], [], [], 30)[0]
            self.listening.poll()
            keys += [notify.payload for notify in self.listening.notifies]
            del self.listening.notifies[:]
        return sorted(keys[:-1])


@pytest.fixture(scope="module")
def listener(postgres):
    """A database for all tests of this module: here COMMIT is the point, and
    no test uses the names of another."""
    postgres.new_database("changes")
    listener = Listener(postgres.conninfo("changes"))
    populate(listener.session)
    listener.told()
    yield listener
    listener.close()


@pytest.fixture
def session(listener):
    yield listener.session
    listener.session.connection.rollback()
    listener.told()


@pytest.fixture
def told(listener):
    return listener.told


def test_an_address_and_its_targets_tell_its_key_once(session, told):
    session.address("Info", "xyz00-abc", "xyz00-office")
    assert told() == ["address:info@example.org"]
    session.run("DELETE FROM hauspost.target WHERE destination = 'xyz00-office'")
    assert told() == ["address:info@example.org"]
    session.address("", "xyz00-abc")
    assert told() == ["address:@example.org"]


def test_names_tell_alias_mailbox_and_what_belongs_to_it(session, told):
    session.alias("xyz00-a", "xyz00")
    assert told() == ["name:xyz00-a"]
    session.run(
        "UPDATE hauspost.mailbox SET state = 'locked' WHERE name = 'xyz00-abc'"
    )
    assert told() == ["name:xyz00-abc"]
    session.insert("forward", mailbox="xyz00-abc", address="a@b.example")
    assert told() == ["name:xyz00-abc"]


ROLES = ("abuse", "postmaster", "webmaster")


def keys_of_domain(name):
    return [f"address:{role}@{name}" for role in ROLES] + [f"domain:{name}"]


def test_a_domain_tells_itself_and_its_addresses(session, told):
    session.insert("domain", name="a.example", package="xyz00")
    assert told() == keys_of_domain("a.example")
    session.run(
        "UPDATE hauspost.domain SET subaddressing = false"
        " WHERE name = 'a.example'"
    )
    assert told() == ["domain:a.example"]
    session.run(
        "UPDATE hauspost.domain SET name = 'b.example' WHERE name = 'a.example'"
    )
    assert told() == sorted(
        keys_of_domain("a.example") + keys_of_domain("b.example")
    )
    session.run("DELETE FROM hauspost.domain WHERE name = 'b.example'")
    assert told() == keys_of_domain("b.example")


def test_a_new_package_tells_its_host_and_a_changed_one_everything(
    session, told
):
    session.insert("package", name="new00", node=NODE)
    assert told() == ["domain:new00.hosting.example"]
    session.run(
        "UPDATE hauspost.package SET host = 'n.example' WHERE name = 'new00'"
    )
    assert told() == ["*"]
    session.insert("node", name="h02.hosting.example")
    assert told() == ["*"]


@pytest.mark.parametrize(
    "count, length", [(100, 100), (101, 1)], ids=["100", "101"]
)
def test_a_statement_of_many_rows_tells_everything_at_once(
    session, told, count, length
):
    session.run("UPDATE hauspost.package SET units = 2 WHERE name = 'abc00'")
    told()
    session.run(
        "WITH made AS (INSERT INTO hauspost.address (local_part, domain)"
        " SELECT 'n' || i || '-' || %s, 'example.com'"
        " FROM generate_series(1, %s) AS i RETURNING identifier)"
        " INSERT INTO hauspost.target (address, destination)"
        " SELECT identifier, 'nobody' FROM made",
        count,
        count,
    )
    keys = told()
    assert len(keys) == length and ("*" in keys) == (length == 1)


def test_a_table_that_is_emptied_tells_everything(session, told):
    session.run("TRUNCATE hauspost.client_service")
    assert told() == ["*"]


def test_nothing_is_told_of_state_or_of_what_was_rolled_back(session, told):
    session.insert("usage", mailbox="xyz00-abc", bytes=1)
    session.insert("trail", event="accepted")
    session.insert("delivered", delivery_key="k", action="store")
    session.insert("notice", owner="xyz00", kind="k", subject="s", body="b")
    assert told() == []
    session.alias("xyz00-rolled", "xyz00")
    session.connection.rollback()
    assert told() == []


def test_an_answers_keys_are_those_a_change_tells(session, told):
    """What makes an unknown address known is among the refusal's keys."""
    session.insert("mailbox", name="xyz00-keys")
    session.insert("domain", name="keys.example", package="xyz00")
    told()
    refused = session.answer("new+x@keys.example")
    session.address("new", "xyz00-keys", domain="keys.example")
    assert set(told()) & set(refused.keys)
    accepted = session.answer("new+x@keys.example")
    assert accepted.code == 250
    session.run("DELETE FROM hauspost.mailbox WHERE name = 'xyz00-keys'")
    assert set(told()) & set(accepted.keys)


def test_an_owner_is_told_once_a_day(directory):
    row = dict(owner="xyz00", kind="dangling", subject="info@example.org")
    directory.insert("notice", body="first", **row)
    with directory.refused("an owner is told once a day"):
        directory.insert("notice", body="second", **row)
    directory.insert("notice", body="next day", day="2999-01-01", **row)

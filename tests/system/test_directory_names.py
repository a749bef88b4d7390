"""Packages, mailboxes and aliases: names, limits, passwords, ownership."""

import subprocess

import psycopg2
import pytest


def test_t040_an_alias_has_all_kinds_of_targets(directory):
    directory.alias(
        "xyz00-all",
        "xyz00",
        "xyz00-abc",
        "someone@example.net",
        "/dev/null",
        "|/usr/bin/counter",
    )
    assert len(directory.leads_to("xyz00-all@xyz00.hosting.example")) == 5


@pytest.mark.parametrize(
    "name, advice",
    [
        ("abc00-office", 'write "xyz00"'),  # T-041
        ("office", 'write "xyz00"'),
        ("xyz00-Office", 'write "xyz00-office"'),  # T-043
        ("xyz00-", "choose one without"),
        ("xyz00-a b", "choose one without"),
        ("xyz00-a+b", "choose one without"),
        ("xyz00-a@b", "choose one without"),
        ("xyz00-ü", "choose one without"),
        ("xyz00-a\nb", "choose one without"),
        ("xyz00-" + "a" * 60, "64 octets"),
    ],
)
def test_a_bad_alias_is_refused_with_advice(directory, name, advice):
    with directory.refused("alias", advice):
        directory.insert("alias", name=name, package="xyz00")


def test_t042_an_alias_may_override_the_admins_mailbox(directory):
    with directory.warned('alias "xyz00"'):
        directory.alias("xyz00", "xyz00-abc")
    assert directory.answer("postmaster@example.org").mailbox == "xyz00-abc"


def test_t045_an_alias_may_include_a_file(directory):
    directory.alias("xyz00-many", ":include:/home/xyz00/many")
    leaf = directory.answer("xyz00-many@h01.hosting.example")
    assert leaf.kind == "program" and leaf.target_id


@pytest.mark.parametrize(
    "destination, advice",
    [
        (":include:many", "write :include:/"),  # T-046
        ("|", "names no program"),
        ("@example.com", "an alias has not"),
    ],
)
def test_a_bad_target_of_an_alias_is_refused(directory, destination, advice):
    with directory.refused("xyz00-x", advice):
        directory.alias("xyz00-x", destination)


def test_t047_an_alias_may_refuse(directory):
    directory.alias("xyz00-x", "nobody")
    assert directory.answer("xyz00-x").kind == "reject"


def test_t048_a_target_may_have_a_detail(directory):
    directory.alias("xyz00-x", "xyz00-abc+list")
    assert directory.answer("xyz00-x").detail == "list"


@pytest.mark.parametrize(
    "written",
    [
        "  |/bin/cat",  # T-049
        "'|/bin/cat'",  # T-050
        '"|/bin/cat"',
        "' |/bin/cat '",
    ],
)
def test_other_systems_spellings_of_a_program_are_tidied(directory, written):
    directory.alias("xyz00-x", written)
    assert directory.destinations("xyz00-x") == ["|/bin/cat"]


def test_t052_alias_and_mailbox_of_one_name_are_warned_about(directory):
    with directory.warned('alias "xyz00-abc" gets the mail'):
        directory.alias("xyz00-abc", "xyz00")
    with directory.warned(None):
        directory.alias("xyz00-other", "xyz00")
    with directory.warned('alias "xyz00-other" gets the mail'):
        directory.insert("mailbox", name="xyz00-other")


@pytest.mark.parametrize(
    "columns, advice",
    [
        ({"name": "xyz99-temp", "package": "abc00"}, '"abc00-something"'),  # T-053
        ({"name": "abc00-" + "a" * 27}, "32 octets"),
        ({"name": "abc00-x", "uid": 999}, "1000 or more"),
        ({"name": "abc00-x", "gid": 0}, "1000 or more"),
        ({"name": "abc00-x", "home": "/srv/../etc"}, "absolute path"),
        ({"name": "abc00-x", "home": "/srv/mail/"}, "absolute path"),
        ({"name": "abc00-x", "home": "/a:b"}, "absolute path"),
        ({"name": "abc00-x", "password": "secret"}, "set_password"),
        ({"name": "abc00-x", "password": "{PLAIN}secret"}, "set_password"),
        ({"name": "abc00-x", "quota_bytes": -1}, "0 for none"),
        ({"name": "abc00-x", "quota_hard_bytes": -1}, "0 for none"),
        ({"name": "abc00-x", "grace_days": 366}, "0 to 365"),
        ({"name": "abc00-x", "size_limit": 0}, "NULL for no limit"),
        (
            {"name": "abc00-x", "quota_bytes": 2, "quota_hard_bytes": 1},
            "above quota_hard_bytes 1",
        ),
        (  # T-058
            {"name": "abc00-x", "quota_hard_bytes": 10 * 2**30 + 1},
            "10 x 1024 MB",
        ),
        ({"name": "foo00-x"}, 'package "foo00" does not exist'),
        ({"name": "abc00-x", "filter": "perl"}, "auto, sieve, procmail or none"),
        ({"name": "abc00-x", "state": "gone"}, "active or locked"),
    ],
)
def test_a_bad_mailbox_is_refused_with_advice(directory, columns, advice):
    with directory.refused("mailbox", advice):
        directory.insert("mailbox", **columns)


def test_a_mailbox_makes_up_what_is_not_given(directory):
    directory.insert("mailbox", name="xyz00-new")
    row = directory.one("SELECT * FROM hauspost.mailbox WHERE name = 'xyz00-new'")
    assert row.package == "xyz00"
    assert row.home == "/srv/mail/xyz00/xyz00-new"
    assert row.gid == row.uid >= 100000
    assert row.password is None


def test_uid_and_home_belong_to_one_mailbox(directory):
    directory.insert("mailbox", name="xyz00-a", uid=5000, home="/home/a")
    with directory.refused("uid of its own"):
        directory.insert("mailbox", name="xyz00-b", uid=5000)
    with directory.refused("home of its own"):
        directory.insert("mailbox", name="xyz00-b", home="/home/a")


def test_t058_a_package_does_not_shrink_below_a_hard_quota(directory):
    directory.run(
        "UPDATE hauspost.mailbox SET quota_hard_bytes = 5000000000"
        " WHERE name = 'xyz00-abc'"
    )
    with directory.refused("storage_gb 4", '"xyz00-abc"'):
        directory.run("UPDATE hauspost.package SET storage_gb = 4")


def test_t059_the_26th_mailbox_of_a_unit_is_refused(directory):
    for i in range(22):  # there are three
        directory.insert("mailbox", name=f"xyz00-m{i}")
    with directory.refused('"xyz00"', "26 mailboxes", "package.units"):
        directory.insert("mailbox", name="xyz00-more")


@pytest.mark.parametrize(
    "columns, advice",
    [
        ({"name": "x"}, "like xyz00"),
        ({"name": "Xyz00"}, "like xyz00"),
        ({"name": "00xyz"}, "like xyz00"),
        ({"name": "xyz-00"}, "like xyz00"),
        ({"name": "nobody"}, "choose another"),
        ({"name": "new00", "units": 0}, "1 to 1000"),
        ({"name": "new00", "storage_gb": 0}, "1 to"),
        ({"name": "new00", "host": "new00"}, "has no dot"),
        ({"name": "new00", "host": "example.org"}, 'domain of package "xyz00"'),
        ({"name": "new00", "host": "xyz00.hosting.example"}, "of its own"),
    ],
)
def test_a_bad_package_is_refused_with_advice(directory, columns, advice):
    with directory.refused("package", advice):
        directory.insert("package", node="h01.hosting.example", **columns)


def test_a_package_gets_a_host_in_the_nodes_domain(directory):
    directory.insert("package", name="new00", node="h01.hosting.example")
    row = directory.one("SELECT host FROM hauspost.package WHERE name = 'new00'")
    assert row.host == "new00.hosting.example"


@pytest.mark.parametrize(
    "columns, advice",
    [
        ({"name": "h02"}, "has no dot"),
        ({"name": "h02.example", "mail_root": "mail"}, "/srv/mail"),
        ({"name": "h02.example", "mail_root": "/srv/../x"}, "/srv/mail"),
        ({"name": "h02.example", "size_limit": 0}, "octets"),
        ({"name": "h02.example", "state": "idle"}, "active, draining or down"),
    ],
)
def test_a_bad_node_is_refused_with_advice(directory, columns, advice):
    with directory.refused("node", advice):
        directory.insert("node", **columns)


def test_a_node_does_not_take_a_customers_domain_over(directory):
    directory.insert("domain", name="list.h02.example", package="xyz00")
    with directory.refused('"list.h02.example"', "choose another"):
        directory.insert("node", name="h02.example")


# -- Ownership ---------------------------------------------------------------


def test_t092_a_foreign_mailbox_is_no_target(directory):
    with directory.refused('"abc00-tim"', 'package "abc00"', "target_grant"):
        directory.address("info", "abc00-tim")
    with directory.refused("target_grant"):
        directory.alias("xyz00-x", "abc00-tim+detail")


def test_t092_a_granted_one_is_and_stays_granted(directory):
    directory.insert("target_grant", name="abc00-tim", package="xyz00")
    directory.address("info", "abc00-tim")
    assert directory.answer("info@example.org").mailbox == "abc00-tim"
    with directory.refused("in use by", "info@example.org"):
        directory.run("DELETE FROM hauspost.target_grant")
    directory.run(
        "DELETE FROM hauspost.address WHERE identifier = 'info@example.org'"
    )
    directory.run("DELETE FROM hauspost.target_grant")
    directory.settle()


@pytest.mark.parametrize(
    "name, package, advice",
    [
        ("abc00-none", "xyz00", "does not exist"),
        ("xyz00-abc", "xyz00", "needs no grant"),
    ],
)
def test_a_pointless_grant_is_refused(directory, name, package, advice):
    with directory.refused("target_grant", advice):
        directory.insert("target_grant", name=name, package=package)


def test_a_domain_does_not_move_away_from_its_mailboxes(directory):
    directory.address("info", "xyz00-abc")
    with directory.refused('"xyz00-abc"', "info@example.org"):
        directory.run(
            "UPDATE hauspost.domain SET package = 'abc00'"
            " WHERE name = 'example.org'"
        )


def test_t091_a_mailbox_may_go_but_whoever_names_it_is_listed(directory):
    directory.address("info", "xyz00-abc")
    with directory.warned('still a target: "xyz00-abc"'):
        directory.run("DELETE FROM hauspost.mailbox WHERE name = 'xyz00-abc'")
    assert directory.answer("info@example.org").dsn == "5.1.1"
    with directory.warned(None):
        directory.run("DELETE FROM hauspost.mailbox WHERE name = 'xyz00-office'")


def test_a_package_is_not_renamed_under_its_mailboxes(directory):
    with directory.refused('"new00-something"'):
        directory.run(
            "UPDATE hauspost.package SET name = 'new00' WHERE name = 'xyz00'"
        )


@pytest.mark.parametrize(
    "table, column, good, bad",
    [
        ("forward", "address", "Tim@Example.NET", "tim"),
        ("forward", "address", '"a b"@example.net', "@example.net"),
        ("sender_grant", "sender", "info@example.org", "xyz00-abc"),
        ("sender_grant", "sender", "@Example.org", "nobody"),
    ],
)
def test_addresses_of_other_tables_have_the_same_grammar(
    directory, table, column, good, bad
):
    directory.insert(table, mailbox="xyz00-abc", **{column: good})
    with directory.refused(bad, "user@example.org"):
        directory.insert(table, mailbox="xyz00-abc", **{column: bad})


# -- Passwords ---------------------------------------------------------------


def set_password(directory, password, mailbox="xyz00-abc"):
    directory.run("SELECT hauspost.set_password(%s, %s)", mailbox, password)
    return directory.one(
        "SELECT password FROM hauspost.mailbox WHERE name = %s", mailbox
    ).password


def dovecot_takes(stored, password):
    check = ["doveadm", "pw", "-t", stored, "-p", password]
    return subprocess.run(check, capture_output=True).returncode == 0


def test_a_password_is_stored_as_a_hash_that_dovecot_knows(directory):
    stored = set_password(directory, "geheim wörd")
    assert stored.startswith("{BLF-CRYPT}")
    assert dovecot_takes(stored, "geheim wörd")
    assert not dovecot_takes(stored, "geheim")


@pytest.mark.parametrize(
    "password, advice",
    [
        ("a:b", "choose one without"),  # T-055
        ("", "set mailbox.password to NULL"),
        ("a\tb", "can be typed"),
        ("a" * 257, "at most 256"),
    ],
)
def test_a_bad_password_is_refused_with_advice(directory, password, advice):
    with directory.refused(advice):
        set_password(directory, password)


def test_t056_a_long_password_is_allowed(directory):
    with directory.warned(None):
        set_password(directory, "a" * 41)
    with directory.warned("first 72 octets"):
        set_password(directory, "a" * 256)


def test_a_password_needs_its_mailbox(directory):
    with pytest.raises(psycopg2.errors.NoDataFound, match='"xyz00-none"'):
        set_password(directory, "secret", "xyz00-none")

"""Addresses and their targets: what is accepted, what is refused, and why."""

import psycopg2
import pytest

from directory import Directory, populate


def test_t001_an_address_has_a_lower_case_identifier(directory):
    directory.address("Info", "xyz00-abc")
    row = directory.one("SELECT * FROM hauspost.address WHERE local_part = 'Info'")
    assert row.identifier == "info@example.org"


def test_t002_a_subdomain_is_a_domain_of_its_own(directory):
    directory.insert("domain", name="hamburg.example.org", package="xyz00")
    directory.address("info", "xyz00-abc", domain="hamburg.example.org")
    assert directory.leads_to("info@hamburg.example.org")


@pytest.mark.parametrize(
    "local_part, advice",
    [
        ("a@b", "what stands before"),  # T-003
        ("a b", 'write "." or "-"'),  # T-006
        ("müller", "write ue"),
        ("a..b", "leave it out"),  # T-027
        (".a", "leave it out"),
        ("a.", "leave it out"),
        ("a(b)", "choose one without"),
        ('a"b', "choose one without"),
        ("a\\b", "choose one without"),
        ("a" * 65, "64 octets"),
    ],
)
def test_a_bad_local_part_is_refused_with_advice(directory, local_part, advice):
    with directory.refused(f'local_part "{local_part}"', advice):
        directory.address(local_part, "xyz00-abc")


def test_t005_all_legal_specials_are_accepted(directory):
    directory.address("a!#$%&'*+-/=?^_`{|}~.b", "xyz00-abc")
    assert directory.leads_to("A!#$%&'*+-/=?^_`{|}~.B@Example.Org")


@pytest.mark.parametrize(
    "name, advice",
    [
        ("a@example.org", "write only the domain"),  # T-004
        ("bücher.example", "xn--"),
        ("example.org.", "ends in a dot"),
        ("localhost", "has no dot"),
        ("-a.example", "inner hyphens"),
        ("a_b.example", "inner hyphens"),
        ("a" * 64 + ".example", "63 octets"),
        ("mbox.h01.hosting.example", "choose another"),
        ("abc00.hosting.example", 'host of package "abc00"'),
    ],
)
def test_a_bad_domain_is_refused_with_advice(directory, name, advice):
    with directory.refused("domain", advice):
        directory.insert("domain", name=name, package="xyz00")


def test_a_domain_is_kept_in_lower_case(directory):
    directory.insert("domain", name="Example.NET", package="xyz00")
    assert directory.run("SELECT 1 FROM hauspost.domain WHERE name = 'example.net'")


def test_a_relayed_domain_needs_its_next_hop_and_no_other_has_one(directory):
    with directory.refused("next_hop is missing"):
        directory.insert(
            "domain", name="a.example", package="xyz00", mode="relay"
        )
    with directory.refused("for mode relay only"):
        directory.insert(
            "domain", name="a.example", package="xyz00", next_hop="b.example"
        )
    with directory.refused("write mail.example.net or [192.0.2.1]:26"):
        directory.insert(
            "domain",
            name="a.example",
            package="xyz00",
            mode="relay",
            next_hop="smtp:b.example",
        )
    for i, hop in enumerate(["b.example", "[b.example]:26", "[2001:db8::1]"]):
        directory.insert(
            "domain",
            name=f"a{i}.example",
            package="xyz00",
            mode="relay",
            next_hop=hop,
        )


def test_t007_other_targets_do_not_help_a_bad_one(directory):
    with directory.refused('"garbage"', "does not exist"):
        directory.address("info", "xyz00-abc", "garbage")


def test_t008_all_kinds_of_targets_go_together(directory):
    directory.insert("mailbox", name="xyz00-xyz")
    directory.address(
        "info",
        "xyz00",
        "xyz00-abc",
        "xyz00-xyz+list",
        "office@example.net",
        "/dev/null",
    )
    assert len(directory.leads_to("info@example.org")) == 5


def test_t009_an_address_needs_a_target(directory):
    with directory.refused("info@example.org", "no target", "nobody"):
        directory.address("info")


def test_an_address_keeps_its_last_target(directory):
    directory.address("info", "xyz00", "xyz00-abc")
    directory.run(
        "DELETE FROM hauspost.target WHERE address = 'info@example.org'"
        " AND destination = 'xyz00'"
    )
    directory.settle()
    with directory.refused("no target"):
        directory.run(
            "DELETE FROM hauspost.target WHERE address = 'info@example.org'"
        )


@pytest.mark.parametrize(
    "destination, advice",
    [
        ("a@x.org b@y.org", "a row for each"),  # T-010
        ("", "is empty"),
        ("   ", "is empty"),
        ("|/usr/bin/procmail", "give it to an alias"),  # T-016
        (":include:/home/list", "give it to an alias"),  # T-017
        ("Xyz00-abc", "is none"),
        ("a@localhost", "no address"),
        ("a..b@example.net", "no address"),
        ("müller@example.net", "no address"),
        ("@localhost", "no address"),
        ("/dev/zero", "is none"),
        ("a\nb@example.net", "no address"),
        ("x" * 1025, "1024 octets"),
        (":list:other@example.org", "is no list"),
    ],
)
def test_a_bad_target_is_refused_with_advice(directory, destination, advice):
    with directory.refused("target of", advice):
        directory.address("info", destination)


def test_t012_a_catch_all_may_go_to_another_domain(directory):
    with directory.warned(None):
        directory.address("", "@example.com")


def test_t013_an_address_may_too_but_is_warned_about(directory):
    with directory.warned("same local part at example.com"):
        directory.address("tim", "@example.com")
    directory.address("tim", "abc00-tim", domain="example.com")
    assert directory.answer("tim@example.org").mailbox == "abc00-tim"


def test_t014_nobody_is_a_target(directory):
    directory.address("info", "nobody")
    assert directory.answer("info@example.org").kind == "reject"


@pytest.mark.parametrize("word", ["nomail", "bounce"])
def test_t015_other_words_for_nobody_are_translated(directory, word):
    directory.address("info", word)
    assert directory.destinations("info@example.org") == ["nobody"]


def test_t020_the_same_local_part_written_again_changes_nothing(directory):
    directory.address("info", "xyz00-abc")
    directory.run(
        "UPDATE hauspost.address SET local_part = 'info'"
        " WHERE identifier = 'info@example.org'"
    )
    directory.run(
        "INSERT INTO hauspost.address VALUES ('info', 'example.org')"
        " ON CONFLICT DO NOTHING"
    )
    directory.settle()
    assert directory.destinations("info@example.org") == ["xyz00-abc"]


def test_t022_upper_case_makes_no_second_address(directory):
    directory.address("info", "xyz00-abc")
    with directory.refused("each address once, in whatever case"):
        directory.address("Info", "xyz00-abc")


def test_t023_the_251st_address_of_a_unit_is_refused(directory):
    fill(directory, 250)
    with directory.refused('"xyz00"', "251 addresses", "package.units"):
        directory.address("more", "nobody")
    directory.run("UPDATE hauspost.package SET units = 2 WHERE name = 'xyz00'")
    directory.address("more", "nobody")
    with directory.refused("251 addresses"):
        directory.run("UPDATE hauspost.package SET units = 1")


def test_t023_an_address_that_moves_counts_where_it_goes(directory):
    fill(directory, 250)
    directory.address("info", "nobody", domain="example.com")
    with directory.refused('"xyz00"', "251 addresses"):
        directory.run(
            "UPDATE hauspost.address SET domain = 'example.org'"
            " WHERE identifier = 'info@example.com'"
        )


def test_t092_an_address_that_moves_needs_its_targets_there(directory):
    directory.address("info", "abc00-tim", domain="example.com")
    with directory.refused('"abc00-tim"', "target_grant"):
        directory.run(
            "UPDATE hauspost.address SET domain = 'example.org'"
            " WHERE identifier = 'info@example.com'"
        )


def test_t023_a_domain_that_moves_brings_its_addresses(directory):
    fill(directory, 250)
    directory.insert("domain", name="example.net", package="abc00")
    with directory.refused('"xyz00"', "253 addresses"):
        directory.run(
            "UPDATE hauspost.domain SET package = 'xyz00'"
            " WHERE name = 'example.net'"
        )


def fill(directory, count):
    """Give package xyz00 as many addresses, its three of example.org among
    them."""
    directory.run(
        "WITH made AS (INSERT INTO hauspost.address (local_part, domain)"
        " SELECT 'a' || i, 'example.org' FROM generate_series(4, %s) AS i"
        " RETURNING identifier)"
        " INSERT INTO hauspost.target (address, destination)"
        " SELECT identifier, 'nobody' FROM made",
        count,
    )
    directory.settle()


def test_t024_a_new_domain_has_its_role_addresses(directory):
    directory.insert("domain", name="example.net", package="xyz00")
    directory.settle()
    for role in "abuse", "postmaster", "webmaster":
        assert directory.answer(f"{role}@example.net").mailbox == "xyz00"


def test_t024_only_a_local_domain_has_role_addresses(directory):
    directory.insert(
        "domain", name="example.net", package="xyz00", mode="backup"
    )
    count = "SELECT 1 FROM hauspost.address WHERE domain = 'example.net'"
    assert len(directory.run(count)) == 0
    directory.run(
        "UPDATE hauspost.domain SET mode = 'local' WHERE name = 'example.net'"
    )
    assert len(directory.run(count)) == 3


def test_t025_a_deleted_domain_takes_its_addresses_along(directory):
    directory.address("info", "xyz00-abc")
    directory.run("DELETE FROM hauspost.domain WHERE name = 'example.org'")
    directory.settle()
    assert not directory.run(
        "SELECT 1 FROM hauspost.target WHERE address LIKE '%%@example.org'"
    )
    answer = directory.answer("info@example.org")
    assert (answer.kind, answer.forwarder) == ("external", None)


def test_t027_rows_that_are_there_keep_working(directory):
    directory.run("SET session_replication_role = replica")  # an older rule
    directory.address("a..b", "xyz00-abc")
    directory.run("SET session_replication_role = origin")
    directory.run(
        "UPDATE hauspost.address SET valid_until = 'infinity'"
        " WHERE local_part = 'a..b'"
    )
    assert directory.leads_to('"a..b"@example.org')
    assert directory.leads_to("a..b@example.org")


def test_a_validity_that_ends_before_it_begins_is_refused(directory):
    with directory.refused("valid_from is before valid_until"):
        directory.address(
            "info", "xyz00", valid_from="2026-01-02", valid_until="2026-01-01"
        )


def test_all_problems_of_a_row_are_told_together(directory):
    with directory.refused(
        "4 problems", "upper case", "uid 5", "gid 5", 'home "srv"'
    ):
        directory.insert("mailbox", name="xyz00-Abc", uid=5, home="srv")


def test_rows_may_come_in_any_order_within_a_transaction(directory):
    directory.insert("address", local_part="info", domain="example.org")
    directory.target("info@example.org", "xyz00-new")
    directory.insert("mailbox", name="xyz00-new")
    directory.settle()
    assert directory.answer("info@example.org").mailbox == "xyz00-new"


def test_a_target_that_nobody_reads_is_warned_about(directory):
    with directory.warned("nobody receives at nowhere@example.com"):
        directory.address("info", "nowhere@example.com")
    with directory.warned(None):
        directory.address("other", "somebody@example.net")


def test_a_list_brings_its_address_and_takes_it_along(directory):
    directory.insert("list", name="news", domain="example.org", package="xyz00")
    directory.settle()
    assert directory.answer("news@example.org").kind == "list"
    directory.run("UPDATE hauspost.list SET name = 'letter'")
    directory.settle()
    assert directory.answer("letter@example.org").kind == "list"
    assert directory.answer("news@example.org").dsn == "5.1.1"
    directory.run("UPDATE hauspost.domain SET name = 'new.example'"
                  " WHERE name = 'example.org'")
    directory.settle()
    assert directory.answer("letter@new.example").kind == "list"
    directory.run("DELETE FROM hauspost.list")
    directory.settle()
    assert directory.answer("letter@new.example").dsn == "5.1.1"


def test_a_list_stays_within_its_package_and_the_length_of_commands(directory):
    with directory.refused('of package "abc00"'):
        directory.insert(
            "list", name="news", domain="example.com", package="xyz00"
        )
    with directory.refused("1 to 25"):
        directory.insert(
            "list", name="n" * 26, domain="example.org", package="xyz00"
        )


def test_a_renamed_domain_keeps_its_addresses(directory):
    directory.address("info", "xyz00-abc")
    directory.run("UPDATE hauspost.domain SET name = 'new.example'"
                  " WHERE name = 'example.org'")
    directory.settle()
    assert directory.answer("info@new.example").mailbox == "xyz00-abc"


def test_two_inserts_at_once_do_not_both_find_the_last_unit(database, postgres):
    setup = Directory(postgres.conninfo(database))
    populate(setup)
    fill(setup, 249)
    setup.connection.commit()
    setup.close()
    first, second = (Directory(postgres.conninfo(database)) for _ in range(2))
    first.address("one", "nobody")
    second.run("SET lock_timeout = '50ms'")
    with pytest.raises(psycopg2.errors.LockNotAvailable):
        second.address("two", "nobody")
    second.connection.rollback()
    first.connection.commit()
    with second.refused("251 addresses"):
        second.address("two", "nobody")
    first.close()
    second.close()

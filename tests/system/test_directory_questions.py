"""What the programs ask besides resolve(): leaf, quota, login and so on."""

import pytest

NODE = "h01.hosting.example"


def mailbox(directory, name, **columns):
    for column, value in columns.items():
        directory.run(
            f"UPDATE hauspost.mailbox SET {column} = %s WHERE name = %s",
            value,
            name,
        )


# -- leaf --------------------------------------------------------------------


def test_what_is_no_leaf_says_so_with_code_0(directory):
    for recipient in "info@example.org", "xyz00-abc", "", None, f"a@x.{NODE}":
        leaf = directory.leaf(recipient)
        assert (leaf.kind, leaf.code) == (None, 0)


def test_a_mailbox_leaf_tells_all_about_its_mailbox(directory):
    mailbox(
        directory,
        "xyz00-abc",
        size_limit=1000,
        quota_bytes=2000,
        quota_hard_bytes=3000,
        filter="sieve",
    )
    leaf = directory.leaf(f"xyz00-abc+x@mbox.{NODE}")
    assert (leaf.kind, leaf.mailbox, leaf.node) == ("mailbox", "xyz00-abc", NODE)
    assert (leaf.code, leaf.dsn, leaf.reply) == (250, "2.1.5", "ok")
    assert (leaf.detail, leaf.filter, leaf.size_limit) == ("x", "sieve", 1000)
    assert (leaf.quota_bytes, leaf.quota_hard_bytes) == (2000, 3000)
    assert leaf.keys == ["name:xyz00-abc"]


def test_an_alias_never_captures_its_own_mailboxs_leaf(directory):
    directory.alias("xyz00-abc", "xyz00-office")
    assert directory.leaf(f"xyz00-abc@mbox.{NODE}").mailbox == "xyz00-abc"


def test_a_mailbox_that_is_gone_or_locked_answers_for_itself(directory):
    leaf = directory.leaf(f"xyz00-none@mbox.{NODE}")
    assert (leaf.kind, leaf.code, leaf.dsn) == ("reject", 550, "5.1.1")
    assert leaf.keys == ["name:xyz00-none"]
    mailbox(directory, "xyz00-abc", state="locked")
    leaf = directory.leaf(f"xyz00-abc@mbox.{NODE}")
    assert (leaf.kind, leaf.code, leaf.dsn) == ("mailbox", 450, "4.2.1")


def test_a_procmail_leaf_runs_as_its_mailbox(directory):
    leaf = directory.leaf(f"xyz00-abc+x.0@program.{NODE}")
    assert (leaf.kind, leaf.mailbox, leaf.owner) == (
        "program",
        "xyz00-abc",
        "xyz00-abc",
    )
    assert leaf.program is None and leaf.detail == "x"


@pytest.mark.parametrize(
    "alias, owner",
    [("xyz00-abc", "xyz00-abc"), ("xyz00-robot", "xyz00")],
)
def test_a_program_runs_as_the_mailbox_of_its_name_or_the_admin(
    directory, alias, owner
):
    directory.alias(alias, "|/bin/cat -u")
    recipient = directory.answer(alias).queue_recipient
    leaf = directory.leaf(recipient)
    assert (leaf.kind, leaf.program, leaf.owner) == (
        "program",
        "|/bin/cat -u",
        owner,
    )
    assert leaf.keys == [f"name:{alias}"]
    directory.run("DELETE FROM hauspost.target WHERE alias = %s", alias)
    assert directory.leaf(recipient).dsn == "5.1.1"


def test_a_program_leaf_of_another_alias_is_refused(directory):
    directory.alias("xyz00-robot", "|/bin/cat")
    target_id = directory.answer("xyz00-robot").target_id
    for local in (f"abc00.{target_id}", "xyz00-robot", "xyz00-robot.999999"):
        assert directory.leaf(f"{local}@program.{NODE}").code == 550


@pytest.mark.parametrize("kind", ["forward", "bulk"])
def test_a_signed_leaf_gives_its_address_back(directory, kind):
    directory.address("info", '"a=b c"@Remote.Example')
    signed = directory.answer("info@example.org").srs_recipient
    leaf = directory.leaf(signed.replace("@forward.", f"@{kind}."))
    assert (leaf.kind, leaf.code) == (kind, 250)
    assert leaf.address == '"a=b c"@remote.example'


@pytest.mark.parametrize("kind", ["forward", "bulk", "list"])
def test_a_leaf_that_was_not_made_here_is_refused(directory, kind):
    directory.address("info", "tim@remote.example")
    digest = directory.answer("info@example.org").srs_recipient[:16]
    for local in (
        f"{digest}=tom=remote.example",
        f"{digest}=tim=remote.example.net",
        "=tim=remote.example",
        digest,
        f"{digest}=",
        f"{digest}==",
        "",
    ):
        leaf = directory.leaf(f"{local}@{kind}.{NODE}")
        assert (leaf.kind, leaf.code, leaf.dsn) == ("reject", 550, "5.7.1")
        assert leaf.address is None


def test_a_list_that_is_gone_is_refused(directory):
    directory.insert("list", name="news", domain="example.org", package="xyz00")
    recipient = directory.answer("news@example.org").queue_recipient
    assert directory.leaf(recipient).address == "news@example.org"
    directory.run("DELETE FROM hauspost.list")
    leaf = directory.leaf(recipient)
    assert leaf.dsn == "5.1.1" and leaf.keys == ["address:news@example.org"]


@pytest.mark.parametrize(
    "dsn, code",
    [("5.1.1", 550), ("5.1.10", 556), ("5.2.2", 552), ("4.2.1", 450), ("x", 550)],
)
def test_a_reject_leaf_answers_the_code_in_it(directory, dsn, code):
    leaf = directory.leaf(f"{dsn}=a=2Eb=example.org@reject.{NODE}")
    assert (leaf.kind, leaf.code) == ("reject", code)
    assert leaf.address == "a.b@example.org"


def test_the_leaf_of_another_node_names_it(directory):
    directory.insert("node", name="h02.hosting.example")
    leaf = directory.leaf("5.1.1=a=b.example@reject.h02.hosting.example")
    assert leaf.node == "h02.hosting.example"


# -- quota -------------------------------------------------------------------


def full(directory, days_over, **quota):
    mailbox(directory, "xyz00-abc", grace_days=7, **quota)
    directory.insert("usage", mailbox="xyz00-abc", bytes=1500)
    directory.run(
        "UPDATE hauspost.usage SET over_since = now() - %s * interval '1 day'",
        days_over,
    )
    rows = directory.run(
        "SELECT * FROM hauspost.quota(%s)", ["xyz00-abc", "xyz00", "none"]
    )
    return [(row.mailbox, row.code, row.dsn) for row in rows]


@pytest.mark.parametrize(
    "days_over, quota, code, dsn",
    [
        (0, {"quota_bytes": 1000}, None, None),
        (6.9, {"quota_bytes": 1000, "quota_hard_bytes": 2000}, None, None),
        (0, {"quota_bytes": 1000, "quota_hard_bytes": 1500}, 452, "4.2.2"),  # T-113
        (0, {"quota_hard_bytes": 1500}, 452, "4.2.2"),
        (7.1, {"quota_bytes": 1000}, 452, "4.2.2"),  # T-114
        (11.9, {"quota_hard_bytes": 1500}, 452, "4.2.2"),
        (12.1, {"quota_bytes": 1000}, 552, "5.2.2"),
        (12.1, {"quota_hard_bytes": 1500}, 552, "5.2.2"),
        (99, {"quota_bytes": 2000}, None, None),
        (99, {"quota_bytes": 0, "quota_hard_bytes": 0}, None, None),  # T-115
    ],
)
def test_a_full_mailbox_is_refused_for_now_and_then_for_good(
    directory, days_over, quota, code, dsn
):
    expected = [("xyz00-abc", code, dsn)] if code else []
    assert full(directory, days_over, **quota) == expected


def test_t095_a_full_mailbox_does_not_change_what_resolve_says(directory):
    full(directory, 0, quota_hard_bytes=1000)
    assert directory.answer("xyz00-abc").code == 250


def over_since(directory):
    return directory.one(
        "SELECT over_since FROM hauspost.usage WHERE mailbox = 'xyz00-abc'"
    ).over_since


def test_the_grace_begins_and_ends_with_the_quota(directory):
    mailbox(directory, "xyz00-abc", quota_bytes=1000)
    directory.insert("usage", mailbox="xyz00-abc", bytes=1000)
    assert over_since(directory) is None
    directory.run("UPDATE hauspost.usage SET bytes = 1001")
    assert over_since(directory)
    directory.run("UPDATE hauspost.usage SET messages = 9")
    assert over_since(directory)
    mailbox(directory, "xyz00-abc", quota_bytes=2000)
    assert over_since(directory) is None
    mailbox(directory, "xyz00-abc", quota_bytes=0, quota_hard_bytes=1001)
    assert over_since(directory)
    directory.run("UPDATE hauspost.usage SET bytes = 0")
    assert over_since(directory) is None


def test_usage_of_a_mailbox_that_is_gone_does_not_hinder_the_others(directory):
    directory.run(
        "INSERT INTO hauspost.usage (mailbox, bytes)"
        " VALUES ('xyz00-gone', 1), ('xyz00-abc', 2)"
    )
    (row,) = directory.run("SELECT * FROM hauspost.usage")
    assert (row.mailbox, row.bytes) == ("xyz00-abc", 2)


# -- domain_class, max_size --------------------------------------------------


@pytest.mark.parametrize(
    "domain, expected, nexthop",
    [
        ("Example.ORG", "virtual", None),
        ("null.example", "virtual", None),
        ("backup.example", "relay", None),
        ("relay.example", "relay", "[mx.example]:26"),
        (NODE, "virtual", None),
        ("xyz00.hosting.example", "virtual", None),
        (f"mbox.{NODE}", None, None),
        ("sub.example.org", None, None),
        ("", None, None),
    ],
)
def test_each_domain_has_its_class_in_postfix(
    directory, domain, expected, nexthop
):
    for mode in "null", "backup":
        directory.insert(
            "domain", name=f"{mode}.example", package="xyz00", mode=mode
        )
    directory.insert(
        "domain",
        name="relay.example",
        package="xyz00",
        mode="relay",
        next_hop="[mx.example]:26",
    )
    row = directory.one(
        "SELECT class AS found, nexthop, keys FROM hauspost.domain_class(%s)",
        domain,
    )
    assert (row.found, row.nexthop) == (expected, nexthop)
    assert row.keys == [f"domain:{domain.lower()}"]


def test_the_largest_size_of_any_node_is_told_at_mail(directory):
    directory.insert("node", name="h02.hosting.example", size_limit=10**9)
    assert directory.one("SELECT hauspost.max_size()").max_size == 10**9


# -- login, store_user -------------------------------------------------------


def login(directory, name):
    rows = directory.run("SELECT * FROM hauspost.login(%s)", name)
    return [row.mailbox for row in rows]


def test_login_by_name_or_by_an_address_of_one_mailbox(directory):
    directory.alias("xyz00-a", "xyz00-abc", "someone@remote.example")
    directory.address("info", "xyz00-a")
    for name in "XYZ00-abc", "xyz00-abc@xyz00.hosting.example", "info+x@EXAMPLE.org":
        assert login(directory, name) == ["xyz00-abc"]


def test_login_by_the_address_of_a_mailbox_that_keeps_nothing(directory):
    directory.address("info", "xyz00-abc")
    directory.insert(
        "forward",
        mailbox="xyz00-abc",
        address="me@remote.example",
        keep_copy=False,
    )
    assert login(directory, "info@example.org") == ["xyz00-abc"]


def test_no_login_by_what_means_no_mailbox_or_two(directory):
    directory.address("both", "xyz00-abc", "xyz00-office")
    directory.address("out", "someone@remote.example")
    directory.alias("xyz00-a", "xyz00-abc")
    for name in (
        "both@example.org",
        "out@example.org",
        "nobody@example.org",
        "someone@remote.example",
        "xyz00-a",
        f"xyz00-abc@mbox.{NODE}",
        "",
        None,
    ):
        assert login(directory, name) == []


def test_no_login_to_a_locked_mailbox(directory):
    directory.address("info", "xyz00-abc")
    mailbox(directory, "xyz00-abc", state="locked")
    assert login(directory, "xyz00-abc") == []
    assert login(directory, "info@example.org") == []


def test_login_tells_dovecot_what_it_needs(directory):
    mailbox(directory, "xyz00-abc", quota_hard_bytes=5000)
    directory.run("SELECT hauspost.set_password('xyz00-abc', 'secret')")
    row = directory.one("SELECT * FROM hauspost.login('xyz00-abc')")
    assert row.password.startswith("{BLF-CRYPT}$2a$")
    assert row.uid == row.gid >= 1000 and row.package == "xyz00"
    assert row.home == "/srv/mail/xyz00/xyz00-abc"
    assert row.quota_hard_bytes == 5000


@pytest.mark.parametrize(
    "home, make_home",
    [
        ("/srv/mail/xyz00/xyz00-abc", True),
        ("/home/abc", False),
        ("/srv/mailbox/abc", False),
    ],
)
def test_the_storer_makes_homes_below_its_mail_root_only(
    directory, home, make_home
):
    mailbox(directory, "xyz00-abc", home=home, uid=5001, gid=5002)
    row = directory.one("SELECT * FROM hauspost.store_user('xyz00-abc')")
    assert tuple(row) == ("xyz00-abc", 5001, 5002, home, make_home)


def test_the_storer_is_told_nothing_of_a_mailbox_that_is_not_there(directory):
    row = directory.one("SELECT * FROM hauspost.store_user('xyz00-none')")
    assert not any(row)

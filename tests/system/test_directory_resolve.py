"""From an address to its leaves, rule by rule."""

import pytest

MBOX = "@mbox.h01.hosting.example"


def leaves(directory, recipient):
    return [
        (leaf.kind, leaf.queue_recipient, leaf.code)
        for leaf in directory.resolve(recipient)
    ]


def refusal(directory, recipient):
    leaf = directory.answer(recipient)
    assert leaf.kind == "reject" and leaf.queue_recipient is None
    return leaf.code, leaf.dsn, leaf.reply


# -- Rule 1: the domain ------------------------------------------------------


def test_a_foreign_address_passes_as_it_is(directory):
    leaf = directory.answer("Tim.Taylor@Remote.Example")
    assert leaf.kind == "external" and leaf.code == 250
    assert leaf.queue_recipient == "Tim.Taylor@remote.example"
    assert leaf.original == "Tim.Taylor@remote.example"
    assert leaf.srs_recipient is leaf.forwarder is leaf.package is None
    assert leaf.keys == ["domain:remote.example"]


def test_a_null_domain_takes_no_mail(directory):
    directory.insert("domain", name="no.example", package="xyz00", mode="null")
    assert refusal(directory, "a@no.example")[:2] == (556, "5.1.10")


@pytest.mark.parametrize("mode, hop", [("backup", None), ("relay", "a.example")])
def test_a_domain_kept_for_others_is_passed_on(directory, mode, hop):
    directory.insert(
        "domain", name="b.example", package="xyz00", mode=mode, next_hop=hop
    )
    assert leaves(directory, "who@b.example") == [
        ("external", "who@b.example", 250)
    ]


@pytest.mark.parametrize(
    "leaf", ["mbox", "program", "forward", "bulk", "list", "reject"]
)
def test_a_leaf_domain_is_no_address(directory, leaf):
    domain = f"{leaf}.h01.hosting.example"
    assert refusal(directory, f"xyz00-abc@{domain}")[:2] == (550, "5.1.1")
    assert leaves(directory, f"xyz00-abc@{leaf}.h02.hosting.example")[0][0] == (
        "external"
    )


@pytest.mark.parametrize("text", ["", "@", "x@", "@example.org", "a@b c", None])
def test_what_is_no_address_is_refused(directory, text):
    assert refusal(directory, text)[:2] == (553, "5.1.3")


# -- Rule 2: which row -------------------------------------------------------


def test_t070_an_address_leads_to_its_mailbox(directory):
    directory.address("info", "xyz00-abc")
    leaf = directory.answer("info@example.org")
    assert leaf.kind == "mailbox" and leaf.mailbox == "xyz00-abc"
    assert leaf.queue_recipient == "xyz00-abc" + MBOX
    assert leaf.node == "h01.hosting.example" and leaf.package == "xyz00"
    assert (leaf.code, leaf.dsn, leaf.reply) == (250, "2.1.5", "ok")
    assert leaf.path == ["address:info@example.org", "mailbox:xyz00-abc"]
    assert leaf.keys == [
        "domain:example.org",
        "address:info@example.org",
        "name:xyz00-abc",
    ]
    assert leaf.detail is leaf.size_limit is leaf.changes_at is None


def test_t077_a_catch_all_takes_what_has_no_row(directory):
    directory.address("", "xyz00-abc")
    leaf = directory.answer("Who@example.org")
    assert leaf.mailbox == "xyz00-abc" and leaf.original == "Who@example.org"
    assert leaf.path[0] == "catch-all:who@example.org"


def test_t078_a_row_of_its_own_wins_over_the_catch_all(directory):
    directory.address("", "xyz00-abc")
    directory.address("info", "xyz00-office")
    assert directory.answer("info@example.org").mailbox == "xyz00-office"


@pytest.mark.parametrize(
    "dates, reply",
    [
        ({"valid_until": "2020-01-01"}, "address is no longer valid"),
        ({"valid_from": "2999-01-01"}, "address is not valid yet"),
    ],
)
def test_a_row_out_of_date_does_not_fall_to_the_catch_all(
    directory, dates, reply
):
    directory.address("", "xyz00")
    directory.address("info", "xyz00-abc", **dates)
    assert refusal(directory, "info@example.org") == (550, "5.1.1", reply)


def test_a_rejecting_row_does_not_fall_to_the_catch_all(directory):
    directory.address("", "xyz00")
    directory.address("info", "nobody")
    assert refusal(directory, "info@example.org")[1] == "5.1.1"


def test_t080_a_catch_all_is_for_exactly_its_subdomain(directory):
    directory.insert("domain", name="sub.example.org", package="xyz00")
    directory.address("", "xyz00-abc", domain="sub.example.org")
    assert directory.answer("x@sub.example.org").mailbox == "xyz00-abc"
    assert refusal(directory, "x@example.org")[:2] == (550, "5.1.1")
    assert directory.answer("x@a.sub.example.org").kind == "external"


def test_t081_a_catch_all_to_a_domain_keeps_the_local_part(directory):
    directory.address("", "@example.com")
    directory.address("tim", "abc00-tim", domain="example.com")
    leaf = directory.answer("Tim+x@example.org")
    assert leaf.mailbox == "abc00-tim" and leaf.detail == "x"
    assert leaf.path[:2] == [
        "catch-all:tim+x@example.org",
        "address:tim@example.com",
    ]
    assert refusal(directory, "tom@example.org")[1] == "5.1.1"


def test_a_catch_all_to_a_foreign_domain_keeps_it_too(directory):
    directory.address("", "@remote.example")
    leaf = directory.answer("Tim+x@example.org")
    assert leaf.queue_recipient == "Tim+x@remote.example"
    assert leaf.forwarder == "Tim+x@example.org"


def test_t083_a_row_with_a_plus_wins_over_the_one_without(directory):
    directory.address("a+b", "xyz00-abc")
    directory.address("a", "xyz00-office")
    exact, detail = (
        directory.answer(f"a+{rest}@example.org") for rest in ("B", "C")
    )
    assert (exact.mailbox, exact.detail) == ("xyz00-abc", None)
    assert (detail.mailbox, detail.detail) == ("xyz00-office", "C")
    assert detail.queue_recipient == "xyz00-office+C" + MBOX


def test_a_domain_without_subaddressing_takes_a_plus_as_a_letter(directory):
    directory.run("UPDATE hauspost.domain SET subaddressing = false")
    directory.address("a", "xyz00-abc")
    assert refusal(directory, "a+b@example.org")[1] == "5.1.1"


def test_a_catch_all_gets_no_detail(directory):
    directory.address("", "xyz00-abc")
    assert directory.answer("who+x@example.org").detail is None


def test_an_empty_detail_is_none(directory):
    directory.address("info", "xyz00-abc")
    leaf = directory.answer("info+@example.org")
    assert leaf.queue_recipient == "xyz00-abc" + MBOX


def test_a_leading_plus_is_part_of_the_name(directory):
    directory.address("", "xyz00-abc")
    assert directory.answer("+x@example.org").mailbox == "xyz00-abc"


def test_odd_octets_of_a_detail_are_quoted_in_the_leaf(directory):
    directory.address("info", "xyz00-abc")
    leaf = directory.answer('"info+a b=\\"ü%.."@example.org')
    assert leaf.detail == 'a b="ü%..'
    assert leaf.queue_recipient == (
        "xyz00-abc+a=20b=3D=22=C3=BC=25=2E=2E" + MBOX
    )
    assert directory.leaf(leaf.queue_recipient).detail == leaf.detail


@pytest.mark.parametrize("label", ["h01", "xyz00"])  # T-090, T-089
def test_each_mailbox_has_automatic_addresses(directory, label):
    leaf = directory.answer(f"XYZ00-abc+x@{label}.hosting.example")
    assert (leaf.mailbox, leaf.detail) == ("xyz00-abc", "x")
    assert leaf.path[0] == f"automatic:xyz00-abc@{label}.hosting.example"


def test_an_automatic_address_is_for_the_packages_own_host(directory):
    assert refusal(directory, "xyz00@abc00.hosting.example")[1] == "5.1.1"
    assert refusal(directory, "nobody@h01.hosting.example")[1] == "5.1.1"


def test_an_automatic_address_stands_back_for_a_row(directory):
    directory.insert("domain", name="xyz00.hosting.example", package="xyz00")
    directory.address("xyz00-abc", "xyz00", domain="xyz00.hosting.example")
    assert directory.answer("xyz00-abc@xyz00.hosting.example").mailbox == "xyz00"
    assert directory.answer("xyz00-office@xyz00.hosting.example").mailbox == (
        "xyz00-office"
    )


def test_t094_case_does_not_matter(directory):
    directory.address("Info", "xyz00-abc")
    assert directory.answer("iNFO@eXAMPLE.oRG").mailbox == "xyz00-abc"


def test_an_unknown_address_names_the_keys_that_would_make_it_known(directory):
    leaf = directory.answer("a-help+x@example.org")
    assert (leaf.code, leaf.dsn) == (550, "5.1.1")
    assert set(leaf.keys) >= {
        "domain:example.org",
        "address:a-help+x@example.org",
        "address:a-help@example.org",
        "address:@example.org",
    }
    assert "address:a@example.org" in directory.answer(
        "a-help@example.org"
    ).keys
    assert "name:foo00" in directory.answer("foo00@h01.hosting.example").keys


# -- Lists -------------------------------------------------------------------


@pytest.fixture
def lists(directory):
    for name in "news", "news-get":
        directory.insert(
            "list", name=name, domain="example.org", package="xyz00"
        )
    directory.address("", "xyz00-abc")
    return directory


TOKEN = 26 * "a"


@pytest.mark.parametrize(
    "local_part, inner",
    [
        ("News", "news"),
        ("news+subscribe", "news+subscribe"),
        ("news-subscribe", "news+subscribe"),
        ("news-subscribe-Tim=remote.example", "news+subscribe-Tim=remote.example"),
        (f"news+confirm-{TOKEN}", f"news+confirm-{TOKEN}"),
        (
            "news-b-12.abcdefgh-tim=remote.example",
            "news+b-12.abcdefgh-tim=remote.example",
        ),
        ("news-get", "news-get"),
        ("news-get-5", "news+get-5"),
        ("news-get-help", "news-get+help"),
    ],
)
def test_a_list_gets_its_posts_and_commands(lists, local_part, inner):
    leaf = lists.answer(f"{local_part}@example.org")
    assert leaf.kind == "list"
    quoted = inner.replace("=", "=3D")
    assert leaf.queue_recipient.partition("=")[2] == (
        f"{quoted}=example.org@list.h01.hosting.example"
    )
    assert lists.leaf(leaf.queue_recipient).address == f"{inner}@example.org"


@pytest.mark.parametrize(
    "command", ["what", "", "confirm-short", "b-12.xyz-tim=remote.example"]
)
def test_an_unknown_command_is_refused_at_once(lists, command):
    """A bounce of ours could go to a forged sender."""
    assert refusal(lists, f"news+{command}@example.org")[1] == "5.1.1"


def test_what_only_looks_like_a_command_is_the_catch_alls(lists):
    assert lists.answer("news-what@example.org").mailbox == "xyz00-abc"
    assert lists.answer("olds-help@example.org").mailbox == "xyz00-abc"


# -- Rule 3: names -----------------------------------------------------------


def test_t072_an_alias_wins_over_the_mailbox_of_its_name(directory):
    directory.alias("xyz00-abc", "tim@remote.example")
    directory.address("info", "xyz00-abc")
    assert directory.leads_to("info@example.org") == ["tim@remote.example"]


def test_an_alias_that_lists_its_own_name_means_the_mailbox(directory):
    directory.alias("xyz00-abc", "xyz00-abc", "tim@remote.example")
    directory.address("info", "xyz00-abc")
    assert directory.leads_to("info@example.org") == [
        "tim@remote.example",
        "xyz00-abc" + MBOX,
    ]


def test_an_alias_of_itself_without_mailbox_is_dangling(directory):
    directory.alias("xyz00-only", "xyz00-only")
    assert refusal(directory, "xyz00-only@h01.hosting.example")[1] == "5.1.1"


def test_t074_an_alias_of_an_alias_delivers_once(directory):
    directory.alias("xyz00-b", "xyz00-abc", "xyz00-abc+again")
    directory.alias("xyz00-a", "xyz00-b", "xyz00-abc")
    directory.address("info", "xyz00-a")
    assert directory.leads_to("info@example.org") == ["xyz00-abc" + MBOX]


def test_a_bare_name_is_resolved_for_admins(directory):
    assert directory.answer("xyz00-abc+x").detail == "x"
    directory.alias("xyz00-a", "tim@remote.example")
    leaf = directory.answer("XYZ00-A")
    assert leaf.forwarder == "xyz00-a@h01.hosting.example"


def test_t091_a_name_that_is_gone_is_dangling(directory):
    directory.address("info", "xyz00-abc", "nobody")
    directory.run("DELETE FROM hauspost.mailbox WHERE name = 'xyz00-abc'")
    dangling = [
        leaf
        for leaf in directory.resolve("info@example.org")
        if leaf.path[-1] == "dangling:xyz00-abc"
    ]
    assert dangling[0].dsn == "5.1.1" and dangling[0].package == "xyz00"


def test_a_targets_own_detail_wins(directory):
    directory.address("info", "xyz00-abc+orders", "xyz00-office")
    assert directory.leads_to("info+x@example.org") == [
        "xyz00-abc+orders" + MBOX,
        "xyz00-office+x" + MBOX,
    ]


# -- Rule 4: chains ----------------------------------------------------------


def test_t071_a_mailbox_and_a_foreign_address(directory):
    directory.address("info", "xyz00-abc", "Tim@remote.example")
    mailbox, external = directory.resolve("info@example.org")
    if mailbox.kind == "external":
        mailbox, external = external, mailbox
    assert mailbox.mailbox == "xyz00-abc"
    assert external.queue_recipient == "Tim@remote.example"
    assert external.forwarder == "info@example.org"
    digest, _, rest = external.srs_recipient.partition("=")
    assert rest == "Tim=remote.example@forward.h01.hosting.example"
    assert len(digest) == 16 and set(digest) <= set(
        "abcdefghijklmnopqrstuvwxyz234567"
    )


def test_a_foreign_local_part_is_quoted_as_it_needs(directory):
    directory.address("info", '"a b=c"@remote.example')
    leaf = directory.answer("info@example.org")
    assert leaf.queue_recipient == '"a b=c"@remote.example'
    assert leaf.srs_recipient.partition("=")[2] == (
        "a=20b=3Dc=remote.example@forward.h01.hosting.example"
    )


def test_t075_a_loop_is_refused_and_its_path_shows_it(directory):
    directory.insert("alias", name="xyz00-a")
    directory.insert("target", alias="xyz00-a", destination="xyz00-b")
    directory.alias("xyz00-b", "xyz00-a")
    directory.address("info", "xyz00-a")
    leaf = directory.answer("info@example.org")
    assert (leaf.code, leaf.dsn) == (550, "5.4.6")
    assert "xyz00" not in leaf.reply
    assert leaf.path[1:] == ["alias:xyz00-a", "alias:xyz00-b", "alias:xyz00-a"]


def test_a_loop_beside_a_mailbox_does_not_hinder_it(directory):
    directory.insert("alias", name="xyz00-a")
    directory.insert("target", alias="xyz00-a", destination="xyz00-b")
    directory.alias("xyz00-b", "xyz00-a", "xyz00-abc")
    good, bad = directory.resolve("xyz00-a")
    assert good.mailbox == "xyz00-abc" and bad.dsn == "5.4.6"


def test_a_loop_off_the_way_is_found_too(directory):
    """b and c lead to each other, and each was reached from a first."""
    for name, targets in {
        "xyz00-a": ["xyz00-b", "xyz00-c"],
        "xyz00-b": ["xyz00-c"],
        "xyz00-c": ["xyz00-b"],
    }.items():
        directory.insert("alias", name=name)
        for target in targets:
            directory.insert("target", alias=name, destination=target)
    assert refusal(directory, "xyz00-a")[1] == "5.4.6"


def test_two_domains_that_lead_to_each_other_are_a_loop(directory):
    directory.address("", "@example.com")
    directory.address("", "@example.org", domain="example.com")
    assert refusal(directory, "who@example.org")[1] == "5.4.6"


def chain(directory, length):
    names = [f"xyz00-c{i}" for i in range(length)]
    for name, following in zip(names, names[1:] + ["xyz00-abc"]):
        directory.insert("alias", name=name)
        directory.insert("target", alias=name, destination=following)
    return names[0]


def test_a_chain_may_have_20_hops_before_its_mailbox(directory):
    first = chain(directory, 20)
    assert directory.answer(first).mailbox == "xyz00-abc"


def test_a_chain_that_is_longer_is_refused(directory):
    first = chain(directory, 21)
    assert refusal(directory, first)[1] == "5.4.6"


def wide(directory, destination, count):
    directory.insert("alias", name="xyz00-wide")
    directory.run(
        "INSERT INTO hauspost.target (alias, destination)"
        " SELECT 'xyz00-wide', format(%s, i) FROM generate_series(1, %s) AS i",
        destination,
        count,
    )
    return "xyz00-wide"


def test_an_alias_may_be_as_wide_as_a_transaction(directory):
    name = wide(directory, "xyz00-abc+%s", 499)
    assert directory.leads_to(name) == ["xyz00-abc+1" + MBOX]


def test_an_alias_that_is_wider_is_refused_whole(directory):
    name = wide(directory, "xyz00-abc+%s", 1000)
    assert refusal(directory, name)[1] == "5.5.3"


@pytest.mark.parametrize("count, good", [(50, 50), (51, 0)])
def test_t10_as_many_as_50_addresses_elsewhere_get_a_copy(
    directory, count, good
):
    name = wide(directory, "user%s@remote.example", count)
    assert len(directory.leads_to(name)) == good
    if not good:
        assert refusal(directory, name)[1] == "5.5.3"


# -- Rule 5: mailboxes -------------------------------------------------------


def test_a_locked_mailbox_waits(directory):
    directory.address("info", "xyz00-abc")
    directory.insert("forward", mailbox="xyz00-abc", address="a@b.example")
    directory.run("UPDATE hauspost.mailbox SET state = 'locked'")
    leaf = directory.answer("info@example.org")
    assert (leaf.kind, leaf.code, leaf.dsn) == ("mailbox", 450, "4.2.1")
    assert leaf.queue_recipient == "xyz00-abc" + MBOX


def test_a_mailbox_forwards_and_keeps_its_copy(directory):
    directory.address("info", "xyz00-abc")
    directory.insert("forward", mailbox="xyz00-abc", address="a@b.example")
    assert directory.leads_to("info@example.org") == [
        "a@b.example",
        "xyz00-abc" + MBOX,
    ]
    external = directory.resolve("info@example.org")[1]
    assert external.forwarder == "info@example.org"


def test_a_mailbox_forwards_without_a_copy(directory):
    for address in "a@b.example", "c@d.example":
        directory.insert(
            "forward", mailbox="xyz00-abc", address=address, keep_copy=False
        )
    assert directory.leads_to("xyz00-abc@h01.hosting.example") == [
        "a@b.example",
        "c@d.example",
    ]


def test_one_forward_that_keeps_a_copy_is_enough(directory):
    for address, keep in ("a@b.example", True), ("c@d.example", False):
        directory.insert(
            "forward", mailbox="xyz00-abc", address=address, keep_copy=keep
        )
    assert "xyz00-abc" + MBOX in directory.leads_to("xyz00-abc")


def test_mailboxes_that_forward_to_each_other_both_get_it(directory):
    directory.address("a", "xyz00-abc")
    directory.address("o", "xyz00-office")
    for mailbox, address in ("xyz00-abc", "o"), ("xyz00-office", "a"):
        directory.insert(
            "forward", mailbox=mailbox, address=f"{address}@example.org"
        )
    assert directory.leads_to("a@example.org") == [
        "xyz00-abc" + MBOX,
        "xyz00-office" + MBOX,
    ]


def test_the_least_size_limit_on_the_way_counts(directory):
    directory.address("info", "xyz00-abc")
    directory.run("UPDATE hauspost.domain SET size_limit = 2000")
    assert directory.answer("info@example.org").size_limit == 2000
    directory.run("UPDATE hauspost.mailbox SET size_limit = 1000")
    assert directory.answer("info@example.org").size_limit == 1000
    assert directory.answer("xyz00-abc@h01.hosting.example").size_limit == 1000


def test_procmail_makes_a_mailbox_a_program(directory):
    directory.run("UPDATE hauspost.mailbox SET filter = 'procmail'")
    leaf = directory.answer("xyz00-abc+x@h01.hosting.example")
    assert leaf.kind == "program" and leaf.target_id is None
    assert leaf.queue_recipient == "xyz00-abc+x.0@program.h01.hosting.example"


# -- Rule 6: the answer ------------------------------------------------------


def test_t086_nobody_is_refused_with_a_text_of_its_own(directory):
    directory.address("info", "nobody")
    assert refusal(directory, "info@example.org") == (
        550,
        "5.1.1",
        "address has no recipient",
    )


def test_t087_dropped_mail_is_accepted(directory):
    directory.address("info", "/dev/null")
    assert leaves(directory, "info@example.org") == [("discard", None, 250)]


def test_t088_a_mailbox_beside_dev_null_gets_it(directory):
    directory.address("info", "/dev/null", "xyz00-abc")
    assert directory.leads_to("info@example.org") == [
        "discard",
        "xyz00-abc" + MBOX,
    ]


def test_good_leaves_come_first_and_4xx_before_5xx(directory):
    directory.address("info", "nobody", "xyz00-abc", "xyz00-office")
    directory.run(
        "UPDATE hauspost.mailbox SET state = 'locked' WHERE name = 'xyz00-abc'"
    )
    codes = [leaf.code for leaf in directory.resolve("info@example.org")]
    assert codes == [250, 450, 550]


def test_a_program_has_a_leaf_of_its_own(directory):
    directory.alias("xyz00-robot", "|/usr/bin/counter --all", "xyz00-abc")
    directory.address("robot", "xyz00-robot")
    program = [
        leaf
        for leaf in directory.resolve("robot@example.org")
        if leaf.kind == "program"
    ][0]
    assert program.queue_recipient == (
        f"xyz00-robot.{program.target_id}@program.h01.hosting.example"
    )
    assert directory.leaf(program.queue_recipient).program == (
        "|/usr/bin/counter --all"
    )


def test_the_next_change_of_validity_is_told(directory):
    directory.address("", "@example.com")
    directory.address(
        "info", "a@example.com", valid_until="2998-01-01 00:00+00"
    )
    directory.address(
        "a", "abc00-tim", domain="example.com", valid_from="2997-01-01 00:00+00"
    )
    leaf = directory.answer("info@example.org")
    assert leaf.dsn == "5.1.1" and leaf.changes_at.year == 2997

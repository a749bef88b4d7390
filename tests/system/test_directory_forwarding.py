"""How mail goes on to an address elsewhere: keys, domains, pauses."""

import psycopg2
import pytest

SRS = "SRS0=aB2c=XY=world.example=anna"


# -- Senders that were rewritten here ----------------------------------------


@pytest.mark.parametrize(
    "domain", ["example.org", "xyz00.hosting.example", "h01.hosting.example"]
)
def test_a_rewritten_sender_is_for_the_queue_to_reverse(directory, domain):
    leaf = directory.answer(f"{SRS}@{domain}")
    assert (leaf.kind, leaf.code) == ("srs", 250)
    assert leaf.queue_recipient == f"{SRS}@{domain}"  # its case is its hash's


@pytest.mark.parametrize("local", ["srs1=aB2c=a.example==b=c=d=e", "SRS0+a=b"])
def test_the_catch_all_gets_no_bounces_of_forwards(directory, local):
    directory.address("", "xyz00-abc")
    assert directory.answer(f"{local}@example.org").kind == "srs"


def test_an_address_that_has_a_row_is_no_rewritten_sender(directory):
    directory.address("srs0=x", "xyz00-abc")
    assert directory.answer("srs0=x@example.org").mailbox == "xyz00-abc"


@pytest.mark.parametrize("local", ["srs0", "srs", "srs2=a=b=c=d", "srs0x=a"])
def test_what_only_looks_like_one_is_unknown(directory, local):
    assert directory.answer(f"{local}@example.org").dsn == "5.1.1"


def test_elsewhere_they_are_addresses_like_any_other(directory):
    assert directory.answer(f"{SRS}@remote.example").kind == "external"


# -- The domain of the sender ------------------------------------------------


def srs_domain(directory, forwarder):
    return directory.one("SELECT hauspost.srs_domain(%s)", forwarder)[0]


def test_mail_leaves_as_of_the_domain_it_was_written_to(directory):
    assert srs_domain(directory, "info@Example.ORG") == "example.org"


@pytest.mark.parametrize(
    "domain", ["bounces.example.org", "xyz00.hosting.example", "h01.hosting.example"]
)
def test_or_of_another_one_that_we_take_bounces_for(directory, domain):
    directory.insert("domain", name="bounces.example.org", package="xyz00")
    directory.run(
        "UPDATE hauspost.domain SET srs_domain = %s WHERE name = 'example.org'",
        domain,
    )
    assert srs_domain(directory, "info@example.org") == domain


@pytest.mark.parametrize("domain", ["example.com", "remote.example", "x y"])
def test_but_not_of_a_strangers(directory, domain):
    with directory.refused(f'srs_domain "{domain}" gets no mail of package'):
        directory.run(
            "UPDATE hauspost.domain SET srs_domain = %s"
            " WHERE name = 'example.org'",
            domain,
        )


# -- Keys --------------------------------------------------------------------


def forwarding(directory, domain="example.org"):
    return directory.one("SELECT * FROM hauspost.forwarding(%s)", domain)


def rotate(directory, days_later=0):
    directory.run(
        "UPDATE hauspost.secret SET made = made - make_interval(days => %s)"
        " WHERE name = 'srs'",
        days_later,
    )
    directory.run("SELECT hauspost.rotate_srs_key()")


def test_a_new_key_signs_and_the_old_one_is_believed_for_a_while(directory):
    first = forwarding(directory)
    assert len(first.srs_keys) == 64 and first.changes_at is None
    rotate(directory)
    second = forwarding(directory)
    new, old = second.srs_keys.split(" ")
    assert old == first.srs_keys and new != old
    assert second.changes_at is not None
    assert second.keys == ["domain:example.org", "srs"]
    assert directory.one("SELECT encode(hauspost.secret('srs'), 'hex')")[0] == new


def test_a_key_that_is_no_longer_believed_is_forgotten(directory):
    rotate(directory)
    rotate(directory, 31)
    assert len(forwarding(directory).srs_keys.split(" ")) == 2
    assert directory.one(
        "SELECT count(*) FROM hauspost.secret WHERE name = 'srs'"
    ) == (2,)


def test_no_more_than_eight_keys_are_believed(directory):
    for _ in range(10):
        rotate(directory)
    assert len(forwarding(directory).srs_keys.split(" ")) == 8


def test_admins_see_that_there_are_keys_but_not_the_keys(populated):
    admin = psycopg2.connect(
        populated.connection.dsn.replace("user=postgres", "user=hauspost_admin")
    )
    try:
        cursor = admin.cursor()
        cursor.execute("SELECT count(*) FROM hauspost.srs_key_list()")
        assert cursor.fetchone() == (1,)
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("SELECT hauspost.forwarding('example.org')")
    finally:
        admin.close()


# -- Pauses ------------------------------------------------------------------

GONE = "Gone@remote.example"


@pytest.fixture
def forwards(directory):
    """Three ways of a package to one address elsewhere."""
    directory.address("away", GONE)
    directory.alias("xyz00-all", GONE, "xyz00-abc")
    directory.address("all", "xyz00-all")
    directory.insert("forward", mailbox="xyz00-abc", address=GONE)
    directory.address("tim", GONE, domain="example.com")
    return directory


def bounce(directory, count=1, days_ago=0, domain="example.org"):
    for _ in range(count):
        directory.run(
            "SELECT hauspost.note_bounce(%s, 'gone@REMOTE.example', '550 5.1.1')",
            domain,
        )
    directory.run(
        "UPDATE hauspost.forward_bounce SET day = day - %s"
        " WHERE day = current_date",
        days_ago,
    )


def give_up(directory):
    for days_ago in (5, 3, 0):
        bounce(directory, 2, days_ago)


def paused(directory):
    return directory.run("SELECT package, address FROM hauspost.forward_pause")


@pytest.mark.parametrize(
    "bounces", [[(4, 0), (4, 1)], [(1, 0), (1, 1), (1, 2)], [(9, 15), (9, 20)]]
)
def test_a_bad_day_pauses_nothing(forwards, bounces):
    for count, days_ago in bounces:
        bounce(forwards, count, days_ago)
    assert paused(forwards) == []


def test_a_forward_that_bounces_again_and_again_is_paused(forwards):
    give_up(forwards)
    assert paused(forwards) == [("xyz00", GONE.lower())]
    leaf = forwards.answer("away@example.org")
    assert (leaf.code, leaf.dsn) == (550, "5.1.1")
    assert "forward:xyz00" in leaf.keys
    assert forwards.leads_to("all@example.org") == [
        "xyz00-abc@mbox.h01.hosting.example"
    ]
    # Another customer's forward to the same address is his business.
    assert forwards.leads_to("tim@example.com") == [GONE]


def test_its_owners_are_told_once(forwards):
    give_up(forwards)
    bounce(forwards, 10)
    assert forwards.run(
        "SELECT owner, kind, subject FROM hauspost.notice ORDER BY owner"
    ) == [
        ("xyz00", "forward-paused", GONE.lower()),
        ("xyz00-abc", "forward-paused", GONE.lower()),
    ]


def test_bounces_of_what_we_do_not_forward_are_nobodys(forwards):
    for days_ago in (2, 1, 0):
        bounce(forwards, 9, days_ago, domain="world.example")
    assert paused(forwards) == []
    assert forwards.run("SELECT * FROM hauspost.forward_bounce") == []


def test_written_anew_it_is_tried_again_from_the_beginning(forwards):
    give_up(forwards)
    forwards.run("UPDATE hauspost.forward SET keep_copy = false")
    assert paused(forwards) == []
    assert GONE in forwards.leads_to("away@example.org")
    bounce(forwards)
    assert paused(forwards) == []


def test_an_admin_lifts_a_pause_and_everybody_hears_of_it(forwards):
    give_up(forwards)
    forwards.run("DELETE FROM hauspost.forward_pause")
    assert GONE in forwards.leads_to("away@example.org")
    assert forwards.one(
        "SELECT hauspost.key_of_row('forward_pause', 'DELETE',"
        " '{\"package\": \"xyz00\"}')"
    ) == ("forward:xyz00",)
    assert forwards.one(
        "SELECT count(*) FROM hauspost.journal WHERE relation = 'forward_pause'"
    ) == (2,)

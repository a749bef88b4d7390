"""hauspost srs … and hauspost dkim …: keys that sign, by name."""

import os
import pwd
import re
import stat

import pytest

from command import Command


@pytest.fixture(scope="module")
def hauspost(postgres, host):
    postgres.new_database("keys")
    folder = host.place.folder("dkim-keys", "hauspost-milter", 0o700)
    command = Command(postgres, "keys", dkim_keys=folder)
    command.folder = folder
    command.query = lambda sql: postgres.query(sql, "keys")
    command.query("INSERT INTO hauspost.node (name) VALUES ('h01.hosting.example')")
    command("package", "add", "xyz00")
    command("mailbox", "add", "xyz00")
    for domain in ("example.org", "xn--bcher-kva.example"):
        command("domain", "add", domain, "xyz00")
    yield command
    postgres.drop_database("keys")


# -- srs ---------------------------------------------------------------------


def test_a_key_is_rotated_and_none_is_shown(hauspost):
    [first] = hauspost.json("srs", "show")
    assert first["believed"] == "signs"
    shown = hauspost("srs", "rotate").stdout
    assert re.search(r"signs\n.* until \d{4}-\d\d-\d\d", shown)
    for [key] in hauspost.query(
        "SELECT encode(value, 'hex') FROM hauspost.secret WHERE name = 'srs'"
    ):
        assert key not in shown


def test_explain_says_what_a_rewritten_sender_is(hauspost):
    said = hauspost("explain", "SRS0=aaaa=JN=world.example=anna@example.org")
    assert "a bounce goes back to the first sender" in said.stdout


def test_options_of_a_domain_that_sends_on(hauspost):
    hauspost("domain", "set", "example.org", "--forward-spam", "no",
             "--srs-domain", "xyz00.hosting.example")
    shown = hauspost.json("domain", "show", "example.org")
    assert shown["forward_spam"] is False
    assert shown["srs_domain"] == "xyz00.hosting.example"
    assert "gets no mail of package" in hauspost.refused(
        "domain", "set", "example.org", "--srs-domain", "remote.example"
    )
    hauspost("domain", "set", "example.org", "--srs-domain", "")


def test_a_paused_forward_is_shown_and_resumed(hauspost):
    hauspost.query(
        "INSERT INTO hauspost.forward_pause (package, address, reply)"
        " VALUES ('xyz00', 'gone@remote.example', '550 5.1.1 no')"
    )
    [row] = hauspost.json("forward", "paused", "xyz00")
    assert (row["address"], row["reply"]) == ("gone@remote.example", "550 5.1.1 no")
    assert "gone@remote.example" in hauspost("forward", "paused").stdout
    assert hauspost.json("forward", "paused", "abc00") == []
    hauspost("forward", "resume", "xyz00", "Gone@Remote.example")
    assert hauspost.json("forward", "paused") == []
    assert "has no forward to" in hauspost.refused(
        "forward", "resume", "xyz00", "gone@remote.example", code=67
    )


# -- dkim --------------------------------------------------------------------


def files(hauspost):
    return sorted(path.name for path in hauspost.folder.iterdir())


def table(hauspost, name):
    return (hauspost.folder / f"{name}.table").read_text().splitlines()


def test_a_key_is_made_published_used_and_removed(hauspost):
    said = hauspost("dkim", "add", "example.org", "--selector", "s1").stdout
    assert "hauspost dkim use example.org s1" in said
    [key] = hauspost.json("dkim", "list", "example.org")
    assert key["signs"] is False
    hauspost("dkim", "use", "example.org", "s1")
    assert table(hauspost, "signing") == [
        "example.org s1._domainkey.example.org"
    ]
    assert table(hauspost, "key") == [
        "s1._domainkey.example.org example.org:s1:"
        f"{hauspost.folder}/example.org.s1.pem"
    ]
    assert "there is no such key that does not sign" in hauspost.refused(
        "dkim", "remove", "example.org", "s1"
    )
    hauspost("dkim", "add", "example.org", "--selector", "s2")
    hauspost("dkim", "use", "example.org", "s2")
    hauspost("dkim", "remove", "example.org", "s1")
    assert files(hauspost) == ["example.org.s2.pem", "key.table", "signing.table"]


def test_a_private_key_is_its_signers_alone(hauspost):
    hauspost("dkim", "add", "example.org", "--selector", "mine")
    seen = os.stat(hauspost.folder / "example.org.mine.pem")
    assert pwd.getpwuid(seen.st_uid).pw_name == "hauspost-milter"
    assert stat.S_IMODE(seen.st_mode) == 0o600
    assert not hauspost.query(
        "SELECT FROM hauspost.journal WHERE new::text LIKE '%PRIVATE%'"
    )


def test_by_default_a_key_is_called_like_the_month(hauspost):
    hauspost("dkim", "add", "BÜCHER.example")
    [key] = hauspost.json("dkim", "list", "xn--bcher-kva.example")
    assert re.fullmatch(r"hp\d{6}", key["selector"])
    # A second one of that name is refused, and the first one stays.
    name = f"xn--bcher-kva.example.{key['selector']}.pem"
    before = (hauspost.folder / name).read_bytes()
    assert "File exists" in hauspost.refused(
        "dkim", "add", "bücher.example", code=73
    )
    assert (hauspost.folder / name).read_bytes() == before


@pytest.mark.parametrize(
    "words, code",
    [
        (["add", "../../etc/passwd"], 64),
        (["add", "example.org", "--selector", "a/b"], 64),
        (["add", "example.org", "--selector", "a.b"], 64),
        (["add", "example.org", "--selector", ""], 64),
        (["add", "example.org", "--selector", "UPPER"], 65),
        (["add", "remote.example"], 65),
        (["use", "example.org", "nosuch"], 65),
        (["remove", "example.org", "nosuch"], 65),
    ],
)
def test_what_is_refused_leaves_nothing(hauspost, words, code):
    before = files(hauspost)
    hauspost.refused("dkim", *words, code=code)
    assert files(hauspost) == before


def test_a_folder_that_is_not_there_is_named(hauspost, postgres):
    command = Command(postgres, "keys", dkim_keys="/nonexistent")
    assert "open /nonexistent: No such file" in command.refused(
        "dkim", "add", "example.org", "--selector", "lost", code=73
    )
    assert "lost" not in str(hauspost.json("dkim", "list"))


def test_tables_follow_the_domains_that_are_left(hauspost):
    hauspost("dkim", "add", "xn--bcher-kva.example", "--selector", "s1")
    hauspost("dkim", "use", "xn--bcher-kva.example", "s1")
    assert len(table(hauspost, "signing")) == 2
    hauspost("domain", "remove", "xn--bcher-kva.example")
    hauspost("dkim", "tables")
    assert len(table(hauspost, "signing")) == len(table(hauspost, "key")) == 1

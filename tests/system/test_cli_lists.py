"""hauspost list: lists and their members on the command line."""

import json
import pickle

import pytest

from command import Command


@pytest.fixture(scope="module")
def hauspost(postgres):
    postgres.new_database("lists")
    postgres.query(
        "INSERT INTO hauspost.node (name) VALUES ('h01.hosting.example')",
        "lists",
    )
    command = Command(postgres, "lists")
    command("package", "add", "xyz00")
    command("mailbox", "add", "xyz00")
    command("domain", "add", "example.org", "xyz00")
    yield command
    postgres.drop_database("lists")


@pytest.fixture
def news(hauspost):
    hauspost("list", "create", "news@example.org", "Anna@example.net")
    yield "news@example.org"
    hauspost("list", "remove", "news@example.org")


def members(hauspost, name="news@example.org", *options):
    rows = hauspost.json("list", "members", name, *options)
    return {row["address"]: row for row in rows}


def test_a_list_has_owners_and_a_package_of_its_domain(hauspost, news):
    (shown,) = [hauspost.json("list", "show", "NEWS@Example.ORG")]
    assert shown["package"] == "xyz00"
    assert shown["list_id"] == "news.example.org"
    assert shown["owners"] == ["Anna@example.net"]
    assert members(hauspost)["Anna@example.net"]["role"] == "owner"
    (listed,) = hauspost.json("list", "list", "example.org")
    assert (listed["address"], listed["members"]) == (news, 1)


def test_set_changes_what_is_given(hauspost, news):
    hauspost(
        "list", "set", news, "--policy", "moderated", "--prefix", "[n]",
        "--max-size", "2M", "--archive", "public", "eva@example.net",
    )
    shown = hauspost.json("list", "show", news)
    assert (shown["policy"], shown["prefix"]) == ("moderated", "[n]")
    assert (shown["max_size"], shown["archive"]) == (2 << 20, "public")
    assert shown["owners"] == ["Anna@example.net", "eva@example.net"]
    hauspost("list", "set", news, "--prefix", "")
    shown = hauspost.json("list", "show", news)
    assert (shown["prefix"], shown["policy"]) == ("", "moderated")


@pytest.mark.parametrize(
    "words, says",
    [
        (("create", "x@elsewhere.example"), "none of ours"),
        (("create", "x@example.org", "nobody"), 'owner "nobody"'),
        (("create", "x@example.org", "--policy", "some"), "list.policy"),
        (("add", "news@example.org", "news+help@example.org"), "a command"),
        (("add", "news@example.org", "news@example.org"), "the list itself"),
        (("add", "news@example.org", "x@y.example", "--mode", "x"), "mode"),
    ],
)
def test_what_is_wrong_is_told(hauspost, news, words, says):
    assert says in hauspost("list", *words, code=65).stderr
    assert len(hauspost.json("list", "list")) == 1


@pytest.mark.parametrize(
    "words",
    [
        ("members", "x@example.org"),
        ("stats", "x@example.org"),
        ("add", "x@example.org", "a@b.example"),
        ("drop", "news@example.org", "a@b.example"),
        ("show", "x@example.org"),
    ],
)
def test_what_is_not_there_is_67(hauspost, news, words):
    hauspost("list", *words, code=67)


def test_members_come_change_and_go(hauspost, news):
    out = hauspost(
        "list", "add", news, "b@y.example", "B@Y.example", "c@x.example",
        "Anna@example.net", "--mode", "digest", "--by", "owner Anna",
    )
    assert out.stdout == "2 joined, 0 asked, 1 already there, 0 refused\n"
    hauspost("list", "change", news, "B@y.example", "--role", "poster")
    people = members(hauspost)
    assert list(people) == ["Anna@example.net", "c@x.example", "b@y.example"]
    assert people["b@y.example"]["role"] == "poster"
    assert people["b@y.example"]["mode"] == "digest"
    assert list(members(hauspost, news, "--mode", "normal")) == [
        "Anna@example.net"
    ]
    hauspost("list", "drop", news, "c@x.example")
    assert "c@x.example" not in members(hauspost)
    stats = {r["what"]: r["number"] for r in hauspost.json("list", "stats", news)}
    assert stats["members, digest"] == "1" and stats["posters"] == "1"
    assert stats["letters still to send"] != "0"


def test_an_invited_one_is_asked(hauspost, news):
    out = hauspost("list", "add", news, "b@y.example", "--invite")
    assert out.stdout == "0 joined, 1 asked, 0 already there, 0 refused\n"
    assert "b@y.example" not in members(hauspost)


def test_an_emergency_holds_all_posts(hauspost, news):
    assert "wait for a moderator" in hauspost("list", "hold", news, "yes").stdout
    assert hauspost.json("list", "show", news)["hold"] is True
    hauspost("list", "hold", news, "no")
    assert hauspost.json("list", "show", news)["hold"] is False
    hauspost("list", "hold", news, "perhaps", code=64)
    assert hauspost.json("list", "held", news) == []


# -- Moving -------------------------------------------------------------------


def test_what_is_exported_can_be_imported(hauspost, news, tmp_path):
    hauspost("list", "add", news, "b@y.example", "--mode", "nomail", "--quiet")
    hauspost("list", "change", news, "b@y.example", "--state", "disabled_user")
    before = members(hauspost)
    for name, options in (("a.csv", ()), ("a.json", ("--json",))):
        file = tmp_path / name
        file.write_text(hauspost(*options, "list", "export", news).stdout)
        hauspost("list", "drop", news, *before, "--quiet")
        hauspost("list", "import", news, file)
        assert members(hauspost) == before


def test_a_list_of_mlmmj(hauspost, news, tmp_path):
    for path, text in {
        "subscribers.d/a": "anna@example.net\neva@x.example\n",
        "subscribers.d/b": "otto@x.example\n",
        "digesters.d/i": "ida@x.example\n",
        "nomailsubs.d/u": "ute@x.example\n",
        "control/owner": "eva@x.example\nboss@x.example\n",
    }.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    dry = json.loads(hauspost("list", "import", news, tmp_path, "--dry-run").stdout)
    assert len(dry) == 6 and len(members(hauspost)) == 1
    out = hauspost("list", "import", news, tmp_path)
    assert out.stdout == "5 joined, 0 asked, 1 already there, 0 refused\n"
    people = members(hauspost)
    assert people["ida@x.example"]["mode"] == "digest"
    assert people["ute@x.example"]["mode"] == "nomail"
    assert people["eva@x.example"]["role"] == "owner"
    assert people["eva@x.example"]["mode"] == "normal"
    assert people["boss@x.example"]["mode"] == "nomail"


def test_a_list_of_mailman_2(hauspost, news, tmp_path):
    file = tmp_path / "config.pck"
    file.write_bytes(
        pickle.dumps(
            {
                "members": {"b@x.example": 0, "cora@x.example": "Cora@x.example"},
                "digest_members": {"d@x.example": 0},
                "usernames": {"b@x.example": "Bärbel, \x01"},
                "delivery_status": {"cora@x.example": (3, 1.5)},
                "moderator": ["d@x.example"],
            },
            protocol=2,
        )
    )
    hauspost("list", "import", news, file)
    people = members(hauspost)
    assert people["b@x.example"]["name"] == "Bärbel,"
    assert people["Cora@x.example"]["mode"] == "nomail"
    assert people["d@x.example"]["role"] == "moderator"


def test_lines_from_stdin_and_what_is_refused(hauspost, news):
    done = hauspost(
        "list", "import", news, "-", code=65,
        stdin="Eva <eva@x.example>\nnobody\npostmaster@x.example\n",
    )
    assert done.stdout == "1 joined, 0 asked, 0 already there, 2 refused\n"
    assert 'hauspost: "nobody" is none' in done.stderr
    assert members(hauspost)["eva@x.example"]["name"] == "Eva"


def test_ten_thousand_members_come_at_once(hauspost, news, tmp_path):
    file = tmp_path / "many"
    file.write_text(
        "".join(f"user{i}@d{i % 200}.example\n" for i in range(10000))
    )
    out = hauspost("list", "import", news, file)
    assert out.stdout.startswith("10000 joined")

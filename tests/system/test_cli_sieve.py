"""hauspost sieve check|why and hauspost vacation: what they say is what
delivery does."""

import itertools
import re

import pytest
from command import Command
from test_lmtp_sieve import Box, require
from test_vacation import first_reply, replies, write_to


@pytest.fixture
def box(lmtp):
    box = Box(lmtp, lmtp.customer())
    box.info = box.customer.address("info", box.name)
    return box


@pytest.fixture
def hauspost(lmtp):
    return Command(lmtp.postgres, "hauspost")


# -- check -------------------------------------------------------------------


def test_check_names_each_error(hauspost):
    said = hauspost("sieve", "check", "-", stdin="keep;\nnonsense;", code=65)
    assert said.stdout.startswith("-:2:1: ")
    errors = hauspost.json(
        "sieve", "check", "-", stdin="keep;\nnonsense;", code=65
    )
    assert errors[0]["line"] == 2
    said = hauspost("sieve", "check", "-", stdin="keep;")
    assert said.stdout == "-: 5 octets, no errors\n"


def test_default_scripts_may_use_more(hauspost):
    script = require("editheader") + 'addheader "X" "y";'
    hauspost("sieve", "check", "-", stdin=script, code=65)
    hauspost("sieve", "check", "--all", "-", stdin=script)


# -- why ---------------------------------------------------------------------


def test_why_shows_each_step_with_its_line(box, hauspost):
    box.script('# mine\nif header "x" "y" {\n    discard;\n}')
    said = hauspost("sieve", "why", box.name, "-", stdin="X: y\n\n").stdout
    lines = [" ".join(line.split()) for line in said.splitlines()]
    assert lines[0] == "the mailbox' script:"
    assert re.fullmatch(
        r'2 header: yes \(\d+\) if header "x" "y" \{', lines[1]
    )
    assert lines[-1] == "→ discard"


def test_why_knows_no_such_mailbox(hauspost):
    said = hauspost("sieve", "why", "xyz99", "-", stdin="A: b\n\n", code=67)
    assert "there is no mailbox xyz99" in said.stderr


def test_why_follows_no_link_out_of_the_home(box, hauspost):
    (box.home / ".dovecot.sieve").symlink_to("/etc/shadow")
    said = hauspost("sieve", "why", box.name, "-", stdin="A: b\n\n")
    assert "root:" not in said.stdout + said.stderr
    assert "the mailbox' script: " in said.stderr
    assert said.stdout == '→ keep "INBOX" (implicit)\n'


def test_why_tells_of_the_reply(box, hauspost):
    box.lmtp.query(
        "INSERT INTO hauspost.vacation (mailbox, reply) VALUES (:'m', 'away')",
        m=box.name,
    )
    message = f"To: {box.info}\nSubject: hi\n\nhello\n"
    said = hauspost.json(
        *("sieve", "why", box.name, "-", "--from", "anna@b.example"),
        *("--to", box.info),
        stdin=message,
    )
    assert said["plan"][0] == 'keep "INBOX" (implicit)'
    assert said["plan"][1].startswith("vacation to=anna@b.example")


SCRIPTS = {
    "fileinto": 'fileinto :create "A";',
    "two folders": 'fileinto :create "A"; fileinto :create "B";',
    "a copy": 'fileinto :copy :create "A";',
    "flags": 'setflag "\\\\Seen"; fileinto :create "A"; keep;',
    "a keyword": 'addflag "work"; keep;',
    "redirect": 'redirect "far@c.example";',
    "redirect and keep": 'redirect :copy "far@c.example";',
    "discard": "discard;",
    "reject": 'reject "no";',
    "by sender": 'if envelope "from" "anna@b.example" '
    '{ fileinto :create "A"; } else { discard; }',
    "by subject": 'if header :matches "subject" "h*" { set "s" "${1}"; '
    'fileinto :create "S${s}"; }',
    "by detail": 'if envelope :detail "to" "x" { fileinto :create "A"; }',
    "by size": 'if size :over 1K { discard; } else { keep; }',
    "by body": 'if body :contains "hello" { fileinto :create "A"; }',
    "mailboxexists": 'if mailboxexists "Nope" { discard; }',
    "a failure": 'fileinto :create "A"; include "nowhere";',
    "stop": 'stop; discard;',
}
EXTENSIONS = require(
    *("fileinto", "mailbox", "copy", "imap4flags", "reject", "envelope"),
    *("variables", "subaddress", "body", "include"),
)
MESSAGES = {
    "small": "",
    "large": f"X: {'y' * 900}\nY: {'y' * 900}",
}


def told(plan):
    """What a plan means: (folder, system flags, keywords) and addresses."""
    places, sent = [], []
    for line in plan:
        word, _, rest = line.partition(" ")
        if word in ("keep", "fileinto"):
            folder = re.match(r'"(.*?)"', rest)[1]
            flags = re.search(r"flags=(\S+)", rest)
            flags = flags[1].split(",") if flags else []
            places.append((folder.replace("INBOX", ""), sorted(flags)))
        elif word == "redirect":
            sent.append(rest)
    return sorted(places), sent


def done(box):
    """The same, as it became."""
    letters = {"S": "\\Seen", "F": "\\Flagged", "a": "work"}
    places = []
    for folder in ("", "A", "B", "Si"):
        places += [(folder, []) for _ in box.files(folder)]
        for path in box.files(folder, "cur"):
            info = path.name.rpartition(":2,")[2]
            places.append((folder, sorted(letters[c] for c in info)))
    sent = [m["recipients"][0] for m in box.lmtp.sunk()]
    return sorted(places), sent


@pytest.mark.parametrize(
    "script, size", itertools.product(SCRIPTS, MESSAGES)
)
def test_t16_what_is_explained_is_what_happens(box, hauspost, script, size):
    box.script(EXTENSIONS + SCRIPTS[script])
    fields = MESSAGES[size]
    message = f"{fields}\nSubject: hi\n\nhello\n".lstrip()
    plan = hauspost.json(
        *("sieve", "why", box.name, "-", "--from", "anna@b.example"),
        *("--to", box.info),
        stdin=message,
        code=65 if script == "a failure" else 0,
    )["plan"]
    answer = box.deliver(fields, to=box.info)
    assert answer.startswith("550") == plan[0].startswith("reject")
    assert done(box) == told(plan)


# -- vacation ----------------------------------------------------------------


def test_vacation_on_off_show(box, hauspost):
    hauspost(
        *("vacation", box.name, "on", "--reply", "gone", "--subject", "Gone"),
        *("--until", "2099-01-01", "--days", "3", "--weekdays", "1,2,3,4,5,6,7"),
    )
    first_reply(box)
    shown = hauspost.json("vacation", box.name, "show")
    assert shown["active"] and shown["in_force"]
    assert (shown["every_days"], shown["weekdays"][0]) == (3, 1)
    hauspost("vacation", box.name, "off")
    shown = hauspost.json("vacation", box.name, "show")
    assert not shown["active"] and shown["reply"] == "gone"
    hauspost("vacation", box.name, "on")  # with the texts it had
    write_to(box, sender="otto@b.example")
    assert replies(box)
    assert hauspost.json("vacation", box.name, "show")["reply"] == "gone"


def test_vacation_says_what_is_wrong(box, hauspost):
    said = hauspost.refused("vacation", box.name, "on")
    assert "write what the sender shall read" in said
    said = hauspost.refused(
        *("vacation", box.name, "on", "--reply", "x", "--zone", "Moon/Sea")
    )
    assert "write one like Europe/Berlin" in said
    hauspost.refused("vacation", box.name, "show", code=67)
    hauspost.refused("vacation", box.name, "maybe", code=64)

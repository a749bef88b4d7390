"""Sieve at delivery: what scripts of a mailbox, a domain or the node make of
mail, and that none of it is ever lost."""

import contextlib
import itertools
import os
import pathlib
import shutil
import signal
import subprocess

import psycopg2
import pytest
from lmtp_rig import received
from stage import wait_for
from stage.place import BUILD

QUEUE_IDS = (f"51E{n}" for n in itertools.count())


class Box:
    """A mailbox with a script."""

    def __init__(self, lmtp, customer, suffix="abc"):
        self.lmtp, self.customer = lmtp, customer
        self.name = customer.mailbox(suffix)
        [[home, self.uid]] = lmtp.query(
            "SELECT home, uid FROM hauspost.mailbox WHERE name = :'m'",
            m=self.name,
        )
        self.home = pathlib.Path(home)
        self.uid = int(self.uid)

    def write(self, path, text):
        path = self.home / path
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        for each in (path.parent, path):
            shutil.chown(each, self.uid, self.uid)

    def script(self, text):
        """What ManageSieve leaves: the active one is a link into sieve/."""
        self.write("sieve/main.sieve", text)
        link = self.home / ".dovecot.sieve"
        if not link.is_symlink():
            link.symlink_to("sieve/main.sieve")

    def deliver(self, text="", queue_id=None, sender="anna@b.example", to=None):
        """The answer to a message; text is header fields to add."""
        with self.lmtp.peer() as peer:
            queue_id = queue_id or next(QUEUE_IDS)
            peer.hello(queue_id)
            to = to or f"info@{self.customer.domain}"
            fields = "".join(f"{line}\r\n" for line in text.splitlines())
            message = f"{fields}Subject: hi\r\n\r\nhello\r\n".encode()
            [answer] = peer.send(
                sender,
                [(self.lmtp.leaf(self.name), f"ORCPT=rfc822;{to}")],
                received(queue_id) + message,
            )
        return answer

    def files(self, folder="", part="new"):
        return self.lmtp.files(self.name, f"{folder and '.' + folder}/{part}")

    def log(self):
        path = self.home / ".dovecot.sieve.log"
        return path.read_text() if path.exists() else ""

    def notices(self):
        def told():
            rows[:] = self.lmtp.query(
                "SELECT body FROM hauspost.notice"
                " WHERE subject = :'m' AND kind = 'sieve'",
                m=self.name,
            )
            return rows

        rows = []
        wait_for(told, "the owner is told")
        return [body for [body] in rows]


@pytest.fixture
def box(lmtp):
    return Box(lmtp, lmtp.customer())


def require(*names):
    return f"require [{', '.join(map(quoted, names))}];\n"


def quoted(text):
    return f'"{text}"'


DELIVERED = "250 2.0.0 delivered"

# -- Into folders ------------------------------------------------------------


def test_t170_fileinto_makes_the_folder_where_asked(box):
    box.script(require("fileinto", "mailbox") + 'fileinto :create "Lists.Ä";')
    assert box.deliver() == DELIVERED
    [path] = box.files("Lists.&AMQ-")
    assert box.files() == []
    assert path.stat().st_uid == box.uid
    assert "Lists.&AMQ-" in (box.home / "Maildir/subscriptions").read_text()


def test_each_message_meets_the_script_of_its_moment(box):
    """Whatever the one before was: nothing of it is remembered for long."""
    head = require("fileinto", "mailbox")

    def into(folder):
        return f'{head}fileinto :create "{folder}";'

    steps = [None, into("A"), into("B"), "discard;", into("A"), None]
    steps += ["discard;", None, "discard;", "keep;", into("B")]
    found = {"": 0, "A": 0, "B": 0}
    for script in steps:
        if script:
            box.script(script)
        else:
            (box.home / ".dovecot.sieve").unlink(missing_ok=True)
        for folder in found:
            places = {"": (None, "keep;")}.get(folder, (into(folder),))
            found[folder] += 2 * (script in places)
        for _ in range(2):
            assert box.deliver().startswith("250 ")
        assert {folder: len(box.files(folder)) for folder in found} == found


def test_a_retry_finds_the_filed_message(box):
    box.script(require("fileinto", "mailbox") + 'fileinto :create "L"; keep;')
    for _ in range(2):
        assert box.deliver(queue_id="51RE") == DELIVERED
    assert len(box.files("L")) == 1 and len(box.files()) == 1


def test_a_folder_that_is_not_there_means_the_inbox(box):
    box.script(
        require("fileinto", "imap4flags")
        + 'fileinto :flags "\\\\Flagged" "Lost";'
    )
    assert box.deliver("Message-ID: <m1@b.example>") == DELIVERED
    [path] = box.files(part="cur")
    assert path.name.endswith(":2,F")
    assert not (box.home / "Maildir/.Lost").exists()
    assert '<m1@b.example>: there is no folder "Lost"' in box.log()


@pytest.mark.parametrize("name", ["../../etc", "a..b", "x" * 300])
def test_no_script_leaves_the_maildir(box, name):
    box.script(
        require("fileinto", "mailbox") + f"fileinto :create {quoted(name)};"
    )
    assert box.deliver() == DELIVERED
    assert len(box.files()) == 1
    assert "no folder can be called" in box.log()


def test_flags_and_keywords_as_dovecot_reads_them(box):
    box.script(
        require("fileinto", "mailbox", "imap4flags")
        + 'addflag ["\\\\Seen", "$Label1", "work"];'
        + 'fileinto :create :flags ["\\\\Flagged", "work"] "L"; keep;'
    )
    assert box.deliver() == DELIVERED
    [inbox] = box.files(part="cur")
    [filed] = box.files("L", "cur")
    assert inbox.name.endswith(":2,Sab") and filed.name.endswith(":2,Fa")
    keywords = box.home / "Maildir/dovecot-keywords"
    assert keywords.read_text() == "0 $Label1\n1 work\n"
    keywords = box.home / "Maildir/.L/dovecot-keywords"
    assert keywords.read_text() == "0 work\n"


def test_scripts_may_ask_which_folders_there_are(box):
    box.script(
        require("fileinto", "mailbox", "envelope")
        + 'if mailboxexists "Work" { fileinto "Work"; }'
        + 'else { fileinto :create "Work"; }'
    )
    for n in (1, 2):
        assert box.deliver() == DELIVERED
        assert len(box.files("Work")) == n


def test_scripts_see_our_fields(box):
    box.script(
        require("fileinto", "mailbox")
        + f'if header "x-original-to" "info@{box.customer.domain}"'
        + '{ fileinto :create "Mine"; }'
    )
    assert box.deliver() == DELIVERED
    assert len(box.files("Mine")) == 1


def test_a_large_message_is_looked_at_where_it_lies(box):
    box.script(
        require("fileinto", "mailbox", "body")
        + 'if body :contains "needle" { fileinto :create "Found"; }'
    )
    with box.lmtp.peer() as peer:
        peer.hello()
        text = b"Subject: big\r\n\r\n" + b"hay\r\n" * 100_000 + b"needle\r\n"
        assert peer.send("a@b.example", [box.lmtp.leaf(box.name)], text) == [
            DELIVERED
        ]
    assert len(box.files("Found")) == 1


def test_filter_none_means_no_script(box):
    box.script("discard;")
    box.lmtp.query(
        "UPDATE hauspost.mailbox SET filter = 'none' WHERE name = :'m'",
        m=box.name,
    )
    wait_for(lambda: box.deliver() and box.files(), "the filter is off")


def test_discard_is_told_as_such(box):
    box.script("discard;")
    assert box.deliver() == "250 2.0.0 done as filtered"
    assert box.files() == []


# -- Scripts that fail -------------------------------------------------------


def test_t171_a_runtime_error_keeps_the_mail_and_tells_the_owner(box):
    box.script(
        require("fileinto", "mailbox", "include")
        + 'fileinto :create "Half";\ninclude "nowhere";'
    )
    assert box.deliver() == DELIVERED
    assert len(box.files()) == 1 and box.files("Half") == []
    assert "line 3: there is no working script" in box.log()
    [notice] = box.notices()
    assert "there is no working script" in notice


def test_a_script_with_errors_keeps_the_mail(box):
    box.script("keep;\nnonsense;")
    for _ in range(2):
        assert box.deliver() == DELIVERED
    assert len(box.files()) == 2
    assert box.log().count("line 2: ") == 2
    assert len(box.notices()) == 1


DEAR = {
    "stars": require("fileinto")
    + "if anyof ("
    + ", ".join(
        f'header :matches "subject" "{"*h" * n}*z*"' for n in range(1, 60)
    )
    + ") { discard; }",
    "includes in circles": require("include") + 'include "main";',
    "many actions": require("fileinto")
    + "".join(f'fileinto "F{n}";' for n in range(100)),
    "redirects": "".join(f'redirect "{n}@c.example";' for n in range(100)),
    "a regex": require("regex")
    + 'if header :regex "subject" "(a|aa|aaa)*(b|bb)*c{1,200}x" { discard; }',
}


@pytest.mark.parametrize("kind", DEAR)
def test_t13_a_dear_script_keeps_the_mail(box, kind):
    box.script(DEAR[kind])
    assert box.deliver(f"X: y\nSubject: {'ha' * 20000}") == DELIVERED
    assert len(box.files()) == 1


def test_t13_an_hour_has_so_many_steps(box):
    box.script('if header :contains "x" "y" { keep; }' * 1200)
    fields = "\n".join(f"X: {'z' * 900}" for _ in range(150))
    for _ in range(20):
        assert box.deliver(fields) == DELIVERED
    assert len(box.files()) == 20
    assert "step" in box.log()


@contextlib.contextmanager
def locked(lmtp, table):
    """Nobody else gets at the table; yields whether somebody waits for it."""
    with psycopg2.connect(
        lmtp.postgres.conninfo() + " user=postgres"
    ) as holder, holder.cursor() as cursor:
        cursor.execute(f"LOCK TABLE hauspost.{table}")
        yield lambda: lmtp.query(
            "SELECT 1 FROM pg_locks WHERE NOT granted"
        )
        holder.rollback()


# Which a stage takes for a finding.
@pytest.mark.skipif(BUILD.name == "asan", reason="it tells of any crash")
def test_a_script_that_ran_in_a_crash_is_set_aside(box):
    """Until it changes. The script waits for a row that somebody holds, and
    meanwhile the worker dies as of a wild pointer."""
    lmtp = box.lmtp
    script = require("duplicate") + "if duplicate {} discard;"
    box.script(script)
    parent = lmtp.programs["hauspost-lmtpd"].pid()
    children = pathlib.Path(f"/proc/{parent}/task/{parent}/children")
    before = children.read_text().split()
    with locked(lmtp, "duplicate_seen") as waiting, lmtp.peer() as peer:
        peer.hello("51DEAD")
        peer.begin("a@b.example", [lmtp.leaf(box.name)])
        peer.raw(b"Message-ID: <x@b.example>\r\n\r\n.\r\n")
        wait_for(waiting, "the script asks")
        for pid in before:
            os.kill(int(pid), signal.SIGSEGV)
        assert peer.reply() == ""
    wait_for(
        lambda: len(set(children.read_text().split()) - set(before)) == 2,
        "the workers are replaced",
    )
    assert box.deliver("Message-ID: <x@b.example>") == DELIVERED
    assert len(box.files()) == 1
    assert "set aside" in box.log() and "set aside" in box.notices()[0]
    box.script(script + " ")
    assert "filtered" in box.deliver("Message-ID: <x@b.example>")


# -- Sending -----------------------------------------------------------------


def test_redirect_leaves_with_a_sender_of_ours_and_only_once(box):
    box.script('redirect "far@c.example";')
    for _ in range(2):
        assert box.deliver(queue_id="51F0").startswith("250")
    assert box.files() == []
    [mail] = box.lmtp.sunk()
    assert mail["recipients"] == ["far@c.example"]
    assert mail["sender"].startswith("SRS0=")
    assert mail["sender"].endswith(f"=b.example=anna@{box.customer.domain}")
    head = mail["message"].partition("\r\n\r\n")[0]
    assert f"Delivered-To: {box.name}@{box.lmtp.node}\r\n" in head
    assert "Return-Path" not in head


def test_redirect_copy_also_keeps(box):
    box.script(require("copy") + 'redirect :copy "far@c.example";')
    assert box.deliver() == DELIVERED
    assert len(box.files()) == 1 and len(box.lmtp.sunk()) == 1


def test_the_trail_tells_what_scripts_did(box):
    box.script(require("copy") + 'redirect :copy "far@c.example";')
    box.deliver(queue_id="51F9")

    def told():
        rows = box.lmtp.query(
            "SELECT why FROM hauspost.trail WHERE queue_id = '51F9'"
            " AND event = 'delivered'"
        )
        return [why for [why] in rows]

    wait_for(told, "the trail has it")
    assert told() == ['sieve: redirect far@c.example;keep "INBOX" (implicit)']


def test_a_redirect_that_comes_back_ends(box):
    box.script('redirect "far@c.example";')
    loop = f"Delivered-To: {box.name}@{box.lmtp.node}"
    assert box.deliver(loop).startswith("554 5.4.6 mail loop")


def test_a_redirect_that_is_refused_keeps_the_mail(box):
    box.script('redirect "550@c.example";')
    assert box.deliver() == DELIVERED
    assert len(box.files()) == 1
    assert "redirect to 550@c.example was refused" in box.log()


def test_nothing_is_stored_when_the_redirect_waits(box):
    box.script(
        require("fileinto", "mailbox", "copy")
        + 'fileinto :create "L"; redirect :copy "450@c.example";'
    )
    assert box.deliver(queue_id="51A1").startswith("450 4.0.0")
    assert box.files("L") == [] and box.files("L", "tmp") == []
    box.script(require("fileinto") + 'fileinto "L";')
    assert box.deliver(queue_id="51A1") == DELIVERED
    assert len(box.files("L")) == 1


def test_nothing_leaves_when_the_store_fails(box):
    """A full mailbox defers, and the redirect did not go out."""
    box.script(require("copy") + 'redirect :copy "far@c.example";')
    box.lmtp.query(
        "UPDATE hauspost.mailbox SET quota_bytes = 10, quota_hard_bytes = 10"
        " WHERE name = :'m'",
        m=box.name,
    )
    wait_for(
        lambda: box.deliver().startswith("452 4.2.2"), "the quota is known"
    )
    box.lmtp.sunk().clear()
    assert box.deliver().startswith("452 4.2.2")
    assert [m for m in box.lmtp.sunk() if m["sender"] == ""] == []


def test_reject_is_an_answer(box):
    box.script(require("reject") + 'reject "no such luck";')
    assert box.deliver() == "550 5.7.1 no such luck"
    assert box.files() == [] and box.lmtp.sunk() == []


def test_reject_with_more_than_a_line_is_a_message(box):
    box.script(require("reject") + 'reject "Grüße\nund Küsse";')
    for _ in range(2):
        assert box.deliver(queue_id="51EC").startswith("250")
    [mail] = box.lmtp.sunk()
    assert mail["sender"] == "" and mail["recipients"] == ["anna@b.example"]
    assert "disposition-notification" in mail["message"]
    assert box.deliver(sender="").startswith("250")
    assert len(box.lmtp.sunk()) == 1 and box.files() == []


def test_a_copy_of_the_reply_is_filed(box):
    """What fcc files; RFC 8580 3. It takes an extension to be allowed."""
    default(
        box,
        require("vacation", "fcc", "mailbox")
        + 'vacation :fcc "Sent" :create "gone\nfishing";',
    )
    to = f"info@{box.customer.domain}"
    wait_for(
        lambda: box.deliver(f"To: {to}") and box.files("Sent"), "it is known"
    )
    [path] = box.files("Sent")
    text = path.read_bytes()
    assert text.endswith(b"\n\ngone\nfishing\n") and b"\r" not in text
    assert text.startswith(b"From: ")
    assert len(box.lmtp.sunk()) == 1


def test_notify_by_mail(box):
    box.script(
        require("enotify")
        + 'notify :message "you have mail" "mailto:me@c.example";'
    )
    for _ in range(2):
        assert box.deliver(queue_id="51B0") == DELIVERED
    [mail] = box.lmtp.sunk()
    assert mail["sender"] == "" and mail["recipients"] == ["me@c.example"]
    assert "Auto-Submitted: auto-notified" in mail["message"]
    assert len(box.files()) == 1


# -- Duplicates --------------------------------------------------------------


def test_a_duplicate_is_another_message_with_the_same_id(box):
    box.script(
        require("duplicate", "fileinto", "mailbox")
        + 'if duplicate { fileinto :create "Twice"; }'
    )
    for _ in range(2):  # the second one is the retry of the first
        assert box.deliver("Message-ID: <d@b.example>", "51D0") == DELIVERED
    assert len(box.files()) == 1
    assert box.deliver("Message-ID: <d@b.example>") == DELIVERED
    assert len(box.files()) == 1 and len(box.files("Twice")) == 1


# -- Scripts that others wrote -----------------------------------------------


def default(box, script, place="before", name="x", domain=True):
    box.lmtp.query(
        "INSERT INTO hauspost.sieve_default (domain, node, place, name, script)"
        " VALUES (nullif(:'domain', ''), nullif(:'node', ''), :'place',"
        " :'name', :'script')",
        domain=box.customer.domain if domain else "",
        node="" if domain else box.lmtp.node,
        place=place,
        name=name,
        script=script,
    )


def test_default_scripts_frame_the_own_one(box):
    add = require("editheader") + 'addheader :last "X-Step" "{}";'
    default(box, add.format("before"))
    default(box, add.format("after"), place="after")
    default(box, add.format("node"), domain=False)
    box.script("keep;")

    def steps():
        assert box.deliver() == DELIVERED
        text = box.files()[-1].read_text()
        return [w[8:] for w in text.splitlines() if w.startswith("X-Step: ")]

    wait_for(lambda: steps() == ["node", "before", "after"], "they are known")
    [path] = box.files()[:1]
    assert path.read_text().startswith("Return-Path: <anna@b.example>\n")
    box.lmtp.query("DELETE FROM hauspost.sieve_default")
    wait_for(lambda: steps() == [], "they are gone")


def test_after_it_only_what_is_kept(box):
    default(box, "discard;", place="after")
    box.script(require("fileinto", "mailbox") + 'fileinto :create "L";')
    assert box.deliver() == DELIVERED
    assert len(box.files("L")) == 1
    box.script("keep;")
    wait_for(lambda: "filtered" in box.deliver(), "the default is known")


def test_a_default_with_errors_harms_nobody(box):
    default(box, "nonsense;")
    wait_for(
        lambda: box.deliver() and "bad-default-script" in box.lmtp.log(),
        "the admin is told",
    )
    assert len(box.files()) >= 1


def test_scripts_include_others(box):
    default(box, 'addheader "X-From" "everybody";'.join(
        [require("editheader"), ""]), place="include", name="shared")
    box.write(
        "sieve/own.sieve",
        require("fileinto", "mailbox") + 'fileinto :create "Own";',
    )
    box.script(
        require("include") + 'include :global "shared"; include "own";'
    )

    def filed():
        assert box.deliver() == DELIVERED
        return box.files("Own")

    wait_for(filed, "the default is known")
    assert "X-From: everybody\n" in box.files("Own")[0].read_text()


def test_sieve_comes_before_recipes_and_defaults_do_not(box):
    """filter = auto: Sieve where there is a script, else procmail."""
    box.write(".procmailrc", ":0\n.Sorted/\n")
    shutil.chown(box.home, box.uid, box.uid)
    default(box, require("editheader") + 'addheader "X-Default" "y";')
    box.script("keep;")
    assert box.deliver() == DELIVERED
    assert len(box.files()) == 1


def test_t173_sieve_runs_behind_procmail(box):
    """Also where it was the recipes' turn first: as their last step."""
    place = box.lmtp.place
    box.write(
        ".procmailrc",
        f":0 w\n| {place / 'bin' / 'hauspost-deliver'} -c {box.lmtp.config}\n",
    )
    shutil.chown(box.home, box.uid, box.uid)
    box.lmtp.query(
        "UPDATE hauspost.mailbox SET filter = 'procmail' WHERE name = :'m'",
        m=box.name,
    )
    box.script(require("fileinto", "mailbox") + 'fileinto :create "L";')

    def by_program():
        return box.deliver() == "250 2.0.0 taken by a program"

    wait_for(by_program, "the filter is known")
    assert len(box.files("L")) >= 1 and box.files() == []


# -- When others are away ----------------------------------------------------


def test_without_the_storer_it_waits(box):
    box.script("discard;")
    storer = box.lmtp.programs["hauspost-storer"]
    storer.kill()
    try:
        assert box.deliver().startswith("451 4.3.0")
    finally:
        box.lmtp.start_program("hauspost-storer")
    assert "filtered" in box.deliver()


def test_a_home_that_went_away_is_made_again(box):
    assert box.deliver() == DELIVERED
    shutil.rmtree(box.home)
    assert box.deliver() == DELIVERED
    assert len(box.files()) == 1


def test_a_link_out_of_the_home_is_no_script(box):
    other = Box(box.lmtp, box.customer, "other")
    other.write("secret", 'discard;')
    (box.home / ".dovecot.sieve").symlink_to(other.home / "secret")
    assert box.deliver() == DELIVERED
    assert len(box.files()) == 1
    assert "the active script can't be opened" in box.log()


def test_check_names_an_extension_that_is_none(box, tmp_path):
    config = tmp_path / "hauspost.conf"
    config.write_text(
        "[hauspost]\nnode = h01.hosting.example\n"
        "[lmtpd]\nsieve_extensions = +editheader +nonsense\n"
    )
    done = subprocess.run(
        [box.lmtp.place / "bin/hauspost-lmtpd", "--config", config, "--check"],
        text=True,
        capture_output=True,
    )
    assert done.returncode == 78
    assert 'there is no extension "+nonsense"' in done.stderr.replace("\\", "")

"""Automatic replies, as a row of the directory and as a Sieve command: who gets
one, from which address, and how often."""

import datetime

import pytest
from stage import wait_for
from test_lmtp_sieve import Box, require

AWAY = {"subject": "Away", "reply": 'I am "away"\\\nuntil Monday'}


@pytest.fixture
def box(lmtp):
    box = Box(lmtp, lmtp.customer())
    box.info = box.customer.address("info", box.name)
    return box


def reply_with(box, **columns):
    """The row; waits until lmtpd knows it."""
    columns = AWAY | columns
    names = ", ".join(columns)
    values = ", ".join(f":'{name}'" for name in columns)
    box.lmtp.query(
        f"INSERT INTO hauspost.vacation (mailbox, {names})"
        f" VALUES (:'m', {values})",
        m=box.name,
        **columns,
    )


def write_to(box, to=None, sender="anna@b.example", fields="", **more):
    to = to or box.info
    fields = f"To: {to}\n{fields}"
    answer = box.deliver(fields, sender=sender, to=to, **more)
    assert answer == "250 2.0.0 delivered", answer


def replies(box):
    return [m for m in box.lmtp.sunk() if "vacation" in m["message"]]


def first_reply(box, **message):
    """Writes until there is one: a row is known a moment after its COMMIT."""

    def answered():
        write_to(box, **message)
        return replies(box)

    wait_for(answered, "there is a reply")
    [reply] = replies(box)
    return reply


def test_t177_one_reply_for_each_sender(box):
    reply_with(box)
    reply = first_reply(box)
    assert (reply["sender"], reply["recipients"]) == ("", ["anna@b.example"])
    assert any("NOTIFY=NEVER" in option for option in reply["options"])
    head, _, body = reply["message"].partition("\r\n\r\n")
    assert f"From: <{box.info}>\r\n" in head
    assert "To: <anna@b.example>\r\n" in head
    assert "Subject: Away\r\n" in head
    assert "Auto-Submitted: auto-replied" in head
    assert body.rstrip() == 'I am "away"\\\r\nuntil Monday'
    write_to(box)
    write_to(box, sender="otto@b.example")
    assert [r["recipients"] for r in replies(box)] == [
        ["anna@b.example"],
        ["otto@b.example"],
    ]


def test_a_retry_does_not_answer_again_nor_does_a_crash(box):
    """The claim comes before the sending, so a lost 250 changes nothing."""
    reply_with(box)
    first_reply(box, queue_id="52A0")
    box.lmtp.programs["hauspost-lmtpd"].kill()
    box.lmtp.start_program("hauspost-lmtpd")
    write_to(box, queue_id="52A0")
    assert len(replies(box)) == 1 and len(box.files()) >= 1


def test_a_reply_that_can_not_be_sent_now_defers(box):
    reply_with(box)

    def deferred():
        return box.deliver(
            f"To: {box.info}", sender="450@b.example", queue_id="52B0"
        ).startswith("450")

    wait_for(deferred, "the row is known")
    assert [p for p in box.files() if p.name.startswith("52B0")] == []
    write_to(box, sender="550@b.example")  # no reason to hold mail back
    assert replies(box) == []


SILENT = {
    "a bounce": {"sender": ""},
    "a list": {"fields": "List-Id: <a.b.example>"},
    "bulk mail": {"fields": "Precedence: bulk"},
    "another reply": {"fields": "Auto-Submitted: auto-replied"},
    "a program": {"sender": "mailer-daemon@b.example"},
    "a list's owner": {"sender": "owner-list@b.example"},
    "spam": {"fields": "X-Spam-Flag: YES"},
}


def test_whom_nobody_answers(box):
    reply_with(box)
    first_reply(box)
    for message in SILENT.values():
        write_to(box, **({"sender": "otto@b.example"} | message))
    hidden = "undisclosed-recipients:;"
    box.deliver(f"To: {hidden}", sender="otto@b.example", to=box.info)
    write_to(box, sender=box.info)
    assert len(replies(box)) == 1


def test_my_addresses_are_what_leads_to_me(box):
    alias = box.customer.alias("office", box.name)
    sales = box.customer.address("sales", alias)
    other = box.customer.address("other", box.customer.mailbox("other"))
    reply_with(box)
    reply = first_reply(box, to=sales)
    assert f"From: <{sales}>" in reply["message"]
    # Written to another address of mine than the one it came by.
    box.deliver(f"Cc: {sales}", sender="cc@b.example", to="x@lists.example")
    assert len(replies(box)) == 2
    box.deliver(f"To: {other}", sender="to@b.example", to="x@lists.example")
    assert len(replies(box)) == 2


def test_a_catch_all_answers_nobody(box):
    box.customer.address("", box.name)
    reply_with(box)
    first_reply(box)
    write_to(box, to=f"made-up@{box.customer.domain}", sender="b@b.example")
    assert len(replies(box)) == 1


def test_only_those_i_wrote_to(box):
    reply_with(box, known_only=True)
    box.lmtp.query(
        "INSERT INTO hauspost.trail (login, recipient, event)"
        " VALUES (:'m', 'known@b.example', 'queued')",
        m=box.name,
    )
    first_reply(box, sender="known@b.example")
    write_to(box, sender="stranger@b.example")
    assert [r["recipients"] for r in replies(box)] == [["known@b.example"]]


def test_a_script_that_drops_mail_answers_nothing(box):
    box.script(
        require("reject", "fileinto", "mailbox")
        + 'if header "x" "drop" { discard; }'
        + 'elsif header "x" "no" { reject "no"; }'
        + 'else { fileinto :create "L"; }'
    )
    reply_with(box)
    first_reply(box)
    assert box.files("L") and not box.files()
    box.deliver(f"To: {box.info}\nX: drop", sender="b@b.example", to=box.info)
    answer = box.deliver(
        f"To: {box.info}\nX: no", sender="c@b.example", to=box.info
    )
    assert answer == "550 5.7.1 no"
    assert len(replies(box)) == 1


@pytest.mark.parametrize("mine", [True, False])
def test_a_reply_comes_from_an_address_of_the_mailbox(box, mine):
    other = box.customer.address("other", box.name)
    sender = f"Fred <{other}>" if mine else "Boss <boss@world.example>"
    box.script(require("vacation") + f'vacation :from "{sender}" "away";')
    write_to(box)
    [reply] = replies(box)
    expected = other if mine else box.info
    assert f"<{expected}>\r\n" in reply["message"].split("From: ")[1][:80]
    assert mine or ":from is none of yours" in box.log()


def test_a_script_of_ones_own_answers_and_the_row_does_not(box):
    box.script(require("vacation") + 'vacation :subject "Own" "own vacation";')
    reply_with(box)
    write_to(box)
    [reply] = replies(box)
    assert "Subject: Own\r\n" in reply["message"]


def test_the_days_of_a_row(box):
    """What is in force when is SQL's to say, in the owner's time zone."""
    today = datetime.datetime.now(datetime.timezone.utc)
    day = today.isoweekday()
    script = "SELECT hauspost.vacation_script(:'m') IS NOT NULL"
    changes = (
        "SELECT hauspost.vacation_changes_at(:'m') BETWEEN now()"
        " AND now() + interval '1 day'"
    )
    reply_with(box, zone="UTC", weekdays=f"{{{day}}}")

    def ask(query):
        return box.lmtp.query(query, m=box.name)[0][0]

    def change(assignment):
        box.lmtp.query(
            f"UPDATE hauspost.vacation SET {assignment} WHERE mailbox = :'m'",
            m=box.name,
        )

    assert ask(script) == "t" and ask(changes) == "t"
    change(f"weekdays = '{{{day % 7 + 1}}}'")
    assert ask(script) == "f" and ask(changes) == "t"
    change("weekdays = NULL, valid_from = now() + interval '1 hour'")
    assert ask(script) == "f" and ask(changes) == "t"
    change("valid_from = NULL, valid_until = now() + interval '1 hour'")
    assert ask(script) == "t" and ask(changes) == "t"
    change("active = false")
    assert ask(script) == "f" and ask(changes) is None


def test_a_row_turned_off_is_off_at_once(box):
    reply_with(box)
    first_reply(box)
    box.lmtp.query(
        "UPDATE hauspost.vacation SET active = false WHERE mailbox = :'m'",
        m=box.name,
    )
    senders = (f"s{n}@b.example" for n in range(1000))

    def silent():
        before = len(replies(box))
        write_to(box, sender=next(senders))
        return len(replies(box)) == before

    wait_for(silent, "it is off")


def test_nobody_is_flooded(box):
    reply_with(box)
    first_reply(box)
    box.lmtp.query(
        "INSERT INTO hauspost.vacation_sent (mailbox, key, until)"
        " SELECT :'m', 'k' || n, now() + interval '1 day'"
        " FROM generate_series(1, 100) AS n",
        m=box.name,
    )
    write_to(box, sender="late@b.example")
    assert len(replies(box)) == 1


def test_what_has_run_out_is_swept(box):
    """When a worker starts, and every hour."""
    lmtp = box.lmtp
    lmtp.query(
        "INSERT INTO hauspost.vacation_sent (mailbox, key, until)"
        " VALUES (:'m', 'old', now() - interval '1 second'),"
        " (:'m', 'new', now() + interval '1 day')",
        m=box.name,
    )
    lmtp.programs["hauspost-lmtpd"].kill()
    lmtp.start_program("hauspost-lmtpd")
    keys = "SELECT key FROM hauspost.vacation_sent WHERE mailbox = :'m'"
    wait_for(
        lambda: [k for [k] in lmtp.query(keys, m=box.name)] == ["new"],
        "it is gone",
    )


WRONG = {
    "a subject of two lines": {"subject": "a\nTo: b@c.example"},
    "no text": {"reply": " "},
    "too often": {"every_days": 0},
    "an eighth day": {"weekdays": "{8}"},
    "no time zone": {"zone": "Nowhere/Town"},
}


@pytest.mark.parametrize("what", WRONG)
def test_a_row_that_makes_no_sense_is_refused(box, what):
    with pytest.raises(Exception, match="vacation of"):
        reply_with(box, **WRONG[what])

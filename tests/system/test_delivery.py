"""From SMTP to IMAP: who gets a message, and what it looks like then.

Names are those of the scenarios; each test has a customer of its own.
"""

import re

from stage import clients


def headers(message, name):
    """Every value of a field, unfolded."""
    head = message.partition(b"\r\n\r\n")[0].decode("latin-1")
    head = re.sub(r"\r\n[ \t]+", " ", head)
    return re.findall(rf"(?im)^{name}: *(.*?)\r?$", head)


def deliver(stage, recipients, text=None, **options):
    """Send, expect no refusal, wait until it has arrived."""
    assert stage.send(recipients, text, **options) == {}
    assert stage.settle() == []


def test_t070_an_address_leads_to_a_mailbox_once(stage, customer):
    abc = customer.mailbox("abc")
    info = customer.address("info", abc)
    deliver(stage, [info])
    assert len(customer.inbox(abc)) == 1


def test_t071_mailbox_and_external_address(stage, customer):
    abc = customer.mailbox("abc")
    info = customer.address("info", abc, f"out@{customer.name}.elsewhere.example")
    deliver(stage, [info])
    assert len(customer.inbox(abc)) == 1
    sent = [k for k in clients.sunk(stage.place)
            if k["recipients"] == [f"out@{customer.name}.elsewhere.example"]]
    assert len(sent) == 1
    # The stranger's own domain would fail SPF at the next server.
    assert not sent[0]["sender"].endswith("@world.example")


def test_t072_an_alias_wins_over_its_mailbox(stage, customer):
    abc, other = customer.mailbox("abc"), customer.mailbox("other")
    customer.alias("abc", other)
    info = customer.address("info", abc)
    deliver(stage, [info])
    assert customer.inbox(abc) == []
    assert len(customer.inbox(other)) == 1


def test_an_alias_that_names_itself_means_its_mailbox(stage, customer):
    abc = customer.mailbox("abc")
    customer.alias("abc", abc)
    deliver(stage, [customer.address("info", abc)])
    assert len(customer.inbox(abc)) == 1


def test_t074_aliases_in_aliases_and_each_mailbox_once(stage, customer):
    abc = customer.mailbox("abc")
    inner = customer.alias("inner", abc)
    outer = customer.alias("outer", inner, abc)
    deliver(stage, [customer.address("info", outer)])
    assert len(customer.inbox(abc)) == 1


def test_two_recipients_that_end_in_one_mailbox(stage, customer):
    abc = customer.mailbox("abc")
    info, sales = customer.address("info", abc), customer.address("sales", abc)
    deliver(stage, [info, sales])
    [message] = customer.inbox(abc)
    assert headers(message, "X-Original-To") == [info]


def test_t077_catch_all_keeps_the_original_recipient(stage, customer):
    abc = customer.mailbox("abc")
    customer.address("", abc)
    deliver(stage, [f"WhoEver@{customer.domain}"])
    [message] = customer.inbox(abc)
    assert headers(message, "X-Original-To") == [f"WhoEver@{customer.domain}"]


def test_t078_an_explicit_address_wins_over_the_catch_all(stage, customer):
    abc, all_ = customer.mailbox("abc"), customer.mailbox("all")
    customer.address("", all_)
    info = customer.address("info", abc)
    deliver(stage, [info])
    assert len(customer.inbox(abc)) == 1
    assert customer.inbox(all_) == []


def test_t080_catch_all_of_a_subdomain_only(stage, customer):
    abc = customer.mailbox("abc")
    hamburg = customer.add_domain("hamburg")
    customer.address("", abc, domain=hamburg)
    deliver(stage, [f"x@{hamburg}"])
    assert len(customer.inbox(abc)) == 1
    refused = stage.send([f"x@{customer.domain}"])
    assert refused[f"x@{customer.domain}"].startswith("550 5.1.1")


def test_t081_a_domain_that_leads_to_another(stage, customer):
    tim = customer.mailbox("tim")
    other = customer.add_domain("other")
    customer.address("tim", tim)
    customer.address("", f"@{customer.domain}", domain=other)
    deliver(stage, [f"tim@{other}"])
    [message] = customer.inbox(tim)
    assert headers(message, "X-Original-To") == [f"tim@{other}"]


def test_t083_an_address_with_a_plus_of_its_own(stage, customer):
    a, ab = customer.mailbox("a"), customer.mailbox("ab")
    customer.address("a", a)
    plus = customer.address("a+b", ab)
    deliver(stage, [plus])
    deliver(stage, [f"a+c@{customer.domain}"])
    assert len(customer.inbox(ab)) == len(customer.inbox(a)) == 1


def test_t087_dropped_is_accepted_and_on_the_trail(stage, customer):
    drop = customer.address("drop", "/dev/null")
    deliver(stage, [drop])
    assert stage.trail(drop, "discarded")[0][0] == "250"


def test_t088_dropped_beside_a_mailbox(stage, customer):
    abc = customer.mailbox("abc")
    deliver(stage, [customer.address("both", "/dev/null", abc)])
    assert len(customer.inbox(abc)) == 1


def test_t089_t090_automatic_addresses(stage, customer):
    abc = customer.mailbox("abc")
    [[host]] = stage.query(
        "SELECT host FROM hauspost.package WHERE name = :'name'",
        name=customer.name,
    )
    deliver(stage, [f"{abc}@{host}"])
    deliver(stage, [f"{abc}@{stage.node}"])
    assert len(customer.inbox(abc)) == 2


def test_t094_mixed_case_finds_the_same_row(stage, customer):
    abc = customer.mailbox("abc")
    customer.address("Info", abc)
    deliver(stage, [f"iNFO@{customer.domain.upper()}"])
    assert len(customer.inbox(abc)) == 1


def test_t110_what_arrives_is_what_was_sent(stage, customer):
    abc = customer.mailbox("abc")
    info = customer.address("info", abc)
    body = "..dots\r\n.\r\n" + "long " * 20000 + "\r\n \x7f\r\n\r\n\r\nend\r\n"
    deliver(stage, [info], clients.letter("exact", body))
    [message] = customer.inbox(abc)
    assert message.endswith(b"\r\n\r\n" + body.encode())
    assert headers(message, "Return-Path") == ["<anna@world.example>"]
    assert headers(message, "Delivered-To") == [abc] or headers(
        message, "Delivered-To"
    )[0].startswith(abc)


def test_eight_bits_arrive_as_they_are(stage, customer):
    abc = customer.mailbox("abc")
    info = customer.address("info", abc)
    text = clients.letter().encode() + bytes(range(0x80, 0x100)) + b"\r\n"
    deliver(stage, [info], text)
    [message] = customer.inbox(abc)
    assert bytes(range(0x80, 0x100)) in message


def test_a_blind_copy_stays_blind(stage, customer):
    abc, secret = customer.mailbox("abc"), customer.mailbox("secret")
    info, bcc = customer.address("info", abc), customer.address("bcc", secret)
    deliver(stage, [info, bcc])
    [message] = customer.inbox(abc)
    assert b"bcc" not in message and b"secret" not in message
    [message] = customer.inbox(secret)
    assert b"info" not in message


def test_t095_one_of_three_is_over_quota(stage, customer):
    good, fine = customer.mailbox("good"), customer.mailbox("fine")
    full = customer.mailbox("full", quota_hard_bytes=1000)
    everybody = [customer.address(m.rpartition("-")[2], m)
                 for m in (good, full, fine)]
    stage.query(
        "INSERT INTO hauspost.usage (mailbox, bytes, messages)"
        " VALUES (:'full', 1000, 1)"
        " ON CONFLICT (mailbox) DO UPDATE SET bytes = 1000",
        full=full,
    )
    refused = stage.send(everybody)
    assert list(refused) == [everybody[1]]
    assert refused[everybody[1]].startswith("452 4.2.2")
    stage.settle()
    assert len(customer.inbox(good)) == len(customer.inbox(fine)) == 1
    assert customer.inbox(full) == []


def test_a_forward_that_keeps_a_copy(stage, customer):
    abc, tim = customer.mailbox("abc"), customer.mailbox("tim")
    to_tim = customer.address("tim", tim)
    customer.forward(abc, to_tim)
    deliver(stage, [customer.address("info", abc)])
    assert len(customer.inbox(abc)) == len(customer.inbox(tim)) == 1


def test_the_null_sender_is_delivered(stage, customer):
    abc = customer.mailbox("abc")
    deliver(stage, [customer.address("info", abc)], sender="")
    [message] = customer.inbox(abc)
    assert headers(message, "Return-Path") == ["<>"]


def test_t135_a_local_program_is_known_by_its_user(stage, customer):
    abc = customer.mailbox("abc")
    info = customer.address("info", abc)
    deliver(stage, [info], stranger=None, sender=info)
    assert stage.postfix.sendmail(clients.letter(), "-f", info, info) == 0
    assert stage.settle() == []
    inbox = customer.inbox(abc)
    assert len(inbox) == 2
    for message in inbox:
        ours, postfix = headers(message, "Received")[:2]
        queue_id = re.search(r"\bid ([^ ;]+)", postfix)[1]
        assert f"with LMTP id {queue_id} " in ours


def test_t134_a_large_message(stage, customer):
    """90 MB in base64, with its line ends: 123 MB on the wire."""
    abc = customer.mailbox("abc")
    info = customer.address("info", abc)
    line = "A" * 76 + "\r\n"
    deliver(stage, [info], clients.letter("large", line * 1_580_000))
    [message] = customer.inbox(abc)
    assert message.count(line.encode()) == 1_580_000


def test_a_message_from_a_changed_directory(stage, customer):
    """What a COMMIT says is true for the next message."""
    one, two = customer.mailbox("one"), customer.mailbox("two")
    info = customer.address("info", one)
    deliver(stage, [info])
    stage.query(
        "UPDATE hauspost.target SET destination = :'two'"
        " WHERE address = :'info'",
        two=two,
        info=info,
    )
    deliver(stage, [info])
    assert len(customer.inbox(one)) == len(customer.inbox(two)) == 1

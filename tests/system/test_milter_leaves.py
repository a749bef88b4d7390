"""What becomes of an accepted message: recipients, headers, trail."""

from stage import STRANGER, clients, wait_for
from stage.clients import letter, reply

MBOX = "mbox.h01.hosting.example"
ABC = f"xyz00-abc@{MBOX}"


def send(edge, recipients, text=None, **options):
    """recipients: {address: [parameters of RCPT]}. The reply to the end of
    the data."""
    with edge.smtp(**{"stranger": STRANGER} | options) as peer:
        assert peer.mail("anna@world.example")[0] == 250
        for recipient, parameters in recipients.items():
            code, said = peer.rcpt(recipient, parameters)
            assert code == 250, reply(code, said)
        return reply(*peer.data(text or letter()))


def leaves(edge):
    """Every recipient that came by LMTP, with its parameters."""
    found = {}
    for delivery in edge.delivered():
        found |= delivery.recipients
    return found


def sunk_for(edge, recipient):
    edge.settle()
    return [m for m in clients.sunk(edge.place) if recipient in m["recipients"]]


def test_a_leaf_tells_the_address_that_was_written(edge):
    send(edge, {"a+b@example.org": [], "info@example.org": []})
    assert leaves(edge) == {
        f"xyz00@{MBOX}": {"ORCPT": "rfc822;a+2Bb@example.org"},
        ABC: {"ORCPT": "rfc822;info@example.org"},
    }


def test_a_detail_stays_with_its_leaf(edge):
    send(edge, {"info+shop@example.org": []})
    assert leaves(edge) == {
        f"xyz00-abc+shop@{MBOX}": {"ORCPT": "rfc822;info+2Bshop@example.org"}
    }


def test_notify_passes_and_a_strangers_orcpt_does_not(edge):
    wishes = ["NOTIFY=SUCCESS,DELAY", "ORCPT=rfc822;forged@example.net"]
    send(edge, {"info@example.org": wishes, "office@example.org": ["NOTIFY=NEVER"]})
    assert leaves(edge) == {
        ABC: {"ORCPT": "rfc822;info@example.org", "NOTIFY": "SUCCESS,DELAY"},
        f"xyz00-abc+office@{MBOX}": {
            "ORCPT": "rfc822;office@example.org",
            "NOTIFY": "NEVER",
        },
    }


def test_t074_each_mailbox_gets_one_copy_and_the_first_original(edge):
    send(edge, {"info@example.org": [], "team@example.org": []})
    assert {leaf: p["ORCPT"] for leaf, p in leaves(edge).items()} == {
        ABC: "rfc822;info@example.org",
        f"xyz00@{MBOX}": "rfc822;team@example.org",
        f"xyz00-fred@{MBOX}": "rfc822;team@example.org",
        f"abc00-tim@{MBOX}": "rfc822;team@example.org",
    }


def test_the_same_recipient_in_two_spellings_is_one(edge):
    send(edge, {"info@example.org": [], "INFO@Example.ORG": []})
    assert leaves(edge) == {ABC: {"ORCPT": "rfc822;info@example.org"}}


def test_bcc_no_header_names_a_recipient(edge):
    send(edge, {"info@example.org": [], "fred@example.org": []})
    for delivery in edge.delivered():
        for name in ("info@", "fred@", "xyz00", "mbox."):
            assert name not in delivery.message


def test_t087_discarded_mail_leaves_only_a_trail(edge):
    assert send(edge, {"drop@example.org": []}).startswith("250")
    assert edge.delivered() == []
    assert edge.trail("drop@example.org", "discarded")


def test_t088_discard_beside_a_mailbox(edge):
    send(edge, {"both@example.org": []})
    assert list(leaves(edge)) == [ABC]


def test_a_forward_leaves_at_once_with_its_mark(edge):
    wishes = ["NOTIFY=FAILURE", "ORCPT=rfc822;list@world.example"]
    send(edge, {"away@example.org": wishes})
    *_, sent = sunk_for(edge, "someone@elsewhere.example")  # other tests' too
    assert sent["message"].startswith("Delivered-To: away@example.org\r\n")
    assert "ORCPT=rfc822;list@world.example" in sent["options"][1]
    assert "NOTIFY=FAILURE" in sent["options"][1]
    assert edge.delivered() == []


def test_a_forward_beside_a_mailbox_goes_by_lmtpd_without_a_mark(edge):
    send(edge, {"away@example.org": [], "info@example.org": []})
    deliveries = edge.delivered()
    [forward] = [r for d in deliveries for r in d.recipients if "forward." in r]
    assert forward.endswith("=someone=elsewhere.example@forward.h01.hosting.example")
    assert all("Delivered-To" not in d.message for d in deliveries)


def test_a_message_forwarded_from_here_before_is_a_loop(edge):
    text = "Delivered-To: <away@example.org>\n" + letter()
    assert send(edge, {"away@example.org": []}, text).startswith("250")
    text = "delivered-to:\n Away@example.org\n" + letter()
    assert send(edge, {"away@example.org": []}, text).startswith("554 5.4.6")


def test_fifty_hops_are_enough(edge):
    hops = "Received: by a.example; Tue, 24 Nov 2026 08:00:00 +0000\n" * 51
    answer = send(edge, {"info@example.org": []}, hops + letter())
    assert answer.startswith("554 5.4.")  # Postfix or we, whoever counts first


def test_the_trail_has_a_row_for_each_recipient(edge):
    send(edge, {"small@example.org": [], "nosuch@hamburg.example.org": []})
    [row] = edge.trail("nosuch@hamburg.example.org", "queued")
    assert row == ["250", "2.1.5", "xyz00-abc", "inbound", None]
    [path] = edge.query(
        "SELECT path, client, sender, size_bytes > 40, queue_id ~ '^[0-9A-F]'"
        " FROM hauspost.trail WHERE recipient = 'small@example.org'"
    )
    assert path == [
        "{address:small@example.org,mailbox:xyz00-small}",
        STRANGER,
        "anna@world.example",
        "t",
        "t",
    ]
    edge.delivered()


# -- Size ------------------------------------------------------------------


def large(octets):
    return letter() + ("y" * 76 + "\r\n") * (octets // 78)


def test_a_message_for_nobody_here_is_refused_at_mail(edge):
    with edge.smtp(stranger=STRANGER) as peer:
        code, said = peer.mail("anna@world.example", ["SIZE=135000000"])
    answer = reply(code, said)
    assert answer.startswith("552 5.3.4") and "135000000" in answer


def test_a_declared_size_is_refused_at_rcpt(edge):
    with edge.smtp(stranger=STRANGER) as peer:
        peer.mail("anna@world.example", ["SIZE=100001"])
        assert reply(*peer.rcpt("small@example.org")).startswith("552 5.3.4")
        assert peer.rcpt("info@example.org")[0] == 250


def test_the_real_size_is_refused_at_the_end(edge):
    answer = send(edge, {"small@example.org": []}, large(120_000))
    assert answer.startswith("552 5.3.4") and "100000" in answer
    [row] = edge.trail("small@example.org", "refused")[-1:]
    assert row[:2] == ["552", "5.3.4"]
    assert edge.delivered() == []


def test_what_just_fits_is_taken(edge):
    assert send(edge, {"small@example.org": []}, large(90_000)).startswith("250")
    assert list(leaves(edge)) == [f"xyz00-small@{MBOX}"]


def test_a_leaf_that_it_does_not_fit_is_dropped_and_its_owner_told(edge):
    edge.query(
        "BEGIN;"
        "INSERT INTO hauspost.address (local_part, domain)"
        " VALUES ('mixed', 'example.org');"
        "INSERT INTO hauspost.target (address, destination) VALUES"
        " ('mixed@example.org', 'xyz00-small'), ('mixed@example.org', 'xyz00-abc');"
        "COMMIT"
    )
    assert send(edge, {"mixed@example.org": []}, large(120_000)).startswith("250")
    assert list(leaves(edge)) == [ABC]
    [row] = edge.trail("mixed@example.org", "dropped")
    assert row[:3] == ["552", "5.3.4", "xyz00-small"]
    notices = lambda: edge.query(
        "SELECT owner FROM hauspost.notice"
        " WHERE kind = 'too-large' AND subject = 'mixed@example.org'"
    )
    wait_for(notices, "the owner's notice is written")
    assert notices() == [["xyz00-small"]]


def test_a_recipient_that_it_does_not_fit_bounces_beside_another(edge):
    both = {"small@example.org": [], "info@example.org": []}
    assert send(edge, both, large(120_000)).startswith("250")
    edge.settle()
    assert list(leaves(edge)) == [ABC]
    [row] = edge.trail("small@example.org", "rejected")
    assert row[:2] == ["552", "5.3.4"]
    bounces = sunk_for(edge, "anna@world.example")
    assert "5.3.4=small=example.org@reject." in bounces[-1]["message"]
    assert "rfc822;small@example.org" in bounces[-1]["message"]

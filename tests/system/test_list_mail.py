"""Commands, letters and bounces of a list, by mail through Postfix."""

import email
import email.policy
import json
import re

import pytest

from list_rig import List, list_host  # noqa: F401
from stage import wait_for
from stage.customer import Customer

OLGA = "olga@o.example"


class People(List):
    """A list with an owner, and the letters that the world got from it."""

    def __init__(self, host, customer, **columns):
        super().__init__(host, customer, **{"language": "en"} | columns)
        # A person of each test's own: letters to one are few a day.
        self.customer = customer
        self.anna = f"anna.{customer.name}@a.example"
        self.join(OLGA, role="owner", mode="nomail")

    def set(self, **columns):
        for column, value in columns.items():
            self.host.query(
                f"UPDATE hauspost.list SET {column} = :'value'"
                " WHERE id = :'list'", value=value, list=self.id,
            )  # fmt: skip

    def sub(self, extension):
        return f"{self.name}+{extension}@{self.domain}"

    def write(self, extension, author=None, text="hello", **headers):
        """A mail to one of the list's addresses; what was refused."""
        author = author or self.anna
        to = extension if "@" in extension else self.sub(extension)
        fields = {"From": author, "To": to, "Subject": "x"} | headers
        head = "".join(f"{k}: {v}\r\n" for k, v in fields.items() if v)
        sender = headers.get("sender", author)
        return self.host.send([to], f"{head}\r\n{text}\r\n".encode(), sender)

    def letters(self, to=None):
        found, to = [], to or self.anna
        for path in sorted(
            (self.host.place / "sink").glob("*.json"),
            key=lambda path: path.stat().st_mtime_ns,
        ):
            kept = json.loads(path.read_text())
            if to in kept["recipients"] and self.domain in kept["message"]:
                mail = email.message_from_string(
                    kept["message"], policy=email.policy.default
                )
                mail.sender = kept["sender"]
                found.append(mail)
        return found

    def letter(self, number=1, to=None):
        """The last letter, of so many."""
        wait_for(
            lambda: len(self.letters(to)) >= number, f"letter {number}"
        )
        letters = self.letters(to)
        assert len(letters) == number
        return letters[-1]

    def member(self, address=None):
        rows = self.host.query(
            "SELECT m.mode, m.state, m.score FROM hauspost.list_member AS m"
            " JOIN hauspost.list_address AS a ON a.id = m.address"
            " WHERE a.key = :'key' AND m.list = :'list'",
            key=address or self.anna, list=self.id,
        )  # fmt: skip
        return rows[0] if rows else None

    def logged(self, word):
        wait_for(
            lambda: any(
                word in line and self.domain in line
                for line in self.host.listmgr.log.read_text().splitlines()
            ),
            f"{word} in the log",
        )


@pytest.fixture
def news(list_host):  # noqa: F811
    return People(list_host, Customer(list_host))


def test_who_subscribes_by_mail_confirms_by_a_plain_reply(news):
    assert news.write("subscribe") == {}
    asked = news.letter()
    token = re.search(r"\+confirm-([a-z2-7]{26})@", asked["From"])[1]
    assert asked["Reply-To"] == asked["From"]
    assert asked.sender == news.sub(f"c-{token}")
    assert asked["Auto-Submitted"] == "auto-replied"
    assert asked["List-Id"] is None
    assert news.sub(f"confirm-{token}") in asked.get_content()
    assert news.member() is None
    assert news.write(news.sub(f"confirm-{token}"), text="> quoted") == {}
    welcome = news.letter(2)
    assert news.member()[0] == "normal"
    assert (welcome.sender, welcome["List-Id"]) == ("", f"<news.{news.domain}>")
    assert news.sub("unsubscribe") in welcome.get_content()
    assert news.write(news.sub(f"confirm-{token}")) == {}
    assert "ended" in news.letter(3)["Subject"]


def test_an_absence_notice_confirms_and_asks_nothing(news):
    news.write("subscribe", **{"Auto-Submitted": "auto-replied"})
    news.write("subscribe", Precedence="bulk")
    news.write("subscribe", sender="", To=news.sub("subscribe"))
    news.write("help", **{"X-Loop": news.address})
    news.write("subscribe")
    asked = news.letter()
    news.write(asked["Reply-To"], **{"Auto-Submitted": "auto-replied"})
    news.write("unsubscribe")
    assert "is not on" in news.letter(2)["Subject"]
    assert news.member() is None


def test_nobody_asks_with_a_from_of_another_domain(news):
    news.write("subscribe", sender="eve@bad.example")
    news.write("subscribe", sender="bounces@a.example")
    news.letter()
    assert news.letters("eve@bad.example") == []


def test_a_member_leaves_and_changes_by_mail(news):
    news.join(news.anna)
    news.write("set-digest")
    news.write(news.letter()["Reply-To"])
    wait_for(lambda: news.member()[0] == "digest", "digests")
    news.write("request", Subject="unsubscribe")
    news.write(news.letter(2)["Reply-To"])
    assert "left" in news.letter(3)["Subject"]
    assert news.member() is None


def test_a_machine_of_commands_answers_five_times_a_day(news):
    for _ in range(7):
        news.write("request", text="what?")
    news.letter(5)
    news.logged("limited")


def test_members_get_old_posts_as_whole_mails(news):
    news.join(news.anna, mode="nomail")
    news.post(news.anna, "first")
    news.sent()
    news.write("get-1")
    letter = news.letter()
    text, post = letter.iter_parts()
    assert "attached" in text.get_content()
    assert post.get_content_type() == "message/rfc822"
    assert post.get_content()["Subject"] == "first"


def test_mail_to_the_owners_passes_from_members_only(news):
    news.join(news.anna, mode="nomail")
    news.write("owner", "eve@bad.example", text="buy")
    news.write("owner", news.anna, text="a question")
    mail = news.letter(to=OLGA)
    assert (mail["From"], mail["X-Loop"]) == (news.anna, news.address)
    assert mail.get_content().strip() == "a question"
    assert re.fullmatch(rf"news\+c-[a-z2-7]+@{news.domain}", mail.sender)
    news.write("owner", news.anna, **{"X-Loop": news.address})
    news.logged("of this list")
    assert len(news.letters(OLGA)) == 1


def test_a_bounce_of_a_post_counts_for_its_member(news):
    gone = "550-5.1.1@a.example"
    news.join(news.anna, gone, "550-5.7.1@a.example")
    news.post(news.anna)
    news.sent()
    wait_for(lambda: news.member(gone)[2] == "1.0", "a score of one")
    assert news.member("550-5.7.1@a.example")[2] == "0.0"
    ways = [
        line for line in news.host.postfix.maillog.read_text().splitlines()
        if "+b-1." in line and news.domain in line and "@list." in line
    ]  # fmt: skip
    assert ways and all("/hp-bounce/" in line for line in ways), ways
    assert news.member(news.anna)[2] == "0.0"


def test_a_forged_bounce_counts_for_nobody(news):
    news.join(news.anna)
    news.post(news.anna)
    news.sent()
    [copy] = [sender for sender, to, _ in news.copies() if to == news.anna]
    report = (
        "MIME-Version: 1.0\r\nContent-Type: multipart/report;"
        " report-type=delivery-status; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; x@y.example\r\n"
        "Action: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"
    )
    forged = copy.replace("b-1.", "b-2.")
    assert news.host.send([forged], report.encode(), "") == {}
    news.logged("nobody's bounce")
    assert news.member()[2] == "0.0"
    for _ in range(3):
        assert news.host.send([copy], report.encode(), "") == {}
    wait_for(lambda: news.member()[2] == "1.0", "one for three")


def test_a_probe_that_comes_back_stops_the_mail(news):
    gone = "550-5.1.1@a.example"
    news.join(gone)
    news.host.query(
        "UPDATE hauspost.list_member SET score = 2, bounced_first ="
        " now() - '4 days'::interval, bounced_last = now() - '1 day'::interval"
        " WHERE list = :'list' AND mode = 'normal'", list=news.id,
    )  # fmt: skip
    news.join(news.anna)
    news.post(news.anna)
    news.sent()
    wait_for(lambda: news.member(gone)[1] == "disabled_bounce", "no more mail")


def test_two_lists_that_are_on_each_other_write_no_letters(news):
    other = People(news.host, Customer(news.host), name="other")
    news.join(other.address)
    other.join(news.address)
    news.write("subscribe", other.address)
    news.write("help", other.sub("owner"))
    other.write("unsubscribe", news.address)
    news.write("help")
    news.letter()
    rows = news.host.query(
        "SELECT kind FROM hauspost.list_letter WHERE list IN (:'a', :'b')",
        a=news.id, b=other.id,
    )  # fmt: skip
    assert rows == [["help"]]


def test_an_absence_notice_of_a_member_answers_nobody(news):
    customer = news.customer
    mailbox = customer.mailbox("fred")
    fred = customer.address("fred", mailbox)
    news.host.query(
        "INSERT INTO hauspost.vacation (mailbox, subject, reply)"
        " VALUES (:'m', 'Away', 'I am away')", m=mailbox,
    )  # fmt: skip
    bob = f"bob.{customer.name}@a.example"
    news.join(bob)
    news.join(fred, role="moderator")

    def answered():
        news.host.send([fred], f"To: {fred}\r\n\r\nx\r\n".encode(), news.anna)
        return [mail for mail in news.letters() if mail["Subject"] == "Away"]

    wait_for(answered, "the notice is on")
    news.host.query(
        "SELECT hauspost.list_write_all(:'list', '{moderator}', 'moderate')",
        list=news.id,
    )  # fmt: skip
    news.post(bob)
    news.sent()
    wait_for(lambda: len(customer.inbox(mailbox)) >= 3, "post and letter")
    news.host.settle()
    assert [m for m in news.letters(bob) if m["Subject"] == "Away"] == []


def test_letters_wait_while_the_list_manager_is_away(news):
    host = news.host
    host.listmgr.stop()
    try:
        host.query(
            "SELECT hauspost.list_ask(:'list', 'subscribe', :'who', NULL,"
            " :'who', 'web 192.0.2.1')", list=news.id, who=news.anna,
        )  # fmt: skip
    finally:
        host.start_listmgr()
    assert "192.0.2.1" not in news.letter()["Subject"]
    assert news.anna in news.letter().get_content()


def held(news, to=OLGA, number=1):
    """The letter to a moderator, and the answers that it offers."""
    letter = news.letter(number, to)
    text, post = letter.iter_parts()
    words = text.get_content()
    answers = {
        verb: re.search(rf"\S+\+mod-[a-z2-7]+-{verb}@\S+", words)[0]
        for verb in ("ok", "no", "drop", "member")
    }
    return letter, post.get_content(), answers


def olga(news):
    """An owner of each test's own."""
    owner = f"olga.{news.customer.name}@o.example"
    news.join(owner, role="owner", mode="nomail")
    return owner


def test_a_held_post_goes_out_by_a_plain_reply_of_a_moderator(news):
    news.set(nonmember_action="hold")
    owner = olga(news)
    news.join("reader@r.example")
    assert news.post(news.anna, "held") == {}
    letter, post, answers = held(news, owner)
    assert letter["Reply-To"] == answers["ok"]
    assert post["Subject"] == "held"
    assert "not a member" in letter.get_body().get_content()
    assert "waits" in news.letter()["Subject"]
    news.write(answers["ok"], "eve@bad.example")
    news.write(answers["ok"], owner, **{"Auto-Submitted": "auto-replied"})
    assert news.copies() == []
    news.write(answers["ok"], owner)
    news.sent()
    [(_, to, message)] = news.copies()
    assert (to, "Subject: held" in message) == ("reader@r.example", True)
    news.write(answers["drop"], owner)
    assert "already decided" in news.letter(2, owner)["Subject"]


def test_a_refusal_tells_the_author_what_the_moderator_wrote(news):
    news.set(policy="moderated")
    owner = olga(news)
    news.join(news.anna)
    news.post(news.anna, "held")
    _, _, answers = held(news, owner)
    news.write(answers["no"], owner, "Not here, please.\r\n\r\n> quoted")
    text = news.letter(2).get_content()
    assert "Not here, please." in text and "quoted" not in text
    assert news.copies() == []


def test_what_looks_like_a_command_waits_and_is_helped(news):
    news.join(news.anna)
    news.write(news.address, text="unsubscribe")
    subjects = {news.letter(2)["Subject"], news.letters()[0]["Subject"]}
    assert any("Help for" in subject for subject in subjects)
    assert news.copies() == []


def test_what_a_machine_posts_is_dropped(news):
    news.join(news.anna)
    news.write(news.address, **{"Auto-Submitted": "auto-replied"})
    news.logged("automatic")
    assert news.copies() == []


def test_a_kill_loses_no_letter_and_repeats_one_at_most(news):
    people = [f"p{n}@k.{news.domain}" for n in range(120)]
    news.join(*people, mode="nomail")
    wanted = len(people)

    def got():
        return [
            kept["recipients"][0]
            for path in (news.host.place / "sink").glob("*.json")
            if f"@k.{news.domain}" in (kept := json.loads(path.read_text()))[
                "recipients"
            ][0]
        ]

    news.host.query(
        "SELECT hauspost.list_write_all(:'list', '{member}', 'welcome')",
        list=news.id,
    )  # fmt: skip
    for number in (20, 60):
        wait_for(lambda n=number: len(got()) >= n, f"{number} letters")
        news.host.listmgr.kill()
        news.host.start_listmgr()
    wait_for(lambda: len(set(got())) == wanted, "all letters")
    news.host.settle()
    assert wanted <= len(got()) <= wanted + 2

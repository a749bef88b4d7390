"""hauspost-sendmail: the command that programs on the machine send with."""

import subprocess

import pytest

from stage import clients, wait_for
from stage.customer import Customer


@pytest.fixture(scope="module")
def user(stage):
    """A customer's mailbox abc, as a Unix user who sends as info@."""
    customer = Customer(stage)
    customer.abc = customer.mailbox("abc")
    customer.info = customer.address("info", customer.abc)
    [[uid]] = stage.query(
        "SELECT uid FROM hauspost.mailbox WHERE name = :'m'", m=customer.abc
    )
    customer.uid = int(uid)
    customer.config = stage.place / "etc" / "sendmail.conf"
    customer.config.write_text(
        f"[hauspost]\nnode = {stage.node}\n[sendmail]\n"
        f"server = inet:127.0.0.1:{stage.place.port('smtp')}\n"
    )
    return customer


def sendmail(user, *words, text="", config=None):
    return subprocess.run(
        [user.stage.place / "bin" / "hauspost-sendmail"]
        + ["--config", config or user.config, *words],
        input=text,
        user=user.uid,
        group=user.uid,
        extra_groups=[],
        cwd="/",
        text=True,
        capture_output=True,
        timeout=120,
    )


def world(user, name):
    return f"{name}@{user.name}.elsewhere.example"


def sunk(user, recipient):
    def kept():
        found[:] = [
            kept
            for kept in clients.sunk(user.stage.place)
            if recipient in kept["recipients"]
        ]
        return found

    found = []
    wait_for(kept, f"{recipient} gets it")
    return found[0]


def test_as_php_calls_it(user):
    to, copy = world(user, "php"), world(user, "copy")
    text = (
        f"To: {to}\r\nSubject: form\nFrom: Shop <{user.info}>\r\n"
        f"Bcc: {copy}\n\nhello\n.\nstill\n"
    )
    done = sendmail(user, "-t", "-i", f"-f{user.info}", text=text)
    assert (done.returncode, done.stderr) == (0, "")
    kept = sunk(user, to)
    assert kept["sender"] == user.info
    assert "\r\n.\r\nstill\r\n" in kept["message"]
    assert "Message-ID: <" in kept["message"]
    assert copy not in kept["message"]
    sunk(user, copy)


def test_as_cron_calls_it(user):
    """Without sender: one of this machine, which nobody outside knows."""
    to = world(user, "cron")
    words = ["-FCronDaemon", "-odi", "-oem", "-oi", "-f", user.abc, to]
    done = sendmail(user, *words, text="Subject: job\n\nran\n")
    assert (done.returncode, done.stderr) == (0, "")
    kept = sunk(user, to)
    assert kept["sender"] == user.info
    assert f'From: "CronDaemon" <{user.abc}@{user.stage.node}>' in kept["message"]


@pytest.mark.parametrize(
    "words, code, says",
    [
        (["-f", "boss@x.example", "a@b.example"], 77, "550 5.7.1"),
        (["no-such@example.org"], 67, "no-such@example.org: 550 5.1.1"),
        (["locked@example.org"], 75, "450 4.2.1"),
        ([], 64, "no recipients"),
        (["-t"], 64, "no recipients"),
        (["-bd"], 64, "not understood"),
        (["--no-such"], 64, "not understood"),
        (["-f", "a b\r\nRCPT TO:<x@y.example>", "a@b.example"], None, "sendmail:"),
    ],
)
def test_refusals_reach_the_caller(user, words, code, says):
    if "-f" not in words:
        words = ["-f", user.info, *words]
    done = sendmail(user, *words, text=f"From: {user.info}\n\nhello\n")
    assert done.returncode == code if code else done.returncode != 0
    assert says in done.stderr


def test_the_others_get_it_all_the_same(user):
    to = world(user, "good")
    words = ["-f", user.info, "no-such@example.org", to]
    done = sendmail(user, *words, text=f"From: {user.info}\n\nhello\n")
    assert done.returncode == 67
    assert to not in done.stderr
    assert sunk(user, to)["recipients"] == [to]


def test_the_budget_is_the_users(user):
    columns = {"mailbox": user.abc, "period": "1 hour", "most": 0}
    user._insert("send_limit", counts="messages", **columns)
    done = sendmail(user, "-f", user.info, world(user, "x"), text="\n")
    user.stage.query("DELETE FROM hauspost.send_limit WHERE most = 0")
    assert done.returncode == 77
    assert "limit of 0 messages" in done.stderr


def test_a_session_on_standard_input(user):
    to = world(user, "session")
    talk = (
        f"EHLO x\r\nMAIL FROM:<{user.info}>\r\nRCPT TO:<{to}>\r\nDATA\r\n"
        f"From: {user.info}\r\n\r\nhello\r\n.\r\nQUIT\r\n"
    )
    # smtpd drops who talks out of turn, so one line at a time.
    peer = subprocess.Popen(
        [user.stage.place / "bin" / "hauspost-sendmail"]
        + ["--config", user.config, "-bs"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        user=user.uid,
        group=user.uid,
        extra_groups=[],
        cwd="/",
    )
    assert peer.stdout.readline().startswith("220 ")
    head, data = talk.split("DATA\r\n")
    for line in [*head.splitlines(), "DATA", data.replace("QUIT\r\n", "")]:
        peer.stdin.write(line.rstrip("\r\n") + "\r\n")
        peer.stdin.flush()
        while (answer := peer.stdout.readline())[3:4] == "-":
            pass
        assert answer[0] in "23", answer
    peer.communicate("QUIT\r\n", timeout=60)
    assert peer.returncode == 0
    assert sunk(user, to)


def test_without_a_server_the_caller_tries_again(user):
    config = user.stage.place / "etc" / "nowhere.conf"
    config.write_text("[hauspost]\nnode = x.example\n[sendmail]\n"
                      "server = inet:127.0.0.1:1\n")
    done = sendmail(user, "a@b.example", text="\n", config=config)
    assert done.returncode == 75 and "no mail server" in done.stderr


def test_the_usual_options(user):
    assert sendmail(user, "--check").returncode == 0
    assert "hauspost-sendmail 0" in sendmail(user, "--version").stdout
    assert "-t" in sendmail(user, "--help").stdout
    assert ";server = inet:127.0.0.1:25" in sendmail(user, "--settings").stdout
    assert sendmail(user, "-bi").returncode == 0
    bad = user.stage.place / "etc" / "bad.conf"
    bad.write_text("[sendmail]\nno_such_key = 1\n")
    assert sendmail(user, "--check", config=bad).returncode == 78

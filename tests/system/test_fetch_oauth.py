"""Accounts that log in with OAuth: tokens of a provider that a test plays."""

import base64
import hashlib
import hmac
import http.server
import json
import re
import threading
import time
import urllib.parse

import pytest
from fetch_rig import JWT_KEY, letter
from stage import wait_for


def encoded(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=")


def token(user, valid_s=3600):
    """A JWT that the remote Dovecot believes."""
    head = {"alg": "HS256", "typ": "JWT"}
    now = int(time.time())
    claims = {"sub": user, "iat": now, "exp": now + valid_s}
    text = b".".join(encoded(json.dumps(x).encode()) for x in (head, claims))
    mac = hmac.new(JWT_KEY, text, hashlib.sha256).digest()
    return (text + b"." + encoded(mac)).decode()


class Provider(http.server.ThreadingHTTPServer):
    """Token, device and authorization endpoint; `answer` makes the answers."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked, self.answer = [], None
        self.url = f"http://127.0.0.1:{self.server_port}/"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers["Content-Length"])
        form = dict(urllib.parse.parse_qsl(self.rfile.read(length).decode()))
        self.server.asked.append(form)
        status, answer = self.server.answer(form)
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def provider(fetch):
    provider = Provider()
    fetch.query(
        "INSERT INTO hauspost.fetch_provider (name, domains, token_url,"
        " device_url, authorize_url, client_id, client_secret, scope)"
        " VALUES (:'u', '{world.example}', :'u', :'u', :'u', 'id', 'x', 's')",
        u=provider.url,
    )
    yield provider
    fetch.query(
        "DELETE FROM hauspost.fetch_account WHERE provider = :'u'",
        u=provider.url,
    )
    fetch.query(
        "DELETE FROM hauspost.fetch_provider WHERE name = :'u'",
        u=provider.url,
    )
    provider.shutdown()
    provider.server_close()


def gives(user, **more):
    return lambda form: (
        200, {"access_token": token(user), "expires_in": 3600} | more)


@pytest.mark.parametrize("protocol", ["pop3", "imap"])
def test_a_token_is_asked_for_once(fetch, provider, protocol):
    there = fetch.remote.account()
    there.put(letter(1))
    provider.answer = gives(there.name)
    here = fetch.account(
        there, protocol, "--auth", "oauth", password="grant 1")
    fetch.run(here)
    fetch.run(here)
    assert fetch.subjects(here.mailbox) == [1]
    [form] = provider.asked
    assert form["grant_type"] == "refresh_token"
    assert (form["refresh_token"], form["client_id"]) == ("grant 1", "id")


def test_a_new_grant_replaces_the_old_one(fetch, provider):
    there = fetch.remote.account()
    provider.answer = gives(there.name, refresh_token="grant 2", expires_in=1)
    here = fetch.account(there, "imap", "--auth", "oauth", password="grant 1")
    fetch.settled(here)
    fetch.run(here)
    assert [form["refresh_token"] for form in provider.asked][:2] == [
        "grant 1", "grant 2"]


def test_a_withdrawn_grant_stops_the_account(fetch, provider):
    there = fetch.remote.account()
    provider.answer = lambda form: (400, {"error": "invalid_grant"})
    here = fetch.account(there, "imap", "--auth", "oauth", password="grant")
    fetch.settled(here)
    state = here.state()
    assert (state["state"], state["code"]) == ("stopped", "REAUTH")


def test_a_provider_that_is_down_is_asked_again(fetch, provider):
    there = fetch.remote.account()
    provider.answer = lambda form: (503, {})
    here = fetch.account(there, "imap", "--auth", "oauth", password="grant")
    fetch.settled(here)
    state = here.state()
    assert (state["state"], state["code"]) == ("failing", "OAUTH_DOWN")
    provider.answer = gives(there.name)
    fetch.run(here)


def test_a_provider_that_is_slow_holds_nobody_up(fetch, provider):
    """While one account waits for its token another is fetched."""
    there, other = fetch.remote.account(), fetch.remote.account()
    there.put(letter(1))
    other.put(letter(2))
    go_on = threading.Event()

    def answer(form):
        assert go_on.wait(30)
        return gives(there.name)(form)

    provider.answer = answer
    here = fetch.account(there, "imap", "--auth", "oauth", password="grant")
    wait_for(lambda: provider.asked, "the provider was asked")
    quick = fetch.account(other, "imap")
    fetch.run(quick)
    assert fetch.subjects(quick.mailbox) == [2]
    assert fetch.mails(here.mailbox) == []
    go_on.set()
    fetch.settled(here)
    assert fetch.subjects(here.mailbox) == [1]


def test_a_token_that_is_refused_is_not_offered_again(fetch, provider):
    there = fetch.remote.account()
    provider.answer = gives("somebody else")
    here = fetch.account(there, "imap", "--auth", "oauth", password="grant")
    fetch.settled(here)
    assert here.state()["code"] == "AUTH"
    provider.answer = gives(there.name)
    fetch.run(here)


def test_a_grant_by_device_code(fetch, provider):
    there = fetch.remote.account()
    there.put(letter(1))
    here = fetch.account(there, "imap", "--auth", "oauth")
    asked = iter(["authorization_pending", "slow_down"])

    def answer(form):
        if "grant_type" not in form:
            return 200, {"device_code": "d", "user_code": "ABC-123",
                         "verification_uri": "https://x.example/",
                         "interval": 0, "expires_in": 60}
        if form["grant_type"] == "refresh_token":
            return gives(there.name)(form)
        assert form["device_code"] == "d"
        error = next(asked, None)
        if error == "slow_down":
            pass
        elif error:
            return 400, {"error": error}
        return gives(there.name, refresh_token="grant")(form)

    provider.answer = answer
    said = fetch.cli("fetch", "grant", str(here.id))
    assert "ABC-123" in said and "https://x.example/" in said
    fetch.run(here)
    assert fetch.subjects(here.mailbox) == [1]


def test_a_grant_by_a_pasted_address(fetch, provider):
    there = fetch.remote.account()
    there.put(letter(1))
    here = fetch.account(there, "imap", "--auth", "oauth")
    fetch.query("UPDATE hauspost.fetch_provider SET device_url = NULL"
                " WHERE name = :'u'", u=provider.url)
    provider.answer = gives(there.name, refresh_token="grant")
    said = fetch.cli("fetch", "grant", str(here.id),
                     stdin="http://127.0.0.1/?x=1&code=4%2Fabc&scope=s\n")
    url = re.search(r"^  (http\S+)", said, re.M)[1]
    shown = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
    form = provider.asked[0]
    assert form["code"] == "4/abc"
    challenge = hashlib.sha256(form["code_verifier"].encode()).digest()
    assert encoded(challenge).decode() == shown["code_challenge"]
    fetch.run(here)
    assert fetch.subjects(here.mailbox) == [1]


def test_a_provider_without_a_client_is_said(fetch, provider):
    here = fetch.account(fetch.remote.account(), "imap", "--auth", "oauth")
    fetch.query("UPDATE hauspost.fetch_provider SET client_id = NULL"
                " WHERE name = :'u'", u=provider.url)
    said = fetch.cli("fetch", "grant", str(here.id), code=78)
    assert "client_id" in said

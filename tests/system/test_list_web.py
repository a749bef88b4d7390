"""hauspost-listweb: joining, leaving, settings and moderation in a browser."""

import itertools

import pytest

from web_rig import COOKIE, URL, Lists

ANNA, OWNER = "Anna@world.example", "owner@world.example"


@pytest.fixture
def news(lists, counter=itertools.count()):
    """A list of its own for each test; no letter was written to anybody."""
    lists.query("DELETE FROM hauspost.list_letter")
    return lists.list(f"news{next(counter)}")


# -- Joining -----------------------------------------------------------------


def test_a_form_and_a_mailed_link_make_a_member(lists, news):
    answer = lists.post(f"{news.path}/subscribe", address=ANNA, mode="digest")
    assert answer.status == 200 and ANNA in answer.words
    assert news.letters() == [("confirm-sub", ANNA)]
    link = f"/c/{news.token(ANNA, 'subscribe')}"

    for method in ("GET", "HEAD", "GET"):  # whoever looks for viruses, first
        page = lists.ask(link, method)
        assert page.status == 200
    assert f'action="{URL}{link}"' in page.text and ANNA in page.words
    assert news.members() == []

    answer = lists.post(link)
    assert "on the list now" in answer.words
    assert news.members() == [ANNA]
    [[source]] = lists.query(
        "SELECT source FROM hauspost.list_event WHERE kind = 'confirmed'"
        " AND list = :'list'",
        list=news.id,
    )
    assert source == "web 192.0.2.1"
    assert lists.post(link).status == lists.get(link).status == 404


def test_a_page_tells_no_stranger_who_is_a_member(lists, news):
    news.member(ANNA)
    for action, field in [
        ("subscribe", "address"),
        ("unsubscribe", "member"),
        ("enter", "member"),
    ]:
        pages = [
            lists.post(f"{news.path}/{action}", **{field: address})
            for address in (ANNA, "Nina@world.example")
        ]
        texts = [page.text.replace(ANNA, "Nina@world.example") for page in pages]
        assert texts[0] == texts[1]


@pytest.mark.parametrize(
    "address", ["", "anna", "anna@", "<anna@x.example>", "a b@x.example", "a@x\r\nBcc:b@x"]
)
def test_what_is_no_address_is_told_so(lists, news, address):
    answer = lists.post(f"{news.path}/subscribe", address=address)
    assert answer.status == 400
    assert news.letters() == []


def test_a_network_that_asks_too_often_is_told_so(host, lists, news):
    with Lists(host, lists.database, asks_per_minute=2) as small:
        for status in (200, 200, 429):
            answer = small.post(f"{news.path}/subscribe", address=ANNA)
            assert answer.status == status


def test_a_closed_list_has_no_form_to_join(lists):
    closed = lists.list("closed", subscribe_policy="closed")
    page = lists.get(closed.path)
    assert "/subscribe" not in page.text
    assert "closed+owner@example.org" in page.words


# -- Leaving -----------------------------------------------------------------


def leave_link(lists, member):
    [[token]] = lists.query(
        "SELECT hauspost.list_leave_token(:'member')", member=member
    )
    return f"/u/{token}"


@pytest.mark.parametrize(
    "type, body",
    [
        ("application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click"),
        (
            'multipart/form-data; boundary="x"',
            b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"'
            b"\r\n\r\nOne-Click\r\n--x--\r\n",
        ),
    ],
)
def test_one_click_leaves_as_rfc_8058_wants_it(lists, news, type, body):
    link = leave_link(lists, news.member(ANNA))
    for method in ("GET", "HEAD"):
        assert lists.ask(link, method).status == 200
    variables = {"CONTENT_TYPE": type, "CONTENT_LENGTH": str(len(body))}
    assert news.members() == [ANNA]
    for _ in range(2):  # the second time he is gone already
        answer = lists.ask(
            link, "POST", body, HTTP_SEC_FETCH_SITE="cross-site", **variables
        )
        assert answer.status == 200
        assert "location" not in answer.headers
        assert "set-cookie" not in answer.headers
        assert news.members() == []


def test_another_body_only_shows_the_button(lists, news):
    link = leave_link(lists, news.member(ANNA))
    for fields in ({}, {"List-Unsubscribe": "No"}, {"x": "One-Click"}):
        answer = lists.post(link, **fields)
        assert answer.status == 200 and "<form" in answer.text
    assert news.members() == [ANNA]
    assert lists.post(link, **{"List-Unsubscribe": "One-Click"}).status == 200
    assert news.members() == []


def test_a_forged_link_takes_nobody_off(lists, news):
    link = leave_link(lists, news.member(ANNA))
    forged = link[:-1] + ("a" if link[-1] != "a" else "b")
    answer = lists.post(forged, **{"List-Unsubscribe": "One-Click"})
    assert answer.status == 200 and ANNA not in answer.text
    assert news.members() == [ANNA]


# -- The visitor's own -------------------------------------------------------


def test_a_mailed_link_opens_ones_settings_once(lists, news):
    member = news.member(ANNA)
    lists.post(f"{news.path}/enter", member=ANNA)
    link = f"/c/{news.token(ANNA, 'enter')}"
    assert "set-cookie" not in lists.get(link).headers
    answer = lists.post(link)
    assert answer.status == 303 and answer.headers["location"] == f"{URL}/me"
    for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert word in answer.headers["set-cookie"]
    assert lists.post(link).status == 404

    page = lists.get("/me", cookie=answer.cookie)
    assert ANNA in page.words and f'value="{member}"' in page.text
    answer = lists.post(
        "/me",
        answer.cookie,
        member=member,
        mode="digest",
        delivery="paused",
        language="de",
        do="save",
    )
    assert "Saved." in answer.words
    assert lists.query(
        "SELECT mode, state, language FROM hauspost.list_member"
        " WHERE id = :'m'",
        m=member,
    ) == [["digest", "disabled_user", "de"]]


def test_nobody_changes_what_is_not_his(lists, news):
    news.member(ANNA)
    other = news.member("bob@world.example")
    cookie = lists.enter(news, ANNA)
    settings = {"mode": "nomail", "delivery": "on", "language": "en"}
    for do in ("save", "leave"):
        lists.post("/me", cookie, member=other, do=do, **settings)
        lists.post("/me", member=other, do=do, **settings)
        lists.post("/me", f"{COOKIE}={'a' * 26}", member=other, do=do, **settings)
    assert "bob@world.example" in news.members()
    assert lists.query(
        "SELECT mode FROM hauspost.list_member WHERE id = :'m'", m=other
    ) == [["normal"]]


def test_another_site_s_form_does_nothing(lists, news):
    member = news.member(ANNA)
    cookie = lists.enter(news, ANNA)
    answer = lists.post(
        "/me",
        cookie,
        {"HTTP_SEC_FETCH_SITE": "cross-site"},
        member=member,
        do="leave",
    )
    assert answer.status == 403
    assert news.members() == [ANNA]
    answer = lists.post("/me", cookie, member=member, do="leave")
    assert "no longer on the list" in answer.words
    assert news.members() == []


def test_who_logs_out_is_a_stranger_again(lists, news):
    news.member(ANNA)
    cookie = lists.enter(news, ANNA)
    assert lists.get("/me", cookie=cookie).status == 200
    assert "Max-Age=0" in lists.post("/me", cookie, do="go").headers["set-cookie"]
    assert lists.get("/me", cookie=cookie).status == 403


# -- Moderation --------------------------------------------------------------


def test_an_owner_sees_what_waits_and_decides(lists, news):
    news.member(OWNER, role="owner")
    token = news.hold()
    cookie = lists.enter(news, OWNER)
    queue = lists.get(f"{news.path}/queue", cookie=cookie)
    assert f"{URL}/h/{token}" in queue.text and "A &lt;held&gt; post" in queue.text
    page = lists.get(f"/h/{token}", cookie=cookie)
    assert "held text" in page.words and "not a member" in page.words
    assert 'name="moderator"' not in page.text
    answer = lists.post(f"/h/{token}", cookie, verb="member")
    assert "that is done" in answer.words
    assert lists.query(
        "SELECT decision, decided_by FROM hauspost.list_held"
        " WHERE list = :'list'",
        list=news.id,
    ) == [["member", OWNER]]
    page = lists.post(f"/h/{token}", cookie, verb="drop")
    assert f"{OWNER} has decided this already" in page.words


def test_a_moderator_s_link_wants_his_address_as_a_mail_does(lists, news):
    news.member(OWNER, role="moderator")
    news.member(ANNA)
    token = news.hold()
    assert 'name="moderator"' in lists.get(f"/h/{token}").text
    cookie = lists.enter(news, ANNA)  # a member's browser changes nothing
    for address in ("", ANNA, "nobody@world.example"):
        for more in ("", cookie):
            answer = lists.post(f"/h/{token}", more, verb="ok", moderator=address)
            assert "does not run this list" in answer.words
    answer = lists.post(
        f"/h/{token}", cookie, verb="no", moderator=OWNER.upper(), reason="off topic"
    )
    assert "that is done" in answer.words
    assert ("rejected", "anna@world.example") in news.letters()


def test_the_queue_is_for_moderators_only(lists, news):
    news.member(ANNA)
    news.hold()
    cookie = lists.enter(news, ANNA)
    for more in ({}, {"cookie": cookie}):
        page = lists.get(f"{news.path}/queue", **more)
        assert page.status == 403 and "held" not in page.words


def test_a_long_queue_has_pages(lists, news):
    news.member(OWNER, role="owner")
    lists.query(
        "INSERT INTO hauspost.list_held (list, kind, reason, sender, subject,"
        " message_id, size_bytes, expires) SELECT :'list', 'post', 'hold',"
        " 'a@world.example', 'post ' || i || '.', i, 1, now() + '1 day'"
        " FROM generate_series(1, 51) AS i",
        list=news.id,
    )
    cookie = lists.enter(news, OWNER)
    first = lists.get(f"{news.path}/queue", cookie=cookie)
    assert first.text.count("post ") == 50
    assert 'href="?from=50"' in first.text
    last = lists.get(f"{news.path}/queue?from=50", cookie=cookie)
    assert last.text.count("post ") == 1 and "?from=" not in last.text


def test_who_wants_to_join_a_moderated_list_waits_in_the_queue(lists, news):
    lists.query(
        "UPDATE hauspost.list SET subscribe_policy = 'moderated'"
        " WHERE id = :'id'",
        id=news.id,
    )
    news.member(OWNER, role="owner")
    lists.post(f"{news.path}/subscribe", address=ANNA)
    page = lists.post(f"/c/{news.token(ANNA, 'subscribe')}")
    assert "decides now" in page.words
    token = news.token(ANNA, "subscribe", "moderate")
    cookie = lists.enter(news, OWNER)
    assert ANNA in lists.get(f"{news.path}/queue", cookie=cookie).words
    lists.post(f"/h/{token}", cookie, verb="ok")
    assert ANNA in news.members()


# -- Everything else ---------------------------------------------------------


def test_only_lists_that_want_it_are_listed(lists):
    lists.list("shown", listed=True, title="Shown & known", description="Of us")
    lists.list("secret", title="Secret")
    page = lists.get("/")
    assert "Shown &amp; known" in page.text and "Secret" not in page.text


@pytest.mark.parametrize(
    "target",
    ["/x", "/l/nobody@example.org", "/l/a%00b@example.org", "/l/%FF@x.example",
     "/c/short", "/c/" + "a" * 26, "/h/" + "a" * 26, "/l//", "//", "/u/x"],
)
def test_what_is_not_there_is_a_page_that_says_so(lists, target):
    answer = lists.get(target)
    assert answer.status == 404 and "<h1>" in answer.text


def test_limits_of_a_request(lists, news):
    assert lists.get("/" + "x" * 5000).status == 414
    assert lists.get(f"{news.path}?q=" + "x" * 3000).status == 414
    big = {"CONTENT_LENGTH": "99999999"}
    assert lists.post(f"{news.path}/subscribe", headers=big).status == 413
    other = {"CONTENT_TYPE": "text/plain"}
    assert lists.post(f"{news.path}/subscribe", headers=other).status == 415
    answer = lists.ask("/", "DELETE")
    assert answer.status == 405 and answer.headers["allow"] == "GET, HEAD"


def test_every_page_forbids_scripts_and_guessing(lists, news):
    for target in ("/", news.path, "/me", "/nothing"):
        headers = lists.get(target).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


def test_a_page_speaks_the_browser_s_language_or_the_list_s(lists):
    verein = lists.list("verein", language="de")
    asked = {"HTTP_ACCEPT_LANGUAGE": "fr"}
    assert '<html lang="de">' in lists.get(verein.path, **asked).text
    assert '<html lang="en">' in lists.get(verein.path).text


def test_the_log_tells_no_address_and_no_token(lists, news):
    lists.post(f"{news.path}/subscribe", address="logged@world.example")
    token = news.token("logged@world.example", "subscribe")
    lists.post(f"/c/{token}")
    log = lists.log()
    assert f"page=subscribe status=200 list={news.address}" in log
    assert "logged@" not in log and token not in log


def test_without_its_database_it_says_try_again(host, lists):
    with Lists(host, lists.database, database="host=/nowhere") as away:
        answer = away.get("/")
        assert answer.status == 503 and answer.headers["retry-after"] == "60"
        assert away.get("/style.css").status == 200


def test_it_is_called_as_a_cgi_program_too(lists, news):
    import fastcgi

    variables = fastcgi.variables(news.path, "lists.hosting.example")
    variables["REQUEST_URI"] = news.path
    answer, _ = fastcgi.call(lists.binary, lists.config, variables)
    assert answer.status == 200 and news.address in answer.body.decode()

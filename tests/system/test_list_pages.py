"""The pages of lists as a browser shows them, by way of nginx: on a phone and
on a desk, in both languages, without JavaScript."""

import os
import urllib.request

import pytest

from browser import PROGRAM, Browser
from stage.web import LIST_HOST
from web_rig import COOKIE, OnStage, link

pytestmark = pytest.mark.skipif(
    not os.path.exists(PROGRAM), reason="chromium is not installed"
)
URL = f"https://{LIST_HOST}"
PHONE, DESK = 360, 1280
ANNA, OWNER = "anna@world.example", "owner@world.example"
UNLABELLED = """[...document.querySelectorAll(
    'input:not([type=hidden]), select, textarea')]
    .filter(e => e.labels.length == 0).map(e => e.outerHTML)"""
HEADINGS = """[...document.querySelectorAll('h1, h2, h3')].map(e => e.tagName)"""
# Text against the background that it stands on (WCAG 2.1, 1.4.3).
PALE = """(() => {
    const parse = c => (c.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
    const light = c => parse(c).slice(0, 3).map(v => v / 255).map(
        v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
    const behind = e => {
        for (; e; e = e.parentElement) {
            const c = getComputedStyle(e).backgroundColor;
            if ((parse(c)[3] ?? 1) > 0) return c;
        }
        return 'rgb(255, 255, 255)';
    };
    return [...document.querySelectorAll('main *')].filter(e => {
        if (![...e.childNodes].some(n => n.nodeType == 3 && n.data.trim()))
            return false;
        const a = light(getComputedStyle(e).color), b = light(behind(e));
        return (Math.max(a, b) + .05) / (Math.min(a, b) + .05) < 4.5;
    }).map(e => e.outerHTML);
})()"""

LETTER = """Liebe Mitglieder,

am Donnerstag treffen wir uns, siehe https://verein.example/versammlungen/einladung-zur-ordentlichen-mitgliederversammlung.html für die Tagesordnung.

> Wer bringt den Kuchen mit?
> > Ich nicht.

Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft
"""


@pytest.fixture(scope="module")
def browser(stage):
    # Its certificate is one that the stage made for itself.
    with Browser(
        stage.place, stage.place.port("https"), "--ignore-certificate-errors"
    ) as browser:
        yield browser


@pytest.fixture(scope="module")
def verein(stage):
    verein = OnStage(stage).list(
        "verein",
        title="Freunde der Donaudampfschifffahrt",
        description="Einladungen, Protokolle und was uns sonst bewegt.",
        language="de",
        archive="public",
        listed=True,
    )
    verein.member(OWNER, role="owner")
    verein.first = verein.post(LETTER, Subject="Einladung zur Versammlung")
    for name in ("Berta", "Carla", "Dora"):
        verein.last = verein.post(
            "Ich komme.",
            [verein.first] if name == "Berta" else [verein.last, verein.first],
            From=f"{name} Beispiel <{name.lower()}@world.example>",
            Subject="Re: Einladung zur Versammlung",
        )
    return verein


def press(page, selector):
    """Click where the element is, as a person does."""
    page.tell(f"document.querySelector({selector!r}).scrollIntoView()")
    box = page.tell(
        f"document.querySelector({selector!r}).getBoundingClientRect().toJSON()"
    )
    at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}

    def click():
        for kind in ("mousePressed", "mouseReleased"):
            page.ask(
                "Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **at
            )

    page.loading(click)


def write(page, name, text):
    page.tell(f"document.querySelector('[name={name}]').focus()")
    page.ask("Input.insertText", text=text)


def words(page):
    return page.tell("document.querySelector('main').innerText")


def check(page, width, name, tmp_path):
    """What holds for every page; keeps a picture of it."""
    pictures = os.environ.get("PICTURES", tmp_path)
    with open(f"{pictures}/{name}-{width}.png", "wb") as picture:
        picture.write(page.picture())
    assert page.tell("document.documentElement.scrollWidth") == width
    assert page.tell(UNLABELLED) == []
    assert page.tell(PALE) == []
    assert page.tell(HEADINGS).count("H1") == 1
    assert page.seen("Log.entryAdded") == []


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("language", ["de", "en"])
def test_every_page_fits_and_can_be_read(browser, verein, tmp_path, width, language):
    month = verein.query("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM')")[0][0]
    pages = {
        "index": "/",
        "list": verein.path,
        "month": f"{verein.path}/{month}/",
        "message": f"{verein.path}/{link(verein.first)}/",
        "thread": f"{verein.path}/{link(verein.last)}/thread",
        "search": f"{verein.path}/search?q=Kuchen",
        "held": f"/h/{verein.hold()}",
    }
    with browser.page(language, width) as page:
        for name, path in pages.items():
            page.open(URL + path)
            check(page, width, f"{name}-{language}", tmp_path)
            assert page.tell("document.documentElement.lang") == language
            assert "%s" not in words(page)


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_from_the_form_to_the_settings_and_out_again(stage, browser, verein, tmp_path, width):
    anna = f"anna{width}@world.example"
    with browser.page("de", width) as page:
        page.open(URL + verein.path)
        write(page, "address", anna)
        press(page, "form[action$=subscribe] button")
        assert anna in words(page)
        check(page, width, "asked", tmp_path)

        page.open(f"{URL}/c/{verein.token(anna, 'subscribe')}")
        check(page, width, "confirm", tmp_path)
        press(page, "main form button")
        assert "Sie sind jetzt auf der Liste" in words(page)
        assert anna in verein.members()

        page.open(URL + verein.path)
        write(page, "member", anna)
        press(page, "form[action$=enter] button")
        page.open(f"{URL}/c/{verein.token(anna, 'enter')}")
        press(page, "main form button")
        assert page.tell("location.href") == f"{URL}/me"
        assert page.tell("document.cookie") == ""  # no script sees it
        check(page, width, "own", tmp_path)
        page.tell("document.querySelector('[name=mode]').value = 'digest'")
        press(page, "button[value=save]")
        assert "Gespeichert." in words(page)
        press(page, "button[value=leave]")
        assert anna not in verein.members()
        press(page, "button[value=go]")
        assert page.tell("location.href") == f"{URL}/"


def test_an_owner_decides_in_the_browser(browser, verein, tmp_path):
    token = verein.hold()
    with browser.page("de", DESK) as page:
        page.open(f"{URL}/h/{token}")
        write(page, "moderator", OWNER)
        press(page, "button[value=drop]")
        assert "das ist erledigt" in words(page)
    assert verein.query(
        "SELECT decision FROM hauspost.list_held ORDER BY id DESC LIMIT 1"
    ) == [["drop"]]


def test_plain_http_leads_to_tls_and_nothing_else(stage, verein):
    answer = stage.web.get(f"{verein.path}?x=1", LIST_HOST)
    assert answer.status == 301
    assert answer.getheader("Location") == f"{URL}{verein.path}?x=1"
    answer = stage.web.get(verein.path, LIST_HOST, tls=LIST_HOST)
    assert answer.status == 200
    assert "max-age" in answer.getheader("Strict-Transport-Security")


def test_one_click_by_way_of_nginx(stage, verein):
    member = verein.member("bob@world.example")
    [[token]] = verein.query(
        "SELECT hauspost.list_leave_token(:'member')", member=member
    )
    answer = stage.web.post(
        f"/u/{token}",
        "List-Unsubscribe=One-Click",
        LIST_HOST,
        LIST_HOST,
        "application/x-www-form-urlencoded",
    )
    assert answer.status == 200
    assert "bob@world.example" not in verein.members()
    log = (stage.place / "log" / "nginx-lists.log").read_text()
    assert " POST leave " in log and token not in log


def test_metrics_count_pages(stage, verein):
    stage.web.get(verein.path, LIST_HOST, tls=LIST_HOST)
    port = stage.place.port("listweb_metrics")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        text = answer.read().decode()
    (line,) = [x for x in text.splitlines() if 'page="list",answer="page"' in x]
    assert line.startswith("hauspost_listweb_answers") and float(line.split()[-1]) > 0


@pytest.mark.parametrize("identifier", ["a%2Fb//c@x.example", "a%25?#@x.example"])
def test_any_message_id_passes_the_web_server(stage, verein, identifier):
    verein.post("odd", Message_ID=f"<{identifier}>")
    path = f"{verein.path}/{link(identifier)}/"
    assert stage.web.get(path, LIST_HOST, tls=LIST_HOST).status == 200

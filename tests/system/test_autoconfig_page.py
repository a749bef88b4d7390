"""The page for people, as a browser shows it: on a phone and on a desk, in
both languages, without JavaScript."""

import os
import subprocess

import pytest

from browser import PROGRAM, Browser
from stage.web import SERVICE_HOST

pytestmark = pytest.mark.skipif(
    not os.path.exists(PROGRAM), reason="chromium is not installed"
)
PAGE = f"http://{SERVICE_HOST}/"
PHONE, DESK = 360, 1280
HOST = "xyz00.hosting.example"
ROWS = """[...document.querySelectorAll('tr')].map(
    row => [...row.children].map(cell => cell.textContent))"""
# Every word that needed more than one line of its cell.
BROKEN = """[...document.querySelectorAll('th, h2, button, .button')].filter(e => {
    const range = document.createRange();
    return e.textContent.split(/\\s+/).some(word => {
        const at = e.firstChild.data.indexOf(word);
        range.setStart(e.firstChild, at);
        range.setEnd(e.firstChild, at + word.length);
        return range.getClientRects().length > 1;
    });
}).map(e => e.textContent)"""


@pytest.fixture(scope="module")
def browser(stage):
    with Browser(stage.place, stage.place.port("http")) as browser:
        yield browser


def ask(page, address):
    """As people do: into the field, and Enter."""
    page.open(PAGE)
    page.tell("document.getElementById('emailaddress').focus()")
    page.ask("Input.insertText", text=address)
    page.loading(page.press_enter)


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize(
    "language, tag, login, encryption",
    [
        ("de-AT,de;q=0.9,en;q=0.5", "de", "Benutzername", "Verschlüsselung"),
        ("fr,en;q=0.8,de;q=0.7", "en", "User name", "Encryption"),
    ],
)
def test_an_address_in_and_the_settings_out(browser, width, language, tag, login, encryption):
    with browser.page(language, width) as page:
        ask(page, "office+x@example.org")
        assert page.tell("document.documentElement.lang") == tag
        rows = [tuple(row) for row in page.tell(ROWS)]
        assert rows[0] == (login, "xyz00-abc")
        assert [r[1] for r in rows if r[1].isdigit()] == ["993", "995", "465"]
        assert rows.count(("Server", HOST)) == 3
        assert rows.count((encryption, "SSL/TLS")) == 3
        # What was asked stays in the field, and nothing was refused by the
        # page's own security policy.
        assert page.tell("document.getElementById('emailaddress').value") == "office+x@example.org"
        assert page.seen("Log.entryAdded") == []


@pytest.mark.parametrize("language", ["de", "en"])
def test_it_fits_a_phone(browser, language):
    with browser.page(language, PHONE) as page:
        for address in ("office@example.org", "nobody-here@example.org"):
            ask(page, address)
            assert page.tell("document.documentElement.scrollWidth") == PHONE
            assert page.tell(BROKEN) == []


def test_a_wide_screen_has_code_and_words_side_by_side(browser):
    with browser.page("en", DESK) as page:
        ask(page, "office@example.org")
        side = "document.querySelector('.phone {}').getBoundingClientRect()"
        code, words = (page.tell(side.format(e) + ".top") for e in ("svg", "div"))
        assert abs(code - words) < 1
        assert page.tell("document.querySelector('main').offsetWidth") < DESK * 2 / 3


def test_the_code_leads_a_phone_to_the_same_page(browser, tmp_path):
    with browser.page("en", DESK) as page:
        ask(page, "office+x@example.org")
        box = "document.querySelector('svg').getBoundingClientRect().toJSON()"
        rect = page.tell(box)
        clip = {key: rect[key] for key in ("x", "y", "width", "height")}
        picture = tmp_path / "code.png"
        picture.write_bytes(page.picture(clip))
    done = subprocess.run(
        ["zbarimg", "--quiet", "--raw", picture], capture_output=True, text=True
    )
    assert done.stdout.strip() == f"https://{SERVICE_HOST}/?emailaddress=office%2Bx%40example.org"


def test_what_is_no_address_never_leaves_the_browser(browser):
    with browser.page("en", DESK) as page:
        page.open(PAGE)
        page.tell("document.getElementById('emailaddress').focus()")
        page.ask("Input.insertText", text="office")
        page.press_enter()
        assert page.tell("document.getElementById('emailaddress').validity.typeMismatch")
        assert page.tell("location.href") == PAGE


@pytest.mark.parametrize(
    "language, said", [("de", "keine Einstellungen"), ("en", "no settings")]
)
def test_an_address_that_leads_nowhere_is_told_so(browser, language, said):
    with browser.page(language, PHONE) as page:
        ask(page, "team@example.org")
        assert said in page.tell("document.querySelector('[role=status]').textContent")
        assert page.tell("document.querySelectorAll('table, svg').length") == 0

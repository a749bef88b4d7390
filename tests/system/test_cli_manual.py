"""The manual pages name all there is."""

import re
import subprocess

import pytest

from command import Command
from stage import BUILD, ROOT

MAN = ROOT / "docs" / "man"
PROGRAMS = sorted(BUILD.glob("bin/hauspost*"))


def plain(page):
    """The words of a page, without macros: -[-quota -hard-quota] and the like
    become --quota --hard-quota."""
    text = re.sub(r"^\.(It )?Fl (.*)$", option_words, page, flags=re.M)
    text = re.sub(r"^\.It Ic ", "\n", text, flags=re.M)
    return re.sub(r"\b(Oo|Oc|Op|Ar|Fl|Ic|Xr|Cm|Li|Pa)\b", "", text)


def option_words(match):
    words = re.split(r"[ ,]+", match[2])
    return " ".join(f"-{word}" if word[:1] == "-" else word for word in words)


def settings(program):
    """{section: {key: default}}"""
    text = subprocess.run(
        [program, "--settings"], text=True, capture_output=True, check=True
    ).stdout
    sections = {}
    for line in text.splitlines():
        if line.startswith("["):
            keys = sections.setdefault(line, {})
        elif line.startswith(";") and not line.startswith("; "):
            key, _, value = line[1:].partition(" = ")
            keys[key] = value
    return sections


@pytest.fixture(scope="module")
def settings_page():
    return subprocess.run(
        [MAN / "fill-settings", BUILD / "bin"],
        stdin=open(MAN / "hauspost.conf.5.in"),
        text=True,
        capture_output=True,
        check=True,
    ).stdout


@pytest.fixture(scope="module")
def hauspost(postgres):
    return Command(postgres, "nowhere")


def test_each_command_and_each_option_is_named(hauspost):
    page = plain((MAN / "hauspost.8").read_text())
    listed = hauspost("--help").stdout
    commands = re.findall(r"^  ([a-z ]+?)  ", listed, re.M)
    assert len(commands) > 25
    for command in commands:
        assert re.search(rf"^{command}\b", page, re.M), command
        options = re.findall(
            r"^  --([a-z-]+)", hauspost(*command.split(), "--help").stdout, re.M
        )
        for option in options:
            named = rf"(?<![a-z])--?{option}(?![a-z-])"
            assert re.search(named, page), (command, option)


def test_each_setting_is_named_with_its_default(settings_page):
    sections = re.split(r"^\.Ss (\[.*\])$", settings_page, flags=re.M)[1:]
    pages = dict(zip(sections[::2], sections[1::2]))
    assert len(pages) == len(PROGRAMS) + 2  # [hauspost], [provider]
    for program in PROGRAMS:
        for section, keys in settings(program).items():
            for key, default in keys.items():
                shown = f"Li \\&{default}" if default else "Pq nothing"
                assert f".It Ic {key} No = {shown}\n" in pages[section]


def test_pages_are_good_mdoc(settings_page):
    pages = {page.name: page.read_text() for page in MAN.glob("*.8")}
    pages["hauspost.conf.5"] = settings_page
    for name, page in pages.items():
        done = subprocess.run(
            ["mandoc", "-T", "lint", "-W", "warning"],
            input=page,
            text=True,
            capture_output=True,
        )
        assert (done.returncode, done.stdout) == (0, ""), name

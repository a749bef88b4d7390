"""Fixtures of the system tests: one stage for all of them, started as far as
the chosen tests need it. What the programs logged during a failed test is
shown with it."""

import itertools
import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from directory import Directory, populate  # noqa: E402
from fetch_peer import hostile  # noqa: E402, F401
from fetch_rig import fetch, fetch_host  # noqa: E402, F401
from lmtp_rig import lmtp, lmtp_host  # noqa: E402, F401  (needs the path above)
from stage import ROOT, Stage  # noqa: E402
from stage.customer import Customer  # noqa: E402
from stage.edge import Edge  # noqa: E402
from web_rig import lists  # noqa: E402, F401

STAGES = pytest.StashKey()
SIZES = pytest.StashKey()


def pytest_configure():
    if os.geteuid() != 0:
        raise pytest.UsageError("the system tests change users: run as root")


@pytest.fixture(scope="session")
def host(request):
    """A stage with nothing running yet; what was started ends with it."""
    yield from prepared(request.session, Stage())


@pytest.fixture(scope="session")
def edge(request):
    """Postfix and the milter, with the demo's directory and an LMTP sink."""
    for edge in prepared(request.session, Edge()):
        edge.postgres.start()
        edge.start_mail()
        edge.load(ROOT / "sql" / "demo.sql")
        yield edge


def prepared(session, stage):
    session.stash.setdefault(STAGES, []).append(stage)
    try:
        stage.prepare()
        yield stage
    finally:
        session.stash[STAGES].remove(stage)
        stage.end()


@pytest.fixture(scope="session")
def postgres(host):
    host.postgres.start()
    return host.postgres


@pytest.fixture
def database(postgres, counter=itertools.count()):
    """The name of a fresh database with the schema and no rows in it."""
    name = f"test_{next(counter)}"
    postgres.new_database(name)
    yield name
    postgres.drop_database(name)


@pytest.fixture(scope="session")
def populated(postgres):
    """A database with two customers in it, and the connection to it."""
    postgres.new_database("directory")
    populated = Directory(postgres.conninfo("directory"))
    populate(populated)
    populated.connection.commit()
    yield populated
    populated.close()


@pytest.fixture
def directory(populated):
    """Two customers and whatever the test does, undone when it ends."""
    yield populated
    populated.connection.rollback()


@pytest.fixture(scope="session")
def stage(host, postgres):
    """The whole mail host with the demo's directory."""
    host.start_mail()
    host.load(ROOT / "sql" / "demo.sql")
    return host


@pytest.fixture
def customer(stage):
    """A package and a domain that no other test knows."""
    return Customer(stage)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    """Remember how long each log was when the test began."""
    item.stash[SIZES] = {
        place: len(text) for place, text in logs(item.session)
    }
    yield


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if not report.failed:
        return
    before = item.stash[SIZES]
    for place, text in logs(item.session):
        if new := text[before.get(place, 0) :]:
            report.sections.append((place[1], new))


def logs(session):
    """((stage, name), text) of every log."""
    for stage in session.stash.get(STAGES, []):
        for name, text in stage.logs().items():
            yield (stage, name), text

"""What conf/ ships: templates, Postfix' and Dovecot's opinion, the sandbox."""

import re
import subprocess

import pytest

from stage import ROOT

RENDER = ROOT / "conf" / "render"


def run(*argv):
    return subprocess.run(
        [str(word) for word in argv], text=True, capture_output=True
    )


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """conf/ as an admin gets it who changed nothing."""
    out = tmp_path_factory.mktemp("etc")
    done = run(RENDER, ROOT / "conf" / "site.conf", out)
    assert done.returncode == 0, done.stderr
    return out


def test_every_template_is_filled_in(rendered):
    for path in filter(lambda p: p.is_file(), rendered.rglob("*")):
        assert not re.search(r"@[A-Z][A-Z0-9_]*@", path.read_text()), path


def test_a_value_is_text_whatever_is_in_it(tmp_path):
    site = tmp_path / "site.conf"
    site.write_text(r"RELAYHOST=a&b\1@NODE@/$x`id`=c" + "\n")
    assert run(RENDER, site, tmp_path / "etc").returncode == 0
    main = (tmp_path / "etc" / "postfix" / "main.cf").read_text()
    assert r"relayhost = a&b\1@NODE@/$x`id`=c" + "\n" in main


def test_a_name_without_a_value_is_named(tmp_path):
    conf = tmp_path / "conf"
    (conf / "x").mkdir(parents=True)
    (conf / "x" / "file").write_text("a\nb = @NO_SUCH@\n")
    (conf / "site.conf").write_text("NODE=h01.hosting.example\n")
    (conf / "render").write_text(RENDER.read_text())
    done = run("sh", conf / "render", conf / "site.conf", tmp_path / "etc")
    assert done.returncode == 1
    assert "x/file:2: no value for @NO_SUCH@" in done.stderr


def test_postfix_knows_every_parameter(stage):
    done = run("postconf", "-c", stage.postfix.config, "-n")
    assert done.returncode == 0 and done.stderr == ""
    done = run("postfix", "-c", stage.postfix.config, "check")
    assert done.returncode == 0 and "warning" not in done.stderr


def test_the_instance_for_newsletters_is_one_of_its_own(rendered):
    """The same files, but for what must not be shared."""

    def values(folder):
        done = run("postconf", "-c", rendered / folder, "-n")
        assert done.returncode == 0 and done.stderr == "", done.stderr
        return dict(line.split(" = ", 1) if " = " in line
                    else (line.removesuffix(" ="), "")
                    for line in done.stdout.splitlines())

    one, other = values("postfix"), values("postfix-bulk")
    assert {key for key in one if one[key] != other[key]} == {
        "config_directory",
        "data_directory",
        "default_destination_concurrency_limit",
        "multi_instance_name",
        "queue_directory",
        "smtp_helo_name",
        "smtpd_relay_restrictions",
    }


def test_postfix_asks_no_sql(rendered):
    for path in (rendered / "postfix").iterdir():
        assert not re.search(r"\b(pgsql|mysql|sqlite):", path.read_text())


def test_dovecot_has_no_complaint(stage):
    done = run("doveconf", "-c", stage.dovecot.config, "-n")
    assert done.returncode == 0 and done.stderr == ""


# T-14: exposure as systemd-analyze sees it, 10 being a service without any
# sandbox. The storer's three capabilities are what it is there for.
@pytest.mark.parametrize(
    "unit, most",
    [
        ("hauspost-milter", 1.5),
        ("hauspost-lmtpd", 1.5),
        ("hauspost-storer", 3.0),
        ("hauspost-fetcher", 1.7),
        ("hauspost-listmgr", 1.7),
        ("hauspost-autoconfig", 1.5),
        ("hauspost-listweb", 1.5),
    ],
)
def test_units_are_exposed_no_more_than(rendered, unit, most):
    done = run(
        "systemd-analyze",
        "security",
        "--offline=true",
        f"--threshold={round(most * 10)}",
        rendered / "systemd" / f"{unit}.service",
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_storer_keeps_openat2(rendered):
    """systemd answers ENOSYS to it under RestrictSUIDSGID."""
    unit = (rendered / "systemd" / "hauspost-storer.service").read_text()
    assert "\nRestrictSUIDSGID=" not in unit


def test_no_binary_changes_its_user_by_itself(stage):
    for path in (stage.place / "bin").iterdir():
        assert path.stat().st_mode & 0o7777 == 0o755, path

"""The test files of tests/svtest, and T13: what a hostile script may cost."""

import random
import resource
import subprocess

import pytest

from stage import BUILD, ROOT

SVTEST = BUILD / "bin/svtest"
SIEVE_RUN = BUILD / "bin/sieve-run"
SANITIZED = BUILD.name == "asan"
CPU_S = 60 if SANITIZED else 5
SUITES = sorted((ROOT / "tests/svtest").glob("*.svtest"))


@pytest.mark.parametrize("suite", SUITES, ids=lambda path: path.stem)
def test_suite(suite):
    done = subprocess.run([SVTEST, suite], capture_output=True, text=True,
                          timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ", 0 failed, 0 skipped" in done.stdout.splitlines()[-1]


# ---- T13 ----

HEADER = 'require ["variables", "regex", "fileinto", "imap4flags", "copy"];\n'


def stars(rng):
    pattern = "*".join("a" * rng.randrange(1, 9)
                       for _ in range(rng.randrange(3, 30)))
    return (f'if header :matches "subject" "*{pattern}*b" {{ discard; }}\n'
            * rng.randrange(1, 200))


def regexes(rng):
    atom = rng.choice(["(a|aa)+", "(a*)*", "(a+)+", "(a|a)*", "a*a*a*a*",
                       "((a|aa|aaa)*)*", "(a?){30}"])
    return (f'if header :regex "subject" "^{atom}{atom}[bc]$" {{ discard; }}\n'
            * rng.randrange(1, 100))


def growing(rng):
    return 'set "a" "aaaaaaaaaaaaaaaa";\n' + \
        'set "a" "${a}${a}${a}";\n' * rng.randrange(5, 400) + \
        f'if string :contains "${{a}}" "{"a" * 50}b" {{ discard; }}\n' * 100


def flags(rng):
    return "".join(f'addflag "{" ".join(f"f{i}x{k}" for k in range(60))}";\n'
                   for i in range(rng.randrange(5, 100)))


def false_starts(rng):
    key = "a" * rng.randrange(10, 2000) + "b"
    return (f'if header :contains "subject" "{key}" {{ discard; }}\n'
            * rng.randrange(1, 40))


BOMBS = [(make, seed) for make in (stars, regexes, growing, flags, false_starts)
         for seed in range(10)]


@pytest.mark.parametrize(
    "make, seed", BOMBS, ids=[f"{make.__name__}-{seed}" for make, seed in BOMBS])
def test_a_bomb_ends_within_its_budget_and_the_mail_is_kept(
        tmp_path, make, seed):
    rng = random.Random(seed)
    script, message = tmp_path / "s.sieve", tmp_path / "m.eml"
    script.write_text((HEADER + make(rng))[:100 * 1024].rsplit("\n", 1)[0])
    message.write_text("Subject: " + "a" * rng.choice([70, 900, 60000])
                       + "\n\nbody\n")

    def limits():  # generous: the budget is what has to end it
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
        if not SANITIZED:  # it reserves terabytes
            resource.setrlimit(resource.RLIMIT_AS, (1 << 28, 1 << 28))

    done = subprocess.run([SIEVE_RUN, script, message], capture_output=True,
                          text=True, timeout=120, check=False,
                          preexec_fn=limits)
    assert done.returncode in (0, 65), done.stdout + done.stderr
    assert done.stdout.startswith('keep "INBOX"'), done.stdout + done.stderr

"""The core of RFC 3028 as libsieve sees it: a second opinion.

libsieve is a process of its own with a memory limit. Where it crashes it has
no opinion, and the crashes are counted; where it has one, ours is the same.
Left out: :domain, of which it finds none in an address without "<>".
"""

import collections
import random
import re
import subprocess

import pytest

from stage import BUILD, ROOT

SIEVE_RUN = BUILD / "bin/sieve-run"
PAIRS = 150

SUBJECTS = ["Hello", "Re: meeting", "10 apples", "[list] news", "a*b"]
ADDRESSES = ["anna@example.org", "Anna <anna@example.org>",
             "emil@sub.example.net"]
KEYS = ["hello", "anna@example.org", "example", "meeting", "news", "x"]
GLOBS = ["*", "he*", "*e*", "?e*", "*list*", "*meeting", "h?llo"]


def quoted(text):
    return '"' + text + '"'


def match(rng):
    kind = rng.choice([":is", ":contains", ":matches"])
    return kind, quoted(rng.choice(GLOBS if kind == ":matches" else KEYS))


def any_test(rng, depth=0):
    how, key = match(rng)
    if depth < 2 and rng.random() < 0.25:
        inner = ", ".join(any_test(rng, depth + 1) for _ in range(2))
        return f"{rng.choice(['allof', 'anyof'])} ({inner})"
    return rng.choice([
        f'header {how} {quoted(rng.choice(["subject", "x-one"]))} {key}',
        f'address :all {how} {quoted(rng.choice(["from", "to"]))} {key}',
        f'exists {quoted(rng.choice(["subject", "x-one", "nothing"]))}',
        f'not exists "x-one"',
    ])


def script(rng):
    lines = ['require ["fileinto"];']
    for n in range(rng.randrange(1, 5)):
        action = rng.choice([f'fileinto "m{n}";', "keep;", "discard;",
                             f'redirect "r{n}@example.net";'])
        lines.append(f"if {any_test(rng)} {{ {action} }}")
    return "\n".join(lines) + "\n"


def message(rng):
    if rng.random() < 0.04:
        return rng.choice([": no name\n\nbody\n", "\nbody\n"])
    lines = [f"From: {rng.choice(ADDRESSES)}", f"To: {rng.choice(ADDRESSES)}",
             f"Subject: {rng.choice(SUBJECTS)}"]
    if rng.random() < 0.5:
        lines.append(f"X-One: {rng.choice(SUBJECTS)}")
    return "\n".join(lines) + "\n\nbody\n"


@pytest.fixture(scope="module")
def libsieve(tmp_path_factory):
    program = tmp_path_factory.mktemp("libsieve") / "libsieve"
    built = subprocess.run(
        ["cc", ROOT / "tests/second-opinion/libsieve.c", "-o", program,
         "-lsieve"], capture_output=True, check=False)
    if built.returncode != 0:
        pytest.skip("needs the package libsieve2-dev")
    return program


def plan(text):
    """Actions without their order, each once. libsieve says nothing when it
    is the implicit keep."""
    found = set()
    if not text.strip():
        return ["keep"]
    for line in text.splitlines():
        ours = re.match(r'(fileinto|keep|discard) "?([^" ]*)', line)
        if line.startswith(("keep", "discard")):
            found.add(line.split()[0])
        elif ours:
            found.add(f"{ours[1]} {ours[2]}")
        elif line.startswith("redirect"):
            found.add(line)
    return sorted(found - {"discard"})


def opinions(libsieve, folder, seed):
    rng = random.Random(seed)
    script_path, message_path = folder / "s.sieve", folder / "m.eml"
    script_path.write_text(script(rng))
    message_path.write_text(message(rng))
    theirs = subprocess.run([libsieve, script_path, message_path],
                            capture_output=True, text=True, check=False,
                            timeout=30)
    ours = subprocess.run([SIEVE_RUN, script_path, message_path],
                          capture_output=True, text=True, check=False,
                          timeout=30)
    return theirs, ours


def test_plans_agree_where_libsieve_has_an_opinion(libsieve, tmp_path):
    count = collections.Counter()
    for seed in range(PAIRS):
        theirs, ours = opinions(libsieve, tmp_path, seed)
        if theirs.returncode < 0:
            count["crashes"] += 1
            continue
        same = plan(theirs.stdout) == plan(ours.stdout)
        count["same" if same else "other"] += 1
        assert same, (f"seed {seed}\n{(tmp_path / 's.sieve').read_text()}\n"
                      f"{(tmp_path / 'm.eml').read_text()}\nlibsieve: "
                      f"{theirs.stdout}{theirs.stderr}\nours: {ours.stdout}")
    print(dict(count))
    assert count["same"] > PAIRS / 2

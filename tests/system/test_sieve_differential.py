"""T16: the same script on the same message does the same as in Pigeonhole.

A seeded generator writes scripts and messages; Debian's sieve-test and our
sieve-run each print a plan, and the plans are compared. Where RFCs and
Pigeonhole differ, or leave a choice, sieve_deviations.txt says so, and the
generator leaves such input out.

HAUSPOST_SIEVE_PAIRS sets the number of pairs, HAUSPOST_SIEVE_SEED the first
seed.
"""

import os
import random
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from stage import BUILD

SIEVE_RUN = BUILD / "bin/sieve-run"
PAIRS = int(os.environ.get("HAUSPOST_SIEVE_PAIRS", "500"))
FIRST_SEED = int(os.environ.get("HAUSPOST_SIEVE_SEED", "1"))
PAIRS_PER_TEST = 50

SENDER, RECIPIENT = "anna@example.org", "fred+lists@example.com"

REQUIRE = [
    "fileinto", "copy", "envelope", "subaddress", "relational", "regex",
    "comparator-i;ascii-numeric", "variables", "imap4flags", "date", "index",
    "body", "mime", "foreverypart", "extracttext", "encoded-character",
    "mailbox", "editheader",
]

# ---- Messages -----------------------------------------------------------

SUBJECTS = [
    "Hello", "Re: [list] Minutes of the meeting", "10 apples", "010",
    "=?utf-8?q?Gr=C3=BC=C3=9Fe_aus_K=C3=B6ln?=",
    "=?iso-8859-1?q?caf=E9?= and =?utf-8?b?8J+YgA==?=",
    "=?utf-8?q?a?= =?utf-8?q?b?= c", "", "two  blanks", "*stars* and ?",
    "back\\slash", "a very long subject\n folded over\n\tthree lines",
]
ADDRESSES = [
    "anna@example.org", "Anna <anna@example.org>", '"A, B" <a.b@Example.COM>',
    "fred+lists@example.com", "<fred@example.com>",
    "one@example.net, two+x@example.net",
    "friends: carl@example.org, dora@sub.example.org;",
    "(comment) emil@example.org (another)", '"quoted local"@example.org',
    "=?utf-8?q?J=C3=B6rg?= <joerg@example.de>",
    "<@relay.example,@b.example:gert@example.net>", "a b c", "joe",
    "hugo@[192.0.2.1]", "ida @ example . org", "<>", "x@", "@example.org",
    "anna@example.org, broken <x, fred@example.com",
    '"Fred \\"the\\" Fox" <fred@example.com>, emil@example.org',
]
DATES = [
    "Tue, 01 Mar 2022 12:34:56 +0100", "1 Jan 2000 00:00:00 GMT",
    "Fri, 31 Dec 1999 23:59:59 -0800", "Mon, 29 Feb 2016 06:07:08 +0530",
    "Wed, 4 Jul 2012 9:05:01 EST", "not a date",
]
BODIES = [
    "Hello world\nsecond line\n", "", "needle in a haystack\n",
    "umlaut \u00e4\u00f6\u00fc\n", "a" * 3000 + "needle\n",
]


def multipart(rng):
    return (
        'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b1"\n\n'
        "preamble\n--b1\nContent-Type: text/plain; charset=utf-8\n\n"
        f"{rng.choice(BODIES)}\n--b1\nContent-Type: text/plain\n"
        "Content-Transfer-Encoding: base64\n\nbmVlZGxlIGluIGJhc2U2NAo=\n"
        "--b1\nContent-Type: application/pdf; name=\"a.pdf\"\n"
        "Content-Disposition: attachment; filename=\"a.pdf\"\n\n%PDF\n"
        "--b1--\n"
    )


def message(rng):
    lines = []
    for name in ("From", "To", "Cc", "Sender", "Reply-To"):
        if rng.random() < 0.7:
            lines.append(f"{name}: {rng.choice(ADDRESSES)}")
    for _ in range(rng.choice([0, 1, 1, 1, 2])):
        lines.append(f"Subject: {rng.choice(SUBJECTS)}")
    if rng.random() < 0.8:
        lines.append(f"Date: {rng.choice(DATES)}")
    for i in range(rng.randrange(4)):
        lines.append(f"X-Num: {rng.choice(['1', '2', '10', '007', 'x', ''])}")
        lines.append(f"Received: from h{i}; {rng.choice(DATES[:4])}")
    rng.shuffle(lines)
    head = "\n".join(lines) + "\n"
    if rng.random() < 0.3:
        return head + multipart(rng)
    return (head + "MIME-Version: 1.0\n"
            "Content-Type: text/plain; charset=utf-8\n"
            "Content-Transfer-Encoding: 8bit\n\n" + rng.choice(BODIES))


# ---- Scripts ------------------------------------------------------------

HEADERS = ["subject", "X-Num", "from", "to", "received", "nothing"]
ADDRESS_HEADERS = ["from", "to", "cc", "sender", "reply-to"]
KEYS = ["hello", "Hello", "anna", "example", "", "10", "1", "list", "x", "b",
        "Gr\u00fc\u00dfe aus K\u00f6ln", "example.org", "fred", "lists",
        "anna@example.org"]
GLOBS = ["*", "?", "*e*", "Re: [[]*]*", "*[*]*", "a*", "*@*.*", "??*", "*a*e*",
         "\\\\*stars*", "hello", "*list*", "[*] *", "*\\\\?", "*ö*"]
REGEXES = ["^H", "e+", "(l+)o", "[[:digit:]]+", "(a|e)x?", "^$", "o$", ".*@(.*)",
           "[^a-z]+", "a{1,3}", "\\\\.", "(.)(.)"]
PARTS = ["year", "month", "day", "date", "hour", "minute", "second", "time",
         "iso8601", "std11", "zone", "weekday", "julian"]


def quoted(text):
    return '"' + text.replace("\n", "") + '"'


def string_list(rng, pool):
    n = rng.choice([1, 1, 1, 2, 3])
    picked = [quoted(rng.choice(pool)) for _ in range(n)]
    return picked[0] if n == 1 else "[" + ", ".join(picked) + "]"


def match(rng):
    """A match type with its comparator, and keys that go with it."""
    kind = rng.choice(["is", "is", "contains", "contains", "matches",
                       "matches", "regex", "count", "value"])
    numeric = ':comparator "i;ascii-numeric"'
    octet = rng.choice(["", "", ':comparator "i;octet" '])
    relation = rng.choice(["eq", "ne", "gt", "ge", "lt", "le"])
    if kind == "count":
        return f':count "{relation}" {numeric}', f'"{rng.randrange(4)}"'
    if kind == "value":
        if rng.random() < 0.5:
            return (f':value "{relation}" {numeric}',
                    string_list(rng, ["1", "2", "10", "007"]))
        return f':value "{relation}"', string_list(rng, KEYS)
    pool = {"matches": GLOBS, "regex": REGEXES}.get(kind, KEYS)
    return f"{octet}:{kind}", string_list(rng, pool)


def header_test(rng):
    how, keys = match(rng)
    index = rng.choice(["", "", "", ":index 1 ", ":index 2 ",
                        ":index 1 :last "])
    if ":count" in how:
        index = ""
    return f"header {index}{how} {string_list(rng, HEADERS)} {keys}"


def address_test(rng):
    how, keys = match(rng)
    part = rng.choice(["", ":all ", ":localpart ", ":domain ", ":user ",
                       ":detail "])
    return f"address {part}{how} {string_list(rng, ADDRESS_HEADERS)} {keys}"


def envelope_test(rng):
    how, keys = match(rng)
    part = rng.choice(["", ":all ", ":localpart ", ":domain ", ":user ",
                       ":detail "])
    return f"envelope {part}{how} {string_list(rng, ['from', 'to'])} {keys}"


def date_test(rng):
    zone = rng.choice(['', ':originalzone ', ':zone "+0000" ',
                       ':zone "-0330" ', ':zone "+0545" '])
    part = rng.choice(PARTS)
    how = rng.choice([':matches', ':value "ge"', ":is"])
    key = '"*"' if how == ":matches" else \
        '"' + rng.choice(["2016", "06", "2000-01-01", "+0100"]) + '"'
    return f'date {zone}{how} "date" "{part}" {key}'


def body_test(rng):
    how = rng.choice([":raw", ":text", ':content "text"', ':content "text/plain"',
                      ':content ""', ':content "application"'])
    return f'body {how} :contains {quoted(rng.choice(["needle", "hello", "PDF", "ä"]))}'


def mime_test(rng):
    aspect = rng.choice([":type", ":subtype", ":contenttype",
                         ':param "name"', ':param "charset"', ""])
    child = rng.choice(["", ":anychild"])
    return (f'header :mime {child} {aspect} :contains "content-type" '
            f'{quoted(rng.choice(["text", "pdf", "multipart", "utf-8"]))}')


def simple_test(rng):
    return rng.choice([
        lambda: f'exists {string_list(rng, HEADERS)}',
        lambda: f'size :over {rng.choice([10, 500, "1K"])}',
        lambda: f'size :under {rng.choice([10, 500, "1K"])}',
        lambda: f'hasflag :contains "{rng.choice(["seen", "x", "y"])}"',
        lambda: f'string :matches "${{v}}" "{rng.choice(["*", "a*", "?*"])}"',
    ])()


def any_test(rng, depth=0):
    makers = [header_test] * 5 + [address_test] * 4 + [envelope_test, date_test,
              date_test, body_test, mime_test, simple_test]
    if depth < 2 and rng.random() < 0.2:
        inner = ", ".join(any_test(rng, depth + 1)
                          for _ in range(rng.randrange(1, 4)))
        return f'{rng.choice(["allof", "anyof"])} ({inner})'
    if depth < 3 and rng.random() < 0.1:
        return "not " + any_test(rng, depth + 1)
    return rng.choice(makers)(rng)


def effect(rng, n):
    return rng.choice([
        f'addheader "X-Num" "{n}";', 'deleteheader "X-Num";',
        f'addheader :last "Subject" "added {n}";',
        'deleteheader :contains "Subject" "e";',
        'deleteheader :index 1 "Subject";',
        f'fileinto :copy "m{n}";', f'fileinto :copy "m{n}";',
        f'fileinto :copy "m{n}";',
        f'fileinto :copy "m{n} ${{1}}|${{2}}";',
        f'addflag "\\\\Seen"; fileinto :copy "m{n}";',
        f'set {rng.choice(["", ":upper ", ":length ", ":quotewildcard "])}'
        f'"v" "${{1}}x"; fileinto :copy "v{n} ${{v}}";',
        f'fileinto :copy :flags ["x", "y"] "m{n}";',
        f'redirect :copy "r{n % 3}@example.net";',
    ])


def script(rng):
    lines = ["require [" + ", ".join(quoted(r) for r in REQUIRE) + "];"]
    for n in range(rng.randrange(3, 8)):
        other = f' else {{ fileinto :copy "e{n}"; }}' \
            if rng.random() < 0.5 else ""
        lines.append(f"if {any_test(rng)} {{ {effect(rng, n)} }}{other}")
    if rng.random() < 0.2:
        lines.append('foreverypart { extracttext :first 5 "p"; '
                     'fileinto :copy "p${p}"; }')
    lines.append(rng.choice(["", "", "keep;", "discard;", "stop;",
                             'fileinto "end";', 'redirect "end@example.net";']))
    return "\n".join(lines) + "\n"


# ---- Plans --------------------------------------------------------------


def clean(name):
    """Blanks at the ends and around are a matter of printing."""
    return " ".join(name.split())


def their_plan(output):
    plan, current = [], None
    for line in output.split("Performed actions:")[-1].splitlines():
        store = re.match(r" \* store message in folder: (.*)", line)
        redirect = re.match(r" \* redirect message to: <(.*)>", line)
        flags = re.match(r" +\+ add IMAP flags: (.*)", line)
        if store:
            current = ["store", clean(store[1]), ""]
            plan.append(current)
        elif redirect:
            current = None
            plan.append(["redirect", redirect[1], ""])
        elif flags and current:
            current[2] = " ".join(sorted(flags[1].lower().split()))
    return sorted(set(map(tuple, plan)))


def our_plan(output):
    plan = []
    for line in output.splitlines():
        store = re.match(r'(?:keep|fileinto) "(.*?)"( create)?'
                         r"(?: flags=(\S*))?( edited)?( \(implicit\))?$", line)
        redirect = re.match(r"redirect (\S+)", line)
        if store:
            flags = (store[3] or "").lower().split(",")
            plan.append(("store", clean(store[1]), " ".join(sorted(flags))))
        elif redirect:
            plan.append(("redirect", redirect[1], ""))
    return sorted(set(plan))


@pytest.fixture(scope="module")
def pigeonhole():
    if shutil.which("sieve-test") is None:
        pytest.skip("needs sieve-test of the package dovecot-sieve")
    folder = Path(tempfile.mkdtemp(prefix="hp.sieve."))
    (folder / "dovecot.conf").write_text(f"""
base_dir = {folder}/run
log_path = /dev/stderr
mail_uid = nobody
mail_gid = nogroup
mail_home = {folder}/home
mail_location = maildir:{folder}/mail
ssl = no
postmaster_address = postmaster@example.org
plugin {{
  sieve_extensions = +editheader
}}
""")
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


def run_theirs(folder, script_path, message_path):
    done = subprocess.run(
        ["sieve-test", "-c", folder / "dovecot.conf", "-f", SENDER,
         "-r", RECIPIENT, "-a", RECIPIENT, script_path, message_path],
        capture_output=True, cwd=folder, timeout=60, check=False,
        env={**os.environ, "TZ": "UTC"})
    return (done.stdout + done.stderr).decode("utf-8", "replace")


def run_ours(script_path, message_path):
    done = subprocess.run(
        [SIEVE_RUN, "-f", SENDER, "-t", RECIPIENT, script_path, message_path],
        capture_output=True, timeout=60, check=False,
        env={**os.environ, "TZ": "UTC"})
    return (done.stdout + done.stderr).decode("utf-8", "replace")


def compare(folder, seed):
    rng = random.Random(seed)
    script_path, message_path = folder / "s.sieve", folder / "m.eml"
    script_path.write_text(script(rng), "utf-8")
    message_path.write_text(message(rng), "utf-8")
    theirs = run_theirs(folder, script_path, message_path)
    ours = run_ours(script_path, message_path)
    if their_plan(theirs) == our_plan(ours) or "Panic:" in theirs:
        return None
    return (f"seed {seed}\n{script_path.read_text('utf-8')}\n---\n"
            f"{message_path.read_text('utf-8')}\n--- Pigeonhole\n{theirs}\n"
            f"--- Hauspost\n{ours}")


@pytest.mark.parametrize(
    "first", range(FIRST_SEED, FIRST_SEED + PAIRS, PAIRS_PER_TEST))
def test_plans_are_the_same(pigeonhole, first):
    last = min(first + PAIRS_PER_TEST, FIRST_SEED + PAIRS)
    found = [compare(pigeonhole, seed) for seed in range(first, last)]
    differing = [f for f in found if f]
    assert not differing, f"{len(differing)} differ, the first:\n{differing[0]}"

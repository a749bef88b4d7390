"""What mail clients are told: their own requests, octet for octet, through the
web server to hauspost-autoconfig. SCENARIOS' numbers stand in the names."""

import hashlib
import json
import plistlib
import re
import subprocess
import urllib.request
import xml.etree.ElementTree as xml

import pytest

from stage import ROOT, wait_for
from stage.customer import PASSWORD
from stage.web import CUSTOMER_HOST, SERVICE_HOST

GRAMMAR = ROOT / "tests" / "system" / "grammar"
MOZILLA = "/mail/config-v1.1.xml"
WELL_KNOWN = "/.well-known/autoconfig" + MOZILLA
POX = "/autodiscover/autodiscover.xml"
RESPONSE = "{http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a}"
ERROR = "{http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006}"

# As Thunderbird writes it, blanks and all.
POX_BODY = """\
<?xml version="1.0" encoding="utf-8"?>
      <Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006">
        <Request>
          <EMailAddress>{}</EMailAddress>
          <AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema>
        </Request>
      </Autodiscover>"""

HOST = "xyz00.hosting.example"
ALL = [
    ("imap", HOST, "993", "SSL"),
    ("pop3", HOST, "995", "SSL"),
    ("smtp", HOST, "465", "SSL"),
]


def valid(document, grammar):
    done = subprocess.run(
        ["xmllint", "--noout", "--relaxng", GRAMMAR / grammar, "-"],
        input=document,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr.decode()
    return xml.fromstring(document)


def servers(document):
    """[(type, host, port, socketType)] and the user names, each once."""
    root = valid(document, "clientConfig.rng")
    found, names = [], set()
    for tag in ("incomingServer", "outgoingServer"):
        for one in root.iter(tag):
            words = [one.findtext(t) for t in ("hostname", "port", "socketType")]
            found.append((one.get("type"), *words))
            names.add(one.findtext("username"))
    return found, names


def told(answer):
    """The login name of a good answer."""
    assert answer.status == 200, answer.body
    _, [name] = servers(answer.body)
    return name


def login(stage, address, host=CUSTOMER_HOST):
    return told(stage.web.get(f"{MOZILLA}?emailaddress={address}", host))


def pox(stage, address, host="autodiscover.example.org", path=POX):
    return stage.web.post(path, POX_BODY.format(address), host)


def pox_logins(answer):
    assert answer.status == 200, answer.body
    root = valid(answer.body, "autodiscover.rng")
    return {e.text for e in root.iter(RESPONSE + "LoginName")}


def seen(condition):
    wait_for(condition, "the change is seen")


# -- What is published -------------------------------------------------------


def test_t200_t208_an_alias_leads_to_its_mailbox(stage):
    answer = stage.web.get(f"{MOZILLA}?emailaddress=office%40example.org", CUSTOMER_HOST)
    assert servers(answer.body) == (ALL, {"xyz00-abc"})
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert answer.headers["Cache-Control"] == "private, max-age=300"
    assert answer.headers["Vary"] == "Host"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_the_document_is_plain(stage):
    body = stage.web.get(f"{MOZILLA}?emailaddress=office%40example.org", CUSTOMER_HOST).body
    assert body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<clientConfig version="1.1">\n')
    assert b"<!" not in body and b"\r" not in body
    assert not re.search(rb">\s+[^<\s]|[^>\s]\s+<", body)
    assert b"4587" not in body and b">25<" not in body and b"plain" not in body


@pytest.mark.parametrize("path", [MOZILLA, WELL_KNOWN])
@pytest.mark.parametrize("tls", [None, CUSTOMER_HOST])
def test_http_and_https_on_both_paths_say_the_same(stage, path, tls):
    target = f"{path}?emailaddress=fred%40example.org"
    answer = stage.web.get(target, CUSTOMER_HOST, tls)
    assert servers(answer.body) == (ALL, {"xyz00-fred"})


def test_t201_t203_t204_what_has_no_mailbox_gets_404(stage, customer):
    off = customer.add_domain("off", autoconfig="false")
    customer.address("info", customer.name, domain=off)
    answers = [
        stage.web.get(f"{MOZILLA}?emailaddress={address}", f"autoconfig.{host}")
        for address, host in [
            ("team@example.org", "example.org"),
            ("away@example.org", "example.org"),
            ("drop@example.org", "example.org"),
            ("nobody@example.org", "example.org"),
            ("ring@example.org", "example.org"),
            ("gone@example.org", "example.org"),
            ("locked@example.org", "example.org"),
            ("unknown@example.org", "example.org"),
            ("odd%0A@example.org", "example.org"),
            ("info@nomail.example.org", "nomail.example.org"),
            ("info@backup.example.com", "backup.example.com"),
            (f"info@{off}", off),
            (f"info@{off}", "example.org"),
            ("info@foreign.example", "foreign.example"),
            ("info@foreign.example", "example.org"),
            ("", "foreign.example"),
        ]
    ]
    for answer in answers:
        del answer.headers["Date"]
    assert {(a.status, a.body, str(a.headers)) for a in answers} == {
        (404, b"No settings here.\n", str(answers[0].headers))
    }


def test_t206_no_address_is_the_whole_domain(stage):
    answer = stage.web.get(MOZILLA, CUSTOMER_HOST)
    assert servers(answer.body) == (ALL, {"%EMAILADDRESS%"})
    assert answer.headers["Cache-Control"] == "public, max-age=3600"


def test_t207_autodiscover_says_the_same(stage):
    answer = pox(stage, "office@example.org")
    root = valid(answer.body, "autodiscover.rng")
    protocols = [
        tuple(one.findtext(RESPONSE + t) for t in ("Type", "Server", "Port", "Encryption"))
        for one in root.iter(RESPONSE + "Protocol")
    ]
    assert [(t.lower(), *rest) for t, *rest in protocols] == ALL
    assert pox_logins(answer) == {"xyz00-abc"}
    assert root.find(f".//{RESPONSE}DisplayName").text == "office@example.org"
    assert answer.headers["Cache-Control"] == "no-store"
    assert pox(stage, "team@example.org").status == 404
    assert pox(stage, "info@foreign.example").status == 404


@pytest.mark.parametrize("hops", [1, 2, 5])
def test_over_any_number_of_hops_all_name_the_same_mailbox(stage, customer, hops):
    box = customer.mailbox("fred")
    target = box
    for hop in range(hops - 1):
        target = customer.alias(f"hop{hop}", target)
    address = customer.address("Fred", target)
    host = f"autoconfig.{customer.domain}"
    for asked in (address, address.upper(), address.replace("@", "+x@")):
        assert login(stage, asked.replace("@", "%40").replace("+", "%2B"), host) == box
        assert pox_logins(pox(stage, asked, host)) == {box}
        assert profile(stage, asked)["IncomingMailServerUsername"] == box
        shown = stage.dovecot.doveadm("auth", "test", asked, PASSWORD)
        assert f"user={box}" in shown


def test_a_catch_all_is_told_too(stage):
    assert login(stage, "whoever@hamburg.example.org") == "xyz00-abc"
    # Its targets are those of another domain's catch-all.
    assert login(stage, "who@example.net") == "abc00"


def test_a_domain_may_be_written_in_its_own_letters(stage, customer):
    customer._insert("domain", name="xn--bcher-kva.example", package=customer.name)
    customer.address("info", customer.name, domain="xn--bcher-kva.example")
    asked = "info%40b%C3%BCcher.example"
    assert login(stage, asked, "autoconfig.xn--bcher-kva.example") == customer.name


def test_a_forward_of_the_owner_changes_nothing(stage):
    assert login(stage, "fred@example.org") == "xyz00-fred"


def test_an_automatic_address(stage):
    assert login(stage, f"xyz00-abc@{HOST}", SERVICE_HOST) == "xyz00-abc"


def test_changes_count_at_once(stage, customer):
    box = customer.mailbox("fred")
    host = f"autoconfig.{customer.domain}"
    target = f"{MOZILLA}?emailaddress=new@{customer.domain}"
    assert stage.web.get(target, host).status == 404
    customer.address("new", box)
    seen(lambda: stage.web.get(target, host).status == 200)
    stage.query(
        "UPDATE hauspost.domain SET autoconfig = false WHERE name = :'d'",
        d=customer.domain,
    )
    seen(lambda: stage.web.get(target, host).status == 404)
    assert stage.web.get(MOZILLA, host).status == 404


def test_login_by_address_where_a_domain_wants_it(stage, customer):
    customer.address("info", customer.mailbox("fred"))
    stage.query(
        "UPDATE hauspost.domain SET login = 'address' WHERE name = :'d'",
        d=customer.domain,
    )
    host = f"autoconfig.{customer.domain}"
    address = f"info@{customer.domain}"
    seen(lambda: login(stage, address, host) == "%EMAILADDRESS%")
    assert pox_logins(pox(stage, address, host)) == {address}


def test_a_domain_has_services_of_its_own(stage, customer):
    stage.query(
        "INSERT INTO hauspost.client_service"
        " (domain, protocol, host_pattern, port, tls, sort_order) VALUES"
        " (:'d', 'imap', 'mail.{domain}', 143, 'starttls', 1),"
        " (:'d', 'sieve', '{node}', 4190, 'starttls', 2)",
        d=customer.domain,
    )
    host = f"autoconfig.{customer.domain}"
    own = ("imap", f"mail.{customer.domain}", "143", "STARTTLS")
    found, _ = servers(stage.web.get(MOZILLA, host).body)
    assert own in found and ("imap", f"{customer.name}.hosting.example", "993", "SSL") not in found
    assert [one[0] for one in found] == ["imap", "pop3", "smtp"]
    assert b"managesieve" in stage.web.get(MOZILLA, host).body
    root = valid(pox(stage, customer.address("a", customer.name), host).body, "autodiscover.rng")
    assert root.find(f".//{RESPONSE}Encryption").text == "TLS"
    assert servers(stage.web.get(MOZILLA, CUSTOMER_HOST).body)[0] == ALL


@pytest.mark.parametrize(
    "row, told",
    [
        ("'imap', 'h', 993, 'none', 1", "passwords"),
        ("'imap', 'h', 993, 'starttls', 1", "starttls is on port 143"),
        ("'smtp', 'h', 587, 'implicit', 1", "starttls is on port 143"),
        ("'smtp', 'h', 4587, 'implicit', 1", "bulk ports"),
        ("'smtp', 'h', 25, 'implicit', 1", "bulk ports"),
        ("'smtp', '<h>', 465, 'implicit', 1", "host_pattern"),
        ("'smtp', '{home}', 465, 'implicit', 1", "host_pattern"),
    ],
)
def test_what_clients_misread_is_refused(stage, row, told):
    with pytest.raises(Exception, match=told):
        stage.query(
            "INSERT INTO hauspost.client_service"
            f" (protocol, host_pattern, port, tls, sort_order) VALUES ({row})"
        )


def test_half_a_set_of_services_is_none(stage):
    stage.query("BEGIN")
    try:
        stage.query("DELETE FROM hauspost.client_service WHERE protocol = 'smtp'")
        assert stage.query(
            "SELECT status FROM hauspost.autoconfig('info@example.org', '', '')"
        ) == [["absent"]]
    finally:
        stage.query("ROLLBACK")


# -- Their own requests ------------------------------------------------------

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Thunderbird/153.7.0"
MD5 = hashlib.md5(b"office@example.org").hexdigest()


def lines(*words):
    return ("\r\n".join(words) + "\r\n\r\n").encode()


CLIENTS = {
    "Thunderbird": lines(
        f"GET {MOZILLA}?emailaddress=office%40example.org HTTP/1.1",
        f"Host: {CUSTOMER_HOST}",
        f"User-Agent: {FIREFOX}",
        "Accept: */*",
        "Accept-Language: en-US,en;q=0.5",
        "Accept-Encoding: gzip, deflate, br, zstd",
        "Connection: keep-alive",
        "Priority: u=4",
    ),
    "Thunderbird at the MX host": lines(
        f"GET {MOZILLA}?emailaddress=office%40example.org HTTP/1.1",
        f"Host: {SERVICE_HOST}",
        f"User-Agent: {FIREFOX}",
        "Accept: */*",
        "Accept-Encoding: gzip, deflate",
    ),
    "Thunderbird with a plus sign": lines(
        f"GET {WELL_KNOWN}?emailaddress=office%2Blists%40example.org HTTP/1.1",
        f"Host: {CUSTOMER_HOST}",
        f"User-Agent: {FIREFOX}",
    ),
    "Evolution": lines(
        f"GET {MOZILLA}?emailaddress=EVOLUTIONUSER%40example.org&emailmd5={MD5} HTTP/1.1",
        f"Host: {CUSTOMER_HOST}",
        "Accept-Encoding: gzip, deflate",
        "User-Agent: Evolution/3.46.4-2+deb12u1",
        "Connection: Keep-Alive",
    ),
    "FairEmail": lines(
        f"GET {MOZILLA}?emailaddress=office+lists@example.org HTTP/1.1",
        "User-Agent: FairEmail/1.2300",
        f"Host: {CUSTOMER_HOST}",
        "Connection: Keep-Alive",
        "Accept-Encoding: gzip",
    ),
    "Delta Chat": lines(
        f"GET {MOZILLA}?emailaddress=office%40example.org HTTP/1.1",
        f"host: {CUSTOMER_HOST}",
        "accept: */*",
    ),
    "Horde": lines(
        f"GET {MOZILLA}?emailaddress=office%40example.org HTTP/1.0",
        f"Host: {CUSTOMER_HOST}",
        "User-Agent: Horde_Http",
    ),
}
SILENT = {
    "K-9": lines(
        f"GET {MOZILLA} HTTP/1.1",
        f"Host: {CUSTOMER_HOST}",
        "Connection: Keep-Alive",
        "Accept-Encoding: gzip",
        "User-Agent: okhttp/4.12.0",
    ),
    "KMail": lines(
        f"GET {MOZILLA} HTTP/1.1",
        f"Host: {CUSTOMER_HOST}",
        "Connection: keep-alive",
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64) KHTML/5.103.0 (like Gecko) Konqueror/5 KIO/5.103",
        "Accept: text/html, text/*;q=0.9, image/jpeg;q=0.9, */*;q=0.8",
    ),
    "Geary": lines(
        f"GET {MOZILLA} HTTP/1.1",
        f"Host: {CUSTOMER_HOST}",
        "User-Agent: Geary/43.0",
        "Accept-Encoding: gzip, deflate",
    ),
}


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_that_tells_the_address(stage, client):
    assert told(stage.web.send(CLIENTS[client])) == "xyz00-abc"


@pytest.mark.parametrize("client", SILENT)
def test_a_client_that_keeps_the_address(stage, client):
    assert told(stage.web.send(SILENT[client])) == "%EMAILADDRESS%"


def test_evolution_s_digest_of_nobody_is_nobody(stage):
    md5 = hashlib.md5(b"nobody-here@example.org").hexdigest()
    for query in (f"&emailmd5={md5}", "", "&emailmd5=x"):
        target = f"{MOZILLA}?emailaddress=EVOLUTIONUSER%40example.org{query}"
        assert stage.web.get(target, CUSTOMER_HOST).status == 404


@pytest.mark.parametrize("path", [POX, "/Autodiscover/Autodiscover.xml", "/AutoDiscover/autodiscover.XML"])
def test_outlook_posts(stage, path):
    body = POX_BODY.format("office@example.org")
    answer = stage.web.send(
        lines(
            f"POST {path} HTTP/1.1",
            "Host: autodiscover.example.org",
            "Connection: Keep-Alive",
            "Content-Type: text/xml",
            "User-Agent: Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17328; Pro)",
            "X-MapiHttpCapability: 1",
            "Depth: 0",
            f"Content-Length: {len(body)}",
        )
        + body.encode()
    )
    assert pox_logins(answer) == {"xyz00-abc"}


def test_outlook_s_way_without_a_certificate(stage):
    answer = stage.web.get(POX, "autodiscover.example.org")
    assert answer.status == 302
    assert answer.headers["Location"] == f"https://{SERVICE_HOST}{POX}"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
def test_delta_chat_and_others_who_do_not_post(stage, method):
    answer = stage.web.get(POX, CUSTOMER_HOST, CUSTOMER_HOST, method)
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")


def test_thunderbird_s_password_changes_nothing(stage):
    answer = stage.web.get(
        f"{MOZILLA}?emailaddress=office%40example.org",
        CUSTOMER_HOST,
        CUSTOMER_HOST,
        headers=["Authorization: Basic b2ZmaWNlOnNlY3JldA=="],
    )
    assert told(answer) == "xyz00-abc"


def test_microsoft_s_cloud(stage):
    base = "/Autodiscover/Autodiscover.json"
    found = {"Protocol": "AutodiscoverV1", "Url": f"https://{SERVICE_HOST}{POX}"}
    for target, status, want in [
        (f"{base}?Email=office%40example.org&Protocol=AutodiscoverV1&RedirectCount=1", 200, found),
        (f"{base}/v1.0/office@example.org?Protocol=autodiscoverv1", 200, found),
        (f"{base}?Email=nobody-here@example.org&Protocol=AutodiscoverV1", 200, found),
        (f"{base}?Email=office@example.org&Protocol=ActiveSync", 400, "InvalidProtocol"),
        (f"{base}?Email=office@example.org", 400, "MandatoryParameterMissing"),
        (f"{base}?Protocol=AutodiscoverV1", 400, "MandatoryParameterMissing"),
    ]:
        answer = stage.web.get(target, "autodiscover.example.org")
        assert answer.status == status, target
        assert answer.headers["Content-Type"] == "application/json"
        said = json.loads(answer.body)
        assert (said if status == 200 else said["ErrorCode"]) == want
    assert stage.web.get(f"{base}?Email=a@foreign.example&Protocol=AutodiscoverV1").status == 404


# -- Profiles ----------------------------------------------------------------


def profile(stage, address, verify=True):
    target = f"/mobileconfig?emailaddress={address.replace('+', '%2B')}"
    answer = stage.web.get(target)
    assert answer.status == 200, answer.body
    assert answer.headers["Content-Type"] == "application/x-apple-aspen-config"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="mail.mobileconfig"'
    certificate = stage.web.certificates / "profile" / "fullchain.pem"
    done = subprocess.run(
        ["openssl", "cms", "-verify", "-inform", "DER", "-CAfile", certificate, "-purpose", "any"],
        input=answer.body,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    outer = plistlib.loads(done.stdout)
    [inner] = outer["PayloadContent"]
    return inner | {"outer": outer}


def test_an_apple_profile(stage):
    found = profile(stage, "office@example.org")
    outer = found.pop("outer")
    assert outer["PayloadType"] == "Configuration"
    assert outer["PayloadRemovalDisallowed"] is False
    assert outer["PayloadUUID"] != found["PayloadUUID"]
    assert found["PayloadType"] == "com.apple.mail.managed"
    assert found["EmailAccountType"] == "EmailTypeIMAP"
    assert found["EmailAddress"] == "office@example.org"
    for way, port in (("Incoming", 993), ("Outgoing", 465)):
        assert found[f"{way}MailServerHostName"] == HOST
        assert found[f"{way}MailServerPortNumber"] == port
        assert found[f"{way}MailServerUseSSL"] is True
        assert found[f"{way}MailServerAuthentication"] == "EmailAuthPassword"
        assert found[f"{way}MailServerUsername"] == "xyz00-abc"
    assert not [key for key in found if key in ("IncomingPassword", "OutgoingPassword")]


def test_a_second_profile_replaces_the_first(stage):
    one, again = (profile(stage, "office@example.org") for _ in range(2))
    other = profile(stage, "fred@example.org")
    assert one["PayloadUUID"] == again["PayloadUUID"] != other["PayloadUUID"]
    assert one["outer"]["PayloadIdentifier"] == again["outer"]["PayloadIdentifier"]


def test_a_profile_by_a_form(stage):
    answer = stage.web.post(
        "/mobileconfig",
        "emailaddress=office%40example.org",
        type="application/x-www-form-urlencoded",
    )
    assert answer.status == 200
    assert stage.web.get("/mobileconfig").status == 404
    assert stage.web.get("/mobileconfig?emailaddress=team@example.org").status == 404


# -- The page for people -----------------------------------------------------


def test_the_page_shows_settings_in_the_reader_s_language(stage):
    target = "/?emailaddress=office%2Bx%40example.org"
    for language, word in (("de-DE,de;q=0.9", "Posteingang"), ("en", "Incoming mail")):
        answer = stage.web.get(target, headers=[f"Accept-Language: {language}"])
        page = answer.body.decode()
        assert answer.status == 200
        assert word in page and "xyz00-abc" in page and "993" in page
        assert "/mobileconfig?emailaddress=office%2Bx%40example.org" in page
        assert "<script" not in page and "<svg" in page
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_the_page_knows_no_more_than_the_others(stage):
    texts = {
        stage.web.get(f"/?emailaddress={one}").body.replace(one.encode(), b"")
        for one in ("team@example.org", "nobody-here@example.org", "a@foreign.example")
    }
    assert len(texts) == 1
    assert stage.web.get("/?emailaddress=team@example.org").status == 404
    assert stage.web.get("/").status == 200
    assert stage.web.get("/help.css").headers["Content-Type"].startswith("text/css")


def test_answers_are_counted(stage):
    def count(contract, answer):
        port = stage.place.port("autoconfig_metrics")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as reply:
            text = reply.read().decode()
        label = f'contract="{contract}",answer="{answer}"'
        line = f"hauspost_autoconfig_answers_total{{{label}}} (\\d+)"
        return int(re.search(line, text).group(1))

    kinds = [("mozilla", "settings"), ("mozilla", "nothing"), ("pox", "other")]
    before = [count(*kind) for kind in kinds]
    stage.web.get(MOZILLA, CUSTOMER_HOST)
    stage.web.get(MOZILLA, "autoconfig.foreign.example")
    stage.web.get(POX, CUSTOMER_HOST)
    assert [count(*kind) for kind in kinds] == [n + 1 for n in before]


# -- Hostile -----------------------------------------------------------------


def test_markup_in_an_address_stays_text(stage, customer):
    evil = '"><x&\'>"'
    customer.address("", customer.mailbox("evil"))
    asked = f"%22%3E%3Cx%26%27%3E%22%40{customer.domain}"
    host = f"autoconfig.{customer.domain}"
    assert login(stage, asked, host) == f"{customer.name}-evil"
    page = stage.web.get(f"/?emailaddress={asked}", host).body
    assert b"<x" not in page
    quoted = evil.replace("&", "&amp;").replace("<", "&lt;")
    answer = pox(stage, f"{quoted}@{customer.domain}", host)
    root = valid(answer.body, "autodiscover.rng")
    assert root.find(f".//{RESPONSE}DisplayName").text == f"{evil}@{customer.domain}"


BOMB = (
    '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY a{i} "{"&a;" * 10}">' for i in range(10))
    + "]>"
)


@pytest.mark.parametrize(
    "body, code",
    [
        ("", "600"),
        ("no XML", "600"),
        ("<Autodiscover/>", "600"),
        (POX_BODY.format(""), "600"),
        (POX_BODY.format("a@b.example")[:-3], "600"),
        (BOMB + POX_BODY.format("&a9;").split("?>")[1], "600"),
        ('<!DOCTYPE x SYSTEM "file:///etc/passwd">' + POX_BODY.split("?>")[1], "600"),
        (POX_BODY.replace("outlook", "mobilesync").format("office@example.org"), "601"),
        (b"\xff\xfe<\0A\0", "600"),
    ],
)
def test_a_malformed_post_gets_an_error_document(stage, body, code):
    answer = stage.web.post(POX, body, "autodiscover.example.org")
    assert answer.status == 200
    root = valid(answer.body, "autodiscover.rng")
    assert root.find(f".//{ERROR}ErrorCode").text == code


def test_large_things_are_refused(stage):
    host = "autodiscover.example.org"
    assert stage.web.post(POX, b"x" * (1 << 20), host).status == 413
    assert stage.web.post(POX, b"{}", host, type="application/json").status == 415
    long = "x" * 2100
    assert stage.web.get(f"{MOZILLA}?emailaddress={long}@example.org").status == 414


def test_hostile_queries_find_nothing(stage):
    for query in [
        "emailaddress=%00@example.org",
        "emailaddress=%FF%FE@example.org",
        "emailaddress=a%0D%0ASet-Cookie:%20x=1@example.org",
        "emailaddress='%3B--@example.org",
        "emailaddress=%25s%25n@example.org",
        "emailaddress=a@example.org%0A@foreign.example",
        "&".join(f"p{i}=x" for i in range(300)) + "&emailaddress=nobody-here@example.org",
        "emailaddress=" + "%41" * 400 + "@example.org",
    ]:
        answer = stage.web.get(f"{MOZILLA}?{query}", CUSTOMER_HOST)
        assert answer.status == 404, query
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "target", ["/autodiscover/autodiscover.svc", "/mail/", "/index.php", "/.git/config"]
)
def test_other_paths_are_nobody_s(stage, target):
    assert stage.web.get(target).status == 404


def test_nothing_of_a_request_is_written_down(stage):
    """Not in our log, nor in the web server's, nor in PostgreSQL's, whether
    it goes well, badly, or finds nobody at home."""
    word = "zq7secretword"
    address = f"{word}@example.org"

    def ask_everything():
        return [
            stage.web.get(f"{MOZILLA}?emailaddress={address}&x={word}", CUSTOMER_HOST),
            stage.web.get(f"{MOZILLA}?emailaddress={'x' * 2100}{word}"),
            stage.web.get(f"/{word}"),
            stage.web.get(f"/autodiscover/autodiscover.json/v1.0/{address}?Protocol=AutodiscoverV1"),
            stage.web.get(f"/mobileconfig?emailaddress={address}"),
            stage.web.get(f"/?emailaddress={address}"),
            stage.web.get(POX, headers=[f"Authorization: Basic {word}"]),
            pox(stage, address),
            stage.web.post(POX, f"<{word}", "autodiscover.example.org"),
        ]

    ask_everything()
    program = stage.programs["hauspost-autoconfig"]
    program.stop()
    try:
        assert {answer.status for answer in ask_everything()} == {502}
    finally:
        stage.start_program("hauspost-autoconfig")
    ask_everything()
    for name, text in stage.logs().items():
        assert word not in text, name

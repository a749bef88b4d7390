"""The Sender Rewriting Scheme a second time, from its description: what other
hosts write and understand (libsrs2, postsrsd)."""

import base64
import hashlib
import hmac
import time

BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def keys(stage):
    """Of the stage, the one that signs first."""
    rows = stage.query(
        "SELECT encode(value, 'hex') FROM hauspost.secret"
        " WHERE name = 'srs' ORDER BY made DESC"
    )
    return [bytes.fromhex(row[0]) for row in rows]


def day(days_ago=0):
    today = int(time.time()) // 86400 - days_ago
    return BASE32[today // 32 % 32] + BASE32[today % 32]


def proof(key, *parts):
    digest = hmac.new(key, "".join(parts).lower().encode(), hashlib.sha1)
    return base64.b64encode(digest.digest()).decode()[:4]


def srs0(key, sender, domain, days_ago=0):
    local, _, host = sender.rpartition("@")
    stamp = day(days_ago)
    return f"SRS0={proof(key, stamp, host, local)}={stamp}={host}={local}@{domain}"


def srs1(key, first, domain):
    """first: an SRS0 address of another forwarder."""
    local, _, host = first.rpartition("@")
    return f"SRS1={proof(key, host, local[4:])}={host}={local[4:]}@{domain}"

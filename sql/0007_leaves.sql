-- 0007_leaves.sql - what an address becomes in Postfix' queue.
--
-- A leaf is a recipient of one kind: Postfix routes it by its domain alone,
-- mbox.NODE, program.NODE and so on, with retry and bounce of its own.
--
--   xyz00-fred@mbox.NODE, xyz00-fred+folder@mbox.NODE
--   xyz00-robot.17@program.NODE        target 17 of an alias
--   xyz00-fred.0@program.NODE          procmail of the mailbox itself
--   DIGEST=user=remote.example@forward.NODE, and the same at bulk.NODE
--   DIGEST=name+command=lists.example.org@list.NODE
--   5.1.1=user=example.org@reject.NODE
--
-- Local parts come from strangers, so every octet that would need quotes, and
-- the = that separates, is written =XX. The digest shows that the leaf was
-- made here; forward and bulk share it, because the milter moves a leaf from
-- one to the other. It is base32 in lower case and not base64: Postfix folds
-- case when it looks for duplicates.

SET ROLE hauspost_owner;

CREATE TABLE hauspost.secret (
    name    text COLLATE "C" NOT NULL,
    value   bytea NOT NULL,
    readers text[] NOT NULL DEFAULT '{}',
    made    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (name, made)
);
COMMENT ON TABLE hauspost.secret IS
    'Random keys. A changed one makes what it signed worthless: leaves in the '
    'queue bounce, retries find no earlier attempt';
COMMENT ON COLUMN hauspost.secret.name IS
    'leaf: signs leaves; name: names of files in Maildirs; srs: rewritten '
    'senders';
COMMENT ON COLUMN hauspost.secret.value IS '32 random octets';
COMMENT ON COLUMN hauspost.secret.readers IS
    'Roles that hauspost.secret() tells it';
COMMENT ON COLUMN hauspost.secret.made IS
    'Of several that have one name the youngest counts; see 0040_forwarding.sql';

-- Two version 4 UUIDs carry 244 bits of the system's randomness.
INSERT INTO hauspost.secret (name, value, readers)
SELECT name,
    sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())),
    readers
FROM (VALUES
    ('leaf', '{}'::text[]),
    ('name', '{hauspost_lmtpd}'),
    ('srs', '{hauspost_milter,hauspost_lmtpd}')) AS s (name, readers);

CREATE FUNCTION hauspost.secret(name text) RETURNS bytea
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found hauspost.secret;
BEGIN
    SELECT * INTO found FROM hauspost.secret AS s
    WHERE s.name = secret.name
        AND (session_user = ANY (s.readers)
            OR pg_has_role(session_user, 'hauspost_owner', 'USAGE'))
    ORDER BY s.made DESC
    LIMIT 1;
    IF found.name IS NULL THEN
        RAISE insufficient_privilege USING
            MESSAGE = format('no secret "%s" for %s', name, session_user),
            HINT = 'Its readers stand in the table hauspost.secret.';
    END IF;
    RETURN found.value;
END
$$;
COMMENT ON FUNCTION hauspost.secret(text) IS
    'A random key, for the roles that are among its readers';

-- In PL/pgSQL, as all that resolve() calls and that can't be inlined: the plan
-- of an SQL function is made anew in each transaction.
CREATE FUNCTION hauspost.leaf_quote(plain text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT
AS $$
DECLARE
    octets bytea;
    octet  integer;
    quoted text := '';
    even   text := '[A-Za-z0-9#$&''*+/?^_`{|}~.-]';
BEGIN
    IF plain ~ '^[.]|[.][.]|[.]$' THEN
        even := '[A-Za-z0-9#$&''*+/?^_`{|}~-]';
    END IF;
    IF plain ~ ('^' || even || '*$') THEN
        RETURN plain;
    END IF;
    octets := convert_to(plain, 'UTF8');
    FOR i IN 0..octet_length(octets) - 1 LOOP
        octet := get_byte(octets, i);
        quoted := quoted || CASE
            WHEN chr(octet) ~ even THEN chr(octet)
            ELSE '=' || upper(lpad(to_hex(octet), 2, '0'))
        END;
    END LOOP;
    RETURN quoted;
END
$$;
COMMENT ON FUNCTION hauspost.leaf_quote(text) IS
    'Text as part of a leaf''s local part: odd octets as =XX';

-- NULL where the octets are no text: anybody can write =FF.
CREATE FUNCTION hauspost.leaf_unquote(quoted text) RETURNS text
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    octets bytea := '';
    piece  text;
BEGIN
    IF strpos(quoted, '=') = 0 THEN
        RETURN quoted;
    END IF;
    FOR piece IN
        SELECT m[1] FROM regexp_matches(quoted, '=[0-9A-F]{2}|[^=]+|=', 'g') m
    LOOP
        octets := octets || CASE
            WHEN piece ~ '^=.' THEN decode(substr(piece, 2), 'hex')
            ELSE convert_to(piece, 'UTF8')
        END;
    END LOOP;
    RETURN convert_from(octets, 'UTF8');
EXCEPTION
    WHEN character_not_in_repertoire OR untranslatable_character THEN
        RETURN NULL;
END
$$;
COMMENT ON FUNCTION hauspost.leaf_unquote(text) IS
    'The opposite of leaf_quote()';

-- 80 of 256 bits: a leaf's local part has to stay short, and the digest
-- protects against confusion, not against somebody who has years.
CREATE FUNCTION hauspost.leaf_digest(body text) RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    mac    bytea := hauspost_crypto.hmac(convert_to(body, 'UTF8'),
        (SELECT s.value FROM hauspost.secret AS s WHERE s.name = 'leaf'),
        'sha256');
    bits   bit(80) := ('x' || encode(substr(mac, 1, 10), 'hex'))::bit(80);
    digest text := '';
BEGIN
    FOR i IN 1..76 BY 5 LOOP -- base32, RFC 4648 6, in lower case
        digest := digest || substr('abcdefghijklmnopqrstuvwxyz234567',
            substring(bits FROM i FOR 5)::integer + 1, 1);
    END LOOP;
    RETURN digest;
END
$$;
COMMENT ON FUNCTION hauspost.leaf_digest(text) IS
    '80 bits of HMAC-SHA256 under the secret leaf, in base32';

CREATE FUNCTION hauspost.signed_leaf(
    kind text, local_part text, domain text, node text)
RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    body text := hauspost.leaf_quote(local_part) || '=' || domain;
BEGIN
    RETURN hauspost.leaf_digest(body) || '=' || body
        || '@' || kind || '.' || node;
END
$$;
COMMENT ON FUNCTION hauspost.signed_leaf(text, text, text, text) IS
    'Leaf of kind forward, bulk or list for an address';

-- Refusals -----------------------------------------------------------------

-- What strangers may read: no names of ours, nothing that they sent.
CREATE FUNCTION hauspost.refusals(OUT reason text, OUT dsn text, OUT reply text)
RETURNS SETOF record
LANGUAGE sql IMMUTABLE ROWS 21
AS $$
VALUES
    ('unknown',  '5.1.1',  'no such address here'),
    ('nobody',   '5.1.1',  'address has no recipient'),
    ('early',    '5.1.1',  'address is not valid yet'),
    ('expired',  '5.1.1',  'address is no longer valid'),
    ('dangling', '5.1.1',
        'address leads to a mailbox that does not exist; its owner is told'),
    ('gone',     '5.1.1',  'mailbox no longer exists'),
    ('internal', '5.1.1',  'address is for internal use only'),
    ('paused',   '5.1.1',
        'address leads to one that takes no more mail; its owner is told'),
    ('syntax',   '5.1.3',  'not an address: write user@example.org'),
    ('null',     '5.1.10', 'domain takes no mail'),
    ('loop',     '5.4.6',  'address leads back to itself; its owner is told'),
    ('deep',     '5.4.6',
        'address is passed on too many times; its owner is told'),
    ('wide',     '5.5.3',
        'address leads to too many recipients; its owner is told'),
    ('locked',   '4.2.1',  'mailbox is locked at present, try again later'),
    ('full',     '4.2.2',  'mailbox is full, try again later'),
    ('closed',   '5.2.2',  'mailbox is full'),
    ('large',    '5.3.4',  'message is larger than this address takes'),
    ('spam',     '5.7.0',
        'message is flagged as spam, which is not sent on from here'),
    ('stale',    '5.1.8',  'this sender was good for some days only'),
    ('srs',      '5.7.5',  'this sender was not written by this host'),
    ('forged',   '5.7.1',  'not made here')
$$;
COMMENT ON FUNCTION hauspost.refusals() IS
    'Every reason to refuse a recipient, its enhanced code and its text';

CREATE FUNCTION hauspost.reply_code(dsn text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN CASE dsn
    WHEN '5.1.3' THEN 553
    WHEN '5.1.10' THEN 556 -- RFC 7505
    WHEN '4.2.2' THEN 452
    WHEN '5.2.2' THEN 552
    WHEN '5.3.4' THEN 552
    ELSE CASE
        WHEN dsn LIKE '2.%' THEN 250
        WHEN dsn LIKE '4.%' THEN 450
        ELSE 550
    END
END;
COMMENT ON FUNCTION hauspost.reply_code(text) IS
    'SMTP code that goes with an enhanced code at RCPT';

RESET ROLE;

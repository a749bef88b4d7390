-- 0009_questions.sql - what the programs ask besides resolve().
--
--   leaf          lmtpd: what a recipient in the queue means
--   quota         milter, lmtpd: which mailboxes are full
--   domain_class  milter: is a domain ours, for Postfix
--   max_size      milter: SIZE at MAIL
--   login         Dovecot: passdb and userdb in one
--   store_user    storer, runner: whose a mailbox is
--   set_password  admins

SET ROLE hauspost_owner;

CREATE TYPE hauspost.leaf_row AS (
    kind             text,
    mailbox          text,
    node             text,
    detail           text,
    address          text,
    forwarder        text,
    code             integer,
    dsn              text,
    reply            text,
    size_limit       bigint,
    quota_bytes      bigint,
    quota_hard_bytes bigint,
    filter           text,
    program          text,
    owner            text,
    forward_file     boolean,
    keys             text[],
    changes_at       timestamptz
);
COMMENT ON COLUMN hauspost.leaf_row.kind IS
    'As the leaf domain says, reject where it is bad; NULL: no leaf, code 0';
COMMENT ON COLUMN hauspost.leaf_row.address IS
    'Of forward, bulk, list and reject: the real address';
COMMENT ON COLUMN hauspost.leaf_row.forwarder IS
    'Always NULL: the ORCPT of the leaf tells it';
COMMENT ON COLUMN hauspost.leaf_row.program IS
    '|program or :include:/file; NULL: of the mailbox, see filter';
COMMENT ON COLUMN hauspost.leaf_row.owner IS
    'Mailbox as whose user a program runs';
COMMENT ON COLUMN hauspost.leaf_row.forward_file IS
    'Of a mailbox: look for its ~/.forward';

CREATE FUNCTION hauspost.refuse_leaf(leaf hauspost.leaf_row, why text)
RETURNS hauspost.leaf_row
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    SELECT hauspost.reply_code(r.dsn), r.dsn, r.reply
    INTO leaf.code, leaf.dsn, leaf.reply
    FROM hauspost.refusals() AS r WHERE r.reason = why;
    IF leaf.code >= 500 THEN
        leaf.kind := 'reject';
    END IF;
    RETURN leaf;
END
$$;

-- Fills in what is known of leaf.mailbox.
CREATE FUNCTION hauspost.leaf_mailbox(leaf hauspost.leaf_row)
RETURNS hauspost.leaf_row
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    state text;
BEGIN
    leaf.keys := ARRAY['name:' || leaf.mailbox];
    SELECT m.name, p.node, m.size_limit, m.quota_bytes, m.quota_hard_bytes,
        m.filter, m.name, m.allow_forward_file, m.state
    INTO leaf.mailbox, leaf.node, leaf.size_limit, leaf.quota_bytes,
        leaf.quota_hard_bytes, leaf.filter, leaf.owner, leaf.forward_file,
        state
    FROM hauspost.mailbox AS m
    JOIN hauspost.package AS p ON p.name = m.package
    WHERE m.name = leaf.mailbox;
    IF NOT FOUND THEN
        RETURN hauspost.refuse_leaf(leaf, 'gone');
    ELSIF state = 'locked' THEN
        RETURN hauspost.refuse_leaf(leaf, 'locked');
    END IF;
    RETURN leaf;
END
$$;

-- A program runs as the mailbox that its alias is named like, else as the
-- package's admin.
CREATE FUNCTION hauspost.leaf_target(
    leaf hauspost.leaf_row, alias_name text, target_id bigint)
RETURNS hauspost.leaf_row
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    leaf.keys := ARRAY['name:' || alias_name];
    SELECT t.destination, p.node, coalesce(m.name, p.name)
    INTO leaf.program, leaf.node, leaf.owner
    FROM hauspost.target AS t
    JOIN hauspost.alias AS a ON a.name = t.alias
    JOIN hauspost.package AS p ON p.name = a.package
    LEFT JOIN hauspost.mailbox AS m ON m.name = a.name
    WHERE t.id = target_id AND t.alias = alias_name
        AND t.kind IN ('program', 'include');
    IF NOT FOUND THEN
        RETURN hauspost.refuse_leaf(leaf, 'gone');
    END IF;
    RETURN leaf;
END
$$;

-- BODY is local part and domain, as signed_leaf() joined them.
CREATE FUNCTION hauspost.leaf_signed(leaf hauspost.leaf_row, local_part text)
RETURNS hauspost.leaf_row
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    body   text := substring(local_part FROM '=(.*)$');
    at     text := substring(body FROM '[^=]*$');
    plain  text := hauspost.leaf_unquote(substring(body FROM '^(.*)='));
BEGIN
    leaf.address := hauspost.join_address(plain, at);
    IF leaf.address IS NULL
        OR split_part(local_part, '=', 1) <> hauspost.leaf_digest(body) THEN
        leaf.address := NULL;
        RETURN hauspost.refuse_leaf(leaf, 'forged');
    END IF;
    IF leaf.kind = 'list' THEN
        plain := split_part(plain, '+', 1);
        leaf.keys := ARRAY['address:' || plain || '@' || at];
        IF NOT EXISTS (SELECT FROM hauspost.list AS l
            WHERE l.domain = at AND l.name = plain) THEN
            RETURN hauspost.refuse_leaf(leaf, 'unknown');
        END IF;
    END IF;
    RETURN leaf;
END
$$;

-- The code that the milter found but could not answer with.
CREATE FUNCTION hauspost.leaf_reject(leaf hauspost.leaf_row, local_part text)
RETURNS hauspost.leaf_row
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    body text := substring(local_part FROM '=(.*)$');
BEGIN
    leaf.address := hauspost.join_address(
        hauspost.leaf_unquote(substring(body FROM '^(.*)=')),
        substring(body FROM '[^=]*$'));
    SELECT hauspost.reply_code(r.dsn), r.dsn, r.reply
    INTO leaf.code, leaf.dsn, leaf.reply
    FROM hauspost.refusals() AS r
    WHERE r.dsn = split_part(local_part, '=', 1)
    LIMIT 1;
    IF NOT FOUND THEN
        RETURN hauspost.refuse_leaf(leaf, 'unknown');
    END IF;
    RETURN leaf;
END
$$;

CREATE FUNCTION hauspost.leaf(queue_recipient text)
RETURNS hauspost.leaf_row
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    leaf       hauspost.leaf_row;
    domain     text := hauspost.domain_of(queue_recipient);
    local_part text := hauspost.local_of(queue_recipient);
    target     text[];
BEGIN
    leaf.code := 0;
    leaf.keys := '{}';
    IF local_part IS NULL OR NOT hauspost.is_leaf_domain(domain) THEN
        RETURN leaf;
    END IF;
    leaf.kind := split_part(domain, '.', 1);
    leaf.node := substr(domain, length(leaf.kind) + 2);
    leaf.code := 250;
    leaf.dsn := '2.1.5';
    leaf.reply := 'ok';

    IF leaf.kind IN ('forward', 'bulk', 'list') THEN
        RETURN hauspost.leaf_signed(leaf, local_part);
    ELSIF leaf.kind = 'reject' THEN
        RETURN hauspost.leaf_reject(leaf, local_part);
    END IF;
    leaf.kind := CASE leaf.kind WHEN 'mbox' THEN 'mailbox' ELSE leaf.kind END;
    IF leaf.kind = 'program' THEN
        target := regexp_match(local_part, '^(.*)[.]([0-9]{1,18})$');
        IF target IS NULL THEN
            RETURN hauspost.refuse_leaf(leaf, 'unknown');
        ELSIF target[2]::bigint > 0 THEN
            RETURN hauspost.leaf_target(leaf, target[1], target[2]::bigint);
        END IF;
        local_part := target[1];
    END IF;
    leaf.mailbox := lower(split_part(local_part, '+', 1) COLLATE "C");
    leaf.detail := hauspost.leaf_unquote(
        nullif(substr(local_part, length(leaf.mailbox) + 2), ''));
    RETURN hauspost.leaf_mailbox(leaf);
END
$$;
COMMENT ON FUNCTION hauspost.leaf(text) IS
    'What a recipient in the queue means. An alias never captures its own '
    'mailbox'' leaf';

-- Time over quota_bytes, or over quota_hard_bytes where that is the only one:
-- fine for grace_days, then refused for now, then for good. Over the hard one
-- there is no grace.
CREATE FUNCTION hauspost.quota(mailboxes text[])
RETURNS TABLE (mailbox text, code integer, dsn text, reply text)
LANGUAGE sql STABLE SECURITY DEFINER ROWS 1
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT s.name, hauspost.reply_code(r.dsn), r.dsn, r.reply
    FROM (
        SELECT m.name,
            CASE
                WHEN now() > u.over_since + make_interval(
                    days => m.grace_days + hauspost.quota_defer_days())
                    THEN 'closed'
                WHEN now() > u.over_since + make_interval(days => m.grace_days)
                    OR m.quota_hard_bytes > 0 AND u.bytes >= m.quota_hard_bytes
                    THEN 'full'
            END AS state
        FROM hauspost.mailbox AS m
        JOIN hauspost.usage AS u ON u.mailbox = m.name
        WHERE m.name = ANY (mailboxes)
    ) AS s
    JOIN hauspost.refusals() AS r ON r.reason = s.state;
END;
COMMENT ON FUNCTION hauspost.quota(text[]) IS
    'Those of the mailboxes that can''t take mail now';

CREATE FUNCTION hauspost.domain_class(domain text,
    OUT class text, OUT nexthop text, OUT keys text[],
    OUT changes_at timestamptz)
RETURNS record
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted text := lower(domain COLLATE "C");
BEGIN
    keys := ARRAY['domain:' || wanted];
    -- A domain that takes no mail is ours to refuse, with its own code.
    SELECT CASE
            WHEN d.mode IN ('local', 'null') THEN 'virtual'
            ELSE 'relay'
        END, d.next_hop
    INTO class, nexthop
    FROM hauspost.domain AS d WHERE d.name = wanted;
    IF NOT FOUND AND (
        EXISTS (SELECT FROM hauspost.package AS p WHERE p.host = wanted)
        OR EXISTS (SELECT FROM hauspost.node AS n WHERE n.name = wanted))
    THEN
        class := 'virtual';
    END IF;
END
$$;
COMMENT ON FUNCTION hauspost.domain_class(text) IS
    'virtual: addresses are here; relay: passed on; NULL: not ours. Leaf '
    'domains are in no class, so Postfix refuses strangers'' mail to them';

CREATE FUNCTION hauspost.max_size() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
RETURN (SELECT max(size_limit) FROM hauspost.node);
COMMENT ON FUNCTION hauspost.max_size() IS
    'Octets of the largest message that any node takes';

-- The first mailbox on each way: one that sends everything on is still the one
-- that the address means, and where its owner's forwards end is another matter.
CREATE FUNCTION hauspost.mailboxes_of(address text) RETURNS text[]
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN ARRAY(
        SELECT DISTINCT first.mailbox
        FROM hauspost.resolve(address) AS r,
            LATERAL (
                SELECT substr(p.place, length('mailbox:') + 1) AS mailbox
                FROM unnest(r.path) WITH ORDINALITY AS p (place, i)
                WHERE starts_with(p.place, 'mailbox:')
                ORDER BY p.i
                LIMIT 1
            ) AS first
        ORDER BY 1);
END
$$;
COMMENT ON FUNCTION hauspost.mailboxes_of(text) IS
    'Mailboxes that an address means, in the order of their names';

CREATE FUNCTION hauspost.login(name text)
RETURNS TABLE (mailbox text, password text, uid integer, gid integer,
    home text, quota_hard_bytes bigint, package text)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    reached text[] := ARRAY[lower(name COLLATE "C")];
BEGIN
    IF strpos(name, '@') > 0 THEN
        reached := hauspost.mailboxes_of(name);
    END IF;
    IF cardinality(reached) = 1 THEN
        RETURN QUERY
            SELECT m.name, m.password, m.uid, m.gid, m.home,
                m.quota_hard_bytes, m.package
            FROM hauspost.mailbox AS m
            WHERE m.name = reached[1] AND m.state = 'active';
    END IF;
END
$$;
COMMENT ON FUNCTION hauspost.login(text) IS
    'The mailbox of a login name: its own name, or an address that leads to '
    'exactly one mailbox; no row if none or locked';

CREATE FUNCTION hauspost.store_user(INOUT mailbox text,
    OUT uid integer, OUT gid integer, OUT home text, OUT make_home boolean)
RETURNS record
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT m.name, m.uid, m.gid, m.home,
        starts_with(m.home, n.mail_root || '/')
    FROM hauspost.mailbox AS m
    JOIN hauspost.package AS p ON p.name = m.package
    JOIN hauspost.node AS n ON n.name = p.node
    WHERE m.name = store_user.mailbox;
END;
COMMENT ON FUNCTION hauspost.store_user(text) IS
    'User and home of a mailbox; make_home: it lies below mail_root and may '
    'be made. NULLs if there is no such mailbox';

-- bcrypt is what both pgcrypto and Dovecot have. It reads 72 octets, which is
-- beyond guessing, but somebody who types a longer one should know.
CREATE FUNCTION hauspost.set_password(mailbox text, password text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    problems text[] := ARRAY(
        SELECT problem FROM (VALUES
            (coalesce(password, '') = '',
                'it is empty; to forbid the login set mailbox.password to '
                'NULL'),
            (strpos(password, ':') > 0,
                'it contains ":", which separates fields in password files; '
                'choose one without'),
            (password ~ '[[:cntrl:]]',
                'it contains a control character; choose one that can be '
                'typed'),
            (length(password) > 256,
                format('it has %s characters; choose one of at most 256',
                    length(password)))
        ) AS p (wrong, problem) WHERE wrong);
BEGIN
    PERFORM hauspost.complain('password of ' || mailbox, problems);
    UPDATE hauspost.mailbox AS m
    SET password = '{BLF-CRYPT}' || hauspost_crypto.crypt(
        set_password.password, hauspost_crypto.gen_salt('bf', 10))
    WHERE m.name = set_password.mailbox;
    IF NOT FOUND THEN
        RAISE no_data_found USING
            MESSAGE = format('there is no mailbox "%s"', mailbox),
            HINT = 'Write its full name, like xyz00-fred.';
    END IF;
    IF octet_length(password) > 72 THEN
        RAISE WARNING 'only the first 72 octets of this password count';
    END IF;
END
$$;
COMMENT ON FUNCTION hauspost.set_password(text, text) IS
    'Stores the hash of a mailbox'' password, in a form that Dovecot checks';

RESET ROLE;

-- 0045_sending.sql - who sends, as what.
--
--   account    milter: whose login or Unix user that is
--   may_send   milter: may it use this sender, and how large may it be
--
-- Both answers are remembered by the keys that they name.

SET ROLE hauspost_owner;

CREATE FUNCTION hauspost.account(who text,
    OUT mailbox text, OUT package text, OUT bulk text, OUT locked boolean,
    OUT keys text[], OUT changes_at timestamptz)
RETURNS record
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted text := who;
BEGIN
    IF who ~ '^uid:[0-9]{1,9}$' THEN
        wanted := (SELECT m.name FROM hauspost.mailbox AS m
            WHERE m.uid = substr(who, 5)::integer);
    END IF;
    SELECT m.name, p.name, p.bulk, m.state = 'locked'
    INTO mailbox, package, bulk, locked
    FROM hauspost.mailbox AS m
    JOIN hauspost.package AS p ON p.name = m.package
    WHERE m.name = wanted;
    keys := ARRAY['name:' || coalesce(mailbox, who)];
    -- Whose name would make this uid known nobody can say.
    IF NOT FOUND THEN
        changes_at := now() + interval '10 s';
    END IF;
END
$$;
COMMENT ON FUNCTION hauspost.account(text) IS
    'The mailbox that a login (its name) or a Unix user (uid:70001) is; NULLs '
    'if none';

-- Addresses that lead to a mailbox, read backwards through aliases of its own
-- package; each is asked again, since an alias may capture a name, and dates
-- may have come.
CREATE FUNCTION hauspost.senders_of(mailbox text, most integer)
RETURNS SETOF text
LANGUAGE sql STABLE ROWS 3
BEGIN ATOMIC
    WITH RECURSIVE owner AS (
        SELECT m.name, m.package FROM hauspost.mailbox AS m
        WHERE m.name = senders_of.mailbox
    ), reached (name) AS (
        SELECT name FROM owner
        UNION
        SELECT t.alias
        FROM reached
        JOIN hauspost.alias AS a ON a.package = (SELECT package FROM owner)
        JOIN hauspost.target AS t ON t.alias = a.name
            AND split_part(t.destination, '+', 1) = reached.name
    )
    SELECT a.identifier
    FROM hauspost.domain AS d
    JOIN hauspost.address AS a ON a.domain = d.name AND a.local_part <> ''
    WHERE d.package = (SELECT package FROM owner)
        AND EXISTS (SELECT FROM hauspost.target AS t
            JOIN reached ON reached.name = split_part(t.destination, '+', 1)
            WHERE t.address = a.identifier)
        AND senders_of.mailbox = ANY (hauspost.mailboxes_of(a.identifier))
    -- Names of people before abuse@ and postmaster@, which every domain has.
    ORDER BY a.local_part IN ('abuse', 'postmaster', 'webmaster'),
        a.domain, a.identifier
    LIMIT most;
END;
COMMENT ON FUNCTION hauspost.senders_of(text, integer) IS
    'Some addresses that lead to a mailbox; the first is what its programs '
    'send as';

CREATE FUNCTION hauspost.refuse_sender(login text) RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    most    integer := 3; -- a reply has 512 octets (RFC 5321 4.5.3.1.5)
    allowed text[] := ARRAY(
        SELECT left(s, 80) FROM (
            SELECT hauspost.senders_of(login, most + 1)
            UNION ALL
            SELECT g.sender FROM hauspost.sender_grant AS g
            WHERE g.mailbox = login) AS t (s));
BEGIN
    RETURN login || ' may not send as this address' || CASE
        WHEN cardinality(allowed) = 0 THEN '; no address leads to it'
        ELSE ', but as ' || array_to_string(allowed[1:most], ', ')
            || CASE WHEN cardinality(allowed) > most
                THEN ' and others' ELSE '' END
    END;
END
$$;

-- Address and detail without regard to case, as everywhere in the directory.
CREATE FUNCTION hauspost.is_granted(login text, local_part text, domain text)
RETURNS boolean
LANGUAGE sql STABLE RETURN EXISTS (
    SELECT FROM hauspost.sender_grant AS g
    WHERE g.mailbox = login
        AND lower(g.sender COLLATE "C") IN (
            '@' || domain,
            lower(local_part COLLATE "C") || '@' || domain,
            split_part(lower(local_part COLLATE "C"), '+', 1) || '@' || domain));

CREATE FUNCTION hauspost.may_send(login text, sender text,
    OUT code integer, OUT dsn text, OUT reply text,
    OUT size_limit bigint, OUT instead text,
    OUT keys text[], OUT changes_at timestamptz)
RETURNS record
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    local_part text := hauspost.local_of(sender);
    domain     text := hauspost.domain_of(sender);
    mailbox    hauspost.mailbox;
    owner      hauspost.package;
    home       hauspost.domain; -- of the sender
    leads      boolean;
BEGIN
    code := 250;
    dsn := '2.1.0';
    reply := 'ok';
    keys := ARRAY['name:' || login, 'domain:' || coalesce(domain, '')];
    SELECT * INTO mailbox FROM hauspost.mailbox AS m WHERE m.name = login;
    SELECT * INTO owner FROM hauspost.package AS p
        WHERE p.name = mailbox.package;
    SELECT * INTO home FROM hauspost.domain AS d WHERE d.name = domain;
    size_limit := least(mailbox.size_limit, home.size_limit);
    IF sender = '' AND owner.name IS NOT NULL THEN
        RETURN;
    END IF;

    -- Its own name, also where an alias has captured the mail for it. The
    -- world knows no mail server for it, and has no SPF record of it.
    IF lower(local_part COLLATE "C") = login
        AND domain IN (owner.node, owner.host)
    THEN
        instead := coalesce(
            (SELECT s FROM hauspost.senders_of(login, 1) AS s),
            (SELECT 'postmaster@' || d.name FROM hauspost.domain AS d
                WHERE d.package = owner.name AND d.mode = 'local'
                ORDER BY d.name LIMIT 1));
        changes_at := now() + interval '1 min'; -- its keys are too many
        RETURN;
    END IF;

    SELECT array_agg(DISTINCT k), min(r.changes_at),
        bool_or('mailbox:' || login = ANY (r.path))
    INTO keys, changes_at, leads
    FROM hauspost.resolve(sender) AS r, unnest(r.keys || may_send.keys) AS k;
    IF leads AND login = ANY (hauspost.mailboxes_of(sender))
        OR home.package = login
        OR hauspost.is_granted(login, local_part, domain)
    THEN
        RETURN;
    END IF;
    code := 550;
    dsn := '5.7.1';
    reply := hauspost.refuse_sender(login);
    changes_at := least(changes_at, now() + interval '1 min');
END
$$;
COMMENT ON FUNCTION hauspost.may_send(text, text) IS
    'May a mailbox send as this address: one that leads to it, with any '
    '+detail; what sender_grant says; for a package''s admin all of its '
    'domains. size_limit: of such a message; instead: the sender to use where '
    'this one is known to nobody outside';

GRANT EXECUTE ON FUNCTION hauspost.account(text),
    hauspost.may_send(text, text) TO hauspost_milter;

-- The bulk server ------------------------------------------------------------

CREATE FUNCTION hauspost.bulk_leaves(addresses text[], node text)
RETURNS text[]
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
RETURN ARRAY(
    SELECT hauspost.signed_leaf('bulk', hauspost.local_of(a.address),
        hauspost.domain_of(a.address), node)
    FROM unnest(addresses) WITH ORDINALITY AS a (address, i)
    ORDER BY a.i);
COMMENT ON FUNCTION hauspost.bulk_leaves(text[], text) IS
    'Leaves by which the bulk server of a node gets mail for addresses '
    'elsewhere, in their order';
GRANT EXECUTE ON FUNCTION hauspost.bulk_leaves(text[], text)
    TO hauspost_milter;

RESET ROLE;

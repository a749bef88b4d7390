-- 0008_resolve.sql - how an address becomes leaves. Nothing else knows.
--
-- The graph is walked as a queue of hops. A hop is an address, a name (alias
-- or mailbox), or a mailbox that no alias may capture; it carries the path it
-- came, so a loop is data, and the shortest way to a mailbox is the one that
-- counts. Where a hop arrives is a place; each place is entered once and leads
-- to further hops or is a leaf.
--
--   find_row      rule 2's commonest case: an address with a row of its own
--   find_inexact  rules 1 and 2 for all others: domain, then row with dates,
--                 detail, list, catch-all, automatic address
--   find_alias, find_mailbox, find_nothing   rule 3
--   resolve       rules 4 to 6: the walk, its limits, the answer
--
-- What runs for every recipient is built of few queries and of SQL functions
-- that PostgreSQL inlines: in a statement of its own, preparing expressions
-- takes longer than the look into the tables. So what is rare stands in
-- functions that are not inlined, and fields are given in the order of their
-- type instead of one by one.
--
-- Never raises, whatever text it is given.

SET ROLE hauspost_owner;

CREATE TYPE hauspost.answer AS (
    kind            text,
    queue_recipient text,
    srs_recipient   text,
    mailbox         text,
    node            text,
    detail          text,
    original        text,
    code            integer,
    dsn             text,
    reply           text,
    size_limit      bigint,
    path            text[],
    keys            text[],
    changes_at      timestamptz,
    forwarder       text,
    target_id       bigint,
    package         text
);
COMMENT ON TYPE hauspost.answer IS 'One leaf of an address';
COMMENT ON COLUMN hauspost.answer.kind IS
    'mailbox, program, external, list, srs, reject or discard';
COMMENT ON COLUMN hauspost.answer.queue_recipient IS
    'What goes into the queue; NULL for reject and discard';
COMMENT ON COLUMN hauspost.answer.srs_recipient IS
    'External leaf of ours: the same, for when it needs an SRS sender of its '
    'own';
COMMENT ON COLUMN hauspost.answer.original IS
    'The address that was asked, its domain in lower case';
COMMENT ON COLUMN hauspost.answer.code IS
    '250; 450: queued if another leaf is good, else refused; 550: not queued';
COMMENT ON COLUMN hauspost.answer.size_limit IS
    'Octets of one message, the least on the way; NULL: the node''s';
COMMENT ON COLUMN hauspost.answer.path IS
    'Hops, {address:info@example.org,alias:xyz00-office,mailbox:xyz00-abc}';
COMMENT ON COLUMN hauspost.answer.keys IS
    'Directory keys the whole answer touched, the same in every row';
COMMENT ON COLUMN hauspost.answer.changes_at IS
    'When a validity date next changes the answer, the same in every row';
COMMENT ON COLUMN hauspost.answer.forwarder IS
    'External leaf: the address of ours that sends it on; NULL: not ours';
COMMENT ON COLUMN hauspost.answer.target_id IS
    'Program leaf: target.id; NULL: procmail of the mailbox';
COMMENT ON COLUMN hauspost.answer.package IS
    'Whose row led here; its admin is told of a bad leaf';

CREATE TYPE hauspost.hop AS (
    kind       text,   -- address, name (alias or mailbox), or mailbox
    name       text,   -- of an address: the local part, without quotes
    domain     text,   -- of an address
    detail     text,   -- what stood behind a + on the way here
    path       text[], -- labels of the places on the way here
    size_limit bigint, -- the least on the way here
    via_name   text,   -- the last address of ours on the way here: local part,
    via_domain text,   -- and domain; NULL: a name that was asked for itself
    package    text    -- of the last place on the way here
);

CREATE TYPE hauspost.place AS (
    kind       text,   -- row, alias, mailbox, name, external, srs, refused
    label      text,   -- tells places apart, and stands in the path
    name       text,   -- key of the row
    detail     text,
    package    text,
    node       text,   -- of a mailbox
    size_limit bigint,
    reason     text,   -- why it is refused or not ready: refusals().reason
    programs   boolean, -- of a mailbox: its mail may meet a slow program
    forwards   boolean, -- of a mailbox: it has rows in forward
    targets    hauspost.target[], -- of a row or an alias
    keys       text[],
    changes_at timestamptz
);

-- Commands to a list come as NAME+COMMAND@ and as NAME-COMMAND@; any other
-- ending is refused while the sender is still on the line.
CREATE FUNCTION hauspost.is_list_command(detail text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN lower(detail) ~ (
    '^(join|leave|help|request|owner'
    '|(un)?subscribe(-digest|-nomail|-[^@ ]+=[a-z0-9.-]+)?'
    '|confirm[+-][a-z2-7]{20,32}|mod-[a-z2-7]{20,32}-(ok|no|drop|member)'
    '|b-[0-9]+[.][a-z2-7]{8}-[^@ ]+=[a-z0-9.-]+'
    '|[bpc]-[a-z2-7]{20,32}|get-[0-9]+(_[0-9]+)?'
    '|set-(digest|nomail|normal))$');
COMMENT ON FUNCTION hauspost.is_list_command(text) IS
    'What may follow the name of a list';

CREATE FUNCTION hauspost.list_prefixes(local_part text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
    prefixes text[] := '{}';
BEGIN
    IF strpos(local_part, '-') > 0 THEN
        FOR i IN REVERSE length(local_part) - 1..2 LOOP
            IF substr(local_part, i, 1) = '-'
                AND hauspost.is_list_command(substr(local_part, i + 1))
            THEN
                prefixes := prefixes || left(local_part, i - 1);
            END IF;
        END LOOP;
    END IF;
    RETURN prefixes;
END
$$;
COMMENT ON FUNCTION hauspost.list_prefixes(text) IS
    'Lists that this could be a command to by NAME-COMMAND, longest first';

CREATE FUNCTION hauspost.is_leaf_domain(domain text) RETURNS boolean
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    IF hauspost.is_leaf_label(split_part(domain, '.', 1)) THEN
        RETURN EXISTS (SELECT FROM hauspost.node AS n
            WHERE n.name = substr(domain, strpos(domain, '.') + 1));
    END IF;
    RETURN false;
END
$$;
COMMENT ON FUNCTION hauspost.is_leaf_domain(text) IS
    'A domain that exists in Postfix'' queue only';

-- Places --------------------------------------------------------------------

-- A sender that a forward of ours has written: whoever queues puts the first
-- sender in its place, or finds it forged (core/srs.h). The catch-all must not
-- get the bounces of what was sent on.
CREATE FUNCTION hauspost.is_srs(local_part text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN local_part ~* '^srs[01][=+-].';
COMMENT ON FUNCTION hauspost.is_srs(text) IS
    'Has the form of an address by the Sender Rewriting Scheme';

CREATE FUNCTION hauspost.targets_of(source text) RETURNS hauspost.target[]
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN ARRAY(SELECT t FROM hauspost.target AS t
        WHERE coalesce(t.address, t.alias) = source ORDER BY t.id);
END
$$;

-- Rule 2's last step: MAILBOX@NODE and MAILBOX@PACKAGE-HOST. Aliases too: what
-- programs on the machine send to a bare name, Postfix completes with the
-- node's name.
CREATE FUNCTION hauspost.find_automatic(place hauspost.place, domain text)
RETURNS hauspost.place
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    owner text;
BEGIN
    place.keys := place.keys || ('name:' || place.name);
    SELECT n.package INTO owner
    FROM (SELECT a.name, a.package FROM hauspost.alias AS a
            WHERE a.name = place.name
        UNION ALL
        SELECT m.name, m.package FROM hauspost.mailbox AS m
            WHERE m.name = place.name) AS n
    JOIN hauspost.package AS p ON p.name = n.package
    WHERE domain IN (p.node, p.host)
    LIMIT 1;
    IF FOUND THEN
        place.kind := 'name';
        place.label := 'automatic:' || place.name || '@' || domain;
        place.package := owner;
        place.reason := NULL;
    ELSIF hauspost.is_srs(substr(place.label, length('unknown:') + 1)) THEN
        place.kind := 'srs';
        place.label := 'srs:' || substr(place.label, length('unknown:') + 1);
        place.reason := NULL;
    END IF;
    RETURN place;
END
$$;

-- Rule 1 for a domain that has no row: a host of ours, a leaf domain, or the
-- rest of the world.
CREATE FUNCTION hauspost.find_elsewhere(
    place hauspost.place, local_part text, domain text)
RETURNS hauspost.place
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    IF EXISTS (SELECT FROM hauspost.package AS p WHERE p.host = domain)
        OR EXISTS (SELECT FROM hauspost.node AS n WHERE n.name = domain)
    THEN
        RETURN hauspost.find_automatic(place, domain);
    ELSIF hauspost.is_leaf_domain(domain) THEN
        place.reason := 'internal';
    ELSE
        place.kind := 'external';
        place.reason := NULL;
        place.label := 'external:' || local_part || '@' || domain;
    END IF;
    RETURN place;
END
$$;

-- A row answers for its address even when it is out of date: the catch-all
-- must not get what was meant to end.
CREATE FUNCTION hauspost.at_row(
    place hauspost.place, entry hauspost.address, label text)
RETURNS hauspost.place
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    place.kind := 'row';
    place.label := label;
    place.name := entry.identifier;
    place.reason := NULL;
    IF entry.valid_from > now() THEN
        place.kind := 'refused';
        place.reason := 'early';
        place.changes_at := entry.valid_from;
    ELSIF entry.valid_until <= now() THEN
        place.kind := 'refused';
        place.reason := 'expired';
    ELSE
        place.changes_at := entry.valid_until;
        place.targets := hauspost.targets_of(entry.identifier);
    END IF;
    RETURN place;
END
$$;

-- Rule 2 after "exact" and "without detail": list command, catch-all,
-- automatic address. ENTRY is the catch-all's, or NULLs.
CREATE FUNCTION hauspost.find_fallback(place hauspost.place,
    entry hauspost.address, local_part text, domain text)
RETURNS hauspost.place
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    at     text := '@' || domain;
    lists  text[] := hauspost.list_prefixes(lower(local_part COLLATE "C"));
    listed hauspost.address;
BEGIN
    IF cardinality(lists) > 0 THEN
        place.keys := place.keys
            || ARRAY(SELECT 'address:' || l || at FROM unnest(lists) AS l);
        SELECT a.* INTO listed
        FROM hauspost.list AS l
        JOIN hauspost.address AS a ON a.identifier = l.name || at
        WHERE l.domain = find_fallback.domain AND l.name = ANY (lists)
        ORDER BY length(l.name) DESC
        LIMIT 1;
        IF FOUND THEN
            place.detail := substr(local_part, length(listed.local_part) + 2);
            RETURN hauspost.at_row(
                place, listed, 'address:' || listed.identifier);
        END IF;
    END IF;
    IF entry.identifier IS NULL OR hauspost.is_srs(local_part) THEN
        RETURN hauspost.find_automatic(place, domain);
    END IF;
    place.detail := NULL; -- nobody said that a + means one here
    RETURN hauspost.at_row(
        place, entry, 'catch-all:' || lower(local_part COLLATE "C") || at);
END
$$;

-- Rules 1 and 2 for all that has no row of its own that is always valid.
CREATE FUNCTION hauspost.find_inexact(local_part text, domain text)
RETURNS hauspost.place
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    exact text := lower(local_part COLLATE "C");
    base  text := split_part(exact, '+', 1);
    at    text := '@' || domain;
    place hauspost.place;
    entry hauspost.address;
    known hauspost.domain;
BEGIN
    SELECT * INTO known FROM hauspost.domain AS d
    WHERE d.name = find_inexact.domain;
    IF known.subaddressing IS FALSE THEN
        base := exact;
    END IF;
    place := ROW('refused', 'unknown:' || exact || at, base,
        CASE WHEN base <> exact THEN substr(local_part, length(base) + 2) END,
        known.package, NULL, known.size_limit, 'unknown', NULL, NULL, NULL,
        ARRAY['domain:' || domain], NULL);

    IF known.mode IS NULL THEN
        RETURN hauspost.find_elsewhere(place, local_part, domain);
    ELSIF known.mode = 'null' THEN
        place.reason := 'null';
        RETURN place;
    ELSIF known.mode <> 'local' THEN
        place.kind := 'external';
        place.label := 'external:' || local_part || at;
        place.reason := NULL;
        RETURN place;
    END IF;

    -- What is not there counts too: its INSERT changes the answer.
    place.keys := place.keys
        || ARRAY['address:' || exact || at, 'address:' || at];
    IF base <> exact THEN
        place.keys := place.keys || ('address:' || base || at);
    END IF;
    SELECT * INTO entry FROM hauspost.address AS a
    WHERE a.identifier IN (exact || at, base || at, at)
    ORDER BY length(a.identifier) DESC
    LIMIT 1;
    IF entry.identifier = exact || at THEN
        place.detail := NULL;
        place.keys := ARRAY['domain:' || domain, 'address:' || exact || at];
    END IF;
    IF entry.local_part <> '' THEN
        RETURN hauspost.at_row(place, entry, 'address:' || entry.identifier);
    END IF;
    RETURN hauspost.find_fallback(place, entry, local_part, domain);
END
$$;

-- Most addresses have a row of their own, and one without dates.
CREATE FUNCTION hauspost.find_row(local_part text, domain text)
RETURNS SETOF hauspost.place
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT 'row', 'address:' || a.identifier, a.identifier, NULL::text,
        d.package, NULL::text, d.size_limit, NULL::text, NULL::boolean,
        NULL::boolean,
        ARRAY(SELECT t FROM hauspost.target AS t
            WHERE coalesce(t.address, t.alias) = a.identifier
            ORDER BY t.id),
        ARRAY['domain:' || d.name, 'address:' || a.identifier],
        NULL::timestamptz
    FROM hauspost.address AS a
    JOIN hauspost.domain AS d ON d.name = a.domain
    WHERE a.identifier =
            lower(find_row.local_part COLLATE "C") || '@' || find_row.domain
        AND a.local_part <> '' AND d.mode = 'local'
        AND a.valid_from IS NULL AND a.valid_until IS NULL;
END;

-- Rule 3: alias before mailbox.
CREATE FUNCTION hauspost.find_alias(name text) RETURNS SETOF hauspost.place
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT 'alias', 'alias:' || a.name, a.name, NULL::text, a.package,
        NULL::text, NULL::bigint, NULL::text, NULL::boolean, NULL::boolean,
        ARRAY(SELECT t FROM hauspost.target AS t
            WHERE coalesce(t.address, t.alias) = a.name
            ORDER BY t.id),
        ARRAY['name:' || a.name], NULL::timestamptz
    FROM hauspost.alias AS a
    WHERE a.name = find_alias.name;
END;

CREATE FUNCTION hauspost.find_mailbox(name text) RETURNS SETOF hauspost.place
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT 'mailbox', 'mailbox:' || m.name, m.name, NULL::text, p.name,
        p.node, m.size_limit,
        CASE WHEN m.state = 'locked' THEN 'locked' END,
        m.filter = 'procmail' OR m.allow_forward_file,
        EXISTS (SELECT FROM hauspost.forward AS f
            WHERE f.mailbox = m.name),
        NULL::hauspost.target[], ARRAY['name:' || m.name], NULL::timestamptz
    FROM hauspost.mailbox AS m
    JOIN hauspost.package AS p ON p.name = m.package
    WHERE m.name = find_mailbox.name;
END;

CREATE FUNCTION hauspost.find_nothing(name text) RETURNS hauspost.place
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN ROW(
    'refused', 'dangling:' || name, NULL, NULL, NULL, NULL, NULL, 'dangling',
    NULL, NULL, NULL, ARRAY['name:' || name], NULL)::hauspost.place;

-- Leaves --------------------------------------------------------------------

CREATE FUNCTION hauspost.accept(here hauspost.hop, node text, kind text,
    recipient text, mailbox text DEFAULT NULL)
RETURNS hauspost.answer
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN ROW(
    kind, recipient, NULL, mailbox, node, nullif(here.detail, ''), NULL,
    250, '2.1.5', 'ok', here.size_limit, here.path, NULL, NULL, NULL, NULL,
    here.package)::hauspost.answer;

CREATE FUNCTION hauspost.refuse(here hauspost.hop, why text)
RETURNS hauspost.answer
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    leaf hauspost.answer;
BEGIN
    leaf.kind := 'reject';
    leaf.path := here.path;
    leaf.package := here.package;
    SELECT hauspost.reply_code(r.dsn), r.dsn, r.reply
    INTO leaf.code, leaf.dsn, leaf.reply
    FROM hauspost.refusals() AS r WHERE r.reason = why;
    RETURN leaf;
END
$$;

CREATE FUNCTION hauspost.mailbox_leaf(here hauspost.hop, place hauspost.place)
RETURNS hauspost.answer
LANGUAGE sql STABLE RETURN hauspost.accept(
    here,
    place.node,
    CASE WHEN place.programs THEN 'program' ELSE 'mailbox' END,
    place.name
        || coalesce('+' || hauspost.leaf_quote(nullif(here.detail, '')), '')
        || CASE WHEN place.programs THEN '.0@program.' ELSE '@mbox.' END
        || place.node,
    place.name);

-- A locked mailbox keeps its recipient: where another leaf is good, this one
-- waits in the queue until it is unlocked.
CREATE FUNCTION hauspost.locked_leaf(here hauspost.hop, place hauspost.place)
RETURNS hauspost.answer
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    leaf    hauspost.answer := hauspost.mailbox_leaf(here, place);
    refused hauspost.answer := hauspost.refuse(here, place.reason);
BEGIN
    leaf.code := refused.code;
    leaf.dsn := refused.dsn;
    leaf.reply := refused.reply;
    RETURN leaf;
END
$$;

CREATE FUNCTION hauspost.node_of(package text) RETURNS text
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN (SELECT p.node FROM hauspost.package AS p WHERE p.name = package);
END
$$;

-- Nothing is forwarded where the address that was asked is itself foreign. A
-- name that was asked without domain forwards as of its node.
CREATE FUNCTION hauspost.external_leaf(
    here hauspost.hop, local_part text, domain text)
RETURNS hauspost.answer
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    node text := hauspost.node_of(here.package);
    leaf hauspost.answer := hauspost.accept(
        here, node, 'external', hauspost.join_address(local_part, domain));
BEGIN
    leaf.detail := NULL;
    IF here.via_name IS NOT NULL THEN
        IF hauspost.is_paused(here.package, local_part || '@' || domain) THEN
            RETURN hauspost.refuse(here, 'paused');
        END IF;
        leaf.forwarder := hauspost.join_address(
            here.via_name, coalesce(here.via_domain, node));
        leaf.srs_recipient := hauspost.signed_leaf(
            'forward', local_part, domain, node);
    END IF;
    RETURN leaf;
END
$$;

-- A target that ends the way: reject, discard, program, include or list.
CREATE FUNCTION hauspost.target_leaf(
    here hauspost.hop, place hauspost.place, target hauspost.target)
RETURNS hauspost.answer
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    node text := hauspost.node_of(here.package);
    leaf hauspost.answer;
    list text := substr(target.destination, length(':list:') + 1);
BEGIN
    IF target.kind IN ('program', 'include') THEN
        here.path := here.path || (target.kind || ':' || target.id);
        leaf := hauspost.accept(here, node, 'program',
            place.name || '.' || target.id || '@program.' || node);
        leaf.target_id := target.id;
        RETURN leaf;
    END IF;
    here.path := here.path || target.destination;
    IF target.kind = 'reject' THEN
        RETURN hauspost.refuse(here, 'nobody');
    ELSIF target.kind = 'discard' THEN
        RETURN hauspost.accept(here, node, 'discard', NULL);
    ELSIF hauspost.is_list_command(here.detail) IS FALSE THEN
        RETURN hauspost.refuse(here, 'unknown');
    END IF;
    RETURN hauspost.accept(here, node, 'list', hauspost.signed_leaf('list',
        hauspost.local_of(list) || coalesce('+' || here.detail, ''),
        hauspost.domain_of(list), node));
END
$$;

-- Hops ----------------------------------------------------------------------

-- An address, or a bare name as admins ask for it. The kind is NULL if it is
-- neither.
CREATE FUNCTION hauspost.first_hop(recipient text) RETURNS hauspost.hop
LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
    hop hauspost.hop;
BEGIN
    -- Nearly all: one @ and no quotes. RFC 5321 4.5.3.1: 64 + 1 + 255.
    IF recipient ~ '^[^"@]+@[^@[:space:][:cntrl:]]+$'
        AND octet_length(recipient) <= 1000
    THEN
        RETURN ROW('address', split_part(recipient, '@', 1),
            lower(split_part(recipient, '@', 2) COLLATE "C"),
            NULL, '{}', NULL, NULL, NULL, NULL)::hauspost.hop;
    END IF;
    hop.path := '{}';
    hop.name := hauspost.local_of(recipient);
    hop.domain := hauspost.domain_of(recipient);
    IF octet_length(recipient) > 1000 THEN
        RETURN hop;
    ELSIF hop.name IS NOT NULL THEN
        IF hop.name <> '' AND hop.domain ~ '^[^[:space:][:cntrl:]]+$' THEN
            hop.kind := 'address';
        END IF;
    ELSIF recipient ~ '^[a-zA-Z]' THEN
        hop.kind := 'name';
        hop.name := lower(split_part(recipient, '+', 1) COLLATE "C");
        hop.detail := nullif(substr(recipient, length(hop.name) + 2), '');
    END IF;
    RETURN hop;
END
$$;

-- The hop once it has arrived.
CREATE FUNCTION hauspost.enter(hop hauspost.hop, place hauspost.place)
RETURNS hauspost.hop
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN ROW(
    hop.kind,
    hop.name,
    hop.domain,
    coalesce(place.detail, hop.detail),
    hop.path || place.label,
    least(hop.size_limit, place.size_limit),
    CASE place.kind
        WHEN 'row' THEN hop.name
        WHEN 'name' THEN hop.name
        WHEN 'alias' THEN coalesce(hop.via_name, place.name)
        WHEN 'mailbox' THEN coalesce(hop.via_name, place.name)
        ELSE hop.via_name
    END,
    CASE place.kind
        WHEN 'row' THEN hop.domain
        WHEN 'name' THEN hop.domain
        ELSE hop.via_domain
    END,
    coalesce(place.package, hop.package)
)::hauspost.hop;

CREATE FUNCTION hauspost.to_name(here hauspost.hop, kind text, name text,
    detail text)
RETURNS hauspost.hop
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN ROW(
    kind, name, NULL, detail, here.path, here.size_limit, here.via_name,
    here.via_domain, here.package)::hauspost.hop;

CREATE FUNCTION hauspost.to_address(here hauspost.hop, local_part text,
    domain text)
RETURNS hauspost.hop
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN ROW(
    'address', local_part, domain, here.detail, here.path, here.size_limit,
    here.via_name, here.via_domain, here.package)::hauspost.hop;

-- The walk ------------------------------------------------------------------

CREATE FUNCTION hauspost.resolve(recipient text)
RETURNS SETOF hauspost.answer
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 2
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    queue       hauspost.hop[];
    i           integer := 0;
    first       hauspost.hop := hauspost.first_hop(recipient);
    hop         hauspost.hop;
    here        hauspost.hop;
    place       hauspost.place;
    target      hauspost.target;
    forward     record;
    keeps       boolean; -- the mailbox its copy
    forwards    integer := 0; -- leaves that go on to elsewhere
    seen        text[] := '{}';
    leaves      hauspost.answer[] := '{}';
    leaf        hauspost.answer;
    keys        text[] := '{}';
    changes_at  timestamptz;
    original    text;
    reply_class integer;
BEGIN
    IF first.kind IS NULL THEN
        leaves := ARRAY[hauspost.refuse(first, 'syntax')];
    ELSE
        queue := ARRAY[first];
    END IF;

    WHILE i < cardinality(queue) LOOP
        i := i + 1;
        hop := queue[i];
        IF cardinality(hop.path) > hauspost.max_hops() THEN
            leaves := leaves || hauspost.refuse(hop, 'deep');
            CONTINUE;
        END IF;
        IF hop.kind = 'address' THEN
            SELECT * INTO place
            FROM hauspost.find_row(hop.name, hop.domain);
            IF NOT FOUND THEN
                place := hauspost.find_inexact(hop.name, hop.domain);
            END IF;
        ELSE
            IF hop.kind = 'name' THEN
                SELECT * INTO place FROM hauspost.find_alias(hop.name);
            END IF;
            IF hop.kind = 'mailbox' OR NOT FOUND THEN
                SELECT * INTO place FROM hauspost.find_mailbox(hop.name);
                IF NOT FOUND THEN
                    place := hauspost.find_nothing(hop.name);
                END IF;
            END IF;
        END IF;
        IF NOT keys @> place.keys THEN
            keys := keys || place.keys;
            changes_at := least(changes_at, place.changes_at);
        END IF;
        here := hauspost.enter(hop, place);
        IF place.label = ANY (seen) THEN
            IF place.label = ANY (hop.path) THEN
                leaves := leaves || hauspost.refuse(here, 'loop');
            END IF;
            CONTINUE;
        END IF;
        seen := seen || place.label;

        IF place.kind IN ('row', 'alias') THEN
            FOREACH target IN ARRAY place.targets LOOP
                IF target.next_domain IS NOT NULL THEN
                    queue := queue || hauspost.to_address(
                        here, coalesce(target.next_name, here.name),
                        target.next_domain);
                ELSIF target.next_name IS NOT NULL THEN
                    queue := queue || hauspost.to_name(
                        here, CASE WHEN place.label = 'alias:'
                            || target.next_name THEN 'mailbox' ELSE 'name' END,
                        target.next_name,
                        coalesce(target.next_detail, here.detail));
                ELSE
                    leaves := leaves
                        || hauspost.target_leaf(here, place, target);
                END IF;
            END LOOP;
        ELSIF place.reason IS NOT NULL THEN
            leaves := leaves || CASE
                WHEN place.kind = 'mailbox'
                    THEN hauspost.locked_leaf(here, place)
                ELSE hauspost.refuse(here, place.reason)
            END;
        ELSIF place.kind = 'mailbox' THEN
            keeps := NOT place.forwards;
            IF place.forwards THEN
                FOR forward IN
                    SELECT f.address, f.keep_copy FROM hauspost.forward AS f
                    WHERE f.mailbox = place.name ORDER BY f.address
                LOOP
                    keeps := keeps OR forward.keep_copy;
                    queue := queue || hauspost.to_address(here,
                        hauspost.local_of(forward.address),
                        hauspost.domain_of(forward.address));
                END LOOP;
            END IF;
            IF keeps THEN
                leaves := leaves || hauspost.mailbox_leaf(here, place);
            END IF;
        ELSIF place.kind = 'name' THEN
            queue := queue
                || hauspost.to_name(here, 'name', place.name, here.detail);
        ELSIF place.kind = 'srs' THEN
            leaves := leaves || hauspost.accept(
                here, hauspost.node_of(here.package), 'srs',
                hauspost.join_address(hop.name, hop.domain));
        ELSE
            leaf := hauspost.external_leaf(here, hop.name, hop.domain);
            leaves := leaves || leaf;
            IF here.via_name IS NOT NULL THEN
                forwards := forwards + 1;
                keys := keys || ('forward:' || here.package);
            END IF;
        END IF;
        IF forwards > hauspost.max_forwards()
            OR cardinality(queue) + cardinality(leaves) > hauspost.max_nodes()
        THEN
            leaves := ARRAY[hauspost.refuse(first, 'wide')];
            EXIT;
        END IF;
    END LOOP;

    IF cardinality(leaves) = 0 THEN
        leaves := ARRAY[hauspost.refuse(first, 'loop')];
    END IF;
    original := CASE WHEN first.kind = 'address'
        THEN left(recipient, -length(first.domain)) || first.domain
        ELSE recipient END;
    FOREACH reply_class IN ARRAY '{2,4,5}'::integer[] LOOP
        FOREACH leaf IN ARRAY leaves LOOP
            CONTINUE WHEN leaf.code / 100 <> reply_class;
            leaf.original := original;
            leaf.keys := keys;
            leaf.changes_at := changes_at;
            RETURN NEXT leaf;
        END LOOP;
    END LOOP;
END
$$;
COMMENT ON FUNCTION hauspost.resolve(text) IS
    'The leaves of an address, good ones first: the first row''s code is the '
    'answer at RCPT';

RESET ROLE;

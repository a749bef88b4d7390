-- 0008_resolve.sql - how an address becomes leaves. Nothing else knows.
--
-- The graph is walked as a queue of hops. A hop is an address, a name (alias
-- or mailbox), or a mailbox that no alias may capture; it carries the path it
-- came, so a loop is data, and the shortest way to a mailbox is the one that
-- counts. Where a hop arrives is a place; each place is entered once and leads
-- to further hops or is a leaf.
--
--   find_address  rules 1 and 2: domain, then row, detail, list, catch-all,
--                 automatic address
--   find_name     rule 3: alias, mailbox, nothing
--   resolve       rules 4 to 6: the walk, its limits, the answer
--
-- What runs for every recipient is built of few queries and of SQL functions
-- that PostgreSQL inlines, whence the ROW(…) with the fields in the order of
-- their type: assigning them one by one took longer than the queries do.
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
    forwarder  text,   -- the last address of ours on the way here
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
    keys       text[],
    changes_at timestamptz
);

-- Commands to a list come as NAME+COMMAND@ and as NAME-COMMAND@; any other
-- ending is refused while the sender is still on the line.
CREATE FUNCTION hauspost.is_list_command(detail text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN lower(detail) ~ (
    '^(join|leave|help|request|owner'
    '|(un)?subscribe(-digest|-nomail|-[^@ ]+=[a-z0-9.-]+)?'
    '|confirm[+-][a-z2-7]+|mod-[a-z2-7]+-(ok|no|drop|member)'
    '|b-[^@ ]+|[pc]-[a-z2-7]+|get-[0-9]+(_[0-9]+)?'
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
LANGUAGE sql STABLE RETURN ROW(
    CASE WHEN entry.valid_from > now() OR entry.valid_until <= now()
        THEN 'refused' ELSE 'row' END,
    label,
    entry.identifier,
    place.detail,
    place.package,
    NULL,
    place.size_limit,
    CASE WHEN entry.valid_from > now() THEN 'early'
        WHEN entry.valid_until <= now() THEN 'expired' END,
    NULL,
    NULL,
    place.keys,
    CASE WHEN entry.valid_from > now() THEN entry.valid_from
        WHEN entry.valid_until > now() THEN entry.valid_until END
)::hauspost.place;

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

-- Rules 1 and 2 for all that has no row of its own.
CREATE FUNCTION hauspost.find_inexact(
    local_part text, domain text, exact text, base text)
RETURNS hauspost.place
LANGUAGE plpgsql STABLE
AS $$
DECLARE
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
        known.package, NULL, known.size_limit, 'unknown', NULL, NULL,
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
    WHERE a.identifier IN (base || at, at)
    ORDER BY a.identifier = base || at DESC
    LIMIT 1;
    IF entry.local_part <> '' THEN
        RETURN hauspost.at_row(place, entry, 'address:' || entry.identifier);
    END IF;
    RETURN hauspost.find_fallback(place, entry, local_part, domain);
END
$$;

-- Rules 1 and 2. Most addresses have a row, so this looks for it first.
CREATE FUNCTION hauspost.find_address(local_part text, domain text)
RETURNS hauspost.place
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    exact text := lower(local_part COLLATE "C");
    place hauspost.place;
BEGIN
    place := (
        SELECT hauspost.at_row(
            ROW(NULL, NULL, NULL, NULL, d.package, NULL, d.size_limit, NULL,
                NULL, NULL,
                ARRAY['domain:' || d.name, 'address:' || a.identifier], NULL),
            a, 'address:' || a.identifier)
        FROM hauspost.address AS a
        JOIN hauspost.domain AS d ON d.name = a.domain
        WHERE a.identifier = exact || '@' || find_address.domain
            AND a.local_part <> '' AND d.mode = 'local');
    IF place.kind IS NOT NULL THEN
        RETURN place;
    END IF;
    RETURN hauspost.find_inexact(
        local_part, domain, exact, split_part(exact, '+', 1));
END
$$;

-- Rule 3. Only the mailbox is wanted where an alias lists its own name.
CREATE FUNCTION hauspost.find_name(name text, only_mailbox boolean)
RETURNS hauspost.place
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    keys  text[] := ARRAY['name:' || name];
    place hauspost.place;
BEGIN
    IF NOT only_mailbox THEN
        place := (
            SELECT ROW('alias', 'alias:' || a.name, a.name, NULL, a.package,
                NULL, NULL, NULL, NULL, NULL, keys, NULL)::hauspost.place
            FROM hauspost.alias AS a
            WHERE a.name = find_name.name);
        IF place.kind IS NOT NULL THEN
            RETURN place;
        END IF;
    END IF;
    place := (
        SELECT ROW('mailbox', 'mailbox:' || m.name, m.name, NULL, p.name,
            p.node, m.size_limit,
            CASE WHEN m.state = 'locked' THEN 'locked' END,
            m.filter = 'procmail' OR m.allow_forward_file,
            EXISTS (SELECT FROM hauspost.forward AS f
                WHERE f.mailbox = m.name),
            keys, NULL)::hauspost.place
        FROM hauspost.mailbox AS m
        JOIN hauspost.package AS p ON p.name = m.package
        WHERE m.name = find_name.name);
    IF place.kind IS NULL THEN
        place.kind := 'refused';
        place.label := 'dangling:' || name;
        place.reason := 'dangling';
        place.keys := keys;
    END IF;
    RETURN place;
END
$$;

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
    IF here.forwarder IS NOT NULL THEN
        IF hauspost.is_paused(here.package, local_part || '@' || domain) THEN
            RETURN hauspost.refuse(here, 'paused');
        END IF;
        leaf.forwarder := here.forwarder || CASE
            WHEN strpos(here.forwarder, '@') = 0 THEN '@' || node ELSE '' END;
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
    hop.path := '{}';
    hop.name := hauspost.local_of(recipient);
    hop.domain := hauspost.domain_of(recipient);
    IF octet_length(recipient) > 1000 THEN -- RFC 5321 4.5.3.1: 64 + 1 + 255
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
    CASE
        WHEN place.kind IN ('row', 'name')
            THEN hauspost.join_address(hop.name, hop.domain)
        WHEN place.kind IN ('alias', 'mailbox')
            THEN coalesce(hop.forwarder, place.name)
        ELSE hop.forwarder
    END,
    coalesce(place.package, hop.package)
)::hauspost.hop;

CREATE FUNCTION hauspost.to_name(here hauspost.hop, kind text, name text,
    detail text)
RETURNS hauspost.hop
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN ROW(
    kind, name, NULL, detail, here.path, here.size_limit, here.forwarder,
    here.package)::hauspost.hop;

CREATE FUNCTION hauspost.to_address(here hauspost.hop, local_part text,
    domain text)
RETURNS hauspost.hop
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN ROW(
    'address', local_part, domain, here.detail, here.path, here.size_limit,
    here.forwarder, here.package)::hauspost.hop;

-- Where a target points to; NULL where it is a leaf.
CREATE FUNCTION hauspost.next_hop(
    here hauspost.hop, place hauspost.place, target hauspost.target)
RETURNS hauspost.hop
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN CASE target.kind
    WHEN 'name' THEN hauspost.to_name(
        here,
        CASE WHEN place.kind = 'alias'
                AND split_part(target.destination, '+', 1) = place.name
            THEN 'mailbox' ELSE 'name' END,
        split_part(target.destination, '+', 1),
        coalesce(substring(target.destination FROM '[+](.*)'), here.detail))
    WHEN 'address' THEN hauspost.to_address(
        here,
        hauspost.local_of(target.destination),
        hauspost.domain_of(target.destination))
    WHEN 'domain' THEN hauspost.to_address(
        here, here.name, substr(target.destination, 2))
END;

-- The walk ------------------------------------------------------------------

CREATE FUNCTION hauspost.resolve(recipient text)
RETURNS SETOF hauspost.answer
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 2
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    queue       hauspost.hop[];
    i           integer := 0;
    hop         hauspost.hop;
    here        hauspost.hop;
    next        hauspost.hop;
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
    queue := ARRAY[hauspost.first_hop(recipient)];
    IF (queue[1]).kind IS NULL THEN
        leaves := ARRAY[hauspost.refuse(queue[1], 'syntax')];
        i := 1;
    END IF;

    WHILE i < cardinality(queue) LOOP
        i := i + 1;
        hop := queue[i];
        IF cardinality(hop.path) > hauspost.max_hops() THEN
            leaves := leaves || hauspost.refuse(hop, 'deep');
            CONTINUE;
        END IF;
        place := CASE
            WHEN hop.kind = 'address'
                THEN hauspost.find_address(hop.name, hop.domain)
            ELSE hauspost.find_name(hop.name, hop.kind = 'mailbox')
        END;
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
            FOR target IN
                SELECT * FROM hauspost.target AS t
                WHERE coalesce(t.address, t.alias) = place.name
                ORDER BY t.id
            LOOP
                next := hauspost.next_hop(here, place, target);
                IF next.kind IS NOT NULL THEN
                    queue := queue || next;
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
            IF here.forwarder IS NOT NULL THEN
                forwards := forwards + 1;
                keys := keys || ('forward:' || here.package);
            END IF;
        END IF;
        EXIT WHEN forwards > hauspost.max_forwards()
            OR cardinality(queue) + cardinality(leaves) > hauspost.max_nodes();
    END LOOP;

    IF forwards > hauspost.max_forwards()
        OR cardinality(queue) + cardinality(leaves) > hauspost.max_nodes()
    THEN
        leaves := ARRAY[hauspost.refuse(queue[1], 'wide')];
    ELSIF cardinality(leaves) = 0 THEN
        leaves := ARRAY[hauspost.refuse(queue[1], 'loop')];
    END IF;
    original := CASE WHEN (queue[1]).kind = 'address'
        THEN left(recipient, -length((queue[1]).domain)) || (queue[1]).domain
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

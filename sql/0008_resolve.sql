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
    'mailbox, program, external, list, reject or discard';
COMMENT ON COLUMN hauspost.answer.queue_recipient IS
    'What goes into the queue; NULL for reject and discard';
COMMENT ON COLUMN hauspost.answer.srs_recipient IS
    'External leaf of ours: the same for when it needs an SRS sender of its own';
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
    package    text,   -- of the last place on the way here
    node       text
);

CREATE TYPE hauspost.place AS (
    kind       text, -- row, alias, mailbox, name, external or refused
    label      text, -- tells places apart, and stands in the path
    name       text, -- key of the row; before one is found, the local part
    detail     text, --   in lower case without the detail
    package    text,
    node       text,
    size_limit bigint,
    reason     text, -- why it is refused or isn't ready: refusals().reason
    procmail   boolean,
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
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN ARRAY(
    SELECT left(local_part, i - 1)
    FROM generate_series(length(local_part) - 1, 2, -1) AS i
    WHERE substr(local_part, i, 1) = '-'
        AND hauspost.is_list_command(substr(local_part, i + 1)));
COMMENT ON FUNCTION hauspost.list_prefixes(text) IS
    'Lists that this could be a command to by NAME-COMMAND, longest first';

CREATE FUNCTION hauspost.is_leaf_domain(domain text) RETURNS boolean
LANGUAGE sql STABLE RETURN
    hauspost.is_leaf_label(split_part(domain, '.', 1))
    AND EXISTS (SELECT FROM hauspost.node
        WHERE name = substr(domain, strpos(domain, '.') + 1));
COMMENT ON FUNCTION hauspost.is_leaf_domain(text) IS
    'A domain that exists in Postfix'' queue only';

-- Rule 2's last step: MAILBOX@NODE and MAILBOX@PACKAGE-HOST. Aliases too: what
-- programs on the machine send to a bare name, Postfix completes with the
-- node's name.
CREATE FUNCTION hauspost.find_automatic(place hauspost.place, domain text)
RETURNS hauspost.place
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    place.keys := place.keys || ('name:' || place.name);
    SELECT n.package, p.node INTO place.package, place.node
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
    ELSE
        place.reason := 'unknown';
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
    END IF;
    IF hauspost.is_leaf_domain(domain) THEN
        place.reason := 'internal';
    ELSE
        place.kind := 'external';
        place.label := 'external:' || local_part || '@' || domain;
    END IF;
    RETURN place;
END
$$;

-- A row of its own answers for an address even when it is out of date: the
-- catch-all must not get what was meant to end.
CREATE FUNCTION hauspost.use_row(place hauspost.place, entry hauspost.address)
RETURNS hauspost.place
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    place.kind := 'row';
    place.name := entry.identifier;
    IF entry.valid_from > now() THEN
        place.kind := 'refused';
        place.reason := 'early';
        place.changes_at := entry.valid_from;
    ELSIF entry.valid_until <= now() THEN
        place.kind := 'refused';
        place.reason := 'expired';
    ELSE
        place.changes_at := entry.valid_until;
    END IF;
    RETURN place;
END
$$;

-- Rule 2, in a domain whose addresses are here.
CREATE FUNCTION hauspost.find_local(
    place hauspost.place, local_part text, domain text)
RETURNS hauspost.place
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    at       text := '@' || domain;
    exact    text := lower(local_part COLLATE "C") || at;
    base     text := place.name || at;
    prefixes text[];
    entry    hauspost.address;
    listed   hauspost.address;
BEGIN
    -- What is not there counts too: its INSERT changes this answer.
    place.keys := place.keys
        || ARRAY['address:' || exact, 'address:' || base, 'address:' || at];
    SELECT * INTO entry FROM hauspost.address AS a
    WHERE a.identifier IN (exact, base, at)
    ORDER BY a.identifier = exact DESC, a.identifier = base DESC
    LIMIT 1;

    IF coalesce(entry.local_part, '') = '' AND strpos(local_part, '-') > 0 THEN
        prefixes := hauspost.list_prefixes(lower(local_part COLLATE "C"));
        place.keys := place.keys || ARRAY(
            SELECT 'address:' || prefix || at FROM unnest(prefixes) AS prefix);
        SELECT a.* INTO listed
        FROM hauspost.list AS l
        JOIN hauspost.address AS a ON a.identifier = l.name || at
        WHERE l.domain = find_local.domain AND l.name = ANY (prefixes)
        ORDER BY length(l.name) DESC
        LIMIT 1;
    END IF;

    IF listed.identifier IS NOT NULL THEN
        entry := listed;
        place.detail := substr(local_part, length(entry.local_part) + 2);
    ELSIF entry.identifier IS NULL THEN
        RETURN hauspost.find_automatic(place, domain);
    ELSIF entry.identifier IN (exact, at) THEN
        place.detail := NULL; -- this row takes the whole local part
    END IF;
    place.label := CASE
        WHEN entry.identifier = at THEN 'catch-all:' || exact
        ELSE 'address:' || entry.identifier
    END;
    RETURN hauspost.use_row(place, entry);
END
$$;

CREATE FUNCTION hauspost.find_address(local_part text, domain text)
RETURNS hauspost.place
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    place hauspost.place;
    known record;
    plus  integer := strpos(local_part, '+');
BEGIN
    SELECT d.package, d.mode, d.subaddressing, d.size_limit, p.node INTO known
    FROM hauspost.domain AS d
    JOIN hauspost.package AS p ON p.name = d.package
    WHERE d.name = domain;

    place.kind := 'refused';
    place.label := 'unknown:' || local_part || '@' || domain;
    place.name := lower(local_part COLLATE "C");
    place.package := known.package;
    place.node := known.node;
    place.size_limit := known.size_limit;
    place.keys := ARRAY['domain:' || domain];
    IF plus > 1 AND known.subaddressing IS NOT FALSE THEN
        place.name := left(place.name, plus - 1);
        place.detail := substr(local_part, plus + 1);
    END IF;

    IF known.mode IS NULL THEN
        RETURN hauspost.find_elsewhere(place, local_part, domain);
    ELSIF known.mode = 'local' THEN
        RETURN hauspost.find_local(place, local_part, domain);
    ELSIF known.mode = 'null' THEN
        place.reason := 'null';
    ELSE
        place.kind := 'external';
        place.label := 'external:' || local_part || '@' || domain;
    END IF;
    RETURN place;
END
$$;

-- Rule 3. The mailbox itself is wanted where an alias lists its own name.
CREATE FUNCTION hauspost.find_name(name text, only_mailbox boolean)
RETURNS hauspost.place
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    place hauspost.place;
BEGIN
    place.name := name;
    place.keys := ARRAY['name:' || name];
    IF NOT only_mailbox THEN
        SELECT 'alias', 'alias:' || a.name, a.package, p.node
        INTO place.kind, place.label, place.package, place.node
        FROM hauspost.alias AS a
        JOIN hauspost.package AS p ON p.name = a.package
        WHERE a.name = find_name.name;
        IF FOUND THEN
            RETURN place;
        END IF;
    END IF;
    SELECT 'mailbox', 'mailbox:' || m.name, m.package, p.node, m.size_limit,
        CASE WHEN m.state = 'locked' THEN 'locked' END, m.filter = 'procmail'
    INTO place.kind, place.label, place.package, place.node, place.size_limit,
        place.reason, place.procmail
    FROM hauspost.mailbox AS m
    JOIN hauspost.package AS p ON p.name = m.package
    WHERE m.name = find_name.name;
    IF NOT FOUND THEN
        place.kind := 'refused';
        place.label := 'dangling:' || name;
        place.reason := 'dangling';
    END IF;
    RETURN place;
END
$$;

-- Leaves -------------------------------------------------------------------

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

CREATE FUNCTION hauspost.accept(here hauspost.hop, kind text, recipient text)
RETURNS hauspost.answer
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    leaf hauspost.answer;
BEGIN
    leaf.kind := kind;
    leaf.queue_recipient := recipient;
    leaf.node := here.node;
    leaf.detail := here.detail;
    leaf.code := 250;
    leaf.dsn := '2.1.5';
    leaf.reply := 'ok';
    leaf.size_limit := here.size_limit;
    leaf.path := here.path;
    leaf.package := here.package;
    RETURN leaf;
END
$$;

-- A locked mailbox keeps its recipient: where another leaf is good, this one
-- waits in the queue until it is unlocked.
CREATE FUNCTION hauspost.mailbox_leaf(here hauspost.hop, place hauspost.place)
RETURNS hauspost.answer
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    leaf hauspost.answer;
    name text := place.name || coalesce(
        '+' || hauspost.leaf_quote(nullif(here.detail, '')), '');
BEGIN
    IF place.procmail THEN
        leaf := hauspost.accept(
            here, 'program', name || '.0@program.' || place.node);
    ELSE
        leaf := hauspost.accept(
            here, 'mailbox', name || '@mbox.' || place.node);
    END IF;
    leaf.mailbox := place.name;
    IF place.reason IS NOT NULL THEN
        SELECT hauspost.reply_code(r.dsn), r.dsn, r.reply
        INTO leaf.code, leaf.dsn, leaf.reply
        FROM hauspost.refusals() AS r WHERE r.reason = place.reason;
    END IF;
    RETURN leaf;
END
$$;

-- Plain where the address as asked is not ours: then nothing is forwarded.
CREATE FUNCTION hauspost.external_leaf(
    here hauspost.hop, local_part text, domain text)
RETURNS hauspost.answer
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    leaf hauspost.answer := hauspost.accept(
        here, 'external', hauspost.join_address(local_part, domain));
BEGIN
    leaf.detail := NULL;
    leaf.forwarder := here.forwarder;
    IF here.forwarder IS NOT NULL THEN
        leaf.srs_recipient := hauspost.signed_leaf(
            'forward', local_part, domain, here.node);
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
    leaf hauspost.answer;
    list text := substr(target.destination, length(':list:') + 1);
BEGIN
    IF target.kind IN ('program', 'include') THEN
        here.path := here.path || (target.kind || ':' || target.id);
        leaf := hauspost.accept(here, 'program', place.name || '.' || target.id
            || '@program.' || here.node);
        leaf.target_id := target.id;
        RETURN leaf;
    END IF;
    here.path := here.path || target.destination;
    IF target.kind = 'reject' THEN
        RETURN hauspost.refuse(here, 'nobody');
    ELSIF target.kind = 'discard' THEN
        RETURN hauspost.accept(here, 'discard', NULL);
    ELSIF hauspost.is_list_command(here.detail) IS FALSE THEN
        RETURN hauspost.refuse(here, 'unknown');
    END IF;
    RETURN hauspost.accept(here, 'list', hauspost.signed_leaf('list',
        hauspost.local_of(list) || coalesce('+' || here.detail, ''),
        hauspost.domain_of(list), here.node));
END
$$;

-- The walk -----------------------------------------------------------------

-- An address, or a bare name as admins ask for it; NULL if it is neither.
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

-- The hop as it stands once it has arrived.
CREATE FUNCTION hauspost.enter(hop hauspost.hop, place hauspost.place)
RETURNS hauspost.hop
LANGUAGE plpgsql IMMUTABLE
AS $$
BEGIN
    hop.path := hop.path || place.label;
    hop.detail := coalesce(place.detail, hop.detail);
    hop.size_limit := least(hop.size_limit, place.size_limit);
    hop.package := coalesce(place.package, hop.package);
    hop.node := coalesce(place.node, hop.node);
    IF place.kind IN ('row', 'name') THEN
        hop.forwarder := hauspost.join_address(hop.name, hop.domain);
    ELSIF hop.forwarder IS NULL AND place.kind IN ('alias', 'mailbox') THEN
        hop.forwarder := place.name || '@' || place.node;
    END IF;
    RETURN hop;
END
$$;

-- Where a target points to; NULL where it is a leaf.
CREATE FUNCTION hauspost.next_hop(
    here hauspost.hop, place hauspost.place, target hauspost.target)
RETURNS hauspost.hop
LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
    name text := split_part(target.destination, '+', 1);
BEGIN
    CASE target.kind
    WHEN 'name' THEN
        here.kind := CASE
            WHEN place.kind = 'alias' AND name = place.name THEN 'mailbox'
            ELSE 'name'
        END;
        here.name := name;
        IF name <> target.destination THEN
            here.detail := substr(target.destination, length(name) + 2);
        END IF;
    WHEN 'address' THEN
        here.kind := 'address';
        here.name := hauspost.local_of(target.destination);
        here.domain := hauspost.domain_of(target.destination);
    WHEN 'domain' THEN
        here.domain := substr(target.destination, 2);
    ELSE
        RETURN NULL;
    END CASE;
    RETURN here;
END
$$;

CREATE FUNCTION hauspost.resolve(recipient text)
RETURNS SETOF hauspost.answer
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 2
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    queue      hauspost.hop[];
    seen       text[] := '{}';
    leaves     hauspost.answer[] := '{}';
    leaf       hauspost.answer;
    keys       text[] := '{}';
    changes_at timestamptz;
    i          integer := 0;
    hop        hauspost.hop;
    here       hauspost.hop;
    next       hauspost.hop;
    place      hauspost.place;
    target     hauspost.target;
    address    text;
    keep_copy  boolean;
    reply_class integer;
BEGIN
    hop := hauspost.first_hop(recipient);
    IF hop.kind IS NULL THEN
        leaf := hauspost.refuse(hop, 'syntax');
        leaf.original := recipient;
        leaf.keys := keys;
        RETURN NEXT leaf;
        RETURN;
    END IF;
    queue := ARRAY[hop];

    WHILE i < cardinality(queue) LOOP
        i := i + 1;
        hop := queue[i];
        IF cardinality(hop.path) > hauspost.max_hops() THEN
            leaves := leaves || hauspost.refuse(hop, 'deep');
            CONTINUE;
        END IF;

        IF hop.kind = 'address' THEN
            place := hauspost.find_address(hop.name, hop.domain);
        ELSE
            place := hauspost.find_name(hop.name, hop.kind = 'mailbox');
        END IF;
        keys := keys || place.keys;
        changes_at := least(changes_at, place.changes_at);
        here := hauspost.enter(hop, place);
        IF place.label = ANY (hop.path) THEN
            leaves := leaves || hauspost.refuse(here, 'loop');
        END IF;
        CONTINUE WHEN place.label = ANY (seen);
        seen := seen || place.label;

        IF place.kind = 'refused' THEN
            leaves := leaves || hauspost.refuse(here, place.reason);
        ELSIF place.kind = 'external' THEN
            leaves := leaves
                || hauspost.external_leaf(here, hop.name, hop.domain);
        ELSIF place.kind = 'name' THEN
            here.kind := 'name';
            here.name := place.name;
            queue := queue || here;
        ELSIF place.kind = 'mailbox' THEN
            keep_copy := true;
            next := here;
            next.kind := 'address';
            next.detail := NULL;
            FOR address, keep_copy IN
                SELECT f.address, bool_or(f.keep_copy) OVER ()
                FROM hauspost.forward AS f
                WHERE f.mailbox = place.name AND place.reason IS NULL
                ORDER BY f.address
            LOOP
                next.name := hauspost.local_of(address);
                next.domain := hauspost.domain_of(address);
                queue := queue || next;
            END LOOP;
            IF keep_copy IS NOT FALSE THEN
                leaves := leaves || hauspost.mailbox_leaf(here, place);
            END IF;
        ELSE
            FOR target IN
                SELECT * FROM hauspost.target AS t WHERE t.address = place.name
                UNION ALL
                SELECT * FROM hauspost.target AS t WHERE t.alias = place.name
                ORDER BY id
            LOOP
                next := hauspost.next_hop(here, place, target);
                IF next IS NULL THEN
                    leaves := leaves
                        || hauspost.target_leaf(here, place, target);
                ELSE
                    queue := queue || next;
                END IF;
            END LOOP;
        END IF;
        EXIT WHEN cardinality(queue) + cardinality(leaves)
            > hauspost.max_nodes();
    END LOOP;

    IF cardinality(queue) + cardinality(leaves) > hauspost.max_nodes() THEN
        leaves := ARRAY[hauspost.refuse(queue[1], 'wide')];
    ELSIF cardinality(leaves) = 0 THEN
        leaves := ARRAY[hauspost.refuse(queue[1], 'loop')];
    END IF;
    keys := ARRAY(SELECT DISTINCT unnest(keys) ORDER BY 1);
    FOREACH reply_class IN ARRAY '{2,4,5}'::integer[] LOOP
        FOREACH leaf IN ARRAY leaves LOOP
            CONTINUE WHEN leaf.code / 100 <> reply_class;
            leaf.original := recipient;
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

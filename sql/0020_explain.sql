-- 0020_explain.sql - why an address leads where it leads, for people.
--
-- explain() tells nothing that resolve() doesn't do: its hops are the paths of
-- resolve()'s leaves put together as a tree. To each hop it adds the rule that
-- led there and what that rule won over, and the ways that end at a place
-- where mail has been already.
--
-- try_start() begins a change that only shows what it would do: the
-- transaction can't commit.

SET ROLE hauspost_owner;

CREATE TYPE hauspost.explained AS (
    hop        integer,
    parent     integer,
    kind       text,
    name       text,
    why        text,
    lost       text[],
    again      boolean,
    leaf       text,
    recipient  text,
    mailbox    text,
    detail     text,
    code       integer,
    dsn        text,
    reply      text,
    size_limit bigint,
    changes_at timestamptz
);
COMMENT ON TYPE hauspost.explained IS 'One hop of an address, for people';
COMMENT ON COLUMN hauspost.explained.hop IS
    'Counted as they are printed; 0 is the question, its code the answer at '
    'RCPT';
COMMENT ON COLUMN hauspost.explained.lost IS
    'What would have been used, were there not this hop';
COMMENT ON COLUMN hauspost.explained.again IS
    'Mail has been here on another way; it gets no second copy';
COMMENT ON COLUMN hauspost.explained.leaf IS
    'Kind of the leaf that ends here; a mailbox that forwards has hops as well';

-- Hops ---------------------------------------------------------------------

-- A place's label in a path, taken apart: alias:xyz00-team.
CREATE FUNCTION hauspost.label_kind(label text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN CASE label
    WHEN '/dev/null' THEN 'discard'
    WHEN 'nobody' THEN 'reject'
    ELSE split_part(ltrim(label, ':'), ':', 1)
END;

CREATE FUNCTION hauspost.label_name(label text) RETURNS text
LANGUAGE sql STABLE RETURN CASE
    WHEN label ~ '^(program|include):' THEN (
        SELECT t.destination FROM hauspost.target AS t
        WHERE t.id = split_part(label, ':', 2)::bigint)
    WHEN label IN ('/dev/null', 'nobody') THEN label
    ELSE substring(ltrim(label, ':') FROM ':(.*)$')
END;

-- MAILBOX@NODE and MAILBOX@PACKAGE-HOST give way to every row.
CREATE FUNCTION hauspost.automatic_label(local_part text, domain text)
RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    place hauspost.place;
BEGIN
    place.name := lower(local_part COLLATE "C");
    place.keys := '{}';
    place := hauspost.find_automatic(place, domain);
    RETURN place.label;
END
$$;

CREATE FUNCTION hauspost.lost_to(label text) RETURNS text[]
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH here AS (
        SELECT hauspost.label_kind(label) AS kind,
            hauspost.label_name(label) AS name
    ), asked AS (
        SELECT kind, name, hauspost.domain_of(name) AS domain,
            hauspost.local_of(name) AS local_part
        FROM here WHERE kind IN ('address', 'catch-all')
    )
    SELECT array_agg(loser ORDER BY place)
    FROM (
        SELECT 1 AS place, 'mailbox ' || m.name AS loser
        FROM here JOIN hauspost.mailbox AS m ON m.name = here.name
        WHERE here.kind = 'alias'
    UNION ALL
        SELECT 2, 'address ' || a.identifier
        FROM asked
        JOIN hauspost.domain AS d ON d.name = asked.domain AND d.subaddressing
        JOIN hauspost.address AS a ON strpos(asked.local_part, '+') > 1
            AND a.identifier = split_part(asked.local_part, '+', 1) || '@' || d.name
        WHERE asked.kind = 'address'
    UNION ALL
        SELECT 3, 'catch-all ' || a.identifier
        FROM asked JOIN hauspost.address AS a ON a.identifier = '@' || asked.domain
        WHERE asked.kind = 'address' AND asked.local_part <> ''
    UNION ALL
        SELECT 4, 'automatic address ' || asked.name
        FROM asked WHERE hauspost.automatic_label(
            split_part(asked.local_part, '+', 1), asked.domain) IS NOT NULL
    ) AS losers;
END;

CREATE FUNCTION hauspost.why_domain(domain text) RETURNS text
LANGUAGE sql STABLE RETURN coalesce(
    (SELECT CASE d.mode
            WHEN 'null' THEN 'the domain takes no mail'
            WHEN 'backup' THEN 'the domain is kept for its own mail server'
            WHEN 'relay' THEN 'the domain is handed to ' || d.next_hop
            ELSE 'no row, no catch-all, no mailbox of that name'
        END
        FROM hauspost.domain AS d WHERE d.name = why_domain.domain),
    CASE
        WHEN hauspost.is_leaf_domain(domain)
            THEN 'the domain exists in the queue only'
        WHEN (hauspost.domain_class(domain)).class IS NOT NULL
            THEN 'no mailbox or alias of that name'
        ELSE 'the domain is not ours'
    END);

CREATE FUNCTION hauspost.why_alias(alias text) RETURNS text
LANGUAGE sql STABLE RETURN (
    SELECT CASE count(*) WHEN 1 THEN '1 target' ELSE count(*) || ' targets' END
    FROM hauspost.target AS t WHERE t.alias = why_alias.alias);

CREATE FUNCTION hauspost.why_mailbox(mailbox text, via text) RETURNS text
LANGUAGE sql STABLE RETURN nullif(concat_ws('; ',
    CASE WHEN via = 'alias:' || mailbox
        THEN 'itself, as the alias lists its own name' END,
    (SELECT CASE WHEN bool_or(f.keep_copy)
            THEN 'forwards and keeps a copy' ELSE 'forwards, keeps no copy' END
        FROM hauspost.forward AS f
        WHERE f.mailbox = why_mailbox.mailbox HAVING count(*) > 0)), '');

-- asked: the whole question where this is its first hop.
CREATE FUNCTION hauspost.why_address(name text, asked text) RETURNS text
LANGUAGE sql STABLE RETURN CASE substr(lower(hauspost.local_of(asked)),
        length(hauspost.local_of(name)) + 1, 1)
    WHEN '+' THEN 'row without the detail'
    WHEN '-' THEN 'list that this is a command to'
    ELSE 'row of its own'
END;

CREATE FUNCTION hauspost.why_hop(label text, via text, asked text)
RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    name text := hauspost.label_name(label);
BEGIN
    RETURN CASE hauspost.label_kind(label)
        WHEN 'address' THEN
            hauspost.why_address(name, CASE WHEN via IS NULL THEN asked END)
        WHEN 'catch-all' THEN
            'no row of its own; the catch-all @' || hauspost.domain_of(name)
        WHEN 'automatic' THEN 'address that each name has here'
        WHEN 'alias' THEN hauspost.why_alias(name)
        WHEN 'mailbox' THEN hauspost.why_mailbox(name, via)
        WHEN 'external' THEN hauspost.why_domain(hauspost.domain_of(name))
        WHEN 'unknown' THEN hauspost.why_domain(hauspost.domain_of(name))
        WHEN 'dangling' THEN 'no alias and no mailbox of that name'
        WHEN 'program' THEN 'program of the alias'
        WHEN 'include' THEN 'file of addresses'
        WHEN 'discard' THEN 'accepted and dropped'
        WHEN 'reject' THEN 'refused by its owner''s wish'
        WHEN 'list' THEN 'mailing list'
    END;
END
$$;

-- Where the targets and forwards of a hop arrive, as labels. What is no hop
-- (nobody, a program …) always has a leaf and is left out.
CREATE FUNCTION hauspost.ways_on(label text)
RETURNS TABLE (arrives text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH here AS (
        SELECT hauspost.label_kind(label) AS kind,
            hauspost.label_name(label) AS name
    ), ways AS (
        SELECT t.kind, t.destination, here.kind = 'alias'
            AND split_part(t.destination, '+', 1) = here.name AS own
        FROM here JOIN hauspost.target AS t
            ON here.kind = 'alias' AND t.alias = here.name
            OR here.kind = 'address' AND t.address = here.name
            OR here.kind = 'catch-all'
                AND t.address = '@' || hauspost.domain_of(here.name)
    UNION ALL
        SELECT 'address', f.address, false
        FROM here JOIN hauspost.forward AS f
            ON here.kind = 'mailbox' AND f.mailbox = here.name
    )
    SELECT CASE kind
        WHEN 'name' THEN
            (hauspost.find_name(split_part(destination, '+', 1), own)).label
        WHEN 'address' THEN
            (hauspost.find_address(hauspost.local_of(destination),
                hauspost.domain_of(destination))).label
        END
    FROM ways WHERE kind IN ('name', 'address');
END;

-- explain ------------------------------------------------------------------

CREATE FUNCTION hauspost.explain(recipient text)
RETURNS SETOF hauspost.explained
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH resolved AS MATERIALIZED (
        SELECT * FROM hauspost.resolve(recipient) WITH ORDINALITY
    ), leaves AS MATERIALIZED (
        -- The quota is no part of resolve()'s answer, but of the one at RCPT.
        SELECT r.path, r.ordinality, r.kind, r.queue_recipient, r.mailbox,
            r.detail, r.size_limit, r.changes_at,
            coalesce(q.code, r.code) AS code, coalesce(q.dsn, r.dsn) AS dsn,
            coalesce(q.reply, r.reply) AS reply
        FROM resolved AS r
        LEFT JOIN hauspost.quota(ARRAY(SELECT mailbox FROM resolved)) AS q
            ON q.mailbox = r.mailbox AND r.code = 250
    ), tree AS MATERIALIZED (
        -- Each beginning of a path is a hop.
        SELECT DISTINCT l.path[:depth] AS path, false AS again
        FROM leaves AS l, generate_series(0, cardinality(l.path)) AS depth
    ), ways AS (
        -- Nothing goes on from where mail was refused or waits.
        SELECT t.path || w.arrives, true
        FROM tree AS t, hauspost.ways_on(t.path[cardinality(t.path)]) AS w
        WHERE cardinality(t.path) > 0
            AND NOT EXISTS (SELECT FROM leaves AS l
                WHERE l.path = t.path AND (l.kind = 'reject' OR l.code <> 250))
            AND NOT EXISTS (SELECT FROM tree AS c
                WHERE c.path = t.path || w.arrives)
    ), numbered AS MATERIALIZED (
        -- Paths sort parents before their children.
        SELECT path, path[:cardinality(path) - 1] AS parent, again,
            (row_number() OVER (ORDER BY path COLLATE "C") - 1)::integer AS hop
        FROM (TABLE tree UNION TABLE ways) AS all_hops
    )
    SELECT n.hop, p.hop, hauspost.label_kind(label), hauspost.label_name(label),
        CASE WHEN n.again THEN 'reached on another way: one copy'
            ELSE hauspost.why_hop(label, p.path[cardinality(p.path)], recipient)
        END,
        CASE WHEN NOT n.again THEN hauspost.lost_to(label) END,
        n.again, l.kind, l.queue_recipient, l.mailbox, l.detail,
        l.code, l.dsn, l.reply, l.size_limit, NULL::timestamptz
    FROM numbered AS n
    CROSS JOIN LATERAL (SELECT n.path[cardinality(n.path)]) AS last (label)
    LEFT JOIN numbered AS p ON p.path = n.parent AND NOT p.again
    LEFT JOIN LATERAL (SELECT * FROM leaves
        WHERE leaves.path = n.path AND NOT n.again
        ORDER BY ordinality LIMIT 1) AS l ON true
    WHERE n.hop > 0
    UNION ALL
    (SELECT 0, NULL, 'question', recipient, NULL, NULL, false,
        CASE WHEN path = '{}' THEN kind END, NULL, NULL, NULL,
        code, dsn, reply, NULL, changes_at
    FROM leaves ORDER BY code / 100, ordinality LIMIT 1)
    ORDER BY 1;
END;
COMMENT ON FUNCTION hauspost.explain(text) IS
    'The hops of an address as a tree, with the rule that won at each and '
    'what it won over';

-- A change that is only tried ----------------------------------------------

CREATE TABLE hauspost.tried (
    by text NOT NULL DEFAULT session_user
);
COMMENT ON TABLE hauspost.tried IS
    'Always empty: a transaction with a row here can''t commit';

CREATE FUNCTION hauspost.refuse_commit() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE invalid_transaction_termination USING
        MESSAGE = 'a change that is only tried can''t be committed';
END
$$;

CREATE CONSTRAINT TRIGGER "a change that is only tried can't be committed"
AFTER INSERT ON hauspost.tried DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION hauspost.refuse_commit();

-- A session that could become the owner could also replace the trigger's
-- function; SET ROLE away from it is no hindrance, RESET ROLE comes back.
CREATE FUNCTION hauspost.try_start(statement_ms integer, lock_ms integer)
RETURNS xid8
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF pg_has_role(session_user, 'hauspost_owner', 'MEMBER') THEN
        RAISE insufficient_privilege USING
            MESSAGE = format('%s may do too much to try a change: it could '
                'also make it stay', session_user),
            HINT = 'Connect as hauspost_admin, or as somebody who is a '
                'member of that role only.';
    END IF;
    INSERT INTO hauspost.tried DEFAULT VALUES;
    PERFORM set_config('statement_timeout', statement_ms::text, true),
        set_config('lock_timeout', lock_ms::text, true);
    RETURN pg_current_xact_id();
END
$$;
COMMENT ON FUNCTION hauspost.try_start(integer, integer) IS
    'From here on this transaction can''t commit; time limits in '
    'milliseconds';

-- What a COMMIT would check, all but the constraint that forbids it.
CREATE FUNCTION hauspost.try_check() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    constraints text;
BEGIN
    SELECT string_agg(DISTINCT format('%I.%I', s.nspname, c.conname), ', ')
    INTO constraints
    FROM pg_constraint AS c
    JOIN pg_namespace AS s ON s.oid = c.connamespace
    WHERE s.nspname = 'hauspost' AND c.condeferrable
        AND c.conrelid <> 'hauspost.tried'::regclass;
    IF constraints IS NOT NULL THEN
        EXECUTE 'SET CONSTRAINTS ' || constraints || ' IMMEDIATE';
    END IF;
END
$$;
COMMENT ON FUNCTION hauspost.try_check() IS
    'Raises what a COMMIT would raise of the change so far';

RESET ROLE;

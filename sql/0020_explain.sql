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
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    IF label ~ '^(program|include):' THEN
        RETURN (SELECT t.destination FROM hauspost.target AS t
            WHERE t.id = split_part(label, ':', 2)::bigint);
    ELSIF label IN ('/dev/null', 'nobody') THEN
        RETURN label;
    END IF;
    RETURN substring(ltrim(label, ':') FROM ':(.*)$');
END
$$;

-- What gives way to a row or a catch-all: the row without the detail, the
-- catch-all, MAILBOX@NODE and MAILBOX@PACKAGE-HOST.
CREATE FUNCTION hauspost.lost_to_address(asked text, at_domain text)
RETURNS text[]
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    base      text := split_part(asked, '+', 1);
    lost      text[];
    automatic hauspost.place;
BEGIN
    lost := ARRAY(
        SELECT CASE a.local_part WHEN '' THEN 'catch-all ' ELSE 'address ' END
            || a.identifier
        FROM hauspost.domain AS d
        JOIN hauspost.address AS a ON a.identifier IN ('@' || d.name,
            CASE WHEN d.subaddressing THEN base || '@' || d.name END)
        WHERE d.name = at_domain
            AND a.identifier <> asked || '@' || d.name
        ORDER BY a.local_part = '');
    automatic.name := base;
    automatic.keys := '{}';
    automatic := hauspost.find_automatic(automatic, at_domain);
    IF automatic.label IS NOT NULL THEN
        lost := lost || ('automatic address ' || base || '@' || at_domain);
    END IF;
    RETURN lost;
END
$$;

CREATE FUNCTION hauspost.lost_to(label text) RETURNS text[]
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    here text := hauspost.label_name(label);
    lost text[];
BEGIN
    CASE hauspost.label_kind(label)
    WHEN 'alias' THEN
        RETURN ARRAY(SELECT 'mailbox ' || m.name
            FROM hauspost.mailbox AS m WHERE m.name = here);
    WHEN 'address' THEN
        RETURN hauspost.lost_to_address(
            hauspost.local_of(here), hauspost.domain_of(here));
    WHEN 'catch-all' THEN
        -- Only the automatic address stands behind it.
        lost := hauspost.lost_to_address(
            hauspost.local_of(here), hauspost.domain_of(here));
        RETURN array_remove(lost, 'catch-all @' || hauspost.domain_of(here));
    ELSE
        RETURN '{}';
    END CASE;
END
$$;

CREATE FUNCTION hauspost.why_domain(asked text) RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    known hauspost.domain;
BEGIN
    SELECT * INTO known FROM hauspost.domain AS d WHERE d.name = asked;
    RETURN CASE
        WHEN known.mode = 'null' THEN 'the domain takes no mail'
        WHEN known.mode = 'backup'
            THEN 'the domain is kept for its own mail server'
        WHEN known.mode = 'relay'
            THEN 'the domain is handed to ' || known.next_hop
        WHEN known.mode = 'local'
            THEN 'no row, no catch-all, no mailbox of that name'
        WHEN hauspost.is_leaf_domain(asked)
            THEN 'the domain exists in the queue only'
        WHEN (hauspost.domain_class(asked)).class IS NOT NULL
            THEN 'no mailbox or alias of that name'
        ELSE 'the domain is not ours'
    END;
END
$$;

CREATE FUNCTION hauspost.why_alias(asked text) RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    targets bigint := (
        SELECT count(*) FROM hauspost.target AS t WHERE t.alias = asked);
BEGIN
    RETURN targets || CASE targets WHEN 1 THEN ' target' ELSE ' targets' END;
END
$$;

CREATE FUNCTION hauspost.why_mailbox(asked text, via text) RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    keeps boolean := (
        SELECT bool_or(f.keep_copy)
        FROM hauspost.forward AS f WHERE f.mailbox = asked);
BEGIN
    RETURN nullif(concat_ws('; ',
        CASE WHEN via = 'alias:' || asked
            THEN 'itself, as the alias lists its own name' END,
        CASE keeps WHEN true THEN 'forwards and keeps a copy'
            WHEN false THEN 'forwards, keeps no copy' END), '');
END
$$;

-- question: what was asked, where this is its first hop.
CREATE FUNCTION hauspost.why_address(identifier text, question text)
RETURNS text
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN CASE substr(hauspost.local_of(question),
            length(hauspost.local_of(identifier)) + 1, 1)
        WHEN '+' THEN 'row without the detail'
        WHEN '-' THEN 'list that this is a command to'
        ELSE 'row of its own'
    END;
END
$$;

CREATE FUNCTION hauspost.why_hop(label text, via text, question text)
RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    here text := hauspost.label_name(label);
BEGIN
    RETURN CASE hauspost.label_kind(label)
        WHEN 'address' THEN hauspost.why_address(
            here, CASE WHEN via IS NULL THEN question END)
        WHEN 'catch-all' THEN
            'no row of its own; the catch-all @' || hauspost.domain_of(here)
        WHEN 'automatic' THEN 'address that each name has here'
        WHEN 'alias' THEN hauspost.why_alias(here)
        WHEN 'mailbox' THEN hauspost.why_mailbox(here, via)
        WHEN 'external' THEN hauspost.why_domain(hauspost.domain_of(here))
        WHEN 'srs' THEN
            'sender of a forward; a bounce goes back to the first sender'
        WHEN 'unknown' THEN hauspost.why_domain(hauspost.domain_of(here))
        WHEN 'dangling' THEN 'no alias and no mailbox of that name'
        WHEN 'program' THEN 'program of the alias'
        WHEN 'include' THEN 'file of addresses'
        WHEN 'discard' THEN 'accepted and dropped'
        WHEN 'reject' THEN 'refused by its owner''s wish'
        WHEN 'list' THEN 'mailing list'
    END;
END
$$;

-- Where a name or an address that a hop points to arrives, as a label; NULL
-- for what is no hop (nobody, a program …).
CREATE FUNCTION hauspost.arrival(
    via text, target_kind text, destination text)
RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    base       text := split_part(destination, '+', 1);
    local_part text := hauspost.local_of(destination);
    at_domain  text := hauspost.domain_of(destination);
BEGIN
    RETURN CASE target_kind
        WHEN 'name' THEN coalesce(
            (SELECT a.label FROM hauspost.find_alias(base) AS a
                WHERE via <> 'alias:' || base),
            (SELECT m.label FROM hauspost.find_mailbox(base) AS m),
            (hauspost.find_nothing(base)).label)
        WHEN 'address' THEN coalesce(
            (SELECT r.label FROM hauspost.find_row(local_part, at_domain) AS r),
            (hauspost.find_inexact(local_part, at_domain)).label)
    END;
END
$$;

CREATE FUNCTION hauspost.ways_on(label text) RETURNS SETOF text
LANGUAGE plpgsql STABLE ROWS 2
AS $$
DECLARE
    here text := hauspost.label_name(label);
BEGIN
    CASE hauspost.label_kind(label)
    WHEN 'alias' THEN
        RETURN QUERY SELECT hauspost.arrival(label, t.kind, t.destination)
            FROM hauspost.target AS t WHERE t.alias = here;
    WHEN 'address', 'catch-all' THEN
        IF hauspost.label_kind(label) = 'catch-all' THEN
            here := '@' || hauspost.domain_of(here);
        END IF;
        RETURN QUERY SELECT hauspost.arrival(label, t.kind, t.destination)
            FROM hauspost.target AS t WHERE t.address = here;
    WHEN 'mailbox' THEN
        RETURN QUERY SELECT hauspost.arrival(label, 'address', f.address)
            FROM hauspost.forward AS f WHERE f.mailbox = here;
    ELSE
        NULL;
    END CASE;
END
$$;

-- explain ------------------------------------------------------------------

CREATE FUNCTION hauspost.explain(recipient text)
RETURNS SETOF hauspost.explained
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 5
SET search_path = pg_catalog, pg_temp
SET jit = off -- compiling takes a hundred times as long as running it
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
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
        SELECT t.path || w.label, true
        FROM tree AS t,
            hauspost.ways_on(t.path[cardinality(t.path)]) AS w (label)
        WHERE cardinality(t.path) > 0 AND w.label IS NOT NULL
            AND NOT EXISTS (SELECT FROM leaves AS l
                WHERE l.path = t.path AND (l.kind = 'reject' OR l.code <> 250))
            AND NOT EXISTS (SELECT FROM tree AS c
                WHERE c.path = t.path || w.label)
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
END
$$;
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

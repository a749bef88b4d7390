-- 0078_list_admin.sql - what admins do to lists and their members at once.
--
--   list_named    the list of an address
--   list_enter    many members: in one go, with what became of each
--   list_change   one member's mode, role, state and language
--   list_stats    how a list is doing

SET ROLE hauspost_owner;

CREATE FUNCTION hauspost.list_named(address text) RETURNS hauspost.list
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    found hauspost.list;
BEGIN
    SELECT * INTO found FROM hauspost.list AS l
    WHERE l.name || '@' || l.domain = lower(address COLLATE "C");
    IF found.id IS NULL THEN
        RAISE no_data_found USING
            MESSAGE = format('there is no list "%s"', address);
    END IF;
    RETURN found;
END
$$;
COMMENT ON FUNCTION hauspost.list_named(text) IS
    'The list with this address, or an error';

-- Members on their way in ----------------------------------------------------------

CREATE TYPE hauspost.list_entry AS (
    address  text,
    name     text,
    mode     text,
    state    text,
    role     text,
    language text,
    joined   timestamptz
);
COMMENT ON TYPE hauspost.list_entry IS
    'A member as an admin writes one; NULL: as usual';

-- A name from elsewhere is no reason to keep somebody out.
CREATE FUNCTION hauspost.list_clean_name(name text) RETURNS text
LANGUAGE sql IMMUTABLE RETURN coalesce(trim(left(
    regexp_replace(name, '[[:cntrl:]]', ' ', 'g'), 50)), '');

-- The same address twice is one person: the first one counts. OFFSET 0: what
-- is wrong with an address takes time, and is asked once.
CREATE FUNCTION hauspost.list_entries(list bigint, entries jsonb)
RETURNS TABLE (place bigint, entry hauspost.list_entry, key text, problem text)
LANGUAGE sql STABLE
AS $$
    SELECT DISTINCT ON (lower(e.address)) e.place,
        ROW(e.address, hauspost.list_clean_name(e.name),
            coalesce(e.mode, 'normal'), coalesce(e.state, 'ok'),
            coalesce(e.role, 'member'), e.language, e.joined
            )::hauspost.list_entry,
        lower(e.address),
        CASE
            WHEN w.problem IS NOT NULL THEN w.problem
            WHEN lower(e.address) = (SELECT l.name || '@' || l.domain
                    FROM hauspost.list AS l WHERE l.id = list)
                THEN 'is the list itself: choose another'
            WHEN (SELECT true FROM hauspost.list_ban LIMIT 1)
                AND hauspost.list_is_banned(list, e.address) THEN 'is banned'
        END
    FROM (SELECT r.place, r.name, r.mode, r.state, r.role, r.language, r.joined,
            CASE WHEN r.address ~ '@.*[A-Z]' THEN hauspost.join_address(
                hauspost.local_of(r.address), hauspost.domain_of(r.address))
                ELSE coalesce(r.address, '') END AS address
        FROM ROWS FROM (jsonb_to_recordset(entries) AS (address text, name text,
            mode text, state text, role text, language text,
            joined timestamptz)) WITH ORDINALITY AS r (address, name, mode,
            state, role, language, joined, place)) AS e
    CROSS JOIN LATERAL (SELECT hauspost.list_address_problem(e.address)
        OFFSET 0) AS w (problem)
    ORDER BY lower(e.address), e.place
$$;

-- In three statements, whatever their number.
CREATE FUNCTION hauspost.list_take_in(list bigint, entries jsonb)
RETURNS TABLE (address text, outcome text)
LANGUAGE sql
AS $$
    WITH given AS MATERIALIZED (
        SELECT * FROM hauspost.list_entries(list, entries)
    ), new_people AS (
        INSERT INTO hauspost.list_address AS a (address, display)
        SELECT (g.entry).address, (g.entry).name FROM given AS g
        WHERE g.problem IS NULL
        ON CONFLICT ON CONSTRAINT "each person once, in whatever case"
        DO UPDATE SET display = EXCLUDED.display
        WHERE a.display = '' AND EXCLUDED.display <> ''
        RETURNING a.id, a.key
    ), people AS (
        SELECT * FROM new_people
        UNION
        SELECT a.id, a.key FROM hauspost.list_address AS a
        JOIN given AS g ON g.key = a.key
    ), members AS (
        INSERT INTO hauspost.list_member
            (list, address, mode, state, role, language, joined)
        SELECT list, p.id, (g.entry).mode, (g.entry).state, (g.entry).role,
            (g.entry).language, coalesce((g.entry).joined, now())
        FROM given AS g JOIN people AS p ON p.key = g.key
        WHERE g.problem IS NULL
        ON CONFLICT ON CONSTRAINT "each address once on a list" DO NOTHING
        RETURNING list_member.address
    )
    SELECT (g.entry).address, CASE
        WHEN g.problem IS NOT NULL THEN g.problem
        WHEN m.address IS NULL THEN 'already'
        ELSE 'joined' END
    FROM given AS g
    LEFT JOIN people AS p ON p.key = g.key
    LEFT JOIN members AS m ON m.address = p.id
    ORDER BY g.place
$$;

CREATE FUNCTION hauspost.list_invite_all(
    list bigint, entries jsonb, actor text, source text)
RETURNS TABLE (address text, outcome text)
LANGUAGE sql
AS $$
    SELECT (g.entry).address, coalesce(g.problem, hauspost.list_invite(list,
        (g.entry).address, (g.entry).mode, actor, source, (g.entry).language))
    FROM hauspost.list_entries(list, entries) AS g
    ORDER BY g.place
$$;

CREATE FUNCTION hauspost.list_welcome_all(list bigint, addresses text[])
RETURNS void
LANGUAGE sql
AS $$
    SELECT hauspost.list_write(list, 'welcome', a.address,
        jsonb_build_object('mode', m.mode))
    FROM hauspost.list_address AS a
    JOIN hauspost.list_member AS m ON m.address = a.id
        AND m.list = list_welcome_all.list
    WHERE a.address = ANY (addresses)
$$;

CREATE FUNCTION hauspost.list_enter(
    list text, entries jsonb, letters text, actor text, source text)
RETURNS TABLE (address text, outcome text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    l    hauspost.list := hauspost.list_named(list);
    done text[];
BEGIN
    IF letters = 'invite' THEN
        RETURN QUERY SELECT * FROM hauspost.list_invite_all(
            l.id, entries, coalesce(actor, session_user), source);
        RETURN;
    END IF;
    PERFORM hauspost.list_act(actor, source);
    FOR address, outcome IN
        SELECT t.address, t.outcome FROM hauspost.list_take_in(l.id, entries)
        AS t
    LOOP
        IF outcome = 'joined' THEN
            done := done || address;
        END IF;
        RETURN NEXT;
    END LOOP;
    IF letters = 'welcome' AND l.welcome THEN
        PERFORM hauspost.list_welcome_all(l.id, done);
    END IF;
END
$$;
COMMENT ON FUNCTION hauspost.list_enter(text, jsonb, text, text, text) IS
    'Members out of [{"address": …}], with each one''s outcome: joined, '
    'already, or why not. letters: none, welcome, or invite, by which they '
    'join when they agree. actor NULL: who is logged in to the database';

CREATE FUNCTION hauspost.list_owners(list text, addresses text[])
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bad text;
BEGIN
    SELECT format('owner "%s" %s', e.address, e.outcome) INTO bad
    FROM hauspost.list_enter(list, (SELECT jsonb_agg(
            jsonb_build_object('address', a, 'role', 'owner'))
        FROM unnest(addresses) AS a), 'none', NULL, 'command') AS e
    WHERE e.outcome NOT IN ('joined', 'already') LIMIT 1;
    IF bad IS NOT NULL THEN
        PERFORM hauspost.complain(format('list "%s"', list), ARRAY[bad]);
    END IF;
    UPDATE hauspost.list_member AS m SET role = 'owner'
    FROM hauspost.list_address AS a
    WHERE m.list = (hauspost.list_named(list_owners.list)).id
        AND a.id = m.address
        AND a.key = ANY (SELECT lower(x) FROM unnest(addresses) AS x);
END
$$;
COMMENT ON FUNCTION hauspost.list_owners(text, text[]) IS
    'Makes these addresses owners of the list; no other one is less';

-- One member -----------------------------------------------------------------------

CREATE FUNCTION hauspost.list_member_of(list text, address text)
RETURNS hauspost.list_member
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    l     hauspost.list := hauspost.list_named(list);
    found hauspost.list_member := hauspost.list_find_member(l.id, address);
BEGIN
    IF found.id IS NULL THEN
        RAISE no_data_found USING
            MESSAGE = format('"%s" is not on the list "%s"', address, list);
    END IF;
    RETURN found;
END
$$;

CREATE FUNCTION hauspost.list_change(list text, address text, wanted jsonb)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    m hauspost.list_member := hauspost.list_member_of(list, address);
BEGIN
    PERFORM hauspost.list_act(NULL, 'command');
    UPDATE hauspost.list_member AS x
    SET (mode, role, state, language) = (SELECT n.mode, n.role, n.state,
            n.language FROM jsonb_populate_record(x, wanted) AS n)
    WHERE x.id = m.id;
END
$$;
COMMENT ON FUNCTION hauspost.list_change(text, text, jsonb) IS
    'Sets mode, role, state and language of one member, as far as given';

CREATE FUNCTION hauspost.list_remove(list text, address text, letter boolean)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    m hauspost.list_member := hauspost.list_member_of(list, address);
BEGIN
    PERFORM hauspost.list_drop(m.id, NULL, 'command', letter);
END
$$;
COMMENT ON FUNCTION hauspost.list_remove(text, text, boolean) IS
    'Takes one member off a list, with a letter of farewell or without';

-- How it is doing ------------------------------------------------------------------

CREATE FUNCTION hauspost.list_stats(list text)
RETURNS TABLE (what text, number bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    l hauspost.list := hauspost.list_named(list);
BEGIN
    RETURN QUERY
    SELECT 'members, ' || m.mode, count(*) FROM hauspost.list_member AS m
    WHERE m.list = l.id GROUP BY m.mode
    UNION ALL
    SELECT 'members, ' || m.state, count(*) FROM hauspost.list_member AS m
    WHERE m.list = l.id AND m.state <> 'ok' GROUP BY m.state
    UNION ALL
    SELECT m.role || 's', count(*) FROM hauspost.list_member AS m
    WHERE m.list = l.id AND m.role <> 'member' GROUP BY m.role
    UNION ALL
    SELECT 'posts', count(*) FROM hauspost.list_post AS p
    WHERE p.list = l.id AND p.issue IS NULL
    UNION ALL
    SELECT 'posts in 30 days', count(*) FROM hauspost.list_post AS p
    WHERE p.list = l.id AND p.issue IS NULL
        AND p.posted > now() - interval '30 days'
    UNION ALL
    SELECT 'octets of posts', coalesce(sum(p.size_bytes), 0)::bigint
    FROM hauspost.list_post AS p WHERE p.list = l.id
    UNION ALL
    SELECT 'digests', count(*) FROM hauspost.list_post AS p
    WHERE p.list = l.id AND p.issue IS NOT NULL
    UNION ALL
    SELECT 'copies still to send', coalesce(sum(cardinality(s.members)), 0)
    FROM hauspost.list_send AS s WHERE s.list = l.id AND s.state <> 'sent'
    UNION ALL
    SELECT 'posts that wait for a moderator', count(*)
    FROM hauspost.list_held AS h WHERE h.list = l.id AND h.decision IS NULL
    UNION ALL
    SELECT 'requests that wait for a confirmation', count(*)
    FROM hauspost.list_pending AS p WHERE p.list = l.id
    UNION ALL
    SELECT 'letters still to send', count(*)
    FROM hauspost.list_letter AS t WHERE t.list = l.id AND t.sent IS NULL;
END
$$;
COMMENT ON FUNCTION hauspost.list_stats(text) IS
    'Members, posts, and what waits, in numbers';

GRANT EXECUTE ON FUNCTION
    hauspost.list_named(text),
    hauspost.list_enter(text, jsonb, text, text, text),
    hauspost.list_owners(text, text[]),
    hauspost.list_change(text, text, jsonb),
    hauspost.list_remove(text, text, boolean), hauspost.list_stats(text)
    TO hauspost_admin;

RESET ROLE;

-- 0063_fetch_items.sql - which remote messages are new, and what became of
-- them.

SET ROLE hauspost_owner;

-- PL/pgSQL, also where SQL would do: it keeps its plans, and generic ones from
-- the start. To plan these costs more than to run them for the few messages of
-- a look.

CREATE TYPE hauspost.fetch_work AS (
    place      integer,
    item       bigint,
    uid        text,
    remove     boolean,
    arrival    bigint,
    doubtful   boolean
);
COMMENT ON COLUMN hauspost.fetch_work.place IS 'In the list, from 1';
COMMENT ON COLUMN hauspost.fetch_work.item IS 'fetch_item.id';
COMMENT ON COLUMN hauspost.fetch_work.remove IS
    'It was delivered and is to be deleted there; else it is to be fetched';
COMMENT ON COLUMN hauspost.fetch_work.arrival IS 'Seconds since 1970';

CREATE FUNCTION hauspost.fetch_tries_max() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 3';
COMMENT ON FUNCTION hauspost.fetch_tries_max() IS
    'Runs in which one message may fail before it is given up';

CREATE FUNCTION hauspost.fetch_doubt_above() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 50';
COMMENT ON FUNCTION hauspost.fetch_doubt_above() IS
    'When a POP3 server lists none of more than this many known uids, it has '
    'named its messages anew';

-- Messages that were gone from the list and are there again may be others
-- under an old name: the old row keeps its hash under a name that no server
-- can say, and the new one is compared before it is delivered.
CREATE FUNCTION hauspost.fetch_returned(
    which bigint, folder text, validity bigint, uids text[])
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE hauspost.fetch_item AS i SET uid = i.uid || E'\n' || i.id
    FROM unnest(uids) AS u (uid)
    WHERE i.account = which AND i.folder = fetch_returned.folder
        AND i.uidvalidity = validity AND i.uid = u.uid
        AND i.absent_since IS NOT NULL;
END
$$;

-- What is no longer listed; uids is all that the server has.
CREATE FUNCTION hauspost.fetch_absent(
    which bigint, folder text, validity bigint, uids text[])
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE hauspost.fetch_item AS i SET absent_since = now()
    WHERE i.account = which AND i.folder = fetch_absent.folder
        AND i.uidvalidity = validity AND i.absent_since IS NULL
        AND NOT EXISTS (SELECT FROM unnest(uids) AS u (uid)
            WHERE u.uid = i.uid);
END
$$;

CREATE FUNCTION hauspost.fetch_is_reset(
    which bigint, folder text, validity bigint, uids text[])
RETURNS boolean
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN cardinality(uids) > 0 AND (
    SELECT count(*) > hauspost.fetch_doubt_above() AND count(u.uid) = 0
    FROM hauspost.fetch_item AS i
    LEFT JOIN (SELECT DISTINCT unnest(uids) AS uid) AS u ON u.uid = i.uid
    WHERE i.account = which AND i.folder = fetch_is_reset.folder
        AND i.uidvalidity = validity AND i.absent_since IS NULL
        AND i.state <> 'gone');
END
$$;

-- A uid with a line end in it is one that the server gave to several messages,
-- or none: behind it stands what the message looks like. Either that, or the
-- bare uid, may be what it was known as when it came.
CREATE FUNCTION hauspost.fetch_insert(
    which bigint, folder text, validity bigint, uids text[], sizes bigint[],
    doubtful boolean)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO hauspost.fetch_item (
        account, folder, uidvalidity, uid, size, doubtful, state)
    SELECT which, fetch_insert.folder, validity, u.uid, u.size,
        fetch_insert.doubtful OR u.uid LIKE E'%\n%'
            OR EXISTS (SELECT FROM hauspost.fetch_item AS o
                WHERE o.account = which AND o.absent_since IS NOT NULL
                    AND o.uid LIKE E'%\n%'
                    AND split_part(o.uid, E'\n', 1) = u.uid),
        CASE WHEN u.size > a.max_size THEN 'skipped' ELSE 'seen' END
    FROM unnest(uids, sizes) WITH ORDINALITY AS u (uid, size, place)
    JOIN hauspost.fetch_account AS a ON a.id = which
    WHERE NOT EXISTS (SELECT FROM hauspost.fetch_item AS i
        WHERE i.account = which AND i.folder = fetch_insert.folder
            AND i.uidvalidity = validity AND i.uid = u.uid)
    ORDER BY u.place
    ON CONFLICT DO NOTHING;
END
$$;

-- How many octets may come today; an import has no such limit.
CREATE FUNCTION hauspost.fetch_today(which bigint) RETURNS bigint
LANGUAGE sql STABLE RETURN (
    SELECT CASE WHEN a.import THEN NULL ELSE a.max_day
        - CASE WHEN s.day = current_date THEN s.day_bytes ELSE 0 END END
    FROM hauspost.fetch_account AS a
    JOIN hauspost.fetch_state AS s ON s.account = a.id WHERE a.id = which);

CREATE FUNCTION hauspost.fetch_list(
    account bigint, folder text, validity bigint, uids text[], sizes bigint[],
    whole boolean, renamed boolean)
RETURNS SETOF hauspost.fetch_work
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
-- How long the arrays are is not known when it is planned, and a nested loop
-- over two lists of 100,000 would take hours.
SET enable_nestloop = off
AS $$
DECLARE
    doubtful boolean := renamed OR (whole
        AND hauspost.fetch_is_reset(account, folder, validity, uids));
    leave    interval := (SELECT a.leave_days * interval '1 day'
        FROM hauspost.fetch_account AS a WHERE a.id = account);
    today    bigint := hauspost.fetch_today(account);
    w        record;
BEGIN
    IF whole THEN
        PERFORM hauspost.fetch_returned(account, folder, validity, uids);
        PERFORM hauspost.fetch_absent(account, folder, validity, uids);
    END IF;
    PERFORM hauspost.fetch_insert(
        account, folder, validity, uids, sizes, doubtful);
    IF doubtful AND cardinality(uids) > hauspost.fetch_doubt_above() THEN
        PERFORM hauspost.fetch_hint(account, 'UID_RESET');
    END IF;
    FOR w IN
        SELECT u.place::integer, i.id, i.uid,
            i.state IN ('delivered', 'gone') AS remove,
            extract(epoch FROM i.first_seen)::bigint AS arrival, i.doubtful,
            i.size
        FROM unnest(uids) WITH ORDINALITY AS u (uid, place)
        JOIN hauspost.fetch_item AS i
            ON i.account = fetch_list.account AND i.folder = fetch_list.folder
            AND i.uidvalidity = validity AND i.uid = u.uid
        WHERE i.state = 'seen'
            OR i.state IN ('delivered', 'gone')
                AND i.delivered_at + leave <= now()
        ORDER BY u.place
    LOOP
        IF NOT w.remove THEN
            today := today - w.size;
            IF today < 0 THEN
                PERFORM hauspost.fetch_hint(account, 'DAY_LIMIT');
                CONTINUE;
            END IF;
        END IF;
        RETURN NEXT ROW(w.place, w.id, w.uid, w.remove, w.arrival,
            w.doubtful)::hauspost.fetch_work;
    END LOOP;
END
$$;
COMMENT ON FUNCTION hauspost.fetch_list(
    bigint, text, bigint, text[], bigint[], boolean, boolean) IS
    'The server lists these: which are to be fetched, which to be deleted. '
    'whole: it has no others; renamed: its uids may mean other messages now';

-- IMAP needs no list to delete by uid.
CREATE FUNCTION hauspost.fetch_expired(
    account bigint, folder text, validity bigint)
RETURNS TABLE (item bigint, uid text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT i.id, i.uid
    FROM hauspost.fetch_item AS i
    JOIN hauspost.fetch_account AS a ON a.id = i.account
    WHERE i.account = fetch_expired.account
        AND i.folder = fetch_expired.folder AND i.uidvalidity = validity
        AND i.state = 'delivered'
        AND i.delivered_at + a.leave_days * interval '1 day' <= now()
    ORDER BY i.id LIMIT 10000
$$;
COMMENT ON FUNCTION hauspost.fetch_expired(bigint, text, bigint) IS
    'Messages whose time at the other provider is over';

-- A doubtful message: has it come under a name that is no longer in use? One
-- of an account with dedup: has it come into the same mailbox by any account?
CREATE FUNCTION hauspost.fetch_known(
    account bigint, item bigint, hash bytea, dedup boolean)
RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM hauspost.fetch_item AS i
        JOIN hauspost.fetch_item AS now ON now.id = item
        WHERE i.account = fetch_known.account AND i.hash = fetch_known.hash
            AND i.state IN ('delivered', 'gone') AND i.id <> item
            AND now.doubtful AND (i.absent_since IS NOT NULL
                OR (i.folder, i.uidvalidity) <> (now.folder, now.uidvalidity)))
    OR dedup AND EXISTS (
        SELECT FROM hauspost.fetch_account AS a
        JOIN hauspost.fetch_account AS o ON o.mailbox = a.mailbox
        JOIN hauspost.fetch_item AS i
            ON i.account = o.id AND i.hash = fetch_known.hash
        WHERE a.id = fetch_known.account AND i.id <> item
            AND i.state IN ('delivered', 'gone')
            AND i.delivered_at > now() - interval '30 days');
END
$$;
COMMENT ON FUNCTION hauspost.fetch_known(bigint, bigint, bytea, boolean) IS
    'A message came already, under another uid or by another account';

-- Not waited for until it is on disk: what a crash of the database takes back
-- is said to lmtpd once more, which knows it.
--
-- A plan is made once for a connection, perhaps while the table is empty, when
-- to read all of it, or all of an account, looks as good as to go by the key.
-- So that is all it may do; IS NOT DISTINCT FROM goes by no index.
CREATE FUNCTION hauspost.fetch_delivered(
    account bigint, items bigint[], hashes bytea[], bytes bigint)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    UPDATE hauspost.fetch_item AS i
    SET state = 'delivered', delivered_at = now(), hash = d.hash, error = NULL
    FROM unnest(items, hashes) AS d (id, hash)
    WHERE i.id = d.id
        AND i.account IS NOT DISTINCT FROM fetch_delivered.account
        AND i.state = 'seen';
    UPDATE hauspost.fetch_state AS s
    SET run_done = s.run_done + cardinality(items),
        fetched = s.fetched + cardinality(items),
        fetched_bytes = s.fetched_bytes + bytes, day = current_date,
        day_bytes = bytes + CASE WHEN s.day = current_date
            THEN s.day_bytes ELSE 0 END
    WHERE s.account = fetch_delivered.account;
END
$$;
COMMENT ON FUNCTION
    hauspost.fetch_delivered(bigint, bigint[], bytea[], bigint) IS
    'lmtpd has these messages';

CREATE FUNCTION hauspost.fetch_gone(account bigint, items bigint[])
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
BEGIN
    UPDATE hauspost.fetch_item AS i SET state = 'gone'
    WHERE i.id = ANY (items)
        AND i.account IS NOT DISTINCT FROM fetch_gone.account
        AND i.state = 'delivered';
END
$$;
COMMENT ON FUNCTION hauspost.fetch_gone(bigint, bigint[]) IS
    'The other provider has deleted these messages';

CREATE FUNCTION hauspost.fetch_failed(
    account bigint, item bigint, error text, for_good boolean)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE hauspost.fetch_item AS i
    SET tries = i.tries + 1, error = fetch_failed.error,
        state = CASE WHEN for_good
                OR i.tries + 1 >= hauspost.fetch_tries_max()
            THEN 'failed' ELSE i.state END
    WHERE i.id = item AND i.account = fetch_failed.account
        AND i.state = 'seen';
END
$$;
COMMENT ON FUNCTION hauspost.fetch_failed(bigint, bigint, text, boolean) IS
    'One message could not be fetched or delivered; it stays there';

CREATE FUNCTION hauspost.fetch_total(account bigint, messages integer)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    UPDATE hauspost.fetch_state AS s SET run_total = run_total + messages
    WHERE s.account = fetch_total.account;
END
$$;
COMMENT ON FUNCTION hauspost.fetch_total(bigint, integer) IS
    'How many messages this run has still to fetch';

-- IMAP folders ---------------------------------------------------------------

CREATE FUNCTION hauspost.fetch_folder_state(account bigint, folder text)
RETURNS TABLE (uidvalidity bigint, uidnext bigint, compare boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN QUERY
    SELECT f.uidvalidity, f.uidnext, f.compared < now() - interval '30 days'
    FROM hauspost.fetch_folder AS f
    WHERE f.account = fetch_folder_state.account
        AND f.folder = fetch_folder_state.folder;
END
$$;
COMMENT ON FUNCTION hauspost.fetch_folder_state(bigint, text) IS
    'Up to where a remote folder is done; no row: never seen. compare: it is '
    'time to look what is still there';

-- Not beyond a message that is still to be fetched.
CREATE FUNCTION hauspost.fetch_folder_done(
    account bigint, folder text, validity bigint, next bigint)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    -- Names of another uidvalidity mean nothing any more; their hashes were
    -- needed until now.
    UPDATE hauspost.fetch_item AS i SET absent_since = now()
    WHERE i.account = fetch_folder_done.account
        AND i.folder = fetch_folder_done.folder AND i.uidvalidity <> validity
        AND i.absent_since IS NULL
        AND NOT EXISTS (SELECT FROM hauspost.fetch_item AS n
            WHERE n.account = fetch_folder_done.account
                AND n.folder = fetch_folder_done.folder
                AND n.uidvalidity = validity AND n.state = 'seen');
    INSERT INTO hauspost.fetch_folder AS f (
        account, folder, uidvalidity, uidnext)
    SELECT fetch_folder_done.account, fetch_folder_done.folder, validity,
        least(next, (SELECT min(i.uid::bigint) FROM hauspost.fetch_item AS i
            WHERE i.account = fetch_folder_done.account
                AND i.folder = fetch_folder_done.folder
                AND i.uidvalidity = validity AND i.state = 'seen'))
    ON CONFLICT ON CONSTRAINT fetch_folder_pkey DO UPDATE
    SET uidvalidity = excluded.uidvalidity, uidnext = excluded.uidnext;
END
$$;
COMMENT ON FUNCTION
    hauspost.fetch_folder_done(bigint, text, bigint, bigint) IS
    'All messages of a remote folder below next are done';

CREATE FUNCTION hauspost.fetch_compare(
    account bigint, folder text, validity bigint, uids text[])
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_nestloop = off -- as in fetch_list()
AS $$
BEGIN
    PERFORM hauspost.fetch_absent(account, folder, validity, uids);
    UPDATE hauspost.fetch_folder AS f SET compared = now()
    WHERE f.account = fetch_compare.account
        AND f.folder = fetch_compare.folder;
END
$$;
COMMENT ON FUNCTION hauspost.fetch_compare(bigint, text, bigint, text[]) IS
    'These are all that a remote folder still has';

-- Sweeping -------------------------------------------------------------------
--
-- A row is what keeps a message from coming again, so it stays as long as the
-- message is there: only what the server has not listed for 30 days goes.

CREATE FUNCTION hauspost.fetch_sweep() RETURNS bigint
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    WITH swept AS (
        DELETE FROM hauspost.fetch_item AS i
        WHERE i.absent_since < now() - interval '30 days' RETURNING 1)
    SELECT count(*) FROM swept
$$;
COMMENT ON FUNCTION hauspost.fetch_sweep() IS
    'Forgets messages that are long gone there; how many';

-- No queue keeps a message for 90 days. What is fetched may be said again as
-- long as its row says that it is to be fetched: its key begins with the seconds
-- of first_seen, and that of an import, which has the message's own date, is
-- younger than first_seen.
CREATE FUNCTION hauspost.sweep_delivered() RETURNS bigint
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    WITH waiting AS MATERIALIZED (
        SELECT i.first_seen, a.import
        FROM hauspost.fetch_item AS i
        JOIN hauspost.fetch_account AS a ON a.id = i.account
        WHERE i.state = 'seen'),
    swept AS (
        DELETE FROM hauspost.delivered AS d
        WHERE d.at < least(now() - interval '90 days',
                (SELECT min(w.first_seen) FROM waiting AS w WHERE w.import))
            AND split_part(d.delivery_key, '.', 1) NOT IN (
                SELECT extract(epoch FROM w.first_seen)::bigint::text
                FROM waiting AS w)
        RETURNING 1)
    SELECT count(*) FROM swept
$$;
COMMENT ON FUNCTION hauspost.sweep_delivered() IS
    'Forgets deliveries that nobody can repeat any more; how many';
GRANT EXECUTE ON FUNCTION hauspost.sweep_delivered() TO hauspost_lmtpd;

GRANT EXECUTE ON FUNCTION
    hauspost.fetch_compare(bigint, text, bigint, text[]),
    hauspost.fetch_sweep(),
    hauspost.fetch_list(
        bigint, text, bigint, text[], bigint[], boolean, boolean),
    hauspost.fetch_expired(bigint, text, bigint),
    hauspost.fetch_known(bigint, bigint, bytea, boolean),
    hauspost.fetch_delivered(bigint, bigint[], bytea[], bigint),
    hauspost.fetch_gone(bigint, bigint[]),
    hauspost.fetch_failed(bigint, bigint, text, boolean),
    hauspost.fetch_total(bigint, integer),
    hauspost.fetch_folder_state(bigint, text),
    hauspost.fetch_folder_done(bigint, text, bigint, bigint)
    TO hauspost_fetcher;

RESET ROLE;

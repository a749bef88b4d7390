-- 0062_fetch_run.sql - what the fetcher asks, and what it tells.
--
--   fetch_begin    the one fetcher of a node starts
--   fetch_claim    which accounts are due, as many as may be served now
--   fetch_renew    the runs under way are alive
--   fetch_finish   how a run ended, and when the next one is
--   fetch_ask      admins: run or test this account now

SET ROLE hauspost_owner;

CREATE FUNCTION hauspost.fetch_lease() RETURNS interval
LANGUAGE sql IMMUTABLE AS $$ SELECT interval '90 seconds' $$;
COMMENT ON FUNCTION hauspost.fetch_lease() IS
    'How long an account stays claimed by a fetcher that says nothing more';

-- The lock is the session's: it goes when the fetcher does, however it does.
CREATE FUNCTION hauspost.fetch_begin(node text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT pg_try_advisory_lock(
            hashtext('hauspost.fetch'), hashtext(node)) THEN
        RETURN false;
    END IF;
    UPDATE hauspost.fetch_state
    SET locked_until = NULL, wanted = coalesce(wanted, asked)
    WHERE locked_by = node AND locked_until IS NOT NULL;
    RETURN true;
END
$$;
COMMENT ON FUNCTION hauspost.fetch_begin(text) IS
    'The fetcher of a node starts; false: there is one. What a dead one has '
    'claimed is free again';

CREATE TYPE hauspost.fetch_job AS (
    account    bigint,
    mailbox    text,
    recipient  text,
    original   text,
    address    text,
    protocol   text,
    host       text,
    port       integer,
    tls        text,
    login      text,
    auth       text,
    secret     bytea,
    pins       text,
    leave_days integer,
    max_size   bigint,
    folders    text[],
    folder     text,
    test       boolean,
    token_url  text,
    client_id  text,
    client_secret text,
    scope      text,
    import     boolean
);
COMMENT ON COLUMN hauspost.fetch_job.recipient IS
    'The mailbox'' leaf, to which the mail is delivered';
COMMENT ON COLUMN hauspost.fetch_job.original IS
    'The mailbox'' own address, which stands for whom it was sent to';

-- One session for a (host, login), host_limit for a host, and start_limit new
-- ones for a host in each call: providers count logins.
CREATE FUNCTION hauspost.fetch_due(
    node text, most integer, host_limit integer, start_limit integer)
RETURNS SETOF bigint
LANGUAGE sql STABLE AS $$
    WITH due AS (
        SELECT a.id, a.host, s.next_run,
            row_number() OVER (PARTITION BY a.host ORDER BY s.next_run)
                AS place,
            row_number() OVER (PARTITION BY a.host, lower(a.login)
                ORDER BY s.next_run) AS turn,
            (SELECT count(*) FROM hauspost.fetch_state AS r
                JOIN hauspost.fetch_account AS o ON o.id = r.account
                WHERE r.locked_until > now() AND o.host = a.host) AS running,
            EXISTS (SELECT FROM hauspost.fetch_state AS r
                JOIN hauspost.fetch_account AS o ON o.id = r.account
                WHERE r.locked_until > now() AND o.host = a.host
                    AND lower(o.login) = lower(a.login)) AS busy
        FROM hauspost.fetch_state AS s
        JOIN hauspost.fetch_account AS a ON a.id = s.account
        JOIN hauspost.mailbox AS m ON m.name = a.mailbox
        JOIN hauspost.package AS p ON p.name = m.package
        WHERE s.next_run <= now() AND p.node = fetch_due.node
            AND (a.state = 'active' AND a.secret IS NOT NULL
                OR s.wanted IS NOT NULL)
            AND (s.locked_until IS NULL OR s.locked_until <= now()))
    SELECT due.id FROM due
    WHERE NOT due.busy AND due.turn = 1 AND due.place <= start_limit
        AND due.running + due.place <= host_limit
    ORDER BY due.next_run LIMIT most
$$;

CREATE FUNCTION hauspost.fetch_claim(
    node text, most integer, host_limit integer, start_limit integer)
RETURNS SETOF hauspost.fetch_job
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE hauspost.fetch_state AS s
    SET locked_until = now() + hauspost.fetch_lease(),
        locked_by = fetch_claim.node, run_total = 0, run_done = 0,
        asked = wanted, wanted = NULL
    FROM hauspost.fetch_account AS a
    JOIN hauspost.mailbox AS m ON m.name = a.mailbox
    LEFT JOIN hauspost.fetch_provider AS o ON o.name = a.provider
    WHERE a.id = s.account
        AND (s.locked_until IS NULL OR s.locked_until <= now())
        AND s.account IN (SELECT hauspost.fetch_due(
            fetch_claim.node, most, host_limit, start_limit))
    RETURNING a.id, a.mailbox, a.mailbox || '@mbox.' || fetch_claim.node,
        a.mailbox || '@' || fetch_claim.node, a.address, a.protocol, a.host,
        a.port, a.tls, a.login, a.auth, a.secret, a.pins, a.leave_days,
        least(a.max_size, m.size_limit), a.folders, a.folder,
        s.asked IS NOT DISTINCT FROM 'test',
        coalesce(o.token_url, ''), coalesce(o.client_id, ''),
        coalesce(o.client_secret, ''), coalesce(o.scope, ''),
        a.import
$$;
COMMENT ON FUNCTION hauspost.fetch_claim(text, integer, integer, integer) IS
    'Accounts that are due, claimed for this node''s fetcher';

CREATE FUNCTION hauspost.fetch_renew(node text, accounts bigint[])
RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE hauspost.fetch_state AS s
    SET locked_until = now() + hauspost.fetch_lease()
    WHERE s.account = ANY (accounts) AND s.locked_by = node
$$;
COMMENT ON FUNCTION hauspost.fetch_renew(text, bigint[]) IS
    'These runs are alive; called every 30 seconds';

-- How it ended ---------------------------------------------------------------

-- When to look again; minutes is the account's interval.
CREATE FUNCTION hauspost.fetch_next(
    kind text, failures integer, refusals integer, minutes integer)
RETURNS timestamptz
LANGUAGE sql VOLATILE RETURN CASE
    WHEN kind IS NULL THEN
        now() + minutes * interval '1 minute' * (0.9 + 0.2 * random())
    WHEN kind = 'wait' THEN now() + interval '5 minutes'
    WHEN kind = 'network' THEN now() + interval '1 minute'
        * (ARRAY[1, 2, 5, 15, 30, 60])[least(failures, 6)]
    WHEN kind = 'login' AND refusals = 1 THEN now() + interval '15 minutes'
    WHEN kind = 'login' AND refusals = 2 THEN now() + interval '2 hours'
    ELSE 'infinity'
END;

CREATE FUNCTION hauspost.fetch_text(
    account hauspost.fetch_account, state hauspost.fetch_state)
RETURNS text
LANGUAGE sql STABLE RETURN (
    SELECT CASE account.language WHEN 'de' THEN e.de ELSE e.en END
    FROM hauspost.fetch_error AS e WHERE e.code = state.code);
COMMENT ON FUNCTION
    hauspost.fetch_text(hauspost.fetch_account, hauspost.fetch_state) IS
    'What is wrong with an account, in its owner''s language';

CREATE FUNCTION hauspost.fetch_notice(
    account hauspost.fetch_account, kind text, text_de text, text_en text)
RETURNS void
LANGUAGE sql VOLATILE
AS $$
    INSERT INTO hauspost.notice (owner, kind, subject, body)
    VALUES (account.mailbox, kind, account.address,
        CASE account.language WHEN 'de' THEN text_de ELSE text_en END)
    ON CONFLICT DO NOTHING
$$;

-- The owner is told once when it lasts a day or is for good, and once when it
-- is over.
CREATE FUNCTION hauspost.fetch_tell(
    account hauspost.fetch_account, state hauspost.fetch_state)
RETURNS hauspost.fetch_state
LANGUAGE plpgsql
AS $$
DECLARE
    words text := hauspost.fetch_text(account, state)
        || coalesce(E'\n\n' || account.host || ': ' || state.detail, '');
BEGIN
    IF state.code IS NULL AND state.told IS NOT NULL THEN
        state.told := NULL;
        PERFORM hauspost.fetch_notice(account, 'fetch-ok',
            format('Die Mails von %s werden wieder abgeholt.',
                account.address),
            format('Mail of %s is being fetched again.', account.address));
    ELSIF state.code IS NOT NULL AND state.told IS NULL
        AND (state.state = 'stopped'
            OR state.fail_since < now() - interval '1 day')
    THEN
        state.told := now();
        PERFORM hauspost.fetch_notice(account, 'fetch-failed',
            format(E'Die Mails von %s können nicht abgeholt werden.\n\n%s',
                account.address, words),
            format(E'Mail of %s can not be fetched.\n\n%s',
                account.address, words));
    END IF;
    RETURN state;
END
$$;

CREATE FUNCTION hauspost.fetch_finish(
    account bigint, error_code text, error_detail text, wait_seconds integer)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    a    hauspost.fetch_account;
    s    hauspost.fetch_state;
    kind text := (SELECT e.kind FROM hauspost.fetch_error AS e
        WHERE e.code = error_code);
BEGIN
    SELECT * INTO a FROM hauspost.fetch_account AS f WHERE f.id = account;
    SELECT * INTO s FROM hauspost.fetch_state AS f
    WHERE f.account = fetch_finish.account FOR UPDATE;
    IF NOT FOUND THEN -- removed meanwhile
        RETURN NULL;
    END IF;
    s.code := error_code;
    s.detail := error_detail;
    s.failures := CASE WHEN kind IS NULL THEN 0 ELSE s.failures + 1 END;
    s.refusals := CASE WHEN kind IS NULL THEN 0
        ELSE s.refusals + (kind = 'login')::integer END;
    s.fail_since := CASE WHEN kind IS NOT NULL
        THEN coalesce(s.fail_since, now()) END;
    s.next_run := greatest(
        hauspost.fetch_next(kind, s.failures, s.refusals, a.minutes),
        now() + wait_seconds * interval '1 second');
    IF a.import AND kind IS NULL THEN -- it is done
        s.next_run := 'infinity';
    END IF;
    IF s.wanted IS NOT NULL -- somebody asked while this run was under way
        OR s.asked = 'test' AND kind IS NULL
    THEN
        s.next_run := now();
    END IF;
    s.state := CASE WHEN kind IS NULL THEN 'ok'
        WHEN s.next_run = 'infinity' THEN 'stopped' ELSE 'failing' END;
    s := hauspost.fetch_tell(a, s);
    UPDATE hauspost.fetch_state AS f
    SET code = s.code, detail = s.detail, failures = s.failures,
        refusals = s.refusals, fail_since = s.fail_since, state = s.state,
        next_run = s.next_run, told = s.told, locked_until = NULL,
        locked_by = NULL, -- or fetch_renew(), on its way, would lock it again
        asked = NULL, last_run = clock_timestamp(),
        tested = CASE WHEN f.asked = 'test' THEN clock_timestamp()
            ELSE f.tested END,
        last_ok = CASE WHEN kind IS NULL THEN clock_timestamp()
            ELSE f.last_ok END
    WHERE f.account = s.account;
    RETURN s.state;
END
$$;
COMMENT ON FUNCTION hauspost.fetch_finish(bigint, text, text, integer) IS
    'A run ended, with this code of fetch_error or NULL; the account''s state';

CREATE FUNCTION hauspost.fetch_ask(account bigint, wanted text)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE hauspost.fetch_state AS s
    SET wanted = fetch_ask.wanted, next_run = now(), refusals = 0
    WHERE s.account = fetch_ask.account;
    RETURN FOUND;
END
$$;
COMMENT ON FUNCTION hauspost.fetch_ask(bigint, text) IS
    'Has the fetcher run or test an account at once; false: there is none';

CREATE FUNCTION hauspost.fetch_rotate(account bigint, secret bytea)
RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE hauspost.fetch_account AS a SET secret = fetch_rotate.secret
    WHERE a.id = account AND a.auth = 'oauth'
$$;
COMMENT ON FUNCTION hauspost.fetch_rotate(bigint, bytea) IS
    'The provider has replaced the refresh token of an account';

GRANT EXECUTE ON FUNCTION
    hauspost.fetch_rotate(bigint, bytea),
    hauspost.fetch_begin(text),
    hauspost.fetch_claim(text, integer, integer, integer),
    hauspost.fetch_renew(text, bigint[]),
    hauspost.fetch_finish(bigint, text, text, integer)
    TO hauspost_fetcher;

RESET ROLE;

-- 0062_fetch_run.sql - what the fetcher asks, and what it tells.
--
--   fetch_begin    the one fetcher of a node starts
--   fetch_claim    which accounts are due, as many as may be served now
--   fetch_renew    the runs under way are alive
--   fetch_finish   how a run ended, and when the next one is
--   fetch_idle     a run went well, and waits there for new mail
--   fetch_waked    which of those that wait are to begin anew
--   fetch_hint     something its owner should know
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
    SET locked_until = NULL, wanted = coalesce(wanted, asked),
        next_run = CASE WHEN idle_since IS NULL THEN next_run ELSE now() END,
        idle_since = NULL
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
    import     boolean,
    idle       boolean,
    move_to    text,
    mark_read  boolean,
    dedup      boolean,
    trace      boolean,
    partial    boolean
);
COMMENT ON COLUMN hauspost.fetch_job.recipient IS
    'The mailbox'' leaf, to which the mail is delivered';
COMMENT ON COLUMN hauspost.fetch_job.original IS
    'The mailbox'' own address, which stands for whom it was sent to';

-- One session for a (host, login), host_limit for a host, and start_limit new
-- ones for a host in each call: providers count logins. Those that wait for
-- new mail have a limit of their own, in fetch_idle().
CREATE FUNCTION hauspost.fetch_due(
    node text, most integer, host_limit integer, start_limit integer)
RETURNS SETOF bigint
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN QUERY
    WITH due AS (
        SELECT a.id, a.host, s.next_run,
            row_number() OVER (PARTITION BY a.host ORDER BY s.next_run)
                AS place,
            row_number() OVER (PARTITION BY a.host, lower(a.login)
                ORDER BY s.next_run) AS turn,
            (SELECT count(*) FROM hauspost.fetch_state AS r
                JOIN hauspost.fetch_account AS o ON o.id = r.account
                WHERE r.locked_until > now() AND r.idle_since IS NULL
                    AND o.host = a.host) AS running,
            EXISTS (SELECT FROM hauspost.fetch_state AS r
                JOIN hauspost.fetch_account AS o ON o.id = r.account
                WHERE r.locked_until > now() AND r.idle_since IS NULL
                    AND o.host = a.host
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
    ORDER BY due.next_run LIMIT most;
END
$$;

CREATE FUNCTION hauspost.fetch_claim(
    node text, most integer, host_limit integer, start_limit integer)
RETURNS SETOF hauspost.fetch_job
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN QUERY
    UPDATE hauspost.fetch_state AS s
    SET locked_until = now() + hauspost.fetch_lease(),
        locked_by = fetch_claim.node, run_total = 0, run_done = 0,
        idle_since = NULL, hint = NULL, asked = wanted, wanted = NULL
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
        a.import, a.idle AND NOT a.import, a.move_to, a.mark_read, a.dedup,
        a.trace, coalesce(o.pop3_partial, false);
END
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
    account hauspost.fetch_account, code text)
RETURNS text
LANGUAGE sql STABLE RETURN (
    SELECT CASE account.language WHEN 'de' THEN e.de ELSE e.en END
    FROM hauspost.fetch_error AS e WHERE e.code = fetch_text.code);
COMMENT ON FUNCTION hauspost.fetch_text(hauspost.fetch_account, text) IS
    'What a code of fetch_error means, in the language of an account''s owner';

CREATE FUNCTION hauspost.fetch_text(
    account hauspost.fetch_account, state hauspost.fetch_state)
RETURNS text
LANGUAGE sql STABLE RETURN hauspost.fetch_text(account, state.code);
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
SET plan_cache_mode = force_generic_plan
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
    s.next_run := CASE
        WHEN kind IS NULL AND s.idle_since IS NOT NULL AND s.next_run <= now()
        THEN now() -- something was changed while it waited
        WHEN kind IS NULL AND s.idle_since < now() - interval '5 minutes'
        THEN now() + interval '1 minute' -- the server has had enough
        ELSE greatest(
            hauspost.fetch_next(kind, s.failures, s.refusals, a.minutes),
            now() + wait_seconds * interval '1 second') END;
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
        idle_since = NULL,
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

-- A run that waits there keeps its lease; next_run, which is far away then,
-- comes near when somebody asks or changes something.
CREATE FUNCTION hauspost.fetch_idle(
    account bigint, node text, most integer, host_most integer)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    a hauspost.fetch_account;
    s hauspost.fetch_state;
BEGIN
    -- One after the other, so none waits for a disk: what a crash of the
    -- database takes back is a run that is found by the end of its lease.
    PERFORM set_config('synchronous_commit', 'off', true);
    PERFORM pg_advisory_xact_lock(
        hashtext('hauspost.fetch_idle'), hashtext(node));
    SELECT * INTO a FROM hauspost.fetch_account AS f
    WHERE f.id = account AND f.idle AND f.state = 'active';
    SELECT * INTO s FROM hauspost.fetch_state AS f
    WHERE f.account = a.id AND f.locked_by = node FOR UPDATE;
    IF s.account IS NULL OR s.wanted IS NOT NULL
        OR s.idle_since IS NOT NULL AND s.next_run <= now()
        OR s.idle_since IS NULL AND (
            SELECT count(*) >= most
                OR count(*) FILTER (WHERE o.host = a.host) >= host_most
            FROM hauspost.fetch_state AS r
            JOIN hauspost.fetch_account AS o ON o.id = r.account
            WHERE r.idle_since IS NOT NULL AND r.locked_by = node
                AND r.locked_until > now())
    THEN
        RETURN false;
    END IF;
    PERFORM hauspost.fetch_finish(account, NULL, NULL, 0);
    UPDATE hauspost.fetch_state AS f
    SET idle_since = coalesce(s.idle_since, now()), locked_by = node,
        locked_until = now() + hauspost.fetch_lease(),
        next_run = now() + greatest(a.minutes, 20) * interval '1 minute'
    WHERE f.account = a.id;
    RETURN true;
END
$$;
COMMENT ON FUNCTION hauspost.fetch_idle(bigint, text, integer, integer) IS
    'A run went well; true: it may wait there for new mail, as one of so many '
    'of this node, and of its host';

CREATE FUNCTION hauspost.fetch_waked(node text, accounts bigint[])
RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT i.account FROM unnest(accounts) AS i (account)
    WHERE NOT EXISTS (SELECT FROM hauspost.fetch_state AS s
        WHERE s.account = i.account AND s.locked_by = node
            -- the one is about to wait, the other does
            AND (s.idle_since IS NULL OR s.next_run > now()))
$$;
COMMENT ON FUNCTION hauspost.fetch_waked(text, bigint[]) IS
    'Which of these, that wait for new mail, are to begin anew';

-- Each hint is told once, whatever comes in between.
CREATE FUNCTION hauspost.fetch_hint(account bigint, code text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    a hauspost.fetch_account;
    s hauspost.fetch_state;
    e hauspost.fetch_error;
BEGIN
    SELECT * INTO a FROM hauspost.fetch_account AS f WHERE f.id = account;
    SELECT * INTO e FROM hauspost.fetch_error AS f
    WHERE f.code = fetch_hint.code AND f.kind = 'hint';
    UPDATE hauspost.fetch_state AS f SET hint = e.code
    WHERE f.account = fetch_hint.account RETURNING * INTO s;
    IF s.hints_told @> ARRAY[e.code] THEN
        RETURN;
    END IF;
    UPDATE hauspost.fetch_state AS f
    SET hints_told = hints_told || e.code WHERE f.account = a.id;
    PERFORM hauspost.fetch_notice(a, 'fetch-' || lower(e.code),
        a.address || E':\n\n' || e.de, a.address || E':\n\n' || e.en);
END
$$;
COMMENT ON FUNCTION hauspost.fetch_hint(bigint, text) IS
    'What the owner of an account should know, though all goes on';

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
    hauspost.fetch_idle(bigint, text, integer, integer),
    hauspost.fetch_waked(text, bigint[]),
    hauspost.fetch_hint(bigint, text),
    hauspost.fetch_finish(bigint, text, text, integer)
    TO hauspost_fetcher;

RESET ROLE;

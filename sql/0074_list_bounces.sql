-- 0074_list_bounces.sql - members whose mail comes back.
--
-- Each report about a post is a row of list_bounce, once for a member and a
-- post, so a report sent a hundred times counts once. Rows add to the
-- member's score, once a day; at the threshold a probe is sent, a letter whose
-- return path only that mailbox has seen. Only a probe that comes back takes
-- anybody's mail away: reports about posts can be forged.
--
--   ok -> probing -> disabled_bounce -> off the list
--           |              |
--           +-- a week ----+-- a resume link, or a post: ok again
--
-- What servers say about a post or about us (5.7.x, 5.6.x) is held against no
-- member: too many of them mark the post. Too many members who fail at once
-- are our own fault, and the counting stops for a day.

SET ROLE hauspost_owner;

ALTER TABLE hauspost.list_member
    ADD COLUMN since timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN bounced_first timestamptz,
    ADD COLUMN bounced_last timestamptz,
    ADD COLUMN scored date,
    ADD COLUMN diagnostic text,
    ADD COLUMN reminders integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN hauspost.list_member.since IS 'When the state changed';
COMMENT ON COLUMN hauspost.list_member.bounced_first IS
    'First bounce that is in the score';
COMMENT ON COLUMN hauspost.list_member.bounced_last IS 'Last one';
COMMENT ON COLUMN hauspost.list_member.scored IS
    'Day of the last addition to the score: one a day';
COMMENT ON COLUMN hauspost.list_member.diagnostic IS
    'What the last bounce said';
COMMENT ON COLUMN hauspost.list_member.reminders IS
    'Letters sent since the list no longer is';
CREATE INDEX ON hauspost.list_member (since)
    WHERE state IN ('probing', 'disabled_bounce');

ALTER TABLE hauspost.list_state
    ADD COLUMN no_bounces_until timestamptz NOT NULL DEFAULT '-infinity';
COMMENT ON COLUMN hauspost.list_state.no_bounces_until IS
    'Bounces are not counted: so many members failed that it was our fault';

ALTER TABLE hauspost.list_post ADD COLUMN refused timestamptz;
COMMENT ON COLUMN hauspost.list_post.refused IS
    'When so many servers had refused its content that its owners were told';

CREATE TABLE hauspost.list_bounce (
    list       bigint NOT NULL,
    n          bigint NOT NULL,
    member     bigint NOT NULL
               REFERENCES hauspost.list_member (id) ON DELETE CASCADE,
    at         timestamptz NOT NULL DEFAULT now(),
    kind       text NOT NULL,
    weight     numeric(2,1) NOT NULL,
    status     text,
    diagnostic text NOT NULL DEFAULT '',
    PRIMARY KEY (list, n, member),
    FOREIGN KEY (list, n) REFERENCES hauspost.list_post ON DELETE CASCADE
);
COMMENT ON TABLE hauspost.list_bounce IS
    'Posts that came back, once for a post and member';
COMMENT ON COLUMN hauspost.list_bounce.list IS 'list.id';
COMMENT ON COLUMN hauspost.list_bounce.n IS 'list_post.n';
COMMENT ON COLUMN hauspost.list_bounce.member IS 'list_member.id';
COMMENT ON COLUMN hauspost.list_bounce.at IS 'When the report came';
COMMENT ON COLUMN hauspost.list_bounce.kind IS 'policy, size, soft or hard';
COMMENT ON COLUMN hauspost.list_bounce.weight IS 'What it counts: 0 to 1';
COMMENT ON COLUMN hauspost.list_bounce.status IS 'RFC 3463: 5.1.1';
COMMENT ON COLUMN hauspost.list_bounce.diagnostic IS 'The server''s words';
CREATE INDEX ON hauspost.list_bounce (member, n);
CREATE INDEX ON hauspost.list_bounce (at);

CREATE FUNCTION hauspost.list_score_limit() RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 3.0';
COMMENT ON FUNCTION hauspost.list_score_limit() IS
    'Score at which a member is probed: three days of hard bounces';

CREATE FUNCTION hauspost.list_fails_at_once() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 10';
COMMENT ON FUNCTION hauspost.list_fails_at_once() IS
    'Members, at least, who must fail in a day for the fault to be ours: of a '
    'list of three a third is one person';

-- State of a member --------------------------------------------------------------

CREATE FUNCTION hauspost.list_member_state() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    NEW.since := now();
    NEW.reminders := 0;
    IF NEW.state = 'ok' THEN
        NEW.score := 0;
        NEW.scored := NULL;
        NEW.bounced_first := NULL;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER state BEFORE UPDATE OF state ON hauspost.list_member
    FOR EACH ROW WHEN (NEW.state <> OLD.state)
    EXECUTE FUNCTION hauspost.list_member_state();

CREATE FUNCTION hauspost.list_address_of(member hauspost.list_member)
RETURNS text
LANGUAGE sql STABLE
RETURN (SELECT a.address FROM hauspost.list_address AS a
    WHERE a.id = member.address);

-- The letter that asks whether a mailbox lives, with its request: one for the
-- time until the member is well or gone.
CREATE FUNCTION hauspost.list_write_probe(
    member hauspost.list_member, kind text)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    who  text := hauspost.list_address_of(member);
    open bigint := (SELECT p.id FROM hauspost.list_pending AS p
        WHERE p.list = member.list AND p.address = who
            AND p.action = 'resume');
BEGIN
    IF open IS NULL THEN
        open := (hauspost.list_put_request(ROW(NULL, NULL, member.list,
            'resume', who, member.mode,
            hauspost.list_language(member.list, who), 'bounces', NULL, NULL,
            '', 'confirm', NULL, NULL)::hauspost.list_pending)).id;
    END IF;
    UPDATE hauspost.list_pending AS p SET expires = now() + interval '60 days'
    WHERE p.id = open;
    PERFORM hauspost.list_write(member.list, kind, who,
        jsonb_build_object('reason', member.diagnostic), NULL, 'p', open);
END
$$;

CREATE FUNCTION hauspost.list_well(member hauspost.list_member) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE hauspost.list_member AS m SET state = 'ok' WHERE m.id = member.id;
    DELETE FROM hauspost.list_pending AS p
    WHERE p.list = member.list AND p.action = 'resume'
        AND p.address = hauspost.list_address_of(member);
END
$$;
COMMENT ON FUNCTION hauspost.list_well(hauspost.list_member) IS
    'Mail reaches this member again: nothing of what came back counts';

-- Whoever posts is there. His post may be forged, but then it only undoes what
-- bounces did.
CREATE FUNCTION hauspost.list_author_is_well() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    member hauspost.list_member :=
        hauspost.list_find_member(NEW.list, NEW.from_mail);
BEGIN
    IF member.state IN ('probing', 'disabled_bounce') THEN
        PERFORM hauspost.list_act(NEW.from_mail,
            'mail <' || NEW.message_id || '>');
        PERFORM hauspost.list_well(member);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER author AFTER INSERT ON hauspost.list_post
    FOR EACH ROW EXECUTE FUNCTION hauspost.list_author_is_well();

-- Reports about posts ------------------------------------------------------------

CREATE FUNCTION hauspost.list_frequent(list bigint, n bigint) RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT string_agg(format('%s: %s', f.times, f.words), E'\n'
        ORDER BY f.times DESC, f.words) || E'\n'
    FROM (SELECT count(*) AS times,
            coalesce(nullif(left(b.diagnostic, 150), ''), b.status) AS words
        FROM hauspost.list_bounce AS b
        WHERE b.list = list_frequent.list AND b.n = list_frequent.n
            AND b.kind = 'policy'
        GROUP BY words ORDER BY times DESC, words LIMIT 3) AS f;
END;
COMMENT ON FUNCTION hauspost.list_frequent(bigint, bigint) IS
    'The three most frequent reasons that a post was refused for';

-- A tenth of the members, and twenty at least.
CREATE FUNCTION hauspost.list_blame_post(post hauspost.list_post)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    refusals bigint;
BEGIN
    IF post.refused IS NOT NULL THEN
        RETURN; -- ten thousand more need not be counted
    END IF;
    SELECT count(*) INTO refusals FROM hauspost.list_bounce AS b
    WHERE b.list = post.list AND b.n = post.n AND b.kind = 'policy';
    IF refusals < 20 OR refusals * 10 < post.members THEN
        RETURN;
    END IF;
    UPDATE hauspost.list_post AS p SET refused = now()
    WHERE p.list = post.list AND p.n = post.n AND p.refused IS NULL;
    IF FOUND THEN
        PERFORM hauspost.list_write_all(post.list, '{owner}', 'owner-content',
            jsonb_build_object('number', post.n, 'subject', post.subject,
                'count', refusals,
                'table', hauspost.list_frequent(post.list, post.n)));
    END IF;
END
$$;

-- Some providers say 5.7.1 for "no such user": ten posts in a row, that nearly
-- nobody else's server minds, are such a one.
CREATE FUNCTION hauspost.list_refuses_all(member hauspost.list_member)
RETURNS boolean
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    posts  bigint[] := ARRAY(SELECT p.n FROM hauspost.list_post AS p
        WHERE p.list = member.list ORDER BY p.n DESC LIMIT 10);
    others bigint;
    copies bigint;
BEGIN
    IF (SELECT count(*) FROM hauspost.list_bounce AS b
        WHERE b.member = member.id AND b.n = ANY (posts)
            AND b.kind = 'policy') < 10
    THEN
        RETURN false; -- nearly always, and found out at once
    END IF;
    SELECT count(*) INTO others FROM hauspost.list_bounce AS b
    WHERE b.list = member.list AND b.n = ANY (posts) AND b.kind = 'policy'
        AND b.member <> member.id;
    SELECT sum(p.members) INTO copies FROM hauspost.list_post AS p
    WHERE p.list = member.list AND p.n = ANY (posts);
    RETURN others < 0.05 * copies;
END
$$;

CREATE FUNCTION hauspost.list_stale(list bigint) RETURNS interval
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT greatest(interval '14 days',
        4 * (max(p.posted) - min(p.posted)) / greatest(count(*) - 1, 1))
    FROM (SELECT x.posted FROM hauspost.list_post AS x
        WHERE x.list = list_stale.list ORDER BY x.n DESC LIMIT 20) AS p;
END;
COMMENT ON FUNCTION hauspost.list_stale(bigint) IS
    'A score without a bounce for so long is forgotten: four usual waits for '
    'the next post, two weeks at least';

CREATE FUNCTION hauspost.list_add_score(
    m hauspost.list_member, weight numeric, diagnostic text)
RETURNS hauspost.list_member
LANGUAGE plpgsql
AS $$
BEGIN
    IF m.bounced_last < now() - hauspost.list_stale(m.list) THEN
        m.score := 0;
        m.bounced_first := NULL;
    END IF;
    m.score := least(m.score + weight, 100);
    m.bounced_first := coalesce(m.bounced_first, now());
    m.scored := current_date;
    UPDATE hauspost.list_member AS x
    SET score = m.score, bounced_first = m.bounced_first, scored = m.scored,
        bounced_last = now(), diagnostic = list_add_score.diagnostic
    WHERE x.id = m.id
    RETURNING x.* INTO m;
    RETURN m;
END
$$;

CREATE FUNCTION hauspost.list_fails_today(m hauspost.list_member)
RETURNS boolean
LANGUAGE sql STABLE RETURN
    m.state IN ('probing', 'disabled_bounce')
    AND m.since > now() - interval '1 day';

CREATE FUNCTION hauspost.list_is_stopped(list bigint) RETURNS boolean
LANGUAGE sql STABLE RETURN (
    SELECT s.no_bounces_until > now() FROM hauspost.list_state AS s
    WHERE s.list = list_is_stopped.list);
COMMENT ON FUNCTION hauspost.list_is_stopped(bigint) IS
    'So many members failed at once that no bounce counts for now';

-- Who counts a bounce must not be overtaken by who stops the counting.
CREATE FUNCTION hauspost.list_one_at_a_time(list bigint) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM FROM hauspost.list_state AS s
    WHERE s.list = list_one_at_a_time.list FOR UPDATE;
END
$$;

-- Whether the fault is ours: then the counting stops, and we are told. Probes
-- come back as fast as posts, so those who were found out that way count too,
-- and all of them are as before.
CREATE FUNCTION hauspost.list_all_fail(m hauspost.list_member)
RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
    l     hauspost.list;
    fail  bigint;
    total bigint;
BEGIN
    SELECT 1 + count(*) FILTER (WHERE hauspost.list_fails_today(x)), count(*)
    INTO fail, total
    FROM hauspost.list_member AS x WHERE x.list = m.list;
    IF fail < hauspost.list_fails_at_once() OR fail < 0.3 * total THEN
        RETURN false;
    END IF;
    SELECT * INTO l FROM hauspost.list AS x WHERE x.id = m.list;
    UPDATE hauspost.list_state AS s
    SET no_bounces_until = now() + interval '1 day' WHERE s.list = m.list;
    PERFORM hauspost.list_well(x) FROM hauspost.list_member AS x
    WHERE x.list = m.list AND hauspost.list_fails_today(x);
    PERFORM hauspost.list_note(m.list, NULL, 'breaker',
        jsonb_build_object('members', fail));
    PERFORM hauspost.list_write(m.list, 'breaker', 'postmaster@' || host,
        jsonb_build_object('count', fail, 'reason', m.diagnostic))
    FROM unnest(ARRAY[hauspost.node_of(l.package), l.domain]) AS host;
    RETURN true;
END
$$;

CREATE FUNCTION hauspost.list_score(
    m hauspost.list_member, weight numeric, diagnostic text)
RETURNS text
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM hauspost.list_one_at_a_time(m.list);
    IF hauspost.list_is_stopped(m.list) THEN
        RETURN 'stopped';
    ELSIF weight = 0 OR m.scored = current_date THEN
        RETURN 'noted';
    END IF;
    m := hauspost.list_add_score(m, weight, diagnostic);
    IF m.state <> 'ok' OR m.score < hauspost.list_score_limit()
        OR m.bounced_first > now() - interval '3 days'
    THEN
        RETURN 'scored';
    ELSIF hauspost.list_all_fail(m) THEN
        RETURN 'stopped';
    END IF;
    UPDATE hauspost.list_member AS x SET state = 'probing' WHERE x.id = m.id;
    PERFORM hauspost.list_write_probe(m, 'probe');
    RETURN 'probed';
END
$$;

CREATE FUNCTION hauspost.list_bounced(list bigint, n bigint, member bigint,
    kind text, weight numeric, status text, diagnostic text)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    m hauspost.list_member;
    p hauspost.list_post;
BEGIN
    SELECT * INTO p FROM hauspost.list_post AS x
    WHERE x.list = list_bounced.list AND x.n = list_bounced.n
        AND x.posted > now() - interval '14 days';
    SELECT * INTO m FROM hauspost.list_member AS x
    WHERE x.id = list_bounced.member AND x.list = list_bounced.list
    FOR UPDATE;
    IF p.n IS NULL OR m.id IS NULL THEN
        RETURN 'unknown';
    ELSIF kind NOT IN ('policy', 'size', 'soft', 'hard') THEN
        RETURN 'ignored';
    END IF;
    INSERT INTO hauspost.list_bounce AS b
        (list, n, member, kind, weight, status, diagnostic)
    VALUES (list, n, member, kind, weight, status, coalesce(diagnostic, ''))
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN 'repeated';
    ELSIF kind = 'policy' THEN
        PERFORM hauspost.list_blame_post(p);
        IF NOT hauspost.list_refuses_all(m) THEN
            RETURN 'policy';
        END IF;
        weight := 0.5;
    END IF;
    PERFORM hauspost.list_act('hauspost', 'bounces');
    RETURN hauspost.list_score(m, weight, coalesce(diagnostic, status, ''));
END
$$;
COMMENT ON FUNCTION hauspost.list_bounced(
    bigint, bigint, bigint, text, numeric, text, text) IS
    'A report about a post to a member: unknown, ignored, repeated, policy, '
    'noted, scored, probed, or stopped (nothing counts today)';

CREATE FUNCTION hauspost.list_post_bytes(list bigint, n bigint)
RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p.size_bytes FROM hauspost.list_post AS p
    WHERE p.list = list_post_bytes.list AND p.n = list_post_bytes.n
$$;
COMMENT ON FUNCTION hauspost.list_post_bytes(bigint, bigint) IS
    'Size of a post: of a large one "too large" blames nobody';

-- Reports about probes -----------------------------------------------------------

-- The same mailbox fails everywhere: on every list of this host where its mail
-- came back of late.
CREATE FUNCTION hauspost.list_disable(member hauspost.list_member)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE hauspost.list_member AS m SET state = 'disabled_bounce'
    WHERE m.address = member.address
        AND (m.state = 'probing' OR m.state = 'ok'
            AND m.bounced_last > now() - interval '14 days');
END
$$;

CREATE FUNCTION hauspost.list_probe_bounced(token text, weight numeric)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    p hauspost.list_pending;
    m hauspost.list_member;
BEGIN
    SELECT * INTO p FROM hauspost.list_pending AS x
    WHERE x.token_hash = hauspost.list_token_hash(token)
        AND x.action = 'resume';
    PERFORM hauspost.list_one_at_a_time(p.list);
    m := hauspost.list_find_member(p.list, p.address);
    IF m.id IS NULL THEN
        RETURN 'unknown';
    ELSIF hauspost.list_is_stopped(m.list) THEN
        RETURN 'stopped';
    ELSIF m.state <> 'probing' OR weight < 0.5 THEN
        RETURN 'ignored';
    END IF;
    PERFORM hauspost.list_act('hauspost', 'bounces');
    PERFORM hauspost.list_disable(m);
    RETURN 'disabled';
END
$$;
COMMENT ON FUNCTION hauspost.list_probe_bounced(text, numeric) IS
    'A probe came back: unknown, ignored, stopped (nothing counts today), or '
    'disabled, on every list where mail to the address came back in the last '
    'two weeks';

-- Every minute -------------------------------------------------------------------

CREATE FUNCTION hauspost.list_clock_members() RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    m hauspost.list_member;
BEGIN
    PERFORM hauspost.list_act('hauspost', 'bounces');
    FOR m IN
        SELECT * FROM hauspost.list_member AS x
        WHERE x.state IN ('probing', 'disabled_bounce')
            AND x.since + (x.reminders + 1) * interval '7 days' < now()
        FOR UPDATE SKIP LOCKED
    LOOP
        IF m.state = 'probing' THEN -- it has not come back
            PERFORM hauspost.list_well(m);
        ELSIF m.reminders >= 3 THEN
            PERFORM hauspost.list_part(m, 'removed');
        ELSE
            UPDATE hauspost.list_member AS x SET reminders = m.reminders + 1
            WHERE x.id = m.id;
            PERFORM hauspost.list_write_probe(m, 'reminder');
        END IF;
    END LOOP;
END
$$;

CREATE FUNCTION hauspost.list_clock_requests() RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    p hauspost.list_pending;
    h hauspost.list_held;
BEGIN
    PERFORM hauspost.list_act('hauspost', 'clock');
    FOR p IN
        DELETE FROM hauspost.list_pending AS x WHERE x.expires < now()
        RETURNING x.*
    LOOP
        PERFORM hauspost.list_note(p.list, p.address, 'expired',
            jsonb_build_object('action', p.action))
        WHERE p.state <> 'decided';
    END LOOP;
    FOR h IN
        UPDATE hauspost.list_held AS x
        SET decision = 'expired', decided = now(), decided_by = 'hauspost'
        WHERE x.decision IS NULL AND x.expires < now()
        RETURNING x.*
    LOOP
        PERFORM hauspost.list_note(h.list, coalesce(h.author, h.sender),
            'lapsed', jsonb_build_object(
                'held', h.id, 'kind', h.kind, 'subject', h.subject));
    END LOOP;
END
$$;

CREATE FUNCTION hauspost.list_event_words(
    event hauspost.list_event, language text)
RETURNS text
LANGUAGE sql IMMUTABLE RETURN CASE
    WHEN event.kind = 'joined' THEN
        CASE language WHEN 'de' THEN 'angemeldet' ELSE 'joined' END
    WHEN event.kind = 'left' AND event.source = 'bounces' THEN
        CASE language WHEN 'de'
            THEN 'abgemeldet, weil Mails wochenlang zurückkamen'
            ELSE 'taken off, since mail came back for weeks' END
    WHEN event.kind = 'left' THEN
        CASE language WHEN 'de' THEN 'abgemeldet' ELSE 'left' END
    WHEN event.kind = 'lapsed' THEN CASE language
        WHEN 'de' THEN 'Mail gelöscht, niemand hat entschieden: '
        ELSE 'mail deleted, nobody had decided: '
        END || (event.detail ->> 'subject')
    WHEN event.kind = 'changed'
        AND event.detail ->> 'state' = 'disabled_bounce' THEN
        CASE language WHEN 'de'
            THEN 'bekommt vorerst nichts mehr, weil Mails zurückkommen'
            ELSE 'is sent nothing for now, since mail comes back' END
END;
COMMENT ON FUNCTION hauspost.list_event_words(hauspost.list_event, text) IS
    'What an owner reads about an event; NULL: nothing';

CREATE FUNCTION hauspost.list_summary(list bigint, since timestamptz,
    language text)
RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT string_agg(format('%s  %s: %s',
            to_char(e.at, 'YYYY-MM-DD HH24:MI'), e.address, e.words),
        E'\n' ORDER BY e.id) || E'\n'
    FROM (SELECT x.id, x.at, x.address,
            hauspost.list_event_words(x, list_summary.language) AS words
        FROM hauspost.list_event AS x
        JOIN hauspost.list AS l ON l.id = x.list
        WHERE x.list = list_summary.list AND x.at > since
            AND x.kind IN ('joined', 'left', 'lapsed', 'changed')
            AND (l.tell_owners OR x.kind IN ('lapsed', 'changed')
                OR x.source = 'bounces')
        ORDER BY x.id DESC LIMIT 500) AS e
    WHERE e.words IS NOT NULL;
END;
COMMENT ON FUNCTION hauspost.list_summary(bigint, timestamptz, text) IS
    'What owners are told of once a day; the last 500 events at most';

CREATE FUNCTION hauspost.list_clock_owners(state hauspost.list_state)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    owner record;
    words text;
BEGIN
    UPDATE hauspost.list_state AS s SET owners_told = now()
    WHERE s.list = state.list;
    FOR owner IN
        SELECT a.address, hauspost.list_language(m.list, a.address) AS language
        FROM hauspost.list_member AS m
        JOIN hauspost.list_address AS a ON a.id = m.address
        WHERE m.list = state.list AND m.role = 'owner'
    LOOP
        words := hauspost.list_summary(
            state.list, state.owners_told, owner.language);
        IF words IS NOT NULL THEN
            PERFORM hauspost.list_write(state.list, 'owner-summary',
                owner.address, jsonb_build_object('table', words), NULL, 'c');
        END IF;
    END LOOP;
    IF EXISTS (SELECT FROM hauspost.list_held AS h WHERE h.list = state.list
        AND h.kind = 'owner' AND h.decision IS NULL
        AND h.created > state.owners_told)
    THEN
        PERFORM hauspost.list_write_all(state.list, '{owner}', 'owner-held',
            jsonb_build_object('since', state.owners_told, 'days', (
                SELECT l.held_days FROM hauspost.list AS l
                WHERE l.id = state.list)));
    END IF;
END
$$;

-- Owners hear at seven in the morning.
CREATE FUNCTION hauspost.list_clock() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    morning timestamptz := date_trunc('day', now() - interval '7 hours')
        + interval '7 hours';
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('hauspost.list_clock')) THEN
        RETURN; -- another program's clock is at it
    END IF;
    PERFORM hauspost.list_clock_members();
    PERFORM hauspost.list_clock_requests();
    PERFORM hauspost.list_clock_owners(s)
    FROM hauspost.list_state AS s
    WHERE s.owners_told < morning;
    DELETE FROM hauspost.list_letter AS x
    WHERE x.sent < now() - interval '30 days';
    DELETE FROM hauspost.list_bounce AS b
    WHERE b.at < now() - interval '90 days';
END
$$;
COMMENT ON FUNCTION hauspost.list_clock() IS
    'What time brings: requests and held mail expire, probes were survived, '
    'reminders, the owners'' summary. Called every minute';

GRANT EXECUTE ON FUNCTION
    hauspost.list_post_bytes(bigint, bigint),
    hauspost.list_bounced(
        bigint, bigint, bigint, text, numeric, text, text),
    hauspost.list_probe_bounced(text, numeric), hauspost.list_clock()
    TO hauspost_listmgr;

RESET ROLE;

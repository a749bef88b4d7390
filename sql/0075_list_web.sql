-- 0075_list_web.sql - what the web pages of lists ask, beside list_ask() and
-- list_confirm().
--
--   list_session   browsers whose user has opened a link that was mailed to him
--   list_enter     opens one
--   list_visit     a list, and who looks at it
--   list_own       the memberships of a visitor, and changing them
--   list_queue     what waits for a moderator who visits
--   list_leave     one click, by the token of a member (RFC 8058)
--
-- There are no passwords: who reads a mailbox is its user. A session is worth
-- as much as the mailbox, so only its SHA-256 is kept.

SET ROLE hauspost_owner;

CREATE TABLE hauspost.list_session (
    token_hash bytea PRIMARY KEY,
    address    bigint NOT NULL
               REFERENCES hauspost.list_address ON DELETE CASCADE,
    source     text NOT NULL,
    created    timestamptz NOT NULL DEFAULT now(),
    expires    timestamptz NOT NULL DEFAULT now() + '30 days'
);
COMMENT ON TABLE hauspost.list_session IS
    'Browsers in which a mailed link was opened';
COMMENT ON COLUMN hauspost.list_session.token_hash IS
    'SHA-256 of the cookie';
COMMENT ON COLUMN hauspost.list_session.address IS 'list_address.id';
COMMENT ON COLUMN hauspost.list_session.source IS 'web IP';
COMMENT ON COLUMN hauspost.list_session.created IS 'When';
COMMENT ON COLUMN hauspost.list_session.expires IS
    'From then on another link is needed';
CREATE INDEX ON hauspost.list_session (address);
CREATE INDEX ON hauspost.list_session (expires);

-- NULL: no session, or one that is over.
CREATE FUNCTION hauspost.list_visitor(session text)
RETURNS hauspost.list_address
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT a FROM hauspost.list_session AS s
    JOIN hauspost.list_address AS a ON a.id = s.address
    WHERE s.token_hash = hauspost.list_token_hash(session)
        AND s.expires > now();
END;
COMMENT ON FUNCTION hauspost.list_visitor(text) IS 'Whose session it is';

CREATE FUNCTION hauspost.list_enter(
    token text, source text, OUT session text, OUT list text)
RETURNS record
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    o hauspost.list_outcome := hauspost.list_confirm(token, source);
BEGIN
    IF o.outcome <> 'entered' THEN
        RETURN;
    END IF;
    DELETE FROM hauspost.list_session AS s WHERE s.expires < now();
    session := hauspost.base32(substr(sha256(
        uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 1, 16));
    INSERT INTO hauspost.list_session (token_hash, address, source)
    VALUES (hauspost.list_token_hash(session),
        hauspost.list_know(o.address), list_enter.source);
    SELECT l.name || '@' || l.domain INTO list
    FROM hauspost.list AS l WHERE l.id = o.list;
END
$$;
COMMENT ON FUNCTION hauspost.list_enter(text, text) IS
    'Opens a session with the token of a mailed link, which is worth nothing '
    'afterwards; session is NULL where it was none';

CREATE FUNCTION hauspost.list_go(session text) RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM hauspost.list_session AS s
    WHERE s.token_hash = hauspost.list_token_hash(session)
$$;
COMMENT ON FUNCTION hauspost.list_go(text) IS 'Ends a session';

CREATE FUNCTION hauspost.list_address_of(list bigint) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT l.name || '@' || l.domain FROM hauspost.list AS l
    WHERE l.id = list_address_of.list
$$;
COMMENT ON FUNCTION hauspost.list_address_of(bigint) IS
    'Its address, by list.id';

-- A list and its visitor ----------------------------------------------------------

CREATE FUNCTION hauspost.list_shown()
RETURNS TABLE (address text, title text, description text, language text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT l.name || '@' || l.domain, l.title, l.description, l.language
    FROM hauspost.list AS l WHERE l.listed
    ORDER BY lower(coalesce(nullif(l.title, ''), l.name)), l.domain
$$;
COMMENT ON FUNCTION hauspost.list_shown() IS 'The page of all lists';

CREATE FUNCTION hauspost.list_visit(list text, session text)
RETURNS TABLE (id bigint, address text, title text, description text,
    language text, policy text, subscribe_policy text, archive text,
    robots boolean, anonymous boolean, visitor text, role text,
    may_read boolean)
LANGUAGE sql STABLE SECURITY DEFINER ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT l.id, l.name || '@' || l.domain, l.title, l.description,
        l.language, l.policy, l.subscribe_policy, l.archive, l.robots,
        l.anonymous, v.address, m.role, l.archive = 'public'
            OR l.archive = 'members' AND m.role IS NOT NULL
    FROM hauspost.list AS l
    LEFT JOIN hauspost.list_visitor(session) AS v ON true
    LEFT JOIN hauspost.list_member AS m ON m.list = l.id AND m.address = v.id
    WHERE l.domain = lower(hauspost.domain_of(list_visit.list))
        AND l.name = lower(hauspost.local_of(list_visit.list))
$$;
COMMENT ON FUNCTION hauspost.list_visit(text, text) IS
    'A list by its address, and who looks at it: visitor and role are NULL '
    'for strangers. No row: no such list';

-- The visitor's own -----------------------------------------------------------------

CREATE FUNCTION hauspost.list_own(session text)
RETURNS TABLE (visitor text, member bigint, list text, title text,
    mode text, state text, role text, language text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT v.address, m.id, l.name || '@' || l.domain, l.title, m.mode,
        m.state, m.role, coalesce(m.language, l.language)
    FROM hauspost.list_visitor(session) AS v
    LEFT JOIN hauspost.list_member AS m ON m.address = v.id
    LEFT JOIN hauspost.list AS l ON l.id = m.list
    WHERE v.id IS NOT NULL
    ORDER BY lower(coalesce(nullif(l.title, ''), l.name)), l.domain
$$;
COMMENT ON FUNCTION hauspost.list_own(text) IS
    'What the visitor is on; one row without a list where it is nothing, none '
    'where nobody visits';

CREATE FUNCTION hauspost.list_own_set(session text, member bigint, mode text,
    paused boolean, language text, source text)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v hauspost.list_address := hauspost.list_visitor(session);
BEGIN
    PERFORM hauspost.list_act(v.address, source);
    UPDATE hauspost.list_member AS m
    SET mode = list_own_set.mode,
        language = nullif(list_own_set.language, (SELECT l.language
            FROM hauspost.list AS l WHERE l.id = m.list)),
        -- Whoever visits has read a letter: his mail does arrive.
        state = CASE WHEN paused THEN 'disabled_user' ELSE 'ok' END,
        score = 0
    WHERE m.id = member AND m.address = v.id;
    RETURN FOUND;
END
$$;
COMMENT ON FUNCTION hauspost.list_own_set(
    text, bigint, text, boolean, text, text) IS
    'The visitor changes his membership; false: it is not his';

CREATE FUNCTION hauspost.list_own_leave(
    session text, member bigint, source text)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v hauspost.list_address := hauspost.list_visitor(session);
BEGIN
    RETURN EXISTS (SELECT FROM hauspost.list_member AS m
            WHERE m.id = member AND m.address = v.id)
        AND hauspost.list_drop(member, v.address, source);
END
$$;
COMMENT ON FUNCTION hauspost.list_own_leave(text, bigint, text) IS
    'The visitor leaves; false: it is not his membership';

-- One click ------------------------------------------------------------------------

CREATE FUNCTION hauspost.list_leaving(token text)
RETURNS TABLE (list text, address text, language text)
LANGUAGE sql STABLE SECURITY DEFINER ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT l.name || '@' || l.domain, a.address,
        coalesce(m.language, l.language)
    FROM hauspost.list_member AS m
    JOIN hauspost.list AS l ON l.id = m.list
    JOIN hauspost.list_address AS a ON a.id = m.address
    WHERE m.id = hauspost.list_leaver(token)
$$;
COMMENT ON FUNCTION hauspost.list_leaving(text) IS
    'Who leaves what by this link; no row: he is gone already, or we made no '
    'such link';

CREATE FUNCTION hauspost.list_leave(token text, source text) RETURNS boolean
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT hauspost.list_drop(m.id, a.address, source)
    FROM hauspost.list_member AS m
    JOIN hauspost.list_address AS a ON a.id = m.address
    WHERE m.id = hauspost.list_leaver(token)
$$;
COMMENT ON FUNCTION hauspost.list_leave(text, text) IS
    'RFC 8058: whoever has the link leaves at once';

-- Moderation -------------------------------------------------------------------------

-- Tokens are those of the letters to moderators.
CREATE FUNCTION hauspost.list_queue(
    list bigint, session text, skip bigint, most bigint)
RETURNS TABLE (token text, kind text, sender text, subject text, reason text,
    created timestamptz, expires timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT hauspost.list_token('held', h.id, h.created), h.kind,
        coalesce(h.author, h.sender) AS sender, h.subject,
        hauspost.list_reason_words(h.reason, l.language), h.created,
        h.expires
    FROM hauspost.list_held AS h
    JOIN hauspost.list AS l ON l.id = h.list
    WHERE h.list = list_queue.list AND h.decision IS NULL
        AND hauspost.list_moderator(h.list, ARRAY[
            (hauspost.list_visitor(session)).address]) IS NOT NULL
    UNION ALL
    SELECT hauspost.list_token('moderate', p.id, p.created), 'request',
        p.address, '', '', p.created, p.expires
    FROM hauspost.list_pending AS p
    WHERE p.list = list_queue.list AND p.state = 'moderate'
        AND hauspost.list_moderator(p.list, ARRAY[
            (hauspost.list_visitor(session)).address]) IS NOT NULL
    ORDER BY created, sender
    OFFSET skip LIMIT most
$$;
COMMENT ON FUNCTION hauspost.list_queue(bigint, text, bigint, bigint) IS
    'What waits for a moderator, for a visitor who is one; the oldest first';

CREATE FUNCTION hauspost.list_waiting(token text, session text)
RETURNS TABLE (id bigint, list bigint, list_address text, language text,
    kind text, sender text, subject text, reason text, created timestamptz,
    decision text, decided_by text, moderator text)
LANGUAGE sql STABLE SECURITY DEFINER ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT w.id, l.id, l.name || '@' || l.domain, l.language, w.kind,
        w.sender, w.subject,
        hauspost.list_reason_words(w.reason, l.language), w.created,
        w.decision, w.decided_by, hauspost.list_moderator(l.id,
            ARRAY[(hauspost.list_visitor(session)).address])
    FROM (
        SELECT h.id, h.list, h.kind, coalesce(h.author, h.sender) AS sender,
            h.subject, h.reason, h.created, h.decision, h.decided_by
        FROM hauspost.list_held AS h
        WHERE h.token_hash = hauspost.list_token_hash(token)
        UNION ALL
        SELECT p.id, p.list, 'request', p.address, '', '', p.created,
            p.decision, p.decided_by
        FROM hauspost.list_pending AS p
        WHERE p.token_hash = hauspost.list_token_hash(token)
            AND p.state IN ('moderate', 'decided')) AS w
    JOIN hauspost.list AS l ON l.id = w.list
$$;
COMMENT ON FUNCTION hauspost.list_waiting(text, text) IS
    'What a moderator''s token stands for; moderator: the visitor, if he is '
    'one. Changes nothing';

CREATE FUNCTION hauspost.list_moderate_here(token text, verb text,
    session text, address text, source text, reason text)
RETURNS hauspost.list_decision
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT hauspost.list_moderate(token, verb, ARRAY[
        (hauspost.list_visitor(session)).address,
        list_moderate_here.address], source, reason)
$$;
COMMENT ON FUNCTION hauspost.list_moderate_here(
    text, text, text, text, text, text) IS
    'A moderator answers in a browser: the visitor, or whoever says so, as in a '
    'mail; the token was mailed to moderators only';

GRANT EXECUTE ON FUNCTION
    hauspost.list_ask(bigint, text, text, text, text, text, text, text),
    hauspost.list_look(text), hauspost.list_confirm(text, text),
    hauspost.list_enter(text, text), hauspost.list_go(text),
    hauspost.list_shown(), hauspost.list_visit(text, text),
    hauspost.list_address_of(bigint), hauspost.list_leaving(text),
    hauspost.list_leave(text, text), hauspost.list_own(text),
    hauspost.list_own_set(text, bigint, text, boolean, text, text),
    hauspost.list_own_leave(text, bigint, text),
    hauspost.list_queue(bigint, text, bigint, bigint), hauspost.list_waiting(text, text),
    hauspost.list_moderate_here(text, text, text, text, text, text)
    TO hauspost_listweb;
GRANT SELECT ON hauspost.list_session TO hauspost_admin;

RESET ROLE;

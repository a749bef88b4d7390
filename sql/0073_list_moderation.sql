-- 0073_list_moderation.sql - what waits for a moderator, and his answers.
--
--   list_hold      a post, or mail to the owners, waits
--   list_moderate  ok, no, drop or member, for a held mail or for a request
--   list_approved  what was let through and is not posted yet
--   list_forget_held  what can be deleted, with its file
--
-- The file of a held mail is written before list_hold() commits, so whoever is
-- told of one finds it. The first answer counts.

SET ROLE hauspost_owner;

ALTER TABLE hauspost.list_held
    ADD COLUMN kind text NOT NULL DEFAULT 'post',
    ADD COLUMN token_hash bytea NOT NULL
        CONSTRAINT "a token stands for one held mail" UNIQUE,
    ADD COLUMN done timestamptz,
    ADD CONSTRAINT "list_held.kind is post or owner"
        CHECK (kind IN ('post', 'owner'));
COMMENT ON COLUMN hauspost.list_held.kind IS
    'post: to the list; owner: to its owners';
COMMENT ON COLUMN hauspost.list_held.token_hash IS
    'SHA-256 of the token that decides; made of id and created';
COMMENT ON COLUMN hauspost.list_held.done IS
    'When an accepted one was posted';
CREATE INDEX ON hauspost.list_held (id)
    WHERE decision IN ('ok', 'member') AND done IS NULL;

ALTER TABLE hauspost.list_state
    ADD COLUMN owners_told timestamptz NOT NULL DEFAULT now();
COMMENT ON COLUMN hauspost.list_state.owners_told IS
    'Until when the owners'' summaries reach';

CREATE FUNCTION hauspost.list_held_per_hour() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 5';
COMMENT ON FUNCTION hauspost.list_held_per_hour() IS
    'Held posts with a letter of their own; what comes beyond is gathered, '
    'or a spammer floods the moderators';

CREATE FUNCTION hauspost.list_held_token() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    NEW.token_hash := hauspost.list_token_hash(
        hauspost.list_token('held', NEW.id, NEW.created));
    RETURN NEW;
END
$$;
CREATE TRIGGER token BEFORE INSERT ON hauspost.list_held
    FOR EACH ROW EXECUTE FUNCTION hauspost.list_held_token();

-- Words that the list manager holds by, for people.
CREATE FUNCTION hauspost.list_reason_words(reason text, language text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN coalesce((
    SELECT CASE language WHEN 'de' THEN w.de ELSE w.en END
    FROM (VALUES
        ('emergency', 'Alle Beiträge dieser Liste warten.',
            'All posts of this list wait.'),
        ('command', 'Die Mail sieht wie ein Befehl an die Liste aus.',
            'The mail looks like a command to the list.'),
        ('digest', 'Der Betreff ist der eines Digests: bitte setzen Sie den '
            'des Beitrags ein, auf den Sie antworten.',
            'The subject is that of a digest: please put in that of the post '
            'you answer.'),
        ('implicit', 'Die Liste steht weder in An noch in Kopie.',
            'The list is named neither in To nor in Cc.'),
        ('recipients', 'Die Mail hat sehr viele Empfänger.',
            'The mail has very many recipients.'),
        ('rule', 'Eine Regel der Liste trifft auf die Mail zu.',
            'A rule of the list applies to the mail.'),
        ('spam', 'Die Mail ist als Spam markiert.',
            'The mail is flagged as spam.'),
        ('nested', 'Die Mail kommt von einer anderen Liste.',
            'The mail comes from another list.'),
        ('new-member', 'Wer neu ist, wird zuerst moderiert.',
            'New members are moderated at first.'),
        ('moderated', 'Jeder Beitrag wird moderiert.',
            'Every post is moderated.'),
        ('announce', 'An diese Liste schreiben nur wenige.',
            'Only few may write to this list.'),
        ('nonmember', 'Der Verfasser ist kein Mitglied.',
            'The author is not a member.'),
        ('owner', 'Die Mail ging an die Besitzer.',
            'The mail was written to the owners.'),
        ('answer', 'Jemand hat auf eine Mail der Liste geantwortet.',
            'Somebody has answered a mail of the list.')
        ) AS w (reason, de, en)
    WHERE w.reason = list_reason_words.reason), reason);
COMMENT ON FUNCTION hauspost.list_reason_words(text, text) IS
    'Why a mail waits, in de or en; any other reason stays as it is';

-- Telling ------------------------------------------------------------------------

-- One letter with all of them, some minutes after the first and once an hour.
CREATE FUNCTION hauspost.list_gather_held(list bigint) RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO hauspost.list_letter
        (list, kind, address, language, return_path, not_before)
    SELECT m.list, 'moderate-many', a.address,
        hauspost.list_language(m.list, a.address), 'c',
        greatest(now() + interval '5 minutes', (
            SELECT max(x.created) + interval '1 hour'
            FROM hauspost.list_letter AS x
            WHERE x.list = m.list AND x.kind = 'moderate-many'
                AND x.address = a.address))
    FROM hauspost.list_member AS m
    JOIN hauspost.list_address AS a ON a.id = m.address
    WHERE m.list = list_gather_held.list
        AND m.role IN ('owner', 'moderator') AND m.state <> 'disabled_bounce'
        AND NOT EXISTS (
            SELECT FROM hauspost.list_letter AS x
            WHERE x.list = m.list AND x.kind = 'moderate-many'
                AND x.address = a.address AND x.sent IS NULL);
END;

CREATE FUNCTION hauspost.list_tell_moderators(held hauspost.list_held)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    IF (SELECT count(*) FROM hauspost.list_held AS h
        WHERE h.list = held.list AND h.kind = 'post'
            AND h.created > now() - interval '1 hour')
        > hauspost.list_held_per_hour()
    THEN
        PERFORM hauspost.list_gather_held(held.list);
    ELSE
        PERFORM hauspost.list_write_all(held.list, '{owner,moderator}',
            'moderate', '{}', NULL, held.id);
    END IF;
END
$$;

-- Once a day: a person whose mail waits knows the second time.
CREATE FUNCTION hauspost.list_tell_author(held hauspost.list_held)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    IF (SELECT l.tell_author FROM hauspost.list AS l WHERE l.id = held.list)
        AND NOT held.spam AND held.sender <> ''
        AND NOT EXISTS (
            SELECT FROM hauspost.list_letter AS x
            WHERE x.list = held.list AND x.kind = 'held'
                AND lower(x.address) = lower(held.sender)
                AND x.created > now() - interval '1 day')
    THEN
        PERFORM hauspost.list_write(held.list, 'held', held.sender, '{}', NULL,
            'none', NULL, held.id, '<' || held.message_id || '>');
    END IF;
END
$$;

-- Holding ------------------------------------------------------------------------

CREATE FUNCTION hauspost.list_held_next() RETURNS bigint
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT nextval(pg_get_serial_sequence('hauspost.list_held', 'id'))
$$;
COMMENT ON FUNCTION hauspost.list_held_next() IS
    'The number of the next held mail, to name its file by';

CREATE FUNCTION hauspost.list_hold(id bigint, list bigint, kind text,
    reason text, sender text, author text, subject text, message_id text,
    size_bytes bigint, spam boolean, auth jsonb, tell boolean)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    held hauspost.list_held;
BEGIN
    INSERT INTO hauspost.list_held AS h (id, list, kind, reason, sender,
        author, subject, message_id, size_bytes, spam, auth, expires)
    OVERRIDING SYSTEM VALUE
    SELECT list_hold.id, l.id, list_hold.kind, list_hold.reason,
        list_hold.sender, list_hold.author, list_hold.subject,
        list_hold.message_id, list_hold.size_bytes, list_hold.spam,
        list_hold.auth, now() + make_interval(days => l.held_days)
    FROM hauspost.list AS l WHERE l.id = list_hold.list
    RETURNING h.* INTO held;
    PERFORM hauspost.list_act(coalesce(author, sender),
        'mail <' || message_id || '>');
    PERFORM hauspost.list_note(list, coalesce(author, sender), 'held',
        jsonb_build_object('held', id, 'reason', reason));
    IF kind = 'post' THEN -- mail to owners waits for the daily summary
        PERFORM hauspost.list_tell_moderators(held);
        IF tell THEN
            PERFORM hauspost.list_tell_author(held);
        END IF;
        IF tell AND reason = 'command' AND sender <> '' THEN
            PERFORM hauspost.list_write(list, 'help', sender);
        END IF;
    END IF;
END
$$;
COMMENT ON FUNCTION hauspost.list_hold(bigint, bigint, text, text, text, text,
    text, text, bigint, boolean, jsonb, boolean) IS
    'A mail waits, whose file is on disk. tell: its author may get an answer';

-- Owners are written to by +owner: who is known at once, the rest in a daily
-- summary, since such addresses attract spam.
CREATE FUNCTION hauspost.list_to_owner(
    id bigint, list bigint, author text, authenticated boolean)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT authenticated AND (hauspost.list_find_member(list, author)).id
        IS NULL
    THEN
        RETURN false;
    END IF;
    UPDATE hauspost.list_held AS h
    SET decision = 'ok', decided = now(), decided_by = 'known', done = now()
    WHERE h.id = list_to_owner.id;
    PERFORM hauspost.list_write_all(list, '{owner}', 'owner-mail', '{}', NULL,
        list_to_owner.id);
    RETURN true;
END
$$;
COMMENT ON FUNCTION hauspost.list_to_owner(bigint, bigint, text, boolean) IS
    'Passes held mail to the owners on at once if its author is known';

CREATE FUNCTION hauspost.list_owners_heard(list bigint, sender text)
RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (SELECT FROM hauspost.list_held AS h
        WHERE h.list = list_owners_heard.list AND h.kind = 'owner'
            AND lower(h.sender) = lower(list_owners_heard.sender)
            AND h.created > now() - interval '1 day')
$$;
COMMENT ON FUNCTION hauspost.list_owners_heard(bigint, text) IS
    'Mail of this sender went to the owners today, or waits for them';

-- Deciding -----------------------------------------------------------------------

CREATE FUNCTION hauspost.list_moderator(list bigint, actors text[])
RETURNS text
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT a.address FROM hauspost.list_member AS m
    JOIN hauspost.list_address AS a ON a.id = m.address
    WHERE m.list = list_moderator.list AND m.role IN ('owner', 'moderator')
        AND a.key = ANY (SELECT lower(x) FROM unnest(actors) AS x)
    LIMIT 1;
END;
COMMENT ON FUNCTION hauspost.list_moderator(bigint, text[]) IS
    'The first of these addresses that moderates the list, or NULL';

-- The author needs no moderator from now on.
CREATE FUNCTION hauspost.list_trust(list bigint, author text) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    member hauspost.list_member := hauspost.list_find_member(list, author);
BEGIN
    IF member.id IS NOT NULL THEN
        UPDATE hauspost.list_member AS m SET held_posts_left = 0
        WHERE m.id = member.id;
    ELSIF hauspost.is_list_pattern(lower(author COLLATE "C")) THEN
        INSERT INTO hauspost.list_allow (list, pattern)
        VALUES (list, lower(author COLLATE "C"))
        ON CONFLICT DO NOTHING;
    END IF;
END
$$;

CREATE FUNCTION hauspost.list_decide_held(
    held hauspost.list_held, verb text, moderator text, reason text)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE hauspost.list_held AS h
    SET decision = verb, decided = now(), decided_by = moderator,
        done = CASE WHEN h.kind = 'owner' THEN now() END
    WHERE h.id = held.id;
    PERFORM hauspost.list_note(held.list, coalesce(held.author, held.sender),
        CASE WHEN verb IN ('ok', 'member') THEN 'accepted' ELSE 'refused' END,
        jsonb_build_object('held', held.id, 'answer', verb));
    IF verb = 'member' THEN
        PERFORM hauspost.list_trust(held.list, held.author);
    ELSIF verb = 'no' AND held.sender <> '' THEN
        PERFORM hauspost.list_write(held.list, 'rejected', held.sender,
            jsonb_build_object('subject', held.subject, 'reason', reason),
            NULL, 'none', NULL, NULL, '<' || held.message_id || '>');
    END IF;
    IF held.kind = 'owner' AND verb IN ('ok', 'member') THEN
        PERFORM hauspost.list_write_all(
            held.list, '{owner}', 'owner-mail', '{}', NULL, held.id);
    ELSIF verb IN ('ok', 'member') THEN
        PERFORM pg_notify('hauspost_list', 'held');
    END IF;
END
$$;

CREATE FUNCTION hauspost.list_decide_request(
    request hauspost.list_pending, verb text, moderator text, reason text)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE hauspost.list_pending AS p
    SET state = 'decided', decided_by = moderator, decision = verb
    WHERE p.id = request.id;
    PERFORM hauspost.list_note(request.list, request.address,
        CASE WHEN verb IN ('ok', 'member') THEN 'accepted' ELSE 'refused' END,
        jsonb_build_object('answer', verb));
    IF verb IN ('ok', 'member') THEN
        PERFORM hauspost.list_join(request.list, request.address,
            request.mode, request.language);
    ELSIF verb = 'no' THEN
        PERFORM hauspost.list_write(request.list, 'declined-sub',
            request.address, jsonb_build_object('reason', reason),
            request.language);
    END IF;
END
$$;

CREATE TYPE hauspost.list_decision AS (
    outcome text,
    list    bigint,
    kind    text,
    subject text,
    decided_by text,
    verb    text
);
COMMENT ON COLUMN hauspost.list_decision.outcome IS
    'done; handled: somebody (decided_by) has decided (verb) before; denied: none of '
    'the actors moderates the list; unknown: no such token';
COMMENT ON COLUMN hauspost.list_decision.kind IS
    'post, owner (mail to the owners), or request (to subscribe)';

CREATE FUNCTION hauspost.list_find_decision(token text)
RETURNS hauspost.list_decision
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT ROW('open', h.list, h.kind, h.subject, h.decided_by,
        h.decision)::hauspost.list_decision
    FROM hauspost.list_held AS h
    WHERE h.token_hash = hauspost.list_token_hash(token)
    UNION ALL
    SELECT ROW('open', p.list, 'request', p.address, p.decided_by,
        p.decision)::hauspost.list_decision
    FROM hauspost.list_pending AS p
    WHERE p.token_hash = hauspost.list_token_hash(token)
        AND p.state IN ('moderate', 'decided');
END;

CREATE FUNCTION hauspost.list_decide(
    token text, verb text, moderator text, reason text)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    h hauspost.list_held;
    p hauspost.list_pending;
BEGIN
    SELECT * INTO h FROM hauspost.list_held AS x
    WHERE x.token_hash = hauspost.list_token_hash(token);
    SELECT * INTO p FROM hauspost.list_pending AS x
    WHERE x.token_hash = hauspost.list_token_hash(token);
    IF h.id IS NOT NULL THEN
        PERFORM hauspost.list_decide_held(h, verb, moderator, reason);
    ELSE
        PERFORM hauspost.list_decide_request(p, verb, moderator, reason);
    END IF;
END
$$;

CREATE FUNCTION hauspost.list_moderate(
    token text, verb text, actors text[], source text, reason text DEFAULT NULL)
RETURNS hauspost.list_decision
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    d         hauspost.list_decision;
    moderator text;
BEGIN
    IF verb NOT IN ('ok', 'no', 'drop', 'member') THEN
        RAISE invalid_parameter_value USING MESSAGE = 'no such answer';
    END IF;
    PERFORM pg_advisory_xact_lock(
        hashtext('hauspost.list_moderate'), hashtext(lower(token)));
    d := hauspost.list_find_decision(token);
    moderator := hauspost.list_moderator(d.list, actors);
    IF d.outcome IS NULL THEN
        d.outcome := 'unknown';
    ELSIF moderator IS NULL THEN
        RETURN ROW('denied', d.list, d.kind, NULL, NULL, NULL
            )::hauspost.list_decision;
    ELSIF d.decided_by IS NOT NULL THEN
        d.outcome := 'handled';
        PERFORM hauspost.list_write(d.list, 'handled', moderator,
            jsonb_build_object('subject', d.subject, 'sender', d.decided_by,
                'reason', d.verb))
        WHERE source LIKE 'mail %';
    ELSE
        d := ROW('done', d.list, d.kind, d.subject, moderator, verb
            )::hauspost.list_decision;
        PERFORM hauspost.list_act(moderator, source);
        PERFORM hauspost.list_decide(token, verb, moderator, reason);
    END IF;
    RETURN d;
END
$$;
COMMENT ON FUNCTION hauspost.list_moderate(text, text, text[], text, text) IS
    'A moderator answers ok, no (with a reason for the author), drop or member '
    '(ok, and do not ask again) for what TOKEN stands for. actors: addresses '
    'that he may be, of which one has to moderate the list';

-- Afterwards ---------------------------------------------------------------------

CREATE FUNCTION hauspost.list_approved(node text)
RETURNS SETOF hauspost.list_held
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT h.* FROM hauspost.list_held AS h
    JOIN hauspost.list AS l ON l.id = h.list
    WHERE h.decision IN ('ok', 'member') AND h.done IS NULL
        AND hauspost.node_of(l.package) = list_approved.node
    ORDER BY h.id
$$;
COMMENT ON FUNCTION hauspost.list_approved(text) IS
    'Held posts that were let through and are still to be posted';

CREATE FUNCTION hauspost.list_held_done(id bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE hauspost.list_held AS h SET done = now()
    WHERE h.id = list_held_done.id AND h.done IS NULL;
    RETURN FOUND;
END
$$;
COMMENT ON FUNCTION hauspost.list_held_done(bigint) IS
    'A held post was posted: in the transaction that numbers it. false: '
    'somebody else has';

-- Kept so long that a second answer hears who gave the first, and that no
-- letter waits for its file. Twice: files first, then rows.
CREATE FUNCTION hauspost.list_old_held(node text)
RETURNS TABLE (id bigint, list bigint)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT h.id, h.list FROM hauspost.list_held AS h
    JOIN hauspost.list AS l ON l.id = h.list
        AND hauspost.node_of(l.package) = list_old_held.node
    WHERE h.decided < now() - interval '7 days'
        AND (h.decision NOT IN ('ok', 'member') OR h.done IS NOT NULL)
        AND NOT EXISTS (SELECT FROM hauspost.list_letter AS x
            WHERE x.held = h.id AND x.sent IS NULL)
    LIMIT 1000
$$;
COMMENT ON FUNCTION hauspost.list_old_held(text) IS
    'Held mails that are decided for long: delete their files';

CREATE FUNCTION hauspost.list_forget_held(ids bigint[]) RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM hauspost.list_held AS h
    WHERE h.id = ANY (ids) AND h.decision IS NOT NULL
$$;
COMMENT ON FUNCTION hauspost.list_forget_held(bigint[]) IS
    'Their files are gone, so are they';

GRANT EXECUTE ON FUNCTION
    hauspost.list_held_next(),
    hauspost.list_hold(bigint, bigint, text, text, text, text, text, text,
        bigint, boolean, jsonb, boolean),
    hauspost.list_to_owner(bigint, bigint, text, boolean),
    hauspost.list_owners_heard(bigint, text),
    hauspost.list_moderate(text, text, text[], text, text),
    hauspost.list_approved(text), hauspost.list_held_done(bigint),
    hauspost.list_old_held(text), hauspost.list_forget_held(bigint[])
    TO hauspost_listmgr;

RESET ROLE;

-- 0072_list_people.sql - subscribing, leaving, and the letters about it.
--
--   list_ask       somebody asks for an address to be subscribed, to leave …
--   list_confirm   whoever reads that mailbox agrees
--   list_invite    an owner asks
--   list_add       an owner adds, without asking
--   list_drop      a token, an owner or the house takes a member off
--   list_reply     one of the answers that only tell something
--
-- Anybody can ask in anybody's name, so asking changes nothing: it writes a
-- letter, and only its token does. Letters are what a stranger could flood a
-- victim with, so their number is limited where they are written, and none
-- ever goes to a list.

SET ROLE hauspost_owner;

ALTER TABLE hauspost.list_pending
    ADD COLUMN asker text NOT NULL DEFAULT '',
    ADD COLUMN state text NOT NULL DEFAULT 'confirm',
    ADD COLUMN decided_by text,
    ADD COLUMN decision text,
    ADD CONSTRAINT "list_pending.state is confirm, moderate or decided"
        CHECK (state IN ('confirm', 'moderate', 'decided')),
    ADD CONSTRAINT "list_pending.action is a request"
        CHECK (action IN
            ('subscribe', 'unsubscribe', 'set', 'enter', 'invite', 'resume'));
COMMENT ON COLUMN hauspost.list_pending.asker IS
    'Who asked, as the letter tells: an address of mail or of a browser';
COMMENT ON COLUMN hauspost.list_pending.state IS
    'confirm: the address has to; moderate: an owner has to; decided: one did';
COMMENT ON COLUMN hauspost.list_pending.decided_by IS 'Which owner';
COMMENT ON COLUMN hauspost.list_pending.decision IS 'ok, no or drop';
CREATE INDEX ON hauspost.list_pending (list, lower(address));
CREATE INDEX ON hauspost.list_pending (expires);

ALTER TABLE hauspost.list_letter
    ADD COLUMN pending bigint
        REFERENCES hauspost.list_pending ON DELETE SET NULL,
    ADD COLUMN answers text;
COMMENT ON COLUMN hauspost.list_letter.pending IS
    'list_pending.id of the request whose token is in it';
COMMENT ON COLUMN hauspost.list_letter.answers IS
    'Message-ID of the mail that it answers';
DROP INDEX hauspost.list_letter_address_created_idx;
CREATE INDEX ON hauspost.list_letter (lower(address), created);
CREATE INDEX ON hauspost.list_letter (list, created);
CREATE INDEX ON hauspost.list_letter (pending);
ALTER TABLE hauspost.list_letter
    ADD CONSTRAINT "list_letter.return_path is none, c or p"
        CHECK (return_path IN ('none', 'c', 'p'));

-- Limits -------------------------------------------------------------------------

CREATE FUNCTION hauspost.list_confirmations_per_day() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 3';
COMMENT ON FUNCTION hauspost.list_confirmations_per_day() IS
    'Letters that ask an address to confirm, all lists together: forms are '
    'used to bomb victims';

CREATE FUNCTION hauspost.list_confirmations_per_hour() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 20';
COMMENT ON FUNCTION hauspost.list_confirmations_per_hour() IS
    'The same, of one list to everybody';

CREATE FUNCTION hauspost.list_answers_per_day() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 5';
COMMENT ON FUNCTION hauspost.list_answers_per_day() IS
    'Automatic answers to an address: two machines that answer each other '
    'stop after so many';

CREATE FUNCTION hauspost.list_letter_class(kind text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN CASE
    WHEN kind IN ('confirm-sub', 'confirm-unsub', 'confirm-set',
        'confirm-enter', 'invite') THEN 'confirm'
    WHEN kind IN ('already', 'notmember', 'closed', 'help', 'get', 'get-none',
        'held', 'rejected', 'handled', 'ended', 'denied') THEN 'answer'
    ELSE 'notice'
END;
COMMENT ON FUNCTION hauspost.list_letter_class(text) IS
    'confirm and answer: strangers can cause them; notice: they can not';

-- An address of ours that a machine reads: the list itself, or a command.
CREATE FUNCTION hauspost.is_list_address(address text) RETURNS boolean
LANGUAGE sql STABLE RETURN EXISTS (
        SELECT FROM hauspost.list AS l
        WHERE l.name || '@' || l.domain = lower(address COLLATE "C"))
    OR hauspost.list_commanded(
        lower(hauspost.local_of(address) COLLATE "C"),
        hauspost.domain_of(address)) IS NOT NULL;
COMMENT ON FUNCTION hauspost.is_list_address(text) IS
    'Mail to it goes to a list, or is a command to one';

-- A letter that goes to nobody but its addressee counts for the limits; who
-- counts must not be overtaken by who writes.
CREATE FUNCTION hauspost.list_may_write(list bigint, kind text, address text)
RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
    class text := hauspost.list_letter_class(kind);
    had   bigint;
BEGIN
    IF hauspost.is_list_address(address) THEN
        RETURN false;
    ELSIF class = 'notice' THEN
        RETURN true;
    END IF;
    PERFORM pg_advisory_xact_lock(
        hashtext('hauspost.list_letter'), hashtext(lower(address)));
    SELECT count(*) INTO had FROM hauspost.list_letter AS x
    WHERE lower(x.address) = lower(list_may_write.address)
        AND x.created > now() - interval '1 day'
        AND hauspost.list_letter_class(x.kind) = class;
    IF class = 'answer' THEN
        RETURN had < hauspost.list_answers_per_day();
    ELSIF had >= hauspost.list_confirmations_per_day() THEN
        RETURN false;
    END IF;
    RETURN kind = 'invite' OR hauspost.list_confirmations_per_hour() > (
        SELECT count(*) FROM hauspost.list_letter AS x
        WHERE x.list = list_may_write.list AND x.kind LIKE 'confirm-%'
            AND x.created > now() - interval '1 hour');
END
$$;
COMMENT ON FUNCTION hauspost.list_may_write(bigint, text, text) IS
    'Whether one more letter of this kind may go to an address';

-- Writing letters ----------------------------------------------------------------

CREATE FUNCTION hauspost.list_language(
    list bigint, address text, wanted text DEFAULT NULL)
RETURNS text
LANGUAGE sql STABLE RETURN coalesce(
    (SELECT m.language FROM hauspost.list_member AS m
        JOIN hauspost.list_address AS a ON a.id = m.address
        WHERE m.list = list_language.list
            AND a.key = lower(list_language.address)),
    CASE WHEN wanted IN ('de', 'en') THEN wanted END,
    (SELECT l.language FROM hauspost.list AS l WHERE l.id = list_language.list));
COMMENT ON FUNCTION hauspost.list_language(bigint, text, text) IS
    'Of letters to an address: the member''s own, the wanted one, the list''s';

-- Once a day: who floods us must not fill the table that keeps the proofs.
CREATE FUNCTION hauspost.list_note_once(
    list bigint, address text, kind text, detail jsonb DEFAULT '{}')
RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    SELECT hauspost.list_note(list, address, kind, detail)
    WHERE NOT EXISTS (SELECT FROM hauspost.list_event AS e
        WHERE e.list = list_note_once.list
            AND e.address = list_note_once.address
            AND e.kind = list_note_once.kind
            AND e.at > now() - interval '1 day');
END;

CREATE FUNCTION hauspost.list_write(list bigint, kind text, address text,
    vars jsonb DEFAULT '{}', language text DEFAULT NULL,
    return_path text DEFAULT 'none', pending bigint DEFAULT NULL,
    held bigint DEFAULT NULL, answers text DEFAULT NULL)
RETURNS boolean
LANGUAGE plpgsql
AS $$
BEGIN
    IF NOT hauspost.list_may_write(list, kind, address) THEN
        PERFORM hauspost.list_note_once(list, address, 'limited',
            jsonb_build_object('letter', kind));
        RETURN false;
    END IF;
    INSERT INTO hauspost.list_letter (list, kind, address, vars, language,
        return_path, pending, held, answers)
    VALUES (list, kind, address, jsonb_strip_nulls(vars),
        hauspost.list_language(list, address, language),
        return_path, pending, held, answers);
    RETURN true;
END
$$;
COMMENT ON FUNCTION hauspost.list_write(
    bigint, text, text, jsonb, text, text, bigint, bigint, text) IS
    'Writes a letter, unless it would be one too many';

CREATE FUNCTION hauspost.list_write_all(list bigint, roles text[], kind text,
    vars jsonb DEFAULT '{}', pending bigint DEFAULT NULL,
    held bigint DEFAULT NULL)
RETURNS bigint
LANGUAGE sql
BEGIN ATOMIC
    SELECT count(*) FROM (
        SELECT hauspost.list_write(m.list, list_write_all.kind, a.address,
            list_write_all.vars, NULL, 'c', list_write_all.pending,
            list_write_all.held) AS done
        FROM hauspost.list_member AS m
        JOIN hauspost.list_address AS a ON a.id = m.address
        WHERE m.list = list_write_all.list
            AND m.role = ANY (list_write_all.roles)
            AND m.state <> 'disabled_bounce') AS w
    WHERE w.done;
END;
COMMENT ON FUNCTION hauspost.list_write_all(
    bigint, text[], text, jsonb, bigint, bigint) IS
    'The same to each member who has one of these roles; how many it were';

-- One NOTIFY a statement: the sender looks for itself what there is.
CREATE FUNCTION hauspost.list_letter_written() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM pg_notify('hauspost_list', 'letter');
    RETURN NULL;
END
$$;
CREATE TRIGGER tell AFTER INSERT ON hauspost.list_letter
    FOR EACH STATEMENT EXECUTE FUNCTION hauspost.list_letter_written();

-- Members ------------------------------------------------------------------------

CREATE FUNCTION hauspost.list_find_member(list bigint, address text)
RETURNS hauspost.list_member
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT m FROM hauspost.list_address AS a
    JOIN hauspost.list_member AS m ON m.address = a.id
    WHERE a.key = lower(list_find_member.address)
        AND m.list = list_find_member.list;
END;

CREATE FUNCTION hauspost.list_know(address text) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    known bigint;
BEGIN
    INSERT INTO hauspost.list_address AS a (address)
    VALUES (list_know.address)
    ON CONFLICT ON CONSTRAINT "each person once, in whatever case" DO NOTHING
    RETURNING a.id INTO known;
    RETURN coalesce(known, (SELECT a.id FROM hauspost.list_address AS a
        WHERE a.key = lower(list_know.address)));
END
$$;
COMMENT ON FUNCTION hauspost.list_know(text) IS
    'The list_address.id of an address, made where there is none';

-- Whoever joins a second time has confirmed that his mail arrives.
CREATE FUNCTION hauspost.list_join(
    list bigint, address text, mode text, language text)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO hauspost.list_member AS m (list, address, mode, language)
    VALUES (list, hauspost.list_know(address), mode,
        nullif(list_join.language, (SELECT l.language
            FROM hauspost.list AS l WHERE l.id = list_join.list)))
    ON CONFLICT ON CONSTRAINT "each address once on a list" DO UPDATE
    SET mode = EXCLUDED.mode, state = 'ok';
    DELETE FROM hauspost.list_pending AS p
    WHERE p.list = list_join.list
        AND lower(p.address) = lower(list_join.address)
        AND p.state <> 'decided';
    IF (SELECT l.welcome FROM hauspost.list AS l WHERE l.id = list_join.list)
    THEN
        PERFORM hauspost.list_write(list, 'welcome', address,
            jsonb_build_object('mode', mode), language);
    END IF;
END
$$;

CREATE FUNCTION hauspost.list_part(member hauspost.list_member, letter text)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    who text := (SELECT a.address FROM hauspost.list_address AS a
        WHERE a.id = member.address);
BEGIN
    IF letter IS NOT NULL THEN -- while the member's language is known
        PERFORM hauspost.list_write(member.list, letter, who);
    END IF;
    DELETE FROM hauspost.list_member AS m WHERE m.id = member.id;
    DELETE FROM hauspost.list_pending AS p
    WHERE p.list = member.list AND lower(p.address) = lower(who);
END
$$;

-- Asking -------------------------------------------------------------------------

CREATE FUNCTION hauspost.list_is_banned(list bigint, address text)
RETURNS boolean
LANGUAGE sql STABLE RETURN EXISTS (
    SELECT FROM hauspost.list_ban AS b
    WHERE (b.list = list_is_banned.list OR b.list IS NULL)
        AND b.pattern IN (lower(address), '@' || hauspost.domain_of(address)));
COMMENT ON FUNCTION hauspost.list_is_banned(bigint, text) IS
    'It, or its whole domain, may neither post nor subscribe';

CREATE FUNCTION hauspost.list_request_letter(action text) RETURNS text
LANGUAGE sql IMMUTABLE RETURN CASE action
    WHEN 'subscribe' THEN 'confirm-sub'
    WHEN 'unsubscribe' THEN 'confirm-unsub'
    WHEN 'set' THEN 'confirm-set'
    WHEN 'enter' THEN 'confirm-enter'
    WHEN 'invite' THEN 'invite'
END;

-- The token follows from the row, so the same can be sent again.
CREATE FUNCTION hauspost.list_put_request(request hauspost.list_pending)
RETURNS hauspost.list_pending
LANGUAGE plpgsql
AS $$
BEGIN
    request.id := nextval(
        pg_get_serial_sequence('hauspost.list_pending', 'id'));
    request.created := now();
    request.expires := now() + interval '7 days';
    request.state := 'confirm';
    request.token_hash := hauspost.list_token_hash(
        hauspost.list_token('pending', request.id, request.created));
    INSERT INTO hauspost.list_pending OVERRIDING SYSTEM VALUE
    VALUES (request.*);
    RETURN request;
END
$$;

-- One request at a time: a second one sends the first letter again, at most
-- once an hour.
CREATE FUNCTION hauspost.list_request(
    request hauspost.list_pending, answers text)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    kind text := hauspost.list_request_letter(request.action);
    old  hauspost.list_pending;
BEGIN
    IF NOT hauspost.list_may_write(request.list, kind, request.address) THEN
        PERFORM hauspost.list_note_once(
            request.list, request.address, 'limited',
            jsonb_build_object('letter', kind));
        RETURN 'limited';
    END IF;
    DELETE FROM hauspost.list_pending AS p
    WHERE p.list = request.list AND p.action = request.action
        AND lower(p.address) = lower(request.address)
        AND (p.expires <= now() OR p.state = 'decided'
            OR p.state = 'confirm' AND p.mode <> request.mode);
    SELECT * INTO old FROM hauspost.list_pending AS p
    WHERE p.list = request.list AND p.action = request.action
        AND lower(p.address) = lower(request.address);
    IF old.state = 'moderate' OR EXISTS (
        SELECT FROM hauspost.list_letter AS x
        WHERE x.pending = old.id AND x.created > now() - interval '1 hour')
    THEN
        RETURN 'quiet';
    ELSIF old.id IS NULL THEN
        old := hauspost.list_put_request(request);
    END IF;
    PERFORM hauspost.list_note(request.list, request.address, 'asked',
        jsonb_build_object('action', request.action, 'mode', request.mode));
    PERFORM hauspost.list_write(request.list, kind, request.address,
        jsonb_build_object('sender', request.asker, 'mode', request.mode),
        request.language, 'c', old.id, NULL, answers);
    RETURN 'asked';
END
$$;

-- What an answer tells is told to the address it is about, to nobody else.
CREATE FUNCTION hauspost.list_ask(list bigint, action text, address text,
    mode text, asker text, source text, language text DEFAULT NULL,
    answers text DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    l      hauspost.list;
    member hauspost.list_member := hauspost.list_find_member(list, address);
    tells  text;
BEGIN
    SELECT * INTO l FROM hauspost.list AS x WHERE x.id = list_ask.list;
    PERFORM hauspost.list_act(asker, source);
    IF l.id IS NULL OR hauspost.list_address_problem(address) IS NOT NULL
        OR lower(address) = l.name || '@' || l.domain
    THEN
        RETURN 'refused';
    ELSIF action = 'subscribe' AND hauspost.list_is_banned(list, address) THEN
        PERFORM hauspost.list_note_once(list, address, 'banned');
        RETURN 'banned';
    END IF;
    tells := CASE
        WHEN action = 'subscribe' THEN CASE
            WHEN member.state IN ('ok', 'probing') THEN 'already'
            WHEN l.subscribe_policy = 'closed' AND member.id IS NULL
                THEN 'closed' END
        WHEN member.id IS NULL THEN 'notmember'
    END;
    IF tells IS NULL THEN
        RETURN hauspost.list_request(ROW(NULL, NULL, list, action, address,
            coalesce(mode, member.mode, 'normal'),
            hauspost.list_language(list, address, language), source, NULL,
            NULL, coalesce(asker, ''), 'confirm', NULL, NULL
            )::hauspost.list_pending, answers);
    ELSIF NOT hauspost.list_write(list, tells, address,
        '{}', language, 'none', NULL, NULL, answers)
    THEN
        RETURN 'limited';
    END IF;
    RETURN tells;
END
$$;
COMMENT ON FUNCTION hauspost.list_ask(
    bigint, text, text, text, text, text, text, text) IS
    'Somebody asks to subscribe, unsubscribe, set an address, or enter (see '
    'his own settings). asked or quiet (asked before, within the hour); '
    'already, notmember, closed: a letter '
    'says so; refused, banned, limited: nothing is done. Show strangers no '
    'difference between them';

-- Confirming ---------------------------------------------------------------------

CREATE TYPE hauspost.list_outcome AS (
    outcome text,
    action  text,
    list    bigint,
    address text,
    mode    text,
    language text
);
COMMENT ON COLUMN hauspost.list_outcome.outcome IS
    'joined, waiting (for an owner), left, changed, entered (a browser may be '
    'let in), resumed; unknown: no such '
    'token, or one that was used or is too old';

CREATE FUNCTION hauspost.list_look(token text) RETURNS hauspost.list_outcome
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT ROW('pending', p.action, p.list, p.address, p.mode,
        p.language)::hauspost.list_outcome
    FROM hauspost.list_pending AS p
    WHERE p.token_hash = hauspost.list_token_hash(token)
        AND p.state = 'confirm' AND p.expires > now()
$$;
COMMENT ON FUNCTION hauspost.list_look(text) IS
    'What list_confirm() would do; NULL: nothing. Changes nothing, so a page '
    'may show it';

-- An owner agrees as well; the token that the member knows is worth nothing
-- from here on.
CREATE FUNCTION hauspost.list_to_owners(request hauspost.list_pending)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE hauspost.list_pending AS p
    SET state = 'moderate', expires = now() + interval '7 days',
        token_hash = hauspost.list_token_hash(
            hauspost.list_token('moderate', p.id, p.created))
    WHERE p.id = request.id;
    PERFORM hauspost.list_write(
        request.list, 'waiting', request.address, '{}', request.language);
    PERFORM hauspost.list_write_all(request.list, '{owner,moderator}',
        'moderate-sub', jsonb_build_object('applicant', request.address,
            'sender', request.asker, 'mode', request.mode), request.id);
END
$$;

CREATE FUNCTION hauspost.list_carry_out(
    request hauspost.list_pending, member hauspost.list_member)
RETURNS text
LANGUAGE plpgsql
AS $$
BEGIN
    IF request.action IN ('subscribe', 'invite') THEN
        PERFORM hauspost.list_join(request.list, request.address,
            request.mode, request.language);
        RETURN 'joined';
    ELSIF request.action = 'unsubscribe' THEN
        PERFORM hauspost.list_part(member, 'goodbye');
        RETURN 'left';
    ELSIF request.action = 'set' THEN
        UPDATE hauspost.list_member AS m SET mode = request.mode
        WHERE m.id = member.id;
        RETURN 'changed';
    ELSIF request.action = 'enter' THEN
        RETURN 'entered';
    END IF;
    PERFORM hauspost.list_resume(member);
    RETURN 'resumed';
END
$$;

CREATE FUNCTION hauspost.list_resume(member hauspost.list_member)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM hauspost.list_well(member);
    IF member.state = 'disabled_bounce' THEN
        PERFORM hauspost.list_write(member.list, 'resumed', (
            SELECT a.address FROM hauspost.list_address AS a
            WHERE a.id = member.address));
    END IF;
END
$$;

CREATE FUNCTION hauspost.list_confirm(token text, source text)
RETURNS hauspost.list_outcome
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    p       hauspost.list_pending;
    member  hauspost.list_member;
    outcome text;
BEGIN
    SELECT * INTO p FROM hauspost.list_pending AS x
    WHERE x.token_hash = hauspost.list_token_hash(token)
        AND x.state = 'confirm' AND x.expires > now()
    FOR UPDATE;
    member := hauspost.list_find_member(p.list, p.address);
    IF p.id IS NULL
        OR member.id IS NULL AND p.action IN
            ('unsubscribe', 'set', 'enter', 'resume')
    THEN
        RETURN ROW('unknown', p.action, p.list, p.address, p.mode,
            p.language)::hauspost.list_outcome;
    END IF;
    PERFORM hauspost.list_act(p.address, source);
    PERFORM hauspost.list_note(p.list, p.address, 'confirmed',
        jsonb_build_object('action', p.action, 'mode', p.mode, 'asked',
            p.created, 'asker', p.asker, 'source', p.source));
    IF p.action = 'subscribe' AND member.id IS NULL AND (
        SELECT l.subscribe_policy FROM hauspost.list AS l
        WHERE l.id = p.list) = 'moderated'
    THEN
        PERFORM hauspost.list_to_owners(p);
        outcome := 'waiting';
    ELSE
        outcome := hauspost.list_carry_out(p, member);
        DELETE FROM hauspost.list_pending AS x WHERE x.id = p.id;
    END IF;
    RETURN ROW(outcome, p.action, p.list, p.address, p.mode,
        p.language)::hauspost.list_outcome;
END
$$;
COMMENT ON FUNCTION hauspost.list_confirm(text, text) IS
    'Whoever read the letter agrees; what became of it. Only ever called for '
    'a mail to that token, or for a button that was pressed';

-- The mailbox does not exist, or refuses us: the request was nobody's.
CREATE FUNCTION hauspost.list_confirm_bounced(token text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM hauspost.list_pending AS p
    WHERE p.token_hash = hauspost.list_token_hash(token)
        AND p.state = 'confirm' AND p.action <> 'resume';
    RETURN FOUND;
END
$$;
COMMENT ON FUNCTION hauspost.list_confirm_bounced(text) IS
    'A letter that asked for a confirmation came back: its request ends';

-- Owners -------------------------------------------------------------------------

CREATE FUNCTION hauspost.list_invite(list bigint, address text, mode text,
    owner text, source text, language text DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    member hauspost.list_member := hauspost.list_find_member(list, address);
BEGIN
    PERFORM hauspost.list_act(owner, source);
    IF hauspost.list_address_problem(address) IS NOT NULL
        OR hauspost.is_list_address(address)
    THEN
        RETURN 'refused';
    ELSIF hauspost.list_is_banned(list, address) THEN
        RETURN 'banned';
    ELSIF member.state IN ('ok', 'probing') THEN
        RETURN 'already';
    END IF;
    RETURN hauspost.list_request(ROW(NULL, NULL, list, 'invite', address,
        coalesce(mode, 'normal'), hauspost.list_language(list, address,
            language), source, NULL, NULL, owner, 'confirm', NULL, NULL
        )::hauspost.list_pending, NULL);
END
$$;
COMMENT ON FUNCTION hauspost.list_invite(
    bigint, text, text, text, text, text) IS
    'An owner asks an address to join: asked, quiet, already, refused, '
    'banned or limited';

CREATE FUNCTION hauspost.list_add(list bigint, address text, mode text,
    owner text, source text, language text DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    member hauspost.list_member := hauspost.list_find_member(list, address);
BEGIN
    PERFORM hauspost.list_act(owner, source);
    IF hauspost.list_address_problem(address) IS NOT NULL THEN
        RETURN 'refused';
    ELSIF member.state IN ('ok', 'probing') THEN
        RETURN 'already';
    END IF;
    PERFORM hauspost.list_join(list, address, coalesce(mode, 'normal'),
        hauspost.list_language(list, address, language));
    RETURN 'joined';
END
$$;
COMMENT ON FUNCTION hauspost.list_add(bigint, text, text, text, text, text) IS
    'An owner adds an address without asking it, and his name is on record: '
    'joined, already or refused';

CREATE FUNCTION hauspost.list_drop(
    member bigint, actor text, source text, letter boolean DEFAULT true)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    m hauspost.list_member;
BEGIN
    SELECT * INTO m FROM hauspost.list_member AS x WHERE x.id = list_drop.member
    FOR UPDATE;
    IF m.id IS NULL THEN
        RETURN false;
    END IF;
    PERFORM hauspost.list_act(actor, source);
    PERFORM hauspost.list_part(m, CASE WHEN letter THEN 'goodbye' END);
    RETURN true;
END
$$;
COMMENT ON FUNCTION hauspost.list_drop(bigint, text, text, boolean) IS
    'Takes a member (list_member.id) off at once, with a letter or without; '
    'for tokens of members, and for owners. false: gone already';

-- Answers ------------------------------------------------------------------------

CREATE FUNCTION hauspost.list_reply(list bigint, kind text, address text,
    source text, language text DEFAULT NULL, answers text DEFAULT NULL,
    vars jsonb DEFAULT '{}')
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM hauspost.list_act(address, source);
    RETURN hauspost.list_letter_class(kind) = 'answer'
        AND hauspost.list_write(list, kind, address, vars, language, 'none',
            NULL, NULL, answers);
END
$$;
COMMENT ON FUNCTION hauspost.list_reply(
    bigint, text, text, text, text, text, jsonb) IS
    'Writes one of the answers that only tell something: help, rejected, …; '
    'false: one too many';

CREATE FUNCTION hauspost.list_get_posts() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 20';
COMMENT ON FUNCTION hauspost.list_get_posts() IS
    'Posts of the archive that go with one letter';

CREATE FUNCTION hauspost.list_get(list bigint, address text, first bigint,
    last bigint, source text, language text DEFAULT NULL,
    answers text DEFAULT NULL)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    readers text := (SELECT l.archive FROM hauspost.list AS l
        WHERE l.id = list_get.list);
    posts   bigint[];
BEGIN
    PERFORM hauspost.list_act(address, source);
    IF readers = 'public' OR readers = 'members'
        AND (hauspost.list_find_member(list, address)).id IS NOT NULL
    THEN
        posts := ARRAY(SELECT p.n FROM hauspost.list_post AS p
            WHERE p.list = list_get.list AND p.issue IS NULL
                AND hauspost.list_is_shown(p.list, p.n)
                AND p.n BETWEEN first
                AND least(last, first + hauspost.list_get_posts() - 1)
            ORDER BY p.n);
    END IF;
    RETURN hauspost.list_write(list,
        CASE WHEN posts <> '{}' THEN 'get' ELSE 'get-none' END, address,
        jsonb_build_object('posts', posts), language, 'none', NULL, NULL,
        answers);
END
$$;
COMMENT ON FUNCTION hauspost.list_get(
    bigint, text, bigint, bigint, text, text, text) IS
    'Sends posts of the archive to an address that may read it';

GRANT EXECUTE ON FUNCTION
    hauspost.list_get(bigint, text, bigint, bigint, text, text, text),
    hauspost.list_ask(bigint, text, text, text, text, text, text, text),
    hauspost.list_look(text), hauspost.list_confirm(text, text),
    hauspost.list_confirm_bounced(text),
    hauspost.list_drop(bigint, text, text, boolean),
    hauspost.list_reply(bigint, text, text, text, text, text, jsonb)
    TO hauspost_listmgr;

RESET ROLE;

-- 0079_list_letters.sql - letters on their way out.
--
--   list_letters_begin  a sender starts: what a dead one had taken is free
--   list_letters_take   the next ones, with all that their texts mention
--   list_letter_rows    the mails that a letter to moderators lists
--   list_letter_sent    Postfix has it
--   list_letter_failed  not now, or never
--
-- Whoever takes a letter has ten minutes; a sender that is killed between
-- Postfix' 250 and our mark sends that one letter twice.

SET ROLE hauspost_owner;

CREATE FUNCTION hauspost.list_mode_words(mode text, language text)
RETURNS text
LANGUAGE sql IMMUTABLE RETURN CASE mode
    WHEN 'normal' THEN
        CASE language WHEN 'de' THEN 'jeden Beitrag' ELSE 'each post' END
    WHEN 'digest' THEN CASE language
        WHEN 'de' THEN 'Sammelmails' ELSE 'digests' END
    WHEN 'nomail' THEN CASE language
        WHEN 'de' THEN 'keine Mails' ELSE 'no mail' END
END;

CREATE FUNCTION hauspost.list_verb_words(verb text, language text)
RETURNS text
LANGUAGE sql IMMUTABLE RETURN CASE verb
    WHEN 'no' THEN CASE language WHEN 'de' THEN 'nein' ELSE 'no' END
    WHEN 'drop' THEN
        CASE language WHEN 'de' THEN 'gelöscht' ELSE 'deleted' END
    WHEN 'expired' THEN
        CASE language WHEN 'de' THEN 'abgelaufen' ELSE 'expired' END
    ELSE CASE language WHEN 'de' THEN 'ja' ELSE 'yes' END
END;

CREATE FUNCTION hauspost.list_day(moment timestamptz, language text)
RETURNS text
LANGUAGE sql STABLE RETURN to_char(moment, CASE language
    WHEN 'de' THEN 'DD.MM.YYYY' ELSE 'FMDD Month YYYY' END);

-- The addresses by which a moderator answers.
CREATE FUNCTION hauspost.list_answer_addresses(
    list hauspost.list, token text)
RETURNS jsonb
LANGUAGE sql IMMUTABLE RETURN (
    SELECT jsonb_object_agg(verb,
        list.name || '+mod-' || token || '-' || verb || '@' || list.domain)
    FROM unnest('{ok,no,drop,member}'::text[]) AS verb);

CREATE FUNCTION hauspost.list_addresses(list hauspost.list) RETURNS jsonb
LANGUAGE sql IMMUTABLE RETURN jsonb_build_object(
    'list', list.name || '@' || list.domain,
    'list_id', list.list_id,
    'url', 'l/' || list.name || '@' || list.domain)
    || (SELECT jsonb_object_agg(word,
            list.name || '+' || word || '@' || list.domain)
        FROM unnest('{owner,help,subscribe,subscribe-digest,unsubscribe,
            set-normal,set-digest,set-nomail}'::text[]) AS word)
    || jsonb_build_object(
        'get', list.name || '+get-12_15@' || list.domain);
COMMENT ON FUNCTION hauspost.list_addresses(hauspost.list) IS
    'What every text of a list may mention';

CREATE FUNCTION hauspost.list_held_vars(list hauspost.list,
    held hauspost.list_held, language text, decides boolean)
RETURNS jsonb
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    token text := hauspost.list_token('held', held.id, held.created);
BEGIN
    RETURN CASE WHEN decides THEN
            hauspost.list_answer_addresses(list, token)
            || jsonb_build_object('url', 'h/' || token) ELSE '{}' END
        || jsonb_build_object(
            'sender', coalesce(held.author, nullif(held.sender, ''), '<>'),
            'subject', held.subject,
            'reason', hauspost.list_reason_words(held.reason, language),
            'expires', hauspost.list_day(held.expires, language));
END
$$;

CREATE FUNCTION hauspost.list_request_vars(
    list hauspost.list, request hauspost.list_pending, language text)
RETURNS jsonb
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    token text := hauspost.list_token(CASE request.state
        WHEN 'confirm' THEN 'pending' ELSE 'moderate' END,
        request.id, request.created);
BEGIN
    RETURN jsonb_build_object(
            'expires', hauspost.list_day(request.expires, language))
        || CASE request.state WHEN 'confirm' THEN jsonb_build_object(
                'url', 'c/' || token, 'confirm', list.name || '+confirm-'
                    || token || '@' || list.domain)
            ELSE jsonb_build_object('url', 'h/' || token)
                || hauspost.list_answer_addresses(list, token) END;
END
$$;

-- A reminder tells when the membership ends.
CREATE FUNCTION hauspost.list_letter_vars(
    letter hauspost.list_letter, list hauspost.list)
RETURNS jsonb
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    h    hauspost.list_held;
    p    hauspost.list_pending;
    m    hauspost.list_member;
    vars jsonb := hauspost.list_addresses(list)
        || jsonb_build_object('address',
            coalesce(letter.vars ->> 'applicant', letter.address));
BEGIN
    SELECT * INTO h FROM hauspost.list_held AS x WHERE x.id = letter.held;
    SELECT * INTO p FROM hauspost.list_pending AS x WHERE x.id = letter.pending;
    IF h.id IS NOT NULL THEN
        -- The author must not learn what decides about his post.
        vars := vars || hauspost.list_held_vars(
            list, h, letter.language, letter.kind = 'moderate');
    ELSIF p.id IS NOT NULL THEN
        vars := vars || hauspost.list_request_vars(list, p, letter.language);
    END IF;
    IF letter.kind = 'reminder' THEN
        m := hauspost.list_find_member(letter.list, letter.address);
        vars := vars || jsonb_build_object('expires', hauspost.list_day(
            m.since + interval '28 days', letter.language));
    ELSIF letter.kind = 'moderate-many' THEN
        vars := vars || jsonb_build_object(
            'url', (vars ->> 'url') || '/queue');
    ELSIF letter.kind = 'handled' THEN
        RETURN vars || letter.vars || jsonb_build_object('reason',
            hauspost.list_verb_words(letter.vars ->> 'reason',
                letter.language));
    END IF;
    RETURN vars || letter.vars || jsonb_strip_nulls(jsonb_build_object(
        'mode', hauspost.list_mode_words(
            letter.vars ->> 'mode', letter.language)));
END
$$;

-- Where it comes back to, as an extension of the list's address; '': nowhere.
CREATE FUNCTION hauspost.list_letter_return(letter hauspost.list_letter)
RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    p hauspost.list_pending;
BEGIN
    SELECT * INTO p FROM hauspost.list_pending AS x
    WHERE x.id = letter.pending AND x.state = 'confirm';
    RETURN CASE
        WHEN letter.return_path = 'none' THEN ''
        WHEN p.id IS NULL THEN 'c-' || hauspost.list_token(
            'letter', letter.id, letter.created)
        ELSE letter.return_path || '-' || hauspost.list_token(
            'pending', p.id, p.created)
    END;
END
$$;

CREATE TYPE hauspost.list_envelope AS (
    id          bigint,
    list        bigint,
    name        text,
    domain      text,
    kind        text,
    address     text,
    language    text,
    answers     text,
    replied     boolean,
    return_path text,
    held        bigint,
    subject     text,
    body        text,
    names       text[],
    texts       text[],
    posts       bigint[]
);
COMMENT ON COLUMN hauspost.list_envelope.replied IS
    'A mail of somebody caused it; else it comes by itself';
COMMENT ON COLUMN hauspost.list_envelope.subject IS
    'Subject of the list''s own text; NULL: it has none';
COMMENT ON COLUMN hauspost.list_envelope.body IS 'That text';
COMMENT ON COLUMN hauspost.list_envelope.posts IS
    'Numbers of the archived posts that go with it';

CREATE FUNCTION hauspost.list_letter_envelope(letter hauspost.list_letter)
RETURNS hauspost.list_envelope
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    l    hauspost.list;
    t    hauspost.list_text;
    vars jsonb;
BEGIN
    SELECT * INTO l FROM hauspost.list AS x WHERE x.id = letter.list;
    SELECT * INTO t FROM hauspost.list_text AS x
    WHERE x.list = letter.list AND x.language = letter.language
        AND x.name = letter.kind;
    vars := hauspost.list_letter_vars(letter, l);
    RETURN ROW(letter.id, l.id, l.name, l.domain, letter.kind, letter.address,
        letter.language, letter.answers,
        hauspost.list_letter_class(letter.kind) IN ('confirm', 'answer')
            AND letter.kind <> 'invite',
        hauspost.list_letter_return(letter), letter.held, t.subject, t.body,
        ARRAY(SELECT v.key FROM jsonb_each_text(vars) AS v ORDER BY v.key),
        ARRAY(SELECT v.value FROM jsonb_each_text(vars) AS v ORDER BY v.key),
        ARRAY(SELECT x::bigint
            FROM jsonb_array_elements_text(letter.vars -> 'posts') AS x)
        )::hauspost.list_envelope;
END
$$;

-- Those that Postfix had put off go with them, which does no harm.
CREATE FUNCTION hauspost.list_letters_begin(node text) RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE hauspost.list_letter AS x SET not_before = now()
    FROM hauspost.list AS l
    WHERE l.id = x.list AND x.sent IS NULL AND x.tries > 0
        AND hauspost.node_of(l.package) = list_letters_begin.node
$$;
COMMENT ON FUNCTION hauspost.list_letters_begin(text) IS
    'The one sender of a node starts';

-- A request that was confirmed or has ended meanwhile needs no letter.
CREATE FUNCTION hauspost.list_letters_take(node text, most integer)
RETURNS SETOF hauspost.list_envelope
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    letter hauspost.list_letter;
BEGIN
    DELETE FROM hauspost.list_letter AS x
    WHERE x.sent IS NULL AND x.pending IS NULL
        AND (x.kind LIKE 'confirm-%'
            OR x.kind IN ('invite', 'probe', 'reminder', 'moderate-sub'));
    FOR letter IN
        UPDATE hauspost.list_letter AS x
        SET not_before = now() + interval '10 minutes', tries = x.tries + 1
        WHERE x.id = ANY (ARRAY(
            SELECT y.id FROM hauspost.list_letter AS y
            JOIN hauspost.list AS l ON l.id = y.list
            WHERE y.sent IS NULL AND y.not_before <= now()
                AND hauspost.node_of(l.package) = list_letters_take.node
            ORDER BY y.id LIMIT most FOR UPDATE OF y SKIP LOCKED))
        RETURNING x.*
    LOOP
        RETURN NEXT hauspost.list_letter_envelope(letter);
    END LOOP;
END
$$;
COMMENT ON FUNCTION hauspost.list_letters_take(text, integer) IS
    'Letters of the lists of a node to be sent now, for ten minutes the '
    'caller''s';

-- Waiting posts for a moderator, or a day's mail to owners.
CREATE FUNCTION hauspost.list_letter_rows(letter bigint)
RETURNS TABLE (sender text, subject text, reason text, ok text, no text,
    "drop" text, member text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT v ->> 'sender', v ->> 'subject', v ->> 'reason', v ->> 'ok',
        v ->> 'no', v ->> 'drop', v ->> 'member'
    FROM (SELECT hauspost.list_held_vars(l, h, x.language, true) AS v
        FROM hauspost.list_letter AS x
        JOIN hauspost.list AS l ON l.id = x.list
        JOIN hauspost.list_held AS h ON h.list = x.list
            AND h.decision IS NULL
            AND CASE x.kind WHEN 'moderate-many' THEN h.kind = 'post'
                WHEN 'owner-held' THEN h.kind = 'owner'
                    AND h.created > (x.vars ->> 'since')::timestamptz END
        WHERE x.id = letter
        ORDER BY h.id LIMIT 100) AS held
$$;
COMMENT ON FUNCTION hauspost.list_letter_rows(bigint) IS
    'The mails that a letter lists, a hundred at most';

CREATE FUNCTION hauspost.list_letter_sent(id bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE hauspost.list_letter AS x SET sent = now()
    WHERE x.id = list_letter_sent.id
$$;
COMMENT ON FUNCTION hauspost.list_letter_sent(bigint) IS
    'It is Postfix'' now, or nobody''s';

CREATE FUNCTION hauspost.list_letter_failed(id bigint)
RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE hauspost.list_letter AS x
    SET not_before = now()
            + least(interval '4 hours', x.tries * x.tries * interval '1 minute'),
        sent = CASE WHEN x.created < now() - interval '5 days' THEN now() END
    WHERE x.id = list_letter_failed.id
$$;
COMMENT ON FUNCTION hauspost.list_letter_failed(bigint) IS
    'Try again later, for five days';

GRANT EXECUTE ON FUNCTION
    hauspost.list_letters_begin(text),
    hauspost.list_letters_take(text, integer), hauspost.list_letter_rows(bigint),
    hauspost.list_letter_sent(bigint),
    hauspost.list_letter_failed(bigint)
    TO hauspost_listmgr;

RESET ROLE;

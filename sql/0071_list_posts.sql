-- 0071_list_posts.sql - a post: its number, who gets it, and how far that is.
--
--   list_policy        what is set for a list and known of an author
--   list_post_next     the number of the next post, or none for a repeat
--   list_post_add      the post is on disk: who gets it
--   list_author_posted  one less of a new member waits for a moderator
--   list_send_begin    the one fan-out of a node starts
--   list_send_claim    the next group of members to hand over
--   list_send_members  who that is, with the tokens of each
--   list_send_done     what became of them
--   list_bounce_member, list_copy   whose bounce it is
--   list_leaver        whose link to leave at once it is
--
-- A group is the unit of safety: it is marked injecting, handed to Postfix and
-- marked sent. After a crash just the one that was being handed over is
-- uncertain; it is sent again, in smaller groups, so that nobody is missed and
-- few get a second copy.

SET ROLE hauspost_owner;

CREATE FUNCTION hauspost.list_repeat_days() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 7';
COMMENT ON FUNCTION hauspost.list_repeat_days() IS
    'Within so many days a Message-ID is posted once on a list: gateways strip '
    'the marks of loops, and Postfix repeats what it got no answer for';

CREATE FUNCTION hauspost.list_group_after_crash() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 200';
COMMENT ON FUNCTION hauspost.list_group_after_crash() IS
    'Members of a group that is sent again';

CREATE FUNCTION hauspost.list_send_days() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 5';
COMMENT ON FUNCTION hauspost.list_send_days() IS
    'Days after which Postfix is asked no more to take a copy: as long as it '
    'keeps trying itself';

-- Tokens of copies ---------------------------------------------------------------
--
-- No row stands behind them: ten thousand copies of a post would make ten
-- thousand. They carry post and member, and a signature.

CREATE FUNCTION hauspost.unbase32(text text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
    bits bit varying := B'';
    at   integer;
    n    integer := length(text) * 5 / 8;
BEGIN
    FOR i IN 1..length(text) LOOP
        at := strpos('abcdefghijklmnopqrstuvwxyz234567', substr(text, i, 1));
        IF at = 0 THEN
            RETURN NULL;
        END IF;
        bits := bits || (at - 1)::bit(5);
    END LOOP;
    RETURN (SELECT coalesce(string_agg(
            set_byte('\x00', 0, substring(bits FROM i * 8 + 1 FOR 8)
                ::bit(8)::integer), '' ORDER BY i), '')
        FROM generate_series(0, n - 1) AS i);
END
$$;
COMMENT ON FUNCTION hauspost.unbase32(text) IS
    'The opposite of base32(); NULL: it is none';

CREATE FUNCTION hauspost.list_post_mac(list bigint, n bigint) RETURNS text
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN hauspost.base32(substr(
        hauspost.list_mac(format('post %s %s', list, n)), 1, 5));
END
$$;
COMMENT ON FUNCTION hauspost.list_post_mac(bigint, bigint) IS
    'The eight characters that prove that we made a bounce address';

-- 32 bits of the post, 40 of the member, 56 of signature: 26 characters.
CREATE FUNCTION hauspost.list_copy_token(n bigint, member bigint) RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    body bytea := int4send(n::integer) || substr(int8send(member), 4, 5);
BEGIN
    RETURN hauspost.base32(body || substr(
        hauspost.list_mac('copy ' || encode(body, 'hex')), 1, 7));
END
$$;
COMMENT ON FUNCTION hauspost.list_copy_token(bigint, bigint) IS
    'Where the copy of a post for one member comes back to: b-TOKEN';

-- 64 bits of the member, 80 of signature: 29 characters.
CREATE FUNCTION hauspost.list_leave_token(member bigint) RETURNS text
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN hauspost.base32(int8send(member) || substr(
        hauspost.list_mac('leave ' || member), 1, 10));
END
$$;
COMMENT ON FUNCTION hauspost.list_leave_token(bigint) IS
    'In the link to leave at once, good as long as the membership';

CREATE FUNCTION hauspost.list_leaver(token text) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    octets bytea := hauspost.unbase32(lower(token COLLATE "C"));
    member bigint;
BEGIN
    IF octet_length(octets) <> 18 OR octets IS NULL THEN
        RETURN NULL;
    END IF;
    member := ('x' || encode(substr(octets, 1, 8), 'hex'))::bit(64)::bigint;
    RETURN CASE WHEN hauspost.list_leave_token(member)
        = lower(token COLLATE "C") THEN member END;
END
$$;
COMMENT ON FUNCTION hauspost.list_leaver(text) IS
    'list_member.id of the link, whether that member is still there or not; '
    'NULL: we made no such link';

CREATE FUNCTION hauspost.list_copy(
    token text, OUT list bigint, OUT n bigint, OUT member bigint)
RETURNS record
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    octets bytea := hauspost.unbase32(lower(token COLLATE "C"));
BEGIN
    IF octet_length(octets) <> 16 OR octets IS NULL THEN
        RETURN;
    END IF;
    n := ('x' || encode(substr(octets, 1, 4), 'hex'))::bit(32)::bigint;
    member := ('x' || encode(substr(octets, 5, 5), 'hex'))::bit(40)::bigint;
    IF hauspost.list_copy_token(n, member) = lower(token COLLATE "C") THEN
        SELECT m.list INTO list FROM hauspost.list_member AS m
        WHERE m.id = member;
    END IF;
    IF list IS NULL THEN
        n := NULL;
        member := NULL;
    END IF;
END
$$;
COMMENT ON FUNCTION hauspost.list_copy(text) IS
    'Which copy of which post came back to b-TOKEN; NULLs: none of ours, or '
    'the member has left';

CREATE FUNCTION hauspost.list_bounce_member(
    list bigint, n bigint, mac text, address text)
RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF mac IS DISTINCT FROM hauspost.list_post_mac(list, n) THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT m.id FROM hauspost.list_member AS m
        JOIN hauspost.list_address AS a ON a.id = m.address
        WHERE m.list = list_bounce_member.list
            AND a.key = lower(list_bounce_member.address COLLATE "C"));
END
$$;
COMMENT ON FUNCTION
    hauspost.list_bounce_member(bigint, bigint, text, text) IS
    'Whose bounce came to b-N.MAC-user=domain; NULL: we made no such address, '
    'or the member has left';

-- May it be posted? -------------------------------------------------------------

CREATE FUNCTION hauspost.list_is_pattern_of(pattern text, address text)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    pattern IN (address, '@' || hauspost.domain_of(address));

CREATE FUNCTION hauspost.list_author(list bigint, author text) RETURNS text
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN coalesce(
        (SELECT m.role FROM hauspost.list_member AS m
            JOIN hauspost.list_address AS a ON a.id = m.address
            WHERE m.list = list_author.list AND a.key = author),
        (SELECT 'allowed' FROM hauspost.list_allow AS w
            WHERE w.list = list_author.list
                AND hauspost.list_is_pattern_of(w.pattern, author) LIMIT 1),
        'stranger');
END
$$;

-- Asked by an address, or by a leaf of the queue; no row where that is no list
-- or a command to one.
CREATE FUNCTION hauspost.list_policy(recipient text, author text)
RETURNS TABLE (id bigint, address text, list_id text, german boolean,
    policy text, nonmember_action text, spam_action text, hold boolean,
    allow_bcc boolean, banned boolean, max_size bigint,
    max_recipients integer, author_is text, held_posts_left integer,
    actions text[], headers text[], patterns text[], negates text[])
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    place text := coalesce((hauspost.leaf(recipient)).address, recipient);
    who   text := lower(list_policy.author COLLATE "C");
BEGIN
    RETURN QUERY
    SELECT l.id, l.name || '@' || l.domain, l.list_id, l.language = 'de',
        l.policy, l.nonmember_action, l.spam_action, l.hold, l.allow_bcc,
        EXISTS (SELECT FROM hauspost.list_ban AS b
            WHERE coalesce(b.list, l.id) = l.id
                AND hauspost.list_is_pattern_of(b.pattern, who)),
        l.max_size, l.max_recipients, hauspost.list_author(l.id, who),
        coalesce((SELECT m.held_posts_left FROM hauspost.list_member AS m
            JOIN hauspost.list_address AS a ON a.id = m.address
            WHERE m.list = l.id AND a.key = who), 0),
        r.actions, r.headers, r.patterns, r.negates
    FROM hauspost.list AS l
    CROSS JOIN LATERAL (
        SELECT array_agg(x.action ORDER BY x.position, x.id) AS actions,
            array_agg(x.header ORDER BY x.position, x.id) AS headers,
            array_agg(x.pattern ORDER BY x.position, x.id) AS patterns,
            array_agg(CASE WHEN x.negate THEN 'not' ELSE '' END
                ORDER BY x.position, x.id) AS negates
        FROM hauspost.list_header_rule AS x WHERE x.list = l.id) AS r
    WHERE l.domain = hauspost.domain_of(place)
        AND l.name = hauspost.local_of(place);
END
$$;
COMMENT ON FUNCTION hauspost.list_policy(text, text) IS
    'What is set for posts to a list, and what is known of this author';

-- A new post ---------------------------------------------------------------------

-- Locks the list until the end of the transaction, in which list_post_add()
-- follows: numbers come in order, none is missing, and a repeat that came by
-- another session waits and is found.
CREATE FUNCTION hauspost.list_post_next(list bigint, message_id text)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    number bigint;
BEGIN
    SELECT s.next_post INTO number FROM hauspost.list_state AS s
    WHERE s.list = list_post_next.list FOR UPDATE;
    IF EXISTS (SELECT FROM hauspost.list_post AS p
        WHERE p.list = list_post_next.list
            AND p.message_id = list_post_next.message_id
            AND p.posted > now()
                - make_interval(days => hauspost.list_repeat_days())) THEN
        RETURN NULL;
    END IF;
    UPDATE hauspost.list_state AS s SET next_post = number + 1
    WHERE s.list = list_post_next.list;
    RETURN number;
END
$$;
COMMENT ON FUNCTION hauspost.list_post_next(bigint, text) IS
    'The number of a new post; NULL: it was posted already, or there is no '
    'such list';

-- A return path that XVERP makes: NAME+b-N.MAC-USER=DOMAIN@. Over 64 octets
-- some servers refuse it, and quotes do not survive all of them; so such
-- members get a copy of their own.
CREATE FUNCTION hauspost.list_needs_own_copy(
    name text, n bigint, address text)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    octet_length(name) + length(n::text) + 13 + octet_length(address) > 64
    OR left(address, 1) = '"';

-- Digests go to those who want no single posts.
CREATE FUNCTION hauspost.list_mode_of(list bigint, n bigint) RETURNS text
LANGUAGE sql STABLE RETURN (
    SELECT CASE WHEN p.issue IS NULL THEN 'normal' ELSE 'digest' END
    FROM hauspost.list_post AS p
    WHERE p.list = list_mode_of.list AND p.n = list_mode_of.n);
COMMENT ON FUNCTION hauspost.list_mode_of(bigint, bigint) IS
    'Members of which mode get it';

-- By domain, so that Postfix finds those of one server together.
CREATE FUNCTION hauspost.list_send_plan(
    l hauspost.list, n bigint, group_members integer)
RETURNS integer
LANGUAGE plpgsql
AS $$
DECLARE
    members integer;
BEGIN
    INSERT INTO hauspost.list_send (list, n, group_no, fanout, members)
    SELECT l.id, list_send_plan.n, row_number() OVER (ORDER BY g.own, g.part),
        CASE WHEN g.own THEN 'personal' ELSE 'shared' END, g.ids
    FROM (
        SELECT p.own, p.place / CASE WHEN p.own
                THEN hauspost.list_group_after_crash()
                ELSE group_members END AS part,
            array_agg(p.id ORDER BY p.place) AS ids
        FROM (
            SELECT m.id, o.own, row_number() OVER (PARTITION BY o.own
                ORDER BY hauspost.domain_of(a.key), a.key) - 1 AS place
            FROM hauspost.list_member AS m
            JOIN hauspost.list_address AS a ON a.id = m.address
            CROSS JOIN LATERAL (SELECT l.fanout = 'personal'
                OR hauspost.list_needs_own_copy(
                    l.name, list_send_plan.n, a.address)) AS o (own)
            WHERE m.list = l.id
                AND m.mode = hauspost.list_mode_of(l.id, list_send_plan.n)
                AND m.state IN ('ok', 'probing')) AS p
        GROUP BY 1, 2) AS g;
    SELECT coalesce(sum(cardinality(s.members)), 0) INTO members
    FROM hauspost.list_send AS s
    WHERE s.list = l.id AND s.n = list_send_plan.n;
    RETURN members;
END
$$;

CREATE FUNCTION hauspost.list_post_send(
    l hauspost.list, n bigint, group_members integer)
RETURNS integer
LANGUAGE plpgsql
AS $$
DECLARE
    to_send integer := hauspost.list_send_plan(l, n, group_members);
BEGIN
    UPDATE hauspost.list_post AS p
    SET members = to_send, sent = CASE to_send WHEN 0 THEN now() END
    WHERE p.list = l.id AND p.n = list_post_send.n;
    PERFORM pg_notify('hauspost_list', 'post');
    RETURN to_send;
END
$$;

CREATE FUNCTION hauspost.list_post_add(list bigint, n bigint,
    message_id text, from_name text, from_mail text, subject text,
    date bigint, parents text[], size_bytes bigint, group_members integer)
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    l hauspost.list;
BEGIN
    SELECT * INTO l FROM hauspost.list AS x WHERE x.id = list_post_add.list;
    INSERT INTO hauspost.list_post (list, n, message_id, from_name, from_mail,
        subject, date, in_reply_to, refs, size_bytes)
    VALUES (list_post_add.list, list_post_add.n, list_post_add.message_id,
        list_post_add.from_name, lower(list_post_add.from_mail COLLATE "C"),
        list_post_add.subject, to_timestamp(list_post_add.date), parents[1],
        parents, list_post_add.size_bytes);
    RETURN hauspost.list_post_send(l, list_post_add.n, group_members);
END
$$;
COMMENT ON FUNCTION hauspost.list_post_add(bigint, bigint, text, text, text,
    text, bigint, text[], bigint, integer) IS
    'A post that is on disk goes out; how many members get it';

-- Besides list_post_add(), since a list that is anonymous has not kept who that
-- was.
CREATE FUNCTION hauspost.list_author_posted(list bigint, author text)
RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE hauspost.list_member AS m
    SET held_posts_left = m.held_posts_left - 1
    FROM hauspost.list_address AS a
    WHERE m.list = list_author_posted.list AND a.id = m.address
        AND a.key = lower(list_author_posted.author COLLATE "C")
        AND m.held_posts_left > 0
$$;
COMMENT ON FUNCTION hauspost.list_author_posted(bigint, text) IS
    'A post of his went out: one less of a new member waits';

-- The way out --------------------------------------------------------------------

-- The lock is the session's: it goes when the program does, however it does.
CREATE FUNCTION hauspost.list_send_begin(node text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    s    hauspost.list_send;
    size integer := hauspost.list_group_after_crash();
BEGIN
    IF NOT pg_try_advisory_lock(
            hashtext('hauspost.list_send'), hashtext(node)) THEN
        RETURN false;
    END IF;
    FOR s IN SELECT x.* FROM hauspost.list_send AS x
        JOIN hauspost.list AS l ON l.id = x.list
        WHERE x.state = 'injecting' AND hauspost.node_of(l.package) = node
        FOR UPDATE OF x
    LOOP
        DELETE FROM hauspost.list_send AS x
        WHERE (x.list, x.n, x.group_no) = (s.list, s.n, s.group_no);
        INSERT INTO hauspost.list_send
            (list, n, group_no, fanout, members, tries)
        SELECT s.list, s.n, hauspost.list_next_group(s.list, s.n) + part,
            s.fanout, s.members[part * size + 1:(part + 1) * size], s.tries
        FROM generate_series(0, (cardinality(s.members) - 1) / size) AS part;
    END LOOP;
    RETURN true;
END
$$;
COMMENT ON FUNCTION hauspost.list_send_begin(text) IS
    'The fan-out of a node starts; false: there is one. What a dead one was '
    'handing over is sent again';

CREATE FUNCTION hauspost.list_next_group(list bigint, n bigint)
RETURNS integer
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN (SELECT coalesce(max(s.group_no), 0) + 1
        FROM hauspost.list_send AS s
        WHERE s.list = list_next_group.list AND s.n = list_next_group.n);
END
$$;

-- First groups go first: a small list does not wait for a large one.
CREATE FUNCTION hauspost.list_send_claim(node text)
RETURNS TABLE (list bigint, n bigint, group_no integer, fanout text,
    mac text, digest boolean)
LANGUAGE plpgsql SECURITY DEFINER ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    UPDATE hauspost.list_send AS s SET state = 'injecting'
    FROM hauspost.list_post AS p
    WHERE (s.list, s.n, s.group_no) = (
            SELECT x.list, x.n, x.group_no FROM hauspost.list_send AS x
            JOIN hauspost.list AS l ON l.id = x.list
            WHERE x.state = 'waiting' AND x.not_before <= now()
                AND hauspost.node_of(l.package) = node
            ORDER BY x.group_no, x.not_before
            LIMIT 1
            FOR UPDATE OF x SKIP LOCKED)
        AND p.list = s.list AND p.n = s.n
    RETURNING s.list, s.n, s.group_no, s.fanout,
        hauspost.list_post_mac(s.list, s.n), p.issue IS NOT NULL;
END
$$;
COMMENT ON FUNCTION hauspost.list_send_claim(text) IS
    'The next group that is due, which is being handed over from now on; no '
    'row: there is none';

-- Tokens only where each has a copy of its own, since they cost time.
CREATE FUNCTION hauspost.list_send_members(
    list bigint, n bigint, group_no integer, personal boolean)
RETURNS TABLE (member bigint, address text, bounce text, leave text)
LANGUAGE sql STABLE SECURITY DEFINER ROWS 1000
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT m.id, a.address,
        CASE WHEN personal THEN hauspost.list_copy_token(s.n, m.id) END,
        CASE WHEN personal THEN hauspost.list_leave_token(m.id) END
    FROM hauspost.list_send AS s
    CROSS JOIN LATERAL unnest(s.members) WITH ORDINALITY AS u (id, place)
    JOIN hauspost.list_member AS m ON m.id = u.id
    JOIN hauspost.list_address AS a ON a.id = m.address
    WHERE s.list = list_send_members.list AND s.n = list_send_members.n
        AND s.group_no = list_send_members.group_no
        AND m.mode = hauspost.list_mode_of(s.list, s.n)
        AND m.state IN ('ok', 'probing')
    ORDER BY u.place
$$;
COMMENT ON FUNCTION
    hauspost.list_send_members(bigint, bigint, integer, boolean) IS
    'Who of a group is still there and wants every post';

CREATE FUNCTION hauspost.list_refused(
    list bigint, n bigint, member bigint, dsn text, reply text)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    kind text := CASE
        WHEN dsn ~ '^5[.][67][.]' THEN 'policy'
        WHEN dsn ~ '^5[.](1[.](1|2|3|6|10)|2[.]1|4[.]4)$' THEN 'hard'
        ELSE 'soft' END;
BEGIN
    PERFORM hauspost.list_bounced(list, n, member, kind,
        CASE kind WHEN 'policy' THEN 0 WHEN 'hard' THEN 1 ELSE 0.5 END,
        dsn, reply);
END
$$;

-- The rest of a group that Postfix took in part, or not at all, for now.
CREATE FUNCTION hauspost.list_send_later(
    s hauspost.list_send, later bigint[], wait interval)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    IF cardinality(later) = 0 OR (SELECT p.posted < now()
            - make_interval(days => hauspost.list_send_days())
        FROM hauspost.list_post AS p WHERE p.list = s.list AND p.n = s.n)
    THEN
        RETURN;
    END IF;
    INSERT INTO hauspost.list_send
        (list, n, group_no, fanout, members, tries, not_before)
    VALUES (s.list, s.n, hauspost.list_next_group(s.list, s.n), s.fanout,
        later, s.tries + 1, now() + wait);
END
$$;

CREATE FUNCTION hauspost.list_send_done(list bigint, n bigint,
    group_no integer, later bigint[], wait interval,
    refused bigint[], dsns text[], replies text[])
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    s hauspost.list_send;
BEGIN
    UPDATE hauspost.list_send AS x SET state = 'sent', members = '{}'
    WHERE x.list = list_send_done.list AND x.n = list_send_done.n
        AND x.group_no = list_send_done.group_no
    RETURNING * INTO s;
    PERFORM hauspost.list_send_later(s, later, coalesce(wait,
        least(interval '5 minutes' * 2 ^ s.tries, interval '4 hours')));
    PERFORM hauspost.list_refused(s.list, s.n, r.member, r.dsn, r.reply)
    FROM unnest(refused, dsns, replies) AS r (member, dsn, reply);
    UPDATE hauspost.list_post AS p SET sent = now()
    WHERE p.list = s.list AND p.n = s.n AND p.sent IS NULL
        AND NOT EXISTS (SELECT FROM hauspost.list_send AS x
            WHERE x.list = s.list AND x.n = s.n AND x.state <> 'sent');
END
$$;
COMMENT ON FUNCTION hauspost.list_send_done(bigint, bigint, integer, bigint[],
    interval, bigint[], text[], text[]) IS
    'A group was handed over: these members later (wait NULL: the longer the '
    'more often that was), those were refused for good';

CREATE FUNCTION hauspost.list_signs(domain text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
RETURN EXISTS (SELECT FROM hauspost.dkim_key AS k
    WHERE k.domain = list_signs.domain AND k.signs);
COMMENT ON FUNCTION hauspost.list_signs(text) IS
    'Posts of lists at this domain are signed by it';

-- For poll(2): how long until something is due.
CREATE FUNCTION hauspost.list_send_wait(node text) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT greatest(0, ceil(1000 * extract(epoch FROM
        min(s.not_before) - now())))::bigint
    FROM hauspost.list_send AS s
    JOIN hauspost.list AS l ON l.id = s.list
    WHERE s.state = 'waiting' AND hauspost.node_of(l.package) = node
$$;
COMMENT ON FUNCTION hauspost.list_send_wait(text) IS
    'Milliseconds until the next group is due; NULL: none waits';

GRANT EXECUTE ON FUNCTION hauspost.list_policy(text, text)
    TO hauspost_milter, hauspost_listmgr;
GRANT EXECUTE ON FUNCTION
    hauspost.list_post_next(bigint, text),
    hauspost.list_post_add(bigint, bigint, text, text, text, text, bigint,
        text[], bigint, integer),
    hauspost.list_author_posted(bigint, text),
    hauspost.list_send_begin(text), hauspost.list_send_claim(text),
    hauspost.list_send_members(bigint, bigint, integer, boolean),
    hauspost.list_send_done(bigint, bigint, integer, bigint[], interval,
        bigint[], text[], text[]),
    hauspost.list_send_wait(text), hauspost.list_signs(text),
    hauspost.list_bounce_member(bigint, bigint, text, text),
    hauspost.list_copy(text)
    TO hauspost_listmgr;

RESET ROLE;

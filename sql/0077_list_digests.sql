-- 0077_list_digests.sql - several posts in one message, for members who want
-- it so.
--
--   list_digest_due    lists of a node whose posts have waited long enough
--   list_digest_begin  which posts, and the number of the issue
--   list_digest_add    the issue is on disk: who gets it
--
-- An issue is a post of the list's own: it has a number, its way out in groups
-- and its bounces like any other, but only members in digest mode get it, and
-- neither archive nor the next issue has it.

SET ROLE hauspost_owner;

ALTER TABLE hauspost.list_state
    ADD COLUMN digested bigint NOT NULL DEFAULT 0,
    ADD COLUMN volume integer NOT NULL DEFAULT 1,
    ADD COLUMN issue integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN hauspost.list_state.digested IS
    'Posts up to this number were in a digest';
COMMENT ON COLUMN hauspost.list_state.volume IS
    'Year of the list that its last digest was of, counted from 1';
COMMENT ON COLUMN hauspost.list_state.issue IS
    'Number of its last digest in that year';

-- What is older than this waits no longer; the hour is that of the server.
CREATE FUNCTION hauspost.list_digest_moment(hour integer) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE RETURN
    date_trunc('day', now() - make_interval(hours => hour))
        + make_interval(hours => hour);
COMMENT ON FUNCTION hauspost.list_digest_moment(integer) IS
    'When it was last this hour of the day';

CREATE FUNCTION hauspost.list_digest_due(node text) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT l.id FROM hauspost.list AS l
    JOIN (SELECT p.list, count(*) AS posts, sum(p.size_bytes) AS bytes,
            min(p.posted) AS oldest
        FROM hauspost.list_state AS s
        JOIN hauspost.list_post AS p ON p.list = s.list AND p.n > s.digested
        WHERE p.issue IS NULL AND s.next_post > s.digested + 1
        GROUP BY p.list) AS w ON w.list = l.id
    WHERE hauspost.node_of(l.package) = node
        AND (w.posts >= l.digest_posts OR w.bytes >= l.digest_bytes
            OR w.oldest < hauspost.list_digest_moment(l.digest_hour))
    ORDER BY l.id
$$;
COMMENT ON FUNCTION hauspost.list_digest_due(text) IS
    'list.id of each list whose posts have waited long enough';

CREATE FUNCTION hauspost.list_digest_members(list bigint) RETURNS boolean
LANGUAGE sql STABLE RETURN EXISTS (
    SELECT FROM hauspost.list_member AS m
    WHERE m.list = list_digest_members.list AND m.mode = 'digest'
        AND m.state IN ('ok', 'probing'));

-- Posts of one issue: as many as fit in its limits, but one at least.
CREATE FUNCTION hauspost.list_digest_posts(s hauspost.list_state)
RETURNS bigint[]
LANGUAGE sql STABLE RETURN ARRAY(
    SELECT w.n FROM (
        SELECT p.n, row_number() OVER o AS place,
            sum(p.size_bytes) OVER o - p.size_bytes AS before
        FROM hauspost.list_post AS p
        WHERE p.list = s.list AND p.n > s.digested AND p.issue IS NULL
        WINDOW o AS (ORDER BY p.n)) AS w
    JOIN hauspost.list AS l ON l.id = s.list
    WHERE w.place <= l.digest_posts AND w.before < l.digest_bytes
    ORDER BY w.n);

-- Nobody wants it: whoever changes to digests begins with the next post.
CREATE FUNCTION hauspost.list_digest_skip(list bigint) RETURNS void
LANGUAGE sql
AS $$
    UPDATE hauspost.list_state AS s SET digested = s.next_post - 1
    WHERE s.list = list_digest_skip.list
$$;

-- Locks the list until the end of the transaction, in which list_digest_add()
-- follows: two programs make no issue twice.
CREATE FUNCTION hauspost.list_digest_begin(list bigint)
RETURNS TABLE (n bigint, volume integer, issue integer, posts bigint[],
    head text, foot text)
LANGUAGE plpgsql SECURITY DEFINER ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    s hauspost.list_state;
    l hauspost.list;
BEGIN
    SELECT * INTO s FROM hauspost.list_state AS x
    WHERE x.list = list_digest_begin.list FOR UPDATE;
    SELECT * INTO l FROM hauspost.list AS x WHERE x.id = s.list;
    IF NOT hauspost.list_digest_members(s.list) THEN
        PERFORM hauspost.list_digest_skip(s.list);
        RETURN;
    END IF;
    posts := hauspost.list_digest_posts(s);
    IF posts = '{}' THEN
        RETURN;
    END IF;
    n := s.next_post;
    volume := extract(year FROM age(now(), l.created)) + 1;
    issue := CASE volume WHEN s.volume THEN s.issue ELSE 0 END + 1;
    head := (SELECT t.body FROM hauspost.list_text AS t WHERE t.list = l.id
        AND t.language = l.language AND t.name = 'digest-head');
    foot := (SELECT t.body FROM hauspost.list_text AS t WHERE t.list = l.id
        AND t.language = l.language AND t.name = 'digest-foot');
    UPDATE hauspost.list_state AS x
    SET next_post = n + 1, digested = posts[cardinality(posts)],
        volume = list_digest_begin.volume, issue = list_digest_begin.issue
    WHERE x.list = s.list;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION hauspost.list_digest_begin(bigint) IS
    'The next issue and its posts; head and foot NULL: the usual texts. No '
    'row: nothing waits, or nobody wants it';

CREATE FUNCTION hauspost.list_digest_add(list bigint, n bigint,
    issue integer, message_id text, subject text, size_bytes bigint,
    group_members integer)
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    l hauspost.list;
BEGIN
    SELECT * INTO l FROM hauspost.list AS x WHERE x.id = list_digest_add.list;
    INSERT INTO hauspost.list_post (list, n, issue, message_id, from_name,
        from_mail, subject, date, size_bytes)
    VALUES (l.id, list_digest_add.n, list_digest_add.issue,
        list_digest_add.message_id, l.title, l.name || '@' || l.domain,
        list_digest_add.subject, now(), list_digest_add.size_bytes);
    RETURN hauspost.list_post_send(l, list_digest_add.n, group_members);
END
$$;
COMMENT ON FUNCTION hauspost.list_digest_add(
    bigint, bigint, integer, text, text, bigint, integer) IS
    'An issue that is on disk goes out; how many members get it';

GRANT EXECUTE ON FUNCTION
    hauspost.list_digest_due(text), hauspost.list_digest_begin(bigint),
    hauspost.list_digest_add(
        bigint, bigint, integer, text, text, bigint, integer)
    TO hauspost_listmgr;

RESET ROLE;

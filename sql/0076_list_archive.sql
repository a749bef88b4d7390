-- 0076_list_archive.sql - posts of lists as the web shows them.
--
--   list_archived   a row for each post that was read: its words for searching,
--                   and whether anybody sees it
--   list_unread     posts that were not read yet
--   list_months, list_threads, list_thread, list_message, list_search, …
--                   pages; the caller has asked list_visit() who may read
--
-- A post is shown once it was read: only its header tells whether its author
-- wants it in no archive.

SET ROLE hauspost_owner;

CREATE TABLE hauspost.list_archived (
    list    bigint NOT NULL,
    n       bigint NOT NULL,
    hidden  boolean NOT NULL DEFAULT false,
    removed timestamptz,
    removed_by text,
    erased  timestamptz,
    words   tsvector NOT NULL DEFAULT '',
    PRIMARY KEY (list, n),
    FOREIGN KEY (list, n) REFERENCES hauspost.list_post ON DELETE CASCADE
);
COMMENT ON TABLE hauspost.list_archived IS
    'Posts as the archive shows them';
COMMENT ON COLUMN hauspost.list_archived.list IS 'list.id';
COMMENT ON COLUMN hauspost.list_archived.n IS 'list_post.n';
COMMENT ON COLUMN hauspost.list_archived.hidden IS
    'Its author did not want it here: X-No-Archive: yes';
COMMENT ON COLUMN hauspost.list_archived.removed IS
    'When it was taken down: subject and author stay, text and file go';
COMMENT ON COLUMN hauspost.list_archived.removed_by IS 'By whom';
COMMENT ON COLUMN hauspost.list_archived.erased IS
    'When the list manager had deleted its file';
COMMENT ON COLUMN hauspost.list_archived.words IS 'For searching';
CREATE INDEX ON hauspost.list_archived USING gin (words);
CREATE INDEX ON hauspost.list_archived (removed)
    WHERE removed IS NOT NULL AND erased IS NULL;

ALTER TABLE hauspost.list_state
    ADD COLUMN archived bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN hauspost.list_state.archived IS
    'Posts up to this number are in the archive';

CREATE FUNCTION hauspost.list_words(language text) RETURNS regconfig
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE language WHEN 'de' THEN 'pg_catalog.german'::regconfig
    ELSE 'pg_catalog.english'::regconfig END;
COMMENT ON FUNCTION hauspost.list_words(text) IS
    'How words of a language are found in all their forms';

-- Reading ------------------------------------------------------------------------

-- A number is taken in the transaction that writes the post, so they come in
-- order and none is missed.
CREATE FUNCTION hauspost.list_unread(most integer)
RETURNS TABLE (list bigint, n bigint)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p.list, p.n FROM hauspost.list_state AS s
    JOIN hauspost.list AS l ON l.id = s.list AND l.archive <> 'off'
    JOIN hauspost.list_post AS p ON p.list = s.list AND p.n > s.archived
        AND p.issue IS NULL -- a digest repeats what is there
    ORDER BY p.list, p.n LIMIT most
$$;
COMMENT ON FUNCTION hauspost.list_unread(integer) IS
    'Posts that list_archive() was not told of';

-- "Re: ", "AW: [list] " and the like at the front of a subject.
CREATE FUNCTION hauspost.list_base_subject(subject text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN lower(regexp_replace(subject,
    '^\s*(((re|aw|antw|sv|wg|fw|fwd)(\[\d+\])?\s*:|\[[^]]*\])\s*)+',
    '', 'i'));
COMMENT ON FUNCTION hauspost.list_base_subject(text) IS
    'What the subjects of a thread have in common';

-- By References from the right, then In-Reply-To (refs has them in this order);
-- where a client writes neither, an answer of the last week by its subject. A
-- subject that is no answer begins a thread: "Newsletter" comes each month.
CREATE FUNCTION hauspost.list_thread_of(p hauspost.list_post) RETURNS bigint
LANGUAGE sql STABLE RETURN coalesce(p.thread,
    (SELECT coalesce(q.thread, q.n)
        FROM unnest(p.refs) WITH ORDINALITY AS r (id, place)
        JOIN hauspost.list_post AS q
            ON q.list = p.list AND q.message_id = r.id AND q.n < p.n
                AND q.issue IS NULL
        ORDER BY r.place, q.n DESC LIMIT 1),
    (SELECT coalesce(q.thread, q.n) FROM hauspost.list_post AS q
        WHERE p.refs = '{}' AND p.subject ~* '^\s*(re|aw|antw|sv)\y'
            AND q.list = p.list AND q.n BETWEEN p.n - 1000 AND p.n - 1
            AND q.issue IS NULL
            AND q.posted > p.posted - interval '7 days'
            AND hauspost.list_base_subject(q.subject)
                = hauspost.list_base_subject(p.subject)
        ORDER BY q.n DESC LIMIT 1),
    p.n);
COMMENT ON FUNCTION hauspost.list_thread_of(hauspost.list_post) IS
    'Number of the post that its thread begins with';

CREATE FUNCTION hauspost.list_post_words(p hauspost.list_post, content text)
RETURNS tsvector
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT setweight(to_tsvector(c, p.subject), 'A')
        || setweight(to_tsvector('pg_catalog.simple', p.from_name), 'B')
        || setweight(to_tsvector(c, content), 'D')
    FROM hauspost.list AS l
    CROSS JOIN hauspost.list_words(l.language) AS c
    WHERE l.id = p.list;
END;

CREATE FUNCTION hauspost.list_archive(
    list bigint, n bigint, hidden boolean, content text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    p hauspost.list_post;
BEGIN
    SELECT * INTO p FROM hauspost.list_post AS x
    WHERE x.list = list_archive.list AND x.n = list_archive.n;
    UPDATE hauspost.list_post AS x SET thread = hauspost.list_thread_of(p)
    WHERE x.list = p.list AND x.n = p.n;
    INSERT INTO hauspost.list_archived (list, n, hidden, words)
    VALUES (p.list, p.n, hidden, CASE WHEN hidden THEN ''::tsvector
        ELSE hauspost.list_post_words(p, content) END)
    ON CONFLICT DO NOTHING;
    UPDATE hauspost.list_state AS s SET archived = p.n
    WHERE s.list = p.list AND s.archived < p.n;
END
$$;
COMMENT ON FUNCTION hauspost.list_archive(bigint, bigint, boolean, text) IS
    'A post was read: what it says, or that nobody shall see it';

-- Showing ------------------------------------------------------------------------

CREATE VIEW hauspost.list_seen AS
SELECT p.list, p.n, coalesce(p.thread, p.n) AS thread, p.posted, p.message_id,
    p.from_name, p.from_mail, p.subject, coalesce(p.date, p.posted) AS date,
    p.in_reply_to, p.size_bytes, a.removed, a.words
FROM hauspost.list_post AS p
JOIN hauspost.list_archived AS a USING (list, n)
WHERE NOT a.hidden;
COMMENT ON VIEW hauspost.list_seen IS 'Posts that the archive shows';

-- For other ways to old posts, which may be asked before we have read one.
CREATE FUNCTION hauspost.list_is_shown(list bigint, n bigint) RETURNS boolean
LANGUAGE sql STABLE RETURN NOT EXISTS (
    SELECT FROM hauspost.list_archived AS a
    WHERE a.list = list_is_shown.list AND a.n = list_is_shown.n
        AND (a.hidden OR a.removed IS NOT NULL));
COMMENT ON FUNCTION hauspost.list_is_shown(bigint, bigint) IS
    'Neither its author nor who runs the list has taken the post away';

CREATE FUNCTION hauspost.list_months(list bigint)
RETURNS TABLE (month text, posts bigint)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT to_char(p.posted AT TIME ZONE 'UTC', 'YYYY-MM') AS month, count(*)
    FROM hauspost.list_seen AS p WHERE p.list = list_months.list
    GROUP BY 1 ORDER BY 1 DESC
$$;
COMMENT ON FUNCTION hauspost.list_months(bigint) IS
    'Months that have posts, the newest first';

-- month NULL: those that were written to last.
CREATE FUNCTION hauspost.list_threads(
    list bigint, month text, skip bigint, most bigint)
RETURNS TABLE (n bigint, message_id text, subject text, from_name text,
    from_mail text, posts bigint, last timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    WITH threads AS (
        SELECT p.thread, count(*) AS posts, min(p.n) AS first,
            max(p.posted) AS last
        FROM hauspost.list_seen AS p WHERE p.list = list_threads.list
        GROUP BY p.thread)
    SELECT p.n, p.message_id, p.subject, p.from_name, p.from_mail, t.posts,
        t.last
    FROM threads AS t
    JOIN hauspost.list_seen AS p
        ON p.list = list_threads.list AND p.n = t.first
    WHERE list_threads.month IS NULL
        OR to_char(p.posted AT TIME ZONE 'UTC', 'YYYY-MM') = month
    ORDER BY CASE WHEN month IS NULL THEN t.last ELSE p.posted END DESC,
        p.n DESC
    OFFSET skip LIMIT most
$$;
COMMENT ON FUNCTION hauspost.list_threads(bigint, text, bigint, bigint) IS
    'Threads that began in a month, or all; the newest first';

CREATE FUNCTION hauspost.list_message(
    list bigint, message_id text, number bigint DEFAULT NULL)
RETURNS SETOF hauspost.list_seen
LANGUAGE sql STABLE SECURITY DEFINER ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT * FROM hauspost.list_seen AS p
    WHERE p.list = list_message.list
        AND p.message_id = list_message.message_id
        AND (number IS NULL OR p.n = number)
    ORDER BY p.n LIMIT 1
$$;
COMMENT ON FUNCTION hauspost.list_message(bigint, text, bigint) IS
    'A post by its Message-ID, which may occur again: then also by number';

CREATE FUNCTION hauspost.list_thread(list bigint, thread bigint, most bigint)
RETURNS SETOF hauspost.list_seen
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT * FROM hauspost.list_seen AS p
    WHERE p.list = list_thread.list AND p.thread = list_thread.thread
    ORDER BY p.n LIMIT most
$$;
COMMENT ON FUNCTION hauspost.list_thread(bigint, bigint, bigint) IS
    'The posts of a thread, the oldest first';

CREATE FUNCTION hauspost.list_month(list bigint, month text, most bigint)
RETURNS SETOF hauspost.list_seen
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT * FROM hauspost.list_seen AS p
    WHERE p.list = list_month.list
        AND p.posted >= (month || '-01')::timestamp AT TIME ZONE 'UTC'
        AND p.posted < ((month || '-01')::timestamp + interval '1 month')
            AT TIME ZONE 'UTC'
    ORDER BY p.n LIMIT most
$$;
COMMENT ON FUNCTION hauspost.list_month(bigint, text, bigint) IS
    'The posts of a month, the oldest first';

CREATE FUNCTION hauspost.list_latest(list bigint, most bigint)
RETURNS SETOF hauspost.list_seen
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT * FROM hauspost.list_seen AS p
    WHERE p.list = list_latest.list AND p.removed IS NULL
    ORDER BY p.n DESC LIMIT most
$$;
COMMENT ON FUNCTION hauspost.list_latest(bigint, bigint) IS
    'The last posts, the newest first';

CREATE FUNCTION hauspost.list_search(
    list bigint, query text, skip bigint, most bigint)
RETURNS SETOF hauspost.list_seen
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p.* FROM hauspost.list AS l
    CROSS JOIN websearch_to_tsquery(
        hauspost.list_words(l.language), query) AS q
    JOIN hauspost.list_seen AS p ON p.list = l.id AND p.words @@ q
    WHERE l.id = list_search.list
    ORDER BY ts_rank(p.words, q) DESC, p.n DESC
    OFFSET skip LIMIT most
$$;
COMMENT ON FUNCTION hauspost.list_search(bigint, text, bigint, bigint) IS
    'Posts with these words (websearch_to_tsquery), the best first';

CREATE FUNCTION hauspost.list_take_down(
    list bigint, n bigint, session text, source text)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    moderator text := hauspost.list_moderator(list,
        ARRAY[(hauspost.list_visitor(session)).address]);
BEGIN
    UPDATE hauspost.list_archived AS a
    SET removed = now(), removed_by = moderator, words = ''
    WHERE a.list = list_take_down.list AND a.n = list_take_down.n
        AND a.removed IS NULL AND moderator IS NOT NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM hauspost.list_act(moderator, source);
    PERFORM hauspost.list_note(list, moderator, 'removed',
        jsonb_build_object('post', n));
    RETURN true;
END
$$;
COMMENT ON FUNCTION hauspost.list_take_down(bigint, bigint, text, text) IS
    'A visitor who moderates the list takes a post down; false: not he, or '
    'it was before';

-- The web pages cannot write: the list manager does it, and is woken up by
-- whoever sets the column.
CREATE FUNCTION hauspost.list_post_removed() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM pg_notify('hauspost_list', 'removed');
    RETURN NULL;
END
$$;
CREATE TRIGGER removed AFTER UPDATE OF removed ON hauspost.list_archived
    FOR EACH STATEMENT EXECUTE FUNCTION hauspost.list_post_removed();

CREATE FUNCTION hauspost.list_to_erase(node text)
RETURNS TABLE (list bigint, n bigint)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT a.list, a.n FROM hauspost.list_archived AS a
    JOIN hauspost.list AS l ON l.id = a.list
        AND hauspost.node_of(l.package) = list_to_erase.node
    WHERE a.removed IS NOT NULL AND a.erased IS NULL
    LIMIT 1000
$$;
COMMENT ON FUNCTION hauspost.list_to_erase(text) IS
    'Posts that were taken down and whose files are still there';

CREATE FUNCTION hauspost.list_erased(list bigint, n bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE hauspost.list_archived AS a SET erased = now()
    WHERE a.list = list_erased.list AND a.n = list_erased.n
$$;
COMMENT ON FUNCTION hauspost.list_erased(bigint, bigint) IS
    'The file of a post that was taken down is gone';

GRANT EXECUTE ON FUNCTION
    hauspost.list_to_erase(text), hauspost.list_erased(bigint, bigint)
    TO hauspost_listmgr;
GRANT EXECUTE ON FUNCTION
    hauspost.list_unread(integer),
    hauspost.list_archive(bigint, bigint, boolean, text),
    hauspost.list_months(bigint),
    hauspost.list_threads(bigint, text, bigint, bigint),
    hauspost.list_message(bigint, text, bigint),
    hauspost.list_thread(bigint, bigint, bigint),
    hauspost.list_month(bigint, text, bigint),
    hauspost.list_latest(bigint, bigint),
    hauspost.list_search(bigint, text, bigint, bigint),
    hauspost.list_take_down(bigint, bigint, text, text)
    TO hauspost_listweb;
-- Taking posts down, and having all of a list read again.
GRANT SELECT, UPDATE, DELETE ON hauspost.list_archived TO hauspost_admin;
GRANT UPDATE (archived) ON hauspost.list_state TO hauspost_admin;

RESET ROLE;

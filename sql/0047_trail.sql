-- 0047_trail.sql - reading the trail, and forgetting it.

SET ROLE hauspost_owner;

CREATE INDEX ON hauspost.trail (message_id);
CREATE INDEX ON hauspost.trail (sender, at);

-- A message has several names: an id in each queue that it passes, and the
-- one of its header, which ties those together. What people repeat (a bounce
-- has none, some programs number from 1) ties nothing: it must be of the same
-- day.
CREATE FUNCTION hauspost.trail_of(wanted text, of_package text, most integer)
RETURNS SETOF hauspost.trail
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH named AS (
        SELECT t.* FROM hauspost.trail AS t WHERE t.queue_id = wanted
        UNION
        SELECT t.* FROM hauspost.trail AS t
            WHERE t.message_id IN (wanted, '<' || wanted || '>')
        UNION
        SELECT t.* FROM hauspost.trail AS t WHERE t.recipient = wanted
        UNION
        SELECT t.* FROM hauspost.trail AS t WHERE t.sender = wanted
    ), whole AS (
        SELECT * FROM named
        UNION
        SELECT t.* FROM hauspost.trail AS t
        WHERE (t.queue_id, t.message_id) IN (
                SELECT n.queue_id, n.message_id FROM named AS n)
        UNION
        SELECT t.* FROM hauspost.trail AS t
        JOIN named AS n ON n.message_id = t.message_id
            AND t.at BETWEEN n.at - interval '1 day' AND n.at + interval '5 days'
        WHERE n.queue_id = wanted
    ), last AS (
        SELECT * FROM whole AS w
        WHERE of_package IS NULL OR w.package = of_package
            OR split_part(w.login, '-', 1) = of_package
        ORDER BY w.at DESC
        LIMIT most
    )
    SELECT * FROM last ORDER BY at;
END;
COMMENT ON FUNCTION hauspost.trail_of(text, text, integer) IS
    'The last rows of a queue id, a Message-ID or an address, oldest first; '
    'only what is of a package or was sent by it, unless that is NULL';

-- What an admin did with held mail.
CREATE FUNCTION hauspost.note_quarantine(queue_id text, event text)
RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO hauspost.trail (queue_id, message_id, class, client, login,
        sender, event, package, why)
    SELECT t.queue_id, t.message_id, t.class, t.client, t.login, t.sender,
        note_quarantine.event, t.package, 'by ' || session_user
    FROM hauspost.trail AS t
    WHERE t.queue_id = note_quarantine.queue_id AND t.event = 'held'
        AND note_quarantine.event IN ('released', 'removed')
    ORDER BY t.at DESC
    LIMIT 1;
END;
COMMENT ON FUNCTION hauspost.note_quarantine(text, text) IS
    'For hauspost quarantine: held mail was released or removed';

-- A page at a time: a day of a large host is millions of rows.
CREATE FUNCTION hauspost.forget(days integer, most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    n integer;
BEGIN
    DELETE FROM hauspost.trail WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM hauspost.trail
        WHERE at < now() - make_interval(days => days) LIMIT most));
    GET DIAGNOSTICS n = ROW_COUNT;
    DELETE FROM hauspost.met WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM hauspost.met
        WHERE last < now() - interval '400 days' LIMIT most));
    DELETE FROM hauspost.spent WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM hauspost.spent
        WHERE slot < now() - 2 * period LIMIT most));
    RETURN n;
END
$$;
COMMENT ON FUNCTION hauspost.forget(integer, integer) IS
    'For the milter: deletes what is older than so many days; how much of the '
    'trail that was';
GRANT EXECUTE ON FUNCTION hauspost.forget(integer, integer)
    TO hauspost_milter;

RESET ROLE;

-- 0031_prepare.sql - which mailboxes have their Maildir.
--
-- lmtpd has the storer make home and Maildir of a new mailbox, so that the
-- first login works. What is not in this table it has not made yet.

SET ROLE hauspost_owner;

CREATE TABLE hauspost.prepared (
    mailbox text COLLATE "C" PRIMARY KEY REFERENCES hauspost.mailbox
            ON UPDATE CASCADE ON DELETE CASCADE,
    at      timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE hauspost.prepared IS
    'Mailboxes whose home and Maildir were made; delete a row to have it done '
    'again, after a move for example';

CREATE FUNCTION hauspost.unprepared(on_node text, after text, most integer)
RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT m.name
    FROM hauspost.mailbox AS m
    JOIN hauspost.package AS p ON p.name = m.package
    WHERE p.node = on_node
        AND m.name > after
        AND NOT EXISTS (
            SELECT FROM hauspost.prepared AS d WHERE d.mailbox = m.name)
    ORDER BY m.name
    LIMIT most;
END;
COMMENT ON FUNCTION hauspost.unprepared(text, text, integer) IS
    'For lmtpd: mailboxes of a node that wait for a Maildir, a page at a time';
REVOKE EXECUTE ON FUNCTION hauspost.unprepared(text, text, integer)
    FROM PUBLIC;

CREATE FUNCTION hauspost.mark_prepared(mailbox text) RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO hauspost.prepared (mailbox)
    SELECT m.name FROM hauspost.mailbox AS m WHERE m.name = $1
    ON CONFLICT DO NOTHING;
END;
COMMENT ON FUNCTION hauspost.mark_prepared(text) IS
    'For lmtpd: the mailbox has its Maildir';
REVOKE EXECUTE ON FUNCTION hauspost.mark_prepared(text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION hauspost.unprepared(text, text, integer),
    hauspost.mark_prepared(text) TO hauspost_lmtpd;

RESET ROLE;

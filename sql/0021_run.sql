-- 0021_run.sql - what hauspost-runner may know: as whom a program runs.

SET ROLE hauspost_owner;

CREATE FUNCTION hauspost.run_job(queue_recipient text)
RETURNS TABLE (mailbox text, package text, uid integer, gid integer,
    home text, program text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT m.name, m.package, m.uid, m.gid, m.home, leaf.program
    FROM hauspost.leaf(queue_recipient) AS leaf
    JOIN hauspost.mailbox AS m ON m.name = leaf.owner
    WHERE leaf.code = 250 AND leaf.kind IN ('program', 'mailbox')
$$;
COMMENT ON FUNCTION hauspost.run_job(text) IS
    'Whose program a leaf is, as whom it runs, and its text; program NULL: '
    'procmail, or ~/.forward. No row where there is none';
GRANT EXECUTE ON FUNCTION hauspost.run_job(text) TO hauspost_runner;

RESET ROLE;

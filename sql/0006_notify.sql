-- 0006_notify.sql - tells the programs' caches what changed.
--
-- Channel hauspost_directory, one key per notification:
--
--   domain:example.org             a domain, or a host that has addresses
--   address:info@example.org       an address; address:@example.org is the
--                                  catch-all
--   name:xyz00-abc                 an alias, a mailbox, what belongs to it
--   forward:xyz00                  which forwards of a package are paused
--   srs                            the keys of rewritten senders
--   *                              everything
--
-- An answer of resolve() names the keys that it stands on, missing rows
-- included. A statement that changes more than 100 rows says * once: NOTIFY
-- makes commits wait for each other, and the caches are as empty either way.
-- State tables never notify, for the same reason.

SET ROLE hauspost_owner;

CREATE FUNCTION hauspost.notify_rows_max() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 100';
COMMENT ON FUNCTION hauspost.notify_rows_max() IS
    'Rows of one statement whose keys are told one by one';

-- Who is on which node, and what the node is called, is in every answer; a new
-- package changes no answer but those about its host.
CREATE FUNCTION hauspost.key_of_row(
    relation text, operation text, changed jsonb)
RETURNS text
LANGUAGE sql IMMUTABLE RETURN CASE relation
    WHEN 'package' THEN CASE operation
        WHEN 'INSERT' THEN 'domain:' || (changed ->> 'host') ELSE '*' END
    WHEN 'domain' THEN 'domain:' || (changed ->> 'name')
    WHEN 'address' THEN 'address:' || (changed ->> 'identifier')
    WHEN 'list' THEN
        'address:' || (changed ->> 'name') || '@' || (changed ->> 'domain')
    WHEN 'target' THEN coalesce('address:' || (changed ->> 'address'),
        'name:' || (changed ->> 'alias'))
    WHEN 'alias' THEN 'name:' || (changed ->> 'name')
    WHEN 'mailbox' THEN 'name:' || (changed ->> 'name')
    WHEN 'forward' THEN 'name:' || (changed ->> 'mailbox')
    WHEN 'sender_grant' THEN 'name:' || (changed ->> 'mailbox')
    WHEN 'vacation' THEN 'name:' || (changed ->> 'mailbox')
    WHEN 'sieve_default' THEN coalesce('domain:' || (changed ->> 'domain'),
        '*')
    WHEN 'forward_pause' THEN 'forward:' || (changed ->> 'package')
    ELSE '*'
END;
COMMENT ON FUNCTION hauspost.key_of_row(text, text, jsonb) IS
    'What to tell of a changed row of a directory table';

CREATE FUNCTION hauspost.tell_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    rows_max integer := hauspost.notify_rows_max();
    gone text[] := '{}';
    come text[] := '{}';
BEGIN
    IF TG_OP <> 'INSERT' THEN
        gone := ARRAY(
            SELECT hauspost.key_of_row(TG_TABLE_NAME, TG_OP, to_jsonb(r))
            FROM (SELECT * FROM old_rows LIMIT rows_max + 1) AS r);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        come := ARRAY(
            SELECT hauspost.key_of_row(TG_TABLE_NAME, TG_OP, to_jsonb(r))
            FROM (SELECT * FROM new_rows LIMIT rows_max + 1) AS r);
    END IF;
    IF greatest(cardinality(gone), cardinality(come)) > rows_max THEN
        come := ARRAY['*'];
        gone := '{}';
    END IF;
    PERFORM pg_notify('hauspost_directory', key)
    FROM (SELECT DISTINCT unnest(gone || come)) AS changed (key);
    RETURN NULL;
END
$$;

CREATE FUNCTION hauspost.tell_changes_of(directory_table regclass) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER tell_insert AFTER INSERT ON %s '
        'REFERENCING NEW TABLE AS new_rows '
        'FOR EACH STATEMENT EXECUTE FUNCTION hauspost.tell_change()',
        directory_table);
    EXECUTE format('CREATE TRIGGER tell_update AFTER UPDATE ON %s '
        'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows '
        'FOR EACH STATEMENT EXECUTE FUNCTION hauspost.tell_change()',
        directory_table);
    EXECUTE format('CREATE TRIGGER tell_delete AFTER DELETE ON %s '
        'REFERENCING OLD TABLE AS old_rows '
        'FOR EACH STATEMENT EXECUTE FUNCTION hauspost.tell_change()',
        directory_table);
    EXECUTE format('CREATE TRIGGER tell_truncate AFTER TRUNCATE ON %s '
        'FOR EACH STATEMENT EXECUTE FUNCTION hauspost.tell_truncate()',
        directory_table);
END
$$;
COMMENT ON FUNCTION hauspost.tell_changes_of(regclass) IS
    'For migrations: notify the changes of a directory table';

CREATE FUNCTION hauspost.tell_truncate() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM pg_notify('hauspost_directory', '*');
    RETURN NULL;
END
$$;

DO $$
BEGIN
    PERFORM hauspost.tell_changes_of(directory_table)
    FROM unnest('{
        hauspost.node, hauspost.package, hauspost.mailbox, hauspost.domain,
        hauspost.address, hauspost.alias, hauspost.list, hauspost.target,
        hauspost.forward, hauspost.sender_grant, hauspost.send_limit,
        hauspost.client_service}'::regclass[]) AS directory_table;
END
$$;

RESET ROLE;

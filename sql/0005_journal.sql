-- 0005_journal.sql - who changed what in the directory, and when.
--
-- Written by triggers that run as the owner, so that nobody who may change the
-- directory can change what is said about it.

SET ROLE hauspost_owner;

CREATE TABLE hauspost.journal (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL DEFAULT now(),
    who       text NOT NULL DEFAULT session_user,
    relation  text NOT NULL,
    operation text NOT NULL,
    old       jsonb,
    new       jsonb
);
COMMENT ON TABLE hauspost.journal IS
    'Every change of the directory, a row each; changes made together have '
    'the same time';
COMMENT ON COLUMN hauspost.journal.who IS 'The role that had logged in';
COMMENT ON COLUMN hauspost.journal.id IS 'Order of the changes';
COMMENT ON COLUMN hauspost.journal.at IS 'When its transaction began';
COMMENT ON COLUMN hauspost.journal.relation IS 'Table';
COMMENT ON COLUMN hauspost.journal.operation IS 'insert, update or delete';
COMMENT ON COLUMN hauspost.journal.old IS
    'The row before; passwords show only whether they differ';
COMMENT ON COLUMN hauspost.journal.new IS 'The row after';
CREATE INDEX ON hauspost.journal (at);

CREATE FUNCTION hauspost.journal_row() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    was    jsonb := to_jsonb(OLD);
    is_now jsonb := to_jsonb(NEW);
BEGIN
    -- A sealed secret; the fetcher replaces one when a provider wants it.
    IF was ? 'secret' AND is_now ? 'secret'
        AND session_user = 'hauspost_fetcher' THEN
        is_now := is_now || jsonb_build_object('secret', was -> 'secret');
    END IF;
    IF was IS NOT DISTINCT FROM is_now THEN
        RETURN NULL;
    END IF;
    -- A hash is worth an attack, and old ones get forgotten here.
    IF was ->> 'password' IS NOT NULL THEN
        was := was || '{"password": "(hash)"}';
    END IF;
    IF is_now ->> 'password' IS NOT NULL THEN
        is_now := is_now || jsonb_build_object('password', CASE
            WHEN to_jsonb(OLD) ->> 'password' <> to_jsonb(NEW) ->> 'password'
                THEN '(another hash)' ELSE '(hash)' END);
    END IF;
    was := was - '{secret,client_secret}'::text[];
    is_now := is_now - '{secret,client_secret}'::text[];
    INSERT INTO hauspost.journal (relation, operation, old, new)
    VALUES (TG_TABLE_NAME, lower(TG_OP), was, is_now);
    RETURN NULL;
END
$$;

-- Every directory table, also those of later files, has this trigger.
CREATE FUNCTION hauspost.keep_journal(directory_table regclass) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER journal AFTER INSERT OR UPDATE OR DELETE '
        'ON %s FOR EACH ROW EXECUTE FUNCTION hauspost.journal_row()',
        directory_table);
END
$$;
COMMENT ON FUNCTION hauspost.keep_journal(regclass) IS
    'For migrations: journal the changes of a directory table';

DO $$
BEGIN
    PERFORM hauspost.keep_journal(directory_table)
    FROM unnest('{
        hauspost.node, hauspost.package, hauspost.mailbox, hauspost.domain,
        hauspost.address, hauspost.alias, hauspost.list, hauspost.target,
        hauspost.target_grant, hauspost.forward, hauspost.sender_grant,
        hauspost.send_limit, hauspost.client_service}'::regclass[])
        AS directory_table;
END
$$;

RESET ROLE;

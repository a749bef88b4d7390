-- 0010_roles.sql - a role per program, and one for admins.
--
-- Each logs in by the peer rule (conf/postgresql/pg_ident.conf): the system
-- user hauspost-milter is the role hauspost_milter. What a role may do is
-- granted beside what it may do it with; nothing is granted to PUBLIC.

DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['milter', 'lmtpd', 'storer', 'runner',
        'fetcher', 'listmgr', 'listweb', 'autoconfig', 'dovecot', 'admin']
    LOOP
        IF to_regrole('hauspost_' || role) IS NULL THEN
            EXECUTE format('CREATE ROLE %I LOGIN', 'hauspost_' || role);
        END IF;
        EXECUTE format('GRANT USAGE ON SCHEMA hauspost TO %I',
            'hauspost_' || role);
    END LOOP;
END
$$;

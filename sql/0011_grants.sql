-- 0011_grants.sql - each program gets just what it needs.
--
-- Programs ask by functions that run as hauspost_owner and see no table of the
-- directory; they write the state that is theirs. Admins change rows, not the
-- schema.

SET ROLE hauspost_owner;

-- Questions ------------------------------------------------------------------

GRANT EXECUTE ON FUNCTION hauspost.resolve(text) TO
    hauspost_milter, hauspost_lmtpd, hauspost_autoconfig, hauspost_fetcher,
    hauspost_listmgr;
GRANT EXECUTE ON FUNCTION hauspost.leaf(text) TO
    hauspost_milter, hauspost_lmtpd, hauspost_runner, hauspost_listmgr;
GRANT EXECUTE ON FUNCTION
    hauspost.domain_class(text), hauspost.max_size() TO hauspost_milter;
GRANT EXECUTE ON FUNCTION hauspost.quota(text[]) TO
    hauspost_milter, hauspost_lmtpd;
GRANT EXECUTE ON FUNCTION hauspost.secret(text) TO
    hauspost_milter, hauspost_lmtpd;
GRANT EXECUTE ON FUNCTION hauspost.store_user(text) TO
    hauspost_storer, hauspost_runner;
GRANT EXECUTE ON FUNCTION hauspost.login(text) TO
    hauspost_dovecot;

-- State ----------------------------------------------------------------------

GRANT INSERT ON hauspost.trail TO
    hauspost_milter, hauspost_lmtpd, hauspost_fetcher, hauspost_listmgr;
GRANT INSERT ON hauspost.notice TO
    hauspost_milter, hauspost_fetcher, hauspost_listmgr;
GRANT SELECT, INSERT, UPDATE ON hauspost.notice TO hauspost_lmtpd;
GRANT SELECT, INSERT, DELETE ON hauspost.delivered TO
    hauspost_lmtpd, hauspost_fetcher;
GRANT SELECT, INSERT, UPDATE ON hauspost.usage TO
    hauspost_lmtpd, hauspost_dovecot;

-- Admins ---------------------------------------------------------------------

GRANT SELECT, INSERT, UPDATE, DELETE ON
    hauspost.node, hauspost.package, hauspost.mailbox, hauspost.domain,
    hauspost.address, hauspost.alias, hauspost.list, hauspost.target,
    hauspost.target_grant, hauspost.forward, hauspost.sender_grant,
    hauspost.send_limit, hauspost.client_service
    TO hauspost_admin;
GRANT SELECT ON hauspost.migration, hauspost.journal, hauspost.trail,
    hauspost.notice, hauspost.usage, hauspost.delivered
    TO hauspost_admin;
GRANT USAGE ON SEQUENCE hauspost.mailbox_uid TO hauspost_admin;

-- Also what checks call, which runs as whoever changes the row, and also what
-- later files add. Keys stay with the programs: secret() asks for more than
-- this right.
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA hauspost TO hauspost_admin;
ALTER DEFAULT PRIVILEGES IN SCHEMA hauspost
    GRANT EXECUTE ON FUNCTIONS TO hauspost_admin;

RESET ROLE;

-- 0055_deliver.sql - whose mailbox a user's own programs deliver into.

SET ROLE hauspost_owner;

CREATE FUNCTION hauspost.own_mailbox(uid integer) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
RETURN (SELECT m.name FROM hauspost.mailbox AS m
    WHERE m.uid = own_mailbox.uid AND own_mailbox.uid >= 1000);
COMMENT ON FUNCTION hauspost.own_mailbox(integer) IS
    'The mailbox of a Unix user, who may deliver into that one; NULL: none';
GRANT EXECUTE ON FUNCTION hauspost.own_mailbox(integer) TO hauspost_lmtpd;

RESET ROLE;

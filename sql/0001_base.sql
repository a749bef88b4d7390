-- 0001_base.sql - the schema, its owner, and what every later file stands on.
--
-- Applied by "hauspost db migrate", which runs each file in a transaction of
-- its own and records name and SHA-256 in hauspost.migration; "psql -1 -f"
-- does for a first look. Nothing here is a psql command.
--
-- hauspost_owner owns everything and can't log in. Functions marked SECURITY
-- DEFINER run as that role, so the programs need no right on any table they
-- only ask about, and no function of ours ever runs as a superuser.

DO $$
BEGIN
    -- Roles belong to the cluster: a second database finds them made.
    IF to_regrole('hauspost_owner') IS NULL THEN
        CREATE ROLE hauspost_owner NOLOGIN;
    END IF;
    IF NOT pg_has_role(current_user, 'hauspost_owner', 'MEMBER') THEN
        EXECUTE format('GRANT hauspost_owner TO %I', current_user);
    END IF;
END
$$;

CREATE SCHEMA hauspost AUTHORIZATION hauspost_owner;
COMMENT ON SCHEMA hauspost IS
    'Mail hosting: the directory that admins edit, and what the programs note';

-- In a schema of its own: \df hauspost.* shows what is ours, and the programs,
-- which have no USAGE here, can't call it.
CREATE SCHEMA hauspost_crypto;
COMMENT ON SCHEMA hauspost_crypto IS 'pgcrypto, for password hashes and HMAC';
CREATE EXTENSION pgcrypto WITH SCHEMA hauspost_crypto;
GRANT USAGE ON SCHEMA hauspost_crypto TO hauspost_owner;

SET ROLE hauspost_owner;

-- PostgreSQL lets everybody call a new function. For ours each caller is named
-- (0011_grants.sql); this holds for the functions of later files too.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

CREATE TABLE hauspost.migration (
    name    text COLLATE "C" PRIMARY KEY,
    sha256  text NOT NULL,
    applied timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE hauspost.migration IS
    'Files of sql/ that "hauspost db migrate" has applied';
COMMENT ON COLUMN hauspost.migration.name IS 'Of the file: 0001_base.sql';
COMMENT ON COLUMN hauspost.migration.applied IS 'When';
COMMENT ON COLUMN hauspost.migration.sha256 IS
    'Of the file as applied, in hex: a file edited afterwards is noticed';

-- Limits -------------------------------------------------------------------

CREATE FUNCTION hauspost.max_hops() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 20';
COMMENT ON FUNCTION hauspost.max_hops() IS
    'Hops from an address to its mailbox; people nest three or four deep';

CREATE FUNCTION hauspost.max_nodes() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 1000';
COMMENT ON FUNCTION hauspost.max_nodes() IS
    'Hops and leaves of one address, as many as Postfix takes recipients in '
    'one transaction; beyond it a mailing list is the right tool';

CREATE FUNCTION hauspost.max_forwards() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 50';
COMMENT ON FUNCTION hauspost.max_forwards() IS
    'Addresses elsewhere that one address may send on to: each message from '
    'outside becomes as many';

CREATE FUNCTION hauspost.addresses_per_unit() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 250';
COMMENT ON FUNCTION hauspost.addresses_per_unit() IS
    'Addresses a package may have for each of its units';

CREATE FUNCTION hauspost.mailboxes_per_unit() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 25';
COMMENT ON FUNCTION hauspost.mailboxes_per_unit() IS
    'Mailboxes a package may have for each of its units';

CREATE FUNCTION hauspost.quota_defer_days() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 5';
COMMENT ON FUNCTION hauspost.quota_defer_days() IS
    'Days a mailbox past its grace is refused for now before it is refused '
    'for good: as long as senders usually keep trying';

-- Names of machines, domains and packages ----------------------------------

CREATE FUNCTION hauspost.is_host_name(name text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    octet_length(name) <= 253 -- RFC 1035 2.3.4, without the last dot
    AND name ~ ('^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?[.])+'
        '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$');
COMMENT ON FUNCTION hauspost.is_host_name(text) IS
    'Lower-case A-labels, two at least: example.org, xn--bcher-kva.example';

CREATE FUNCTION hauspost.is_leaf_label(label text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    label IN ('mbox', 'program', 'forward', 'bulk', 'list', 'reject');
COMMENT ON FUNCTION hauspost.is_leaf_label(text) IS
    'First label of the domains that exist in Postfix'' queue only';

-- Addresses ----------------------------------------------------------------
--
-- A local part is kept and compared as what it means: "a\ b"@x.org has the
-- local part a b. It is quoted again when it leaves as an address.

CREATE FUNCTION hauspost.domain_of(address text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN lower(split_part(address, '@', -1) COLLATE "C");
COMMENT ON FUNCTION hauspost.domain_of(text) IS
    'What follows the last @, in lower case';

CREATE FUNCTION hauspost.local_of(address text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN CASE
    WHEN strpos(address, '@') = 0 THEN NULL
    WHEN left(address, 1) = '"' AND address ~ '^".*"@[^@]*$'
        THEN regexp_replace(substring(address FROM '^"(.*)"@[^@]*$'),
            '\\(.)', '\1', 'g')
    ELSE left(address, -1 - length(split_part(address, '@', -1)))
END;
COMMENT ON FUNCTION hauspost.local_of(text) IS
    'What precedes the last @, without its quotes';

-- RFC 5321 4.1.2 atext, and RFC 6531 3.3 with it: what is not ASCII is plain.
CREATE FUNCTION hauspost.needs_quotes(local_part text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    local_part !~ ('^[^][()<>@,;:\\".[:space:][:cntrl:]]+'
        '([.][^][()<>@,;:\\".[:space:][:cntrl:]]+)*$');

CREATE FUNCTION hauspost.join_address(local_part text, domain text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN CASE
    WHEN hauspost.needs_quotes(local_part) THEN
        '"' || regexp_replace(local_part, '(["\\])', '\\\1', 'g') || '"'
    ELSE local_part
END || '@' || domain;
COMMENT ON FUNCTION hauspost.join_address(text, text) IS
    'The opposite of local_of() and domain_of()';

-- RFC 5321 4.5.3.1.1: 64 octets. Until EAI is on everything is ASCII.
CREATE FUNCTION hauspost.is_local_part(local_part text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    octet_length(local_part) <= 64
    AND local_part ~ '^[!-~]+$'
    AND NOT hauspost.needs_quotes(local_part);

CREATE FUNCTION hauspost.is_address(address text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    hauspost.is_host_name(hauspost.domain_of(address))
    AND (coalesce(
            hauspost.is_local_part(substring(address FROM '^([^@]+)@[^@]+$')),
            false)
        OR address ~ '^"([ !#-\[\]-~]|\\[ -~]){1,64}"@[^@]+$');
COMMENT ON FUNCTION hauspost.is_address(text) IS
    'An ASCII address with a host name; the local part may be quoted';

RESET ROLE;

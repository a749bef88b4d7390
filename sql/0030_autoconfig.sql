-- 0030_autoconfig.sql - what mail clients are told that look for settings.
--
--   autoconfig       the program of that name: all that is published for an
--                    address, or for a domain where no address was given
--   autoconfig_why   admins: the same in one sentence
--   client_hosts     admins: the host names clients ask at, for certificates
--
-- What an address leads to is asked from login(), which Dovecot asks too: a
-- login that is published works, and one that would not work is not published.

SET ROLE hauspost_owner;

ALTER TABLE hauspost.domain
    ADD COLUMN login text NOT NULL DEFAULT 'mailbox',
    ADD CONSTRAINT "domain.login is mailbox or address"
        CHECK (login IN ('mailbox', 'address'));
COMMENT ON COLUMN hauspost.domain.login IS
    'What clients are told to log in with: the mailbox'' name, or the address';

-- Clients read TLS out of the port (Outlook's format has no other way to ask
-- for STARTTLS), some take the first server of a kind, some the last. So each
-- combination that any of them would misread is refused here.
ALTER TABLE hauspost.client_service
    ADD COLUMN domain text COLLATE "C" REFERENCES hauspost.domain
        ON UPDATE CASCADE ON DELETE CASCADE,
    ADD CONSTRAINT "client_service.tls is implicit or starttls: passwords"
        CHECK (tls <> 'none'),
    ADD CONSTRAINT "starttls is on port 143, 110, 587 or 4190, implicit is not"
        CHECK ((port IN (143, 110, 587)) = (tls = 'starttls')
            OR protocol = 'sieve'),
    ADD CONSTRAINT "clients submit at 465 or 587: 25 and bulk ports are not told"
        CHECK (port NOT IN (25, 1465, 4025, 4587)),
    ADD CONSTRAINT "host_pattern is a host name, {package_host}, {node} in it"
        CHECK (host_pattern ~
            '^([a-z0-9-]|[{](package|package_host|node|domain)[}]|[.])+$');
COMMENT ON COLUMN hauspost.client_service.host_pattern IS
    'Server name; {package}, {package_host}, {node} and {domain} are filled in';
COMMENT ON COLUMN hauspost.client_service.domain IS
    'NULL: for all domains. Otherwise for this one, which then does without '
    'what all have of the same protocol';
CREATE INDEX ON hauspost.client_service (domain);

-- Evolution sends no address but its MD5.
CREATE INDEX address_md5 ON hauspost.address (md5(identifier));

INSERT INTO hauspost.secret (name, value)
VALUES ('profile', sha256(
    uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())));

-- Which package's servers a domain has. Domains that are kept for others, or
-- that take no mail, have no settings; hosts of ours have automatic addresses.
-- known without package: the domain is ours but has nothing to tell.
CREATE FUNCTION hauspost.client_domain(INOUT domain text,
    OUT known boolean, OUT package text, OUT login text)
RETURNS record
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    SELECT true, CASE WHEN d.autoconfig AND d.mode = 'local' THEN d.package END,
        d.login
    INTO known, package, login
    FROM hauspost.domain AS d WHERE d.name = client_domain.domain;
    IF NOT FOUND THEN
        SELECT true, p.name, 'mailbox' INTO known, package, login
        FROM hauspost.package AS p WHERE p.host = client_domain.domain;
    END IF;
    known := coalesce(known, false);
END
$$;

-- The address whose MD5 an Evolution sent; NULL if there is none.
CREATE FUNCTION hauspost.address_by_md5(domain text, emailmd5 text)
RETURNS text
LANGUAGE sql STABLE
RETURN (
    SELECT hauspost.join_address(a.local_part, a.domain)
    FROM hauspost.address AS a
    WHERE md5(a.identifier) = lower(emailmd5)
        AND a.domain = address_by_md5.domain
        AND a.local_part <> '');

-- Nothing at all unless a client can both read and send with it: most refuse
-- half an answer in ways of their own.
CREATE FUNCTION hauspost.client_services(domain text, package text)
RETURNS TABLE (protocol text, hostname text, port integer, tls text)
LANGUAGE plpgsql STABLE ROWS 4
AS $$
BEGIN
    RETURN QUERY
    SELECT s.protocol,
        replace(replace(replace(replace(s.host_pattern,
            '{package_host}', p.host), '{package}', p.name),
            '{node}', p.node), '{domain}', client_services.domain),
        s.port, s.tls
    FROM (
        SELECT t.*, bool_or(t.protocol = 'smtp') OVER () AS sends,
            bool_or(t.protocol IN ('imap', 'pop3')) OVER () AS reads
        FROM hauspost.client_service AS t
        WHERE t.domain = client_services.domain
            OR t.domain IS NULL AND NOT EXISTS (
                SELECT FROM hauspost.client_service AS own
                WHERE own.domain = client_services.domain
                    AND own.protocol = t.protocol)
    ) AS s
    JOIN hauspost.package AS p ON p.name = client_services.package
    WHERE s.sends AND s.reads
    ORDER BY s.sort_order, s.id;
END
$$;
COMMENT ON FUNCTION hauspost.client_services(text, text) IS
    'What is published for a domain, with the host names of a package';

-- A row per service. profile tells an address' Apple profiles apart, so that
-- a second one replaces the first; it says nothing about the address.
CREATE FUNCTION hauspost.autoconfig(address text, host text, emailmd5 text,
    OUT status text, OUT domain text, OUT login text, OUT profile text,
    OUT protocol text, OUT hostname text, OUT port integer, OUT tls text,
    OUT keys text[], OUT changes_at timestamptz)
RETURNS SETOF record
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 4
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    asked   text := CASE WHEN address <> '' THEN address END;
    served  record;
    package text; -- whose hosts are told
BEGIN
    status := CASE WHEN asked IS NULL THEN 'domain' ELSE 'unresolved' END;
    served := hauspost.client_domain(hauspost.domain_of(asked));
    keys := array_remove(ARRAY['domain:' || served.domain], NULL);
    -- Behind the name a client asked at may stand another domain of ours, as
    -- when it asks at the provider's own; but one that is off stays off.
    IF NOT served.known THEN
        served := hauspost.client_domain(lower(host COLLATE "C"));
        keys := keys || ('domain:' || coalesce(served.domain, ''));
    END IF;
    domain := served.domain;
    package := served.package;

    IF hauspost.local_of(asked) = 'EVOLUTIONUSER' THEN
        asked := hauspost.address_by_md5(domain, emailmd5);
        -- Any new address might be the one: ask again.
        changes_at := CASE WHEN asked IS NULL THEN now() END;
    END IF;
    IF package IS NOT NULL AND hauspost.domain_of(asked) = domain THEN
        SELECT autoconfig.keys || r.keys, r.changes_at INTO keys, changes_at
        FROM hauspost.resolve(asked) AS r LIMIT 1;
        SELECT l.mailbox, l.package INTO login, package
        FROM hauspost.login(asked) AS l;
    END IF;
    IF login IS NOT NULL THEN
        status := 'mailbox';
    END IF;
    -- By address, nothing tells whether there is a mailbox behind it.
    IF login IS NULL OR served.login = 'address' THEN
        login := NULL;
        package := served.package;
    END IF;

    profile := encode(hauspost_crypto.hmac(
        convert_to(lower(coalesce(asked, domain)), 'UTF8'),
        (SELECT s.value FROM hauspost.secret AS s WHERE s.name = 'profile'),
        'sha256'), 'hex');
    RETURN QUERY
    SELECT autoconfig.status, autoconfig.domain, autoconfig.login,
        autoconfig.profile, s.protocol, s.hostname, s.port, s.tls,
        autoconfig.keys, autoconfig.changes_at
    FROM hauspost.client_services(autoconfig.domain, package) AS s;
    IF NOT FOUND THEN
        status := 'absent';
        login := NULL;
        RETURN NEXT;
    END IF;
END
$$;
COMMENT ON FUNCTION hauspost.autoconfig(text, text, text) IS
    'What to publish, a row per service. status: mailbox (the address leads to '
    'exactly one), domain (no address was given), unresolved, or absent '
    '(nothing is published); login NULL: the address itself';

-- For admins -----------------------------------------------------------------

-- Where an address ends, in few words: "2 mailboxes: xyz00, xyz00-abc".
CREATE FUNCTION hauspost.destinations_of(address text) RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    mailboxes text[] := hauspost.mailboxes_of(address);
    others    text[];
    reply     text;
BEGIN
    SELECT array_agg(DISTINCT coalesce(r.queue_recipient, r.kind))
            FILTER (WHERE r.code = 250 AND r.kind <> 'mailbox'),
        min(r.reply)
    INTO others, reply
    FROM hauspost.resolve(address) AS r;
    RETURN CASE
        WHEN cardinality(mailboxes) = 1 THEN 'mailbox ' || mailboxes[1]
        WHEN cardinality(mailboxes) > 1 THEN format('%s mailboxes: %s',
            cardinality(mailboxes), array_to_string(mailboxes, ', '))
        WHEN cardinality(others) > 0 THEN
            'no mailbox, only ' || array_to_string(others, ', ')
        ELSE reply
    END;
END
$$;

CREATE FUNCTION hauspost.autoconfig_why(address text,
    OUT works boolean, OUT reason text)
RETURNS record
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    domain   text := hauspost.domain_of(address);
    served   record;
    answer   record;
    mailbox  hauspost.mailbox;
BEGIN
    served := hauspost.client_domain(domain);
    SELECT a.status, a.hostname INTO answer
    FROM hauspost.autoconfig(address, NULL, NULL) AS a LIMIT 1;
    works := answer.status = 'mailbox';
    reason := address || ' → ' || hauspost.destinations_of(address);
    SELECT m.* INTO mailbox FROM hauspost.mailbox AS m
    WHERE reason = address || ' → mailbox ' || m.name;

    IF works THEN
        reason := reason || ' at ' || answer.hostname;
    ELSIF NOT served.known THEN
        reason := domain || ' is not a domain of ours';
    ELSIF served.package IS NULL THEN
        reason := domain || ' publishes nothing: its option autoconfig is off, '
            'or its mode is not local';
    ELSIF answer.status = 'absent' THEN
        reason := domain || ' publishes nothing: client_service needs a row '
            'for imap or pop3, and one for smtp';
    ELSIF mailbox.state = 'locked' THEN
        reason := reason || ', which is locked';
    END IF;
END
$$;
COMMENT ON FUNCTION hauspost.autoconfig_why(text) IS
    'Does an address configure itself, and where it leads or why not';

CREATE FUNCTION hauspost.client_hosts(pacc boolean)
RETURNS TABLE (domain text, host text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT d.name, label || '.' || d.name
    FROM hauspost.domain AS d,
        unnest('{autoconfig,autodiscover,ua-auto-config}'::text[]) AS label
    WHERE d.autoconfig AND d.mode = 'local'
        AND (client_hosts.pacc OR label <> 'ua-auto-config')
    ORDER BY d.name, label;
END;
COMMENT ON FUNCTION hauspost.client_hosts(boolean) IS
    'Host names at which clients ask for settings, those of PACC among them '
    'or not: what certificates are for';

GRANT EXECUTE ON FUNCTION hauspost.autoconfig(text, text, text)
    TO hauspost_autoconfig;

RESET ROLE;

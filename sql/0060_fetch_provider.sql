-- 0060_fetch_provider.sql - what is known of providers, so that an account is
-- an address and a password.

SET ROLE hauspost_owner;

CREATE FUNCTION hauspost.is_token_url(url text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    url IS NULL OR url ~ '^https://' OR url ~ '^http://127[.]0[.]0[.]1[:/]';

CREATE TABLE hauspost.fetch_provider (
    name      text COLLATE "C" PRIMARY KEY,
    domains   text[] NOT NULL,
    imap_host text,
    imap_port integer NOT NULL DEFAULT 993,
    imap_tls  text NOT NULL DEFAULT 'implicit',
    pop3_host text,
    pop3_port integer NOT NULL DEFAULT 995,
    pop3_tls  text NOT NULL DEFAULT 'implicit',
    pop3_partial boolean NOT NULL DEFAULT false,
    login     text NOT NULL DEFAULT 'address',
    token_url     text,
    device_url    text,
    authorize_url text,
    client_id     text,
    client_secret text,
    scope         text,
    de        text,
    en        text,
    CONSTRAINT "fetch_provider: tokens travel by https"
        CHECK (hauspost.is_token_url(token_url)
            AND hauspost.is_token_url(device_url)
            AND hauspost.is_token_url(authorize_url)),
    CONSTRAINT "fetch_provider.login is address or local"
        CHECK (login IN ('address', 'local'))
);
COMMENT ON TABLE hauspost.fetch_provider IS
    'Servers of mail providers, for hauspost fetch add';
COMMENT ON COLUMN hauspost.fetch_provider.name IS 'For people';
COMMENT ON COLUMN hauspost.fetch_provider.domains IS
    'Whose addresses are there';
COMMENT ON COLUMN hauspost.fetch_provider.imap_host IS 'NULL: it has no IMAP';
COMMENT ON COLUMN hauspost.fetch_provider.imap_port IS 'Its port';
COMMENT ON COLUMN hauspost.fetch_provider.imap_tls IS 'implicit or starttls';
COMMENT ON COLUMN hauspost.fetch_provider.pop3_host IS 'NULL: it has no POP3';
COMMENT ON COLUMN hauspost.fetch_provider.pop3_port IS 'Its port';
COMMENT ON COLUMN hauspost.fetch_provider.pop3_tls IS 'implicit or starttls';
COMMENT ON COLUMN hauspost.fetch_provider.pop3_partial IS
    'POP3 lists a part at a time: what was fetched makes room for more';
COMMENT ON COLUMN hauspost.fetch_provider.login IS
    'What logs in there: the whole address, or what stands before the @';
COMMENT ON COLUMN hauspost.fetch_provider.token_url IS
    'OAuth: where tokens come from; NULL: it has no OAuth';
COMMENT ON COLUMN hauspost.fetch_provider.device_url IS
    'OAuth: where a device code comes from (RFC 8628)';
COMMENT ON COLUMN hauspost.fetch_provider.authorize_url IS
    'OAuth: where the user agrees, and gets a code to paste';
COMMENT ON COLUMN hauspost.fetch_provider.client_id IS
    'OAuth: as what this host is registered there; NULL: not yet';
COMMENT ON COLUMN hauspost.fetch_provider.client_secret IS
    'OAuth: what some want besides, of programs that can keep no secret';
COMMENT ON COLUMN hauspost.fetch_provider.scope IS
    'OAuth: what is asked for: reading mail, and for longer';
COMMENT ON COLUMN hauspost.fetch_provider.de IS
    'Was man dort vorher tun muss';
COMMENT ON COLUMN hauspost.fetch_provider.en IS 'What must be done there first';

-- As those providers publish them for mail clients.
INSERT INTO hauspost.fetch_provider
    (name, domains, imap_host, pop3_host, de, en)
VALUES
    ('GMX', '{gmx.de,gmx.net,gmx.at,gmx.ch,gmx.com,gmx.info,gmx.org,gmx.eu}',
        'imap.gmx.net', 'pop.gmx.net',
        'In den E-Mail-Einstellungen von GMX muss „POP3/IMAP-Zugriff '
        'erlauben“ eingeschaltet sein.',
        'In the settings of GMX, POP3/IMAP access has to be allowed.'),
    ('WEB.DE', '{web.de,email.de}', 'imap.web.de', 'pop3.web.de',
        'In den E-Mail-Einstellungen von WEB.DE muss „POP3/IMAP-Zugriff '
        'erlauben“ eingeschaltet sein.',
        'In the settings of WEB.DE, POP3/IMAP access has to be allowed.'),
    ('Telekom', '{t-online.de,magenta.de}', 'secureimap.t-online.de',
        'securepop.t-online.de',
        'Bei der Telekom ist ein eigenes „Passwort für E-Mail-Programme“ '
        'nötig.',
        'Telekom wants a password of its own for mail programs.'),
    ('Gmail', '{gmail.com,googlemail.com}', 'imap.gmail.com',
        'pop.gmail.com',
        'Google verlangt ein App-Passwort (mit Bestätigung in zwei '
        'Schritten) oder die Anmeldung mit OAuth.',
        'Google wants an app password (with 2-step verification), or OAuth.'),
    ('Outlook.com', '{outlook.com,outlook.de,hotmail.com,hotmail.de,live.com,'
        'live.de,msn.com}', 'outlook.office365.com', 'outlook.office365.com',
        'Microsoft erlaubt nur noch die Anmeldung mit OAuth.',
        'Microsoft allows OAuth only.'),
    ('Yahoo', '{yahoo.com,yahoo.de,ymail.com,rocketmail.com}',
        'imap.mail.yahoo.com', 'pop.mail.yahoo.com',
        'Yahoo verlangt ein App-Passwort.', 'Yahoo wants an app password.'),
    ('iCloud', '{icloud.com,me.com,mac.com}', 'imap.mail.me.com', NULL,
        'Apple verlangt ein App-spezifisches Passwort.',
        'Apple wants an app-specific password.'),
    ('mailbox.org', '{mailbox.org}', 'imap.mailbox.org', 'pop3.mailbox.org',
        NULL, NULL),
    ('Posteo', '{posteo.de,posteo.net,posteo.at,posteo.ch,posteo.eu}',
        'posteo.de', 'posteo.de', NULL, NULL),
    ('freenet', '{freenet.de}', 'mx.freenet.de', 'mx.freenet.de', NULL, NULL),
    ('IONOS', '{online.de,onlinehome.de}', 'imap.ionos.de', 'pop.ionos.de',
        NULL, NULL);

-- Who uses these registers a client there and fills in client_id.
UPDATE hauspost.fetch_provider
SET token_url = 'https://oauth2.googleapis.com/token',
    authorize_url = 'https://accounts.google.com/o/oauth2/v2/auth',
    pop3_partial = true,
    scope = 'https://mail.google.com/'
WHERE name = 'Gmail';
UPDATE hauspost.fetch_provider
SET token_url =
        'https://login.microsoftonline.com/consumers/oauth2/v2.0/token',
    device_url =
        'https://login.microsoftonline.com/consumers/oauth2/v2.0/devicecode',
    authorize_url =
        'https://login.microsoftonline.com/consumers/oauth2/v2.0/authorize',
    scope = 'https://outlook.office.com/IMAP.AccessAsUser.All '
        'https://outlook.office.com/POP.AccessAsUser.All offline_access'
WHERE name = 'Outlook.com';

CREATE FUNCTION hauspost.fetch_provider_of(address text)
RETURNS hauspost.fetch_provider
LANGUAGE sql STABLE RETURN (
    SELECT p FROM hauspost.fetch_provider AS p
    WHERE hauspost.domain_of(address) = ANY (p.domains)
    ORDER BY p.name LIMIT 1);
COMMENT ON FUNCTION hauspost.fetch_provider_of(text) IS
    'The provider of an address, as far as it is known';

-- What is given wins; what nobody knows stays away, and the checks of the
-- table will say so.
GRANT SELECT, INSERT, UPDATE, DELETE ON hauspost.fetch_provider
    TO hauspost_admin;

SELECT hauspost.keep_journal('hauspost.fetch_provider');

RESET ROLE;

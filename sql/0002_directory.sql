-- 0002_directory.sql - the tables that admins edit.
--
-- Rows refer to each other by the names that admins use, so that an INSERT
-- reads like the sentence it means:
--
--   INSERT INTO hauspost.address VALUES ('info', 'example.org');
--   INSERT INTO hauspost.target (address, destination)
--       VALUES ('info@example.org', 'xyz00-abc');
--
-- Here stand types, keys and references. Grammar, limits and ownership, whose
-- messages say what to write instead, are triggers in 0003_checks.sql. Names
-- sort as "C": the index is the same whatever locale the database has.

SET ROLE hauspost_owner;

CREATE TABLE hauspost.node (
    name       text COLLATE "C" PRIMARY KEY,
    state      text NOT NULL DEFAULT 'active',
    mail_root  text NOT NULL DEFAULT '/srv/mail',
    size_limit bigint NOT NULL DEFAULT 134217728, -- 90 MB of file as base64
    CONSTRAINT "node.state is active, draining or down"
        CHECK (state IN ('active', 'draining', 'down'))
);
COMMENT ON TABLE hauspost.node IS
    'A machine that holds mailboxes. Give its name a row in domain too, so '
    'that postmaster@ it has a reader';
COMMENT ON COLUMN hauspost.node.name IS
    'Full host name; mbox.NAME, program.NAME, forward.NAME, bulk.NAME, '
    'list.NAME and reject.NAME exist in Postfix'' queue only';
COMMENT ON COLUMN hauspost.node.state IS
    'active; draining (gets no new packages); down';
COMMENT ON COLUMN hauspost.node.mail_root IS
    'Homes below this directory are made by hauspost-storer, others never; '
    'the same as mail_root in its configuration';
COMMENT ON COLUMN hauspost.node.size_limit IS
    'Octets of the largest message taken at all';

CREATE TABLE hauspost.package (
    name       text COLLATE "C" PRIMARY KEY,
    node       text COLLATE "C" NOT NULL
               REFERENCES hauspost.node ON UPDATE CASCADE,
    host       text COLLATE "C" NOT NULL
               CONSTRAINT "each package has a host name of its own" UNIQUE,
    units      integer NOT NULL DEFAULT 1,
    storage_gb integer NOT NULL DEFAULT 10,
    bulk       text NOT NULL DEFAULT 'move',
    CONSTRAINT "package.bulk is move, refuse or leave"
        CHECK (bulk IN ('move', 'refuse', 'leave'))
);
COMMENT ON TABLE hauspost.package IS
    'What a customer rents. Its mailboxes and aliases are called NAME or '
    'NAME-something; the mailbox called NAME is its admin''s';
COMMENT ON COLUMN hauspost.package.name IS
    'Letters and digits: xyz00';
COMMENT ON COLUMN hauspost.package.node IS
    'Where its mailboxes are';
COMMENT ON COLUMN hauspost.package.host IS
    'Each mailbox has the automatic address MAILBOX@HOST; made from the '
    'node''s domain where not given';
COMMENT ON COLUMN hauspost.package.units IS
    'Each allows 250 addresses and 25 mailboxes';
COMMENT ON COLUMN hauspost.package.storage_gb IS
    'Units of 1024 MB; no mailbox'' hard quota is above it';
COMMENT ON COLUMN hauspost.package.bulk IS
    'A newsletter at the ports for normal mail: move it to the bulk server, '
    'refuse it naming the port to use, or leave it';
CREATE INDEX ON hauspost.package (node);

-- 0 and not NULL for "none": a forgotten value must not mean "unlimited"
-- in one comparison and "refuse all" in the next.
CREATE SEQUENCE hauspost.mailbox_uid MINVALUE 100000 MAXVALUE 2000000000;
CREATE TABLE hauspost.mailbox (
    name             text COLLATE "C" PRIMARY KEY,
    package          text COLLATE "C" NOT NULL
                     REFERENCES hauspost.package ON UPDATE CASCADE,
    uid              integer NOT NULL DEFAULT nextval('hauspost.mailbox_uid')
                     CONSTRAINT "each mailbox has a uid of its own" UNIQUE,
    gid              integer NOT NULL,
    home             text COLLATE "C" NOT NULL
                     CONSTRAINT "each mailbox has a home of its own" UNIQUE,
    password         text,
    quota_bytes      bigint NOT NULL DEFAULT 0,
    quota_hard_bytes bigint NOT NULL DEFAULT 0,
    grace_days       integer NOT NULL DEFAULT 7,
    size_limit       bigint,
    filter           text NOT NULL DEFAULT 'auto',
    allow_forward_file boolean NOT NULL DEFAULT false,
    state            text NOT NULL DEFAULT 'active',
    CONSTRAINT "mailbox.filter is auto, sieve, procmail or none"
        CHECK (filter IN ('auto', 'sieve', 'procmail', 'none')),
    CONSTRAINT "mailbox.state is active or locked"
        CHECK (state IN ('active', 'locked'))
);
ALTER SEQUENCE hauspost.mailbox_uid OWNED BY hauspost.mailbox.uid;
COMMENT ON TABLE hauspost.mailbox IS 'A Maildir and a login';
COMMENT ON COLUMN hauspost.mailbox.name IS
    'The package''s name, or that, a hyphen and more: xyz00, xyz00-fred';
COMMENT ON COLUMN hauspost.mailbox.package IS
    'What the name begins with; read off it where not given';
COMMENT ON COLUMN hauspost.mailbox.uid IS
    'Unix user that owns the mail, 1000 or more; counted up where not given';
COMMENT ON COLUMN hauspost.mailbox.gid IS 'Unix group; the uid if not given';
COMMENT ON COLUMN hauspost.mailbox.home IS
    'Maildir is HOME/Maildir; MAIL_ROOT/PACKAGE/NAME where not given';
COMMENT ON COLUMN hauspost.mailbox.password IS
    'Hash with its scheme, as hauspost.set_password() writes it; NULL: no '
    'login';
COMMENT ON COLUMN hauspost.mailbox.quota_bytes IS
    'Above it the grace begins; 0: none';
COMMENT ON COLUMN hauspost.mailbox.quota_hard_bytes IS
    'Nothing is stored above it; 0: none';
COMMENT ON COLUMN hauspost.mailbox.grace_days IS
    'Days between the two quotas before mail is refused';
COMMENT ON COLUMN hauspost.mailbox.size_limit IS
    'Octets of one message; NULL: the node''s';
COMMENT ON COLUMN hauspost.mailbox.filter IS
    'sieve, procmail, none, or auto: Sieve where there is a script, else '
    'procmail where there is a ~/.procmailrc';
COMMENT ON COLUMN hauspost.mailbox.allow_forward_file IS
    '~/.forward is followed: addresses, \name, |program';
COMMENT ON COLUMN hauspost.mailbox.state IS
    'active, or locked: no login, mail waits at the sender (450), own '
    'forwards rest';
CREATE INDEX ON hauspost.mailbox (package);

CREATE TABLE hauspost.domain (
    name          text COLLATE "C" PRIMARY KEY,
    package       text COLLATE "C" NOT NULL
                  REFERENCES hauspost.package ON UPDATE CASCADE,
    mode          text NOT NULL DEFAULT 'local',
    next_hop      text,
    autoconfig    boolean NOT NULL DEFAULT true,
    subaddressing boolean NOT NULL DEFAULT true,
    size_limit    bigint,
    CONSTRAINT "domain.mode is local, backup, relay or null"
        CHECK (mode IN ('local', 'backup', 'relay', 'null'))
);
COMMENT ON TABLE hauspost.domain IS
    'A domain or subdomain that mail is taken for. abuse@, postmaster@ and '
    'webmaster@ a local one are made with it and go to the package''s admin';
COMMENT ON COLUMN hauspost.domain.name IS
    'Lower-case A-label: example.org, xn--bcher-kva.example';
COMMENT ON COLUMN hauspost.domain.package IS
    'Whose mailboxes and aliases its addresses may lead to';
COMMENT ON COLUMN hauspost.domain.mode IS
    'local: addresses are here; backup: kept for its own mail server; '
    'relay: handed to next_hop; null: takes no mail (RFC 7505)';
COMMENT ON COLUMN hauspost.domain.next_hop IS
    'For mode relay: mail.example.net, [192.0.2.1]:26';
COMMENT ON COLUMN hauspost.domain.autoconfig IS
    'Mail clients may find their settings by themselves';
COMMENT ON COLUMN hauspost.domain.subaddressing IS
    'info+anything@ is info@';
COMMENT ON COLUMN hauspost.domain.size_limit IS
    'Octets of one message through this domain; NULL: no limit of its own';
CREATE INDEX ON hauspost.domain (package);

CREATE TABLE hauspost.address (
    local_part  text COLLATE "C" NOT NULL,
    domain      text COLLATE "C" NOT NULL REFERENCES hauspost.domain
                ON UPDATE CASCADE ON DELETE CASCADE,
    valid_from  timestamptz,
    valid_until timestamptz,
    identifier  text COLLATE "C"
                GENERATED ALWAYS AS (lower(local_part) || '@' || domain)
                STORED
                CONSTRAINT "each address once, in whatever case" PRIMARY KEY,
    CONSTRAINT "address.valid_from is before valid_until"
        CHECK (valid_from < valid_until)
);
COMMENT ON TABLE hauspost.address IS
    'An address; where its mail goes is in target, one row at least';
COMMENT ON COLUMN hauspost.address.local_part IS
    'What stands before the @; upper and lower case are one. Empty: the '
    'catch-all of exactly this domain';
COMMENT ON COLUMN hauspost.address.domain IS
    'What stands behind the @; a row of domain';
COMMENT ON COLUMN hauspost.address.valid_from IS
    'Refused before; NULL: always valid';
COMMENT ON COLUMN hauspost.address.valid_until IS
    'Refused from then on, not left to the catch-all; NULL: for ever';
COMMENT ON COLUMN hauspost.address.identifier IS
    'The whole address in lower case, which target refers to';
CREATE INDEX ON hauspost.address (domain);

CREATE TABLE hauspost.alias (
    name    text COLLATE "C" PRIMARY KEY,
    package text COLLATE "C" NOT NULL
            REFERENCES hauspost.package ON UPDATE CASCADE
);
COMMENT ON TABLE hauspost.alias IS
    'A name inside a package that stands for its targets. It wins over the '
    'mailbox of the same name; as a target of itself it means that mailbox';
COMMENT ON COLUMN hauspost.alias.name IS
    'Like a mailbox'': xyz00-office';
COMMENT ON COLUMN hauspost.alias.package IS
    'What the name begins with; read off it where not given';
CREATE INDEX ON hauspost.alias (package);

CREATE TABLE hauspost.list (
    name    text COLLATE "C" NOT NULL,
    domain  text COLLATE "C" NOT NULL REFERENCES hauspost.domain
            ON UPDATE CASCADE ON DELETE CASCADE,
    package text COLLATE "C" NOT NULL
            REFERENCES hauspost.package ON UPDATE CASCADE,
    PRIMARY KEY (domain, name)
);
COMMENT ON TABLE hauspost.list IS
    'A mailing list; its address and target are made with it';
COMMENT ON COLUMN hauspost.list.name IS 'Local part of its address';
COMMENT ON COLUMN hauspost.list.domain IS 'Domain of its address';
COMMENT ON COLUMN hauspost.list.package IS 'The package that has the domain';
CREATE INDEX ON hauspost.list (package);

-- What a destination is can be read off it, and is therefore kept nowhere
-- else. NULL: it is none.
CREATE FUNCTION hauspost.target_kind(destination text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN CASE
    WHEN octet_length(destination) > 1024 OR destination ~ '[[:cntrl:]]'
        THEN NULL
    WHEN destination = 'nobody' THEN 'reject'
    WHEN destination = '/dev/null' THEN 'discard'
    WHEN destination ~ '^[|][^ ]' THEN 'program'
    WHEN destination ~ '^:include:/.' THEN 'include'
    WHEN destination ~ '^:list:[^@ ]+@[^@ ]+$' THEN 'list'
    WHEN destination ~ '^@' THEN
        CASE WHEN hauspost.is_host_name(substr(destination, 2))
            THEN 'domain' END
    WHEN destination ~ '@' THEN
        CASE WHEN hauspost.is_address(destination) THEN 'address' END
    WHEN destination ~ '^[a-z][a-z0-9]+(-[a-z0-9][a-z0-9._-]*)?([+][^ ]+)?$'
        THEN 'name'
END;
COMMENT ON FUNCTION hauspost.target_kind(text) IS
    'name, address, domain, reject, discard, program, include, list or NULL';

CREATE TABLE hauspost.target (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    address     text COLLATE "C" REFERENCES hauspost.address
                ON UPDATE CASCADE ON DELETE CASCADE,
    alias       text COLLATE "C" REFERENCES hauspost.alias
                ON UPDATE CASCADE ON DELETE CASCADE,
    destination text NOT NULL,
    kind        text GENERATED ALWAYS AS (hauspost.target_kind(destination))
                STORED NOT NULL,
    next_name   text COLLATE "C" GENERATED ALWAYS AS (
        CASE hauspost.target_kind(destination)
            WHEN 'name' THEN split_part(destination, '+', 1)
            WHEN 'address' THEN hauspost.local_of(destination)
        END) STORED,
    next_domain text COLLATE "C" GENERATED ALWAYS AS (
        CASE hauspost.target_kind(destination)
            WHEN 'address' THEN hauspost.domain_of(destination)
            WHEN 'domain' THEN substr(destination, 2)
        END) STORED,
    next_detail text COLLATE "C" GENERATED ALWAYS AS (
        CASE hauspost.target_kind(destination)
            WHEN 'name' THEN substring(destination FROM '[+](.*)')
        END) STORED,
    CONSTRAINT "a target has an address or an alias, not both"
        CHECK (num_nonnulls(address, alias) = 1),
    CONSTRAINT "each destination of an address once"
        UNIQUE (address, destination),
    CONSTRAINT "each destination of an alias once"
        UNIQUE (alias, destination)
);
COMMENT ON TABLE hauspost.target IS
    'Where mail for an address or an alias goes: one row per destination';
COMMENT ON COLUMN hauspost.target.id IS
    'Part of the recipient in Postfix'' queue where a program is meant, so '
    'never given a second time';
COMMENT ON COLUMN hauspost.target.address IS
    'address.identifier: info@example.org; @example.org is the catch-all';
COMMENT ON COLUMN hauspost.target.alias IS
    'Or an alias instead of an address: xyz00-office';
COMMENT ON COLUMN hauspost.target.destination IS
    'A mailbox or alias (xyz00-fred, xyz00-fred+folder), an address, '
    '@domain (same local part there), nobody (refuse), /dev/null (drop); '
    'of an alias also |program and :include:/file';
COMMENT ON COLUMN hauspost.target.kind IS 'Read off the destination';
COMMENT ON COLUMN hauspost.target.next_name IS
    'Read off the destination: the name, or the local part without quotes; '
    'NULL for @domain, which keeps the one that was asked';
COMMENT ON COLUMN hauspost.target.next_domain IS
    'Read off the destination: of an address or @domain';
COMMENT ON COLUMN hauspost.target.next_detail IS
    'Read off the destination: what follows the + of a name';
-- resolve() reads the targets of whatever has them in one ordered scan.
CREATE INDEX target_sources ON hauspost.target (coalesce(address, alias), id);

CREATE TABLE hauspost.target_grant (
    name    text COLLATE "C" NOT NULL,
    package text COLLATE "C" NOT NULL REFERENCES hauspost.package
            ON UPDATE CASCADE ON DELETE CASCADE,
    PRIMARY KEY (name, package)
);
COMMENT ON TABLE hauspost.target_grant IS
    'A mailbox or alias that targets of a foreign package may name';
COMMENT ON COLUMN hauspost.target_grant.name IS 'The mailbox or alias';
COMMENT ON COLUMN hauspost.target_grant.package IS
    'The package that may name it';

CREATE TABLE hauspost.forward (
    mailbox   text COLLATE "C" NOT NULL REFERENCES hauspost.mailbox
              ON UPDATE CASCADE ON DELETE CASCADE,
    address   text COLLATE "C" NOT NULL,
    keep_copy boolean NOT NULL DEFAULT true,
    PRIMARY KEY (mailbox, address)
);
COMMENT ON TABLE hauspost.forward IS
    'What the owner of a mailbox lets go on to another address';
COMMENT ON COLUMN hauspost.forward.mailbox IS 'Whose mail goes on';
COMMENT ON COLUMN hauspost.forward.address IS 'Where to: user@example.net';
COMMENT ON COLUMN hauspost.forward.keep_copy IS
    'The mailbox keeps its copy if one of its rows says so';

CREATE TABLE hauspost.sender_grant (
    mailbox text COLLATE "C" NOT NULL REFERENCES hauspost.mailbox
            ON UPDATE CASCADE ON DELETE CASCADE,
    sender  text COLLATE "C" NOT NULL,
    PRIMARY KEY (mailbox, sender)
);
COMMENT ON TABLE hauspost.sender_grant IS
    'Senders a login may use beyond the addresses that lead to it';
COMMENT ON COLUMN hauspost.sender_grant.mailbox IS 'The login';
COMMENT ON COLUMN hauspost.sender_grant.sender IS
    'An address, or @domain for all of that domain';

CREATE TABLE hauspost.send_limit (
    package text COLLATE "C" REFERENCES hauspost.package
            ON UPDATE CASCADE ON DELETE CASCADE,
    mailbox text COLLATE "C" REFERENCES hauspost.mailbox
            ON UPDATE CASCADE ON DELETE CASCADE,
    each    boolean NOT NULL DEFAULT false,
    class   text NOT NULL DEFAULT 'regular',
    counts  text NOT NULL DEFAULT 'recipients',
    period  interval NOT NULL,
    most    integer NOT NULL,
    over    text NOT NULL DEFAULT 'refuse',
    CONSTRAINT "one limit of a kind and period for the same"
        UNIQUE NULLS NOT DISTINCT
            (package, mailbox, each, class, counts, period),
    CONSTRAINT "send_limit.each is not for a single mailbox"
        CHECK (NOT each OR mailbox IS NULL),
    CONSTRAINT "send_limit.class is regular or bulk"
        CHECK (class IN ('regular', 'bulk')),
    CONSTRAINT "send_limit.counts is messages, recipients or new"
        CHECK (counts IN ('messages', 'recipients', 'new')),
    CONSTRAINT "send_limit.period is a minute to 31 days"
        CHECK (period BETWEEN '1 minute' AND '31 days'),
    CONSTRAINT "send_limit.most is 0 or more" CHECK (most >= 0),
    CONSTRAINT "send_limit.over is refuse or hold"
        CHECK (over IN ('refuse', 'hold'))
);
COMMENT ON TABLE hauspost.send_limit IS
    'How much may be sent within a period. All limits that apply hold at '
    'once. What a mailbox has of a class and count replaces what its package '
    'says for each of its mailboxes, and that replaces what is said for all';
COMMENT ON COLUMN hauspost.send_limit.package IS
    'Whose mail is counted; NULL: every package''s that says nothing itself';
COMMENT ON COLUMN hauspost.send_limit.mailbox IS
    'NULL: the package together, or each of its mailboxes';
COMMENT ON COLUMN hauspost.send_limit.each IS
    'Each mailbox for itself, not the package together';
COMMENT ON COLUMN hauspost.send_limit.class IS
    'regular, or bulk: what is submitted at the ports for newsletters';
COMMENT ON COLUMN hauspost.send_limit.counts IS
    'messages, recipients, or new: recipients that the mailbox has not '
    'written to before, where a stolen password shows first';
COMMENT ON COLUMN hauspost.send_limit.period IS
    'What is older does not count';
COMMENT ON COLUMN hauspost.send_limit.most IS
    'As many within the period; 0: none at all';
COMMENT ON COLUMN hauspost.send_limit.over IS
    'refuse: not now, with the time when there is room again; hold: mail '
    'waits for an admin ("hauspost quarantine")';

CREATE TABLE hauspost.client_service (
    id           integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    protocol     text NOT NULL,
    host_pattern text NOT NULL,
    port         integer NOT NULL,
    tls          text NOT NULL,
    sort_order   integer NOT NULL,
    CONSTRAINT "client_service.protocol is imap, pop3, smtp or sieve"
        CHECK (protocol IN ('imap', 'pop3', 'smtp', 'sieve')),
    CONSTRAINT "client_service.port is 1 to 65535"
        CHECK (port BETWEEN 1 AND 65535),
    CONSTRAINT "client_service.tls is implicit, starttls or none"
        CHECK (tls IN ('implicit', 'starttls', 'none'))
);
COMMENT ON TABLE hauspost.client_service IS
    'What mail clients are told when they look for their settings';
COMMENT ON COLUMN hauspost.client_service.id IS 'To name the row by';
COMMENT ON COLUMN hauspost.client_service.protocol IS
    'imap, pop3, smtp (submission) or sieve (ManageSieve)';
COMMENT ON COLUMN hauspost.client_service.port IS 'TCP port';
COMMENT ON COLUMN hauspost.client_service.tls IS
    'implicit: at once; starttls: after a plain greeting';
COMMENT ON COLUMN hauspost.client_service.host_pattern IS
    'Server name; {package_host}, {node} and {domain} are filled in';
COMMENT ON COLUMN hauspost.client_service.sort_order IS
    'Small ones first: clients take the first they can do';

INSERT INTO hauspost.client_service
    (protocol, host_pattern, port, tls, sort_order)
VALUES
    ('imap', '{package_host}', 993, 'implicit', 10),
    ('pop3', '{package_host}', 995, 'implicit', 20),
    ('smtp', '{package_host}', 465, 'implicit', 30);

RESET ROLE;

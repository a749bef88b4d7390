-- demo.sql - a provider with two customers, for "make demo" and for tests.
--
-- Homes lie below the setting hauspost.mail_root where the session has one
-- (PGOPTIONS="-c hauspost.mail_root=/some/where"), else below /srv/mail.
-- Every password is the mailbox' name and "-secret".

BEGIN;

INSERT INTO hauspost.node (name, mail_root) VALUES
    ('h01.hosting.example', coalesce(
        nullif(current_setting('hauspost.mail_root', true), ''), '/srv/mail'));

INSERT INTO hauspost.package (name, node, host) VALUES
    ('xyz00', 'h01.hosting.example', 'xyz00.hosting.example'),
    ('abc00', 'h01.hosting.example', 'abc00.hosting.example');

INSERT INTO hauspost.mailbox (name, package, uid, gid, home)
SELECT m.name, p.name, m.uid, m.uid,
    n.mail_root || '/' || p.name || '/' || m.name
FROM (VALUES
    ('xyz00', 70000),        -- admin of the package
    ('xyz00-abc', 70001),
    ('xyz00-office', 70002), -- an alias of this name captures its mail
    ('xyz00-fred', 70003),   -- keeps a copy and forwards
    ('xyz00-small', 70004),  -- takes messages of 100 kB at most
    ('xyz00-full', 70005),   -- has room for 20 kB
    ('xyz00-locked', 70006),
    ('xyz00-gone', 70007),   -- removed below, though an address names it
    ('abc00', 70010),
    ('abc00-tim', 70011)) AS m (name, uid)
JOIN hauspost.package AS p ON p.name = split_part(m.name, '-', 1)
JOIN hauspost.node AS n ON n.name = p.node;

UPDATE hauspost.mailbox SET size_limit = 100000 WHERE name = 'xyz00-small';
UPDATE hauspost.mailbox SET quota_bytes = 10000, quota_hard_bytes = 20000
    WHERE name = 'xyz00-full';
UPDATE hauspost.mailbox SET state = 'locked' WHERE name = 'xyz00-locked';
SELECT hauspost.set_password(name, name || '-secret')
FROM hauspost.mailbox WHERE name ~ '^(xyz00|abc00)';

INSERT INTO hauspost.domain (name, package, mode) VALUES
    ('example.org', 'xyz00', 'local'),
    ('hamburg.example.org', 'xyz00', 'local'),
    ('nomail.example.org', 'xyz00', 'null'),
    ('example.com', 'abc00', 'local'),
    ('example.net', 'abc00', 'local'),
    ('backup.example.com', 'abc00', 'backup');

INSERT INTO hauspost.alias (name, package) VALUES
    ('xyz00-team', 'xyz00'),    -- of xyz00-people and one more
    ('xyz00-people', 'xyz00'),
    ('xyz00-office', 'xyz00'),  -- wins over the mailbox
    ('xyz00-ring', 'xyz00'),    -- leads to xyz00-round and back
    ('xyz00-round', 'xyz00');

INSERT INTO hauspost.address (local_part, domain, valid_until) VALUES
    ('info', 'example.org', NULL),
    ('team', 'example.org', NULL),
    ('office', 'example.org', NULL),
    ('Fred', 'example.org', NULL),
    ('small', 'example.org', NULL),
    ('full', 'example.org', NULL),
    ('locked', 'example.org', NULL),
    ('nobody', 'example.org', NULL),
    ('drop', 'example.org', NULL),
    ('both', 'example.org', NULL),
    ('away', 'example.org', NULL),
    ('ring', 'example.org', NULL),
    ('gone', 'example.org', NULL),
    ('a+b', 'example.org', NULL),
    ('old', 'example.org', '2020-01-01 00:00+00'),
    ('', 'hamburg.example.org', NULL),
    ('tim', 'example.com', NULL),
    ('', 'example.com', NULL),
    ('', 'example.net', NULL);

INSERT INTO hauspost.target (address, destination) VALUES
    ('info@example.org', 'xyz00-abc'),
    ('team@example.org', 'xyz00-team'),
    ('office@example.org', 'xyz00-office'),
    ('fred@example.org', 'xyz00-fred'),
    ('small@example.org', 'xyz00-small'),
    ('full@example.org', 'xyz00-full'),
    ('locked@example.org', 'xyz00-locked'),
    ('nobody@example.org', 'nobody'),
    ('drop@example.org', '/dev/null'),
    ('both@example.org', '/dev/null'),
    ('both@example.org', 'xyz00-abc'),
    ('away@example.org', 'someone@elsewhere.example'),
    ('ring@example.org', 'xyz00-ring'),
    ('gone@example.org', 'xyz00-gone'),
    ('a+b@example.org', 'xyz00'),
    ('old@example.org', 'xyz00-abc'),
    ('@hamburg.example.org', 'xyz00-abc'),
    ('tim@example.com', 'abc00-tim'),
    ('@example.com', 'abc00'),
    ('@example.net', '@example.com');

INSERT INTO hauspost.target (alias, destination) VALUES
    ('xyz00-team', 'xyz00-people'),
    ('xyz00-team', 'xyz00'),
    ('xyz00-people', 'xyz00-abc'),
    ('xyz00-people', 'xyz00-fred'),
    ('xyz00-people', 'xyz00'),
    ('xyz00-office', 'xyz00-abc+office'),
    ('xyz00-ring', 'xyz00-round'),
    ('xyz00-round', 'xyz00-ring');

INSERT INTO hauspost.forward (mailbox, address, keep_copy) VALUES
    ('xyz00-fred', 'tim@example.com', true);

-- Targets must exist when they are written, not for ever.
SET CONSTRAINTS ALL IMMEDIATE;
DELETE FROM hauspost.mailbox WHERE name = 'xyz00-gone';

COMMIT;

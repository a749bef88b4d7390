-- directory.sql - a large provider: 15,000 packages, 60,000 mailboxes, 60,000
-- aliases, 150,000 domains, 500,000 addresses, each two hops from its mailbox.
--
-- Checks, journal and notifications stay off while it loads; the constraints
-- have proved themselves elsewhere, and this is about what comes afterwards.

SET session_replication_role = replica;

INSERT INTO hauspost.node (name) VALUES ('h01.hosting.example');

CREATE TEMPORARY TABLE pack ON COMMIT PRESERVE ROWS AS
SELECT n, 'b' || chr(97 + n / 2600) || chr(97 + n / 100 % 26)
    || lpad((n % 100)::text, 2, '0') AS name
FROM generate_series(0, 14999) AS n;

INSERT INTO hauspost.package (name, node, host, units)
SELECT name, 'h01.hosting.example', name || '.hosting.example', 2 FROM pack;

INSERT INTO hauspost.mailbox (name, package, gid, home)
SELECT m, name, 1000, '/srv/mail/' || name || '/' || m
FROM pack, unnest(ARRAY[name, name || '-one', name || '-two', name || '-three'])
    AS m;

INSERT INTO hauspost.alias (name, package)
SELECT name || '-a' || i, name FROM pack, generate_series(0, 3) AS i;

INSERT INTO hauspost.target (alias, destination)
SELECT name || '-a' || i,
    name || (ARRAY['', '-one', '-two', '-three'])[i + 1]
FROM pack, generate_series(0, 3) AS i;

INSERT INTO hauspost.domain (name, package)
SELECT 'd' || n || '-' || i || '.example', name
FROM pack, generate_series(0, 9) AS i;

INSERT INTO hauspost.address (local_part, domain)
SELECT 'user' || i % 5, 'd' || i / 5 % 15000 || '-' || i / 75000 || '.example'
FROM generate_series(0, 499999) AS i;

INSERT INTO hauspost.target (address, destination)
SELECT 'user' || i % 5 || '@d' || i / 5 % 15000 || '-' || i / 75000 || '.example',
    p.name || '-a' || i % 4
FROM generate_series(0, 499999) AS i
JOIN pack AS p ON p.n = i / 5 % 15000;

SET session_replication_role = origin;
ANALYZE;

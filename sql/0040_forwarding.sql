-- 0040_forwarding.sql - mail that goes on to an address elsewhere.
--
--   forwarding       milter, lmtpd: how a domain sends on: the domain of the
--                    rewritten sender and the keys that sign it (SRS)
--   srs_key_list     admins: which keys there are, but not the keys
--   rotate_srs_key   admins: sign with a new one from now on
--
-- The key that signs is the youngest secret of the name srs. An older one is
-- believed for srs_key_days() after the next one took its place: for so long
-- bounces come back to senders that it signed. core/srs.h has the scheme.

SET ROLE hauspost_owner;

ALTER TABLE hauspost.domain
    ADD COLUMN srs_domain text COLLATE "C",
    ADD COLUMN forward_spam boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN hauspost.domain.srs_domain IS
    'Domain of the sender with which mail to this domain is sent on, one '
    'whose SPF record names this machine; NULL: this domain itself';
COMMENT ON COLUMN hauspost.domain.forward_spam IS
    'Addresses of this domain send on what the spam filter has flagged, too';

-- Bounces come back to it, so it has to be one of those we take mail for.
CREATE FUNCTION hauspost.check_srs_domain() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    owner text;
BEGIN
    NEW.srs_domain := lower(NEW.srs_domain COLLATE "C");
    SELECT d.package INTO owner FROM hauspost.domain AS d
    WHERE d.name = NEW.srs_domain AND d.mode = 'local';
    IF NOT FOUND THEN
        SELECT NEW.package INTO owner FROM hauspost.package AS p
        WHERE p.name = NEW.package AND NEW.srs_domain IN (p.host, p.node);
    END IF;
    PERFORM hauspost.complain(format('domain "%s"', NEW.name),
        hauspost.sentences(format('srs_domain "%s"', NEW.srs_domain), CASE
            WHEN owner IS DISTINCT FROM NEW.package
            THEN format('gets no mail of package "%s": write one of its local '
                'domains, its host, its node, or NULL', NEW.package) END));
    RETURN NEW;
END
$$;
CREATE TRIGGER checks_srs BEFORE INSERT OR UPDATE ON hauspost.domain
    FOR EACH ROW
    WHEN (NEW.srs_domain IS NOT NULL AND NEW.srs_domain <> NEW.name)
    EXECUTE FUNCTION hauspost.check_srs_domain();

CREATE FUNCTION hauspost.srs_domain(forwarder text) RETURNS text
LANGUAGE sql STABLE RETURN coalesce(
    (SELECT d.srs_domain FROM hauspost.domain AS d
        WHERE d.name = hauspost.domain_of(forwarder)),
    hauspost.domain_of(forwarder));
COMMENT ON FUNCTION hauspost.srs_domain(text) IS
    'Domain of the sender with which this address of ours sends on';

-- Keys ---------------------------------------------------------------------

CREATE FUNCTION hauspost.srs_key_days() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 30';
COMMENT ON FUNCTION hauspost.srs_key_days() IS
    'Days that a key is believed after another took its place: above the 21 '
    'after which an address is stale anyway';

CREATE FUNCTION hauspost.srs_keys_max() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 8';
COMMENT ON FUNCTION hauspost.srs_keys_max() IS
    'Keys that are believed at a time; SRS_KEYS_MAX of core/srs.h';

CREATE FUNCTION hauspost.srs_key_list()
RETURNS TABLE (made timestamptz, believed_until timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER ROWS 2
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT k.made, k.until
    FROM (
        SELECT s.made, lead(s.made) OVER (ORDER BY s.made)
            + make_interval(days => hauspost.srs_key_days()) AS until
        FROM hauspost.secret AS s WHERE s.name = 'srs'
    ) AS k
    WHERE k.until IS NULL OR k.until > now()
    ORDER BY k.made DESC
    LIMIT hauspost.srs_keys_max();
END;
COMMENT ON FUNCTION hauspost.srs_key_list() IS
    'Keys that are believed, the one that signs first; believed_until is NULL '
    'for it';

CREATE FUNCTION hauspost.rotate_srs_key() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO hauspost.secret (name, value, readers, made)
    SELECT 'srs', sha256(uuid_send(gen_random_uuid())
            || uuid_send(gen_random_uuid())), s.readers, clock_timestamp()
    FROM hauspost.secret AS s WHERE s.name = 'srs'
    ORDER BY s.made DESC
    LIMIT 1;
    DELETE FROM hauspost.secret AS s
    WHERE s.name = 'srs'
        AND s.made NOT IN (SELECT k.made FROM hauspost.srs_key_list() AS k);
    PERFORM pg_notify('hauspost_directory', 'srs');
END
$$;
COMMENT ON FUNCTION hauspost.rotate_srs_key() IS
    'Signs senders with a new key from now on, and forgets those that are no '
    'longer believed';

-- One row. The keys in hex, youngest first.
CREATE FUNCTION hauspost.forwarding(domain text, OUT srs_domain text,
    OUT forward_spam boolean, OUT srs_keys text, OUT keys text[],
    OUT changes_at timestamptz)
RETURNS record
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted text := lower(domain COLLATE "C");
BEGIN
    PERFORM hauspost.secret('srs'); -- raises for who may not read it
    keys := ARRAY['domain:' || wanted, 'srs'];
    srs_domain := hauspost.srs_domain(wanted);
    forward_spam := coalesce((SELECT d.forward_spam
        FROM hauspost.domain AS d WHERE d.name = wanted), true);
    SELECT string_agg(encode(s.value, 'hex'), ' ' ORDER BY k.made DESC),
        min(k.believed_until)
    INTO srs_keys, changes_at
    FROM hauspost.srs_key_list() AS k
    JOIN hauspost.secret AS s ON s.name = 'srs' AND s.made = k.made;
END
$$;
COMMENT ON FUNCTION hauspost.forwarding(text) IS
    'How addresses of a domain send on what they get';
GRANT EXECUTE ON FUNCTION hauspost.forwarding(text) TO
    hauspost_milter, hauspost_lmtpd;

-- Pauses -------------------------------------------------------------------
--
-- Where an address elsewhere is gone for good, each further message would only
-- make one more bounce, and the servers there take us for a spammer. Whom a
-- package forwards to in vain is noted by the bounces that come back.

CREATE TABLE hauspost.forward_pause (
    package text COLLATE "C" NOT NULL REFERENCES hauspost.package
            ON UPDATE CASCADE ON DELETE CASCADE,
    address text COLLATE "C" NOT NULL,
    since   timestamptz NOT NULL DEFAULT now(),
    reply   text,
    PRIMARY KEY (package, address)
);
COMMENT ON TABLE hauspost.forward_pause IS
    'Addresses elsewhere to which a package sends nothing on any more. Delete '
    'a row, or write the target or forward anew, to try again';
COMMENT ON COLUMN hauspost.forward_pause.package IS 'Whose forwards rest';
COMMENT ON COLUMN hauspost.forward_pause.address IS
    'Where they went, in lower case';
COMMENT ON COLUMN hauspost.forward_pause.since IS 'When it was given up';
COMMENT ON COLUMN hauspost.forward_pause.reply IS
    'What its server said last';

CREATE TABLE hauspost.forward_bounce (
    package text COLLATE "C" NOT NULL REFERENCES hauspost.package
            ON UPDATE CASCADE ON DELETE CASCADE,
    address text COLLATE "C" NOT NULL,
    day     date NOT NULL DEFAULT current_date,
    bounces integer NOT NULL DEFAULT 1,
    PRIMARY KEY (package, address, day)
);
COMMENT ON TABLE hauspost.forward_bounce IS
    'How often forwards came back as undeliverable for good';
COMMENT ON COLUMN hauspost.forward_bounce.package IS 'Whose forwards';
COMMENT ON COLUMN hauspost.forward_bounce.address IS
    'Where they went, in lower case';
COMMENT ON COLUMN hauspost.forward_bounce.day IS 'When they came back';
COMMENT ON COLUMN hauspost.forward_bounce.bounces IS 'How many that day';

CREATE FUNCTION hauspost.is_paused(package text, address text) RETURNS boolean
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN EXISTS (SELECT FROM hauspost.forward_pause AS p
        WHERE p.package = is_paused.package
            AND p.address = lower(is_paused.address COLLATE "C"));
END
$$;

-- A server that is set up wrongly for an afternoon refuses everybody; who is
-- gone is gone on the third day as well.
CREATE FUNCTION hauspost.is_given_up(package text, address text)
RETURNS boolean
LANGUAGE sql STABLE RETURN (
    SELECT count(*) >= 3 AND sum(b.bounces) >= 5
    FROM hauspost.forward_bounce AS b
    WHERE b.package = is_given_up.package AND b.address = is_given_up.address
        AND b.day > current_date - 14);
COMMENT ON FUNCTION hauspost.is_given_up(text, text) IS
    'Five bounces on three days within two weeks';

-- Who forwards where. The last is whom to tell.
CREATE VIEW hauspost.forward_to AS
    SELECT d.package, lower(t.destination COLLATE "C") AS address,
        d.package AS owner
    FROM hauspost.target AS t
    JOIN hauspost.address AS a ON a.identifier = t.address
    JOIN hauspost.domain AS d ON d.name = a.domain
    WHERE t.kind IN ('address', 'domain')
    UNION ALL
    SELECT a.package, lower(t.destination COLLATE "C"), a.package
    FROM hauspost.target AS t
    JOIN hauspost.alias AS a ON a.name = t.alias
    WHERE t.kind = 'address'
    UNION ALL
    SELECT m.package, lower(f.address COLLATE "C"), m.name
    FROM hauspost.forward AS f
    JOIN hauspost.mailbox AS m ON m.name = f.mailbox;
COMMENT ON VIEW hauspost.forward_to IS
    'Targets and forwards that are addresses, or @domain; their package and '
    'the mailbox of who wrote them';
CREATE INDEX ON hauspost.target (lower(destination COLLATE "C"))
    WHERE kind IN ('address', 'domain');
CREATE INDEX ON hauspost.forward (lower(address COLLATE "C"));

-- Bounces come back to the domain of the sender, which tells whose forward it
-- was; other packages may do better with the same address.
CREATE FUNCTION hauspost.sends_with(package text, srs_domain text)
RETURNS boolean
LANGUAGE sql STABLE RETURN EXISTS (
    SELECT FROM hauspost.domain AS d WHERE d.package = sends_with.package
        AND coalesce(d.srs_domain, d.name) = sends_with.srs_domain
    UNION ALL
    SELECT FROM hauspost.package AS p WHERE p.name = sends_with.package
        AND sends_with.srs_domain IN (p.host, p.node));

CREATE FUNCTION hauspost.pause_forward(
    package text, address text, reply text, owners text[])
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO hauspost.forward_pause (package, address, reply)
    VALUES (package, address, reply)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    INSERT INTO hauspost.notice (owner, kind, subject, body)
    SELECT owner, 'forward-paused', address, format(
        E'Mail that is sent on to <%s> comes back again and again:\n\n'
        '    %s\n\nNothing is sent there any more. Remove the address from '
        'your forwards, or\nwrite it anew if it works again.\n',
        address, reply)
    FROM unnest(owners) AS owner
    ON CONFLICT DO NOTHING;
END
$$;

CREATE FUNCTION hauspost.note_bounce(
    srs_domain text, recipient text, reply text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    gone text := lower(recipient COLLATE "C");
    one  record;
BEGIN
    FOR one IN
        SELECT f.package, array_agg(DISTINCT f.owner) AS owners
        FROM hauspost.forward_to AS f
        WHERE f.address IN (gone, '@' || hauspost.domain_of(gone))
            AND hauspost.sends_with(f.package, note_bounce.srs_domain)
        GROUP BY f.package
    LOOP
        INSERT INTO hauspost.forward_bounce AS b (package, address)
        VALUES (one.package, gone)
        ON CONFLICT (package, address, day)
        DO UPDATE SET bounces = b.bounces + 1;
        IF hauspost.is_given_up(one.package, gone) THEN
            PERFORM hauspost.pause_forward(
                one.package, gone, reply, one.owners);
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION hauspost.note_bounce(text, text, text) IS
    'A message that was sent on with a sender of this domain came back: the '
    'recipient does not exist';
GRANT EXECUTE ON FUNCTION hauspost.note_bounce(text, text, text) TO
    hauspost_milter;

-- Whoever writes it again means that it works now.
CREATE FUNCTION hauspost.resume_forward() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    resumed text := lower(CASE TG_TABLE_NAME
        WHEN 'target' THEN to_jsonb(NEW) ->> 'destination'
        ELSE to_jsonb(NEW) ->> 'address' END COLLATE "C");
BEGIN
    DELETE FROM hauspost.forward_pause AS p
    WHERE p.address = resumed AND EXISTS (
        SELECT FROM hauspost.forward_to AS f
        WHERE f.address = resumed AND f.package = p.package);
    RETURN NULL;
END
$$;
CREATE TRIGGER resume AFTER INSERT OR UPDATE ON hauspost.target
    FOR EACH ROW WHEN (NEW.kind = 'address')
    EXECUTE FUNCTION hauspost.resume_forward();
CREATE TRIGGER resume AFTER INSERT OR UPDATE ON hauspost.forward
    FOR EACH ROW EXECUTE FUNCTION hauspost.resume_forward();

-- A second chance has to be a whole one.
CREATE FUNCTION hauspost.forget_bounces() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM hauspost.forward_bounce AS b
    WHERE b.package = OLD.package AND b.address = OLD.address;
    RETURN NULL;
END
$$;
CREATE TRIGGER forget AFTER DELETE ON hauspost.forward_pause
    FOR EACH ROW EXECUTE FUNCTION hauspost.forget_bounces();

DO $$
BEGIN
    PERFORM hauspost.keep_journal('hauspost.forward_pause');
    PERFORM hauspost.tell_changes_of('hauspost.forward_pause');
END
$$;

GRANT SELECT, DELETE ON hauspost.forward_pause TO hauspost_admin;
GRANT SELECT ON hauspost.forward_bounce TO hauspost_admin;

RESET ROLE;

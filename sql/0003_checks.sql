-- 0003_checks.sql - what a row must be, and what to write instead.
--
-- A BEFORE trigger per table looks at one row, collects everything that is
-- wrong with it and raises it together (check_violation; one DETAIL line per
-- problem where there are several). What depends on other rows waits for the
-- end of the transaction, so that an admin may insert in any order.
--
-- Grammar is checked when a value is written, not ever after: a stricter rule
-- of a later version leaves the rows there are alone.

SET ROLE hauspost_owner;

CREATE FUNCTION hauspost.complain(what text, problems text[]) RETURNS void
LANGUAGE plpgsql IMMUTABLE
AS $$
BEGIN
    CASE coalesce(cardinality(problems), 0)
    WHEN 0 THEN
        RETURN;
    WHEN 1 THEN
        RAISE check_violation USING
            MESSAGE = what || ': ' || problems[1];
    ELSE
        RAISE check_violation USING
            MESSAGE = format('%s: %s problems', what, cardinality(problems)),
            DETAIL = array_to_string(problems, E'\n');
    END CASE;
END
$$;
COMMENT ON FUNCTION hauspost.complain(text, text[]) IS
    'Raises all problems of one row together; none is fine';

-- What is wrong with a value; NULL if nothing is. Each text goes behind the
-- name of the column and the value.

CREATE FUNCTION hauspost.local_part_problem(local_part text) RETURNS text
LANGUAGE sql IMMUTABLE RETURN CASE
    WHEN strpos(local_part, '@') > 0 THEN
        'contains "@": write here only what stands before it'
    WHEN octet_length(local_part) > 64 THEN
        'has more than 64 octets: choose a shorter one'
    WHEN local_part ~ '[[:space:]]' THEN
        'contains a blank: write "." or "-" in its place'
    WHEN local_part !~ '^[!-~]*$' THEN
        'contains a character that is not ASCII: write ue for an umlaut'
    WHEN local_part ~ '^[.]|[.][.]|[.]$' THEN
        'has a dot at an end or two in a row: leave it out'
    WHEN local_part <> '' AND hauspost.needs_quotes(local_part) THEN
        'contains one of ( ) < > [ ] , ; : \ ": choose one without'
END;

CREATE FUNCTION hauspost.host_name_problem(name text) RETURNS text
LANGUAGE sql IMMUTABLE RETURN CASE
    WHEN hauspost.is_host_name(name) THEN NULL
    WHEN strpos(name, '@') > 0 THEN
        'contains "@": write only the domain'
    WHEN name !~ '^[!-~]*$' THEN
        'is not all ASCII: write its A-label, like xn--bcher-kva.example'
    WHEN name LIKE '%.' THEN
        'ends in a dot: leave it out'
    WHEN strpos(name, '.') = 0 THEN
        'has no dot: write the full name, like example.org'
    ELSE 'is no host name: write labels of a-z, 0-9 and inner hyphens, at most '
        '63 octets each, 253 together'
END;

CREATE FUNCTION hauspost.name_problem(name text, package text, longest integer)
RETURNS text
LANGUAGE sql IMMUTABLE RETURN CASE
    WHEN name ~ '[A-Z]' THEN
        format('contains upper case: write "%s"', lower(name COLLATE "C"))
    WHEN name <> package AND NOT starts_with(name, package || '-') THEN
        format('is not of package "%s": write "%s" or "%s-something"',
            package, package, package)
    WHEN octet_length(name) > longest THEN
        format('has more than %s octets: choose a shorter one', longest)
    WHEN name !~ '^[a-z0-9]+(-[a-z0-9][a-z0-9._-]*)?$' THEN
        'has something else than a-z, 0-9 and . _ - behind its package: choose '
        'one without'
END;

CREATE FUNCTION hauspost.size_problem(octets bigint) RETURNS text
LANGUAGE sql IMMUTABLE RETURN CASE
    WHEN octets <= 0 THEN 'is no size: write octets, or NULL for no limit'
END;

-- Pairs of what a value is called and what is wrong with it, as sentences.
CREATE FUNCTION hauspost.sentences(VARIADIC pairs text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE RETURN ARRAY(
    SELECT pairs[i] || ' ' || pairs[i + 1]
    FROM generate_series(1, cardinality(pairs), 2) AS i
    WHERE pairs[i + 1] IS NOT NULL);
COMMENT ON FUNCTION hauspost.sentences(text[]) IS
    'Subject, problem, subject, problem, …: those that have a problem';

-- node, package -------------------------------------------------------------

CREATE FUNCTION hauspost.check_node() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    problems text[];
BEGIN
    NEW.name := lower(NEW.name COLLATE "C");
    problems := hauspost.sentences(
    'name', hauspost.host_name_problem(NEW.name),
    'name', (SELECT format('would take over domain "%s" of package "%s": '
            'choose another', d.name, d.package)
        FROM hauspost.domain AS d
        WHERE hauspost.is_leaf_label(split_part(d.name, '.', 1))
            AND d.name = split_part(d.name, '.', 1) || '.' || NEW.name
        LIMIT 1),
    format('mail_root "%s"', NEW.mail_root), CASE
        WHEN NEW.mail_root !~ '^(/[^/[:cntrl:]]+)+$'
            OR NEW.mail_root ~ '/[.]{1,2}(/|$)'
        THEN 'is no absolute directory: write one like /srv/mail' END,
    format('size_limit %s', NEW.size_limit),
        hauspost.size_problem(NEW.size_limit));
    PERFORM hauspost.complain(format('node "%s"', NEW.name), problems);
    RETURN NEW;
END
$$;
CREATE TRIGGER checks BEFORE INSERT OR UPDATE ON hauspost.node
    FOR EACH ROW EXECUTE FUNCTION hauspost.check_node();

CREATE FUNCTION hauspost.check_package() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    problems text[];
BEGIN
    NEW.host := lower(coalesce(
        NEW.host, NEW.name || substring(NEW.node FROM '[.].*')) COLLATE "C");
    problems := hauspost.sentences(
        'name', CASE
            WHEN NEW.name IN ('nobody', 'nomail', 'bounce', 'root',
                'postmaster', 'abuse', 'webmaster', 'hostmaster')
                THEN 'means something else in mail: choose another'
            WHEN NEW.name !~ '^[a-z][a-z0-9]{2,15}$'
                THEN 'is none: write 3 to 16 of a-z and 0-9, like xyz00'
        END,
        format('host "%s"', NEW.host), coalesce(
            hauspost.host_name_problem(NEW.host),
            (SELECT format('is a domain of package "%s": choose another',
                    d.package)
                FROM hauspost.domain AS d
                WHERE d.name = NEW.host AND d.package <> NEW.name)),
        format('units %s', NEW.units), CASE
            WHEN NEW.units NOT BETWEEN 1 AND 1000
                THEN 'is out of range: write 1 to 1000' END,
        format('storage_gb %s', NEW.storage_gb), CASE
            WHEN NEW.storage_gb NOT BETWEEN 1 AND 1000000
                THEN 'is out of range: write 1 to 1000000'
            ELSE (SELECT format('is below the hard quota of mailbox "%s": '
                    'lower that first', m.name)
                FROM hauspost.mailbox AS m
                WHERE m.package = OLD.name AND m.quota_hard_bytes
                    > NEW.storage_gb * 1024::bigint * 1048576
                LIMIT 1)
        END);
    PERFORM hauspost.complain(format('package "%s"', NEW.name), problems);
    RETURN NEW;
END
$$;
CREATE TRIGGER checks BEFORE INSERT OR UPDATE ON hauspost.package
    FOR EACH ROW EXECUTE FUNCTION hauspost.check_package();

-- mailbox, alias ------------------------------------------------------------

CREATE FUNCTION hauspost.check_mailbox() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    problems   text[];
    mail_root  text;
    storage_gb integer;
    most_bytes bigint;
BEGIN
    NEW.package := coalesce(NEW.package, split_part(NEW.name, '-', 1));
    NEW.gid := coalesce(NEW.gid, NEW.uid);
    SELECT n.mail_root, p.storage_gb, p.storage_gb * 1024::bigint * 1048576
    INTO mail_root, storage_gb, most_bytes
    FROM hauspost.package AS p JOIN hauspost.node AS n ON n.name = p.node
    WHERE p.name = NEW.package;
    NEW.home := coalesce(NEW.home,
        mail_root || '/' || NEW.package || '/' || NEW.name);

    problems := hauspost.sentences(
        -- 32: what useradd takes for a user's name
        'name', CASE WHEN (NEW.name, NEW.package)
                IS DISTINCT FROM (OLD.name, OLD.package)
            THEN hauspost.name_problem(NEW.name, NEW.package, 32) END,
        format('package "%s"', NEW.package), CASE WHEN mail_root IS NULL
            THEN 'does not exist: insert it first' END,
        format('uid %s', NEW.uid), CASE WHEN NEW.uid < 1000
            THEN 'is the system''s: write 1000 or more' END,
        format('gid %s', NEW.gid), CASE WHEN NEW.gid < 1000
            THEN 'is the system''s: write 1000 or more' END,
        format('home "%s"', NEW.home), CASE
            WHEN NEW.home !~ '^(/[^/:[:cntrl:]]+)+$'
                OR NEW.home ~ '/[.]{1,2}(/|$)'
                OR octet_length(NEW.home) > 255
            THEN 'is no home: write an absolute path without ".." and ":" '
                'of at most 255 octets' END,
        'password', CASE
            WHEN NEW.password !~ '^[{][A-Z0-9.-]+[}][!-~]+$'
                OR NEW.password ~ '^[{](PLAIN|CLEAR|CLEARTEXT)[}.]'
            THEN 'is no hash: call hauspost.set_password(mailbox, password)'
        END,
        format('quota_bytes %s', NEW.quota_bytes), CASE
            WHEN NEW.quota_bytes < 0
                THEN 'is negative: write octets, 0 for none'
            WHEN NEW.quota_hard_bytes > 0
                AND NEW.quota_bytes > NEW.quota_hard_bytes
                THEN format('is above quota_hard_bytes %s: write that or '
                    'less', NEW.quota_hard_bytes)
        END,
        format('quota_hard_bytes %s', NEW.quota_hard_bytes), CASE
            WHEN NEW.quota_hard_bytes < 0
                THEN 'is negative: write octets, 0 for none'
            WHEN NEW.quota_hard_bytes > most_bytes
                THEN format('is above the %s x 1024 MB of its package: '
                    'write %s or less', storage_gb, most_bytes)
        END,
        format('grace_days %s', NEW.grace_days), CASE
            WHEN NEW.grace_days NOT BETWEEN 0 AND 365
            THEN 'is out of range: write 0 to 365' END,
        format('size_limit %s', NEW.size_limit),
            hauspost.size_problem(NEW.size_limit));
    PERFORM hauspost.complain(format('mailbox "%s"', NEW.name), problems);
    RETURN NEW;
END
$$;
CREATE TRIGGER checks BEFORE INSERT OR UPDATE ON hauspost.mailbox
    FOR EACH ROW EXECUTE FUNCTION hauspost.check_mailbox();

CREATE FUNCTION hauspost.check_alias() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    problems text[];
BEGIN
    NEW.package := coalesce(NEW.package, split_part(NEW.name, '-', 1));
    problems := hauspost.sentences('name',
        hauspost.name_problem(NEW.name, NEW.package, 64));
    PERFORM hauspost.complain(format('alias "%s"', NEW.name), problems);
    RETURN NEW;
END
$$;
CREATE TRIGGER checks BEFORE INSERT OR UPDATE ON hauspost.alias
    FOR EACH ROW EXECUTE FUNCTION hauspost.check_alias();

CREATE FUNCTION hauspost.warn_of_shadow() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF EXISTS (SELECT FROM hauspost.alias AS a WHERE a.name = NEW.name)
        AND EXISTS (SELECT FROM hauspost.mailbox AS m WHERE m.name = NEW.name)
    THEN
        RAISE WARNING 'alias "%" gets the mail of the mailbox of that name',
            NEW.name
            USING HINT = 'Where the alias has its own name as a target, the '
                'mailbox gets it too.';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER shadow AFTER INSERT OR UPDATE OF name ON hauspost.alias
    FOR EACH ROW EXECUTE FUNCTION hauspost.warn_of_shadow();
CREATE TRIGGER shadow AFTER INSERT OR UPDATE OF name ON hauspost.mailbox
    FOR EACH ROW EXECUTE FUNCTION hauspost.warn_of_shadow();

-- domain, address, list -----------------------------------------------------

CREATE FUNCTION hauspost.check_domain() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    problems text[];
    under    text;
BEGIN
    NEW.name := lower(NEW.name COLLATE "C");
    under := substr(NEW.name, strpos(NEW.name, '.') + 1);
    problems := hauspost.sentences(
        'name', coalesce(
            hauspost.host_name_problem(NEW.name),
            (SELECT format('exists only in the queue of node "%s": choose '
                    'another', n.name)
                FROM hauspost.node AS n WHERE n.name = under
                    AND hauspost.is_leaf_label(split_part(NEW.name, '.', 1))),
            (SELECT format('is the host of package "%s": choose another',
                    p.name)
                FROM hauspost.package AS p
                WHERE p.host = NEW.name AND p.name <> NEW.package)),
        'next_hop', CASE
            WHEN NEW.mode = 'relay' AND NEW.next_hop IS NULL THEN
                'is missing: write where mode relay hands mail to'
            WHEN NEW.mode <> 'relay' AND NEW.next_hop IS NOT NULL THEN
                'is for mode relay only: set it to NULL'
            WHEN NEW.next_hop !~ ('^([a-z0-9-]+[.])+[a-z0-9-]+(:[0-9]{1,5})?$'
                '|^\[([a-z0-9.-]+|[0-9a-fA-F.:]+)\](:[0-9]{1,5})?$') THEN
                format('"%s" is none: write mail.example.net or '
                    '[192.0.2.1]:26', NEW.next_hop) END,
        format('size_limit %s', NEW.size_limit),
            hauspost.size_problem(NEW.size_limit));
    PERFORM hauspost.complain(format('domain "%s"', NEW.name), problems);
    RETURN NEW;
END
$$;
CREATE TRIGGER checks BEFORE INSERT OR UPDATE ON hauspost.domain
    FOR EACH ROW EXECUTE FUNCTION hauspost.check_domain();

-- RFC 2142: somebody must read what the world writes to these.
CREATE FUNCTION hauspost.make_role_addresses() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    WITH made AS (
        INSERT INTO hauspost.address (local_part, domain)
        SELECT role, NEW.name
        FROM unnest('{abuse,postmaster,webmaster}'::text[]) AS role
        ON CONFLICT DO NOTHING
        RETURNING identifier
    )
    INSERT INTO hauspost.target (address, destination)
    SELECT identifier, NEW.package FROM made;
    RETURN NULL;
END
$$;
CREATE TRIGGER role_addresses AFTER INSERT OR UPDATE OF mode ON hauspost.domain
    FOR EACH ROW WHEN (NEW.mode = 'local')
    EXECUTE FUNCTION hauspost.make_role_addresses();

CREATE FUNCTION hauspost.check_address() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    problems text[];
BEGIN
    NEW.domain := lower(NEW.domain COLLATE "C");
    IF NEW.local_part IS DISTINCT FROM OLD.local_part THEN
        problems := hauspost.sentences(
            format('local_part "%s"', NEW.local_part),
            hauspost.local_part_problem(NEW.local_part));
        PERFORM hauspost.complain(
            format('address "%s@%s"', NEW.local_part, NEW.domain), problems);
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER checks BEFORE INSERT OR UPDATE ON hauspost.address
    FOR EACH ROW EXECUTE FUNCTION hauspost.check_address();

-- The address of a list is made, renamed and removed with it.
CREATE FUNCTION hauspost.follow_list() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    was text := OLD.name || '@' || OLD.domain;
    is_now text := NEW.name || '@' || NEW.domain;
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO hauspost.address (local_part, domain)
        VALUES (NEW.name, NEW.domain);
        INSERT INTO hauspost.target (address, destination)
        VALUES (is_now, ':list:' || is_now);
    ELSIF TG_OP = 'UPDATE' THEN
        UPDATE hauspost.address SET local_part = NEW.name, domain = NEW.domain
        WHERE identifier = was;
        UPDATE hauspost.target SET destination = ':list:' || is_now
        WHERE address = is_now AND destination = ':list:' || was;
    ELSE
        DELETE FROM hauspost.address AS a
        WHERE a.identifier = was AND EXISTS (
            SELECT FROM hauspost.target AS t
            WHERE t.address = was AND t.destination = ':list:' || was);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER follow AFTER INSERT OR UPDATE OR DELETE ON hauspost.list
    FOR EACH ROW EXECUTE FUNCTION hauspost.follow_list();

-- Units ---------------------------------------------------------------------

-- Locks the packages, so that two inserts at once don't both find room for one.
CREATE FUNCTION hauspost.check_units(packages text[]) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    problems text[];
    one      record;
BEGIN
    FOR one IN
        SELECT * FROM hauspost.package AS p
        WHERE p.name = ANY (packages) ORDER BY p.name FOR NO KEY UPDATE
    LOOP
        problems := ARRAY(
            SELECT format('%s %s are more than the %s that %s unit(s) allow: '
                'remove some or raise package.units',
                used, what, allowed, one.units)
            FROM (VALUES
                ('addresses', one.units * hauspost.addresses_per_unit(),
                    (SELECT count(*) FROM hauspost.address AS a
                        JOIN hauspost.domain AS d ON d.name = a.domain
                        WHERE d.package = one.name)),
                ('mailboxes', one.units * hauspost.mailboxes_per_unit(),
                    (SELECT count(*) FROM hauspost.mailbox AS m
                        WHERE m.package = one.name))
            ) AS counts (what, allowed, used)
            WHERE used > allowed);
        PERFORM hauspost.complain(format('package "%s"', one.name), problems);
    END LOOP;
END
$$;

CREATE FUNCTION hauspost.check_units_of_come() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF TG_TABLE_NAME = 'address' THEN
        PERFORM hauspost.check_units(ARRAY(
            SELECT DISTINCT d.package
            FROM come JOIN hauspost.domain AS d ON d.name = come.domain));
    ELSIF TG_TABLE_NAME = 'package' THEN
        PERFORM hauspost.check_units(ARRAY(SELECT name FROM come));
    ELSE
        PERFORM hauspost.check_units(ARRAY(SELECT DISTINCT package FROM come));
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER units_insert AFTER INSERT ON hauspost.mailbox
    REFERENCING NEW TABLE AS come
    FOR EACH STATEMENT EXECUTE FUNCTION hauspost.check_units_of_come();
CREATE TRIGGER units_update AFTER UPDATE ON hauspost.mailbox
    REFERENCING NEW TABLE AS come
    FOR EACH STATEMENT EXECUTE FUNCTION hauspost.check_units_of_come();
CREATE TRIGGER units_insert AFTER INSERT ON hauspost.address
    REFERENCING NEW TABLE AS come
    FOR EACH STATEMENT EXECUTE FUNCTION hauspost.check_units_of_come();
CREATE TRIGGER units_update AFTER UPDATE ON hauspost.address
    REFERENCING NEW TABLE AS come
    FOR EACH STATEMENT EXECUTE FUNCTION hauspost.check_units_of_come();
CREATE TRIGGER units_update AFTER UPDATE ON hauspost.domain
    REFERENCING NEW TABLE AS come
    FOR EACH STATEMENT EXECUTE FUNCTION hauspost.check_units_of_come();
CREATE TRIGGER units_update AFTER UPDATE ON hauspost.package
    REFERENCING NEW TABLE AS come
    FOR EACH STATEMENT EXECUTE FUNCTION hauspost.check_units_of_come();

-- target --------------------------------------------------------------------

-- Other systems' spellings: blanks around, quotes around a program, and two
-- more words for nobody.
CREATE FUNCTION hauspost.tidy_destination(destination text) RETURNS text
LANGUAGE sql IMMUTABLE RETURN (
    SELECT CASE
        WHEN bare IN ('nomail', 'bounce') THEN 'nobody'
        WHEN bare ~ '^[|:]' THEN bare
        WHEN bare ~ '@[^@]*$' THEN regexp_replace(bare, '[^@]*$', '')
            || lower(substring(bare FROM '[^@]*$') COLLATE "C")
        ELSE bare
    END
    FROM btrim(regexp_replace(btrim(destination),
        '^([''"])\s*([|].*)\1$', '\2')) AS bare);

CREATE FUNCTION hauspost.destination_problem(destination text, of_alias boolean)
RETURNS text
LANGUAGE sql IMMUTABLE RETURN CASE hauspost.target_kind(destination)
    WHEN 'program' THEN CASE WHEN NOT of_alias THEN
        'is a program: give it to an alias, and name that here' END
    WHEN 'include' THEN CASE WHEN NOT of_alias THEN
        'is a file: give it to an alias, and name that here' END
    WHEN 'domain' THEN CASE WHEN of_alias THEN
        'keeps the local part, which an alias has not: write a whole address'
        END
    ELSE CASE
        WHEN hauspost.target_kind(destination) IS NOT NULL THEN NULL
        WHEN destination = '' THEN
            'is empty: write nobody to refuse mail, /dev/null to drop it'
        WHEN octet_length(destination) > 1024 THEN
            'has more than 1024 octets: write a shorter one'
        WHEN destination ~ '@.*\s.*@' THEN
            'is more than one: write a row for each'
        WHEN destination ~ '^:include:' THEN
            'is not absolute: write :include:/home/…/file'
        WHEN destination ~ '^[|]' THEN
            'names no program: write |/usr/bin/… right behind the sign'
        WHEN destination ~ '@' THEN
            'is no address: write user@example.org, or @example.org'
        ELSE 'is none: write a mailbox, an alias, an address, @domain, nobody '
            'or /dev/null'
    END
END;

CREATE FUNCTION hauspost.check_target() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    problems text[];
BEGIN
    NEW.address := lower(NEW.address COLLATE "C");
    NEW.destination := hauspost.tidy_destination(NEW.destination);
    problems := hauspost.sentences(
        format('destination "%s"', NEW.destination),
        hauspost.destination_problem(
            NEW.destination, NEW.alias IS NOT NULL));
    PERFORM hauspost.complain(
        format('target of "%s"', coalesce(NEW.address, NEW.alias)), problems);
    IF NEW.destination LIKE '@%' AND NEW.address NOT LIKE '@%' THEN
        RAISE WARNING '% goes to the same local part at %',
            NEW.address, substr(NEW.destination, 2)
            USING HINT = 'To move a whole domain, give this target to its '
                'catch-all, the address with an empty local part.';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER checks BEFORE INSERT OR UPDATE ON hauspost.target
    FOR EACH ROW EXECUTE FUNCTION hauspost.check_target();

-- Finds who names a mailbox or alias.
CREATE INDEX target_names ON hauspost.target (split_part(destination, '+', 1))
    WHERE kind = 'name';

CREATE FUNCTION hauspost.package_of_name(name text) RETURNS text
LANGUAGE sql STABLE RETURN coalesce(
    (SELECT a.package FROM hauspost.alias AS a
        WHERE a.name = package_of_name.name),
    (SELECT m.package FROM hauspost.mailbox AS m
        WHERE m.name = package_of_name.name));
COMMENT ON FUNCTION hauspost.package_of_name(text) IS
    'Whose a mailbox or alias is; NULL if there is none';

-- What a target needs of other rows; NULL if it has it.
CREATE FUNCTION hauspost.reference_problem(checked hauspost.target)
RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    wanted text := split_part(checked.destination, '+', 1);
    owner  text := hauspost.package_of_name(wanted);
    asks   text := coalesce(
        (SELECT a.package FROM hauspost.alias AS a
            WHERE a.name = checked.alias),
        (SELECT d.package FROM hauspost.domain AS d
            WHERE d.name = hauspost.domain_of(checked.address)));
BEGIN
    IF checked.kind = 'list' AND NOT EXISTS (
        SELECT FROM hauspost.list AS l
        WHERE ':list:' || l.name || '@' || l.domain = checked.destination)
    THEN
        RETURN 'is no list: insert into hauspost.list, which makes its address';
    ELSIF checked.kind <> 'name' THEN
        RETURN NULL;
    ELSIF owner IS NULL THEN
        RETURN format('does not exist: make a mailbox or alias "%s", or write '
            'a whole address', wanted);
    ELSIF owner <> asks AND NOT EXISTS (
        SELECT FROM hauspost.target_grant AS g
        WHERE g.name = wanted AND g.package = asks)
    THEN
        RETURN format('is of package "%s": have it granted to package "%s" in '
            'target_grant, or write its address', owner, asks);
    END IF;
    RETURN NULL;
END
$$;

-- At the end of a transaction, on the rows as they are then.
CREATE FUNCTION hauspost.check_reference() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    problems text[];
    checked  hauspost.target;
BEGIN
    SELECT * INTO checked FROM hauspost.target AS t WHERE t.id = NEW.id;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    problems := hauspost.sentences(
        format('destination "%s"', checked.destination),
        hauspost.reference_problem(checked));
    PERFORM hauspost.complain(
        format('target of "%s"', coalesce(checked.address, checked.alias)),
        problems);
    IF checked.kind = 'address' AND (
        SELECT r.dsn = '5.1.1' FROM hauspost.resolve(checked.destination) AS r
        LIMIT 1)
    THEN
        RAISE WARNING 'target of "%": nobody receives at %',
            coalesce(checked.address, checked.alias), checked.destination;
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER reference AFTER INSERT OR UPDATE ON hauspost.target
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION hauspost.check_reference();

-- A domain that changes hands brings its targets along.
CREATE FUNCTION hauspost.check_moved_domain() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    problems text[];
BEGIN
    problems := ARRAY(
        SELECT format('target "%s" of "%s" %s', t.destination, t.address,
            hauspost.reference_problem(t))
        FROM hauspost.address AS a
        JOIN hauspost.target AS t ON t.address = a.identifier
        WHERE a.domain = NEW.name
            AND hauspost.reference_problem(t) IS NOT NULL);
    PERFORM hauspost.complain(
        format('domain "%s" in package "%s"', NEW.name, NEW.package), problems);
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER moved AFTER UPDATE OF package ON hauspost.domain
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.package <> OLD.package)
    EXECUTE FUNCTION hauspost.check_moved_domain();

-- An address or alias without target would be there and go nowhere.
CREATE FUNCTION hauspost.check_has_target() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    problems text[];
    place    text;
BEGIN
    place := CASE TG_TABLE_NAME
        WHEN 'address' THEN to_jsonb(NEW) ->> 'identifier'
        WHEN 'alias' THEN to_jsonb(NEW) ->> 'name'
        ELSE coalesce(to_jsonb(OLD) ->> 'address', to_jsonb(OLD) ->> 'alias')
    END;
    IF NOT EXISTS (SELECT FROM hauspost.target AS t
            WHERE t.address = place OR t.alias = place)
        AND (EXISTS (SELECT FROM hauspost.address AS a
                WHERE a.identifier = place)
            OR EXISTS (SELECT FROM hauspost.alias AS a WHERE a.name = place))
    THEN
        problems := ARRAY[
            'it has no target: insert one into hauspost.target in the same '
            'transaction, nobody to refuse its mail'];
        PERFORM hauspost.complain(format('"%s"', place), problems);
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER has_target AFTER INSERT ON hauspost.address
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION hauspost.check_has_target();
CREATE CONSTRAINT TRIGGER has_target AFTER INSERT ON hauspost.alias
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION hauspost.check_has_target();
CREATE CONSTRAINT TRIGGER has_target AFTER DELETE OR UPDATE ON hauspost.target
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION hauspost.check_has_target();

-- A mailbox or alias may go while targets name it: closing an account must not
-- wait for every address. Their mail is refused from then on.
CREATE FUNCTION hauspost.warn_of_dangling() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    places text[] := ARRAY(
        SELECT coalesce(t.address, t.alias) FROM hauspost.target AS t
        WHERE t.kind = 'name' AND split_part(t.destination, '+', 1) = OLD.name
        ORDER BY 1);
BEGIN
    IF cardinality(places) > 0
        AND hauspost.package_of_name(OLD.name) IS NULL THEN
        RAISE WARNING 'no longer there, but still a target: "%"', OLD.name
            USING DETAIL = 'It is named by '
                || array_to_string(places[1:10], ', ')
                || CASE WHEN cardinality(places) > 10 THEN ', …' ELSE '' END,
            HINT = 'Mail for them is refused until the targets are changed.';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER dangling AFTER DELETE OR UPDATE OF name ON hauspost.mailbox
    FOR EACH ROW EXECUTE FUNCTION hauspost.warn_of_dangling();
CREATE TRIGGER dangling AFTER DELETE OR UPDATE OF name ON hauspost.alias
    FOR EACH ROW EXECUTE FUNCTION hauspost.warn_of_dangling();

-- target_grant, forward, sender_grant ---------------------------------------

CREATE FUNCTION hauspost.check_grant() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    problems text[];
BEGIN
    problems := hauspost.sentences('name', CASE
        WHEN hauspost.package_of_name(NEW.name) IS NULL
            THEN 'does not exist: write a mailbox or an alias'
        WHEN hauspost.package_of_name(NEW.name) = NEW.package
            THEN 'is of that package, which needs no grant: leave it out'
    END);
    PERFORM hauspost.complain(
        format('target_grant of "%s"', NEW.name), problems);
    RETURN NEW;
END
$$;
CREATE TRIGGER checks BEFORE INSERT OR UPDATE ON hauspost.target_grant
    FOR EACH ROW EXECUTE FUNCTION hauspost.check_grant();

CREATE FUNCTION hauspost.check_revoked() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    problems text[];
BEGIN
    problems := ARRAY(
        SELECT format('it is in use by "%s": change that target first',
            coalesce(t.address, t.alias))
        FROM hauspost.target AS t
        WHERE t.kind = 'name'
            AND split_part(t.destination, '+', 1) = OLD.name
            AND hauspost.package_of_name(OLD.name) IS NOT NULL
            AND hauspost.reference_problem(t) IS NOT NULL);
    PERFORM hauspost.complain(
        format('target_grant of "%s" to package "%s"', OLD.name, OLD.package),
        problems);
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER revoked
    AFTER DELETE OR UPDATE ON hauspost.target_grant
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION hauspost.check_revoked();

CREATE FUNCTION hauspost.check_forward() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    problems text[];
BEGIN
    NEW.address := hauspost.tidy_destination(NEW.address);
    problems := hauspost.sentences(format('address "%s"', NEW.address),
        CASE WHEN NOT hauspost.is_address(NEW.address)
            THEN 'is none: write user@example.org' END);
    PERFORM hauspost.complain(format('forward of "%s"', NEW.mailbox), problems);
    RETURN NEW;
END
$$;
CREATE TRIGGER checks BEFORE INSERT OR UPDATE ON hauspost.forward
    FOR EACH ROW EXECUTE FUNCTION hauspost.check_forward();

CREATE FUNCTION hauspost.check_sender_grant() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    problems text[];
BEGIN
    NEW.sender := hauspost.tidy_destination(NEW.sender);
    problems := hauspost.sentences(format('sender "%s"', NEW.sender),
        CASE WHEN coalesce(hauspost.target_kind(NEW.sender), '')
                NOT IN ('address', 'domain')
            THEN 'is none: write user@example.org, or @example.org for all '
                'of that domain' END);
    PERFORM hauspost.complain(
        format('sender_grant of "%s"', NEW.mailbox), problems);
    RETURN NEW;
END
$$;
CREATE TRIGGER checks BEFORE INSERT OR UPDATE ON hauspost.sender_grant
    FOR EACH ROW EXECUTE FUNCTION hauspost.check_sender_grant();

-- send_limit ----------------------------------------------------------------

CREATE FUNCTION hauspost.check_send_limit() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    owner text := (SELECT m.package FROM hauspost.mailbox AS m
        WHERE m.name = NEW.mailbox);
BEGIN
    NEW.package := coalesce(NEW.package, owner);
    PERFORM hauspost.complain(
        format('send_limit of "%s"', NEW.mailbox),
        hauspost.sentences(format('package "%s"', NEW.package),
            CASE WHEN NEW.package <> owner
                THEN format('is not that of the mailbox: leave it out, or '
                    'write "%s"', owner) END));
    RETURN NEW;
END
$$;
CREATE TRIGGER checks BEFORE INSERT OR UPDATE ON hauspost.send_limit
    FOR EACH ROW EXECUTE FUNCTION hauspost.check_send_limit();

RESET ROLE;

-- 0041_dkim.sql - with which key a domain's mail is signed.
--
-- Signing is a milter's work behind ours (conf/opendkim). "hauspost dkim"
-- makes keys and its tables; the private halves are files of its user and
-- never come here.

SET ROLE hauspost_owner;

CREATE TABLE hauspost.dkim_key (
    domain     text COLLATE "C" NOT NULL REFERENCES hauspost.domain
               ON UPDATE CASCADE ON DELETE CASCADE,
    selector   text COLLATE "C" NOT NULL,
    public_key text NOT NULL,
    signs      boolean NOT NULL DEFAULT false,
    made       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT "each selector of a domain once" PRIMARY KEY (domain, selector),
    CONSTRAINT "dkim_key.selector is one label of a-z, 0-9 and hyphens"
        CHECK (selector ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
    CONSTRAINT "dkim_key.public_key is base64"
        CHECK (public_key ~ '^[A-Za-z0-9+/]+=*$')
);
CREATE UNIQUE INDEX "one key of a domain signs"
    ON hauspost.dkim_key (domain) WHERE signs;
COMMENT ON TABLE hauspost.dkim_key IS
    'DKIM keys of domains; SELECTOR._domainkey.DOMAIN has each in the DNS';
COMMENT ON COLUMN hauspost.dkim_key.domain IS 'Whose mail it signs';
COMMENT ON COLUMN hauspost.dkim_key.selector IS
    'Tells the keys of a domain apart: hp202611';
COMMENT ON COLUMN hauspost.dkim_key.public_key IS
    'What the DNS record has behind p=';
COMMENT ON COLUMN hauspost.dkim_key.signs IS
    'One of a domain''s keys signs; the others are still or already in the DNS';
COMMENT ON COLUMN hauspost.dkim_key.made IS 'When';

DO $$
BEGIN
    PERFORM hauspost.keep_journal('hauspost.dkim_key');
END
$$;

-- Which of a domain's keys signs; no row if it has no such key.
CREATE FUNCTION hauspost.use_dkim_key(
    INOUT domain text, INOUT selector text)
RETURNS SETOF record
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM hauspost.dkim_key AS k
        WHERE k.domain = use_dkim_key.domain
            AND k.selector = use_dkim_key.selector)
    THEN
        UPDATE hauspost.dkim_key AS k SET signs = false
        WHERE k.domain = use_dkim_key.domain AND k.signs;
        UPDATE hauspost.dkim_key AS k SET signs = true
        WHERE k.domain = use_dkim_key.domain
            AND k.selector = use_dkim_key.selector;
        RETURN NEXT;
    END IF;
END
$$;
COMMENT ON FUNCTION hauspost.use_dkim_key(text, text) IS
    'Signs the domain''s mail with this key from now on';

GRANT SELECT, INSERT, UPDATE, DELETE ON hauspost.dkim_key TO hauspost_admin;

RESET ROLE;

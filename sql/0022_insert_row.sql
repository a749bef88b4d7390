-- 0022_insert_row.sql - a row of which only some columns are given.
--
-- An INSERT with all columns would have to know each default; this one names
-- those that the row has. Their names come from the catalogue, the values
-- travel as a parameter, and the caller's own rights hold.

SET ROLE hauspost_owner;

CREATE FUNCTION hauspost.insert_row(table_name text, new_row jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    relation regclass := format('hauspost.%I', table_name)::regclass;
    columns  text;
BEGIN
    SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
    INTO columns
    FROM pg_attribute AS a
    WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped
        AND new_row ? a.attname;
    EXECUTE format('INSERT INTO %1$s (%2$s) '
        'SELECT %2$s FROM jsonb_populate_record(NULL::%1$s, $1)',
        relation, columns)
    USING new_row;
END
$$;
COMMENT ON FUNCTION hauspost.insert_row(text, jsonb) IS
    'Inserts {"column": value, …}; other columns get their defaults';

RESET ROLE;

/**
 * The statements of a store. `now` is the time of the broker, as in the other stores.
 *
 * Each function is named with its schema. Without it, PostgreSQL prefers a function `public.nextval(text)` of another user
 * of the database, because the type of a quoted text is unknown, and runs it with the privileges of the broker
 * (CVE-2018-1058; postgresql.org/docs/15/typeconv-func.html).
 */

/** A standby may show what was removed at the primary: each read says whether it was one. */
export const GET = `
  SELECT pg_catalog.pg_is_in_recovery() AS standby,
         (SELECT value FROM fairlead.records WHERE store = $1 AND key = $2 AND expires_at > $3) AS value`;

export const PUT = `
  INSERT INTO fairlead.records (store, key, family, value, expires_at) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (store, key) DO UPDATE
  SET family = excluded.family, value = excluded.value, expires_at = excluded.expires_at, place = excluded.place`;

/** Copies do not replace. */
export const COPY = `
  INSERT INTO fairlead.records (store, key, family, value, expires_at)
  SELECT * FROM unnest($1::text[], $2::bytea[], $3::bytea[], $4::text[], $5::bigint[])
  ON CONFLICT (store, key) DO NOTHING`;

/** Puts into one group come one after the other, so that none of them misses the entry of another. */
export const LOCK_GROUP = 'SELECT pg_catalog.pg_advisory_xact_lock($1::bigint)';

/** Removes the least recently used entries of a group beyond $3. */
export const TRIM = `
  DELETE FROM fairlead.records WHERE store = $1 AND key IN (
    SELECT key FROM fairlead.records WHERE store = $1 AND family = $2 AND expires_at > $4
    ORDER BY place DESC OFFSET $3)`;

/**
 * Removes some expired entries; each put calls it, so that the table does not grow. Rows that others work on are left out,
 * so that nobody waits. The earlier of two clocks decides: a broker whose clock is fast must not remove what is valid.
 */
export const PURGE = `
  DELETE FROM fairlead.records WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM fairlead.records WHERE expires_at <= least($1, extract(epoch FROM pg_catalog.now())::bigint)
    ORDER BY expires_at LIMIT 100 FOR UPDATE SKIP LOCKED))`;

export const REPLACE = `
  UPDATE fairlead.records SET value = $3, expires_at = $4, place = pg_catalog.nextval('fairlead.places')
  WHERE store = $1 AND key = $2 AND expires_at > $5`;

/** A concurrent writer waits for the row, and then finds another value (READ COMMITTED). */
export const REPLACE_IF = `${REPLACE} AND value = $6`;

export const EXISTS = 'SELECT 1 FROM fairlead.records WHERE store = $1 AND key = $2 AND expires_at > $3';

export const REMOVE = 'DELETE FROM fairlead.records WHERE store = $1 AND key = ANY ($2::bytea[]) AND expires_at > $3';

export const IS_STANDBY = 'SELECT pg_catalog.pg_is_in_recovery() AS standby';

/** One page of entries. */
export const LIST = `
  SELECT key, value, place FROM fairlead.records
  WHERE store = $1 AND expires_at > $2 AND place > $3 ORDER BY place LIMIT $4`;

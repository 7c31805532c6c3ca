/** SQL for an administrator of the server: the roles of the broker, with as few rights as possible. */

interface RoleNames {
  /** Owns the tables and changes them in upgrades; the broker does not know its password. */
  readonly owner: string;
  /** The role of the broker: it reads and writes rows. */
  readonly broker: string;
}

/** @returns lines of SQL, to be run once in the database, by a superuser or by its owner with CREATEROLE */
export function rolesSql({ owner, broker }: RoleNames): readonly string[] {
  const [ownerName, brokerName] = [identifier(owner), identifier(broker)];
  return [
    '-- Then give both a password: \\password in psql, which does not send it as text.',
    `CREATE ROLE ${ownerName} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;`,
    `CREATE ROLE ${brokerName} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;`,
    '-- Limits for statements whose broker has stopped waiting.',
    `ALTER ROLE ${brokerName} SET statement_timeout = '5s';`,
    `ALTER ROLE ${brokerName} SET lock_timeout = '2s';`,
    `ALTER ROLE ${brokerName} SET idle_in_transaction_session_timeout = '10s';`,
    `CREATE SCHEMA fairlead AUTHORIZATION ${ownerName};`,
    `GRANT USAGE ON SCHEMA fairlead TO ${brokerName};`,
    '-- For the tables that `fairlead records migrate` creates as the owner.',
    `ALTER DEFAULT PRIVILEGES FOR ROLE ${ownerName} IN SCHEMA fairlead`,
    `  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${brokerName};`,
    `ALTER DEFAULT PRIVILEGES FOR ROLE ${ownerName} IN SCHEMA fairlead`,
    `  GRANT USAGE ON SEQUENCES TO ${brokerName};`,
  ];
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

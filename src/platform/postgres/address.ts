/** The URL of a PostgreSQL database, as the file `records.postgres.urlFile` holds it. */
import { isLoopbackHost, withoutBrackets } from '../../core/address.ts';
import { Secret } from '../../core/identity.ts';

export interface PostgresAddress {
  /** A host name, an address, or the absolute path of the folder with the socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Undefined where a certificate or the socket identifies the client. */
  readonly password: Secret | undefined;
  readonly database: string;
}

const DEFAULT_PORT = 5432;
const EXPECTED = 'expected postgres://USER:PASSWORD@HOST:PORT/DATABASE';
/** The modes of libpq in which a connection is encrypted. The broker always uses `verify-full`. */
const ENCRYPTED_MODES: ReadonlySet<string> = new Set(['require', 'verify-ca', 'verify-full']);

/** @throws Error that says what is wrong, and quotes nothing: the text holds a password */
export function parsePostgresUrl(text: Secret): PostgresAddress {
  const url = URL.parse(text.reveal());
  if (url === null || !/^postgres(?:ql)?:$/.test(url.protocol) || url.hostname === '') {
    throw new Error(`${EXPECTED}; characters such as / @ : in the password are written as %2F %40 %3A`);
  }
  const user = decoded(url.username);
  const password = decoded(url.password);
  const database = decoded(url.pathname.slice(1));
  if (user === '' || database === '' || url.hash !== '') throw new Error(EXPECTED);
  return {
    host: hostOf(url),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    user,
    password: password === '' ? undefined : new Secret(password),
    database,
  };
}

/** The folder of a socket is a parameter, as libpq has it: `postgres://fairlead@localhost/fairlead?host=/run/postgresql`. */
function hostOf({ hostname, searchParams }: URL): string {
  for (const [name, value] of searchParams) {
    if (name === 'host' && value.startsWith('/')) continue;
    if (name !== 'sslmode') throw new Error(`the URL has a parameter that is not supported; ${EXPECTED}`);
    if (!ENCRYPTED_MODES.has(value)) {
      throw new Error('sslmode in the URL would weaken TLS; remove it, and see the key records.postgres.tls');
    }
  }
  return searchParams.get('host') ?? withoutBrackets(decoded(hostname));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error(`the URL has a % that begins no character; ${EXPECTED}`);
  }
}

/** Whether a connection does not leave this machine. */
export function isOnThisMachine({ host }: PostgresAddress): boolean {
  return host.startsWith('/') || isLoopbackHost(host);
}

/** For messages. */
export function shownAddress({ host, port, database }: PostgresAddress): string {
  const place = host.startsWith('/') ? host : `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return `${place}/${database}`;
}

/** What the configuration of a proxy with forward-auth is made of. */

/** Where the proxy reaches the broker: a socket file, or a port that speaks HTTP or HTTPS. */
export type BrokerPlace =
  | { readonly socket: string }
  | { readonly host: string; readonly port: number; readonly isTls: boolean };

/** A registry behind the proxy, whose requests the broker decides. */
export interface ProxySite {
  /** The key of `services`. */
  readonly service: string;
  /** The host by which clients name the registry. */
  readonly host: string;
  readonly port: number;
  /** Where the proxy reaches the registry: HOST:PORT, plain HTTP. */
  readonly registry: string;
  /**
   * The path of `publicUrl` (`/auth`, or empty), where clients reach the broker at the host of the registry too;
   * undefined: the broker has a host of its own.
   */
  readonly brokerPath: string | undefined;
}

export interface ProxyFacts {
  readonly broker: BrokerPlace;
  /** At least one. */
  readonly sites: readonly ProxySite[];
}

export interface ProxyBlock {
  /** For the configuration of the proxy. */
  readonly text: string;
  /** Further steps and hints, as sentences. */
  readonly notes: readonly string[];
}

/** The path of the endpoint for this service. */
export function decisionPath({ service }: ProxySite): string {
  return `/forward-auth/${encodeURIComponent(service).replaceAll('%3A', ':')}`;
}

/** A text that names the site where the proxy wants letters, digits and dashes. */
export function siteName({ host, port }: ProxySite): string {
  const name = host.replaceAll(/[^A-Za-z0-9]+/g, '-').replaceAll(/^-|-$/g, '');
  return port === 443 ? name : `${name}-${port}`;
}

/** `HOST:PORT` of the broker; the socket, where it has one. */
export function brokerTarget(broker: BrokerPlace): string {
  return 'socket' in broker ? broker.socket : `${broker.host}:${broker.port}`;
}

/** The form of errors of the OCI distribution specification 1.1, section "Error Codes". */
export function errorBody(code: string, message: string): string {
  return JSON.stringify({ errors: [{ code, message }] });
}

/** What the proxy answers itself, for lack of an answer of the broker or of the registry. */
export const UNAVAILABLE = errorBody(
  'UNAVAILABLE',
  'the registry or its login service cannot be reached; try again soon',
);
export const NOTHING_HERE = errorBody('UNSUPPORTED', 'there is nothing here; the registry is below /v2/');

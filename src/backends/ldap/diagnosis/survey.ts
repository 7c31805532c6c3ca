/** What a directory says about itself before it is configured: for `fairlead init`. */
import { deadlineIn } from '../../../core/deadline.ts';
import { describeError } from '../../../core/errors.ts';
import type { SecretSource } from '../../../core/identity.ts';
import type { Clock, Log } from '../../../core/ports.ts';
import type { LdapPresetName } from '../config/presets.ts';
import type { TlsMode } from '../config/resolve.ts';
import { createServiceAccount } from '../servers/service-account.ts';
import { openConnection } from '../wire/connection.ts';
import type { LdapConnection } from '../wire/connection.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import { faultText } from '../wire/fault-text.ts';
import { DirectoryFault, needsEncryption } from '../wire/fault.ts';
import { ANY_ENTRY, encodeFilter } from '../wire/filter.ts';
import { loadTlsContext } from '../wire/tls-context.ts';
import { proposeBases } from './bases.ts';
import type { Bases } from './bases.ts';
import { KIND_ATTRIBUTES, presetsFor } from './server-kind.ts';

export interface DirectoryAddress {
  readonly endpoint: Endpoint;
  readonly mode: TlsMode;
  /** Absolute path. */
  readonly caFile?: string;
  readonly serverName?: string;
}

export type Survey =
  | {
      readonly kind: 'answers';
      /** A sentence about the certificate; undefined without TLS. */
      readonly certificate: string | undefined;
      /** The most likely first; empty when the kind of server is not known. */
      readonly presets: readonly LdapPresetName[];
      /** Where the entries begin, the most likely first; empty when the server does not say. */
      readonly suffixes: readonly string[];
    }
  /** The certificate is not from an authority that is trusted, or `caFile` cannot be used. */
  | { readonly kind: 'untrusted'; readonly text: string }
  /** The certificate is for another name than that of the server. */
  | { readonly kind: 'other-name'; readonly text: string }
  | { readonly kind: 'failed'; readonly text: string };

type EntriesSurvey =
  | { readonly kind: 'found'; readonly bases: Bases }
  /** The server refuses binds and searches over this connection. */
  | { readonly kind: 'needs-encryption'; readonly text: string }
  | { readonly kind: 'failed'; readonly text: string };

/** The account that searches. */
interface SurveyAccount {
  readonly dn: string;
  readonly password: SecretSource;
}

interface SurveyDeps {
  readonly clock: Clock;
  readonly log: Log;
}

const CONNECT_MS = 4000;
const OPERATION_MS = 4000;
const WHOLE_MS = 8000;

/** Connects, and reads what every client may read. */
export async function surveyServer(address: DirectoryAddress, { clock }: SurveyDeps): Promise<Survey> {
  try {
    using connection = await connect(address, clock);
    const request = { base: '', scope: 'base', filter: encodeFilter(ANY_ENTRY), attributes: ROOT_ATTRIBUTES } as const;
    const [root] = (await connection.search(request, deadlineIn(clock, OPERATION_MS))).entries;
    const own = root?.texts('defaultNamingContext') ?? [];
    const all = root?.texts('namingContexts') ?? [];
    return {
      kind: 'answers',
      certificate: connection.certificate,
      presets: root === undefined ? [] : presetsFor(root),
      suffixes: [...new Set([...own, ...all])].filter((suffix) => suffix !== ''),
    };
  } catch (error) {
    return failed(error);
  }
}

/**
 * Binds as the account, and looks for the branches with users and groups.
 *
 * @param account undefined: searches anonymously
 */
export async function surveyEntries(
  address: DirectoryAddress,
  account: SurveyAccount | undefined,
  { preset, suffix }: { readonly preset: LdapPresetName; readonly suffix: string },
  { clock, log }: SurveyDeps,
): Promise<EntriesSurvey> {
  try {
    using connection = await connect(address, clock);
    const deadline = deadlineIn(clock, WHOLE_MS);
    if (account !== undefined) {
      const service = createServiceAccount({ backend: 'init', preset, clock, log, ...account });
      await service.bind(connection, deadline);
    }
    return { kind: 'found', bases: await proposeBases(connection, { preset, suffix }, deadline) };
  } catch (error) {
    return { kind: needsEncryption(error) ? 'needs-encryption' : 'failed', text: faultText(error) };
  }
}

const ROOT_ATTRIBUTES = [...KIND_ATTRIBUTES, 'namingContexts', 'defaultNamingContext'];

async function connect(
  { endpoint, mode, caFile, serverName }: DirectoryAddress,
  clock: Clock,
): Promise<LdapConnection> {
  const tlsContext = await trustOf(caFile);
  const hasOwnAuthorities = caFile !== undefined;
  const options = {
    mode,
    tlsContext,
    serverName,
    hasOwnAuthorities,
    timeout: CONNECT_MS,
    operationTimeout: OPERATION_MS,
  };
  return openConnection(endpoint, options, deadlineIn(clock, CONNECT_MS));
}

class UnusableTrust extends Error {}

async function trustOf(caFile: string | undefined): ReturnType<typeof loadTlsContext> {
  try {
    return await loadTlsContext({ caFile, certFile: undefined, keyFile: undefined });
  } catch (cause) {
    throw new UnusableTrust(describeError(cause), { cause });
  }
}

function failed(error: unknown): Survey {
  if (error instanceof UnusableTrust) return { kind: 'untrusted', text: error.message };
  const text = faultText(error);
  const cause = error instanceof DirectoryFault && error.kind === 'tls' ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return { kind: 'other-name', text };
  // Codes of OpenSSL for a chain that ends at no trusted certificate.
  return { kind: /SELF_SIGNED|UNABLE_TO|ISSUER/.test(code) ? 'untrusted' : 'failed', text };
}

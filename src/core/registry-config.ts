/** The configuration block that makes a registry trust the broker, in the format of that registry. */

export const REGISTRIES = ['distribution-2', 'distribution-3', 'zot'] as const;
export type RegistryKind = (typeof REGISTRIES)[number];

interface AnnouncedKey {
  readonly algorithm: 'ES256' | 'RS256' | 'EdDSA';
  readonly certificateFile: string | undefined;
}

export interface RegistryFacts {
  /** The URL of the token endpoint. */
  readonly realm: string;
  readonly service: string;
  readonly issuer: string;
  readonly algorithm: 'ES256' | 'RS256' | 'EdDSA';
  readonly header: 'x5c' | 'kid' | 'kid-rfc7638';
  /** Whether an authority certifies the keys that sign, so that the registry trusts the authority. Default: no. */
  readonly isCertified?: boolean;
  /** The file with the certificates to trust; undefined where the key has none. */
  readonly certificateFile: string | undefined;
  /** Whether the key signs for other services as well. Default: no. */
  readonly isKeyShared?: boolean;
  /** Keys that may sign for this service later. The registry must trust them before they do. */
  readonly announced?: readonly AnnouncedKey[];
  /** The URL of the broker's key set. */
  readonly jwksUrl: string;
  /** The files of `trustDir`; undefined: none is configured. */
  readonly trust?: {
    readonly keySetFile: string;
    /** The certificates of all keys; undefined: keys are among them that this service must not trust. */
    readonly bundleFile: string | undefined;
  };
}

export interface RegistryBlock {
  /** For the configuration file of the registry. */
  readonly text: string;
  /** Further steps and hints, as sentences. */
  readonly notes: readonly string[];
}

/** @returns the block, or a sentence that says why this registry cannot verify these tokens. */
export function registryBlock(kind: RegistryKind, facts: RegistryFacts): RegistryBlock | string {
  switch (kind) {
    case 'distribution-2':
      return distribution2(facts);
    case 'distribution-3':
      return distribution3(facts);
    case 'zot':
      return zot(facts);
  }
}

const RESTART = 'the registry reads this at its start only: restart it after a change';

function distribution2(facts: RegistryFacts): RegistryBlock | string {
  if (facts.algorithm === 'EdDSA')
    return 'distribution 2 cannot read Ed25519 keys, and does not start with one; use a key of algorithm ES256 or RS256';
  if (facts.header === 'kid-rfc7638')
    return 'distribution 2 does not look keys up by RFC 7638 thumbprint; set key.header of the service to x5c or kid';
  if (facts.certificateFile === undefined)
    return 'distribution 2 trusts keys by certificate only; give the key a certFile';
  // It does not start with a certificate that it cannot read.
  return certificateBlock(facts, [facts.certificateFile, ...certificatesOf(facts, ['ES256', 'RS256'])]);
}

function distribution3(facts: RegistryFacts): RegistryBlock | string {
  if (facts.header === 'x5c') {
    if (facts.certificateFile === undefined) return 'x5c needs a certificate; give the key a certFile';
    return certificateBlock(facts, [facts.certificateFile, ...certificatesOf(facts, ['ES256', 'RS256', 'EdDSA'])]);
  }
  if (facts.trust !== undefined) {
    const { keySetFile } = facts.trust;
    return { text: authToken(facts, { jwks: keySetFile }), notes: [copyNote(keySetFile), RESTART] };
  }
  const jwks = '/etc/distribution/fairlead.jwks.json';
  return {
    text: authToken(facts, { jwks }),
    notes: [`put the key set there: curl -o ${jwks} ${facts.jwksUrl}`, RESTART],
  };
}

function certificatesOf(
  { announced = [] }: RegistryFacts,
  readable: readonly AnnouncedKey['algorithm'][],
): readonly string[] {
  return announced
    .filter(({ algorithm }) => readable.includes(algorithm))
    .flatMap(({ certificateFile }) => certificateFile ?? []);
}

function certificateBlock(facts: RegistryFacts, [own, ...others]: readonly [string, ...string[]]): RegistryBlock {
  const bundleFile = facts.trust?.bundleFile;
  // The bundle has the same name whatever the number of keys: a new key does not change the registry's configuration.
  if (bundleFile !== undefined && others.length === (facts.announced ?? []).length)
    return { text: authToken(facts, { rootcertbundle: bundleFile }), notes: [copyNote(bundleFile), RESTART] };
  if (others.length === 0) return { text: authToken(facts, { rootcertbundle: own }), notes: [copyNote(own), RESTART] };
  const bundle = '/etc/distribution/fairlead.crt';
  const note = `put the certificates of all keys there, so that a key is trusted before it signs: cat ${[own, ...others].join(' ')} > ${bundle}`;
  return { text: authToken(facts, { rootcertbundle: bundle }), notes: [note, RESTART] };
}

/**
 * With tokens, zot does not check whether a client may read the repository from which deduplication takes a blob (the
 * digest is enough), as it does with its own access control.
 */
export const ZOT_DEDUPLICATION =
  'with tokens and deduplication, zot gives a blob of any repository to every client that knows its digest and may pull any one repository: keep "storage": { "dedupe": false }';

function zot({
  realm,
  service,
  certificateFile,
  isKeyShared = false,
  isCertified = false,
}: RegistryFacts): RegistryBlock | string {
  if (isCertified) return 'zot trusts one key, and no authority; give this service a signingKey without authority';
  if (certificateFile === undefined) return 'zot trusts a key by its certificate; give the key a certFile';
  const bearer = { realm, service, cert: certificateFile };
  const block = { storage: { dedupe: false }, http: { compat: ['docker2s2'], auth: { bearer } } };
  return {
    text: `${JSON.stringify(block, undefined, 2)}\n`,
    notes: [
      "merge it into the configuration of zot: jq -s '.[0] * .[1]' config.json fairlead.json > merged.json",
      ZOT_DEDUPLICATION,
      'compat docker2s2 lets docker push: without it, zot accepts OCI manifests only',
      ...(isKeyShared
        ? [
            'zot checks neither issuer nor audience: give this service a signingKey of its own, or it takes tokens made for other registries',
          ]
        : []),
      'zot 2.1.3 or newer is needed for ES256 and EdDSA',
      copyNote(certificateFile),
      RESTART,
    ],
  };
}

function authToken({ realm, service, issuer }: RegistryFacts, trust: Readonly<Record<string, string>>): string {
  const values = { realm, service, issuer, ...trust };
  const lines = Object.entries(values).map(([key, value]) => `    ${key}: ${quoted(value)}`);
  return ['auth:', '  token:', ...lines, ''].join('\n');
}

/** A JSON string is a YAML string. */
function quoted(text: string): string {
  return JSON.stringify(text);
}

function copyNote(file: string): string {
  return `${file} is a path on the broker's machine: where the registry runs elsewhere, copy the file there (it is public)`;
}

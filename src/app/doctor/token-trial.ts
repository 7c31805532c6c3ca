/** Shows a registry tokens that differ in one thing each; the one it believes names what is set up differently. */
import type { BrokerConfig } from '../../config/broker-schema.ts';
import type { TokenClaims } from '../../core/token.ts';
import type { KeyHeader } from '../../platform/signing/config.ts';
import { createSigner } from '../../platform/signing/jwt-signer.ts';
import type { Challenge } from './challenge.ts';
import type { Examination, Finding } from './finding.ts';
import { askRegistry } from './registry-client.ts';
import type { RegistryAnswer } from './registry-client.ts';

const HEADERS: readonly KeyHeader[] = ['x5c', 'kid', 'kid-rfc7638'];
const GENEROUS_SECONDS = 6 * 3600;

interface Variant {
  readonly header?: KeyHeader;
  readonly keyName?: string;
  readonly issuer?: string;
  /** Whether the token is valid for hours around now. */
  readonly generous?: boolean;
}

export async function tokenFindings(challenge: Challenge, examination: Examination): Promise<readonly Finding[]> {
  const { config } = examination;
  const settings = config.services[challenge.service];
  const configured = { header: settings?.key.header ?? 'x5c', keyName: settings?.signingKey } as const;
  const show = (variant: Variant): Promise<RegistryAnswer> =>
    present(challenge.service, { ...given(configured), ...variant }, examination);
  const isBelieved = async (variant: Variant): Promise<boolean> => believed(await show(variant));

  const first = await show({});
  if (believed(first)) {
    return settings === undefined ? [] : [{ about: 'token', ok: true, text: 'it believes a token of this broker' }];
  }
  if (first.kind === 'answer' && first.challenge !== undefined && first.challenge.error === undefined) {
    const cure = 'let the proxy before the registry pass the Authorization header on, unchanged';
    return [
      { about: 'bearer', ok: false, text: 'the token does not reach the registry: it asks as if none had come', cure },
    ];
  }
  if (await isBelieved({ generous: true })) {
    const cure = 'set the clock of the registry by NTP';
    return [
      { about: 'clock', ok: false, text: 'a token is believed only when it is valid for hours around now', cure },
    ];
  }
  for (const header of HEADERS.filter((other) => other !== configured.header)) {
    if (await isBelieved({ header })) return [headerFinding(challenge.service, configured.header, header)];
  }
  for (const issuer of issuerGuesses(challenge, config)) {
    for (const header of HEADERS) if (await isBelieved({ header, issuer })) return [issuerFinding(config, issuer)];
  }
  for (const { name } of config.keys.filter((key) => key.name !== (configured.keyName ?? config.keys[0]?.name))) {
    if (await isBelieved({ keyName: name })) return [otherKeyFinding(challenge.service, name)];
  }
  return [trustFinding(config)];
}

function given({ header, keyName }: { readonly header: KeyHeader; readonly keyName: string | undefined }): Variant {
  return keyName === undefined ? { header } : { header, keyName };
}

function believed(answer: RegistryAnswer): boolean {
  return answer.kind === 'answer' && answer.status === 200;
}

async function present(
  service: string,
  { header = 'x5c', keyName, issuer, generous = false }: Variant,
  { registry, config, keyset, clock }: Examination,
): Promise<RegistryAnswer> {
  const key = keyset.find(({ name }) => name === keyName) ?? keyset[0];
  if (header === 'x5c' && key.chain.length === 0) return { kind: 'unreachable', cause: 'the key has no certificate' };
  const signer = createSigner(keyset, [{ service, header, signingKey: key.name }]);
  const now = clock.now();
  const around = generous ? GENEROUS_SECONDS : 30;
  const claims: TokenClaims = {
    iss: issuer ?? config.tokens.issuer,
    sub: '',
    aud: service,
    exp: now + (generous ? GENEROUS_SECONDS : 60),
    nbf: now - around,
    iat: now - around,
    jti: `doctor-${now}`,
    access: [],
  };
  return askRegistry(registry, await signer.sign(service, claims));
}

/** What a registry is likely to have been given as issuer instead. */
function issuerGuesses({ realm, service }: Challenge, { publicUrl, tokens }: BrokerConfig): readonly string[] {
  const hosts = [publicUrl, realm].flatMap((url) =>
    URL.canParse(url) ? [new URL(url).host, new URL(url).hostname] : [],
  );
  const guesses = [
    publicUrl,
    `${publicUrl}/`,
    realm,
    service,
    ...hosts,
    'registry-token-issuer',
    'Auth service',
    'Acme auth server',
  ];
  return [...new Set([...guesses, tokens.issuer.trim(), tokens.issuer.toLowerCase()])].filter(
    (guess) => guess !== tokens.issuer,
  );
}

function headerFinding(service: string, configured: KeyHeader, accepted: KeyHeader): Finding {
  const about = configured === 'x5c' ? 'chain' : 'kid';
  const text =
    configured === 'x5c'
      ? `the registry does not verify the certificate in the token, but knows the key as ${accepted}`
      : `the registry does not know the key under the id that tokens carry (${configured}), but with ${accepted} it does`;
  return { about, ok: false, text, cure: `set services."${service}".key.header to ${accepted} in broker.yaml` };
}

function issuerFinding({ tokens }: BrokerConfig, accepted: string): Finding {
  const text = `the registry expects the issuer "${accepted}", and tokens say "${tokens.issuer}"`;
  return {
    about: 'issuer',
    ok: false,
    text,
    cure: `set issuer to ${tokens.issuer} in the registry, or tokens.issuer in broker.yaml`,
  };
}

function otherKeyFinding(service: string, name: string): Finding {
  const text = `the registry trusts the key ${name}, and tokens for it are signed with another`;
  return {
    about: 'trust',
    ok: false,
    text,
    cure: `set services."${service}".signingKey to ${name}, or give the registry the other certificate`,
  };
}

function trustFinding({ tokens }: BrokerConfig): Finding {
  return {
    about: 'trust',
    ok: false,
    text: 'the registry believes no token of this broker, whatever names the key',
    cure: `give it the block that \`fairlead registry-config\` prints, with this broker's certificate and the issuer ${tokens.issuer}, and restart it: it reads both at its start only. Its own log says "untrusted key" or "certificate signed by unknown authority" for the certificate, "untrusted issuer" for the issuer`,
  };
}

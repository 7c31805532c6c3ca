/** Presents tokens to a registry that differ in one setting each: the one it accepts shows which setting differs. */
import type { BrokerConfig } from '../../config/broker-schema.ts';
import type { TokenClaims } from '../../core/token.ts';
import type { KeyHeader } from '../../platform/signing/config.ts';
import { createSigner } from '../../platform/signing/jwt-signer.ts';
import type { Challenge } from './challenge.ts';
import type { DoctorFinding, Examination } from './finding.ts';
import { askRegistry } from './registry-client.ts';
import type { RegistryAnswer } from './registry-client.ts';

const HEADERS: readonly KeyHeader[] = ['x5c', 'kid', 'kid-rfc7638'];
const LONG_SECONDS = 6 * 3600;

interface Variant {
  readonly header?: KeyHeader;
  readonly keyName?: string;
  readonly issuer?: string;
  /** Whether the token is valid for hours around now. */
  readonly isLongLived?: boolean;
}

export async function tokenFindings(challenge: Challenge, examination: Examination): Promise<readonly DoctorFinding[]> {
  const { config } = examination;
  const settings = config.services[challenge.service];
  const configured = { header: settings?.key.header ?? 'x5c', keyName: settings?.signingKey } as const;
  const tryVariant = (variant: Variant): Promise<RegistryAnswer> =>
    present(challenge.service, { ...variantOf(configured), ...variant }, examination);
  const isAccepted = async (variant: Variant): Promise<boolean> => accepts(await tryVariant(variant));

  const first = await tryVariant({});
  if (accepts(first)) {
    if (settings === undefined) return [];
    const accepted: DoctorFinding = { about: 'token', ok: true, text: 'the registry accepts a token of this broker' };
    return [accepted, ...(await announcedFindings(challenge.service, configured, examination))];
  }
  if (first.kind === 'answer' && first.challenge !== undefined && first.challenge.error === undefined) {
    const cure = 'configure the proxy before the registry to pass the Authorization header unchanged';
    return [
      {
        about: 'bearer',
        ok: false,
        text: 'the token does not reach the registry: the challenge reports no token',
        cure,
      },
    ];
  }
  if (await isAccepted({ isLongLived: true })) {
    const cure = 'synchronize the clocks of registry and broker with NTP';
    return [
      {
        about: 'clock',
        ok: false,
        text: 'a token is accepted only when it is valid for hours around the present time',
        cure,
      },
    ];
  }
  for (const header of HEADERS.filter((other) => other !== configured.header)) {
    if (await isAccepted({ header })) return [headerFinding(challenge.service, configured.header, header)];
  }
  for (const issuer of issuerGuesses(challenge, config)) {
    for (const header of HEADERS) if (await isAccepted({ header, issuer })) return [issuerFinding(config, issuer)];
  }
  for (const { name } of config.keys.filter((key) => key.name !== (configured.keyName ?? config.keys[0]?.name))) {
    if (await isAccepted({ keyName: name })) return [otherKeyFinding(challenge.service, name)];
  }
  return [trustFinding(config)];
}

/** Whether the key of the service could be replaced now. */
async function announcedFindings(
  service: string,
  { header, keyName }: { readonly header: KeyHeader; readonly keyName: string | undefined },
  examination: Examination,
): Promise<readonly DoctorFinding[]> {
  const own = keyName ?? examination.config.keys[0]?.name;
  const findings: DoctorFinding[] = [];
  for (const key of examination.announced.filter(({ name }) => name === own)) {
    const answer = await present(service, { header }, { ...examination, keyset: [key] });
    findings.push(announcedFinding(key.id, accepts(answer)));
  }
  return findings;
}

function announcedFinding(id: string, isTrusted: boolean): DoctorFinding {
  if (isTrusted) {
    return { about: 'announced', ok: true, text: `the registry trusts the announced key ${id}: it can be activated` };
  }
  const cure = 'give the registry what `fairlead registry-config` prints, and restart it, before the key is activated';
  return { about: 'announced', ok: false, text: `the registry does not trust the announced key ${id} yet`, cure };
}

function variantOf({ header, keyName }: { readonly header: KeyHeader; readonly keyName: string | undefined }): Variant {
  return keyName === undefined ? { header } : { header, keyName };
}

function accepts(answer: RegistryAnswer): boolean {
  return answer.kind === 'answer' && answer.status === 200;
}

async function present(
  service: string,
  { header = 'x5c', keyName, issuer, isLongLived = false }: Variant,
  { registry, config, keyset, clock }: Pick<Examination, 'registry' | 'config' | 'keyset' | 'clock'>,
): Promise<RegistryAnswer> {
  const key = keyset.find(({ name }) => name === keyName) ?? keyset[0];
  if (header === 'x5c' && key.chain.length === 0) return { kind: 'unreachable', cause: 'the key has no certificate' };
  const signer = createSigner(keyset, [{ service, header, signingKey: key.name }]);
  const now = clock.now();
  const around = isLongLived ? LONG_SECONDS : 30;
  const claims: TokenClaims = {
    iss: issuer ?? config.tokens.issuer,
    sub: '',
    aud: service,
    exp: now + (isLongLived ? LONG_SECONDS : 60),
    nbf: now - around,
    iat: now - around,
    jti: `doctor-${now}`,
    access: [],
  };
  return askRegistry(registry, await signer.sign(service, claims));
}

/** Issuers that are often configured in registries by mistake. */
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

function headerFinding(service: string, configured: KeyHeader, accepted: KeyHeader): DoctorFinding {
  const about = configured === 'x5c' ? 'chain' : 'kid';
  const text =
    configured === 'x5c'
      ? `the registry does not verify the certificate in the token, but accepts the key by ${accepted}`
      : `the registry does not know the key id in the token (${configured}), but accepts ${accepted}`;
  return { about, ok: false, text, cure: `set services."${service}".key.header to ${accepted} in broker.yaml` };
}

function issuerFinding({ tokens }: BrokerConfig, accepted: string): DoctorFinding {
  const text = `the registry expects the issuer "${accepted}", but tokens have the issuer "${tokens.issuer}"`;
  return {
    about: 'issuer',
    ok: false,
    text,
    cure: `set issuer to ${tokens.issuer} in the registry, or tokens.issuer in broker.yaml`,
  };
}

function otherKeyFinding(service: string, name: string): DoctorFinding {
  const text = `the registry trusts the key ${name}, but another key signs its tokens`;
  return {
    about: 'trust',
    ok: false,
    text,
    cure: `set services."${service}".signingKey to ${name}, or give the registry the other certificate`,
  };
}

function trustFinding({ tokens }: BrokerConfig): DoctorFinding {
  return {
    about: 'trust',
    ok: false,
    text: 'the registry accepts no token of this broker',
    cure: `give it the block that \`fairlead registry-config\` prints, with this broker's certificate and the issuer ${tokens.issuer}, and restart it: it reads both only when it starts. Its log says "untrusted key" or "certificate signed by unknown authority" for the certificate, "untrusted issuer" for the issuer`,
  };
}

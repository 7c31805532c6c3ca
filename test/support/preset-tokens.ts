/** Logins with the tokens of presets, through the chain of backends, with keys in a file. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseClaimPath } from '../../src/backends/oidc/claim-path.ts';
import { PRESETS } from '../../src/backends/oidc-token/presets/index.ts';
import type { Preset } from '../../src/backends/oidc-token/presets/preset.ts';
import { BrokerError } from '../../src/core/errors.ts';
import { Secret } from '../../src/core/identity.ts';
import type { Identity } from '../../src/core/identity.ts';
import { createIdentify } from '../../src/flows/identify.ts';
import { fakeBackend, UNKNOWN } from './fake-backend.ts';
import { noShield, noWaiting, realClock, recordingAudit } from './fakes.ts';
import { createTokenBackend } from './token-backend.ts';
import { newSigningKey, signWith } from './token-issuer.ts';
import type { Claims } from './token-issuer.ts';

/** The presets that know a system. */
export const SYSTEMS: readonly Preset[] = PRESETS.filter(({ name }) => name !== 'generic');

export interface PresetTokens extends AsyncDisposable {
  /** The file with the keys of the issuer. */
  readonly keys: object;
  sign(claims: Claims): string;
  /**
   * @param keys of the backend, in addition to the preset with the issuer and the audience of its sample
   * @param users names in a users file in addition to the backend
   * @returns the identity, or why the token is refused
   */
  login(preset: Preset, keys: object, claims: Claims, users?: readonly string[]): Promise<Identity | string>;
}

export async function openPresetTokens(): Promise<PresetTokens> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-presets-'));
  const key = newSigningKey('ES384');
  const file = join(folder, 'keys.json');
  const published = { ...key.publicKey.export({ format: 'jwk' }), kid: key.kid, alg: key.algorithm };
  await writeFile(file, JSON.stringify({ keys: [published] }));
  const sign = (claims: Claims): string => {
    const now = Math.floor(Date.now() / 1000);
    return signWith(key, { iat: now, exp: now + 300, ...claims }, {});
  };

  return {
    keys: { file },
    sign,
    async login(preset, keys, claims, users = []) {
      const config = { ...presetKeys(preset), keys: { file }, ...keys };
      await using backend = await createTokenBackend({ config });
      const robots = fakeBackend(UNKNOWN, {
        name: 'robots',
        usersNamed: (name) => users.filter((own) => own === name),
      });
      const identify = createIdentify({
        backends: [robots.chained, { authenticator: backend, usernames: undefined }],
        clock: realClock,
        timer: noWaiting,
        audit: recordingAudit(),
        shield: noShield,
      });
      try {
        const credential = { username: 'ci', password: new Secret(sign(claims)) };
        const caller = await identify(credential, { requestId: 'id-1', client: '192.0.2.1' });
        return caller.kind === 'user' ? caller.identity : caller.kind;
      } catch (error) {
        if (error instanceof BrokerError && error.code === 'token_refused') return error.message;
        throw error;
      }
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The configuration of a preset for the issuer and the audience of its sample. */
export function presetKeys({ name, sample }: Preset): Readonly<Record<string, unknown>> {
  const [audience] = [sample['aud']].flat();
  return { preset: name, issuer: sample['iss'], audience };
}

/** The claims with another value for one of them: a name, or a JSON pointer. Undefined: without it. */
export function withClaim(claims: Claims, name: string, value: unknown): Claims {
  const path = parseClaimPath(name);
  if (typeof path === 'string') throw new Error(path);
  const copy: Record<string, unknown> = structuredClone({ ...claims });
  let place = copy;
  for (const segment of path.segments.slice(0, -1)) {
    place[segment] ??= {};
    place = place[segment] as Record<string, unknown>;
  }
  const last = path.segments.at(-1) ?? '';
  if (value === undefined) Reflect.deleteProperty(place, last);
  else place[last] = value;
  return copy;
}

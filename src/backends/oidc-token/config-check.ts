/** What must hold between the keys of an oidc-token backend. */
import { isLoopbackHttp } from '../http-client/address.ts';
import { audienceProblem } from './audience.ts';
import { parseBound } from './bound.ts';
import { claimName, identifiesOwner, isChosen, isReliable } from './claim-knowledge.ts';
import { formText } from './form.ts';
import { issuerOf, knownPreset, presetNamed, publicPreset } from './presets/index.ts';
import type { PresetName } from './presets/index.ts';
import type { Preset } from './presets/preset.ts';
import type { ClaimTemplate } from './template.ts';
import { isTrustDomain } from './trust-domain.ts';

interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

type Bound = Readonly<Record<string, Parameters<typeof parseBound>[1]>>;

/** The keys that depend on each other. */
interface Checked {
  readonly preset: PresetName;
  readonly issuer?: string | undefined;
  readonly audience: readonly string[];
  readonly bound?: 'everyone' | Bound | undefined;
  readonly username?: ClaimTemplate | undefined;
  readonly keys: { readonly url?: string | undefined; readonly file?: unknown; readonly bearer?: unknown };
  readonly caFile?: unknown;
  readonly proxy?: unknown;
}

export function checkOidcTokenConfig(config: Checked): readonly Problem[] {
  const issuer = issuerOf(config);
  if (issuer === undefined) return [{ path: [], message: missingIssuer(presetNamed(config.preset)) }];
  return [
    ...checkTrustDomain(config, issuer),
    ...checkAudience(config, issuer),
    ...checkBound(config, issuer),
    ...checkUsername(config),
    ...checkKeys(config),
  ];
}

function missingIssuer({ issuers }: Preset): string {
  const forms = issuers.map(({ form }) => formText(form));
  return forms.length === 0
    ? 'expected an issuer, or a preset that has one'
    : `expected the issuer, such as ${forms.slice(0, 2).join(' or ')}`;
}

function checkTrustDomain({ preset, keys }: Checked, issuer: string): readonly Problem[] {
  if (!isTrustDomain(issuer)) return [];
  if (preset !== 'spiffe') {
    return [{ path: ['issuer'], message: `found the trust domain ${issuer}, expected preset: spiffe with it` }];
  }
  if (keys.url !== undefined || keys.file !== undefined) return [];
  return [{ path: ['keys'], message: 'expected url or file: a trust domain has no metadata that name its keys' }];
}

function checkAudience({ preset, audience }: Checked, issuer: string): readonly Problem[] {
  return audience.flatMap((text) => {
    const problem = audienceProblem(text, { preset, issuer });
    return problem === undefined ? [] : [{ path: ['audience'], message: `found "${text}": ${problem}` }];
  });
}

function checkBound(config: Checked, issuer: string): readonly Problem[] {
  const { bound } = config;
  if (bound === 'everyone') return [];
  const preset = knownPreset(config);
  if (bound === undefined || Object.keys(bound).length === 0) return [{ path: [], message: unbound(preset, issuer) }];
  const parsed = Object.entries(bound).map(([claim, values]) => ({ claim, result: parseBound(claim, values) }));
  const problems = parsed.flatMap(({ claim, result }) =>
    typeof result === 'string' ? [{ path: ['bound', claim], message: result }] : [],
  );
  if (problems.length > 0) return problems;
  const claims = parsed.flatMap(({ result }) => (typeof result === 'string' ? [] : [result]));
  const open = publicPreset(config);
  if (open !== undefined && !claims.some((claim) => identifiesOwner(open, claim))) {
    return [{ path: ['bound'], message: ownerless(open, issuer) }];
  }
  // INVARIANT: what a job or its owner chooses is never all that admits a token.
  if (claims.some((claim) => isReliable(preset, claim))) return [];
  const names = claims.map(({ path }) => claimName(path)).join(', ');
  const message =
    `found only ${names}, which a job or its owner chooses, expected a claim that they cannot choose: ` +
    preset.bind.join(', ');
  return [{ path: ['bound'], message }];
}

function ownerless({ claims: { owners } }: Preset, issuer: string): string {
  const claims = Object.entries(owners).map(([claim, forms]) => {
    return forms.length === 0 ? claim : `${claim} (${forms.map(formText).join(' or ')})`;
  });
  return (
    `anybody can get a token of ${issuer}: found no claim that distinguishes your jobs from those of others, ` +
    `expected an exact value of one that says whose it is, or a pattern of the form in brackets: ${claims.join(', ')}`
  );
}

function unbound({ bind, guards }: Preset, issuer: string): string {
  const claims = [
    ...bind.map((claim) => `${claim}: 'VALUE'`),
    ...guards.map(({ claim, values }) => `${claim}: [${values.join(', ')}]`),
  ];
  return (
    `found no bound, expected the claims that the tokens of your jobs have. Write bound: { ${claims.join(', ')} } ` +
    'with your own VALUE (fairlead check --token shows the claims of a token), or bound: everyone to accept every ' +
    `token that ${issuer} issues`
  );
}

function checkUsername(config: Checked): readonly Problem[] {
  const { username } = config;
  if (username === undefined) return [];
  const preset = knownPreset(config);
  // INVARIANT: rules for users never depend on what a job or its owner chooses.
  const chosen = username.parts.filter(({ path }) => isChosen(preset, path)).map(({ path }) => path.text);
  if (chosen.length > 0) {
    const message = `found ${chosen.join(', ')}, which a job or its owner chooses, expected an id such as ${preset.username}`;
    return [{ path: ['username'], message }];
  }
  return isBareClaim(username) ? [{ path: ['username'], message: bare(username) }] : [];
}

/** A claim alone could be the name of any user of another backend: the issuer chooses it, or a job does. */
function isBareClaim({ before, parts: [part, ...others] }: ClaimTemplate): boolean {
  if (part === undefined || others.length > 0 || before !== '' || part.after !== '') return false;
  return claimName(part.path) !== 'sub';
}

function bare({ text }: ClaimTemplate): string {
  return (
    `found ${text} alone, which can be the name of a user of another backend; expected text before it, ` +
    `such as ci:${text}`
  );
}

function checkKeys({ issuer, keys, caFile, proxy }: Checked): readonly Problem[] {
  const problems: Problem[] = [];
  if (keys.file !== undefined && keys.url !== undefined) {
    problems.push({ path: ['keys'], message: 'expected one of url and file, found both' });
  }
  if (keys.bearer !== undefined && keys.url === undefined) {
    // The metadata of an issuer must not decide where a token of the broker is sent.
    problems.push({ path: ['keys', 'bearer'], message: 'expected only with url: it is sent nowhere else' });
  }
  if (keys.file !== undefined && caFile !== undefined) {
    problems.push({ path: ['caFile'], message: 'expected no caFile with keys.file: nothing is fetched' });
  }
  if (keys.file !== undefined && proxy !== undefined) {
    problems.push({ path: ['proxy'], message: 'expected no proxy with keys.file: nothing is fetched' });
  }
  const isOnLoopback = [issuer, keys.url].some(
    (url) => url !== undefined && URL.canParse(url) && isLoopbackHttp(new URL(url)),
  );
  if (proxy !== undefined && isOnLoopback) {
    problems.push({ path: ['proxy'], message: 'expected none for an issuer on this machine' });
  }
  if (caFile !== undefined && keys.url !== undefined && isLoopbackHttp(new URL(keys.url))) {
    problems.push({ path: ['caFile'], message: 'expected no caFile with an http url: there is no certificate' });
  }
  return problems;
}

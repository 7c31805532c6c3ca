/** Audiences that a registry must not use: tokens that carry them are meant for another service, or for none. */
import { parseNamePattern } from '../../core/policy/name-pattern.ts';
import { parsedOrThrow } from '../fields.ts';
import { fillForm } from './form.ts';
import { issuerForm, knownPreset, PRESETS } from './presets/index.ts';
import type { Issued } from './presets/index.ts';

/** Services that tokens of CI systems are often requested for, in lower case. */
const TAKEN = [
  'sts.amazonaws.com',
  'api://azureadtokenexchange*',
  '//iam.googleapis.com/*',
  'https://iam.googleapis.com/*',
  'sigstore',
  'vault',
  'vault.io',
  'pypi',
  'testpypi',
  'npm:registry.npmjs.org',
  'rubygems.org',
  'crates.io',
];

const CURE = 'expected a name of your own, such as the registry’s, that the job asks for';

/** @returns what is wrong with an audience, or undefined */
export function audienceProblem(audience: string, issued: Issued & { readonly issuer: string }): string | undefined {
  const { issuer } = issued;
  const own = knownPreset(issued);
  if (withoutSlash(audience) === withoutSlash(issuer)) {
    return `it is the issuer’s own name, which tokens for other uses carry; ${CURE}`;
  }
  if (own.audience.only?.includes(audience) === true) return undefined;
  const captured = issuerForm(own, issuer)?.captured ?? new Map<string, string>();
  for (const preset of PRESETS) {
    const forms = preset.audience.defaults.map((form) => (preset === own ? fillForm(form, captured) : form));
    if (forms.some((form) => isDistinct(form) && matches(form, audience))) {
      return `it is a default audience of ${preset.title}, which tokens for other uses carry; ${CURE}`;
    }
  }
  return TAKEN.some((name) => matches(name, audience))
    ? `tokens with it are meant for another service; ${CURE}`
    : undefined;
}

/** Whether a form names a host or a service: `https://{host}/{owner}` would match any URL. */
function isDistinct(form: string): boolean {
  return !/^(?:https:\/\/)?\{/.test(form);
}

function matches(form: string, audience: string): boolean {
  return parsedOrThrow(parseNamePattern(form.toLowerCase())).match(audience.toLowerCase()) !== undefined;
}

function withoutSlash(url: string): string {
  return url.toLowerCase().replace(/\/$/, '');
}

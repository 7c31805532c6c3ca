/** The presets, in the order of the reference page. */
import { matchForm } from '../form.ts';
import { aws } from './aws.ts';
import { azurePipelines } from './azure-pipelines.ts';
import { azure } from './azure.ts';
import { bitbucket } from './bitbucket.ts';
import { buildkite } from './buildkite.ts';
import { circleci } from './circleci.ts';
import { forgejo } from './forgejo.ts';
import { generic } from './generic.ts';
import { githubActions } from './github-actions.ts';
import { gitlabCi } from './gitlab-ci.ts';
import { google } from './google.ts';
import { jenkins } from './jenkins.ts';
import { kubernetes } from './kubernetes.ts';
import type { IssuerForm, Preset } from './preset.ts';
import { spiffe } from './spiffe.ts';
import { terraform } from './terraform.ts';

const LIST = [
  generic,
  githubActions,
  gitlabCi,
  kubernetes,
  google,
  aws,
  azure,
  azurePipelines,
  jenkins,
  bitbucket,
  circleci,
  buildkite,
  forgejo,
  terraform,
  spiffe,
] as const;

export type PresetName = (typeof LIST)[number]['name'];
export const PRESETS: readonly Preset[] = LIST;
export const PRESET_NAMES: readonly PresetName[] = LIST.map(({ name }) => name);

export interface Issued {
  readonly preset: PresetName;
  readonly issuer?: string | undefined;
}

export function presetNamed(name: PresetName): Preset {
  return PRESETS.find((preset) => preset.name === name) ?? generic;
}

/** The issuer of a backend: the configured one, or that of the preset. */
export function issuerOf({ preset, issuer }: Issued): string | undefined {
  return issuer ?? presetNamed(preset).defaultIssuer;
}

/**
 * What is known about the issuer of a backend: its preset, or without one the preset that has this very issuer. Not that
 * of an issuer that serves people too, whose tokens have other claims.
 */
export function knownPreset({ preset, issuer }: Issued): Preset {
  if (preset !== 'generic' || issuer === undefined) return presetNamed(preset);
  return PRESETS.find(({ issuers }) => issuers.some((form) => !form.servesPeople && isOwn(form, issuer))) ?? generic;
}

/**
 * The preset of an issuer that everybody can get a token of; undefined for any other issuer. The issuer alone decides: it
 * is as public under the preset of another system.
 */
export function publicPreset(issued: Issued): Preset | undefined {
  const issuer = issuerOf(issued) ?? '';
  return PRESETS.find((preset) => issuerForm(preset, issuer)?.isPublic === true);
}

/** The form of an issuer among those of a preset, and what its placeholders stand for. */
export function issuerForm(preset: Preset, issuer: string) {
  for (const form of preset.issuers) {
    const captured = matchForm(form.form, issuer);
    if (captured !== undefined) return { ...form, captured };
  }
  return undefined;
}

/** Whether a form names the host of one system: `https://{host}/oidc` could be any. */
function isOwn({ form }: IssuerForm, issuer: string): boolean {
  return !form.startsWith('https://{host}') && matchForm(form, issuer) !== undefined;
}

/** The data of the presets is complete, and no name or bound claim depends on what a job chooses. */
import { describe, expect, it } from 'vitest';
import { parseClaimPath } from '../../../../src/backends/oidc/claim-path.ts';
import { audienceProblem } from '../../../../src/backends/oidc-token/audience.ts';
import { isChosen } from '../../../../src/backends/oidc-token/claim-knowledge.ts';
import { oidcTokenConfig } from '../../../../src/backends/oidc-token/config.ts';
import { issuerForm, issuerOf, knownPreset, PRESET_NAMES } from '../../../../src/backends/oidc-token/presets/index.ts';
import type { PresetName } from '../../../../src/backends/oidc-token/presets/index.ts';
import type { Preset } from '../../../../src/backends/oidc-token/presets/preset.ts';
import { parseTemplate } from '../../../../src/backends/oidc-token/template.ts';
import type { ClaimTemplate } from '../../../../src/backends/oidc-token/template.ts';
import { presetKeys, SYSTEMS } from '../../../support/preset-tokens.ts';

const named = SYSTEMS.map((preset) => [preset.name, preset] as const);

function template(text: string): ClaimTemplate {
  const parsed = parseTemplate(text);
  if (typeof parsed === 'string') throw new Error(parsed);
  return parsed;
}

/** The claims of a template that a job, its author or the owner of its repository chooses. */
function chosenIn(preset: Preset, text: string): readonly string[] {
  return template(text)
    .parts.filter(({ path }) => isChosen(preset, path))
    .map(({ path }) => path.text);
}

function isChosenClaim(preset: Preset, name: string): boolean {
  const path = parseClaimPath(name);
  if (typeof path === 'string') throw new Error(path);
  return isChosen(preset, path);
}

describe.each(named)('the preset %s', (_name, preset) => {
  it('has a user name without a claim that a job chooses', () => {
    expect(chosenIn(preset, preset.username)).toEqual([]);
  });

  it('gives groups of claims that a job chooses only under conditions', () => {
    const bare = preset.groups.filter(({ when }) => when === undefined);

    expect(bare.flatMap((group) => chosenIn(preset, group.template))).toEqual([]);
  });

  it('gives a group of chosen claims another name where its conditions are not met', () => {
    for (const { template: text, otherwise } of preset.groups) {
      if (otherwise !== undefined) expect(template(otherwise.template).before).not.toBe(template(text).before);
    }
  });

  it('advises to bind claims that no job chooses', () => {
    expect(preset.bind.length).toBeGreaterThan(0);
    expect(
      [...preset.bind, ...Object.values(preset.claims.ids)].filter((claim) => isChosenClaim(preset, claim)),
    ).toEqual([]);
  });

  it('advises claims that identify the owner, where its issuer is public', () => {
    if (issuerForm(preset, preset.defaultIssuer ?? '')?.isPublic !== true) return;
    expect(preset.bind.filter((claim) => claim in preset.claims.owners)).not.toEqual([]);
  });

  it('has no claim among the owners whose value a job chooses', () => {
    expect(Object.keys(preset.claims.owners).filter((claim) => preset.claims.callerChosen.includes(claim))).toEqual([]);
  });

  it('has a sample of an issuer that is listed', () => {
    expect(issuerForm(preset, String(preset.sample['iss']))).toBeDefined();
    if (preset.defaultIssuer !== undefined) expect(issuerForm(preset, preset.defaultIssuer)).toBeDefined();
  });

  it('is refused without bound, and says what to bind', () => {
    const { error } = oidcTokenConfig.safeParse({ type: 'oidc-token', name: 'ci', ...presetKeys(preset) });

    const messages = error?.issues.map(({ message }) => message) ?? [];
    expect(messages).toEqual([expect.stringContaining(`Write bound: { ${preset.bind[0]}: 'VALUE'`)]);
  });

  it('refuses audiences that tokens have by default, unless there is no other', () => {
    const issuer = String(preset.sample['iss']);
    const issued = { preset: preset.name as PresetName, issuer };
    const captured = issuerForm(preset, issuer)?.captured ?? new Map<string, string>();
    const spelled = preset.audience.defaults
      .map((form) => form.replaceAll(/\{(\w+)\}/g, (_, name: string) => captured.get(name) ?? `{${name}}`))
      .filter((form) => !/^(?:https:\/\/)?\{/.test(form))
      .map((form) => form.replaceAll(/\*|\{\w+\}/g, 'x'));

    for (const audience of spelled)
      expect([audience, audienceProblem(audience, issued)]).toEqual([audience, expect.any(String)]);
    for (const audience of preset.audience.only ?? []) expect(audienceProblem(audience, issued)).toBeUndefined();
    const [own] = [preset.sample['aud']].flat();
    expect(audienceProblem(String(own), issued)).toBeUndefined();
  });

  it('says where each statement comes from', () => {
    expect(preset.facts.length).toBeGreaterThan(0);
    for (const { about, source } of preset.facts) expect([about, source]).not.toContain('');
    expect(preset.facts.some(({ basis }) => basis !== 'unverified')).toBe(true);
  });
});

describe('the presets', () => {
  it('are those of the schema, each once', () => {
    expect(new Set(PRESET_NAMES).size).toBe(PRESET_NAMES.length);
    expect(PRESET_NAMES).toEqual(['generic', ...SYSTEMS.map(({ name }) => name)]);
  });

  it('never give a group of the same name for two systems', () => {
    const starts = SYSTEMS.flatMap(({ groups }) => [
      ...new Set(groups.flatMap((group) => [group.template, group.otherwise?.template ?? group.template])),
    ]).map((text) => template(text).before);

    const shared = starts.filter((start, index) => starts.indexOf(start) !== index);
    // GitHub and GitLab had these names first. Two claims of Azure have the id of an application.
    expect(shared).toEqual(['ref:', 'environment:', 'azure-app:']);
  });

  it.each([
    ['https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF', 'kubernetes'],
    ['https://container.googleapis.com/v1/projects/p/locations/l/clusters/c', 'kubernetes'],
    ['https://westeurope.oic.prod-aks.azure.com/1111/2222/', 'kubernetes'],
    ['https://kubernetes.default.svc', 'kubernetes'],
    ['https://token.actions.githubusercontent.com/octo', 'github-actions'],
    ['https://token.actions.octo.ghe.com', 'github-actions'],
    ['https://codeberg.org/api/actions', 'forgejo'],
    ['https://oidc.circleci.com', 'circleci'],
    ['https://oidc.circleci.com/org/2222', 'circleci'],
    ['https://vstoken.dev.azure.com/7777', 'azure-pipelines'],
    ['https://ci.example.com', 'generic'],
    ['https://ci.example.com/oidc', 'generic'],
    ['https://evil.example/oidc.circleci.com', 'generic'],
    ['https://oidc.circleci.com/org/2222/x', 'generic'],
    ['https://oidc.circleci.com.evil.example', 'generic'],
    ['https://login.microsoftonline.com/1111/v2.0', 'generic'],
    ['https://gitlab.com', 'generic'],
  ])('recognize the issuer %s without a name as %s', (issuer, name) => {
    expect(knownPreset({ preset: 'generic', issuer }).name).toBe(name);
  });

  it('have an issuer of their own only where there is one installation', () => {
    const without = SYSTEMS.filter(({ name }) => issuerOf({ preset: name as PresetName }) === undefined);

    expect(without.map(({ name }) => name)).toEqual([
      'aws',
      'azure',
      'azure-pipelines',
      'jenkins',
      'bitbucket',
      'circleci',
      'forgejo',
      'spiffe',
    ]);
    for (const preset of without) {
      const { issuer: _, ...keys } = presetKeys(preset);
      const { error } = oidcTokenConfig.safeParse({ type: 'oidc-token', name: 'ci', bound: 'everyone', ...keys });
      expect(error?.issues.map(({ message }) => message)).toEqual([
        expect.stringMatching(/^expected the issuer, such as (?:https|spiffe):\/\/[^ ]+/),
      ]);
    }
  });
});

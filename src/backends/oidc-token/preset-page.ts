/** The presets for readers: one section each, written from the data. */
import { formText } from './form.ts';
import { PRESETS } from './presets/index.ts';
import type { Fact, IssuerForm, Preset, PresetGroup } from './presets/preset.ts';

const BASIS: Readonly<Record<Fact['basis'], string>> = {
  code: 'read in the code',
  document: 'from documents only',
  unverified: 'not verified',
};

/** Markdown, with a line break at its end. */
export function presetSections(): string {
  return PRESETS.filter(({ issuers }) => issuers.length > 0)
    .map(section)
    .join('\n');
}

function section(preset: Preset): string {
  const { name, title, claims, audience } = preset;
  const rows = [
    ['issuer', lines(preset.issuers.map((form) => issuerText(form, preset)))],
    ['user name', code(preset.username)],
    ['groups', lines(preset.groups.map(groupText))],
    ['bind', boundText(preset)],
    ['a job gets a token by', preset.request],
    ['audiences that are refused', lines(audience.defaults.map((form) => code(formText(form))))],
    ['audiences that are the only ones', lines((audience.only ?? []).map(code))],
    [
      'names, and the id to bind in place of each',
      lines(Object.entries(claims.ids).map(([from, to]) => `${code(from)}: ${code(to)}`)),
    ],
    ['chosen by a job, its author or an outsider', lines(claims.callerChosen.map(code))],
    ['of a form that a job or its owner chooses', lines(claims.callerShaped.map(code))],
    ['only on request', lines(Object.entries(claims.onRequest).map(([claim, how]) => `${code(claim)}: ${how}`))],
    ['sources', lines(preset.facts.map(({ about, source, basis }) => `${about}: ${source} (${BASIS[basis]})`))],
  ];
  const table = rows.filter(([, text]) => text !== '').map(([what, text]) => `| ${what} | ${text} |\n`);
  return `## \`${name}\`: ${title}\n\n| | |\n|---|---|\n${table.join('')}`;
}

function issuerText({ form, of, isPublic = false }: IssuerForm, { defaultIssuer }: Preset): string {
  const notes = [
    ...(form === defaultIssuer ? ['the default'] : []),
    ...(of === undefined ? [] : [of]),
    ...(isPublic ? ['everybody can get a token of it'] : []),
  ];
  return notes.length === 0 ? code(formText(form)) : `${code(formText(form))} (${notes.join('; ')})`;
}

function groupText({ template, when, unless, otherwise }: PresetGroup): string {
  const conditions = [
    ...Object.entries(when ?? {}).map(([claim, values]) => `where ${code(claim)} is ${valuesText(values)}`),
    ...Object.entries(unless ?? {}).map(([claim, values]) => `unless ${code(claim)} is ${valuesText(values)}`),
  ];
  const instead = otherwise === undefined ? [] : [`otherwise ${code(otherwise.template)}`];
  return [code(template), ...conditions, ...instead].join(', ');
}

function valuesText(values: string | readonly string[]): string {
  return [values].flat().map(code).join(' or ');
}

function boundText({ bind, guards }: Preset): string {
  return lines([
    ...bind.map((claim) => `${code(claim)} with your own value`),
    ...guards.map(({ claim, values }) => `${code(claim)}: ${valuesText(values)}`),
  ]);
}

function code(text: string): string {
  return `\`${text}\``;
}

function lines(texts: readonly string[]): string {
  return texts.join('<br>');
}

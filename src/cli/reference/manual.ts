/** The manual page, in the macros of man(7). */
import { withDescendants } from './describe.ts';
import type { CommandDescription, OptionDescription, ParameterDescription } from './describe.ts';

export function manualPage(program: CommandDescription, version: string): string {
  const [, ...commands] = withDescendants(program);
  return [
    `.TH FAIRLEAD 1 "" "fairlead ${escape(version)}" "User Commands"`,
    '.SH NAME',
    `fairlead \\- ${escape(firstToLower(program.summary))}`,
    '.SH SYNOPSIS',
    '.B fairlead',
    '.I command',
    '[options]',
    '.SH DESCRIPTION',
    'Fairlead verifies the credentials of docker login against directories, OpenID providers, files and the tokens of CI systems, decides by one policy file, and issues the tokens that container registries trust.',
    '.SH COMMANDS',
    ...commands.flatMap(commandLines),
    '.SH ENVIRONMENT',
    '.TP',
    '.B FAIRLEAD_CONFIG',
    'The broker configuration, where \\-\\-config is not given.',
    '.TP',
    '.B NODE_COMPILE_CACHE',
    'The folder for compiled code. Default: fairlead in XDG_CACHE_HOME, or in .cache of the home folder, if no other user can write there.',
    '.SH EXIT STATUS',
    '.TP',
    '.B 0',
    'Success.',
    '.TP',
    '.B 1',
    'The answer is no.',
    '.TP',
    '.B 2',
    'Wrong usage, or an error of the configuration.',
    '',
  ].join('\n');
}

function commandLines({ words, summary, options, parameters }: CommandDescription): readonly string[] {
  const synopsis = [escape(words.join(' ')), ...parameters.map(parameterText)].join(' ');
  return [
    `.SS ${synopsis}`,
    escape(sentence(summary)),
    ...options.filter(({ names }) => !names.includes('--help')).flatMap(optionLines),
  ];
}

function optionLines({ names, text, value, choices, default: preset, variable }: OptionDescription): readonly string[] {
  const facts = [
    ...(choices.length === 0 ? [] : [`One of ${choices.join(', ')}.`]),
    ...(preset === undefined ? [] : [`Default: ${preset}.`]),
    ...(variable === undefined ? [] : [`Environment: ${variable}.`]),
  ];
  const placeholder = value === undefined ? '' : ` \\fI${escape(value)}\\fR`;
  const shown = names.map((name) => `\\fB${escape(name)}\\fR`).join(', ');
  return ['.TP', `${shown}${placeholder}`, escape([sentence(text), ...facts].join(' '))];
}

function parameterText({ name, isRequired, isList }: ParameterDescription): string {
  const text = `\\fI${escape(name)}\\fR${isList ? '...' : ''}`;
  return isRequired ? text : `[${text}]`;
}

function sentence(text: string): string {
  const [first = '', ...rest] = text;
  return `${first.toUpperCase()}${rest.join('')}${/[.!?]$/.test(text) ? '' : '.'}`;
}

function firstToLower(text: string): string {
  return `${text.slice(0, 1).toLowerCase()}${text.slice(1)}`;
}

/** A line that begins with a dot or an apostrophe would be a request, and `-` a hyphen that cannot be copied. */
function escape(text: string): string {
  return text
    .replaceAll('\\', String.raw`\e`)
    .replaceAll('-', String.raw`\-`)
    .replaceAll('’', String.raw`\(cq`)
    .replace(/^([.'])/, String.raw`\&$1`);
}

/** The sources of accounts that `fairlead init` can set up. */
import { fileSource } from './file-source.ts';
import { ldapSource } from './ldap-source.ts';
import { openidSource } from './openid-source.ts';
import { choice } from './question.ts';
import type { Question } from './question.ts';
import type { Source } from './source.ts';

export const SOURCES: readonly Source[] = [ldapSource, openidSource, fileSource];

const NAMES = SOURCES.map(({ name }) => name);

export const SOURCE: Question<Source> = {
  flag: 'source',
  placeholder: 'kind',
  prompt: 'Source of accounts',
  about: 'Where the accounts are: ldap (also Active Directory), openid or file.',
  more: [
    ...SOURCES.map(({ name, about }) => `${name.padEnd(7)} ${about}`),
    'More sources can be added to backends in broker.yaml later; the reference lists the others.',
  ],
  parse: (answer) => {
    const parsed = choice(NAMES)(answer);
    if ('problem' in parsed) return parsed;
    const source = SOURCES.find(({ name }) => name === parsed.value);
    return source === undefined ? { problem: `expected one of ${NAMES.join(', ')}` } : { value: source };
  },
};

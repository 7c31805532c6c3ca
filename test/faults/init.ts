/** Faults in `fairlead init`. */
import type { Fault } from './fault.ts';

const INSTALL = 'src/cli/init/install.ts';
const INSTALL_TEST = 'test/unit/cli/init/install.test.ts';
const SESSION_TEST = 'test/unit/cli/init/session.test.ts';
const FLAGS_TEST = 'test/unit/cli/init/flags.test.ts';
const POLICY_TEST = 'test/unit/cli/init/policy.test.ts';

export const faults: readonly Fault[] = [
  {
    id: 'init-1',
    effect: '`init` replaces a file that somebody else created in the meantime',
    file: INSTALL,
    find: '(overwrite ? rename : link)',
    replace: 'rename',
    tests: [INSTALL_TEST],
  },
  {
    id: 'init-2',
    effect: 'every user of the machine can read the password that `init` stores',
    file: INSTALL,
    find: 'isSecret ? 0o600 : 0o644',
    replace: '0o644',
    tests: [SESSION_TEST],
  },
  {
    id: 'init-3',
    effect: 'files that `check` refuses are written',
    file: INSTALL,
    find: '      await check(drafts);\n',
    replace: '',
    tests: [INSTALL_TEST],
  },
  {
    id: 'init-4',
    effect: 'the temporary folder with the password stays behind',
    file: INSTALL,
    find: '    await rm(drafts, { recursive: true, force: true });\n',
    replace: '',
    tests: [INSTALL_TEST],
  },
  {
    id: 'init-5',
    effect: '`init` shows the password as it is typed',
    file: 'src/cli/init/interview.ts',
    find: "await read(`${prompt} (not shown): `, 'hidden')",
    replace: "await read(`${prompt} (not shown): `, 'shown')",
    tests: [SESSION_TEST],
  },
  {
    id: 'init-6',
    effect: 'clients would send passwords in clear text to the public address',
    file: 'src/cli/init/registry.ts',
    find: "if (url.protocol === 'https:' || isLocalName(url.hostname)) return undefined;",
    replace: 'return undefined;',
    tests: [SESSION_TEST],
  },
  {
    id: 'init-7',
    effect: '`init --dry-run` prints the password',
    file: 'src/cli/commands/init.ts',
    find: "isSecret ? '(not shown)\\n' : text",
    replace: 'isSecret ? text : text',
    tests: [FLAGS_TEST],
  },
  {
    id: 'init-8',
    effect: 'a script without a terminal gets an error for one missing flag at a time',
    file: 'src/cli/init/setup.ts',
    find: '  requireFlags(interview, flags);\n',
    replace: '',
    tests: [FLAGS_TEST],
  },
  {
    id: 'init-9',
    effect: 'the files that are there are replaced by the answer of an empty line',
    file: 'src/cli/init/setup.ts',
    find: "await interview.ask(question, 'no')",
    replace: "await interview.ask(question, 'yes')",
    tests: [SESSION_TEST],
  },
  {
    id: 'init-10',
    effect: 'the first policy gives everybody the namespace of one group',
    file: 'src/cli/init/policy.ts',
    find: "const who = group === '*' ?",
    replace: "const who = group !== '' ?",
    tests: [POLICY_TEST],
  },
  {
    id: 'init-11',
    effect: 'an entry of the directory can erase the screen of the operator, or type into the terminal',
    file: 'src/cli/init/interview.ts',
    find: "return text.replaceAll(/\\p{Cc}/gu, ' ');",
    replace: 'return text;',
    tests: ['test/unit/cli/init/interview.test.ts'],
  },
  {
    id: 'init-12',
    effect: '`init` proposes the folder of the built-in groups, in which every domain has its own',
    file: 'src/backends/ldap/diagnosis/bases.ts',
    find: '&& !BUILT_IN.test(folder)',
    replace: '',
    tests: ['test/unit/backends/ldap/diagnosis/bases.test.ts'],
  },
  {
    id: 'init-13',
    effect: '`init` writes files with which the broker does not start',
    file: 'src/cli/commands/init.ts',
    find: 'if (code === EXIT.ok) return',
    replace: 'if (code !== EXIT.usage) return',
    tests: [FLAGS_TEST],
  },
];

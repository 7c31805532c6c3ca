/** Faults in what brokers share about the credentials of people: revocation, the end of an account, counts. */
import type { Fault } from './fault.ts';

const SESSION = 'test/unit/flows/session.test.ts';
const ACCOUNT = 'test/unit/flows/end-account.test.ts';
const USE = 'test/unit/flows/personal-token/use.test.ts';

export const faults: readonly Fault[] = [
  {
    id: 'clients-1',
    effect: 'a session that another broker ends while the account is looked up is accepted once more',
    file: 'src/flows/session/find.ts',
    find: "    if (use.kind === 'revoked') return undefined;\n",
    replace: '',
    tests: [SESSION],
  },
  {
    id: 'clients-2',
    effect: 'a new account with the name of one that has left lists and ends the sessions of that one',
    file: 'src/core/session.ts',
    find: "[backend, 'subject', subject]);",
    replace: "[backend, 'name', username]);",
    tests: [SESSION],
  },
  {
    id: 'clients-3',
    effect: 'tokens revoke --user leaves the credentials of a login under another spelling of the name',
    file: 'src/core/account.ts',
    find: 'return choice.user === account.username || choice.user === account.login;',
    replace: 'return choice.user === account.login;',
    tests: [ACCOUNT],
  },
  {
    id: 'clients-4',
    effect: 'refused tokens of a client are counted only while the requests are under way, so that it never waits',
    file: 'src/flows/personal-token/bad-tokens.ts',
    find: "await own.settle({ outcome: 'wrong', attempt: reserved.attempt });",
    replace: "await own.settle({ outcome: 'none', attempt: reserved.attempt });",
    tests: [USE],
  },
  {
    id: 'clients-5',
    effect: 'each member of the group that owns a robot has as many tokens of it as all together may have',
    file: 'src/flows/personal-token/owner.ts',
    find: "['robot', owner.robot]",
    replace: "['robot', owner.robot, owner.createdBy.subject]",
    tests: ['test/unit/flows/robot-tokens.test.ts'],
  },
];

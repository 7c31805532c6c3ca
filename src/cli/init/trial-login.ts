/** A login of somebody with an account, to show that logins work and which groups arrive. */
import type { Secret } from '../../core/identity.ts';
import { traceLogin } from '../../flows/trace-login.ts';
import { openBackend, stepLine } from './open-backend.ts';
import type { Question, SecretQuestion } from './question.ts';
import type { Member, SourceDeps } from './source.ts';

export const TRIAL_USER: Question<string> = {
  flag: 'trial-user',
  placeholder: 'name',
  prompt: 'User for a trial login (empty: none)',
  about: 'A user who logs in now, to show that it works and to find the groups.',
  more: [
    'Nothing about the trial is stored, and the password is sent to the source of the accounts only.',
    'An empty answer skips the trial.',
  ],
  parse: (answer) => ({ value: answer }),
};

export const TRIAL_PASSWORD: SecretQuestion = {
  flag: 'trial-password',
  name: 'the password for the trial login',
  prompt: 'Password of that user',
  about: 'The password of that user, for this trial only.',
  more: ['It is sent to the source of the accounts, and stored nowhere.'],
};

/** @returns the user with the groups as a policy names them; undefined: nobody logged in */
export async function tryLogin(
  draft: Readonly<Record<string, unknown>>,
  secret: Secret | undefined,
  deps: SourceDeps,
): Promise<Member | undefined> {
  const { interview } = deps;
  for (;;) {
    const username = await interview.ask(TRIAL_USER);
    if (username === '') return undefined;
    const { secret: password } = await interview.askSecret(TRIAL_PASSWORD);
    const opened = await openBackend(draft, secret, deps);
    if (typeof opened === 'string') return undefined;
    await using chain = opened;
    const { steps, identity } = await traceLogin(chain, { username, password });
    interview.say(...steps.map(stepLine));
    if (identity !== undefined) return { username: identity.username, groups: [...identity.groups].toSorted() };
    interview.refuse(
      `the login of ${username} does not work: type it again, or correct the account`,
      TRIAL_USER,
      TRIAL_PASSWORD,
    );
  }
}

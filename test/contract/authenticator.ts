/** What every backend promises, whatever stands behind it. Each one runs this suite against its real source. */
import { deadlineIn } from '../../src/core/deadline.ts';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrokerError } from '../../src/core/errors.ts';
import { Secret } from '../../src/core/identity.ts';
import type { Identity } from '../../src/core/identity.ts';
import type { Authenticator, AuthnOutcome, Clock, Log } from '../../src/core/ports.ts';
import { realClock, recordingLog } from '../support/fakes.ts';

export interface ContractSubject {
  /** Builds the backend anew, over the same source. The suite disposes of what it builds. */
  create(deps: { readonly clock: Clock; readonly log: Log }): Promise<Authenticator>;
  /** A user of the source, as typed; passwords should be long enough not to stand in a message by chance. */
  readonly known: {
    readonly username: string;
    readonly password: string;
    /** The canonical name, where it differs from what is typed. */
    readonly canonical?: string;
    /** All groups, as policy names them. */
    readonly groups: readonly string[];
  };
  /** A second user, with another password. */
  readonly other: { readonly username: string; readonly password: string };
  /** What a user the source does not hold is told: `rejected` where it cannot tell unknown from wrong. */
  readonly unknown: 'unknown-user' | 'rejected';
}

type Attempt = { readonly outcome: AuthnOutcome } | { readonly error: unknown };

const BUDGET_MS = 8000;
/** Far less than the budget, far more than a busy machine takes to say no. */
const PROMPT_MS = 3000;

/**
 * Registers the suite.
 *
 * @param setup starts the source; what it starts goes onto `resources`, which are closed after the suite
 */
export function authenticatorContract(
  name: string,
  setup: (resources: AsyncDisposableStack) => Promise<ContractSubject>,
): void {
  describe(`the authenticator contract: ${name}`, () => {
    const resources = new AsyncDisposableStack();
    const log = recordingLog();
    let subject: ContractSubject;
    let authenticator: Authenticator;

    beforeAll(async () => {
      subject = await setup(resources);
      authenticator = resources.use(await subject.create({ clock: realClock, log }));
    });
    afterAll(() => resources.disposeAsync());

    const login = (username: string, password: string, budget = BUDGET_MS): Promise<AuthnOutcome> =>
      authenticator.authenticate({ username, password: new Secret(password) }, deadlineIn(realClock, budget));

    const attempt = async (username: string, password: string, budget = BUDGET_MS): Promise<Attempt> => {
      try {
        return { outcome: await login(username, password, budget) };
      } catch (error) {
        return { error };
      }
    };

    it('authenticates the right password with the canonical name and all groups', async () => {
      const outcome = await login(subject.known.username, subject.known.password);

      if (outcome.kind !== 'authenticated') throw new Error(`expected authenticated, found ${inspect(outcome)}`);
      expectKnown(outcome.identity, subject, authenticator);
    });

    it('authenticates each user with the password that is theirs', async () => {
      const outcome = await login(subject.other.username, subject.other.password);

      expect(outcome.kind).toBe('authenticated');
    });

    it('rejects a wrong password', async () => {
      const outcome = await login(subject.known.username, `${subject.known.password}-not`);

      expect(outcome).toEqual({ kind: 'rejected', reason: 'wrong-password' });
    });

    it('rejects the password of another user', async () => {
      const outcome = await login(subject.known.username, subject.other.password);

      expect(outcome).toEqual({ kind: 'rejected', reason: 'wrong-password' });
    });

    it('tells a user it does not hold as its source can', async () => {
      const outcome = await login('nobody-of-this-name', subject.known.password);

      expect(outcome.kind).toBe(subject.unknown);
    });

    it.each(['', ' ', '\0'])('never authenticates the empty or blank password %j', async (password) => {
      const known = await attempt(subject.known.username, password);
      const unknown = await attempt('nobody-of-this-name', password);

      expectRefused(known);
      expectRefused(unknown);
    });

    it.each([
      ['the empty name', () => ''],
      ['a star', () => '*'],
      ['a star after a beginning', ({ known }: ContractSubject) => `${known.username.slice(0, 1)}*`],
      ['a piece of a filter', () => ')(uid=*'],
      ['a filter around a real name', ({ known }: ContractSubject) => `${known.username})(|(uid=*`],
      ['a piece of a DN', ({ known }: ContractSubject) => `${known.username},dc=example`],
      ['300 characters', () => 'a'.repeat(300)],
      ['a real name with 300 spaces', ({ known }: ContractSubject) => `${known.username}${' '.repeat(300)}`],
      ['NUL alone', () => '\0'],
      ['NUL after a real name', ({ known }: ContractSubject) => `${known.username}\0`],
      ['a line break after a real name', ({ known }: ContractSubject) => `${known.username}\n`],
      ['half a surrogate pair', () => '\uD800'],
      ['__proto__', () => '__proto__'],
      ['constructor', () => 'constructor'],
    ])('never authenticates a name that is %s, even with a real password', async (_what, nameOf) => {
      const result = await attempt(nameOf(subject), subject.known.password);

      expectRefused(result);
    });

    it.each([
      ['NUL after the right one', (password: string) => `${password}\0`],
      ['NUL and more after the right one', (password: string) => `${password}\0more`],
      ['NUL before the right one', (password: string) => `\0${password}`],
      ['the right one without its end', (password: string) => password.slice(0, -1)],
      ['a line break after the right one', (password: string) => `${password}\n`],
      ['64 KiB', () => 'x'.repeat(65_536)],
    ])('never authenticates a password that is %s', async (_what, passwordOf) => {
      const result = await attempt(subject.known.username, passwordOf(subject.known.password));

      expectRefused(result);
    });

    it.each([0, -1000])('answers promptly when the deadline is %d ms away', async (budget) => {
      const started = performance.now();
      const result = await attempt(subject.known.username, subject.known.password, budget);

      expect(performance.now() - started).toBeLessThan(PROMPT_MS);
      if ('error' in result) expect(result.error).toMatchObject({ name: 'BrokerError', code: 'backend_unavailable' });
    });

    it('puts no password into outcomes, errors or the log', async () => {
      const typed = `${subject.known.password}-typed-wrongly`;

      const told = [
        await attempt(subject.known.username, subject.known.password, -1000),
        await attempt(subject.known.username, typed),
        await attempt(`${subject.known.username}\0`, subject.known.password),
        await attempt('nobody-of-this-name', typed),
        log.lines,
      ];

      expect(inspect(told, { depth: Infinity, maxStringLength: Infinity })).not.toContain(subject.known.password);
    });

    it('says that its source is up', async () => {
      const state = await authenticator.probe(deadlineIn(realClock, BUDGET_MS));

      expect(state).toEqual({ state: 'up' });
    });

    it('finds users without a password, where it can look them up', async () => {
      if (authenticator.lookup === undefined) return;

      const found = await authenticator.lookup(subject.known.username, deadlineIn(realClock, BUDGET_MS));
      const missing = await authenticator.lookup('nobody-of-this-name', deadlineIn(realClock, BUDGET_MS));

      expectKnown(found, subject, authenticator);
      expect(missing).toBeUndefined();
    });

    it('finds an account again by what it said of it, and no other by that, where it can', async () => {
      const { known, other } = subject;
      if (authenticator.revalidate === undefined) return;
      const outcome = await login(known.username, known.password);
      if (outcome.kind !== 'authenticated') throw new Error('the login failed');
      const { subject: own = '' } = outcome.identity;

      const again = async (typed: string, account: string): Promise<AuthnOutcome | undefined> =>
        authenticator.revalidate?.({ login: typed, subject: account }, deadlineIn(realClock, BUDGET_MS));

      expect(await again(known.username, own)).toEqual(outcome);
      expect(own).not.toBe('');
      for (const [typed, account] of [
        [other.username, own],
        [known.username, `${own}0`],
        [known.username, ''],
        ['nobody-of-this-name', own],
      ] as const) {
        expect(await again(typed, account)).toEqual({ kind: 'unknown-user' });
      }
    });

    it('serves logins that come at the same time', async () => {
      const { known, other } = subject;

      const outcomes = await Promise.all([
        login(known.username, known.password),
        login(known.username, other.password),
        login(other.username, other.password),
        login(other.username, known.password),
      ]);

      expect(outcomes.map(({ kind }) => kind)).toEqual(['authenticated', 'rejected', 'authenticated', 'rejected']);
    });

    it('may be disposed of twice', async () => {
      const second = await subject.create({ clock: realClock, log });

      await second[Symbol.asyncDispose]();

      await expect(second[Symbol.asyncDispose]()).resolves.toBeUndefined();
    });
  });
}

function expectKnown(identity: Identity | undefined, { known }: ContractSubject, { name }: Authenticator): void {
  expect(identity?.username).toBe(known.canonical ?? known.username);
  expect([...(identity?.groups ?? [])].toSorted()).toEqual(known.groups.toSorted());
  expect(identity?.backend).toBe(name);
}

function expectRefused(attempt: Attempt): void {
  if ('error' in attempt) {
    expect(attempt.error).toBeInstanceOf(BrokerError);
    return;
  }
  expect(attempt.outcome.kind).toMatch(/^(rejected|unknown-user)$/);
}

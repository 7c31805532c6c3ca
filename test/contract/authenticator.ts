/** What every backend for passwords promises. Each one runs this suite against a real server or file. */
import { deadlineIn } from '../../src/core/deadline.ts';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackendTraits } from '../../src/backends/traits.ts';
import { BrokerError } from '../../src/core/errors.ts';
import { Secret } from '../../src/core/identity.ts';
import type { Identity } from '../../src/core/identity.ts';
import type { AttemptGuard, Authenticator, AuthnOutcome, Clock, Log } from '../../src/core/ports.ts';
import { realClock, recordingLog } from '../support/fakes.ts';

export interface ContractSubject {
  /** What the module of the backend declares for this configuration. The suite compares it with what is observed. */
  readonly traits: BackendTraits;
  /** Opens the backend over the same source. The suite disposes of it. */
  create(deps: { readonly clock: Clock; readonly log: Log }): Promise<Authenticator>;
  /** A user of the source, as typed. The password is long enough not to occur in a message by chance. */
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
  /**
   * How many passwords the source has received, by its own log. `none`: the backend leaves the attempt guard to its
   * caller, or this source has no such log and another one of the same backend has.
   */
  readonly attempts: (() => number | Promise<number>) | 'none';
}

type Attempt = { readonly outcome: AuthnOutcome } | { readonly error: unknown };

const BUDGET_MS = 8000;
/** Far less than the budget, far more than a busy machine takes to refuse. */
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

    it('authenticates the correct password with the canonical name and all groups', async () => {
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

    it('reports a user that the source does not have as unknown, or as rejected, as its traits declare', async () => {
      const outcome = await login('nobody-of-this-name', subject.known.password);

      expect(outcome.kind).toBe(subject.traits.detectsUnknownUsers ? 'unknown-user' : 'rejected');
    });

    it('agrees with the traits that its module declares', async () => {
      const { traits, known } = subject;
      const outcome = await login(known.username, known.password);
      if (outcome.kind !== 'authenticated') throw new Error('the login failed');
      const { identity } = outcome;

      expect(traits.accepts).toBe(authenticator.accepts ?? 'passwords');
      expect(traits.canRevalidate).toBe(authenticator.revalidate !== undefined);
      expect(traits.names).toBe(identity.caseless ? 'caseless' : 'exact');
      expect([...identity.attributes.keys()].filter((key) => !traits.deliversValue(key))).toEqual([]);
      if (traits.groups.kind === 'none') expect([...identity.groups]).toEqual([]);
      if (traits.users === undefined) {
        expect(traits.groups.kind).not.toBe('listed');
        return;
      }
      const listed = (await traits.users.identities()).find(({ username }) => username === identity.username);
      expect([...(listed?.groups ?? [])]).toEqual([...identity.groups]);
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
      ['NUL after the correct one', (password: string) => `${password}\0`],
      ['NUL and more after the correct one', (password: string) => `${password}\0more`],
      ['NUL before the correct one', (password: string) => `\0${password}`],
      ['the correct one without its end', (password: string) => password.slice(0, -1)],
      ['a line break after the correct one', (password: string) => `${password}\n`],
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

    it('writes no password into outcomes, errors or the log', async () => {
      const typed = `${subject.known.password}-typed-wrongly`;

      const written = [
        await attempt(subject.known.username, subject.known.password, -1000),
        await attempt(subject.known.username, typed),
        await attempt(`${subject.known.username}\0`, subject.known.password),
        await attempt('nobody-of-this-name', typed),
        log.lines,
      ];

      expect(inspect(written, { depth: Infinity, maxStringLength: Infinity })).not.toContain(subject.known.password);
    });

    it('reports that its source is up', async () => {
      const state = await authenticator.probe(deadlineIn(realClock, BUDGET_MS));

      expect(state).toEqual({ state: 'up' });
    });

    it('finds users without a password, where it has a look-up', async () => {
      if (authenticator.lookup === undefined) return;

      const found = await authenticator.lookup(subject.known.username, deadlineIn(realClock, BUDGET_MS));
      const missing = await authenticator.lookup('nobody-of-this-name', deadlineIn(realClock, BUDGET_MS));

      expectKnown(found, subject, authenticator);
      expect(missing).toBeUndefined();
    });

    it('revalidates an account by its subject, and no other account, where it has revalidation', async () => {
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

    it('asks the attempt guard once a login, with one subject an account, and sends nothing when it refuses', async () => {
      const { known, other, attempts } = subject;
      const { guard, subjects, refuse } = recordingGuard();
      const guarded = async (username: string, password: string): Promise<AuthnOutcome> =>
        authenticator.authenticate(
          { username, password: new Secret(password) },
          deadlineIn(realClock, BUDGET_MS),
          guard,
        );

      await guarded(known.username, known.password);
      await guarded(known.username, `${known.password}-not`);
      await guarded(other.username, other.password);

      if (authenticator.asksGuard !== true) {
        expect(subjects).toEqual([]);
        return;
      }
      const [first, second, third, ...more] = subjects;
      expect(first).toBe(second);
      expect(first).not.toBe(third);
      expect(more).toEqual([]);

      if (attempts === 'none') return;
      // The control: without a refusal, a login is an attempt that the source counts.
      const before = await attempts();
      await guarded(known.username, `${known.password}-not`);
      expect(await attempts()).toBe(before + 1);

      refuse({ kind: 'rejected', reason: 'held' });
      const refused = await guarded(known.username, known.password);
      expect(refused).toEqual({ kind: 'rejected', reason: 'held' });
      expect(await attempts()).toBe(before + 1);
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

function recordingGuard() {
  const subjects: string[] = [];
  let refusal: AuthnOutcome | undefined;
  const guard: AttemptGuard = {
    beforeAttempt: async (account) => {
      subjects.push(account);
      return refusal;
    },
  };
  return {
    guard,
    subjects,
    refuse: (outcome: AuthnOutcome): void => {
      refusal = outcome;
    },
  };
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

/** What every backend over a network promises while its source fails: an outage within the deadline, and never an outcome. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { deadlineIn } from '../../src/core/deadline.ts';
import { Secret } from '../../src/core/identity.ts';
import type { Authenticator, AuthnOutcome } from '../../src/core/ports.ts';
import { realClock, recordingLog } from '../support/fakes.ts';
import type { Outages } from '../support/outage-proxy.ts';
import { waitFor } from '../support/wait.ts';
import type { ContractSubject } from './authenticator.ts';

export interface OutageSubject extends Pick<ContractSubject, 'create' | 'known'> {
  /** Makes the source fail; `startOutageProxy` in front of it does. */
  readonly outages: Outages;
}

/** Milliseconds. The time of a login, and how much later its answer may come on a busy machine. */
const BUDGET_MS = 1500;
const GRACE_MS = 1500;
const RECOVERY_MS = 15_000;

/** @param setup starts the source; what it starts goes onto `resources`, which are closed after the suite */
export function outageContract(name: string, setup: (resources: AsyncDisposableStack) => Promise<OutageSubject>): void {
  describe(`the contract of outages: ${name}`, () => {
    const resources = new AsyncDisposableStack();
    let subject: OutageSubject;
    let backend: Authenticator;

    beforeAll(async () => {
      subject = await setup(resources);
      backend = resources.use(await subject.create({ clock: realClock, log: recordingLog() }));
    });
    afterEach(() => subject.outages.restore());
    afterAll(() => resources.disposeAsync());

    const logIn = (password: string): Promise<AuthnOutcome> =>
      backend.authenticate(
        { username: subject.known.username, password: new Secret(password) },
        deadlineIn(realClock, BUDGET_MS),
      );

    const succeeds = async (): Promise<boolean> => (await logIn(subject.known.password)).kind === 'authenticated';

    /** Before each outage the backend serves a login, so that it has open connections. */
    const serves = (): Promise<unknown> => waitFor('a login', succeeds, { timeoutMs: RECOVERY_MS });

    async function expectOutage(password: string): Promise<void> {
      const started = performance.now();
      await expect(logIn(password)).rejects.toMatchObject({ name: 'BrokerError', code: 'backend_unavailable' });
      expect(performance.now() - started).toBeLessThan(BUDGET_MS + GRACE_MS);
    }

    it.each([
      ['has stopped', (outages: Outages) => outages.stop()],
      ['hangs', (outages: Outages) => outages.hang()],
      ['answers with what is no answer of it', (outages: Outages) => outages.nonsense()],
      ['is too slow', (outages: Outages) => outages.slow()],
    ] as const)('fails with backend_unavailable within the deadline when the source %s', async (_what, begin) => {
      await serves();

      await begin(subject.outages);

      await expectOutage(subject.known.password);
      await expectOutage(`${subject.known.password}-not`);
    });

    it('reports the source as down while it is stopped, and serves logins again after that', async () => {
      const state = async () => (await backend.probe(deadlineIn(realClock, BUDGET_MS))).state;
      await serves();

      await subject.outages.stop();
      await expectOutage(subject.known.password);
      expect(await state()).toBe('down');
      await subject.outages.restore();

      await serves();
      expect(await state()).toBe('up');
      expect((await logIn(`${subject.known.password}-not`)).kind).toBe('rejected');
    });
  });
}

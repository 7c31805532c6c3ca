/** What goes wrong in the soak, again and again. Each fault ends with all servers as they were. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Broker } from '../support/broker.ts';
import type { Slapd } from '../support/slapd.ts';

export interface Fault {
  readonly what: string;
  happen(): Promise<void>;
}

const DOWN_MS = 5000;

async function kill(slapd: Slapd): Promise<void> {
  process.kill(slapd.pid(), 'SIGKILL');
  await slapd.stop();
}

export function faultsOf(first: Slapd, second: Slapd, broker: Broker): readonly Fault[] {
  const outage = async (down: readonly Slapd[], stop: (slapd: Slapd) => Promise<void>): Promise<void> => {
    for (const slapd of down) await stop(slapd);
    await delay(DOWN_MS);
    for (const slapd of down) await slapd.start();
  };
  const freeze = async (slapd: Slapd): Promise<void> => {
    process.kill(slapd.pid(), 'SIGSTOP');
    await delay(DOWN_MS);
    process.kill(slapd.pid(), 'SIGCONT');
  };
  return [
    { what: 'first server killed', happen: () => outage([first], kill) },
    { what: 'second server stopped', happen: () => outage([second], (slapd) => slapd.stop()) },
    { what: 'first server frozen', happen: () => freeze(first) },
    { what: 'both servers killed', happen: () => outage([first, second], kill) },
    { what: 'second server frozen', happen: () => freeze(second) },
    {
      what: 'broker told to reload and forget',
      happen: async () => {
        broker.signal('SIGHUP');
        await delay(DOWN_MS);
      },
    },
    {
      what: 'both servers frozen',
      happen: async () => {
        await Promise.all([freeze(first), freeze(second)]);
      },
    },
  ];
}

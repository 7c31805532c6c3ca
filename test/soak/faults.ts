/** What goes wrong in the soak, again and again. Each fault ends with all servers as they were. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Broker } from '../support/broker.ts';
import { freeze, kill, thaw } from '../support/halt.ts';
import type { Slapd } from '../support/slapd.ts';

export interface Fault {
  readonly what: string;
  happen(): Promise<void>;
}

const DOWN_MS = 5000;

async function crash(slapd: Slapd): Promise<void> {
  await kill(slapd.pid());
  await slapd.stop();
}

export function faultsOf(first: Slapd, second: Slapd, broker: Broker): readonly Fault[] {
  const outage = async (down: readonly Slapd[], stop: (slapd: Slapd) => Promise<void>): Promise<void> => {
    for (const slapd of down) await stop(slapd);
    await delay(DOWN_MS);
    for (const slapd of down) await slapd.start();
  };
  const hang = async (slapd: Slapd): Promise<void> => {
    await freeze(slapd.pid());
    await delay(DOWN_MS);
    thaw(slapd.pid());
  };
  return [
    { what: 'first server killed', happen: () => outage([first], crash) },
    { what: 'second server stopped', happen: () => outage([second], (slapd) => slapd.stop()) },
    { what: 'first server frozen', happen: () => hang(first) },
    { what: 'both servers killed', happen: () => outage([first, second], crash) },
    { what: 'second server frozen', happen: () => hang(second) },
    {
      what: 'broker reloads and clears its cache',
      happen: async () => {
        broker.signal('SIGHUP');
        await delay(DOWN_MS);
      },
    },
    {
      what: 'both servers frozen',
      happen: async () => {
        await Promise.all([hang(first), hang(second)]);
      },
    },
  ];
}

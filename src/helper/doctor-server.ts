/** The part of `doctor` that asks the registry and its sign-in server. */
import { describeError } from '../core/errors.ts';
import type { Finding } from './doctor.ts';
import type { Host } from './host.ts';
import { discover } from './login/discover.ts';
import { request } from './login/http.ts';
import { pinnedServer } from './login/pins.ts';

/** Registries accept tokens whose times are off by so much. */
const CLOCK_SECONDS = 60;

export async function examineServer(host: Host, registry: string): Promise<readonly Finding[]> {
  try {
    const { issuer } = await discover(registry);
    return [await examineIssuer(host, registry, issuer), ...(await examineClock(host, issuer))];
  } catch (error) {
    return [{ kind: 'problem', text: describeError(error) }];
  }
}

async function examineIssuer(host: Host, registry: string, issuer: string): Promise<Finding> {
  const pinned = await pinnedServer(host, registry);
  if (pinned === undefined || pinned === issuer)
    return { kind: 'ok', text: `${registry} names ${issuer} as its sign-in server` };
  return {
    kind: 'problem',
    text: `${registry} names ${issuer} as its sign-in server, and named ${pinned} before; ask its operator`,
  };
}

async function examineClock(host: Host, issuer: string): Promise<readonly Finding[]> {
  const { headers } = await request(`${issuer}/healthz`);
  const date = Date.parse(headers.get('date') ?? '');
  if (Number.isNaN(date)) return [];
  const off = host.now() - Math.floor(date / 1000);
  if (Math.abs(off) <= CLOCK_SECONDS) return [{ kind: 'ok', text: 'the clock of this machine is right' }];
  const direction = off > 0 ? 'ahead' : 'behind';
  return [
    {
      kind: 'problem',
      text: `the clock of this machine is ${Math.abs(off)} seconds ${direction} of ${issuer}: set it, or logins end at the wrong time`,
    },
  ];
}

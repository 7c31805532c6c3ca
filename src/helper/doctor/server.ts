/** The part of `doctor` that asks the registry and its sign-in server. */
import { describeError } from '../core/errors.ts';
import type { Finding } from './doctor.ts';
import type { Host } from './host.ts';
import { CLIENT_ID } from './login/client-id.ts';
import { discover } from './login/discover.ts';
import type { SignInServer } from './login/discover.ts';
import { request } from './login/http.ts';
import { pinnedServer } from './login/pins.ts';
import type { StoredLogin } from './logins/login.ts';
import { IDENTITY_TOKEN, parseObject } from './protocol.ts';

/** Registries accept tokens whose times are off by so much. */
const CLOCK_SECONDS = 60;

/** @param login the login at the registry that has not ended by the clock of this machine */
export async function examineServer(
  host: Host,
  registry: string,
  login: StoredLogin | undefined,
): Promise<readonly Finding[]> {
  try {
    const server = await discover(registry);
    const { issuer } = server;
    const isPinned = (await pinnedServer(host, registry)) === issuer;
    return [
      await examineIssuer(host, registry, issuer),
      // The token goes to the server that has issued it, and to no other.
      ...(isPinned && login?.username === IDENTITY_TOKEN ? [await examineUse(host, registry, server, login)] : []),
      ...(await examineClock(host, issuer)),
    ];
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

/** Whether the server still accepts the login: it may have been revoked, or the account disabled. */
async function examineUse(
  { program }: Host,
  registry: string,
  { issuer, service, tokenUrl }: SignInServer,
  { secret }: StoredLogin,
): Promise<Finding> {
  const form = { grant_type: 'refresh_token', refresh_token: secret.reveal(), service, client_id: CLIENT_ID };
  const { status, text } = await request(tokenUrl, { form });
  if (status === 200) return { kind: 'ok', text: `${issuer} accepts the login` };
  const { error_description: description } = parseObject(text, `the answers of ${issuer}`);
  const reason = typeof description === 'string' ? description : `status ${status}`;
  return status >= 500
    ? { kind: 'problem', text: `${issuer} cannot check the login now: ${reason}` }
    : { kind: 'problem', text: `${issuer} refuses the login: ${reason}; run: ${program} login ${registry}` };
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

/** The part of `doctor` that asks the registry and its sign-in server. */
import { describeError } from '../../core/errors.ts';
import type { Host } from '../host.ts';
import { CLIENT_ID } from '../login/client-id.ts';
import { discover } from '../login/discover.ts';
import type { SignInServer } from '../login/discover.ts';
import { parseAnswer, request } from '../login/http.ts';
import { pinnedServer } from '../login/pins.ts';
import type { StoredLogin } from '../logins/login.ts';
import { IDENTITY_TOKEN } from '../protocol.ts';
import { problem } from './finding.ts';
import type { Finding } from './finding.ts';

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
    const pinned = await pinnedServer(host, registry);
    // The token goes to the server that has issued it, and to no other.
    const isAsked = pinned === issuer && login?.username === IDENTITY_TOKEN;
    const findings = [
      examineIssuer(host, registry, issuer, pinned),
      isAsked ? await findingOf(() => examineUse(host, registry, server, login)) : undefined,
      await findingOf(() => examineClock(host, issuer)),
    ];
    return findings.filter((finding) => finding !== undefined);
  } catch (error) {
    return [problem(describeError(error))];
  }
}

/** One part that fails does not keep `doctor` from the others. */
async function findingOf(examine: () => Promise<Finding | undefined>): Promise<Finding | undefined> {
  try {
    return await examine();
  } catch (error) {
    return problem(describeError(error));
  }
}

function examineIssuer({ program }: Host, registry: string, issuer: string, pinned: string | undefined): Finding {
  if (pinned === undefined || pinned === issuer)
    return { kind: 'ok', text: `${registry} names ${issuer} as its sign-in server` };
  return problem(
    `${registry} names ${issuer} as its sign-in server, and named ${pinned} before; ` +
      `if its operator says that this is right, run: ${program} login ${registry} --accept-server`,
  );
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
  const { error_description: description } = parseAnswer(text, issuer);
  const reason = typeof description === 'string' ? description : `status ${status}`;
  return status >= 500
    ? problem(`${issuer} cannot check the login now: ${reason}; run doctor again later`)
    : problem(`${issuer} refuses the login: ${reason}; run: ${program} login ${registry}`);
}

/** @returns undefined when the server does not say what time it is */
async function examineClock(host: Host, issuer: string): Promise<Finding | undefined> {
  const { headers } = await request(`${issuer}/healthz`);
  const date = Date.parse(headers.get('date') ?? '');
  if (Number.isNaN(date)) return undefined;
  const off = host.now() - Math.floor(date / 1000);
  if (Math.abs(off) <= CLOCK_SECONDS)
    return { kind: 'ok', text: `the clock of this machine agrees with that of ${issuer}` };
  const direction = off > 0 ? 'ahead of' : 'behind';
  return problem(
    `the clock of this machine is ${Math.abs(off)} seconds ${direction} ${issuer}: set the one that is wrong, or logins end at the wrong time`,
  );
}

/** Sign-in by a browser on another machine (RFC 8628): the user types a code there, and this process asks for the result. */
import { setTimeout as sleep } from 'node:timers/promises';
import { HelperError, remark } from '../host.ts';
import type { Host } from '../host.ts';
import type { StoredLogin } from '../logins/login.ts';
import { CLIENT_ID } from './client-id.ts';
import type { SignInServer } from './discover.ts';
import { parseAnswer, request } from './http.ts';
import { askForToken } from './token-answer.ts';

const GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
/** Seconds between two polls where the server names none, and what `slow_down` adds (RFC 8628, section 3.5). */
const DEFAULT_INTERVAL = 5;
const SLOW_DOWN = 5;
/** A server cannot make this process poll without a pause, or for days. */
const MAX_INTERVAL = 60;
const DEFAULT_LIFETIME = 600;
const MAX_LIFETIME = 3600;

interface DeviceCode {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly verificationUrl: string;
  readonly lifetime: number;
  readonly interval: number;
}

/** @throws HelperError when the user refuses, or does not answer */
export async function loginByDevice(host: Host, server: SignInServer, deviceUrl: string): Promise<StoredLogin> {
  const code = await askForCode(server, deviceUrl);
  remark(host, 'Open this page in a browser, on any machine:');
  remark(host, `  ${code.verificationUrl}`);
  remark(host, `and type this code, within ${Math.floor(code.lifetime / 60)} minutes:`);
  remark(host, `  ${code.userCode}`);
  const end = host.now() + code.lifetime;
  let { interval } = code;
  while (host.now() < end) {
    await sleep(interval * 1000);
    const answer = await askForToken(
      server,
      { grant_type: GRANT, device_code: code.deviceCode, client_id: CLIENT_ID, service: server.service },
      host.now(),
    );
    if (answer.kind === 'login') return answer.login;
    if (answer.error === 'slow_down') interval += SLOW_DOWN;
    else if (answer.error !== 'authorization_pending')
      throw new HelperError(`the sign-in was refused: ${answer.description}`);
  }
  throw new HelperError('nobody has typed the code in time; run the command again');
}

async function askForCode({ issuer, service }: SignInServer, deviceUrl: string): Promise<DeviceCode> {
  const { status, text } = await request(deviceUrl, { form: { client_id: CLIENT_ID, resource: service } });
  const answer = parseAnswer(text, issuer);
  const { device_code: deviceCode, user_code: userCode, verification_uri: verificationUrl } = answer;
  if (status !== 200) {
    const { error_description: description = `status ${status}` } = answer;
    throw new HelperError(`${issuer} gives no code: ${String(description)}`);
  }
  if (typeof deviceCode !== 'string' || typeof userCode !== 'string' || typeof verificationUrl !== 'string')
    throw new HelperError(`${issuer} has given no code; ask its operator`);
  // The user types the code at this page: it must be one of the same server.
  if (!verificationUrl.startsWith(`${issuer}/`))
    throw new HelperError(`${issuer} names a page of another server for the code; ask its operator`);
  const { expires_in: lifetime, interval } = answer;
  return {
    deviceCode,
    userCode,
    verificationUrl,
    lifetime: Math.min(typeof lifetime === 'number' ? lifetime : DEFAULT_LIFETIME, MAX_LIFETIME),
    interval: Math.min(Math.max(typeof interval === 'number' ? interval : DEFAULT_INTERVAL, 1), MAX_INTERVAL),
  };
}

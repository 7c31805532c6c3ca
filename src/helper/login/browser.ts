/** Opens the browser of the user, where there is one. */
import { spawn } from 'node:child_process';
import type { Host } from '../host.ts';
import { findProgram } from '../logins/find-program.ts';

type Opener = readonly [program: string, ...args: readonly string[]];

/** Programs that open a URL, by platform. */
const OPENERS: Readonly<Partial<Record<NodeJS.Platform, Opener>>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

/** Whether a browser on this machine can reach this machine, and be seen by the user. */
export function hasBrowser({ env, platform }: Pick<Host, 'env' | 'platform'>): boolean {
  if (env['SSH_CONNECTION'] !== undefined) return false;
  if (platform === 'darwin' || platform === 'win32') return true;
  return [env['DISPLAY'], env['WAYLAND_DISPLAY'], env['BROWSER']].some((value) => value !== undefined && value !== '');
}

/** @returns whether a program was started. The URL is printed in any case. */
export async function openBrowser(url: string, host: Pick<Host, 'env' | 'platform'>): Promise<boolean> {
  const [name, ...args] = openerOf(host);
  const program = name.startsWith('/') ? name : await findProgram(name, host);
  if (program === undefined) return false;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  // No shell: the URL has characters that mean something there.
  const child = spawn(program, [...args, url], { stdio: 'ignore', detached: true });
  child.once('error', () => resolve(false));
  child.once('spawn', () => resolve(true));
  child.unref();
  return promise;
}

function openerOf({ env, platform }: Pick<Host, 'env' | 'platform'>): Opener {
  const browser = env['BROWSER'];
  if (browser !== undefined && browser !== '') return [browser];
  return OPENERS[platform] ?? ['xdg-open'];
}

/**
 * Whose process is at the other end of a connection from this machine. The address of a sign-in page is in the arguments of
 * the browser, which all users of a machine can list. Another user could open that page too, sign in there and send the
 * code here: clients would then act as that user.
 */
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import type { Host } from '../host.ts';

const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'] as const;
/** The kernel lists sockets bucket by bucket, so that one can be missing while others come and go. */
const ATTEMPTS = 3;
const ESTABLISHED = '01';
const ROOT = 0;

/** The two ports of a connection on 127.0.0.1. */
interface Ports {
  readonly from: number;
  readonly to: number;
}

/**
 * Whether the connection is from a process of this user, of root, who can do everything anyway (the relay between Windows
 * and WSL runs as root), or of the user who started this program by sudo. Only Linux has an answer (proc_net(5)): true where
 * the system has no such tables.
 */
export async function isFromOwnUser(
  { remoteAddress, remotePort: from, localPort: to }: Pick<Socket, 'remoteAddress' | 'remotePort' | 'localPort'>,
  { env }: Pick<Host, 'env'>,
): Promise<boolean> {
  const own = process.geteuid?.();
  if (own === undefined) return true;
  // The connection is closed already.
  if (from === undefined || to === undefined) return false;
  // No browser has another address here. One such as 127.0.0.2 could have the port of somebody else's connection.
  if (remoteAddress !== '127.0.0.1') return false;
  const users = [own, ROOT, ...(own === ROOT ? [Number(env['SUDO_UID'] ?? ROOT)] : [])];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const tables = await Promise.all(TABLES.map(readTable));
    if (tables.every((table) => table === undefined)) return true;
    const user = userOfSocket(tables.join('\n'), { from, to });
    if (user !== undefined) return users.includes(user);
  }
  // Its process has closed the socket without waiting for the answer, as no browser does.
  return false;
}

/** 127.0.0.1 in IPv4, and as a mapped address in IPv6, on machines of both byte orders. */
const LOOPBACK = /^(?:0{16}FFFF0{4}|0{20}FFFF)?(?:0100007F|7F000001)$/;

/**
 * @param table the lines of `/proc/net/tcp` and `/proc/net/tcp6`
 * @returns the user id; undefined when no such socket is connected. The kernel gives those that are closed the user id 0.
 */
export function userOfSocket(table: string, { from, to }: Ports): number | undefined {
  for (const line of table.split('\n')) {
    const [, local = '', remote = '', state, , , , user] = line.trim().split(/\s+/);
    if (state === ESTABLISHED && isLoopbackEnd(local, from) && isLoopbackEnd(remote, to)) return Number(user);
  }
  return undefined;
}

function isLoopbackEnd(end: string, port: number): boolean {
  const [address = '', hexPort = ''] = end.split(':');
  return Number.parseInt(hexPort, 16) === port && LOOPBACK.test(address);
}

async function readTable(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** What an operator should know about the store: version, memory, replication, rights and latency. */
import type { Step } from '../../core/ports.ts';
import { exchangeTime, failed, passed, warning } from '../store-steps.ts';
import { CHECKED_COMMANDS } from './acl.ts';
import type { ValkeyClient } from './client.ts';

const OLDEST = { redis: 7, valkey: 8 } as const;
/** Policies under which no count is evicted before its end while others are cached. */
const SAFE_POLICIES: ReadonlySet<string> = new Set(['noeviction', 'volatile-ttl']);
/** Of maxmemory. */
const NEARLY_FULL = 0.9;
/** A login asks the store up to five times, and may wait half a second for it. */
const SLOW_MS = 20;

type Info = ReadonlyMap<string, string>;

/** @param isPrivate whether the connection is encrypted or stays on this machine @throws StoreDown */
export async function inspectStore(client: Pick<ValkeyClient, 'call'>, isPrivate: boolean): Promise<readonly Step[]> {
  const info = parseInfo(String(await client.call('INFO')));
  return [
    versionStep(info),
    ...memorySteps(info),
    ...replicationSteps(info),
    await rightsStep(client),
    isPrivate
      ? passed('the connection is encrypted, or stays on this machine')
      : warning('the connection is not encrypted, and the store is another machine: use rediss://'),
    await latencyStep(client),
  ];
}

/** Of a store that works, what could lose counts. @throws StoreDown */
export async function storeWarnings(client: Pick<ValkeyClient, 'call'>): Promise<readonly string[]> {
  const info = parseInfo(String(await client.call('INFO')));
  const steps = [versionStep(info), ...memorySteps(info)];
  return steps.filter(({ ok: works, isWarning }) => !works || isWarning === true).map(({ text }) => text);
}

function parseInfo(text: string): Info {
  const lines = text.split(/\r?\n/).flatMap((line) => {
    const at = line.indexOf(':');
    return at < 0 || line.startsWith('#') ? [] : [[line.slice(0, at), line.slice(at + 1)] as const];
  });
  return new Map(lines);
}

function versionStep(info: Info): Step {
  const valkey = info.get('valkey_version');
  const [name, version] =
    valkey === undefined ? (['redis', info.get('redis_version') ?? '?'] as const) : (['valkey', valkey] as const);
  const shown = `${name === 'redis' ? 'Redis' : 'Valkey'} ${version}`;
  if (Number.parseInt(version, 10) < OLDEST[name]) return failed(`found ${shown}, expected ${OLDEST[name]} or newer`);
  if (info.get('redis_mode') === 'cluster') return failed(`found ${shown} as a cluster, expected a primary`);
  return passed(shown);
}

function memorySteps(info: Info): readonly Step[] {
  const policy = info.get('maxmemory_policy') ?? 'unknown';
  if (info.get('maxmemory') === '0')
    return [warning('maxmemory is not set: a flood of logins can use up the memory of the machine')];
  const used = Number(info.get('used_memory')) / Number(info.get('maxmemory'));
  if (policy === 'noeviction' && used >= 1)
    return [failed('the store is full, and brokers use it as if it were down: raise its maxmemory')];
  if (policy === 'noeviction' && used >= NEARLY_FULL)
    return [warning(`the store is ${Math.floor(used * 100)} % full: raise its maxmemory, or set volatile-ttl`)];
  if (SAFE_POLICIES.has(policy)) return [passed(`maxmemory-policy ${policy}`)];
  return [
    warning(
      `maxmemory-policy is ${policy}, which evicts counts of wrong passwords when the store is full: set volatile-ttl or noeviction`,
    ),
  ];
}

function replicationSteps(info: Info): readonly Step[] {
  if (info.get('role') !== 'master') return [failed('found a replica, expected a primary')];
  const replicas = Number(info.get('connected_slaves') ?? 0);
  if (replicas === 0) return [passed('a primary without replicas: while it is down, brokers count alone')];
  const good = info.get('min_slaves_good_slaves');
  if (good !== undefined) return [passed(`a primary with ${replicas} replicas, of which ${good} are up to date`)];
  return [
    warning(
      `a primary with ${replicas} replicas and without min-replicas-to-write: a failover can lose counts and flushes; set min-replicas-to-write 1 and min-replicas-max-lag 2`,
    ),
  ];
}

const CHECK_RIGHTS = `
local missing = {}
for _, command in ipairs(cjson.decode(ARGV[1])) do
  if not redis.acl_check_cmd(unpack(command)) then missing[#missing + 1] = command[1] end
end
return missing`;

async function rightsStep(client: Pick<ValkeyClient, 'call'>): Promise<Step> {
  const missing = await client.call('EVAL', CHECK_RIGHTS, '0', JSON.stringify(CHECKED_COMMANDS));
  const hint = '`fairlead fleet acl` prints the rights that are needed';
  if (Array.isArray(missing) && missing.length > 0) {
    return failed(`the user of the store may not use ${missing.join(', ')}; ${hint}`);
  }
  // Harmless, and not among the rights that a broker needs.
  const isFree = await client.call('ACL', 'WHOAMI').then(
    () => true,
    () => false,
  );
  if (isFree) return warning(`the user of the store may do more than a broker needs; ${hint}`);
  return passed('the user of the store has the least rights');
}

async function latencyStep(client: Pick<ValkeyClient, 'call'>): Promise<Step> {
  const milliseconds = await exchangeTime(() => client.call('PING'));
  const text = `a reply takes ${milliseconds.toFixed(1)} ms`;
  return milliseconds <= SLOW_MS
    ? passed(text)
    : warning(`${text}: each login that is not cached waits for up to five of them`);
}

/** What the user of the store may do: exactly what the broker and `fairlead check --connect` need. */

/** Commands of the scripts, each with arguments for `redis.acl_check_cmd`, which does not execute it. */
const DATA_COMMANDS = {
  get: ['fl:check'],
  set: ['fl:check', ''],
  del: ['fl:check'],
  hget: ['fl:check', ''],
  hmget: ['fl:check', ''],
  hset: ['fl:check', '', ''],
  hdel: ['fl:check', ''],
  hgetall: ['fl:check'],
  zadd: ['fl:check', '0', ''],
  zrem: ['fl:check', ''],
  zcard: ['fl:check'],
  zrangebyscore: ['fl:check', '0', '0'],
  pexpire: ['fl:check', '1'],
  publish: ['fl:check', ''],
  time: [],
} as const;
/** Commands of the client. */
const CLIENT_COMMANDS = ['evalsha', 'eval', 'subscribe', 'ping', 'hello', 'info', 'client|setname'];

/** The command that makes the user. The administrator puts the password in the place of `PASSWORD`. */
export function aclCommand(username: string): string {
  const commands = [...Object.keys(DATA_COMMANDS), ...CLIENT_COMMANDS].map((name) => `+${name}`);
  return ['ACL SETUSER', username, 'reset', 'on', '>PASSWORD', '~fl:*', '&fl:*', '-@all', ...commands].join(' ');
}

/** The commands of the scripts with their arguments. */
export const CHECKED_COMMANDS: readonly (readonly string[])[] = Object.entries(DATA_COMMANDS).map(([name, args]) => [
  name,
  ...args,
]);

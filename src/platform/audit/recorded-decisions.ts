/** Reads recorded decisions from the broker's log: line by line, each of bounded length. */
import { isObject } from '../../core/is-object.ts';
import { groupName } from '../../core/groups.ts';
import { ANONYMOUS, username } from '../../core/identity.ts';
import type { Caller, Via } from '../../core/identity.ts';
import type { RecordedRequest } from '../../core/policy/diff/replay.ts';
import { DEFAULT_TIME } from '../../core/policy/situation.ts';
import { parseScope } from '../../core/scope.ts';
import { parseStoredLimits } from '../../core/token-limits.ts';

/** A request for 500 scopes makes a line of a quarter of this. */
const MAX_LINE = 1024 * 1024;
const NEWLINE = 0x0a;

interface ReadLog {
  /** Called for each request that was decided. */
  readonly onRequest: (request: RecordedRequest) => void;
}

export interface LogCounts {
  /** Lines that record decisions. */
  readonly recorded: number;
  /** Other lines of the log, and lines that are not JSON. */
  readonly other: number;
  /** Lines that record decisions and cannot be read: truncated, too long, or of a version that recorded less. */
  readonly unreadable: number;
}

export async function readDecisions(chunks: AsyncIterable<Uint8Array>, { onRequest }: ReadLog): Promise<LogCounts> {
  const counts = { recorded: 0, other: 0, unreadable: 0 };
  for await (const line of lines(chunks)) {
    if (line === '') continue;
    const read = line === undefined ? 'unreadable' : requestOf(line);
    if (typeof read === 'string') {
      counts[read] += 1;
      continue;
    }
    counts.recorded += 1;
    onRequest(read);
  }
  return counts;
}

/** Each line; undefined for a line that is too long. */
async function* lines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string | undefined> {
  let parts: Uint8Array[] = [];
  let size = 0;
  const append = (part: Uint8Array): void => {
    size += part.length;
    if (size <= MAX_LINE) parts.push(part);
    else parts = [];
  };
  const endLine = (): string | undefined => {
    const text = size > MAX_LINE ? undefined : Buffer.concat(parts).toString('utf8').trim();
    parts = [];
    size = 0;
    return text;
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      append(chunk.subarray(from, end));
      from = end + 1;
      yield endLine();
    }
    append(chunk.subarray(from));
  }
  yield endLine();
}

/** The events that record decisions. */
const EVENTS = ['token.issued', 'access.decided'];

function requestOf(line: string): RecordedRequest | 'other' | 'unreadable' {
  if (!EVENTS.some((event) => line.includes(event))) return 'other';
  // A log collector may put the name of the unit before the JSON.
  const fields = parsed(line.slice(Math.max(line.indexOf('{'), 0)));
  if (fields === undefined) return 'unreadable';
  if (!EVENTS.some((event) => fields['event'] === event)) return 'other';
  // A list that was cut does not show what else was asked, or granted.
  if ('askedTruncated' in fields || 'grantedTruncated' in fields) return 'unreadable';
  const { service, client, timestamp, policy } = fields;
  const via = viaOf(fields);
  const caller = via === 'unreadable' ? undefined : callerOf(fields, via?.via);
  const asked = texts(fields['asked'])?.map(parseScope);
  const granted = texts(fields['granted'])?.map(parseScope);
  if (typeof service !== 'string' || typeof client !== 'string' || caller === undefined) return 'unreadable';
  if (asked === undefined || granted === undefined || asked.includes(undefined)) return 'unreadable';
  const seconds = secondsOf(timestamp);
  const actionsOf = new Map(granted.map((scope) => [`${scope?.type}:${scope?.name}`, scope?.actions]));
  const missing = fields['groupsTruncated'];
  return {
    time: seconds === undefined ? '' : String(timestamp),
    situation: { caller, service, client, time: seconds ?? DEFAULT_TIME },
    groupsMissing: typeof missing === 'number' ? missing : 0,
    areLimitsMissing: via !== 'unreadable' && via?.areLimitsMissing === true,
    revision: typeof policy === 'string' ? policy : '',
    decisions: asked.flatMap((scope) =>
      scope === undefined ? [] : [{ asked: scope, granted: actionsOf.get(`${scope.type}:${scope.name}`) ?? [] }],
    ),
  };
}

/** @returns undefined for a value that is not a time */
function secondsOf(timestamp: unknown): number | undefined {
  const milliseconds = typeof timestamp === 'string' ? Date.parse(timestamp) : NaN;
  return Number.isNaN(milliseconds) ? undefined : Math.floor(milliseconds / 1000);
}

const VIA_KINDS: readonly Via['kind'][] = ['refresh-token', 'personal-token', 'session'];

/**
 * The credential that stood for the user. A line whose limits cannot be read is unreadable: to decide it without them
 * would report what was never granted.
 */
function viaOf({ via }: Fields): { readonly via: Via; readonly areLimitsMissing: boolean } | undefined | 'unreadable' {
  if (via === undefined) return undefined;
  if (!isObject(via)) return 'unreadable';
  const { id, name, limits: written } = via;
  const kind = VIA_KINDS.find((one) => one === via['kind']);
  const limits = written === undefined ? undefined : parseStoredLimits(written);
  if (kind === undefined || typeof id !== 'string' || typeof limits === 'string') return 'unreadable';
  return {
    via: { kind, id, ...(typeof name === 'string' ? { name } : {}), ...(limits === undefined ? {} : { limits }) },
    areLimitsMissing: 'limitsTruncated' in via,
  };
}

function callerOf(fields: Fields, via: Via | undefined): Caller | undefined {
  if (fields['anonymous'] === true) return ANONYMOUS;
  const { user, backend } = fields;
  const groups = texts(fields['groups']);
  // A version that did not record groups did not record enough to decide again.
  if (typeof user !== 'string' || typeof backend !== 'string' || groups === undefined) return undefined;
  const attributes = Object.entries(isObject(fields['attributes']) ? fields['attributes'] : {});
  const identity = {
    username: username(user),
    // Groups are recorded as policies compare them.
    groups: new Set(groups.map((group) => groupName(group, { lowercase: false }))),
    backend,
    caseless: fields['caseless'] === true,
    attributes: new Map(attributes.map(([name, values]) => [name, texts(values) ?? []])),
  };
  return { kind: 'user', identity, ...(via === undefined ? {} : { via }) };
}

type Fields = Readonly<Record<string, unknown>>;

function parsed(line: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function texts(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;
}

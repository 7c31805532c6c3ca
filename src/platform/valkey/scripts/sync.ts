/**
 * Exchanges epochs and heartbeats. Ends that the store has lost are written again. When it shows an older epoch than
 * this broker has seen, all cached answers end as well, because the end of an account may be among what was lost.
 */
import { COMMON } from './common.ts';

/** Milliseconds without a heartbeat after which a broker is silent. It may still use its cache. */
export const SILENT_MS = 15_000;
/** Brokers that crash again and again must not fill the list. */
const MAX_SILENT = 100;

export const SYNC = `${COMMON}
for _, one in ipairs(q.epochs) do
  if epochAt(one[1]) < one[2] then redis.call('HSET', 'fl:epochs', one[1], text(one[2])) end
end
if current < q.seen then
  local epoch = nextEpoch()
  redis.call('HSET', 'fl:epochs', 'current', text(epoch), 'answers', text(epoch))
  redis.call('PUBLISH', 'fl:ended', text(epoch))
  current = epoch
end
if q.beat then redis.call('HSET', 'fl:brokers', q.id, text(now) .. '\\n' .. q.beat) end
if q.leaves then redis.call('HDEL', 'fl:brokers', q.id) end

local brokers, silent = {}, {}
local function list(id, age, sealed)
  brokers[#brokers + 1] = id
  brokers[#brokers + 1] = text(math.max(0, age))
  brokers[#brokers + 1] = sealed
end
local stored = redis.call('HGETALL', 'fl:brokers')
for at = 1, #stored, 2 do
  local since, sealed = string.match(stored[at + 1], '^(%d+)\\n(.*)$')
  local age = now - (tonumber(since) or 0)
  if age <= ${SILENT_MS} then list(stored[at], age, sealed)
  else silent[#silent + 1] = { id = stored[at], age = age, sealed = sealed or '' } end
end
table.sort(silent, function(one, other) return one.age < other.age end)
for at, one in ipairs(silent) do
  if at > ${MAX_SILENT} or (q.keepMs and one.age > q.keepMs) then redis.call('HDEL', 'fl:brokers', one.id)
  elseif q.withSilent then list(one.id, one.age, one.sealed) end
end
return { 'synced', text(current), redis.call('HGETALL', 'fl:epochs'), brokers }
`;

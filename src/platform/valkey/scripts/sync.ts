/**
 * Exchanges epochs and heartbeats. Ends that the store has lost are written again. When it shows an older epoch than
 * this broker has seen, all cached answers end as well, because the end of an account may be among what was lost.
 */
import { COMMON } from './common.ts';

/** Seconds after its last heartbeat when a broker is not listed any more. */
const HEARTBEAT_SECONDS = 15;

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

local brokers = {}
local stored = redis.call('HGETALL', 'fl:brokers')
for at = 1, #stored, 2 do
  local since, sealed = string.match(stored[at + 1], '^(%d+)\\n(.*)$')
  local age = now - (tonumber(since) or 0)
  if age > ${HEARTBEAT_SECONDS * 1000} then redis.call('HDEL', 'fl:brokers', stored[at])
  else
    brokers[#brokers + 1] = stored[at]
    brokers[#brokers + 1] = text(math.max(0, age))
    brokers[#brokers + 1] = sealed
  end
end
return { 'synced', text(current), redis.call('HGETALL', 'fl:epochs'), brokers }
`;

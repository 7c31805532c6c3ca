/** Ends cached answers, counts, the logins of an account, or signed tokens that could be used again: a new epoch. */
import { ENDED_SECONDS } from '../../../core/ledger.ts';
import { COMMON, REFUSE_BEHIND } from './common.ts';

export const END = `${COMMON}${REFUSE_BEHIND}
local epoch = nextEpoch()
redis.call('HSET', 'fl:epochs', 'current', text(epoch))
local suffix = ''
if q.backend then suffix = ' ' .. q.backend end
if q.kind == 'account' then
  put(names('ended', q.account)[1], ${ENDED_SECONDS}, text(epoch))
  remove('latest', q.account)
elseif q.kind == 'tokens' then
  redis.call('HSET', 'fl:epochs', 'tokens', text(epoch))
else
  redis.call('HSET', 'fl:epochs', 'answers' .. suffix, text(epoch))
  if q.kind == 'answers-and-counts' then redis.call('HSET', 'fl:epochs', 'counts' .. suffix, text(epoch)) end
end
redis.call('PUBLISH', 'fl:ended', text(epoch))
return { 'ended', text(epoch) }
`;

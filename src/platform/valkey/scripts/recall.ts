/** The cached answer to a login, or who asks the backend. */
import { BUDGETS } from './budgets.ts';
import { COMMON, REFUSE_BEHIND } from './common.ts';

/** Others wait no longer for a broker that was killed. A broker that still asks renews its flights. */
export const FLIGHT_SECONDS = 3;

export const RECALL = `${COMMON}${REFUSE_BEHIND}${BUDGETS}
local epoch = endOf('answers', q.backend)

local function isLatest(account, key)
  local lines = find('latest', account)
  return lines ~= nil and lines[2] == key
end

-- Lines: end, epoch, end of freshness, account, budget of the name, sealed answer.
local success, key
for _, name in ipairs(names('success', q.login)) do
  local lines = get(name)
  if not q.ignoresAnswers and lines and tonumber(lines[2]) >= epoch and isLatest(lines[4], name) then
    success, key = lines, name
    break
  end
end
if success and now < tonumber(success[3]) then
  local contested = '0'
  if success[5] ~= '' then
    local budget = cjson.decode(success[5])
    if countOf(load(budget, nil)) >= budget.limit then contested = '1' end
  end
  return { 'success', text(current), key, success[2], text(success[1] - now), success[6],
    success[4], text(success[3] - now), contested }
end

local refusal, refusalKey = find('refusal', q.login)
if not q.ignoresAnswers and refusal and tonumber(refusal[2]) >= epoch then
  return { 'refused', text(current), refusalKey, refusal[2], text(refusal[1] - now), refusal[3] }
end

-- A login from before a flush or reload may still have the old answer.
local flight = find('flight', q.login)
if flight and tonumber(flight[2]) >= epoch then return { 'wait', text(current) } end
put(names('flight', q.login)[1], ${FLIGHT_SECONDS}, text(current), q.id)
if not success then return { 'lead', text(current) } end
return { 'lead', text(current), key, success[2], text(success[1] - now), success[6], success[4] }
`;

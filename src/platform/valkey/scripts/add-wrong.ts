/** Adds wrong passwords that a broker counted alone while the store was down. */
import { BUDGETS } from './budgets.ts';
import { COMMON, REFUSE_BEHIND } from './common.ts';

export const ADD_WRONG = `${COMMON}${REFUSE_BEHIND}${BUDGETS}
for _, one in ipairs(q.counts) do
  local tally = load(one.budget, one.backend)
  for _ = 1, one.wrong do addWrong(tally, tally.parts[1], now) end
  save(tally)
end
return { 'added', text(current) }
`;

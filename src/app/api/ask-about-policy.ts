/** Questions about policies from the API and from the console: one at a time, each on a thread with limits. */
import { describeError } from '../../core/errors.ts';
import type { Background } from '../../core/ports.ts';
import { refuseWhileBusy } from '../../core/refuse-while-busy.ts';
import type { Answer } from '../../http/api/operations.ts';
import { ApiProblem } from '../../http/api/problem.ts';
import { POLICY_QUESTIONS } from './policy-questions.ts';
import type { RecentTexts } from './recent-texts.ts';
import type { PolicyAnswer, Question, TryOut } from './policy-questions.ts';

type QuestionOf<Kind extends Question['kind']> = Omit<Extract<Question, { kind: Kind }>, 'kind'>;

/** Each throws ApiProblem `too-much-work` while another question is examined, and when the limits are reached. */
export interface PolicyQuestions {
  check(question: QuestionOf<'check'>): Promise<Answer<'checkPolicy'>>;
  whoCan(question: QuestionOf<'who-can'>): Promise<Answer<'whoCan'>>;
  /** @param recent called only when the question is examined */
  tryOut(question: Omit<QuestionOf<'try-out'>, 'recent'>, recent: () => Promise<RecentTexts>): Promise<TryOut>;
}

/**
 * @param thread always another thread, with the limits of a question
 * @param configPath the path of broker.yaml
 */
export function askAboutPolicy(thread: Background, configPath: string): PolicyQuestions {
  const ask = refuseWhileBusy(async (make: () => Promise<Question>): Promise<PolicyAnswer> => {
    const question = await make();
    try {
      for await (const answer of thread(POLICY_QUESTIONS, { files: [], configPath, question })) return answer;
    } catch (error) {
      throw new ApiProblem('too-much-work', { detail: `it was not answered: ${describeError(error)}`, cause: error });
    }
    throw new Error('the thread ended without an answer');
  }, tooMuchWork);
  const wrong = (): never => {
    throw new Error('the answer is to another question');
  };
  return {
    check: async (question) => {
      const answer = await ask(async () => ({ kind: 'check', ...question }));
      return 'valid' in answer ? answer : wrong();
    },
    whoCan: async (question) => {
      const answer = await ask(async () => ({ kind: 'who-can', ...question }));
      return 'grantees' in answer ? answer : wrong();
    },
    tryOut: async (question, recent) => {
      const answer = await ask(async () => ({ kind: 'try-out', ...question, recent: await recent() }));
      return 'check' in answer ? answer : wrong();
    },
  };
}

/** A thread takes memory, and an explanation the time of logins: a second question while one is examined is refused. */
export function tooMuchWork(): never {
  throw new ApiProblem('too-much-work', { retryAfter: 1 });
}

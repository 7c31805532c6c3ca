/**
 * Examines a policy on another thread: a pasted one, or the one in force for a question that takes long. The thread reads
 * the configuration again, because most of it cannot cross.
 */
import { lintRead } from '../../config/lint.ts';
import { loadBroker, loadPolicy } from '../../config/load.ts';
import { failedTests, policyTests, readPolicyText, requireServices } from '../../config/load-policy.ts';
import type { ReadPolicy } from '../../config/load-policy.ts';
import { ConfigError } from '../../config/problems.ts';
import type { ConfigProblem } from '../../config/problems.ts';
import { proofText } from '../../config/request-text.ts';
import type { Action } from '../../core/access.ts';
import { proveInvariant } from '../../core/policy/invariants.ts';
import type { Policy } from '../../core/policy/policy.ts';
import { whoCan } from '../../core/policy/who-can.ts';
import type { FileInput, FileTask } from '../../core/ports.ts';
import type { Answer } from '../../http/api/operations.ts';
import { MAX_FINDINGS } from '../../http/api/policy-operations.ts';
import { listedCallers } from '../listed-users.ts';
import { nameForms, policySources, proveOptions } from '../policy-sources.ts';
import type { RecentTexts } from './recent-texts.ts';
import { replayRecent } from './replay-recent.ts';
import type { Replayed } from './replay-recent.ts';

export type Question =
  | { readonly kind: 'check'; readonly text: string }
  | {
      readonly kind: 'who-can';
      readonly action: Action;
      readonly repository: string;
      readonly service: string;
      readonly client: string;
    }
  | {
      /** `check`, and which of the recent decisions it changes. */
      readonly kind: 'try-out';
      readonly text: string;
      /** The revision in force. */
      readonly revision: string;
      readonly recent: RecentTexts;
    };

export interface TryOut {
  readonly check: Answer<'checkPolicy'>;
  /** Undefined: the text is no policy, or the file has another revision than the policy in force. */
  readonly replayed?: Replayed;
}

export type PolicyAnswer = Answer<'checkPolicy'> | Answer<'whoCan'> | TryOut;

interface PolicyQuestion extends FileInput {
  /** The path of broker.yaml. */
  readonly configPath: string;
  readonly question: Question;
}

/** The name of a pasted policy in messages. */
const PASTED = 'policy.yaml';

export default async function* examine({ configPath, question }: PolicyQuestion) {
  const { config } = await loadBroker(configPath, { secrets: 'unused' });
  yield await answerTo(question, config);
}

type Config = Awaited<ReturnType<typeof loadBroker>>['config'];

export const POLICY_QUESTIONS: FileTask<PolicyQuestion, PolicyAnswer> = {
  module: import.meta.url,
  work: examine,
};

async function answerTo(question: Question, config: Config): Promise<PolicyAnswer> {
  if (question.kind === 'who-can') return findWhoCan(question, config);
  const read = readPasted(question.text, config);
  if (!('policy' in read)) return question.kind === 'check' ? invalid(read) : { check: invalid(read) };
  const check = await examined(read, config);
  return question.kind === 'check' ? check : { check, ...(await replayed(read.policy, question, config)) };
}

/** @returns the policy; or what is wrong with it */
function readPasted(text: string, { services }: Config): ReadPolicy | readonly ConfigProblem[] {
  try {
    const read = readPolicyText(text, PASTED);
    requireServices(read, Object.keys(services));
    return read;
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

async function examined(read: ReadPolicy, config: Config): Promise<Answer<'checkPolicy'>> {
  const services = Object.keys(config.services);
  const failed = failedTests(read);
  const { findings, gaps } = lintRead(read, { sources: await policySources(config), services });
  const invariants = read.invariants.map((invariant) => {
    const proof = proveInvariant(read.policy, invariant, proveOptions(config));
    return { name: invariant.name, proved: proof.kind === 'proved', result: proofText(proof) };
  });
  const isRefusedByTests = failed.length > 0 && config.policy.onFailedTests === 'refuse';
  const isUnproved = config.policy.invariants === 'required' && invariants.some(({ proved }) => !proved);
  const lists = [findings, failed, invariants];
  return {
    valid: !isRefusedByTests && !isUnproved,
    revision: read.policy.revision,
    rules: read.policy.rules.length,
    problems: [],
    findings: findings.slice(0, MAX_FINDINGS).map(({ file: _file, ...finding }) => finding),
    tests: {
      passed: policyTests(read).length - failed.length,
      failed: failed.slice(0, MAX_FINDINGS).map(({ line, message }) => ({ line, summary: message })),
    },
    invariants: invariants.slice(0, MAX_FINDINGS),
    complete: gaps.length === 0 && lists.every((list) => list.length <= MAX_FINDINGS),
  };
}

async function replayed(
  after: Policy,
  { revision, recent }: Extract<Question, { kind: 'try-out' }>,
  config: Config,
): Promise<Pick<TryOut, 'replayed'>> {
  const before = await policyOfFile(config.policy.file);
  return before?.revision === revision ? { replayed: replayRecent(recent, before, after) } : {};
}

/** @returns undefined while the file is not valid */
async function policyOfFile(file: string): Promise<Policy | undefined> {
  try {
    return (await loadPolicy(file)).policy;
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

function invalid(problems: readonly ConfigProblem[]): Answer<'checkPolicy'> {
  return {
    valid: false,
    revision: null,
    rules: 0,
    problems: problems
      .slice(0, MAX_FINDINGS)
      .map(({ line, column, path, message }) => ({ line, column, path, message })),
    findings: [],
    tests: { passed: 0, failed: [] },
    invariants: [],
    complete: problems.length <= MAX_FINDINGS,
  };
}

async function findWhoCan(
  { action, repository, service, client }: Extract<Question, { kind: 'who-can' }>,
  config: Config,
): Promise<Answer<'whoCan'>> {
  const { policy } = await loadPolicy(config.policy.file);
  const users = await listedCallers(config);
  const found = whoCan(policy, action, repository, { service, client, users, forms: nameForms(config) });
  return {
    policyRevision: policy.revision,
    grantees: found.grantees.map(({ rule, isExceptionAllowed, ...grantee }) => ({
      ...grantee,
      rule: rule.name,
      file: rule.file,
      line: rule.line,
      exceptionAllowed: isExceptionAllowed,
    })),
    users: found.users,
    anonymous: found.anonymous,
    gaps: found.gaps,
    complete: found.gaps.length === 0,
  };
}

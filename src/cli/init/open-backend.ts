/** Opens a backend that is not written to a file yet, to try it. */
import { backendConfig } from '../../backends/index.ts';
import { buildBackends } from '../../app/backends.ts';
import { describeError } from '../../core/errors.ts';
import type { Secret } from '../../core/identity.ts';
import type { Step } from '../../core/ports.ts';
import type { ChainedBackend } from '../../flows/chain.ts';
import type { Chain } from '../../flows/walk-chain.ts';
import { probeAll } from '../walk.ts';
import type { SourceDeps } from './source.ts';

/**
 * @param draft the entry of `backends`; the paths in it are absolute
 * @param secret the value of the secret that it names; undefined: it names none
 * @returns the backend; or a sentence that says what is wrong with the entry, or with a file that it names
 */
export async function openBackend(
  draft: Readonly<Record<string, unknown>>,
  secret: Secret | undefined,
  { clock, log }: SourceDeps,
): Promise<(Chain & AsyncDisposable) | string> {
  const parsed = backendConfig.safeParse(draft);
  if (parsed.data === undefined)
    return parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  const read = async (): Promise<Secret> => {
    if (secret === undefined) throw new Error('the backend names no secret');
    return secret;
  };
  try {
    const backends = await buildBackends([parsed.data], { clock, log, secret: () => ({ read }) });
    return { backends, clock, [Symbol.asyncDispose]: () => closeAll(backends) };
  } catch (error) {
    return describeError(error);
  }
}

async function closeAll(backends: readonly ChainedBackend[]): Promise<void> {
  for (const { authenticator } of backends) await authenticator[Symbol.asyncDispose]();
}

/** Does what `check --connect` does, and prints the steps. @returns why the backend cannot be used; undefined: it can */
export async function probeBackend(
  draft: Readonly<Record<string, unknown>>,
  secret: Secret | undefined,
  deps: SourceDeps,
): Promise<string | undefined> {
  const opened = await openBackend(draft, secret, deps);
  if (typeof opened === 'string') return opened;
  await using chain = opened;
  const steps = await probeAll(chain.backends, chain.clock);
  const good = steps.filter(({ ok }) => ok);
  deps.interview.say(...good.map(stepLine));
  const bad = steps.filter(({ ok }) => !ok);
  return bad.length === 0 ? undefined : bad.map(({ text }) => withoutBackend(text)).join('; ');
}

export function stepLine({ ok, text }: Step): string {
  return `  ${ok ? 'ok' : 'FAILED'}: ${withoutBackend(text)}`;
}

/** There is one backend only. */
function withoutBackend(text: string): string {
  return text.replace(/^backend [a-z0-9-]+:? /, '');
}

/** Programs that tests run: short ones to their end (`run`), servers until they are stopped by their process id (`start`). */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { START_TIMEOUT, waitFor } from './wait.ts';

export interface ProcessOptions {
  /** The whole environment; absent: that of the tests. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Written to standard input, which is then closed; absent: no input at all. */
  readonly stdin?: string | Buffer;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface RunningProcess extends AsyncDisposable {
  readonly pid: number;
  /** Settles when the process has ended and all its output has been read. */
  readonly exited: Promise<Exit>;
  /** What it has written so far. */
  stdout(): string;
  stderr(): string;
  /** Both, in the order of arrival. */
  output(): string;
  isRunning(): boolean;
  signal(signal: NodeJS.Signals): void;
  /**
   * Waits for output that matches, past or future.
   *
   * @throws when the process ends first or the time runs out; the error shows the output.
   */
  waitForOutput(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
  /**
   * Waits for a condition outside the process, such as `() => portAnswers(5000)`.
   *
   * @throws when the process ends first or the time runs out; the error shows the output.
   */
  waitUntil(what: string, condition: () => boolean | Promise<boolean>, timeoutMs?: number): Promise<void>;
  /** SIGTERM, and SIGKILL to what still runs after `graceMs`. Returns at once when it has ended already. */
  stop(graceMs?: number): Promise<Exit>;
}

export interface Result extends Exit {
  readonly stdout: string;
  readonly stderr: string;
}

const RUN_TIMEOUT = 120_000;
const STOP_GRACE = 10_000;
const running = new Set<ChildProcess>();

// A test run that is cut short must not leave servers behind.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a program that goes on running. */
export function start(command: string, args: readonly string[], options: ProcessOptions = {}): RunningProcess {
  const child = spawn(command, args, {
    env: options.env ?? process.env,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdio: [options.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  running.add(child);
  const collected = collect(child);
  const exited = exitOf(child);
  // Whoever waits for the program reports that it cannot be started. Without that, the rejection would end the tests.
  exited.catch(() => undefined);
  // A program that ends without reading its input breaks the pipe; its exit code shows that already.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.stdin);

  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null && child.pid !== undefined;
  const ended = async (): Promise<never> => {
    const { code, signal } = await exited;
    throw new Error(`${command} ended with ${signal ?? code}`);
  };
  const beforeItEnds = async <T>(wait: Promise<T>): Promise<T> => {
    try {
      return await Promise.race([wait, ended()]);
    } catch (error) {
      throw new Error(`${describe(error)}\n--- output of ${command} ${args.join(' ')}\n${collected.all()}`, {
        cause: error,
      });
    }
  };

  async function stop(graceMs = STOP_GRACE): Promise<Exit> {
    if (isRunning()) child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), graceMs);
    try {
      return await exited;
    } finally {
      clearTimeout(kill);
    }
  }

  return {
    pid: child.pid ?? -1,
    exited,
    stdout: collected.stdout,
    stderr: collected.stderr,
    output: collected.all,
    isRunning,
    signal: (signal) => void child.kill(signal),
    waitForOutput: (pattern, timeoutMs = START_TIMEOUT) =>
      beforeItEnds(waitFor(`output like ${pattern}`, () => pattern.exec(collected.all()), { timeoutMs })),
    waitUntil: async (what, condition, timeoutMs = START_TIMEOUT) => {
      await beforeItEnds(waitFor(what, condition, { timeoutMs }));
    },
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop().catch(() => undefined);
    },
  };
}

/**
 * Runs a program to its end, whatever its exit code.
 *
 * @throws when it cannot be started, or has not ended after `timeoutMs` (it is killed then).
 */
export async function run(
  command: string,
  args: readonly string[],
  { timeoutMs = RUN_TIMEOUT, ...options }: ProcessOptions & { readonly timeoutMs?: number } = {},
): Promise<Result> {
  await using child = start(command, args, options);
  let late = false;
  const kill = setTimeout(() => {
    late = true;
    child.signal('SIGKILL');
  }, timeoutMs);
  try {
    const exit = await child.exited;
    if (late) {
      throw new Error(`${command} ${args.join(' ')} did not end in ${timeoutMs} ms\n--- output\n${child.output()}`);
    }
    return { ...exit, stdout: child.stdout(), stderr: child.stderr() };
  } finally {
    clearTimeout(kill);
  }
}

/**
 * Runs a program that must succeed.
 *
 * @returns its standard output
 * @throws on any exit code but 0; the error shows the output.
 */
export async function runOk(
  command: string,
  args: readonly string[],
  options: ProcessOptions & { readonly timeoutMs?: number } = {},
): Promise<string> {
  const { code, signal, stdout, stderr } = await run(command, args, options);
  if (code === 0) return stdout;
  throw new Error(`${command} ${args.join(' ')} ended with ${signal ?? code}\n--- output\n${stdout}${stderr}`);
}

function collect(child: ChildProcess) {
  const parts = { stdout: '', stderr: '', all: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      parts[name] += text;
      parts.all += text;
    });
  }
  return { stdout: () => parts.stdout, stderr: () => parts.stderr, all: () => parts.all };
}

function exitOf(child: ChildProcess): Promise<Exit> {
  const { promise, resolve, reject } = Promise.withResolvers<Exit>();
  child.once('error', (error) => {
    running.delete(child);
    reject(error);
  });
  // `close` comes after `exit`, when the last output has been read.
  child.once('close', (code, signal) => {
    running.delete(child);
    resolve({ code, signal });
  });
  return promise;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** `fairlead api`: sends one request to the API of a running broker, through its control socket. */
import { Argument } from 'commander';
import type { Command } from 'commander';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { loadBroker } from '../../config/load.ts';
import { API_ROOT } from '../../http/paths.ts';
import { askRunningBrokers } from '../../platform/control-sockets.ts';
import { createCommand, UsageError } from '../command.ts';
import type { Run, SharedOptions } from '../command.ts';
import { EXIT } from '../output.ts';
import type { Output, Terminal } from '../output.ts';

interface ApiOptions extends SharedOptions {
  readonly method: string;
  readonly path: string;
  readonly data?: string;
}

/** Examining a policy takes at most 20 s. */
const TIMEOUT_MS = 30_000;
const STDIN = '-';

export function apiCommand(run: Run): Command {
  const running = run(send);
  return createCommand('api', 'Send a request to the API of the running broker and print its answer')
    .addArgument(new Argument('<method>', 'GET or POST').choices(['GET', 'POST']))
    .argument('<path>', 'such as /status or /refresh-tokens?user=alice')
    .option('--data <json>', 'the body of a POST; - reads it from standard input; default: {}')
    .addHelpText(
      'after',
      '\nFinds the broker by the stateDir of its configuration, and must run as the same user. config/api.md lists the\noperations, as does /openapi.json. The exit code is 1 when the broker refuses the request; its answer says why.',
    )
    .action((method: string, path: string, options: Omit<ApiOptions, 'method' | 'path'>) =>
      running({ ...options, method, path }),
    );
}

async function send(options: ApiOptions, output: Output, { stdin }: Terminal): Promise<number> {
  const { method, path, data } = options;
  if (!path.startsWith('/')) throw new UsageError(`"${path}" is no path; expected one such as /status`);
  if (method === 'GET' && data !== undefined) throw new UsageError('--data is the body of a POST; a GET has none');
  const body = method === 'POST' ? await bodyOf(data, stdin) : undefined;
  const { config } = await loadBroker(options.config, { secrets: 'unused' });
  const request = {
    method: method === 'POST' ? ('POST' as const) : ('GET' as const),
    path: `${API_ROOT}${path.startsWith(`${API_ROOT}/`) ? path.slice(API_ROOT.length) : path}`,
    timeoutMs: TIMEOUT_MS,
  };
  const { answers, silent } = await askRunningBrokers(config.stateDir, { ...request, body }, 1);
  const [answer] = answers;
  if (answer === undefined) {
    output.remark(`fairlead: the broker at ${silent.join(', ')} does not answer`);
    return EXIT.no;
  }
  output.result([JSON.stringify(answer.json, undefined, 2)], answer.json);
  return answer.status === 200 ? EXIT.ok : EXIT.no;
}

async function bodyOf(data: string | undefined, stdin: Readable): Promise<unknown> {
  const json = data === STDIN ? await text(stdin) : (data ?? '{}');
  try {
    return JSON.parse(json);
  } catch {
    throw new UsageError('the body is not JSON; expected such as --data \'{"backend":"corp"}\'');
  }
}

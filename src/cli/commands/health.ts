/** `fairlead health`: asks whether the running broker is alive. It is the health check of the container. */
import type { Command } from 'commander';
import { checkHealth, healthTarget, urlTarget } from '../../app/health-check.ts';
import type { HealthTarget } from '../../app/health-check.ts';
import { loadBroker } from '../../config/load.ts';
import { createCommand } from '../command.ts';
import type { Run, SharedOptions } from '../command.ts';
import { EXIT } from '../output.ts';
import type { Output } from '../output.ts';

interface HealthOptions extends SharedOptions {
  readonly url?: string;
}

const TIMEOUT_MS = 2000;

export function healthCommand(run: Run): Command {
  return createCommand('health', 'Ask whether the running broker is alive; exit 1 when it is not')
    .option('--url <url>', 'ask this URL instead; default: the environment variable FAIRLEAD_HEALTH')
    .addHelpText(
      'after',
      '\nThe certificate of the listener is not verified: it has the public name, not this address.',
    )
    .action(run(health));
}

async function configuredTarget(path: string): Promise<HealthTarget> {
  const { config } = await loadBroker(path, { secrets: 'unused' });
  return healthTarget(config);
}

async function health({ config: path, url }: HealthOptions, output: Output): Promise<number> {
  const given = url ?? process.env['FAIRLEAD_HEALTH'];
  const target = given === undefined ? await configuredTarget(path) : urlTarget(given);
  const answer = await checkHealth(target, TIMEOUT_MS);
  const isAlive = answer === 200;
  output.result([`${target.name}: ${isAlive ? 'alive' : `not alive (${answer})${adviceFor(answer)}`}`], {
    target: target.name,
    answer,
  });
  return isAlive ? EXIT.ok : EXIT.no;
}

const NOT_THERE =
  'nothing listens there: start the broker with `fairlead serve`, or name its configuration with --config, or its address with --url';
const ADVICE: Readonly<Record<string, string>> = {
  ECONNREFUSED: NOT_THERE,
  ENOENT: NOT_THERE,
  EACCES: 'this user may not open the socket: run as the user of the broker',
  ECONNRESET: 'what listens there is not the broker, or speaks TLS: correct the scheme of --url',
  EPROTO: 'what listens there does not speak TLS: correct the scheme of --url',
};

function adviceFor(answer: number | string): string {
  const advice = ADVICE[answer];
  return advice === undefined ? '' : `: ${advice}`;
}

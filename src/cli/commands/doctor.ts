/** `fairlead doctor`: finds out why a registry does not accept the tokens of this broker. */
import type { Command } from 'commander';
import type { DoctorFinding } from '../../app/doctor/finding.ts';
import { loadBroker } from '../../config/load.ts';
import { systemClock } from '../../platform/clock.ts';
import { announcedKeys } from '../../platform/signing/announced.ts';
import { readKeys } from '../../platform/signing/keyset.ts';
import { createCommand, UsageError } from '../command.ts';
import type { Run, SharedOptions } from '../command.ts';
import { EXIT } from '../output.ts';
import type { Output } from '../output.ts';

interface DoctorOptions extends SharedOptions {
  readonly registry: string;
}

export function doctorCommand(run: Run): Command {
  return createCommand(
    'doctor',
    'Find out why a registry does not accept the tokens of this broker; exit 1 when something is wrong',
  )
    .requiredOption('--registry <url>', 'the registry, such as https://registry.example.com')
    .action(run(doctor));
}

async function doctor({ config: path, registry }: DoctorOptions, output: Output): Promise<number> {
  if (!/^https?:$/.test(URL.canParse(registry) ? new URL(registry).protocol : '')) {
    throw new UsageError(`"${registry}" is not a URL; expected http://HOST:PORT or https://HOST`);
  }
  const { config } = await loadBroker(path);
  const keyset = await readKeys(config.keys, config.stateDir);
  const { examine } = await import('../../app/doctor/examine.ts');
  const announced = await announcedKeys(config.keys, config.stateDir);
  const examination = { registry: new URL(registry).origin, config, keyset, announced, clock: systemClock };
  const findings = await examine(examination);
  output.result(findings.flatMap(linesOf), { findings });
  return findings.every(({ ok }) => ok) ? EXIT.ok : EXIT.no;
}

function linesOf({ ok, about, text, cure }: DoctorFinding): readonly string[] {
  const line = `${ok ? 'ok' : 'WRONG'}  ${about}: ${text}`;
  return cure === undefined ? [line] : [line, `       cure: ${cure}`];
}

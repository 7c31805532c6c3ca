/** Loaded into the broker with `--import`: between two SIGUSR2, profiles it, and writes the profile to `CPU_PROFILE`. */
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';

const SAMPLE_MICROSECONDS = 200;

const session = new Session();
session.connect();
let isProfiling = false;

process.on('SIGUSR2', () => void toggle());

async function toggle(): Promise<void> {
  if (!isProfiling) {
    isProfiling = true;
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_MICROSECONDS });
    await session.post('Profiler.start');
    process.stderr.write('profile started\n');
    return;
  }
  const { profile } = await session.post('Profiler.stop');
  writeFileSync(process.env['CPU_PROFILE'] ?? '', JSON.stringify(profile));
  process.stderr.write('profile written\n');
}

/**
 * Loaded into the broker with `--import`: at each SIGUSR2 but the first, writes how long turns of the event loop waited
 * since the signal before.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

const NANOSECONDS = 1e6;

// A timer of 1 ms: what is measured are its intervals, so that 1 ms of each is no delay.
const histogram = monitorEventLoopDelay({ resolution: 1 });
const milliseconds = (nanoseconds: number): string => Math.max(0, nanoseconds / NANOSECONDS - 1).toFixed(2);
let isFirst = true;

process.on('SIGUSR2', () => {
  histogram.disable();
  if (!isFirst) {
    const delays = [histogram.percentile(50), histogram.percentile(99), histogram.max].map(milliseconds);
    process.stderr.write(`loop delay since the signal before: ${delays.join(' ')} ms\n`);
  }
  isFirst = false;
  histogram.reset();
  histogram.enable();
});

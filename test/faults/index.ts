/** All planted faults: each file of this folder that exports `faults` is an area. */
import { readdir } from 'node:fs/promises';
import type { Fault } from './fault.ts';

const OTHERS = new Set(['fault.ts', 'index.ts', 'main.ts']);

interface Area {
  readonly faults: readonly Fault[];
}

const files = (await readdir(import.meta.dirname)).filter((file) => file.endsWith('.ts') && !OTHERS.has(file));
const areas = await Promise.all(
  files.toSorted().map(async (file) => (await import(new URL(file, import.meta.url).href)) as Area),
);

export const faults: readonly Fault[] = areas.flatMap((area) => area.faults);

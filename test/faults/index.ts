/** All planted faults, a file for each area. */
import type { Fault } from './fault.ts';

export const faults: readonly Fault[] = [];

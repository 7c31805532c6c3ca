/** All planted faults, a file for each area. */
import { faults as audit } from './audit.ts';
import type { Fault } from './fault.ts';

export const faults: readonly Fault[] = [...audit];

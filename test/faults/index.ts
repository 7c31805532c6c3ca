/** All planted faults, a file for each area. */
import { faults as cli } from './cli.ts';
import type { Fault } from './fault.ts';
import { faults as ldap } from './ldap.ts';
import { faults as policy } from './policy.ts';

export const faults: readonly Fault[] = [...cli, ...ldap, ...policy];

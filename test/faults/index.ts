/** All planted faults, a file for each area. */
import { faults as backends } from './backends.ts';
import { faults as cli } from './cli.ts';
import type { Fault } from './fault.ts';
import { faults as ldap } from './ldap.ts';

export const faults: readonly Fault[] = [...backends, ...cli, ...ldap];

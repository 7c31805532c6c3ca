/**
 * The commands of the helper, as data: the help, the parser of `docker-credential-fairlead` and the commands of
 * `fairlead credential` are made from it.
 */
import type { Host } from './host.ts';

interface HelperOption {
  readonly name: string;
  /** The name of its value in the help; absent: it has none. */
  readonly value?: string;
  readonly description: string;
}

/** The arguments and options of one call. */
export interface HelperCall {
  readonly arguments: readonly string[];
  readonly flags: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
}

export interface HelperCommand {
  readonly name: string;
  readonly description: string;
  /** `REGISTRY`: one is required. `[REGISTRY...]`: any number may be given. */
  readonly argument?: 'REGISTRY' | '[REGISTRY...]';
  readonly options?: readonly HelperOption[];
  /** @returns the exit code */
  readonly run: (host: Host, call: HelperCall) => Promise<number>;
}

export const HELPER_COMMANDS: readonly HelperCommand[] = [
  {
    name: 'login',
    description: 'Sign in at a registry in the browser',
    argument: 'REGISTRY',
    options: [
      { name: 'device', description: 'sign in with a browser on another machine, by a code' },
      { name: 'no-configure', description: 'leave the configuration of docker and podman as it is' },
      {
        name: 'accept-server',
        description: 'accept another sign-in server than before, or another name of the registry',
      },
    ],
    run: async (host, call) => (await import('./login/login.ts')).login(host, call),
  },
  {
    name: 'logout',
    description: 'End the login at a registry and remove it from this machine',
    argument: 'REGISTRY',
    run: async (host, call) => (await import('./logout.ts')).logout(host, call),
  },
  {
    name: 'configure',
    description: 'Make docker and podman use this helper for a registry',
    argument: 'REGISTRY',
    run: async (host, call) => (await import('./configure/configure.ts')).configure(host, call),
  },
  {
    name: 'doctor',
    description: 'Find out why a client does not use this helper, or has no login',
    argument: '[REGISTRY...]',
    run: async (host, call) => (await import('./doctor/doctor.ts')).doctor(host, call),
  },
  {
    name: 'kubelet',
    description: 'Answer a request of kubelet for image credentials',
    argument: '[REGISTRY...]',
    options: [
      {
        name: 'token-file',
        value: 'FILE',
        description: 'send the token in this file, not that of the service account',
      },
      { name: 'username', value: 'NAME', description: 'the user name to send with it; default: kubelet' },
    ],
    run: async (host, call) => (await import('./kubelet.ts')).kubelet(host, call),
  },
  {
    name: 'get',
    description: 'Print the credentials of the registry on standard input',
    run: async (host) => (await import('./verbs.ts')).get(host),
  },
  {
    name: 'store',
    description: 'Store the credentials on standard input',
    options: [{ name: 'allow-passwords', description: 'store passwords as well; also by FAIRLEAD_ALLOW_PASSWORDS=1' }],
    run: async (host, { flags }) =>
      (await import('./verbs.ts')).store(host, { allowPasswords: flags.has('allow-passwords') }),
  },
  {
    name: 'erase',
    description: 'End and remove the login at the registry on standard input',
    run: async (host) => (await import('./verbs.ts')).erase(host),
  },
  {
    name: 'list',
    description: 'Print the registries with a login',
    run: async (host) => (await import('./verbs.ts')).list(host),
  },
  {
    name: 'version',
    description: 'Print the version',
    run: async (host) => {
      host.stdout(`${host.program} (Fairlead) ${(await import('./version.ts')).version()}\n`);
      return 0;
    },
  },
];

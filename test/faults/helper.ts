/** Faults in the credential helper, and in the server for its logins. */
import type { Fault } from './fault.ts';

const VERBS_TEST = 'test/unit/helper/verbs.test.ts';
const CODE_TEST = 'test/unit/flows/authorization-code.test.ts';
const DOCTOR_TEST = 'test/unit/helper/doctor.test.ts';
const DEVICE_TEST = 'test/unit/flows/device.test.ts';

export const faults: readonly Fault[] = [
  {
    id: 'helper-1',
    effect: 'a code that was intercepted is redeemed a second time',
    file: 'src/flows/authorization-code/redeem.ts',
    find: "if (answer !== 'replaced') throw",
    replace: "if (answer === 'missing') throw",
    tests: [CODE_TEST],
  },
  {
    id: 'helper-2',
    effect: 'two polls at two brokers get two logins for one yes',
    file: 'src/flows/device/poll.ts',
    find: "if (answer !== 'replaced' || record.account === undefined)",
    replace: 'if (record.account === undefined)',
    tests: [DEVICE_TEST],
  },
  {
    id: 'helper-3',
    effect: 'guesses of codes that are sent at the same time are not counted',
    file: 'src/flows/device/answer.ts',
    find: 'return oneAtATime(keys, async () => {',
    replace: 'return oneAtATime([], async () => {',
    tests: [DEVICE_TEST],
  },
  {
    id: 'helper-4',
    effect: 'a link sends the browser to another host with a code',
    file: 'src/core/authorization-code.ts',
    find: '\\/callback$/;',
    replace: '\\/callback/;',
    tests: [CODE_TEST],
  },
  {
    id: 'helper-5',
    effect: '`get` waits for the network, once for each image',
    file: 'src/helper/verbs.ts',
    find: "  if (server === '') return fail(host, NO_SERVER);\n  const registry = registryName(server);\n  const login =",
    replace:
      "  if (server === '') return fail(host, NO_SERVER);\n  const registry = registryName(server);\n  await fetch(`http://${registry}/v2/`).catch((error: unknown) => remark(host, String(error)));\n  const login =",
    tests: ['test/unit/helper/get.test.ts'],
  },
  {
    id: 'helper-6',
    effect: 'an old login in the file hides a new one in the store of the platform',
    file: 'src/helper/logins/store.ts',
    find: 'else await file.remove(registry);',
    replace: '',
    tests: [VERBS_TEST],
  },
  {
    id: 'helper-7',
    effect: 'a login that other users can read is used as if nothing were wrong',
    file: 'src/helper/logins/state-folder.ts',
    find: 'if ((mode & OTHERS) !== 0)\n',
    replace: 'if ((mode & 0o007) !== 0)\n',
    tests: [VERBS_TEST],
  },
  {
    id: 'helper-8',
    effect: 'a failure is written where clients hide it',
    file: 'src/helper/verbs.ts',
    find: 'remark(host, `${host.program}: the login at ${registry} has ended;',
    replace: 'host.stdout(`${host.program}: the login at ${registry} has ended;',
    tests: [VERBS_TEST],
  },
  {
    id: 'helper-9',
    effect: 'docker stores a password with the helper',
    file: 'src/helper/verbs.ts',
    find: 'if (username !== IDENTITY_TOKEN && !allowPasswords &&',
    replace: "if (username === '' && !allowPasswords &&",
    tests: [VERBS_TEST],
  },
  {
    id: 'helper-10',
    effect: 'two parallel logins lose one of both',
    file: 'src/helper/logins/login-file.ts',
    find: "await withLock(join(folder, 'logins.lock'), async () => {",
    replace: 'await withLock(join(folder, `${Math.random()}.lock`), async () => {',
    tests: [VERBS_TEST],
  },
  {
    id: 'helper-11',
    effect: 'kubelet gives the token of a pod to any registry that its configuration matches',
    file: 'src/helper/kubelet.ts',
    find: 'if (served.length === 0 || served.some(',
    replace: 'if (served.length >= 0 || served.some(',
    tests: ['test/unit/helper/kubelet.test.ts'],
  },
  {
    id: 'helper-12',
    effect: 'a program gets its login although it never stopped to ask',
    file: 'src/flows/device/poll.ts',
    find: 'const interval = isEarly ? record.interval + POLL_SECONDS : record.interval;',
    replace: 'const { interval } = record;',
    tests: [DEVICE_TEST],
  },
  {
    id: 'helper-13',
    effect: 'one network opens all requests that there may be',
    file: 'src/flows/device/request.ts',
    find: 'if (own >= MAX_OPEN_OF_NETWORK)',
    replace: 'if (own >= MAX_OPEN)',
    tests: [DEVICE_TEST],
  },
  {
    id: 'helper-14',
    effect: 'the code of another program is redeemed with any verifier',
    file: 'src/flows/authorization-code/redeem.ts',
    find: 'if (record.challenge !== secrets.challengeOf(asked.verifier))',
    replace: 'if (record.challenge === asked.verifier.toString())',
    tests: [CODE_TEST],
  },
  {
    id: 'helper-15',
    effect: '`doctor` sends the token to a server that a registry names now, and did not name at the login',
    file: 'src/helper/doctor-server.ts',
    find: '...(isPinned && login?.username',
    replace: '...(login?.username',
    tests: [DOCTOR_TEST],
  },
  {
    id: 'helper-16',
    effect: '`doctor` says that a login has ended while the server cannot find out',
    file: 'src/helper/doctor-server.ts',
    find: 'status >= 500',
    replace: 'status >= 600',
    tests: [DOCTOR_TEST],
  },
];

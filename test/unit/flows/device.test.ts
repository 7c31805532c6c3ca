/** Requests of programs without a browser, whose code a person types. */
import { describe, expect, it } from 'vitest';
import { HELPER_CLIENT } from '../../../src/core/approval.ts';
import { MAX_OPEN_OF_NETWORK, parseUserCode, USER_CODE_ALPHABET } from '../../../src/core/device-request.ts';
import { endableApprovals } from '../../../src/flows/approval.ts';
import type { OpenedRequest } from '../../../src/flows/device/request.ts';
import { codeOf, from, openApprovals, signedIn } from '../../support/approval-world.ts';

const SERVICE = 'registry.example.com';
const PROGRAM = from('192.0.2.7');
const BROWSER = from('192.0.2.1');
const ALICE = signedIn();

const pollOf = ({ deviceCode }: OpenedRequest) => ({ deviceCode, clientId: HELPER_CLIENT, service: SERVICE });

/** Answers a request as a person does. */
async function answer(flows: ReturnType<typeof openApprovals>, code: string, answered: 'approved' | 'denied') {
  const found = await flows.device.find(code, ALICE, BROWSER);
  if (found === undefined) throw new Error('no request waits');
  return flows.device.answer(found, answered, ALICE, BROWSER);
}

describe('a request of a program', () => {
  it('becomes the login of the person who typed its code, at any broker, once', async () => {
    const flows = openApprovals();
    const opened = await flows.request(SERVICE, PROGRAM);
    await answer(flows, opened.userCode, 'approved');

    const polls = [flows.poll, flows.other.poll, flows.poll].map((poll) => codeOf(poll(pollOf(opened), PROGRAM)));

    expect((await Promise.all(polls)).toSorted()).toEqual(['code_refused', 'code_refused', 'none']);
  });

  it('ends with everything of the account that has allowed it, while the others wait on', async () => {
    const flows = openApprovals();
    const [allowed, waiting] = [await flows.request(SERVICE, PROGRAM), await flows.request(SERVICE, PROGRAM)];
    await answer(flows, allowed.userCode, 'approved');
    const { codes, requests, audit } = flows;

    const kept = endableApprovals({ codes, requests, audit });
    const ended = await kept.endOf({ user: 'alice' }, { request: BROWSER, by: 'operator' });

    expect(ended).toBe(1);
    const polls = [allowed, waiting].map((opened) => codeOf(flows.poll(pollOf(opened), PROGRAM)));
    expect(await Promise.all(polls)).toEqual(['device_code_expired', 'authorization_pending']);
  });

  it('is one of ten of its network at most, also where all are sent at the same time', async () => {
    const flows = openApprovals();

    const asked = Array.from({ length: 30 }, () => codeOf(flows.request(SERVICE, PROGRAM)));

    const opened = (await Promise.all(asked)).filter((code) => code === 'none');
    expect(opened).toHaveLength(MAX_OPEN_OF_NETWORK);
  });

  it('says to whoever types its code where it came from', async () => {
    const flows = openApprovals();
    const near = await flows.request(SERVICE, PROGRAM);
    const far = await flows.request(SERVICE, from('203.0.113.9'));

    const found = [
      await flows.device.find(near.userCode, ALICE, BROWSER),
      await flows.device.find(far.userCode, ALICE, BROWSER),
    ];

    expect(found.map((each) => [each?.record.client, each?.isSameNetwork])).toEqual([
      ['192.0.2.7', true],
      ['203.0.113.9', false],
    ]);
  });

  it('is polled at its interval, which grows with each poll that comes too early, and stays', async () => {
    const flows = openApprovals();
    const opened = await flows.request(SERVICE, PROGRAM);
    const poll = (): Promise<string> => codeOf(flows.poll(pollOf(opened), PROGRAM));

    const codes = [await poll()];
    for (const seconds of [4, 9, 14, 15]) {
      flows.clock.advance(seconds);
      codes.push(await poll());
    }

    expect(codes).toEqual([
      'authorization_pending',
      'polled_too_often',
      'polled_too_often',
      'polled_too_often',
      'polled_too_often',
    ]);
    flows.clock.advance(25);
    expect(await poll()).toBe('authorization_pending');
  });

  it('can be answered while its program polls', async () => {
    const flows = openApprovals();
    const opened = await flows.request(SERVICE, PROGRAM);
    const found = await flows.device.find(opened.userCode, ALICE, BROWSER);
    if (found === undefined) throw new Error('no request waits');

    await codeOf(flows.poll(pollOf(opened), PROGRAM));
    const wasWaiting = await flows.device.answer(found, 'approved', ALICE, BROWSER);

    expect(wasWaiting).toBe(true);
    expect(await codeOf(flows.poll(pollOf(opened), PROGRAM))).toBe('none');
  });

  it.each(['approved', 'denied'] as const)('cannot be answered again once it is %s', async (answered) => {
    const flows = openApprovals();
    const { userCode } = await flows.request(SERVICE, PROGRAM);
    const seen = await flows.device.find(userCode, ALICE, BROWSER);
    await answer(flows, userCode, answered);

    expect(await flows.device.find(userCode, ALICE, BROWSER)).toBeUndefined();
    expect(seen && (await flows.other.device.answer(seen, 'approved', ALICE, BROWSER))).toBe(false);
  });

  it('ends after ten minutes', async () => {
    const flows = openApprovals();
    const opened = await flows.request(SERVICE, PROGRAM);
    flows.clock.advance(599);
    expect(await flows.device.find(opened.userCode, ALICE, BROWSER)).toBeDefined();

    flows.clock.advance(1);

    expect(await flows.device.find(opened.userCode, ALICE, BROWSER)).toBeUndefined();
    expect(await codeOf(flows.poll(pollOf(opened), PROGRAM))).toBe('device_code_expired');
  });

  it.each([{ clientId: 'docker' }, { service: 'other.example.com' }])(
    'is of its client and service: not %j',
    async (more) => {
      const flows = openApprovals();
      const opened = await flows.request(SERVICE, PROGRAM);
      await answer(flows, opened.userCode, 'approved');

      expect(await codeOf(flows.poll({ ...pollOf(opened), ...more }, PROGRAM))).toBe('code_refused');
    },
  );

  it('is recorded with the person, her browser and the program', async () => {
    const flows = openApprovals();
    const { userCode } = await flows.request(SERVICE, PROGRAM);
    await answer(flows, userCode, 'denied');

    expect(flows.audit.events.at(-1)).toMatchObject({
      type: 'helper-login',
      outcome: 'denied',
      request: BROWSER,
      asker: PROGRAM.client,
      username: 'alice',
    });
  });
});

describe('the number of requests', () => {
  it('is ten for each network, and an ended one makes room', async () => {
    const flows = openApprovals();
    const opened = [];
    for (let count = 0; count < 10; count++) opened.push(await flows.request(SERVICE, PROGRAM));

    expect(await codeOf(flows.request(SERVICE, PROGRAM))).toBe('too_many_codes');
    expect(await codeOf(flows.request(SERVICE, from('192.0.2.8')))).toBe('none');
    await answer(flows, opened[0]?.userCode ?? '', 'denied');
    expect(await codeOf(flows.request(SERVICE, PROGRAM))).toBe('none');
  });

  it('is eighty for the addresses of a /24, and forty for an IPv6 site', async () => {
    const flows = openApprovals();
    const ask = (client: string): Promise<string> => codeOf(flows.request(SERVICE, from(client)));
    for (let count = 0; count < 80; count++) expect(await ask(`192.0.2.${count}`)).toBe('none');
    for (let count = 0; count < 40; count++) expect(await ask(`2001:db8:0:${count.toString(16)}::1`)).toBe('none');

    expect(await ask('192.0.2.99')).toBe('too_many_codes');
    expect(await ask('192.0.3.99')).toBe('none');
    expect(await ask('2001:db8:0:ff::1')).toBe('too_many_codes');
    expect(await ask('2001:db8:1:ff::1')).toBe('none');
  });

  it('is a thousand in all: more from many networks displace the oldest of the network with the most', async () => {
    const flows = openApprovals();
    const ask = (client: string) => flows.request(SERVICE, from(client));
    const early = await ask('192.0.2.7');
    const flood = [];
    for (let block = 0; block < 20; block++) {
      for (let host = 1; host <= 50; host++) if (flood.length < 999) flood.push(await ask(`10.0.${block}.${host}`));
    }

    const late = await ask('203.0.113.9');

    const isOpen = async ({ userCode }: OpenedRequest): Promise<boolean> =>
      (await flows.device.find(userCode, ALICE, BROWSER)) !== undefined;
    expect([await isOpen(early), await isOpen(late)]).toEqual([true, true]);
    const displaced = flood.filter((_, index) => index < 50);
    expect(await Promise.all(displaced.map(isOpen)).then((open) => open.filter((is) => !is))).toHaveLength(1);
    expect(await codeOf(ask('10.0.1.99'))).toBe('too_many_codes');
  });
});

describe('the number of requests of a network', () => {
  it('has none that expired after the last count of the store', async () => {
    const flows = openApprovals();
    for (let count = 0; count < 10; count++) await flows.request(SERVICE, PROGRAM);
    flows.clock.advance(595);
    await flows.request(SERVICE, from('203.0.113.9'));
    expect(await codeOf(flows.request(SERVICE, PROGRAM))).toBe('too_many_codes');

    flows.clock.advance(5);

    expect(await codeOf(flows.request(SERVICE, PROGRAM))).toBe('none');
  });
});

describe('the cost of a request', () => {
  /** What the store is asked for one request of an address that has none yet. */
  const costOf = async (flows: ReturnType<typeof openApprovals>, client: string) => {
    const before = { ...flows.requests.calls };
    await codeOf(flows.request(SERVICE, from(client)));
    const { one, listed } = flows.requests.calls;
    return { one: one - before.one, listed: listed - before.listed };
  };
  const open = async (flows: ReturnType<typeof openApprovals>, first: number, to: number): Promise<void> => {
    for (let block = first; block < to; block++) {
      for (let host = 1; host <= 50; host++) await flows.request(SERVICE, from(`10.0.${block}.${host}`));
    }
  };

  it('does not grow with the number of open requests', async () => {
    const flows = openApprovals();
    await open(flows, 0, 1);
    const few = await costOf(flows, '192.0.2.7');
    await open(flows, 1, 19);

    const many = await costOf(flows, '203.0.113.9');

    expect(few).toEqual({ one: 2, listed: 0 });
    expect(many).toEqual(few);
  });

  it('is two calls more where all are taken and one gives way', async () => {
    const flows = openApprovals();
    await open(flows, 0, 20);

    expect(await costOf(flows, '192.0.2.7')).toEqual({ one: 4, listed: 0 });
    expect(await costOf(flows, '192.0.2.8')).toEqual({ one: 4, listed: 0 });
  });

  it('is a list of all for the first one after a start, and for one in ten seconds', async () => {
    const flows = openApprovals();
    await open(flows, 0, 1);

    expect(await costOf({ ...flows, ...flows.other }, '192.0.2.7')).toEqual({ one: 2, listed: 50 });
    flows.clock.advance(9);
    expect(await costOf({ ...flows, ...flows.other }, '192.0.2.8')).toEqual({ one: 2, listed: 0 });
    flows.clock.advance(1);
    expect(await costOf({ ...flows, ...flows.other }, '192.0.2.9')).toEqual({ one: 2, listed: 52 });
  });
});

describe('the number of requests at several brokers', () => {
  it('counts those of the others after ten seconds at the latest', async () => {
    const flows = openApprovals();
    await flows.request(SERVICE, PROGRAM);
    for (let count = 0; count < 9; count++) await flows.other.request(SERVICE, PROGRAM);

    flows.clock.advance(10);

    expect(await codeOf(flows.request(SERVICE, PROGRAM))).toBe('too_many_codes');
  });

  it('is not that of requests that a poll, or ten seconds, have shown to be answered elsewhere', async () => {
    const flows = openApprovals();
    const opened = [];
    for (let count = 0; count < 10; count++) opened.push(await flows.request(SERVICE, PROGRAM));
    const [polled, counted] = opened;
    if (polled === undefined || counted === undefined) throw new Error('nothing is open');
    await answer({ ...flows, ...flows.other }, polled.userCode, 'denied');
    await answer({ ...flows, ...flows.other }, counted.userCode, 'denied');

    await codeOf(flows.poll(pollOf(polled), PROGRAM));
    const afterPoll = [await codeOf(flows.request(SERVICE, PROGRAM)), await codeOf(flows.request(SERVICE, PROGRAM))];
    flows.clock.advance(10);

    expect(afterPoll).toEqual(['none', 'too_many_codes']);
    expect(await codeOf(flows.request(SERVICE, PROGRAM))).toBe('none');
  });

  it('leaves a login that another broker has just allowed, where a request has to give way', async () => {
    const flows = openApprovals();
    const opened: OpenedRequest[] = [];
    for (let block = 0; block < 20; block++) {
      for (let host = 1; host <= 50; host++) opened.push(await flows.request(SERVICE, from(`10.0.${block}.${host}`)));
    }
    const [oldest] = opened;
    if (oldest === undefined) throw new Error('nothing is open');
    await answer({ ...flows, ...flows.other }, oldest.userCode, 'approved');

    expect(await codeOf(flows.request(SERVICE, PROGRAM))).toBe('none');

    expect(await codeOf(flows.poll(pollOf(oldest), PROGRAM))).toBe('none');
  });
});

describe('wrong codes', () => {
  const guess = (flows: ReturnType<typeof openApprovals>, id: string, client: string): Promise<string> =>
    codeOf(flows.device.find('BBBBBBBB', signedIn(id), from(client)));

  it('are five for one session, from whatever network', async () => {
    const flows = openApprovals();
    for (let count = 0; count < 5; count++) expect(await guess(flows, 'one', `192.0.2.${count}`)).toBe('none');

    expect(await guess(flows, 'one', '192.0.2.99')).toBe('too_many_wrong_codes');
    expect(await guess(flows, 'other', '192.0.2.99')).toBe('none');
  });

  it('are five for one network, in whatever session', async () => {
    const flows = openApprovals();
    for (let count = 0; count < 5; count++) expect(await guess(flows, `session ${count}`, '192.0.2.1')).toBe('none');

    expect(await guess(flows, 'another', '192.0.2.1')).toBe('too_many_wrong_codes');
  });

  it('are five also when they are sent at the same time', async () => {
    const flows = openApprovals();

    const codes = await Promise.all(Array.from({ length: 50 }, () => guess(flows, 'one', '192.0.2.1')));

    expect(codes.filter((code) => code === 'none')).toHaveLength(5);
  });

  it('are forgiven after ten minutes', async () => {
    const flows = openApprovals();
    for (let count = 0; count < 6; count++) await guess(flows, 'one', '192.0.2.1');

    flows.clock.advance(600);

    expect(await guess(flows, 'one', '192.0.2.1')).toBe('none');
  });
});

describe('a typed code', () => {
  it.each(['BDWP-HQPK', 'bdwphqpk', ' bdwp hqpk\n', 'BDWP–HQPK', 'B.D.W.P.H.Q.P.K'])(
    '%j is read as people mean it',
    (text) => {
      expect(parseUserCode(text)).toBe('BDWPHQPK');
    },
  );

  it.each(['', 'BDWPHQP', 'BDWPHQPKK', 'BDWPHQPA', 'BDWPHQP1', 'ＢDWPHQPK'])('%j is none', (text) => {
    expect(parseUserCode(text)).toBeUndefined();
  });

  it('has 34 bits', () => {
    expect(new Set(USER_CODE_ALPHABET).size).toBe(USER_CODE_ALPHABET.length);
    expect(Math.log2(USER_CODE_ALPHABET.length ** 8)).toBeGreaterThan(34);
  });
});

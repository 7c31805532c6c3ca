/**
 * Keeps a number of requests with invented names open, from networks that change, until its standard input ends. Prints
 * `ready` when each has been refused once, and at the end how many answers of each status there were.
 *
 * A process of its own, because it keeps its event loop busy.
 */
import { basic } from '../support/broker.ts';

const [url = '', count = '0'] = process.argv.slice(2);
const refusals = new Map<number, number>();
let answered = 0;
let isOver = false;
process.stdin.on('end', () => {
  isOver = true;
});
process.stdin.resume();

async function keepOpen(index: number): Promise<void> {
  for (let tries = 0; !isOver; tries += 1) {
    const network = `2001:db8:${index.toString(16)}:${(tries % 65_536).toString(16)}::1`;
    const headers = {
      ...basic({ user: `invented-${index}-${tries}`, password: 'password-of-nobody' }),
      'x-forwarded-for': network,
    };
    const response = await fetch(url, { headers });
    await response.arrayBuffer();
    refusals.set(response.status, (refusals.get(response.status) ?? 0) + 1);
    if (tries === 0 && ++answered === Number(count)) process.stdout.write('ready\n');
  }
}

await Promise.all(Array.from({ length: Number(count) }, (_, index) => keepOpen(index)));
process.stdout.write(`${JSON.stringify(Object.fromEntries(refusals))}\n`);

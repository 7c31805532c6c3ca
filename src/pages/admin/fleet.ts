/** The brokers that share a store. */
import { layout } from '../layout.ts';
import type { Page } from '../page.ts';
import { badge, empty, heading, nameText, notice, table } from '../parts/blocks.ts';
import { html } from '../template/html.ts';
import type { Html } from '../template/html.ts';

interface BrokerView {
  readonly name: string;
  readonly isThisOne: boolean;
  /** Seconds since it last wrote to the store. */
  readonly silentFor: number;
  /** Revisions of what it uses, by kind: `policy`, `users`. */
  readonly revisions: Readonly<Record<string, string>>;
}

export interface FleetView {
  /** Undefined: this broker shares no store. */
  readonly brokers: readonly BrokerView[] | undefined;
  /** Kinds of revisions that must be the same at all brokers and are not. */
  readonly differing: readonly string[];
  /** Brokers that use the store with another key. */
  readonly unreadable: number;
  /** Why the store cannot be reached. */
  readonly down?: string;
}

export function fleetPage(page: Page, { brokers, differing, unreadable, down }: FleetView): Html {
  return layout(page, {
    title: 'Fleet',
    section: 'fleet',
    content: [
      heading('Fleet', 'The brokers that share a store and act as one.'),
      down !== undefined && notice('problem', html`<p>The shared store cannot be reached: ${nameText(down)}</p>`),
      differing.length > 0 &&
        notice(
          'warning',
          html`<p>
            Not the same at all brokers: ${differing.join(', ')}. A broker that has not read a change, or has refused
            it, says so in its log.
          </p>`,
        ),
      unreadable > 0 &&
        notice(
          'warning',
          html`<p>${unreadable} brokers use the store with another fleet key, and share nothing with these.</p>`,
        ),
      brokers === undefined
        ? empty(
            html`<p>This broker shares no store.</p>
              <p class="quiet">
                Brokers that have the same <code>shared</code> in their configuration are listed here.
              </p>`,
          )
        : brokerTable(brokers, differing),
    ],
  });
}

function brokerTable(brokers: readonly BrokerView[], differing: readonly string[]): Html {
  const kinds = [...new Set(brokers.flatMap(({ revisions }) => Object.keys(revisions)))];
  return table(
    'Brokers',
    [{ label: 'Broker' }, { label: 'Last seen' }, ...kinds.map((label) => ({ label }))],
    brokers.map(({ name, isThisOne, silentFor, revisions }) => [
      html`<b>${name}</b> ${isThisOne && badge('this one', 'good')}`,
      `${silentFor} s ago`,
      ...kinds.map(
        (kind) =>
          html`<code>${revisions[kind] ?? 'none'}</code> ${differing.includes(kind) && badge('differs', 'warning')}`,
      ),
    ]),
  );
}

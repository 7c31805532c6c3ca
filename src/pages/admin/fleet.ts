/** The brokers that share a store. */
import { layout } from '../layout.ts';
import type { Page } from '../page.ts';
import { badge, empty, heading, nameText, notice, table } from '../parts/blocks.ts';
import { exact, relative } from '../parts/time.ts';
import { html } from '../template/html.ts';
import type { Html } from '../template/html.ts';

interface BrokerView {
  readonly name: string;
  readonly isThisOne: boolean;
  /** Seconds since it last wrote to the store. */
  readonly silentFor: number;
  /** Revisions of what it uses, by kind: `policy`, `users`. */
  readonly revisions: Readonly<Record<string, string>>;
  /** As it last found them. Undefined: a broker of an earlier version, which does not say it. */
  readonly backends?: readonly BackendStateView[];
}

interface BackendStateView {
  readonly name: string;
  readonly state: 'up' | 'down';
  /** When that broker first found the state. Epoch seconds. */
  readonly since: number;
  /** When it last asked the backend. Epoch seconds. */
  readonly askedAt: number;
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
      unreadable > 0 && notice('warning', html`<p>${otherKeyText(unreadable)}</p>`),
      brokers === undefined
        ? empty(
            html`<p>This broker shares no store.</p>
              <p class="quiet">
                Brokers that have the same <code>shared</code> in their configuration are listed here.
              </p>`,
          )
        : brokerTable(page, brokers, differing),
    ],
  });
}

function otherKeyText(brokers: number): string {
  return brokers === 1
    ? '1 broker uses the store with another fleet key, and shares nothing with these.'
    : `${brokers} brokers use the store with another fleet key, and share nothing with these.`;
}

function brokerTable(page: Page, brokers: readonly BrokerView[], differing: readonly string[]): Html {
  const kinds = [...new Set(brokers.flatMap(({ revisions }) => Object.keys(revisions)))];
  return table(
    'Brokers',
    [{ label: 'Broker' }, { label: 'Last seen' }, { label: 'Backends' }, ...kinds.map((label) => ({ label }))],
    brokers.map(({ name, isThisOne, silentFor, revisions, backends }) => [
      html`<b>${name}</b> ${isThisOne && badge('this one', 'good')}`,
      `${silentFor} s ago`,
      backendList(page, backends),
      ...kinds.map(
        (kind) =>
          html`<code>${revisions[kind] ?? 'none'}</code> ${differing.includes(kind) && badge('differs', 'warning')}`,
      ),
    ]),
  );
}

function backendList({ now }: Page, backends: BrokerView['backends']): Html {
  if (backends === undefined) return html`<span class="quiet">not known</span>`;
  if (backends.length === 0) return html`<span class="quiet">not asked yet</span>`;
  return html`<ul class="lines">
    ${backends.map(
      ({ name, state, since, askedAt }) =>
        html`<li>
          <b>${name}</b> ${state === 'up' ? badge('answers', 'good') : badge('does not answer', 'bad')}
          <span class="quiet">since ${exact(since)}, asked ${relative(askedAt, now)}</span>
        </li>`,
    )}
  </ul>`;
}

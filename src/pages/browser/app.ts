/**
 * What the pages do in addition where scripts run: copy, filter while typing, answer a question without a reload, and
 * keep relative times current. Every page works without it.
 *
 * It writes no HTML: the pages allow no text as HTML (`require-trusted-types-for 'script'`).
 */
import { relativeTime } from '../parts/relative-time.ts';

const COPIED_MS = 2000;
const TIMES_EVERY_MS = 30_000;

for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-copy]')) {
  button.hidden = false;
  button.addEventListener('click', () => void copy(button));
}

async function copy(button: HTMLButtonElement): Promise<void> {
  const source = document.querySelector(`#${button.dataset['copy'] ?? ''}`);
  if (source === null) return;
  try {
    await navigator.clipboard.writeText(source.textContent ?? '');
    button.textContent = 'Copied';
    setTimeout(() => (button.textContent = 'Copy'), COPIED_MS);
  } catch {
    // Without https there is no clipboard: select the text, for the keyboard.
    getSelection()?.selectAllChildren(source);
    button.textContent = 'Press Ctrl+C';
  }
}

for (const form of document.querySelectorAll<HTMLFormElement>('form[data-filter]')) filterLive(form);

function filterLive(form: HTMLFormElement): void {
  const input = form.querySelector('input');
  const list = document.querySelector(`#${form.dataset['filter'] ?? ''}`);
  if (input === null || list === null) return;
  form.addEventListener('submit', (event) => event.preventDefault());
  input.addEventListener('input', () => {
    const text = input.value.trim().toLowerCase();
    let shown = 0;
    for (const item of list.querySelectorAll<HTMLElement>('[data-filter-item]')) {
      item.hidden = !(item.textContent ?? '').toLowerCase().includes(text);
      if (!item.hidden) shown += 1;
    }
    const status = form.querySelector('[data-filter-count]');
    if (status !== null) status.textContent = `${shown} shown`;
  });
}

for (const form of document.querySelectorAll<HTMLFormElement>('form[data-replace]')) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    ask(form);
  });
}

/** Requests the page that the form leads to, and takes the answer out of it. */
function ask(form: HTMLFormElement): void {
  const id = form.dataset['replace'] ?? '';
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === 'string') query.append(name, value);
  // Not `form.action`, which is a field of the form where one has that name.
  const address = `${form.getAttribute('action') ?? ''}?${query.toString()}`;
  const target = document.getElementById(id);
  // The browser parses the answer itself, without running what is in it.
  const request = new XMLHttpRequest();
  request.open('GET', address);
  request.responseType = 'document';
  const follow = (): void => location.assign(address);
  request.addEventListener('error', follow);
  request.addEventListener('load', () => {
    const answer = request.responseXML?.getElementById(id);
    // The session has ended, or an error page came.
    if (request.status !== 200 || target === null || answer === null || answer === undefined) return follow();
    target.replaceChildren(...document.importNode(answer, true).childNodes);
    history.replaceState(null, '', address);
  });
  target?.setAttribute('aria-busy', 'true');
  request.addEventListener('loadend', () => target?.removeAttribute('aria-busy'));
  request.send();
}

setInterval(() => {
  const now = Date.now() / 1000;
  for (const time of document.querySelectorAll<HTMLTimeElement>('time[data-relative]'))
    time.textContent = relativeTime(Date.parse(time.dateTime) / 1000 - now);
}, TIMES_EVERY_MS);

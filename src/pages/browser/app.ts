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
  const label = [...button.childNodes];
  try {
    await navigator.clipboard.writeText(source.textContent ?? '');
    say(button, 'Copied');
    setTimeout(() => {
      button.replaceChildren(...label);
      say(button, '');
    }, COPIED_MS);
  } catch {
    // Without https there is no clipboard: select the text, for the keyboard.
    getSelection()?.selectAllChildren(source);
    say(button, 'Press Ctrl+C');
  }
}

/** On the button, and where screen readers announce it. An empty text changes no button. */
function say(button: HTMLButtonElement, text: string): void {
  if (text !== '') button.textContent = text;
  const status = button.nextElementSibling;
  if (status !== null) status.textContent = text;
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
    showProblem(form, target);
  });
  target?.setAttribute('aria-busy', 'true');
  request.addEventListener('loadend', () => target?.removeAttribute('aria-busy'));
  request.send();
}

/** Marks the field that an answer is about, and moves the focus to what is wrong with it. */
function showProblem(form: HTMLFormElement, answer: HTMLElement): void {
  const problem = answer.querySelector<HTMLElement>('[role="alert"][id]');
  const field = form.querySelector('input');
  if (field === null) return;
  field.removeAttribute('aria-invalid');
  field.removeAttribute('aria-describedby');
  if (problem === null) return;
  field.setAttribute('aria-invalid', 'true');
  field.setAttribute('aria-describedby', problem.id);
  problem.focus();
}

setInterval(() => {
  const now = Date.now() / 1000;
  for (const time of document.querySelectorAll<HTMLTimeElement>('time[data-relative]'))
    time.textContent = relativeTime(Date.parse(time.dateTime) / 1000 - now);
}, TIMES_EVERY_MS);

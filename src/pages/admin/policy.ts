/** The policy in force: its text with the findings of lint, its tests, and what the shadow policy decides otherwise. */
import { layout } from '../layout.ts';
import type { Page } from '../page.ts';
import { heading, notice } from '../parts/blocks.ts';
import { checkChips, failureList, sourceText } from '../parts/policy-text.ts';
import type { PolicyChecks, PolicyFinding } from '../parts/policy-text.ts';
import { html } from '../template/html.ts';
import type { Html } from '../template/html.ts';
import { comparedText } from './shadow.ts';
import type { ShadowView } from './shadow.ts';

export interface PolicyView {
  /** The name of the file, without its folder. */
  readonly file: string;
  readonly revision: string;
  /** Whether the file has become invalid since, so that the last valid policy stays in force. */
  readonly isStale: boolean;
  /** The text of the file as it is now; empty when it cannot be shown. */
  readonly text: string;
  readonly findings: readonly PolicyFinding[];
  /** Undefined: the file is not valid, or was not examined, see `problem`. */
  readonly checks?: PolicyChecks;
  /** Why the file was not examined, as a sentence. */
  readonly problem?: string;
  /** Undefined: there is no shadow policy. */
  readonly shadow: ShadowView | undefined;
}

export function policyPage(page: Page, view: PolicyView): Html {
  const { url } = page.site;
  const { file, revision, isStale, text, findings, checks, problem, shadow } = view;
  return layout(page, {
    title: 'Policy',
    section: 'policy',
    content: [
      heading(
        'Policy',
        html`<code>${file}</code>, revision <code>${revision}</code>. It is read from its file and cannot be changed
          here.`,
        html`<a class="button" href="${url`/console/policy/try`}">Try out a change</a>`,
      ),
      isStale &&
        notice(
          'problem',
          html`<p>
            The file has changed and is not used, because it is not valid or its tests fail. Revision
            <code>${revision}</code> stays in force. The text below is the file.
          </p>`,
        ),
      checks !== undefined && checkChips(checks, findings),
      problem !== undefined && notice('warning', html`<p>${problem}</p>`),
      checks !== undefined && failureList(checks),
      shadowSection(page, file, shadow),
      text !== '' && [html`<h2>Text</h2>`, sourceText(text, findings)],
    ],
  });
}

function shadowSection({ site: { url } }: Page, file: string, shadow: ShadowView | undefined): Html {
  return html`<section>
    <h2>Shadow policy</h2>
    ${
      shadow === undefined
        ? html`<p class="quiet">
            None is configured. To see what a new policy would change before it is in force, name its file in
            <code>broker.yaml</code>: <code>policy: { file: ${file}, shadow: next.yaml }</code>
          </p>`
        : html`<p>${comparedText(shadow)}</p>
            ${
              shadow.differing > 0 &&
              html`<p><a class="button" href="${url`/console/policy/shadow`}">Show the differences</a></p>`
            }`
    }
  </section>`;
}

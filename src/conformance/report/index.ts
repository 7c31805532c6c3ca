/** The formats of reports. */
import type { Report } from '../result.ts';
import { htmlReport } from './html.ts';
import { jsonReport } from './json.ts';
import { junitReport } from './junit.ts';
import { tableReport } from './table.ts';
import { tapReport } from './tap.ts';

export const FORMATS = ['human', 'json', 'junit', 'tap', 'html'] as const;
export type ReportFormat = (typeof FORMATS)[number];

/** The formats of report files by the ends of their names. */
export const FORMAT_BY_ENDING: Readonly<Record<string, ReportFormat>> = {
  '.txt': 'human',
  '.json': 'json',
  '.xml': 'junit',
  '.tap': 'tap',
  '.html': 'html',
};

/** @param isWhole whether the table lists checks that passed */
export function writeReport(report: Report, format: ReportFormat, isWhole: boolean): string {
  switch (format) {
    case 'human':
      return tableReport(report, isWhole);
    case 'json':
      return jsonReport(report);
    case 'junit':
      return junitReport(report);
    case 'tap':
      return tapReport(report);
    case 'html':
      return htmlReport(report);
  }
}

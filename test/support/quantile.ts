/** Figures of a measurement that was repeated. */

/**
 * A value of the sample, without interpolation.
 *
 * @param values in any order
 * @param fraction from 0, the smallest value, to 1, the largest; 0.5 is the median
 * @returns NaN when there are no values
 */
export function quantile(values: readonly number[], fraction: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** What a worker has tried and found. */
import { addCounts, type Counts } from '../../../scripts/rows.ts';

/** One finding: an input that went wrong. */
export interface Finding {
  /** Names the input: part, target and number. */
  readonly id: string;
  readonly problem: string;
}

/** Counts by what was tried, and findings. Plain data: it travels between processes. */
export interface Report {
  counts: Counts;
  findings: Finding[];
  /** Largest resident memory of the process (bytes). */
  peakBytes: number;
  /** Longest processor time that one input took (milliseconds). */
  slowest: number;
  /** Names that input. */
  slowestId: string;
}

/** A report of nothing. */
export function emptyReport(): Report {
  return { counts: {}, findings: [], peakBytes: 0, slowest: 0, slowestId: '' };
}

/** Notes how much of the processor's time an input took (milliseconds). */
export function noteTime(report: Report, id: string, milliseconds: number): void {
  if (milliseconds <= report.slowest) return;
  report.slowest = milliseconds;
  report.slowestId = id;
}

/** Adds one worker's report to another. */
export function addReport(to: Report, from: Report): void {
  addCounts(to.counts, from.counts);
  to.findings.push(...from.findings);
  to.peakBytes = Math.max(to.peakBytes, from.peakBytes);
  noteTime(to, from.slowestId, from.slowest);
}

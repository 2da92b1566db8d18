/** What a worker has tried and found. */

/** One finding: an input that went wrong. */
export interface Finding {
  /** Names the input: part, target and number. */
  readonly id: string;
  readonly problem: string;
}

/** Counts by what was tried, and findings. Plain data: it travels between processes. */
export interface Tally {
  counts: Record<string, number>;
  findings: Finding[];
  /** Largest resident memory of the process (bytes). */
  peakBytes: number;
  /** Longest processor time that one input took (milliseconds). */
  slowest: number;
  slowestId: string;
}

/** A tally of nothing. */
export function emptyTally(): Tally {
  return { counts: {}, findings: [], peakBytes: 0, slowest: 0, slowestId: '' };
}

/** Counts inputs. */
export function count(tally: Tally, what: string, n = 1): void {
  tally.counts[what] = (tally.counts[what] ?? 0) + n;
}

/** Notes the processor's time since an input was begun: what else the machine is busy with does not count. */
export function noteTime(tally: Tally, id: string, begun: NodeJS.CpuUsage): void {
  const { user, system } = process.cpuUsage(begun);
  noteSlowest(tally, id, (user + system) / 1000);
}

function noteSlowest(tally: Tally, id: string, milliseconds: number): void {
  if (milliseconds <= tally.slowest) return;
  tally.slowest = milliseconds;
  tally.slowestId = id;
}

/** Adds one worker's tally to another. */
export function addTally(to: Tally, from: Tally): void {
  for (const [what, n] of Object.entries(from.counts)) count(to, what, n);
  to.findings.push(...from.findings);
  to.peakBytes = Math.max(to.peakBytes, from.peakBytes);
  noteSlowest(to, from.slowestId, from.slowest);
}

/**
 * Finds where the segments sealed by a time end: the cut falls between segments. An open segment counts as
 * sealed now. Empty segments, which every start of the engine leaves, are ignored.
 */
import { RollbackError } from '../../errors.ts';
import { formatRfc3339 } from '../../format/rfc3339.ts';
import type { Segment } from '../../store/types.ts';
import type { TableContext } from '../context.ts';
import type { TimeTarget } from '../target.ts';
import { countRecords, readableSegments } from './kept-runs.ts';
import { matcherBefore } from './positions.ts';
import type { SearchResult } from './walk.ts';
import { keepAll, walk } from './walk.ts';

interface Timed {
  readonly index: number;
  readonly time: bigint;
  readonly segment: Segment;
}

/**
 * Finds the pivot of a table for a time.
 * @throws RollbackError ERR_TIME_UNREACHABLE, ERR_STRAGGLERS, what a walk throws
 */
export async function searchTime(context: TableContext, { time }: TimeTarget): Promise<SearchResult> {
  const timed = readableSegments(context)
    .filter((s) => s.keys.size > 0)
    .map((s) => ({ index: s.index, time: sealedAt(s, context.plan.now), segment: s }));
  if (timed.length === 0) {
    context.notices.push(
      'the table holds no record that the engine serves: nothing of it is later than any time',
    );
    return keepAll(context);
  }
  const last = timed.findLastIndex((s) => s.time <= time);
  if (last < 0) {
    if (context.plan.onNoMatch !== 'refuse')
      return { walk: await walk(context, () => -1), whenNone: 'policy' };
    throw timeUnreachableError(context, time, timed);
  }
  const later = timed.slice(0, last).filter((s) => s.time > time);
  const first = firstRemoved(context, timed[last + 1], later);
  if (context.plan.stragglers === 'keep') await noteKept(context, later);
  if (first === undefined) return keepAll(context);
  if (first === timed[0]) throw timeUnreachableError(context, time, timed);
  noteTimes(context, timed, first);
  const place = { segment: first.index, offset: 0 };
  return { walk: await walk(context, matcherBefore(place)), whenNone: 'policy' };
}

function sealedAt({ metadata }: Segment, now: bigint): bigint {
  return metadata.sealed ? metadata.lastValueTimestamp : now;
}

/** The oldest segment that goes; undefined when none does. */
function firstRemoved(
  context: TableContext,
  next: Timed | undefined,
  later: readonly Timed[],
): Timed | undefined {
  const { stragglers } = context.plan;
  const [straggler] = later;
  if (straggler === undefined || stragglers === 'keep') return next;
  if (stragglers === 'drop') return straggler;
  throw new RollbackError(
    'ERR_STRAGGLERS',
    {
      what: `${later.length === 1 ? 'A segment' : `${later.length} segments`} sealed later than the target would stay, for example segment ${straggler.index}, sealed ${formatRfc3339(straggler.time)}`,
      why: 'The seal times of this table are not in order (was a clock set back?): no single cut separates the two',
      next:
        '--stragglers keep cuts behind the newest segment sealed by then all the same; ' +
        '--stragglers drop cuts before the oldest one sealed later',
    },
    { table: context.table.name, segment: straggler.index },
  );
}

/** The segments that stay though they were sealed later than the target. */
async function noteKept(context: TableContext, later: readonly Timed[]): Promise<void> {
  const { records, groups } = await countRecords(
    context,
    later.map((s) => s.segment),
  );
  if (records === 0) return;
  const times = later.map((s) => s.time).sort((a, b) => (a < b ? -1 : 1));
  const [lowest, highest] = [times[0], times.at(-1)].map((time) => formatRfc3339(time as bigint)) as [
    string,
    string,
  ];
  context.keptAbove = { records, groups, lowest, highest };
}

/** The possible times near the target: the next cut to either side. */
function noteTimes(context: TableContext, timed: readonly Timed[], first: Timed): void {
  const kept = timed[timed.indexOf(first) - 1] as Timed;
  const open = context.table.segments.some((s) => s.index === first.index && !s.metadata.sealed);
  context.notices.push(
    `segment ${kept.index}, sealed ${formatRfc3339(kept.time)}, stays; ` +
      `segment ${first.index}, ${open ? 'not sealed yet' : `sealed ${formatRfc3339(first.time)}`}, goes: ` +
      'a time in between leads to the same cut',
  );
}

function timeUnreachableError(context: TableContext, time: bigint, timed: readonly Timed[]): RollbackError {
  const earliest = timed.reduce((a, b) => (b.time < a.time ? b : a));
  return new RollbackError(
    'ERR_TIME_UNREACHABLE',
    {
      what: `No segment of table ${context.table.name} that could stay was sealed by ${formatRfc3339(time)}`,
      why: 'The cut falls between segments, and there would be nothing to keep',
      next: `The earliest possible time is ${formatRfc3339(earliest.time)}, when segment ${earliest.index} was sealed; --on-no-match keep leaves such a table as it is, delete empties it`,
    },
    { table: context.table.name, segment: earliest.index },
  );
}

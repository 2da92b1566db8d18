/** Records above the target height that would stay because they lie before records that stay. */
import { type ForwardRun, forwardRuns, type Position, runBefore } from '../../../streams/forward-runs.ts';
import type { Pivot } from '../../../streams/pivot-detector.ts';
import type { SurveyedSegment } from '../../../streams/record-batch.ts';
import { blockBatches } from '../../../streams/reverse-records.ts';
import { RollbackError } from '../../errors.ts';
import { KIND } from '../../format/key-records.ts';
import type { BlockHeightIndex, BlockHeights } from '../../schemas/block-heights.ts';
import {
  decodeAt,
  type HalvedHeight,
  HeightBuffer,
  halve,
  heightAt,
  isBelow,
  isWithin,
} from '../../schemas/heights.ts';
import { ROLE, type TableSchema } from '../../schemas/types.ts';
import { blockEnd, type KeySurvey } from '../../store/key-survey.ts';
import type { Segment } from '../../store/types.ts';
import { surveyKept } from '../check-kept.ts';
import type { TableContext } from '../context.ts';
import { progressOf, readableSegments } from './kept-runs.ts';
import { schemaMisfitError } from './misfit.ts';

/** What is known of the records that would stay. */
export interface KeptHeights {
  readonly above: Stragglers | null;
  /** Highest height at or below the target; null when no record has one. */
  readonly highest: bigint | null;
}

/** The records above the height; there is at least one. */
export interface Stragglers {
  readonly first: Position;
  /** Whether one of them marks where its height ends; the others are written late. */
  readonly decides: boolean;
  readonly example: { readonly label: string; readonly height: bigint };
  readonly records: number;
  /** The groups that they belong to, and all records of these groups. */
  readonly groups: number;
  readonly members: number;
  readonly lowest: bigint;
  readonly highest: bigint;
  /** Height of the newest record with a height before the first straggler. */
  readonly before: bigint | null;
}

/** Checks everything that would stay, using the notes about its blocks as far as they suffice. */
export class StragglerSearch {
  private found: { -readonly [K in keyof Stragglers]: Stragglers[K] } | null = null;
  private highest: bigint | null = null;
  private newest: bigint | null = null;
  /** The current group: its records so far, and whether one of them is above the height. */
  private readonly group = { records: 0, isAbove: false };
  private readonly heights: HeightBuffer;
  private readonly limit: HalvedHeight;

  constructor(
    private readonly context: TableContext,
    private readonly schema: TableSchema,
    private readonly height: bigint,
    private readonly digest: BlockHeightIndex,
  ) {
    this.heights = new HeightBuffer(schema);
    this.limit = halve(height);
  }

  /**
   * Checks every record up to the end of the pivot's group.
   * @param stop stop at the first one above the height, or at the first one that decides: the numbers then
   * cover the records so far
   * @throws RollbackError ERR_SCHEMA_MISFIT, ERR_IO, ERR_CHANGED_WHILE_READING, ERR_INTERRUPTED
   */
  async before({ at, groupEnd }: Pivot, stop: 'first' | 'deciding' | null): Promise<KeptHeights> {
    const end = { segment: at.segment.index, offset: groupEnd };
    const segments = readableSegments(this.context).filter((s) => s.index <= end.segment);
    // Segments surveyed here are read once more, block by block.
    const surveyed = segments.filter((s) => s.index !== end.segment && this.isSurveyed(s));
    const onBytes = progressOf(this.context, [...surveyed, ...segments], end, 'heights');
    for (const segment of segments) {
      this.group.isAbove = false;
      const survey = segment.index === end.segment ? at.survey : await this.survey(segment, onBytes);
      for await (const run of this.runsOf(segment, survey, end, onBytes)) {
        this.look(run);
        if (this.isEnough(stop)) return { above: this.found, highest: this.highest };
      }
      this.digest.forget(segment.index);
    }
    return { above: this.found, highest: this.highest };
  }

  private isEnough(stop: 'first' | 'deciding' | null): boolean {
    if (this.found === null || stop === null) return false;
    return stop === 'first' || this.found.decides;
  }

  /** The records that must be checked one by one. */
  private runsOf(
    segment: Segment,
    survey: KeySurvey | null,
    end: Position,
    onBytes: (bytes: number) => void,
  ): AsyncGenerator<ForwardRun, void, void> {
    const blocks = this.digest.blocksOf(segment.index);
    if (survey !== null && blocks !== undefined) {
      const limit = segment.index === end.segment ? end.offset : segment.keys.size;
      return this.unclear({ segment, survey }, blocks, limit, onBytes);
    }
    const { fs, blockBytes, signal } = this.context.plan;
    return forwardRuns({ fs, segments: [segment], end, blockBytes, signal, onBytes });
  }

  /** Whether the check of a segment that stays needs a survey of it anyway. An open one is read by itself. */
  private isSurveyed({ metadata }: Segment): boolean {
    return metadata.sealed && this.context.plan.check === 'all';
  }

  /** The survey that a segment's check needs anyway, with its heights noted; null when no check needs one. */
  private async survey(segment: Segment, onBytes: (bytes: number) => void): Promise<KeySurvey | null> {
    const { context, digest } = this;
    if (!this.isSurveyed(segment)) return null;
    const survey = await surveyKept(context, segment, { onBlock: digest.observer(segment.index), onBytes });
    context.surveys.set(segment.index, survey);
    return survey;
  }

  /** The records before byte `end` of the blocks that must be read. */
  private async *unclear(
    at: SurveyedSegment,
    blocks: readonly BlockHeights[],
    end: number,
    onBytes: (bytes: number) => void,
  ): AsyncGenerator<ForwardRun, void, void> {
    const { fs, signal } = this.context.plan;
    const wanted = this.unclearBlocks(at.survey, blocks, end, onBytes);
    for await (const batch of blockBatches(at, wanted, { fs, signal })) yield runBefore(batch, end);
  }

  /** Chooses these blocks; takes the notes about the others, in the order of the file. */
  private *unclearBlocks(
    survey: KeySurvey,
    blocks: readonly BlockHeights[],
    end: number,
    onBytes: (bytes: number) => void,
  ): Generator<number, void, void> {
    for (const [i, block] of blocks.entries()) {
      const start = survey.blockStarts[i] as number;
      if (start >= end) return;
      const blockEnds = blockEnd(survey, i);
      const isAbove = block.top !== null && block.top > this.height;
      const goesOn = block.inGroup && this.group.isAbove;
      if (blockEnds > end || !block.fits || isAbove || goesOn) yield i;
      else {
        this.group.isAbove = false;
        if (block.highest !== null) this.raise(block.highest);
        if (this.found === null) this.newest = block.newest ?? this.newest;
      }
      onBytes(Math.min(blockEnds, end) - start);
    }
  }

  private look(run: ForwardRun): void {
    const { heights, limit, group } = this;
    heights.fill(run);
    const { roles } = heights;
    let deciding = -1;
    let max = -1;
    for (let i = 0; i < run.count; i++) {
      const role = roles[i] as number;
      if ((run.buffer[run.offsets[i] as number] as number) <= KIND.primary) {
        group.records = 0;
        group.isAbove = false;
      }
      group.records++;
      if (group.isAbove && this.found !== null) this.found.members++;
      if (role === ROLE.none) continue;
      if (role === ROLE.misfit) throw schemaMisfitError(this.context.table.name, this.schema, run, i);
      if (!isWithin(heights, i, limit)) this.note(run, i, deciding);
      else if (role === ROLE.decides) {
        deciding = i;
        if (max < 0 || isBelow(heights, max, i)) max = i;
      }
    }
    if (max >= 0) this.raise(heightAt(heights, max));
    if (deciding >= 0 && this.found === null) this.newest = heightAt(heights, deciding);
  }

  private raise(height: bigint): void {
    if (this.highest === null || height > this.highest) this.highest = height;
  }

  private note(run: ForwardRun, i: number, deciding: number): void {
    const height = heightAt(this.heights, i);
    const decides = this.heights.roles[i] === ROLE.decides;
    const { found, group } = this;
    const isFirst = !group.isAbove;
    group.isAbove = true;
    if (found === null) {
      if (deciding >= 0) this.newest = heightAt(this.heights, deciding);
      const label = decodeAt(this.schema, run, i)?.label ?? `height ${height}`;
      this.found = {
        first: { segment: run.segment.index, offset: run.base + (run.offsets[i] as number) },
        example: { label, height },
        records: 1,
        groups: 1,
        members: group.records,
        lowest: height,
        highest: height,
        before: this.newest,
        decides,
      };
      return;
    }
    found.records++;
    if (isFirst) {
      found.groups++;
      found.members += group.records;
    }
    found.decides ||= decides;
    if (height < found.lowest) found.lowest = height;
    if (height > found.highest) found.highest = height;
  }
}

/** The refusal of a plan that would keep records above its height. */
export function stragglersError(context: TableContext, height: bigint, found: Stragglers): RollbackError {
  const { table } = context;
  const { first, example, records, lowest, highest } = found;
  const heights = lowest === highest ? `height ${lowest}` : `heights ${lowest} to ${highest}`;
  const amount = records === 1 ? '1 record' : `${records} records`;
  return new RollbackError(
    'ERR_STRAGGLERS',
    {
      what: `${amount} above height ${height} would stay (${heights}), for example ${example.label}`,
      why: 'Older heights were written after them, as a migration does: no single cut separates the two',
      next:
        '--stragglers keep cuts behind the newest record at or below the height all the same; ' +
        '--stragglers drop cuts before the oldest record above it, and removes lower heights with it',
    },
    { table: table.name, segment: first.segment, offset: first.offset },
  );
}

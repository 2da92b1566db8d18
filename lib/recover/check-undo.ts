/**
 * Checks before an undo that the database still looks as the rollback left it. Files that an idle start of the
 * engine adds (a keymap, empty segments, snapshot links) are listed for removal; new records or collected
 * segments make the undo refuse.
 */
import { basename, join } from 'node:path';
import { RollbackError } from '../errors.ts';
import { segmentIndexOf } from '../format/file-names.ts';
import { problemOfLogIndex } from '../journal/log-index-place.ts';
import type { ParticipantName } from '../journal/participants.ts';
import { stateOfLog } from '../journal/rewind-log.ts';
import type { TransactionContext } from '../journal/transaction.ts';
import { segmentsLeft } from '../plan/consistency.ts';
import { firstChangedOf, takesRecords, watermarkAfter } from '../plan/step-effects.ts';
import { fileKey } from '../plan/step-paths.ts';
import { isCreationOrphan } from '../store/chain.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { readPlanned } from '../store/home.ts';
import { lstatOrNull, SEGMENTS_DIR } from '../store/roots.ts';
import type { FileInfo, Orphan, Segment, Table } from '../store/types.ts';
import type { FingerprintEntry, TablePlan } from '../types.ts';

/** A file that the engine has made since: removed only if it is still the same file. */
export interface Addition {
  readonly member: ParticipantName;
  readonly path: string;
  readonly ino: string;
  /** For a regular file: identifies it in a copy of the database. Marks of older versions lack it. */
  readonly size?: number | undefined;
  readonly mtimeNs?: string | undefined;
}

/**
 * The files to remove before the undo.
 * @throws RollbackError ERR_UNDO_REFUSED
 */
export function engineAdditions(context: TransactionContext): Addition[] {
  const { fs, plan } = context;
  refuseOtherLogIndex(context);
  const database = readPlanned(fs, plan);
  return plan.tables
    .filter((t) => t.steps.length > 0)
    .flatMap((tablePlan) => {
      const table = database.tables.find((t) => t.name === tablePlan.table);
      if (table === undefined) throw undoRefusedError(tablePlan.table, 'the table is gone');
      return new TableMatch(context, tablePlan, table).match();
    });
}

/** Any start of the node adds files to the log-index, and takes in the record that the rollback wrote. */
function refuseOtherLogIndex({ fs, plan, participants }: TransactionContext): void {
  if (participants.logIndex === null) return;
  const step = plan.logIndex?.step;
  const { dir } = participants.logIndex;
  const found = problemOfLogIndex(fs, plan, dir, 'after');
  if (found !== null)
    throw undoRefusedError(step?.table, `a file of the log-index ${found.problem}`, found.path);
  if (step == null || stateOfLog(fs, step, participants.pathOf(step)) === 'after') return;
  const path = participants.pathOf(step);
  throw undoRefusedError(step.table, 'a log of the log-index has another content', path);
}

class TableMatch {
  private readonly additions: Addition[] = [];
  private readonly fs: DurableFs;
  /**
   * Expected size of each file, by its fileKey(). Key and value files only ever grow, and an earlier undo may
   * have given a file a new time, so the size decides.
   */
  private readonly expected = new Map<string, number>();
  private readonly name: string;

  constructor(
    private readonly context: TransactionContext,
    private readonly plan: TablePlan,
    private readonly table: Table,
  ) {
    this.fs = context.fs;
    this.name = plan.table;
    for (const entry of context.plan.fingerprint) this.expect(entry);
    for (const step of plan.steps) {
      const key = fileKey(step.file);
      if (step.op === 'cut-file' || step.op === 'rewrite-keys') this.expected.set(key, step.to);
      else if (step.op === 'replace-file') this.expected.set(key, step.after.length / 2);
      else this.expected.delete(key);
    }
  }

  private expect([root, path, size]: FingerprintEntry): void {
    if (path.startsWith(`${this.name}/`)) this.expected.set(fileKey({ root, path }), size);
  }

  match(): Addition[] {
    const kept = segmentsLeft(this.plan);
    const highest = kept.at(-1) ?? -1;
    const present = new Map(this.table.segments.map((s) => [s.index, s]));
    for (const index of kept) {
      const segment = present.get(index);
      if (segment === undefined)
        throw undoRefusedError(this.name, `segment ${index} has been collected or removed since`);
      this.matchSegment(segment);
    }
    for (const segment of this.table.segments) if (segment.index > highest) this.clearEmpty(segment);
    for (const orphan of this.table.orphans) this.clearOrphan(orphan, highest);
    this.matchWatermark();
    this.clearDerived();
    return this.additions;
  }

  private matchSegment(segment: Segment): void {
    for (const file of [segment.metadataFile, segment.keys, ...segment.values]) {
      const expected = this.expected.get(fileKey(file));
      if (file.size === expected) continue;
      const isElsewhere = expected === undefined;
      const problem = isElsewhere
        ? 'has moved to another root since'
        : `has ${file.size} bytes instead of ${expected}`;
      throw undoRefusedError(this.name, `a file ${problem}`, file.path);
    }
  }

  /** A start of the engine leaves an empty segment; one with records holds data that undo would destroy. */
  private clearEmpty(segment: Segment): void {
    const data = [segment.keys, ...segment.values].find((f) => f.size > 0);
    if (data !== undefined || segment.metadata.keyCount > 0) {
      throw undoRefusedError(
        this.name,
        `segment ${segment.index} holds new data, written after the rollback`,
        data?.path,
      );
    }
    for (const file of [segment.keys, ...segment.values, segment.metadataFile]) this.clearFile(file);
  }

  private clearOrphan(orphan: Orphan, highest: number): void {
    if (orphan.index <= highest || !isCreationOrphan(orphan)) {
      throw undoRefusedError(this.name, `segment ${orphan.index} is incomplete`, orphan.files[0]?.path);
    }
    for (const file of orphan.files) this.clearFile(file);
  }

  private matchWatermark(): void {
    const expected = watermarkAfter(this.plan);
    if (this.table.watermark !== expected) {
      throw undoRefusedError(
        this.name,
        `the gc-watermark is ${this.table.watermark} instead of ${expected}: segments were collected`,
      );
    }
  }

  /**
   * Keymaps made from the cut segments, links to segments that come back, and files in the places of either.
   */
  private clearDerived(): void {
    if (this.plan.steps.some(takesRecords))
      for (const keymap of this.table.keymaps) this.clear(keymap.root, keymap.rel);
    const gone = this.plan.steps.filter((s) => s.op.startsWith('remove-'));
    for (const step of gone) {
      if (lstatOrNull(this.fs, this.context.participants.pathOf(step)) !== null)
        this.clear(step.file.root, step.file.path);
    }
    // Also if nothing was published then: the engine may have published the segments that were cut.
    const [oldest = 0] = segmentsLeft(this.plan);
    // An incomplete segment at the old end is gone, and what follows it has not changed.
    const later = this.plan.steps.filter((s) => !('segment' in s) || (s.segment ?? oldest) >= oldest);
    const from = firstChangedOf(later) ?? Number.POSITIVE_INFINITY;
    for (const snapshot of this.table.snapshots) {
      for (const file of snapshot.files) if (segmentOf(file.rel) >= from) this.clearFile(file);
    }
    this.clearPublished(from);
  }

  private clearPublished(from: number): void {
    const { snapshotDir } = this.context.participants;
    const rel = `${this.name}/${SEGMENTS_DIR}`;
    if (snapshotDir === null || lstatOrNull(this.fs, join(snapshotDir, rel))?.kind !== 'directory') return;
    for (const name of this.fs.readdir(join(snapshotDir, rel))) {
      if (segmentOf(name) >= from) this.clear('snapshots', `${rel}/${name}`);
    }
  }

  private clearFile(file: FileInfo): void {
    this.clear(file.root, file.rel);
  }

  private clear(member: ParticipantName, path: string): void {
    if (this.additions.some((c) => c.member === member && c.path === path)) return;
    const { kind, ino, size, mtimeNs } = this.fs.lstat(join(this.context.participants.base(member), path));
    this.additions.push({ member, path, ino, ...(kind === 'file' && { size, mtimeNs }) });
  }
}

const segmentOf = (path: string): number => segmentIndexOf(basename(path)) ?? -1;

function undoRefusedError(table: string | undefined, problem: string, path?: string): RollbackError {
  return new RollbackError(
    'ERR_UNDO_REFUSED',
    {
      what: `The database is not as the rollback left it: ${problem}`,
      why: 'Undo would mix two histories or destroy what was written since. Nothing was changed',
      next: 'If the rollback is to stay, free what is kept with `litt-rollback purge`',
    },
    { table, path },
  );
}

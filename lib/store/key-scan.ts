/**
 * The forward scan over the raw bytes of a key file: one tight loop that skips from record to record and keeps
 * only what it needs: how many records there were, how far the values of each shard reach, which group is open,
 * the first fault, and (for an unsealed segment) what sealing would drop.
 *
 * No object per record: a regular record never leaves the loop of skip(); the others are judged one by one.
 */
import {
  ADDRESS_SIZE,
  type Address,
  addressAt,
  KIND,
  RECORD_OVERHEAD,
  roomFor,
} from '../format/key-records.ts';
import { ScanFindings, type ScanRules } from './scan-findings.ts';

const NO_GROUP = -1;

/**
 * The first records are skipped in steps of so many bytes: the compiler, which takes the loop over in the
 * middle of a run, then knows the way out of it. Without that it has to start over several times.
 */
const STEP = 1024;
const WARM = 2000;

/** The state of a scan; feed it bytes in file order, then finish(). */
export class KeyScan {
  /** Whole records met so far. */
  records = 0;
  /** Largest value end of the records kept so far, by shard (bytes). */
  readonly shardEnds: Float64Array;
  readonly findings = new ScanFindings();
  /** Where the records of the last view begin, oldest first; as many as `records` went up by. */
  offsets = new Int32Array(0);

  private readonly rules: ScanRules;
  private readonly sizes: Float64Array;
  private firstFed = 0;
  private groupStart = NO_GROUP;
  private groupRecord = 0;
  private groupBad = false;
  private groupShard = 0;
  private groupEnd = 0;
  /** Value ends of an open group's records that lie in another shard than its primary: only in odd files. */
  private groupElsewhere: [number, number][] = [];

  constructor(rules: ScanRules) {
    this.rules = rules;
    this.shardEnds = new Float64Array(rules.shardingFactor);
    this.sizes = new Float64Array(rules.shardingFactor);
    for (let s = 0; s < rules.shardingFactor; s++) {
      this.sizes[s] = rules.valueSizes === null ? Number.POSITIVE_INFINITY : (rules.valueSizes[s] ?? 0);
    }
  }

  /** A copy from which a scan can continue later; the ranges dropped so far are not copied. */
  fork(): KeyScan {
    const copy = new KeyScan(this.rules);
    copy.records = this.records;
    copy.findings.droppedRecords = this.findings.droppedRecords;
    copy.shardEnds.set(this.shardEnds);
    copy.groupStart = this.groupStart;
    copy.groupRecord = this.groupRecord;
    copy.groupBad = this.groupBad;
    copy.groupShard = this.groupShard;
    copy.groupEnd = this.groupEnd;
    copy.groupElsewhere = [...this.groupElsewhere];
    return copy;
  }

  /**
   * Scans whole records in the bytes [from, to) of a view.
   * @param base file offset of the view's first byte
   * @returns position after the last whole record
   */
  feed(view: DataView, from: number, to: number, base: number): number {
    this.firstFed = this.records;
    if (this.offsets.length < roomFor(to - from)) this.offsets = new Int32Array(roomFor(to - from));
    for (let at = from; ; ) {
      if (!this.groupIsOdd)
        at = this.skip(view, at, this.records < WARM ? Math.min(to, at + STEP) : to, base);
      if (at + RECORD_OVERHEAD > to) return at;
      const next = at + RECORD_OVERHEAD + view.getUint16(at + 1);
      if (next > to) return at;
      this.offsets[this.records - this.firstFed] = at;
      this.judge(view.getUint8(at), addressAt(view, next - ADDRESS_SIZE), base + at, base + next);
      this.records++;
      at = next;
    }
  }

  /**
   * The tight loop: it continues as long as every record is where it belongs in its group, its value is in its
   * shard's file, and all members of a group are in one shard. Returns where the first other record begins.
   */
  private skip(view: DataView, from: number, to: number, base: number): number {
    const { segment, shardingFactor } = this.rules;
    const { sizes, shardEnds, offsets, firstFed, groupStart, groupRecord } = this;
    // Hot; and a DataView is read faster than a Uint8Array.
    const overhead = RECORD_OVERHEAD;
    const addressSize = ADDRESS_SIZE;
    const last = to - overhead;
    let shard = this.groupShard;
    let size = sizes[shard] ?? -1;
    /** 1 inside a group, else 0: half of the kind that the next record must have. */
    let open = groupStart === NO_GROUP ? 0 : 1;
    /** How far the shard's values reach; and how far without the open group, whose first record is `group`. */
    let before = shardEnds[shard] ?? 0;
    let reach = Math.max(before, open * this.groupEnd);
    let group = NO_GROUP;
    let n = this.records - firstFed;
    let at = from;
    while (at <= last) {
      const next = at + overhead + view.getUint16(at + 1);
      if (next > to) break;
      const address = next - addressSize;
      const kind = view.getUint8(at);
      const end = view.getUint32(address + 4) + view.getUint32(address + 9);
      const named = view.getUint8(address + 8);
      if (named !== shard || end > size || view.getUint32(address) !== segment || kind >> 1 !== open) {
        if (open === 1 || named === shard || named >= shardingFactor) break;
        shardEnds[shard] = reach;
        shard = named;
        size = sizes[shard] as number;
        reach = shardEnds[shard] as number;
        continue; // the same record, now by its own shard
      }
      if (open === 0) {
        before = reach;
        group = n;
      }
      open ^= kind & 1;
      if (end > reach) reach = end;
      offsets[n++] = at;
      at = next;
    }
    this.records = firstFed + n;
    this.groupShard = shard;
    this.groupEnd = reach;
    shardEnds[shard] = open === 1 ? before : reach;
    // Without branches, so that no way out of here is new to the compiler.
    const start = base + (offsets[Math.max(group, 0)] as number);
    const record = firstFed + group;
    this.groupStart = open === 0 ? NO_GROUP : group === NO_GROUP ? groupStart : start;
    this.groupRecord = group === NO_GROUP ? groupRecord : record;
    return at;
  }

  /** Whether the open group has a member that the tight loop cannot judge. */
  private get groupIsOdd(): boolean {
    return this.groupStart !== NO_GROUP && (this.groupBad || this.groupElsewhere.length > 0);
  }

  /** Judges one record of any kind. */
  private judge(kind: number, address: Address, start: number, end: number): void {
    const { shard } = address;
    const bad = this.oddAddress(start, address);
    if (kind === KIND.standalone || kind === KIND.primary) {
      this.finish(start);
      if (kind === KIND.standalone) {
        if (bad) this.findings.drop(start, end, this.records, 1);
        else this.widen(shard, address.end);
        return;
      }
      this.groupStart = start;
      this.groupRecord = this.records;
      this.groupBad = bad;
      this.groupShard = shard;
      this.groupEnd = address.end;
    } else if (kind === KIND.secondary || kind === KIND.lastSecondary) {
      if (this.groupStart === NO_GROUP) this.stray(start, end);
      else this.judgeMember(address, bad, kind === KIND.lastSecondary ? end : null);
    } else {
      this.oddKind(start, end, kind);
    }
  }

  /** @param groupEnd where the group ends with this member; null when it continues */
  private judgeMember(address: Address, bad: boolean, groupEnd: number | null): void {
    if (bad) this.groupBad = true;
    if (address.shard !== this.groupShard) this.groupElsewhere.push([address.shard, address.end]);
    else if (address.end > this.groupEnd) this.groupEnd = address.end;
    if (groupEnd !== null) this.closeGroup(groupEnd);
  }

  private closeGroup(end: number): void {
    if (this.groupBad) {
      this.findings.drop(this.groupStart, end, this.groupRecord, this.records + 1 - this.groupRecord);
    } else {
      this.widen(this.groupShard, this.groupEnd);
      for (const [shard, reach] of this.groupElsewhere) this.widen(shard, reach);
    }
    this.groupElsewhere = [];
    this.groupStart = NO_GROUP;
    this.groupBad = false;
  }

  private widen(shard: number, end: number): void {
    if (end > (this.shardEnds[shard] ?? Number.POSITIVE_INFINITY)) this.shardEnds[shard] = end;
  }

  /** Ends the scan, or the open group, at file offset `end`: that group was never closed. */
  finish(end: number): void {
    if (this.groupStart === NO_GROUP) return;
    const { groupStart, groupRecord } = this;
    this.groupStart = NO_GROUP;
    this.groupBad = false;
    this.groupElsewhere = [];
    if (this.rules.sealing) this.findings.drop(groupStart, end, groupRecord, this.records - groupRecord);
    else this.findings.fault('ERR_GROUP', groupStart, groupRecord, 'its group has no last secondary');
  }

  /** Returns whether the record's group must be dropped. */
  private oddAddress(offset: number, { segment, shard, end }: Address): boolean {
    const { rules } = this;
    const fault = (problem: string): void =>
      this.findings.fault('ERR_ADDRESS', offset, this.records, problem);
    if (shard >= rules.shardingFactor) {
      fault(`names shard ${shard}, but the segment has ${rules.shardingFactor}`);
      return rules.sealing;
    }
    const isMissing = end > (this.sizes[shard] as number);
    if (isMissing && !rules.sealing) {
      fault(`its value ends at byte ${end} of shard ${shard}, whose file ends at ${this.sizes[shard]}`);
    }
    // Values are checked only if the whole address is.
    if (segment !== rules.segment && rules.valueSizes !== null) fault(`its address names segment ${segment}`);
    return isMissing && rules.sealing;
  }

  /** An unknown kind also ends the open group. */
  private oddKind(start: number, end: number, kind: number): void {
    this.finish(start);
    this.findings.fault('ERR_KEY_RECORD', start, this.records, `record kind ${kind} does not exist`);
    if (this.rules.sealing) this.findings.drop(start, end, this.records, 1);
  }

  private stray(start: number, end: number): void {
    if (this.rules.sealing) this.findings.drop(start, end, this.records, 1);
    else this.findings.fault('ERR_GROUP', start, this.records, 'a secondary without a primary before it');
  }
}

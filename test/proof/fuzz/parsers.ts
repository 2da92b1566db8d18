/** Mutated input for everything that reads bytes, texts or documents which others may have written. */

import { RollbackError } from '../../../lib/errors.ts';
import { fleetMistakesError, type Mistake } from '../../../lib/fleet/fleet-mistakes.ts';
import { fleetSchema } from '../../../lib/fleet/fleet-schema.ts';
import { shapeOf } from '../../../lib/fleet/fleet-shape.ts';
import { parseFleetTree } from '../../../lib/fleet/fleet-tree.ts';
import { parseBoundary } from '../../../lib/format/boundary.ts';
import { decodeChecksummed, encodeChecksummed } from '../../../lib/format/checksummed-json.ts';
import { isTableName, parseSegmentFileName } from '../../../lib/format/file-names.ts';
import { parseLockText } from '../../../lib/format/lock-text.ts';
import { decodeMetadata } from '../../../lib/format/metadata.ts';
import { formatKey, parseHex } from '../../../lib/format/printable.ts';
import { parseRfc3339 } from '../../../lib/format/rfc3339.ts';
import { parseWatermark } from '../../../lib/format/watermark.ts';
import { parsePlan } from '../../../lib/plan/schema.ts';
import { KeyScan } from '../../../lib/store/key-scan.ts';
import { viewOf } from '../../../lib/store/reading.ts';
import type { RollbackPlan } from '../../../lib/types.ts';
import { addCount } from '../../../scripts/rows.ts';
import { group, metadata, readMetadata, readRecords } from '../../helpers/bytes.ts';
import { Random } from '../random.ts';
import { mutateBytes, mutateJson } from './mutate.ts';
import { tryPebble } from './pebble.ts';
import type { Report } from './report.ts';

/** One kind of input. */
export interface ParserTarget {
  readonly name: string;
  /** Share of all inputs, in parts of a thousand. */
  readonly share: number;
  /** Parses one input; returns what is wrong with the answer, or null. */
  readonly tryOne: (random: Random) => string | null;
}

const META = [3, 4].map((version) =>
  metadata({
    version,
    shards: 3,
    timestamp: 1_750_000_000_000_000_000n,
    count: 9,
    sealed: true,
    compression: 0,
  }),
);

const KEYS = Buffer.concat(
  [0, 2, 5, 0, 1].map((secondaries, i) =>
    group(
      4,
      Array.from({ length: secondaries + 1 }, (_, k) => ({
        key: Buffer.from(`key ${i} ${'x'.repeat(k * 3)}`),
        offset: i * 50,
        shard: i % 3,
        size: 50 - k,
      })),
    ),
  ),
);

const TEXTS: readonly string[] = [
  'PID: 4711\nTimestamp: 2026-01-02T03:04:05Z\n',
  '4294967295\n',
  ' 17 ',
  '12-3.values',
  '7.metadata.swap',
  '2026-11-25T18:00:00.123+01:00',
  '0x0a0b',
];

function metadataTarget(random: Random): string | null {
  const bytes = mutateBytes(random, random.pick(META));
  const ours = answerOf(() => decodeMetadata(bytes));
  if (ours === undefined) return null;
  // Whatever was accepted must be what the format's description reads in it.
  const theirs = readMetadata(bytes);
  return ours.keyCount === theirs.count && ours.sealed === theirs.sealed ? null : 'read as something else';
}

/** Answer, or undefined for a typed refusal. */
function answerOf<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RollbackError && error.kind !== 'defect') return undefined;
    throw error;
  }
}

function keysTarget(random: Random): string | null {
  const bytes = mutateBytes(random, KEYS);
  const sealing = random.chance(50);
  const shardingFactor = 1 + random.below(4);
  const valueSizes = random.chance(50)
    ? Array.from({ length: shardingFactor }, () => random.below(300))
    : null;
  const scan = new KeyScan({ segment: 4, shardingFactor, valueSizes, sealing });
  const end = scan.feed(viewOf(bytes), 0, bytes.length, 0);
  scan.finish(end);
  const records = readRecords(bytes);
  if (scan.records !== records.length) return `${scan.records} records instead of ${records.length}`;
  if (end !== (records.at(-1)?.end ?? 0)) return `ends at ${end}`;
  if (scan.findings.droppedRecords > scan.records) return 'more records dropped than there are';
  const dropped = scan.findings.dropped.reduce((sum, r) => sum + r.records, 0);
  return dropped === scan.findings.droppedRecords ? null : 'the dropped ranges do not add up';
}

function textTarget(random: Random): string | null {
  const bytes = mutateBytes(random, Buffer.from(random.pick(TEXTS)));
  const text = bytes.toString(random.chance(50) ? 'utf8' : 'latin1');
  const typed: readonly (() => unknown)[] = [
    () => parseWatermark(bytes),
    () => parseBoundary(bytes),
    () => parseSegmentFileName(text),
    () => parseHex(text),
  ];
  for (const parse of typed) answerOf(parse);
  isTableName(text);
  parseRfc3339(text);
  parseLockText(text);
  // Escapes and line breaks of others must never reach a terminal.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return /[\x00-\x1f\x7f-\x9f]/.test(formatKey(bytes)) ? 'a key is shown with control characters' : null;
}

const FLEETS: readonly string[] = [
  'version: 1\noptions: { max-remove: 25% }\nnodes:\n  - { name: a, home: /data/a, labels: { role: rpc } }\n',
  'version: 1\ntarget: { height: 1027 }\nnodes:\n  - name: "n-{1}"\n    home: data/n-*/.sei\n    expect: 40\n',
  '{"version": 1, "target": {"key": "0a"}, "nodes": [{"name": "b", "src": ["x", "y"], "options": {}}]}',
];

/** Every text is either a fleet file of the right shape, or told with the places of its mistakes. */
function fleetTarget(random: Random): string | null {
  const text = mutateBytes(random, Buffer.from(random.pick(FLEETS))).toString();
  const tree = parseFleetTree(text);
  const mistakes: Mistake[] = [...tree.mistakes];
  if (tree.isWhole) shapeOf(tree, mistakes);
  else if (mistakes.length === 0) return 'it cannot be read, and has no mistake';
  if (mistakes.length === 0) return fleetSchema.safeParse(tree.value).success ? null : 'a wrong shape passed';
  const { details } = fleetMistakesError('fleet.yaml', text, mistakes);
  const unplaced = details.find((detail) => !/^(?:line \d+, column \d+: |and \d+ more)/.test(detail));
  return unplaced === undefined ? null : `without a place: ${unplaced}`;
}

function sealedTarget(random: Random): string | null {
  const value = { id: random.u32(), text: 'x'.repeat(random.below(40)) };
  const whole = encodeChecksummed(value);
  const bytes = mutateBytes(random, whole);
  const read = decodeChecksummed(bytes);
  if (read === null || bytes.equals(whole)) return null;
  return 'a changed document passed as whole';
}

const planTarget =
  (plan: RollbackPlan) =>
  (random: Random): string | null => {
    const forged = mutateJson(random, plan);
    let parsed: RollbackPlan;
    try {
      parsed = parsePlan(forged);
    } catch (error) {
      return Array.isArray((error as { issues?: unknown }).issues) ? null : `untyped: ${String(error)}`;
    }
    const leaving = parsed.tables
      .flatMap((t) => t.steps)
      .find((s) => s.file.path.split('/').includes('..') || s.file.path.startsWith('/'));
    return leaving === undefined ? null : `a path that leaves its root was accepted: ${leaving.file.path}`;
  };

/** Everything that is tried; `plan` is a plan as planning makes it. */
export function parserTargets(plan: RollbackPlan): readonly ParserTarget[] {
  return [
    { name: 'metadata', share: 235, tryOne: metadataTarget },
    { name: 'key records', share: 240, tryOne: keysTarget },
    { name: 'small texts', share: 240, tryOne: textTarget },
    { name: 'pebble files', share: 240, tryOne: tryPebble },
    { name: 'sealed documents', share: 30, tryOne: sealedTarget },
    { name: 'fleet files', share: 5, tryOne: fleetTarget },
    { name: 'plans', share: 10, tryOne: planTarget(plan) },
  ];
}

/** Tries inputs `from` to `to` of one target. */
export function tryParser(
  target: ParserTarget,
  seed: number,
  from: number,
  to: number,
  report: Report,
): void {
  for (let number = from; number < to; number++) {
    const id = `parsers/${target.name}/${number}`;
    let problem: string | null;
    try {
      problem = target.tryOne(new Random(seed, target.name, number));
    } catch (error) {
      problem = `an untyped error: ${String((error as Error).stack).slice(0, 600)}`;
    }
    if (problem !== null) report.findings.push({ id, problem });
  }
  addCount(report.counts, `${target.name}`, Math.max(to - from, 0));
}

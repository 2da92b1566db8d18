/** Tables that are odd in ways that no engine leaves by itself: power cuts, other tools, forgotten roots. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { applyPlan, planRollback } from '../../lib/index.ts';
import { readMetadata } from '../helpers/bytes.ts';
import { oneTable, plainSegment } from '../helpers/probes.ts';
import { rejection } from '../helpers/refusals.ts';
import { removeTempDir } from '../helpers/temp.ts';

/** Two sealed segments of three records each. */
function twoSegments() {
  const { built, records } = oneTable([plainSegment(3), plainSegment(3)]);
  const dir = join(built.roots[0]!, 't');
  const at = (name: string): string => join(dir, 'segments', name);
  const newestOf = (segment: number) => records.find((r) => r.segment === segment)!;
  const key = (segment: number) => Buffer.from(newestOf(segment).key, 'hex');
  const target = (segment: number) => ({ kind: 'key', key: key(segment) }) as const;
  return { built, roots: [...built.roots], dir, at, target };
}

describe('records that only the keymap may still know', () => {
  it('take the keymap with them when a cut by another tool had only the key count left to do', async () => {
    const { built, roots, dir, at, target } = twoSegments();
    const metadata = readFileSync(at('1.metadata'));
    metadata.writeUInt32BE(4, 13);
    writeFileSync(at('1.metadata'), metadata);
    const plan = await planRollback({ roots, target: target(1) });
    expect(plan.tables[0]?.removesKeymap).to.equal(true);
    await applyPlan(plan);
    expect(existsSync(join(dir, 'keymap'))).to.equal(false);
    expect(readMetadata(readFileSync(at('1.metadata'))).count).to.equal(3);
    removeTempDir(built.dir);
  });

  it('go with their newer segment, though its key file is empty', async () => {
    const { built, roots, dir, at, target } = twoSegments();
    truncateSync(at('1.keys'), 0);
    const plan = await planRollback({ roots, target: target(0) });
    expect(plan.tables[0]?.outcome).to.equal('repair');
    await applyPlan(plan);
    expect([existsSync(at('1.metadata')), existsSync(join(dir, 'keymap'))]).to.deep.equal([false, false]);
    expect(readMetadata(readFileSync(at('0.metadata'))).count).to.equal(3);
    const again = await planRollback({ roots, target: target(0) });
    expect(again.tables[0]?.outcome).to.equal('nothing');
    removeTempDir(built.dir);
  });
});

describe('a keymap that the engine would refuse', () => {
  it('is told of as long as it stays', async () => {
    const { built, roots, dir, target } = twoSegments();
    const notices = async (segment: number): Promise<string> => {
      const plan = await planRollback({ roots, target: target(segment), allRoots: true });
      return plan.tables[0]!.notices.join();
    };
    expect(await notices(1)).to.equal('');
    for (const type of ['PebbleDBKeymap\n', '', 'Keymap']) {
      writeFileSync(join(dir, 'keymap', 'keymap-type.txt'), type);
      expect(await notices(1), type).to.contain('without a valid keymap-type.txt: the engine refuses');
    }
    expect(await notices(0), 'it goes').to.equal('');
    const other = join(built.dir, 'other');
    cpSync(roots[0]!, other, { recursive: true });
    rmSync(join(other, 't', 'segments'), { recursive: true });
    mkdirSync(join(other, 't', 'segments'));
    roots.push(other);
    expect(await notices(1)).to.contain('keymap directories in 2 roots: the engine refuses');
    removeTempDir(built.dir);
  });
});

describe('a table with only a fresh segment above 0', () => {
  /** What a root shows that was added, and put first, after the others had been filled: they were forgotten. */
  function freshSegmentOnly() {
    const { built } = oneTable([plainSegment(0)], { first: 7 });
    const at = (name: string): string => join(built.roots[0]!, 't', 'segments', name);
    const metadata = readFileSync(at('7.metadata'));
    metadata.fill(0, 5, 18);
    writeFileSync(at('7.metadata'), metadata);
    for (const shard of [0, 1]) unlinkSync(at(`7-${shard}.values`));
    return {
      built,
      options: { roots: [...built.roots], target: { kind: 'filter', filter: () => true } as const },
    };
  }

  it('is not deleted, and kept with a warning', async () => {
    const { built, options } = freshSegmentOnly();
    const error = await rejection(planRollback({ ...options, onNoMatch: 'delete' }));
    expect(error.code).to.equal('ERR_DELETE_UNCERTAIN');
    const plan = await planRollback({ ...options, onNoMatch: 'keep' });
    expect(plan.tables[0]?.notices.join()).to.match(/the oldest segment is 7 .* root forgotten/);
    removeTempDir(built.dir);
  });
});

describe('an open segment without a record', () => {
  it('is sealed when it is older than the pivot, and left to the engine when it is the newest', async () => {
    const { built, records } = oneTable([plainSegment(1), plainSegment(0), plainSegment(2), plainSegment(0)]);
    const at = (segment: number): string => join(built.roots[0]!, 't', 'segments', `${segment}.metadata`);
    for (const segment of [1, 3]) {
      const metadata = readFileSync(at(segment));
      metadata.fill(0, 5, 18);
      writeFileSync(at(segment), metadata);
    }
    const target = { kind: 'key', key: Buffer.from(records[0]!.key, 'hex') } as const;
    await applyPlan(await planRollback({ roots: [...built.roots], target }));
    const [older, newest] = [1, 3].map((segment) => readMetadata(readFileSync(at(segment))));
    expect([older?.sealed, newest?.sealed]).to.deep.equal([true, false]);
    expect(older?.timestamp).to.not.equal(0n);
    removeTempDir(built.dir);
  });
});

describe('damage in what stays', () => {
  /** Overwrites one byte of a file. */
  function poke(path: string, offset: number, value: number): void {
    const bytes = readFileSync(path);
    bytes.writeUInt8(value, offset);
    writeFileSync(path, bytes);
  }

  it('is found behind a value that is not there, when the walk has passed both', async () => {
    const { built, roots, at } = twoSegments();
    for (const shard of [0, 1]) truncateSync(at(`0-${shard}.values`), 0);
    poke(at('0.keys'), readFileSync(at('0.keys')).length / 3, 3);
    const target = { kind: 'key', key: Buffer.from('ff', 'hex') } as const;
    const error = await rejection(planRollback({ roots, target, onNoMatch: 'keep' }));
    expect([error.code, error.place.segment, error.place.record]).to.deep.equal(['ERR_GROUP', 0, 1]);
    removeTempDir(built.dir);
  });

  it('is refused in an open segment below the watermark, which the engine would seal', async () => {
    const { built, roots, dir, at, target } = twoSegments();
    writeFileSync(join(dir, 'gc-watermark'), '1\n');
    poke(at('0.metadata'), 17, 0);
    poke(at('0.keys'), 0, 9);
    const error = await rejection(planRollback({ roots, target: target(1) }));
    expect([error.code, error.place.segment]).to.deep.equal(['ERR_KEY_RECORD', 0]);
    await applyPlan(await planRollback({ roots, target: target(1), acceptDamage: true }));
    expect(readMetadata(readFileSync(at('0.metadata')))).to.include({ sealed: true, count: 2 });
    removeTempDir(built.dir);
  });
});

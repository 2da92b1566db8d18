import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { readLogIndex } from '../../lib/logindex/read.ts';
import { changeOf } from '../../lib/logindex/rewind.ts';
import { realFs } from '../../lib/store/durable-fs.ts';
import { buildLogIndex, type LogIndexSpec, replay, type Served } from '../helpers/pebble-store.ts';
import { tempDir } from '../helpers/temp.ts';

/** So few blocks that their records fit into one block of a log. */
const spec: fc.Arbitrary<LogIndexSpec> = fc.record({
  newest: fc.integer({ min: 1, max: 150 }),
  oldest: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 170 })),
  end: fc.constantFrom('closed', 'bare', 'torn'),
});

/** What Pebble would serve of a directory. */
function servedOf(dir: string): Served {
  const logs = readdirSync(dir)
    .filter((name) => name.endsWith('.log'))
    .sort()
    .map((name) => ({ number: Number.parseInt(name, 10), bytes: readFileSync(join(dir, name)) }));
  return replay(logs);
}

/** Writes what takes a log-index back, as the step does. */
async function rewind(dir: string, height: number): Promise<boolean> {
  const change = changeOf(await readLogIndex(realFs, dir), BigInt(height));
  if (change === null) return false;
  const path = join(dir, change.name);
  const front = change.from === null ? Buffer.alloc(0) : readFileSync(path).subarray(0, change.keep);
  writeFileSync(path, Buffer.concat([front, change.append]));
  return true;
}

describe('logindex: random indexes, taken back', () => {
  it('hold what they held up to the height, and nothing above it, also when it is done again', async () => {
    const dir = join(tempDir('litt-log-index-'), 'log-index');
    const heights = fc.array(fc.integer({ min: 0, max: 160 }), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(spec, heights, async (drawn, targets) => {
        rmSync(dir, { recursive: true, force: true });
        buildLogIndex(dir, drawn);
        let { newest, oldest } = drawn;
        for (const target of targets) {
          const before = servedOf(dir);
          expect(await rewind(dir, target)).to.equal(target < newest);
          if (target < newest) {
            newest = target;
            oldest = Math.min(oldest, target + 1);
          }
          const served = servedOf(dir);
          expect(served.tags).to.deep.equal(before.tags.filter((height) => height <= newest));
          expect([served.newest, served.oldest ?? 0]).to.deep.equal([newest, oldest]);
          const read = await readLogIndex(realFs, dir);
          expect([read.newest, read.oldest]).to.deep.equal([BigInt(newest), BigInt(oldest)]);
        }
      }),
      { numRuns: 40 },
    );
  });
});

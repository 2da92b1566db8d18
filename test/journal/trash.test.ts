/** What a run has discarded proves what it did, as long as its fence stands: no other run frees it. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { freeTrash } from '../../lib/journal/finish-run.ts';
import { discardArea, makeArea } from '../../lib/store/area.ts';
import { realFs } from '../../lib/store/durable-fs.ts';
import { lowerFence, raiseFence } from '../../lib/store/fence.ts';
import { traceOfOpen } from '../../lib/store/open-transaction.ts';
import { removeTempDir, tempDir } from '../helpers/temp.ts';

const ENDING = '11111111-2222-4333-8444-555555555555';
const OTHER = '22222222-2222-4333-8444-555555555555';

describe('journal: discarded areas', () => {
  it('stay while the fence of their transaction stands, and go with the next run after it', () => {
    const root = tempDir();
    mkdirSync(join(root, 't', 'segments'), { recursive: true });
    for (const id of [ENDING, OTHER]) {
      writeFileSync(join(makeArea(realFs, root, id), 'kept', '0.tail'), 'x');
      discardArea(realFs, root, id);
    }
    raiseFence(realFs, root, { id: ENDING, begunAt: new Date(), roots: [root], snapshotDir: null });
    const trash = (): string[] => readdirSync(join(root, '.litt-rollback'));
    freeTrash(realFs, [root]);
    expect(trash()).to.deep.equal([`trash-${ENDING}`]);
    expect(traceOfOpen(realFs, root)).to.deep.include({ isLost: false });
    lowerFence(realFs, root, ENDING);
    freeTrash(realFs, [root]);
    expect(trash()).to.deep.equal([]);
    removeTempDir(root);
  });
});

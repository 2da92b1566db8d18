/** Claims of a transaction's areas. */
import { expect } from 'chai';
import { Call } from '../../lib/journal/claim.ts';
import { makeArea } from '../../lib/store/area.ts';
import { FaultyFs, isSync } from '../proof/simulator/faulty-fs.ts';
import { MemoryFs } from '../proof/simulator/memory-fs.ts';

const ID = '01234567-89ab-cdef-0123-456789abcdef';
const NODE = 1000;

describe('journal/claim', () => {
  it('belongs to the node, and is not synced: no claim outlives a power cut', () => {
    const inner = new MemoryFs();
    inner.mkdir('/r');
    inner.chown('/r', NODE, NODE);
    const area = makeArea(inner, '/r', ID);
    const fs = new FaultyFs(inner);
    new Call().claimAreas(fs, ['/r'], ID);
    expect(inner.lstat(`${area}/runner.1`).uid).to.equal(NODE);
    expect(fs.ops.filter(isSync)).to.deep.equal([]);
  });
});

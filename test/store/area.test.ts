/** The directories of a transaction: what of them a power cut may take back. */
import { expect } from 'chai';
import { COMMITTED_MARK, makeArea, writeChecksummed } from '../../lib/store/area.ts';
import { crashStates } from '../proof/simulator/crash-states.ts';
import { MemoryFs } from '../proof/simulator/memory-fs.ts';

const ID = '01234567-89ab-cdef-0123-456789abcdef';
const NODE = 1000;

/** A root that belongs to the node, while this program runs as another user. */
function rootOfNode(): MemoryFs {
  const fs = new MemoryFs();
  fs.mkdir('/r');
  fs.chown('/r', NODE, NODE);
  return fs;
}

describe('store/area', () => {
  it('belongs to the owner of its root after every power cut behind the first mark, every directory of it', () => {
    const fs = rootOfNode();
    const log = fs.record();
    const area = makeArea(fs, '/r', ID);
    writeChecksummed(fs, area, COMMITTED_MARK, { id: ID });
    const states = [...crashStates(log, log.ops.length, { sample: 20, seed: 1 })];
    for (const state of states) {
      for (const path of ['/r/.litt-rollback', area, `${area}/kept`, `${area}/${COMMITTED_MARK}`]) {
        expect(state.lstat(path).uid, path).to.equal(NODE);
      }
    }
  });
});

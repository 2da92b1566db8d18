/** Reads a key file forward in blocks that the caller aligns with records. */
import { MAX_RECORD_SIZE } from '../format/key-records.ts';
import type { DurableFs } from './durable-fs.ts';
import { readFully, viewOf } from './reading.ts';

/** Bytes of one block, the unit of reading. */
export const DEFAULT_BLOCK_BYTES = 256 * 1024;

/** One pass over the first `size` bytes of a key file. The buffer is reused for every block. */
export class BlockReader {
  /** Start of the present block: file offset. */
  offset = 0;
  buffer: Buffer;
  view: DataView;

  constructor(
    private readonly path: string,
    private readonly size: number,
    blockBytes: number = DEFAULT_BLOCK_BYTES,
  ) {
    this.buffer = Buffer.allocUnsafeSlow(Math.min(blockBytes, Math.max(size, 1)));
    this.view = viewOf(this.buffer);
  }

  /**
   * Reads the block at `offset`; returns its length, 0 at the end.
   * @throws RollbackError ERR_IO, ERR_CHANGED_WHILE_READING
   */
  read(fs: DurableFs, fd: number): number {
    const want = Math.min(this.buffer.length, this.size - this.offset);
    return want === 0 ? 0 : readFully(fs, fd, this.path, this.buffer, this.offset, want);
  }

  /**
   * Continues after the whole records of the block.
   * @param got the block's length
   * @param used how many bytes of it whole records take
   * @returns false at the end of the file
   */
  advance(got: number, used: number): boolean {
    if (used > 0) {
      this.offset += used;
      return this.offset < this.size;
    }
    // A record longer than the block: reads more, once; a record that is still torn then is really torn.
    const canGrow = this.buffer.length < MAX_RECORD_SIZE && this.offset + got < this.size;
    if (!canGrow) return false;
    this.buffer = Buffer.allocUnsafeSlow(MAX_RECORD_SIZE);
    this.view = viewOf(this.buffer);
    return true;
  }
}

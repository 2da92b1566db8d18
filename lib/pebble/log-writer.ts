/** Writes a log: records in chunks, then the trailer. Holds one block. */
import { storedCrc } from './crc.ts';
import { BLOCK_BYTES, LOG_HEADER, lowHalf } from './record-reader.ts';

/** Types of chunks with the log's number. */
const FULL = 5;
const FIRST = 6;
const MIDDLE = 7;
const LAST = 8;

/** A log that is being written. */
export class LogWriter {
  private readonly block = Buffer.alloc(BLOCK_BYTES);
  /** Where the next chunk begins in the block. */
  private chunk: number;
  /** Where the next byte of payload goes. */
  private at: number;
  /** Bytes of the block that were handed on, or that the file has already. */
  private written: number;
  private isContinued = false;

  /**
   * @param number of the log
   * @param write takes the next bytes of the file; they are good only during the call
   * @param position where the file goes on, behind a whole chunk (bytes)
   */
  constructor(
    private readonly number: number,
    private readonly write: (bytes: Buffer) => void,
    position = 0,
  ) {
    this.chunk = position % BLOCK_BYTES;
    this.at = this.chunk;
    this.written = this.chunk;
  }

  /** Begins a record. */
  begin(): void {
    this.isContinued = false;
    this.makeRoom();
    this.at = this.chunk + LOG_HEADER;
  }

  /** Adds bytes to the record. */
  add(bytes: Uint8Array): void {
    let done = 0;
    while (done < bytes.length) {
      if (this.at === BLOCK_BYTES) this.continueInNextBlock();
      const some = Math.min(bytes.length - done, BLOCK_BYTES - this.at);
      this.block.set(bytes.subarray(done, done + some), this.at);
      this.at += some;
      done += some;
    }
  }

  /** Ends the record. */
  end(): void {
    this.seal(this.isContinued ? LAST : FULL, this.number);
    if (this.at === BLOCK_BYTES) this.nextBlock();
    else this.chunk = this.at;
  }

  /** Writes a whole record. */
  record(payload: Uint8Array): void {
    this.begin();
    this.add(payload);
    this.end();
  }

  /** Writes the trailer: the log is then closed cleanly. */
  close(): void {
    this.makeRoom();
    this.block.fill(0, this.chunk, this.chunk + LOG_HEADER);
    this.block[this.chunk + 6] = FULL;
    this.block.writeUInt32LE(lowHalf(this.number + 1), this.chunk + 7);
    this.at = this.chunk + LOG_HEADER;
    this.flush();
  }

  /** The end of a block that is too short for a header stays empty. */
  private makeRoom(): void {
    if (BLOCK_BYTES - this.chunk >= LOG_HEADER) return;
    this.block.fill(0, this.chunk);
    this.at = BLOCK_BYTES;
    this.nextBlock();
  }

  private continueInNextBlock(): void {
    this.seal(this.isContinued ? MIDDLE : FIRST, this.number);
    this.isContinued = true;
    this.nextBlock();
    this.at = LOG_HEADER;
  }

  private seal(type: number, number: number): void {
    const { block, chunk, at } = this;
    block[chunk + 6] = type;
    block.writeUInt16LE(at - chunk - LOG_HEADER, chunk + 4);
    block.writeUInt32LE(lowHalf(number), chunk + 7);
    block.writeUInt32LE(storedCrc(block, chunk + 6, at), chunk);
  }

  private nextBlock(): void {
    this.flush();
    this.chunk = 0;
    this.at = 0;
    this.written = 0;
  }

  private flush(): void {
    this.write(this.block.subarray(this.written, this.at));
    this.written = this.at;
  }
}

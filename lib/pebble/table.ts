/** Tables: the footer, the properties, and the first block of data. */
import { type BlockHandle, type ByteSource, entriesOf, readBlock, readHandle } from './block.ts';
import { Cursor } from './cursor.ts';
import { COMPARER } from './options.ts';
import { PebbleRefusal } from './refusal.ts';

/** Checksum type, two handles, version, magic (bytes). */
const FOOTER_BYTES = 53;
const FOOTER = { checksum: 0, handles: 1, version: 41, magic: 45 } as const;
const MAGIC = Buffer.from('f09faab3f09faab3', 'hex');
const CRC32C = 1;
/** Newer formats keep keys in columns. */
const MAX_FORMAT = 4;
/** From this format on a value begins with a byte that says where it is. */
const FIRST_WITH_PREFIX = 3;
/** These bits of it: the value lies elsewhere. */
const ELSEWHERE = 0xc0;
/** An index of two levels; 0 is one of one. */
const TWO_LEVELS = 2;
const KEY_TRAILER = 8;
/** More entries than any table of properties has. */
const MAX_PROPERTIES = 1000;

const PROPERTIES = 'rocksdb.properties';
const INDEX_TYPE = 'rocksdb.block.based.table.index.type';

interface Footer {
  readonly format: number;
  readonly metaIndex: BlockHandle;
  readonly index: BlockHandle;
}

/** A key of a table. */
export interface TableEntry {
  readonly key: Buffer;
  readonly sequence: number;
  readonly kind: number;
  /** Of a set; empty for other kinds. */
  readonly value: Buffer;
}

function readFooter(source: ByteSource): Footer {
  if (source.size < FOOTER_BYTES) throw refusal('table shorter than its footer');
  const bytes = source.read(source.size - FOOTER_BYTES, FOOTER_BYTES);
  if (!bytes.subarray(FOOTER.magic).equals(MAGIC)) throw refusal('table magic');
  const format = bytes.readUInt32LE(FOOTER.version);
  if (format < 1 || format > MAX_FORMAT) throw refusal('table format version');
  if (bytes[FOOTER.checksum] !== CRC32C) throw refusal('table checksum type');
  const cursor = new Cursor(bytes, 'table-files', FOOTER.handles, FOOTER.version);
  return { format, metaIndex: readHandle(cursor), index: readHandle(cursor) };
}

/** A table whose footer and properties were read. */
export class Table {
  private constructor(
    private readonly source: ByteSource,
    private readonly footer: Footer,
    private readonly properties: ReadonlyMap<string, Buffer>,
  ) {}

  /** @throws PebbleRefusal table-files */
  static open(source: ByteSource): Table {
    const footer = readFooter(source);
    const meta = propertiesIn(readBlock(source, footer.metaIndex, 'meta'));
    const handle = meta.get(PROPERTIES);
    if (handle === undefined) throw refusal('table without properties');
    const place = readHandle(new Cursor(handle, 'table-files'));
    const properties = propertiesIn(readBlock(source, place, 'meta'));
    if (properties.get('rocksdb.comparator')?.toString('latin1') !== COMPARER) throw refusal('comparer');
    return new Table(source, footer, properties);
  }

  /**
   * A count among the properties; null where it is absent.
   * @throws PebbleRefusal table-files
   */
  count(name: string): number | null {
    const bytes = this.properties.get(name);
    return bytes === undefined ? null : new Cursor(bytes, 'table-files').varint();
  }

  /**
   * The entries of the first block of data, in order.
   * @throws PebbleRefusal table-files
   */
  firstEntries(): TableEntry[] {
    let block = this.firstOf(this.footer.index);
    if (this.properties.get(INDEX_TYPE)?.[0] === TWO_LEVELS) block = this.firstOf(block);
    const entries: TableEntry[] = [];
    for (const { key, value } of entriesOf(readBlock(this.source, block, 'data'))) {
      if (key.length < KEY_TRAILER) throw refusal('a key without its trailer');
      const at = key.length - KEY_TRAILER;
      const trailer = key.readBigUInt64LE(at);
      const sequence = Number(trailer >> 8n);
      if (!Number.isSafeInteger(sequence)) throw refusal('sequence number of a key');
      const kind = Number(trailer & 0xffn);
      entries.push({ key: key.subarray(0, at), sequence, kind, value: this.valueOf(value) });
    }
    return entries;
  }

  /** Only a set has a value. */
  private valueOf(value: Buffer): Buffer {
    if (this.footer.format < FIRST_WITH_PREFIX || value.length === 0) return value;
    if (((value[0] as number) & ELSEWHERE) !== 0) throw refusal('a value that lies elsewhere');
    return value.subarray(1);
  }

  /** The first handle in a block of the index. */
  private firstOf(index: BlockHandle): BlockHandle {
    const [first] = entriesOf(readBlock(this.source, index, 'data'));
    if (first === undefined) throw refusal('table without an index');
    return readHandle(new Cursor(first.value, 'table-files'));
  }
}

function propertiesIn(block: Buffer): Map<string, Buffer> {
  const properties = new Map<string, Buffer>();
  for (const { key, value } of entriesOf(block)) {
    if (properties.size >= MAX_PROPERTIES) throw refusal('too many properties');
    properties.set(key.toString('latin1'), value);
  }
  return properties;
}

function refusal(found: string): PebbleRefusal {
  return new PebbleRefusal('table-files', found);
}

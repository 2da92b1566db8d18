/** The bar that shows how the bytes of a table are spread. */
import { allocate } from './bar.ts';
import type { SegmentReport, TableReport } from './inspect-report.ts';
import type { Paint } from './paint.ts';

type Part = 'even' | 'odd' | 'open' | 'collected' | 'incomplete';

const GLYPHS: Record<Part, string> = { even: '█', odd: '▓', open: '▒', collected: '░', incomplete: '·' };
const WORDS: Partial<Record<Part, string>> = {
  open: 'not sealed',
  collected: 'below the watermark',
  incomplete: 'incomplete',
};

interface Stretch {
  part: Part;
  bytes: number;
}

/** The bar and what its shades mean. */
export interface BytesBar {
  readonly bar: string;
  /** One text for each meaning, as it is to be printed. */
  readonly legend: readonly string[];
  /** Columns of the legend with three between its texts; colours take none. */
  readonly legendWidth: number;
}

/**
 * A bar of about `cells` cells, oldest segment left; neighbours differ in shade. With more segments than cells,
 * neighbours share a shade, and the legend says how many. Null for a table without a byte.
 */
export function bytesBar(table: TableReport, cells: number, paint: Paint): BytesBar | null {
  const incomplete = (end: 'lowest' | 'highest'): Stretch[] =>
    table.orphans.filter((o) => o.end === end).map(({ bytes }) => ({ part: 'incomplete', bytes }));
  const each = Math.max(1, Math.ceil(withBytes(table).length / Math.floor(cells / 2)));
  const stretches = [...incomplete('lowest'), ...segmentStretches(table, each), ...incomplete('highest')];
  const filled = stretches.filter((s) => s.bytes > 0);
  if (filled.length === 0) return null;
  const sizes = allocate(
    filled.map((s) => s.bytes),
    cells,
  );
  const bar = filled.map(({ part }, i) => colour(part, GLYPHS[part].repeat(sizes[i]!), paint)).join('');
  const has = (part: Part): boolean => filled.some((s) => s.part === part);
  const words = (Object.entries(WORDS) as [Part, string][]).filter(([part]) => has(part));
  const shades = shadesText(has('even'), has('odd'), each);
  const plain = [...shades, ...words.map(([part, word]) => `${GLYPHS[part]} ${word}`)];
  const painted = words.map(([part, word]) => `${colour(part, GLYPHS[part], paint)} ${word}`);
  return { bar, legend: [...shades, ...painted], legendWidth: plain.join('   ').length };
}

/** What the two shades of segments that are served mean. */
function shadesText(hasEven: boolean, hasOdd: boolean, each: number): string[] {
  if (!hasEven && !hasOdd) return [];
  const glyphs = [hasEven ? GLYPHS.even : '', hasOdd ? GLYPHS.odd : ''].filter((glyph) => glyph !== '');
  const amount = each === 1 ? 'one segment' : `${each} segments`;
  return [`${glyphs.join(' ')} ${amount}${glyphs.length === 2 ? ' each' : ''}`];
}

function colour(part: Part, text: string, paint: Paint): string {
  if (part === 'open' || part === 'incomplete') return paint.warn(text);
  return part === 'collected' ? paint.quiet(text) : text;
}

/** `each` segments share a shade; segments that are unsealed or no longer served show that instead. */
function segmentStretches(table: TableReport, each: number): Stretch[] {
  const stretches: Stretch[] = [];
  withBytes(table).forEach(({ segment, sealed, keyBytes, valueBytes }, i) => {
    const shade: Part = Math.floor(i / each) % 2 === 0 ? 'even' : 'odd';
    const part = !sealed ? 'open' : segment < (table.watermark ?? 0) ? 'collected' : shade;
    const bytes = keyBytes + valueBytes;
    const last = stretches.at(-1);
    if (last?.part === part) last.bytes += bytes;
    else stretches.push({ part, bytes });
  });
  return stretches;
}

const withBytes = ({ segments }: TableReport): readonly SegmentReport[] =>
  segments.filter((s) => s.keyBytes + s.valueBytes > 0);

/** Records in columns, a line for each: all of them, or those that fit on a terminal. */
import { toHex } from '../format/printable.ts';
import type { RecordView } from '../read/database-reader.ts';
import { keyText, kindName } from './record-text.ts';
import { printable } from './text.ts';

/** The columns of one list. */
export interface RecordColumns {
  readonly headings: string;
  /** @param label what the key means; null where no schema tells */
  line(record: RecordView, label: string | null): string;
  /** Whether a line lacks a part of what it could show. */
  readonly isShortened: boolean;
}

/**
 * Every column, whatever the width: as files and programs get them.
 * @param hasMeaning whether a schema tells what keys mean
 */
export function allColumns(hasMeaning: boolean): RecordColumns {
  const meaning = (text: string): string => (hasMeaning ? `${text.padEnd(24)}  ` : '');
  return {
    headings: `segment     record  kind            shard      offset        size  ${meaning('meaning')}key`,
    line: ({ segment, record, kind, address, key }, label) => {
      const position = `${String(segment).padStart(7)} ${String(record).padStart(10)}`;
      const { shard, offset, valueSize } = address;
      const value = `${String(shard).padStart(5)} ${String(offset).padStart(11)} ${String(valueSize).padStart(11)}`;
      return `${position}  ${kindName(kind).padEnd(15)} ${value}  ${meaning(printable(label ?? ''))}${keyText(key)}`;
    },
    isShortened: false,
  };
}

/** Columns that a line of all columns needs when its key is a hash. */
const WIDE = 160;

/** The columns for a terminal: without addresses, and long keys by their two ends, where it is not wide enough. */
export function terminalColumns(hasMeaning: boolean, width: number): RecordColumns {
  if (width >= WIDE) return allColumns(hasMeaning);
  const meaning = (text: string): string =>
    hasMeaning ? `${elided(text, MEANING, MEANING - 1).padEnd(MEANING)}  ` : '';
  const lead = (segment: string, record: string, kind: string): string =>
    `${segment.padStart(7)} ${record.padStart(9)}  ${kind.padEnd(14)}  `;
  const room = Math.max(width - lead('', '', '').length - meaning('').length, 17);
  let isShortened = false;
  return {
    headings: `${lead('segment', 'record', 'kind')}${meaning('meaning')}key`,
    line: ({ segment, record, kind, key }, label) => {
      const words = keyText(key);
      const hex = toHex(key);
      const shown = words.length <= room ? words : elided(hex, room, Math.ceil((room - 1) / 2));
      if (shown.includes('…')) isShortened = true;
      const text = meaning(printable(label ?? ''));
      return `${lead(String(segment), String(record), kindName(kind))}${text}${shown}`;
    },
    get isShortened() {
      return isShortened;
    },
  };
}

/** Columns of what a key means. */
const MEANING = 20;

/** A text of at most `room` columns: its first `head` ones, and its end. */
function elided(text: string, room: number, head: number): string {
  if (text.length <= room) return text;
  const tail = room - 1 - head;
  return `${text.slice(0, head)}…${tail > 0 ? text.slice(-tail) : ''}`;
}

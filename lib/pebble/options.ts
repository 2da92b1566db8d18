/** The OPTIONS file: what it must say for the other files to be what these parsers expect. */
import { PebbleRefusal } from './refusal.ts';

/** An OPTIONS file has some kilobytes (bytes). */
export const MAX_OPTIONS_BYTES = 1024 * 1024;

/** Pebble orders keys by their bytes under this name. */
export const COMPARER = 'leveldb.BytewiseComparator';

/** Lines that must stand there exactly once, by section. */
const REQUIRED: readonly (readonly [section: string, key: string, value: string])[] = [
  ['Version', 'pebble_version', '0.1'],
  ['Options', 'comparer', COMPARER],
  ['Options', 'merger', 'pebble.concatenate'],
  ['Options', 'wal_dir', ''],
  ['Options', 'disable_wal', 'false'],
];

/** Logs may then lie in another directory. */
const FAILOVER = 'WAL Failover';

/**
 * Refuses options under which the directory could mean something else.
 * @throws PebbleRefusal options
 */
export function refuseOtherOptions(text: string): void {
  const found = new Map<string, string[]>();
  let section = '';
  for (const line of text.split('\n').map((l) => l.trim())) {
    const heading = /^\[(.*)\]$/.exec(line)?.[1];
    if (heading !== undefined) {
      section = heading;
      if (section === FAILOVER) throw new PebbleRefusal('options', `there is a section ${FAILOVER}`);
      continue;
    }
    const equals = line.indexOf('=');
    if (equals < 0) continue;
    const key = `${section}/${line.slice(0, equals).trim()}`;
    found.set(key, [...(found.get(key) ?? []), line.slice(equals + 1).trim()]);
  }
  for (const [where, key, value] of REQUIRED) {
    const values = found.get(`${where}/${key}`) ?? [];
    if (values.length === 1 && values[0] === value) continue;
    const says = values.length === 0 ? 'is missing' : `is ${values.join(' and ')}`;
    throw new PebbleRefusal('options', `${key} ${says}, not ${value === '' ? 'empty' : value}`);
  }
}

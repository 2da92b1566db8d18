/**
 * The text of a fleet file as plain data, with the place of each key and value. YAML 1.2 without what lets a file say
 * more than it shows: aliases, merge keys, tags, several documents. JSON is a part of it.
 */
import { isAlias, isCollection, isMap, isScalar, isSeq, parseDocument, type YAMLParseError } from 'yaml';
import type { Mistake } from './fleet-mistakes.ts';
import { placeIn } from './fleet-mistakes.ts';

/** The way to a value: keys of mappings, and indexes of lists. */
export type FleetPath = readonly PropertyKey[];

/** Where a value stands, and how a scalar is written there. */
export interface Spot {
  /** Indexes into the text: of the key, or of the value where it has none. */
  readonly key: number;
  readonly value: number;
  /** As it stands in the file; null for a mapping or list, and for what is not there. */
  readonly written: string | null;
  /** Whether it stands in quotes. */
  readonly isQuoted: boolean;
}

/** A fleet file as data. */
export interface FleetTree {
  readonly value: unknown;
  /** The spot of a value; of what holds it, where it is not there. */
  spot(path: FleetPath): Spot;
  /** Whether the value, or what holds it, was told as a mistake already. */
  isTold(path: FleetPath): boolean;
  readonly mistakes: readonly Mistake[];
  /** False where the text is so wrong that the data says nothing. */
  readonly isWhole: boolean;
}

const TOO_DEEP = 'the values are nested too deep';

/** Levels that values may be nested. The parser calls itself for each, and would run out of stack. */
const MAX_DEPTH = 500;

/** A line of YAML that begins so far to the right may lie that deep. */
const DEEP_LINE = new RegExp(`^[ \\t?:-]{${MAX_DEPTH}}`, 'm');

/** Reads a text as YAML 1.2 or JSON. Mistakes are gathered, not thrown. */
export function parseFleetTree(text: string): FleetTree {
  const reader = new TreeReader(text);
  if (isDeep(text)) return reader.torn(TOO_DEEP);
  try {
    return reader.read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return reader.torn(TOO_DEEP);
  }
}

/** Brackets in quotes and comments count too: a fleet file has a handful. */
function isDeep(text: string): boolean {
  if (DEEP_LINE.test(text)) return true;
  let open = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    open += bracket === '[' || bracket === '{' ? 1 : -1;
    if (open > MAX_DEPTH) return true;
  }
  return false;
}

/** The parser's message, and the plain words for it. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/^Tabs are not allowed/, 'a tab stands in the indentation: use spaces'],
  [/^Source contains multiple documents/, 'a second document begins here: a fleet file holds one'],
  [/ end with a (.)$/, '`$1` is missing'],
  [/^Missing closing .*quote$/, 'the quote that ends a text is missing'],
  [/^Implicit keys need to be on a single line$/, 'this line does not read `key: value`'],
  [/without - indicator$/, 'this line begins neither where the one above begins, nor with `-`'],
];

function plainWords(message: string): string {
  const [pattern, words] = WORDS.find(([source]) => source.test(message)) ?? [null, null];
  if (pattern === null) return message.charAt(0).toLowerCase() + message.slice(1);
  return words.replace('$1', pattern.exec(message)?.[1] ?? '');
}

/** Characters that YAML does not allow; what stands in quotes can name them by an escape. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const UNPRINTABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufffe\uffff]/g;

/** What every reader of YAML takes for the same number. */
const PLAIN_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;

class TreeReader {
  readonly #text: string;
  readonly #mistakes: Mistake[] = [];
  readonly #spots = new Map<string, Spot>();
  readonly #told = new Set<string>();

  constructor(text: string) {
    this.#text = text;
  }

  read(): FleetTree {
    const unprintable = [...this.#text.matchAll(UNPRINTABLE)];
    for (const { index, 0: found } of unprintable) {
      const code = (found.codePointAt(0) ?? 0).toString(16).padStart(4, '0');
      this.#add(index, `the character U+${code.toUpperCase()} may not stand in a fleet file`);
    }
    const document = parseDocument(this.#text, {
      version: '1.2',
      schema: 'core',
      merge: false,
      intAsBigInt: true,
      // Told here, with the place of the first one.
      uniqueKeys: false,
      prettyErrors: false,
      // Not 'silent': with that a second document is passed over.
      logLevel: 'error',
    });
    // Tags are told by the walk, also those that the parser knows.
    const errors = document.errors.filter((e) => e.code !== 'TAG_RESOLVE_FAILED');
    this.#addErrors(errors);
    // After a second document the first still means what it says.
    if (errors.some((e) => e.code !== 'MULTIPLE_DOCS')) return this.#tree(undefined, false);
    const { explicit, version } = document.directives.yaml;
    if (explicit === true && version !== '1.2') {
      this.#add(
        this.#text.search(/^%YAML/m),
        `the file is declared as YAML ${version}: a fleet file is YAML 1.2`,
      );
    }
    if (document.contents === null) return this.torn('the file is empty');
    return this.#tree(this.#walk(document.contents, [], 0), unprintable.length === 0);
  }

  /** What is left of a text that cannot be read. */
  torn(text: string): FleetTree {
    this.#add(0, text);
    return this.#tree(undefined, false);
  }

  /** One for each line: others there follow from the first. */
  #addErrors(errors: readonly YAMLParseError[]): void {
    const lines = new Set<number>();
    for (const { message, pos } of errors) {
      const line = this.#text.lastIndexOf('\n', pos[0] - 1);
      if (!lines.has(line)) this.#add(pos[0], plainWords(message));
      lines.add(line);
    }
  }

  #tree(value: unknown, isWhole: boolean): FleetTree {
    return {
      value,
      spot: (path) => this.#spot(path),
      isTold: (path) =>
        path.some((_, i) => this.#told.has(keyOf(path.slice(0, i + 1)))) || this.#told.has(''),
      mistakes: this.#mistakes,
      isWhole,
    };
  }

  #add(at: number, text: string): void {
    this.#mistakes.push({ at, text });
  }

  /** A mistake that makes its value useless: nothing more is said of that value. */
  #tell(path: FleetPath, at: number, text: string): null {
    this.#told.add(keyOf(path));
    this.#add(at, text);
    return null;
  }

  #spot(path: FleetPath): Spot {
    for (let length = path.length; length > 0; length--) {
      const spot = this.#spots.get(keyOf(path.slice(0, length)));
      if (spot !== undefined) return spot;
    }
    return { key: 0, value: 0, written: null, isQuoted: false };
  }

  #walk(node: unknown, path: FleetPath, key: number): unknown {
    const at = isCollection(node) || isScalar(node) || isAlias(node) ? (node.range?.[0] ?? key) : key;
    const isQuoted = isScalar(node) && node.type !== undefined && node.type !== 'PLAIN';
    const written = isScalar(node) && node.source !== undefined ? node.source : null;
    if (path.length > 0) this.#spots.set(keyOf(path), { key, value: at, written, isQuoted });
    if (isAlias(node))
      return this.#tell(path, at, `*${node.source} is an alias: a fleet file writes each value out`);
    if (!isScalar(node) && !isCollection(node)) return null;
    if (node.anchor !== undefined)
      this.#add(at, `&${node.anchor} is an anchor: a fleet file has no use for one`);
    if (node.tag !== undefined)
      return this.#tell(path, at, 'a tag (`!`) stands here: a fleet file writes plain values');
    if (isMap(node)) return this.#walkMap(node.items, path);
    if (isSeq(node)) return node.items.map((item, i) => this.#walk(item, [...path, i], startOf(item) ?? at));
    return isScalar(node) ? this.#scalar(node.value, path, at, written, isQuoted) : null;
  }

  #walkMap(pairs: readonly { key: unknown; value: unknown }[], path: FleetPath): Record<string, unknown> {
    const map = Object.create(null) as Record<string, unknown>;
    const seen = new Map<string, number>();
    for (const { key, value } of pairs) {
      const at = startOf(key) ?? this.#spot(path).value;
      const name = isScalar(key) && key.tag === undefined ? key.value : null;
      if (typeof name !== 'string') {
        const shown = isScalar(key) && key.source !== undefined ? ` ${key.source}` : '';
        this.#add(at, `a key must be a text: put the key${shown} in quotes, or correct it`);
      } else if (name === '__proto__') {
        // JavaScript gives it a meaning of its own, so checks would pass over it.
        this.#add(at, 'the key `__proto__` may not stand in a fleet file');
      } else if (name === '<<') {
        this.#add(at, '<< is a merge key, which YAML 1.2 does not have: write the values out');
      } else if (seen.has(name)) {
        this.#add(
          at,
          `the key \`${name}\` stands twice, first in ${placeIn(this.#text, seen.get(name) ?? 0)}`,
        );
      } else {
        seen.set(name, at);
        map[name] = this.#walk(value, [...path, name], at);
      }
    }
    return map;
  }

  #scalar(value: unknown, path: FleetPath, at: number, written: string | null, isQuoted: boolean): unknown {
    if (typeof value === 'string' && /\p{Surrogate}/u.test(value))
      return this.#tell(path, at, 'half a surrogate pair stands in this text');
    const isNumber = typeof value === 'number' || typeof value === 'bigint';
    if (isNumber && !isQuoted && written !== null && !PLAIN_NUMBER.test(written))
      return this.#tell(
        path,
        at,
        `${written} is a number that programs read in different ways: write plain digits, or quotes around a text`,
      );
    return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }
}

/** Where a node begins: at its first character, a tag and an anchor not counted. */
function startOf(node: unknown): number | null {
  return isCollection(node) || isScalar(node) || isAlias(node) ? (node.range?.[0] ?? null) : null;
}

/** No key holds this character where it could be taken for the border of two. */
const keyOf = (path: FleetPath): string => path.map((part) => JSON.stringify(part)).join(',');

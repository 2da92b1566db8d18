/** The published schema: up to date, and of one opinion with what the program checks. */
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'chai';
import fc from 'fast-check';
import { height, limit, once, time } from '../../lib/cli/option-values.ts';
import type { Mistake } from '../../lib/fleet/fleet-mistakes.ts';
import { fleetSchema, scopeSchema, TARGETS } from '../../lib/fleet/fleet-schema.ts';
import { shapeOf } from '../../lib/fleet/fleet-shape.ts';
import { parseFleetTree } from '../../lib/fleet/fleet-tree.ts';
import { parseHex } from '../../lib/format/printable.ts';
import { SCHEMA_DIR, schemaTexts } from '../../scripts/schemas.ts';
import { runs } from '../helpers/arbitraries.ts';
import { BAD_FILES } from './bad-files.ts';

const published = (name: string): string => readFileSync(new URL(name, SCHEMA_DIR), 'utf8');
const byJsonSchema = new Ajv2020({ strict: false }).compile(JSON.parse(published('fleet.schema.json')));

/** What the program itself says of a value: the mistakes in its shape. */
function mistakesIn(text: string): readonly Mistake[] {
  const tree = parseFleetTree(text);
  expect(tree.isWhole).to.equal(true);
  const mistakes: Mistake[] = [];
  shapeOf(tree, mistakes);
  return mistakes;
}

const GOOD = [
  { version: 1, nodes: [{ name: 'a', home: '/a' }] },
  { $schema: 'x', version: 1, nodes: [{ name: 'a', src: ['a', './b'], labels: { r: 'x' }, options: {} }] },
  { version: 1, nodes: [{ name: 'n-{1}', home: 'a*/b', expect: 3, exclude: ['lost+found'], labels: {} }] },
  { version: 1, target: { height: '18446744073709551615' }, nodes: [{ name: 'a', home: '/a' }] },
  { version: 1, target: { before: '2026-11-25 18:00 UTC' }, nodes: [{ name: 'a', home: '/a$' }] },
  {
    version: 1,
    target: { key: '0x00ff' },
    options: {
      table: ['a'],
      'on-no-match': 'keep',
      schema: ['a=b'],
      stragglers: 'drop',
      'drop-orphans': true,
      'all-roots': false,
      check: 'pivot',
      'accept-damage': true,
      'snapshot-dir': 'none',
      'max-remove': '99.5%',
    },
    nodes: [{ name: 'a', home: '/a' }],
  },
];

const TEXTS = ['', 'a', '{1}', 'a*', '*', '~', '$A', 'none', '5', '5%', '0a', 'a b', 'a=b', '1,000'];
const text = fc.constantFrom(...TEXTS);
const leaf = fc.oneof(
  text,
  fc.integer({ min: -2, max: 9 }),
  fc.boolean(),
  fc.constant(null),
  fc.constant(0.5),
);
const some = fc.oneof(leaf, fc.array(leaf, { maxLength: 2 }), fc.dictionary(text, leaf, { maxKeys: 2 }));

/** A mapping in which some of the fields stand, with good values or with any. */
function fields(names: readonly string[], good: Record<string, fc.Arbitrary<unknown>> = {}) {
  const each = names.map((name) => [name, fc.oneof(good[name] ?? some, some)] as const);
  return fc.record(Object.fromEntries(each), { requiredKeys: [] });
}

const options = fields([...Object.keys(scopeSchema.shape), 'odd']);
const oddFile = fields(['version', 'target', 'options', 'nodes'], {
  version: fc.constant(1),
  target: fields(Object.keys(TARGETS)),
  options,
  nodes: fc.array(
    fields(['name', 'home', 'src', 'expect', 'exclude', 'labels', 'options'], {
      name: fc.constantFrom('a', 'n{1}'),
      options,
    }),
    { maxLength: 2 },
  ),
});
/** Wrong in its options at most. */
const plainFile = fc.record(
  {
    version: fc.constant(1),
    nodes: fc.array(fc.record({ name: fc.constantFrom('a', 'b'), home: fc.constantFrom('a', '/b') }), {
      minLength: 1,
    }),
    options,
  },
  { requiredKeys: ['version', 'nodes'] },
);

describe('the published schema', () => {
  it('is what the program checks by', () => {
    for (const [name, text] of Object.entries(schemaTexts())) expect(published(name), name).to.equal(text);
  });

  it('accepts good files, as the program does', () => {
    for (const file of GOOD) {
      expect(byJsonSchema(file), JSON.stringify(byJsonSchema.errors)).to.equal(true);
      expect(mistakesIn(JSON.stringify(file))).to.deep.equal([]);
      expect(fleetSchema.safeParse(file).success).to.equal(true);
    }
  });

  it('has one opinion with the program on every bad file that can be read', () => {
    const files = Object.values(BAD_FILES).flatMap((group) => Object.entries(group));
    const readable = files.filter(([, text]) => {
      const tree = parseFleetTree(text);
      return tree.isWhole && tree.mistakes.length === 0;
    });
    const refused = readable.filter(([what, text]) => {
      const { value } = parseFleetTree(text);
      const verdict = byJsonSchema(value);
      expect(fleetSchema.safeParse(value).success, what).to.equal(verdict);
      expect(mistakesIn(text).length === 0, what).to.equal(verdict);
      return !verdict;
    });
    // The others are wrong by what lies on the disk, or by what a pattern cannot say.
    expect(refused.length).to.be.greaterThan(60);
    expect(readable.length - refused.length).to.be.greaterThan(10);
  });

  it('has one opinion with the program on files put together at random', () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.oneof(oddFile, plainFile), (value) => {
        const verdict = byJsonSchema(value);
        expect(fleetSchema.safeParse(value).success).to.equal(verdict);
        const text = JSON.stringify(value);
        expect(parseFleetTree(text).mistakes.length + mistakesIn(text).length === 0).to.equal(verdict);
        if (verdict) accepted += 1;
      }),
      runs(2000),
    );
    expect(accepted).to.be.greaterThan(0);
  });
});

describe('values of a fleet file', () => {
  const accepts = (read: () => unknown): boolean => {
    try {
      return read() !== null;
    } catch {
      return false;
    }
  };
  const digits = fc.string({ unit: fc.constantFrom(...'0123456789,.%x_ -'), maxLength: 21 });
  const numbers = fc.oneof(digits, fc.bigInt(0n, 1n << 65n).map(String));

  it('are those of the command line', () => {
    const near = (1n << 64n) - 1n;
    for (let n = near - 20n; n < near + 20n; n++)
      expect(TARGETS.height.safeParse({ height: `${n}` }).success).to.equal(n <= near);
    fc.assert(
      fc.property(numbers, (given) => {
        // Zeros in front of twenty digits, and groups of a height that is too large to write as a number, are left out.
        if (/^0.{19}|^.{24}/.test(given)) return;
        expect(TARGETS.height.safeParse({ height: given }).success).to.equal(
          accepts(() => height(given, undefined)),
        );
        expect(scopeSchema.safeParse({ 'max-remove': given }).success).to.equal(
          accepts(() => limit(given, undefined)),
        );
      }),
      runs(2000),
    );
    const hex = fc.string({ unit: fc.constantFrom(...'0123456789abcdefXxg'), maxLength: 8 });
    fc.assert(
      fc.property(hex, (given) => {
        expect(TARGETS.key.safeParse({ key: given }).success).to.equal(
          accepts(() => parseHex(once(given, undefined))),
        );
      }),
      runs(500),
    );
  });

  it('are times that the command line reads, unless they are ages', () => {
    for (const given of [
      '2026-11-25',
      '2026-11-25T18:00:00Z',
      '2026-11-25 18:00',
      '2026-11-25T18:00:00.5+01:00',
    ])
      expect([
        TARGETS.before.safeParse({ before: given }).success,
        accepts(() => time(given, undefined)),
      ]).to.deep.equal([true, true]);
    for (const given of ['3h ago', '2d', 'yesterday', ''])
      expect(TARGETS.before.safeParse({ before: given }).success).to.equal(false);
  });
});

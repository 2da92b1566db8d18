/** Targets by height, time and number of groups, and schemas, on the command line. */
import { join } from 'node:path';
import { expect } from 'chai';
import { run } from '../helpers/command.ts';
import { keyedTable, receipt, sealTime } from '../helpers/keyed-table.ts';
import { tempDir } from '../helpers/temp.ts';
import { jsonLines, scratchFile } from './process.ts';

const three = (table: string): string =>
  keyedTable(
    [1, 2, 3].map((h) => ({ groups: [receipt(h), receipt(h, 1)] })),
    { table },
  );

const SCHEMA = `{
  name: 'mine',
  decode: (key, isPrimary) => isPrimary && key.length === 12
    ? { height: key.readBigUInt64BE(0), kind: 'thing', label: 'thing ' + key.readBigUInt64BE(0) }
    : isPrimary ? null : { height: null, kind: 'hash', label: 'hash' },
}`;

describe('targets in the words of an operator', () => {
  it('say in words which heights stay and which go', async () => {
    const { code, stdout } = await run(['plan', '--src', three('receipts'), '--height', '2']);
    expect(code).to.equal(0);
    expect(stdout).to.contain('Rollback: height 2');
    expect(stdout).to.contain('2 is the last kept, 3 the first removed (schema receipts)');
    expect(stdout).to.contain('height 2, part 1');
    expect(stdout).to.contain('--height 2');
  });

  it('say with counts what --stragglers keep keeps above the target', async () => {
    const groups = [10, 15, 16, 11, 17].map((h) => receipt(h));
    const root = keyedTable([{ groups }], { table: 'receipts' });
    const words = ['--src', root, '--height', '12', '--stragglers', 'keep'];
    const sentence = '4 records in 2 groups above the target (heights 15 to 16)';
    expect((await run(['plan', ...words])).stdout).to.contain(sentence);
    const [, document] = jsonLines((await run(['apply', ...words, '--yes', '--json'])).stdout) as unknown as [
      unknown,
      { outcome: { tables: [{ keptAbove: unknown }]; notices: string[] } },
    ];
    const keptAbove = { records: 4, groups: 2, lowest: '15', highest: '16' };
    expect(document.outcome.tables[0].keptAbove).to.deep.equal(keptAbove);
    expect(document.outcome.notices.join()).to.contain(sentence);
  });

  it('have heights of 64 bits in JSON, as text', async () => {
    const root = keyedTable([{ groups: [receipt(2n ** 64n - 2n), receipt(2n ** 64n - 1n)] }], {
      table: 'receipts',
    });
    const words = ['plan', '--src', root, '--height', '18446744073709551614', '--json'];
    const [document] = jsonLines((await run(words)).stdout) as unknown as [
      { plan: { tables: [{ heights: Record<string, unknown> }] } },
    ];
    expect(document.plan.tables[0].heights).to.deep.equal({
      schema: 'receipts',
      target: '18446744073709551614',
      lastKept: '18446744073709551614',
      firstRemoved: '18446744073709551615',
      alsoRemoved: null,
    });
  });

  it('may be a time', async () => {
    const root = three('any');
    const words = ['plan', '--src', root, '--before', '2025-06-15T17:07:40+02:00'];
    const { code, stdout } = await run(words);
    expect(code).to.equal(0);
    expect(stdout).to.contain('segments sealed by 2025-06-15T15:07:40Z');
    expect(stdout).to.contain('segment 2 whole');
    expect(sealTime(1)).to.equal(1_750_000_060_000_000_000n);
  });

  it('may be a number of groups that stay', async () => {
    const { code, stdout } = await run(['plan', '--src', three('any'), '--keep-first', '3']);
    expect(code).to.equal(0);
    expect(stdout).to.contain('6 records in 2 segments');
  });

  it('take a schema from a module, and its labels', async () => {
    const module = scratchFile('schema.mjs', `export default ${SCHEMA};\n`);
    const words = ['plan', '--src', three('mine'), '--height', '2', '--schema', `mine=${module}`];
    const { code, stdout, stderr } = await run(words);
    expect(code, stderr).to.equal(0);
    expect(stdout).to.contain('thing 2').and.to.contain('schema mine');
    expect(stdout, 'the command to apply it').to.contain('--schema mine=');
  });

  it('take a filter that was written in TypeScript and compiled to CommonJS', async () => {
    const compiled =
      '"use strict";\nObject.defineProperty(exports, "__esModule", { value: true });\n' +
      'exports.default = (table, key) => key.length === 12 && key[7] <= 2;\n';
    const module = scratchFile('filter.cjs', compiled);
    const { code, stdout, stderr } = await run(['plan', '--src', three('any'), '--filter', module]);
    expect(code, stderr).to.equal(0);
    expect(stdout).to.contain('segment 2 whole');
    const source = scratchFile('filter.ts', 'export default (): boolean => true;\n');
    const refused = await run(['plan', '--src', three('any'), '--filter', source]);
    expect(refused.code).to.equal(2);
    expect(refused.stderr).to.contain('compile it');
  });

  for (const [what, words, text] of [
    ['a height with a sign', ['--height', '-1'], 'whole number'],
    ['a height in hexadecimal', ['--height', '0x10'], 'whole number'],
    ['a height beyond 64 bits', ['--height', '18446744073709551616'], '18446744073709551615'],
    ['a time that is none', ['--before', 'yesterday'], 'time like'],
    ['two targets', ['--height', '1', '--keep-first', '1'], 'More than one target'],
    ['a schema without a table', ['--height', '1', '--schema', 'receipts'], 'TABLE=SCHEMA'],
    [
      'two schemas for a table',
      ['--height', '1', '--schema', 't=blocks', '--schema', 't=receipts'],
      'Two schemas',
    ],
    ['a schema that is not there', ['--height', '1', '--schema', 't=./none.mjs'], 'ERR_SCHEMA_UNREADABLE'],
  ] as const) {
    it(`${what} is a usage error`, async () => {
      const { code, stderr } = await run(['plan', '--src', three('t'), ...words]);
      expect(code, stderr).to.equal(2);
      expect(stderr).to.contain(text);
    });
  }

  it('a module without a schema is a usage error', async () => {
    const module = scratchFile('schema.mjs', 'export default { decode: 7 };\n');
    const { code, stderr } = await run([
      'plan',
      '--src',
      tempDir(),
      '--height',
      '1',
      '--schema',
      `t=${module}`,
    ]);
    expect(code).to.equal(2);
    expect(stderr).to.contain('schema module').and.to.contain(join('schema.mjs'));
  });
});

/** `keys`: heights, labels, and output of any length, with the built command as a process. */
import { spawn } from 'node:child_process';
import { expect } from 'chai';
import { makeSample } from '../../scripts/make-sample.ts';
import { buildOnce, run } from '../helpers/command.ts';
import { blockRecord, keyedTable, receipt } from '../helpers/keyed-table.ts';
import { tempDir } from '../helpers/temp.ts';
import { COMMAND, database, follow, type JsonLine, jsonLines, scratchFile } from './process.ts';

interface KeyLine extends JsonLine {
  readonly key: string;
  readonly segment: number;
  readonly decoded?: { readonly height: string | null; readonly kind: string; readonly label: string } | null;
}

const keys = async (words: readonly string[]): Promise<readonly KeyLine[]> => {
  const { code, stdout, stderr } = await run(['keys', '--json', ...words]);
  expect([code, stderr]).to.deep.equal([0, '']);
  return stdout === '' ? [] : (jsonLines(stdout) as unknown as KeyLine[]);
};

const labels = (lines: readonly KeyLine[]) => lines.map((line) => line.decoded?.label);

describe('cli: keys', () => {
  before(function () {
    this.timeout(120_000);
    buildOnce();
  });

  it('says what the keys of a known table mean', async () => {
    const db = database('blocks');
    const lines = await keys([...db.src, '--from-height', '1024', '--to-height', '1024', '--oldest-first']);
    expect(labels(lines)).to.deep.equal(['block 1024', 'block hash']);
    expect(lines[0]!.decoded).to.deep.equal({ height: '1024', kind: 'block', label: 'block 1024' });
    expect(lines[1]!.decoded!.height).to.equal(null);
    const text = await run(['keys', ...db.src, '--to-height', '1024', '--limit', '2']);
    const [heading, ...rows] = text.stdout.trimEnd().split('\n');
    expect(rows).to.have.length(2);
    expect(rows.every((row) => row.slice(heading!.indexOf('meaning')).match(/^(block|QC|App)/))).to.equal(
      true,
    );
  });

  it('limits heights from both sides, newest first and oldest first, with all parts of a height', async () => {
    const db = database('receipts');
    const all = await keys(db.src);
    const height = (line: KeyLine): bigint | null =>
      line.decoded!.height === null ? null : BigInt(line.decoded!.height);
    const heights = all.map(height).filter((h) => h !== null);
    const middle = heights[Math.floor(heights.length / 2)]!;
    const above = await keys([...db.src, '--from-height', String(middle + 1n)]);
    const below = await keys([...db.src, '--to-height', String(middle)]);
    expect(above.length).to.be.greaterThan(0);
    expect(below.length).to.be.greaterThan(0);
    expect([...above, ...below].map((l) => l.key).sort()).to.deep.equal(all.map((l) => l.key).sort());
    expect(above.map(height).every((h) => h === null || h > middle)).to.equal(true);
    expect(below.map(height).every((h) => h === null || h <= middle)).to.equal(true);
    const forward = await keys([...db.src, '--to-height', String(middle), '--oldest-first', '--limit', '5']);
    expect(forward).to.deep.equal([...below].reverse().slice(0, 5));
  });

  it('keeps heights of 64 bits, and gives them as text', async () => {
    const top = 2n ** 64n - 1n;
    const root = keyedTable([{ groups: [receipt(top - 1n), receipt(top)] }], { table: 'receipts' });
    const lines = await keys(['--src', root, '--from-height', String(top)]);
    expect(lines.at(-1)!.decoded!.height).to.equal('18446744073709551615');
    expect(lines).to.have.length(2);
  });

  it('takes a schema from a module', async () => {
    const module = scratchFile(
      'schema.mjs',
      `export default { name: 'mine', decode: (key, isPrimary) => isPrimary && key.length === 12
        ? { height: key.readBigUInt64BE(0), kind: 'thing', label: 'thing ' + key.readBigUInt64BE(0) + '\\u001b' }
        : isPrimary ? null : { height: null, kind: 'hash', label: 'hash' } };`,
    );
    const root = keyedTable([{ groups: [1, 2, 3].map((h) => receipt(h)) }], { table: 'mine' });
    const words = ['--src', root, '--schema', `mine=${module}`, '--from-height', '3'];
    expect(labels(await keys(words))).to.deep.equal(['hash', 'thing 3\u001b']);
    const { stdout } = await run(['keys', ...words]);
    expect(stdout, 'a label is foreign text').to.contain('thing 3\\x1b').and.not.to.contain('\u001b');
  });

  it('names a schema that throws', async () => {
    const module = scratchFile(
      's.mjs',
      "export default { name: 'bad', decode() { throw new Error('no'); } };\n",
    );
    const root = keyedTable([{ groups: [receipt(1)] }], { table: 'mine' });
    const { code, stderr } = await run(['keys', '--src', root, '--schema', `mine=${module}`]);
    expect(code).to.equal(3);
    expect(stderr).to.contain('ERR_SCHEMA_FAILED');
  });

  it('marks keys that do not fit, and says how many a limit has left out', async () => {
    const groups = [blockRecord('b', 1), [Buffer.from('odd')], blockRecord('b', 2)];
    const root = keyedTable([{ groups }], { table: 'blocks' });
    const lines = await keys(['--src', root]);
    expect(lines.map((l) => l.decoded === null)).to.deep.equal([false, false, true, false, false]);
    const limited = await run(['keys', '--src', root, '--from-height', '1', '--json']);
    expect(jsonLines(limited.stdout)).to.have.length(4);
    expect(limited.stderr).to.contain('1 group of table blocks left out').and.to.contain('schema blocks');
    expect((await run(['keys', '--src', root, '--from-height', '1', '--quiet'])).stderr).to.equal('');
    expect((await run(['keys', '--src', root])).stdout).to.match(/ \? +6f6464 "odd"/);
  });

  it('says on standard error that there is nothing to list', async () => {
    const root = keyedTable([{ groups: [receipt(1)] }], { table: 'receipts' });
    keyedTable([], { table: 'empty', root });
    const none = await run(['keys', '--src', root, '--from-height', '2', '--table', 'receipts', '--json']);
    expect([none.code, none.stdout]).to.deep.equal([0, '']);
    const text = 'table receipts holds no record of these heights';
    expect(jsonLines(none.stderr)).to.deep.equal([{ message_type: 'note', version: 1, text }]);
    const empty = await run(['keys', '--src', root]);
    expect(empty.stderr).to.equal('note: table empty holds no record\n');
    expect((await run(['keys', '--src', root, '--quiet'])).stderr).to.equal('');
  });

  it('shows no heights where no schema is known, and refuses limits by name', async () => {
    const root = keyedTable([{ groups: [receipt(1)] }], { table: 'other' });
    keyedTable([{ groups: [receipt(1)] }], { table: 'receipts', root });
    const [line] = await keys(['--src', root, '--table', 'other', '--limit', '1']);
    expect(line).not.to.have.property('decoded');
    const { code, stdout, stderr } = await run(['keys', '--src', root, '--to-height', '1']);
    expect([code, stdout]).to.deep.equal([3, '']);
    expect(stderr)
      .to.contain('ERR_SCHEMA_UNKNOWN')
      .and.to.contain('--table receipts')
      .and.to.contain('--schema other=');
    expect(await keys(['--src', root, '--to-height', '1', '--table', 'receipts'])).to.have.length(2);
  });

  for (const [what, words, code, text] of [
    [
      'limits that exclude each other',
      ['--from-height', '5', '--to-height', '4'],
      2,
      'both at least 5 and at most 4',
    ],
    ['a height beyond 64 bits', ['--from-height', '18446744073709551616'], 2, '18446744073709551615'],
    ['a schema for no table', ['--schema', 'nope=receipts'], 3, 'ERR_TABLE_UNKNOWN'],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const root = keyedTable([{ groups: [receipt(1)] }], { table: 'receipts' });
      const result = await run(['keys', '--src', root, ...words]);
      expect(result.code, result.stderr).to.equal(code);
      expect(result.stderr).to.contain(text);
    });
  }

  it('lists a million records in bounded memory, and ends quietly when its reader goes', async () => {
    const { roots } = makeSample({ dir: tempDir(), records: 1_000_000, tables: ['sample'] });
    const module = scratchFile(
      'all.mjs',
      "export default { name: 'all', decode: (key, isPrimary) => ({ height: isPrimary ? 7n : null, kind: 'k', label: 'l' }) };\n",
    );
    const args = ['keys', '--src', roots[0]!, '--schema', `sample=${module}`, '--from-height', '7', '--json'];
    const line = '"$0" --max-old-space-size=40 "$@" | tee >(wc -l >&2) | tail -n 1';
    const { code, stdout, stderr } = await shell(line, args);
    expect(code, stderr).to.equal(0);
    expect(Number(stderr)).to.equal(1_000_000);
    expect(JSON.parse(stdout)).to.include({ table: 'sample', segment: 0, record: 0 });
    const cut = await shell('set -o pipefail; "$0" "$@" | head -n 3 | wc -l', args);
    expect([cut.code, cut.stdout.trim(), cut.stderr]).to.deep.equal([0, '3', '']);
  });
});

/** Runs a line of shell in which "$0" "$@" is the command with these arguments. */
function shell(line: string, args: readonly string[]): ReturnType<typeof follow>['result'] {
  const words = ['-c', line, process.execPath, COMMAND, ...args];
  return follow(spawn('bash', words, { stdio: ['ignore', 'pipe', 'pipe'] })).result;
}

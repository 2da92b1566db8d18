import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { InspectReport } from '../../lib/report/inspect-report.ts';
import { buildOnce } from '../helpers/command.ts';
import { expectUntouched, treeOf } from '../helpers/tree.ts';
import { WarmCommand } from '../helpers/warm-command.ts';
import { database, jsonLines, lastJson } from './process.ts';

const warm = WarmCommand.forSuite();
const finish = (args: readonly string[]) => warm.run(args);

describe('cli: inspect, keys, verify', () => {
  before(function () {
    this.timeout(120_000);
    buildOnce();
  });

  it('inspect tells what there is', async () => {
    const db = database('crashed');
    const before = treeOf(db.dir);
    const { code, stdout, stderr } = await finish(['inspect', ...db.src]);
    expect([code, stderr]).to.deep.equal([0, '']);
    for (const word of ['Roots', 'blobs', 'segments', 'records', 'keymap', 'unsealed', 'which is gone']) {
      expect(stdout).to.contain(word);
    }
    expectUntouched(db.dir, before);
    const verbose = await finish(['inspect', ...db.src, '--verbose']);
    expect(verbose.stdout.split('\n').length).to.be.greaterThan(stdout.split('\n').length + 10);
  });

  it('inspect gives one JSON document', async () => {
    const db = database('snapshots');
    const { stdout } = await finish(['inspect', ...db.src, '--json']);
    const report = JSON.parse(stdout) as InspectReport & { message_type: string };
    expect(report.message_type).to.equal('inspect');
    expect(report.roots.map((r) => r.path)).to.deep.equal(db.roots);
    expect(report.tables.map((t) => t.table)).to.deep.equal(['blobs', 'receipts-x']);
    expect(report.tables[0]!.snapshots[0]!.files).to.be.greaterThan(0);
  });

  it('inspect names the holder of a lock', async () => {
    const db = database('single-root');
    writeFileSync(join(db.roots[0]!, 'litt.lock'), `PID: ${process.pid}\nTimestamp: 2025-06-15T15:06:12Z\n`);
    const { code, stdout } = await finish(['inspect', ...db.src]);
    expect(code).to.equal(0);
    expect(stdout).to.contain(`locked by process ${process.pid} since 2025-06-15T15:06:12Z`);
  });

  it('keys lists records newest first, or oldest first', async () => {
    const db = database('blocks');
    const newest = jsonLines((await finish(['keys', ...db.src, '--json'])).stdout);
    const oldest = jsonLines((await finish(['keys', ...db.src, '--json', '--oldest-first'])).stdout);
    expect(newest.length).to.be.greaterThan(100);
    expect(oldest).to.deep.equal([...newest].reverse());
    expect(newest[0]).to.include({ message_type: 'key', version: 1, table: 'blocks' });
    expect(newest[0]).to.include.keys('segment', 'record', 'kind', 'primary', 'key', 'address');
    const limited = jsonLines((await finish(['keys', ...db.src, '--json', '--limit', '3'])).stdout);
    expect(limited).to.deep.equal(newest.slice(0, 3));
  });

  it('keys prints columns', async () => {
    const db = database('blocks');
    const { stdout } = await finish(['keys', ...db.src, '--limit', '2']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).to.have.length(3);
    expect(lines[0]).to.match(/segment +record +kind +shard +offset +size +meaning +key/);
    const column = (line: string): number => line.search(/[0-9a-f]{16,}/);
    expect(column(lines[1]!)).to.equal(lines[0]!.indexOf('key'));
    expect((await finish(['keys', ...db.src, '--limit', '0', '--json'])).stdout).to.equal('');
  });

  it('keys goes through all tables, or those that were named', async () => {
    const db = database('many-roots');
    const all = await finish(['keys', ...db.src, '--limit', '1', '--json']);
    expect(jsonLines(all.stdout).map((l) => l.table)).to.deep.equal(['Chunks', 'blobs', 'receipts-x']);
    const one = await finish(['keys', ...db.src, '--limit', '1', '--json', '--table', 'blobs']);
    expect(jsonLines(one.stdout).map((l) => l.table)).to.deep.equal(['blobs']);
    const text = await finish(['keys', ...db.src, '--limit', '1']);
    expect(text.stdout).to.match(/^Chunks\n[\s\S]*\nblobs\n[\s\S]*\nreceipts-x\n/);
    const unknown = await finish(['keys', ...db.src, '--table', 'nope']);
    expect(unknown.code).to.equal(3);
    expect(unknown.stderr).to.contain('ERR_TABLE_UNKNOWN');
  });

  it('verify finds nothing wrong with a sound database', async () => {
    const db = database('many-roots');
    const { code, stdout, stderr } = await finish(['verify', ...db.src]);
    expect([code, stderr]).to.deep.equal([0, '']);
    expect(stdout).to.contain('no problem found').and.to.contain('Verified');
    expect((await finish(['verify', ...db.src, '--quiet'])).stdout).to.equal('');
    const json = JSON.parse((await finish(['verify', ...db.src, '--json', '--table', 'blobs'])).stdout);
    expect(json).to.include({ message_type: 'verify', ok: true });
    expect(json.tables).to.have.length(1);
  });

  it('verify names what is damaged, and exits with 4', async () => {
    const db = database('single-root');
    const segments = join(db.roots[0]!, '0', 'segments');
    const inspected = JSON.parse((await finish(['inspect', ...db.src, '--json'])).stdout) as InspectReport;
    const shards = inspected.tables[0]!.segments[0]!;
    const path = join(segments, `${shards.segment}-0.values`);
    truncateSync(path, 1);
    const { code, stdout, stderr } = await finish(['verify', ...db.src]);
    expect(code, stderr).to.equal(4);
    expect(stdout).to.contain(`segment ${shards.segment}`);
    expect(stderr).to.contain('ERR_VERIFY_FAILED');
    const json = await finish(['verify', ...db.src, '--json']);
    expect(JSON.parse(json.stdout)).to.include({ ok: false });
    expect(lastJson(json.stderr)).to.include({ code: 'ERR_VERIFY_FAILED', exit_code: 4 });
  });
});

/** Compares a text with a committed file; UPDATE_GOLDEN=1 writes the file anew. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';

const folder = new URL('../golden/', import.meta.url);

export function expectGolden(name: string, text: string): void {
  const file = new URL(`${name}.txt`, folder);
  const { UPDATE_GOLDEN } = process.env;
  if (UPDATE_GOLDEN) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, text);
  }
  expect(text).to.equal(readFileSync(file, 'utf8'));
}

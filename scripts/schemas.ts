/** Writes schema/: the JSON Schemas that come with the program, made from the schemas by which it checks. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as z from 'zod/mini';
import { batchLineSchema } from '../lib/fleet/event-schema.ts';
import { fleetSchema } from '../lib/fleet/fleet-schema.ts';

/** Where the schemas lie. */
export const SCHEMA_DIR = new URL('../schema/', import.meta.url);

/** The text of each schema, by the name of its file. */
export function schemaTexts(): Record<string, string> {
  const fleet = {
    title: 'A fleet of litt-rollback',
    ...z.toJSONSchema(fleetSchema, { io: 'input', reused: 'ref' }),
  };
  const events = {
    title: 'A line of a batch of litt-rollback',
    ...z.toJSONSchema(batchLineSchema, { reused: 'ref' }),
  };
  return Object.fromEntries(
    Object.entries({ 'fleet.schema.json': fleet, 'batch-event.schema.json': events }).map(
      ([name, schema]) => [name, `${JSON.stringify(schema, null, 2)}\n`],
    ),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(SCHEMA_DIR, { recursive: true });
  for (const [name, text] of Object.entries(schemaTexts())) writeFileSync(new URL(name, SCHEMA_DIR), text);
}

import { z } from 'zod';

/** A table of an export, as it was in the catalog. */
const tableSchema = z.object({
  schema: z.string(),
  table: z.string(),
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  /** Statements that make the table anew, its indexes and checks included, in their order. */
  ddl: z.array(z.string()),
  /** Those that tie it to others, to be run once its rows are back: foreign keys, and its place among the partitions of an archive. */
  ties: z.array(z.string()),
  /** The statement that says `rows` and `checksum` of the table, and the one that fills it from the file. */
  summed: z.string(),
  copy_from: z.string(),
  /** What it took on the server, its indexes included; exports of before this was noted have none. */
  table_bytes: z.number().optional(),
});

const planSchema = z.object({ database: z.string(), tables: z.array(tableSchema) });
export type ExportTable = z.infer<typeof tableSchema>;
/** What an export is made of, as it was planned. */
export type ExportPlan = z.infer<typeof planSchema>;

/** Files of an export are numbered: no other name is ever opened. */
export const exportedFile = /^[1-9]\d{0,3}\.csv\.gz$/;

export const fileSchema = tableSchema.extend({
  file: z.string().regex(exportedFile),
  rows: z.number(),
  /** The order of the rows included. */
  checksum: z.string(),
  bytes: z.number(),
  csv_bytes: z.number(),
  /** Of the compressed file, in hex. */
  sha256: z.string(),
});
export type ExportedFile = z.infer<typeof fileSchema>;

/** `manifest.json` of an export. */
export const manifestSchema = z.object({
  format: z.literal(1),
  /** The job that made it. */
  id: z.guid(),
  target: z.string(),
  database: z.string(),
  server_version: z.string(),
  /** When its snapshot was taken, by the server’s clock. */
  made_at: z.string(),
  /** When its files had been read back and found to be the same, by the console’s clock. */
  verified_at: z.string(),
  tables: z.array(fileSchema),
});
export type ExportManifest = z.infer<typeof manifestSchema>;

/** An export with those of its files that are missing or have another size by now. */
export type KeptExport = ExportManifest & { damaged: string[] };

/** What an action may know of this console’s exports, looked for when it asks. */
export type ExportFacts = {
  /** Room in the directory of the exports; null where nothing can be written there. */
  free: () => Promise<number | null>;
  /** Whether the export of this very job is complete. */
  made: () => Promise<boolean>;
  /** One of this target by its id. */
  find: (id: string) => Promise<KeptExport | null>;
  /** Those of this target. */
  list: () => Promise<KeptExport[]>;
};

/** The files that a step brings back, as the manifest has them. */
export type ImportPlan = { id: string; tables: Pick<ExportedFile, 'schema' | 'table' | 'columns' | 'file' | 'rows' | 'checksum' | 'bytes' | 'csv_bytes' | 'sha256'>[] };

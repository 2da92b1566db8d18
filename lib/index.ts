/** The public API. */
export { ERROR_CODES, type ErrorCode, type ErrorKind, type ErrorPlace, RollbackError } from './errors.ts';
export { type ApplyOptions, applyPlan, type Outcome } from './rollback/apply.ts';
export {
  DatabaseReader,
  openDatabase,
  type RecordsOptions,
  type RecordView,
} from './rollback/database-reader.ts';
export { findHome, groupsOfHome, rootsOfHome } from './rollback/homes.ts';
export { lockDatabase } from './rollback/locks.ts';
export { type PlanOptions, planRollback } from './rollback/plan.ts';
export { readPlanFile, writePlanFile } from './rollback/plan-file.ts';
export type { Progress } from './rollback/progress.ts';
export { type PurgeOptions, type PurgeOutcome, purgeUndo } from './rollback/purge.ts';
export { type ResumeOutcome, resumeRollback } from './rollback/resume.ts';
export { rollbackLittDB } from './rollback/rollback-litt-db.ts';
export { rollbackStatus, type StatusReport, type TransactionStatus } from './rollback/status.ts';
export type { ResumeOptions } from './rollback/take-over.ts';
export type { Target } from './rollback/target.ts';
export { type UndoOutcome, undoRollback } from './rollback/undo.ts';
export {
  type VerifyFinding,
  type VerifyOptions,
  type VerifyReport,
  verifyDatabase,
} from './rollback/verify.ts';
export { KNOWN_SCHEMAS, knownSchema } from './schemas/known.ts';
export {
  type DecodedKey,
  type KeyRun,
  ROLE,
  type RunHeights,
  type StoreNeeds,
  type TableSchema,
} from './schemas/types.ts';
export type { HomeDatabase, NodeHome } from './store/home.ts';
export type { LockSet } from './store/lock.ts';
export type { FileInfo, KeymapInfo, Orphan, Segment, SnapshotInfo, Table } from './store/types.ts';
export type * from './types.ts';

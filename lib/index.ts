/** The public API. */

// Comes first: every other module needs a Node that is new enough.
import './store/node-version.ts';

export { type ApplyOptions, applyPlan } from './apply/apply.ts';
export type { Outcome } from './apply/outcome.ts';
export { rollbackLittDB } from './apply/rollback-litt-db.ts';
export { ERROR_CODES, type ErrorCode, type ErrorKind, type ErrorPlace, RollbackError } from './errors.ts';
export {
  applyBatch,
  type Batch,
  batchStatus,
  planBatch,
  purgeBatch,
  resumeBatch,
  undoBatch,
  verifyBatch,
} from './fleet/batch.ts';
export type { BatchEvent } from './fleet/batch-events.ts';
export type { ApplyBatchOptions, BatchOptions, GateView, PlanBatchOptions } from './fleet/batch-options.ts';
export type { BatchSummary, SummaryNode } from './fleet/batch-summary.ts';
export { readFleet } from './fleet/fleet-file.ts';
export type { Fleet, FleetNode, FleetTarget, ScopeOptions } from './fleet/fleet-types.ts';
export type {
  NodeEnded,
  NodeError,
  NodePlanned,
  NodeVerdict,
  PlannedVerdict,
  RoomNeed,
  TableEnd,
} from './fleet/verdicts.ts';
export type { AuditLine } from './journal/audit.ts';
export { readPlanFile, writePlanFile } from './plan/file.ts';
export type { PlanOptions } from './planner/options.ts';
export { planRollback } from './planner/plan-rollback.ts';
export type { Target } from './planner/target.ts';
export {
  DatabaseReader,
  openDatabase,
  type RecordsOptions,
  type RecordView,
} from './read/database-reader.ts';
export {
  type VerifyFinding,
  type VerifyOptions,
  type VerifyReport,
  verifyDatabase,
} from './read/verify.ts';
export type { LogIndexReport } from './read/verify-log-index.ts';
export type { ResumeOptions } from './recover/adopt.ts';
export type { Block } from './recover/blocks.ts';
export type { UndoCheck } from './recover/preview-undo.ts';
export {
  type PurgedRollback,
  type PurgeOptions,
  type PurgeOutcome,
  type PurgePlan,
  planPurge,
  purgeUndo,
} from './recover/purge.ts';
export { type ResumeOutcome, resumeRollback } from './recover/resume.ts';
export {
  rollbackStatus,
  type StatusOptions,
  type StatusReport,
  type TransactionStatus,
} from './recover/status.ts';
export { type UndoOutcome, undoRollback } from './recover/undo.ts';
export { KNOWN_SCHEMAS, knownSchema } from './schemas/known.ts';
export {
  type DecodedKey,
  type KeyRun,
  ROLE,
  type RunHeights,
  type StoreNeeds,
  type TableSchema,
} from './schemas/types.ts';
export { findHome, groupsOfHome, type HomeDatabase, type NodeHome, rootsOfHome } from './store/home.ts';
export type { LockSet } from './store/lock.ts';
export { lockDatabase } from './store/lock-database.ts';
export type { FileInfo, KeymapInfo, Orphan, Segment, SnapshotInfo, Table } from './store/types.ts';
export type * from './types.ts';

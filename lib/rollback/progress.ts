/** How far a long piece of work is. */
export interface Progress {
  readonly phase: 'scan' | 'heights' | 'check' | 'apply' | 'verify';
  readonly table: string;
  readonly done: number;
  readonly total: number;
  readonly unit: 'bytes' | 'steps' | 'segments';
}

/** What a batch gives to the command so that it becomes a worker. In a module of its own: the command asks at each start. */
export const WORKER_ARGUMENT = 'batch-worker';

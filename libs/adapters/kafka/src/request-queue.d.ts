/** The part of kafkajs 2.2.4 that mended-timers.ts reaches into; it has no types of its own. */
declare module "kafkajs/src/network/requestQueue/index.js" {
  class RequestQueue {
    pending: unknown[];
    scheduleCheckPendingRequests(): void;
  }
  export = RequestQueue;
}

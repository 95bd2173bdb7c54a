/** What the tests use of dynalite, which brings no types. */
declare module 'dynalite' {
  import type { Server } from 'node:http';

  function dynalite(options: {
    readonly createTableMs: number;
    readonly deleteTableMs: number;
    readonly updateTableMs: number;
  }): Server;
  export = dynalite;
}

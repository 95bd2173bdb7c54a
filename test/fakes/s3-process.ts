/**
 * The fake S3 as a process of its own, for labs that kill those who use it. Prints its address, and lives until its stdin
 * ends: `node test/fakes/s3-process.ts BUCKET,BUCKET [FOLDER]`
 */
import { startFakeS3 } from './s3-server.ts';

const [buckets = '', folder] = process.argv.slice(2);
const { endpoint, close } = await startFakeS3({
  buckets: buckets.split(','),
  ...(folder === undefined ? {} : { folder }),
});
process.stdout.write(`${endpoint}\n`);
for await (const _ of process.stdin);
await close();

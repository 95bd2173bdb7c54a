/** The adapters of S3, and what they count on, against a server that is not ours: at NDR_SERVER_S3, any keys allowed. */
import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { openS3Lake } from '../../src/state/lake/s3.ts';
import { openS3RawFiles } from '../../src/state/raw-files/s3.ts';
import { lakeSuite } from '../conformance/lake-suite.ts';
import { rawFilesSuite } from '../conformance/raw-files-suite.ts';
import { s3ServerSuite } from '../conformance/s3-server-suite.ts';
import { pretendAwsCredentials } from '../fakes/aws-environment.ts';
import { s3Of } from '../fakes/s3-client.ts';

pretendAwsCredentials();

const endpoint = process.env['NDR_SERVER_S3'];
if (endpoint === undefined) throw new Error('NDR_SERVER_S3 is not set; give the address of an S3 server');
const s3 = s3Of(endpoint);
const close = async (): Promise<void> => {};

async function newBucket(name: string): Promise<string> {
  await s3.send(new CreateBucketCommand({ Bucket: name }));
  return name;
}

s3ServerSuite('the server', async () => ({ endpoint, bucket: await newBucket('protocol'), close }));

lakeSuite('S3', async () => ({ lake: openS3Lake(s3, `s3://${await newBucket('lake')}`), close }));

lakeSuite('S3 below a prefix', async () => ({
  lake: openS3Lake(s3, `s3://${await newBucket('prefixed')}/ndr/features`),
  close,
}));

rawFilesSuite('S3', async () => {
  const bucket = await newBucket('ingestion');
  const at = (path: string) => ({ Bucket: bucket, Key: `paloalto/acme/${path}` });
  return {
    rawFiles: openS3RawFiles(s3),
    root: `s3://${bucket}/paloalto/acme`,
    async deliver(path, bytes) {
      await s3.send(new PutObjectCommand({ ...at(path), Body: bytes }));
    },
    async withdraw(path) {
      await s3.send(new DeleteObjectCommand(at(path)));
    },
    close,
  };
});

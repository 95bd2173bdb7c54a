import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchProgram } from './java-programs.ts';
import { freePorts, type RunningServer, startServer } from './server-process.ts';

export const ELASTICMQ = { group: 'org.elasticmq', name: 'elasticmq-server_2.13', version: '1.6.12' } as const;

/** ElasticMQ, a server of SQS. */
export async function startElasticMq(): Promise<RunningServer> {
  const folder = await mkdtemp(join(tmpdir(), 'elasticmq-'));
  const classPath = await fetchProgram(ELASTICMQ, folder);
  const [port] = await freePorts(1);
  const config = join(folder, 'elasticmq.conf');
  const address = `{ protocol = http, host = "127.0.0.1", port = ${port}, context-path = "" }`;
  const sqs = `{ enabled = true, bind-port = ${port}, bind-hostname = "127.0.0.1", sqs-limits = strict }`;
  await writeFile(config, `node-address = ${address}\nrest-sqs = ${sqs}\nrest-stats { enabled = false }\n`);
  const args = ['-Xmx256m', `-Dconfig.file=${config}`, '-cp', classPath, 'org.elasticmq.server.Main'];
  const server = await startServer('ElasticMQ', 'java', args, port!);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true });
    },
  };
}

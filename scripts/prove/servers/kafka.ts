import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchProgram } from './java-programs.ts';
import { freePorts, type RunningServer, runTool, startServer } from './server-process.ts';

export const KAFKA = { group: 'org.apache.kafka', name: 'kafka_2.13', version: '4.1.0' } as const;

/** Apache Kafka, alone in its cluster: broker and controller at once. */
export async function startKafka(): Promise<RunningServer> {
  const folder = await mkdtemp(join(tmpdir(), 'kafka-'));
  const classPath = await fetchProgram(KAFKA, folder);
  const [port, controllerPort] = await freePorts(2);
  const properties = join(folder, 'server.properties');
  const address = `127.0.0.1:${port}`;
  await writeFile(
    properties,
    Object.entries({
      'process.roles': 'broker,controller',
      'node.id': '1',
      'controller.quorum.bootstrap.servers': `127.0.0.1:${controllerPort}`,
      listeners: `PLAINTEXT://${address},CONTROLLER://127.0.0.1:${controllerPort}`,
      'advertised.listeners': `PLAINTEXT://${address}`,
      'controller.listener.names': 'CONTROLLER',
      'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
      'log.dirs': join(folder, 'logs'),
      'num.partitions': '3',
      'offsets.topic.num.partitions': '1',
      'offsets.topic.replication.factor': '1',
      'group.initial.rebalance.delay.ms': '0',
    })
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  const cluster = Buffer.from('ndr-kafka-trial!').toString('base64url');
  const format = [
    '-cp',
    classPath,
    'kafka.tools.StorageTool',
    'format',
    '--standalone',
    '-t',
    cluster,
    '-c',
    properties,
  ];
  await runTool('format the storage of Kafka', 'java', format);
  const server = await startServer('Kafka', 'java', ['-Xmx256m', '-cp', classPath, 'kafka.Kafka', properties], port!);
  return {
    endpoint: address,
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true });
    },
  };
}

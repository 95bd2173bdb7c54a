import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, type RunningServer, runTool, startServer } from './server-process.ts';

export const MOTO = '5.2.5';

/** moto, a server of many services of AWS. */
export async function startMoto(): Promise<RunningServer> {
  const folder = await mkdtemp(join(tmpdir(), 'moto-'));
  await runTool('make a place for moto', 'python3', ['-m', 'venv', folder]);
  await runTool(`fetch moto ${MOTO}`, join(folder, 'bin', 'pip'), [
    'install',
    '--quiet',
    '--no-compile',
    `moto[server]==${MOTO}`,
  ]);
  const [port] = await freePorts(1);
  const server = await startServer(
    'moto',
    join(folder, 'bin', 'moto_server'),
    ['-H', '127.0.0.1', '-p', String(port)],
    port!,
  );
  return {
    endpoint: `http://127.0.0.1:${port}`,
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true });
    },
  };
}
